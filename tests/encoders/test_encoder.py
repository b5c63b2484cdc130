import json
import pickle
import shutil
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import textvec
from textvec import TransformerVectorizer
from textvec.encoders.backends import Choice
from textvec.encoders.cache import EncodingCache
from textvec.encoders.pooling import POOLINGS

from .test_pooling import plain
from .tiny_models import write_bert, write_sentence_config, write_tokenizer

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
sentence_transformers = pytest.importorskip("sentence_transformers")

pytestmark = pytest.mark.filterwarnings("ignore:.*was trained with pooling:UserWarning")


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def reference(folder):
    return sentence_transformers.SentenceTransformer(str(folder), device="cpu")


def clean(texts):
    return [text.encode("utf-8", "replace").decode() for text in texts]


# ------------------------------------------------------------------------------------- numbers


def test_equal_to_sentence_transformers(tiny, texts):
    vectors = TransformerVectorizer(tiny).fit_transform(texts)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, reference(tiny).encode(clean(texts)), atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", ["sentence_bert_config.json", "sentence_xlm-roberta_config.json"])
def test_what_early_folders_say_of_texts(tiny, tmp_path, name):
    """The most tokens, and small letters where the tokenizer would keep great ones."""
    folder = shutil.copytree(tiny, tmp_path / "model")
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer | {"normalizer": None}))
    (folder / "sentence_bert_config.json").unlink()
    (folder / name).write_text(json.dumps({"max_seq_length": 8, "do_lower_case": True}))
    texts = ["The SEA", "the sea", "Room " * 20]
    vectors = TransformerVectorizer(folder).transform(texts)
    np.testing.assert_allclose(vectors, reference(folder).encode(texts), atol=1e-5)
    np.testing.assert_array_equal(vectors[0], vectors[1])


@pytest.mark.parametrize("pooling", POOLINGS)
def test_each_pooling_equals_texts_alone(tiny, texts, pooling):
    tokenizer = transformers.AutoTokenizer.from_pretrained(tiny)
    model = transformers.AutoModel.from_pretrained(tiny).eval()
    expected = []
    for text in clean(texts):
        ids = tokenizer(text, return_tensors="pt", truncation=True, max_length=64)
        with torch.inference_mode():
            layers = model(**ids, output_hidden_states=True).hidden_states
        expected.append(plain(pooling, [layer[0].double().numpy() for layer in layers]))
    vectors = TransformerVectorizer(tiny, pooling=pooling, normalize=False).transform(texts)
    np.testing.assert_allclose(vectors, expected, atol=1e-5, rtol=1e-5)


def test_minilm_equals_sentence_transformers(minilm):
    texts = ["A room with a view.", "机场附近的酒店", "", "word " * 400, "A room with a view."]
    vectors = TransformerVectorizer(minilm).transform(texts)
    np.testing.assert_allclose(vectors, reference(minilm).encode(texts), atol=1e-5, rtol=0)


def test_int8_without_torch_is_close(minilm, minilm_int8):
    code = f"""
        import json, sys
        from textvec import TransformerVectorizer
        vectorizer = TransformerVectorizer({minilm!r}, backend="onnx", model_kwargs={minilm_int8!r})
        vectors = vectorizer.transform(["A quiet room by the sea.", "An airport hotel."])
        loaded = sorted({{"torch", "transformers", "sentence_transformers"}} & sys.modules.keys())
        print(json.dumps([loaded, vectors.tolist()]))
    """
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True
    )
    loaded, vectors = json.loads(run.stdout)
    assert loaded == []
    expected = reference(minilm).encode(["A quiet room by the sea.", "An airport hotel."])
    assert (np.array(vectors) * expected).sum(axis=1).min() > 0.99


def test_other_backends_give_the_same(tiny, texts):
    vectors = TransformerVectorizer(tiny).transform(texts)
    whole = TransformerVectorizer(tiny, backend="sentence-transformers")
    np.testing.assert_allclose(whole.transform(texts), vectors, atol=1e-6)
    assert whole.pooling_ == "vector"


