"""The n-grams of a vocabulary, looked up in new documents."""

from itertools import compress

import numpy as np

from textvec._threads import run_parts
from textvec.kernels.counting import intern_ngrams
from textvec.kernels.scanning import find_pieces, find_tokens
from textvec.ragged import Ragged
from textvec.sparse.levels import count_levels, learn_level, parts_of
from textvec.sparse.mixed import Scripts
from textvec.sparse.ngrams_in_words import (
    cut_words,
    distinct_in_product,
    only_inside_words,
    product_of,
)
from textvec.sparse.spelling import N_CODES, begins_of
from textvec.text.vocabulary import Interner, encode, fold_table, hash_seeds


class KnownNgrams:
    """The n-grams of a vocabulary, for looking up those of new documents.

    Parameters
    ----------
    terms : list
        The n-grams. What is no str, or no n-gram of the range, matches nothing.
    columns : list of int
        The column of each.
    ngram_range : (int, int)
        Fewest and most tokens in an n-gram.
    dropped : sequence of str or None
        Stop words, if tokens are words; None if tokens are characters.
    stop_words : sequence of str or None
        All stop words, if tokens are words and single characters, see `Scripts`.
    """

    def __init__(self, terms, columns, ngram_range, dropped=None, stop_words=None):
        self.n_columns = len(terms)
        self.ngram_range = ngram_range
        self._seeds = hash_seeds()
        usable = [isinstance(term, str) and term != "" for term in terms]
        terms = list(compress(terms, usable))
        columns = np.array(columns, np.int32)[np.array(usable, np.bool_)]
        self.interner = None if dropped is None else Interner(dropped)
        tokens, is_exact = self._tokens(terms, stop_words)
        n_terms = N_CODES if dropped is None else self.interner.n_terms
        starts = begins_of(tokens.ends)
        lengths = tokens.ends - starts
        # columns_of_ids[n - 1][i]: the column of n-gram i of n tokens, or -1; also at i = -1
        self.columns_of_ids, self.tables = [], [None]
        level = tokens.values
        size = n_terms
        for n in range(1, min(self.ngram_range[1], lengths.max(initial=1)) + 1):
            if n > 1:
                prefixes, level = level, np.full_like(tokens.values, -1)
                table, size = learn_level(prefixes, tokens, n, 1, level, self._seeds)
                self.tables.append(table)
            column_of = np.full(size + 1, -1, np.int32)
            chosen = is_exact & (lengths == n)
            column_of[level[starts[chosen]]] = columns[chosen]
            self.columns_of_ids.append(column_of)

    def _tokens(self, terms, stop_words):
        """Cut terms into tokens; return them and which terms are n-grams, spelled by theirs."""
        if self.interner is None:
            text = bytearray("".join(terms), "utf-32-le", "surrogatepass")
            codes = np.frombuffer(text, np.int32)  # writable, as all: or kernels compile anew
            ends = np.fromiter(map(len, terms), np.int64, len(terms)).cumsum()
            return Ragged(codes, ends), np.ones(len(terms), np.bool_)
        text, ends, _ = encode(terms)
        in_pieces = stop_words is not None
        find = find_pieces if in_pieces else find_tokens
        fold = fold_table("no blank", False, False, in_pieces)
        found = find(text, ends, fold, 1)
        del text  # of terms that are large, none is kept twice
        tokens = self.interner.ids_of(found, in_pieces=in_pieces)
        lengths = np.diff(tokens.ends, prepend=0)
        n_spaces = lengths - 1
        n_bytes_of = np.append(np.diff(self.interner.offsets[: self.interner.n_terms + 1]), 0)
        n_bytes = np.concatenate([[0], n_bytes_of[tokens.values].cumsum()])
        n_bytes = np.diff(n_bytes[tokens.ends], prepend=0)
        if not in_pieces:
            return tokens, n_bytes + n_spaces == np.diff(ends, prepend=0)
        scripts = Scripts(self.interner, self.ngram_range, stop_words)
        self.ngram_range = scripts.ngram_range
        firsts = np.append(tokens.values, -1)[begins_of(tokens.ends)]
        n_spaces[scripts.alone[firsts]] = 0
        is_exact = n_bytes + n_spaces == np.diff(ends, prepend=0)
        return tokens, is_exact & scripts.are_features(firsts, lengths, terms)

    def levels(self, tokens, n_jobs=None):
        """Return levels of columns instead of ids: int32 of shape (max_n, n_tokens)."""
        levels = np.empty((len(self.tables), len(tokens.values)), np.int32)
        ids = tokens.values
        np.take(self.columns_of_ids[0], ids, out=levels[0], mode="wrap")
        for n, table in enumerate(self.tables[1:], start=2):
            prefixes, ids = ids, np.full_like(ids, -1)

            def look_up(first, last, prefixes=prefixes, n=n, table=table, ids=ids):
                intern_ngrams(
                    prefixes, tokens.values, tokens.ends, first, last,
                    n, 0, 1, False, self._seeds, table, 0, ids,
                )  # fmt: skip

            run_parts(look_up, parts_of(tokens.ends, n_jobs), n_jobs)
            np.take(self.columns_of_ids[n - 1], ids, out=levels[n - 1], mode="wrap")
        return levels

    def count(self, tokens, dtype, n_jobs=None):
        """Count the known n-grams of documents: a csr_array with sorted indices."""
        levels = self.levels(tokens, n_jobs)[self.ngram_range[0] - 1 :]
        columns = np.arange(self.n_columns, dtype=np.int32)
        return count_levels(levels, tokens.ends, columns, dtype, n_jobs)

    def count_in_words(self, words, interner, dtype, n_jobs=None):
        """Count the known character n-grams inside words: a csr_array with sorted indices."""
        by_word, codes = cut_words(words, interner, n_jobs)
        levels = only_inside_words(self.levels(codes, n_jobs), codes.ends, self.ngram_range[0])
        columns = np.arange(self.n_columns, dtype=np.int32)
        by_gram = count_levels(levels, codes.ends, columns, np.int32, n_jobs)
        row_lengths, _ = distinct_in_product(by_word, by_gram, n_jobs)
        return product_of(by_word, by_gram, row_lengths, columns, dtype, n_jobs)


def count_known(columns, n_columns, dtype, n_jobs=None):
    """Count columns that were looked up one by one: a csr_array with sorted indices."""
    identity = np.arange(n_columns, dtype=np.int32)
    return count_levels(columns.values[np.newaxis], columns.ends, identity, dtype, n_jobs)
