"""Losses of tuning, to be read: one function, one formula, one paper. No model is inside.

Arguments are arrays of vectors, one a row (tensors, or what ``torch.as_tensor`` takes); what comes
back is a tensor without axes, whose ``backward`` reaches the vectors. In the formulas c(a, b) is
the cosine, t the temperature and B the number of rows; q_i is a text, p_i its positive and n_j a
negative; s_ij = c(q_i, p_j) / t and r_ij = c(q_i, n_j) / t; LSE is the logarithm of the sum of
exponentials.

Where a batch holds a text twice, or two texts of one class, these are no negatives of each other:
``ignore`` is True at such places and takes them out of the sums. It has the shape of the
similarities that it belongs to, and never applies to a text's own positive.

Sources: losses 1 to 6 are those of uniem; Su 2022, CoSENT; van den Oord et al. 2018,
"Representation learning with contrastive predictive coding" (InfoNCE); Li et al. 2023, "Towards
general text embeddings with multi-stage contrastive learning" (GTE); Li and Li 2024, "AoE:
Angle-optimized embeddings for semantic textual similarity" (AnglE); Kusupati et al. 2022,
"Matryoshka representation learning"; Gao et al. 2021, "Scaling deep contrastive learning batch size
under memory limited setup" (GradCache).
"""

from functools import partial

TEMPERATURE = 0.05  # uniem's, and the scale of 20 that sentence-transformers has


def pair_cosent(queries, positives, temperature=TEMPERATURE, symmetric=False, ignore=None):
    """Ask that each text be nearer to its own positive than to those of others.

    Formula: mean_i LSE_j(s_ij - s_ii), j = i included. It equals :func:`pair_softmax`, from which
    it differs in how it is thought of only.

    Parameters
    ----------
    queries, positives : arrays of shape (B, width)
        The pairs, row by row.
    temperature : float > 0, default=0.05
        What cosines are divided by: the lower, the more the nearest negatives count.
    symmetric : bool, default=False
        Whether to take the mean with the same of (positives, queries).
    ignore : bool array of shape (B, B), default=None
        True at i, j where p_j is no negative of q_i.

    Returns
    -------
    tensor
        Without axes.

    Examples
    --------
    >>> pairs = [[1.0, 0.0], [0.0, 1.0]], [[0.8, 0.6], [0.6, 0.8]]
    >>> round(float(pair_cosent(*pairs, temperature=0.5)), 4)
    0.513
    """
    s, ignore = _similarities(queries, positives, temperature), _own_kept(ignore)
    loss = _without(s - _own(s), ignore).logsumexp(dim=1).mean()
    return _both(loss, pair_cosent, queries, positives, temperature, symmetric, ignore)


def triplet_cosent(queries, positives, negatives, temperature=TEMPERATURE, ignore=None):
    """Ask that each text be nearer to its positive than to any negative of the batch.

    Formula: mean_i log(1 + sum_j exp(r_ij - s_ii)). Positives of others are no negatives.

    Parameters
    ----------
    queries, positives : arrays of shape (B, width)
        The pairs, row by row.
    negatives : array of shape (n_negatives, width)
        Those of all rows.
    temperature : float > 0, default=0.05
        What cosines are divided by.
    ignore : bool array of shape (B, n_negatives), default=None
        True at i, j where n_j is no negative of q_i.

    Returns
    -------
    tensor
        Without axes.

    Examples
    --------
    >>> texts, answers, others = [[1.0, 0.0]], [[0.8, 0.6]], [[0.0, 1.0]]
    >>> round(float(triplet_cosent(texts, answers, others, temperature=0.5)), 4)
    0.1839
    """
    import torch

    r = _similarities(queries, negatives, temperature)
    gaps = _without(r - _paired(queries, positives, temperature), ignore)
    return torch.cat([gaps.new_zeros(len(gaps), 1), gaps], dim=1).logsumexp(dim=1).mean()


