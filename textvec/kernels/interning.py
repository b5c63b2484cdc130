"""From tokens to the ids of their terms: a hash table that text cannot be written to slow down.

Each distinct token gets an id from an open-addressing hash table (linear probing; Knuth, The Art
of Computer Programming 3, 6.4). The state of such a table is five things that travel together,
here called the *interner*:

    seeds    (5,)            uint64  random numbers of the process, secret to who writes the text
    table    (3 * n_slots,)  uint64  slot s holds two words of key and an id from 3 s on; a slot
                                     whose second word is 0 is empty
    store    (capacity,)     uint8   the bytes of all terms, end to end
    offsets  (capacity,)     int64   term t is store[offsets[t]:offsets[t + 1]]
    n_terms  int                     terms in use

The key of a term of up to 15 bytes is these bytes and their number, so equal keys are equal terms.
The key of a longer one is a hash with its top bit set, and its bytes are compared as well.

Where a key is put depends on the seeds as in pair-multiply-shift (Thorup 2015, "High speed hashing
for integers and strings", 3.5), and long terms are hashed by a polynomial modulo 2**61 - 1 at a
seed (Carter and Wegman 1979): two terms, chosen without knowledge of the seeds, meet no more often
than random ones, whatever they have in common. Ids never depend on the seeds.
"""

import numpy as np

from textvec.kernels.compiling import compiled, step
from textvec.kernels.scanning import FIRST_BYTES, eight_bytes

_PRIME = np.uint64((1 << 61) - 1)
_TOP_BIT = np.uint64(1 << 63)
_EXACT = np.uint64(15)  # bytes of a term that fit in a key
_LOW_30, _LOW_31, _LOW_32 = (np.uint64((1 << n) - 1) for n in (30, 31, 32))
_WAITING = 256  # strings that are looked up in one go
_0, _1, _2, _3, _7, _8, _30, _31, _32, _56, _61 = (
    np.uint64(n) for n in (0, 1, 2, 3, 7, 8, 30, 31, 32, 56, 61)
)


@step
def scattered(hashed, seeds):
    """Break up what a product leaves of equal steps, which would stand in runs: uint64.

    The upper 32 bits are to be used.
    """
    return (hashed ^ hashed >> _32) * (seeds[4] | _1)


@compiled
def _slot(key, more, n_slots, seeds):
    hashed = (seeds[0] + (key & _LOW_32)) * (seeds[1] + (key >> _32))
    hashed += (seeds[2] + (more & _LOW_32)) * (seeds[3] + (more >> _32))
    return scattered(hashed, seeds) >> _32 & np.uint64(n_slots - 1)


@step
def _find(key, more, term, begin, length, seeds, table, store, offsets):
    """Return the id of a term, or -1 - slot where it is missing and may be put."""
    n_slots = len(table) // 3
    slot = _slot(key, more, n_slots, seeds)
    while True:
        at = _3 * slot
        if table[at + _1] == more and table[at] == key:
            known = table[at + _2]
            if length <= _EXACT:
                return np.int64(known)
            start = np.uint64(offsets[known])
            if np.uint64(offsets[known + _1]) - start == length:
                j = _0
                while j < length and store[start + j] == term[begin + j]:
                    j += _1
                if j == length:
                    return np.int64(known)
        elif table[at + _1] == _0:
            return -1 - np.int64(slot)
        slot = (slot + _1) & np.uint64(n_slots - 1)


@step
def _doubled(seeds, table):
    """Return a table of twice the slots with the same entries."""
    grown = np.zeros(2 * len(table), np.uint64)
    n_slots = len(grown) // 3
    for old in range(0, len(table), 3):
        key, more = table[old], table[old + 1]
        if more != _0:
            slot = _slot(key, more, n_slots, seeds)
            while grown[_3 * slot + _1] != _0:
                slot = (slot + _1) & np.uint64(n_slots - 1)
            grown[_3 * slot] = key
            grown[_3 * slot + _1] = more
            grown[_3 * slot + _2] = table[old + 2]
    return grown


@step
def _longer(array, size):
    grown = np.empty(size, array.dtype)
    for i in range(len(array)):
        grown[i] = array[i]
    return grown


@step
def _times(a, b):
    """Multiply modulo 2**61 - 1, from and to numbers of little more than 61 bits."""
    high_a, low_a, high_b, low_b = a >> _31, a & _LOW_31, b >> _31, b & _LOW_31
    middle = high_a * low_b + low_a * high_b  # times 2**31, and 2**61 is 1
    product = (high_a * high_b << _1) + (middle >> _30) + ((middle & _LOW_30) << _31)
    product += low_a * low_b
    return (product & _PRIME) + (product >> _61)


