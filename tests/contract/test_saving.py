"""Saved, pickled, copied: it comes back as it was."""

import copy
import pickle

import joblib
import pytest

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
