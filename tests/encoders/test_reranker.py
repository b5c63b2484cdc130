import json
import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

import textvec
from textvec.encoders.reranker import CrossEncoderReranker

from .tiny_models import write_bert

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("reranker")
    return write_bert(path, "BertForSequenceClassification", num_labels=1)


DOCUMENTS = ["a room with a sea view", "quiet hotel", "", "the sea", "海景房间", "the sea"]


def test_scores_are_the_networks(folder):
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(folder).eval()
    expected = []
    for document in DOCUMENTS:
        with torch.inference_mode():
            pair = tokenizer([["sea view", document]], return_tensors="pt")
            logit = model(**pair).logits[0, 0]
        expected.append(torch.sigmoid(logit).item())
    reranker = CrossEncoderReranker(folder, batch_size=2)
    scores = reranker.score([("sea view", document) for document in DOCUMENTS])
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, expected, atol=1e-5)
    assert np.ptp(scores) > 0.01

    best, order = reranker.rank("sea view", DOCUMENTS)
    np.testing.assert_allclose(best, np.sort(expected)[::-1], atol=1e-5)
    assert order.tolist().index(3) + 1 == order.tolist().index(5)  # equal texts keep their order
    assert reranker.rank("sea view", DOCUMENTS, k=2)[1].tolist() == order[:2].tolist()


def test_copies_and_files_hold_no_weights(folder, tmp_path):
    reranker = CrossEncoderReranker(str(folder), batch_size=3, max_length=40)
    scores = reranker.score([("a", "the sea")])
    reranker.save(tmp_path / "reranker.textvec")
    assert (tmp_path / "reranker.textvec").stat().st_size < 4000
    again = textvec.load(tmp_path / "reranker.textvec")
    assert again.get_params() == reranker.get_params()
    content = pickle.dumps(reranker)
    assert len(content) < 2000
    for copy in (pickle.loads(content), clone(reranker), again):
        np.testing.assert_array_equal(copy.score([("a", "the sea")]), scores)


@pytest.mark.parametrize("length", [3, 65])
def test_lengths_that_there_are(folder, length):
    with pytest.raises(ValueError, match=f"at least 4 .*3 special .* at most 64.*Got {length}"):
        CrossEncoderReranker(folder, max_length=length).score([("a", "sea " * 99)])


def test_bad_input(folder, tmp_path):
    reranker = CrossEncoderReranker(folder)
    assert reranker.score([]).shape == (0,)
    with pytest.raises(ValueError, match=r"Each pair must be two str. Got \('a', None\) at 1"):
        reranker.score([("a", "b"), ("a", None)])
    with pytest.raises(ValueError, match="Each pair must be two str. Got 'ab' at 0"):
        reranker.score(["ab", "cd"])
    with pytest.raises(ValueError, match="Iterable over raw text documents expected"):
        reranker.rank("sea", "the room")
    with pytest.raises(TypeError, match=r"query must be a str. Got \['sea'\] instead"):
        reranker.rank(["sea"], ["the room"])
    table = pd.DataFrame({"ab": ["the room", "sea"], "cd": ["a", "b"]})
    with pytest.raises(TypeError, match="Got a table with the columns 'ab', 'cd'"):
        reranker.rank("sea", table)
    with pytest.raises(ValueError, match="Each pair must be two str. Got 'ab' at 0"):
        reranker.score(table)
    with pytest.raises(ValueError, match="k must be at least 1"):
        reranker.rank("a", ["b"], k=0)
    with pytest.raises(FileNotFoundError, match="There is no folder './none'"):
        CrossEncoderReranker("./none").score([("a", "b")])
    write_bert(tmp_path, "BertForSequenceClassification", num_labels=3)
    with pytest.raises(ValueError, match="gives 3 scores a pair"):
        CrossEncoderReranker(tmp_path).score([("a", "b")])


def test_lone_surrogates_are_question_marks(folder):
    reranker = CrossEncoderReranker(folder)
    scores, _ = reranker.rank("a \ud800", ["the \udfff sea"])
    np.testing.assert_array_equal(scores, reranker.score(np.array([["a ?", "the ? sea"]])))


def test_a_folder_that_is_not_whole(tmp_path):
    write_bert(tmp_path, "BertForSequenceClassification", num_labels=1)
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(FileNotFoundError, match="no whole model: it lacks weights"):
        CrossEncoderReranker(tmp_path).score([("a", "b")])


@pytest.mark.parametrize("says", [["BertForSequenceClassification"], None])
def test_weights_without_the_head(tmp_path, says):
    """The library would score by a head of random weights, whatever the folder says that it is."""
    write_bert(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    config |= {"architectures": says, "id2label": {"0": "relevant"}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(ValueError, match="lacks 2 weights .* such as classifier.bias, clas"):
        CrossEncoderReranker(tmp_path).score([("a", "b")])


def test_a_network_without_the_head(tiny):
    """The library would score by a head of random weights."""
    with pytest.raises(ValueError, match="no head that scores pairs: .*BertModel"):
        CrossEncoderReranker(tiny).score([("a", "b")])


def test_pairs_are_a_list(folder):
    for pairs in (None, 3):
        with pytest.raises(TypeError, match="pairs must be an iterable of pairs of str. Got "):
            CrossEncoderReranker(folder).score(pairs)
