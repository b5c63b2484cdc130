"""Files of texts and tables: decoded, and refused by line where they do not say one thing only."""

import codecs
import csv
import json
import re
from io import StringIO
from threading import Lock

from textvec._checks import check_encoding, warn_user

# What files are in that are not in UTF-8, the likeliest first -> what it is for.
_ENCODINGS = {
    "gb18030": "Chinese",
    "big5": "traditional Chinese",
    "latin-1": "Western European",
    "utf-16": "Unicode of Excel",
}
# What files begin with that are no text -> what they are, and what to do.
_NO_TEXT = {
    b"PK\x03\x04": "a zip archive, as .xlsx files are: save the table as CSV in UTF-8",
    b"\xd0\xcf\x11\xe0": "a file of old Office: save the table as CSV in UTF-8",
    b"\x1f\x8b": "packed by gzip: unpack it",
    b"%PDF": "a PDF: save its text",
}
_CONTROLS = range(0x80, 0xA0)  # what latin-1 has where Windows has quotation marks and dashes
_LONE = re.compile("[\ud800-\udfff]")
_MAYBE_LONE = re.compile(r"[\ud800-\udfff]|\\u[dD][89a-fA-F]")
_CELLS_BETWEEN = {",": "commas", ";": "semicolons", "\t": "tabs"}
_ABBREVIATED = 60  # letters of a line that a message quotes
_limit_is_set = Lock()  # of a cell, by who reads: csv has one for all threads


def decode(path, content, encoding, option=""):
    """Return the text of a file, without a byte order mark.

    Parameters
    ----------
    path : Path
        The file, for messages.
    content : bytes
        What is in it.
    encoding : str
        Its encoding. In latin-1, bytes that stand for letters in Windows alone (as 0x92 for an
        apostrophe) are these letters, with a warning: so browsers read it.
    option : str, default=""
        What a user writes before the name of an encoding, for messages.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If the file is in another encoding, or no text; or there is no such encoding.
    """
    for start, kind in _NO_TEXT.items():
        if content.startswith(start):
            raise ValueError(f"{path} must be text, and is {kind}.")
    check_encoding(encoding)
    try:
        text = content.decode(encoding).removeprefix("\ufeff")
    except UnicodeError as error:
        at = getattr(error, "start", 0)
        line = content.count(b"\n", 0, at) + 1
        raise ValueError(
            f"{path} must be in {encoding}: byte 0x{content[at]:02x} at offset {at} (line {line}) "
            f"cannot be decoded. Name its encoding, such as {_advised(content, encoding, option)}."
        ) from error
    name = codecs.lookup(encoding).name
    wide = name.startswith(("utf-16", "utf-32"))
    if content and wide and 0 not in content:
        raise ValueError(
            f"{path} must be in {encoding}, which has zero bytes in every line. It has none: name "
            f"its encoding, such as {_advised(content, encoding, option)}."
        )
    if not wide and content.count(0) > len(content) // 4:
        raise ValueError(
            f"{path} must be in {encoding}, and has zero bytes throughout as UTF-16 has them. Name "
            f"its encoding, such as {option}utf-16-le or {option}utf-16-be."
        )
    return _windows(path, text) if name == "iso8859-1" else text


def _advised(content, encoding, option):
    try:
        content.decode("utf-8")
    except UnicodeError:
        others = [f"{option}{one} ({use})" for one, use in _ENCODINGS.items() if one != encoding]
        return f"{', '.join(others[:-1])} or {others[-1]}"
    return f"{option}utf-8"


def _windows(path, text):
    letters = {code: bytes([code]).decode("cp1252", "ignore") for code in _CONTROLS}
    letters = {code: letter for code, letter in letters.items() if letter and chr(code) in text}
    if letters:
        code, letter = next(iter(letters.items()))
        warn_user(
            f"{path} is in Windows' encoding rather than latin-1: byte 0x{code:02x} is read as "
            f"{letter!r}, and so on, by cp1252."
        )
    return text.translate(letters)


