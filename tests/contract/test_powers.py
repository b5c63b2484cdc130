"""Served, tuned, put through a store: whatever is done with a vectorizer, its vectors stay."""

import json

import numpy as np
import pytest
from scipy import sparse
from sklearn.preprocessing import normalize

import textvec
from textvec import Adapter, FineTunedVectorizer, top_k
from textvec.integrations.passages import PassageIndex
from textvec.integrations.vectors import from_pairs
from textvec.search._vectorizers import metric_of, query_vectors
from textvec.serve import make_app

from .families import assert_same
from .registry import needs
from .texts import CORPUS

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*all zeros",
    "ignore:.*gives all .* texts one and the same vector",
    "ignore:The text is mostly in Chinese",
    "ignore:No linear map was better",
    "ignore:Local mode is not recommended",
)
PAIRS = list(zip(CORPUS, CORPUS[1:] + CORPUS[:1]))
IDS = [f"text {row}" for row in range(len(CORPUS))]


def dense(vectors):
    """Return vectors as float32, which is what travels."""
    vectors = vectors.toarray() if sparse.issparse(vectors) else vectors
    return np.asarray(vectors, np.float32)


def assert_close(found, expected, entry):
    np.testing.assert_allclose(found, expected, rtol=2e-7, atol=max(entry.atol, 1e-7))


def ways_to(entry, folder):
    """Return the fitted estimator alone, and by other ways to come by the same."""
    alone = entry.family.fit(entry.make())
    ways = {"fitted": alone}
    alone.save(folder / "one.textvec")
    ways["loaded"] = textvec.load(folder / "one.textvec")
    if not {"columns", "tables"} & {*entry.family.without, *entry.without}:
        ways["tables"] = entry.family.fit(entry.make().set_output(transform="pandas"))
    return alone, ways


@needs("texts", "transform", "save")
def test_a_server_gives_the_vectors_that_it_gives_alone(entry, tmp_path):
    testclient = pytest.importorskip("starlette.testclient")
    alone, ways = ways_to(entry, tmp_path)
    queries = list(entry.family.queries)
    app = make_app(ways | {"file": tmp_path / "one.textvec"})
    with testclient.TestClient(app, "http://localhost") as client:
        for side, ask in ("document", alone.transform), ("query", _asking(alone)):
            expected = ask(queries)
            for name in (*ways, "file"):
                body = {"model": name, "input": queries, "input_type": side}
                found = _vectors(client, body | {"encoding_format": "float"})
                assert_close(found, dense(expected), entry)
                if sparse.issparse(expected):
                    rows = _vectors(client, body | {"encoding_format": "sparse"})
                    pairs = [(row["indices"], row["values"]) for row in rows]
                    found = from_pairs(pairs, expected.shape[1], expected.dtype)
                    assert_close(found.toarray(), expected.toarray(), entry)


def _vectors(client, body):
    answer = client.post("/v1/embeddings", content=json.dumps(body))
    assert answer.status_code == 200, answer.text
    return [one["embedding"] for one in answer.json()["data"]]


def _asking(vectorizer):
    return lambda queries: query_vectors(vectorizer, queries)


@needs("texts", "transform", "save")
def test_an_adapter_of_queries_leaves_documents_as_they_are(entry, tmp_path):
    alone, ways = ways_to(entry, tmp_path)
    queries = list(entry.family.queries)
    documents, asked = alone.transform(queries), query_vectors(alone, queries)
    for vectorizer in ways.values():
        tuned = FineTunedVectorizer(vectorizer, strategy=Adapter("query"), random_state=0)
        if sparse.issparse(vectorizer.transform(CORPUS)):
            with pytest.raises(ValueError, match=r"maps dense vectors.*LSAVectorizer"):
                tuned.fit(PAIRS)
        elif not sparse.issparse(documents):
            tuned.fit(PAIRS)
            tuned.save(tmp_path / "tuned.textvec")
            for one in (tuned, textvec.load(tmp_path / "tuned.textvec")):
                assert_close(one.transform(queries), dense(documents), entry)
                mapped = dense(asked) @ tuned.map_
                np.testing.assert_allclose(one.transform_queries(queries), mapped, atol=1e-5)
        assert_same(alone.transform(queries), documents, entry.atol)


def assert_ranked(found, alone, query):
    """Assert that a store ranks as exact search of the vectors alone."""
    asked, items = query_vectors(alone, [query]), alone.transform(CORPUS)
    scores, rows = top_k(asked, items, len(CORPUS), metric=metric_of(alone))
    expected = {IDS[row]: score for row, score in zip(rows[0], scores[0]) if row >= 0 and score}
    scores = {one.id: one.score for one in found if abs(one.score) > 1e-6}
    assert scores.keys() == {id for id, score in expected.items() if abs(score) > 1e-6}
    assert scores == pytest.approx({id: expected[id] for id in scores}, rel=1e-5, abs=1e-6)


@needs("texts", "transform", "save")
def test_passages_are_found_by_the_vectors_that_it_gives_alone(entry, tmp_path):
    alone, ways = ways_to(entry, tmp_path)
    for vectorizer in ways.values():
        passages = PassageIndex(vectorizer).fit(CORPUS[:3], ids=IDS[:3])
        passages.add(CORPUS[3:], ids=IDS[3:])
        passages.save(tmp_path / "passages.textvec")
        for one in (passages, textvec.load(tmp_path / "passages.textvec")):
            for query in CORPUS[:2]:
                assert_ranked(one.search(query, len(CORPUS)), alone, query)


@needs("texts", "transform", "save")
def test_a_store_gives_back_the_vectors_that_it_gives_alone(entry, tmp_path):
    qdrant_client = pytest.importorskip("qdrant_client")
    from textvec.integrations.qdrant import QdrantCollection

    alone, ways = ways_to(entry, tmp_path)
    expected = alone.transform(CORPUS)
    for name, vectorizer in ways.items():
        client = qdrant_client.QdrantClient(":memory:")
        collection = QdrantCollection(client, "texts", vectorizer)
        collection.add(CORPUS, ids=IDS)
        QdrantCollection(client, "texts", ways["loaded"] if name == "fitted" else vectorizer)
        for query in CORPUS[:2]:
            assert_ranked(collection.search(query, len(CORPUS)), alone, query)
        points, _ = client.scroll("texts", limit=len(CORPUS), with_vectors=True)
        assert len(points) == len(CORPUS)
        for point in points:
            (kept,) = point.vector.values()
            row = dense(expected[[IDS.index(point.payload["id"])]])
            if metric_of(alone) == "cosine":
                row = normalize(row)
            if hasattr(kept, "indices"):
                kept = from_pairs([(kept.indices, kept.values)], row.shape[1]).toarray()[0]
            assert_close(np.array([kept], np.float32), row, entry)
        client.close()
