"""From texts to what is wanted of each: every distinct text once, from the cache where it can be.

A cache keeps every pooling of a text, so that the network is not asked again for another one. Who
is about to encode texts claims them; those who want the same at the same time wait for the cache.
"""

import hashlib
import time
from contextlib import contextmanager

import numpy as np

from textvec.encoders.batching import WINDOW
from textvec.encoders.claims import Claims
from textvec.encoders.heads import HEAD_FILES
from textvec.encoders.long_texts import check_room
from textvec.encoders.whole import warn_if_alike

_PAUSE = 0.05  # seconds between looks at whether another process is done


def encode_texts(choice, texts, wanted, prefix="", side="document", cache=None, verbose=False):
    """Return what is wanted of each text.

    Parameters
    ----------
    choice : Choice
        The model.
    texts : list of str
        The texts, with their prompts around them.
    wanted : tuple of str
        Poolings and heads.
    prefix : str, default=""
        What the texts begin with that is not theirs.
    side : {"document", "query"}, default="document"
        What the texts are; models with a network for each care.
    cache : EncodingCache, default=None
        Where to look first, and to keep what is made, batch by batch.
    verbose : bool, default=False
        Show how far it is.

    Returns
    -------
    dict of str to list of ndarray
        For each name in ``wanted`` one array for each text: float32, a vector for a pooling and a
        matrix for a head.

    Raises
    ------
    ConnectionError
        If vectors have other widths than those in the cache.
    ValueError
        If the backend does not give what is wanted, or a vector is not finite; the message shows
        the text.
    """
    places = {text: place for place, text in enumerate(dict.fromkeys(texts))}
    distinct = list(places)
    if cache is None:
        found = {}
        with _progress(verbose, choice, wanted, len(distinct)) as tell:
            for rows, vectors in _batches(choice, distinct, wanted, prefix, side, tell):
                _keep(found, rows, vectors, wanted)
    else:
        found = _through_cache(choice, distinct, wanted, prefix, side, cache, verbose)
    for name in set(wanted) - HEAD_FILES.keys():
        warn_if_alike(choice.model, distinct, [found[row][name] for row in range(len(distinct))])
    return {name: [found[places[text]][name] for text in texts] for name in wanted}


def _through_cache(choice, texts, wanted, prefix, side, cache, verbose):
    """Return what is wanted by place in ``texts``, from the cache or else the network."""
    identity = choice.identity(side)
    widths: dict = {}  # by pooling

    def key(row, name):
        return _digest(identity, name, prefix, texts[row])

    def known(rows):
        keys = {row: {name: key(row, name) for name in wanted} for row in rows}
        stored = cache.get([key for of_row in keys.values() for key in of_row.values()])
        there = {
            row: {name: stored[key] for name, key in of_row.items()}
            for row, of_row in keys.items()
            if stored.keys() >= set(of_row.values())
        }
        for vectors in there.values():
            _check_widths(choice, cache, widths, vectors)
        return there

    found = known(range(len(texts)))
    missing = [row for row in range(len(texts)) if row not in found]
    if not missing:
        return found
    backend = _loaded(choice, wanted)
    if choice.identity(side) != identity:  # its files were replaced before they were loaded
        return _through_cache(choice, texts, wanted, prefix, side, cache, verbose)
    made = (*backend.poolings, *(name for name in wanted if name not in backend.poolings))
    with Claims(cache.folder) as claims, _progress(verbose, choice, wanted, len(missing)) as tell:
        while missing:
            others = []  # what somebody else is making
            for first in range(0, len(missing), WINDOW):
                window = {key(row, "claim"): row for row in missing[first : first + WINDOW]}
                mine = claims.take(list(window))
                others += [row for claim, row in window.items() if claim not in mine]
                rows = [row for claim, row in window.items() if claim in mine]
                just_made = known(rows)  # by others, between our look and our claim
                tell(len(just_made))
                found |= just_made
                rows = [row for row in rows if row not in just_made]
                some = [texts[row] for row in rows]
                for places, vectors in _batches(choice, some, made, prefix, side, tell):
                    first_row = {name: of_texts[0] for name, of_texts in vectors.items()}
                    _check_widths(choice, cache, widths, first_row)
                    batch = [rows[place] for place in places]
                    cache.put(
                        {
                            key(row, name): vector
                            for name, of_texts in vectors.items()
                            for row, vector in zip(batch, of_texts)
                        }
                    )
                    _keep(found, batch, vectors, wanted)
                claims.release()
            if len(others) == len(missing):
                time.sleep(_PAUSE)
            missing = others
    return found


def _loaded(choice, wanted):
    """Return the backend of a model; raise if it does not give what is wanted."""
    backend = choice.load()
    missing = [name for name in wanted if name not in (*backend.poolings, *choice.heads)]
    if missing:
        raise ValueError(
            f"pooling {missing[0]!r} needs layers that the backend {choice.backend!r} does "
            f"not give. Choose one of {', '.join(backend.poolings)}."
        )
    return backend


def _batches(choice, texts, wanted, prefix, side, tell):
    """Yield places in ``texts``, and what is wanted of these, as it gets done."""
    backend = _loaded(choice, wanted)
    if prefix and texts:
        check_room(prefix, backend.count_tokens, choice.limit(side))
    for batch in backend.encode(texts, wanted, prefix, side):
        _check_finite(batch, texts)
        tell(len(batch.rows), batch.n_tokens)
        yield batch.rows.tolist(), batch.vectors


def _check_finite(batch, texts):
    for of_texts in batch.vectors.values():
        if isinstance(of_texts, np.ndarray) and np.isfinite(of_texts).all():
            continue
        for row, vector in zip(batch.rows, of_texts):
            if not np.isfinite(vector).all():
                raise ValueError(
                    f"The model gave NaN or infinity for the text {texts[row][:60]!r}. With "
                    'dtype="float16" try "bfloat16" or "float32"; else its weights are damaged.'
                )


def _check_widths(choice, cache, widths, vectors):
    """Raise unless one text's vectors are as wide as others': a server's model may change."""
    for name, vector in vectors.items():
        if vector.ndim == 1 and widths.setdefault(name, len(vector)) != len(vector):
            raise ConnectionError(
                f"{choice.model} gave vectors of {len(vector)} dimensions after {widths[name]}. If "
                f"another model answers to this name now, delete the cache {cache.folder}."
            )


def _keep(found, rows, vectors, wanted):
    for place, row in enumerate(rows):
        # A view would keep all poolings of the batch in memory.
        found[row] = {name: np.array(vectors[name][place]) for name in wanted}


@contextmanager
def _progress(verbose, choice, wanted, n_texts):
    """Give what to tell of texts done, and tokens read for them."""
    if not verbose:
        yield lambda n_done, n_tokens=0: None
        return
    from tqdm import tqdm

    n_read = 0
    title = f"{choice.backend} ({', '.join(wanted)})"  # says which pooling was taken
    with tqdm(total=n_texts, unit="text", desc=title) as bar:

        def tell(n_done, n_tokens=0):
            nonlocal n_read
            n_read += n_tokens
            seconds = bar.format_dict["elapsed"]
            if n_read and seconds:
                bar.set_postfix_str(f"{n_read / seconds:,.0f} tokens/s", refresh=False)
            bar.update(n_done)

        yield tell


def _digest(*parts):
    """Return the digest of a text and of all that makes its vector what it is."""
    digest = hashlib.blake2b(digest_size=32)
    for part in parts:
        content = part.encode("utf-8", "surrogatepass")
        digest.update(len(content).to_bytes(8, "little"))
        digest.update(content)
    return digest.digest()
