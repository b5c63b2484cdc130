import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from textvec import TransformerVectorizer
from textvec.encoders import onnx_export
from textvec.encoders.onnx_export import export_onnx
from textvec.encoders.pooling import LAST_LAYER_POOLINGS

onnx = pytest.importorskip("onnx")
pytest.importorskip("transformers")
pytestmark = pytest.mark.filterwarnings("ignore:.*was trained with pooling:UserWarning")


def test_float32_is_the_same_model(tiny, tmp_path, texts):
    folder = export_onnx(tiny, tmp_path / "onnx", int8=False)
    for pooling in ("auto", *LAST_LAYER_POOLINGS):
        vectorizer = TransformerVectorizer(folder, pooling=pooling)
        ours = vectorizer.transform(texts)
        assert vectorizer._choice().backend == "onnx"  # which the folder's files ask for
        expected = TransformerVectorizer(tiny, pooling=pooling).transform(texts)
        np.testing.assert_allclose(ours, expected, atol=1e-5)
    assert not [
        file.name for file in (tmp_path / "onnx").iterdir() if file.is_dir() and "tmp" in file.name
    ]


def test_a_tokenizer_that_cuts_the_beginning_and_lowers(tiny, tmp_path):
    folder = shutil.copytree(tiny, tmp_path / "model")
    for name, more in (
        ("tokenizer.json", {"normalizer": None}),
        ("tokenizer_config.json", {"truncation_side": "left"}),
        ("sentence_bert_config.json", {"do_lower_case": True, "max_seq_length": 8}),
    ):
        content = json.loads((folder / name).read_text())
        (folder / name).write_text(json.dumps(content | more))
    texts = ["The SEA", "the sea", "room " * 9 + "A quiet hotel", "A quiet hotel"]
    expected = TransformerVectorizer(folder).transform(texts)
    exported = export_onnx(folder, tmp_path / "onnx", int8=False)
    vectors = TransformerVectorizer(exported).transform(texts)
    np.testing.assert_allclose(vectors, expected, atol=1e-5)
    np.testing.assert_array_equal(vectors[0], vectors[1])


def test_int8_is_close_and_small(minilm, tmp_path):
    folder = export_onnx(minilm, tmp_path / "onnx")
    assert (tmp_path / "onnx" / "model.onnx").stat().st_size < 30e6
    texts = ["A quiet room by the sea.", "An airport hotel.", "Taxes rose in May."]
    vectors = TransformerVectorizer(folder, backend="onnx").transform(texts)
    expected = TransformerVectorizer(minilm).transform(texts)
    assert (vectors * expected).sum(axis=1).min() > 0.97
    with pytest.raises(FileExistsError, match="model.onnx exists. Choose another folder"):
        export_onnx(minilm, tmp_path / "onnx")


@pytest.mark.parametrize("place", ["model.onnx_data", "weights/tables.bin"])
def test_weights_outside_the_file_are_the_models(tiny, tmp_path, place):
    """A cache must know them: with others the same file gives other vectors."""
    folder = Path(export_onnx(tiny, tmp_path / "onnx", int8=False))
    texts = ["the sea", "a room"]
    expected = TransformerVectorizer(tiny).transform(texts)

    def vectors_by(scale):
        model = onnx.load(folder / "model.onnx")
        for tensor in model.graph.initializer:
            array = onnx.numpy_helper.to_array(tensor)
            if array.dtype == np.float32 and array.ndim == 2:
                tensor.CopyFrom(onnx.numpy_helper.from_array(array * scale, tensor.name))
        (folder / place).parent.mkdir(exist_ok=True)
        (folder / place).unlink(missing_ok=True)
        outside = {"save_as_external_data": True, "location": place, "size_threshold": 64}
        onnx.save_model(model, folder / "model.onnx", **outside)
        return TransformerVectorizer(folder, cache=tmp_path / "cache").transform(texts)

    np.testing.assert_allclose(vectors_by(np.float32(1)), expected, atol=1e-5)
    graph = (folder / "model.onnx").read_bytes()
    doubled = vectors_by(np.float32(2))
    assert (folder / "model.onnx").read_bytes() == graph
    assert np.abs(doubled - expected).max() > 0.01


def test_without_the_package(tiny, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ImportError, match=r"onnx is needed here.*textvec\[onnx-export\]"):
        export_onnx(tiny, tmp_path)


def test_layers_without_weights_are_not_exported(tiny, tmp_path):
    """The library would make them at random, and the file would keep them for good."""
    folder = shutil.copytree(tiny, tmp_path / "model")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 4}))
    with pytest.raises(ValueError, match="lacks 16 weights .* such as encoder.layer.3.attention"):
        export_onnx(folder, tmp_path / "onnx", int8=False)
    assert not (tmp_path / "onnx").exists()


@pytest.mark.parametrize("stands", [False, True])
def test_what_is_cut_short_is_no_model(tiny, tmp_path, monkeypatch, stands):
    """A new folder appears with its model, not before; in one that holds files these come last."""
    out = tmp_path / "onnx"
    if stands:
        out.mkdir()
        (out / "README.md").write_text("notes")

    def seen(folder, whole):
        raise KeyboardInterrupt

    monkeypatch.setattr(onnx_export, "_copy_configuration", seen)
    with pytest.raises(KeyboardInterrupt):
        export_onnx(tiny, out, int8=False)
    assert [file.name for file in tmp_path.iterdir()] == (["onnx"] if stands else [])
    assert not stands or [file.name for file in out.iterdir()] == ["README.md"]
    monkeypatch.undo()
    expected = TransformerVectorizer(tiny).transform(["the sea"])
    exported = TransformerVectorizer(export_onnx(tiny, out, int8=False))
    np.testing.assert_allclose(exported.transform(["the sea"]), expected, atol=1e-5)


def test_int8_is_yes_or_no(tiny, tmp_path):
    with pytest.raises(ValueError, match="int8 must be one of False, True. Got 'no' instead"):
        export_onnx(tiny, tmp_path / "onnx", int8="no")
