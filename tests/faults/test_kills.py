"""SIGKILL at random moments: what lies on disk is whole, and work goes on where it was.

A test marked slow kills twenty times, its twin a few times. The environment variable
TEXTVEC_FAULTS_SEED chooses other moments.
"""

import json
import os
import signal
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from textvec import CountVectorizer, FaissIndex, KeyedVectors, load
from textvec.encoders.cache import EncodingCache

from ..encoders.embeddings_server import running, vector_of
from .stopping import content, names, stopped, times

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kills by signal")


@times(4)
def test_a_saved_file_is_the_old_or_the_new(nursery, schedule, tmp_path):
    path, last = tmp_path / "model", 3
    begun = time.monotonic()
    nursery.expect("save", str(path), 0)
    took = time.monotonic() - begun
    while not schedule.done:
        outcome = schedule.kill(nursery, took, "save", str(path), last + 1)
        told = [version for (version,) in outcome.told]
        assert told == list(range(last + 1, last + 1 + len(told)))
        last += len(told)
        found = load(path)
        version = int(found.vectors[0, 0])
        assert version in (last, last + 1)  # killed after the renaming, before it could tell
        assert (found.vectors == version).all()
        assert found.index_to_key[0] == f"version {version}"
        last = version
        assert len(names(tmp_path)) <= 2  # and of all killed ones the last one's file aside
    KeyedVectors(np.ones((1, 2), np.float32), ["word"]).save(tmp_path / "other")
    assert names(tmp_path) == ["model", "other"]


@times(2)
def test_a_collected_part_is_the_old_or_the_new_and_never_half(nursery, schedule, tmp_path):
    path, last = tmp_path / "part", 3
    begun = time.monotonic()
    nursery.expect("collect", str(path), 0)
    took = time.monotonic() - begun
    while not schedule.done:
        outcome = schedule.kill(nursery, took, "collect", str(path), last + 1)
        last += len(outcome.told)
        found = CountVectorizer().fit_collected([path]).vocabulary_
        (version,) = (int(term[7:]) for term in found if term.startswith("version"))
        assert version in (last, last + 1)  # killed after the renaming, before it could tell
        assert len(found) == 20_001
        last = version
        assert len(names(tmp_path)) <= 2


