"""Tasks out of files: each format and encoding, and what is wrong with bad ones."""

import csv
import json
import re
from threading import Event, Thread

import numpy as np
import pytest
from sklearn.base import BaseEstimator

from textvec import KeyedVectors, TfidfVectorizer
from textvec._reading import read_table
from textvec.evaluate.tasks import (
    BitextMiningTask,
    ClassificationTask,
    ClusteringTask,
    PairClassificationTask,
    RerankingTask,
    RetrievalTask,
    STSTask,
    WordTranslationTask,
    read_task,
)

A, B, C = "sea view", "view of the sea", "free shuttle"


class Table(BaseEstimator):
    """Vectors by text."""

    def __init__(self, vectors):
        self.vectors = vectors

    def fit(self, raw_documents, y=None):
        return self

    def transform(self, raw_documents):
        return np.array([self.vectors[text] for text in raw_documents], dtype=float)


def write(path, records):
    text = "\n".join(json.dumps(record, ensure_ascii=False) for record in records)
    path.write_text(text if path.suffix == ".jsonl" else json.dumps(records), encoding="utf-8")
    return path


FILES = {
    RerankingTask: [{"query": A, "pos": [B], "neg": [C, "a room"]}],
    STSTask: [{"text": A, "scored_text": B, "score": 4}, {"text": A, "scored_text": C, "score": 0}],
    PairClassificationTask: [
        {"text1": A, "text2": B, "label": 1},
        {"text1": A, "text2": C, "label": 0},
    ],
    ClassificationTask: [{"text": f"{A} {i}", "label": i % 2} for i in range(10)],
    BitextMiningTask: [{"text1": A, "text2": "海景"}],
}
SCORED_PAIRS = [{"text1": A, "text2": B, "score": 4}, {"text1": A, "text2": C, "score": 0}]


