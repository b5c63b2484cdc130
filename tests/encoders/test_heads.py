import pickle
import shutil

import numpy as np
import pytest
from scipy import sparse

from textvec import SparseTransformerVectorizer, TransformerVectorizer
from textvec.encoders.multi_vector import max_sim_scores
from textvec.encoders.networks import TorchNetwork
from textvec.ragged import Ragged

from .tiny_models import write_m3

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

OUTPUTS = {"dense", "sparse", "multi_vector"}
CLS, SEP, UNK, PAD = 2, 3, 1, 0


@pytest.fixture(scope="module")
def m3(tmp_path_factory):
    return write_m3(tmp_path_factory.mktemp("m3"))


@pytest.fixture
def n_passes(monkeypatch):
    """How many texts the network reads, as a list that grows."""
    seen = []
    forward = TorchNetwork.forward

    def counting(self, rows, wanted):
        seen.extend(rows)
        return forward(self, rows, wanted)

    monkeypatch.setattr(TorchNetwork, "forward", counting)
    return seen


def clean(texts):
    return [text.encode("utf-8", "replace").decode() for text in texts]


def assert_same(found, expected):
    np.testing.assert_allclose(found["dense"], expected["dense"], atol=1e-6)
    np.testing.assert_allclose(found["sparse"].toarray(), expected["sparse"].toarray(), rtol=1e-5)
    np.testing.assert_array_equal(found["multi_vector"].ends, expected["multi_vector"].ends)
    np.testing.assert_allclose(
        found["multi_vector"].values, expected["multi_vector"].values, atol=1e-6
    )


def test_all_outputs_equal_flag_embedding(m3, texts):
    flag_embedding = pytest.importorskip("FlagEmbedding")
    reference = flag_embedding.BGEM3FlagModel(
        str(m3), use_fp16=False, devices="cpu", passage_max_length=64
    )
    expected = reference.encode(clean(texts), return_sparse=True, return_colbert_vecs=True)
    found = TransformerVectorizer(m3).encode(texts, output=OUTPUTS)
    assert found.keys() == OUTPUTS
    assert found["dense"].dtype == np.float32
    np.testing.assert_allclose(found["dense"], expected["dense_vecs"], atol=1e-5)

    weights = found["sparse"]
    assert isinstance(weights, sparse.csr_matrix)
    assert weights.dtype == np.float32
    assert weights.has_canonical_format
    ours = [
        dict(zip(map(str, row.indices.tolist()), row.data.tolist()))
        for row in (weights[[i]] for i in range(len(texts)))
    ]
    assert any(ours)
    for row, theirs in zip(ours, expected["lexical_weights"]):
        assert row == pytest.approx(dict(theirs), abs=1e-5)

    vectors = found["multi_vector"]
    assert isinstance(vectors, Ragged)
    for row, theirs in zip(vectors.rows(), expected["colbert_vecs"], strict=True):
        np.testing.assert_allclose(row, theirs, atol=1e-5)
    score = reference.colbert_score(*expected["colbert_vecs"][:2]) * len(next(vectors.rows()))
    two = list(vectors.rows())[:2]
    np.testing.assert_allclose(max_sim_scores(two[:1], two[1:])[0, 0], score, atol=1e-5)


def test_all_outputs_follow_the_formulas(m3, texts):
    tokenizer = transformers.AutoTokenizer.from_pretrained(m3)
    network = transformers.AutoModel.from_pretrained(m3).eval()
    heads = {name: torch.load(m3 / f"{name}_linear.pt") for name in ("sparse", "colbert")}
    found = TransformerVectorizer(m3, max_length=12).encode(texts, output=OUTPUTS)
    weights, vectors = found["sparse"].toarray(), list(found["multi_vector"].rows())
    for row, text in enumerate(clean(texts)):
        ids = tokenizer(text, return_tensors="pt", truncation=True, max_length=12)
        with torch.inference_mode():
            hidden = network(**ids).last_hidden_state[0]
            scores = (hidden @ heads["sparse"]["weight"].T + heads["sparse"]["bias"])[:, 0]
            tokens = hidden @ heads["colbert"]["weight"].T + heads["colbert"]["bias"]
        expected = np.zeros(weights.shape[1])
        for token, score in zip(ids["input_ids"][0].tolist(), scores.tolist()):
            if token not in (CLS, SEP, UNK, PAD):
                expected[token] = max(expected[token], score)
        np.testing.assert_allclose(weights[row], expected, atol=1e-5)
        tokens = (tokens / tokens.norm(dim=1, keepdim=True))[1:]
        np.testing.assert_allclose(vectors[row], tokens, atol=1e-5)
        first = hidden[0] / hidden[0].norm()
        np.testing.assert_allclose(found["dense"][row], first, atol=1e-5)


