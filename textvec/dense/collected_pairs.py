"""Counts of words and of pairs that were collected apart, and add up to those of all documents."""

import unicodedata

import numpy as np
from scipy import sparse

from textvec._checks import version_of
from textvec._threads import bounds_of_parts, effective_n_jobs, run_parts
from textvec.kernels.cooccurrence import count_contexts, places_by_word
from textvec.kernels.corpora import count_ids, renumber
from textvec.kernels.counting import count_distinct
from textvec.persistence import SaveMixin, fingerprint
from textvec.ragged import Ragged
from textvec.sparse.collected import (
    RULES,
    CollectedTerms,
    Tally,
    check_made_with,
    check_settings,
    each_part,
    narrowed,
)
from textvec.text.corpus import KnownWords, encode_all_words, encode_corpus

_PLACES_AT_ONCE = 1 << 17  # occurrences of words whose co-occurrences are counted in one go


class CollectedPairs(SaveMixin):
    """What one shard of a corpus says of its words and of which stand near which.

    Made by :meth:`textvec.PPMI.collect` and taken by :meth:`textvec.PPMI.fit_collected`; `save`
    writes it to a file and :func:`textvec.load` reads it.

    Parameters
    ----------
    words : CollectedTerms
        The words, their documents and occurrences, and the settings.
    row_lengths : ndarray of unsigned int of shape (n_words,), or None
        For each word, how many words from itself on in the alphabet stand near it. None where
        pairs were not counted.
    contexts : ndarray of unsigned int of shape (n_pairs,), or None
        Their numbers, ascending for each word.
    counts : ndarray of unsigned int of shape (n_pairs,), or None
        How often.

    See Also
    --------
    textvec.PPMI.collect : Makes one.

    Examples
    --------
    >>> from textvec import PPMI, CollectedPairs
    >>> ppmi = PPMI(vector_size=1, min_count=1, window=1)
    >>> parts = [ppmi.collect(["sea view room"]), ppmi.collect(["sea view", "bar"])]
    >>> CollectedPairs.merge(parts).matrix().toarray()
    array([[0, 0, 0, 0],
           [0, 0, 0, 1],
           [0, 0, 0, 2],
           [0, 1, 2, 0]])
    """

    def __init__(self, words, row_lengths, contexts, counts):
        self.words = words
        self.row_lengths = row_lengths
        self.contexts = contexts
        self.counts = counts

    @classmethod
    def merge(cls, parts):
        """Add up parts: the counts of all their documents.

        Parameters
        ----------
        parts : iterable of CollectedPairs, str or path-like
            Parts, or their files, which are read one at a time.

        Returns
        -------
        CollectedPairs
            The same for any order, and for any grouping into merges of merges.

        Raises
        ------
        TypeError
            If a part is something else.
        ValueError
            If there is no part, a file comes twice, is damaged, or a part was collected with other
            settings or other versions of what decides what a word is.
        """
        return _merged(parts)

    @property
    def has_pairs(self):
        """Whether pairs were counted, and not words alone."""
        return self.row_lengths is not None

    def matrix(self):
        """Return how often each word stands near each, in both orders: a csr_array, sorted.

        Raises
        ------
        ValueError
            If pairs were not counted.
        """
        if not self.has_pairs:
            raise ValueError(
                "This part holds words alone. Collect its documents once more, for pairs: "
                "PPMI.collect(documents, words=textvec.CollectedPairs.merge(parts))."
            )
        n_words = len(self.words)
        indptr = np.concatenate([[0], self.row_lengths.cumsum(dtype=np.int64)])
        shape = n_words, n_words
        upper = sparse.csr_array(
            (self.counts.astype(np.int64), self.contexts.astype(np.int64), indptr), shape=shape
        )
        whole = (upper + sparse.triu(upper, 1).T).tocsr()
        whole.sort_indices()
        return whole

    def __len__(self):
        return len(self.words)

    def __eq__(self, other):
        return type(self) is type(other) and fingerprint(self) == fingerprint(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self):
        pairs = f"{len(self.contexts)} pairs" if self.has_pairs else "no pairs"
        documents = self.words.n_documents
        return f"<CollectedPairs: {len(self)} words and {pairs} of {documents} documents>"

    def _check_loaded(self):
        super()._check_loaded()
        if type(self.words) is not CollectedTerms:
            raise ValueError("words must be CollectedTerms")
        arrays = self.row_lengths, self.contexts, self.counts
        if all(array is None for array in arrays):
            return
        for array in arrays:
            if not isinstance(array, np.ndarray) or array.ndim != 1 or array.dtype.kind != "u":
                raise ValueError("pairs must be arrays of unsigned integers")
        n_words = len(self.words)
        ends = self.row_lengths.cumsum(dtype=np.uint64)
        if (
            len(ends) != n_words
            or (ends > len(self.contexts)).any()
            or (ends[-1] if n_words else 0) != len(self.contexts)
            or len(self.contexts) != len(self.counts)
            or (self.counts >= 1 << 62).any()
        ):
            raise ValueError("each pair must have a count, and each word its pairs")
        rows = np.repeat(np.arange(n_words), self.row_lengths.astype(np.int64))
        keys = rows * n_words + self.contexts
        if len(keys) and (
            (self.contexts < rows).any()
            or self.contexts.max() >= n_words
            or (np.diff(keys.astype(np.int64)) <= 0).any()
        ):
            raise ValueError("pairs must be of known words, each once, in order")


