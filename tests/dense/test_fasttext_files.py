"""Files of fastText and floret: vectors as their own tools give them, and files that lie."""

import gzip
import re
import struct

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from textvec import KeyedVectors, Word2Vec
from textvec.dense import fasttext_files
from textvec.dense.subwords import Subwords

WORDS = ["</s>", "cat", "naïve", "酒店", "internationalization-of-things"]
UNSEEN = ["catty", "a", "酒店房", "", "😀x", "zzz"]
SIZE, BUCKETS = 4, 30


def binary(
    words=WORDS, labels=(), min_n=2, max_n=4, mode=None, hashes=1, version=12, model=2, pruned=-1,
    quantised=False, shape=None, size=SIZE, n_words=None, kind=None, counts=None,
):  # fmt: skip
    """Return a file as the top of the module describes it, and its rows."""
    raw = [word if isinstance(word, bytes) else word.encode() for word in [*words, *labels]]
    rows = np.random.default_rng(0).normal(size=(len(words) + BUCKETS, SIZE)).astype("<f4")
    extra = b"" if mode is None else struct.pack("<2i", mode, hashes)
    n_words = len(words) if n_words is None else n_words
    counts = range(len(raw), 0, -1) if counts is None else counts
    entries = [
        word + b"\0" + struct.pack("<qb", count, i >= len(words) if kind is None else kind)
        for i, (word, count) in enumerate(zip(raw, counts))
    ]
    content = b"".join(
        [
            struct.pack("<2i", 793712314, version),
            struct.pack("<11i", size, 5, 5, 1, 5, 1, 2, model, BUCKETS, min_n, max_n),
            extra,
            struct.pack("<id", 100, 1e-4),
            struct.pack("<3i2q", len(raw), n_words, len(labels), 1000, pruned),
            *entries,
            struct.pack("<?2q", quantised, *(rows.shape if shape is None else shape)),
            rows.tobytes(),
            struct.pack("<?2q", False, len(words), SIZE) + bytes(4 * SIZE * len(words)),
        ]
    )
    return content, rows


def mean_of(rows, word, own, min_n, max_n, hashes):
    """Return a word's vector; which rows n-grams have is for the tests of kernels to say."""
    cut = Subwords(np.zeros((BUCKETS, 1), np.float32), min_n, max_n, hashes)
    parts = cut.parts_of([word]).values
    chosen = [*own, *rows[len(WORDS) + parts]]
    return np.mean(chosen, axis=0) if chosen else np.zeros(SIZE)


def written(path, **options):
    content, rows = binary(**options)
    path.write_bytes(content)
    return rows


@pytest.mark.parametrize("version", [11, 12])
def test_fasttext_has_rows_of_words_among_those_of_ngrams(tmp_path, version):
    rows = written(tmp_path / "model.bin", version=version, labels=["__label__x"])
    table = KeyedVectors.load_fasttext_format(tmp_path / "model.bin")
    assert table.index_to_key == WORDS
    assert table.counts.tolist() == [6, 5, 4, 3, 2]
    for i, word in enumerate(WORDS):
        assert_allclose(table[word], mean_of(rows, word, rows[i : i + 1], 2, 4, 0), atol=1e-6)
    for word in UNSEEN:
        assert_allclose(table[word], mean_of(rows, word, [], 2, 4, 0), atol=1e-6)
    assert "catty" not in table


@pytest.mark.parametrize("hashes", [1, 4])
def test_floret_has_rows_of_ngrams_alone(tmp_path, hashes):
    rows = written(tmp_path / "model.bin", mode=2, hashes=hashes)
    table = KeyedVectors.load_fasttext_format(tmp_path / "model.bin")
    assert_allclose(table["</s>"], rows[0], atol=1e-6)
    for word in WORDS[1:] + UNSEEN:
        assert_allclose(table[word], mean_of(rows, word, [], 2, 4, hashes), atol=1e-6)


def test_floret_may_write_fasttext(tmp_path):
    rows = written(tmp_path / "one", mode=1, hashes=1)
    written(tmp_path / "other")
    one, other = (KeyedVectors.load_fasttext_format(tmp_path / name) for name in ("one", "other"))
    assert_array_equal(one.vectors, other.vectors)
    assert_array_equal(one.subwords.rows, rows[len(WORDS) :])


def test_files_of_words_alone(tmp_path):
    for options in ({"max_n": 0}, {"model": 3, "version": 11}, {"min_n": 4, "max_n": 3}):
        rows = written(tmp_path / "model.bin", **options)
        table = KeyedVectors.load_fasttext_format(tmp_path / "model.bin")
        assert_array_equal(table.vectors, rows[: len(WORDS)])
        assert table.subwords is None


