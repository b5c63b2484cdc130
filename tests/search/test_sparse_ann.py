"""SparseAnnIndex against exact search, through changes, files and bad input."""

import pickle
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

import textvec
from textvec.search.exact import ExactIndex
from textvec.search.hybrid import HybridIndex
from textvec.search.measuring import measure_index
from textvec.search.sparse_ann import SparseAnnIndex

from ..persistence.files import rewrite


def learned(n_rows, seed, n_topics=30, n_terms=600):
    """Rows like those of SPLADE: a few heavy terms of a topic, and a tail of light ones."""
    rng = np.random.default_rng(seed)
    topics = np.random.default_rng(9).integers(n_terms, size=(n_topics, 40))
    rows = np.zeros((n_rows, n_terms), np.float32)
    for row, topic in zip(rows, rng.integers(n_topics, size=n_rows)):
        places = rng.geometric(0.1, size=25).clip(max=40) - 1
        row[topics[topic, places]] = 2 * np.exp(-places / 15) * rng.lognormal(0, 0.5, 25)
        row[rng.integers(n_terms, size=15)] = 0.2 * rng.lognormal(0, 0.5, 15)
    return sparse.csr_array(rows)


ITEMS, QUERIES = learned(1500, 0), learned(60, 1)


@pytest.fixture(scope="module")
def index():
    return SparseAnnIndex().fit(ITEMS)


@pytest.mark.parametrize("metric", ["dot", "cosine"])
def test_recall_and_scores_against_exact_search(metric):
    index, exact = SparseAnnIndex(metric=metric).fit(ITEMS), ExactIndex(metric=metric).fit(ITEMS)
    (scores, found), (best, nearest) = index.search(QUERIES, 10), exact.search(QUERIES, 10)
    assert scores.dtype == np.float32
    assert found.dtype == np.int64
    assert np.mean([len(set(a) & set(b)) / 10 for a, b in zip(found, nearest)]) > 0.95
    same = found == nearest
    assert_allclose(scores[same], best[same], rtol=0 if metric == "dot" else 1e-6)
    distances, neighbors = index.kneighbors(QUERIES, 10)
    assert_array_equal(neighbors, found)
    assert_allclose(distances, -scores if metric == "dot" else 1 - scores)
    assert measure_index(index, ITEMS, QUERIES)["recall@10"] > 0.95


def test_what_leaves_nothing_out_is_exact():
    index = SparseAnnIndex(10**6, 0.3, 1.0, query_cut=10**6, heap_factor=1.0).fit(ITEMS)
    exact = ExactIndex(metric="dot").fit(ITEMS)
    for found, best in zip(index.search(QUERIES, 20), exact.search(QUERIES, 20)):
        assert_array_equal(found, best)


def test_threads_and_batches_change_nothing(index):
    expected = index.search(QUERIES, 7)
    for n_jobs in (2, 3, -1):
        again = SparseAnnIndex(n_jobs=n_jobs).fit(ITEMS)
        for name, array in index.blocks_.items():
            assert_array_equal(again.blocks_[name], array)
        assert_array_equal(again.search(QUERIES, 7), expected)
    one = [index.search(QUERIES[[row]], 7) for row in range(5)]
    assert_array_equal(np.concatenate([found[1] for found in one]), expected[1][:5])
    other = SparseAnnIndex(random_state=1).fit(ITEMS)
    assert not np.array_equal(other.blocks_["postings"], index.blocks_["postings"])


def test_grown_and_shrunk_is_as_fitted(index):
    grown = SparseAnnIndex().fit(ITEMS[:700])
    before = grown.search(QUERIES, 5)
    with pytest.raises(ValueError, match="X has 9 features"):
        grown.add(np.ones((1, 9)))
    assert_array_equal(grown.search(QUERIES, 5), before)
    grown.add(ITEMS[700:])
    assert_array_equal(grown.search(QUERIES, 5), index.search(QUERIES, 5))
    grown.remove(np.arange(700, 1500))
    assert_array_equal(grown.search(QUERIES, 5), before)
    with pytest.raises(ValueError, match="at least one item"):
        grown.remove(np.arange(700))
    with pytest.raises(IndexError):
        grown.remove(700)


def test_neighbors_of_the_items_leave_themselves_out(index):
    found = index.kneighbors(n_neighbors=4, return_distance=False)
    assert found.shape == (1500, 4)
    assert not (found == np.arange(1500)[:, None]).any()
    exact = ExactIndex(metric="dot").fit(ITEMS).kneighbors(n_neighbors=4, return_distance=False)
    assert np.mean([len(set(a) & set(b)) / 4 for a, b in zip(found, exact)]) > 0.9


def test_saved_and_loaded(index, tmp_path):
    expected = index.kneighbors(QUERIES, 5)
    index.save(tmp_path / "index")
    copies = [textvec.load(tmp_path / "index", mmap_mode=mode) for mode in (None, "r", "c")]
    copies.append(pickle.loads(pickle.dumps(index)))
    for copy in copies:
        assert copy.get_params() == index.get_params()
        assert_array_equal(copy.kneighbors(QUERIES, 5), expected)
        assert_array_equal(copy.add(ITEMS[:1]).items_.shape, (1501, 600))


