"""Unit 4: TF-IDF."""

import numpy as np

from textvec.course.functions import function_difference, judges
from textvec.sparse.tfidf import TfidfTransformer


def exercise_1():
    """Return the weight of a word in 9 of 99 texts."""
    counts = np.zeros((99, 1))
    counts[:9] = 1
    return float(TfidfTransformer().fit(counts).idf_[0])


@judges("tfidf", quiet=True, keeps=True)
def exercise_2(answer):
    """Judge a function from counts to their weights."""
    rows = np.array([[2, 1, 0, 0], [1, 0, 3, 0], [4, 0, 0, 0], [0, 0, 0, 0], [1, 1, 1, 5]])
    return function_difference(answer, _tfidf, [(rows,)], SLIPS[2])


def _tfidf(rows):
    return TfidfTransformer().fit_transform(rows).toarray()


def _weigh(rows, *, smooth=1, plus=1, n=None, df=None, unit=True):
    n = len(rows) if n is None else n
    df = (rows > 0).sum(axis=0) if df is None else df
    weighed = rows * (np.log((smooth + n) / (smooth + df)) + plus)
    lengths = np.linalg.norm(weighed, axis=1, keepdims=True)
    return weighed / np.where(lengths == 0, 1, lengths) if unit else weighed


def _in_place(rows):
    rows[:] = rows * 2
    return _weigh(rows)


def _divided_in_place(rows):
    rows /= 2
    return rows


SLIPS = {
    1: [
        (np.log(11) + 1, "pretend that there was one more text, which held every word once"),
        (np.log(10), "the 1 after the logarithm is missing"),
        (2, "the logarithm is the natural one, to base e"),
    ],
    2: [
        (
            lambda rows: _weigh(rows, smooth=0),
            "pretend that there was one more text, which held every word once",
        ),
        (lambda rows: _weigh(rows, plus=0), "the 1 after the logarithm is missing"),
        (
            lambda rows: _weigh(rows, df=rows.sum(axis=0)),
            "a document frequency counts texts, not mentions",
        ),
        (
            lambda rows: _weigh(rows, n=rows.shape[1]),
            "the number of texts is that of the rows, not of the columns",
        ),
        (lambda rows: _weigh(rows, unit=False), "the rows are to have length 1"),
        (
            lambda rows: _weigh(rows, df=0 * rows[0]),
            "all words of a row have the same idf: df is one number for each column",
        ),
    ],
}
WRONG = {
    1: [100, "ln 10 + 1", [3.303]],
    2: [_in_place, _divided_in_place, lambda rows: rows, 3.3],
}
