"""From UTF-8 text to token ids: scan, fold case, intern, in one pass over the bytes.

A token is a maximal run of characters that `fold` keeps. Each distinct token gets an id from an
open-addressing hash table (linear probing; Knuth, The Art of Computer Programming 3, 6.4). The
state of such a table is four things that travel together, here called the *interner*:

    table    (3 * n_slots,)  uint64  slot s holds two words of key and an id from 3 s on; a slot
                                     whose second word is 0 is empty
    store    (capacity,)     uint8   the bytes of all terms, end to end
    offsets  (capacity,)     int64   term t is store[offsets[t]:offsets[t + 1]]
    n_terms  int                     terms in use

The key of a term of up to 15 bytes is these bytes and their number, so equal keys are equal terms.
The key of a longer one is a hash with its top bit set, and its bytes are compared as well.

Positions are unsigned here: a signed index costs a test for being negative at each access.
"""

import numpy as np

from textvec.kernels.compiling import compiled

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # 2**64 / golden ratio: Fibonacci hashing
_MIX = np.uint64(0xD6E8FEB86659FD93)  # a random odd number
_TOP_BIT = np.uint64(1 << 63)
_EXACT = np.uint64(15)  # bytes of a term that fit in a key
_ONES = np.uint64(0x0101010101010101)
_FIRST = np.array([(1 << 8 * n) - 1 for n in range(9)], np.uint64)  # masks of the first n bytes
ALONE = np.int32(1 << 21)  # added to a code point: above all of them
_WAITING = 256  # strings that are looked up in one go
_0, _1, _2, _3, _4, _6, _8, _12, _32, _56, _63, _64 = (
    np.uint64(n) for n in (0, 1, 2, 3, 4, 6, 8, 12, 32, 56, 63, 64)
)


@compiled
def _mix(hashed, word):
    hashed = (hashed ^ word) * _MIX
    return hashed ^ (hashed >> _32)


@compiled
def _slot(key, more, n_slots):
    return ((key ^ more * _MIX) * _GOLDEN >> _32) & np.uint64(n_slots - 1)


@compiled
def _find(key, more, term, begin, length, table, store, offsets):
    """Return the id of a term, or -1 - slot where it is missing and may be put."""
    n_slots = len(table) // 3
    slot = _slot(key, more, n_slots)
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


@compiled
def _doubled(table):
    """Return a table of twice the slots with the same entries."""
    grown = np.zeros(2 * len(table), np.uint64)
    n_slots = len(grown) // 3
    for old in range(0, len(table), 3):
        key, more = table[old], table[old + 1]
        if more != _0:
            slot = _slot(key, more, n_slots)
            while grown[_3 * slot + _1] != _0:
                slot = (slot + _1) & np.uint64(n_slots - 1)
            grown[_3 * slot] = key
            grown[_3 * slot + _1] = more
            grown[_3 * slot + _2] = table[old + 2]
    return grown


@compiled
def _longer(array, size):
    grown = np.empty(size, array.dtype)
    for i in range(len(array)):
        grown[i] = array[i]
    return grown


@compiled
def _decode(text, i):
    """Return the code point of two to four bytes from byte i on, and where the next one starts."""
    first = np.uint64(text[i])
    second = np.uint64(text[i + _1]) & _63
    if first < np.uint64(0xE0):
        return (first & np.uint64(31)) << _6 | second, i + _2
    third = np.uint64(text[i + _2]) & _63
    if first < np.uint64(0xF0):
        return (first & np.uint64(15)) << _12 | second << _6 | third, i + _3
    fourth = np.uint64(text[i + _3]) & _63
    high = (first & np.uint64(7)) << np.uint64(18) | second << _12
    return high | third << _6 | fourth, i + _4


@compiled
def _encode(code, term, length):
    """Write a code point of two to four bytes at term[length:], return the new length."""
    if code < 0x800:
        term[length] = 0xC0 | code >> 6
    else:
        if code < 0x10000:
            term[length] = 0xE0 | code >> 12
        else:
            term[length] = 0xF0 | code >> 18
            length += _1
            term[length] = 0x80 | code >> 12 & 63
        length += _1
        term[length] = 0x80 | code >> 6 & 63
    term[length + _1] = 0x80 | code & 63
    return length + _2


@compiled
def eight_bytes(text, i):
    """Return eight bytes from byte i on, the first lowest: compiled into one load."""
    return (
        np.uint64(text[i])
        | np.uint64(text[i + _1]) << _8
        | np.uint64(text[i + _2]) << np.uint64(16)
        | np.uint64(text[i + _3]) << np.uint64(24)
        | np.uint64(text[i + _4]) << _32
        | np.uint64(text[i + np.uint64(5)]) << np.uint64(40)
        | np.uint64(text[i + _6]) << np.uint64(48)
        | np.uint64(text[i + np.uint64(7)]) << _56
    )


