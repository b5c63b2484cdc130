"""top_k and ExactIndex: naive twins, scikit-learn's neighbours, every input form, bad input."""

import pickle
import re
import warnings
from functools import partial
from unittest import mock

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.neighbors import NearestNeighbors

import textvec
from textvec.search import exact
from textvec.search.exact import ExactIndex, top_k

FORMS = {
    "csr matrix": sparse.csr_matrix,
    "csr array": sparse.csr_array,
    "csc matrix": sparse.csc_matrix,
    "csc array": sparse.csc_array,
    "coo array": sparse.coo_array,
    "dense": np.asarray,
    "Fortran order": np.asfortranarray,
    "list": np.ndarray.tolist,
}


def by_sorting(queries, items, k, metric):
    """Sort all scores: best first, lower index first among equals, nothing where the score is 0."""
    queries, items = np.asarray(queries, np.float64), np.asarray(items, np.float64)
    scores = queries @ items.T
    if metric == "cosine":
        norms = np.outer(np.linalg.norm(queries, axis=1), np.linalg.norm(items, axis=1))
        scores = np.divide(scores, norms, out=np.zeros_like(scores), where=norms > 0)
    best, indices = np.zeros((len(queries), k)), np.full((len(queries), k), -1)
    for row, row_scores in enumerate(scores):
        order = np.argsort(-row_scores, kind="stable")
        order = order[row_scores[order] != 0][:k]
        best[row, : len(order)], indices[row, : len(order)] = row_scores[order], order
    return best, indices


def assert_same_neighbors(found, expected, tolerance):
    """Scores are near, and items the same except where the expected scores tie."""
    assert_allclose(found[0], expected[0], rtol=tolerance, atol=tolerance)
    for row in np.flatnonzero((found[1] != expected[1]).any(axis=1)):
        differ = found[1][row] != expected[1][row]
        ours, theirs = found[0][row][differ], expected[0][row][differ]
        assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)


@pytest.fixture(scope="module")
def corpus():
    """Rows like those of text: terms by Zipf's law, two empty rows and a pair of twins."""
    rng = np.random.default_rng(0)
    rows = rng.poisson(8 / np.arange(1, 401), size=(700, 400)) * rng.random((700, 400))
    rows[3] = rows[500] = 0
    rows[17] = rows[321]
    return rows


@pytest.fixture(autouse=True)
def _zeros_are_known(request):
    if "says" not in request.node.name:  # the tests that are about the warning
        warnings.filterwarnings("ignore", "[0-9]+ of [0-9]+ (queries|items) (is|are) all zeros")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("metric", ["cosine", "dot"])
@pytest.mark.parametrize("kind", [sparse.csr_array, np.asarray])
@pytest.mark.parametrize("k", [1, 10, 700, 705])
def test_equals_sorting_all_scores(corpus, dtype, metric, kind, k):
    items, queries = kind(corpus.astype(dtype)), kind(corpus[:40].astype(dtype))
    scores, indices = top_k(queries, items, k, metric=metric)
    assert scores.shape == indices.shape == (40, k)
    assert scores.dtype == dtype
    assert indices.dtype == np.int64
    expected = by_sorting(corpus[:40].astype(dtype), corpus.astype(dtype), k, metric)
    assert_same_neighbors((scores, indices), expected, 2e-6 if dtype == np.float32 else 1e-12)
    assert set(scores[3]) == {0}
    assert set(indices[3]) == {-1}  # an empty row


