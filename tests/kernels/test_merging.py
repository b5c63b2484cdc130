"""Merging of statistics against naive twins; also run with NUMBA_DISABLE_JIT=1."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textvec.kernels.merging import add_statistics, are_ascending, lay_out, merge_ascending

strings = st.lists(st.text(st.characters(codec="utf-8"), max_size=4), max_size=8)
numbers = st.integers(0, 9)


def laid(words):
    encoded = [word.encode() for word in words]
    ends = np.cumsum([0, *map(len, encoded)])[1:].astype(np.int64)
    return np.frombuffer(bytearray(b"".join(encoded)), np.uint8), ends


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), numbers, numbers), max_size=12))
def test_statistics_add_up_by_term(rows):
    sums = np.arange(10).reshape(5, 2)
    expected = sums.copy()
    for term, documents, occurrences in rows:
        expected[term] += documents, occurrences
    ids, documents, occurrences = (np.array(column) for column in (*zip(*rows), (), (), ())[:3])
    add_statistics(ids.astype(np.int32), documents.astype(int), occurrences.astype(int), sums)
    np.testing.assert_array_equal(sums, expected)


@settings(max_examples=100, deadline=None)
@given(strings, strings)
def test_what_two_lists_hold_is_merged(one, other):
    lists = [sorted(set(one)), sorted(set(other))]
    counts = [{word: (10 * place + which, place) for place, word in enumerate(words)}
              for which, words in enumerate(lists)]  # fmt: skip
    given_ = [part for words, count in zip(lists, counts) for part in (
        *laid(words), np.array([*count.values()], np.int64).reshape(-1, 2))]  # fmt: skip
    text, ends, sums = merge_ascending(*given_)
    expected = sorted({*one, *other})
    assert text.tobytes() == "".join(expected).encode()
    assert ends.tolist() == laid(expected)[1].tolist()
    assert sums.tolist() == [
        [sum(count.get(word, (0, 0))[k] for count in counts) for k in (0, 1)] for word in expected
    ]


@settings(max_examples=60, deadline=None)
@given(strings, st.randoms(use_true_random=False))
def test_strings_are_laid_out_in_any_order(words, random):
    text, ends = laid(words)
    order = random.sample(range(len(words)), random.randint(0, len(words)))
    begins = np.append(0, ends)[:-1].astype(np.int64)
    found = lay_out(text, begins, ends, np.array(order, np.int64))
    assert found.tobytes() == "".join(words[i] for i in order).encode()


@settings(max_examples=100, deadline=None)
@given(strings)
def test_ascending_is_sorted_and_distinct(words):
    assert are_ascending(*laid(sorted(set(words))))
    assert are_ascending(*laid(words)) == (words == sorted(set(words)))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], True),
        (["", "a"], True),
        (["a", "ab", "b", "ba", "中", "\U0001f600"], True),
        (["", ""], False),
        (["a", "a"], False),
        (["ab", "a"], False),
        (["a", "c", "b"], False),
    ],
)
def test_ascending(words, expected):
    assert are_ascending(*laid(words)) is expected
