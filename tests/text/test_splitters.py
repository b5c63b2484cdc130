import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textvec.text.splitters import RecursiveTextSplitter

TEXTS = st.text(alphabet="ab 。，.,!?\n\t宝玉é🎈\u3000”", max_size=300)


def seamed(text):
    """Tokenise so that a seam costs: every other letter, and one more for each double letter."""
    return list(text[::2]) + re.findall(r"(\w)\1", text)


@settings(max_examples=150)
@given(
    text=TEXTS,
    size=st.integers(3, 60),
    overlap=st.integers(0, 30),
    tokenizer=st.sampled_from([None, str.split, seamed]),
)
def test_no_chunk_is_too_long_and_nothing_is_lost(text, size, overlap, tokenizer):
    length = len if tokenizer is None else lambda chunk: len(tokenizer(chunk))
    splitter = RecursiveTextSplitter(size, min(overlap, size - 1), tokenizer)
    chunks = splitter.split(text)
    covered = set()
    for chunk in chunks:
        assert chunk.text == text[chunk.start : chunk.end] == chunk.text.strip() != ""
        assert length(chunk.text) <= size
        covered.update(range(chunk.start, chunk.end))
    assert {i for i, character in enumerate(text) if not character.isspace()} <= covered
    for before, after in pairwise(chunks):
        assert before.start < after.start
        assert before.end < after.end
        if tokenizer is None:
            assert before.end - after.start <= splitter.chunk_overlap
        if splitter.chunk_overlap == 0:
            assert before.end <= after.start


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (70, ["One two three. Four five!\nSix seven, eight.\n\nA new paragraph."]),
        (50, ["One two three. Four five!\nSix seven, eight.", "A new paragraph."]),
        (30, ["One two three. Four five!", "Six seven, eight.", "A new paragraph."]),
        (15, ["One two three.", "Four five!", "Six seven,", "eight.\n\nA new", "paragraph."]),
        (7, ["One two", "three.", "Four", "five!", "Six", "seven,", "eight.", "A new"])
    ],
)  # fmt: skip
def test_larger_pauses_first(size, expected):
    text = "One two three. Four five!\nSix seven, eight.\n\nA new paragraph."
    chunks = [chunk.text for chunk in RecursiveTextSplitter(size).split(text)]
    assert chunks[: len(expected)] == expected


@pytest.mark.parametrize(
    ("text", "size", "expected"),
    [
        ("他道：“不去。”她笑了。", 8, ["他道：“不去。”", "她笑了。"]),
        ("「不去。」她笑了。『真的？』他問。", 9, ["「不去。」她笑了。", "『真的？』他問。"]),
        ("他說：「我問過『去嗎？』。」她走了。", 15, ["他說：「我問過『去嗎？』。」", "她走了。"]),
        ("第一，看山；第二，看水。", 6, ["第一，看山；", "第二，看水。"]),
        ("第一，看山；第二，看水。", 4, ["第一，", "看山；", "第二，", "看水。"]),
        ("价格是3.14元，很便宜！真的？", 10, ["价格是3.14元，", "很便宜！真的？"]),
        ("pi is 3.14159 or so", 8, ["pi is", "3.14159", "or so"]),
        ("abcdefghij", 4, ["abc", "def", "ghij"]),
    ],
)
def test_punctuation(text, size, expected):
    assert [chunk.text for chunk in RecursiveTextSplitter(size).split(text)] == expected


def test_overlap_begins_at_a_pause():
    splitter = RecursiveTextSplitter(16, 6)
    chunks = splitter.split("aaaa bbbb cccc dddd eeee ffff")
    assert [chunk.text for chunk in chunks] == [
        "aaaa bbbb cccc",
        "cccc dddd eeee",
        "eeee ffff",
    ]


def test_by_tokens():
    chunks = RecursiveTextSplitter(2, tokenizer="jieba").split("我不爱吃蔬菜，我喜欢吃肉。")
    assert [chunk.text for chunk in chunks][-1] == "吃肉。"


@pytest.mark.parametrize("text", ["", " \n\t ", "\u3000"])
def test_nothing_to_cut(text):
    assert RecursiveTextSplitter(5).split(text) == []


def test_a_million_characters():
    text = "很长的一段话，没有尽头。" * 83_334
    chunks = RecursiveTextSplitter(500).split(text)
    assert max(len(chunk.text) for chunk in chunks) <= 500
    assert "".join(chunk.text for chunk in chunks) == text
    assert len(chunks) < 2 * len(text) / 500


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"chunk_size": 0}, ValueError, "chunk_size must be at least 1. Got 0 instead"),
        ({"chunk_size": 2.5}, TypeError, "chunk_size must be an integer"),
        ({"chunk_size": 5, "chunk_overlap": 5}, ValueError, "between 0 and 4. Got 5 instead"),
        (
            {"tokenizer": "mecab"},
            ValueError,
            "tokenizer must be 'jieba', 'whitespace', a callable or None",
        ),
        ({"chunk_size": 1, "tokenizer": lambda text: text.encode()}, ValueError, "has 3 tokens"),
    ],
)
def test_bad_parameters(parameters, error, message):
    with pytest.raises(error, match=message):
        RecursiveTextSplitter(**parameters).split("宝玉")


def test_text_must_be_a_str():
    with pytest.raises(TypeError, match="text must be a str. Got list instead"):
        RecursiveTextSplitter().split(["a"])
