"""The registry is whole: no public estimator is missing, and no check is left out in silence."""

import inspect
from pathlib import Path

import pytest
from sklearn.base import BaseEstimator

import textvec

from .registry import REGISTRY, reason_against


def test_every_public_estimator_has_an_entry():
    public = {name: getattr(textvec, name) for name in textvec.__all__}
    estimators = {
        name
        for name, value in public.items()
        if inspect.isclass(value) and issubclass(value, BaseEstimator)
    }
    assert estimators == {name.partition("-")[0] for name in REGISTRY}
    for name, entry in REGISTRY.items():
        assert type(entry.make()) is public[name.partition("-")[0]]


class _Collected:
    def pytest_collection_finish(self, session):
        self.items = list(session.items)


def test_every_check_of_every_entry_runs_or_says_why_not():
    collected = _Collected()
    folder = str(Path(__file__).parent)
    options = ["--collect-only", "-qq", "--runslow", "-p", "no:cacheprovider"]
    assert pytest.main([folder, *options], plugins=[collected]) == 0
    checks, ran = {}, set()
    for item in collected.items:
        entry = getattr(item, "callspec", None) and item.callspec.params.get("entry")
        if entry is not None:
            checks[item.originalname] = item.function
            ran.add((item.originalname, next(n for n, e in REGISTRY.items() if e is entry)))
    explained, reasons = set(), set()
    for name, entry in REGISTRY.items():
        for check, function in checks.items():
            why_not = reason_against(entry, function)
            if why_not is not None:
                assert why_not.strip()
                explained.add((check, name))
    assert not ran & explained
    assert ran | explained == {(check, name) for check in checks for name in REGISTRY}

    known = {*checks, *(feature for check in checks.values() for feature in _needs(check))}
    for entry in REGISTRY.values():
        reasons |= {*entry.without, *entry.family.without} - {*entry.family.methods}
    assert reasons <= known, "reasons against checks that there are not"


def _needs(check):
    return getattr(check, "needs", ())
