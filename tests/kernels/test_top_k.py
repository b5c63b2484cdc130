"""The top-k kernels against naive twins; also run with NUMBA_DISABLE_JIT=1."""

from functools import partial

import numpy as np
import pytest
from scipy import sparse

from textvec.kernels.dense_top_k import DenseItems, dense_offer
from textvec.kernels.sparse_top_k import (
    SparseItems,
    lay_out_postings,
    lay_out_queries,
    sparse_top_k,
)
from textvec.kernels.top_k import squared_norms, unwind_heaps

METRICS = ("cosine", "dot", "euclidean")


def naive_scores(queries, items, metric, dtype):
    """Score every pair in float64, feature after feature, and round to dtype."""
    queries, items = queries.astype(np.float64), items.astype(np.float64)
    scores = np.zeros((len(queries), len(items)))
    for query, row in zip(queries, scores, strict=True):
        for feature, value in enumerate(query):
            if metric == "euclidean":
                row -= (value - items[:, feature]) ** 2
            else:
                row += value * items[:, feature]
    if metric == "cosine":
        scores *= inverse_norms(queries)[:, None] * inverse_norms(items)
    return scores.astype(dtype)


def inverse_norms(rows):
    norms = np.sqrt(np.cumsum(rows.astype(np.float64) ** 2, axis=1)[:, -1])
    return np.divide(1, norms, out=np.zeros(len(norms)), where=norms > 0)


def naive_top_k(scores, k, every):
    """Sort every pair: best first, lower index first among equals."""
    found = np.zeros((len(scores), k), scores.dtype), np.full((len(scores), k), -1)
    for row, row_scores in enumerate(scores):
        order = np.lexsort([np.arange(len(row_scores)), -row_scores])
        order = order[every | (row_scores[order] != 0)][:k]
        found[0][row, : len(order)] = row_scores[order]
        found[1][row, : len(order)] = order
    return found


def shared_layout(items, metric):
    scale = inverse_norms(items) if metric == "cosine" else np.ones(len(items))
    squares = (items.astype(np.float64) ** 2).sum(axis=1)
    bias = -squares * (1 - 8 * np.finfo(items.dtype).eps) * (metric == "euclidean")
    return scale, bias.astype(items.dtype), (np.sqrt(squares) * scale).astype(items.dtype)


def sparse_layout(items, metric, n_common, n_dense=0):
    scale, bias, norms = shared_layout(items, metric)
    rows, by_term = sparse.csr_array(items), sparse.csc_array(items)
    n_common = min(n_common, items.shape[1])
    columns = np.full(items.shape[1], -1, np.int32)
    columns[np.argsort(-np.diff(by_term.indptr))[:n_common]] = np.arange(n_common)
    peaks = np.empty(items.shape[1], items.dtype)
    common = np.zeros((len(items), n_common), items.dtype)
    rest = np.empty(len(items), items.dtype)
    weights = by_term.data.copy()
    places, dense = (
        np.full(items.shape[1], -1, np.int32),
        np.zeros((len(items), n_dense), items.dtype),
    )
    places[np.argsort(-np.diff(by_term.indptr))[:n_dense]] = np.arange(n_dense)
    lay_out_postings(
        by_term.indptr, by_term.indices, weights, scale, columns, peaks, common, rest, places, dense
    )
    return SparseItems(
        rows.indptr, rows.indices, rows.data, scale, bias, norms,
        by_term.indptr, by_term.indices, weights, peaks, columns, common, rest, places, dense,
    )  # fmt: skip


