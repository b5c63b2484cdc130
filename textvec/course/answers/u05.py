"""Unit 5: BM25."""

import numpy as np

from textvec.course.functions import function_difference, judges
from textvec.sparse.bm25 import BM25Transformer


def exercise_1():
    """Return by what three mentions in a text of twice the mean length are weighed."""
    counts = np.array([[3, 1], [1, 0], [1, 0]])  # lengths 4, 1 and 1: the mean is 2
    transformer = BM25Transformer().fit(counts)
    return float(transformer.transform(counts).toarray()[0, 0] / transformer.idf_[0])


@judges("bm25_scores")
def exercise_2(answer):
    """Judge a function from counts and a query to scores."""
    rows = np.array([[8, 0, 0, 0], [1, 1, 0, 0], [1, 1, 3, 6], [0, 0, 1, 2]])
    cases = [(rows, np.array(query)) for query in ([1, 1, 0, 0], [0, 2, 0, 1])]
    return function_difference(answer, _bm25_scores, cases, SLIPS[2])


def _bm25_scores(rows, query):
    return BM25Transformer().fit_transform(rows).toarray() @ query


def _score(rows, query, *, b=0.75, plus=1, times=1.0, lengths=None):
    df = (rows > 0).sum(axis=0)
    idf = np.log(plus + (len(rows) - df + 0.5) / (df + 0.5))
    lengths = rows.sum(axis=1) if lengths is None else lengths
    room = 1.5 * (1 - b + b * lengths / lengths.mean())
    return (idf * times * rows / (rows + room[:, None])) @ query


SLIPS = {
    1: [
        (3 / 4.5, "that is the fraction of a text of mean length"),
        (2.625, "that is what is added to tf below the line: divide tf by the sum"),
        (2.5 * 8 / 15, "above the line stands tf alone, in the formula of this unit"),
    ],
    2: [
        (lambda rows, query: _score(rows, query, b=0), "the lengths of the texts do not count"),
        (
            lambda rows, query: _score(rows, query, plus=0),
            "the 1 that is added within the logarithm is missing",
        ),
        (
            lambda rows, query: _score(rows, query > 0),
            "a word that stands twice in the query counts twice",
        ),
        (
            lambda rows, query: _score(rows, query, times=2.5),
            "above the line stands tf alone, in the formula of this unit",
        ),
        (
            lambda rows, query: _score(rows, query, lengths=(rows > 0).sum(axis=1)),
            "the length of a text is the sum of its row",
        ),
        (lambda rows, query: rows @ query, "these are dot products of plain counts"),
    ],
}
WRONG = {
    1: ["8/15", 0.4],
    2: [lambda rows, query: _score(rows, query).sum(), lambda rows: rows, 0.5],
}
