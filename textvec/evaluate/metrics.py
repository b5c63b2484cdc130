"""Metrics of one ranking: ids in ranked order against the grades of the relevant ones.

All take ``(ranking, relevance, k)`` and look at the first ``k`` ids only. An id is relevant when
its grade is above zero; an id without a grade is not. The mean over queries is the caller's. A
ranking shorter than ``k`` counts as followed by irrelevant ids, and where nothing is relevant
every metric is 0.0, both as in trec_eval (https://github.com/usnistgov/trec_eval), whose numbers
these equal.
"""

from collections.abc import Hashable, Mapping, Sequence

import numpy as np

from textvec._checks import check_number


def ndcg_at_k(ranking: Sequence[Hashable], relevance: Mapping, k: int) -> float:
    """Normalised discounted cumulative gain: early ranks count more, and grades count.

    ``DCG@k = sum over ranks r = 1..k of grade(r) / log2(r + 1)``, with the grade itself as the
    gain (linear gain), divided by the DCG@k of the best possible ranking.

    Parameters
    ----------
    ranking : sequence of ids
        Best first, each id once.
    relevance : mapping of id to grade
        Grades above zero are gains; others gain nothing.
    k : int >= 1
        How many ranks count.

    Returns
    -------
    float in [0, 1]

    Raises
    ------
    ValueError
        If an id is ranked twice or ``k`` is below 1.

    References
    ----------
    Järvelin and Kekäläinen 2002, "Cumulated gain-based evaluation of IR techniques", ACM TOIS
    20(4); the gain and discount are trec_eval's ``ndcg_cut``.

    Examples
    --------
    >>> round(ndcg_at_k(["b", "a"], {"a": 2, "b": 1}, k=2), 4)
    0.8597
    """
    gains = _gains(ranking, relevance, k)
    ideal = np.sort([grade for grade in relevance.values() if grade > 0])[::-1][:k]
    return _ratio(_discounted(gains), _discounted(ideal))


def mrr_at_k(ranking: Sequence[Hashable], relevance: Mapping, k: int) -> float:
    """Reciprocal rank: one over the rank of the first relevant id, 0 where none is in reach.

    ``RR@k = 1 / min(r <= k : the id at rank r is relevant)``. Its mean over queries is MRR@k.

    Parameters
    ----------
    ranking : sequence of ids
        Best first, each id once.
    relevance : mapping of id to grade
        An id is relevant when its grade is above zero.
    k : int >= 1
        How many ranks count.

    Returns
    -------
    float in [0, 1]

    Raises
    ------
    ValueError
        If an id is ranked twice or ``k`` is below 1.

    References
    ----------
    Voorhees 1999, "The TREC-8 Question Answering Track Report".

    Examples
    --------
    >>> mrr_at_k(["a", "b", "c"], {"b": 1, "c": 1}, k=3)
    0.5
    """
    hits = np.flatnonzero(_gains(ranking, relevance, k))
    return float(1 / (hits[0] + 1)) if len(hits) else 0.0


def map_at_k(ranking: Sequence[Hashable], relevance: Mapping, k: int) -> float:
    """Average precision: the precision at each relevant id, averaged over all relevant ids.

    ``AP@k = 1/R * sum over relevant ranks r <= k of precision@r``, where ``R`` counts all relevant
    ids, in reach or not, as trec_eval's ``map_cut`` does (some libraries divide by
    ``min(R, k)``). Its mean over queries is MAP@k.

    Parameters
    ----------
    ranking : sequence of ids
        Best first, each id once.
    relevance : mapping of id to grade
        An id is relevant when its grade is above zero.
    k : int >= 1
        How many ranks count.

    Returns
    -------
    float in [0, 1]

    Raises
    ------
    ValueError
        If an id is ranked twice or ``k`` is below 1.

    References
    ----------
    Buckley and Voorhees 2000, "Evaluating Evaluation Measure Stability", SIGIR.

    Examples
    --------
    >>> round(map_at_k(["a", "x", "b"], {"a": 1, "b": 1}, k=3), 4)
    0.8333
    """
    hits = np.flatnonzero(_gains(ranking, relevance, k))
    precisions = np.arange(1, len(hits) + 1) / (hits + 1)
    return _ratio(precisions.sum(), _n_relevant(relevance))


