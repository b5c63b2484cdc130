"""The MinHash kernels against naive twins; also run with NUMBA_DISABLE_JIT=1."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from textvec.kernels import minhash as kernels

pytestmark = pytest.mark.usefixtures("wrapping_integers")

MASK = 2**64 - 1


def mixed(value):
    value = ((value ^ value >> 30) * 0xBF58476D1CE4E5B9) & MASK
    value = ((value ^ value >> 27) * 0x94D049BB133111EB) & MASK
    return value ^ value >> 31


def naive_hashes(row, size, seed):
    """Each shingle's polynomial on its own, in whole numbers without end."""
    if not row:
        return []
    hashes = []
    for first in range(max(len(row) - size + 1, 1)):
        total = 0
        for letter in row[first : first + size]:
            total = total * int(kernels._BASE) + letter + 1
        hashes.append(mixed((total + seed) & MASK))
    return hashes


def signatures_of(rows, n_slots):
    hashes = np.concatenate([np.asarray(row, np.uint64) for row in rows])
    signatures = np.full((len(rows), n_slots), 7, np.uint32)
    kernels.sketch(hashes, np.cumsum([len(row) for row in rows]), signatures)
    return signatures


def random_hashes(rng, size):
    return rng.integers(0, 2**64, size, dtype=np.uint64)


@pytest.mark.parametrize("dtype", [np.uint32, np.uint64])
@pytest.mark.parametrize("size", [1, 3, 6])
def test_shingles_equal_each_on_its_own(size, dtype):
    rng = np.random.default_rng(0)
    rows = [rng.integers(0, 2**31, n).tolist() for n in (9, 0, 2, 3, 1, 0, 14)]
    letters = np.array([letter for row in rows for letter in row], dtype)
    ends = np.cumsum([len(row) for row in rows])
    hashes, hash_ends = kernels.hash_shingles(letters, ends, size, np.uint64(12345))
    expected = [naive_hashes(row, size, 12345) for row in rows]
    assert hashes.tolist() == [value for row in expected for value in row]
    assert hash_ends.tolist() == np.cumsum([len(row) for row in expected]).tolist()


def test_zeros_count_as_letters():
    """NUL characters: a shorter run is another shingle."""
    hashes, _ = kernels.hash_shingles(np.zeros(3, np.uint32), np.array([1, 3]), 2, np.uint64(0))
    assert len(set(hashes.tolist())) == 2


def test_equal_terms_have_equal_hashes():
    store = np.frombuffer(b"seaseasebar", np.uint8)
    hashes = kernels.hash_terms(store, np.array([0, 3, 6, 8, 11]), 4)
    assert hashes[0] == hashes[1]
    assert len(set(hashes.tolist())) == 3


def naive_signature(row, n_slots):
    """Follow the docstring of sketch in whole numbers without end."""
    slots = {}
    for number in range(kernels._ROUNDS):
        reached = {}
        for value in row:
            hashed = value
            if number:
                hashed = ((value ^ (number << 32 | number)) * 0xBF58476D1CE4E5B9) & MASK
                hashed ^= hashed >> 32
            reached.setdefault((hashed >> 32) * n_slots >> 32, []).append(hashed % 2**32)
        base = number * int(kernels._BASE)
        for slot, ranks in reached.items():
            slots.setdefault(slot, (min(ranks) + base) % 2**32)
    for slot in range(n_slots):
        factors = mixed((slot + int(kernels._BASE)) & MASK) | 1 << 32 | 1
        low, high = factors % 2**32, factors >> 32
        ranks = [((value % 2**32) * low + (value >> 32) * high) % 2**32 for value in row]
        slots.setdefault(slot, min(ranks))
    return [slots[slot] for slot in range(n_slots)]


@pytest.mark.parametrize("n_slots", [5, 32])
@pytest.mark.parametrize("size", [1, 6, 80])
def test_signatures_equal_those_of_a_naive_twin(size, n_slots):
    row = random_hashes(np.random.default_rng(size), size)
    (found,) = signatures_of([row], n_slots)
    assert found.tolist() == naive_signature(row.tolist(), n_slots)


