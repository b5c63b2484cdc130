"""What is fuzzed: a function and seeds for each reader of files, and what must hold.

A function takes the bytes of a file, or of several, and a folder to write them to. It raises
unless the reader either refuses them with a ValueError that names the file, or gives something
whole that comes back equal when it is saved and loaded. No fuzzer is needed here, so that the tests
run the seeds and damage of them, too.
"""

import bz2
import gzip
import io
import json
import lzma
import struct
import tempfile
import zipfile
from collections.abc import Callable
from functools import cache, partial
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

import textvec
from textvec import (
    BM25Vectorizer,
    ContentRecommender,
    CountVectorizer,
    DocumentVectorizer,
    ExactIndex,
    HashingVectorizer,
    JiebaTokenizer,
    KeyedVectors,
    LSAVectorizer,
    MinHashLSH,
    TfidfVectorizer,
    TreeIndex,
    load,
    persistence,
)
from textvec.cli.files import read_items, read_lines
from textvec.dense import vector_files
from textvec.dense.subwords import Subwords
from textvec.encoders.files import embed_table
from textvec.evaluate.tasks import Task, read_task
from textvec.text.corpus import read_documents

BETWEEN_FILES = b"\n===\n"  # where one input stands for several files
HOTELS = ["sea view", "quiet rooms near the sea", "airport hotel", "", "海边酒店"]
TABLE = KeyedVectors([[1, 2, 3], [0.5, -1, 1e-3], [0, 0, 1]], ["sea", "view", "酒店"], [5, 2, 1])
OPEN_TABLE = KeyedVectors(
    TABLE.vectors, TABLE.index_to_key, None, Subwords(np.eye(4, 3, dtype=np.float32), 2, 3, 2)
)
VECTORIZER = DocumentVectorizer(TABLE).fit(HOTELS)


class Reader(NamedTuple):
    """One thing to fuzz.

    Parameters
    ----------
    run : callable
        Takes bytes and a folder, raises if something is wrong.
    seeds : callable
        Returns a list of bytes to begin with.
    words : tuple of str, default=()
        What the fuzzer may put in.
    json_from : int or None, default=None
        Where the input is JSON, the byte from which: it is then changed as a tree, too.
    """

    run: Callable
    seeds: Callable
    words: tuple = ()
    json_from: int | None = None


