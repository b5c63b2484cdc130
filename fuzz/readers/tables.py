"""Readers of tasks, tables of items and corpora."""

import bz2
import gzip
import json
import lzma
from functools import partial

import numpy as np
import pandas as pd

from readers.reader import BETWEEN_FILES, HOTELS, VECTORIZER, Reader, check_message, put
from textvec import KeyedVectors
from textvec.cli.files import read_items, read_lines
from textvec.encoders.files import embed_table
from textvec.evaluate.tasks import Task, read_task
from textvec.text.corpus import read_documents


def task(content, folder, ending):
    """Read a task from one file.

    Parameters
    ----------
    content : bytes
        The file.
    folder : Path
        Where to write it.
    ending : str
        Of its name.
    """
    _check_task(put(folder / f"task{ending}", content))


def dictionary(content, folder):
    """Read pairs of words in the form of MUSE.

    Parameters
    ----------
    content : bytes
        The file.
    folder : Path
        Where to write it.
    """
    into = KeyedVectors([[1.0, 0.0]], ["sea"])
    path = put(folder / "words.txt", content)
    try:
        found = read_task(path, into=into)
    except ValueError:
        return
    assert all(type(word) is str and word.split() == [word] for word in found.words)
    assert len(found.words) == len(found.translations)
    assert set(found.evaluate(into)) == {"precision@1", "precision@5", "share known"}


def beir(content, folder):
    """Read a task from a folder of corpus, queries and judgements.

    Parameters
    ----------
    content : bytes
        The three files.
    folder : Path
        Where to write them.
    """
    (folder / "qrels").mkdir(exist_ok=True)
    names = ("corpus.jsonl", "queries.jsonl", "qrels/test.tsv")
    files = content.split(BETWEEN_FILES, 2)
    for name, file in zip(names, (*files, b"", b"")):
        put(folder / name, file)
    _check_task(folder)


def _check_task(path):
    try:
        found = read_task(path)
    except ValueError:
        return
    assert isinstance(found, Task)
    assert found.documents, "no documents"
    assert all(type(text) is str for text in found.documents), "a document is no text"
    assert read_task(path).documents == found.documents


def items(content, folder, ending):
    """Read a table of items and write a vector for each.

    Parameters
    ----------
    content : bytes
        The file.
    folder : Path
        Where to write it.
    ending : str
        Of its name.
    """
    path = put(folder / f"items{ending}", content)
    try:
        if ending == ".txt":
            table = read_lines(path, "utf-8")
        else:
            table, _ = read_items(path, "utf-8", {"--text": ["text"]})
    except ValueError as error:
        if str(path) not in str(error):
            raise
        return
    out = folder / "vectors.npz"
    try:
        vectors = embed_table(VECTORIZER, table, "text", out)
    except ValueError as error:
        if "no rows" not in str(error):
            raise
        return
    with np.load(out) as stored:
        assert stored["vectors"].tobytes() == vectors.tobytes()
    assert vectors.shape == (len(table), 3)
    assert np.isfinite(vectors).all()


_RECORDS = [
    {"query": "sea", "pos": ["sea view"], "neg": ["airport"]},
    {"text": "sea", "positive_text": "sea view", "negative_text": "airport"},
    {"text": "a", "scored_text": "b", "score": 1.5},
    {"text": "a", "human_summaries": ["b"], "machine_summaries": ["c", "d"], "scores": [1, 2]},
    {"text1": "a", "text2": "b", "label": 1},
    {"text1": "a", "text2": "b"},
    {"text": "海景", "label": "x"},
]
_CORPUS = {
    "corpus": {"d1": "sea view", "d2": "airport"},
    "queries": {"q": "sea"},
    "relevant_docs": {"q": {"d1": 1}},
}
_TASK_WORDS = (*_CORPUS, *{field for record in _RECORDS for field in record}, "_id", "title")


def json_seeds():
    """Return tasks as JSON.

    Returns
    -------
    list of bytes
    """
    return [json.dumps([record] * 2).encode() for record in _RECORDS] + [
        json.dumps(_CORPUS).encode(),
        json.dumps(_CORPUS | {"relevant_docs": {"q": ["d1"]}}).encode(),
    ]


