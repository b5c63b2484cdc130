"""CountVectorizer gives scikit-learn's vocabulary, matrices, messages and warnings, bit for bit."""

import copy
import inspect
import io
import pickle
from functools import partial
from itertools import pairwise, product

import numpy as np
import pandas as pd
import pytest
import sklearn
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction import text as peer
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline
from sklearn.utils import get_tags

import textvec

from .parity import (
    PIECES,
    SPACES,
    assert_same_fit,
    assert_same_learned,
    assert_same_matrix,
    corpora,
    documents,
    examples,
    outcome,
    repetitive_documents,
    same_outcome,
    zipf_corpus,
)

DEFAULT_PATTERN = r"(?u)\b\w\w+\b"
PATTERNS = [
    DEFAULT_PATTERN,
    r"(?u)\b\w+\b",
    r"\w+",
    r"(?u)\b(\w)\w+\b",  # one group: the group is the token
    r"(?a)\b\w\w+\b",
    r"(?i)[a-zé]+",
    r"\S+",
    r"[^,.]+",  # tokens hold spaces, so different n-grams join to the same string
    r"\w*",  # tokens may be empty
    r"(\d)?\w",  # so may a group that takes no part
    r"(?s).",
    r"(?u)\b\w\w\w*\b",
    r"(?u)\b\w{3,}\b",
]
NGRAM_RANGES = [(1, 1), (1, 2), (2, 3), (1, 3), (2, 2), (3, 3), (2, 5), (1, 8)]
STOP_LISTS = [None, "english", ["the", "hotel", "of"], ["ΑΣ".lower(), "酒店", "a"], []]
DTYPES = [np.int64, np.int32, np.float64, np.float32, np.uint8, "float32", bool]

REVIEWS = [
    "The sea, the SEA! A hotel by the sea, and the view of the sea.",
    "not the hotel I booked: no view, no sea",
    "",
    "Café naïve; CAFÉ, cafe\u0301 hotel",
    "view view view hotel   hotel\t\tsea\u3000\u3000sea",
    "ΟΔΟΣ ΟΔΟΣ. İSTANBUL straße ſea x²",
    " \n ",
    "the and of",
]


def swap_case(text):
    return text.swapcase()


def split_at_spaces(text):
    return text.split(" ")


def split_lazily(text):
    return iter(text.split())


def tokens_with_spaces(text):
    return [text[i : i + 3] for i in range(0, len(text), 2)]


def identity(document):
    return document


def word_lengths(text):
    return [len(word) for word in text.split()]


def word_pairs(text):
    return list(pairwise(text.split()))


def drop_vowels(text):
    return "".join(c for c in text if c not in "aeiouAEIOU")


def pair(ours=textvec.CountVectorizer, theirs=peer.CountVectorizer, **params):
    return ours(**params), theirs(**params)


common_params = {
    "strip_accents": st.sampled_from([None, None, "ascii", "unicode", drop_vowels]),
    "lowercase": st.sampled_from([True, True, False]),
    "ngram_range": st.sampled_from(NGRAM_RANGES),
    "binary": st.booleans(),
    "dtype": st.sampled_from(DTYPES),
}
word_params = st.fixed_dictionaries(
    {
        **common_params,
        "token_pattern": st.sampled_from([DEFAULT_PATTERN] * 12 + PATTERNS),
        "stop_words": st.sampled_from(STOP_LISTS),
    }
)
character_params = st.fixed_dictionaries(
    {**common_params, "analyzer": st.sampled_from(["char", "char_wb"])}
)
pruning_params = st.fixed_dictionaries(
    {
        "min_df": st.sampled_from([1, 1, 2, 3, 0.0, 0.3, 0.5]),
        "max_df": st.sampled_from([1.0, 1.0, 0.9, 0.5, 2, 3, 10]),
        "max_features": st.sampled_from([None, None, 1, 2, 5, 20, 1000]),
    }
)


# --- the numbers, on generated corpora ------------------------------------------------------------


@settings(max_examples=examples(250))
@given(corpora(), corpora(3), word_params, st.integers(1, 4))
def test_words(docs, new_docs, params, n_jobs):
    mine, other = pair(**params)
    mine.set_params(n_jobs=n_jobs)
    assert_same_fit(mine, other, docs, new_docs)


@settings(max_examples=examples(175))
@given(corpora(), corpora(3), st.integers(1, 4))
def test_words_by_default(docs, new_docs, n_jobs):
    assert_same_fit(textvec.CountVectorizer(n_jobs=n_jobs), peer.CountVectorizer(), docs, new_docs)


@settings(max_examples=examples(200))
@given(corpora(4), corpora(2), character_params, st.integers(1, 4))
def test_characters(docs, new_docs, params, n_jobs):
    docs = [doc[:400] for doc in docs]  # long words make scikit-learn slow, not us wrong
    mine, other = pair(**params)
    mine.set_params(n_jobs=n_jobs)
    assert_same_fit(mine, other, docs, [doc[:400] for doc in new_docs])


