"""From UTF-8 text to token ids: scan, fold case, intern, in one pass over the bytes.

A token is a maximal run of characters that `fold` keeps. Each distinct token gets an id from an
open-addressing hash table (linear probing; Knuth, The Art of Computer Programming 3, 6.4). The
state of such a table is five things that travel together, here called the *interner*:

    table    (2 * n_slots,)  uint64  slot s holds a key at 2 s and an id at 2 s + 1; key 0 is empty
    store    (capacity,)     uint8   the bytes of all terms, end to end
    offsets  (capacity,)     int64   term t is store[offsets[t]:offsets[t + 1]]
    n_terms  int                     terms in use

A key is exact for terms of up to 7 bytes (the bytes and their number, packed), and a hash with
its top bit set for longer ones, whose bytes are then compared: two terms never share an id.
"""

import numpy as np
from numba import njit

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # 2**64 / golden ratio: Fibonacci hashing
_MIX = np.uint64(0xD6E8FEB86659FD93)  # a random odd number
_TOP_BIT = np.uint64(1 << 63)
_PACKED = 7  # bytes that fit in a key beside their number


@njit(nogil=True, cache=True)
def _mix(hashed, word):
    hashed = (hashed ^ word) * _MIX
    return hashed ^ (hashed >> np.uint64(32))


@njit(nogil=True, cache=True)
def _key(hashed, word, length):
    if length <= _PACKED:
        return word | np.uint64(length) << np.uint64(56)
    return _mix(hashed, word ^ np.uint64(length)) | _TOP_BIT


@njit(nogil=True, cache=True)
def _find(key, term, length, table, store, offsets):
    """Return the id of a term, or -1 - slot where it is missing and may be put."""
    mask = len(table) // 2 - 1
    slot = np.int64((key * _GOLDEN) >> np.uint64(32)) & mask
    while True:
        found = table[2 * slot]
        if found == np.uint64(0):
            return -1 - slot
        if found == key:
            known = np.int64(table[2 * slot + 1])
            if length <= _PACKED:
                return known
            start = offsets[known]
            if offsets[known + 1] - start == length:
                same = True
                for j in range(length):
                    if store[start + j] != term[j]:
                        same = False
                        break
                if same:
                    return known
        slot = (slot + 1) & mask


