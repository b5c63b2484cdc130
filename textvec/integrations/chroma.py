"""Chroma: a saved vectorizer as its embedding function, found again by the collection's config.

chromadb is the extra ``chroma`` and is imported where it is used.
"""

from functools import cache
from pathlib import Path

from textvec._checks import as_path, check_type, import_optional
from textvec.integrations.vectors import (
    check_signature,
    document_vectors,
    load_signed,
    to_arrays,
    vectors_of_queries,
)
from textvec.search._vectorizers import metric_of


def as_chroma_function(path, trust=False):
    """Make a saved vectorizer an embedding function of Chroma's.

    The collection's config holds the path of the file, the name of the vectorizer and a digest of
    all that it learned, which is part of the function's name. So Chroma itself refuses to open a
    collection by another vectorizer and names both; and ``get_collection`` finds the function by
    itself in every process where this was called for the same file.

    Parameters
    ----------
    path : str or path-like
        What ``vectorizer.save(path)`` wrote. It must stay in place as long as the collection.
    trust : bool, default=False
        As :func:`textvec.load` takes it.

    Returns
    -------
    chromadb.EmbeddingFunction
        With ``embed_query`` for queries. Its space is "cosine", or "ip" where the vectorizer is
        compared by dot product.

    Raises
    ------
    ValueError
        If the file is none of textvec's, or needs more trust than it has.
    ImportError
        If chromadb is not installed; it names the extra.

    Notes
    -----
    Chroma's local mode takes no sparse vectors: those of at most 65,536 dimensions are written in
    full; for more take :class:`textvec.LSAVectorizer`, or another store.

    Examples
    --------
    >>> from importlib.util import find_spec
    >>> import tempfile
    >>> from textvec import LSAVectorizer
    >>> texts = ["harbour view", "harbour and oysters", "skiing and snow"]
    >>> if find_spec("chromadb"):
    ...     with tempfile.TemporaryDirectory() as folder:
    ...         lsa = LSAVectorizer(vector_size=2, random_state=0).fit(texts)
    ...         lsa.save(folder + "/lsa.textvec")
    ...         function = as_chroma_function(folder + "/lsa.textvec")
    ...     assert len(function(["harbour"])[0]) == 2
    """
    path = as_path("path", path).absolute()
    vectorizer, signature = load_signed(path, trust)
    function = _class(f"textvec:{signature.vectorizer}:{signature.digest[:16]}", trust)
    made = function(vectorizer, path, signature)
    import_optional("chromadb.utils.embedding_functions", "chroma").register_embedding_function(
        function
    )
    return made


@cache
def _class(its_name, trust):
    """Return the class of one vectorizer's functions: Chroma tells functions apart by class."""
    base = import_optional("chromadb", "chroma").EmbeddingFunction

    class TextvecEmbeddingFunction(base):
        def __init__(self, vectorizer, path, signature):
            self.vectorizer = vectorizer
            self.path = path
            self.signature = signature

        def __call__(self, input):
            return to_arrays(document_vectors(self.vectorizer, list(input)))

        def embed_query(self, input):
            return to_arrays(vectors_of_queries(self.vectorizer, list(input)))

        @staticmethod
        def name():
            return its_name

        def default_space(self):
            return "ip" if metric_of(self.vectorizer) == "dot" else "cosine"

        def get_config(self):
            return {"path": str(self.path), **self.signature._asdict()}

        @staticmethod
        def build_from_config(config):
            TextvecEmbeddingFunction.validate_config(config)
            vectorizer, signature = load_signed(config["path"], trust)
            known = {key: value for key, value in config.items() if key != "path"}
            check_signature("Chroma's collection", known, signature)
            return TextvecEmbeddingFunction(vectorizer, Path(config["path"]), signature)

        @staticmethod
        def validate_config(config):
            check_type("the config's path", config.get("path"), str, "a str")

    return TextvecEmbeddingFunction
