"""LanceDB: a saved vectorizer in its registry of embedding functions.

lancedb is the extra ``lancedb`` and is imported where it is used.
"""

from functools import cache
from typing import Any

from textvec._checks import as_path, check_flag, import_optional
from textvec.integrations.vectors import (
    Signature,
    check_signature,
    document_vectors,
    load_signed,
    to_arrays,
    vectors_of_queries,
)


def as_lancedb_function(path, trust=False):
    """Make a saved vectorizer an embedding function of LanceDB's, registered as "textvec".

    A table keeps the path of the file, the vectorizer's name and a digest of all that it learned in
    its metadata, and embeds by it what is added and asked. A process that opens such a table calls
    :func:`register` first. Where the file holds another vectorizer by then, the table is refused.

    Parameters
    ----------
    path : str or path-like
        What ``vectorizer.save(path)`` wrote. It must stay in place as long as the table.
    trust : bool, default=False
        As :func:`textvec.load` takes it.

    Returns
    -------
    lancedb.embeddings.EmbeddingFunction
        For ``SourceField()`` and ``Vector(function.ndims()) = function.VectorField()``.

    Raises
    ------
    ValueError
        If the file is none of textvec's, or needs more trust than it has.
    ImportError
        If lancedb is not installed; it names the extra.

    Notes
    -----
    LanceDB has no sparse vectors: those of at most 65,536 dimensions are written in full. Choose
    the metric with each question: ``.distance_type("dot")`` for BM25, else ``"cosine"``.
    """
    check_flag("trust", trust)
    register()
    path = as_path("path", path).absolute()
    _, signature = load_signed(path, trust)
    settings = {"path": str(path), "signature": signature._asdict()}
    settings |= {"trust": True} if trust else {}
    return _class().create(**settings)


def register():
    """Let LanceDB know "textvec", by which tables name what embeds their texts."""
    registry = import_optional("lancedb.embeddings", "lancedb").get_registry()
    registry._functions["textvec"] = _class()


@cache
def _class() -> Any:
    EmbeddingFunction: Any = import_optional("lancedb.embeddings", "lancedb").EmbeddingFunction
    private_attribute = import_optional("pydantic", "lancedb").PrivateAttr

    class TextvecEmbeddingFunction(EmbeddingFunction):
        """A saved vectorizer; the table keeps its path and its signature."""

        path: str
        signature: dict
        trust: bool = False
        max_retries: int = 0
        _vectorizer: Any = private_attribute(None)

        def model_post_init(self, context):
            super().model_post_init(context)
            self._vectorizer, signature = load_signed(self.path, self.trust)
            check_signature("LanceDB's table", self.signature, signature)

        def ndims(self):
            return Signature(**self.signature).width

        def compute_source_embeddings(self, texts, *args, **kwargs):
            return to_arrays(document_vectors(self._vectorizer, self.sanitize_input(texts)))

        def compute_query_embeddings(self, query, *args, **kwargs):
            return to_arrays(vectors_of_queries(self._vectorizer, self.sanitize_input(query)))

        def __eq__(self, other):
            return type(other) is type(self) and other.signature == self.signature

        def __hash__(self):
            return hash(self.signature["digest"])

    TextvecEmbeddingFunction.__embedding_function_registry_alias__ = "textvec"
    return TextvecEmbeddingFunction
