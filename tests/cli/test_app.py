"""The group: help, unknown subcommands, bugs, and the real process."""

import io
import json
import subprocess
import sys

import pytest

from textvec.cli import recommend as recommend_module
from textvec.cli.tables import print_as_json

from .command import CHINESE, assert_refused, recommend, run, run_process


def test_help_names_every_command():
    for result in (run("--help"), run()):
        assert result.exit_code == 0
        for name in (
            "recommend",
            "search",
            "neighbors",
            "compare",
            "embed",
            "collect",
            "fit",
            "generate",
            "serve",
            "datasets",
            "info",
            "map",
            "course",
        ):
            assert f"\n  {name} " in result.stdout
        assert "..." not in result.stdout.split("Commands:")[1]  # no summary is cut


def test_help_keeps_brackets():
    assert "/(){}[]|@,;" in " ".join(run("recommend", "--help").stdout.split())


def test_unknown_command():
    assert_refused(run("reccomend"), "reccomend", "'recommend'")


def test_own_bugs_are_not_dressed_up_as_bad_input(monkeypatch, hotels):
    def broken(*args):
        raise AttributeError("a bug")

    monkeypatch.setattr(recommend_module, "read_items", broken)
    assert isinstance(recommend(hotels, "--like", "007").exception, AttributeError)


def test_process_refuses_and_prints_chinese_where_it_cannot_be_encoded(tmp_path):
    path = tmp_path / "items.csv"
    CHINESE.to_csv(path, index=False, encoding="utf-8")
    args = ("recommend", path, "--text", "简介", "--id", "名称", "--like")
    assert_refused(run_process(*args, "航"), "no item has the id '航'")
    result = run_process(*args, "空港", PYTHONIOENCODING="ascii")
    assert result.returncode == 0, result.stderr
    assert "\\u822a\\u7ad9" in result.stdout  # the nearest, 航站


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "gbk"])
def test_json_has_characters_where_they_can_be_encoded(monkeypatch, encoding):
    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="backslashreplace")
    monkeypatch.setattr("sys.stdout", out)
    value = ["空港 😀", "\ud800"] if encoding == "ascii" else ["空港"]
    print_as_json(value)
    out.flush()
    printed = out.buffer.getvalue().decode(encoding)
    assert json.loads(printed) == value
    assert ("空港" in printed) == (encoding != "ascii")


def test_help_imports_nothing_heavy():
    heavy = "numpy", "pandas", "sklearn", "numba", "rich"
    code = (
        "import sys; from textvec.cli.app import app\n"
        "try: app(['--help'])\n"
        f"except SystemExit: print([name for name in {heavy} if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.splitlines()[-1] == "[]"
    assert "..." not in result.stdout.split("Commands:")[1]  # a terminal has less room than run()


def test_the_option_for_a_page_is_suggested_where_it_has_another_name():
    assert_refused(run("recommend", "x.csv", "--out", "y"), "No such option: --out", "--html")
    assert_refused(run("compare", "--out", "y"), "No such option: --out", "--html")
    assert_refused(run("map", "x.csv", "--html", "y"), "No such option: --html", "--out")
