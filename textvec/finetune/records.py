"""What can be learned from: texts, labelled texts, pairs, triplets and scored pairs, as columns."""

import os
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from textvec._checks import check_choice, check_no_table, check_order, check_type
from textvec._reading import whole
from textvec.encoders.batching import check_texts
from textvec.evaluate.tasks import (
    BitextMiningTask,
    ClassificationTask,
    RerankingTask,
    STSTask,
    files,
)

# Kind of records -> its name in messages.
KINDS = {
    "texts": "texts",
    "labels": "texts with labels",
    "pairs": "pairs",
    "triplets": "pairs with negatives",
    "scores": "pairs with scores",
}
# The fields are those of tasks, so that what is trained on is also what is evaluated on; of those
# that fit, the first say the kind.
_TRIPLES = files.fields_of(RerankingTask)
_SCORED = sorted(files.fields_of(STSTask), key=lambda fields: fields[-1] == "label")
(_PAIR,), (_LABELLED,) = files.fields_of(BitextMiningTask), files.fields_of(ClassificationTask)
_SCALES = ((0, 1), (-1, 1), (0, 5), (0, 10), (0, 100))
_MOST_OUTSIDE = 0.05  # of scores: where more lie outside of a scale, it is another one


@dataclass(frozen=True)
class Records:
    """Records of one kind.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    columns : tuple of lists
        Texts: one column, or two; a third holds a list of negatives for each row.
    targets : list or None
        Labels or scores, one a row. Scores lie from 0 (or -1) to 1.
    asked : bool
        Whether the first column holds queries, which have a prompt and a length of their own.
    scale : tuple of two numbers or None
        From where to where scores went as they came.
    """

    kind: str
    columns: tuple
    targets: list | None = None
    asked: bool = False
    scale: tuple | None = None

    def __len__(self):
        return len(self.columns[0])

    def rows(self, places):
        """Return the records at some places."""
        columns = tuple([column[place] for place in places] for column in self.columns)
        targets = None if self.targets is None else [self.targets[place] for place in places]
        return replace(self, columns=columns, targets=targets)

    def texts(self):
        """Return all texts, each once, in order."""
        found = {}
        for column in self.columns:
            for value in column:
                found |= dict.fromkeys([value] if isinstance(value, str) else value)
        return list(found)


def read_records(X, y=None, encoding="utf-8") -> Records:
    """Return what ``fit`` was given as columns of one kind.

    Parameters
    ----------
    X : path, list, DataFrame, Dataset, or dict
        A JSON, JSONL, CSV or TSV file; texts; pairs or triplets of texts; or records, whose fields
        are ``query, pos[, neg]``; ``text, positive_text[, negative_text]``; ``text, scored_text,
        score``; ``text1, text2, score`` or ``label``; ``text1, text2``; ``text, label``; or
        ``text``. Or a dict of ``queries``, ``corpus`` and ``relevant_docs``, as of LlamaIndex.
    y : list, default=None
        Labels of texts, or scores of pairs.
    encoding : str, default="utf-8"
        Of a file.

    Returns
    -------
    Records

    Raises
    ------
    TypeError
        If a text of a list is no str.
    ValueError
        If it is none of these, a value is missing or empty, or there are fewer than two.
    """
    where = "X"
    if isinstance(X, str):
        raise ValueError(
            "X must hold records or texts, or be a pathlib.Path to a file of records. Got a string "
            f"object instead: {X!r:.60}."
        )
    check_type("y", y, Iterable | None, "a list of labels or scores, or None")
    if isinstance(X, os.PathLike):
        where = str(X)
        X = files.read_content(Path(X), encoding)
    elif isinstance(X, Iterator):
        X = list(X)
    records = _of_corpus(X, where) if _is_corpus(X) else _listed(X, y, where)
    if len(records) < 2:
        raise ValueError(f"{where} must hold at least two records. Got {len(records)}.")
    if len(records.columns) > 1:
        _check_texts(records, where)
    return replace(records, columns=tuple(whole(column) for column in records.columns))


def _is_corpus(X):
    return isinstance(X, Mapping) and {"queries", "corpus", "relevant_docs"} <= X.keys()


def _of_corpus(X, where):
    """Return the pairs of queries and relevant documents."""
    for name in ("queries", "corpus"):
        if not isinstance(X[name], Mapping) or not all(
            isinstance(text, str) for text in X[name].values()
        ):
            raise ValueError(
                f"{name} of {where} must have a text for each id. Got {_short(X[name])}."
            )
    grades = files.as_grades(X["relevant_docs"], where)
    queries, positives = [], []
    for query, judged in grades.items():
        for item, grade in judged.items():
            if grade > 0:
                for name, one, texts in (
                    ("queries", query, X["queries"]),
                    ("corpus", item, X["corpus"]),
                ):
                    if one not in texts:
                        raise ValueError(
                            f"{name} of {where} lacks {one!r}, which relevant_docs names."
                        )
                queries.append(X["queries"][query])
                positives.append(X["corpus"][item])
    return Records("pairs", (queries, positives), asked=True)


