"""HashingVectorizer gives scikit-learn's columns, signs and numbers, bit for bit."""

import copy
import inspect
import io
import pickle
import re

import numpy as np
import pytest
import sklearn
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction import text as peer
from sklearn.linear_model import SGDClassifier
from sklearn.pipeline import make_pipeline
from sklearn.utils import get_tags, murmurhash3_32

import textvec
from textvec.text import vocabulary

from .parity import (
    assert_same_matrix,
    corpora,
    documents,
    examples,
    outcome,
    same_outcome,
    zipf_corpus,
)

EXTRA = {"n_jobs", "stem"}  # parameters that scikit-learn's class does not have
DOCS = [
    "The sea, the SEA! A hotel by the sea, and the view of the sea.",
    "not the hotel I booked: no view, no sea",
    "",
    "Café naïve; CAFÉ, cafe\u0301 hotel",
    "view view view hotel   hotel\t\tsea\u3000\u3000sea",
    "ΟΔΟΣ ΟΔΟΣ. İSTANBUL straße ſea x²",
    " \n ",
    "这家酒店的前台服务态度很好 😀",
]
# Python's str may hold lone surrogates, which have no UTF-8: scikit-learn cannot hash them.
_SURROGATES = dict.fromkeys(range(0xD800, 0xE000), "\ufffd")


def encodable(docs, size=None):
    return [doc.translate(_SURROGATES)[:size] for doc in docs]


def split_at_spaces(text):
    return text.split(" ")


def pieces_with_spaces(text):
    return [text[i : i + 3] for i in range(0, len(text), 2)]


def swap_case(text):
    return text.swapcase()


def pair(**params):
    return textvec.HashingVectorizer(**params), peer.HashingVectorizer(**params)


def assert_same_transform(mine, other, docs):
    """``docs`` may be a function that makes them, for those that can be read only once."""
    make = docs if callable(docs) else lambda: docs
    for method in ("transform", "fit_transform"):
        X, Y = same_outcome(
            lambda: getattr(mine, method)(make()),  # noqa: B023
            lambda: getattr(other, method)(make()),  # noqa: B023
        )
        if Y is not None:
            assert_same_matrix(X, Y)
            assert X.has_sorted_indices
    return Y


# --- the numbers ----------------------------------------------------------------------------------


@settings(max_examples=examples(125))
@given(
    corpora(),
    st.fixed_dictionaries(
        {
            "strip_accents": st.sampled_from([None, None, "ascii", "unicode"]),
            "lowercase": st.sampled_from([True, True, False]),
            "ngram_range": st.sampled_from([(1, 1), (1, 1), (1, 2), (2, 3), (1, 3)]),
            "token_pattern": st.sampled_from([r"(?u)\b\w\w+\b"] * 4 + [r"(?u)\b\w+\b", r"\S+"]),
            "stop_words": st.sampled_from([None, None, "english", ["hotel", "酒店"]]),
            "n_features": st.sampled_from([1, 2, 3, 7, 64, 1000, 2**20]),
            "binary": st.sampled_from([False, False, True]),
            "norm": st.sampled_from([None, "l1", "l2"]),
            "alternate_sign": st.booleans(),
            "dtype": st.sampled_from([np.float64, np.float32, np.int64, "float32"]),
        }
    ),
    st.integers(1, 4),
)
def test_words(docs, params, n_jobs):
    mine, other = pair(**params)
    mine.set_params(n_jobs=n_jobs)
    assert_same_transform(mine, other, encodable(docs))


@settings(max_examples=examples(60))
@given(
    st.lists(documents(), min_size=1, max_size=4),
    st.sampled_from(["char", "char_wb"]),
    st.sampled_from([(1, 1), (1, 3), (2, 4), (5, 9)]),
    st.sampled_from([3, 50, 2**20]),
    st.sampled_from([None, "l2"]),
    st.booleans(),
    st.integers(1, 4),
)
def test_characters(docs, analyzer, ngram_range, n_features, norm, alternate_sign, n_jobs):
    mine, other = pair(
        analyzer=analyzer,
        ngram_range=ngram_range,
        n_features=n_features,
        norm=norm,
        alternate_sign=alternate_sign,
    )
    mine.set_params(n_jobs=n_jobs)
    assert_same_transform(mine, other, encodable(docs, 200))


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64, np.int32, "float32", "f4"])
@pytest.mark.parametrize("norm", [None, "l1", "l2"])
@pytest.mark.parametrize("binary", [False, True])
def test_dtypes_norms_and_binary(dtype, norm, binary):
    for n_features in (1, 5, 2**20):
        for alternate_sign in (False, True):
            mine, other = pair(
                dtype=dtype,
                norm=norm,
                binary=binary,
                n_features=n_features,
                alternate_sign=alternate_sign,
            )
            assert assert_same_transform(mine, other, DOCS) is not None


