"""The weighting kernels against naive twins; also run with NUMBA_DISABLE_JIT=1."""

import numpy as np
import pytest
from scipy import sparse

from textvec.kernels.weighting import (
    bm25_weigh,
    document_frequencies,
    normalize_rows,
    scale_terms,
)


@pytest.fixture(params=[np.float64, np.float32])
def counts(request):
    """A CSR matrix with an empty first and last row and shuffled entries."""
    rng = np.random.default_rng(0)
    dense = rng.poisson(0.6, size=(9, 13)).astype(request.param)
    dense[0] = dense[-1] = 0
    matrix = sparse.csr_array(dense)
    for start, stop in zip(matrix.indptr, matrix.indptr[1:], strict=False):
        order = rng.permutation(stop - start)
        matrix.indices[start:stop] = matrix.indices[start:stop][order]
        matrix.data[start:stop] = matrix.data[start:stop][order]
    return matrix


def test_document_frequencies(counts):
    expected = (counts.toarray() > 0).sum(axis=0)
    np.testing.assert_array_equal(document_frequencies(counts.indices, 13), expected)


@pytest.mark.parametrize("factor_dtype", [np.float64, np.float32])
def test_scale_terms_rounds_as_numpy_does(counts, factor_dtype):
    factors = np.random.default_rng(1).random(13).astype(factor_dtype)
    expected = counts.data.copy()
    expected *= factors[counts.indices]
    scale_terms(counts.indices, counts.data, factors)
    np.testing.assert_array_equal(counts.data, expected)


@pytest.mark.parametrize("norm", ["l1", "l2"])
def test_normalize_rows_equals_scikit_learn_to_the_last_bit(counts, norm):
    from sklearn.preprocessing import normalize

    counts.data *= np.random.default_rng(2).normal(size=counts.nnz).astype(counts.dtype)
    expected = normalize(counts, norm=norm).data
    normalize_rows(counts.indptr, counts.data, norm == "l2")
    np.testing.assert_array_equal(counts.data, expected)


def test_normalize_rows_leaves_a_row_without_weight_alone():
    data = np.zeros(3)
    normalize_rows(np.array([0, 3]), data, True)
    np.testing.assert_array_equal(data, 0)


@pytest.mark.parametrize("block", [1, 2, 4])
def test_blocks_of_rows_give_what_the_whole_gives(counts, block):
    def weigh(size):
        data, n_rows = counts.data.copy(), counts.shape[0]
        for start in range(0, n_rows, size):
            indptr = counts.indptr[start : start + size + 1]
            bm25_weigh(indptr, counts.indices, data, np.linspace(0.1, 2, 13), 7.5, 1.5, 0.75)
            normalize_rows(indptr, data, True)
        return data

    np.testing.assert_array_equal(weigh(block), weigh(counts.shape[0]))


@pytest.mark.parametrize("b", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("saturation", [0.0, 1.2])
def test_bm25_weigh_against_the_formula_on_dense_rows(counts, saturation, b):
    tf = counts.toarray().astype(np.float64)
    term_weights = np.linspace(0.1, 2, 13)
    length = tf.sum(axis=1, keepdims=True)
    damping = saturation * (1 - b + b * length / 7.5)
    with np.errstate(invalid="ignore"):
        expected = np.where(tf > 0, term_weights * tf / (tf + damping), 0)
    weights = counts.copy()
    bm25_weigh(counts.indptr, counts.indices, weights.data, term_weights, 7.5, saturation, b)
    tolerance = 1e-6 if counts.dtype == np.float32 else 1e-14
    np.testing.assert_allclose(weights.toarray(), expected, rtol=tolerance)


def test_bm25_weigh_known_answer():
    # two documents, "a a b" and "b": lengths 3 and 1, mean 2; k1 = 1, b = 0.5
    data = np.array([2.0, 1.0, 1.0])
    bm25_weigh(np.array([0, 2, 3]), np.array([0, 1, 1]), data, np.array([3.0, 5.0]), 2.0, 1.0, 0.5)
    np.testing.assert_allclose(data, [3 * 2 / 3.25, 5 / 2.25, 5 / 1.75], rtol=1e-15)
