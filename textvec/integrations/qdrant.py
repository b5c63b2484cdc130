"""Qdrant: dense and sparse vectors side by side, fused by the store.

qdrant-client is the extra ``qdrant`` and is imported where it is used.
"""

import uuid

import numpy as np

from textvec._checks import import_optional
from textvec.integrations.passages import Found
from textvec.integrations.stores import ABSENT, RRF_K, Collection
from textvec.integrations.vectors import from_pairs, to_lists, to_pairs

_NAMESPACE = uuid.UUID("6b0d5a6e-6f0e-5c0b-9d6c-74657874766a")


class QdrantCollection(Collection):
    """Passages in a collection of Qdrant, on a server or in its local mode.

    A fitted BM25 keeps its own weights there: documents are weighed, queries counted, and Qdrant
    takes the dot product, without ``modifier=IDF``. The payload is laid out as langchain-qdrant
    has it, ``page_content`` and ``metadata``, so both may use one collection.

    Parameters
    ----------
    client : qdrant_client.QdrantClient
        An open one.
    name : str
        Of the collection; it is made where there is none.
    vectorizers : mapping from str to fitted vectorizer, or fitted vectorizer
        Under which names their vectors stand. One alone stands under "dense" or "sparse".

    Raises
    ------
    ValueError
        If the collection holds vectors of other vectorizers.
    ImportError
        If qdrant-client is not installed; it names the extra.

    Notes
    -----
    Ids of Qdrant's points are UUIDs: an id that is none is hashed to one, and kept in the payload.
    Local mode is exact; a server searches dense vectors by a graph, and sparse ones exactly. Which
    vectorizers wrote the collection is kept in its metadata.

    Examples
    --------
    >>> from importlib.util import find_spec
    >>> from textvec import BM25Vectorizer
    >>> texts = ["harbour view", "harbour and oysters", "skiing and snow"]
    >>> if find_spec("qdrant_client"):
    ...     from qdrant_client import QdrantClient
    ...     bm25 = BM25Vectorizer().fit(texts)
    ...     collection = QdrantCollection(QdrantClient(":memory:"), "hotels", bm25)
    ...     _ = collection.add(texts, ids=["Quay", "Pier", "Summit"])
    ...     assert collection.search("oysters")[0].id == "Pier"
    """

    store = "Qdrant"
    most_dimensions = 65_536

    def __init__(self, client, name, vectorizers):
        self.client = client
        self._models = import_optional("qdrant_client", "qdrant").models
        super().__init__(name, vectorizers)

    def remove(self, ids):
        """Forget passages; ids that are not there are none to forget.

        Parameters
        ----------
        ids : str or iterable of str
            What they are called.
        """
        points = [_point(id) for id in ([ids] if isinstance(ids, str) else ids)]
        self.client.delete(self.name, self._models.PointIdsList(points=points))

    def __len__(self):
        return self.client.count(self.name, exact=True).count

    def _known(self):
        if not self.client.collection_exists(self.name):
            return ABSENT
        return (self.client.get_collection(self.name).config.metadata or {}).get("textvec")

    def _create(self, signatures):
        models = self._models
        distances = {"cosine": models.Distance.COSINE, "dot": models.Distance.DOT}
        dense = {
            key: models.VectorParams(
                size=self.signatures[key].width, distance=distances[self._metric(key)]
            )
            for key in signatures
            if not self.is_sparse[key]
        }
        others = {key: models.SparseVectorParams() for key in signatures if self.is_sparse[key]}
        self.client.create_collection(
            self.name,
            vectors_config=dense,
            sparse_vectors_config=others or None,
            metadata={"textvec": signatures},
        )

    def _write(self, ids, texts, metadata, views):
        vectors = {key: self._written(key, rows) for key, rows in views.items()}
        points = [
            self._models.PointStruct(
                id=_point(id),
                vector={key: rows[row] for key, rows in vectors.items()},
                payload={"id": id, "page_content": texts[row], "metadata": metadata[row]},
            )
            for row, id in enumerate(ids)
        ]
        self.client.upsert(self.name, points, wait=True)

    def _written(self, key, rows):
        if not self.is_sparse[key]:
            return to_lists(rows)
        return [
            self._models.SparseVector(indices=columns, values=values)
            for columns, values in to_pairs(rows)
        ]

    def _nearest(self, key, vector, k, where):
        answer = self.client.query_points(
            self.name,
            query=self._written(key, vector)[0],
            using=key,
            query_filter=self._filter(where),
            limit=k,
        )
        return _found(answer)

    def _fused(self, views, k, depth, where):
        models = self._models
        prefetch = [
            models.Prefetch(
                query=self._written(key, vector)[0],
                using=key,
                filter=self._filter(where),
                limit=depth,
            )
            for key, vector in views.items()
        ]
        # Qdrant counts ranks from 0
        query = models.RrfQuery(rrf=models.Rrf(k=RRF_K + 1))
        return _found(self.client.query_points(self.name, prefetch=prefetch, query=query, limit=k))

    def _vectors(self, ids, keys):
        points = [_point(id) for id in ids]
        records = self.client.retrieve(self.name, points, with_payload=False, with_vectors=keys)
        by_point = {str(record.id): record.vector for record in records}
        kept = [by_point[point] for point in points]
        return [
            from_pairs(
                [(one[key].indices, one[key].values) for one in kept], self.signatures[key].width
            )
            if self.is_sparse[key]
            else np.array([one[key] for one in kept], np.float32)
            for key in keys
        ]

    def _filter(self, where):
        models = self._models

        def condition(key, value):
            if isinstance(value, float):
                return models.FieldCondition(key=key, range=models.Range(gte=value, lte=value))
            if value is None:
                return models.IsNullCondition(is_null=models.PayloadField(key=key))
            return models.FieldCondition(key=key, match=models.MatchValue(value=value))

        if not where:
            return None
        for key in where:
            if '"' in key:
                raise ValueError(f"Qdrant cannot ask for a key with quotes in it. Got {key!r}.")
        return models.Filter(
            must=[
                models.Filter(should=[condition(f'metadata."{key}"', one) for one in values])
                for key, values in where.items()
            ]
        )


def _point(id):
    """Return the UUID of a point."""
    try:
        return str(uuid.UUID(id))
    except ValueError:
        return str(uuid.uuid5(_NAMESPACE, id))


def _found(answer):
    return [
        Found(
            point.payload.get("id", str(point.id)),
            point.payload.get("page_content", ""),
            point.payload.get("metadata") or {},
            point.score,
        )
        for point in answer.points
    ]
