"""What collections in all stores share: passages in, passages out, and nobody else's vectors."""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from scipy import sparse
from sklearn.preprocessing import normalize

from textvec._checks import check_choice, check_number, check_type
from textvec.integrations.passages import (
    Found,
    choose_diverse,
    read_passages,
    wanted_values,
)
from textvec.integrations.vectors import (
    check_ready,
    check_signature,
    document_vectors,
    signature_of,
    vectors_of_queries,
)
from textvec.search._vectorizers import metric_of

_BATCH = 500  # passages written at a time
RRF_K = 60  # of reciprocal ranks, as HybridIndex has it
ABSENT = object()  # in place of what a collection holds


class Collection(ABC):
    """Passages in a store, each with a vector of every vectorizer.

    Parameters
    ----------
    name : str
        Of the collection or table; it is made where there is none.
    vectorizers : mapping from str to fitted vectorizer, or fitted vectorizer
        Under which names their vectors stand. One alone stands under "dense" or "sparse".

    Raises
    ------
    ValueError
        If the store holds a collection of this name with vectors of other vectorizers, or of none
        that it names; the message names both. If vectors are too wide for the store, or a name of
        theirs is that of a field which the store keeps passages in.
    """

    store: ClassVar[str]  # its name, for messages
    most_dimensions: ClassVar[int]  # of a dense vector
    most_entries: ClassVar[int | None] = None  # of a sparse vector, other than 0
    own_fields: ClassVar[tuple[str, ...]] = ()  # beside which vectors stand, in one namespace

    def __init__(self, name, vectorizers):
        check_type("name", name, str, "a str")
        self.name = name
        self.vectorizers = _by_name(vectorizers)
        for key in self.vectorizers:
            if key in self.own_fields:
                raise ValueError(
                    f"{self.store} keeps passages in {', '.join(map(repr, self.own_fields))}. "
                    f"Got {key!r} as a name of vectorizers: choose another."
                )
        self.signatures = {key: signature_of(one) for key, one in self.vectorizers.items()}
        self.is_sparse = {
            key: sparse.issparse(document_vectors(one, ["a"]))
            for key, one in self.vectorizers.items()
        }
        for key, signature in self.signatures.items():
            if not self.is_sparse[key] and signature.width > self.most_dimensions:
                raise ValueError(
                    f"{self.store} takes dense vectors of at most {self.most_dimensions} "
                    f"dimensions. Got {key!r} of {signature}."
                )
        known = self._known()
        if known is ABSENT:
            self._create({key: one._asdict() for key, one in self.signatures.items()})
            return
        place = f"{self.store}'s {name!r}"
        if not isinstance(known, Mapping):
            known = None if known is None else {"": known}
        for key, signature in self.signatures.items():
            if known is not None and key not in known:
                raise ValueError(
                    f"{place} has vectors called {', '.join(map(repr, known))}, and none called "
                    f"{key!r}: choose one of these, or another collection."
                )
            given = None if known is None else known[key]
            check_signature(f"{place} ({key})", given, signature)

    def add(self, texts, metadata=None, ids=None):
        """Write passages; those whose ids are known replace what these ids meant.

        Parameters
        ----------
        texts : iterable of str
            What the passages say.
        metadata : iterable of mappings, default=None
            What else is known of each: str, numbers, bools, None, lists and dicts of these.
        ids : iterable of str, default=None
            What they are called, each once; None makes new ones.

        Returns
        -------
        list of str
            The ids.

        Raises
        ------
        TypeError, ValueError
            If a text, an id or metadata are none that the store holds; the message names the
            first. Nothing is written then.
        """
        texts, metadata, ids = read_passages(texts, metadata, ids)
        for row, one in enumerate(metadata):
            _check_json(f"metadata[{row}]", one, self.store)
        for row, text in enumerate(texts):
            self._check_text(f"texts[{row}]", text)
        for row, id in enumerate(ids):
            self._check_text(f"ids[{row}]", id)
        if not texts:
            return ids
        vectors = {
            key: self._scaled(key, document_vectors(one, texts))
            for key, one in self.vectorizers.items()
        }
        for key, rows in vectors.items():
            self._check_entries(key, rows)
        for first in range(0, len(texts), _BATCH):
            part = slice(first, first + _BATCH)
            views = {key: rows[part] for key, rows in vectors.items()}
            self._write(ids[part], texts[part], metadata[part], views)
        return ids

    def search(self, query, k=10, where=None, using=None, diversity=None, n_candidates=100):
        """Return the passages that answer a query best.

        Parameters
        ----------
        query : str
            What is asked.
        k : int >= 1, default=10
            How many passages at most.
        where : mapping, default=None
            The values that metadata must have, one of several where a list stands. The store
            filters.
        using : str, default=None
            The name of the vectors that are searched. None takes all, and fuses their rankings by
            reciprocal ranks.
        diversity : float in [0, 1], default=None
            As :meth:`textvec.integrations.passages.PassageIndex.search` takes it.
        n_candidates : int >= 1, default=100
            How many passages each ranking contributes, or diverse ones are chosen from.

        Returns
        -------
        list of Found
            Best first, or in the order of the choice.

        Raises
        ------
        TypeError, ValueError
            If a parameter is of the wrong kind or out of range.
        """
        check_type("query", query, str, "a str")
        check_number("k", k, low=1, integer=True)
        check_number("n_candidates", n_candidates, low=1, integer=True)
        if where is not None:
            check_type("where", where, Mapping, "a mapping from keys of metadata to values")
        where = wanted_values(where or {})
        _check_json("where", where, self.store)
        if using is not None:
            check_choice("using", using, self.vectorizers)
        if diversity is not None:
            check_number("diversity", diversity, low=0, high=1)
        views = {}
        for key in self.vectorizers if using is None else [using]:
            vector = vectors_of_queries(self.vectorizers[key], [query])
            if abs(vector).sum():  # else it knows no word of the query
                views[key] = self._scaled(key, vector)
        depth = k if diversity is None else max(k, n_candidates)
        if not all(where.values()):  # one of no values
            return []
        if len(views) > 1:
            found = self._fused(views, depth, max(depth, n_candidates), where)
        else:
            found = [one for key in views for one in self._nearest(key, views[key], depth, where)]
        found = [one for one in found if one.score != 0]
        if diversity is None or not found:
            return found[:k]
        kept = self._vectors([one.id for one in found], list(views))
        scores = np.array([one.score for one in found])
        is_cosine = len(views) == 1 and self._metric(*views) == "cosine"
        return [found[at] for at in choose_diverse(scores, kept, None, diversity, k, is_cosine)]

    @abstractmethod
    def remove(self, ids):
        """Forget passages; ids that are not there are none to forget.

        Parameters
        ----------
        ids : str or iterable of str
            What they are called.
        """

    @abstractmethod
    def __len__(self):
        """Return how many passages the store counts."""

    @abstractmethod
    def _known(self) -> Any:
        """Return the signatures that the store holds, None for none, ABSENT for no collection."""

    @abstractmethod
    def _create(self, signatures):
        """Make the collection, and keep the signatures with it."""

    @abstractmethod
    def _write(self, ids, texts, metadata, views):
        """Write rows; views are {name: matrix}."""

    @abstractmethod
    def _nearest(self, key, vector, k, where) -> list[Found]:
        """Return the best of one ranking, where metadata have one of {key: values}."""

    @abstractmethod
    def _vectors(self, ids, keys) -> list:
        """Return the stored vectors of these passages, a matrix for each name."""

    def _fused(self, views, k, depth, where):
        """Return the best by the sum of 1 / (60 + rank) over all rankings."""
        sums: dict[str, float] = {}
        passages = {}
        for key, vector in views.items():
            ranking = [one for one in self._nearest(key, vector, depth, where) if one.score != 0]
            for rank, one in enumerate(ranking, 1):
                sums[one.id] = sums.get(one.id, 0.0) + 1 / (RRF_K + rank)
                passages[one.id] = one
        best = sorted(sums, key=lambda id: -sums[id])[:k]
        return [passages[id]._replace(score=sums[id]) for id in best]

    def _metric(self, key):
        return metric_of(self.vectorizers[key])

    def _scaled(self, key, rows):
        """Return sparse rows whose dot product is the score, which is all that stores take."""
        is_cosine = self.is_sparse[key] and self._metric(key) == "cosine"
        return normalize(rows) if is_cosine else rows

    def _check_text(self, name, text):
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise ValueError(
                f"{name} holds a lone surrogate at {error.start}, which {self.store} cannot hold: "
                f"take it out. Got {text[: error.start + 1][-20:]!r}."
            ) from error

    def _check_entries(self, key, rows):
        """Raise ValueError where the store takes fewer entries than a sparse row has."""
        if self.most_entries is None or not self.is_sparse[key]:
            return
        entries = np.diff(sparse.csr_array(rows).indptr)
        if entries.max(initial=0) > self.most_entries:
            row = int(entries.argmax())
            raise ValueError(
                f"{self.store} takes sparse vectors of at most {self.most_entries} values other "
                f"than 0. Got {entries[row]} of {key!r} in texts[{row}]: cut the text, or choose "
                "fewer features (max_features, min_df)."
            )


