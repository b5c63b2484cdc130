"""The tokenizer of a reranker's folder: how it cuts pairs, and how much of them is read."""

import json

import numpy as np
import pytest

from textvec.encoders.reranker import CrossEncoderReranker

from .tiny_models import write_bert

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

LONG = ("sea view", "the quiet room " * 4 + "hotel")


def scored(folder, pair, length):
    """Return what the network says of a pair that the folder's tokenizer cuts to a length."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokens = tokenizer(*pair, return_tensors="pt", truncation="longest_first", max_length=length)
    with torch.inference_mode():
        return torch.sigmoid(model(**tokens).logits[0, 0]).item()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("reranker")
    return write_bert(path, "BertForSequenceClassification", num_labels=1)


def rewritten(folder, name, change):
    """Change a file of JSON in a folder."""
    content = json.loads((folder / name).read_text("utf-8"))
    change(content)
    (folder / name).write_text(json.dumps(content), "utf-8")


def test_it_reads_as_much_as_the_folder_says(folder):
    whole, part = scored(folder, LONG, 64), scored(folder, LONG, 9)
    assert abs(whole - part) > 0.01
    assert CrossEncoderReranker(folder).score([LONG]) == pytest.approx(whole, abs=1e-5)
    cut = CrossEncoderReranker(folder, max_length=9)
    assert cut.score([LONG]) == pytest.approx(part, abs=1e-5)


def test_it_cuts_as_the_files_of_the_folder_say(tmp_path):
    folder = write_bert(tmp_path, "BertForSequenceClassification", num_labels=1)
    before = CrossEncoderReranker(folder).score([LONG])

    def shorten(content):
        content["model_max_length"] = 9

    def swap(content):
        words = content["model"]["vocab"]
        words["sea"], words["quiet"] = words["quiet"], words["sea"]

    for name, change in {"tokenizer_config.json": shorten, "tokenizer.json": swap}.items():
        rewritten(folder, name, change)
        found = CrossEncoderReranker(folder).score([LONG])
        assert found == pytest.approx(scored(folder, LONG, 9), abs=1e-5)
        assert abs(found - before) > 0.01
        before = found


def test_what_looks_for_tokens_without_a_row_has_a_tokenizer_of_its_own(folder):
    """Whether it cuts is a state of one: a thread that looks would have others read all."""
    reranker = CrossEncoderReranker(folder, max_length=9)
    scores = reranker.score([LONG])
    _, network, rows = reranker._network()
    kept = network.tokenizer.backend_tokenizer.truncation
    assert kept["max_length"] == 9
    assert len(rows.tokenizer(*LONG)["input_ids"]) > 9
    assert network.tokenizer.backend_tokenizer.truncation == kept
    np.testing.assert_array_equal(reranker.score([LONG]), scores)
