"""Fusion: one ranking from the rankings of several indexes, such as sparse and dense ones."""

from collections.abc import Sequence
from typing import Self

import numpy as np
from sklearn.base import clone

from textvec._checks import check_choice, check_number, check_type
from textvec._threads import learning
from textvec.search._indexes import Index, check_n_neighbors, check_places
from textvec.search._vectorizers import is_fitted
from textvec.search.exact import ExactIndex


class HybridIndex(Index):
    """Search several views of the same items at once, such as TF-IDF and embeddings.

    Parameters
    ----------
    indexes : list of indexes, default=None
        One for each view, anything with ``fit`` and ``kneighbors``. None is an
        :class:`~textvec.ExactIndex` for each.
    fusion : {"rrf", "weighted"}, default="rrf"
        How rankings become one: by reciprocal ranks, or by scores that are brought to [0, 1] over
        the candidates of each query. Ranks need no scores that compare; scores tell near from far.
    weights : list of float >= 0, default=None
        How much each view counts; None is 1 each.
    k : float >= 0, default=60
        Of reciprocal ranks: the more, the less the first few count.
    n_candidates : int >= 1, default=100
        How many items each index contributes to a query, at least those asked for.

    Attributes
    ----------
    indexes_ : list
        The fitted indexes.
    n_items_ : int
        Items in each of them.

    Notes
    -----
    An item that ranks r-th (from 1) in view v has the fused score ``sum_v weight_v / (k + r)``
    (Cormack, Clarke and Buettcher 2009, "Reciprocal rank fusion outperforms Condorcet and
    individual rank learning methods"), or ``sum_v weight_v * (score - low) / (high - low)`` with
    the lowest and highest score of the candidates. A view that does not contribute an item adds 0.

    Examples
    --------
    >>> words, meanings = [[1.0, 0.0], [0.0, 1.0], [1.0, 0.9]], [[0.0, 1.0], [1.0, 0.0], [0.2, 1.0]]
    >>> index = HybridIndex().fit([words, meanings])
    >>> index.search([[[1.0, 1.0]], [[0.3, 1.0]]], k=2)[1]
    array([[2, 0]])
    """

    def __init__(self, indexes=None, fusion="rrf", weights=None, k=60, n_candidates=100):
        self.indexes = indexes
        self.fusion = fusion
        self.weights = weights
        self.k = k
        self.n_candidates = n_candidates

    def fit(self, X, y=None) -> Self:
        """Fit each index to its view.

        Parameters
        ----------
        X : sequence of matrices
            One view each, all of the same items in the same order.
        y : None
            Ignored.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            If a parameter is out of range, or views differ in number from indexes, weights or in
            their items.
        """
        _check_views(X)
        self._check_parameters(len(X))
        _check_as_many("indexes", self.indexes, len(X))
        lengths = [view.shape[0] if hasattr(view, "shape") else len(view) for view in X]
        if len(set(lengths)) != 1:
            raise ValueError(f"Views must be of the same items. Got views of {lengths} items.")
        indexes = [ExactIndex() for _ in X] if self.indexes is None else self.indexes
        with learning(self) as aside:
            aside.indexes_ = [clone(index).fit(view) for index, view in zip(indexes, X)]
            aside.n_items_ = lengths[0]
        return self

    def search(self, X, k=10):
        """Return the items of the highest fused scores.

        Parameters
        ----------
        X : sequence of matrices
            The queries in each view.
        k : int >= 1, default=10
            How many items to return for each query; more than there are is allowed.

        Returns
        -------
        scores : ndarray of float64 of shape (n_queries, k)
            Best first; 0 where there are no more candidates.
        indices : ndarray of int64 of shape (n_queries, k)
            The rows of these items; of equal scores the lower row comes first. -1 for no more.

        Raises
        ------
        TypeError, ValueError
            If a parameter is out of range, or queries differ in number between views.
        """
        return self._asked()._search(X, k)

    def _search(self, X, k):
        check_number("k", k, low=1, integer=True)
        _check_views(X)
        self._check_parameters(len(self.indexes_))
        if len(X) != len(self.indexes_):
            raise ValueError(
                f"Queries must come in {len(self.indexes_)} views, one for each index. "
                f"Got {len(X)} instead."
            )
        depth = min(max(k, self.n_candidates), self.n_items_)
        found = [candidates(index, view, depth) for index, view in zip(self.indexes_, X)]
        lengths = [len(scores) for scores, _ in found]
        if len(set(lengths)) != 1:
            raise ValueError(f"Views must be of the same queries. Got views of {lengths} queries.")
        check_places(lengths[0], k, self.n_items_)
        weights = np.ones(len(found)) if self.weights is None else self.weights
        gains = [
            weight * self._gains(scores, indices >= 0)
            for weight, (scores, indices) in zip(weights, found)
        ]
        indices = [np.where(weight > 0, ids, -1) for weight, (_, ids) in zip(weights, found)]
        return _best_sums(np.hstack(gains), np.hstack(indices), self.n_items_, k)

    def kneighbors(self, X, n_neighbors=5, return_distance=True):
        """Return what :meth:`search` finds, as scikit-learn's NearestNeighbors does.

        Parameters
        ----------
        X : sequence of matrices
            The queries in each view.
        n_neighbors : int >= 1, default=5
            How many to return, at most the number of items.
        return_distance : bool, default=True
            Whether to return distances as well.

        Returns
        -------
        distances : ndarray of float64 of shape (n_queries, n_neighbors)
            Minus the fused scores, ascending.
        indices : ndarray of int64 of shape (n_queries, n_neighbors)
            The rows of these items; of equal distances the lower row comes first. -1 for no more.

        Raises
        ------
        TypeError, ValueError
            As :meth:`search` raises them; also if ``n_neighbors`` items do not exist.
        """
        index = self._asked()
        check_n_neighbors(n_neighbors, index.n_items_)
        scores, indices = index._search(X, n_neighbors)
        return (0 - scores, indices) if return_distance else indices

    def __sklearn_is_fitted__(self):
        return hasattr(self, "indexes_")  # to look through all is not safe among threads

    def _check_loaded(self):
        if not hasattr(self, "indexes_"):
            return
        check_type("indexes_", self.indexes_, list, "a list")
        check_number("n_items_", self.n_items_, low=1, integer=True)
        for index in self.indexes_:
            if not (hasattr(index, "kneighbors") and is_fitted(index)):
                raise ValueError(f"indexes_ must be fitted indexes. Got a {type(index).__name__}")
            found = _n_items(index)
            if found != self.n_items_:
                raise ValueError(f"indexes_ must be of {self.n_items_} items. Got one of {found}")

    def _check_parameters(self, n_views):
        """Raise where a question could not be answered; they may be set after fit, too."""
        check_choice("fusion", self.fusion, ("rrf", "weighted"))
        check_number("k", self.k, low=0)
        check_number("n_candidates", self.n_candidates, low=1, integer=True)
        _check_as_many("weights", self.weights, n_views)
        for weight in () if self.weights is None else self.weights:
            check_number("weights", weight, low=0)

    def _gains(self, scores, is_found):
        """Return what each place of a ranking adds to the score of the item there."""
        if self.fusion == "rrf":
            return is_found / (self.k + 1 + np.arange(scores.shape[1]))
        scores = scores.astype(np.float64)
        low = np.where(is_found, scores, np.inf).min(axis=1, keepdims=True, initial=np.inf)
        high = np.where(is_found, scores, -np.inf).max(axis=1, keepdims=True, initial=-np.inf)
        spread = np.where(high > low, high - low, 1)
        gains = np.where(high > low, (scores - low) / spread, 1.0)  # all alike: all the best
        return np.where(is_found, gains, 0)


