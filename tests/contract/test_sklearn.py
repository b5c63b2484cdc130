"""scikit-learn's own checks of whatever takes a matrix; none is left out in silence."""

import os
import warnings
from unittest import SkipTest

import pytest
from sklearn.exceptions import SkipTestWarning
from sklearn.utils.estimator_checks import estimator_checks_generator

from .registry import REGISTRY

# scikit-learn's checks that an estimator fails, and why that is right. A check that passes after
# all fails here (strict), and so does one that skips itself.
_FEW = "ScaNN quantises by 16 centres, and wants as many rows at least"
_FOLDER = "ScaNN writes folders that name their own path"
EXPECTED = {
    "ScannIndex": {
        "check_estimators_nan_inf": _FEW,
        "check_estimators_pickle": _FOLDER,
        "check_fit2d_1feature": _FEW,
        "check_fit2d_1sample": _FEW,
        "check_n_features_in_after_fitting": _FEW,
    },
}
# What skips itself, on every estimator, and what it says.
SKIPPED = {"check_array_api_input": "SCIPY_ARRAY_API is not set: not checking array_api input"}


def checks():
    for name, entry in REGISTRY.items():
        estimator = entry.make()
        if "matrix" in {**entry.family.without, **entry.without}:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("error", SkipTestWarning)
            for made, check in estimator_checks_generator(estimator):
                yield name, made, check, check.func.__name__


def params():
    for name, made, check, its_name in checks():
        reason = EXPECTED.get(name, {}).get(its_name)
        marks = [pytest.mark.xfail(reason=reason, strict=True)] if reason else []
        yield pytest.param(made, check, marks=marks, id=f"{name}-{its_name}")


@pytest.mark.parametrize(("estimator", "check"), list(params()))
@pytest.mark.filterwarnings("ignore:.* are all zeros")
def test_scikit_learns_checks(estimator, check):
    why = SKIPPED.get(check.func.__name__)
    if why is None:
        try:
            check(estimator)
        except SkipTest as skipped:
            pytest.fail(f"skipped in silence: {skipped}")
    elif "SCIPY_ARRAY_API" not in os.environ:
        with pytest.raises(SkipTest, match=why):
            check(estimator)


def test_expected_failures_are_of_checks_that_there_are():
    there = {(name, its_name) for name, _, _, its_name in checks()}
    expected = {(name, its_name) for name, reasons in EXPECTED.items() for its_name in reasons}
    assert expected <= there
    assert all(reason.strip() for reasons in EXPECTED.values() for reason in reasons.values())
