"""Works that are killed half-way. Each loads what it needs before the first child is forked."""

import hashlib
import os
import signal
import time
from itertools import count
from pathlib import Path

import numpy as np
import openai  # noqa: F401
import pandas as pd
import pooch  # noqa: F401
import requests  # noqa: F401
import sklearn.linear_model  # noqa: F401
from nursery import tell
from tqdm import tqdm

from textvec import (
    CountVectorizer,
    KeyedVectors,
    LSAVectorizer,
    TransformerVectorizer,
    Word2Vec,
    compare,
)
from textvec.datasets import remote
from textvec.dense.training import Training
from textvec.encoders.cache import EncodingCache
from textvec.encoders.files import embed_table
from textvec.evaluate.tasks import RetrievalTask, STSTask, mini_benchmark_tasks


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


_WORKS = save, collect, train, embed, put, compare_all, fetch, show_progress
WORKS = {work.__name__: work for work in _WORKS}
