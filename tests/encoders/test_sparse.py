import json
import pickle
import shutil

import numpy as np
import pytest
from scipy import sparse
from sklearn import config_context
from sklearn.base import clone

import textvec
from textvec import SparseTransformerVectorizer

from .tiny_models import write_bert

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return str(write_bert(tmp_path_factory.mktemp("splade"), "BertForMaskedLM"))


def clean(texts):
    return [text.encode("utf-8", "replace").decode() for text in texts]


@pytest.mark.parametrize("pooling", ["max", "sum"])
def test_weights_follow_the_formula(folder, texts, pooling):
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModelForMaskedLM.from_pretrained(folder).eval()
    with torch.no_grad():
        assert model.get_output_embeddings().bias is not None
    expected = []
    for text in clean(texts):
        ids = tokenizer(text, return_tensors="pt", truncation=True, max_length=64)
        with torch.inference_mode():
            weights = torch.log1p(torch.relu(model(**ids).logits[0]))
        expected.append((weights.amax(dim=0) if pooling == "max" else weights.sum(dim=0)).numpy())
    vectorizer = SparseTransformerVectorizer(folder, pooling=pooling)
    found = vectorizer.fit_transform(texts)
    assert sparse.issparse(found)
    assert found.dtype == np.float32
    assert found.has_canonical_format
    assert found.nnz == np.count_nonzero(found.data) < found.shape[0] * found.shape[1]
    np.testing.assert_allclose(found.toarray(), expected, rtol=1e-5, atol=1e-5)
    names = vectorizer.get_feature_names_out()
    assert names.tolist() == tokenizer.convert_ids_to_tokens(range(found.shape[1]))


def test_the_same_as_sentence_transformers(folder, texts):
    library = pytest.importorskip("sentence_transformers")
    reference = library.SparseEncoder(folder, device="cpu")
    expected = reference.encode(
        clean(texts), convert_to_sparse_tensor=False, convert_to_tensor=True
    )
    found = SparseTransformerVectorizer(folder).transform(texts).toarray()
    np.testing.assert_allclose(found, expected.cpu().numpy(), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("activation", ["relu", "log1p_relu"])
@pytest.mark.parametrize("pooling", ["max", "sum"])
def test_what_the_models_files_say(folder, texts, tmp_path, pooling, activation):
    library = pytest.importorskip("sentence_transformers")
    from sentence_transformers.sparse_encoder.modules import MLMTransformer, SpladePooling

    modules = [MLMTransformer(folder), SpladePooling(pooling, activation)]
    reference = library.SparseEncoder(modules=modules, device="cpu")
    reference.save(str(tmp_path))
    expected = reference.encode(clean(texts), convert_to_sparse_tensor=False).cpu().numpy()
    vectorizer = SparseTransformerVectorizer(tmp_path)
    found = vectorizer.fit_transform(texts).toarray()
    assert vectorizer.pooling_ == pooling
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
    other = SparseTransformerVectorizer(tmp_path, pooling={"max": "sum", "sum": "max"}[pooling])
    assert np.abs(other.transform(texts).toarray() - expected).max() > 0.1


def test_files_that_say_what_is_not_known(folder, tmp_path):
    copied = shutil.copytree(folder, tmp_path / "model")
    (copied / "1_SpladePooling").mkdir()
    said = {"pooling_strategy": "max", "activation_function": "gelu"}
    (copied / "1_SpladePooling" / "config.json").write_text(json.dumps(said))
    with pytest.raises(ValueError, match="activation_function in the files of .* Got 'gelu'"):
        SparseTransformerVectorizer(copied).transform(["a"])


def test_a_pooling_set_later_is_the_one_used(folder, texts):
    vectorizer = SparseTransformerVectorizer(folder, pooling="max").fit(texts)
    vectorizer.set_params(pooling="sum").get_feature_names_out()  # loads the network
    expected = SparseTransformerVectorizer(folder, pooling="sum").transform(texts)
    assert (vectorizer.transform(texts) != expected).nnz == 0


def test_showing_an_estimator_needs_no_model():
    far = SparseTransformerVectorizer("nobody/nothing")
    assert "nobody/nothing" in far._repr_mimebundle_()["text/html"]
    with pytest.raises(ValueError, match="not fitted"):
        far.get_feature_names_out()


def test_no_batch_of_guesses_is_ever_made(folder, texts, monkeypatch):
    sizes = []
    linear = torch.nn.Linear.forward

    def watched(self, states):
        result = linear(self, states)
        if result.shape[-1] == n_columns:
            sizes.append(tuple(result.shape))
        return result

    vectorizer = SparseTransformerVectorizer(folder).fit(texts)
    n_columns = len(vectorizer.get_feature_names_out())
    monkeypatch.setattr(torch.nn.Linear, "forward", watched)
    vectorizer.transform(texts)
    assert len(sizes) == len(texts)
    assert {len(size) for size in sizes} == {2}  # tokens x vocabulary, one text at a time


def test_copies_files_and_the_class_of_the_result(folder, tmp_path):
    vectorizer = SparseTransformerVectorizer(folder)
    expected = vectorizer.transform(["the sea", ""]).toarray()
    vectorizer.save(tmp_path / "file")
    content = pickle.dumps(vectorizer)
    assert len(content) < 2000
    for copy in (pickle.loads(content), clone(vectorizer), textvec.load(tmp_path / "file")):
        np.testing.assert_array_equal(copy.transform(["the sea", ""]).toarray(), expected)
    assert isinstance(vectorizer.transform(["a"]), sparse.csr_matrix)
    with config_context(sparse_interface="sparray"):
        assert isinstance(vectorizer.transform(["a"]), sparse.csr_array)
    assert vectorizer.transform([]).shape == (0, expected.shape[1])


def test_bad_input(folder):
    with pytest.raises(ValueError, match="pooling must be one of 'auto', 'max', 'sum'"):
        SparseTransformerVectorizer(folder, pooling="mean").fit(["a"])
    with pytest.raises(TypeError, match="Each document must be a str. Got 3"):
        SparseTransformerVectorizer(folder).transform([3])
    with pytest.raises(ValueError, match="max_length must be at least 1"):
        SparseTransformerVectorizer(folder, max_length=0).transform(["a"])
    with pytest.raises(ValueError, match="max_length must be at least 3 .* at most 64"):
        SparseTransformerVectorizer(folder, max_length=65).transform(["a"])


def test_a_network_without_the_head(tiny):
    """The library would weigh tokens by a head of random weights."""
    with pytest.raises(ValueError, match="no head for masked language modelling.*lacks cls"):
        SparseTransformerVectorizer(tiny).transform(["a"])
