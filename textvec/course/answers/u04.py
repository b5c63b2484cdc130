"""Unit 4: TF-IDF."""

import warnings

import numpy as np

from textvec.course.differences import difference
from textvec.sparse.tfidf import TfidfTransformer


def exercise_1():
    """Return the weight of a word in 9 of 99 texts."""
    counts = np.zeros((99, 1))
    counts[:9] = 1
    return float(TfidfTransformer().fit(counts).idf_[0])


def exercise_2(answer):
    """Judge a function from counts to their weights."""
    if not callable(answer):
        return "a function is wanted: write tfidf, without brackets"
    rows = np.array([[2, 1, 0, 0], [1, 0, 3, 0], [4, 0, 0, 0], [0, 0, 0, 0], [1, 1, 1, 5]])
    wanted = TfidfTransformer().fit_transform(rows).toarray()
    mine = rows.copy()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        given = answer(mine)
    if not np.array_equal(mine, rows):
        return "the array that was given is changed"
    wrong = difference(given, wanted)
    return wrong and f"of the rows {rows.tolist()}, {wrong}"


def _weigh(rows, smooth=1, plus=1):
    df = np.maximum((rows > 0).sum(axis=0), 1 - smooth)
    weighed = rows * (np.log((smooth + len(rows)) / (smooth + df)) + plus)
    lengths = np.linalg.norm(weighed, axis=1, keepdims=True)
    return weighed / np.where(lengths == 0, 1, lengths)


def _in_place(rows):
    rows[:] = rows * 2
    return _weigh(rows)


WRONG = {
    1: [2.303, np.log(11) + 1, 100, "ln 10 + 1", [3.303]],
    2: [
        lambda rows: _weigh(rows, smooth=0),
        lambda rows: _weigh(rows, plus=0),
        lambda rows: rows,
        lambda rows: rows / np.linalg.norm(rows, axis=1, keepdims=True),
        _in_place,
        3.3,
    ],
}
