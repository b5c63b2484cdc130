"""Texts made plainer before they are cut into words."""

import re

_PUNCTUATION = re.compile(r"[/(){}\[\]|@,;]")
_NOT_ENGLISH = re.compile(r"[^0-9a-z #+_]")


def clean_english(text):
    """Return English text in lower case, reduced to letters, digits, spaces and ``#+_``.

    A vectorizer takes it as its ``preprocessor``; ``textvec recommend --clean`` does. Line breaks
    go as all else does and join the words beside them; Chinese text is emptied.

    Parameters
    ----------
    text : str
        A document.

    Returns
    -------
    str
        Lower-cased, with ``/(){}[]|@,;`` turned into spaces and everything else dropped but
        digits, the letters a to z, spaces and ``#+_``.

    Raises
    ------
    TypeError
        If ``text`` is not a str.

    Examples
    --------
    >>> clean_english("C++/C# Café (4-star)")
    'c++ c# caf 4star '
    """
    if not isinstance(text, str):
        raise TypeError(f"text must be a str. Got {type(text).__name__} instead.")
    return _NOT_ENGLISH.sub("", _PUNCTUATION.sub(" ", text.lower()))
