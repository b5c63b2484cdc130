"""Recommend items by what their texts say: hotels, products, anything with a text column."""

from collections.abc import Mapping
from typing import Self

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from textvec._checks import check_number, closest_names, warn_user
from textvec._threads import held, publish
from textvec.maps.planes import plane
from textvec.persistence import SaveMixin
from textvec.recommend.changes import added, name_items, removed, updated
from textvec.recommend.defaults import default_vectorizers
from textvec.recommend.evaluation import evaluate
from textvec.recommend.explanations import explain_pair, feature_names
from textvec.recommend.features import fit_blocks, item_vectors, query_vector, shares
from textvec.recommend.items import (
    is_name,
    one_each,
    only_column,
    plain,
    read_interactions,
    read_items,
    read_weights,
)
from textvec.recommend.ranking import MOST_CANDIDATES, allowed_rows, best_allowed, diverse
from textvec.search.exact import ExactIndex

# Manning et al. recommend weights of 0.75 for liked and 0.15 for disliked documents: one to a fifth
DISLIKED_SHARE = 0.2
_MOST_NAMED = 5  # items in a message

_FITTED = ("blocks_", "metric_", "_id_column")  # what ``add`` leaves as it is


class ContentRecommender(SaveMixin, BaseEstimator):
    """Find the items most like an item, a set of liked items or a query, and say why.

    Parameters
    ----------
    vectorizer : vectorizer, list of these or of pairs (vectorizer, weight), default=None
        What turns texts into rows: any scikit-learn transformer of texts, sparse or dense, a
        pipeline of several included. It is cloned and fitted on the items. Its attribute ``metric``
        says how rows are compared, "cosine" (also when it has none) or "dot"; its method
        ``transform_queries``, where there is one, is used for queries; a pipeline has them from its
        last step. Several are fused: the score is the weighted mean of their scores. None gives
        :func:`~textvec.recommend.defaults.default_vectorizers`: TF-IDF of words, of characters
        where no spaces are written, and of pairs of neighbouring ones, without stop words; where
        texts are few or short, to a tenth of all words.

    Attributes
    ----------
    blocks_ : list of Block
        For each column and vectorizer its name, the fitted clone, and its weight in the score.
    metric_ : str
        "cosine" or, where one of the vectorizers is compared so, "dot".
    vectors_ : sparse matrix or ndarray of shape (n_items, n_features)
        One row for each item: the blocks side by side, each of length 1 where its metric is
        "cosine", times the root of its weight.
    ids_ : pandas.Index of length n_items
        What the items are called.
    items_ : pandas.DataFrame of n_items rows
        The items; their columns stand behind `id` and `score` in each answer.
    index_ : ExactIndex
        Searches ``vectors_``.

    See Also
    --------
    textvec.search.exact.ExactIndex : The same search over rows that you have already.

    Notes
    -----
    The score of two items is the weighted mean of what their columns score, texts by their
    vectorizer and ``columns`` as :class:`~textvec.recommend.columns.ColumnVectorizer` compares
    them: a weighted sum of similarities, CombSUM of Fox and Shaw 1994, "Combination of multiple
    searches". A dot product such as BM25's has no upper bound: beside cosines, weigh it down.

    Examples
    --------
    >>> import pandas as pd
    >>> hotels = pd.DataFrame({
    ...     "name": ["Quay", "Pier", "Summit"],
    ...     "desc": ["harbour view and oysters", "oysters by the harbour", "skiing and harbour"],
    ...     "price": [120, 300, 130],
    ... })
    >>> recommender = ContentRecommender().fit(hotels, ids="name", text="desc")
    >>> recommender.similar("Quay", k=1).round(3)
         id  score                    desc  price
    0  Pier  0.338  oysters by the harbour    300
    >>> recommender.explain("Quay", "Pier").round(3)
          term  share
    0  oysters  0.211
    1  harbour  0.127
    >>> recommender.fit(hotels, ids="name", text={"desc": 1.0}, columns={"price": 0.5})
    ContentRecommender()
    >>> recommender.similar("Quay", where=lambda hotels: hotels["price"] < 200)["id"].tolist()
    ['Summit']
    """

    def __init__(self, vectorizer=None):
        self.vectorizer = vectorizer

    def fit(self, items, ids=None, text=None, columns=None) -> Self:
        """Vectorise the items and make them searchable.

        Parameters
        ----------
        items : DataFrame, Series of str or other iterable of str
            What can be recommended, one text each.
        ids : column name or array-like of n_items, default=None
            What the items are called, each name once. None takes the index of the DataFrame or
            Series, and 0, 1, … for a list. A Series with the labels of this index goes by them.
        text : column name, list of these, or mapping from column name to weight, default=None
            The columns of a DataFrame that hold the texts, and what each counts; may stay None
            where the DataFrame has one column (besides the ids).
        columns : column name, list of these, or mapping from column name to weight, default=None
            Columns of numbers and of categories (or lists of categories) that count beside the
            texts: ``text={"name": 1, "desc": 2}, columns={"price": 0.5}``. A missing value there
            is like nothing. Of dates, take numbers first. Texts that are written as numbers
            ("$1,200.00", "4.1/5") or lists ("Drama|War") are read as these, with a warning; to
            choose, give a :class:`~textvec.recommend.columns.Numbers` or
            :class:`~textvec.recommend.columns.Categories` in place of a weight. A column of names
            of vectors, such as ids that were learned from sessions, takes a
            :class:`~textvec.recommend.columns.Vectors`.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If items are empty, a column is missing, an id is missing or stands twice, or a weight
            is too small to count; the message names the row (counted from 0) and the column.
        TypeError
            If items have none of these forms, a text is not a str, or ``columns`` hold dates.

        Warns
        -----
        UserWarning
            If texts are missing: they are taken as empty. If the vectors of some items are all
            zeros: they are never found. If ``columns`` hold texts that are read as something else.
        """
        frame = read_items(items)
        if isinstance(items, pd.DataFrame):
            text = only_column(frame, ids) if text is None else text
        elif text is not None or columns is not None:
            raise ValueError(
                "text and columns name columns of a DataFrame, and items is a "
                f"{type(items).__name__}. Leave text out."
            )
        else:
            text = frame.columns[0]
        texts, _ = read_weights("text", text, frame)
        columns, kinds = read_weights("columns", columns, frame)
        if not texts:
            raise ValueError("text must name at least one column. Got an empty list instead.")
        names = name_items(items, frame, ids)
        blocks, vectors = fit_blocks(
            frame, names, texts, columns, kinds, self.vectorizer, default_vectorizers
        )
        learned = {
            "blocks_": blocks,
            "metric_": "dot" if any(block.metric == "dot" for block in blocks) else "cosine",
            "_id_column": ids if is_name(ids) else None,
        }
        return self._publish(learned, frame, names, vectors)

    def add(self, items, ids=None) -> Self:
        """Make more items searchable, by the vectorizers as they were fitted.

        Terms and categories that the first items did not have are unknown; weights stay as they
        are. Refit when the new items are many or of another kind.

        Parameters
        ----------
        items : DataFrame, Series of str or other iterable of str
            In the form that ``fit`` got.
        ids : column name or array-like, default=None
            What they are called. None takes the column that ``fit`` took, or the index of the
            DataFrame or Series; a list goes on counting.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a column is missing, or an id is missing, taken or stands twice; the recommender
            stays as it was.
        TypeError
            If a text is not a str, or items have none of the forms.
        """
        known = self._as_it_is()
        return self._change(known, *added(known, items, ids))

    def update(self, items, ids=None) -> Self:
        """Change items in their places, by the vectorizers as they were fitted.

        Parameters
        ----------
        items : DataFrame, Series of str or other iterable of str
            The items as they are now. Columns that are not given keep what they held, so prices
            change without the texts.
        ids : column name or array-like, default=None
            Which items these are. None takes the column that ``fit`` took, or the index of the
            DataFrame or Series.

        Returns
        -------
        self

        Raises
        ------
        KeyError
            If an id is unknown; the message offers the closest ones. The recommender stays as it
            was.
        ValueError
            If an id is missing or stands twice, or no column is one of the items'.
        TypeError
            If a text is not a str, or items have none of the forms.

        Examples
        --------
        >>> recommender = ContentRecommender().fit(["sea view", "ski lift"], ids=["a", "b"])
        >>> recommender.update(["view of the sea, and a ski lift"], ids=["a"]).items_["text"]["a"]
        'view of the sea, and a ski lift'
        """
        known = self._as_it_is()
        return self._change(known, *updated(known, items, ids))

    def remove(self, ids) -> Self:
        """Forget items.

        Parameters
        ----------
        ids : id or list of ids
            What they are called.

        Returns
        -------
        self

        Raises
        ------
        KeyError
            If an id is unknown; the message offers the closest ones. The recommender stays as it
            was.
        ValueError
            If no item would be left.

        Examples
        --------
        >>> recommender = ContentRecommender().fit(["sea view", "ski lift"], ids=["a", "b"])
        >>> recommender.remove("a").ids_.tolist()
        ['b']
        """
        known = self._as_it_is()
        return self._change(known, *removed(known, ids))

    def similar(self, id, k=10, where=None, diversity=0.0) -> pd.DataFrame:
        """Return the items most like one of them.

        Parameters
        ----------
        id : hashable
            The id of a fitted item.
        k : int >= 1, default=10
            How many items at most.
        where, diversity
            As :meth:`recommend` takes them.

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
        return self.recommend([id], k=k, where=where, diversity=diversity)

    def recommend(self, liked, disliked=None, k=10, where=None, diversity=0.0) -> pd.DataFrame:
        """Return the items most like the liked ones and least like the disliked ones.

        Rocchio's feedback formula, with the weights that Manning et al. suggest (0.75 and 0.15)
        scaled to 1 and 0.2: an item d scores

            mean of s(l, d) over the liked l  -  0.2 * mean of s(u, d) over the disliked u

        where s is the cosine (or, where ``metric_`` is "dot", the dot product) of two items.

        Parameters
        ----------
        liked : id, list of ids, or mapping from id to weight
            At least one. Weights above 0 say how much each is liked: the mean is weighted.
        disliked : id, list of ids, or mapping from id to weight, default=None
            None of the liked ones.
        k : int >= 1, default=10
            How many items at most.
        where : array-like of n_items bools, or callable, default=None
            The items that may be recommended; a callable gets ``items_`` and returns the mask:
            ``lambda hotels: hotels["price"] < 200``. A Series that is labelled by ``ids_``, or as
            the items were, goes by its labels, whatever their order. Missing values count as False.
        diversity : float in [0, 1], default=0
            Above 0, items are chosen one after another by maximal marginal relevance: each for
            ``(1 - diversity)`` times its score (that of the best item being 1), less ``diversity``
            times its greatest cosine with one chosen before. The order is that of the choice. Of
            the items that score best, ten times ``k`` are candidates: 100 at least, 1,000 at most.

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
        2008, "Introduction to Information Retrieval", section 9.1.1, equation 9.3. Carbonell and
        Goldstein 1998, "The use of MMR, diversity-based reranking for reordering documents and
        producing summaries".
        """
        known = self._as_it_is()
        liked = known._weights_of("liked", liked)
        disliked = known._weights_of("disliked", disliked)
        if not liked:
            raise ValueError("liked is empty: name at least one item, or use query(text).")
        for row in liked.keys() & disliked.keys():
            id = plain(known.ids_[row])
            raise ValueError(f"{id!r} is both liked and disliked: keep it in one list.")
        rows = [*liked, *disliked]
        weights = [
            *shares(liked.values()),
            *(-DISLIKED_SHARE * share for share in shares(disliked.values())),
        ]
        vectors = known._as_queries(rows)
        wish = sparse.csr_array([weights], dtype=vectors.dtype) @ vectors  # (1, n_features)
        return known._best(wish, k, rows, where, diversity, list(liked))

    def query(self, text, k=10, where=None, diversity=0.0) -> pd.DataFrame:
        """Return the items most like a text of your own.

        Parameters
        ----------
        text : str
            What is wanted, in words.
        k : int >= 1, default=10
            How many items at most.
        where, diversity
            As :meth:`recommend` takes them.

        Returns
        -------
        DataFrame
            As :meth:`similar` returns it; empty, with a warning, where the vectorizer knows nothing
            of the text. Only the columns of texts count.

        Raises
        ------
        TypeError
            If the text is no str.
        """
        known = self._as_it_is()
        if not isinstance(text, str):
            raise TypeError(f"text must be one str. Got {type(text).__name__} instead: {text!r}.")
        return known._best(query_vector(known.blocks_, text), k, [], where, diversity)

    def explain(self, a, b) -> pd.DataFrame:
        """Return what makes two items similar.

        Parameters
        ----------
        a, b : hashable
            Ids of two fitted items.

        Returns
        -------
        DataFrame
            Columns `term` and `share`, largest share first: the product of the term's weights in
            both items. Where vectors have no terms, being dense or hashed: `a`, `b` and `share`,
            for the closest pairs of their sentences (of their words, where one text is a single
            sentence), which divide the score in proportion to their cosines; for both texts where
            no pair has a cosine above 0. Where items have several columns: `column`, `a`, `b` and
            `share`. The shares sum to the score that ``similar(a)`` gives b.

        Raises
        ------
        KeyError
            If an id is unknown; the message offers the closest ones.
        """
        known = self._as_it_is()
        row_a, row_b = known._row_of(a), known._row_of(b)
        rows = known._as_queries([row_a]), known.vectors_[[row_b]]
        names = [known._terms_of(at) for at in range(len(known.blocks_))]
        return explain_pair(known.blocks_, names, rows, known.items_.iloc[[row_a, row_b]])

    def evaluate(self, interactions, k=10, n_held_out=1) -> pd.Series:
        """Hide what users are known to like, recommend from the rest, and see if it comes back.

        Each user's items, in the order of the rows, are cut into runs of ``n_held_out``. Each run
        is hidden once, and ``k`` items are recommended from the user's others, which are not
        offered again. Nothing is fitted anew, for content does not depend on who likes it.

        Parameters
        ----------
        interactions : DataFrame
            One row for each item that a user likes: the first column names the user, the second
            the item. Further columns are not looked at.
        k : int >= 1, default=10
            How many items are recommended.
        n_held_out : int >= 1, default=1
            How many are hidden at a time; 1 is leave-one-out, where recall is the hit rate. Users
            with no more items than this are left out.

        Returns
        -------
        Series
            Averages over each user's runs and then over users:

            - hit_rate: whether a hidden item is among the ``k`` (Deshpande and Karypis 2004,
              "Item-based top-N recommendation algorithms");
            - recall: the share of the hidden items among them;
            - ndcg: with a hidden item as gain 1 (Järvelin and Kekäläinen 2002);
            - diversity: 1 less the mean cosine of two recommended items (Ziegler et al. 2005,
              "Improving recommendation lists through topic diversification");
            - novelty: mean of log2(users / users of the item) over the recommended items (Zhou et
              al. 2010, "Solving the apparent diversity-accuracy dilemma"); an item that nobody has
              counts as if one user had it;
            - chance_hit_rate: what the hit rate would be of ``k`` items drawn by lot;
            - popular_hit_rate: what it would be of the ``k`` items that most users like, counted
              without what is hidden. Where this is far above hit_rate, likes follow fame, and texts
              alone say little about them;

            and over all runs together:

            - coverage: the share of all items that was recommended at all (Ge et al. 2010, "Beyond
              accuracy");
            - users, runs: how many there were.

        Raises
        ------
        KeyError
            If an item is unknown; the message offers the closest ones.
        TypeError
            If interactions are no DataFrame of two columns or more.
        ValueError
            If no user has more than ``n_held_out`` items, a user or an item is missing, or a pair
            stands twice; the message names the row.

        Examples
        --------
        >>> import pandas as pd
        >>> recommender = ContentRecommender().fit(["sea view", "the sea", "ski lift", "ski"])
        >>> likes = pd.DataFrame({"user": ["ann", "ann", "bob", "bob"], "item": [0, 1, 2, 3]})
        >>> recommender.evaluate(likes, k=1)[["hit_rate", "ndcg", "coverage"]].tolist()
        [1.0, 1.0, 1.0]
        """
        known = self._as_it_is()
        check_number("k", k, low=1, integer=True)
        check_number("n_held_out", n_held_out, low=1, integer=True)
        users, items = read_interactions(interactions)
        rows = known.ids_.get_indexer(items)
        for at in np.flatnonzero(rows < 0)[:1]:
            known._row_of(items[at])  # raises
        vectors = known._as_queries(range(len(known.ids_)))
        return evaluate(users, rows, vectors, known.vectors_, k, n_held_out)

    def plot_map(self, color=None, labels=None, random_state=0, html=None):
        """Draw the items as points on a plane, alike ones close together.

        With ``html`` that is a page to explore, see :func:`~textvec.show_map`, laid out by t-SNE
        from exact neighbours, however many items there are. A figure is for print:

        The vectors are reduced to 50 dimensions by truncated SVD and laid out by t-SNE (van der
        Maaten and Hinton 2008, "Visualizing data using t-SNE"); more than 2,000 items by the two
        leading dimensions alone. Neighbourhoods can be trusted, distances between far groups not.

        Parameters
        ----------
        color : column name or array-like of n_items, default=None
            What colours the points: numbers by a scale, other values by a legend. A Series goes by
            its labels, as ``where`` of :meth:`recommend` does.
        labels : column name, array-like of n_items or False, default=None
            What is written beside the points, as far as there is room. None writes the ids.
        random_state : int, default=0
            Seeds the layout.
        html : str or path-like, default=None
            A page to write in place of a figure.

        Returns
        -------
        matplotlib.figure.Figure
            Of ``html``, the Path of the page.

        Raises
        ------
        ImportError
            If matplotlib is not installed; for a page, if openTSNE is not.
        ValueError
            If a column is missing, ``color`` or ``labels`` have another length than the items, or
            ``random_state`` is no seed.
        OSError
            If the page cannot be written.
        """
        known = self._as_it_is()
        if html is not None:
            return known._write_map(html, color, labels, random_state)
        from textvec.show.plots import plot_points

        labels = known.ids_ if labels is None else labels
        names = None if labels is False else known._values_of("labels", labels)
        color = None if color is None else known._values_of("color", color)
        return plot_points(plane(known.vectors_, random_state), names, color)

    def _write_map(self, path, color, labels, random_state):
        """Write the page of :meth:`plot_map`."""
        from textvec.recommend.maps import map_items

        terms = [self._terms_of(at) for at in range(len(self.blocks_))]
        labels = None if labels is False else self.ids_ if labels is None else labels
        names, color = (
            None if values is None else self._values_of(name, values)
            for name, values in (("labels", labels), ("color", color))
        )
        queries = self._as_queries(range(len(self.ids_)))
        return map_items(self, queries, terms, path, names, color, random_state)

    def __sklearn_is_fitted__(self):
        return hasattr(self, "vectors_")  # to look through all is not safe among threads

    def __getstate__(self):
        return {name: value for name, value in super().__getstate__().items() if name != "_terms"}

    def _as_it_is(self):
        """Return this recommender as it is now, whatever other threads learn meanwhile."""
        check_is_fitted(self)
        vars(self).setdefault("_terms", {})  # a file holds none
        return held(self)

    def _change(self, known, items, ids, vectors):
        """Publish changed items beside what was fitted."""
        return self._publish({name: getattr(known, name) for name in _FITTED}, items, ids, vectors)

    def _publish(self, learned, items, ids, vectors):
        """Show other threads all that was learned at once."""
        index = ExactIndex(metric="dot").fit(vectors)
        rows = {"items_": items, "ids_": ids, "vectors_": vectors, "index_": index, "_terms": {}}
        publish(self, {**learned, **rows})
        return self

    def _values_of(self, parameter, values):
        """Return one value per item, from a column's name or an array, as a Series."""
        return one_each(parameter, values, self.items_, self.items_.index, self.ids_)

    def _terms_of(self, at):
        """Return the names of a block's features; kept, for vectorizers sort them at each call."""
        if at not in self._terms:
            self._terms[at] = feature_names(self.blocks_[at])
        return self._terms[at]

    def _weights_of(self, name, ids):
        """Return {row: weight} of an id, a list or mapping of ids, or None."""
        if ids is None:
            return {}
        if isinstance(ids, Mapping):
            pairs = list(ids.items())
        else:
            pairs = [(id, 1.0) for id in (ids if pd.api.types.is_list_like(ids) else [ids])]
        for id, weight in pairs:
            check_number(f"{name}[{id!r}]", weight)
            if not weight > 0:
                raise ValueError(f"{name}[{id!r}] must be above 0. Got {weight!r} instead.")
        return {self._row_of(id): weight for id, weight in pairs}

    def _row_of(self, id):
        try:
            return int(self.ids_.get_loc(id))
        except (KeyError, TypeError, UnicodeEncodeError, pd.errors.InvalidIndexError):
            pass
        message = f"no item has the id {plain(id)!r}."
        if isinstance(id, list | set | np.ndarray | pd.Series | pd.Index):
            message += " For several, take recommend(liked)."
        names = {str(name): name for name in self.ids_}
        if (same := names.get(str(id))) is not None:
            message += f" One has the id {same!r}, of type {type(same).__name__}."
        elif closest := closest_names(id, names):
            message += f" The closest are: {', '.join(repr(names[name]) for name in closest)}."
        raise KeyError(message)

    def _as_queries(self, rows):
        """Return the items of these rows as what ``vectors_`` are searched with."""
        if any(block.searches_otherwise for block in self.blocks_):
            items, ids = self.items_.iloc[rows], self.ids_[rows]
            return item_vectors(self.blocks_, items, ids, as_queries=True)
        return self.vectors_[rows]

    def _why_zeros(self, liked):
        """Return why what is wished for, items of some rows or a query, has a vector of zeros."""
        if not liked:
            return (
                "the query's vector is all zeros: it holds no term that the vectorizer knows from "
                "the items, so nothing matches."
            )
        names = ", ".join(repr(plain(self.ids_[row])) for row in liked[:_MOST_NAMED])
        names += ", …" if len(liked) > _MOST_NAMED else ""
        columns = list(dict.fromkeys(block.column for block in self.blocks_ if block.is_text))
        texts = self.items_[columns].iloc[liked].to_numpy().ravel().tolist()
        has_text = any(isinstance(text, str) and text.strip() for text in texts)
        why = "no term that the vectorizer knows" if has_text else "no text"
        if len(liked) > 1:
            return (
                f"the vectors of the liked items {names} are all zeros: they have {why}, so "
                "nothing is like them."
            )
        return (
            f"the vector of the liked item {names} is all zeros: it has {why}, so nothing is like "
            "it."
        )

    def _best(self, wish, k, without, where, diversity, liked=()):
        """Return the ``k`` best items for one row of wishes, without some rows."""
        check_number("k", k, low=1, integer=True)
        check_number("diversity", diversity, low=0, high=1)
        allowed = allowed_rows(where, self.items_, self.ids_)
        allowed[without] = False
        if not abs(wish).sum():
            warn_user(self._why_zeros(liked))
            return self._as_frame([], [])
        if not diversity:
            return self._as_frame(*best_allowed(self.index_, wish, k, allowed))
        n_candidates = max(k, min(max(10 * k, 100), MOST_CANDIDATES))
        rows, scores = best_allowed(self.index_, wish, n_candidates, allowed)
        return self._as_frame(*diverse(self.vectors_, rows, scores, k, diversity))

    def _as_frame(self, rows, scores):
        rows = np.asarray(rows, dtype=np.intp)
        head = pd.DataFrame(
            {"id": self.ids_[rows], "score": np.asarray(scores, dtype=self.vectors_.dtype)}
        )
        items = self.items_.iloc[rows].reset_index(drop=True)
        if self._id_column is not None:
            items = items.drop(columns=self._id_column)
        taken = {name: f"{name}_item" for name in head.columns}
        return pd.concat([head, items.rename(columns=taken)], axis=1)
