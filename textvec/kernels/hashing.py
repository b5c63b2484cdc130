"""From names to hashed columns by MurmurHash3.

Tokens that are hashed need no table of terms. What two tokens of a document have in common shows
when the document's columns are sorted.
"""

import numpy as np

from textvec.kernels.compiling import compiled, step
from textvec.kernels.scanning import eight_bytes

_LOW_32 = np.uint64(0xFFFFFFFF)
_DIGIT = 11  # bits by which columns are sorted in one go, at most
_1, _4 = np.uint64(1), np.uint64(4)


@step
def _times(word, factor):
    """Multiply modulo 2**32. Words are uint64 here: numba widens products of uint32 by itself."""
    return word * np.uint64(factor) & _LOW_32


@step
def _rotated(word, bits):
    return (word << np.uint64(bits) | word >> np.uint64(32 - bits)) & _LOW_32


@step
def _scrambled(word):
    return _times(_rotated(_times(word, 0xCC9E2D51), 15), 0x1B873593)


@step
def _murmur(text, begin, length):
    """Hash text[begin:begin + length], which more than seven bytes follow: uint64 below 2**32."""
    hashed = np.uint64(0)
    i, end = begin, begin + length
    while i + _4 <= end:
        hashed = _rotated(hashed ^ _scrambled(eight_bytes(text, i) & _LOW_32), 13)
        hashed = (hashed * np.uint64(5) + np.uint64(0xE6546B64)) & _LOW_32
        i += _4
    rest = (_1 << ((end - i) << np.uint64(3))) - _1  # mask of the last 0 to 3 bytes
    hashed ^= _scrambled(eight_bytes(text, i) & rest) ^ length
    hashed = _times(hashed ^ hashed >> np.uint64(16), 0x85EBCA6B)
    hashed = _times(hashed ^ hashed >> np.uint64(13), 0xC2B2AE35)
    return hashed ^ hashed >> np.uint64(16)


@step
def _signed(hashed):
    return np.int64(hashed) - (np.int64(hashed >> np.uint64(31)) << 32)


@compiled
def murmur_hashes(text, begins, ends):
    """Hash strings with MurmurHash3 (x86, 32 bits, seed 0; Austin Appleby, public domain).

    text    (n_bytes,)    uint8  the strings somewhere in it
    begins, ends  (n_strings,)  int64  string s is text[begins[s]:ends[s]]

    Returns (n_strings,) int64: from -2**31 to 2**31 - 1.
    """
    padded = np.zeros(len(text) + 8, np.uint8)
    padded[: len(text)] = text
    hashes = np.empty(len(begins), np.int64)
    for s in range(len(begins)):
        begin = np.uint64(begins[s])
        hashes[s] = _signed(_murmur(padded, begin, np.uint64(ends[s]) - begin))
    return hashes


@compiled
def hash_tokens(folded, spans):
    """Hash tokens as `murmur_hashes` does.

    folded, spans  as `scanning.find_tokens` returns them

    Returns (n_tokens,) int32.
    """
    hashes = np.empty(len(spans), np.int32)
    for token in range(len(spans)):
        begin = np.uint64(spans[token, 0])
        hashes[token] = _signed(_murmur(folded, begin, np.uint64(spans[token, 1]) - begin))
    return hashes


@compiled
def count_hashes(hashes, doc_ends, n_columns, alternate, indptr, indices, data):
    """Count the hashes of each document into the columns that they give, in CSR.

    A hash's column is its absolute value modulo n_columns, and its sign, if they alternate, is
    that by which it counts (Weinberger et al. 2009, "Feature hashing for large scale multitask
    learning").

    hashes    (n_tokens,)  int32   the hash of each token
    doc_ends  (n_docs,)    int64   document d ends before hashes[doc_ends[d]]
    n_columns  int                 from 1 to 2**31 - 1
    alternate  bool                whether negative hashes count -1
    indptr    (n_docs + 1,)  int   written: where each row's entries begin
    indices   (n_tokens,)    int   written: column of each entry, sorted in each row
    data      (n_tokens,)  number  written: its sum, which may be 0

    A radix sort, first by column, at last by document: no step depends on a comparison.
    """
    # document, column and sign of each token, from the highest bit to the lowest
    keys = np.empty(len(hashes), np.uint64)
    moved = np.empty(len(hashes), np.uint64)
    start = 0
    for doc in range(len(doc_ends)):
        for i in range(start, doc_ends[doc]):
            hashed = np.int64(hashes[i])
            column = np.uint32(abs(hashed)) % np.uint32(n_columns)
            is_negative = np.uint64(alternate and hashed < 0)
            keys[i] = np.uint64(doc) << np.uint64(32) | np.uint64(column) << _1 | is_negative
        start = doc_ends[doc]
    n_bits = 0
    while n_columns - 1 >> n_bits:
        n_bits += 1
    n_digits = -(-n_bits // _DIGIT)
    places = np.empty((1 << _DIGIT) + 1, np.int64)
    for digit in range(n_digits):
        shift = np.uint64(1 + digit * n_bits // n_digits)
        mask = (_1 << (np.uint64(1 + (digit + 1) * n_bits // n_digits) - shift)) - _1
        places[:] = 0
        for key in keys:
            places[(key >> shift & mask) + _1] += 1
        for i in range(1 << _DIGIT):
            places[i + 1] += places[i]
        for key in keys:
            place = key >> shift & mask
            moved[places[place]] = key
            places[place] += 1
        keys, moved = moved, keys
    begins = np.zeros(len(doc_ends), np.int64)
    begins[1:] = doc_ends[:-1]
    for key in keys:
        doc = key >> np.uint64(32)
        moved[begins[doc]] = key
        begins[doc] += 1
    entry, last, total = -1, ~np.uint64(0), np.int64(0)
    start = 0
    indptr[0] = 0
    for doc in range(len(doc_ends)):
        for key in moved[start : doc_ends[doc]]:
            is_new = key >> _1 != last
            last = key >> _1
            entry += is_new
            total = (0 if is_new else total) + 1 - 2 * np.int64(key & _1)
            indices[entry] = last & np.uint64(0x7FFFFFFF)
            data[entry] = total
        start = doc_ends[doc]
        indptr[doc + 1] = entry + 1
