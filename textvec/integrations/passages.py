"""Passages: texts with ids and metadata, searched by words, by meaning, or by both at once."""

import uuid
from collections.abc import Mapping
from typing import NamedTuple, Self

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, clone

from textvec._checks import as_list, as_rows, check_choice, check_flag, check_number, check_type
from textvec._threads import held, publish
from textvec.integrations.vectors import (
    check_texts,
    check_vectorizer,
    document_vectors,
    vectors_of_queries,
)
from textvec.kernels.diversity import mmr
from textvec.persistence import SaveMixin
from textvec.recommend.ranking import best_allowed, cosines_among
from textvec.search._vectorizers import is_fitted, metric_of
from textvec.search.exact import ExactIndex
from textvec.search.hybrid import HybridIndex
from textvec.sparse.bm25 import BM25Vectorizer


class Found(NamedTuple):
    """A passage that a search found.

    Parameters
    ----------
    id : str
        What it is called.
    text : str
        What it says.
    metadata : dict
        What else is known of it; a copy.
    score : float
        The greater the better.
    """

    id: str
    text: str
    metadata: dict
    score: float


class PassageIndex(SaveMixin, BaseEstimator):
    """Keep passages with their metadata, and find those that answer a query.

    What the retrievers of LangChain and LlamaIndex search, usable without either: BM25, dense
    vectors, both fused, and reranked; with filters, in changing contents, saved without pickle.

    Parameters
    ----------
    vectorizers : vectorizer or list of vectorizers, default=None
        One, or several whose rankings are fused. Those that are fitted are used as they are, the
        others are copied and fitted on the first passages. None is BM25.
    fusion, weights
        How the rankings of several vectorizers become one, as :class:`textvec.HybridIndex` takes
        them.
    reranker : reranker, default=None
        What orders the candidates anew, such as a :class:`textvec.CrossEncoderReranker`: anything
        with ``score(pairs)``.
    n_candidates : int >= 1, default=100
        How many passages each vectorizer contributes where several are fused, or where candidates
        are reranked or made diverse.

    Attributes
    ----------
    vectorizers_ : list of fitted vectorizers
    indexes_ : list of ExactIndex
        One for each vectorizer; none while there are no passages.
    ids_, texts_ : list of str
    metadata_ : list of dict

    Notes
    -----
    The score is the vectorizer's own, the cosine or, such as for BM25, the dot product; of several
    it is the fused one; with a reranker it is the reranker's. Threads may search while another adds
    or removes, and see the passages before or after that.

    Examples
    --------
    >>> passages = PassageIndex().add(["oysters by the harbour", "skiing"], [{"stars": 4}, {}])
    >>> passages.add(["贾宝玉初试云雨情"], ids=["红楼梦"], refit=True).search("宝玉", k=1)[0].id
    '红楼梦'
    >>> [found.text for found in passages.search("the harbour", where={"stars": [3, 4]})]
    ['oysters by the harbour']
    """

    def __init__(
        self, vectorizers=None, fusion="rrf", weights=None, reranker=None, n_candidates=100
    ):
        self.vectorizers = vectorizers
        self.fusion = fusion
        self.weights = weights
        self.reranker = reranker
        self.n_candidates = n_candidates

    def fit(self, texts, metadata=None, ids=None) -> Self:
        """Start anew with these passages; takes what :meth:`add` takes.

        Parameters
        ----------
        texts, metadata, ids
            As :meth:`add` takes them.

        Returns
        -------
        self
        """
        fresh = type(self)(**self.get_params(deep=False)).add(texts, metadata, ids)._now()
        self.__dict__ = vars(fresh)  # vectorizers that learned before go, too
        return self

    def add(self, texts, metadata=None, ids=None, refit=False) -> Self:
        """Take in passages; those whose ids are known replace what these ids meant.

        Vectorizers that were not fitted learn from the first passages: words that these do not
        have stay unknown until ``refit``.

        Parameters
        ----------
        texts : iterable of str
            What the passages say.
        metadata : iterable of mappings, default=None
            What else is known of each. What is to be saved holds str, numbers, bools, None, and
            lists and dicts of these.
        ids : iterable of str, default=None
            What they are called, each once; None makes new ones, which are then in ``ids_``.
        refit : bool, default=False
            Whether vectorizers that were not fitted when given learn anew from all passages, which
            takes as long as to start anew.

        Returns
        -------
        self

        Raises
        ------
        TypeError
            If a text or id is no str, or metadata are no mapping.
        ValueError
            If ids stand twice, or there are not as many as texts.
        """
        check_flag("refit", refit)
        texts, metadata, ids = read_passages(texts, metadata, ids)
        known = self._now()
        if not texts:
            return self
        places = {id: row for row, id in enumerate(known.ids_)}
        rows, added = list(range(len(places))), texts
        for number, id in enumerate(ids, len(rows)):
            if id in places:
                rows[places[id]] = number
            else:
                rows.append(number)
        ids, texts, metadata = (
            [both[row] for row in rows]
            for both in (known.ids_ + ids, known.texts_ + texts, known.metadata_ + metadata)
        )
        if refit or not hasattr(known, "vectorizers_"):
            learned = known._learned(texts)
            indexes = [_index(one, document_vectors(one, texts)) for one in learned]
        else:
            learned = known.vectorizers_
            views = [document_vectors(one, added) for one in learned]
            if known.indexes_:
                pairs = zip(known.indexes_, views)
                views = [_stacked(old.items_, view)[rows] for old, view in pairs]
            indexes = [_index(one, view) for one, view in zip(learned, views)]
        self._publish(learned, indexes, ids, texts, metadata)
        return self

    def remove(self, ids) -> Self:
        """Forget passages.

        Parameters
        ----------
        ids : str or iterable of str
            What they are called.

        Returns
        -------
        self

        Raises
        ------
        KeyError
            If there is no passage of an id; then none is forgotten.
        """
        known = self._now()
        gone = set(_as_ids(ids))
        for id in sorted(gone.difference(known.ids_), key=str):
            raise KeyError(f"no passage has the id {id!r}.")
        rows = [row for row, id in enumerate(known.ids_) if id not in gone]
        indexes = []
        if rows:
            indexes = [ExactIndex(index.metric).fit(index.items_[rows]) for index in known.indexes_]
        learned = getattr(known, "vectorizers_", None)
        parts = known.ids_, known.texts_, known.metadata_
        self._publish(learned, indexes, *([part[row] for row in rows] for part in parts))
        return self

    def get(self, ids) -> list[Found]:
        """Return the passages of these ids that there are, with a score of 0.

        Parameters
        ----------
        ids : str or iterable of str
            What they are called.

        Returns
        -------
        list of Found
            In the order of ``ids``.
        """
        known = self._now()
        places = {id: row for row, id in enumerate(known.ids_)}
        return [known._found(places[id], 0.0) for id in _as_ids(ids) if id in places]

    def search(
        self, query, k=10, where=None, diversity=None, threshold=None, n_candidates=None
    ) -> list[Found]:
        """Return the passages that answer a query best.

        Parameters
        ----------
        query : str
            What is asked.
        k : int >= 1, default=10
            How many passages at most.
        where : mapping or callable, default=None
            Which passages may be found: those whose metadata have these values (one of several
            where a list stands), or those for whose metadata the function is true.
        diversity : float in [0, 1], default=None
            Where given, candidates are chosen one after another by maximal marginal relevance:
            each for ``(1 - diversity)`` times its relevance, less ``diversity`` times its greatest
            cosine with one chosen before. The relevance is the score where that is one
            vectorizer's cosine, and else the score brought to [0, 1] over the candidates.
        threshold : float, default=None
            The least score.
        n_candidates : int >= 1, default=None
            In place of the parameter of this name, for this query.

        Returns
        -------
        list of Found
            Best first, or in the order of the choice. Fewer than ``k`` where no more score other
            than 0: a passage that shares nothing with the query is not found.

        Raises
        ------
        TypeError, ValueError
            If a parameter is of the wrong kind or out of range.
        """
        check_type("query", query, str, "a str")
        check_number("k", k, low=1, integer=True)
        depth = self.n_candidates if n_candidates is None else n_candidates
        check_number("n_candidates", depth, low=1, integer=True)
        if diversity is not None:
            check_number("diversity", diversity, low=0, high=1)
        if threshold is not None:
            check_number("threshold", threshold)
        known = self._now()
        if not known.indexes_:
            return []
        allowed = known._allowed(where)
        wanted = max(k, depth) if diversity is not None or known.reranker is not None else k
        wanted = min(wanted, int(allowed.sum()))
        if not wanted:
            return []
        scores, rows = known._ranked(query, wanted, max(k, depth), allowed)
        if known.reranker is not None and len(rows):
            found = known.reranker.score([(query, known.texts_[row]) for row in rows])
            scores = np.asarray(found, np.float64)
            order = np.argsort(-scores, kind="stable")
            scores, rows = scores[order], rows[order]
        if threshold is not None:
            rows, scores = rows[scores >= threshold], scores[scores >= threshold]
        if diversity is not None and len(rows):
            chosen = known._diverse(rows, scores, diversity, k)
            scores, rows = scores[chosen], rows[chosen]
        return [known._found(row, score) for row, score in zip(rows[:k], scores[:k])]

    def __len__(self):
        return len(getattr(self, "ids_", ()))

    def __sklearn_is_fitted__(self):
        return hasattr(self, "ids_")

    def _now(self):
        """Return this index as it is, whatever others add meanwhile; empty where nothing is."""
        now = held(self)
        for name in ("indexes_", "ids_", "texts_", "metadata_"):
            now.__dict__.setdefault(name, [])
        return now

    def _publish(self, vectorizers, indexes, ids, texts, metadata):
        learned = {} if vectorizers is None else {"vectorizers_": vectorizers}
        rows = {"indexes_": indexes, "ids_": ids, "texts_": texts, "metadata_": metadata}
        publish(self, learned | rows)

    def _learned(self, texts):
        """Return the vectorizers, those that were not fitted when given fitted on these texts."""
        chosen = self.vectorizers
        if chosen is None:
            chosen = BM25Vectorizer()
        chosen = list(chosen) if isinstance(chosen, list | tuple) else [chosen]
        if not chosen:
            raise ValueError("vectorizers is an empty list: name at least one, or None.")
        learned = []
        for vectorizer in chosen:
            check_vectorizer(vectorizer)
            if not is_fitted(vectorizer):
                vectorizer = clone(vectorizer).fit(texts)
            learned.append(vectorizer)
        return learned

    def _allowed(self, where):
        """Return the mask of the passages that may be found."""
        if where is None:
            return np.ones(len(self.ids_), bool)
        matches = filter_of(where)
        return np.fromiter(map(matches, self.metadata_), bool, len(self.ids_))

    def _ranked(self, query, wanted, depth, allowed):
        """Return scores and rows of the best passages, of one view or fused."""
        views = [vectors_of_queries(one, [query]) for one in self.vectorizers_]
        sides = [_Side(index, allowed) for index in self.indexes_]
        if len(views) == 1:
            scores, rows = sides[0].search(views[0], wanted)
        else:
            fused = HybridIndex(None, self.fusion, self.weights, n_candidates=depth)
            fused.indexes_, fused.n_items_ = sides, len(allowed)
            scores, rows = fused.search(views, wanted)
        return scores[0][rows[0] >= 0], rows[0][rows[0] >= 0]

    def _diverse(self, rows, scores, diversity, k):
        """Choose k of the candidates that are relevant and unlike each other."""
        is_cosine = len(self.indexes_) == 1 and self.indexes_[0].metric == "cosine"
        views = [index.items_[rows] for index in self.indexes_]
        is_cosine = is_cosine and self.reranker is None
        return choose_diverse(scores, views, self.weights, diversity, k, is_cosine)

    def _found(self, row, score):
        return Found(self.ids_[row], self.texts_[row], dict(self.metadata_[row]), float(score))

    def _check_loaded(self):
        if not hasattr(self, "ids_"):
            return
        for name in ("indexes_", "ids_", "texts_", "metadata_"):
            check_type(name, getattr(self, name, None), list, "a list")
        read_passages(self.texts_, self.metadata_, self.ids_)
        if not self.ids_ and not self.indexes_:
            return
        if len(self.indexes_) != len(getattr(self, "vectorizers_", ())):
            raise ValueError("indexes_ must be as many as vectorizers_")
        for index in self.indexes_:
            if not isinstance(index, ExactIndex) or not hasattr(index, "items_"):
                raise ValueError("indexes_ must be fitted ExactIndexes")
            if index.items_.shape[0] != len(self.ids_):
                raise ValueError(f"indexes_ must be of {len(self.ids_)} passages")


