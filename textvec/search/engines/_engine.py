"""Other search engines behind one contract: dense vectors in, nearest neighbours out.

Each class takes its engine's own parameters under the engine's own names, and answers as
:class:`textvec.ExactIndex` does, to which its recall can be measured. The engines come with the
extra ``search``.
"""

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.neighbors import BallTree, KDTree
from sklearn.utils.validation import check_is_fitted, validate_data

from textvec._checks import check_choice, check_number, check_type, import_optional
from textvec._threads import effective_n_jobs, equal_parts, run_parts
from textvec.persistence import SaveMixin
from textvec.search.exact import check_n_neighbors, checked_squares

_EXTRA = "search"
_QUERIES_AT_ONCE = 256  # where threads are ours: between such parts Ctrl-C is heard
_SCANN_CENTRES = 16  # of each block of numbers
_thawing = Lock()
_is_forked = False


def _note_fork():
    global _is_forked
    _is_forked = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_fork)


class EngineIndex(SaveMixin, BaseEstimator):
    """What the adapters share: checks, unit vectors for the cosine, distances, saving.

    A subclass builds its engine from float32 rows and asks it for neighbours; for the cosine rows
    come with length 1, so that all engines need is the dot product or the Euclidean distance.

    Notes
    -----
    The engines' files hold what the engines themselves write: ``save`` wraps it in a textvec file
    whose sha256 tells damage, but engines do not defend themselves against malice. Load only files
    that you trust.
    """

    _metrics: tuple[str, ...] = ("cosine", "dot", "euclidean")
    _least: dict[str, int] = {}  # integer parameters, and the least that engines stand

    def fit(self, X, y=None) -> Self:
        """Build the index.

        Parameters
        ----------
        X : array-like of shape (n_items, n_features)
            One dense vector per item, at least one; read as float32.
        y : None
            Ignored.

        Returns
        -------
        self

        Raises
        ------
        ImportError
            If the engine is not installed; the message says how to.
        ValueError
            If there are no items, a value is NaN or infinite, or the engine refuses them.

        Warns
        -----
        UserWarning
            If items are all zeros (not for the Euclidean distance): they match nothing.
        """
        check_choice("metric", self.metric, self._metrics)
        for name, least in self._least.items():
            check_number(name, getattr(self, name), low=least, integer=True)
        effective_n_jobs(self.n_jobs)
        X = validate_data(self, X, dtype=np.float32, order="C", ensure_all_finite=False)
        self.effective_metric_ = self.metric
        self.n_items_ = len(X)
        self._take(self._build(self._prepared(X, "items")))
        return self

    def kneighbors(self, X, n_neighbors=5, return_distance=True):
        """Return the items that the engine finds nearest to each query.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features)
            One dense vector per query.
        n_neighbors : int >= 1, default=5
            How many to return, at most the number of items.
        return_distance : bool, default=True
            Whether to return distances as well.

        Returns
        -------
        distances : ndarray of float32 of shape (n_queries, n_neighbors)
            Ascending: 1 - cosine, minus the dot product, or the Euclidean distance, as the engine
            computes it; infinite where it found no more.
        indices : ndarray of int64 of shape (n_queries, n_neighbors)
            The rows of these items; of equal distances the lower row comes first. -1 for no more.

        Raises
        ------
        TypeError, ValueError
            If the width is not that of the items, a value is NaN or infinite, ``n_neighbors`` items
            do not exist, or the engine cannot read what was saved.
        """
        check_is_fitted(self)
        check_n_neighbors(n_neighbors, self.n_items_)
        X = validate_data(
            self, X, reset=False, dtype=np.float32, order="C", ensure_all_finite=False,
            ensure_min_samples=0,
        )  # fmt: skip
        with _thawing:  # several threads may ask first
            if not hasattr(self, "_engine"):
                self._take(self._thawed())
        closeness, indices = self._search(self._prepared(X, "queries"), n_neighbors)
        indices = indices.astype(np.int64)
        distances = np.where(indices < 0, np.float32(np.inf), self._as_distances(closeness))
        order = np.lexsort((indices, distances), axis=1)
        indices = np.take_along_axis(indices, order, axis=1)
        if not return_distance:
            return indices
        return np.take_along_axis(distances, order, axis=1), indices

    def __sklearn_is_fitted__(self):
        return hasattr(self, "n_items_")  # to look through all is not safe among threads

    def __getstate__(self):
        state = dict(super().__getstate__())
        if "_engine" in state:
            state["saved_engine_"] = self._freeze(state.pop("_engine"))
            del state["_searching"]
        return state

    def _check_loaded(self):
        if not hasattr(self, "n_items_"):
            return
        check_choice("effective_metric_", self.effective_metric_, self._metrics)
        for name in ("n_items_", "n_features_in_"):
            check_number(name, getattr(self, name), low=1, integer=True)
        if "_engine" in vars(self) or not self._is_saved(self.saved_engine_):
            raise ValueError(
                f"saved_engine_ is damaged: it is not what a {type(self).__name__} saves for "
                f"{self.n_items_} items of width {self.n_features_in_}"
            )

    def _thawed(self):
        """Return the engine that was saved, or raise."""
        try:
            engine = self._thaw(self.saved_engine_)
            n_items, width = self._shape_of(engine)
            if (n_items, width) != (self.n_items_, self.n_features_in_):
                raise ValueError(f"it holds {n_items} items of width {width}")
        except (RuntimeError, ValueError, IndexError, OSError) as error:
            raise ValueError(
                f"The saved {type(self).__name__} of {self.n_items_} items of width "
                f"{self.n_features_in_} is damaged, or of another version of the engine: {error}. "
                "Fit it again."
            ) from error
        return engine

    def _take(self, engine):
        self._searching = Lock()  # for engines that have one depth of search for all threads
        self._engine = engine
        self.__dict__.pop("saved_engine_", None)

    def _prepared(self, X, name):
        """Return finite rows, of length 1 for the cosine."""
        squares = checked_squares(X, name, self.effective_metric_ != "euclidean")
        if self.effective_metric_ != "cosine":
            return X
        norms = np.sqrt(np.where(squares > 0, squares, 1)).astype(np.float32)
        return X / norms[:, None]

    def _as_distances(self, closeness):
        """Turn dot products, for the Euclidean metric squared distances, into distances."""
        if self.effective_metric_ == "euclidean":
            return np.sqrt(np.maximum(closeness, 0))
        return -closeness if self.effective_metric_ == "dot" else np.clip(1 - closeness, 0, 2)

    def _space(self, dot, euclidean):
        """Return the engine's name of the measure that ranks prepared rows."""
        return euclidean if self.effective_metric_ == "euclidean" else dot

    def _build(self, rows):
        """Return an engine that holds the rows."""
        raise NotImplementedError

    def _search(self, queries, k):
        """Return closeness as :meth:`_as_distances` takes it, and indices, -1 for no more."""
        raise NotImplementedError

    def _freeze(self, engine):
        """Return the engine as an array, of bytes mostly, or a dict of arrays."""
        raise NotImplementedError

    def _is_saved(self, saved):
        """Return whether this looks like what :meth:`_freeze` returns, so that it can be read."""
        return _is_array(saved, np.uint8, (-1,)) and len(saved) > 0

    def _thaw(self, saved):
        """Return the engine that :meth:`_freeze` was given."""
        raise NotImplementedError

    def _shape_of(self, engine):
        """Return how many items an engine holds and of what width, where it knows."""
        return self.n_items_, self.n_features_in_


