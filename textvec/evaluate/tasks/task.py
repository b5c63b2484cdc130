"""What every task is: scores by metric, the main one first, and a row for each item behind them."""

import time
from collections.abc import Iterable

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.base import clone
from sklearn.utils import check_array

from textvec._checks import as_list, as_rows, check_choice, check_number

SEED = 0  # of every split and of every estimator left unseeded, so that scores repeat


class Task:
    """What :func:`~textvec.compare` asks of a task; one subclass for each type.

    Attributes
    ----------
    type : str
        Its type in MTEB, such as "Retrieval".
    category : {"s2s", "s2p", "p2p", "t2c"}
        What meets what, as MTEB has it: sentences or words (s), paragraphs (p), texts and the
        categories that they belong to (t2c).
    language : str
        Code of the language of its texts, such as "en"; "en-zh" for two.
    name : str
        Names the task in tables and plots.
    metrics : tuple of str
        Names of what ``evaluate`` returns, the main one first.
    documents : list of str
        The texts to vectorize, on which speed and size are measured.
    description : str
        One or two sentences for the reader of a report.
    description_zh : str, default=""
        The same in Chinese; where empty, a report in Chinese has ``description``.
    """

    type = ""
    category = "s2s"
    language = "en"
    name: str
    metrics: tuple[str, ...]
    documents: list[str]
    description: str
    description_zh: str = ""

    def __repr__(self):
        return f"{type(self).__name__}(name={self.name!r}, language={self.language!r})"

    def evaluate(self, vectorizer, k=None):
        """Score a vectorizer.

        Parameters
        ----------
        vectorizer : estimator
            Cloned before it is fitted; itself left as it is.
        k : int >= 1, sequence of such or None, default=None
            How many ranks count, where a task ranks; None means the task's own ``k``.

        Returns
        -------
        TaskResult
        """
        raise NotImplementedError


class TaskResult(dict):
    """Scores by metric, the main one first, as a dict; with what they were made of.

    Parameters
    ----------
    scores : mapping of str to float
        The metrics.
    rows : DataFrame
        One row for each item: ``text``, ``expected``, ``found`` and ``score``, how well this item
        went, from 0 to 1 (a correlation: -1 to 1), NaN where it could not be scored. More columns
        by task.
    statistic : {"mean", "spearman", "average precision"}, default="mean"
        How the main score comes from the rows: the mean of ``score``; else the named statistic of
        the columns ``similarity`` and ``truth``.
    independent : bool, default=True
        Whether the rows are items of their own (queries, documents, pairs), which may be
        resampled; False for repeated runs on the same items.
    costs : mapping or None, default=None
        What fitting and transforming took: see
        :func:`~textvec.evaluate.compare.measure_costs`.
    notes : mapping of str to str or None, default=None
        By metric: why it is NaN, or on which of the items alone it rests.
    chosen : mapping of str to str or None, default=None
        What the task chose for this vectorizer, by name, such as the C of its classifier.

    Examples
    --------
    >>> rows = pd.DataFrame({"score": [1.0, 0.0]})
    >>> result = TaskResult({"accuracy": 0.5}, rows)
    >>> result, len(result.rows)
    ({'accuracy': 0.5}, 2)
    """

    def __init__(
        self,
        scores,
        rows,
        statistic="mean",
        independent=True,
        costs=None,
        notes=None,
        chosen=None,
    ):
        super().__init__(scores)
        self.rows = rows
        self.statistic = statistic
        self.independent = independent
        self.costs = dict(costs or {})
        self.notes = dict(notes or {})
        self.chosen = dict(chosen or {})


def select_tasks(tasks, types=None, categories=None, languages=None) -> list[Task]:
    """Return the tasks of given types, categories and languages, in their order.

    Parameters
    ----------
    tasks : iterable of Task
        What to choose from.
    types : str, sequence of str or None, default=None
        Such as ``["Retrieval", "STS"]``, or one alone; None means any.
    categories : str, sequence of {"s2s", "s2p", "p2p", "t2c"} or None, default=None
        None means any.
    languages : str, sequence of str or None, default=None
        Codes such as "en". A task in two languages counts for both; None means any.

    Returns
    -------
    list of Task

    Raises
    ------
    ValueError
        If none of the tasks is of a type that is asked for, or there is no such category.

    Examples
    --------
    >>> from textvec.evaluate.tasks import mini_benchmark_tasks
    >>> [task.name for task in select_tasks(mini_benchmark_tasks(), categories=["s2p"])]
    ['retrieval (en)']
    """
    tasks = as_list("tasks", tasks, "a list of tasks")
    types, categories, languages = (
        [chosen] if isinstance(chosen, str) else chosen for chosen in (types, categories, languages)
    )
    known = sorted({task.type for task in tasks})
    for one in types or ():
        check_choice("type of a task", one, known)
    for one in categories or ():
        check_choice("category of a task", one, ("s2s", "s2p", "p2p", "t2c"))
    return [
        task
        for task in tasks
        if (types is None or task.type in types)
        and (categories is None or task.category in categories)
        and (languages is None or set(task.language.split("-")) & set(languages))
    ]


def fresh(vectorizer):
    """Return an unfitted copy in which every ``random_state`` left at None is seeded.

    Parameters
    ----------
    vectorizer : estimator
        Left as it is.

    Returns
    -------
    estimator
    """
    copy = clone(vectorizer)
    unseeded = {
        name: SEED
        for name, value in copy.get_params().items()
        if value is None and name.split("__")[-1] == "random_state"
    }
    return copy.set_params(**unseeded)