class _Side:
    """One vectorizer's index as it answers where some passages may not be found."""

    def __init__(self, index, allowed):
        self.index = index
        self.allowed = allowed

    def search(self, X, k):
        """Return scores and rows of the ``k`` best allowed, as an index does."""
        found = np.full((1, k), -1)
        scores = np.zeros((1, k))
        if abs(X).sum():  # else it knows no word of the query
            rows, its_scores = best_allowed(self.index, X, k, self.allowed)
            found[0, : len(rows)], scores[0, : len(rows)] = rows, its_scores
        return scores, found


SEARCH_TYPES = ("similarity", "mmr", "similarity_score_threshold")


def check_search_type(search_type, score_threshold):
    """Raise ValueError unless it is one of `SEARCH_TYPES`, with the threshold that it needs."""
    check_choice("search_type", search_type, SEARCH_TYPES)
    if search_type == "similarity_score_threshold" and score_threshold is None:
        raise ValueError(
            'search_type="similarity_score_threshold" needs score_threshold: the least score, on '
            "the scale of the index."
        )


def search_of_type(
    index, query, k, where, search_type, relevance, score_threshold, n_candidates
) -> list[Found]:
    """Search as LangChain and LlamaIndex ask for it.

    Parameters
    ----------
    index : PassageIndex
        What is searched.
    query, k, where
        As :meth:`PassageIndex.search` takes them.
    search_type : str
        One of `SEARCH_TYPES`: by score, by maximal marginal relevance, or by score down to a least.
    relevance : float in [0, 1]
        Of "mmr": 1 is by relevance alone.
    score_threshold : float or None
        Of "similarity_score_threshold": the least score.
    n_candidates : int or None
        Of "mmr": how many to choose from.

    Returns
    -------
    list of Found
    """
    check_search_type(search_type, score_threshold)
    if search_type == "mmr":
        return index.search(query, k, where, diversity=1 - relevance, n_candidates=n_candidates)
    has_threshold = search_type == "similarity_score_threshold"
    return index.search(query, k, where, threshold=score_threshold if has_threshold else None)


