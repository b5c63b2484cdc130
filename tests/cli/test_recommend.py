"""``textvec recommend``: its answers, and what it refuses."""

import json
import os
import re
from pathlib import Path

import pandas as pd
import pytest
from rich.cells import cell_len

from textvec.cli import models

from .command import CHINESE, HOTELS, REAL, assert_refused, recommend, run


def test_like_prints_a_table(hotels):
    result = recommend(hotels, "--like", "007")
    assert result.exit_code == 0
    assert result.stderr == ""
    lines = result.stdout.splitlines()
    assert lines[0] == "Most like: 007"
    assert [line.split()[:3:2] for line in lines if line.split()[:1] == ["1"]] == [["1", "008"]]
    assert lines[-1].startswith("4 items of hotels.csv; tfidf, ")


def test_like_prints_json_and_nothing_else(hotels):
    result = recommend(hotels, "--like", "007", "-k", "1", "--json")
    assert result.stderr == ""
    (found,) = json.loads(result.stdout)
    assert list(found) == ["id", "score", "desc", "stars"]
    assert found["id"] == "008"  # as text: no number, and no missing value for NA
    assert found["stars"] is None
    assert 0 < found["score"] < 1


def test_ids_that_look_like_missing_values(hotels):
    (found,) = json.loads(recommend(hotels, "--like", "NA", "-k", 1, "--json").stdout)
    assert found["id"] == "010"


def test_ids_keep_their_zeros(tmp_path):
    path = tmp_path / "numbers.csv"
    path.write_text("id,desc\n007,red apple\n08,red pear\n", encoding="utf-8")
    result = run("recommend", path, "--text", "desc", "--id", "id", "--like", "007", "--json")
    assert [row["id"] for row in json.loads(result.stdout)] == ["08"]


def test_query(hotels):
    found = json.loads(recommend(hotels, "--query", "skiing and snow", "--json").stdout)
    assert {row["id"] for row in found} == {"NA", "010"}


def test_several_likes_and_a_dislike(hotels):
    result = recommend(hotels, "--like", "007", "--like", "NA", "--dislike", "010", "--json")
    assert [row["id"] for row in json.loads(result.stdout)] == ["008"]


def test_without_id_column_rows_are_numbered(hotels):
    result = run("recommend", hotels, "--text", "desc", "--like", "0", "-k", 1, "--json")
    (found,) = json.loads(result.stdout)
    assert found["id"] == "1"
    assert found["code"] == "008"


@pytest.mark.parametrize("name", sorted(models.VECTORIZERS.keys() - {"lsa", "word2vec"}))
def test_every_vectorizer(hotels, name):
    result = recommend(hotels, "--like", "007", "-k", 1, "--vectorizer", name, "--json")
    assert [row["id"] for row in json.loads(result.stdout)] == ["008"], result.stderr


def test_lsa_has_its_size(hotels):
    size = ("--vectorizer", "lsa", "--vector-size", 2)
    result = recommend(hotels, "--like", "007", "-k", 1, *size, "--json")
    assert [row["id"] for row in json.loads(result.stdout)] == ["008"], result.stderr


def test_options_reach_the_vectorizer(hotels, tmp_path):
    """Single words in at least two items, without those of the file: these are few."""
    stop_words = tmp_path / "words.txt"
    stop_words.write_text("and at from the by in\n", encoding="utf-8")
    options = ("--ngram-range", "1,1", "--min-df", "2", "--stop-words", stop_words)
    result = recommend(hotels, "--like", "007", *options)
    assert "tfidf, 9 features" in result.stdout
    options = ("--ngram-range", "1,1", "--min-df", "0.5", "--max-df", "0.8", "--stop-words", "none")
    result = recommend(hotels, "--like", "007", *options)
    assert "tfidf, 10 features" in result.stdout  # "the" is in three of four


def test_pairs_of_words_are_terms_unless_told_otherwise(tmp_path):
    path = tmp_path / "items.csv"
    path.write_text("desc\nred apple pie\nred apple\n", encoding="utf-8")
    args = ("recommend", path, "--text", "desc", "--like", "0")
    assert "tfidf, 5 features" in run(*args).stdout
    assert "tfidf, 3 features" in run(*args, "--ngram-range", "1,1").stdout


