"""JiebaTokenizer gives jieba's own output, with and without rjieba, quietly."""

import copy
import os
import pickle
import random
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.feature_extraction.text import CountVectorizer

from textvec.text import tokenizers
from textvec.text.tokenizers import JiebaTokenizer, cut_han, resolve_tokenizer

SENTENCES = [
    "我不爱吃蔬菜，我喜欢吃肉。",
    "这家酒店的前台服务态度很好，房间干净，离地铁站只有5分钟路程！",
    "买了T恤和C++书，花了3.14%的工资，AT&T的SIM卡也换了。",
    "孔明笑曰：此计大妙！玄德大喜，遂与关羽、张飞结义。",
    "2008年8月8日20:08，北京奥运会K-pop表演，wi-fi_5G信号-3dBm。",
    "Hello, world! naïve café ΟΔΟΣ １２３ ＡＢＣ 한국어 ひらがな カタカナ",
    "江南style在4S店和卡拉OK厅播放，N年前的BP机、X光线与γ射线。",
    "㐀𠮷野家〇々龘鿕鿖，\ud800好\udc80的\udfff，\0空\0字符\u200b零宽",
    "\r\n\t \u3000空白\x1c分\x85隔\u2028符\n\n",
    "😀哈哈哈😀☕️好喝",
    "",
    "。，！？",
    "_下划线_和__init__",
    "长" * 300 + "城" * 300 + "a1" * 300,
]


@pytest.fixture(scope="module")
def jieba():
    import jieba

    jieba.setLogLevel("WARNING")
    jieba.initialize()
    return jieba


@pytest.fixture
def without_rjieba(monkeypatch):
    """The package is not installed, for this test."""
    monkeypatch.setitem(sys.modules, "rjieba", None)
    tokenizers._rjieba_cut.cache_clear()
    yield
    tokenizers._rjieba_cut.cache_clear()


def words_of(tokens):
    return [token for token in tokens if re.search(r"\w", token)]


def dictionary_words(jieba):
    return [word for word, frequency in jieba.dt.FREQ.items() if frequency]


def random_text(rng, words):
    """Dictionary words, their beginnings, any Han, Latin, digits and punctuation, in a row."""
    kinds = [
        lambda: rng.choice(words),
        lambda: rng.choice(words)[: rng.randint(1, 3)],
        lambda: chr(rng.randint(0x4E00, 0x9FD5)),
        lambda: "".join(rng.choices("abcXYZTKO0123456789", k=rng.randint(1, 4))),
        lambda: rng.choice(["，", "。", " ", "-", ".", "_", "%", "+", "#", "&", "\r\n", "é", "😀"]),
    ]
    return "".join(rng.choice(kinds)() for _ in range(rng.randint(1, 12)))


def test_the_rest_of_this_file_runs_with_rjieba():
    assert tokenizers._rjieba_cut() is not None


def test_equals_jieba_on_sentences(jieba):
    tokenize = JiebaTokenizer()
    for text in SENTENCES:
        assert tokenize(text) == words_of(jieba.lcut(text))


@given(
    st.lists(
        st.one_of(
            st.sampled_from(SENTENCES[:9]),
            st.text(st.characters(exclude_categories=()), max_size=10),
            st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FD8), max_size=10),
            st.text("的一是了我aZ09+#&._%- \r\n，", max_size=10),
        ),
        max_size=6,
    ).map("".join)
)
def test_equals_jieba_on_any_text(jieba, text):
    assert JiebaTokenizer()(text) == words_of(jieba.lcut(text))


def test_equals_jieba_on_many_words_of_its_dictionary(jieba):
    rng = random.Random(0)
    words = dictionary_words(jieba)
    mixed = [word for word in words if re.search("[a-zA-Z0-9]", word)]
    tokenize = JiebaTokenizer()
    for i in range(4000):
        text = random_text(rng, words if i % 2 else mixed)
        assert tokenize(text) == words_of(jieba.lcut(text)), text