@pytest.mark.parametrize("n_features", [1, 2, 63, 64, 65, 4096, 4097, 2**20, 2**31 - 1])
def test_any_number_of_columns(n_features):
    for params in ({}, {"analyzer": "char_wb", "ngram_range": (2, 4)}):
        mine, other = pair(n_features=n_features, norm=None, **params)
        assert_same_transform(mine, other, DOCS)


def test_the_lowest_hash_of_all():
    """The absolute value of -2**31 is no int32."""
    word = "gmsiysce"
    assert murmurhash3_32(word, seed=0) == -(2**31)
    for n_features in (1, 5, 64, 1000, 2**20):
        X = assert_same_transform(*pair(n_features=n_features, norm=None), [word])
        assert X.indices.tolist() == [2**31 % n_features]
        assert X.data.tolist() == [-1]


def test_sums_of_zero_are_kept():
    """Words of either sign in one column cancel, and their entry stays, as scikit-learn's does."""
    words = [f"word{i}" for i in range(50)]
    signs = [murmurhash3_32(word, seed=0) >= 0 for word in words]
    plus, minus = words[signs.index(True)], words[signs.index(False)]
    mine, other = pair(n_features=1, norm=None)
    docs = [f"{plus} {minus}", f"{plus} {plus} {minus}", ""]
    X = assert_same_transform(mine, other, docs)
    assert X.indptr.tolist() == [0, 1, 2, 2]
    assert X.data.tolist() == [0, 1]
    mine, other = pair(n_features=1, norm=None, binary=True)
    assert assert_same_transform(mine, other, docs).data.tolist() == [1, 1]


@pytest.mark.parametrize(
    "params",
    [
        {"preprocessor": swap_case},
        {"preprocessor": swap_case, "analyzer": "char", "ngram_range": (1, 3)},
        {"tokenizer": split_at_spaces, "token_pattern": None},
        {"tokenizer": split_at_spaces},  # warns that token_pattern is not used
        {"tokenizer": split_at_spaces, "token_pattern": None, "stop_words": "english"},
        {"tokenizer": pieces_with_spaces, "token_pattern": None, "ngram_range": (1, 3)},
        {"tokenizer": list, "token_pattern": None, "ngram_range": (1, 2), "lowercase": False},
        {"strip_accents": swap_case},
        {"analyzer": split_at_spaces},
        {"analyzer": str.split, "ngram_range": (1, 2)},
        {"stop_words": "english", "analyzer": "char"},
        {"ngram_range": (2, 1)},
        {"ngram_range": (0, 1)},
        {"token_pattern": r"(\w)(\w)"},
        {"encoding": "latin-1"},
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("n_jobs", [None, 2])
def test_callables_warnings_and_errors(params, n_jobs):
    mine, other = pair(**params)
    mine.set_params(n_jobs=n_jobs)
    assert_same_transform(mine, other, DOCS)
    same_outcome(lambda: bool(mine.fit(DOCS)), lambda: bool(other.fit(DOCS)))


@pytest.mark.parametrize(
    "make",
    [
        lambda: [doc.encode() for doc in DOCS],
        lambda: iter(DOCS),
        lambda: tuple(DOCS),
        lambda: np.array(DOCS),
        lambda: dict.fromkeys(DOCS),
        lambda: ["", " "],
        lambda: [""],
        lambda: "one str",
        lambda: [b"\xff\xfe"],
        lambda: ["sea", np.nan],
    ],
)
def test_kinds_of_corpus(make):
    for params in ({}, {"analyzer": "char"}, {"analyzer": "char_wb", "ngram_range": (3, 3)}):
        assert_same_transform(*pair(**params), make)


def test_files(tmp_path):
    paths = []
    for number, doc in enumerate(DOCS):
        paths.append(tmp_path / f"{number}.txt")
        paths[-1].write_text(doc, encoding="utf-8")
    assert_same_transform(*pair(input="filename"), paths)
    assert_same_transform(*pair(input="file"), lambda: map(io.StringIO, DOCS))


def test_lone_surrogates_are_hashed_as_the_bytes_that_python_gives_them():
    """scikit-learn raises UnicodeEncodeError."""
    X = textvec.HashingVectorizer(analyzer="char", norm=None).transform(["\ud800"])
    hashed = murmurhash3_32("\ud800".encode("utf-8", "surrogatepass"), seed=0)
    assert X.indices.tolist() == [abs(hashed) % 2**20]
    assert X.data.tolist() == [1 if hashed >= 0 else -1]


# --- documents that are not text ------------------------------------------------------------------


@pytest.mark.parametrize("bad", [None, 3, 2.5, ["a"]])
@pytest.mark.parametrize(
    "params",
    [
        {},
        {"analyzer": "char"},
        {"strip_accents": "unicode"},
        {"token_pattern": r"\S+"},
        {"n_jobs": 2},
    ],
    ids=str,
)
def test_a_document_that_is_no_text_is_named_by_its_row(bad, params):
    with pytest.raises(TypeError, match=r"row 2\b"):
        textvec.HashingVectorizer(**params).transform(["the sea", "a view", bad, "sea"])


# --- threads --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"ngram_range": (1, 2), "n_features": 1000},
        {"analyzer": "char_wb", "ngram_range": (2, 4), "dtype": np.float32},
        {"tokenizer": str.split, "token_pattern": None, "ngram_range": (1, 2), "norm": None},
    ],
    ids=str,
)
def test_no_result_depends_on_n_jobs(params, monkeypatch):
    monkeypatch.setattr(vocabulary, "BLOCK_CHARACTERS", 2000)
    docs = zipf_corpus(400)
    mine, other = pair(**params)
    Y = other.transform(docs)
    for n_jobs in (None, 1, 2, 3, 4, -1):
        assert_same_matrix(mine.set_params(n_jobs=n_jobs).transform(docs), Y)


