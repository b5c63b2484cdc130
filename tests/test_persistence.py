"""save and load: round trips to the bit, refusals, damage and replacement of files."""

import ast
import copy
import hashlib
import inspect
import io
import json
import os
import pickle
import pickletools
import pkgutil
import stat
import struct
import tracemalloc
import zipfile
from importlib import import_module
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.feature_extraction import text as sklearn_text

import textvec
from textvec import persistence
from textvec.persistence import load, save
from textvec.ragged import Ragged
from textvec.sparse.bm25 import BM25Transformer, BM25Vectorizer
from textvec.sparse.counts import CountVectorizer
from textvec.sparse.tfidf import TfidfTransformer, TfidfVectorizer
from textvec.text.tokenizers import JiebaTokenizer

HOTELS = [
    "quiet rooms by the harbour",
    "rooms with harbour view",
    "airport \N{HOTEL} bar",
    "",
    "海 景",
]


def assert_equal(ours, other):
    """Equal in type and to the bit, all the way down."""
    assert type(ours) is type(other)
    match ours:
        case _ if sparse.issparse(ours):
            assert ours.shape == other.shape
            assert ours.dtype == other.dtype
            for part in {"data", "indices", "indptr", "coords", "offsets"} & set(dir(ours)):
                if ours.format not in ("lil", "dok"):
                    assert_equal(getattr(ours, part), getattr(other, part))
            assert_equal(ours.toarray(), other.toarray())
        case np.ndarray() if ours.dtype == object:
            assert ours.shape == other.shape
            for one, two in zip(ours.flat, other.flat, strict=True):
                assert_equal(one, two)
        case np.ndarray() | np.generic():
            assert ours.dtype == other.dtype
            assert ours.shape == other.shape
            if ours.dtype.kind == "T":
                assert ours.tolist() == other.tolist()
            else:
                assert ours.tobytes() == other.tobytes()
        case dict():
            assert_equal(list(ours), list(other))
            assert_equal(list(ours.values()), list(other.values()))
        case list() | tuple():
            assert len(ours) == len(other)
            for one, two in zip(ours, other, strict=True):
                assert_equal(one, two)
        case float():
            assert struct.pack("d", ours) == struct.pack("d", other)
        case pd.DataFrame():
            pd.testing.assert_frame_equal(ours, other, check_exact=True)
        case pd.Series():
            pd.testing.assert_series_equal(ours, other, check_exact=True)
        case pd.Index():
            pd.testing.assert_index_equal(ours, other, exact=True)
        case _ if hasattr(ours, "get_params"):
            # what pickle would store: no caches, which are made again
            states = (ours.__getstate__(), other.__getstate__())
            for state in states:
                state.pop("_stop_words_id", None)
            assert_equal(*map(dict, map(sorted, map(dict.items, states))))
        case _:
            assert ours == other


def round_trip(value, path, **options):
    """Take a value through a file, as a learned attribute of an estimator."""
    holder = CountVectorizer()
    holder.value_ = value
    save(holder, path)
    return load(path, **options).value_


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.textvec"


@pytest.mark.parametrize(
    "estimator",
    [
        CountVectorizer(ngram_range=(1, 2), dtype=np.float32),
        CountVectorizer(vocabulary=["harbour", "bar"]),
        TfidfVectorizer(sublinear_tf=True, stop_words=["the"]),
        TfidfVectorizer(
            tokenizer=JiebaTokenizer(user_words=["海景"], aliases={"海景": "海"}),
            token_pattern=None,
        ),
        BM25Vectorizer(method="bm25l", analyzer="char"),
    ],
)
@pytest.mark.parametrize("mmap_mode", [None, "r", "c"])
def test_vectorizers_come_back_equal(estimator, mmap_mode, path):
    estimator.fit(HOTELS)
    estimator.save(path)
    loaded = textvec.load(path, mmap_mode=mmap_mode)
    if isinstance(estimator.tokenizer, JiebaTokenizer):
        assert loaded.tokenizer == estimator.tokenizer
    else:
        assert_equal(loaded, estimator)
    expected, got = estimator.transform(HOTELS), loaded.transform(HOTELS)
    assert_equal(got, expected)


@pytest.mark.parametrize("estimator", [TfidfTransformer(), BM25Transformer(k1=0.9)])
@pytest.mark.parametrize("mmap_mode", [None, "r"])
def test_transformers_come_back_equal(estimator, mmap_mode, path):
    counts = sparse.csr_array(np.arange(12).reshape(3, 4))
    estimator.fit(counts)
    estimator.save(path)
    loaded = load(path, mmap_mode)
    assert_equal(loaded, estimator)
    assert_equal(loaded.transform(counts), estimator.transform(counts))


def test_an_unfitted_estimator_can_be_saved(path):
    save(TfidfVectorizer(min_df=2), path)
    assert_equal(load(path), TfidfVectorizer(min_df=2))


