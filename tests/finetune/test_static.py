"""tune_static: from every kind of table, better on its pairs, opened by both libraries."""

import numpy as np
import pytest

from textvec import KeyedVectors, TransformerVectorizer, Word2Vec, tune_static
from textvec.evaluate.tasks import STSTask
from textvec.finetune.training import Training

for _name in ("sentence_transformers", "accelerate", "datasets", "model2vec"):
    pytest.importorskip(_name)

WORDS = ["sea", "ocean", "view", "outlook", "room", "chamber", "quiet", "silent"]
PAIRS = [(f"{a} {b}", f"{c} {d}") for a, c in zip(WORDS[::2], WORDS[1::2], strict=True)
         for b, d in zip(WORDS[::2], WORDS[1::2], strict=True) if a != b]  # fmt: skip


@pytest.fixture(scope="module")
def table():
    return KeyedVectors(np.random.default_rng(0).normal(size=(8, 64)), WORDS)


def likeness(model):
    """Mean cosine of a word and its synonym, and of it and all other words."""
    vectors = TransformerVectorizer(model, normalize=True).transform(WORDS)
    cosines = vectors @ vectors.T
    own = np.array([cosines[i, i + 1] for i in range(0, 8, 2)])
    return own.mean(), cosines[::2, 1::2].mean()


def test_synonyms_come_together_at_all_widths(table, tmp_path):
    training = Training(epochs=60, batch_size=6, learning_rate=0.1, matryoshka=(64, 32))
    folder = tune_static(table, PAIRS, tmp_path / "tuned", training=training)
    before = table.to_static_model(tmp_path / "before") or tmp_path / "before"
    assert likeness(before)[0] < 0.3
    own, others = likeness(folder)
    assert own > 0.65
    assert others < own - 0.3
    short = TransformerVectorizer(folder, truncate_dim=32, normalize=True).transform(WORDS)
    assert np.mean([short[i] @ short[i + 1] for i in range(0, 8, 2)]) > 0.6
    again = tune_static(table, PAIRS, tmp_path / "again", training=training)
    for name in ("model.safetensors", "tokenizer.json"):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "tuned" / name).read_bytes()
    assert again == str(tmp_path / "again")


def test_both_libraries_open_it(table, tmp_path):
    from model2vec import StaticModel
    from sentence_transformers import SentenceTransformer

    folder = tune_static(table, PAIRS, tmp_path / "tuned", training=Training(max_steps=2))
    expected = TransformerVectorizer(folder).transform(["sea view"])
    np.testing.assert_allclose(StaticModel.from_pretrained(folder).encode(["sea view"]), expected)
    opened = SentenceTransformer(folder, device="cpu")
    np.testing.assert_allclose(opened.encode(["sea view"]), expected, atol=1e-6)


def test_tables_of_tokens_and_of_ones_own_and_scores(static, tmp_path):
    scored = [*PAIRS, ("sea", "silent"), ("room", "ocean")]
    scores = [1.0] * len(PAIRS) + [0.0, 0.0]
    folder = tune_static(
        static, scored, tmp_path / "tokens", scores, Training(epochs=8, batch_size=7)
    )
    before, after = (
        TransformerVectorizer(one).transform(["sea", "silent"]) for one in (static, folder)
    )
    np.testing.assert_allclose(np.linalg.norm(after, axis=1), 1, atol=1e-6)  # as it was
    assert after[0] @ after[1] < before[0] @ before[1] - 0.05
    texts = [" ".join(pair) for pair in PAIRS] * 20
    learned = Word2Vec(vector_size=32, min_count=1, epochs=1, random_state=0).fit(texts)
    records = [{"text": a, "positive_text": b} for a, b in PAIRS]
    folder = tune_static(learned, records, tmp_path / "own", training=Training(max_steps=1))
    assert TransformerVectorizer(folder).transform(["sea"]).shape == (1, 32)


def test_a_validation_keeps_what_was_better(table, tmp_path):
    """What it learns makes synonyms alike, and the task says that they are not."""
    texts1, texts2 = zip(*PAIRS, strict=True)
    wrong = STSTask([*texts1, "sea", "room"], [*texts2, "silent", "ocean"], [0.0] * 12 + [1, 0.9])
    training = Training(epochs=20, batch_size=6, learning_rate=0.1)
    with pytest.warns(UserWarning, match="No step of the training improved"):
        folder = tune_static(table, PAIRS, tmp_path / "kept", None, training, wrong)
    table.to_static_model(tmp_path / "before")
    np.testing.assert_array_equal(
        TransformerVectorizer(folder).transform(WORDS),
        TransformerVectorizer(tmp_path / "before").transform(WORDS),
    )


def test_what_is_refused(table, tiny, tmp_path):
    with pytest.raises(ValueError, match="Got texts with labels instead"):
        tune_static(table, ["a", "b"], tmp_path / "x", [0, 1])
    with pytest.raises(ValueError, match="is no static model: tune it by FineTunedVectorizer"):
        tune_static(tiny, PAIRS, tmp_path / "x")
    with pytest.raises(ValueError, match="must have prompts=None for a table.* Got 'e5' instead"):
        tune_static(table, PAIRS, tmp_path / "x", training=Training(prompts="e5"))
    with pytest.raises(TypeError, match="table must be KeyedVectors, .* Got 3 instead"):
        tune_static(3, PAIRS, tmp_path / "x")
    assert not list(tmp_path.iterdir())
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/file").write_text("")
    with pytest.raises(FileExistsError, match="mine holds something already"):
        tune_static(table, PAIRS, tmp_path / "mine")
