"""Every check of this folder runs for every entry of the registry to which it applies."""

import pytest

from .registry import REGISTRY, reason_against


def pytest_generate_tests(metafunc):
    """Parametrise a check by the entries to which it applies."""
    if "entry" in metafunc.fixturenames:
        check = metafunc.function
        params = [
            pytest.param(entry, id=name, marks=[pytest.mark.slow] * (check.__name__ in entry.slow))
            for name, entry in REGISTRY.items()
            if reason_against(entry, check) is None
        ]
        metafunc.parametrize("entry", params)
