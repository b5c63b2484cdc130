"""The command line: what it prints, what it refuses, and how it says so."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rich.cells import cell_len
from typer.testing import CliRunner

from textvec import TransformerVectorizer, cli
from textvec.cli import models
from textvec.cli import recommend as recommend_module
from textvec.cli.app import app
from textvec.cli.compare import choose_methods, choose_tasks
from textvec.encoders.cache import EncodingCache

from .encoders.tiny_models import write_bert, write_sentence_config

HOTELS = pd.DataFrame(
    {
        "code": ["007", "008", "NA", "010"],
        "desc": [
            "harbour view, oysters and sailing boats at the door",
            "sailing boats and oysters in the old harbour",
            "skiing from the door, open fires and snow",
            "snow, skiing and sledges by open fires",
        ],
        "stars": [4.0, None, 5.0, 3.5],
    }
)
CHINESE = pd.DataFrame(
    {
        "名称": ["空港", "航站", "雪泉"],
        "简介": [
            "酒店靠近机场，有免费接送班车。",
            "机场旁边的酒店，班车免费。",
            "雪山脚下的温泉旅馆。",
        ],
    }
)
REAL = pytest.mark.skipif("TEXTVEC_DATA" not in os.environ, reason="TEXTVEC_DATA is not set")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A pretrained encoder with random weights."""
    pytest.importorskip("transformers")
    return write_sentence_config(write_bert(tmp_path_factory.mktemp("tiny-encoder")))


def run(*args):
    return CliRunner().invoke(app, [str(arg) for arg in args], prog_name="textvec")


def run_process(*args, cwd=None, **environment):
    return subprocess.run(
        [sys.executable, "-m", "textvec", *map(str, args)],
        cwd=cwd,
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(Path(cli.__file__).parents[2]), **environment},
        timeout=300,
        check=False,
    )


def assert_refused(result, *words):
    """Exit code 2, nothing on stdout, one line on stderr that holds the words."""
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1, result.stderr
    assert result.stderr.startswith("textvec: ")
    for word in words:
        assert word in result.stderr
    assert (result.exit_code if hasattr(result, "exit_code") else result.returncode) == 2


@pytest.fixture
def hotels(tmp_path):
    path = tmp_path / "hotels.csv"
    HOTELS.to_csv(path, index=False)
    return path


def recommend(path, *args):
    return run("recommend", path, "--text", "desc", "--id", "code", *args)


# recommend: answers


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


# recommend: files