def test_batch_equals_single_and_order_is_kept(tiny, texts):
    vectorizer = TransformerVectorizer(tiny, batch_size=2)
    vectors = vectorizer.transform(texts)
    alone = np.concatenate([vectorizer.transform([text]) for text in texts])
    np.testing.assert_allclose(vectors, alone, atol=1e-6)
    np.testing.assert_array_equal(vectors[texts.index("The sea, the sea!")], vectors[-1])


def test_a_decoder_without_a_pad_token(tmp_path):
    size = write_tokenizer(tmp_path, pad_token=None, eos_token="[SEP]")
    config = transformers.LlamaConfig(
        vocab_size=size, hidden_size=16, intermediate_size=32, num_hidden_layers=2,
        num_attention_heads=2, max_position_embeddings=64, initializer_range=0.5,
    )  # fmt: skip
    transformers.LlamaModel(config).save_pretrained(tmp_path)
    texts = ["the sea", "a quiet room with a view of the sea", "x" * 200, "hotel"]
    vectorizer = TransformerVectorizer(
        tmp_path, pooling="last_token", append_eos=True, normalize=True, max_length=20
    )
    vectors = vectorizer.transform(texts)
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path)
    model = transformers.AutoModel.from_pretrained(tmp_path).eval()
    for text, vector in zip(texts, vectors):
        ids = tokenizer(text, truncation=True, max_length=19)["input_ids"] + [3]
        assert len(ids) <= 20
        with torch.inference_mode():
            last = model(torch.tensor([ids])).last_hidden_state[0, -1].numpy()
        np.testing.assert_allclose(vector, unit(last), atol=1e-5)


def test_static_table(texts, static):
    model = pytest.importorskip("model2vec").StaticModel.from_pretrained(static)
    vectorizer = TransformerVectorizer(static)
    vectors = vectorizer.transform(texts)
    assert vectors.shape == (len(texts), 256)
    np.testing.assert_allclose(vectors, model.encode(clean(texts)), atol=1e-6)
    view, ocean, law = vectorizer.transform(["a sea view", "view of the ocean", "income tax law"])
    assert view @ ocean > view @ law + 0.2
    with pytest.raises(ValueError, match='is a static table.*Use backend="static"'):
        TransformerVectorizer(static, backend="transformers").transform(["a"])


def test_a_static_table_needs_no_network_library(texts, static, monkeypatch):
    pytest.importorskip("model2vec")
    expected = TransformerVectorizer(static).transform(texts)
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    alone = TransformerVectorizer(static, batch_size=7)  # else it shares what is loaded
    np.testing.assert_allclose(alone.transform(texts), expected, atol=1e-6)


@pytest.mark.parametrize("width", [64, 128])
def test_a_static_table_cut_to_fewer_dimensions(static, width):
    wordllama = pytest.importorskip("wordllama")
    folder = Path(wordllama.__file__).parent
    reference = wordllama.WordLlama.load(cache_dir=folder, disable_download=True, trunc_dim=width)
    texts = ["a sea view", "view of the ocean", "income tax law", "海景房间"]
    vectors = TransformerVectorizer(static, truncate_dim=width, normalize=True).transform(texts)
    np.testing.assert_allclose(vectors, reference.embed(texts, norm=True), atol=1e-5)


# --------------------------------------------------------------------- what is made of vectors


@pytest.mark.parametrize("precision", ["int8", "binary"])
def test_precision_equals_sentence_transformers(tiny, texts, precision):
    from sentence_transformers.util import quantize_embeddings

    plain_vectors = TransformerVectorizer(tiny).transform(texts)
    expected = quantize_embeddings(plain_vectors, precision, calibration_embeddings=plain_vectors)
    vectorizer = TransformerVectorizer(tiny, precision=precision)
    for vectors in (vectorizer.fit_transform(texts), vectorizer.transform(texts)):
        assert vectors.dtype == np.int8
        np.testing.assert_array_equal(vectors, expected)
    outside = vectorizer.transform(["a wholly different hotel"])
    assert outside.shape == (1, expected.shape[1])
    assert len(vectorizer.get_feature_names_out()) == expected.shape[1]


