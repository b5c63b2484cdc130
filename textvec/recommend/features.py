"""Vectors of items: one block of features for each column and vectorizer, weighted and joined.

Blocks stand side by side in one row, scaled so that the dot product of two rows is the weighted
mean of what the blocks score on their own. So any number of texts, vectorizers, prices and
categories is searched at once, by one index.
"""

from typing import NamedTuple, Self

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.preprocessing import normalize
from sklearn.utils.validation import check_array, check_is_fitted

from textvec._checks import check_choice, check_number
from textvec.persistence import SaveMixin
from textvec.recommend.items import check_texts
from textvec.search._vectorizers import metric_of, queries_differ, query_vectors

# Kinds of values as pandas infers them
_NUMBERS = {"integer", "floating", "mixed-integer-float", "decimal"}
_DATES = {"datetime64", "datetime", "date", "time", "timedelta64", "timedelta", "period"}
_FARTHEST = 2.0  # standard deviations from the mean; what lies beyond counts as lying there


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


class ColumnVectorizer(TransformerMixin, SaveMixin, BaseEstimator):
    """Turn a column of numbers or categories into vectors whose cosine says how alike two are.

    Numbers are standardised, cut off at two standard deviations from their mean, and laid on a half
    circle: two numbers that are d standard deviations apart have the cosine cos(d * pi / 4), which
    is 1 if they are equal, 0 at two and -1 at four. Categories are one-hot: 1 for the same and 0
    for another. A cell may hold several, as a list; two lists have the cosine of their sets, the
    number of shared categories over the geometric mean of their lengths (Ochiai's coefficient). A
    missing value has the zero vector: it is like nothing.

    Attributes
    ----------
    categories_ : list or None
        One for each feature; None for numbers.
    mean_, scale_ : float
        Of the numbers seen in ``fit``; 1 is the scale of numbers that are all equal.

    Examples
    --------
    >>> import pandas as pd
    >>> prices = pd.Series([80.0, 100.0, 120.0])
    >>> vectors = ColumnVectorizer().fit_transform(prices)
    >>> (vectors @ vectors.T).round(2)
    array([[ 1.  ,  0.57, -0.35],
           [ 0.57,  1.  ,  0.57],
           [-0.35,  0.57,  1.  ]], dtype=float32)
    >>> ColumnVectorizer().fit(pd.Series([["spa", "pool"], ["pool"]])).categories_
    ['spa', 'pool']
    """

    def fit(self, column, y=None) -> Self:
        """Learn the mean and spread of numbers, or the categories.

        Parameters
        ----------
        column : Series
            Numbers; or categories, or lists of them. Booleans are categories, and so is whatever
            has the type "category". Dates are neither.
        y : None
            Ignored.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a number is infinite, or every value is missing.
        TypeError
            If the column holds dates, or what is no category.
        """
        if column.isna().all():
            raise ValueError(f"column {column.name!r} holds no value: leave it out of columns.")
        self.categories_ = None
        if _kind_of(column) in _NUMBERS:
            numbers = self._as_numbers(column)
            self.mean_ = float(np.nanmean(numbers))
            is_one = np.nanmin(numbers) == np.nanmax(numbers)  # and rounding may part it from mean_
            self.scale_ = 1.0 if is_one else float(np.nanstd(numbers)) or 1.0
        else:
            self.categories_ = pd.unique(pd.Series(_members(column)[1], dtype=object)).tolist()
        return self

    def transform(self, column):
        """Return the vectors of a column.

        Parameters
        ----------
        column : Series
            Of the kind seen in ``fit``; categories that were not seen count as missing.

        Returns
        -------
        ndarray of shape (n_items, 2) or csr_array of shape (n_items, n_categories), float32

        Raises
        ------
        ValueError
            If a number is infinite.
        TypeError
            If there are no numbers where ``fit`` saw some, or dates.
        """
        check_is_fitted(self)
        _kind_of(column)
        if self.categories_ is None:
            scaled = (self._as_numbers(column) - self.mean_) / self.scale_
            angles = np.clip(scaled, -_FARTHEST, _FARTHEST) * (np.pi / 2 / _FARTHEST)
            vectors = np.column_stack([np.cos(angles), np.sin(angles)])
            return np.nan_to_num(vectors).astype(np.float32)
        rows, members = _members(column)
        columns = pd.Index(self.categories_, dtype=object).get_indexer(members)
        known = columns >= 0
        ones = np.ones(known.sum(), np.float32)
        shape = len(column), len(self.categories_)
        return normalize(sparse.csr_array((ones, (rows[known], columns[known])), shape=shape))

    def _as_numbers(self, column):
        try:
            numbers = column.to_numpy(np.float64, na_value=np.nan)
        except (TypeError, ValueError, OverflowError) as error:
            raise TypeError(f"column {column.name!r} must hold numbers: {error}.") from error
        if np.isinf(numbers).any():
            row = np.flatnonzero(np.isinf(numbers))[0]
            raise ValueError(
                f"row {row} of column {column.name!r} is {numbers[row]}: numbers must be finite, "
                "or missing."
            )
        return numbers


