"""What word vectors are trained on: every kind of input, one result, and what is refused."""

import bz2
import gzip
import lzma
import re
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import textvec.text.corpus
import textvec.text.vocabulary
from textvec.text.corpus import KnownWords, encode_corpus, learn_corpus, read_documents
from textvec.text.scripts import HAN
from textvec.text.tokenizers import JiebaTokenizer

TEXTS = ["The sea, the SEA!", "", "A bar by the sea. Café?", "İstanbul ΌΣΟΣ 孙悟空 🙂", "--"]
LISTS = [re.findall(r"\w+", text.lower()) for text in TEXTS]


def rows(tokens):
    return [row.tolist() for row in tokens.rows()]


def spelled(corpus):
    return [[corpus.words[i] for i in row.tolist()] for row in corpus.tokens.rows()]


def same(one, other):
    assert one.words == other.words
    assert one.n_words_raw == other.n_words_raw
    for a, b in zip((one.counts, *one.tokens), (other.counts, *other.tokens), strict=True):
        np.testing.assert_array_equal(a, b)
        assert a.dtype == b.dtype


def test_raw_text_is_what_lowering_and_a_pattern_give():
    corpus = learn_corpus(TEXTS, min_count=1)
    assert spelled(corpus) == LISTS
    assert corpus.words[:2] == ["the", "sea"]
    assert corpus.counts.dtype == np.int64
    assert corpus.tokens.values.dtype == np.int32
    assert corpus.n_words_raw == sum(map(len, LISTS))
    same(corpus, learn_corpus(LISTS, min_count=1))


def test_every_kind_of_input_is_read_alike(tmp_path):
    expected = learn_corpus(LISTS, min_count=1)
    arrays = [np.array(row, dtype=str) for row in LISTS]
    for given_lists in (map(tuple, LISTS), arrays, [*map(list, LISTS)], np.array(LISTS, object)):
        same(learn_corpus(given_lists, min_count=1), expected)
    for given_texts in (iter(TEXTS), tuple(TEXTS), np.array(TEXTS), np.array(TEXTS, object)):
        same(learn_corpus(given_texts, min_count=1), expected)
    content = "\n".join(TEXTS).encode()
    for name, compress in {
        "plain": bytes, "a.txt": bytes, "a.gz": gzip.compress, "a.xz": lzma.compress,
        "a.bz2": bz2.compress,
    }.items():  # fmt: skip
        (tmp_path / name).write_bytes(compress(content))
        same(learn_corpus(tmp_path / name, min_count=1), expected)
    (tmp_path / "windows").write_bytes(b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n") + b"\r\n")
    assert list(read_documents(tmp_path / "windows")) == TEXTS


def test_a_folder_is_read_in_the_order_of_names(tmp_path):
    (tmp_path / "inner").mkdir()
    (tmp_path / ".hidden").write_text("no", "utf-8")
    (tmp_path / "b.txt").write_text("three\n", "utf-8")
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"one\ntwo"))
    assert list(read_documents(tmp_path)) == ["one", "two", "three"]


def test_words_come_by_falling_count_then_by_first_appearance():
    corpus = learn_corpus([["d", "b", "a"], ["c", "a", "b"], ["e"]], min_count=1)
    assert corpus.words == ["b", "a", "d", "c", "e"]
    assert corpus.counts.tolist() == [2, 2, 1, 1, 1]
    assert rows(corpus.tokens) == [[2, 0, 1], [3, 1, 0], [4]]


def test_chinese_in_raw_text_is_cut_by_jieba_and_all_else_by_a_pattern():
    tokenize = JiebaTokenizer()
    word_or_han = re.compile(f"[{HAN}]+|[^\\W{HAN}]+")

    def words(text):
        for run in word_or_han.findall(text.lower()):
            yield from tokenize(run) if re.match(f"[{HAN}]", run) else [run]

    texts = [
        "这家酒店的前台服务态度很好，离地铁站只有5分钟路程！",
        "Apple iPhone15透明手机壳 T恤 ΑΣ中文ΑΣ",
        "東京のホテルは駅から近い 서울의 호텔 กรุงเทพ",
        "㐀𠮷野家〇々龘鿕鿖豈 \ud800好\udc80的",
        "Sea view, CAFÉ Straße İstanbul",
        "😀 — “quoted” １２３",
        "",
    ]
    corpus = learn_corpus(texts, min_count=1)
    assert spelled(corpus) == [list(words(text)) for text in texts]
    assert " ".join(spelled(corpus)[1]) == "apple iphone15 透明 手机 壳 t 恤 ας 中文 ας"
    assert " ".join(spelled(corpus)[2]).startswith("東京 のホテルは 駅 から 近 い 서울의")
    for text, row in zip(texts, rows(corpus.tokens)):  # alone, and among words that are known
        assert rows(encode_corpus([text], corpus.words)) == [row]
    for first in (0x3400, 0x4E00, 0xF900, 0x20000):  # each block of characters is seen alone
        text = "word" + chr(first) + chr(first + 1) + "word"
        assert spelled(learn_corpus([text], min_count=1)) == [list(words(text))]