@pytest.mark.parametrize("precision", ["int8", "binary"])
def test_precision_of_cut_vectors(tiny, texts, tmp_path, precision):
    """Cut first, brought to unit length, then to the type; the cache holds whole vectors."""
    from sentence_transformers.util import quantize_embeddings

    whole = TransformerVectorizer(tiny, normalize=False, cache=tmp_path).transform(texts)
    cut = unit(whole[:, :8])
    expected = quantize_embeddings(cut, precision, calibration_embeddings=cut)
    vectorizer = TransformerVectorizer(
        tiny, truncate_dim=8, precision=precision, cache=tmp_path
    ).fit(texts)
    vectors = vectorizer.transform(texts)
    assert vectors.shape == (len(texts), 8 if precision == "int8" else 1)
    # A value on a step's edge may fall to either side.
    assert np.abs(vectors.astype(int) - expected.astype(int)).max() <= (precision == "int8")


def test_int8_must_be_fitted(tiny):
    with pytest.raises(ValueError, match="not fitted"):
        TransformerVectorizer(tiny, precision="int8").transform(["a"])
    fitted = TransformerVectorizer(tiny, precision="int8").fit(["the sea", "a room"])
    with pytest.raises(ValueError, match="are of 16 dimensions, and these vectors have 4: .* Fit"):
        fitted.set_params(truncate_dim=4).transform(["a"])


def test_truncated_vectors_have_unit_length_again(tiny, texts):
    whole = TransformerVectorizer(tiny, normalize=False).transform(texts)
    np.testing.assert_allclose(
        TransformerVectorizer(tiny, truncate_dim=5).transform(texts), unit(whole[:, :5]), atol=1e-6
    )
    assert TransformerVectorizer(tiny, truncate_dim=99).transform(["a"]).shape == (1, 16)


@pytest.mark.parametrize("backend", ["transformers", "sentence-transformers"])
def test_the_width_that_a_models_files_say(tiny, tmp_path, texts, backend):
    folder = shutil.copytree(tiny, tmp_path / "model")
    write_sentence_config(folder, truncate_dim=8)
    vectorizer = TransformerVectorizer(folder, backend=backend)
    expected = unit(reference(folder).encode(clean(texts)))
    assert expected.shape == (len(texts), 8)
    np.testing.assert_allclose(vectorizer.transform(texts), expected, atol=1e-5)
    vectorizer.set_params(truncate_dim=12)
    assert vectorizer.transform(texts).shape == (len(texts), 12)


@pytest.mark.parametrize("long_text", ["mean_chunks", "max_chunks"])
def test_long_texts_in_chunks(tiny, long_text):
    sentences = [f"the sea view is quiet {letter}." for letter in "abcdefghijklmnop"]
    text = " ".join(sentences)
    vectorizer = TransformerVectorizer(tiny, long_text=long_text, max_length=10, normalize=False)
    alone = TransformerVectorizer(tiny, normalize=False).transform(sentences)
    expected = alone.mean(axis=0) if long_text == "mean_chunks" else alone.max(axis=0)
    vectors = vectorizer.transform(["the sea", text, ""])
    np.testing.assert_allclose(vectors[1], expected, atol=1e-5)
    short = TransformerVectorizer(tiny, normalize=False).transform(["the sea", ""])
    np.testing.assert_allclose(vectors[[0, 2]], short, atol=1e-5)


def test_a_text_of_a_million_characters(tiny):
    vectors = TransformerVectorizer(tiny).transform(["sea view " * 111_111, "sea"])
    assert np.isfinite(vectors).all()


@pytest.mark.parametrize("kind", ["T5EncoderModel", "T5Model", "BertForMaskedLM"])
def test_parts_that_vectors_do_not_pass_through(tmp_path, kind):
    """Decoder or pooler may be missing: sentence-t5 is an encoder alone."""
    size = write_tokenizer(tmp_path, eos_token="[SEP]")
    if kind.startswith("T5"):
        shape = {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 2, "num_heads": 2}
        config = transformers.T5Config(vocab_size=size, pad_token_id=0, **shape)
        model = getattr(transformers, kind)(config).eval()
        model.save_pretrained(tmp_path)
    else:
        write_bert(tmp_path, kind)
        model = transformers.BertModel.from_pretrained(tmp_path).eval()
    network = getattr(model, "encoder", model) if kind.startswith("T5") else model
    vectorizer = TransformerVectorizer(tmp_path, pooling="max", normalize=False)
    texts = ["the sea view", "a room"]
    for text, vector in zip(texts, vectorizer.transform(texts)):
        ids = transformers.AutoTokenizer.from_pretrained(tmp_path)(text, return_tensors="pt")
        with torch.inference_mode():
            hidden = network(input_ids=ids["input_ids"]).last_hidden_state[0]
        np.testing.assert_allclose(vector, hidden.amax(dim=0).numpy(), atol=1e-5)