def test_a_loaded_estimator_can_be_saved_and_refitted(path, tmp_path):
    BM25Vectorizer().fit(HOTELS).save(path)
    mapped = load(path, mmap_mode="r")
    mapped.save(tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == path.read_bytes()
    mapped.save(path)  # over the very file that it is mapped from
    assert_equal(load(path).transform(HOTELS), mapped.transform(HOTELS))
    assert_equal(mapped.fit(HOTELS).idf_, load(path).idf_)


def nested(value, depth):
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        -(10**30),
        0.1,
        -0.0,
        float("inf"),
        float("-inf"),
        float("nan"),
        complex(-0.0, float("inf")),
        b"\x00\xff",
        Path("folder/文件.txt"),
        "",
        "NUL \x00, emoji \N{HOTEL}, lone \ud83d\ude00 surrogates \udc80",
        [],
        [1, "two", [3.0, None]],
        (),
        (1, (2,), [3]),
        {1, 2},
        set(),
        frozenset({"b", "a"}),
        {},
        {"a": 1, 2: "b", None: 3, (4, 5): [6], 1.5: {}},
        {"type": "object", "class": "x"},
        [f"word {i} \N{HOTEL}" for i in range(500)],
        ["a"] * 99 + ["\ud83d", "\ude00"],
        {f"{i} 词": i for i in range(500)},
        {f"{i}": np.int64(i) for i in range(500)},
        {f"{i}": np.int32(i) for i in range(500)},
        {f"{i}": 2**80 for i in range(500)},
        {f"{i}": float(i) for i in range(500)},
        {f"{i}": i % 2 == 0 for i in range(500)},
        frozenset(map(str, range(500))),
        tuple(map(str, range(500))),
        np.float32(0.1),
        np.float64("nan"),
        np.int8(-3),
        np.bool_(True),
        np.str_("é"),
        np.str_(""),
        np.bytes_(b"x"),
        np.datetime64("2026-11-21"),
        np.complex64(1 + 2j),
        np.dtype("<f8"),
        np.dtype(">i4"),
        np.dtype(object),
        np.float32,
        np.int64,
        np.str_,
        float,
        str,
        nested("deep", 50),
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_values_come_back_equal(value, path):
    assert_equal(round_trip(value, path), value)


@pytest.mark.parametrize("mmap_mode", [None, "r", "c"])
@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0),
        np.arange(6, dtype=">i4").reshape(2, 3),
        np.asfortranarray(np.arange(12.0).reshape(3, 4)),
        np.arange(20)[::3],
        np.arange(24).reshape(2, 3, 4).transpose(1, 2, 0),
        np.array(5.0),
        np.empty((0, 3), dtype=np.float32),
        np.empty(0),
        np.array(["a", "longer \N{HOTEL}"]),
        np.array(["", ""], dtype="<U0"),
        np.array([b"a", b"bc"]),
        np.array(["2026-11-21", "NaT"], dtype="M8[us]"),
        np.array([True, False]),
        np.array([1 + 2j]),
        np.array(["a", None, 1.5, ["b"]], dtype=object),
        np.array([["a", "b"], ["c", "d"]], dtype=object),
        np.array([str(i) for i in range(200)], dtype=object).reshape(20, 10),
        np.array(["a", "\N{HOTEL}" * 20], dtype=np.dtypes.StringDType()),
        np.empty((0, 2), dtype=object),
    ],
    ids=lambda array: f"{array.dtype}-{array.shape}",
)
def test_arrays_come_back_equal(array, mmap_mode, path):
    loaded = round_trip(array, path, mmap_mode=mmap_mode)
    assert_equal(loaded, array)
    if array.dtype.kind not in "OT" and array.size:
        assert loaded.flags.writeable == (mmap_mode != "r")
        assert loaded.flags.f_contiguous == (array.flags.f_contiguous or array.ndim == 1)
        assert loaded.flags.aligned


@pytest.mark.parametrize("name", sorted(persistence.classes.SPARSE_CLASSES))
@pytest.mark.parametrize("mmap_mode", [None, "r"])
def test_sparse_matrices_come_back_equal(name, mmap_mode, path):
    dense = np.zeros((6, 8), dtype=np.float32)
    dense[1, 2], dense[3, 0], dense[3, 7] = 1, -2, 3
    matrix = persistence.classes.SPARSE_CLASSES[name](dense)
    assert_equal(round_trip(matrix, path, mmap_mode=mmap_mode), matrix)


def test_unsorted_and_wide_sparse_matrices_come_back_as_they_are(path):
    matrix = sparse.csr_matrix((2, 3))
    matrix.data = np.array([1.0, 2.0, 0.0])
    matrix.indices = np.array([2, 0, 1], dtype=np.int64)
    matrix.indptr = np.array([0, 2, 3], dtype=np.int64)
    assert_equal(round_trip(matrix, path), matrix)
    line = sparse.coo_array(np.array([0, 3, 0, 4]))
    assert_equal(round_trip(line, path), line)
    assert_equal(round_trip(line.tocsr(), path), line.tocsr())


