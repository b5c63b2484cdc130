"""Exact top-k of sparse vectors; see `top_k` for the method."""

from typing import NamedTuple

import numpy as np

from textvec.kernels.compiling import compiled
from textvec.kernels.top_k import least_score, offer, score_limit, sift, unwind

_BLOCK = 32  # items compared with the limit at once, branch-free, before any is looked at


class SparseItems(NamedTuple):
    """Sparse items by row and by term. ``real`` is float32 or float64, ``index`` int32 or int64.

    indptr    (n_items + 1,)       index    item i owns the entries indptr[i]:indptr[i + 1]
    terms     (n_entries,)         index    term of each entry, ascending within an item
    values    (n_entries,)         real     value of each entry
    scale     (n_items,)           float64  1 / norm of the item for the cosine, else 1
    bias      (n_items,)           real     at least -norm**2 for the Euclidean distance, else 0
    norms     (n_items,)           real     norm * scale of each item
    starts    (n_terms + 1,)       index    term t owns the postings starts[t]:starts[t + 1]
    postings  (n_entries,)         index    item of each posting, ascending within a term
    weights   (n_entries,)         real     value * scale of each posting
    peaks     (n_terms,)           real     largest absolute weight of each term
    columns   (n_terms,)           int32    column of a common term in ``common``, else -1
    common    (n_items, n_common)  real     the weights of common terms once more, by item
    rest      (n_items,)           real     norm of each row of ``common``
    places    (n_terms,)           int32    column of a dense term in ``dense``, else -1
    dense     (n_items, n_dense)   real     the weights of terms that many items have, for products
    """

    indptr: np.ndarray
    terms: np.ndarray
    values: np.ndarray
    scale: np.ndarray
    bias: np.ndarray
    norms: np.ndarray
    starts: np.ndarray
    postings: np.ndarray
    weights: np.ndarray
    peaks: np.ndarray
    columns: np.ndarray
    common: np.ndarray
    rest: np.ndarray
    places: np.ndarray
    dense: np.ndarray


@compiled
def lay_out_postings(
    starts, postings, weights, scale, columns, peaks, common, rest, places, dense
):  # fmt: skip
    """Scale the weights of postings, and fill peaks, common, rest, dense; all as in SparseItems.

    weights  (n_entries,)  real  the values of the postings when called, the weights after
    """
    for term in range(len(columns)):
        column, place = columns[term], places[term]
        peak = 0.0
        for posting in range(starts[term], starts[term + 1]):
            item = postings[posting]
            weights[posting] = weights.dtype.type(weights[posting] * scale[item])
            peak = max(peak, abs(np.float64(weights[posting])))
            if column >= 0:
                common[item, column] = weights[posting]
            if place >= 0:
                dense[item, place] = weights[posting]
        peaks[term] = peak
    for item in range(len(rest)):
        total = 0.0
        for weight in common[item]:
            total += np.float64(weight) ** 2
        rest[item] = np.sqrt(total)


@compiled
def lay_out_queries(indptr, terms, values, factors, first, last, places, rows):
    """Write the weights of the dense terms of the queries first:last into rows.

    indptr, terms, values               as in sparse_top_k
    factors  (n_queries,)      float64  by which a query's values are multiplied
    places                              as in SparseItems
    rows     (n, n_dense)      real     written
    """
    rows[:] = 0
    for row in range(first, last):
        for entry in range(indptr[row], indptr[row + 1]):
            place = places[terms[entry]]
            if place >= 0:
                weight = factors[row] * np.float64(values[entry])
                rows[row - first, place] = rows.dtype.type(weight)


@compiled
def score_sparse(query, square, scale, euclidean, terms, values, begin, end):
    """Score one item from its own row, in float64, term after term.

    query          (n_terms,)    real     the query, scattered
    square                       float64  its squared norm, summed term after term
    scale                        float64  by which the dot product is multiplied
    euclidean                    bool     score by -distance**2 and not by the scaled dot product
    terms, values  (n_entries,)           as in SparseItems
    begin, end                   int      the entries of the item

    Returns real.
    """
    total = 0.0
    shared = 0.0
    for entry in range(np.uint64(begin), np.uint64(end)):
        q = np.float64(query[terms[entry]])
        value = np.float64(values[entry])
        if euclidean:
            total += (q - value) ** 2
            shared += q * q
        else:
            total += q * value
    if euclidean:
        return query.dtype.type(-(total + max(square - shared, 0.0)))
    return query.dtype.type(total * scale)