def test_positions_that_are_counted_from_the_padding_token(tmp_path):
    """RoBERTa's kind reads fewer tokens than it has positions; its tokenizer need not say so."""
    size = write_tokenizer(tmp_path, model_max_length=None)
    config = transformers.XLMRobertaConfig(
        vocab_size=size, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=32, max_position_embeddings=40, pad_token_id=1,
    )  # fmt: skip
    transformers.XLMRobertaModel(config).save_pretrained(tmp_path)
    vectorizer = TransformerVectorizer(tmp_path, pooling="mean")
    long, cut = " ".join(["sea"] * 90), " ".join(["sea"] * 36)
    np.testing.assert_allclose(*vectorizer.transform([long, cut]), atol=1e-6)
    assert np.abs(np.subtract(*vectorizer.transform([long, "sea"]))).max() > 1e-4


@pytest.mark.parametrize("backend", ["transformers", "sentence-transformers"])
def test_threads_that_count_and_threads_that_cut(tiny, backend):
    """Tokens of whole texts are counted for chunks and for what follows a text in its prompt."""
    network = TransformerVectorizer(tiny, backend=backend)._choice().load()
    text = "sea view " * 60

    def counted():
        if backend == "transformers":
            cut = network.tokenize([text, "a"])
        else:
            cut = network.model.preprocess([text, "a"])["input_ids"]
        return len(cut[0]), network.count_tokens(text)

    counted()
    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(lambda _: counted(), range(1200)))
    assert found == {(64, 122)}


# ------------------------------------------------------------------------------------- prompts


def test_prompts(tiny, texts):
    bare = TransformerVectorizer(tiny)
    vectorizer = TransformerVectorizer(tiny, prompts="e5")
    around = bare.transform([f"query: {text}" for text in texts])
    np.testing.assert_allclose(vectorizer.transform_queries(texts), around, atol=1e-6)
    np.testing.assert_allclose(vectorizer.encode_query(texts), around, atol=1e-6)
    around = bare.transform([f"passage: {text}" for text in texts])
    np.testing.assert_allclose(vectorizer.transform(texts), around, atol=1e-6)
    one = vectorizer.encode_document("the sea", prompt='"{text}"!')
    np.testing.assert_allclose(one, bare.transform(['"the sea"!'])[0], atol=1e-6)
    named = TransformerVectorizer(tiny, prompts="e5", prompt_name="query")
    np.testing.assert_allclose(named.transform(["a"]), bare.transform(["query: a"]), atol=1e-6)


def test_the_models_own_prompts(tiny, tmp_path):
    shutil.copytree(tiny, tmp_path / "model")
    own = {"query": "the query: ", "document": "a passage: "}
    write_sentence_config(tmp_path / "model", prompts=own, similarity_fn_name="dot")
    model = reference(tmp_path / "model")
    vectorizer = TransformerVectorizer(tmp_path / "model")
    texts = ["the sea", "a room"]
    np.testing.assert_allclose(vectorizer.encode_query(texts), model.encode_query(texts), atol=1e-6)
    np.testing.assert_allclose(vectorizer.transform(texts), model.encode_document(texts), atol=1e-6)
    without = TransformerVectorizer(tmp_path / "model", prompts={})
    np.testing.assert_allclose(without.transform(texts), model.encode(texts), atol=1e-6)


def assert_as_the_library(vectorizer, model, texts):
    for name in ("encode_query", "encode_document"):
        found, expected = getattr(vectorizer, name)(texts), getattr(model, name)(texts)
        np.testing.assert_allclose(found, expected, atol=1e-6, err_msg=name)


