"""Vectors of any string: rows for the parts of words, and which of them a word has."""

import numpy as np

from textvec._checks import check_number
from textvec.kernels.subwords import FNV, mean_rows, parts_of
from textvec.ragged import Ragged

MOST_HASHES = 4
MOST_ROWS = (1 << 31) - 1
_WORDS_AT_ONCE = 4096
_END_OF_LINE = b"</s>"  # fastText's word for it, which has no parts


class Subwords:
    """Rows of vectors for the character n-grams of words, whatever the words.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, vector_size), float32
        The rows, which n-grams share.
    min_n, max_n : int
        Shortest and longest n-gram, in characters, of a word between ``<`` and ``>``.
    hashes : int from 1 to 4, or 0
        How many rows an n-gram has, by MurmurHash3, as floret's; the word as a whole is one of
        them. 0 stands for fastText's hash: one row, and n-grams alone.

    Attributes
    ----------
    rows, min_n, max_n, hashes
        As given; ``rows`` is read-only.

    Raises
    ------
    ValueError
        If ``min_n`` is above ``max_n``, there are no rows, or a number is out of its range.

    See Also
    --------
    textvec.KeyedVectors : Holds them beside the vectors of the words that were seen.

    References
    ----------
    Bojanowski et al. 2017, "Enriching word vectors with subword information"; Boyd and Warmerdam
    2022, "floret: lightweight, robust word vectors". The kernels are in
    ``textvec/kernels/subwords.py``.

    Examples
    --------
    >>> import numpy as np
    >>> from textvec.dense.subwords import Subwords
    >>> subwords = Subwords(np.ones((10, 2), np.float32), min_n=3, max_n=3, hashes=1)
    >>> subwords.parts_of(["sea"]).ends  # <sea>, <se, sea, ea>
    array([4])
    >>> subwords.vectors_of(["seaside"])
    array([[1., 1.]], dtype=float32)
    """

    def __init__(self, rows, min_n, max_n, hashes):
        check_lengths(min_n, max_n)
        check_number("hashes", hashes, low=FNV, high=MOST_HASHES, integer=True)
        check_number("max_n", max_n, low=int(hashes == FNV), integer=True)  # else whole words
        rows = np.asarray(rows)
        if rows.ndim != 2 or rows.dtype != np.float32:
            raise ValueError(
                "rows must be a table of float32, a row for each bucket. Got "
                f"{rows.dtype} of shape {rows.shape} instead."
            )
        check_number("buckets", len(rows), low=1, high=MOST_ROWS, integer=True)
        self.rows = np.ascontiguousarray(rows).view(np.ndarray)
        self.rows.flags.writeable = False
        self.min_n, self.max_n, self.hashes = int(min_n), int(max_n), int(hashes)

    def __repr__(self):
        n_rows, size = self.rows.shape
        return (
            f"Subwords({n_rows} rows, vector_size={size}, min_n={self.min_n}, "
            f"max_n={self.max_n}, hashes={self.hashes})"
        )

    def parts_of(self, words) -> Ragged:
        """Return the rows of each word's parts.

        Parameters
        ----------
        words : sequence of str
            The words.

        Returns
        -------
        Ragged of int32
            A row for each word, in which a row of vectors comes as often as a part has it.
        """
        return self.parts_of_raw([word.encode("utf-8", "surrogatepass") for word in words])

    def parts_of_raw(self, words) -> Ragged:
        """Return what `parts_of` does for words that are bytes."""
        raw = [b"" if word == _END_OF_LINE else b"<%b>" % word for word in words]
        text = np.frombuffer(b"".join(raw), np.uint8)
        ends = np.cumsum(np.fromiter(map(len, raw), np.int64, len(raw)))
        return Ragged(*parts_of(text, ends, self.min_n, self.max_n, len(self.rows), self.hashes))

    def means_of(self, parts) -> np.ndarray:
        """Return the mean of the rows of each word's parts, as of `parts_of`."""
        return mean_rows(*parts, self.rows)

    def vectors_of(self, words) -> np.ndarray:
        """Return vectors of words from their parts alone, as of words that were never seen.

        Parameters
        ----------
        words : sequence of str
            The words.

        Returns
        -------
        ndarray of shape (n_words, vector_size), float32
            The mean of the rows of each word's parts; zero for a word that has none.
        """
        vectors = np.empty((len(words), self.rows.shape[1]), np.float32)
        for start in range(0, len(words), _WORDS_AT_ONCE):
            block = slice(start, start + _WORDS_AT_ONCE)
            vectors[block] = self.means_of(self.parts_of(words[block]))
        return vectors


def check_lengths(min_n, max_n):
    """Raise unless some length is from ``min_n`` to ``max_n``; 0 is the least of both."""
    for name, value in (("min_n", min_n), ("max_n", max_n)):
        check_number(name, value, low=0, integer=True)
    if min_n > max_n:
        raise ValueError(
            f"min_n must be at most max_n. Got min_n={min_n} and max_n={max_n}: an n-gram has "
            "from min_n to max_n characters."
        )
