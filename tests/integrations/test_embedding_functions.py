"""Chroma, LanceDB, pymilvus' model interface and faiss: stores that embed by our vectorizers."""

import subprocess
import sys

import numpy as np
import pytest

from textvec import (
    FaissIndex,
    HashingVectorizer,
    LSAVectorizer,
    TransformerVectorizer,
    load,
    top_k,
)
from textvec.integrations.milvus import as_milvus_function

from .test_passages import IDS, METADATA, QUERIES, TEXTS, bm25, lsa

stores = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # they warn of their own affairs


def expected(vectorizer, query, metric):
    ask = getattr(vectorizer, "transform_queries", vectorizer.transform)
    _, rows = top_k(ask([query]), vectorizer.transform(TEXTS), 10, metric=metric)
    return [IDS[row] for row in rows[0]]


@pytest.fixture
def saved(tmp_path):
    def save(vectorizer, name="v.textvec"):
        vectorizer.save(tmp_path / name)
        return tmp_path / name

    return save


class TestChroma:
    pytestmark = stores

    @pytest.fixture
    def chroma(self, tmp_path):
        chromadb = pytest.importorskip("chromadb")
        settings = chromadb.Settings(anonymized_telemetry=False)
        return chromadb.PersistentClient(str(tmp_path / "chroma"), settings)

    def test_it_ranks_as_exact_search_and_by_the_queries_side(self, chroma, saved):
        from textvec.integrations.chroma import as_chroma_function

        for name, vectorizer, metric in (("lsa", lsa(), "cosine"), ("bm25", bm25(), "dot")):
            function = as_chroma_function(saved(vectorizer, name))
            collection = chroma.create_collection(name, embedding_function=function)
            collection.add(ids=IDS, documents=TEXTS, metadatas=METADATA)
            for query in QUERIES:
                found = collection.query(query_texts=[query], n_results=10)["distances"][0]
                ask = getattr(vectorizer, "transform_queries", vectorizer.transform)
                scores, _ = top_k(ask([query]), vectorizer.transform(TEXTS), 10, metric=metric)
                np.testing.assert_allclose(1 - np.array(found), scores[0], rtol=1e-3, atol=1e-5)
            found = collection.query(query_texts=["sea"], n_results=5, where={"group": 1})
            assert {one["group"] for one in found["metadatas"][0]} == {1}

    def test_the_config_finds_the_vectorizer_again_in_another_process(
        self, chroma, saved, tmp_path
    ):
        from textvec.integrations.chroma import as_chroma_function

        path = saved(lsa())
        collection = chroma.create_collection("kept", embedding_function=as_chroma_function(path))
        collection.add(ids=IDS, documents=TEXTS)
        before = collection.query(query_texts=["sea view"], n_results=5)["ids"]
        script = f"""
import chromadb
from textvec.integrations.chroma import as_chroma_function
as_chroma_function({str(path)!r})
client = chromadb.PersistentClient({str(tmp_path / "chroma")!r})
print(client.get_collection("kept").query(query_texts=["sea view"], n_results=5)["ids"])
"""
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True
        )
        assert done.stdout.strip() == str(before), done.stderr

    def test_another_vectorizer_is_refused_with_both_names(self, chroma, saved):
        from textvec.integrations.chroma import as_chroma_function

        first = as_chroma_function(saved(lsa()))
        other = as_chroma_function(saved(LSAVectorizer(vector_size=5).fit(TEXTS[:60]), "other"))
        chroma.create_collection("mine", embedding_function=first)
        with pytest.raises(ValueError) as told:
            chroma.get_collection("mine", embedding_function=other)
        assert first.name() in str(told.value)
        assert other.name() in str(told.value)

    def test_a_file_that_holds_another_by_now_is_refused(self, saved):
        pytest.importorskip("chromadb")
        from textvec.integrations.chroma import as_chroma_function

        function = as_chroma_function(saved(lsa()))
        config = function.get_config()
        assert function.build_from_config(config).signature == function.signature
        saved(LSAVectorizer(vector_size=5, random_state=1).fit(TEXTS[:60]))
        with pytest.raises(ValueError, match="Chroma's collection holds vectors of LSAVectorizer"):
            function.build_from_config(config)
        with pytest.raises(TypeError, match="the config's path must be a str"):
            function.build_from_config({"path": 3})

    def test_what_needs_trust_or_is_too_wide_is_refused(self, saved):
        pytest.importorskip("chromadb")
        from textvec.integrations.chroma import as_chroma_function

        model = TransformerVectorizer("m", model_kwargs={"trust_remote_code": True})
        with pytest.raises(ValueError, match="trust=True"):
            as_chroma_function(saved(model))
        wide = as_chroma_function(saved(HashingVectorizer().fit(TEXTS), "wide"))
        with pytest.raises(ValueError, match="65536 dimensions.*Got 1048576"):
            wide(["a text"])


