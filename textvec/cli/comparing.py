"""What ``textvec compare`` compares: tasks by --data and --task, methods by --vectorizer."""

import re
from collections import Counter
from pathlib import Path

from textvec._checks import closest_names, warn_user
from textvec.cli.models import is_pretrained, pretrained

# --vectorizer NAME -> that of a default method, which is then taken as it is.
_DEFAULTS = {
    "counts": "counts",
    "tfidf": "TF-IDF",
    "tfidf-char": "TF-IDF, chars",
    "bm25": "BM25",
    "lsa": "LSA",
    "word2vec": "word2vec",
}


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
    sources, alone = [], len(data) == 1
    for one in data:
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
                code: HashingVectorizer(tokenizer=counts.tokenizer)
                for code, counts in defaults["counts"].items()
            }
        else:
            methods[_title(name, names)] = model = pretrained(name)
            model.transform(["a text"])  # what cannot be had or run is bad input, not failed cells
    if all(map(is_pretrained, names)):
        return defaults | methods
    return methods


def _tasks_of(data, language, encoding, alone):
    """Return the tasks of a data set or of a file, whose language is seen by its letters."""
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
    return [task]


def _language_of(task):
    from textvec.text.scripts import is_mostly_han

    sides = (task.texts1, task.texts2) if task.type == "BitextMining" else (task.documents,)
    return "-".join(dict.fromkeys("zh" if is_mostly_han(texts) else "en" for texts in sides))


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