@pytest.mark.parametrize("own", [{"query": "", "document": ""}, {}, {"query": "a query: "}])
def test_a_default_prompt(tiny, tmp_path, own):
    """It is for plain encoding, not for the two sides of a search, even where these have none."""
    folder = shutil.copytree(tiny, tmp_path / "model")
    own = own | {"sts": "sea sea: "}
    write_sentence_config(folder, prompts=own, default_prompt_name="sts")
    vectorizer, model, texts = TransformerVectorizer(folder), reference(folder), ["the sea", "a"]
    assert_as_the_library(vectorizer, model, texts)
    np.testing.assert_allclose(vectorizer.transform(texts), model.encode(texts), atol=1e-6)
    expected = model.encode(texts, prompt_name="query" if own.get("query") else "sts")
    np.testing.assert_allclose(vectorizer.transform_queries(texts), expected, atol=1e-6)


@pytest.mark.parametrize("more", [{}, {"document": ""}])
def test_a_documents_prompt_by_another_name(tiny, tmp_path, more):
    """The library writes an empty "document" beside; the default is not for documents."""
    folder = shutil.copytree(tiny, tmp_path / "model")
    own = {"query": "the query: ", "passage": "a passage: "} | more
    write_sentence_config(folder, prompts=own, default_prompt_name="query")
    vectorizer, model, texts = TransformerVectorizer(folder), reference(folder), ["the sea", "a"]
    expected = model.encode(texts, prompt_name="passage")
    for vectors in (vectorizer.transform(texts), vectorizer.encode_document(texts)):
        np.testing.assert_allclose(vectors, expected, atol=1e-6)
    np.testing.assert_allclose(vectorizer.encode_query(texts), model.encode_query(texts), atol=1e-6)


def test_a_network_for_each_side(tiny, tmp_path, texts):
    from sentence_transformers.base.modules import Router
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

    other = write_bert(tmp_path, initializer_range=0.4)
    sides = [[Transformer(str(folder)), Pooling(16)] for folder in (tiny, other)]
    router = Router.for_query_document(*sides)
    model = sentence_transformers.SentenceTransformer(modules=[router], device="cpu")
    model.save(str(tmp_path / "router"))
    vectorizer = TransformerVectorizer(tmp_path / "router", cache=tmp_path / "cache")
    texts = clean(texts)
    queries, documents = model.encode_query(texts), model.encode_document(texts)
    assert np.abs(queries - documents).max() > 0.1
    for _ in range(2):  # the second time from the cache
        assert_as_the_library(vectorizer, model, texts)
        np.testing.assert_allclose(vectorizer.transform(texts), documents, atol=1e-6)
        np.testing.assert_allclose(vectorizer.transform_queries(texts), queries, atol=1e-6)


@pytest.mark.parametrize("backend", ["transformers", "sentence-transformers"])
def test_what_follows_a_text_is_never_cut_off(tiny, backend):
    prompts = {"document": 'a "{text}" is a'}
    vectorizer = TransformerVectorizer(tiny, backend=backend, prompts=prompts, max_length=12)
    fits = 12 - len(["[CLS]", "a", '"', '"', "i", "##s", "a", "[SEP]"])
    long, short = " ".join(["sea"] * 50), " ".join(["sea"] * fits)
    np.testing.assert_allclose(*vectorizer.transform([long, short]), atol=1e-6)


@pytest.mark.parametrize("kind", ["static", "model2vec_static"])
def test_tables_heed_lengths(kind, request):
    """StaticEmbedding has no limit, and model2vec cuts characters, too: neither shows outside."""
    vectorizer = TransformerVectorizer(request.getfixturevalue(kind), max_length=12)
    long = "sea " * 50
    np.testing.assert_allclose(*vectorizer.transform([long, "sea " * 12]), atol=1e-6)
    mixed = "sea " * 12 + "tax law " * 20
    cut = vectorizer.transform([mixed])
    np.testing.assert_allclose(cut, vectorizer.transform([long]), atol=1e-6)
    in_chunks = clone(vectorizer).set_params(long_text="mean_chunks").transform([mixed])
    assert np.abs(in_chunks - cut).max() > 0.05
    prompts = [{"document": "{text}" + end} for end in ("tax law", "sea view")]
    wide = ["international " * 50]  # letters for more tokens than it has
    law, view = (vectorizer.set_params(prompts=one).transform(wide) for one in prompts)
    assert np.abs(law - view).max() > 0.02


