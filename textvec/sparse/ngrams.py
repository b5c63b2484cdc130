"""The n-grams of a corpus: which there are, which stay, and how often each occurs."""

from numbers import Integral

import numpy as np

from textvec.kernels.counting import rank_by_appearance
from textvec.sparse.levels import bases_of, count_levels, document_frequencies, learn_levels
from textvec.sparse.terms import vocabulary_of


class Pruning:
    """Which n-grams stay: scikit-learn's ``min_df``, ``max_df`` and ``max_features``.

    Parameters
    ----------
    n_docs : int
    min_df, max_df : int or float
        Counts of documents, or shares of ``n_docs``.
    max_features : int or None
        At most so many stay, those with the highest counts (or, if ``binary``, of most documents).
    binary : bool
    dtype : dtype
        In which counts are summed and compared.
    """

    def __init__(self, n_docs, min_df=1, max_df=1.0, max_features=None, binary=False, dtype=None):
        self.low = min_df if isinstance(min_df, Integral) else min_df * n_docs
        self.high = max_df if isinstance(max_df, Integral) else max_df * n_docs
        if self.high < self.low:
            raise ValueError("max_df corresponds to < documents than min_df")
        self.is_idle = self.low <= 1 and self.high >= n_docs  # every n-gram stays
        self.max_features = max_features
        self.binary = binary
        self.dtype = dtype

    def by_frequency(self, frequencies):
        """Return a mask of the n-grams that stay, from the number of documents of each."""
        return (frequencies <= self.high) & (frequencies >= self.low)

    def by_total(self, totals):
        """Return the ``max_features`` columns that stay, from the counts in column order."""
        sum_dtype = np.ones(1, self.dtype).sum().dtype
        # The order among equal totals is whatever this very call leaves, in scikit-learn too.
        return (-totals.astype(sum_dtype)).argsort()[: self.max_features]


def keep_all(tokens, min_n=1):
    """Prune nothing, not even a corpus without a term."""
    return Pruning(len(tokens.ends), min_df=0)


class Ngrams:
    """The n-grams found in documents that are common enough, numbered by first appearance.

    That is the order of document, then n, then place: scikit-learn's own.

    Parameters
    ----------
    tokens : Ragged of int32
        Token ids of each document.
    spelling : Spelling or Names
        The terms of these ids.
    ngram_range : (int, int)
        Fewest and most tokens in an n-gram.
    pruning : Pruning
        Which n-grams stay.
    n_jobs : int or None
    scripts : Scripts or None
        What n-grams there are where some tokens are characters and not words.

    Attributes
    ----------
    grams : Grams or SpelledNames
        The n-grams.
    n_features : int
        How many there are.
    pruning : Pruning
        As given.
    """

    def __init__(self, tokens, spelling, ngram_range, pruning, n_jobs=None, scripts=None):
        self.pruning = pruning
        self._ends, self.n_jobs = tokens.ends, n_jobs
        min_n, max_n = ngram_range if scripts is None else scripts.ngram_range
        may_begin = None if scripts is None else scripts.may_begin
        levels, sizes, frequencies = learn_levels(
            tokens, spelling.n_terms, max_n, pruning, n_jobs, may_begin
        )
        if scripts is not None:
            scripts.hide(levels, tokens.values)
        levels, sizes = levels[min_n - 1 :], sizes[min_n - 1 :]
        if pruning.is_idle:
            kept = np.ones(sum(sizes), np.bool_)
        else:
            kept = pruning.by_frequency(np.concatenate([[], *frequencies[min_n - 1 :]]))
        level_of, starts = rank_by_appearance(levels, tokens.ends, bases_of(sizes), kept)
        self._levels = levels
        self.grams = spelling.ngrams(tokens.values, starts, level_of + min_n)
        self.n_features = len(starts)

    def keep(self, kept):
        """Forget the n-grams that a mask excludes; the others are renumbered in order."""
        rank_by_appearance(self._levels, self._ends, np.zeros(len(self._levels), np.int64), kept)
        self.n_features = int(kept.sum())

    def totals(self, binary):
        """Return the count of each n-gram in the corpus, or of its documents if ``binary``."""
        if binary:
            return document_frequencies(self._levels, self._ends, self.n_features, self.n_jobs)
        return np.bincount(self._levels[self._levels >= 0], minlength=self.n_features)

    def counts(self, columns, dtype):
        """Return the counts as csr_array; n-gram i goes to ``columns[i]``, rows ordered by i."""
        return count_levels(self._levels, self._ends, columns, dtype, self.n_jobs)


def _totals(ngrams):
    """Return what the counts of each n-gram add up to, each being of the dtype of the matrix."""
    dtype = np.dtype(ngrams.pruning.dtype)
    if ngrams.pruning.binary or dtype == np.bool_:
        return ngrams.totals(True)
    if dtype.kind in "iu" and dtype.itemsize < 4:  # a count of one document may not fit
        identity = np.arange(ngrams.n_features, dtype=np.int32)
        return ngrams.counts(identity, dtype).sum(axis=0)
    return ngrams.totals(False)


def learn_vocabulary(ngrams):
    """Sort n-grams, apply ``max_features``, count.

    Parameters
    ----------
    ngrams : Ngrams or NgramsInWords

    Returns
    -------
    vocabulary : Terms or dict
        Term -> column, in order of first appearance; a dict where terms are any objects. Columns
        are in alphabetical order.
    counts : csr_array
        Within a row, entries stand in the order in which their terms first appeared in the corpus,
        as scikit-learn leaves them.
    """
    pruning = ngrams.pruning
    if not ngrams.n_features and pruning.is_idle:
        raise ValueError("empty vocabulary; perhaps the documents only contain stop words")
    if not ngrams.n_features:
        raise ValueError("After pruning, no terms remain. Try a lower min_df or a higher max_df.")
    grams = ngrams.grams
    order = grams.order(ngrams.n_jobs)
    if pruning.max_features is not None and len(order) > pruning.max_features:
        kept = np.zeros(len(order), np.bool_)
        kept[order[pruning.by_total(_totals(ngrams)[order])]] = True
        ngrams.keep(kept)
        order = (kept.cumsum() - 1)[order[kept[order]]]
        grams = grams.taken(np.flatnonzero(kept))
    columns = np.empty(len(order), np.int32)
    columns[order] = np.arange(len(order), dtype=np.int32)
    return vocabulary_of(grams, columns), ngrams.counts(columns, pruning.dtype)
