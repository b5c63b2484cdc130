"""Blocks of sparse vectors against naive twins; also run with NUMBA_DISABLE_JIT=1."""

from itertools import pairwise

import numpy as np
import pytest
from scipy import sparse

from textvec.kernels.sparse_blocks import Blocks, block_top_k, heads, make_blocks

from .test_top_k import naive_scores, naive_top_k

pytestmark = pytest.mark.usefixtures("wrapping_integers")


def skewed(rng, n_rows, n_terms=30):
    """Rows of few terms, some in most rows and some in few, with twins and an empty one."""
    rows = rng.lognormal(size=(n_rows, n_terms)) * (
        rng.random((n_rows, n_terms)) < 1 / np.arange(1, n_terms + 1) ** 0.5
    )
    rows[n_rows // 2] = rows[1]
    rows[0] = 0
    return rows.astype(np.float32)


def ends(lengths):
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def blocks_of(items, n_most=1000, fraction=0.2, energy=1.0, seed=0, parts=1):
    rows, by_term = sparse.csr_array(items), sparse.csc_array(items)
    arrays, head = (rows.indptr, rows.indices, rows.data), heads(rows.indptr, rows.data)
    bounds = np.linspace(0, items.shape[1], parts + 1).astype(int)
    made = [
        make_blocks(
            first, last, by_term.indptr, by_term.indices, by_term.data, head, *arrays,
            n_most, fraction, energy, np.uint64(seed), np.empty(0, np.uint16),
        )
        for first, last in pairwise(bounds)
    ]  # fmt: skip
    lists, blocks, postings, summaries, kept, codes, steps = map(np.concatenate, zip(*made))
    return Blocks(ends(lists), ends(blocks), postings, ends(summaries), kept, codes, steps)


def search(queries, items, lists, k, cut=100, factor=1.0):
    asked, rows = sparse.csr_array(queries), sparse.csr_array(items)
    scores, ids = np.full((len(queries), k), 7, np.float32), np.full((len(queries), k), 7)
    work = block_top_k(
        asked.indptr, asked.indices, asked.data, 0, len(queries), rows.indptr, rows.indices,
        rows.data, lists, cut, factor, k, scores, ids,
    )  # fmt: skip
    return scores, ids, work


def blocks_in(lists, term):
    """Yield (items, terms of the summary, values that the codes stand for) of a list's blocks."""
    for block in range(lists.lists[term], lists.lists[term + 1]):
        items = lists.postings[lists.blocks[block] : lists.blocks[block + 1]]
        own = slice(lists.summaries[block], lists.summaries[block + 1])
        yield items, lists.kept[own], lists.codes[own] * lists.steps[block], lists.steps[block]


@pytest.mark.parametrize("k", [1, 5, 60])
@pytest.mark.parametrize("fraction", [0.05, 0.3, 1.0])
def test_what_leaves_nothing_out_is_exact(k, fraction):
    rng = np.random.default_rng(0)
    items, queries = skewed(rng, 60), skewed(rng, 8)
    scores, ids, _ = search(queries, items, blocks_of(items, fraction=fraction), k)
    expected = naive_top_k(naive_scores(queries, items, "dot", np.float32), k, False)
    np.testing.assert_array_equal(scores, expected[0])
    np.testing.assert_array_equal(ids, expected[1])


@pytest.mark.parametrize("n_most", [1, 7, 60])
def test_lists_keep_the_heaviest_items_each_in_one_block(n_most):
    items = skewed(np.random.default_rng(1), 60)
    lists = blocks_of(items, n_most)
    for term, column in enumerate(items.T):
        found = np.concatenate([block for block, *_ in blocks_in(lists, term)] or [[]])
        expected = np.argsort(-column, kind="stable")[: min(n_most, np.count_nonzero(column))]
        np.testing.assert_array_equal(np.sort(found), np.sort(expected))


@pytest.mark.parametrize("energy", [0.1, 0.5, 1.0])
def test_summaries_are_the_largest_values_rounded_up(energy):
    items = skewed(np.random.default_rng(2), 60)
    for term in range(30):
        for block, kept, values, step in blocks_in(blocks_of(items, energy=energy), term):
            peaks = items[block].max(axis=0)
            assert len(np.unique(kept)) == len(kept)
            assert (values >= peaks[kept] * (1 - 1e-6)).all()
            assert (values <= (peaks[kept] + step) * (1 + 1e-6)).all()
            left = np.delete(peaks, kept)
            assert left.max(initial=0) <= values.min() * (1 + 1e-6)
            if energy == 1:
                assert not left.any()
            coded = np.ceil(peaks / step - 1e-3)  # as many as reach the share, and no more
            assert coded[kept].sum() >= energy * coded.sum() - 2
            assert coded[kept].sum() - coded[kept].min() < energy * coded.sum() + 2


def test_blocks_hold_items_that_are_alike():
    """Two kinds of items that share one term only: no block mixes them once there is a choice."""
    rng = np.random.default_rng(3)
    items = np.zeros((80, 21), np.float32)
    items[:40, :10], items[40:, 10:20] = rng.random((2, 40, 10)) + 0.5
    items[:, 20] = 0.1
    mixed = [len(set(block >= 40)) > 1 for block, *_ in blocks_in(blocks_of(items), 20)]
    assert len(mixed) > 4
    assert not any(mixed)


def test_parts_change_nothing_and_seeds_do():
    items = skewed(np.random.default_rng(4), 60)
    whole = blocks_of(items, seed=1)
    for parts in (3, 30):
        for one, other in zip(blocks_of(items, seed=1, parts=parts), whole):
            np.testing.assert_array_equal(one, other)
    assert not np.array_equal(blocks_of(items, seed=2).postings, whole.postings)


def test_only_the_lists_of_the_heaviest_terms_are_read():
    items = np.eye(4, dtype=np.float32)
    scores, ids, work = search(np.array([[1, 4, 3, 2]], np.float32), items, blocks_of(items), 4, 2)
    np.testing.assert_array_equal(ids, [[1, 2, -1, -1]])
    np.testing.assert_array_equal(scores, [[4, 3, 0, 0]])
    np.testing.assert_array_equal(work, [[2, 2, 2]])


def test_blocks_of_little_promise_are_left_out():
    rng = np.random.default_rng(5)
    items, queries = skewed(rng, 60), skewed(rng, 8)
    lists = blocks_of(items)
    scored = [search(queries, items, lists, 3, factor=factor)[2][:, 2] for factor in (0.5, 1)]
    assert (scored[0] <= scored[1]).all()
    assert scored[0].sum() < scored[1].sum() < np.count_nonzero(queries @ items.T)


def test_queries_of_more_terms_than_there_are_slots():
    rng = np.random.default_rng(6)
    items, queries = skewed(rng, 20, 400), rng.random((2, 400)).astype(np.float32)
    scores, ids, _ = search(queries, items, blocks_of(items, fraction=1.0), 20, 400, 1e-6)
    expected = naive_top_k(naive_scores(queries, items, "dot", np.float32), 20, False)
    found = np.sort(ids), np.sort(expected[1])
    np.testing.assert_array_equal(*found)
    np.testing.assert_array_equal(scores[ids >= 0], expected[0][ids >= 0])


def test_heads_are_the_heaviest_entries():
    items = skewed(np.random.default_rng(7), 20, 60)
    rows = sparse.csr_array(items)
    for item, row in enumerate(heads(rows.indptr, rows.data)):
        heaviest = np.sort(items[item][items[item] > 0])[::-1][:15]
        np.testing.assert_array_equal(rows.data[row[row >= 0]], heaviest)
