"""Vectors of a batch, and how the answers of those who share it put them."""

import base64
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy import sparse

from textvec.serve.asking import RefusedError


class Rows:
    """Vectors of texts and how many tokens each has; a slice is the vectors of some, and a sum.

    Parameters
    ----------
    vectors : ndarray or sparse matrix of shape (n_texts, n_columns)
        Sparse ones are written as lists here, once for all that share a batch: to cut a matrix into
        rows takes longer than to compute it.
    n_tokens : list of int
        Of each text.
    """

    def __init__(self, vectors, n_tokens):
        self._n_tokens = n_tokens
        self._vectors = SparseRows.of(vectors) if sparse.issparse(vectors) else vectors

    def __getitem__(self, places):
        """Return vectors and the sum of tokens of a slice of the texts."""
        return self._vectors[places], sum(self._n_tokens[places])


class SparseRows(NamedTuple):
    """Rows of a sparse matrix as lists; a slice is some of its rows.

    Parameters
    ----------
    n_columns : int
        Of the matrix.
    ends : list of int
        Row r is from ``ends[r]`` to ``ends[r + 1]``.
    indices, values : list
        Of all rows, columns ascending.
    """

    n_columns: int
    ends: list
    indices: list
    values: list

    @classmethod
    def of(cls, matrix):
        """Return the rows of a matrix."""
        matrix = sparse.csr_array(matrix)
        matrix.sort_indices()
        lists = matrix.indptr.tolist(), matrix.indices.tolist(), matrix.data.tolist()
        return cls(matrix.shape[1], *lists)

    def __getitem__(self, rows):
        """Return the rows of a slice."""
        return self._replace(ends=self.ends[rows.start : rows.stop + 1])

    @property
    def shape(self):
        """Numbers of rows and columns."""
        return len(self.ends) - 1, self.n_columns

    def toarray(self):
        """Return the rows with their zeros, as float32."""
        dense = np.zeros(self.shape, np.float32)
        for row, (begin, end) in zip(dense, pairwise(self.ends)):
            row[self.indices[begin:end]] = self.values[begin:end]
        return dense


def n_numbers(vectors, form):
    """Return how many numbers an answer has.

    Parameters
    ----------
    vectors : ndarray or SparseRows of shape (n_texts, n_columns)
        What a slice of `Rows` has.
    form : {"float", "base64", "sparse"}
        How they are put.

    Returns
    -------
    int
    """
    if form == "sparse" and isinstance(vectors, SparseRows):
        return vectors.ends[-1] - vectors.ends[0]
    return vectors.shape[0] * vectors.shape[1]


def as_sparse(vectors):
    """Return rows as columns and values.

    Parameters
    ----------
    vectors : ndarray or SparseRows of shape (n_texts, n_columns)
        What a slice of `Rows` has.

    Returns
    -------
    iterator of dict
        One for each text, of ``indices``, ascending, and ``values``.
    """
    if not isinstance(vectors, SparseRows):
        vectors = SparseRows.of(vectors)
    return (
        {"indices": vectors.indices[begin:end], "values": vectors.values[begin:end]}
        for begin, end in pairwise(vectors.ends)
    )


def as_dense(vectors, width, form, most, name):
    """Return rows as OpenAI has them.

    Parameters
    ----------
    vectors : ndarray or SparseRows of shape (n_texts, n_columns)
        What a slice of `Rows` has.
    width : int or None
        How many of the first columns are asked for; these are given the length 1 again.
    form : {"float", "base64"}
        Lists of numbers, or base64 of little-endian float32.
    most : int
        Numbers that one answer may have.
    name : str
        Of the model, for messages.

    Returns
    -------
    iterator of list of float, or of str

    Raises
    ------
    RefusedError
        If that is too much, or not to be had.
    """
    n_rows, n_columns = vectors.shape
    if n_rows * n_columns > most:
        raise RefusedError(
            400,
            f"{name!r} gives {n_columns} numbers a text, too many for {n_rows} texts: ask for "
            "encoding_format 'sparse' (indices and values), or for fewer texts.",
            "input",
        )
    if isinstance(vectors, SparseRows):
        if width is not None:
            raise RefusedError(
                400, f"dimensions cannot cut {name!r}, whose columns are terms.", "dimensions"
            )
        vectors = vectors.toarray()
    if width is not None:
        if width > n_columns:
            raise RefusedError(
                400, f"dimensions must be at most {n_columns}. Got {width}.", "dimensions"
            )
        vectors = vectors[:, :width]
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        vectors = vectors / np.where(lengths == 0, 1, lengths)
    vectors = np.ascontiguousarray(vectors, "<f4")
    if form == "base64":
        return (base64.b64encode(row).decode("ascii") for row in vectors)
    return (row.tolist() for row in vectors)
