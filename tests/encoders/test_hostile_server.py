"""Servers that answer with anything at all: refused in a sentence, and nothing of it is kept."""

import gzip
import json
import time

import numpy as np
import pytest

from textvec import TransformerVectorizer
from textvec.encoders.cache import EncodingCache

from .embeddings_server import running, vector_of

pytest.importorskip("openai")

TEXTS = [f"text {i}" for i in range(12)]


@pytest.fixture
def server(monkeypatch):
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret-0123456789")
    with running() as state:
        yield state


def vectorizer(server, options=(), **parameters):
    kwargs = {"base_url": server.url, "max_retries": 2, "timeout": 20} | dict(options)
    return TransformerVectorizer("tiny", backend="openai", model_kwargs=kwargs, **parameters)


def with_indices(number):
    """Return a fault: the index of each vector is what ``number`` makes of its place."""
    return lambda handler, data: [item | {"index": number(item["index"])} for item in data]


def with_numbers(*values):
    """Return a fault: the first vector begins with these."""

    def fault(handler, data):
        first = data[0] | {"embedding": [*values, *data[0]["embedding"][len(values) :]]}
        return [first, *data[1:]]

    return fault


def sending(content, headers=(), status=200):
    """Return a fault: these bytes."""

    def fault(handler, data):
        handler.send_response(status)
        more = {"Content-Type": "application/json", "Content-Length": str(len(content))}
        for name, value in {**more, **dict(headers)}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(content)

    return fault


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (lambda place: -place, "0, -1, -2, -3..."),
        (lambda place: 11 - place if place else 0, "0, 10, 9, 8..."),
        (str, "'0', '1', '2', '3'..."),
        (float, "0.0, 1.0, "),
        (bool, "False, True, "),
        (lambda place: min(place, 1), "0, 1, 1, 1..."),
        (lambda place: 0, "0, 0, 0, 0..."),
        (lambda place: place + 1, "1, 2, 3, 4..."),
        (lambda place: None, "None, None, "),
        (lambda place: [place], "[0], [1], "),
        (lambda place: 10**400, "1000000"),
    ],
)
def test_indices_that_give_texts_each_others_vectors(server, tmp_path, number, shown):
    """No text has the vector of another, now or, by the cache, ever after."""
    server.always = with_indices(number)
    if shown.startswith("0, 10"):
        server.always = lambda handler, data: [item | {"index": 0} for item in data[::-1]]
        shown = "0, 0, 0, 0..."
    model = vectorizer(server, cache=tmp_path)
    with pytest.raises(ValueError, match="indices other than 0 to 11, each once") as caught:
        model.transform(TEXTS)
    assert shown in str(caught.value)
    assert isinstance(caught.value, ConnectionError)
    assert len(EncodingCache(tmp_path)) == 0
    assert len(server.requests) == 1
    server.always = None
    np.testing.assert_allclose(model.transform(TEXTS), list(map(vector_of, TEXTS)), atol=1e-6)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([10**400], "numbers beyond those of float32"),
        ([1e39], "NaN or infinity"),
        ([float("nan")], "NaN or infinity"),
        ([float("-inf")], "NaN or infinity"),
        ([True], "vectors that are no lists of numbers"),
        (["1.5"], "vectors that are no lists of numbers"),
        ([None], "vectors that are no lists of numbers"),
        ([[1.0]], "vectors that are no lists of numbers"),
        ([{"a": 1}], "vectors that are no lists of numbers"),
        (list(range(9)), "vectors of unlike widths, or none"),
    ],
)
def test_numbers_that_are_none(server, tmp_path, values, message):
    server.always = with_numbers(*values)
    with pytest.raises(ValueError, match=f"sent {message}. Check base_url"):
        vectorizer(server, cache=tmp_path).transform(TEXTS)
    assert len(EncodingCache(tmp_path)) == 0


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 200_000,
        b'{"data": ' + b"[" * 200_000,
        b'{"data": null}',
        b'{"data": {"0": 1}}',
        b"[1, 2]",
        b"7",
        b"\xff\xfe",
        b"",
        json.dumps({"data": TEXTS}).encode(),
        json.dumps({"data": [{"index": i, "embedding": "AAAA"} for i in range(12)]}).encode(),
        json.dumps({"data": [{"index": i, "embedding": []} for i in range(12)]}).encode(),
        json.dumps({"data": [{"index": i} for i in range(12)]}).encode(),
        b'{"data": [' + b"9" * 5000 + b"]}",
    ],
)
def test_answers_that_are_none(server, content):
    server.always = sending(content)
    with pytest.raises(ConnectionError, match="was asked for a vector of 'tiny' .* and sent"):
        vectorizer(server).transform(TEXTS)


