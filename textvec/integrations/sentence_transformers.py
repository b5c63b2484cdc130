"""For sentence-transformers: sparse vectorizers, BM25 among them, behind its SparseEncoder.

sentence-transformers is the extra ``transformers`` and is imported where it is used.
"""

import os
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from textvec._checks import import_optional
from textvec.integrations.vectors import check_ready, document_vectors, vectors_of_queries
from textvec.persistence import load
from textvec.search._vectorizers import metric_of

_FILE = "vectorizer.textvec"


def as_sparse_encoder(vectorizer):
    """Make a sparse vectorizer a SparseEncoder of sentence-transformers.

    So its evaluators, its search and whatever takes such an encoder take BM25 and TF-IDF.

    Parameters
    ----------
    vectorizer : fitted vectorizer
        Of sparse vectors. To be saved with the encoder it must be textvec's own.

    Returns
    -------
    sentence_transformers.SparseEncoder
        ``encode_document`` weighs, ``encode_query`` asks, by the vectorizer's own sides; ``encode``
        does as ``encode_document``. The similarity is the dot product, or the cosine. Vectors of a
        batch are dense on their way: for a very large vocabulary take a small ``batch_size``.

    Raises
    ------
    NotFittedError
        If it is not fitted.
    ImportError
        If sentence-transformers is not installed; it names the extra.
    """
    check_ready(vectorizer)
    library = import_optional("sentence_transformers", "transformers")
    metric = "dot" if metric_of(vectorizer) == "dot" else "cosine"
    module = _module()(vectorizer)
    return library.SparseEncoder(modules=[module], similarity_fn_name=metric, device="cpu")


@cache
def _module() -> Any:
    base: Any = import_optional("sentence_transformers.base.modules.input_module", "transformers")
    InputModule: Any = base.InputModule
    torch = import_optional("torch", "transformers")

    class TextvecModule(InputModule):
        """A vectorizer as the one module of an encoder."""

        modalities = ["text"]

        def __init__(self, vectorizer):
            super().__init__()
            self.vectorizer = vectorizer
            self.tokenizer = None

        def preprocess(self, inputs, prompt=None, task=None, **kwargs):
            if prompt:
                inputs = self._prepend_prompt(inputs, prompt)
            ask = vectors_of_queries if task == "query" else document_vectors
            rows = ask(self.vectorizer, list(inputs))
            rows = rows.toarray() if hasattr(rows, "toarray") else rows
            return {"sentence_embedding": torch.from_numpy(np.asarray(rows, np.float32))}

        def forward(self, features, **kwargs):
            return features

        def get_embedding_dimension(self):
            return self.vectorizer.transform(["a"]).shape[1]

        def save(self, output_path, *args, **kwargs):
            self.vectorizer.save(os.path.join(output_path, _FILE))

        @classmethod
        def load(cls, model_name_or_path, subfolder="", **kwargs):
            return cls(load(Path(model_name_or_path) / subfolder / _FILE))

    TextvecModule.__qualname__ = "TextvecModule"
    return TextvecModule


def __getattr__(name):
    if name == "TextvecModule":
        return _module()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
