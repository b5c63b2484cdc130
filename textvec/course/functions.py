"""Functions that students wrote: called, and compared with the right ones."""

import warnings
from copy import deepcopy
from functools import wraps
from numbers import Real

import numpy as np

from textvec.course.differences import difference

_LONGEST = 160  # characters of what a function was given that are worth repeating


def judges(name, *, quiet=False, keeps=False):
    """Turn a judge of functions into one that anything may be given to.

    What the student's function raises is told together with what it was given, and so is that it
    returned nothing.

    Parameters
    ----------
    name : str
        What the function is called in the exercise.
    quiet : bool, default=False
        Whether the exercise forbids warnings.
    keeps : bool, default=False
        Whether the exercise forbids to change the arrays that are given.

    Returns
    -------
    callable
        A decorator of functions from a function to a phrase or None.
    """

    def decorate(judge):
        @wraps(judge)
        def judged(answer):
            if isinstance(answer, type) or not callable(answer):
                return f"a function is wanted: write {name}, without brackets"
            try:
                return judge(lambda *inputs: _call(answer, inputs, quiet, keeps))
            except _FindingError as finding:
                return str(finding)

        return judged

    return decorate


def function_difference(answer, right, cases, slips=(), compare=difference):
    """Say how a function differs from the right one.

    Parameters
    ----------
    answer : callable
        What was answered.
    right : callable
        The right function.
    cases : iterable of tuple
        What both are given.
    slips : iterable of (callable, str), default=()
        Functions with a common mistake, and how to put it.
    compare : callable, default=difference
        From what both return to a phrase, or None where there is no difference.

    Returns
    -------
    str or None
        A phrase, or None where there is no difference.
    """
    for inputs in cases:
        found = answer(*inputs)
        if not (wrong := compare(found, right(*inputs))):
            continue
        with np.errstate(all="ignore"):
            named = (words for slip, words in slips if not compare(found, slip(*inputs)))
            return next(named, _given(inputs) + wrong)
    return None


def one_number(found):
    """Return what a function returned as a float, or say that it is no number.

    Parameters
    ----------
    found : object
        What it returned.

    Returns
    -------
    float

    Raises
    ------
    Exception
        If it is no number; judges tell that.
    """
    if not isinstance(found, Real | np.ndarray) or isinstance(found, bool) or np.ndim(found):
        raise _FindingError(f"it must return one number, and returns a {type(found).__name__}")
    return float(found)


class _FindingError(Exception):
    """What is wrong with a function, found where it was called."""


def _call(function, inputs, quiet, keeps):
    """Return what a function makes of copies of its inputs."""
    mine = [deepcopy(one) if isinstance(one, np.ndarray | set) else one for one in inputs]
    try:
        with warnings.catch_warnings():
            if quiet:
                warnings.simplefilter("error")
            found = function(*mine)
    except Exception as error:  # whatever a student's function may raise is its finding
        words = f"{_given(inputs)}it raises {type(error).__name__}: {error}"
        if "Cannot cast ufunc" in words:
            words += " (The array holds whole numbers, and you change it in place: make a new one)"
        raise _FindingError(words) from error
    if found is None:
        raise _FindingError("it returns None: does your function return what it made?")
    if keeps and not all(np.array_equal(*pair) for pair in zip(mine, inputs, strict=True)):
        raise _FindingError("the array that was given is changed: make a new one")
    return found


def _given(inputs):
    """Return the beginning of a phrase: what a function was given, if that is short."""
    if not all(isinstance(one, np.ndarray | str | Real) for one in inputs):
        return ""
    shown = [repr(one.tolist() if isinstance(one, np.ndarray) else one) for one in inputs]
    words = f"given {', '.join(shown[:-1])}{' and ' * (len(shown) > 1)}{shown[-1]}, "
    return words if len(words) <= _LONGEST else ""
