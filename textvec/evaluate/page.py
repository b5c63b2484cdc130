"""The page of a comparison: what it found, told in tables and figures."""

import platform
from collections.abc import Mapping
from datetime import date
from importlib.metadata import version

import numpy as np
import pandas as pd

from textvec import __version__
from textvec.evaluate.cells import COST_FORMATS
from textvec.evaluate.significance import LEVEL
from textvec.evaluate.tasks.task import counted, printable
from textvec.show.plots import plot_counts
from textvec.show.report import Fold, Picture, Table, write_report

_LANGUAGES = {"en": "English", "zh": "Chinese"}
_N_ITEMS = 5  # of each task, on which two methods disagree
_N_LETTERS = 160  # that are shown of a text
_SPARSE = 0.5  # vectors with this share of zeros are sparse
_QUALITY_NOTE = (
    "Main metric of each task. Higher is better; 1 is the most. A star marks a method that is "
    f"better than every other one (paired randomisation test, p < {LEVEL}). Click a heading to "
    "sort."
)
_SURE_NOTE = (
    "Low and high: 95 % bootstrap interval over the items of the task. p: paired randomisation "
    "test against the best method of the task. Neither exists for clustering, which repeats runs "
    "on the same texts."
)
_CHOSEN_NOTE = (
    "C: how freely the weights of the classifier may grow, found by cross-validation on training "
    "documents alone; where a task has folds, over all of them."
)
_COST_NOTE = (
    "Seconds and documents/s are of fitting on, and transforming, the documents of a task, once "
    "everything is loaded and compiled: medians of up to five runs where one is fast, and over the "
    "folds where a task has folds. Non-zeros and stored MB are those of the vectors of the "
    "documents that a method was fitted on (sparse ones as CSR), zeros the share of their entries "
    "that is zero, each the median over the folds where a task has folds. Peak MB is by "
    "how much the process grew at most while it worked on a task. Costs are averaged over the "
    "tasks."
)
_RIVALS_NOTE = (
    "The items of each task on which the best method with sparse vectors and the best with dense "
    "ones differ most; where all are of one kind, the two best. The scores are those of the one "
    "item."
)


def write_page(comparison, path):
    """Write the page; see :meth:`~textvec.Comparison.to_html`."""
    groups = comparison.tasks_by_language()
    sections = []
    for code, tasks in groups.items():
        title = f"Quality: {_LANGUAGES.get(code, code)}" if len(groups) > 1 else "Quality"
        sections.append((title, _quality(comparison, tasks)))
    tradeoff = Picture(
        comparison.plot("tradeoff"),
        "Quality against cost. Methods on the grey line are beaten by no other in both.",
    )
    sections.append(("Cost", [Table(comparison.costs(), COST_FORMATS, note=_COST_NOTE), tradeoff]))
    if differences := _differences(comparison):
        sections.append(("Where methods disagree", [_RIVALS_NOTE, *differences]))
    sections += [
        ("Data", _data(comparison.tasks)),
        ("Settings", [_settings(comparison.vectorizers)]),
        ("Versions", [_versions()]),
    ]
    return write_report(
        path,
        "Ways of turning text into vectors, compared",
        f"{counted(len(comparison.vectorizers), 'method')} on "
        f"{counted(len(comparison.tasks), 'task')}: how good the vectors are, and what they cost.",
        sections,
    )


def _quality(comparison, tasks):
    """Return how good the methods are at tasks of one language, and how sure that is."""
    names = [task.name for task in tasks]
    main, every = comparison.scores(tasks), comparison.scores(tasks, None).T
    every.index = pd.Index([f"{task}, {metric}" for task, metric in every.index], name="metric")
    sure = comparison.significance()
    sure = sure[sure["task"].isin(names)].set_index("method")
    notes, chosen = (comparison.remarks(column, tasks) for column in ("note", "chosen"))
    chart = Picture(comparison.plot(tasks=tasks), "The main score of every method on every task.")
    return [
        Table(
            main,
            dict.fromkeys(main.columns, "{:.3f}"),
            _by_task(comparison.table, "error", main),
            _QUALITY_NOTE,
            _by_task(sure.reset_index(), "winner", main) == True,  # noqa: E712 - NaN is not
        ),
        *([notes] if notes else []),
        *([chart] if len(tasks) > 1 else []),  # of one task, the table says it as well
        Fold(
            "How sure these scores are",
            [
                Table(
                    sure.drop(columns="winner"),
                    {"score": "{:.3f}", "low": "{:.3f}", "high": "{:.3f}", "p": "{:.4f}"},
                    note=_SURE_NOTE,
                )
            ],
        ),
        Fold("All metrics", [Table(every, dict.fromkeys(every.columns, "{:.3f}"))]),
        *([Fold("What a task chose for each method", [_CHOSEN_NOTE, chosen])] if chosen else []),
    ]


