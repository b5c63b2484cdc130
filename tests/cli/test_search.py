"""``textvec search``: its answers, and what it refuses."""

import json

import pytest

from .command import assert_refused, run


def test_search_lines(tmp_path):
    path = tmp_path / "lines.txt"
    path.write_text("red apples\n\nblue sea\nred wine by the sea\n", encoding="utf-8")
    result = run("search", path, "--query", "red", "--query", "blue sea", "--json")
    rows = json.loads(result.stdout)
    assert [list(row) for row in rows] == [["query", "id", "score", "text"]] * 4
    assert [(row["query"], row["id"]) for row in rows if row["text"] == "blue sea"] == [
        ("blue sea", "3")
    ]
    result = run("search", path, "--query", "apples")
    assert "Best for: apples" in result.stdout
    assert result.stdout.endswith("3 texts of lines.txt; exact index.\n")


@pytest.mark.parametrize("index", ["exact", "tree", "hnsw"])
def test_search_columns_by_every_index(hotels, index):
    if index == "hnsw":
        pytest.importorskip("hnswlib")
    args = ("--text", "desc", "--id", "code", "--query", "oysters and boats", "--index", index)
    found = json.loads(run("search", hotels, *args, "-k", 2, "--json").stdout)
    assert {row["id"] for row in found} == {"007", "008"}


@pytest.mark.parametrize("index", ["exact", "tree"])
def test_any_number_of_answers_may_be_asked_for(hotels, index):
    args = ("--text", "desc", "--query", "oysters and boats", "--index", index, "--json")
    every, enough = (json.loads(run("search", hotels, *args, "-k", k).stdout) for k in (10**12, 99))
    assert every == enough
    assert every


def test_search_page(hotels, tmp_path):
    page = tmp_path / "page.html"
    result = run("search", hotels, "--text", "desc", "--query", "<b>snow", "--html", page)
    assert result.exit_code == 0, result.stderr
    assert "Best for: &lt;b&gt;snow" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--query", "sea"), ["--text must name the column", "hotels.csv has 'code', 'desc', 's"]),
        (("--text", "body", "--query", "sea"), ["--text 'body' is no column"]),
        (("--text", "desc"), ["--query"]),
        (("--text", "desc", "--query", "sea", "--index", "hnws"), ["--index must be one of"]),
        (("--text", "desc", "--query", "sea", "-k", "0"), ["k must be at least 1"]),
        (
            ("--text", "desc", "--query", "sea", "--index", "tree", "--vectorizer", "bm25"),
            ["wants dense vectors"],
        ),
    ],
)
def test_bad_searches(hotels, args, words):
    assert_refused(run("search", hotels, *args), *words)
