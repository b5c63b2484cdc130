"""Approximate top-k of learned sparse vectors: inverted lists in blocks of like items, Seismic.

Source: Bruch, Nardini, Rulli and Venturini 2024, "Efficient Inverted Indexes for Approximate
Retrieval over Learned Sparse Representations", SIGIR. Learned vectors concentrate their mass in a
few entries, so each list keeps its heaviest items only (`lambda` in the paper's section 5.1), and a
query walks the lists of its heaviest terms only (`q_cut` in algorithm 2). A list is cut into blocks
of items that are alike by a shallow k-means; a block has a summary, the largest value of each term
among its items, of which the heaviest terms that make up a share `alpha` of the mass are kept
(section 5.3), in eight bits each. A block is looked into if the product of query and summary says
that it may hold one of the best, and then each of its items is scored in full from its own row.

Unlike in the paper, the blocks of a list are taken in the order of these products, best first, and
codes are rounded up, so that of the terms that it keeps a summary never says too little.
"""

from typing import NamedTuple

import numpy as np

from textvec.kernels.compiling import compiled
from textvec.kernels.mixing import draw
from textvec.kernels.sparse_top_k import score_sparse
from textvec.kernels.top_k import offer, unwind

_HEAD = 15  # entries by which items are told apart in the k-means, as in the paper's code
_MOST_SLOTS = 255  # terms of a query, the heaviest, by which items are ranked before the last look
_CODES = 256  # of a summary's values; 0 is not used


class Blocks(NamedTuple):
    """Lists of blocks of items. ``index`` is int32 or int64.

    lists      (n_terms + 1,)   int64    list t owns the blocks lists[t]:lists[t + 1]
    blocks     (n_blocks + 1,)  int64    block b owns the postings blocks[b]:blocks[b + 1]
    postings   (n_postings,)    index    items
    summaries  (n_blocks + 1,)  int64    and the entries summaries[b]:summaries[b + 1]
    kept       (n_entries,)     uint16   terms of summaries; int32 where there are more than 65536
    codes      (n_entries,)     uint8    the largest values there, in steps, rounded up
    steps      (n_blocks,)      float32  value of one unit of a block's codes
    """

    lists: np.ndarray
    blocks: np.ndarray
    postings: np.ndarray
    summaries: np.ndarray
    kept: np.ndarray
    codes: np.ndarray
    steps: np.ndarray


@compiled
def heads(indptr, values):
    """Return the places of the heaviest entries of each item: (n_items, 15) int64, -1 for no more.

    indptr, values  as in sparse_top_k, of items
    """
    found = np.full((len(indptr) - 1, _HEAD), -1, np.int64)
    for item in range(len(found)):
        begin, end = indptr[item], indptr[item + 1]
        order = np.argsort(-values[begin:end], kind="mergesort")
        for rank in range(min(_HEAD, end - begin)):
            found[item, rank] = begin + order[rank]
    return found


@compiled
def _grown(array, size):
    """Return an array of at least that size which begins with what another holds."""
    if size <= len(array):
        return array
    larger = np.empty(max(size, 2 * len(array)), array.dtype)
    for place in range(len(array)):  # a slice on the left takes seconds to compile
        larger[place] = array[place]
    return larger


@compiled
def _cluster(members, n_centres, state, head, terms, values, first_link, of_block):
    """Assign the members of a list to the most similar of some of them, drawn at random.

    members     (n_members,)       index   items
    n_centres                      int     at least 1
    state                          uint64  of the generator
    head        (n_items, 15)      int64   as heads returns it
    terms, values                          of items, as in sparse_top_k
    first_link  (n_terms,)         int64   work space, all -1 before and after
    of_block    (n_members,)       int64   written: the centre of each member; n_centres for those
                                           that share none of their heaviest terms with any
    """
    drawn = np.arange(len(members))
    next_link = np.empty(n_centres * _HEAD, np.int64)
    link_centre = np.empty(n_centres * _HEAD, np.int64)
    link_value = np.empty(n_centres * _HEAD, values.dtype)
    n_links = 0
    for centre in range(n_centres):
        state, other = draw(state, len(members) - centre)
        drawn[centre], drawn[centre + other] = drawn[centre + other], drawn[centre]
        for entry in head[members[drawn[centre]]]:
            if entry >= 0:
                term = terms[entry]
                next_link[n_links] = first_link[term]
                link_centre[n_links] = centre
                link_value[n_links] = values[entry]
                first_link[term] = n_links
                n_links += 1
    similar = np.zeros(n_centres, values.dtype)
    for place in range(len(members)):
        similar[:] = 0
        for entry in head[members[place]]:
            if entry >= 0:
                link = first_link[terms[entry]]
                while link >= 0:
                    similar[link_centre[link]] += values[entry] * link_value[link]
                    link = next_link[link]
        nearest, best = n_centres, values.dtype.type(0)
        for centre in range(n_centres):
            if similar[centre] > best:
                nearest, best = centre, similar[centre]
        of_block[place] = nearest
    for centre in range(n_centres):
        for entry in head[members[drawn[centre]]]:
            if entry >= 0:
                first_link[terms[entry]] = -1


