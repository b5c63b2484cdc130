"""Counting and renumbering of ids against naive twins; also run with NUMBA_DISABLE_JIT=1."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from textvec.kernels.corpora import count_ids, renumber

N_IDS = 5
documents = st.lists(st.lists(st.integers(-1, N_IDS - 1), max_size=8), max_size=6)


def ragged(rows):
    ends = np.cumsum([0, *map(len, rows)])[1:].astype(np.int64)
    return np.array([value for row in rows for value in row], np.int32), ends


@settings(max_examples=60)
@given(documents)
def test_counts_and_first_places(rows):
    ids, _ = ragged(rows)
    listed = ids.tolist()
    counts, firsts = count_ids(ids, N_IDS)
    assert counts.tolist() == [listed.count(i) for i in range(N_IDS)]
    assert firsts.tolist() == [
        listed.index(i) if i in listed else len(listed) for i in range(N_IDS)
    ]


@settings(max_examples=60)
@given(documents, st.lists(st.integers(-1, 9), min_size=N_IDS, max_size=N_IDS))
def test_renumbering_drops_and_closes_gaps(rows, new_ids):
    ids, ends = ragged(rows)
    expected = [[new_ids[i] for i in row if i >= 0 and new_ids[i] >= 0] for row in rows]
    n_kept = renumber(ids, ends, np.array(new_ids, np.int32))
    ids_expected, ends_expected = ragged(expected)
    np.testing.assert_array_equal(ids[:n_kept], ids_expected)
    np.testing.assert_array_equal(ends, ends_expected)
