"""Documents out of files: text, Markdown, HTML and PDF, in chunks that a model reads whole."""

import re
from io import BytesIO
from typing import NamedTuple

from textvec._checks import as_path, check_type, import_optional, warn_user
from textvec._reading import decode
from textvec.text.splitters import RecursiveTextSplitter


class Passage(NamedTuple):
    """A chunk of a document.

    Parameters
    ----------
    text : str
        The chunk.
    path : str
        The file that it is from.
    start : int
        Where in the file's text it begins, in characters.
    """

    text: str
    path: str
    start: int


def load_documents(path, splitter=None, encoding="utf-8"):
    """Read a file, or all files of a folder that are documents, and cut them into chunks.

    ===================== ====================================================================
    .txt, .text           as they are
    .md, .markdown        without the marks of headings, emphasis, links and code
    .html, .htm, .xhtml   the main text: menus and scripts are left out (trafilatura)
    .pdf                  the text of its pages (pypdf); a scan has none, and a warning says so
    ===================== ====================================================================

    Parameters
    ----------
    path : str or path-like
        A file, or a folder: its files and those of the folders in it, in order of their names.
        Files that end otherwise are passed over there.
    splitter : object with ``split(text)``, default=None
        What cuts; None takes ``RecursiveTextSplitter()``.
    encoding : str, default="utf-8"
        Of text and Markdown. HTML says its own.

    Returns
    -------
    list of Passage
        The chunks of all documents, each with its file and its place.

    Raises
    ------
    OSError
        If a file cannot be read.
    TypeError
        If the path, the splitter or the encoding is something else.
    ValueError
        If a file is damaged, in another encoding, encrypted or of another kind; if a folder holds
        no documents. The message names the file.
    ImportError
        If trafilatura or pypdf is needed and not installed: the extra is ``documents``.

    Warns
    -----
    UserWarning
        If documents hold no text.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "rooms.md").write_text("# Rooms\\n\\nEach has a *sea* view.\\n")
    ...     [(passage.text, passage.start) for passage in load_documents(folder)]
    [('Rooms\\n\\nEach has a sea view.', 0)]
    """
    path = as_path("path", path)
    splitter = RecursiveTextSplitter() if splitter is None else splitter
    if isinstance(splitter, type | str) or not hasattr(splitter, "split"):
        raise TypeError(f"splitter must have split(text), or be None. Got {splitter!r} instead.")
    check_type("encoding", encoding, str, "the name of an encoding")
    passages, empty = [], []
    for file in _files(path):
        text = _READERS[file.suffix.lower()](file, encoding)
        chunks = splitter.split(text)
        passages += [Passage(chunk.text, str(file), chunk.start) for chunk in chunks]
        if not chunks:
            empty.append(file)
    if empty:
        warn_user(
            f"{len(empty)} documents hold no text, such as {empty[0]}. A PDF without text is a "
            "scan of pages: recognise its letters first (OCR)."
        )
    return passages


def _files(path):
    known = ", ".join(_READERS)
    if not path.is_dir():
        path.stat()  # raises if it is not there
        if path.suffix.lower() not in _READERS:
            raise ValueError(f"A document must end in {known}. Got {path} instead.")
        return [path]
    found = sorted(path.rglob("*"))
    files = [file for file in found if file.suffix.lower() in _READERS and file.is_file()]
    if not files:
        raise ValueError(f"{path} holds no documents: files that end in {known}.")
    return files


def _read_text(file, encoding):
    return decode(file, file.read_bytes(), encoding)


# What marks Markdown, in the order in which it is taken away -> what stays.
_MARKS = (
    (re.compile(r"\A---\n.*?\n---\n", re.DOTALL), ""),  # what stands before the text about it
    (re.compile(r"<!--(?:(?!<!--).)*?-->", re.DOTALL), ""),
    (re.compile(r"^ {0,3}(?:```|~~~).*$", re.MULTILINE), ""),
    (re.compile(r"!?\[([^\[\]\n]*)\]\([^()\n]*\)"), r"\1"),
    (re.compile(r"^ {0,3}#{1,6}[ \t]+|(?<![ \t])[ \t]+#+[ \t]*$", re.MULTILINE), ""),
    (re.compile(r"^ {0,3}>[ \t]?", re.MULTILINE), ""),
    (re.compile(r"(\*\*|__|\*|`+)(?=\S)([^*`\n]+?)(?<=\S)\1"), r"\2"),
)


def _read_markdown(file, encoding):
    text = _read_text(file, encoding).replace("\r\n", "\n")
    for mark, stays in _MARKS:
        text = mark.sub(stays, text)
    return text.strip()


def _read_html(file, encoding):
    extraction = import_optional("trafilatura", "documents")
    content = file.read_bytes()
    if not content.strip():
        return ""
    try:
        tree = extraction.load_html(content)
        found = None if tree is None else extraction.extract(tree, include_comments=False)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{file} cannot be read as HTML: {error}.") from error
    if tree is None:
        raise ValueError(f"{file} must hold HTML, and none can be found in it.")
    return found or extraction.html2txt(content) or ""


def _read_pdf(file, encoding):
    pypdf = import_optional("pypdf", "documents")
    content = file.read_bytes()
    try:
        reader = pypdf.PdfReader(BytesIO(content))
        encrypted = reader.is_encrypted and not reader.decrypt("")
        pages = [] if encrypted else [page.extract_text() for page in reader.pages]
    except (MemoryError, ImportError):
        raise
    except Exception as error:  # whatever its damage leads pypdf to
        raise ValueError(
            f"{file} cannot be read as PDF: {type(error).__name__}: {error}."
        ) from error
    if encrypted:
        raise ValueError(f"{file} is encrypted. Save it without its password.")
    return "\n\n".join(pages)


_READERS = {
    ".txt": _read_text,
    ".text": _read_text,
    ".md": _read_markdown,
    ".markdown": _read_markdown,
    ".html": _read_html,
    ".htm": _read_html,
    ".xhtml": _read_html,
    ".pdf": _read_pdf,
}
