"""``textvec compare``: its tasks, methods and tables, and what it refuses."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from rich.cells import cell_len

from textvec import cli
from textvec.cli.compare import choose_methods, choose_tasks

from .command import HOTELS, assert_refused, run, run_process


@pytest.fixture(scope="module")
def embedded(tmp_path_factory):
    """`textvec compare` without options in a process of its own, its folder and a cache."""
    folder = tmp_path_factory.mktemp("compare")
    cache = ("--cache", folder / "cells")
    return run_process("compare", *cache, "--json", cwd=folder), folder


@pytest.mark.slow  # CI does the same from the wheel, without a network
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


@pytest.mark.slow  # for what the one before it made
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
    assert "0.958*" in result.stdout
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
    kinds = ["sea", "sea", "snow", "snow", "snow", "lone"]
    pd.DataFrame({"text": texts, "label": kinds}).to_csv(english, index=False)
    pairs = [("海景房", "有海景的房间", 5), ("海景房", "机场班车", 0), ("温泉", "雪山温泉", 4)]
    records = [{"text": a, "scored_text": b, "score": c} for a, b, c in pairs]
    lines = [json.dumps(record, ensure_ascii=False) for record in records]
    chinese.write_text("\n".join(lines), encoding="utf-8")
    few = ("--vectorizer", "counts", "--vectorizer", "tfidf-char")
    page = tmp_path / "page.html"
    assert_refused(run("compare", "--data", english, *few, "--html", page), "n_splits")
    # one document of a label is in no two folds: one line says so, the rest goes on
    result = run("compare", "--data", english, "--data", chinese, *few, "--html", page)
    assert result.exit_code == 0
    assert "warning: --data" in result.stderr
    assert "hotels.csv' is left out: Each label must have at least n_splits=2" in result.stderr
    assert "客房" in result.stdout
    pd.DataFrame({"text": texts * 5, "label": kinds * 5}).to_csv(english, index=False)
    rows = compare_tables(tmp_path, "--data", english, "--data", chinese, *few)
    assert rows["task"].unique().tolist() == ["hotels", "客房"]
    assert (rows["error"] == "").all()
    text = page.read_text(encoding="utf-8")
    assert "Quality: English" in text
    assert "Quality: Chinese" in text
    assert "counts</dt><dd>CountVectorizer(analyzer=&#x27;mixed&#x27;)" in text


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
    summaries = {"ski lift and sauna": ["ski lift", "sauna", "noise"], "oysters": ["!", "?", "…"]}
    records = [
        {"text": text, "human_summaries": [text], "machine_summaries": given, "scores": [3, 2, 1]}
        for text, given in summaries.items()
    ]
    data = tmp_path / "told.jsonl"
    data.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    page = ("--html", tmp_path / "page.html")
    result = run("compare", "--data", data, "--vectorizer", "counts", *page)
    assert result.exit_code == 0
    assert "counts on told: scored on 1 of 2 texts" in " ".join(result.stdout.split())
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
        (("--cache", __file__), ["'--cache'", "test_compare.py' is a file"]),
        (("--html", "absent/page.html"), ["absent/page.html: No such file or directory"]),
        (("--html", "."), ["Is a directory"]),
    ],
)
def test_compare_refuses(args, words):
    assert_refused(run("compare", *args), *words)
