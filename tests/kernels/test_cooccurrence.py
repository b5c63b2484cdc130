"""The co-occurrence kernels against naive twins; also run with NUMBA_DISABLE_JIT=1."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textvec.kernels.cooccurrence import (
    count_contexts,
    count_pairs,
    places_by_word,
    shifted_ppmi,
)

N_WORDS = 6
documents = st.lists(st.lists(st.integers(0, N_WORDS - 1), max_size=9), max_size=6)


def ragged(rows):
    ends = np.cumsum([0, *map(len, rows)])[1:].astype(np.int64)
    return np.array([value for row in rows for value in row], np.int32), ends


def naive_counts(rows, window, n_words):
    """Count pairs as the definition says: two loops over each document."""
    counts = np.zeros((n_words, n_words), np.int64)
    for row in rows:
        for i, word in enumerate(row):
            for j, context in enumerate(row):
                if i != j and abs(i - j) <= window:
                    counts[word, context] += 1
    return counts


def dense(row_ends, contexts, values, n_words):
    table = np.zeros((len(row_ends), n_words), values.dtype)
    for row, cells in enumerate(np.split(np.arange(len(values)), row_ends)[:-1]):
        assert len(set(contexts[cells].tolist())) == len(cells)
        table[row, contexts[cells]] = values[cells]
    return table


@settings(max_examples=60)
@given(documents, st.integers(1, 5), st.integers(0, N_WORDS))
def test_counts_are_those_of_the_definition(rows, window, cut):
    ids, ends = ragged(rows)
    expected = naive_counts(rows, window, N_WORDS)
    stream, starts, places = places_by_word(ids, ends, N_WORDS)
    parts = [
        dense(*count_contexts(stream, starts, places, first, last, window), N_WORDS)
        for first, last in ((0, cut), (cut, N_WORDS))
    ]
    np.testing.assert_array_equal(np.vstack(parts), expected)
    np.testing.assert_array_equal(count_pairs(ids, ends, window, N_WORDS), expected.sum(axis=1))
    for word in range(N_WORDS):
        own = places[starts[word] : starts[word + 1]]
        assert (stream[own] == word).all()
        assert len(own) == (ids == word).sum()


@settings(max_examples=60)
@given(documents, st.sampled_from([1.0, 2.0, 5.0]), st.sampled_from([0.0, 0.75, 1.0]))
def test_weights_are_those_of_the_formula(rows, shift, smoothing):
    ids, ends = ragged(rows)
    counts = naive_counts(rows, 2, N_WORDS)
    n_pairs = counts.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.where(n_pairs > 0, n_pairs**smoothing, 0)
        shares = shares / shares.sum()
        # log(P(w, c) / (P(w) P(c))), all from the table of counts
        joint = counts / counts.sum()
        pmi = np.log(joint / (joint.sum(axis=1)[:, None] * shares))
    expected = np.where(counts > 0, np.maximum(pmi - np.log(shift), 0), 0)

    cells = count_contexts(*places_by_word(ids, ends, N_WORDS), 0, N_WORDS, 2)
    row_ends, contexts, _ = cells
    weights = shifted_ppmi(*cells, n_pairs, shares, np.log(shift))
    assert weights.dtype == np.float32
    assert (weights > 0).all()
    np.testing.assert_allclose(
        dense(row_ends, contexts[: len(weights)], weights, N_WORDS), expected, atol=1e-6
    )


def test_a_row_longer_than_the_first_arrays_grows_them():
    n_words = 2500
    rows = [[0, word] for word in range(1, n_words)]
    ids, ends = ragged(rows)
    row_ends, contexts, counts = count_contexts(*places_by_word(ids, ends, n_words), 0, n_words, 3)
    assert row_ends[0] == n_words - 1
    assert contexts[: n_words - 1].tolist() == list(range(1, n_words))
    assert (counts == 1).all()
    assert len(counts) == 2 * (n_words - 1)


@pytest.mark.parametrize("rows", [[], [[]], [[0]], [[0], [0], []]])
def test_nothing_stands_near_anything(rows):
    ids, ends = ragged(rows)
    row_ends, contexts, counts = count_contexts(*places_by_word(ids, ends, 1), 0, 1, 5)
    assert (row_ends.tolist(), len(contexts), len(counts)) == ([0], 0, 0)
    assert count_pairs(ids, ends, 5, 1).tolist() == [0]