def test_tsv_and_jsonl(tmp_path):
    HOTELS.to_csv(tmp_path / "hotels.tsv", sep="\t", index=False)
    lines = [json.dumps({"code": 7, "desc": HOTELS["desc"][0], "tags": ["sea"]})]
    lines += ["", json.dumps({"code": 8, "desc": HOTELS["desc"][1], "tags": ["sea", None]})]
    (tmp_path / "hotels.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    found = json.loads(recommend(tmp_path / "hotels.tsv", "--like", "007", "--json").stdout)
    assert found[0]["id"] == "008"
    (found,) = json.loads(recommend(tmp_path / "hotels.jsonl", "--like", "7", "--json").stdout)
    assert (found["id"], found["tags"]) == ("8", ["sea", None])


def test_a_quotation_mark_of_a_tsv_swallows_no_rows(tmp_path):
    path = tmp_path / "a.tsv"
    path.write_text('id\ttext\n1\t"sea view\n2\tbus\n3\t"quiet" sea\n', encoding="utf-8")
    result = run("search", path, "--text", "text", "--query", "sea")
    assert_refused(result, "a quotation mark at the start of a cell takes in the rows", "sea view")
    path.write_text('id\ttext\n1\t"sea\nview"\n2\t"the ""busy"" street"\n', encoding="utf-8")
    found = json.loads(run("search", path, "--text", "text", "--query", "sea", "--json").stdout)
    assert found[0]["text"] == "sea\nview"


@pytest.mark.parametrize(
    ("encoding", "frame", "text", "id", "like", "nearest"),
    [
        ("latin-1", HOTELS.replace("008", "Café"), "desc", "code", "007", "Café"),
        ("gb18030", CHINESE, "简介", "名称", "空港", "航站"),
        ("utf-8-sig", CHINESE, "简介", "名称", "空港", "航站"),
        ("utf-16", CHINESE, "简介", "名称", "空港", "航站"),
    ],
)
def test_encodings(tmp_path, encoding, frame, text, id, like, nearest):
    path = tmp_path / "items.csv"
    frame.to_csv(path, index=False, encoding=encoding)
    # a byte order mark tells utf-8-sig and utf-16 apart by itself
    option = [] if encoding.startswith("utf") else ["--encoding", encoding]
    args = ("recommend", path, "--text", text, "--id", id, "--like", like, "-k", 1, *option)
    assert [row["id"] for row in json.loads(run(*args, "--json").stdout)] == [nearest]
    assert nearest in run(*args).stdout


def test_wrong_encoding_is_advised(tmp_path):
    path = tmp_path / "items.csv"
    path.write_bytes("code,desc\n1,tea\n2,Café\n".encode("latin-1"))
    assert_refused(
        recommend(path, "--like", "1"),
        "is not utf-8: byte 0xe9 at offset 21 (line 3)",
        "--encoding latin-1 (Western European) or --encoding gb18030 (Chinese)",
    )
    result = recommend(path, "--like", "1", "--encoding", "gb18030")
    assert_refused(result, "is not gb18030", "--encoding latin-1")
    assert "--encoding gb18030" not in result.stderr
    path.write_bytes("code,desc\n1,Café\n".encode("utf-8-sig") + b"\xff")
    assert_refused(recommend(path, "--like", "1"), "byte 0xff at offset 21 (line 3)")
    assert_refused(recommend(path, "--like", "1", "--encoding", "klingon"), "'klingon' is unknown")


@pytest.mark.filterwarnings("default:Length of header")  # as outside of tests
def test_a_comma_too_many_does_not_shift_the_columns(tmp_path):
    path = tmp_path / "items.csv"
    path.write_text("code,desc\n1,red apple,\n2,red pear,\n", encoding="utf-8")
    (found,) = json.loads(recommend(path, "--like", "1", "--json").stdout)
    assert found["id"] == "2"
    assert found["desc"] == "red pear"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.csv", "", ["empty.csv is empty."]),
        ("header.csv", "code,desc\n", ["header.csv has columns and no rows."]),
        ("ragged.csv", "code,desc\n1,a\n2,b,c\n", ["ragged.csv", "Expected 2 fields in line 3"]),
        ("empty.jsonl", "\n", ["empty.jsonl is empty."]),
        ("broken.jsonl", '{"code": 1}\n{"code"\n', ["broken.jsonl, line 2 is no JSON"]),
        ("list.jsonl", "[1, 2]\n", ["line 1 must be a JSON object. Got [1, 2]"]),
        ("items.xlsx", "", ["must end in .csv"]),
        ("twice.csv", "code,desc\n1,a\n1,b\n", ["'1' stands in rows 0 and 1 of column 'code'"]),
        ("hole.csv", "code,desc\n1,apple\n2,\n", ["row 1 (id '2') of column 'desc' has no text"]),
        ("nameless.csv", "code,desc\n1,apple\n,pear\n", ["row 1 of column 'code' has no id"]),
    ],
)
def test_bad_files(tmp_path, name, content, words):
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert_refused(recommend(tmp_path / name, "--like", "1"), *words)


def test_unreadable_files(tmp_path):
    assert_refused(recommend(tmp_path / "absent.csv", "--like", "1"), "absent.csv: No such file")
    (tmp_path / "folder.csv").mkdir()
    assert_refused(recommend(tmp_path / "folder.csv", "--like", "1"), "folder.csv: Is a directory")


# recommend: parameters


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
        (("--like", "007", "--ngram-range", "3,1"), ["(3, 1)"]),
        (("--like", "007", "--min-df", "few"), ["--min-df must be a count", "'few'"]),
        (("--like", "007", "--min-df", "4", "--max-df", "2"), ["max_df"]),
        (("--like", "007", "--min-df", "1.5"), ["min_df"]),
        (("--like", "007", "--stop-words", "absent.txt"), ["absent.txt: No such file"]),
        (("--like", "007", "--vectorizer", "tfidf-char", "--stop-words", "none"), ["characters"]),
        (("--like", "007", "--vectorizer", "lsa"), ["vector_size must be at most"]),
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


# compare, datasets, info, help


