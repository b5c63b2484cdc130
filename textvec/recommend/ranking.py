"""The best items among those that are allowed, and the best that are unlike each other."""

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.preprocessing import normalize

from textvec.kernels.diversity import mmr
from textvec.recommend.items import by_labels

MOST_CANDIDATES = 1000  # that diversity chooses from: their similarities are a square matrix


def allowed_rows(where, items, ids):
    """Return which items may be recommended.

    Parameters
    ----------
    where : array-like of n_items bools, callable or None
        As :meth:`textvec.ContentRecommender.recommend` takes it.
    items : DataFrame
        The items.
    ids : pandas.Index
        What they are called.

    Returns
    -------
    ndarray of bool of shape (n_items,)
        A new array.

    Raises
    ------
    TypeError
        If it holds something else than bools.
    ValueError
        If it has another length than the items.
    """
    if where is None:
        return np.ones(len(ids), bool)
    mask = where(items) if callable(where) else where
    mask = by_labels("where", mask, items.index, ids)
    if isinstance(mask, pd.Series) and pd.api.types.infer_dtype(mask) == "boolean":
        mask = mask.astype("boolean").to_numpy(bool, na_value=False)
    mask = np.array(mask)
    if mask.dtype != bool:
        got = repr(where) if isinstance(where, str) else f"values of type {mask.dtype}"
        raise TypeError(
            f"where must give one bool for each item. Got {got} instead: take a function, such "
            'as lambda items: items["price"] < 100.'
        )
    if mask.shape != (len(ids),):
        raise ValueError(
            f"where must give one bool for each of the {len(ids)} items. "
            f"Got shape {mask.shape} instead."
        )
    return mask


def best_allowed(index, query, k, allowed):
    """Return the best allowed rows for a query, and their scores.

    What is searched is not thinned out but searched deeper, until there are enough: so scores and
    ties are the same with and without a filter, and nothing is laid out anew.

    Parameters
    ----------
    index : index
        With ``search``.
    query : array-like or sparse matrix of shape (1, n_features)
        What is searched for.
    k : int >= 0
        How many at most.
    allowed : ndarray of bool of shape (n_items,)
        Which rows may be found.

    Returns
    -------
    rows, scores : ndarray
        Best first.
    """
    n_items, n_allowed = len(allowed), int(allowed.sum())
    k = min(k, n_allowed)
    if k == 0:
        return np.zeros(0, np.intp), np.zeros(0, np.float32)
    enough = k + n_items - n_allowed
    depth = min(enough, max(64, 2 * k * n_items // n_allowed))
    while True:
        scores, rows = index.search(query, depth)
        kept = (rows[0] >= 0) & allowed[rows[0]]
        if depth >= enough or kept.sum() >= k or rows[0, -1] < 0:
            return rows[0][kept][:k], scores[0][kept][:k]
        depth = min(enough, 4 * depth)


def diverse(vectors, rows, scores, k, diversity):
    """Choose ``k`` of the candidates by maximal marginal relevance.

    Parameters
    ----------
    vectors : csr matrix or ndarray of shape (n_items, n_features)
        Of all items.
    rows, scores : ndarray
        The candidates, best first.
    k : int
        How many.
    diversity : float in [0, 1]
        0 is by score alone.

    Returns
    -------
    rows, scores : ndarray
        In the order of the choice.
    """
    head = rows[:MOST_CANDIDATES]
    if not len(head):
        return rows, scores
    cosines = np.ascontiguousarray(cosines_among(vectors[head]))
    relevance = scores[: len(head)] / (scores[0] if scores[0] > 0 else 1)
    chosen = mmr(relevance, cosines, float(diversity), k)
    chosen = [*chosen, *range(len(head), len(rows))][:k]
    return rows[chosen], scores[chosen]


def cosines_among(vectors):
    """Return the cosine of each vector with each: an array of shape (n_vectors, n_vectors)."""
    vectors = normalize(vectors)
    cosines = vectors @ vectors.T
    return cosines.toarray() if sparse.issparse(cosines) else cosines
