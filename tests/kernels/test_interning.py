"""The interning kernels against naive twins on str; also run with NUMBA_DISABLE_JIT=1."""

from itertools import groupby, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from textvec.kernels import interning
from textvec.kernels.interning import intern_strings, intern_tokens
from textvec.kernels.scanning import find_tokens

from .texts import (
    ASCII_ALL,
    ASCII_NO_BLANK,
    ASCII_WORDS,
    LETTERS,
    OTHERS,
    SEEDS,
    WORDS,
    documents,
    empty_interner,
    encoded,
    fold_of,
)

pytestmark = pytest.mark.usefixtures("wrapping_integers")


class Interner:
    """The kernel's own, and the state that it goes on with."""

    def __init__(self, seeds=SEEDS):
        self.seeds, *self.state = empty_interner(seeds)

    def scan(self, strings, fold, min_chars=1, n_dropped=0, growing=True):
        text, ends = encoded(strings)
        before = [part.copy() for part in self.state[:3]], self.state[3]
        ids, token_ends, *state = intern_tokens(
            *find_tokens(text, ends, fold, min_chars), n_dropped, growing, self.seeds, *self.state
        )
        if not growing:  # others may read the same arrays at the same time
            assert all(map(np.array_equal, before[0], state[:3]))
            assert before[1] == state[3]
        self.state = tuple(state)
        assert ids.dtype == np.int32
        assert token_ends.dtype == np.int64
        assert len(token_ends) == len(strings)
        return [row.tolist() for row in np.split(ids, token_ends)[:-1]] if len(ends) else []

    def terms(self):
        _, store, offsets, n_terms = self.state
        return [
            bytes(store[start:end]).decode("utf-8", "surrogatepass")
            for start, end in pairwise(offsets[: n_terms + 1])
        ]


class NaiveInterner:
    """The same by a dict of str."""

    def __init__(self):
        self.ids = {}

    def scan(self, strings, fold, min_chars=1, n_dropped=0, growing=True):
        rows = []
        for string in strings:
            codes = fold[[*map(ord, string)]].tolist() if string else []
            runs = ["".join(map(chr, run)) for kept, run in groupby(codes, (0).__le__) if kept]
            rows.append([])
            for token in runs:
                if len(token) < min_chars:
                    continue
                if growing:
                    self.ids.setdefault(token, len(self.ids))
                found = self.ids.get(token, -1)
                if not 0 <= found < n_dropped:
                    rows[-1].append(found)
        return rows

    def terms(self):
        return list(self.ids)


def assert_same_scans(*scans):
    """Both interners give the same through a series of scans, given by their arguments."""
    ours, naive = Interner(), NaiveInterner()
    for arguments in scans:
        assert ours.scan(*arguments) == naive.scan(*arguments)
        assert ours.terms() == naive.terms()


@given(st.lists(documents, max_size=6), st.lists(documents, max_size=3), st.integers(1, 3))
def test_documents_of_all_widths(docs, more_docs, min_chars):
    assert_same_scans(
        (docs, WORDS, min_chars),
        (more_docs, WORDS, min_chars, 0, False),
        (more_docs, WORDS, min_chars),
        (docs, WORDS, min_chars, 0, False),
    )


@given(st.lists(st.text(st.characters(max_codepoint=127), max_size=40), max_size=6))
def test_ascii_documents_have_a_short_table(docs):
    for fold in (ASCII_WORDS, ASCII_NO_BLANK):
        assert_same_scans((docs, fold), (docs, fold, 2))


@given(
    st.lists(st.text(st.sampled_from(LETTERS.lower()), min_size=1), max_size=4, unique=True),
    st.lists(documents, max_size=4),
)
def test_dropped_terms_keep_their_ids_to_themselves(dropped, docs):
    docs = [*docs, " ".join(dropped)]
    assert_same_scans(
        (dropped, WORDS),
        (docs, WORDS, 1, len(dropped)),
        (docs, WORDS, 1, len(dropped), False),
    )


def test_one_table_serves_ascii_and_other_text():
    assert_same_scans(
        (["Ab éa", "ab"], WORDS), (["ab AB zz"], ASCII_WORDS), (["zz É ab"], WORDS, 1, 0, False)
    )