def test_clean(tmp_path):
    path = tmp_path / "items.csv"
    path.write_text('desc\n"naïve [red/apple] Pie."\n"nave red apple pie"\n', encoding="utf-8")
    args = ("recommend", path, "--text", "desc", "--like", "0", "--json")
    assert json.loads(run(*args, "--clean").stdout)[0]["score"] == pytest.approx(1)
    assert json.loads(run(*args).stdout)[0]["score"] < 0.99


def test_texts_take_one_line_each(tmp_path):
    path = tmp_path / "items.csv"
    texts = ["red apple\nwith many words " * 20, "红苹果 red " * 50, "red pear"]
    pd.DataFrame({"desc": texts}).to_csv(path, index=False)
    lines = run("recommend", path, "--text", "desc", "--query", "red").stdout.splitlines()
    assert len([line for line in lines if "red " in line]) == 3
    assert len(lines) == 2 + 2 + 3 + 2  # wish and rule, header, items, count
    assert max(map(cell_len, lines)) <= 80


def test_table_is_readable_in_80_columns(tmp_path):
    path = tmp_path / "long.csv"
    ids = [
        "a hotel whose name is so long that it fills the line nearly to its end " + c for c in "abc"
    ]
    pd.DataFrame({"id": ids, "desc": ["red [bold]apple"] * 3}).to_csv(path, index=False)
    result = run("recommend", path, "--text", "desc", "--id", "id", "--query", "[bold]apple")
    body = result.stdout.splitlines()[1:-1]
    assert max(map(len, body)) <= 80
    assert all(name[:60] in result.stdout for name in ids)
    assert result.stdout.startswith("Most like: [bold]apple\n")


def test_columns_named_like_ours(tmp_path):
    path = tmp_path / "items.csv"
    path.write_text("id,score,n\nred apple,red pear,1\nbig apple,big pear,2\n", encoding="utf-8")
    result = run("recommend", path, "--text", "score", "--id", "n", "--like", "1")
    assert result.stdout.split("\n")[4].split()[2:] == ["2", "big", "pear"]
    assert "score_item" in result.stdout


def test_markup_in_texts_is_text(tmp_path):
    path = tmp_path / "markup.csv"
    pd.DataFrame({"id": ["[red]x", "[/red]y"], "desc": ["[bold]apple"] * 2}).to_csv(
        path, index=False
    )
    result = run("recommend", path, "--text", "desc", "--id", "id", "--like", "[red]x")
    assert "[/red]y" in result.stdout
    assert "[bold]apple" in result.stdout


@pytest.mark.filterwarnings("default:the query's vector")  # as outside of tests
def test_a_query_that_matches_nothing_warns(hotels):
    result = recommend(hotels, "--query", "zeppelin", "--json")
    assert json.loads(result.stdout) == []
    assert result.exit_code == 0
    assert result.stderr.startswith("textvec: warning: the query's vector is all zeros")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.filterwarnings("default")
def test_an_item_without_text_is_like_none(hotels):
    items = [*HOTELS.itertuples(index=False), ("Empty One", "", 4.0), ("Odd One", "!", 4.0)]
    pd.DataFrame(items, columns=HOTELS.columns).to_csv(hotels, index=False)
    for name, why in (("Empty One", "no text"), ("Odd One", "no term that the vectorizer knows")):
        result = recommend(hotels, "--like", name)
        assert result.exit_code == 0
        said = result.stderr.splitlines()
        assert "(row 4 is the first, counted from 0)" in said[0] or "1 of 6 rows (row 4 " in said[0]
        assert "2 of 6 items are all zeros (row 4 is the first)" in said[1]
        assert said[2] == (
            f"textvec: warning: the vector of the liked item {name!r} is all zeros: it has {why}, "
            "so nothing is like it."
        )
        assert len(said) == 3