def fit_blocks(frame, ids, texts, columns, vectorizer, default):
    """Fit a block for each column and vectorizer; return the blocks and the items' vectors.

    Parameters
    ----------
    frame : DataFrame
        The items.
    ids : pandas.Index
        What they are called, for messages.
    texts, columns : dict of column name to weight
        The columns of texts, and of numbers and categories.
    vectorizer : vectorizer, list of these or of pairs (vectorizer, weight), or None
        Cloned for each column of texts, or for None what ``default`` gives for its texts.
    default : callable
        From a list of str to an unfitted vectorizer.

    Returns
    -------
    blocks : list of Block
    vectors : csr matrix or ndarray of shape (n_items, n_features)
    """
    chosen = _check_vectorizers(vectorizer)
    whole = sum(weight for _, weight in chosen)
    blocks, rows = [], []

    def add(name, model, weight, values):
        made = _as_rows(model.fit_transform(values), model)
        blocks.append(Block(name, model, weight, made.shape[1], sparse.issparse(made)))
        rows.append(made)

    for name, weight in texts.items():
        values = check_texts(frame[name], ids)
        for model, part in chosen:
            model = default(values) if model is None else clone(model)
            check_choice("vectorizer.metric", metric_of(model), ("cosine", "dot"))
            add(name, model, weight * part / whole, values)
    for name, weight in columns.items():
        add(name, ColumnVectorizer(), weight, frame[name])
    total = sum(block.weight for block in blocks)
    blocks = [block._replace(weight=block.weight / total) for block in blocks]
    return blocks, _joined(blocks, rows)


def item_vectors(blocks, frame, ids, as_queries=False):
    """Return the vectors of items by fitted blocks; ``as_queries``, as what is searched for."""
    rows = []
    for block in blocks:
        model, column = block.vectorizer, frame[block.column]
        values = check_texts(column, ids) if block.is_text else column
        asked = as_queries and block.searches_otherwise
        vectors = query_vectors(model, values) if asked else model.transform(values)
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
        if pair[0] is not None and not hasattr(pair[0], "fit_transform"):
            raise TypeError(
                "vectorizer must be an estimator with fit_transform, or a list of these. "
                f"Got {pair[0]!r} instead."
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


def _kind_of(column):
    """Return what kind of values a column holds, by pandas' word for it; raise for dates."""
    kind = pd.api.types.infer_dtype(column, skipna=True)
    if kind in _DATES:
        raise TypeError(
            f"column {column.name!r} must hold numbers or categories. Got dates or times ({kind}) "
            "instead: take numbers of them, such as .dt.year, or .astype(str) for categories."
        )
    return kind


def _members(column):
    """Return the rows and the categories of the cells of a column, those that are there."""
    rows, members = [], []
    for row, value in enumerate(column.tolist()):
        cell = value if pd.api.types.is_list_like(value) else [value]
        try:
            kept = [member for member in dict.fromkeys(cell) if not pd.isna(member)]
        except TypeError as error:
            raise TypeError(
                f"row {row} of column {column.name!r} must hold a category or a list of them. "
                f"Got {value!r} instead."
            ) from error
        rows += [row] * len(kept)
        members += kept
    return np.array(rows, dtype=np.intp), np.array([*members, None], dtype=object)[:-1]