def read_table(path, text, separator, quoted=True):
    """Return the cells of a table, each line of it having as many as its header.

    Parameters
    ----------
    path : Path
        The file, for messages.
    text : str
        What is in it.
    separator : {",", "\\t"}
        What its name says that cells stand between. Where its header has none, semicolons are
        understood, as Excel writes them in much of Europe, or tabs; and a first line ``sep=;``.
    quoted : bool, default=True
        Whether a cell may stand in quotation marks; else these are characters like any other.

    Returns
    -------
    separator : str
        What the cells do stand between.
    text : str
        The table, from its header on.
    header : list of str
        Each name once; "" where a column has none.
    rows : list of list of str
        Without those of empty cells alone.

    Raises
    ------
    ValueError
        If there is no header, it names a column twice, or a line has more or fewer cells, or a
        quotation mark that is not closed; the message names the line.
    """
    first = 1
    if said := re.match(r'"?sep=([,;\t])"?\r?\n?', text):
        separator, text, first = said[1], text[said.end() :], 2
    elif separator == ",":
        header = text.lstrip().partition("\n")[0]
        separator = next((mark for mark in _CELLS_BETWEEN if mark in header), separator)
    quoting = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    lines = StringIO(text, newline="")
    cells = csv.reader(lines, delimiter=separator, quoting=quoting, strict=True)
    begins, rows = first, []
    with _limit_is_set:
        usual_limit = csv.field_size_limit(2**31 - 1)  # a text may be a book
        try:
            for row in cells:
                if "".join(row).strip():
                    rows.append((begins, row))
                begins = cells.line_num + first
        except csv.Error as error:
            raise ValueError(
                f"{path} must hold a table: {_said(error)} in the cells from line {begins} on. "
                'Write "" for each quotation mark inside of a cell that begins with one.'
            ) from error
        finally:
            csv.field_size_limit(usual_limit)
    if not rows:
        raise ValueError(f"{path} must hold a table with a header. Got none.")
    (_, header), *rows = rows
    named = [name for name in header if name]  # a column without a name is an index or empty
    if twice := [name for name in dict.fromkeys(named) if named.count(name) > 1]:
        raise ValueError(
            f"The header of {path} must name each column once. Got {twice[0]!r} "
            f"{named.count(twice[0])} times: rename all but one."
        )
    for number, row in rows:
        if len(row) != len(header):
            marks = _CELLS_BETWEEN[separator]
            cure = f"a cell with {marks} must stand in quotation marks, and no line end with one"
            if not quoted:
                cure = "no cell may hold a tab or a line break"
            raise ValueError(
                f"Every line of {path} must have as many cells as its header, {len(header)}. "
                f"Got {len(row)} in line {number}, {row!r:.80}, instead: {cure}."
            )
    return separator, text, header, [row for _, row in rows]


def _said(error):
    """Return what a reader of CSV found, in words."""
    if "expected after" in str(error):
        return "a cell goes on after its closing quotation mark"
    return "a quotation mark is not closed" if "end of data" in str(error) else str(error)


def parse_json(text):
    """Return what JSON says, if it says one thing.

    Parameters
    ----------
    text : str
        The JSON.

    Returns
    -------
    object
        Halves of characters, which no file can hold, are replaced by U+FFFD.

    Raises
    ------
    ValueError
        If it is no JSON, nested too deeply, or an object has a key twice.
    """
    try:
        found = json.loads(text, object_pairs_hook=_once)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except ValueError as error:
        if "integer string conversion" in str(error):  # Python advises a setting of its own
            raise ValueError("it holds a number of more digits than Python reads") from None
        raise
    return whole(found) if _MAYBE_LONE.search(text) else found


def _once(pairs):
    """Return an object of JSON as a dict; of a key that stands twice, json keeps the last only."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice!r} must stand once in its object, and does not")
    return found


def whole(value):
    """Return a value with U+FFFD for halves of characters, which no file can hold.

    Parameters
    ----------
    value : object
        A str, or a list or dict of such as JSON has them; others stay as they are.

    Returns
    -------
    object
    """
    if isinstance(value, str):
        return _LONE.sub("\ufffd", value)
    if isinstance(value, list):
        return [whole(one) for one in value]
    if isinstance(value, dict):
        return {whole(name): whole(one) for name, one in value.items()}
    return value


def spells_number(field):
    """Tell whether a field of a file, str or bytes, spells a number: 1_0 is one to Python alone."""
    try:
        float(field)
    except ValueError:
        return False
    return (b"_" if isinstance(field, bytes) else "_") not in field


def read_json_lines(path, text):
    """Return the objects of a file that has one in each line.

    Parameters
    ----------
    path : Path
        The file, for messages.
    text : str
        What is in it; empty lines are left out.

    Returns
    -------
    list of dict

    Raises
    ------
    ValueError
        If a line holds no object of JSON, as :func:`parse_json` has it; the message names it.
    """
    records = []
    for number, line in enumerate(StringIO(text, newline=None), start=1):
        if not line.strip():
            continue
        try:
            record = parse_json(line)
        except ValueError as error:
            raise ValueError(f"Line {number} of {path} must hold JSON: {error}.") from error
        if not isinstance(record, dict):
            raise ValueError(
                f"Line {number} of {path} must hold an object. "
                f"Got {line[:_ABBREVIATED].strip()!r} instead."
            )
        records.append(record)
    return records