class FaissIndex(EngineIndex):
    """Search by faiss: any index that its factory makes, such as Flat, IVF-PQ and HNSW.

    Parameters
    ----------
    description : str, default="HNSW32"
        What ``faiss.index_factory`` is to make: ``"Flat"``, ``"IVF256,PQ16"``, ``"HNSW32"``, …
    parameters : str, default=""
        What ``faiss.ParameterSpace`` is to set: ``"nprobe=16"``, ``"efSearch=64"``, …
    metric : {"cosine", "dot", "euclidean"}, default="cosine"
        What is near.
    n_jobs : int, default=None
        Threads: None is 1, -1 all cores. Graphs (HNSW, NSG) are built by one: what several build
        depends on their pace. A forked process takes one: the threads of faiss do not outlive a
        fork, and it would wait for them for ever.

    See Also
    --------
    textvec.ExactIndex : As fast as Flat, for sparse vectors too.

    Examples
    --------
    >>> index = FaissIndex("Flat", metric="euclidean").fit([[0.0, 0.0], [3.0, 4.0]])
    >>> index.kneighbors([[0.0, 0.0]], n_neighbors=2)
    (array([[0., 5.]], dtype=float32), array([[0, 1]]))
    """

    def __init__(self, description="HNSW32", parameters="", metric="cosine", n_jobs=None):
        self.description = description
        self.parameters = parameters
        self.metric = metric
        self.n_jobs = n_jobs

    def _build(self, rows):
        for name in ("description", "parameters"):
            check_type(name, getattr(self, name), str, "a str")
        faiss = import_optional("faiss", _EXTRA)
        measure = self._space(faiss.METRIC_INNER_PRODUCT, faiss.METRIC_L2)
        is_graph = any(kind in self.description for kind in ("HNSW", "NSG"))
        try:
            with self._threads(1 if is_graph else self.n_jobs):
                engine = faiss.index_factory(rows.shape[1], self.description, measure)
                if self.parameters:
                    faiss.ParameterSpace().set_index_parameters(engine, self.parameters)
                engine.train(rows)
                engine.add(rows)
        except RuntimeError as error:
            raise ValueError(
                f"faiss refuses description={self.description!r} with parameters="
                f"{self.parameters!r} for {len(rows)} rows of width {rows.shape[1]}: {error}"
            ) from error
        return engine

    def _search(self, queries, k):
        with self._threads(self.n_jobs):
            return self._engine.search(queries, k)

    @contextmanager
    def _threads(self, n_jobs):
        faiss = import_optional("faiss", _EXTRA)
        before = faiss.omp_get_max_threads()
        faiss.omp_set_num_threads(1 if _is_forked else effective_n_jobs(n_jobs))
        try:
            yield
        finally:
            faiss.omp_set_num_threads(before)

    def _freeze(self, engine):
        return import_optional("faiss", _EXTRA).serialize_index(engine)

    def _thaw(self, saved):
        return import_optional("faiss", _EXTRA).deserialize_index(np.ascontiguousarray(saved))

    def _shape_of(self, engine):
        return engine.ntotal, engine.d


