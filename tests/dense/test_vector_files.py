"""Files of word vectors: gensim's both ways, to the bit; what is wrong is named, by its place."""

import bz2
import gzip
import io
import lzma
import tracemalloc
import zipfile
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

import textvec
from textvec import KeyedVectors
from textvec.dense import compressed_files, vector_files

NUMBERS = np.random.default_rng(0).normal(size=(300, 6)).astype(np.float32)
WORDS = [f"word{i}" for i in range(297)] + ["海景", "café", "\N{HOTEL}"]
TABLE = KeyedVectors(NUMBERS, WORDS, np.arange(300, 0, -1))

ROW = b" 1 2 3\n"
TEXT = b"4 3\n" + b"a" + ROW + b"b" + ROW + b"c" + ROW + b"d" + ROW
VECTOR = np.array([1, 2, 3], "<f4").tobytes()
BINARY = b"3 3\n" + b"a " + VECTOR + b"\nb " + VECTOR + b"\nc " + VECTOR + b"\n"


def load(path, content, **options):
    path.write_bytes(content)
    return KeyedVectors.load_word2vec_format(path, **options)


def assert_same(got, expected):
    assert got.index_to_key == expected.index_to_key
    assert got.vectors.dtype == expected.vectors.dtype
    assert got.vectors.tobytes() == expected.vectors.tobytes()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "vectors"


@pytest.fixture(params=[1 << 22, 50, 1000])
def any_block(request, monkeypatch):
    """Blocks that hold the whole file, less than a line, and some lines."""
    monkeypatch.setattr(vector_files, "_BLOCK", request.param)


# ------------------------------------------------------------------------------- round trips


@pytest.mark.usefixtures("any_block")
@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("binary", [True, False])
def test_gensim_reads_what_we_write(binary, suffix, tmp_path):
    gensim = pytest.importorskip("gensim.models")
    path = tmp_path / f"vectors{suffix}"
    TABLE.save_word2vec_format(path, tmp_path / "counts", binary)
    theirs = gensim.KeyedVectors.load_word2vec_format(
        str(path), str(tmp_path / "counts"), binary=binary
    )
    assert_same(KeyedVectors.from_gensim(theirs), TABLE)
    assert_array_equal(theirs.expandos["count"], TABLE.counts)
    assert (path.read_bytes()[:2] == b"\x1f\x8b") == (suffix == ".gz")


@pytest.mark.usefixtures("any_block")
@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("binary", [True, False])
def test_we_read_what_gensim_writes(binary, suffix, tmp_path):
    pytest.importorskip("gensim")
    path, renamed = str(tmp_path / f"vectors{suffix}"), tmp_path / "renamed"
    theirs = TABLE.to_gensim()
    theirs.save_word2vec_format(path, str(tmp_path / "counts"), binary=binary)
    (tmp_path / f"vectors{suffix}").rename(renamed)  # gzip is known by its bytes
    ours = KeyedVectors.load_word2vec_format(renamed, tmp_path / "counts", binary=binary)
    assert_same(ours, TABLE)
    assert_array_equal(ours.counts, TABLE.counts)
    assert KeyedVectors.load_word2vec_format(renamed, binary=binary).counts is None
    short = KeyedVectors.load_word2vec_format(renamed, binary=binary, limit=5)
    assert_same(short, KeyedVectors(NUMBERS[:5], WORDS[:5]))
    half = KeyedVectors.load_word2vec_format(renamed, binary=binary, datatype=np.float16)
    assert_same(half, KeyedVectors(NUMBERS.astype(np.float16), WORDS))


