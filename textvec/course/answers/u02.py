"""Unit 2: counts and the cosine."""

import numpy as np

from textvec.course.functions import function_difference, judges
from textvec.search.exact import top_k
from textvec.sparse.counts import CountVectorizer
from textvec.sparse.tfidf import TfidfTransformer


def exercise_1():
    """Return the cosine of two short texts."""
    counts = CountVectorizer().fit_transform(["tea tea cup", "tea cup cup"])
    scores, _ = top_k(counts[[0]], counts[[1]], k=1)
    return float(scores[0, 0])


@judges("all_cosines", quiet=True)
def exercise_2(answer):
    """Judge a function from counts to all cosines."""
    rows = np.array([[1, 0, 2], [2, 0, 4], [0, 3, 1], [0, 0, 0]])
    return function_difference(answer, _all_cosines, [(rows,)], SLIPS[2])


def _all_cosines(rows):
    unit = TfidfTransformer(use_idf=False).fit_transform(rows).toarray()
    return unit @ unit.T


def _with_itself(rows):
    cosines = _all_cosines(rows)
    np.fill_diagonal(cosines, 1)
    return cosines


def _by_sums(rows):
    shares = rows / np.maximum(rows.sum(axis=1, keepdims=True), 1)
    return shares @ shares.T


def _without_zeros(rows):
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit @ unit.T


SLIPS = {
    1: [
        (4, "that is the dot product: divide it by both lengths"),
        (4 / 9, "the length of a row is the root of its sum of squares, not its sum"),
        (4 / 25, "the length of a row is the root of its sum of squares: take the roots"),
    ],
    2: [
        (lambda rows: rows @ rows.T, "these are dot products: divide by the lengths of both rows"),
        (_with_itself, "a row of zeros has a cosine of 0 with itself, too"),
        (_by_sums, "the length of a row is the root of its sum of squares, not its sum"),
    ],
}
WRONG = {
    1: [0.5, "0.8", [0.8], True],
    2: [0.8, _without_zeros, lambda rows: rows, np.linalg.norm],
}