@settings(max_examples=examples(200))
@given(
    st.lists(st.one_of(repetitive_documents(), documents()), min_size=1, max_size=8),
    pruning_params,
    st.sampled_from(
        [
            {"token_pattern": r"(?u)\b\w+\b"},
            {"token_pattern": r"(?u)\b\w+\b", "ngram_range": (1, 2)},
            {"ngram_range": (1, 3)},
            {"ngram_range": (2, 2), "binary": True},
            {"analyzer": "char", "ngram_range": (1, 2)},
            {"analyzer": "char_wb", "ngram_range": (2, 3)},
            {"binary": True, "dtype": np.float32},
        ]
    ),
    st.integers(1, 4),
)
def test_pruning(docs, pruning, params, n_jobs):
    docs = [doc[:400] for doc in docs]
    mine, other = pair(**params, **pruning)
    mine.set_params(n_jobs=n_jobs)
    assert_same_fit(mine, other, docs, docs[::-1])


@st.composite
def vocabularies(draw):
    """A fixed vocabulary of any kind, not always a valid one."""
    known = st.sampled_from(
        [
            "sea",
            "the",
            "hotel",
            "a",
            "b",
            "c",
            "a b",
            "aa",
            "αο",
            "ας",
            "酒店",
            "é",
            "Aa",
            "",
            " ",
            "x",
        ]
        + [piece for piece in PIECES if len(piece) < 20]
    )
    terms = draw(st.lists(known, max_size=8, unique=draw(st.sampled_from([True, True, False]))))
    kind = draw(st.sampled_from(["list", "tuple", "set", "dict", "gaps", "pairs", "iterator"]))
    match kind:
        case "tuple":
            return tuple(terms)
        case "set":
            return set(terms)
        case "dict":
            order = draw(st.permutations(range(len(terms))))
            return {term: int(column) for term, column in zip(terms, order)}
        case "gaps":
            return {term: 2 * column for column, term in enumerate(terms)}
        case "pairs":
            return {term: column // 2 for column, term in enumerate(terms)}
        case "iterator":
            return dict.fromkeys(terms).keys()
        case _:
            return terms


@settings(max_examples=examples(175))
@given(
    corpora(4),
    vocabularies(),
    st.sampled_from(
        [
            {},
            {"ngram_range": (1, 2)},
            {"ngram_range": (1, 2), "token_pattern": r"(?u)\b\w+\b"},
            {"token_pattern": r"[^,]+"},
            {"analyzer": "char", "ngram_range": (1, 3)},
            {"analyzer": "char_wb", "ngram_range": (1, 3)},
            {"lowercase": False, "binary": True},
            {"min_df": 2, "max_features": 1, "stop_words": "english"},
        ]
    ),
    st.integers(1, 4),
)
def test_fixed_vocabulary(docs, vocabulary, params, n_jobs):
    docs = [doc[:400] for doc in docs]
    mine, other = pair(vocabulary=vocabulary, **params)
    mine.set_params(n_jobs=n_jobs)
    A, B = same_outcome(lambda: mine.transform(docs), lambda: other.transform(docs))
    if B is not None:
        assert_same_matrix(A, B)
        assert_same_learned(mine, other)
    assert_same_fit(mine, other, docs)


@settings(max_examples=examples(150))
@given(documents(), word_params, st.sampled_from(["word", "char", "char_wb"]))
def test_steps(doc, params, analyzer):
    doc = doc[:400]
    mine, other = pair(analyzer=analyzer, **params)
    for step in ("build_preprocessor", "build_tokenizer", "build_analyzer"):
        f, g = same_outcome(getattr(mine, step), getattr(other, step))
        assert list(f(doc)) == list(g(doc))
    assert mine.get_stop_words() == other.get_stop_words()


@settings(max_examples=examples(100))
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=30),
            documents().map(lambda doc: doc.encode("utf-8", "surrogatepass")),
            documents().map(lambda doc: doc.encode("utf-16", "surrogatepass")),
            documents().map(lambda doc: doc.encode("gb18030", "replace")),
            repetitive_documents(),
        ),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from(["utf-8", "latin-1", "utf-16", "gb18030", "ascii", "no-such-encoding"]),
    st.sampled_from(["strict", "ignore", "replace"]),
)
def test_bytes(docs, encoding, decode_error):
    mine, other = pair(encoding=encoding, decode_error=decode_error)
    assert_same_fit(mine, other, docs)
    for doc in docs:
        decoded, expected = same_outcome(lambda: mine.decode(doc), lambda: other.decode(doc))  # noqa: B023
        assert decoded == expected


# --- the numbers, on chosen corpora ---------------------------------------------------------------


def test_every_piece_before_and_after_every_space():
    docs = [piece + space + piece for piece in PIECES if len(piece) < 20 for space in SPACES]
    for params in (
        {},
        {"lowercase": False},
        {"strip_accents": "unicode"},
        {"strip_accents": "ascii"},
        {"token_pattern": r"(?u)\b\w+\b", "ngram_range": (1, 2)},
        {"analyzer": "char_wb", "ngram_range": (1, 2)},
        {"analyzer": "char", "ngram_range": (1, 3)},
    ):
        assert assert_same_fit(*pair(**params), docs, docs[::7])


def test_every_character_of_unicode():
    """Each code point that is not private or unassigned (and some that are) inside of a word."""
    codes = [*range(0x32000), *range(0xE0000, 0xE0200), *range(0x32000, 0x110000, 101)]
    docs = [
        "".join(f" xa{chr(code)}aΣ{chr(code)}ba" for code in codes[start : start + 256])
        for start in range(0, len(codes), 256)
    ]
    for params in ({}, {"lowercase": False}, {"strip_accents": "unicode"}):
        mine, other = pair(**params)
        assert_same_matrix(mine.fit_transform(docs), other.fit_transform(docs))
        assert mine.vocabulary_ == other.vocabulary_
    mine, other = pair(analyzer="char_wb", ngram_range=(2, 2))
    assert_same_matrix(mine.fit_transform(docs), other.fit_transform(docs))