# --- scikit-learn's ways --------------------------------------------------------------------------


def test_constructor_and_methods_have_the_same_signatures():
    mine = inspect.signature(textvec.HashingVectorizer).parameters
    other = inspect.signature(peer.HashingVectorizer).parameters
    assert set(mine) - set(other) == EXTRA
    for name, parameter in other.items():
        assert mine[name].default == parameter.default
        assert mine[name].kind == parameter.kind
    for name, method in inspect.getmembers(peer.HashingVectorizer, inspect.isfunction):
        if not name.startswith("_"):
            ours = inspect.signature(getattr(textvec.HashingVectorizer, name)).parameters
            for parameter in inspect.signature(method).parameters.values():
                assert ours[parameter.name].default == parameter.default, name


@pytest.mark.parametrize(
    ("n_features", "error"),
    [(0, ValueError), (-5, ValueError), (2**31, ValueError), (8.0, TypeError)],
)
def test_columns_are_as_many_as_can_be_without_fit(n_features, error):
    """scikit-learn's own ends Python with 0."""
    with pytest.raises(error, match="n_features must be"):
        textvec.HashingVectorizer(n_features=n_features).transform(DOCS)


def test_a_dtype_without_negative_numbers_takes_none():
    vectorizer = textvec.HashingVectorizer(n_features=16, norm=None, dtype=np.uint8)
    with pytest.raises(ValueError, match=r"dtype must hold negative .*uint8.*alternate_sign=False"):
        vectorizer.transform(DOCS)
    unsigned = {"n_features": 16, "norm": None, "alternate_sign": False, "dtype": np.uint8}
    assert_same_transform(*pair(**unsigned), DOCS)


def test_there_are_no_feature_names():
    vectorizer = textvec.HashingVectorizer(n_features=16).fit(DOCS)
    assert not hasattr(vectorizer, "get_feature_names_out")
    assert not hasattr(vectorizer, "vocabulary_")


def test_set_output():
    vectorizer = textvec.HashingVectorizer(n_features=16)
    for transform in ("default", None):
        assert vectorizer.set_output(transform=transform) is vectorizer
    for transform in ("pandas", "polars"):
        with pytest.raises(ValueError, match=f"Got '{transform}' instead: hashed columns have no"):
            vectorizer.set_output(transform=transform)
    with sklearn.config_context(transform_output="pandas"):
        assert_same_transform(*pair(), DOCS)


@pytest.mark.parametrize("interface", ["spmatrix", "sparray"])
@pytest.mark.parametrize("norm", [None, "l2"])
def test_sparse_interface(interface, norm):
    with sklearn.config_context(sparse_interface=interface):
        assert assert_same_transform(*pair(norm=norm), DOCS) is not None


