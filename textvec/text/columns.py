"""Text where it already is: Arrow's memory and files, scanned without making Python strings."""

import bz2
import codecs
import gzip
import lzma
import sys
import zlib
from contextlib import suppress
from functools import partial
from os import PathLike
from pathlib import Path

import numpy as np

from textvec._checks import import_optional

# Not xz's older format without sums: 22 bytes of it may ask for 4 GB to begin with.
_open_xz = partial(lzma.open, format=lzma.FORMAT_XZ)
_OPENERS = {".gz": gzip.open, ".xz": _open_xz, ".bz2": bz2.open}
_AT_ONCE = 1 << 19  # bytes that are read or made into strings at once
_ROWS_AT_ONCE = 1 << 12  # of Parquet, and of encodings that have to be undone


class TextBlock:
    """Documents end to end in UTF-8; as a sequence, it makes the str that are asked for.

    Parameters
    ----------
    text : ndarray of uint8
        The documents, valid UTF-8 each, or with lone surrogates as Python encodes them.
    ends : ndarray of int64
        Document d ends before ``text[ends[d]]``.
    """

    def __init__(self, text, ends):
        self.text = text
        self.ends = ends
        self.ascii_only = bool(text.max(initial=0) < 0x80)

    def __len__(self):
        return len(self.ends)

    def __getitem__(self, rows):
        if not isinstance(rows, slice):
            return self[rows : rows + 1][0]
        begins = np.concatenate([[0], self.ends[:-1]])[: len(self)]
        text = memoryview(self.text)
        spans = zip(begins[rows].tolist(), self.ends[rows].tolist())
        return [str(text[begin:end], "utf-8", "surrogatepass") for begin, end in spans]

    def __iter__(self):
        return iter(self[:])

    def holds(self, *characters):
        """Tell whether any of these characters is in a document."""
        text = self.text.tobytes()
        found = (character.encode() for character in characters)
        # a byte alone is found many times as fast
        return any(encoded[:1] in text and encoded in text for encoded in found)


class Texts:
    """Documents that are read block by block, and as often as they are asked for.

    Iterating makes a str of each. A subclass says how to read `blocks`.
    """

    def __iter__(self):
        for block in self.blocks(_AT_ONCE):
            yield from block


class ArrowTexts(Texts):
    """The rows of Arrow arrays, or of a Parquet file's column.

    Parameters
    ----------
    chunks : callable
        Returns an iterable of arrays of strings, see `texts_in`.
    """

    def __init__(self, chunks):
        self._chunks = chunks

    def blocks(self, n_bytes):
        """Yield `TextBlock` of at least so many bytes, but for the last."""
        texts, lengths, size, first_row = [], [], 0, 0
        for chunk in self._chunks():
            text, offsets = _buffers(chunk, first_row)
            first_row += len(chunk)
            row = 0
            while row < len(chunk):
                last = int(offsets.searchsorted(offsets[row] + max(1, n_bytes - size)))
                last = min(last, len(chunk))
                texts.append(text[offsets[row] : offsets[last]])
                lengths.append(np.diff(offsets[row : last + 1]))
                size += len(texts[-1])
                row = last
                if size >= n_bytes:
                    yield _joined(texts, lengths)
                    texts, lengths, size = [], [], 0
        if lengths:
            yield _joined(texts, lengths)


class TextFiles(Texts):
    """The lines of text files in UTF-8, plain or in gzip, xz or bzip2, without their breaks.

    Parameters
    ----------
    paths : list of Path
        The files, read in this order.
    """

    def __init__(self, paths):
        self.paths = paths

    def blocks(self, n_bytes):
        """Yield `TextBlock` of at least so many bytes, but for the last of each file."""
        for path in self.paths:
            line = 1
            try:
                with _OPENERS.get(path.suffix.lower(), open)(path, "rb") as file:
                    while piece := file.read(n_bytes):
                        piece += file.readline()
                        block = _lines(piece.removeprefix(codecs.BOM_UTF8) if line == 1 else piece)
                        line += len(block)
                        yield block
            except UnicodeDecodeError as error:
                line += error.object.count(b"\n", 0, error.start)
                at = error.start - 1 - error.object.rfind(b"\n", 0, error.start)
                raise ValueError(
                    f"{path}, line {line}: the text is not UTF-8 ({error.reason} at byte {at} of "
                    "the line). Convert the file first."
                ) from error
            except (EOFError, OSError, lzma.LZMAError, zlib.error) as error:
                if isinstance(error, OSError) and error.errno is not None:  # of the system
                    raise
                raise ValueError(f"{path} is cut short or damaged: {error}.") from error


