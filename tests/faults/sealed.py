"""Works in places that cannot be written to; each must say so, and early."""

import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from written import begin_model

from textvec import (
    CountVectorizer,
    KeyedVectors,
    Word2Vec,
    compare,
    generate_pairs,
    generate_triplets,
    load,
    longer_positions,
    show_map,
)
from textvec.course import copy
from textvec.encoders.cache import EncodingCache
from textvec.encoders.files import embed_table
from textvec.evaluate.tasks import RetrievalTask
from textvec.show.report import write_report

TABLE = KeyedVectors(np.ones((10, 8), np.float32), [f"word{i}" for i in range(10)])
TASK = RetrievalTask({"q": "sea"}, {"a": "sea", "b": "bus"}, {"q": {"a": 1}})


def missing(folder):
    return folder / "nowhere"


def beneath_a_file(folder):
    (folder / "file").touch()
    return folder / "file" / "folder"


def in_proc(folder):
    return Path("/proc")


def by_mode(folder):
    folder.chmod(0o555)
    return folder


def by_mount(folder):
    subprocess.run(["mount", "--bind", folder, folder], check=True)
    subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)
    return folder


def seal(kind, folder):
    """Try to write in such a place, over old files if it can have some."""
    folder = Path(folder)
    TABLE.save(folder / "model")
    cache = EncodingCache(folder / "cache")
    cache.put({b"key": np.ones(3)})
    begun = begin_model(folder)
    place = SEALED[kind](folder)
    model, page, vectors = place / "model", place / "page.html", place / "vectors.npz"
    with refused(model):
        TABLE.save(model)
    with refused(model):
        TABLE.save_word2vec_format(model)
    with refused(page):
        write_report(page, "title", "", [])
    learner = Word2Vec(8, min_count=1, checkpoint=model)
    with refused(model):
        learner.fit([["sea", "view"]])
    assert not hasattr(learner, "keyed_vectors_")  # nothing was learned to be lost
    with refused(vectors):  # of no use to have no vectorizer, but it comes to that later
        embed_table(None, pd.DataFrame({"text": ["sea"]}), "text", vectors)
    with refused(page):  # before anything is drawn, or a model is asked
        show_map(np.ones((3, 2)), "not the texts", page)
    for write in (generate_pairs, generate_triplets):
        with refused(place / "records.jsonl"):
            write(lambda prompt: 1 / 0, ["short-long"], path=place / "records.jsonl")
    if kind != "missing":  # what has a folder of its own makes it
        with refused(place / "new"):
            TABLE.to_static_model(place / "new")
        with refused(place / "new" / "model"):
            longer_positions(begun, 4_096, place / "new" / "model")
        with refused(place / "course"):
            copy(place / "course")
        with refused(place / "cache"):
            EncodingCache(place / "cache").put({b"key": np.zeros(3)})
        with pytest.raises(OSError, match=str(place)):
            compare({"words": CountVectorizer()}, [TASK], cache=place / "new" / "cells")
    if place == folder:
        assert load(model).index_to_key == TABLE.index_to_key
        assert load(model, mmap_mode="r").index_to_key == TABLE.index_to_key
        with refused(place / "cache"):
            cache.get([b"key"])
        names = {path.name for path in folder.iterdir()}
        assert names == {"model", "cache", "begun"}


def refused(path):
    return pytest.raises(OSError, match=str(path))


SEALED = {place.__name__: place for place in (missing, beneath_a_file, in_proc, by_mode, by_mount)}
WORKS = {"seal": seal}
