"""The n-grams of a vocabulary, looked up in new documents."""

from itertools import compress
from typing import NamedTuple

import numpy as np
from scipy import sparse

from textvec.kernels.counting import intern_ngrams
from textvec.kernels.merging import lay_out
from textvec.kernels.scanning import find_pieces, find_tokens, scan_characters
from textvec.ragged import Ragged
from textvec.sparse.levels import MUCH_LARGER, count_levels, learn_level
from textvec.sparse.mixed import Scripts
from textvec.sparse.ngrams_in_words import (
    cut_words,
    distinct_in_product,
    only_inside_words,
    product_of,
)
from textvec.sparse.spelling import N_CODES, begins_of
from textvec.text.vocabulary import Interner, encode, fold_table, hash_seeds


class Analysis(NamedTuple):
    """What decides which n-grams a document has, so far as lookups depend on it.

    Parameters
    ----------
    kind : str
        As `CompiledAnalyzer._analysis` says.
    ngram_range : (int, int)
        Fewest and most tokens in an n-gram.
    dropped : list of str or None
        Stop words, if tokens are words; None if tokens are characters.
    stop_words : list of str or None
        All stop words, if tokens are words and single characters, see `Scripts`.
    """

    kind: str
    ngram_range: tuple[int, int]
    dropped: list[str] | None = None
    stop_words: list[str] | None = None