@pytest.mark.parametrize("long_text", ["truncate", "mean_chunks"])
@pytest.mark.parametrize("backend", ["transformers", "sentence-transformers"])
@pytest.mark.parametrize("prompt", ["the sea view: ", 'the sea "{text}" is'])
def test_a_prompt_that_leaves_no_room(tiny, backend, prompt, long_text):
    parameters = {"backend": backend, "prompts": {"document": prompt}, "long_text": long_text}
    n_tokens = (
        TransformerVectorizer(tiny)._choice().load().count_tokens(prompt.replace("{text}", ""))
    )
    vectorizer = TransformerVectorizer(tiny, max_length=n_tokens, **parameters)
    message = f"The prompt alone has {n_tokens} tokens of max_length {n_tokens}: no text"
    with pytest.raises(ValueError, match=message):
        vectorizer.transform(["a hotel", "a room"])
    vectorizer.set_params(max_length=n_tokens + 1)
    hotel, room = vectorizer.transform(["hotel", "room"])
    assert np.abs(hotel - room).max() > 0.01


@pytest.mark.parametrize(
    ("kind", "long_text"),
    [
        *(("transformers", way) for way in ("truncate", "mean_chunks")),
        *(("static", way) for way in ("truncate", "mean_chunks")),
        *((kind, "truncate") for kind in ("sentence-transformers", "onnx")),
        *(
            pytest.param(kind, "mean_chunks", marks=pytest.mark.slow)
            for kind in ("sentence-transformers", "onnx")
        ),
    ],
)
def test_queries_have_a_length_of_their_own(request, kind, long_text, tmp_path):
    """As those of an estimator whose max_length it is, from the cache, too."""
    parameters = {"long_text": long_text, "prompts": {"query": "query: "}}
    if kind == "onnx":
        parameters |= {"backend": "onnx", "model_kwargs": request.getfixturevalue("minilm_int8")}
    elif kind != "static":
        parameters |= {"backend": kind}
    models = {"transformers": "tiny", "static": "static"}
    model = request.getfixturevalue(models.get(kind, "minilm"))
    texts = ["the sea view is quiet. " * 9, "a room", "passage sea " * 20]
    long = TransformerVectorizer(model, max_length=40, **parameters)
    short = TransformerVectorizer(model, max_length=12, **parameters)
    own = clone(long).set_params(query_max_length=12, cache=tmp_path / "cache")
    for _ in range(2):
        np.testing.assert_allclose(own.transform(texts), long.transform(texts), atol=1e-6)
        np.testing.assert_allclose(
            own.transform_queries(texts), short.transform_queries(texts), atol=1e-6
        )
    difference = np.abs(own.transform_queries(texts) - long.transform_queries(texts))
    assert difference[0].max() > 1e-3 > 1e-5 > difference[1].max()
    bare = clone(own).set_params(prompts={})  # one text, cached at two lengths
    difference = np.abs(bare.transform(texts[:1]) - bare.transform_queries(texts[:1])).max()
    assert difference > 1e-3 or (kind, long_text) == ("static", "mean_chunks")  # means of like ones
    longer = clone(short).set_params(query_max_length=40)
    if kind == "sentence-transformers":
        with pytest.raises(ValueError, match="query_max_length must be at most 12, what the back"):
            longer.transform_queries(texts)
        return
    np.testing.assert_allclose(
        longer.transform_queries(texts), long.transform_queries(texts), atol=1e-6
    )


@pytest.mark.parametrize("backend", ["transformers", "sentence-transformers"])
def test_lengths_of_queries_that_there_are_not(tiny, backend):
    vectorizer = TransformerVectorizer(tiny, backend=backend)
    for length in (2, 65):
        message = f"^query_max_length must be at least 3 .* at most 64, .* Got {length} instead"
        with pytest.raises(ValueError, match=message):
            vectorizer.set_params(query_max_length=length).transform(["sea"])


def test_chunks_of_the_models_own_length(tiny):
    text = ["the sea view is quiet. " * 40]
    expected = TransformerVectorizer(tiny, long_text="mean_chunks").transform(text)
    whole = TransformerVectorizer(tiny, backend="sentence-transformers", long_text="mean_chunks")
    np.testing.assert_allclose(whole.transform(text), expected, atol=1e-5)


