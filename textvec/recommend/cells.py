"""What a cell of text holds where it stands for a number or for a list: "$1,200.00", "a | b"."""

import json
import re
import unicodedata
from collections import Counter
from math import isfinite
from typing import NamedTuple

BRACKETS = "[]"  # the separator of lists such as "['spa', 'pool']"
_MOST_LETTERS = 64  # of a cell that is a number
_SAMPLE = 1000  # cells that decide how a column is read
_NEARLY_ALL = 0.9  # of the cells must be numbers, for the others to count as missing
_RECURRING = 2 / 3  # of the members of lists at least stand in several of them

_TENS = {"k": 1e3, "K": 1e3, "M": 1e6, "B": 1e9, "万": 1e4, "萬": 1e4, "亿": 1e8, "億": 1e8}
_PARTS = re.compile(r"([^\d.,]*)((?:[.,]?\d)(?:[\d.,'\u2019 ]*\d)?)(\D*)")
_SHARE = re.compile(r"(\d[\d.,]*)\s*(?:/|out of|of)\s*(\d[\d.,]*)(?:\s*[^\W\d_]{1,12})?")
_WHOLE = r"(?:0|[1-9]\d*|[1-9]\d{0,2}(?P<by>[%s'\u2019 ])\d{3}(?:(?P=by)\d{3})*%s)"
_WRITTEN = {  # by the decimal mark
    ".": re.compile(_WHOLE % (",", r"|[1-9]\d?(?:,\d\d)+,\d{3}") + r"?(?P<rest>\.\d+)?"),
    ",": re.compile(_WHOLE % (r".", "") + r"?(?P<rest>,\d+)?"),
}
_CODE = re.compile(r"[A-Z]{3}|Rs\.?|kr\.?|元|円|圆")
_UNIT = re.compile(r"[^\W\d_]{1,12}[.²³]?|%|‰|°[CF]?")

_SEPARATORS = ("|", ";", "；", "、", "，", ",", "/")
_CERTAIN = ("|", "、")  # that stand for nothing else
_ITEM = re.compile(
    r"""\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|([^\s'"\[\](){},][^'"\[\](){},]*))"""
    r"""\s*(?:,\s*|(?=['"])|\Z)"""
)
_NAMED = re.compile(r"""['"]name['"]\s*:\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")""")


class Writing(NamedTuple):
    """How the numbers of a column are written.

    Parameters
    ----------
    decimal : {".", ","}
        What stands before the fraction.
    unit : str
        The currency, "%", "/" of marks such as 4.1/5, or the word that all have; "" for none.
    """

    decimal: str
    unit: str


def writing_of(cells, nearly_all=True):
    """Return how the numbers in some cells are written, or None if they are no numbers.

    Parameters
    ----------
    cells : list of str
        Distinct and not empty.
    nearly_all : bool, default=True
        Whether nine cells in ten must be numbers of one unit; else one must.

    Returns
    -------
    Writing or None

    Examples
    --------
    >>> writing_of(["$1,200.00", "$80"]), writing_of(["1.200,00 €", "80,50 €"])
    (Writing(decimal='.', unit='$'), Writing(decimal=',', unit='€'))
    >>> writing_of(["4.1/5", "3/5"]), writing_of(["two", "3 rooms"])
    (Writing(decimal='.', unit='/'), None)
    """
    sample = cells[:_SAMPLE]
    best, most = None, (0, False)
    for decimal in _WRITTEN:
        units = [found[1] for cell in sample if (found := _quantity(cell, decimal)) is not None]
        named = Counter(unit for unit in units if unit)
        unit = named.most_common(1)[0][0] if named else ""
        n_read = sum(_is_of(one, unit) for one in units)
        # 1.200 € is no price with three digits after the point
        is_likelier = decimal == "," and is_currency(unit) and _has_thousands(sample)
        if (n_read, is_likelier) > most:
            best, most = Writing(decimal, unit), (n_read, is_likelier)
    enough = _NEARLY_ALL * len(sample) if nearly_all else 1
    return best if most[0] >= enough else None


def number_in(cell, writing):
    """Return the number that a cell holds, or None.

    Parameters
    ----------
    cell : str
        Of a column.
    writing : Writing
        How its numbers are written.

    Returns
    -------
    float or None

    Examples
    --------
    >>> number_in("CHF 1'200.50", Writing(".", "CHF")), number_in("on request", Writing(".", "$"))
    (1200.5, None)
    """
    found = _quantity(cell, writing.decimal)
    return found[0] if found is not None and _is_of(found[1], writing.unit) else None


def units_in(cells, decimal="."):
    """Return the units of the numbers in some cells, "" for none, and how many bear each.

    Parameters
    ----------
    cells : list of str
        Of a column.
    decimal : {".", ","}, default="."
        What stands before the fraction.

    Returns
    -------
    Counter of str

    Examples
    --------
    >>> units_in(["$120", "€80", "€90", "on request"])
    Counter({'€': 2, '$': 1})
    """
    found = (_quantity(cell, decimal) for cell in cells)
    return Counter(quantity[1] for quantity in found if quantity is not None)


