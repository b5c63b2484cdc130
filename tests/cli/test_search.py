"""``textvec search``: its answers, and what it refuses."""

import json

import pytest

from textvec import TfidfVectorizer

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


@pytest.mark.filterwarnings("default:lsa takes")  # as outside of tests
@pytest.mark.parametrize("index", ["exact", "tree", "hnsw"])
def test_search_columns_by_every_index(hotels, index):
    if index == "hnsw":
        pytest.importorskip("hnswlib")
    args = ("--text", "desc", "--id", "code", "--query", "oysters and boats", "--index", index)
    found = json.loads(run("search", hotels, *args, "-k", 2, "--json").stdout)
    assert {row["id"] for row in found} == {"007", "008"}


@pytest.mark.filterwarnings("default:lsa takes")  # as outside of tests
@pytest.mark.parametrize("index", ["exact", "tree"])
def test_any_number_of_answers_may_be_asked_for(hotels, index):
    args = ("--text", "desc", "--query", "oysters and boats", "--index", index, "--json")
    every, enough = (json.loads(run("search", hotels, *args, "-k", k).stdout) for k in (10**12, 99))
    assert every == enough
    assert every


@pytest.mark.parametrize("name", ["bm25", "tfidf", "counts", "hashing", "tfidf-char", "word2vec"])
def test_chinese_is_found_among_latin_letters(tmp_path, name):
    path = tmp_path / "shop.txt"
    titles = [
        "Apple iPhone 15 透明手机壳",
        "Apple iPhone 15 Pro case",
        "华为 Mate 60 手机",
        "a lamp",
    ]
    path.write_text("\n".join(titles), encoding="utf-8")
    args = ("search", path, "--vectorizer", name, "-k", 1, "--json", "--query")
    result = run(*args, "手机壳")
    assert [row["text"] for row in json.loads(result.stdout)] == titles[:1], result.stderr
    (found,) = json.loads(run(*args, "pro case").stdout)
    assert found["text"] == titles[1]


@pytest.mark.filterwarnings("default:lsa takes")  # as outside of tests
@pytest.mark.parametrize(
    "args", [("search", "--query"), ("recommend", "--text", "desc", "--query")]
)
def test_lsa_of_few_texts_has_few_dimensions_and_says_so(tmp_path, args):
    path = tmp_path / "few.csv"
    path.write_text("desc\nred apple\nred pear\nblue sea\n", encoding="utf-8")
    command, *options = args
    options = ["--text", "desc", *options] if command == "search" else options
    assert json.loads(run(command, path, *options, "sea", "--vectorizer", "lsa", "--json").stdout)
    result = run(command, path, *options, "red", "--vectorizer", "lsa", "--json")
    said = "textvec: warning: lsa takes 3 of 100 dimensions: the texts are few or alike.\n"
    assert result.stderr == said
    assert {row.get("text", row.get("desc")) for row in json.loads(result.stdout)[:2]} == {
        "red apple", "red pear",
    }  # fmt: skip


def test_a_query_that_stands_twice_is_answered_once(hotels):
    args = ("--text", "desc", "--query", "oysters", "--query", "oysters", "--json")
    assert len(json.loads(run("search", hotels, *args).stdout)) == 2


def test_a_saved_vectorizer_is_none_to_search_with(hotels, tmp_path):
    saved = tmp_path / "saved.textvec"
    TfidfVectorizer().fit(["sea"]).save(saved)
    args = ("--text", "desc", "--query", "sea", "--vectorizer", saved)
    assert_refused(run("search", hotels, *args), "--vectorizer must be one of", "embed, map and")


def test_search_page(hotels, tmp_path):
    help = " ".join(run("search", "--help").stdout.split())
    assert "Write a page as well. " in help
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
        (("--text", "desc", "--text", "code", "--query", "sea"), ["--text stands twice"]),
        (("--text", "desc", "--query", "sea", "--html", "HOTELS"), ["write over what is read"]),
        (
            ("--text", "desc", "--query", "sea", "--index", "tree", "--vectorizer", "bm25"),
            ["wants dense vectors"],
        ),
    ],
)
def test_bad_searches(hotels, args, words):
    args = [hotels if arg == "HOTELS" else arg for arg in args]
    before = hotels.read_bytes()
    assert_refused(run("search", hotels, *args), *words)
    assert hotels.read_bytes() == before


@pytest.mark.filterwarnings("ignore:.* all zeros")
def test_a_query_that_finds_nothing_is_among_the_answers(tmp_path):
    path = tmp_path / "texts.txt"
    path.write_text("red apple\nred pear\n", encoding="utf-8")
    result = run("search", path, "--query", "zzzz", "--query", "pear")
    assert result.exit_code == 0
    assert result.stdout.startswith("Best for: zzzz\nNothing found.\nBest for: pear\n")
