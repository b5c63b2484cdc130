"""A linear map learned in NumPy: its slopes are those of the losses, and it stops in time."""

import numpy as np
import pytest

from textvec.finetune.adapters import _slope, learn_map

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("side", ["both", "query"])
@pytest.mark.parametrize("kind", ["pairs", "grouped", "scores"])
def test_slopes_are_those_of_the_losses(side, kind):
    from textvec.finetune import losses

    random = np.random.default_rng(0)
    first, second, matrix = (random.normal(size=shape) for shape in [(6, 5), (6, 5), (5, 5)])
    groups = np.array([0, 1, 0, 2, 3, 1]) if kind == "grouped" else None
    scores = random.random(6) if kind == "scores" else None
    found = _slope(first, second, matrix, scores, groups, side, 0.1)
    learned = torch.tensor(matrix, requires_grad=True)
    left = torch.tensor(first) @ learned
    right = torch.tensor(second) @ learned if side == "both" else torch.tensor(second)
    if scores is not None:
        loss = losses.cosent(left, right, scores, temperature=0.1)
    else:
        ignore = None if groups is None else groups[:, None] == groups
        loss = losses.pair_softmax(left, right, temperature=0.1, ignore=ignore)
    loss.backward()
    np.testing.assert_allclose(found, learned.grad, atol=1e-10)


def turned(n, random):
    """Return vectors, and the same turned: a map that can be learned."""
    first = random.normal(size=(n, 8))
    turn = np.linalg.qr(random.normal(size=(8, 8)))[0]
    return first, first @ turn


def test_a_turn_is_learned_and_noise_is_not():
    random = np.random.default_rng(0)
    first, second = turned(300, random)
    settings = {"side": "query", "rate": 0.05, "random": np.random.RandomState(0)}
    matrix, history = learn_map(first, second, np.arange(60), **settings)
    assert history[0] < 0.2
    assert max(history) > 0.9
    assert matrix.dtype == np.float32
    noise = random.normal(size=(300, 8))
    matrix, history = learn_map(noise, noise, np.arange(60), **settings)
    assert history[0] == 1
    assert np.array_equal(matrix, np.eye(8, dtype=np.float32))
    assert len(history) == 6  # five epochs without a gain


def test_a_penalty_holds_the_map_near_the_identity():
    first, second = turned(300, np.random.default_rng(0))
    distances = []
    for penalty in (0, 1, 100):
        matrix, _ = learn_map(
            first, second, np.arange(60), rate=0.05, side="query", penalty=penalty,
            random=np.random.RandomState(0),
        )  # fmt: skip
        distances.append(np.linalg.norm(matrix - np.eye(8)))
    assert distances[0] > distances[1] > distances[2]
