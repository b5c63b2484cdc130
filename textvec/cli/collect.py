"""``textvec collect``: files of texts to a file of what fitting needs to know of them."""

import time
from io import StringIO
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from textvec.cli.app import AsJson, check_out
from textvec.cli.files import TEXT_FILES, read_text, read_texts
from textvec.cli.models import ANALYZERS, COUNTERS, as_range, make_counter
from textvec.cli.tables import counted, print_as_json, print_line


def collect(  # numpydoc ignore=PR01
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...", help="Texts: .txt, one a line; or .csv, .tsv, .tab, .jsonl."
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="FILE.textvec", help="The part to be written.")],
    text: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Column of tables that holds the texts.")
    ] = None,
    vectorizer: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help=f"How texts become terms, as for one of {', '.join(COUNTERS)}; all parts alike.",
        ),
    ] = "tfidf",
    analyzer: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help=f"What a term is, one of {', '.join(ANALYZERS)}; all parts alike. Python's "
            "TfidfVectorizer and CountVectorizer have word by default, so parts of theirs merge "
            "with those of --analyzer word.  [default: mixed, which is words, and characters and "
            "pairs of them where no spaces are written; char for tfidf-char]",
        ),
    ] = None,
    ngram_range: Annotated[
        str | None,
        typer.Option(
            metavar="MIN,MAX",
            help="How many neighbouring words (characters, for tfidf-char) make a term."
            "  [default: 1,1; 2,4 for tfidf-char]",
        ),
    ] = None,
    stop_words: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FILE",
            help="Words to leave out: english, chinese, none, or a text file of words."
            "  [default: none]",
        ),
    ] = None,
    max_terms: Annotated[
        int | None,
        typer.Option(metavar="NUMBER", help="Keep within so many terms, by lossy counting."),
    ] = None,
    encoding: Annotated[str, typer.Option(help="Encoding of the files.")] = "utf-8",
    as_json: AsJson = False,
):
    """Count the terms of one shard of a corpus, for `textvec fit`.

    What a term is, is decided here, by --analyzer and the options after it.
    """
    start = time.perf_counter()
    check_out("--out", out, *files)
    model = make_counter(vectorizer, stop_words, analyzer, ngram_range=as_range(ngram_range))
    part = model.collect(
        chain.from_iterable(texts_of(file, encoding, text) for file in files), max_terms
    )
    part.save(out)
    done = {
        "out": str(out),
        "documents": part.n_documents,
        "terms": len(part),
        "length": part.total_length,
        "max_missing": list(part.max_missing),
        "bytes": out.stat().st_size,
        "seconds": time.perf_counter() - start,
    }
    if as_json:
        print_as_json(done)
        return
    sizes = f"{counted(part.n_documents, 'text')}, {counted(len(part), 'term')}"
    print_line("{}, {seconds:.1f} s: {out}".format(sizes, **done))


def texts_of(file, encoding, text):
    """Return the texts of a file; a text file has one in each line, and none if it is empty.

    Parameters
    ----------
    file : Path
        A text file, or a table.
    encoding : str
        Its encoding.
    text : str or None
        The column of a table that holds the texts.

    Returns
    -------
    iterable of str

    Raises
    ------
    ValueError
        If it cannot be decoded or understood, or a column is missing, or named of a text file.
    OSError
        If it cannot be read.
    """
    if file.suffix.lower() in TEXT_FILES and text is None:
        return (line.strip() for line in StringIO(read_text(file, encoding), newline=None))
    items, column = read_texts(file, encoding, text, None)
    return items[column]