@pytest.mark.usefixtures("any_block")
def test_glove_and_fasttext(path):
    pytest.importorskip("gensim")
    TABLE.to_gensim().save_word2vec_format(str(path), write_header=False)
    assert_same(KeyedVectors.load_word2vec_format(path, no_header=True), TABLE)
    short = KeyedVectors.load_word2vec_format(path, no_header=True, limit=7)
    assert_same(short, KeyedVectors(NUMBERS[:7], WORDS[:7]))
    theirs = path.read_bytes().splitlines()
    TABLE.save_word2vec_format(path, write_header=False)
    ours = path.read_bytes().splitlines()
    assert [line.split()[0] for line in ours] == [line.split()[0] for line in theirs]
    # fastText ends each line with a space
    fasttext = b"300 6\n" + b"".join(line + b" \n" for line in ours)
    assert_same(load(path, fasttext), TABLE)


def test_half_precision_is_written_in_few_digits(path):
    half = KeyedVectors(NUMBERS.astype(np.float16), WORDS)
    half.save_word2vec_format(path)
    assert len(path.read_bytes()) < 300 * 70
    assert_same(KeyedVectors.load_word2vec_format(path, datatype=np.float16), half)


numbers = st.floats(width=32, allow_nan=False, allow_infinity=False)
odd_characters = st.characters(exclude_categories=["Cs"], exclude_characters=" \n\t\r\v\f")
words = st.text(odd_characters, min_size=1)


@settings(max_examples=80)
@given(st.data())
def test_what_is_written_comes_back(tmp_path_factory, data):
    drawn = data.draw(st.lists(words, min_size=1, max_size=8, unique=True))
    size = data.draw(st.integers(1, 4))
    cells = data.draw(st.lists(numbers, min_size=len(drawn) * size, max_size=len(drawn) * size))
    table = KeyedVectors(np.array(cells, np.float32).reshape(-1, size), drawn)
    path = tmp_path_factory.mktemp("drawn") / "vectors"
    binary = data.draw(st.booleans())
    table.save_word2vec_format(path, binary=binary)
    assert_same(KeyedVectors.load_word2vec_format(path, binary=binary), table)


@pytest.mark.filterwarnings("ignore:.*come again and are left out")
@settings(max_examples=150)
@given(st.data())
def test_damage_is_an_error_or_harmless(tmp_path_factory, data):
    """Whatever the bytes, there is a whole table or a ValueError."""
    binary = data.draw(st.booleans())
    content = bytearray(BINARY if binary else TEXT)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(content)))
        end = data.draw(st.integers(place, len(content)))
        content[place:end] = data.draw(st.binary(max_size=6))
    path = tmp_path_factory.mktemp("damaged") / "vectors"
    try:
        table = load(path, bytes(content), binary=binary)
    except ValueError as error:
        told = str(error)
    else:
        told = str(path)
        assert table.vectors.shape == (len(table.index_to_key), table.vector_size)
        assert np.isfinite(table.vectors).all()
    assert str(path) in told


@pytest.mark.filterwarnings("ignore:.*come again and are left out")
@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize(
    "flips", [(0x01, 0x10, 0x80, 0xFF), pytest.param(range(1, 256), marks=pytest.mark.slow)]
)
def test_every_one_byte_flip_is_an_error_or_a_whole_table(flips, binary, path):
    """No sums guard such files: what is still well-formed is read as it stands."""
    content, n_read = BINARY if binary else TEXT, 0
    for i in range(len(content)):
        for bits in flips:
            damaged = bytearray(content)
            damaged[i] ^= bits
            try:
                table = load(path, bytes(damaged), binary=binary)
            except ValueError as error:
                assert str(path) in str(error)  # noqa: PT017
            else:
                n_read += 1
                assert table.vectors.shape == (len(table.index_to_key), table.vector_size)
                assert np.isfinite(table.vectors).all()
    assert n_read < len(content) * len(flips)


@pytest.mark.filterwarnings("ignore:.*come again and are left out")
@pytest.mark.parametrize("binary", [True, False])
def test_every_truncation_is_an_error_or_lost_white_space(binary, path):
    content = BINARY if binary else TEXT.replace(b" 2 3\n", b" 2 345\n")
    whole = load(path, content, binary=binary)
    for length in range(len(content)):
        try:
            table = load(path, content[:length], binary=binary)
        except ValueError as error:
            assert str(path) in str(error)  # noqa: PT017
        else:  # of a text the last number may have lost digits: nothing can tell
            assert table.index_to_key == whole.index_to_key
            assert_array_equal(table.vectors[:-1], whole.vectors[:-1])
            assert length >= len(content) - (1 if binary else 3)


