"""What can be recommended, read from any form: a frame of items, their ids, the columns to use."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from textvec._checks import check_number, check_order, listed, warn_user
from textvec.recommend.columns import Categories, Numbers, Vectors
from textvec.text.columns import texts_in

_NUMBERED = {"items.index": "number the rows by items.reset_index(drop=True)"}


def read_items(items):
    """Return items in any form as a DataFrame that shares their data.

    Parameters
    ----------
    items : DataFrame, or iterable of str
        What can be recommended. Arrow's columns of strings will do, too. An index of pandas names
        the items.

    Returns
    -------
    DataFrame
        One row per item; texts without a name stand in the column "text".

    Raises
    ------
    TypeError
        If items have none of these forms.
    ValueError
        If there are none.
    """
    check_order("items", items)
    if isinstance(items, pd.DataFrame):
        frame = items.copy(deep=False)
    elif isinstance(items, pd.Series):
        frame = items.to_frame("text" if items.name is None else items.name)
    elif (
        isinstance(items, Iterable)
        and not isinstance(items, str | bytes | Mapping)
        and (getattr(items, "ndim", 1) == 1 and not hasattr(items, "columns"))
    ):
        frame = pd.DataFrame({"text": pd.Series(list(texts_in(items)), dtype=object)})
    else:
        advice = ""
        if isinstance(items, str):
            advice = f": {items!r:.60}. Read a file by pandas.read_csv(path) first"
        elif isinstance(items, Mapping):
            advice = ": take pandas.DataFrame([item]) of one item"
        elif hasattr(items, "to_pandas"):
            advice = ": call its to_pandas() first"
        raise TypeError(
            "items must be a DataFrame of pandas with a text column, or an iterable of str. "
            f"Got {type(items).__name__} instead{advice}."
        )
    if len(frame) == 0:
        raise ValueError("items is empty: nothing can be recommended from no items.")
    return frame


def read_ids(frame, ids):
    """Return the ids of items as an index called "id", each there and there once.

    Parameters
    ----------
    frame : DataFrame
        The items.
    ids : column name, array-like or None
        None takes the index of the frame.

    Returns
    -------
    pandas.Index

    Raises
    ------
    ValueError
        If a column is missing, or an id is missing or stands twice; the message names the row. If
        the index has several levels.
    TypeError
        If the ids stand in no order, or in a table.
    """
    if ids is None:
        source, ids = "items.index", frame.index
    elif is_name(ids):
        source = f"column {ids!r}"
        check_column("ids", ids, frame)
        ids = pd.Index(frame[ids])
    else:
        source, ids = "ids", _as_index(ids)
    if ids.nlevels > 1:
        raise ValueError(
            f"{source} must give each item one name. Got an index of {ids.nlevels} levels: join "
            "them into one, or name a column."
        )
    if len(ids) != len(frame):
        raise ValueError(f"ids must have one entry per item: {len(frame)}. Got {len(ids)} instead.")
    missing = np.flatnonzero(ids.isna())
    if missing.size:
        raise ValueError(f"row {missing[0]} of {source} has no id: fill it or drop the row.")
    if not ids.is_unique:
        repeated = ids[ids.duplicated()].unique()
        first, second = np.flatnonzero(ids == repeated[0])[:2]
        twice, others = repeated.tolist()[0], len(repeated) - 1
        one = "them" if others else "one"
        more = f", and {others} more stand{'s' if others == 1 else ''} twice" if others else ""
        raise ValueError(
            f"ids must be unique. {twice!r} stands in rows {first} and {second} of {source}{more}: "
            f"rename or drop {one}, or {_NUMBERED.get(source, 'leave ids out')}."
        )
    return ids.rename("id")


def _as_index(ids):
    if isinstance(ids, set | frozenset | Mapping) or hasattr(ids, "columns"):
        raise TypeError(
            "ids must be the name of a column, or a list of one name for each item. "
            f"Got {type(ids).__name__} instead."
        )
    try:
        return pd.Index(ids)
    except UnicodeEncodeError:
        return pd.Index(as_series(ids))


def as_series(values):
    """Return values as a Series; as objects where lone surrogates are among them.

    Parameters
    ----------
    values : array-like
        Ids or labels.

    Returns
    -------
    Series
    """
    try:
        return pd.Series(values)
    except UnicodeEncodeError:  # of Arrow's strings
        return pd.Series(values, dtype=object)


def by_labels(parameter, values, *labels):
    """Return a Series in the order of the items, if its labels are theirs.

    Parameters
    ----------
    parameter : str
        Its name, for messages.
    values : Series or other
        One value per item. A Series with other labels, and what is none, is returned as it is.
    *labels : pandas.Index
        What the items are called. The first that the Series may be labelled by decides.

    Returns
    -------
    Series or other

    Raises
    ------
    ValueError
        If the labels are in another order, and one of them stands twice.
    """
    if not isinstance(values, pd.Series) or any(one.equals(values.index) for one in labels):
        return values
    for one in labels:
        if len(one) == len(values) and set(one) == set(values.index):
            if not one.is_unique:
                raise ValueError(
                    f"{parameter} has the labels of items in another order, and one of them stands "
                    "twice: give an array in the order of the items."
                )
            return values.loc[one]
    return values


def one_each(parameter, values, frame, *labels):
    """Return one value per item, from a column's name or an array, as a Series.

    Parameters
    ----------
    parameter : str
        Its name, for messages.
    values : column name or array-like
        A Series goes by its labels where these are the items', see :func:`by_labels`.
    frame : DataFrame
        The items.
    *labels : pandas.Index
        What the items are called.

    Returns
    -------
    Series

    Raises
    ------
    ValueError
        If the column is missing, or there is another number of values than of items.
    """
    if is_name(values):
        check_column(parameter, values, frame)
        return frame[values]
    values = as_series(by_labels(parameter, values, *labels))
    if len(values) != len(frame):
        raise ValueError(
            f"{parameter} must have one entry per item: {len(frame)}. Got {len(values)} instead."
        )
    return values


def read_weights(parameter, columns, frame):
    """Return the columns that a parameter names, and what each counts: a dict.

    Parameters
    ----------
    parameter : str
        Its name, for messages.
    columns : column name, list of column names, mapping from column name to weight, or None
        A column without a weight has weight 1. For "columns", `Numbers`, `Categories` and
        `Vectors` are weights, too.
    frame : DataFrame
        Must have these columns.

    Returns
    -------
    weights : dict of column name to float
    kinds : dict of column name to `Numbers`, `Categories` or `Vectors`

    Raises
    ------
    ValueError
        If a column is missing or its weight is not above 0.
    TypeError
        If a weight is no number, or none of these kinds.
    """
    if columns is None:
        return {}, {}
    if isinstance(columns, Mapping):
        pairs = list(columns.items())
    else:
        pairs = [(name, 1.0) for name in ([columns] if is_name(columns) else columns)]
    weights, kinds = {}, {}
    for name, weight in pairs:
        check_column(parameter, name, frame)
        if parameter == "columns" and isinstance(weight, Numbers | Categories | Vectors):
            kinds[name], weight = weight, weight.weight
        if parameter == "columns" and isinstance(weight, type):
            given = "table, 0.3" if weight is Vectors else "0.3"
            raise TypeError(
                f"columns[{name!r}] must be a weight, Numbers, Categories or Vectors. Got the "
                f"class {weight.__name__} instead: call it, {weight.__name__}({given})."
            )
        check_number(f"{parameter}[{name!r}]", weight)
        if not weight > 0:
            raise ValueError(
                f"{parameter}[{name!r}] must be above 0. Got {weight!r} instead: leave out a "
                "column that shall not count."
            )
        weights[name] = float(weight)
    return weights, kinds


def read_interactions(interactions):
    """Return who likes what: the first two columns of a frame, as Index of users and of items.

    Parameters
    ----------
    interactions : DataFrame
        Users in the first column, items in the second; each pair once.

    Returns
    -------
    users, items : pandas.Index

    Raises
    ------
    TypeError
        If it is no DataFrame of two columns or more.
    ValueError
        If a user or an item is missing, or a pair stands twice; the message names the row.
    """
    if not isinstance(interactions, pd.DataFrame) or interactions.shape[1] < 2:
        got = type(interactions).__name__
        if isinstance(interactions, pd.DataFrame):
            got += f" with the columns {listed(interactions.columns)}"
        raise TypeError(
            "interactions must be a DataFrame with users in its first column and items in its "
            f"second. Got {got} instead."
        )
    pairs = interactions.iloc[:, :2].set_axis(["user", "item"], axis=1)
    for row in np.flatnonzero(pairs.isna().any(axis=1))[:1]:
        raise ValueError(f"row {row} of interactions lacks its user or item: drop the row.")
    for row in np.flatnonzero(pairs.duplicated())[:1]:
        user, item = pairs.iloc[row].tolist()
        raise ValueError(
            f"row {row} of interactions repeats user {user!r} and item {item!r}: drop it."
        )
    return pd.Index(pairs["user"]), pd.Index(pairs["item"])


def only_column(frame, ids):
    """Return the one column of a frame besides the ids, or raise ValueError."""
    candidates = [name for name in frame.columns if not is_name(ids) or name != ids]
    if len(candidates) != 1:
        raise ValueError(
            f"text must name the column of texts. items has the columns {listed(candidates)}."
        )
    return candidates[0]


def check_texts(column, ids):
    """Return the texts of a column as a list, "" where there is none.

    Parameters
    ----------
    column : Series
        One text per item, or a missing value.
    ids : pandas.Index
        What the items are called, for messages.

    Returns
    -------
    list of str

    Raises
    ------
    TypeError
        If a text is not a str; the message names the row (counted from 0), its id and the column.

    Warns
    -----
    UserWarning
        If texts are missing.
    """
    texts, missing = column.tolist(), []
    for row, text in enumerate(texts):
        if isinstance(text, str):
            continue
        if pd.isna(text) is not True:
            raise TypeError(
                f"{_place(row, ids, column)} must be a str. Got {type(text).__name__} instead: "
                f"{text!r}."
            )
        texts[row] = ""
        missing.append(row)
    if missing:
        warn_user(
            f"{_place(missing[0], ids, column)} has no text, one of {len(missing)} such rows: "
            "taken as empty texts, which match nothing."
        )
    return texts


def _place(row, ids, column):
    return f"row {row} (id {plain(ids[row])!r}) of column {column.name!r}"


def check_column(parameter, name, frame):
    """Raise ValueError unless a frame has one column of this name."""
    found = list(frame.columns).count(name)
    if found == 0:
        raise ValueError(
            f"{parameter}={name!r} is no column of items, which has {listed(frame.columns)}."
        )
    if found > 1:
        raise ValueError(f"{found} columns of items are called {name!r}: rename all but one.")


def plain(id):
    """Return an id as Python writes it: 1 for numpy.int64(1)."""
    return id.item() if isinstance(id, np.generic) else id


def is_name(ids):
    """Tell whether ids, or columns, are given as the name of one column."""
    return ids is not None and not pd.api.types.is_list_like(ids)
