"""What the service answers, request by request."""

import base64
import json
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest

from textvec import (
    BM25Vectorizer,
    CharacterRecommender,
    ContentRecommender,
    CountVectorizer,
    ExactIndex,
    FineTunedVectorizer,
    HybridIndex,
    LSAVectorizer,
    TfidfVectorizer,
    TransformerVectorizer,
)
from textvec.datasets import load_novel
from textvec.serve import app, make_app
from textvec.serve.limits import Limits
from textvec.serve.metrics import Metrics

from ..encoders.tiny_models import write_bert, write_sentence_config

testclient = pytest.importorskip("starlette.testclient")
# Clients see an empty answer; the log of a program that serves has the warnings
pytestmark = pytest.mark.filterwarnings("ignore:.*all zeros")

TEXTS = [
    "a quiet room by the sea",
    "a spa in the city",
    "rooms with a view of the sea",
    "海边的酒店",
]
ITEMS = pd.DataFrame({"name": list("abcd"), "text": TEXTS, "price": [10, 20, np.nan, 40]})


@pytest.fixture(scope="module")
def models():
    tfidf = TfidfVectorizer(analyzer="mixed").fit(TEXTS)
    bm25 = BM25Vectorizer().fit(TEXTS)
    lsa = LSAVectorizer(vector_size=2, random_state=0).fit(TEXTS)
    return {
        "tfidf": tfidf,
        "bm25": bm25,
        "lsa": lsa,
        "index": ExactIndex(metric="dot").fit(bm25.transform(TEXTS)),
        "hybrid": HybridIndex().fit([tfidf.transform(TEXTS), lsa.transform(TEXTS)]),
        "items": ContentRecommender().fit(ITEMS, ids="name", text="text"),
    }


BY = {"index": ["bm25"], "hybrid": ["tfidf", "lsa"]}


def opened(models, by=None, host="localhost", **options):
    service = make_app(models, by=by, **options)
    return testclient.TestClient(service, f"http://{host}", raise_server_exceptions=False)


@pytest.fixture(scope="module")
def client(models):
    with opened(models, BY) as client:
        yield client


def refused(answer, status, param=None, code=None):
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert error.keys() == {"message", "type", "param", "code"}
    assert (error["param"], error["code"]) == (param, code)
    return error["message"]


@pytest.mark.parametrize("name", ["tfidf", "bm25", "lsa"])
@pytest.mark.parametrize("side", ["document", "query"])
@pytest.mark.parametrize("form", ["float", "base64", "sparse"])
def test_vectors_are_those_that_the_vectorizer_gives_alone(client, models, name, side, form):
    texts = [*TEXTS, "nothing known", "", "\ud800"]
    body = {"model": name, "input": texts, "encoding_format": form, "input_type": side}
    answer = client.post("/v1/embeddings", content=json.dumps(body)).json()
    ask = models[name].transform
    if side == "query":
        ask = getattr(models[name], "transform_queries", ask)
    expected = ask(texts)
    expected = expected if isinstance(expected, np.ndarray) else expected.toarray()
    assert [one["index"] for one in answer["data"]] == list(range(len(texts)))
    for row, one in zip(expected, answer["data"]):
        found = one["embedding"]
        if form == "sparse":
            np.testing.assert_array_equal(found["indices"], np.flatnonzero(row))
            np.testing.assert_array_equal(found["values"], row[np.flatnonzero(row)])
        else:
            if form == "base64":
                found = np.frombuffer(base64.b64decode(found), "<f4")
            np.testing.assert_array_equal(np.array(found, np.float32), row.astype(np.float32))
    words = 6 + 5 + 7 + 5 + 2
    assert answer["usage"] == {"prompt_tokens": words, "total_tokens": words}


@pytest.mark.filterwarnings("ignore:No linear map was better")
def test_tokens_of_a_tuned_model_are_its_own(tmp_path):
    pytest.importorskip("transformers")
    tiny = write_sentence_config(write_bert(tmp_path))
    pairs = [(text, f"{text}, again") for text in TEXTS]
    tuned = FineTunedVectorizer(TransformerVectorizer(tiny), strategy="adapter", random_state=0)
    with opened({"tuned": tuned.fit(pairs)}) as client:
        answer = client.post("/v1/embeddings", json={"model": "tuned", "input": TEXTS}).json()
    expected = sum(TransformerVectorizer(tiny).count_tokens(TEXTS))
    assert answer["usage"] == {"prompt_tokens": expected, "total_tokens": expected}
    assert expected != 6 + 5 + 7 + 5