@compiled
def _score_short(query_terms, query_values, start, stop, scale, terms, values, begin, end):
    """Score as score_sparse does, searching the item's row for each term of a short query.

    query_terms, query_values  (n_entries,)  the query has the entries start:stop, ascending
    """
    total = 0.0
    for entry in range(start, stop):
        term = query_terms[entry]
        last = end
        while begin < last:
            middle = (begin + last) // 2
            if terms[middle] < term:
                begin = middle + 1
            else:
                last = middle
        if begin < end and terms[begin] == term:
            total += np.float64(query_values[entry]) * np.float64(values[begin])
    return values.dtype.type(total * scale)


@compiled
def _is_untouched(added):
    """Whether an accumulator that began at -0.0 was never added to (-0.0 + 0.0 is +0.0)."""
    return added == 0 and np.signbit(added)


@compiled
def _add(added, postings, weights, begin, end, weight):
    """Add the postings begin:end of a term, times a weight, to what the items got so far."""
    for posting in range(np.uint64(begin), np.uint64(end)):
        added[postings[posting]] += weight * weights[posting]


@compiled
def _add_and_list(added, postings, weights, begin, end, weight, touched, n_touched):
    """Add as _add does, and append to ``touched`` the items that had nothing so far."""
    for posting in range(np.uint64(begin), np.uint64(end)):
        item = postings[posting]
        touched[n_touched] = item
        n_touched += _is_untouched(added[item])
        added[item] += weight * weights[posting]
    return n_touched


@compiled(fastmath={"reassoc", "contract"})
def _dot(vector, rows, row):
    """Return vector @ rows[row] in the precision of the data, in whatever order is fastest."""
    total = vector.dtype.type(0)
    row = np.uint64(row)
    for column in range(np.uint64(0), np.uint64(len(vector))):
        total += vector[column] * rows[row, column]
    return total


@compiled
def _raise_heights(added, bias, begin, heights):
    """Raise each height to the sum of one of the items from begin on."""
    for column in range(np.uint64(0), np.uint64(min(len(heights), len(added) - begin))):
        item = np.uint64(begin) + column
        total = added[item] + bias[item]
        heights[column] = total if total > heights[column] else heights[column]


@compiled
def _count_open(added, bias, rest, norms, reach, peak, slack, limit, begin, end):
    """Count the items in begin:end that may still reach the limit, whatever they get yet."""
    count = 0
    for item in range(np.uint64(begin), np.uint64(end)):
        left = reach * rest[item]
        left = left if left < peak else peak
        if added[item] + bias[item] + left + slack * norms[item] >= limit:
            count += 1
    return count


@compiled
def _list_leads(added, bias, margin, all_count, heights, leads, ids, listed):
    """List the items that lead so far: the k best sums, those within a margin of them, and more.

    added, bias  (n_items,)    real   what each item got so far, and as in SparseItems
    margin                     real
    all_count                  bool   whether items that got nothing may be listed
    heights      (n_columns,)  real   work space
    leads, ids   (k,)                 work space
    listed       (n_items,)    index  written

    Every n_columns-th item is in one column. The k-th best sum is at least the k-th highest column,
    so that few sums have to be looked at. Returns the number of items listed: all that got
    anything if k of these may not be matches.
    """
    n_items, n_columns = len(added), len(heights)
    heights[:] = -np.inf
    for begin in range(0, n_items, n_columns):
        _raise_heights(added, bias, begin, heights)
    leads[:] = -np.inf if all_count else 0
    ids[:] = n_columns
    for column in range(n_columns):
        if heights[column] > leads[0]:
            sift(leads, ids, len(leads), heights[column], column)
    lowest = leads[0] - margin
    n_listed = 0
    if ids[0] < n_columns and (lowest > 0 or all_count):
        for column in range(n_columns):
            if heights[column] >= lowest:
                for item in range(column, n_items, n_columns):
                    if added[item] + bias[item] >= lowest:
                        listed[n_listed] = item
                        n_listed += 1
        return n_listed
    for item in range(n_items):
        if all_count or not _is_untouched(added[item]):
            listed[n_listed] = item
            n_listed += 1
    return n_listed


@compiled
def _listed_limit(
    added, bias, norms, common, rows, slack, all_count, unit, leads, ids, listed, n_listed
):
    """Return what k of the listed items reach, less the query's share of the score.

    added, bias, norms  (n_items,)           real  as in _list_leads, and as in SparseItems
    common              (n_common,)          real  the query's weights of terms still to be added
    rows                (n_items, n_common)  real  the items' weights of these terms
    slack, unit                              real  as in sparse_top_k
    all_count                                bool  whether items that score 0 are matches

    Returns real: -inf if fewer than k items are listed, or if some of the k might be no matches.
    """
    leads[:] = -np.inf if all_count else 0
    ids[:] = len(added)
    for place in range(n_listed):
        item = listed[place]
        error = slack * norms[item]
        most = added[item] + bias[item] + error
        if len(common):
            most += _dot(common, rows, item)
        least = added.dtype.type(least_score(most, bias[item], error, unit))
        if least > leads[0]:
            sift(leads, ids, len(leads), least, item)
    return leads[0] if ids[0] < len(added) else added.dtype.type(-np.inf)


