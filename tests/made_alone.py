"""Make in this process what is to be the same everywhere, and print the sha256 of it as JSON.

Run by test_determinism.py: python made_alone.py N_JOBS NAME ...
"""

import hashlib
import json
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

import textvec as tv
from textvec.datasets import load_hotels
from textvec.recommend.maps import MapOptions


def texts():
    """Return descriptions of hotels."""
    return load_hotels().data


def a_map(folder, n_jobs, n_items=80):
    """Write a map of twins: sparse vectors, and dense ones."""
    items = load_hotels().frame.head(n_items)
    ways = {"words": tv.TfidfVectorizer(), "LSA": tv.LSAVectorizer(vector_size=8, random_state=0)}
    options = MapOptions(random_state=0, n_jobs=n_jobs)
    tv.show_map(ways, items, folder / "map.html", text="desc", ids="name", options=options)


def a_large_map(folder, n_jobs):
    """Write a map of so many items that neighbours and layout are cut up among threads."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(40, 24)).astype(np.float32) * 4
    vectors = centres[np.arange(6000) % 40] + rng.normal(size=(6000, 24)).astype(np.float32)
    items = pd.DataFrame({"text": [f"item {i} of {i % 40}" for i in range(6000)]})
    options = MapOptions(random_state=0, n_jobs=n_jobs)
    tv.show_map({"vectors": vectors}, items, folder / "large.html", options=options)


def aligned(folder, n_jobs):
    """Align two tables by their shape alone, and by pairs."""
    rng = np.random.default_rng(0)
    known = rng.normal(size=(300, 12)) * np.linspace(3, 1, 12)
    turn = np.linalg.qr(rng.normal(size=(12, 12)))[0]
    target = tv.KeyedVectors(known, [f"词{i}" for i in range(300)])
    moved = known @ turn + 0.01 * rng.normal(size=known.shape)
    source = tv.KeyedVectors(moved, [f"word{i}" for i in range(300)])
    for name, pairs in ("shape", None), ("pairs", {f"word{i}": f"词{i}" for i in range(40)}):
        tv.align(source, target, pairs, random_state=0).save(folder / f"{name}.textvec")


def collected(folder, n_jobs):
    """Fit on parts in an order that hashes choose."""
    for method in (
        tv.CountVectorizer(ngram_range=(1, 2), n_jobs=n_jobs),
        tv.TfidfVectorizer(min_df=2, max_features=300, n_jobs=n_jobs),
        tv.BM25Vectorizer(n_jobs=n_jobs),
        tv.LSAVectorizer(vector_size=6, random_state=0, n_jobs=n_jobs),
        tv.PPMI(6, min_count=1, random_state=0, n_jobs=n_jobs),
    ):
        parts = {f"part {i}": method.collect(texts()[i::7]) for i in range(7)}
        parts = [parts[name] for name in set(parts)]
        if isinstance(method, tv.PPMI):  # whose words of one frequency stand as they appear
            parts = [method.collect(texts()[i::7]) for i in range(7)]
        method.set_params(n_jobs=None)
        needs_texts = isinstance(method, tv.LSAVectorizer)
        method.fit_collected(parts, *[texts()] * needs_texts)
        method.save(folder / f"{type(method).__name__}.textvec")


def adapter(folder, n_jobs):
    """Learn a linear map of vectors."""
    pairs = list(zip(texts(), texts()[1:]))
    base = tv.LSAVectorizer(vector_size=8, random_state=0).fit(texts())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tuned = tv.FineTunedVectorizer(base, strategy="adapter", random_state=0).fit(pairs)
    tuned.save(folder / "adapter.textvec")


def tuned(folder, n_jobs):
    """Tune a tiny network."""
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from tests.encoders.tiny_models import write_bert, write_sentence_config

    (folder / "tiny").mkdir()
    model = str(write_sentence_config(write_bert(folder / "tiny")))
    training = tv.Training(max_steps=4, batch_size=8)
    one = tv.FineTunedVectorizer(
        model, training=training, random_state=0, output_dir=folder / "tuned"
    )
    one.fit(list(zip(texts(), texts()[1:])))


MAKERS = {
    one.__name__: one for one in (a_map, a_large_map, aligned, collected, adapter, tuned)
}  # fmt: skip


def sums_of(names, n_jobs):
    """Make what is named; return the sha256 of each file."""
    sums = {}
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            MAKERS[name](Path(folder), n_jobs)
            for path in sorted(Path(folder).rglob("*")):
                if path.suffix in (".textvec", ".html", ".safetensors"):
                    sums[f"{name}: {path.name}"] = hashlib.sha256(path.read_bytes()).hexdigest()
    return sums


if __name__ == "__main__":
    print(json.dumps(sums_of(sys.argv[2:], int(sys.argv[1]))))