@pytest.mark.filterwarnings("ignore:the query's vector")
@pytest.mark.parametrize(
    "args", [("--query", "zeppelin"), ("--query", "sea harbour", "--where", "code=011")]
)
def test_no_hits_are_said(hotels, args):
    result = recommend(hotels, *args)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[1] == "Nothing found."
    assert len(result.stdout.splitlines()) == 3
    assert json.loads(recommend(hotels, *args, "--json").stdout) == []


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ((), ["either --like ID", "or --query"]),
        (("--like", "007", "--query", "snow"), ["either --like ID", "or --query"]),
        (("--query", "snow", "--dislike", "007"), ["--dislike needs a --like"]),
        (("--like", "07"), ["no item has the id '07'", "'007'"]),
        (("--like", "007", "--dislike", "007"), ["'007' is both liked and disliked"]),
        (("--like", "007", "-k", "0"), ["k must be at least 1. Got 0"]),
        (("--like", "007", "-k", "x"), ["'-k'", "integer", "See textvec recommend --help"]),
        (("--like", "007", "--vectorizer", "tfdf"), ["--vectorizer must be one of", "'tfidf'"]),
        (("--like", "007", "--ngram-range", "13"), ["--ngram-range must be two numbers", "'13'"]),
        (("--like", "007", "--ngram-range", "3,1"), ["the smaller first", "'3,1'"]),
        (("--like", "007", "--ngram-range", "0,1"), ["numbers from 1 on", "'0,1'"]),
        (("--like", "007", "--min-df", "few"), ["--min-df must be a count", "'few'"]),
        (("--like", "007", "--min-df", "4", "--max-df", "2"), ["--max-df is of fewer texts"]),
        (("--like", "007", "--min-df", "1.0"), ["leave no terms: lower --min-df"]),
        (("--query", "snow", "--query", "sea"), ["--query stands twice, and takes one value"]),
        (("--like", "007", "--min-df", "1.5"), ["min_df"]),
        (("--like", "007", "--stop-words", "absent.txt"), ["absent.txt: No such file"]),
        (("--like", "007", "--vectorizer", "tfidf-char", "--stop-words", "none"), ["characters"]),
        (
            ("--like", "007", "--vectorizer", "lsa", "--vector-size", "9"),
            ["vector_size must be at most"],
        ),
        (("--like", "007", "--vector-size", "5"), ["--vector-size", "lsa"]),
        (("--like", "007", "--frobnicate"), ["--frobnicate", "See textvec recommend --help"]),
    ],
)
def test_bad_parameters(hotels, args, words):
    assert_refused(recommend(hotels, *args), *words)


def test_missing_columns(hotels):
    result = run("recommend", hotels, "--text", "body", "--id", "code", "--like", "1")
    assert_refused(result, "--text 'body' is no column", "'code', 'desc', 'stars'")
    result = run("recommend", hotels, "--text", "desc", "--id", "key", "--like", "1")
    assert_refused(result, "--id 'key' is no column")
    assert_refused(run("recommend", hotels, "--like", "1"), "--text")


@REAL
@pytest.mark.filterwarnings("default:.* is in Windows")  # as outside of tests
def test_seattle_hotels():
    folder = Path(os.environ["TEXTVEC_DATA"]) / "hotels"
    args = ["recommend", folder / "Seattle_Hotels.csv", "--encoding", "latin-1"]
    args += ["--text", "desc", "--id", "name", "--clean"]
    args += ["--stop-words", folder / "english_stop_words_179.txt"]
    args += ["--ngram-range", "1,3", "--min-df", "0.01"]
    args += ["--like", "Hilton Seattle Airport & Conference Center"]
    result = run(*args)
    assert "152 items of Seattle_Hotels.csv; tfidf, 3347 features." in result.stdout
    expected = """
        .2266 Embassy Suites by Hilton Seattle Tacoma International Airport
        .1551 DoubleTree by Hilton Hotel Seattle Airport
        .1503 Seattle Airport Marriott
        .1297 Four Points by Sheraton Downtown Seattle Center
        .1225 Motel 6 Seattle Sea-Tac Airport South
        .1100 Hampton Inn Seattle/Southcenter
        .1084 Radisson Hotel Seattle Airport
        .1076 Knights Inn Tukwila
        .0996 Hotel Hotel
        .0995 Home2 Suites by Hilton Seattle Airport
    """
    printed = [" ".join(line.split()) for line in result.stdout.splitlines()]
    for rank, line in enumerate(expected.strip().splitlines(), start=1):
        assert f"{rank} 0{line.strip()}" in printed