class HnswlibIndex(EngineIndex):
    """Search by hnswlib: a navigable small-world graph.

    Parameters
    ----------
    M : int, default=16
        Links of an item; more find more and take more memory.
    ef_construction : int, default=200
        Candidates kept while linking; more find more and take longer to fit.
    ef : int, default=50
        Candidates kept while searching, at least the neighbours asked for.
    random_seed : int, default=100
        Seed of the levels.
    metric : {"cosine", "dot", "euclidean"}, default="cosine"
        What is near.
    n_jobs : int, default=None
        Threads that search: None is 1, -1 all cores. One builds: a graph that several build depends
        on their pace. Calls from several threads wait for one another.

    Examples
    --------
    >>> index = HnswlibIndex(metric="dot").fit([[1.0, 0.0], [0.0, 2.0]])
    >>> index.kneighbors([[0.0, 1.0]], n_neighbors=2, return_distance=False)
    array([[1, 0]])
    """

    _least = {"M": 2, "ef_construction": 1, "ef": 1, "random_seed": 0}

    def __init__(
        self, M=16, ef_construction=200, ef=50, random_seed=100, metric="cosine", n_jobs=None
    ):
        self.M = M
        self.ef_construction = ef_construction
        self.ef = ef
        self.random_seed = random_seed
        self.metric = metric
        self.n_jobs = n_jobs

    def _build(self, rows):
        engine = self._new(rows.shape[1])
        engine.init_index(
            max_elements=len(rows), M=self.M, ef_construction=self.ef_construction,
            random_seed=self.random_seed,
        )  # fmt: skip
        engine.add_items(rows, num_threads=1)
        return engine

    def _search(self, queries, k):
        n_jobs = effective_n_jobs(self.n_jobs)
        try:
            with self._searching:
                self._engine.set_ef(max(self.ef, k))
                indices, distances = self._engine.knn_query(queries, k, num_threads=n_jobs)
        except RuntimeError as error:
            raise ValueError(
                f"hnswlib reaches fewer than n_neighbors={k} items from some query: raise M or ef, "
                "or ask for fewer."
            ) from error
        return self._space(1 - distances, distances), indices

    def _new(self, width):
        hnswlib = import_optional("hnswlib", _EXTRA)
        return hnswlib.Index(self._space("ip", "l2"), width)

    def _freeze(self, engine):
        return _bytes_of(engine.save_index)

    def _thaw(self, saved):
        engine = self._new(self.n_features_in_)
        with _as_file(saved) as path:
            engine.load_index(path)
        return engine

    def _shape_of(self, engine):
        return engine.get_current_count(), self.n_features_in_


