"""Values in files: round trips to the bit, refusals, and files of earlier formats."""

import copy
import json
import os
import zipfile
from pathlib import Path

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

from .files import HOTELS, assert_equal, round_trip


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
    ids=lambda value: ascii(sorted(value, key=str) if isinstance(value, frozenset) else value)[:40],
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


FILES = Path(__file__).parents[1] / "files"  # written by textvec as it was when a format was new


@pytest.mark.parametrize("mmap_mode", [None, "r"])
@pytest.mark.parametrize("version", range(1, persistence.FORMAT_VERSION))
def test_every_value_of_an_older_format_is_read(version, mmap_mode):
    assert_equal(load(FILES / f"every_value.format{version}", mmap_mode), every_value())


@pytest.mark.parametrize("mmap_mode", [None, "r"])
def test_files_of_format_1_are_read(mmap_mode):
    tfidf = load(FILES / "tfidf.format1", mmap_mode)
    row = tfidf.transform(["rooms by the bar"]).toarray()[0]
    assert np.sort(row[row > 0]).round(12).tolist() == [0.339393148911] + [0.420669060063] * 5


@pytest.mark.parametrize("mmap_mode", [None, "r"])
def test_files_of_format_2_are_read(mmap_mode, tmp_path):
    """Where a vocabulary was a dict."""
    texts = [f"room {i} by the sea, {i * i} steps to the caf\u00e9" for i in range(40)]
    tfidf, fresh = load(FILES / "tfidf.format2", mmap_mode), TfidfVectorizer(ngram_range=(1, 2))
    expected = fresh.fit(texts).transform(texts)
    assert list(tfidf.vocabulary_.items()) == list(fresh.vocabulary_.items())
    for documents, rows in ((texts, expected), (texts[:2], expected[:2])):
        assert (tfidf.transform(documents) != rows).nnz == 0
    tfidf.save(tmp_path / "again")
    assert (load(tmp_path / "again").transform(texts) != expected).nnz == 0


def test_every_older_format_has_an_upgrade_and_files():
    older = range(1, persistence.FORMAT_VERSION)
    assert list(persistence.decoding._UPGRADES) == list(older)
    assert all(list(FILES.glob(f"*.format{version}")) for version in older)


def test_every_kind_of_value_comes_back_in_the_format_of_today(path):
    every_value().save(path)
    assert_equal(load(path), every_value())


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