@pytest.mark.parametrize("ngram_range", [*NGRAM_RANGES, (0, 1), (0, 2), (5, 9)])
@pytest.mark.parametrize("analyzer", ["word", "char", "char_wb"])
def test_ngram_ranges(analyzer, ngram_range):
    for dtype in DTYPES:
        mine, other = pair(analyzer=analyzer, ngram_range=ngram_range, dtype=dtype)
        assert_same_fit(mine, other, REVIEWS, [REVIEWS[1], "sea", "", "the hotel of the sea"])


@pytest.mark.parametrize("n_jobs", [1, 2, 3, 4, -1])
@pytest.mark.parametrize(
    "params",
    [
        {},
        {"ngram_range": (1, 2), "min_df": 2},
        {"max_features": 500},
        {"stop_words": "english", "strip_accents": "unicode"},
        {"token_pattern": r"\S+"},
        {"tokenizer": str.split, "token_pattern": None},
    ],
)
def test_no_result_depends_on_n_jobs(params, n_jobs):
    docs = zipf_corpus(4000)
    mine, other = pair(**params)
    mine.set_params(n_jobs=n_jobs)
    X = other.fit_transform(docs)
    assert_same_matrix(mine.fit_transform(docs), X)
    assert_same_learned(mine, other)
    assert_same_matrix(mine.transform(docs[::-1]), other.transform(docs[::-1]))


def test_a_corpus_of_many_blocks():
    docs = zipf_corpus(40_000, n_words=20_000)
    mine, other = pair()
    mine.set_params(n_jobs=2)
    assert_same_matrix(mine.fit_transform(iter(docs)), other.fit_transform(docs))
    assert_same_learned(mine, other)


def test_characters_do_not_depend_on_n_jobs():
    docs = zipf_corpus(600)
    for analyzer in ("char", "char_wb"):
        mine, other = pair(analyzer=analyzer, ngram_range=(2, 4))
        Y = other.fit_transform(docs)
        for n_jobs in (1, 2, 3, 4):
            mine.set_params(n_jobs=n_jobs)
            assert_same_matrix(mine.fit_transform(docs), Y)
            assert_same_learned(mine, other)


def test_ties_at_max_features_go_as_in_scikit_learn():
    rng = np.random.default_rng(0)
    for limit, dtype, n_words in product((1, 17, 40, 100), (np.int64, np.float32), (60, 900)):
        docs = [" ".join(f"w{i}" for i in rng.integers(0, n_words, 80)) for _ in range(30)]
        for binary in (False, True):
            mine, other = pair(max_features=limit, dtype=dtype, binary=binary)
            assert assert_same_fit(mine, other, docs)


def test_counts_above_the_dtype_wrap_as_in_scikit_learn():
    docs = ["sea " * 300 + "view " * 256, "sea"]
    for dtype in DTYPES:
        assert assert_same_fit(*pair(dtype=dtype), docs)


def test_unusual_dtypes():
    for dtype in (np.float16, np.complex64, object, "int16", "no-such-dtype", str):
        mine, other = pair(dtype=dtype)
        X, my_error, _ = outcome(lambda: mine.fit_transform(REVIEWS))  # noqa: B023
        Y, error, _ = outcome(lambda: other.fit_transform(REVIEWS))  # noqa: B023
        assert (my_error is None) == (error is None), (dtype, my_error, error)
        if Y is not None and dtype is not object:
            assert_same_matrix(X, Y)


# --- callables ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "params",
    [
        {"preprocessor": swap_case},
        {"preprocessor": swap_case, "analyzer": "char", "ngram_range": (1, 3)},
        {"preprocessor": str.upper, "analyzer": "char_wb", "ngram_range": (2, 3)},
        {"tokenizer": split_at_spaces, "token_pattern": None},
        {"tokenizer": split_at_spaces},  # warns that token_pattern is not used
        {"tokenizer": split_lazily, "token_pattern": None},
        {"tokenizer": split_lazily, "token_pattern": None, "stop_words": ["hotel"]},
        {"tokenizer": tokens_with_spaces, "token_pattern": None, "ngram_range": (1, 3)},
        {"tokenizer": list, "token_pattern": None, "ngram_range": (1, 2), "lowercase": False},
        {"tokenizer": split_at_spaces, "preprocessor": swap_case, "ngram_range": (2, 2)},
        {"tokenizer": str.split, "token_pattern": None, "stop_words": "english"},
        {"tokenizer": partial(str.split, maxsplit=2), "token_pattern": None},
        {"strip_accents": drop_vowels},
        {"strip_accents": drop_vowels, "lowercase": False, "analyzer": "char_wb"},
        {"analyzer": str.split},
        {"analyzer": split_lazily},
        {"analyzer": word_lengths},
        {"analyzer": word_pairs},
        {"analyzer": word_lengths, "max_features": 3, "min_df": 2},
        {"analyzer": str.split, "ngram_range": (1, 2), "preprocessor": swap_case},
        {"analyzer": str.split, "stop_words": "english", "tokenizer": list},
        {"analyzer": str.split, "token_pattern": r"\w", "binary": True},
        {"analyzer": str.split, "vocabulary": ["sea", "view,"]},
        {"analyzer": word_lengths, "vocabulary": {3: 1, 4: 0}, "lowercase": False},
    ],
)
@pytest.mark.parametrize("n_jobs", [None, 2])
def test_callables(params, n_jobs):
    mine, other = pair(**params)
    mine.set_params(n_jobs=n_jobs)
    X, Y = same_outcome(lambda: mine.fit_transform(REVIEWS), lambda: other.fit_transform(REVIEWS))
    assert_same_matrix(X, Y)
    assert list(mine.vocabulary_.items()) == list(other.vocabulary_.items())
    names, other_names = mine.get_feature_names_out(), other.get_feature_names_out()
    assert names.shape == other_names.shape
    assert names.tolist() == other_names.tolist()
    assert_same_matrix(mine.transform(REVIEWS[::-1]), other.transform(REVIEWS[::-1]))