def test_text_without_chinese_is_never_handed_to_jieba(monkeypatch):
    def refuse(text):
        raise NotImplementedError(text)

    monkeypatch.setattr(textvec.text.corpus, "cut_han", refuse)
    others = [
        "Sea é ΑΣ",
        "море ชื่อ",
        "서울 ㄱ",
        "、。「かな」カタカナ",
        "！ １ — 😀",
        "\ud800 \ufeff \ufb01",
    ]
    corpus = learn_corpus(others, min_count=1)
    assert spelled(corpus) == [re.findall(r"\w+", word.lower()) for word in others]
    with pytest.raises(NotImplementedError):
        learn_corpus(["酒店"], min_count=1)


@pytest.mark.parametrize("tokenizer", ["whitespace", str.split])
def test_text_that_is_cut_already_is_split_at_white_space(tokenizer, monkeypatch):
    monkeypatch.setattr(textvec.text.vocabulary, "BLOCK_CHARACTERS", 20)
    texts = ["酒店 的 C++ wi-fi\u3000房间", "  The\u00a0sea,\tthe\x1csea ", "", "酒店 not-known"]
    lists = [text.split() for text in texts]
    corpus = learn_corpus(lists, min_count=1)
    same(learn_corpus(texts, tokenizer, min_count=1, n_jobs=2), corpus)
    np.testing.assert_array_equal(
        encode_corpus(texts, corpus.words[:4], tokenizer).values,
        encode_corpus(lists, corpus.words[:4]).values,
    )


@pytest.mark.parametrize("n_jobs", [2, 3, -1])
def test_threads_do_not_change_the_result(n_jobs, monkeypatch):
    monkeypatch.setattr(textvec.text.vocabulary, "BLOCK_CHARACTERS", 40)
    rng = np.random.default_rng(0)
    texts = [" ".join(f"w{i}酒店" for i in rng.integers(0, 30, 8)) for _ in range(60)]
    one = learn_corpus(texts, min_count=2)
    same(learn_corpus(texts, min_count=2, n_jobs=n_jobs), one)
    same(learn_corpus([text.replace("酒店", " 酒店").split() for text in texts], min_count=2), one)
    np.testing.assert_array_equal(
        encode_corpus(texts, one.words, n_jobs=n_jobs).values, one.tokens.values
    )


def test_rare_words_are_dropped_from_the_documents():
    corpus = learn_corpus([["a", "x", "b"], ["y"], ["b", "a"]], min_count=2)
    assert rows(corpus.tokens) == [[0, 1], [], [1, 0]]
    assert corpus.n_words_raw == 6


@settings(max_examples=60)
@given(
    st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=40),
    st.integers(1, 3),
    st.integers(1, 8),
)
def test_cut_offs_are_gensims(tokens, min_count, max_final_vocab):
    gensim = pytest.importorskip("gensim.models")
    model = gensim.Word2Vec(
        min_count=min_count, max_final_vocab=max_final_vocab, vector_size=1, sample=0
    )
    counts = Counter(tokens)
    model.raw_vocab = dict(counts)
    model.prepare_vocab()
    if not model.wv.index_to_key:
        with pytest.raises(ValueError, match="frequent enough"):
            learn_corpus([tokens], None, min_count, max_final_vocab)
        return
    corpus = learn_corpus([tokens], None, min_count, max_final_vocab)
    assert set(corpus.words) == set(model.wv.index_to_key)
    assert dict(zip(corpus.words, corpus.counts.tolist())) == {
        word: counts[word] for word in corpus.words
    }


def test_known_words_keep_their_places_and_new_ones_follow():
    corpus = learn_corpus(
        ["new new old", "rare fresh fresh fresh"], None, 2, known_words=["old", "absent"]
    )
    assert corpus.words == ["old", "absent", "fresh", "new"]
    assert corpus.counts.tolist() == [1, 0, 3, 2]
    assert rows(corpus.tokens) == [[3, 3, 0], [2, 2, 2]]
    only_old = learn_corpus(["nothing is twice here"], None, 2, known_words=["old"])
    assert only_old.words == ["old"]
    assert rows(only_old.tokens) == [[]]
    capped = learn_corpus(
        ["new new old", "fresh fresh fresh"], None, 1, max_final_vocab=1, known_words=["old"]
    )
    assert capped.words == ["old", "fresh"]


