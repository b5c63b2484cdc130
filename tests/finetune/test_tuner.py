"""FineTunedVectorizer: what is trained, by which loss, what comes out, and what is kept."""

import json
import os
import pickle
import random
import shutil
import signal
import subprocess
import sys
import textwrap
import warnings
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline

import textvec
from textvec import (
    EWC,
    BitFit,
    DocumentVectorizer,
    FineTunedVectorizer,
    Head,
    KeyedVectors,
    LoRA,
    LSAVectorizer,
    Prefix,
    TfidfVectorizer,
    Training,
    TransformerVectorizer,
)
from textvec.evaluate.tasks import STSTask
from textvec.integrations.passages import PassageIndex
from textvec.integrations.vectors import signature_of

from .conftest import PAIRS, SCORES, TEXTS, TRIPLES

torch = pytest.importorskip("torch")
QUICK = Training(epochs=3, batch_size=4, learning_rate=5e-3)
LABELS = ["sea", "room"] * 5
STS = STSTask(*zip(*PAIRS), SCORES)


def slow(*losses):
    """Return what only ``--runslow`` trains by: the formulas have tests of their own."""
    return [pytest.param(loss, marks=pytest.mark.slow) for loss in losses]


def quick(learner, **parameters):
    return FineTunedVectorizer(learner, **{"training": QUICK, "random_state": 0, **parameters})


def weights(folder):
    from safetensors.torch import load_file

    return load_file(Path(folder) / "model.safetensors")


def sts(vectorizer):
    return STS.evaluate(vectorizer)["cosine Spearman"]


# ---------------------------------------------------------------------------- what can be learned


@pytest.mark.parametrize("loss", ["auto", *slow("angle", "cosine_regression")])
def test_scores_are_learned(learner, loss):
    tuned = quick(learner, loss=loss, training=clone(QUICK).set_params(epochs=12)).fit(
        PAIRS, SCORES
    )
    assert sts(tuned.vectorizer_) > sts(TransformerVectorizer(learner)) + 0.3
    steps, losses = zip(*tuned.loss_history_)
    assert losses[-1] < losses[0] * 0.8
    assert steps[-1] == tuned.best_step_ == 36
    assert tuned.trained_share_ == 1
    assert tuned.score_history_ == []


@pytest.mark.parametrize("loss", ["infonce", *slow("gte", "pair_sigmoid", "cosent")])
def test_labels_are_learned(learner, loss):
    tuned = quick(learner, loss=loss, training=clone(QUICK).set_params(epochs=4)).fit(TEXTS, LABELS)
    assert apart(tuned, TEXTS, LABELS) > apart(TransformerVectorizer(learner), TEXTS, LABELS) + 0.2
    assert len(tuned.loss_history_) > 10


def apart(vectorizer, texts, labels):
    """Return by how much texts of one class are nearer than those of two."""
    vectors = vectorizer.transform(texts)
    similar = vectors @ vectors.T
    same = np.equal.outer(labels, labels)
    return similar[same].mean() - similar[~same].mean()


@pytest.mark.parametrize("loss", ["infonce", *slow("triplet_cosent", "triplet_sigmoid")])
def test_triplets_are_learned(learner, loss):
    rows = [(text, TEXTS[i - 1], TEXTS[i - 3]) for i, text in enumerate(TEXTS)]
    tuned = quick(learner, loss=loss, training=clone(QUICK).set_params(epochs=6)).fit(rows)
    assert nearer(tuned, rows) > nearer(TransformerVectorizer(learner), rows) + 0.005


def nearer(vectorizer, rows):
    text, positive, negative = (vectorizer.transform(column) for column in zip(*rows))
    return ((text * positive).sum(1) - (text * negative).sum(1)).mean()


def test_texts_alone_are_pushed_apart(learner):
    tuned = quick(learner).fit(TEXTS)
    before, after = TransformerVectorizer(learner).transform(TEXTS), tuned.transform(TEXTS)
    assert (after @ after.T).mean() < (before @ before.T).mean() - 0.1


