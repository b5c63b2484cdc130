"""What all indexes share: rows that are checked, items that come and go, answers of one shape."""

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from textvec._checks import check_number, warn_user
from textvec._threads import held
from textvec.kernels.top_k import squared_norms
from textvec.persistence import SaveMixin
from textvec.sparse.rows import index_dtype

_MOST_PLACES = 1 << 31  # that answers may have beyond the items


class Index(SaveMixin, BaseEstimator):
    """An estimator that threads may ask while another learns: each question has a state of its own.

    What is made of the items when it is needed, and is not saved, stands in ``_made``, a dict.
    """

    _makes_more = False  # whether there is such

    def __getstate__(self):
        state = dict(super().__getstate__())
        state.pop("_made", None)  # it says what the items say, in more memory
        return state

    def _asked(self):
        """Return a copy for one question, as of now; what is made for it is shared."""
        check_is_fitted(self)
        if self._makes_more:
            vars(self).setdefault("_made", {})  # where there is none, it was loaded
        return held(self)


def ordered_rows(X):
    """Return sparse rows with ascending columns, each once, and int32 indices where they do."""
    X = sparse.csr_array(X)
    X.check_format()  # the kernels do not check bounds
    if not X.has_canonical_format:
        X = X.copy()
        X.sum_duplicates()
    integers = index_dtype(max(X.nnz, *X.shape))
    indices, indptr = (part.astype(integers, copy=False) for part in (X.indices, X.indptr))
    return sparse.csr_array((X.data, indices, indptr), shape=X.shape)


def squares_of(X):
    """Return the squared norms of rows in float64, the same for sparse and dense ones."""
    if sparse.issparse(X):
        return squared_norms(X.indptr, X.data)
    return squared_norms(np.arange(len(X) + 1) * X.shape[1], X.ravel())


def checked_squares(X, name, warn):
    """Return squared norms of finite rows, or raise; warn of rows that match nothing."""
    squares = squares_of(X)
    if not np.isfinite(squares).all():
        row = np.flatnonzero(~np.isfinite(squares))[0]
        bad = X[[row]].data if sparse.issparse(X) else X[row]
        bad = "NaN" if np.isnan(bad).any() else bad[np.abs(bad).argmax()]
        raise ValueError(
            f"{name} must be finite and have norms that are: row {row} holds {bad}. "
            "Drop the row, fill it or scale it."
        )
    if warn and not squares.all():
        zeros = np.flatnonzero(squares == 0)
        if len(zeros) == 1:
            said = f"is all zeros (row {zeros[0]}): it matches"
        else:
            said = f"are all zeros (row {zeros[0]} is the first): they match"
        warn_user(f"{len(zeros)} of {len(squares)} {name} {said} nothing.")
    return squares


def check_no_texts(X):
    """Raise ValueError if texts stand where their vectors should."""
    if isinstance(X, list | tuple | np.ndarray) and len(X) and isinstance(X[0], str):
        raise ValueError(
            f"Items and queries must be vectors, and {X[0]!r:.60} is a text: turn texts into "
            "vectors first, all by the same vectorizer, such as TfidfVectorizer().fit(texts)."
        )


def check_overflow(squares, norms, metric):
    """Raise if a score might be too large for its dtype."""
    if metric == "cosine":
        return
    query, item = np.sqrt(squares.max(initial=0)), np.float64(norms.max())
    largest = query * item if metric == "dot" else (query + item) ** 2
    if largest > np.finfo(norms.dtype).max / 16:
        raise ValueError(
            f"scores must stay within {norms.dtype}. With norms of up to {query:.3g} (queries) and "
            f"{item:.3g} (items) they may not: scale the vectors down"
            f"{', or pass items of float64' * (norms.dtype == np.float32)}."
        )


def check_places(n_queries, k, n_items):
    """Raise where ``k`` is far above the number of items: nobody reads so many empty places."""
    if k > n_items and n_queries * k > _MOST_PLACES:
        raise ValueError(
            f"k must be at most {n_items}, the number of items, or little more. Got {k} instead."
        )


def check_n_neighbors(n_neighbors, n_items, itself=False):
    """Raise unless there are that many items, one less where each is a query itself."""
    check_number("n_neighbors", n_neighbors, low=1, integer=True)
    if n_neighbors > n_items - itself:
        raise ValueError(
            f"n_neighbors must be at most {n_items - itself}, the number of items"
            f"{' less one' if itself else ''}. Got {n_neighbors} instead."
        )


def kept_places(n_items, indices, least=1):
    """Return the numbers of the items that are left without some; raise where too few would be."""
    try:
        kept = np.delete(np.arange(n_items), indices)
    except (IndexError, ValueError) as error:
        raise type(error)(
            f"indices must be numbers of the {n_items} items, counted from 0: {error}."
        ) from error
    if len(kept) < least:
        raise ValueError("An index must keep at least one item, and remove would take all.")
    return kept


def without_itself(scores, indices):
    """Leave item i out of row i, or the last column where more than k others are as near."""
    rows = np.arange(len(indices))
    own = indices == rows[:, None]
    own[~own.any(axis=1), -1] = True
    shape = len(rows), indices.shape[1] - 1
    return scores[~own].reshape(shape), indices[~own].reshape(shape)


def widened(scores, indices, k):
    """Return answers with ``k`` columns: there are no more items for the last, 0 and -1."""
    missing = (0, 0), (0, k - scores.shape[1])
    if not missing[1][1]:
        return scores, indices
    return np.pad(scores, missing), np.pad(indices, missing, constant_values=-1)


def distances_of(products, metric):
    """Return what dot products, or cosines, are as distances."""
    return 0 - products if metric == "dot" else np.clip(1 - products, 0, 2)
