"""No result depends on the number of threads or blocks; text is streamed; 64-bit indices."""

import pickle
import weakref
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import pytest
from scipy import sparse
from sklearn.feature_extraction import text as peer

import textvec
from textvec.sparse import rows
from textvec.text import vocabulary

from .parity import assert_same_learned, assert_same_matrix, zipf_corpus

BLOCK = 1000  # characters; the corpora below are of many such blocks
KINDS = [
    textvec.CountVectorizer,
    textvec.TfidfVectorizer,
    textvec.BM25Vectorizer,
    textvec.HashingVectorizer,
]
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
ANALYSES = [
    {},
    {"ngram_range": (1, 3), "stop_words": ["w1", "w7", "i\u0307"]},
    {"ngram_range": (2, 2), "token_pattern": r"(?u)\b\w+\b"},
    {"analyzer": "char", "ngram_range": (2, 3)},
    {"analyzer": "char_wb", "ngram_range": (2, 4)},
    {"tokenizer": str.split, "token_pattern": None, "ngram_range": (1, 2)},
    {"strip_accents": "unicode", "token_pattern": r"\S+"},
    {"stem": "english", "ngram_range": (1, 2)},
]
every_analysis = pytest.mark.parametrize("params", ANALYSES, ids=str)


@pytest.fixture
def small_blocks(monkeypatch):
    """Let blocks be short, so that a small corpus is of many."""
    monkeypatch.setattr(vocabulary, "BLOCK_CHARACTERS", BLOCK)


@pytest.fixture(scope="module")
def corpus():
    """Documents of ASCII text, then mixed, then none, so that blocks differ in kind."""
    mixed = zipf_corpus(250)
    ascii_only = [doc.encode("ascii", "ignore").decode() for doc in zipf_corpus(120, seed=1)]
    docs = [*ascii_only, *mixed, *[""] * 40, *ascii_only[:20], "last"]
    assert sum(map(len, docs)) > 12 * BLOCK
    return docs


def needs(params):
    if "stem" in params:
        pytest.importorskip("Stemmer")


# --- the number of threads ------------------------------------------------------------------------


@every_kind
@every_analysis
def test_no_result_depends_on_n_jobs(kind, params, corpus, monkeypatch):
    needs(params)
    one = kind(**params, n_jobs=1)
    X = one.fit_transform(corpus)
    new_docs = [*corpus[::-1], "unseen words w1 w2"]
    Y = one.transform(new_docs)
    monkeypatch.setattr(vocabulary, "BLOCK_CHARACTERS", BLOCK)
    for n_jobs in (1, 2, 3):
        many = kind(**params, n_jobs=n_jobs)
        assert_same_matrix(many.fit_transform(iter(corpus)), X)
        assert_same_learned(many, one)  # the order of insertion into vocabulary_ included
        assert_same_matrix(many.transform(iter(new_docs)), Y)
        assert_same_matrix(many.fit(corpus).transform(new_docs), Y)


@pytest.mark.usefixtures("small_blocks")
@every_analysis
def test_pruning_does_not_depend_on_n_jobs(params, corpus):
    needs(params)
    for pruning in ({"min_df": 3, "max_df": 0.2}, {"max_features": 50, "min_df": 2}):
        one = textvec.CountVectorizer(**params, **pruning)
        X = one.fit_transform(corpus)
        for n_jobs in (2, 3, 4):
            many = textvec.CountVectorizer(**params, **pruning, n_jobs=n_jobs)
            assert_same_matrix(many.fit_transform(corpus), X)
            assert_same_learned(many, one)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("n_jobs", [1, 2, 3, 4])
def test_many_blocks_equal_scikit_learn(n_jobs, corpus):
    for params in ANALYSES[:2]:
        mine = textvec.TfidfVectorizer(**params, n_jobs=n_jobs)
        other = peer.TfidfVectorizer(**params)
        assert_same_matrix(mine.fit_transform(corpus), other.fit_transform(corpus))
        assert_same_learned(mine, other)
        assert_same_matrix(mine.transform(corpus[::-1]), other.transform(corpus[::-1]))