def changed_tree(text, rng):
    """Return JSON with one thing in it replaced, left out or repeated.

    Parameters
    ----------
    text : bytes
        The JSON.
    rng : random.Random
        Chooses.

    Returns
    -------
    bytes or None
        None where the text is no JSON.
    """
    try:
        tree = [json.loads(text)]
    except (RecursionError, ValueError):
        return None
    places, open_nodes = [], [tree]
    while open_nodes:
        node = open_nodes.pop()
        children = node.items() if isinstance(node, dict) else enumerate(node)
        for key, child in children:
            places.append((node, key))
            if isinstance(child, list | dict):
                open_nodes.append(child)
    (node, key), (other, other_key) = rng.choice(places), rng.choice(places)
    match rng.randrange(4):
        case 0 if node is not tree:
            del node[key]
        case 1:
            node[key] = rng.choice(_ODD)
        case 2 if isinstance(node, list):
            node.append(json.loads(json.dumps(other[other_key])))  # a copy: not a circle
        case _:
            node[key] = json.loads(json.dumps(other[other_key]))
    return json.dumps(tree[0], ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")


_ODD = [None, True, 0, 1, -1, 2**31, 10**12, 10**30, 0.5, 1e300, float("nan"), "", "0.npy", [], {}]


def _put(path, content):
    path.write_bytes(content)
    return path


def _check_message(error, path):
    assert type(error) is ValueError, repr(error)
    assert str(path) in str(error), f"{error} does not name the file"


# ------------------------------------------------------------------------------- word vectors


def vectors(content, folder, **options):
    """Read a file of word vectors; the first byte of ``content`` chooses how.

    Parameters
    ----------
    content : bytes
        The byte, then the file.
    folder : Path
        Where to write it.
    **options
        Of ``KeyedVectors.load_word2vec_format``: the format.
    """
    flags, content = (content[:1] or b"\0")[0], content[1:]
    errors = ("strict", "replace", "ignore", "strict")[flags & 3]
    limit = 2 if flags & 4 else None
    dtype = np.float16 if flags & 8 else np.float32
    vector_files._BLOCK = 16 if flags & 16 else 1 << 22  # small ones end anywhere in a line
    path = _put(folder / "vectors", content)
    try:
        table = KeyedVectors.load_word2vec_format(
            path, limit=limit, unicode_errors=errors, datatype=dtype, **options
        )
    except ValueError as error:
        _check_message(error, path)
        return
    assert table.vectors.shape == (len(table.index_to_key), table.vector_size)
    assert np.isfinite(table.vectors).all()
    assert len(set(table.index_to_key)) == len(table)
    assert all(type(word) is str for word in table.index_to_key)
    assert limit is None or len(table) <= limit
    again = folder / "again"
    table.save(again)
    _check_same_table(load(again), table, dtype)
    writing = {"binary": options.get("binary", False), "write_header": "no_header" not in options}
    try:
        table.save_word2vec_format(again, **writing)
    except ValueError as error:
        if "end a word" not in str(error):  # white space, as some words of GloVe have
            raise
        return
    if len(table) or writing["write_header"]:
        back = KeyedVectors.load_word2vec_format(again, datatype=dtype, **options)
        _check_same_table(back, table, dtype)


def subword_vectors(content, folder, read):
    """Read a binary file of fastText or floret, or floret's table.

    Parameters
    ----------
    content : bytes
        The file.
    folder : Path
        Where to write it.
    read : str
        The method of ``KeyedVectors``.
    """
    path = _put(folder / "vectors", content)
    try:
        table = getattr(KeyedVectors, read)(path)
    except ValueError as error:
        _check_message(error, path)
        return
    words = [*table.index_to_key[:2], "seaview", "", "酒"]
    vectors = table[words] if table.subwords else table.vectors
    assert np.isfinite(table.vectors).all()
    assert len(set(table.index_to_key)) == len(table)
    again = folder / "again"
    table.save(again)
    back = load(again)
    _check_same_table(back, table, np.float32)
    if not table.subwords:
        assert back.subwords is None
        return
    assert back[words].tobytes() == vectors.tobytes()
    if table.subwords.hashes:
        table.save_floret_format(again)
        back = KeyedVectors.load_floret_format(again)
        assert back.subwords.rows.tobytes() == table.subwords.rows.tobytes()


def fasttext_seeds():
    """Return binary files of fastText and floret: with n-grams and without, with labels, packed.

    Returns
    -------
    list of bytes
    """
    seeds = []
    for version, model, max_n, mode in (
        (12, 1, 3, b""),
        (11, 3, 3, b""),
        (12, 2, 0, b""),
        (12, 2, 3, 2),
    ):
        mode = mode and struct.pack("<2i", mode, 2)
        entries = ((b"sea", 5, 0), ("酒店".encode(), 2, 0), (b"__label__x", 1, 1))
        rows = np.linspace(-1, 1, 2 * (2 + 4), dtype="<f4").tobytes()
        seeds.append(
            struct.pack("<2i11i", 793712314, version, 2, 5, 5, 1, 5, 1, 2, model, 4, 2, max_n)
            + mode
            + struct.pack("<id3i2q", 100, 1e-4, 3, 2, 1, 8, -1)
            + b"".join(word + struct.pack("<bqb", 0, *counted) for word, *counted in entries)
            + struct.pack("<?2q", False, 2 + 4, 2)
            + rows
        )
    return [*seeds, gzip.compress(seeds[0], mtime=0)]


def floret_seeds():
    """Return tables of floret, whole and packed.

    Returns
    -------
    list of bytes
    """
    table = b"3 2 2 3 2 2166136261 < >\n0 1 2\n1 0.5 -1\n2 1e-3 0\n"
    return [table, table.replace(b"0.5", b"nan"), bz2.compress(table)]


def _check_same_table(one, two, dtype):
    assert one.index_to_key == two.index_to_key
    assert one.vectors.dtype == two.vectors.dtype == dtype
    assert one.vectors.tobytes() == two.vectors.tobytes()


def vector_seeds(**options):
    """Return files of word vectors, whole and odd.

    Parameters
    ----------
    **options
        As of `vectors`.

    Returns
    -------
    list of bytes
    """
    binary, header = options.get("binary", False), "no_header" not in options
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "vectors")
        TABLE.save_word2vec_format(path, binary=binary, write_header=header)
        content = path.read_bytes()
    packed = gzip.compress(content, mtime=0), bz2.compress(content), lzma.compress(content)
    odd = [*packed, _zipped(content), content.replace(b"view", b"\xff\xe9")]
    odd += [content.replace(b"view", b"sea"), _zipped(content, b"another")]
    if header:
        odd += [content.replace(b"3 3", b"%d 3" % 10**12), content.replace(b"3 3", b"3 1048576")]
    if not binary:
        odd += [
            content.replace(b"\n", b"\r\n").replace(b" ", b"\t"),
            content.replace(b"-1", b"nan"),
        ]
        odd += [content.replace(b"view", b". . ."), content.replace(b"1", b"1e39")]
    return [bytes([flags]) + content for flags in (0, 1, 4, 8, 16, 30)] + [b"\0" + o for o in odd]


