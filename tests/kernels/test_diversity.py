"""Reranking for diversity against its definition; also run with NUMBA_DISABLE_JIT=1."""

import numpy as np
import pytest

from textvec.kernels.diversity import mmr


def naive_mmr(relevance, similarities, diversity, k):
    chosen, left = [], list(range(len(relevance)))
    while left and len(chosen) < k:
        if chosen:
            worth = [
                (1 - diversity) * relevance[i] - diversity * max(similarities[j, i] for j in chosen)
                for i in left
            ]
        else:
            worth = [relevance[i] for i in left]
        chosen.append(left.pop(int(np.argmax(worth))))
    return chosen


@pytest.mark.parametrize("diversity", [0.0, 0.3, 0.5, 1.0])
@pytest.mark.parametrize("k", [1, 4, 40])
def test_mmr_equals_its_definition(diversity, k):
    rows = np.random.default_rng(3).normal(size=(12, 3))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    rows[7] = rows[2]  # a tie, and a repetition to avoid
    similarities = rows @ rows.T
    relevance = similarities[0] + 0.1
    chosen = mmr(relevance, similarities, diversity, k)
    assert chosen.tolist() == naive_mmr(relevance, similarities, diversity, k)


def test_mmr_passes_over_a_repetition():
    relevance = np.array([0.5, 0.9, 0.9, 0.6], np.float32)
    similarities = np.eye(4, dtype=np.float32)
    similarities[1, 2] = similarities[2, 1] = 1
    assert mmr(relevance, similarities, 0.0, 3).tolist() == [1, 2, 3]
    assert mmr(relevance, similarities, 0.5, 3).tolist() == [1, 3, 0]