def read_passages(texts, metadata, ids):
    """Return texts, metadata and ids as lists of one length, or raise.

    Parameters
    ----------
    texts : iterable of str
        What passages say.
    metadata : iterable of mappings or None
        What else is known of each.
    ids : iterable of str or None
        What they are called; None makes new ones.

    Returns
    -------
    texts : list of str
    metadata : list of dict
    ids : list of str
    """
    texts = check_texts(texts)
    if metadata is None:
        metadata = [{} for _ in texts]
    else:
        metadata = [{} if one is None else one for one in _as_many("metadata", metadata, texts)]
        for row, one in enumerate(metadata):
            check_type(f"metadata[{row}]", one, Mapping, "a mapping, such as a dict")
        metadata = [dict(one) for one in metadata]
    if ids is None:
        return texts, metadata, [uuid.uuid4().hex for _ in texts]
    ids = _as_many("ids", ids, texts)
    for row, id in enumerate(ids):
        check_type(f"ids[{row}]", id, str, "a str")
    if len(set(ids)) != len(ids):
        twice = next(id for row, id in enumerate(ids) if id in ids[:row])
        raise ValueError(f"ids must be unique. {twice!r} stands twice.")
    return texts, metadata, ids


def choose_diverse(scores, views, weights, diversity, k, is_cosine):
    """Choose candidates by maximal marginal relevance, as LangChain does where scores are cosines.

    Parameters
    ----------
    scores : ndarray of shape (n_candidates,)
        Best first.
    views : list of matrices of n_candidates rows
        Their vectors, by one or several vectorizers; the weighted mean of the cosines counts.
    weights : list of float or None
        Of the views.
    diversity : float in [0, 1]
        0 is by relevance alone.
    k : int
        How many to choose.
    is_cosine : bool
        Whether scores are cosines; others are brought to [0, 1] first.

    Returns
    -------
    ndarray of int64
        Places of the chosen, in the order of the choice.
    """
    cosines = np.zeros((len(scores), len(scores)))
    weights = [1.0] * len(views) if weights is None else weights
    for view, weight in zip(views, weights):
        cosines += weight * cosines_among(view.astype(np.float64))
    relevance = scores.astype(np.float64)
    if not is_cosine:
        spread = relevance.max() - relevance.min()
        relevance = (relevance - relevance.min()) / spread if spread else np.ones(len(scores))
    return mmr(relevance, cosines / sum(weights), float(diversity), min(k, len(scores)))


