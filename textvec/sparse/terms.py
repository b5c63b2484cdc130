"""The terms of a vocabulary in one buffer, and their strings for who looks at them."""

from typing import NamedTuple

import numpy as np

from textvec.persistence.classes import Savable
from textvec.sparse.spelling import STRINGS_AT_ONCE, Spelled, begins_of


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
        self.text = text
        self.ends = ends
        self.columns = columns
        self.outer = outer

    def __len__(self):
        return len(self.ends)

    def __eq__(self, other):
        return type(other) is Terms and all(
            np.array_equal(getattr(self, name), getattr(other, name))
            for name in ("text", "ends", "columns", "outer")
        )

    __hash__ = object.__hash__  # nothing here changes

    def __getstate__(self):
        return {name: value for name, value in vars(self).items() if name != "_made"}

    @property
    def spelled(self):
        """The terms as `Spelled`, in the order of the dict."""
        gap = len(self.outer.encode("utf-8", "surrogatepass"))
        return Spelled(self.text, begins_of(self.ends, gap), self.ends, self.outer)

    def by_column(self):
        """Return the numbers of the terms in the order of their columns: int32."""
        numbers = np.empty(len(self), np.int32)
        numbers[self.columns] = np.arange(len(self), dtype=np.int32)
        return numbers

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
        n_terms, gap = len(self.ends), len(self.outer.encode("utf-8", "surrogatepass"))
        for array, dtype in (
            (self.text, np.uint8),
            (self.ends, np.int64),
            (self.columns, np.int32),
        ):
            if array.dtype != dtype or array.ndim != 1:
                raise ValueError("the terms of vocabulary_ are not arrays of their types")
        if (
            len(self.columns) != n_terms
            or (
                np.bincount(self.columns[self.columns >= 0], minlength=n_terms)[: n_terms + 1] != 1
            ).any()
        ):
            raise ValueError("vocabulary_ must number its terms from 0 on, each once")
        begins = begins_of(self.ends, gap)
        if n_terms and (
            (begins > self.ends).any() or begins[0] < 0 or self.ends[-1] + gap != len(self.text)
        ):
            raise ValueError("the terms of vocabulary_ do not end one after another")


def vocabulary_of(spelled, columns):
    """Return strings and their columns as `Terms`, or other objects and theirs as a dict."""
    if isinstance(spelled, Spelled):
        return Terms(spelled.text, spelled.ends, columns, spelled.outer)
    return dict(zip(spelled.names(), columns.tolist(), strict=True))
