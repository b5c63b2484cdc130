"""Exact top-k of dense vectors, from blocks of their products; see `top_k` for the method."""

from typing import NamedTuple

import numpy as np

from textvec.kernels.compiling import compiled
from textvec.kernels.top_k import least_score, offer, score_limit, unwind

_ODD, _HALF = np.uint64(0x9E3779B97F4A7C15), np.uint64(32)
_BLOCK = 512  # items compared with the limit at once, branch-free, before any is looked at


class DenseItems(NamedTuple):
    """Dense items. ``real`` is float32 or float64.

    values  (n_items, n_terms)  real     C-contiguous
    scale   (n_items,)          float64  1 / norm of the item for the cosine, else 1
    bias    (n_items,)          real     at least -norm**2 for the Euclidean distance, else 0
    norms   (n_items,)          real     norm * scale of each item
    after   (n_items,)          int64    next item of the same values, -1 for no more; or (0,)
                                         where no two are the same

    Of items that are the same only the first is offered, the others have a bias of -inf: else each
    that ties with the k best would be scored with care, alone.
    """

    values: np.ndarray
    scale: np.ndarray
    bias: np.ndarray
    norms: np.ndarray
    after: np.ndarray


@compiled
def row_keys(bits, rows):
    """Return a hash of each of some rows: (n_rows,) uint64.

    bits  (n_items, n_terms)  uint32 or uint64  the values of items, as they are stored
    rows  (n_rows,)           int64             which of them
    """
    keys = np.empty(len(rows), np.uint64)
    for place in range(len(rows)):
        hashed = _ODD
        row = np.uint64(rows[place])
        for term in range(np.uint64(0), np.uint64(bits.shape[1])):
            hashed = (hashed ^ np.uint64(bits[row, term])) * _ODD
            hashed ^= hashed >> _HALF
        keys[place] = hashed
    return keys


@compiled
def _is_same(bits, first, second):
    """Whether two rows are the same, bit by bit."""
    term, n_terms = 0, bits.shape[1]
    while term < n_terms and bits[first, term] == bits[second, term]:
        term += 1
    return term == n_terms


@compiled
def link_same(bits, rows, keys, after):
    """Fill ``after`` as in DenseItems.

    bits, keys            as in row_keys
    rows   (n_rows,)      int64  by key, those of one key ascending
    after  (n_items,)     int64  -1 when called
    """
    last = rows[0]
    for place in range(1, len(rows)):
        row = rows[place]
        if keys[place] == keys[place - 1] and _is_same(bits, last, row):
            after[last] = row
        last = row


@compiled
def offer_same(after, n_items, scores, ids):
    """Give the items that are the same as those found their places among them.

    after        as in DenseItems
    scores, ids  (n_queries, k)  as sparse_top_k writes them, changed
    """
    n_queries, k = scores.shape
    best, best_ids = np.empty(k, scores.dtype), np.empty(k, np.int64)
    for row in range(n_queries):
        best[:] = -np.inf
        best_ids[:] = n_items
        for place in range(k):
            score, item = scores[row, place], ids[row, place]
            while item >= 0 and (score > best[0] or (score == best[0] and item < best_ids[0])):
                offer(best, best_ids, score, item)
                item = after[item]
        unwind(best, best_ids, n_items, scores[row], ids[row])


@compiled
def _score_dense(query, scale, euclidean, values, item):
    """Score one item as _score_sparse does; query (n_terms,) real."""
    total = 0.0
    item = np.uint64(item)
    for term in range(np.uint64(0), np.uint64(len(query))):
        q = np.float64(query[term])
        value = np.float64(values[item, term])
        if euclidean:
            total += (q - value) ** 2
        else:
            total += q * value
    if euclidean:
        return query.dtype.type(-total)
    return query.dtype.type(total * scale)


