import logging

import numpy as np
import pytest

from textvec import TransformerVectorizer

from .embeddings_server import running, vector_of

pytest.importorskip("openai")

KEY = "sk-very-secret-0123456789"


@pytest.fixture
def server(monkeypatch):
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with running() as state:
        yield state


def vectorizer(server, options=(), **parameters):
    kwargs = {"base_url": server.url, "max_retries": 3, "timeout": 20} | dict(options)
    return TransformerVectorizer("tiny", backend="openai", model_kwargs=kwargs, **parameters)


TEXTS = ["a sea view", "海景", "", "a", "a sea view", "word " * 300, "🎈"]
EXPECTED = [vector_of(text) if text else np.zeros(8) for text in TEXTS]


def test_vectors_come_back_in_order(server):
    server.always = "shuffled"
    vectors = vectorizer(server).transform(TEXTS)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, EXPECTED, atol=1e-6)
    assert server.keys == [f"Bearer {KEY}"]
    sent = [text for body in server.requests for text in body["input"]]
    assert sorted(sent) == sorted({text for text in TEXTS if text})


def test_batches_by_tokens(server):
    texts = [f"{i} " + "word " * (i % 50) for i in range(120)]
    model = vectorizer(server, batch_size=4, max_length=64)
    np.testing.assert_allclose(model.transform(texts), [vector_of(text) for text in texts])
    sizes = [sum(len(text) // 4 + 1 for text in body["input"]) for body in server.requests]
    assert len(sizes) > 5
    assert max(sizes) <= 256


def test_names_of_columns_are_not_asked_for(server, capsys):
    model = vectorizer(server, verbose=True).set_output(transform="pandas").fit(["a"])
    assert server.requests == []
    for _ in range(2):
        assert model.transform(["a", "b"]).shape == (2, 8)
    assert [body["input"] for body in server.requests] == [["a", "b"]] * 2
    assert capsys.readouterr().err.count("\n") == 2  # a bar for each call, however often drawn


def test_long_texts_are_cut_if_it_is_said_where(server):
    vectorizer(server, max_length=16).transform(["word " * 10_000, "海" * 999, "short"])
    sent = sorted((text for body in server.requests for text in body["input"]), key=len)
    assert [len(text) for text in sent] == [5, 21, 63]
    prompts = {"document": "{text} is it"}
    vectorizer(server, max_length=16, prompts=prompts).transform(["word " * 10_000])
    assert server.requests[-1]["input"][0].endswith("wo is it")
    with pytest.raises(ValueError, match="reads, and the backend 'openai' does not. Give max_len"):
        vectorizer(server, long_text="mean_chunks").transform(["a"])


def test_truncate_dim_is_sent_as_dimensions(server):
    vectors = vectorizer(server, truncate_dim=3).transform(["a"])
    np.testing.assert_allclose(vectors, [vector_of("a", 3)], atol=1e-6)
    assert server.requests[0]["dimensions"] == 3


@pytest.mark.parametrize("fault", [429, 500, 503, "hang up"])
def test_passing_troubles_are_tried_again(server, fault):
    server.faults = [fault, fault]
    np.testing.assert_allclose(vectorizer(server).transform(TEXTS), EXPECTED, atol=1e-6)
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("fault", "error", "message"),
    [
        (401, PermissionError, r"answered 401.*Check OPENAI_API_KEY"),
        (404, ConnectionError, r"answered 404"),
        (429, ConnectionError, r"answered 429"),
        (500, ConnectionError, r"answered 500"),
        ("slow", TimeoutError, r"did not answer in 0.2 s. Raise timeout"),
        ("too few", ConnectionError, r"sent 2 vectors"),
        ("another width", ConnectionError, r"sent vectors of unlike widths"),
        ("all of another width", ConnectionError, r"sent vectors of 5 dimensions after 8"),
        ("nan", ConnectionError, r"sent NaN or infinity"),
        ("not JSON", ConnectionError, r"sent something else"),
        ("other JSON", ConnectionError, r"sent something else"),
    ],
)
def test_lasting_troubles(server, tmp_path, caplog, fault, error, message):
    caplog.set_level(logging.DEBUG)
    first, second = ["x" * 400, "y" * 400, "z" * 400], ["a", "b", "c"]
    server.faults = [None]
    server.always = fault
    options = {"max_retries": 1, "timeout": 0.2 if fault == "slow" else 20}
    model = vectorizer(server, options, cache=tmp_path, batch_size=1, max_length=303)
    with pytest.raises(error, match=message) as caught:
        model.transform([*first, *second])
    assert KEY not in str(caught.getrepr(showlocals=False))
    assert KEY not in caplog.text
    # What was done before is kept: a working server is asked for the rest alone.
    server.requests.clear()
    server.faults, server.always = [], None
    model.set_params(model_kwargs=model.model_kwargs | {"timeout": 20})

    vectors = model.transform([*first, *second])
    np.testing.assert_allclose(vectors, [vector_of(text) for text in [*first, *second]], atol=1e-6)
    assert [body["input"] for body in server.requests] == [second]


def test_another_width_than_in_the_cache(server, tmp_path):
    """One wrong answer must not stay: the next good ones belong to the vectors from before."""
    model = vectorizer(server, cache=tmp_path)
    model.transform(["a"])
    server.always = "all of another width"
    with pytest.raises(ConnectionError, match="tiny gave vectors of 5 dimensions after 8"):
        model.transform(["a", "b"])
    server.always = None
    np.testing.assert_allclose(model.transform(["a", "b"]), [vector_of("a"), vector_of("b")])
    server.always = "all of another width"
    model.transform(["c"])
    with pytest.raises(ConnectionError, match=f"5 dimensions after 8.* delete .*{tmp_path.name}"):
        model.transform(["a", "c"])


def test_the_key_is_nowhere_to_be_seen(server, tmp_path):
    model = vectorizer(server)
    model.transform(["a"])
    model.save(tmp_path / "model")
    assert KEY.encode() not in (tmp_path / "model").read_bytes()
    backend = model._choice().load()
    for shown in (repr(model), model.get_params(), vars(backend), model._choice().identity()):
        assert KEY not in str(shown)
    with pytest.raises(ValueError, match="Got api_key. The key is read from OPENAI_API_KEY"):
        vectorizer(server, {"api_key": KEY}).transform(["a"])


def test_without_a_key(server, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    np.testing.assert_allclose(vectorizer(server).transform(["a"]), [vector_of("a")], atol=1e-6)
    with pytest.raises(PermissionError, match="OPENAI_API_KEY, which is not set"):
        TransformerVectorizer("text-embedding-3-small", backend="openai").transform(["a"])


@pytest.mark.parametrize("around", [f"{KEY}\n", f"  {KEY}\r\n"])
def test_a_key_from_a_file_that_ends_its_line(server, monkeypatch, around):
    monkeypatch.setenv("OPENAI_API_KEY", around)
    vectorizer(server).transform(["a"])
    assert server.keys == [f"Bearer {KEY}"]
    server.always = 401  # answers with the key
    with pytest.raises(PermissionError, match=r"no Bearer \*\*\* like that") as caught:
        vectorizer(server).transform(["a"])
    assert KEY not in str(caught.getrepr(showlocals=False))


@pytest.mark.parametrize("key", ["my\nsecret", "sk-very-secret-é", "sk-very\x07secret"])
def test_a_key_that_no_header_can_hold_is_not_shown(server, monkeypatch, key):
    monkeypatch.setenv("OPENAI_API_KEY", key)
    with pytest.raises(ValueError, match="OPENAI_API_KEY must be of printable ASCII") as caught:
        vectorizer(server, {"max_retries": 0}).transform(["a"])
    assert "secret" not in str(caught.value)
    assert server.keys == []


def test_a_failing_connection_does_not_tell_the_key(server, monkeypatch):
    """Such as a proxy that answers with what it was sent."""
    import openai

    def fail(*args, **kwargs):
        raise openai.APIConnectionError(message=f"lost: Bearer {KEY}", request=None)

    monkeypatch.setattr(openai.resources.Embeddings, "create", fail)
    with pytest.raises(ConnectionError, match=r"cannot be reached: lost: Bearer \*\*\*") as caught:
        vectorizer(server).transform(["a"])
    assert KEY not in str(caught.value)


def test_the_environment_names_the_server(server, monkeypatch, tmp_path):
    """Its vectors are not those of another: the cache knows them apart."""
    monkeypatch.delenv("OPENAI_API_KEY")  # which a server of one's own need not ask for
    model = TransformerVectorizer("tiny", backend="openai", cache=tmp_path)
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    np.testing.assert_allclose(model.transform(["a"]), [vector_of("a")], atol=1e-6)
    with running() as other:
        other.always = "all of another width"
        monkeypatch.setenv("OPENAI_BASE_URL", other.url)
        assert model.transform(["a"]).tolist() == [[1.0] * 5]
        named = vectorizer(server, cache=tmp_path)  # the option wins, and shares what is known
        np.testing.assert_allclose(named.transform(["a"]), [vector_of("a")], atol=1e-6)
    assert len(server.requests) == len(other.requests) == 1
    monkeypatch.setenv("OPENAI_BASE_URL", "")
    with pytest.raises(PermissionError, match="OPENAI_API_KEY, which is not set"):
        model.transform(["a"])


def test_a_server_that_is_not_there(server):
    model = vectorizer(server, {"base_url": "http://127.0.0.1:9/v1", "max_retries": 0})
    with pytest.raises(ConnectionError, match="127.0.0.1:9/v1/ cannot be reached"):
        model.transform(["a"])


def test_a_password_in_the_address_is_not_shown(server):
    for place, said in (("127.0.0.1:9", "reached"), (server.url.split("/")[2], "NaN or infinity")):
        server.always = "nan"
        url = f"http://someone:sesame@{place}/v1"
        with pytest.raises(ConnectionError, match=said) as caught:
            vectorizer(server, {"base_url": url, "max_retries": 0}).transform(["a"])
        assert f"http://{place}/v1" in str(caught.value)
        assert "sesame" not in str(caught.value)


def test_long_texts_need_a_length(server):
    with pytest.raises(ValueError, match="Give max_length"):
        vectorizer(server, long_text="mean_chunks").transform(["a"])
    vectors = vectorizer(server, long_text="mean_chunks", max_length=50).transform(["word " * 90])
    assert len(server.requests[-1]["input"]) >= 2 or len(server.requests) > 1
    assert vectors.shape == (1, 8)