@pytest.mark.parametrize("metric", ["cosine", "dot"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sparse_and_dense_agree_to_the_last_bit(corpus, metric, dtype):
    rows = (corpus - 0.2 * (corpus > 0)).astype(dtype)  # some negative
    found = [
        top_k(as_queries(rows[:50]), as_items(rows), 20, metric=metric)
        for as_queries in (np.asarray, sparse.csr_array)
        for as_items in (np.asarray, sparse.csr_array)
    ]
    for scores, indices in found[1:]:
        assert_array_equal(scores, found[0][0])
        assert_array_equal(indices, found[0][1])


@pytest.mark.parametrize("kind", [sparse.csr_array, np.asarray])
@pytest.mark.parametrize("metric", ["cosine", "dot", "euclidean"])
def test_n_jobs_and_batches_change_nothing(corpus, kind, metric):
    rows = kind(corpus.astype(np.float32))
    expected = ExactIndex(metric=metric).fit(rows).kneighbors(rows, 7)
    for n_jobs in (2, 3, 4, -1):
        found = ExactIndex(metric=metric, n_jobs=n_jobs).fit(rows).kneighbors(rows, 7)
        assert_array_equal(found, expected)
    index = ExactIndex(metric=metric).fit(rows)
    for row in (0, 3, 321):
        found = index.kneighbors(rows[[row]], 7)
        assert_array_equal(np.concatenate(found), [part[row] for part in expected])


@pytest.mark.parametrize("kind", [sparse.csr_array, np.asarray])
def test_blocks_change_nothing(corpus, kind):
    rows = kind(corpus.astype(np.float32))
    expected = top_k(rows, rows, 9)
    sizes = {"_QUERY_BLOCK": 13, "_DENSE_QUERY_BLOCK": 11, "_PRODUCTS": 50, "_MOST_COMMON": 2}
    with mock.patch.multiple(exact, **sizes):
        assert_array_equal(top_k(rows, rows, 9), expected)


@pytest.mark.parametrize("metric", ["cosine", "dot", "euclidean"])
def test_terms_of_many_items_are_multiplied_and_change_nothing(corpus, metric):
    """A matrix product in the place of additions, where long rows have many terms in common."""
    waves = np.cos(np.outer(np.arange(700), np.arange(9)))
    rows = sparse.csr_array(np.hstack([corpus, corpus > 0, waves]))
    with mock.patch.multiple(exact, _MOST_COMMON=2, _DENSE_SHARE=1.0):
        expected = ExactIndex(metric).fit(rows).kneighbors(rows, 9)
    with (
        mock.patch.multiple(exact, _MOST_COMMON=2, _DENSE_SHARE=0.1),
        mock.patch.object(exact, "lay_out_queries", side_effect=exact.lay_out_queries) as used,
    ):
        found = ExactIndex(metric, n_jobs=2).fit(rows).kneighbors(rows, 9)
    assert used.called
    assert_array_equal(found, expected)


@pytest.mark.parametrize("kind", [sparse.csr_array, np.asarray])
def test_ties_go_to_the_lower_index(kind):
    rows = kind(np.tile([[3.0, 0.1, 0.7], [0.1, 3.0, 0.7]], (200, 1)))
    _, indices = top_k(rows, rows, 5)
    assert_array_equal(indices[0], [0, 2, 4, 6, 8])
    assert_array_equal(indices[1], [1, 3, 5, 7, 9])


@pytest.mark.parametrize("kind", [sparse.csr_array, np.asarray])
def test_negative_scores_are_scores_and_zeros_are_no_matches(kind):
    items = kind(np.array([[0.0, 1.0], [-1.0, 0.0], [0.0, 2.0], [3.0, 0.0], [-2.0, 0.0]]))
    scores, indices = top_k(kind(np.array([[1.0, 0.0]])), items, 5, metric="dot")
    assert_array_equal(indices, [[3, 1, 4, -1, -1]])
    assert_array_equal(scores, [[3, -1, -2, 0, 0]])
    distances, indices = ExactIndex("dot").fit(items).kneighbors(kind(np.array([[1.0, 0.0]])), 5)
    assert_array_equal(indices, [[3, 0, 2, 1, 4]])
    assert_array_equal(distances, [[-3, 0, 0, 1, 2]])


@st.composite
def ragged_rows(draw, n_columns=9):
    row = st.dictionaries(st.integers(0, n_columns - 1), st.integers(-3, 3))
    rows = draw(st.lists(row, min_size=1, max_size=25))
    dense = np.zeros((len(rows), n_columns))
    for values, row in zip(rows, dense, strict=True):
        row[list(values)] = list(values.values())
    return dense


@settings(max_examples=300)
@given(ragged_rows(), ragged_rows(), st.integers(1, 30), st.sampled_from([np.float32, np.float64]))
def test_whole_numbers_match_exactly(queries, items, k, dtype):
    """Of small whole numbers every score is exact, so ties are ties: nothing may differ."""
    queries, items = queries.astype(dtype), items.astype(dtype)
    expected = by_sorting(queries, items, k, "dot")
    for as_rows in (sparse.csr_array, sparse.csc_matrix, np.asarray):
        found = top_k(as_rows(queries), as_rows(items), k, metric="dot")
        assert_array_equal(found[0], expected[0])
        assert_array_equal(found[1], expected[1])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("kind", [sparse.csr_array, np.asarray])
def test_kneighbors_equals_scikit_learn(corpus, dtype, metric, kind):
    rows, queries = kind(corpus.astype(dtype)), kind(corpus[5:60].astype(dtype))
    found = ExactIndex(metric=metric).fit(rows).kneighbors(queries, 8)
    theirs = NearestNeighbors(n_neighbors=8, metric=metric, algorithm="brute").fit(
        rows.astype(np.float64)
    )
    expected = theirs.kneighbors(queries.astype(np.float64))
    assert_same_neighbors(found, expected, 1e-5 if dtype == np.float32 else 1e-6)
    assert found[0].dtype == dtype
    assert (found[0] >= 0).all()
    found = ExactIndex(metric=metric).fit(rows).kneighbors(n_neighbors=4)
    expected = theirs.kneighbors(n_neighbors=4)
    assert_same_neighbors(found, expected, 1e-5 if dtype == np.float32 else 1e-6)


@pytest.mark.parametrize("kind", [sparse.csr_array, np.asarray])
def test_euclidean_distances_are_small_where_they_are(kind):
    """No cancellation: of points far from the origin and near each other too."""
    rows = np.random.default_rng(1).random((50, 4)) * 1e-3 + 1000
    distances, indices = ExactIndex("euclidean").fit(kind(rows)).kneighbors(kind(rows), 3)
    assert_array_equal(indices[:, 0], np.arange(50))
    assert_array_equal(distances[:, 0], 0)
    exact_distances = np.linalg.norm(rows[:, None] - rows, axis=2)
    assert_allclose(distances, np.sort(exact_distances, axis=1)[:, :3], rtol=1e-9)


def test_neighbors_of_the_items_leave_themselves_out():
    rows = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    indices = ExactIndex().fit(rows).kneighbors(n_neighbors=1, return_distance=False)
    assert_array_equal(indices, [[1], [0], [0], [0]])


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("query_form", FORMS)
def test_every_form_of_input_gives_the_same(corpus, form, query_form):
    rows = corpus[:80, :60]
    expected = top_k(rows[:9], rows, 5)
    found = top_k(FORMS[query_form](rows[:9]), FORMS[form](rows), 5)
    assert_array_equal(found, expected)


def test_input_is_left_as_it_was():
    """Shuffled and repeated entries and explicit zeros are read right and stay where they are."""
    parts = [4.0, 1.0, 2.0, 0.0, 5.0], [2, 0, 2, 1, 1], [0, 3, 4, 5]
    items = sparse.csr_array(tuple(map(np.array, parts)), shape=(3, 3))
    queries = items.copy()
    for read_only in (items, queries):
        for part in (read_only.data, read_only.indices, read_only.indptr):
            part.flags.writeable = False
    scores, indices = top_k(queries, items, 3, metric="dot")
    assert_array_equal(indices, [[0, -1, -1], [-1, -1, -1], [2, -1, -1]])
    assert_array_equal(scores, [[37, 0, 0], [0, 0, 0], [25, 0, 0]])
    for part, now in zip(parts, (items.data, items.indices, items.indptr), strict=True):
        assert_array_equal(part, now)


def test_sizes_of_index_types_are_ours_to_choose(corpus):
    rows = sparse.csr_array(corpus.astype(np.float32))
    wide = rows.copy()
    wide.indices, wide.indptr = rows.indices.astype(np.int64), rows.indptr.astype(np.int64)
    assert_array_equal(top_k(wide, wide, 3), top_k(rows, rows, 3))


def test_whole_numbers_are_read_as_float64():
    scores, _ = top_k(np.array([[1, 2]]), np.array([[3, 4]]), 1, metric="dot")
    assert scores.dtype == np.float64
    assert scores == 11


@pytest.mark.parametrize("metric", ["dot", "euclidean"])
@pytest.mark.parametrize("kind", [sparse.csr_array, np.asarray])
def test_scores_too_large_for_their_type_are_refused(metric, kind):
    rows = np.full((2, 2), 1e19, np.float32)
    index = ExactIndex(metric).fit(kind(rows))
    with pytest.raises(ValueError, match="within float32.*1.41e[+]19.*pass items of float64"):
        index.kneighbors(rows, 1)
    assert ExactIndex(metric).fit(kind(rows.astype(float))).kneighbors(rows, 1)[0].min() <= 0


@pytest.mark.parametrize("size", [1e-25, 1e25])
def test_cosines_of_tiny_and_huge_dense_vectors(size):
    rows = np.random.default_rng(2).normal(size=(40, 6)).astype(np.float32)
    expected = top_k(rows, rows, 4)
    found = top_k(rows * np.float32(size), rows * np.float32(size), 4)
    assert_allclose(found[0], expected[0], rtol=1e-6)
    assert_array_equal(found[1], expected[1])


@pytest.mark.parametrize("kind", [sparse.csr_array, np.asarray])
@pytest.mark.parametrize("metric", ["cosine", "dot"])
def test_zeros_match_nothing_and_it_says_so(kind, metric):
    rows = kind(np.array([[1.0, 0.0], [0.0, 0.0], [0.0, 0.0]]))
    index = ExactIndex(metric=metric)
    with pytest.warns(UserWarning, match=r"^2 of 3 items are all zeros \(row 1 is the first\)"):
        index.fit(rows)
    with pytest.warns(UserWarning, match=r"^2 of 3 queries .* match nothing\.$"):
        _, indices = index.search(rows, 2)
    assert_array_equal(indices, [[0, -1], [-1, -1], [-1, -1]])


def test_euclidean_zeros_are_points_and_nothing_says_otherwise():
    index = ExactIndex("euclidean").fit(np.zeros((2, 2)))
    assert_array_equal(index.kneighbors(np.zeros((1, 2)), 2), [[[0, 0]], [[0, 1]]])


def test_no_queries_give_no_rows():
    scores, indices = top_k(np.empty((0, 2)), np.ones((3, 2)), 4)
    assert scores.shape == indices.shape == (0, 4)


@pytest.mark.parametrize("kind", [sparse.csr_array, np.asarray])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e200])
def test_what_is_not_finite_is_named(kind, value):
    rows = np.ones((4, 3))
    rows[2, 1] = value
    shown = "NaN" if np.isnan(value) else re.escape(str(value))
    with pytest.raises(ValueError, match=f"items must be finite.* row 2 holds {shown}"):
        ExactIndex().fit(kind(rows))
    with pytest.raises(ValueError, match=f"queries must be finite.* row 2 holds {shown}"):
        ExactIndex().fit(kind(np.ones((4, 3)))).search(kind(rows), 1)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda X: top_k(X, X, 0), ValueError, "k must be at least 1. Got 0 instead."),
        (lambda X: top_k(X, X, 1.5), TypeError, "k must be an integer. Got 1.5 instead."),
        (lambda X: top_k(X, X, 1, metric="l1"), ValueError, "metric must be one of"),
        (lambda X: top_k(X, X, 1, metric="euclidean"), ValueError, "metric must be one of"),
        (lambda X: top_k(X, X, 1, n_jobs=0), ValueError, "n_jobs"),
        (lambda X: top_k(X[:, :2], X, 1), ValueError, "X has 2 features, but ExactIndex is expect"),
        (lambda X: top_k(X[0], X, 1), ValueError, "Expected 2D array, got 1D array"),
        (lambda X: ExactIndex().fit(X[:0]), ValueError, "Found array with 0 sample"),
        (lambda X: ExactIndex().search(X), NotFittedError, "not fitted yet"),
        (lambda X: ExactIndex().kneighbors(X), NotFittedError, "not fitted yet"),
        (lambda X: ExactIndex("euclidean").fit(X).search(X), ValueError, "use kneighbors"),
        (
            lambda X: ExactIndex().fit(X).kneighbors(X, 0),
            ValueError,
            "n_neighbors must be at l",
        ),
        (lambda X: ExactIndex().fit(X).kneighbors(X, 5), ValueError, "at most 4, the number of it"),
        (
            lambda X: ExactIndex().fit(X).kneighbors(n_neighbors=4),
            ValueError,
            "at most 3, .*less one",
        ),
    ],
)
def test_bad_input_is_refused_clearly(call, error, message):
    with pytest.raises(error, match=message):
        call(np.arange(1.0, 13).reshape(4, 3))


