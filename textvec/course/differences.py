"""What about an answer is not as it should be, said without giving the right one away."""

from collections import Counter
from collections.abc import Mapping

import numpy as np
from scipy import sparse

TOLERANCE = 1e-3


def difference(answer, right, tolerance=TOLERANCE):
    """Say how an answer differs from the right one, without giving that away.

    Parameters
    ----------
    answer : object
        What was answered.
    right : object
        A number, bool or str, an array or nested lists of numbers, a set, list or tuple of str, or
        a dict from str to numbers.
    tolerance : float, default=1e-3
        By how much numbers may differ, absolutely or relatively.

    Returns
    -------
    str or None
        A phrase, or None where there is no difference.
    """
    if answer is None:
        return "it is None: does your function return what it made?"
    if isinstance(right, str):
        if not isinstance(answer, str):
            return f"a str is wanted, and this is {_kind(answer)}"
        return None if answer.strip() == right else "it is another one"
    if isinstance(right, bool | np.bool_):
        if not isinstance(answer, bool | np.bool_):
            return f"True or False is wanted, and this is {_kind(answer)}"
        return None if answer == right else "it is the other one"
    if isinstance(right, Mapping):
        return _dict_difference(answer, right, tolerance)
    if isinstance(right, set | frozenset) or _is_words(right):
        return _words_difference(answer, right)
    return _array_difference(answer, right, tolerance)


def _kind(answer):
    return f"of type {type(answer).__name__}"


def _is_words(value):
    return isinstance(value, list | tuple) and len(value) and isinstance(value[0], str)


def _dict_difference(answer, right, tolerance):
    if not isinstance(answer, Mapping):
        return f"a dict is wanted, and this is {_kind(answer)}"
    if wrong := _words_difference(set(answer), set(right)):
        return f"of its keys, {wrong}"
    for key, value in right.items():
        if wrong := difference(answer[key], value, tolerance):
            return f"at {key!r}, {wrong}"
    return None


def _words_difference(answer, right):
    if isinstance(answer, np.ndarray):
        answer = answer.tolist()
    in_order = not isinstance(right, set | frozenset)
    wanted = f"a {'list' if in_order else 'set'} of words"
    if isinstance(answer, str) or not isinstance(answer, set | frozenset | list | tuple):
        return f"{wanted} is wanted, and this is {_kind(answer)}"
    if strange := [word for word in answer if not isinstance(word, str)]:
        return f"{wanted} is wanted, and this one holds what is {_kind(strange[0])}"
    count = Counter if in_order else lambda words: Counter(set(words))
    missing = (count(right) - count(answer)).total()
    strange = (count(answer) - count(right)).total()
    if missing or strange:
        found = [f"lacks {missing}"] * bool(missing)
        found += [f"holds {strange} too many or wrong"] * bool(strange)
        return f"it {' and '.join(found)}"
    if in_order and list(answer) != list(right):
        return "all are there, in another order"
    return None


def _array_difference(answer, right, tolerance):
    if sparse.issparse(answer):
        answer = answer.toarray()
    right = np.asarray(right, dtype=float)
    is_number = right.ndim == 0
    try:
        given = np.asarray(answer, dtype=float)
    except (OverflowError, TypeError, ValueError):
        given = None
    if given is None or isinstance(answer, str | bool):
        wanted = "a number" if is_number else "an array of numbers"
        return f"{wanted} is wanted, and this is {_kind(answer)}"
    if given.shape != right.shape:
        if is_number:
            return f"one number is wanted, and this has the shape {given.shape}"
        return f"its shape is {given.shape}, and {right.shape} is wanted"
    off = ~np.isclose(given, right, rtol=tolerance, atol=tolerance)
    if not off.any():
        return None
    if is_number:
        if not np.isfinite(given):
            return f"it is {given}, and a finite number is wanted"
        return "it is too small" if given < right else "it is too large"
    is_finite = np.isfinite(given)
    place = np.argwhere(off if is_finite.all() else ~is_finite)[0].tolist()
    where = f"row {place[0]}, column {place[1]}" if right.ndim == 2 else f"place {place[0]}"
    number = f"{given[tuple(place)]:.4g}, stands in {where} (from 0)"
    if not is_finite.all():
        return f"the shape is right, and the first number that is not finite, {number}"
    total = given.sum() - right.sum()
    if abs(total) <= tolerance * max(1.0, abs(right.sum())):
        how = "its sum is right"
    else:
        how = "its sum is too small" if total < 0 else "its sum is too large"
    return f"the shape is right, {how}, and the first wrong number, {number}"
