"""Every index of dense vectors, ours and the engines', under one contract."""

import pickle
import sys
import warnings
from functools import partial
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import textvec
from textvec.search.engines.annoy import AnnoyIndex
from textvec.search.engines.faiss import FaissIndex
from textvec.search.engines.hnswlib import HnswlibIndex
from textvec.search.engines.scann import ScannIndex
from textvec.search.engines.trees import TreeIndex
from textvec.search.engines.usearch import UsearchIndex
from textvec.search.exact import ExactIndex

from ..contract.test_processes import at_once
from ..persistence.files import rewrite

# name -> (index, the least recall@10 on the rows below)
INDEXES = {
    "exact": (ExactIndex(), 1),
    "faiss Flat": (FaissIndex("Flat"), 1),
    "faiss IVF-PQ": (FaissIndex("IVF8,PQ8x4fs", parameters="nprobe=8"), 0.6),
    "faiss HNSW": (FaissIndex("HNSW16", parameters="efConstruction=80,efSearch=64"), 0.98),
    "hnswlib": (HnswlibIndex(), 0.98),
    "usearch": (UsearchIndex(), 0.98),
    "annoy": (AnnoyIndex(), 0.9),
    "kd tree": (TreeIndex(), 1),
    "ball tree": (TreeIndex("ball_tree"), 1),
    "scann": (ScannIndex(num_leaves=8, num_leaves_to_search=8, reorder=200), 0.95),
}
METRICS = ("cosine", "dot", "euclidean")
CASES = [
    pytest.param(index.set_params(metric="cosine"), metric, recall, id=f"{name}-{metric}")
    for name, (index, recall) in INDEXES.items()
    for metric in METRICS
    if not (isinstance(index, TreeIndex) and metric == "dot")
]
APPROXIMATE = {"faiss IVF-PQ"}  # whose distances are, too


