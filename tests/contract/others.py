"""Every public name that is no estimator: functions and how they are called, settings, data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

import textvec as tv
from textvec.evaluate.tasks import ClassificationTask

from .models import table_of_words, tiny_encoder, tiny_static
from .texts import CORPUS, LABELS

PAIRS = list(zip(CORPUS, CORPUS[1:] + CORPUS[:1]))


@dataclass(frozen=True)
class Call:
    """One public function.

    Parameters
    ----------
    arguments : callable
        Takes an empty folder, and returns what the function is called with, by name.
    beyond : mapping from parameter to object
        What is just out of range, and must be refused by name and value.
    takes_anything : mapping from parameter to str
        The parameters whose nonsense is not refused by name, and why.
    kept : callable
        What of an answer is the same each time.
    is_slow : bool
        Whether it trains, and runs with ``--runslow`` alone.
    """

    arguments: Callable
    beyond: Mapping = field(default_factory=dict)
    takes_anything: Mapping = field(default_factory=dict)
    kept: Callable = lambda answer: answer
    is_slow: bool = False


def _rows(n_rows):
    return np.random.default_rng(0).normal(size=(n_rows, 4)).astype(np.float32)


def _saved(folder):
    tv.CountVectorizer().fit(CORPUS).save(folder / "counts.textvec")
    return folder / "counts.textvec"


def _written(folder):
    (folder / "rooms.md").write_text("# Rooms\n\nEach has a view of the sea.\n", encoding="utf-8")
    return folder / "rooms.md"


def _page(path):
    return path.read_bytes()


def _weights(folder):
    return {
        path.name: path.read_bytes()
        for path in sorted(Path(folder).rglob("*"))
        if path.suffix == ".safetensors"
    }


def _questions(prompt):
    return '["Is there a view of the sea?", "When is breakfast?"]'


def _brainstorm(prompt):
    if "Think of" in prompt:
        return '["Find hotels by the sea."]'
    return '{"query": "sea view", "positive": "a view of the sea", "negative": "a city view"}'


_SWITCH = {"verbose": "it is a switch: what is true switches it on"}

FUNCTIONS = {
    "align": Call(
        lambda folder: {
            "source": tv.KeyedVectors(_rows(12), [f"word{i}" for i in range(12)]),
            "target": tv.KeyedVectors(_rows(12)[:, ::-1], [f"词{i}" for i in range(12)]),
            "pairs": [(f"word{i}", f"词{i}") for i in range(6)],
            "refine": True,
            "n_words": 12,
            "random_state": 0,
        },
        {"n_words": 0, "random_state": -1},
        kept=lambda table: (table.index_to_key, table.vectors),
    ),
    "compare": Call(
        lambda folder: {
            "vectorizers": {"counts": tv.CountVectorizer()},
            "tasks": [ClassificationTask(CORPUS, LABELS, n_splits=2, name="rooms")],
            "language": "en",
            "verbose": 0,
            "cache": folder / "cells",
        },
        {"language": "tlh"},
        {**_SWITCH, "cache": "it is a folder"},
        kept=lambda comparison: comparison.table[["method", "task", "score", "dimension"]],
    ),
    "generate_pairs": Call(
        lambda folder: {
            "llm": _questions,
            "texts": CORPUS[:2],
            "n": 2,
            "prompt": None,
            "language": "auto",
            "path": folder / "pairs.jsonl",
            "tries": 1,
            "verbose": False,
        },
        {"n": 0, "tries": 0, "prompt": "no place for the text"},
        _SWITCH,
    ),
    "generate_triplets": Call(
        lambda folder: {
            "llm": _brainstorm,
            "task_types": ("symmetric",),
            "n": 1,
            "language": "English",
            "path": folder / "triplets.jsonl",
            "tries": 1,
            "verbose": False,
        },
        {"n": 0, "tries": 0, "task_types": ("long-tall",)},
        _SWITCH,
    ),
    "load": Call(
        lambda folder: {
            "path": _saved(folder),
            "mmap_mode": None,
            "trust": False,
            "verify": True,
        },
        {"mmap_mode": "w"},
        {},
        kept=lambda counts: counts.vocabulary_,
    ),
    "load_documents": Call(
        lambda folder: {"path": _written(folder), "splitter": None, "encoding": "utf-8"},
        {"encoding": "utf-7-and-a-half"},
        {},
        kept=lambda passages: [(one.text, one.start) for one in passages],
    ),
    "longer_positions": Call(
        lambda folder: {
            "model": tiny_encoder(),
            "n_positions": 80,
            "path": folder / "longer",
            "a": 0.3,
        },
        {"n_positions": 1, "a": 0.5},
        {},
        kept=_weights,
    ),
    "measure_index": Call(
        lambda folder: {
            "index": tv.ExactIndex(),
            "items": _rows(30),
            "queries": _rows(5),
            "k": 3,
        },
        {"k": 31},
        dict.fromkeys(("items", "queries"), "ExactIndex refuses what are no vectors"),
        kept=lambda row: row["recall@3"],
    ),
    "mine_hard_negatives": Call(
        lambda folder: {
            "queries": CORPUS[:2],
            "positives": CORPUS[1:3],
            "corpus": CORPUS,
            "vectorizer": tv.TfidfVectorizer(),
            "rank_range": (0, 8),
            "n_negatives": 1,
            "random_state": 0,
            "n_jobs": 1,
            "checks": tv.NegativeChecks(),
            "path": folder / "negatives.jsonl",
        },
        {"rank_range": (-1, 2), "n_negatives": 0, "random_state": -1, "n_jobs": 0},
        {},
    ),
    "pretrain_retromae": Call(
        lambda folder: {
            "model": tiny_encoder(),
            "texts": CORPUS,
            "path": folder / "pretrained",
            "pretraining": None,
            "random_state": 0,
            "device": "cpu",
            "verbose": False,
        },
        {"random_state": -1},
        _SWITCH,
        kept=_weights,
        is_slow=True,
    ),
    "show_map": Call(
        lambda folder: {
            "vectorizers": {"counts": tv.CountVectorizer()},
            "items": pd.DataFrame({"name": list("abcdefgh"), "text": CORPUS}),
            "path": folder / "map.html",
            "text": "text",
            "ids": "name",
            "color": None,
            "title": "Rooms",
            "options": None,
        },
        {"text": "no such column", "ids": "no such column", "color": "no such column"},
        {},
        kept=_page,
    ),
    "top_k": Call(
        lambda folder: {
            "queries": _rows(3),
            "items": _rows(9),
            "k": 2,
            "metric": "cosine",
            "n_jobs": None,
        },
        {"k": 0, "metric": "euclidean", "n_jobs": 0},
        dict.fromkeys(("queries", "items"), "scikit-learn's error is of X"),
    ),
    "tune_static": Call(
        lambda folder: {
            "table": tiny_static(),
            "X": PAIRS,
            "path": folder / "static",
            "y": None,
            "training": tv.Training(max_steps=1, batch_size=4),
            "validation": None,
            "random_state": 0,
            "verbose": False,
        },
        {"random_state": -1},
        _SWITCH,
        kept=_weights,
        is_slow=True,
    ),
}


def _tune(**settings):
    """Learn an adapter with a strategy, or with a training: both are checked before the work."""
    given = {"strategy": "adapter"} | settings
    return tv.FineTunedVectorizer(tv.LSAVectorizer(vector_size=2), **given).fit(PAIRS)


def _mine(one):
    arguments = FUNCTIONS["mine_hard_negatives"].arguments(Path()) | {"path": None}
    return tv.mine_hard_negatives(**arguments | {"checks": one})


@dataclass(frozen=True)
class Settings:
    """One public object of parameters.

    Parameters
    ----------
    make : callable
        Makes it, not with its defaults alone.
    use : callable
        Hands it to what checks it.
    beyond : mapping from parameter to object
        What is just out of range.
    takes_anything : mapping from parameter to str
        The parameters whose nonsense is not refused by name, and why.
    """

    make: Callable
    use: Callable
    beyond: Mapping
    takes_anything: Mapping = field(default_factory=dict)


def _strategy(one):
    return _tune(strategy=one)


SETTINGS = {
    "Adapter": Settings(
        lambda: tv.Adapter("query"),
        _strategy,
        {"side": "document", "held_out": 0, "penalty": -0.1},
    ),
    "BitFit": Settings(lambda: tv.BitFit(("bias",)), _strategy, {"keywords": ()}),
    "EWC": Settings(
        lambda: tv.EWC(CORPUS, weight=0.5),
        lambda one: _tune(training=tv.Training(ewc=one)),
        {"weight": -0.1, "n_records": 1},
        {"records": "they are read where the network is"},
    ),
    "Head": Settings(lambda: tv.Head(2), _strategy, {"n_layers": 0}),
    "LoRA": Settings(
        lambda: tv.LoRA(4, dropout=0.1),
        _strategy,
        {"rank": 0, "alpha": -1, "dropout": 1.1},
    ),
    "NegativeChecks": Settings(
        lambda: tv.NegativeChecks(0.1),
        _mine,
        {"relative_margin": -0.1, "near_duplicate": 1.1},
    ),
    "Prefix": Settings(lambda: tv.Prefix(4), _strategy, {"n_tokens": 0}),
    "Training": Settings(
        lambda: tv.Training(epochs=2, batch_size=4),
        lambda one: _tune(training=one),
        {
            "epochs": 0,
            "max_steps": 0,
            "batch_size": 1,
            "learning_rate": 0,
            "temperature": 0,
            "n_negatives": 0,
            "query_max_length": 0,
            "max_length": 0,
            "matryoshka": (0,),
            "chunk_size": 0,
            "warmup": 1.1,
            "evaluate_every": 0,
        },
    ),
}


def _comparison():
    return tv.compare(**FUNCTIONS["compare"].arguments(Path()) | {"cache": None})


# What holds data: made, and what of it must stay.
DATA = {
    "CollectedPairs": (lambda: tv.PPMI(min_count=1).collect(CORPUS), repr),
    "CollectedTerms": (lambda: tv.CountVectorizer().collect(CORPUS), repr),
    "Comparison": (_comparison, lambda one: one.table.to_string()),
    "KeyedVectors": (table_of_words, lambda one: (one.index_to_key, one.vectors)),
}
