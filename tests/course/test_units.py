"""Units run, their wrong answers are told from right ones, and what is wrong with one is seen."""

import sys
from importlib import import_module
from pathlib import Path

import pytest

from textvec.course.checking import Verdict, check, checkable
from textvec.course.sources import pages, parse, units

pytest.importorskip("matplotlib")
DOCS = str(Path(__file__).parents[2] / "docs")
sys.path.insert(0, DOCS)
try:
    from course_checks import faults, is_computed, literals, values_of
    from course_running import Output, run
finally:
    sys.path.remove(DOCS)
SOURCES = {source.name: source for source in [*units(), *pages()]}
UNITS = [unit.name for unit in units()]


@pytest.mark.slow  # as whenever the documentation is built
@pytest.mark.parametrize("name", list(SOURCES))
def test_units_run_and_have_no_faults(name):
    assert faults(SOURCES[name], run(SOURCES[name], draw=False)) == []


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


UNIT = """%% en
# Counts

They are 17.5% of 40, in 2024.
%% zh
# 词频

占 17.5%，共 40 个。
%% code
n = 40
%% exercise 2.1
%% en
Why?
%% zh
为何？
%% code
None
%% solution 2.1
%% en
So.
%% zh
如此。
%% code
None
"""


def test_what_is_wrong_with_a_unit_is_seen():
    unit = parse(UNIT, "02_counts")
    cells = [i for i, cell in enumerate(unit.cells) if cell.code]
    numbers = [number for number in checkable() if number.startswith("2.")]
    assert numbers[0] == "2.1"
    others = [f"02_counts: no solution of {number} is checked" for number in numbers[1:]]

    def found(printed, exercise, solution):
        verdicts = Verdict(exercise, "said"), Verdict(solution, "said")
        outputs = [Output(printed, [], None), *(Output("", [], one) for one in verdicts)]
        return faults(unit, dict(zip(cells, outputs, strict=True)))

    assert found("0.175", False, True) == others
    assert found("0.175", True, True) == ["02_counts: 2.1 is solved as it stands", *others]
    wrong = "02_counts: the solution of 2.1 is not right: said"
    assert found("0.175", False, False) == [wrong, *others]
    unheard = [
        f"02_counts: no cell computed the 17.5 of the text ({language})"
        for language in ("en", "zh")
    ]
    assert found("0.19", False, True) == [*others, *unheard]
    assert faults(unit, {})[0] == "02_counts: no solution of 2.1 is checked"


def test_a_figure_that_a_notebook_hides_is_seen():
    pytest.importorskip("matplotlib")
    from matplotlib.figure import Figure

    for last, hidden in (("plot_points(places)", False), ("ax.figure", True)):
        unit = parse(f"{UNIT}%% unit\n%% code\nprint(40, 17.5)\n{last}\n", "13_maps")
        found = faults(unit, {len(unit.cells) - 1: Output("40 17.5", [], Figure())})
        assert any("the notebook hides the figure" in fault for fault in found) == hidden


SMALL = "%% en\n# A\n%% zh\n# 甲\n%% code\n"


def test_a_cell_that_raises_or_warns_is_named():
    for code, error in [("1 / 0", "ZeroDivisionError"), ("import numpy\nnumpy.log(0.0)", "Warn")]:
        with pytest.raises(RuntimeError, match=f"bad: the cell that begins with .*{error}"):
            run(parse(SMALL + code, "bad"))


def test_prints_values_and_figures_are_kept():
    code = "import matplotlib.pyplot as plt\nprint('a')\nplt.figure()\n%% code\nx = 2\nx + 1"
    first, second = run(parse(SMALL + code, "good")).values()
    assert first.text == "a\n"
    assert first.figures[0].startswith(b"\x89PNG")
    assert (second.text, second.figures, second.value) == ("3\n", [], 3)


def test_a_figure_that_is_a_value_is_drawn():
    code = "from matplotlib.figure import Figure\nfigure = Figure()\nfigure\n%% code\n[figure, 1]"
    first, second = run(parse(SMALL + code, "good")).values()
    assert first.text == ""
    assert first.figures[0].startswith(b"\x89PNG")
    assert (second.text, second.figures) == ("", [])