def test_documents_that_are_not_text_go_to_the_callable_that_takes_them():
    tokens = [["sea", "view", "sea"], [], ["hotel", "sea"]]
    rows = [{"text": "sea view sea"}, {"text": ""}, {"text": "hotel sea"}]
    for params, docs in [
        ({"analyzer": identity}, tokens),
        ({"analyzer": identity, "ngram_range": (1, 1), "max_features": 2}, tokens),
        ({"tokenizer": identity, "preprocessor": identity, "ngram_range": (1, 2)}, tokens),
        ({"tokenizer": identity, "lowercase": False, "ngram_range": (1, 2)}, tokens),
        ({"preprocessor": lambda row: row["text"]}, rows),
        ({"analyzer": lambda row: row["text"].split()}, rows),
        ({"analyzer": dict.keys}, rows),
        ({"analyzer": range}, [3, 5, 0, 1]),
        ({"analyzer": lambda doc: ["nothing"] if doc is None else ["some"]}, [None, "a", None]),
    ]:
        mine, other = pair(**params)
        assert_same_fit(mine, other, docs)


def test_an_error_of_the_users_own_callable_comes_through():
    class MishapError(Exception):
        pass

    def fail(doc):
        raise MishapError(doc)

    for params in (
        {"tokenizer": fail, "token_pattern": None},
        {"preprocessor": fail},
        {"analyzer": fail},
        {"strip_accents": fail},
    ):
        for n_jobs in (None, 2):
            with pytest.raises(MishapError, match="sea"):
                textvec.CountVectorizer(**params, n_jobs=n_jobs).fit(["sea", "view"])


def test_a_mistake_in_the_users_own_callable_is_not_blamed_on_the_documents():
    def mistaken(row):
        return row["text"].no_such_method()

    rows = [{"text": "sea"}, {"text": "view"}]
    for params in ({"preprocessor": mistaken}, {"analyzer": mistaken}):
        mine, other = pair(**params)
        same_outcome(lambda: mine.fit(rows), lambda: other.fit(rows))  # noqa: B023
    mine, other = pair(preprocessor=identity, tokenizer=mistaken, token_pattern=None)
    same_outcome(lambda: mine.fit(rows), lambda: other.fit(rows))


def test_an_error_of_the_corpus_itself_comes_through():
    def rows():
        yield "sea"
        raise LookupError("row 1 is gone")

    with pytest.raises(LookupError, match="row 1 is gone"):
        textvec.CountVectorizer().fit(rows())


# --- what documents may be ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [
        lambda: REVIEWS,
        lambda: tuple(REVIEWS),
        lambda: iter(REVIEWS),
        lambda: (doc for doc in REVIEWS),
        lambda: map(str, REVIEWS),
        lambda: pd.Series(REVIEWS, index=range(10, 10 + len(REVIEWS))),
        lambda: pd.Series(REVIEWS, dtype="string"),
        lambda: pd.Series(REVIEWS, dtype=object),
        lambda: pd.Series(REVIEWS, dtype="category"),
        lambda: pd.Index(REVIEWS),
        lambda: pd.DataFrame(columns=["sea view", "sea"]),  # iterates over its column names
        lambda: np.array(REVIEWS, dtype=object),
        lambda: np.array(REVIEWS),
        lambda: [np.str_(doc) for doc in REVIEWS],
        lambda: dict.fromkeys(REVIEWS),
        lambda: dict.fromkeys(REVIEWS).keys(),
        lambda: [doc.encode() for doc in REVIEWS],
        lambda: [REVIEWS[0], REVIEWS[1].encode(), np.str_(REVIEWS[3]), np.bytes_(b"sea view")],
        lambda: io.StringIO("sea view\nhotel sea\n\n"),
        lambda: [],
        lambda: ["", " ", "\n"],
        lambda: ["a b c"],
        lambda: "sea view",
        lambda: np.str_("sea view"),
    ],
)
@pytest.mark.parametrize("n_jobs", [None, 2])
def test_kinds_of_corpus(make, n_jobs):
    mine, other = pair()
    assert_same_fit(mine.set_params(n_jobs=n_jobs), other, make)
    mine, other = pair(vocabulary=["sea", "view"], analyzer="word", ngram_range=(1, 2))
    A, B = same_outcome(lambda: mine.transform(make()), lambda: other.transform(make()))
    if B is not None:
        assert_same_matrix(A, B)