@pytest.mark.parametrize("model", ["skipgram", "cbow", "supervised"])
@pytest.mark.parametrize(
    "given", [{"mode": "fasttext"}, {"mode": "floret"}, {"mode": "floret", "hashCount": 3}]
)
def test_vectors_are_those_of_the_tools(tmp_path, model, given):
    import floret

    rng = np.random.default_rng(0)
    words = [a + b for a in ["sea", "room", "酒", "é"] for b in ("ing", "side", "s", "店", "")]
    texts = [" ".join(rng.choice(words, 12)) for _ in range(200)]
    text, path = tmp_path / "text", tmp_path / "model"
    options = {"dim": 8, "minn": 2, "maxn": 4, "bucket": 300, "minCount": 1, "epoch": 1}
    options |= {"verbose": 0, "thread": 1, **given}
    if model == "supervised":
        text.write_text(
            "\n".join(f"__label__{i % 2} {one}" for i, one in enumerate(texts)), "utf-8"
        )
        theirs = floret.train_supervised(str(text), **options)
    else:
        text.write_text("\n".join(texts), "utf-8")
        theirs = floret.train_unsupervised(str(text), model=model, **options)
    theirs.save_model(str(path))
    table = KeyedVectors.load_fasttext_format(path)
    asked = [*words, *UNSEEN, "seaside-rooms"]
    expected = np.array([theirs.get_word_vector(word) for word in asked])
    assert set(table.index_to_key) == set(theirs.get_words())
    assert_allclose(table[asked], expected, rtol=0, atol=1e-6)
    if given["mode"] == "fasttext":  # as fastText itself would have written it
        content = path.read_bytes()
        path.write_bytes(content[:52] + content[60:])
        again = KeyedVectors.load_fasttext_format(path)
        assert_array_equal(again[asked], table[asked])
    else:
        theirs.save_floret_vectors(str(path))
        again = KeyedVectors.load_floret_format(path)
        assert_allclose(again[asked], expected, rtol=0, atol=1e-4 * np.abs(expected).max())
        table.save_floret_format(path)
        again = KeyedVectors.load_floret_format(path)
        assert_allclose(again[asked], expected, rtol=0, atol=1e-6)


def test_packed_and_read_in_small_blocks(tmp_path, monkeypatch):
    written(tmp_path / "model.bin")
    table = KeyedVectors.load_fasttext_format(tmp_path / "model.bin")
    packed = tmp_path / "model.bin.gz"
    packed.write_bytes(gzip.compress((tmp_path / "model.bin").read_bytes()))
    monkeypatch.setattr(fasttext_files, "_BLOCK", 16)
    for path in (packed, tmp_path / "model.bin"):
        again = KeyedVectors.load_fasttext_format(path)
        assert_array_equal(again.vectors, table.vectors)
        assert_array_equal(again.subwords.rows, table.subwords.rows)


def test_ngrams_are_those_of_bytes(tmp_path):
    words = [*WORDS[:2], b"na\xefve"]
    written(tmp_path / "model.bin", words=words)
    with pytest.raises(ValueError, match=r"model.bin, word 2: the word .* is not utf-8"):
        KeyedVectors.load_fasttext_format(tmp_path / "model.bin")
    latin = KeyedVectors.load_fasttext_format(tmp_path / "model.bin", encoding="latin-1")
    other = KeyedVectors.load_fasttext_format(tmp_path / "model.bin", unicode_errors="replace")
    assert latin.index_to_key[2] == "naïve"
    assert other.index_to_key[2] == "na\ufffdve"
    assert_array_equal(latin.vectors, other.vectors)


# ------------------------------------------------------------------------------ files that lie


def test_a_file_cut_short_anywhere_says_so(tmp_path):
    content, rows = binary()
    path = tmp_path / "model.bin"
    n_needed = content.index(rows.tobytes()) + rows.nbytes
    for n_bytes in [*range(0, n_needed, 7), n_needed - 1]:
        path.write_bytes(content[:n_bytes])
        with pytest.raises(ValueError, match=f"byte {n_bytes}: the file ends here"):
            KeyedVectors.load_fasttext_format(path)
    path.write_bytes(content[:n_needed])
    assert len(KeyedVectors.load_fasttext_format(path)) == len(WORDS)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"version": 13}, "byte 4: the version must be 11 or 12. Got 13"),
        ({"size": 0}, "the vector size must be between 1 and 1048576. Got 0"),
        ({"size": 2**31 - 1}, "the vector size must be between 1 and"),
        ({"size": 5}, "there must be 35 rows of 5 numbers. Got 35 of 4 instead"),
        ({"max_n": 2**31 - 1}, "maxn must be between 0 and 100"),
        ({"pruned": 0}, r"quantised \(.ftz\), which is not supported"),
        ({"quantised": True}, r"quantised \(.ftz\), which is not supported"),
        ({"shape": (2**62, SIZE)}, "there must be 35 rows of 4 numbers. Got 4611686018427387904"),
        ({"shape": (34, SIZE)}, "there must be 35 rows of 4 numbers. Got 34"),
        ({"n_words": 2**31 - 1}, "words and 0 labels cannot be 5 entries"),
        ({"n_words": 4, "labels": ["x"]}, "4 words and 1 labels cannot be 6 entries"),
        ({"kind": 1}, "entry 0 is of the wrong kind, 1"),
        ({"words": ["a", "a"]}, "word 1: 'a' is word 0, too"),
        ({"words": [""]}, "word 0 is b'', seen 1 times"),
        ({"words": ["x" * 70_000]}, "no word ends within 65536 bytes"),
        ({"words": ["a"], "counts": [-1]}, "word 0 is b'a', seen -1 times"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path, options, message):
    written(tmp_path / "model.bin", **options)
    with pytest.raises(ValueError, match=f"model.bin.*{message}"):
        KeyedVectors.load_fasttext_format(tmp_path / "model.bin")


