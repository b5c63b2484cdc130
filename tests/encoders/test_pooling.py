import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textvec.encoders.pooling import LAST_LAYER_POOLINGS, POOLINGS, pool, token_weights


def plain(pooling, layers):
    """Pool one text without padding; layers is a list of (n_tokens, n_dimensions)."""
    first, last = layers[1], layers[-1]
    n = len(last)
    match pooling:
        case "cls":
            return last[0]
        case "mean":
            return sum(last) / n
        case "max":
            return np.array([max(column) for column in last.T])
        case "mean_sqrt_len":
            return sum(last) / n**0.5
        case "first_last_mean":
            return (sum(first) / n + sum(last) / n) / 2
        case "embedding_last_mean":
            return (sum(layers[0]) / n + sum(last) / n) / 2
        case "last_weighted":
            return sum((i + 1) * h for i, h in enumerate(last)) / sum(range(1, n + 1))
        case "last_token":
            return last[-1]


@pytest.mark.parametrize("pooling", POOLINGS)
@settings(max_examples=25)
@given(
    lengths=st.lists(st.integers(1, 40), min_size=1, max_size=6),
    sides=st.lists(st.booleans(), min_size=6, max_size=6),
    seed=st.integers(0, 999),
)
def test_a_padded_batch_equals_each_text_alone(pooling, lengths, sides, seed):
    rng = np.random.default_rng(seed)
    texts = [rng.normal(size=(4, n, 5)).astype(np.float32) for n in lengths]
    n_tokens = max(lengths) + seed % 3
    layers = np.full((4, len(texts), n_tokens, 5), np.nan, np.float32)  # padding may hold anything
    mask = np.zeros((len(texts), n_tokens), np.int64)
    for row, (text, left) in enumerate(zip(texts, sides)):
        n = text.shape[1]
        place = slice(n_tokens - n, n_tokens) if left else slice(0, n)
        layers[:, row, place] = text
        mask[row, place] = 1
    pooled = pool(pooling, list(layers), mask)
    expected = np.array([plain(pooling, list(text.astype(np.float64))) for text in texts])
    assert pooled.dtype == np.float32
    np.testing.assert_allclose(pooled, expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("pooling", POOLINGS)
def test_a_text_without_tokens_is_the_zero_vector(pooling):
    layers = [np.ones((2, 3, 4), np.float32)] * 3
    pooled = pool(pooling, layers, [[0, 0, 0], [1, 1, 0]])
    assert not pooled[0].any()
    assert pooled[1].all()


@pytest.mark.parametrize("pooling", ["first_last_mean", "embedding_last_mean"])
def test_a_missing_layer_is_named(pooling):
    with pytest.raises(ValueError, match=f"{pooling}.* needs the hidden states of all layers"):
        pool(pooling, [np.ones((1, 2, 3), np.float32)], [[1, 1]])


def test_the_last_layer_suffices_elsewhere():
    assert set(POOLINGS) - set(LAST_LAYER_POOLINGS) == {"first_last_mean", "embedding_last_mean"}
    for pooling in LAST_LAYER_POOLINGS:
        assert pool(pooling, [np.ones((1, 2, 3), np.float32)], [[1, 1]]).shape == (1, 3)


def test_unknown_pooling():
    with pytest.raises(ValueError, match="pooling must be one of 'cls'.* Got 'average' instead"):
        pool("average", [np.ones((1, 1, 1), np.float32)], [[1]])
    with pytest.raises(ValueError, match="Got 'max' instead"):
        token_weights("max", [[1]])