def _with(name, change):
    def state(index):
        return {"blocks_": {**index.blocks_, name: change(index.blocks_[name].copy())}}

    return state


def _put(place, value):
    def change(array):
        array[place] = value
        return array

    return change


@pytest.mark.parametrize(
    "state",
    [
        lambda index: {"blocks_": None},
        lambda index: {"blocks_": {}},
        _with("postings", _put(0, 1500)),
        _with("postings", _put(3, -1)),
        _with("postings", lambda array: array[:-1]),
        _with("kept", _put(5, 600)),
        _with("kept", lambda array: array.astype(np.int64)),
        _with("codes", lambda array: array[:-1]),
        _with("steps", lambda array: array[:-1]),
        _with("lists", _put(4, -1)),
        _with("blocks", _put(-1, 10**9)),
        _with("summaries", _put(0, 1)),
        lambda index: {"items_": index.items_[:0]},
        lambda index: {"items_": index.items_.astype(np.float64)},
        lambda index: {"items_": index.items_[:, :9]},
        lambda index: {"effective_metric_": "euclidean"},
        lambda index: {"seed_": -1},
    ],
)
def test_made_up_files_are_refused(state, index, tmp_path):
    copy = SparseAnnIndex()
    copy.__setstate__(index.__getstate__() | state(index))
    copy.save(tmp_path / "index")
    with pytest.raises(ValueError, match="blocks_ is damaged|items_ must|metric_ must|seed_ must"):
        textvec.load(tmp_path / "index")


def test_made_up_parameters_are_refused_when_asked(index, tmp_path):
    index.save(tmp_path / "index")
    rewrite(
        tmp_path / "index",
        lambda header, parts: header["root"]["state"].update(query_cut=0),
    )
    with pytest.raises(ValueError, match="query_cut must be between 1 and"):
        textvec.load(tmp_path / "index").kneighbors(QUERIES, 1)


def test_zeros_are_no_matches(index):
    items = sparse.csr_array((np.float32([0, 2, 0]), [0, 1, 1], [0, 1, 2, 3]), shape=(3, 2))
    with pytest.warns(UserWarning, match="^2 of 3 items are all zeros"):
        small = SparseAnnIndex().fit(items)
    assert_array_equal(small.search([[1, 1]], 3), [[[2, 0, 0]], [[1, -1, -1]]])
    distances, found = small.kneighbors([[1, 1]], 2)
    assert_array_equal(distances, [[-2, np.inf]])
    assert_array_equal(found, [[1, -1]])
    with pytest.warns(UserWarning, match="^1 of 1 queries is all zeros"):
        assert_array_equal(small.search([[0, 0]], 1), [[[0]], [[-1]]])
    assert index.search(QUERIES[:0], 3)[1].shape == (0, 3)
    assert index.search(QUERIES[:2], 1600)[1].shape == (2, 1600)


def test_hybrid_index_takes_it():
    views = [ITEMS, ITEMS[:, :50].toarray() + 1]
    index = HybridIndex([SparseAnnIndex(), ExactIndex()]).fit(views)
    assert index.search([ITEMS[:3], views[1][:3]], 1)[1].ravel().tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda index: index.fit(-ITEMS), ValueError, "Neg.* of items: row 0 holds -"),
        (lambda index: index.search(-QUERIES), ValueError, "Neg.* of queries.*ExactIndex"),
        (lambda index: index.add(ITEMS * np.nan), ValueError, "items must be finite"),
        (lambda index: index.search(QUERIES * np.inf), ValueError, "queries must be finite"),
        (lambda index: index.search(QUERIES[:, :5]), ValueError, "X has 5 features, but"),
        (lambda index: index.search(["a text"]), ValueError, "'a text' is a text"),
        (lambda index: index.search(QUERIES, 0), ValueError, "k must be at least 1"),
        (lambda index: index.kneighbors(QUERIES, 1501), ValueError, "at most 1500"),
        (lambda index: index.kneighbors(None, 1500), ValueError, "at most 1499"),
        (lambda index: SparseAnnIndex(metric="euclidean").fit(ITEMS), ValueError, "metric must"),
        (lambda index: SparseAnnIndex(heap_factor=0).fit(ITEMS), ValueError, "above 0. Got 0"),
        (lambda index: SparseAnnIndex(n_postings=0.5).fit(ITEMS), TypeError, "n_postings must"),
        (
            lambda index: SparseAnnIndex().fit(ITEMS).set_params(n_postings=0).add(ITEMS[:1]),
            ValueError,
            "n_postings must be between 1 and",
        ),
        (lambda index: SparseAnnIndex().fit(ITEMS[:0]), ValueError, "0 sample"),
        (lambda index: index.search(QUERIES * np.float32(1e37)), ValueError, "within float32"),
    ],
)
def test_bad_input_is_refused_clearly(call, error, message, index):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        with pytest.raises(error, match=message):
            call(index)
    assert index.kneighbors(QUERIES[:1], 1)[1].shape == (1, 1)