@pytest.mark.parametrize(
    "value",
    [
        pd.DataFrame(
            {
                "name": ["Quay", None, "Pier"],
                "stars": [1, 2, 3],
                "price": [1.5, np.nan, -0.0],
                "open": [True, False, True],
                "since": pd.to_datetime(["2020-01-01", None, "2021-05-05"]),
                "style": pd.Categorical(["a", None, "b"], categories=["b", "a"], ordered=True),
                "rooms": pd.array([1, None, 3], dtype="Int64"),
                "pool": pd.array([True, None, False], dtype="boolean"),
                "tags": pd.Series([["a"], None, "x"], dtype=object),
                "note": pd.array(["x", None, "z"], dtype=pd.StringDtype("python", na_value=pd.NA)),
            },
            index=pd.Index(["x", "y", "x"], name="id"),
        ),
        pd.DataFrame({"a": np.arange(3, dtype=np.float32), 1: ["x", "y", "z"]}),
        pd.DataFrame([[1, "b"], [2, "d"]], columns=["same", "same"]),
        pd.DataFrame(),
        pd.DataFrame(index=[3, 4]),
        pd.DataFrame({"a": []}),
        pd.Series(["a", "b"], name="text"),
        pd.Series(["a", "b"], dtype=object, name=("t", 1)),
        pd.Series([1.0, 2.0], index=[5, 7]),
        pd.Index(["a", "b"], name="ids"),
        pd.Index(["a", 1, None], dtype=object),
        pd.Index(np.array([3, 1], dtype=np.uint8)),
        pd.RangeIndex(2, 20, 3, name="n"),
        pd.DatetimeIndex(["2020-01-01", "2021-01-01"]),
        pd.CategoricalIndex(["a", "b", "a"]),
        pd.NA,
        pd.NaT,
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("mmap_mode", [None, "r"])
def test_pandas_objects_come_back_equal(value, mmap_mode, path):
    loaded = round_trip(value, path, mmap_mode=mmap_mode)
    if value is pd.NA or value is pd.NaT:
        assert loaded is value
    else:
        assert_equal(loaded, value)


def test_estimators_and_named_tuples_come_back_inside_of_others(path):
    value = {
        "inner": [TfidfTransformer().fit([[1, 2]])],
        "rows": Ragged(np.arange(3), np.array([3])),
    }
    assert_equal(round_trip(value, path), value)


def test_an_array_held_twice_is_stored_once_and_stays_one(path):
    array = np.arange(100_000)
    one, two = round_trip([array, array], path)
    assert one is two
    assert path.stat().st_size < 1.5 * array.nbytes


def test_a_vocabulary_of_a_million_terms_is_kept_in_arrays(path):
    vectorizer = CountVectorizer()
    vectorizer.vocabulary_ = {f"词{i}": i for i in range(1_000_000)}
    vectorizer.save(path)
    with zipfile.ZipFile(path) as archive:
        assert archive.getinfo("header.json").file_size < 10_000  # JSON nodes are slow to read
    assert load(path).vocabulary_ == vectorizer.vocabulary_


def test_equal_models_make_equal_files_without_pickle(path, tmp_path):
    words = frozenset(f"w{i}" for i in range(100))
    TfidfVectorizer(stop_words=list(words)).fit(HOTELS).save(path)
    TfidfVectorizer(stop_words=list(words)).fit(HOTELS).save(tmp_path / "twin")
    assert (tmp_path / "twin").read_bytes() == path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        for info in archive.infolist():
            content = archive.read(info)
            assert info.filename == "header.json" or content[:6] == b"\x93NUMPY"
            with pytest.raises(Exception, match=r"opcode|pickle"):
                list(pickletools.genops(content))


def test_sets_of_text_are_stored_in_order_whatever_their_hashes(path):
    round_trip(frozenset("gqzbxa"), path)
    with zipfile.ZipFile(path) as archive:
        header = json.loads(archive.read("header.json"))
    assert header["root"]["state"]["value_"]["items"] == sorted("gqzbxa")


def test_sets_of_other_things_are_stored_in_order_whatever_theirs(path, tmp_path):
    """Found by fuzzing: the order of a set of numbers is that in which they came in."""
    one, other = (set(items) for items in ([8, 0, 16], [16, 0, 8]))
    assert list(one) != list(other)
    round_trip(one, path)
    round_trip(other, tmp_path / "twin")
    assert (tmp_path / "twin").read_bytes() == path.read_bytes()


def test_arrays_begin_at_multiples_of_64_bytes(path):
    BM25Vectorizer().fit(HOTELS).save(path)
    with zipfile.ZipFile(path) as archive, open(path, "rb") as file:
        for info in archive.infolist():
            assert persistence.archive._data_offset(file, info) % 64 == 0


# ------------------------------------------------------------------------------- refusals


class Secret:
    pass


class OurSubclass(TfidfVectorizer):
    pass


def circle():
    items = []
    items.append(items)
    return items


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (str.upper, r"CountVectorizer\.value_ is code \(str\.upper\).*named options.*joblib"),
        (lambda text: text, r"CountVectorizer\.value_ is code \(<lambda>\)"),
        (Secret, r"CountVectorizer\.value_ is code \(Secret\)"),
        (Secret(), r"CountVectorizer\.value_ is a .*Secret.*Convert it to plain data"),
        ({"a": [1, Secret()]}, r"CountVectorizer\.value_\['a'\]\[1\] is a .*Secret"),
        (
            sklearn_text.TfidfTransformer(),
            r"value_ is a TfidfTransformer of sklearn.*textvec's own",
        ),
        (OurSubclass(), r"value_ is a OurSubclass of .*textvec's own estimators"),
        (np.array([Secret()], dtype=object), r"value_\[0\] is a .*Secret"),
        (np.zeros(2, dtype=[("a", "i4")]), r"value_ is .*dtype without fields"),
        (np.ma.array([1]), r"value_ is a numpy.ma.*MaskedArray"),
        (np.random.RandomState(0), r"value_ is a numpy\.random.*RandomState"),
        (pd.MultiIndex.from_tuples([(1, 2)]), r"value_ is a .*MultiIndex.*reset_index\(\)"),
        (
            pd.DataFrame({"when": pd.to_datetime(["2020"]).tz_localize("UTC")}),
            r"value_\['when'\] is a .*Convert this column of dtype datetime64\[.*UTC\]",
        ),
        (circle(), r"value_\[0\] contains itself"),
        (np.array(["a", np.nan], dtype=np.dtypes.StringDType(na_object=np.nan)), r"object array"),
    ],
)
def test_what_is_not_plain_data_is_refused_by_its_place(value, message, path):
    path.write_bytes(b"the old file")
    with pytest.raises(TypeError, match=message):
        round_trip(value, path)
    assert path.read_bytes() == b"the old file"
    assert os.listdir(path.parent) == [path.name]


def test_only_textvec_estimators_are_saved(path):
    for foreign in (sklearn_text.CountVectorizer(), OurSubclass(), {"a": 1}, None):
        with pytest.raises(TypeError, match=f"Got {type(foreign).__name__} instead.*joblib"):
            save(foreign, path)
    assert not path.exists()


# ------------------------------------------------------------------------------- replacing files


@pytest.mark.parametrize("call", ["write_array", "fsync", "replace"])
def test_an_error_half_way_leaves_the_old_file_and_nothing_else(call, path, monkeypatch):
    BM25Vectorizer().fit(HOTELS).save(path)
    before = path.read_bytes()

    def disk_full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    owner = np.lib.format if call == "write_array" else os
    monkeypatch.setattr(owner, call, disk_full)
    with pytest.raises(OSError, match="No space left"):
        TfidfVectorizer().fit(HOTELS).save(path)
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


