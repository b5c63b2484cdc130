"""Folders that are not there, cannot be written to, or go away while work is on."""

import os
import shutil
import threading
import time

import numpy as np
import pandas as pd
import pytest

from textvec import CountVectorizer, KeyedVectors, LSAVectorizer, Word2Vec, compare, load
from textvec.encoders.cache import EncodingCache
from textvec.encoders.files import embed_table
from textvec.evaluate.tasks import RetrievalTask

from .namespaces import has_namespaces
from .nursery import Nursery

KINDS = ["missing", "beneath_a_file", "in_proc"]
if hasattr(os, "getuid") and os.getuid() != 0:  # root may write whatever the mode says
    KINDS.append("by_mode")
if has_namespaces():
    KINDS.append("by_mount")


@pytest.mark.parametrize("kind", KINDS)
def test_it_says_so_before_the_work(kind, request, tmp_path):
    if kind == "by_mode":  # in a namespace all are root
        nursery = Nursery(["sealed"])
        request.addfinalizer(nursery.close)
    else:
        nursery = request.getfixturevalue("nursery")
    nursery.expect("seal", kind, str(tmp_path))


def test_a_file_that_is_gone(tmp_path):
    path = tmp_path / "model"
    KeyedVectors(np.ones((2, 4), np.float32), ["sea", "view"]).save(path)
    mapped = load(path, mmap_mode="r")
    path.unlink()
    assert mapped.vectors.sum() == 8  # what is mapped stays until nobody reads it
    with pytest.raises(FileNotFoundError, match=str(path)):
        load(path)


def test_the_checkpoints_folder_goes_away(tmp_path):
    folder = tmp_path / "checkpoints"
    folder.mkdir()

    def remove():
        while not (folder / "model").exists():
            time.sleep(0.001)
        while folder.exists():  # a checkpoint may come in between
            shutil.rmtree(folder, ignore_errors=True)

    model = Word2Vec(
        8, min_count=1, sample=0, epochs=100_000, random_state=0, checkpoint=folder / "model"
    )
    remover = threading.Thread(target=remove)
    remover.start()
    with pytest.raises(FileNotFoundError, match=str(folder / "model")):
        model.fit([["sea", "view"], ["room", "view"]])
    remover.join()
    n_done = len(model.loss_history_)
    assert 0 < n_done < 100_000
    model.set_params(epochs=n_done + 2, checkpoint=None).save(tmp_path / "rescued")
    resumed = Word2Vec.resume(tmp_path / "rescued", [["sea", "view"], ["room", "view"]])
    assert len(resumed.loss_history_) == n_done + 2


class Tidying(CountVectorizer):
    """Removes a folder while it is fitted."""

    def __init__(self, folder=None):
        super().__init__()
        self.folder = folder

    def fit(self, raw_documents, y=None):
        shutil.rmtree(self.folder, ignore_errors=True)
        return super().fit(raw_documents)


def test_the_folder_of_cells_goes_away(tmp_path):
    task = RetrievalTask({"q": "sea"}, {"a": "sea", "b": "bus"}, {"q": {"a": 1}})
    found = compare({"tidying": Tidying(str(tmp_path / "cells"))}, [task], cache=tmp_path / "cells")
    assert found.table["error"].tolist() == [""]
    assert len(list((tmp_path / "cells").iterdir())) == 1


def test_the_encoding_cache_goes_away(tmp_path):
    cache = EncodingCache(tmp_path / "cache")
    cache.put({b"key": np.ones(3)})
    shutil.rmtree(tmp_path / "cache")
    assert cache.get([b"key"]) == {}
    cache.put({b"key": np.ones(3)})
    assert list(cache.get([b"key"])) == [b"key"]


def test_the_place_of_vectors_goes_away(tmp_path):
    texts = pd.DataFrame({"text": ["sea view", "bus", "sea"]})
    vectorizer = LSAVectorizer(vector_size=2, random_state=0).fit(texts["text"])
    out = tmp_path / "vectors" / "all.npz"
    out.parent.mkdir()
    with pytest.raises(FileNotFoundError, match=str(out)):
        embed_table(
            vectorizer, texts, "text", out, on_progress=lambda done: shutil.rmtree(out.parent)
        )