def check_identifier(name, value):
    """Raise ValueError unless a name is a plain one: letters, digits and _, no digit first."""
    if not (isinstance(value, str) and value.isascii() and value.isidentifier()):
        raise ValueError(f"{name} must be a name of letters, digits and _. Got {value!r} instead.")


def _by_name(vectorizers):
    if not isinstance(vectorizers, Mapping):
        check_ready(vectorizers)
        is_sparse = sparse.issparse(document_vectors(vectorizers, ["a"]))
        return {"sparse" if is_sparse else "dense": vectorizers}
    if not vectorizers:
        raise ValueError("vectorizers is empty: name at least one.")
    for key in vectorizers:
        check_identifier("a name of vectorizers", key)
    return dict(vectorizers)


def _check_json(name, value, store):
    """Raise TypeError where a store cannot hold a value; the message names it."""
    if isinstance(value, dict):
        for key, one in value.items():
            check_type(f"a key of {name}", key, str, "a str")
            _check_json(f"{name}[{key!r}]", one, store)
    elif isinstance(value, list | tuple):
        for at, one in enumerate(value):
            _check_json(f"{name}[{at}]", one, store)
    else:
        try:
            json.dumps(value, allow_nan=False).encode()
            if isinstance(value, str):
                value.encode("utf-8")
        except (TypeError, ValueError) as error:
            raise TypeError(
                f"{name} is {value!r:.60} of type {type(value).__name__}, which {store} cannot "
                "hold: make it a str, a number, a bool, None, or a list or dict of these."
            ) from error