def test_the_file_is_whole_on_disk_before_it_is_renamed(path, monkeypatch):
    calls = []
    for name in ("fsync", "replace"):
        original = getattr(os, name)

        def record(*args, name=name, original=original):
            calls.append(name)
            return original(*args)

        monkeypatch.setattr(os, name, record)
    CountVectorizer().save(path)
    assert calls == ["fsync", "replace", "fsync"]


def test_a_link_stays_a_link(path, tmp_path):
    link = tmp_path / "latest"
    CountVectorizer().save(path)
    link.symlink_to(path)
    CountVectorizer(min_df=3).save(link)
    assert link.is_symlink()
    assert load(path).min_df == 3


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_the_file_has_the_usual_permissions(path):
    CountVectorizer().save(path)
    other = path.with_name("other")
    other.touch()
    assert path.stat().st_mode == other.stat().st_mode


# ------------------------------------------------------------------------------- damaged files


@pytest.fixture
def saved(path):
    """A small fitted model and its file."""
    model = TfidfVectorizer(vocabulary=["bar", "view"]).fit(HOTELS)
    model.save(path)
    return model, path


def put_byte(path, position, value):
    """Change a file in place: to write it anew makes some file systems wait for the disk."""
    with path.open("r+b") as file:
        file.seek(position)
        file.write(bytes([value]))


SLOWLY = pytest.param(
    [
        (mmap_mode, bits)
        for mmap_mode in (None, "r")
        for bits in (*(1 << i for i in range(8)), 0xFF)
    ],
    marks=pytest.mark.slow,
    id="each-bit",
)


@pytest.mark.parametrize("flips", [pytest.param([(None, 0xFF), ("r", 0x01)], id="two"), SLOWLY])
def test_every_one_byte_flip_gives_an_error_or_the_same_model(flips, saved):
    """Each of its 2,222 bytes is changed in place, loaded and put back."""
    model, path = saved
    content = path.read_bytes()
    messages, same = [], 0
    for mmap_mode, bits in flips:
        for i in range(len(content)):
            put_byte(path, i, content[i] ^ bits)
            try:
                loaded = load(path, mmap_mode)
            except ValueError as error:
                messages.append(str(error))
            else:
                assert_equal(loaded, model)
                same += 1
            put_byte(path, i, content[i])
    assert all(str(path) in message for message in messages)
    assert len(messages) > same > 0


def test_every_truncation_is_an_error(saved):
    _, path = saved
    for length in reversed(range(path.stat().st_size)):
        os.truncate(path, length)
        with pytest.raises(ValueError, match="is not a textvec file|is cut short or damaged"):
            load(path)


