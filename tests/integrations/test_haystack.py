"""Haystack: saved vectorizers as its components, alone and in a pipeline out of YAML."""

import numpy as np
import pytest

from textvec.integrations import haystack as ours

from .test_passages import TEXTS, bm25, lsa

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # of its own affairs


@pytest.fixture(autouse=True)
def library():
    return pytest.importorskip("haystack")


@pytest.fixture
def paths(tmp_path):
    lsa().save(tmp_path / "lsa.textvec")
    bm25().save(tmp_path / "bm25.textvec")
    return str(tmp_path / "lsa.textvec"), str(tmp_path / "bm25.textvec")


def test_components_are_the_vectors_of_either_side(paths, library):
    dense, sparse = paths
    documents = [library.Document(content=text) for text in TEXTS[:4]]
    made = ours.TextvecDocumentEmbedder(dense).run(documents)["documents"]
    np.testing.assert_array_equal(
        np.float32([one.embedding for one in made]), lsa().transform(TEXTS[:4])
    )
    assert documents[0].embedding is None, "the input is as it was"
    made = ours.TextvecSparseDocumentEmbedder(sparse).run(documents)["documents"]
    row = bm25().transform(TEXTS[:1])
    assert sorted(made[0].sparse_embedding.indices) == sorted(row.indices.tolist())
    asked = ours.TextvecSparseTextEmbedder(sparse).run("sea sea")["sparse_embedding"]
    assert asked.values == [2.0]
    asked = ours.TextvecTextEmbedder(dense).run("sea")["embedding"]
    np.testing.assert_array_equal(np.float32(asked), lsa().transform(["sea"])[0])


def test_a_pipeline_goes_through_yaml_and_finds(paths, library):
    from haystack.components.retrievers.in_memory import InMemoryEmbeddingRetriever
    from haystack.document_stores.in_memory import InMemoryDocumentStore

    store = InMemoryDocumentStore(embedding_similarity_function="cosine")
    documents = [library.Document(content=text) for text in TEXTS]
    store.write_documents(ours.TextvecDocumentEmbedder(paths[0]).run(documents)["documents"])
    pipeline = library.Pipeline()
    pipeline.add_component("embed", ours.TextvecTextEmbedder(paths[0]))
    pipeline = library.Pipeline.loads(pipeline.dumps(), allowed_modules=[ours.__name__])
    pipeline.add_component("find", InMemoryEmbeddingRetriever(store, top_k=3))
    pipeline.connect("embed.embedding", "find.query_embedding")
    found = pipeline.run({"embed": {"text": TEXTS[7]}})["find"]["documents"]
    assert found[0].content == TEXTS[7]
