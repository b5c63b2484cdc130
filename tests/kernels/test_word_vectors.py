"""Word2vec's kernels: gradients against finite differences, the fast kernel against the plain."""

import numpy as np
import pytest

from textvec.kernels.word_vectors import (
    CBOW_MEAN,
    CBOW_SUM,
    LANES,
    SKIPGRAM,
    alias_table,
    draw,
    random_below,
    random_share,
    train,
    train_plainly,
    window_gradients,
)

ARCHITECTURES = [SKIPGRAM, CBOW_MEAN, CBOW_SUM]


def seeded(seed=1):
    return np.array([seed], np.uint64)


def loss_of(inputs, outputs):
    """J as it stands at the top of the module, and nothing cleverer."""
    scores = inputs @ outputs.T
    scores[:, 0] *= -1
    return np.log1p(np.exp(scores)).sum()


def test_gradients_are_those_of_the_loss():
    rng = np.random.default_rng(0)
    inputs, outputs = rng.normal(size=(3, 7)), rng.normal(size=(4, 7))
    loss, *gradients = window_gradients(inputs, outputs)
    assert loss == pytest.approx(loss_of(inputs, outputs))
    for matrix, gradient in zip((inputs, outputs), gradients):
        for cell in np.ndindex(matrix.shape):
            before, step = matrix[cell], 1e-6
            matrix[cell] = before + step
            above = loss_of(inputs, outputs)
            matrix[cell] = before - step
            below = loss_of(inputs, outputs)
            matrix[cell] = before
            assert gradient[cell] == pytest.approx((above - below) / (2 * step), abs=1e-7)


def small_text(n_words=12, n_tokens=60, seed=0, scale=0.3, width=2 * LANES):
    rng = np.random.default_rng(seed)
    tokens = rng.integers(0, n_words, n_tokens).astype(np.int32)
    ends = np.array([1, 1, 20, 22, n_tokens])  # a lone word, an empty document, a pair
    noise = rng.integers(0, n_words, 16).astype(np.int32)
    matrices = rng.normal(scale=scale, size=(2, n_words, width)).astype(np.float32)
    return tokens, ends, noise, *matrices


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize(
    ("window", "shrink", "negative"),
    [(1, False, 1), (2, True, 5), (3, False, 6), (5, True, 12)],
)
def test_the_fast_kernel_learns_what_the_plain_one_does(architecture, window, shrink, negative):
    tokens, ends, noise, *matrices = small_text()
    results = []
    for kernel in (train, train_plainly):
        vectors, context_vectors = (matrix.copy() for matrix in matrices)
        state = seeded()
        loss, n_inputs = kernel(
            tokens, ends, noise, vectors, context_vectors, window, shrink, negative, architecture,
            np.float32(0.05), state,
        )  # fmt: skip
        results.append((loss, vectors, context_vectors))
        assert n_inputs > 0
    (fast_loss, *fast), (plain_loss, *plain) = results
    assert fast_loss == pytest.approx(plain_loss, rel=1e-3)
    for changed, expected, start in zip(fast, plain, matrices):
        step = np.abs(expected - start).max()
        np.testing.assert_allclose(changed, expected, rtol=0, atol=0.01 * step)


@pytest.mark.parametrize("kernel", [train, train_plainly])
def test_a_step_goes_down(kernel):
    """Many passes over one window end near what it asks for, and the loss near 0."""
    tokens, ends = np.array([0, 1], np.int32), np.array([2])
    noise = np.array([2], np.int32)
    vectors, context_vectors = small_text(n_words=3, width=LANES)[3:]
    losses = []
    for _ in range(60):
        loss, n_inputs = kernel(
            tokens, ends, noise, vectors, context_vectors, 1, False, 1, SKIPGRAM, np.float32(0.5),
            seeded(),
        )  # fmt: skip
        losses.append(loss / n_inputs)
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < 0.1 < losses[0]


def test_inputs_are_counted():
    tokens, ends, noise, vectors, context_vectors = small_text()
    arguments = (2, False, 5)
    for architecture, expected in ((SKIPGRAM, 70 + 2 + 146), (CBOW_MEAN, 19 + 2 + 38)):
        _, n_inputs = train(
            tokens, ends, noise, vectors, context_vectors, *arguments, architecture,
            np.float32(0.01), seeded(),
        )  # fmt: skip
        assert n_inputs == expected  # 4 around inner words, 6 fewer in all at the two ends


def test_loss_is_right_far_beyond_the_table():
    """A score of 100 on the wrong side costs 100, not where the table ends."""
    vectors = np.zeros((3, LANES), np.float32)
    context_vectors = np.zeros((3, LANES), np.float32)
    vectors[:, 0] = 10
    context_vectors[:2, 0] = -10
    context_vectors[2, 0] = 10
    loss, n_inputs = train(
        np.array([0, 1], np.int32), np.array([2]), np.array([2], np.int32), vectors,
        context_vectors, 1, False, 1, SKIPGRAM, np.float32(0), seeded(),
    )  # fmt: skip
    assert loss / n_inputs == pytest.approx(200, rel=1e-6)


def test_a_noise_word_that_is_the_word_itself_is_passed_over():
    vectors = np.zeros((2, LANES), np.float32)
    context_vectors = np.zeros((2, LANES), np.float32)
    loss, n_inputs = train(
        np.array([0, 0], np.int32), np.array([2]), np.zeros(4, np.int32), vectors,
        context_vectors, 1, False, 5, SKIPGRAM, np.float32(0.1), seeded(),
    )  # fmt: skip
    assert loss / n_inputs == pytest.approx(np.log(2), rel=1e-5)


def test_random_numbers_are_even():
    state = seeded(7)
    shares = np.array([random_share(state) for _ in range(2000)])
    assert 0 <= shares.min() < 0.01
    assert 0.99 < shares.max() < 1
    assert shares.mean() == pytest.approx(0.5, abs=0.03)
    counts = np.bincount([random_below(5, state) for _ in range(2000)], minlength=5)
    assert (np.abs(counts - 400) < 80).all()
    assert len(counts) == 5


@pytest.mark.parametrize("weights", [[1.0], [1, 1, 1], [5, 1, 0.5, 3, 0.01], range(1, 50)])
def test_alias_table_has_the_probabilities_asked_for(weights):
    weights = np.array(weights, np.float64)
    share, other = alias_table(weights.copy())
    given = share.copy()
    np.add.at(given, other, 1 - share)
    np.testing.assert_allclose(given / len(weights), weights / weights.sum(), atol=1e-12)


def test_draw_thins_and_picks_noise_by_weight():
    n = 3000
    tokens = np.tile(np.array([0, 1, 2], np.int32), n)
    ends = np.array([3, 3 * n // 2, 3 * n])
    keep = np.array([0.25, 1, 0])
    share, other = alias_table(np.array([1.0, 2, 7]))
    kept, kept_ends, noise = draw(tokens, ends, np.array([2, 1, 0]), keep, share, other, seeded(3))
    counts = np.bincount(kept, minlength=3)
    assert counts[1:].tolist() == [n, 0]
    assert counts[0] == pytest.approx(n / 4, rel=0.15)
    assert kept_ends[-1] == len(kept)
    assert len(noise) == (len(kept) + 1) // 2
    rows = np.split(kept, kept_ends[:-1])
    assert [np.count_nonzero(row == 1) for row in rows] == [n // 2, n // 2 - 1, 1]
    drawn = np.bincount(noise, minlength=3) / len(noise)
    np.testing.assert_allclose(drawn, [0.1, 0.2, 0.7], atol=0.03)
