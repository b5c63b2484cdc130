"""From token ids to a count matrix: learn which n-grams there are, or look known ones up.

Token ids of all documents lie in one Ragged. `levels` is the table of all n-grams in it: its row
for n holds, at each token, the id of the n-gram of n tokens that starts there, or -1.
"""

from itertools import compress
from numbers import Integral
from typing import NamedTuple

import numpy as np
from scipy import sparse

from textvec._threads import bounds_of_parts, effective_n_jobs, equal_parts, run_parts, start
from textvec.kernels.counting import (
    blank,
    count_distinct,
    count_rows,
    hash_rows,
    intern_ngrams,
    product_distinct,
    product_rows,
    rank_by_appearance,
)
from textvec.kernels.hashing import count_hashes, murmur_hashes
from textvec.kernels.scanning import join_terms, leading_bytes, scan_characters, sort_ties
from textvec.ragged import Ragged
from textvec.sparse.rows import index_dtype, row_pointers
from textvec.text.vocabulary import Interner, encode, fold_table

_N_CODES = 0x110000
_MOST_IDS = np.iinfo(np.int32).max  # of n-grams
_STRINGS_AT_ONCE = 1 << 12  # made without a break, then other threads may have the GIL


class Spelling(NamedTuple):
    """How n-grams are written: terms as UTF-8, and what stands between and behind them.

    Parameters
    ----------
    store : ndarray of uint8
    offsets : ndarray of int64
        Term t is ``store[offsets[t]:offsets[t + 1]]``.
    n_terms : int
    inner : str
        Written between the tokens of an n-gram.
    outer : str
        A character that is in no n-gram.
    """

    store: np.ndarray
    offsets: np.ndarray
    n_terms: int
    inner: str
    outer: str

    @classmethod
    def of_words(cls, interner):
        """Spell words, which hold no white space, with one space between them."""
        return cls(interner.store, interner.offsets, interner.n_terms, " ", "\n")

    @classmethod
    def of_strings(cls, terms):
        """Spell any str that hold no space, with one space between them."""
        text, ends, _ = encode(terms)
        used = {" "}.union(*terms)
        outer = next(char for char in map(chr, range(_N_CODES)) if char not in used)
        return cls(text, np.concatenate([[0], ends]), len(terms), " ", outer)

    @classmethod
    def of_codes(cls, codes):
        """Spell the characters whose code points are ids, with nothing between them."""
        is_used = np.zeros(_N_CODES, np.bool_)
        is_used[codes] = True
        text, ends, _ = encode(list(map(chr, np.flatnonzero(is_used).tolist())))
        offsets = np.zeros(_N_CODES + 1, np.int64)
        offsets[1:][is_used] = np.diff(ends, prepend=0)
        return cls(text, offsets.cumsum(), _N_CODES, "", chr(is_used.argmin()))

    def spell(self, tokens, starts, lengths):
        """Return the n-grams of ``lengths`` tokens that begin at ``starts`` as `Spelled`."""
        inner, outer = (np.frombuffer(bytearray(part, "utf-8"), np.uint8) for part in self[3:])
        text, ends = join_terms(self.store, self.offsets, tokens, starts, lengths, inner, outer)
        return Spelled(text, _begins(ends, len(outer)), ends, self.outer)


class Spelled(NamedTuple):
    """Strings in one UTF-8 buffer: string s is ``text[begins[s]:ends[s]]``, then ``outer``."""

    text: np.ndarray
    begins: np.ndarray
    ends: np.ndarray
    outer: str

    def names(self):
        """Return the strings as a list of str."""
        names = []
        for first in range(0, len(self.ends), _STRINGS_AT_ONCE):
            last = min(first + _STRINGS_AT_ONCE, len(self.ends)) - 1
            text = bytes(self.text[self.begins[first] : self.ends[last]])
            names += text.decode("utf-8", "surrogatepass").split(self.outer)
        return names

    def order(self, n_jobs=None):
        """Return the numbers of the strings in alphabetical order."""
        leading = leading_bytes(self.text, self.begins, self.ends)
        order = np.argsort(leading)

        def sort(first, end):
            sort_ties(order, first, end, leading, self.text, self.begins, self.ends)

        run_parts(sort, equal_parts(len(order), n_jobs), n_jobs)
        return order


