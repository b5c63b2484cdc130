"""Ragged: rows of unequal length in two arrays, the one in-memory form of a tokenised corpus."""

from typing import NamedTuple

import numpy as np


class Ragged(NamedTuple):
    """Rows of unequal length, end to end.

    Parameters
    ----------
    values : ndarray of shape (n_values,)
        All rows one after another, such as the token ids of all documents.
    ends : ndarray of shape (n_rows,), int64
        Row r ends before ``values[ends[r]]`` and begins where row r - 1 ended, or at 0.

    Examples
    --------
    >>> rows = Ragged(np.array([7, 8, 9]), np.array([1, 1, 3]))
    >>> [row.tolist() for row in rows.rows()]
    [[7], [], [8, 9]]
    """

    values: np.ndarray
    ends: np.ndarray

    def rows(self):
        """Yield each row as a view of the values."""
        start = 0
        for end in self.ends.tolist():
            yield self.values[start:end]
            start = end
