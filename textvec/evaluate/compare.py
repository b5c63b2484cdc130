"""Many vectorizers on many tasks: one table of quality and cost, one page that shows it."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from sklearn.base import clone

from textvec._checks import check_choice, check_number, closest_names
from textvec.evaluate.cells import (
    COST_FORMATS,
    COST_TITLES,
    COSTS,
    Store,
    measure_costs,
    own_settings,
    run_cell,
    suited,
    warm_up,
)
from textvec.evaluate.page_words import WORDS, metric_in
from textvec.evaluate.significance import LEVEL, bootstrap_interval, randomization_test
from textvec.evaluate.tasks.named import tasks_of
from textvec.evaluate.tasks.task import Task, counted, printable, select_tasks

__all__ = ["COSTS", "Comparison", "compare", "default_vectorizers", "measure_costs"]


def compare(vectorizers=None, tasks=None, language=None, verbose=0, cache=None):
    """Score every vectorizer on every task, and measure what it costs.

    Same documents, folds, queries and seeds for all: a ``random_state`` left at None is fixed, so
    the scores repeat (the times do not). A vectorizer that fails on a task leaves a row with the
    reason; the rest go on.

    Parameters
    ----------
    vectorizers : mapping of str to estimator, or None, default=None
        What to compare, by name; anything with ``fit`` and ``transform`` on texts, pipelines too.
        A method that takes another estimator for each language is a mapping of these: ``{"words":
        {"en": TfidfVectorizer(), "zh": TfidfVectorizer(tokenizer="jieba")}}``; a task in two
        languages, one of them Chinese, takes the Chinese one; one task alone takes that under
        ``"en, name of the task"``. They are cloned, never changed. None means
        :func:`~textvec.evaluate.compare.default_vectorizers` of each task's language, LSA shorter
        on fewer than 50 documents.
    tasks : sequence of Task, or None, default=None
        What to do with the vectors. None means the mini benchmark that ships with textvec, see
        :func:`~textvec.evaluate.tasks.mini_benchmark_tasks`. Some of them, by type or category,
        are :func:`~textvec.evaluate.tasks.select_tasks`.
    language : {"en", "zh"} or None, default=None
        Only the tasks in that language; None means all.
    verbose : int, default=0
        Above 0 shows a progress bar.
    cache : str, path-like or None, default=None
        A folder in which every cell is stored as soon as it is finished, and looked for first:
        work that was cut off resumes. A method is known by its class (one that is not textvec's
        also by its source), its parameters and the files of a local model; one that holds code,
        such as a function as ``tokenizer``, is not stored. None stores nothing.

    Returns
    -------
    Comparison

    Raises
    ------
    TypeError
        If ``vectorizers`` is not a mapping, or ``tasks`` is no sequence of tasks.
    ValueError
        If there is nothing to compare, two tasks share a name, or a name holds a lone surrogate.
    OSError
        If the folder ``cache`` cannot be made.

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

    if language is not None:
        check_choice("language", language, ("en", "zh"))
    if tasks is None:
        tasks = tasks_of("mini_benchmark", language)
    else:
        tasks = list(tasks) if isinstance(tasks, Iterable) and not isinstance(tasks, str) else tasks
        if not isinstance(tasks, list) or not all(isinstance(task, Task) for task in tasks):
            advice = (
                ": put it in a list"
                if isinstance(tasks, Task)
                else (
                    ": read_task(path) and ClassificationTask(texts, labels), in "
                    "textvec.evaluate.tasks, make some"
                )
            )
            raise TypeError(f"tasks must be a sequence of Task. Got {tasks!r:.80} instead{advice}.")
        tasks = select_tasks(tasks, languages=language)
    vectorizers = defaults_for(tasks) if vectorizers is None else vectorizers
    if not isinstance(vectorizers, Mapping):
        raise TypeError(
            "vectorizers must be a mapping of name to estimator. "
            f'Got {type(vectorizers).__name__} instead: take {{"BM25": BM25Vectorizer()}}, say.'
        )
    if not vectorizers or not tasks:
        where = "" if language is None else f" in {language!r}"
        raise ValueError(
            "There must be at least one vectorizer and one task to compare. Got "
            f"{counted(len(vectorizers), 'vectorizer')} and {counted(len(tasks), 'task')}{where}."
        )
    names = [task.name for task in tasks]
    if len(set(names)) < len(names):
        raise ValueError(f"Every task must have a name of its own. Got {names} instead.")
    for name in map(str, [*vectorizers, *names]):
        if printable(name) != name:
            raise ValueError(
                "Names of methods and tasks must be text that can be written to a file. "
                f"Got {name!r} instead: take out the lone surrogate."
            )

    store, results, errors = Store(cache), {}, {}
    with tqdm(total=len(vectorizers) * len(tasks), unit="cell", disable=not verbose) as progress:
        for method, given in vectorizers.items():
            warm = {}  # by estimator: fitted ones, which keep a model's weights loaded for clones
            for task in tasks:
                progress.set_postfix_str(f"{method} on {task.name}")
                key = method, task.name
                try:
                    vectorizer = suited(given, task)
                    results[key] = store.get(vectorizer, task)
                    if results[key] is None:
                        if id(vectorizer) not in warm:
                            warm[id(vectorizer)] = warm_up(vectorizer, task.documents)
                        results[key] = run_cell(vectorizer, task)
                        store.put(vectorizer, task, results[key])
                except Exception as error:
                    results.pop(key, None)
                    errors[key] = printable(f"{type(error).__name__}: {error}")
                progress.update()
    table = _tabulate(results, errors, vectorizers, tasks)
    return Comparison(table, dict(vectorizers), tasks, results)