def _zipped(*contents):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in enumerate(contents):
            archive.writestr(zipfile.ZipInfo(str(name)), content, zipfile.ZIP_DEFLATED)
    return file.getvalue()


def counts(content, folder):
    """Read a file of words and their counts.

    Parameters
    ----------
    content : bytes
        The file.
    folder : Path
        Where to write it.
    """
    path, table = _put(folder / "counts", content), folder / "table"
    if not table.exists():
        TABLE.save_word2vec_format(table)
    try:
        found = KeyedVectors.load_word2vec_format(table, fvocab=path)
    except ValueError as error:
        _check_message(error, path)
        return
    assert found.counts.dtype == np.int64
    assert (found.counts >= 0).all()
    found.save_word2vec_format(folder / "again", fvocab=path)
    again = KeyedVectors.load_word2vec_format(table, fvocab=path)
    assert again.counts.tolist() == found.counts.tolist()


def count_seeds():
    """Return files of counts.

    Returns
    -------
    list of bytes
    """
    whole = "sea 3\nview 2\n酒店 1\nother 0\n".encode()
    return [whole, whole.replace(b" ", b"\t"), gzip.compress(whole, mtime=0), b"a b 1\n\xff 1\n"]


# ------------------------------------------------------------------------------- our own format


def model(content, folder):
    """Load the bytes of a model's file as they are.

    Parameters
    ----------
    content : bytes
        The file.
    folder : Path
        Where to write it.
    """
    _load(_put(folder / "model", content), folder)


def model_header(content, folder):
    """Load a file whose sums are right and whose header is a model described by the input.

    Parameters
    ----------
    content : bytes
        Which small model's arrays, in one byte; then the JSON of the model.
    folder : Path
        Where to write the file.
    """
    models = _encoded()
    _, parts = models[(content or b"\0")[0] % len(models)]
    _load(_signed(folder / "model", content[1:], parts), folder)


def model_part(content, folder):
    """Load a file whose sums are right and whose only array is the input.

    Parameters
    ----------
    content : bytes
        The ``.npy`` file of the array.
    folder : Path
        Where to write the file.
    """
    ragged = {"type": "object", "class": "Ragged", "state": {}}
    ragged["parameters"] = {"values": {"type": "array", "part": "0.npy"}, "ends": []}
    _load(_signed(folder / "model", json.dumps(ragged).encode(), {"0.npy": content}), folder)


def _load(path, folder):
    """Load a file; what loads is saved, loaded and saved again, and both files are equal."""
    loaded = []
    for mmap_mode in (None, "r"):
        try:
            loaded.append(load(path, mmap_mode))
        except ValueError as error:
            _check_message(error, path)
    assert len(loaded) in (0, 2), "memory and map disagree"
    files = []
    for value in loaded:
        persistence.save(value, folder / "once")
        files.append((folder / "once").read_bytes())
    if loaded:
        persistence.save(load(folder / "once"), folder / "twice")
        files.append((folder / "twice").read_bytes())
    assert len(set(files)) <= 1, "it does not come back equal"


def _signed(path, root, parts):
    sums = {name: {"sha256": sha256(part).hexdigest()} for name, part in parts.items()}
    head = {"format": "textvec", "format_version": persistence.FORMAT_VERSION}
    head = json.dumps(head | {"textvec_version": "0", "parts": sums}).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
        archive.writestr("header.json", head[:-1] + b', "root": ' + root + b"}")
    return path


