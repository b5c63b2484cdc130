"""The hashing kernels against scikit-learn's hash and dicts; also run with NUMBA_DISABLE_JIT=1."""

from collections import Counter
from itertools import groupby

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils import murmurhash3_32

from textvec.kernels.hashing import count_hashes, hash_tokens, murmur_hashes
from textvec.kernels.scanning import find_tokens

pytestmark = pytest.mark.usefixtures("wrapping_integers")
WORDS = "aZ_0éΩ酒店𠮷"  # of 1 to 4 bytes


def assert_murmur(strings, gap=0):
    """Strings lie in a buffer with a gap of garbage between them."""
    text = np.frombuffer(bytearray(b"".join(part + b"\xaa" * gap for part in strings)), np.uint8)
    ends = np.cumsum([len(part) + gap for part in strings]) - gap
    begins = ends - [len(part) for part in strings]
    hashes = murmur_hashes(text, begins, ends)
    assert hashes.dtype == np.int64
    assert hashes.tolist() == [murmurhash3_32(part, seed=0) for part in strings]


@given(st.lists(st.binary(max_size=20), min_size=1, max_size=8), st.integers(0, 3))
def test_murmur_hashes_of_bytes(strings, gap):
    assert_murmur(strings, gap)


def test_murmur_hashes_of_every_length():
    for pattern in (b"\xff", b"\0", b"\x80\x7f", "酒店é".encode()):
        assert_murmur([(pattern * 30)[:length] for length in range(31)])


def test_murmur_hashes_known_answers():
    # the published answers for seed 0: SMHasher's for "", others' for the rest
    text = np.frombuffer(bytearray(b"testHello, world!"), np.uint8)
    begins, ends = np.array([0, 0, 4]), np.array([0, 4, 17])
    hashes = murmur_hashes(text, begins, ends) % 2**32
    assert hashes.tolist() == [0, 0xBA6BD213, 0xC0363E43]


# --- tokens ---------------------------------------------------------------------------------------


def assert_tokens_are_hashed(docs, min_chars=1):
    fold = np.full(0x110000, -1, np.int32)
    for char in WORDS:
        fold[ord(char)] = ord(char.lower())
    parts = [doc.encode() for doc in docs]
    text = np.frombuffer(bytearray(b"".join(parts)), np.uint8)
    doc_ends = np.cumsum([0, *map(len, parts)])[1:]
    folded, spans, ends = find_tokens(text, doc_ends, fold, min_chars)
    hashes = hash_tokens(folded, spans)
    assert (hashes.dtype, ends.dtype) == (np.int32, np.int64)
    expected = []
    for doc in docs:
        runs = ["".join(run) for kept, run in groupby(doc, WORDS.__contains__) if kept]
        runs = [run.lower() for run in runs if len(run) >= min_chars]
        expected.append([murmurhash3_32(run, seed=0) for run in runs])
    assert [row.tolist() for row in np.split(hashes, ends)[:-1]] == expected


@given(
    st.lists(st.text(st.sampled_from(WORDS + " ,、😀"), max_size=60), max_size=6), st.integers(1, 5)
)
def test_tokens_are_hashed(docs, min_chars):
    assert_tokens_are_hashed([*docs, "a"], min_chars)


@pytest.mark.parametrize("char", "a酒")
def test_tokens_of_every_length_and_documents_of_many_tokens(char):
    """Longer than what is folded in one go, too."""
    lengths = [*range(1, 40), *range(1018, 1030), 2500]
    docs = [char * length for length in lengths]
    assert_tokens_are_hashed([*docs, " ".join(docs), " ".join(docs[::-1]), " a" * 3000], 2)


# --- counts ---------------------------------------------------------------------------------------


def assert_counted(rows, n_columns, alternate):
    hashes = np.array([hashed for row in rows for hashed in row], np.int32)
    ends = np.cumsum([0, *map(len, rows)])[1:]
    indptr = np.full(len(rows) + 1, -9, np.int32)
    indices, data = np.full(len(hashes), -9, np.int32), np.full(len(hashes), -9.0)
    count_hashes(hashes, ends, n_columns, alternate, indptr, indices, data)
    n_entries = indptr[-1]
    for row, begin, end in zip(rows, indptr[:-1], indptr[1:], strict=True):
        sums = Counter()
        for hashed in row:
            sums[abs(hashed) % n_columns] += -1 if alternate and hashed < 0 else 1
        assert list(zip(indices[begin:end], data[begin:end], strict=True)) == sorted(sums.items())
    assert (indices[n_entries:] == -9).all()


HASHES = st.integers(-(2**31), 2**31 - 1) | st.sampled_from([-(2**31), 2**31 - 1, -1, 0, 1])


@given(
    st.lists(st.lists(HASHES | st.integers(-20, 20), max_size=30), max_size=6),
    st.integers(1, 50)
    | st.sampled_from([2**n + d for n in (10, 11, 20, 22, 30) for d in (-1, 0, 1)])
    | st.integers(1, 2**31 - 1),
    st.booleans(),
)
def test_hashes_are_counted(rows, n_columns, alternate):
    assert_counted(rows, n_columns, alternate)


def test_sums_of_zero_stay():
    assert_counted([[5, -5], [5], [-5, 5, 0]], 8, True)


@pytest.mark.parametrize("n_columns", [1, 2**11, 2**20, 2**31 - 1])
def test_columns_are_sorted_by_all_their_bits(n_columns):
    rng = np.random.default_rng(0)
    rows = rng.integers(-(2**31), 2**31, size=(3, 300)).tolist()
    assert_counted([*rows, [], rows[0]], n_columns, True)
