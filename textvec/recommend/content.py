"""Recommend items by what their texts say: hotels, products, anything with a text column."""

import re
import warnings
from itertools import islice
from typing import Self

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.base import BaseEstimator, clone
from sklearn.preprocessing import normalize
from sklearn.utils.validation import check_array, check_is_fitted

from textvec._checks import check_choice, check_number, closest_names
from textvec.persistence import SaveMixin
from textvec.search.exact import ExactIndex
from textvec.sparse.weights import TfidfVectorizer
from textvec.text.vocabulary import HAN

# Manning et al. recommend weights of 0.75 for liked and 0.15 for disliked documents: one to a fifth
DISLIKED_SHARE = 0.2


class ContentRecommender(SaveMixin, BaseEstimator):
    """Find the items whose texts are most like an item, a set of liked items or a query.

    Parameters
    ----------
    vectorizer : vectorizer, default=None
        What turns texts into rows: any scikit-learn transformer of texts, sparse or dense, a
        pipeline of several included. It is cloned and fitted on the items. Its attribute ``metric``
        says how rows are compared, "cosine" (also when it has none) or "dot"; its method
        ``transform_queries``, where there is one, is used for queries. None gives
        :func:`default_vectorizer`: TF-IDF of words and pairs of neighbouring words without stop
        words, cut by jieba where the text is mostly Chinese.

    Attributes
    ----------
    vectorizer_ : vectorizer
        The fitted clone.
    metric_ : str
        "cosine" or "dot".
    vectors_ : sparse matrix or ndarray of shape (n_items, n_features)
        One row for each item, of length 1 where ``metric_`` is "cosine".
    ids_ : pandas.Index of length n_items
    items_ : pandas.DataFrame of n_items rows
        The columns that stand behind `id` and `score` in each answer.
    index_ : ExactIndex
        Searches ``vectors_``.

    See Also
    --------
    textvec.search.exact.ExactIndex : The same search over rows that you have already.

    Examples
    --------
    >>> import pandas as pd
    >>> hotels = pd.DataFrame({
    ...     "name": ["Quay", "Pier", "Summit"],
    ...     "desc": ["harbour view and oysters", "oysters by the harbour", "skiing and harbour"],
    ... })
    >>> recommender = ContentRecommender().fit(hotels, ids="name", text="desc")
    >>> recommender.similar("Quay", k=1).round(3)
         id  score                    desc
    0  Pier  0.337  oysters by the harbour
    >>> recommender.explain("Quay", "Pier").round(3)
          term  share
    0  oysters  0.210
    1  harbour  0.127
    """

    def __init__(self, vectorizer=None):
        self.vectorizer = vectorizer

    def fit(self, items, ids=None, text=None) -> Self:
        """Vectorise the items and make them searchable.

        Parameters
        ----------
        items : DataFrame, Series of str or list of str
            What can be recommended, one text each.
        ids : column name or array-like of n_items, default=None
            What the items are called, each name once. None takes the index of the DataFrame or
            Series, and 0, 1, … for a list.
        text : column name, default=None
            The column of a DataFrame that holds the texts; may stay None where the DataFrame has
            one column (besides the ids).

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If items are empty, a column is missing, an id is missing or stands twice, or a text is
            missing; the message names the row (counted from 0) and the column.
        TypeError
            If items have none of these forms or a text is not a str.

        Warns
        -----
        UserWarning
            If the vectors of some items are all zeros: they are never found.
        """
        frame, self.ids_, text = _read_items(items, ids, text)
        self.texts_ = _check_texts(frame[text], self.ids_)
        self.items_ = _without_id_column(frame, ids)
        if self.vectorizer is None:
            self.vectorizer_ = default_vectorizer(self.texts_)
        else:
            self.vectorizer_ = clone(self.vectorizer)
        self.metric_ = getattr(self.vectorizer_, "metric", "cosine")
        check_choice("vectorizer.metric", self.metric_, ("cosine", "dot"))
        self.vectors_ = self._as_rows(self.vectorizer_.fit_transform(self.texts_))
        self.index_ = ExactIndex(metric="dot").fit(self.vectors_)
        self.__dict__.pop("_terms", None)  # of an earlier fit
        return self

    def similar(self, id, k=10) -> pd.DataFrame:
        """Return the items most like one of them.

        Parameters
        ----------
        id : hashable
            The id of a fitted item.
        k : int >= 1, default=10
            How many items at most.

        Returns
        -------
        DataFrame
            Columns `id`, `score` and those of the items, best first, without the item itself. A
            column of the items that is called "id" or "score" is returned as "id_item" or
            "score_item". An item that scores exactly 0 shares nothing with the query and is left
            out, so there may be fewer than ``k``.

        Raises
        ------
        KeyError
            If the id is unknown; the message offers the closest ones.
        """
        return self.recommend([id], k=k)

    def recommend(self, liked, disliked=None, k=10) -> pd.DataFrame:
        """Return the items most like the liked ones and least like the disliked ones.

        Rocchio's feedback formula, with the weights that Manning et al. suggest (0.75 and 0.15)
        scaled to 1 and 0.2: an item d scores

            mean of s(l, d) over the liked l  -  0.2 * mean of s(u, d) over the disliked u

        where s is the cosine (or, where ``metric_`` is "dot", the dot product) of two items.

        Parameters
        ----------
        liked : id or list of ids
            At least one.
        disliked : id or list of ids, default=None
            None of the liked ones.
        k : int >= 1, default=10
            How many items at most.

        Returns
        -------
        DataFrame
            As :meth:`similar` returns it, without the liked and the disliked items.

        Raises
        ------
        KeyError
            If an id is unknown; the message offers the closest ones.
        ValueError
            If nothing is liked, or an item is both liked and disliked.

        References
        ----------
        Rocchio 1971, "Relevance feedback in information retrieval"; Manning, Raghavan and Schütze
        2008, "Introduction to Information Retrieval", section 9.1.1, equation 9.3.
        """
        check_is_fitted(self)
        liked, disliked = self._rows_of(liked), self._rows_of(disliked)
        if not liked:
            raise ValueError("liked is empty: name at least one item, or use query(text).")
        for row in set(liked) & set(disliked):
            raise ValueError(f"{self.ids_[row]!r} is both liked and disliked: keep it in one list.")
        weights = [1 / len(liked) for _ in liked]
        weights += [-DISLIKED_SHARE / len(disliked) for _ in disliked]
        vectors = self._as_queries(liked + disliked)
        wish = sparse.csr_array([weights], dtype=vectors.dtype) @ vectors  # (1, n_features)
        return self._best(wish, k, without=liked + disliked)

    def query(self, text, k=10) -> pd.DataFrame:
        """Return the items most like a text of your own.

        Parameters
        ----------
        text : str
            What is wanted, in words.
        k : int >= 1, default=10
            How many items at most.

        Returns
        -------
        DataFrame
            As :meth:`similar` returns it; empty, with a warning, where the vectorizer knows nothing
            of the text.
        """
        check_is_fitted(self)
        if not isinstance(text, str):
            raise TypeError(f"text must be one str. Got {type(text).__name__} instead: {text!r}.")
        to_vectors = getattr(self.vectorizer_, "transform_queries", self.vectorizer_.transform)
        return self._best(self._as_rows(to_vectors([text])), k)

    def explain(self, a, b) -> pd.DataFrame:
        """Return the terms that make two items similar.

        Parameters
        ----------
        a, b : hashable
            Ids of two fitted items.

        Returns
        -------
        DataFrame
            Columns `term` and `share`, largest share first: the product of the term's weights in
            both items. The shares sum to the score that ``similar(a)`` gives b.

        Raises
        ------
        KeyError
            If an id is unknown; the message offers the closest ones.
        TypeError
            If the vectorizer's columns are not terms: its vectors are dense, or it cannot name
            them.
        """
        check_is_fitted(self)
        (row_a,), (row_b,) = self._rows_of([a]), self._rows_of([b])
        kind = type(self.vectorizer_).__name__
        if not sparse.issparse(self.vectors_):
            raise TypeError(
                f"explain needs columns that stand for terms. {kind} gives dense vectors, whose "
                "columns mean nothing alone: use a sparse vectorizer such as TfidfVectorizer."
            )
        if not hasattr(self.vectorizer_, "get_feature_names_out"):
            raise TypeError(
                f"explain needs the terms' names, and {kind} has no get_feature_names_out: use "
                "a vectorizer that keeps its vocabulary, such as TfidfVectorizer."
            )
        shared = sparse.coo_array(self._as_queries([row_a]).multiply(self.vectors_[[row_b]]))
        if not hasattr(self, "_terms"):  # kept: a vectorizer sorts its vocabulary at each call
            self._terms = np.asarray(self.vectorizer_.get_feature_names_out(), dtype=object)
        explanation = pd.DataFrame({"term": self._terms[shared.coords[1]], "share": shared.data})
        return explanation.sort_values(
            ["share", "term"], ascending=[False, True], ignore_index=True
        )

    def __getstate__(self):
        return {name: value for name, value in super().__getstate__().items() if name != "_terms"}

    def _rows_of(self, ids):
        """Return the rows of an id, a list of ids or None."""
        if ids is None:
            return []
        return [self._row_of(id) for id in (ids if pd.api.types.is_list_like(ids) else [ids])]

    def _row_of(self, id):
        try:
            return int(self.ids_.get_loc(id))
        except (KeyError, TypeError, pd.errors.InvalidIndexError):
            pass
        message = f"no item has the id {id!r}."
        if closest := closest_names(id, self.ids_):
            message += f" The closest are: {', '.join(map(repr, closest))}."
        raise KeyError(message)

    def _as_queries(self, rows):
        """Return the items of these rows as what ``vectors_`` are searched with."""
        if self.metric_ == "dot" and hasattr(self.vectorizer_, "transform_queries"):
            texts = [self.texts_[row] for row in rows]
            return self._as_rows(self.vectorizer_.transform_queries(texts))
        return self.vectors_[rows]

    def _as_rows(self, vectors):
        """Return what the vectorizer gave as floats, of length 1 where cosines are wanted."""
        vectors = check_array(
            vectors,
            accept_sparse="csr",
            dtype=[np.float64, np.float32],
            ensure_min_features=0,
            input_name=f"the output of {type(self.vectorizer_).__name__}",
        )
        return normalize(vectors) if self.metric_ == "cosine" else vectors

    def _best(self, wish, k, without=()):
        """Return the ``k`` best items for one row of wishes, without some rows."""
        check_number("k", k, low=1, integer=True)
        if not abs(wish).sum():
            warnings.warn(
                "the query's vector is all zeros: it holds no term that the vectorizer knows from "
                "the items, so nothing matches.",
                stacklevel=3,
            )
            return self._as_frame([], [])
        scores, rows = self.index_.search(wish, k=k + len(set(without)))
        kept = (rows[0] >= 0) & ~np.isin(rows[0], list(without))
        return self._as_frame(rows[0][kept][:k], scores[0][kept][:k])

    def _as_frame(self, rows, scores):
        rows = np.asarray(rows, dtype=np.intp)
        head = pd.DataFrame(
            {"id": self.ids_[rows], "score": np.asarray(scores, dtype=self.vectors_.dtype)}
        )
        items = self.items_.iloc[rows].reset_index(drop=True)
        taken = {name: f"{name}_item" for name in head.columns}
        return pd.concat([head, items.rename(columns=taken)], axis=1)


