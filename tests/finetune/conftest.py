"""Models that tuning is tried on: those of the encoders, one that learns quickly, and records."""

import gc

import pytest

from ..encoders.conftest import minilm, static, tiny
from ..encoders.tiny_models import write_bert, write_sentence_config

__all__ = ["minilm", "static", "tiny"]

TEXTS = [
    "the sea view",
    "a quiet room",
    "hotel by the sea",
    "a room with a view",
    "the hotel",
    "quiet sea",
    "a sea hotel",
    "the quiet view",
    "room by the sea",
    "view of a hotel",
]
PAIRS = list(zip(TEXTS, TEXTS[1:] + TEXTS[:1]))
SCORES = [0.0, 5.0, 1.0, 4.0, 2.0, 3.0, 0.0, 5.0, 1.0, 4.0]
TRIPLES = [
    {"query": text, "pos": [TEXTS[i - 1]], "neg": [TEXTS[i - 2], TEXTS[i - 3]][: i % 3]}
    for i, text in enumerate(TEXTS)
]


@pytest.fixture(scope="session")
def few_to_collect():
    """Each training collects garbage: half a second where a test run has loaded all libraries."""
    pytest.importorskip("sentence_transformers")
    for library in ("accelerate", "datasets", "peft"):
        pytest.importorskip(library)
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(scope="session")
def learner(tmp_path_factory, few_to_collect):
    """A pretrained encoder with random weights, small enough to be learned with."""
    folder = tmp_path_factory.mktemp("tiny-encoder")
    return str(write_sentence_config(write_bert(folder, initializer_range=0.05)))
