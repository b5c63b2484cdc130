"""What can be learned from, in whatever it comes, and what is refused by its row."""

import json
from pathlib import Path

import pandas as pd
import pytest

from textvec.finetune.records import as_parts, read_records

CORPUS = {"queries": {"q": "a"}, "corpus": {"d": "b"}, "relevant_docs": {"q": ["d"]}}
PAIRS = [("a", "b"), ("c", "d"), ("e", "f")]
ROWS = [{"text1": a, "text2": b, "score": s} for (a, b), s in zip(PAIRS, (0, 2.5, 5))]


def test_texts_and_labels():
    found = read_records(["a", "b", "c"])
    assert (found.kind, found.columns) == ("texts", (["a", "b", "c"],))
    found = read_records(["a", "b", "c"], ["x", "y", "x"])
    assert (found.kind, found.targets) == ("labels", ["x", "y", "x"])
    rows = [{"text": "a", "label": 1}, {"text": "b", "label": 2}]
    assert read_records(rows).targets == [1, 2]


def test_pairs_and_triplets():
    found = read_records(PAIRS)
    assert (found.kind, found.asked) == ("pairs", False)
    assert found.columns == (["a", "c", "e"], ["b", "d", "f"])
    found = read_records([("a", "b", "c"), ("d", "e", ["f", "g"])])
    assert found.kind == "triplets"
    assert found.columns == (["a", "d"], ["b", "e"], [["c"], ["f", "g"]])
    rows = [{"query": "q", "pos": ["p", "r"], "neg": ["n"]}, {"query": "s", "pos": "t", "neg": []}]
    found = read_records(rows)
    assert found.columns == (["q", "q", "s"], ["p", "r", "t"], [["n"], ["n"], []])
    assert found.asked
    without = [{"query": "q", "pos": ["p"]}, {"query": "s", "pos": ["t"]}]
    assert read_records(without).kind == "pairs"
    rows = [{"text": "a", "positive_text": "b"}, {"text": "c", "positive_text": "d"}]
    assert read_records(rows).columns == (["a", "c"], ["b", "d"])
    assert not read_records(rows).asked
    assert read_records([{"text1": "a", "text2": "b"}] * 2).kind == "pairs"


def test_scores_lie_from_0_to_1_whatever_their_scale():
    found = read_records(ROWS)
    assert (found.kind, found.targets, found.scale) == ("scores", [0, 0.5, 1], (0, 5))
    assert read_records(PAIRS, [0, 1, 0]).targets == [0, 1, 0]
    assert read_records(PAIRS, [-1, 1, 0.5]).targets == [-1, 1, 0.5]
    assert read_records(PAIRS, [0, 50, 100]).scale == (0, 100)
    rows = [
        {"text": "a", "scored_text": "b", "score": 1},
        {"text": "a", "scored_text": "c", "score": "0"},
    ]
    assert read_records(rows).targets == [1, 0]
    rows = [{"text1": "a", "text2": "b", "label": 1}, {"text1": "c", "text2": "d", "label": 0}]
    assert read_records(rows).targets == [1, 0]


def test_containers(tmp_path):
    datasets = pytest.importorskip("datasets")
    expected = read_records(ROWS)
    assert read_records(pd.DataFrame(ROWS)) == expected
    assert read_records(datasets.Dataset.from_list(ROWS)) == expected
    assert read_records(row for row in ROWS) == expected
    for ending in ("jsonl", "json", "csv", "tsv"):
        path = tmp_path / f"records.{ending}"
        if ending == "jsonl":
            path.write_text("\n".join(map(json.dumps, ROWS)))
        elif ending == "json":
            path.write_text(json.dumps(ROWS))
        else:
            pd.DataFrame(ROWS).to_csv(path, index=False, sep="," if ending == "csv" else "\t")
        assert read_records(Path(path)) == expected


def test_a_corpus_as_llama_index_writes_it(tmp_path):
    corpus = {
        "queries": {"q1": "a", "q2": "b"},
        "corpus": {"d1": "x", "d2": "y"},
        "relevant_docs": {"q1": ["d2"], "q2": ["d1", "d2"]},
    }
    found = read_records(corpus)
    assert found.columns == (["a", "b", "b"], ["y", "x", "y"])
    assert found.asked
    path = tmp_path / "pairs.json"
    path.write_text(json.dumps(corpus))
    assert read_records(path) == found
    corpus["relevant_docs"]["q1"] = ["d3"]
    with pytest.raises(ValueError, match="corpus of X lacks 'd3'"):
        read_records(corpus)


