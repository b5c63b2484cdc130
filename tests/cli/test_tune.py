"""``textvec tune``: records or a config to a folder; what is refused."""

import json

import pandas as pd
import pytest

from textvec import TransformerVectorizer

from ..finetune.conftest import PAIRS, SCORES, TEXTS
from .command import assert_refused, run

pytest.importorskip("accelerate")


@pytest.fixture
def files(tmp_path):
    """Records, a task, and a folder of data as AutoTrain has it."""
    rows = [{"text1": a, "text2": b, "score": s} for (a, b), s in zip(PAIRS, SCORES)]
    (tmp_path / "records.jsonl").write_text("\n".join(map(json.dumps, rows)))
    pd.DataFrame(rows).to_csv(tmp_path / "dev.tsv", sep="\t", index=False)
    (tmp_path / "data").mkdir()
    theirs = pd.DataFrame(rows).set_axis(["premise", "hypothesis", "label"], axis=1)
    for split in ("train", "valid"):
        theirs.to_csv(tmp_path / "data" / f"{split}.csv", index=False)
    return tmp_path


CONFIG = """
task: sentence-transformers:pair_score
base_model: {model}
project_name: {out}
log: none
backend: local
data:
  path: data/
  train_split: train
  valid_split: valid
  column_mapping:
    sentence1_column: premise
    sentence2_column: hypothesis
    target_column: label
params:
  max_seq_length: 32
  epochs: 2
  batch_size: 4
  lr: 2e-3
  scheduler: linear
  optimizer: adamw_torch
  gradient_accumulation: 1
  mixed_precision: null
hub:
  username: ${{HF_USERNAME}}
  token: ${{HF_TOKEN}}
  push_to_hub: false
"""


def test_records_are_tuned_on(files, tiny):
    out = files / "tuned"
    options = ["--loss", "cosent", "--strategy", "lora", "--validation", files / "dev.tsv"]
    options += ["--epochs", 2, "--batch-size", 4, "--learning-rate", 0.005, "--out", out]
    done = run("tune", files / "records.jsonl", "--model", tiny, *options)
    assert done.exit_code == 0, done.stderr
    *_, last = done.stdout.splitlines()
    assert last == f"textvec compare --vectorizer {tiny} --vectorizer {out}"
    assert "before" in done.stdout
    before, after = (TransformerVectorizer(str(one)).transform(TEXTS) for one in (tiny, out))
    assert abs(before - after).max() > 1e-3
    assert not (out / "checkpoints").exists()


@pytest.mark.parametrize("ending", ["yml", "json"])
def test_a_config_says_all(files, tiny, ending):
    config = CONFIG.format(model=tiny, out=files / "tuned")
    path = files / f"config.{ending}"
    if ending == "json":
        import yaml

        config = json.dumps(yaml.safe_load(config))
    path.write_text(config)
    done = run("tune", path, "--json")
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["steps"] == 6
    assert [step for step, _ in found["scores"]] == [0, 1, 2, 3, 4, 5, 6]
    assert TransformerVectorizer(str(files / "tuned")).transform(["the sea"]).shape == (1, 16)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("lr: 2e-3", "learning: 2e-3"), ["params.learning", "means nothing"]),
        (("lr: 2e-3", "lr: much"), ["'lr'", "a number", "much"]),
        (("lr: 2e-3", "trust_remote_code: true"), ["params.trust_remote_code"]),
        (("push_to_hub: false", "push_to_hub: true"), ["push_to_hub", "sends models nowhere"]),
        (("backend: local", "backend: spaces-a10g-large"), ["backend", "spaces-a10g-large"]),
        (("pair_score", "pair_scores"), ["task", "'pair_scores'"]),
        (("log: none", "log: !!python/object/apply:os.system [ls]"), ["names no code"]),
        (("log: none", "log: none\nlog: wandb"), ["'log' stands twice"]),
        (("log: none", "log: &a none\nmore: *a"), ["an alias"]),
        (("target_column: label", "target_column: grade"), ["lacks 'grade'"]),
        (("train_split: train", "train_split: ../train"), ["A split must be the name"]),
        (("train_split: train", "train_split: training"), ["training.csv"]),
        (("base_model: ", "model: "), ["holds model", "means nothing"]),
        (("epochs: 2", "strategy: adapter"), ["params.strategy", "'adapter'"]),
        (("epochs: 2", "epochs: [2]"), ["'epochs'", "a number"]),
        (("epochs: 2", f"epochs: {10**400}"), ["'epochs'", "a number"]),
        (("log: none", "log: !!timestamp none"), ["config.yml must hold plain YAML"]),
        (("log: none", "log: 2026-99-99"), ["config.yml must hold plain YAML", "month"]),
        (("log: none", "log: !!bool none"), ["config.yml must hold plain YAML"]),
    ],
)
def test_what_a_config_must_not_say(files, tiny, change, words):
    path = files / "config.yml"
    path.write_text(CONFIG.format(model=tiny, out=files / "tuned").replace(*change))
    assert_refused(run("tune", path), *words)
    assert not (files / "tuned").exists()


def test_what_is_refused(files, tiny):
    records = files / "records.jsonl"
    assert_refused(run("tune", records, "--model", tiny), "--out")
    assert_refused(run("tune", records, "--out", files / "tuned"), "--model")
    given = ["--model", tiny, "--out", files / "tuned"]
    assert_refused(run("tune", records, *given, "--loss", "infonce"), "not for pairs with scores")
    for none in ("half", "adapter"):  # which writes no folder
        assert_refused(run("tune", records, *given, "--strategy", none), "--strategy", repr(none))
    assert_refused(run("tune", files / "none.jsonl", *given), "none.jsonl")
    assert_refused(run("tune", records, "--model", "no such", "--out", "x"), "'no such'")
    path = files / "config.yml"
    path.write_text(CONFIG.format(model=tiny, out=files / "tuned"))
    assert_refused(run("tune", path, "--epochs", 3), "goes with no other option")
