"""Text of all scripts in one analysis: where no spaces are written, characters; else words."""

import re
from itertools import groupby

from textvec.text.scripts import HAN

_LETTERS = (  # those of them that are \w: Han planes have gaps
    f"{HAN}\u3005-\u3007\u303b\u303c"
    "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f"  # kana
    "\u3105-\u312f\u31a0-\u31bf"  # bopomofo
)
_LETTERS_AND_MARKS = (  # vowels and tones are marks of their own, which \w leaves out
    "\u3099\u309a"  # kana
    "\u0e01-\u0e3a\u0e40-\u0e4e"  # Thai
    "\u0e81\u0e82\u0e84\u0e86-\u0e8a\u0e8c-\u0ea3\u0ea5\u0ea7-\u0ebd"  # Lao
    "\u0ec0-\u0ec4\u0ec6\u0ec8-\u0ecd\u0edc-\u0edf"
    "\u1780-\u17b3\u17b6-\u17d3\u17d7\u17dc\u17dd"  # Khmer
    "\u1000-\u103f\u1050-\u108f\u109a-\u109d\ua9e0-\ua9ef\ua9fa-\ua9fe\uaa60-\uaa76\uaa7a-\uaa7f"
)
SPACELESS = rf"(?:(?=\w)[{_LETTERS}]|[{_LETTERS_AND_MARKS}])"
_is_spaceless = re.compile(SPACELESS).match
_pieces = re.compile(rf"({SPACELESS}+)|[^\W{_LETTERS}{_LETTERS_AND_MARKS}]{{2,}}").finditer


def is_spaceless(term):
    """Whether a term begins with a character of a script that is written without spaces."""
    return _is_spaceless(term) is not None


def cut_mixed(text):
    """Cut a text into pieces: runs of characters, and the words between them.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    list of (bool, list of str)
        For each piece whether it is a run of neighbouring characters, and its characters or words.

    Examples
    --------
    >>> cut_mixed("My iPhone手机壳, 透明!")
    [(False, ['My', 'iPhone']), (True, ['手', '机', '壳']), (True, ['透', '明'])]
    """
    pieces = []
    for is_run, found in groupby(_pieces(text), key=lambda match: match[1] is not None):
        if is_run:
            pieces += [(True, list(match[0])) for match in found]
        else:
            pieces.append((False, [match[0] for match in found]))
    return pieces


def ngrams_of_pieces(pieces, ngram_range, stop_words=()):
    """Return the features of a text that `cut_mixed` cut: by length, then by place.

    Parameters
    ----------
    pieces : list of (bool, list of str)
        Its pieces; stop words are not among the words any more.
    ngram_range : (int, int)
        Fewest and most words in an n-gram.
    stop_words : collection of str
        Characters and pairs that are left out.

    Returns
    -------
    list of str
        The n-grams of words, with spaces between them, and the characters and pairs of
        neighbouring characters.

    Examples
    --------
    >>> ngrams_of_pieces(cut_mixed("red phone case 手机壳"), (1, 2))
    ['red', 'phone', 'case', '手', '机', '壳', 'red phone', 'phone case', '手机', '机壳']
    """
    min_n, max_n = ngram_range
    ngrams = []
    longest = max((len(tokens) for _, tokens in pieces), default=0)
    for n in range(min(min_n, 1), min(max(max_n, 2), longest) + 1):
        for is_run, tokens in pieces:
            low, high, between = (1, 2, "") if is_run else (min_n, max_n, " ")
            if low <= n <= high:
                made = (between.join(tokens[i : i + n]) for i in range(len(tokens) - n + 1))
                ngrams += [term for term in made if not (is_run and term in stop_words)]
    return ngrams
