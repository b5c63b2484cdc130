"""A document that is one long token: no more copies of it at a time than scikit-learn makes."""

import numpy as np
import pytest

from textvec import BM25Vectorizer, CountVectorizer, HashingVectorizer
from textvec.evaluate.cells import peak_memory

_MB = 50


@pytest.mark.parametrize("kind", [CountVectorizer, BM25Vectorizer, HashingVectorizer])
@pytest.mark.parametrize("character", ["q", "é"])
def test_a_document_that_is_one_long_token(kind, character):
    document = character * (_MB * 10**6 // len(character.encode()))
    vectorizer = kind().fit([f"{character}{character}"] * 2000)
    vectorizer.transform([f"{character}{character}"] * 2000)  # tables are made, code is loaded
    with peak_memory() as found:
        vectorizer.fit([document])
        if kind is HashingVectorizer:
            vectorizer.transform([document])
    if np.isnan(found["peak_mb"]):
        pytest.skip("no /proc on this system")
    assert found["peak_mb"] < 2.4 * _MB
    if kind is not HashingVectorizer:
        assert list(vectorizer.vocabulary_) == [document]
        with peak_memory() as found:
            assert vectorizer.transform([document, "other words"]).nnz == 1
        assert found["peak_mb"] < 3.7 * _MB  # of which the table of terms keeps one
