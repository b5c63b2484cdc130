"""Metrics of one ranking against known answers, scikit-learn and slow twins written from words."""

import numpy as np
import pytest
from scipy import sparse, stats
from scipy.spatial import distance
from sklearn.metrics import average_precision_score, f1_score, ndcg_score

from textvec.evaluate.metrics import (
    average_precision,
    best_accuracy,
    best_f1,
    hit_rate_at_k,
    map_at_k,
    mrr_at_k,
    ndcg_at_k,
    no_correlation,
    pearson,
    precision_at_k,
    recall_at_k,
    row_similarities,
    spearman,
    v_measure,
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
    for ranking, relevance in random_rankings(200, seed=0):
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


# -- pairs and clusters


def vectors(seed, shape=(40, 7)):
    rng = np.random.default_rng(seed)
    return rng.normal(size=shape) * (rng.random(shape) < 0.6)


@pytest.mark.parametrize("as_rows", [np.asarray, sparse.csr_matrix, sparse.coo_array])
def test_similarities_of_rows_equal_scipy(as_rows):
    a, b = vectors(0), vectors(1)
    a[:, 0] = b[:, 0] = 1  # no row is empty
    found = row_similarities(as_rows(a), as_rows(b))
    assert list(found) == ["cosine", "dot", "euclidean", "manhattan"]
    for x, y, cosine, dot, euclidean, manhattan in zip(a, b, *found.values(), strict=True):
        assert cosine == pytest.approx(1 - distance.cosine(x, y), abs=1e-12)
        assert dot == pytest.approx(x @ y, abs=1e-12)
        assert euclidean == pytest.approx(-distance.euclidean(x, y), abs=1e-12)
        assert manhattan == pytest.approx(-distance.cityblock(x, y), abs=1e-12)


def test_an_empty_row_is_like_nothing():
    nothing, something = sparse.csr_array((1, 3)), sparse.csr_array([[1.0, 0, 2]])
    assert row_similarities(nothing, something)["cosine"] == [0]
    assert row_similarities(nothing, nothing)["cosine"] == [0]
    with pytest.raises(ValueError, match="same shape. Got \\(1, 3\\) and \\(2, 3\\)"):
        row_similarities(nothing, sparse.csr_array((2, 3)))


def test_sparse_rows_are_never_made_dense(monkeypatch):
    wide = sparse.random_array((30, 10**9), density=1e-9, rng=0, format="csr")  # 240 GB if dense
    assert row_similarities(wide, wide)["manhattan"].tolist() == [0] * 30


def test_correlations_equal_scipy_and_say_when_there_is_none():
    x, y = vectors(2)[:, 0], vectors(3)[:, 0]
    assert spearman(x, y) == stats.spearmanr(x, y).statistic
    assert pearson(x, y) == stats.pearsonr(x, y).statistic
    assert no_correlation(x, y) == ""
    for a, b, reason in [
        (x, [2.5] * 40, "all 40 values of the second series are 2.5"),
        ([0] * 3, [1, 2, 3], "all 3 values of the first series are 0.0"),
        ([1], [1], "needs two values, and there is 1"),
    ]:
        assert np.isnan(spearman(a, b))
        assert np.isnan(pearson(a, b))
        assert reason in no_correlation(a, b)


def test_best_thresholds_equal_a_search_over_all_cuts():
    rng = np.random.default_rng(4)
    for _ in range(60):
        n = int(rng.integers(3, 25))
        scores, labels = rng.integers(0, 8, n) / 7, rng.permutation([0, 1, *rng.integers(0, 2, n)])
        scores = np.append(scores, rng.random(2))
        cuts = np.unique(scores)
        cuts = (cuts[1:] + cuts[:-1]) / 2
        accuracies = [np.mean((scores > cut) == labels) for cut in cuts]
        assert best_accuracy(scores, labels)[0] == pytest.approx(max(accuracies))
        f1s = [f1_score(labels, scores > cut, zero_division=0) for cut in cuts]
        found, threshold = best_f1(scores, labels)
        assert found == pytest.approx(max(f1s))
        assert f1_score(labels, scores > threshold) == pytest.approx(found)


def test_equal_scores_cannot_be_cut():
    accuracy, threshold = best_accuracy([1, 1, 1], [1, 0, 1])
    assert accuracy == 0.0
    assert np.isnan(threshold)
    for metric in (best_accuracy, best_f1, average_precision):
        with pytest.raises(ValueError, match=r"0 and 1, with both present. Got \[1\] instead"):
            metric([0.1, 0.2], [1, 1])


def test_v_measure_of_known_clusters():
    assert v_measure([0, 0, 1, 1], ["x", "x", "y", "y"]) == 1.0
    assert v_measure([0, 0, 1, 1], ["x", "y", "x", "y"]) == pytest.approx(0)


def test_ten_thousand_rankings_equal_trec_eval():
    pytrec_eval = pytest.importorskip("pytrec_eval")
    names = {
        ndcg_at_k: "ndcg_cut_5",
        map_at_k: "map_cut_5",
        recall_at_k: "recall_5",
        precision_at_k: "P_5",
        hit_rate_at_k: "success_5",
        mrr_at_k: "recip_rank",
    }
    rankings = dict(enumerate(random_rankings(10_000, seed=5)))
    qrels = {
        str(q): {f"d{item}": int(grade) for item, grade in relevance.items()}
        for q, (_, relevance) in rankings.items()
    }
    run = {
        str(q): {f"d{item}": -float(rank) for rank, item in enumerate(ranking)}
        for q, (ranking, _) in rankings.items()
    }
    expected = pytrec_eval.RelevanceEvaluator(
        qrels, {name.replace("_5", ".5") for name in names.values()}
    ).evaluate(run)
    for metric, name in names.items():
        for q, (ranking, relevance) in rankings.items():
            k = len(ranking) if name == "recip_rank" else 5
            assert abs(metric(ranking, relevance, k) - expected[str(q)][name]) < 1e-9
