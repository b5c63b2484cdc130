"""Exact search: textvec against sparse-dot-topn, scikit-learn and faiss in one table.

Reads 20 newsgroups from the folder that the environment variable TEXTVEC_DATA names. Search of
short queries by BM25 is a part of bench_sparse.py.
"""

import argparse
import json
import os
import platform
import sys
from functools import cache, partial
from importlib.metadata import version
from importlib.util import find_spec

import numpy as np
from _timing import Row, compare, in_new_process, memory_growth, print_table, processor
from bench_sparse import read
from sklearn.metrics.pairwise import linear_kernel
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

import textvec

K = 10
N_DENSE, N_QUERIES, WIDTH = 100_000, 1_000, 384
QUICK = 2_000  # items
WARM_UP = 300  # items


# Vectors: (queries, items), rows of length 1


@cache
def vectors(name, quick=False):
    """Return queries and items in float32."""
    if name == "20 newsgroups":
        texts = read(name)[:QUICK] if quick else read(name)
        rows = textvec.TfidfVectorizer(dtype=np.float32).fit_transform(texts)
        rows.sort_indices()
        return rows, rows
    rng = np.random.default_rng(0)
    n_items = QUICK if quick else N_DENSE
    rows = rng.standard_normal((n_items + N_QUERIES, WIDTH), dtype=np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows[n_items:], rows[:n_items]


# The works: from items to (scores, indices) of each query; the index of dense ones is made before


def our_pairs(data, threads):
    """Get ready to find the best of the items for each query, the index included."""
    return lambda: textvec.top_k(*data, K, metric="dot", n_jobs=threads)


def topn_pairs(data, threads):
    """Get ready to do so by a sparse product that keeps the best of each row."""
    from sparse_dot_topn import sp_matmul_topn

    queries, items = data

    def work():
        best = sp_matmul_topn(queries, items.T.tocsr(), top_n=K, n_threads=threads, sort=True)
        return padded(best)

    return work


def padded(best):
    """Return the rows of a CSR matrix as arrays of K columns."""
    lengths = np.diff(best.indptr)
    filled = np.arange(K) < lengths[:, None]
    scores, indices = np.zeros(filled.shape, best.dtype), np.full(filled.shape, -1)
    scores[filled], indices[filled] = best.data, best.indices
    return scores, indices


def kernel_pairs(data, threads):
    """Get ready to do so as tutorials do, by all products and a sort of each row."""

    def work():
        scores = linear_kernel(*data)
        indices = np.argsort(-scores, axis=1)[:, :K]
        return np.take_along_axis(scores, indices, axis=1), indices

    return work


def our_dense(data, threads):
    """Get ready to search."""
    queries, items = data
    index = textvec.ExactIndex(metric="dot", n_jobs=threads).fit(items)
    return lambda: index.search(queries, K)


def faiss_dense(data, threads):
    """Get ready to search."""
    import faiss

    queries, items = data
    index = faiss.IndexFlatIP(items.shape[1])
    index.add(items)

    def work():
        faiss.omp_set_num_threads(threads)
        return index.search(queries, K)

    return work


def brute_dense(data, threads):
    """Get ready to search by cosine, which for rows of length 1 ranks alike."""
    queries, items = data
    search = NearestNeighbors(n_neighbors=K, metric="cosine", algorithm="brute", n_jobs=threads)
    search.fit(items)

    def work():
        with threadpool_limits(threads):
            distances, indices = search.kneighbors(queries)
        return 1 - distances, indices

    return work


def same_neighbors(name, quick, ours, theirs):
    """Return whether neighbours are equally near by products in float64, rank by rank, to 1e-6.

    Our scores must be these products to 1e-6 too. Theirs need not: sums in float32 err by more.
    """
    (scores, indices), (_, their_indices) = ours, theirs
    queries, items = vectors(name, quick)
    near = np.abs(products(queries, items, indices) - products(queries, items, their_indices))
    errors = np.abs(products(queries, items, indices) - scores)
    return bool(near.max() <= 1e-6 and errors.max() <= 1e-6)


def products(queries, items, indices):
    """Return products of queries and their neighbours, summed in float64; 0 for no neighbour."""
    columns = []
    for column in indices.T:
        pairs = queries.astype(np.float64) * items[column] if dense(items) else None
        if pairs is None:
            pairs = queries.astype(np.float64).multiply(items[column].astype(np.float64))
        columns.append(np.asarray(pairs.sum(axis=1)).ravel() * (column >= 0))
    return np.stack(columns, axis=1)


def dense(rows):
    """Return whether rows are an array."""
    return isinstance(rows, np.ndarray)


# The table


def rows(quick):
    """Return all rows, by name; those of faiss where it is installed."""
    news, random = "20 newsgroups", "random"
    topn = {"sparse-dot-topn": topn_pairs}
    pairs = f"all pairs, top-{K}, TF-IDF of {news}"
    search = f"top-{K} of {N_QUERIES:,} queries, random {N_DENSE:,} x {WIDTH}"
    table = [
        ("sparse", pairs, news, 2, our_pairs, topn, None),
        ("sparse-one-thread", f"{pairs}, one thread", news, 2, our_pairs, topn, 1),
        ("sparse-kernel", pairs, news, 10, our_pairs, {"linear_kernel": kernel_pairs}, None),
        ("dense", search, random, 3, our_dense, {"scikit-learn brute": brute_dense}, None),
    ]
    if find_spec("faiss"):
        flat = {"faiss IndexFlatIP": faiss_dense}
        table += [
            ("dense-faiss", search, random, 0.9, our_dense, flat, None),
            ("dense-faiss-one-thread", f"{search}, one thread", random, 0.9, our_dense, flat, 1),
        ]
    return {
        name: Row(name, title, data, bar, ours, theirs, partial(same_neighbors, data, quick), one)
        for name, title, data, bar, ours, theirs, one in table
    }


def memory(row, side, data, threads):
    """Return by how many bytes resident memory grows during a work; for a new process."""
    prepare = row.ours if side == "ours" else row.theirs[side]
    queries, items = data
    prepare((queries[:WARM_UP], items[:WARM_UP]), threads)()
    return memory_growth(prepare(data, threads))


def main():
    """Run the rows that are asked for and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", nargs="+", metavar="ROW", help="all unless given")
    parser.add_argument("--repeats", type=int, default=5, help="timed calls (default: 5)")
    parser.add_argument("--threads", type=int, default=2, help="of both sides (default: 2)")
    parser.add_argument("--quick", action="store_true", help=f"only {QUICK:,} items: a try-out")
    parser.add_argument("--measure", type=json.loads, help=argparse.SUPPRESS)  # in a new process
    args = parser.parse_args()
    if "TEXTVEC_DATA" not in os.environ:
        parser.error("the environment variable TEXTVEC_DATA must name the folder of the corpora")
    table = rows(args.quick)
    if unknown := set(args.rows or ()) - set(table):
        parser.error(f"there are no rows {', '.join(sorted(unknown))}, only {', '.join(table)}")

    if args.measure:
        row = table[args.measure["row"]]
        data, threads = vectors(row.data, args.quick), row.threads or args.threads
        print(memory(row, args.measure["side"], data, threads))
        return

    def memory_of(row, side):
        options = ["--threads", args.threads, *(["--quick"] if args.quick else [])]
        details = json.dumps({"row": row, "side": side})
        return in_new_process(__file__, *options, "--measure", details)

    lines = []
    for name in args.rows or table:
        print(f"{name} ...", file=sys.stderr, flush=True)
        row = table[name]
        data = vectors(row.data, args.quick)
        lines.append(compare(row, data, args.threads, args.repeats, partial(memory_of, name)))
        print(f"    {lines[-1]['ratio']} times as fast", file=sys.stderr, flush=True)

    packages = ["numpy", "scipy", "numba", "scikit-learn", "sparse-dot-topn"]
    packages += ["faiss-cpu"] if find_spec("faiss") else []
    versions = ", ".join(f"{package} {version(package)}" for package in packages)
    print(f"{processor()}, Python {platform.python_version()}, {versions}")
    print(f"{args.threads} threads, medians of {args.repeats} calls in turn after a warm-up")
    print("ONLY A FEW ITEMS: a try-out\n" if args.quick else "")
    print_table(lines)
    if any(line["equal"] == "NO" for line in lines):
        sys.exit("Results differ: a ratio without equal results means nothing.")


if __name__ == "__main__":
    main()
