"""TfidfVectorizer and TfidfTransformer give scikit-learn's weights, messages and warnings."""

import copy
import inspect
import pickle
from itertools import product

import numpy as np
import pandas as pd
import pytest
import sklearn
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction import text as peer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils import get_tags

import textvec

from .parity import (
    assert_same_fit,
    assert_same_learned,
    assert_same_matrix,
    corpora,
    examples,
    same_outcome,
    zipf_corpus,
)

EXTRA = {"n_jobs", "stem"}  # parameters that scikit-learn's classes do not have

REVIEWS = [
    "The sea, the SEA! A hotel by the sea, and the view of the sea.",
    "not the hotel I booked: no view, no sea",
    "",
    "Café naïve; CAFÉ, cafe\u0301 hotel",
    "view view view hotel   hotel\t\tsea\u3000\u3000sea",
    "ΟΔΟΣ ΟΔΟΣ. İSTANBUL straße ſea x²",
    "the and of",
]

weights = {
    "norm": st.sampled_from(["l2", "l2", "l1", None]),
    "use_idf": st.sampled_from([True, True, False]),
    "smooth_idf": st.booleans(),
    "sublinear_tf": st.booleans(),
}
counting = {
    "ngram_range": st.sampled_from([(1, 1), (1, 1), (1, 2), (2, 3), (1, 3), (2, 2)]),
    "analyzer": st.sampled_from(["word", "word", "word", "char", "char_wb"]),
    "token_pattern": st.sampled_from([r"(?u)\b\w\w+\b"] * 3 + [r"(?u)\b\w+\b", r"\S+"]),
    "stop_words": st.sampled_from([None, None, "english", ["the", "hotel"]]),
    "strip_accents": st.sampled_from([None, None, "ascii", "unicode"]),
    "lowercase": st.sampled_from([True, True, False]),
    "min_df": st.sampled_from([1, 1, 1, 2, 0.2]),
    "max_df": st.sampled_from([1.0, 1.0, 1.0, 0.8, 3]),
    "max_features": st.sampled_from([None, None, 3, 10]),
    "binary": st.booleans(),
    "dtype": st.sampled_from([np.float64, np.float64, np.float32, "float32", np.int64, np.uint8]),
}


def pair(**params):
    return textvec.TfidfVectorizer(**params), peer.TfidfVectorizer(**params)


def transformers(**params):
    return textvec.TfidfTransformer(**params), peer.TfidfTransformer(**params)


def every(**values):
    """Every combination of parameter values."""
    return [dict(zip(values, chosen)) for chosen in product(*values.values())]


EVERY_WEIGHT = every(
    norm=["l2", "l1", None],
    use_idf=[True, False],
    smooth_idf=[True, False],
    sublinear_tf=[True, False],
)


# --- TfidfVectorizer ------------------------------------------------------------------------------


@settings(max_examples=examples(250))
@given(corpora(), corpora(3), st.fixed_dictionaries({**counting, **weights}), st.integers(1, 4))
def test_vectorizer(docs, new_docs, params, n_jobs):
    docs, new_docs = ([doc[:400] for doc in part] for part in (docs, new_docs))
    mine, other = pair(**params)
    mine.set_params(n_jobs=n_jobs)
    assert_same_fit(mine, other, docs, new_docs)


@settings(max_examples=examples(100))
@given(corpora(), st.integers(1, 4))
def test_fit_then_transform_by_default(docs, n_jobs):
    mine, other = textvec.TfidfVectorizer(n_jobs=n_jobs), peer.TfidfVectorizer()
    same_outcome(lambda: mine.fit(docs) and None, lambda: other.fit(docs) and None)
    assert_same_learned(mine, other)
    X, Y = same_outcome(lambda: mine.transform(docs), lambda: other.transform(docs))
    if Y is not None:
        assert_same_matrix(X, Y)


@pytest.mark.parametrize("params", EVERY_WEIGHT, ids=str)
@pytest.mark.parametrize("dtype", [np.float64, np.float32, "float32"])
def test_every_weight(params, dtype):
    docs = [*zipf_corpus(60), *REVIEWS]
    for more in ({}, {"ngram_range": (1, 2), "min_df": 2, "binary": True}):
        mine, other = pair(dtype=dtype, **params, **more)
        assert assert_same_fit(mine, other, docs, docs[::-3])


