"""HybridIndex: both fusions against their formulas, worked by hand, and bad input."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.exceptions import NotFittedError

import textvec
from textvec.search.engines.trees import TreeIndex
from textvec.search.exact import ExactIndex
from textvec.search.hybrid import HybridIndex


@pytest.fixture(scope="module")
def views():
    rng = np.random.default_rng(0)
    words = rng.poisson(0.15, (80, 30)) * rng.random((80, 30))
    words[:, 0] += 0.1 * (np.arange(80) % 2)
    return [sparse.csr_array(words), rng.normal(size=(80, 5)).astype(np.float32)]


@pytest.fixture(autouse=True)
def _zeros_are_known():
    warnings.filterwarnings("ignore", "[0-9]+ of [0-9]+ (queries|items) (is|are) all zeros")


def by_hand(views, queries, fusion, weights, k, depth, n_best):
    """Fuse query by query with dicts."""
    answers = []
    rankings = [ExactIndex().fit(v).search(q, depth) for v, q in zip(views, queries, strict=True)]
    for row in range(queries[0].shape[0]):
        fused = {}
        for weight, (scores, indices) in zip(weights, rankings, strict=True):
            found = [(s, i) for s, i in zip(scores[row], indices[row], strict=True) if i >= 0]
            for rank, (score, item) in enumerate(found, start=1):
                low, high = found[-1][0], found[0][0]
                gain = 1 / (k + rank) if fusion == "rrf" else (score - low) / (high - low)
                fused[item] = fused.get(item, 0) + weight * gain
        answers.append(sorted((-score, item) for item, score in fused.items())[:n_best])
    return answers


@pytest.mark.parametrize("fusion", ["rrf", "weighted"])
@pytest.mark.parametrize(("weights", "k", "depth"), [((1, 1), 60, 100), ((0.3, 2), 5, 20)])
def test_fusion_equals_its_formula(views, fusion, weights, k, depth):
    queries = [view[:15] for view in views]
    index = HybridIndex(fusion=fusion, weights=weights, k=k, n_candidates=depth).fit(views)
    scores, indices = index.search(queries, 12)
    expected = by_hand(views, queries, fusion, weights, k, min(depth, 80), 12)
    for row, answer in enumerate(expected):
        assert indices[row].tolist() == [item for _, item in answer]
        assert_allclose(scores[row], [-score for score, _ in answer], rtol=1e-5)
    distances, neighbors = index.kneighbors(queries, 12)
    assert_array_equal(neighbors, indices)
    assert_array_equal(distances, -scores)


def test_reciprocal_ranks_by_hand():
    words = np.array([[3.0, 0.0], [2.0, 1.0], [0.0, 1.0]])
    meanings = np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 0.2]])
    index = HybridIndex([ExactIndex("dot"), ExactIndex("dot")]).fit([words, meanings])
    scores, indices = index.search([np.array([[1.0, 0.0]]), np.array([[1.0, 0.1]])], 3)
    # words rank items 0, 1 (item 2 matches nothing); meanings rank 2, 1, 0
    assert_allclose(scores, [[1 / 61 + 1 / 63, 2 / 62, 1 / 61]])
    assert_array_equal(indices, [[0, 1, 2]])


def test_a_view_of_weight_0_does_not_count(views):
    queries = [view[:9] for view in views]
    alone = ExactIndex().fit(views[0]).search(queries[0], 80)[1]
    assert alone.min() == -1  # the other view would fill these places
    index = HybridIndex(fusion="weighted", weights=[2, 0]).fit(views)
    assert_array_equal(index.search(queries, 80)[1], alone)


def test_where_there_are_no_more_candidates():
    rows = np.eye(3)
    index = HybridIndex().fit([rows, rows])
    scores, indices = index.search([rows[:1], rows[1:2]], 5)
    assert_array_equal(indices, [[0, 1, -1, -1, -1]])
    assert_array_equal(scores[0, 2:], 0)
    nothing = index.search([rows[:0], rows[:0]], 2)
    assert nothing[0].shape == nothing[1].shape == (0, 2)


def test_indexes_of_all_kinds_save_and_load(views, tmp_path):
    indexes = [ExactIndex(), TreeIndex(metric="euclidean")]
    index = HybridIndex(indexes).fit(views)
    assert not hasattr(indexes[0], "items_")  # what was given stays as it was
    queries = [view[:9] for view in views]
    expected = index.search(queries)
    index.save(tmp_path / "index")
    assert_array_equal(textvec.load(tmp_path / "index").search(queries), expected)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda X: HybridIndex(fusion="sum").fit(X), ValueError, "fusion must be one of"),
        (lambda X: HybridIndex([ExactIndex()]).fit(X), ValueError, "indexes must be as many as"),
        (lambda X: HybridIndex(weights=[1]).fit(X), ValueError, "weights must be as many as"),
        (lambda X: HybridIndex(weights=[1, -1]).fit(X), ValueError, "weights must be at least 0"),
        (lambda X: HybridIndex(k=-1).fit(X), ValueError, "k must be at least 0"),
        (lambda X: HybridIndex().fit([X[0], X[1][:9]]), ValueError, r"views of \[80, 9\] items"),
        (
            lambda X: HybridIndex().fit(X[0]),
            TypeError,
            "list of matrices.* Got one .* instead: put",
        ),
        (
            lambda X: HybridIndex().fit(iter(X)),
            TypeError,
            "list of matrices.* Got list_iterator in",
        ),
        (lambda X: HybridIndex().fit([]), ValueError, "X must hold one view at least. Got none"),
        (lambda X: HybridIndex().fit(X).search(X[0]), TypeError, "list of matrices.* Got one .*"),
        (lambda X: HybridIndex().fit(X).kneighbors(None), TypeError, "list of matrices.* NoneType"),
        (lambda X: HybridIndex().search(X), NotFittedError, "not fitted yet"),
        (lambda X: HybridIndex().fit(X).search(X[:1]), ValueError, "2 views, one for each index"),
        (lambda X: HybridIndex().fit(X).search(X, 0), ValueError, "k must be at least 1"),
        (lambda X: HybridIndex().fit(X).kneighbors(X, 81), ValueError, "at most 80"),
        (
            lambda X: HybridIndex().fit(X).search([X[0], X[1][:9]]),
            ValueError,
            r"views of \[80, 9\] queries",
        ),
    ],
)
def test_bad_input_is_refused_clearly(views, call, error, message):
    with pytest.raises(error, match=message):
        call(views)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"fusion": "wieghted"}, "fusion must be one of 'rrf', 'weighted'"),
        ({"weights": [1]}, "weights must be as many as the views. Got 1 for 2 views"),
        ({"weights": [1, -1]}, "weights must be at least 0"),
        ({"k": -1}, "k must be at least 0"),
        ({"n_candidates": 0}, "n_candidates must be at least 1"),
    ],
)
def test_parameters_set_after_fit_are_checked(views, parameters, message):
    index = HybridIndex().fit(views).set_params(**parameters)
    for ask in (index.search, index.kneighbors):
        with pytest.raises(ValueError, match=message):
            ask(views)


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"indexes_": None}, "indexes_ must be a list"),
        ({"indexes_": [3, "index"]}, "indexes_ must be fitted indexes. Got a int"),
        ({"indexes_": [ExactIndex()]}, "indexes_ must be fitted indexes. Got a ExactIndex"),
        ({"n_items_": 10**12}, "indexes_ must be of 1000000000000 items. Got one of 80"),
        ({"n_items_": "many"}, "n_items_ must be an integer"),
    ],
)
def test_made_up_learned_attributes_are_refused(views, state, message, tmp_path):
    index = HybridIndex().fit(views)
    vars(index).update(state)
    index.save(tmp_path / "index")
    with pytest.raises(ValueError, match=message):
        textvec.load(tmp_path / "index")


def test_far_more_places_than_items_are_refused_before_they_take_memory(views):
    with pytest.raises(ValueError, match="k must be at most 80, the number of items"):
        HybridIndex().fit(views).search(views, 10**12)