def filter_of(where):
    """Return the function from metadata to bool that a filter stands for.

    Parameters
    ----------
    where : mapping or callable
        The values that metadata must have, one of several where a list stands; or a function.

    Returns
    -------
    callable
    """
    if callable(where):
        return lambda metadata: bool(where(metadata))
    check_type("where", where, Mapping, "a mapping from keys to values, or a function")
    wanted = wanted_values(where)
    return lambda metadata: all(
        key in metadata and metadata[key] in values for key, values in wanted.items()
    )


def wanted_values(where):
    """Return the values of a filter, a list for each key, whether one stands there or several."""
    several = list | tuple | set | frozenset
    return {
        key: list(value) if isinstance(value, several) else [value] for key, value in where.items()
    }


def _as_ids(ids):
    return [ids] if isinstance(ids, str) else as_list("ids", ids, "a str, or a list of str")


def _as_many(name, values, texts):
    values = as_rows(name, values, "a list, one for each text")
    if len(values) != len(texts):
        raise ValueError(f"{name} must be as many as texts: {len(texts)}. Got {len(values)}.")
    return values


def _index(vectorizer, vectors):
    return ExactIndex(metric=metric_of(vectorizer)).fit(vectors)


def _stacked(old, new):
    if sparse.issparse(old):
        return sparse.vstack([old, sparse.csr_array(new, dtype=old.dtype)], format="csr")
    return np.vstack([old, new.toarray() if sparse.issparse(new) else new]).astype(old.dtype)
