"""Unit 3: n-grams and sparse matrices."""

import numpy as np

from textvec.course.differences import difference
from textvec.course.functions import function_difference, judges
from textvec.sparse.counts import CountVectorizer


def exercise_1():
    """Return how many different short n-grams a word has."""
    counts = CountVectorizer(analyzer="char", ngram_range=(1, 3)).fit(["banana"])
    return len(counts.vocabulary_)


@judges("to_csr")
def exercise_2(answer):
    """Judge a function from a dense array to the lists of CSR."""
    texts = ["sea view sea", "wordless", "view", "hut hut view"]
    counts = CountVectorizer(vocabulary=["hut", "sea", "view"]).fit_transform(texts)
    return function_difference(
        answer,
        lambda rows: (counts.data, counts.indices, counts.indptr),
        [(counts.toarray(),)],
        SLIPS[2],
        _lists_difference,
    )


def _lists_difference(found, right):
    if not isinstance(found, tuple) or len(found) != 3:
        return "a tuple of data, indices and indptr is wanted"
    for name, one, wanted in zip(("data", "indices", "indptr"), found, right, strict=True):
        if wrong := difference(one, wanted):
            return f"{name}: {wrong}"
    return None


def _without_a_start(rows):
    places, indices = np.nonzero(rows)
    return rows[places, indices], indices, np.cumsum((rows != 0).sum(axis=1))


def _by_column(rows):
    indices, places = np.nonzero(rows.T)
    return rows[places, indices], indices, np.cumsum([0, *(rows != 0).sum(axis=1)])


def _counts_alone(rows):
    places, indices = np.nonzero(rows)
    return rows[places, indices], indices, (rows != 0).sum(axis=1)


SLIPS = {
    1: [
        (15, "what occurs twice is one n-gram: count different ones"),
        (3, "count all three lengths"),
    ],
    2: [
        (_without_a_start, "the first row begins at 0, and so must indptr"),
        (_by_column, "the numbers stand row after row, not column after column"),
        (
            _counts_alone,
            "the numbers in indptr are where rows begin and end, not how long they are",
        ),
    ],
}
WRONG = {
    1: [12, "nine", 9.5],
    2: [lambda rows: rows, lambda rows: (rows, rows), (1, 2, 3)],
}
