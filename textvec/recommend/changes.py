"""What adding, updating and removing make of a recommender's items: rows, ids and vectors anew.

Nothing is changed here: each function returns what the recommender then publishes at once.
"""

import numpy as np
import pandas as pd
from scipy import sparse

from textvec.recommend.features import item_vectors
from textvec.recommend.items import by_labels, plain, read_ids, read_items


def name_items(items, frame, ids):
    """Return the ids of items; the frame of a list, which has no labels, is labelled by them.

    Parameters
    ----------
    items : DataFrame, Series or iterable of str
        As the user gave them.
    frame : DataFrame
        The same as a frame of our own.
    ids : column name, array-like or None
        What they are called.

    Returns
    -------
    pandas.Index
    """
    if isinstance(items, pd.DataFrame | pd.Series):
        return read_ids(frame, by_labels("ids", ids, items.index))
    frame.index = read_ids(frame, ids)
    return frame.index


def added(known, items, ids):
    """Return rows, ids and vectors with those of more items behind them.

    Parameters
    ----------
    known : ContentRecommender
        As it is now.
    items, ids
        As ``add`` takes them.

    Returns
    -------
    items : DataFrame
    ids : pandas.Index
    vectors : csr matrix or ndarray
    """
    frame = _read(known, items)
    for column in [block.column for block in known.blocks_]:
        if column not in frame:
            raise ValueError(
                f"the new items lack the column {column!r}, which fit made use of: add it."
            )
    if ids is None and known._id_column is not None:
        ids = known._id_column
    elif ids is None and not isinstance(items, pd.DataFrame | pd.Series):
        frame.index = range(len(known.ids_), len(known.ids_) + len(frame))
    names = name_items(items, frame, ids)
    for name in names[names.isin(known.ids_)]:
        raise ValueError(
            f"the id {plain(name)!r} is taken: every item needs an id of its own. "
            "Change an item by update(items)."
        )
    more = item_vectors(known.blocks_, frame, names)
    frame = pd.concat([known.items_, frame.reindex(columns=known.items_.columns)])
    return frame, known.ids_.append(names), _stacked(known.vectors_, more)


def updated(known, items, ids):
    """Return rows, ids and vectors with some items changed in their places.

    Parameters
    ----------
    known : ContentRecommender
        As it is now.
    items, ids
        As ``update`` takes them.

    Returns
    -------
    items : DataFrame
    ids : pandas.Index
    vectors : csr matrix or ndarray
    """
    frame = _read(known, items)
    if ids is None and known._id_column is not None and isinstance(items, pd.DataFrame):
        ids = known._id_column
    elif ids is None and not isinstance(items, pd.DataFrame | pd.Series):
        raise ValueError("ids must say which items these are: a list of texts has no ids.")
    names = name_items(items, frame, ids)
    rows = np.array([known._row_of(name) for name in names], np.intp)
    before = known.items_.iloc[rows].set_axis(frame.index)
    changed = [name for name in before.columns if name in frame and name != known._id_column]
    if not changed:
        raise ValueError(
            "items have none of the columns that these items have: "
            f"{', '.join(map(repr, known.items_.columns))}."
        )
    after = before.copy(deep=False)
    for name in changed:
        after[name] = frame[name]
    more = item_vectors(known.blocks_, after, known.ids_[rows])
    order = np.arange(len(known.ids_))
    order[rows] = len(order) + np.arange(len(rows))
    labels = known.items_.index
    frame = pd.concat([known.items_, after]).iloc[order].set_axis(labels)
    return frame, known.ids_, _stacked(known.vectors_, more)[order]


def removed(known, ids):
    """Return rows, ids and vectors without some items.

    Parameters
    ----------
    known : ContentRecommender
        As it is now.
    ids
        As ``remove`` takes them.

    Returns
    -------
    items : DataFrame
    ids : pandas.Index
    vectors : csr matrix or ndarray
    """
    ids = ids if pd.api.types.is_list_like(ids) else [ids]
    kept = np.ones(len(known.ids_), bool)
    kept[[known._row_of(id) for id in ids]] = False
    if not kept.any():
        raise ValueError("a recommender must keep at least one item, and remove would take all.")
    rows = np.flatnonzero(kept)
    return known.items_.iloc[rows], known.ids_[rows], known.vectors_[rows]


def _read(known, items):
    frame = read_items(items)
    if not isinstance(items, pd.DataFrame):
        frame.columns = known.items_.columns[:1]
    return frame


def _stacked(vectors, more):
    if sparse.issparse(more):
        return sparse.vstack([vectors, more], format="csr")
    return np.vstack([vectors, more])
