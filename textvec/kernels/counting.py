"""From token ids to n-gram ids to counts in CSR rows.

An n-gram is known by two numbers, the id of its first n - 1 tokens and the id of its last token:
no string is ever built. All ids are counted up from 0 in the order in which they are met.
"""

import numpy as np

from textvec.kernels.compiling import compiled, step
from textvec.kernels.interning import scattered

_LOW_32 = np.uint64(0xFFFFFFFF)
_WAITING = 64  # n-grams that are looked up in one go
_ABREAST = 8  # places that are compared at once
_DEBRUIJN = np.uint64(0x03F79D71B4CB0A89)  # each 6-bit window of it occurs once
_LOWEST_BIT = np.empty(64, np.int64)  # bit >> 58 of _DEBRUIJN << i  ->  i
for _i in range(64):
    _LOWEST_BIT[(0x03F79D71B4CB0A89 << _i & (1 << 64) - 1) >> 58] = _i


@compiled
def intern_ngrams(
    prefixes, tokens, doc_ends, first, last, n, part, n_parts, growing, seeds, table, n_ids, ids
):  # fmt: skip
    """Give every n-gram an id, from the ids of its prefix of n - 1 tokens and its last token.

    prefixes  (n_tokens,)  int32  id of the (n - 1)-gram that starts at each token, or -1
    tokens    (n_tokens,)  int32  id of each token, or -1
    doc_ends  (n_docs,)    int64  document d ends before tokens[doc_ends[d]]
    first, last  int              the documents first .. last - 1 are treated
    n         int >= 2            tokens in an n-gram
    part, n_parts  int            only the n-grams whose hash falls to this part are treated, so
                                  that parts can run at once; their ids are part, part + n_parts, …
    growing   bool                add n-grams that are new; otherwise they get no id
    seeds     (5,)         uint64  random numbers of the process, as in `interning`
    table     (2 * n_slots,)  uint64  slot s holds a key + 1 at 2 s and an id at 2 s + 1
    n_ids     int                 n-grams in the table
    ids       (n_tokens,)  int32  all -1; written: the id of the n-gram that starts at each token,
                                  but where one of its parts is -1 or the document ends

    An n-gram with a -1 in its first or its last n - 1 tokens is left out (if a part is too rare,
    so is the whole: Agrawal & Srikant 1994, the Apriori property).

    Returns table and n_ids as they are now.
    """
    keys = np.empty(_WAITING, np.uint64)
    places = np.empty(_WAITING, np.int64)
    slots = np.empty(_WAITING, np.int64)
    seen = np.empty(_WAITING, np.uint64)
    doc, i = first, 0 if first == 0 else doc_ends[first - 1]
    while doc < last:
        n_waiting = 0
        while doc < last and n_waiting < _WAITING:
            if i >= doc_ends[doc]:
                doc += 1
                continue
            if (
                i + n <= doc_ends[doc]
                and prefixes[i] >= 0
                and tokens[i + n - 1] >= 0
                and prefixes[i + 1] >= 0
            ):
                key = np.uint64(prefixes[i]) << np.uint64(32) | np.uint64(tokens[i + n - 1])
                hashed = _hash(key, seeds)
                keys[n_waiting] = key + np.uint64(1)
                places[n_waiting] = i
                slots[n_waiting] = np.int64(hashed >> np.uint64(32))
                share = (hashed >> np.uint64(40)) * np.uint64(n_parts) >> np.uint64(24)
                n_waiting += np.int64(share) == part  # no branch: it could not be predicted
            i += 1
        while growing and 3 * (n_ids + n_waiting) > len(table):  # at most two thirds full
            table = _doubled(seeds, table)
        mask = len(table) // 2 - 1
        for k in range(n_waiting):  # a first look at all, so that the memory's answers overlap
            slots[k] &= mask
            seen[k] = table[2 * slots[k]]
        for k in range(n_waiting):
            key, slot = keys[k], slots[k]
            if seen[k] != key:
                while table[2 * slot] != np.uint64(0) and table[2 * slot] != key:
                    slot = (slot + 1) & mask
                if table[2 * slot] == np.uint64(0):
                    if not growing:
                        continue
                    table[2 * slot] = key
                    table[2 * slot + 1] = np.uint64(n_ids)
                    n_ids += 1
            ids[places[k]] = np.int64(table[2 * slot + 1]) * n_parts + part
    return table, n_ids