@pytest.mark.parametrize("letter", ["x", "é", "酒", "𠮷"])
def test_terms_of_every_length(letter):
    """Terms that differ in their length, first or last character alone."""
    lengths = range(1, 41)
    words = [letter * n for n in lengths]
    words += [edge + letter * (n - 1) for n in lengths for edge in "ab"]
    words += [letter * (n - 1) + edge for n in lengths for edge in "ab"]
    words = list(dict.fromkeys(words))
    fold = fold_of(letter + "ab")
    ours = Interner()
    assert ours.scan([" ".join(words)], fold) == [[*range(len(words))]]
    assert ours.terms() == words
    backwards = [" ".join(words[::-1]), *words]
    assert_same_scans(
        (backwards, fold), (words, fold), (words, fold, 8), (words, fold, 1, 5, False)
    )


@pytest.mark.parametrize("length", [6, 7, 8, 9, 14, 15, 16, 17, 23, 24, 25])
def test_terms_that_share_all_but_one_byte(length):
    """At the edges of the words of a key, every byte counts; so do zero bytes."""
    terms = ["x" * length, *("\0" * n for n in range(1, length))]
    terms += ["x" * i + other + "x" * (length - i - 1) for i in range(length) for other in "y\0"]
    terms += ["x" * i + "\0" * (length - i) for i in range(length)]
    terms = list(dict.fromkeys(terms))
    ours = Interner()
    assert ours.scan(terms, ASCII_ALL) == [[i] for i in range(len(terms))]
    assert ours.terms() == terms
    assert ours.scan(terms[::-1], ASCII_ALL, 1, 0, False) == [[i] for i in range(len(terms))][::-1]


def test_long_terms_whose_hashes_are_equal():
    """Only the bytes can tell them apart: at this seed a hash is the sum of its parts."""
    seeds = SEEDS.copy()
    seeds[4] = 1
    terms = ["seven!!" + "letters" + "ab", "letters" + "seven!!" + "ab", "letters" * 2 + "ab"]
    ours = Interner(seeds)
    assert ours.scan(terms, ASCII_ALL) == [[0], [1], [2]]
    table = ours.state[0].reshape(-1, 3)
    keys = table[table[:, 1] != 0, :2]
    assert len(np.unique(keys[:, 0])) == 2, "two of these terms were meant to share a key"
    assert ours.terms() == terms
    assert ours.scan(terms[::-1], ASCII_ALL, 1, 0, False) == [[2], [1], [0]]


@pytest.mark.parametrize("length", [16, 21, 22, 50, 300])
def test_hashes_of_long_terms_are_polynomials(length):
    prime, rng = 2**61 - 1, np.random.default_rng(length)
    for seed in (0, 1, prime - 1, *rng.integers(0, prime, 20).tolist()):
        letters = rng.integers(0, 256, length, np.uint8)
        text = np.concatenate([letters, np.zeros(16, np.uint8)])
        key, _ = interning._key(text, np.uint64(0), np.uint64(length), np.uint64(seed))
        expected = 1
        for first in range(0, length, 7):
            part = int.from_bytes(bytes(letters[first : first + 7]), "little")
            expected = (expected * seed + part) % prime
        assert int(key) % prime == expected


@pytest.mark.parametrize("n_tokens", [1, 127, 128, 129, 255, 256, 257, 300, 1500])
def test_documents_of_more_tokens_than_are_looked_up_in_one_go(n_tokens):
    words = [f"w{i}" if i % 3 else "the" for i in range(n_tokens)]
    docs = [" ".join(words), "", " , ", " ".join(words) + " ", "", " " + " ".join(words[:-1]), ""]
    fold = fold_of("the0123456789w", 128)
    assert_same_scans((docs, fold), (docs, fold, 3, 1), (["new w1 the", *docs], fold, 1, 0, False))


@given(
    st.lists(st.text(st.sampled_from(LETTERS + OTHERS), min_size=1, max_size=30), max_size=12),
    st.lists(documents, max_size=3),
)
def test_strings_are_interned(terms, docs):
    """By a table into which tokens go as well, wherever they lie and in any order."""
    ours, naive = Interner(), NaiveInterner()
    text, ends = encoded([*terms, "\0" * 16])
    spans = np.stack([[0, *ends[:-1]], ends], axis=1)[: len(terms)][::-1]
    for growing in (False, True, False):
        ids, *ours.state = intern_strings(text, spans.copy(), growing, ours.seeds, *ours.state)
        if growing:
            expected = [naive.ids.setdefault(term, len(naive.ids)) for term in terms[::-1]]
        else:
            expected = [naive.ids.get(term, -1) for term in terms[::-1]]
        assert ids.dtype == np.int32
        assert ids.tolist() == expected
        assert ours.terms() == naive.terms()
        assert ours.scan(docs, WORDS) == naive.scan(docs, WORDS)