def fit_on(vectorizer, documents):
    """Fit a fresh copy on documents and return it, their vectors, and what that cost."""
    fitted, fit_seconds = timed(lambda: fresh(vectorizer).fit(documents))
    raw, seconds = timed(lambda: fitted.transform(documents))
    vectors = _checked(raw, documents)
    costs = {
        "fit_seconds": fit_seconds,
        "transform_seconds": seconds,
        "documents_per_second": len(documents) / seconds,
        **vector_costs(raw),
    }
    return fitted, vectors, costs


def vectors_of(transform, documents):
    """Return the vectors of the documents, checked: one finite row each, sparse as CSR."""
    return _checked(transform(documents), documents)


def vector_costs(vectors):
    """Measure vectors: an array, a sparse matrix or a DataFrame of either.

    Parameters
    ----------
    vectors : array, sparse matrix or DataFrame of shape (n_documents, n_features)
        What ``transform`` returned.

    Returns
    -------
    dict
        ``dimension``; ``stored_mb``, the size in millions of bytes, sparse ones as CSR;
        ``non_zeros``; ``sparsity``, the share of zeros.
    """
    vectors = _out_of_frame(vectors)
    if sparse.issparse(vectors):
        vectors = vectors.tocsr()
        parts, n_values = (vectors.data, vectors.indices, vectors.indptr), vectors.count_nonzero()
    else:
        vectors = np.asarray(vectors)
        parts, n_values = (vectors,), np.count_nonzero(vectors)
    n_cells = vectors.shape[0] * vectors.shape[1]
    return {
        "dimension": vectors.shape[1],
        "stored_mb": sum(part.nbytes for part in parts) / 1e6,
        "non_zeros": int(n_values),
        "sparsity": 1 - n_values / n_cells if n_cells else float("nan"),
    }


def timed(action):
    """Return the result of an action and its seconds."""
    start = time.perf_counter()
    result = action()
    return result, time.perf_counter() - start


def same_length(**columns):
    """Return the columns as lists, after a check that they are as long as the first one."""
    lists = {name: as_texts(name, values) for name, values in columns.items()}
    (first, reference), *others = lists.items()
    for name, values in others:
        if len(values) != len(reference):
            raise ValueError(
                f"{name} must be as long as {first}, which holds {len(reference)}. "
                f"Got {len(values)} instead."
            )
    if not reference:
        raise ValueError(f"{first} must hold at least one item. Got none.")
    return lists.values()


def as_texts(name, values):
    """Return texts, or what goes with them, as a list: of one str each letter would be a text."""
    return as_rows(name, values, "a list, one item for each text")


def counted(n, noun, plural=None):
    """Return a number with its noun, such as "1 query" and "2,000 queries"."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


def finite(name, values):
    """Return numbers as an array, after a check that all are finite."""
    values = np.asarray(values, dtype=np.float64)
    if not np.isfinite(values).all():
        bad = values[~np.isfinite(values)][0]
        raise ValueError(f"{name} must be finite numbers. Got {bad} instead.")
    return values


def depths_of(k):
    """Return the ranks that count as a tuple, after a check that they are whole numbers."""
    depths = tuple(k) if isinstance(k, Iterable) and not isinstance(k, str) else (k,)
    for depth in depths:
        check_number("k", depth, low=1, integer=True)
    if not depths or len(set(depths)) < len(depths):
        raise ValueError(f"k must be a rank, or different ranks. Got {k!r} instead.")
    return depths


def unique_texts(*lists):
    """Return the distinct texts in order, and for each list the positions of its texts."""
    position = {}
    places = [[position.setdefault(text, len(position)) for text in texts] for texts in lists]
    return list(position), places


def item_rows(data, columns=None):
    """Return the rows of a result, in which texts are Python's own.

    pandas would hold them as Arrow's, which refuses a lone surrogate.

    Parameters
    ----------
    data : mapping or list
        What a DataFrame is made of.
    columns : list of str or None, default=None
        Names of the columns, where ``data`` has none.
    """
    rows = pd.DataFrame(data, columns=columns, dtype=object)
    return pd.DataFrame(
        {
            name: values if any(isinstance(one, str) for one in values) else values.infer_objects()
            for name, values in rows.items()
        }
    )


def printable(text):
    """Return a text with lone surrogates, which no file can hold, as their escapes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def percentile(values):
    """Return the rank of each value from 0 to 1, ties sharing the mean of theirs; of NaN, NaN."""
    ranks = pd.Series(values).rank().to_numpy()
    return (ranks - 1) / max(np.count_nonzero(~np.isnan(ranks)) - 1, 1)


def _out_of_frame(vectors):
    if isinstance(vectors, pd.DataFrame):
        is_sparse = all(isinstance(dtype, pd.SparseDtype) for dtype in vectors.dtypes)
        return vectors.sparse.to_coo() if is_sparse else vectors.to_numpy()
    return vectors


def _checked(vectors, documents):
    vectors = _out_of_frame(vectors)
    shape = np.shape(vectors)
    if len(shape) != 2 or shape[0] != len(documents):
        got = shape[0] if len(shape) == 2 else f"{type(vectors).__name__} of shape {shape}"
        raise ValueError(
            f"The vectorizer must return one row for each of {len(documents)} documents. "
            f"Got {got} instead."
        )
    kinds = [np.float64, np.float32]
    vectors = check_array(vectors, accept_sparse="csr", dtype=kinds, ensure_all_finite=False)
    values = vectors.data if sparse.issparse(vectors) else vectors
    finite = np.isfinite(values)
    if not finite.all():
        bad = np.argwhere(~finite)[0]
        row = np.searchsorted(vectors.indptr, bad[0], "right") - 1 if values.ndim == 1 else bad[0]
        raise ValueError(
            f"The vectorizer must return finite numbers. Got {values[tuple(bad)]} for the document "
            f"{documents[row][:60]!r} instead."
        )
    return vectors
