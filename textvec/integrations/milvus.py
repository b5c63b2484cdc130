"""Milvus: a collection of passages, and vectorizers behind pymilvus' model interface.

pymilvus is the extra ``milvus`` and is imported where it is used; milvus-lite beside it is a Milvus
in a local file.
"""

import json

import numpy as np
from scipy import sparse

from textvec._checks import import_optional
from textvec.integrations.passages import Found
from textvec.integrations.stores import ABSENT, Collection
from textvec.integrations.vectors import (
    document_vectors,
    from_dicts,
    signature_of,
    to_dicts,
    to_lists,
    vectors_of_queries,
)

_MOST_BYTES = 65_535  # of a VARCHAR
_ID_BYTES = 512


def as_milvus_function(vectorizer):
    """Make a vectorizer what pymilvus.model calls an embedding function.

    Parameters
    ----------
    vectorizer : fitted vectorizer
        Dense or sparse.

    Returns
    -------
    MilvusFunction
        With ``encode_documents``, ``encode_queries`` and ``dim``, as BM25EmbeddingFunction and
        SentenceTransformerEmbeddingFunction have them.

    Raises
    ------
    NotFittedError
        If it is not fitted.

    Examples
    --------
    >>> from textvec import BM25Vectorizer
    >>> function = as_milvus_function(BM25Vectorizer().fit(["sea view", "sea"]))
    >>> function.dim, function.encode_queries(["view view"]).toarray()
    (2, array([[0., 2.]]))
    """
    return MilvusFunction(vectorizer)


class MilvusFunction:
    """A vectorizer behind pymilvus' model interface; its client takes what this returns.

    Parameters
    ----------
    vectorizer : fitted vectorizer
        Dense or sparse.
    """

    def __init__(self, vectorizer):
        self.signature = signature_of(vectorizer)
        self.vectorizer = vectorizer
        self.model_name = f"textvec:{self.signature.vectorizer}"

    @property
    def dim(self):
        """The dimensions of the vectors."""
        return self.signature.width

    def encode_documents(self, documents):
        """Return the vectors of documents: a csr_array, or a list of arrays."""
        return _encoded(document_vectors(self.vectorizer, documents))

    def encode_queries(self, queries):
        """Return the vectors of queries: a csr_array, or a list of arrays."""
        return _encoded(vectors_of_queries(self.vectorizer, queries))

    __call__ = encode_documents


def _encoded(X):
    return sparse.csr_array(X) if sparse.issparse(X) else list(np.asarray(X, np.float32))


