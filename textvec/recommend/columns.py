"""Columns beside the texts of items: numbers, categories, names of vectors; how they are read."""

from dataclasses import dataclass
from typing import Self
from unicodedata import category

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.preprocessing import normalize
from sklearn.utils.validation import check_is_fitted

from textvec._checks import check_choice, check_type, in_shell, warn_user
from textvec._threads import held, learning
from textvec.dense.keyed_vectors import KeyedVectors
from textvec.persistence import SaveMixin
from textvec.recommend.cells import (
    Writing,
    is_currency,
    members_in,
    number_in,
    separator_in,
    units_in,
    writing_of,
)

# Kinds of values as pandas infers them
_NUMBERS = {"integer", "floating", "mixed-integer-float", "decimal"}
_DATES = {"datetime64", "datetime", "date", "time", "timedelta64", "timedelta", "period"}
_FARTHEST = 2.0  # standard deviations from the mean; what lies beyond counts as lying there
_ALL_DIFFER = 3  # texts and more that are all different are hardly meant as categories
_LARGEST = 1e150  # whose square is a float64
_NEARLY_ALL = 0.9  # of the texts are numbers, if not of one unit
_MOST_UNITS = 5  # that a message names


@dataclass(frozen=True)
class Numbers:
    """A column to be read as numbers: ``columns={"price": Numbers(0.3)}``.

    Texts such as "$1,200.00", "1.200,00 €", "85%", "4.1/5", "90 min" are numbers, too, if all have
    one currency or unit; a text that holds none counts as missing, and so does, with a warning, one
    of another unit.

    Parameters
    ----------
    weight : float > 0, default=1.0
        What the column counts.

    Examples
    --------
    >>> import pandas as pd
    >>> from textvec import ContentRecommender
    >>> rooms = pd.DataFrame({"text": ["sea view", "sea side"], "price": ["$1,200", "$90"]})
    >>> recommender = ContentRecommender().fit(rooms, text="text", columns={"price": Numbers(0.3)})
    >>> recommender.blocks_[-1].vectorizer.mean_
    645.0
    """

    weight: float = 1.0


@dataclass(frozen=True)
class Categories:
    """A column to be read as categories: ``columns={"genres": Categories(separator="|")}``.

    Parameters
    ----------
    weight : float > 0, default=1.0
        What the column counts.
    separator : str or None, default=None
        What parts several categories in a text: "|" for "Drama|War", "[]" for lists in brackets
        such as "['spa', 'pool']". None takes each text for one category, and so numbers.

    Examples
    --------
    >>> import pandas as pd
    >>> from textvec import ContentRecommender
    >>> films = pd.DataFrame({"plot": ["a storm", "the storm"], "genres": ["War/Sea", "Sea"]})
    >>> wanted = {"genres": Categories(0.5, separator="/")}
    >>> recommender = ContentRecommender().fit(films, text="plot", columns=wanted)
    >>> recommender.blocks_[-1].vectorizer.categories_
    ['War', 'Sea']
    """

    weight: float = 1.0
    separator: str | None = None


@dataclass(frozen=True, eq=False)
class Vectors:
    """A column of names to be looked up in a table: ``columns={"id": Vectors(table, 0.5)}``.

    The table says how alike two names are, by the cosine of their vectors. It may come from
    sessions: :class:`~textvec.Word2Vec` on lists of ids, in the order in which they were looked at,
    learns what is looked at together.

    Parameters
    ----------
    table : KeyedVectors
        The vectors. A name that it lacks counts as missing; a number is looked up as it is written,
        42 and 42.0 as "42".
    weight : float > 0, default=1.0
        What the column counts.

    Examples
    --------
    >>> import pandas as pd
    >>> from textvec import ContentRecommender, KeyedVectors
    >>> table = KeyedVectors([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]], ["7", "8", "9"])
    >>> films = pd.DataFrame({"id": [7, 8, 9], "plot": ["a storm", "a war", "the storm"]})
    >>> recommender = ContentRecommender().fit(films, text="plot", columns={"id": Vectors(table)})
    >>> recommender.similar(0, k=1)["plot"].tolist()  # by the plot alone, "the storm"
    ['a war']
    """

    table: KeyedVectors
    weight: float = 1.0


