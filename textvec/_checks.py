"""Checks of parameters, corpora and optional packages; the wording of every error lives here."""

import codecs
import math
import numbers
import sys
import warnings
from collections.abc import Iterable, Mapping
from contextlib import suppress
from importlib import import_module
from os import PathLike
from pathlib import Path

# Whose lines a warning does not name: ours, and theirs who call estimators and load modules
_BETWEEN = ("textvec", "sklearn", "joblib", "importlib")


def is_auto(value):
    """Tell whether ``value`` is "auto", which stands for what a rule gives."""
    return isinstance(value, str) and value == "auto"


def check_number(name, value, low=None, high=None, integer=False, auto=False):
    """Raise unless ``value`` is a finite number (an integer if asked) in [low, high].

    With ``auto`` it may be "auto", too.

    Raises
    ------
    TypeError
        If it is not a number of the wanted kind.
    ValueError
        If it lies outside the range, or is infinite or NaN.
    """
    if auto and is_auto(value):
        return
    kind, article = (numbers.Integral, "an integer") if integer else (numbers.Real, "a number")
    if isinstance(value, bool) or not isinstance(value, kind):
        wanted = f'{article} or "auto"' if auto else article
        raise TypeError(f"{name} must be {wanted}. Got {value!r} instead.")
    if low is not None and not value >= low or high is not None and not value <= high:
        if low is None:
            wanted = f"at most {high}"
        elif high is None:
            wanted = f"at least {low}"
        else:
            wanted = f"between {low} and {high}"
        raise ValueError(f"{name} must be {wanted}. Got {value!r} instead.")
    if not -math.inf < value < math.inf:
        raise ValueError(f"{name} must be finite. Got {value!r} instead.")


def check_choice(name, value, choices):
    """Raise ValueError unless ``value`` is one of ``choices``."""
    if not any(value is choice or value == choice for choice in choices):
        wanted = ", ".join(map(repr, choices))
        raise ValueError(f"{name} must be one of {wanted}. Got {value!r} instead.")


def check_encoding(encoding, errors="strict"):
    """Raise ValueError unless Python knows an encoding of text, and what to do with what is none.

    Parameters
    ----------
    encoding : str
    errors : str, default="strict"
        Of the parameter ``unicode_errors``.
    """
    try:
        with suppress(UnicodeError):
            bytes(4).decode(encoding, "ignore")
    except LookupError as error:
        raise ValueError(
            "encoding must be one that Python knows, such as utf-8 or gb18030. "
            f"Got an unknown encoding: {encoding}"
        ) from error
    try:
        codecs.lookup_error(errors)
    except LookupError as error:
        raise ValueError(
            "unicode_errors must be one that Python knows, such as strict, replace or ignore. "
            f"Got {errors!r} instead."
        ) from error


def check_type(name, value, kinds, wanted):
    """Raise TypeError unless ``value`` is of one of ``kinds``, which ``wanted`` says in words."""
    if not isinstance(value, kinds):
        raise TypeError(f"{name} must be {wanted}. Got {value!r} instead.")


def as_list(name, value, wanted):
    """Return what an iterable holds as a list; raise TypeError for a str, a dict or a table."""
    is_other = isinstance(value, str | bytes | Mapping) or hasattr(value, "columns")
    if is_other or not isinstance(value, Iterable):
        raise TypeError(f"{name} must be {wanted}. Got {value!r:.60} instead.")
    return list(value)


def as_rows(name, value, wanted):
    """Return as a list what is known by its place, as `as_list` does, but refuse a set."""
    check_order(name, value)
    return as_list(name, value, wanted)


def check_order(name, value):
    """Raise TypeError for a set: its order is another one in each process."""
    if isinstance(value, set | frozenset):
        raise TypeError(
            f"{name} must have an order, for its rows are known by their places. Got a "
            f"{type(value).__name__} instead: pass a list, such as sorted(...) of it."
        )


def check_no_table(raw_documents):
    """Raise TypeError for a table: iterated, it gives the names of its columns, and no document."""
    if hasattr(raw_documents, "columns"):
        columns = getattr(raw_documents, "column_names", raw_documents.columns)
        names = ", ".join(map(repr, columns))
        raise TypeError(
            f"raw_documents must be one column of texts. Got a table with the columns {names} "
            "instead: pass one of these, such as table[name]."
        )


def check_documents(raw_documents):
    """Raise TypeError for what holds no documents: a table, or what nothing can be read from."""
    check_no_table(raw_documents)
    is_read = isinstance(raw_documents, Iterable | PathLike)
    if not is_read and not hasattr(raw_documents, "__getitem__"):
        raise TypeError(
            "raw_documents must be an iterable of documents, such as a list of str, or a "
            f"pathlib.Path. Got {raw_documents!r:.60} instead."
        )


def as_path(name, value):
    """Return what names a file or folder as a Path.

    Raises
    ------
    TypeError
        If it is neither str nor path-like.
    ValueError
        If it is "", which Path takes for the current folder.
    """
    check_type(name, value, (str, PathLike), "a str or path-like")
    if value == "":
        raise ValueError(f"{name} must name a file or folder. Got '' instead.")
    return Path(value)


def check_flag(name, value):
    """Raise ValueError unless ``value`` is True or False."""
    check_choice(name, value, (False, True))


def seeded(random_state):
    """Return the RandomState that the parameter ``random_state`` stands for.

    Raises
    ------
    ValueError
        If it is no seed.
    """
    from sklearn.utils import check_random_state

    try:
        return check_random_state(random_state)
    except ValueError as error:
        raise ValueError(
            "random_state must be an int from 0 to 2**32 - 1, a RandomState or None. "
            f"Got {random_state!r} instead."
        ) from error


def import_optional(module, extra):
    """Import an optional package, or raise ImportError that names the extra to install."""
    try:
        return import_module(module)
    except ImportError as error:
        raise ImportError(
            f"{module} is needed here and is not installed. "
            f'Install it with: pip install "textvec[{extra}]" (from the checkout: ".[{extra}]").'
        ) from error


def version_of(package):
    """Return the version of an installed package, or "missing"."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"


def warn_user(message, category=UserWarning):
    """Warn, and name the user's line: the nearest that is not of this package or scikit-learn.

    ``message`` is a text, or a Warning of a class of its own.
    """
    frame = sys._getframe(1)
    while frame.f_back and frame.f_globals.get("__name__", "").split(".")[0] in _BETWEEN:
        frame = frame.f_back
    warnings.warn_explicit(
        message,
        category,
        frame.f_code.co_filename,
        frame.f_lineno,
        module=frame.f_globals.get("__name__"),
        registry=frame.f_globals.setdefault("__warningregistry__", {}),
    )


def in_shell(told, words):
    """Return an error or warning that the command tells in other words than Python does.

    Parameters
    ----------
    told : Exception
        With Python's words.
    words : str
        The command's: no advice on what to write in Python.

    Returns
    -------
    Exception
        The same.
    """
    told.in_shell = words
    return told


def closest_names(name, names, n=3):
    """Return up to ``n`` of ``names`` that are spelled most like ``name``, best first."""
    from difflib import get_close_matches

    return get_close_matches(str(name), [str(known) for known in names], n=n, cutoff=0.4)


def listed(names):
    """Return the names of columns in quotes, one after the other, or that there are none."""
    return ", ".join(map(repr, names)) or "no columns"
