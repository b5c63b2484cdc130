"""MinHash: shingles, signatures whose slots agree as often as sets do, bands, candidates.

A signature has one slot for each permutation of classical MinHash, and each slot of two signatures
agrees with the probability of their Jaccard similarity, but it is made by Fast Similarity
Sketching (Dahlgaard, Knudsen and Thorup 2017, arXiv 1704.04370): a shingle is thrown into one slot
and not into all, and thrown again only while slots are empty. The work is in proportion to
``n_shingles + n_slots log n_slots`` instead of to their product, the variance no greater.
"""

import numpy as np

from textvec.kernels.compiling import compiled
from textvec.kernels.mixing import GOLDEN, MIX_1, mixed
from textvec.kernels.top_k import offer, unwind

_BASE = GOLDEN  # odd, of the rolling polynomial modulo 2**64
_LOW = np.uint64(0xFFFFFFFF)
_1, _32 = np.uint64(1), np.uint64(32)
_NOTHING = ~np.uint64(0)
_ROUNDS = 6  # of throws: a few empty slots are filled faster one by one, many by throwing on
EMPTY = np.uint32(0xFFFFFFFF)  # in all slots of a row without shingles, and in no other


@compiled
def hash_terms(store, offsets, n_terms):
    """Return a hash of each term's bytes: (n_terms,) uint64.

    store    (n_bytes,)             uint8  the terms, end to end
    offsets  (at least n_terms + 1,)  int64  term t is store[offsets[t]:offsets[t + 1]]
    """
    hashes = np.empty(n_terms, np.uint64)
    for term in range(n_terms):
        hashed = _1
        for place in range(offsets[term], offsets[term + 1]):
            hashed = hashed * _BASE + np.uint64(store[place])
        hashes[term] = mixed(hashed)
    return hashes


@compiled
def hash_shingles(letters, ends, size, seed):
    """Hash each run of ``size`` letters of each row; a shorter row is one shingle as a whole.

    letters  (n_letters,)  uint32 or uint64  code points or hashes of words, row after row
    ends     (n_rows,)     int64             row r ends before letters[ends[r]]
    size                   int               at least 1
    seed                   uint64

    A shingle a_1 ... a_k has the hash ``mixed(sum_i (a_i + 1) B**(k - i) + seed)`` modulo 2**64,
    whose sum rolls on from one shingle to the next (Karp and Rabin 1987).
    Returns hashes (n_shingles,) uint64 and their ends (n_rows,) int64.
    """
    hashes = np.empty(len(letters), np.uint64)
    shingle_ends = np.empty(len(ends), np.int64)
    leaving = _1  # B**size, by which the letter that leaves has been multiplied
    for _ in range(size):
        leaving *= _BASE
    n_shingles = begin = np.uint64(0)
    for row in range(len(ends)):
        end = np.uint64(ends[row])
        first_end = min(end, begin + np.uint64(size))
        rolling = np.uint64(0)
        for place in range(begin, first_end):
            rolling = rolling * _BASE + (np.uint64(letters[place]) + _1)
        if end > begin:
            hashes[n_shingles] = mixed(rolling + seed)
            n_shingles += _1
        for place in range(first_end, end):
            left = np.uint64(letters[place - np.uint64(size)]) + _1
            change = np.uint64(letters[place]) + _1 - left * leaving
            rolling = rolling * _BASE + change
            hashes[n_shingles] = mixed(rolling + seed)
            n_shingles += _1
        shingle_ends[row] = n_shingles
        begin = end
    return hashes[:n_shingles], shingle_ends


@compiled
def _throw(hashes, begin, end, number, lowest):
    """Throw the shingles begin:end into slots; arguments as in sketch, ``number`` the round's."""
    slots = np.uint64(len(lowest))
    for place in range(begin, end):
        hashed = hashes[place]  # as good as random in round 0
        if number:
            hashed = (hashed ^ (number << _32 | number)) * MIX_1
            hashed ^= hashed >> _32
        slot = ((hashed >> _32) * slots) >> _32
        lowest[slot] = min(lowest[slot], number << _32 | hashed & _LOW)


@compiled
def _lowest_rank(hashes, begin, end, slot):
    """Return the lowest 32-bit rank of the shingles begin:end by the multipliers of a slot."""
    factors = mixed(slot + GOLDEN) | _1 << _32 | _1
    low, high = np.uint32(factors & _LOW), np.uint32(factors >> _32)
    least = EMPTY
    for place in range(begin, end):
        hashed = hashes[place]
        rank = np.uint32(np.uint32(hashed & _LOW) * low + np.uint32(hashed >> _32) * high)
        least = min(least, rank)
    return least


