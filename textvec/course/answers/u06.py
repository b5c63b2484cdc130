"""Unit 6: LSA and PPMI."""

import numpy as np

from textvec.course.functions import function_difference, judges


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


@judges("ppmi_of", quiet=True)
def exercise_2(answer):
    """Judge a function from counts of pairs to PPMI."""
    pairs = np.array([[0, 4, 1, 0], [4, 0, 0, 0], [1, 0, 6, 0], [0, 0, 0, 0]])
    return function_difference(answer, _ppmi, [(pairs,)], SLIPS[2])


def _without_a_logarithm(pairs):
    expected = np.outer(pairs.sum(axis=1), pairs.sum(axis=0)) / pairs.sum()
    return np.divide(pairs, expected, out=np.zeros(pairs.shape), where=expected > 0)


def _with_warnings(pairs):
    expected = np.outer(pairs.sum(axis=1), pairs.sum(axis=0)) / pairs.sum()
    return np.maximum(np.log(pairs / expected), 0)


SLIPS = {
    1: [
        (3, "that is how many times more there are than by chance: take the logarithm"),
        (np.log2(3), "the logarithm is the natural one, to base e"),
        (np.log10(3), "the logarithm is the natural one, to base e"),
    ],
    2: [
        (lambda pairs: _ppmi(pairs, cut=-np.inf), "what is below 0 is to be 0"),
        (lambda pairs: _ppmi(pairs) / np.log(2), "the logarithm is the natural one, to base e"),
        (_without_a_logarithm, "the logarithm is missing"),
    ],
}
WRONG = {
    1: [12, np.log(12), "ln 3"],
    2: [
        _with_warnings,
        lambda pairs: pairs / pairs.sum(),
        lambda pairs: _ppmi(pairs)[:3],
        1.386,
    ],
}
