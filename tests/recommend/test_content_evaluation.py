"""ContentRecommender.evaluate: metrics of lists."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import textvec

# Evaluation
from .test_content_columns import FUSIONS, HOTELS, fitted, score

LIKES = pd.DataFrame(
    [("ann", "Quay House"), ("ann", "Pier House"), ("bob", "Summit"), ("bob", "Lodge")],
    columns=["user", "item"],
)


def by_hand(recommender, likes, k):
    """Leave one out with nothing but recommend, and count."""
    hits, gains, lists = {}, {}, []
    for user, items in likes.groupby("user")["item"]:
        if len(items) < 2:
            continue
        for hidden in items:
            found = recommender.recommend([item for item in items if item != hidden], k=k)["id"]
            lists.append(found.tolist())
            rank = lists[-1].index(hidden) + 1 if hidden in lists[-1] else None
            hits.setdefault(user, []).append(rank is not None)
            gains.setdefault(user, []).append(1 / np.log2(rank + 1) if rank else 0)
    means = [np.mean([np.mean(one) for one in values.values()]) for values in (hits, gains)]
    return *means, len(set().union(*lists)) / len(recommender.ids_)


@pytest.mark.parametrize("vectorizer", [None, *FUSIONS.values()], ids=["default", *FUSIONS])
@pytest.mark.parametrize("k", [1, 3])
def test_leave_one_out_is_recommend_without_one(vectorizer, k):
    recommender = fitted(vectorizer, text="desc")
    likes = pd.concat([LIKES, pd.DataFrame([("ann", "Runway"), ("cid", "Quay House")],
                                           columns=["user", "item"])])  # fmt: skip
    found = recommender.evaluate(likes, k=k)
    assert_allclose(found[["hit_rate", "ndcg", "coverage"]], by_hand(recommender, likes, k))
    assert found["recall"] == found["hit_rate"]
    assert (found["users"], found["runs"]) == (2, 5)


def test_diversity_and_novelty_of_what_is_recommended():
    recommender = fitted(textvec.CountVectorizer(), text="desc")
    found = recommender.evaluate(LIKES, k=2)
    cosine = {}
    for name in HOTELS["name"]:
        best = recommender.recommend([name], k=2)["id"]
        cosine[name] = score(recommender, *best)
    assert_allclose(found["diversity"], 1 - np.mean([cosine[name] for name in LIKES["item"]]))
    assert_allclose(found["novelty"], 1.0)  # each item has one user of two, or none


@pytest.mark.parametrize(("k", "n_held_out"), [(1, 1), (2, 1), (2, 2), (9, 1)])
def test_chance_and_fame_are_measured_as_recommendations_are(k, n_held_out):
    likes = pd.concat([LIKES, pd.DataFrame(
        [("ann", "Runway"), ("cid", "Quay House"), ("cid", "Runway"), ("dan", "Quay House")],
        columns=["user", "item"],
    )])  # fmt: skip
    names, chance, popular = HOTELS["name"].tolist(), {}, {}
    for user, items in likes.groupby("user", sort=False)["item"]:
        items = items.tolist()
        if len(items) <= n_held_out:
            continue
        for start in range(0, len(items), n_held_out):
            hidden = items[start : start + n_held_out]
            offered = [name for name in names if name not in items or name in hidden]
            draws = list(combinations(offered, min(k, len(offered))))
            hits = [bool(set(drawn) & set(hidden)) for drawn in draws]
            chance.setdefault(user, []).append(np.mean(hits))
            shown = likes[~((likes["user"] == user) & likes["item"].isin(hidden))]
            fans = {name: int((shown["item"] == name).sum()) for name in offered}
            best = sorted(offered, key=lambda name: -fans[name])[:k]
            best = [name for name in best if fans[name]]
            popular.setdefault(user, []).append(bool(set(best) & set(hidden)))
    found = fitted().evaluate(likes, k=k, n_held_out=n_held_out)
    for name, by_user in (("chance_hit_rate", chance), ("popular_hit_rate", popular)):
        assert_allclose(found[name], np.mean([np.mean(runs) for runs in by_user.values()]))


def test_several_held_out_at_once():
    likes = pd.DataFrame({"user": 1, "item": HOTELS["name"]})
    found = fitted().evaluate(likes, k=1, n_held_out=2)
    assert found["runs"] == 3  # two, two and one
    assert found["recall"] < found["hit_rate"]


@pytest.mark.parametrize(
    ("likes", "options", "error", "message"),
    [
        (LIKES.assign(item="Sumit"), {}, ValueError, "repeats user 'ann'"),
        (LIKES.replace("Summit", "Sumit"), {}, KeyError, "'Sumit'.*'Summit'"),
        (LIKES.iloc[::2], {}, ValueError, "more than n_held_out=1 items"),
        (LIKES.replace("Lodge", None), {}, ValueError, "row 3 of interactions lacks"),
        (LIKES[["item"]], {}, TypeError, "interactions must be a DataFrame"),
        ([("ann", "Summit")], {}, TypeError, "Got list"),
        (LIKES, {"k": 0}, ValueError, "k must be at least 1"),
        (LIKES, {"n_held_out": 0}, ValueError, "n_held_out must be at least 1"),
    ],
)
def test_bad_interactions(likes, options, error, message):
    with pytest.raises(error, match=message):
        fitted().evaluate(likes, **options)
