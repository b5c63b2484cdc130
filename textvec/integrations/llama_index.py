"""LlamaIndex: vectorizers as its embeddings, dense and sparse, and a retriever of all searches.

llama-index-core is the extra ``llama-index`` and is imported where it is used. Their classes are
made when they are first asked for, since they extend LlamaIndex's.
"""

from functools import cache
from typing import Any

from textvec._checks import check_type, import_optional
from textvec.integrations.passages import PassageIndex, check_search_type, search_of_type
from textvec.integrations.vectors import (
    check_ready,
    document_vectors,
    to_dicts,
    to_lists,
    to_pairs,
    vectors_of_queries,
)
from textvec.persistence import load


def as_embedding(vectorizer):
    """Make a vectorizer the embedding of LlamaIndex, for any of its vector stores.

    Parameters
    ----------
    vectorizer : fitted vectorizer
        Dense, or sparse of at most 65,536 features, whose vectors are written in full.

    Returns
    -------
    llama_index.core.embeddings.BaseEmbedding
        Queries go through ``transform_queries`` where there is one.

    Raises
    ------
    NotFittedError
        If it is not fitted.
    ImportError
        If llama-index-core is not installed; it names the extra.
    """
    check_ready(vectorizer)
    return _classes()["TextvecEmbedding"]._of(vectorizer)


def as_sparse_embedding(vectorizer):
    """Make a sparse vectorizer the sparse embedding of LlamaIndex: {column: weight}.

    Parameters
    ----------
    vectorizer : fitted vectorizer
        Of sparse vectors: BM25, TF-IDF, counts, SPLADE.

    Returns
    -------
    llama_index.core.base.embeddings.base_sparse.BaseSparseEmbedding

    Raises
    ------
    NotFittedError
        If it is not fitted.
    ImportError
        If llama-index-core is not installed; it names the extra.
    """
    check_ready(vectorizer)
    return _classes()["TextvecSparseEmbedding"]._of(vectorizer)


def as_sparse_functions(vectorizer):
    """Return the two functions that LlamaIndex's QdrantVectorStore takes for hybrid search.

    Parameters
    ----------
    vectorizer : fitted vectorizer
        Of sparse vectors.

    Returns
    -------
    sparse_doc_fn, sparse_query_fn : callable
        From a list of texts to their columns and their values.

    Raises
    ------
    NotFittedError
        If it is not fitted.

    Examples
    --------
    >>> from textvec import BM25Vectorizer
    >>> documents, queries = as_sparse_functions(BM25Vectorizer().fit(["sea view", "sea"]))
    >>> queries(["view sea view"])
    ([[0, 1]], [[1.0, 2.0]])
    """
    check_ready(vectorizer)

    def split(X):
        pairs = to_pairs(X)
        return [columns for columns, _ in pairs], [values for _, values in pairs]

    return (
        lambda texts: split(document_vectors(vectorizer, texts)),
        lambda texts: split(vectors_of_queries(vectorizer, texts)),
    )


def _embedding_class(base, written, its_name):
    """Return a class of embeddings, dense or sparse, which differ in how a row is written."""
    private_attribute = import_optional("pydantic", "llama-index").PrivateAttr

    class Embeds(base):
        _vectorizer: Any = private_attribute(None)

        @classmethod
        def _of(cls, vectorizer):
            made = cls(model_name=f"textvec:{type(vectorizer).__name__}")
            made._vectorizer = vectorizer
            return made

        @classmethod
        def class_name(cls):
            return its_name

        def _get_query_embedding(self, query):
            return written(vectors_of_queries(self._vectorizer, [query]))[0]

        def _get_text_embeddings(self, texts):
            return written(document_vectors(self._vectorizer, texts))

        def _get_text_embedding(self, text):
            return self._get_text_embeddings([text])[0]

        async def _aget_query_embedding(self, query):
            return await _aside(self._get_query_embedding, query)

        async def _aget_text_embedding(self, text):
            return await _aside(self._get_text_embedding, text)

        async def _aget_text_embeddings(self, texts):
            return await _aside(self._get_text_embeddings, texts)

    Embeds.__name__ = Embeds.__qualname__ = its_name
    return Embeds


async def _aside(function, *args):
    """Call a function on a thread, so that others are served meanwhile."""
    import asyncio

    return await asyncio.to_thread(function, *args)


