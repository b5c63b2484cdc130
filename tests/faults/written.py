"""What works of several tables write: a store, and a model with more positions."""

import json
from pathlib import Path

import numpy as np
import safetensors.numpy
from qdrant_client import QdrantClient

from textvec import BM25Vectorizer, LSAVectorizer, longer_positions
from textvec.integrations.qdrant import QdrantCollection

WORDS = BM25Vectorizer().fit(["sea view"])
MEANING = LSAVectorizer(vector_size=2, random_state=0).fit(["sea view", "sea", "view"])


def open_store(folder):
    """Open a store whose passages have two vectors each."""
    client = QdrantClient(path=str(folder))
    return QdrantCollection(client, "passages", {"words": WORDS, "meaning": MEANING})


def add_passages(store, rows):
    """Write passages of these numbers into a store."""
    texts = ["sea view " * (row % 3 + 1) for row in rows]
    store.add(texts, [{"row": row} for row in rows], [f"passage {row}" for row in rows])


def rows_of(store):
    """Return the numbers of the passages in a store; each must be whole."""
    points, _ = store.client.scroll("passages", limit=100_000, with_vectors=True)
    rows = [point.payload["metadata"]["row"] for point in points]
    for row, point in zip(rows, points):
        assert point.payload["id"] == f"passage {row}"
        assert point.payload["page_content"] == "sea view " * (row % 3 + 1)
        assert len(point.vector["words"].indices) == len(point.vector["meaning"]) == 2
    assert len(store) == len(rows)
    assert not rows or store.search("sea", k=1)[0].score > 0
    return sorted(rows)


def begin_model(folder):
    """Write what has positions to be made more, if it is not there."""
    begun = Path(folder, "begun")
    if not begun.exists():
        begun.mkdir()
        config = {"model_type": "bert", "max_position_embeddings": 64, "hidden_size": 16}
        (begun / "config.json").write_text(json.dumps(config))
        (begun / "tokenizer.json").write_text("{}")
        weights = {"embeddings.position_embeddings.weight": np.ones((64, 16), np.float32)}
        safetensors.numpy.save_file(weights, begun / "model.safetensors")
    return begun


def lengthen(folder):
    """Write a model of a quarter of a megabyte into a folder, of one that lies beside that."""
    longer_positions(begin_model(Path(folder).parent), 4_096, Path(folder, "model"))
