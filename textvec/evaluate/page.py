"""The page of a comparison: what it found, told in tables and figures."""

import platform
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import partial
from importlib.metadata import version
from urllib.parse import quote

import numpy as np
import pandas as pd

from textvec import __version__
from textvec.evaluate.cells import COST_FORMATS, own_settings
from textvec.evaluate.page_words import WORDS, counted_in, metric_in
from textvec.evaluate.tasks.task import printable
from textvec.evaluate.verdicts import verdict_of
from textvec.show.plots import plot_counts
from textvec.show.report import Fold, Link, Picture, Table, write_report
from textvec.text.scripts import language_of

_N_ITEMS = 5  # of each task, on which two methods disagree
_N_LETTERS = 160  # that are shown of a text
_N_WORDS = 8  # of a text, by which a map is searched for it
_SPARSE = 0.5  # vectors with this share of zeros are sparse


def language_for(tasks):
    """Return the language that a page about tasks is read in.

    Parameters
    ----------
    tasks : list of Task
        What the page is about.

    Returns
    -------
    {"en", "zh"}
        "zh" where the texts of every task are Chinese; of translations those to be translated.
    """
    sides = (task.texts1 if task.type == "BitextMining" else task.documents for task in tasks)
    return "zh" if all(language_of(texts) == "zh" for texts in sides) else "en"


def write_page(comparison, path, language="auto", maps=None):
    """Write the page; see :meth:`~textvec.Comparison.to_html`."""
    if language == "auto":
        language = language_for(comparison.tasks)
    words, maps = WORDS[language], maps or {}
    groups = comparison.tasks_by_language()
    found = {task.name: verdict_of(comparison, task.name, language) for task in comparison.tasks}
    sections = [(words["verdict"], _verdict(found, words))]
    for code, tasks in groups.items():
        title = words["quality"]
        if len(groups) > 1:
            title = words["quality of"].format(words.get(code, code))
        sections.append((title, _quality(comparison, tasks, found, language)))
    tradeoff = comparison.plot("tradeoff", language=language)
    is_joined = any(len(line.get_xdata()) > 1 for axes in tradeoff.axes for line in axes.lines)
    caption = f"{words['tradeoff']}{words['grey line'] if is_joined else ''}"
    tradeoff = Picture(tradeoff, caption)
    costs = _renamed(Table(comparison.costs(), COST_FORMATS, note=words["cost note"]), words)
    sections.append((words["cost"], [costs, tradeoff]))
    if differences := _differences(comparison, language, maps):
        sections.append((words["disagree"], [words["rivals note"], *differences]))
    sections += [
        (words["data"], _data(comparison.tasks, language)),
        (words["settings"], [_settings(comparison.vectorizers)]),
        (words["versions"], [_versions(words)]),
    ]
    lead = words["lead"].format(
        methods=counted_in(language, len(comparison.vectorizers), "method"),
        tasks=counted_in(language, len(comparison.tasks), "task"),
    )
    return write_report(path, words["title"], lead, sections, language)


def _verdict(found, words):
    """Return what to take for each task; tasks on which nothing works are one line."""
    works = [one for one in found.values() if one.take]
    others = [one for one in found.values() if not one.take]
    pieces: list = []
    if works:
        frame = pd.DataFrame(works).set_index("task")
        names = words["verdict columns"]
        frame = frame.rename(columns=names).rename_axis(names["task"])
        pieces.append(Table(frame))
    if others:
        title = words["nothing"].format(words["comma"].join(one.task for one in others))
        said = [f"{one.task}{words['colon']}{one.sentence}" for one in others]
        pieces.append(Fold(title, said))
    return pieces


def _quality(comparison, tasks, found, language):
    """Return how good the methods are at tasks of one language, and how sure that is."""
    words = WORDS[language]
    working = [task for task in tasks if found[task.name].take]
    others = [task for task in tasks if not found[task.name].take]
    names = [task.name for task in tasks]
    every = comparison.scores(tasks, None).T
    every.index = pd.Index(
        [words["of task"].format(task, metric_in(language, one)) for task, one in every.index],
        name="metric",
    )
    sure = comparison.significance()
    sure = sure[sure["task"].isin(names)].set_index("method")
    notes = _notes(comparison, tasks, words)
    chosen = {words["on"].format(*cell): one for cell, one in _cells(comparison, tasks, "chosen")}
    pieces: list = []
    if working:
        pieces.append(_scores(comparison, working, language, words["quality note"]))
    if others:
        title = words["nothing"].format(words["comma"].join(task.name for task in others))
        pieces.append(Fold(title, [_scores(comparison, others, language, "")]))
    if notes:
        pieces.append(notes)
    if len(working) > 1:  # of one task, the table says it as well
        pieces.append(Picture(comparison.plot("scores", working, language), words["chart"]))
    formats = {"score": "{:.3f}", "low": "{:.3f}", "high": "{:.3f}", "p": "{:.4f}"}
    sure = Table(sure.drop(columns="winner"), formats, note=words["sure note"])
    pieces.append(Fold(words["sure"], [_renamed(sure, words)]))
    every = Table(every, dict.fromkeys(every.columns, "{:.3f}"))
    pieces.append(Fold(words["every"], [_renamed(every, words, str)]))
    if chosen:
        pieces.append(Fold(words["chosen"], [words["chosen note"], chosen]))
    return pieces


def _cells(comparison, tasks, column):
    """Return pairs: (method, task) and what the table says of it in a column, where it does."""
    said = comparison.table
    said = said[(said[column] != "") & said["task"].isin([task.name for task in tasks])]
    return list(zip(zip(said["method"], said["task"]), said[column]))