def default_vectorizer(texts):
    """Return the unfitted vectorizer that suits the script of some texts.

    Parameters
    ----------
    texts : iterable of str
        The texts that it will be fitted on.

    Returns
    -------
    TfidfVectorizer
        Over words and pairs of neighbouring words, without stop words: English ones, or, where the
        texts are mostly Han script, Chinese ones with jieba's words.

    Examples
    --------
    >>> default_vectorizer(["a quiet hotel by the lake"])
    TfidfVectorizer(ngram_range=(1, 2), stop_words='english')
    """
    if _is_mostly_han(texts):
        return TfidfVectorizer(ngram_range=(1, 2), stop_words="chinese", tokenizer="jieba")
    return TfidfVectorizer(ngram_range=(1, 2), stop_words="english")


def _is_mostly_han(texts):
    """Tell whether more than half of a sample of the letters are Chinese characters."""
    sample = "".join(text[:200] for text in islice(texts, 1000))
    n_letters = len(re.findall(r"[^\W\d_]", sample))
    return 2 * len(re.findall(f"[{HAN}]", sample)) > n_letters


def _read_items(items, ids, text):
    """Return items in any form as (frame, ids, name of the text column)."""
    if isinstance(items, pd.DataFrame):
        text = _text_column(items, ids, text)
        frame = items
    else:
        if text is not None:
            raise ValueError(
                f"text names a column of a DataFrame, and items is a {type(items).__name__}. "
                "Leave text out."
            )
        frame = _one_column(items)
        text = frame.columns[0]
    if len(frame) == 0:
        raise ValueError("items is empty: nothing can be recommended from no items.")
    return frame, _read_ids(frame, ids), text


