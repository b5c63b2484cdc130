"""Exact nearest neighbours of sparse or dense vectors, never through an n x n matrix."""

from functools import cache
from typing import Self

import numpy as np
from scipy import sparse
from sklearn.utils.validation import validate_data
from threadpoolctl import ThreadpoolController

from textvec._checks import check_choice, check_number
from textvec._threads import equal_parts, learning, look_up, publish, run_parts
from textvec.kernels.dense_top_k import DenseItems, dense_offer, link_same, offer_same, row_keys
from textvec.kernels.sparse_top_k import (
    SparseItems,
    lay_out_postings,
    lay_out_queries,
    sparse_top_k,
)
from textvec.kernels.top_k import unwind_heaps
from textvec.search._indexes import (
    Index,
    check_n_neighbors,
    check_no_texts,
    check_overflow,
    check_places,
    checked_squares,
    distances_of,
    kept_places,
    ordered_rows,
    squares_of,
    widened,
    without_itself,
)

METRICS = ("cosine", "dot", "euclidean")
_QUERY_BLOCK = 256  # sparse queries that one thread takes at a time
_DENSE_QUERY_BLOCK = 1024  # dense ones: the more, the more of its peak BLAS reaches
_PRODUCTS = 1 << 19  # dot products that a thread keeps at a time
_MOST_COMMON = 64  # terms that are also laid out by item
_DENSE_SHARE = 0.2  # of the items has a term that is cheaper to multiply than to add up
_ADDITION = 32  # multiplications of a matrix product in the time of an addition to a sum
_LEAST_ROWS = 8  # of queries, for which a product is worth while
_LARGE_EXPONENT = 32  # sums of products of values near 2**±32 are well within float32


def top_k(queries, items, k, metric="cosine", n_jobs=None):
    """Find the ``k`` items most like each query, exactly.

    Memory is in proportion to the items and to queries x k, never to queries x items.

    Parameters
    ----------
    queries : array-like or sparse matrix of shape (n_queries, n_features)
        One vector per query.
    items : array-like or sparse matrix of shape (n_items, n_features)
        One vector per item. Their dtype, float32 or else float64, is the one computed in.
    k : int >= 1
        How many items to return for each query; more than there are is allowed.
    metric : {"cosine", "dot"}, default="cosine"
        How a query and an item are scored.
    n_jobs : int, default=None
        Threads that share the queries: None is 1, -1 all cores. Results do not depend on it.

    Returns
    -------
    scores : ndarray of shape (n_queries, k)
        The scores of the matches, best first.
    indices : ndarray of int64 of shape (n_queries, k)
        The rows of these items; of equal scores the lower row comes first.

    Raises
    ------
    TypeError, ValueError
        If a parameter is out of range, the widths differ, there are no items, or a value is NaN or
        infinite; the message names the row.

    Warns
    -----
    UserWarning
        If queries or items are all zeros: they match nothing.

    See Also
    --------
    ExactIndex : Keeps the items ready for many searches.

    Notes
    -----
    An item that scores exactly 0 is no match: it shares no feature with the query, and to
    recommend it for standing early in the list would be arbitrary. Negative scores are scores and
    come last. Where there are fewer than ``k`` matches, the row ends in score 0 and index -1. This
    holds for sparse and dense vectors alike. :meth:`ExactIndex.kneighbors` ranks every item.

    Scores are summed in float64, feature after feature, and rounded to the items' dtype.

    Examples
    --------
    >>> scores, indices = top_k([[2, 1, 0]], [[0, 0, 1], [1, 1, 0], [2, 1, 0]], k=3)
    >>> indices
    array([[ 2,  1, -1]])
    >>> scores.round(3)
    array([[1.   , 0.949, 0.   ]])
    """
    check_choice("metric", metric, ("cosine", "dot"))
    return ExactIndex(metric=metric, n_jobs=n_jobs).fit(items).search(queries, k)


