"""What tests of saved files share."""

import pytest

from textvec.sparse.tfidf import TfidfVectorizer

from .files import HOTELS


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.textvec"


@pytest.fixture
def saved(path):
    """A small fitted model and its file."""
    model = TfidfVectorizer(vocabulary=["bar", "view"]).fit(HOTELS)
    model.save(path)
    return model, path
