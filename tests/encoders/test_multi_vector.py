import numpy as np
import pytest

from textvec.encoders.multi_vector import max_sim_scores
from textvec.ragged import Ragged


@pytest.fixture
def sides():
    rng = np.random.default_rng(0)
    texts = [rng.normal(size=(n, 6)).astype(np.float32) for n in (3, 1, 4, 0, 2, 5, 1)]
    return texts[:3], texts[2:]


def test_scores(sides):
    queries, documents = sides
    expected = [[(q @ d.T).max(axis=1).sum() if len(d) else 0 for d in documents] for q in queries]
    scores = max_sim_scores(queries, documents)
    np.testing.assert_allclose(scores, expected, atol=1e-5)
    np.testing.assert_array_equal(max_sim_scores(queries, documents, n_jobs=3), scores)
    lengths = [len(document) for document in documents]
    ragged = Ragged(np.concatenate(documents), np.cumsum(lengths))
    np.testing.assert_array_equal(max_sim_scores(queries, ragged), scores)


def test_nothing_to_compare(sides):
    assert max_sim_scores(sides[0], []).shape == (3, 0)
    assert not max_sim_scores(sides[0], [np.zeros((0, 6))]).any()


def test_widths(sides):
    with pytest.raises(ValueError, match="one width. Got 6 and 5"):
        max_sim_scores(sides[0], [np.ones((2, 5))])
    with pytest.raises(ValueError, match="documents must be matrices of one width"):
        max_sim_scores(sides[0], [np.ones((2, 5)), np.ones((2, 6))])
