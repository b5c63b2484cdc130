"""Works that are killed half-way. Each loads what it needs before the first child is forked."""

import hashlib
import json
import os
import signal
import time
from itertools import count
from pathlib import Path

import faiss  # noqa: F401
import numpy as np
import openai  # noqa: F401
import openTSNE  # noqa: F401
import pandas as pd
import pooch  # noqa: F401
import requests  # noqa: F401
import sklearn.linear_model  # noqa: F401
import tokenizers  # noqa: F401
from nursery import tell
from tqdm import tqdm
from written import add_passages, lengthen, open_store, rows_of

from textvec import (
    CountVectorizer,
    FaissIndex,
    KeyedVectors,
    LSAVectorizer,
    TransformerVectorizer,
    Word2Vec,
    compare,
    generate_pairs,
    generate_triplets,
    load,
    show_map,
)
from textvec.course import copy
from textvec.datasets import remote
from textvec.dense.training import Training
from textvec.encoders.cache import EncodingCache
from textvec.encoders.files import embed_table
from textvec.evaluate.tasks import RetrievalTask, STSTask, mini_benchmark_tasks
from textvec.finetune.folders import settle, workplace
from textvec.finetune.running import _last_checkpoint


def save(path, first):
    """Save four versions one after the other; all numbers of version n are n."""
    for version in range(first, first + 4):
        words = [f"version {version}", *map(str, range(500))]
        KeyedVectors(np.full((501, 4096), version, np.float32), words).save(path)
        tell(version)


def collect(path, first):
    """Collect four shards one after the other, each of a word of its own, into the same file."""
    for version in range(first, first + 4):
        texts = [f"version{version} word{number}" for number in range(20_000)]
        CountVectorizer().collect(texts).save(path)
        tell(version)


def train(path, documents):
    """Train to the end, from the checkpoint if there is one, and tell each epoch."""
    end_epoch = Training._end_epoch

    def telling(training):
        end_epoch(training)
        tell(training.progress.epoch)

    Training._end_epoch = telling
    if Path(path).exists():
        model = Word2Vec.resume(path, documents)
    else:
        model = Word2Vec(
            32, sample=0, min_count=1, epochs=12, random_state=3, checkpoint=path, n_jobs=2
        ).fit(documents)
    assert len(model.loss_history_) == 12


def embed(url, texts, cache, out):
    """Embed a table by a server, through a cache."""
    vectorizer = TransformerVectorizer(
        "tiny", backend="openai", model_kwargs={"base_url": url}, cache=cache, batch_size=1,
        max_length=64,
    )  # fmt: skip
    embed_table(vectorizer, pd.DataFrame({"text": texts}), "text", out, rows_at_once=100)


def put(folder, first):
    """Put batch after batch of 20 vectors, those of key n filled with n."""
    cache = EncodingCache(folder)
    for batch in count(first):
        keys = range(20 * batch, 20 * batch + 20)
        cache.put({f"key {n}".encode(): np.full(384, n, np.float32) for n in keys})
        tell(batch)


def show_progress(seconds):
    """Hold the lock of progress bars for so long; it must be free within ten seconds."""
    signal.alarm(10)
    with tqdm.get_lock():
        signal.alarm(0)
        tell("held")
        time.sleep(seconds)


METHODS = {"words": CountVectorizer(), "LSA": LSAVectorizer(vector_size=8, random_state=0)}
TASKS = [task for task in mini_benchmark_tasks() if isinstance(task, RetrievalTask | STSTask)]
compare(METHODS, TASKS)  # what it loads and compiles is there for all children


def compare_all(folder):
    """Compare, with finished cells kept in a folder, and tell the scores."""
    tell(compare(METHODS, TASKS, cache=folder).table["score"].tolist())


def fetch(host, folder, content):
    """Download a file that should have this content."""
    os.environ["TEXTVEC_CACHE"] = folder
    remote._HOST = host
    sha256 = hashlib.sha256(content.encode()).hexdigest()
    file = remote.RemoteFile("hotels/file.txt", sha256, "owner/name", "commit", "file.txt")
    assert remote.fetch({"it": file})["it"] == content.encode()
    tell("fetched")