@cache
def _classes() -> dict[str, Any]:
    """Return our classes on LlamaIndex's, by name."""
    dense = import_optional("llama_index.core.embeddings", "llama-index").BaseEmbedding
    sparse = import_optional("llama_index.core.base.embeddings.base_sparse", "llama-index")
    retrievers = import_optional("llama_index.core.retrievers", "llama-index")
    BaseRetriever: Any = retrievers.BaseRetriever
    schema = import_optional("llama_index.core.schema", "llama-index")
    utils = import_optional("llama_index.core.vector_stores.utils", "llama-index")

    class TextvecRetriever(BaseRetriever):
        """Retrieve nodes by BM25, dense vectors or both, filtered, diverse or reranked.

        Parameters
        ----------
        index : PassageIndex, vectorizer or list of vectorizers, default=None
            What is searched; vectorizers make a new PassageIndex. None is BM25.
        similarity_top_k : int >= 1, default=10
            How many nodes at most.
        filters : MetadataFilters, mapping or callable, default=None
            Which nodes may be found.
        search_type : {"similarity", "mmr", "similarity_score_threshold"}, default="similarity"
            By score, by maximal marginal relevance, or by score down to ``score_threshold``.
        mmr_threshold : float in [0, 1], default=0.5
            For "mmr": 1 is by relevance alone, 0 by being unlike those chosen before.
        score_threshold : float, default=None
            The least score, on the scale of the index: cosines, or BM25's own.
        n_candidates : int >= 1, default=None
            Of how many candidates "mmr" chooses; None is the index's own.
        **settings
            LlamaIndex's own, such as ``callback_manager``.
        """

        def __init__(
            self,
            index=None,
            similarity_top_k=10,
            filters=None,
            search_type="similarity",
            mmr_threshold=0.5,
            score_threshold=None,
            n_candidates=None,
            **settings,
        ):
            check_search_type(search_type, score_threshold)
            super().__init__(**settings)
            self.index = index if isinstance(index, PassageIndex) else PassageIndex(index)
            self.similarity_top_k = similarity_top_k
            self.filters = filters
            self.search_type = search_type
            self.mmr_threshold = mmr_threshold
            self.score_threshold = score_threshold
            self.n_candidates = n_candidates

        @classmethod
        def from_nodes(cls, nodes, vectorizer=None, **settings):
            """Make a retriever of nodes."""
            retriever = cls(vectorizer, **settings)
            retriever.add_nodes(nodes)
            return retriever

        @classmethod
        def load(cls, path, trust=False, **settings):
            """Read the nodes that ``save`` wrote; settings are given anew."""
            index = load(path, trust=trust)
            check_type(f"what {path} holds", index, PassageIndex, "a PassageIndex")
            return cls(index, **settings)

        def save(self, path):
            """Write nodes, vectorizers and vectors to one file, without pickle."""
            self.index.save(path)

        def add_nodes(self, nodes, refit=False):
            """Add nodes, or replace those of known ids; return the ids.

            Of a node its id, content and metadata are kept. With ``refit``, vectorizers that were
            not fitted when given learn anew from all.
            """
            nodes = list(nodes)
            ids = [node.node_id for node in nodes]
            texts = [node.get_content() for node in nodes]
            self.index.add(texts, [node.metadata for node in nodes], ids, refit)
            return ids

        def delete_nodes(self, ids):
            """Forget nodes."""
            self.index.remove(ids)

        def _retrieve(self, query_bundle):
            where = self.filters
            if hasattr(where, "filters"):  # MetadataFilters
                where = utils.build_metadata_filter_fn(lambda metadata: metadata, where)
            found = search_of_type(
                self.index, query_bundle.query_str, self.similarity_top_k, where,
                self.search_type, self.mmr_threshold, self.score_threshold, self.n_candidates,
            )  # fmt: skip
            return [
                schema.NodeWithScore(
                    node=schema.TextNode(id_=one.id, text=one.text, metadata=one.metadata),
                    score=one.score,
                )
                for one in found
            ]

        async def _aretrieve(self, query_bundle):
            return await _aside(self._retrieve, query_bundle)

    made = {
        "TextvecEmbedding": _embedding_class(dense, to_lists, "TextvecEmbedding"),
        "TextvecSparseEmbedding": _embedding_class(
            sparse.BaseSparseEmbedding, to_dicts, "TextvecSparseEmbedding"
        ),
        "TextvecRetriever": TextvecRetriever,
    }
    TextvecRetriever.__qualname__ = "TextvecRetriever"
    return made


def __getattr__(name):
    if name in ("TextvecEmbedding", "TextvecRetriever", "TextvecSparseEmbedding"):
        return _classes()[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
