"""Texts of any length to batches of about equal work: sorted, packed, tokenised ahead."""

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from textvec._checks import check_documents
from textvec.text.columns import source_of

WINDOW = 1024  # texts tokenised and sorted together


class Encoded(NamedTuple):
    """Vectors of some texts.

    Parameters
    ----------
    rows : ndarray of shape (n_texts,), int64
        Which texts, by their place in what was given.
    vectors : dict of str to ndarray of shape (n_texts, n_dimensions), or list of ndarray
        By pooling, or ``"vector"`` where the model pools itself: float32. By head: an array for
        each text.
    n_tokens : int
        How many tokens were read for them; 0 where nobody counts.
    """

    rows: np.ndarray
    vectors: dict
    n_tokens: int


def check_texts(raw_documents):
    """Return the documents as a list of str that tokenizers can read.

    Parameters
    ----------
    raw_documents : iterable of str
        The documents.

    Returns
    -------
    list of str
        Lone surrogates, which UTF-8 does not have, are question marks.

    Raises
    ------
    ValueError
        If it is one str, not several.
    TypeError
        If a document is no str; the message says which. If they are a table, or
        cannot be iterated over.
    """
    if isinstance(raw_documents, str | bytes):
        raise ValueError(
            "Iterable over raw text documents expected, string object received. "
            "Put one text into a list."
        )
    check_documents(raw_documents)
    texts = list(source_of(raw_documents))
    for row, text in enumerate(texts):
        if not isinstance(text, str):
            raise TypeError(
                f"Each document must be a str. Got {text!r} ({type(text).__name__}) at {row}."
            )
    return [text.encode("utf-8", "replace").decode() for text in texts]


def pack(lengths, budget):
    """Sort texts by length and cut them into batches of at most ``budget`` tokens, padding and all.

    Parameters
    ----------
    lengths : sequence of int
        Tokens of each text.
    budget : int
        Tokens of a batch. A text that has more is a batch of its own.

    Returns
    -------
    list of ndarray of int64
        The texts of each batch. The longest come first: if they fit in memory, so do the others.

    Examples
    --------
    >>> [batch.tolist() for batch in pack([3, 9, 2, 4], budget=8)]
    [[1], [3, 0], [2]]
    """
    order = np.argsort(-np.asarray(lengths, np.int64), kind="stable")
    batches, start = [], 0
    while start < len(order):
        longest = max(int(lengths[order[start]]), 1)
        stop = start + max(budget // longest, 1)
        batches.append(order[start:stop])
        start = stop
    return batches


def encode_in_batches(network, texts, wanted, budget, side="document"):
    """Run a network over texts; while it computes, the next texts are being tokenised.

    Parameters
    ----------
    network : TorchNetwork or OnnxNetwork
        What has ``tokenize`` and ``forward``.
    texts : list of str
        The texts.
    wanted : tuple of str
        Which poolings and heads.
    budget : int
        Tokens of a batch, as in :func:`pack`.
    side : {"document", "query"}, default="document"
        What the texts are: queries may be cut shorter.

    Yields
    ------
    Encoded
        Batch by batch, in an order of its own.
    """
    with ThreadPoolExecutor(1) as pool:
        ahead = pool.submit(network.tokenize, texts[:WINDOW], side)
        for first in range(0, len(texts), WINDOW):
            tokens = ahead.result()
            following = texts[first + WINDOW : first + 2 * WINDOW]
            ahead = pool.submit(network.tokenize, following, side)
            for batch in pack([len(ids) for ids in tokens], budget):
                rows = [tokens[row] for row in batch]
                vectors = network.forward(rows, wanted)
                yield Encoded(batch + first, vectors, sum(map(len, rows)))


def padded(rows, pad_id):
    """Return token ids and attention mask of a batch, padded on the right.

    Right padding serves every model: a causal one never looks to the right, and the others heed
    the mask, so positions stay those of the text alone.

    Parameters
    ----------
    rows : list of list of int
        Token ids of each text.
    pad_id : int
        What fills up.

    Returns
    -------
    ids, mask : ndarray of shape (n_texts, n_tokens), int64
        At least one token wide.
    """
    width = max(1, *map(len, rows))
    ids = np.full((len(rows), width), pad_id, np.int64)
    mask = np.zeros((len(rows), width), np.int64)
    for row, tokens in enumerate(rows):
        ids[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = 1
    return ids, mask