class ExactIndex(Index):
    """Items made ready once for exact search; the reference that approximate indexes answer to.

    Parameters
    ----------
    metric : {"cosine", "dot", "euclidean"}, default="cosine"
        What is near: vectors of one direction, of a large dot product, or of a small distance.
    n_jobs : int, default=None
        Threads that share the queries: None is 1, -1 all cores. Results do not depend on it.

    Attributes
    ----------
    items_ : ndarray or csr_array of shape (n_items, n_features)
        The items, float32 or float64. They are not copied if they came in this form: do not change
        them while the index is in use.
    effective_metric_ : str
        The metric that the items were made ready for.
    n_features_in_ : int
        Features of an item.

    See Also
    --------
    top_k : The same in one call.
    sklearn.neighbors.NearestNeighbors : Has the same ``fit`` and ``kneighbors``.

    Notes
    -----
    Threads may ask while another adds, removes or fits: they are answered from the items before or
    after that.

    Euclidean distances are roots of sums of squares, and these end where their dtype does: below
    3e-23 in float32, and 2e-162 in float64, they are 0, and such items tie. Scale the vectors up,
    or pass items of float64.

    Examples
    --------
    >>> index = ExactIndex(metric="euclidean").fit([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0]])
    >>> distances, indices = index.kneighbors([[0.0, 0.0]], n_neighbors=3)
    >>> distances, indices
    (array([[0., 1., 5.]]), array([[0, 2, 1]]))
    """

    _makes_more = True  # the layout of the items

    def __init__(self, metric="cosine", n_jobs=None):
        self.metric = metric
        self.n_jobs = n_jobs

    def fit(self, X, y=None) -> Self:
        """Make items ready for search.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_items, n_features)
            One vector per item, at least one.
        y : None
            Ignored.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If there are no items, or a value is NaN or infinite; the message names the row.

        Warns
        -----
        UserWarning
            If items are all zeros (not for the Euclidean distance): they match nothing.
        """
        check_choice("metric", self.metric, METRICS)
        check_no_texts(X)
        with learning(self) as aside:
            X = validate_data(
                aside, X, accept_sparse="csr", dtype=[np.float64, np.float32], order="C",
                ensure_all_finite=False,
            )  # fmt: skip
            aside.items_ = ordered_rows(X) if sparse.issparse(X) else X
            aside.effective_metric_ = self.metric
            squares = checked_squares(aside.items_, "items", self.metric != "euclidean")
            aside._made = {"layout": _lay_out(aside.items_, squares, self.metric)}
        return self

    def add(self, X) -> Self:
        """Take in more items, which get the next numbers.

        What search needs is laid out again by the next search, so add many at a time.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_new, n_features)
            One vector per item.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            As :meth:`fit` raises it; also if the width is not that of the items. The index is then
            as it was.

        Examples
        --------
        >>> index = ExactIndex().fit([[1.0, 0.0]]).add([[0.0, 1.0]])
        >>> index.kneighbors([[0.0, 2.0]], n_neighbors=1, return_distance=False)
        array([[1]])
        """
        index = self._asked()
        X = index._as_rows(X)
        checked_squares(X, "items", index.effective_metric_ != "euclidean")
        if sparse.issparse(index.items_):
            return self._replace(ordered_rows(sparse.vstack([index.items_, X], format="csr")))
        X = X.toarray() if sparse.issparse(X) else X
        return self._replace(np.concatenate([index.items_, X]))

    def remove(self, indices) -> Self:
        """Forget items; those after them move up.

        Parameters
        ----------
        indices : int or array-like of int
            Their numbers.

        Returns
        -------
        self

        Raises
        ------
        IndexError
            If an item does not exist.
        ValueError
            If no item would be left.

        Examples
        --------
        >>> index = ExactIndex().fit([[1.0, 0.0], [0.0, 1.0]]).remove(0)
        >>> index.kneighbors([[0.0, 2.0]], n_neighbors=1, return_distance=False)
        array([[0]])
        """
        items = self._asked().items_
        return self._replace(items[kept_places(items.shape[0], indices)])

    def search(self, X, k=10):
        """Return the matches of each query as :func:`top_k` does.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_queries, n_features)
            One vector per query; sparse queries may meet dense items and the reverse.
        k : int >= 1, default=10
            How many items to return for each query; more than there are is allowed.

        Returns
        -------
        scores, indices : ndarrays of shape (n_queries, k)
            Best first; where there are fewer matches, 0 and -1.

        Raises
        ------
        TypeError, ValueError
            As :func:`top_k` raises them; also for the Euclidean metric, which has distances and no
            scores.
        """
        index = self._asked()
        check_number("k", k, low=1, integer=True)
        if index.effective_metric_ == "euclidean":
            raise ValueError(
                'search ranks by score, and metric="euclidean" has distances: use kneighbors, or '
                'metric="cosine" or "dot".'
            )
        X = index._as_rows(X)
        check_places(X.shape[0], k, index.items_.shape[0])
        return index._best(X, k, every=False)

    def kneighbors(self, X=None, n_neighbors=5, return_distance=True):
        """Return the nearest items of each query as scikit-learn's NearestNeighbors does.

        Unlike :meth:`search` it ranks every item, those that score 0 too.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_queries, n_features), default=None
            One vector per query. None asks for the neighbours of each item, itself left out.
        n_neighbors : int, default=5
            How many to return, at most the number of items (less one where X is None).
        return_distance : bool, default=True
            Whether to return distances as well.

        Returns
        -------
        distances : ndarray of shape (n_queries, n_neighbors)
            Ascending: 1 - cosine, minus the dot product, or the Euclidean distance.
        indices : ndarray of int64 of shape (n_queries, n_neighbors)
            The rows of these items; of equal distances the lower row comes first.

        Raises
        ------
        TypeError, ValueError
            As :func:`top_k` raises them; also if ``n_neighbors`` items do not exist.
        """
        index = self._asked()
        itself = X is None
        check_n_neighbors(n_neighbors, index.items_.shape[0], itself)
        queries = index.items_ if itself else index._as_rows(X)
        scores, indices = index._best(queries, n_neighbors + itself, every=True)
        if itself:
            scores, indices = without_itself(scores, indices)
        if not return_distance:
            return indices
        return index._as_distances(scores), indices

    def __sklearn_is_fitted__(self):
        return hasattr(self, "items_")  # to look through all is not safe among threads

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _check_loaded(self):
        if not hasattr(self, "items_"):
            return
        items = self.items_
        check_choice("effective_metric_", self.effective_metric_, METRICS)
        if not isinstance(items, np.ndarray | sparse.csr_array | sparse.csr_matrix):
            raise ValueError("items_ must be an array, or a csr_array")
        if items.ndim != 2 or not items.shape[0] or items.shape[1] != self.n_features_in_:
            raise ValueError(f"items_ must be rows of width {self.n_features_in_}, at least one")
        if items.dtype not in (np.float32, np.float64):
            raise ValueError(f"items_ must be float32 or float64. Got {items.dtype}")
        if isinstance(items, np.ndarray):
            if not items.flags.c_contiguous:  # the kernels would be compiled anew for others
                raise ValueError("items_ must lie row after row")
        elif not items.has_canonical_format:
            raise ValueError("items_ must have its columns in order, each once, if it is sparse")

    def _replace(self, items):
        publish(self, {"items_": items, "_made": {}})
        return self

    def _as_rows(self, X):
        check_no_texts(X)
        X = validate_data(
            self, X, reset=False, accept_sparse="csr", dtype=self.items_.dtype, order="C",
            ensure_all_finite=False, ensure_min_samples=0,
        )  # fmt: skip
        if sparse.issparse(self.items_):
            X = sparse.csr_array(X)
        return ordered_rows(X) if sparse.issparse(X) else X

    def _as_distances(self, scores):
        if self.effective_metric_ == "euclidean":
            return np.sqrt(-scores)
        return distances_of(scores, self.effective_metric_)

    def _best(self, queries, k, every):
        """Return scores and indices; for the Euclidean distance scores are -distance**2."""
        metric, n_items = self.effective_metric_, self.items_.shape[0]
        layout = self._made.get("layout")
        if layout is None:
            squares = checked_squares(self.items_, "items", False)
            layout = self._made["layout"] = _lay_out(self.items_, squares, metric)
        squares = checked_squares(queries, "queries", metric != "euclidean")
        check_overflow(squares, layout.norms, metric)
        scales = _scales(squares, metric)
        shape = queries.shape[0], min(k, n_items)
        scores, indices = np.zeros(shape, self.items_.dtype), np.full(shape, -1)
        kind = metric == "euclidean", every
        if sparse.issparse(self.items_):
            _search_sparse(queries, scales, layout, kind, self.n_jobs, scores, indices)
        else:
            _search_dense(queries, scales, layout, kind, self.n_jobs, scores, indices)
        return widened(scores, indices, k)


