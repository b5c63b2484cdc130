"""Spans that learn at the same time: whose the words are, and what is added to them."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from textvec.kernels.spans import add_in_turn, share_out, take


def shared_out(spans, n_words, most, apart=False, first=None):
    """Number the words of spans, each (tokens, noise); return all that is made of them."""
    pieces = [np.array(piece, np.int32) for span in spans for piece in span]
    bounds, words = np.cumsum([0, *map(len, pieces)]), np.concatenate(pieces)
    n = len(spans)
    owner, place = np.full(n_words, -1, np.int32), np.full(n_words, -1, np.int32)
    shapes = (n * most,), (n * most, n), (n, most), (n, most, 2)
    shared, which, taken, met = (np.full(shape, 77, np.int32) for shape in shapes)  # of a round ago
    first = n_words if first is None else first
    n_shared, n_taken = share_out(
        words, bounds, first, apart, owner, place, shared, which, taken, met
    )
    assert (owner == -1).all()
    assert (place == -1).all()
    return words, bounds, shared[:n_shared], which[:n_shared], taken, met, n_taken


def test_words_of_one_span_stay_and_others_are_copied():
    words, _, shared, which, taken, met, n_taken = shared_out(
        [([7, 3, 7, 1], [9, 3]), ([3, 5], [9, 9, 3])], 10, 4
    )
    assert words.tolist() == [7, 10, 7, 1, 11, 10, 14, 5, 15, 15, 14]
    assert shared.tolist() == [3, 9]
    assert which.tolist() == [[0, 0], [1, 1]]
    assert n_taken.tolist() == [[1, 2], [1, 2]]  # of tokens alone, and with noise words
    assert taken[:, :2].tolist() == [[3, 9], [3, 9]]
    assert met[:, :2].tolist() == [[[1, 1], [0, 1]], [[1, 1], [0, 2]]]


def test_all_words_are_copied_apart():
    words, _, shared, which, taken, _, n_taken = shared_out(
        [([7, 3], [9]), ([5], [])], 10, 4, apart=True, first=0
    )
    assert words.tolist() == [0, 1, 2, 4]
    assert shared.tolist() == [7, 3, 9, 5]
    assert which.tolist() == [[0, -1], [1, -1], [2, -1], [-1, 0]]
    assert n_taken.tolist() == [[2, 3], [1, 1]]
    assert taken[0, :3].tolist() == [7, 3, 9]
    assert taken[1, 0] == 5


def test_numbers_lead_to_the_words():
    random = np.random.RandomState(0)
    spans = [(random.zipf(1.3, 40) % 50, random.randint(0, 50, 20)) for _ in range(5)]
    words, bounds, shared, which, taken, met, n_taken = shared_out(spans, 50, 60)
    before = np.concatenate([piece for span in spans for piece in span])
    matrix = np.zeros((50 + 5 * 60, 1), np.float32)
    matrix[:50, 0] = np.arange(50)
    for s in range(5):
        take(matrix, taken[s, : n_taken[s, 1]], matrix, 50 + s * 60)
    assert matrix[words, 0].tolist() == before.tolist()
    for s in range(5):
        own = words[bounds[2 * s] : bounds[2 * s + 2]]
        assert (own[own >= 50] - 50).min(initial=s * 60) >= s * 60
        assert met[s, : n_taken[s, 1]].sum() == np.count_nonzero(own >= 50)
    in_several = [np.count_nonzero([w in np.append(*span) for span in spans]) > 1 for w in shared]
    assert all(in_several)
    assert len(np.unique(shared)) == len(shared)
    assert ((which >= 0).sum(axis=1) > 1).all()


def added(matrix, copies, met, pull, updates=(1, 2), parts=((0, 1),)):
    """Add the copies of the words 2, 0, ... that all spans have, to a matrix without room."""
    n_spans, n_shared = met.shape[:2]
    shared = np.array([2, 0], np.int32)[:n_shared]
    which = np.tile(np.arange(n_shared, dtype=np.int32)[:, None], n_spans)
    for part in parts:
        add_in_turn(
            matrix, copies, 0, shared, which, met, np.array(updates, np.float32), pull, *part
        )


def test_changes_are_added_in_turn():
    matrix = np.full((3, 2), 5, np.float32)
    met = np.zeros((3, 2, 2), np.int32)
    met[:, 0] = 4, 3  # 10 updates of word 2, none of word 0
    added(matrix, np.full((6, 2), 6, np.float32), met, 0.1, parts=((0, 1), (1, 2)))
    assert matrix[0].tolist() == [8, 8]  # hardly updated: changes add up
    np.testing.assert_allclose(matrix[2], 5 + 1 + np.exp(-1) + np.exp(-2), rtol=1e-6)
    assert matrix[1].tolist() == [5, 5]


def test_copies_stand_behind_the_words_and_are_not_of_all_spans():
    """As when training: one matrix of 3 words, then 2 copies each of 3 spans."""
    matrix = np.arange(9, dtype=np.float32)[:, None]
    copies_of_2, copies_of_0 = [0, -1, 0], [-1, 0, 1]
    met = np.array([[[5, 0], [7, 7]], [[0, 5], [7, 7]], [[5, 0], [0, 5]]], np.int32)
    shared, which = np.array([2, 0], np.int32), np.array([copies_of_2, copies_of_0], np.int32)
    before = matrix.copy()
    add_in_turn(matrix, matrix, 3, shared, which, met, np.ones(2, np.float32), 0.1, 0, 2)
    share = np.exp(-0.1 * 5)  # of the second of two spans; each word begins with a whole one
    assert matrix[2, 0] == pytest.approx(2 + (3 - 2) + share * (7 - 2))
    assert matrix[0, 0] == pytest.approx(0 + 5 + share * 8)
    assert_array_equal(np.delete(matrix, [0, 2]), np.delete(before, [0, 2]))


def test_noise_words_of_inputs_have_no_copies():
    matrix = np.zeros((3, 2), np.float32)
    met = np.zeros((2, 1, 2), np.int32)
    met[0, 0], met[1, 0] = (0, 9), (1, 0)
    copies = np.array([[np.nan, np.nan], [1, 2]], np.float32)
    added(matrix, copies, met, 0.1, updates=(1, 0))
    assert matrix.tolist() == [[0, 0], [0, 0], [1, 2]]


def test_as_if_in_turn():
    """Spans that all go to the same place end there, however many they are."""
    pull, n_updates, goal = 0.02, 40, np.float32(3)
    matrix = np.zeros((3, 1), np.float32)
    one = goal * (1 - np.exp(-pull * n_updates)).astype(np.float32)
    met = np.full((8, 1, 2), [n_updates, 0], np.int32)
    added(matrix, np.full((8, 1), one), met, pull)
    assert matrix[2, 0] == pytest.approx(goal * (1 - np.exp(-8 * pull * n_updates)), rel=1e-5)