def recall_at_k(ranking: Sequence[Hashable], relevance: Mapping, k: int) -> float:
    """Recall: the share of the relevant ids that the first ``k`` ranks hold.

    ``recall@k = (relevant ids in the first k ranks) / (relevant ids)``.

    Parameters
    ----------
    ranking : sequence of ids
        Best first, each id once.
    relevance : mapping of id to grade
        An id is relevant when its grade is above zero.
    k : int >= 1
        How many ranks count.

    Returns
    -------
    float in [0, 1]

    Raises
    ------
    ValueError
        If an id is ranked twice or ``k`` is below 1.

    References
    ----------
    Manning, Raghavan and Schütze 2008, "Introduction to Information Retrieval", section 8.3.

    Examples
    --------
    >>> recall_at_k(["a", "x", "b"], {"a": 1, "b": 1}, k=2)
    0.5
    """
    n_hits = np.count_nonzero(_gains(ranking, relevance, k))
    return _ratio(n_hits, _n_relevant(relevance))


def precision_at_k(ranking: Sequence[Hashable], relevance: Mapping, k: int) -> float:
    """Precision: the share of the first ``k`` ranks that holds relevant ids.

    ``precision@k = (relevant ids in the first k ranks) / k``, also for a shorter ranking.

    Parameters
    ----------
    ranking : sequence of ids
        Best first, each id once.
    relevance : mapping of id to grade
        An id is relevant when its grade is above zero.
    k : int >= 1
        How many ranks count.

    Returns
    -------
    float in [0, 1]

    Raises
    ------
    ValueError
        If an id is ranked twice or ``k`` is below 1.

    References
    ----------
    Manning, Raghavan and Schütze 2008, "Introduction to Information Retrieval", section 8.4.

    Examples
    --------
    >>> precision_at_k(["a", "x"], {"a": 1, "b": 1}, k=2)
    0.5
    """
    return float(np.count_nonzero(_gains(ranking, relevance, k)) / k)


def hit_rate_at_k(ranking: Sequence[Hashable], relevance: Mapping, k: int) -> float:
    """Hit: 1 if any relevant id is among the first ``k`` ranks, else 0.

    Its mean over queries is the hit rate, also called success@k.

    Parameters
    ----------
    ranking : sequence of ids
        Best first, each id once.
    relevance : mapping of id to grade
        An id is relevant when its grade is above zero.
    k : int >= 1
        How many ranks count.

    Returns
    -------
    float, 0.0 or 1.0

    Raises
    ------
    ValueError
        If an id is ranked twice or ``k`` is below 1.

    References
    ----------
    trec_eval's ``success``.

    Examples
    --------
    >>> hit_rate_at_k(["x", "a"], {"a": 1}, k=2)
    1.0
    """
    return float(_gains(ranking, relevance, k).any())


def _gains(ranking, relevance, k):
    """Return the grades at ranks 1..k, with nothing below zero: an array of at most k."""
    check_number("k", k, low=1, integer=True)
    top = list(ranking[:k])
    if len(set(top)) < len(top):
        twice = next(item for rank, item in enumerate(top) if item in top[:rank])
        raise ValueError(f"ranking must hold each id once. Got {twice!r} more than once instead.")
    return np.array([max(relevance.get(item, 0), 0) for item in top], dtype=np.float64)


def _discounted(gains):
    return np.sum(gains / np.log2(np.arange(2, len(gains) + 2)))


def _n_relevant(relevance):
    return sum(grade > 0 for grade in relevance.values())


def _ratio(part, whole):
    return float(part / whole) if whole else 0.0
