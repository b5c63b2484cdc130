"""The graph of usearch behind the contract of the engines."""

import numpy as np

from textvec._checks import check_choice, import_optional
from textvec._threads import effective_n_jobs
from textvec.search.engines._engine import EXTRA, EngineIndex


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

    Attributes
    ----------
    n_items_, n_features_in_ : int
        Items, and features of an item.
    effective_metric_ : str
        The metric that the items were made ready for.

    Examples
    --------
    >>> index = UsearchIndex(metric="euclidean").fit([[1.0, 0.0], [0.0, 2.0]])
    >>> index.kneighbors([[0.0, 1.0]], n_neighbors=1)
    (array([[1.]], dtype=float32), array([[1]]))
    """

    _grows = True
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
        index = import_optional("usearch.index", EXTRA)
        engine = index.Index(
            ndim=rows.shape[1], metric=self._space("ip", "l2sq"), dtype=self.dtype,
            connectivity=self.connectivity, expansion_add=self.expansion_add,
            expansion_search=self.expansion_search,
        )  # fmt: skip
        engine.add(np.arange(len(rows)), rows, threads=1)
        return engine

    def _extend(self, engine, rows):
        engine.expansion_add = self.expansion_add  # which is not saved
        engine.add(np.arange(self.n_items_, self.n_items_ + len(rows)), rows, threads=1)

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
        return import_optional("usearch.index", EXTRA).Index.restore(saved.tobytes())

    def _shape_of(self, engine):
        return len(engine), engine.ndim
