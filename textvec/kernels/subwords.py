"""Words by their parts: character n-grams, hashed into few rows that words which share them share.

A word w stands as ``<w>``. Its n-grams are the runs of min_n to max_n characters of that, but for
``<`` and ``>`` alone; each is hashed, and its hashes modulo the number of rows say which rows
R(w) the word has, one as often as it is said. Its vector, the input x of `word_vectors`, is the row
v_w that it has for itself and the mean of the rows s_r of its parts:

    x_w = v_w + sum over r in R(w) of s_r / |R(w)|,
    dJ/dv_w = dJ/dx_w,    dJ/ds_r = sum over w with r of dJ/dx_w / |R(w)|.

Of the step that x_w would take alone, v_w takes a tenth and every s_r one half, |R(w)| times as
long as its gradient says: words that share parts move each other, so x_w goes about as far as a
word without parts would. The less v_w takes, the more of a word is in its parts, for the good of
rare words and of inflected ones; in fastText v_w is one more of the rows in the mean.

Composing x_w anew for each window would take most of the time. It is done once for a span of
documents instead, some two thousand words: `word_vectors.train` changes the vectors of its words as
if they had no parts, and what has become of each is then added to its rows. `train_plainly` is the
page to read.

Sources: Bojanowski et al. 2017, "Enriching word vectors with subword information"; Boyd and
Warmerdam 2022, "floret: lightweight, robust word vectors" (several hashes, few rows). The hashes
are FNV-1a (Fowler, Noll and Vo), with bytes above 127 widened by their sign, as fastText has it,
and MurmurHash3 (x64, 128 bits, seed 2166136261; Austin Appleby), of which floret makes four.

Kernels take

text             (n_bytes,)        uint8    ``<w>`` of all words in UTF-8, one after the other
word_ends        (n_words,)        int64    word w ends before text[word_ends[w]]
parts            (n_parts,)        int32    R(w) of all words, one after the other
part_ends        (n_words,)        int64    those of word w end before parts[part_ends[w]]
own              (n_words, width)  float32  v
rows             (n_rows, width)   float32  s
"""

import numpy as np

from textvec.kernels import word_vectors
from textvec.kernels.compiling import compiled
from textvec.kernels.spans import turn

FNV = 0  # in place of a number of hashes: one, by FNV-1a
_SEED = 2166136261
_OWN, _PARTS = np.float32(0.1), np.float32(0.5)  # what a word with parts takes of a step, and they
_LOW_32 = np.uint64(0xFFFFFFFF)


@compiled
def fnv_hash(text, begin, end):
    """Return the hash of text[begin:end]: uint64 below 2**32."""
    hashed = np.uint64(_SEED)
    for i in range(begin, end):
        byte = np.uint64(text[i])
        if byte > np.uint64(127):
            byte |= np.uint64(0xFFFFFF00)
        hashed = (hashed ^ byte) * np.uint64(16777619) & _LOW_32
    return hashed


@compiled
def murmur_hash(text, begin, end):
    """Return the two halves, uint64, of the hash of text[begin:end]."""
    one, two = np.uint64(0x87C37B91114253D5), np.uint64(0x4CF5AD432745937F)
    low = high = np.uint64(_SEED)
    at = begin
    while at + 16 <= end:
        low ^= _rotated(_number(text, at, at + 8) * one, 31) * two
        low = (_rotated(low, 27) + high) * np.uint64(5) + np.uint64(0x52DCE729)
        high ^= _rotated(_number(text, at + 8, at + 16) * two, 33) * one
        high = (_rotated(high, 31) + low) * np.uint64(5) + np.uint64(0x38495AB5)
        at += 16
    high ^= _rotated(_number(text, at + 8, end) * two, 33) * one
    low ^= _rotated(_number(text, at, min(end, at + 8)) * one, 31) * two
    low ^= np.uint64(end - begin)
    high ^= np.uint64(end - begin)
    low += high
    high += low
    low, high = _mixed(low), _mixed(high)
    low += high
    return low, high + low


@compiled
def _number(text, begin, end):
    """Return up to eight bytes as a number, the first the lowest; 0 for none."""
    number = np.uint64(0)
    for i in range(end - begin):
        number |= np.uint64(text[begin + i]) << np.uint64(8 * i)
    return number


@compiled
def _rotated(number, bits):
    return number << np.uint64(bits) | number >> np.uint64(64 - bits)


@compiled
def _mixed(number):
    number = (number ^ number >> np.uint64(33)) * np.uint64(0xFF51AFD7ED558CCD)
    number = (number ^ number >> np.uint64(33)) * np.uint64(0xC4CEB9FE1A85EC53)
    return number ^ number >> np.uint64(33)


