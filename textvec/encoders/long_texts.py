"""Texts longer than a model reads: cut to fit, or into chunks whose vectors are joined."""

import numpy as np

from textvec.text.splitters import RecursiveTextSplitter


def check_room(around, count_tokens, limit):
    """Raise unless a text has room beside its prompt: else all texts would be the same.

    Parameters
    ----------
    around : str
        What stands around the text.
    count_tokens : callable
        From a str to its number of tokens.
    limit : int or None
        The most tokens that the model reads, if anybody knows.

    Raises
    ------
    ValueError
        The message has both lengths.
    """
    n_tokens = count_tokens(around)
    if around and limit is not None and n_tokens >= limit:
        raise ValueError(
            f"The prompt alone has {n_tokens} tokens of max_length {limit}: no text has room "
            "beside it. Raise max_length, or shorten the prompt."
        )


def shorten(text, prompt, count_tokens, limit):
    """Cut a text so that it fits together with its prompt.

    Parameters
    ----------
    text : str
        The text.
    prompt : Prompt
        What comes before and after it.
    count_tokens : callable
        From a str to its number of tokens.
    limit : int
        The most tokens that the model reads.

    Returns
    -------
    str
        The text, or its beginning.
    """
    if count_tokens(prompt.around(text)) <= limit:
        return text
    fits, too_long = 0, len(text)  # a longer beginning may have fewer tokens, but hardly any
    while too_long - fits > 1:
        middle = (fits + too_long) // 2
        if count_tokens(prompt.around(text[:middle])) <= limit:
            fits = middle
        else:
            too_long = middle
    return text[:fits]


def fitting(texts, prompt, choice, side):
    """Return texts cut where they must be before a model gets them: the prompt around them stays.

    Parameters
    ----------
    texts : list of str
        The texts.
    prompt : Prompt
        What comes before and after each.
    choice : Choice
        The model.
    side : {"document", "query"}
        What the texts are.

    Returns
    -------
    list of str
        Without the prompt.
    """
    if not prompt.suffix and (choice.cuts(side) or choice.length(side) is None):
        return texts
    limit, count = choice.limit(side), choice.load().count_tokens
    if limit is None:
        return texts
    check_room(prompt.around(""), count, limit)
    return [shorten(text, prompt, count, limit) for text in texts]


def cut_up(texts, prompt, count_tokens, limit):
    """Cut texts into chunks that fit together with the prompt.

    Parameters
    ----------
    texts : list of str
        The texts; an empty one is a chunk, too.
    prompt : Prompt
        What comes before and after each chunk.
    count_tokens : callable
        From a str to its number of tokens.
    limit : int
        The most tokens that the model reads.

    Returns
    -------
    chunks : list of str
        Those of all texts, without the prompt.
    ends : list of int
        Behind the last chunk of each text.
    """

    def tokens(text):
        return range(count_tokens(prompt.around(text)))

    splitter = RecursiveTextSplitter(limit, tokenizer=tokens)
    chunks, ends = [], []
    for text in texts:
        chunks += [chunk.text for chunk in splitter.split(text)] or [text]
        ends.append(len(chunks))
    return chunks, ends


def join_up(vectors, ends, long_text):
    """Return one vector for each text from those of its chunks.

    Parameters
    ----------
    vectors : ndarray of shape (n_chunks, n_dimensions), float32
        Of all texts.
    ends : list of int
        Behind the last chunk of each text; every text has one.
    long_text : {"mean_chunks", "max_chunks"}
        What is taken of each dimension.

    Returns
    -------
    ndarray of shape (n_texts, n_dimensions), float32
        Not of unit length.

    Examples
    --------
    >>> join_up(np.float32([[1, 0], [0, 1], [5, 5]]), [2, 3], "mean_chunks")
    array([[0.5, 0.5],
           [5. , 5. ]], dtype=float32)
    """
    starts = [0, *ends[:-1]]
    if long_text == "max_chunks":
        return np.maximum.reduceat(vectors, starts)
    counts = np.diff([0, *ends])[:, None].astype(np.float32)
    return np.add.reduceat(vectors, starts) / counts
