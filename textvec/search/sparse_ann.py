"""Approximate nearest neighbours of learned sparse vectors, such as SPLADE's."""

from typing import Self

import numpy as np
from scipy import sparse
from sklearn.utils.validation import validate_data

from textvec._checks import check_choice, check_number, seeded
from textvec._threads import equal_parts, learning, publish, run_parts
from textvec.kernels.sparse_blocks import Blocks, block_top_k, heads, make_blocks
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
    widened,
    without_itself,
)

METRICS = ("dot", "cosine")
_LISTS_AT_ONCE = 256  # between such parts Ctrl-C is heard
_QUERIES_AT_ONCE = 256
_LARGEST = 2**31 - 1


class SparseAnnIndex(Index):
    """Search learned sparse vectors fast: look only where the best are likely to be.

    Vectors of SPLADE and its like are long, and their common terms are in very many items, so that
    exact search reads much of the index for each query. But a few entries make up most of a
    vector. This index, Seismic, keeps the heaviest items of each term in blocks of like ones, and
    looks into a block only if a summary of it promises enough. It misses some neighbours:
    :func:`~textvec.measure_index` tells how many.

    Parameters
    ----------
    n_postings : int >= 1, default=1000
        How many items the list of a term keeps, its heaviest. More find more, and take memory.
    centroid_fraction : float in (0, 1], default=0.1
        Blocks of a list for each of its items. More tell items apart better, and take memory.
    summary_energy : float in (0, 1], default=0.2
        The share of a block's largest values that its summary keeps. More promise more truly, and
        take memory.
    query_cut : int >= 1, default=10
        Of how many terms of a query, its heaviest, the lists are read.
    heap_factor : float in (0, 1], default=0.8
        A block is left out where its promise times this is below the k-th best score so far. More
        find more, and take longer.
    metric : {"dot", "cosine"}, default="dot"
        What is near: vectors of a large dot product, as learned sparse vectors are compared, or of
        one direction.
    random_state : int, RandomState or None, default=0
        Seed of the centres of blocks.
    n_jobs : int, default=None
        Threads: None is 1, -1 all cores. Results do not depend on it.

    Attributes
    ----------
    items_ : csr_array of float32 of shape (n_items, n_features)
        The items; for the cosine they have length 1.
    blocks_ : dict of ndarrays
        The lists, their blocks and summaries; see ``textvec.kernels.sparse_blocks``.
    effective_metric_ : str
        The metric that the items were made ready for.
    n_features_in_ : int
        Features of an item.
    seed_ : int
        What ``random_state`` gave.

    See Also
    --------
    ExactIndex : Never wrong, and takes negative values.
    SparseTransformerVectorizer : Makes such vectors.

    Notes
    -----
    Parameters have the names, but not all of the values, of the authors' own library, whose are
    made for millions of items. ``query_cut`` and ``heap_factor`` may be set after ``fit``. Scores
    are those of :class:`ExactIndex` in float32, whatever finds the items.

    Negative values are refused: a summary, the largest values of a block, says nothing of them.

    Threads may ask while another adds, removes or fits: they are answered from the items before or
    after that.

    References
    ----------
    Bruch, Nardini, Rulli and Venturini 2024, "Efficient Inverted Indexes for Approximate Retrieval
    over Learned Sparse Representations", SIGIR.

    Examples
    --------
    Of the ten best of each query, how many are found?

    >>> from scipy import sparse
    >>> from textvec import ExactIndex
    >>> rng = np.random.default_rng(0)
    >>> rows = rng.lognormal(size=(2100, 400)) * (rng.random((2100, 400)) < 0.1)
    >>> items, queries = sparse.csr_array(rows[:2000]), sparse.csr_array(rows[2000:])
    >>> _, found = SparseAnnIndex(query_cut=20).fit(items).search(queries, k=10)
    >>> _, best = ExactIndex(metric="dot").fit(items).search(queries, k=10)
    >>> recall = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(found, best)])
    >>> bool(recall > 0.9)
    True
    """

    def __init__(
        self,
        n_postings=1000,
        centroid_fraction=0.1,
        summary_energy=0.2,
        query_cut=10,
        heap_factor=0.8,
        metric="dot",
        random_state=0,
        n_jobs=None,
    ):
        self.n_postings = n_postings
        self.centroid_fraction = centroid_fraction
        self.summary_energy = summary_energy
        self.query_cut = query_cut
        self.heap_factor = heap_factor
        self.metric = metric
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X, y=None) -> Self:
        """Put items into blocks.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_items, n_features)
            One vector per item, at least one; read as float32.
        y : None
            Ignored.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            If a parameter is out of range, there are no items, or a value is negative, NaN or
            infinite; the message names the row.

        Warns
        -----
        UserWarning
            If items are all zeros: they match nothing.
        """
        self._check_parameters()
        check_choice("metric", self.metric, METRICS)
        seed = int(seeded(self.random_state).randint(2**31))
        with learning(self) as aside:
            aside.effective_metric_, aside.seed_ = self.metric, seed
            aside.items_ = aside._prepared(aside._as_rows(X, reset=True), "items")
            aside.blocks_ = aside._blocks_of(aside.items_)
        return self

    def add(self, X) -> Self:
        """Take in more items, which get the next numbers.

        The blocks are made anew of all items, as ``fit`` would, so add many at a time.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_new, n_features)
            One vector per item.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            As :meth:`fit` raises them; also if the width is not that of the items. The index is
            then as it was.

        Examples
        --------
        >>> index = SparseAnnIndex().fit([[1.0, 0.0]]).add([[0.0, 1.0]])
        >>> index.kneighbors([[0.0, 2.0]], n_neighbors=1, return_distance=False)
        array([[1]])
        """
        index = self._asked()
        X = index._prepared(index._as_rows(X), "items")
        return self._replace(index, ordered_rows(sparse.vstack([index.items_, X], format="csr")))

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
        >>> index = SparseAnnIndex().fit([[1.0, 0.0], [0.0, 1.0]]).remove(0)
        >>> index.kneighbors([[0.0, 2.0]], n_neighbors=1, return_distance=False)
        array([[0]])
        """
        index = self._asked()
        kept = kept_places(index.items_.shape[0], indices)
        return self._replace(index, index.items_[kept])

    def search(self, X, k=10):
        """Return the matches that are found of each query, as :func:`top_k` returns all.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_queries, n_features)
            One vector per query.
        k : int >= 1, default=10
            How many items to return for each query; more than there are is allowed.

        Returns
        -------
        scores : ndarray of float32 of shape (n_queries, k)
            Best first; 0 where no more were found.
        indices : ndarray of int64 of shape (n_queries, k)
            The rows of these items; of equal scores the lower row comes first. -1 for no more.

        Raises
        ------
        TypeError, ValueError
            If a parameter is out of range, the width is not that of the items, or a value is
            negative, NaN or infinite.
        """
        index = self._asked()
        check_number("k", k, low=1, integer=True)
        X = index._prepared(index._as_rows(X), "queries")
        check_places(X.shape[0], k, index.items_.shape[0])
        return index._best(X, k)

    def kneighbors(self, X=None, n_neighbors=5, return_distance=True):
        """Return the nearest items that are found, as scikit-learn's NearestNeighbors does.

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
        distances : ndarray of float32 of shape (n_queries, n_neighbors)
            Ascending: minus the dot product, or 1 - cosine; infinite where no more were found.
        indices : ndarray of int64 of shape (n_queries, n_neighbors)
            The rows of these items; of equal distances the lower row comes first. -1 for no more.

        Raises
        ------
        TypeError, ValueError
            As :meth:`search` raises them; also if ``n_neighbors`` items do not exist.
        """
        index = self._asked()
        itself = X is None
        check_n_neighbors(n_neighbors, index.items_.shape[0], itself)
        queries = index.items_ if itself else index._prepared(index._as_rows(X), "queries")
        scores, indices = index._best(queries, n_neighbors + itself)
        if itself:
            scores, indices = without_itself(scores, indices)
        if not return_distance:
            return indices
        distances = distances_of(scores, index.effective_metric_)
        return np.where(indices < 0, np.float32(np.inf), distances), indices

    def __sklearn_is_fitted__(self):
        return hasattr(self, "blocks_")  # to look through all is not safe among threads

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.positive_only = True
        return tags

    def _check_loaded(self):
        if not hasattr(self, "blocks_"):
            return
        check_choice("effective_metric_", self.effective_metric_, METRICS)
        check_number("seed_", self.seed_, low=0, high=_LARGEST, integer=True)
        items = self.items_
        if not isinstance(items, sparse.csr_array | sparse.csr_matrix) or not items.shape[0]:
            raise ValueError("items_ must be a csr_array of at least one row")
        if items.dtype != np.float32 or not items.has_canonical_format:
            raise ValueError("items_ must be float32, with columns in order, each once")
        if items.shape[1] != self.n_features_in_:
            raise ValueError(f"items_ must be rows of width {self.n_features_in_}")
        if not _are_blocks_of(items, self.blocks_):
            raise ValueError("blocks_ is damaged: it is not what fit makes of such items")
        for array in (items.data, items.indices, items.indptr, *self.blocks_.values()):
            array.flags.writeable = False  # as fit leaves them: a kernel for both

    def _replace(self, index, items):
        index._check_parameters()
        items = _frozen(items)
        publish(self, {"items_": items, "blocks_": index._blocks_of(items)})
        return self

    def _check_parameters(self):
        """Raise where a parameter is out of range; they may be set after fit, too."""
        check_number("n_postings", self.n_postings, low=1, high=_LARGEST, integer=True)
        check_number("query_cut", self.query_cut, low=1, high=_LARGEST, integer=True)
        for name in ("centroid_fraction", "summary_energy", "heap_factor"):
            check_number(name, getattr(self, name), low=0, high=1)
            if getattr(self, name) == 0:
                raise ValueError(f"{name} must be above 0. Got {getattr(self, name)} instead.")

    def _as_rows(self, X, reset=False):
        check_no_texts(X)
        X = validate_data(
            self, X, reset=reset, accept_sparse="csr", dtype=np.float32, order="C",
            ensure_all_finite=False, ensure_min_samples=int(reset),
        )  # fmt: skip
        return ordered_rows(X)

    def _prepared(self, X, name):
        """Return finite rows without negative values, of length 1 for the cosine."""
        squares = checked_squares(X, name, True)
        if len(X.data) and X.data.min() < 0:
            entry = np.flatnonzero(X.data < 0)[0]
            row = X.indptr.searchsorted(entry, side="right") - 1
            raise ValueError(
                f"Negative values in data of {name}: row {row} holds {X.data[entry]}. Learned "
                "sparse vectors have none; for others take an ExactIndex."
            )
        if self.effective_metric_ == "cosine":
            norms = np.sqrt(np.where(squares > 0, squares, 1))
            data = (X.data / np.repeat(norms, np.diff(X.indptr))).astype(np.float32)
            X = sparse.csr_array((data, X.indices, X.indptr), shape=X.shape)
        return _frozen(X)

    def _blocks_of(self, items):
        """Return the lists of items, their blocks and summaries."""
        by_term = items.tocsc()
        starts = by_term.indptr.astype(items.indptr.dtype, copy=False)
        postings = by_term.indices.astype(items.indices.dtype, copy=False)
        rows = items.indptr, items.indices, items.data
        head = heads(items.indptr, items.data)
        n_terms = items.shape[1]
        nothing = np.empty(0, np.uint16 if n_terms <= 1 << 16 else np.int32)
        sizes = self.n_postings, float(self.centroid_fraction), float(self.summary_energy)

        def make(first, last):
            return make_blocks(
                first, last, starts, postings, by_term.data, head, *rows, *sizes,
                np.uint64(self.seed_), nothing,
            )  # fmt: skip

        made = run_parts(make, equal_parts(n_terms, self.n_jobs, _LISTS_AT_ONCE), self.n_jobs)
        lists, blocks, postings, summaries, kept, codes, steps = map(np.concatenate, zip(*made))
        found = Blocks(_ends(lists), _ends(blocks), postings, _ends(summaries), kept, codes, steps)
        for array in found:
            array.flags.writeable = False
        return found._asdict()

    def _best(self, queries, k):
        """Return scores and indices."""
        self._check_parameters()
        items = self.items_
        if self.effective_metric_ == "dot":
            norms = [np.sqrt(checked_squares(rows, "", False)) for rows in (queries, items)]
            check_overflow(norms[0] ** 2, norms[1].astype(np.float32), "dot")
        shape = queries.shape[0], min(k, items.shape[0])
        scores, indices = np.zeros(shape, np.float32), np.full(shape, -1)
        asked = queries.indptr, queries.indices, queries.data
        rows, lists = (items.indptr, items.indices, items.data), Blocks(**self.blocks_)
        cut, factor = self.query_cut, float(self.heap_factor)

        def search(first, last):
            block_top_k(*asked, first, last, *rows, lists, cut, factor, shape[1], scores, indices)

        run_parts(search, equal_parts(shape[0], self.n_jobs, _QUERIES_AT_ONCE), self.n_jobs)
        return widened(scores, indices, k)


def _ends(lengths):
    """Return where runs of these lengths begin and end."""
    return np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])


def _frozen(X):
    """Return rows as a csr_array that cannot be written to: one kernel is compiled for all."""
    parts = X.data.view(), X.indices.view(), X.indptr.view()
    for part in parts:
        part.flags.writeable = False
    X = sparse.csr_array(parts, shape=X.shape)
    X.has_canonical_format = True
    return X


def _are_blocks_of(items, blocks):
    """Return whether these are blocks that the kernel can walk, which checks no bounds."""
    if not isinstance(blocks, dict) or list(blocks) != list(Blocks._fields):
        return False
    n_items, n_terms = items.shape
    kinds = {
        "postings": items.indices.dtype,
        "kept": np.dtype(np.uint16 if n_terms <= 1 << 16 else np.int32),
        "codes": np.dtype(np.uint8),
        "steps": np.dtype(np.float32),
    }
    for name, array in blocks.items():
        if not isinstance(array, np.ndarray) or array.ndim != 1 or not array.flags.c_contiguous:
            return False
        if array.dtype != kinds.get(name, np.int64):
            return False
    made = Blocks(**blocks)
    n_blocks = len(made.steps)
    return (
        _are_bounds(made.lists, n_terms, n_blocks)
        and _are_bounds(made.blocks, n_blocks, len(made.postings))
        and _are_bounds(made.summaries, n_blocks, len(made.kept))
        and len(made.codes) == len(made.kept)
        and _are_below(made.postings, n_items)
        and _are_below(made.kept, n_terms)
    )


def _are_bounds(bounds, n_runs, n_entries):
    """Return whether these part that many entries into that many runs."""
    return (
        len(bounds) == n_runs + 1
        and bounds[0] == 0
        and bounds[-1] == n_entries
        and bool((np.diff(bounds) >= 0).all())
    )


def _are_below(numbers, limit):
    return not len(numbers) or (numbers.min() >= 0 and int(numbers.max()) < limit)
