"""What the count and tf-idf vectorizers do beyond scikit-learn: rows named, Chinese, DataFrames."""

import io
import os
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import clone
from sklearn.feature_extraction import text as peer
from sklearn.pipeline import make_pipeline

import textvec
from textvec import JiebaTokenizer
from textvec.text.stop_words import stop_words

from .parity import assert_same_fit, assert_same_matrix

VECTORIZERS = [textvec.CountVectorizer, textvec.TfidfVectorizer]
PEERS = {
    textvec.CountVectorizer: peer.CountVectorizer,
    textvec.TfidfVectorizer: peer.TfidfVectorizer,
}
every_vectorizer = pytest.mark.parametrize("kind", VECTORIZERS)

CHINESE = [
    "这家酒店的前台服务态度很好，房间干净，离地铁站只有5分钟路程！",
    "房间太小，隔音很差，早餐也不好吃。",
    "酒店位置很好，服务员热情，下次还会入住。",
    "",
    "我不爱吃蔬菜，我喜欢吃肉",
]
ENGLISH = ["a quiet room by the sea", "the sea, the sea"]


# --- documents that are not text ------------------------------------------------------------------


@every_vectorizer
@pytest.mark.parametrize("bad", [None, 3, 2.5, float("nan"), pd.NA, pd.NaT, ["a"], {"a": 1}, True])
@pytest.mark.parametrize(
    "params",
    [
        {},
        {"lowercase": False},
        {"analyzer": "char"},
        {"analyzer": "char_wb", "ngram_range": (2, 3)},
        {"strip_accents": "unicode"},
        {"token_pattern": r"\S+"},
        {"stop_words": "english", "ngram_range": (1, 2)},
        {"n_jobs": 2},
        {"tokenizer": "jieba"},
    ],
    ids=str,
)
def test_a_document_that_is_no_text_is_named_by_its_row(kind, bad, params):
    docs = ["the sea", "a view", bad, "sea"]
    with pytest.raises(TypeError, match=r"row 2\b") as raised:
        kind(**params).fit(docs)
    assert repr(bad) in str(raised.value)
    assert type(bad).__name__ in str(raised.value)
    fitted = kind(**params).fit(["the sea view", "quiet sea room"])
    with pytest.raises(TypeError, match=r"row 2\b"):
        fitted.transform(docs)
    with pytest.raises(TypeError, match=r"row 2\b"):
        kind(**params).fit(iter(docs))


@every_vectorizer
def test_a_missing_value_keeps_scikit_learns_message(kind):
    for docs in (["sea", np.nan], pd.Series(["sea", None, "view"], dtype="str")):
        with pytest.raises(ValueError, match="np.nan is an invalid document, expected byte or"):
            kind().fit(docs)
    with pytest.raises(TypeError, match="row 1"):
        kind().fit(pd.Series(["sea", None, "view"], dtype=object))


@every_vectorizer
def test_the_row_is_counted_across_blocks(kind):
    docs = ["sea view " * 2000] * 300  # 5 million characters
    docs[271] = None
    for n_jobs in (1, 2):
        with pytest.raises(TypeError, match=r"row 271\b"):
            kind(n_jobs=n_jobs).fit(docs)


@every_vectorizer
@pytest.mark.parametrize("text", ["the sea", np.str_("the sea")])
def test_one_str_is_no_corpus(kind, text):
    with pytest.raises(
        ValueError, match="Iterable over raw text documents expected, string object"
    ):
        kind().fit(text)
    with pytest.raises(
        ValueError, match="Iterable over raw text documents expected, string object"
    ):
        kind().fit(["the sea"]).transform(text)


@every_vectorizer
@pytest.mark.parametrize("docs", [None, 3])
def test_what_is_no_iterable(kind, docs):
    with pytest.raises(TypeError):
        kind().fit(docs)


def test_files_that_are_not_there_or_not_files(tmp_path):
    with pytest.raises(FileNotFoundError):
        textvec.CountVectorizer(input="filename").fit([str(tmp_path / "absent")])
    (tmp_path / "a.txt").write_text("酒店 sea", encoding="gb18030")
    with pytest.raises(UnicodeDecodeError):
        textvec.CountVectorizer(input="filename").fit([tmp_path / "a.txt"])
    vectorizer = textvec.CountVectorizer(input="filename", encoding="gb18030")
    assert "酒店" in vectorizer.fit([tmp_path / "a.txt"]).vocabulary_
    assert "sea" in textvec.CountVectorizer(input="file").fit([io.StringIO("sea")]).vocabulary_


# --- the warning about Han text -------------------------------------------------------------------

HAN_WARNING = (
    r'(?s)mostly.*tokenizer="jieba".*analyzer="mixed".*token_pattern=r"\(\?u\)\\b\\w\+\\b"'
)


