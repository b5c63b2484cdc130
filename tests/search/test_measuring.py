"""measure_index: shares known beforehand, ties, and what is no number."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.neighbors import NearestNeighbors

from textvec import ExactIndex, HnswlibIndex, HybridIndex, measure_index

RNG = np.random.default_rng(0)
ITEMS, QUERIES = RNG.normal(size=(300, 8)), RNG.normal(size=(20, 8))


class Forgetful(ExactIndex):
    """Finds the second nearest first, then the third and so on; in every other row one of two."""

    def kneighbors(self, X, n_neighbors=5):
        distances, indices = super().kneighbors(X, n_neighbors + 1)
        indices[::2, 1::2] = -1
        return distances[:, 1:], indices[:, 1:]


@pytest.mark.parametrize("metric", ["cosine", "dot", "euclidean"])
@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_array])
def test_exact_search_finds_all(metric, kind):
    index = ExactIndex(metric)
    row = measure_index(index, kind(ITEMS), kind(QUERIES), k=5)
    assert row.index.to_list() == ["recall@5", "queries/s", "build s", "MB"]
    assert row["recall@5"] == 1
    assert row["queries/s"] > 0
    assert row["build s"] > 0
    assert row["MB"] > ITEMS.nbytes / 1e6
    assert row.name == str(index)
    assert not hasattr(index, "items_")


def test_what_is_missed_does_not_count():
    row = measure_index(Forgetful(), ITEMS, QUERIES, k=4)
    odd, even = 3 / 4, 1 / 4  # ranks 1 to 4 without 4; of these 2 and 4 are there, without 4
    assert row["recall@4"] == (odd + even) / 2


def test_of_equal_items_any_will_do():
    class Last(ExactIndex):
        def kneighbors(self, X, n_neighbors=5):
            distances, indices = super().kneighbors(X, self.items_.shape[0])
            return distances[:, -n_neighbors:], indices[:, -n_neighbors:]

    assert measure_index(Last(), np.ones((50, 3)), QUERIES[:, :3], k=7)["recall@7"] == 1
    assert measure_index(Last(), ITEMS, QUERIES, k=7)["recall@7"] == 0


def test_indexes_of_others():
    row = measure_index(NearestNeighbors(metric="euclidean"), ITEMS, QUERIES)
    assert row["recall@10"] == 1
    assert np.isnan(row["MB"])
    assert measure_index(HnswlibIndex(), ITEMS, QUERIES)["recall@10"] > 0.9


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: measure_index(ExactIndex(), ITEMS, QUERIES, k=0), "k must be at least 1"),
        (lambda: measure_index(ExactIndex(), ITEMS, QUERIES, k=301), "must be at most 300"),
        (lambda: measure_index(ExactIndex(), ITEMS, QUERIES[:0]), "queries must be at least one"),
    ],
)
def test_bad_input_is_refused_clearly(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_an_index_without_a_metric_is_refused_before_it_is_fitted():
    with pytest.raises(TypeError, match="must have a metric, .* Got HybridIndex instead"):
        measure_index(HybridIndex(), [ITEMS], [QUERIES])