@compiled
def parts_of(text, word_ends, min_n, max_n, n_rows, hashes):
    """Return parts and part_ends of words; arguments at the top, and

    min_n, max_n  int  length of an n-gram in characters, min_n <= max_n
    n_rows        int  from 1 to 2**31 - 1
    hashes        int  of each n-gram, 1 to 4, by MurmurHash3, and of ``<w>`` as a whole, which then
                       comes first; or FNV: one, of n-grams alone
    """
    lowest = max(1, min_n)
    n_hashes = max(1, hashes)
    n_parts, start = 0, 0
    for stop in word_ends:
        n_parts += n_hashes * (hashes != FNV and stop > start)
        n_characters = 0
        for i in range(start, stop):
            n_characters += text[i] & 0xC0 != 0x80
        for n in range(lowest, min(max_n, n_characters) + 1):
            n_parts += n_hashes * (n_characters - n + 1 - 2 * (n == 1))
        start = stop
    parts, n_parts = np.empty(max(0, n_parts), np.int32), 0
    part_ends = np.empty(len(word_ends), np.int64)
    start = 0
    for w in range(len(word_ends)):
        stop = word_ends[w]
        if hashes != FNV and stop > start:
            n_parts = _hash_part(text, start, stop, n_rows, hashes, parts, n_parts)
        for begin in range(start, stop):
            if text[begin] & 0xC0 == 0x80:  # within a character
                continue
            end, n = begin, 0
            while end < stop and n < max_n:
                end += 1
                while end < stop and text[end] & 0xC0 == 0x80:
                    end += 1
                n += 1
                if n >= lowest and not (n == 1 and (begin == start or end == stop)):
                    n_parts = _hash_part(text, begin, end, n_rows, hashes, parts, n_parts)
        part_ends[w] = n_parts
        start = stop
    return parts, part_ends


@compiled
def _hash_part(text, begin, end, n_rows, hashes, parts, n_parts):
    """Append the rows of one part; return how many there are now."""
    if hashes == FNV:
        parts[n_parts] = fnv_hash(text, begin, end) % np.uint64(n_rows)
        return n_parts + 1
    low, high = murmur_hash(text, begin, end)
    for which in range(hashes):
        half = low if which < 2 else high
        quarter = half >> np.uint64(32) if which % 2 else half & _LOW_32
        parts[n_parts + which] = quarter % np.uint64(n_rows)
    return n_parts + hashes


@compiled
def mean_rows(parts, part_ends, rows):
    """Return the mean of the rows of each word's parts alone, 0 where there are none."""
    means = np.zeros((len(part_ends), rows.shape[1]), np.float32)
    start = 0
    for w in range(len(part_ends)):
        for p in range(start, part_ends[w]):
            for d in range(rows.shape[1]):
                means[w, d] += rows[parts[p], d]
        for d in range(rows.shape[1]):
            means[w, d] /= max(1, part_ends[w] - start)
        start = part_ends[w]
    return means


# ------------------------------------------------------------------------------ the page to read


def train_plainly(
    tokens, ends, noise, parts, part_ends, own, rows, context_vectors, *how_and_state
):  # fmt: skip
    """Train on one span; arguments at the top and of `word_vectors.train_plainly`, whose results.

    own, rows and context_vectors are changed.
    """
    begins = np.append(0, part_ends[:-1])
    vectors = own.copy()
    for w in range(len(own)):
        of_word = parts[begins[w] : part_ends[w]]
        vectors[w] += rows[of_word].sum(axis=0) / np.float32(max(1, len(of_word)))
    before = vectors.copy()
    results = word_vectors.train_plainly(
        tokens, ends, noise, vectors, context_vectors, *how_and_state
    )
    for w in np.unique(tokens):
        of_word = parts[begins[w] : part_ends[w]]
        change = vectors[w] - before[w]
        own[w] += change * (_OWN if len(of_word) else np.float32(1))
        for r in of_word:
            rows[r] += change * _PARTS
    return results


# ---------------------------------------------------------------------------------- the fast one


@compiled
def compose(words, parts, part_ends, own, rows):
    """Return the vector x_w of each of some words, (n,) int32: (n, width) float32."""
    vectors = np.zeros((len(words), own.shape[1]), np.float32)
    for i in range(len(words)):
        w = words[i]
        begin, end = part_ends[w - 1] if w else 0, part_ends[w]
        for p in range(begin, end):
            r = parts[p]
            for d in range(own.shape[1]):
                vectors[i, d] += rows[r, d]
        share = np.float32(1) / np.float32(max(1, end - begin))
        for d in range(own.shape[1]):
            vectors[i, d] = own[w, d] + vectors[i, d] * share
    return vectors


@compiled
def add_in_turn(
    own, rows, parts, part_ends, copies, shared, which, met, updates, pull, changes, begin, end
):
    """Add what became of the copies of shared[begin:end] to the rows of words alone.

    As `spans.add_in_turn`, whose arguments not at the top these are, with copies from row 0 on. A
    word has one share for its own row and those of its parts, of which each side takes its part.

    changes  (n_shared, width)  float32  out: what `spread` is to add to the rows of parts
    """
    for j in range(begin, end):
        word, done = shared[j], 0.0
        before = compose(shared[j : j + 1], parts, part_ends, own, rows)[0]
        has_parts = part_ends[word] > (part_ends[word - 1] if word else 0)
        for d in range(own.shape[1]):
            changes[j, d] = 0
        for s in range(which.shape[1]):
            copy, share, done = turn(s, which[j, s], 0, met, updates, pull, done)
            if share:
                for d in range(own.shape[1]):
                    changes[j, d] += share * (copies[copy, d] - before[d])
        for d in range(own.shape[1]):
            own[word, d] += changes[j, d] * (_OWN if has_parts else np.float32(1))
            changes[j, d] *= _PARTS


@compiled
def spread(rows, words, parts, part_ends, changes, first, last):
    """Add the changes of words to the rows of their parts, in the rows first..last - 1."""
    for i in range(len(words)):
        w = words[i]
        for p in range(part_ends[w - 1] if w else 0, part_ends[w]):
            r = parts[p]
            if first <= r < last:
                for d in range(rows.shape[1]):
                    rows[r, d] += changes[i, d]
