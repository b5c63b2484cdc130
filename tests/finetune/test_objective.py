"""From records to rows and batches: who is no negative of whom, and what a column holds."""

import numpy as np
import pytest

from textvec.finetune.objective import (
    _embed,
    _embed_all,
    columns_of,
    no_negatives,
    tokens_of,
)
from textvec.finetune.records import read_records

torch = pytest.importorskip("torch")


def test_who_is_no_negative_of_whom():
    queries, positives, negatives = (
        torch.tensor(column) for column in ([0, 1, 0, 3], [4, 5, 6, 4], [7, 7, 1, 4])
    )
    found = no_negatives([queries, positives, negatives]).int().tolist()
    assert found == [
        [0, 0, 1, 1, 0, 1, 0, 1],  # its query's other answer; its own answer, again; 7 twice
        [0, 0, 0, 1, 0, 1, 1, 1],  # text 4 counts once for others; its own query is no negative
        [1, 0, 0, 1, 0, 1, 0, 1],
        [1, 0, 0, 0, 0, 1, 0, 1],
    ]


def test_classes_are_no_negatives():
    ids = [torch.arange(4), torch.arange(4, 8)]
    found = no_negatives(ids, torch.tensor([0, 1, 0, 2])).int().tolist()
    assert found == [[0, 0, 1, 0], [0, 0, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]


def test_rows_of_labels_are_pairs_of_one_class():
    records = read_records(
        [f"{label}{i}" for label in "ab" for i in range(6)] + ["c"], ["a"] * 6 + ["b"] * 6 + ["c"]
    )
    random = np.random.RandomState(0)
    found = columns_of(records, "infonce", 7, random)
    assert len(found["first"]) == 12 * 4 + 1
    for first, second, label in zip(*found.values()):
        assert first[0] == second[0] == "abc"[label]
        assert first != second or first == "c"
    scored = columns_of(records, "cosent", 7, random)
    assert sum(scored["label"]) == len(scored["label"]) / 2
    for first, second, score in zip(*scored.values()):
        assert (first[0] == second[0]) == score


def test_rows_have_as_many_negatives():
    rows = [
        {"query": "q", "pos": ["p"], "neg": ["n", "m", "l"]},
        {"query": "r", "pos": ["s"], "neg": ["o"]},
        {"query": "t", "pos": ["u"], "neg": []},
    ]
    found = columns_of(read_records(rows), "infonce", 2, None)
    assert found["negative_0"] == ["n", "o", "u"]
    assert found["negative_1"] == ["m", "o", "u"]
    assert "negative_2" not in found


def test_texts_of_like_length_go_together(tiny):
    """Columns of unequal width, in any order: the same vectors, of fewer tokens."""
    sentence_transformers = pytest.importorskip("sentence_transformers")
    model = sentence_transformers.SentenceTransformer(str(tiny), device="cpu").eval()
    first = ["the sea", "a hotel by the sea with a view " * 3, "view"] * 8
    second = ["a quiet room " * 5, "the", "room by the sea"] * 8
    columns = [tokens_of(model, texts) for texts in (first, second)]
    assert columns[0]["input_ids"].shape != columns[1]["input_ids"].shape
    asked = []
    model[0].register_forward_pre_hook(lambda _, given: asked.append(given[0]["input_ids"].numel()))
    with torch.no_grad():
        expected = [_embed(model, column) for column in columns]
        n_before, asked[:] = sum(asked), []
        found = _embed_all(model, columns)
    assert sum(asked) < 0.7 * n_before
    for one, other in zip(found, expected):
        assert torch.allclose(one, other, atol=1e-5)
    model.tokenizer.padding_side = "left"  # then the first tokens of a row are none of its own
    columns = [tokens_of(model, texts) for texts in (first, second)]
    with torch.no_grad():
        found = _embed_all(model, columns)
        for one, column in zip(found, columns):
            assert torch.allclose(one, _embed(model, column), atol=1e-5)