@pytest.fixture(scope="module")
def embedded(tmp_path_factory):
    """`textvec compare` without options in a process of its own, its folder and a cache."""
    folder = tmp_path_factory.mktemp("compare")
    cache = ("--cache", folder / "cells")
    return run_process("compare", *cache, "--json", cwd=folder), folder


def test_compare_without_options_does_all_in_both_languages(embedded):
    result, folder = embedded
    assert result.returncode == 0, result.stderr
    assert result.stderr == "Wrote textvec-report.html\n"
    rows = pd.DataFrame(json.loads(result.stdout))
    assert len(rows) == 6 * 2 * 8
    assert (rows["error"] == "").all()
    assert rows["winner"].any()
    assert rows.groupby("task")["winner"].sum().max() == 1
    page = (folder / "textvec-report.html").read_text(encoding="utf-8")
    assert "Quality: English" in page
    assert "Quality: Chinese" in page
    assert len(page) < 3_000_000


def test_compare_prints_a_table_for_each_language_and_resumes(embedded):
    _, folder = embedded
    times = {path: path.stat().st_mtime_ns for path in (folder / "cells").iterdir()}
    assert len(times) == 6 * 2 * 8
    cells = ("--cache", folder / "cells", "--html", folder / "again.html")
    result = run("compare", *cells, "--task", "sts", "--task", "Pair classification")
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert max(map(cell_len, lines)) <= 80
    assert len([line for line in lines if line.strip().startswith("method")]) == 3
    result = run("compare", *cells)
    for word in ("TF-IDF, chars", "word2vec", "retrieval (zh)", "* better than every other"):
        assert word in result.stdout
    assert "0.520*" in result.stdout
    assert times == {path: path.stat().st_mtime_ns for path in (folder / "cells").iterdir()}


def compare_tables(tmp_path, *args):
    result = run("compare", *args, "--html", tmp_path / "page.html", "--json")
    assert result.exit_code == 0, result.stderr
    return pd.DataFrame(json.loads(result.stdout))


def test_compare_chooses_tasks_and_vectorizers(tmp_path):
    chosen = ("--vectorizer", "tfidf", "--vectorizer", "hashing", "--language", "zh")
    tasks = ("--task", "similarity (zh)", "--task", "duplicate hotels", "--task", "Reranking")
    data = ("--data", "hotels", "--data", "mini_benchmark")
    rows = compare_tables(tmp_path, *data, *chosen, *tasks)
    assert rows["method"].unique().tolist() == ["tfidf", "hashing"]
    found = ["duplicate hotels (zh)", "reranking (zh)", "similarity (zh)"]
    assert rows["task"].unique().tolist() == found
    assert (rows["error"] == "").all()
    assert (rows["score"] > 0.1).all()


@pytest.mark.filterwarnings("default:--data")  # as outside of tests
def test_compare_reads_files_and_sees_their_language(tmp_path):
    english, chinese = tmp_path / "hotels.csv", tmp_path / "客房.jsonl"
    texts = [*HOTELS["desc"], "snow by the door", "oysters and boats"]
    kinds = ["sea", "sea", "snow", "snow", "snow", "sea"]
    pd.DataFrame({"text": texts, "label": kinds}).to_csv(english, index=False)
    pairs = [("海景房", "有海景的房间", 5), ("海景房", "机场班车", 0), ("温泉", "雪山温泉", 4)]
    records = [{"text": a, "scored_text": b, "score": c} for a, b, c in pairs]
    lines = [json.dumps(record, ensure_ascii=False) for record in records]
    chinese.write_text("\n".join(lines), encoding="utf-8")
    few = ("--vectorizer", "counts", "--vectorizer", "tfidf-char")
    page = tmp_path / "page.html"
    assert_refused(run("compare", "--data", english, *few, "--html", page), "n_splits")
    # two documents of a label are fewer than its folds: one line says so, the rest goes on
    result = run("compare", "--data", english, "--data", chinese, *few, "--html", page)
    assert result.exit_code == 0
    assert "warning: --data" in result.stderr
    assert "hotels.csv' is left out: Each label must have at least n_splits=5" in result.stderr
    assert "客房" in result.stdout
    pd.DataFrame({"text": texts * 2, "label": kinds * 2}).to_csv(english, index=False)
    rows = compare_tables(tmp_path, "--data", english, "--data", chinese, *few)
    assert rows["task"].unique().tolist() == ["hotels", "客房"]
    assert (rows["error"] == "").all()
    text = page.read_text(encoding="utf-8")
    assert "Quality: English" in text
    assert "Quality: Chinese" in text
    assert "counts (zh)</dt><dd>CountVectorizer(tokenizer=&#x27;jieba&#x27;)" in text


