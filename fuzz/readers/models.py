"""Readers of our own format: bytes as they are, headers and parts whose sums are right."""

import io
import json
import tempfile
import zipfile
from functools import cache
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd

import textvec
from readers.reader import HOTELS, OPEN_TABLE, TABLE, Reader, check_message, check_plain, put
from textvec import (
    BM25Vectorizer,
    CollectedTerms,
    ContentRecommender,
    CountVectorizer,
    DocumentVectorizer,
    ExactIndex,
    HashingVectorizer,
    JiebaTokenizer,
    LSAVectorizer,
    MinHashLSH,
    TfidfVectorizer,
    TreeIndex,
    load,
    persistence,
)


def model(content, folder):
    """Load the bytes of a model's file as they are.

    Parameters
    ----------
    content : bytes
        The file.
    folder : Path
        Where to write it.
    """
    _load(put(folder / "model", content), folder)


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


def collected(content, folder):
    """Read statistics of terms whose sums are right, add them up, and fit on them.

    Parameters
    ----------
    content : bytes
        The parameters of `CollectedTerms` as JSON, the terms as text of Latin-1.
    folder : Path
        Where to write the file.
    """
    try:
        said = json.loads(content)
        said["text"] = np.frombuffer(said["text"].encode("latin-1"), np.uint8)
        for name in _COUNTED:
            said[name] = np.array(said[name], said.pop(f"type of {name}"))
        said["max_missing"] = tuple(said["max_missing"])
        part = CollectedTerms(**said)
    except Exception:  # there is no such part
        return
    path = folder / "part"
    try:
        persistence.save(part, path)
        part = load(path)
    except (TypeError, ValueError, RecursionError) as error:
        if path.exists():
            check_message(error, path)
            path.unlink()
        return
    terms = part.terms()
    assert sorted({*terms}) == terms, "terms are not in order"
    assert all(type(term) is str for term in terms)
    try:
        both = CollectedTerms.merge([part, path])
    except ValueError as error:
        check_plain(error, "nan")  # a setting that is not what it is itself
        return
    assert both.n_documents == 2 * part.n_documents
    assert both.to_frame()["documents"].tolist() == [2 * n for n in part.document_frequencies]
    try:
        vectorizer = TfidfVectorizer(min_df=2).fit_collected([part, part])
    except ValueError as error:
        check_plain(error)
    else:
        assert set(vectorizer.vocabulary_) <= set(terms)
        assert np.isfinite(vectorizer.transform(HOTELS).data).all()
    path.unlink()


_COUNTED = ("lengths", "document_frequencies", "collection_frequencies")


def collected_seeds():
    """Return statistics of terms, in one bound and in none.

    Returns
    -------
    list of bytes
    """
    seeds = []
    for max_terms in (None, 2):
        part = TfidfVectorizer().collect(HOTELS, max_terms)
        said = {name: value for name, value in vars(part).items() if not name.startswith("_")}
        said["text"] = part.text.tobytes().decode("latin-1")
        for name in _COUNTED:
            said |= {name: said[name].tolist(), f"type of {name}": "u1"}
        seeds.append(json.dumps(said).encode())
    return seeds


def _load(path, folder):
    """Load a file; what loads is saved, loaded and saved again, and both files are equal."""
    loaded = []
    for mmap_mode in (None, "r"):
        try:
            loaded.append(load(path, mmap_mode))
        except ValueError as error:
            check_message(error, path)
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
    yield CountVectorizer().collect(HOTELS)
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


MODEL_READERS = {
    "collected": Reader(collected, collected_seeds, ("u1", "u8", "i8", "O", "\\u00e9"), 0),
    "model": Reader(model, model_seeds, ("PK\x01\x02", "PK\x03\x04", "PK\x05\x06", "header.json")),
    "model_header": Reader(model_header, header_seeds, _node_words(), 1),
    "model_part": Reader(model_part, part_seeds, ("<f8", "|O", "<U0", "M8[us]", "True", "10")),
}