@pytest.mark.parametrize("n_jobs", [1, 2, 3, 4, -1])
def test_no_result_depends_on_n_jobs(n_jobs):
    docs = zipf_corpus(8000)
    for params in ({}, {"norm": "l1", "sublinear_tf": True, "dtype": np.float32}):
        mine, other = pair(**params)
        mine.set_params(n_jobs=n_jobs)
        assert_same_matrix(mine.fit_transform(iter(docs)), other.fit_transform(docs))
        assert_same_learned(mine, other)
        assert_same_matrix(mine.transform(docs[::-1]), other.transform(docs[::-1]))


@pytest.mark.parametrize(
    "params",
    [
        {"norm": "l3"},
        {"norm": 2},
        {"use_idf": "yes"},
        {"smooth_idf": None},
        {"sublinear_tf": 1},
        {"ngram_range": (3, 1)},
        {"dtype": np.int64},
        {"dtype": int},
        {"dtype": np.float16},
        {"dtype": bool},
        {"min_df": 20},
        {"max_df": 0.0},
        {"stop_words": ["don't"]},
        {"vocabulary": ["sea", "sea"]},
        {"vocabulary": ["Sea", "view"]},
        {"vocabulary": ["sea", "never"]},
        {"vocabulary": ["sea", "never"], "smooth_idf": False},
        {"vocabulary": ["sea", "never"], "smooth_idf": False, "norm": None},
        {"tokenizer": str.split},
        {"tokenizer": str.split, "analyzer": "char"},
        {"analyzer": str.split, "ngram_range": (1, 2), "preprocessor": str.upper},
        {"token_pattern": "zzz"},
        {"input": "stdin"},
    ],
    ids=str,
)
def test_odd_parameters(params):
    mine, other = pair(**params)
    X, Y = same_outcome(lambda: mine.fit_transform(REVIEWS), lambda: other.fit_transform(REVIEWS))
    if Y is not None:
        assert_same_matrix(X, Y)
        assert_same_learned(mine, other)
    mine, other = pair(**params)
    same_outcome(lambda: mine.fit(REVIEWS) and None, lambda: other.fit(REVIEWS) and None)
    assert_same_learned(mine, other)


@pytest.mark.parametrize("docs", ["sea view", [], [""], iter(["sea", "view sea"]), [b"sea", "sea"]])
def test_kinds_of_corpus(docs):
    docs = list(docs) if not isinstance(docs, str) else docs
    assert_same_fit(*pair(), docs)
    assert_same_fit(*pair(vocabulary=["sea"]), docs)


def test_unfitted():
    for params in ({}, {"vocabulary": ["sea", "view"]}, {"use_idf": False}):
        for call in (
            lambda vectorizer: vectorizer.transform(["sea"]),
            lambda vectorizer: vectorizer.transform("sea"),
            lambda vectorizer: vectorizer.idf_,
            lambda vectorizer: vectorizer.get_feature_names_out().tolist(),
            lambda vectorizer: vectorizer.inverse_transform(np.ones((1, 2)))[0].tolist(),
        ):
            mine, other = pair(**params)
            a, b = same_outcome(lambda: call(mine), lambda: call(other))  # noqa: B023
            assert a == b
    with pytest.raises(NotFittedError):
        textvec.TfidfVectorizer().transform(["sea"])


def test_idf_without_use_idf():
    mine, other = pair(use_idf=False)
    for vectorizer in (mine, other):
        vectorizer.fit(REVIEWS)
        assert not hasattr(vectorizer, "idf_")


def test_idf_may_be_set():
    trained = peer.TfidfVectorizer().fit(REVIEWS)
    for norm, dtype in product(["l2", "l1", None], [np.float64, np.float32, np.int64]):
        idf = (np.arange(len(trained.vocabulary_)) + 1).astype(dtype)
        mine, other = pair(vocabulary=trained.vocabulary_, norm=norm)
        for vectorizer in (mine, other):
            vectorizer.idf_ = idf
        assert_same_matrix(mine.transform(REVIEWS), other.transform(REVIEWS))
        assert mine.idf_.tolist() == other.idf_.tolist()
        mine, other = pair(norm=norm)
        for vectorizer in (mine, other):
            vectorizer.fit(REVIEWS)
            vectorizer.idf_ = trained.idf_[::-1]
        assert_same_matrix(mine.transform(REVIEWS), other.transform(REVIEWS))
    mine = textvec.TfidfVectorizer(vocabulary=["sea", "view"])
    mine.idf_ = [2.0, 3.0]
    X = mine.transform(["view sea sea"]).toarray()  # scikit-learn does not take a list
    assert X[0].tolist() == pytest.approx([0.8, 0.6])