def test_several_kinds_at_once_each_by_its_loss(learner):
    rows = [{"text1": a, "text2": b, "score": s} for (a, b), s in zip(PAIRS, SCORES)]
    tuned = quick(learner).fit({"sts": (rows, "angle"), "search": (TRIPLES, "infonce")})
    assert tuned.loss_history_[-1][0] == 3 * (3 + 3)
    assert sts(tuned.vectorizer_) > sts(TransformerVectorizer(learner)) + 0.1


def test_a_file_of_records(learner, tmp_path):
    file = tmp_path / "records.jsonl"
    file.write_text("\n".join(map(json.dumps, TRIPLES)))
    found, expected = quick(learner).fit(file), quick(learner).fit(TRIPLES)
    assert np.array_equal(found.transform(TEXTS), expected.transform(TEXTS))


# ------------------------------------------------------------------------------------ strategies


def learns(name, strategy):
    """Return whether a weight of the learner model may change."""
    if strategy in ("full", "lora"):
        return strategy == "full" or name.endswith("weight") and "LayerNorm" not in name
    if strategy == "head":
        return ".layer.2." in f".{name}"
    if strategy == "bitfit":
        return "bias" in name or "Norm" in name
    return name == "embeddings.word_embeddings.weight"


@pytest.mark.parametrize(
    ("strategy", "share"),
    [("full", 1), ("bitfit", 0.1), ("prefix", 0.2), ("lora", 0.6), ("head", 0.5)],
)
def test_only_what_the_strategy_names_changes(learner, strategy, share):
    tuned = quick(learner, strategy=strategy).fit(PAIRS, SCORES)
    before, after = weights(learner), weights(tuned.vectorizer_.model)
    assert before.keys() == after.keys()
    changed = {
        name for name in before if not torch.equal(before[name], after[name][: len(before[name])])
    }
    if strategy == "prefix":
        assert not changed
        name = "embeddings.word_embeddings.weight"
        assert len(after[name]) == len(before[name]) + 10
    else:
        assert changed
        assert all(learns(name, strategy) for name in changed)
    assert 0 < tuned.trained_share_ <= share
    assert not np.allclose(tuned.transform(TEXTS), TransformerVectorizer(learner).transform(TEXTS))


def test_the_tokenizer_of_a_prefix_writes_its_tokens(learner):
    tuned = quick(learner, strategy=Prefix(n_tokens=3)).fit(PAIRS, SCORES)
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tuned.vectorizer_.model)
    tokens = tokenizer.convert_ids_to_tokens(tokenizer("the sea")["input_ids"])
    assert tokens == ["[CLS]", "[PREFIX0]", "[PREFIX1]", "[PREFIX2]", "the", "sea", "[SEP]"]
    cut = tokenizer("the sea " * 90, truncation=True)["input_ids"]
    assert len(cut) == 64
    from sentence_transformers import SentenceTransformer

    theirs = SentenceTransformer(tuned.vectorizer_.model).encode(TEXTS)
    np.testing.assert_allclose(tuned.transform(TEXTS), theirs, atol=1e-6)


@pytest.mark.slow
def test_strategies_have_settings(learner):
    few = quick(learner, strategy=LoRA(rank=1)).fit(PAIRS, SCORES)
    many = quick(learner, strategy=LoRA(rank=4)).fit(PAIRS, SCORES)
    assert few.trained_share_ < many.trained_share_ / 1.5
    two = quick(learner, strategy=Head(n_layers=2)).fit(PAIRS, SCORES)
    assert 0.4 < two.trained_share_ < 0.6
    norms = quick(learner, strategy=BitFit(keywords=("norm",))).fit(PAIRS, SCORES)
    assert norms.trained_share_ < 0.1
    for strategy, said in [
        (Head(n_layers=9), "at most 3"),
        (BitFit(keywords=("gate",)), "No weight's name holds any of 'gate'"),
        (LoRA(rank=0), "rank must be at least 1"),
        ("adalora", "strategy must be one of 'full'"),
    ]:
        with pytest.raises(ValueError, match=said):
            quick(learner, strategy=strategy).fit(PAIRS, SCORES)