@compiled
def sketch(hashes, ends, signatures):
    """Fill the signature of each row of shingles.

    hashes      (n_shingles,)      uint64  of shingles; repeated ones change nothing
    ends        (n_rows,)          int64   row r ends before hashes[ends[r]]
    signatures  (n_rows, n_slots)  uint32  written; EMPTY in the rows that have no shingles

    In each of _ROUNDS rounds, every shingle is thrown into a random slot with a random rank; a slot
    keeps the lowest rank of the first round that reached it. One that none reached takes the
    lowest rank of all shingles. Rounds end when every slot is filled.
    """
    n_rows, n_slots = signatures.shape
    lowest = np.empty(n_slots, np.uint64)  # round << 32 | rank
    begin = np.uint64(0)
    for row in range(n_rows):
        end = np.uint64(ends[row])
        if begin == end:
            signatures[row] = EMPTY
            continue
        lowest[:] = _NOTHING
        n_open = n_slots
        for number in range(_ROUNDS):
            _throw(hashes, begin, end, np.uint64(number), lowest)
            n_open = 0
            for slot in range(np.uint64(0), np.uint64(n_slots)):
                n_open += lowest[slot] == _NOTHING
            if n_open == 0:
                break
        for slot in range(n_slots):
            value = (lowest[slot] + (lowest[slot] >> _32) * _BASE) & _LOW
            if lowest[slot] == _NOTHING:
                value = _lowest_rank(hashes, begin, end, np.uint64(slot))
            signatures[row, slot] = min(np.uint64(value), _LOW - _1)
        begin = end


@compiled
def band_keys(signatures, n_bands, n_rows):
    """Hash the slots of each band: (n_bands, n_items) uint64.

    signatures      (n_items, n_slots)  uint32
    n_bands, n_rows                     int     bands, and slots of a band; product <= n_slots
    """
    keys = np.empty((n_bands, len(signatures)), np.uint64)
    for item in range(len(signatures)):
        for band in range(n_bands):
            hashed = _1
            for slot in range(band * n_rows, (band + 1) * n_rows):
                hashed = hashed * _BASE + np.uint64(signatures[item, slot])
            keys[band, item] = mixed(hashed)
    return keys


@compiled
def _agreements(first, second):
    """Count the slots in which two signatures agree."""
    count = 0
    for slot in range(np.uint64(0), np.uint64(len(first))):
        count += first[slot] == second[slot]
    return count


@compiled
def near_pairs(signatures, keys, order, band, first, last, least, most, most_compared):
    """Find the pairs of items that share a band, none before it, and agree in enough slots.

    signatures   (n_items, n_slots)   uint32
    keys         (n_bands, n_items)   uint64  of band_keys
    order        (n_bands, n_filled)  int64   items by ascending key, those of one key ascending
    band                              int     the band
    first, last                       int     the items order[band, first:last] are compared with
                                              all that follow in the band
    least                             int     slots in which a pair is to agree
    most                              int     pairs of an item with those that follow in the band,
                                              earlier bands' among them; the rest is left out
    most_compared                     int     followers that an item is compared with

    Returns pairs (n_pairs, 2) int64, lower item first, agreements (n_pairs,) int64, and the number
    of items that have more pairs. Calls for all bands and items find each pair once.
    """
    n_pairs = n_cut = 0
    pairs = np.empty((64, 2), np.int64)
    agreements = np.empty(64, np.int64)
    for place in range(first, last):
        item = order[band, place]
        n_found = 0
        for after in range(place + 1, min(place + 1 + most_compared, order.shape[1])):
            other = order[band, after]
            if keys[band, other] != keys[band, item]:
                break
            count = _agreements(signatures[item], signatures[other])
            if count < least:
                continue
            if n_found == most:
                n_cut += 1
                break
            n_found += 1
            earlier = 0
            while earlier < band and keys[earlier, item] != keys[earlier, other]:
                earlier += 1
            if earlier < band:
                continue  # it came with that band
            if n_pairs == len(pairs):
                pairs = np.concatenate((pairs, np.empty_like(pairs)))
                agreements = np.concatenate((agreements, np.empty_like(agreements)))
            pairs[n_pairs, 0], pairs[n_pairs, 1] = item, other
            agreements[n_pairs] = count
            n_pairs += 1
    return pairs[:n_pairs], agreements[:n_pairs], n_cut


@compiled
def near_items(queries, query_keys, signatures, keys, order, scores, ids):
    """Find, of the items that share a band with a query, those that agree in most slots.

    queries               (n_queries, n_slots)  uint32
    query_keys            (n_bands, n_queries)  uint64   of band_keys
    signatures, keys, order                              as in near_pairs
    scores                (n_queries, k)        float32  written: shares of slots, best first
    ids                   (n_queries, k)        int64    written: the items, lower ids first among
                                                         equals, -1 for no more
    """
    n_items, n_slots = signatures.shape
    k = scores.shape[1]
    best, best_ids = np.empty(k, np.float32), np.empty(k, np.int64)
    seen = np.full(n_items, -1, np.int32)  # in which query, last
    for query in range(len(queries)):
        best[:] = -np.inf
        best_ids[:] = n_items
        for band in range(len(order)):
            key = query_keys[band, query]
            place, last = 0, order.shape[1]
            while place < last:  # the first item of this key or a higher one
                middle = (place + last) // 2
                if keys[band, order[band, middle]] < key:
                    place = middle + 1
                else:
                    last = middle
            while place < order.shape[1] and keys[band, order[band, place]] == key:
                item = order[band, place]
                place += 1
                if best[0] == 1 and item > best_ids[0]:
                    break  # no later one is nearer
                if seen[item] < query:
                    seen[item] = query
                    count = _agreements(queries[query], signatures[item])
                    offer(best, best_ids, np.float32(count / n_slots), item)
        unwind(best, best_ids, n_items, scores[query], ids[query])
