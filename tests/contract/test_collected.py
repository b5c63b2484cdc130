"""Whoever fits on collected parts is fitted as by one fit on all documents, whatever the cut."""

import copy
import inspect
import pickle

import pytest

import textvec

from .families import assert_same
from .registry import REGISTRY

COLLECTING = {
    name: entry
    for name, entry in REGISTRY.items()
    if hasattr(getattr(textvec, name.partition("-")[0]), "fit_collected")
    and name != "PPMI"  # whose words of one frequency stand as they appear: see its own tests
}
pytestmark = pytest.mark.filterwarnings("ignore:The text is mostly in Chinese")
every_collector = pytest.mark.parametrize("one", COLLECTING.values(), ids=COLLECTING)


def cut(corpus, n_parts):
    return [corpus[i::n_parts] for i in range(n_parts)]


def fit_on(estimator, parts, corpus):
    """Fit on parts; what also has to see documents gets them all."""
    sees = "raw_documents" in inspect.signature(estimator.fit_collected).parameters
    return estimator.fit_collected(parts, *([corpus] if sees else []))


def test_the_expected_ones_collect():
    assert {"CountVectorizer", "TfidfVectorizer", "BM25Vectorizer", "LSAVectorizer"} <= {
        *COLLECTING
    }


@every_collector
def test_parts_in_any_order_answer_as_one_fit(one):
    corpus = one.family.corpus
    expected = one.family.ask(one.make().fit(corpus))
    for n_parts in (1, 3, len(corpus) + 2):
        parts = [one.make().collect(shard) for shard in cut(corpus, n_parts)]
        found = fit_on(one.make(), iter(parts[::-1]), corpus)
        assert_same(one.family.ask(found), expected, one.atol)


@every_collector
def test_parts_are_saved_and_pickled_and_stay_as_they_are(one, tmp_path):
    corpus = one.family.corpus
    expected = one.family.ask(one.make().fit(corpus))
    parts = [one.make().collect(shard) for shard in cut(corpus, 2)]
    before = copy.deepcopy(parts)
    files = [tmp_path / f"{number}.textvec" for number in range(2)]
    for part, file in zip(parts, files):
        part.save(file)
        assert textvec.load(file) == part == pickle.loads(pickle.dumps(part))
    found = fit_on(one.make(), [files[1], parts[0]], corpus)
    assert_same(one.family.ask(found), expected, one.atol)
    assert parts == before


@every_collector
def test_collecting_changes_nothing_and_fitting_forgets(one):
    corpus, other = one.family.corpus, one.family.other
    fitted = one.make().fit(other)
    expected = one.family.ask(fitted)
    parts = [fitted.collect(shard) for shard in cut(corpus, 2)]
    assert_same(one.family.ask(fitted), expected)
    fit_on(fitted, parts, corpus)
    assert_same(one.family.ask(fitted), one.family.ask(one.make().fit(corpus)), one.atol)


@every_collector
def test_a_failed_fit_on_parts_changes_nothing(one):
    corpus = one.family.corpus
    fitted = one.make().fit(corpus)
    expected = one.family.ask(fitted)
    part = one.make().collect(corpus)
    for parts, error in (
        ([], ValueError),
        ([part, "none.textvec"], OSError),
        ([part, 3], TypeError),
    ):
        with pytest.raises(error):
            fit_on(fitted, parts, corpus)
    assert_same(one.family.ask(fitted), expected)
