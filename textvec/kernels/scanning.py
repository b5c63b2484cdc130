"""From UTF-8 text to tokens and back: scan, fold case, cut; spell and sort.

Positions are unsigned here: a signed index costs a test for being negative at each access.
"""

import numpy as np

from textvec.kernels.compiling import compiled, step

ALONE = np.int32(1 << 21)  # added to a code point: above all of them
_ONES = np.uint64(0x0101010101010101)
FIRST_BYTES = np.array([(1 << 8 * n) - 1 for n in range(9)], np.uint64)  # masks of the first n
_0, _1, _2, _3, _4, _6, _8, _12, _32, _56, _63 = (
    np.uint64(n) for n in (0, 1, 2, 3, 4, 6, 8, 12, 32, 56, 63)
)


@step
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


@step
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


@step
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


@step
def _n_chars(text, begin, end):
    """Count the characters of text[begin:end]: its bytes but those of the bits 10......"""
    begin, n_chars = np.uint64(begin), np.uint64(end - begin)
    for j in range(_0, n_chars, _8):
        word = eight_bytes(text, begin + j) & FIRST_BYTES[min(np.uint64(end) - begin - j, _8)]
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
    i = length = n_bounds = bounds[0] = _0
    for doc in range(len(doc_ends)):
        end = np.uint64(doc_ends[doc])
        n_chars = 0  # of the token that began at bounds[n_bounds]
        while i < end:
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
            inside = code >= 0  # no branch on it: it could not be predicted
            n_bounds += np.uint64(not inside and n_chars >= min_chars) << _1
            bounds[n_bounds + np.uint64(inside)] = length
            n_chars = n_chars + 1 if inside else 0
        n_bounds += np.uint64(n_chars >= min_chars) << _1
        bounds[n_bounds] = length
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

    store, offsets     the terms of the tokens, see `interning`
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

    store, offsets, n_terms   of the interner, see `interning`
    fold  (0x110000,)  int32  as in `find_pieces`

    Returns (n_terms,) bool.
    """
    alone = np.zeros(n_terms, np.bool_)
    for term in range(n_terms):
        start = np.uint64(offsets[term])
        if store[start] >= 0x80:
            alone[term] = fold[_decode(store, start)[0]] >= ALONE
    return alone


@step
def _next_bytes(text, begin, end):
    """Eight bytes of text[begin:end] as one number, zeros behind its end."""
    key = np.uint64(0)
    for j in range(min(8, end - begin)):
        key |= np.uint64(text[begin + j]) << np.uint64(56 - 8 * j)
    return key


@compiled
def leading_bytes(text, begins, ends):
    """Return the first eight bytes of strings as numbers that sort as they do.

    text    (n_bytes,)    uint8  the strings somewhere in it
    begins, ends  (n_strings,)  int64  string s is text[begins[s]:ends[s]]

    Returns (n_strings,) uint64.
    """
    leading = np.empty(len(begins), np.uint64)
    for s in range(len(begins)):
        leading[s] = _next_bytes(text, begins[s], ends[s])
    return leading


@compiled
def order_by_tokens(ranks, tokens, ends, max_n):
    """Order n-grams by the ranks of their tokens, the shorter first where one begins the other.

    ranks   (n_terms,)   int64  term -> its rank, from 1 on
    tokens  (n_tokens,)  int32  the terms of all n-grams, end to end
    ends    (n_grams,)   int64  n-gram g ends before tokens[ends[g]]
    max_n   int                 most tokens in an n-gram

    By counting sorts from the last place to the first (Knuth, The Art of Computer Programming 3,
    5.2.5).

    Returns order (n_grams,) int32: n-gram numbers.
    """
    order = np.arange(len(ends)).astype(np.int32)
    sorted_before = np.empty(len(ends), np.int32)
    keys = np.empty(len(ends), np.int32)
    firsts = np.empty(ranks.max() + 2, np.int64)
    for place in range(max_n - 1, -1, -1):
        firsts[:] = 0
        for gram in range(len(ends)):
            at = (0 if gram == 0 else ends[gram - 1]) + place
            keys[gram] = ranks[tokens[at]] if at < ends[gram] else 0
            firsts[keys[gram] + 1] += 1
        for key in range(1, len(firsts)):
            firsts[key] += firsts[key - 1]
        order, sorted_before = sorted_before, order
        for gram in sorted_before:
            order[firsts[keys[gram]]] = gram
            firsts[keys[gram]] += 1
    return order


@compiled
def sort_ties(order, first, end, leading, text, begins, ends):
    """Order strings by all their bytes that are in order by their first eight; in place.

    For UTF-8 that is the order of their code points. Each run of ties is sorted by the next eight
    bytes, by a bottom-up merge sort of numbers that lie side by side, and what ties in these by the
    eight after them.

    order       (n_strings,)  int64  string numbers
    first, end  int                  the runs of ties that begin in order[first:end] are sorted
    leading, text, begins, ends    from and to `leading_bytes`
    """
    while 0 < first < end and leading[order[first]] == leading[order[first - 1]]:
        first += 1
    runs, longest = [(first, first, 0)], 1  # and the bytes that strings of a run have in common
    while first < end:
        last = first + 1
        while last < len(order) and leading[order[last]] == leading[order[first]]:
            last += 1
        if last - first > 1:
            runs.append((first, last, 8))
            longest = max(longest, last - first)
        first = last
    keys, sorted_keys = np.empty(longest, np.uint64), np.empty(longest, np.uint64)
    lengths, sorted_lengths = np.empty(longest, np.int64), np.empty(longest, np.int64)
    strings, sorted_strings = np.empty(longest, np.int64), np.empty(longest, np.int64)
    while runs:
        low, high, depth = runs.pop()
        n = high - low
        for i in range(n):
            string = order[low + i]
            strings[i] = string
            lengths[i] = min(8, ends[string] - begins[string] - depth)  # at a tie, the shorter one
            keys[i] = _next_bytes(text, begins[string] + depth, ends[string])
        width = 1
        while width < n:
            for start in range(0, n, 2 * width):
                middle, stop = min(start + width, n), min(start + 2 * width, n)
                left, right = start, middle
                for i in range(start, stop):
                    if left < middle and (
                        right >= stop
                        or keys[left] < keys[right]
                        or (keys[left] == keys[right] and lengths[left] <= lengths[right])
                    ):
                        at = left
                        left += 1
                    else:
                        at = right
                        right += 1
                    sorted_keys[i], sorted_lengths[i] = keys[at], lengths[at]
                    sorted_strings[i] = strings[at]
            keys, sorted_keys = sorted_keys, keys
            lengths, sorted_lengths = sorted_lengths, lengths
            strings, sorted_strings = sorted_strings, strings
            width *= 2
        start = 0
        for i in range(n):
            order[low + i] = strings[i]
            if i + 1 == n or keys[i + 1] != keys[i] or lengths[i + 1] != lengths[i]:
                if i > start and lengths[i] == 8:
                    runs.append((low + start, low + i + 1, depth + 8))
                start = i + 1
