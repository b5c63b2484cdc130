"""What is served: estimators, saved files and models by name; a file is read anew when replaced."""

import time
import warnings
import zipfile
from pathlib import Path
from typing import NamedTuple

from textvec._checks import check_type, in_shell
from textvec._threads import publish
from textvec.encoders.encoder import TransformerVectorizer
from textvec.persistence import load
from textvec.recommend.characters import CharacterRecommender
from textvec.recommend.content import ContentRecommender
from textvec.search._vectorizers import is_fitted, query_vectors

_WARM = "text"  # what is asked once, so that no client waits for compilers and weights


class Served(NamedTuple):
    """One thing on the shelf.

    Parameters
    ----------
    kind : {"vectorizer", "index", "recommender"}
        What it can be asked for.
    thing : estimator
        Fitted.
    by : tuple of str
        Of an index: the vectorizers of its queries.
    since : int
        When it was read, in seconds since 1970.
    """

    kind: str
    thing: object
    by: tuple
    since: int


class Shelf:
    """Everything that is served, by name.

    Parameters
    ----------
    models : dict of str to object
        As :func:`textvec.serve.make_app` takes them.
    by : dict of str to list of str, default=None
        For each index, the vectorizers of its queries.

    Raises
    ------
    TypeError, ValueError
        If a thing cannot be served.
    """

    def __init__(self, models, by=None):
        check_type("models", models, dict, "a dict of name to estimator, file or model")
        if not models:
            raise ValueError("models is empty: name at least one estimator, file or model.")
        self._by = {name: _names(name, given) for name, given in (by or {}).items()}
        for name in self._by.keys() - models.keys():
            raise ValueError(f"by names {name!r}, which is not served. Served: {_listed(models)}.")
        self._files = {
            name: Path(model) for name, model in models.items() if isinstance(model, str | Path)
        }
        self._states = {name: _state(path) for name, path in self._files.items()}
        read = {name: _read(self._files.get(name, model)) for name, model in models.items()}
        self.served = self._checked(read)

    def __getitem__(self, name):
        """Return what has a name, as it is now; KeyError lists the names."""
        if name not in self.served:
            raise KeyError(f"there is no {name!r} here. There are: {_listed(self.served)}.")
        return self.served[name]

    def of_kind(self, kind):
        """Return the names of all of a kind."""
        return [name for name, one in self.served.items() if one.kind == kind]

    def refresh(self):
        """Read anew the files that were replaced: all that changed together, or nothing.

        Returns
        -------
        list of str
            The names of what was read.

        Raises
        ------
        Exception
            Whatever reading or checking the new files raises. What was served stays, and the same
            files are not tried again until they change once more.
        """
        states = {name: _state(path) for name, path in self._files.items()}
        changed = [name for name, state in states.items() if state and state != self._states[name]]
        self._states = {**self._states, **{name: states[name] for name in changed}}
        if changed:
            read = {name: one.thing for name, one in self.served.items()}
            read |= {name: _read(self._files[name]) for name in changed}
            publish(self, {"served": self._checked(read, changed)})
        return changed

    def _checked(self, things, changed=None):
        kinds = {name: _kind(name, thing) for name, thing in things.items()}
        served = {}
        now = int(time.time())
        for name, thing in things.items():
            by = self._by.get(name, ())
            if kinds[name] == "index":
                _check_by(name, by, kinds)
            elif by:
                raise ValueError(f"by names {name!r}, which is a {kinds[name]}, not an index.")
            is_new = changed is None or name in changed
            since = now if is_new else self.served[name].since
            served[name] = Served(kinds[name], thing, by, since)
        for name, one in served.items():
            if changed is None or {name, *one.by} & set(changed):
                _warm(name, one, served)
        return served


def views_of(served, name, queries):
    """Return what an index takes for queries: their vectors; a list of them where it has views."""
    index = served[name]
    views = [query_vectors(served[by].thing, queries) for by in index.by]
    return views if hasattr(index.thing, "indexes_") else views[0]


def _names(name, given):
    check_type(f"by[{name!r}]", given, list | tuple, "a list of names of vectorizers")
    return tuple(given)


def _listed(names):
    return ", ".join(map(repr, names))


def _state(path):
    """Return what tells a file from the one that replaces it; None for what is no file."""
    if not path.is_file():
        return None
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns


def _read(model):
    """Return the estimator of a path or a name; an estimator as it is."""
    if not isinstance(model, str | Path):
        return model
    path = Path(model)
    if path.suffix == ".textvec" or zipfile.is_zipfile(path):
        return load(path)
    if path.is_file() and path.suffix != ".onnx":
        raise ValueError(
            f"{str(path)!r} cannot be served: it is not a file that save wrote. Served are such "
            "files of fitted vectorizers, indexes and recommenders, and pretrained models, by the "
            "folder or name of one."
        )
    return TransformerVectorizer(str(model))


def _kind(name, thing):
    if isinstance(thing, ContentRecommender | CharacterRecommender):
        kind = "recommender"
    elif hasattr(thing, "kneighbors"):
        kind = "index"
    elif hasattr(thing, "transform"):
        kind = "vectorizer"
    else:
        raise TypeError(
            f"{name!r} must be a vectorizer, an index or a recommender. Got {thing!r} instead."
        )
    if not is_fitted(thing):
        raise ValueError(f"{name!r} is not fitted: fit it, and save it after that.")
    return kind


def _check_by(name, by, kinds):
    if not by:
        said = (
            f"{name!r} is an index, and holds no vectorizer: say which makes vectors of its "
            "queries, such as "
        )
        there = [one for one, kind in kinds.items() if kind == "vectorizer"] or ["bm25"]
        example = f"by={{{name!r}: [{there[0]!r}]}}."
        raise in_shell(ValueError(said + example), f"{said}{name}=FILE@{there[0]}")
    for one in by:
        if kinds.get(one) != "vectorizer":
            found = {"index": "an index", "recommender": "a recommender"}.get(
                kinds.get(one), "not served"
            )
            raise ValueError(
                f"{one!r}, by which {name!r} is searched, is {found}: name a vectorizer."
            )


def _warm(name, one, served):
    """Ask once, so that whoever asks first does not wait; and know that it answers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            if one.kind == "vectorizer":
                one.thing.transform([_WARM])
                query_vectors(one.thing, [_WARM])
            elif one.kind == "index":
                one.thing.kneighbors(views_of(served, name, [_WARM]), 1)
            elif isinstance(one.thing, ContentRecommender):
                one.thing.query(_WARM, 1)
        except Exception as error:
            raise type(error)(f"{name!r} does not answer: {error}") from error