@pytest.mark.parametrize("short", [0, 10**9])
def test_a_long_answer_is_written_where_nobody_waits_for_it(models, monkeypatch, short):
    writers = set()

    def seen(as_they_are):
        def put(*arguments, **named):
            writers.add(threading.current_thread().name)
            return as_they_are(*arguments, **named)

        return put

    for name in ("as_dense", "as_sparse", "_list_of"):
        monkeypatch.setattr(app, name, seen(getattr(app, name)))
    monkeypatch.setattr(app, "_SHORT", short)
    with opened(models, BY) as client:
        for form in ("float", "base64", "sparse"):
            body = {"model": "lsa", "input": TEXTS, "encoding_format": form}
            assert len(client.post("/v1/embeddings", json=body).json()["data"]) == len(TEXTS)
        found = client.post("/search", json={"model": "index", "query": TEXTS}).json()["results"]
        assert [best[0]["id"] for best in found[:3]] == [0, 1, 2]
        body = {"model": "tfidf", "input": TEXTS, "dimensions": 2}
        refused(client.post("/v1/embeddings", json=body), 400, "dimensions")
    assert {"writing" in name for name in writers} == {short == 0}


def test_one_text_is_a_list_of_one(client):
    answer = client.post("/v1/embeddings", json={"model": "lsa", "input": "the sea", "user": "x"})
    assert answer.json()["object"] == "list"
    assert len(answer.json()["data"]) == 1
    assert answer.json()["model"] == "lsa"


def test_dense_vectors_are_cut_and_brought_to_length_1(client, models):
    body = {"model": "lsa", "input": TEXTS, "dimensions": 1}
    found = [one["embedding"] for one in client.post("/v1/embeddings", json=body).json()["data"]]
    np.testing.assert_allclose(found, np.sign(models["lsa"].transform(TEXTS)[:, :1]))


@pytest.mark.parametrize(
    ("body", "param", "words"),
    [
        ({"model": "tfidf"}, "input", "missing"),
        ({"model": "tfidf", "input": None}, "input", "missing"),
        ({"model": "tfidf", "input": []}, "input", "empty"),
        ({"model": "tfidf", "input": [1, 2]}, "input", "tokens"),
        ({"model": "tfidf", "input": [[1, 2]]}, "input", "tokens"),
        ({"model": "tfidf", "input": ["a", {"b": 1}]}, "input", r"input\[1\]"),
        ({"model": "tfidf", "input": 3}, "input", "Got 3"),
        ({"model": "tfidf", "input": ["a"] * 2049}, "input", "2048"),
        ({"model": "tfidf", "input": ["a", "b" * 100_001]}, "input", r"input\[1\].*100000"),
        ({"model": 3, "input": "a"}, "model", "name"),
        ({"model": "tfidf", "input": "a", "encoding_format": "hex"}, "encoding_format", "'base64'"),
        ({"model": "tfidf", "input": "a", "dimensions": 2}, "dimensions", "terms"),
        ({"model": "lsa", "input": "a", "dimensions": 3}, "dimensions", "at most 2"),
        ({"model": "lsa", "input": "a", "dimensions": 0}, "dimensions", "from 1"),
        ({"model": "lsa", "input": "a", "dimensions": True}, "dimensions", "Got true"),
        ({"model": "lsa", "input": "a", "colour": 1}, "colour", "no field"),
    ],
)
def test_a_bad_request_is_told_which_field_is_wrong(client, body, param, words):
    import re

    message = refused(client.post("/v1/embeddings", json=body), 400, param)
    assert re.search(words, message), message


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"\xff\xfe", b"[" * 200_000, b'{"input": NaN}', b'{"k": 1e999999}',
        b'{"k": ' + b"9" * 5000 + b"}", b'"text"', b"null",
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/v1/embeddings", "/search", "/recommend"])
def test_a_body_that_is_none_is_refused(client, path, content):
    answer = client.post(path, content=content)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["message"]


def test_who_asks_for_what_is_not_there_hears_what_is(client):
    body = {"model": "nobody", "input": "a"}
    message = refused(client.post("/v1/embeddings", json=body), 404, "model", "model_not_found")
    assert "'tfidf', 'bm25', 'lsa'" in message
    refused(
        client.post("/search", json={"model": "tfidf", "query": "a"}),
        404,
        "model",
        "model_not_found",
    )
    refused(client.get("/v1/models/nobody"), 404, "model", "model_not_found")
    assert "/v1/embeddings" in refused(client.get("/v2/embeddings"), 404)
    assert refused(client.get("/v1/embeddings"), 405)