def merge(path, first):
    """Fit four times on two parts, the second of words of its own each time, into the same file."""
    for version in range(first, first + 4):
        counter = CountVectorizer()
        parts = [
            counter.collect([f"{name}{number}" for number in range(20_000)])
            for name in ("word", f"version{version}_")
        ]
        counter.fit_collected(parts).save(path)
        tell(version)


def draw_map(path, first):
    """Draw a map four times, each under a title of its own, into the same file."""
    for version in range(first, first + 4):
        places = np.random.default_rng(version).random((40, 8))
        texts = [f"text {number} of version {version}" for number in range(40)]
        show_map(places, texts, path, title=f"version {version}")
        tell(version)


def grow_index(path, first):
    """Add 100 items to an index of an engine, and save it, four times; those of n are n."""
    index = load(path) if Path(path).exists() else None
    for version in range(first, first + 4):
        rows = np.full((100, 64), version, np.float32)
        if index is None:
            index = FaissIndex("Flat", metric="euclidean").fit(rows)
        else:
            index.add(rows)
        index.save(path)
        tell(version)


def fill_store(folder, first):
    """Write passages into a store, 10 at a time, for ever; tell each ten."""
    store = open_store(folder)
    for ten in count(first):
        add_passages(store, range(10 * ten, 10 * ten + 10))
        tell(ten)


def look_into_store(folder):
    """Tell how many passages are there, and whether all before them are."""
    rows = rows_of(open_store(folder))
    tell(len(rows), rows == list(range(len(rows))))


TEXTS = [f"The {number}th hotel stands by the sea." for number in range(40)]
TRIPLET = {"query": "Dogs?", "positive": "Pets stay free.", "negative": "Dogs bark."}


def generate(folder, kind="pairs"):
    """Have a model write pairs or triplets, in long replies, and tell each time it is asked."""

    def model(prompt):
        tell(prompt[:20])
        reply = [f"What of {hashlib.sha256(prompt.encode()).hexdigest()}?"]
        if kind == "triplets" and prompt.startswith("The task"):
            reply = TRIPLET
        elif kind == "triplets":
            reply = [f"Task {number}" for number in range(20)]
        return json.dumps(reply) + " " * 100_000  # which takes the disk a while

    path = Path(folder, "records.jsonl")
    path.parent.mkdir(exist_ok=True)
    if kind == "pairs":
        generate_pairs(model, TEXTS, path=path)
    else:
        generate_triplets(model, ["short-long", "symmetric"], n=20, path=path)


def copy_course(folder):
    """Copy the course."""
    copy(folder)


def write_static(folder):
    """Write a table of word vectors as a model."""
    words = [f"word{number}" for number in range(500)]
    KeyedVectors(np.ones((500, 64), np.float32), words).to_static_model(Path(folder, "model"))


class Version:
    """Stands for a network of which all files say which it is."""

    def __init__(self, version):
        self.version = version

    def save_pretrained(self, path, create_model_card):
        """Write it as sentence-transformers writes one."""
        Path(path, "1_Pooling").mkdir(parents=True)
        for name in ("config.json", "model.safetensors", "modules.json", "1_Pooling/config.json"):
            Path(path, name).write_text(f"{self.version}")


def settle_model(folder, version):
    """End a training in a folder, where there may be the model of another."""
    with workplace(folder, {"training": f"{version}", "seed": 0}) as (_, work):
        last = _last_checkpoint(work)
        assert last is None or len(os.listdir(last)) == 3  # else no training goes on from there
        for step in (1, 2):
            checkpoint = work / f"checkpoint-{step}"
            checkpoint.mkdir(exist_ok=True)
            for name in ("model.safetensors", "optimizer.pt", "trainer_state.json"):
                (checkpoint / name).write_text("{}")
        settle(Version(version), work, folder)


_WORKS = save, collect, train, embed, put, compare_all, fetch, show_progress, merge, draw_map
_WORKS += grow_index, fill_store, look_into_store, generate, copy_course, write_static, lengthen
_WORKS += (settle_model,)
WORKS = {work.__name__: work for work in _WORKS}