@pytest.mark.parametrize("column", [10**6, -4])
def test_columns_that_do_not_exist_are_refused(column):
    good = sparse.csr_array(np.arange(1.0, 13).reshape(4, 3))
    bad = good.copy()
    bad.indices[5] = column  # compiled code would read it, wherever it is
    with pytest.raises(ValueError, match="indices"):
        ExactIndex().fit(bad)
    for items in (good, good.toarray()):
        with pytest.raises(ValueError, match="indices"):
            ExactIndex().fit(items).kneighbors(bad, 1)


@pytest.mark.parametrize("kind", [sparse.csr_array, np.asarray])
@pytest.mark.parametrize("metric", ["cosine", "dot", "euclidean"])
def test_saved_indexes_find_the_same(corpus, kind, metric, tmp_path):
    rows = kind(corpus.astype(np.float32))
    index = ExactIndex(metric=metric).fit(rows)
    expected = index.kneighbors(rows[:20], 6)
    index.save(tmp_path / "index")
    copies = [textvec.load(tmp_path / "index"), pickle.loads(pickle.dumps(index))]
    copies.append(textvec.load(tmp_path / "index", mmap_mode="r"))
    for copy in copies:
        assert copy.get_params() == index.get_params()
        assert_array_equal(copy.kneighbors(rows[:20], 6), expected)


