"""Dask: fit on what lies in many partitions, and transform it there.

Dask runs the work, in threads, processes or on a cluster, as it is set up; what is here gives it
pieces that add up. It is the extra ``dask``, and is imported where it is used.
"""

import uuid

import numpy as np
from scipy import sparse

from textvec._checks import check_choice, check_number, import_optional
from textvec.persistence import fingerprint
from textvec.sparse.collecting import Collecting

_MOST_HERE = 8  # vectorizers that a process keeps for the tasks to come
_HERE: dict = {}  # fingerprint -> the vectorizer that all tasks of this process use


def fit(vectorizer, collection, fan_in=16):
    """Fit a vectorizer on a Dask collection of documents, as one ``fit`` on all of them would.

    Each partition is collected where it lies, parts are merged in a tree, and one small object
    comes back: no text moves, and nothing is shuffled.

    Parameters
    ----------
    vectorizer : CountVectorizer, TfidfVectorizer, BM25Vectorizer or the like
        What learns nothing but statistics of terms.
    collection : dask.bag.Bag, dask Series, or list of Delayed
        Documents. A Delayed stands for an iterable of documents.
    fan_in : int >= 2, default=16
        How many parts are merged in one go.

    Returns
    -------
    vectorizer
        The same, fitted: equal to the last bit to one fitted by ``fit`` on all documents.

    Raises
    ------
    TypeError
        If the vectorizer cannot be fitted so, or the collection is something else.
    ImportError
        If dask is not installed; it names the extra.

    See Also
    --------
    textvec.CountVectorizer.fit_collected : What it does in the end.

    Examples
    --------
    >>> from importlib.util import find_spec
    >>> from textvec import TfidfVectorizer
    >>> if find_spec("dask"):
    ...     import dask.bag
    ...     bag = dask.bag.from_sequence(["sea view", "old port", "port view"], npartitions=2)
    ...     with dask.config.set(scheduler="threads"):
    ...         tfidf = fit(TfidfVectorizer(min_df=2), bag)
    ...     assert tfidf.get_feature_names_out().tolist() == ["port", "view"]
    """
    delayed = import_optional("dask", "dask").delayed
    check_number("fan_in", fan_in, low=2, integer=True)
    if not isinstance(vectorizer, Collecting):
        raise TypeError(
            f"{type(vectorizer).__name__} cannot be fitted on parts alone. Take counts, TF-IDF or "
            "BM25. LSA also wants documents, and PPMI a second pass: see their fit_collected. "
            "Other word vectors want one machine that reads all."
        )
    shared = delayed(_Here(vectorizer))
    parts = [delayed(_collect)(shared, block) for block in _blocks(collection)]
    merge = delayed(_merge)
    while len(parts) > 1:
        parts = [merge(parts[i : i + fan_in]) for i in range(0, len(parts), fan_in)]
    return vectorizer.fit_collected([part.compute() for part in parts])


def transform(vectorizer, collection, to="array"):
    """Transform a Dask collection of documents by a fitted vectorizer, where they lie.

    Parameters
    ----------
    vectorizer : fitted vectorizer
        Any of textvec's. It is sent once to each process; a pretrained model is loaded once in
        each, by name or from a folder that they all see.
    collection : dask.bag.Bag, dask Series, or list of Delayed
        Documents, as in :func:`fit`.
    to : {"array", "bag"}, default="array"
        What is returned.

    Returns
    -------
    dask.array.Array or dask.bag.Bag
        An array with a block of rows for each partition, CSR matrices where the vectorizer is
        sparse; or a bag of rows: 1-d arrays, or matrices of one row.

    Raises
    ------
    TypeError
        If the collection is something else.
    ImportError
        If dask is not installed; it names the extra.

    Examples
    --------
    >>> from importlib.util import find_spec
    >>> from textvec import HashingVectorizer
    >>> if find_spec("dask"):
    ...     import dask.bag
    ...     bag = dask.bag.from_sequence(["sea view", "old port", "port view"], npartitions=2)
    ...     rows = transform(HashingVectorizer(n_features=64), bag)
    ...     with dask.config.set(scheduler="threads"):
    ...         assert rows.compute().shape == (3, 64)
    """
    delayed = import_optional("dask", "dask").delayed
    check_choice("to", to, ("array", "bag"))
    blocks = _blocks(collection)
    shared = delayed(_Here(vectorizer))
    if to == "bag":
        bag = import_optional("dask.bag", "dask")
        return bag.from_delayed([delayed(_rows)(shared, block) for block in blocks])
    array = import_optional("dask.array", "dask")
    empty = vectorizer.transform([""])[:0]
    rows = [
        array.from_delayed(
            delayed(_transform)(shared, block),
            (np.nan, empty.shape[1]),
            dtype=empty.dtype,
            meta=empty,
        )
        for block in blocks
    ]
    return array.concatenate(rows, allow_unknown_chunksizes=True)


class _Here:
    """A vectorizer on its way to other processes, of each of which all tasks get one object.

    What it makes for its answers, such as a loaded model, is then there for the next task.
    """

    def __init__(self, vectorizer, key=None):
        self.vectorizer = vectorizer
        self.key = key or _key_of(vectorizer)

    def __reduce__(self):
        return _arrive, (self.vectorizer, self.key)

    def __dask_tokenize__(self):
        return self.key


def _arrive(vectorizer, key):
    """Return the one of this process, which is the first that came."""
    here = _HERE.setdefault(key, _Here(vectorizer, key))
    while len(_HERE) > _MOST_HERE:
        _HERE.pop(next(iter(_HERE)), None)
    return here


def _key_of(vectorizer):
    try:
        return fingerprint(vectorizer)
    except TypeError:  # it holds code, which has no sum
        return uuid.uuid4().hex


def _blocks(collection):
    """Return the partitions of a collection, a Delayed each."""
    from dask.delayed import Delayed

    if isinstance(collection, Delayed):
        raise TypeError("A single Delayed is one block of documents: put it in a list.")
    if getattr(collection, "ndim", 1) == 2:
        raise TypeError(
            f"Got a table with the columns {list(collection.columns)}: pass the one of texts, such "
            "as table[name]."
        )
    if hasattr(collection, "to_delayed"):
        collection = list(collection.to_delayed())
    if isinstance(collection, list | tuple) and all(isinstance(b, Delayed) for b in collection):
        if collection:
            return list(collection)
        raise ValueError("The collection has no blocks: pass at least one.")
    raise TypeError(
        "The collection must be a dask Bag, a dask Series or a list of Delayed. "
        f"Got {type(collection).__name__} instead."
    )


def _collect(here, block):
    return here.vectorizer.collect(block)


def _merge(parts):
    return type(parts[0]).merge(parts)


def _transform(here, block):
    block = list(block)
    if block:
        return here.vectorizer.transform(block)
    return here.vectorizer.transform([""])[:0]


def _rows(here, block):
    rows = _transform(here, block)
    return [rows[i : i + 1] if sparse.issparse(rows) else rows[i] for i in range(rows.shape[0])]