def test_compare_tells_files_apart_and_chooses_by_category(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    few, pairs = ("--vectorizer", "tfidf-char"), "text1,text2,score\nsea view,a view,4\nsea,bus,0\n"
    for folder in ("a", "b", "hotels", "v1.0"):  # a folder does not hide a data set
        Path(folder).mkdir()
    for path in ("a/test.csv", "b/test.csv"):
        Path(path).write_text(pairs, encoding="utf-8")
    rows = compare_tables(tmp_path, "--data", "a/test.csv", "--data", "b/test.csv", *few)
    assert rows["task"].tolist() == ["a/test.csv", "b/test.csv"]
    rows = compare_tables(tmp_path, "--data", "hotels", "--task", "P2P", *few)
    assert rows["task"].str[:12].tolist() == ["sister hotel", "duplicate ho"] * 2
    assert_refused(run("compare", "--data", "v1.0"), "--data 'v1.0' is a folder without qrels")


def test_compare_takes_what_there_is_of_a_language(tmp_path):
    chosen = ("--vectorizer", "counts", "--task", "reranking", "--language", "zh")
    rows = compare_tables(tmp_path, "--data", "banking77", "--data", "mini_benchmark", *chosen)
    assert rows["task"].tolist() == ["reranking (zh)"]
    result = run("compare", "--data", "hotels_en", "--language", "zh")
    assert_refused(result, "there is no task in zh in --data hotels_en")


def test_translations_in_a_file_are_in_two_languages(tmp_path):
    path = tmp_path / "pairs.tsv"
    path.write_text("text1\ttext2\n离海边不远的酒店\ta hotel by the sea\n", encoding="gb18030")
    (task,) = choose_tasks([str(path)], [], None, "gb18030")
    assert task.language == "zh-en"
    rows = compare_tables(
        tmp_path, "--data", path, "--encoding", "gb18030", "--vectorizer", "counts"
    )
    assert rows["task"].tolist() == ["pairs"]
    assert_refused(run("compare", "--data", path), "pairs.tsv must be in utf-8", "gb18030")


def test_hashed_words_are_those_of_the_other_methods():
    tasks = choose_tasks(["mini_benchmark"], ["classification"], None)
    methods = choose_methods(["counts", "hashing"], tasks)
    for code, text in (("en", "The hotel by the sea is not far"), ("zh", "离海边不远的酒店")):
        counts, hashing = methods["counts"][code], methods["hashing"][code]
        assert counts.build_analyzer()(text) == hashing.build_analyzer()(text)


def test_compare_says_on_how_many_items_a_score_rests(tmp_path):
    few = ("--vectorizer", "counts", "--task", "summarization", "--language", "zh")
    result = run("compare", *few, "--html", tmp_path / "page.html")
    assert result.exit_code == 0
    assert "counts on summarization (zh): scored on 19 of 20 texts" in result.stdout
    assert "failed" not in result.stderr


def test_compare_sets_a_model_beside_the_defaults(tiny, tmp_path):
    few = ("--task", "sts", "--language", "en")
    rows = compare_tables(tmp_path, "--vectorizer", tiny, *few)
    assert rows["method"].tolist()[-1] == tiny.name
    assert len(rows) == 7
    assert (rows["error"] == "").all()
    alone = compare_tables(tmp_path, "--vectorizer", "counts", "--vectorizer", tiny, *few)
    assert alone["method"].tolist() == ["counts", tiny.name]
    assert alone["dimension"].tolist()[-1] == 16


def test_a_failing_method_is_told_and_the_rest_go_on(tmp_path):
    """Texts of single letters have no words."""
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("text,scored_text,score\na b,b a,4\na,c,0\nb c,c,3\n")
    args = ("--data", pairs, "--html", tmp_path / "page.html")
    result = run("compare", *args)
    assert result.exit_code == 0
    assert "textvec: warning: counts on pairs failed: ValueError: empty vocab" in result.stderr
    assert "TF-IDF, chars on pairs" not in result.stderr
    assert "1.000" in result.stdout
    result = run("compare", *args, "--vectorizer", "lsa")
    assert result.exit_code == 1
    assert "empty vocabulary" in result.stderr


@pytest.mark.skipif(os.name != "posix", reason="interrupts by signal")
def test_interrupted_it_says_where_the_finished_cells_are(tmp_path):
    command = [sys.executable, "-m", "textvec", "compare", "--cache", "cells"]
    environment = {**os.environ, "PYTHONPATH": str(Path(cli.__file__).parents[2])}
    process = subprocess.Popen(
        command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, encoding="utf-8"
    )
    while process.poll() is None and len(list(tmp_path.glob("cells/*.json"))) < 2:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "textvec: what is finished lies in cells\n" in err
    assert err.endswith("textvec: interrupted\n")
    assert "Traceback" not in err
    assert len(list(tmp_path.glob("cells/*.json"))) >= 2


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--language", "fr"), ["--language must be one of 'en', 'zh'. Got 'fr'"]),
        (("--vectorizer", "tfdf"), ["--vectorizer must be one of", "Close to it: 'tfidf'"]),
        (("--vectorizer", "./absent"), ["absent"]),
        (
            ("--data", "mini_benchmrk"),
            ["--data 'mini_benchmrk': there is no such file", "mini_b"],
        ),
        (("--data", "absent.csv"), ["absent.csv: No such file"]),
        (("--data", "."), ["--data '.' is a folder without qrels/*.tsv, corpus.jsonl"]),
        (("--task", "retreival"), ["--task 'retreival' is no type, category or name", "Retrieval"]),
        (("--cache", __file__), ["'--cache'", "test_cli.py' is a file"]),
        (("--html", "absent/page.html"), ["absent/page.html: No such file or directory"]),
        (("--html", "."), ["Is a directory"]),
    ],
)
def test_compare_refuses(args, words):
    assert_refused(run("compare", *args), *words)


