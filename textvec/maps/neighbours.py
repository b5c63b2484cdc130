"""What is nearest to each item, and how many of these two ways of embedding have in common."""

from typing import NamedTuple

import numpy as np
from scipy import sparse

from textvec.search._indexes import without_itself
from textvec.search.exact import ExactIndex

_BLOCK = 1 << 16  # items whose neighbours are compared at a time


class Neighbours(NamedTuple):
    """The items nearest to each of n items.

    Parameters
    ----------
    indices : ndarray of int64 of shape (n_items, n_neighbours)
        Their rows, best first, never the item itself; -1 where there are no more.
    scores : ndarray of shape (n_items, n_neighbours)
        How near they are, 0 where there are no more.
    """

    indices: np.ndarray
    scores: np.ndarray


def nearest(vectors, n_neighbours, queries=None, metric="cosine", n_jobs=None):
    """Return the items nearest to each item, exactly.

    Parameters
    ----------
    vectors : array or sparse matrix of shape (n_items, n_features)
        The items. Rows of zeros are near to nothing.
    n_neighbours : int >= 1
        How many to find.
    queries : array or sparse matrix of the same shape, default=None
        The items as what is searched with; None takes ``vectors``.
    metric : {"cosine", "dot"}, default="cosine"
        How they are compared.
    n_jobs : int, default=None
        Threads, as in scikit-learn.

    Returns
    -------
    Neighbours

    Raises
    ------
    ValueError
        If a vector holds NaN or an infinite number.

    Examples
    --------
    >>> nearest(np.array([[1.0, 0], [1, 1], [0, 0]]), 2).indices
    array([[ 1, -1],
           [ 0, -1],
           [-1, -1]])
    """
    n_items = vectors.shape[0]
    queries = vectors if queries is None else queries
    indices = np.full((n_items, n_neighbours), -1)
    scores = np.zeros((n_items, n_neighbours))
    rows = np.flatnonzero(_says_something(vectors) & _says_something(queries))
    if rows.size < 2:
        return Neighbours(indices, scores)
    every = rows.size == n_items
    index = ExactIndex(metric=metric, n_jobs=n_jobs).fit(vectors if every else vectors[rows])
    found, at = index.search(queries if every else queries[rows], n_neighbours + 1)
    found, at = without_itself(found, at)
    width = at.shape[1]
    scores[rows, :width] = found
    indices[rows, :width] = np.where(at < 0, -1, rows[at])
    return Neighbours(indices, scores)


def best_of(scores, n_neighbours):
    """Return the items that score best with each item, of a table of scores.

    Parameters
    ----------
    scores : ndarray of shape (n_items, n_items)
        Of each pair; its diagonal is not looked at. Scores of 0 and below are no match.
    n_neighbours : int >= 1
        How many to find.

    Returns
    -------
    Neighbours

    Examples
    --------
    >>> best_of(np.array([[9, 0.2, 0.3], [0.2, 9, 0], [0.3, 0, 9]]), 2).indices
    array([[ 2,  1],
           [ 0, -1],
           [ 0, -1]])
    """
    scores = np.array(scores, float)
    np.fill_diagonal(scores, -np.inf)
    indices = np.argsort(-scores, axis=1, kind="stable")[:, :n_neighbours]
    found = np.take_along_axis(scores, indices, axis=1)
    is_match = found > 0
    made = np.full((len(scores), n_neighbours), -1), np.zeros((len(scores), n_neighbours))
    made[0][:, : indices.shape[1]] = np.where(is_match, indices, -1)
    made[1][:, : indices.shape[1]] = np.where(is_match, found, 0)
    return Neighbours(*made)


def common(a, b):
    """Return how many of the nearest items two ways of embedding agree on, for each item.

    Parameters
    ----------
    a, b : Neighbours
        Of the same items.

    Returns
    -------
    ndarray of int64 of shape (n_items,)

    Examples
    --------
    >>> first = Neighbours(np.array([[1, 2], [0, -1]]), np.zeros((2, 2)))
    >>> common(first, Neighbours(np.array([[2, 3], [-1, -1]]), np.zeros((2, 2))))
    array([1, 0])
    """
    counts = []
    for start in range(0, len(a.indices), _BLOCK):
        left, right = (one.indices[start : start + _BLOCK] for one in (a, b))
        same = (left[:, :, None] == right[:, None, :]) & (left[:, :, None] >= 0)
        counts.append(same.sum(axis=(1, 2)))
    return np.concatenate(counts)


def _says_something(vectors):
    """Return which rows are not all zeros."""
    if sparse.issparse(vectors):
        return np.asarray(abs(vectors).sum(axis=1)).ravel() != 0  # NaN is something
    return (vectors != 0).any(axis=1)