def collect_pairs(raw_documents, tokenizer, window, n_jobs, settings, words=None, pairs=True):
    """Count words and pairs of words.

    Parameters
    ----------
    raw_documents, tokenizer, window, n_jobs
        As in :class:`textvec.PPMI`.
    settings : dict
        What decides the counts.
    words : list of str or None, default=None
        The words over which windows are laid, others being dropped before; None is all.
    pairs : bool, default=True
        Whether to count pairs, and not words alone.

    Returns
    -------
    CollectedPairs
    """
    if words is None:
        tokens, terms = encode_all_words(raw_documents, KnownWords(()), tokenizer, n_jobs)
        order = np.array(sorted(range(len(terms)), key=terms.__getitem__), np.int64)
        ranks = np.empty(len(terms), np.int32)
        ranks[order] = np.arange(len(terms), dtype=np.int32)
        renumber(tokens.values, tokens.ends, ranks)
        terms = [terms[i] for i in order.tolist()]
    else:
        tokens, terms = (
            encode_corpus(raw_documents, sorted(words), tokenizer, n_jobs),
            sorted(words),
        )
    occurrences, _ = count_ids(tokens.values, len(terms))
    _, documents = count_distinct(
        tokens.values[np.newaxis], tokens.ends, 0, len(tokens.ends), len(terms)
    )
    met = np.flatnonzero(occurrences)
    if len(met) < len(terms):  # known words that this shard does not have
        ranks = np.full(len(terms), -1, np.int32)
        ranks[met] = np.arange(len(met), dtype=np.int32)
        n_kept = renumber(tokens.values, tokens.ends, ranks)
        tokens = Ragged(tokens.values[:n_kept], tokens.ends)
        terms = [terms[i] for i in met.tolist()]
    tally = Tally()
    tally.add_names(terms, documents[met], occurrences[met])
    tally.n_documents = len(tokens.ends)
    made_with = {
        "rules": RULES,
        "unicode": unicodedata.unidata_version,
        "jieba": version_of("jieba"),
    }
    collected = tally.collected(settings, made_with)
    if not pairs:
        return CollectedPairs(collected, None, None, None)
    if not terms:
        return _of_matrix(collected, sparse.csr_array((0, 0), dtype=np.int64))
    matrix = rows_of_contexts(tokens, len(terms), window, n_jobs, _as_rows(len(terms)))
    return _of_matrix(collected, matrix)


def rows_of_contexts(tokens, n_words, window, n_jobs, make_rows):
    """Return a csr_array of words by words, made of their co-occurrences run by run, and sorted.

    Parameters
    ----------
    tokens : Ragged of int32
    n_words, window : int
    n_jobs : int or None
    make_rows : callable
        From first, last, row_ends, contexts and counts, as of `count_contexts`, to the csr_array
        of the rows of words first <= w < last.

    Returns
    -------
    csr_array of shape (n_words, n_words)
    """
    stream, starts, places = places_by_word(*tokens, n_words)

    def count(first, last):
        found = count_contexts(stream, starts, places, first, last, window)
        return make_rows(first, last, *found)

    n_parts = max(effective_n_jobs(n_jobs), len(places) // _PLACES_AT_ONCE)
    rows = run_parts(count, bounds_of_parts(starts[1:], n_parts), n_jobs)
    matrix = sparse.vstack(rows, format="csr")
    matrix.sort_indices()  # sums of floats follow it, whoever counted
    return matrix


def _as_rows(n_words):
    def make(first, last, row_ends, contexts, counts):
        indptr = np.concatenate([[0], row_ends])
        return sparse.csr_array((counts, contexts, indptr), shape=(last - first, n_words))

    return make


def _of_matrix(words, matrix):
    upper = sparse.triu(matrix, format="csr")
    upper.sort_indices()
    return CollectedPairs(
        words, narrowed(np.diff(upper.indptr)), narrowed(upper.indices), narrowed(upper.data)
    )


def _merged(parts):
    """Add up parts, see `CollectedPairs.merge`."""
    tally, settings, made_with, has_pairs = Tally(), None, None, None
    sums = sparse.csr_array((0, 0), dtype=np.int64)  # by the order in which words first came
    for name, part in each_part(parts, CollectedPairs):
        words = part.words
        if settings is None:
            settings, made_with = words.settings, words.made_with
        check_settings(name, words.settings, settings, "part 0")
        check_made_with(name, words.made_with, made_with)
        if has_pairs not in (None, part.has_pairs):
            found, others = ("pairs", "words alone") if part.has_pairs else ("words alone", "pairs")
            raise ValueError(
                f"{name} holds {found}, and those before hold {others}: merge the parts of one "
                "pass."
            )
        has_pairs = part.has_pairs
        ids = tally.add_part(words).astype(np.int64)
        if has_pairs:
            n_words = tally.n_terms
            sums.resize(n_words, n_words)
            rows = np.repeat(ids, part.row_lengths.astype(np.int64))
            places = rows, ids[part.contexts.astype(np.int64)]
            counts = part.counts.astype(np.int64)
            sums = sums + sparse.csr_array((counts, places), shape=(n_words, n_words))
    collected = tally.collected(settings, made_with)
    if not has_pairs:
        return CollectedPairs(collected, None, None, None)
    found = sums.tocoo()
    ranks = np.empty(len(collected), np.int64)
    ranks[tally.ids_of(collected)] = np.arange(len(collected))
    first, second = ranks[found.row], ranks[found.col]
    places = np.minimum(first, second), np.maximum(first, second)
    upper = sparse.csr_array((found.data, places), shape=found.shape)
    return _of_matrix(collected, upper)
