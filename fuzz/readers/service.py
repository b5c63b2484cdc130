"""Requests to the service, without a socket: bodies and headers."""

import asyncio
import json
from functools import cache

from readers.reader import HOTELS, Reader
from textvec import BM25Vectorizer, ContentRecommender, ExactIndex, LSAVectorizer, TfidfVectorizer
from textvec.serve import make_app
from textvec.serve.limits import Limits

_PATHS = ("/v1/embeddings", "/search", "/recommend", "/v1/models/tfidf", "/nowhere")
_KEY = "a-key-of-the-service"
_MOST = Limits(body=4000, texts=20, characters=500, values=2000, results=50)
_BODIES = (
    (0, {"model": "tfidf", "input": ["sea view", "", "酒店"], "encoding_format": "sparse"}),
    (0, {"model": "bm25", "input": "sea", "encoding_format": "float", "input_type": "query"}),
    (0, {"model": "lsa", "input": ["sea"], "encoding_format": "base64", "dimensions": 1}),
    (1, {"model": "index", "query": ["sea view", "hotel"], "k": 3}),
    (1, {"model": "items", "query": "sea", "k": 2}),
    (2, {"model": "items", "liked": [0, 1], "disliked": [2], "k": 3, "diversity": 0.5}),
    (2, {"model": "items", "id": 0}),
    (2, {"model": "items", "query": "quiet sea"}),
)
_HEADERS = {
    "host": "localhost:8000",
    "content-type": "application/json",
    "content-length": "2",
    "origin": "http://127.0.0.1:8000",
    "authorization": f"Bearer {_KEY}",
}


@cache
def _service():
    """Return the application, and the loop that it lives in."""
    tfidf, bm25 = TfidfVectorizer().fit(HOTELS), BM25Vectorizer().fit(HOTELS)
    models = {
        "tfidf": tfidf,
        "bm25": bm25,
        "lsa": LSAVectorizer(vector_size=2, random_state=0).fit(HOTELS),
        "index": ExactIndex(metric="dot").fit(bm25.transform(HOTELS)),
        "items": ContentRecommender().fit(HOTELS),
    }
    app = make_app(models, by={"index": ["bm25"]}, limits=_MOST, key=_KEY)
    return app, asyncio.new_event_loop()


def _ask(path, body, headers):
    """Return status and body of the answer to a request."""
    app, loop = _service()
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST" if path in _PATHS[:3] else "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "scheme": "http",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8000),
    }
    waiting = [{"type": "http.request", "body": body, "more_body": False}]
    sent = []

    async def receive():
        return waiting.pop() if waiting else {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    loop.run_until_complete(app(scope, receive, send))
    status = sent[0]["status"]
    return status, b"".join(message.get("body", b"") for message in sent[1:])


def _check_answer(status, content):
    """Raise unless an answer is JSON, and an error one of the client's, in OpenAI's shape."""
    answer = json.loads(content)
    assert _KEY.encode() not in content
    if status != 200:
        assert 400 <= status < 500, (status, answer)
        assert answer["error"].keys() == {"message", "type", "param", "code"}
    return answer


def body(content, folder):
    """Ask with a body.

    Parameters
    ----------
    content : bytes
        Which path, in one byte; then the body.
    folder : Path
        Not used.
    """
    path, sent = _PATHS[(content or b"\0")[0] % len(_PATHS)], content[1:]
    headers = [(name.encode(), value.encode()) for name, value in _HEADERS.items()]
    headers = [pair for pair in headers if pair[0] != b"content-length"]
    status, got = _ask(path, sent, headers)
    answer = _check_answer(status, got)
    if status != 200 or path == _PATHS[3]:
        return
    asked = json.loads(sent)
    assert answer["model"] == asked["model"]
    if path == "/v1/embeddings":
        n_texts = 1 if isinstance(asked["input"], str) else len(asked["input"])
        assert [one["index"] for one in answer["data"]] == list(range(n_texts))
    elif path == "/search":
        n_texts = 1 if isinstance(asked["query"], str) else len(asked["query"])
        assert len(answer["results"]) == n_texts


def headers(content, folder):
    """Ask with headers.

    Parameters
    ----------
    content : bytes
        Which path, in one byte; then a header in each line, after it ``": "`` and its value.
    folder : Path
        Not used.
    """
    path = _PATHS[(content or b"\0")[0] % len(_PATHS)]
    pairs = [line.partition(b": ")[::2] for line in content[1:].split(b"\n")]
    sent = json.dumps(_BODIES[0][1]).encode()
    given = [(name.strip().lower(), value.strip()) for name, value in pairs if name.strip()]
    status, got = _ask(path, sent, given)
    _check_answer(status, got)
    key = [value for name, value in given if name == b"authorization"]
    hosts = [value for name, value in given if name == b"host"]
    if status == 200:
        assert key == [f"Bearer {_KEY}".encode()]
        assert len(hosts) == 1


def header_seeds():
    """Return headers.

    Returns
    -------
    list of bytes
    """
    usual = "\n".join(f"{name}: {value}" for name, value in _HEADERS.items()).encode()
    odd = [usual.replace(b"localhost", b"[::1]"), usual.replace(b"127.0.0.1:8000", b"[::1")]
    odd += [usual.replace(b"length: 2", b"length: " + length) for length in (b"5000", b"many")]
    return [b"\0" + one for one in (usual, *odd)]


SERVICE_READERS = {
    "request_body": Reader(
        body,
        lambda: [bytes([path]) + json.dumps(one).encode() for path, one in _BODIES],
        ("model", "input", "query", "liked", "id", "k", "lsa", "index", "items", "sparse"),
        1,
    ),
    "request_headers": Reader(headers, header_seeds, tuple(_HEADERS)),
}
