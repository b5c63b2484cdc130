"""Folders of models that are not whole: said with folder, file and cure before the first text."""

import json
import random
import shutil
import warnings

import numpy as np
import pytest

from textvec import TransformerVectorizer
from textvec.encoders.reranker import CrossEncoderReranker
from textvec.encoders.sparse import SparseTransformerVectorizer

from .tiny_models import (
    write_bert,
    write_gpt2,
    write_old_bert,
    write_roberta,
    write_sentence_config,
    write_tokenizer,
    write_unigram,
)

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

pytestmark = pytest.mark.filterwarnings("ignore:.*says nothing about pooling:UserWarning")

TEXTS = ["the sea view", "a quiet room", "query : hotel", "hotel the sea"]
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:%b\nsize 498796\n" % (b"a" * 64)


def write_distilbert(folder):
    size = write_tokenizer(folder)
    shape = {"dim": 16, "n_layers": 2, "n_heads": 2, "hidden_dim": 32, "initializer_range": 0.5}
    config = transformers.DistilBertConfig(vocab_size=size, max_position_embeddings=64, **shape)
    transformers.DistilBertModel(config).save_pretrained(folder)
    return folder


KINDS = {
    "bert": write_bert,
    "old bert": write_old_bert,
    "pipeline": lambda folder: write_sentence_config(write_bert(folder)),
    "distilbert": write_distilbert,
    "roberta": write_roberta,
    "xlm-roberta": lambda folder: write_unigram(folder, "xlm-roberta"),
    "gpt2": write_gpt2,
    "llama": lambda folder: write_unigram(folder, "llama"),
    "splade": lambda folder: write_bert(folder, head="BertForMaskedLM"),
    "reranker": lambda folder: write_bert(
        folder, head="BertForSequenceClassification", num_labels=1
    ),
}
CLASSES = {"bert": "Bert", "distilbert": "DistilBert", "roberta": "Roberta", "gpt2": "GPT2"}
CLASSES |= {"xlm-roberta": "XLMRoberta", "llama": "Llama", "splade": "Bert", "reranker": "Bert"}
TOKENIZERS = ("tokenizer.json", "vocab.txt", "vocab.json", "merges.txt")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Folders of models by kind, written at the first use."""
    written = {}

    def of(kind):
        if kind not in written:
            folder = tmp_path_factory.mktemp("whole") / kind.replace(" ", "_")
            folder.mkdir()
            written[kind] = KINDS[kind](folder)
        return written[kind]

    return of


def vectors_of(kind, folder, backend):
    """Return what a model of this kind gives the texts."""
    if kind == "splade":
        return SparseTransformerVectorizer(folder).transform(TEXTS).toarray()
    if kind == "reranker":
        return CrossEncoderReranker(folder).score([("the sea", text) for text in TEXTS])[:, None]
    return TransformerVectorizer(folder, backend=backend).transform(TEXTS)


WAYS = [
    ("bert", "transformers"),
    ("old bert", "transformers"),
    ("pipeline", "sentence-transformers"),
    ("distilbert", "transformers"),
    ("roberta", "sentence-transformers"),
    ("xlm-roberta", "transformers"),
    ("gpt2", "transformers"),
    ("llama", "sentence-transformers"),
    ("splade", ""),
    ("reranker", ""),
]


@pytest.mark.parametrize(
    ("kind", "backend"),
    [(kind, "transformers") for kind in CLASSES]
    + [(kind, "sentence-transformers") for kind in CLASSES if kind not in ("splade", "reranker")],
)
def test_without_its_tokenizers_files(whole, tmp_path, kind, backend):
    """The libraries then make an empty tokenizer, and all texts are alike."""
    folder = shutil.copytree(whole(kind), tmp_path / "model")
    for name in TOKENIZERS:
        (folder / name).unlink(missing_ok=True)
    for config in ({"tokenizer_class": f"{CLASSES[kind]}Tokenizer"}, None):
        file = folder / "tokenizer_config.json"
        file.unlink() if config is None else file.write_text(json.dumps(config))
        with pytest.raises(FileNotFoundError, match="model is no whole model: it lacks .*token"):
            vectors_of(kind, folder, backend)


@pytest.mark.parametrize(
    ("name", "lacking"), [("merges.txt", "merges.txt, which goes"), ("vocab.json", "a tokenizer")]
)
@pytest.mark.parametrize("backend", ["transformers", "sentence-transformers"])
def test_without_one_of_two_files(whole, tmp_path, backend, name, lacking):
    folder = shutil.copytree(whole("roberta"), tmp_path / "model")
    (folder / name).unlink()
    with pytest.raises(FileNotFoundError, match=f"model is no whole model: it lacks {lacking}"):
        vectors_of("roberta", folder, backend)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("bert", "tokenizer.json"),
        ("bert", "model.safetensors"),
        ("bert", "config.json"),
        ("old bert", "vocab.txt"),
        ("old bert", "pytorch_model.bin"),
        ("roberta", "vocab.json"),
        ("roberta", "merges.txt"),
        ("pipeline", "modules.json"),
        ("pipeline", "1_Pooling/config.json"),
        ("splade", "tokenizer.json"),
        ("reranker", "model.safetensors"),
    ],
)
def test_pointers_of_git_lfs(whole, tmp_path, kind, name):
    """What `git clone` leaves where Git LFS is not installed."""
    folder = shutil.copytree(whole(kind), tmp_path / "model")
    (folder / name).write_bytes(POINTER)
    with pytest.raises(ValueError, match="is a pointer of Git LFS and .* `git lfs pull`") as caught:
        vectors_of(kind, folder, "auto")
    assert str(folder / name) in str(caught.value)


def damages_of(file, rng):
    """Yield names of damages, and what the file then holds; None where it is gone."""
    content = file.read_bytes()
    half, tenth = len(content) // 2, len(content) // 10
    yield "gone", None
    yield "empty", b""
    yield "pointer", POINTER
    yield "half", content[:half]
    yield "nine tenths", content[:-tenth]
    yield "zeros", bytes(len(content))
    yield "zeros at the end", content[:half] + bytes(len(content) - half)
    yield "noise", rng.randbytes(500)
    yield "a page", b"<!DOCTYPE html><html>404</html>"
    if file.suffix != ".json":
        return
    for other in ("null", "7", '"x"', "[]", "{}", "[1, 2]", '{"a": 1}', "true", "[" * 5000):
        yield f"JSON {other[:9]}", other.encode()
    whole = json.loads(content)
    if isinstance(whole, list):
        for value in ("x", 5, None, {"a": 1}, {"type": 7}, {"type": "x.Y", "path": "../.."}):
            yield f"[0] = {value}", json.dumps([value, *whole[1:]]).encode()
        return
    for key in whole:
        yield f"without {key}", json.dumps({k: v for k, v in whole.items() if k != key}).encode()
        for value in ("x", -5, [3], None, {"q": 1}, 10**20, True):
            yield f"{key} = {value}", json.dumps(whole | {key: value}).encode()


@pytest.mark.parametrize(("kind", "backend"), WAYS)
def test_damage_of_every_kind(whole, tmp_path, kind, backend, request):
    """A clear error that names folder or file, or vectors that tell texts apart; nothing else."""
    rng = random.Random(f"{kind} {backend}")
    expected = vectors_of(kind, whole(kind), backend)
    files = [file for file in sorted(whole(kind).rglob("*")) if file.is_file()]
    damaged = [(file, *damage) for file in files for damage in damages_of(file, rng)]
    if not request.config.getoption("--runslow"):
        damaged = rng.sample(damaged, 20)
    bad = []
    for number, (file, name, content) in enumerate(damaged):
        folder = shutil.copytree(whole(kind), tmp_path / f"model {number}")
        place = folder / file.relative_to(whole(kind))
        place.unlink()
        if content is not None:
            place.write_bytes(content)
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            try:
                vectors = vectors_of(kind, folder, backend)
            except (ValueError, OSError) as error:
                if f"model {number}" not in str(error):
                    bad.append((place.name, name, f"names no folder: {error}"))
                continue
            except BaseException as error:  # a panic of Rust's is no Exception
                bad.append((place.name, name, repr(error)[:200]))
                continue
        said = " ".join(str(warning.message) for warning in told)
        alike = np.ptp(vectors, axis=0).max() < 1e-6 and "one and the same vector" not in said
        if not np.isfinite(vectors).all() or alike:
            bad.append((place.name, name, "all texts alike, without a word"))
        # Without some files of settings it is another model; half a file is none.
        loses = name in ("pointer", "zeros", "half") or content is None and place.suffix != ".json"
        same = vectors.shape == expected.shape and np.allclose(vectors, expected, atol=1e-5)
        if loses and not same and "tokens and the network" not in said:
            bad.append((place.name, name, "other vectors, without a word"))
    assert not bad


def test_a_vocabulary_cut_short(whole, tmp_path):
    folder = shutil.copytree(whole("old bert"), tmp_path / "model")
    words = (folder / "vocab.txt").read_text().split("\n")[:-1]
    (folder / "vocab.txt").write_text("\n".join(words[:20]))
    message = (
        r"model knows 20 tokens and the network \d+: vocab.txt is cut short, or of another mod"
    )
    with pytest.raises(ValueError, match=message):
        TransformerVectorizer(folder).transform(TEXTS)
    n_most = len(words) * 4 // 5
    (folder / "vocab.txt").write_text("\n".join(words[:n_most]))
    with pytest.warns(UserWarning, match=f"knows {n_most} tokens and the network .*read wrongly"):
        TransformerVectorizer(folder).transform(TEXTS)


@pytest.mark.parametrize(
    ("kind", "backend"),
    [("bert", "transformers"), ("bert", "sentence-transformers"), ("splade", ""), ("reranker", "")],
)
def test_a_token_that_the_network_does_not_know(whole, tmp_path, kind, backend):
    folder = shutil.copytree(whole(kind), tmp_path / "model")
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    tokenizer.add_tokens(["<photo>"])
    tokenizer.save_pretrained(folder)
    expected = vectors_of(kind, whole(kind), backend)
    np.testing.assert_allclose(vectors_of(kind, folder, backend), expected, atol=1e-6)
    read = {
        "bert": TransformerVectorizer(folder, backend=backend or "auto").transform,
        "splade": SparseTransformerVectorizer(folder).transform,
        "reranker": lambda texts: CrossEncoderReranker(folder).rank("sea", texts),
    }[kind]
    message = r"model reads '<photo>' in '.*<photo>' as token \d+, and the network has vectors for"
    with pytest.raises(ValueError, match=message):
        read(["the sea", "the <photo>"])


@pytest.mark.parametrize("backend", ["transformers", "sentence-transformers"])
@pytest.mark.parametrize("kind", ["gpt2", "xlm-roberta", "pipeline"])
def test_more_tokens_than_places(whole, tmp_path, kind, backend):
    """A user's length is refused; one in the model's files is brought down to its places."""
    folder = shutil.copytree(whole(kind), tmp_path / "model")
    with pytest.raises(ValueError, match="model, its .* and at most 64, its positions. Got 65 ins"):
        TransformerVectorizer(folder, backend=backend, max_length=65).transform(TEXTS)
    texts = ["the sea view " * 60, "hotel"]
    expected = TransformerVectorizer(folder, backend=backend, max_length=64).transform(texts)
    for name, key in (
        ("tokenizer_config.json", "model_max_length"),
        ("sentence_bert_config.json", "max_seq_length"),
    ):
        file = folder / name
        config = json.loads(file.read_text()) if file.is_file() else {}
        file.write_text(json.dumps(config | {key: 600}))
    found = TransformerVectorizer(folder, backend=backend).transform(texts)
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("kind", ["gpt2", "llama", "roberta"])
def test_pooling_where_nothing_is_said_of_it(whole, kind):
    """As sentence-transformers takes it: a class called ...ForCausalLM has its last token."""
    library = pytest.importorskip("sentence_transformers")
    reference = library.SentenceTransformer(str(whole(kind)), device="cpu")
    if reference.tokenizer.pad_token is None:
        reference.tokenizer.pad_token = reference.tokenizer.eos_token
    expected = [reference.encode(text) for text in TEXTS]
    vectorizer = TransformerVectorizer(whole(kind))
    np.testing.assert_allclose(vectorizer.transform(TEXTS), expected, atol=1e-5)
    assert vectorizer.pooling_ == ("last_token" if kind == "llama" else "mean")


def test_a_causal_model_that_looks_both_ways(whole, tmp_path):
    folder = shutil.copytree(whole("llama"), tmp_path / "model")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"is_causal": False}))
    with pytest.warns(UserWarning, match="says nothing about pooling: mean is taken. Name one"):
        assert TransformerVectorizer(folder).fit(TEXTS).pooling_ == "mean"


@pytest.mark.parametrize("kind", ["bert", "splade", "reranker"])
def test_texts_that_are_all_alike(whole, kind):
    """Of a script that the tokenizer does not know, for instance."""
    unknown = ["ⴰⵣⵓⵍ", "ⵜⴰⵎⴰⵣⵉⵖⵜ", "ⵉⵎⴰⵣⵉⵖⵏ"]
    given = {
        "bert": TransformerVectorizer(whole("bert")).transform,
        "splade": SparseTransformerVectorizer(whole("splade")).transform,
        "reranker": lambda texts: CrossEncoderReranker(whole("reranker")).rank("sea", texts),
    }[kind]
    with pytest.warns(UserWarning, match="gives all 3 texts one and the same vector: its tokenize"):
        given(unknown)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", ".*says nothing about pooling")
        given(["Sea!", "sea", "SEA", "sea."])
        given([*unknown, "sea"])


def test_places_outside_the_folder(whole, tmp_path):
    """A file of a stranger's does not say what else is read on this machine."""
    folder = shutil.copytree(whole("pipeline"), tmp_path / "model")
    modules = json.loads((folder / "modules.json").read_text())
    for path in ("../other", "/etc"):
        modules[1]["path"] = path
        (folder / "modules.json").write_text(json.dumps(modules))
        with pytest.raises(
            ValueError, match=r"modules.json: each module must have .* within the f"
        ):
            TransformerVectorizer(folder).transform(TEXTS)


@pytest.mark.parametrize(
    "device", ["gpu", "cuda:x", "", *([] if torch.cuda.is_available() else ["cuda"])]
)
@pytest.mark.parametrize("backend", ["transformers", "sentence-transformers"])
def test_devices_that_are_not_there(whole, backend, device):
    with pytest.raises(ValueError, match=f"device.*{device!r}"):
        TransformerVectorizer(whole("bert"), backend=backend, device=device).transform(TEXTS)