@times(2)
def test_training_goes_on_from_its_checkpoint(nursery, schedule, tmp_path):
    rng = np.random.default_rng(0)
    documents = [[f"word{i}" for i in rng.integers(0, 60, 20).tolist()] for _ in range(200)]
    begun = time.monotonic()
    whole = nursery.run("train", str(tmp_path / "whole"), documents)
    took = time.monotonic() - begun
    assert whole == (0, [[epoch] for epoch in range(1, 13)])
    expected = load(tmp_path / "whole")
    path = tmp_path / "part"
    while not schedule.done:
        path.unlink(missing_ok=True)
        epochs = 0
        while epochs < 12:
            outcome = schedule.kill(nursery, took / 2, "train", str(path), documents)
            told = [epoch for (epoch,) in outcome.told]
            assert told == list(range(epochs + 1, epochs + 1 + len(told)))  # none anew
            assert len(names(tmp_path)) <= 3
            if not path.exists():
                assert len(told) <= 1
                continue
            found = load(path)
            saved = len(found.loss_history_)
            assert epochs + len(told) - 1 <= saved <= epochs + len(told)
            assert (found._unfinished is None) == (saved == 12)
            epochs = saved
    for name in ("context_vectors_", "loss_history_"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
    np.testing.assert_array_equal(found.keyed_vectors_.vectors, expected.keyed_vectors_.vectors)


@times(2)
def test_embedding_asks_for_no_text_twice(nursery, schedule, tmp_path):
    pytest.importorskip("openai")
    texts = [f"text number {i}" for i in range(250)]
    expected = np.array([vector_of(text) for text in texts])
    with running() as server:
        n_rounds = 0
        while not schedule.done:
            n_rounds += 1
            cache, out = tmp_path / f"cache{n_rounds}", tmp_path / f"vectors{n_rounds}.npz"
            while not out.exists():
                schedule.kill(nursery, 0.6, "embed", server.url, texts, str(cache), str(out))
                assert len([name for name in names(tmp_path) if name.startswith(".")]) <= 1
            with np.load(out) as stored:
                np.testing.assert_allclose(stored["vectors"], expected, rtol=1e-6)
        asked = [len(body["input"]) for body in server.requests]
    assert sum(asked) <= n_rounds * len(texts) + schedule.killed * max(asked)
    left = [name for name in names(cache) if ".sqlite" not in name]
    assert len(left) <= 1, left


@times(2)
def test_the_cache_keeps_whole_batches(nursery, schedule, tmp_path):
    first = 0
    while not schedule.done:
        outcome = schedule.kill(nursery, 0.3, "put", str(tmp_path), first)
        found = EncodingCache(tmp_path).get([f"key {n}".encode() for n in range(20 * first + 9999)])
        n_batches, rest = divmod(len(found), 20)
        assert rest == 0
        assert first + len(outcome.told) <= n_batches <= first + len(outcome.told) + 1
        for key, vector in found.items():
            np.testing.assert_array_equal(vector, np.full(384, int(key.split()[1])))
        first = n_batches


@times(1)
def test_a_comparison_repeats_no_cell(nursery, schedule, tmp_path):
    begun = time.monotonic()
    whole = nursery.run("compare_all", str(tmp_path / "whole"))
    took = time.monotonic() - begun
    assert whole.code == 0
    n_rounds = 0
    while not schedule.done:
        n_rounds += 1
        folder, cells, outcome = tmp_path / str(n_rounds), {}, None
        while outcome is None or outcome.killed:
            outcome = schedule.kill(nursery, took, "compare_all", str(folder))
            before = cells
            cells = {path: path.stat().st_mtime_ns for path in folder.glob("*.json")}
            assert before.items() <= cells.items()  # no cell is written twice, nor lost
            for path in cells:
                assert json.loads(path.read_text(encoding="ascii"))["scores"]
            assert not folder.exists() or len(names(folder)) <= len(cells) + 1
        assert outcome.told == whole.told
        assert len(cells) == 4


@pytest.fixture
def slow_web():
    """Serve a text in small pieces; yield where, and the text."""
    content = "sea view\n" * 40_000

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            for start in range(0, len(content), 20_000):
                time.sleep(0.005)
                self.wfile.write(content[start : start + 20_000].encode())

        def log_message(self, *args):
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request, client_address):
            """Clients that are killed hang up."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", content
    server.shutdown()
    server.server_close()
    thread.join()


@times(2)
def test_a_download_is_whole_or_not_there(nursery, schedule, slow_web, tmp_path):
    url, content = slow_web
    folder = tmp_path / "hotels"
    path = folder / "file.txt"
    while not schedule.done:
        path.unlink(missing_ok=True)
        while not path.exists():
            schedule.kill(nursery, 0.3, "fetch", url, str(tmp_path), content)
            assert not folder.exists() or len(names(folder)) <= 2
        assert path.read_text() == content
    assert names(folder) == ["file.txt"]


@times(2)
def test_a_merged_vectorizer_is_the_old_or_the_new(nursery, schedule, tmp_path):
    path, last = tmp_path / "merged", 3
    begun = time.monotonic()
    nursery.expect("merge", str(path), 0)
    took = time.monotonic() - begun
    while not schedule.done:
        outcome = schedule.kill(nursery, took, "merge", str(path), last + 1)
        last += len(outcome.told)
        terms = load(path).vocabulary_
        versions = {term.split("_")[0] for term in terms if term.startswith("version")}
        assert versions <= {f"version{last}", f"version{last + 1}"}
        assert len(versions) == 1
        assert len(terms) == 40_000
        last = int(versions.pop()[7:])
        assert len(names(tmp_path)) <= 2


@times(2)
def test_a_map_is_the_old_or_the_new(nursery, schedule, tmp_path):
    path, last = tmp_path / "map.html", 3
    begun = time.monotonic()
    nursery.expect("draw_map", str(path), 0)
    took = time.monotonic() - begun
    while not schedule.done:
        outcome = schedule.kill(nursery, took, "draw_map", str(path), last + 1)
        last += len(outcome.told)
        page = path.read_text(encoding="utf-8")
        assert page.endswith("</html>\n")
        last += f"<title>version {last + 1}</title>" in page
        assert f"<title>version {last}</title>" in page
        assert len(names(tmp_path)) <= 2


@times(2)
def test_an_engines_index_has_all_that_was_added(nursery, schedule, tmp_path):
    path, last = tmp_path / "index", 3
    begun = time.monotonic()
    nursery.expect("grow_index", str(path), 0)
    took = time.monotonic() - begun
    while not schedule.done:
        outcome = schedule.kill(nursery, took, "grow_index", str(path), last + 1)
        index = load(path)
        assert isinstance(index, FaissIndex)
        last += len(outcome.told)
        version, rest = divmod(index.n_items_ - 1, 100)
        assert rest == 99
        assert version in (last, last + 1)
        last = version
        queries = np.repeat(np.arange(last + 1, dtype=np.float32)[:, None], 64, axis=1)
        distances, found = index.kneighbors(queries, 1)
        assert not distances.any()
        assert (found[:, 0] // 100 == np.arange(last + 1)).all()
        assert len(names(tmp_path)) <= 2


@times(2)
def test_a_store_has_all_that_was_confirmed_and_no_half_passage(nursery, schedule, tmp_path):
    """Qdrant in its local mode, where each passage is a transaction of its own."""
    pytest.importorskip("qdrant_client")
    nursery.expect("look_into_store", str(tmp_path / "store"))
    first = 0
    while not schedule.done:
        outcome = schedule.kill(nursery, 0.4, "fill_store", str(tmp_path / "store"), first)
        found = nursery.run("look_into_store", str(tmp_path / "store"))
        assert found.code == 0, found.told
        ((n_passages, all_before),) = found.told
        assert all_before
        first += len(outcome.told)
        assert 10 * first <= n_passages <= 10 * first + 10
        first = n_passages // 10  # whose ids may be there: they are written anew


@times(3)
@pytest.mark.parametrize("kind", ["pairs", "triplets"])
def test_a_model_is_asked_nothing_twice(nursery, schedule, kind, tmp_path):
    begun = time.monotonic()
    whole = nursery.run("generate", str(tmp_path / "whole"), kind)
    took = time.monotonic() - begun
    assert whole.code == 0
    wanted = content(tmp_path / "whole")
    n_rounds = n_asked = 0
    while not schedule.done:
        n_rounds += 1
        folder, outcome = tmp_path / str(n_rounds), None
        while outcome is None or outcome.killed and content(folder) != wanted:
            outcome = schedule.kill(nursery, took, "generate", str(folder), kind)
            n_asked += len(outcome.told)
        assert content(folder) == wanted
    assert n_asked <= n_rounds * len(whole.told) + schedule.killed  # whose answer was not awaited


PARTS = ["1_Pooling", "config.json", "model.safetensors", "modules.json"]
STOPS = [  # a signal, and of how many changes one is tried
    (signal.SIGKILL, 8),
    pytest.param(signal.SIGKILL, 1, marks=pytest.mark.slow),
    pytest.param(signal.SIGINT, 1, marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("sign", "stride"), STOPS)
@pytest.mark.parametrize("work", ["generate", "copy_course", "write_static", "lengthen"])
def test_stopped_at_each_change_of_a_folder(nursery, work, sign, stride, tmp_path):
    """What lies there then is part of what is to be, each file whole; and then it goes on."""
    nursery.expect(work, str(tmp_path / "whole"))
    expected = content(tmp_path / "whole")
    is_stopped, change = True, 1
    while is_stopped:
        folder = tmp_path / str(change)
        is_stopped = stopped(nursery.run(work, str(folder), at=change, sign=sign))
        found = content(folder) if folder.exists() else {}
        found.pop("records.jsonl.journal", None)
        assert found.items() <= expected.items()
        if work in ("write_static", "lengthen"):
            assert found in ({}, expected)
        if work in ("generate", "copy_course") or not found:
            nursery.expect(work, str(folder))
        assert content(folder) == expected
        assert not list(folder.glob(".*"))
        change += stride
    assert change > 8


@pytest.mark.parametrize(("sign", "stride"), STOPS)
def test_stopped_while_a_tuned_model_is_put_in_place_of_another(nursery, sign, stride, tmp_path):
    """There is the one or the other, or none: never files of both."""
    models = []
    for version in (1, 2):
        nursery.expect("settle_model", str(tmp_path / "whole"), version)
        models.append(content(tmp_path / "whole"))
        del models[-1]["textvec-tune.json"]
    is_stopped, change, seen = True, 1, set()
    while is_stopped:
        folder = tmp_path / str(change)
        nursery.expect("settle_model", str(folder), 1)
        is_stopped = stopped(nursery.run("settle_model", str(folder), 2, at=change, sign=sign))
        found = content(folder)
        found = {name: found[name] for name in found if name in models[1]}
        if "config.json" in found:  # else it is taken for no model
            assert found in models
        seen.add(found.get("config.json"))
        nursery.expect("settle_model", str(folder), 2)
        assert content(folder).items() >= models[1].items()
        assert names(folder) == [*PARTS, "textvec-tune.json"]
        nursery.expect("settle_model", str(folder), 3)
        change += stride
    assert {b"1", b"2"} <= seen
    assert change > 30


def test_whoever_is_killed_with_a_lock_takes_it_along(nursery):
    outcome = nursery.run("show_progress", 60, after=1)
    assert outcome.killed
    assert outcome.told == [["held"]]
    nursery.expect("show_progress", 0)