class UsearchIndex(EngineIndex):
    """Search by usearch: a navigable small-world graph, of reduced precision if wanted.

    Parameters
    ----------
    connectivity : int, default=16
        Links of an item.
    expansion_add : int, default=128
        Candidates kept while linking.
    expansion_search : int, default=64
        Candidates kept while searching, at least the neighbours asked for.
    dtype : {"f32", "bf16", "f16", "i8"}, default="f32"
        How vectors are kept.
    metric : {"cosine", "dot", "euclidean"}, default="cosine"
        What is near.
    n_jobs : int, default=None
        Threads that search: None is 1, -1 all cores. One builds: a graph that several build depends
        on their pace. Calls from several threads wait for one another.

    Examples
    --------
    >>> index = UsearchIndex(metric="euclidean").fit([[1.0, 0.0], [0.0, 2.0]])
    >>> index.kneighbors([[0.0, 1.0]], n_neighbors=1)
    (array([[1.]], dtype=float32), array([[1]]))
    """

    _least = {"connectivity": 2, "expansion_add": 1, "expansion_search": 1}

    def __init__(
        self, connectivity=16, expansion_add=128, expansion_search=64, dtype="f32",
        metric="cosine", n_jobs=None,
    ):  # fmt: skip
        self.connectivity = connectivity
        self.expansion_add = expansion_add
        self.expansion_search = expansion_search
        self.dtype = dtype
        self.metric = metric
        self.n_jobs = n_jobs

    def _build(self, rows):
        check_choice("dtype", self.dtype, ("f32", "bf16", "f16", "i8"))
        index = import_optional("usearch.index", _EXTRA)
        engine = index.Index(
            ndim=rows.shape[1], metric=self._space("ip", "l2sq"), dtype=self.dtype,
            connectivity=self.connectivity, expansion_add=self.expansion_add,
            expansion_search=self.expansion_search,
        )  # fmt: skip
        engine.add(np.arange(len(rows)), rows, threads=1)
        return engine

    def _search(self, queries, k):
        indices, closeness = np.full((len(queries), k), -1), np.zeros((len(queries), k), np.float32)
        if len(queries):
            n_jobs = effective_n_jobs(self.n_jobs)
            with self._searching:
                self._engine.expansion_search = max(self.expansion_search, k)
                found = self._engine.search(queries, k, threads=n_jobs)
            counts = found.counts if len(queries) > 1 else [len(found)]
            keys, distances = np.atleast_2d(found.keys), np.atleast_2d(found.distances)
            is_found = np.arange(keys.shape[1]) < np.reshape(counts, (-1, 1))
            indices[:, : keys.shape[1]][is_found] = keys[is_found]
            closeness[:, : keys.shape[1]][is_found] = distances[is_found]
        return self._space(1 - closeness, closeness), indices

    def _freeze(self, engine):
        return np.frombuffer(engine.save(), np.uint8)

    def _thaw(self, saved):
        return import_optional("usearch.index", _EXTRA).Index.restore(saved.tobytes())

    def _shape_of(self, engine):
        return len(engine), engine.ndim


