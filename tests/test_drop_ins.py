"""The drop-ins beside scikit-learn's own, any parameters together: `fuzz/` does so for long.

What the long run found stands here as cases.
"""

import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

import textvec

FUZZ = Path(__file__).parents[1] / "fuzz"
sys.path.insert(0, str(FUZZ))
import fuzz_scikit_learn  # noqa: E402
from drop_ins import cases  # noqa: E402
from drop_ins.cases import Case, difference, drawn, shrunk  # noqa: E402

sys.path.remove(str(FUZZ))


def numbers_of_words(text):
    return [len(word) for word in text.split()]


STORED_ZERO = sparse.csr_array(([1.0, 0.0], [0, 1], [0, 2]), (1, 2))  # in a column of no document


def lazily(text):
    return iter(text.split())


@pytest.mark.parametrize(
    "case",
    [
        Case("TfidfVectorizer", {"ngram_range": (2, 1)}),  # transform after a fit that failed
        Case("TfidfVectorizer", {"tokenizer": str.split}, ["sea"], container="str"),
        Case("TfidfVectorizer", {"stop_words": ["don't"], "vocabulary": ["sea"]}),  # warned once
        Case("HashingVectorizer", {"analyzer": numbers_of_words}, ["sea"]),
        Case("HashingVectorizer", {"analyzer": str.upper}, ["sea"]),
        Case("HashingVectorizer", {"dtype": bool}),
        Case(
            "TfidfTransformer", {"smooth_idf": False}, [np.eye(3)[:, :2] * [[1, 0]]], [STORED_ZERO]
        ),
        Case("CountVectorizer", {"tokenizer": lazily, "ngram_range": (2, 2)}, ["a b"]),  # is meant
    ],
)
def test_what_once_differed(case):
    assert difference(case) is None


def test_random_cases(request):
    n_cases = 5000 if request.config.getoption("--runslow") else 150
    for number in range(n_cases):
        assert difference(drawn(0, number)) is None, number


def test_a_difference_is_found_made_smaller_and_named(monkeypatch, capsys):
    usual = textvec.CountVectorizer.fit_transform

    def wrong(self, raw_documents, y=None):
        X = usual(self, raw_documents)
        if "sea" in self.vocabulary_:
            X.data[0] += 1
        return X

    monkeypatch.setattr(textvec.CountVectorizer, "fit_transform", wrong)
    docs = ["an old port", "the sea and a view", "rooms"]
    case = Case("CountVectorizer", {"lowercase": False, "binary": True}, docs, ["sea"], "tuple", 2)
    small = shrunk(case)
    assert (small.params, small.container, small.n_jobs) == ({}, "list", 1)
    assert small.docs == ["sea"] or len("".join(small.docs)) < 8
    assert "data" in difference(small)
    monkeypatch.setattr(fuzz_scikit_learn, "drawn", lambda seed, number: case)
    assert fuzz_scikit_learn.main(["--seed", "7", "--first", "3", "--corpora", "1"]) == 1
    assert "fuzz_scikit_learn.py --seed 7 --first 3 --corpora 1" in capsys.readouterr().out


def test_only_what_is_documented_may_differ():
    hashing, counting = Case("HashingVectorizer", {}), Case("CountVectorizer", {})
    halves = "UnicodeEncodeError", "'utf-8' codec"
    by_row = "TypeError", "Documents must be str or bytes. Got 3 of type int in row 0: drop ..."
    assert cases._is_documented(None, halves, hashing)
    assert cases._is_documented(("TypeError", "x"), halves, hashing)  # of what comes after it
    assert not cases._is_documented(None, halves, counting)
    assert not cases._is_documented(None, ("ValueError", "x"), hashing)
    assert cases._is_documented(by_row, ("AttributeError", "'int' has no 'lower'"), counting)
    assert not cases._is_documented(by_row, None, counting)
    assert not cases._is_documented(("TypeError", "other"), ("TypeError", "x"), counting)
    lazy = "TypeError", "object of type 'map' has no len()"
    assert cases._is_documented(None, lazy, Case("CountVectorizer", {"tokenizer": map}))
    assert not cases._is_documented(None, lazy, counting)