def test_chunks_of_nobodys_length(static):
    with pytest.raises(ValueError, match="the backend 'static' does not. Give max_length"):
        TransformerVectorizer(static, long_text="mean_chunks").transform(["a"])


@pytest.mark.parametrize("backend", ["transformers", "sentence-transformers"])
@pytest.mark.parametrize(("max_length", "fits"), [(2, False), (3, True), (64, True), (65, False)])
def test_lengths_that_there_are(tiny, backend, max_length, fits):
    vectorizer = TransformerVectorizer(tiny, backend=backend, max_length=max_length)
    if fits:
        assert vectorizer.transform(["sea " * 100]).shape == (1, 16)
        return
    message = f"at least 3 .*2 special tokens .* at most 64, its positions. Got {max_length} inst"
    with pytest.raises(ValueError, match=message):
        vectorizer.transform(["sea"])


def test_lengths_that_onnx_has(minilm, minilm_int8):
    vectorizer = TransformerVectorizer(minilm, backend="onnx", model_kwargs=minilm_int8)
    for length in (2, 513):
        with pytest.raises(ValueError, match=f"at least 3 .* at most 512, its .* Got {length} ins"):
            vectorizer.set_params(max_length=length).transform(["sea"])


def test_positions_without_end_have_no_greatest_length(tmp_path):
    size = write_tokenizer(tmp_path, eos_token="[SEP]")
    config = transformers.LlamaConfig(
        vocab_size=size, hidden_size=16, intermediate_size=32, num_hidden_layers=1,
        num_attention_heads=2, max_position_embeddings=16,
    )  # fmt: skip
    transformers.LlamaModel(config).save_pretrained(tmp_path)
    vectorizer = TransformerVectorizer(tmp_path, pooling="mean", max_length=40, append_eos=True)
    assert np.isfinite(vectorizer.transform(["sea " * 100])).all()
    with pytest.raises(ValueError, match="at least 4 .* its 3 special tokens.*text. Got 3 instead"):
        vectorizer.set_params(max_length=3).transform(["sea"])


@pytest.mark.parametrize("measure", ["cosine", "dot", "euclidean", "manhattan"])
def test_similarity(tiny, tmp_path, measure, texts):
    shutil.copytree(tiny, tmp_path / "model")
    write_sentence_config(tmp_path / "model", normalize=False, similarity_fn_name=measure)
    vectorizer = TransformerVectorizer(tmp_path / "model")
    model = reference(tmp_path / "model")
    a, b = vectorizer.transform(texts[:4]), vectorizer.transform(texts[4:8])
    np.testing.assert_allclose(vectorizer.similarity(a, b), model.similarity(a, b), atol=2e-5)
    np.testing.assert_allclose(
        vectorizer.similarity_pairwise(a, b), model.similarity_pairwise(a, b), atol=2e-5
    )


@pytest.mark.parametrize("measure", ["cosine", "dot", "euclidean", "manhattan"])
def test_similarity_of_bits(tiny, tmp_path, texts, measure):
    """Packed bytes are no numbers: what counts is how many signs differ."""
    folder = shutil.copytree(tiny, tmp_path / "model")
    write_sentence_config(folder, similarity_fn_name=measure)
    signs = np.sign(TransformerVectorizer(folder).transform(texts))
    vectorizer = TransformerVectorizer(folder, precision="binary")
    bits = vectorizer.transform(texts)
    differing = (signs[:, None] != signs).sum(axis=2)
    found = vectorizer.similarity(bits, bits)
    assert np.unique(differing).size > 5
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, 1 - differing / np.float32(8))
    pairs = vectorizer.similarity_pairwise(bits[:-1], bits[1:])
    np.testing.assert_array_equal(pairs, np.diagonal(found, 1))
    np.testing.assert_array_equal(vectorizer.similarity(bits[0], bits[1]), found[:1, 1:2])


# ---------------------------------------------------------------------- an estimator like others