def _search_sparse(queries, scales, items, kind, n_jobs, scores, indices):
    """Fill scores and indices; kind is (euclidean, every) as sparse_top_k takes them."""
    entries = queries.indptr, queries.indices, queries.data
    n_items, n_dense = items.dense.shape
    n_rows = min(_QUERY_BLOCK, 2 * _PRODUCTS // n_items)
    # Additions that a product saves: those of common terms are mostly left out anyway.
    met = np.where((items.places >= 0) & (items.columns < 0), np.diff(items.starts), 0)
    factors = scales * (2 if kind[0] else 1)

    def search_rows(first, last):
        saved = met[queries.indices[queries.indptr[first] : queries.indptr[last]]].sum()
        sums = np.empty((0, n_items), scores.dtype)
        if saved * _ADDITION > (last - first) * n_items * n_dense > 0:
            rows = np.empty((last - first, n_dense), scores.dtype)
            lay_out_queries(*entries, factors, first, last, items.places, rows)
            sums = rows @ items.dense.T
        sparse_top_k(
            *entries, scales, first, last, items, sums, indices.shape[1], *kind, scores, indices
        )

    if n_dense == 0 or n_rows < _LEAST_ROWS:
        n_rows = _QUERY_BLOCK
        met[:] = 0
    with _blas().limit(limits=1, user_api="blas"):  # the threads are ours
        run_parts(search_rows, equal_parts(len(scores), n_jobs, most=n_rows), n_jobs)


def _search_dense(queries, scales, items, kind, n_jobs, scores, indices):
    """Fill scores and indices from products of blocks of queries and of items."""
    n_items = len(items.values)

    def search_rows(first, last):
        rows = queries[first:last]
        rows = rows.toarray() if sparse.issparse(rows) else rows
        rows, scale = _levelled(rows, scales[first:last])
        squares = squares_of(rows)
        heaps = np.full((last - first, indices.shape[1]), -np.inf, rows.dtype)
        ids = np.full(heaps.shape, n_items)
        step = min(n_items, -(-_PRODUCTS // len(rows)))
        memory = np.empty(len(rows) * step, rows.dtype)
        for begin in range(0, n_items, step):
            look_up()
            block = items.values[begin : begin + step]
            products = memory[: len(rows) * len(block)].reshape(len(rows), len(block))
            np.matmul(rows, block.T, out=products)
            dense_offer(rows, squares, scale, products, begin, items, *kind, heaps, ids)
        unwind_heaps(heaps, ids, n_items, scores[first:last], indices[first:last])
        if len(items.after):
            offer_same(items.after, n_items, scores[first:last], indices[first:last])

    with _blas().limit(limits=1, user_api="blas"):  # the threads are ours
        run_parts(search_rows, equal_parts(len(scores), n_jobs, most=_DENSE_QUERY_BLOCK), n_jobs)


@cache
def _blas():
    return ThreadpoolController()  # looks through all loaded libraries, which takes milliseconds


def _scales(squares, metric):
    """Return what scores are scaled by on either side: 1 / norm for the cosine, else 1."""
    if metric != "cosine":
        return np.ones(len(squares))
    return np.divide(1, np.sqrt(squares), out=np.zeros(len(squares)), where=squares > 0)


def _levelled(X, scale):
    """Multiply dense rows by powers of two where products of float32 might overflow or vanish."""
    exponents = np.frexp(scale)[1]
    if abs(exponents).max(initial=0) <= _LARGE_EXPONENT:
        return X, scale
    return np.ldexp(X, exponents[:, None]).astype(X.dtype), np.ldexp(scale, -exponents)


def _lay_out(X, squares, metric):
    """Return the items as the kernels take them."""
    scale = _scales(squares, metric)
    bias = np.zeros(len(squares), X.dtype)
    if metric == "euclidean":
        with np.errstate(over="ignore"):  # check_overflow tells
            bias -= squares * (1 - 8 * np.finfo(X.dtype).eps)
    norms = (np.sqrt(squares) * scale).astype(X.dtype)
    if not sparse.issparse(X):
        after = _same_after(X, squares)
        bias[after[after >= 0]] = -np.inf
        return DenseItems(*_levelled(X, scale), bias, norms, after)
    n_items, n_terms = X.shape
    by_term = X.tocsc()
    n_common = min(_MOST_COMMON, X.nnz // n_items // 2)  # half the memory of the items at most
    frequencies = np.diff(by_term.indptr)
    columns = np.full(n_terms, -1, np.int32)
    by_frequency = np.argsort(-frequencies, kind="stable")
    columns[by_frequency[:n_common]] = np.arange(n_common)
    n_dense = min(X.nnz // n_items, np.count_nonzero(frequencies > _DENSE_SHARE * n_items))
    if n_dense <= n_common or n_items * _LEAST_ROWS > 2 * _PRODUCTS:
        n_dense = 0
    places, dense = np.full(n_terms, -1, np.int32), np.zeros((n_items, n_dense), X.dtype)
    places[by_frequency[:n_dense]] = np.arange(n_dense)
    starts = by_term.indptr.astype(X.indptr.dtype, copy=False)
    postings = by_term.indices.astype(X.indices.dtype, copy=False)
    peaks, rest = np.empty(n_terms, X.dtype), np.empty(n_items, X.dtype)
    common = np.zeros((n_items, n_common), X.dtype)
    lay_out_postings(
        starts, postings, by_term.data, scale, columns, peaks, common, rest, places, dense
    )
    return SparseItems(
        X.indptr, X.indices, X.data, scale, bias, norms,
        starts, postings, by_term.data, peaks, columns, common, rest, places, dense,
    )  # fmt: skip


def _same_after(X, squares):
    """Return the next row of the same values after each, as in DenseItems."""
    order = squares.argsort(kind="stable")
    is_tied = squares[order[1:]] == squares[order[:-1]]
    rows = np.union1d(order[1:][is_tied], order[:-1][is_tied])  # the others are like none
    if not len(rows):
        return rows
    bits = X.view(np.dtype(f"u{X.itemsize}"))
    keys = row_keys(bits, rows)
    by_key = keys.argsort(kind="stable")
    after = np.full(len(X), -1)
    link_same(bits, rows[by_key], keys[by_key], after)
    return after if (after >= 0).any() else rows[:0]