class TestLanceDB:
    pytestmark = stores

    def test_it_ranks_as_exact_search_and_is_found_again(self, saved, tmp_path):
        lancedb = pytest.importorskip("lancedb")
        from lancedb.pydantic import LanceModel, Vector

        from textvec.integrations.lancedb import as_lancedb_function

        vectorizer = lsa()
        path = saved(vectorizer)
        function = as_lancedb_function(path)

        class Passage(LanceModel):
            id: str
            group: int
            text: str = function.SourceField()
            vector: Vector(function.ndims()) = function.VectorField()

        connection = lancedb.connect(tmp_path / "lance")
        table = connection.create_table("passages", schema=Passage)
        rows = zip(IDS, TEXTS, METADATA, strict=True)
        table.add([{"id": id, "text": text, "group": one["group"]} for id, text, one in rows])
        table = lancedb.connect(tmp_path / "lance").open_table("passages")
        for query in QUERIES:
            found = table.search(query).distance_type("cosine").limit(10).to_list()
            assert [one["id"] for one in found] == expected(vectorizer, query, "cosine")
        found = table.search("sea").where("`group` = 1", prefilter=True).limit(5).to_list()
        assert {one["group"] for one in found} == {1}
        saved(LSAVectorizer(vector_size=5).fit(TEXTS[:60]))
        with pytest.raises(ValueError, match="LanceDB's table holds vectors of LSAVectorizer"):
            lancedb.connect(tmp_path / "lance").open_table("passages").search("sea").to_list()

    def test_queries_go_by_their_own_side(self, saved):
        pytest.importorskip("lancedb")
        from textvec.integrations.lancedb import as_lancedb_function

        function = as_lancedb_function(saved(bm25()))
        asked = function.compute_query_embeddings("sea sea")
        np.testing.assert_array_equal(asked, bm25().transform_queries(["sea sea"]).toarray())
        written = function.compute_source_embeddings(["sea sea"])
        np.testing.assert_array_equal(
            written, bm25().transform(["sea sea"]).toarray().astype(np.float32)
        )


def test_pymilvus_model_interface():
    sparse, dense = as_milvus_function(bm25()), as_milvus_function(lsa())
    written = sparse.encode_documents(TEXTS[:3])
    assert written.shape == (3, sparse.dim)
    np.testing.assert_array_equal(written.toarray(), bm25().transform(TEXTS[:3]).toarray())
    asked = sparse.encode_queries(["sea sea"]).toarray()
    np.testing.assert_array_equal(asked, bm25().transform_queries(["sea sea"]).toarray())
    assert dense.dim == 5
    assert [row.shape for row in dense(TEXTS[:2])] == [(5,), (5,)]
    assert dense.encode_documents([]) == []


@pytest.mark.parametrize("description", ["Flat", "HNSW32"])
def test_faiss_ranks_as_exact_search_and_is_saved(description, tmp_path):
    pytest.importorskip("faiss")
    vectorizer = lsa()
    index = FaissIndex(description).fit(vectorizer.transform(TEXTS))
    index.save(tmp_path / "index.textvec")
    index = load(tmp_path / "index.textvec")
    found = index.kneighbors(vectorizer.transform(QUERIES), 10, return_distance=False)
    for query, rows in zip(QUERIES, found, strict=True):
        close = {IDS[row] for row in rows} & set(expected(vectorizer, query, "cosine"))
        assert len(close) >= (10 if description == "Flat" else 8)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_faiss_through_langchain(tmp_path):
    community = pytest.importorskip("langchain_community.vectorstores")
    from textvec.integrations.langchain import as_embeddings

    vectorizer = lsa()
    store = community.FAISS.from_texts(
        TEXTS, as_embeddings(vectorizer), METADATA, ids=IDS, distance_strategy="MAX_INNER_PRODUCT"
    )
    for query in QUERIES:
        found = store.similarity_search(query, k=10)
        assert [one.id for one in found] == expected(vectorizer, query, "cosine")
