"""Readers of word vectors: word2vec, GloVe, fastText, floret, and counts."""

import bz2
import gzip
import io
import lzma
import struct
import tempfile
import zipfile
from functools import partial
from pathlib import Path

import numpy as np

from readers.reader import TABLE, Reader, check_message, put
from textvec import KeyedVectors, load
from textvec.dense import vector_files


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
    path = put(folder / "vectors", content)
    try:
        table = KeyedVectors.load_word2vec_format(
            path, limit=limit, unicode_errors=errors, datatype=dtype, **options
        )
    except ValueError as error:
        check_message(error, path)
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
    path = put(folder / "vectors", content)
    try:
        table = getattr(KeyedVectors, read)(path)
    except ValueError as error:
        check_message(error, path)
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
    path, table = put(folder / "counts", content), folder / "table"
    if not table.exists():
        TABLE.save_word2vec_format(table)
    try:
        found = KeyedVectors.load_word2vec_format(table, fvocab=path)
    except ValueError as error:
        check_message(error, path)
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


VECTOR_READERS = {
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
}