@compiled
def _complete_open(
    added, bias, rest, norms, common, rows, reach, peak, slack, limit, rounding, unit, leads, ids,
    listed,
):  # fmt: skip
    """Give their common terms to the items that may reach the limit, and list them.

    The limit rises to what k of them turned out to reach; those that then seem too low are not
    listed. Arguments as in _listed_limit and _count_open, and rounding, real, that of the query's
    share of the score. Returns (the number listed, the limit).
    """
    n_items = len(added)
    leads[:] = -np.inf
    ids[:] = n_items
    n_listed = 0
    for begin in range(0, n_items, _BLOCK):
        end = min(begin + _BLOCK, n_items)
        if not _count_open(added, bias, rest, norms, reach, peak, slack, limit, begin, end):
            continue
        for item in range(begin, end):
            error = slack * norms[item]
            left = reach * rest[item]
            left = left if left < peak else peak
            if added[item] + bias[item] + left + error < limit:
                continue
            added[item] += _dot(common, rows, item)
            most = added[item] + bias[item] + error
            if most >= limit:
                listed[n_listed] = item
                n_listed += 1
            least = added.dtype.type(least_score(most, bias[item], error, unit))
            if least > leads[0]:
                sift(leads, ids, len(leads), least, item)
                limit = max(limit, leads[0] - rounding)
    return n_listed, limit


