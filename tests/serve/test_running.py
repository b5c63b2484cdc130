"""``textvec serve`` as a process: clients, slow ones too, files that are replaced, and its end."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPConnection

import numpy as np
import pytest

from textvec import (
    BM25Vectorizer,
    CountVectorizer,
    ExactIndex,
    LSAVectorizer,
    TransformerVectorizer,
)

from ..cli.command import assert_refused, run

pytest.importorskip("uvicorn")
pytestmark = pytest.mark.skipif(os.name != "posix", reason="stops by signal")

TEXTS = ["a quiet room by the sea", "a spa in the city", "rooms with a view of the sea"]


@pytest.fixture
def files(tmp_path):
    lsa = LSAVectorizer(vector_size=2, random_state=0).fit(TEXTS)
    bm25 = BM25Vectorizer().fit(TEXTS)
    lsa.save(tmp_path / "lsa.textvec")
    bm25.save(tmp_path / "bm25.textvec")
    ExactIndex(metric="dot").fit(bm25.transform(TEXTS)).save(tmp_path / "rooms.textvec")
    return tmp_path


@contextmanager
def serving(folder, *arguments, code="from textvec.cli import main; main()", **environment):
    """Run ``textvec serve`` in a process of its own; give the process and its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", code, "serve", *arguments, "--port", str(port)]
    process = subprocess.Popen(
        command, cwd=folder, env=os.environ | environment, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, encoding="utf-8",
    )  # fmt: skip
    try:
        end = time.monotonic() + 120
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert process.poll() is None, process.stdout.read()
                assert time.monotonic() < end
                time.sleep(0.05)
        yield process, port
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def ask(port, path, body=None, **headers):
    """Return status and answer of one request, JSON both ways."""
    status, answer = fetch(port, path, body, **headers)
    return status, json.loads(answer)


def fetch(port, path, body=None, **headers):
    """Return status and bytes of one request."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        content = None if body is None else json.dumps(body)
        connection.request("GET" if body is None else "POST", path, content, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_a_fresh_process_serves_files_to_clients_of_openai(files):
    import openai

    key = "sk-a-key-of-our-own"
    with serving(files, "lsa.textvec", "rooms=rooms.textvec@bm25", "bm25.textvec",
                 TEXTVEC_API_KEY=key) as (process, port):  # fmt: skip
        client = openai.OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key=key)
        assert [model.id for model in client.models.list()] == ["lsa", "rooms", "bm25"]
        answer = client.embeddings.create(model="lsa", input=TEXTS)  # asks for base64
        lsa = LSAVectorizer(vector_size=2, random_state=0).fit(TEXTS)
        found = [one.embedding for one in answer.data]
        np.testing.assert_array_equal(np.float32(found), lsa.transform(TEXTS))
        assert answer.usage.total_tokens == 18
        answer = client.embeddings.create(model="lsa", input=TEXTS[0], encoding_format="float")
        np.testing.assert_array_equal(np.float32(answer.data[0].embedding), lsa.transform(TEXTS)[0])
        with pytest.raises(openai.NotFoundError, match="'lsa'"):
            client.embeddings.create(model="nobody", input="a")
        with pytest.raises(openai.BadRequestError) as caught:
            client.embeddings.create(model="lsa", input="a", dimensions=9)
        assert caught.value.param == "dimensions"
        with pytest.raises(openai.AuthenticationError):
            openai.OpenAI(base_url=client.base_url, api_key="wrong").models.list()
        served = TransformerVectorizer(
            "lsa", backend="openai", model_kwargs={"base_url": str(client.base_url)}
        )
        os_environ = dict(os.environ)
        try:
            os.environ["OPENAI_API_KEY"] = key
            np.testing.assert_allclose(served.transform(TEXTS), lsa.transform(TEXTS), atol=1e-6)
        finally:
            os.environ.clear()
            os.environ.update(os_environ)
        bearer = {"Authorization": f"Bearer {key}"}
        status, body = ask(port, "/search", {"model": "rooms", "query": "spa"}, **bearer)
        assert (status, body["results"][0][0]["id"]) == (200, 1)
        process.send_signal(signal.SIGTERM)
        printed = process.communicate(timeout=60)[0]
    assert f"3 models at http://127.0.0.1:{port}: lsa, rooms, bm25." in printed
    assert key not in printed


LOOKING = """
import textvec.serve.app
textvec.serve.app._LOOK_EVERY = 0.1
from textvec.cli import main
main()
"""


def test_a_file_that_is_replaced_is_read_anew_and_one_that_is_broken_is_not(files):
    other = CountVectorizer().fit(["entirely other words here"])
    with serving(files, "served=lsa.textvec", code=LOOKING) as (process, port):

        def width():
            status, body = ask(port, "/v1/embeddings", {"model": "served", "input": "sea"})
            assert status == 200
            return len(body["data"][0]["embedding"])

        def becomes(expected):
            end = time.monotonic() + 30
            while width() != expected:
                assert time.monotonic() < end
                time.sleep(0.05)

        assert width() == 2
        whole = (files / "lsa.textvec").read_bytes()
        (files / "lsa.textvec").write_bytes(whole[: len(whole) // 2])
        time.sleep(0.8)
        assert width() == 2
        other.save(files / "lsa.textvec")
        becomes(4)
        (files / "lsa.textvec").unlink()
        time.sleep(0.5)
        assert width() == 4
        process.send_signal(signal.SIGINT)
        printed = process.communicate(timeout=60)[0]
    assert "What was served stays" in printed
    assert re.search(r"^20\d\d-.* Read 'served' anew\.$", printed, re.MULTILINE)
    assert process.returncode == 0
    assert "interrupted" not in printed


SLOW = """
import time
from textvec import CountVectorizer
transform = CountVectorizer.transform
def slowly(self, documents):
    time.sleep(0.5)
    return transform(self, documents)
