"""LangChain: embeddings, sparse embeddings, the retriever, and chunks, against LangChain's own."""

import asyncio

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

pytest.importorskip("langchain_core")

from hypothesis import given
from hypothesis import strategies as st
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import InMemoryVectorStore
from langchain_text_splitters import RecursiveCharacterTextSplitter

import textvec.integrations.langchain as ours
from textvec import BM25Vectorizer, TfidfVectorizer, top_k
from textvec.integrations.langchain import TextvecRetriever, as_embeddings, as_sparse_embeddings
from textvec.integrations.vectors import from_dicts, from_pairs
from textvec.text.splitters import RecursiveTextSplitter

from .test_passages import IDS, METADATA, QUERIES, TEXTS, Longest, bm25, ids_of, lsa

DOCUMENTS = [
    Document(id=id, page_content=text, metadata=metadata)
    for id, text, metadata in zip(IDS, TEXTS, METADATA, strict=True)
]


def test_embeddings_are_the_vectors_of_either_side():
    vectorizer = lsa()
    embeddings = as_embeddings(vectorizer)
    assert isinstance(embeddings, Embeddings)
    written = embeddings.embed_documents(TEXTS[:5])
    np.testing.assert_array_equal(np.float32(written), vectorizer.transform(TEXTS[:5]))
    np.testing.assert_array_equal(
        np.float32(embeddings.embed_query("sea")), vectorizer.transform(["sea"])[0]
    )
    assert asyncio.run(embeddings.aembed_documents(TEXTS[:5])) == written
    assert asyncio.run(embeddings.aembed_query("sea")) == embeddings.embed_query("sea")
    assert embeddings.embed_documents([]) == []
    counted = as_embeddings(bm25())
    assert counted.embed_query("sea sea") != counted.embed_documents(["sea sea"])[0]


def test_embeddings_work_in_langchains_store():
    vectorizer = lsa()
    store = InMemoryVectorStore(as_embeddings(vectorizer))
    store.add_documents(DOCUMENTS)
    _, rows = top_k(vectorizer.transform(QUERIES), vectorizer.transform(TEXTS), 5)
    for query, its_rows in zip(QUERIES, rows, strict=True):
        found = store.similarity_search(query, k=5)
        assert [one.page_content for one in found] == [TEXTS[row] for row in its_rows]


@pytest.mark.parametrize("store", ["qdrant", pytest.param("milvus", marks=pytest.mark.slow)])
def test_sparse_embeddings_are_the_vectors_of_either_side(store):
    pytest.importorskip(f"langchain_{store}")
    vectorizer = bm25()
    embeddings = as_sparse_embeddings(vectorizer, store)
    width = len(vectorizer.vocabulary_)

    def back(rows):
        if store == "milvus":
            return from_dicts(rows, width)
        return from_pairs([(row.indices, row.values) for row in rows], width)

    documents = embeddings.embed_documents(TEXTS[:9])
    expected = vectorizer.transform(TEXTS[:9]).toarray()
    np.testing.assert_array_equal(back(documents).toarray(), np.float32(expected))
    query = back([embeddings.embed_query("sea sea view")])
    expected = vectorizer.transform_queries(["sea sea view"]).toarray()
    np.testing.assert_array_equal(query.toarray(), expected)
    assert asyncio.run(embeddings.aembed_query("sea")) == embeddings.embed_query("sea")
    with pytest.raises(ValueError, match="store must be one of"):
        as_sparse_embeddings(vectorizer, "chroma")


@pytest.mark.parametrize("make", [as_embeddings, as_sparse_embeddings])
def test_what_is_no_fitted_vectorizer_is_refused(make):
    if make is as_sparse_embeddings:
        pytest.importorskip("langchain_qdrant")
    with pytest.raises(NotFittedError, match="Call fit"):
        make(TfidfVectorizer())
    with pytest.raises(TypeError, match="vectorizer must be"):
        make("tfidf")


@pytest.fixture(scope="module")
def dense():
    """Return our retriever and LangChain's store, both of the same vectors."""
    vectorizer = lsa()
    store = InMemoryVectorStore(as_embeddings(vectorizer))
    store.add_documents(DOCUMENTS)
    return TextvecRetriever.from_documents(DOCUMENTS, vectorizer), store