# ------------------------------------------------------------------------------- odd, but good


@pytest.mark.usefixtures("any_block")
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (TEXT, "abcd"),
        (TEXT[:-1], "abcd"),
        (TEXT + b"\n \n", "abcd"),
        (TEXT.replace(b"\n", b"\r\n"), "abcd"),
        (TEXT.replace(b" ", b"\t"), "abcd"),
        (TEXT.replace(b"1 2", b"1  2"), "abcd"),
        (TEXT.replace(b"b 1", b". . . 1"), ["a", ". . .", "c", "d"]),  # as in GloVe 840B
        (TEXT.replace(b"b 1", b"7 1"), "a7cd"),
        (b"0 3\n", ""),
    ],
)
def test_text_that_can_be_read(content, words, path):
    table = load(path, content)
    assert table.index_to_key == list(words)
    assert_array_equal(table.vectors, np.tile(np.float32([1, 2, 3]), (len(words), 1)))


@pytest.mark.usefixtures("any_block")
def test_binary_with_and_without_line_breaks(path):
    assert load(path, BINARY, binary=True).index_to_key == ["a", "b", "c"]
    bare = BINARY.replace(VECTOR + b"\n", VECTOR)
    assert_array_equal(load(path, bare, binary=True).vectors, np.tile([1, 2, 3], (3, 1)))


def test_encodings(path):
    latin = b"2 1\ncaf\xe9 1\ncaf\xea 2\n"
    assert load(path, latin, encoding="latin-1").index_to_key == ["café", "cafê"]
    with pytest.raises(ValueError, match=r"line 2: the word 'caf\\\\xe9' is not utf-8"):
        load(path, latin)
    with pytest.warns(UserWarning, match="1 words come again and are left out. In line 3, 'caf"):
        table = load(path, latin, unicode_errors="replace")
    assert table.index_to_key == ["caf\ufffd"]
    assert_array_equal(table.vectors, [[1]])
    path.with_suffix(".counts").write_bytes(b"caf\xe9 7\ncaf\xea 6\n")
    table = load(path, latin, encoding="latin-1", fvocab=path.with_suffix(".counts"))
    assert table.counts.tolist() == [7, 6]


# --------------------------------------------------------------------------------- bad files


