"""How sure a score is, and whether two methods differ: resampling of the items behind them."""

import numpy as np

from textvec._checks import check_number
from textvec.evaluate.tasks.task import SEED

LEVEL = 0.05  # of p: below it two methods are said to differ
_CELLS = 1 << 21  # resampled values held at a time: 16 MB
_CACHED = 1 << 18  # of these, as many as a core has at hand


def bootstrap_interval(result, n_resamples=10_000, level=0.95):
    """Return the percentile bootstrap interval of a main score.

    The items (queries, documents, pairs) are drawn with replacement, and the main score is computed
    on each draw. Of Spearman's correlation the ranks are kept, and correlated anew. Items that
    could not be scored are left out.

    Parameters
    ----------
    result : TaskResult
        What a task returned.
    n_resamples : int >= 1, default=10_000
        Number of draws.
    level : float in [0, 1], default=0.95
        Share of the draws inside the interval.

    Returns
    -------
    low, high : float
        NaN where the score is NaN, or rests on repeated runs instead of items of their own.

    References
    ----------
    Efron and Tibshirani 1993, "An Introduction to the Bootstrap", chapter 13.

    Examples
    --------
    >>> import pandas as pd
    >>> from textvec.evaluate.tasks import TaskResult
    >>> rows = pd.DataFrame({"score": [0.0, 1.0] * 50})
    >>> low, high = bootstrap_interval(TaskResult({"accuracy": 0.5}, rows))
    >>> round(low, 1), round(high, 1)
    (0.4, 0.6)
    """
    check_number("n_resamples", n_resamples, low=1, integer=True)
    check_number("level", level, low=0, high=1)
    values, truth = _columns(result)
    scored = np.isfinite(values)
    values, truth = values[scored], truth[scored]
    if not result.independent or len(values) < 2 or np.isnan(next(iter(result.values()))):
        return float("nan"), float("nan")
    if result.statistic == "spearman":
        values, truth = _ranks(values), _ranks(truth)
    rng = np.random.default_rng(SEED)
    draw_score = _ON_DRAWS[result.statistic]
    scores = [
        draw_score(values, truth, rng.integers(len(values), size=(n, len(values)), dtype=np.int32))
        for n in _blocks(n_resamples, len(values))
    ]
    low, high = np.nanquantile(np.concatenate(scores), [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def randomization_test(a, b, n_resamples=10_000):
    """Return the p-value of "the two methods do equally well on such items".

    Paired and two-sided: were it true, each item's outcomes could as well have come from the other
    method. They are exchanged at random, and p is the share of exchanges whose main scores differ
    at least as much as those found (which count as one of them). Similarities are exchanged as
    ranks, since those of two methods have no common scale. Items that one of the methods could not
    be scored on are left out.

    Parameters
    ----------
    a, b : TaskResult
        What one task returned for two methods.
    n_resamples : int >= 1, default=10_000
        Number of exchanges.

    Returns
    -------
    float in (0, 1]
        NaN where a score is NaN, or rests on repeated runs instead of items of their own.

    Raises
    ------
    ValueError
        If the results are not of the same items.

    References
    ----------
    Noreen 1989, "Computer-Intensive Methods for Testing Hypotheses"; Smucker, Allan and Carterette
    2007, "A Comparison of Statistical Significance Tests for Information Retrieval", CIKM.

    Examples
    --------
    >>> import pandas as pd
    >>> from textvec.evaluate.tasks import TaskResult
    >>> def scored(score):
    ...     rows = pd.DataFrame({"text": list("abcdefgh"), "score": score})
    ...     return TaskResult({"accuracy": score}, rows)
    >>> p = randomization_test(scored(1.0), scored(0.0))
    >>> 0.004 < p < 0.012  # 2 of the 2 ** 8 exchanges differ as much
    True
    """
    check_number("n_resamples", n_resamples, low=1, integer=True)
    if a.statistic != b.statistic or a.rows["text"].tolist() != b.rows["text"].tolist():
        raise ValueError("a and b must be results of one task: the same items in the same order.")
    main = [next(iter(result.values())) for result in (a, b)]
    (x, truth), (y, _) = _columns(a), _columns(b)
    scored = np.isfinite(x) & np.isfinite(y)
    x, y, truth = x[scored], y[scored], truth[scored]
    if not a.independent or len(x) < 2 or np.isnan(main).any():
        return float("nan")
    if a.statistic != "mean":
        x, y = _ranks(x), _ranks(y)
    if a.statistic == "spearman":
        truth = _ranks(truth)
    difference = _DIFFERENCES[a.statistic]
    found = abs(difference(x, y, truth, np.zeros((1, len(x)), dtype=bool)))
    rng, n_as_far = np.random.default_rng(SEED), 0
    for n in _blocks(n_resamples, len(x)):
        swap = rng.integers(2, size=(n, len(x)), dtype=np.int8).view(bool)
        n_as_far += np.count_nonzero(abs(difference(x, y, truth, swap)) >= found - 1e-9)
    return float((n_as_far + 1) / (n_resamples + 1))


def _columns(result):
    """Return what the main score is made of: values by item, NaN where none, and the truth."""
    if result.statistic == "mean":
        scores = result.rows["score"].to_numpy(float)
        return scores, scores
    return result.rows["similarity"].to_numpy(float), result.rows["truth"].to_numpy(float)


def _ranks(values):
    """Return ranks with mean 0, ties sharing the mean of theirs."""
    from scipy.stats import rankdata

    return rankdata(values) - (len(values) + 1) / 2


def _blocks(n_resamples, n_items):
    size = max(1, _CELLS // n_items)
    return [min(size, n_resamples - start) for start in range(0, n_resamples, size)]


def _means_of_draws(values, truth, draws):
    return values[draws].mean(axis=1)


def _correlations_of_draws(values, truth, draws):
    return _correlations(values[draws], truth[draws])


def _precisions_of_draws(values, labels, draws):
    """Return the average precision of each draw; equal values share a threshold."""
    order = np.argsort(-values, kind="stable")
    place = np.empty(len(values), dtype=np.int64)
    place[order] = np.arange(len(values))
    n, m = draws.shape
    flat = place[draws] + np.arange(n)[:, None] * m
    counts = np.bincount(flat.ravel(), minlength=n * m).reshape(n, m)
    positive = counts * (labels[order] > 0)
    ranked = values[order]
    last = np.searchsorted(-ranked, -ranked, side="right") - 1  # of those with the same value
    found, seen = positive.cumsum(axis=1)[:, last], counts.cumsum(axis=1)[:, last]
    precision = np.divide(found, seen, out=np.zeros(counts.shape), where=seen > 0)
    total = positive.sum(axis=1)
    weighted = (positive * precision).sum(axis=1)
    return np.divide(weighted, total, out=np.full(n, np.nan), where=total > 0)


def _correlations(x, y):
    """Return Pearson's correlation of each row of x with y, or with the same row of y."""
    x = x - x.mean(axis=1, keepdims=True)
    y = y - y.mean(axis=-1, keepdims=True)
    lengths = np.sqrt((x * x).sum(axis=1) * (y * y).sum(axis=-1))
    products = (x * y).sum(axis=1)
    return np.divide(products, lengths, out=np.full(len(x), np.nan), where=lengths > 0)


def _difference_of_means(x, y, truth, swap):
    """Return by how much x is better than y where each row of ``swap`` exchanged their items."""
    signs = 1 - 2 * swap.view(np.int8).astype(np.float32)
    return signs @ (x - y) / len(x)


def _difference_of_correlations(x, y, truth, swap):
    first, second = np.where(swap, y, x), np.where(swap, x, y)
    return _correlations(first, truth) - _correlations(second, truth)


def _difference_of_precisions(x, y, labels, swap):
    """Return differences of average precision; equal values share a threshold.

    The values of both are sorted together, once. An exchange says whose each of them is; how many
    of one's own stand at a place or above it is a running sum, and all others are the other's.
    """
    values = np.concatenate([x, y])
    order = np.argsort(-values, kind="stable")
    ranked, item, from_y = values[order], order % len(x), order >= len(x)
    positive = labels[item] > 0
    places = np.flatnonzero(positive)
    last = np.searchsorted(-ranked, -ranked[places], side="right") - 1  # of those as high
    n_seen, n_found = last[:, None] + 1, positive.cumsum()[last][:, None]
    differences = []
    for start in range(0, len(swap), size := max(1, _CACHED // len(values))):
        block = np.ascontiguousarray(swap[start : start + size].T)  # n_items x resamples
        own = block[item] == from_y[:, None]  # whose it is: the first one's, or the other's
        seen = own.cumsum(axis=0, dtype=np.int32)[last]
        found = (own & positive[:, None]).cumsum(axis=0, dtype=np.int32)[last]
        one = found / np.maximum(seen, 1)
        other = (n_found - found) / np.maximum(n_seen - seen, 1)
        differences.append(np.where(own[places], one, -other).sum(axis=0))
    return 2 * np.concatenate(differences) / len(places)


_ON_DRAWS = {
    "mean": _means_of_draws,
    "spearman": _correlations_of_draws,
    "average precision": _precisions_of_draws,
}
_DIFFERENCES = {
    "mean": _difference_of_means,
    "spearman": _difference_of_correlations,
    "average precision": _difference_of_precisions,
}
