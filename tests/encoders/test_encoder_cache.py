import os
import shutil
import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from textvec import TransformerVectorizer
from textvec.encoders.backends import Choice
from textvec.encoders.claims import Claims
from textvec.encoders.model_files import ModelFolder
from textvec.encoders.networks import TorchNetwork

from .tiny_models import write_bert, write_sentence_config

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

pytestmark = pytest.mark.filterwarnings("ignore:.*was trained with pooling:UserWarning")


@pytest.fixture
def seen(monkeypatch):
    """How many texts the network reads, as a list that grows."""
    rows_seen = []
    forward = TorchNetwork.forward

    def counting(self, rows, poolings):
        rows_seen.extend(map(tuple, rows))
        return forward(self, rows, poolings)

    monkeypatch.setattr(TorchNetwork, "forward", counting)
    return rows_seen


def test_a_grid_over_poolings_reads_each_text_once(tiny, tmp_path, seen):
    rng = np.random.default_rng(0)
    words = np.array(
        ["the", "sea", "view", "room", "quiet", "hotel", "a", "b", "c", "d", "e", "f", "g", "h"]
    )
    texts = sorted({" ".join(rng.choice(words, rng.integers(2, 12))) for _ in range(60)})
    labels = [("sea" in text) for text in texts]
    pipeline = Pipeline(
        [("vectors", TransformerVectorizer(tiny, cache=tmp_path)), ("model", LogisticRegression())]
    )
    poolings = ["cls", "mean", "max", "first_last_mean", "last_token"]
    search = GridSearchCV(pipeline, {"vectors__pooling": poolings}, cv=5).fit(texts, labels)
    assert len(search.cv_results_["params"]) == 5
    assert len(seen) == len(texts)
    assert len(set(seen)) == len(texts)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="forks")
