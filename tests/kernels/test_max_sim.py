import numpy as np
import pytest

from textvec.kernels.max_sim import max_sim


@pytest.mark.parametrize("seed", range(3))
def test_max_sim_follows_the_formula(seed):
    rng = np.random.default_rng(seed)
    query_lengths, document_lengths = rng.integers(0, 5, 4), rng.integers(0, 7, 6)
    queries = rng.normal(size=(query_lengths.sum(), 8)).astype(np.float32)
    documents = rng.normal(size=(document_lengths.sum(), 8)).astype(np.float32)
    scores = max_sim(queries, query_lengths.cumsum(), documents, document_lengths.cumsum())
    expected = np.zeros((4, 6))
    for q, asked in enumerate(np.split(queries, query_lengths.cumsum()[:-1])):
        for d, found in enumerate(np.split(documents, document_lengths.cumsum()[:-1])):
            if len(found):
                expected[q, d] = sum(max(float(a @ b) for b in found) for a in asked)
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, expected, atol=1e-5)
    assert (expected != 0).any()
