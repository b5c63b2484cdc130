"""Unit 7: word2vec."""

import numpy as np

from textvec.course.differences import difference
from textvec.course.functions import function_difference, judges
from textvec.datasets import load_novel

_ENOUGH = 30  # statements


def exercise_1():
    """The slopes of the softmax's loss: belief less fact."""
    exponentials = np.array([1, 3, 4])
    return exponentials / exponentials.sum() - [0, 1, 0]


@judges("loss_and_gradient")
def exercise_2(answer):
    """Judge a function that returns the loss of negative sampling, and its gradient for v."""
    rng = np.random.default_rng(0)
    cases = [
        tuple(rng.normal(size=shape).round(2) for shape in ((size,), (size,), (n_noise, size)))
        for size, n_noise in ((2, 3), (2, 1), (5, 3), (1, 4))
    ]
    return function_difference(answer, _loss_and_slopes, cases, SLIPS[2], _pair_difference)


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


def _pair_difference(found, right):
    if not isinstance(found, tuple) or len(found) != 2:
        return "it must return two things, the loss and the gradient"
    if wrong := difference(found[0], right[0], 1e-4):
        return f"of the loss, {wrong}"
    wrong = difference(found[1], right[1], 1e-4)
    return wrong and f"the loss is right; of the gradient, {wrong}"


def _wrong_sign(v, u, noise):
    loss, slopes = _loss_and_slopes(v, u, noise)
    return loss, -slopes


def _swapped(v, u, noise):
    return _loss_and_slopes(v, u, noise)[::-1]


def _without_noise(v, u, noise):
    return _loss_and_slopes(v, u, noise[:0])


def _mean_of_noise(v, u, noise):
    own, all_ = _loss_and_slopes(v, u, noise[:0]), _loss_and_slopes(v, u, noise)
    return tuple(a + (b - a) / len(noise) for a, b in zip(own, all_, strict=True))


def _without_minus(v, u, noise):
    scores = np.vstack([u, noise]) @ v
    return np.log1p(np.exp(-scores)).sum(), _loss_and_slopes(v, u, noise)[1]


def _negative(v, u, noise):
    loss, slopes = _loss_and_slopes(v, u, noise)
    return -loss, slopes


def _for_u(v, u, noise):
    return _loss_and_slopes(v, u, noise)[0], (1 / (1 + np.exp(-u @ v)) - 1) * v


def _noise_as_true(v, u, noise):
    outputs = np.vstack([u, noise])
    foretold = 1 / (1 + np.exp(-outputs @ v))
    return _loss_and_slopes(v, u, noise)[0], (foretold - 1) @ outputs


SLIPS = {
    1: [
        ([1 / 8, 3 / 8, 4 / 8], "that is what the model believed: take off what happened"),
        ([-1 / 8, 5 / 8, -4 / 8], "the signs are the wrong way round: belief less fact"),
    ],
    2: [
        (_wrong_sign, "the gradient has the wrong sign: it must point to where the loss rises"),
        (_without_noise, "the noise words are left out"),
        (_without_minus, "in the loss the scores of noise words have a minus before them"),
        (_negative, "the loss has the wrong sign: the logarithm of a share is below 0"),
        (_mean_of_noise, "the noise words are summed, not averaged"),
        (_for_u, "the gradient is that for u: it is asked for v"),
        (_noise_as_true, "for a noise word nothing is taken off the belief, as it is not there"),
        (_swapped, "return the loss first, then the gradient"),
    ],
}
WRONG = {
    1: [[0.125, 0.375], 0.0],
    2: [lambda v, u, noise: v, lambda v, u, noise: (0.5, v), 1],
    3: ["word2vec", 3],
}
