"""Character n-grams inside words: each distinct word is cut up once, for all that hold it."""

import numpy as np
from scipy import sparse

from textvec._threads import run_parts
from textvec.kernels.counting import product_distinct, product_rows, rank_by_appearance
from textvec.kernels.scanning import join_terms, scan_characters
from textvec.ragged import Ragged
from textvec.sparse.levels import bases_of, count_levels, learn_levels, of_type, parts_of
from textvec.sparse.ngrams import keep_all
from textvec.sparse.rows import row_pointers
from textvec.sparse.spelling import N_CODES, Spelling, begins_of
from textvec.text.vocabulary import fold_table


class NgramsInWords:
    """The character n-grams found inside words (``analyzer="char_wb"``); otherwise as `Ngrams`.

    Each distinct word is cut up once, and a document's counts are the sum over its words.

    Parameters
    ----------
    words : Ragged of int32
        Ids of the words of each document.
    interner : Interner
        The words of these ids.
    ngram_range, pruning, n_jobs
        As in `Ngrams`, tokens being characters.
    """

    def __init__(self, words, interner, ngram_range, pruning, n_jobs=None):
        self.pruning = pruning
        self.n_jobs = n_jobs
        self._by_word, codes = cut_words(words, interner, n_jobs)
        self._ends = codes.ends
        levels, sizes, _ = learn_levels(codes, N_CODES, ngram_range[1], keep_all(codes), n_jobs)
        self._levels = only_inside_words(levels, codes.ends, ngram_range[0])
        level_of, starts = rank_by_appearance(
            self._levels, codes.ends, bases_of(sizes), np.ones(sum(sizes), np.bool_)
        )
        self.n_features = len(starts)
        self._cut_rows()
        kept = pruning.by_frequency(self._frequencies)
        if not kept.all():
            self.keep(kept)
            level_of, starts = level_of[kept], starts[kept]
        self.grams = Spelling.of_codes(codes.values).ngrams(codes.values, starts, level_of + 1)

    def _cut_rows(self):
        identity = np.arange(self.n_features, dtype=np.int32)
        self._by_gram = count_levels(self._levels, self._ends, identity, np.int32, self.n_jobs)
        self._row_lengths, self._frequencies = distinct_in_product(
            self._by_word, self._by_gram, self.n_jobs
        )

    def keep(self, kept):
        """Forget the n-grams that a mask excludes; the others are renumbered in order."""
        rank_by_appearance(self._levels, self._ends, np.zeros(len(self._levels), np.int64), kept)
        self.n_features = int(kept.sum())
        self._cut_rows()

    def totals(self, binary):
        """Return the count of each n-gram in the corpus, or of its documents if ``binary``."""
        if binary:
            return self._frequencies
        return self._by_gram.T @ self._by_word.sum(axis=0)

    def counts(self, columns, dtype):
        """Return the counts as csr_array; n-gram i goes to ``columns[i]``, rows ordered by i."""
        return product_of(
            self._by_word, self._by_gram, self._row_lengths, columns, dtype, self.n_jobs
        )


def cut_words(words, interner, n_jobs):
    """Return documents x distinct words as csr_array, and the characters of " word " for each."""
    level = words.values[np.newaxis].copy()
    everything = np.ones(interner.n_terms, np.bool_)
    _, starts = rank_by_appearance(level, words.ends, np.zeros(1, np.int64), everything)
    identity = np.arange(len(starts), dtype=np.int32)
    by_word = count_levels(level, words.ends, identity, np.int64, n_jobs)
    space = np.full(1, 0x20, np.uint8)
    text, ends = join_terms(
        interner.store, interner.offsets, words.values, starts, np.ones_like(starts),
        np.zeros(len(starts), np.bool_), space, np.concatenate([space, space]),
    )  # fmt: skip
    # "w w  " with a space before it is " w " for each word, end to end
    text = np.concatenate([space, text])
    fold = fold_table("all", False, False)
    codes = scan_characters(text, ends + 2, fold, np.zeros(len(fold), np.bool_))
    return by_word, Ragged(*codes)


def only_inside_words(levels, ends, min_n):
    """Blank the levels below min_n, but for words that are shorter: those count once, whole."""
    starts = begins_of(ends)
    lengths = ends - starts
    for n in range(1, min(min_n, len(levels) + 1)):
        whole = starts[lengths == n]
        ids = levels[n - 1, whole]
        levels[n - 1] = -1
        levels[n - 1, whole] = ids
    return levels


def distinct_in_product(by_word, by_gram, n_jobs):
    """Return the row lengths of the product of two matrices, and its document frequencies."""
    n_features = by_gram.shape[1]

    def count(first, last):
        return product_distinct(
            by_word.indptr,
            by_word.indices,
            by_gram.indptr,
            by_gram.indices,
            first,
            last,
            n_features,
        )

    counted = run_parts(count, _parts_of(by_word, by_gram, n_jobs), n_jobs)
    row_lengths = np.concatenate([np.zeros(0, np.int64), *(lengths for lengths, _ in counted)])
    return row_lengths, sum((found for _, found in counted), start=np.zeros(n_features, np.int32))


def product_of(by_word, by_gram, row_lengths, columns, dtype, n_jobs):
    """Return the product as csr_array; column i goes to ``columns[i]``, rows ordered by i."""
    indptr = row_pointers(row_lengths)
    indices = np.empty(indptr[-1], indptr.dtype)
    data = np.empty(indptr[-1], np.int64)

    def fill(first, last):
        product_rows(
            by_word.indptr, by_word.indices, by_word.data,
            by_gram.indptr, by_gram.indices, by_gram.data,
            first, last, indptr, columns, indices, data,
        )  # fmt: skip

    run_parts(fill, _parts_of(by_word, by_gram, n_jobs), n_jobs)
    content = of_type(data, dtype), indices, indptr
    return sparse.csr_array(content, (len(indptr) - 1, len(columns)), dtype)  # which checks it


def _parts_of(by_word, by_gram, n_jobs):
    """Cut documents into a run for each thread that a product of this size is worth."""
    n_products = by_word.nnz * by_gram.nnz // max(1, by_gram.shape[0])
    return parts_of(by_word.indptr[1:], n_products, n_jobs)
