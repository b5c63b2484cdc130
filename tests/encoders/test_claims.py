import os
import signal
import subprocess
import sys
import textwrap
import threading

import pytest

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
    taken = []

    def work():
        with Claims(tmp_path) as claims:
            for start in range(0, 300, 20):
                taken.extend(claims.take(KEYS[start : start + 40]))
            barrier.wait()  # nobody releases before all are done

    barrier = threading.Barrier(4)
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(taken)) == 320


def test_a_damaged_file_is_named(tmp_path):
    (tmp_path / "claims.sqlite").write_bytes(b"no database at all" * 100)
    with (
        pytest.raises(OSError, match="claims.sqlite is damaged .*Delete it"),
        Claims(tmp_path) as c,
    ):
        c.take(KEYS)