def test_idf_of_the_wrong_length_or_without_use():
    mine, other = pair(vocabulary=["sea", "view"])
    same_outcome(lambda: setattr(mine, "idf_", [1.0]), lambda: setattr(other, "idf_", [1.0]))
    mine, other = pair(use_idf=False)
    same_outcome(lambda: setattr(mine, "idf_", [1.0]), lambda: setattr(other, "idf_", [1.0]))
    mine = textvec.TfidfVectorizer().fit(["sea view"])  # scikit-learn trips over its own message
    with pytest.raises(ValueError, match="idf length = 1 must be equal to vocabulary size = 2"):
        mine.idf_ = [1.0]


def test_refit_and_changed_parameters():
    mine, other = pair()
    for params in (
        {"ngram_range": (1, 2)},
        {"norm": "l1"},
        {"use_idf": False},
        {"use_idf": True, "norm": None},
        {"vocabulary": ["sea", "view"]},
        {"vocabulary": None, "analyzer": "char"},
    ):
        for vectorizer in (mine, other):
            vectorizer.set_params(**params)
        assert assert_same_fit(mine, other, REVIEWS, REVIEWS[::-1])
    for vectorizer in (mine, other):  # parameters of the weights are those of the fit
        vectorizer.set_params(norm="l2", sublinear_tf=True)
    assert_same_matrix(mine.transform(REVIEWS), other.transform(REVIEWS))


def test_constructor_params_clone_repr_tags_and_routing():
    for ours, theirs in (
        (textvec.TfidfVectorizer, peer.TfidfVectorizer),
        (textvec.TfidfTransformer, peer.TfidfTransformer),
    ):
        mine, other = inspect.signature(ours).parameters, inspect.signature(theirs).parameters
        assert set(mine) - set(other) <= EXTRA
        for name, parameter in other.items():
            assert (mine[name].default, mine[name].kind) == (parameter.default, parameter.kind)
        for name, method in inspect.getmembers(theirs, inspect.isfunction):
            if not name.startswith("_"):
                own = inspect.signature(getattr(ours, name)).parameters
                for parameter in inspect.signature(method).parameters.values():
                    assert own[parameter.name].default == parameter.default, name
        mine, other = ours(norm="l1", use_idf=False), theirs(norm="l1", use_idf=False)
        params = {k: v for k, v in mine.get_params().items() if k not in EXTRA}
        assert params == other.get_params()
        assert repr(mine) == repr(other)
        assert clone(mine).get_params() == mine.get_params()
        tags, other_tags = get_tags(mine), get_tags(other)
        tags._skip_test = other_tags._skip_test  # of scikit-learn's own test suite
        assert tags == other_tags
        routing, other_routing = mine.get_metadata_routing(), other.get_metadata_routing()
        assert routing._serialize() == other_routing._serialize()


@pytest.mark.parametrize("interface", ["spmatrix", "sparray"])
def test_sparse_interface(interface):
    with sklearn.config_context(sparse_interface=interface):
        for params in ({}, {"norm": None, "use_idf": False}, {"vocabulary": ["sea"]}):
            assert assert_same_fit(*pair(**params), REVIEWS)
        counts = peer.CountVectorizer().fit_transform(REVIEWS)
        for X in (counts, sparse.csr_array(counts), sparse.csc_matrix(counts), counts.toarray()):
            mine, other = transformers()
            assert_same_matrix(mine.fit_transform(X), other.fit_transform(X))


def test_what_a_subclass_overrides_is_used():
    def build_tokenizer(self):
        return lambda text: text.split("e")

    def build_preprocessor(self):
        return lambda text: text.replace("s", "S")

    def build_analyzer(self):
        return lambda doc: [doc[:3], doc[-3:], doc[:3]]

    def decode(self, doc):
        return doc[::-1]

    def get_stop_words(self):
        return frozenset(["sea"])

    for method in (build_tokenizer, build_preprocessor, build_analyzer, decode, get_stop_words):
        for params in ({}, {"ngram_range": (1, 2)}, {"analyzer": "char"}):
            mine, other = (
                type("Custom", (base,), {method.__name__: method})(**params)
                for base in (textvec.TfidfVectorizer, peer.TfidfVectorizer)
            )
            assert assert_same_fit(mine, other, REVIEWS, REVIEWS[::-1])


def test_a_stemming_tokenizer_as_the_documentation_of_scikit_learn_has_it():
    def build_analyzer_of(base):
        class Stemming(base):
            def build_analyzer(self):
                analyze = super().build_analyzer()
                return lambda doc: [word.rstrip("s") for word in analyze(doc)]

        return Stemming

    mine, other = (
        build_analyzer_of(base)() for base in (textvec.TfidfVectorizer, peer.TfidfVectorizer)
    )
    assert assert_same_fit(mine, other, ["hotels hotel seas", "sea views view hotel"])
    assert "hotels" not in mine.vocabulary_