@pytest.fixture(scope="module")
def rows():
    """Sixty clusters, as texts have topics; row 7 is zero and row 30 repeats row 20."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(60, 16))
    rows = centres[rng.integers(60, size=900)] + 0.7 * rng.normal(size=(900, 16))
    rows[7] = 0
    rows[30] = rows[20]
    return rows.astype(np.float32)


@pytest.fixture(scope="module")
def queries(rows):
    return rows[100:140] + np.random.default_rng(1).normal(size=(40, 16)).astype(np.float32) / 5


@pytest.fixture(autouse=True)
def _zeros_are_known(request):
    if "says" not in request.node.name:
        warnings.filterwarnings("ignore", "[0-9]+ of [0-9]+ (queries|items) (is|are) all zeros")


def fitted(index, metric, rows):
    return clone(index).set_params(metric=metric).fit(rows)


@pytest.mark.parametrize(("index", "metric", "recall"), CASES)
def test_recall_against_exact_search(index, metric, recall, rows, queries, request):
    given = rows.copy()
    index = fitted(index, metric, rows)
    distances, indices = index.kneighbors(queries, 10)
    assert distances.shape == indices.shape == (40, 10)
    assert distances.dtype == np.float32
    assert indices.dtype == np.int64
    assert_array_equal(rows, given)
    assert (np.diff(distances, axis=1) >= 0).all()
    exact_distances, exact = ExactIndex(metric=metric).fit(rows).kneighbors(queries, 10)
    found = [len(set(ours) & set(theirs)) / 10 for ours, theirs in zip(indices, exact, strict=True)]
    assert np.mean(found) >= recall
    if not any(name in request.node.name for name in APPROXIMATE):
        same = indices == exact
        assert_allclose(distances[same], exact_distances[same], rtol=1e-4, atol=1e-5)
    assert_array_equal(index.kneighbors(queries, 10, return_distance=False), indices)


@pytest.mark.parametrize(("index", "metric", "recall"), CASES)
def test_saved_and_loaded(index, metric, recall, rows, queries, tmp_path):
    index = fitted(index, metric, rows)
    expected = index.kneighbors(queries, 5)
    index.save(tmp_path / "index")
    copies = [textvec.load(tmp_path / "index", mmap_mode=mode) for mode in (None, "r")]
    copies += [pickle.loads(pickle.dumps(index)), index]
    copies[0].save(tmp_path / "again")  # before its engine is awake
    copies.append(textvec.load(tmp_path / "again"))
    for copy in copies:
        assert copy.get_params() == index.get_params()
        assert_array_equal(copy.kneighbors(queries, 5), expected)


@pytest.mark.parametrize("name", INDEXES)
def test_damaged_files_are_refused(name, rows, tmp_path):
    path = tmp_path / "index"
    INDEXES[name][0].fit(rows).save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match="cut short or damaged"):
        textvec.load(path)
    altered = bytearray(whole)
    altered[len(whole) // 2] ^= 1
    path.write_bytes(altered)
    with pytest.raises(ValueError, match="damaged or altered|not that of a textvec file|cut short"):
        textvec.load(path)


ENGINES = [name for name in INDEXES if name != "exact"]


def resaved(index, path, **state):
    """Save an index with some of its learned attributes made up."""
    copy = clone(index)
    copy.__setstate__(index.__getstate__() | state)
    copy.save(path)
    return path


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize(
    "saved",
    [None, "graph", 3, {}, [1, 2], np.empty(0, np.uint8), np.ones(9), np.ones((3, 4), np.uint8)],
    ids=repr,
)
def test_what_is_no_saved_engine_is_refused(name, saved, fitted_indexes, tmp_path):
    path = resaved(fitted_indexes[name], tmp_path / "index", saved_engine_=saved)
    with pytest.raises(ValueError, match=r"index: header.*saved_engine_ is damaged.* 900 items"):
        textvec.load(path)


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"n_items_": "many"}, "n_items_ must be an integer"),
        ({"n_items_": 0}, "n_items_ must be at least 1"),
        ({"n_features_in_": None}, "n_features_in_ must be an integer"),
        ({"effective_metric_": "l1"}, "effective_metric_ must be one of"),
        ({"_engine": None}, "saved_engine_ is damaged"),
    ],
)
def test_made_up_learned_attributes_are_refused(state, message, fitted_indexes, tmp_path):
    path = tmp_path / "index"
    fitted_indexes["hnswlib"].save(path)
    rewrite(path, lambda header, parts: header["root"]["state"].update(state))
    with pytest.raises(ValueError, match=message):
        textvec.load(path)


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("length", [1, 100, 0.5, 0.99])
def test_engines_cut_short_are_refused(name, length, rows, fitted_indexes, tmp_path):
    index = fitted_indexes[name]
    saved = index.__getstate__()["saved_engine_"]
    whole = saved if isinstance(saved, dict) else {"": saved}
    for part, array in whole.items():
        cut = array[: length if length >= 1 else int(length * len(array))]
        cut = {**whole, part: cut} if part else cut
        path = resaved(index, tmp_path / "index", saved_engine_=cut)
        with pytest.raises(ValueError, match="is damaged"):
            textvec.load(path).kneighbors(rows[:1])


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("other", ["fewer", "narrower"])
def test_engines_of_other_items_are_refused(name, other, rows, fitted_indexes, tmp_path):
    if (name, other) == ("hnswlib", "narrower"):
        return  # its files do not say how wide items are
    others = rows[100:800] if other == "fewer" else rows[:, :8]
    saved = clone(INDEXES[name][0]).fit(others).__getstate__()["saved_engine_"]
    path = resaved(fitted_indexes[name], tmp_path / "index", saved_engine_=saved)
    with pytest.raises(ValueError, match="900 items of width 16.* damaged|damaged.* 900 items of"):
        textvec.load(path).kneighbors(rows[:1])


def test_trees_grow_from_finite_rows(rows, fitted_indexes, tmp_path):
    saved = fitted_indexes["kd tree"].__getstate__()["saved_engine_"].copy()
    saved[3, 3] = np.nan
    path = resaved(fitted_indexes["kd tree"], tmp_path / "index", saved_engine_=saved)
    with pytest.raises(ValueError, match="The saved TreeIndex of 900 items.*contains NaN"):
        textvec.load(path).kneighbors(rows[:1])


def test_what_scann_would_unpickle_is_not_read(rows, queries, tmp_path):
    class Trap:
        def __reduce__(self):
            return Path.touch, (tmp_path / "trapped",)

    with pytest.warns(UserWarning, match="all zeros"):
        index = ScannIndex(num_leaves=8).fit(rows)
    expected = index.kneighbors(queries, 5)
    trapped = clone(index)
    trapped.__setstate__(index.__getstate__())
    trapped.saved_engine_["scann_docids.pkl"] = np.frombuffer(pickle.dumps(Trap()), np.uint8)
    trapped.save(tmp_path / "index")
    with pytest.raises(ValueError, match="saved_engine_ is damaged"):
        textvec.load(tmp_path / "index")
    assert_array_equal(trapped.kneighbors(queries, 5), expected)
    assert not (tmp_path / "trapped").exists()


@pytest.mark.parametrize("name", INDEXES)
def test_refit_batches_and_forms(name, rows, queries):
    index = clone(INDEXES[name][0]).fit(rows[:300, :8])
    index.fit(rows)
    expected = index.kneighbors(queries, 4)
    one = [index.kneighbors(query[None], 4) for query in queries[:5]]
    assert_array_equal([indices[0] for _, indices in one], expected[1][:5])
    assert_array_equal(index.kneighbors(queries.astype(np.float64), 4)[1], expected[1])
    assert_array_equal(index.kneighbors(np.asfortranarray(queries).tolist(), 4)[1], expected[1])
    nothing = index.kneighbors(queries[:0], 3)
    assert nothing[0].shape == nothing[1].shape == (0, 3)


@pytest.mark.parametrize("name", INDEXES)
def test_few_items(name, rows):
    index = clone(INDEXES[name][0])
    if name == "faiss IVF-PQ":  # there are more clusters than items
        with pytest.raises(ValueError, match=r"refuses description='IVF8,.* 3 rows"):
            index.fit(rows[:3])
        return
    distances, indices = index.fit(rows[:3]).kneighbors(rows[1:2], 3)
    assert_array_equal(np.sort(indices), [[0, 1, 2]])
    assert indices[0, 0] == 1
    assert abs(distances[0, 0]) < 1e-3


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(
    "index",
    [
        FaissIndex("IVF8,Flat"),
        AnnoyIndex(n_trees=1, search_k=1),
        *(ScannIndex(8, num_leaves_to_search=1, n_jobs=n_jobs) for n_jobs in (1, 2)),
    ],
    ids=str,
)
def test_what_is_not_found_is_minus_one_and_infinitely_far(index, metric, rows, queries):
    distances, indices = fitted(index, metric, rows).kneighbors(queries, 900)
    is_found = indices != -1
    assert (is_found[:, 0] & ~is_found[:, -1]).all()
    assert (indices[is_found] < 900).all()
    assert_array_equal(np.isfinite(distances), is_found)
    for row in indices:
        assert len(set(row[row >= 0])) == (row >= 0).sum()


@pytest.mark.parametrize("index", [HnswlibIndex(M=2, ef=1), UsearchIndex(2, expansion_search=1)])
def test_threads_that_ask_for_more_change_nothing_for_others(index, rows, queries):
    """Engines keep one depth of search, which grows with n_neighbors: it is the caller's alone."""
    index = clone(index).fit(rows)
    calls = [partial(index.kneighbors, queries[:5], k) for k in (1, 200)] * 4
    expected = [call() for call in calls]
    for _ in range(40):
        for found, alone in zip(at_once(calls), expected):
            assert_array_equal(found, alone)