@pytest.mark.parametrize("lambda_mult", [0.0, 0.3, 0.5, 0.8, 1.0])
@pytest.mark.parametrize("query", QUERIES)
def test_mmr_chooses_as_langchain_does(dense, query, lambda_mult):
    retriever, store = dense
    settings = {"k": 6, "fetch_k": 25, "lambda_mult": lambda_mult}
    found = retriever.invoke(query, search_type="mmr", **settings)
    theirs = store.max_marginal_relevance_search(query, **settings)
    assert ids_of(found) == ids_of(theirs)


def test_similarity_and_threshold_are_as_langchains(dense):
    retriever, store = dense
    theirs = store.similarity_search_with_score("sea view", k=8)
    found = retriever.search_with_score("sea view", k=8)
    assert [one.id for one, _ in found] == [one.id for one, _ in theirs]
    np.testing.assert_allclose([s for _, s in found], [s for _, s in theirs], rtol=1e-5)
    assert found[0][0] == theirs[0][0], "the documents are equal, metadata and all"
    least = (found[3][1] + found[4][1]) / 2
    changed = {"search_type": "similarity_score_threshold", "score_threshold": least, "k": 8}
    assert len(retriever.invoke("sea view", **changed)) == 4
    with pytest.raises(ValueError, match="needs score_threshold"):
        retriever.invoke("sea", search_type="similarity_score_threshold")
    with pytest.raises(ValueError, match="search_type must be one of"):
        TextvecRetriever(search_type="hybrid")


@pytest.mark.parametrize(
    "index",
    [bm25(), lsa(), [bm25(), lsa()], None],
    ids=["bm25", "dense", "hybrid", "not fitted"],
)
def test_retriever_filters_grows_and_is_saved(index, tmp_path):
    retriever = TextvecRetriever.from_documents(DOCUMENTS[:60], index, k=5, filter={"group": 1})
    found = retriever.invoke("sea view harbour")
    assert len(found) == 5
    assert {one.metadata["group"] for one in found} == {1}
    assert retriever.add_documents(DOCUMENTS[60:]) == IDS[60:]
    assert retriever.add_documents([Document(page_content="the sea view")], refit=True) != [None]
    assert len(retriever.index) == 121
    retriever.delete(IDS[:2])
    retriever.save(tmp_path / "r.textvec")
    again = TextvecRetriever.load(tmp_path / "r.textvec", k=5, filter={"group": 1})
    assert again.invoke("snow lift") == retriever.invoke("snow lift")
    assert asyncio.run(again.ainvoke("snow lift")) == retriever.invoke("snow lift")
    assert asyncio.run(again.aadd_documents(DOCUMENTS[:1])) == IDS[:1]
    bm25().save(tmp_path / "other.textvec")
    with pytest.raises(TypeError, match="other.textvec holds must be a PassageIndex"):
        TextvecRetriever.load(tmp_path / "other.textvec")


def test_retriever_reranks_and_takes_part_in_chains():
    from textvec.integrations.passages import PassageIndex

    index = PassageIndex(bm25(), reranker=Longest(), n_candidates=20)
    retriever = TextvecRetriever.from_texts(TEXTS, index, METADATA, IDS)
    lengths = [len(one.page_content) for one in retriever.invoke("sea")]
    assert lengths == sorted(lengths, reverse=True)
    chain = retriever | (lambda found: len(found))
    assert chain.invoke("sea") == 4
    assert chain.batch(["sea", "view"]) == [4, 4]


def test_chinese_is_found():
    texts = ["贾宝玉初试云雨情", "林黛玉进贾府", "刘姥姥一进荣国府"]
    retriever = TextvecRetriever.from_texts(texts, BM25Vectorizer(), k=1)
    assert retriever.invoke("黛玉")[0].page_content == texts[1]


def test_changing_what_was_found_changes_nothing():
    retriever = TextvecRetriever.from_documents(DOCUMENTS[:3])
    found = retriever.invoke("sea")[0]
    found.metadata["group"] = "gone"
    assert retriever.invoke("sea")[0].metadata["group"] != "gone"


def test_classes_are_found_by_their_names():
    import pickle

    assert ours.TextvecRetriever is TextvecRetriever
    embeddings = as_embeddings(lsa())
    assert type(embeddings) is ours.TextvecEmbeddings
    again = pickle.loads(pickle.dumps(embeddings))
    assert again.embed_query("sea") == embeddings.embed_query("sea")
    with pytest.raises(AttributeError, match="TextvecRetreiver"):
        _ = ours.TextvecRetreiver


