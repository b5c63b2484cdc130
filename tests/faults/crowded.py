"""Works for which there is no room, or no permission; each checks what is left afterwards."""

import json
import os
import resource
import sqlite3
import subprocess
import threading
import warnings
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pooch  # noqa: F401
import pytest
import requests  # noqa: F401
import written

from textvec import (
    CountVectorizer,
    KeyedVectors,
    Word2Vec,
    compare,
    generate_pairs,
    load,
    show_map,
)
from textvec.course import copy
from textvec.datasets import remote
from textvec.encoders.cache import EncodingCache
from textvec.encoders.files import embed_table
from textvec.evaluate.tasks import RetrievalTask

ROOM = 100_000  # bytes that are left
SMALL = KeyedVectors(np.ones((10, 8), np.float32), [f"word{i}" for i in range(10)])
LARGE = KeyedVectors(np.ones((5_000, 64), np.float32), [f"word{i}" for i in range(5_000)])
QUERIES = {f"q{i}": f"word{i} sea view" for i in range(3_000)}
TASK = RetrievalTask(QUERIES, {"a": "sea view", "b": "bus"}, {q: {"a": 1} for q in QUERIES})
COMPARISON = compare({"words": CountVectorizer()}, [TASK])
DOCUMENTS = [[f"word{i}", f"word{i + 1}"] for i in range(4_000)] * 2
plt.figure().savefig(os.devnull, format="svg")  # fonts are looked for, and remembered


class Lines:
    """Gives a text as many random numbers: vectors that no format makes small."""

    def transform(self, texts):
        return np.random.default_rng(0).random((len(texts), 500)).astype(np.float32)


@contextmanager
def tmpfs(folder):
    """Fill a small disk of its own, but for ROOM bytes."""
    free = os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize
    Path(folder, "filler").write_bytes(bytes(free - ROOM))
    yield
    Path(folder, "filler").unlink()


