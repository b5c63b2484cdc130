"""Metrics of one ranking against known answers, scikit-learn and slow twins written from words."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, ndcg_score

from textvec.evaluate.metrics import (
    hit_rate_at_k,
    map_at_k,
    mrr_at_k,
    ndcg_at_k,
    precision_at_k,
    recall_at_k,
)

METRICS = [ndcg_at_k, mrr_at_k, map_at_k, recall_at_k, precision_at_k, hit_rate_at_k]


def random_rankings(n, seed):
    rng = np.random.default_rng(seed)
    for _ in range(n):
        n_items = int(rng.integers(2, 30))
        grades = rng.integers(0, 4, n_items) * (rng.random(n_items) < 0.4)
        yield rng.permutation(n_items).tolist(), dict(enumerate(grades.tolist()))


def test_ranks_one_two_and_a_miss():
    relevance = {"good": 1}
    rankings = [["good", "a"], ["a", "good"], ["a", "b", "c", "d", "e", "good"]]
    assert np.mean([hit_rate_at_k(r, relevance, 5) for r in rankings]) == pytest.approx(2 / 3)
    assert np.mean([mrr_at_k(r, relevance, 5) for r in rankings]) == 0.5


def test_numbers_worked_by_hand():
    ranking, relevance = ["a", "x", "b", "y"], {"a": 1, "b": 3, "c": 2}
    gained = 1 / np.log2(2) + 3 / np.log2(4)
    ideal = 3 / np.log2(2) + 2 / np.log2(3) + 1 / np.log2(4)
    assert ndcg_at_k(ranking, relevance, 4) == pytest.approx(gained / ideal)
    assert map_at_k(ranking, relevance, 4) == pytest.approx((1 + 2 / 3) / 3)
    assert map_at_k(ranking, relevance, 1) == pytest.approx(1 / 3)  # all relevant ones count
    assert recall_at_k(ranking, relevance, 4) == pytest.approx(2 / 3)
    assert precision_at_k(ranking, relevance, 4) == 0.5
    assert precision_at_k(ranking, relevance, 8) == 0.25
    assert recall_at_k(ranking, relevance, 1) == pytest.approx(1 / 3)


def test_ndcg_and_map_equal_scikit_learn():
    for ranking, relevance in random_rankings(500, seed=0):
        n_items = len(ranking)
        grades = np.array([relevance[item] for item in range(n_items)])
        scores = np.empty(n_items)
        scores[ranking] = -np.arange(n_items)
        for k in (1, 3, 10, n_items):
            expected = ndcg_score([grades], [scores], k=k)
            assert ndcg_at_k(ranking, relevance, k) == pytest.approx(expected, abs=1e-12)
        if grades.any():
            expected = average_precision_score(grades > 0, scores)
            assert map_at_k(ranking, relevance, n_items) == pytest.approx(expected, abs=1e-12)


def test_counting_metrics_equal_plain_loops():
    for ranking, relevance in random_rankings(300, seed=1):
        good = {item for item, grade in relevance.items() if grade > 0}
        for k in (1, 4, 50):
            found = [item for item in ranking[:k] if item in good]
            first = next((r for r, item in enumerate(ranking[:k], start=1) if item in good), None)
            assert precision_at_k(ranking, relevance, k) == pytest.approx(len(found) / k)
            assert recall_at_k(ranking, relevance, k) == pytest.approx(
                len(found) / len(good) if good else 0.0
            )
            assert mrr_at_k(ranking, relevance, k) == (1 / first if first else 0.0)
            assert hit_rate_at_k(ranking, relevance, k) == float(bool(found))


@pytest.mark.parametrize("metric", METRICS)
def test_nothing_relevant_or_nothing_ranked_is_zero(metric):
    assert metric(["a", "b"], {}, 2) == 0.0
    assert metric(["a", "b"], {"a": 0, "b": -1}, 2) == 0.0
    assert metric([], {"a": 1}, 2) == 0.0


@pytest.mark.parametrize("metric", METRICS)
def test_bad_arguments_are_named(metric):
    with pytest.raises(ValueError, match="k must be at least 1. Got 0"):
        metric(["a"], {"a": 1}, 0)
    with pytest.raises(TypeError, match="k must be an integer"):
        metric(["a"], {"a": 1}, 2.5)
    with pytest.raises(ValueError, match="each id once. Got 'a' more than once"):
        metric(["a", "b", "a"], {"a": 1}, 3)


@pytest.mark.parametrize("metric", METRICS)
def test_arrays_of_ids_and_plain_floats_out(metric):
    score = metric(np.array([3, 1, 2]), {1: 1, 2: 2}, 3)
    assert type(score) is float
    assert score == metric([3, 1, 2], {1: 1, 2: 2}, 3)