def test_datasets():
    listed = json.loads(run("datasets", "--json").stdout)
    assert {"hotels_en", "hotels_zh", "seattle_hotels"} <= {row["name"] for row in listed}
    table = run("datasets").stdout
    assert "seattle_hotels" in table
    assert max(map(len, table.splitlines())) <= 80


def test_info(monkeypatch, tmp_path):
    monkeypatch.setenv("TEXTVEC_CACHE", str(tmp_path))
    facts = json.loads(run("info", "--json").stdout)
    assert facts["versions"]["python"].startswith(f"{sys.version_info.major}.")
    assert facts["system"]["cores"] == os.cpu_count()
    assert facts["folders"]["downloads"] == str(tmp_path)
    assert str(tmp_path) in run("info").stdout


def test_help_names_every_command():
    for result in (run("--help"), run()):
        assert result.exit_code == 0
        for name in ("recommend", "search", "neighbors", "compare", "embed", "datasets", "info"):
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


# The real command


def test_process_answers_and_refuses(hotels):
    args = ("recommend", hotels, "--text", "desc", "--id", "code")
    result = run_process(*args, "--like", "007", "--json", PYTHONIOENCODING="ascii")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)[0]["id"] == "008"
    assert_refused(run_process(*args, "--like", "7"), "no item has the id '7'")


def test_process_prints_chinese_where_it_cannot_be_encoded(tmp_path):
    path = tmp_path / "items.csv"
    CHINESE.to_csv(path, index=False, encoding="utf-8")
    args = ("recommend", path, "--text", "简介", "--id", "名称", "--like", "空港")
    result = run_process(*args, PYTHONIOENCODING="ascii")
    assert result.returncode == 0, result.stderr


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


@REAL
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


# recommend by several columns, conditions and diversity


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
    ],
)
def test_conditions(hotels, condition, left):
    result = recommend(hotels, "--query", "harbour boats snow", "--where", condition, "--json")
    assert {row["id"] for row in json.loads(result.stdout)} == left


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
        (("--where", "stars<many"), ["stars holds numbers"]),
        (("--where", "desc<a"), ["desc holds no numbers"]),
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


# search


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


# embed


