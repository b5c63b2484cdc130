"""Indexes of faiss behind the contract of the engines."""

import os
from contextlib import contextmanager

import numpy as np

from textvec._checks import check_type, import_optional
from textvec._threads import effective_n_jobs
from textvec.search.engines._engine import EXTRA, EngineIndex

_is_forked = False


def _note_fork():
    global _is_forked
    _is_forked = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_fork)


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

    Attributes
    ----------
    n_items_, n_features_in_ : int
        Items, and features of an item.
    effective_metric_ : str
        The metric that the items were made ready for.

    See Also
    --------
    textvec.ExactIndex : As fast as Flat, for sparse vectors too.

    Examples
    --------
    >>> index = FaissIndex("Flat", metric="euclidean").fit([[0.0, 0.0], [3.0, 4.0]])
    >>> index.kneighbors([[0.0, 0.0]], n_neighbors=2)
    (array([[0., 5.]], dtype=float32), array([[0, 1]]))
    """

    _grows = True

    def __init__(self, description="HNSW32", parameters="", metric="cosine", n_jobs=None):
        self.description = description
        self.parameters = parameters
        self.metric = metric
        self.n_jobs = n_jobs

    def _build(self, rows):
        for name in ("description", "parameters"):
            check_type(name, getattr(self, name), str, "a str")
        faiss = import_optional("faiss", EXTRA)
        measure = self._space(faiss.METRIC_INNER_PRODUCT, faiss.METRIC_L2)
        try:
            with self._threads(1 if self._is_graph() else self.n_jobs):
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

    def _extend(self, engine, rows):
        with self._threads(1 if self._is_graph() else self.n_jobs):
            engine.add(rows)

    def _is_graph(self):
        return any(kind in self.description for kind in ("HNSW", "NSG"))

    def _search(self, queries, k):
        with self._threads(self.n_jobs):
            return self._engine.search(queries, k)

    @contextmanager
    def _threads(self, n_jobs):
        faiss = import_optional("faiss", EXTRA)
        before = faiss.omp_get_max_threads()
        faiss.omp_set_num_threads(1 if _is_forked else effective_n_jobs(n_jobs))
        try:
            yield
        finally:
            faiss.omp_set_num_threads(before)

    def _freeze(self, engine):
        return import_optional("faiss", EXTRA).serialize_index(engine)

    def _thaw(self, saved):
        return import_optional("faiss", EXTRA).deserialize_index(np.ascontiguousarray(saved))

    def _shape_of(self, engine):
        return engine.ntotal, engine.d
