import multiprocessing
import os
import pickle
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time
from contextlib import closing

import numpy as np
import pytest

from textvec.encoders.cache import EncodingCache
from textvec.encoders.claims import Claims


def vectors(first, last, dim=16):
    return {f"key {i}".encode(): np.full(dim, i, np.float32) for i in range(first, last)}


def assert_right(found):
    for key, vector in found.items():
        np.testing.assert_array_equal(vector, np.full(len(vector), int(key.split()[1])))


def test_what_is_put_is_found(tmp_path):
    cache = EncodingCache(tmp_path / "new")
    assert cache.get([b"key 1"]) == {}
    assert len(cache) == 0
    cache.put(vectors(0, 1200))
    found = cache.get([f"key {i}".encode() for i in range(600, 1800)])
    assert len(found) == 600
    assert_right(found)
    cache.put({b"key 7": np.zeros(3)})
    assert cache.get([b"key 7"])[b"key 7"].tolist() == [0, 0, 0]
    assert len(cache) == 1200


def test_two_equal_caches_are_one_after_pickling(tmp_path):
    cache = EncodingCache(tmp_path)
    cache.put(vectors(0, 3))
    again = pickle.loads(pickle.dumps(cache))
    assert again == cache
    assert hash(again) == hash(cache)
    assert again != EncodingCache(tmp_path, max_bytes=5)
    assert len(again.get([b"key 2"])) == 1


def test_it_stays_within_its_bound_and_drops_the_oldest(tmp_path):
    cache = EncodingCache(tmp_path, max_bytes=400_000)
    for start in range(0, 2000, 100):
        cache.put(vectors(start, start + 100, dim=256))
        assert len(cache.get([f"key {start + 99}".encode()])) == 1  # the newest stay
    size = sum(file.stat().st_size for file in tmp_path.iterdir() if file.suffix == ".sqlite")
    assert size < 800_000
    assert 0 < len(cache) < 400
    assert cache.get([b"key 0"]) == {}


def test_cleared_it_leaves_what_is_not_its_own(tmp_path):
    cache = EncodingCache(tmp_path / "new")
    cache.clear()
    cache.put(vectors(0, 3))
    with Claims(cache.folder) as claims:
        claims.take([b"key"])
    (tmp_path / "new" / "vectors.txt").write_text("mine")
    cache.clear()
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["vectors.txt"]
    assert cache.get([b"key 1"]) == {}
    (tmp_path / "new" / "vectors.txt").unlink()
    cache.put(vectors(0, 3))
    cache.clear()
    assert not (tmp_path / "new").exists()


def test_an_altered_entry_counts_as_missing(tmp_path):
    cache = EncodingCache(tmp_path)
    cache.put(vectors(0, 2))
    with closing(sqlite3.connect(tmp_path / "vectors.sqlite")) as connection, connection:
        question = "SELECT vector FROM vectors WHERE key = ?"
        content = bytearray(connection.execute(question, (b"key 1",)).fetchone()[0])
        content[30] ^= 1
        connection.execute("UPDATE vectors SET vector = ? WHERE key = ?", (content, b"key 1"))
    assert list(cache.get([b"key 0", b"key 1"])) == [b"key 0"]


def test_a_damaged_file_is_named(tmp_path):
    (tmp_path / "vectors.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(OSError, match=r"vectors.sqlite is damaged .*Delete it"):
        EncodingCache(tmp_path).get([b"key 1"])


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        EncodingCache(tmp_path / "file" / "cache").put(vectors(0, 1))


def write(folder, first, last):
    cache = EncodingCache(folder)
    for start in range(first, last, 10):
        cache.put(vectors(start, start + 10))
        assert_right(cache.get([f"key {i}".encode() for i in range(start + 10)]))


def test_threads_and_processes_share_it(tmp_path):
    context = multiprocessing.get_context("spawn")
    workers = [
        *(context.Process(target=write, args=(tmp_path, 100 * i, 100 * i + 150)) for i in range(3)),
        *(threading.Thread(target=write, args=(tmp_path, 100 * i, 100 * i + 150)) for i in (3, 4)),
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [getattr(worker, "exitcode", 0) for worker in workers] == [0] * 5
    found = EncodingCache(tmp_path).get([f"key {i}".encode() for i in range(550)])
    assert len(found) == 550
    assert_right(found)


@pytest.mark.skipif(os.name != "posix", reason="kills by signal")
def test_killed_while_writing_it_keeps_whole_batches(tmp_path):
    code = f"""
        import numpy as np
        from textvec.encoders.cache import EncodingCache
        cache = EncodingCache({os.fspath(tmp_path)!r})
        for batch in range(10**9):
            keys = range(20 * batch, 20 * batch + 20)
            cache.put({{f"key {{i}}".encode(): np.full(384, i, np.float32) for i in keys}})
            print(batch, flush=True)
    """
    run = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True
    )
    for _ in range(5):
        last = int(run.stdout.readline())
    time.sleep(0.01)
    run.send_signal(signal.SIGKILL)
    last = max([last, *map(int, run.stdout.read().split())])
    run.wait()
    run.stdout.close()
    cache = EncodingCache(tmp_path)
    found = cache.get([f"key {i}".encode() for i in range(20 * last + 100)])
    assert_right(found)
    assert len(found) >= 20 * (last + 1)
    assert len(found) % 20 == 0
    cache.put(vectors(0, 1))


def test_a_folder_is_a_path():
    with pytest.raises(TypeError, match="folder must be the path of a folder. Got 3 instead"):
        EncodingCache(3)