def _listed(X, y, where):
    rows = _rows(X, where)
    if rows is None and isinstance(X, Iterable):
        check_order(where, X)
        return _of_texts(check_texts(X), y, where)
    first = X if rows is None else rows[0]
    if isinstance(first, Mapping):
        _check_rows(rows, Mapping, "fields, as the first has", where)
        if set(first) == {"text"}:
            return _of_texts(_column(rows, "text", where), y, where)
        if y is not None:
            raise ValueError(
                f"y must be None where records name their fields ({', '.join(map(str, first))}). "
                f"Got {_short(y)} instead."
            )
        return _of_fields(rows, where)
    if isinstance(first, Sequence) and len(first) in (2, 3):
        return _of_tuples(rows, y, where)
    raise ValueError(
        f"{where} must hold texts, pairs or triplets of texts, or records with fields. "
        f"Got {_short(first)}{'' if rows is None else ' in row 0'} instead."
    )


def _of_texts(texts, y, where):
    if not texts:
        raise ValueError(f"{where} must hold at least one record. Got none.")
    return Records("texts", (texts,)) if y is None else _labelled(texts, y)


def _rows(X, where):
    """Return what a container holds, row by row, or None where that is texts alone."""
    if hasattr(X, "columns"):  # a DataFrame of pandas or polars
        rows = X.to_dicts() if hasattr(X, "to_dicts") else X.to_dict("records")
        if rows and not _has_fields(rows[0]):
            check_no_table(X)
        return rows or None
    if hasattr(X, "column_names"):  # a Dataset
        return [dict(row) for row in X]
    if isinstance(X, Mapping):
        raise ValueError(
            f"{where} must be records, or a dict of queries, corpus and relevant_docs, or of names "
            f"to (records, loss). Got a dict of {', '.join(map(repr, X))} instead."
        )
    first = next(iter(X), None) if isinstance(X, Sequence) and not isinstance(X, str) else None
    return X if isinstance(first, Mapping | list | tuple | int | float) else None


def _has_fields(row):
    known = (*(names[:2] for names in _TRIPLES), *_SCORED, _PAIR, _LABELLED)
    return set(row) == {"text"} or any({*names} <= row.keys() for names in known)


def _of_tuples(X, y, where):
    width = len(X[0])
    for number, row in enumerate(X):
        if isinstance(row, str) or not isinstance(row, Sequence) or len(row) != width:
            raise ValueError(
                f"Every row of {where} must hold {width} texts, as the first does. Got "
                f"{_short(row)} in row {number} instead."
            )
    columns = [list(column) for column in zip(*X)]
    for column in columns[:2]:
        _check_rows(column, str, "a text", where)
    if width == 2 and y is None:
        return Records("pairs", tuple(columns))
    if width == 2:
        return _scored(columns, y, "y")
    if y is not None:
        raise ValueError(f"y must be None for triplets. Got {_short(y)} instead.")
    negatives = [_as_list(value, number, where) for number, value in enumerate(columns[2])]
    return _with_negatives(columns[0], [[one] for one in columns[1]], negatives, False)


def _of_fields(rows, where):
    fields = set().union(*(row.keys() for row in rows))
    for query, pos, neg in _TRIPLES:
        if {query, pos} <= fields:
            positives = [_as_list(row.get(pos), n, where, pos) for n, row in enumerate(rows)]
            negatives = [_as_list(row.get(neg) or [], n, where, neg) for n, row in enumerate(rows)]
            for number, found in enumerate(positives):
                if not found:
                    raise ValueError(
                        f"Row {number} of {where} must have a text in {pos!r}. Got none."
                    )
            queries = _column(rows, query, where)
            return _with_negatives(queries, positives, negatives, query == "query")
    for first, second, target in _SCORED:
        if {first, second, target} <= fields:
            columns = [_column(rows, name, where) for name in (first, second)]
            values = [_value(row, target, n, where) for n, row in enumerate(rows)]
            return _scored(columns, values, target)
    if {*_PAIR} <= fields:
        return Records("pairs", tuple(_column(rows, name, where) for name in _PAIR))
    if {*_LABELLED} <= fields:
        text, label = _LABELLED
        labels = [_value(row, label, number, where) for number, row in enumerate(rows)]
        return _labelled(_column(rows, text, where), labels)
    known = [f"{first}, {second}[, {third}]" for first, second, third in _TRIPLES]
    known += map(", ".join, (*_SCORED, _PAIR, _LABELLED))
    raise ValueError(
        f"The records of {where} must have the fields of one kind: {'; '.join(known)}. "
        f"Got {', '.join(map(str, rows[0]))} instead: rename them."
    )


def _with_negatives(queries, positives, negatives, asked):
    """Return a row for each positive, with the negatives of its query."""
    repeated = [query for query, found in zip(queries, positives) for _ in found]
    flat = [text for found in positives for text in found]
    if not any(negatives):
        return Records("pairs", (repeated, flat), asked=asked)
    of_each = [bad for found, bad in zip(positives, negatives) for _ in found]
    return Records("triplets", (repeated, flat, of_each), asked=asked)