def test_weighted_columns(hotels):
    texts = ("--text", "desc=2", "--column", "stars=9")
    result = run("recommend", hotels, "--id", "code", *texts, "--like", "010", "-k", 1, "--json")
    assert [row["id"] for row in json.loads(result.stdout)] == ["007"], result.stderr
    result = run("recommend", hotels, "--id", "code", "--text", "desc=1", "--like", "010", "--json")
    assert json.loads(result.stdout)[0]["id"] == "NA"


@pytest.mark.parametrize(
    ("condition", "left"),
    [
        ("stars>=4", {"NA", "007"}),
        ("stars<4", {"010"}),
        ("stars = 5", {"NA"}),
        ("stars!=5", {"007", "008", "010"}),
        ("code!=NA", {"007", "008", "010"}),
        ("desc~oysters", {"007", "008"}),
        ("stars==5", {"NA"}),
        ("pool=true", {"007", "NA"}),
        ("pool=False", {"008"}),
        ("pool!=TRUE", {"008", "010"}),
        ("a<b=x", {"007", "010"}),
    ],
)
def test_conditions(hotels, condition, left):
    items = HOTELS.assign(pool=[True, False, True, None], **{"a<b": ["x", "y", "y", "x"]})
    items.to_csv(hotels, index=False)
    result = recommend(hotels, "--query", "harbour boats snow", "--where", condition, "--json")
    assert {row["id"] for row in json.loads(result.stdout)} == left


def test_ids_that_are_numbers_are_compared_as_such(tmp_path):
    path = tmp_path / "items.csv"
    path.write_text("id,desc\n007,red apple\n10,red pear\n9,red plum\n", encoding="utf-8")
    args = ("recommend", path, "--id", "id", "--text", "desc", "--query", "red", "--json")
    for condition, left in (("id>8", {"10", "9"}), ("id<=9", {"007", "9"}), ("id=007", {"007"})):
        result = run(*args, "--where", condition)
        assert {row["id"] for row in json.loads(result.stdout)} == left, result.stderr


@pytest.fixture
def priced(tmp_path):
    path = tmp_path / "priced.csv"
    prices = ["1,200", "$80", "", "on request", "$1,150", *(f"${at}" for at in range(100, 109))]
    texts = [f"red apple {at}" for at in range(len(prices))]
    pd.DataFrame({"desc": texts, "price": prices}).to_csv(path, index=False)
    return path


@pytest.mark.filterwarnings("default:column 'price' holds texts")  # as outside of tests
@pytest.mark.parametrize(
    ("condition", "left"),
    [
        ("price<=100", {"1", "5"}),
        ("price<=$100.00", {"1", "5"}),
        ("price>=1,150", {"0", "4"}),
        ("price=$80", {"1"}),
    ],
)
def test_conditions_read_prices_as_columns_do_and_say_it_once(priced, condition, left):
    args = ("recommend", priced, "--text", "desc", "--query", "red", "-k", 20, "--json")
    result = run(*args, "--where", condition, "--column", "price=0.3")
    assert {row["id"] for row in json.loads(result.stdout)} == left, result.stderr
    told = "column 'price' holds texts, read as numbers, such as 1200.0 for '1,200', and 1 that "
    assert result.stderr == f"textvec: warning: {told}holds none as missing.\n"  # nothing of Python
    refused = run(*args, "--where", "price<€5")
    assert_refused_after_warnings(refused, "price holds numbers, and '€5' is none")


def assert_refused_after_warnings(result, words):
    assert result.exit_code == 2
    assert words in result.stderr.splitlines()[-1]


def test_conditions_add_up(hotels):
    args = ("--query", "harbour snow", "--json", "--where", "stars>=4", "--where", "code!=NA")
    assert [row["id"] for row in json.loads(recommend(hotels, *args).stdout)] == ["007"]


