"""TfidfTransformer and TfidfVectorizer against scikit-learn's, to the last bit."""

import warnings

import numpy as np
import pandas as pd
import pytest
import sklearn
from scipy import sparse
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction import text as reference

from textvec.sparse import rows
from textvec.sparse.bm25 import BM25Vectorizer
from textvec.sparse.tfidf import TfidfTransformer, TfidfVectorizer

DOCUMENTS = [
    "The harbour hotel has harbour views and quiet rooms.",
    "Quiet quiet QUIET rooms near the airport, no views",
    "",
    "A castle in the hills; the castle has a spa, a pool and a bar",
    "bar bar bar bar pool",
]
OPTIONS = [
    {"norm": norm, "use_idf": use_idf, "smooth_idf": smooth_idf, "sublinear_tf": sublinear_tf}
    for norm in ("l1", "l2", None)
    for use_idf in (True, False)
    for smooth_idf in (True, False)
    for sublinear_tf in (True, False)
]


def counts(dtype=np.int64, n_documents=60, n_terms=40):
    """Random counts in which every term and every document occurs."""
    rng = np.random.default_rng(0)
    dense = rng.poisson(0.7, size=(n_documents, n_terms)) * rng.integers(1, 40, size=n_terms)
    dense[rng.integers(0, n_documents, size=n_terms), np.arange(n_terms)] += 1
    return sparse.csr_array(dense.astype(dtype))


def assert_same(ours, theirs):
    """Same class, dtypes, entry order and bits."""
    assert type(ours) is type(theirs)
    assert ours.shape == theirs.shape
    for part in ("data", "indices", "indptr"):
        mine, other = getattr(ours, part), getattr(theirs, part)
        assert mine.dtype == other.dtype
        np.testing.assert_array_equal(mine, other)


@pytest.mark.parametrize("dtype", [np.int64, np.float64, np.float32, bool])
@pytest.mark.parametrize("options", OPTIONS)
def test_transformer_equals_scikit_learn(options, dtype):
    X = counts(dtype)
    ours = TfidfTransformer(**options).fit(X)
    theirs = reference.TfidfTransformer(**options).fit(X)
    if options["use_idf"]:
        assert ours.idf_.dtype == theirs.idf_.dtype
        np.testing.assert_array_equal(ours.idf_, theirs.idf_)
    assert_same(ours.transform(X), theirs.transform(X))
    assert_same(ours.transform(X.toarray()), theirs.transform(X.toarray()))


@pytest.mark.parametrize("layout", ["csc", "coo", "lil", "dense"])
@pytest.mark.parametrize("kind", ["array", "matrix"])
def test_transformer_takes_any_layout(layout, kind):
    X = counts() if layout == "dense" else getattr(sparse, f"{layout}_{kind}")(counts())
    X = X.toarray() if layout == "dense" else X
    assert_same(
        TfidfTransformer().fit_transform(X),
        reference.TfidfTransformer().fit_transform(X),
    )


def test_document_frequencies_count_stored_entries_as_scikit_learn_does():
    X = sparse.csr_array(([0.0, 1.0, 2.0, 1.0], [0, 1, 1, 0], [0, 3, 4]), shape=(2, 3))
    for layout in (X, X.tocsc()):
        np.testing.assert_array_equal(
            TfidfTransformer().fit(layout).idf_, reference.TfidfTransformer().fit(layout).idf_
        )


@pytest.mark.parametrize("options", OPTIONS[::3])
def test_no_result_depends_on_n_jobs(options, monkeypatch):
    monkeypatch.setattr(rows, "_ENTRIES_PER_THREAD", 50)
    X = counts(np.float64)
    expected = TfidfTransformer(**options).fit_transform(X)
    for n_jobs in (2, 3, 4):
        assert_same(TfidfTransformer(**options, n_jobs=n_jobs).fit_transform(X), expected)


def test_copy_decides_whether_the_input_changes():
    X = counts(np.float64)
    before = X.data.copy()
    transformer = TfidfTransformer().fit(X)
    transformer.transform(X)
    np.testing.assert_array_equal(X.data, before)
    result = transformer.transform(X, copy=False)
    assert result.data is X.data or np.shares_memory(result.data, X.data)


def test_read_only_input_is_copied():
    X = counts(np.float64)
    X.data.flags.writeable = False
    transformer = TfidfTransformer().fit(X)
    assert_same(transformer.transform(X, copy=False), transformer.transform(X))


def test_refit_without_idf_forgets_the_idf():
    X = counts()
    transformer = TfidfTransformer().fit(X)
    transformer.set_params(use_idf=False).fit(X)
    assert_same(transformer.transform(X), TfidfTransformer(use_idf=False).fit_transform(X))


def test_indices_out_of_range_are_an_error_not_a_crash():
    X = counts(np.float64)
    transformer = TfidfTransformer().fit(X)
    X.indices[3] = 1_000_000
    with pytest.raises(ValueError, match="indices"):
        transformer.transform(X)
    with pytest.raises(ValueError, match="indices"):
        TfidfTransformer().fit(X)


