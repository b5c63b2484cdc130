"""How n-grams are written: from token ids to strings, and these in their order."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from textvec._threads import equal_parts, run_parts
from textvec.kernels.scanning import join_terms, leading_bytes, order_by_tokens, sort_ties
from textvec.ragged import Ragged
from textvec.sparse.rows import threads_for
from textvec.text.vocabulary import Interner, encode

N_CODES = 0x110000  # characters of Unicode
STRINGS_AT_ONCE = 1 << 12  # made without a break, then other threads may have the GIL


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
    alone : ndarray of bool of shape (n_terms,) or None
        Terms between which nothing is written.
    interner : Interner or None
        What terms that are words are in.
    """

    store: np.ndarray
    offsets: np.ndarray
    n_terms: int
    inner: str
    outer: str
    alone: np.ndarray | None = None
    interner: Interner | None = None

    @classmethod
    def of_words(cls, interner, alone=None):
        """Spell words, which hold no white space, with one space between them."""
        return cls(interner.store, interner.offsets, interner.n_terms, " ", "\n", alone, interner)

    @classmethod
    def of_strings(cls, terms):
        """Spell any str that hold no space, with one space between them."""
        text, ends, _ = encode(terms)
        used = {" "}.union(*terms)
        outer = next(char for char in map(chr, range(N_CODES)) if char not in used)
        return cls(text, np.concatenate([[0], ends]), len(terms), " ", outer)

    def is_ordered_by_tokens(self):
        """Whether n-grams stand in the order of their tokens: words of nothing below the space."""
        n_bytes = self.offsets[self.n_terms]
        return not self.inner or self.store[:n_bytes].min(initial=0xFF) > ord(self.inner)

    def ranks(self, tokens):
        """Return the place among these tokens of each term, from 1 on, in alphabetical order."""
        used = np.zeros(self.n_terms, np.bool_)
        used[tokens] = True
        if not self.inner:  # ids are code points
            return used.cumsum()
        used = np.flatnonzero(used)
        terms = Spelled(self.store, self.offsets[used], self.offsets[used + 1], "")
        ranks = np.zeros(self.n_terms, np.int64)
        ranks[used[terms.order()]] = np.arange(1, len(used) + 1)
        return ranks

    @classmethod
    def of_codes(cls, codes):
        """Spell the characters whose code points are ids, with nothing between them."""
        is_used = np.zeros(N_CODES, np.bool_)
        is_used[codes] = True
        text, ends, _ = encode(list(map(chr, np.flatnonzero(is_used).tolist())))
        offsets = np.zeros(N_CODES + 1, np.int64)
        offsets[1:][is_used] = np.diff(ends, prepend=0)
        return cls(text, offsets.cumsum(), N_CODES, "", chr(is_used.argmin()))

    def ngrams(self, tokens, starts, lengths):
        """Return the n-grams of ``lengths`` tokens that begin at ``starts`` as `Grams`."""
        ends = lengths.cumsum()
        places = np.arange(ends[-1] if len(ends) else 0)
        places += np.repeat(starts - begins_of(ends), lengths)
        return Grams(self, Ragged(tokens[places], ends))


