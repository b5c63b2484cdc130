"""Unit 12: tuning, and the project."""

import numpy as np

from textvec.course.functions import judges, one_number


def exercise_1():
    """The contrastive loss of two questions and two answers."""
    similar = np.log([[4.0, 1.0], [3.0, 1.0]])
    beliefs = np.exp(similar) / np.exp(similar).sum(axis=1, keepdims=True)
    return -np.log(np.diag(beliefs)).mean()


@judges("contrastive_loss")
def exercise_2(answer):
    """Judge a function that returns the contrastive loss of vectors at a temperature."""
    rng = np.random.default_rng(0)
    for n, size, temperature in ((2, 3, 1.0), (6, 4, 0.05), (4, 2, 0.5)):
        queries, answers = rng.normal(size=(2, n, size))
        found = one_number(answer(queries, answers, temperature))
        case = f"with {n} pairs and a temperature of {temperature}"
        expected = _loss(queries, answers, temperature)
        if not np.isfinite(found):
            return f"{case} the loss is {found}: take the greatest score off each row first"
        if not np.isclose(found, expected, atol=1e-3):
            if np.isclose(found, _loss(queries, answers, temperature, unit=False), atol=1e-3):
                return "it takes products of the vectors as they are; make their lengths 1 first"
            if np.isclose(found, expected * n, atol=1e-3):
                return "it sums over the questions; take the mean"
            return f"{case} the loss is not right"
    return None


def exercise_3(answer):
    """Judge a recommender by whether sisters come back more often than by an unchanged one."""
    import pandas as pd

    from textvec.datasets import load_hotels
    from textvec.recommend.content import ContentRecommender

    if not isinstance(answer, ContentRecommender):
        return f"the answer must be a fitted ContentRecommender; it is a {type(answer).__name__}"
    if not hasattr(answer, "ids_"):
        return 'it is not fitted: end it with .fit(hotels.frame, ids="id", text=...)'
    hotels = load_hotels("zh" if str(next(iter(answer.ids_))).startswith("zh") else "en")
    if not set(answer.ids_) <= set(hotels.frame["id"]):
        return 'fit it on the hotels with ids="id"'
    plain = ContentRecommender().fit(hotels.frame, ids="id", text="desc")
    pairs = hotels.pairs[hotels.pairs["kind"] == "sister"][["a", "b"]]
    pairs = pairs[pairs.isin(set(answer.ids_)).all(axis=1)].to_numpy()
    if len(pairs) < 20:
        return "most sisters are not among its hotels: leave out only rows that are listed twice"
    rows = [(user, id) for user, pair in enumerate(pairs) for id in pair]
    likes = pd.DataFrame(rows, columns=["user", "item"])
    rates = [model.evaluate(likes)["hit_rate"] for model in (answer, plain)]
    if not rates[0] > rates[1]:
        return (
            f"sisters come back in {rates[0]:.3f} of the lists, and by an unchanged "
            f"ContentRecommender() of the descriptions in {rates[1]:.3f}"
        )
    return None


def _loss(queries, answers, temperature, unit=True):
    if unit:
        queries, answers = (
            rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (queries, answers)
        )
    scores = queries @ answers.T / temperature
    scores -= scores.max(axis=1, keepdims=True)
    return float(-(np.diag(scores) - np.log(np.exp(scores).sum(axis=1))).mean())


_BELIEFS = np.array([4 / 5, 1 / 4])
SLIPS = {
    1: [
        (-np.log(_BELIEFS).sum(), "that is the sum: the loss is the mean"),
        (np.log(_BELIEFS).mean(), "the sign is missing: a loss is above 0"),
        (-np.log(_BELIEFS.mean()), "take the logarithms first, and then their mean"),
        (-np.log([4 / 5, 3 / 4]).mean(), "question 2 does not believe most in its own answer"),
        (_BELIEFS.mean(), "that is the mean belief: take the logarithm of each"),
    ],
    2: [
        (
            lambda q, a, t: _loss(q, a, t, unit=False),
            "it takes products of the vectors as they are; make their lengths 1 first",
        ),
        (lambda q, a, t: _loss(q, a, t) * len(q), "it sums over the questions; take the mean"),
    ],
}
WRONG = {
    1: [0.0, [0.223, 1.386]],
    2: [lambda q, a, t: 0.0, lambda q, a, t: np.diag(q @ a.T), lambda q, a: 0.0],
    3: ["TF-IDF", 1],
}
