"""Leave-out evaluation of recommendations: hide what users like, and see whether it comes back."""

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.preprocessing import normalize

from textvec.evaluate.metrics import hit_rate_at_k, ndcg_at_k, recall_at_k

_SCORES = 1 << 22  # kept at a time
_MEASURES = {"hit_rate": hit_rate_at_k, "recall": recall_at_k, "ndcg": ndcg_at_k}


def evaluate(users, items, vectors, found, k, n_held_out):
    """Evaluate as :meth:`~textvec.ContentRecommender.evaluate` says.

    Parameters
    ----------
    users : pandas.Index of length n_interactions
        Who likes it.
    items : ndarray of int of shape (n_interactions,)
        The rows of the items that are liked.
    vectors : matrix of shape (n_items, n_features)
        The items as what is searched for.
    found : matrix of shape (n_items, n_features)
        The items as what is found.
    k, n_held_out : int
        As the method takes them.

    Returns
    -------
    Series
    """
    n_items = vectors.shape[0]
    codes, users_by_code = pd.factorize(users)
    popularity = np.bincount(items, minlength=n_items)
    by_popularity = np.lexsort((np.arange(n_items), -popularity))
    surprise = np.log2(len(users_by_code) / np.maximum(popularity, 1))
    units, across = normalize(found), found.T
    across = across.tocsr() if sparse.issparse(across) else across
    means, recommended, n_runs = [], np.zeros(n_items, bool), 0
    by_user = np.split(items[np.argsort(codes, kind="stable")], np.cumsum(np.bincount(codes))[:-1])
    for liked in by_user:
        if len(liked) <= n_held_out:
            continue
        runs = [liked[start : start + n_held_out] for start in range(0, len(liked), n_held_out)]
        lists = list(_recommend(liked, runs, vectors, across, k))
        means.append(
            [
                *np.mean([_hits(*pair, k) for pair in zip(lists, runs)], axis=0),
                np.mean(_diversities(lists, units)),
                np.mean([surprise[best].mean() if len(best) else 0.0 for best in lists]),
                np.mean([_chance(n_items - len(liked) + len(run), len(run), k) for run in runs]),
                np.mean(list(_popular_hits(liked, runs, popularity, by_popularity, k))),
            ]
        )
        recommended[np.concatenate(lists)] = True
        n_runs += len(runs)
    if not means:
        raise ValueError(
            f"interactions must hold a user with more than n_held_out={n_held_out} items. "
            f"Got {len(users_by_code)} users without one."
        )
    names = [*_MEASURES, "diversity", "novelty", "chance_hit_rate", "popular_hit_rate"]
    averages = dict(zip(names, np.mean(means, axis=0)))
    counts = {"coverage": recommended.mean(), "users": len(means), "runs": n_runs}
    return pd.Series(averages | counts)


def _recommend(liked, runs, vectors, across, k):
    """Yield for each run the rows of the k items most like the user's others.

    The scores of a profile are those of all that the user likes, less those of the hidden items:
    one long query for each user and a short one for each run.
    """
    n_items = across.shape[1]
    whole = _scores(_sums([liked], vectors), across)  # (1, n_items)
    nothing = 1e-6 * abs(whole).max()  # what rounding may leave of 0
    step = max(1, _SCORES // n_items)
    for start in range(0, len(runs), step):
        block = runs[start : start + step]
        scores = whole - _scores(_sums(block, vectors), across)
        for row, hidden in zip(scores, block):
            row[abs(row) <= nothing] = -np.inf
            offered = row[hidden]
            row[liked] = -np.inf
            row[hidden] = offered
            best = np.argpartition(-row, min(k, n_items - 1))[:k]
            best = best[np.lexsort((best, -row[best]))]
            yield best[row[best] > -np.inf]


def _chance(n_candidates, n_hidden, k):
    """Return how probably one of the hidden items is among k drawn from all candidates."""
    misses = n_candidates - n_hidden - np.arange(min(k, n_candidates))
    return 1 - np.prod(np.maximum(misses, 0) / (n_candidates - np.arange(len(misses))))


def _popular_hits(liked, runs, popularity, by_popularity, k):
    """Yield for each run whether the k items that most users have hold one of the hidden ones.

    Popularity is counted without the hidden likes, as a recommender would have to; of equal ones
    the first comes first.
    """
    head = by_popularity[: k + len(liked)]
    others = head[~np.isin(head, liked)][:k]
    for hidden in runs:
        rows = np.concatenate([others, hidden])
        counts = np.concatenate([popularity[others], popularity[hidden] - 1])
        best = np.lexsort((rows, -counts))[:k]
        yield (best[counts[best] > 0] >= len(others)).any()


def _sums(groups, vectors):
    """Return the sum of the vectors of each group of rows."""
    bounds = np.cumsum([0, *map(len, groups)])
    ones = np.ones(bounds[-1], vectors.dtype)
    shape = len(groups), vectors.shape[0]
    return sparse.csr_array((ones, np.concatenate(groups), bounds), shape=shape) @ vectors


def _scores(queries, across):
    scores = queries @ across
    return scores.toarray() if sparse.issparse(scores) else scores


def _hits(best, hidden, k):
    """Return hit rate, recall and nDCG of one list."""
    relevance = dict.fromkeys(hidden.tolist(), 1)
    return [measure(best.tolist(), relevance, k) for measure in _MEASURES.values()]


def _diversities(lists, units):
    """Return 1 - the mean cosine of two items of each list, from rows of length 1; 0 of one."""
    sums = _sums(lists, units)
    squares = sums.multiply(sums) if sparse.issparse(sums) else sums**2
    squares = np.asarray(squares.sum(axis=1), np.float64).ravel()  # all pairs, i with i too
    lengths = np.array([len(best) for best in lists])
    n_pairs = np.maximum(lengths * (lengths - 1), 1)
    return np.where(lengths > 1, 1 - (squares - lengths) / n_pairs, 0.0)