def test_embed_writes_a_vector_for_each_row(hotels, tiny, tmp_path):
    args = ("embed", hotels, "--text", "desc", "--vectorizer", tiny, "--out")
    result = run(*args, tmp_path / "vectors.npz")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("4 texts, 16 dimensions, ")
    with np.load(tmp_path / "vectors.npz") as stored:
        vectors = stored["vectors"]
    expected = TransformerVectorizer(tiny).transform(HOTELS["desc"])
    np.testing.assert_allclose(vectors, expected, atol=1e-6)
    assert not list(tmp_path.glob("*.cache"))
    pytest.importorskip("pyarrow")
    cache = tmp_path / "kept"
    done = json.loads(run(*args, tmp_path / "v.parquet", "--json", "--cache", cache).stdout)
    assert {**done, "seconds": 0} == {
        "out": str(tmp_path / "v.parquet"), "rows": 4, "dimensions": 16, "seconds": 0,
    }  # fmt: skip
    frame = pd.read_parquet(tmp_path / "v.parquet")
    assert frame["code"].tolist() == HOTELS["code"].tolist()  # no numbers: they would lose zeros
    np.testing.assert_allclose(np.stack(frame["vector"]), vectors, atol=1e-6)
    assert len(EncodingCache(cache)) > 0


def test_embed_keeps_a_row_for_each_line_and_fits_what_must_be_fitted(tmp_path):
    lines = tmp_path / "lines.txt"
    lines.write_text("red apples\n\nblue sea by the pier\nthe red sea\n", encoding="utf-8")
    out = tmp_path / "vectors.npz"
    args = ("embed", lines, "--vectorizer", "lsa", "--out", out)
    assert_refused(run(*args), "vector_size")
    assert json.loads(run(*args, "--vector-size", 2, "--json").stdout)["dimensions"] == 2
    lines.write_text("red\n\n" + "".join(f"w{i} x{i}\n" for i in range(120)), encoding="utf-8")
    assert json.loads(run(*args, "--json").stdout)["rows"] == 122
    with np.load(out) as stored:
        assert not stored["vectors"][1].any()


@pytest.mark.skipif(os.name != "posix", reason="kills by signal")
def test_embed_killed_half_way_goes_on_where_it_was(tiny, tmp_path):
    """What the killed process had stored keeps its place in the cache: it is not encoded again."""
    args, texts, out, cache, _ = cut_off(signal.SIGKILL, tmp_path, tiny, tmp_path / "cache")
    before = stored_places(cache)
    result = run(*args)
    assert result.exit_code == 0, result.stderr
    after = stored_places(cache)
    assert 0 < len(before) < len(after)
    assert before.items() <= after.items()
    with np.load(out) as stored:
        expected = TransformerVectorizer(tiny).transform(texts[:50])
        np.testing.assert_allclose(stored["vectors"][:50], expected, atol=1e-6)
        assert len(stored["vectors"]) == len(texts)


@pytest.mark.skipif(os.name != "posix", reason="interrupts by signal")
def test_embed_interrupted_goes_on_without_a_named_cache(tiny, tmp_path):
    """What is stored under its keys is what is written: here zeros, put there in between."""
    args, texts, out, cache, said = cut_off(signal.SIGINT, tmp_path, tiny)
    assert said == (
        f"\ntextvec: what is done lies in {cache}; the same command goes on from there\n"
        "textvec: interrupted\n"
    )
    EncodingCache(cache).put(dict.fromkeys(stored_places(cache), np.zeros(16)))
    result = run(*args)
    assert result.exit_code == 0, result.stderr
    with np.load(out) as stored:
        is_new = stored["vectors"].any(axis=1)
    assert len(is_new) == len(texts)
    assert 0 < is_new.sum() < len(texts)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["texts.csv", "vectors.npz"]


def cut_off(how, folder, tiny, named_cache=None):
    """Stop ``textvec embed`` when its cache holds something; return how it was called."""
    table, out = folder / "texts.csv", folder / "vectors.npz"
    cache = named_cache or folder / "vectors.npz.cache"
    texts = [f"the sea view {i} room {i % 7} hotel" for i in range(1500)]
    pd.DataFrame({"desc": texts}).to_csv(table, index=False)
    args = ["embed", table, "--text", "desc", "--vectorizer", tiny, "--out", out]
    args += ["--cache", cache] if named_cache else []
    command = [sys.executable, "-m", "textvec", *map(str, args)]
    environment = {**os.environ, "PYTHONPATH": str(Path(cli.__file__).parents[2])}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, encoding="utf-8")
    while process.poll() is None and not len(EncodingCache(cache)):
        time.sleep(0.01)
    process.send_signal(how)
    _, said = process.communicate(timeout=60)
    assert process.returncode == {signal.SIGKILL: -signal.SIGKILL, signal.SIGINT: 130}[how], said
    assert not out.exists()
    return args, texts, out, cache, said


