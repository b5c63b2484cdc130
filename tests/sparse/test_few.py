"""The short cut for a query or two gives what the compiled path gives."""

import numpy as np
import pytest

import textvec
from textvec.sparse.levels import count_levels

from .parity import assert_same_matrix

QUERIES = ["quiet sea view", "", "SEA sea the unseen", "caf\u00e9 \ud800 \u4e2d\u6587"]
DOCS = [*QUERIES, "a quiet room with a view of the sea", "the caf\u00e9"]


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"ngram_range": (1, 2), "dtype": np.float32},
        {"analyzer": "char_wb", "ngram_range": (2, 3)},
        {"analyzer": "char", "binary": True},
        {"stop_words": "english", "tokenizer": str.split, "token_pattern": None},
        {"analyzer": str.split},
    ],
)
def test_few_documents_are_counted_alike(params, monkeypatch):
    vectorizer = textvec.CountVectorizer(**params).fit(DOCS)
    expected = [vectorizer.transform([query]) for query in QUERIES]
    monkeypatch.setattr("textvec.sparse.counts._FEW_CHARACTERS", 4_000)
    assert vectorizer.vocabulary_  # who looks at the dict may change it: so it is what is asked
    monkeypatch.setattr(vectorizer, "_known_ngrams", None)  # the compiled path would fail
    for query, X in zip(QUERIES, expected, strict=True):
        assert_same_matrix(vectorizer.transform([query]), X)


def test_what_is_no_text_names_its_row(monkeypatch):
    vectorizer = textvec.CountVectorizer().fit(DOCS)
    monkeypatch.setattr("textvec.sparse.counts._FEW_CHARACTERS", 4_000)
    with pytest.raises(TypeError, match="row 1"):
        vectorizer.transform(["sea", None])


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("dtype", [np.int64, np.float32, np.bool_])
@pytest.mark.parametrize("lengths", [[], [0], [3], [2, 0, 9, 0], [1, 80, 0, 5, 30]])
@pytest.mark.parametrize("n_columns", [5, 1000, 100_000])
def test_documents_are_counted_alike_next_to_any_vocabulary(lengths, n_columns, dtype, n_jobs):
    rng = np.random.default_rng(0)
    ends = np.cumsum([0, *lengths])[1:]
    levels = rng.integers(-1, 4, (2, sum(lengths))).astype(np.int32)
    columns = rng.permutation(n_columns).astype(np.int32)
    counts = count_levels(levels, ends, columns, dtype, n_jobs)
    expected = np.zeros((len(ends), n_columns), np.int64)
    rows = np.repeat(np.arange(len(ends)), lengths)
    for level in levels:
        np.add.at(expected, (rows[level >= 0], columns[level[level >= 0]]), 1)
    assert counts.dtype == dtype
    np.testing.assert_array_equal(counts.toarray(), expected.astype(dtype))
    inverse = columns.argsort()
    for row in range(len(ends)):
        ids = inverse[counts.indices[counts.indptr[row] : counts.indptr[row + 1]]]
        assert (np.diff(ids) > 0).all()
