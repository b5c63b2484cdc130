"""What the command prints: tables for a terminal, and JSON."""

import json
import sys

from textvec.show.records import records
from textvec.show.visible import visible


def print_json(frame):
    """Print the rows of a DataFrame as a JSON list of objects.

    Missing values are null, and so are NaN and the infinities: JSON has none.

    Parameters
    ----------
    frame : DataFrame
        What to print.
    """
    print_as_json(records(frame))


def print_as_json(value):
    """Print a value as JSON, its characters as they are where the output can hold them.

    Parameters
    ----------
    value : object
        Lists, dicts and what JSON has; else a str is taken of it.
    """
    text = json.dumps(value, indent=2, default=str, allow_nan=False, ensure_ascii=False)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(value, indent=2, default=str, allow_nan=False)
    print(text)


def counted(number, noun):
    """Return a number of things: "1 text", "2 texts".

    Parameters
    ----------
    number : int
        How many.
    noun : str
        What one of them is called.

    Returns
    -------
    str
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"


def print_line(line):
    """Print one line as it is, however long.

    Parameters
    ----------
    line : str
        What to print.
    """
    _console().print(visible(line), markup=False, highlight=False, soft_wrap=True)


def print_ranking(found, text):
    """Print ids and scores, and the beginning of the texts where the line has room for it.

    Parameters
    ----------
    found : DataFrame
        Columns id, score and perhaps ``text``, best first.
    text : str or None
        The column of texts; None where there is none.
    """
    from rich.cells import cell_len
    from rich.text import Text

    if found.empty:
        print_line("Nothing found.")
        return
    console = _console()
    room = console.width - max(map(cell_len, found["id"]), default=0) - 20
    with_text = text in found.columns and room >= 20
    table = _table("", "score", "id", *([text] if with_text else []))
    table.columns[0].justify = "right"
    table.columns[2].overflow = "fold"
    for rank, row in enumerate(found.to_dict("records"), start=1):
        cells = [str(rank), f"{row['score']:.4f}", Text(visible(row["id"]))]
        if with_text:
            beginning = Text(visible(" ".join(row[text].split())))
            beginning.truncate(room, overflow="ellipsis")
            cells.append(beginning)
        table.add_row(*cells)
    console.print(table)


def print_table(frame, formats=None, marks=None):
    """Print a DataFrame, numbers on the right.

    Parameters
    ----------
    frame : DataFrame
        What to print.
    formats : mapping of column to format string, default=None
        Such as ``{"score": "{:.3f}"}``.
    marks : DataFrame of bool, default=None
        Which cells get a star, of the columns after the first.
    """
    from pandas import isna
    from pandas.api.types import is_bool_dtype, is_numeric_dtype
    from rich.text import Text

    formats = formats or {}
    table = _table(*frame.columns)
    for column, name in zip(table.columns, frame.columns, strict=True):
        is_number = is_numeric_dtype(frame[name]) and not is_bool_dtype(frame[name])
        column.justify = "right" if is_number else "left"
        column.overflow = "fold"
    for at, row in enumerate(frame.to_dict("records")):
        cells = [
            "" if isna(value) else formats.get(name, "{}").format(value)
            for name, value in row.items()
        ]
        if marks is not None:
            cells[1:] = [cell + (" ", "*")[mark] for cell, mark in zip(cells[1:], marks.iloc[at])]
        table.add_row(*(Text(visible(cell)) for cell in cells))
    _console().print(table)


def _table(*headers):
    from rich import box
    from rich.table import Column, Table
    from rich.text import Text

    # a header that is a str would be read as markup
    headers = [Column(Text(visible(str(header)))) for header in headers]
    return Table(
        *headers, box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), collapse_padding=True
    )


def _console():
    from rich.console import Console

    return Console(highlight=False)
