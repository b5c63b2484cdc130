"""Rows of vectors as other projects want them: lists, pairs and dicts, and who made them.

All bridges to stores and frameworks go through here, so that a row is written in one way, and
what is read back is checked once.
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy import sparse
from sklearn.exceptions import NotFittedError

from textvec._checks import as_list, as_rows, check_number
from textvec._threads import held
from textvec.persistence import fingerprint, load
from textvec.search._vectorizers import check_vectorizer, is_fitted, query_vectors
from textvec.search._vectorizers import document_vectors as vectors_of_documents

MOST_DIMENSIONS = 65_536  # of a dense vector: no store takes more
_HOW_IT_RUNS = ("n_jobs", "verbose", "cache", "batch_size", "device")  # vectors do not tell


def to_pairs(X) -> list[tuple[list[int], list[float]]]:
    """Return each row as its columns that are not 0, ascending, and their values.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_rows, n_features)
        Finite numbers.

    Returns
    -------
    list of (list of int, list of float)
        What Qdrant calls a sparse vector.

    Raises
    ------
    ValueError
        If a value is NaN or infinite; the message names the row.

    Examples
    --------
    >>> to_pairs([[0.0, 2.0, 0.5]])
    [([1, 2], [2.0, 0.5])]
    """
    X = _rows(X)
    X.sum_duplicates()
    X.eliminate_zeros()
    columns, values, bounds = X.indices.tolist(), X.data.tolist(), X.indptr.tolist()
    return [(columns[first:last], values[first:last]) for first, last in pairwise(bounds)]


def to_dicts(X) -> list[dict[int, float]]:
    """Return each row as {column: value} of what is not 0.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_rows, n_features)
        Finite numbers.

    Returns
    -------
    list of dict of int to float
        What Milvus and pgvector call a sparse vector.

    Raises
    ------
    ValueError
        If a value is NaN or infinite; the message names the row.

    Examples
    --------
    >>> to_dicts([[0.0, 2.0, 0.5]])
    [{1: 2.0, 2: 0.5}]
    """
    return [dict(zip(columns, values, strict=True)) for columns, values in to_pairs(X)]


def to_lists(X) -> list[list[float]]:
    """Return each row as a list of all its values.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_rows, n_features)
        Finite numbers, at most 65,536 columns.

    Returns
    -------
    list of list of float

    Raises
    ------
    ValueError
        If there are more columns, a value is NaN or infinite, or these are no rows.

    Examples
    --------
    >>> to_lists([[0.0, 2.0]])
    [[0.0, 2.0]]
    """
    X = X if sparse.issparse(X) else np.asarray(X)
    _check_rows(X)
    if X.shape[1] > MOST_DIMENSIONS:
        raise ValueError(
            f"A dense vector may have {MOST_DIMENSIONS} dimensions, more than any store takes. "
            f"Got {X.shape[1]} instead: write sparse vectors, or make short ones, such as "
            "LSAVectorizer's."
        )
    X = X.toarray() if sparse.issparse(X) else X
    _check_finite(X.sum(axis=1))
    return X.tolist()


def to_arrays(X) -> list[np.ndarray]:
    """Return each row as an array of float32, under the same bounds as :func:`to_lists`.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_rows, n_features)
        Finite numbers, at most 65,536 columns.

    Returns
    -------
    list of ndarray of float32
        What Chroma and LanceDB take.

    Examples
    --------
    >>> to_arrays([[0.0, 2.0]])
    [array([0., 2.], dtype=float32)]
    """
    return [np.array(row, np.float32) for row in to_lists(X)]


def from_pairs(pairs, n_features, dtype=np.float32) -> sparse.csr_array:
    """Return the rows that :func:`to_pairs` wrote.

    Parameters
    ----------
    pairs : iterable of (sequence of int, sequence of float)
        Columns of a row and their values; each column once.
    n_features : int >= 1
        The width of all rows.
    dtype : dtype, default=float32
        Of the values.

    Returns
    -------
    csr_array of shape (n_rows, n_features)

    Raises
    ------
    ValueError
        If a column is out of range or stands twice, or there are more or fewer values than columns.

    Examples
    --------
    >>> from_pairs([([1, 2], [2.0, 0.5])], 3).toarray()
    array([[0. , 2. , 0.5]], dtype=float32)
    """
    check_number("n_features", n_features, low=1, integer=True)
    columns: list = []
    values: list = []
    bounds = [0]
    for row, (its_columns, its_values) in enumerate(pairs):
        if len(its_columns) != len(its_values):
            raise ValueError(
                f"row {row} must have a value for each column: {len(its_columns)}. "
                f"Got {len(its_values)} instead."
            )
        if len(set(its_columns)) != len(its_columns):
            raise ValueError(f"row {row} names a column twice: {list(its_columns)!r:.60}.")
        if len(its_columns) and not 0 <= min(its_columns) <= max(its_columns) < n_features:
            raise ValueError(
                f"columns of row {row} must be between 0 and {n_features - 1}. "
                f"Got {min(its_columns)} to {max(its_columns)} instead."
            )
        columns.extend(its_columns)
        values.extend(its_values)
        bounds.append(len(columns))
    X = sparse.csr_array(
        (np.array(values, dtype), np.array(columns, np.int32), np.array(bounds)),
        shape=(len(bounds) - 1, n_features),
    )
    X.sort_indices()
    return X


def from_dicts(dicts, n_features, dtype=np.float32) -> sparse.csr_array:
    """Return the rows that :func:`to_dicts` wrote.

    Parameters
    ----------
    dicts : iterable of mapping from int to float
        The columns of a row that are not 0.
    n_features : int >= 1
        The width of all rows.
    dtype : dtype, default=float32
        Of the values.

    Returns
    -------
    csr_array of shape (n_rows, n_features)

    Raises
    ------
    ValueError
        If a column is out of range.

    Examples
    --------
    >>> from_dicts([{2: 0.5, 1: 2.0}], 3).toarray()
    array([[0. , 2. , 0.5]], dtype=float32)
    """
    dicts = as_list("dicts", dicts, "a list of dicts")
    return from_pairs(((list(row), list(row.values())) for row in dicts), n_features, dtype)


class Signature(NamedTuple):
    """Who made vectors: kept with them, so that no other vectorizer's are mixed in.

    Parameters
    ----------
    vectorizer : str
        The name of its class.
    digest : str
        The sha256 of all that it learned; "" for classes of others, which cannot be read so.
    width : int
        The dimensions of its vectors.
    """

    vectorizer: str
    digest: str
    width: int

    def __str__(self):
        return f"{self.vectorizer} {self.digest[:12] or '(no digest)'} of {self.width} dimensions"


def signature_of(vectorizer) -> Signature:
    """Return who a fitted vectorizer is.

    Parameters
    ----------
    vectorizer : fitted vectorizer
        Two with one signature give the same vectors. How it runs (``n_jobs`` and the like) does
        not count.

    Returns
    -------
    Signature

    Raises
    ------
    TypeError
        If it is no vectorizer.
    NotFittedError
        If it is not fitted.

    Examples
    --------
    >>> from textvec import CountVectorizer
    >>> signature_of(CountVectorizer().fit(["sea view"]))[::2]
    ('CountVectorizer', 2)
    """
    check_ready(vectorizer)
    try:
        digest = fingerprint(_bare(vectorizer))
    except TypeError:
        digest = ""
    return Signature(type(vectorizer).__name__, digest, vectorizer.transform(["a"]).shape[1])


def load_signed(path, trust=False):
    """Return the fitted vectorizer that a file holds, and who it is.

    Parameters
    ----------
    path : str or path-like
        The file.
    trust : bool, default=False
        As :func:`textvec.load` takes it.

    Returns
    -------
    vectorizer : fitted vectorizer
    signature : Signature
    """
    vectorizer = load(path, trust=trust)
    return vectorizer, signature_of(vectorizer)


def _bare(estimator):
    """Return a copy that does not say how it runs, nor do the estimators in it."""
    bare = held(estimator)
    for name, value in vars(estimator).items():
        if name in _HOW_IT_RUNS:
            bare.__dict__[name] = None
        elif hasattr(value, "get_params") and not isinstance(value, type):
            bare.__dict__[name] = _bare(value)
    return bare


def check_signature(place, known, given):
    """Raise ValueError where vectors of one vectorizer would be mixed with those of another.

    Parameters
    ----------
    place : str
        What holds vectors, in words.
    known : mapping, sequence or None
        The fields of a Signature as a store gave them back; None where it holds none.
    given : Signature
        Of the vectorizer at hand.
    """
    if known is None:
        raise ValueError(
            f"{place} was not written by textvec: it does not say which vectorizer its vectors "
            f"are of, and {given} may be another. Choose another name."
        )
    try:
        kept = Signature(**known) if isinstance(known, Mapping) else Signature(*known)
        same = kept == given
        text = str(kept)
    except (TypeError, ValueError):
        same, text = False, repr(known)
    if not same:
        raise ValueError(
            f"{place} holds vectors of {text}, and the vectorizer at hand is {given}: open it with "
            "the one that wrote it, or choose another name."
        )


def check_ready(vectorizer):
    """Raise unless a vectorizer can turn texts into vectors now."""
    check_vectorizer(vectorizer)
    if not is_fitted(vectorizer):
        raise NotFittedError(
            f"This {type(vectorizer).__name__} is not fitted: its vectors would change with the "
            "first texts. Call fit(texts) first, or load one that was saved."
        )


def check_texts(texts) -> list[str]:
    """Return texts as a list, or raise TypeError, which names the first that is none."""
    texts = as_rows("texts", texts, "a list of str")
    for row, text in enumerate(texts):
        if not isinstance(text, str):
            raise TypeError(f"texts[{row}] must be a str. Got {type(text).__name__} instead.")
    return texts


def document_vectors(vectorizer, texts):
    """Return the vectors of documents."""
    texts = check_texts(texts)
    return vectors_of_documents(vectorizer, texts) if texts else np.zeros((0, 1), np.float32)


def vectors_of_queries(vectorizer, texts):
    """Return the vectors of queries, by their own side where the vectorizer has one."""
    texts = check_texts(texts)
    return query_vectors(vectorizer, texts) if texts else np.zeros((0, 1), np.float32)


def _rows(X):
    """Return a copy in CSR."""
    X = X if sparse.issparse(X) else np.asarray(X)
    _check_rows(X)
    X = sparse.csr_array(X, copy=True)
    _check_finite(X.sum(axis=1))
    return X


def _check_rows(X):
    if X.ndim != 2:
        raise ValueError(
            f"X must be rows of vectors. Got an array of shape {X.shape} instead: put one vector "
            "into a list."
        )


def _check_finite(sums):
    bad = np.flatnonzero(~np.isfinite(sums))
    if bad.size:
        raise ValueError(f"vectors must be finite: row {bad[0]} holds NaN or infinity.")