@pytest.mark.parametrize("name", ["kd tree", "ball tree"])
def test_trees_are_asked_by_threads_without_a_warning(name, queries, fitted_indexes):
    """Of scikit-learn's delayed, that is: it changes warnings, which no thread may for others."""
    with warnings.catch_warnings(record=True) as caught:
        for _ in range(10):
            at_once([partial(fitted_indexes[name].kneighbors, queries)] * 8)
    assert [str(warning.message) for warning in caught] == []


@pytest.mark.parametrize("name", INDEXES)
def test_zeros_match_nothing_and_it_says_so(name, rows):
    index = clone(INDEXES[name][0])
    with pytest.warns(UserWarning, match=r"^1 of 900 items is all zeros \(row 7\)"):
        index.fit(rows)
    with pytest.warns(UserWarning, match=r"^1 of 2 queries is .* \(row 1\): it matches nothing\.$"):
        distances, _ = index.kneighbors(rows[6:8], 2)
    if name not in APPROXIMATE:
        assert_allclose(distances[1], 1, atol=1e-6)


@pytest.mark.parametrize("name", INDEXES)
@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda index, X: index.fit(X * np.nan), ValueError, "items must be finite.* row 0 holds"),
        (lambda index, X: index.fit(X[:0]), ValueError, "Found array with 0 sample"),
        (lambda index, X: index.fit(X[0]), ValueError, "Expected 2D array, got 1D array"),
        (lambda index, X: index.set_params(metric="l1").fit(X), ValueError, "metric must be one"),
        (lambda index, X: clone(index).kneighbors(X), NotFittedError, "not fitted yet"),
        (lambda index, X: index.kneighbors(X[:, :2], 1), ValueError, "X has 2 features, but"),
        (lambda index, X: index.kneighbors(X * np.inf, 1), ValueError, "queries must be finite"),
        (lambda index, X: index.kneighbors(X, 0), ValueError, "n_neighbors must be at least 1"),
        (lambda index, X: index.kneighbors(X, 901), ValueError, "n_neighbors must be at most 900"),
        (lambda index, X: index.kneighbors(X, 1.5), TypeError, "n_neighbors must be an integer"),
    ],
)
def test_bad_input_is_refused_clearly(name, call, error, message, rows, fitted_indexes):
    with np.errstate(invalid="ignore"), pytest.raises(error, match=message):
        call(clone_of(fitted_indexes[name]), rows)
    assert fitted_indexes[name].kneighbors(rows[:1], 1)[1] == 0


