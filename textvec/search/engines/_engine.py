"""The contract of the engines: dense vectors in, nearest neighbours out.

Each class takes its engine's own parameters under the engine's own names, and answers as
:class:`textvec.ExactIndex` does, to which its recall can be measured. The engines come with the
extra ``search``.
"""

import tempfile
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, validate_data

from textvec._checks import check_choice, check_number
from textvec._threads import effective_n_jobs, held, learning, publish
from textvec.persistence import SaveMixin
from textvec.search._indexes import (
    check_n_neighbors,
    check_no_texts,
    checked_squares,
    distances_of,
)

EXTRA = "search"
QUERIES_AT_ONCE = 256  # where threads are ours: between such parts Ctrl-C is heard
LARGEST = 2**31 - 1  # what an int of theirs holds
_thawing = Lock()


class EngineIndex(SaveMixin, BaseEstimator):
    """What the adapters share: checks, unit vectors for the cosine, distances, saving.

    A subclass builds its engine from float32 rows and asks it for neighbours; for the cosine rows
    come with length 1, so that all engines need is the dot product or the Euclidean distance.

    Notes
    -----
    Threads may ask while another adds or fits: they are answered from the items before or after
    that. ``add`` works on a copy of the engine for this, so add many items at a time.

    The engines' files hold what the engines themselves write: ``save`` wraps it in a textvec file
    whose sha256 tells damage, but engines do not defend themselves against malice. Load only files
    that you trust.
    """

    _metrics: tuple[str, ...] = ("cosine", "dot", "euclidean")
    _grows = False
    _least: dict[str, int] = {}  # integer parameters, and the least that engines stand

    def fit(self, X, y=None) -> Self:
        """Build the index.

        Parameters
        ----------
        X : array-like of shape (n_items, n_features)
            One dense vector per item, at least one; read as float32.
        y : None
            Ignored.

        Returns
        -------
        self

        Raises
        ------
        ImportError
            If the engine is not installed; the message says how to.
        TypeError, ValueError
            If a parameter is out of range, there are no items, a value is NaN or infinite, or the
            engine refuses them.

        Warns
        -----
        UserWarning
            If items are all zeros (not for the Euclidean distance): they match nothing.
        """
        check_choice("metric", self.metric, self._metrics)
        self._check_parameters()
        check_no_texts(X)
        with learning(self) as aside:
            X = validate_data(aside, X, dtype=np.float32, order="C", ensure_all_finite=False)
            aside.effective_metric_ = self.metric
            aside.n_items_ = len(X)
            aside._woken = {"engine": (aside._build(aside._prepared(X, "items")), Lock())}
            vars(aside).pop("saved_engine_", None)
        return self

    def add(self, X) -> Self:
        """Take in more items, which get the next numbers; what the engine learned in fit stays.

        Parameters
        ----------
        X : array-like of shape (n_new, n_features)
            One dense vector per item.

        Returns
        -------
        self

        Raises
        ------
        NotImplementedError
            If the engine takes no more items once it is built.
        ValueError
            As :meth:`fit` raises it; also if the width is not that of the items. The index is then
            as it was.
        """
        index = self._asked()
        if not self._grows:
            raise NotImplementedError(
                f"A {type(self).__name__} takes no more items once it is built. Fit it to all of "
                "them, or take a FaissIndex, HnswlibIndex, UsearchIndex or ExactIndex."
            )
        rows = index._prepared(index._as_rows(X), "items")
        if len(rows):
            engine = index._thaw(index._freeze(index._engine))  # a copy: others ask the one here
            index._extend(engine, rows)
            n_items = index.n_items_ + len(rows)
            publish(self, {"n_items_": n_items, "_woken": {"engine": (engine, Lock())}})
        return self

    def kneighbors(self, X, n_neighbors=5, return_distance=True):
        """Return the items that the engine finds nearest to each query.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features)
            One dense vector per query.
        n_neighbors : int >= 1, default=5
            How many to return, at most the number of items.
        return_distance : bool, default=True
            Whether to return distances as well.

        Returns
        -------
        distances : ndarray of float32 of shape (n_queries, n_neighbors)
            Ascending: 1 - cosine, minus the dot product, or the Euclidean distance, as the engine
            computes it; infinite where it found no more.
        indices : ndarray of int64 of shape (n_queries, n_neighbors)
            The rows of these items; of equal distances the lower row comes first. -1 for no more.

        Raises
        ------
        TypeError, ValueError
            If the width is not that of the items, a value is NaN or infinite, ``n_neighbors`` items
            do not exist, or the engine cannot read what was saved.
        """
        index = self._asked()
        check_n_neighbors(n_neighbors, index.n_items_)
        self._check_parameters()  # they may be set after fit
        queries = index._prepared(index._as_rows(X), "queries")
        closeness, indices = index._search(queries, n_neighbors)
        indices = indices.astype(np.int64)
        distances = np.where(indices < 0, np.float32(np.inf), index._as_distances(closeness))
        order = np.lexsort((indices, distances), axis=1)
        indices = np.take_along_axis(indices, order, axis=1)
        if not return_distance:
            return indices
        return np.take_along_axis(distances, order, axis=1), indices

    def __sklearn_is_fitted__(self):
        return hasattr(self, "n_items_")  # to look through all is not safe among threads

    def __getstate__(self):
        state = dict(super().__getstate__())
        if woken := state.pop("_woken", None):
            state["saved_engine_"] = self._freeze(woken["engine"][0])
        return state

    def _check_loaded(self):
        if not hasattr(self, "n_items_"):
            return
        check_choice("effective_metric_", self.effective_metric_, self._metrics)
        for name in ("n_items_", "n_features_in_"):
            check_number(name, getattr(self, name), low=1, integer=True)
        made = {"_engine", "_searching", "_woken"} & vars(self).keys()
        if made or not self._is_saved(self.saved_engine_):
            raise ValueError(
                f"saved_engine_ is damaged: it is not what a {type(self).__name__} saves for "
                f"{self.n_items_} items of width {self.n_features_in_}"
            )

    def _thawed(self):
        """Return the engine that was saved, or raise."""
        try:
            engine = self._thaw(self.saved_engine_)
            n_items, width = self._shape_of(engine)
            if (n_items, width) != (self.n_items_, self.n_features_in_):
                raise ValueError(f"it holds {n_items} items of width {width}")
        except (RuntimeError, ValueError, IndexError, OSError) as error:
            raise ValueError(
                f"The saved {type(self).__name__} of {self.n_items_} items of width "
                f"{self.n_features_in_} is damaged, or of another version of the engine: {error}. "
                "Fit it again."
            ) from error
        return engine

    def _asked(self):
        """Return a copy for one question, with its engine and a lock.

        The lock is for engines that have one depth of search for all threads.
        """
        check_is_fitted(self)
        vars(self).setdefault("_woken", {})  # where there is none, it was loaded
        index = held(self)
        woken = index._woken
        if not woken:
            with _thawing:  # several threads may ask first
                if not woken:
                    woken["engine"] = index._thawed(), Lock()
            now = vars(self)
            if now.get("_woken") is woken:
                now.pop("saved_engine_", None)
        index._engine, index._searching = woken["engine"]
        return index

    def _check_parameters(self):
        for name, least in self._least.items():
            check_number(name, getattr(self, name), low=least, integer=True)
            check_number(name, getattr(self, name), high=LARGEST)
        effective_n_jobs(self.n_jobs)

    def _as_rows(self, X):
        check_no_texts(X)
        return validate_data(
            self, X, reset=False, dtype=np.float32, order="C", ensure_all_finite=False,
            ensure_min_samples=0,
        )  # fmt: skip

    def _prepared(self, X, name):
        """Return finite rows, of length 1 for the cosine."""
        squares = checked_squares(X, name, self.effective_metric_ != "euclidean")
        if self.effective_metric_ != "cosine":
            return X
        norms = np.sqrt(np.where(squares > 0, squares, 1)).astype(np.float32)
        return X / norms[:, None]

    def _as_distances(self, closeness):
        """Turn dot products, for the Euclidean metric squared distances, into distances."""
        if self.effective_metric_ == "euclidean":
            return np.sqrt(np.maximum(closeness, 0))
        return distances_of(closeness, self.effective_metric_)

    def _space(self, dot, euclidean):
        """Return the one of two that belongs to the measure by which prepared rows are ranked."""
        return euclidean if self.effective_metric_ == "euclidean" else dot

    def _build(self, rows):
        """Return an engine that holds the rows."""
        raise NotImplementedError

    def _extend(self, engine, rows):
        """Add rows to an engine of ``n_items_``, where ``_grows`` says that it can."""
        raise NotImplementedError

    def _search(self, queries, k):
        """Return closeness as :meth:`_as_distances` takes it, and indices, -1 for no more."""
        raise NotImplementedError

    def _freeze(self, engine):
        """Return the engine as an array, of bytes mostly, or a dict of arrays."""
        raise NotImplementedError

    def _is_saved(self, saved):
        """Return whether this looks like what :meth:`_freeze` returns, so that it can be read."""
        return is_array(saved, np.uint8, (-1,)) and len(saved) > 0

    def _thaw(self, saved):
        """Return the engine that :meth:`_freeze` was given."""
        raise NotImplementedError

    def _shape_of(self, engine):
        """Return how many items an engine holds and of what width, where it knows."""
        return self.n_items_, self.n_features_in_


def is_array(value, dtype, shape):
    """Return whether a value is an array of this dtype and shape, where -1 is any length."""
    return (
        isinstance(value, np.ndarray)
        and value.dtype == dtype
        and len(value.shape) == len(shape)
        and all(wanted in (-1, there) for wanted, there in zip(shape, value.shape))
    )


def bytes_of(save):
    """Return what ``save(path)`` writes, as an array of bytes."""
    with tempfile.TemporaryDirectory() as folder:
        save(str(Path(folder, "engine")))
        return np.fromfile(Path(folder, "engine"), np.uint8)


@contextmanager
def as_file(saved):
    """Give the path of a file with these bytes, for as long as it is read."""
    # Annoy maps its file: where a mapped file cannot be removed, it stays with the temporary ones.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        saved.tofile(Path(folder, "engine"))
        yield str(Path(folder, "engine"))
