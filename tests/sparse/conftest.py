"""What the tests of the sparse vectorizers share."""

import pytest


@pytest.fixture(autouse=True)
def compiled_lookup(monkeypatch):
    """Let small test corpora take the compiled path of large ones, not the short cut for few."""
    monkeypatch.setattr("textvec.sparse.counts._FEW_CHARACTERS", 0)