def _labelled(texts, y):
    labels = list(y)
    if len(labels) != len(texts):
        raise ValueError(f"y must hold a label for each of {len(texts)} texts. Got {len(labels)}.")
    for row, label in enumerate(labels):
        if label is None or label != label or not isinstance(label, Hashable):
            raise ValueError(f"Every text must have a label. Row {row} has {_short(label)}.")
    if len({*labels}) < 2:
        raise ValueError(
            f"Labels must differ: what is one class has nothing to be told from. Got {labels[0]!r} "
            "alone."
        )
    return Records("labels", (list(texts),), labels)


def _scored(columns, values, name):
    values = list(values)
    if len(values) != len(columns[0]):
        raise ValueError(
            f"{name} must hold a score for each of {len(columns[0])} pairs. Got {len(values)}."
        )
    for row, value in enumerate(values):
        if not files.is_number(value):
            raise ValueError(
                f"The {name} of pairs must be scores, numbers. Got {value!r:.60} in row {row} "
                "instead: labels are of texts, and pairs without scores need none."
            )
    scores = np.array([float(value) for value in values])
    if scores.min() == scores.max():
        raise ValueError(
            f"Scores must differ: their order is what is learned. Got {scores[0]:g} alone."
        )
    scale = _scale(scores, name)
    if scale[1] > 1:
        scores = (scores - scale[0]) / (scale[1] - scale[0])
    return Records("scores", tuple(columns), scores.tolist(), scale=scale)


def _scale(scores, name):
    """Return the narrowest known scale that holds the scores; raise if a few lie outside of it."""
    for low, high in _SCALES:
        outside = np.flatnonzero((scores < low) | (scores > high))
        if len(outside) <= _MOST_OUTSIDE * len(scores):
            if len(outside):
                row = outside[0]
                raise ValueError(
                    f"Scores must lie on one scale. {len(scores) - len(outside)} of {len(scores)} "
                    f"in {name} go from {low} to {high}; row {row} has {scores[row]:g}."
                )
            return low, high
    scales = ", ".join(f"{low} to {high}" for low, high in _SCALES)
    raise ValueError(
        f"Scores must lie on a scale: {scales}. Those of {name} go from {scores.min():g} to "
        f"{scores.max():g}: rescale them."
    )


def _column(rows, name, where):
    values = [_value(row, name, number, where) for number, row in enumerate(rows)]
    _check_rows(values, str, f"a text in {name!r}", where)
    return values


def _value(row, name, number, where):
    value = row.get(name)
    if value is None or value != value:
        raise ValueError(
            f"Every record must have a value for {name!r}. Row {number} of {where} has none."
        )
    return value


def _as_list(value, number, where, name="the last place"):
    """Return a text, or a list of them, as a list."""
    found = [value] if isinstance(value, str) and value else value or []
    if not isinstance(found, list | tuple) or not all(isinstance(one, str) for one in found):
        raise ValueError(
            f"Every record must have a text or a list of them in {name!r}. Row {number} of {where} "
            f"has {_short(value)} instead."
        )
    return list(found)


def _check_rows(values, kind, wanted, where):
    for row, value in enumerate(values):
        if not isinstance(value, kind):
            raise ValueError(
                f"Every row of {where} must have {wanted}. Row {row} has {_short(value)} instead."
            )


def _check_texts(records, where):
    for column in records.columns:
        for row, value in enumerate(column):
            for text in [value] if isinstance(value, str) else value:
                if not text.strip():
                    raise ValueError(
                        f"Every text must hold something. Row {row} of {where} has {text!r}: leave "
                        "it out."
                    )


def _short(value):
    return repr(value)[:60]


def as_parts(X, y, losses, loss):
    """Return what ``fit`` was given as {name: (Records, name of the loss)}.

    Parameters
    ----------
    X, y : object
        As `read_records` takes them; or X is a dict of name to records, or to (records, loss).
    losses : mapping of str to set
        Name of a loss -> the kinds of records that it fits.
    loss : str
        The loss where none is named; "auto" is that of the kind.

    Returns
    -------
    dict

    Raises
    ------
    ValueError
        If a loss does not fit its records.
    """
    if isinstance(X, Mapping) and not _is_corpus(X) and X:
        if y is not None:
            raise ValueError("y must be None where X holds records of several kinds.")
        parts = {}
        for name, part in X.items():
            named = isinstance(part, tuple) and len(part) == 2 and isinstance(part[1], str)
            records, its_loss = part if named and part[1] in (*losses, "auto") else (part, loss)
            parts[str(name)] = _fitting(read_records(records), its_loss, losses, f"X[{name!r}]")
        return parts
    return {"X": _fitting(read_records(X, y), loss, losses, "X")}


def _fitting(records, loss, losses, where):
    check_choice("loss", loss, ("auto", *losses))
    if loss == "auto":
        return records, "cosent" if records.kind == "scores" else "infonce"
    if records.kind not in losses[loss]:
        fitting = ", ".join(name for name, kinds in losses.items() if records.kind in kinds)
        raise ValueError(
            f"loss={loss!r} is not for {KINDS[records.kind]}, which {where} holds. These are: "
            f"{fitting}."
        )
    return records, loss
