"""The terms of a vocabulary in one buffer, and their strings for who looks at them."""

from operator import attrgetter
from typing import NamedTuple

import numpy as np

from textvec.persistence.classes import Savable
from textvec.sparse.spelling import STRINGS_AT_ONCE, Grams, Spelled, begins_of


class _Made(NamedTuple):
    """The dict of a vocabulary, and what was in it when it was made."""

    vocabulary: dict
    names: list
    columns: list

    def is_as_made(self):
        """Whether nobody changed the dict since."""
        return (
            list(self.vocabulary) == self.names and list(self.vocabulary.values()) == self.columns
        )


class Terms(Savable):
    """Distinct terms and their columns, as ``fit`` leaves them: no string and no dict is made.

    Nothing here changes; the dict is the user's, who may change it.

    Parameters
    ----------
    text : ndarray of uint8
        The terms in UTF-8, each followed by ``outer``, in the order in which the dict has them.
    ends : ndarray of int64 of shape (n_terms,)
        Term t without its ``outer`` ends before ``text[ends[t]]``.
    columns : ndarray of int32 of shape (n_terms,)
        The column of each term: 0 .. n_terms - 1, each once.
    outer : str
        A character that is in no term, or "".
    """

    def __init__(self, text, ends, columns, outer=""):
        gap = len(outer.encode("utf-8", "surrogatepass"))
        self._spelled = Spelled(text, begins_of(ends, gap), ends, outer)
        self.columns = columns

    @classmethod
    def of_grams(cls, grams, columns):
        """Take n-grams as they were found, to be written when they are looked at."""
        terms = cls.__new__(cls)
        terms.grams, terms.columns = grams, columns
        return terms

    @property
    def spelled(self):
        """The terms as `Spelled`, in the order of the dict."""
        spelled = vars(self).get("_spelled")
        return (
            vars(self).setdefault("_spelled", self.grams.spelled()) if spelled is None else spelled
        )

    text, ends, outer = (
        property(attrgetter(f"spelled.{name}")) for name in ("text", "ends", "outer")
    )

    def __len__(self):
        return len(self.columns)

    def __eq__(self, other):
        return type(other) is Terms and all(
            np.array_equal(getattr(self, name), getattr(other, name))
            for name in ("text", "ends", "columns", "outer")
        )

    __hash__ = object.__hash__  # nothing here changes

    def __getstate__(self):
        return {"_spelled": self.spelled, "columns": self.columns}

    def names(self):
        """Return the terms as a list of str, in the order of the dict."""
        made = vars(self).get("_made")
        return self.spelled.names() if made is None else made.names

    def names_by_column(self):
        """Return the terms in the order of their columns: an array of str objects."""
        names = np.empty(len(self), object)
        names[self.columns] = self.names()
        return names

    def vocabulary(self):
        """Return the dict from term to column: made once, and the user's own from then on."""
        made = vars(self).get("_made")
        if made is None:
            # of several threads that make it, one is first, and all get that one's
            made = vars(self).setdefault("_made", self._make())
        return made.vocabulary

    def _make(self):
        names, columns, vocabulary = self.names(), self.columns.tolist(), {}
        for first in range(0, len(names), STRINGS_AT_ONCE):
            part = slice(first, first + STRINGS_AT_ONCE)
            vocabulary.update(zip(names[part], columns[part], strict=True))
        if len(vocabulary) != len(self):  # only of a made-up file
            raise ValueError("vocabulary_ must number its terms from 0 on, each once")
        return _Made(vocabulary, names, columns)

    @property
    def are_looked_at(self):
        """Whether the dict was made: who has it may change it."""
        return "_made" in vars(self)

    def are_current(self):
        """Whether the dict, if it was made, is still as it was made."""
        made = vars(self).get("_made")
        return made is None or made.is_as_made()

    def _check_loaded(self):
        for array, dtype in (
            (self.text, np.uint8),
            (self.ends, np.int64),
            (self.columns, np.int32),
        ):
            if array.dtype != dtype or array.ndim != 1:
                raise ValueError("the terms of vocabulary_ are not arrays of their types")
        n_terms, n_bytes = len(self.ends), len(self.text)
        if not np.array_equal(np.sort(self.columns), np.arange(n_terms)):
            raise ValueError("vocabulary_ must number its terms from 0 on, each once")
        gap = len(self.outer.encode("utf-8", "surrogatepass"))
        if n_terms and (
            (self.ends > n_bytes).any()
            or (self.spelled.begins > self.ends).any()
            or self.ends[-1] + gap != n_bytes
        ):
            raise ValueError("the terms of vocabulary_ do not end one after another")


def vocabulary_of(grams, columns):
    """Return n-grams and their columns as `Terms`, or other objects and theirs as a dict."""
    if isinstance(grams, Grams):
        return Terms.of_grams(grams, columns)
    return dict(zip(grams.names(), columns.tolist(), strict=True))