def _small_models():
    """Yield models, and one that holds a value of every type."""
    table = pd.DataFrame(
        {
            "name": ["Quay", None],
            "stars": [1, 2],
            "style": pd.Categorical(["a", None]),
            "rooms": pd.array([1, None], dtype="Int64"),
            "since": pd.to_datetime(["2020-01-01", None]),
        }
    )
    odd = CountVectorizer()
    odd.values_ = [
        *(table, table["stars"], table.index, table.columns, pd.NaT, Path("folder/file")),
        *({1, 2}, frozenset("ab"), (1, 2.5), float("inf"), 1 + 2j, b"\0", np.float32(1)),
        *(np.dtype("<f8"), np.float32, str, np.array(["a", None], dtype=object)),
        np.array(["a", "\N{HOTEL}"], dtype=np.dtypes.StringDType()),
        {str(i): i for i in range(70)},
        [f"w{i}" for i in range(70)],
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        *(cls(np.eye(3)) for cls in persistence.classes.SPARSE_CLASSES.values()),
    ]
    yield from (odd, CountVectorizer(), HashingVectorizer(n_features=16))
    yield from (cls().fit(HOTELS) for cls in (CountVectorizer, TfidfVectorizer, BM25Vectorizer))
    yield TfidfVectorizer(tokenizer=JiebaTokenizer(), token_pattern=None).fit(HOTELS)
    yield from (TABLE, OPEN_TABLE, DocumentVectorizer(TABLE, pooling="idf").fit(HOTELS))
    yield LSAVectorizer(vector_size=2, random_state=0).fit(HOTELS)
    yield from (ExactIndex().fit(np.eye(4, dtype=np.float32)), ContentRecommender().fit(HOTELS))
    yield from (MinHashLSH(n_permutations=8).fit(HOTELS), TreeIndex().fit(np.eye(4)))


@cache
def _encoded():
    """Return the JSON of each small model, and the bytes of its parts by name."""
    models = []
    for value in _small_models():
        writer = persistence.encoding.Encoder()
        root = json.dumps(writer.encode(value, "seed"), ensure_ascii=False).encode()
        parts = {}
        for name, array in writer.parts.items():
            file = io.BytesIO()
            np.lib.format.write_array(file, array, allow_pickle=False)
            parts[name] = file.getvalue()
        models.append((root, parts))
    return models


def header_seeds():
    """Return the JSON of small models, after the number of each.

    Returns
    -------
    list of bytes
    """
    return [bytes([number]) + root for number, (root, _) in enumerate(_encoded())]


def model_seeds():
    """Return files of small models.

    Returns
    -------
    list of bytes
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model")
        files = []
        for value in _small_models():
            persistence.save(value, path)
            files.append(path.read_bytes())
    return sorted(files, key=len)


def part_seeds():
    """Return arrays as ``.npy`` files, among them some that promise too much.

    Returns
    -------
    list of bytes
    """
    whole = sorted({part for _, parts in _encoded() for part in parts.values()}, key=len)
    huge = [whole[0].replace(b"(", b"(1000000000000, 1", 1), whole[0].replace(b"|u1", b"<U0")]
    return whole + huge


def _node_words():
    prefixes = ("_read_", "_values_of_")
    names = [name for name in dir(persistence.decoding.Decoder) if name.startswith(prefixes)]
    kinds = {name.removeprefix("_read_").removeprefix("_values_of_") for name in names}
    kinds = sorted(kind for kind in kinds if not kind.startswith("_"))
    entries = ("type", "class", "part", "items", "values", "keys", "shape", "state", "parameters")
    classes = sorted({*textvec.__all__, *persistence.classes._WITHIN})
    return (*kinds, *entries, *classes, *persistence.classes.SPARSE_CLASSES)


# ------------------------------------------------------------------------------- tables and tasks


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
    _check_task(_put(folder / f"task{ending}", content))


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
    path = _put(folder / "words.txt", content)
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
        _put(folder / name, file)
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
    path = _put(folder / f"items{ending}", content)
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


# ------------------------------------------------------------------------------- corpora


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
    path = _put(folder / f"corpus{ending}", content[1:])
    try:
        documents = list(read_documents(path))
    except ValueError as error:
        _check_message(error, path)
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


READERS = {
    "word2vec_text": Reader(vectors, vector_seeds, ("nan", "1e39", "\n", "\r\n", " ")),
    "word2vec_binary": Reader(partial(vectors, binary=True), partial(vector_seeds, binary=True)),
    "glove": Reader(partial(vectors, no_header=True), partial(vector_seeds, no_header=True)),
    "fasttext": Reader(
        partial(subword_vectors, read="load_fasttext_format"), fasttext_seeds, ("\0", "</s>")
    ),
    "floret": Reader(
        partial(subword_vectors, read="load_floret_format"), floret_seeds, ("2166136261 < >",)
    ),
    "word_counts": Reader(counts, count_seeds),
    "model": Reader(model, model_seeds, ("PK\x01\x02", "PK\x03\x04", "PK\x05\x06", "header.json")),
    "model_header": Reader(model_header, header_seeds, _node_words(), 1),
    "model_part": Reader(model_part, part_seeds, ("<f8", "|O", "<U0", "M8[us]", "True", "10")),
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