def default_vectorizers(language="en"):
    """Return the methods that :func:`~textvec.compare` takes when none are given.

    Parameters
    ----------
    language : str, default="en"
        For "zh", Chinese, character n-grams are shorter. The names of the methods, and all else,
        are the same in every language: terms are words, and characters and their pairs where a
        script is written without spaces, as ``analyzer="mixed"`` has it.

    Returns
    -------
    dict of str to estimator
        Counts, TF-IDF of words and of characters, BM25, LSA and word2vec.

    Examples
    --------
    >>> list(default_vectorizers("zh"))
    ['counts', 'TF-IDF', 'TF-IDF, chars', 'BM25', 'LSA', 'word2vec']
    """
    from textvec.dense.factorized import LSAVectorizer
    from textvec.dense.word2vec import Word2Vec
    from textvec.sparse.bm25 import BM25Vectorizer
    from textvec.sparse.counts import CountVectorizer
    from textvec.sparse.tfidf import TfidfVectorizer

    if language == "zh":
        letters = {"analyzer": "char", "ngram_range": (1, 2)}
    else:
        letters = {"analyzer": "char_wb", "ngram_range": (2, 4)}
    return {
        "counts": CountVectorizer(analyzer="mixed"),
        "TF-IDF": TfidfVectorizer(analyzer="mixed"),
        "TF-IDF, chars": TfidfVectorizer(**letters),
        "BM25": BM25Vectorizer(),
        "LSA": LSAVectorizer(vector_size=50, random_state=0),
        "word2vec": Word2Vec(vector_size=50, min_count=2, epochs=20, pooling="idf", random_state=0),
    }


