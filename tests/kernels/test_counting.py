"""The counting kernels against naive twins on dicts; also run with NUMBA_DISABLE_JIT=1."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from textvec.kernels import counting
from textvec.kernels.counting import (
    blank,
    count_distinct,
    count_rows,
    hash_rows,
    intern_ngrams,
    product_distinct,
    product_rows,
    rank_by_appearance,
)

from .texts import SEEDS

pytestmark = pytest.mark.usefixtures("wrapping_integers")

# Documents of token ids: few ids, so that n-grams repeat, or many; -1 is a token left out.
rows_of_ids = st.lists(
    st.lists(st.integers(-1, 3), max_size=12) | st.lists(st.integers(0, 2**31 - 1), max_size=8),
    max_size=7,
)
# Features at the edges of the words and blocks of a bit set, see _mark.
EDGES = [0, 1, 62, 63, 64, 65, 127, 128, 4094, 4095, 4096, 4097, 4159, 4160, 8191, 8192, 8999]
N_FEATURES = 9000
rows_of_features = st.lists(
    st.lists(st.sampled_from([-1, *EDGES]), max_size=25)
    | st.lists(st.integers(-1, N_FEATURES - 1), max_size=10),
    max_size=6,
)


def ragged(rows):
    """Rows end to end, and where each ends."""
    ends = np.cumsum([0, *map(len, rows)])[1:].astype(np.int64)
    return np.array([value for row in rows for value in row], np.int32), ends


def cuts(n_rows, n_parts):
    """Runs of rows that cover all of them, some perhaps empty."""
    bounds = np.linspace(0, n_rows, n_parts + 1).astype(int)
    return list(zip(bounds[:-1].tolist(), bounds[1:].tolist()))


def small_table():
    return np.zeros(2, np.uint64)


# --- n-grams --------------------------------------------------------------------------------------


def naive_ngrams(rows, n):
    """The n-gram that starts at each token, end to end; None where there is none, or a -1."""
    grams = [tuple(row[i : i + n]) for row in rows for i in range(len(row))]
    return [gram if len(gram) == n and -1 not in gram else None for gram in grams]


def learn(rows, max_n, n_parts=1):
    """The ids of each level above the first, the table of each, and the sizes of all parts."""
    tokens, ends = ragged(rows)
    levels, tables, sizes = [tokens], [], []
    for n in range(2, max_n + 1):
        ids = np.full(len(tokens), -1, np.int32)
        learned = [
            intern_ngrams(
                levels[-1], tokens, ends, 0, len(ends),
                n, part, n_parts, True, SEEDS, small_table(), 0, ids,
            )
            for part in range(n_parts)
        ]  # fmt: skip
        levels.append(ids)
        tables.append(learned[0][0])
        sizes.append([n_ids for _, n_ids in learned])
    return levels[1:], tables, sizes


@given(rows_of_ids)
def test_ngrams_are_numbered_by_appearance(rows):
    levels, tables, sizes = learn(rows, 4)
    for n, (ids, table, size) in enumerate(zip(levels, tables, sizes), start=2):
        grams = naive_ngrams(rows, n)
        numbers = {gram: i for i, gram in enumerate(dict.fromkeys(filter(None, grams)))}
        assert ids.tolist() == [numbers.get(gram, -1) for gram in grams]
        assert size == [len(numbers)]
        assert 3 * len(numbers) <= len(table), "tables are at most two thirds full"


@given(rows_of_ids, st.integers(2, 5))
def test_parts_find_the_same_ngrams(rows, n_parts):
    levels, _, sizes = learn(rows, 3, n_parts)
    for n, (ids, size) in enumerate(zip(levels, sizes), start=2):
        grams = naive_ngrams(rows, n)
        assert [gram is None for gram in grams] == (ids == -1).tolist()
        pairs = {pair for pair in zip(grams, ids.tolist()) if pair[0] is not None}
        assert len(pairs) == len({gram for gram, _ in pairs}) == len({id_ for _, id_ in pairs})
        for part in range(n_parts):
            own = sorted({id_ for _, id_ in pairs if id_ % n_parts == part})
            assert own == [part + n_parts * i for i in range(size[part])]


@pytest.mark.parametrize("n_parts", [1, 3])
def test_every_part_has_its_share(n_parts):
    rng = np.random.default_rng(0)
    rows = rng.integers(0, 40, size=(30, 20)).tolist()
    (ids,), _, (size,) = learn(rows, 2, n_parts)
    assert min(size) > 0.7 * max(size)
    assert len(np.unique(ids[ids >= 0])) == sum(size)


@given(rows_of_ids, rows_of_ids, st.integers(1, 4))
def test_known_ngrams_are_looked_up(known, rows, n_parts):
    """As `parts` of documents, which threads may look up at once."""
    rows = rows + known[:2]
    known_levels, tables, _ = learn(known, 3)
    tokens, ends = ragged(rows)
    prefixes = tokens
    for n, (known_ids, table) in enumerate(zip(known_levels, tables), start=2):
        numbers = dict(zip(naive_ngrams(known, n), known_ids.tolist()))
        ids = np.full(len(tokens), -1, np.int32)
        before = table.copy()
        for first, last in cuts(len(rows), n_parts):
            same, n_ids = intern_ngrams(
                prefixes, tokens, ends, first, last, n, 0, 1, False, SEEDS, table, 0, ids
            )
            assert same is table or np.array_equal(same, table)
            assert n_ids == 0
        assert np.array_equal(table, before)
        expected = [-1 if gram is None else numbers.get(gram, -1) for gram in naive_ngrams(rows, n)]
        assert ids.tolist() == expected
        prefixes = ids


def test_an_ngram_is_left_out_if_its_first_or_its_last_part_is():
    """Of "0 1 2 3": with "1 2" too rare, "0 1 2" and "1 2 3" must be."""
    tokens, ends = np.arange(4, dtype=np.int32), np.array([4])
    bigrams = np.array([0, -1, 1, -1], np.int32)
    ids = np.full(4, -1, np.int32)
    trigrams = bigrams, tokens, ends, 0, 1, 3, 0, 1, True, SEEDS
    _, n_ids = intern_ngrams(*trigrams, small_table(), 0, ids)
    assert n_ids == 0
    assert ids.tolist() == [-1] * 4
    bigrams[:] = 0, 1, -1, -1
    _, n_ids = intern_ngrams(*trigrams, small_table(), 0, ids)
    assert n_ids == 1
    assert ids.tolist() == [0, -1, -1, -1]


def pairs_of_one_slot(n_pairs):
    """Pairs of ids that all met in one slot of a table of up to 2**24 without seeds."""
    golden, mask = 0x9E3779B97F4A7C15, (1 << 64) - 1
    inverse, rng = pow(golden, -1, 1 << 64), np.random.default_rng(0)
    pairs = []
    while len(pairs) < n_pairs:
        hashed = int(rng.integers(0, 1 << 64, dtype=np.uint64)) & ~(((1 << 24) - 1) << 16)
        half = hashed * inverse & mask
        half = half ^ half >> 29 ^ half >> 58  # undoes half ^ half >> 29
        key = half * inverse & mask
        pairs.append((key >> 32, key & 0xFFFFFFFF))
    return [pair for pair in pairs if max(pair) < 1 << 31]


CRAFTED = {
    "one slot of the fixed form": pairs_of_one_slot(8000),
    "one first token": [(3, i) for i in range(4000)],
    "one last token": [(i, 3) for i in range(4000)],
    "a diagonal": [(i, i) for i in range(4000)],
    "equal steps": [(i, 1024 * i) for i in range(4000)],
}


def test_pairs_are_crafted_against_the_fixed_form():
    golden = np.uint64(0x9E3779B97F4A7C15)
    first, second = np.array(pairs_of_one_slot(2000), np.uint64).T
    hashed = (first << np.uint64(32) | second) * golden
    hashed = (hashed ^ hashed >> np.uint64(29)) * golden
    assert len(np.unique(hashed >> np.uint64(16) & np.uint64((1 << 24) - 1))) == 1


@pytest.mark.parametrize("name", CRAFTED)
@pytest.mark.parametrize("draw", range(5))
def test_crafted_pairs_take_few_steps(name, draw):
    """Each stands in the table but a few slots behind the one where it is looked for first."""
    seeds = np.random.default_rng(draw).integers(0, 1 << 64, 5, np.uint64, endpoint=False)
    tokens, ends = ragged(CRAFTED[name])
    ids = np.full(len(tokens), -1, np.int32)
    table, n_ids = intern_ngrams(
        tokens, tokens, ends, 0, len(ends), 2, 0, 1, True, seeds, small_table(), 0, ids
    )
    assert n_ids == len(ends)
    n_slots = len(table) // 2
    slots = np.flatnonzero(table[::2])
    homes = [int(counting._slot(table[2 * slot], n_slots - 1, seeds)) for slot in slots]
    assert ((slots - np.array(homes)) % n_slots).mean() < 8


def test_ids_of_31_bits_do_not_run_into_each_other():
    high = [0, *(1 << bit for bit in range(31)), 2**31 - 1]
    rows = [[a, b] for a in high for b in high]
    (ids,), _, _ = learn(rows, 2)
    assert ids[::2].tolist() == list(range(len(rows)))


def test_more_ngrams_than_are_looked_up_in_one_go():
    rows = [[i % 50, i % 7] for i in range(200)] + [[i * i % 50 for i in range(400)]]
    levels, _, _ = learn(rows, 3)
    for n, ids in enumerate(levels, start=2):
        grams = naive_ngrams(rows, n)
        numbers = {gram: i for i, gram in enumerate(dict.fromkeys(filter(None, grams)))}
        assert ids.tolist() == [numbers.get(gram, -1) for gram in grams]


@given(st.lists(st.integers(-1, 5)), st.lists(st.booleans(), min_size=6, max_size=6))
def test_blank(ids, kept):
    expected = [i if i >= 0 and kept[i] else -1 for i in ids]
    ids = np.array(ids, np.int32)
    blank(ids, np.array(kept))
    assert ids.tolist() == expected


# --- ranks ----------------------------------------------------------------------------------------


@given(
    st.lists(st.lists(st.tuples(*[st.integers(-1, 5)] * 3), max_size=8), max_size=6),
    st.lists(st.booleans(), min_size=18, max_size=18),
    st.integers(1, 3),
)
def test_rank_by_appearance(rows, kept, n_levels):
    tokens = [token[:n_levels] for row in rows for token in row]
    levels = np.array(tokens, np.int32).reshape(-1, n_levels).T.copy()
    _, ends = ragged(rows)
    bases = np.array([0, 6, 12][:n_levels])
    ranks, first_at = {}, []
    expected = np.full_like(levels, -1)
    for start, end in zip([0, *ends[:-1]], ends):
        for level in range(n_levels):
            for i in range(start, end):
                gram = bases[level] + levels[level, i]
                if levels[level, i] >= 0 and kept[gram]:
                    if gram not in ranks:
                        first_at.append((level, i))
                    expected[level, i] = ranks.setdefault(gram, len(ranks))
    level_of, starts = rank_by_appearance(levels, ends, bases, np.array(kept))
    assert list(zip(level_of.tolist(), starts.tolist())) == first_at
    assert np.array_equal(levels, expected)


# --- counts ---------------------------------------------------------------------------------------


def two_levels(rows):
    """The features of documents on two levels, the second of them the first backwards."""
    values, ends = ragged(rows)
    backwards, _ = ragged([row[::-1] for row in rows])
    return np.stack([values, backwards]), ends, [Counter(row + row[::-1]) for row in rows]


@given(rows_of_features, st.integers(1, 3))
def test_count_distinct(rows, n_parts):
    levels, ends, counters = two_levels(rows)
    features = [sorted(counter.keys() - {-1}) for counter in counters]
    lengths, frequencies = [], np.zeros(N_FEATURES, np.int64)
    for first, last in cuts(len(rows), n_parts):
        row_lengths, part = count_distinct(levels, ends, first, last, N_FEATURES)
        lengths += row_lengths.tolist()
        frequencies += part
    assert lengths == list(map(len, features))
    expected = np.bincount([f for row in features for f in row], minlength=N_FEATURES)
    assert np.array_equal(frequencies, expected)


@given(
    rows_of_features,
    st.integers(1, 3),
    st.sampled_from([np.int64, np.float64]),
    st.integers(0, 40),
)
def test_count_rows(rows, n_parts, dtype, most):
    """Entries are in the order of features, whatever the columns: sorted, or marked."""
    levels, ends, counters = two_levels(rows)
    columns = np.random.default_rng(0).permutation(N_FEATURES).astype(np.int32)
    expected = [(f, c) for row in counters for f, c in sorted(row.items()) if f >= 0]
    lengths = [len(counter.keys() - {-1}) for counter in counters]
    starts = [0, *np.cumsum(lengths).tolist()]
    for index_dtype in (np.int32, np.int64):
        indices = np.full(starts[-1], -9, index_dtype)
        data = np.full(starts[-1], -9, dtype)
        for first, last in cuts(len(rows), n_parts):
            found = count_rows(
                levels, ends, first, last, starts[first], most, columns, indices, data
            )
            assert found.tolist() == lengths[first:last]
        assert indices.tolist() == [columns[feature] for feature, _ in expected]
        assert data.tolist() == [count for _, count in expected]


@pytest.mark.parametrize("n_features", [1, 63, 64, 65, 128, 4096, 4097])
@pytest.mark.parametrize("most", [0, 4097])
def test_count_rows_of_all_features_at_once(n_features, most):
    features = np.arange(n_features, dtype=np.int32)
    levels = features[np.newaxis, ::-1].copy()
    indices, data = np.empty(n_features, np.int32), np.empty(n_features, np.int64)
    count_rows(levels, np.array([n_features]), 0, 1, 0, most, features, indices, data)
    assert np.array_equal(indices, features)
    assert (data == 1).all()


# --- products -------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_features", [5, 64, 130, 5000])
@pytest.mark.parametrize("n_parts", [1, 3])
def test_products_of_sparse_matrices(n_features, n_parts):
    rng = np.random.default_rng(n_features)

    def random_counts(shape, share):
        dense = rng.integers(1, 4, size=shape) * (rng.random(shape) < share)
        return sparse.csr_array(dense)

    by_word = random_counts((8, 12), 0.4)
    by_gram = random_counts((12, n_features), min(0.5, 40 / n_features)).astype(np.int32)
    by_word.data[:3] = 1000
    product = by_word.toarray() @ by_gram.toarray()
    lengths, frequencies = [], np.zeros(n_features, np.int64)
    for first, last in cuts(8, n_parts):
        row_lengths, part = product_distinct(
            by_word.indptr, by_word.indices, by_gram.indptr, by_gram.indices,
            first, last, n_features,
        )  # fmt: skip
        lengths += row_lengths.tolist()
        frequencies += part
    assert lengths == (product > 0).sum(axis=1).tolist()
    assert frequencies.tolist() == (product > 0).sum(axis=0).tolist()
    columns = rng.permutation(n_features).astype(np.int32)
    for dtype in (np.int64, np.float64):
        indptr = np.cumsum([0, *lengths]).astype(np.int32)
        indices, data = np.full(indptr[-1], -1, np.int32), np.full(indptr[-1], -9, dtype)
        for first, last in cuts(8, n_parts):
            product_rows(
                by_word.indptr, by_word.indices, by_word.data,
                by_gram.indptr, by_gram.indices, by_gram.data,
                first, last, indptr, columns, indices, data,
            )  # fmt: skip
        rows, features = product.nonzero()  # row by row, features ascending
        assert indices.tolist() == columns[features].tolist()
        assert data.tolist() == product[rows, features].tolist()


# --- hashing --------------------------------------------------------------------------------------


@given(
    st.lists(st.dictionaries(st.integers(0, 40), st.integers(1, 5), max_size=20), max_size=6),
    st.integers(1, 200),
    st.booleans(),
)
def test_hash_rows(rows, n_columns, alternate):
    rng = np.random.default_rng(n_columns)
    columns = rng.integers(0, n_columns, size=41).astype(np.int32)
    signs = rng.choice([-1, 1], size=41) if alternate else np.ones(41, np.int64)
    indptr = np.cumsum([0, *map(len, rows)]).astype(np.int32)
    indices = np.array([f for row in rows for f in row], np.int32)
    data = np.array([c for row in rows for c in row.values()], np.int64)
    used, numbers = np.unique(columns, return_inverse=True)
    new_indptr, new_indices, new_data = hash_rows(indptr, indices, data, numbers, signs, used)
    expected = []
    for row in rows:
        sums = {}
        for feature, count in row.items():
            column = int(columns[feature])
            sums[column] = sums.get(column, 0) + int(signs[feature]) * count
        expected.append(sorted(sums.items()))  # sums of 0 included
    assert new_indptr.tolist() == np.cumsum([0, *map(len, expected)]).tolist()
    assert new_indptr.dtype == indptr.dtype
    assert new_indices.tolist() == [column for row in expected for column, _ in row]
    assert new_data.tolist() == [total for row in expected for _, total in row]


def test_hash_rows_keeps_sums_of_zero():
    indptr, indices = np.array([0, 2, 3], np.int32), np.array([0, 1, 1], np.int32)
    numbers, signs, used = np.array([0, 0]), np.array([1, -1]), np.array([5])
    _, new_indices, new_data = hash_rows(indptr, indices, np.array([3, 3, 2]), numbers, signs, used)
    assert new_indices.tolist() == [5, 5]
    assert new_data.tolist() == [0, -2]
