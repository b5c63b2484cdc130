"""The forest of Annoy behind the contract of the engines."""

import numpy as np

from textvec._checks import import_optional
from textvec._threads import equal_parts, run_parts
from textvec.search.engines._engine import EXTRA, QUERIES_AT_ONCE, EngineIndex, as_file, bytes_of


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

    Attributes
    ----------
    n_items_, n_features_in_ : int
        Items, and features of an item.
    effective_metric_ : str
        The metric that the items were made ready for.

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

        parts = equal_parts(len(queries), self.n_jobs, most=QUERIES_AT_ONCE)
        run_parts(search, parts, self.n_jobs)
        if self.effective_metric_ == "cosine":
            return 1 - closeness**2 / 2, indices
        return self._space(closeness, closeness**2), indices

    def _new(self, width):
        spaces = {"cosine": "angular", "dot": "dot", "euclidean": "euclidean"}
        annoy = import_optional("annoy", EXTRA)
        engine = annoy.AnnoyIndex(width, spaces[self.effective_metric_])
        engine.set_seed(self.seed)
        return engine

    def _freeze(self, engine):
        return bytes_of(engine.save)

    def _thaw(self, saved):
        engine = self._new(self.n_features_in_)
        with as_file(saved) as path:
            engine.load(path)
        return engine

    def _shape_of(self, engine):
        return engine.get_n_items(), self.n_features_in_
