"""Files of texts to files of vectors, as many rows as there are."""

from io import BytesIO

import numpy as np
from scipy import sparse

from textvec._checks import as_path, check_number, import_optional
from textvec._writing import check_place, replacing

FORMATS = (".npz", ".parquet")


def embed_table(vectorizer, table, text, out, rows_at_once=1024, on_progress=None):
    """Write a vector for each row of a table, and take up again what was begun.

    With a ``cache`` in the vectorizer, whatever was encoded before the work was interrupted or
    killed is read from there and not encoded again. ``out`` appears when all is done, at once.

    Parameters
    ----------
    vectorizer : TransformerVectorizer
        Or any fitted vectorizer with ``transform``.
    table : DataFrame
        The rows.
    text : str
        The column of texts; missing ones count as empty.
    out : str or path-like
        A ``.npz`` file with the array ``vectors``, or a ``.parquet`` file with the table and a
        column ``vector``, a list of numbers.
    rows_at_once : int >= 1, default=1024
        Rows that are encoded together, after which ``on_progress`` is called.
    on_progress : callable, default=None
        Called with the number of rows done.

    Returns
    -------
    ndarray of shape (n_rows, n_dimensions)
        The vectors.

    Raises
    ------
    ValueError
        If there is no such column, no rows, the ending of ``out`` is another, or a table for
        Parquet has a column ``vector`` already or one of mixed types.
    TypeError
        If the vectorizer gives sparse vectors.
    ImportError
        If ``out`` is a Parquet file and pyarrow is not installed; it names the extra.
    OSError
        If ``out`` cannot be written; whether its folder can be is found out before the work.

    Examples
    --------
    >>> import tempfile
    >>> import pandas as pd
    >>> from textvec import LSAVectorizer
    >>> table = pd.DataFrame({"desc": ["sea view", "near the sea", "airport hotel"]})
    >>> vectorizer = LSAVectorizer(vector_size=2, random_state=0).fit(table["desc"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     embed_table(vectorizer, table, "desc", folder + "/vectors.npz").shape
    (3, 2)
    """
    check_number("rows_at_once", rows_at_once, low=1, integer=True)
    out = check_out(out)
    if text not in table.columns:
        raise ValueError(f"text must be one of {list(table.columns)}. Got {text!r} instead.")
    if list(table.columns).count(text) > 1:
        raise ValueError(f"text must name one column. {text!r} names several: rename them.")
    if out.suffix.lower() == ".parquet" and "vector" in table.columns:
        raise ValueError(f"{out} would lose the table's column 'vector'. Rename it, or use .npz.")
    column = table[text]
    texts = ["" if gap else str(value) for value, gap in zip(column, column.isna(), strict=True)]
    if not texts:
        raise ValueError("The table has no rows.")
    if out.suffix.lower() == ".parquet":
        _check_parquet(table, out)
    parts = []
    for first in range(0, len(texts), rows_at_once):
        part = vectorizer.transform(texts[first : first + rows_at_once])
        if sparse.issparse(part):
            raise TypeError(
                f"{type(vectorizer).__name__} gives sparse vectors. Choose one that gives dense "
                "vectors, such as TransformerVectorizer or LSAVectorizer."
            )
        parts.append(np.asarray(part))
        if on_progress is not None:
            on_progress(min(first + rows_at_once, len(texts)))
    vectors = np.concatenate(parts)
    with replacing(out) as file:
        if out.suffix.lower() == ".npz":
            np.savez(file, vectors=vectors)
        else:
            table.assign(vector=list(vectors)).to_parquet(file, index=False)
    return vectors


def _check_parquet(table, out):
    """Raise before the work if the format cannot hold the table that the vectors come into."""
    try:
        table.to_parquet(BytesIO(), index=False)
    except (ValueError, TypeError, NotImplementedError, OverflowError) as error:
        raise ValueError(
            f"{out} cannot hold this table: {error.args[-1]}. Give each column one type and a name "
            "of its own, or use .npz."
        ) from error


def check_out(out, name="out"):
    """Return the Path of a file of vectors, or raise before the work what would come after it.

    Parameters
    ----------
    out : str or path-like
        The file that is to be written.
    name : str, default="out"
        What the message calls it.

    Returns
    -------
    Path
        The same.

    Raises
    ------
    ValueError
        If its ending is none of a file of vectors.
    ImportError
        If its kind needs a package that is not installed.
    OSError
        If its folder cannot be written to.
    """
    out = as_path(name, out)
    if out.suffix.lower() not in FORMATS:
        raise ValueError(f"{name} must end in {' or '.join(FORMATS)}. Got {str(out)!r} instead.")
    if out.suffix.lower() == ".parquet":
        import_optional("pyarrow", "parquet")
    check_place(out)
    return out
