"""Answers of students against what textvec computes: right, or what about them is not."""

import inspect
from dataclasses import dataclass

from textvec.course.answers import UNITS
from textvec.course.differences import difference


@dataclass(frozen=True)
class Verdict:
    """What a check found; true where the answer is right.

    Parameters
    ----------
    right : bool
        Whether the answer is right.
    words : str
        The finding as a sentence, which is also how the verdict is shown.
    """

    right: bool
    words: str

    def __bool__(self):
        return self.right

    def __repr__(self):
        return self.words


def check(number, answer):
    """Say whether the answer to an exercise of the course is right, or what about it is not.

    The right answer is computed anew, and never shown.

    Parameters
    ----------
    number : str
        The exercise, as "2.1": unit, dot, exercise.
    answer : object
        What the exercise asks for: a number, an array, words, or a function.

    Returns
    -------
    Verdict
        True or false, and shown as a sentence.

    Raises
    ------
    ValueError
        If there is no such exercise, or it is an open one, which only you can check.

    Examples
    --------
    >>> from textvec.course import check
    >>> check("2.1", 0.5)
    2.1: not yet. It is too small.
    """
    unit, exercise = _unit_and_exercise(number)
    wanted = getattr(unit, f"exercise_{exercise}")
    if answer is None:
        return Verdict(False, f"{number}: no answer yet.")
    try:
        if inspect.signature(wanted).parameters:
            wrong = wanted(answer)
        elif wrong := difference(answer, wanted()):
            slips = unit.SLIPS.get(int(exercise), ())
            wrong = next((words for slip, words in slips if not difference(answer, slip)), wrong)
    except Exception as error:  # whatever a student's function or object may raise is its finding
        wrong = f"it raises {type(error).__name__}{_said(error)}"
    return Verdict(wrong is None, f"{number}: {'right.' if wrong is None else _not_yet(wrong)}")


def checkable():
    """Return the numbers of the exercises that can be checked.

    Returns
    -------
    list of str
    """
    return [
        f"{unit}.{name.removeprefix('exercise_')}"
        for unit, module in UNITS.items()
        for name in sorted(vars(module))
        if name.startswith("exercise_")
    ]


def _unit_and_exercise(number):
    """Return the module that knows the answer to an exercise, and the exercise's number in it."""
    if not isinstance(number, str) or number not in checkable():
        raise ValueError(
            f"number must be that of an exercise that can be checked, one of "
            f"{', '.join(checkable())}. Got {number!r} instead. (Open "
            "exercises have no single answer.)"
        )
    unit, exercise = number.split(".")
    return UNITS[int(unit)], exercise


def _said(error):
    try:
        return f": {error}"
    except Exception:  # one that cannot be shown
        return ""


def _not_yet(wrong):
    wrong = wrong.rstrip(".")
    return f"not yet. {wrong[:1].upper()}{wrong[1:]}{'' if wrong.endswith('?') else '.'}"
