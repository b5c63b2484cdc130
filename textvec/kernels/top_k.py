"""Exact top-k: a cheap pass that bounds every score, a careful pass over what may still win.

This is what `sparse_top_k` and `dense_top_k` share. The cheap pass runs in the precision of the
data: postings added up in an accumulator (sparse) or a matrix product (dense). It comes with a
bound on what it left out and on its own rounding. The careful pass scores the few items that the
bound cannot rule out, each from its own row, in float64 and always in the same order, and rounds to
the precision of the data. So results do not depend on blocks, threads or how early the cheap pass
stopped, sparse and dense agree, and equal rows tie exactly. All this holds while no sum of products
overflows, which callers see to.

Sources: Turtle and Flood 1995, "Query evaluation: strategies and optimizations" (MaxScore: common
terms, which have long lists and low weights, are only looked at for items that can still win);
Anastasiu and Karypis 2014, "L2AP: fast cosine similarity search with prefix l-2 norm bounds" (for
long queries the norms of what is left bound it better than peak weights do).

Hot loops run over unsigned ranges: numba then drops the test for a negative index, without which
LLVM vectorises them. They take plain arrays, for reading one from a tuple counts a reference,
an atomic operation that threads contend for.
"""

import numpy as np

from textvec.kernels.compiling import compiled


@compiled
def squared_norms(indptr, values):
    """Return the squared norm of each row, summed entry after entry: (n_rows,) float64.

    indptr  (n_rows + 1,)  index  row r owns the entries indptr[r]:indptr[r + 1]
    values  (n_entries,)   real
    """
    squares = np.zeros(len(indptr) - 1)
    for row in range(len(squares)):
        total = 0.0
        for entry in range(np.uint64(indptr[row]), np.uint64(indptr[row + 1])):
            total += np.float64(values[entry]) ** 2
        squares[row] = total
    return squares


# --- A heap of the k best: scores (k,) real and ids (k,) int64, the worst first. Of two equal
# --- scores the higher id is the worse. Empty places hold -inf and n_items.


@compiled
def sift(scores, ids, size, score, item):
    """Replace the root of the heap in the first ``size`` places by (score, item)."""
    place = 0
    while True:
        child = 2 * place + 1
        if child >= size:
            break
        other = child + 1
        if other < size and (
            scores[other] < scores[child]
            or (scores[other] == scores[child] and ids[other] > ids[child])
        ):
            child = other
        if scores[child] > score or (scores[child] == score and ids[child] < item):
            break
        scores[place] = scores[child]
        ids[place] = ids[child]
        place = child
    scores[place] = score
    ids[place] = item


@compiled
def offer(scores, ids, score, item):
    """Keep (score, item) if it is among the k best so far."""
    if score > scores[0] or (score == scores[0] and item < ids[0]):
        sift(scores, ids, len(scores), score, item)


@compiled
def unwind(scores, ids, n_items, out_scores, out_ids):
    """Take the heap apart into (k,) outputs, best first; its empty places become 0 and -1."""
    for size in range(len(scores), 0, -1):
        found = ids[0] < n_items
        out_scores[size - 1] = scores[0] if found else 0
        out_ids[size - 1] = ids[0] if found else -1
        sift(scores, ids, size - 1, scores[size - 1], ids[size - 1])


@compiled
def unwind_heaps(best, ids, n_items, out_scores, out_ids):
    """Take (n_queries, k) heaps apart into outputs as sparse_top_k writes them."""
    for row in range(len(best)):
        unwind(best[row], ids[row], n_items, out_scores[row], out_ids[row])


# --- Bounds: unit is the distance from 1 to the next number of the data's precision.


@compiled
def score_limit(floor, offset, unit):
    """Return a score that must be reached, less the query's share of it, rounded down."""
    return floor - offset - 4 * unit * (abs(floor) + abs(offset))


@compiled
def least_score(most, bias, slack, unit):
    """Return the least that an item can score which can score that at most."""
    return most - 2 * slack + 32 * unit * bias
