"""The trees of scikit-learn behind the contract of the engines."""

import numpy as np
from sklearn.neighbors import BallTree, KDTree

from textvec._checks import check_choice
from textvec._threads import equal_parts, run_parts
from textvec.search.engines._engine import QUERIES_AT_ONCE, EngineIndex, is_array


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

    Attributes
    ----------
    n_items_, n_features_in_ : int
        Items, and features of an item.
    effective_metric_ : str
        The metric that the items were made ready for.

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

        parts = equal_parts(len(queries), self.n_jobs, most=QUERIES_AT_ONCE)
        run_parts(search, parts, self.n_jobs)
        squares = distances**2
        return self._space(1 - squares / 2, squares), indices

    def _freeze(self, engine):
        # Of its rows the same tree grows again, sooner than it could be read. It keeps them wider.
        return np.asarray(engine.data, np.float32)

    def _is_saved(self, saved):
        width = self.n_features_in_ + 2 * (self.effective_metric_ == "cosine")
        return is_array(saved, np.float32, (self.n_items_, width))

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