def test_set_params_after_fit_waits_for_the_next_fit(corpus):
    index = ExactIndex("dot").fit(corpus)
    expected = index.kneighbors(corpus[:3])
    index.set_params(metric="euclidean")
    assert_array_equal(index.kneighbors(corpus[:3]), expected)
    assert_array_equal(
        index.fit(corpus).kneighbors(corpus[:3]),
        ExactIndex("euclidean").fit(corpus).kneighbors(corpus[:3]),
    )
    assert clone(index).get_params() == {"metric": "euclidean", "n_jobs": None}


def test_refit_forgets(corpus):
    index = ExactIndex().fit(corpus).fit(sparse.csr_array(corpus[:9, :8]))
    assert index.n_features_in_ == 8
    assert_array_equal(index.search(corpus[:9, :8], 3), top_k(corpus[:9, :8], corpus[:9, :8], 3))


@pytest.mark.parametrize("kind", [sparse.csr_array, np.asarray])
@pytest.mark.parametrize("metric", ["cosine", "dot", "euclidean"])
def test_added_and_removed_items(corpus, kind, metric, tmp_path):
    rows = corpus.astype(np.float32)
    whole = ExactIndex(metric).fit(kind(rows))
    index = ExactIndex(metric).fit(kind(rows[:100]))
    index.kneighbors(rows[:2])
    assert index.add(kind(rows[100:400])).add(rows[400:]) is index
    assert index.items_.dtype == np.float32
    assert_array_equal(index.kneighbors(rows[:20], 9), whole.kneighbors(rows[:20], 9))
    index.save(tmp_path / "index")
    for copy in (index, textvec.load(tmp_path / "index", mmap_mode="r")):
        copy.remove([3, -1]).remove(0)
        left = np.delete(rows, [0, 3, len(rows) - 1], axis=0)
        expected = ExactIndex(metric).fit(kind(left)).kneighbors(rows[:20], 9)
        assert_array_equal(copy.kneighbors(rows[:20], 9), expected)