@pytest.mark.parametrize(
    "count", [10**400, -1, True, "many", [1]], ids=["huge", "-1", "True", "str", "list"]
)
def test_a_count_of_tokens_is_for_show(server, count):
    def fault(handler, data):
        handler.answer(200, {"data": data, "usage": {"prompt_tokens": count}})

    server.always = fault
    vectors = vectorizer(server, verbose=True).transform(TEXTS)
    np.testing.assert_allclose(vectors, list(map(vector_of, TEXTS)), atol=1e-6)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_takes_texts_to_another_host(server, status):
    with running() as other:
        place = f"{other.url}/embeddings"
        server.always = sending(b"", {"Location": place}, status)
        options = {"organization": "org-secret", "project": "proj-secret"}
        with pytest.raises(ConnectionError, match="a redirect to another host") as caught:
            vectorizer(server, options).transform(TEXTS)
        assert other.url.removesuffix("/v1") in str(caught.value)
        assert "give it as base_url" in str(caught.value)
        assert (len(server.requests), len(other.requests)) == (1, 0)


def test_a_redirect_may_stay_with_the_host(server):
    server.faults = [sending(b"", {"Location": "/v1/embeddings/"}, 307)]
    vectors = vectorizer(server).transform(TEXTS)
    np.testing.assert_allclose(vectors, list(map(vector_of, TEXTS)), atol=1e-6)
    assert [body["input"] for body in server.requests] == [TEXTS] * 2
    server.always = sending(b"", {"Location": "/v1/embeddings"}, 307)
    with pytest.raises(ConnectionError, match="sent redirects without end"):
        vectorizer(server).transform(TEXTS)


@pytest.mark.parametrize("status", [200, 404])
def test_an_answer_that_unfolds(server, status):
    """A thousand bytes for each one sent: what twelve texts' vectors may take is the end."""
    bomb = gzip.compress(bytes(64_000_000))
    server.always = sending(bomb, {"Content-Encoding": "gzip"}, status)
    with pytest.raises(ConnectionError, match="sent more than the 6,291,456 bytes that such"):
        vectorizer(server).transform(TEXTS)
    server.always = sending(gzip.compress(bomb), {"Content-Encoding": "gzip, gzip"}, status)
    with pytest.raises(ConnectionError, match="sent an answer packed as 'gzip, gzip'"):
        vectorizer(server).transform(TEXTS)
    assert len(server.requests) == 2


def test_an_answer_may_be_packed(server):
    def packed(handler, data):
        content = gzip.compress(json.dumps({"data": data}).encode())
        sending(content, {"Content-Encoding": "gzip"})(handler, data)

    server.always = packed
    vectors = vectorizer(server).transform(TEXTS)
    np.testing.assert_allclose(vectors, list(map(vector_of, TEXTS)), atol=1e-6)


def test_an_answer_that_trickles_in(server):
    """Its silences are short, and it would go on like this for hours."""

    def trickle(handler, data):
        content = json.dumps({"data": data}).encode()
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(content) + 60))
        handler.end_headers()
        for _ in range(60):
            handler.wfile.write(b" ")
            handler.wfile.flush()
            time.sleep(0.05)
        handler.wfile.write(content)

    server.always = trickle
    with pytest.raises(TimeoutError, match=r"did not answer in 0.4 s. Raise timeout"):
        vectorizer(server, {"timeout": 0.4, "max_retries": 0}).transform(TEXTS)
    vectors = vectorizer(server, {"timeout": 20}).transform(TEXTS)
    np.testing.assert_allclose(vectors, list(map(vector_of, TEXTS)), atol=1e-6)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"timeout": "20"}, TypeError, "timeout in model_kwargs must be a number. Got '20'"),
        ({"timeout": -1}, ValueError, "timeout in model_kwargs must be at least 0. Got -1"),
        ({"max_retries": 2.5}, TypeError, "max_retries in model_kwargs must be an integer"),
        ({"max_retries": None}, TypeError, "max_retries in model_kwargs must be an integer"),
        ({"max_retries": -1}, ValueError, "max_retries in model_kwargs must be at least 0"),
    ],
)
def test_options_of_the_client(server, options, error, message):
    with pytest.raises(error, match=message):
        vectorizer(server, options).transform(TEXTS)
    assert server.requests == []
