"""Statistics of terms that were collected apart, and add up to those of all documents, exactly."""

from collections.abc import Iterable
from functools import partial
from os import PathLike, fspath, path

import numpy as np
import pandas as pd

from textvec._checks import check_number
from textvec.kernels.merging import add_statistics, are_ascending, lay_out, merge_ascending
from textvec.persistence import SaveMixin, fingerprint, load
from textvec.persistence.classes import is_ours
from textvec.sparse.spelling import Spelled, begins_of
from textvec.text.vocabulary import EMPTY, Interner, encode

# Of the rules by which text becomes terms: to be raised whenever a release changes any of them, so
# that parts of both releases are told apart.
RULES = 1


class CollectedTerms(SaveMixin):
    """What one shard of a corpus says of its terms: enough to fit on, and quick to add up.

    Made by ``collect`` of :class:`CountVectorizer`, :class:`TfidfVectorizer`,
    :class:`BM25Vectorizer` and :class:`LSAVectorizer`, and taken by their ``fit_collected``. It is
    small, `save` writes it to a file and :func:`textvec.load` reads it.

    Parameters
    ----------
    text : ndarray of uint8
        The terms in UTF-8, end to end, in alphabetical order.
    lengths : ndarray of unsigned int of shape (n_terms,)
        How many bytes each term has.
    document_frequencies : ndarray of unsigned int of shape (n_terms,)
        How many documents hold each term.
    collection_frequencies : ndarray of unsigned int of shape (n_terms,)
        How often each term occurs in all of them.
    n_documents : int
        Documents, empty ones among them.
    total_length : int
        Terms of all documents, however often each occurs.
    settings : dict
        The parameters that decide what a term is. A callable is known by its name.
    made_with : dict
        What else decides that: the rules of textvec, Unicode's version, those of a stemmer and of
        jieba, and the sum of a stop list that goes by a name.
    max_terms : int or None, default=None
        The bound that was set; None where everything was kept.
    max_missing : tuple of (int, int), default=(0, 0)
        How much may be missing in a document frequency and in a collection frequency, at most;
        terms in no more documents, or of no more occurrences, than this may be missing whole.
        0 unless there was a bound.

    See Also
    --------
    textvec.CountVectorizer.collect : Makes one.
    textvec.CountVectorizer.fit_collected : Fits on many.

    Notes
    -----
    Parts are added as integers, in alphabetical order of their terms: what comes out is the same
    for any cut of the corpus, any order, and any tree of merging.

    Examples
    --------
    >>> from textvec import CollectedTerms, TfidfVectorizer
    >>> vectorizer = TfidfVectorizer(min_df=2)
    >>> parts = [vectorizer.collect(["sea view", "old port"]), vectorizer.collect(["sea, port"])]
    >>> CollectedTerms.merge(parts).to_frame()
       term  documents  occurrences
    0   old          1            1
    1  port          2            2
    2   sea          2            2
    3  view          1            1
    >>> vectorizer.fit_collected(parts).get_feature_names_out()
    array(['port', 'sea'], dtype=object)
    """

    def __init__(
        self,
        text,
        lengths,
        document_frequencies,
        collection_frequencies,
        n_documents,
        total_length,
        settings,
        made_with,
        max_terms=None,
        max_missing=(0, 0),
    ):
        self.text = text
        self.lengths = lengths
        self.document_frequencies = document_frequencies
        self.collection_frequencies = collection_frequencies
        self.n_documents = n_documents
        self.total_length = total_length
        self.settings = settings
        self.made_with = made_with
        self.max_terms = max_terms
        self.max_missing = max_missing

    @classmethod
    def merge(cls, parts):
        """Add up parts: the statistics of all their documents.

        Parameters
        ----------
        parts : iterable of CollectedTerms, str or path-like
            Parts, or their files, which are read one at a time.

        Returns
        -------
        CollectedTerms
            The same for any order, and for any grouping into merges of merges.

        Raises
        ------
        TypeError
            If a part is something else.
        ValueError
            If there is no part, a file comes twice, is damaged, or a part was collected with other
            settings or other versions of what decides what a term is.
        """
        return merged(parts)

    def terms(self):
        """Return the terms as a list of str, in alphabetical order."""
        return self.spelled.names()

    def to_frame(self):
        """Return a DataFrame of the columns term, documents and occurrences."""
        return pd.DataFrame(
            {
                "term": pd.Series(self.terms(), dtype=object),
                "documents": self.document_frequencies.astype(np.int64),
                "occurrences": self.collection_frequencies.astype(np.int64),
            }
        )

    @property
    def spelled(self):
        """The terms as `Spelled`."""
        ends = self.ends
        return Spelled(self.text, begins_of(ends), ends, "")

    def taken(self, numbers):
        """Return the terms of these numbers, in this order, as `Spelled`."""
        spelled = self.spelled
        ends = (spelled.ends - spelled.begins)[numbers].cumsum()
        text = lay_out(*spelled[:3], numbers)
        return Spelled(text, begins_of(ends), ends, "")

    @property
    def ends(self):
        """Where each term ends in ``text``: int64."""
        return self.lengths.cumsum(dtype=np.int64)

    def summed(self):
        """Return text, ends and both frequencies, as `merge_ascending` takes and returns them."""
        frequencies = self.document_frequencies, self.collection_frequencies
        return self.text, self.ends, np.stack(frequencies, 1).astype(np.int64, copy=False)

    def __len__(self):
        return len(self.lengths)

    def __eq__(self, other):
        return type(self) is type(other) and fingerprint(self) == fingerprint(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self):
        bound = "" if self.max_terms is None else f", max_terms={self.max_terms}"
        return f"<CollectedTerms: {len(self)} terms of {self.n_documents} documents{bound}>"

    def _check_loaded(self):
        super()._check_loaded()
        rows = self.lengths, self.document_frequencies, self.collection_frequencies
        for array in (self.text, *rows):
            if not isinstance(array, np.ndarray) or array.ndim != 1 or array.dtype.kind != "u":
                raise ValueError("terms and frequencies must be arrays of unsigned integers")
        if self.text.dtype != np.uint8 or len({len(array) for array in rows}) > 1:
            raise ValueError("each term must have a length and two frequencies")
        ends = self.lengths.cumsum(dtype=np.uint64)
        if (ends[-1] if len(ends) else 0) != len(self.text) or (ends > len(self.text)).any():
            raise ValueError("lengths must be those of the terms")
        if not _are_utf8(self.text, begins_of(self.ends)):
            raise ValueError("terms must be in UTF-8")
        if not are_ascending(self.text, self.ends):
            raise ValueError("terms must be in alphabetical order, each once")
        numbers = [self.n_documents, self.total_length, *self.max_missing]
        if len(numbers) != 4 or not all(type(n) is int and 0 <= n < 1 << 63 for n in numbers):
            raise ValueError("documents and their lengths must be counted from 0 on")
        if self.max_terms is not None and type(self.max_terms) is not int:
            raise ValueError("max_terms must be an int or None")
        documents, occurrences = rows[1:]
        if len(documents) and (
            documents.min() < 1
            or documents.max() > self.n_documents
            or (occurrences < documents).any()
            or occurrences.max() > self.total_length
        ):
            raise ValueError("frequencies must fit the documents and their lengths")
        if not isinstance(self.settings, dict) or not isinstance(self.made_with, dict):
            raise ValueError("settings must say what a term is")