def test_documents_are_not_changed():
    docs = np.array(REVIEWS, dtype=object)
    textvec.CountVectorizer().fit_transform(docs)
    assert docs.tolist() == REVIEWS


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "gb18030", "latin-1"])
@pytest.mark.parametrize("decode_error", ["strict", "ignore", "replace"])
def test_files_and_file_names(tmp_path, encoding, decode_error):
    texts = ["sea view café", "酒店 hotel hotel", "", "ΟΔΟΣ."]
    paths = [tmp_path / f"{i}.txt" for i in range(len(texts))]
    for path, text in zip(paths, texts):
        path.write_bytes(text.encode("utf-8"))
    params = {"encoding": encoding, "decode_error": decode_error}
    for names in (paths, [str(path) for path in paths], [*paths, tmp_path / "absent.txt"]):
        assert_same_fit(*pair(input="filename", **params), lambda: iter(names), paths[:1])  # noqa: B023
        for analyzer in (str.split, "char"):
            assert_same_fit(*pair(input="filename", analyzer=analyzer, **params), names)

    def binary_files():
        return [io.BytesIO(path.read_bytes()) for path in paths]

    def text_files():
        return [io.StringIO(text) for text in texts]

    for make in (binary_files, text_files):
        mine, other = pair(input="file", **params)
        A, B = same_outcome(
            lambda: mine.fit_transform(make()),  # noqa: B023
            lambda: other.fit_transform(make()),  # noqa: B023
        )
        if B is not None:
            assert_same_matrix(A, B)
            assert_same_learned(mine, other)
            assert_same_matrix(
                *same_outcome(
                    lambda: mine.transform(make()),  # noqa: B023
                    lambda: other.transform(make()),  # noqa: B023
                )
            )
    decoded, expected = same_outcome(
        lambda: pair(input="filename", **params)[0].decode(paths[0]),
        lambda: pair(input="filename", **params)[1].decode(paths[0]),
    )
    assert decoded == expected


# --- parameters, errors, warnings -----------------------------------------------------------------


@pytest.mark.parametrize(
    "params",
    [
        {"input": "url"},
        {"encoding": None},
        {"decode_error": "surrogateescape"},
        {"strip_accents": "latin"},
        {"strip_accents": True},
        {"lowercase": "yes"},
        {"lowercase": None},
        {"preprocessor": "upper"},
        {"token_pattern": 3},
        {"token_pattern": None},
        {"token_pattern": r"(\w)(\w)"},
        {"token_pattern": r"(\w"},
        {"token_pattern": rb"\w+"},
        {"ngram_range": (2, 1)},
        {"ngram_range": [1, 2]},
        {"ngram_range": 2},
        {"ngram_range": (1,)},
        {"ngram_range": (1, 2, 3)},
        {"max_df": 1.5},
        {"max_df": 0},
        {"max_df": -0.1},
        {"max_df": "all"},
        {"min_df": 0},
        {"min_df": 2.0},
        {"min_df": -1},
        {"min_df": 9},
        {"min_df": 3, "max_df": 2},
        {"min_df": 0.9, "max_df": 0.1},
        {"max_df": 1, "min_df": 1, "stop_words": "english", "ngram_range": (1, 1)},
        {"min_df": 8},
        {"max_features": 0},
        {"max_features": -5},
        {"max_features": 2.5},
        {"max_features": "many"},
        {"vocabulary": 5},
        {"vocabulary": []},
        {"vocabulary": {}},
        {"vocabulary": set()},
        {"vocabulary": ["sea", "sea"]},
        {"vocabulary": {"sea": 0, "view": 0}},
        {"vocabulary": {"sea": 0, "view": 2}},
        {"vocabulary": {"sea": 1, "view": 2}},
        {"vocabulary": "sea"},
        {"vocabulary": ["Sea", "view"]},
        {"vocabulary": ["Sea", "View"], "lowercase": False},
        {"vocabulary": {"SEA view": 0}, "ngram_range": (1, 2)},
        {"binary": "yes"},
        {"binary": 1},
        {"stop_words": ["The", "sea"]},
        {"stop_words": ["don't", "e-mail", "sea"]},
        {"stop_words": ["the", "and", "of", "no"], "token_pattern": r"(?u)\b\w+\b"},
        {"stop_words": "english", "token_pattern": r"[a-z]"},
        {"stop_words": "english", "strip_accents": "ascii", "lowercase": False},
        {"stop_words": "english", "analyzer": "char"},
        {"stop_words": "english", "analyzer": "char_wb", "token_pattern": r"\w"},
        {"tokenizer": str.split},
        {"tokenizer": str.split, "analyzer": "char"},
        {"preprocessor": str.upper, "analyzer": str.split, "ngram_range": (1, 2)},
        {"analyzer": str.split, "ngram_range": (2, 1)},
        {"analyzer": str.split, "stop_words": ["sea"], "token_pattern": "x", "tokenizer": list},
        {"token_pattern": "zzz"},
        {"analyzer": "char", "ngram_range": (2000, 2000)},
        {"stop_words": ["sea"], "vocabulary": ["sea"]},
    ],
)
def test_odd_parameters(params):
    mine, other = pair(**params)
    kept = same_outcome(lambda: mine.fit_transform(REVIEWS), lambda: other.fit_transform(REVIEWS))
    if kept[1] is not None:
        assert_same_matrix(*kept)
        assert_same_learned(mine, other)
    mine, other = pair(**params)
    same_outcome(lambda: mine.fit(REVIEWS) and None, lambda: other.fit(REVIEWS) and None)
    mine, other = pair(**params)
    same_outcome(
        lambda: mine.transform(REVIEWS) and None, lambda: other.transform(REVIEWS) and None
    )
    for step in ("build_preprocessor", "build_tokenizer", "build_analyzer", "get_stop_words"):
        mine, other = pair(**params)
        same_outcome(getattr(mine, step), getattr(other, step))


