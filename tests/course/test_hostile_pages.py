"""Pages and slides of the course show what code printed, and what texts say, as text."""

import re
import sys
from html import unescape
from pathlib import Path

import pytest

from textvec.course.sources import Cell, Source

from ..browsers import Browser, find_browser
from ..test_injection import HOSTILE, TITLE, Reader

sys.path.insert(0, str(Path(__file__).parents[2] / "docs"))
pytest.importorskip("docutils")
pytest.importorskip("mdit_py_plugins")

import course_pages
from course_running import Output

FENCES = [
    f"```\n:::\n<script>{TITLE}</script>\n````\n<script>{TITLE}</script>",
    f"~~~\n{HOSTILE[1]}",
]
FORMULA = f"$\\text{{<script>{TITLE}</script>}}$"
PRINTED = [*HOSTILE, *FENCES]


def unit():
    """Return a unit whose texts and outputs are all hostile, and its outputs."""
    cells = [Cell("unit", "", dict.fromkeys(("en", "zh"), f"# Unit {HOSTILE[4]}\n\nText."), "")]
    outputs = {}
    for text in PRINTED:
        words = (
            f"## A part\n\nThe sea. {text}\n\n- one {text}\n\n{FORMULA}\n\n| {text} | b |\n|--|--|"
        )
        cells.append(Cell("unit", "", dict.fromkeys(("en", "zh"), words), ""))
        outputs[len(cells)] = Output(text, [], None)
        cells.append(Cell("unit", "", {}, f"print({text!r})"))
    return Source("02_hostile", cells), outputs


def test_slides_hold_no_markup_of_texts_and_outputs():
    shown = Reader(course_pages.slides(*unit(), "en"))
    assert len(shown.scripts) == 1
    tags = {tag for tag, _ in shown.kinds}
    assert not tags & {"iframe", "svg", "form", "base", "link", "object", "img"}
    for name, value in shown.values:
        assert not name.startswith("on")
        if name in ("href", "src"):
            assert not value.strip().lower().startswith(("javascript", "data", "http"))
    everything = re.sub(r"\s+", "", "".join(shown.texts))
    for text in PRINTED:
        assert re.sub(r"\s+", "", text) in everything


def test_no_output_leaves_its_fence():
    from markdown_it import MarkdownIt

    source, outputs = unit()
    only_code = Source(source.name, [source.cells[0], *(one for one in source.cells if one.code)])
    kept = dict(enumerate(outputs.values(), 1))
    tokens = MarkdownIt("commonmark").parse(course_pages.page(only_code, kept, "en", ("unit",)))
    found = [token.content for token in tokens if token.type == "fence" and token.info == "text"]
    assert [one.rstrip() for one in found] == [text.rstrip() for text in PRINTED]
    kinds = {token.type for token in tokens[3:]} - {"fence", "inline"}  # after the title
    assert kinds <= {"paragraph_open", "paragraph_close"}, "of the marks around outputs"


def test_slides_in_a_browser(tmp_path):
    if find_browser() is None:
        pytest.skip("No Chromium is installed")
    page = course_pages.slides(*unit(), "en")
    title = unescape(re.search(r"<title>(.*?)</title>", page)[1])
    ready = "location.protocol === 'file:' && document.body?.classList.contains('single')"
    path = tmp_path / "slides.html"
    with Browser(tmp_path / "profile") as browser:

        def title_of(page, ready=ready):
            path.write_text(page, encoding="utf-8")
            browser.open(path, ready)
            return browser.run("document.title")

        assert title_of(page) == title
        assert browser.messages == []
        assert [one for one in browser.requests if not one.startswith(("file:", "about:"))] == []
        for _ in PRINTED:
            browser.press("ArrowRight")
        assert browser.run("document.title") == title
        # Were a text ever let through, the policy would stop it; without it we would see it run.
        for attack in HOSTILE[0], f'<img src="x" onerror="{TITLE}">':
            broken = page.replace("<body>", f"<body>{attack}")
            assert title_of(broken) == title
            title_of(re.sub(r"<meta http-equiv.*?>", "", broken, count=1), "true")
            browser.wait("document.title === 'owned'")