@every_vectorizer
def test_han_text_with_the_default_pattern_warns_and_names_the_cure(kind):
    with pytest.warns(UserWarning, match=HAN_WARNING):
        kind().fit(CHINESE)
    with pytest.warns(UserWarning, match=HAN_WARNING):
        kind(ngram_range=(1, 2), n_jobs=2).fit_transform(CHINESE)
    with pytest.warns(UserWarning, match=HAN_WARNING):
        kind(lowercase=False, strip_accents="unicode").fit(CHINESE)
    with pytest.warns(UserWarning, match=HAN_WARNING):  # one-character words would be dropped
        kind().fit(["我 喜欢 吃 肉", "我 不 爱 吃 蔬菜"])
    with pytest.warns(UserWarning, match=HAN_WARNING):
        kind().fit(iter(CHINESE * 3))


@every_vectorizer
@pytest.mark.parametrize(
    "titles",
    [
        ["Apple iPhone 15 透明手机壳", "USB-C charging cable 2 m, black"] * 3,
        ["iPhone手机壳 for 15 and 15 Pro", "a red case of leather"],
        ["wireless mouse"] * 9 + ["办公用无线鼠标"],
    ],
    ids=str,
)
def test_han_among_other_words_warns_where_the_pattern_swallows_it(kind, titles):
    cure = r'(?s)partly in Chinese.*tokenizer="jieba".*analyzer="mixed"'
    with pytest.warns(UserWarning, match=cure):
        kind().fit_transform(titles)


@every_vectorizer
@pytest.mark.parametrize(
    ("params", "docs"),
    [
        ({"tokenizer": "jieba"}, CHINESE),
        ({"analyzer": "mixed"}, CHINESE),
        ({}, ["Beijing (北京市), the capital, " + "has many old and wide streets, " * 4]),
        ({"tokenizer": JiebaTokenizer(), "token_pattern": None}, CHINESE),
        ({"analyzer": "char", "ngram_range": (1, 2)}, CHINESE),
        ({"analyzer": "char_wb"}, CHINESE),
        ({"token_pattern": r"(?u)\b\w+\b"}, ["我 喜欢 吃 肉", "我 不 爱 吃 蔬菜"]),
        ({"analyzer": list}, CHINESE),
        ({"tokenizer": list, "token_pattern": None}, CHINESE),
        ({}, ENGLISH),
        ({}, ["Hotel 酒店 by the sea with a view", "the sea 海"]),
        ({}, ["ひらがなとカタカナ かな", "한국어 호텔"]),
        ({}, ["123 456", "ΟΔΟΣ", "отель у моря"]),
    ],
    ids=str,
)
def test_nothing_is_said_where_nothing_is_wrong(kind, params, docs):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        kind(**params).fit(docs).transform(docs)


# --- Chinese --------------------------------------------------------------------------------------


@every_vectorizer
@pytest.mark.parametrize(
    "params",
    [
        {},
        {"ngram_range": (1, 2)},
        {"ngram_range": (2, 3), "min_df": 2},
        {"stop_words": ["的", "很"]},
        {"binary": True, "max_features": 5},
        {"lowercase": False},
    ],
    ids=str,
)
@pytest.mark.parametrize("n_jobs", [None, 2])
def test_jieba_equals_scikit_learn_with_the_same_tokenizer(kind, params, n_jobs):
    docs = [*CHINESE, *CHINESE[::-1], "T恤和C++书 café 3.14%", "😀\ud800"]
    mine = kind(tokenizer="jieba", n_jobs=n_jobs, **params)
    other = PEERS[kind](tokenizer=JiebaTokenizer(), token_pattern=None, **params)
    assert assert_same_fit(mine, other, docs, ["酒店早餐", "吃肉"])
    assert mine.get_params()["tokenizer"] == "jieba"


@every_vectorizer
def test_jieba_with_names(kind):
    tokenizer = JiebaTokenizer({"玄德": 100_000}, {"玄德": "刘备"})
    docs = ["玄德大喜，遂与关羽、张飞结义。", "刘备与关羽"]
    mine = kind(tokenizer=tokenizer, token_pattern=None)
    assert assert_same_fit(mine, PEERS[kind](tokenizer=tokenizer, token_pattern=None), docs)
    assert "刘备" in mine.vocabulary_
    assert "玄德" not in mine.vocabulary_


@every_vectorizer
def test_a_jieba_vectorizer_is_cloned_and_pickled(kind):
    mine = kind(tokenizer="jieba").fit(CHINESE)
    again = pickle.loads(pickle.dumps(mine))
    assert_same_matrix(again.transform(CHINESE), mine.transform(CHINESE))
    assert_same_matrix(clone(mine).fit_transform(CHINESE), again.fit_transform(CHINESE))
    assert clone(mine).tokenizer == "jieba"
    assert mine.build_tokenizer()("我喜欢吃肉。") == ["我", "喜欢", "吃", "肉"]
    assert mine.build_analyzer()("我喜欢吃肉。") == ["我", "喜欢", "吃", "肉"]