@pytest.mark.usefixtures("any_block")
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty: it has no header"),
        (b"a" + ROW, "line 1: expected a header.*Got 'a 1 2 3.*no_header=True"),
        (b"4\n", "line 1: expected a header"),
        (b"4 3 2\n", "line 1: expected a header"),
        (b"-4 3\n", "line 1: expected a header"),
        (b"4 3", "line 1: expected a header"),
        (b"4 0\n", "between 1 and 1048576. Got 0"),
        (b"4 " + b"9" * 12 + b"\n", "between 1 and 1048576. Got 999999999999"),
        (TEXT[:-5], "line 5: 1 numbers, and the header says 3"),
        (TEXT[: TEXT.index(b"d")], "ends after line 4 with 3 of the 4 vectors"),
        (TEXT.replace(b"4 3", b"9999999999999 3"), "ends after line 5 with 4 of the 9999999999999"),
        (TEXT.replace(b"4 3", b"4 999999"), "line 2: 3 numbers, and the header says 999999"),
        (TEXT.replace(b"4 3", b"3 3"), "line 5: the header promises 3 vectors, and here is one"),
        (TEXT.replace(b"4 3", b"0 3"), "line 2: the header promises 0 vectors"),
        (TEXT.replace(b"c 1", b"c"), "line 4: 2 numbers, and the header says 3"),
        (TEXT.replace(b"c 1", b"c 1 1"), "line 4: 4 numbers, and the header says 3"),
        (TEXT.replace(b"c 1", b"c 1\t2 "), "line 4: 4 numbers"),
        (TEXT.replace(b"c 1 2 3", b"c"), "line 4: 0 numbers"),
        (TEXT.replace(b"c 1 2", b"c 1 two"), "line 4: 'two' is not a number"),
        (TEXT.replace(b"c 1 2", b'c "1" 2'), "line 4: '\"1\"' is not a number"),
        (TEXT.replace(b"c 1 2", b"c 1 2x"), "line 4: '2x' is not a number"),
        (TEXT.replace(b"c 1 2 3", b"c 1 2 3x"), "line 4: '3x' is not a number"),
        (TEXT.replace(b"c 1 2", b"c 1 nan"), "line 4: number 2 of 'c' is nan, not a finite"),
        (TEXT.replace(b"c 1 2", b"c 1 -inf"), "line 4: number 2 of 'c' is -inf"),
        (TEXT.replace(b"c 1 2", b"c 1 1e39"), "line 4: number 2 of 'c' is inf"),
        (TEXT.replace(b"c ", b" "), "line 4: the word is empty"),
        (TEXT.replace(b"c 1 2", b" 1  2"), "line 4: "),
        (TEXT.replace(b"c" + ROW, b"\n"), "line 4: the line is blank, and others follow"),
        (TEXT.replace(b"c 1 2", b"c\xff 1 2"), "line 4: the word .* is not utf-8"),
        (BINARY, "line 2: "),
    ],
)
def test_bad_text(content, message, path):
    with pytest.raises(ValueError, match=message):
        load(path, content)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty: it has no vectors"),
        (b"\n", "is empty: it has no vectors"),
        (b"word\n", "line 1: expected a word and its numbers. Got 'word'"),
        (b"a 1 2\nb 1 2 3\n", "line 2: 3 numbers, and line 1 says 2"),
        (b"a 1 2\nb 1\n", "line 2: 1 numbers, and line 1 says 2"),
        (b"a 1 2\nb 1 nan\n", "line 2: number 2 of 'b' is nan"),
    ],
)
def test_bad_glove(content, message, path):
    with pytest.raises(ValueError, match=message):
        load(path, content, no_header=True)


@pytest.mark.usefixtures("any_block")
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (BINARY[:-3], "ends at byte 46, within or before vector 3 of the 3"),
        (BINARY[:20], "ends at byte 20, within or before vector 2 of the 3"),
        (BINARY[:4], "ends at byte 4, within or before vector 1 of the 3"),
        (BINARY.replace(b"3 3", b"9999999999999 3"), "vector 4 of the 9999999999999"),
        (BINARY.replace(b"3 3", b"3 999999"), "vector 1 of the 3"),
        (BINARY.replace(b"3 3", b"2 3"), "byte 33: the header promises 2 vectors, and the file"),
        (BINARY.replace(b"3 3", b"3 2"), "byte "),
        (BINARY.replace(b"c ", b" "), "byte 34: the word is empty"),
        (BINARY.replace(b"b ", b"\xff "), "byte 19: the word .* is not utf-8"),
        (BINARY.replace(VECTOR[:4], b"\0\0\xc0\x7f"), "byte 4: number 1 of 'a' is nan"),
        (TEXT, "vector 3 of the 4"),
        (b"3 3\n" + bytes(1 << 17), "byte 4: no word ends within 65536 bytes"),
    ],
)
def test_bad_binary(content, message, path):
    with pytest.raises(ValueError, match=message):
        load(path, content, binary=True)


def test_a_limit_stops_before_what_is_bad(path):
    assert len(load(path, TEXT.replace(b"c 1", b"c"), limit=2)) == 2
    assert len(load(path, TEXT.replace(b"4 3", b"3 3"), limit=9)) == 3
    assert len(load(path, BINARY[:-3], binary=True, limit=2)) == 2
    assert len(load(path, BINARY.replace(b"3 3", b"2 3"), binary=True, limit=9)) == 2
    with pytest.raises(ValueError, match="ends after line 5"):
        load(path, TEXT.replace(b"4 3", b"9 3"), limit=8)