class KnownNgrams:
    """The n-grams of a vocabulary, for looking up those of new documents.

    Parameters
    ----------
    tokens : Ragged of int32
        The tokens of each term.
    are_exact : ndarray of bool
        Whether a term is an n-gram of its tokens; what is none matches nothing.
    columns : ndarray of int32
        The column of each term.
    n_columns : int
        How many there are, terms that are no str among them.
    ngram_range : (int, int)
        Fewest and most tokens in an n-gram.
    interner : Interner or None
        What tokens that are words are in, stop words first; None if tokens are characters.
    """

    def __init__(self, tokens, are_exact, columns, n_columns, ngram_range, interner):
        self.ngram_range = ngram_range
        self.interner = interner
        self._columns = np.arange(n_columns, dtype=np.int32)
        self._seeds = hash_seeds() if interner is None else interner.seeds
        starts = begins_of(tokens.ends)
        lengths = tokens.ends - starts
        # columns_of_ids[n - 1][i]: the column of n-gram i of n tokens, or -1; also at i = -1
        self.columns_of_ids, self.tables = [], [None]
        level = tokens.values
        size = N_CODES if interner is None else interner.n_terms
        for n in range(1, min(self.ngram_range[1], lengths.max(initial=1)) + 1):
            if n > 1:
                prefixes, level = level, np.full_like(tokens.values, -1)
                table, size = learn_level(prefixes, tokens, n, 1, level, self._seeds)
                self.tables.append(table)
            column_of = np.full(size + 1, -1, np.int32)
            chosen = are_exact & (lengths == n)
            column_of[level[starts[chosen]]] = columns[chosen]
            self.columns_of_ids.append(column_of)

    @classmethod
    def of_terms(cls, terms, analysis):
        """Make ready `Terms`: by the tokens that ``fit`` found, if this is its analysis."""
        grams = vars(terms).get("grams")
        if (
            grams is None
            or terms.analysis != analysis
            or (grams.spelling.interner is None and analysis.dropped is not None)
        ):
            spelled = terms.spelled
            text = lay_out(spelled.text, spelled.begins, spelled.ends, np.arange(len(terms)))
            ends = (spelled.ends - spelled.begins).cumsum()
            return cls._of_text(text, ends, terms.names, terms.columns, len(terms), analysis)
        ngram_range = analysis.ngram_range
        if grams.spelling.alone is not None:
            ngram_range = 1, max(2, ngram_range[1])
        are_exact = np.ones(len(terms), np.bool_)
        interner = grams.spelling.interner
        return cls(grams.tokens, are_exact, terms.columns, len(terms), ngram_range, interner)

    @classmethod
    def of_dict(cls, names, columns, analysis):
        """Make ready the keys and values of a dict; what is no str matches nothing."""
        usable = [isinstance(name, str) and name != "" for name in names]
        found = list(compress(names, usable))
        text, ends, _ = encode(found)
        columns = np.array(columns, np.int32)[np.array(usable, np.bool_)]
        return cls._of_text(text, ends, lambda: found, columns, len(names), analysis)

    @classmethod
    def _of_text(cls, text, ends, names, columns, n_columns, analysis):
        """Cut terms that lie end to end into tokens; ``names()`` returns them as str."""
        _, ngram_range, dropped, stop_words = analysis
        if dropped is None:
            fold = fold_table("all", False, False)
            tokens = Ragged(*scan_characters(text, ends, fold, np.zeros(len(fold), np.bool_)))
            are_exact = np.ones(len(ends), np.bool_)
            return cls(tokens, are_exact, columns, n_columns, ngram_range, None)
        interner = Interner(dropped)
        in_pieces = stop_words is not None
        find = find_pieces if in_pieces else find_tokens
        found = find(text, ends, fold_table("no blank", False, False, in_pieces), 1)
        del text  # of terms that are large, none is kept twice
        tokens = interner.ids_of(found, in_pieces=in_pieces)
        lengths = np.diff(tokens.ends, prepend=0)
        n_spaces = lengths - 1
        n_bytes_of = np.append(np.diff(interner.offsets[: interner.n_terms + 1]), 0)
        n_bytes = np.concatenate([[0], n_bytes_of[tokens.values].cumsum()])
        n_bytes = np.diff(n_bytes[tokens.ends], prepend=0)
        if in_pieces:
            scripts = Scripts(interner, ngram_range, stop_words)
            ngram_range = scripts.ngram_range
            firsts = np.append(tokens.values, -1)[begins_of(tokens.ends)]
            n_spaces[scripts.alone[firsts]] = 0
        are_exact = n_bytes + n_spaces == np.diff(ends, prepend=0)
        if in_pieces:
            are_exact &= scripts.are_features(firsts, lengths, names)
        return cls(tokens, are_exact, columns, n_columns, ngram_range, interner)

    def levels(self, tokens):
        """Return levels of columns instead of ids: int32 of shape (max_n, n_tokens)."""
        levels = np.empty((len(self.tables), len(tokens.values)), np.int32)
        ids = tokens.values
        np.take(self.columns_of_ids[0], ids, out=levels[0], mode="wrap")
        for n, table in enumerate(self.tables[1:], start=2):
            prefixes, ids = ids, np.full_like(ids, -1)
            intern_ngrams(
                prefixes, tokens.values, tokens.ends, 0, len(tokens.ends),
                n, 0, 1, False, self._seeds, table, 0, ids,
            )  # fmt: skip
            np.take(self.columns_of_ids[n - 1], ids, out=levels[n - 1], mode="wrap")
        return levels

    def count(self, tokens, dtype):
        """Count the known n-grams of a block: a csr_array with sorted indices."""
        levels = self.levels(tokens)[self.ngram_range[0] - 1 :]
        return count_levels(levels, tokens.ends, self._columns, dtype, 1)

    def count_in_words(self, words, interner, dtype):
        """Count the known character n-grams inside words: a csr_array with sorted indices."""
        by_word, codes = cut_words(words, interner, 1)
        levels = only_inside_words(self.levels(codes), codes.ends, self.ngram_range[0])
        columns = self._columns
        by_gram = count_levels(levels, codes.ends, columns, np.int32, 1)
        if MUCH_LARGER * by_gram.nnz < len(columns):  # few documents: the product is of the used
            columns, used = np.unique(by_gram.indices, return_inverse=True)
            shape = by_gram.shape[0], len(columns)
            by_gram = sparse.csr_array((by_gram.data, used, by_gram.indptr), shape=shape)
        row_lengths, _ = distinct_in_product(by_word, by_gram, 1)
        counts = product_of(by_word, by_gram, row_lengths, columns, dtype, 1)
        counts.resize(counts.shape[0], len(self._columns))
        return counts


def count_known(columns, n_columns, dtype, n_jobs=None):
    """Count columns that were looked up one by one: a csr_array with sorted indices."""
    identity = np.arange(n_columns, dtype=np.int32)
    return count_levels(columns.values[np.newaxis], columns.ends, identity, dtype, n_jobs)