def test_changes_of_lora_may_stay_apart(learner):
    apart = quick(learner, strategy=LoRA(merge=False)).fit(PAIRS, SCORES)
    merged = quick(learner, strategy="lora").fit(PAIRS, SCORES)
    names = {file.name for file in Path(apart.vectorizer_.model).iterdir()}
    assert {"adapter_config.json", "adapter_model.safetensors"} <= names
    assert "model.safetensors" not in names
    from sentence_transformers import SentenceTransformer

    theirs = SentenceTransformer(apart.vectorizer_.model).encode(TEXTS)
    np.testing.assert_allclose(merged.transform(TEXTS), theirs, atol=1e-5)


# ------------------------------------------------------------------------------------ how it goes


def test_same_seed_same_weights_and_nothing_else_is_drawn_from(learner):
    torch.manual_seed(7)
    random.seed(7)
    state = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].copy()  # noqa: NPY002
    once = quick(learner, strategy="lora").fit(PAIRS, SCORES)
    assert torch.equal(state[0], torch.get_rng_state())
    assert state[1] == random.getstate()
    assert np.array_equal(state[2], np.random.get_state()[1])  # noqa: NPY002
    torch.manual_seed(8)
    twice = quick(learner, strategy="lora").fit(PAIRS, SCORES)
    other = quick(learner, strategy="lora", random_state=1).fit(PAIRS, SCORES)
    first, second, third = (weights(one.vectorizer_.model) for one in (once, twice, other))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not all(torch.equal(first[name], third[name]) for name in first)


def test_a_task_chooses_the_best_weights(learner):
    training = Training(epochs=20, batch_size=4, learning_rate=3e-2, evaluate_every=4)
    tuned = quick(learner, training=training, validation=STS).fit(PAIRS, SCORES)
    steps, scores = zip(*tuned.score_history_)
    assert steps == (*range(0, 60, 4), 60)
    assert scores[0] == pytest.approx(sts(TransformerVectorizer(learner)), abs=1e-6)
    assert tuned.best_step_ == steps[int(np.argmax(scores))]
    assert sts(tuned.vectorizer_) == pytest.approx(max(scores), abs=1e-6)


def test_where_nothing_improves_the_model_stays_as_it_was(learner):
    opposite = [5 - score for score in SCORES]
    with pytest.warns(UserWarning, match="No step .* improved on the model as it was"):
        tuned = quick(learner, validation=STSTask(*zip(*PAIRS), order_of(learner))).fit(
            PAIRS, opposite
        )
    assert tuned.best_step_ == 0
    expected = TransformerVectorizer(learner).transform(TEXTS)
    np.testing.assert_allclose(tuned.transform(TEXTS), expected, atol=1e-6)


def order_of(learner):
    """Return scores that the model as it is ranks rightly."""
    first, second = (TransformerVectorizer(learner).transform(column) for column in zip(*PAIRS))
    return (first * second).sum(axis=1)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:No step of the training improved")
def test_a_share_of_the_records_is_held_out(learner):
    tuned = quick(learner, validation=0.4).fit(PAIRS * 2, SCORES * 2)
    assert len(tuned.score_history_) > 3
    tuned = quick(learner, validation=0.3).fit(TRIPLES)
    assert all(0 <= score <= 1 for _, score in tuned.score_history_)
    with pytest.raises(ValueError, match="must be a task where texts have no labels"):
        quick(learner, validation=0.3).fit(TEXTS)
    with pytest.raises(ValueError, match="too few, 3"):
        quick(learner, validation=0.3).fit(PAIRS[:3])


def test_large_batches_by_chunks_are_the_same_training(learner):
    whole = Training(max_steps=2, batch_size=10, learning_rate=1e-3)
    trained = [
        quick(deterministic(learner), training=clone(whole).set_params(chunk_size=size)).fit(
            TRIPLES
        )
        for size in (None, 3)
    ]
    np.testing.assert_allclose(*(one.transform(TEXTS) for one in trained), atol=1e-4)
    moved = trained[0].transform(TEXTS) - TransformerVectorizer(learner).transform(TEXTS)
    assert abs(moved).max() > 0.01


