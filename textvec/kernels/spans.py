"""Spans of text that learn at the same time, with one result however many threads there are.

All spans of a round begin from the same rows. A word that only one of them meets it may change
where it stands; of a word that several meet each has a copy, and what the copies became is added
to the word's row once all are done, span by span. Both tables of `word_vectors`, and the words and
noise words of a span, are numbered alike: by the word itself, or by the place of its copy.

Kernels take

words   (n_met,)              int32    of each span its tokens, then its noise words; span s has
                                       words[bounds[2 s]:bounds[2 s + 1]] and
                                       words[bounds[2 s + 1]:bounds[2 s + 2]]
bounds  (2 n_spans + 1,)      int64
copies  (n_rows, width)       float32  holds the copies; those of span s from row first + s most on
first   int                            where copies begin: n_words if they stand behind all words
most    int                            copies that a span may have, at most
shared  (n_spans most,)       int32    the words that have copies, in the order they are met
which   (n_spans most, n_at)  int32    number of the copy that span s has of shared[j], or -1
taken   (n_at, most)          int32    the word of each copy of each span; n_at >= n_spans
met     (n_at, most, 2)       int32    how often its span meets it among tokens, and as noise
"""

import math

import numpy as np

from textvec.kernels.compiling import compiled

_NOBODY, _SEVERAL = -1, -2


@compiled
def share_out(words, bounds, first, apart, owner, place, shared, which, taken, met):
    """Number the words of a round; arguments at the top, and

    words  changed: a word that is not copied keeps its number, another has that of its copy's row
    apart  bool               copy all words, those of a single span too
    owner  (n_words,)  int32  -1 throughout, in and out
    place  (n_words,)  int32  -1 throughout, in and out

    Returns how many words are shared, and the copies of each span, (n_spans, 2) int64: those of
    its tokens, which come first, and all.
    """
    n_spans, most = len(bounds) // 2, taken.shape[1]
    n_shared, n_taken = 0, np.zeros((n_spans, 2), np.int64)
    for s in range(n_spans):
        for at in range(bounds[2 * s], bounds[2 * s + 2]):
            word = words[at]
            if apart or owner[word] != _NOBODY and owner[word] != s:
                owner[word] = _SEVERAL
            else:
                owner[word] = s
    for s in range(n_spans):
        n = 0
        for part in range(2):
            for at in range(bounds[2 * s + part], bounds[2 * s + part + 1]):
                word = words[at]
                if owner[word] != _SEVERAL:
                    continue
                j = place[word]
                if j < 0:
                    j = place[word] = n_shared
                    shared[j] = word
                    which[j] = -1
                    n_shared += 1
                k = which[j, s]
                if k < 0:
                    k = which[j, s] = n
                    taken[s, k] = word
                    met[s, k] = 0
                    n += 1
                met[s, k, part] += 1
                words[at] = first + s * most + k
            n_taken[s, part] = n
    for at in range(len(words)):
        if words[at] < first:
            owner[words[at]] = _NOBODY
    for j in range(n_shared):
        owner[shared[j]], place[shared[j]] = _NOBODY, -1
    return n_shared, n_taken


@compiled
def take(matrix, words, copies, begin):
    """Copy the rows of some words, (n,) int32, to rows begin, begin + 1, ... of ``copies``."""
    width = matrix.shape[1]
    for k in range(len(words)):
        word, copy = words[k], begin + k
        for d in range(width):
            copies[copy, d] = matrix[word, d]


@compiled
def turn(span, k, first, met, updates, pull, done):
    """Say what is added of the change that a span made to its k-th copy, and count it as done.

    Each update pulls a row some way towards where its gradient vanishes: what remains of that way
    after n of them is about e^(-pull n). Had the span begun after those before it, it would have
    found that much of the way left, so that share of its change is added. Without it the most
    frequent words would go the same way once for each span, overshoot, and diverge.

    updates  (2,)  float32  that a token, and a noise word, makes; where the second is 0, noise
                            words have no copies
    pull     float          of one update
    done     float          updates of the spans before this

    Returns the copy's row, the share, 0 where there is no copy, and what is done now.
    """
    if k < 0 or (updates[1] == 0 and met[span, k, 0] == 0):
        return 0, np.float32(0), done
    share = np.float32(math.exp(-pull * done))
    done += met[span, k, 0] * updates[0] + met[span, k, 1] * updates[1]
    return first + span * met.shape[1] + k, share, done


@compiled
def add_in_turn(matrix, copies, first, shared, which, met, updates, pull, begin, end):
    """Add what became of the copies of shared[begin:end] to the words' rows; see `turn`.

    matrix  (n_words, width)  float32  changed
    """
    width = matrix.shape[1]
    before, now = np.empty(width, np.float32), np.empty(width, np.float32)
    for j in range(begin, end):
        word, done = shared[j], 0.0
        for d in range(width):
            before[d] = now[d] = matrix[word, d]
        for s in range(which.shape[1]):
            copy, share, done = turn(s, which[j, s], first, met, updates, pull, done)
            if share:
                for d in range(width):
                    now[d] += share * (copies[copy, d] - before[d])
        for d in range(width):
            matrix[word, d] = now[d]