@pytest.mark.parametrize(
    "params",
    [
        {"n_features": 0},
        {"n_features": 2.5},
        {"norm": "l3"},
        {"alternate_sign": "yes"},
        {"binary": 2},
        {"stop_words": "german"},
        {"analyzer": "words"},
        {"ngram_range": [1, 2]},
    ],
    ids=str,
)
def test_parameters_are_checked_in_fit(params):
    mine, other = pair(**params)
    for method in ("fit", "partial_fit", "fit_transform"):
        _, (kind, message), _ = outcome(lambda: getattr(mine, method)(DOCS))  # noqa: B023
        _, expected, _ = outcome(lambda: getattr(other, method)(DOCS))  # noqa: B023
        if "stop_words" in params:  # ours has one more list to choose from
            message = re.sub("'chinese', |, 'chinese'", "", message)
        if "analyzer" in params:  # one more here, too, and sets of four have an order of their own
            assert kind == expected[0]
            assert {*re.findall(r"\w+", message)} == {*re.findall(r"\w+", expected[1]), "mixed"}
        else:
            assert (kind, message) == expected


def test_nothing_is_learned():
    """It transforms without fit, and what was seen before makes no difference."""
    docs = ["sea view"]
    expected = peer.HashingVectorizer().transform(docs)
    mine = textvec.HashingVectorizer()
    assert_same_matrix(mine.transform(docs), expected)
    assert mine.fit(DOCS) is mine
    assert mine.partial_fit(DOCS) is mine
    assert_same_matrix(mine.transform(docs), expected)
    with pytest.raises(NotFittedError):
        textvec.CountVectorizer().transform(docs)  # which a fit is needed for


def test_clone_params_tags_and_repr():
    mine, other = pair(n_features=100, ngram_range=(1, 2))
    theirs = other.get_params()
    assert {k: v for k, v in mine.get_params().items() if k not in EXTRA} == theirs
    assert repr(mine) == repr(other)
    assert clone(mine).get_params() == mine.get_params()
    assert get_tags(mine) == get_tags(other)


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"analyzer": "char_wb", "ngram_range": (2, 3), "n_features": 100, "n_jobs": 2},
        {"tokenizer": "jieba", "stop_words": "chinese", "norm": None},
        {"stem": "english", "stop_words": ["hotel"], "dtype": np.float32},
    ],
    ids=str,
)
def test_copies_give_the_same(params, tmp_path):
    mine = textvec.HashingVectorizer(**params).fit(DOCS)
    X = mine.transform(DOCS)
    mine.save(tmp_path / "hashing.textvec")
    again = textvec.load(tmp_path / "hashing.textvec")
    assert type(again) is textvec.HashingVectorizer
    for other in (again, clone(mine), copy.deepcopy(mine), pickle.loads(pickle.dumps(mine))):
        assert other.get_params() == mine.get_params()
        assert_same_matrix(other.transform(DOCS), X)


def test_a_pipeline_may_learn_from_one_batch_after_another():
    hashing = textvec.HashingVectorizer(n_features=2**10)
    classifier = SGDClassifier(random_state=0)
    for _ in range(3):
        classifier.partial_fit(hashing.transform(["sea view", "dull"]), [1, 0], classes=[0, 1])
    assert make_pipeline(hashing, classifier).predict(["the sea", "so dull"]).tolist() == [1, 0]


def build_tokenizer(self):
    return lambda text: text.split("e")


def build_analyzer(self):
    return lambda doc: [doc[:3], doc[-3:], doc[:3]]


def get_stop_words(self):
    return frozenset(["sea", "hotel"])


def decode(self, doc):
    return doc[::-1]


@pytest.mark.parametrize(
    "method", [build_tokenizer, build_analyzer, get_stop_words, decode], ids=lambda m: m.__name__
)
def test_what_a_subclass_overrides_is_used(method):
    overrides = {method.__name__: method}
    mine = type("Custom", (textvec.HashingVectorizer,), overrides)(ngram_range=(1, 2))
    other = type("Custom", (peer.HashingVectorizer,), overrides)(ngram_range=(1, 2))
    X = assert_same_transform(mine, other, DOCS)
    plain = peer.HashingVectorizer(ngram_range=(1, 2)).transform(DOCS)
    assert (plain != X).nnz