@pytest.mark.parametrize("binary", [True, False])
def test_damaged_gzip(binary, path):
    whole = gzip.compress(BINARY if binary else TEXT)
    for content in (whole[:-12], whole[:15], whole[:-6] + b"abcdef", b"\x1f\x8b\x08"):
        with pytest.raises(ValueError, match="is a damaged gzip file"):
            load(path, content, binary=binary)


def zipped(*contents, names="abcdefgh", method=zipfile.ZIP_DEFLATED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in zip(names, contents):
            archive.writestr(name, content)
    return file.getvalue()


PACKED = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zip": zipped,
    "zip, stored": partial(zipped, method=zipfile.ZIP_STORED),
    "zip of a Mac": lambda content: zipped(content, b"icon", names=["a", "__MACOSX/._a"]),
}


@pytest.mark.usefixtures("any_block")
@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("kind", PACKED)
def test_packed_files(kind, binary, path):
    content = BINARY if binary else TEXT
    expected = load(path, content, binary=binary)
    assert_same(load(path, PACKED[kind](content), binary=binary), expected)
    counts = path.with_suffix(".counts")
    counts.write_bytes(PACKED[kind](b"a 3\nb 2\n"))
    table = load(path, PACKED[kind](content), binary=binary, limit=2, fvocab=counts)
    assert table.index_to_key == ["a", "b"]
    assert table.counts.tolist() == [3, 2]


