"""Cells of text that stand for numbers and lists."""

import pytest

from textvec.recommend.cells import BRACKETS, members_in, number_in, separator_in, writing_of


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (["$1,200.00", "$80"], [1200, 80]),
        (["US$ 5", "US$7.5"], [5, 7.5]),
        (["-$5", "$+3"], [-5, 3]),
        (["4.1/5", "3/5"], [0.82, 0.6]),
        (["8 out of 10", "9/10 stars"], [0.8, 0.9]),
        (["85%", "90 %"], [85, 90]),
        (["¥1,200", "￥80"], [1200, 80]),
        (["1200元", "80元"], [1200, 80]),
        (["1.200,00 €", "80,50 €"], [1200, 80.5]),
        (["1.200 €", "850 €"], [1200, 850]),
        (["1 200,50 €", "3 €"], [1200.5, 3]),
        (["CHF 1'200.50", "CHF 5"], [1200.5, 5]),
        (["1,20,000", "3,000"], [120_000, 3000]),
        (["12,5", "13,0"], [12.5, 13]),
        (["1.200", "1.350"], [1.2, 1.35]),
        (["90 min", "1 min"], [90, 1]),
        (["1 Season", "2 Seasons"], [1, 2]),
        (["10,000+", "5M+"], [10_000, 5_000_000]),
        (["1.2k", "3万"], [1200, 30_000]),
        (["１２", ".5"], [12, 0.5]),
        (["98101", "98102"], [98101, 98102]),
    ],
)
def test_numbers(cells, numbers):
    writing = writing_of(cells)
    assert [number_in(cell, writing) for cell in cells] == pytest.approx(numbers)


@pytest.mark.parametrize(
    "cells",
    [
        ["90 min", "2 Seasons"],
        ["007", "008"],
        ["2020-01-05", "2020-02-05"],
        ["12/05/2020", "1/2/2020"],
        ["24/7", "12/5"],
        ["Room 12", "Room 13"],
        ["1.2.3", "1.2.4"],
        ["10-20", "20-30"],
        ["$", "."],
        ["1" * 65, "2" * 65],
        ["9" * 63 + "M", "two"],
        ["sea", "snow"],
    ],
)
def test_no_numbers(cells):
    assert writing_of(cells) is None


def test_a_tenth_may_be_no_numbers():
    cells = [f"${at}" for at in range(9)]
    writing = writing_of([*cells, "on request"])
    assert number_in("on request", writing) is None
    assert number_in("80 €", writing) is None
    assert number_in("80", writing) == 80
    assert writing_of([*cells, "on request", "sold"]) is None
    assert writing_of(["sold", "$5"], nearly_all=False).unit == "$"


@pytest.mark.parametrize(
    ("cells", "separator", "members"),
    [
        (["Drama|War"], "|", [["Drama", "War"]]),
        (["早餐、泳池", "泳池"], "、", [["早餐", "泳池"], ["泳池"]]),
        (["a, b", "b, c", "c"], ",", [["a", "b"], ["b", "c"], ["c"]]),
        (["a;b", "b ; a;", "a"], ";", [["a", "b"], ["b", "a"], ["a"]]),
        (["a/b", "b/a", "a"], "/", [["a", "b"], ["b", "a"], ["a"]]),
        (["['x', \"y's\"]", "[]"], BRACKETS, [["x", "y's"], []]),
        (['["a", "b", null]'], BRACKETS, [["a", "b"]]),
        (["{a,b}", "{}"], BRACKETS, [["a", "b"], []]),
        (["('x',)", "['x' 'y']"], BRACKETS, [["x"], ["x", "y"]]),
        (["[None, 'a', nan]", "[1, 2]"], BRACKETS, [["a"], [1, 2]]),
        (['[{"id": 1, "name": "Drama"}]'], BRACKETS, [["Drama"]]),
        (["[{'id': 1, 'name': 'Drama'}, {'id': 2, 'name': 'War'}]"], BRACKETS, [["Drama", "War"]]),
    ],
)
def test_lists(cells, separator, members):
    assert separator_in(cells) == separator
    assert [members_in(cell, separator) for cell in cells] == members


@pytest.mark.parametrize(
    "cells",
    [
        ["Seattle, WA", "Tacoma, WA", "Salem, OR"],
        ["Nice, clean room", "Big, airy"],
        ["12/05/2020", "12/06/2020"],
        ["[[1]]"],
        ["[" * 100_000 + "]" * 100_000],
        ["{'a': 1}"],
        ["[it's]"],
        ["__import__('os')", "[__import__('os').system('true')]"],
        ["sea", "snow"],
    ],
)
def test_no_lists(cells):
    assert separator_in(cells) is None
