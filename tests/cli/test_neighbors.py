"""``textvec neighbors``: its answer, and what it refuses."""

import json

import pytest

from .command import assert_refused, run


def test_neighbors_of_the_built_in_novel(tmp_path):
    page = tmp_path / "page.html"
    args = ("neighbors", "--builtin", "--name", "悟空", "-k", 3, "--html", page)
    result = run(*args, "--json")
    rows = json.loads(result.stdout)
    assert [list(row) for row in rows] == [["of", "name", "score"]] * 3
    assert "孙悟空" not in {row["name"] for row in rows}
    assert "<svg" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ((), ["either a text file or --builtin"]),
        (("novel.txt", "--builtin"), ["either a text file or --builtin"]),
        (("absent.txt",), ["absent.txt: No such file"]),
        (("--builtin", "-k", "0"), ["k must be at least 1"]),
        (("--builtin", "--alias", "悟空"), ["--alias must be ALIAS=NAME"]),
        (("--builtin", "--name", "孙物空"), ["孙物空", "孙悟空"]),
    ],
)
def test_bad_neighbors(args, words):
    assert_refused(run("neighbors", *args), *words)