def _notes(comparison, tasks, words):
    """Return what is to be known of scores: which settings were this cell's own, and the rest."""
    by_name, notes = {task.name: task for task in tasks}, {}
    for cell, _ in _cells(comparison, tasks, "note"):
        method, task = cell
        own = own_settings(comparison.vectorizers[method], by_name[task])
        said = [*comparison.results[cell].notes.values(), *(words["own"].format(*o) for o in own)]
        notes[words["on"].format(*cell)] = words["semicolon"].join(dict.fromkeys(said))
    return notes


def _scores(comparison, tasks, language, note):
    """Return the table of main scores on some tasks."""
    main = comparison.scores(tasks)
    sure = comparison.significance()
    sure = sure[sure["task"].isin([task.name for task in tasks])]
    table = Table(
        main,
        dict.fromkeys(main.columns, "{:.3f}"),
        _by_task(comparison.table, "error", main),
        note,
        _by_task(sure, "winner", main) == True,  # noqa: E712 - NaN is not
    )
    return _renamed(table, WORDS[language], lambda pair: (pair[0], metric_in(language, pair[1])))


def _renamed(table, words, rename=None):
    """Return a table with headings in the language of the page.

    ``rename`` gives the heading of a column; None takes that of the words.
    """
    names = words["columns"]
    if not names:
        return table
    rename = rename or (lambda name: names.get(name, name))
    parts = {
        name: one.set_axis(pd.Index([*map(rename, one.columns)], tupleize_cols=False), axis=1)
        for name in ("frame", "errors", "marks")
        if (one := getattr(table, name)) is not None
    }
    axis = parts["frame"].index.name
    parts["frame"] = parts["frame"].rename_axis(names.get(axis, axis))
    formats = {rename(name): one for name, one in table.formats.items()}
    return replace(table, formats=formats, **parts)


def _by_task(rows, column, scores):
    """Return a column of rows of (method, task) in the shape of a table of main scores."""
    wide = rows.pivot(index="method", columns="task", values=column)
    wide = wide.reindex(index=scores.index, columns=[task for task, _ in scores])
    return wide.set_axis(scores.columns, axis=1)


def _differences(comparison, language, maps):
    """Return for each task the items on which its best sparse and dense methods differ most."""
    words, folds = WORDS[language], []
    for task in comparison.tasks:
        pair = rivals(comparison, task)
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
        texts = shown["text"].tolist()
        shown = shown.assign(**{name: shown[name].map(_brief) for name in ("text", "expected")})
        if task.name in maps:
            there = set(task.documents)
            links = [
                _found_on(maps[task.name], text, brief) if text in there else brief
                for text, brief in zip(texts, shown["text"])
            ]
            shown["text"] = pd.Series(links, shown.index, dtype=object)
        for method in pair:
            shown["found by", method] = shown["found by", method].map(_brief)
        shown.index = pd.RangeIndex(1, len(shown) + 1)
        formats = dict.fromkeys(shown.columns[4:], "{:.2f}")
        items = counted_in(language, len(every), "item")
        title = words["differ"].format(task=task.name, a=pair[0], b=pair[1], items=items)
        link = [Link(words["map"], maps[task.name])] if task.name in maps else []
        table = _renamed(Table(shown, formats), words, partial(_heading, words["columns"]))
        folds.append(Fold(title, [*link, table]))
    return folds


def _heading(names, name):
    """Return a heading of the table of differences; a method's own name stays."""
    if isinstance(name, tuple):
        return names.get(name[0], name[0]), name[1]
    return names.get(name, name)


def _found_on(page, text, shown):
    """Return a link to a map that is searched for a text."""
    asked = " ".join(text.split()[:_N_WORDS])[:_N_LETTERS]
    return Link(shown, page, f"find={quote(asked, errors='replace')}")


def rivals(comparison, task):
    """Return the two methods whose answers to a task are shown beside each other, or None.

    Parameters
    ----------
    comparison : Comparison
        What was compared.
    task : Task
        One of its tasks.

    Returns
    -------
    list of str, or None
        The best with sparse vectors and the best with dense ones; where all are of one kind, the
        two best. None where items have no scores of their own, or one method alone works.
    """
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


def _data(tasks, language):
    """Return what the tasks are about, with a beginning of a document and the labels of each."""
    words = WORDS[language]
    table = pd.DataFrame(
        {
            "type": [words["types"].get(task.type, task.type) for task in tasks],
            "documents": [len(task.documents) for task in tasks],
            "characters (median)": [
                float(np.median([len(text) for text in task.documents] or [np.nan]))
                for task in tasks
            ],
            "what is asked": [
                (language == "zh" and task.description_zh) or task.description for task in tasks
            ],
        },
        index=pd.Index([task.name for task in tasks], name="task"),
    )
    examples = {task.name: _shorten(task.documents[0]) for task in tasks if task.documents}
    labels = [
        Picture(
            plot_counts(
                pd.Series([printable(str(one)) for one in task.labels]).value_counts(sort=False),
                words["documents"],
            ),
            words["labels of"].format(task.name),
        )
        for task in tasks
        if hasattr(task, "labels")
    ]
    pieces: list = [_renamed(Table(table, {"characters (median)": "{:,.0f}"}), words)]
    if examples:
        pieces.append(Fold(words["begins"], [examples]))
    if labels:
        pieces.append(Fold(words["labels"], labels))
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


def _versions(words):
    packages = ("numpy", "scipy", "scikit-learn", "numba", "pandas", "matplotlib")
    return {
        "textvec": __version__,
        words["date"]: date.today().isoformat(),
        "Python": platform.python_version(),
        words["machine"]: f"{platform.system()} {platform.machine()}",
        **{name: version(name) for name in packages},
    }
