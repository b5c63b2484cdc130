"""Unit 11: evaluation."""

from itertools import product

import numpy as np

from textvec.course.functions import judges, one_number
from textvec.evaluate.metrics import ndcg_at_k


def exercise_1():
    """The nDCG@3 of a ranking."""
    return ndcg_at_k(["b", "c", "a"], {"a": 3, "b": 1}, 3)


@judges("p_value")
def exercise_2(answer):
    """Judge a function that returns the p-value of all exchanges of two methods' scores."""
    rng = np.random.default_rng(0)
    for n in (3, 6, 9):
        a, b = rng.random(n).round(1), rng.random(n).round(1)
        found, expected = one_number(answer(a, b)), _p(a, b)
        if not np.isclose(found, expected, atol=1e-6):
            if np.isclose(found, _p(a, b, two_sided=False), atol=1e-6):
                return "it counts one side only: a difference may go either way"
            return f"for {n} questions, that is {2**n} exchanges, the p-value is not right"
    if not np.isclose(one_number(answer(np.ones(3), np.ones(3))), 1):
        return "two methods of equal scores must have p = 1"
    return None


def _p(a, b, two_sided=True):
    difference = np.asarray(a) - b
    signs = np.array(list(product([1, -1], repeat=len(difference))))
    means, found = (signs * difference).mean(axis=1), difference.mean()
    if two_sided:
        means, found = abs(means), abs(found)
    return float((means >= found - 1e-9).mean())


_BEST = 3 + 1 / np.log2(3)
SLIPS = {
    1: [
        (2.5, "that is the DCG: divide it by that of the best order"),
        ((1 + 7 / 2) / (7 + 1 / np.log2(3)), "the gain is the grade itself"),
        ((1 + 3 / np.log2(3)) / _BEST, "the third place is divided by the logarithm of 4"),
    ],
    2: [
        (
            lambda a, b: _p(a, b, two_sided=False),
            "it counts one side only: a difference may go either way",
        ),
    ],
}
WRONG = {
    1: [1.0, 0.5],
    2: [lambda a, b: 0.05, lambda a, b: [0.05], 0.05],
}
