"""``textvec compare``: vectorizers beside each other on tasks, and what they score."""

import os
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from textvec.cli.app import AsJson, PageLanguage, check_page, check_page_language, warn
from textvec.cli.models import VECTORIZER_HELP, is_pretrained, pretrained
from textvec.cli.tables import counted, print_json, print_line, print_table

# --vectorizer NAME -> that of a default method, which is then taken as it is.
_DEFAULTS = {
    "counts": "counts",
    "tfidf": "TF-IDF",
    "tfidf-char": "TF-IDF, chars",
    "bm25": "BM25",
    "lsa": "LSA",
    "word2vec": "word2vec",
}


def compare(  # numpydoc ignore=PR01
    data: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME|FILE",
            help="A data set (mini_benchmark, hotels, or one that `textvec datasets` lists), or "
            "your own: .csv, .tsv, .json or .jsonl with text and label, text1 and text2 and "
            "label or score, or query and pos and neg; or a BEIR folder; repeatable."
            "  [default: mini_benchmark]",
        ),
    ] = None,
    task: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TYPE|CATEGORY|NAME",
            help="Only tasks of this type, such as retrieval, of this category (s2s, s2p, p2p, "
            "t2c), or of this name; repeatable.",
        ),
    ] = None,
    vectorizer: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help=f"{VECTORIZER_HELP}; repeatable. Models alone are set beside the default methods."
            "  [default: six methods, fit for the language]",
        ),
    ] = None,
    language: Annotated[
        str | None,
        typer.Option(
            help="Only tasks in en or zh; of files, what they are in.  [default: both, by letters]"
        ),
    ] = None,
    encoding: Annotated[str, typer.Option(help="Encoding of the files.")] = "utf-8",
    html: Annotated[Path, typer.Option(metavar="FILE", help="Page to write.")] = Path(
        "textvec-report.html"
    ),
    page_language: PageLanguage = "auto",
    maps: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            file_okay=False,
            help="For each task, write a page with two maps of its documents, by the two methods "
            "whose answers the page sets beside each other, and link it.",
        ),
    ] = None,
    cache: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            file_okay=False,
            help="Keep what is finished there: work that was cut off goes on, and what was "
            "compared before is not computed again.",
        ),
    ] = None,
    as_json: AsJson = False,
):
    """Score vectorizers on tasks, side by side: tables and a page."""
    from textvec._checks import check_choice, import_optional

    if language is not None:
        check_choice("--language", language, ("en", "zh"))
    check_page_language(page_language)
    if maps is not None:
        import_optional("openTSNE", "maps")
    check_page(html, *map(Path, data or []))

    from textvec.evaluate.compare import compare
    from textvec.evaluate.page import language_for

    tasks = choose_tasks(data or ["mini_benchmark"], task or [], language, encoding)
    methods = choose_methods(vectorizer or [], tasks)
    try:
        comparison = compare(methods, tasks, verbose=sys.stderr.isatty(), cache=cache)
    except KeyboardInterrupt:
        if cache is not None:
            print(f"\ntextvec: what is finished lies in {cache}", file=sys.stderr)
        raise
    found = comparison.table
    for cell, reason in comparison.remarks("error").items():
        warn(f"{cell} failed: {reason}")
    if as_json:
        print_json(found.merge(comparison.significance().drop(columns="score"), "left"))
    else:
        print_comparison(comparison)
    if page_language == "auto":
        page_language = language_for(tasks)
    links = {} if maps is None else write_maps(comparison, maps, html, page_language)
    comparison.to_html(html, page_language, links)
    print(f"Wrote {html}", file=sys.stderr)
    if found["score"].isna().all():
        raise typer.Exit(1)


