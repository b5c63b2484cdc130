"""Unit 3: n-grams and sparse matrices."""

import numpy as np

from textvec.course.differences import difference
from textvec.sparse.counts import CountVectorizer


def exercise_1():
    """Return how many different short n-grams a word has."""
    counts = CountVectorizer(analyzer="char", ngram_range=(1, 3)).fit(["banana"])
    return len(counts.vocabulary_)


def exercise_2(answer):
    """Judge a function from a dense array to the lists of CSR."""
    if not callable(answer):
        return "a function is wanted: write to_csr, without brackets"
    texts = ["sea view sea", "wordless", "view", "hut hut view"]
    counts = CountVectorizer(vocabulary=["hut", "sea", "view"]).fit_transform(texts)
    given = answer(counts.toarray())
    if not isinstance(given, tuple) or len(given) != 3:
        return "a tuple of data, indices and indptr is wanted"
    for name, one in zip(("data", "indices", "indptr"), given):
        if wrong := difference(one, getattr(counts, name)):
            return f"of the rows {counts.toarray().tolist()}, {name}: {wrong}"
    return None


def _without_a_start(rows):
    places, indices = np.nonzero(rows)
    return rows[places, indices], indices, np.cumsum((rows != 0).sum(axis=1))


def _by_column(rows):
    indices, places = np.nonzero(rows.T)
    return rows[places, indices], indices, np.cumsum([0, *(rows != 0).sum(axis=1)])


WRONG = {
    1: [15, 12, 3, "nine", 9.5],
    2: [_without_a_start, _by_column, lambda rows: rows, lambda rows: (rows, rows), (1, 2, 3)],
}
