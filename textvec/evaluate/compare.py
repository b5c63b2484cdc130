"""Many vectorizers on many tasks: one table of quality and cost, one page that shows it."""

import platform
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version

import numpy as np
import pandas as pd
from scipy import sparse

from textvec import __version__
from textvec._checks import check_choice
from textvec.evaluate.tasks import fresh, hotel_tasks

COSTS = ["fit_seconds", "documents_per_second", "dimension", "stored_mb", "sparsity"]

_COST_TITLES = dict(
    zip(COSTS, ["fit seconds", "documents/s", "dimension", "stored MB", "zeros"], strict=True)
)
_COST_FORMATS = dict(
    zip(_COST_TITLES.values(), ["{:.3f}", "{:,.0f}", "{:,.0f}", "{:.3f}", "{:.1%}"], strict=True)
)
_COST_NOTE = (
    "Fit seconds and documents/s (at transform) are medians of up to five runs on all documents of "
    "a task, once everything is loaded and compiled; stored MB is the size of the vectors of these "
    "documents (sparse ones as CSR), zeros the share of their entries that is zero. Costs are "
    "averaged over the tasks."
)


def compare(vectorizers=None, tasks=None, language="en", verbose=0):
    """Score every vectorizer on every task, and measure what it costs.

    Same documents, folds, queries and seeds for all: a ``random_state`` left at None is fixed, so
    the scores repeat (the times do not). A vectorizer that fails on a task leaves a row with the
    reason; the rest go on.

    Parameters
    ----------
    vectorizers : mapping of str to estimator, or None, default=None
        What to compare, by name; anything with ``fit`` and ``transform`` on texts, pipelines too.
        They are cloned, never changed. None means :func:`default_vectorizers` of the language.
    tasks : sequence of Task, or None, default=None
        What to do with the vectors. None means :func:`~textvec.evaluate.tasks.hotel_tasks` of the
        language.
    language : {"en", "zh"}, default="en"
        Chooses the vectorizers and tasks that are not given.
    verbose : int, default=0
        Above 0 shows a progress bar.

    Returns
    -------
    Comparison

    Raises
    ------
    TypeError
        If ``vectorizers`` is not a mapping.
    ValueError
        If there is nothing to compare, or two tasks share a name.

    Examples
    --------
    >>> from textvec import CountVectorizer, TfidfVectorizer, compare
    >>> from textvec.evaluate.tasks import RetrievalTask
    >>> corpus = {"a": "sea view", "b": "free shuttle", "c": "view of the sea"}
    >>> task = RetrievalTask({"a": "sea view"}, corpus, {"a": {"c": 1}}, name="rooms")
    >>> methods = {"counts": CountVectorizer(), "TF-IDF": TfidfVectorizer()}
    >>> compare(methods, [task]).table[["method", "task", "metric", "score"]]
       method   task   metric  score
    0  counts  rooms  nDCG@10    1.0
    1  TF-IDF  rooms  nDCG@10    1.0
    """
    from tqdm import tqdm

    check_choice("language", language, ("en", "zh"))
    vectorizers = default_vectorizers(language) if vectorizers is None else vectorizers
    if not isinstance(vectorizers, Mapping):
        raise TypeError(
            "vectorizers must be a mapping of name to estimator. "
            f"Got {type(vectorizers).__name__} instead."
        )
    if not vectorizers or tasks is not None and not tasks:
        raise ValueError("There must be at least one vectorizer and one task to compare.")
    tasks = hotel_tasks(language) if tasks is None else list(tasks)
    names = [task.name for task in tasks]
    if len(set(names)) < len(names):
        raise ValueError(f"Every task must have a name of its own. Got {names} instead.")

    rows, costs = [], {}
    with tqdm(total=len(vectorizers) * len(tasks), unit="cell", disable=not verbose) as progress:
        for method, vectorizer in vectorizers.items():
            for task in tasks:
                progress.set_postfix_str(f"{method} on {task.name}")
                row = {"method": method, "task": task.name, "metric": task.metrics[0]}
                try:
                    scores = task.evaluate(vectorizer)
                    key = method, tuple(task.documents)
                    if key not in costs:  # after evaluate, which has loaded and compiled everything
                        costs[key] = measure_costs(vectorizer, task.documents)
                    row |= {"score": scores[task.metrics[0]], **scores, **costs[key], "error": ""}
                except Exception as error:
                    row |= {"score": np.nan, "error": f"{type(error).__name__}: {error}"}
                rows.append(row)
                progress.update()
    metrics = dict.fromkeys(metric for task in tasks for metric in task.metrics)
    columns = ["method", "task", "metric", "score", *metrics, *COSTS, "error"]
    table = pd.DataFrame(rows, columns=columns).astype({"dimension": "Int64"})
    return Comparison(table, dict(vectorizers), tasks)