def test_nothing_to_scan():
    for docs in ([], [""], ["", ""], [" ", ", ,"]):
        assert_same_scans((docs, WORDS), (docs, ASCII_WORDS, 2, 0, False))


def test_a_token_never_crosses_documents():
    assert_same_scans((["ab", "ab", "a", "b", "", "酒", "店"], WORDS))


# --- words that are crafted to meet in few slots --------------------------------------------------

LETTER_CODES = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz", np.uint8).astype(np.uint64)
GOLDEN, MIX = 0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93


def fixed_slots(keys, n_bits):
    """Where a table without seeds, by Fibonacci hashing, put words of eight letters."""
    more = np.uint64(8 << 56) * np.uint64(MIX)
    return ((keys ^ more) * np.uint64(GOLDEN) >> np.uint64(32)) & np.uint64((1 << n_bits) - 1)


def words_of_one_slot(n_words, n_bits=18):
    """Keys of words of eight letters that all met in one slot of such a table.

    The upper half of a key is only multiplied, modulo 2**32: for each lower half, half of its
    upper bits are given, and where these are letters the word is one.
    """
    rng = np.random.default_rng(0)
    powers = np.uint64(1) << np.arange(0, 32, 8, dtype=np.uint64)
    low = (rng.choice(LETTER_CODES, (150 * n_words, 4)) * powers).sum(axis=1, dtype=np.uint64)
    wanted = np.uint64(1 << 32) - (low * np.uint64(GOLDEN) >> np.uint64(32))
    high = wanted * np.uint64(pow(GOLDEN, -1, 1 << 32)) & np.uint64((1 << n_bits) - 1)
    first, second, rest = (high >> np.uint64(8 * i) & np.uint64(255) for i in range(3))
    # two bits of the third letter are given, and the last is free
    third = np.array([ord(letter) for letter in "`abc"], np.uint64)[rest & np.uint64(3)]
    third += np.uint64(4)
    last = rng.choice(LETTER_CODES, len(low))
    keys = low | (first | second << np.uint64(8) | third << np.uint64(16)) << np.uint64(32)
    keys |= last << np.uint64(56)
    are_words = np.isin(first, LETTER_CODES) & np.isin(second, LETTER_CODES)
    found = np.unique(keys[are_words])[:n_words]
    assert len(found) == n_words
    return found


def words_of_one_long_hash(n_words):
    """Words of 16 bytes, all of one hash by a chain ``(hashed ^ word) * MIX`` with a shift."""

    def mixed(word):
        word = word * MIX % 2**64
        return word ^ word >> 32

    heads = [int.from_bytes(b"head%04d" % i, "little") for i in range(n_words)]
    tails = [mixed(head) ^ 0x6C6961742D656874 for head in heads]
    return np.array([heads, tails], np.uint64).T.copy()


CRAFTED = {
    "one slot of the fixed form": words_of_one_slot(4000),
    "one letter differs": np.frombuffer(b"".join(b"aaaa%04d" % i for i in range(4000)), np.uint64),
    "equal steps": np.arange(4000, dtype=np.uint64) * np.uint64(1 << 20) + np.uint64(1 << 62),
    "long, of one hash": words_of_one_long_hash(4000),
}


def test_words_are_crafted_against_the_fixed_form():
    assert len(np.unique(fixed_slots(words_of_one_slot(4000), 18))) == 1


@pytest.mark.parametrize("name", CRAFTED)
@pytest.mark.parametrize("draw", range(5))
def test_crafted_words_take_few_steps(name, draw):
    """Among random words a step or two are usual where a table is half to two thirds full."""
    seeds = np.random.default_rng(draw).integers(0, 1 << 64, 5, np.uint64, endpoint=False)
    words = CRAFTED[name]
    size = words.dtype.itemsize * (words.size // len(words))
    text = np.frombuffer(bytearray(words.tobytes() + bytes(16)), np.uint8)
    ends = np.arange(1, len(words) + 1) * size
    interner = Interner(seeds)
    spans = np.stack([ends - size, ends], axis=1)
    ids, *interner.state = intern_strings(text, spans, True, seeds, *interner.state)
    assert ids.tolist() == [*range(len(words))]
    assert steps(interner).mean() < 8


def steps(interner):
    """How many slots each term stands behind the one where it is looked for first."""
    table = interner.state[0].reshape(-1, 3)
    n_slots = len(table)
    slots = np.flatnonzero(table[:, 1])
    homes = [int(interning._slot(*table[slot, :2], n_slots, interner.seeds)) for slot in slots]
    return (slots - np.array(homes)) % n_slots