class Names(NamedTuple):
    """How tokens are named that are any Python objects, each a feature of its own."""

    terms: list

    @property
    def n_terms(self):
        """How many terms there are."""
        return len(self.terms)

    def spell(self, tokens, starts, lengths):
        """Return the terms at ``starts`` as `SpelledNames`."""
        return SpelledNames([self.terms[token] for token in tokens[starts].tolist()])


class SpelledNames(NamedTuple):
    """Terms that are any Python objects, behind the interface of `Spelled`."""

    terms: list

    def names(self):
        """Return the terms."""
        return self.terms

    def order(self, n_jobs=None):
        """Return the numbers of the terms in their order."""
        return np.array(sorted(range(len(self.terms)), key=self.terms.__getitem__), np.int64)


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

    Attributes
    ----------
    spelled : Spelled or SpelledNames
        The n-grams.
    n_features : int
        How many there are.
    pruning : Pruning
        As given.
    """

    def __init__(self, tokens, spelling, ngram_range, pruning, n_jobs=None):
        self.pruning = pruning
        self._ends, self.n_jobs = tokens.ends, n_jobs
        min_n, max_n = ngram_range
        levels, sizes, frequencies = _learn_levels(tokens, spelling.n_terms, max_n, pruning, n_jobs)
        levels, sizes = levels[min_n - 1 :], sizes[min_n - 1 :]
        if pruning.is_idle:
            kept = np.ones(sum(sizes), np.bool_)
        else:
            kept = pruning.by_frequency(np.concatenate([[], *frequencies[min_n - 1 :]]))
        level_of, starts = rank_by_appearance(levels, tokens.ends, _bases(sizes), kept)
        self._levels = levels
        self.spelled = spelling.spell(tokens.values, starts, level_of + min_n)
        self.n_features = len(starts)

    def keep(self, kept):
        """Forget the n-grams that a mask excludes; the others are renumbered in order."""
        rank_by_appearance(self._levels, self._ends, np.zeros(len(self._levels), np.int64), kept)
        self.n_features = int(kept.sum())

    def totals(self, binary):
        """Return the count of each n-gram in the corpus, or of its documents if ``binary``."""
        if binary:
            return _document_frequencies(self._levels, self._ends, self.n_features, self.n_jobs)
        return np.bincount(self._levels[self._levels >= 0], minlength=self.n_features)

    def counts(self, columns, dtype):
        """Return the counts as csr_array; n-gram i goes to ``columns[i]``, rows ordered by i."""
        return _count(self._levels, self._ends, columns, dtype, self.n_jobs)


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
        self._by_word, codes = _cut_words(words, interner, n_jobs)
        self._ends = codes.ends
        levels, sizes, _ = _learn_levels(
            codes, _N_CODES, ngram_range[1], Pruning(len(codes.ends), min_df=0), n_jobs
        )
        self._levels = _only_inside_words(levels, codes.ends, ngram_range[0])
        level_of, starts = rank_by_appearance(
            self._levels, codes.ends, _bases(sizes), np.ones(sum(sizes), np.bool_)
        )
        self.n_features = len(starts)
        self._cut_rows()
        kept = pruning.by_frequency(self._frequencies)
        if not kept.all():
            self.keep(kept)
            level_of, starts = level_of[kept], starts[kept]
        self.spelled = Spelling.of_codes(codes.values).spell(codes.values, starts, level_of + 1)

    def _cut_rows(self):
        identity = np.arange(self.n_features, dtype=np.int32)
        self._by_gram = _count(self._levels, self._ends, identity, np.int32, self.n_jobs)
        self._row_lengths, self._frequencies = _product_distinct(
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
        return _product(
            self._by_word, self._by_gram, self._row_lengths, columns, dtype, self.n_jobs
        )


def learn_vocabulary(ngrams):
    """Sort n-grams, apply ``max_features``, count.

    Parameters
    ----------
    ngrams : Ngrams or NgramsInWords

    Returns
    -------
    vocabulary : dict
        Term -> column, in order of first appearance. Columns are in alphabetical order.
    counts : csr_array
        Within a row, entries stand in the order in which their terms first appeared in the corpus,
        as scikit-learn leaves them.
    """
    pruning = ngrams.pruning
    if not ngrams.n_features:
        raise ValueError("After pruning, no terms remain. Try a lower min_df or a higher max_df.")
    order = start(ngrams.spelled.order, ngrams.n_jobs, n_jobs=ngrams.n_jobs)
    names = ngrams.spelled.names()  # strings are made under the GIL, all else is not
    order = order()
    if pruning.max_features is not None and len(names) > pruning.max_features:
        kept = np.zeros(len(names), np.bool_)
        kept[order[pruning.by_total(ngrams.totals(pruning.binary)[order])]] = True
        ngrams.keep(kept)
        order = (kept.cumsum() - 1)[order[kept[order]]]
        names = list(compress(names, kept.tolist()))
    columns = np.empty(len(order), np.int32)
    columns[order] = np.arange(len(order), dtype=np.int32)
    counts = start(ngrams.counts, columns, pruning.dtype, n_jobs=ngrams.n_jobs)
    vocabulary, numbers = {}, columns.tolist()
    for first in range(0, len(names), _STRINGS_AT_ONCE):
        part = slice(first, first + _STRINGS_AT_ONCE)
        vocabulary.update(zip(names[part], numbers[part], strict=True))
    return vocabulary, counts()


def hash_counts(ngrams, n_columns, alternate_sign, dtype):
    """Count n-grams into the columns that the MurmurHash3 of their names gives.

    Parameters
    ----------
    ngrams : Ngrams or NgramsInWords
    n_columns : int
    alternate_sign : bool
        Whether half of the names count negative.
    dtype : dtype
        Of the counts.

    Returns
    -------
    csr_array
        Indices sorted; names that fall into one column are summed, sums of 0 included.
    """
    spelled = ngrams.spelled
    if isinstance(spelled, SpelledNames):
        names = spelled.names()
        if not all(isinstance(name, str) for name in names):
            raise TypeError("Features must be str to be hashed: the analyzer gave others.")
        text, ends, _ = encode(names)
        spelled = Spelled(text, _begins(ends), ends, "")
    hashes = murmur_hashes(spelled.text, spelled.begins, spelled.ends)
    used, column_numbers = np.unique(np.abs(hashes) % n_columns, return_inverse=True)
    signs = np.where(hashes < 0, -1, 1) if alternate_sign else np.ones(len(hashes), np.int64)
    counts = ngrams.counts(np.arange(len(hashes), dtype=np.int32), np.int64)
    indptr, indices, data = hash_rows(
        counts.indptr, counts.indices, counts.data, column_numbers, signs, used
    )
    shape = len(indptr) - 1, n_columns
    return sparse.csr_array((data, indices, indptr), shape=shape, dtype=dtype)


def count_hashed(hashes, n_columns, alternate_sign, dtype):
    """Count tokens by their hashes: as `hash_counts`, for features that are single words.

    Parameters
    ----------
    hashes : Ragged of int32
        The MurmurHash3 of each token.
    n_columns, alternate_sign, dtype
        As in `hash_counts`.

    Returns
    -------
    csr_array
        Indices sorted; hashes that fall into one column are summed, sums of 0 included.
    """
    integers = index_dtype(len(hashes.values))
    indptr = np.empty(len(hashes.ends) + 1, integers)
    indices = np.empty(len(hashes.values), integers)
    data = np.empty(len(indices), np.float64 if dtype == np.float64 else np.int64)
    count_hashes(*hashes, n_columns, alternate_sign, indptr, indices, data)
    data, indices = data[: indptr[-1]].copy(), indices[: indptr[-1]].copy()
    shape = len(indptr) - 1, n_columns
    return sparse.csr_array((data, indices, indptr), shape=shape, dtype=dtype)


class KnownNgrams:
    """The n-grams of a vocabulary, for looking up those of new documents.

    Parameters
    ----------
    terms : list
        The n-grams. What is no str, or no n-gram of the range, matches nothing.
    columns : list of int
        The column of each.
    max_n : int
        Most tokens in an n-gram.
    dropped : sequence of str or None
        Stop words, if tokens are words; None if tokens are characters.
    """

    def __init__(self, terms, columns, max_n, dropped=None):
        self.n_columns = len(terms)
        usable = [isinstance(term, str) and term != "" for term in terms]
        terms = list(compress(terms, usable))
        columns = np.array(columns, np.int32)[np.array(usable, np.bool_)]
        self.interner = None if dropped is None else Interner(dropped)
        tokens, is_exact = self._tokens(terms)
        n_terms = _N_CODES if dropped is None else self.interner.n_terms
        starts = _begins(tokens.ends)
        lengths = tokens.ends - starts
        # columns_of_ids[n - 1][i]: the column of n-gram i of n tokens, or -1; also at i = -1
        self.columns_of_ids, self.tables = [], [None]
        level = tokens.values
        size = n_terms
        for n in range(1, min(max_n, lengths.max(initial=1)) + 1):
            if n > 1:
                prefixes, level = level, np.full_like(tokens.values, -1)
                table, size = _learn_level(prefixes, tokens, n, 1, level)
                self.tables.append(table)
            column_of = np.full(size + 1, -1, np.int32)
            chosen = is_exact & (lengths == n)
            column_of[level[starts[chosen]]] = columns[chosen]
            self.columns_of_ids.append(column_of)

    def _tokens(self, terms):
        """Cut terms into tokens; return them and which terms are spelled by theirs."""
        if self.interner is None:
            text = bytearray("".join(terms), "utf-32-le", "surrogatepass")
            codes = np.frombuffer(text, np.int32)  # writable, as all: or kernels compile anew
            ends = np.fromiter(map(len, terms), np.int64, len(terms)).cumsum()
            return Ragged(codes, ends), np.ones(len(terms), np.bool_)
        text, ends, _ = encode(terms)
        fold = fold_table("no blank", False, False)
        tokens = self.interner.scan(text, ends, fold, n_dropped=self.interner.n_dropped)
        spelled = np.concatenate([[0], np.diff(self.interner.offsets)[tokens.values].cumsum()])
        n_bytes = np.diff(spelled[tokens.ends], prepend=0)
        n_spaces = np.diff(tokens.ends, prepend=0) - 1
        return tokens, n_bytes + n_spaces == np.diff(ends, prepend=0)

    def levels(self, tokens, n_jobs=None):
        """Return levels of columns instead of ids: int32 of shape (max_n, n_tokens)."""
        levels = np.empty((len(self.tables), len(tokens.values)), np.int32)
        ids = tokens.values
        np.take(self.columns_of_ids[0], ids, out=levels[0], mode="wrap")
        for n, table in enumerate(self.tables[1:], start=2):
            prefixes, ids = ids, np.full_like(ids, -1)

            def look_up(first, last, prefixes=prefixes, n=n, table=table, ids=ids):
                intern_ngrams(
                    prefixes, tokens.values, tokens.ends, first, last, n, 0, 1, False, table, 0, ids
                )

            run_parts(look_up, _parts(tokens.ends, n_jobs), n_jobs)
            np.take(self.columns_of_ids[n - 1], ids, out=levels[n - 1], mode="wrap")
        return levels

    def count(self, tokens, min_n, dtype, n_jobs=None):
        """Count the known n-grams of documents: a csr_array with sorted indices."""
        levels = self.levels(tokens, n_jobs)[min_n - 1 :]
        columns = np.arange(self.n_columns, dtype=np.int32)
        return _count(levels, tokens.ends, columns, dtype, n_jobs)

    def count_in_words(self, words, interner, ngram_range, dtype, n_jobs=None):
        """Count the known character n-grams inside words: a csr_array with sorted indices."""
        by_word, codes = _cut_words(words, interner, n_jobs)
        levels = _only_inside_words(self.levels(codes, n_jobs), codes.ends, ngram_range[0])
        columns = np.arange(self.n_columns, dtype=np.int32)
        by_gram = _count(levels, codes.ends, columns, np.int32, n_jobs)
        row_lengths, _ = _product_distinct(by_word, by_gram, n_jobs)
        return _product(by_word, by_gram, row_lengths, columns, dtype, n_jobs)


def count_known(columns, n_columns, dtype, n_jobs=None):
    """Count columns that were looked up one by one: a csr_array with sorted indices."""
    identity = np.arange(n_columns, dtype=np.int32)
    return _count(columns.values[np.newaxis], columns.ends, identity, dtype, n_jobs)


def _parts(ends, n_jobs):
    return bounds_of_parts(ends, effective_n_jobs(n_jobs))


def _begins(ends, gap=0):
    """Where rows begin that lie end to end with a gap between them."""
    begins = np.zeros_like(ends)
    begins[1:] = ends[:-1] + gap
    return begins


def _bases(sizes):
    return np.cumsum([0, *sizes[:-1]])


def _learn_level(prefixes, tokens, n, n_jobs, ids):
    """Write the level of n into ids, all -1; return the table of its first part, and its size."""
    n_parts = effective_n_jobs(n_jobs)

    def learn(part):
        n_slots = 1 << max(10, (len(ids) // (2 * n_parts)).bit_length())
        table = np.zeros(2 * n_slots, np.uint64)
        return intern_ngrams(
            prefixes, tokens.values, tokens.ends, 0, len(tokens.ends),
            n, part, n_parts, True, table, 0, ids,
        )  # fmt: skip

    learned = run_parts(learn, [(part,) for part in range(n_parts)], n_jobs)
    return learned[0][0], n_parts * max(n_ids for _, n_ids in learned)


def _learn_levels(tokens, n_terms, max_n, pruning, n_jobs):
    """Return the levels of 1 to max_n, their sizes, and the document frequencies of their ids.

    What is in too few documents is left out of longer n-grams at once: they are in fewer still.
    """
    max_n = max(1, min(max_n, np.diff(tokens.ends, prepend=0).max(initial=0)))
    levels = np.empty((max_n, len(tokens.values)), np.int32)
    levels[0], levels[1:] = tokens.values, -1
    sizes, frequencies = [n_terms], []
    for n in range(1, max_n + 1):
        if n > 1:
            _, size = _learn_level(levels[n - 2], tokens, n, n_jobs, levels[n - 1])
            sizes.append(size)
        if sum(sizes) > _MOST_IDS:
            raise ValueError(
                f"There are {sum(sizes)} different n-grams up to {n} tokens, and ids are of 32 "
                "bits. Raise min_df, lower ngram_range, or use HashingVectorizer."
            )
        if pruning.is_idle:
            continue
        level = levels[n - 1 : n]
        frequencies.append(_document_frequencies(level, tokens.ends, sizes[-1], n_jobs))
        if pruning.low > 1:
            _blank(levels[n - 1], frequencies[-1] >= pruning.low, n_jobs)
    return levels, sizes, frequencies


def _blank(ids, kept, n_jobs):
    def work(first, last):
        blank(ids[first:last], kept)

    run_parts(work, equal_parts(len(ids), n_jobs), n_jobs)


def _document_frequencies(levels, ends, n_features, n_jobs):
    def count(first, last):
        return count_distinct(levels, ends, first, last, n_features)[1]

    return sum(run_parts(count, _parts(ends, n_jobs), n_jobs), start=np.zeros(n_features, np.int32))


def _filled(row_lengths, n_columns, dtype, fill, parts, n_jobs):
    """Return the csr_array whose rows ``fill(first, last, indptr, indices, data)`` writes."""
    indptr = row_pointers(row_lengths)
    indices = np.empty(indptr[-1], indptr.dtype)
    # two types of data, so that kernels are compiled for no more; others are converted at the end
    data = np.empty(indptr[-1], np.float64 if dtype == np.float64 else np.int64)
    run_parts(lambda first, last: fill(first, last, indptr, indices, data), parts, n_jobs)
    shape = len(indptr) - 1, n_columns
    return sparse.csr_array((data, indices, indptr), shape=shape, dtype=dtype)


def _count(levels, ends, columns, dtype, n_jobs):
    parts = _parts(ends, n_jobs)

    def lengths(first, last):
        return count_distinct(levels, ends, first, last, len(columns))[0]

    def fill(first, last, indptr, indices, data):
        count_rows(levels, ends, first, last, indptr, columns, indices, data)

    row_lengths = np.concatenate([np.zeros(0, np.int64), *run_parts(lengths, parts, n_jobs)])
    return _filled(row_lengths, len(columns), dtype, fill, parts, n_jobs)


def _cut_words(words, interner, n_jobs):
    """Return documents x distinct words as csr_array, and the characters of " word " for each."""
    level = words.values[np.newaxis].copy()
    everything = np.ones(interner.n_terms, np.bool_)
    _, starts = rank_by_appearance(level, words.ends, np.zeros(1, np.int64), everything)
    identity = np.arange(len(starts), dtype=np.int32)
    by_word = _count(level, words.ends, identity, np.int64, n_jobs)
    space = np.full(1, 0x20, np.uint8)
    text, ends = join_terms(
        interner.store, interner.offsets, words.values, starts, np.ones_like(starts),
        space, np.concatenate([space, space]),
    )  # fmt: skip
    # "w w  " with a space before it is " w " for each word, end to end
    text = np.concatenate([space, text])
    fold = fold_table("all", False, False)
    codes = scan_characters(text, ends + 2, fold, np.zeros(len(fold), np.bool_))
    return by_word, Ragged(*codes)


def _only_inside_words(levels, ends, min_n):
    """Blank the levels below min_n, but for words that are shorter: those count once, whole."""
    starts = _begins(ends)
    lengths = ends - starts
    for n in range(1, min(min_n, len(levels) + 1)):
        whole = starts[lengths == n]
        ids = levels[n - 1, whole]
        levels[n - 1] = -1
        levels[n - 1, whole] = ids
    return levels


def _product_distinct(by_word, by_gram, n_jobs):
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

    counted = run_parts(count, _parts(by_word.indptr[1:], n_jobs), n_jobs)
    row_lengths = np.concatenate([np.zeros(0, np.int64), *(lengths for lengths, _ in counted)])
    return row_lengths, sum((found for _, found in counted), start=np.zeros(n_features, np.int32))


def _product(by_word, by_gram, row_lengths, columns, dtype, n_jobs):
    def fill(first, last, indptr, indices, data):
        product_rows(
            by_word.indptr, by_word.indices, by_word.data,
            by_gram.indptr, by_gram.indices, by_gram.data,
            first, last, indptr, columns, indices, data,
        )  # fmt: skip

    parts = _parts(by_word.indptr[1:], n_jobs)
    return _filled(row_lengths, len(columns), dtype, fill, parts, n_jobs)
