"""``textvec embed``: a file of texts to a file of vectors."""

import errno
import os
import sys
import time
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Annotated

import typer

from textvec.cli.app import AsJson, VectorSize, check_vector_size
from textvec.cli.files import read_texts
from textvec.cli.models import (
    DENSE,
    PRETRAINED_HELP,
    VECTORIZERS,
    is_pretrained,
    is_saved,
    make_vectorizer,
    shorten,
)
from textvec.cli.tables import counted, print_as_json, print_line

_NOTE = "textvec-embed.txt"  # tells a folder that goes when all is done from one of somebody else


def embed(  # numpydoc ignore=PR01
    file: Annotated[
        Path, typer.Argument(help="Texts: .txt, one a line; or .csv, .tsv, .tab, .jsonl.")
    ],
    vectorizer: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help=f"{', '.join(DENSE)}; a fitted one that was saved, FILE.textvec; or "
            f"{PRETRAINED_HELP}.",
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            help=".npz: the array `vectors`, a row for each text, or a matrix of SciPy's if it is "
            "sparse; .parquet: the table with a column `vector`.",
        ),
    ],
    text: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Column of a table that holds the texts.")
    ] = None,
    cache: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            file_okay=False,
            help="Where a model's vectors are kept, so that work that was cut off goes on, and no "
            "text is encoded twice.  [default: OUT.cache, removed when all is done]",
        ),
    ] = None,
    vector_size: VectorSize = None,
    encoding: Annotated[str, typer.Option(help="Encoding of the file.")] = "utf-8",
    as_json: AsJson = False,
):
    """Write a vector for each text; if cut off, run again to resume."""
    if vectorizer in VECTORIZERS and vectorizer not in DENSE:
        raise ValueError(
            f"--vectorizer {vectorizer} makes sparse vectors, and has yet to learn terms. Use "
            f"{', '.join(DENSE)}, {PRETRAINED_HELP}, or a fitted one that `textvec fit` wrote."
        )
    if cache is not None and not is_pretrained(vectorizer):
        raise ValueError(f"--cache is for pretrained models only. Got {vectorizer!r} instead.")
    check_vector_size(vector_size, [vectorizer])
    items, text = read_texts(file, encoding, text, None, all_lines=True)
    try:
        done = embed_file(items, text, vectorizer, out, cache, vector_size, sys.stderr.isatty())
    except KeyboardInterrupt:
        folder = cache or cache_beside(out)
        if is_pretrained(vectorizer) and folder.exists():
            done = f"what is done lies in {folder}; the same command goes on from there"
            print(f"\ntextvec: {done}", file=sys.stderr)
        raise
    if as_json:
        print_as_json(done)
    else:
        sizes = f"{counted(done['rows'], 'text')}, {counted(done['dimensions'], 'dimension')}"
        print_line("{}, {seconds:.1f} s: {out}".format(sizes, **done))


def embed_file(items, text, name, out, cache=None, vector_size=None, verbose=False):
    """Write a vector for each text; what a model had done before it was killed is not done again.

    Parameters
    ----------
    items : DataFrame
        The rows.
    text : str
        The column of texts.
    name : str
        As :func:`~textvec.cli.models.make_vectorizer` takes it.
    out : Path
        A ``.npz`` or ``.parquet`` file.
    cache : Path, default=None
        The folder of a model's vectors. None takes ``out`` with ".cache" behind it, and removes
        that when all is done.
    vector_size : int, default=None
        Dimensions, for what has a choice; None takes its own.
    verbose : bool, default=False
        Whether to show progress.

    Returns
    -------
    dict
        out, rows, dimensions and seconds.

    Raises
    ------
    FileExistsError
        If there is something of the name of the folder that is to be removed, not made by this.
    """
    from tqdm import tqdm

    from textvec.encoders.batching import WINDOW
    from textvec.encoders.files import check_out, embed_table
    from textvec.recommend.items import check_texts

    start = time.perf_counter()
    check_out(out, "--out")
    texts = check_texts(items[text], items.index)
    if is_saved(name):
        vectors = _embed_saved(items, texts, text, name, out)
        return _done(out, vectors, start)
    vectorizer = make_vectorizer(name, texts, vector_size=vector_size)
    if vector_size is None:
        shorten(vectorizer, [texts])
    keeps_for_itself = is_pretrained(name) and cache is None
    kept = _kept_until_done(cache_beside(out)) if keeps_for_itself else nullcontext(cache)
    with kept as folder, tqdm(total=len(texts), unit="text", disable=not verbose) as progress:
        if is_pretrained(name):
            vectorizer.set_params(cache=folder)
        else:
            vectorizer.fit(texts)

        def show(done):
            progress.update(done - progress.n)

        vectors = embed_table(vectorizer, items, text, out, WINDOW, show)
    return _done(out, vectors, start)


def _done(out, vectors, start):
    return {
        "out": str(out),
        "rows": vectors.shape[0],
        "dimensions": vectors.shape[1],
        "seconds": time.perf_counter() - start,
    }


def _embed_saved(items, texts, text, name, out):
    """Write the vectors that a fitted vectorizer has for texts, and return them."""
    from scipy import sparse

    from textvec._writing import replacing
    from textvec.encoders.files import embed_table
    from textvec.persistence import load

    vectorizer = load(name)
    if not hasattr(vectorizer, "transform"):
        raise ValueError(
            f"{name} holds a {type(vectorizer).__name__}, which turns no texts into vectors: "
            "`textvec fit` makes a vectorizer of collected parts."
        )
    if not sparse.issparse(vectorizer.transform(texts[:1])):
        return embed_table(vectorizer, items, text, out)
    if out.suffix.lower() != ".npz":
        raise ValueError(f"--out must end in .npz for sparse vectors. Got {str(out)!r} instead.")
    vectors = vectorizer.transform(texts)
    with replacing(out) as file:
        sparse.save_npz(file, vectors, compressed=False)
    return vectors


def cache_beside(out):
    """Return the folder that keeps what is done until ``out`` can be written."""
    return Path(f"{out}.cache")


@contextmanager
def _kept_until_done(folder):
    """Give the folder of a cache that goes when the block is done, and stays if it is cut off."""
    from textvec._writing import holds_something, replacing
    from textvec.encoders.cache import EncodingCache

    note = folder / _NOTE
    if not note.exists() and holds_something(folder):
        raise FileExistsError(
            errno.EEXIST,
            "it was not made by this command, which would keep what is done there and remove it "
            "at the end. Move it, or name another folder with --cache",
            os.fspath(folder),
        )
    folder.mkdir(exist_ok=True)
    with replacing(note) as file:
        file.write(
            b"What `textvec embed` had done when it was cut off. The same command goes on from "
            b"here, and removes this folder when all is done.\n"
        )
    is_done = False
    try:
        yield folder
        is_done = True
    finally:
        if is_done or os.listdir(folder) == [_NOTE]:
            EncodingCache(folder).clear()
            note.unlink(missing_ok=True)
            with suppress(OSError):  # somebody put a file into it
                folder.rmdir()