def test_a_token_pattern_beside_jieba_is_not_used():
    vectorizer = textvec.CountVectorizer(tokenizer="jieba", token_pattern=r"\w+")
    with pytest.warns(UserWarning, match="'token_pattern' will not be used since 'tokenizer'"):
        vectorizer.fit(CHINESE)


@every_vectorizer
def test_chinese_stop_words(kind):
    words = sorted(stop_words("chinese"))
    mine = kind(tokenizer="jieba", stop_words="chinese")
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # the list agrees with the tokenizer
        mine.fit(CHINESE)
    other = PEERS[kind](tokenizer=JiebaTokenizer(), token_pattern=None, stop_words=words)
    assert assert_same_fit(mine, other, CHINESE)
    assert mine.get_stop_words() == stop_words("chinese")
    assert {"酒店", "房间"} <= set(mine.vocabulary_)
    assert not {"的", "很", "我"} & set(mine.vocabulary_)


def test_characters_of_chinese_need_no_tokenizer():
    mine = textvec.CountVectorizer(analyzer="char", ngram_range=(1, 2))
    other = peer.CountVectorizer(analyzer="char", ngram_range=(1, 2))
    assert assert_same_fit(mine, other, CHINESE)


# --- DataFrames -----------------------------------------------------------------------------------


@every_vectorizer
def test_set_output_gives_a_sparse_data_frame(kind):
    docs = pd.Series(ENGLISH, index=["x", "y"])
    mine = kind().set_output(transform="pandas")
    assert isinstance(mine, kind)
    plain = kind().fit_transform(docs)
    for frame in (mine.fit_transform(docs), mine.transform(docs)):
        assert isinstance(frame, pd.DataFrame)
        assert frame.columns.tolist() == mine.get_feature_names_out().tolist()
        assert frame.index.tolist() == ["x", "y"]
        assert all(isinstance(dtype, pd.SparseDtype) for dtype in frame.dtypes)
        assert {dtype.subtype for dtype in frame.dtypes} == {plain.dtype}
        assert {dtype.fill_value for dtype in frame.dtypes} == {0}
        assert np.array_equal(frame.to_numpy(), plain.toarray())
    assert mine.fit(ENGLISH) is mine
    assert mine.transform(ENGLISH).index.tolist() == [0, 1]
    assert isinstance(clone(mine).fit_transform(docs), pd.DataFrame)
    assert isinstance(pickle.loads(pickle.dumps(mine)).transform(docs), pd.DataFrame)
    back = mine.set_output(transform="default").transform(docs)
    assert type(back) is type(plain)
    assert mine.set_output(transform=None) is mine
    with pytest.raises(ValueError, match="transform must be"):
        mine.set_output(transform="csv")


@every_vectorizer
def test_the_global_transform_output_is_ignored(kind):
    with sklearn.config_context(transform_output="pandas"):
        X = kind().fit_transform(ENGLISH)
        assert type(X) is type(PEERS[kind]().fit_transform(ENGLISH))
        assert type(kind().fit(ENGLISH).transform(ENGLISH)) is type(X)


def test_set_output_reaches_through_a_pipeline():
    pipeline = make_pipeline(textvec.TfidfVectorizer()).set_output(transform="pandas")
    assert isinstance(pipeline.fit_transform(ENGLISH), pd.DataFrame)


@every_vectorizer
def test_results_do_not_depend_on_what_ran_before(kind):
    """No state is shared between vectorizers, nor kept from a fit that failed."""
    first = kind().fit_transform(ENGLISH)
    with pytest.raises(ValueError, match="empty vocabulary"):
        kind().fit(["", "!"])
    with pytest.raises(TypeError):
        kind().fit(["other words", None])
    kind(analyzer="char").fit(CHINESE)
    assert_same_matrix(kind().fit_transform(ENGLISH), first)


def test_n_jobs_is_checked():
    with pytest.raises(ValueError, match="'n_jobs' parameter of CountVectorizer must be"):
        textvec.CountVectorizer(n_jobs="two").fit(ENGLISH)
    expected = textvec.CountVectorizer().fit_transform(ENGLISH)
    for n_jobs in (1, -1, np.int64(2), 4 * (os.cpu_count() or 1)):
        X = textvec.CountVectorizer(n_jobs=n_jobs).fit_transform(ENGLISH)
        assert_same_matrix(X, expected)


@every_vectorizer
def test_tokens_are_refused_with_what_takes_them(kind):
    tokens = [["quiet", "room"], ["sea view"]]
    with pytest.raises(TypeError, match=r"Got \['quiet', 'room'\] .* in row 0: .* analyzer=list"):
        kind().fit(tokens)
    assert kind(analyzer=list).fit(tokens).vocabulary_ == {"quiet": 0, "room": 1, "sea view": 2}
