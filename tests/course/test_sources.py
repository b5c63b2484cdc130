"""Sources: what a file may hold, and that the two languages of a unit say the same."""

import ast
import re

import pytest

from textvec.course.links import resolve, targets
from textvec.course.sources import Cell, Source, pages, parse, units

SOURCES = [*units(), *pages()]
SMALL = """%% en
# Title

One.

%% zh
# 标题

一。

%% code
print(1)

%% exercise 3.1
%% en
Ask.
%% zh
问。
%% code
answer = None
%% unit
%% en
Go on.
%% zh
继续。
%% solution 3.1
%% en
Say.
%% zh
答。
"""


def test_a_source_is_read():
    source = parse(SMALL, "03_small")
    assert [cell.part for cell in source.cells] == [
        *("unit", "unit", "exercise", "exercise", "unit", "solution")
    ]
    assert source.cells[1] == Cell("unit", "", {}, "print(1)")
    assert source.title("zh") == "标题"
    assert (source.heading("en"), source.heading("zh")) == ("Unit 3: Title", "第 3 单元\u3000标题")
    assert source.exercises() == ["3.1"]
    blocks = list(source.blocks("en"))
    assert blocks[0] == (0, "text", "# Unit 3: Title\n\nOne.")
    assert blocks[2] == (2, "text", "### Exercise 3.1\n\nAsk.")
    assert [text for *_, text in blocks][-1] == "Go on."
    (solution,) = source.blocks("zh", ("solution",))
    assert solution == (5, "text", "### 练习 3.1 解答\n\n答。")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hello\n%% en", "line 1: text stands before"),
        ("%% eng\n# A", "line 1: '%% eng' is no mark"),
        ("%% exercise\n", "line 1: '%% exercise' is no mark"),
        ("%% en 1.2\n", "is no mark"),
        ("%% en\n# A\n%% code\n1", "line 1: after %% en comes %% zh"),
        ("%% zh\n# A\n%% en\n# A", "after %% en comes %% zh"),
        ("%% en\n# A\n%% zh\n# A\n%% en\nlast", "line 5: after %% en comes %% zh"),
        ("%% code\nprint(1)", "it begins with"),
        ("%% en\nA\n%% zh\n# A", "it begins with"),
        ("", "it begins with"),
    ],
)
def test_a_bad_source_is_refused_by_its_line(text, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        parse(text, "bad")


def structure(text):
    """Return what two languages of one text must have alike."""
    fences = re.findall(r"(?ms)^```.*?^```", text)
    text = re.sub(r"(?ms)^```.*?^```", "", text)
    displays = re.findall(r"\$\$(.+?)\$\$", text, re.DOTALL)
    rest = re.sub(r"\$\$.+?\$\$", "", text, flags=re.DOTALL)
    return {
        "headings": re.findall(r"(?m)^#+(?= )", rest),
        "list items": len(re.findall(r"(?m)^\s*(?:[-*]|\d+\.) ", rest)),
        "table rows": [line.count("|") for line in rest.splitlines() if line.startswith("|")],
        "displayed formulas": [" ".join(formula.split()) for formula in displays],
        "formulas": sorted(re.findall(r"(?<!\\)\$([^$\n]+)\$", rest)),
        "fences": len(fences),
        "links": sorted(link.replace("course/zh/", "course/en/") for link in _links(rest)),
    }


def _links(text):
    return re.findall(r"\]\(([^()\s]+(?:\([^()\s]*\)[^()\s]*)?)\)", text)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_both_languages_have_one_structure(source):
    for cell in source.cells:
        if cell.texts:
            assert structure(cell.texts["en"]) == structure(cell.texts["zh"]), cell.texts["en"]


@pytest.mark.parametrize(
    ("en", "zh"),
    [
        ("## A", "### 甲"),
        ("- a\n- b", "- 甲"),
        ("| a | b |", "| 甲 |"),
        ("$a$", "甲"),
        ("$$\na\n$$", "$$\nb\n$$"),
        ("[a](unit:1)", "[甲](unit:2)"),
    ],
)
def test_a_difference_of_structure_is_seen(en, zh):
    assert structure(en) != structure(zh)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_links_lead_somewhere(source):
    names = {unit.number for unit in units()} | set(range(1, 13))
    for cell in source.cells:
        for text in cell.texts.values():
            for kind, target in targets(text):
                if kind == "unit":
                    assert int(target) in names
                elif kind == "api":
                    assert public(target), target
    for language in ("en", "zh"):
        text = "".join(cell.texts.get(language, "") for cell in source.cells)
        assert not re.search(r"http://", text)


def public(name):
    """Return whether a name can be imported."""
    from importlib import import_module

    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        try:
            found = import_module(".".join(parts[:end]))
        except ImportError:
            continue
        for part in parts[end:]:
            found = getattr(found, part, None)
        return found is not None
    return False


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_code_is_python_and_exercises_are_complete(source):
    for cell in source.cells:
        ast.parse(cell.code)
    if not source.number:
        return
    numbers = source.exercises()
    assert len(numbers) >= 3
    assert numbers == [f"{source.number}.{i}" for i in range(1, len(numbers) + 1)]
    solved = {cell.number for cell in source.cells if cell.part == "solution"}
    assert solved == set(numbers)


def test_links_are_turned():
    text = "[`BM25`](api:textvec.BM25Vectorizer), [4](unit:4) and [a](https://doi.org/1)"
    assert targets(text) == [("api", "textvec.BM25Vectorizer"), ("unit", "4")]
    turned = resolve(text, lambda words, kind, target: f"<{words} {kind} {target}>")
    assert turned == ("<`BM25` api textvec.BM25Vectorizer>, <4 unit 4> and [a](https://doi.org/1)")


def test_a_page_without_number_is_no_unit():
    page = Source("tutorials", parse(SMALL, "tutorials").cells)
    assert (page.number, page.heading("en")) == (0, "Title")