@pytest.mark.parametrize("content", ["", "\n", "\ufeff \n\n"])
def test_texts_without_a_text(tmp_path, content):
    lines = tmp_path / "lines.txt"
    lines.write_text(content, encoding="utf-8")
    for args in (
        ("embed", lines, "--vectorizer", "lsa", "--out", tmp_path / "vectors.npz"),
        ("search", lines, "--query", "sea"),
    ):
        assert_refused(run(*args), f"{lines} holds no text.")


def test_endings_in_capitals(hotels, tmp_path):
    out = tmp_path / "VECTORS.NPZ"
    args = ("--text", "desc", "--vectorizer", "lsa", "--vector-size", 2, "--out", out)
    assert run("embed", hotels, *args).exit_code == 0
    with np.load(out) as stored:
        assert stored["vectors"].shape == (4, 2)


@pytest.fixture
def texts_file(tmp_path):
    path = tmp_path / "texts.txt"
    path.write_text("the sea\nthe hotel\n", encoding="utf-8")
    return path


def foreign_folder(place):
    place.mkdir()
    (place / "thesis.txt").write_text("years of work", encoding="utf-8")


def named_cache(place):
    """One that somebody named with --cache, to keep it for good."""
    EncodingCache(place).put({b"key": np.ones(2)})


def foreign_file(place):
    place.write_text("years of work", encoding="utf-8")


@pytest.mark.parametrize("make", [foreign_folder, named_cache, foreign_file])
def test_embed_leaves_alone_what_has_the_name_of_its_cache(make, texts_file, tiny, tmp_path):
    out, place = tmp_path / "vectors.npz", tmp_path / "vectors.npz.cache"
    make(place)
    before = contents(tmp_path)
    result = run("embed", texts_file, "--vectorizer", tiny, "--out", out)
    assert_refused(result, f"{place}: it was not made by this command", "--cache")
    assert contents(tmp_path) == before


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_embed_removes_no_file_that_came_into_its_cache(texts_file, tiny, tmp_path):
    out, place = tmp_path / "vectors.npz", tmp_path / "vectors.npz.cache"
    place.mkdir()  # as it is when a kill was very early
    args = ("embed", texts_file, "--vectorizer", tiny, "--out", out)
    assert run(*args).exit_code == 0
    assert not place.exists()
    named_cache(place)
    (place / "textvec-embed.txt").write_text("cut off", encoding="utf-8")
    (place / "thesis.txt").write_text("years of work", encoding="utf-8")
    assert run(*args).exit_code == 0
    assert [path.name for path in place.iterdir()] == ["thesis.txt"]
    assert_refused(run(*args), "was not made by this command")


def stored_places(cache):
    """Return {key: number of the entry}: an entry that is written again gets another number."""
    with closing(sqlite3.connect(cache / "vectors.sqlite")) as connection:
        return dict(connection.execute("SELECT key, id FROM vectors"))


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--vectorizer", "counts", "--out", "x.npz"), ["counts makes sparse vec", "Use lsa, "]),
        (("--vectorizer", "lsa", "--out", "x.npz", "--cache", "x"), ["pretrained models only"]),
        (("--vectorizer", ".", "--out", "x.npz", "--cache", "hotels.csv"), ["'--cache'", "file"]),
        (("--vectorizer", ".", "--out", "x.npz", "--vector-size", "2"), ["lsa and word2vec only"]),
        (("--vectorizer", ".", "--out", "x.npz"), [". is no folder of a model"]),
        (("--vectorizer", "hotels.csv", "--out", "x.npz"), ["'hotels.csv' is a file."]),
        (("--vectorizer", "lsa", "--out", "x.csv"), ["--out must end in .npz or .par", "x.csv"]),
        (("--vectorizer", "./absent", "--out", "x.npz"), ["absent"]),
        (("--vectorizer", "absent", "--out", "x.npz"), ["--vectorizer must be one of"]),
        (("--vectorizer", "lsa"), ["--out"]),
    ],
)
def test_bad_embeds(hotels, tmp_path, monkeypatch, args, words):
    monkeypatch.chdir(tmp_path)
    assert_refused(run("embed", hotels, "--text", "desc", *args), *words)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hotels.csv"]


# neighbors


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