def test_equals_jieba_where_its_model_is_nearly_undecided(jieba):
    """One word or two: where jieba rates both alike to 1e-6, rjieba may find the other better."""
    from jieba import finalseg

    chars = sorted({char for emitted in finalseg.emit_P.values() for char in emitted})
    B, E, S = (
        np.array([finalseg.emit_P[state].get(char, np.nan) for char in chars]) for state in "BES"
    )
    turns, ties = finalseg.trans_P, set()
    for before, after in product((finalseg.start_P, turns["E"], turns["S"]), (None, "S", "B")):
        apart = before["S"] + turns["S"]["S"] + turns["S"].get(after, 0)
        as_one = before["B"] + turns["B"]["E"] + turns["E"].get(after, 0)
        first, second = S - B + apart - as_one, S - E
        order = np.argsort(second)
        bounds = [np.searchsorted(second[order], near - first) for near in (-1e-6, 1e-6)]
        for i in np.flatnonzero(np.isfinite(first) & (bounds[0] < bounds[1])):
            near = order[bounds[0][i] : bounds[1][i]]
            ties |= {chars[i] + chars[j] for j in near if np.isfinite(second[j])}
    pairs = {a + b for a in chars for b in "在" if tokenizers._near_tie(a + b)}
    assert "常在" in ties & pairs
    assert all(map(tokenizers._near_tie, ties))
    rng, tokenize = random.Random(0), JiebaTokenizer()
    for pair in sorted(ties):
        for _ in range(20):
            text = "".join(rng.choices("的人出三和又版", k=2)) + pair
            text = text[rng.randint(0, 2) :] + "".join(rng.choices("出三和那对帝", k=2))
            assert tokenize(text) == jieba.lcut(text), text


def test_equals_jieba_without_rjieba(jieba, without_rjieba):
    assert tokenizers._rjieba_cut() is None
    rng = random.Random(1)
    words = dictionary_words(jieba)
    for text in [*SENTENCES, *(random_text(rng, words) for _ in range(300))]:
        assert JiebaTokenizer()(text) == words_of(jieba.lcut(text)), text


def test_latin_blocks_stay_whole_because_the_dictionary_has_no_such_word(jieba):
    assert not [word for word in dictionary_words(jieba) if word.isascii() and word.isalnum()]


@pytest.mark.skipif("TEXTVEC_DATA" not in os.environ, reason="TEXTVEC_DATA is not set")
def test_equals_jieba_on_real_text(jieba):
    folder = Path(os.environ["TEXTVEC_DATA"])
    reviews = (folder / "classification/zh_ChnSentiCorp_htl_all.csv").read_text("utf-8")
    novel = (folder / "novels/three_kingdoms_zh.txt").read_text("utf-8", errors="replace")
    tokenize = JiebaTokenizer()
    for line in [*reviews.splitlines()[:400], *novel.splitlines()[:400]]:
        assert tokenize(line) == words_of(jieba.lcut(line)), line


def own_jieba(jieba, words):
    tokenizer = jieba.Tokenizer()
    tokenizer.initialize()
    for word, frequency in words:
        tokenizer.add_word(word, frequency)
    return tokenizer


@pytest.mark.parametrize("kind", [np.array, pd.Series, pd.Index, iter, frozenset])
def test_user_words_of_any_kind(kind):
    tokenize = JiebaTokenizer(kind(["悟空打"]))
    assert tokenize("悟空打妖怪") == tokenize("悟空打妖怪") == ["悟空打", "妖怪"]
    assert JiebaTokenizer(kind([]))("悟空打妖怪") == ["悟空", "打", "妖怪"]


@pytest.mark.parametrize(
    "words",
    [
        ["孔明笑曰", "此计"],
        ["张飞结义", "不爱吃", "服务态度很好", "C++书"],
        {"玄德大": 100_000, "大喜遂": None, "wi-fi_5G": 7},
        ("空字", "長城", "a1a"),
    ],
)
def test_user_words_equal_jieba_with_a_dictionary_of_its_own(jieba, words):
    pairs = list(words.items()) if isinstance(words, dict) else [(word, None) for word in words]
    own = own_jieba(jieba, pairs)
    tokenize = JiebaTokenizer(words)
    differs = False
    for text in SENTENCES:
        assert tokenize(text) == words_of(own.lcut(text))
        differs |= tokenize(text) != JiebaTokenizer()(text)
    assert differs


def test_jieba_itself_is_not_changed_nor_listened_to(jieba):
    text = "玄德大喜，张飞结义"
    before = jieba.lcut(text)
    frequencies, total = len(jieba.dt.FREQ), jieba.dt.total
    assert "玄德大" in JiebaTokenizer({"玄德大": 10**6}, {"张飞": "张翼德"})(text)
    assert jieba.lcut(text) == before
    assert (len(jieba.dt.FREQ), jieba.dt.total) == (frequencies, total)
    assert JiebaTokenizer()(text) == words_of(before)

    old = dict(jieba.dt.FREQ)
    try:
        jieba.add_word("玄德大喜", 10**7)
        assert "玄德大喜" in jieba.lcut(text)
        assert JiebaTokenizer()(text) == words_of(before)
        assert "玄德大喜" not in JiebaTokenizer(["张飞"])(text)
    finally:
        jieba.dt.FREQ, jieba.dt.total = old, total


