"""What ``textvec embed`` does: a file of texts to a file of vectors."""

import errno
import os
import time
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

from textvec.cli.models import is_pretrained, make_vectorizer

_NOTE = "textvec-embed.txt"  # tells a folder that goes when all is done from one of somebody else


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

    start = time.perf_counter()
    check_out(out, "--out")
    texts = items[text].fillna("").astype(str).tolist()
    vectorizer = make_vectorizer(name, texts, vector_size=vector_size)
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
    return {
        "out": str(out),
        "rows": len(vectors),
        "dimensions": vectors.shape[1],
        "seconds": time.perf_counter() - start,
    }


def cache_beside(out):
    """Return the folder that keeps what is done until ``out`` can be written."""
    return Path(f"{out}.cache")


@contextmanager
def _kept_until_done(folder):
    """Give the folder of a cache that goes when the block is done, and stays if it is cut off."""
    from textvec.encoders.cache import EncodingCache

    note = folder / _NOTE
    if folder.exists() and not note.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FileExistsError(
            errno.EEXIST,
            "it was not made by this command, which would keep what is done there and remove it "
            "at the end. Move it, or name another folder with --cache",
            os.fspath(folder),
        )
    folder.mkdir(exist_ok=True)
    note.write_text(
        "What `textvec embed` had done when it was cut off. The same command goes on from here, "
        "and removes this folder when all is done.\n"
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