class ColumnVectorizer(TransformerMixin, SaveMixin, BaseEstimator):
    """Turn a column of numbers or categories into vectors whose cosine says how alike two are.

    Numbers are standardised, cut off at two standard deviations from their mean, and laid on a half
    circle: two numbers that are d standard deviations apart have the cosine cos(d * pi / 4), which
    is 1 if they are equal, 0 at two and -1 at four. Categories are one-hot: 1 for the same and 0
    for another. A cell may hold several, as a list; two lists have the cosine of their sets, the
    number of shared categories over the geometric mean of their lengths (Ochiai's coefficient). A
    missing value has the zero vector: it is like nothing. Names of vectors have those of a table.

    Parameters
    ----------
    kind : {"numbers", "categories", "vectors"} or None, default=None
        What the column holds. None looks: texts that are written as numbers or as lists are read
        as these, with a warning that says so.
    separator : str or None, default=None
        What parts the categories in a text, as :class:`Categories` takes it.
    table : KeyedVectors or None, default=None
        For "vectors": where they are looked up, as :class:`Vectors` says.

    Attributes
    ----------
    categories_ : list or None
        One for each feature; None for numbers and vectors.
    mean_, scale_ : float
        Of the numbers seen in ``fit``; 1 is the scale of numbers that are all equal.
    writing_ : tuple (decimal mark, unit) or None
        How texts write these numbers.
    separator_ : str or None
        What parts the categories in a text.

    Examples
    --------
    >>> import pandas as pd
    >>> prices = pd.Series([80.0, 100.0, 120.0])
    >>> vectors = ColumnVectorizer().fit_transform(prices)
    >>> (vectors @ vectors.T).round(2)
    array([[ 1.  ,  0.57, -0.35],
           [ 0.57,  1.  ,  0.57],
           [-0.35,  0.57,  1.  ]], dtype=float32)
    >>> ColumnVectorizer().fit(pd.Series([["spa", "pool"], ["pool"]])).categories_
    ['spa', 'pool']
    >>> ColumnVectorizer("numbers").fit(pd.Series(["1.200,00 €", "80,50 €"])).writing_
    (',', '€')
    """

    def __init__(self, kind=None, separator=None, table=None):
        self.kind = kind
        self.separator = separator
        self.table = table

    def fit(self, column, y=None, weight=1.0) -> Self:
        """Learn the mean and spread of numbers, or the categories.

        Parameters
        ----------
        column : Series
            Numbers; or categories, or lists of them; or texts that hold these. Booleans are
            categories, and so is whatever has the type "category". Dates are neither.
        y : None
            Ignored.
        weight : float, default=1.0
            What the column counts: warnings name it where they say what to write.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a number is infinite or beyond 1e150, every value is missing, lists are all empty,
            or no name is one of the table's; if a parameter is out of range.
        TypeError
            If the column is no Series, or holds dates, or what is neither number nor category; if
            a parameter is of another type.

        Warns
        -----
        UserWarning
            If ``kind`` is None, and texts are read as numbers or lists, or as categories although
            they all differ, or half of them are numbers. If numbers have several units.
        """
        check_choice("kind", self.kind, (None, "numbers", "categories", "vectors"))
        check_type("column", column, pd.Series, "a Series of pandas")
        if self.separator is not None:
            check_type("separator", self.separator, str, "a str or None")
            if not self.separator:
                raise ValueError("separator must hold a character. Got '' instead: take None.")
        with learning(self) as aside:
            aside._learn(column, weight)
        return self

    def _learn(self, column, weight):
        if column.isna().all():
            raise ValueError(f"column {column.name!r} holds no value: leave it out of columns.")
        self.categories_ = self.writing_ = self.separator_ = None
        if self.kind == "vectors":
            check_type("table", self.table, KeyedVectors, "a KeyedVectors")
            self._check_known(column)
        elif self._reads_numbers(column, weight):
            numbers = self._as_numbers(column)
            self.mean_ = float(np.nanmean(numbers))
            is_one = np.nanmin(numbers) == np.nanmax(numbers)  # and rounding may part it from mean_
            self.scale_ = 1.0 if is_one else float(np.nanstd(numbers)) or 1.0
        else:
            members = _members(column, self.separator_)[1]
            self.categories_ = pd.unique(pd.Series(members, dtype=object)).tolist()
            if not self.categories_:
                raise ValueError(
                    f"column {column.name!r} holds no category, only empty lists: leave it out of "
                    "columns."
                )

    def transform(self, column):
        """Return the vectors of a column.

        Parameters
        ----------
        column : Series
            Of the kind seen in ``fit``, and texts as they were read there; categories that were not
            seen count as missing.

        Returns
        -------
        ndarray of shape (n_items, 2) or (n_items, vector_size), or csr_array of shape (n_items,
        n_categories), float32

        Raises
        ------
        ValueError
            If a number is infinite or beyond 1e150.
        TypeError
            If the column is no Series, or holds no numbers where ``fit`` saw some, a list where it
            saw names, or dates.
        """
        check_is_fitted(self)
        check_type("column", column, pd.Series, "a Series of pandas")
        return held(self)._vectors_of(column)

    def _vectors_of(self, column):
        if self.kind == "vectors":
            return self._looked_up(column)
        _kind_of(column)
        if self.categories_ is None:
            scaled = (self._as_numbers(column) - self.mean_) / self.scale_
            angles = np.clip(scaled, -_FARTHEST, _FARTHEST) * (np.pi / 2 / _FARTHEST)
            vectors = np.column_stack([np.cos(angles), np.sin(angles)])
            return np.nan_to_num(vectors).astype(np.float32)
        rows, members = _members(column, self.separator_)
        columns = pd.Index(self.categories_, dtype=object).get_indexer(members)
        known = columns >= 0
        ones = np.ones(known.sum(), np.float32)
        shape = len(column), len(self.categories_)
        return normalize(sparse.csr_array((ones, (rows[known], columns[known])), shape=shape))

    def _check_loaded(self):
        for learned in ("writing_", "separator_"):  # not in files from before texts were read
            vars(self).setdefault(learned, None)

    def _check_known(self, column):
        names = _names(column)
        if not any(name in self.table.key_to_index for name in names):
            raise ValueError(
                f"column {column.name!r} must hold names of vectors. Got {names[:2]!r}, and none "
                f"of its {len(names)} is among those of the table, such as "
                f"{self.table.index_to_key[:2]!r}."
            )

    def _looked_up(self, column):
        """Return the vector of each name, zero where the table has none."""
        names, table = _names(column), held(self.table)
        vectors = np.zeros((len(names), table.vector_size), np.float32)
        known = [at for at, name in enumerate(names) if name in table.key_to_index]
        vectors[known] = table.vectors[[table.key_to_index[names[at]] for at in known]]
        return vectors

    def _reads_numbers(self, column, weight):
        """Decide what the column holds, and how its texts are read; tell whether it is numbers."""
        kind = _kind_of(column)
        if self.kind == "categories":
            self.separator_ = self.separator
            return False
        if kind in _NUMBERS:
            return True
        texts = [] if kind == "categorical" else _distinct_texts(column)
        writing = writing_of(texts, nearly_all=self.kind is None) if texts else None
        if self.kind == "numbers":
            if texts and writing is None:
                raise TypeError(
                    f"column {column.name!r} must hold numbers. Got {texts[0]!r} instead: take "
                    "Categories for categories."
                )
            self.writing_ = None if writing is None else tuple(writing)
            if writing is not None and (others := _other_units(texts, writing)):
                warn_user(
                    f"column {column.name!r} holds numbers of several units: those with "
                    f"{_named(others)} are read as missing beside those with {writing.unit!r}. "
                    "Bring them to one unit, or give numbers."
                )
            return True
        separator = separator_in(texts) if texts and writing is None else None
        if writing is not None:
            self.writing_ = tuple(writing)
            how, others = _as_read(texts, writing)
            _say(column, weight, how, None if others else "Numbers")
        elif separator is not None:
            self.separator_ = separator
            lists = [members_in(text, separator) for text in texts]
            several = [members if len(members) > 1 else None for members in lists]
            read = _example(texts, several if any(several) else lists)
            choice = "Categories", f"separator={separator!r}"
            _say(column, weight, f"as lists, such as {read}", *choice)
        elif len(currencies := _currencies(texts)) > 1:
            _advise(
                f"column {column.name!r} holds numbers of several units, {_named(currencies)}, "
                "read as categories: bring them to one unit.",
                f"To be silent, say columns={{{column.name!r}: {_call('Categories', weight)}}}.",
            )
        elif len(texts) >= _ALL_DIFFER and len(texts) == column.count():
            _advise(
                f"column {column.name!r} holds {len(texts)} texts that all differ, such as "
                f"{texts[0]!r} and {texts[1]!r}: as categories they make no two items alike. Leave "
                "the column out, or take it as a text.",
                "Or say how to read it: "
                f"columns={{{column.name!r}: {_call('Numbers', weight)}}} for numbers, "
                f"{_call('Categories', weight, 'separator=...')} for lists, "
                f"{_call('Categories', weight)} to be silent.",
            )
        elif texts and _n_numbers(texts) >= len(texts) / 2:
            n_read = _n_numbers(texts)
            _advise(
                f"column {column.name!r} holds texts, read as categories, for only {n_read} of "
                f"{len(texts)} different ones are numbers of one kind.",
                "For numbers, with all else as missing, say "
                f"columns={{{column.name!r}: {_call('Numbers', weight)}}}; "
                f"{_call('Categories', weight)} to be silent.",
            )
        return writing is not None

    def _as_numbers(self, column):
        if self.writing_ is not None:
            column = _with_numbers(column, Writing(*self.writing_))
        try:
            numbers = column.to_numpy(np.float64, na_value=np.nan)
        except (TypeError, ValueError, OverflowError) as error:
            raise TypeError(f"column {column.name!r} must hold numbers: {error}.") from error
        large = np.flatnonzero(abs(numbers) > _LARGEST)
        if large.size:
            raise ValueError(
                f"row {large[0]} of column {column.name!r} is {numbers[large[0]]}: numbers must be "
                "finite and within 1e150, or missing."
            )
        return numbers


