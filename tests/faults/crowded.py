"""Works for which there is no room, or no permission; each checks what is left afterwards."""

import os
import resource
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

from textvec import CountVectorizer, KeyedVectors, Word2Vec, compare, load
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


ROOMLESS = {
    work.__name__: work
    for work in (
        save, save_word2vec_format, checkpoint, encoding_cache, comparison_cache, to_html, embed,
        download,
    )
}  # fmt: skip
WORKS = {"crowd": crowd}
