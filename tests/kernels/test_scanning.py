"""The scanning kernels against naive twins on str; also run with NUMBA_DISABLE_JIT=1."""

import re
from itertools import groupby, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from textvec.kernels import scanning
from textvec.kernels.scanning import (
    ALONE,
    are_alone,
    find_pieces,
    intern_strings,
    intern_tokens,
    join_terms,
    leading_bytes,
    scan_characters,
    sort_ties,
)

pytestmark = pytest.mark.usefixtures("wrapping_integers")

# Of 1 to 4 bytes; upper case of as many bytes as its lower case, of fewer (Ⱥ) and of more (K).
LETTERS = "aBz_09éÉßȺΩΣ酒店K𠮷𐐀𝐀\U0010ffff"
OTHERS = " ,\t\0\x1c\x7f\xa0\u2028\u3000、😀\ud800\udfff"
documents = st.text(st.sampled_from(LETTERS + OTHERS), max_size=50)


def encoded(strings):
    """Strings as the kernels take them: UTF-8 end to end, and where each ends."""
    parts = [string.encode("utf-8", "surrogatepass") for string in strings]
    ends = np.cumsum([0, *map(len, parts)])[1:]
    return np.frombuffer(bytearray(b"".join(parts)), np.uint8), ends


def fold_of(characters, size=0x110000):
    """A table that keeps some characters, in lower case."""
    fold = np.full(size, -1, np.int32)
    for character in characters:
        if ord(character) < size:
            lower = character.lower()
            fold[ord(character)] = ord(lower if len(lower) == 1 else character)
    return fold


WORDS = fold_of(LETTERS + LETTERS.lower())
ASCII_WORDS = WORDS[:128]
ASCII_ALL = np.arange(128, dtype=np.int32)
ASCII_NO_BLANK = np.where(ASCII_ALL == 0x20, -1, ASCII_ALL).astype(np.int32)


