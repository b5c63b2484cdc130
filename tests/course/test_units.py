"""Units run: their solutions are right, wrong answers are not, and their prose says what ran."""

import re
from functools import cache
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from textvec.course.checking import Verdict, check, checkable
from textvec.course.sources import pages, parse, units

pytest.importorskip("matplotlib")
SPEC = spec_from_file_location(
    "course_running", Path(__file__).parents[2] / "docs" / "course_running.py"
)
COURSE_RUNNING = module_from_spec(SPEC)
SPEC.loader.exec_module(COURSE_RUNNING)
SOURCES = {source.name: source for source in [*units(), *pages()]}
UNITS = [unit.name for unit in units()]


@cache
def outputs(name):
    return COURSE_RUNNING.run(SOURCES[name], draw=False)


@pytest.mark.parametrize("name", UNITS)
def test_solutions_pass_their_checks(name):
    source, wanted = SOURCES[name], []
    for number in checkable():
        if number.split(".")[0] == str(source.number):
            wanted.append(number)
    found = {}
    for i, output in outputs(name).items():
        cell = source.cells[i]
        if cell.part == "solution" and isinstance(output.value, Verdict):
            found[cell.number] = output.value
    assert sorted(found) == sorted(wanted)
    assert all(found.values()), found
    for i, output in outputs(name).items():
        if source.cells[i].part == "exercise" and isinstance(output.value, Verdict):
            assert not output.value.right, f"{source.cells[i].number} is solved as it stands"


@pytest.mark.parametrize("name", UNITS)
def test_wrong_answers_are_told_from_right_ones(name):
    unit = SOURCES[name].number
    module = import_module(f"textvec.course.answers.u{unit:02}")
    numbers = [number for number in checkable() if number.split(".")[0] == str(unit)]
    assert sorted(f"{unit}.{i}" for i in module.WRONG) == sorted(numbers)
    for i, answers in module.WRONG.items():
        assert answers
        named = {words for _, words in module.SLIPS.get(i, ())}
        for answer in answers:
            verdict = check(f"{unit}.{i}", answer)
            assert not verdict
            assert repr(verdict).startswith(f"{unit}.{i}: not yet. ")
            assert not any(words[1:] in repr(verdict) for words in named)


@pytest.mark.parametrize("name", UNITS)
def test_common_slips_are_named(name):
    unit = SOURCES[name].number
    for i, slips in import_module(f"textvec.course.answers.u{unit:02}").SLIPS.items():
        for answer, words in slips:
            said = f"{unit}.{i}: not yet. {words[0].upper()}{words[1:]}."
            assert repr(check(f"{unit}.{i}", answer)) == said


NUMERAL = re.compile(r"(?<![A-Za-z0-9_.])(?:\d+(?:,\d{3})+(?:\.\d+)?|\d*\.?\d+)")


def literals(text):
    """Return the numerals of prose that some cell must have computed, as they are written."""
    found = []
    for paragraph in re.split(r"\n\s*\n|\n(?=\s*[-*] )", text):
        if "<!-- cited -->" in paragraph:
            continue
        for pattern in (
            r"(?s)```.*?```",
            r"(?s)\$\$.*?\$\$",
            r"(?<!\\)\$[^$\n]+\$",
            r"`[^`]*`",
            r"\]\([^)]*\)",
            r"https?://\S+",
            r"(?i)\b(?:units?|exercises?|sections?|chapters?) [\d.]+(?:(?:,| to| and| –) \d+)*",
            r"(?:第|练习) ?[\d.]+(?: ?(?:至|、|和|到) ?\d+)* ?(?:单元|章|节)?",
        ):
            paragraph = re.sub(pattern, " ", paragraph)
        for numeral in NUMERAL.findall(paragraph):
            value = float(numeral.replace(",", ""))
            is_small = value <= 12 and "." not in numeral
            is_year = numeral.isdigit() and 1900 <= value <= 2099
            if not (is_small or is_year):
                found.append(numeral)
    return found


def is_computed(numeral, values):
    """Return whether some number, rounded as a numeral of prose is, is that numeral."""
    plain = numeral.replace(",", "")
    decimals = len(plain.partition(".")[2])
    wanted = float(plain)
    half = 0.5000001 * 10.0**-decimals
    return any(abs(scale * value - wanted) <= half for value in values for scale in (1, 100))


def values_of(text):
    """Return the numbers that stand in an output or in code."""
    text = re.sub(r"(?<=\d),(?=\d{3}\b)|(?<=\d)_(?=\d)", "", text)
    return {abs(float(one)) for one in re.findall(r"\d+\.?\d*(?:e[+-]?\d+)?", text)}


@pytest.mark.parametrize("name", list(SOURCES))
def test_prose_says_numbers_that_cells_computed(name):
    source = SOURCES[name]
    values = set()
    for i, output in outputs(name).items():
        values |= values_of(output.text) | values_of(source.cells[i].code)
    strange = {
        (language, numeral)
        for cell in source.cells
        for language, text in cell.texts.items()
        for numeral in literals(text)
        if not is_computed(numeral, values)
    }
    assert not strange


def test_numerals_of_prose_are_seen():
    text = (
        "In 1975, 178 hotels: 0.816 of 3,347, 61%, 12 of $0.5$ and `0.7` in unit 14.\n\n"
        "约 0.63，第 13 单元，练习 2.1，共27家。\n\n0.99 by Smith <!-- cited -->\n\n- 0.98\n- .661"
    )
    assert literals(text) == ["178", "0.816", "3,347", "61", "0.63", "27", "0.98", ".661"]


def test_a_numeral_is_computed_where_a_number_rounds_to_it():
    values = values_of("cosine 0.81649, 3347 features, 1_000 and 2,500")
    assert {3347.0, 1000.0, 2500.0} <= values
    for numeral in ("0.816", "0.82", "82", "3,347", "81.6"):
        assert is_computed(numeral, values)
    for numeral in ("0.817", "0.8", "0.80", "3,348"):
        assert is_computed(numeral, values) == (numeral == "0.8")


SMALL = "%% en\n# A\n%% zh\n# 甲\n%% code\n"


def test_a_cell_that_raises_or_warns_is_named():
    for code, error in [("1 / 0", "ZeroDivisionError"), ("import numpy\nnumpy.log(0.0)", "Warn")]:
        with pytest.raises(RuntimeError, match=f"bad: the cell that begins with .*{error}"):
            COURSE_RUNNING.run(parse(SMALL + code, "bad"))


def test_prints_values_and_figures_are_kept():
    code = "import matplotlib.pyplot as plt\nprint('a')\nplt.figure()\n%% code\nx = 2\nx + 1"
    first, second = COURSE_RUNNING.run(parse(SMALL + code, "good")).values()
    assert first.text == "a\n"
    assert first.figures[0].startswith(b"\x89PNG")
    assert (second.text, second.figures, second.value) == ("3\n", [], 3)


def test_a_figure_that_is_a_value_is_drawn():
    code = "from matplotlib.figure import Figure\nfigure = Figure()\nfigure\n%% code\n[figure, 1]"
    first, second = COURSE_RUNNING.run(parse(SMALL + code, "good")).values()
    assert first.text == ""
    assert first.figures[0].startswith(b"\x89PNG")
    assert (second.text, second.figures) == ("", [])