def test_an_idf_of_the_wrong_length_is_an_error():
    transformer = TfidfTransformer()
    transformer.idf_ = np.ones(3)
    with pytest.raises(ValueError, match=r"one number per column of X, which has 40.*\(3,\)"):
        transformer.transform(counts())


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda cls: cls(norm="l3").fit(counts()), ValueError),
        (lambda cls: cls(use_idf=1).fit(counts()), ValueError),
        (lambda cls: cls().transform(counts()), NotFittedError),
        (lambda cls: cls().fit(counts()).transform(counts(n_terms=39)), ValueError),
        (lambda cls: cls().fit(np.array([[1, np.nan]])), ValueError),
        (lambda cls: cls().fit(np.empty((0, 3))), ValueError),
        (lambda cls: cls(smooth_idf=False).fit_transform([[1, 0], [2, 0]]), None),
        (
            lambda cls: cls(sublinear_tf=True).fit_transform(
                sparse.csr_array(([0.0, 1.0], [0, 1], [0, 2]), shape=(1, 2))
            ),
            ValueError,
        ),
        (
            lambda cls: cls(sublinear_tf=True, norm=None).fit_transform(
                sparse.csr_array(([0.0, 1.0], [0, 1], [0, 2]), shape=(1, 2))
            ),
            None,
        ),
    ],
)
def test_errors_and_warnings_are_scikit_learns(call, error):
    def outcome(cls):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                result = call(cls)
            except Exception as raised:
                return type(raised).__name__, str(raised), isinstance(raised, error or ())
        return result.toarray().tolist(), [(w.category, str(w.message)) for w in caught]

    assert outcome(TfidfTransformer) == outcome(reference.TfidfTransformer)
    if error is not None:
        assert outcome(TfidfTransformer)[2]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("options", OPTIONS)
def test_vectorizer_equals_scikit_learn(options, dtype):
    ours = TfidfVectorizer(**options, dtype=dtype)
    theirs = reference.TfidfVectorizer(**options, dtype=dtype)
    assert_same(ours.fit_transform(DOCUMENTS), theirs.fit_transform(DOCUMENTS))
    assert ours.vocabulary_ == theirs.vocabulary_
    unseen = ["harbour spa words unseen", *DOCUMENTS[::-1]]
    assert_same(ours.transform(unseen), theirs.transform(unseen))
    assert_same(ours.fit(DOCUMENTS).transform(unseen), theirs.fit(DOCUMENTS).transform(unseen))


def test_vectorizer_has_scikit_learns_parameters_and_defaults():
    ours = TfidfVectorizer().get_params()
    theirs = reference.TfidfVectorizer().get_params()
    assert ours == {**theirs, "stem": None, "n_jobs": None}
    ours = TfidfTransformer().get_params()
    assert ours == {**reference.TfidfTransformer().get_params(), "n_jobs": None}


def test_other_dtypes_warn_and_become_float64():
    message = "'dtype' should be used"
    with pytest.warns(UserWarning, match=message) as ours:
        X = TfidfVectorizer(dtype=np.int32).fit_transform(DOCUMENTS)
    with pytest.warns(UserWarning, match=message) as theirs:
        expected = reference.TfidfVectorizer(dtype=np.int32).fit_transform(DOCUMENTS)
    assert [str(w.message) for w in ours] == [str(w.message) for w in theirs]
    assert_same(X, expected)


def test_idf_can_be_read_and_set():
    fitted = TfidfVectorizer().fit(DOCUMENTS)
    assert len(fitted.idf_) == len(fitted.vocabulary_)
    moved = TfidfVectorizer(vocabulary=fitted.vocabulary_)
    moved.idf_ = fitted.idf_
    assert_same(moved.transform(DOCUMENTS), fitted.transform(DOCUMENTS))
    with pytest.raises(ValueError, match=r"idf length = 1 must be equal to vocabulary size = \d+"):
        fitted.idf_ = [1.0]
    with pytest.raises(ValueError, match="`idf_` cannot be set when `user_idf=False`"):
        TfidfVectorizer(use_idf=False).idf_ = [1.0]
    with pytest.raises(NotFittedError, match="TfidfVectorizer is not fitted yet"):
        _ = TfidfVectorizer().idf_
    with pytest.raises(NotFittedError, match="The TF-IDF vectorizer is not fitted"):
        TfidfVectorizer().transform(DOCUMENTS)
    assert not hasattr(TfidfVectorizer(use_idf=False).fit(DOCUMENTS), "idf_")


@pytest.mark.parametrize("cls", [TfidfVectorizer, BM25Vectorizer])
def test_output_is_a_sparse_frame_where_the_estimator_itself_is_told_so(cls):
    expected = cls().fit_transform(DOCUMENTS)
    documents = pd.Series(DOCUMENTS, index=list("abcde"))
    vectorizer = cls().set_output(transform="pandas")
    for frame in (vectorizer.fit_transform(documents), vectorizer.transform(documents)):
        assert frame.columns.tolist() == vectorizer.get_feature_names_out().tolist()
        assert frame.index.tolist() == list("abcde")
        assert all(isinstance(dtype, pd.SparseDtype) for dtype in frame.dtypes)
        np.testing.assert_array_equal(frame.to_numpy(), expected.toarray())
    with sklearn.config_context(transform_output="pandas"):
        assert_same(cls().fit_transform(DOCUMENTS), expected)
    with sklearn.config_context(sparse_interface="sparray"):
        assert isinstance(cls().fit_transform(DOCUMENTS), sparse.csr_array)