def test_several_outputs_come_from_one_pass(m3, texts, n_passes):
    TransformerVectorizer(m3).encode(texts, output=OUTPUTS)
    assert len(n_passes) == len(set(texts))


def test_the_cache_keeps_all_outputs(m3, texts, n_passes, tmp_path):
    expected = TransformerVectorizer(m3).encode(texts, output=OUTPUTS)
    n_passes.clear()
    vectorizer = TransformerVectorizer(m3, cache=tmp_path)
    for _ in range(2):
        assert_same(vectorizer.encode(texts, output=OUTPUTS), expected)
        vectorizer.transform(texts)
        vectorizer.encode(texts, output="multi_vector")
    assert len(n_passes) == len(set(texts))


def test_one_output_and_one_text(m3):
    vectorizer = TransformerVectorizer(m3)
    texts = ["the sea view", "a room"]
    found = vectorizer.encode(texts, output=OUTPUTS)
    np.testing.assert_allclose(vectorizer.encode(texts), found["dense"], atol=1e-6)
    np.testing.assert_allclose(vectorizer.transform(texts), found["dense"], atol=1e-6)
    only = vectorizer.encode(texts, output="sparse")
    np.testing.assert_allclose(only.toarray(), found["sparse"].toarray(), atol=1e-6)
    one = vectorizer.encode(texts[0], output=OUTPUTS)
    np.testing.assert_allclose(one["dense"], found["dense"][0], atol=1e-6)
    np.testing.assert_allclose(one["sparse"].toarray(), found["sparse"][[0]].toarray(), atol=1e-6)
    expected = next(found["multi_vector"].rows())
    np.testing.assert_allclose(one["multi_vector"], expected, atol=1e-6)
    asked = vectorizer.encode("sea", side="query", prompt="the {text}", output="multi_vector")
    expected = vectorizer.encode("the sea", output="multi_vector")
    np.testing.assert_allclose(asked, expected, atol=1e-6)


def test_no_texts(m3):
    found = TransformerVectorizer(m3).encode([], output=OUTPUTS)
    assert found["dense"].shape == (0, 16)
    assert found["sparse"].shape[0] == 0
    assert found["sparse"].shape[1] > 50
    assert found["multi_vector"].values.shape == (0, 16)
    assert len(found["multi_vector"].ends) == 0


def test_heads_in_safetensors(m3, tmp_path, texts):
    from safetensors.torch import save_file

    folder = shutil.copytree(m3, tmp_path / "model")
    for name in ("sparse_linear", "colbert_linear"):
        save_file(torch.load(folder / f"{name}.pt"), folder / f"{name}.safetensors")
        (folder / f"{name}.pt").unlink()
    expected = TransformerVectorizer(m3).encode(texts, output=OUTPUTS)
    assert_same(TransformerVectorizer(folder).encode(texts, output=OUTPUTS), expected)


def test_other_heads_are_not_found_in_the_cache(m3, tmp_path):
    folder = shutil.copytree(m3, tmp_path / "model")
    old = TransformerVectorizer(m3, cache=tmp_path / "cache").encode(["sea"], output="sparse")
    torch.save({"weight": torch.ones(1, 16), "bias": torch.ones(1)}, folder / "sparse_linear.pt")
    new = TransformerVectorizer(folder, cache=tmp_path / "cache").encode(["sea"], output="sparse")
    assert abs(old - new).max() > 0.01