class AnnoyIndex(EngineIndex):
    """Search by Annoy: a forest of random splits.

    Parameters
    ----------
    n_trees : int, default=50
        Trees; more find more and take more memory.
    search_k : int, default=-1
        Nodes looked at; -1 is n_trees times the neighbours asked for.
    seed : int, default=0
        Seed of the splits.
    metric : {"cosine", "dot", "euclidean"}, default="cosine"
        What is near.
    n_jobs : int, default=None
        Threads: None is 1, -1 all cores.

    Examples
    --------
    >>> index = AnnoyIndex(metric="euclidean").fit([[1.0, 0.0], [0.0, 2.0]])
    >>> index.kneighbors([[0.0, 1.0]], n_neighbors=1)
    (array([[1.]], dtype=float32), array([[1]]))
    """

    _least = {"n_trees": 1, "search_k": -1, "seed": 0}

    def __init__(self, n_trees=50, search_k=-1, seed=0, metric="cosine", n_jobs=None):
        self.n_trees = n_trees
        self.search_k = search_k
        self.seed = seed
        self.metric = metric
        self.n_jobs = n_jobs

    def _build(self, rows):
        engine = self._new(rows.shape[1])
        for item, row in enumerate(rows):
            engine.add_item(item, row)
        # One thread: trees depend on how many there are.
        engine.build(self.n_trees, n_jobs=1)
        return engine

    def _search(self, queries, k):
        indices, closeness = np.full((len(queries), k), -1), np.zeros((len(queries), k), np.float32)

        def search(first, last):
            for row in range(first, last):
                found = self._engine.get_nns_by_vector(
                    queries[row], k, search_k=self.search_k, include_distances=True
                )
                indices[row, : len(found[0])], closeness[row, : len(found[1])] = found

        parts = equal_parts(len(queries), self.n_jobs, most=_QUERIES_AT_ONCE)
        run_parts(search, parts, self.n_jobs)
        if self.effective_metric_ == "cosine":
            return 1 - closeness**2 / 2, indices
        return self._space(closeness, closeness**2), indices

    def _new(self, width):
        spaces = {"cosine": "angular", "dot": "dot", "euclidean": "euclidean"}
        annoy = import_optional("annoy", _EXTRA)
        engine = annoy.AnnoyIndex(width, spaces[self.effective_metric_])
        engine.set_seed(self.seed)
        return engine

    def _freeze(self, engine):
        return _bytes_of(engine.save)

    def _thaw(self, saved):
        engine = self._new(self.n_features_in_)
        with _as_file(saved) as path:
            engine.load(path)
        return engine

    def _shape_of(self, engine):
        return engine.get_n_items(), self.n_features_in_