@pytest.fixture(scope="module")
def fitted_indexes(rows):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {name: clone(index).fit(rows) for name, (index, _) in INDEXES.items()}


def clone_of(index):
    """Another object of the same attributes: engines are shared."""
    copy = clone(index)
    vars(copy).update(vars(index))
    return copy


def test_trees_have_no_dot_product(rows):
    with pytest.raises(ValueError, match="metric must be one of 'cosine', 'euclidean'"):
        TreeIndex(metric="dot").fit(rows)


@pytest.mark.parametrize(
    ("index", "message"),
    [
        (FaissIndex("Flot"), "faiss refuses description='Flot'.*could not parse"),
        (FaissIndex("Flat", parameters="nprobe=3"), "faiss refuses .*parameters='nprobe=3'"),
        (FaissIndex("IVF4,PQ5"), "faiss refuses description='IVF4,PQ5'.*multiple"),
        (TreeIndex("tree"), "algorithm must be one of"),
        (ScannIndex(num_leaves=1_000), "ScaNN refuses num_leaves=1000 for 900 rows of width 16"),
    ],
)
def test_parameters_that_the_engine_refuses(index, message, rows):
    with pytest.raises(ValueError, match=message):
        index.fit(rows)


@pytest.mark.parametrize("name", sorted(INDEXES.keys() - {"exact", "kd tree", "ball tree"}))
def test_a_missing_engine_names_its_extra(name, rows):
    module = name.split()[0].replace("usearch", "usearch.index")
    extra = "scann" if name == "scann" else "search"
    with (
        mock.patch.dict(sys.modules, {module: None}),
        pytest.raises(ImportError, match=rf'pip install "textvec\[{extra}\]"'),
    ):
        clone(INDEXES[name][0]).fit(rows)