def choose_tasks(data, wanted, language, encoding="utf-8"):
    """Return the tasks of data sets and files.

    Parameters
    ----------
    data : list of str
        Names of data sets, or paths. Of several, a file that holds no task is left out with a
        warning.
    wanted : list of str
        Types, names or categories of tasks, in any spelling; [] means all.
    language : {"en", "zh"} or None
        Only its tasks; of files, what they are in. None means all, and to look at the letters.
    encoding : str, default="utf-8"
        Of the files.

    Returns
    -------
    list of Task
        Files with the same name are told apart by their paths.

    Raises
    ------
    ValueError
        If there is no task, or none of a type, name or category that is wanted.
    OSError
        If a file cannot be read, or a data set not be downloaded.
    """
    from textvec._checks import closest_names

    sources, alone = [], len(data) == 1
    for one in dict.fromkeys(data):
        sources += [(one, task) for task in _tasks_of(one, language, encoding, alone)]
    if not sources:
        where = "" if language is None else f" in {language}"
        raise ValueError(f"there is no task{where} in --data {', '.join(data)}.")
    counts = Counter(task.name for _, task in sources)
    for one, task in sources:
        if counts[task.name] > 1 and _is_readable(Path(one)):
            task.name = one
    tasks = [task for _, task in sources]
    if not wanted:
        return tasks
    names = [
        {task.category, *map(_spelling, (task.type, task.name, _bare(task.name)))} for task in tasks
    ]
    for one in wanted:
        if not any(_spelling(one) in known for known in names):
            known = [name for task in tasks for name in (task.type, task.category)]
            known = list(dict.fromkeys([*known, *(task.name for task in tasks)]))
            near = ", ".join(closest_names(one, known)) or ", ".join(known)
            raise ValueError(
                f"--task {one!r} is no type, category or name of a task here. Near: {near}."
            )
    chosen = {_spelling(one) for one in wanted}
    return [task for task, known in zip(tasks, names) if chosen & known]


def choose_methods(names, tasks):
    """Return the methods of --vectorizer names, as :func:`~textvec.compare` takes them.

    Parameters
    ----------
    names : list of str
        As :func:`~textvec.cli.models.make_vectorizer` takes them. Pretrained models alone are
        set beside the default methods.
    tasks : list of Task
        Their languages decide about the settings.

    Returns
    -------
    dict

    Raises
    ------
    ValueError
        If a name is unknown.
    OSError, ImportError
        If a model cannot be had, or not be run.
    """
    from textvec.evaluate.compare import defaults_for
    from textvec.sparse.hashing import HashingVectorizer

    defaults, methods = defaults_for(tasks), {}
    for name in names:
        if name in _DEFAULTS:
            methods[name] = defaults[_DEFAULTS[name]]
        elif name == "hashing":  # of the same words as the default methods
            methods[name] = {
                code: HashingVectorizer(analyzer=counts.analyzer)
                for code, counts in defaults["counts"].items()
            }
        else:
            methods[_title(name, names)] = model = pretrained(name)
            model.transform(["a text"])  # what cannot be had or run is bad input, not failed cells
    if all(map(is_pretrained, names)):
        return defaults | methods
    return methods


def write_maps(comparison, folder, page, language="en"):
    """Write a page with two maps for each task, and return where they are.

    Parameters
    ----------
    comparison : Comparison
        What was compared.
    folder : Path
        Where they are written.
    page : Path
        The page that links to them.
    language : {"en", "zh"}, default="en"
        Of their own words.

    Returns
    -------
    dict of str to str
        For names of tasks the map, relative to the page. A task is left out if no two methods
        answer it item by item, or, with a warning, if its documents cannot be mapped.
    """
    import pandas as pd

    from textvec.evaluate.cells import suited
    from textvec.evaluate.page import rivals
    from textvec.recommend.maps import MapOptions, show_map

    folder.mkdir(parents=True, exist_ok=True)
    options = MapOptions(language=language, n_jobs=-1)
    links = {}
    for number, task in enumerate(comparison.tasks, start=1):
        pair = rivals(comparison, task)
        if pair is None:
            continue
        out = folder / f"{number}-{re.sub(r'[^0-9A-Za-z]+', '-', task.name).strip('-')}.html"
        methods = {name: suited(comparison.vectorizers[name], task) for name in pair}
        labels = getattr(task, "labels", None)
        is_of_each = labels is not None and len(labels) == len(task.documents)
        color = pd.Series(list(labels), name="label", dtype=object) if is_of_each else None
        try:
            show_map(methods, task.documents, out, None, None, color, task.name, options)
        except (ValueError, TypeError, LookupError) as error:
            warn(f"there is no map of {task.name}: {error}")
            continue
        links[task.name] = os.path.relpath(out, page.parent).replace(os.sep, "/")
    return links


