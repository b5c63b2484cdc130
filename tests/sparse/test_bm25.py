"""BM25Transformer and BM25Vectorizer: bm25s' scores, hand-made answers, queries' offsets."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.exceptions import NotFittedError

from textvec.sparse.bm25 import BM25_METHODS, BM25Transformer, BM25Vectorizer
from textvec.sparse.counts import CountVectorizer

HOTELS = [
    "quiet rooms by the harbour",
    "rooms with harbour view, harbour bar",
    "airport shuttle and a bar",
    "",
]


@pytest.fixture(scope="module")
def corpus():
    """Token ids of 80 documents, two of them empty, over 50 terms that all occur."""
    rng = np.random.default_rng(0)
    frequencies = 1 / np.arange(1, 51)
    documents = [
        rng.choice(50, size=rng.integers(1, 60), p=frequencies / frequencies.sum()).tolist()
        for _ in range(78)
    ]
    documents.insert(5, [])
    documents.append([])
    documents[0] = list(range(50))
    queries = [rng.integers(0, 50, size=n).tolist() for n in (1, 2, 3, 8, 20)] + [[7, 7, 7]]
    return documents, queries


def as_counts(token_ids):
    rows = np.repeat(np.arange(len(token_ids)), [len(ids) for ids in token_ids])
    columns = np.concatenate([np.asarray(ids, dtype=int) for ids in token_ids])
    shape = (len(token_ids), 50)
    return sparse.coo_array((np.ones(len(rows)), (rows, columns)), shape=shape).tocsr()


@pytest.mark.parametrize(("k1", "b", "delta"), [(1.5, 0.75, 0.5), (0.9, 0.4, 1.0), (2.0, 1.0, 0.0)])
@pytest.mark.parametrize("method", [*BM25_METHODS, "bm25+"])
def test_scores_equal_those_of_bm25s(corpus, method, k1, b, delta):
    bm25s = pytest.importorskip("bm25s")
    documents, queries = corpus
    name = "bm25+" if method == "bm25plus" else method
    index = bm25s.BM25(k1=k1, b=b, delta=delta, method=name, dtype="float64", backend="numpy")
    index.index((documents, {str(i): i for i in range(50)}), show_progress=False)
    expected = np.array([index.get_scores_from_ids(query) for query in queries])

    bm25 = BM25Transformer(k1, b, delta, method)
    documents_weights = bm25.fit_transform(as_counts(documents))
    asked = as_counts(queries)
    scores = (bm25.transform_queries(asked) @ documents_weights.T).toarray()
    scores += bm25.query_offset(asked)[:, np.newaxis]
    np.testing.assert_allclose(scores, expected, rtol=1e-6, atol=1e-15)


def test_known_answer():
    # "a a b" and "b": n = 2, df = (1, 2), lengths 3 and 1; k1 = 1, b = 0.5 make K 1.25 and 0.75
    bm25 = BM25Transformer(k1=1, b=0.5).fit([[2, 1], [0, 1]])
    np.testing.assert_allclose(bm25.idf_, [np.log(2), np.log(1.2)], rtol=1e-15)
    assert bm25.mean_length_ == 2
    assert bm25.document_frequencies_.tolist() == [1, 2]
    assert (bm25.n_documents_, bm25.total_length_) == (2, 4)
    expected = [
        [np.log(2) * 2 / 3.25, np.log(1.2) / 2.25],
        [0, np.log(1.2) / 1.75],
    ]
    np.testing.assert_allclose(bm25.transform([[2, 1], [0, 1]]).toarray(), expected, rtol=1e-15)


@pytest.mark.parametrize("method", BM25_METHODS)
def test_an_offset_is_what_absent_terms_earn(method):
    bm25 = BM25Transformer(method=method, delta=0.7).fit([[2, 1, 0], [0, 1, 1], [0, 1, 3]])
    offset = bm25.query_offset([[1, 0, 0], [2, 0, 1], [0, 0, 0]])
    earned = {"bm25l": 2.5 * 0.7 / (1.5 + 0.7), "bm25plus": 0.7}.get(method, 0)
    np.testing.assert_allclose(
        offset, earned * np.array([bm25.idf_[0], 2 * bm25.idf_[0] + bm25.idf_[2], 0]), rtol=1e-12
    )


@pytest.mark.parametrize("method", BM25_METHODS)
@pytest.mark.parametrize("delta", [0, 0.5])
def test_k1_of_zero_only_asks_whether_a_term_occurs(method, delta):
    bm25 = BM25Transformer(k1=0, method=method, delta=delta)
    weights_ = bm25.fit_transform([[2, 1, 0], [0, 1, 9], [0, 2, 1]]).toarray()
    assert np.isfinite(weights_).all()
    assert weights_[1, 2] == weights_[2, 2]


@pytest.mark.parametrize("method", BM25_METHODS)
def test_no_weight_is_negative_or_infinite_even_of_terms_that_fit_never_saw(method):
    bm25 = BM25Transformer(method=method).fit([[1, 0, 4], [1, 0, 0], [1, 0, 1]])
    data = bm25.transform([[1, 1, 1]]).toarray()
    assert np.isfinite(data).all()
    assert (data >= 0).all()
    assert data[0, 1] == 0


def test_a_transformer_settles_duplicates_and_zeros_on_a_copy():
    X = sparse.csr_array(([1.0, 0.0, 1.0, 1.0], [1, 0, 1, 0], [0, 3, 4]), shape=(2, 2))
    before = X.data.copy()
    weights_ = BM25Transformer().fit_transform(X)
    np.testing.assert_array_equal(X.data, before)
    expected = BM25Transformer().fit_transform([[0, 2], [1, 0]])
    np.testing.assert_array_equal(weights_.toarray(), expected.toarray())
    assert weights_.nnz == 2


def test_vectorizer_is_count_vectorizer_then_transformer():
    vectorizer = BM25Vectorizer(method="bm25l", k1=1.2)
    weights_ = vectorizer.fit_transform(HOTELS)
    counts = CountVectorizer().fit_transform(HOTELS)
    bm25 = BM25Transformer(method="bm25l", k1=1.2)
    np.testing.assert_array_equal(weights_.toarray(), bm25.fit_transform(counts).toarray())
    np.testing.assert_array_equal(vectorizer.idf_, bm25.idf_)
    assert vectorizer.mean_length_ == bm25.mean_length_
    np.testing.assert_array_equal(vectorizer.transform(HOTELS).toarray(), weights_.toarray())


def test_queries_rank_documents_by_dot_product():
    vectorizer = BM25Vectorizer(method="bm25+").fit(HOTELS)
    assert vectorizer.metric == BM25Transformer.metric == "dot"
    queries = ["harbour VIEW view", "nothing known", "bar"]
    asked = vectorizer.transform_queries(queries)
    columns = [vectorizer.vocabulary_[term] for term in ("harbour", "view", "bar")]
    assert asked.toarray()[:, columns].tolist() == [[1, 2, 0], [0, 0, 0], [0, 0, 1]]
    scores = (asked @ vectorizer.transform(HOTELS).T).toarray()
    assert scores[0].argmax() == 1
    assert (scores[1] == 0).all()
    offset = vectorizer.query_offset(queries)
    idf = dict(zip(vectorizer.get_feature_names_out(), vectorizer.idf_, strict=True))
    np.testing.assert_allclose(offset[0], 0.5 * (idf["harbour"] + 2 * idf["view"]), rtol=1e-12)
    assert offset[1] == 0


def test_dtype_float32_stays_float32():
    weights_ = BM25Vectorizer(dtype=np.float32).fit_transform(HOTELS)
    assert weights_.dtype == np.float32
    np.testing.assert_allclose(
        weights_.toarray(), BM25Vectorizer().fit_transform(HOTELS).toarray(), rtol=1e-6
    )


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"k1": -1}, ValueError, "k1 must be at least 0. Got -1 instead"),
        ({"b": 1.5}, ValueError, "b must be between 0 and 1. Got 1.5 instead"),
        ({"delta": "0"}, TypeError, "delta must be a number. Got '0' instead"),
        ({"method": "bm25"}, ValueError, "method must be one of 'lucene', .* Got 'bm25' instead"),
    ],
)
def test_parameters_out_of_range_are_named(parameters, error, message):
    with pytest.raises(error, match=message):
        BM25Transformer(**parameters).fit([[1]])
    with pytest.raises(error, match=message):
        BM25Vectorizer(**parameters).fit(HOTELS)


def test_other_bad_input_is_named():
    with pytest.raises(ValueError, match="X has no counts: all 2 documents are empty"):
        BM25Transformer().fit([[0, 0], [0, 0]])
    with pytest.raises(ValueError, match="Negative values"):
        BM25Transformer().fit([[1, -1]])
    with pytest.raises(NotFittedError):
        BM25Transformer().transform([[1]])
    for method in ("transform", "transform_queries", "query_offset"):
        with pytest.raises(NotFittedError):
            getattr(BM25Vectorizer(), method)(HOTELS)
    with pytest.raises(NotFittedError, match="BM25Vectorizer is not fitted yet"):
        _ = BM25Vectorizer().idf_