@pytest.mark.parametrize("kind", FILES, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("suffix", ["json", "jsonl"])
def test_records_tell_their_task(kind, suffix, tmp_path):
    path = write(tmp_path / f"mine.{suffix}", FILES[kind])
    task = read_task(path, language="en")
    assert type(task) is kind
    assert task.name == "mine"
    assert A in " ".join(task.documents + getattr(task, "queries", []))


def test_csv_tsv_and_triples(tmp_path):
    (tmp_path / "pairs.csv").write_text('text1,text2,label\n"a, b",NA,1\n7,8,0\n', encoding="utf-8")
    pairs = read_task(tmp_path / "pairs.csv", PairClassificationTask)
    assert pairs.texts1 == ["a, b", "7"]
    assert pairs.texts2 == ["NA", "8"]
    (tmp_path / "labelled.tsv").write_text(
        "text\tlabel\n海\t蓝\n天\t蓝\n火\t红\n血\t红\n", encoding="utf-8"
    )
    clusters = read_task(tmp_path / "labelled.tsv", ClusteringTask, language="zh")
    assert clusters.labels.tolist() == ["蓝", "蓝", "红", "红"]
    triples = [{"text": A, "positive_text": B, "negative_text": C}]
    path = write(tmp_path / "triples.jsonl", [triples[0] | {"query": "another column"}])
    assert read_task(path).positives == [[B]]  # fuzzing found a KeyError: 'pos'
    path = write(tmp_path / "triples.jsonl", triples)
    assert read_task(path).positives == [[B]]
    retrieval = read_task(path, RetrievalTask, k=1)
    assert retrieval.evaluate(TfidfVectorizer())["nDCG@1"] == 1.0


def test_pairs_with_a_score_are_no_translations(tmp_path):
    task = read_task(write(tmp_path / "pairs.jsonl", SCORED_PAIRS))
    assert type(task) is STSTask
    assert task.scores.tolist() == [4, 0]
    records = [record | {"similarity": record.pop("score")} for record in map(dict, SCORED_PAIRS)]
    path = write(tmp_path / "other.jsonl", [FILES[BitextMiningTask][0], *records])
    with pytest.raises(ValueError, match=r"text1, text2 \(and no other\)"):
        read_task(path)


def test_quotation_marks_are_characters_of_a_tsv_file(tmp_path):
    rows = [('"sea', "x"), ("a", "y"), ('view" of', "x"), ('"b"', "y"), ("c", "x"), ('d"', "y")]
    text = "".join("\t".join(row) + "\r\n" for row in [("text", "label"), *rows, ("", " ")])
    (tmp_path / "a.tsv").write_text(text, encoding="utf-8-sig", newline="")
    task = read_task(tmp_path / "a.tsv", n_splits=2)
    assert task.documents == [text for text, _ in rows]
    assert task.labels.tolist() == [label for _, label in rows]


def test_a_cell_may_hold_a_book_and_line_breaks(tmp_path):
    book = "the sea, " * 30_000 + '"\n\n'
    quoted = book.replace('"', '""')
    text = f'text1,text2,score\n"{quoted}",b,1\n\na,,0\n'
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    limit = csv.field_size_limit()
    assert read_task(tmp_path / "a.csv").texts1 == [book, "a"]
    assert csv.field_size_limit() == limit


def test_two_threads_leave_the_limit_of_a_cell_as_it_was(monkeypatch):
    """csv has one for all: who sets it second would take the first's for the usual one."""
    began, ended, csv_reader, readers = Event(), Event(), csv.reader, []
    second = Thread(target=read_table, args=("b.csv", "b\n2\n", ","))

    class Reader:
        def __init__(self, *args, **options):
            self.cells, self.is_first = csv_reader(*args, **options), not readers
            readers.append(self)

        def __iter__(self):
            if self.is_first:
                second.start()
                began.wait(0.2)  # in vain, where the second waits for the first
            else:
                began.set()
                ended.wait(10)
            return iter(self.cells)

        line_num = property(lambda self: self.cells.line_num)

    limit = csv.field_size_limit()
    monkeypatch.setattr(csv, "reader", Reader)
    read_table("a.csv", "a\n1\n", ",")
    ended.set()
    second.join()
    found = csv.field_size_limit(limit)
    assert found == limit


@pytest.mark.parametrize(("encoding", "wrong"), [("utf-16", "utf-8"), ("gb18030", "utf_8")])
@pytest.mark.parametrize("suffix", ["csv", "tsv", "json", "jsonl"])
def test_a_file_may_have_another_encoding(encoding, wrong, suffix, tmp_path):
    path = tmp_path / f"a.{suffix}"
    path.write_text(
        {
            "csv": "text1,text2\n海景,sea\n",
            "tsv": "text1\ttext2\n海景\tsea\n",
            "json": '[{"text1": "海景", "text2": "sea"}]',
            "jsonl": '{"text1": "海景", "text2": "sea"}\n',
        }[suffix],
        encoding=encoding,
    )
    assert read_task(path, encoding=encoding).texts1 == ["海景"]
    with pytest.raises(
        ValueError, match=f"must be in {wrong}: .* Name its encoding, such as gb18030"
    ):
        read_task(path, encoding=wrong)
    with pytest.raises(ValueError, match="unknown encoding: klingon"):
        read_task(path, encoding="klingon")


def test_a_column_without_a_name_is_no_field(tmp_path):
    (tmp_path / "a.csv").write_text(",text1,text2,\n0,a,b,\n1,c,d,\n", encoding="utf-8")
    task = read_task(tmp_path / "a.csv")
    assert (type(task), task.texts2) == (BitextMiningTask, ["b", "d"])


PAIRS = [{"text": A, "positive_text": B}, {"text": A, "positive_text": "beach"}]
PAIRS += [{"text": "shuttle", "positive_text": C}]


@pytest.mark.parametrize(
    "records",
    [
        PAIRS,
        [record | {"negative_text": ""} for record in PAIRS],
        [record | {"negative_text": None} for record in PAIRS],
        [{"query": A, "pos": [B, "beach"]}, {"query": "shuttle", "pos": C}],
        [{"query": A, "pos": [B, "beach"], "neg": []}, {"query": "shuttle", "pos": [C], "neg": []}],
    ],
    ids=["pairs", "empty", "null", "bge", "bge empty"],
)
def test_pairs_look_for_the_positive_among_all(records, tmp_path):
    task = read_task(write(tmp_path / "pairs.jsonl", records))
    assert type(task) is RetrievalTask
    assert task.queries == {"q0": A, "q1": "shuttle"}
    assert task.corpus == {"d0": B, "d1": "beach", "d2": C}
    assert task.relevance == {"q0": {"d0": 1, "d1": 1}, "q1": {"d2": 1}}
    with pytest.raises(ValueError, match="kind must be a class that can read .*: RetrievalTask"):
        read_task(tmp_path / "pairs.jsonl", RerankingTask)


@pytest.mark.parametrize("negatives", [[], None, "absent"])
def test_one_record_without_negatives_spoils_no_file(negatives, tmp_path):
    records = [{"query": A, "pos": [B], "neg": negatives}, *FILES[RerankingTask]]
    if negatives == "absent":
        del records[0]["neg"]
    path = write(tmp_path / "mined.jsonl", records)
    with pytest.warns(UserWarning, match="1 of 2 records of .* have no 'neg', such as record 1"):
        task = read_task(path)
    assert (task.queries, task.negatives) == ([A], [[C, "a room"]])
    assert list(read_task(path, RetrievalTask).corpus.values()) == [B, C, "a room"]


def test_an_empty_cell_is_no_candidate(tmp_path):
    (tmp_path / "a.csv").write_text("query,pos,neg\nq,a,\nr,b,c\n", encoding="utf-8")
    with pytest.warns(UserWarning, match="left out"):
        assert read_task(tmp_path / "a.csv").queries == ["r"]
    assert list(read_task(tmp_path / "a.csv", RetrievalTask).corpus.values()) == ["a", "b", "c"]


def test_an_object_of_corpus_queries_and_relevant_docs(tmp_path):
    content = {
        "corpus": {"d1": B, "d2": C},
        "queries": {"q": A},
        "relevant_docs": {"q": ["d1"]},
    }
    (tmp_path / "search.json").write_text(json.dumps(content), encoding="utf-8")
    task = read_task(tmp_path / "search.json", name="search")
    assert task.relevance == {"q": {"d1": 1}}


def beir(folder, qrels="query-id\tcorpus-id\tscore\nq1\td1\t1\nq2\td1\t0\n", ids=("d1", "d2")):
    (folder / "qrels").mkdir()
    write(folder / "corpus.jsonl", [{"_id": one, "title": "T", "text": B} for one in ids])
    write(folder / "queries.jsonl", [{"_id": f"q{i}", "text": A} for i in (1, 2, 3)])
    (folder / "qrels" / "test.tsv").write_text(qrels, encoding="utf-8")
    return folder


def test_a_folder_names_its_task(tmp_path, monkeypatch):
    for name in ("v1.0", "v1.1"):
        (tmp_path / name).mkdir()
        assert read_task(beir(tmp_path / name)).name == name
    monkeypatch.chdir(tmp_path / "v1.1")
    assert read_task(".").name == "v1.1"


def test_a_beir_folder(tmp_path):
    task = read_task(beir(tmp_path), name="tiny")
    assert task.corpus == {"d1": f"T {B}", "d2": f"T {B}"}
    assert task.queries == {"q1": A}  # the others have nothing relevant in this split
    with pytest.raises(FileNotFoundError, match=re.escape("Splits in") + ".*: test"):
        read_task(tmp_path, split="dev")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.json", '[{"question": 1}]', "fields of one kind of task: .* Got question instead"),
        (
            "a.csv",
            "stars,review\n5,good\n5,fine\n1,bad\n1,poor\n",
            "Got stars, review instead: if .*, rename 'review' to 'text', 'stars' to 'label'.$",
        ),
        ("a.csv", "stars,review\n5,good\n4,fine\n", "Got stars, review instead: rename them.$"),
        ("a.json", '[{"query": "x", "pos": null, "neg": []}]', "value for 'pos'. Record 1"),
        ("a.json", "[]", "at least one record"),
        ("a.json", "{", "must hold JSON"),
        ("a.json", '{"corpus": {"d": "x", "d": "y"}}', "'d' must stand once in its object"),
        ("a.json", '{"corpus": {}}', "It lacks queries, relevant_docs"),
        ("a.jsonl", '{"text": "x", "label": 1}\n{oops', "Line 2 of .* must hold JSON"),
        ("a.parquet", "", "must be a BEIR folder or a file that ends in .json"),
        ("a.csv", "text1,text2,label\na,b,yes\n", "Every label of .* must be a number"),
        # found by fuzzing: each of these was some other error, or a task of odd documents
        ("a.jsonl", "3\n", "Line 1 of .* must hold an object. Got '3"),
        ("a.jsonl", '{"text": 3, "label": 1}', "'text' must be a text. Record 1 of .* has 3"),
        ("a.jsonl", '{"text": "x", "label": [1]}', "'label' must be a text or a number"),
        ("a.json", '[{"query": "x", "pos": [3], "neg": "y"}]', "'pos' must be a text or a list"),
        ("a.json", '[{"text": "a", "scored_text": "b", "score": 1e999}]', "'score' must be a num"),
        ("a.json", '{"corpus": {"d": 1}, "queries": {}, "relevant_docs": {}}', "corpus of .* must"),
        ("a.json", '{"corpus": {}, "queries": [], "relevant_docs": {}}', "queries of .* must"),
        ("a.json", '{"corpus": {}, "queries": {}, "relevant_docs": 3}', "relevant_docs of .* must"),
        ("a.json", '{"corpus": {}, "queries": {}, "relevant_docs": {"q": "d1"}}', "list of ids"),
        ("a.json", "[" * 100_000, "must hold JSON"),
        ("a.json", "1" * 5000, "must hold JSON"),
        ("a.csv", "", "must hold a table with a header"),
        (
            "a.csv",
            'text,label\n"a,b\n',
            "must hold a table: a quotation mark is not closed in the cells from line 2",
        ),
        (
            "a.csv",
            "text,label\na,x\n\nb, c,y\n",
            "cells as its header, 2. Got 3 in line 4, .* comma",
        ),
        ("a.csv", "text,label\na, b,x\nc, d,y\n", "cells as its header, 2. Got 3 in line 2"),
        ("a.csv", "text,label\na,x\nb\n", "cells as its header, 2. Got 1 in line 3"),
        ("a.tsv", "text\tlabel\na\tb\tx\n", "Got 3 in line 2, .* no cell may hold a tab"),
        ("a.csv", "text,text,label\na,b,x\n", "must name each column once"),
        ("a.csv", "text,label\na,x\nb,\n", "value for 'label'. Record 2 of .* has none"),
        ("a.jsonl", '{"text": "x", "label": NaN}', "value for 'label'. Record 1 of .* has none"),
        ("a.csv", "text1,text2,label\na,b,1\nc,d,1.5\n", "must be 0 or 1. Got 1.5 .* 'score'"),
        ("a.csv", "text1,text2,score\na,b,\n", "value for 'score'. Record 1 of .* has none"),
        ("a.csv", "query,pos,neg\na,,b\n", "value for 'pos'. Record 1 of .* has none"),
        (
            "a.csv",
            'query,pos,neg\na,"[""b"", ""c""]",d\n',
            "one text, .* write such records as JSON",
        ),
        ("a.tsv", "query\tpos\tneg\na\tb\t['c']\n", "one text, .* write such records as JSON"),
    ],
)
def test_bad_files_are_named(name, text, message, tmp_path):
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        read_task(tmp_path / name)