def _check_views(X):
    """Raise unless there is a list of matrices."""
    is_one = getattr(X, "ndim", 1) == 2
    if is_one or isinstance(X, str) or not isinstance(X, Sequence | np.ndarray):
        advice = "put it in a list with the others" if is_one else "put the matrices in a list"
        raise TypeError(
            "X must be a list of matrices, one for each view. "
            f"Got {'one ' * is_one}{type(X).__name__} instead: {advice}."
        )
    if not len(X):
        raise ValueError("X must hold one view at least. Got none.")


def _check_as_many(name, values, n_views):
    """Raise unless there is one value for each view, or None."""
    check_type(name, values, Sequence | np.ndarray | None, "a list, or None")
    if values is not None and len(values) != n_views:
        raise ValueError(
            f"{name} must be as many as the views. Got {len(values)} for {n_views} views."
        )


def _n_items(index):
    """Return how many items one of our indexes holds."""
    for name in ("n_items_", "items_", "signatures_"):
        if hasattr(index, name):
            found = getattr(index, name)
            return found if name == "n_items_" else found.shape[0]
    return None


def candidates(index, queries, depth):
    """Return what an index finds: matches where it tells them, else neighbours.

    Parameters
    ----------
    index : index
        Fitted.
    queries : matrix
        In its view.
    depth : int
        How many for each query.

    Returns
    -------
    scores, indices : ndarray
        Best first. Of neighbours the score is the distance, with its sign turned.
    """
    if hasattr(index, "search") and getattr(index, "effective_metric_", None) != "euclidean":
        return index.search(queries, depth)
    distances, indices = index.kneighbors(queries, depth)
    return np.where(indices < 0, 0, -distances), indices


def _best_sums(gains, indices, n_items, k):
    """Add up the gains of each item in each row, and return the k best sums and their items."""
    n_queries = len(indices)
    rows = np.repeat(np.arange(n_queries), indices.shape[1])
    is_found = indices.ravel() >= 0
    pairs, place = np.unique(
        rows[is_found] * n_items + indices.ravel()[is_found], return_inverse=True
    )
    sums = np.bincount(place, gains.ravel()[is_found], minlength=len(pairs))
    rows, items = np.divmod(pairs, n_items)
    order = np.lexsort((items, -sums, rows))
    rows, items, sums = rows[order], items[order], sums[order]
    rank = np.arange(len(rows)) - np.searchsorted(rows, rows)
    is_kept = rank < k
    scores, best = np.zeros((n_queries, k)), np.full((n_queries, k), -1)
    scores[rows[is_kept], rank[is_kept]] = sums[is_kept]
    best[rows[is_kept], rank[is_kept]] = items[is_kept]
    return scores, best
