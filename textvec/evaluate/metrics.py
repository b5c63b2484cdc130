"""Metrics: of one ranking, of scored pairs, of clusters.

Those that end in ``_at_k`` take ``(ranking, relevance, k)``, ids in ranked order against the
grades of the relevant ones, and look at the first ``k`` ids only. An id is relevant when
its grade is above zero; an id without a grade is not. The mean over queries is the caller's. A
ranking shorter than ``k`` counts as followed by irrelevant ids, and where nothing is relevant
every metric is 0.0, both as in trec_eval (https://github.com/usnistgov/trec_eval), whose numbers
these equal.
"""

from collections.abc import Hashable, Mapping, Sequence

import numpy as np
from scipy import sparse, stats
from sklearn import metrics as sklearn_metrics

from textvec._checks import as_rows, check_number, check_type


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


def row_similarities(a, b):
    """Compare row i of one matrix with row i of another, in four ways.

    ``dot = a . b``; ``cosine = a . b / (|a| |b|)``, 0 where a row is all zeros; ``euclidean =
    -|a - b|``; ``manhattan = -sum |a - b|``. The distances are negated, so that more is closer.

    Parameters
    ----------
    a, b : array or sparse matrix of shape (n, n_features)
        Sparse stays sparse, where both are.

    Returns
    -------
    dict of str to ndarray of shape (n,)
        By the names above, cosine first.

    Raises
    ------
    ValueError
        If the shapes differ.

    Examples
    --------
    >>> found = row_similarities(np.array([[3.0, 4.0]]), np.array([[3.0, 0.0]]))
    >>> {name: round(float(value[0]), 2) for name, value in found.items()}
    {'cosine': 0.6, 'dot': 9.0, 'euclidean': -4.0, 'manhattan': -4.0}
    """
    if a.shape != b.shape:
        raise ValueError(f"a and b must have the same shape. Got {a.shape} and {b.shape} instead.")
    if sparse.issparse(a) and sparse.issparse(b):
        a, b = sparse.csr_array(a, dtype=np.float64), sparse.csr_array(b, dtype=np.float64)
    else:
        a, b = (_as_dense(rows) for rows in (a, b))

    def total(products):
        return np.asarray(products.sum(axis=1)).ravel()

    def product(x, y):
        return total(x.multiply(y) if sparse.issparse(x) else x * y)

    dot, difference = product(a, b), a - b
    lengths = np.sqrt(product(a, a) * product(b, b))
    return {
        "cosine": np.divide(dot, lengths, out=np.zeros_like(dot), where=lengths > 0),
        "dot": dot,
        "euclidean": -np.sqrt(product(difference, difference)),
        "manhattan": -total(abs(difference)),
    }


def pearson(x, y):
    """Pearson's correlation, ``cov(x, y) / (std(x) std(y))``: how close to a line.

    Parameters
    ----------
    x, y : array-like of shape (n,)
        Numbers to correlate.

    Returns
    -------
    float in [-1, 1]
        NaN where :func:`no_correlation` has a reason.

    Examples
    --------
    >>> round(pearson([1, 2, 3], [1, 2, 4]), 4)
    0.982
    """
    return float("nan") if no_correlation(x, y) else float(stats.pearsonr(x, y).statistic)


def spearman(x, y):
    """Spearman's correlation: Pearson's of the ranks, ties sharing the mean of theirs.

    Parameters
    ----------
    x, y : array-like of shape (n,)
        Numbers to correlate.

    Returns
    -------
    float in [-1, 1]
        NaN where :func:`no_correlation` has a reason.

    Examples
    --------
    >>> spearman([1, 2, 3], [1, 2, 400])
    1.0
    """
    return float("nan") if no_correlation(x, y) else float(stats.spearmanr(x, y).statistic)


def no_correlation(x, y):
    """Say why two series have no correlation, or nothing if they have one.

    Parameters
    ----------
    x, y : array-like of shape (n,)
        Numbers to correlate.

    Returns
    -------
    str
        A reason; empty where there is none.

    Examples
    --------
    >>> no_correlation([1, 2], [3, 3])
    'all 2 values of the second series are 3.0, and a constant has no correlation'
    """
    for place, values in (("first", x), ("second", y)):
        values = np.asarray(values, dtype=np.float64)
        if len(values) < 2:
            return f"a correlation needs two values, and there is {len(values)}"
        if np.all(values == values[0]):
            return (
                f"all {len(values)} values of the {place} series are {float(values[0])!r}, "
                "and a constant has no correlation"
            )
    return ""


