"""Rows of CSR matrices: cut into blocks for threads, put under one another, scaled to a norm."""

import numpy as np
from scipy import sparse

from textvec._threads import bounds_of_parts, effective_n_jobs, run_parts
from textvec.kernels.weighting import normalize_rows

MAX_INT32 = np.iinfo(np.int32).max  # matrices of more entries, rows or columns have int64 indices
_ENTRIES_PER_THREAD = 100_000  # a pool for less costs more than it saves


def index_dtype(largest):
    """Return the integers that indices of up to ``largest`` ask for."""
    return np.int32 if largest <= MAX_INT32 else np.int64


def for_row_blocks(function, indptr, n_jobs):
    """Call function(first, last) for blocks of rows that together are all of them."""
    most = 1 + int(indptr[-1]) // _ENTRIES_PER_THREAD
    n_blocks = min(effective_n_jobs(n_jobs), most) if most > 1 else 1
    run_parts(function, bounds_of_parts(indptr[1:], n_blocks), n_jobs)


def normalize_in_place(X, norm, n_jobs):
    """Divide each row of a CSR matrix of floats by its "l2" or "l1" norm."""

    def normalize(first, last):
        normalize_rows(X.indptr[first : last + 1], X.data, norm == "l2")

    for_row_blocks(normalize, X.indptr, n_jobs)


def as_own_csr(X, copy):
    """Return X as CSR whose entries may be changed; a dense or read-only X is copied anyway."""
    if not sparse.issparse(X):
        return sparse.csr_array(X)
    X.check_format()  # the kernels do not check bounds
    return X if copy or X.data.flags.writeable else X.copy()


def check_learned(transformer, names):
    """Raise ValueError unless a transformer has as many terms as may be, and numbers for each.

    Parameters
    ----------
    transformer : object
        What a file holds; it may not be fitted.
    names : iterable of str
        Attributes that hold a number for each term, where they are there.
    """
    n_terms = getattr(transformer, "n_features_in_", None)
    if n_terms is None:
        return
    if type(n_terms) is not int or not 1 <= n_terms <= MAX_INT32:
        raise ValueError(f"n_features_in_ must be from 1 to {MAX_INT32}. Got {n_terms!r}")
    for name in names:
        found = getattr(transformer, name, None)
        if found is not None and np.shape(found) != (n_terms,):
            raise ValueError(f"{name} must hold {n_terms} numbers. Got shape {np.shape(found)}")


def row_pointers(row_lengths):
    """Return ``indptr`` of rows of so many entries, of the integers that their number asks for."""
    indptr = np.concatenate([[0], np.cumsum(row_lengths)])
    return indptr.astype(index_dtype(indptr[-1]))


def compact(counts):
    """Give a CSR matrix of counts, one of many that wait to be stacked, the smallest integers."""
    low, high = int(counts.data.min(initial=0)), int(counts.data.max(initial=0))
    smallest = np.promote_types(np.min_scalar_type(low), np.min_scalar_type(high))
    counts.data = counts.data.astype(smallest)
    return counts


def stacked(parts, dtype):
    """Return CSR matrices of the same columns, one under another, as one csr_array of a dtype."""
    if len(parts) == 1:
        parts[0].data = parts[0].data.astype(dtype, copy=False)
        return parts[0]
    row_lengths = np.concatenate([np.diff(part.indptr) for part in parts])
    indptr = row_pointers(row_lengths)
    indices = np.empty(indptr[-1], indptr.dtype)
    data = np.empty(indptr[-1], dtype)
    n_columns, entry = parts[0].shape[1], 0
    for number, part in enumerate(parts):
        indices[entry : entry + part.nnz] = part.indices
        data[entry : entry + part.nnz] = part.data
        entry += part.nnz
        parts[number] = None  # so that memory does not double
    return sparse.csr_array((data, indices, indptr), shape=(len(indptr) - 1, n_columns))