def default_vectorizers(language="en"):
    """Return the methods that :func:`compare` takes when none are given.

    Parameters
    ----------
    language : {"en", "zh"}, default="en"
        Chinese is cut into words by jieba; its character n-grams are shorter.

    Returns
    -------
    dict of str to estimator
        Counts, TF-IDF of words, of words and word pairs, and of characters, LSA and BM25.

    Examples
    --------
    >>> list(default_vectorizers("zh"))[0]
    'counts, jieba words'
    """
    from textvec.dense.factorized import LSAVectorizer
    from textvec.sparse.counts import CountVectorizer
    from textvec.sparse.weights import BM25Vectorizer, TfidfVectorizer

    check_choice("language", language, ("en", "zh"))
    if language == "zh":
        words, unit = {"tokenizer": "jieba"}, "jieba words"
        characters = {"analyzer": "char", "ngram_range": (1, 2)}
    else:
        words, unit = {}, "words"
        characters = {"analyzer": "char_wb", "ngram_range": (2, 4)}
    span = "({},{})".format(*characters["ngram_range"])
    return {
        f"counts, {unit}": CountVectorizer(**words),
        f"TF-IDF, {unit} (1,1)": TfidfVectorizer(**words),
        f"TF-IDF, {unit} (1,2)": TfidfVectorizer(ngram_range=(1, 2), **words),
        f"TF-IDF, characters {span}": TfidfVectorizer(**characters),
        f"LSA, {unit}": LSAVectorizer(random_state=0, **words),
        f"BM25, {unit}": BM25Vectorizer(**words),
    }


def measure_costs(vectorizer, documents):
    """Measure what a vectorizer costs on documents.

    Parameters
    ----------
    vectorizer : estimator
        Cloned before use.
    documents : list of str
        What to fit on and to transform.

    Returns
    -------
    dict
        ``fit_seconds``; ``documents_per_second`` at transform; ``dimension`` of the vectors;
        ``stored_mb``, their size in millions of bytes; ``sparsity``, the share of zeros in them.
    """
    fitted, fit_seconds = _timed(lambda: fresh(vectorizer).fit(documents))
    vectors, transform_seconds = _timed(lambda: fitted.transform(documents))
    if isinstance(vectors, pd.DataFrame):
        is_sparse = all(isinstance(dtype, pd.SparseDtype) for dtype in vectors.dtypes)
        vectors = vectors.sparse.to_coo() if is_sparse else vectors.to_numpy()
    if sparse.issparse(vectors):
        vectors = vectors.tocsr()
        parts, n_values = (vectors.data, vectors.indices, vectors.indptr), vectors.count_nonzero()
    else:
        vectors = np.asarray(vectors)
        parts, n_values = (vectors,), np.count_nonzero(vectors)
    return {
        "fit_seconds": fit_seconds,
        "documents_per_second": len(documents) / transform_seconds,
        "dimension": vectors.shape[1],
        "stored_mb": sum(part.nbytes for part in parts) / 1e6,
        "sparsity": 1 - n_values / (vectors.shape[0] * vectors.shape[1]),
    }