def _are_utf8(text, begins):
    """Tell whether strings are UTF-8, each: all of it is, and none begins within a character."""
    try:
        str(memoryview(text), "utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return bool(((text[begins[begins < len(text)]] & 0xC0) != 0x80).all())


class Tally:
    """Statistics of terms on their way: what was found is added, in any order.

    Parameters
    ----------
    max_terms : int or None
        Most terms that are kept; None keeps all. By lossy counting (Manku and Motwani 2002,
        "Approximate frequency counts over data streams"), with this difference: what is given is
        not the error, but the room. Whenever there are more terms than that, the least b is found
        with which dropping all terms of f + D <= b leaves enough room, f being the documents
        counted since a term came in and D the b of that moment. Then f is at most b too low.
    """

    def __init__(self, max_terms=None):
        self.max_terms = max_terms
        self.n_documents = self.total_length = 0
        self._interner = Interner()
        self._sums = np.zeros((0, 2), np.int64)  # documents and occurrences of each term
        self._missing = np.zeros((0, 2), np.int64)  # how much of them may be missing
        self._max_missing = np.zeros(2, np.int64)

    def add(self, text, begins, ends, documents, occurrences):
        """Add statistics of distinct terms.

        Parameters
        ----------
        text : ndarray of uint8
            The terms in UTF-8, somewhere in it.
        begins, ends : ndarray of int64 of shape (n_terms,)
            Term t is ``text[begins[t]:ends[t]]``.
        documents, occurrences : ndarray of int of shape (n_terms,)

        Returns
        -------
        ndarray of int32 of shape (n_terms,)
            The numbers that the terms have here.
        """
        is_empty = begins == ends
        if is_empty.any():
            begins, ends = (
                np.where(is_empty, len(text), begins),
                np.where(is_empty, len(text) + 1, ends),
            )
            text = np.append(text, np.uint8(EMPTY))
        ids = self._interner.take_in(text, ends, begins)
        n_terms = self._interner.n_terms
        if n_terms > len(self._sums):
            self._sums = _longer(self._sums, n_terms)
            if self.max_terms is not None:
                n_known = len(self._missing)
                self._missing = _longer(self._missing, n_terms)
                self._missing[n_known:] = self._max_missing
        add_statistics(ids, documents.astype(np.int64), occurrences.astype(np.int64), self._sums)
        self.total_length += int(occurrences.sum(dtype=np.int64))
        if self.max_terms is not None and n_terms > self.max_terms:
            self._make_room()
        return ids

    def add_part(self, part):
        """Add a part that was collected before; return the numbers that its terms have here."""
        ids = self.add(*part.spelled[:3], part.document_frequencies, part.collection_frequencies)
        self.n_documents += part.n_documents
        self.total_length += part.total_length - int(
            part.collection_frequencies.sum(dtype=np.int64)
        )
        self._max_missing += part.max_missing
        return ids

    @property
    def n_terms(self):
        """How many terms there are."""
        return self._interner.n_terms

    def ids_of(self, collected):
        """Return the numbers that the terms of a part have here."""
        return self._interner.look_up(collected.text, collected.ends)

    def add_names(self, terms, documents, occurrences):
        """Add statistics of terms that are str."""
        text, ends, _ = encode(terms)
        self.add(text, begins_of(ends), ends, documents, occurrences)

    def _make_room(self):
        n_terms = self._interner.n_terms
        at_most = self._sums[:n_terms] + self._missing[:n_terms]
        bound = np.partition(at_most[:, 0], n_terms - self.max_terms - 1)[
            n_terms - self.max_terms - 1
        ]
        kept = np.flatnonzero(at_most[:, 0] > bound)
        dropped = at_most[at_most[:, 0] <= bound]
        self._max_missing = np.maximum(self._max_missing, dropped.max(axis=0))
        text, ends = self._laid_out(kept)
        self._interner = Interner()
        self._interner.take_in(text, ends)
        self._sums, self._missing = self._sums[kept], self._missing[kept]

    def _laid_out(self, order):
        store, offsets = self._interner.store, self._interner.offsets
        begins, ends = offsets[:-1], offsets[1:]
        return lay_out(store, begins, ends, order), (ends - begins)[order].cumsum()

    def collected(self, settings, made_with, max_terms=None, n_jobs=None):
        """Return what was added, in alphabetical order."""
        n_terms = self._interner.n_terms
        store, offsets = self._interner.store, self._interner.offsets
        begins, ends = offsets[:n_terms], offsets[1 : n_terms + 1].copy()
        ends[(ends == begins + 1) & (store[begins] == EMPTY)] -= 1
        order = Spelled(store, begins, ends, "").order(n_jobs)
        documents, occurrences = self._sums[order].T
        return CollectedTerms(
            lay_out(store, begins, ends, order),
            narrowed((ends - begins)[order]),
            narrowed(documents),
            narrowed(occurrences),
            self.n_documents,
            self.total_length,
            settings,
            made_with,
            max_terms,
            tuple(self._max_missing.tolist()),
        )


def _longer(rows, n_needed):
    grown = np.zeros((max(n_needed, 2 * len(rows)), rows.shape[1]), rows.dtype)
    grown[: len(rows)] = rows
    return grown


def narrowed(numbers):
    """Return integers in the least type that holds them all: files are to be small."""
    return numbers.astype(np.min_scalar_type(int(numbers.max(initial=0))))


def merged(parts, settings=None, made_with=None, whose=None):
    """Add up parts, see `CollectedTerms.merge`.

    Parameters
    ----------
    parts : iterable of CollectedTerms, str or path-like
    settings, made_with : dict or None
        What they must have been collected with; None takes the first part's.
    whose : str or None
        Who has these settings, for messages.

    Returns
    -------
    CollectedTerms
    """
    sums: list[tuple] = []  # of runs of parts, each of at least twice as many as the next
    counted, bounds = np.zeros(4, np.int64), []
    for name, part in each_part(parts, CollectedTerms):
        if settings is None:
            settings, made_with, whose = part.settings, part.made_with, "part 0"
        check_settings(name, part.settings, settings, whose)
        check_made_with(name, part.made_with, made_with)
        counted += part.n_documents, part.total_length, *part.max_missing
        if part.max_terms is not None:
            bounds.append(part.max_terms)
        n_parts, terms = 1, part.summed()
        while sums and sums[-1][0] <= n_parts:
            others, before = sums.pop()
            n_parts, terms = others + n_parts, merge_ascending(*before, *terms)
        sums.append((n_parts, terms))
    (_, terms), *smaller = reversed(sums)
    for _, others in smaller:
        terms = merge_ascending(*others, *terms)
    text, ends, (documents, occurrences) = terms[0], terms[1], terms[2].T
    n_documents, total_length, *max_missing = counted.tolist()
    return CollectedTerms(
        text.copy(),  # a view would keep the room that was made for both
        narrowed(np.diff(ends, prepend=0)),
        narrowed(documents),
        narrowed(occurrences),
        n_documents,
        total_length,
        settings,
        made_with,
        max(bounds, default=None),
        tuple(max_missing),
    )


def each_part(parts, kind):
    """Yield the name of each part, for messages, and the part, files being read one by one.

    Parameters
    ----------
    parts : iterable
        Parts, and files of parts.
    kind : type
        The class that parts must be of.

    Raises
    ------
    TypeError
        If ``parts`` is a single part or name, or no iterable, or a part is not of this kind.
    ValueError
        If there is none, or a file comes twice.
    """
    if isinstance(parts, kind | str | PathLike):
        raise TypeError(f"parts must be an iterable of parts. Got {parts!r}: put it in a list.")
    if not isinstance(parts, Iterable):
        raise TypeError(f"parts must be an iterable of parts. Got {parts!r} instead.")
    number, files = -1, set()
    for number, part in enumerate(parts):
        name = f"part {number}"
        if isinstance(part, str | PathLike):
            name = f"part {number}, {fspath(part)},"
            file = path.realpath(part)
            if file in files:
                raise ValueError(
                    f"{name} is a file that came before: its documents would count twice. Name "
                    "each file once; to count documents twice, pass the loaded part twice."
                )
            files.add(file)
            part = load(part)
        if not isinstance(part, kind):
            raise TypeError(
                f"Parts must be {kind.__name__}, as collect returns, or their files. "
                f"Got a {type(part).__name__} as {name.rstrip(',')}."
            )
        yield name, part
    if number < 0:
        raise ValueError("There are no parts: pass at least one, of an empty shard if need be.")


def check_settings(name, found, wanted, whose):
    """Raise the ValueError that names a setting in which a part differs."""
    of_both = found.keys() & wanted.keys()
    for key in (*sorted(of_both), *sorted(found.keys() - of_both), *sorted(wanted)):
        if found.get(key) != wanted.get(key):
            theirs, ours = (f"{key}={values.get(key)!r:.80}" for values in (found, wanted))
            raise ValueError(
                f"{name} was collected with {theirs}, and {whose} has {ours}: both decide what a "
                "term is. Collect all parts with the same settings."
            )


def check_made_with(name, found, wanted):
    """Raise the ValueError that names the version in which a part differs."""
    for key in sorted(found.keys() | wanted.keys()):
        if found.get(key) != wanted.get(key):
            raise ValueError(
                f"{name} was made with {key} {found.get(key)!r}, and here it is "
                f"{wanted.get(key)!r}: the same text may have other terms. Collect all parts and "
                "fit with the same versions."
            )


def check_max_terms(max_terms):
    """Raise unless it is None or a positive int."""
    if max_terms is not None:
        check_number("max_terms", max_terms, low=1, integer=True)


def name_of(value):
    """Return what a parameter is in a part: itself, or the name of what is code."""
    if not callable(value):
        return value
    if is_ours(value):
        return f"{type(value).__name__} {fingerprint(value)[:16]}"
    if isinstance(value, partial):
        return f"{name_of(value.func)} of {value.args!r} and {value.keywords!r}"
    named = value if hasattr(value, "__qualname__") else type(value)
    place = getattr(named, "__module__", None) or "builtins"
    return f"{place}.{named.__qualname__}"