def pair_softmax(queries, positives, temperature=TEMPERATURE, symmetric=False, ignore=None):
    """Ask that each text's own positive be the most probable of the batch.

    Formula: mean_i -log(exp(s_ii) / sum_j exp(s_ij)).

    Parameters
    ----------
    queries, positives : arrays of shape (B, width)
        The pairs, row by row.
    temperature : float > 0, default=0.05
        What cosines are divided by.
    symmetric : bool, default=False
        Whether to take the mean with the same of (positives, queries).
    ignore : bool array of shape (B, B), default=None
        True at i, j where p_j is no negative of q_i.

    Returns
    -------
    tensor
        Without axes.

    Examples
    --------
    >>> pairs = [[1.0, 0.0], [0.0, 1.0]], [[0.8, 0.6], [0.6, 0.8]]
    >>> round(float(pair_softmax(*pairs, temperature=0.5)), 4)
    0.513
    """
    s, ignore = _similarities(queries, positives, temperature), _own_kept(ignore)
    loss = -_without(s, ignore).log_softmax(dim=1).diagonal().mean()
    return _both(loss, pair_softmax, queries, positives, temperature, symmetric, ignore)


def triplet_softmax(queries, positives, negatives, temperature=TEMPERATURE, ignore=None):
    """Ask that each text's positive be more probable than all negatives of the batch together.

    Formula: mean_i -log(exp(s_ii) / (exp(s_ii) + sum_j exp(r_ij))). It equals
    :func:`triplet_cosent`.

    Parameters
    ----------
    queries, positives : arrays of shape (B, width)
        The pairs, row by row.
    negatives : array of shape (n_negatives, width)
        Those of all rows.
    temperature : float > 0, default=0.05
        What cosines are divided by.
    ignore : bool array of shape (B, n_negatives), default=None
        True at i, j where n_j is no negative of q_i.

    Returns
    -------
    tensor
        Without axes.

    Examples
    --------
    >>> texts, answers, others = [[1.0, 0.0]], [[0.8, 0.6]], [[0.0, 1.0]]
    >>> round(float(triplet_softmax(texts, answers, others, temperature=0.5)), 4)
    0.1839
    """
    import torch

    r = _without(_similarities(queries, negatives, temperature), ignore)
    own = _paired(queries, positives, temperature)
    return -torch.cat([own, r], dim=1).log_softmax(dim=1)[:, 0].mean()


def pair_sigmoid(queries, positives, temperature=TEMPERATURE, symmetric=False, ignore=None):
    """Ask of each text and each positive of others, one by one, that the text's own be nearer.

    Formula: sum over i != j of log(1 + exp(s_ij - s_ii)), over (B^2 - B), or over as many as
    ``ignore`` leaves.

    Parameters
    ----------
    queries, positives : arrays of shape (B, width)
        The pairs, row by row.
    temperature : float > 0, default=0.05
        What cosines are divided by.
    symmetric : bool, default=False
        Whether to take the mean with the same of (positives, queries).
    ignore : bool array of shape (B, B), default=None
        True at i, j where p_j is no negative of q_i.

    Returns
    -------
    tensor
        Without axes; 0 if there is no negative.

    Examples
    --------
    >>> pairs = [[1.0, 0.0], [0.0, 1.0]], [[0.8, 0.6], [0.6, 0.8]]
    >>> round(float(pair_sigmoid(*pairs, temperature=0.5)), 4)
    0.513
    """
    import torch

    s, ignore = _similarities(queries, positives, temperature), _own_kept(ignore)
    own = torch.eye(len(s), dtype=torch.bool, device=s.device)
    loss = _mean_softplus(s - _own(s), own if ignore is None else own | _mask(ignore, s))
    return _both(loss, pair_sigmoid, queries, positives, temperature, symmetric, ignore)


