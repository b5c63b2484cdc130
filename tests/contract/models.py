"""Models so small that every check can load them; written when first asked for."""

import tempfile
from functools import cache
from pathlib import Path

import numpy as np

import textvec as tv

from ..encoders.tiny_models import write_bert, write_sentence_config, write_tokenizer
from .texts import CORPUS

_folder = tempfile.TemporaryDirectory(prefix="textvec-contract-")  # removed with the process


def _new(name):
    path = Path(_folder.name, name)
    path.mkdir()
    return path


@cache
def table_of_words():
    """Return random vectors of the words of the corpus."""
    words = sorted(set(" ".join(CORPUS).lower().replace(",", "").replace(".", "").split()))
    return tv.KeyedVectors(np.random.default_rng(0).normal(size=(len(words), 6)), words)


@cache
def tiny_encoder():
    """Return the folder of a sentence-transformers model: mean, unit length."""
    return str(write_sentence_config(write_bert(_new("encoder"))))


@cache
def tiny_splade():
    """Return the folder of a masked language model."""
    return str(write_bert(_new("splade"), "BertForMaskedLM"))


@cache
def tiny_classifier():
    """Return the folder of a cross-encoder."""
    return str(write_bert(_new("classifier"), "BertForSequenceClassification", num_labels=1))


@cache
def tiny_static():
    """Return the folder of a table of token vectors."""
    from model2vec import StaticModel
    from tokenizers import Tokenizer

    size = write_tokenizer(_new("tokenizer"))
    tokenizer = Tokenizer.from_file(str(Path(_folder.name, "tokenizer", "tokenizer.json")))
    vectors = np.random.default_rng(0).normal(size=(size, 8)).astype(np.float32)
    StaticModel(vectors, tokenizer, normalize=True).save_pretrained(_new("static"))
    return str(Path(_folder.name, "static"))