class TreeIndex(EngineIndex):
    """Search by scikit-learn's trees: exact, and fast where vectors are short (20 numbers or so).

    Parameters
    ----------
    algorithm : {"kd_tree", "ball_tree"}, default="kd_tree"
        How space is cut up.
    leaf_size : int, default=30
        Items of a leaf.
    metric : {"cosine", "euclidean"}, default="cosine"
        What is near. Trees need a distance, which the dot product is not.
    n_jobs : int, default=None
        Threads: None is 1, -1 all cores.

    Examples
    --------
    >>> index = TreeIndex(metric="euclidean").fit([[1.0, 0.0], [0.0, 2.0]])
    >>> index.kneighbors([[0.0, 1.0]], n_neighbors=1)
    (array([[1.]], dtype=float32), array([[1]]))
    """

    _metrics = ("cosine", "euclidean")

    _least = {"leaf_size": 1}

    def __init__(self, algorithm="kd_tree", leaf_size=30, metric="cosine", n_jobs=None):
        self.algorithm = algorithm
        self.leaf_size = leaf_size
        self.metric = metric
        self.n_jobs = n_jobs

    def _build(self, rows):
        return self._thaw(self._zeros_apart(rows, 0))

    def _search(self, queries, k):
        queries = self._zeros_apart(queries, 1)
        distances = np.empty((len(queries), k), np.float32)
        indices = np.empty(distances.shape, np.int64)

        def search(first, last):
            found = self._engine.query(queries[first:last], k)
            distances[first:last], indices[first:last] = found

        parts = equal_parts(len(queries), self.n_jobs, most=_QUERIES_AT_ONCE)
        run_parts(search, parts, self.n_jobs)
        squares = distances**2
        return self._space(1 - squares / 2, squares), indices

    def _freeze(self, engine):
        # Of its rows the same tree grows again, sooner than it could be read. It keeps them wider.
        return np.asarray(engine.data, np.float32)

    def _is_saved(self, saved):
        width = self.n_features_in_ + 2 * (self.effective_metric_ == "cosine")
        return _is_array(saved, np.float32, (self.n_items_, width))

    def _thaw(self, saved):
        trees = {"kd_tree": KDTree, "ball_tree": BallTree}
        check_choice("algorithm", self.algorithm, trees)
        return trees[self.algorithm](saved, self.leaf_size, metric="euclidean")

    def _zeros_apart(self, rows, side):
        """For the cosine, turn rows of zeros at right angles to all rows of the other side."""
        if self.effective_metric_ != "cosine":
            return rows
        apart = np.zeros((len(rows), 2), rows.dtype)
        apart[:, side] = ~rows.any(axis=1)
        return np.hstack([rows, apart])