@pytest.mark.parametrize("kind", PACKED)
def test_damage_to_packed_files_is_named(kind, path):
    whole = PACKED[kind](TEXT)
    for content in (whole[:-12], whole[:15], whole[: len(whole) // 2]):
        with pytest.raises(
            ValueError, match=f"vectors is a damaged {kind.replace(',', ' ').split()[0]}"
        ):
            load(path, content)
    for place in range(4, len(whole)):
        try:
            found = load(path, whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
            refused = None
        except ValueError as error:
            refused = str(error)
        if refused is None:
            assert found.index_to_key == ["a", "b", "c", "d"]
        else:
            assert str(path) in refused


def test_a_zip_of_several_files_or_none_is_refused(path):
    with pytest.raises(ValueError, match=r"a zip of one file. Got 2, such as \['a', 'b'\]: unpack"):
        load(path, zipped(TEXT, TEXT))
    with pytest.raises(ValueError, match=r"vectors must be a zip of one file. Got 0\.$"):
        load(path, zipped())
    whole = bytearray(zipped(TEXT))
    for head in (whole.index(b"PK\x03\x04") + 6, whole.index(b"PK\x01\x02") + 8):
        whole[head] |= 1
    with pytest.raises(ValueError, match="vectors cannot be unpacked here: .*password"):
        load(path, bytes(whole))


@pytest.mark.parametrize("kind", ["gzip", "bzip2", "xz", "zip"])
def test_what_grows_beyond_measure_is_refused(kind, path, monkeypatch):
    monkeypatch.setattr(compressed_files, "_MOST_FREELY", 1 << 20)
    lines = b"a" + b" 0" * 499 + b"\n"
    few, many = 1000, 5000
    content = b"".join(lines.replace(b"a", b"w%d" % i) for i in range(many))
    packed = PACKED[kind](b"%d 499\n" % few + content[: content.index(b"w%d " % few)])
    assert len(load(path, packed)) == few
    packed = PACKED[kind](b"%d 499\n" % many + content + b"\n" * (1 << 22))
    with pytest.raises(ValueError, match="becomes more than 200 times as large.*Unpack it first"):
        load(path, packed)


def test_words_that_begin_like_a_packed_file_are_read(path):
    for word in ("BZh", "BZh9", "PK"):
        assert load(path, word.encode() + b" 1 2\n", no_header=True).index_to_key == [word]


@pytest.mark.usefixtures("any_block")
@pytest.mark.parametrize("binary", [True, False])
def test_a_word_that_comes_again(binary, path):
    gensim = pytest.importorskip("gensim.models")
    if binary:
        content, place = BINARY.replace(b"c ", b"a "), "In byte 34, 'a' was already given in byte 4"
    else:
        content, place = TEXT.replace(b"c", b"a"), "In line 4, 'a' was already given in line 2"
    with pytest.warns(UserWarning, match=f"vectors: 1 words come again and are left out. {place}"):
        table = load(path, content, binary=binary)
    theirs = gensim.KeyedVectors.load_word2vec_format(path, binary=binary)
    words = [word for word in theirs.index_to_key if word]  # of binary files it leaves a gap
    assert table.index_to_key == words == ["a", "b", "d"][: len(words)]
    assert_array_equal(table.vectors, theirs.vectors[: len(words)])
    with pytest.raises(ValueError, match=place[3:].replace(",", ":")):
        load(path, content, binary=binary, duplicates="raise")
    with pytest.raises(ValueError, match="duplicates must be one of 'first', 'raise'"):
        load(path, content, binary=binary, duplicates="last")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # a file of gensim's
def test_a_limit_above_the_length_reads_all(path):
    gensim = pytest.importorskip("gensim.models")
    bare = TEXT.partition(b"\n")[2]
    for content, options in ((bare, {"no_header": True}), (TEXT, {}), (BINARY, {"binary": True})):
        table = load(path, content, limit=10, **options)
        theirs = gensim.KeyedVectors.load_word2vec_format(path, limit=10, **options)
        assert table.index_to_key == theirs.index_to_key
        assert len(table) == 3 + (not options.get("binary"))
        assert_array_equal(table.vectors, theirs.vectors)


def test_names_say_how_to_pack(tmp_path):
    table = KeyedVectors([[1, 2]], ["a"])
    for ending, unpack in {
        ".gz": gzip.decompress,
        ".bz2": bz2.decompress,
        ".xz": lzma.decompress,
    }.items():
        path = tmp_path / f"vectors{ending}"
        table.save_word2vec_format(path)
        assert unpack(path.read_bytes()) == b"1 2\na 1 2\n"
        assert_same(KeyedVectors.load_word2vec_format(path), table)
    with pytest.raises(ValueError, match="zip is read and not written. Name it"):
        table.save_word2vec_format(tmp_path / "vectors.zip")


def test_half_a_character_is_refused_with_a_cure(tmp_path):
    table = KeyedVectors([[1, 2]], ["\ud800"], [1])
    for write in (table.save_word2vec_format, partial(table.save_word2vec_format, binary=True)):
        with pytest.raises(
            ValueError, match=r"'\\ud800' holds half a character.*KeyedVectors.save"
        ):
            write(tmp_path / "vectors")
    table.save(tmp_path / "own")
    assert textvec.load(tmp_path / "own").index_to_key == ["\ud800"]
    assert [file.name for file in tmp_path.iterdir()] == ["own"]


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("zipped", [True, False])
def test_memory_follows_the_file_and_not_its_header(binary, zipped, path):
    content = (BINARY if binary else TEXT).split(b"\n", 1)[1]
    content = b"1000000000000 3\n" + content
    tracemalloc.start()
    with pytest.raises(ValueError, match="1000000000000"):
        load(path, gzip.compress(content) if zipped else content, binary=binary)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 24


def test_a_line_without_end_is_refused(path, monkeypatch):
    monkeypatch.setattr(vector_files, "_LONGEST_LINE", 1000)
    monkeypatch.setattr(vector_files, "_BLOCK", 100)
    with pytest.raises(ValueError, match="line 3: no end within 1000 bytes"):
        load(path, b"2 3\na" + ROW + b"b" * 3000)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"limit": 0}, ValueError, "limit must be at least 1"),
        ({"limit": 2.5}, TypeError, "limit must be an integer"),
        ({"datatype": np.float64}, ValueError, "datatype must be float32 or float16"),
        ({"datatype": "float33"}, ValueError, "float32 or float16. Got 'float33' instead"),
        ({"binary": True, "no_header": True}, ValueError, "no_header=True is for text"),
        ({"encoding": "utf9"}, ValueError, "encoding must be one .*unknown encoding: utf9"),
        ({"encoding": "hex"}, ValueError, "encoding must be one .*unknown encoding: hex"),
        ({"unicode_errors": "drop"}, ValueError, "unicode_errors must be one .*Got 'drop'"),
        ({"datatype": np.float16}, ValueError, "line 3: number 1 of 'b' is 100000.0, not a finite"),
    ],
)
def test_bad_options(options, error, message, path):
    with pytest.raises(error, match=message):
        load(path, b"2 2\na 1 2\nb 1e5 2\n", **options)


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        (b"a 4\nb\n", "line 2: expected a word and its count. Got 'b"),
        (b"a 4\nb 3\nc -1\n", "line 3: expected a word and its count"),
        (b"a 4\nc 3\nd 1\n", "has no count of 'b'"),
        (b"a 4\n\xff 3\n", r"line 2: the word '\\\\xff' is not utf-8. Pass its encoding"),
        (b"a 9999999999999999999\n", "line 1: expected a word and its count"),
        (b"a" * 100_000, "line 1: expected a word and its count"),
    ],
)
def test_bad_counts(counts, message, path):
    path.with_suffix(".counts").write_bytes(counts)
    with pytest.raises(ValueError, match=message):
        load(path, TEXT, fvocab=path.with_suffix(".counts"))


