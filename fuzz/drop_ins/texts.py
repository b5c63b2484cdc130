"""Documents and corpora, drawn at random, and the containers that they come in."""

import io

import numpy as np
import pandas as pd
import pyarrow as pa

from drop_ins.suite.parity import PIECES, SPACES

_ENGLISH = [
    *("the", "The", "a", "of", "and", "to", "in", "is", "was", "it", "for", "with", "on"),
    *("as", "at", "by", "not", "from", "or", "an", "be", "this", "that", "they", "had"),
    *("hotel", "hotels", "room", "rooms", "sea", "view", "views", "sea-side", "beach"),
    *("breakfast", "coffee", "staff", "clean", "quiet", "loud", "night", "nights", "bed"),
    *("don't", "isn't", "won't", "we'll", "Mr.", "U.S.", "e-mail", "1st", "2nd", "24"),
    *("3.5", "1,000", "café", "naïve"),
]
_MARKS = [" ", " ", " ", " ", " ", ", ", ". ", "; ", "! ", " - ", "\n", "  ", "'s "]
_CHINESE = "的一是不了在人有我他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过"
_CHINESE += "酒店海边房间早餐服务前台，。！？、：“”　"
_FEW = [*"abc", "aa", "bb", "Aa", "éa", "酒店", "ΑΣ", "1", "b b"]
_LONG = ["x", "Ab", "é", "Σ", "long-", "酒", "a\u0301", "\0", "😀", "_1"]
_ENCODINGS = ["utf-8", "utf-8", "utf-16", "gb18030", "latin-1", "ascii", "utf-7"]


def document(rng):
    """Return a document.

    Parameters
    ----------
    rng : random.Random

    Returns
    -------
    str
    """
    match rng.randrange(10):
        case 0 | 1:
            words = rng.choices(_ENGLISH, [1 / n for n in range(1, 1 + len(_ENGLISH))], k=_few(rng))
            return "".join(word + rng.choice(_MARKS) for word in words)
        case 2:
            return "".join(rng.choices(_CHINESE, k=rng.randrange(40)))
        case 3 | 4:
            return _joined(PIECES, rng)
        case 5:
            return "".join(map(_character, [rng] * rng.randrange(25)))
        case 6:
            return _joined([*_FEW, "".join(map(_character, [rng] * 4))], rng)
        case 7:
            return " ".join(rng.choices(_FEW, k=_few(rng)))
        case 8:
            return rng.choice(["", "", " ", "\n", "\0", rng.choice(SPACES) * 3, rng.choice(PIECES)])
        case _:
            long = rng.choice(_LONG) * rng.choice([3, 40, 500, 2500])
            return rng.choice(["", "a "]) + long + rng.choice(["", " hotel", ".", "Σ"])


def _few(rng):
    return int(rng.triangular(0, 30, 4))


def _joined(pieces, rng):
    chosen = rng.choices(pieces, k=rng.randrange(12))
    return "".join(piece + rng.choice(SPACES) for piece in chosen)


def _character(rng):
    highest = rng.choice([0x7F, 0xFF, 0x2FF, 0x3FF, 0xFFFF, 0xFFFF, 0x1FFFF, 0x10FFFF])
    return chr(rng.randrange(highest + 1))


def corpus(rng, longest=3000):
    """Return documents: of all kinds, or many of few pieces, or some of them twice.

    Parameters
    ----------
    rng : random.Random
    longest : int, default=3000
        Where each is cut: long words make n-grams of characters slow in scikit-learn.

    Returns
    -------
    list of str
    """
    n_documents = rng.choice([0, 1, 1, 2, 2, 3, 4, 5, 6])
    match rng.randrange(8):
        case 0 | 1:
            pieces = rng.choices([piece for piece in PIECES if len(piece) < 100], k=5)
            documents = [_joined(pieces, rng) for _ in range(n_documents)]
        case 2:
            words = rng.choices(_ENGLISH + _FEW, k=rng.choice([3, 12, 60]))
            n_documents = rng.choice([8, 20, 60])
            documents = [" ".join(rng.choices(words, k=_few(rng))) for _ in range(n_documents)]
        case 3:
            documents = [document(rng) for _ in range(n_documents)]
            documents += rng.choices(documents, k=2) if documents else []
        case _:
            documents = [document(rng) for _ in range(n_documents)]
    return [text[:longest] for text in documents]


def encoded(documents, rng):
    """Return documents as bytes, some perhaps still str, and how they may be decoded.

    Parameters
    ----------
    documents : list of str
    rng : random.Random

    Returns
    -------
    documents : list of bytes or str
    parameters : dict
        ``encoding`` and ``decode_error``, not always what fits.
    """
    true = rng.choice(_ENCODINGS)
    of_unicode = true.startswith("utf") and true != "utf-7"
    errors = "surrogatepass" if of_unicode else "replace"
    content = [
        text if rng.random() < 0.05 else text.encode(true, errors)[: rng.choice([99, 9999])]
        for text in documents
    ]
    said = rng.choice([true, true, true, *_ENCODINGS, "no-such-encoding"])
    return content, {
        "encoding": said,
        "decode_error": rng.choice(["strict", "strict", "ignore", "replace"]),
    }


def _strings(documents):
    """Return documents as what Arrow can hold: without halves of characters."""
    return [text.encode("utf-8", "replace").decode() for text in documents]


def _files(documents):
    return [io.BytesIO(text.encode("utf-8", "replace")) for text in documents]


_PLAIN = {
    "list": list,
    "tuple": tuple,
    "generator": lambda documents: (one for one in documents),
    "map": lambda documents: map(str, documents),
    "keys": lambda documents: dict.fromkeys(documents).keys(),
    "array of objects": lambda documents: np.array([*documents, None], object)[:-1],
    "array of str": lambda documents: np.array(documents, str),
    "np.str_": lambda documents: list(map(np.str_, documents)),
    "StringIO": lambda documents: io.StringIO("\n".join(documents)),
    "str": "\n".join,
    "files": _files,
    "Series": lambda documents: pd.Series(documents, dtype=object),
    "Series of category": lambda documents: pd.Series(documents, dtype="category"),
    "Series of string": lambda documents: pd.Series(_strings(documents), dtype="string"),
    "Series of Arrow": lambda documents: pd.Series(
        _strings(documents), dtype=pd.ArrowDtype(pa.string())
    ),
    "Series with a gap": lambda documents: pd.Series([*_strings(documents), None], dtype="str"),
}
_ARROW = {
    "Arrow": lambda texts: pa.array(texts, pa.string()),
    "Arrow, large": lambda texts: pa.array([*texts, "a"], pa.large_string())[:-1],
    "Arrow, views": lambda texts: pa.array(texts, pa.string_view()),
    "Arrow, dictionary": lambda texts: pa.array(texts, pa.string()).dictionary_encode(),
    "Arrow, chunks": lambda texts: pa.chunked_array(
        [texts[:1], texts[1:2], texts[2:]], pa.string()
    ),
}
# Name -> what holds documents for us, and for scikit-learn, which does not know Arrow's arrays.
CONTAINERS = {name: (make, make) for name, make in _PLAIN.items()} | {
    name: (lambda documents, make=make: make(_strings(documents)), _strings)
    for name, make in _ARROW.items()
}