@compiled
def _summarise(members, indptr, terms, values, energy, peaks, met, codes):
    """Find the heaviest terms of a block's summary; equation numbers are the paper's.

    members  (n_members,)   index    the block's items
    energy                  float    the share of the summary's mass that is kept: alpha
    peaks    (n_terms,)     float32  work space, all 0 before and after
    met      (n_terms,)     index    written: the terms kept
    codes    (n_terms,)     uint8    written: their values in steps, rounded up

    Returns (the number of terms kept, the step).
    """
    n_met, highest = 0, np.float32(0)
    for item in members:
        for entry in range(indptr[item], indptr[item + 1]):
            term, value = terms[entry], values[entry]
            if peaks[term] == 0:
                met[n_met] = term
                n_met += value > 0
            peaks[term] = max(peaks[term], value)
            highest = max(highest, value)
    step = highest / np.float32(_CODES - 1)
    if step == 0:  # of values too small to be told from it
        step = highest
    mass = np.zeros(_CODES, np.int64)
    for place in range(n_met):
        code = min(_CODES - 1, int(np.ceil(peaks[met[place]] / step)))
        codes[place] = code
        mass[code] += code
        peaks[met[place]] = 0
    wanted = np.int64(np.ceil(energy * mass.sum()))
    lowest = _CODES - 1
    while lowest > 1 and mass[lowest] < wanted:
        wanted -= mass[lowest]
        lowest -= 1
    n_kept = 0
    for place in range(n_met):
        code = np.int64(codes[place])
        if code > lowest or (code == lowest and wanted > 0):
            if code == lowest:
                wanted -= code
            met[n_kept], codes[n_kept] = met[place], codes[place]
            n_kept += 1
    return n_kept, step


@compiled
def make_blocks(
    first, last, starts, postings, weights, head, indptr, terms, values, n_most, fraction, energy,
    seed, kept,
):  # fmt: skip
    """Make the blocks of the lists first:last, and their summaries.

    starts    (n_terms + 1,)    index    term t is in the items postings[starts[t]:starts[t + 1]]
    postings  (n_entries,)      index    items, ascending within a term
    weights   (n_entries,)      float32  the values there, not negative
    head                                 as heads returns it
    indptr, terms, values                the items once more, by row; float32
    n_most                      int      items that a list keeps at most: lambda
    fraction                    float    centres of the k-means for each item kept: beta
    energy                      float    as in _summarise
    seed                        uint64   the generator of list t starts from it and t
    kept      (0,)                       of the type that Blocks.kept is to have

    Returns (blocks of each list, items of each block, items, entries of each summary, their terms,
    codes, steps): what Blocks holds, with numbers for bounds.
    """
    n_terms = len(starts) - 1
    n_blocks, n_items = np.zeros(last - first, np.int64), 0
    for term in range(first, last):
        n_items += min(n_most, starts[term + 1] - starts[term])
    items, sizes = np.empty(n_items, postings.dtype), np.empty(64, np.int64)
    lengths, steps = np.empty(64, np.int64), np.empty(64, np.float32)
    codes = np.empty(64, np.uint8)
    n_items, n_sizes, n_entries = 0, 0, 0
    peaks, met = np.zeros(n_terms, np.float32), np.empty(n_terms + 1, terms.dtype)
    met_codes, first_link = np.empty(n_terms + 1, np.uint8), np.full(n_terms, -1, np.int64)

    for term in range(first, last):
        begin, end = starts[term], starts[term + 1]
        members = postings[begin:end]
        if len(members) > n_most:
            heaviest = np.argsort(-weights[begin:end], kind="mergesort")[:n_most]
            members = np.sort(members[heaviest])
        n_centres = max(1, int(np.ceil(fraction * len(members))))
        of_block = np.zeros(len(members), np.int64)
        if n_centres > 1:
            state = seed ^ (np.uint64(term) * np.uint64(0xD1342543DE82EF95))
            _cluster(members, n_centres, state, head, terms, values, first_link, of_block)
        order = np.argsort(of_block, kind="mergesort")
        at = 0
        while at < len(order):
            until = at + 1
            while until < len(order) and of_block[order[until]] == of_block[order[at]]:
                until += 1
            block = members[order[at:until]]
            items[n_items : n_items + len(block)] = block
            n_items += len(block)
            n_kept, step = _summarise(block, indptr, terms, values, energy, peaks, met, met_codes)
            sizes, lengths = _grown(sizes, n_sizes + 1), _grown(lengths, n_sizes + 1)
            steps = _grown(steps, n_sizes + 1)
            sizes[n_sizes], lengths[n_sizes], steps[n_sizes] = len(block), n_kept, step
            n_sizes += 1
            kept, codes = _grown(kept, n_entries + n_kept), _grown(codes, n_entries + n_kept)
            kept[n_entries : n_entries + n_kept] = met[:n_kept]
            codes[n_entries : n_entries + n_kept] = met_codes[:n_kept]
            n_entries += n_kept
            n_blocks[term - first] += 1
            at = until
    return (
        n_blocks, sizes[:n_sizes].copy(), items, lengths[:n_sizes].copy(),
        kept[:n_entries].copy(), codes[:n_entries].copy(), steps[:n_sizes].copy(),
    )  # fmt: skip