CountVectorizer.transform = slowly
from textvec.cli import main
main()
"""


def test_told_to_stop_it_answers_what_it_was_asked(files):
    CountVectorizer().fit(TEXTS).save(files / "counts.textvec")
    with serving(files, "counts.textvec", "--batch", "1", code=SLOW) as (process, port):
        with ThreadPoolExecutor(4) as pool:
            body = {"model": "counts", "input": "sea " * 6000}  # too long for the loop itself
            asked = [pool.submit(ask, port, "/v1/embeddings", body) for _ in range(4)]
            time.sleep(0.5)
            process.send_signal(signal.SIGTERM)
            assert [future.result()[0] for future in asked] == [200] * 4
        process.wait(60)
        with pytest.raises(OSError):
            ask(port, "/health")


@pytest.mark.slow
def test_told_to_stop_it_does_not_wait_for_small_sips(files):
    CountVectorizer(analyzer="char").fit(["".join(map(chr, range(200, 9000)))]).save(
        files / "wide.textvec"
    )
    with serving(files, "wide.textvec", code=BOUND.format(512, 1.0)) as (process, port):
        wish = json.dumps({"model": "wide", "input": ["x"] * 1000}).encode()
        head = f"POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(wish)}"
        with socket.create_connection(("127.0.0.1", port), 60) as client:
            client.sendall(head.encode() + b"\r\n\r\n" + wish)
            said = client.recv(1000)
            length = int(re.search(rb"content-length: (\d+)", said)[1])
            process.send_signal(signal.SIGTERM)
            taken = 0
            with suppress(ConnectionError):
                while some := client.recv(1 << 18):
                    taken += len(some)
                    time.sleep(0.05)
        assert taken < length
        process.wait(60)


BOUND = """
from textvec.serve import limits
limits.Limits.__init__.__defaults__ = (*limits.Limits.__init__.__defaults__[:-2], {}, {})
from textvec.cli import main
main()
"""  # connections and patience


def test_clients_without_end_are_sent_away(files):
    """One says nothing, one half a header, one half a body, and one does not take its answer."""
    CountVectorizer(analyzer="char").fit(["".join(map(chr, range(200, 9000)))]).save(
        files / "wide.textvec"
    )
    with serving(files, "wide.textvec", code=BOUND.format(512, 1.0)) as (_, port):
        clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(4)]
        silent, header, body, deaf = clients
        header.sendall(b"POST /v1/embeddings HTTP/1.1\r\nHo")
        body.sendall(
            b"POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"
        )
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        wish = json.dumps({"model": "wide", "input": ["x"] * 300}).encode()
        length = str(len(wish)).encode()
        deaf.sendall(
            b"POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + length
            + b"\r\n\r\n" + wish
        )  # fmt: skip
        assert ask(port, "/health")[0] == 200  # the others wait for nobody
        for client in (silent, header, body):
            client.settimeout(20)
        assert silent.recv(100) == b""
        assert header.recv(100) == b""
        assert b" 408 " in body.recv(100)
        assert is_sent_away(deaf)
        for client in clients:
            client.close()


def test_a_request_whose_head_does_not_end_fills_no_memory(files):
    """Many headers, one long header, a long path; a second request behind a whole one, too."""
    whole = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    begun = b"GET /health HTTP/1.1\r\nHost: localhost\r\n"
    with serving(files, "lsa.textvec") as (_, port):
        for head, more in (
            (begun, b"X: y\r\n" * 2000),
            (begun + b"X: ", b"x" * 16_000),
            (b"GET /", b"x" * 16_000),
            (whole + begun + b"X: ", b"x" * 16_000),
        ):
            client = socket.create_connection(("127.0.0.1", port), 60)
            taken = 0
            with suppress(ConnectionError):
                client.sendall(head)
                while taken < 64 << 20:
                    client.sendall(more)
                    taken += len(more)
            assert taken < 16 << 20  # what the sockets of both sides hold, and no more
            client.close()
        client = socket.create_connection(("127.0.0.1", port), 60)
        client.sendall(begun + b"X: " + b"x" * (65 << 10))
        assert client.recv(100).startswith(b"HTTP/1.1 431 ")
        client.close()
        long = "x" * (60 << 10)
        assert ask(port, "/health", **{"X-Long": long}) == (200, {"status": "ok"})
        texts = {"model": "lsa", "input": ["sea " * 20_000] * 4}  # bodies have bounds of their own
        assert ask(port, "/v1/embeddings", texts)[0] == 200


def test_a_flood_of_connections_takes_a_bounded_number(files):
    with ExitStack() as stack:
        process, port = stack.enter_context(
            serving(files, "lsa.textvec", code=BOUND.format(8, 60.0))
        )
        flood = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port), 60))
            for _ in range(200)
        ]
        n_open = len(flood)
        end = time.monotonic() + 20
        while n_open > 8 + 64 and time.monotonic() < end:
            time.sleep(0.1)
            n_open = sum(map(is_open, flood))
        assert n_open <= 8 + 64
        if os.path.exists(f"/proc/{process.pid}/fd"):
            assert len(os.listdir(f"/proc/{process.pid}/fd")) < 8 + 64 + 50
        for client in flood:
            client.close()
        end = time.monotonic() + 20
        while fetch(port, "/health")[0] != 200:
            assert time.monotonic() < end
            time.sleep(0.1)


def is_open(client):
    """Whether the other side, which says nothing, has not closed a connection."""
    client.setblocking(False)
    try:
        return client.recv(1) != b""
    except BlockingIOError:
        return True
    except ConnectionError:
        return False


def is_sent_away(client):
    """Whether the other side has closed a connection, whose answer nobody reads."""
    end = time.monotonic() + 30
    with suppress(ConnectionError):
        while time.monotonic() < end:
            client.sendall(b"x")
            time.sleep(0.1)
        return False
    return True


def test_mixed_clients_each_get_their_own_answers(files):
    """Well-formed and malformed requests at once, over a reload and to the end."""
    lsa = LSAVectorizer(vector_size=2, random_state=0).fit(TEXTS)
    words = ["quiet", "room", "sea", "spa", "city", "view", "rooms"]
    expected = {word: lsa.transform([word])[0] for word in words}
    wrong: list = []
    answered = [0]

    def client(number, port):
        draw = np.random.default_rng(number)
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        for _ in range(60):
            if draw.random() < 0.1:
                connection.request("POST", "/v1/embeddings", b"{broken")
                connection.getresponse().read()
                continue
            chosen = draw.choice(words, size=3).tolist()
            content = json.dumps({"model": "lsa", "input": chosen})
            connection.request("POST", "/v1/embeddings", content)
            answer = connection.getresponse()
            found = json.loads(answer.read())
            for word, one in zip(chosen, found["data"], strict=True):
                if not np.array_equal(np.float32(one["embedding"]), expected[word]):
                    wrong.append(word)
            answered[0] += 1
        connection.close()

    with serving(files, "lsa.textvec") as (_, port):
        threads = [threading.Thread(target=client, args=(n, port)) for n in range(8)]
        for thread in threads:
            thread.start()
        lsa.save(files / "lsa.textvec")
        for thread in threads:
            thread.join()
        end = time.monotonic() + 20
        while True:
            metrics = fetch(port, "/metrics")[1].decode()
            if 'textvec_reloads_total{result="read"} 1' in metrics:
                break
            assert time.monotonic() < end
            time.sleep(0.1)
        asked = re.search(r'path="/v1/embeddings",status="200"} (\d+)', metrics)
        assert int(asked[1]) == answered[0]
    assert not wrong
    assert answered[0] > 300


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nobody.textvec"], "No such file"),
        (["nobody"], "neither a file"),
        (["a=lsa.textvec", "a=bm25.textvec"], "two models are called 'a'"),
        (["rooms.textvec"], "queries, such as rooms=FILE@bm25\n"),  # and nothing of Python
        (["rooms.csv"], "'rooms.csv' cannot be served"),
        (["lsa.textvec", "--host", "0.0.0.0"], "TEXTVEC_API_KEY"),
        (["lsa.textvec", "--port", "70000"], "--port"),
        (["=lsa.textvec"], "a name before ="),
    ],
)
def test_what_cannot_be_served_is_one_line(files, monkeypatch, arguments, words):
    monkeypatch.chdir(files)
    (files / "rooms.csv").write_text("name\nsea\n")
    monkeypatch.delenv("TEXTVEC_API_KEY", raising=False)
    monkeypatch.setattr("uvicorn.Server.run", lambda server: pytest.fail("it is served"))
    assert_refused(run("serve", *arguments), words)


@pytest.mark.parametrize(
    ("host", "allowed", "known"),
    [
        ("127.0.0.1", None, ["localhost", "127.0.0.1", "::1"]),
        ("127.0.0.1", ["hotels.example"], ["localhost", "hotels.example"]),
        ("192.168.1.5", ["hotels.example"], ["localhost", "192.168.1.5", "hotels.example"]),
        ("0.0.0.0", None, ["*"]),
    ],
)
def test_names_are_allowed_beside_this_machines(host, allowed, known):
    from textvec.cli.serve import _hosts

    assert set(known) <= set(_hosts(host, allowed))
    assert ("*" in _hosts(host, allowed)) == (known == ["*"])
