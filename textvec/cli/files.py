"""What the command reads: tables of items, their columns and weights."""

import codecs
import re
from io import StringIO

from textvec._checks import check_number, closest_names, listed, warn_user
from textvec._reading import decode, read_json_lines, read_table

SEPARATORS = {".csv": ",", ".tsv": "\t", ".tab": "\t"}
TEXT_FILES = (".txt", ".text")
_MARKS = {  # of four bytes before those of two that they begin with
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_COMMA_IN_NUMBER = re.compile(r'(?:^|;)"?-?\d+,\d+"?(?:;|$)', re.MULTILINE)


def read_items(path, encoding, columns, id=None):
    """Return the rows of a CSV, TSV or JSONL file, and the columns that options name.

    Parameters
    ----------
    path : Path
        The file; its ending says what it is.
    encoding : str
        Its encoding. A byte order mark is understood.
    columns : dict of str to list of str
        What each option was given: columns, or COLUMN=WEIGHT. Those of "--text" are read as text.
    id : str, default=None
        Column of ids, returned as str; must be there unless None.

    Returns
    -------
    items : DataFrame
        Empty cells are missing values, among texts empty texts; "NA" and its like are text.
    weights : dict of str to dict
        For each option its columns and their weights.

    Raises
    ------
    ValueError
        If the file cannot be decoded or understood, has no rows, or a column is missing; if a line
        has more or fewer cells than the header, a column or a key stands twice, or a quotation mark
        in a TSV swallows rows.
    OSError
        If it cannot be read.
    """
    import pandas as pd

    ending = path.suffix.lower()
    if ending not in (*SEPARATORS, ".jsonl", ".ndjson"):
        raise ValueError(f"{path}: the name must end in .csv, .tsv, .tab, .jsonl or .ndjson.")
    content = read_text(path, encoding)
    if not content.strip():
        raise ValueError(f"{path} is empty.")
    if ending in SEPARATORS:
        named = [name for text in columns["--text"] for name in (text, text.rpartition("=")[0])]
        separator, content, _, _ = read_table(path, content, SEPARATORS[ending])
        is_german = separator == ";" and _COMMA_IN_NUMBER.search(content)
        try:
            items = pd.read_csv(
                StringIO(content),
                sep=separator,
                decimal="," if is_german else ".",
                dtype={name: str for name in (*named, id) if name},
                keep_default_na=False,
                na_values=[""],
            )
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error
        if separator == "\t":
            _check_quotes(items, path)
    else:
        items = pd.DataFrame(read_json_lines(path, content))
    if not len(items):
        raise ValueError(f"{path} has columns and no rows.")
    weights = {option: _weights(option, given, items, path) for option, given in columns.items()}
    if id is not None:
        _check_column("--id", id, items, path)
        items[id] = items[id].map(str, na_action="ignore")
    else:
        items.index = items.index.map(str)
    for name in weights["--text"]:
        _fill(items, name, path)
    return items, weights


def read_lines(path, encoding, with_empty=False):
    """Return the lines of a text file as items, numbered from 1.

    Parameters
    ----------
    path : Path
        The file.
    encoding : str
        Its encoding.
    with_empty : bool, default=False
        Whether empty lines are items, too.

    Returns
    -------
    DataFrame
        One column, "text".

    Raises
    ------
    ValueError
        If the file cannot be decoded, or holds no text.
    OSError
        If it cannot be read.
    """
    import pandas as pd

    content = read_text(path, encoding)
    if not content.strip():
        raise ValueError(f"{path} holds no text.")
    lines = pd.Series(list(StringIO(content, newline=None)), dtype=object).str.strip()
    lines.index = (lines.index + 1).map(str)
    return (lines if with_empty else lines[lines != ""]).to_frame("text")


def read_texts(file, encoding, text, id, all_lines=False):
    """Return the rows of a text file or a table, and the column that holds the texts.

    Parameters
    ----------
    file : Path
        A file that :func:`read_lines` or :func:`read_items` understands; its ending says which.
    encoding : str
        Its encoding.
    text, id : str or None
        The columns of a table that hold texts and ids.
    all_lines : bool, default=False
        Whether empty lines of a text file are rows, too.

    Returns
    -------
    items : DataFrame
        The rows.
    text : str
        The column of texts.

    Raises
    ------
    ValueError
        If a column is named of a text file, or none of a table; or as the two above.
    OSError
        If it cannot be read.
    """
    if file.suffix.lower() in TEXT_FILES:
        check_no_columns(file, text, id)
        return read_lines(file, encoding, all_lines), "text"
    items, weights = read_items(file, encoding, {"--text": [] if text is None else [text]}, id)
    if text is None:
        raise ValueError(
            f"--text must name the column that holds the texts: {file} has {listed(items.columns)}."
        )
    return items, next(iter(weights["--text"]))


def check_no_columns(file, text, id):
    """Raise ValueError if --text or --id is given with a text file, which has no columns."""
    if text is not None or id is not None:
        raise ValueError(f"--text and --id name columns, and {file} is a text file.")


def _fill(items, name, path):
    """Let empty cells among texts be empty texts, and say how many there are."""
    empty = items[name].isna()
    if empty.any():
        these = "this is an empty text" if empty.sum() == 1 else "these are empty texts"
        warn_user(
            f"{path}: column {name!r} has no text in {empty.sum()} of {len(items)} rows (row "
            f"{empty.argmax()} is the first, counted from 0): {these}."
        )
        items[name] = items[name].astype(object).where(~empty, "")


def _check_quotes(items, path):
    """Raise if a cell of a TSV holds tabs and line breaks: then it has swallowed other cells."""
    for name in items.select_dtypes(["object", "string"]):
        swallowed = items[name][items[name].str.contains(r"\t.*\n|\n.*\t", na=False)]
        if len(swallowed):
            raise ValueError(
                f"{path}: a quotation mark at the start of a cell takes in the rows after it, as "
                f"in {swallowed.iloc[0]!r:.60}. Double the mark and enclose the cell in such, or "
                "write the file as .jsonl."
            )


def _weights(option, given, items, path):
    """Return {column: weight} of what an option was given."""
    weights = {}
    for entry in given:
        name, sign, weight = entry.rpartition("=")
        if entry in items.columns or not sign:
            name, weight = entry, "1"
        _check_column(option, name, items, path)
        if name in weights:
            raise ValueError(f"{option} {name!r} stands twice: give each column once.")
        try:
            weights[name] = float(weight)
        except ValueError:
            raise ValueError(
                f"{option} must be COLUMN or COLUMN=WEIGHT. Got {entry!r} instead."
            ) from None
        check_number(f"the weight of {option} {entry!r}", weights[name])
    return weights


def _check_column(option, name, items, path):
    if name not in items.columns:
        raise ValueError(
            f"{option} {name!r} is no column of {path}, which has {there(name, items)}"
        )


def there(name, items):
    """Return the columns that there are, and which of them may be meant, to end a message."""
    near = closest_names(name, items.columns, 1)
    return f"{listed(items.columns)}.{f' Is it {near[0]!r}?' if near else ''}"


def read_text(path, encoding):
    """Return the text of a file, or raise ValueError with advice on its encoding."""
    content = path.read_bytes()
    if encoding.lower().replace("_", "-") in ("utf-8", "utf8"):
        marks = [wide for mark, wide in _MARKS.items() if content.startswith(mark)]
        encoding = marks[0] if marks else "utf-8"
    return decode(path, content, encoding, "--encoding ")
