"""Haystack: saved vectorizers as its embedders of texts and documents, dense and sparse.

haystack-ai is the extra ``haystack`` and is imported where it is used. The four components are
``TextvecTextEmbedder``, ``TextvecDocumentEmbedder``, ``TextvecSparseTextEmbedder`` and
``TextvecSparseDocumentEmbedder``. Each takes the ``path`` of a saved vectorizer, which a pipeline's
YAML then names.
"""

from dataclasses import replace
from functools import cache
from typing import Any

from textvec._checks import import_optional
from textvec.integrations.vectors import (
    check_ready,
    document_vectors,
    to_lists,
    to_pairs,
    vectors_of_queries,
)
from textvec.persistence import load

_COMPONENTS = (
    "TextvecDocumentEmbedder",
    "TextvecSparseDocumentEmbedder",
    "TextvecSparseTextEmbedder",
    "TextvecTextEmbedder",
)


class _Embedder:
    """A saved vectorizer that is read when the pipeline warms up."""

    def __init__(self, path: str, trust: bool = False):
        self.path = str(path)
        self.trust = trust
        self.vectorizer = None

    def warm_up(self):
        """Read the vectorizer, once."""
        if self.vectorizer is None:
            vectorizer = load(self.path, trust=self.trust)
            check_ready(vectorizer)
            self.vectorizer = vectorizer


@cache
def _component(name) -> Any:
    """Return one of the components; Haystack knows it by this module and its name."""
    haystack = import_optional("haystack", "haystack")
    sparse_embedding = import_optional("haystack.dataclasses", "haystack").SparseEmbedding
    field, kind = "embedding", list[float]
    if is_sparse := "Sparse" in name:
        field, kind = "sparse_embedding", sparse_embedding

    def written(X):
        return [sparse_embedding(*pair) for pair in to_pairs(X)] if is_sparse else to_lists(X)

    class TextEmbedder(_Embedder):
        """A saved vectorizer that embeds a query."""

        @haystack.component.output_types(**{field: kind})
        def run(self, text: str):
            self.warm_up()
            return {field: written(vectors_of_queries(self.vectorizer, [text]))[0]}

    class DocumentEmbedder(_Embedder):
        """A saved vectorizer that embeds documents."""

        @haystack.component.output_types(documents=list[haystack.Document])  # type: ignore[name-defined]
        def run(self, documents: list[haystack.Document]):  # type: ignore[name-defined]
            self.warm_up()
            texts = [document.content or "" for document in documents]
            pairs = zip(documents, written(document_vectors(self.vectorizer, texts)), strict=True)
            return {"documents": [replace(one, **{field: row}) for one, row in pairs]}

    made: Any = TextEmbedder if name.endswith("TextEmbedder") else DocumentEmbedder
    made.__name__ = made.__qualname__ = name
    return haystack.component(made)


def __getattr__(name):
    if name in _COMPONENTS:
        return _component(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