def written_numbers(column):
    """Return a column with the numbers that its texts are written as, as ``columns`` read it.

    Parameters
    ----------
    column : Series
        Texts, perhaps with numbers among them.

    Returns
    -------
    numbers : Series or None
        None for a text that holds no number; None where the texts are not numbers, nearly all.
    writing : Writing or None
        How they are written.

    Warns
    -----
    UserWarning
        How they are read.
    """
    texts = _distinct_texts(column)
    writing = writing_of(texts) if texts else None
    if writing is None:
        return None, None
    warn_user(f"column {column.name!r} holds texts, read {_as_read(texts, writing)[0]}.")
    return _with_numbers(column, writing), writing


def _with_numbers(column, writing):
    """Return a column with the numbers in its texts, None for texts that hold none."""
    return column.astype(object).map(
        lambda cell: number_in(cell, writing) if isinstance(cell, str) else cell
    )


def _names(column):
    """Return the cells of a column as names of vectors, None where there is none."""
    names = []
    for row, cell in enumerate(column.tolist()):
        if pd.api.types.is_list_like(cell):
            raise TypeError(
                f"row {row} of column {column.name!r} must hold the name of a vector. "
                f"Got {cell!r:.60} instead."
            )
        if pd.isna(cell):
            names.append(None)
        else:  # a column of whole numbers in which one is missing has come as floats
            is_whole = isinstance(cell, float) and cell.is_integer()
            names.append(str(int(cell) if is_whole else cell))
    return names


