"""Works of networks that learn, for a nursery of their own: to load all that takes seconds."""

import os
import sys
from pathlib import Path

import accelerate  # noqa: F401
import crowded
import numpy as np
import peft  # noqa: F401
import sentence_transformers.sentence_transformer.trainer  # noqa: F401
import transformers
import transformers.models.bert.modeling_bert
from nursery import tell
from sealed import SEALED, refused

import datasets  # noqa: F401
from textvec import (
    FineTunedVectorizer,
    KeyedVectors,
    Training,
    load,
    pretrain_retromae,
    tune_static,
)
from textvec.evaluate.tasks import STSTask
from textvec.finetune.retromae import Pretraining

sys.path.append(os.fspath(Path(__file__).parents[1] / "encoders"))
from tiny_models import write_bert, write_sentence_config

# Nothing may be trained before a fork: PyTorch's threads do not outlive it.
WORDS = ["sea", "view", "quiet", "room", "hotel"]
TEXTS = [f"the {first} {second}" for first in WORDS for second in WORDS[:2]]
PAIRS = list(zip(TEXTS, TEXTS[1:] + TEXTS[:1]))
SCORES = [0.0, 5.0, 1.0, 4.0, 2.0, 3.0, 0.0, 5.0, 1.0, 4.0]
QUICK = Training(epochs=4, batch_size=4, learning_rate=1e-2, evaluate_every=2)


def write_model(folder):
    """Write an encoder whose weights take more room than a full disk has."""
    Path(folder).mkdir()
    shape = {"hidden_size": 32, "intermediate_size": 64, "initializer_range": 0.05}
    return str(write_sentence_config(write_bert(Path(folder), **shape)))


def tune(model, folder, strategy="full", seed=0):
    """Tune it, or go on with that, and tell which step was best."""
    validation = STSTask(*zip(*PAIRS), SCORES)
    tuner = FineTunedVectorizer(
        model, strategy=strategy, output_dir=folder, random_state=seed, training=QUICK,
        validation=validation,
    )  # fmt: skip
    tuner.fit(PAIRS, SCORES)
    tell(tuner.best_step_)
    return tuner


def pretrain(model, folder):
    """Pretrain it."""
    pretrain_retromae(model, TEXTS, folder, Pretraining(batch_size=4), device="cpu")


def tune_table(model, folder):
    """Tune a table of words, which takes more room than a full disk has."""
    words = [*WORDS, *(f"word{number}" for number in range(500))]
    vectors = np.random.default_rng(0).random((len(words), 64), np.float32)
    training = Training(epochs=2, batch_size=4)
    tune_static(KeyedVectors(vectors, words), PAIRS, folder, training=training)


def _weights(folder):
    return Path(folder, "model.safetensors").read_bytes()


def tune_roomless(folder, full, reason):
    """The model before stays; with room the training goes on, and the estimator is saved."""
    model, out = write_model(folder / "begun"), folder / "tuned"
    tune(model, out, seed=1)
    before = _weights(out)
    with full(), crowded.refused(out, reason):
        tune(model, out)
    assert _weights(out) == before
    assert (out / "config.json").exists()
    tuner = tune(model, out).set_params(validation=None)  # a task is none of what is saved
    assert not (out / "checkpoints").exists()
    tune(model, folder / "whole")
    assert _weights(out) == _weights(folder / "whole")
    with full(), crowded.refused(folder, reason):
        tuner.save(folder / "saved")
    assert not (folder / "saved").exists()
    tuner.save(folder / "saved")
    vectors = load(folder / "saved").transform(TEXTS)
    np.testing.assert_array_equal(vectors, tuner.transform(TEXTS))


def pretrain_roomless(folder, full, reason):
    """Nothing is there until there is room."""
    _new_model(pretrain, write_model(folder / "begun"), folder, full, reason)


def tune_table_roomless(folder, full, reason):
    """Nothing is there until there is room."""
    _new_model(tune_table, None, folder, full, reason)


def _new_model(work, model, folder, full, reason):
    with full(), crowded.refused(folder / "new", reason):
        work(model, folder / "new")
    assert not (folder / "new").exists()
    work(model, folder / "new")
    assert len(_weights(folder / "new")) > crowded.ROOM


crowded.ROOMLESS |= {
    work.__name__: work for work in (tune_roomless, pretrain_roomless, tune_table_roomless)
}


def seal_learning(kind, folder):
    """Try to train into places that cannot be written to; each says so before it trains."""
    folder = Path(folder)
    model = write_model(folder / "begun")
    place = SEALED[kind](folder)
    transformers.Trainer.train = None
    with refused(place / "tuned"):
        tune(model, place / "tuned")
    with refused(place / "new"):
        pretrain(model, place / "new")
    with refused(place / "new"):
        tune_table(None, place / "new")
    if place == folder:
        assert os.listdir(folder) == ["begun"]


_WORKS = write_model, tune, pretrain, tune_table, seal_learning
WORKS = {work.__name__: work for work in _WORKS} | {"crowd": crowded.crowd}