def test_a_grid_on_two_processes_reads_each_text_once(tiny, tmp_path):
    """Workers that want the same texts at the same time: what one makes the other waits for."""
    code = f"""
        import time
        import transformers.models.bert.modeling_bert  # once, before the processes part
        from joblib import parallel_config
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import GridSearchCV
        from sklearn.pipeline import Pipeline
        from textvec import TransformerVectorizer
        from textvec.encoders.networks import TorchNetwork

        forward = TorchNetwork.forward

        def watched(self, rows, wanted):
            time.sleep(0.5)  # so that the other worker asks for the same meanwhile
            with open({str(tmp_path / "log")!r}, "a") as file:
                file.writelines(f"{{row}}\\n" for row in rows)
            return forward(self, rows, wanted)

        TorchNetwork.forward = watched
        words = "the sea view room quiet hotel a b c d e f g h i".split()
        texts = [f"{{a}} {{b}} {{c}}" for a in words for b in words[:4] for c in "ab"]
        vectorizer = TransformerVectorizer({str(tiny)!r}, cache={str(tmp_path / "cache")!r})
        pipeline = Pipeline([("vectors", vectorizer), ("model", LogisticRegression())])
        grid = {{"vectors__pooling": ["mean", "max"]}}
        with parallel_config("multiprocessing"):  # forks, so that the workers are watched
            search = GridSearchCV(pipeline, grid, cv=3, n_jobs=2)
            search.fit(texts, ["sea" in text for text in texts])
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, check=True)
    seen = (tmp_path / "log").read_text().splitlines()
    assert len(seen) == len(set(seen)) == 120


def test_waiting_for_another_that_fails(tiny, tmp_path):
    """What another claimed and never made is made here."""
    texts = ["the sea", "a room"]
    vectorizer = TransformerVectorizer(tiny, cache=tmp_path)
    keys = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Claims, "take", lambda self, asked: keys.extend(asked) or set(asked))
        vectorizer.transform(texts)
    (tmp_path / "vectors.sqlite").unlink()
    other = Claims(tmp_path).__enter__()
    assert len(other.take(keys)) == 2
    timer = threading.Timer(0.3, other.release)
    timer.start()
    vectors = vectorizer.transform(texts)
    assert not timer.is_alive()
    timer.join()
    other.__exit__()
    np.testing.assert_allclose(vectors, TransformerVectorizer(tiny).transform(texts), atol=1e-6)


def test_cached_vectors_are_the_same(tiny, tmp_path, texts, seen):
    vectorizer = TransformerVectorizer(tiny, cache=tmp_path)
    first = vectorizer.transform(texts)
    n_seen = len(seen)
    np.testing.assert_array_equal(vectorizer.transform(texts[::-1])[::-1], first)
    whole = clone(vectorizer).set_params(normalize=False, truncate_dim=4, precision="binary")
    whole.transform(texts)
    assert len(seen) == n_seen
    assert whole._choice()._running is None  # not even loaded
    np.testing.assert_allclose(first, TransformerVectorizer(tiny).transform(texts), atol=1e-6)


@pytest.mark.parametrize(
    "change", [{"max_length": 7}, {"dtype": "bfloat16"}, {"prompts": "e5"}, {"model": "other"}]
)
def test_what_changes_vectors_changes_keys(tiny, tmp_path, seen, change):
    texts = ["the sea view of a quiet room in a hotel", "a room"]
    TransformerVectorizer(tiny, cache=tmp_path / "cache").transform(texts)
    if "model" in change:
        change = {"model": write_sentence_config(write_bert(tmp_path, initializer_range=0.4))}
    changed = TransformerVectorizer(tiny).set_params(**change)
    expected = changed.transform(texts)
    n_seen = len(seen)
    cached = clone(changed).set_params(cache=tmp_path / "cache").transform(texts)
    assert len(seen) > n_seen
    np.testing.assert_allclose(cached, expected, atol=1e-6)


def write_other_weights(folder):
    with torch.random.fork_rng():
        torch.manual_seed(9)
        config = transformers.AutoConfig.from_pretrained(folder)
        transformers.AutoModel.from_config(config).save_pretrained(folder)


def test_a_model_replaced_in_its_folder_is_loaded_anew(tiny, tmp_path):
    folder = shutil.copytree(tiny, tmp_path / "model")
    old = TransformerVectorizer(folder, cache=tmp_path / "cache")
    before = old.transform(["the sea"])
    write_other_weights(folder)
    copied = shutil.copytree(folder, tmp_path / "copied")
    expected = TransformerVectorizer(copied).transform(["the sea", "a room"])
    assert np.abs(expected[0] - before[0]).max() > 0.01
    np.testing.assert_allclose(TransformerVectorizer(folder).transform(["a room"]), expected[1:])
    np.testing.assert_allclose(old.transform(["the sea", "a room"]), expected)
    cached = TransformerVectorizer(copied, cache=tmp_path / "cache").transform(["the sea"])
    np.testing.assert_allclose(cached, expected[:1])


@pytest.mark.parametrize("name", ["tokenizer.json", "vocab.txt", "own.tiktoken", "bpe.codes"])
def test_a_tokenizers_files_are_the_models(tmp_path, name):
    folder = ModelFolder(tmp_path)
    digests = []
    for content in ("{}", "{ }"):
        (tmp_path / name).write_text(content)
        digests.append(folder.digest())
    assert digests[0] != digests[1]


def test_a_model_replaced_while_it_is_loaded(tiny, tmp_path, monkeypatch):
    """No cache keeps vectors of the one under the other's name."""
    folder = shutil.copytree(tiny, tmp_path / "model")
    load, done = Choice.load, []

    def too_late(choice):
        if not done:
            done.append(write_other_weights(folder))
        return load(choice)

    monkeypatch.setattr(Choice, "load", too_late)
    vectors = TransformerVectorizer(folder, cache=tmp_path / "cache").transform(["the sea"])
    assert done
    np.testing.assert_allclose(vectors, TransformerVectorizer(folder).transform(["the sea"]))
    original = TransformerVectorizer(tiny, cache=tmp_path / "cache").transform(["the sea"])
    assert np.abs(original - vectors).max() > 0.01


def test_interrupted_work_is_kept(tiny, tmp_path, monkeypatch, seen):
    texts = [f"{'sea ' * n}{letter}" for n in range(1, 30) for letter in "abcd"]
    vectorizer = TransformerVectorizer(tiny, cache=tmp_path)
    counting = TorchNetwork.forward

    def interrupted(self, rows, poolings):
        if len(seen) > 50:
            raise KeyboardInterrupt
        return counting(self, rows, poolings)

    monkeypatch.setattr(TorchNetwork, "forward", interrupted)
    with pytest.raises(KeyboardInterrupt):
        vectorizer.transform(texts)
    monkeypatch.setattr(TorchNetwork, "forward", counting)
    n_seen = len(seen)
    assert 50 < n_seen < len(texts)
    vectorizer.transform(texts)
    assert len(seen) == len(texts)


def test_clones_in_use_share_the_weights(tiny):
    first, second = (TransformerVectorizer(tiny).fit(["a"]) for _ in range(2))
    first.transform(["a"])
    second.transform(["b"])
    assert first._choice().load() is second._choice().load()