def _one_column(texts):
    if isinstance(texts, pd.Series):
        return texts.to_frame("text" if texts.name is None else texts.name)
    is_texts = isinstance(texts, list | tuple) or isinstance(texts, np.ndarray) and texts.ndim == 1
    if not is_texts:
        raise TypeError(
            "items must be a DataFrame with a text column, a Series of str or a list of str. "
            f"Got {type(texts).__name__} instead."
        )
    return pd.DataFrame({"text": pd.Series(list(texts), dtype=object)})


def _text_column(frame, ids, text):
    if text is None:
        candidates = [name for name in frame.columns if not _is_name(ids) or name != ids]
        if len(candidates) != 1:
            raise ValueError(
                f"text must name the column of texts. items has the columns {_listed(candidates)}."
            )
        text = candidates[0]
    _check_column("text", text, frame)
    return text


def _check_column(parameter, name, frame):
    found = int((frame.columns == name).sum())
    if found == 0:
        raise ValueError(
            f"{parameter}={name!r} is no column of items, which has {_listed(frame.columns)}."
        )
    if found > 1:
        raise ValueError(f"{found} columns of items are called {name!r}: rename all but one.")


def _read_ids(frame, ids):
    """Return the ids as an index, each there and there once."""
    if ids is None:
        source, ids = "items.index", frame.index
    elif _is_name(ids):
        source = f"column {ids!r}"
        _check_column("ids", ids, frame)
        ids = pd.Index(frame[ids])
    else:
        source, ids = "ids", pd.Index(ids)
    if len(ids) != len(frame):
        raise ValueError(f"ids must have one entry per item: {len(frame)}. Got {len(ids)} instead.")
    missing = np.flatnonzero(ids.isna())
    if missing.size:
        raise ValueError(f"row {missing[0]} of {source} has no id: fill it or drop the row.")
    if not ids.is_unique:
        twice = ids[ids.duplicated()][0]
        first, second = np.flatnonzero(ids == twice)[:2]
        raise ValueError(
            f"ids must be unique. {twice!r} stands in rows {first} and {second} of {source}: "
            "rename or drop one."
        )
    return ids.rename("id")


def _check_texts(column, ids):
    """Return the texts as a list, or raise for the first one that is none."""
    texts = column.tolist()
    for row, text in enumerate(texts):
        if isinstance(text, str):
            continue
        place = f"row {row} (id {ids[row]!r}) of column {column.name!r}"
        if pd.isna(text) is True:
            raise ValueError(f"{place} has no text ({text!r}): fill it with '' or drop the row.")
        raise TypeError(f"{place} must be a str. Got {type(text).__name__} instead: {text!r}.")
    return texts


def _without_id_column(frame, ids):
    """Return the frame without its column of ids, sharing its data."""
    return frame.drop(columns=ids) if _is_name(ids) else frame.copy(deep=False)


def _is_name(ids):
    return ids is not None and not pd.api.types.is_list_like(ids)


def _listed(names):
    return ", ".join(map(repr, names)) or "no columns"
