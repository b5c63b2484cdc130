"""Skip-gram and CBOW with negative sampling: arrays in, changed in place, nothing else.

Every word w has a vector v_w, which is what one wants, and a context vector u_w, which only
training needs. Around a word o of a document, within the window, stand the words C. Skip-gram asks
the vector of each c in C to foretell o, CBOW asks their mean, or their sum; the vectors that are
asked are the inputs x below. Noise words k, drawn in proportion to count ** ns_exponent, are to be
told from o. The loss of a window, and the gradients that stochastic descent goes against, are

    J       = - sum over x of [ log s(u_o . x) + sum over k of log s(-u_k . x) ],
    dJ/dx   = - (1 - s(u_o . x)) u_o + sum over k of s(u_k . x) u_k,
    dJ/du_o = - sum over x of (1 - s(u_o . x)) x,
    dJ/du_k =   sum over x of s(u_k . x) x,                         with s(z) = 1 / (1 + e^-z).

Sources: Mikolov et al. 2013, "Distributed Representations of Words and Phrases and their
Compositionality" (J for one x is equation 4; section 2.3 thins frequent words); Ji et al. 2016,
"Parallelizing Word2Vec in Shared and Distributed Memory" (the inputs of a window share its noise,
so that three small matrix products do the work).

`train_plainly` is the page to read. `train` does the same, but for rounding, as fast as a core
allows. Both take

tokens           (n_tokens,)       int32    words of all documents, in order
ends             (n_documents,)    int64    document d ends before tokens[ends[d]]
noise            (n_noise,)        int32    noise words to pick from, at least one
vectors          (n_words, width)  float32  v, changed; width is a multiple of LANES, and
context_vectors  (n_words, width)  float32  u, changed;     columns that nobody uses are 0
window           int               words on either side, at least 1
shrink           bool              draw each window's reach from 1..window: near words count more
negative         int               noise words a window, at least 1
architecture     int               SKIPGRAM, CBOW_MEAN or CBOW_SUM
alpha            float32           learning rate
state            (1,)              uint64   of the random numbers, not 0, changed

and return the loss J summed over all windows, and the number of inputs x it was summed over. A
CBOW input hands its gradient whole to each of its words, as in word2vec and gensim; of a mean that
is |C| times the gradient, a longer step, and at the usual learning rates a better one.
"""

import math

import numpy as np

from textvec.kernels.compiling import compiled
from textvec.kernels.prefetching import prefetch

LANES = 16  # float32 numbers in the widest registers, and in a line of memory
SKIPGRAM, CBOW_MEAN, CBOW_SUM = 0, 1, 2
_TARGETS_AT_ONCE = 6  # a word and five noise words, the default, in one go
_INPUTS_AT_ONCE = 3
_AHEAD = 2  # words: so much sooner memory is asked for their rows
_STEPS = 4096  # of the tables below: 32 KiB together, which stay in the nearest cache
_REACH = 8.0  # which span -8..8
_GRID = np.linspace(-_REACH, _REACH, _STEPS + 1)
_SIGMOID = (1 / (1 + np.exp(-_GRID))).astype(np.float32)
_SOFTPLUS = np.log1p(np.exp(_GRID)).astype(np.float32)
_SIGMOID[0], _SOFTPLUS[0], _SOFTPLUS[-1] = 0, 0, _REACH  # where they end they go on straight
_REORDERED = {"reassoc", "contract", "nsz", "arcp"}  # sums may be; NaN and infinity stay


@compiled
def random_bits(state):
    """Return 64 random bits and step ``state``: xorshift (Marsaglia 2003)."""
    bits = state[0]
    bits ^= bits << np.uint64(13)
    bits ^= bits >> np.uint64(7)
    bits ^= bits << np.uint64(17)
    state[0] = bits
    return bits


@compiled
def random_below(n, state):
    """Return a random int64 from 0..n - 1, for n below 2**32."""
    return np.int64(((random_bits(state) >> np.uint64(32)) * np.uint64(n)) >> np.uint64(32))


@compiled
def random_share(state):
    """Return a random float64 from [0, 1)."""
    return (random_bits(state) >> np.uint64(11)) * 2.0**-53


