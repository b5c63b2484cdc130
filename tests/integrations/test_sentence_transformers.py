"""Sparse vectorizers as a SparseEncoder of sentence-transformers."""

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from textvec import BM25Vectorizer, TfidfVectorizer
from textvec.integrations.sentence_transformers import as_sparse_encoder

from .test_passages import QUERIES, TEXTS, bm25

library = pytest.importorskip("sentence_transformers")
pytestmark = pytest.mark.filterwarnings("ignore")  # of its own affairs


def dense(tensor):
    return tensor.to_dense().numpy()


def test_either_side_and_the_scores_are_bm25s(tmp_path):
    encoder = as_sparse_encoder(bm25())
    documents = encoder.encode_document(TEXTS[:9])
    queries = encoder.encode_query(QUERIES)
    np.testing.assert_allclose(dense(documents), bm25().transform(TEXTS[:9]).toarray(), rtol=1e-6)
    asked = bm25().transform_queries(QUERIES)
    np.testing.assert_array_equal(dense(queries), asked.toarray())
    scores = (asked @ bm25().transform(TEXTS[:9]).T).toarray()
    np.testing.assert_allclose(
        np.asarray(encoder.similarity(queries, documents).to_dense()), scores, rtol=1e-5, atol=1e-6
    )
    np.testing.assert_array_equal(dense(encoder.encode(TEXTS[:9])), dense(documents))
    encoder.save_pretrained(str(tmp_path / "encoder"))
    again = library.SparseEncoder(str(tmp_path / "encoder"), device="cpu", trust_remote_code=True)
    np.testing.assert_array_equal(dense(again.encode_query(QUERIES)), dense(queries))


def test_tfidf_is_compared_by_cosine_and_what_is_not_fitted_is_refused():
    assert as_sparse_encoder(TfidfVectorizer().fit(TEXTS)).similarity_fn_name == "cosine"
    with pytest.raises(NotFittedError):
        as_sparse_encoder(BM25Vectorizer())
