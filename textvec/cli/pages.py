"""What the command writes with --html: a page of sections, with tables in them."""

import sys

from textvec.show.report import Table, write_report
from textvec.show.visible import visible


def table(frame, note=""):
    """Return the table of a page; numbers have four digits.

    Parameters
    ----------
    frame : DataFrame
        The rows, named by its index.
    note : str, default=""
        What stands above it.

    Returns
    -------
    Table
    """
    numbers = frame.select_dtypes("floating").columns
    return Table(frame, dict.fromkeys(numbers, "{:.4f}"), note=note)


def write_page(path, title, lead, sections):
    """Write a page, and say on stderr that it is there.

    Parameters
    ----------
    path : Path
        The page.
    title : str
        What it is.
    lead : str
        What it tells, in a line.
    sections : list of tuple
        As :func:`~textvec.show.report.write_report` takes them.
    """
    write_report(path, title, lead, sections)
    print(f"Wrote {visible(str(path))}", file=sys.stderr)
