"""Intervals and tests against exact answers, scipy and their own promises; and their speed."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import average_precision_score

from textvec.evaluate import significance
from textvec.evaluate.significance import (
    _difference_of_precisions,
    _precisions_of_draws,
    bootstrap_interval,
    randomization_test,
)
from textvec.evaluate.tasks import TaskResult


def result(values, truth=None, statistic="mean", independent=True):
    rows = pd.DataFrame({"text": [str(i) for i in range(len(values))]})
    if truth is None:
        rows["score"], main = values, np.nan if np.isnan(values).all() else np.nanmean(values)
    else:
        rows["similarity"], rows["truth"] = values, truth
        correlate = {"spearman": lambda: stats.spearmanr(values, truth).statistic}
        main = correlate.get(statistic, lambda: average_precision_score(truth, values))()
    return TaskResult({"main": float(main)}, rows, statistic, independent)


def test_the_test_is_close_to_the_exact_share_of_sign_changes():
    rng = np.random.default_rng(0)
    x, y = rng.random(10), rng.random(10) + 0.25
    differences = x - y
    exact = np.mean(
        [abs(np.dot(s, differences)) >= abs(differences.sum()) - 1e-12
         for s in product([-1, 1], repeat=10)]
    )  # fmt: skip
    assert 0.01 < exact < 0.5
    assert randomization_test(result(x), result(y)) == pytest.approx(exact, abs=0.015)


def test_alike_methods_do_not_differ_and_clearly_better_ones_do():
    rng = np.random.default_rng(1)
    truth = rng.normal(size=200)
    labels = (truth > 0).astype(int)
    for statistic, held in (("spearman", truth), ("average precision", labels)):
        good = result(np.exp(truth + rng.normal(size=200)), held, statistic)
        alike = result(truth + rng.normal(size=200), held, statistic)
        poor = result(truth + 5 * rng.normal(size=200), held, statistic)
        assert randomization_test(good, alike, 2000) > 0.05
        assert randomization_test(good, poor, 2000) < 0.005
        assert randomization_test(good, good, 2000) == 1.0


def test_false_alarms_are_as_rare_as_promised():
    rng = np.random.default_rng(2)
    alarms = [
        randomization_test(result(rng.random(40)), result(rng.random(40)), 400) < 0.05
        for _ in range(300)
    ]
    assert 0.02 < np.mean(alarms) < 0.09


def test_intervals_are_those_of_scipy():
    rng = np.random.default_rng(3)
    values = rng.random(80)
    expected = stats.bootstrap(
        [values], np.mean, method="percentile", rng=0, n_resamples=9999
    ).confidence_interval
    assert bootstrap_interval(result(values)) == pytest.approx(expected, abs=0.006)
    truth = values + rng.normal(size=80) / 2
    expected = stats.bootstrap(
        [values, truth],
        lambda x, y: stats.spearmanr(x, y).statistic,
        method="percentile",
        paired=True,
        vectorized=False,
        n_resamples=999,
        rng=0,
    ).confidence_interval
    found = bootstrap_interval(result(values, truth, "spearman"))
    assert found == pytest.approx(expected, abs=0.04)


def test_average_precision_of_resamples_equals_scikit_learn(monkeypatch):
    rng = np.random.default_rng(4)
    values, labels = rng.integers(0, 6, 30) / 5, rng.integers(0, 2, 30)
    draws = rng.integers(30, size=(50, 30))
    expected = [average_precision_score(labels[draw], values[draw]) for draw in draws]
    assert _precisions_of_draws(values, labels, draws) == pytest.approx(expected)
    others, swap = rng.integers(0, 6, 30) / 5, rng.integers(2, size=(50, 30)).astype(bool)
    expected = [
        average_precision_score(labels, np.where(row, others, values))
        - average_precision_score(labels, np.where(row, values, others))
        for row in swap
    ]
    monkeypatch.setattr(significance, "_CACHED", 7 * 60)  # blocks of 7, and a last one of 1
    assert _difference_of_precisions(values, others, labels, swap) == pytest.approx(expected)


def test_items_that_could_not_be_scored_are_left_out():
    x, y = np.random.default_rng(6).random((2, 30))
    assert bootstrap_interval(result([*x, np.nan])) == bootstrap_interval(result(x))
    with_gaps = result([*x, np.nan, 1]), result([*y, 1, np.nan])
    for one in with_gaps:
        one["main"] = one.rows["score"].mean()
    assert randomization_test(*with_gaps) == randomization_test(result(x), result(y))


def test_what_cannot_be_resampled_is_nan():
    runs = result([0.1, 0.2], independent=False)
    missing = result([np.nan, np.nan])
    for one in (runs, missing, result([0.5])):
        assert np.isnan(bootstrap_interval(one)).all()
        assert np.isnan(randomization_test(one, one))
    with pytest.raises(ValueError, match="the same items in the same order"):
        randomization_test(result([1, 2]), result([1, 2, 3]))
