"""The short cut for a query or two gives what the compiled path gives."""

import numpy as np
import pytest

import textvec

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
