"""Files that several subcommands are tried on."""

import pytest

from ..encoders.tiny_models import write_bert, write_sentence_config
from .command import HOTELS


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A pretrained encoder with random weights."""
    pytest.importorskip("transformers")
    return write_sentence_config(write_bert(tmp_path_factory.mktemp("tiny-encoder")))


@pytest.fixture
def hotels(tmp_path):
    path = tmp_path / "hotels.csv"
    HOTELS.to_csv(path, index=False)
    return path
