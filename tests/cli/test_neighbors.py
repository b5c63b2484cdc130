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


STORY = (
    "孙悟空说道：师父慢走。\n猪八戒笑道：猴哥等我。\n孙悟空对猪八戒说道：快走。\n"
    "行者与猪八戒同去。\n"
)


def test_names_can_be_given_and_the_page_is_in_their_language(tmp_path):
    pytest.importorskip("matplotlib")
    novel, page = tmp_path / "novel.txt", tmp_path / "page.html"
    novel.write_text(STORY, encoding="utf-8")
    found = run("neighbors", novel, "--name", "孙悟空")
    assert_refused(found, "no names were found in the text", "Give them: --names NAME,NAME")
    given = ("--names", "孙悟空，猪八戒", "--alias", "行者=孙悟空")
    result = run("neighbors", novel, *given, "--html", page, "--json")
    assert {row["of"] for row in json.loads(result.stdout)} == {"孙悟空", "猪八戒"}
    text = page.read_text("utf-8")
    for words in ('<html lang="zh">', "<h1>人物</h1>", "2 个人物", "最相似：孙悟空"):
        assert words in text
    run("neighbors", novel, *given, "--html", page, "--page-language", "en")
    assert "<h1>Characters</h1>" in page.read_text("utf-8")
