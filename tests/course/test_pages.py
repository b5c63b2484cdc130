"""Pages and slides of the course, as the documentation makes them from its sources."""

import json
import re
import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest

from textvec.course.sources import parse, units

DOCS = Path(__file__).parents[2] / "docs"
sys.path.insert(0, str(DOCS))
try:
    course_pages = import_module("course_pages")
finally:
    sys.path.remove(str(DOCS))
Output = import_module("course_running").Output

UNIT = parse(
    """%% en
# Small things

Ask $a < b$ first. Then answer.
%% zh
# 小事

先问 $a < b$。再答。
%% code
print("<b>", 1)
%% en
## By hand

See [`BM25`](api:textvec.BM25Vectorizer), [this](unit:7), [that](unit:99), [a](doc:guide/weights).

### Deeper

Text.
%% zh
## 手算

见 [`BM25`](api:textvec.BM25Vectorizer)、[此处](unit:7)、[别处](unit:99)、[甲](doc:guide/weights)。

### 深入

文字。
%% exercise 7.1
%% en
How many?
%% zh
多少？
%% code
answer = None
%% solution 7.1
%% en
So many.
%% zh
这么多。
%% code
answer = 40 + 2
""",
    "07_small",
)
OUTPUTS = {
    1: Output("<b> 1\n", [b"png"], None),
    4: Output("", [], None),
    6: Output("42\n", [], None),
}


@pytest.fixture
def app(tmp_path):
    """Return what an extension sees of a build: folders, and the pages of the unit in them."""
    folder = tmp_path / "source" / "course"
    for name in ("en", "zh", "notebooks/en", "notebooks/zh", "slides", "figures"):
        (folder / name).mkdir(parents=True)
    for language in ("en", "zh"):
        course_pages.write_pages(folder, UNIT, OUTPUTS, language)
    return SimpleNamespace(
        srcdir=folder.parent, outdir=tmp_path / "made", builder=SimpleNamespace(format="html")
    )


def read(app, name):
    return (app.srcdir / "course" / name).read_text("utf-8")


def finished(app, name):
    source = [read(app, f"{name}.md")]
    course_pages.finish(app, f"course/{name}", source)
    return source[0]


@pytest.mark.parametrize(("language", "solved"), [("en", "So many."), ("zh", "这么多。")])
def test_a_unit_shows_its_code_and_output_and_keeps_its_solutions_apart(app, language, solved):
    page = read(app, f"{language}/07_small.md")
    assert page.startswith(f"# {UNIT.heading(language)}\n")
    assert '```python\nprint("<b>", 1)\n```' in page
    assert ":::{container} output\n```text\n<b> 1\n```\n:::" in page
    assert "](../figures/07_small-1-0.png)" in page
    assert page.count("```text") == 1  # what printed nothing has no output
    assert solved not in page
    assert "40 + 2" not in page
    solutions = read(app, f"{language}/s07_small.md")
    assert solved in solutions
    assert "answer = 40 + 2" in solutions
    assert "42" in solutions
    assert "answer = None" not in solutions
    assert "](07_small.md)" in solutions  # back to the unit


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_unit_leads_to_its_notebook_its_slides_and_its_solutions(app, language):
    page = read(app, f"{language}/07_small.md")
    assert f"<../notebooks/{language}/07_small.ipynb>`" in page
    assert json.loads(read(app, f"notebooks/{language}/07_small.ipynb"))["cells"]
    assert f'<a href="../slides/07_small.{language}.html">' in page
    assert "](s07_small.md)" in page


def test_sections_have_the_same_places_in_both_languages(app):
    places = [
        re.findall('id="(place-.+?)"', read(app, f"{one}/07_small.md")) for one in ("en", "zh")
    ]
    assert places[0] == places[1] == ["place-1", "place-2", "place-3"]


def test_the_switch_leads_to_the_same_page_of_the_other_language(app):
    for page in ("07_small", "s07_small"):
        assert f"[中文](../zh/{page}.md)" in finished(app, f"en/{page}").split("\n\n")[1]
        assert f"[English](../en/{page}.md)" in finished(app, f"zh/{page}").split("\n\n")[1]
    (app.srcdir / "course" / "zh" / "s07_small.md").unlink()
    assert "course-switch" not in finished(app, "en/s07_small")


