"""Ctrl-C: it ends what is on at once, threads and all, and what was finished is kept."""

import os

import numpy as np
import pytest

from ..encoders.embeddings_server import running, vector_of

pytestmark = pytest.mark.skipif(os.name != "posix", reason="interrupts by signal")


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("kind", ["dense", "sparse"])
def test_search(nursery, kind, n_jobs):
    nursery.expect(f"interrupt_search_{kind}", n_jobs)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_near_duplicates(nursery, n_jobs):
    nursery.expect("interrupt_find_duplicates", n_jobs)


@pytest.mark.parametrize("random_state", [None, 0])
def test_training(nursery, random_state, tmp_path):
    nursery.expect("interrupt_train", random_state, str(tmp_path / "model"))


def test_counting(nursery):
    """What comes while a kernel runs is Ctrl-C afterwards too, not numba's SystemError."""
    nursery.expect("interrupt_count")


def test_comparing(nursery, tmp_path):
    nursery.expect("interrupt_compare_methods", str(tmp_path))


def test_drawing_a_map(nursery, tmp_path):
    nursery.expect("interrupt_draw_map", str(tmp_path / "map.html"))


def test_encoding(nursery, tmp_path):
    pytest.importorskip("openai")
    texts = [f"text number {i}" for i in range(60)]
    with running() as server:
        server.always = "slow"
        nursery.expect("interrupt_encode", server.url, texts, str(tmp_path / "cache"))
        server.always = None
        out = tmp_path / "vectors.npz"
        nursery.expect("embed", server.url, texts, str(tmp_path / "cache"), str(out))
        asked = [text for body in server.requests for text in body["input"]]
        largest = max(len(body["input"]) for body in server.requests)
    with np.load(out) as stored:
        np.testing.assert_allclose(
            stored["vectors"], [vector_of(text) for text in texts], rtol=1e-6
        )
    assert len(asked) <= len(texts) + largest  # but for the one answer that was not waited for
