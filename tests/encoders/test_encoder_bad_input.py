"""Encoders refuse what they cannot use, and say what they can."""

import json
import os
import shutil
import warnings

import numpy as np
import pytest

from textvec import SparseTransformerVectorizer, TransformerVectorizer
from textvec.encoders import encoder as encoder_module
from textvec.encoders.cache import EncodingCache

from .tiny_models import write_bert

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
sentence_transformers = pytest.importorskip("sentence_transformers")

pytestmark = pytest.mark.filterwarnings("ignore:.*was trained with pooling:UserWarning")

# ------------------------------------------------------------------------------------ bad input


def test_another_pooling_warns_once(tiny):
    encoder_module._warned.clear()
    message = "was trained with pooling 'mean': with 'cls' its vectors are likely to be worse"
    with pytest.warns(UserWarning, match=message):
        TransformerVectorizer(tiny, pooling="cls").transform(["a"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        TransformerVectorizer(tiny, pooling="cls").transform(["a"])
        TransformerVectorizer(tiny).transform(["a"])


def test_a_model_that_says_nothing_about_pooling(tmp_path):
    write_bert(tmp_path)
    with pytest.warns(UserWarning, match="says nothing about pooling: mean is taken"):
        vectors = TransformerVectorizer(tmp_path).transform(["the sea"])
    expected = TransformerVectorizer(tmp_path, pooling="mean").transform(["the sea"])
    np.testing.assert_array_equal(vectors, expected)


def test_further_modules_go_to_sentence_transformers(tiny, tmp_path):
    from sentence_transformers.base.modules import Dense

    model = sentence_transformers.SentenceTransformer(str(tiny), device="cpu")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model.append(Dense(16, 5))
    model.save(str(tmp_path / "dense"))
    vectorizer = TransformerVectorizer(tmp_path / "dense")
    np.testing.assert_allclose(vectorizer.transform(["sea"]), model.encode(["sea"]), atol=1e-6)
    assert vectorizer.pooling_ == "vector"
    with pytest.raises(ValueError, match="further modules .*Dense.*does not run"):
        TransformerVectorizer(tmp_path / "dense", backend="transformers").transform(["sea"])
    with pytest.raises(ValueError, match="pooling must be 'auto' with the backend"):
        vectorizer.set_params(pooling="cls").transform(["sea"])


def test_a_network_in_a_folder_of_its_own(tiny, tmp_path, texts):
    """As older versions of sentence-transformers wrote it."""
    folder = shutil.copytree(tiny, tmp_path / "model")
    modules = json.loads((folder / "modules.json").read_text())
    modules[0]["path"] = "0_Transformer"
    (folder / "0_Transformer").mkdir()
    for file in ("model.safetensors", "config.json", "sentence_bert_config.json"):
        (folder / file).rename(folder / "0_Transformer" / file)
    for file in folder.glob("tokenizer*"):
        file.rename(folder / "0_Transformer" / file.name)
    (folder / "modules.json").write_text(json.dumps(modules))
    vectors = TransformerVectorizer(folder).transform(texts)
    np.testing.assert_allclose(vectors, TransformerVectorizer(tiny).transform(texts), atol=1e-5)


@pytest.mark.parametrize("model", ["./nowhere", "/nowhere/model", "a/b/c"])
def test_a_folder_that_is_not_there(model):
    with pytest.raises(FileNotFoundError, match=f"There is no folder '{model}' .seen from"):
        TransformerVectorizer(model).transform(["a"])


def test_a_model_that_cannot_be_downloaded():
    message = "no such model in the cache .*could not be downloaded.*hf download nobody/nothing"
    with pytest.raises(FileNotFoundError, match=message):
        TransformerVectorizer("nobody/nothing").transform(["a"])


def test_a_model_from_the_hubs_cache(tiny, tmp_path, monkeypatch, texts):
    from huggingface_hub import constants

    snapshot = tmp_path / "models--someone--tiny" / "snapshots" / ("0" * 40)
    shutil.copytree(tiny, snapshot)
    (tmp_path / "models--someone--tiny" / "refs").mkdir()
    (tmp_path / "models--someone--tiny" / "refs" / "main").write_text("0" * 40)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    vectors = TransformerVectorizer("someone/tiny").transform(texts)
    np.testing.assert_array_equal(vectors, TransformerVectorizer(tiny).transform(texts))


@pytest.mark.parametrize("backend", ["transformers", "sentence-transformers", "static"])
def test_nan_is_told_with_the_text(tiny, static, tmp_path, backend):
    folder, cache = tmp_path / "model", EncodingCache(tmp_path / "cache")
    if backend == "static":
        model = pytest.importorskip("model2vec").StaticModel.from_pretrained(static)
        hotel = model.tokenizer.encode("hotel", add_special_tokens=False).ids
        model.embedding = model.embedding.copy()
        model.embedding[hotel] = np.nan
    else:
        shutil.copytree(tiny, folder)
        model = transformers.AutoModel.from_pretrained(tiny)
        with torch.no_grad():
            model.embeddings.word_embeddings.weight[10] = torch.nan  # hotel
    model.save_pretrained(folder)
    vectorizer = TransformerVectorizer(folder, backend=backend, cache=cache)
    vectorizer.transform(["the sea"])
    n_kept = len(cache)
    with pytest.raises(ValueError, match="gave NaN or infinity for the text 'a hotel'"):
        vectorizer.transform(["the sea", "the sea", "a hotel"])
    assert len(cache) == n_kept


@pytest.mark.parametrize(
    ("gone", "lacks"),
    [
        ("config.json", "lacks config.json. Fetch"),
        ("tokenizer.json", r"lacks a tokenizer \(tokenizer.json\). Fetch"),
        ("model.safetensors", r"lacks weights \(model.safetensors\). Fetch"),
    ],
)
def test_a_folder_that_is_not_whole(tiny, tmp_path, gone, lacks):
    """The libraries' own messages do not say which file they miss."""
    folder = shutil.copytree(tiny, tmp_path / "model")
    (folder / gone).unlink()
    for kind in (TransformerVectorizer, SparseTransformerVectorizer):
        with pytest.raises(FileNotFoundError, match=lacks):
            kind(folder).transform(["a"])


def test_what_is_no_model_at_all(tmp_path):
    with pytest.raises(FileNotFoundError, match="no folder of a model: it holds neither config"):
        TransformerVectorizer(tmp_path).transform(["a"])
    (tmp_path / "table.csv").write_text("a,b")
    with pytest.raises(NotADirectoryError, match="table.csv' is a file. Give the folder"):
        TransformerVectorizer(tmp_path / "table.csv").transform(["a"])


def test_layers_without_weights(tiny, tmp_path):
    """The library would make them at random, and vectors that look like any others."""
    folder = shutil.copytree(tiny, tmp_path / "model")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 4}))
    with pytest.raises(ValueError, match="lacks 16 weights .* such as encoder.layer.3.attention"):
        TransformerVectorizer(folder).transform(["a"])