class Grams(NamedTuple):
    """N-grams by their tokens: they are ordered without being written, and written when asked for.

    Parameters
    ----------
    spelling : Spelling
    tokens : Ragged of int32
        The tokens of each.
    """

    spelling: Spelling
    tokens: Ragged

    def spelled(self):
        """Return the n-grams as `Spelled`."""
        spelling, starts = self.spelling, begins_of(self.tokens.ends)
        inner, outer = (
            np.frombuffer(bytearray(part, "utf-8"), np.uint8)
            for part in (spelling.inner, spelling.outer)
        )
        if spelling.alone is None:
            gaps = np.ones(len(starts), np.bool_)
        else:
            gaps = ~spelling.alone[self.tokens.values[starts]]
        text, ends = join_terms(
            spelling.store, spelling.offsets, self.tokens.values, starts,
            self.tokens.ends - starts, gaps, inner, outer,
        )  # fmt: skip
        return Spelled(text, begins_of(ends, len(outer)), ends, spelling.outer)

    def taken(self, numbers):
        """Return the n-grams of these numbers, in this order."""
        starts = begins_of(self.tokens.ends)
        lengths = self.tokens.ends - starts
        return self.spelling.ngrams(self.tokens.values, starts[numbers], lengths[numbers])

    def order(self, n_jobs=None):
        """Return the numbers of the n-grams in alphabetical order."""
        # that of their first tokens, then of the second, …: a space is less than what words are of
        if not len(self.tokens.ends) or not self.spelling.is_ordered_by_tokens():
            return self.spelled().order(n_jobs)
        tokens, ends = self.tokens.values, self.tokens.ends
        ranks = self.spelling.ranks(tokens)
        if len(tokens) == len(ends):  # each of one token
            order = np.empty(len(ends), np.int32)
            order[ranks[tokens] - 1] = np.arange(len(ends), dtype=np.int32)
            return order
        return order_by_tokens(ranks, tokens, ends, np.diff(ends, prepend=0).max())


class Spelled(NamedTuple):
    """Strings in one UTF-8 buffer: string s is ``text[begins[s]:ends[s]]``, then ``outer``."""

    text: np.ndarray
    begins: np.ndarray
    ends: np.ndarray
    outer: str

    def names(self):
        """Return the strings as a list of str."""
        if not self.outer:
            return self._cut_names()
        names = []
        for first in range(0, len(self.ends), STRINGS_AT_ONCE):
            last = min(first + STRINGS_AT_ONCE, len(self.ends)) - 1
            text = self.text[self.begins[first] : self.ends[last]]
            names += str(text, "utf-8", "surrogatepass").split(self.outer)
        return names

    def _cut_names(self):
        """Return strings with nothing between them as a list of str."""
        text = str(self.text[: self.ends[-1:].sum()], "utf-8", "surrogatepass")
        is_first = (self.text & 0xC0) != 0x80  # of a character
        bounds = np.append(0, is_first.cumsum())[np.append(0, self.ends)].tolist()
        return [text[start:end] for start, end in pairwise(bounds)]

    def order(self, n_jobs=None):
        """Return the numbers of the strings in alphabetical order."""
        leading = leading_bytes(self.text, self.begins, self.ends)
        order = np.argsort(leading)

        def sort(first, end):
            sort_ties(order, first, end, leading, self.text, self.begins, self.ends)

        n_threads = threads_for(len(order), n_jobs)
        run_parts(sort, equal_parts(len(order), n_threads), n_threads)
        return order


class Names(NamedTuple):
    """How tokens are named that are any Python objects, each a feature of its own."""

    terms: list

    @property
    def n_terms(self):
        """How many terms there are."""
        return len(self.terms)

    def ngrams(self, tokens, starts, lengths):
        """Return the terms at ``starts`` as `SpelledNames`."""
        return SpelledNames([self.terms[token] for token in tokens[starts].tolist()])


class SpelledNames(NamedTuple):
    """Terms that are any Python objects, behind the interface of `Spelled`."""

    terms: list

    def spelled(self):
        """Return this."""
        return self

    def names(self):
        """Return the terms."""
        return self.terms

    def taken(self, numbers):
        """Return the terms of these numbers, in this order, as `SpelledNames`."""
        return SpelledNames([self.terms[number] for number in numbers.tolist()])

    def order(self, n_jobs=None):
        """Return the numbers of the terms in their order."""
        return np.array(sorted(range(len(self.terms)), key=self.terms.__getitem__), np.int64)


def begins_of(ends, gap=0):
    """Where rows begin that lie end to end with a gap between them."""
    begins = np.zeros_like(ends)
    begins[1:] = ends[:-1] + gap
    return begins