class MilvusCollection(Collection):
    """Passages in a collection of Milvus: a server, or the local file of milvus-lite.

    A fitted BM25 keeps its own weights there, which Milvus' own function would count anew for each
    segment.

    Parameters
    ----------
    client : pymilvus.MilvusClient
        An open one.
    name : str
        Of the collection; it is made where there is none.
    vectorizers : mapping from str to fitted vectorizer, or fitted vectorizer
        Under which names their vectors stand. One alone stands under "dense" or "sparse".
    dense_index : mapping, default=None
        How dense vectors are indexed where the collection is made, such as
        ``{"index_type": "HNSW", "params": {"M": 16, "efConstruction": 200}}``. None is "FLAT",
        which is exact.

    Raises
    ------
    ValueError
        If the collection holds vectors of other vectorizers.
    ImportError
        If pymilvus is not installed; it names the extra.

    Notes
    -----
    Texts have at most 65,535 bytes, and ids 512. Milvus refuses a sparse vector without entries:
    that of a text without a known word gets one in a column that no query has. Which vectorizers
    wrote the collection is kept in its properties.

    Examples
    --------
    >>> from textvec import BM25Vectorizer
    >>> texts = ["harbour view", "harbour and oysters", "skiing and snow"]
    >>> bm25 = BM25Vectorizer().fit(texts)
    >>> def hotels(client):
    ...     collection = MilvusCollection(client, "hotels", bm25)
    ...     collection.add(texts, ids=["Quay", "Pier", "Summit"])
    ...     return collection.search("oysters")
    """

    store = "Milvus"
    most_dimensions = 32_768
    own_fields = ("id", "text", "metadata")

    def __init__(self, client, name, vectorizers, dense_index=None):
        self.client = client
        self.dense_index = dense_index
        self._library = import_optional("pymilvus", "milvus")
        super().__init__(name, vectorizers)

    def remove(self, ids):
        """Forget passages; ids that are not there are none to forget.

        Parameters
        ----------
        ids : str or iterable of str
            What they are called.
        """
        self.client.delete(self.name, ids=[ids] if isinstance(ids, str) else list(ids))

    def __len__(self):
        (row,) = self.client.query(self.name, filter="", output_fields=["count(*)"])
        return int(row["count(*)"])

    def _known(self):
        if not self.client.has_collection(self.name):
            return ABSENT
        properties = self.client.describe_collection(self.name).get("properties") or {}
        return json.loads(properties["textvec"]) if "textvec" in properties else None

    def _create(self, signatures):
        kinds = self._library.DataType
        schema = self.client.create_schema(auto_id=False)
        schema.add_field("id", kinds.VARCHAR, is_primary=True, max_length=_ID_BYTES)
        schema.add_field("text", kinds.VARCHAR, max_length=_MOST_BYTES)
        schema.add_field("metadata", kinds.JSON)
        indexes = self.client.prepare_index_params()
        for key, signature in self.signatures.items():
            if self.is_sparse[key]:
                schema.add_field(key, kinds.SPARSE_FLOAT_VECTOR)
                indexes.add_index(key, index_type="SPARSE_INVERTED_INDEX", metric_type="IP")
            else:
                schema.add_field(key, kinds.FLOAT_VECTOR, dim=signature.width)
                metric = "COSINE" if self._metric(key) == "cosine" else "IP"
                indexes.add_index(
                    key, metric_type=metric, **(self.dense_index or {"index_type": "FLAT"})
                )
        self.client.create_collection(
            self.name,
            schema=schema,
            index_params=indexes,
            properties={"textvec": json.dumps(signatures)},
            consistency_level="Strong",
        )

    def _check_text(self, name, text):
        super()._check_text(name, text)
        size, most = len(text.encode()), _ID_BYTES if name.startswith("ids") else _MOST_BYTES
        if size > most:
            raise ValueError(
                f"{name} has {size} bytes, and Milvus holds {most}: cut it, such as by "
                "RecursiveTextSplitter."
            )

    def _write(self, ids, texts, metadata, views):
        vectors = {key: self._written(key, rows) for key, rows in views.items()}
        rows = [
            {"id": id, "text": texts[row], "metadata": metadata[row]}
            | {
                key: written[row] or {self.signatures[key].width: 1.0}
                for key, written in vectors.items()
            }
            for row, id in enumerate(ids)
        ]
        self.client.upsert(self.name, rows)

    def _written(self, key, rows):
        return to_dicts(rows) if self.is_sparse[key] else to_lists(rows)

    def _nearest(self, key, vector, k, where):
        (hits,) = self.client.search(
            self.name,
            self._written(key, vector),
            anns_field=key,
            filter=_filter(where),
            limit=k,
            output_fields=["text", "metadata"],
        )
        return _found(hits)

    def _vectors(self, ids, keys):
        rows = self.client.query(self.name, ids=ids, output_fields=["id", *keys])
        by_id = {row["id"]: row for row in rows}
        kept = [by_id[id] for id in ids]
        return [
            from_dicts(
                [
                    {c: v for c, v in one[key].items() if c < self.signatures[key].width}
                    for one in kept
                ],
                self.signatures[key].width,
            )
            if self.is_sparse[key]
            else np.array([one[key] for one in kept], np.float32)
            for key in keys
        ]


def _filter(where):
    """Return Milvus' expression; JSON writes its literals."""
    return " and ".join(
        f"({' or '.join(f'metadata[{json.dumps(key)}] == {json.dumps(one)}' for one in values)})"
        for key, values in where.items()
    )


def _found(hits):
    return [
        Found(hit["id"], hit["entity"]["text"], dict(hit["entity"]["metadata"]), hit["distance"])
        for hit in hits
    ]
