"""Tables as CSV for spreadsheets: nothing in a cell is taken for a formula."""

import csv
import math
from io import StringIO
from numbers import Real

import numpy as np
import pandas as pd

from textvec._checks import as_path
from textvec._writing import replacing

_STARTS = tuple("=+-@\uff1d\uff0b\uff0d\uff20")  # the last four: in full width, as in Chinese text
_BLANKS = ("\t", "\r", "\n")
_SEPARATORS = {".tsv": "\t", ".tab": "\t"}


def write_csv(path, table):
    """Write a table that any spreadsheet can open, whole or not at all.

    A spreadsheet runs a cell that begins with ``=``, ``+``, ``-`` or ``@`` as a formula, which can
    send other cells away or start programs (CWE-1236). Such texts, and those that begin with a tab
    or a line break, get an apostrophe in front, headings too; numbers stay numbers. All texts are
    quoted, so that no separator in them opens a cell of its own. The file is UTF-8 with a byte
    order mark, by which spreadsheets know Chinese for what it is.

    Parameters
    ----------
    path : str or path-like
        File to write; an existing one is replaced. ".tsv" and ".tab" mean tabs between cells,
        all else commas.
    table : DataFrame
        What to write, without its index. Missing values become empty cells.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> table = pd.DataFrame({"name": ["Sea View", "=1+1"], "score": [0.5, -1.0]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     print(write_csv(f"{folder}/hotels.csv", table).read_text(encoding="utf-8-sig"))
    "name","score"
    "Sea View",0.5
    "'=1+1",-1.0
    <BLANKLINE>
    """
    path = as_path("path", path)
    text = StringIO()
    separator = _SEPARATORS.get(path.suffix.lower(), ",")
    writer = csv.writer(
        text, delimiter=separator, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n"
    )
    writer.writerow([neutral(_heading(name)) for name in table.columns])
    writer.writerows(zip(*(_cells(column) for _, column in table.items())))
    with replacing(path) as file:
        file.write(text.getvalue().encode("utf-8-sig", "replace"))
    return path


def neutral(text):
    """Return a text that no spreadsheet takes for a formula.

    Parameters
    ----------
    text : str
        The content of a cell.

    Returns
    -------
    str
        The text itself, with an apostrophe in front if it begins like a formula and is no number.

    Examples
    --------
    >>> neutral("=cmd|' /C calc'!A0"), neutral("-3.5"), neutral("sea view")
    ("'=cmd|' /C calc'!A0", '-3.5', 'sea view')
    """
    if not text.startswith(_BLANKS) and not text.lstrip().startswith(_STARTS):
        return text
    return text if _is_number(text) else f"'{text}"


def _is_number(text):
    is_plain = text.isascii() and not text[:1].isspace() and "_" not in text  # 1_0 is Python's own
    try:
        return is_plain and math.isfinite(float(text))
    except ValueError:
        return False


def _heading(name):
    return " ".join(map(str, name)) if isinstance(name, tuple) else str(name)


def _cells(column):
    is_float = column.dtype.kind == "f"  # iterated, a Series makes float64 of float32
    return map(_cell, column.to_numpy() if is_float else column)


def _cell(value):
    """Return what stands for a value: a number, or a text that is no formula."""
    if isinstance(value, np.floating):
        value = float(str(value))  # as many digits as float32 has
    if isinstance(value, Real) and not isinstance(value, bool | np.bool):
        return "" if math.isnan(value) else value
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return ""
    return neutral(str(value))
