"""What ``textvec compare`` compares: tasks by --data and --task, methods by --vectorizer."""

import re
from pathlib import Path

from textvec._checks import closest_names
from textvec.cli.models import VECTORIZERS, is_pretrained, make_vectorizer, pretrained

# --vectorizer NAME -> that of a default method, which is then taken as it is.
_DEFAULTS = {
    "counts": "counts",
    "tfidf": "TF-IDF",
    "tfidf-char": "TF-IDF, chars",
    "bm25": "BM25",
    "lsa": "LSA",
    "word2vec": "word2vec",
}


def choose_tasks(data, wanted, language):
    """Return the tasks of data sets and files.

    Parameters
    ----------
    data : list of str
        Names of data sets, or paths.
    wanted : list of str
        Types or names of tasks, in any spelling; [] means all.
    language : {"en", "zh"} or None
        Only its tasks; of files, what they are in. None means all, and to look at the letters.

    Returns
    -------
    list of Task

    Raises
    ------
    ValueError
        If a file holds no task, or no task is of a type or name that is wanted.
    OSError
        If a file cannot be read, or a data set not be downloaded.
    """
    tasks = [task for one in data for task in _tasks_of(one, language)]
    if not wanted:
        return tasks
    names = [{_spelling(task.type), _spelling(task.name), _bare(task.name)} for task in tasks]
    for one in wanted:
        if not any(_spelling(one) in known for known in names):
            known = list(dict.fromkeys([*(task.type for task in tasks), *(t.name for t in tasks)]))
            near = ", ".join(closest_names(one, known)) or ", ".join(known)
            raise ValueError(f"--task {one!r} is no type or name of a task here. Near: {near}.")
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
    dict, or None for the default methods alone

    Raises
    ------
    ValueError
        If a name is unknown.
    OSError, ImportError
        If a model cannot be had, or not be run.
    """
    from textvec.evaluate.compare import defaults_for

    defaults, methods = defaults_for(tasks), {}
    for name in names:
        if name in _DEFAULTS:
            methods[name] = defaults[_DEFAULTS[name]]
        elif name in VECTORIZERS:
            methods[name] = {
                code: make_vectorizer(name, [text for task in some for text in task.documents])
                for code, some in _by_code(tasks).items()
            }
        else:
            methods[_title(name, names)] = model = pretrained(name)
            model.transform(["a text"])  # what cannot be had or run is bad input, not failed cells
    if all(map(is_pretrained, names)):
        return defaults | methods
    return methods


def _tasks_of(data, language):
    """Return the tasks of a data set or of a file, whose language is seen by its letters."""
    from textvec.evaluate.named import tasks_of
    from textvec.evaluate.tasks import Task
    from textvec.text.names import is_mostly_han

    path = Path(data)
    if not path.exists() and not path.suffix:
        try:
            return tasks_of(data, language)
        except ValueError as error:
            raise ValueError(f"--data {data!r}: there is no such file, and {error}") from error
    if path.is_dir() and not (path / "qrels").is_dir():
        raise ValueError(
            f"--data {data!r} is a folder without qrels/*.tsv, corpus.jsonl and queries.jsonl, as "
            "BEIR has them. Give such a folder, or a file."
        )
    task = Task.from_files(path)
    task.language = language or ("zh" if is_mostly_han(task.documents) else "en")
    return [task]


def _by_code(tasks):
    """Return the tasks of each language, those in two languages under both."""
    groups: dict[str, list] = {}
    for task in tasks:
        for code in task.language.split("-"):
            groups.setdefault(code, []).append(task)
    return groups


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