def search_sparse(queries, items, k, metric, every, n_common=5, n_dense=0):
    rows = sparse.csr_array(queries)
    layout = sparse_layout(items, metric, n_common, n_dense)
    scales = inverse_norms(queries) if metric == "cosine" else np.ones(len(queries))
    scores, ids = np.full((len(queries), k), 7, queries.dtype), np.full((len(queries), k), 7)
    sums = np.empty((0, len(items)), queries.dtype)
    if n_dense:
        dense = np.empty((len(queries), n_dense), queries.dtype)
        factors = scales * (2 if metric == "euclidean" else 1)
        lay_out_queries(
            rows.indptr, rows.indices, rows.data, factors, 0, len(queries), layout.places, dense
        )
        sums = dense @ layout.dense.T
    sparse_top_k(
        rows.indptr, rows.indices, rows.data, scales, 0, len(queries), layout, sums, k,
        metric == "euclidean", every, scores, ids,
    )  # fmt: skip
    return scores, ids


search_by_products = partial(search_sparse, n_dense=3)


def search_dense(queries, items, k, metric, every, block=23):
    scales = inverse_norms(queries) if metric == "cosine" else np.ones(len(queries))
    squares = (queries.astype(np.float64) ** 2).sum(axis=1)
    layout = DenseItems(items, *shared_layout(items, metric), np.empty(0, np.int64))
    best = np.full((len(queries), k), -np.inf, queries.dtype)
    heap_ids = np.full((len(queries), k), len(items))
    for begin in range(0, len(items), block):
        products = queries @ items[begin : begin + block].T
        dense_offer(
            queries,
            squares,
            scales,
            products,
            begin,
            layout,
            metric == "euclidean",
            every,
            best,
            heap_ids,
        )
    scores, ids = np.empty_like(best), np.empty_like(heap_ids)
    unwind_heaps(best, heap_ids, len(items), scores, ids)
    return scores, ids


