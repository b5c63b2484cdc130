"""One cell of a comparison: a method on a task, measured, and kept so that work resumes."""

import hashlib
import inspect
import json
import os
from collections.abc import Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
from sklearn.base import BaseEstimator

from textvec import __version__
from textvec._checks import as_path, warn_user
from textvec._writing import replacing
from textvec.evaluate.tasks.task import TaskResult, fresh, item_rows, timed, vector_costs
from textvec.persistence import fingerprint
from textvec.search._vectorizers import query_vectors

COST_TITLES = {
    "fit_seconds": "fit seconds",
    "transform_seconds": "transform seconds",
    "documents_per_second": "documents/s",
    "dimension": "dimension",
    "non_zeros": "non-zeros",
    "stored_mb": "stored MB",
    "sparsity": "zeros",
    "peak_mb": "peak MB",
}
COST_FORMATS = {
    "fit seconds": "{:.3f}",
    "transform seconds": "{:.3f}",
    "documents/s": "{:,.0f}",
    "dimension": "{:,.0f}",
    "non-zeros": "{:,.0f}",
    "stored MB": "{:.3f}",
    "zeros": "{:.1%}",
    "peak MB": "{:.1f}",
}
COSTS = list(COST_TITLES)
_TIMES = ("fit_seconds", "transform_seconds", "documents_per_second")
_REPEATS, _BUDGET = 5, 0.05  # runs of what is fast, and the seconds they may take together
_WARM = 20  # documents of the run that loads and compiles
_CLONE = BaseEstimator.__sklearn_clone__
_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


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
        ``fit_seconds`` and ``transform_seconds``, medians of up to five runs;
        ``documents_per_second`` at transform; ``dimension`` of the vectors; their ``non_zeros``;
        ``stored_mb``, their size in millions of bytes; ``sparsity``, the share of zeros in them.

    Examples
    --------
    >>> from textvec import CountVectorizer
    >>> measure_costs(CountVectorizer(), ["sea view", "sea"])["non_zeros"]
    3
    """
    fitted, fit_seconds = _median_time(lambda: fresh(vectorizer).fit(documents))
    vectors, transform_seconds = _median_time(lambda: fitted.transform(documents))
    return {
        "fit_seconds": fit_seconds,
        "transform_seconds": transform_seconds,
        "documents_per_second": len(documents) / transform_seconds,
        **vector_costs(vectors),
    }


def warm_up(vectorizer, documents):
    """Load and compile what a method needs, on a few documents, so that no cell pays for it.

    Parameters
    ----------
    vectorizer : estimator
        Cloned before it is fitted.
    documents : list of str
        The first few of them are enough.

    Returns
    -------
    estimator or None
        The fitted copy: while it is held, clones share a model's weights. None where it failed.
    """
    with suppress(Exception):  # what fails on a few may work on all; if not, the cell will say so
        fitted = fresh(vectorizer).fit(documents[:_WARM])
        fitted.transform(documents[:1])
        query_vectors(fitted, documents[:1])
        return fitted
    return None


def run_cell(vectorizer, task):
    """Return the result of a method on a task, with its costs; fast ones are timed again."""
    with peak_memory() as memory:
        result = task.evaluate(vectorizer)
    spent = result.costs.get("fit_seconds", 0) + result.costs.get("transform_seconds", 0)
    if task.documents and spent < _BUDGET and hasattr(vectorizer, "fit"):  # no mere table
        measured = measure_costs(vectorizer, task.documents)
        result.costs |= {name: measured[name] for name in _TIMES}  # sizes do not depend on speed
    result.costs["peak_mb"] = memory["peak_mb"]
    return result


@contextmanager
def peak_memory():
    """Yield a dict that holds, after the block, by how many MB it made the process grow at most.

    Asks Linux for the peak of the resident memory since the block began; NaN elsewhere, and where
    that peak cannot be set back. Memory that the process already held and used again does not
    count. Blocks inside one another would set back the outer one's peak.
    """
    found = {"peak_mb": float("nan")}
    try:
        _CLEAR.write_text("5")  # 5: the peak becomes what is resident now (man 5 proc)
    except OSError:
        yield found
        return
    start = _peak_kib()
    try:
        yield found
    finally:
        found["peak_mb"] = (_peak_kib() - start) * 1.024e-3


def _peak_kib():
    line = next(line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1])


class Store:
    """A folder of finished cells, each a JSON file named by all that its result depends on.

    A method is known by its class (one that is not textvec's also by its source), its parameters
    and the files of a model that these name. Where one holds code, or an object that only its
    address tells from others, nothing is stored.

    Parameters
    ----------
    folder : str, path-like or None
        Made where it is not there; None means that nothing is stored or found.
    """

    def __init__(self, folder):
        self.folder = None if folder is None else as_path("cache", folder)
        self._known = {}  # id -> (method or task, its description), which may be long to make
        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True)  # now, if it cannot be made

    def get(self, vectorizer, task):
        """Return the stored result, or None."""
        path = self._path(vectorizer, task)
        if path is None:
            return None
        # There is none, or one that is damaged or cannot be read
        with suppress(OSError, AttributeError, KeyError, TypeError, ValueError):
            stored = json.loads(path.read_text(encoding="ascii"))
            rows = item_rows(stored.pop("rows"))
            return TaskResult(stored.pop("scores"), rows, **stored)
        return None

    def put(self, vectorizer, task, result):
        """Store a result, whole or not at all; warn if that fails, as the result is not lost."""
        path = self._path(vectorizer, task)
        if path is None:
            return
        content = {
            "scores": dict(result),
            "rows": result.rows.to_dict("list"),
            "statistic": result.statistic,
            "independent": result.independent,
            "costs": result.costs,
            "notes": result.notes,
            "chosen": result.chosen,
        }
        text = json.dumps(content, default=_plain)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)  # it may have been tidied away meanwhile
            with replacing(path) as file:
                file.write(text.encode("ascii"))
        except OSError as error:
            warn_user(f"A cell was not stored. {error}", RuntimeWarning)

    def _path(self, vectorizer, task):
        if self.folder is None or not hasattr(vectorizer, "get_params"):
            return None
        try:
            parts = [__version__, self._describe(vectorizer, _method), self._describe(task, _task)]
        except (OSError, TypeError):  # no source, a file that is gone; something without a value
            return None
        digest = hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
        return self.folder / f"{digest[:32]}.json"

    def _describe(self, one, describe):
        if id(one) not in self._known:
            self._known[id(one)] = one, describe(one)
        return self._known[id(one)][1]


def _method(vectorizer):
    """Return a text that differs where two unfitted estimators do."""
    kind = type(vectorizer)
    if getattr(kind, "__sklearn_clone__", _CLONE) is not _CLONE:
        raise TypeError(f"clones of a {kind.__name__} hold more than its parameters")
    models = [
        _files(Path(value))
        for name, value in sorted(vectorizer.get_params().items())
        if name.split("__")[-1] == "model" and isinstance(value, str | os.PathLike)
    ]
    return f"{_class(kind)} {_content(vectorizer.get_params(deep=False))} {models}"


def _task(task):
    return f"{_class(type(task))} {_content(vars(task))}"


def _class(kind):
    name = f"{kind.__module__}.{kind.__qualname__}"
    return name if name.startswith("textvec.") else f"{name} {inspect.getsource(kind)}"


def _files(model):
    """Return names, sizes and times of the files of a local model, as it may be saved again."""
    folder = model.parent if model.is_file() else model
    states = {path.as_posix(): path.stat() for path in folder.rglob("*") if path.is_file()}
    return [(name, one.st_size, one.st_mtime_ns) for name, one in sorted(states.items())]


def _content(value):
    """Return a text that differs where anything in a value does.

    Raises TypeError where that cannot be: for code, and objects that only their address tells from
    others.
    """
    with suppress(TypeError, ValueError):
        return fingerprint(value)
    if isinstance(value, dict):
        return f"dict {_content([*value, *value.values()])}"
    if isinstance(value, list | tuple):
        return f"{type(value).__name__} [{', '.join(map(_content, value))}]"
    if isinstance(value, BaseEstimator):
        return _method(value)
    text = repr(value)
    if type(value).__hash__ in (None, object.__hash__) or " at 0x" in text:
        raise TypeError(f"{text} has no value that could be compared in another process")
    return text


def _median_time(action):
    seconds: list[float] = []
    while len(seconds) < _REPEATS and sum(seconds) < _BUDGET:
        result, took = timed(action)
        seconds.append(took)
    return result, float(np.median(seconds))


def _plain(value):
    """Return a value of NumPy as one of Python, for JSON; of any other kind, what it prints."""
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else str(value)


def suited(given, task):
    """Return the estimator for a task out of those of a method, by its language and name.

    Parameters
    ----------
    given : estimator, or mapping of str to estimator
        As :func:`~textvec.compare` takes it.
    task : Task
        The task.

    Returns
    -------
    estimator
    """
    if not isinstance(given, Mapping):
        return given
    code = _code(given, task)
    return given.get(f"{code}, {task.name}", given[code])


def _code(given, task):
    codes = [code for code in task.language.split("-") if code in given]
    if not codes:
        known = ", ".join(map(repr, given)) or "none"
        raise ValueError(
            f"There is no estimator for the language {task.language!r}, only for {known}."
        )
    return "zh" if "zh" in codes else codes[0]  # what cuts Chinese cuts English, too


def own_settings(given, task):
    """Return what a method's estimator for this task alone does otherwise than in its language.

    Parameters
    ----------
    given : estimator, or mapping of str to estimator
        As :func:`~textvec.compare` takes it.
    task : Task
        The task.

    Returns
    -------
    list of (str, str, str)
        Name of a parameter, its value, and that of the language, as code.
    """
    chosen = suited(given, task)
    usual = given[_code(given, task)] if isinstance(given, Mapping) else given
    if chosen is usual or not (hasattr(chosen, "get_params") and hasattr(usual, "get_params")):
        return []
    before = usual.get_params(deep=False)
    return [
        (name, f"{value!r:.40}", f"{before[name]!r:.40}")
        for name, value in chosen.get_params(deep=False).items()
        if name in before and not (value is before[name] or repr(value) == repr(before[name]))
    ]