def test_bad_beir_folders_and_classes_are_named(tmp_path):
    for name in ("twice", "unknown"):
        (tmp_path / name).mkdir()
    with pytest.raises(ValueError, match="'d1' of record 2"):
        read_task(beir(tmp_path / "twice", ids=("d1", "d1")))
    with (
        pytest.raises(ValueError, match="corpus id 'd9', which is unknown"),
        pytest.warns(UserWarning, match="judges 1 document that corpus.jsonl lacks"),
    ):
        read_task(beir(tmp_path / "unknown", qrels="q1\td9\t1\n"))
    path = write(tmp_path / "pairs.json", FILES[STSTask])
    with pytest.raises(ValueError, match="kind must be .* STSTask; or None. Got RetrievalTask"):
        read_task(path, RetrievalTask)
    with pytest.raises(ValueError, match="kind must be .* STSTask; or None. Got 'pairs' instead"):
        read_task(path, "pairs")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("qrels/test.tsv", "q1\n", "Line 1 of .*test.tsv must hold the ids .* Got \\['q1'\\]"),
        ("qrels/test.tsv", "q1\td1\tmuch\n", "Line 1 of .* a grade"),
        ("qrels/test.tsv", "q1\td1\t1\nq1\td1\t0\n", "Line 2 of .* with 1, it says 0"),
        ("qrels/test.tsv", f"q1\td1\t{'x' * 200_000}\n", "test.tsv must be a table"),
        ("corpus.jsonl", '{"text": "x"}', "Record 1 of .*corpus.jsonl has None, 'x'"),
        (
            "queries.jsonl",
            '{"_id": "q1", "text": null}',
            "Record 1 of .*queries.jsonl has 'q1', None",
        ),
        ("queries.jsonl", "\udcff", "queries.jsonl must be in utf-8"),
    ],
)
def test_bad_files_of_a_beir_folder_are_named(name, content, message, tmp_path):
    (beir(tmp_path) / name).write_text(content, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(ValueError, match=message):
        read_task(tmp_path)


def test_blank_lines_of_judgements_are_left_out(tmp_path):
    task = read_task(beir(tmp_path, qrels="\nq1\td1\t1\n\n"))
    assert task.relevance == {"q1": {"d1": 1.0}}


def judging(folder, judged, queries=("q1", "q2"), corpus=("a", "b", "c")):
    """Write a BEIR folder whose texts are their ids."""
    (folder / "qrels").mkdir()
    lines = ["query-id\tcorpus-id\tscore", *("\t".join(map(str, one)) for one in judged)]
    (folder / "qrels" / "test.tsv").write_text("\n".join(lines), encoding="utf-8")
    for name, ids in (("queries", queries), ("corpus", corpus)):
        write(folder / f"{name}.jsonl", [{"_id": one, "text": f"text {one}x"} for one in ids])
    return folder


def test_judged_documents_that_the_corpus_lacks_count_as_not_found(tmp_path):
    judged = [("q1", "a", 1), ("q1", "gone", 2), ("q2", "b", 1), ("q2", "away", 0)]
    with pytest.warns(UserWarning, match="judges 2 documents .* such as 'gone': where relevant"):
        task = read_task(judging(tmp_path, judged))
    table = {"text ax": [1, 0], "text bx": [0, 1], "text cx": [1, 1]}
    vectors = table | {"text q1x": [1, 0], "text q2x": [0, 1]}
    found = task.evaluate(Table(vectors), k=3)
    # As trec_eval has it: the ideal ranking of q1 holds both, 2 / log2(2) + 1 / log2(3).
    assert found.rows["nDCG@3"].tolist() == pytest.approx([1 / (2 + 1 / np.log2(3)), 1.0])
    assert found.rows["recall@3"].tolist() == [0.5, 1.0]
    assert found.rows["expected"][0] == ["text ax", "(gone, which the corpus lacks)"]
    with pytest.raises(ValueError, match="corpus id 'gone', which is unknown"):
        RetrievalTask(task.queries, task.corpus, task.relevance)
    with pytest.raises(ValueError, match="absent must be one of 'raise', 'count'"):
        RetrievalTask(task.queries, task.corpus, task.relevance, absent="skip")


def test_judged_queries_without_a_text_are_left_out(tmp_path):
    folder = judging(tmp_path, [("q1", "a", 1), ("q9", "a", 1)])
    with pytest.warns(UserWarning, match=r"judges 1 query that queries.jsonl lacks, such as 'q9'"):
        assert read_task(folder).queries == {"q1": "text q1x"}


@pytest.mark.parametrize("line", ['{"text": "a", "text": "b", "label": 1}', "[" * 100_000])
def test_lines_of_json_that_no_record_can_be(line, tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "a", "label": 1}\n' + line, encoding="utf-8")
    with pytest.raises(
        ValueError, match=r"Line 2 of .*a.jsonl must hold JSON: ('text'|it is nested too deeply)"
    ):
        read_task(path)


def test_a_label_with_few_texts_takes_fewer_folds(tmp_path):
    records = [{"text": f"{A} {i}", "label": label} for i, label in enumerate("aaaaaabbb")]
    path = write(tmp_path / "a.jsonl", records)
    with pytest.warns(UserWarning, match="3 texts with the label 'b': cross-validation takes 3"):
        task = read_task(path)
    assert "3-fold" in task.description
    assert "2-fold" in read_task(path, n_splits=2).description
    path = write(tmp_path / "b.jsonl", records[:7])
    with pytest.raises(ValueError, match=r"Got 1 of 'b' instead: drop or merge the label\.$"):
        read_task(path)


def test_lone_surrogates_are_labels_and_ids_like_others(tmp_path):
    records = [
        {"text": f"{'sea' if i % 2 else 'bus'} {i}", "label": "a\ud800"[: 1 + i % 2]}
        for i in range(20)
    ]
    path = tmp_path / "labels.jsonl"
    path.write_text("\n".join(map(json.dumps, records)), encoding="ascii")
    assert read_task(path).evaluate(TfidfVectorizer())["accuracy"] == 1
    content = {"corpus": {"\ud800": "sea", "b": "bus"}, "queries": {"\udfff": "the sea"}}
    content["relevant_docs"] = {"\udfff": ["\ud800"]}
    path = tmp_path / "ids.json"
    path.write_text(json.dumps(content), encoding="ascii")
    assert read_task(path).evaluate(TfidfVectorizer())["MRR@10"] == 1


def test_a_dictionary_is_read_in_each_form(tmp_path):
    into = KeyedVectors([[1.0, 0.2], [0.0, 1.0]], ["海", "山"])
    lines = [("sea", "海"), ("sea", "海洋"), ("mountain", "山")]
    muse = "\n".join(f"{a}{gap}{b}" for (a, b), gap in zip(lines, (" ", "\t", "  ")))
    (tmp_path / "muse.txt").write_text(muse + "\r\n\n", encoding="utf-8")
    table = "word\ttranslation\n" + "\n".join(map("\t".join, lines))
    (tmp_path / "table.tsv").write_text(table, encoding="utf-8")
    records = [dict(zip(("word", "translation"), pair)) for pair in lines]
    write(tmp_path / "records.jsonl", records)
    english = KeyedVectors([[3.0, 1.0], [0.0, 2.0]], ["sea", "mountain"])
    for name in ("muse.txt", "table.tsv", "records.jsonl"):
        task = read_task(tmp_path / name, into=into, language="en-zh", metric="cosine")
        assert type(task) is WordTranslationTask
        assert list(zip(task.words, task.translations)) == lines
        assert task.evaluate(english)["precision@1"] == 1
        with pytest.raises(ValueError, match=r"takes the table of .* into=KeyedVectors"):
            read_task(tmp_path / name)
    (tmp_path / "bad.txt").write_text("sea 海\nsea level 海平面\n", encoding="utf-8")
    with pytest.raises(ValueError, match="Got 'sea level 海平面' in line 2 instead"):
        read_task(tmp_path / "bad.txt", into=into)
    (tmp_path / "none.txt").write_text("\n", encoding="utf-8")
    with pytest.raises(ValueError, match="at least one record"):
        read_task(tmp_path / "none.txt", into=into)