def deterministic(learner):
    """Return the model without dropout."""
    folder = Path(learner).parent / "no-dropout"
    if not folder.exists():
        import shutil

        shutil.copytree(learner, folder)
        config = json.loads((folder / "config.json").read_text())
        config |= {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
        (folder / "config.json").write_text(json.dumps(config))
    return str(folder)


def test_prompts_and_lengths_of_queries_and_passages(learner):
    base = {"prompts": {"query": "query: ", "document": "passage: "}}
    training = clone(QUICK).set_params(**base, query_max_length=8, max_length=16)
    tuned = quick(learner, training=training).fit(TRIPLES)
    assert tuned.vectorizer_.prompts == base["prompts"]
    assert not np.allclose(tuned.transform(["the sea"]), tuned.transform_queries(["the sea"]))
    given = TransformerVectorizer(learner, **base)
    same = quick(given, training=clone(training).set_params(prompts=None)).fit(TRIPLES)
    assert np.array_equal(same.transform(TEXTS), tuned.transform(TEXTS))


def test_ewc_keeps_the_weights_near(learner):
    def moved(ewc):
        training = clone(QUICK).set_params(ewc=ewc)
        tuned = quick(learner, training=training).fit(PAIRS, SCORES)
        before, after = weights(learner), weights(tuned.vectorizer_.model)
        return sum((before[name] - after[name]).square().sum() for name in before)

    free = moved(None)
    assert moved(EWC(TEXTS, weight=0)) == free
    assert moved(EWC(TEXTS, weight=100)) < moved(EWC(TEXTS, weight=10)) < free
    assert moved(EWC(PAIRS, weight=100)) < free


@pytest.mark.slow
def test_matryoshka_serves_the_first_dimensions(learner):
    narrow = STSTask(*zip(*PAIRS), SCORES)
    scores = []
    for widths in (None, (16, 4)):
        training = clone(QUICK).set_params(matryoshka=widths, epochs=12)
        tuned = quick(learner, training=training).fit(PAIRS, SCORES)
        cut = clone(tuned.vectorizer_).set_params(truncate_dim=4)
        scores.append(narrow.evaluate(cut)["cosine Spearman"])
    assert scores[1] > scores[0]


# ------------------------------------------------------------------------------------ bad weather


def test_a_loss_that_is_no_number_stops_with_advice(learner):
    training = Training(epochs=30, batch_size=4, learning_rate=1e38, warmup=0)
    with pytest.raises(ValueError, match=r"The loss is (nan|-?inf) at step \d+: .*learning_rate"):
        quick(learner, training=training).fit(PAIRS, SCORES)


def test_what_has_no_network_is_for_adapters_alone(learner):
    from ..contract.models import tiny_static

    with pytest.raises(ValueError, match="by 'static', no weights.*strategy='adapter'"):
        quick(tiny_static()).fit(PAIRS)
    with pytest.raises(ValueError, match="Got TfidfVectorizer instead, .* strategy='adapter'"):
        quick(TfidfVectorizer()).fit(PAIRS)


def test_settings_of_the_trainer(learner):
    training = clone(QUICK).set_params(trainer={"gradient_accumulation_steps": 3})
    assert quick(learner, training=training).fit(PAIRS).loss_history_[-1][0] == 3
    with pytest.raises(ValueError, match="'seed': it is set by random_state"):
        quick(learner, training=Training(trainer={"seed": 3})).fit(PAIRS)
    with pytest.raises(ValueError, match="'lr_sheduler_type' is none. Near: lr_scheduler_type"):
        quick(learner, training=Training(trainer={"lr_sheduler_type": "cosine"})).fit(PAIRS)


def test_ctrl_c_keeps_the_best_so_far(learner):
    class Interrupting(STSTask):
        n_asked = 0

        def evaluate(self, vectorizer, k=None):
            self.n_asked += 1
            if self.n_asked == 4:
                raise KeyboardInterrupt
            return super().evaluate(vectorizer, k)

    training = Training(epochs=20, batch_size=4, learning_rate=3e-2, evaluate_every=4)
    tuner = quick(learner, training=training, validation=Interrupting(*zip(*PAIRS), SCORES))
    with pytest.raises(KeyboardInterrupt):
        tuner.fit(PAIRS, SCORES)
    steps, scores = zip(*tuner.score_history_)
    assert steps == (0, 4, 8)
    assert tuner.best_step_ == steps[int(np.argmax(scores))]
    assert sts(tuner.vectorizer_) == pytest.approx(max(scores), abs=1e-6)


KILLED = """
import os, sys, signal
from textvec import FineTunedVectorizer, Training
from textvec.evaluate.tasks import STSTask
sys.path.insert(0, sys.argv[4])
from tests.finetune.conftest import PAIRS, SCORES

class Killing(STSTask):
    n_asked = 0
    def evaluate(self, vectorizer, k=None):
        self.n_asked += 1
        if self.n_asked == int(sys.argv[3]):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().evaluate(vectorizer, k)

training = Training(epochs=4, batch_size=4, learning_rate=1e-2, evaluate_every=2)
FineTunedVectorizer(sys.argv[1], output_dir=sys.argv[2], random_state=0, training=training,
                    validation=Killing(*zip(*PAIRS), SCORES)).fit(PAIRS, SCORES)
"""


@pytest.mark.slow
def test_what_is_killed_goes_on_to_the_same_weights(learner, tmp_path):
    root = str(Path(__file__).parents[2])
    (tmp_path / "train.py").write_text(textwrap.dedent(KILLED))

    def train(folder, killed_at):
        command = [sys.executable, str(tmp_path / "train.py"), learner, str(tmp_path / folder)]
        done = subprocess.run([*command, str(killed_at), root], check=False, capture_output=True)
        return done.returncode

    assert train("whole", 99) == 0
    assert train("killed", 5) == -signal.SIGKILL
    assert sorted(os.listdir(tmp_path / "killed" / "checkpoints"))
    assert train("killed", 99) == 0
    first, second = weights(tmp_path / "whole"), weights(tmp_path / "killed")
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_what_is_cut_off_goes_on_to_the_same_weights(learner, tmp_path, monkeypatch):
    """As the one above, without processes: the first training dies of an error at its step 7."""
    from textvec.finetune import objective

    whole = quick(learner, output_dir=tmp_path / "whole").fit(PAIRS, SCORES)
    embed, n_done = objective._embed, []

    def failing(model, features):
        n_done.append(1)
        if len(n_done) == 6 + 1:
            raise RuntimeError("killed")
        return embed(model, features)

    monkeypatch.setattr(objective, "_embed", failing)
    tuner = quick(learner, output_dir=tmp_path / "cut")
    with pytest.raises(RuntimeError, match="killed"):
        tuner.fit(PAIRS, SCORES)
    other = quick(learner, output_dir=tmp_path / "cut", random_state=1)
    with pytest.raises(ValueError, match="unfinished training of other records or settings"):
        other.fit(PAIRS[:5], SCORES[:5])
    n_done.clear()
    tuner.fit(PAIRS, SCORES)
    assert len(n_done) == 3  # the last of nine steps
    first, second = weights(tmp_path / "whole"), weights(tmp_path / "cut")
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert tuner.loss_history_ == whole.loss_history_
    assert not (tmp_path / "cut" / "checkpoints").exists()


def test_what_was_held_out_stays_so_where_a_training_goes_on(learner, tmp_path, monkeypatch):
    """Also where no seed was given: that of the beginning counts."""
    from textvec.finetune import tuner as module

    tuner = quick(learner, output_dir=tmp_path, validation=0.3, random_state=None)
    held_out, settle = [], module.settle

    def noting(held, rest, name):
        held_out.append(held.columns)
        return STS

    def failing(*arguments):
        raise RuntimeError("killed")

    monkeypatch.setattr(module, "_task_of", noting)
    monkeypatch.setattr(module, "settle", failing)
    with pytest.raises(RuntimeError, match="killed"):
        tuner.fit(PAIRS, SCORES)
    monkeypatch.setattr(module, "settle", settle)
    tuner.fit(PAIRS, SCORES)
    assert held_out[0] == held_out[1]
    tuner.fit(PAIRS, SCORES)
    assert held_out[2] != held_out[0]  # and a new one draws anew: 1 of 120 draws is the same


def test_a_folder_of_somebody_else_is_left_alone(learner, tmp_path):
    (tmp_path / "thesis.txt").write_text("all of it")
    with pytest.raises(FileExistsError, match="not written by a training"):
        quick(learner, output_dir=tmp_path).fit(PAIRS)
    assert os.listdir(tmp_path) == ["thesis.txt"]
    folder = tmp_path / "mine"
    once = quick(learner, output_dir=folder).fit(PAIRS).transform(TEXTS)
    again = quick(learner, output_dir=folder).fit(PAIRS)
    assert np.array_equal(again.transform(TEXTS), once)
    assert again.vectorizer_.model == str(folder)


# ------------------------------------------------------------------------------- as any estimator


@pytest.mark.slow
def test_grids_reach_into_training(learner):
    steps = [("vectors", quick(learner)), ("classifier", LogisticRegression())]
    grid = GridSearchCV(Pipeline(steps), {"vectors__training__epochs": [1, 2]}, cv=2)
    grid.fit(TEXTS, LABELS)
    assert grid.best_params_["vectors__training__epochs"] in (1, 2)
    assert QUICK.epochs == 3
    scores = cross_val_score(Pipeline(steps), TEXTS, LABELS, cv=2)
    assert len(scores) == 2


def test_what_is_set_within_training_is_set_on_a_copy():
    changed = FineTunedVectorizer("m").set_params(training__epochs=7)
    assert changed.training.epochs == 7
    assert FineTunedVectorizer("m").training.epochs == 1
    with pytest.raises(ValueError, match="Invalid parameter 'epoch' for Training"):
        changed.set_params(training__epoch=7)


def test_what_is_saved_lies_beside_its_file_and_moves_with_it(learner, tmp_path):
    tuned = quick(learner).fit(PAIRS, SCORES)
    (tmp_path / "here").mkdir()
    tuned.save(tmp_path / "here" / "tuned.textvec")
    expected = tuned.transform(TEXTS)
    del tuned
    names = sorted(os.listdir(tmp_path / "here"))
    assert names[1] == "tuned.textvec"
    assert names[0].startswith("tuned-")
    os.rename(tmp_path / "here", tmp_path / "there")
    found = textvec.load(tmp_path / "there" / "tuned.textvec")
    assert np.array_equal(found.transform(TEXTS), expected)
    assert found.vectorizer_.model == str(tmp_path / "there" / names[0])
    config = tmp_path / "there" / names[0] / "config.json"
    config.write_text(config.read_text() + " ")
    with pytest.raises(ValueError, match="altered or cut short"):
        textvec.load(tmp_path / "there" / "tuned.textvec")
    os.rename(tmp_path / "there" / names[0], tmp_path / "elsewhere")
    with pytest.raises(FileNotFoundError, match="must lie beside its file"):
        textvec.load(tmp_path / "there" / "tuned.textvec")


def test_it_lies_beside_the_file_of_whatever_holds_it(learner, tmp_path):
    tuned = quick(learner).fit(PAIRS, SCORES)
    passages = PassageIndex(tuned).fit(TEXTS)
    (tmp_path / "here").mkdir()
    passages.save(tmp_path / "here" / "passages.textvec")
    expected = [(found.text, found.score) for found in passages.search(TEXTS[0])]
    os.rename(tmp_path / "here", tmp_path / "there")
    again = textvec.load(tmp_path / "there" / "passages.textvec")
    assert [(found.text, found.score) for found in again.search(TEXTS[0])] == expected
    assert again.vectorizers.vectorizer_.model.startswith(str(tmp_path / "there" / "tuned-"))
    shutil.rmtree(next((tmp_path / "there").glob("tuned-*")))
    with pytest.raises(FileNotFoundError, match="must lie beside its file"):
        textvec.load(tmp_path / "there" / "passages.textvec")


def test_tasks_that_chose_are_not_saved(learner, tmp_path):
    tuned = quick(learner, validation=[STS]).fit(PAIRS, SCORES)
    tuned.save(tmp_path / "tuned.textvec")
    found = textvec.load(tmp_path / "tuned.textvec")
    assert found.validation is None
    assert tuned.validation == [STS]
    assert found.score_history_ == tuned.score_history_
    assert np.array_equal(found.transform(TEXTS), tuned.transform(TEXTS))
    assert signature_of(tuned).digest  # stores know it


def test_stores_tell_one_tuned_model_from_another(learner):
    one = quick(learner).fit(PAIRS, SCORES)
    other = quick(learner, random_state=1).fit(PAIRS, SCORES)
    assert signature_of(one).digest
    assert signature_of(one) == signature_of(pickle.loads(pickle.dumps(one)))
    assert signature_of(one).digest != signature_of(other).digest


def test_a_temporary_folder_goes_with_the_estimator(learner):
    tuned = quick(learner).fit(PAIRS)
    folder = Path(tuned.vectorizer_.model)
    assert folder.is_dir()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        del tuned
        import gc

        gc.collect()
    assert not folder.exists()


# --------------------------------------------------------------------------------------- adapters

QUESTIONS, ANSWERS = ([f"{kind}{i}" for i in range(120)] for kind in ("question", "answer"))


def table_of_questions():
    """Return vectors of questions, and of their answers, which lie elsewhere by one turn."""
    made = np.random.default_rng(0)
    vectors, turn = made.normal(size=(120, 8)), np.linalg.qr(made.normal(size=(8, 8)))[0]
    return DocumentVectorizer(
        KeyedVectors(np.concatenate([vectors, vectors @ turn]), QUESTIONS + ANSWERS)
    )


@pytest.mark.parametrize("side", ["both", "query"])
def test_an_adapter_of_any_vectors(side):
    tuner = FineTunedVectorizer(
        table_of_questions(),
        strategy=textvec.Adapter(side=side),
        training=Training(learning_rate=0.05),
        random_state=0,
    ).fit(list(zip(QUESTIONS, ANSWERS)))
    before = tuner.score_history_[0][1]
    assert max(score for _, score in tuner.score_history_) > before + (0.05, 0.5)[side == "query"]
    assert tuner.best_step_ > 0
    plain = tuner.vectorizer_
    documents, queries = tuner.transform(ANSWERS), tuner.transform_queries(QUESTIONS)
    assert np.array_equal(documents, plain.transform(ANSWERS)) == (side == "query")
    np.testing.assert_allclose(queries, plain.transform(QUESTIONS) @ tuner.map_, atol=1e-6)
    assert list(tuner.get_feature_names_out()[:1]) == ["finetunedvectorizer0"]


def test_an_adapter_that_does_not_help_is_the_identity_and_says_so(learner):
    pairs = [(text, text) for text in TEXTS] * 3  # nothing to be won
    tuner = FineTunedVectorizer(learner, strategy="adapter", random_state=0)
    with pytest.warns(UserWarning, match="No linear map was better on the 6 pairs held out"):
        tuner.fit(pairs)
    assert np.array_equal(tuner.map_, np.eye(16, dtype=np.float32))
    expected = TransformerVectorizer(learner).transform(TEXTS)
    np.testing.assert_allclose(tuner.transform(TEXTS), expected, atol=1e-6)


def test_what_adapters_do_not_take():
    with pytest.raises(ValueError, match="maps dense vectors. Got a sparse matrix"):
        FineTunedVectorizer(TfidfVectorizer(), strategy="adapter").fit(PAIRS)
    with pytest.raises(ValueError, match="learns from labels, pairs or scores. Got texts alone"):
        FineTunedVectorizer(LSAVectorizer(vector_size=2), strategy="adapter").fit(TEXTS)
    for name, given in (("validation", 0.2), ("output_dir", "tuned")):
        adapter = FineTunedVectorizer(LSAVectorizer(), strategy="adapter", **{name: given})
        with pytest.raises(ValueError, match=f"{name} must be None with strategy='adapter'"):
            adapter.fit(PAIRS)