@compiled
def _key(text, begin, length, seed):
    """Return the two words of a term's key."""
    if length <= _EXACT:
        key = eight_bytes(text, begin) & FIRST_BYTES[min(length, _8)]
        more = eight_bytes(text, begin + _8) & FIRST_BYTES[max(length, _8) - _8]
        return key, more | length << _56
    hashed = _1
    for j in range(_0, length, _7):
        hashed = _times(hashed, seed) + (
            eight_bytes(text, begin + j) & FIRST_BYTES[min(length - j, _7)]
        )
        hashed = (hashed & _PRIME) + (hashed >> _61)
    return hashed, length | _TOP_BIT


@step
def _look_up(
    missing, found, keys, mores, text, spans, growing, seeds, table, store, offsets, n_terms
):  # fmt: skip
    """Write the ids of those strings into found that are not in their first slot of the table.

    Returns the interner as it is now. Arrays are replaced here, not in `intern_strings`, where
    references to them would be counted at each string.
    """
    while growing and 9 * (n_terms + len(missing)) > 2 * len(table):  # at most two thirds full
        table = _doubled(seeds, table)
    for k in missing:
        begin = np.uint64(spans[k, 0])
        length = np.uint64(spans[k, 1]) - begin
        known = _find(keys[k], mores[k], text, begin, length, seeds, table, store, offsets)
        if known < 0 and not growing:
            known = -1
        elif known < 0:
            at = 3 * (-1 - known)
            table[at], table[at + 1], table[at + 2] = keys[k], mores[k], np.uint64(n_terms)
            known = n_terms
            n_terms += 1
            start, stop = offsets[known], offsets[known] + np.int64(length)
            if stop > len(store):
                store = _longer(store, 2 * stop)
            if n_terms + 1 >= len(offsets):
                offsets = _longer(offsets, 2 * len(offsets))
            for j in range(stop - start):
                store[start + j] = text[begin + np.uint64(j)]
            offsets[n_terms] = stop
        found[k] = known
    return table, store, offsets, n_terms


@compiled
def intern_strings(text, spans, growing, seeds, table, store, offsets, n_terms):
    """Give every string the id of its term.

    text     (n_bytes,)        uint8  the strings in UTF-8 somewhere in it, then 16 bytes or more
    spans    (n_strings, 2)    int64  string s is text[spans[s, 0]:spans[s, 1]]; an empty one gets
                                      an id of no meaning
    growing  bool                     add terms that are new; otherwise their strings get id -1
    seeds, table, store, offsets, n_terms  the interner, see the top of this module

    A first look at many strings comes before a second at those that were not where they should
    be: so the memory's answers overlap, and hardly a branch is mispredicted.

    Returns ids (n_strings,) int32, and table, store, offsets and n_terms as they are now.
    """
    ids = np.empty(len(spans), np.int32)
    seed = seeds[4] & _PRIME
    keys = np.empty(_WAITING, np.uint64)
    mores = np.empty(_WAITING, np.uint64)
    missing = np.empty(_WAITING, np.int64)
    for first in range(0, len(spans), _WAITING):
        n_waiting = min(_WAITING, len(spans) - first)
        found, waiting = ids[first : first + n_waiting], spans[first : first + n_waiting]
        for k in range(n_waiting):
            begin = np.uint64(waiting[k, 0])
            keys[k], mores[k] = _key(text, begin, np.uint64(waiting[k, 1]) - begin, seed)
        n_missing = 0
        for k in range(n_waiting):
            key, more = keys[k], mores[k]
            at = _3 * _slot(key, more, len(table) // 3, seeds)
            found[k] = table[at + _2]
            missing[n_missing] = k
            n_missing += table[at] != key or table[at + _1] != more or more >= _TOP_BIT
        table, store, offsets, n_terms = _look_up(
            missing[:n_missing], found, keys, mores, text, waiting, growing,
            seeds, table, store, offsets, n_terms,
        )  # fmt: skip
    return ids, table, store, offsets, n_terms


def intern_tokens(
    folded, spans, token_ends, n_dropped, growing,
    seeds, table, store, offsets, n_terms, in_pieces=False,
):  # fmt: skip
    """Give every token of documents the id of its term.

    folded, spans, token_ends  as `find_tokens` returns them, or `find_pieces`
    n_dropped  int             tokens of the terms 0 .. n_dropped - 1 are left out
    in_pieces  bool            there are breaks among them, which get the id -1
    growing, seeds, table, store, offsets, n_terms  as in `intern_strings`

    Returns ids (n_tokens,) int32, token_ends (n_docs,) int64, and table, store,
    offsets and n_terms as they are now.
    """
    ids, *interner = intern_strings(folded, spans, growing, seeds, table, store, offsets, n_terms)
    if in_pieces:
        ids[spans[:, 0] == spans[:, 1]] = -1
    if n_dropped:
        stays = (ids < 0) | (ids >= n_dropped)
        token_ends = np.concatenate([[0], stays.cumsum()])[token_ends]
        ids = ids[stays]
    return ids, token_ends, *interner
