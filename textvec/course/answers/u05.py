"""Unit 5: BM25."""

import numpy as np

from textvec.course.differences import difference
from textvec.sparse.bm25 import BM25Transformer


def exercise_1():
    """Return by what three mentions in a text of twice the mean length are weighed."""
    counts = np.array([[3, 1], [1, 0], [1, 0]])  # lengths 4, 1 and 1: the mean is 2
    transformer = BM25Transformer().fit(counts)
    return float(transformer.transform(counts).toarray()[0, 0] / transformer.idf_[0])


def exercise_2(answer):
    """Judge a function from counts and a query to scores."""
    if not callable(answer):
        return "a function is wanted: write bm25_scores, without brackets"
    rows = np.array([[8, 0, 0, 0], [1, 1, 0, 0], [1, 1, 3, 6], [0, 0, 1, 2]])
    weights = BM25Transformer().fit_transform(rows).toarray()
    for query in ([1, 1, 0, 0], [0, 2, 0, 1]):
        wrong = difference(answer(rows.copy(), np.array(query)), weights @ query)
        if wrong:
            return f"of the rows {rows.tolist()} and the query {query}, {wrong}"
    return None


def _score(rows, query, k1=1.5, b=0.75, plus=1):
    df = (rows > 0).sum(axis=0)
    idf = np.log(plus + (len(rows) - df + 0.5) / (df + 0.5))
    lengths = rows.sum(axis=1)
    room = k1 * (1 - b + b * lengths / lengths.mean())
    return (idf * rows / (rows + room[:, None])) @ query


WRONG = {
    1: [3 / 4.5, 2.625, "8/15", 0.4],
    2: [
        lambda rows, query: _score(rows, query, b=0),
        lambda rows, query: _score(rows, query, plus=0),
        lambda rows, query: _score(rows, query > 0),
        lambda rows, query: _score(rows, query).sum(),
        lambda rows, query: rows @ query,
        lambda rows: rows,
        0.5,
    ],
}