def texts_in(documents):
    """Return documents as `Texts` where they lie in Arrow's memory; all else as it is.

    Parameters
    ----------
    documents : object
        Arrow's arrays and chunked arrays of strings of any layout (string, large_string,
        string_view, dictionary-encoded), string Series of polars, and those of pandas that are
        kept by Arrow.

    Returns
    -------
    Texts or object

    Raises
    ------
    TypeError
        If it is an Arrow array of something else. When it is read: if a row is null; the message
        names it.

    Examples
    --------
    >>> import pyarrow as pa
    >>> list(texts_in(pa.array(["Sea view.", "A bar"])))
    ['Sea view.', 'A bar']
    >>> texts_in(["Sea view."])
    ['Sea view.']
    """
    arrow = sys.modules.get("pyarrow")  # what nobody has loaded holds no documents
    pandas, polars = sys.modules.get("pandas"), sys.modules.get("polars")
    if pandas is not None and isinstance(documents, pandas.Series):
        kept_by_arrow = getattr(documents.dtype, "storage", None) == "pyarrow"
        if arrow is not None and (kept_by_arrow or isinstance(documents.dtype, pandas.ArrowDtype)):
            column = arrow.array(documents.array)
            # what is missing is the Series' own to name, as in a Series that Arrow does not keep
            documents = column if _is_text(column.type) and not column.null_count else documents
    elif polars is not None and isinstance(documents, polars.Series):
        with suppress(ImportError):  # polars alone gives str
            if documents.dtype in (polars.String, polars.Categorical, polars.Enum):
                documents = documents.to_arrow()
    if arrow is None or not isinstance(documents, arrow.Array | arrow.ChunkedArray):
        return documents
    chunks = documents.chunks if isinstance(documents, arrow.ChunkedArray) else [documents]
    if not _is_text(documents.type):
        raise TypeError(
            f"Documents must be str. Got an Arrow array of {documents.type}: cast it to string, or "
            "give its .to_pylist()."
        )
    return ArrowTexts(lambda: _plain(chunks))


class DecodedLines(Texts):
    """The lines of a text file in any encoding, without their breaks.

    Parameters
    ----------
    path : Path
    encoding, errors : str
        As for `open`.
    """

    def __init__(self, path, encoding, errors):
        self.path = path
        self.encoding = encoding
        self.errors = errors

    def blocks(self, n_bytes):
        """Yield lists of str, of at least so many characters, but for the last."""
        with open(self.path, encoding=self.encoding, errors=self.errors, newline="\n") as file:
            while lines := file.readlines(n_bytes):
                yield [line.rstrip("\r\n") for line in lines]


def texts_at(path, encoding="utf-8", errors="strict"):
    """Return what a file holds as `Texts`.

    Parameters
    ----------
    path : path-like
        A text file that holds a document a line, in gzip, xz or bzip2 if it is in UTF-8; or a file
        ``*.parquet`` with one column of strings.
    encoding, errors : str
        Of the text file, as for `open`.

    Returns
    -------
    Texts

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    IsADirectoryError
        If it is a folder.
    ValueError
        If a Parquet file has no such column, or several. When it is read: if it is damaged, or not
        UTF-8; the message names the line.
    ImportError
        If pyarrow is needed and not installed: the extra is ``parquet``.
    """
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(
            f"raw_documents must be a file that holds a document a line. Got the folder {path}: "
            'for a document a file, give a list of paths with input="filename", or read them.'
        )
    if not path.exists():
        raise FileNotFoundError(f"There is no file or folder {path}.")
    if path.suffix.lower() == ".parquet":
        return _parquet(path)
    if codecs.lookup(encoding).name != "utf-8" or errors != "strict":
        return DecodedLines(path, encoding, errors)
    return TextFiles([path])