@pytest.mark.parametrize("kind", [sparse.csr_array, np.asarray])
def test_what_cannot_be_added_or_removed_leaves_the_index_as_it_was(kind):
    rows = np.arange(1.0, 13).reshape(4, 3)
    index = ExactIndex().fit(kind(rows))
    expected = index.kneighbors(rows, 4)
    bad = rows.copy()
    bad[2, 1] = np.nan
    for call, error, message in [
        (lambda: index.add(bad), ValueError, "items must be finite.* row 2 holds NaN"),
        (lambda: index.add(rows[:, :2]), ValueError, "X has 2 features, but ExactIndex is expect"),
        (
            lambda: index.remove(4),
            IndexError,
            "indices must be numbers of the 4 items, counted from 0: index 4 is out of bounds",
        ),
        (lambda: index.remove("a"), IndexError, "indices must be numbers of the 4 items"),
        (lambda: index.remove([True]), ValueError, "indices must be numbers of the 4 items"),
        (lambda: index.remove([0, 1, 2, 3]), ValueError, "must keep at least one item"),
    ]:
        with pytest.raises(error, match=message):
            call()
        assert_array_equal(index.kneighbors(rows, 4), expected)
    assert_array_equal(index.add(kind(rows[:0])).kneighbors(rows, 4), expected)
    with pytest.raises(NotFittedError):
        ExactIndex().add(rows)


