"""Which words of another table, in the same space, a word is translated by."""

import weakref

import numpy as np

from textvec._checks import check_choice, check_number, check_type
from textvec._threads import held
from textvec.dense.similar_words import as_list, is_key, lengths_of

N_NEAREST = 10  # whose mean says how crowded the place of a word is; the paper's number
PRODUCTS = 1 << 22  # float32 cosines held at a time: 16 MB
_MEASURED_BY = 20_000  # most frequent words that tell how crowded a place is
METRICS = ("csls", "cosine")


class Translations:
    """Give KeyedVectors the words of another table that lie nearest to its own."""

    def translate(self, words, into, topn=10, metric="csls", restrict_vocab=None):
        """Find the words of another table that are nearest to words of this one.

        Both tables must be of one space: :func:`~textvec.align` moves a table into another's.

        Some words, the hubs, are near to everything. The default ranks a word ``y`` by
        ``2 cos(x, y) - r(x) - r(y)``, in which ``r(y)`` is the mean cosine of ``y`` with the ten
        words of this table that are nearest to it (among its first 20,000), and ``r(x)`` that of
        ``x`` with the nearest words of the other. A hub has a large ``r``.

        Parameters
        ----------
        words : str, int, or list of them
            The words to translate, or their rows; unseen ones too, where the table composes them
            of their n-grams.
        into : KeyedVectors
            The other table.
        topn : int >= 0, default=10
            Number of words to return.
        metric : {"csls", "cosine"}, default="csls"
            How they are ranked: as above, which takes one product of both tables when they first
            meet, or by the cosine alone.
        restrict_vocab : int or None, default=None
            Look only among this many words, the first of the other table.

        Returns
        -------
        list of (str, float)
            Words and scores, best first; of a list of words, one such list for each. It is empty
            for a word whose vector is zero, and a word whose vector is zero is no translation.

        Raises
        ------
        KeyError
            If a word is unknown.
        TypeError
            If ``into`` is something else.
        ValueError
            If the tables are of unequal width.

        References
        ----------
        Conneau et al. 2018, "Word translation without parallel data", ICLR, equation 3 (CSLS).

        Examples
        --------
        >>> from textvec import KeyedVectors
        >>> english = KeyedVectors([[3.0, 1.0], [0.0, 2.0]], ["sea", "mountain"])
        >>> chinese = KeyedVectors([[1.0, 5.0], [4.0, 1.0]], ["山", "海"])
        >>> english.translate("sea", chinese, topn=1, metric="cosine")[0][0]
        '海'
        >>> [best[0][0] for best in english.translate(["sea", "mountain"], chinese)]
        ['海', '山']
        """
        check_choice("metric", metric, METRICS)
        check_number("topn", topn, low=0, integer=True)
        check_type("into", into, Translations, "a KeyedVectors")
        ours, theirs = held(self), held(into)
        if ours.vector_size != theirs.vector_size:
            raise ValueError(
                "Both tables must be of one space. Got vectors of "
                f"{ours.vector_size} and {theirs.vector_size} numbers instead: align(source, "
                "target) moves tables of one width into one space."
            )
        keys = [words] if is_key(words) else as_list(words, "words")
        vectors = ours._vectors(keys).reshape(-1, ours.vector_size).astype(np.float64)
        vectors /= lengths_of(vectors)[:, None]
        stop = theirs._n_searched(restrict_vocab)
        crowds = ours._crowds_in(theirs) if metric == "csls" and len(keys) else None
        answers, step = [], max(1, PRODUCTS // max(1, stop))
        for start in range(0, len(keys), step):
            units = vectors[start : start + step]
            cosines = theirs._cosines(units.astype(np.float32), stop)
            cosines[:, ~theirs._has_direction()[:stop]] = -np.inf
            answers += [
                theirs._nearest_to(*pair, topn, crowds) if pair[0].any() else []
                for pair in zip(units, cosines)
            ]
        return answers[0] if is_key(words) else answers

    def _nearest_to(self, unit, cosines, topn, crowds):
        """Return the words nearest to a vector of length 1, as its float32 cosines say roughly."""
        stop = len(cosines)
        error = (self.vector_size + 8) * np.finfo(np.float32).eps
        scores = cosines if crowds is None else 2 * cosines - crowds[:stop]
        near = scores >= _kth_best(scores, topn) - 4 * error
        if crowds is not None:
            near |= cosines >= _kth_best(cosines, N_NEAREST) - 2 * error
        near = np.flatnonzero(near & (cosines > -np.inf))
        # row by row: the same for any number of rows
        exact = (self._units(near) * unit).sum(axis=1)
        if crowds is not None:
            crowd = np.sort(exact)[-N_NEAREST:].mean() if len(near) else 0.0
            exact = 2 * exact - crowd - crowds[near]
        order = np.argsort(-exact, kind="stable")[:topn]
        words = [self.index_to_key[row] for row in near[order].tolist()]
        return list(zip(words, exact[order].astype(np.float32).tolist()))

    def _has_direction(self):
        """Return which vectors are not zero: (n_words,) bool."""
        return self._once("has direction", lambda: self.vectors.any(axis=1))

    def _crowds_in(self, other):
        """Return how crowded by words of this table the places of another's are; kept for later.

        As long as the other table is there: it is known by its vectors, which never change.
        """
        kept = self._made.get("crowds")
        if kept is None or kept[0]() is not other.vectors:
            first = np.flatnonzero(self._has_direction())[:_MEASURED_BY]
            units = self._units(first).astype(np.float32)
            crowds = [
                crowding((block / lengths_of(block)[:, None]).astype(np.float32), units)
                for block in other._row_blocks(len(other))
            ]
            crowds = np.concatenate([*crowds, np.zeros(0, np.float32)])
            kept = self._made["crowds"] = weakref.ref(other.vectors), crowds
        return kept[1]


def crowding(vectors, others):
    """Return the mean product of each vector with the ten nearest others: r of the paper.

    Parameters
    ----------
    vectors : ndarray of shape (n_vectors, vector_size), float32
        Of length 1.
    others : ndarray of shape (n_others, vector_size), float32
        Of length 1. Where there are fewer than ten, all are the nearest.

    Returns
    -------
    ndarray of shape (n_vectors,), float32
        Zero where there are no others.
    """
    crowds = np.zeros(len(vectors), np.float32)
    n_nearest = min(N_NEAREST, len(others))
    step = max(1, PRODUCTS // max(1, len(others)))
    for start in range(0, len(vectors) if n_nearest else 0, step):
        products = vectors[start : start + step] @ others.T
        products.partition(len(others) - n_nearest, axis=1)
        crowds[start : start + step] = products[:, -n_nearest:].mean(axis=1)
    return crowds


def _kth_best(scores, k):
    """Return the k-th largest score, -inf where there are not as many, and inf for none."""
    if k == 0:
        return np.inf
    return np.partition(scores, -k)[-k] if k <= len(scores) else -np.inf