# Their kit.
try:
    from langchain_tests.integration_tests import (
        EmbeddingsIntegrationTests,
        RetrieversIntegrationTests,
    )
    from langchain_tests.unit_tests import EmbeddingsUnitTests
except ImportError:
    EmbeddingsIntegrationTests = RetrieversIntegrationTests = EmbeddingsUnitTests = None

if EmbeddingsUnitTests is not None:

    class TestEmbeddingsUnit(EmbeddingsUnitTests):
        @property
        def embeddings_class(self):
            return ours.TextvecEmbeddings

        @property
        def embedding_model_params(self):
            return {"vectorizer": lsa()}

    class TestEmbeddingsIntegration(EmbeddingsIntegrationTests):
        embeddings_class = TestEmbeddingsUnit.embeddings_class
        embedding_model_params = TestEmbeddingsUnit.embedding_model_params

    class TestRetriever(RetrieversIntegrationTests):
        @property
        def retriever_constructor(self):
            return TextvecRetriever.from_documents

        @property
        def retriever_constructor_params(self):
            return {"documents": DOCUMENTS, "vectorizer": [bm25(), lsa()]}

        @property
        def retriever_query_example(self):
            return "sea view"


PIECES = ["sea", "view", " ", "  ", "\n", "\n\n", "。", "宝玉", "x" * 9, "\t", ", "]


@given(
    st.lists(st.sampled_from(PIECES), max_size=40).map("".join),
    st.integers(1, 20),
    st.integers(0, 19),
    st.sampled_from([["\n\n", "\n", " ", ""], ["\n", " "], ["。", "\n\n", " ", ""], [" "], [""]]),
    st.sampled_from([True, "start", "end"]),
)
def test_chunks_are_langchains(text, size, overlap, separators, keep):
    overlap = min(overlap, size - 1)
    theirs = RecursiveCharacterTextSplitter(
        separators, chunk_size=size, chunk_overlap=overlap, keep_separator=keep
    )
    splitter = RecursiveTextSplitter(size, overlap, separators=separators, keep_separator=keep)
    chunks = splitter.split(text)
    assert [chunk.text for chunk in chunks] == theirs.split_text(text)
    assert all(text[chunk.start : chunk.end] == chunk.text for chunk in chunks)


def test_chunks_of_books_by_characters_and_tokens(data_folder):
    import lzma

    with lzma.open(data_folder / "corpora" / "en_books.txt.xz", "rt", encoding="utf-8") as file:
        text = file.read(60_000).replace(". ", ".\n\n", 100)
    chinese = (data_folder / "novels" / "water_margin_zh.txt").read_text("utf-8")[:20_000]
    for one in (text, chinese):
        for tokenizer, size in ((None, 400), ("whitespace", 60)):
            length = len if tokenizer is None else lambda part: len(part.split())
            theirs = RecursiveCharacterTextSplitter(
                chunk_size=size,
                chunk_overlap=size // 5,
                length_function=length,
                add_start_index=True,
            )
            splitter = RecursiveTextSplitter(
                size, size // 5, tokenizer, separators=["\n\n", "\n", " ", ""]
            )
            documents = [Document(page_content=one, metadata={"from": ["book"]})]
            found = splitter.split_documents(documents, add_start_index=True)
            expected = theirs.split_documents(documents)
            assert len(found) == len(expected) > 5
            assert [f.page_content for f in found] == [e.page_content for e in expected]
            assert [f.metadata["from"] for f in found] == [["book"]] * len(found)
            assert found[0].metadata["from"] is not documents[0].metadata["from"]
            for chunk in found:
                start = chunk.metadata["start_index"]
                assert one[start : start + len(chunk.page_content)] == chunk.page_content


def test_splitter_refuses_what_is_none():
    with pytest.raises(TypeError, match="documents must have page_content"):
        RecursiveTextSplitter().split_documents(["a text"])
    for wrong in ("\n", [], [1]):
        with pytest.raises(TypeError, match="separators must be a list of str"):
            RecursiveTextSplitter(separators=wrong).split("a text")
    with pytest.raises(ValueError, match="keep_separator"):
        RecursiveTextSplitter(separators=[" "], keep_separator=False).split("a text")
    assert RecursiveTextSplitter(separators=[" "]).split("") == []