def rewrite(path, change, resign=True):
    """Let change(header, parts) edit a file's JSON header and raw parts; then sign them anew."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    header = json.loads(parts.pop("header.json"))
    change(header, parts)
    if resign:
        for name, content in parts.items():
            header["parts"][name] = {"sha256": hashlib.sha256(content).hexdigest()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
        archive.writestr("header.json", json.dumps(header))


def set_root(**entries):
    return lambda header, parts: header["root"].update(entries)


def state(node):
    return set_root(state={"value_": node})


def npy(shape, descr="<f8", body=b""):
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + body


def replace_part(content):
    def change(header, parts):
        parts["0.npy"] = content

    return change


def drop_part(header, parts):
    del parts["0.npy"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda header, parts: header.update(format_version=persistence.FORMAT_VERSION + 1),
            "in format 3; this textvec .* Upgrade",
        ),
        (lambda header, parts: header.update(format="other"), "its format is 'other'"),
        (lambda header, parts: header.update(format_version="1"), "header.json is not that"),
        (lambda header, parts: header.update(parts={"x": 1}), "header.json is not that"),
        (lambda header, parts: header.pop("root"), "header.json is not that .* 'root'"),
        (drop_part, "the part 0.npy is missing"),
        (
            set_root(**{"class": "os.system"}),
            "unknown class 'os.system'",
        ),
        (set_root(**{"class": "top_k"}), "unknown class"),  # public, and no class
        (set_root(**{"class": "Comparison"}), "unknown class"),  # public, and never saved
        (set_root(type="__class__"), "unknown type of node '__class__'"),
        (state({"type": "column", "values": 1}), "unknown type of node 'column'"),  # of no table
        (set_root(parameters={"bogus": 1}), "header.json does not describe a model"),
        (
            state({"type": "range_index", "bounds": [0, 1, 1, "u09,i"], "name": None}),
            "a range must have a start",  # the fourth is a dtype, which NumPy would evaluate
        ),
        (state({"type": "numpy_type", "value": "load"}), "'load' is not a type"),
        (state({"type": "builtin_type", "value": "eval"}), "does not describe"),
        (state({"type": "scalar", "dtype": "|O", "value": "00" * 8}), "would need pickle"),
        (state({"type": "array", "part": "9.npy"}), "does not describe a model: '9.npy'"),
        (state({"type": "tuple", "items": 3}), "items must be a list. Got int"),
        (
            replace_part(npy((10**12,))),
            r"the part 0.npy is damaged or altered: its shape .* does not fit",
        ),
        (replace_part(npy((2**62, 4))), "the part 0.npy is damaged or altered: its shape"),
        (replace_part(npy((-1,))), "the part 0.npy .*: it is no array"),
        (replace_part(npy((1,), "|O", b"\0" * 8)), "the part 0.npy .*: it would need pickle"),
        (replace_part(b"\x93NUMPY\x09\x00" + b"\0" * 99), "the part 0.npy .*: it is no array"),
        (replace_part(b""), "the part 0.npy .*: it is no array"),
    ],
)
def test_files_made_up_by_others_are_named(saved, change, message):
    _, path = saved
    rewrite(path, change)
    with pytest.raises(ValueError, match=message) as raised:
        load(path)
    assert str(path) in str(raised.value)


def test_an_altered_part_is_named(saved):
    _, path = saved

    def change(header, parts):
        parts["0.npy"] = parts["0.npy"][:-1] + b"?"

    rewrite(path, change, resign=False)
    for mmap_mode in (None, "r"):
        with pytest.raises(ValueError, match="the part 0.npy is damaged or altered: its sha256"):
            load(path, mmap_mode)


def test_sparse_indices_out_of_range_are_an_error_not_a_crash(path):
    matrix = sparse.csr_array(np.eye(3))
    matrix.indices[1] = 1_000_000
    holder = CountVectorizer()
    holder.value_ = matrix
    save(holder, path)
    with pytest.raises(ValueError, match="does not describe a model: .*indices"):
        load(path)


def test_other_files_are_named(path):
    with pytest.raises(FileNotFoundError):
        load(path)
    for content in (b"", b"hello", b"\x80\x04N."):
        path.write_bytes(content)
        with pytest.raises(ValueError, match="is not a textvec file"):
            load(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "hello")
    with pytest.raises(
        ValueError, match=r"is a zip, but not a textvec file: it has no header.json"
    ):
        load(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("header.json", "[" * 100_000)
    with pytest.raises(ValueError, match=r"header.json is not that of a textvec file"):
        load(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.json", "{}" + " " * 100_000)
    with pytest.raises(ValueError, match="is cut short or damaged: header.json is compressed"):
        load(path)
    with pytest.raises(ValueError, match="mmap_mode must be one of None, 'r', 'c'. Got 'r\\+'"):
        load(path, mmap_mode="r+")


# ------------------------------------------------------------------------------- versions


def every_value():
    """Return an estimator that holds a value of every kind that a file can."""
    table = pd.DataFrame(
        {
            "name": ["Quay", None],
            "stars": [1, 2],
            "style": pd.Categorical(["a", None]),
            "rooms": pd.array([1, None], dtype="Int64"),
            "since": pd.to_datetime(["2020-01-01", None]),
        }
    )
    holder = CountVectorizer(vocabulary=["bar"])
    holder.values_ = [
        *(table, table["stars"], table.index, table.columns, Path("folder/file"), {1, 2}),
        *(frozenset("ab"), (1, 2.5), float("inf"), 1 + 2j, b"\0", np.float32(1), np.dtype("<f8")),
        *(np.float32, str, np.array(["a", None], dtype=object), {"a": [None, True]}),
        np.array(["a", "\N{HOTEL}"], dtype=np.dtypes.StringDType()),
        {str(i): i for i in range(70)},
        [f"w{i}" for i in range(70)],
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        *(cls(np.eye(3)) for _, cls in sorted(persistence.classes.SPARSE_CLASSES.items())),
        *(Ragged(np.arange(3), np.array([3])), TfidfTransformer().fit([[1, 2]])),
    ]
    return holder


FILES = Path(__file__).parent / "files"  # written by textvec as it was when a format was new


@pytest.mark.parametrize("mmap_mode", [None, "r"])
def test_files_of_format_1_are_read(mmap_mode, path):
    loaded = load(FILES / "every_value.format1", mmap_mode)
    assert_equal(loaded, every_value())
    tfidf = load(FILES / "tfidf.format1", mmap_mode)
    row = tfidf.transform(["rooms by the bar"]).toarray()[0]
    assert np.sort(row[row > 0]).round(12).tolist() == [0.339393148911] + [0.420669060063] * 5


def test_every_older_format_has_an_upgrade_and_files():
    older = range(1, persistence.FORMAT_VERSION)
    assert list(persistence.decoding._UPGRADES) == list(older)
    assert all(list(FILES.glob(f"*.format{version}")) for version in older)


def test_every_kind_of_value_comes_back_in_the_format_of_today(path):
    every_value().save(path)
    assert_equal(load(path), every_value())


# ------------------------------------------------------------------------------- hostile files


def write_zip(path, members, change=lambda info: None):
    """Write a zip of (name, content) pairs, each changed as a member of it."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members:
            info = zipfile.ZipInfo(name)
            change(info)
            archive.writestr(info, content)


def members_of(path):
    with zipfile.ZipFile(path) as archive:
        return [(name, archive.read(name)) for name in archive.namelist()]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_members_that_come_twice_are_refused(saved):
    _, path = saved
    members = members_of(path)
    for twice in (members[0], members[-1]):
        write_zip(path, [*members, twice])
        with pytest.raises(ValueError, match="damaged: a member comes twice"):
            load(path)


@pytest.mark.parametrize("name", ["../../evil.npy", "/etc/evil.npy", "C:\\evil.npy", "0.npy/", "x"])
def test_members_of_other_names_are_refused_and_nothing_is_unpacked(name, saved):
    _, path = saved
    write_zip(path, [*members_of(path), (name, b"evil")])
    with pytest.raises(ValueError, match="is not the name of a part"):
        load(path)
    assert os.listdir(path.parent) == [path.name]


def test_parts_that_no_header_names_are_refused(saved):
    _, path = saved
    write_zip(path, [*members_of(path), ("77.npy", b"evil")])
    with pytest.raises(ValueError, match=r"the part 77.npy is not named in header.json"):
        load(path)


def test_a_symbolic_link_among_the_members_is_bytes_like_any_other(saved):
    model, path = saved

    def as_link(info):
        info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16

    write_zip(path, members_of(path), as_link)
    assert_equal(load(path), model)
    write_zip(path, [*members_of(path)[1:], ("0.npy", b"/etc/hostname")], as_link)
    with pytest.raises(ValueError, match=r"the part 0.npy is damaged or altered"):
        load(path)