def test_numbers_must_be_finite(tmp_path):
    content, rows = binary()
    place = content.index(rows.tobytes())
    for row in (1, len(WORDS) + 1):
        at = place + 4 * SIZE * row
        (tmp_path / "model").write_bytes(content[:at] + b"\0\0\xc0\x7f" + content[at + 4 :])
        with pytest.raises(ValueError, match=f"byte {at}: the number is nan, which is not finite"):
            KeyedVectors.load_fasttext_format(tmp_path / "model")


def test_unknown_encodings_are_refused(tmp_path):
    with pytest.raises(ValueError, match="encoding must be one .*unknown encoding: utf9"):
        KeyedVectors.load_fasttext_format(tmp_path / "words.bin", encoding="utf9")


def test_text_is_no_binary_file(tmp_path):
    (tmp_path / "model.vec").write_text("3 2\nsea 1 2\n" * 10)
    with pytest.raises(ValueError, match="byte 0: the file does not begin as fastText's do"):
        KeyedVectors.load_fasttext_format(tmp_path / "model.vec")


HEAD = "2 3 2 4 1 2166136261 < >\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2 3\n0 1 2 3\n1 4 5 6\n", "line 1: expected the header of a table of floret"),
        ("", "line 1: expected the header"),
        (HEAD.replace("2166136261", "7"), "line 1: only the hash of seed 2166136261"),
        (HEAD.replace("<", "["), "line 1: only the hash of seed .* between < and >"),
        (HEAD.replace("2 4 1", "5 4 1"), "line 1: minn must be between 0 and 4. Got 5"),
        (HEAD.replace("4 1 ", "4 5 "), "line 1: hashCount must be between 1 and 4. Got 5"),
        (HEAD.replace("4 1 ", "4 0 "), "line 1: hashCount must be between 1 and 4. Got 0"),
        (HEAD.replace("2 3", "0 3"), "line 1: buckets must be between 1 and"),
        (
            HEAD.replace("2 3", "999999999 3") + "0 1 2 3\n",
            "ends after line 2 with 1 of the 999999999",
        ),
        (HEAD + "0 1 2 3\n1 4 5\n", "line 3: 2 numbers, and the header says 3"),
        (HEAD + "0 1 2 3\n1 4 5 6 7\n", "line 3"),
        (HEAD + "0 1 2 3\n0 4 5 6\n", "line 3: expected row 1. Got b'0'"),
        (HEAD + "0 1 2 3\n1 4 nan 6\n", "line 3: number 2 of '1' is nan"),
        (HEAD + "0 1 2 3\n1 4 5 6\n2 1 1 1\n", "line 4: the header promises 2 vectors"),
    ],
)
def test_floret_tables_that_are_wrong(tmp_path, text, message):
    path = tmp_path / "table.floret"
    path.write_text(text)
    with pytest.raises(ValueError, match=re.escape(str(path)) + f".*{message}"):
        KeyedVectors.load_floret_format(path)


def test_what_has_no_place_in_a_floret_table(tmp_path):
    texts = [["sea", "view"], ["sea", "breeze"], ["view", "breeze"]] * 9
    model = Word2Vec(4, min_count=1, sample=0, random_state=0, min_n=2, max_n=3, buckets=20)
    table = model.fit(texts).keyed_vectors_
    with pytest.warns(UserWarning, match="3 of the 3 words have vectors beside"):
        table.save_floret_format(tmp_path / "table.floret.gz")
    again = KeyedVectors.load_floret_format(tmp_path / "table.floret.gz")
    assert_array_equal(again["seaview"], table["seaview"])
    with pytest.raises(ValueError, match="this one has no subwords: train with max_n"):
        KeyedVectors(table.vectors, table.index_to_key).save_floret_format(tmp_path / "none")
    written(tmp_path / "model.bin")
    with pytest.raises(ValueError, match="those of fastText's hash"):
        KeyedVectors.load_fasttext_format(tmp_path / "model.bin").save_floret_format("none")