def test_several_vectorizers_are_fused(hotels):
    names = ("--vectorizer", "tfidf", "--vectorizer", "tfidf-char")
    result = recommend(hotels, "--like", "007", "-k", 1, *names)
    assert "tfidf + tfidf-char, " in result.stdout


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--where", "stars"), ["--where must be COLUMN=VALUE", "'stars'"]),
        (("--where", "price<3"), ["names no column", "'stars'"]),
        (("--where", "stars<many"), ["stars holds numbers, and 'many' is none"]),
        (("--where", "stars=nan"), ["stars holds numbers, and 'nan' is none"]),
        (("--where", "desc<a"), ["desc holds no numbers", "such as 'harbour view", "=, != or ~"]),
        (("--where", "Stars<3"), ["names no column", "Is it 'stars'?"]),
        (("--text", "desc=nan"), ["--text 'desc' stands twice"]),
        (("--column", "stars=nan"), ["the weight of --column 'stars=nan' must be finite"]),
        (("--column", "stars", "--column", "stars=2"), ["--column 'stars' stands twice"]),
        (("--column", "stars=much"), ["--column must be COLUMN or COLUMN=WEIGHT", "'stars=much'"]),
        (("--column", "price"), ["--column 'price' is no column"]),
        (("--column", "stars=0"), ["must be above 0"]),
        (("--diversity", "2"), ["diversity must be between 0 and 1"]),
        (("--html", "absent/page.html"), ["absent/page.html: No such file or directory"]),
    ],
)
def test_bad_powers(hotels, args, words):
    assert_refused(recommend(hotels, "--like", "007", *args), *words)


def test_a_page_shows_ranking_reasons_and_map(hotels, tmp_path):
    page = tmp_path / "page.html"
    result = recommend(hotels, "--like", "007", "--html", page)
    assert result.stderr == f"Wrote {page}\n"
    content = page.read_text(encoding="utf-8")
    for word in ("Recommended", "Why", "sailing boats", "<svg", "liked"):
        assert word in content


def test_the_page_shows_the_sentences_that_matched_and_folds_the_rest(tmp_path):
    filler = " ".join(f"Room {at} has a door and a window of its own." for at in range(40))
    rows = [
        ("Quay", f"{filler} Oysters by the harbour! {filler}", "x" * 200),
        ("Pier", f"{filler} Oysters in the old harbour. {filler}", "y"),
        ("Summit", f"Skiing. {filler}", "z"),
    ]
    file, page = tmp_path / "hotels.csv", tmp_path / "page.html"
    pd.DataFrame(rows, columns=["name", "desc", "key"]).to_csv(file, index=False)
    run("recommend", file, "--id", "name", "--text", "desc", "--query", "oysters", "--html", page)
    content = page.read_text(encoding="utf-8")
    cell = re.search('<td class="excerpt"[^>]*>(.*?)<details><summary>all of it</summary><p>(.*?)<',
                     content)  # fmt: skip
    assert cell is not None
    shown, whole = cell.groups()
    assert len(shown) <= 280
    assert "Oysters" in shown
    assert "…" in shown
    assert whole in {text for _, text, _ in rows}
    assert f'<td class="long" data-value="{"x" * 200}">' in content


def test_the_page_is_in_the_language_of_the_texts(tmp_path):
    file, page = tmp_path / "hotels.csv", tmp_path / "page.html"
    CHINESE.to_csv(file, index=False)
    args = ("recommend", file, "--id", "名称", "--text", "简介", "--like", "航站", "--html", page)
    assert run(*args).exit_code == 0
    text = page.read_text("utf-8")
    for words in ('<html lang="zh">', "<h1>推荐</h1>", "<h2>理由</h2>", "份额", "喜欢", "3 个条目"):
        assert words in text
    for words in ("Recommend", "Why", "share", "liked", "score"):
        assert words not in text
    assert run(*args, "--page-language", "en").exit_code == 0
    assert "<h1>Recommendations</h1>" in page.read_text("utf-8")