def test_aliases_become_names():
    tokenize = JiebaTokenizer(aliases={"孔明": "诸葛亮", "卧龙": "诸葛亮"})
    assert tokenize("却说孔明大喜") == ["却说", "诸葛亮", "大喜"]
    assert tokenize("卧龙，孔明，诸葛亮") == ["诸葛亮"] * 3
    assert JiebaTokenizer(aliases={"😀": "微笑"})("好😀的") == ["好", "微笑", "的"]


def test_a_large_frequency_keeps_a_name_out_of_longer_words():
    assert "孔明" not in JiebaTokenizer(["孔明"])("孔明笑曰")
    assert JiebaTokenizer({"孔明": 100_000}, {"孔明": "诸葛亮"})("孔明笑曰")[0] == "诸葛亮"


def test_words_that_jieba_cannot_hold_are_found():
    tokenize = JiebaTokenizer(["哈利·波特", "new york", "哈利"], {"罗恩·韦斯莱": "罗恩"})
    assert tokenize("我是哈利·波特！") == ["我", "是", "哈利·波特"]
    assert tokenize("new york的罗恩·韦斯莱") == ["new york", "的", "罗恩"]
    assert JiebaTokenizer(["a·b", "a·b·c"])("a·b·c a·b") == ["a·b·c", "a·b"]  # the longest first


def test_a_set_of_words_gives_the_same_in_any_order():
    words = ["孔明笑", "明笑曰", "笑曰此", "此计大"]
    texts = [JiebaTokenizer(set(order))(SENTENCES[3]) for order in (words, words[::-1])]
    assert texts[0] == texts[1]


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"user_words": "孔明"}, TypeError, "user_words must be a list of words"),
        ({"user_words": 3}, TypeError, "user_words must be a list of words"),
        ({"user_words": ["孔明", None]}, TypeError, "must hold str. Got None"),
        ({"user_words": ["孔明", ""]}, ValueError, "must not hold the empty string"),
        (
            {"user_words": {"孔明": 0}},
            ValueError,
            "frequency of user word '孔明' must be at least 1",
        ),
        (
            {"user_words": {"孔明": "9"}},
            TypeError,
            "frequency of user word '孔明' must be an integer",
        ),
        ({"aliases": ["孔明"]}, TypeError, "aliases must be a mapping"),
        ({"aliases": {"孔明": 1}}, TypeError, "must hold str. Got 1"),
    ],
)
def test_bad_words(params, error, message):
    with pytest.raises(error, match=message):
        JiebaTokenizer(**params)("孔明")


@pytest.mark.parametrize("text", [None, 3, b"abc", ["a"], float("nan")])
def test_what_is_no_str(text):
    for tokenize in (JiebaTokenizer(), JiebaTokenizer(["孔明"])):
        with pytest.raises(TypeError, match=f"must be a str. Got {type(text).__name__}"):
            tokenize(text)


@pytest.mark.parametrize(
    "params",
    [{}, {"user_words": ["孔明笑曰"]}, {"user_words": {"此计": 9}, "aliases": {"玄德": "刘备"}}],
)
def test_pickle_clone_and_params(params):
    tokenize = JiebaTokenizer(**params)
    expected = [tokenize(text) for text in SENTENCES]
    assert len(pickle.dumps(tokenize)) < 1000  # the dictionary stays here
    for again in (
        clone(tokenize),
        copy.copy(tokenize),
        copy.deepcopy(tokenize),
        pickle.loads(pickle.dumps(tokenize)),
        JiebaTokenizer().set_params(**params),
    ):
        assert again == tokenize
        assert again.get_params() == tokenize.get_params()
        assert [again(text) for text in SENTENCES] == expected
    assert tokenize != JiebaTokenizer(["另一个"])
    assert tokenize != "jieba"


