"""The scanning kernels against naive twins on str; also run with NUMBA_DISABLE_JIT=1."""

import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from textvec.kernels.interning import intern_tokens
from textvec.kernels.scanning import (
    ALONE,
    are_alone,
    find_pieces,
    join_terms,
    leading_bytes,
    order_by_tokens,
    scan_characters,
    sort_ties,
)

from .texts import LETTERS, OTHERS, WORDS, documents, empty_interner, encoded, fold_of

pytestmark = pytest.mark.usefixtures("wrapping_integers")

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
    ids, ends_of_ids, _, store, offsets, n_terms = intern_tokens(
        folded, spans, token_ends, 0, True, *empty_interner(), True
    )
    assert ends_of_ids.tolist() == token_ends.tolist()
    bounds = pairwise(offsets[: n_terms + 1])
    terms = [bytes(store[a:b]).decode("utf-8", "surrogatepass") for a, b in bounds]
    assert [[*terms, None][i] for i in ids.tolist()] == strings
    alone = are_alone(store, offsets, n_terms, IN_PIECES)
    assert alone.tolist() == [term[0] in ALONE_LETTERS for term in terms]


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


@given(st.lists(st.lists(st.integers(0, 20), min_size=1, max_size=4), min_size=1, unique_by=tuple))
def test_order_by_tokens(grams):
    ranks = np.random.default_rng(0).permutation(21) + 1
    tokens = np.array([token for gram in grams for token in gram], np.int32)
    ends = np.cumsum(list(map(len, grams)))
    order = order_by_tokens(ranks, tokens, ends, max(map(len, grams)))
    ranked = [[int(ranks[token]) for token in gram] for gram in grams]
    assert [ranked[gram] for gram in order] == sorted(ranked)


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


def test_zeros_at_the_end_of_strings_count():
    zeros = [beginning + "\0" * n for beginning in ("same", "the same") for n in range(20)]
    assert_sorted_as_python_does(zeros[::-1])


@pytest.mark.parametrize("n_ties", [1, 2, 3, 4, 5, 7, 8, 9, 31, 33])
def test_ties_of_every_number_are_sorted(n_ties):
    ties = [f"the same beginning, {i * 7919 % n_ties:02}" for i in range(n_ties)]
    assert_sorted_as_python_does(["zebra", *ties, "ape", *(tie[:8] for tie in ties)])
    assert_sorted_as_python_does(ties[::-1])
    assert_sorted_as_python_does(sorted(ties))
