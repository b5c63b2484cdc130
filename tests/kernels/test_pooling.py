"""The pooling kernels against naive twins; also run with NUMBA_DISABLE_JIT=1."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textvec.kernels.pooling import maxima, remove_component, weighted_means

N_WORDS = 7
documents = st.lists(st.lists(st.integers(0, N_WORDS - 1), max_size=9), max_size=7)
VECTORS = np.random.default_rng(0).normal(size=(N_WORDS, 4)).astype(np.float32)
WEIGHTS = np.linspace(0.1, 2, N_WORDS, dtype=np.float32)


def ragged(rows):
    ends = np.cumsum([0, *map(len, rows)])[1:].astype(np.int64)
    return np.array([value for row in rows for value in row], np.int32), ends


def in_two_parts(kernel, n_rows, *arguments):
    """Fill rows of NaN in two calls, as two threads would."""
    result = np.full((n_rows, VECTORS.shape[1]), np.nan, np.float32)
    cut = n_rows // 2
    kernel(*arguments[:2], 0, cut, *arguments[2:], result)
    assert np.isnan(result[cut:]).all()
    kernel(*arguments[:2], cut, n_rows, *arguments[2:], result)
    return result


@settings(max_examples=40)
@given(documents, st.booleans())
def test_means(rows, by_weight):
    means = in_two_parts(weighted_means, len(rows), *ragged(rows), VECTORS, WEIGHTS, by_weight)
    for row, mean in zip(rows, means, strict=True):
        weights = WEIGHTS[row].astype(float)
        total = (weights[:, None] * VECTORS[row]).sum(axis=0)
        expected = total / ((weights.sum() if by_weight else len(row)) or 1)
        np.testing.assert_allclose(mean, expected, rtol=1e-6, atol=1e-7)


@settings(max_examples=40)
@given(documents)
def test_maxima(rows):
    largest = in_two_parts(maxima, len(rows), *ragged(rows), VECTORS)
    for row, found in zip(rows, largest, strict=True):
        expected = VECTORS[row].max(axis=0) if row else np.zeros(4, np.float32)
        np.testing.assert_array_equal(found, expected)


def test_removing_a_component_leaves_nothing_along_it():
    component = np.array([3, 0, 4, 0], np.float32) / 5
    vectors = VECTORS.copy()
    remove_component(vectors, component)
    expected = VECTORS - np.outer(VECTORS @ component, component)
    np.testing.assert_allclose(vectors, expected, atol=1e-6)
    np.testing.assert_allclose(vectors @ component, 0, atol=1e-6)


@pytest.mark.parametrize("length", [1e-12, 1.0, 1e12])
def test_what_lies_along_the_component_becomes_zero_not_noise(length):
    component = VECTORS[0] / np.linalg.norm(VECTORS[0])
    vectors = np.array([length * component, np.zeros(4), [length, 0, 0, 0]], np.float32)
    remove_component(vectors, component)
    assert not vectors[:2].any()
    assert vectors[2].any()
