"""Beyond 2**31 - 1 entries indices have 64 bits: tested at the switch, with a lower limit."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.preprocessing import normalize

from textvec import (
    BM25Transformer,
    BM25Vectorizer,
    CountVectorizer,
    ExactIndex,
    HashingVectorizer,
    LSAVectorizer,
    TfidfTransformer,
    TfidfVectorizer,
    top_k,
)
from textvec.sparse import levels, rows

DOCS = [
    "the quiet room by the sea",
    "a room with a sea view and a sea breeze",
    "",
    "airport hotel, free shuttle to the airport",
    "free breakfast in the quiet hotel",
    "海景房间",
]
ENTRIES = CountVectorizer().fit_transform(DOCS).nnz
VECTORIZERS = {
    "counts": CountVectorizer(),
    "pairs": CountVectorizer(ngram_range=(1, 2), n_jobs=2),
    "char": CountVectorizer(analyzer="char", ngram_range=(1, 2)),
    "char_wb": CountVectorizer(analyzer="char_wb", ngram_range=(2, 3), n_jobs=2),
    "own analyzer": CountVectorizer(analyzer=str.split),
    "float": CountVectorizer(dtype=np.float32),
    "tfidf": TfidfVectorizer(n_jobs=2),
    "bm25": BM25Vectorizer(),
    "hashing": HashingVectorizer(n_features=2**10, norm=None, n_jobs=2),
    "hashing pairs": HashingVectorizer(n_features=2**10, ngram_range=(1, 2)),
    "hashing own analyzer": HashingVectorizer(n_features=2**10, analyzer=str.split),
}


@pytest.fixture
def limit(monkeypatch):
    """Return a function that moves the switch."""
    return lambda limit: monkeypatch.setattr(rows, "MAX_INT32", limit)


def index_types(X):
    return {X.indices.dtype, X.indptr.dtype}


def assert_same(wide, narrow):
    assert index_types(wide) == {np.dtype(np.int64)}
    assert wide.dtype == narrow.dtype
    assert wide.shape == narrow.shape
    for name in ("indptr", "indices", "data"):
        np.testing.assert_array_equal(getattr(wide, name), getattr(narrow, name))


def widened(X):
    X = X.copy()
    X.indices, X.indptr = X.indices.astype(np.int64), X.indptr.astype(np.int64)
    return X


@pytest.mark.parametrize("name", VECTORIZERS)
def test_vectorizers_widen_and_nothing_else_changes(name, limit):
    vectorizer = VECTORIZERS[name]
    narrow = vectorizer.fit_transform(DOCS)
    again = vectorizer.transform(DOCS)
    assert index_types(narrow) == index_types(again) == {np.dtype(np.int32)}
    limit(4)
    assert_same(vectorizer.fit_transform(DOCS), narrow)
    assert_same(vectorizer.transform(DOCS), again)
    if hasattr(vectorizer, "partial_fit"):
        vectorizer.partial_fit(DOCS)
        assert index_types(vectorizer.transform(DOCS)) == {np.dtype(np.int64)}


def test_the_switch_is_at_the_limit(limit):
    limit(ENTRIES)
    assert index_types(CountVectorizer().fit_transform(DOCS)) == {np.dtype(np.int32)}
    limit(ENTRIES - 1)
    assert index_types(CountVectorizer().fit_transform(DOCS)) == {np.dtype(np.int64)}


def test_without_a_lower_limit_it_is_that_of_int32():
    assert rows.MAX_INT32 == 2**31 - 1
    assert rows.index_dtype(2**31 - 1) is np.int32
    assert rows.index_dtype(2**31) is np.int64
    # Row lengths that sum to more, without the memory of the entries.
    assert rows.row_pointers(np.array([2**30, 2**30 - 1])).dtype == np.int32
    pointers = rows.row_pointers(np.array([2**30, 2**30, 2**30]))
    assert pointers.dtype == np.int64
    assert pointers[-1] == 3 * 2**30


@pytest.mark.parametrize("transformer", [TfidfTransformer(n_jobs=2), BM25Transformer()])
def test_transformers_take_wide_indices(transformer, limit, monkeypatch):
    counts = CountVectorizer().fit_transform(DOCS)
    narrow = transformer.fit_transform(counts)
    limit(4)
    for kind in (sparse.csr_array, sparse.csr_matrix):  # that scipy does not narrow them again
        monkeypatch.setattr(kind, "_get_index_dtype", lambda self, *args, **kwargs: np.int64)
    assert_same(transformer.fit_transform(widened(counts)), narrow)


@pytest.mark.parametrize("metric", ["cosine", "dot", "euclidean"])
def test_search_takes_wide_indices(metric, limit):
    X = TfidfVectorizer().fit_transform([doc for doc in DOCS if doc])

    def search(queries, items):
        if metric != "euclidean":
            return top_k(queries, items, 3, metric=metric, n_jobs=2)
        return ExactIndex(metric=metric).fit(items).kneighbors(queries, 3)

    expected = search(X, X)
    limit(4)
    assert index_types(ExactIndex(metric=metric).fit(X).items_) == {np.dtype(np.int64)}
    for queries, items in [(widened(X), widened(X)), (X, widened(X)), (widened(X[:2]), X)]:
        scores, indices = search(queries, items)
        np.testing.assert_array_equal(indices, expected[1][: len(indices)])
        np.testing.assert_array_equal(scores, expected[0][: len(scores)])


def test_lsa_takes_wide_counts(limit):
    lsa = LSAVectorizer(vector_size=2, random_state=0)
    expected = lsa.fit_transform(DOCS)
    limit(4)
    np.testing.assert_allclose(lsa.fit_transform(DOCS), expected, atol=1e-6)


def test_scikit_learn_and_scipy_take_what_we_give(limit):
    narrow = TfidfVectorizer().fit_transform(DOCS)
    labels = [0, 0, 0, 1, 1, 0]
    expected = LogisticRegression().fit(narrow, labels).decision_function(narrow)
    limit(4)
    wide = TfidfVectorizer().fit_transform(DOCS)
    assert index_types(wide) == {np.dtype(np.int64)}
    found = LogisticRegression().fit(wide, labels).decision_function(wide)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    np.testing.assert_allclose(cosine_similarity(wide), cosine_similarity(narrow))
    np.testing.assert_allclose((wide @ wide.T).toarray(), (narrow @ narrow.T).toarray())
    np.testing.assert_allclose(normalize(wide).toarray(), normalize(narrow).toarray())
    np.testing.assert_allclose(sparse.vstack([wide, narrow]).sum(), 2 * narrow.sum())
    np.testing.assert_array_equal(wide[[4, 0]].toarray(), narrow[[4, 0]].toarray())
    np.testing.assert_array_equal(wide.tocsc()[:, 1].toarray(), narrow[:, [1]].toarray())


def test_more_n_grams_than_ids_are_refused(monkeypatch):
    monkeypatch.setattr(levels, "_MOST_IDS", 20)
    with pytest.raises(ValueError, match=r"different n-grams up to 2 tokens.*HashingVectorizer"):
        CountVectorizer(ngram_range=(1, 2)).fit(DOCS)
