"""What beginners try first: refused with a cure where it is wrong, and never misread in silence."""

import numpy as np
import pandas as pd
import pytest

from textvec import CharacterRecommender, ContentRecommender, TfidfVectorizer
from textvec.recommend.columns import Numbers
from textvec.recommend.headings import titles_of

TEXTS = ["a view of the sea", "hotel by the sea", "snow and skiing"]


def _frame(**columns):
    return pd.DataFrame({"id": [1, 2, 3], "text": TEXTS, **columns})


def _fit(columns, **values):
    return ContentRecommender().fit(_frame(**values), ids="id", text="text", columns=columns)


@pytest.mark.parametrize(
    ("cells", "shown"),
    [
        (["['spa']", "['pool']", "['spa']"], r"\['spa'\] for"),
        (['[{"id": 1, "name": "War"}]', "[]", '[{"id": 1, "name": "War"}]'], r"\['War'\] for"),
    ],
)
def test_lists_of_one_member_are_read(cells, shown):
    with pytest.warns(UserWarning, match=f"read as lists, such as {shown}"):
        _fit("tags", tags=cells)


@pytest.mark.filterwarnings("ignore:column 'tags' holds texts, read as lists")
@pytest.mark.parametrize("cells", [["[]"] * 3, [[], [], []]])
def test_a_column_of_empty_lists_is_refused(cells):
    with pytest.raises(ValueError, match="column 'tags' holds no category, only empty lists"):
        _fit("tags", tags=cells)


@pytest.mark.parametrize(
    "cells", [["$120 a", "90 b", "¥80 c"], ["10-20", "20-30", "30-40"], ["1 h 30", "2 h", "50 min"]]
)
def test_categories_that_all_differ_are_named(cells):
    with pytest.warns(UserWarning, match="column 'price' holds 3 texts that all differ, such as"):
        _fit("price", price=cells)


def test_a_column_half_of_numbers_is_named():
    with pytest.warns(UserWarning, match="for only 1 of 2 different ones are numbers of one kind"):
        _fit("price", price=["$120", "on request", "on request"])


def test_ids_are_shown_as_python_writes_them():
    frame = _frame().assign(text=["a", 3, "b"])
    with pytest.raises(TypeError, match=r"row 1 \(id 2\)"):
        ContentRecommender().fit(frame, ids="id", text="text")
    fitted = _fit(None)
    with pytest.raises(ValueError, match="^1 is both liked"):
        fitted.recommend([1], [1])
    with pytest.raises(KeyError, match="no item has the id 7"):
        fitted.evaluate(pd.DataFrame({"user": ["a", "a"], "item": [1, 7]}))


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda r: r.similar([1, 2]), "For several, take recommend"),
        (lambda r: r.similar(1, where="price > 3"), "Got 'price > 3' instead: take a function"),
        (lambda r: r.similar(1, where=[0, 1]), "lambda items"),
        (lambda r: r.evaluate(pd.DataFrame({"user": [1]})), "DataFrame with the columns 'user'"),
    ],
)
def test_questions_are_refused_with_a_cure(ask, message):
    with pytest.raises((KeyError, TypeError), match=message):
        ask(_fit(None))


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ("hotels.csv", r"'hotels.csv'. Read a file by pandas.read_csv"),
        ({"text": "sea"}, "DataFrame\\("),
    ],
)
def test_items_are_refused_with_a_cure(items, message):
    with pytest.raises(TypeError, match=message):
        ContentRecommender().fit(items)


def test_classes_in_place_of_what_they_make_are_named():
    with pytest.raises(TypeError, match=r"call it, TfidfVectorizer\(\)"):
        ContentRecommender(TfidfVectorizer).fit(TEXTS)
    with pytest.raises(TypeError, match=r"\[\(TfidfVectorizer\(\), 0.5\)\]"):
        ContentRecommender((TfidfVectorizer(), 0.5)).fit(TEXTS)
    with pytest.raises(TypeError, match=r"call it, Numbers\(0.3\)"):
        _fit({"price": Numbers}, price=np.arange(3))


STORY = ["张三看见李四在喝茶。", "", "李四对张三说了很多话。"]


@pytest.mark.parametrize(
    "heads",
    [
        ["一、雪夜", "二、归人", "三、天明"],
        ["（一）", "（二）", "（三）"],
        ["1. 雪夜", "2. 归人", "3. 天明"],
        ["01 Snow", "02 Home", "03 Dawn"],
        ["Ch. 1", "Ch. 2", "Ch. 3: Dawn"],
        ["九、", "十、"],
    ],
)
def test_counted_lines_are_headings(heads):
    lines = [line for head in heads for line in (head, *STORY)]
    found = [title for title in titles_of(lines) if title]
    assert found == ([] if heads[0] == "九、" else heads)


def test_all_numbers_below_a_hundred_are_counted():
    digits = ["", *"一二三四五六七八九"]
    numbers = [tens + "十" * bool(tens) + ones for tens in digits for ones in digits][1:]
    numbers = [n.removeprefix("一") if n.startswith("一十") else n for n in numbers]
    lines = [line for number in numbers for line in (number, *STORY)]
    assert [title for title in titles_of(lines) if title] == numbers


@pytest.mark.parametrize(
    "lines",
    [
        ["He bought:", "1. apples", "2. pears", "and left."],
        ["1. He went home, and slept.", "text", "2. He rose, and ate.", "text"],
        ["第一章", "一、米", "他说。", "二、油", "他又说。"],
    ],
)
def test_lists_and_parts_of_chapters_are_no_headings(lines):
    assert [title for title in titles_of(lines) if title] == [one for one in lines if "章" in one]


def test_names_and_aliases_are_refused_with_a_cure():
    with pytest.raises(ValueError, match=r"Give them: names=\[...\]"):
        CharacterRecommender().fit("今天天气好。")
    with pytest.raises(TypeError, match="write {alias: name}"):
        CharacterRecommender(["张三"], {"张三": ["老张"]}).fit("张三来了。")


def test_who_is_oneself_is_alike_by_no_more_than_1():
    paragraphs = [
        "张三走进屋里，看见李四正在喝茶。王五说：“张三，你来了。”李四笑道：“张三来得正好。”",
        "李四和王五一起去了集市。张三在家里等他们。王五买了米，李四买了油。",
        "张三问李四：“王五呢？”李四答道：“王五还在集市。”",
    ]
    fitted = CharacterRecommender(["张三", "李四", "王五"], random_state=0)
    fitted.fit("\n".join(paragraphs * 4))
    for name in ("张三", "李四", "王五"):
        assert 0.9999 < fitted.between(name, name).similarity <= 1
