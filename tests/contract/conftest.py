"""Every check of this folder runs for every entry of the registry to which it applies."""

from .registry import REGISTRY, reason_against


def pytest_generate_tests(metafunc):
    """Parametrise a check by the entries to which it applies."""
    if "entry" in metafunc.fixturenames:
        check = metafunc.function
        applies = {name: e for name, e in REGISTRY.items() if not reason_against(e, check)}
        metafunc.parametrize("entry", applies.values(), ids=applies.keys())