@compiled(fastmath={"reassoc", "contract"})
def _dot(slots, table, terms, values, begin, end):
    """Return the product of a query and an item or a summary, in whatever order is fastest.

    slots          (n_terms,)    uint8    place of a query's term in the table, else 0
    table          (256,)        float32  the query's values; 0 in place 0
    terms, values  (n_entries,)           the item or the summary has the entries begin:end

    A table of bytes, unlike the query as an array, stays in the fastest cache.
    """
    total = np.float32(0)
    for entry in range(np.uint64(begin), np.uint64(end)):
        total += table[slots[terms[entry]]] * np.float32(values[entry])
    return total


@compiled
def block_top_k(
    indptr, terms, values, first, last, item_indptr, item_terms, item_values, lists, cut, factor, k,
    out_scores, out_ids,
):  # fmt: skip
    """Find k good items for each of the queries first:last: the paper's algorithm 2.

    indptr      (n_queries + 1,)  index    query q owns the entries indptr[q]:indptr[q + 1]
    terms       (n_entries,)      index    term of each entry, ascending within a query
    values      (n_entries,)      float32  value of each entry, not negative
    item_indptr, item_terms, item_values   the items, likewise
    lists                                  Blocks
    cut                           int      how many of a query's terms have their lists walked
    factor                        float    a block is left out where its summary's product times
                                           this is below the k-th best so far: heap_factor
    k                             int      at least 1
    out_scores  (n_queries, k)    float32  written: best first, 0 where there are no more
    out_ids     (n_queries, k)    int64    written: lower ids first among equals, -1 for no more

    Returns (n, 3) int64, for each query: summaries looked at, blocks looked into, items scored.
    """
    n_items = len(item_indptr) - 1
    starts, blocks, postings, steps = lists.lists, lists.blocks, lists.postings, lists.steps
    summaries, kept, codes = lists.summaries, lists.kept, lists.codes
    query, slots = np.zeros(len(starts) - 1, np.float32), np.zeros(len(starts) - 1, np.uint8)
    table = np.zeros(_MOST_SLOTS + 1, np.float32)
    seen, visited = np.zeros(n_items, np.uint8), np.empty(n_items, postings.dtype)
    best, ids = np.empty(k, np.float32), np.empty(k, np.int64)
    most = 0
    for term in range(len(starts) - 1):
        most = max(most, starts[term + 1] - starts[term])
    passing, lacks = np.empty(most, np.int64), np.empty(most, np.float32)
    work = np.zeros((last - first, 3), np.int64)

    for row in range(first, last):
        start, stop = indptr[row], indptr[row + 1]
        for entry in range(start, stop):
            query[terms[entry]] = values[entry]
        best[:] = 0  # what scores 0 is no match
        ids[:] = n_items
        n_visited = 0
        heaviest = np.argsort(-values[start:stop], kind="mergesort")
        for place, rank in enumerate(heaviest[:_MOST_SLOTS]):
            slots[terms[start + rank]] = place + 1
            table[place + 1] = values[start + rank]
        for rank in heaviest[:cut]:
            term = terms[start + rank]
            n_passing = 0
            for block in range(starts[term], starts[term + 1]):
                promise = _dot(slots, table, kept, codes, summaries[block], summaries[block + 1])
                promise *= steps[block] * factor
                if promise >= best[0]:
                    passing[n_passing], lacks[n_passing] = block, -promise
                    n_passing += 1
            work[row - first, 0] += starts[term + 1] - starts[term]
            for place in np.argsort(lacks[:n_passing], kind="mergesort"):
                if -lacks[place] < best[0]:
                    break
                block = passing[place]
                work[row - first, 1] += 1
                for posting in range(blocks[block], blocks[block + 1]):
                    item = postings[posting]
                    if seen[item] == 0:
                        seen[item] = 1
                        visited[n_visited] = item
                        n_visited += 1
                        score = _dot(
                            slots, table, item_terms, item_values, item_indptr[item],
                            item_indptr[item + 1],
                        )  # fmt: skip
                        if score > 0:
                            offer(best, ids, score, item)
        work[row - first, 2] += n_visited
        found = ids[ids < n_items]
        best[:] = 0
        ids[:] = n_items
        for item in found:  # once more with care, as exact search scores them
            score = score_sparse(
                query, 0.0, 1.0, False, item_terms, item_values, item_indptr[item],
                item_indptr[item + 1],
            )  # fmt: skip
            if score > 0:
                offer(best, ids, score, item)
        unwind(best, ids, n_items, out_scores[row], out_ids[row])
        for place in range(n_visited):
            seen[visited[place]] = 0
        for entry in range(start, stop):
            query[terms[entry]] = slots[terms[entry]] = 0
    return work