@compiled
def sparse_top_k(
    indptr, terms, values, scales, first, last, items, sums, k, euclidean, every, out_scores,
    out_ids,
):  # fmt: skip
    """Find the k best items for each of the queries first:last.

    indptr      (n_queries + 1,)  index    query q owns the entries indptr[q]:indptr[q + 1]
    terms       (n_entries,)      index    term of each entry, ascending within a query
    values      (n_entries,)      real     value of each entry, of the type of the items' values
    scales      (n_queries,)      float64  1 / norm of the query for the cosine, else 1
    items                                  SparseItems
    sums        (n, n_items)      real     products of the queries' and the items' dense terms, or
                                           none: (0, n_items)
    k                             int      at least 1
    euclidean                     bool     score by -distance**2, not by the scaled dot product
    every                         bool     whether items that score exactly 0 count as well
    out_scores  (n_queries, k)    real     written: best first, 0 where there are no more
    out_ids     (n_queries, k)    int64    written: lower ids first among equals, -1 for no more

    Postings are added up, and the items whose sums are high enough are scored with care. Four ways
    to get there, by what the query meets: few items are listed as they are met; else sums are kept
    for all items; where most meetings are in terms that many items have, these are given, as a
    matrix product, and only the others are added up; and where common terms meet very many, the
    postings of rare terms are added up first. From then on an item scores at most
    ``offset + bias + added + min(reach * rest, peak) + slack * norm``: reach and rest are the norms
    of what query and item have in common terms (Cauchy-Schwarz), peak is the sum of the query's
    weights there times each term's largest (MaxScore), slack the rounding error of a sum of
    that many products (Higham 2002, section 3.1), and offset -norm**2 of the query for the
    Euclidean distance. If this leaves few items open, only these get their common terms, from
    the rows of ``items.common``.
    """
    item_indptr, item_terms, item_values = items.indptr, items.terms, items.values
    item_scale, bias, norms, rest = items.scale, items.bias, items.norms, items.rest
    starts, postings, weights = items.starts, items.postings, items.weights
    peaks, columns, rows = items.peaks, items.columns, items.common
    n_items, n_common = rows.shape
    real = values.dtype.type
    unit = real(np.finfo(values.dtype).eps)
    places, has_sums = items.places, len(sums) > 0
    all_count = euclidean or every
    row_length = len(item_values) // n_items
    highest_norm, lowest_bias = norms.max(), bias.min()

    query = np.zeros(0, values.dtype)  # made when a long query needs it
    common = np.zeros(n_common, values.dtype)
    nothing = common[:0]
    added = np.full(n_items, -0.0, values.dtype)
    listed = np.empty(n_items + 1, postings.dtype)
    heights = np.empty(min(n_items, max(4 * k, n_items // _BLOCK)), values.dtype)
    best = np.empty(k, values.dtype)
    ids = np.empty(k, np.int64)

    for row in range(first, last):
        start, stop = indptr[row], indptr[row + 1]
        scale = scales[row]
        factor = 2 * scale if euclidean else scale
        square = 0.0
        common_square = 0.0
        common_peak = 0.0
        meetings = 0  # postings of all terms of the query
        waiting = 0  # of its common terms
        for entry in range(start, stop):
            term = terms[entry]
            value = np.float64(values[entry])
            square += value * value
            meetings += starts[term + 1] - starts[term]
            if columns[term] >= 0:
                weight = real(factor * value)
                common[columns[term]] = weight
                common_square += np.float64(weight) ** 2
                common_peak += abs(np.float64(weight)) * peaks[term]
                waiting += starts[term + 1] - starts[term]
        slack = real((stop - start + 8) * unit * factor * np.sqrt(square))
        offset = -square * (1 - 8 * unit) if euclidean else 0.0
        rounding = real(32 * unit * abs(offset))
        margin = real(2 * slack * highest_norm - 32 * unit * lowest_bias + rounding)
        short = (stop - start) * 12 < row_length and not euclidean
        if not short:
            if len(query) < len(peaks):
                query = np.zeros(len(peaks), values.dtype)
            for entry in range(start, stop):
                query[terms[entry]] = values[entry]

        few = meetings < n_items // 8 and not all_count and not has_sums
        pruned = False
        n_listed = 0
        limit = real(-np.inf)
        if few:
            for entry in range(start, stop):
                term = terms[entry]
                weight = real(factor * values[entry])
                n_listed = _add_and_list(
                    added, postings, weights, starts[term], starts[term + 1], weight,
                    listed, n_listed,
                )  # fmt: skip
        else:
            if has_sums:
                added[:] = sums[row - first]
            pruned = (
                waiting > 2 * n_items and not has_sums
            )  # else to add them is no dearer than to ask whether to
            for entry in range(start, stop):
                term = terms[entry]
                if (not pruned or columns[term] < 0) and not (has_sums and places[term] >= 0):
                    weight = real(factor * values[entry])
                    _add(added, postings, weights, starts[term], starts[term + 1], weight)
            n_listed = _list_leads(added, bias, margin, all_count, heights, best, ids, listed)
        if pruned:
            limit = _listed_limit(
                added, bias, norms, common, rows, slack, all_count, unit, best, ids,
                listed, n_listed,
            )  # fmt: skip
            limit -= rounding
            reach, peak = real(np.sqrt(common_square)), real(common_peak)
            n_open = _count_open(added, bias, rest, norms, reach, peak, slack, limit, 0, n_items)
            if limit > -np.inf and n_open * (n_common // 8 + 8) < waiting:
                n_listed, limit = _complete_open(
                    added, bias, rest, norms, common, rows, reach, peak, slack, limit,
                    rounding, unit, best, ids, listed,
                )  # fmt: skip
            else:
                for entry in range(start, stop):
                    term = terms[entry]
                    if columns[term] >= 0:
                        weight = real(factor * values[entry])
                        _add(added, postings, weights, starts[term], starts[term + 1], weight)
                n_listed = _list_leads(added, bias, margin, all_count, heights, best, ids, listed)
                pruned = False
        if not pruned:
            limit = _listed_limit(
                added, bias, norms, nothing, rows, slack, all_count, unit, best, ids,
                listed, n_listed,
            )  # fmt: skip
            limit -= rounding

        best[:] = -np.inf
        ids[:] = n_items
        for place in range(n_listed):
            item = listed[place]
            if _is_untouched(added[item]) and not euclidean:
                offer(best, ids, real(0), item)
            elif added[item] + bias[item] + slack * norms[item] >= limit:
                weight = scale * item_scale[item]
                begin, end = item_indptr[item], item_indptr[item + 1]
                if short:
                    score = _score_short(
                        terms, values, start, stop, weight, item_terms, item_values, begin, end
                    )
                else:
                    score = score_sparse(
                        query, square, weight, euclidean, item_terms, item_values, begin, end
                    )
                if all_count or score != 0:
                    offer(best, ids, score, item)
                    limit = max(limit, real(score_limit(best[0], offset, unit)))
        unwind(best, ids, n_items, out_scores[row], out_ids[row])

        common[:] = 0
        if not short:
            for entry in range(start, stop):
                query[terms[entry]] = 0
        if few:
            for place in range(n_listed):
                added[listed[place]] = -0.0
        else:
            added[:] = -0.0