def test_the_models_are_listed(client):
    listed = client.get("/v1/models").json()["data"]
    kinds = {one["id"]: one["kind"] for one in listed}
    assert kinds["tfidf"] == "vectorizer"
    assert kinds["hybrid"] == "index"
    assert kinds["items"] == "recommender"
    assert client.get("/v1/models/lsa").json() in listed


def test_a_search_finds_what_the_index_finds(client, models):
    queries = ["sea", "spa city", "酒店", "nothing known"]
    answer = client.post("/search", json={"model": "index", "query": queries, "k": 3}).json()
    scores, rows = models["index"].search(models["bm25"].transform_queries(queries), 3)
    for found, gains, best in zip(answer["results"], scores, rows):
        assert [one["id"] for one in found] == best[best >= 0].tolist()
        assert [one["score"] for one in found] == gains[best >= 0].tolist()
    answer = client.post("/search", json={"model": "hybrid", "query": "sea", "k": 2}).json()
    views = [models[name].transform(["sea"]) for name in ("tfidf", "lsa")]
    assert [one["id"] for one in answer["results"][0]] == models["hybrid"].search(views, 2)[1][
        0
    ].tolist()


def test_a_recommender_answers_as_it_does_alone(client, models):
    def asked(**body):
        answer = client.post("/recommend", json={"model": "items", **body})
        assert answer.status_code == 200, answer.text
        return [(one["id"], one["score"]) for one in answer.json()["results"]]

    def alone(found):
        return list(zip(found["id"].tolist(), found["score"].tolist()))

    items = models["items"]
    assert asked(id="a", k=2) == alone(items.similar("a", 2))
    assert asked(liked=["a", "b"], disliked=["d"]) == alone(items.recommend(["a", "b"], ["d"]))
    assert asked(liked={"a": 2, "b": 1}) == alone(items.recommend({"a": 2, "b": 1}))
    assert asked(id="a", k=2, disliked=None, diversity=None) == alone(items.similar("a", 2))
    assert asked(query="sea", diversity=0.5) == alone(items.query("sea", diversity=0.5))
    found = client.post("/search", json={"model": "items", "query": "view", "k": 1}).json()
    assert found["results"][0][0]["price"] is None  # NaN, which JSON does not have


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "Give one of id, liked, query. Got none"),
        ({"id": "a", "query": "sea"}, "Got id and query"),
        ({"id": "zz"}, "'zz'"),
        ({"liked": ["a"], "disliked": ["a"]}, "both liked and disliked"),
        ({"liked": 7}, "7"),
        ({"id": [["a"]]}, ""),
        ({"query": 7}, "query must be"),
        ({"query": "sea", "disliked": ["a"]}, "disliked goes with liked"),
        ({"id": "a", "diversity": 7}, "diversity"),
        ({"id": "a", "diversity": 10**400}, "diversity"),
        ({"id": "a", "k": 1001}, "1000"),
    ],
)
def test_a_bad_wish_is_told_what_is_wrong(client, body, words):
    answer = client.post("/recommend", json={"model": "items", **body})
    assert answer.status_code == 400, answer.text
    assert words in answer.json()["error"]["message"]


def test_the_people_of_a_novel_are_served():
    novel = load_novel()
    people = CharacterRecommender(random_state=0).fit(novel.text[:20_000])
    name = novel.names[0]
    with opened({"novel": people}) as client:
        answer = client.post("/recommend", json={"model": "novel", "id": name, "k": 3})
        assert [one["name"] for one in answer.json()["results"]] == people.similar(name, 3)[
            "name"
        ].tolist()
        message = refused(
            client.post("/search", json={"model": "novel", "query": "a"}), 400, "model"
        )
        assert "/recommend" in message
        body = {"model": "novel", "id": name, "diversity": 0.5}
        message = refused(client.post("/recommend", json=body), 400, "diversity")
        assert "asked by id alone" in message


def test_the_key_is_asked_for_and_told_to_nobody(models):
    with opened({"lsa": models["lsa"]}, key="s3cret") as client:
        for headers in (
            {},
            {"authorization": "Bearer wrong"},
            {"authorization": "s3cret"},
            {"authorization": "Bearer s3cret "},
        ):
            answer = client.get("/v1/models", headers=headers)
            assert "s3cret" not in refused(answer, 401, code="invalid_api_key")
        good = {"authorization": "Bearer s3cret"}
        assert client.get("/v1/models", headers=good).status_code == 200
        assert client.get("/health").json() == {"status": "ok"}
        assert "s3cret" not in client.get("/metrics", headers=good).text