def skewed(rng, n_rows, dtype, signed):
    """Rows of 30 features, some in nearly all rows and some in few, with twins and empty rows."""
    rows = rng.poisson(3 / np.arange(1, 31) ** 1.3, size=(n_rows, 30)).astype(dtype)
    rows *= rng.choice([0.5, 1, 1.5], size=rows.shape).astype(dtype)
    if signed:
        rows *= rng.choice([-1, 1], size=rows.shape).astype(dtype)
    rows[n_rows // 2] = rows[-1] = rows[1]
    rows[0] = 0
    return rows


@pytest.mark.parametrize("search", [search_sparse, search_by_products, search_dense])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("every", [False, True])
def test_equals_sorting_all_scores(search, dtype, metric, signed, every):
    rng = np.random.default_rng(3)
    items, queries = skewed(rng, 60, dtype, signed), skewed(rng, 6, dtype, signed)
    every = every or metric == "euclidean"
    scores = naive_scores(queries, items, metric, dtype)
    for k in (1, 4, 60):
        found_scores, found = search(queries, items, k, metric, every)
        expected_scores, expected = naive_top_k(scores, k, every)
        if metric == "euclidean":  # summed in two parts where the vectors are sparse
            np.testing.assert_allclose(found_scores, expected_scores, rtol=1e-6, atol=1e-14)
        else:
            np.testing.assert_array_equal(found_scores, expected_scores)
            np.testing.assert_array_equal(found, expected)
        descending = np.diff(found_scores) < 0
        ascending_ids = (np.diff(found) > 0) & (np.diff(found_scores) == 0)
        assert (descending | ascending_ids | (found[:, 1:] == -1)).all()


@pytest.mark.parametrize("n_common", [0, 1, 10, 30])
def test_common_terms_may_be_any_number(n_common):
    rng = np.random.default_rng(4)
    items, queries = skewed(rng, 90, np.float32, False), skewed(rng, 8, np.float32, False)
    expected = naive_top_k(naive_scores(queries, items, "cosine", np.float32), 3, False)
    found = search_sparse(queries, items, 3, "cosine", False, n_common)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("search", [search_sparse, search_by_products, search_dense])
@pytest.mark.parametrize("signed", [False, True])
def test_rounding_of_the_cheap_pass_costs_nothing(search, signed):
    """Sums of the same numbers in another order tie, though float32 would tell them apart."""
    rng = np.random.default_rng(5)
    base = rng.random(400) * (rng.choice([-1, 1], 400) if signed else 1)
    items = np.stack([rng.permutation(base) for _ in range(50)]).astype(np.float32)
    items[30] *= np.float32(1.001) if items[30].sum() > 0 else np.float32(0.999)
    _, ids = search(np.ones((1, 400), np.float32), items, 10, "dot", False)
    np.testing.assert_array_equal(ids, [[30, 0, 1, 2, 3, 4, 5, 6, 7, 8]])


@pytest.mark.parametrize("n_items", [3, 100])  # a query that meets most items, and one that few
@pytest.mark.parametrize("search", [search_sparse, search_by_products, search_dense])
def test_what_only_seems_to_match_keeps_nothing_out(search, n_items):
    """In float32 one of the first items seems to score 1; both score 0, and are no matches."""
    items = np.zeros((n_items, 4), np.float32)
    items[0] = -(2**24), -1, 2**24, 1
    items[1] = -1, 2**24, 1, -(2**24)
    items[2, 0] = -1000
    scores, ids = search(np.ones((1, 4), np.float32), items, 1, "dot", False)
    assert (scores, ids) == (-1000, 2)


@pytest.mark.parametrize("search", [search_sparse, search_by_products, search_dense])
def test_ties_are_settled_by_id_in_whatever_order_items_are_met(search):
    items = np.zeros((200, 5), np.float64)
    items[[150, 70, 71, 20, 20, 199], [0, 1, 1, 2, 3, 3]] = 2
    queries = np.array([[1.0, 1, 1, 1, 0], [0, 0, 0, 1, 1], [1, 1, 1, 0, 0]])
    expected = np.array([[20, 70, 71, 150, 199], [199, 20, -1, -1, -1], [70, 71, 150, 20, -1]])
    for k in range(1, 6):
        _, ids = search(queries, items, k, "cosine", False)
        np.testing.assert_array_equal(ids, expected[:, :k])


@pytest.mark.parametrize("n_common", [5, 30])
def test_queries_leave_nothing_behind(n_common):
    """One after another, queries that meet few items and many find what they find alone."""
    rng = np.random.default_rng(6)
    items, queries = skewed(rng, 160, np.float32, False), skewed(rng, 12, np.float32, False)
    queries[::2, :28] = 0  # rare terms alone
    queries[::2, 28:] = 1
    found = search_sparse(queries, items, 5, "cosine", False, n_common)
    expected = naive_top_k(naive_scores(queries, items, "cosine", np.float32), 5, False)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("every", [False, True])
def test_short_queries_of_long_items(every):
    rng = np.random.default_rng(7)
    items = rng.random((40, 150)) * (rng.random((40, 150)) < 0.6)
    queries = rng.random((9, 150))
    for query in queries:
        query[rng.permutation(150)[rng.integers(1, 5) :]] = 0
    queries[0] = 0
    queries[0, [0, 149]] = 1
    expected = naive_top_k(naive_scores(queries, items, "dot", np.float64), 40, every)
    np.testing.assert_array_equal(search_sparse(queries, items, 40, "dot", every), expected)


def test_squared_norms():
    rows = np.array([[3.0, 4.0], [0.0, 0.0], [0.0, 2.0]], np.float32)
    matrix = sparse.csr_array(rows)
    np.testing.assert_array_equal(squared_norms(matrix.indptr, matrix.data), [25, 0, 4])


def test_layout_of_postings():
    items = np.array([[2, 0, 1], [0, 0, -4], [0, 3, 0]], np.float64)
    layout = sparse_layout(items, "dot", 1)
    np.testing.assert_array_equal(layout.columns, [-1, -1, 0])  # the third term is in two items
    np.testing.assert_array_equal(layout.common, [[1], [-4], [0]])
    np.testing.assert_array_equal(layout.rest, [1, 4, 0])
    np.testing.assert_array_equal(layout.peaks, [2, 3, 4])
    cosine = sparse_layout(items, "cosine", 1)
    np.testing.assert_allclose(cosine.common, [[1 / np.sqrt(5)], [-1], [0]])
