"""Unit 6: LSA and PPMI."""

import warnings

import numpy as np

from textvec.course.differences import difference


def _ppmi(pairs, cut=0.0):
    pairs = np.asarray(pairs, dtype=float)
    expected = np.outer(pairs.sum(axis=1), pairs.sum(axis=0)) / pairs.sum()
    pmi = np.zeros_like(pairs)
    there = pairs > 0
    pmi[there] = np.log(pairs[there] / expected[there])
    return np.maximum(pmi, cut)


def exercise_1():
    """Return the PMI of a word and a neighbour."""
    return float(_ppmi([[12, 100 - 12], [80 - 12, 2000 - 100 - 80 + 12]])[0, 0])


def exercise_2(answer):
    """Judge a function from counts of pairs to PPMI."""
    if not callable(answer):
        return "a function is wanted: write ppmi_of, without brackets"
    pairs = np.array([[0, 4, 1, 0], [4, 0, 0, 0], [1, 0, 6, 0], [0, 0, 0, 0]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        given = answer(pairs.copy())
    wrong = difference(given, _ppmi(pairs))
    return wrong and f"of the pairs {pairs.tolist()}, {wrong}"


def _with_warnings(pairs):
    expected = np.outer(pairs.sum(axis=1), pairs.sum(axis=0)) / pairs.sum()
    return np.maximum(np.log(pairs / expected), 0)


WRONG = {
    1: [3, 12, np.log(12), "ln 3"],
    2: [
        _with_warnings,
        lambda pairs: _ppmi(pairs, cut=-np.inf),
        lambda pairs: _ppmi(pairs) / np.log(2),
        lambda pairs: pairs / pairs.sum(),
        lambda pairs: _ppmi(pairs)[:3],
        1.386,
    ],
}
