"""Many vectorizers on many tasks: one table of quality and cost, one page that shows it."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from importlib.metadata import version

import numpy as np
import pandas as pd

from textvec import __version__
from textvec._checks import check_choice, closest_names
from textvec.evaluate._cells import COSTS, Store, measure_costs, run_cell, warm_up
from textvec.evaluate.significance import bootstrap_interval, randomization_test
from textvec.evaluate.tasks import hotel_tasks

__all__ = ["COSTS", "Comparison", "compare", "default_vectorizers", "measure_costs"]

_COST_TITLES = {
    "fit_seconds": "fit seconds",
    "transform_seconds": "transform seconds",
    "documents_per_second": "documents/s",
    "dimension": "dimension",
    "non_zeros": "non-zeros",
    "stored_mb": "stored MB",
    "sparsity": "zeros",
    "peak_mb": "peak MB",
}
_COST_FORMATS = {
    "fit seconds": "{:.3f}",
    "transform seconds": "{:.3f}",
    "documents/s": "{:,.0f}",
    "dimension": "{:,.0f}",
    "non-zeros": "{:,.0f}",
    "stored MB": "{:.3f}",
    "zeros": "{:.1%}",
    "peak MB": "{:.1f}",
}
_COST_NOTE = (
    "Seconds and documents/s are of fitting on, and transforming, the documents of a task, once "
    "everything is loaded and compiled: medians of up to five runs where one is fast, and over the "
    "folds where a task has folds. Non-zeros and stored MB are those of the vectors of these "
    "documents (sparse ones as CSR), zeros the share of their entries that is zero. Peak MB is by "
    "how much the process grew at most while it worked on a task. Costs are averaged over the "
    "tasks."
)
_LEVEL = 0.05  # a winner must be told from every other method at this level


def compare(vectorizers=None, tasks=None, language="en", verbose=0, cache=None):
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
    cache : str, path-like or None, default=None
        A folder in which every cell is stored as soon as it is finished, and looked for first:
        work that was cut off resumes. None stores nothing.

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

    store, results, errors = Store(cache), {}, {}
    with tqdm(total=len(vectorizers) * len(tasks), unit="cell", disable=not verbose) as progress:
        for method, vectorizer in vectorizers.items():
            is_warm = False
            for task in tasks:
                progress.set_postfix_str(f"{method} on {task.name}")
                key = method, task.name
                try:
                    results[key] = store.get(vectorizer, task)
                    if results[key] is None:
                        if not is_warm:
                            warm_up(vectorizer, task.documents)
                            is_warm = True
                        results[key] = run_cell(vectorizer, task)
                        store.put(vectorizer, task, results[key])
                    errors[key] = "; ".join(dict.fromkeys(results[key].notes.values()))
                except Exception as error:
                    results.pop(key, None)
                    errors[key] = f"{type(error).__name__}: {error}"
                progress.update()
    table = _tabulate(results, errors, vectorizers, tasks)
    return Comparison(table, dict(vectorizers), tasks, results)


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
        f"LSA, {unit}": LSAVectorizer(vector_size=50, random_state=0, **words),
        f"BM25, {unit}": BM25Vectorizer(**words),
    }


@dataclass(frozen=True, repr=False)
class Comparison:
    """What :func:`compare` found.

    Parameters
    ----------
    table : DataFrame
        One row for each method on each task: ``method``, ``task``, ``metric`` (the main one),
        ``score`` (its value), one column for each metric by its name, the costs
        (``fit_seconds``, ``transform_seconds``, ``documents_per_second`` at transform,
        ``dimension``, ``non_zeros``, ``stored_mb`` of the vectors, ``sparsity``, ``peak_mb``),
        and ``error`` (why there is no score, else empty).
    vectorizers : dict of str to estimator
        The methods, unfitted.
    tasks : list of Task
        The tasks.
    results : dict of (method, task name) to TaskResult
        What each cell returned, with a row for each item; failed cells are missing.
    """

    table: pd.DataFrame
    vectorizers: dict
    tasks: list
    results: dict

    def __repr__(self):
        methods, tasks = len(self.vectorizers), len(self.tasks)
        lines = [
            f"Comparison of {methods} method(s) on {tasks} task(s)",
            "",
            _as_text(self._scores(2), {}),
            "",
            _as_text(self._costs(), _COST_FORMATS),
        ]
        if winners := self._winners():
            lines += ["", f"Better than every other method (p < {_LEVEL}):"]
            lines += [f"  {method} on {task}" for task, method in winners.items()]
        failed = self.table[self.table["error"] != ""]
        if len(failed):
            lines += ["", "Failed:"]
            lines += [f"  {row.method} on {row.task}: {row.error}" for row in failed.itertuples()]
        return "\n".join(lines)

    def significance(self, n_resamples=10_000):
        """Say how sure the main scores are, and where the best method is no accident.

        Parameters
        ----------
        n_resamples : int >= 1, default=10_000
            Draws of the bootstrap, and exchanges of the paired randomisation test.

        Returns
        -------
        DataFrame
            One row for each score: ``task``, ``method``, ``score``, ``low`` and ``high`` (a 95 %
            bootstrap interval over the items of the task), ``p`` (paired randomisation test
            against the best method; NaN for that one itself, and where a task repeats runs on
            the same items) and ``winner``: whether this is the best method and differs from
            each other one at the 5 % level.
        """
        rows = []
        for task in self.tasks:
            found = {
                method: self.results[method, task.name]
                for method in self.vectorizers
                if (method, task.name) in self.results
            }
            scores = pd.Series({method: next(iter(one.values())) for method, one in found.items()})
            best = scores.idxmax() if scores.notna().any() else None
            p = {
                method: randomization_test(found[best], one, n_resamples)
                for method, one in found.items()
                if best is not None and method != best
            }
            wins = bool(p) and all(value < _LEVEL for value in p.values())
            for method, one in found.items():
                low, high = bootstrap_interval(one, n_resamples)
                rows.append(
                    {
                        "task": task.name,
                        "method": method,
                        "score": scores[method],
                        "low": low,
                        "high": high,
                        "p": p.get(method, np.nan),
                        "winner": method == best and wins,
                    }
                )
        columns = ["task", "method", "score", "low", "high", "p", "winner"]
        return pd.DataFrame(rows, columns=columns)

    def disagreements(self, a, b, task, n=10):
        """List the items on which two methods differ most.

        Parameters
        ----------
        a, b : str
            Names of the methods.
        task : str
            Name of the task.
        n : int, default=10
            How many items, those with the largest difference first.

        Returns
        -------
        DataFrame
            ``text``, ``expected``, what each method found, how well each did on the item, and the
            ``difference`` of these scores (above zero: ``a`` did better).

        Raises
        ------
        KeyError
            If there is no result of that method on that task.

        Examples
        --------
        >>> from textvec import CountVectorizer, compare
        >>> from textvec.evaluate.tasks import RetrievalTask
        >>> corpus = {"a": "the the", "c": "the pier"}
        >>> task = RetrievalTask({"q": "the pier"}, corpus, {"q": {"c": 1}}, name="rooms")
        >>> methods = {"words": CountVectorizer(), "less": CountVectorizer(stop_words=["pier"])}
        >>> compare(methods, [task]).disagreements("words", "less", "rooms")["text"].tolist()
        ['the pier']
        """
        rows = []
        for method in (a, b):
            if (method, task) not in self.results:
                known = sorted({name for pair in self.results for name in pair}, key=str)
                near = closest_names(method if method not in known else task, known)
                raise KeyError(
                    f"There is no result of {method!r} on {task!r}. "
                    f"Close to it: {', '.join(near) or 'nothing'}."
                )
            rows.append(self.results[method, task].rows)
        first, second = rows
        table = pd.DataFrame(
            {
                "text": first["text"],
                "expected": first["expected"],
                f"found by {a}": first["found"],
                f"found by {b}": second["found"],
                f"score of {a}": first["score"],
                f"score of {b}": second["score"],
                "difference": first["score"] - second["score"],
            }
        )
        differing = table[table["difference"] != 0]
        order = differing["difference"].abs().sort_values(ascending=False, kind="stable").index
        return differing.loc[order].head(n).reset_index(drop=True)

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

    def to_csv(self, path):
        """Write ``table`` for spreadsheets, as :func:`~textvec.text.csv_files.write_csv` does.

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
        OSError
            If the file cannot be written.
        """
        from textvec.text.csv_files import write_csv

        return write_csv(path, self.table)

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
        main, all_scores = self._scores(1), self._scores()
        significance = self._significance
        quality = Table(
            main,
            dict.fromkeys(main.columns, "{:.3f}"),
            self._errors(),
            "Main metric of each task. Higher is better; 1 is the most. A star marks a method that "
            f"is better than every other one (paired randomisation test, p < {_LEVEL}). Click a "
            "heading to sort.",
            self._marks(main, significance),
        )
        sureness = Table(
            significance.drop(columns="winner").set_index("method"),
            {"score": "{:.3f}", "low": "{:.3f}", "high": "{:.3f}", "p": "{:.4f}"},
            note="Low and high: 95 % bootstrap interval over the items of the task. p: paired "
            "randomisation test against the best method of the task. Neither exists for "
            "clustering, which repeats runs on the same texts.",
        )
        details = Table(all_scores, dict.fromkeys(all_scores.columns, "{:.3f}"))
        cost = Table(self._costs(), _COST_FORMATS, note=_COST_NOTE)
        data = pd.DataFrame(
            {
                "documents": [len(task.documents) for task in self.tasks],
                "characters (median)": [
                    float(np.median([len(text) for text in task.documents] or [np.nan]))
                    for task in self.tasks
                ],
                "what is asked": [task.description for task in self.tasks],
            },
            index=pd.Index([task.name for task in self.tasks], name="task"),
        )
        examples = dict.fromkeys(
            _shorten(task.documents[0]) for task in self.tasks if task.documents
        )
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
                ("How sure the scores are", [sureness]),
                ("All metrics", [details]),
                ("Cost", [cost, tradeoff]),
                (
                    "Data",
                    [
                        Table(data, {"characters (median)": "{:,.0f}"}),
                        *[f"A document begins: “{text}”" for text in examples],
                        *labels,
                    ],
                ),
                ("Settings", [{name: _settings(one) for name, one in self.vectorizers.items()}]),
                ("Versions", [_versions()]),
            ],
        )

    def _main_scores(self):
        """Return the main scores: methods x tasks, in the order given."""
        scores = self.table.pivot(index="method", columns="task", values="score")
        return scores.loc[list(self.vectorizers), [task.name for task in self.tasks]]

    def _scores(self, n_metrics=None):
        """Return the first metrics of each task: methods x (task, metric), in the order given."""
        by_task = {name: rows.set_index("method") for name, rows in self.table.groupby("task")}
        columns = {
            (task.name, metric): by_task[task.name][metric]
            for task in self.tasks
            for metric in task.metrics[:n_metrics]
        }
        return pd.DataFrame(columns).loc[list(self.vectorizers)].rename_axis("method")

    @cached_property
    def _significance(self):
        return self.significance()

    def _winners(self):
        found = self._significance
        return found[found["winner"]].set_index("task")["method"].to_dict()

    def _marks(self, scores, significance):
        """Return where the winners stand: methods x (task, main metric), True or False."""
        winners = significance.set_index(["method", "task"])["winner"]
        return pd.DataFrame(
            {
                column: [bool(winners.get((method, column[0]), False)) for method in scores.index]
                for column in scores.columns
            },
            index=scores.index,
        )

    def _costs(self):
        """Return the costs: methods x titles, averaged over the tasks."""
        costs = self.table.astype({"dimension": float}).groupby("method")[COSTS].mean()
        return costs.loc[list(self.vectorizers)].rename(columns=_COST_TITLES)

    def _errors(self):
        """Return why scores are missing: methods x (task, main metric)."""
        errors = self.table.pivot(index="method", columns="task", values="error")
        errors = errors.loc[list(self.vectorizers), [task.name for task in self.tasks]]
        return errors.set_axis([(task.name, task.metrics[0]) for task in self.tasks], axis=1)


def _tabulate(results, errors, vectorizers, tasks):
    """Return the table of a comparison: a row for each method on each task."""
    rows = []
    for method in vectorizers:
        for task in tasks:
            key = method, task.name
            row = {"method": method, "task": task.name, "metric": task.metrics[0]}
            row |= {"score": np.nan, "error": errors[key]}
            if key in results:
                scores = results[key]
                row |= {"score": scores[task.metrics[0]], **scores, **scores.costs}
            rows.append(row)
    metrics = dict.fromkeys(metric for task in tasks for metric in task.metrics)
    columns = ["method", "task", "metric", "score", *metrics, *COSTS, "error"]
    table = pd.DataFrame(rows, columns=columns)
    return table.astype({"dimension": "Int64"})


def _settings(vectorizer):
    """Return a method as code, whole: scikit-learn would cut a long one."""
    if hasattr(vectorizer, "get_params") and not isinstance(vectorizer, type):
        try:
            return vectorizer.__repr__(N_CHAR_MAX=10**6)
        except TypeError:  # a repr of its own
            pass
    return repr(vectorizer)


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
