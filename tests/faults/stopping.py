"""What tests of kills share."""

import pytest


def times(few):
    many = pytest.param(20, marks=pytest.mark.slow)
    return pytest.mark.parametrize("kills", [few, many])


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def content(folder):
    """Return what a folder holds, but for what lies aside: bytes by path."""
    found = {path.relative_to(folder): path for path in folder.rglob("*") if path.is_file()}
    return {
        name.as_posix(): path.read_bytes()
        for name, path in found.items()
        if not name.parts[0].startswith(".textvec-")
    }


def stopped(outcome):
    """Return whether a work got its signal, and died of that alone."""
    is_interrupted = outcome.code == 1 and "KeyboardInterrupt" in outcome.told[-1][1]
    assert outcome.code == 0 or outcome.killed or is_interrupted, outcome
    return outcome.code != 0