def _say(column, weight, how, choice, *options):
    categories = _call("Categories", weight)
    if choice is None:
        advice = (
            f"To read each text as one category, say columns={{{column.name!r}: {categories}}}."
        )
    else:
        chosen = _call(choice, weight, *options)
        advice = (
            f"To be silent, say columns={{{column.name!r}: {chosen}}}; to read each text as one "
            f"category, {categories}."
        )
    _advise(f"column {column.name!r} holds texts, read {how}.", advice)


def _advise(said, advice):
    """Warn, with advice on what to write in Python."""
    message = f"{said} {advice} These are in textvec.recommend.columns."
    warn_user(in_shell(UserWarning(message), said))


def _call(kind, weight, *options):
    """Return how a kind of column is written: "Numbers(0.3)"."""
    weights = [] if weight == 1 else [repr(weight).removesuffix(".0")]
    return f"{kind}({', '.join([*weights, *options])})"


def _as_read(texts, writing):
    """Return how texts are read as numbers, and the units of numbers that count as missing."""
    numbers = [number_in(text, writing) for text in texts]
    how, n_without = f"as numbers, such as {_example(texts, numbers)}", numbers.count(None)
    others = _other_units(texts, writing) if n_without else []
    if n_without:
        hold = "holds" if n_without == 1 else "hold"
        other = f" or one with another unit ({_named(others)})" if others else ""
        how += f", and {n_without} that {hold} none{other} as missing"
    return how, others