def defaults_for(tasks):
    """Return the default methods, each with an estimator for every language of some tasks.

    Parameters
    ----------
    tasks : list of Task
        The tasks. One with fewer documents to be fitted on than LSA has dimensions gets an LSA of
        its own, with half as many dimensions as documents, or what its terms give, and a word2vec
        of every word. So does one whose many texts are of few words.

    Returns
    -------
    dict of str to dict of language to estimator
        As :func:`~textvec.compare` takes them.
    """
    codes = dict.fromkeys(code for task in tasks for code in task.language.split("-"))
    methods: dict[str, dict] = {}
    for code in codes:
        for name, vectorizer in default_vectorizers(code).items():
            methods.setdefault(name, {})[code] = vectorizer
    for task in tasks:
        folds = [[task.documents[i] for i in train] for train, _ in getattr(task, "_folds", ())]
        parts = folds or [task.documents]
        n_fitted = min(map(len, parts))
        for code in task.language.split("-"):
            own = f"{code}, {task.name}"
            lsa = methods["LSA"][code]
            most = min(_dimensions(lsa, part) for part in parts)
            if min(n_fitted, most) < lsa.vector_size:
                size = max(1, min(n_fitted // 2, most))
                methods["LSA"][own] = clone(lsa).set_params(vector_size=size)
            if n_fitted < lsa.vector_size:
                methods["word2vec"][own] = clone(methods["word2vec"][code]).set_params(min_count=1)
    return methods


def _dimensions(lsa, texts):
    """Return how many dimensions an LSA can have on some texts; of many they are not counted."""
    from textvec.dense.factorized import dimensions_for

    if len({*texts}) <= 4 * lsa.vector_size:
        with suppress(ValueError):  # without a single term the cell will say so
            return dimensions_for(lsa, texts)
    return lsa.vector_size


@dataclass(frozen=True, repr=False)
class Comparison:
    """What :func:`~textvec.compare` found.

    Parameters
    ----------
    table : DataFrame
        One row for each method on each task: ``method``, ``task``, ``metric`` (the main one),
        ``score`` (its value), one column for each metric by its name, the costs
        (``fit_seconds``, ``transform_seconds``, ``documents_per_second`` at transform,
        ``dimension``, ``non_zeros``, ``stored_mb`` of the vectors, ``sparsity``, ``peak_mb``),
        ``chosen`` (what the task chose for the method, such as "C=10", else empty), ``note`` (what
        is to be known of the score, such as that some items could not be scored, else empty) and
        ``error`` (why there is no score, else empty).
    vectorizers : dict of str to estimator, or to dict of language to estimator
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
        lines = [f"Comparison of {counted(methods, 'method')} on {counted(tasks, 'task')}"]
        for group in self.tasks_by_language().values():
            lines += ["", _as_text(self.scores(group, 2).T, {})]
        lines += ["", _as_text(self.costs(), COST_FORMATS)]
        if winners := self._winners():
            lines += ["", f"Better than every other method (p < {LEVEL}):"]
            lines += [f"  {method} on {task}" for task, method in winners.items()]
        for title, column in (("Notes", "note"), ("Failed", "error")):
            if said := self.remarks(column):
                lines += ["", f"{title}:", *(f"  {one}: {text}" for one, text in said.items())]
        return "\n".join(lines)

    def tasks_by_language(self):
        """Return the tasks, sorted by the language that each is in or starts from.

        Returns
        -------
        dict of str to list of Task
            By code of the language, in the order of the tasks.
        """
        groups: dict[str, list] = {}
        for task in self.tasks:
            groups.setdefault(task.language.split("-")[0], []).append(task)
        return groups

    def scores(self, tasks=None, n_metrics=1):
        """Return scores as a table of methods x tasks.

        Parameters
        ----------
        tasks : list of Task or None, default=None
            Some of ``tasks``; None means all.
        n_metrics : int >= 1 or None, default=1
            How many metrics of each task, the main one first; None means all.

        Returns
        -------
        DataFrame
            The methods as index, (name of the task, metric) as columns, in the order given.
        """
        if n_metrics is not None:
            check_number("n_metrics", n_metrics, low=1, integer=True)
        rows = {name: found.set_index("method") for name, found in self.table.groupby("task")}
        columns = {
            (task.name, metric): rows[task.name][metric]
            for task in (self.tasks if tasks is None else tasks)
            for metric in task.metrics[:n_metrics]
        }
        return pd.DataFrame(columns).loc[list(self.vectorizers)].rename_axis("method")

    def remarks(self, column="note", tasks=None):
        """Return what the table says of single cells in words.

        Parameters
        ----------
        column : {"note", "error", "chosen"}, default="note"
            What is to be known of a score, why there is none, or what was chosen for the method.
        tasks : list of Task or None, default=None
            Some of ``tasks``; None means all.

        Returns
        -------
        dict of str to str
            By "method on task", in the order of the table; cells without a remark are missing.
        """
        check_choice("column", column, ("note", "error", "chosen"))
        names = [task.name for task in (self.tasks if tasks is None else tasks)]
        said = self.table[(self.table[column] != "") & self.table["task"].isin(names)]
        return {
            f"{method} on {task}": text
            for method, task, text in zip(said["method"], said["task"], said[column], strict=True)
        }

    def costs(self):
        """Return what each method costs, averaged over the tasks.

        Returns
        -------
        DataFrame
            The methods as index; seconds of fit and transform, documents/s at transform,
            dimension, non-zeros, megabytes and share of zeros of the vectors, and by how many
            megabytes the process grew at most.
        """
        costs = self.table.astype({"dimension": float}).groupby("method")[COSTS].mean()
        return costs.loc[list(self.vectorizers)].rename(columns=COST_TITLES)

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
        if n_resamples not in self._significance:
            self._significance[n_resamples] = self._tested(n_resamples)
        return self._significance[n_resamples].copy()

    def disagreements(self, a, b, task, n=10):
        """List the items on which two methods differ most, of those that both could be scored on.

        Parameters
        ----------
        a, b : str
            Names of the methods.
        task : str
            Name of the task.
        n : int >= 1, default=10
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
        check_number("n", n, low=1, integer=True)
        rows = []
        for method in (a, b):
            if (method, task) not in self.results:
                if reason := self.remarks("error").get(f"{method} on {task}"):
                    raise KeyError(f"{method!r} failed on {task!r}: {reason}")
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
        differing = table[table["difference"].abs() > 0]
        order = differing["difference"].abs().sort_values(ascending=False, kind="stable").index
        return differing.loc[order].head(n).reset_index(drop=True)

    def plot(self, kind="scores", tasks=None, language="en"):
        """Draw the comparison.

        Parameters
        ----------
        kind : {"scores", "tradeoff"}, default="scores"
            The main score of every method, a panel for each task; or the mean of these scores
            against fit time, speed and size.
        tasks : list of Task or None, default=None
            Some of ``tasks``; None means all. The costs are always those of all tasks.
        language : {"en", "zh"}, default="en"
            Of the figure's own words.

        Returns
        -------
        matplotlib.figure.Figure
            Show it with a notebook, or save it: ``figure.savefig("scores.png")``.

        Raises
        ------
        ImportError
            If matplotlib is not installed; it names the extra.
        """
        from textvec.show.plots import plot_scores, plot_tradeoff

        check_choice("kind", kind, ("scores", "tradeoff"))
        check_choice("language", language, ("en", "zh"))
        words, scores = WORDS[language], self.scores(tasks)
        if kind == "scores":
            titles = [f"{task}\n{metric_in(language, metric)}" for task, metric in scores]
            return plot_scores(scores.set_axis(titles, axis=1), words["failed"])
        quality = scores.mean(axis=1, skipna=False)
        quality.name = words["mean"]
        if scores.shape[1] == 1:
            quality.name = metric_in(language, scores.columns[0][1])
        costs = self.costs()[["fit seconds", "documents/s", "stored MB"]]
        return plot_tradeoff(quality, costs, words["axes"])

    def to_csv(self, path):
        """Write ``table`` for spreadsheets, as :func:`~textvec.show.csv_files.write_csv` does.

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
        from textvec.show.csv_files import write_csv

        return write_csv(path, self.table)

    def to_html(self, path, language="auto", maps=None):
        """Write the comparison as one self-contained page with tables and plots.

        It begins with the verdict: which method to take for each task, and how sure that is.

        Parameters
        ----------
        path : str or path-like
            File to write; an existing one is replaced, at once or not at all.
        language : {"auto", "en", "zh"}, default="auto"
            Of the page's own words. "auto" is Chinese where the texts of all tasks are, of
            translations those that are translated.
        maps : mapping of str to str, default=None
            For names of tasks, a page of :func:`~textvec.show_map`, relative to this one, to which
            the items on which methods disagree lead.

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
        from textvec.evaluate.page import write_page

        check_choice("language", language, ("auto", "en", "zh"))
        return write_page(self, path, language, maps)

    @cached_property
    def _significance(self):
        """What :meth:`significance` has found, by number of resamples."""
        return {}

    def _tested(self, n_resamples):
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
            wins = bool(p) and all(value < LEVEL for value in p.values())
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
        return pd.DataFrame(rows, columns=columns).astype({"winner": bool})

    def _winners(self):
        found = self.significance()
        return found[found["winner"]].set_index("task")["method"].to_dict()


def _tabulate(results, errors, vectorizers, tasks):
    """Return the table of a comparison: a row for each method on each task."""
    rows = []
    for method in vectorizers:
        for task in tasks:
            key = method, task.name
            row = {"method": method, "task": task.name, "metric": task.metrics[0]}
            row |= {"score": np.nan, "chosen": "", "note": "", "error": errors.get(key, "")}
            if key in results:
                found = results[key]
                row |= {"score": found[task.metrics[0]], **found, **found.costs}
                row["chosen"] = ", ".join(f"{name}={one}" for name, one in found.chosen.items())
                own = own_settings(vectorizers[method], task)
                own = [WORDS["en"]["own"].format(*one) for one in own]
                notes = "; ".join(dict.fromkeys([*found.notes.values(), *own]))
                row["error" if np.isnan(row["score"]) else "note"] = notes
            rows.append(row)
    metrics = dict.fromkeys(metric for task in tasks for metric in task.metrics)
    columns = ["method", "task", "metric", "score", *metrics, *COSTS, "chosen", "note", "error"]
    table = pd.DataFrame(rows, columns=columns)
    return table.astype({"dimension": "Int64"})


def _as_text(table, formats):
    return table.to_string(
        formatters={name: formats.get(name, "{:.3f}").format for name in table.columns},
        na_rep="failed",
    )