@compiled
def _block_limit(products, factor, scale, bias, norms, slack, unit, leads, ids):
    """Return what k items of a block reach at least, less the query's share of the score.

    products  (n_block,)  real               of the query and the block
    factor, scale, bias, norms, slack        as in _count_reaching
    unit                  real               as in sparse_top_k
    leads, ids  (k,)                         work space
    """
    leads[:] = -np.inf
    ids[:] = len(products)
    for place in range(len(products)):
        error = slack * norms[place]
        most = products[place] * (factor * scale[place]) + bias[place] + error
        if most > leads[0]:
            least = least_score(most, bias[place], error, unit)
            offer(leads, ids, leads.dtype.type(least), place)
    return leads[0]


@compiled
def _count_reaching(products, row, factor, scale, bias, norms, slack, limit, begin, end):
    """Count the items in begin:end that may reach the limit.

    products  (n_queries, n_block)  real  dot products of queries and a block of items
    row                             int   the query
    factor                          real  what its products are multiplied by
    scale     (n_block,)            real  and for the items
    bias      (n_block,)            real  as in DenseItems
    norms     (n_block,)            real  as in DenseItems
    slack                           real  rounding error of a product over the norm of its item
    """
    row = np.uint64(row)
    count = 0
    for place in range(np.uint64(begin), np.uint64(end)):
        product = products[row, place] * (factor * scale[place])
        if product + bias[place] + slack * norms[place] >= limit:
            count += 1
    return count


@compiled
def dense_offer(queries, squares, scales, products, begin, items, euclidean, every, best, ids):
    """Offer a block of items to a block of queries' heaps, which start at -inf and n_items.

    queries    (n_queries, n_terms)  real
    squares    (n_queries,)          float64  squared norm of the query
    scales     (n_queries,)          float64  1 / norm of the query for the cosine, else 1
    products   (n_queries, n_block)  real     queries times items begin:begin + n_block
    begin                            int
    items                                     DenseItems
    euclidean, every                 bool     as in sparse_top_k
    best, ids  (n_queries, k)                 heaps, updated

    Scores are bounded as in sparse_top_k when nothing is left to add.
    """
    n_queries, n_block = products.shape
    n_terms = queries.shape[1]
    k = best.shape[1]
    real = queries.dtype.type
    unit = real(np.finfo(queries.dtype).eps)
    all_count = euclidean or every
    exact_scale = items.scale[begin : begin + n_block]
    scale = exact_scale.astype(queries.dtype)
    bias = items.bias[begin : begin + n_block]
    norms = items.norms[begin : begin + n_block]
    item_values = items.values
    leads = np.empty(k, queries.dtype)
    lead_ids = np.empty(k, np.int64)
    lowest = -real(np.finfo(queries.dtype).max)  # above the bias of items like an earlier one

    for row in range(n_queries):
        factor = real(2 * scales[row] if euclidean else scales[row])
        slack = real((n_terms + 8) * unit * factor * np.sqrt(squares[row]))
        offset = -squares[row] * (1 - 8 * unit) if euclidean else 0.0

        limit = real(score_limit(best[row, 0], offset, unit))
        if limit == -np.inf and k <= n_block:
            limit = _block_limit(
                products[row], factor, scale, bias, norms, slack, unit, leads, lead_ids
            )
            limit = real(limit - 32 * unit * abs(offset))
            if not (limit > 0 or euclidean):
                limit = lowest  # the leads may score 0 and be no matches
        limit = max(limit, lowest)
        for block in range(0, n_block, _BLOCK):
            end = min(block + _BLOCK, n_block)
            if not _count_reaching(
                products, row, factor, scale, bias, norms, slack, limit, block, end
            ):
                continue
            for place in range(block, end):
                product = products[row, place] * (factor * scale[place])
                if product + bias[place] + slack * norms[place] >= limit:
                    weight = scales[row] * exact_scale[place]
                    score = _score_dense(
                        queries[row], weight, euclidean, item_values, begin + place
                    )
                    if all_count or score != 0:
                        offer(best[row], ids[row], score, begin + place)
                        limit = max(limit, real(score_limit(best[row, 0], offset, unit)))