def test_weights_that_are_cut_short(tiny, tmp_path):
    folder = shutil.copytree(tiny, tmp_path / "model")
    os.truncate(folder / "model.safetensors", 5000)
    for kind in (TransformerVectorizer, SparseTransformerVectorizer):
        with pytest.raises(ValueError, match="weights in .*model are damaged: .*Fetch the model"):
            kind(folder).transform(["a"])
    (folder / "model.onnx").write_bytes(b"cut short")
    with pytest.raises(ValueError, match=r"model.onnx cannot be loaded: .*Fetch the model anew"):
        TransformerVectorizer(folder, backend="onnx").transform(["a"])


def test_no_onnx_file(tiny):
    with pytest.raises(FileNotFoundError, match="No ONNX file: looked for onnx/model.onnx and"):
        TransformerVectorizer(tiny, backend="onnx").transform(["a"])


def test_an_onnx_file_below_its_model(minilm, minilm_int8, tmp_path):
    """As on the hub: tokenizer and pooling are one folder up."""
    folder = shutil.copytree(minilm, tmp_path / "model", ignore=lambda *_: ["model.safetensors"])
    (folder / "onnx").mkdir()
    shutil.copy(minilm_int8["file_name"], folder / "onnx" / "model.onnx")
    vectorizer = TransformerVectorizer(folder / "onnx" / "model.onnx")
    expected = TransformerVectorizer(minilm, backend="onnx", model_kwargs=minilm_int8)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        vectors = vectorizer.transform(["the sea"])
    np.testing.assert_array_equal(vectors, expected.transform(["the sea"]))