def triplet_sigmoid(queries, positives, negatives, temperature=TEMPERATURE, ignore=None):
    """Ask of each text and each negative, one by one, that the text's positive be nearer.

    Formula: mean over i, j of log(1 + exp(r_ij - s_ii)).

    Parameters
    ----------
    queries, positives : arrays of shape (B, width)
        The pairs, row by row.
    negatives : array of shape (n_negatives, width)
        Those of all rows.
    temperature : float > 0, default=0.05
        What cosines are divided by.
    ignore : bool array of shape (B, n_negatives), default=None
        True at i, j where n_j is no negative of q_i.

    Returns
    -------
    tensor
        Without axes; 0 if there is no negative.

    Examples
    --------
    >>> texts, answers, others = [[1.0, 0.0]], [[0.8, 0.6]], [[0.0, 1.0]]
    >>> round(float(triplet_sigmoid(texts, answers, others, temperature=0.5)), 4)
    0.1839
    """
    r = _similarities(queries, negatives, temperature)
    ignore = None if ignore is None else _mask(ignore, r)
    return _mean_softplus(r - _paired(queries, positives, temperature), ignore)


def cosent(texts1, texts2, scores, temperature=TEMPERATURE):
    """Ask that of two pairs the one of the higher score have the higher cosine.

    Formula: log(1 + sum over y_b > y_a of exp((c_a - c_b) / t)), over pairs a and b with scores y.
    Only the order of the scores counts. Source: Su 2022, CoSENT.

    Parameters
    ----------
    texts1, texts2 : arrays of shape (B, width)
        The pairs, row by row.
    scores : array of shape (B,)
        How alike they are: more is more alike.
    temperature : float > 0, default=0.05
        What cosines are divided by.

    Returns
    -------
    tensor
        Without axes; 0 if all scores are equal.

    Examples
    --------
    >>> pairs = [[1.0, 0.0], [1.0, 0.0]], [[0.8, 0.6], [0.0, 1.0]]
    >>> round(float(cosent(*pairs, [0.0, 1.0])), 4)
    16.0
    """
    return _in_order(_paired(texts1, texts2, temperature)[:, 0], scores)


def cosine_regression(texts1, texts2, scores):
    """Ask that cosines be the scores.

    Formula: mean_i (c_i - y_i)^2. Source: Reimers and Gurevych 2019, Sentence-BERT.

    Parameters
    ----------
    texts1, texts2 : arrays of shape (B, width)
        The pairs, row by row.
    scores : array of shape (B,)
        From -1 to 1, or from 0 to 1.

    Returns
    -------
    tensor
        Without axes.

    Examples
    --------
    >>> round(float(cosine_regression([[1.0, 0.0]], [[0.8, 0.6]], [1.0])), 4)
    0.04
    """
    cosines = _paired(texts1, texts2, 1)[:, 0]
    return (cosines - _tensor(scores).to(cosines)).square().mean()