@pytest.mark.parametrize("size", [1, 2, 100, 10**9])
def test_no_result_depends_on_the_size_of_blocks(size, corpus, monkeypatch):
    docs = corpus[100:200]
    for params in ANALYSES[:5]:
        one = textvec.CountVectorizer(**params)
        X = one.fit_transform(docs)
        with monkeypatch.context() as patch:
            patch.setattr(vocabulary, "BLOCK_CHARACTERS", size)
            for n_jobs in (1, 3):
                many = textvec.CountVectorizer(**params, n_jobs=n_jobs)
                assert_same_matrix(many.fit_transform(docs), X)
                assert_same_learned(many, one)
                assert_same_matrix(many.transform(docs), one.transform(docs))


@pytest.mark.usefixtures("small_blocks")
@every_kind
def test_fewer_documents_than_threads(kind):
    for docs in (["one sea"], ["", "sea view", ""], ["sea " * 2000, "view"]):
        X = kind(ngram_range=(1, 2)).fit_transform(docs)
        for n_jobs in (2, 4, 7):
            assert_same_matrix(kind(ngram_range=(1, 2), n_jobs=n_jobs).fit_transform(docs), X)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("n_jobs", [1, 2, 4])
def test_an_error_in_a_late_block_is_raised(n_jobs, corpus):
    docs = [*corpus, None]
    with pytest.raises(TypeError, match=rf"row {len(corpus)}\b"):
        textvec.CountVectorizer(n_jobs=n_jobs).fit(docs)

    def failing():
        yield from corpus
        raise ConnectionError("the source went away")

    with pytest.raises(ConnectionError, match="went away"):
        textvec.CountVectorizer(n_jobs=n_jobs).fit(failing())


@pytest.mark.parametrize("n_jobs", [1, 2, 4])
def test_an_error_in_the_last_block_is_raised_where_it_is_asked_for(n_jobs):
    results = vocabulary.map_blocks(lambda block: 12 // block, [6, 4, 3, 2, 1, 0], n_jobs)
    assert [next(results) for _ in range(5)] == [2, 3, 4, 6, 12]
    with pytest.raises(ZeroDivisionError):
        next(results)


# --- threads of the caller ------------------------------------------------------------------------


@pytest.mark.usefixtures("small_blocks")
@every_kind
@pytest.mark.parametrize("params", [ANALYSES[1], ANALYSES[4], ANALYSES[5]], ids=str)
@pytest.mark.parametrize("n_jobs", [None, 2])
def test_threads_may_share_a_fitted_vectorizer(kind, params, n_jobs, corpus):
    """Eight threads begin at once, each with documents of its own, before anything is cached."""
    shares = [corpus[i::8] + ["unseen words"] * i for i in range(8)]
    fitted = kind(**params, n_jobs=n_jobs).fit(corpus)
    fresh = pickle.loads(pickle.dumps(fitted))
    barrier = Barrier(8)

    def transform(docs):
        barrier.wait()
        return [fresh.transform(docs) for _ in range(3)]

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(transform, shares))
    for docs, found in zip(shares, results):
        expected = fitted.transform(docs)
        for X in found:
            assert_same_matrix(X, expected)


@every_kind
def test_threads_may_fit_at_the_same_time(kind, corpus):
    shares = [corpus[i::8] for i in range(8)]
    barrier = Barrier(8)

    def fit(docs):
        barrier.wait()
        return kind(n_jobs=2).fit_transform(docs)

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(fit, shares))
    for docs, X in zip(shares, results):
        assert_same_matrix(X, kind().fit_transform(docs))


# --- memory ---------------------------------------------------------------------------------------


class Document(str):
    """A str that can be watched for its end."""

    __slots__ = ("__weakref__",)