@pytest.mark.parametrize("words", [["sea", "", "bar"], ["sea", "\n", "", "bar"]])
def test_known_words_are_looked_up_in_text_and_among_tokens(words):
    known = KnownWords(words)
    sea, bar = words.index("sea"), words.index("bar")
    for _ in range(2):
        assert rows(encode_corpus(["Sea or bar", "none", ""], known)) == [[sea, bar], [], []]
        assert rows(encode_corpus([["sea", "or", "bar"], []], known)) == [[sea, bar], []]
    assert rows(encode_corpus([], known)) == []
    assert rows(encode_corpus([["Sea"]], known)) == [[]]
    assert rows(encode_corpus(["no word is known"], [])) == [[]]


@settings(max_examples=200)
@given(
    st.lists(st.lists(st.text("ab\n\0é好\ud800", max_size=17), max_size=5), max_size=6),
    st.integers(1, 4),
    st.integers(1, 3),
)
def test_tokens_of_any_kind_are_told_apart_as_by_a_dict(lists, tokens_at_once, n_jobs):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("textvec.text.corpus._TOKENS_AT_ONCE", tokens_at_once)
        words = [token for row in lists for token in row if token]
        if words:
            corpus = learn_corpus(lists, min_count=1, n_jobs=n_jobs)
            assert spelled(corpus) == [[token for token in row if token] for row in lists]
            counts = Counter(words)
            assert corpus.words == sorted(counts, key=counts.get, reverse=True)
        for known in (list(dict.fromkeys(["b", "", *words])), sorted(set(words))):
            ids = {word: i for i, word in enumerate(known)}
            assert rows(encode_corpus(lists, known, n_jobs=n_jobs)) == [
                [ids[token] for token in row if token in ids] for row in lists
            ]


def test_empty_tokens_are_no_tokens():
    corpus = learn_corpus([["a", "", "b", ""], [""]], min_count=1)
    assert corpus.words == ["a", "b"]
    assert corpus.n_words_raw == 2


def test_tokenizers():
    text = ["孙悟空打白骨精", "唐僧念经"]
    by_name = learn_corpus(text, "jieba", 1)
    assert spelled(by_name) == [JiebaTokenizer()(one) for one in text]
    same(by_name, learn_corpus(text, JiebaTokenizer(), 1))
    corpus = learn_corpus(["A a", "B"], str.split, 1)
    assert corpus.words == ["A", "a", "B"]
    assert rows(encode_corpus(["a B c"], corpus.words, str.split)) == [[1, 2]]
    assert rows(encode_corpus([["a B"]], ["a B"], str.split)) == [[0]]  # lists are left as they are
    with pytest.raises(TypeError, match=r"tokenizer must return a list of str. Got 'a b' .* row 0"):
        learn_corpus(["a b"], str.lower)
    with pytest.raises(TypeError, match=r"Got \[3\] .* row 1|Got 3 .* row 1"):
        learn_corpus(["a b", "abc"], lambda text: text.split() if " " in text else [len(text)])
    with pytest.raises(
        ValueError, match="tokenizer must be 'jieba', 'whitespace', a callable or None"
    ):
        learn_corpus(["a"], "giebra")


def test_blocks_of_tokens_join_without_a_seam(monkeypatch):
    monkeypatch.setattr("textvec.text.corpus._TOKENS_AT_ONCE", 3)
    same(learn_corpus(LISTS, min_count=1), learn_corpus(TEXTS, min_count=1))
    with pytest.raises(TypeError, match="Got None of type NoneType in row 7"):
        learn_corpus([*[["a", "b"]] * 7, ["a", None]])


def test_documents_are_read_once_as_a_stream(tmp_path, monkeypatch):
    monkeypatch.setattr(textvec.text.vocabulary, "BLOCK_CHARACTERS", 100)
    alive = 0

    class Text(str):
        def __init__(self, *_):
            nonlocal alive
            alive += 1
            assert alive <= 60

        def __del__(self):
            nonlocal alive
            alive -= 1

    learn_corpus((Text("sea view") for _ in range(500)), min_count=1)


@pytest.mark.parametrize("n_jobs", [None, 2])
@pytest.mark.parametrize("documents", [TEXTS, LISTS], ids=["texts", "lists"])
def test_ids_can_lie_on_disk(documents, n_jobs, tmp_path, monkeypatch):
    monkeypatch.setattr("textvec.text.corpus._TOKENS_AT_ONCE", 3)
    monkeypatch.setattr(textvec.text.vocabulary, "BLOCK_CHARACTERS", 10)
    corpus = learn_corpus(documents, min_count=2, n_jobs=n_jobs, temp_folder=tmp_path)
    same(corpus, learn_corpus(documents, min_count=2))
    holder = corpus.tokens.values
    while isinstance(holder.base, np.ndarray):
        holder = holder.base
    assert isinstance(holder, np.memmap)
    options = {"n_jobs": n_jobs, "temp_folder": tmp_path}
    known = encode_corpus(documents, corpus.words, **options)
    assert [row.tolist() for row in known.rows()] == [row.tolist() for row in corpus.tokens.rows()]
    assert not list(tmp_path.iterdir())
    with pytest.raises(ValueError, match="at least one word. Got 1 documents"):
        learn_corpus([""], temp_folder=tmp_path)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        learn_corpus(documents, temp_folder=tmp_path / "nowhere")