def test_clones_copies_and_files_hold_no_weights(tiny, tmp_path, texts):
    vectorizer = TransformerVectorizer(str(tiny), pooling="max", normalize=False)
    vectors = vectorizer.fit(texts).transform(texts)
    content = pickle.dumps(vectorizer)
    assert len(content) < 2000
    vectorizer.save(tmp_path / "model.textvec")
    assert (tmp_path / "model.textvec").stat().st_size < 4000
    copies = [pickle.loads(content), clone(vectorizer), textvec.load(tmp_path / "model.textvec")]
    for copy in copies:
        assert copy.get_params() == vectorizer.get_params()
        np.testing.assert_array_equal(copy.transform(texts), vectors)


def test_int8_ranges_are_saved(tiny, tmp_path, texts):
    cache = EncodingCache(tmp_path / "cache")
    vectorizer = TransformerVectorizer(str(tiny), precision="int8", cache=cache).fit(texts)
    vectorizer.save(tmp_path / "model.textvec")
    again = textvec.load(tmp_path / "model.textvec")
    assert again.cache == cache
    np.testing.assert_array_equal(again.transform(texts), vectorizer.transform(texts))


def test_parameters_can_be_set_later(tiny, texts):
    vectorizer = TransformerVectorizer(tiny)
    vectorizer.transform(texts)
    vectorizer.set_params(pooling="cls", normalize=False, max_length=5)
    expected = TransformerVectorizer(tiny, pooling="cls", normalize=False, max_length=5)
    np.testing.assert_array_equal(vectorizer.transform(texts), expected.transform(texts))


def test_pandas_and_names(tiny):
    vectorizer = TransformerVectorizer(tiny, truncate_dim=3).set_output(transform="pandas")
    frame = vectorizer.fit_transform(pd.Series(["sea", "room"], index=[5, 7]))
    names = [f"transformervectorizer{i}" for i in range(3)]
    assert list(frame.columns) == names
    assert vectorizer.get_feature_names_out().tolist() == names


def test_showing_an_estimator_needs_no_model(tiny, texts, monkeypatch):
    """A notebook asks for what ends in _, and for names: neither may download two gigabytes."""
    far = TransformerVectorizer("nobody/nothing")
    assert "nobody/nothing" in far._repr_mimebundle_()["text/html"]
    assert make_pipeline(far, LogisticRegression())._repr_mimebundle_()
    with pytest.raises(ValueError, match="not fitted"):
        far.get_feature_names_out()
    with pytest.raises(FileNotFoundError, match="no such model"):
        far.fit(texts)
    used = TransformerVectorizer(tiny)
    used.transform(texts)
    monkeypatch.setattr(Choice, "load", None)
    assert "pooling_" in used._repr_html_()
    assert len(used.get_feature_names_out()) == 16


def test_names_follow_parameters(tiny, texts):
    vectorizer = TransformerVectorizer(tiny).fit(texts)
    for truncate_dim, precision, width in ((None, "float32", 16), (9, "binary", 2), (9, "int8", 9)):
        vectorizer.set_params(truncate_dim=truncate_dim, precision=precision)
        assert len(vectorizer.get_feature_names_out()) == width


@pytest.mark.parametrize("cached", [False, True])
def test_progress(tiny, tmp_path, capsys, cached):
    cache = tmp_path if cached else None
    vectorizer = TransformerVectorizer(tiny, cache=cache, verbose=True)
    vectorizer.transform([f"{'sea ' * n}view" for n in range(60)])
    shown = capsys.readouterr().err
    assert "transformers (mean): 100%" in shown
    assert "60/60" in shown
    assert "tokens/s" in shown
    TransformerVectorizer(tiny).transform(["the sea"])
    assert capsys.readouterr().err == ""


def test_no_texts_are_no_rows(tiny):
    assert TransformerVectorizer(tiny).transform([]).shape == (0, 16)


def test_queries_are_cut_by_a_tokenizer_of_their_own(tiny):
    """Whether it cuts, and where, is a state of one: threads that read documents share it."""
    network = TransformerVectorizer(tiny, query_max_length=12)._choice().load()
    long = ["the sea " * 60]
    kept = network.tokenizer.backend_tokenizer.truncation
    assert kept["max_length"] == len(network.tokenize(long)[0])
    assert len(network.tokenize(long, "query")[0]) == 12
    assert network.tokenizer.backend_tokenizer.truncation == kept
