"""Unit 2: counts and the cosine."""

import warnings

import numpy as np

from textvec.course.differences import difference
from textvec.search.exact import top_k
from textvec.sparse.counts import CountVectorizer
from textvec.sparse.tfidf import TfidfTransformer


def exercise_1():
    """Return the cosine of two short texts."""
    counts = CountVectorizer().fit_transform(["tea tea cup", "tea cup cup"])
    scores, _ = top_k(counts[[0]], counts[[1]], k=1)
    return float(scores[0, 0])


def exercise_2(answer):
    """Judge a function from counts to all cosines."""
    if not callable(answer):
        return "a function is wanted: write all_cosines, without brackets"
    rows = np.array([[1, 0, 2], [2, 0, 4], [0, 3, 1], [0, 0, 0]])
    unit = TfidfTransformer(use_idf=False).fit_transform(rows).toarray()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        given = answer(rows.copy())
    wrong = difference(given, unit @ unit.T)
    return wrong and f"of the rows {rows.tolist()}, {wrong}"


def _without_zeros(rows):
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit @ unit.T


WRONG = {
    1: [0.5, 4, "0.8", [0.8], True],
    2: [0.8, _without_zeros, lambda rows: rows @ rows.T, lambda rows: rows],
}