def test_a_disk_without_room_for_ids_is_named(tmp_path):
    command = [sys.executable, "-c", CRAMPED, str(tmp_path)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert (
        said == f"[Errno 27] File too large: temp_folder takes 4 bytes a word: {str(tmp_path)!r}\n"
    )


CRAMPED = """
import resource, signal, sys
from textvec.text.corpus import learn_corpus

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    learn_corpus(["sea view " * 1000] * 100, temp_folder=sys.argv[1])
except OSError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("documents", "error", "message"),
    [
        ("sea view", ValueError, "raw_documents must be .* Got one str instead: put it in a list"),
        (b"sea", ValueError, "Got one bytes instead: .* wrap the name of a file in pathlib.Path"),
        (3, TypeError, "raw_documents must be an iterable of str .* Got 3 instead"),
        ([], ValueError, "at least one word. Got 0 documents"),
        (["", "--"], ValueError, "at least one word. Got 2 documents"),
        ([[], [""]], ValueError, "at least one word. Got 2 documents"),
        (["a", None], TypeError, "Got None of type NoneType in row 1: drop or convert"),
        (["a", float("nan")], TypeError, "Got nan of type float in row 1"),
        ([float("nan")], TypeError, "Got nan of type float in row 0"),
        ([b"a"], TypeError, "Got b'a' of type bytes in row 0"),
        (["a", ["b"]], TypeError, "Got a list in row 1 after raw text"),
        ([["b"], "a"], TypeError, "Got raw text in row 1 after a list"),
        ([["a"], ["b", 3]], TypeError, "Tokens must be str. Got 3 of type int in row 1"),
        ([["a", float("nan")]], TypeError, "Tokens must be str. Got nan of type float in row 0"),
        ([["a", ["b"]]], TypeError, r"Tokens must be str. Got \['b'\] of type list in row 0"),
        ([np.array([1, 2])], TypeError, "Tokens must be str. Got 1 of type int in row 0"),
        (["to be or not"], ValueError, "asks for 2 occurrences, and 'to', .* 4 words, has 1"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(documents, error, message):
    with pytest.raises(error, match=message):
        learn_corpus(documents)


def test_parameters_are_checked():
    with pytest.raises(ValueError, match="min_count must be at least 1. Got 0"):
        learn_corpus(["a"], min_count=0)
    with pytest.raises(ValueError, match="max_final_vocab must be at least 1. Got 0"):
        learn_corpus(["a"], min_count=1, max_final_vocab=0)
    with pytest.raises(ValueError, match="max_final_vocab asks for 2 .* Raise max_final_vocab"):
        learn_corpus(["a b"], min_count=1, max_final_vocab=1)
    with pytest.raises(TypeError, match="Got 3 of type int in row 0"):
        encode_corpus([["a", 3]], ["a"])


def test_files_that_are_missing_or_damaged(tmp_path):
    with pytest.raises(FileNotFoundError, match="no file or folder .*nowhere"):
        learn_corpus(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="The folder .*empty holds no files"):
        learn_corpus(tmp_path / "empty")
    (tmp_path / "blank.txt").write_bytes(b"")
    with pytest.raises(ValueError, match="at least one word. Got 0 documents"):
        learn_corpus(tmp_path / "blank.txt")
    (tmp_path / "latin.txt").write_bytes(b"sea\nview\ncaf\xe9 au lait\n")
    with pytest.raises(ValueError, match="latin.txt, line 3: the text is not UTF-8 .* at byte 3"):
        learn_corpus(tmp_path / "latin.txt")
    content = "\n".join(f"line {i} of text" for i in range(500)).encode()
    for name, compress in {
        "a.gz": gzip.compress, "a.xz": lzma.compress, "a.bz2": bz2.compress
    }.items():  # fmt: skip
        whole = compress(content)
        (tmp_path / name).write_bytes(whole[:-20])
        with pytest.raises(ValueError, match=f"{name} is cut short or damaged"):
            learn_corpus(tmp_path / name)
        (tmp_path / name).write_bytes(lzma.compress(content, lzma.FORMAT_ALONE))
        with pytest.raises(ValueError, match=f"{name} is cut short or damaged"):
            learn_corpus(tmp_path / name)  # found by fuzzing: it may claim a dictionary of 4 GB
        (tmp_path / name).write_bytes(b"plain text")
        with pytest.raises(ValueError, match=f"{name} is cut short or damaged"):
            learn_corpus(tmp_path / name)