# ----------------------------------------------------------------------------------- writing


@pytest.mark.parametrize("word", ["", "two words", "two\nlines", "\ud83d"])
@pytest.mark.parametrize("binary", [True, False])
def test_a_word_that_cannot_be_written_leaves_the_file_as_it_was(word, binary, path):
    TABLE.save_word2vec_format(path)
    before = path.read_bytes()
    with pytest.raises(ValueError, match=r"The word"):
        KeyedVectors([[1], [2]], ["fine", word]).save_word2vec_format(path, binary=binary)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("space", "\t\r\v\f")
def test_words_with_other_white_space_are_written_where_they_can_be_read(space, path):
    """Fuzzing found tables that were read, written as text and not read again."""
    table = KeyedVectors([[1], [2]], [f"a{space}b", space])
    with pytest.raises(ValueError, match="which end a word in such a file"):
        table.save_word2vec_format(path, write_header=False)
    table.save_word2vec_format(path, binary=True)
    assert_same(KeyedVectors.load_word2vec_format(path, binary=True), table)


@pytest.mark.parametrize("name", ["vectors", "vectors.gz"])
def test_writing_that_fails_half_way_leaves_the_file_as_it_was(name, tmp_path, monkeypatch):
    path = tmp_path / name
    TABLE.save_word2vec_format(path)
    before = path.read_bytes()
    monkeypatch.setattr(vector_files, "_BLOCK", 240)  # ten words at a time

    class Full(np.ndarray):
        def __getitem__(self, rows):
            if rows.start > 100:
                raise OSError("No space left on device")
            return np.asarray(self)[rows]

    with pytest.raises(OSError, match="No space left"):
        vector_files.write_vectors(path, WORDS, NUMBERS.view(Full))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_equal_tables_make_equal_gzip_files(tmp_path):
    for name in ("one.gz", "two.gz"):
        TABLE.save_word2vec_format(tmp_path / name)
    assert (tmp_path / "one.gz").read_bytes() == (tmp_path / "two.gz").read_bytes()


def test_counts_and_headers_that_cannot_be_written(path):
    with pytest.raises(ValueError, match="fvocab asks for counts"):
        KeyedVectors([[1]], ["a"]).save_word2vec_format(path, path.with_suffix(".counts"))
    with pytest.raises(ValueError, match="write_header=False is for text"):
        TABLE.save_word2vec_format(path, binary=True, write_header=False)
    assert list(path.parent.iterdir()) == []