GROWING = ["exact", "faiss Flat", "faiss IVF-PQ", "faiss HNSW", "hnswlib", "usearch"]


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("name", GROWING)
def test_added_items_are_found_as_if_they_had_been_there(name, metric, rows, queries, tmp_path):
    index, least = INDEXES[name]
    whole, index = fitted(index, metric, rows), fitted(index, metric, rows[:400])
    before = clone_of(index)
    expected = before.kneighbors(queries, 10)
    assert index.add(rows[400:700]).add(rows[700:].tolist()).add(rows[:0]) is index
    index.save(tmp_path / "index")
    for grown in (index, textvec.load(tmp_path / "index")):
        _, found = grown.kneighbors(queries, 10)
        exact = ExactIndex(metric=metric).fit(rows).kneighbors(queries, 10)[1]
        shares = [len(set(ours) & set(theirs)) / 10 for ours, theirs in zip(found, exact)]
        assert np.mean(shares) >= least - 0.05  # of a partition that knew fewer items
        assert found.max() >= 700
    assert grown.add(rows[:5]).kneighbors(rows[:1], 905)[1].max() <= 904
    assert_array_equal(before.kneighbors(queries, 10), expected)  # who asked meanwhile
    if least == 1:
        assert_array_equal(index.kneighbors(queries, 10), whole.kneighbors(queries, 10))


@pytest.mark.parametrize("name", GROWING)
def test_what_cannot_be_added_leaves_the_index_as_it_was(name, rows, queries, fitted_indexes):
    index = clone_of(fitted_indexes[name])
    expected = index.kneighbors(queries, 3)
    for bad, message in [
        (rows[:, :3], "X has 3 features, but"),
        (np.full((2, 16), np.nan), "items must be finite"),
    ]:
        with pytest.raises(ValueError, match=message):
            index.add(bad)
    assert_array_equal(index.kneighbors(queries, 3), expected)
    with pytest.raises(NotFittedError):
        clone(index).add(rows)


@pytest.mark.parametrize("name", sorted(INDEXES.keys() - set(GROWING)))
def test_engines_that_do_not_grow_say_what_does(name, rows, fitted_indexes):
    with pytest.raises(
        NotImplementedError, match="takes no more items once it is built. Fit it to"
    ):
        fitted_indexes[name].add(rows)


@pytest.mark.parametrize("n_items", [1, 15, 16, 17, 40, 99, 100, 900])
def test_scann_takes_any_number_of_items_by_default(n_items, rows):
    index = ScannIndex().fit(rows[8 : 8 + n_items])
    k = min(10, n_items)
    exact = ExactIndex().fit(rows[8 : 8 + n_items]).kneighbors(rows[:7], k)[1]
    found = index.kneighbors(rows[:7], k)[1]
    assert np.mean([len(set(a) & set(b)) / k for a, b in zip(found, exact)]) > 0.8


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("hnswlib", {"ef": 0}, "ef must be at least 1"),
        ("hnswlib", {"ef": 10**12}, "ef must be at most 2147483647"),
        ("usearch", {"expansion_search": 0}, "expansion_search must be at least 1"),
        ("annoy", {"search_k": -2}, "search_k must be at least -1"),
        ("scann", {"reorder": 0}, "reorder must be at least 1"),
        ("kd tree", {"n_jobs": 0}, "n_jobs must be at least 1"),
    ],
)
def test_parameters_set_after_fit_are_checked(name, parameters, message, rows, fitted_indexes):
    index = clone_of(fitted_indexes[name]).set_params(**parameters)
    with pytest.raises(ValueError, match=message):
        index.kneighbors(rows[:2])
