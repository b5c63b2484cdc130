"""What ``textvec embed`` does: a file of texts to a file of vectors."""

import shutil
import time
from pathlib import Path

from textvec.cli.models import is_pretrained, make_vectorizer


def embed_file(items, text, name, out, cache=None, verbose=False):
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
    verbose : bool, default=False
        Whether to show progress.

    Returns
    -------
    dict
        out, rows, dimensions and seconds.
    """
    from tqdm import tqdm

    from textvec.encoders.batching import WINDOW
    from textvec.encoders.files import check_out, embed_table

    start = time.perf_counter()
    check_out(out)
    texts = items[text].fillna("").astype(str).tolist()
    vectorizer = make_vectorizer(name, texts)
    folder = cache or Path(f"{out}.cache")
    if is_pretrained(name):
        vectorizer.set_params(cache=folder)
    else:
        vectorizer.fit(texts)
    with tqdm(total=len(texts), unit="text", disable=not verbose) as progress:

        def show(done):
            progress.update(done - progress.n)

        vectors = embed_table(vectorizer, items, text, out, WINDOW, show)
    if cache is None and is_pretrained(name):
        shutil.rmtree(folder)
    return {
        "out": str(out),
        "rows": len(vectors),
        "dimensions": vectors.shape[1],
        "seconds": time.perf_counter() - start,
    }
