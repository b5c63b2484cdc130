"""What an index is worth: how much of the truth it finds, how fast, and what it takes."""

import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
from scipy import sparse
from sklearn.base import clone

from textvec._checks import check_number
from textvec.persistence import save
from textvec.search.exact import ExactIndex


def measure_index(index, items, queries, k=10):
    """Fit an index and measure it against exact search.

    Parameters
    ----------
    index : index
        Anything with ``metric``, ``fit`` and ``kneighbors``, such as :class:`~textvec.FaissIndex`;
        it is cloned, so that what it was fitted to stays.
    items : array-like or sparse matrix of shape (n_items, n_features)
        What is searched.
    queries : array-like or sparse matrix of shape (n_queries, n_features)
        What is asked, at least one: not items themselves, which are found too easily.
    k : int >= 1, default=10
        How many neighbours each query asks for, at most the number of items.

    Returns
    -------
    Series
        Named by the index: ``recall@k``, the share of the k neighbours found that are as near as
        the k nearest there are (of equal ones, any will do); ``queries/s``, all of them asked at
        once; ``build s``, what ``fit`` took; ``MB``, the size of the file that ``save`` writes,
        NaN for indexes of others. Such rows make a table: ``pandas.DataFrame([row, row])``.

    Raises
    ------
    TypeError, ValueError
        If ``k`` is out of range, there are no queries, the index has no metric (a HybridIndex has
        one for each view), or it refuses what it is given.

    See Also
    --------
    ExactIndex : What is never wrong.

    Examples
    --------
    >>> from textvec import AnnoyIndex
    >>> items, queries = np.split(np.random.default_rng(0).normal(size=(1050, 8)), [1000])
    >>> row = measure_index(AnnoyIndex(), items, queries)
    >>> row.index.to_list(), bool(row["recall@10"] > 0.95)
    (['recall@10', 'queries/s', 'build s', 'MB'], True)
    """
    import pandas as pd

    check_number("k", k, low=1, integer=True)
    if isinstance(index, type) or not hasattr(index, "kneighbors"):
        raise TypeError(
            f"index must be an index, such as FaissIndex(). Got {_shown(index)} instead."
        )
    if not hasattr(index, "metric"):
        raise TypeError(
            "index must have a metric, by which exact search tells what is near. "
            f"Got {_shown(index)} instead, which has none."
        )
    index = clone(index)
    began = time.perf_counter()
    index.fit(items)
    built = time.perf_counter()
    if k > (n_items := items.shape[0] if hasattr(items, "shape") else len(items)):
        raise ValueError(f"k must be at most {n_items}, the number of items. Got {k} instead.")
    with warnings.catch_warnings():  # of zeros the index itself warned
        warnings.filterwarnings("ignore", r"\d+ of \d+ (queries|items) (is|are) all zeros")
        truth = ExactIndex(metric=index.metric).fit(items)
        nearest, _ = truth.kneighbors(queries, k)
    if not len(nearest):
        raise ValueError("queries must be at least one. Got none.")
    index.kneighbors(queries[:1], k)  # what first calls compile is no part of it
    asked = time.perf_counter()
    _, found = index.kneighbors(queries, k)
    took = time.perf_counter() - asked
    return pd.Series(
        {
            f"recall@{k}": _share_as_near(truth, queries, found, nearest[:, -1]),
            "queries/s": len(found) / took,
            "build s": built - began,
            "MB": _megabytes(index),
        },
        name=str(index),
    )


def _shown(index):
    if isinstance(index, type):
        return f"the class {index.__name__}"
    return repr(index) if isinstance(index, str) else type(index).__name__


def _share_as_near(truth, queries, found, farthest):
    """Return the share of items found that are no farther than the k-th nearest is."""
    queries = sparse.csr_array(queries) if sparse.issparse(queries) else np.asarray(queries)
    n_near = 0
    for row, items in enumerate(found):
        items = np.unique(items[items >= 0])
        if len(items):
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", r"\d+ of \d+ (queries|items) (is|are) all zeros")
                among = ExactIndex(metric=truth.effective_metric_).fit(truth.items_[items])
                distances, _ = among.kneighbors(queries[[row]], len(items))
            n_near += np.count_nonzero(distances <= farthest[row])  # summed alike: no tolerance
    return n_near / found.size


def _megabytes(index):
    """Return the size of what an index saves, in millions of bytes, NaN if textvec cannot."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "index")
        try:
            save(index, path)
        except TypeError:  # it is another project's, or holds what is
            return np.nan
        return path.stat().st_size / 1e6