@step
def _hash(key, seeds):
    """Hash by pair-multiply-shift, see `interning`: the upper 32 bits are as good as random."""
    hashed = (seeds[0] + (key & _LOW_32)) * (seeds[1] + (key >> np.uint64(32)))
    return scattered(hashed, seeds)


@compiled
def _slot(key, mask, seeds):
    return np.int64(_hash(key - np.uint64(1), seeds) >> np.uint64(32)) & mask


@step
def _doubled(seeds, table):
    """Return a table of twice the slots with the same entries."""
    grown = np.zeros(2 * len(table), np.uint64)
    mask = len(table) - 1
    for old in range(len(table) // 2):
        key = table[2 * old]
        if key != np.uint64(0):
            slot = _slot(key, mask, seeds)
            while grown[2 * slot] != np.uint64(0):
                slot = (slot + 1) & mask
            grown[2 * slot] = key
            grown[2 * slot + 1] = table[2 * old + 1]
    return grown


@compiled
def blank(ids, kept):
    """Put -1 for ids that are not kept, in place.

    ids   (n_tokens,)  int32  ids, or -1
    kept  (n_ids,)     bool   which ids stay
    """
    for i in range(len(ids)):
        if ids[i] >= 0 and not kept[ids[i]]:
            ids[i] = -1


@compiled
def rank_by_appearance(levels, doc_ends, bases, kept):
    """Number the kept n-grams by first appearance: document, then n, then place; in place.

    levels    (n_levels, n_tokens)  int32  in: ids within a level, or -1; out: ranks, or -1
    doc_ends  (n_docs,)      int64  document d ends before column doc_ends[d]
    bases     (n_levels,)    int64  id i of level v has place bases[v] + i in kept
    kept      (n_ids,)       bool   which n-grams stay

    Returns level (n_kept,) int64 and start (n_kept,) int64: where each rank first appeared.
    """
    ranks = np.empty(len(kept), np.int32)  # -1: not met yet, -2: not kept
    for i in range(len(kept)):
        ranks[i] = -1 if kept[i] else -2
    level_of = np.empty(len(kept), np.int64)
    start_of = np.empty(len(kept), np.int64)
    n_ranks = 0
    start = 0
    for doc in range(len(doc_ends)):
        for level in range(len(levels)):
            for i in range(start, doc_ends[doc]):
                if levels[level, i] < 0:
                    continue
                found = levels[level, i] + bases[level]
                rank = ranks[found]
                if rank == -1:
                    rank = ranks[found] = n_ranks
                    level_of[n_ranks] = level
                    start_of[n_ranks] = i
                    n_ranks += 1
                levels[level, i] = max(rank, -1)
        start = doc_ends[doc]
    return level_of[:n_ranks].copy(), start_of[:n_ranks].copy()


@compiled
def count_distinct(levels, doc_ends, first, last, n_features):
    """Count the distinct features of each document, and the documents of each feature.

    levels    (n_levels, n_tokens)  int32  feature ids, or -1
    doc_ends  (n_docs,)  int64  document d ends before column doc_ends[d]
    first, last  int            the documents first .. last - 1 are counted

    Returns row_lengths (last - first,) int64 and document_frequencies (n_features,) int32.
    """
    row_lengths = np.zeros(last - first, np.int64)
    frequencies = np.zeros(n_features, np.int32)
    seen_in = np.full(n_features, -1, np.int32)
    for doc in range(first, last):
        start = 0 if doc == 0 else doc_ends[doc - 1]
        for level in range(len(levels)):
            for feature in levels[level, start : doc_ends[doc]]:
                if feature >= 0 and seen_in[feature] != doc:
                    seen_in[feature] = doc
                    frequencies[feature] += 1
                    row_lengths[doc - first] += 1
    return row_lengths, frequencies


@step
def _mark(feature, words, blocks):
    """Put a feature into a two-level set: a bit in words, and a bit in blocks for its word."""
    words[feature >> 6] |= np.uint64(1) << np.uint64(feature & 63)
    blocks[feature >> 12] |= np.uint64(1) << np.uint64(feature >> 6 & 63)


@step
def _lowest_bit(word):
    return _LOWEST_BIT[np.int64(((word & (~word + np.uint64(1))) * _DEBRUIJN) >> np.uint64(58))]


@step
def _flush(counts, words, blocks, columns, indices, data, entry):
    """Write columns and counts of the marked features in ascending order, and forget them all."""
    for block in range(len(blocks)):
        while blocks[block] != np.uint64(0):
            word = 64 * block + _lowest_bit(blocks[block])
            blocks[block] &= blocks[block] - np.uint64(1)
            while words[word] != np.uint64(0):
                feature = 64 * word + _lowest_bit(words[word])
                words[word] &= words[word] - np.uint64(1)
                indices[entry] = columns[feature]
                data[entry] = counts[feature]
                counts[feature] = 0
                entry += 1
    return entry


@step
def _find_places(row, n, places):
    """Write how many of the first n features of a row are less than each of them.

    By comparing all with all, eight abreast (Knuth, The Art of Computer Programming 3, 5.2): no
    branch depends on a comparison, for it could not be predicted. What is behind the first n, up to
    a multiple of eight, is compared for nothing.
    """
    n_compared = -(-n // _ABREAST) * _ABREAST
    for k in range(n_compared):
        places[k] = 0
    for j in range(n):
        for k in range(n_compared):
            places[k] += row[k] > row[j]


@compiled
def count_rows(levels, doc_ends, first, last, entry, most, columns, indices, data):
    """Count the features of each document into its CSR row, ordered by feature.

    levels    (n_levels, n_tokens)  int32  feature ids, or -1
    doc_ends  (n_docs,)      int64  document d ends before column doc_ends[d]
    first, last  int                the documents first .. last - 1 are counted
    entry     int                   where the entries of the first begin; rows lie end to end
    most      int                   documents of up to so many places, tokens times levels, are
                                    sorted; for the others, arrays as long as columns are made
    columns   (n_features,)  int32  feature id -> column
    indices   (n_entries,)   int    written: column of each entry
    data      (n_entries,)   number written: its count

    Order comes from a two-level bit set, which costs one step an entry and none a comparison, or,
    for short documents, from sorting.

    Returns row_lengths (last - first,) int64.
    """
    row_lengths = np.empty(last - first, np.int64)
    row, places = np.empty(most + _ABREAST, np.int32), np.empty(most + _ABREAST, np.int32)
    sorted_row, counts_of_places = np.empty(most, np.int32), np.zeros(most, np.int32)
    counts = np.empty(0, np.int32)
    words = blocks = np.empty(0, np.uint64)
    for doc in range(first, last):
        start = 0 if doc == 0 else doc_ends[doc - 1]
        begin = entry
        if len(levels) * (doc_ends[doc] - start) <= most:
            n = 0
            for level in range(len(levels)):
                for feature in levels[level, start : doc_ends[doc]]:
                    if feature >= 0:
                        row[n] = feature
                        n += 1
            _find_places(row, n, places)
            for k in range(n):
                sorted_row[places[k]] = row[k]
                counts_of_places[places[k]] += 1
            for k in range(n):
                if counts_of_places[k] > 0:
                    indices[entry] = columns[sorted_row[k]]
                    data[entry] = counts_of_places[k]
                    counts_of_places[k] = 0
                    entry += 1
        else:
            if len(counts) == 0:
                counts = np.zeros(len(columns), np.int32)
                words = np.zeros(len(columns) // 64 + 1, np.uint64)
                blocks = np.zeros(len(columns) // 4096 + 1, np.uint64)
            for level in range(len(levels)):
                for feature in levels[level, start : doc_ends[doc]]:
                    if feature >= 0:
                        if counts[feature] == 0:
                            _mark(feature, words, blocks)
                        counts[feature] += 1
            entry = _flush(counts, words, blocks, columns, indices, data, entry)
        row_lengths[doc - first] = entry - begin
    return row_lengths


@compiled
def product_distinct(indptr, indices, part_indptr, part_indices, first, last, n_features):
    """`count_distinct` for documents whose features are those of their words.

    indptr, indices            CSR  documents x words
    part_indptr, part_indices  CSR  words x features

    Returns row_lengths (last - first,) int64 and document_frequencies (n_features,) int32.
    """
    row_lengths = np.zeros(last - first, np.int64)
    frequencies = np.zeros(n_features, np.int32)
    seen_in = np.full(n_features, -1, np.int32)
    for doc in range(first, last):
        for word in indices[indptr[doc] : indptr[doc + 1]]:
            for feature in part_indices[part_indptr[word] : part_indptr[word + 1]]:
                if seen_in[feature] != doc:
                    seen_in[feature] = doc
                    frequencies[feature] += 1
                    row_lengths[doc - first] += 1
    return row_lengths, frequencies


@compiled
def product_rows(
    indptr, indices, data, part_indptr, part_indices, part_data,
    first, last, out_indptr, columns, out_indices, out_data,
):  # fmt: skip
    """`count_rows` for documents whose features are those of their words: a sparse product.

    Row by row as in Gustavson 1978, "Two fast algorithms for sparse matrices", each row sorted.

    indptr, indices, data                 CSR  documents x words
    part_indptr, part_indices, part_data  CSR  words x features
    first, last  int                      the documents first .. last - 1 are treated
    out_indptr   (n_docs + 1,)  int       from `product_distinct`
    columns, out_indices, out_data        as columns, indices, data of `count_rows`
    """
    counts = np.zeros(len(columns), np.int32)
    words = np.zeros(len(columns) // 64 + 1, np.uint64)
    blocks = np.zeros(len(columns) // 4096 + 1, np.uint64)
    for doc in range(first, last):
        for entry in range(indptr[doc], indptr[doc + 1]):
            word = indices[entry]
            for part in range(part_indptr[word], part_indptr[word + 1]):
                feature = part_indices[part]
                if counts[feature] == 0:
                    _mark(feature, words, blocks)
                counts[feature] += np.int32(data[entry] * part_data[part])
        _flush(counts, words, blocks, columns, out_indices, out_data, out_indptr[doc])


@compiled
def hash_rows(indptr, indices, data, column_numbers, signs, columns):
    """Move CSR entries to other columns, with a sign; entries that meet are summed.

    indptr, indices, data  CSR  documents x features
    column_numbers  (n_features,)  int64  feature -> number of its column, in ascending order
    signs           (n_features,)  int64  feature -> 1 or -1
    columns         (n_numbers,)   int64  number -> column

    Returns indptr, indices (sorted in each row) and data (int64; zeros stay) of the new matrix.
    """
    sums = np.zeros(len(columns), np.int64)
    words = np.zeros(len(columns) // 64 + 1, np.uint64)
    blocks = np.zeros(len(columns) // 4096 + 1, np.uint64)
    new_indptr = np.zeros_like(indptr)
    new_indices = np.empty_like(indices)
    new_data = np.empty(len(data), np.int64)
    entry = 0
    for doc in range(len(indptr) - 1):
        for old in range(indptr[doc], indptr[doc + 1]):
            number = column_numbers[indices[old]]
            _mark(number, words, blocks)
            sums[number] += signs[indices[old]] * data[old]
        entry = _flush(sums, words, blocks, columns, new_indices, new_data, entry)
        new_indptr[doc + 1] = entry
    return new_indptr, new_indices[:entry].copy(), new_data[:entry].copy()