def test_in_a_pipeline_and_a_grid_search():
    docs = zipf_corpus(120)
    labels = [i % 3 for i in range(len(docs))]
    grid = {"tfidfvectorizer__sublinear_tf": [True, False], "tfidfvectorizer__norm": ["l1", "l2"]}
    mine, other = (
        GridSearchCV(make_pipeline(kind(), LogisticRegression()), grid, cv=3).fit(docs, labels)
        for kind in (textvec.TfidfVectorizer, peer.TfidfVectorizer)
    )
    mine, other = (search.cv_results_["mean_test_score"].tolist() for search in (mine, other))
    assert mine == other


# --- TfidfTransformer -----------------------------------------------------------------------------


KINDS_OF_MATRIX = [
    np.asarray,
    np.asfortranarray,
    np.ndarray.tolist,
    sparse.csr_matrix,
    sparse.csr_array,
    sparse.csc_matrix,
    sparse.csc_array,
    sparse.coo_array,
    sparse.lil_matrix,
]


def count_matrices(draw, dtype):
    n_rows, n_columns = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    numbers = st.sampled_from([0, 0, 0, 1, 1, 2, 3, 7, 100])
    if np.issubdtype(dtype, np.floating):
        numbers = st.one_of(numbers, st.floats(-3, 9, width=32))
    cells = draw(st.lists(numbers, min_size=n_rows * n_columns, max_size=n_rows * n_columns))
    return np.array(cells, dtype).reshape(n_rows, n_columns)


@settings(max_examples=examples(200))
@given(st.data(), st.fixed_dictionaries(weights), st.integers(1, 4))
def test_transformer(data, params, n_jobs):
    dtype = data.draw(st.sampled_from([np.float64, np.float32, np.int64, np.int32, np.uint8]))
    dense = count_matrices(data.draw, np.dtype(dtype))
    kind = data.draw(st.sampled_from(KINDS_OF_MATRIX))
    X = kind(dense)
    before = copy.deepcopy(X)
    mine, other = transformers(**params)
    mine.set_params(n_jobs=n_jobs)
    A, B = same_outcome(lambda: mine.fit_transform(X), lambda: other.fit_transform(X))
    assert_unchanged(X, before)
    assert hasattr(mine, "idf_") == hasattr(other, "idf_")
    if hasattr(other, "idf_"):
        assert mine.idf_.dtype == other.idf_.dtype
        assert mine.idf_.tobytes() == other.idf_.tobytes()
    if B is not None:
        assert_same_matrix(A, B)
    for copying in (True, False):
        mine_X, other_X = copy.deepcopy(X), copy.deepcopy(X)
        A, B = same_outcome(
            lambda: mine.transform(mine_X, copy=copying),  # noqa: B023
            lambda: other.transform(other_X, copy=copying),  # noqa: B023
        )
        if B is not None:
            assert_same_matrix(A, B)
        if copying:
            assert_unchanged(mine_X, before)


def assert_unchanged(X, before):
    if sparse.issparse(X):
        X, before = X.toarray(), before.toarray()
    assert np.array_equal(X, before)


def unsorted_with_duplicates_and_zeros(dtype=np.float64):
    data = np.array([1, 2, 3, 0, 5, 1, 1], dtype)
    return sparse.csr_array((data, [2, 0, 2, 1, 1, 0, 3], [0, 3, 5, 5, 7]), shape=(4, 4))


@pytest.mark.parametrize("params", EVERY_WEIGHT, ids=str)
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64])
def test_matrices_that_are_not_canonical(params, dtype):
    X = unsorted_with_duplicates_and_zeros(dtype)
    mine, other = transformers(**params)
    A, B = same_outcome(lambda: mine.fit_transform(X), lambda: other.fit_transform(X))
    if B is not None:
        assert_same_matrix(A, B)
    assert X.data.tolist() == unsorted_with_duplicates_and_zeros(dtype).data.tolist()


@pytest.mark.parametrize("params", EVERY_WEIGHT, ids=str)
def test_a_large_matrix(params):
    X = sparse.random(3000, 400, density=0.1, format="csr", rng=0) * 9
    X.data = np.ceil(X.data)
    for counts in (X, X.astype(np.float32), X.astype(np.int32)):
        for n_jobs in (1, 2, 3, 4):
            mine, other = transformers(**params)
            mine.set_params(n_jobs=n_jobs)
            assert_same_matrix(mine.fit_transform(counts), other.fit_transform(counts))


