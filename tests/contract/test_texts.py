"""Any text: alone or among others, in any order, in any script, of any size."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse

from .families import assert_same, rows_of, stacked
from .registry import needs
from .texts import CORPORA, CORPUS, ODD

pytestmark = pytest.mark.filterwarnings(
    "ignore:The text is mostly in Chinese",
    "ignore:the query's vector is all zeros",
    "ignore:the vector of the liked item .* is all zeros",
    "ignore:.*gives all 4 texts one and the same vector",  # in letters that a model never saw
)


def numbers_of(answer):
    """Yield all arrays of numbers of an answer."""
    if isinstance(answer, list | tuple):
        for part in answer:
            yield from numbers_of(part)
    elif sparse.issparse(answer):
        yield answer.data
    elif isinstance(answer, np.ndarray):
        yield answer
    else:
        yield answer.select_dtypes("number").to_numpy()


def assert_finite(answer):
    for numbers in numbers_of(answer):
        assert np.isfinite(numbers).all()


@needs("rows")
def test_each_row_is_the_same_alone(entry):
    family, queries = entry.family, list(entry.family.queries)
    estimator = family.fit(entry.make())
    together = family.ask(estimator)
    assert_finite(together)
    alone = [family.ask(estimator, _cut(family.queries, [row])) for row in range(len(queries))]
    assert_same(stacked(alone), together, entry.atol)


@needs("rows")
def test_rows_come_in_the_order_of_the_queries(entry):
    family, n_rows = entry.family, len(list(entry.family.queries))
    estimator = family.fit(entry.make())
    order = np.random.default_rng(1).permutation(np.tile(np.arange(n_rows), 2))
    found = family.ask(estimator, _cut(family.queries, order))
    assert_same(found, rows_of(family.ask(estimator), order), entry.atol)


@needs("rows")
def test_no_queries_give_no_rows(entry):
    family = entry.family
    estimator = family.fit(entry.make())
    found = family.ask(estimator, _cut(family.queries, []))
    assert_same(found, rows_of(family.ask(estimator), []))


@needs("fit", "order")
def test_what_is_learned_does_not_depend_on_the_order_of_documents(entry):
    family = entry.family
    order = np.random.default_rng(2).permutation(len(list(family.corpus)))
    shuffled = family.fit(entry.make(), _cut(family.corpus, order))
    answers, expected = family.ask(shuffled), family.ask(family.fit(entry.make()))
    assert_same(answers, expected, max(entry.atol, 1e-12))


def _cut(queries, rows):
    if isinstance(queries, list):
        return [queries[row] for row in rows]
    return queries[np.asarray(rows, int)]


@needs("texts")
@pytest.mark.parametrize("kind", ODD)
def test_any_text_is_answered(entry, kind):
    family = entry.family
    estimator = family.fit(entry.make())
    answers = family.ask(estimator, [ODD[kind]])
    assert answers
    assert_finite(answers)


@needs("texts", "zeros")
def test_a_text_without_known_words_is_zero(entry):
    estimator = entry.family.fit(entry.make())
    for kind in ("empty", "blank", "marks", "unseen words"):
        vector = estimator.transform([ODD[kind]])
        vector = vector.toarray() if sparse.issparse(vector) else vector
        assert vector.shape[0] == 1
        assert not vector.any(), kind


@needs("texts")
@pytest.mark.parametrize("kind", CORPORA)
def test_any_corpus_is_learned_or_refused_clearly(entry, kind):
    corpus, estimator = CORPORA[kind], entry.make()
    if kind in entry.refuses:
        with pytest.raises(ValueError, match=entry.refuses[kind]):
            entry.family.fit(estimator, corpus)
        return
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "the vectors of .* all zeros|.* items (is|are) all zeros")
        entry.family.fit(estimator, corpus)
    assert_finite(entry.family.ask(estimator, corpus))


@needs("texts", "fit")
def test_no_documents_are_refused(entry):
    with pytest.raises(ValueError, match=r"empty|at least one|of the 0 documents"):
        entry.make().fit([])


def readers_of(entry, estimator):
    """Return the names of the methods that read documents."""
    names = ["transform", "transform_queries"] + ["fit"] * ("fit" not in entry.without)
    return [name for name in names if hasattr(estimator, name)]


@needs("texts", "transform")
@pytest.mark.parametrize("bad", [None, 3.5, {"a": 1}], ids=str)
def test_what_is_no_text_is_named_with_its_row(entry, bad):
    estimator = entry.family.fit(entry.make())
    for method in readers_of(entry, estimator):
        with pytest.raises(TypeError, match=r"\b2\b") as caught:
            getattr(estimator, method)([*CORPUS[:2], bad])
        assert repr(bad) in str(caught.value)


@needs("texts", "transform")
def test_one_str_is_no_corpus(entry):
    estimator = entry.family.fit(entry.make())
    for method in readers_of(entry, estimator):
        with pytest.raises(ValueError, match=r"string object|one str"):
            getattr(estimator, method)("the sea")


@needs("texts", "transform")
@pytest.mark.parametrize("table", [pd.DataFrame, pl.DataFrame])
def test_a_table_is_no_corpus(entry, table):
    """Iterated, it would be the names of its columns: one document each, and none of the rows."""
    estimator = entry.family.fit(entry.make())
    for method in [*readers_of(entry, estimator), "partial_fit"]:
        if hasattr(estimator, method):
            with pytest.raises(TypeError, match="one column of texts. Got a table.*'sea', 'room'"):
                getattr(estimator, method)(table({"sea": CORPUS, "room": CORPUS}))


@needs("texts")
def test_ten_megabytes_in_one_document(entry):
    vast = ("the sea view from a quiet room at night 海景 🎈 " * 250_000)[:10_000_000]
    family = entry.family
    estimator = family.fit(entry.make())
    answer = family.ask(estimator, [vast, "the sea", ""])
    assert_finite(answer)
    few = family.ask(estimator, ["the sea", ""])
    if "rows" not in entry.family.without:
        assert_same(rows_of(answer, [1, 2]), few, entry.atol)