@dataclass(frozen=True, repr=False)
class Comparison:
    """What :func:`compare` found.

    Parameters
    ----------
    table : DataFrame
        One row for each method on each task: ``method``, ``task``, ``metric`` (the main one),
        ``score`` (its value), one column for each metric by its name, ``fit_seconds``,
        ``documents_per_second`` (at transform), ``dimension``, ``stored_mb`` (of the vectors),
        ``sparsity`` (share of zeros), and ``error`` (why there is no score, else empty).
    vectorizers : dict of str to estimator
        The methods, unfitted.
    tasks : list of Task
        The tasks.
    """

    table: pd.DataFrame
    vectorizers: dict
    tasks: list

    def __repr__(self):
        methods, tasks = len(self.vectorizers), len(self.tasks)
        lines = [
            f"Comparison of {methods} method(s) on {tasks} task(s)",
            "",
            _as_text(self._scores(), {}),
            "",
            _as_text(self._costs(), _COST_FORMATS),
        ]
        failed = self.table[self.table["error"] != ""]
        if len(failed):
            lines += ["", "Failed:"]
            lines += [f"  {row.method} on {row.task}: {row.error}" for row in failed.itertuples()]
        return "\n".join(lines)

    def plot(self, kind="scores"):
        """Draw the comparison.

        Parameters
        ----------
        kind : {"scores", "tradeoff"}, default="scores"
            Bars of the main score by method, a panel for each task; or the mean of these scores
            against fit time, speed and size.

        Returns
        -------
        matplotlib.figure.Figure
            Show it with a notebook, or save it: ``figure.savefig("scores.png")``.

        Raises
        ------
        ImportError
            If matplotlib is not installed; it names the extra.
        """
        from textvec.text.plots import plot_scores, plot_tradeoff

        check_choice("kind", kind, ("scores", "tradeoff"))
        scores = self._main_scores()
        if kind == "scores":
            return plot_scores(
                scores.set_axis([f"{task.name}\n{task.metrics[0]}" for task in self.tasks], axis=1)
            )
        quality = scores.mean(axis=1, skipna=False)
        quality.name = (
            "mean of the main scores" if len(self.tasks) > 1 else self.tasks[0].metrics[0]
        )
        return plot_tradeoff(quality, self._costs()[["fit seconds", "documents/s", "stored MB"]])

    def to_html(self, path):
        """Write the comparison as one self-contained page with tables and plots.

        Parameters
        ----------
        path : str or path-like
            File to write; an existing one is replaced, at once or not at all.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        ImportError
            If matplotlib is not installed; it names the extra.
        OSError
            If the file cannot be written.
        """
        from textvec.text.plots import plot_counts
        from textvec.text.report import Picture, Table, write_report

        bars = Picture(self.plot(), "The main score of every method on every task.")
        tradeoff = Picture(
            self.plot("tradeoff"),
            "Quality against cost. Methods on the grey line are beaten by no other in both.",
        )
        scores = self._scores()
        quality = Table(
            scores,
            dict.fromkeys(scores.columns, "{:.3f}"),
            self._errors(),
            "Higher is better; 1 is the most. Click a heading to sort.",
        )
        cost = Table(self._costs(), _COST_FORMATS, note=_COST_NOTE)
        data = pd.DataFrame(
            {
                "documents": [len(task.documents) for task in self.tasks],
                "characters (median)": [
                    float(np.median([len(text) for text in task.documents])) for task in self.tasks
                ],
                "what is asked": [task.description for task in self.tasks],
            },
            index=pd.Index([task.name for task in self.tasks], name="task"),
        )
        examples = dict.fromkeys(_shorten(task.documents[0]) for task in self.tasks)
        labels = [
            Picture(
                plot_counts(pd.Series(task.labels).value_counts(sort=False)),
                f"Documents by label: {task.name}.",
            )
            for task in self.tasks
            if hasattr(task, "labels")
        ]
        return write_report(
            path,
            "Ways of turning text into vectors, compared",
            f"{len(self.vectorizers)} methods on {len(self.tasks)} tasks: how good the vectors "
            "are, and what they cost.",
            [
                ("Quality", [quality, bars]),
                ("Cost", [cost, tradeoff]),
                (
                    "Data",
                    [
                        Table(data, {"characters (median)": "{:,.0f}"}),
                        *[f"A document begins: “{text}”" for text in examples],
                        *labels,
                    ],
                ),
                ("Settings", [{name: repr(one) for name, one in self.vectorizers.items()}]),
                ("Versions", [_versions()]),
            ],
        )

    def _main_scores(self):
        """Return the main scores: methods x tasks, in the order given."""
        scores = self.table.pivot(index="method", columns="task", values="score")
        return scores.loc[list(self.vectorizers), [task.name for task in self.tasks]]

    def _scores(self):
        """Return all scores: methods x (task, metric), in the order given."""
        by_task = {name: rows.set_index("method") for name, rows in self.table.groupby("task")}
        columns = {
            (task.name, metric): by_task[task.name][metric]
            for task in self.tasks
            for metric in task.metrics
        }
        return pd.DataFrame(columns).loc[list(self.vectorizers)].rename_axis("method")

    def _costs(self):
        """Return the costs: methods x titles, averaged over the tasks."""
        costs = self.table.astype({"dimension": float}).groupby("method")[COSTS].mean()
        return costs.loc[list(self.vectorizers)].rename(columns=_COST_TITLES)

    def _errors(self):
        """Return why scores are missing: methods x (task, main metric)."""
        errors = self.table.pivot(index="method", columns="task", values="error")
        errors = errors.loc[list(self.vectorizers), [task.name for task in self.tasks]]
        return errors.set_axis([(task.name, task.metrics[0]) for task in self.tasks], axis=1)


def _timed(action):
    """Return the result of an action and the median of its seconds: more runs where it is fast."""
    seconds = []
    while len(seconds) < 5 and sum(seconds) < 0.2:
        start = time.perf_counter()
        result = action()
        seconds.append(time.perf_counter() - start)
    return result, float(np.median(seconds))


def _as_text(table, formats):
    return table.to_string(
        formatters={name: formats.get(name, "{:.3f}").format for name in table.columns},
        na_rep="failed",
    )


def _shorten(text, length=160):
    text = " ".join(text.split())
    return text if len(text) <= length else text[:length] + "…"


def _versions():
    packages = ("numpy", "scipy", "scikit-learn", "numba", "pandas", "matplotlib")
    return {
        "textvec": __version__,
        "date": date.today().isoformat(),
        "Python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        **{name: version(name) for name in packages},
    }