def test_parameters_that_take_more_here_still_name_what_is_wrong():
    for params in (
        {"stop_words": "german"},
        {"stop_words": {"sea"}},
        {"tokenizer": "words"},
        {"analyzer": "letters"},
        {"analyzer": None},
    ):
        mine, other = pair(**params)
        _, my_error, _ = outcome(lambda: mine.fit(REVIEWS))  # noqa: B023
        _, error, _ = outcome(lambda: other.fit(REVIEWS))  # noqa: B023
        (name, value), _ = *params.items(), None
        assert my_error[0] == error[0] == "InvalidParameterError"
        assert f"'{name}' parameter of CountVectorizer must be" in my_error[1]
        assert my_error[1].endswith(f"Got {value!r} instead.")
    assert "chinese" in outcome(lambda: pair(stop_words="x")[0].fit(REVIEWS))[1][1]
    assert "jieba" in outcome(lambda: pair(tokenizer="x")[0].fit(REVIEWS))[1][1]


def test_steps_that_no_fit_has_validated():
    for step, params in [
        ("get_stop_words", {"stop_words": "german"}),
        ("get_stop_words", {"stop_words": {"sea"}}),
        ("get_stop_words", {"stop_words": ("sea", "sea")}),
        ("build_analyzer", {"stop_words": "german"}),
        ("build_analyzer", {"analyzer": "letters"}),
        ("build_preprocessor", {"strip_accents": "latin"}),
        ("build_analyzer", {"strip_accents": "latin", "analyzer": "char"}),
    ]:
        mine, other = pair(**params)
        a, b = same_outcome(getattr(mine, step), getattr(other, step))
        assert a == b


def test_stop_words_are_checked_once():
    mine, other = pair(stop_words=["don't"])
    for _ in range(2):
        same_outcome(lambda: mine.fit(REVIEWS) and None, lambda: other.fit(REVIEWS) and None)
        same_outcome(
            lambda: mine.build_analyzer() and None, lambda: other.build_analyzer() and None
        )
    for vectorizer in (mine, other):
        vectorizer.set_params(stop_words=["can't"])
    same_outcome(lambda: mine.fit(REVIEWS) and None, lambda: other.fit(REVIEWS) and None)


def test_stop_words_that_the_users_preprocessor_cannot_take_are_not_checked():
    def of_row(row):
        return row["text"]

    mine, other = pair(stop_words=["sea"], preprocessor=of_row)
    rows = [{"text": "sea view"}, {"text": "hotel"}]
    assert assert_same_fit(mine, other, rows)


def test_english_stop_words_are_scikit_learns_own():
    assert textvec.CountVectorizer(stop_words="english").get_stop_words() is peer.ENGLISH_STOP_WORDS
    assert textvec.CountVectorizer().get_stop_words() is None


def test_unfitted():
    for params in ({}, {"vocabulary": ["sea"]}, {"vocabulary": ["sea", "sea"]}):
        X = sparse.csr_array((1, 1))
        for method, argument in [
            ("transform", ["sea"]),
            ("transform", "sea"),
            ("inverse_transform", X),
            ("get_feature_names_out", None),
        ]:
            mine, other = pair(**params)
            a, b = same_outcome(
                lambda: getattr(mine, method)(argument),  # noqa: B023
                lambda: getattr(other, method)(argument),  # noqa: B023
            )
            assert (a is None) == (b is None)
    with pytest.raises(NotFittedError):
        textvec.CountVectorizer().transform(["sea"])


def test_refit_forgets():
    mine, other = pair(ngram_range=(1, 2))
    for docs in (REVIEWS, ["one two three", "two"], REVIEWS[:2]):
        assert assert_same_fit(mine, other, docs, REVIEWS)
    for vectorizer in (mine, other):
        vectorizer.set_params(vocabulary=["two", "sea"])
    assert assert_same_fit(mine, other, REVIEWS)
    for vectorizer in (mine, other):
        vectorizer.set_params(vocabulary=None, analyzer="char")
    assert assert_same_fit(mine, other, REVIEWS)


def test_a_failed_fit_leaves_the_old_vocabulary():
    mine, other = pair()
    for vectorizer in (mine, other):
        vectorizer.fit(REVIEWS)
    same_outcome(lambda: mine.fit(["", ""]), lambda: other.fit(["", ""]))
    assert_same_learned(mine, other)
    assert_same_matrix(mine.transform(REVIEWS), other.transform(REVIEWS))


def test_inverse_transform_of_every_kind_of_matrix():
    mine, other = pair(ngram_range=(1, 2))
    X = mine.fit_transform(REVIEWS)
    other.fit(REVIEWS)
    with_zero = X.copy()
    with_zero.data[::3] = 0
    for matrix in (
        X,
        sparse.csr_array(X),
        sparse.csc_array(X),
        X.tocoo(),
        X.toarray(),
        X.toarray().tolist(),
        with_zero,
        X[:0],
        X[:, :3],
        "not a matrix",
    ):
        a, b = same_outcome(
            lambda: mine.inverse_transform(matrix),  # noqa: B023
            lambda: other.inverse_transform(matrix),  # noqa: B023
        )
        if b is not None:
            assert [terms.tolist() for terms in a] == [terms.tolist() for terms in b]


