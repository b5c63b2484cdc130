"""Units as notebooks, and the command that writes them."""

import ast
import json

import pytest

from textvec.course import copy
from textvec.course.sources import units

from ..cli.command import run


@pytest.mark.parametrize("language", ["en", "zh"])
def test_notebooks_hold_the_unit(tmp_path, language):
    written = copy(tmp_path / "new" / "folder", language)
    assert [path.stem for path in written] == [unit.name for unit in units()]
    for path, unit in zip(written, units()):
        book = json.loads(path.read_text(encoding="utf-8"))
        assert (book["nbformat"], book["nbformat_minor"]) == (4, 5)
        ids = [cell["id"] for cell in book["cells"]]
        assert len(ids) == len(set(ids))
        text = "".join(book["cells"][0]["source"])
        assert text.startswith(f"# {unit.heading(language)}\n")
        everything = ["".join(cell["source"]) for cell in book["cells"]]
        assert "](api:" not in "".join(everything)
        assert "](doc:" not in "".join(everything)
        assert "<!--" not in "".join(everything)
        for cell, source in zip(book["cells"], everything):
            if cell["cell_type"] == "code":
                assert cell["outputs"] == []
                ast.parse(source)
                last = source.rpartition("\n")[2]
                assert last.endswith(";") == last.startswith(("ax", "plt.", "figure.")), last
        solutions = [cell for cell in unit.cells if cell.part == "solution" and cell.code]
        assert not any(cell.code in everything for cell in solutions)


def test_notebooks_that_are_there_are_kept(tmp_path):
    first, *rest = copy(tmp_path)
    first.write_text("mine")
    rest[0].unlink()
    assert copy(tmp_path, "zh") == rest[:1]
    assert first.read_text() == "mine"


def test_solutions_where_asked_for(tmp_path):
    copy(tmp_path, solutions=True)
    assert "Solution of 2.1" in (tmp_path / "02_counts.ipynb").read_text(encoding="utf-8")


def test_an_unknown_language_is_refused(tmp_path):
    with pytest.raises(ValueError, match="language must be one of 'en', 'zh'. Got 'fr' instead"):
        copy(tmp_path, "fr")


def test_command_copies(tmp_path):
    result = run("course", "copy", tmp_path / "mine", "--language", "zh")
    assert result.exit_code == 0
    assert result.stdout.split() == [str(path) for path in sorted((tmp_path / "mine").iterdir())]
    assert "has them all" in run("course", "copy", tmp_path / "mine").stdout
    again = run("course", "copy", tmp_path / "json", "--json")
    assert len(json.loads(again.stdout)) == len(units())


def test_command_lists():
    assert " 2  Counts and the cosine, by hand\n" in run("course", "list").stdout
    titles = json.loads(run("course", "list", "--language", "zh", "--json").stdout)
    assert titles["2"] == "词频与余弦，从手算开始"


@pytest.mark.parametrize("arguments", [("list",), ("copy", "x")])
def test_command_refuses_in_one_line(arguments):
    result = run("course", *arguments, "--language", "fr")
    assert result.exit_code == 2
    assert result.stderr.startswith("textvec: --language must be one of")
    assert result.stderr.count("\n") == 1