@pytest.mark.parametrize("kind", [sparse.csr_array, np.asarray])
def test_added_zeros_match_nothing_and_it_says_so(kind):
    index = ExactIndex().fit(kind(np.eye(2)))
    with pytest.warns(
        UserWarning, match=r"^1 of 2 items is all zeros \(row 1\): it matches nothing"
    ):
        index.add(kind(np.array([[1.0, 1.0], [0.0, 0.0]])))


@pytest.mark.parametrize("metric", ["cosine", "dot", "euclidean"])
def test_rows_that_are_the_same_are_found_as_sparse_ones_are(metric):
    """Dense rows that are the same are scored once, sparse ones each for itself."""
    rng = np.random.default_rng(3)
    distinct = rng.integers(-2, 3, (9, 6)).astype(np.float32)
    distinct[4] = 0
    distinct[5] = 2 * distinct[3]  # ties for the cosine, and is not the same
    rows = distinct[rng.integers(9, size=400)]
    rows[:30] = distinct[1]
    dense, other = ExactIndex(metric).fit(rows), ExactIndex(metric).fit(sparse.csr_array(rows))
    for k in (1, 10, 399):
        expected = other.kneighbors(distinct, k)
        assert_array_equal(dense.kneighbors(distinct, k), expected)
        with mock.patch.multiple(exact, _PRODUCTS=500):
            assert_array_equal(dense.kneighbors(distinct, k), expected)
        if metric != "euclidean":
            assert_array_equal(dense.search(distinct, k), other.search(distinct, k))
    assert_array_equal(
        dense.remove([0, 2]).kneighbors(distinct), other.remove([0, 2]).kneighbors(distinct)
    )


def test_of_rows_that_are_the_same_only_the_first_is_scored():
    rows = np.array(
        [[1, 2], [3, 1], [1, 2], [2, 1], [1, 2], [3, 1]], np.float64
    )  # all of two norms
    layout = ExactIndex("dot").fit(rows)._made["layout"]
    assert layout.after.tolist() == [2, 5, 4, -1, -1, -1]
    assert layout.bias.tolist() == [0, 0, -np.inf, 0, -np.inf, -np.inf]
    assert len(ExactIndex().fit(rows[[0, 1, 3]])._made["layout"].after) == 0


@pytest.mark.parametrize("kind", [sparse.csr_array, np.asarray])
def test_far_more_places_than_items_are_refused_before_they_take_memory(kind):
    rows = kind(np.eye(3))
    for ask in (partial(top_k, rows, rows), partial(ExactIndex().fit(rows).search, rows)):
        with pytest.raises(ValueError, match="k must be at most 3, the number of items, or little"):
            ask(k=10**12)
    assert top_k(rows, rows, 1000)[1].shape == (3, 1000)


def test_a_fit_forgets_the_names_of_columns():
    table = pd.DataFrame(np.eye(3), columns=["a", "b", "c"])
    index = ExactIndex().fit(table).fit(np.eye(3))
    assert not hasattr(index, "feature_names_in_")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        index.kneighbors(np.eye(3), 1)


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"effective_metric_": "l1"}, "effective_metric_ must be one of"),
        ({"items_": None}, "items_ must be an array"),
        ({"items_": [[1.0, 0.0]]}, "items_ must be an array"),
        ({"items_": sparse.csc_array(np.eye(2))}, "items_ must be an array"),
        ({"items_": np.empty((0, 2))}, "items_ must be rows of width 2, at least one"),
        ({"items_": np.ones(2)}, "items_ must be rows of width 2, at least one"),
        ({"items_": np.ones((2, 3))}, "items_ must be rows of width 2, at least one"),
        ({"items_": np.ones((2, 2), np.float16)}, "items_ must be float32 or float64"),
        ({"items_": np.ones((2, 2), ">f4")}, "items_ must be float32 or float64"),
        ({"items_": np.asfortranarray(np.ones((3, 2)))}, "items_ must lie row after row"),
        ({"n_features_in_": 10**12}, "items_ must be rows of width 1000000000000"),
        ({"_made": {}}, "_made is never saved"),
    ],
    ids=str,
)
def test_made_up_learned_attributes_are_refused(state, message, tmp_path):
    index = ExactIndex().fit(np.eye(2))
    with mock.patch.object(ExactIndex, "__getstate__", lambda self: vars(self) | state):
        vars(index).pop("_made", None)
        index.save(tmp_path / "index")
    with pytest.raises(ValueError, match=message):
        textvec.load(tmp_path / "index")
