"""LangChain: vectorizers as its embeddings, dense and sparse, and a retriever of all searches.

langchain-core is the extra ``langchain`` and is imported where it is used. Their classes are made
when they are first asked for, since they extend LangChain's.
"""

import uuid
from functools import cache
from typing import Any

from textvec._checks import check_choice, check_type, import_optional
from textvec.integrations.passages import SEARCH_TYPES, PassageIndex, search_of_type
from textvec.integrations.vectors import (
    check_ready,
    document_vectors,
    to_dicts,
    to_lists,
    to_pairs,
    vectors_of_queries,
)
from textvec.persistence import load


def as_embeddings(vectorizer):
    """Make a vectorizer what LangChain calls Embeddings, for any of its vector stores.

    Documents go through ``transform`` and queries through ``transform_queries`` where there is
    one. The asynchronous methods run on a thread of LangChain's.

    Parameters
    ----------
    vectorizer : fitted vectorizer
        Dense, or sparse of at most 65,536 features, whose vectors are written in full.

    Returns
    -------
    langchain_core.embeddings.Embeddings

    Raises
    ------
    NotFittedError
        If it is not fitted.
    ImportError
        If langchain-core is not installed; it names the extra.

    Examples
    --------
    >>> from importlib.util import find_spec
    >>> from textvec import LSAVectorizer
    >>> texts = ["harbour view", "harbour and oysters", "skiing and snow"]
    >>> if find_spec("langchain_core"):
    ...     embeddings = as_embeddings(LSAVectorizer(vector_size=2, random_state=0).fit(texts))
    ...     assert len(embeddings.embed_query("the harbour")) == 2
    """
    return _classes()["TextvecEmbeddings"](vectorizer)


def as_sparse_embeddings(vectorizer, store="qdrant"):
    """Make a sparse vectorizer the sparse embeddings of langchain-qdrant or langchain-milvus.

    A fitted :class:`textvec.BM25Vectorizer` then ranks in the store as it does at home: documents
    are weighed, queries are counted, and the store takes the dot product. Where a store asks for
    the metric, it is the dot product ("IP" for Milvus).

    Parameters
    ----------
    vectorizer : fitted vectorizer
        Of sparse vectors: BM25, TF-IDF, counts, SPLADE.
    store : {"qdrant", "milvus"}, default="qdrant"
        Whose interface: that of ``langchain_qdrant.SparseEmbeddings`` or of
        ``langchain_milvus.utils.sparse.BaseSparseEmbedding``.

    Returns
    -------
    SparseEmbeddings or BaseSparseEmbedding

    Raises
    ------
    NotFittedError
        If it is not fitted.
    ImportError
        If langchain-qdrant or langchain-milvus is not installed.

    Examples
    --------
    >>> from importlib.util import find_spec
    >>> from textvec import BM25Vectorizer
    >>> if find_spec("langchain_qdrant"):
    ...     embeddings = as_sparse_embeddings(BM25Vectorizer().fit(["sea view", "sea"]))
    ...     assert embeddings.embed_query("view view").values == [2.0]
    """
    check_choice("store", store, ("qdrant", "milvus"))
    return _sparse_class(store)(vectorizer)


class _Embeds:
    """The documents' and the queries' side of a vectorizer."""

    def __init__(self, vectorizer):
        check_ready(vectorizer)
        self.vectorizer = vectorizer

    def embed_documents(self, texts):
        return self._written(document_vectors(self.vectorizer, texts))

    def embed_query(self, text):
        return self._written(vectors_of_queries(self.vectorizer, [text]))[0]


@cache
def _sparse_class(store):
    if store == "milvus":
        base = import_optional("langchain_milvus.utils.sparse", "milvus").BaseSparseEmbedding
        written = to_dicts
    else:
        library = import_optional("langchain_qdrant.sparse_embeddings", "qdrant")
        base, vector = library.SparseEmbeddings, library.SparseVector

        def written(X):
            return [vector(indices=columns, values=values) for columns, values in to_pairs(X)]

    class TextvecSparseEmbeddings(_Embeds, base):
        _written = staticmethod(written)

    return TextvecSparseEmbeddings