@njit(nogil=True, cache=True)
def _doubled(table):
    """Return a table of twice the slots with the same entries."""
    grown = np.zeros(2 * len(table), np.uint64)
    mask = len(table) - 1
    for old in range(len(table) // 2):
        key = table[2 * old]
        if key != np.uint64(0):
            slot = np.int64((key * _GOLDEN) >> np.uint64(32)) & mask
            while grown[2 * slot] != np.uint64(0):
                slot = (slot + 1) & mask
            grown[2 * slot] = key
            grown[2 * slot + 1] = table[2 * old + 1]
    return grown


@njit(nogil=True, cache=True)
def _longer(array, size):
    grown = np.empty(size, array.dtype)
    grown[: len(array)] = array
    return grown


@njit(nogil=True, cache=True)
def _decode(text, i):
    """Return the code point at byte i of UTF-8 text, and where the next one starts."""
    first = np.int64(text[i])
    if first < 0x80:
        return first, i + 1
    second = np.int64(text[i + 1]) & 63
    if first < 0xE0:
        return (first & 31) << 6 | second, i + 2
    third = np.int64(text[i + 2]) & 63
    if first < 0xF0:
        return (first & 15) << 12 | second << 6 | third, i + 3
    return (first & 7) << 18 | second << 12 | third << 6 | np.int64(text[i + 3]) & 63, i + 4


@njit(nogil=True, cache=True)
def _encode(code, term, length):
    """Write a code point as UTF-8 at term[length:], return the new length."""
    if code < 0x80:
        term[length] = code
        return length + 1
    if code < 0x800:
        term[length] = 0xC0 | code >> 6
        term[length + 1] = 0x80 | code & 63
        return length + 2
    if code < 0x10000:
        term[length] = 0xE0 | code >> 12
        term[length + 1] = 0x80 | code >> 6 & 63
        term[length + 2] = 0x80 | code & 63
        return length + 3
    term[length] = 0xF0 | code >> 18
    term[length + 1] = 0x80 | code >> 12 & 63
    term[length + 2] = 0x80 | code >> 6 & 63
    term[length + 3] = 0x80 | code & 63
    return length + 4


@njit(nogil=True, cache=True)
def intern_tokens(
    text, doc_ends, fold, min_chars, n_dropped, growing, table, store, offsets, n_terms
):
    """Split documents into tokens and give every token the id of its term.

    text       (n_bytes,)  uint8  the documents in UTF-8, end to end
    doc_ends   (n_docs,)   int64  document d ends before text[doc_ends[d]]
    fold       (128 or 0x110000,)  int32  code point -> code point that stands for it in a term,
                                  or -1 between tokens; 128 long when all text is ASCII
    min_chars  int                shorter tokens are skipped
    n_dropped  int                tokens of the terms 0 .. n_dropped - 1 are skipped (stop words)
    growing    bool               add terms that are new; otherwise their tokens get id -1
    table, store, offsets, n_terms  the interner, see the top of this module

    Returns ids (n_tokens,) int32, token_ends (n_docs,) int64, and the interner as it is now:
    table, store, offsets, n_terms.
    """
    ids = np.empty(len(text) // (min_chars + 1) + len(doc_ends) + 1, np.int32)
    token_ends = np.empty(len(doc_ends), np.int64)
    term = np.empty(len(text) + len(text) // 2 + 8, np.uint8)  # folding makes 3 bytes of 2 at most
    n_tokens = 0
    i = 0
    for doc in range(len(doc_ends)):
        end = doc_ends[doc]
        while i < end:
            code, i = _decode(text, i)
            code = np.int64(fold[code])
            if code < 0:
                continue
            length = n_chars = 0
            hashed = word = np.uint64(0)
            while code >= 0:
                n_chars += 1
                if code < 0x80:
                    term[length] = code
                    stop = length + 1
                else:
                    stop = _encode(code, term, length)
                while length < stop:
                    if length % 8 == 0 and length > 0:
                        hashed = _mix(hashed, word)
                        word = np.uint64(0)
                    word |= np.uint64(term[length]) << np.uint64(8 * (length % 8))
                    length += 1
                if i >= end:
                    break
                code, i = _decode(text, i)
                code = np.int64(fold[code])
            if n_chars < min_chars:
                continue
            key = _key(hashed, word, length)
            found = _find(key, term, length, table, store, offsets)
            if found < 0:
                if growing:
                    table[2 * (-1 - found)] = key
                    table[2 * (-1 - found) + 1] = np.uint64(n_terms)
                    found = n_terms
                    n_terms += 1
                    start = offsets[found]
                    if start + length > len(store):
                        store = _longer(store, 2 * (start + length))
                    if n_terms + 1 >= len(offsets):
                        offsets = _longer(offsets, 2 * len(offsets))
                    store[start : start + length] = term[:length]
                    offsets[n_terms] = start + length
                    if 4 * n_terms > len(table):
                        table = _doubled(table)
                else:
                    found = -1
            elif found < n_dropped:
                continue
            ids[n_tokens] = found
            n_tokens += 1
        token_ends[doc] = n_tokens
    return ids[:n_tokens].copy(), token_ends, table, store, offsets, n_terms


@njit(nogil=True, cache=True)
def scan_characters(text, doc_ends, fold, is_space):
    """Split documents into code points, each run of two or more spaces being one U+0020.

    text      (n_bytes,)  uint8  the documents in UTF-8, end to end
    doc_ends  (n_docs,)   int64  document d ends before text[doc_ends[d]]
    fold      (128 or 0x110000,)  int32  code point -> code point that stands for it
    is_space  (128 or 0x110000,)  bool   white space, as str.isspace

    Returns codes (n_codes,) int32 and code_ends (n_docs,) int64.
    """
    codes = np.empty(len(text), np.int32)
    code_ends = np.empty(len(doc_ends), np.int64)
    n_codes = 0
    i = 0
    for doc in range(len(doc_ends)):
        n_spaces = 0
        while i < doc_ends[doc]:
            code, i = _decode(text, i)
            if is_space[code]:
                n_spaces += 1
                if n_spaces == 2:
                    codes[n_codes - 1] = 0x20
                if n_spaces > 1:
                    continue
            else:
                n_spaces = 0
            codes[n_codes] = fold[code]
            n_codes += 1
        code_ends[doc] = n_codes
    return codes[:n_codes].copy(), code_ends


@njit(nogil=True, cache=True)
def join_terms(store, offsets, tokens, starts, lengths, inner, outer):
    """Spell n-grams: the bytes of their tokens, with separators, end to end.

    store, offsets     the terms of the tokens, see the top of this module
    tokens   (n_tokens,)  int32  term ids
    starts   (n_grams,)   int64  where each n-gram begins in tokens
    lengths  (n_grams,)   int64  of how many tokens it is made
    inner, outer  (k,)    uint8  what is written between tokens, and after each n-gram

    Returns text (n_bytes,) uint8 and ends (n_grams,) int64: n-gram g without its outer separator
    ends before text[ends[g]].
    """
    size = 0
    for gram in range(len(starts)):
        size += (lengths[gram] - 1) * len(inner) + len(outer)
        for token in tokens[starts[gram] : starts[gram] + lengths[gram]]:
            size += offsets[token + 1] - offsets[token]
    text = np.empty(size, np.uint8)
    ends = np.empty(len(starts), np.int64)
    i = 0
    for gram in range(len(starts)):
        for k in range(lengths[gram]):
            if k > 0:
                for j in range(len(inner)):
                    text[i] = inner[j]
                    i += 1
            token = tokens[starts[gram] + k]
            for j in range(offsets[token], offsets[token + 1]):
                text[i] = store[j]
                i += 1
        ends[gram] = i
        for j in range(len(outer)):
            text[i] = outer[j]
            i += 1
    return text, ends


@njit(nogil=True, cache=True)
def _precedes(a, b, prefixes, text, starts, ends):
    """Whether string a comes before or equals b, byte by byte."""
    if prefixes[a] != prefixes[b]:
        return prefixes[a] < prefixes[b]
    length_a, length_b = ends[a] - starts[a], ends[b] - starts[b]
    for j in range(8, min(length_a, length_b)):
        if text[starts[a] + j] != text[starts[b] + j]:
            return text[starts[a] + j] < text[starts[b] + j]
    return length_a <= length_b


@njit(nogil=True, cache=True)
def sort_strings(text, starts, ends):
    """Order strings by their bytes, which for UTF-8 is the order of their code points.

    A bottom-up merge sort on the first eight bytes as one number, then on the rest.

    text    (n_bytes,)    uint8  the strings somewhere in it
    starts, ends  (n_strings,)  int64  string s is text[starts[s]:ends[s]]

    Returns order (n_strings,) int32: the strings from first to last, equal ones as they came.
    """
    n = len(starts)
    prefixes = np.zeros(n, np.uint64)
    for s in range(n):
        for j in range(min(8, ends[s] - starts[s])):
            prefixes[s] |= np.uint64(text[starts[s] + j]) << np.uint64(56 - 8 * j)
    order = np.arange(n).astype(np.int32)
    merged = np.empty(n, np.int32)
    width = 1
    while width < n:
        for low in range(0, n, 2 * width):
            middle, high = min(low + width, n), min(low + 2 * width, n)
            left, right = low, middle
            for i in range(low, high):
                if left < middle and (
                    right >= high
                    or _precedes(order[left], order[right], prefixes, text, starts, ends)
                ):
                    merged[i] = order[left]
                    left += 1
                else:
                    merged[i] = order[right]
                    right += 1
        order, merged = merged, order
        width *= 2
    return order
