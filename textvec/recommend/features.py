"""Vectors of items: one block of features for each column and vectorizer, weighted and joined.

Blocks stand side by side in one row, scaled so that the dot product of two rows is the weighted
mean of what the blocks score on their own. So any number of texts, vectorizers, prices and
categories is searched at once, by one index.
"""

from typing import NamedTuple

import numpy as np
from scipy import sparse
from sklearn.base import clone
from sklearn.preprocessing import normalize
from sklearn.utils.validation import check_array

from textvec._checks import check_choice, check_number
from textvec.recommend.columns import Categories, ColumnVectorizer, Vectors
from textvec.recommend.items import check_texts
from textvec.search._vectorizers import (
    document_vectors,
    metric_of,
    queries_differ,
    query_vectors,
)

_LEAST_SHARE = 1e-12  # of all weights; the root of less is lost beside others in float32


class Block(NamedTuple):
    """One column of the items, and what turns it into features.

    Parameters
    ----------
    column : hashable
        The column's name.
    vectorizer : fitted vectorizer
        Turns the column into rows.
    weight : float
        Its share of the score; those of all blocks sum to 1.
    width : int
        How many features it gives.
    is_sparse : bool
        Whether most of them are 0, and rows are sparse.
    """

    column: object
    vectorizer: object
    weight: float
    width: int
    is_sparse: bool

    @property
    def metric(self):
        """How its rows are compared: "cosine" or "dot"."""
        return metric_of(self.vectorizer)

    @property
    def is_text(self):
        """Whether the column holds texts."""
        return not isinstance(self.vectorizer, ColumnVectorizer)

    @property
    def searches_otherwise(self):
        """Whether what is searched for has other vectors than what is found."""
        return self.metric == "dot" and queries_differ(self.vectorizer)


def fit_blocks(frame, ids, texts, columns, kinds, vectorizer, default):
    """Fit a block for each column and vectorizer; return the blocks and the items' vectors.

    Parameters
    ----------
    frame : DataFrame
        The items.
    ids : pandas.Index
        What they are called, for messages.
    texts, columns : dict of column name to weight
        The columns of texts, and of numbers and categories.
    kinds : dict of column name to Numbers, Categories or Vectors
        How columns are to be read; the others are looked at.
    vectorizer : vectorizer, list of these or of pairs (vectorizer, weight), or None
        Cloned for each column of texts, or for None what ``default`` gives for its texts.
    default : callable
        From a list of str to pairs of an unfitted vectorizer and its share.

    Returns
    -------
    blocks : list of Block
    vectors : csr matrix or ndarray of shape (n_items, n_features)
    """
    chosen = _check_vectorizers(vectorizer)
    parts = shares([weight for _, weight in chosen])
    blocks, rows = [], []

    def add(name, model, weight, made):
        made = _as_rows(made, model)
        blocks.append(Block(name, model, weight, made.shape[1], sparse.issparse(made)))
        rows.append(made)

    weights = shares([*texts.values(), *columns.values()])
    for name, weight in zip([*texts, *columns], weights):
        if weight < _LEAST_SHARE:
            raise ValueError(
                f"The weight of {name!r} is {weight:.0e} of all weights, too little to count: "
                "leave it out, or choose weights of one size."
            )
    for name, weight in zip(texts, weights):
        values = check_texts(frame[name], ids)
        for (model, _), part in zip(chosen, parts):
            for one, share in default(values) if model is None else [(clone(model), 1.0)]:
                check_choice("vectorizer.metric", metric_of(one), ("cosine", "dot"))
                add(name, one, weight * part * share, one.fit_transform(values))
    for name, weight in zip(columns, weights[len(texts) :]):
        reader = _reader(kinds.get(name))
        add(name, reader, weight, reader.fit_transform(frame[name], weight=columns[name]))
    return blocks, _joined(blocks, rows)


def shares(weights):
    """Return weights that sum to 1.

    Parameters
    ----------
    weights : iterable of float
        Above 0, 1e308 and its like included.

    Returns
    -------
    list of float
    """
    weights = list(weights)
    weights = [weight / max(weights) for weight in weights]
    total = sum(weights)
    return [weight / total for weight in weights]


def _reader(kind):
    if kind is None:
        return ColumnVectorizer()
    if isinstance(kind, Categories):
        return ColumnVectorizer("categories", kind.separator)
    if isinstance(kind, Vectors):
        return ColumnVectorizer("vectors", table=kind.table)
    return ColumnVectorizer("numbers")


def item_vectors(blocks, frame, ids, as_queries=False):
    """Return the vectors of items by fitted blocks; ``as_queries``, as what is searched for."""
    rows = []
    for block in blocks:
        model, column = block.vectorizer, frame[block.column]
        values = check_texts(column, ids) if block.is_text else column
        asked = as_queries and block.searches_otherwise
        vectors = query_vectors(model, values) if asked else document_vectors(model, values)
        rows.append(_as_rows(vectors, model))
    return _joined(blocks, rows)


def query_vector(blocks, text):
    """Return the vector of a text of the user's own; only columns of texts count."""
    rows = []
    for block in blocks:
        if block.is_text:
            rows.append(_as_rows(query_vectors(block.vectorizer, [text]), block.vectorizer))
        else:
            rows.append(sparse.csr_array((1, block.width), dtype=np.float32))
    share = sum(block.weight for block in blocks if block.is_text)
    joined = _joined(blocks, rows)
    return joined if share == 1 else joined / joined.dtype.type(share)


def _check_vectorizers(vectorizer):
    """Return [(vectorizer or None, weight), ...]."""
    if not isinstance(vectorizer, list | tuple):
        vectorizer = [vectorizer]
    pairs = [pair if isinstance(pair, tuple) else (pair, 1.0) for pair in vectorizer]
    if not pairs:
        raise ValueError("vectorizer is an empty list: name at least one, or None.")
    for pair in pairs:
        if len(pair) != 2:
            raise ValueError(
                f"vectorizer must hold vectorizers, or pairs (vectorizer, weight). Got {pair!r}."
            )
        model = pair[0]
        if isinstance(model, type) or model is not None and not hasattr(model, "fit_transform"):
            advice = f": call it, {model.__name__}()" if isinstance(model, type) else ""
            raise TypeError(
                "vectorizer must be an estimator with fit_transform, such as TfidfVectorizer(), or "
                "a list of these, or of pairs [(TfidfVectorizer(), 0.5)]. "
                f"Got {model!r} instead{advice}."
            )
        check_number("the weight of a vectorizer", pair[1])
        if not pair[1] > 0:
            raise ValueError(
                f"The weight of a vectorizer must be above 0. Got {pair[1]!r} instead."
            )
    return pairs


def _as_rows(vectors, vectorizer):
    """Return what a vectorizer gave as floats, of length 1 where cosines are wanted."""
    vectors = check_array(
        vectors,
        accept_sparse="csr",
        dtype=[np.float64, np.float32],
        ensure_min_features=0,
        input_name=f"the output of {type(vectorizer).__name__}",
    )
    if metric_of(vectorizer) == "cosine":
        return normalize(vectors)
    return vectors


def _joined(blocks, rows):
    """Put the rows of blocks side by side, each times the root of the block's weight."""
    if len(rows) == 1:
        return rows[0]
    scaled = [row * row.dtype.type(block.weight**0.5) for block, row in zip(blocks, rows)]
    if any(map(sparse.issparse, scaled)):
        return sparse.hstack([sparse.csr_array(row) for row in scaled], format="csr")
    return np.hstack(scaled)