def test_lexical_weights_as_a_vectorizer(m3, texts):
    vectorizer = SparseTransformerVectorizer(m3)
    weights = vectorizer.fit_transform(texts)
    expected = TransformerVectorizer(m3).encode(texts, output="sparse")
    np.testing.assert_allclose(weights.toarray(), expected.toarray(), rtol=1e-5, atol=1e-5)
    names = vectorizer.get_feature_names_out()
    assert len(names) == weights.shape[1]
    own = names[vectorizer.transform(["quiet room, the sea view of a hotel"]).indices]
    assert len(own)
    assert set(own) <= {"quiet", "room", ",", "the", "sea", "view", "o", "##f", "a", "hotel"}
    with pytest.raises(ValueError, match="pooling must be 'max' for"):
        SparseTransformerVectorizer(m3, pooling="sum").transform(["a"])


# ------------------------------------------------------------------------------------ bad input


def test_a_model_without_heads(tiny):
    vectorizer = TransformerVectorizer(tiny)
    message = (
        r"output 'multi_vector' and 'sparse' needs colbert_linear.pt .or .safetensors. and "
        r"sparse_linear.pt .* 'transformers' gives 'dense'.* use SparseTransformerVectorizer"
    )
    with pytest.raises(ValueError, match=message):
        vectorizer.encode(["a"], output=OUTPUTS)
    with pytest.raises(ValueError, match="output must be one of 'dense', 'sparse', 'multi_vector'"):
        vectorizer.encode(["a"], output={"dense", "colbert"})
    with pytest.raises(ValueError, match="output must be one of .* Got None"):
        vectorizer.encode(["a"], output=set())
    with pytest.raises(ValueError, match="side must be one of 'document', 'query'"):
        vectorizer.encode(["a"], side="passage")


def test_another_backend_has_no_heads(m3):
    whole = TransformerVectorizer(m3, backend="sentence-transformers")
    with pytest.raises(ValueError, match="The backend 'sentence-transformers' gives 'dense'"):
        whole.encode(["a"], output="sparse")


def test_one_head_of_two(m3, tmp_path):
    folder = shutil.copytree(m3, tmp_path / "model")
    (folder / "colbert_linear.pt").unlink()
    vectorizer = TransformerVectorizer(folder)
    assert vectorizer.encode(["quiet room, the sea view"], output="sparse").nnz
    with pytest.raises(ValueError, match="'multi_vector' needs .* gives 'dense' and 'sparse'"):
        vectorizer.encode(["sea"], output=OUTPUTS)


def test_heads_read_whole_texts(m3):
    vectorizer = TransformerVectorizer(m3, long_text="mean_chunks")
    with pytest.raises(ValueError, match="'sparse' is of whole texts.* Got 'mean_chunks'"):
        vectorizer.encode(["a"], output={"dense", "sparse"})


class Trap:
    def __reduce__(self):
        return open, ("trap", "w")


@pytest.mark.parametrize("content", ["code", "garbage", "nothing", "another shape", "other names"])
def test_damaged_heads(m3, tmp_path, monkeypatch, content):
    monkeypatch.chdir(tmp_path)
    folder = shutil.copytree(m3, tmp_path / "model")
    file = folder / "sparse_linear.pt"
    match content:
        case "code":
            torch.save({"weight": Trap()}, file)
        case "garbage":
            file.write_bytes(b"no zip at all")
        case "nothing":
            file.write_bytes(b"")
        case "another shape":
            torch.save(torch.nn.Linear(16, 3).state_dict(), file)
        case "other names":
            torch.save({"kernel": torch.ones(1, 16)}, file)
    what = {"garbage": "holds no weights", "code": "holds no weights", "nothing": "is empty"}
    with pytest.raises(ValueError, match=f"sparse_linear.pt {what.get(content, 'must hold one')}"):
        TransformerVectorizer(folder).encode(["sea"], output="sparse")
    assert not (tmp_path / "trap").exists()


def test_nan_from_a_head_is_told(m3, tmp_path):
    folder = shutil.copytree(m3, tmp_path / "model")
    torch.save({"weight": torch.full((1, 16), torch.nan)}, folder / "sparse_linear.pt")
    with pytest.raises(ValueError, match="gave NaN or infinity for the text 'sea'"):
        TransformerVectorizer(folder).encode(["sea"], output="sparse")


def test_copies_hold_no_heads(m3):
    vectorizer = TransformerVectorizer(m3)
    expected = vectorizer.encode(["the sea"], output=OUTPUTS)
    content = pickle.dumps(vectorizer)
    assert len(content) < 2000
    assert_same(pickle.loads(content).encode(["the sea"], output=OUTPUTS), expected)