def test_set_params_takes_effect():
    tokenize = JiebaTokenizer(["孔明笑曰"])
    assert tokenize("孔明笑曰") == ["孔明笑曰"]
    assert tokenize.set_params(user_words=None)("孔明笑曰") == JiebaTokenizer()("孔明笑曰")
    tokenize.aliases = {"孔明笑": "笑"}
    assert tokenize("孔明笑曰") == ["笑", "曰"]


def test_as_a_parameter_of_scikit_learns_vectorizer():
    tokenize = JiebaTokenizer({"玄德": 100_000}, aliases={"玄德": "刘备"})
    vectorizer = CountVectorizer(tokenizer=tokenize, token_pattern=None)
    X = vectorizer.fit_transform(SENTENCES)
    assert "刘备" in vectorizer.vocabulary_
    again = pickle.loads(pickle.dumps(vectorizer))
    assert (again.transform(SENTENCES) != X).nnz == 0
    assert (clone(vectorizer).fit_transform(SENTENCES) != X).nnz == 0
    changed = clone(vectorizer).set_params(tokenizer__aliases=None).fit(SENTENCES)
    assert "刘备" not in changed.vocabulary_


def test_threads_share_one_tokenizer():
    for tokenize in (JiebaTokenizer(), JiebaTokenizer(["此计大妙"], {"玄德": "刘备"})):
        expected = [clone(tokenize)(text) for text in SENTENCES]
        with ThreadPoolExecutor(8) as pool:
            for results in [pool.map(tokenize, SENTENCES) for _ in range(6)]:
                assert list(results) == expected


FIRST_USE = """
import sys, threading
from textvec.text.tokenizers import JiebaTokenizer
assert "jieba" not in sys.modules and "rjieba" not in sys.modules
sys.pycache_prefix = sys.argv[1]
{without_rjieba}
tokenizers = [JiebaTokenizer(), JiebaTokenizer(["孔明笑曰"]), JiebaTokenizer()]
threads = [threading.Thread(target=t, args=("孔明笑曰，C++书-好",)) for t in tokenizers * 2]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert tokenizers[0]("C++书") == ["C++", "书"], tokenizers[0]("C++书")
assert tokenizers[1]("孔明笑曰") == ["孔明笑曰"]
"""


@pytest.mark.parametrize(
    "without_rjieba", ["", pytest.param("sys.modules['rjieba'] = None", marks=pytest.mark.slow)]
)
def test_first_use_is_lazy_silent_and_without_warnings(tmp_path, without_rjieba):
    """Even with jieba's compiled files absent, and from several threads at once."""
    code = FIRST_USE.format(without_rjieba=without_rjieba)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, str(tmp_path / "pyc")],
        capture_output=True,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        timeout=120,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not (tmp_path / "jieba.cache").exists()  # nothing left in the shared folder


FORKED = """
import os, signal, sys, threading, time
if {without_rjieba}:
    sys.modules["rjieba"] = None
from textvec.text import tokenizers
tokenize = tokenizers.JiebaTokenizer()
loading = threading.Thread(target=tokenizers._stock_jieba)
loading.start()
while tokenizers._loading.acquire(blocking=False):
    tokenizers._loading.release()
    time.sleep(0)
child = os.fork()
if not child:
    signal.alarm(60)
    os._exit(tokenize("我爱蔬菜-") != ["我", "爱", "蔬菜"])
_, status = os.waitpid(child, 0)
loading.join()
assert tokenizers._loading.acquire(blocking=False)
sys.exit(os.waitstatus_to_exitcode(status))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.parametrize("without_rjieba", [pytest.param(False, marks=pytest.mark.slow), True])
def test_a_child_forked_while_another_thread_loads_can_load(without_rjieba):
    done = subprocess.run(
        [sys.executable, "-c", FORKED.format(without_rjieba=without_rjieba)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr


def test_chinese_words_stand_between_blanks():
    assert cut_han("Sea view, naïve \ud800") == "Sea view, naïve \ud800"
    assert cut_han("iPhone15透明手机壳 ok").split(" ") == [
        "iPhone15",
        "透明",
        "手机",
        "壳",
        "",
        "ok",
    ]


def test_resolve_tokenizer():
    assert resolve_tokenizer("whitespace") is str.split
    assert resolve_tokenizer("jieba") == JiebaTokenizer()
    assert resolve_tokenizer(str.split) is str.split
    assert resolve_tokenizer(None) is None
    with pytest.raises(ValueError, match="'jieba', 'whitespace', a callable or None. Got 'nltk'"):
        resolve_tokenizer("nltk")