@contextmanager
def limit(folder):
    """Let no file grow beyond ROOM bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


FULL = {"tmpfs": tmpfs, "limit": limit}
REASON = {"tmpfs": "No space left on device", "limit": "File too large"}


def crowd(kind, name, folder):
    """Do a work by its name in a folder that has no room."""
    if kind == "tmpfs":
        mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", folder]
        subprocess.run(mount, check=True)
    Path(folder, "other").write_bytes(b"other")
    ROOMLESS[name](Path(folder), lambda: FULL[kind](folder), REASON[kind])
    left = {path.name for path in Path(folder).iterdir()}
    assert not [name for name in left if name.startswith(".") or "part" in name], left
    assert Path(folder, "other").read_bytes() == b"other"


def refused(path, reason):
    """Expect an error that names the file and the reason."""
    return pytest.raises(OSError, match=f"{reason}.*{path}|{path}.*{reason}")


def assert_same(table, expected):
    assert table.index_to_key == expected.index_to_key
    np.testing.assert_array_equal(table.vectors, expected.vectors)


def save(folder, full, reason):
    path = folder / "model"
    SMALL.save(path)
    with full(), refused(path, reason):
        LARGE.save(path)
    assert_same(load(path), SMALL)
    LARGE.save(path)
    assert_same(load(path), LARGE)


def save_word2vec_format(folder, full, reason):
    for name in ("model.txt", "model.bin", "model.txt.gz"):
        path = folder / name
        SMALL.save_word2vec_format(path, binary=name.endswith("bin"))
        before = path.read_bytes()
        noise = np.random.default_rng(0).random((5_000, 16), np.float32)
        large = KeyedVectors(noise, LARGE.index_to_key)
        with full(), refused(path, reason):
            large.save_word2vec_format(path, binary=name.endswith("bin"))
        assert path.read_bytes() == before


def checkpoint(folder, full, reason):
    path = folder / "checkpoint"
    model = Word2Vec(32, min_count=1, sample=0, epochs=2, random_state=0, checkpoint=path)
    expected = Word2Vec(32, min_count=1, sample=0, epochs=2, random_state=0).fit(DOCUMENTS)
    SMALL.save(path)
    with full(), refused(path, reason):
        model.fit(DOCUMENTS)
    assert_same(load(path), SMALL)
    assert len(model.loss_history_) == 1  # what was learned is there, to be used and saved
    assert model.transform(DOCUMENTS[:2]).any()
    model.save(path)
    resumed = Word2Vec.resume(path, DOCUMENTS)
    assert_same(resumed.keyed_vectors_, expected.keyed_vectors_)


def encoding_cache(folder, full, reason):
    cache = EncodingCache(folder / "cache")
    cache.put({b"first": np.ones(10)})
    many = {b"%d" % i: np.ones(500) for i in range(100)}
    with full(), refused(folder / "cache" / "vectors.sqlite", "full|disk I/O"):
        cache.put(many)
    assert list(cache.get([b"first", *many])) == [b"first"]
    cache.put(many)
    assert len(cache) == 101


def comparison_cache(folder, full, reason):
    methods, cache = {"words": CountVectorizer()}, folder / "cells"
    with full(), pytest.warns(RuntimeWarning, match=f"not stored.*{reason}.*{cache}"):
        found = compare(methods, [TASK], cache=cache)
    assert found.table["score"].tolist() == COMPARISON.table["score"].tolist()
    assert found.table["error"].tolist() == [""]
    assert list(cache.iterdir()) == []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compare(methods, [TASK], cache=cache)
    assert len(list(cache.iterdir())) == 1


def to_html(folder, full, reason):
    path = folder / "page.html"
    path.write_text("before")
    title = "a page of some length " * 5_000
    from textvec.show.report import write_report

    with full(), refused(path, reason):
        write_report(path, title, "", [])
    assert path.read_text() == "before"
    COMPARISON.to_html(path)
    assert path.read_text().endswith("</html>\n")


def embed(folder, full, reason):
    table = pd.DataFrame({"text": [f"word{i}" for i in range(300)]})
    for name in ("vectors.npz", "vectors.parquet"):
        path = folder / name
        embed_table(Lines(), table[:3], "text", path)
        before = path.read_bytes()
        with full(), refused(path, reason):
            embed_table(Lines(), table, "text", path)
        assert path.read_bytes() == before


def download(folder, full, reason):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(bytes(300_000))

        def log_message(self, *args):
            pass

        def finish(self):
            """The client may have hung up."""

    os.environ["TEXTVEC_CACHE"] = str(folder)
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        remote._HOST = f"http://127.0.0.1:{server.server_port}"
        file = remote.RemoteFile("files/file", "0" * 64, "owner/name", "commit", "file")
        with full(), refused(folder / "files", reason):
            remote.fetch({"it": file})
        server.shutdown()
    assert list((folder / "files").iterdir()) == []


def merge(folder, full, reason):
    counter, path = CountVectorizer(), folder / "merged"
    lists = ["sea view"], [f"word{number}" for number in range(30_000)]
    shards = [counter.collect(texts) for texts in lists]
    counter.fit_collected(shards[:1]).save(path)
    with full(), refused(path, reason):
        shards[1].save(path)
    with full(), refused(path, reason):
        CountVectorizer().fit_collected(shards).save(path)
    assert len(load(path).vocabulary_) == 2
    CountVectorizer().fit_collected(shards).save(path)
    assert len(load(path).vocabulary_) == 30_002


def draw_map(folder, full, reason):
    path = folder / "map.html"
    path.write_text("before")
    places = np.random.default_rng(0).random((300, 8))
    texts = [" ".join(map(str, row)) for row in np.random.default_rng(0).random((300, 100))]
    with full(), refused(path, reason):
        show_map(places, texts, path)
    assert path.read_text() == "before"
    show_map(places[:10], texts[:10], path)
    assert path.read_text().endswith("</html>\n")


def generate(folder, full, reason):
    """Replies that were noted are asked for no more once there is room."""
    path, asked = folder / "records.jsonl", []

    def model(prompt):
        asked.append(prompt)
        return json.dumps(["What of it?"]) + " " * (ROOM // 3)

    texts = [f"The {number}th hotel stands by the sea." for number in range(6)]
    with full(), refused(f"{path}.journal", reason):
        generate_pairs(model, texts, path=path)
    assert 2 <= len(asked) <= 4
    found = generate_pairs(model, texts, path=path)
    assert len(found.records) == found.n_replies == 6
    assert len(asked) == 7  # the one whose reply could not be noted is asked for again
    assert [json.loads(line) for line in path.read_text().splitlines()] == found.records
    with full(), refused(path, reason):
        generate_pairs(lambda prompt: '["Where?"]', ["hotel " * ROOM], path=path)
    assert [json.loads(line) for line in path.read_text().splitlines()] == found.records
    generate_pairs(lambda prompt: 1 / 0, ["hotel " * ROOM], path=path)  # the reply was noted
    assert path.stat().st_size > ROOM


def copy_course(folder, full, reason):
    with full():
        if reason == REASON["tmpfs"]:
            with refused(folder / "course", reason):
                copy(folder / "course")
        else:  # no notebook is as large as that
            copy(folder / "course")
    kept = {path: path.stat().st_mtime_ns for path in (folder / "course").iterdir()}
    copy(folder / "course")
    found = {path: path.stat().st_mtime_ns for path in (folder / "course").iterdir()}
    assert kept.items() <= found.items()
    assert len(found) == 12
    for path in found:
        assert json.loads(path.read_text(encoding="utf-8"))["cells"]


def write_static(folder, full, reason):
    path = folder / "model"
    with full(), refused(path, reason):
        LARGE.to_static_model(path)
    assert not path.exists()
    LARGE.to_static_model(path)
    assert len(list(path.iterdir())) == 4


def lengthen(folder, full, reason):
    """Write a model whose table of positions is larger than the room."""
    written.lengthen(folder / "first")
    path = folder / "second" / "model"
    with full(), refused(path, reason):
        written.lengthen(folder / "second")
    assert not path.exists()
    written.lengthen(folder / "second")
    assert {one.name for one in path.iterdir()} == {
        one.name for one in (folder / "begun").iterdir()
    }


def fill_store(folder, full, reason):
    """What a store had confirmed is there, and it takes more once there is room."""
    store = written.open_store(folder / "store")
    written.add_passages(store, range(10))
    with full(), pytest.raises(sqlite3.Error, match="full|I/O"):
        written.add_passages(store, range(10, 200))
    store.client.close()
    store = written.open_store(folder / "store")
    n_there = len(written.rows_of(store))
    assert written.rows_of(store) == list(range(n_there))
    assert 10 <= n_there < 200
    written.add_passages(store, range(10, 200))
    store.client.close()
    assert written.rows_of(written.open_store(folder / "store")) == list(range(200))


ROOMLESS = {
    work.__name__: work
    for work in (
        save, save_word2vec_format, checkpoint, encoding_cache, comparison_cache, to_html, embed,
        download, merge, draw_map, generate, copy_course, write_static, lengthen, fill_store,
    )
}  # fmt: skip
WORKS = {"crowd": crowd}