def test_names_that_a_stranger_gave_this_machine_are_refused(models):
    """A page whose name was turned to 127.0.0.1 sends its own name as Host, or as Origin."""
    with opened({"lsa": models["lsa"]}) as client:
        assert client.get("/health", headers={"host": "127.0.0.1:8000"}).status_code == 200
        assert client.get("/health", headers={"host": "[::1]:8000"}).status_code == 200
        for host in ("evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80", "["):
            answer = client.get("/health", headers={"host": host})
            assert "--allowed-host" in refused(answer, 421, code="unknown_host")
        for origin in ("http://evil.example", "null", "", "http://[", "http://[localhost]", "//"):
            refused(client.get("/health", headers={"origin": origin}), 403, code="origin")
        assert client.get("/health", headers={"origin": "http://localhost:3000"}).status_code == 200
    with opened({"lsa": models["lsa"]}, host="evil.example", hosts=["*"]) as client:
        assert client.get("/health").status_code == 200


def test_bodies_are_bounded(models):
    with opened({"lsa": models["lsa"]}, limits=Limits(body=100)) as client:
        body = json.dumps({"model": "lsa", "input": "x" * 100})
        refused(client.post("/v1/embeddings", content=body), 413)
        refused(client.post("/v1/embeddings", content=iter([body.encode()])), 413)  # no length told
        endless = {"content-length": "9" * 5000}
        refused(client.post("/v1/embeddings", content="{}", headers=endless), 413)
        assert client.post("/v1/embeddings", json={"model": "lsa", "input": "x"}).status_code == 200


def test_dense_answers_are_bounded(models):
    with opened({"tfidf": models["tfidf"]}, limits=Limits(values=40)) as client:
        body = {"model": "tfidf", "input": ["sea", "city", "spa"]}
        assert "sparse" in refused(client.post("/v1/embeddings", json=body), 400, "input")
        body["encoding_format"] = "sparse"
        assert client.post("/v1/embeddings", json=body).status_code == 200


class Slow(CountVectorizer):
    """A vectorizer that waits until it may, and refuses one text."""

    may = threading.Event()
    batches: list = []

    def transform(self, raw_documents):
        self.batches.append(list(raw_documents))
        assert self.may.wait(20)
        if "bad" in raw_documents:
            raise ValueError("a bad text")
        return super().transform(raw_documents)


@pytest.fixture
def slow():
    Slow.may.set()
    Slow.batches.clear()
    return Slow().fit(TEXTS[:3])


def test_what_arrives_meanwhile_is_computed_together_and_given_back_apart(slow):
    texts = [f"{'sea ' * n}room" for n in range(20)]
    with opened({"slow": slow}, limits=Limits(batch=8)) as client:
        Slow.may.clear()
        Slow.batches.clear()

        def ask(text):
            body = {"model": "slow", "input": [text, "city"]}
            return client.post("/v1/embeddings", json=body).json()["data"]

        with ThreadPoolExecutor(20) as pool:
            asked = [pool.submit(ask, text) for text in texts]
            waiting_for(lambda: slow_service(client) == 40)
            Slow.may.set()
            found = [[one["embedding"] for one in future.result()] for future in asked]
    for text, rows in zip(texts, found):
        np.testing.assert_array_equal(rows, slow.transform([text, "city"]).toarray())
    sizes = [len(batch) for batch in Slow.batches[: -len(texts)]]
    assert max(sizes) == 8
    assert len(sizes) == 1 + 5  # that which began alone, and then full ones


def slow_service(client):
    """Return how many texts the service has taken in."""
    for line in client.get("/metrics").text.splitlines():
        if line.startswith('textvec_texts_total{model="slow"}'):
            return int(line.split()[1])
    return 0


def waiting_for(condition):
    import time

    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_one_bad_text_spoils_no_other_request(slow):
    with opened({"slow": slow}) as client:
        Slow.may.clear()
        with ThreadPoolExecutor(4) as pool:
            ask = lambda text: client.post("/v1/embeddings", json={"model": "slow", "input": text})  # noqa: E731
            asked = [pool.submit(ask, text) for text in ("sea", "bad", "city", "spa")]
            waiting_for(lambda: slow_service(client) == 4)
            Slow.may.set()
            statuses = [future.result().status_code for future in asked]
        assert statuses == [200, 500, 200, 200]


def test_a_full_queue_says_when_to_come_again(slow):
    with opened({"slow": slow}, limits=Limits(waiting=2)) as client:
        Slow.may.clear()
        with ThreadPoolExecutor(2) as pool:
            ask = lambda: client.post("/v1/embeddings", json={"model": "slow", "input": "sea"})  # noqa: E731
            asked = [pool.submit(ask) for _ in range(2)]
            waiting_for(lambda: slow_service(client) == 2)
            answer = ask()
            refused(answer, 429, code="rate_limit_exceeded")
            assert int(answer.headers["retry-after"]) >= 1
            Slow.may.set()
            assert [future.result().status_code for future in asked] == [200, 200]
        assert ask().status_code == 200