def test_layers_that_onnx_does_not_give(minilm, minilm_int8):
    vectorizer = TransformerVectorizer(
        minilm, backend="onnx", pooling="first_last_mean", model_kwargs=minilm_int8
    )
    with pytest.raises(ValueError, match="'first_last_mean' needs layers that the backend 'onnx'"):
        vectorizer.transform(["a"])


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"backend": "tf"}, ValueError, "backend must be one of 'auto'"),
        ({"pooling": "average"}, ValueError, "pooling must be one of 'auto', 'cls'"),
        ({"precision": "int4"}, ValueError, "precision must be one of"),
        ({"long_text": "split"}, ValueError, "long_text must be one of"),
        ({"batch_size": 0}, ValueError, "batch_size must be at least 1. Got 0 instead"),
        ({"truncate_dim": 2.5}, TypeError, "truncate_dim must be an integer"),
        ({"dtype": "int8"}, ValueError, "dtype must be 'float32'"),
        ({"prompts": "e6"}, ValueError, "name of a family, such as e5.* Got 'e6' instead"),
        (
            {"prompts": "instruct"},
            ValueError,
            r"'instruct' needs a task: prompts=family_prompts\('instruct', .*Got task=None",
        ),
        ({"prompts": {"document": 3}}, TypeError, "A prompt must be a str. Got 3 instead"),
        ({"prompt_name": ["query"]}, TypeError, "prompt_name must be a str, or None"),
        ({"prompts": {"document": "{text}{text}"}}, ValueError, "once at most"),
        ({"prompts": {}, "prompt_name": "query"}, ValueError, r"one of \[\]. Got 'query'"),
        ({"model": 3}, TypeError, "model must be a str or a path. Got 3 instead"),
        ({"backend": "static"}, ValueError, 'is no static table. Use backend="auto"'),
        ({"model_kwargs": {"file_name": "a.bin"}}, ValueError, "'a.bin' is for the backend 'onnx'"),
        (
            {"backend": "onnx", "dtype": "float16"},
            ValueError,
            "dtype is not for the backend 'onnx'",
        ),
        (
            {"backend": "openai", "append_eos": True},
            ValueError,
            "append_eos must be False with the backend 'openai', which ends texts itself. Got True",
        ),
        (
            {"model_kwargs": {"dtype": "auto"}},
            ValueError,
            "not hold 'dtype'. Use the parameter dtype",
        ),
        (
            {"model_kwargs": {"torch_dtype": 1}},
            ValueError,
            "'torch_dtype'. Use the parameter dtype",
        ),
        ({"cache": ""}, ValueError, "A cache needs the path of a folder. Got '' instead"),
    ],
)
def test_bad_parameters(tiny, parameters, error, message):
    with pytest.raises(error, match=message):
        TransformerVectorizer(tiny).set_params(**parameters).transform(["a"])


def test_bad_documents(tiny):
    vectorizer = TransformerVectorizer(tiny)
    with pytest.raises(ValueError, match="Iterable over raw text documents expected"):
        vectorizer.transform("one text")
    with pytest.raises(TypeError, match="Each document must be a str. Got None .NoneType. at 1"):
        vectorizer.transform(["a", None])


def test_what_is_asked_beside_vectors_is_checked_too(tiny):
    vectorizer = TransformerVectorizer(tiny)
    for ask in (vectorizer.similarity, vectorizer.similarity_pairwise):
        with pytest.raises(ValueError, match="as many dimensions. Got 2 and 3 instead"):
            ask(np.ones((4, 2)), np.ones((4, 3)))
    with pytest.raises(ValueError, match="one other for each vector. Got 4 and 3 instead"):
        vectorizer.similarity_pairwise(np.ones((4, 2)), np.ones((3, 2)))
    with pytest.raises(TypeError, match="output must be a name, or a set of such. Got 3 instead"):
        vectorizer.encode(["a"], output=3)
    with pytest.raises(TypeError, match="model must be a str or a path. Got 3 instead"):
        TransformerVectorizer(3).count_tokens(["a"])


def test_a_device_that_is_no_name_is_refused_by_onnx_too(minilm, minilm_int8):
    vectorizer = TransformerVectorizer(minilm, backend="onnx", device=7, model_kwargs=minilm_int8)
    with pytest.raises(ValueError, match="device 7 is not among .*Use 'auto' or 'cpu'"):
        vectorizer.transform(["a"])