@compiled
def _n_chars(text, begin, end):
    """Count the characters of text[begin:end]: its bytes but those of the bits 10......"""
    begin, n_chars = np.uint64(begin), np.uint64(end - begin)
    for j in range(_0, n_chars, _8):
        word = eight_bytes(text, begin + j) & _FIRST[min(np.uint64(end) - begin - j, _8)]
        n_chars -= ((word >> np.uint64(7)) & ~(word >> _6) & _ONES) * _ONES >> _56
    return n_chars


@compiled
def find_tokens(text, doc_ends, fold, min_chars):
    """Split documents into tokens.

    text       (n_bytes,)  uint8  the documents in UTF-8, end to end
    doc_ends   (n_docs,)   int64  document d ends before text[doc_ends[d]]
    fold       (128 or 0x110000,)  int32  code point -> code point that stands for it in a token,
                                  or -1 between tokens; 128 long when all text is ASCII
    min_chars  int                shorter tokens are skipped

    Returns folded (n_bytes_and_more,) uint8, spans (n_tokens, 2) int64 and token_ends (n_docs,)
    int64: token t is folded[spans[t, 0]:spans[t, 1]], which at least 16 bytes follow.
    """
    folded = np.empty(len(text) + len(text) // 2 + 16, np.uint8)  # it makes 3 bytes of 2 at most
    bounds = np.empty(len(text) + len(doc_ends) + 2, np.int64)
    token_ends = np.empty(len(doc_ends), np.int64)
    i = length = n_bounds = _0
    for doc in range(len(doc_ends)):
        first, end = n_bounds, np.uint64(doc_ends[doc])
        inside = False
        while i < end:
            bounds[n_bounds] = length
            if text[i] < 0x80:
                code = fold[text[i]]
                folded[length] = code & 0xFF
                length += _1
                i += _1
            else:
                point, i = _decode(text, i)
                code = fold[point]
                if 0 <= code < 0x80:
                    folded[length] = code
                    length += _1
                elif code >= 0:
                    length = _encode(code, folded, length)
            n_bounds += np.uint64((code >= 0) != inside)  # no branch: it could not be predicted
            inside = code >= 0
        if inside:
            bounds[n_bounds] = length
            n_bounds += _1
        if min_chars > 1:
            last, n_bounds = n_bounds, first
            for k in range(first, last, _2):
                begin, stop = bounds[k], bounds[k + _1]
                bounds[n_bounds], bounds[n_bounds + _1] = begin, stop
                n_bounds += np.uint64(_n_chars(folded, begin, stop) >= min_chars) << _1
        token_ends[doc] = n_bounds >> _1
    return folded, bounds[:n_bounds].reshape(-1, 2), token_ends


@compiled
def find_pieces(text, doc_ends, fold, min_chars):
    """Split documents into words and single characters, with a break where neither may go on.

    text, doc_ends, min_chars  as in `find_tokens`; characters that stand alone are never skipped
    fold  (0x110000,)  int32   as in `find_tokens`, but ALONE more for a character that is a token
                               of its own

    Returns folded, spans and token_ends as `find_tokens` does. A break is an empty span: between
    words and characters, and between characters that are no neighbours.
    """
    folded = np.empty(len(text) + len(text) // 2 + 16, np.uint8)
    bounds = np.empty(2 * len(text) + len(doc_ends) + 4, np.int64)
    token_ends = np.empty(len(doc_ends), np.int64)
    i = length = n_bounds = _0
    for doc in range(len(doc_ends)):
        first, end = n_bounds, np.uint64(doc_ends[doc])
        inside = alone = False
        while i < end:
            begin = np.int64(length)
            if text[i] < 0x80:
                code = fold[text[i]]
                folded[length] = code & 0xFF
                length += _1
                i += _1
            else:
                point, i = _decode(text, i)
                code = fold[point]
                if 0 <= code < 0x80:
                    folded[length] = code
                    length += _1
                elif code >= 0:
                    length = _encode(code & (ALONE - 1), folded, length)
                if code >= ALONE:
                    bounds[n_bounds] = begin
                    n_bounds += np.uint64(inside)
                    if (
                        n_bounds > first
                        and not alone
                        and bounds[n_bounds - _2] != ~bounds[n_bounds - _1]  # no break already
                    ):
                        bounds[n_bounds], bounds[n_bounds + _1] = ~begin, begin
                        n_bounds += _2
                    # complemented: what is to stay, however short
                    bounds[n_bounds], bounds[n_bounds + _1] = ~begin, np.int64(length)
                    n_bounds += _2
                    inside, alone = False, True
                    continue
            if alone:
                bounds[n_bounds], bounds[n_bounds + _1] = ~begin, begin
                n_bounds += _2
                alone = False
            bounds[n_bounds] = begin
            n_bounds += np.uint64((code >= 0) != inside)
            inside = code >= 0
        if inside:
            bounds[n_bounds] = length
            n_bounds += _1
        last, n_bounds = n_bounds, first
        for k in range(first, last, _2):
            begin, stop = bounds[k], bounds[k + _1]
            is_word = begin >= 0
            begin = begin if is_word else ~begin
            bounds[n_bounds], bounds[n_bounds + _1] = begin, stop
            if not is_word or _n_chars(folded, begin, stop) >= min_chars:
                n_bounds += _2
        token_ends[doc] = n_bounds >> _1
    return folded, bounds[:n_bounds].reshape(-1, 2), token_ends


@compiled
def _key(text, begin, length):
    """Return the two words of a term's key."""
    if length <= _EXACT:
        key = eight_bytes(text, begin) & _FIRST[min(length, _8)]
        more = eight_bytes(text, begin + _8) & _FIRST[max(length, _8) - _8]
        return key, more | length << _56
    hashed = _0
    for j in range(_0, length, _8):
        hashed = _mix(hashed, eight_bytes(text, begin + j) & _FIRST[min(length - j, _8)])
    return hashed, length | _TOP_BIT


@compiled
def _look_up(
    missing, found, keys, mores, text, spans, growing, table, store, offsets, n_terms
):  # fmt: skip
    """Write the ids of those strings into found that are not in their first slot of the table.

    Returns the interner as it is now. Arrays are replaced here, not in `intern_strings`, where
    references to them would be counted at each string.
    """
    while growing and 9 * (n_terms + len(missing)) > 2 * len(table):  # at most two thirds full
        table = _doubled(table)
    for k in missing:
        begin = np.uint64(spans[k, 0])
        length = np.uint64(spans[k, 1]) - begin
        known = _find(keys[k], mores[k], text, begin, length, table, store, offsets)
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
def intern_strings(text, spans, growing, table, store, offsets, n_terms):
    """Give every string the id of its term.

    text     (n_bytes,)        uint8  the strings in UTF-8 somewhere in it, then 16 bytes or more
    spans    (n_strings, 2)    int64  string s is text[spans[s, 0]:spans[s, 1]]; an empty one gets
                                      an id of no meaning
    growing  bool                     add terms that are new; otherwise their strings get id -1
    table, store, offsets, n_terms    the interner, see the top of this module

    A first look at many strings comes before a second at those that were not where they should
    be: so the memory's answers overlap, and hardly a branch is mispredicted.

    Returns ids (n_strings,) int32, and the interner as it is now.
    """
    ids = np.empty(len(spans), np.int32)
    keys = np.empty(_WAITING, np.uint64)
    mores = np.empty(_WAITING, np.uint64)
    missing = np.empty(_WAITING, np.int64)
    for first in range(0, len(spans), _WAITING):
        n_waiting = min(_WAITING, len(spans) - first)
        found, waiting = ids[first : first + n_waiting], spans[first : first + n_waiting]
        for k in range(n_waiting):
            begin = np.uint64(waiting[k, 0])
            keys[k], mores[k] = _key(text, begin, np.uint64(waiting[k, 1]) - begin)
        n_missing = 0
        for k in range(n_waiting):
            key, more = keys[k], mores[k]
            at = _3 * _slot(key, more, len(table) // 3)
            found[k] = table[at + _2]
            missing[n_missing] = k
            n_missing += table[at] != key or table[at + _1] != more or more >= _TOP_BIT
        table, store, offsets, n_terms = _look_up(
            missing[:n_missing], found, keys, mores, text, waiting, growing,
            table, store, offsets, n_terms,
        )  # fmt: skip
    return ids, table, store, offsets, n_terms


def intern_tokens(
    text, doc_ends, fold, min_chars, n_dropped, growing, table, store, offsets, n_terms,
    in_pieces=False,
):  # fmt: skip
    """Split documents into tokens and give every token the id of its term.

    text, doc_ends, fold, min_chars  as in `find_tokens`
    in_pieces  bool                  split by `find_pieces`: a break gets the id -1
    n_dropped  int                   tokens of the terms 0 .. n_dropped - 1 are left out
    growing, table, store, offsets, n_terms  as in `intern_strings`

    Returns ids (n_tokens,) int32, token_ends (n_docs,) int64, and the interner as it is now.
    """
    find = find_pieces if in_pieces else find_tokens
    folded, spans, token_ends = find(text, doc_ends, fold, min_chars)
    ids, *interner = intern_strings(folded, spans, growing, table, store, offsets, n_terms)
    if in_pieces:
        ids[spans[:, 0] == spans[:, 1]] = -1
    if n_dropped:
        stays = (ids < 0) | (ids >= n_dropped)
        token_ends = np.concatenate([[0], stays.cumsum()])[token_ends]
        ids = ids[stays]
    return ids, token_ends, *interner


@compiled
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
    i = _0
    for doc in range(len(doc_ends)):
        n_spaces = 0
        end = np.uint64(doc_ends[doc])
        while i < end:
            code = np.uint64(text[i])
            if code < np.uint64(0x80):
                i += _1
            else:
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


@compiled
def join_terms(store, offsets, tokens, starts, lengths, gaps, inner, outer):
    """Spell n-grams: the bytes of their tokens, with separators, end to end.

    store, offsets     the terms of the tokens, see the top of this module
    tokens   (n_tokens,)  int32  term ids
    starts   (n_grams,)   int64  where each n-gram begins in tokens
    lengths  (n_grams,)   int64  of how many tokens it is made
    gaps     (n_grams,)   bool   whether inner is written between them
    inner, outer  (k,)    uint8  what is written between tokens, and after each n-gram

    Returns text (n_bytes,) uint8 and ends (n_grams,) int64: n-gram g without its outer separator
    ends before text[ends[g]].
    """
    size = 0
    for gram in range(len(starts)):
        size += gaps[gram] * (lengths[gram] - 1) * len(inner) + len(outer)
        for token in tokens[starts[gram] : starts[gram] + lengths[gram]]:
            size += offsets[token + 1] - offsets[token]
    text = np.empty(size, np.uint8)
    ends = np.empty(len(starts), np.int64)
    i = 0
    for gram in range(len(starts)):
        for k in range(lengths[gram]):
            if k > 0 and gaps[gram]:
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


@compiled
def are_alone(store, offsets, n_terms, fold):
    """Tell which terms begin with a character that is a token of its own, see `find_pieces`.

    store, offsets, n_terms   of the interner, see the top of this module
    fold  (0x110000,)  int32  as in `find_pieces`

    Returns (n_terms,) bool.
    """
    alone = np.zeros(n_terms, np.bool_)
    for term in range(n_terms):
        start = np.uint64(offsets[term])
        if store[start] >= 0x80:
            alone[term] = fold[_decode(store, start)[0]] >= ALONE
    return alone


@compiled
def leading_bytes(text, begins, ends):
    """Return the first eight bytes of strings as numbers that sort as they do.

    text    (n_bytes,)    uint8  the strings somewhere in it
    begins, ends  (n_strings,)  int64  string s is text[begins[s]:ends[s]]

    Returns (n_strings,) uint64.
    """
    leading = np.zeros(len(begins), np.uint64)
    for s in range(len(begins)):
        for j in range(min(8, ends[s] - begins[s])):
            leading[s] |= np.uint64(text[begins[s] + j]) << np.uint64(56 - 8 * j)
    return leading


@compiled
def _precedes(a, b, text, begins, ends):
    """Whether string a comes before or equals b, their first eight bytes being equal."""
    length_a, length_b = ends[a] - begins[a], ends[b] - begins[b]
    for j in range(8, min(length_a, length_b)):
        if text[begins[a] + j] != text[begins[b] + j]:
            return text[begins[a] + j] < text[begins[b] + j]
    return length_a <= length_b


@compiled
def sort_ties(order, first, end, leading, text, begins, ends):
    """Order strings by all their bytes that are in order by their first eight; in place.

    For UTF-8 that is the order of their code points. A bottom-up merge sort of each run of ties.

    order       (n_strings,)  int64  string numbers
    first, end  int                  the runs of ties that begin in order[first:end] are sorted
    leading, text, begins, ends    from and to `leading_bytes`
    """
    merged = np.empty(len(order), np.int64)
    while 0 < first < end and leading[order[first]] == leading[order[first - 1]]:
        first += 1
    while first < end:
        last = first + 1
        while last < len(order) and leading[order[last]] == leading[order[first]]:
            last += 1
        width = 1
        while width < last - first:
            for low in range(first, last, 2 * width):
                middle, high = min(low + width, last), min(low + 2 * width, last)
                left, right = low, middle
                for i in range(low, high):
                    if left < middle and (
                        right >= high or _precedes(order[left], order[right], text, begins, ends)
                    ):
                        merged[i] = order[left]
                        left += 1
                    else:
                        merged[i] = order[right]
                        right += 1
            for i in range(first, last):
                order[i] = merged[i]
            width *= 2
        first = last