def test_64_bit_indices():
    X = sparse.csr_array(np.eye(3))
    X.indices, X.indptr = X.indices.astype(np.int64), X.indptr.astype(np.int64)
    mine, other = transformers()
    assert_same_matrix(mine.fit_transform(X), other.fit_transform(X))


@pytest.mark.parametrize(
    "X",
    [
        np.array([[1.0, np.nan]]),
        np.array([[1.0, np.inf]]),
        sparse.csr_array([[1.0, np.nan]]),
        np.array([1.0, 2.0]),
        np.zeros((0, 3)),
        np.zeros((3, 0)),
        np.zeros((2, 3)),
        sparse.csr_array((2, 3)),
        np.array([["a", "b"]]),
        np.array([[1 + 2j]]),
        ["sea", "view"],
        "sea",
        None,
        np.zeros((2, 2, 2)),
        pd.DataFrame({"sea": [1, 2], "view": [0, 1]}),
        pd.DataFrame({"sea": [1, None], "view": [0, 1]}),
        pd.DataFrame.sparse.from_spmatrix(sparse.csr_array([[1, 0], [2, 3]]), columns=["a", "b"]),
    ],
    ids=repr,
)
def test_odd_matrices(X):
    mine, other = transformers()
    A, B = same_outcome(lambda: mine.fit_transform(X), lambda: other.fit_transform(X))
    if B is not None:
        assert_same_matrix(A, B)
        assert mine.n_features_in_ == other.n_features_in_
        assert hasattr(mine, "feature_names_in_") == hasattr(other, "feature_names_in_")
        names, other_names = same_outcome(mine.get_feature_names_out, other.get_feature_names_out)
        assert names.tolist() == other_names.tolist()
    mine, other = transformers()
    for transformer in (mine, other):
        transformer.fit(np.ones((2, 2)))
    A, B = same_outcome(lambda: mine.transform(X), lambda: other.transform(X))
    if B is not None:
        assert_same_matrix(A, B)


@pytest.mark.parametrize(
    "params", [{"norm": "max"}, {"use_idf": 1}, {"smooth_idf": "no"}, {"sublinear_tf": None}]
)
def test_odd_transformer_parameters(params):
    mine, other = transformers(**params)
    same_outcome(lambda: mine.fit(np.eye(2)), lambda: other.fit(np.eye(2)))


def test_transformer_unfitted_idf_set_and_pickled():
    mine, other = transformers()
    same_outcome(lambda: mine.transform(np.eye(2)), lambda: other.transform(np.eye(2)))
    assert not hasattr(mine, "idf_")
    for idf in (np.array([2.0, 3.0]), np.array([2, 3], np.float32), np.array([2, 3])):
        for transformer in (mine, other):
            transformer.idf_ = idf
        for X in (np.eye(2), np.eye(2, dtype=np.float32)):
            A, B = same_outcome(lambda: mine.transform(X), lambda: other.transform(X))  # noqa: B023
            assert_same_matrix(A, B)
    X = sparse.csr_array([[1, 2, 0], [0, 1, 1]])
    mine = textvec.TfidfTransformer().fit(X)
    for again in (pickle.loads(pickle.dumps(mine)), copy.deepcopy(mine)):
        assert_same_matrix(again.transform(X), mine.transform(X))
    assert not hasattr(clone(mine), "idf_")


def test_transformer_refitted_without_idf_forgets_it():
    """Unlike scikit-learn's, which would still weigh by the idf of the fit before."""
    X = sparse.csr_array([[1, 2, 0], [0, 1, 1]])
    refitted = textvec.TfidfTransformer().fit(X).set_params(use_idf=False).fit(X)
    fresh, other = transformers(use_idf=False)
    assert vars(refitted) == vars(fresh.fit(X))
    assert_same_matrix(refitted.transform(X), other.fit(X).transform(X))


def test_in_place():
    X = sparse.csr_matrix([[1.0, 2.0, 0.0], [0.0, 1.0, 1.0]])
    mine, other = transformers()
    for transformer in (mine, other):
        transformer.fit(X)
    in_place, other_in_place = X.copy(), X.copy()
    A, B = mine.transform(in_place, copy=False), other.transform(other_in_place, copy=False)
    assert_same_matrix(A, B)
    assert in_place.data.tolist() == other_in_place.data.tolist()
    frozen = X.copy()
    frozen.data.flags.writeable = False
    A, B = same_outcome(lambda: mine.transform(frozen), lambda: other.transform(frozen))
    assert_same_matrix(A, B)