def infonce(
    queries, positives, negatives=None, temperature=TEMPERATURE, symmetric=False, shared=True,
    ignore=None,
):  # fmt: skip
    """Ask that each text's positive be the most probable of the batch, hard negatives included.

    Formula: mean_i -log(exp(s_ii) / (sum_j exp(s_ij) + sum over hard negatives n of
    exp(c(q_i, n) / t))). The hard negatives are those of all rows, as in sentence-transformers'
    MultipleNegativesRankingLoss, or the row's own. Sources: van den Oord et al. 2018; Karpukhin et
    al. 2020, "Dense passage retrieval".

    Parameters
    ----------
    queries, positives : arrays of shape (B, width)
        The pairs, row by row.
    negatives : array of shape (k, B, width) or (B, width), default=None
        k hard negatives of each row, or one.
    temperature : float > 0, default=0.05
        What cosines are divided by. C-Pack has .01, E5-mistral .02.
    symmetric : bool, default=False
        Whether to take the mean with the same of (positives, queries), without hard negatives.
    shared : bool, default=True
        Whether a row's hard negatives are also those of the others.
    ignore : bool array of shape (B, B + k * B), default=None
        True where a column is no negative of a row; columns are the positives, then the first
        negative of each row, and so on.

    Returns
    -------
    tensor
        Without axes.

    Examples
    --------
    >>> pairs = [[1.0, 0.0], [0.0, 1.0]], [[0.8, 0.6], [0.6, 0.8]]
    >>> round(float(infonce(*pairs, negatives=[[0.0, 1.0], [1.0, 0.0]], temperature=0.5)), 4)
    1.2131
    """
    import torch

    s, ignore = _similarities(queries, positives, temperature), _own_kept(ignore)
    all_of = s
    if negatives is not None:
        negatives = _tensor(negatives)
        negatives = negatives.reshape(-1, negatives.shape[-1])
        r = _similarities(queries, negatives, temperature)
        if not shared:
            others = ~torch.eye(len(s), dtype=torch.bool, device=s.device)
            r = _without(r, others.repeat(1, len(negatives) // len(s)))
        all_of = torch.cat([s, r], dim=1)
    loss = (_without(all_of, ignore).logsumexp(dim=1) - s.diagonal()).mean()
    if ignore is not None:
        ignore = _mask(ignore, s)[:, : len(s)]
    return _both(loss, infonce, queries, positives, temperature, symmetric, ignore)


def gte(queries, positives, temperature=TEMPERATURE, ignore=None):
    """Ask that pairs be near, and all else of the batch far, texts and positives alike.

    Formula: mean_i log Z_i - s_ii, with Z_i = sum_j e^{c(q_i,p_j)/t} + sum_{j != i}
    e^{c(q_i,q_j)/t} + sum_j e^{c(q_j,p_i)/t} + sum_{j != i} e^{c(p_j,p_i)/t}; the positive counts
    twice. Source: Li et al. 2023, the improved contrastive loss of GTE.

    Parameters
    ----------
    queries, positives : arrays of shape (B, width)
        The pairs, row by row.
    temperature : float > 0, default=0.05
        What cosines are divided by.
    ignore : bool array of shape (B, B), default=None
        True at i, j where neither p_j nor q_j is a negative of pair i.

    Returns
    -------
    tensor
        Without axes.

    Examples
    --------
    >>> pairs = [[1.0, 0.0], [0.0, 1.0]], [[0.8, 0.6], [0.6, 0.8]]
    >>> round(float(gte(*pairs, temperature=0.5)), 4)
    1.5932
    """
    import torch

    s = _similarities(queries, positives, temperature)
    own = torch.eye(len(s), dtype=torch.bool, device=s.device)
    others = own if ignore is None else own | _mask(ignore, s)
    blocks = [
        _without(s, others & ~own),
        _without(_similarities(queries, queries, temperature), others),
        _without(s.T, others & ~own),
        _without(_similarities(positives, positives, temperature), others),
    ]
    return (torch.cat(blocks, dim=1).logsumexp(dim=1) - s.diagonal()).mean()


def angle(
    texts1, texts2, scores, temperature=TEMPERATURE, weights=(1.0, 1.0, 1.0), positive_from=0.5,
    ignore=None,
):  # fmt: skip
    """Ask for the right order of cosines and of angles, and for likely positives.

    Formula: w1 CoSENT(cosines, t) + w2 in-batch softmax(t) + w3 CoSENT(d, 1), with d of
    :func:`angle_similarity`, whose slope does not vanish where the cosine's does. Source: Li and Li
    2024, AnglE.

    Parameters
    ----------
    texts1, texts2 : arrays of shape (B, width)
        The pairs, row by row.
    scores : array of shape (B,)
        How alike they are, from 0 to 1.
    temperature : float > 0, default=0.05
        What cosines are divided by; the angles are not.
    weights : three floats >= 0, default=(1.0, 1.0, 1.0)
        Those of the three parts.
    positive_from : float, default=0.5
        From which score on a pair takes part in the softmax: the texts of others mean different
        things.
    ignore : bool array of shape (B, B), default=None
        As in :func:`pair_softmax`.

    Returns
    -------
    tensor
        Without axes.

    Examples
    --------
    >>> pairs = [[1.0, 0.0], [1.0, 0.0]], [[0.8, 0.6], [0.0, 1.0]]
    >>> round(float(angle(*pairs, [1.0, 0.0], weights=(0, 0, 1))), 4)
    1.1711
    """
    by_cosine, by_softmax, by_angle = weights
    loss = by_cosine * cosent(texts1, texts2, scores, temperature)
    loss = loss + by_angle * _in_order(angle_similarity(texts1, texts2), scores)
    positive = _tensor(scores).to(loss) >= positive_from
    if by_softmax and positive.any():
        s = _without(_similarities(texts1, texts2, temperature), _own_kept(ignore))
        loss = loss - by_softmax * s.log_softmax(dim=1).diagonal()[positive].mean()
    return loss


def angle_similarity(texts1, texts2):
    """Return how near vectors lie as complex numbers, row by row.

    Halves are real and imaginary parts, ``u = a + ib`` and ``v = c + id``;
    ``d = |sum_k (Re_k + Im_k)|`` of ``((ac + bd) + i(bc - ad)) / ||v||^2``, divided by
    ``||u|| / ||v||``. It is 1 for ``u = v``, and may exceed 1. Source: Li and Li 2024, AnglE.

    Parameters
    ----------
    texts1, texts2 : arrays of shape (B, width)
        Of an even width.

    Returns
    -------
    tensor of shape (B,)
        The similarities.

    Raises
    ------
    ValueError
        If the width is odd.

    Examples
    --------
    >>> round(float(angle_similarity([[1.0, 2.0, 3.0, 4.0]], [[4.0, 3.0, 2.0, 1.0]])), 4)
    1.3333
    """
    u, v = _at_unit_length(texts1), _at_unit_length(texts2)
    if u.shape[1] % 2:
        raise ValueError(f"AnglE needs vectors of an even width. Got {u.shape[1]} instead.")
    (a, b), (c, d) = u.chunk(2, dim=1), v.chunk(2, dim=1)
    return ((a * c + b * d) + (b * c - a * d)).sum(dim=1).abs()


def matryoshka(loss, widths, weights=None):
    """Wrap a loss so that it also holds for the first dimensions of the vectors alone.

    Formula: sum over widths m of w_m loss(vectors[:, :m]). Source: Kusupati et al. 2022.

    Parameters
    ----------
    loss : callable
        One of this module, its settings bound.
    widths : sequence of int
        How many leading dimensions; the whole width among them, if it is to count.
    weights : sequence of float, default=None
        One for each width; None is 1 for each.

    Returns
    -------
    callable
        Takes what ``loss`` takes.

    Examples
    --------
    >>> pairs = [[1.0, 0.0, 1.0]], [[1.0, 0.0, -1.0]]
    >>> of_both = matryoshka(cosine_regression, [3, 2])
    >>> float(of_both(*pairs, [1.0]))
    1.0
    """
    weights = [1.0] * len(widths) if weights is None else weights

    def of_widths(*arrays, **settings):
        arrays = [_tensor(array) for array in arrays]
        losses = [
            weight * loss(*(_cut(array, width) for array in arrays), **settings)
            for width, weight in zip(widths, weights, strict=True)
        ]
        return sum(losses[1:], losses[0])

    return of_widths


def cached(loss, embed, chunk_size):
    """Wrap a loss so that batches may be larger than memory holds the network's steps for.

    The vectors are made without steps, chunk by chunk; the loss gives their gradients; then each
    chunk is made again with steps and handed its part. What comes out is the gradient of the whole
    batch. Source: Gao et al. 2021, GradCache.

    Parameters
    ----------
    loss : callable
        Takes arrays of vectors, one for each column of texts, and settings.
    embed : callable
        Makes vectors of a dict of tensors, a row for each text.
    chunk_size : int >= 1
        Texts at a time.

    Returns
    -------
    callable
        Takes a list of such dicts, one for each column, and the loss's settings.
    """

    def of_columns(columns, **settings):
        import torch

        pieces = [_pieces(column, chunk_size) for column in columns]
        states, vectors = [], []
        with torch.no_grad():
            for column in pieces:
                made = []
                for piece in column:
                    states.append(_random_state())
                    made.append(embed(piece))
                vectors.append(torch.cat(made))
        if not torch.is_grad_enabled():
            return loss(*vectors, **settings)
        vectors = [one.detach().requires_grad_() for one in vectors]
        value = loss(*vectors, **settings)
        gradients = torch.autograd.grad(value, vectors, allow_unused=True)
        value = value.detach().requires_grad_()
        value.register_hook(partial(_hand_back, pieces, gradients, states, embed, chunk_size))
        return value

    return of_columns


def _hand_back(pieces, gradients, states, embed, chunk_size, outer):
    """Make each chunk again, as at first, and take its steps backward."""
    import torch

    states = iter(states)
    for column, gradient in zip(pieces, gradients):
        parts = [None] * len(column) if gradient is None else gradient.split(chunk_size)
        for piece, part in zip(column, parts):
            state = next(states)
            if part is None:
                continue
            with torch.random.fork_rng(), torch.enable_grad():
                _set_random_state(state)
                torch.sum(embed(piece) * part * outer).backward()


def _pieces(column, chunk_size):
    """Cut a column into chunks of rows; what is no tensor is of all of them."""
    import torch

    n_rows = len(next(value for value in column.values() if torch.is_tensor(value)))
    return [
        {
            name: value[start : start + chunk_size] if torch.is_tensor(value) else value
            for name, value in column.items()
        }
        for start in range(0, n_rows, chunk_size)
    ]


def _random_state():
    """Return what dropout draws from."""
    import torch

    return (
        torch.get_rng_state(),
        torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    )


def _set_random_state(state):
    import torch

    torch.set_rng_state(state[0])
    if state[1]:
        torch.cuda.set_rng_state_all(state[1])


def _tensor(array):
    import torch

    array = torch.as_tensor(array)
    return array if array.is_floating_point() else array.float()


def _cut(array, width):
    """Return the first dimensions of vectors; scores, which have no such, as they are."""
    return array[..., :width] if array.ndim > 1 else array


def _at_unit_length(vectors):
    import torch

    return torch.nn.functional.normalize(_tensor(vectors), dim=-1)


def _similarities(queries, items, temperature):
    """Return c(q_i, item_j) / t, of shape (n_queries, n_items)."""
    return _at_unit_length(queries) @ _at_unit_length(items).T / temperature


def _paired(texts1, texts2, temperature):
    """Return c(a_i, b_i) / t as a column, of shape (B, 1)."""
    both = _at_unit_length(texts1) * _at_unit_length(texts2)
    return both.sum(dim=1, keepdim=True) / temperature


def _own(s):
    return s.diagonal()[:, None]


def _mask(ignore, like):
    import torch

    return torch.as_tensor(ignore, dtype=torch.bool, device=like.device)


def _own_kept(ignore):
    """Return a mask of (B, B, ...) that is False where a text meets its own positive."""
    if ignore is None:
        return None
    import torch

    ignore = torch.as_tensor(ignore, dtype=torch.bool).clone()
    ignore.diagonal().fill_(False)
    return ignore


def _without(values, ignore):
    """Take ignored places out of sums of exponentials."""
    return values if ignore is None else values.masked_fill(_mask(ignore, values), -float("inf"))


def _mean_softplus(gaps, ignore):
    """Return the mean of log(1 + e^gap) over what is not ignored; 0 where that is nothing."""
    import torch

    terms = torch.nn.functional.softplus(gaps)
    if ignore is None:
        return terms.mean()
    return terms.masked_fill(ignore, 0).sum() / (~ignore).sum().clamp(min=1)


def _in_order(similarities, scores):
    """Return log(1 + sum over y_b > y_a of e^{s_a - s_b})."""
    import torch

    scores = _tensor(scores).to(similarities)
    gaps = similarities[:, None] - similarities[None, :]  # (a, b)
    wrong = gaps[scores[None, :] > scores[:, None]]
    return torch.cat([wrong.new_zeros(1), wrong]).logsumexp(dim=0)


def _both(loss, kind, queries, positives, temperature, symmetric, ignore):
    """Return a loss, or its mean with that of the other direction."""
    if not symmetric:
        return loss
    ignore = None if ignore is None else ignore.T
    return (loss + kind(positives, queries, temperature=temperature, ignore=ignore)) / 2
