"""Saved, pickled, copied: it comes back as it was."""

import copy
import inspect
import pickle

import joblib
import pytest
from sklearn.base import clone

import textvec
from textvec.persistence import save

from .families import assert_same
from .registry import needs


def assert_equal_estimators(found, expected, entry):
    assert type(found) is type(expected)
    assert joblib.hash(found.get_params()) == joblib.hash(expected.get_params())
    assert_same(entry.family.ask(found), entry.family.ask(expected), entry.atol)


@needs("save")
@pytest.mark.parametrize("mmap_mode", [None, "r"])
def test_what_is_saved_is_loaded(entry, mmap_mode, tmp_path):
    path = tmp_path / "model.textvec"
    estimator = entry.family.fit(entry.make())
    for _ in range(2):  # before and after answers
        save(estimator, path)
        found = textvec.load(path, mmap_mode=mmap_mode)
        assert_equal_estimators(found, estimator, entry)
        save(found, tmp_path / "again.textvec")
        assert (tmp_path / "again.textvec").read_bytes() == path.read_bytes()
    refitted = entry.family.fit(found)
    assert_equal_estimators(refitted, estimator, entry)


@needs("save")
def test_what_is_not_fitted_is_saved_too(entry, tmp_path):
    save(entry.make(), tmp_path / "model.textvec")
    found = textvec.load(tmp_path / "model.textvec")
    assert vars(found).keys() == vars(entry.make()).keys()
    assert_equal_estimators(entry.family.fit(found), entry.family.fit(entry.make()), entry)


COPIES = {
    "pickle": lambda estimator, path: pickle.loads(pickle.dumps(estimator)),
    "joblib": lambda estimator, path: joblib.load(joblib.dump(estimator, path)[0]),
    "deepcopy": lambda estimator, path: copy.deepcopy(estimator),
}


@needs("pickle")
@pytest.mark.parametrize("way", COPIES)
def test_copies_are_equal(entry, way, tmp_path):
    estimator = entry.family.fit(entry.make())
    assert_equal_estimators(COPIES[way](estimator, tmp_path / "model"), estimator, entry)
    assert_equal_estimators(COPIES[way](estimator, tmp_path / "model"), estimator, entry)


def _asked(entry, keep):
    keep(estimator := entry.family.fit(entry.make()))
    entry.family.ask(estimator)
    return estimator


def _looked_at(entry, keep):
    keep(estimator := entry.family.fit(entry.make()))
    for name in dir(estimator):  # all that was learned, such as a vocabulary kept in one buffer
        if name.endswith("_") and not name.endswith("__"):
            getattr(estimator, name, None)
    return estimator


def _fitted_on_parts(entry, keep):
    family, one = entry.family, entry.make()
    if not hasattr(one, "fit_collected") or "order" in entry.without:
        return family.fit(one)
    sees = "raw_documents" in inspect.signature(one.fit_collected).parameters
    return one.fit_collected([one.collect(family.corpus)], *[family.corpus] * sees)


def _giving_tables(entry, keep):
    estimator = entry.make()
    if not {"columns", "tables"} & {*entry.family.without, *entry.without}:
        estimator.set_output(transform="pandas")
    return entry.family.fit(estimator)


@needs("fit", "pickle", "save")
@pytest.mark.parametrize("state", [_asked, _looked_at, _fitted_on_parts, _giving_tables])
def test_it_is_saved_and_copied_whatever_was_done_with_it(entry, state, tmp_path):
    path, before = tmp_path / "model.textvec", tmp_path / "before.textvec"
    estimator = state(entry, keep=lambda untouched: save(untouched, before))
    save(estimator, path)
    if before.exists():
        assert path.read_bytes() == before.read_bytes()
    expected = entry.family.ask(estimator)
    if state is not _giving_tables:
        untouched = entry.family.fit(entry.make())
        assert_same(expected, entry.family.ask(untouched), entry.atol)
    copies = [textvec.load(path), *(copied(estimator, path) for copied in COPIES.values())]
    for copied in copies:
        assert joblib.hash(copied.get_params()) == joblib.hash(estimator.get_params())
        assert_same(entry.family.ask(copied), expected, entry.atol)
    for again in (clone(estimator), *copies):
        assert_same(entry.family.ask(entry.family.fit(again)), expected, entry.atol)


@needs("fit", "pickle", "save")
def test_what_is_not_fitted_is_copied_too(entry, tmp_path):
    expected = entry.family.ask(entry.family.fit(entry.make()))
    for copied in COPIES.values():
        found = copied(entry.make(), tmp_path / "model")
        assert vars(found).keys() == vars(entry.make()).keys()
        assert_same(entry.family.ask(entry.family.fit(found)), expected, entry.atol)
