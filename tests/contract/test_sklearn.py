"""scikit-learn's own checks of whatever takes a matrix; none is left out in silence."""

import os
import warnings
from unittest import SkipTest

import pytest
from sklearn.exceptions import SkipTestWarning
from sklearn.utils.estimator_checks import estimator_checks_generator

from .registry import REGISTRY

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


CHECKS = [pytest.param(made, check, id=f"{name}-{its}") for name, made, check, its in checks()]


@pytest.mark.parametrize(("estimator", "check"), CHECKS)
@pytest.mark.filterwarnings("ignore:.* (is|are) all zeros")
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
