import os
import signal
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from textvec.encoders.cache import connected
from textvec.encoders.claims import Claims

KEYS = [f"key {i}".encode() for i in range(1500)]


def test_what_is_claimed_is_nobody_elses_until_released(tmp_path):
    with Claims(tmp_path) as first, Claims(tmp_path) as second:
        assert first.take(KEYS[:1000]) == set(KEYS[:1000])
        assert second.take(KEYS) == set(KEYS[1000:])
        assert first.take(KEYS[:2]) == set(KEYS[:2])
        assert first.take(KEYS[1400:]) == set()
        first.release()
        assert second.take(KEYS[:3]) == set(KEYS[:3])
        assert first.take(KEYS[:4]) == {KEYS[3]}
    with Claims(tmp_path) as third:
        assert third.take(KEYS) == set(KEYS)
    assert not list(tmp_path.glob("claimant-*"))


def test_an_error_releases_claims(tmp_path):
    def interrupted():
        with Claims(tmp_path) as claims:
            claims.take(KEYS)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    with Claims(tmp_path) as claims:
        assert claims.take(KEYS[:1]) == {KEYS[0]}


@pytest.mark.skipif(os.name != "posix", reason="kills by signal")
def test_claims_of_a_killed_process_are_free(tmp_path):
    code = f"""
        import time
        from textvec.encoders.claims import Claims
        with Claims({os.fspath(tmp_path)!r}) as claims:
            print(len(claims.take([b"key 1", b"key 2"])), flush=True)
            time.sleep(60)
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as run,
        Claims(tmp_path) as claims,
    ):
        assert run.stdout.readline() == "2\n"
        assert claims.take(KEYS[:4]) == {KEYS[0], KEYS[3]}
        run.send_signal(signal.SIGKILL)
        run.wait()
        assert claims.take(KEYS[:4]) == set(KEYS[:4])
    assert not list(tmp_path.glob("claimant-*"))


def test_threads_never_share_a_claim(tmp_path):
    def work(_):
        with Claims(tmp_path) as claims:
            takes = [claims.take(KEYS[start : start + 40]) for start in range(0, 300, 20)]
            barrier.wait(60)  # nobody releases before all are done
        return set().union(*takes)

    barrier = threading.Barrier(4)
    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(work, range(4)))
    assert sum(map(len, taken)) == len(set().union(*taken)) == 320


def test_many_may_begin_with_a_new_file(tmp_path):
    """SQLite refuses some of them at once when all change its journal."""

    def write(path):
        barrier.wait(60)
        with connected(path, "numbers (number INTEGER)") as connection:
            connection.execute("INSERT INTO numbers VALUES (1)")

    barrier = threading.Barrier(8)
    with ThreadPoolExecutor(8) as pool:
        for n in range(40):
            list(pool.map(write, [tmp_path / str(n)] * 8))
            with connected(tmp_path / str(n), "numbers (number INTEGER)") as connection:
                assert connection.execute("SELECT count(*) FROM numbers").fetchone() == (8,)


def test_a_damaged_file_is_named(tmp_path):
    (tmp_path / "claims.sqlite").write_bytes(b"no database at all" * 100)
    with (
        pytest.raises(OSError, match="claims.sqlite is damaged .*Delete it"),
        Claims(tmp_path) as c,
    ):
        c.take(KEYS)