# --- scikit-learn's ways --------------------------------------------------------------------------


EXTRA = {"n_jobs", "stem"}  # parameters that scikit-learn's class does not have


def test_constructor_and_methods_have_the_same_signatures():
    mine = inspect.signature(textvec.CountVectorizer).parameters
    other = inspect.signature(peer.CountVectorizer).parameters
    assert set(mine) - set(other) <= EXTRA
    for name, parameter in other.items():
        assert mine[name].default == parameter.default
        assert mine[name].kind == parameter.kind
    for name, method in inspect.getmembers(peer.CountVectorizer, inspect.isfunction):
        if not name.startswith("_"):
            ours = inspect.signature(getattr(textvec.CountVectorizer, name)).parameters
            for parameter in inspect.signature(method).parameters.values():
                assert ours[parameter.name].default == parameter.default, name
    with pytest.raises(TypeError):
        textvec.CountVectorizer("content")


def test_parameters_are_stored_untouched():
    params = {
        "stop_words": ["sea"],
        "vocabulary": ["b", "a"],
        "ngram_range": (1, 2),
        "tokenizer": str.split,
        "token_pattern": None,
        "dtype": "float32",
    }
    mine = textvec.CountVectorizer(**params)
    for name, value in params.items():
        assert getattr(mine, name) is value
        assert getattr(clone(mine), name) == value
    mine.fit(["a b"])
    for name, value in params.items():
        assert getattr(mine, name) is value
    assert params["vocabulary"] == ["b", "a"]


def test_get_params_set_params_clone_repr_and_tags():
    mine, other = pair(min_df=2, ngram_range=(1, 2))
    theirs = other.get_params()
    assert {k: v for k, v in mine.get_params().items() if k not in EXTRA} == theirs
    assert repr(mine) == repr(other)
    assert clone(mine).get_params() == mine.get_params()
    assert mine.set_params(min_df=1) is mine
    with pytest.raises(ValueError, match="Invalid parameter 'ngrams' for estimator"):
        mine.set_params(ngrams=1)
    assert get_tags(mine) == get_tags(other)
    routing, other_routing = mine.get_metadata_routing(), other.get_metadata_routing()
    assert routing._serialize() == other_routing._serialize()
    fitted = clone(mine.fit(REVIEWS))
    assert not hasattr(fitted, "vocabulary_")


def test_pickle_and_deepcopy_keep_what_was_learned():
    for params in (
        {},
        {"ngram_range": (1, 2), "stop_words": "english"},
        {"analyzer": "char_wb", "ngram_range": (2, 3)},
        {"tokenizer": split_at_spaces, "token_pattern": None},
        {"vocabulary": {"sea": 1, "view": 0}},
        {"n_jobs": 2},
    ):
        mine = textvec.CountVectorizer(**params).fit(REVIEWS)
        X = mine.transform(REVIEWS)
        for again in (pickle.loads(pickle.dumps(mine)), copy.deepcopy(mine), copy.copy(mine)):
            assert again.vocabulary_ == mine.vocabulary_
            assert_same_matrix(again.transform(REVIEWS), X)
            assert_same_matrix(
                again.fit_transform(REVIEWS[:2]), clone(mine).fit_transform(REVIEWS[:2])
            )


def test_vocabulary_may_be_set_or_changed_by_hand():
    mine, other = pair()
    for vectorizer in (mine, other):
        vectorizer.vocabulary_ = {"sea": 0, "view": 1}
        vectorizer.fixed_vocabulary_ = False
    assert_same_matrix(mine.transform(REVIEWS), other.transform(REVIEWS))
    for vectorizer in (mine, other):
        vectorizer.fit(REVIEWS)
        columns = {"sea": 2, "hotel": 0, "view": 1}
        vectorizer.vocabulary_ = columns
    assert_same_matrix(mine.transform(REVIEWS), other.transform(REVIEWS))
    for vectorizer in (mine, other):
        vectorizer.vocabulary_["booked"] = 3  # in place
    assert_same_matrix(mine.transform(REVIEWS), other.transform(REVIEWS))
    for vectorizer in (mine, other):
        del vectorizer.vocabulary_["booked"]
    assert_same_matrix(mine.transform(REVIEWS), other.transform(REVIEWS))
    for vectorizer in (mine, other):  # the same dict, of the same length
        vectorizer.vocabulary_["sea"], vectorizer.vocabulary_["hotel"] = 0, 2
    assert_same_matrix(mine.transform(REVIEWS), other.transform(REVIEWS))
    assert mine.get_feature_names_out().tolist() == ["sea", "view", "hotel"]