class ScannIndex(EngineIndex):
    """Search by ScaNN: a partition, quantisation and exact scores of the best (Linux only).

    Parameters
    ----------
    num_leaves : int, default=100
        Parts that items are cut into, at most as many as there are items.
    num_leaves_to_search : int, default=10
        Parts that are looked at.
    dimensions_per_block : int, default=2
        Neighbouring numbers that are quantised as one.
    reorder : int, default=100
        Best items that are scored exactly, at least the neighbours asked for.
    metric : {"cosine", "dot", "euclidean"}, default="cosine"
        What is near.
    n_jobs : int, default=None
        Threads that search: None is 1, else all cores.

    Notes
    -----
    Fewer than 16 items, of which ScaNN can learn no 16 centres, are all scored exactly.

    References
    ----------
    Guo et al. 2020, "Accelerating large-scale inference with anisotropic vector quantization".
    """

    # What ScaNN writes of an index. Only these are saved and read: it would also unpickle.
    _CONFIG = "scann_config.pb"
    _ASSETS = {
        "AH_CENTERS": "ah_codebook.pb",
        "PARTITIONER": "serialized_partitioner.pb",
        "TOKENIZATION_NPY": "datapoint_to_token.npy",
        "AH_DATASET_NPY": "hashed_dataset.npy",
        "DATASET_NPY": "dataset.npy",
    }

    _least = dict.fromkeys(
        ("num_leaves", "num_leaves_to_search", "dimensions_per_block", "reorder"), 1
    )

    def __init__(
        self, num_leaves=100, num_leaves_to_search=10, dimensions_per_block=2, reorder=100,
        metric="cosine", n_jobs=None,
    ):  # fmt: skip
        self.num_leaves = num_leaves
        self.num_leaves_to_search = num_leaves_to_search
        self.dimensions_per_block = dimensions_per_block
        self.reorder = reorder
        self.metric = metric
        self.n_jobs = n_jobs

    def _build(self, rows):
        scann = import_optional("scann", "scann")
        measure = self._space("dot_product", "squared_l2")
        builder = scann.scann_ops_pybind.builder(rows, 10, measure)
        if len(rows) < _SCANN_CENTRES:
            return builder.score_brute_force().build()
        builder = builder.tree(
            self.num_leaves, self.num_leaves_to_search, training_sample_size=len(rows)
        )
        try:
            return builder.score_ah(self.dimensions_per_block).reorder(self.reorder).build()
        except RuntimeError as error:
            raise ValueError(
                f"ScaNN refuses num_leaves={self.num_leaves} for {len(rows)} rows of width "
                f"{rows.shape[1]}: {error}"
            ) from error

    def _search(self, queries, k):
        indices, closeness = np.full((len(queries), k), -1), np.zeros((len(queries), k), np.float32)
        one = effective_n_jobs(self.n_jobs) == 1
        search = self._engine.search_batched if one else self._engine.search_batched_parallel
        if len(queries):
            found, near = search(
                queries, final_num_neighbors=k, pre_reorder_num_neighbors=max(self.reorder, k)
            )
            is_found = np.isfinite(near)
            indices[:, : found.shape[1]][is_found] = found[is_found]
            closeness[:, : found.shape[1]][is_found] = near[is_found]
        return closeness, indices

    def _freeze(self, engine):
        with tempfile.TemporaryDirectory() as folder:
            engine.serialize(folder, relative_path=True)
            paths = [Path(folder, name) for name in (self._CONFIG, *self._assets().values())]
            return {
                path.name: np.load(path) if path.suffix == ".npy" else np.fromfile(path, np.uint8)
                for path in paths
            }

    def _is_saved(self, saved):
        arrays = {
            "datapoint_to_token.npy": (np.int32, (self.n_items_,)),
            "hashed_dataset.npy": (np.uint8, (self.n_items_, -1)),
            "dataset.npy": (np.float32, (self.n_items_, self.n_features_in_)),
        }
        names = {self._CONFIG, *self._assets().values()}
        return (isinstance(saved, dict) and saved.keys() == names) and all(
            _is_array(part, *arrays.get(name, (np.uint8, (-1,)))) for name, part in saved.items()
        )

    def _thaw(self, saved):
        scann = import_optional("scann", "scann")
        assets = self._assets()
        with tempfile.TemporaryDirectory() as folder:
            for name in (self._CONFIG, *assets.values()):
                path = Path(folder, name)
                np.save(path, saved[name]) if path.suffix == ".npy" else saved[name].tofile(path)
            lines = [
                f'assets {{asset_type: {kind} asset_path: "{name}"}}'
                for kind, name in assets.items()
            ]
            Path(folder, "scann_assets.pbtxt").write_text("\n".join(lines))
            return scann.scann_ops_pybind.load_searcher(folder)

    def _assets(self):
        """Return what ScaNN writes for so many items: kind -> name."""
        few = self.n_items_ < _SCANN_CENTRES
        return {"DATASET_NPY": self._ASSETS["DATASET_NPY"]} if few else self._ASSETS


def _is_array(value, dtype, shape):
    """Return whether a value is an array of this dtype and shape, where -1 is any length."""
    return (
        isinstance(value, np.ndarray)
        and value.dtype == dtype
        and len(value.shape) == len(shape)
        and all(wanted in (-1, there) for wanted, there in zip(shape, value.shape))
    )


def _bytes_of(save):
    """Return what ``save(path)`` writes, as an array of bytes."""
    with tempfile.TemporaryDirectory() as folder:
        save(str(Path(folder, "engine")))
        return np.fromfile(Path(folder, "engine"), np.uint8)


@contextmanager
def _as_file(saved):
    """Give the path of a file with these bytes, for as long as it is read."""
    # Annoy maps its file: where a mapped file cannot be removed, it stays with the temporary ones.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        saved.tofile(Path(folder, "engine"))
        yield str(Path(folder, "engine"))