def test_members_that_share_bytes_are_refused(saved):
    """Otherwise a small file of many names for one member would fill the memory."""
    _, path = saved
    with zipfile.ZipFile(path, "a") as archive:
        large = io.BytesIO()
        np.lib.format.write_array(large, np.zeros(1 << 17))
        archive.writestr("50.npy", large.getvalue())
        for number in range(51, 60):
            again = zipfile.ZipInfo(f"{number}.npy")
            for name in ("header_offset", "file_size", "compress_size", "CRC"):
                setattr(again, name, getattr(archive.getinfo("50.npy"), name))
            archive.filelist.append(again)
    with pytest.raises(ValueError, match="its members claim more bytes than it has"):
        load(path)


@pytest.mark.parametrize("mmap_mode", [None, "r"])
def test_no_claim_makes_memory_grow(mmap_mode, saved):
    """Sizes are claimed in each place where a file has one; nothing is made of that size."""
    model, path = saved
    content = path.read_bytes()
    huge = struct.pack("<Q", 10**12)
    claims = [content.replace(struct.pack("<Q", size), huge) for size in range(64, 2000)]
    claims = {claim for claim in claims if claim != content}
    refused = 0
    tracemalloc.start()
    for claim in claims:
        path.write_bytes(claim)
        try:
            loaded = load(path, mmap_mode)
        except ValueError as error:
            refused += "damaged" in str(error)
        else:
            assert_equal(loaded, model)  # a size that nothing looks at
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert refused >= 3
    assert peak < 20e6


def array(name):
    return {"type": "array", "part": name}


ENDS = npy((70,), "<i8", (np.arange(70) * 0 + 100).astype("<i8").tobytes())


def with_parts(root, **arrays):
    """Replace all parts and the learned attribute that names them."""

    def change(header, parts):
        parts.clear()
        header["parts"].clear()
        parts.update({f"{name[1:]}.npy": content for name, content in arrays.items()})
        header["root"] = {
            "type": "object",
            "class": "CountVectorizer",
            "parameters": {},
            "state": {"value_": root},
        }

    return change


NO_LABELS = {"type": "range_index", "bounds": [0, 0, 1], "name": None}


def one_row(kind, shape):
    """Return a sparse matrix of no entries that claims a shape, stored as coordinates."""
    coords = {"type": "tuple", "items": [array("1.npy"), array("1.npy")]}
    node = {"type": "sparse", "class": kind, "shape": shape, "data": array("0.npy")}
    return with_parts(node | {"coords": coords}, _0=npy((0,)), _1=npy((0,), "<i4"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        # shapes that no byte stands for
        (one_row("lil_matrix", [10**12, 1]), "does not describe a model"),
        (one_row("csr_array", [10**12, 1]), "'indices'"),
        (replace_part(npy((10**12,), "<U0")), "is of items without a byte"),
        (replace_part(npy((0, 10**30))), "the part 0.npy is damaged"),
        (
            with_parts(
                {
                    "type": "series",
                    "values": {
                        "type": "column",
                        "values": {"type": "scalar", "dtype": "<f8", "value": "00" * 8},
                    },
                    "index": {"type": "range_index", "bounds": [0, 10**12, 1], "name": None},
                    "name": None,
                }
            ),
            "a column does not have the 1000000000000 values of its index",
        ),
        # parts that are named again and again
        (
            with_parts(
                [{"type": "strings", "text": "0.npy", "ends": "1.npy"}] * 700,
                _0=npy((100_000,), "|u1", b"a" * 100_000),
                _1=npy((1,), "<i8", struct.pack("<q", 100_000)),
            ),
            "named so often that they would fill the memory",
        ),
        (
            with_parts(
                {"type": "strings", "text": "0.npy", "ends": "1.npy"},
                _0=npy((100,), "|u1", b"a" * 100),
                _1=npy((3,), "<i8", struct.pack("<3q", 100, 0, 100)),
            ),
            "its texts do not end one after another",
        ),
        # dtypes that NumPy would not write
        (replace_part(npy((1,), "f8,O", b"\0" * 16)), "would need pickle"),
        (state({"type": "dtype", "value": ["a"]}), "would need pickle"),
        (
            state(
                {
                    "type": "index",
                    "values": {"type": "masked_column", "dtype": "a", "values": [], "missing": []},
                    "name": None,
                }
            ),
            "no column with gaps is of dtype 'a'",
        ),
        # labels of several levels, which could not be saved again
        *(
            (
                state({"type": "frame", "columns": [], "labels": labels, "index": index}),
                "labels must be an index. Got list instead",
            )
            for labels, index in (([[""]], NO_LABELS), (NO_LABELS, [[1]]))
        ),
        # indices that are no integers
        (
            with_parts(
                {
                    "type": "sparse",
                    "class": "csr_array",
                    "shape": [1, 1],
                    **{name: array(f"{i}.npy") for i, name in enumerate(["data", "indices"])},
                    "indptr": array("1.npy"),
                },
                _0=npy((2,), "<f8", b"\0" * 16),
                _1=npy((2,), "<f8", b"\0" * 16),
            ),
            "indices of float64",
        ),
        # roots that are no models
        (lambda header, parts: header.update(root=[1]), "a list is no estimator"),
        (lambda header, parts: header.update(root={"type": "path", "value": "x"}), "no estimator"),
        (lambda header, parts: header.update(format_version=0), "format_version is 0"),
        (lambda header, parts: header.update(format_version=True), "format_version is True"),
        (lambda header, parts: header.update(format_version=-1), "format_version is -1"),
    ],
)
def test_what_promises_too_much_is_refused(saved, change, message):
    _, path = saved
    rewrite(path, change)
    with pytest.raises(ValueError, match=message) as raised:
        load(path)
    assert str(path) in str(raised.value)


def test_a_lil_matrix_of_format_1_may_not_claim_rows(saved):
    _, path = saved
    rewrite(path, one_row("lil_matrix", [10**12, 1]))
    rewrite(path, lambda header, parts: header.update(format_version=1))
    with pytest.raises(ValueError, match="may have 1048576 rows. Got 1000000000000"):
        load(path)