def _other_units(texts, writing):
    """Return the units of numbers that count as missing, most frequent first."""
    units = units_in(texts, writing.decimal)
    return [unit for unit, _ in units.most_common() if unit not in ("", writing.unit)]


def _currencies(texts):
    """Return the currencies in texts that are numbers, nearly all of them, one with a sign."""
    units = units_in(texts)
    found = [unit for unit, _ in units.most_common() if is_currency(unit)]
    has_sign = any(category(unit[-1]) == "Sc" for unit in found)  # codes alone may be others
    return found if has_sign and units.total() >= _NEARLY_ALL * len(texts) else []


def _named(units):
    """Return units in quotes."""
    more = ["…"] if len(units) > _MOST_UNITS else []
    return ", ".join([*map(repr, units[:_MOST_UNITS]), *more])


def _example(texts, values):
    text, value = next(pair for pair in zip(texts, values) if pair[1] is not None)
    return f"{value!r} for {text!r}"


def _n_numbers(texts):
    """Return how many texts are numbers of the kind that is most frequent."""
    writing = writing_of(texts, nearly_all=False)
    return 0 if writing is None else sum(number_in(text, writing) is not None for text in texts)


def _distinct_texts(column):
    """Return the texts of a column, each once, without empty ones; none if it has lists."""
    values = pd.unique(column.dropna().astype(object)) if _is_flat(column) else []
    return [value for value in values if isinstance(value, str) and value.strip()]


def _is_flat(column):
    return not column.map(pd.api.types.is_list_like).any()


def _kind_of(column):
    """Return what kind of values a column holds, by pandas' word for it; raise for dates."""
    kind = pd.api.types.infer_dtype(column, skipna=True)
    if kind in _DATES:
        raise TypeError(
            f"column {column.name!r} must hold numbers or categories. Got dates or times ({kind}) "
            "instead: take numbers of them, such as .dt.year, or .astype(str) for categories."
        )
    return kind


def _members(column, separator):
    """Return the rows and the categories of the cells of a column, those that are there."""
    rows, members = [], []
    for row, value in enumerate(column.tolist()):
        if separator is not None and isinstance(value, str):
            cell = members_in(value, separator)
        else:
            cell = value if pd.api.types.is_list_like(value) else [value]
        try:
            kept = [member for member in dict.fromkeys(cell) if not pd.isna(member)]
        except TypeError as error:
            raise TypeError(
                f"row {row} of column {column.name!r} must hold a category or a list of them. "
                f"Got {value!r} instead."
            ) from error
        rows += [row] * len(kept)
        members += kept
    return np.array(rows, dtype=np.intp), np.array([*members, None], dtype=object)[:-1]