class Stream:
    """Documents made one at a time; ``most`` is how many were alive at once, at the most."""

    def __init__(self, docs):
        self.docs = docs
        self.alive = self.most = 0

    def __iter__(self):
        for doc in self.docs:
            document = Document(doc)
            self.alive += 1
            self.most = max(self.most, self.alive)
            weakref.finalize(document, self._end)
            yield document
            del document

    def _end(self):
        self.alive -= 1


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("n_jobs", [1, 2, 4])
@pytest.mark.parametrize(
    ("kind", "params"),
    [*((textvec.CountVectorizer, params) for params in ANALYSES), *((kind, {}) for kind in KINDS)],
    ids=str,
)
def test_no_more_than_a_few_blocks_are_held(kind, params, n_jobs):
    needs(params)
    # few terms: what is looked up in a large vocabulary comes in larger blocks
    docs = [
        f"document {i % 9}: a view of the sea and of the hotels by the sea" for i in range(1500)
    ]
    in_a_block = -(-BLOCK // len(docs[0]))
    # one that is being filled, one in the hands of each thread, and one more that waits
    limit = (n_jobs + 2) * in_a_block
    assert limit < len(docs) / 10
    vectorizer = kind(**params, n_jobs=n_jobs)
    for method in (vectorizer.fit_transform, vectorizer.transform):
        stream = Stream(docs)
        method(stream)
        assert stream.alive == 0, "documents outlive the call"
        assert stream.most <= limit


# --- 64-bit indices -------------------------------------------------------------------------------


@every_kind
@pytest.mark.parametrize("params", ANALYSES[:6], ids=str)
@pytest.mark.parametrize("n_jobs", [None, 2])
def test_large_matrices_have_64_bit_indices(kind, params, n_jobs, corpus, monkeypatch):
    """As though what holds more than 100 entries held more than 2**31."""
    docs = corpus[150:200]
    small = kind(**params, n_jobs=n_jobs)
    expected = [small.fit_transform(docs), small.transform(docs[::-1])]
    monkeypatch.setattr(rows, "MAX_INT32", 100)
    large = kind(**params, n_jobs=n_jobs)
    found = [large.fit_transform(docs), large.transform(docs[::-1])]
    assert_same_learned(large, small)
    for X, Y in zip(found, expected):
        assert Y.indptr.dtype == Y.indices.dtype == np.int32
        assert X.indptr.dtype == X.indices.dtype == np.int64
        assert type(X) is type(Y)
        assert X.dtype == Y.dtype
        for part in ("indptr", "indices", "data"):
            assert np.array_equal(getattr(X, part), getattr(Y, part))
    few = large.transform(["w1 w2"])
    assert few.indptr.dtype == few.indices.dtype == np.int32


@pytest.mark.parametrize("reserved", [0, 4, 1000])
@pytest.mark.parametrize("dtype", [np.float64, np.int32])
def test_matrices_are_put_under_one_another(reserved, dtype, monkeypatch):
    monkeypatch.setattr(rows, "_RESERVED", reserved)
    parts = [sparse.random_array((n, 7), density=0.4, format="csr", rng=n) for n in (3, 0, 1, 5)]
    parts.insert(1, sparse.csr_array((2, 7)))  # documents without a word
    for some in (parts, parts[:3], parts[:1]):
        found, expected = rows.stacked(iter(some), dtype), sparse.vstack(some, format="csr")
        assert found.dtype == dtype
        assert found.indices.dtype == found.indptr.dtype == np.int32
        np.testing.assert_array_equal(found.toarray(), expected.toarray().astype(dtype))
    n_entries = sum(part.nnz for part in parts)
    for limit, integers in ((n_entries, np.int32), (n_entries - 1, np.int64)):
        monkeypatch.setattr(rows, "MAX_INT32", limit)
        found = rows.stacked(iter(parts), dtype)
        assert found.indices.dtype == found.indptr.dtype == integers
        np.testing.assert_array_equal(found.indices, sparse.vstack(parts, format="csr").indices)
