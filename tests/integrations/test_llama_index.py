"""LlamaIndex: embeddings, dense and sparse, and the retriever."""

import asyncio

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from textvec import BM25Vectorizer, TfidfVectorizer, top_k
from textvec.integrations import llama_index as ours
from textvec.integrations.llama_index import as_embedding, as_sparse_embedding, as_sparse_functions
from textvec.integrations.passages import PassageIndex
from textvec.integrations.vectors import from_dicts, from_pairs

from .test_passages import IDS, METADATA, QUERIES, TEXTS, Longest, bm25, ids_of, lsa

WIDTH = len(bm25().vocabulary_)


def test_sparse_functions_are_qdrants():
    documents, queries = as_sparse_functions(bm25())
    columns, values = documents(TEXTS[:4])
    back = from_pairs(zip(columns, values, strict=True), WIDTH).toarray()
    np.testing.assert_array_equal(back, np.float32(bm25().transform(TEXTS[:4]).toarray()))
    columns, values = queries(["sea sea"])
    back = from_pairs(zip(columns, values, strict=True), WIDTH).toarray()
    np.testing.assert_array_equal(back, bm25().transform_queries(["sea sea"]).toarray())
    with pytest.raises(NotFittedError):
        as_sparse_functions(BM25Vectorizer())


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of its own affairs
class TestLlamaIndex:
    @pytest.fixture(autouse=True)
    def library(self):
        pytest.importorskip("llama_index.core")

    @pytest.fixture
    def nodes(self):
        from llama_index.core.schema import TextNode

        rows = zip(IDS, TEXTS, METADATA, strict=True)
        return [TextNode(id_=id, text=text, metadata=metadata) for id, text, metadata in rows]

    def test_embeddings_are_the_vectors_of_either_side(self):
        embedding = as_embedding(lsa())
        written = embedding.get_text_embedding_batch(TEXTS[:12])
        np.testing.assert_array_equal(np.float32(written), lsa().transform(TEXTS[:12]))
        assert asyncio.run(embedding.aget_text_embedding_batch(TEXTS[:12])) == written
        assert embedding.get_text_embedding("sea") == embedding.get_query_embedding("sea")
        assert asyncio.run(embedding.aget_query_embedding("sea")) == written_once(embedding)
        assert embedding.to_dict()["class_name"] == "TextvecEmbedding"
        with pytest.raises(NotFittedError):
            as_embedding(TfidfVectorizer())

    def test_sparse_embeddings_are_the_vectors_of_either_side(self):
        embedding = as_sparse_embedding(bm25())
        documents = from_dicts(embedding.get_text_embedding_batch(TEXTS[:12]), WIDTH).toarray()
        np.testing.assert_array_equal(documents, np.float32(bm25().transform(TEXTS[:12]).toarray()))
        query = from_dicts([embedding.get_query_embedding("sea sea")], WIDTH).toarray()
        np.testing.assert_array_equal(query, bm25().transform_queries(["sea sea"]).toarray())
        assert asyncio.run(embedding.aget_query_embedding("sea sea")) == (
            embedding.get_query_embedding("sea sea")
        )

    def test_its_vector_index_ranks_as_exact_search(self, nodes):
        from llama_index.core import VectorStoreIndex

        index = VectorStoreIndex(nodes, embed_model=as_embedding(lsa()))
        # it embeds the metadata with the text
        texts = [node.get_content(metadata_mode="embed") for node in nodes]
        _, rows = top_k(lsa().transform(QUERIES), lsa().transform(texts), 5)
        for query, its_rows in zip(QUERIES, rows, strict=True):
            found = index.as_retriever(similarity_top_k=5).retrieve(query)
            assert len({one.node_id for one in found} & {IDS[row] for row in its_rows}) >= 4

    @pytest.mark.parametrize("index", [bm25(), lsa(), [bm25(), lsa()], None])
    def test_the_retriever_is_the_passages(self, nodes, index, tmp_path):
        retriever = ours.TextvecRetriever.from_nodes(nodes[:80], index, similarity_top_k=5)
        assert retriever.add_nodes(nodes[80:]) == IDS[80:]
        exact = PassageIndex(retriever.index.vectorizers_).add(TEXTS, METADATA, IDS)
        for query in QUERIES:
            found = retriever.retrieve(query)
            assert [one.node_id for one in found] == ids_of(exact.search(query, 5))
            assert [one.score for one in found] == [one.score for one in exact.search(query, 5)]
            assert found[0].metadata == METADATA[IDS.index(found[0].node_id)]
            assert asyncio.run(retriever.aretrieve(query)) == found
        retriever.delete_nodes(IDS[:3])
        retriever.save(tmp_path / "nodes.textvec")
        again = ours.TextvecRetriever.load(tmp_path / "nodes.textvec", similarity_top_k=5)
        assert again.retrieve("sea view") == retriever.retrieve("sea view")

    def test_filters_diversity_threshold_and_reranking(self, nodes):
        from llama_index.core.vector_stores import MetadataFilter, MetadataFilters

        index = PassageIndex(lsa()).add(TEXTS, METADATA, IDS)
        wanted = [
            MetadataFilter(key="group", value=0, operator="!="),
            MetadataFilter(key="name", value=["n1", "n2", "n3"], operator="in"),
        ]
        filters = MetadataFilters(filters=wanted)
        found = ours.TextvecRetriever(index, filters=filters).retrieve("sea")
        assert {one.node_id for one in found} == {"p1", "p2"}
        found = ours.TextvecRetriever(index, filters={"group": 1}).retrieve("sea")
        assert {one.metadata["group"] for one in found} == {1}
        settings = {"search_type": "mmr", "mmr_threshold": 0.2, "n_candidates": 30}
        found = ours.TextvecRetriever(index, 5, **settings).retrieve("sea view")
        expected = index.search("sea view", 5, diversity=0.8, n_candidates=30)
        assert [one.node_id for one in found] == ids_of(expected)
        least = index.search("sea view", 4)[-1].score
        settings = {"search_type": "similarity_score_threshold", "score_threshold": least}
        assert len(ours.TextvecRetriever(index, **settings).retrieve("sea view")) == 4
        with pytest.raises(ValueError, match="needs score_threshold"):
            ours.TextvecRetriever(index, search_type="similarity_score_threshold")
        with pytest.raises(ValueError, match="search_type must be one of"):
            ours.TextvecRetriever(index, search_type="hybrid")
        reranked = PassageIndex(bm25(), reranker=Longest())
        found = ours.TextvecRetriever.from_nodes(nodes, reranked).retrieve("sea")
        assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)

    def test_chinese_is_found(self):
        from llama_index.core.schema import TextNode

        texts = ["贾宝玉初试云雨情", "林黛玉进贾府", "刘姥姥一进荣国府"]
        nodes = [TextNode(text=text) for text in texts]
        retriever = ours.TextvecRetriever.from_nodes(nodes, similarity_top_k=1)
        assert retriever.retrieve("黛玉")[0].text == texts[1]


def written_once(embedding):
    return embedding.get_query_embedding("sea")
