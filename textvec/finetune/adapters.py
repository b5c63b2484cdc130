"""A linear map of vectors that stay as they are, learned without PyTorch, and stopped in time."""

import numpy as np

from textvec.evaluate.metrics import spearman

_EPOCHS = 30
_PATIENCE = 5  # epochs without a better score
_BATCH = 256
_LEAST_GAIN = 1e-3  # of the score held out: what is less is noise
_BETAS, _TINY = (0.9, 0.999), 1e-8  # Adam's


def learn_map(
    first, second, held_out, scores=None, groups=None, side="both", temperature=0.05, rate=1e-3,
    penalty=0.0, random=None,
):  # fmt: skip
    """Learn a matrix that brings together what belongs together.

    Formula: vectors x become x A. Without scores, A lessens the in-batch softmax of
    :func:`textvec.finetune.losses.pair_softmax`; with scores CoSENT. A begins as the identity, Adam
    takes the steps, and after each epoch pairs that were held out are scored: by the mean
    reciprocal rank of each text's own positive among all held out, or by Spearman's correlation.
    The best A is taken.

    Parameters
    ----------
    first, second : arrays of shape (n_pairs, width)
        Vectors of the pairs, row by row.
    held_out : int array
        Rows that decide when to stop.
    scores : array of shape (n_pairs,), default=None
        How alike the pairs are.
    groups : int array of shape (n_pairs,), default=None
        Pairs of one group, such as of one class, are no negatives of each other.
    side : {"both", "query"}, default="both"
        Whether both sides are mapped, or the first alone.
    temperature : float, default=0.05
        What cosines are divided by.
    rate : float, default=1e-3
        Adam's step.
    penalty : float, default=0.0
        Times the squared distance of A from the identity.
    random : RandomState
        Draws batches.

    Returns
    -------
    matrix : array of shape (width, width), float32
        A; the identity where nothing was better.
    history : list of float
        The scores held out, of the identity first.
    """
    first, second = np.asarray(first, np.float64), np.asarray(second, np.float64)
    n_pairs, width = first.shape
    learned = np.setdiff1d(np.arange(n_pairs), held_out)
    matrix = np.eye(width)
    momentum, variance, step = np.zeros_like(matrix), np.zeros_like(matrix), 0

    def score():
        left = first[held_out] @ matrix
        right = second[held_out] @ matrix if side == "both" else second[held_out]
        return _score(left, right, None if scores is None else scores[held_out], held_groups)

    held_groups = None if groups is None else groups[held_out]
    best, history = matrix.copy(), [score()]
    best_score, since = history[0], 0
    for _ in range(_EPOCHS):
        order = random.permutation(learned)
        for start in range(0, len(order), _BATCH):
            rows = order[start : start + _BATCH]
            if len(rows) < 2:
                continue
            slope = _slope(
                first[rows],
                second[rows],
                matrix,
                None if scores is None else scores[rows],
                None if groups is None else groups[rows],
                side,
                temperature,
            )
            slope += 2 * penalty * (matrix - np.eye(width))
            step += 1
            momentum = _BETAS[0] * momentum + (1 - _BETAS[0]) * slope
            variance = _BETAS[1] * variance + (1 - _BETAS[1]) * slope**2
            evened = momentum / (1 - _BETAS[0] ** step)
            matrix -= rate * evened / (np.sqrt(variance / (1 - _BETAS[1] ** step)) + _TINY)
        history.append(score())
        if history[-1] > best_score + (_LEAST_GAIN if best_score == history[0] else 0):
            best, best_score, since = matrix.copy(), history[-1], 0
        else:
            since += 1
            if since == _PATIENCE:
                break
    return best.astype(np.float32), history


def _score(left, right, scores, groups):
    left, right = _unit(left)[0], _unit(right)[0]
    if scores is not None:
        return float(spearman((left * right).sum(axis=1), scores))
    similar = left @ right.T
    own = similar.diagonal()[:, None]
    above = similar > own
    if groups is not None:
        above &= groups[:, None] != groups
    return float(np.mean(1 / (1 + above.sum(axis=1))))


def _slope(first, second, matrix, scores, groups, side, temperature):
    """Return the gradient of the loss by the matrix."""
    left, left_norm = _unit(first @ matrix)
    right, right_norm = _unit(second @ matrix if side == "both" else second)
    if scores is None:
        by_left, by_right = _slopes_of_softmax(left, right, groups, temperature)
    else:
        by_left, by_right = _slopes_of_cosent(left, right, scores, temperature)
    slope = first.T @ _through_unit(by_left, left, left_norm)
    if side == "both":
        slope += second.T @ _through_unit(by_right, right, right_norm)
    return slope


def _slopes_of_softmax(left, right, groups, temperature):
    similar = left @ right.T / temperature
    if groups is not None:
        others = (groups[:, None] == groups) & ~np.eye(len(groups), dtype=bool)
        similar[others] = -np.inf
    similar -= similar.max(axis=1, keepdims=True)
    told = np.exp(similar)
    told /= told.sum(axis=1, keepdims=True)
    told[np.diag_indices_from(told)] -= 1
    told /= len(left) * temperature
    return told @ right, told.T @ left


def _slopes_of_cosent(left, right, scores, temperature):
    similar = (left * right).sum(axis=1) / temperature
    gaps = np.where(scores[None, :] > scores[:, None], similar[:, None] - similar, -np.inf)
    top = max(gaps.max(), 0)
    shares = np.exp(gaps - top)
    shares /= np.exp(-top) + shares.sum()
    by_similarity = (shares.sum(axis=1) - shares.sum(axis=0))[:, None] / temperature
    return by_similarity * right, by_similarity * left


def _unit(vectors):
    """Return vectors at unit length, and their lengths; zeros stay."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(norms, norms, 1), np.where(norms, norms, np.inf)


def _through_unit(slopes, units, norms):
    """Return slopes by vectors from those by the vectors at unit length."""
    return (slopes - (slopes * units).sum(axis=1, keepdims=True) * units) / norms
