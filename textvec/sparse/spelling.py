"""How n-grams are written: from token ids to strings, and these in their order."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from textvec._threads import equal_parts, run_parts
from textvec.kernels.scanning import join_terms, leading_bytes, sort_ties
from textvec.text.vocabulary import encode

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
    """

    store: np.ndarray
    offsets: np.ndarray
    n_terms: int
    inner: str
    outer: str
    alone: np.ndarray | None = None

    @classmethod
    def of_words(cls, interner, alone=None):
        """Spell words, which hold no white space, with one space between them."""
        return cls(interner.store, interner.offsets, interner.n_terms, " ", "\n", alone)

    @classmethod
    def of_strings(cls, terms):
        """Spell any str that hold no space, with one space between them."""
        text, ends, _ = encode(terms)
        used = {" "}.union(*terms)
        outer = next(char for char in map(chr, range(N_CODES)) if char not in used)
        return cls(text, np.concatenate([[0], ends]), len(terms), " ", outer)

    @classmethod
    def of_codes(cls, codes):
        """Spell the characters whose code points are ids, with nothing between them."""
        is_used = np.zeros(N_CODES, np.bool_)
        is_used[codes] = True
        text, ends, _ = encode(list(map(chr, np.flatnonzero(is_used).tolist())))
        offsets = np.zeros(N_CODES + 1, np.int64)
        offsets[1:][is_used] = np.diff(ends, prepend=0)
        return cls(text, offsets.cumsum(), N_CODES, "", chr(is_used.argmin()))

    def spell(self, tokens, starts, lengths):
        """Return the n-grams of ``lengths`` tokens that begin at ``starts`` as `Spelled`."""
        inner, outer = (
            np.frombuffer(bytearray(part, "utf-8"), np.uint8) for part in (self.inner, self.outer)
        )
        if self.alone is None:
            gaps = np.ones(len(starts), np.bool_)
        else:
            gaps = ~self.alone[tokens[starts]]
        text, ends = join_terms(
            self.store, self.offsets, tokens, starts, lengths, gaps, inner, outer
        )
        return Spelled(text, begins_of(ends, len(outer)), ends, self.outer)


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

    def taken(self, numbers):
        """Return the strings of these numbers, in this order, in a buffer of their own."""
        gap = len(self.outer.encode("utf-8", "surrogatepass"))
        offsets = np.append(self.begins, len(self.text))
        starts = np.arange(len(numbers))
        no_gaps, nothing = np.zeros(len(numbers), np.bool_), np.zeros(0, np.uint8)
        text, ends = join_terms(
            self.text, offsets, numbers.astype(np.int32), starts, np.ones_like(starts),
            no_gaps, nothing, nothing,
        )  # fmt: skip
        ends -= gap
        return Spelled(text, begins_of(ends, gap), ends, self.outer)

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
