"""Indexes that threads share: each question is answered from the items before or after a change."""

import sys
import threading

import numpy as np
import pytest
from scipy import sparse

from textvec import ExactIndex, HybridIndex, MinHashLSH, SparseAnnIndex, load
from textvec.search.engines.faiss import FaissIndex
from textvec.search.engines.hnswlib import HnswlibIndex
from textvec.search.engines.trees import TreeIndex
from textvec.search.engines.usearch import UsearchIndex

from ..dense.test_shared import asked_meanwhile

RNG = np.random.default_rng(0)
ROWS, MORE = RNG.normal(size=(40, 4)), RNG.normal(size=(25, 4))
TEXTS = [f"a room with a view of the sea, number {i}" for i in range(12)]
OTHERS = ["rooms near the airport", "a quiet park", "breakfast in bed"] * 3


@pytest.fixture(autouse=True)
def often():
    """Threads take turns far more often than usual."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-4)
    yield
    sys.setswitchinterval(interval)


def fitted_to(items, **parameters):
    return lambda index: index.set_params(**parameters).fit(items)


def with_more(items):
    return lambda index: index.add(items)


def without(numbers):
    return lambda index: index.remove(numbers)


def assert_old_or_new(index, changes, ask):
    """Ask while another thread makes the changes, over and over: answers are those of a state."""
    states = []
    for change in changes:
        change(index)
        states.append(ask(index))
    answers = asked_meanwhile(lambda: ask(index), lambda turn: changes[turn % len(changes)](index))
    for answer in answers:
        assert any(all(map(np.array_equal, answer, state)) for state in states)


ASKED = {
    "neighbors": lambda index: index.kneighbors(ROWS[:5], 6),
    "of the items": lambda index: index.kneighbors(n_neighbors=3),
    "search": lambda index: index.search(ROWS[:5], 6),
}


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_array])
def test_exact_index(kind, asked):
    changes = [fitted_to(kind(ROWS)), with_more(kind(MORE)), without(np.arange(30))]
    assert_old_or_new(ExactIndex(), changes, ASKED[asked])


def test_sparse_ann_index():
    changes = [fitted_to(np.abs(ROWS)), with_more(np.abs(MORE)), without(np.arange(30))]
    assert_old_or_new(
        SparseAnnIndex(), changes, lambda index: index.kneighbors(np.abs(ROWS[:5]), 6)
    )


def test_exact_index_that_is_fitted_to_another_metric():
    changes = [fitted_to(ROWS, metric="cosine"), fitted_to(MORE * 9, metric="euclidean")]
    assert_old_or_new(ExactIndex(), changes, ASKED["neighbors"])


@pytest.mark.parametrize("index", [FaissIndex(), HnswlibIndex(), UsearchIndex()], ids=str)
def test_engines_that_grow(index):
    assert_old_or_new(index, [fitted_to(ROWS), with_more(MORE)], ASKED["neighbors"])


def test_engines_that_are_fitted_again():
    changes = [fitted_to(ROWS, metric="cosine"), fitted_to(MORE, metric="euclidean")]
    assert_old_or_new(TreeIndex(), changes, ASKED["neighbors"])


def test_hybrid_index():
    changes = [fitted_to([ROWS, ROWS[:, :2]]), fitted_to([MORE, MORE[:, :2]])]
    views = [ROWS[:5], ROWS[:5, :2]]
    assert_old_or_new(HybridIndex(), changes, lambda index: index.search(views, 50))


@pytest.mark.parametrize(
    "ask",
    [
        lambda lsh: lsh.near_duplicates(),
        lambda lsh: lsh.kneighbors(n_neighbors=3),
        lambda lsh: lsh.kneighbors(TEXTS[:2] + OTHERS, 3),
        lambda lsh: [lsh.transform(TEXTS)],
        lambda lsh: [lsh.candidate_probability([0.1, 0.7])],
    ],
)
def test_minhash(ask):
    changes = [
        fitted_to(TEXTS, random_state=0),
        with_more(OTHERS),
        without([0, 3]),
        fitted_to(OTHERS[:5] + TEXTS[:4], random_state=1),  # of which no signature is like another
    ]
    assert_old_or_new(MinHashLSH(), changes, ask)


@pytest.mark.parametrize("index", [ExactIndex(), HnswlibIndex(), TreeIndex()], ids=str)
def test_indexes_are_whole_where_they_are_saved_and_where_they_are_first_asked(index, tmp_path):
    grow = with_more(MORE) if hasattr(index, "remove") or index._grows else fitted_to(MORE)

    def ask(index):
        path = tmp_path / str(threading.get_ident())
        index.save(path)
        return load(path).kneighbors(ROWS[:5], 6)

    assert_old_or_new(index, [fitted_to(ROWS), grow], ask)
    index.fit(ROWS).save(tmp_path / "index")
    expected, loaded = index.kneighbors(ROWS[:5], 6), [load(tmp_path / "index")]

    def change(turn):
        loaded[0] = load(tmp_path / "index")

    for answer in asked_meanwhile(lambda: loaded[0].kneighbors(ROWS[:5], 6), change):
        assert all(map(np.array_equal, answer, expected))
