"""What the tests of the sparse vectorizers share."""

import pytest


@pytest.fixture(autouse=True)
def compiled_lookup(monkeypatch):
    """Let small test corpora take the compiled path of large ones, not the short cut for few."""
    monkeypatch.setattr("textvec.sparse.counts._FEW_CHARACTERS", 0)


@pytest.fixture(autouse=True)
def threads_for_little(monkeypatch):
    """Let threads be started for small test corpora, as for large ones."""
    monkeypatch.setattr("textvec.sparse.rows._ENTRIES_PER_THREAD", 4)
