"""Rows of CSR matrices: cut into blocks for threads, put under one another, scaled to a norm."""

import numpy as np
from scipy import sparse

from textvec._threads import bounds_of_parts, effective_n_jobs, run_parts
from textvec.kernels.weighting import normalize_rows

MAX_INT32 = np.iinfo(np.int32).max  # matrices of more entries, rows or columns have int64 indices
# Entries of which there may be as many before their arrays grow. Memory is taken as it is written;
# so large an array has pages of its own, and grows and shrinks without a copy.
_RESERVED = 1 << 23
_ENTRIES_PER_THREAD = 1 << 18  # to start a thread for less costs more than it saves


def index_dtype(largest):
    """Return the integers that indices of up to ``largest`` ask for."""
    return np.int32 if largest <= MAX_INT32 else np.int64


def threads_for(size, n_jobs):
    """Return how many threads the work on so many entries, or tokens, is worth."""
    return max(1, min(effective_n_jobs(n_jobs), int(size) // _ENTRIES_PER_THREAD))


def for_row_blocks(function, indptr, n_jobs):
    """Call function(first, last) for blocks of rows that together are all of them."""
    n_threads = threads_for(indptr[-1], n_jobs)
    run_parts(function, bounds_of_parts(indptr[1:], n_threads), n_threads)


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


def stacked(parts, dtype):
    """Return CSR matrices of the same columns, one under another, as one csr_array of a dtype.

    Parameters
    ----------
    parts : iterable of csr_array
        At least one; each is written where it stays as soon as it comes, and forgotten.
    dtype : dtype
        Of the entries.
    """
    parts = iter(parts)
    first, second = next(parts), next(parts, None)
    if second is None:
        first.data = first.data.astype(dtype, copy=False)
        return first
    n_columns, row_lengths, n_entries = first.shape[1], [], 0
    indices, data = np.empty(_RESERVED, np.int32), np.empty(_RESERVED, dtype)
    waiting = [second, first]
    del first, second
    while (part := waiting.pop() if waiting else next(parts, None)) is not None:
        n_before, n_entries = n_entries, n_entries + part.nnz
        for grown, new in ((indices, part.indices), (data, part.data)):
            if n_entries > len(grown):
                grown.resize(n_entries, refcheck=False)
            grown[n_before:n_entries] = new
        row_lengths.append(np.diff(part.indptr))
    for grown in (indices, data):
        grown.resize(n_entries, refcheck=False)
    indptr = row_pointers(np.concatenate(row_lengths))  # as wide as SciPy then makes the indices
    return sparse.csr_array((data, indices, indptr), shape=(len(indptr) - 1, n_columns))
