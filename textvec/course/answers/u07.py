"""Unit 7: word2vec."""

import numpy as np

from textvec.datasets import load_novel

_ENOUGH = 30  # statements


def exercise_1():
    """The slopes of the softmax's loss: belief less fact."""
    exponentials = np.array([1, 3, 4])
    return exponentials / exponentials.sum() - [0, 1, 0]


def exercise_2(answer):
    """Judge a function that returns the loss of negative sampling, and its gradient for v."""
    rng = np.random.default_rng(0)
    for size, n_noise in ((2, 1), (5, 3), (1, 4)):
        v, u, noise = rng.normal(size=size), rng.normal(size=size), rng.normal(size=(n_noise, size))
        expected, slopes = _loss_and_slopes(v, u, noise)
        found = answer(v.copy(), u.copy(), noise.copy())
        if not isinstance(found, tuple) or len(found) != 2:
            return "it must return two things, the loss and the gradient"
        loss, gradient = found[0], np.asarray(found[1], float)
        case = f"with {size} numbers a word and {n_noise} noise words"
        if gradient.shape != slopes.shape:
            return f"{case} the gradient has shape {gradient.shape}, expected {slopes.shape}"
        if not np.isclose(loss, expected, atol=1e-4):
            return f"{case} the loss is not right"
        if not np.allclose(gradient, slopes, atol=1e-4):
            if np.allclose(gradient, -slopes, atol=1e-4):
                return "the gradient has the wrong sign: it must point to where the loss rises"
            return f"{case} the loss is right, and the gradient is not its slope"
    return None


def exercise_3(answer):
    """Judge a model by how many statements about the novel hold in it."""
    table = getattr(answer, "keyed_vectors_", None)
    if table is None:
        return "the answer must be a fitted Word2Vec, with keyed_vectors_"
    rows = load_novel().statements.to_numpy()
    known = [row for row in rows if all(name in table for name in row)]
    held = sum(bool(table.similarity(a, b) > table.similarity(a, c)) for a, b, c in known)
    if held < _ENOUGH:
        return (
            f"{held} statements hold, of {len(known)} whose names it knows; {_ENOUGH} are asked for"
        )
    return None


def _loss_and_slopes(v, u, noise):
    outputs = np.vstack([u, noise])
    is_true = np.arange(len(outputs)) == 0
    foretold = 1 / (1 + np.exp(-outputs @ v))
    loss = -np.log(np.where(is_true, foretold, 1 - foretold)).sum()
    return loss, (foretold - is_true) @ outputs


def _wrong_sign(v, u, noise):
    loss, slopes = _loss_and_slopes(v, u, noise)
    return loss, -slopes


def _without_noise(v, u, noise):
    return _loss_and_slopes(v, u, noise[:0])


WRONG = {
    1: [[1 / 8, 3 / 8, 4 / 8], [0.125, 0.375], [-1 / 8, 5 / 8, -4 / 8], 0.0],
    2: [_wrong_sign, _without_noise, lambda v, u, noise: v],
    3: ["word2vec", 3],
}