@pytest.mark.parametrize("n_slots", [1, 7, 32])
def test_signatures_are_of_sets(n_slots):
    rng = np.random.default_rng(1)
    row = random_hashes(rng, 25)
    shuffled = rng.permutation(np.concatenate([row, row[:9]]))
    found = signatures_of([row, [], shuffled, row[:1], row[:1]], n_slots)
    assert_array_equal(found[0], found[2])
    assert (found[1] == kernels.EMPTY).all()
    assert_array_equal(found[3], found[4])
    assert (found[[0, 3]] != kernels.EMPTY).all()


def test_the_signature_of_a_union_is_made_of_those_of_its_parts():
    """Each slot holds the first of the ranks of a set, as minima of permutations do."""
    rng = np.random.default_rng(2)
    for _ in range(20):
        first, second = random_hashes(rng, 5), random_hashes(rng, 40)
        found = signatures_of([first, second, np.concatenate([first, second])], 16)
        assert ((found[2] == found[0]) | (found[2] == found[1])).all()


def test_slots_agree_as_often_as_sets_do():
    rng = np.random.default_rng(3)
    for size, shared in ((12, 4), (12, 9), (60, 30)):
        n_pairs, n_slots = 40, 32
        rows = []
        for _ in range(n_pairs):
            both = random_hashes(rng, shared)
            rows += [np.concatenate([both, random_hashes(rng, size - shared)]) for _ in "ab"]
        found = signatures_of(rows, n_slots)
        agreeing = (found[::2] == found[1::2]).mean(axis=1)
        jaccard = shared / (2 * size - shared)
        deviation = np.sqrt(jaccard * (1 - jaccard) / n_slots)  # of classical MinHash
        assert abs(agreeing.mean() - jaccard) < 4 * deviation / np.sqrt(n_pairs)
        assert agreeing.std() < 1.3 * deviation


def laid_out(signatures, n_bands, n_rows):
    keys = kernels.band_keys(signatures, n_bands, n_rows)
    filled = np.flatnonzero(signatures[:, 0] != kernels.EMPTY)
    return keys, np.stack([filled[key[filled].argsort(kind="stable")] for key in keys])


@pytest.fixture(scope="module")
def small_signatures():
    """Slots of few values, so that bands are shared by chance; a row without shingles."""
    signatures = np.random.default_rng(4).integers(0, 3, (30, 6)).astype(np.uint32)
    signatures[11] = signatures[23] = kernels.EMPTY
    return signatures


def shares_a_band(first, second):
    return (first.reshape(3, 2) == second.reshape(3, 2)).all(axis=1).any()


@pytest.mark.parametrize("least", [0, 3, 5])
def test_near_pairs_are_all_pairs_that_share_a_band(small_signatures, least):
    signatures = small_signatures
    keys, order = laid_out(signatures, 3, 2)
    calls = [(band, *part) for band in range(3) for part in ((0, 10), (10, order.shape[1]))]
    found = [kernels.near_pairs(signatures, keys, order, *call, least, 99, 99) for call in calls]
    pairs, agreements = (np.concatenate(parts) for parts in list(zip(*found))[:2])
    expected = {
        (i, j): int((signatures[i] == signatures[j]).sum())
        for j in range(len(signatures))
        for i in range(j)
        if signatures[i, 0] != kernels.EMPTY and shares_a_band(signatures[i], signatures[j])
    }
    expected = {pair: count for pair, count in expected.items() if count >= least}
    assert len(pairs) == len(expected) > 1
    assert dict(zip(map(tuple, pairs.tolist()), agreements.tolist(), strict=True)) == expected


@pytest.mark.parametrize("k", [1, 4, 30])
def test_near_items_are_the_best_that_share_a_band(small_signatures, k):
    items, queries = small_signatures[8:], small_signatures[:15]
    scores, ids = np.full((15, k), 7, np.float32), np.full((15, k), 7)
    query_keys = kernels.band_keys(queries, 3, 2)
    kernels.near_items(queries, query_keys, items, *laid_out(items, 3, 2), scores, ids)
    for query, found, found_scores in zip(queries, ids, scores, strict=True):
        near = [
            (-(query == item).mean(), number)
            for number, item in enumerate(items)
            if item[0] != kernels.EMPTY and shares_a_band(query, item)
        ]
        expected = sorted(near)[:k]
        assert [number for number in found if number >= 0] == [number for _, number in expected]
        expected_scores = [-score for score, _ in expected] + [0] * (k - len(expected))
        assert_array_equal(found_scores, np.array(expected_scores, np.float32))
