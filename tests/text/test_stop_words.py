"""The stop lists hold function words, and agree with the tokenizer that they are meant for."""

import pytest
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from textvec import CountVectorizer
from textvec.text.stop_words import _CHINESE, stop_words
from textvec.text.tokenizers import JiebaTokenizer


def test_english_is_scikit_learns_own():
    assert stop_words("english") is ENGLISH_STOP_WORDS


def test_chinese_holds_function_words_and_no_others():
    words = stop_words("chinese")
    assert isinstance(words, frozenset)
    assert stop_words("chinese") is words
    assert 200 <= len(words) <= 700
    assert {
        "我",
        "我们",
        "的",
        "了",
        "吗",
        "和",
        "因为",
        "所以",
        "虽然",
        "在",
        "把",
        "被",
        "非常",
        "个",
    } <= words
    assert not words & {"酒店", "房间", "服务", "好", "不错", "干净", "差", "大", "小", "人"}
    assert all(word.isalpha() for word in words)


def test_chinese_words_come_out_of_jieba_as_words_of_the_list():
    words = stop_words("chinese")
    tokenize = JiebaTokenizer()
    assert {token for word in words for token in tokenize(word)} <= words


def test_traditional_characters_are_known_beside_simplified():
    words = stop_words("chinese")
    assert {
        "這個",
        "那裡",
        "那裏",
        "什麼",
        "為什麼",
        "爲什麼",
        "我們",
        "沒有",
        "於",
        "與",
        "後",
    } <= words
    # simplified text keeps its words: these are content there, in names and in 著 of authors
    assert not words & {"著", "裡裏", "妳", "乾", "隻", "臺", "麵", "係", "鍾"}
    assert {*_CHINESE.split()} < words
    vectorizer = CountVectorizer(tokenizer="jieba", stop_words="chinese")
    text = "這個酒店的房間雖然很乾淨，但是我們沒有看到海景"
    assert set(vectorizer.build_analyzer()(text)) == {"酒店", "房間", "乾淨", "看到", "海景"}


@pytest.mark.parametrize("language", ["french", "English", None, ["the"]])
def test_other_languages(language):
    with pytest.raises(ValueError, match="language must be one of 'english', 'chinese'. Got"):
        stop_words(language)