class Interner:
    """An interner that begins as small as can be, so that each of its arrays must grow."""

    def __init__(self):
        self.state = (np.zeros(3, np.uint64), np.empty(1, np.uint8), np.zeros(2, np.int64), 0)

    def scan(self, strings, fold, min_chars=1, n_dropped=0, growing=True):
        text, ends = encoded(strings)
        before = [part.copy() for part in self.state[:3]], self.state[3]
        ids, token_ends, *state = intern_tokens(
            text, ends, fold, min_chars, n_dropped, growing, *self.state
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


# --- interning ------------------------------------------------------------------------------------


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
    """Only the bytes can tell them apart."""
    heads = [f"head{i:04}".encode() for i in range(4000)]
    words = [np.uint64(int.from_bytes(head, "little")) for head in heads]
    mixed = [int(scanning._mix(np.uint64(0), word)) for word in words]  # of their first eight bytes
    tail = int.from_bytes(b"the tail", "little")
    tails = [(tail ^ mixed[0] ^ other).to_bytes(8, "little") for other in mixed]
    twin = next(i for i in range(1, len(heads)) if tails[i].isascii())
    terms = [(heads[i] + tails[i]).decode("ascii") for i in (0, twin)]
    ours = Interner()
    assert ours.scan(terms, ASCII_ALL) == [[0], [1]]
    table = ours.state[0].reshape(-1, 3)
    keys = table[table[:, 1] != 0, :2]
    assert np.array_equal(keys[0], keys[1]), "these terms were meant to share a key"
    assert ours.terms() == terms
    assert ours.scan(terms[::-1], ASCII_ALL, 1, 0, False) == [[1], [0]]


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
        ids, *ours.state = intern_strings(text, spans.copy(), growing, *ours.state)
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


# --- words and single characters ------------------------------------------------------------------

ALONE_LETTERS = "酒店𠮷\u0e49"
IN_PIECES = WORDS.copy()
IN_PIECES[[*map(ord, ALONE_LETTERS)]] = np.array([*map(ord, ALONE_LETTERS)]) + ALONE


def naive_pieces(document, min_chars):
    """Words and single characters; None for a break, none at the ends."""
    pieces, before = [], None
    for character in document:
        code = IN_PIECES[ord(character)]
        kind = "alone" if code >= ALONE else "word" if code >= 0 else None
        if kind == "alone":
            pieces += [None, character] if before != "alone" else [character]
        elif before == "alone":
            pieces.append(None)
        if kind == "word":
            pieces += [""] if before != "word" else []
            pieces[-1] += chr(code)
        before = kind
    alone = set(ALONE_LETTERS)
    return [p for p in pieces if p is None or p in alone or len(p) >= min_chars]


def without_needless_breaks(pieces):
    """As they are when breaks that follow another, or stand at an end, are left out."""
    kept = []
    for piece in pieces:
        if piece is not None or (kept and kept[-1] is not None):
            kept.append(piece)
    return kept[:-1] if kept and kept[-1] is None else kept


pieces_of = st.text(st.sampled_from(LETTERS + OTHERS + ALONE_LETTERS), max_size=30)


@given(st.lists(pieces_of, max_size=5), st.integers(1, 3))
def test_words_and_characters_with_breaks_between_them(docs, min_chars):
    text, ends = encoded(docs)
    folded, spans, token_ends = find_pieces(text, ends, IN_PIECES, min_chars)
    strings = [bytes(folded[a:b]).decode("utf-8", "surrogatepass") or None for a, b in spans]
    rows = [strings[a:b] for a, b in pairwise([0, *token_ends.tolist()])]
    expected = [naive_pieces(doc, min_chars) for doc in docs]
    assert [*map(without_needless_breaks, rows)] == [*map(without_needless_breaks, expected)]
    ids, ends_of_ids, *state = intern_tokens(
        text, ends, IN_PIECES, min_chars, 0, True, *Interner().state, True
    )
    assert ends_of_ids.tolist() == token_ends.tolist()
    interner = Interner()
    interner.state = tuple(state)
    terms = [*interner.terms(), None]
    assert [terms[i] for i in ids.tolist()] == strings
    alone = are_alone(state[1], state[2], state[3], IN_PIECES)
    assert alone.tolist() == [term[0] in ALONE_LETTERS for term in terms[:-1]]


# --- characters -----------------------------------------------------------------------------------


@given(st.lists(documents | st.text(st.sampled_from(" \t\u3000ab"), max_size=20), max_size=6))
def test_characters_with_runs_of_spaces_made_one(docs):
    alphabet = set(LETTERS + OTHERS)
    fold = np.arange(0x110000, dtype=np.int32)
    kept = fold_of(alphabet)
    fold[kept >= 0] = kept[kept >= 0]
    is_space = np.zeros(0x110000, np.bool_)
    is_space[[ord(char) for char in alphabet if char.isspace()]] = True
    expected = [[*fold[[*map(ord, re.sub(r"\s\s+", " ", doc))]]] if doc else [] for doc in docs]
    tables = [(fold, is_space)]
    if all(map(str.isascii, docs)):
        tables.append((fold[:128], is_space[:128]))
    for table in tables:
        codes, ends = scan_characters(*encoded(docs), *table)
        assert codes.dtype == np.int32
        assert [row.tolist() for row in np.split(codes, ends)[:-1]] == expected
        assert ends.tolist() == np.cumsum([0, *map(len, expected)])[1:].tolist()


# --- spelling and sorting -------------------------------------------------------------------------


@given(
    st.lists(st.text(st.sampled_from(LETTERS), max_size=6), min_size=1, max_size=5),
    st.lists(st.tuples(st.integers(0, 30), st.integers(1, 4)), max_size=12),
    st.sampled_from([(" ", "\n"), ("", "\0"), ("--", "、"), (" ", "")]),
    st.randoms(use_true_random=False),
)
def test_join_terms(terms, grams, separators, random):
    tokens = [random.randrange(len(terms)) for _ in range(40)]
    gaps = [random.random() < 0.7 for _ in grams]
    inner, outer = separators
    spelled = [
        (inner if gap else "").join(terms[token] for token in tokens[s : s + n])
        for (s, n), gap in zip(grams, gaps)
    ]
    store, ends = encoded(terms)
    text, gram_ends = join_terms(
        store,
        np.concatenate([[0], ends]),
        np.array(tokens, np.int32),
        np.array([start for start, _ in grams], np.int64),
        np.array([n for _, n in grams], np.int64),
        np.array(gaps, np.bool_),
        *(np.frombuffer(bytearray(part, "utf-8"), np.uint8) for part in separators),
    )
    assert bytes(text).decode() == "".join(string + outer for string in spelled)
    begins = [0, *(gram_ends[:-1] + len(outer.encode()))]
    assert [bytes(text[a:b]).decode() for a, b in zip(begins, gram_ends)] == spelled


def assert_sorted_as_python_does(strings, gap=0):
    """Strings lie in a buffer with a gap of garbage between them."""
    text, ends = encoded([string + "\x01" * gap for string in strings])
    begins, ends = np.concatenate([[0], ends[:-1]]).astype(np.int64)[: len(ends)], ends - gap
    leading = leading_bytes(text, begins, ends)
    parts = [string.encode("utf-8", "surrogatepass") for string in strings]
    assert leading.tolist() == [int.from_bytes(part[:8].ljust(8, b"\0"), "big") for part in parts]
    for order in (np.argsort(leading), np.argsort(leading, kind="stable")):
        in_parts = order.copy()
        sort_ties(order, 0, len(order), leading, text, begins, ends)
        assert sorted(order.tolist()) == list(range(len(strings)))
        assert [strings[i] for i in order] == sorted(strings)
        for first, end in pairwise([0, len(order) // 3, len(order) // 2, len(order)]):
            sort_ties(in_parts, first, end, leading, text, begins, ends)
        assert in_parts.tolist() == order.tolist()


@given(
    st.lists(
        st.builds(
            lambda head, tail: head + tail,
            st.sampled_from(["", "", "prefixes", "longer prefixes", "酒店酒", "酒店", "\0" * 7]),
            st.text(st.sampled_from("ab\0\ud800\udfff\uffff\U00010000é"), max_size=12),
        ),
        min_size=1,
        max_size=25,
    ),
    st.integers(0, 2),
)
def test_strings_are_sorted_by_code_point(strings, gap):
    assert_sorted_as_python_does(strings, gap)


@pytest.mark.parametrize("n_ties", [1, 2, 3, 4, 5, 7, 8, 9, 31, 33])
def test_ties_of_every_number_are_sorted(n_ties):
    ties = [f"the same beginning, {i * 7919 % n_ties:02}" for i in range(n_ties)]
    assert_sorted_as_python_does(["zebra", *ties, "ape", *(tie[:8] for tie in ties)])
    assert_sorted_as_python_does(ties[::-1])
    assert_sorted_as_python_does(sorted(ties))