def source_of(documents):
    """Return documents as `texts_in` does, and what a path leads to as `texts_at` does."""
    return texts_at(documents) if isinstance(documents, PathLike) else texts_in(documents)


def _parquet(path):
    import_optional("pyarrow", "parquet")
    import pyarrow as arrow
    import pyarrow.parquet

    def chunks():
        with opened() as file:
            for batch in file.iter_batches(_ROWS_AT_ONCE, columns=names):
                yield from _plain(batch.columns)

    def opened():
        try:
            return arrow.parquet.ParquetFile(path)
        except arrow.ArrowInvalid as error:
            raise ValueError(f"{path} is no Parquet file, or damaged: {error}.") from error

    with opened() as file:
        schema = file.schema_arrow
    names = [field.name for field in schema if _is_text(field.type) and field.type != arrow.null()]
    if len(names) != 1:
        found = f"columns of strings {names}" if names else f"only {schema.names}, none of strings"
        name = names[0] if names else "name"
        raise ValueError(
            f"{path} must have one column of strings. It has {found}: give the one that is meant, "
            f"pyarrow.parquet.read_table(path, columns=[{name!r}])[{name!r}]."
        )
    return ArrowTexts(chunks)


def _is_text(kind):
    import pyarrow as arrow

    types = arrow.types
    if types.is_dictionary(kind):
        kind = kind.value_type
    return (
        types.is_string(kind)
        or types.is_large_string(kind)
        or types.is_null(kind)
        or kind == getattr(arrow, "string_view", arrow.string)()
    )


def _plain(chunks):
    """Yield arrays of strings with offsets; what is laid out otherwise, some rows at once."""
    import pyarrow as arrow

    for chunk in chunks:
        if arrow.types.is_string(chunk.type) or arrow.types.is_large_string(chunk.type):
            yield chunk
            continue
        for first in range(0, len(chunk), _ROWS_AT_ONCE):
            yield chunk.slice(first, _ROWS_AT_ONCE).cast(arrow.large_string())


def _buffers(chunk, first_row):
    """Return the bytes of an array of strings, and where each ends and the next begins in them."""
    import pyarrow as arrow

    if chunk.null_count:
        row = first_row + chunk.is_null().index(True).as_py()
        raise TypeError(f"Documents must be str. Got null in row {row}: drop or fill such rows.")
    try:
        chunk.validate(full=True)  # or the kernels would read whatever lies beyond
    except arrow.ArrowInvalid as error:
        raise ValueError(
            f"The Arrow array that begins in row {first_row} is damaged: {error}."
        ) from error
    if not len(chunk):
        return np.zeros(0, np.uint8), np.zeros(1, np.int64)
    _, offsets, text = chunk.buffers()
    width = np.int32 if arrow.types.is_string(chunk.type) else np.int64
    offsets = np.frombuffer(offsets, width)[chunk.offset : chunk.offset + len(chunk) + 1]
    text = np.zeros(0, np.uint8) if text is None else np.frombuffer(text, np.uint8)
    return text, offsets.astype(np.int64)


def _joined(texts, lengths):
    return TextBlock(np.concatenate(texts), np.concatenate(lengths).cumsum())


def _lines(piece):
    """Return the lines of a piece of a file as a `TextBlock`."""
    if not piece.isascii():
        piece.decode("utf-8")
    if b"\r" in piece:
        lines = piece.removesuffix(b"\n").split(b"\n")
        piece = b"\n".join([line.rstrip(b"\r") for line in lines] + [b""])
    elif not piece.endswith(b"\n"):
        piece += b"\n"
    ends = np.flatnonzero(np.frombuffer(piece, np.uint8) == ord("\n"))
    text = np.frombuffer(bytearray(piece.translate(None, b"\n")), np.uint8)
    return TextBlock(text, ends - np.arange(len(ends)))