def average_precision(scores, labels):
    """Average precision: the area under the curve of precision over recall, by steps.

    ``AP = sum over thresholds n of (recall_n - recall_{n-1}) precision_n``, from the highest score
    down; equal scores share a threshold. scikit-learn's ``average_precision_score``.

    Parameters
    ----------
    scores : array-like of shape (n,)
        More means more likely positive.
    labels : array-like of shape (n,)
        1 for positive, 0 for negative.

    Returns
    -------
    float in [0, 1]

    Raises
    ------
    ValueError
        If the labels are not 0 and 1, both present.

    References
    ----------
    Manning, Raghavan and Schütze 2008, "Introduction to Information Retrieval", section 8.4.

    Examples
    --------
    >>> round(average_precision([0.9, 0.8, 0.7], [1, 0, 1]), 4)
    0.8333
    """
    return float(sklearn_metrics.average_precision_score(_binary(labels), scores))


def best_accuracy(scores, labels):
    """Accuracy at the threshold that suits the labels best.

    The threshold lies half way between two neighbouring scores, so it never splits equal ones and
    never puts all pairs on one side.

    Parameters
    ----------
    scores : array-like of shape (n,)
        More means more likely positive.
    labels : array-like of shape (n,)
        1 for positive, 0 for negative.

    Returns
    -------
    accuracy : float
        0.0 where all scores are equal.
    threshold : float
        Scores above it count as positive; NaN where all scores are equal.

    Raises
    ------
    ValueError
        If the labels are not 0 and 1, both present.

    References
    ----------
    Reimers and Gurevych 2019, "Sentence-BERT", EMNLP; the protocol is MTEB's.

    Examples
    --------
    >>> accuracy, threshold = best_accuracy([0.9, 0.7, 0.2], [1, 1, 0])
    >>> accuracy, round(threshold, 2)
    (1.0, 0.45)
    """
    found, _, n_true, thresholds, labels = _cuts(scores, labels)
    negatives_left = (labels == 0).sum() - (found - n_true)
    return _best((n_true + negatives_left) / len(labels), thresholds)


def best_f1(scores, labels):
    """F1 of the positives at the threshold that suits the labels best.

    ``F1 = 2 precision recall / (precision + recall)``; thresholds are those of
    :func:`best_accuracy`.

    Parameters
    ----------
    scores : array-like of shape (n,)
        More means more likely positive.
    labels : array-like of shape (n,)
        1 for positive, 0 for negative.

    Returns
    -------
    f1 : float
        0.0 where all scores are equal.
    threshold : float
        Scores above it count as positive; NaN where all scores are equal.

    Raises
    ------
    ValueError
        If the labels are not 0 and 1, both present.

    References
    ----------
    Reimers and Gurevych 2019, "Sentence-BERT", EMNLP; the protocol is MTEB's.

    Examples
    --------
    >>> f1, threshold = best_f1([0.9, 0.7, 0.2], [1, 0, 0])
    >>> f1, round(threshold, 2)
    (1.0, 0.8)
    """
    found, n_positive, n_true, thresholds, _ = _cuts(scores, labels)
    return _best(2 * n_true / (found + n_positive), thresholds)


def v_measure(labels, clusters):
    """V-measure: the harmonic mean of homogeneity and completeness of clusters.

    ``homogeneity = 1 - H(labels | clusters) / H(labels)``; completeness is the same with the two
    exchanged. scikit-learn's ``v_measure_score``.

    Parameters
    ----------
    labels : array-like of shape (n,)
        The truth.
    clusters : array-like of shape (n,)
        What was found; names of clusters mean nothing.

    Returns
    -------
    float in [0, 1]

    References
    ----------
    Rosenberg and Hirschberg 2007, "V-Measure", EMNLP.

    Examples
    --------
    >>> v_measure(["a", "a", "b"], [1, 1, 0])
    1.0
    """
    return float(sklearn_metrics.v_measure_score(labels, clusters))


def _as_dense(rows):
    return np.asarray(rows.toarray() if sparse.issparse(rows) else rows, dtype=np.float64)


def _binary(labels):
    labels = np.asarray(labels)
    if not np.isin(labels, (0, 1)).all() or len(np.unique(labels)) < 2:
        raise ValueError(
            "labels must be 0 and 1, with both present. "
            f"Got {np.unique(labels)[:5].tolist()} instead."
        )
    return labels.astype(np.int64)


def _cuts(scores, labels):
    """Return, for each threshold between two scores: pairs above it, and positives among them."""
    scores, labels = np.asarray(scores, dtype=np.float64), _binary(labels)
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    last = np.flatnonzero(ranked[:-1] != ranked[1:])  # of each group of equal scores but the last
    n_true = np.cumsum(labels[order])[last]
    return last + 1, labels.sum(), n_true, (ranked[last] + ranked[last + 1]) / 2, labels


def _best(values, thresholds):
    if not len(values):
        return 0.0, float("nan")
    best = np.argmax(values)
    return float(values[best]), float(thresholds[best])


def _gains(ranking, relevance, k):
    """Return the grades at ranks 1..k, with nothing below zero: an array of at most k."""
    check_number("k", k, low=1, integer=True)
    check_type("relevance", relevance, Mapping, "a dict of id to grade")
    top = as_rows("ranking", ranking, "a list of ids, the best first")[:k]
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