def test_requests_are_counted(models):
    with opened({"lsa": models["lsa"]}) as client:
        for text in ("sea", "city"):
            client.post("/v1/embeddings", json={"model": "lsa", "input": text})
        client.get("/nobody/knows/this")
        lines = client.get("/metrics").text.splitlines()
    assert 'textvec_requests_total{path="/v1/embeddings",status="200"} 2' in lines
    assert 'textvec_requests_total{path="other",status="404"} 1' in lines
    assert 'textvec_texts_total{model="lsa"} 2' in lines
    assert 'textvec_batch_texts_count{model="lsa"} 2' in lines
    assert 'textvec_request_seconds_bucket{path="/v1/embeddings",le="+Inf"} 2' in lines


@pytest.mark.parametrize(
    ("models", "by", "words"),
    [
        ({}, None, "empty"),
        (["a"], None, "dict"),
        ({"a": TfidfVectorizer()}, None, "'a' is not fitted"),
        ({"a": 3}, None, "'a' must be a vectorizer"),
        ({"a": ExactIndex().fit(np.eye(2))}, None, "say which makes vectors"),
        ({"a": ExactIndex().fit(np.eye(2))}, {"a": ["b"]}, "'b'.*not served"),
        ({"a": ExactIndex().fit(np.eye(2))}, {"a": "b"}, "list of names"),
        ({"a": ExactIndex().fit(np.eye(2))}, {"a": ["a"]}, "'a'.*is a index|an index"),
        ({"a": CountVectorizer().fit(["bee sea"])}, {"z": ["a"]}, "'z'"),
        ({"a": __file__}, None, "test_app.py' cannot be served: it is not a file that save wrote"),
    ],
)  # fmt: skip
def test_what_cannot_be_served_is_refused_at_once(models, by, words):
    with pytest.raises((TypeError, ValueError), match=words):
        make_app(models, by=by)


def test_an_index_of_other_vectors_is_refused_at_once(models):
    with pytest.raises(ValueError, match="'index' does not answer"):
        make_app({"index": models["index"], "lsa": models["lsa"]}, by={"index": ["lsa"]})


def test_answers_are_written_in_utf8(models):
    noted = ITEMS.assign(note=pd.Series(["\ud800"] * 4, dtype=object))
    items = ContentRecommender().fit(noted, ids="name", text="text")
    with opened({"items": items, "海": models["index"], "bm25": models["bm25"]},
                {"海": ["bm25"]}) as client:  # fmt: skip
        for path, body in (("/recommend", {"query": "酒店"}), ("/search", {"query": ["酒店"]})):
            answer = client.post(path, json={"model": "items", **body})
            assert "海边的酒店".encode() in answer.content
            assert b'"note": "\\ud800"' in answer.content
            found = json.loads(answer.content)["results"]
            assert (found[0] if path == "/recommend" else found[0][0])["note"] == "\ud800"
        assert '"model": "海"'.encode() in client.post(
            "/search", json={"model": "海", "query": "sea"}
        ).content  # fmt: skip


def test_a_histogram_counts_up_to_each_bound():
    metrics = Metrics()
    for n_texts in (1, 2, 3, 256, 300):
        metrics.observe("textvec_batch_texts", n_texts, model="m")
    lines = metrics.text().splitlines()
    start = 'textvec_batch_texts_bucket{model="m",le="'
    found = [line[len(start) :].split('"} ') for line in lines if line.startswith(start)]
    bounds = ["1", "2", "4", "8", "16", "32", "64", "128", "256", "+Inf"]
    assert found == [[b, n] for b, n in zip(bounds, ["1", "2", *"3333334", "5"])]
    assert 'textvec_batch_texts_sum{model="m"} 562' in lines
    assert 'textvec_batch_texts_count{model="m"} 5' in lines


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"key": ""}, ValueError, "key must not be empty"),
        ({"key": b"s3cret"}, TypeError, "key must be a str, or None"),
        ({"hosts": "localhost"}, TypeError, "hosts must be a list of names"),
        ({"limits": {"body": 100}}, TypeError, "limits must be a Limits, or None"),
    ],
)
def test_bad_options_of_an_app_are_named(models, options, error, words):
    with pytest.raises(error, match=words) as raised:
        make_app({"lsa": models["lsa"]}, **options)
    assert "s3cret" not in str(raised.value)