@cache
def _classes() -> dict[str, Any]:
    """Return our classes on LangChain's, by name."""
    Embeddings: Any = import_optional("langchain_core.embeddings", "langchain").Embeddings
    BaseRetriever: Any = import_optional("langchain_core.retrievers", "langchain").BaseRetriever
    Document = import_optional("langchain_core.documents", "langchain").Document
    run_in_executor = import_optional("langchain_core.runnables", "langchain").run_in_executor

    class TextvecEmbeddings(_Embeds, Embeddings):
        """A fitted vectorizer as LangChain's Embeddings."""

        _written = staticmethod(to_lists)

    class TextvecRetriever(BaseRetriever):
        """Retrieve documents by BM25, dense vectors or both, filtered, diverse or reranked.

        Parameters
        ----------
        index : PassageIndex, vectorizer or list of vectorizers, default=None
            What is searched; vectorizers make a new PassageIndex. None is BM25.
        k : int >= 1, default=4
            How many documents at most.
        search_type : {"similarity", "mmr", "similarity_score_threshold"}, default="similarity"
            By score, by maximal marginal relevance, or by score down to ``score_threshold``.
        score_threshold : float, default=None
            The least score, on the scale of the index: cosines, or BM25's own.
        fetch_k : int >= 1, default=20
            Of how many candidates "mmr" chooses.
        lambda_mult : float in [0, 1], default=0.5
            For "mmr": 1 is by relevance alone, 0 by being unlike those chosen before.
        filter : mapping or callable, default=None
            Which documents may be found, by their metadata, as ``PassageIndex.search(where=)``.
        """

        index: Any = None
        k: int = 4
        search_type: str = "similarity"
        score_threshold: float | None = None
        fetch_k: int = 20
        lambda_mult: float = 0.5
        filter: Any = None

        def model_post_init(self, context):
            check_choice("search_type", self.search_type, SEARCH_TYPES)
            if not isinstance(self.index, PassageIndex):
                self.index = PassageIndex(self.index)

        @classmethod
        def from_documents(cls, documents, vectorizer=None, ids=None, **settings):
            """Make a retriever of documents."""
            retriever = cls(index=vectorizer, **settings)
            retriever.add_documents(documents, ids=ids)
            return retriever

        @classmethod
        def from_texts(cls, texts, vectorizer=None, metadatas=None, ids=None, **settings):
            """Make a retriever of texts."""
            retriever = cls(index=vectorizer, **settings)
            retriever.index.add(texts, metadatas, ids)
            return retriever

        @classmethod
        def load(cls, path, trust=False, **settings):
            """Read the documents that ``save`` wrote; settings such as ``k`` are given anew."""
            index = load(path, trust=trust)
            check_type(f"what {path} holds", index, PassageIndex, "a PassageIndex")
            return cls(index=index, **settings)

        def save(self, path):
            """Write documents, vectorizers and vectors to one file, without pickle."""
            self.index.save(path)

        def add_documents(self, documents, ids=None, refit=False):
            """Add documents, or replace those of known ids; return the ids.

            With ``refit``, vectorizers that were not fitted when given learn anew from all.
            """
            documents = list(documents)
            if ids is None:
                ids = [uuid.uuid4().hex if one.id is None else one.id for one in documents]
            texts = [one.page_content for one in documents]
            self.index.add(texts, [one.metadata for one in documents], ids, refit)
            return list(ids)

        async def aadd_documents(self, documents, ids=None, refit=False):
            """Do as ``add_documents``, on another thread."""
            return await run_in_executor(None, self.add_documents, documents, ids, refit)

        def delete(self, ids):
            """Forget documents."""
            self.index.remove(ids)

        def search_with_score(self, query, **changed):
            """Return pairs of a document and its score; settings may be changed for this call."""
            settings = {name: getattr(self, name) for name in type(self).model_fields} | changed
            names = ("k", "filter", "search_type", "lambda_mult", "score_threshold", "fetch_k")
            found = search_of_type(self.index, query, *(settings[name] for name in names))
            return [
                (Document(page_content=one.text, metadata=one.metadata, id=one.id), one.score)
                for one in found
            ]

        def _get_relevant_documents(self, query, *, run_manager=None, **changed):
            return [document for document, _ in self.search_with_score(query, **changed)]

    made = {"TextvecEmbeddings": TextvecEmbeddings, "TextvecRetriever": TextvecRetriever}
    for name, one in made.items():
        one.__module__, one.__qualname__ = __name__, name
    return made


def __getattr__(name):
    if name in ("TextvecEmbeddings", "TextvecRetriever"):
        return _classes()[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