def _tasks_of(data, language, encoding, alone):
    """Return the tasks of a data set or of a file, whose language is seen by its letters."""
    from textvec._checks import warn_user
    from textvec.evaluate.tasks import read_task
    from textvec.evaluate.tasks.named import languages_of, tasks_of

    path = Path(data)
    if not _is_readable(path) and (path.is_dir() or not path.suffix):
        try:
            languages = languages_of(data)
        except ValueError as error:
            reason = f": there is no such file, and {error}"
            if path.is_dir():
                reason = (
                    " is a folder without qrels/*.tsv, corpus.jsonl and queries.jsonl, as BEIR has "
                    "them. Give such a folder, or a file."
                )
            raise ValueError(f"--data {data!r}{reason}") from error
        return tasks_of(data, language) if language in (None, *languages) else []
    try:
        task = read_task(path, encoding=encoding)
    except ValueError as error:
        if alone:
            raise
        warn_user(f"--data {data!r} is left out: {error}")
        return []
    task.language = language or _language_of(task)
    if empty := sum(not text.strip() for text in task.documents):
        n_texts = len(task.documents)
        warn_user(f"{path} has {counted(empty, 'empty text')} among {n_texts}: they match nothing.")
    return [task]


def _language_of(task):
    from textvec.text.scripts import language_of

    sides = (task.texts1, task.texts2) if task.type == "BitextMining" else (task.documents,)
    return "-".join(dict.fromkeys(map(language_of, sides)))


def _is_readable(path):
    """Tell whether a path is a file or a BEIR folder: other folders do not hide a data set."""
    return path.is_file() or (path / "qrels").is_dir()


def _title(name, names):
    """Return how a model is called in the table: shortly where no other is called so."""
    path = Path(name)
    is_alone = [Path(other).name for other in names].count(path.name) == 1
    return path.name if path.exists() and path.name and is_alone else name


def _bare(name):
    """Return the spelling of a task's name without its language: "retrieval (en)" is retrieval."""
    return _spelling(re.sub(r"\([a-z-]+\)$", "", name))


def _spelling(name):
    return re.sub(r"[\W_]", "", name).lower()


def print_comparison(comparison):
    """Print the main scores, a table for each language, and what the methods cost.

    Parameters
    ----------
    comparison : Comparison
        What to print. The rows are the tasks, or the methods where there are more of these.
    """
    from textvec.evaluate.compare import COST_FORMATS, LEVEL

    sure = comparison.significance()
    winners = sure.pivot(index="method", columns="task", values="winner") == True  # noqa: E712
    for tasks in comparison.tasks_by_language().values():
        scores = comparison.scores(tasks)
        names = [task.name for task in tasks]
        marks = winners.reindex(index=scores.index, columns=names, fill_value=False)
        scores.columns = [f"{task}, {metric}" for task, metric in scores.columns]
        if len(tasks) >= len(scores):
            scores, marks = scores.T.rename_axis("task"), marks.T
        print_table(scores.reset_index(), dict.fromkeys(scores.columns, "{:.3f}"), marks)
    if sure["winner"].any():
        print_line(f"* better than every other method (paired test, p < {LEVEL})")
    for cell, note in comparison.remarks("note").items():
        print_line(f"{cell}: {note}")
    costs = comparison.costs().drop(columns="zeros")  # for all of them 80 columns are too few
    formats = {_short(name): form for name, form in COST_FORMATS.items()}
    print_table(costs.rename(columns=_short).reset_index(), formats)


def _short(title):
    return title.replace(" seconds", "\ns").replace(" MB", "\nMB").replace("documents", "docs")