def separator_in(cells):
    """Return what parts the members of lists in some cells, or None if these are no lists.

    A comma stands in lists, and in "Seattle, WA" and in prose. So most members must recur, but
    where a separator stands for nothing else.

    Parameters
    ----------
    cells : list of str
        Distinct and not empty.

    Returns
    -------
    str or None
        The separator; `BRACKETS` for lists in brackets.

    Examples
    --------
    >>> separator_in(["Drama|War", "War"]), separator_in(["['spa', 'pool']", "[]"])
    ('|', '[]')
    >>> separator_in(["spa, bar", "bar, pool", "pool"]), separator_in(["Seattle, WA", "Salem, OR"])
    (',', None)
    """
    sample = cells[:_SAMPLE]
    if all(_in_brackets(cell) is not None for cell in sample):
        return BRACKETS
    for separator in _SEPARATORS:
        if not any(separator in cell for cell in sample):
            continue
        if separator in _CERTAIN:
            return separator
        counts = Counter(member for cell in sample for member in members_in(cell, separator))
        recurring = sum(count for count in counts.values() if count > 1)
        are_words = all(re.search(r"[^\W\d_]", member) for member in counts)
        if are_words and counts and recurring >= _RECURRING * counts.total():
            return separator
    return None


def members_in(cell, separator):
    """Return the members of the list that a cell holds, each once.

    Parameters
    ----------
    cell : str
        Of a column.
    separator : str
        What parts them; `BRACKETS` for lists in brackets.

    Returns
    -------
    list

    Examples
    --------
    >>> members_in("Drama | War", "|"), members_in('["spa", "pool"]', BRACKETS)
    (['Drama', 'War'], ['spa', 'pool'])
    """
    if separator == BRACKETS:
        members = _in_brackets(cell)
        return [cell] if members is None else members
    return list(dict.fromkeys(part.strip() for part in cell.split(separator) if part.strip()))


def _is_of(unit, wanted):
    return unit == wanted or (unit == "" and wanted not in ("/", "%"))


def is_currency(unit):
    """Tell whether a unit is a currency: a sign, or a code of three capitals and its like."""
    return bool(unit) and (unicodedata.category(unit[-1]) == "Sc" or bool(_CODE.fullmatch(unit)))


def _has_thousands(cells):
    return any(re.search(r"\d\.\d{3}(?!\d)", cell) for cell in cells) and not any(
        re.search(r"\.(?!\d{3}(?!\d))\d", cell) for cell in cells
    )


def _quantity(cell, decimal):
    """Return the number in a cell and its unit, or None."""
    if len(cell) > _MOST_LETTERS:
        return None
    cell = unicodedata.normalize("NFKC", cell).strip()
    if share := _SHARE.fullmatch(cell):
        part, whole = (_number(digits, decimal) for digits in share.groups())
        return (part / whole, "/") if part is not None and whole and part <= whole else None
    parts = _PARTS.fullmatch(cell)
    if not parts:
        return None
    before, digits, after = parts.groups()
    number = _number(digits, decimal)
    signs = re.findall("[-+\u2212]", before)
    before = re.sub("[-+\u2212]", "", before).strip()
    after = after.removesuffix("+")
    if after[:1] in _TENS and not after[1:2].isalpha() and number is not None:
        number, after = number * _TENS[after[0]], after[1:]
    after = after.strip()
    if number is None or len(signs) > 1 or (before and after) or not isfinite(number):
        return None
    if before and not is_currency(before):
        return None
    if after and not (is_currency(after) or _UNIT.fullmatch(after)):
        return None
    unit = before or after
    if not is_currency(unit):
        unit = unit.casefold().removesuffix(".")
        unit = unit.removesuffix("s") if len(unit) > 2 else unit  # 1 season, 2 seasons
    return (-number if signs and signs[0] != "+" else number), unit


def _number(digits, decimal):
    written = _WRITTEN[decimal].fullmatch(digits)
    if written is None:
        return None
    rest = written["rest"] or ""
    whole = re.sub(r"\D", "", digits[: len(digits) - len(rest)])
    return float(f"{whole or 0}.{rest[1:] or 0}")


def _in_brackets(cell):
    """Return the members of a list as JSON or Python writes it, or None if it is none."""
    cell = cell.strip()
    if cell[:1] + cell[-1:] not in ("[]", "()", "{}"):
        return None
    try:
        members = json.loads(cell)
    except (ValueError, RecursionError):
        members = _as_python_writes(cell)
    if members == {}:
        members = []  # as sets are written
    if not isinstance(members, list):
        return None
    if members and all(isinstance(one, dict) and "name" in one for one in members):
        members = [one["name"] for one in members]
    if any(isinstance(one, list | dict) for one in members):
        return None
    return [one for one in dict.fromkeys(members) if one is not None and one == one]


def _as_python_writes(cell):
    if cell.startswith("[{"):
        named = [(one[1], one[2]) for one in _NAMED.finditer(cell)]
        return [_unescaped(a if a is not None else b) for a, b in named] or None
    members, inside, at = [], cell[1:-1].rstrip(), 0
    while at < len(inside):
        item = _ITEM.match(inside, at)
        if item is None:
            return None
        quoted = item[1] if item[1] is not None else item[2]
        if quoted is not None:
            members.append(_unescaped(quoted))
        elif item[3].strip() not in ("None", "nan"):
            members.append(item[3].strip())
        at = item.end()
    return members


def _unescaped(text):
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)