def _by_task(rows, column, scores):
    """Return a column of rows of (method, task) in the shape of a table of main scores."""
    wide = rows.pivot(index="method", columns="task", values=column)
    wide = wide.reindex(index=scores.index, columns=[task for task, _ in scores])
    return wide.set_axis(scores.columns, axis=1)


def _differences(comparison):
    """Return for each task the items on which its best sparse and dense methods differ most."""
    folds = []
    for task in comparison.tasks:
        pair = _rivals(comparison, task)
        if pair is None:
            continue
        n_items = len(comparison.results[pair[0], task.name].rows)
        every = comparison.disagreements(*pair, task.name, n=n_items)
        if every.empty:
            continue
        shown = every.head(_N_ITEMS).drop(columns="difference")
        shown.columns = [
            *shown.columns[:2],
            *((what, method) for what in ("found by", "score of") for method in pair),
        ]
        shown = shown.assign(**{name: shown[name].map(_brief) for name in ("text", "expected")})
        for method in pair:
            shown["found by", method] = shown["found by", method].map(_brief)
        shown.index = pd.RangeIndex(1, len(shown) + 1)
        formats = dict.fromkeys(shown.columns[4:], "{:.2f}")
        title = f"{task.name}: {pair[0]} and {pair[1]} differ on {counted(len(every), 'item')}"
        folds.append(Fold(title, [Table(shown, formats)]))
    return folds


def _rivals(comparison, task):
    """Return the two methods whose answers to a task are shown beside each other, or None."""
    rows = comparison.table
    rows = rows[(rows["task"] == task.name) & rows["score"].notna()]
    rows = rows.sort_values("score", ascending=False, kind="stable")
    if len(rows) < 2 or not comparison.results[rows["method"].iloc[0], task.name].independent:
        return None
    is_sparse = rows["sparsity"] >= _SPARSE
    best = [rows[kind]["method"].iloc[0] for kind in (is_sparse, ~is_sparse) if kind.any()]
    return best if len(best) == 2 else rows["method"].iloc[:2].tolist()


def _brief(value):
    """Return what a method found, or should have, in a line."""
    if isinstance(value, str):
        return _shorten(value)
    if isinstance(value, float):
        return f"{value:.3f}"
    if isinstance(value, list | tuple | np.ndarray):
        return " ¶ ".join(_shorten(str(one), _N_LETTERS // 2) for one in value)
    return str(value)


def _data(tasks):
    """Return what the tasks are about, with a beginning of a document and the labels of each."""
    table = pd.DataFrame(
        {
            "type": [task.type for task in tasks],
            "documents": [len(task.documents) for task in tasks],
            "characters (median)": [
                float(np.median([len(text) for text in task.documents] or [np.nan]))
                for task in tasks
            ],
            "what is asked": [task.description for task in tasks],
        },
        index=pd.Index([task.name for task in tasks], name="task"),
    )
    examples = {task.name: _shorten(task.documents[0]) for task in tasks if task.documents}
    labels = [
        Picture(
            plot_counts(
                pd.Series([printable(str(one)) for one in task.labels]).value_counts(sort=False)
            ),
            f"Documents by label: {task.name}.",
        )
        for task in tasks
        if hasattr(task, "labels")
    ]
    pieces: list = [Table(table, {"characters (median)": "{:,.0f}"})]
    if examples:
        pieces.append(Fold("How a document of each begins", [examples]))
    if labels:
        pieces.append(Fold("How many documents have each label", labels))
    return pieces


def _settings(vectorizers):
    """Return every method as code: what it does not name is the default of these versions."""
    settings = {}
    for name, given in vectorizers.items():
        if isinstance(given, Mapping):
            codes = {code: _as_code(one) for code, one in given.items()}
            if len(set(codes.values())) == 1:  # one for every language
                settings[name] = next(iter(codes.values()))
            else:
                settings |= {f"{name} ({code})": one for code, one in codes.items()}
        else:
            settings[name] = _as_code(given)
    return settings


def _as_code(vectorizer):
    """Return a method as code, whole: scikit-learn would cut a long one."""
    if hasattr(vectorizer, "get_params") and not isinstance(vectorizer, type):
        try:
            return vectorizer.__repr__(N_CHAR_MAX=10**6)
        except TypeError:  # a repr of its own
            pass
    return repr(vectorizer)


def _shorten(text, length=_N_LETTERS):
    text = printable(" ".join(text.split()))
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