def jsonl_seeds():
    """Return tasks as JSON lines.

    Returns
    -------
    list of bytes
    """
    return [(json.dumps(record, ensure_ascii=False) + "\n").encode() * 2 for record in _RECORDS]


def csv_seeds(separator=","):
    """Return tasks as tables.

    Parameters
    ----------
    separator : str, default=","
        What stands between cells.

    Returns
    -------
    list of bytes
    """
    frames = [pd.DataFrame([record] * 2) for record in _RECORDS]
    return [frame.to_csv(index=False, sep=separator).encode() for frame in frames]


def beir_seeds():
    """Return folders in BEIR's form.

    Returns
    -------
    list of bytes
    """
    corpus = b'{"_id": "d1", "title": "", "text": "sea view"}\n{"_id": "d2", "text": "airport"}\n'
    queries = b'{"_id": "q", "text": "sea"}\n{"_id": "r", "text": "other"}\n'
    judged = b"query-id\tcorpus-id\tscore\nq\td1\t1\nq\td2\t0\n"
    trec = b"q 0 d1 1\n".replace(b" ", b"\t")
    return [BETWEEN_FILES.join([corpus, queries, rels]) for rels in (judged, trec)]


def item_seeds(ending):
    """Return tables of items.

    Parameters
    ----------
    ending : str
        Of the file's name.

    Returns
    -------
    list of bytes
    """
    table = pd.DataFrame({"name": ["Quay", "码头"], "text": ["sea view", None], "stars": [1, 2]})
    match ending:
        case ".csv" | ".tsv":
            text = table.to_csv(index=False, sep="," if ending == ".csv" else "\t")
        case ".jsonl":
            text = table.to_json(orient="records", lines=True, force_ascii=False)
        case _:
            text = "\n".join(HOTELS)
    marked = text.encode("utf-8-sig"), text.encode("utf-16"), text.replace("\n", "\r\n").encode()
    return [text.encode(), *marked, *(csv_seeds() if ending == ".csv" else [])]


def corpus(content, folder):
    """Read a corpus of a document a line; the first byte chooses how it is compressed.

    Parameters
    ----------
    content : bytes
        The byte, then the file.
    folder : Path
        Where to write it.
    """
    ending = (".txt", ".gz", ".bz2", ".xz")[(content or b"\0")[0] % 4]
    path = put(folder / f"corpus{ending}", content[1:])
    try:
        documents = list(read_documents(path))
    except ValueError as error:
        check_message(error, path)
        return
    assert all(type(document) is str for document in documents)
    assert VECTORIZER.transform(path).shape == (len(documents), 3)


def corpus_seeds():
    """Return corpora, plain and compressed.

    Returns
    -------
    list of bytes
    """
    text = "\n".join(HOTELS).encode()
    packed = gzip.compress(text, mtime=0), bz2.compress(text), lzma.compress(text)
    plain = [b"\0" + one for one in (text, text.replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + text)]
    return plain + [bytes([number]) + one for number, one in enumerate(packed, start=1)]


TABLE_READERS = {
    "task_json": Reader(partial(task, ending=".json"), json_seeds, _TASK_WORDS, 0),
    "task_jsonl": Reader(partial(task, ending=".jsonl"), jsonl_seeds, _TASK_WORDS),
    "task_csv": Reader(partial(task, ending=".csv"), csv_seeds, _TASK_WORDS),
    "task_tsv": Reader(partial(task, ending=".tsv"), partial(csv_seeds, "\t"), _TASK_WORDS),
    "task_dictionary": Reader(dictionary, lambda: [b"sea\t\xe6\xb5\xb7\nsea sea\n"]),
    "task_beir": Reader(beir, beir_seeds, _TASK_WORDS),
    "corpus": Reader(corpus, corpus_seeds),
    "items_csv": Reader(partial(items, ending=".csv"), partial(item_seeds, ".csv"), ("text",)),
    "items_jsonl": Reader(
        partial(items, ending=".jsonl"), partial(item_seeds, ".jsonl"), ("text",)
    ),
    "items_txt": Reader(partial(items, ending=".txt"), partial(item_seeds, ".txt")),
}
