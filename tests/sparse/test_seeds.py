"""Hash tables are filled by random numbers of the process; nothing that is learned shows them."""

import subprocess
import sys

import numpy as np
import pytest

from textvec import CountVectorizer, HashingVectorizer, load
from textvec.text import vocabulary

from .parity import assert_same_learned, assert_same_matrix, zipf_corpus

EVERY_BIT = (1 << 64) - 1
SEEDS = [[0] * 5, [1] * 5, [EVERY_BIT] * 5, [3, 1 << 63, 0, EVERY_BIT, 7]]
OPTIONS = [
    {"ngram_range": (1, 3), "min_df": 2},
    {"ngram_range": (1, 2), "analyzer": "mixed", "n_jobs": 3},
    {"ngram_range": (2, 4), "analyzer": "char_wb"},
    {"ngram_range": (1, 2), "analyzer": "char"},
]


def seeded(monkeypatch, seeds):
    """Let tables be filled by these numbers."""
    for place in ("text.vocabulary", "sparse.levels", "sparse.known_ngrams"):
        numbers = np.array(seeds, np.uint64)
        monkeypatch.setattr(f"textvec.{place}.hash_seeds", lambda numbers=numbers: numbers)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_no_seed_changes_a_matrix(options, monkeypatch):
    texts = [*zipf_corpus(60), "long-" * 300, "Donaudampfschifffahrtsgesellschaft " * 3]
    expected = CountVectorizer(**options)
    counts = expected.fit_transform(texts)
    hashing = {name: value for name, value in options.items() if name != "min_df"}
    hashed = HashingVectorizer(**hashing).transform(texts)
    for seeds in SEEDS:
        seeded(monkeypatch, seeds)
        vectorizer = CountVectorizer(**options)
        assert_same_matrix(vectorizer.fit_transform(texts), counts)
        assert_same_learned(vectorizer, expected)
        assert_same_matrix(vectorizer.transform(texts), expected.transform(texts))
        assert_same_matrix(HashingVectorizer(**hashing).transform(texts), hashed)


def test_a_table_keeps_the_seeds_it_was_filled_by(monkeypatch):
    texts = ["the sea and the quiet room", "a view of the sea"]
    vectorizer = CountVectorizer(ngram_range=(1, 2)).fit(texts)
    before = vectorizer.transform(texts)  # the tables are made, and kept
    seeded(monkeypatch, SEEDS[-1])
    assert_same_matrix(vectorizer.transform(texts), before)


def test_seeds_are_of_the_process(tmp_path):
    assert vocabulary.hash_seeds() is vocabulary.hash_seeds()
    code = "from textvec.text.vocabulary import hash_seeds; print(hash_seeds().tolist())"
    drawn = {
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True).stdout
        for _ in range(2)
    }
    assert len(drawn) == 2
    CountVectorizer().fit(["the sea"]).save(tmp_path / "counts")
    assert load(tmp_path / "counts").transform(["sea"]).sum() == 1
