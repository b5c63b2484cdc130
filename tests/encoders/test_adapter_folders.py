"""LoRA adapters of others: vectors as peft has them, the model found beside, and refusals."""

import json
import shutil
import warnings

import numpy as np
import pytest

from textvec import TransformerVectorizer

from .tiny_models import write_bert, write_sentence_config

peft = pytest.importorskip("peft")
transformers = pytest.importorskip("transformers")

pytestmark = pytest.mark.filterwarnings("ignore:.*is deprecated and will be:FutureWarning")

TEXTS = ["the sea view", "a quiet room", "hotel"]


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """A model, an adapter of it beside it, and one that was trained under a head."""
    import torch

    folder = tmp_path_factory.mktemp("adapters")
    base = folder / "base"
    base.mkdir()
    write_sentence_config(write_bert(base))
    for name, head in (("adapter", "BertModel"), ("headed", "BertForMaskedLM")):
        network = getattr(transformers, head).from_pretrained(base)
        config = peft.LoraConfig(r=4, target_modules=["query", "value"])
        with torch.random.fork_rng(), warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # peft's, of what transformers renames
            torch.manual_seed(7)
            wrapped = peft.get_peft_model(network, config)
            for part, weights in wrapped.named_parameters():
                if "lora_" in part:
                    torch.nn.init.normal_(weights, std=0.3)
        wrapped.save_pretrained(folder / name)
    return folder


def written(folder, **changes):
    file = folder / "adapter_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))
    return folder


@pytest.mark.parametrize("name", ["adapter", "headed"])
@pytest.mark.parametrize("given", ["path", "somebody/base", "/of/another/machine/base"])
def test_vectors_are_those_of_the_merged_network(folders, name, given, tmp_path):
    expected = tmp_path / "expected"
    network = peft.PeftModel.from_pretrained(
        transformers.BertModel.from_pretrained(folders / "base"), folders / "adapter"
    ).merge_and_unload()
    shutil.copytree(folders / "base", expected)
    network.save_pretrained(expected)
    if given != "path":
        shutil.copytree(folders, tmp_path / "moved")
        folders = tmp_path / "moved"
        written(folders / name, base_model_name_or_path=given)
    vectorizer = TransformerVectorizer(folders / name, device="cpu")
    vectors = vectorizer.fit_transform(TEXTS)
    assert vectorizer.pooling_ == "mean"  # the model's own, and no warning
    merged = TransformerVectorizer(expected, device="cpu").transform(TEXTS)
    np.testing.assert_allclose(vectors, merged, atol=1e-6)
    plain = TransformerVectorizer(folders / "base", device="cpu").transform(TEXTS)
    assert np.abs(vectors - plain).max() > 0.05


def test_a_cache_tells_adapters_apart(folders, tmp_path):
    shutil.copytree(folders, tmp_path / "moved")
    written(tmp_path / "moved/adapter", base_model_name_or_path="base")
    adapted = TransformerVectorizer(tmp_path / "moved/adapter", cache=tmp_path / "cache")
    first = adapted.transform(TEXTS)
    assert adapted._choice().load() is adapted._choice().load()
    weights = tmp_path / "moved/adapter/adapter_model.safetensors"
    from safetensors.numpy import load_file, save_file

    save_file({name: 2 * weight for name, weight in load_file(weights).items()}, weights)
    assert np.abs(adapted.transform(TEXTS) - first).max() > 0.01


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"peft_type": "IA3"}, ValueError, "'peft_type' must be LORA. Got 'IA3'"),
        ({"megatron_config": {"a": 1}}, ValueError, "'megatron_config' must be null"),
        ({"base_model_name_or_path": None}, ValueError, "name the model adapted. Got None"),
        (
            {"base_model_name_or_path": "/nowhere/gone"},
            FileNotFoundError,
            "is a LoRA adapter of /nowhere/gone, and that model is not here. Put its folder beside",
        ),
        ({"target_modules": ["dense"]}, ValueError, "is not of .*base: .* is in one of them alone"),
        ({"r": "many"}, ValueError, "adapter cannot be loaded: "),
    ],
)
def test_what_is_no_adapter_of_a_model_here(folders, changes, error, message, tmp_path):
    shutil.copytree(folders, tmp_path / "moved")
    changes = {"base_model_name_or_path": "base"} | changes
    folder = written(tmp_path / "moved/adapter", **changes)
    with pytest.raises(error, match=message):
        TransformerVectorizer(folder).transform(TEXTS)


def test_damage_and_other_backends(folders, tmp_path):
    shutil.copytree(folders, tmp_path / "moved")
    folder = written(tmp_path / "moved/adapter", base_model_name_or_path="base")
    with pytest.raises(ValueError, match="the backend 'transformers' runs alone. Got 'sentence-tr"):
        TransformerVectorizer(folder, backend="sentence-transformers").transform(TEXTS)
    weights = folder / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:200])
    with pytest.raises(ValueError, match="The weights in .*adapter are damaged: adapter_model"):
        TransformerVectorizer(folder).transform(TEXTS)
    weights.unlink()
    with pytest.raises(FileNotFoundError, match="it lacks adapter_model.safetensors"):
        TransformerVectorizer(folder).transform(TEXTS)