def learned(estimator, **attributes):
    """Return a fitted estimator some of whose learned attributes a file might have made up."""
    vars(estimator).update(attributes)
    return estimator


def counted():
    return CountVectorizer().fit(HOTELS)


def weighed(vectorizer, **attributes):
    learned(vectorizer.fit(HOTELS)._weigher, **attributes)
    return vectorizer


TABLE = textvec.KeyedVectors(np.eye(3), ["harbour", "bar", "view"])


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (lambda: learned(counted(), vocabulary_={"bar": 10**9}), "vocabulary_ must number"),
        (lambda: learned(counted(), vocabulary_={"bar": -1}), "vocabulary_ must number"),
        (lambda: learned(counted(), vocabulary_={"a": 0, "b": 0}), "vocabulary_ must number"),
        (lambda: learned(counted(), vocabulary_={"a": 0.0}), "vocabulary_ must number"),
        (
            lambda: learned(TfidfVectorizer().fit(HOTELS), vocabulary_={"bar": 0}),
            "vocabulary_ has 1 terms, and 9 have weights",
        ),
        (lambda: weighed(BM25Vectorizer(), idf_=np.ones(2)), r"idf_ must hold 9 .* \(2,\)"),
        (
            lambda: weighed(BM25Vectorizer(), document_frequencies_=np.ones(2)),
            "document_frequencies_ must hold 9 numbers",
        ),
        (
            lambda: learned(
                textvec.DocumentVectorizer(TABLE, pooling="idf").fit(HOTELS),
                word_weights_=np.ones(2, np.float32),
            ),
            "word_weights_ must hold 3 numbers",
        ),
        (
            lambda: learned(
                textvec.DocumentVectorizer(TABLE, pooling="sif").fit(HOTELS),
                common_component_=np.ones(6, np.float32),
            ),
            "common_component_ must hold 3 numbers",
        ),
        (
            lambda: learned(textvec.ExactIndex().fit(np.eye(3)), n_features_in_=500),
            "items_ must be rows of width 500",
        ),
        (
            lambda: learned(textvec.ExactIndex().fit(np.eye(3)), items_=np.eye(3, dtype=int)),
            "items_ must be float32 or float64. Got int64",
        ),
        (
            lambda: learned(
                textvec.ExactIndex().fit(sparse.csr_array(np.eye(3))),
                items_=sparse.csr_array(([1.0, 1], [2, 0], [0, 2]), shape=(1, 3)),
            ),
            "items_ must have its columns in order",
        ),
        (
            lambda: learned(textvec.MinHashLSH().fit(HOTELS), signatures_=np.ones((5, 2), "u4")),
            "signatures_ of width 2 must have n_permutations=128",
        ),
        (
            lambda: learned(textvec.MinHashLSH().fit(HOTELS), signatures_=np.ones((5, 128))),
            "signatures_ must be rows of uint32",
        ),
        (
            lambda: learned(textvec.MinHashLSH().fit(HOTELS), n_bands_=2**40, n_rows_="many"),
            "n_rows_ must be an integer. Got 'many'",
        ),
    ],
)
def test_what_compiled_code_would_index_out_of_range_is_refused(model, message, path):
    """As a file made up by others might have it; each of these crashed Python or read elsewhere."""
    model().save(path)
    with pytest.raises(ValueError, match=message):
        load(path)


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (lambda: textvec.MinHashLSH().fit(HOTELS), "_layout"),
        (lambda: textvec.ExactIndex().fit(np.eye(3)), "_layout"),
        (counted, "_known"),
    ],
)
def test_what_is_never_saved_is_not_read(model, name, path):
    """It is made anew when needed, from what was checked. MinHashLSH's crashed Python."""
    model().save(path)
    wild = {"type": "tuple", "items": [[[2**40]], [[2**40]]]}
    rewrite(path, lambda header, parts: header["root"]["state"].update({name: wild}))
    with pytest.raises(ValueError, match=f"{name} is never saved with a"):
        load(path)


def test_objects_without_parameters_have_no_state(saved):
    """Whose constructors check what they are given: a file may not go past them."""
    _, path = saved
    TABLE.save(path)
    rewrite(path, set_root(state={"key_to_index": {"type": "dict", "keys": [], "values": []}}))
    with pytest.raises(ValueError, match="a KeyedVectors has no state"):
        load(path)


# ------------------------------------------------------------------------------- speed for trust


@pytest.mark.parametrize("mmap_mode", [None, "r", "c"])
def test_sums_are_left_out_when_asked(mmap_mode, saved, monkeypatch):
    model, path = saved
    digests = []
    original = persistence.archive._sha256
    monkeypatch.setattr(persistence.archive, "_sha256", lambda c: digests.append(1) or original(c))
    assert_equal(load(path, mmap_mode, verify=False), model)
    assert not digests
    assert_equal(load(path, mmap_mode), model)
    assert digests


# ------------------------------------------------------------------------------- the whole package


def classes():
    """Yield every class that textvec defines."""
    for info in pkgutil.walk_packages(textvec.__path__, "textvec."):
        if not info.name.endswith("__main__"):
            for value in vars(import_module(info.name)).values():
                if inspect.isclass(value) and value.__module__ == info.name:
                    yield value


def test_what_files_hold_are_classes_that_exist():
    found = {one.__name__: one.__module__ for one in classes()}
    assert found.items() >= persistence.classes._WITHIN.items()


def test_every_class_with_parameters_or_state_can_be_saved():
    """Classes that others only build on are saved as what was built on them."""
    savers = {one for one in classes() if hasattr(one, "get_params") or hasattr(one, "save")}
    savers -= {one for one in savers if issubclass(one, click_groups())}
    missing = {
        one
        for one in savers
        if persistence.classes.class_named(one.__name__) is not one
        and not any(issubclass(other, one) and other is not one for other in savers)
    }
    assert not missing
    assert all(hasattr(one, "save") for one in savers if hasattr(one, "get_params"))


