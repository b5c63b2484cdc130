"""RetroMAE: the mask, what each decoder sees, losses that fall, a folder that all else takes."""

import numpy as np
import pytest

from textvec import TransformerVectorizer, pretrain_retromae
from textvec.finetune.retromae import Pretraining, auto_encoder, sampled_attention

from ..encoders.tiny_models import WORDS, write_bert, write_roberta

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
pytest.importorskip("accelerate")


@pytest.fixture(scope="module")
def masked(tmp_path_factory):
    return write_bert(
        tmp_path_factory.mktemp("masked"), "BertForMaskedLM", initializer_range=0.02,
        hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
    )  # fmt: skip


@pytest.fixture(scope="module")
def texts():
    rng = np.random.default_rng(0)
    return [" ".join(rng.choice(WORDS[:6], 8)) for _ in range(64)]


@pytest.mark.parametrize("n", [2, 3, 5, 40])
@pytest.mark.parametrize("share", [0.01, 0.3, 0.5, 0.99])
def test_nobody_sees_itself_and_all_see_the_text(n, share):
    seen = sampled_attention(n, share, np.random.RandomState(n))
    assert not seen.diagonal().any()
    assert seen[1:, 0].all()
    counts = seen[:, 1:].sum(axis=1)
    assert counts[0] >= 1
    assert (counts[1:] <= n - 2).all()
    if n > 3:
        wanted = min(max(1, round(share * (n - 1))), n - 2)
        assert counts.tolist() == [wanted] * n
    again = sampled_attention(n, share, np.random.RandomState(n))
    assert (again == seen).all()


def collated(masked, decoder="enhanced", texts=("the sea view", "a quiet room near the sea")):
    from textvec.finetune.retromae import _Collator

    tokenizer = transformers.AutoTokenizer.from_pretrained(masked)
    collate = _Collator(tokenizer, Pretraining(decoder=decoder), np.random.RandomState(0))
    return tokenizer, collate([{"input_ids": tokenizer(text)["input_ids"]} for text in texts])


@pytest.mark.parametrize("decoder", ["enhanced", "basic"])
def test_batches_mask_words_and_guess_what_was_there(masked, decoder):
    tokenizer, batch = collated(masked, decoder)
    ids, labels, mask = batch["input_ids"], batch["labels"], tokenizer.mask_token_id
    asked = labels != -100
    assert (ids[asked] == mask).all()
    assert not (ids[~asked] == mask).any()
    assert asked.sum(dim=1).tolist() == [
        1,
        round(0.3 * batch["attention_mask"][1].sum().item() - 2 * 0.3),
    ]
    whole = torch.where(asked, labels, ids)
    expected = [tokenizer.decode(row, skip_special_tokens=True) for row in whole]
    assert expected == ["the sea view", expected[1]]
    guessed = batch["decoder_labels"] != -100
    if decoder == "enhanced":
        assert (batch["decoder_ids"] == whole).all()
        n_words = [len(row) - 2 for row in (tokenizer("the sea view")["input_ids"],)]
        assert guessed[0].sum() == n_words[0]
    else:
        assert (batch["decoder_ids"][guessed] == mask).all()
        assert not batch["seen"][0, :, ~batch["attention_mask"][0].bool()].any()


def test_enhanced_decoding_sees_the_mask_and_the_text_alone(masked):
    """A guess depends on the tokens of its row of the mask, and on no other; on h always."""
    torch.manual_seed(0)
    network = transformers.AutoModelForMaskedLM.from_pretrained(masked).eval()
    wrapped = auto_encoder(network).eval()
    _, batch = collated(masked)
    layer_output = {}
    wrapped.layer.register_forward_hook(
        lambda module, given, output: layer_output.update(found=output.detach())
    )
    wrapped(**batch)
    first = layer_output["found"]
    changed = {name: value.clone() for name, value in batch.items()}
    changed["decoder_ids"][1, 3] = 7
    wrapped(**changed)
    moved = (layer_output["found"] - first).abs().amax(dim=2)[1] > 1e-7
    n = int(batch["attention_mask"][1].sum())
    assert moved[:n].tolist() == batch["seen"][1, :n, 3].tolist()
    assert not moved[3]
    other = {name: value.clone() for name, value in batch.items()}
    other["input_ids"][1, 1] = 9  # another text for the encoder: another h
    wrapped(**other)
    assert ((layer_output["found"] - first).abs().amax(dim=2)[1, :n] > 1e-7).all()


@pytest.mark.parametrize("decoder", ["enhanced", pytest.param("basic", marks=pytest.mark.slow)])
def test_it_learns_and_repeats(masked, texts, decoder, tmp_path):
    settings = Pretraining(decoder, max_steps=30, batch_size=16, learning_rate=0.01)
    folders = [
        pretrain_retromae(masked, texts, tmp_path / name, settings, device="cpu")
        for name in ("one", "two")
    ]
    vectorizer = TransformerVectorizer(folders[0], device="cpu")
    vectors = vectorizer.fit_transform(texts)
    assert vectorizer.pooling_ == "cls"
    weights = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("one", "two")]
    assert weights[0] == weights[1]
    assert np.isfinite(vectors).all()
    losses = []
    for folder in (masked, folders[0]):
        torch.manual_seed(0)
        network = transformers.AutoModelForMaskedLM.from_pretrained(folder).eval()
        _, batch = collated(masked, decoder, texts[:32])
        losses.append(auto_encoder(network, decoder)(**batch)["encoder_loss"].item())
    assert losses[1] < losses[0] - 1


def test_roberta_counts_its_positions_from_padding(tmp_path, texts):
    (tmp_path / "roberta").mkdir()
    folder = write_roberta(tmp_path / "roberta", "RobertaForMaskedLM")
    out = pretrain_retromae(folder, texts, tmp_path / "out", Pretraining(max_steps=2), device="cpu")
    assert TransformerVectorizer(out).transform(["the sea"]).shape == (1, 16)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"decoder": "strong"}, ValueError, "decoder must be one of 'enhanced', 'basic'"),
        ({"encoder_mask": 0}, ValueError, "encoder_mask must be between"),
        ({"max_steps": 0}, ValueError, "max_steps must be at least 1"),
        ({"max_length": 65}, ValueError, "at most 64, its positions. Got 65"),
        ({"learning_rate": 1e30, "max_steps": 9}, FloatingPointError, "lower learning_rate"),
    ],
)
def test_bad_settings(masked, texts, changes, error, message, tmp_path):
    with pytest.raises(error, match=message):
        pretrain_retromae(masked, texts, tmp_path / "out", Pretraining(**changes), device="cpu")
    assert not (tmp_path / "out").exists()


def test_bad_input(masked, texts, tmp_path):
    with pytest.raises(ValueError, match="a text that is not empty. Got none"):
        pretrain_retromae(masked, ["", " "], tmp_path / "out")
    with pytest.raises(TypeError, match="pretraining must be a Pretraining, or None"):
        pretrain_retromae(masked, texts, tmp_path / "out", {"epochs": 3})
    with pytest.raises(FileExistsError, match="holds something already"):
        pretrain_retromae(masked, texts, masked)