@pytest.mark.parametrize(
    ("X", "y", "said"),
    [
        ([], None, "at least one"),
        (["a"], None, "at least two records. Got 1"),
        ([("a", "b")], None, "at least two records. Got 1"),
        (["a", "b"], ["x", "x"], "Labels must differ.* Got 'x' alone"),
        (["a", "b"], ["x"], "a label for each of 2 texts. Got 1"),
        (["a", "b"], ["x", None], "Row 1 has None"),
        (PAIRS, ["x", "y", "x"], "must be scores, numbers. Got 'x' in row 0.*labels are of texts"),
        (PAIRS, [1, 2], "a score for each of 3 pairs. Got 2"),
        (PAIRS, [1, 1, 1], "Scores must differ.* Got 1 alone"),
        (PAIRS, [0, 500, -7], "must lie on a scale.* go from -7 to 500"),
        (PAIRS * 10, [0, 3, 5] * 9 + [0, 50, 5], "29 of 30 in y go from 0 to 5; row 28 has 50"),
        ([("a", "b", "c")] * 2, [1, 0], "None for triplets"),
        ([("a", "b"), ("c",)], None, r"must hold 2 texts.*\('c',\) in row 1"),
        ([("a", "b"), ("c", 3)], None, "Row 1 has 3"),
        ([("a", "b"), ("c", " ")], None, "Row 1 of X has ' '"),
        (
            [{"query": "a", "pos": ["b"]}, {"query": "c", "pos": []}],
            None,
            "Row 1 .* 'pos'. Got none",
        ),
        ([{"query": "a", "pos": ["b"]}, {"pos": ["c"]}], None, "'query'. Row 1 of X has none"),
        ([{"query": "a", "pos": ["b"], "neg": [7]}] * 2, None, r"'neg'. Row 0 of X has \[7\]"),
        ([{"sentence": "a"}] * 2, None, "fields of one kind.* Got sentence instead: rename"),
        (ROWS, [1, 2, 3], "y must be None where records name"),
        ([3, 4], None, "Got 3 in row 0"),
        (3, None, "must hold texts.* Got 3 instead"),
        ([{"text": "a", "label": 1}, ["b", 2]], None, r"must have fields.* Row 1 has \['b', 2\]"),
        ([{"text": "a"}, 0], None, "must have fields.* Row 1 has 0"),
        (
            [{"text": "a"}, {"text": 7}],
            None,
            "Every row of X must have a text in 'text'. Row 1 has 7",
        ),
        ([{"text": "a", "label": ["x"]}] * 2, None, r"must have a label. Row 0 has \['x'\]"),
        ([{"query": "a", "pos": 7}] * 2, None, "'pos'. Row 0 of X has 7"),
        (
            {**CORPUS, "queries": {"q": 7}},
            None,
            "queries of X must have a text for each id. Got .'q': 7",
        ),
        ({**CORPUS, "corpus": ["b"]}, None, "corpus of X must have a text for each id"),
    ],
)
def test_what_is_refused(X, y, said):
    with pytest.raises(ValueError, match=said):
        read_records(X, y)


def test_one_str_and_what_is_no_text():
    with pytest.raises(ValueError, match=r"pathlib.Path .* Got a string object.*'records.jsonl'"):
        read_records("records.jsonl")
    with pytest.raises(TypeError, match=r"None .* at 1"):
        read_records(["a", None, "c"])
    with pytest.raises(TypeError, match="one column of texts. Got a table.* 'sea', 'room'"):
        read_records(pd.DataFrame({"sea": ["a", "b"], "room": ["c", "d"]}))


LOSSES = {"infonce": {"pairs", "texts"}, "cosent": {"scores"}, "triplet_cosent": {"triplets"}}


def test_parts_have_a_loss_each():
    X = {"sts": (ROWS, "cosent"), "search": PAIRS}
    parts = as_parts(X, None, LOSSES, "auto")
    assert [(records.kind, loss) for records, loss in parts.values()] == [
        ("scores", "cosent"),
        ("pairs", "infonce"),
    ]
    assert [loss for _, loss in as_parts(ROWS, None, LOSSES, "auto").values()] == ["cosent"]
    with pytest.raises(ValueError, match="'cosent' is not for pairs, which X holds. .* infonce"):
        as_parts(PAIRS, None, LOSSES, "cosent")
    with pytest.raises(ValueError, match="loss must be one of 'auto', 'infonce'"):
        as_parts(PAIRS, None, LOSSES, "mse")
    with pytest.raises(ValueError, match="y must be None where X holds records of several"):
        as_parts(X, [1], LOSSES, "auto")