@compiled
def alias_table(weights):
    """Prepare drawing by weight in constant time (Walker 1977; Vose 1991).

    weights  (n,)  float64  positive

    Returns share (n,) float64 and other (n,) int32: draw i evenly, and take i with probability
    share[i], else other[i].
    """
    n = len(weights)
    share = weights * (n / weights.sum())
    other = np.arange(n).astype(np.int32)
    short, long = np.empty(n, np.int64), np.empty(n, np.int64)
    n_short, n_long = 0, 0
    for i in range(n):
        if share[i] < 1:
            short[n_short] = i
            n_short += 1
        else:
            long[n_long] = i
            n_long += 1
    while n_short and n_long:
        n_short -= 1
        i, giver = short[n_short], long[n_long - 1]
        other[i] = giver
        share[giver] -= 1 - share[i]
        if share[giver] < 1:
            n_long -= 1
            short[n_short] = giver
            n_short += 1
    return share, other


@compiled
def draw(tokens, ends, chosen, keep, share, other, state):
    """Thin the frequent words of chosen documents, and draw noise words for what is left of them.

    Noise is half as much as that: what windows pick from it is in the nearest caches, as each noise
    word serves some ``2 negative`` windows, and the vectors are no worse for it (see benchmarks).

    tokens  (n_tokens,)     int32    words of all documents
    ends    (n_documents,)  int64    document d ends before tokens[ends[d]]
    chosen  (n_chosen,)     int64    documents to take, in this order
    keep    (n_words,)      float64  probability that a token of this word stays
    share   (n_words,)      float64  of `alias_table`
    other   (n_words,)      int32    of `alias_table`
    state   (1,)            uint64   of the random numbers, changed

    Returns kept (n_kept,) int32, kept_ends (n_chosen,) int64 and noise (n_kept / 2,) int32.
    """
    n_tokens = 0
    for doc in chosen:
        n_tokens += ends[doc] - (ends[doc - 1] if doc else 0)
    kept = np.empty(n_tokens, np.int32)
    kept_ends = np.empty(len(chosen), np.int64)
    n_kept = 0
    for row in range(len(chosen)):
        doc = chosen[row]
        for place in range(ends[doc - 1] if doc else 0, ends[doc]):
            kept[n_kept] = tokens[place]
            n_kept += random_share(state) < keep[tokens[place]]  # no branch: none could foretell it
        kept_ends[row] = n_kept
    noise = np.empty((n_kept + 1) // 2, np.int32)
    for k in range(len(noise)):
        word = random_below(len(share), state)
        noise[k] = word if random_share(state) < share[word] else other[word]
    return kept[:n_kept], kept_ends, noise


@compiled
def _look_around(tokens, start, place, end, window, shrink, state, context):
    """Fill ``context`` with the words around tokens[place]; return how many there are."""
    reach = window
    if shrink:
        reach -= random_below(window, state)
    n_context = 0
    for near in range(max(start, place - reach), min(end, place + reach + 1)):
        if near != place:
            context[n_context] = tokens[near]
            n_context += 1
    return n_context


@compiled
def _pick_targets(word, noise, negative, state, targets):
    """Fill ``targets`` with the word and noise words other than it; return how many there are."""
    targets[0] = word
    n_targets = 1
    for _ in range(negative):
        other = noise[random_below(len(noise), state)]
        if other != word:
            targets[n_targets] = other
            n_targets += 1
    return n_targets


# ------------------------------------------------------------------------------ the page to read


@compiled
def window_gradients(inputs, outputs):
    """Return J of one window, dJ/dx and dJ/du; formulas at the top.

    inputs   (n_inputs, width)   float  the x
    outputs  (n_targets, width)  float  u_o, then every u_k
    """
    loss = 0.0
    input_gradients, output_gradients = np.zeros_like(inputs), np.zeros_like(outputs)
    for i in range(len(inputs)):
        for t in range(len(outputs)):
            label = 1.0 if t == 0 else 0.0
            score = (inputs[i] * outputs[t]).sum()
            foretold = 1 / (1 + math.exp(-score))
            loss -= math.log(foretold) if t == 0 else math.log(1 - foretold)
            input_gradients[i] += (foretold - label) * outputs[t]
            output_gradients[t] += (foretold - label) * inputs[i]
    return loss, input_gradients, output_gradients


@compiled
def train_plainly(
    tokens, ends, noise, vectors, context_vectors, window, shrink, negative, architecture, alpha,
    state,
):  # fmt: skip
    """Go down the gradient window by window; arguments and results at the top."""
    context = np.empty(2 * window, np.int64)
    targets = np.empty(1 + negative, np.int64)
    loss, n_inputs, start = 0.0, 0, 0
    for end in ends:
        for place in range(start, end):
            n_context = _look_around(tokens, start, place, end, window, shrink, state, context)
            if n_context == 0:
                continue
            n_targets = _pick_targets(tokens[place], noise, negative, state, targets)
            around, outputs = context[:n_context], context_vectors[targets[:n_targets]]
            if architecture == SKIPGRAM:
                inputs = vectors[around]
            else:
                inputs = vectors[around].sum(axis=0).reshape((1, -1))
                if architecture == CBOW_MEAN:
                    inputs /= np.float32(n_context)
            window_loss, input_gradients, output_gradients = window_gradients(inputs, outputs)
            loss += window_loss
            n_inputs += len(inputs)
            for t in range(n_targets):
                context_vectors[targets[t]] -= alpha * output_gradients[t]
            for c in range(n_context):
                vectors[around[c]] -= alpha * input_gradients[min(c, len(inputs) - 1)]
        start = end
    return loss, n_inputs


# ---------------------------------------------------------------------------------- the fast one


@compiled(fastmath=_REORDERED)
def train(
    tokens, ends, noise, vectors, context_vectors, window, shrink, negative, architecture, alpha,
    state,
):  # fmt: skip
    """Go down the gradient window by window, fast; arguments and results at the top.

    A window of skip-gram copies its inputs X and its targets' context vectors Y side by side, and
    makes three small matrix products: scores E = X Y', then U += E' X and V += E Y once E holds the
    steps. CBOW has one input, and reads Y where it stands: each of its rows serves but once a step.
    """
    lanes = vectors.shape[1] // LANES * LANES  # the compiler sees that no remainder is left
    n_rows = -(-2 * window // _INPUTS_AT_ONCE) * _INPUTS_AT_ONCE
    n_columns = -(-(1 + negative) // _TARGETS_AT_ONCE) * _TARGETS_AT_ONCE
    context = np.empty(2 * window, np.int64)
    targets = np.empty(n_columns, np.int64)
    X = np.zeros((n_rows, lanes), np.float32)
    Y = np.zeros((n_columns, lanes), np.float32)
    E = np.zeros((n_rows, n_columns), np.float32)
    loss, n_inputs, start = 0.0, 0, 0
    for end in ends:
        for place in range(start, end):
            n_context = _look_around(tokens, start, place, end, window, shrink, state, context)
            if n_context == 0:
                continue
            n_targets = _pick_targets(tokens[place], noise, negative, state, targets)
            soon, new = place + _AHEAD, place + window + _AHEAD
            for d in range(0, lanes, LANES):
                if soon < len(tokens):
                    prefetch(context_vectors, tokens[soon], d)
                if new < len(tokens):
                    prefetch(vectors, tokens[new], d)
            if architecture == SKIPGRAM:
                for t in range(n_targets):
                    word = targets[t]
                    for d in range(lanes):
                        Y[t, d] = context_vectors[word, d]
            else:
                targets[n_targets:] = targets[0]  # read with a step of 0
            n = n_context if architecture == SKIPGRAM else 1
            for i in range(n):
                word = context[i]
                for d in range(lanes):
                    X[i, d] = vectors[word, d]
            for c in range(n, n_context - 1, 2):
                one, two = context[c], context[c + 1]
                for d in range(lanes):
                    X[0, d] += vectors[one, d] + vectors[two, d]
            for c in range(n + (n_context - n) // 2 * 2, n_context):
                word = context[c]
                for d in range(lanes):
                    X[0, d] += vectors[word, d]
            if architecture == CBOW_MEAN:
                for d in range(lanes):
                    X[0, d] *= np.float32(1) / np.float32(n_context)
            for i in range(0, n - 1, 2):
                for t in range(0, n_targets, _TARGETS_AT_ONCE):
                    _score_two(X, i, Y, t, E, lanes)
            if architecture == SKIPGRAM:
                for i in range(n // 2 * 2, n):
                    for t in range(0, n_targets, _TARGETS_AT_ONCE):
                        _score_one(X, i, Y, t, E, lanes)
            else:
                for t in range(0, n_targets, _TARGETS_AT_ONCE):
                    _score_in_place(X, context_vectors, targets, t, E, lanes)
            loss += _turn_into_steps(E, n, n_targets, alpha)
            n_inputs += n
            if architecture == SKIPGRAM:
                for i in range(0, n, _INPUTS_AT_ONCE):
                    for t in range(0, n_targets - 1, 2):
                        _add_inputs_to_two(E, i, t, X, context_vectors, targets, lanes)
                    for t in range(n_targets // 2 * 2, n_targets):
                        _add_inputs(E, i, t, X, context_vectors, targets, lanes)
                for i in range(n):
                    for t in range(0, n_targets, _TARGETS_AT_ONCE):
                        _add_targets(E, i, t, Y, vectors, context[i], lanes)
            else:
                for t in range(0, n_targets, _TARGETS_AT_ONCE):
                    _sum_in_place(E, context_vectors, targets, t, Y, lanes)
                for t in range(n_targets):  # noise words may be the same
                    word, e = targets[t], E[0, t]
                    for d in range(lanes):
                        context_vectors[word, d] += e * X[0, d]
                for c in range(n_context):
                    word = context[c]
                    for d in range(lanes):
                        vectors[word, d] += Y[0, d]
        start = end
    return loss, n_inputs


# The tiles of the three products. Each number that they read takes part in several products; where
# one stores, its few rows are few enough for the compiler to rule out that they overlap.


@compiled(fastmath=_REORDERED, inline="always")
def _score_two(X, i, Y, t, E, lanes):
    s0 = s1 = s2 = s3 = s4 = s5 = np.float32(0)
    r0 = r1 = r2 = r3 = r4 = r5 = np.float32(0)
    for d in range(lanes):
        x, z = X[i, d], X[i + 1, d]
        y0, y1, y2 = Y[t, d], Y[t + 1, d], Y[t + 2, d]
        y3, y4, y5 = Y[t + 3, d], Y[t + 4, d], Y[t + 5, d]
        s0 += x * y0
        s1 += x * y1
        s2 += x * y2
        s3 += x * y3
        s4 += x * y4
        s5 += x * y5
        r0 += z * y0
        r1 += z * y1
        r2 += z * y2
        r3 += z * y3
        r4 += z * y4
        r5 += z * y5
    E[i, t], E[i, t + 1], E[i, t + 2] = s0, s1, s2
    E[i, t + 3], E[i, t + 4], E[i, t + 5] = s3, s4, s5
    E[i + 1, t], E[i + 1, t + 1], E[i + 1, t + 2] = r0, r1, r2
    E[i + 1, t + 3], E[i + 1, t + 4], E[i + 1, t + 5] = r3, r4, r5


@compiled(fastmath=_REORDERED, inline="always")
def _score_one(X, i, Y, t, E, lanes):
    s0 = s1 = s2 = s3 = s4 = s5 = np.float32(0)
    for d in range(lanes):
        x = X[i, d]
        s0 += x * Y[t, d]
        s1 += x * Y[t + 1, d]
        s2 += x * Y[t + 2, d]
        s3 += x * Y[t + 3, d]
        s4 += x * Y[t + 4, d]
        s5 += x * Y[t + 5, d]
    E[i, t], E[i, t + 1], E[i, t + 2] = s0, s1, s2
    E[i, t + 3], E[i, t + 4], E[i, t + 5] = s3, s4, s5


@compiled(fastmath=_REORDERED, inline="always")
def _score_in_place(X, context_vectors, targets, t, E, lanes):
    w0, w1, w2 = targets[t], targets[t + 1], targets[t + 2]
    w3, w4, w5 = targets[t + 3], targets[t + 4], targets[t + 5]
    s0 = s1 = s2 = s3 = s4 = s5 = np.float32(0)
    for d in range(lanes):
        x = X[0, d]
        s0 += x * context_vectors[w0, d]
        s1 += x * context_vectors[w1, d]
        s2 += x * context_vectors[w2, d]
        s3 += x * context_vectors[w3, d]
        s4 += x * context_vectors[w4, d]
        s5 += x * context_vectors[w5, d]
    E[0, t], E[0, t + 1], E[0, t + 2] = s0, s1, s2
    E[0, t + 3], E[0, t + 4], E[0, t + 5] = s3, s4, s5


@compiled(fastmath=_REORDERED, inline="always")
def _sum_in_place(E, context_vectors, targets, t, Y, lanes):
    w0, w1, w2 = targets[t], targets[t + 1], targets[t + 2]
    w3, w4, w5 = targets[t + 3], targets[t + 4], targets[t + 5]
    e0, e1, e2 = E[0, t], E[0, t + 1], E[0, t + 2]
    e3, e4, e5 = E[0, t + 3], E[0, t + 4], E[0, t + 5]
    for d in range(lanes):
        near = (
            e0 * context_vectors[w0, d] + e1 * context_vectors[w1, d] + e2 * context_vectors[w2, d]
        )
        far = (
            e3 * context_vectors[w3, d] + e4 * context_vectors[w4, d] + e5 * context_vectors[w5, d]
        )
        Y[0, d] = near + far if t == 0 else Y[0, d] + near + far


@compiled(fastmath=_REORDERED, inline="always")
def _add_inputs_to_two(E, i, t, X, context_vectors, targets, lanes):
    e0, e1, e2 = E[i, t], E[i + 1, t], E[i + 2, t]
    f0, f1, f2 = E[i, t + 1], E[i + 1, t + 1], E[i + 2, t + 1]
    one, two = targets[t], targets[t + 1]
    for d in range(lanes):
        x0, x1, x2 = X[i, d], X[i + 1, d], X[i + 2, d]
        context_vectors[one, d] += e0 * x0 + e1 * x1 + e2 * x2
        context_vectors[two, d] += f0 * x0 + f1 * x1 + f2 * x2


@compiled(fastmath=_REORDERED, inline="always")
def _add_inputs(E, i, t, X, context_vectors, targets, lanes):
    e0, e1, e2 = E[i, t], E[i + 1, t], E[i + 2, t]
    word = targets[t]
    for d in range(lanes):
        context_vectors[word, d] += e0 * X[i, d] + e1 * X[i + 1, d] + e2 * X[i + 2, d]


@compiled(fastmath=_REORDERED, inline="always")
def _add_targets(E, i, t, Y, rows, row, lanes):
    e0, e1, e2 = E[i, t], E[i, t + 1], E[i, t + 2]
    e3, e4, e5 = E[i, t + 3], E[i, t + 4], E[i, t + 5]
    for d in range(lanes):
        near = e0 * Y[t, d] + e1 * Y[t + 1, d] + e2 * Y[t + 2, d]
        far = e3 * Y[t + 3, d] + e4 * Y[t + 4, d] + e5 * Y[t + 5, d]
        rows[row, d] += near + far


@compiled(fastmath=_REORDERED)
def _turn_into_steps(E, n, n_targets, alpha):
    """Turn the scores of n inputs and n_targets targets into steps, in place; return the loss."""
    n_columns = E.shape[1]
    for i in range(n):
        E[i, 0] = -E[i, 0]  # now J is the sum of log(1 + e^score) for o and k alike
        for t in range(n_targets, n_columns):
            E[i, t] = -2 * _REACH  # no target: no loss, no step
    scores = E.reshape(-1)
    scale, middle = np.float32(_STEPS / (2 * _REACH)), np.float32(_STEPS / 2 + 0.5)
    loss = np.float32(0)
    for p in range(n * n_columns):
        score = scores[p]
        at = score * scale + middle
        at = at if at > 0 else np.float32(0)  # where the score is NaN, too
        step = np.int32(at if at < _STEPS else np.float32(_STEPS))
        loss += _SOFTPLUS[step] + max(score - np.float32(_REACH), np.float32(0))
        scores[p] = -alpha * _SIGMOID[step]
    for i in range(n):
        E[i, 0] = -E[i, 0]
    E[n : n + _INPUTS_AT_ONCE - 1] = 0  # rows that take part in what follows, too
    return loss