def test_links_of_the_course_become_those_of_the_documentation(app):
    page = finished(app, "en/07_small")
    assert "{py:obj}`BM25 <textvec.BM25Vectorizer>`" in page
    name = next(unit.name for unit in units() if unit.number == 7)
    assert f"[this]({name}.md)" in page
    assert "{doc}`a </guide/weights>`" in page
    assert "](unit:" not in page
    assert ", that, " in page  # there is no unit 99


def test_other_pages_are_left_alone(app):
    source = ["[a](unit:1)"]
    course_pages.finish(app, "guide/weights", source)
    assert source == ["[a](unit:1)"]


def test_chinese_pages_say_that_they_are():
    for name, language in [("course/zh/index", "zh-CN"), ("course/en/index", None)]:
        context = {}
        course_pages.tell_language(None, name, "", context, None)
        assert context.get("language") == language


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("One. Two.", "One."),
        ("甲。乙。", "甲。"),
        ("**Ask. Then answer.** One. Two.", "**Ask. Then answer.** One."),
        ("A formula $a. B$ ends. Two.", "A formula $a. B$ ends."),
        ("Code `a. B` and (c. D) end! Two.", "Code `a. B` and (c. D) end!"),
        ("A few, e.g. Ann, came. Two.", "A few, e.g. Ann, came."),
        ("It rose by 0.5 points", "It rose by 0.5 points"),
        ("- **Item**: one. Two.", "- **Item**: one."),
    ],
)
def test_a_slide_takes_first_sentences(text, first):
    assert course_pages.first_sentence(text) == first


def test_a_slide_has_headings_sentences_formulas_and_tables():
    table, fence = "| a |\n|---|\n| 1 |", "```text\na\n\nb\n```"
    text = f"## H\n\nOne.\nTwo.\n\n$$\nx\n$$\n\n{table}\n\n- a. B\n- c. D\n\n{fence}"
    assert course_pages.points(text) == [
        *("## H", "- One.", "$$\nx\n$$", table, "- a.\n- c.", fence)
    ]


def test_formulas_of_slides_are_mathml_and_markup_is_text():
    made = course_pages.to_html("A <script>x</script> and $a < b$.\n\n$$\n\\frac{1}{2}\n$$")
    assert "<script" not in made
    assert "<mo>&lt;</mo>" in made
    assert "<math" in made
    assert re.search(r'<math[^>]*display="block"', made)
    assert "$" not in made


def test_a_function_stands_off_what_it_is_applied_to():
    thin = '<mo rspace="0.17em">&ApplyFunction;</mo>'
    assert thin in course_pages.to_html(r"$\ln 2$")
    assert thin not in course_pages.to_html(r"$\ln(2)$")


@pytest.mark.parametrize(("language", "lang"), [("en", "en"), ("zh", "zh-CN")])
def test_slides_need_nothing_but_their_figures(language, lang):
    page = course_pages.slides(UNIT, OUTPUTS, language)
    assert f'<html lang="{lang}">' in page
    assert page.count("<section>") == 4  # title, two sections, one exercise
    assert "<pre>&lt;b&gt; 1</pre>" in page
    assert UNIT.heading(language) in page
    assert re.findall(r'(?:src|href)="(.*?)"', page) == ["../figures/07_small-1-0.png"]
    assert "40 + 2" not in page


def test_slides_and_figures_are_put_where_pages_link_to(app):
    (app.srcdir / "course" / "slides" / "07_small.en.html").write_text("slides")
    (app.srcdir / "course" / "figures" / "07_small-1-0.png").write_bytes(b"png")
    course_pages.copy_slides(app, ValueError("the build failed"))
    assert not app.outdir.exists()
    course_pages.copy_slides(app, None)
    assert (app.outdir / "course" / "slides" / "07_small.en.html").read_text() == "slides"
    assert (app.outdir / "course" / "figures" / "07_small-1-0.png").read_bytes() == b"png"


def test_pages_that_are_written_by_hand_stand_in_both_languages():
    names = [
        {path.name for path in (DOCS / "course" / one).glob("[a-z]*.md")} for one in ("en", "zh")
    ]
    written = [{name for name in found if not re.match(r"s\d|tutorials", name)} for found in names]
    assert written[0] == written[1] >= {"glossary.md", "index.md", "reading.md", "teaching.md"}
    for name in written[0]:
        texts = [(DOCS / "course" / one / name).read_text("utf-8") for one in ("en", "zh")]
        marks = [re.findall(r"(?m)^(?:#+(?= )|\||```\S*)", text) for text in texts]
        assert marks[0] == marks[1], name