def click_groups():
    import typer

    return typer.core.TyperGroup


# Module -> what it writes that is no model. All but `_writing` write through it.
WRITERS = {
    "_writing": "every file, aside and then in place",
    "cli/embedding": "whose a folder of unfinished work is",
    "dense/vector_files": "word vectors for other tools",
    "encoders/cache": "the cache of encodings (SQLite)",
    "encoders/claims": "who encodes what (SQLite)",
    "encoders/files": "vectors of a table for other tools",
    "evaluate/cells": "results already computed",
    "evaluate/tasks/words": "word tests, for a reader of files",
    "persistence/__init__": "models, as a file that appears whole",
    "persistence/archive": "models",
    "search/engines/_engine": "an engine's own file, to take its bytes and give them back",
    "search/engines/scann": "ScaNN's own files, to take their bytes and give them back",
    "show/csv_files": "tables that a user asks for",
    "show/report": "reports",
}
_WRITING = {
    *("write_text", "write_bytes", "write_array", "tofile", "memmap", "replacing", "dump"),
    *("savetxt", "savez", "savez_compressed", "to_csv", "to_json", "to_parquet", "to_pickle"),
}
_READING = {"fromfile", "genfromtxt", "loadtxt", "read_pickle", "read_hdf"}
_OTHER_FORMATS = {"dill", "marshal", "pickle", "shelve", "h5py", "cloudpickle"}


def writes(tree):
    """Whether code writes files, or reads arrays out of them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", None))
            owner = getattr(getattr(node.func, "value", None), "id", None)
            if name in _WRITING | _READING or owner in ("np", "numpy") and name in ("load", "save"):
                return True
            if owner == "sqlite3" and name == "connect":
                return True
            modes = [*node.args[1:2], *(word.value for word in node.keywords if word.arg == "mode")]
            modes = [mode.value for mode in modes if isinstance(mode, ast.Constant)]
            if name == "open" and any(set(str(mode)) & set("wax+") for mode in modes):
                return True
    return False


def test_models_are_written_by_persistence_alone():
    root = Path(textvec.__file__).parent
    found = set()
    for file in root.rglob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        if writes(tree):
            found.add(file.relative_to(root).with_suffix("").as_posix())
        imported = {
            name.name.partition(".")[0]
            for node in ast.walk(tree)
            if isinstance(node, ast.Import)
            for name in node.names
        } | {
            node.module.partition(".")[0]
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
            and not all(name.name.endswith("Error") for name in node.names)
        }
        assert not imported & _OTHER_FORMATS, f"{file} uses {imported & _OTHER_FORMATS}"
    assert found <= set(WRITERS), "a new writer: is it a model's? Then it goes through persistence"
    assert set(WRITERS) <= found, "no writer any more"


@pytest.mark.parametrize(
    "line",
    [
        "np.save(path, array)",
        "np.load(path)",
        "open(path, 'wb')",
        "path.open(mode='a')",
        "Path(path).write_bytes(b'')",
        "json.dump(model, file)",
        "frame.to_pickle(path)",
    ],
)
def test_writers_are_found(line):
    assert writes(ast.parse(line))
    assert not writes(ast.parse("open(path)\nopen(path, 'rb')\njson.dumps(1)\nvectorizer.save(p)"))


def test_users_may_pickle_what_they_trust(path):
    for dump, read in (
        (lambda one: path.write_bytes(pickle.dumps(one)), lambda: pickle.loads(path.read_bytes())),
        (lambda one: joblib.dump(one, path), lambda: joblib.load(path)),
    ):
        for model in (BM25Vectorizer().fit(HOTELS), TfidfVectorizer(n_jobs=2).fit(HOTELS)):
            dump(model)
            assert_equal(read().transform(HOTELS), model.transform(HOTELS))
        dump(TABLE)
        assert read().most_similar("bar") == TABLE.most_similar("bar")
        index = textvec.ExactIndex().fit(np.eye(3))
        dump(index)
        assert_equal(read().kneighbors(np.eye(3), 1), index.kneighbors(np.eye(3), 1))


@pytest.mark.parametrize("kind", [sparse.coo_array, sparse.coo_matrix])
def test_coordinates_stay_as_wide_as_they_were(kind, tmp_path):
    matrix = kind(np.eye(3))
    matrix.coords = tuple(coord.astype(np.int64) for coord in matrix.coords)
    model = CountVectorizer()
    model.X_ = matrix
    model.save(tmp_path / "model")
    found = load(tmp_path / "model").X_
    assert [coord.dtype for coord in found.coords] == [np.int64, np.int64]
    np.testing.assert_array_equal(found.toarray(), np.eye(3))


def test_a_fingerprint_tells_apart_what_differs_and_only_that():
    values = [
        [1.0, 2.0],
        (1.0, 2.0),
        np.array([1.0, 2.0]),
        np.array([1.0, 2.0], dtype=np.float32),
        np.array([[1.0, 2.0]]),
        np.array([1.0, 3.0]),
        np.array(["a", "b"], dtype=object),
        [str(i) for i in range(5000)],
        [str(i) for i in range(4999)] + ["x"],
        {"a": 1, "b": 2},
        "1",
        1,
        "\ud800\udc00",
        "\U00010000",
        None,
        textvec.KeyedVectors(np.eye(2), ["a", "b"]),
        textvec.KeyedVectors(2 * np.eye(2), ["a", "b"]),
        CountVectorizer(),
        CountVectorizer(binary=True),
        TfidfVectorizer(),
    ]
    prints = [persistence.fingerprint(value) for value in values]
    assert len(set(prints)) == len(values)
    assert prints == [persistence.fingerprint(copy.deepcopy(value)) for value in values]
    with pytest.raises(TypeError, match="is code"):
        persistence.fingerprint({"tokenizer": str.split})