def test_parameters_may_change_after_fit():
    mine, other = pair(ngram_range=(1, 2), token_pattern=r"(?u)\b\w+\b")
    for vectorizer in (mine, other):
        vectorizer.fit(REVIEWS)
    for params in (
        {"lowercase": False},
        {"ngram_range": (2, 2)},
        {"binary": True},
        {"dtype": np.float32},
        {"stop_words": ["sea"]},
        {"strip_accents": "unicode"},
        {"tokenizer": split_at_spaces},
        {"analyzer": "char"},
        {"analyzer": str.split},
        {"stop_words": "german", "analyzer": "word", "tokenizer": None},
        {"stop_words": None, "analyzer": "words"},
    ):
        for vectorizer in (mine, other):
            vectorizer.set_params(**params)
        A, B = same_outcome(lambda: mine.transform(REVIEWS), lambda: other.transform(REVIEWS))
        if B is not None:
            assert_same_matrix(A, B)


@pytest.mark.parametrize("interface", ["spmatrix", "sparray"])
def test_sparse_interface(interface):
    with sklearn.config_context(sparse_interface=interface):
        for params in ({}, {"max_features": 3}, {"vocabulary": ["sea"]}, {"min_df": 2}):
            assert assert_same_fit(*pair(**params), REVIEWS)


def test_a_method_set_on_the_instance_is_used():
    for name, method in [
        ("decode", lambda doc: doc[::-1]),
        ("build_tokenizer", lambda: str.split),
        ("build_preprocessor", lambda: str.upper),
        ("build_analyzer", lambda: str.split),
        ("get_stop_words", lambda: frozenset(["sea"])),
    ]:
        mine, other = pair(ngram_range=(1, 2))
        for vectorizer in (mine, other):
            setattr(vectorizer, name, method)
        assert assert_same_fit(mine, other, REVIEWS)


def subclasses(**overrides):
    return (
        type("Custom", (textvec.CountVectorizer,), overrides),
        type("Custom", (peer.CountVectorizer,), overrides),
    )


def build_tokenizer(self):
    return lambda text: text.split("e")


def build_preprocessor(self):
    return lambda text: text.replace("s", "S")


def build_analyzer(self):
    return lambda doc: [self.decode(doc)[:3], self.decode(doc)[-3:], self.decode(doc)[:3]]


def decode(self, doc):
    return doc[::-1] if isinstance(doc, str) else "bytes " + doc.decode("utf-8")


def get_stop_words(self):
    return frozenset(["sea", "hotel"])


def super_tokenizer(cls):
    def build_tokenizer(self):
        tokenize = super(cls[0], self).build_tokenizer()
        return lambda text: [token + "!" for token in tokenize(text)]

    return build_tokenizer


@pytest.mark.parametrize(
    "overrides",
    [
        {"build_tokenizer": build_tokenizer},
        {"build_preprocessor": build_preprocessor},
        {"build_analyzer": build_analyzer},
        {"decode": decode},
        {"get_stop_words": get_stop_words},
        {"build_tokenizer": build_tokenizer, "decode": decode},
        {"build_preprocessor": build_preprocessor, "get_stop_words": get_stop_words},
    ],
    ids=lambda overrides: "+".join(overrides),
)
@pytest.mark.parametrize(
    "params",
    [{}, {"ngram_range": (1, 2)}, {"analyzer": "char", "ngram_range": (1, 2)}, {"n_jobs": 2}],
    ids=str,
)
def test_what_a_subclass_overrides_is_used(overrides, params):
    ours, theirs = subclasses(**overrides)
    other_params = {k: v for k, v in params.items() if k != "n_jobs"}
    mine, other = ours(**params), theirs(**other_params)
    docs = [*REVIEWS, b"sea view"]
    assert assert_same_fit(mine, other, docs, docs[::-1])
    plain = peer.CountVectorizer(**other_params).fit(docs)
    in_use = params.get("analyzer") != "char" or {"build_analyzer", "decode"} & set(overrides)
    if in_use or "build_preprocessor" in overrides:
        assert mine.vocabulary_ != plain.vocabulary_


def test_a_subclass_may_build_on_the_base():
    cells = ([None], [None])
    for cell, base in zip(cells, (textvec.CountVectorizer, peer.CountVectorizer)):
        cell[0] = type("Custom", (base,), {"build_tokenizer": super_tokenizer(cell)})
    mine, other = cells[0][0](), cells[1][0]()
    assert assert_same_fit(mine, other, REVIEWS)
    assert "sea!" in mine.vocabulary_


def test_a_subclass_may_change_fit_transform_and_transform():
    def fit_transform(self, raw_documents, y=None):
        return super(type(self), self).fit_transform([doc * 2 for doc in raw_documents], y)

    def transform(self, raw_documents):
        return super(type(self), self).transform([doc[:5] for doc in raw_documents])

    ours, theirs = subclasses(fit_transform=fit_transform, transform=transform)
    assert assert_same_fit(ours(), theirs(), REVIEWS)
    mine, other = ours().fit(REVIEWS), theirs().fit(REVIEWS)
    assert_same_matrix(mine.transform(REVIEWS), other.transform(REVIEWS))


def test_in_a_pipeline_and_a_grid_search():
    docs = zipf_corpus(120)
    labels = [i % 2 for i in range(len(docs))]
    grid = {
        "countvectorizer__ngram_range": [(1, 1), (1, 2)],
        "countvectorizer__binary": [True, False],
    }
    searches = [
        GridSearchCV(make_pipeline(kind(), MultinomialNB()), grid, cv=3).fit(docs, labels)
        for kind in (textvec.CountVectorizer, peer.CountVectorizer)
    ]
    mine, other = (search.cv_results_["mean_test_score"].tolist() for search in searches)
    assert mine == other
    assert searches[0].best_params_ == searches[1].best_params_
