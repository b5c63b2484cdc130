"""Search: textvec against sparse-dot-topn, scikit-learn, faiss, datasketch and rensa in one table.

Two tables more show the other engines (recall, queries a second) and how search grows with the
items. Reads 20 newsgroups and Wikipedia from the folder that the environment variable TEXTVEC_DATA
names. Search of short queries by BM25 is a part of bench_sparse.py.
"""

import argparse
import json
import os
import platform
import sys
import warnings
from functools import cache, partial
from importlib.metadata import version
from importlib.util import find_spec
from itertools import pairwise
from statistics import median

import numpy as np
from _timing import (
    Row,
    compare,
    in_new_process,
    memory_growth,
    print_table,
    processor,
    seconds_of,
    yes_or_no,
)
from bench_sparse import read
from sklearn.metrics.pairwise import linear_kernel
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

import textvec
from textvec.kernels.minhash import hash_shingles, sketch
from textvec.search.minhash_lsh import shingles

K = 10
SLOTS, SHINGLE, SEED = 128, 5, 42  # of MinHash
N_TEXTS = 1_000  # to sketch
SIZES = (1_000, 10_000, 50_000, 200_000)  # items, pieces of text
PIECE = 350  # characters of such a piece
N_ENGINE, ENGINE_WIDTH, N_TOPICS = 20_000, 64, 500
N_DENSE, N_QUERIES, WIDTH = 100_000, 1_000, 384
QUICK = 2_000  # items
WARM_UP = 300  # items


# Vectors: (queries, items), rows of length 1


@cache
def vectors(name, quick=False):
    """Return queries and items in float32, or texts as (texts, their shingles' hashes and ends)."""
    if name == "texts":
        texts = read("20 newsgroups")[: QUICK // 10 if quick else N_TEXTS]
        letters = np.frombuffer("".join(texts).encode("utf-32-le"), np.uint32)
        ends = np.cumsum([len(text) for text in texts])
        return texts, hash_shingles(letters, ends, SHINGLE, np.uint64(SEED))
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


def our_sketches(data, threads):
    """Get ready to make signatures, from texts."""
    lsh = textvec.MinHashLSH(n_permutations=SLOTS, shingle_size=SHINGLE, n_jobs=threads).fit(["a"])
    return lambda: lsh.transform(data[0])


def our_sketches_of_hashes(data, threads):
    """Get ready to make signatures, from hashes of shingles."""
    hashes, ends = data[1]

    def work():
        signatures = np.empty((len(ends), SLOTS), np.uint32)
        sketch(hashes, ends, signatures)
        return signatures

    return work


def datasketch_sketches(data, threads):
    """Get ready to do so from texts, whose shingles are a part of the work."""
    from datasketch import MinHash

    def work():
        sets = ([part.encode() for part in shingles(text, SHINGLE)] for text in data[0])
        return np.array([one.hashvalues for one in MinHash.bulk(sets, num_perm=SLOTS)])

    return work


def datasketch_sketches_of_hashes(data, threads):
    """Get ready to do so from hashes, which it takes as they are."""
    from datasketch import MinHash

    hashes, ends = data[1]
    rows = np.split(hashes & np.uint64(0xFFFFFFFF), ends[:-1])

    def work():
        sketches = MinHash.bulk(rows, num_perm=SLOTS, hashfunc=int)
        return np.array([one.hashvalues for one in sketches])

    return work


def rensa_sketches(data, threads):
    """Get ready to do so from texts, whose shingles are a part of the work."""
    from rensa import RMinHash

    def work():
        sets = [list(shingles(text, SHINGLE)) for text in data[0]]
        return RMinHash.digest_matrix_from_token_sets(sets, SLOTS, SEED)

    return lambda: np.array(work().to_rows())


def rensa_sketches_of_hashes(data, threads):
    """Get ready to do so from hashes."""
    from rensa import RMinHash

    hashes, ends = data[1]
    offsets = np.concatenate([[0], ends]).astype(np.uint64)
    return lambda: RMinHash.digest_matrix_from_flat_token_hashes(hashes, offsets, SLOTS, SEED)


def near_jaccard(quick, ours, theirs):
    """Return whether both estimate similarities of neighbouring texts to 0.03, mean square."""
    theirs = theirs if isinstance(theirs, np.ndarray) else np.array(theirs.to_rows())
    sets = [shingles(text, SHINGLE) for text in vectors("texts", quick)[0]]
    exact = np.array([len(a & b) / max(len(a | b), 1) for a, b in pairwise(sets)])
    errors = [(found[1:] == found[:-1]).mean(axis=1) - exact for found in (ours, theirs)]
    return all(np.sqrt(np.mean(error**2)) < 0.03 for error in errors)


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
    found = {
        name: Row(name, title, data, bar, ours, theirs, partial(same_neighbors, data, quick), one)
        for name, title, data, bar, ours, theirs, one in table
    }
    of_texts = f"MinHash of {SHINGLE} characters, {SLOTS} slots, from texts"
    of_hashes = f"MinHash, {SLOTS} slots, from hashes, one thread"
    table = []
    if find_spec("datasketch"):
        text, hashes = datasketch_sketches, datasketch_sketches_of_hashes
        table += [
            ("minhash", of_texts, 20, our_sketches, {"datasketch": text}, 1),
            ("minhash-hashes", of_hashes, 20, our_sketches_of_hashes, {"datasketch": hashes}, 1),
        ]
    if find_spec("rensa"):
        text, hashes = rensa_sketches, rensa_sketches_of_hashes
        table += [
            ("minhash-rensa", of_texts, 0.8, our_sketches, {"rensa": text}, 1),
            ("minhash-rensa-hashes", of_hashes, 0.8, our_sketches_of_hashes, {"rensa": hashes}, 1),
        ]
    for name, title, bar, ours, theirs, one in table:
        equal = partial(near_jaccard, quick)
        found[name] = Row(name, title, "texts", bar, ours, theirs, equal, one)
    return found


# The engines: recall against exact search and queries a second, each at several settings


def engine_settings():
    """Yield (what it is, the index) of the engines that are installed."""
    yield "ExactIndex", textvec.ExactIndex()
    if find_spec("faiss"):
        yield "faiss Flat", textvec.FaissIndex("Flat")
        for nprobe in (1, 8, 64):
            codes, parameters = "IVF128,PQ32x4", f"nprobe={nprobe}"
            yield f"faiss {codes} {parameters}", textvec.FaissIndex(codes, parameters)
        for ef in (16, 64, 256):
            yield f"faiss HNSW32 efSearch={ef}", textvec.FaissIndex("HNSW32", f"efSearch={ef}")
    if find_spec("hnswlib"):
        for ef in (10, 50, 200):
            yield f"hnswlib ef={ef}", textvec.HnswlibIndex(ef=ef)
    if find_spec("usearch"):
        for ef in (16, 64, 256):
            yield f"usearch expansion_search={ef}", textvec.UsearchIndex(expansion_search=ef)
    if find_spec("annoy"):
        for n_trees in (10, 50):
            yield f"annoy n_trees={n_trees}", textvec.AnnoyIndex(n_trees=n_trees)
    if find_spec("scann"):
        for leaves in (5, 20):
            yield f"scann leaves={leaves}", textvec.ScannIndex(num_leaves_to_search=leaves)
    yield "scikit-learn kd tree", textvec.TreeIndex()


def engine_lines(quick):
    """Yield the lines of the table of engines."""
    rng = np.random.default_rng(0)
    n_items = QUICK if quick else N_ENGINE
    topics = rng.standard_normal((N_TOPICS, ENGINE_WIDTH), np.float32)
    rows = topics[rng.integers(N_TOPICS, size=n_items + N_QUERIES)]
    rows += rng.standard_normal(rows.shape, np.float32)
    items, queries = rows[:n_items], rows[n_items:]
    exact = textvec.ExactIndex().fit(items).kneighbors(queries, K)[1]
    for name, index in engine_settings():
        fit_seconds, _ = seconds_of(partial(index.fit, items))
        index.kneighbors(queries[:2], K)
        seconds, (_, found) = seconds_of(partial(index.kneighbors, queries, K))
        recall = np.mean([len(set(a) & set(b)) / K for a, b in zip(found, exact)])
        yield {
            "engine, one thread": name,
            f"recall@{K}": f"{recall:.3f}",
            "queries a second": f"{len(queries) / seconds:,.0f}",
            "fit s": f"{fit_seconds:.2f}",
        }


# Scaling: TF-IDF of pieces of text


@cache
def pieces(n_items):
    """Return that many pieces of text, some 350 characters each."""
    texts = iter([*read("20 newsgroups"), *read("Wikipedia")])
    found = []
    while len(found) < n_items:
        text = next(texts)
        found += [text[at : at + PIECE] for at in range(0, len(text), PIECE)]
    return found[:n_items]


def scaling(n_items):
    """Return what search in that many items takes; for a new process."""
    warnings.filterwarnings("ignore", r"\d+ of \d+ (items|queries) are all zeros")
    texts = pieces(n_items)
    vectorizer = textvec.TfidfVectorizer(dtype=np.float32)
    items = vectorizer.fit_transform(texts)
    textvec.ExactIndex().fit(items[:WARM_UP]).search(items[:2], K)
    index = textvec.ExactIndex()
    growth = memory_growth(partial(index.fit, items))
    fit_seconds, _ = seconds_of(partial(index.fit, items))
    questions = [" ".join(text.split()[:12]) for text in texts[:: n_items // 50]]
    rows = [vectorizer.transform([question]) for question in questions]
    latencies = [seconds_of(partial(index.search, row, K))[0] for row in rows]
    index.search(items[:256], K)
    batch = seconds_of(partial(index.search, items[:: n_items // 1000], K))[0]
    n_bytes = sum(len(text.encode()) for text in texts)
    return {
        "items": f"{n_items:,}",
        "text MB": f"{n_bytes / 1e6:.1f}",
        "fit s": f"{fit_seconds:.2f}",
        "items MB": f"{(items.data.nbytes + items.indices.nbytes + items.indptr.nbytes) / 1e6:.1f}",
        "fit adds MB": f"{growth / 1e6:.1f}",
        "of the text": f"{growth / n_bytes:.2f}",
        "at most 3": yes_or_no(growth <= 3 * n_bytes) if n_items == max(SIZES) else "",
        "one query ms": f"{1e3 * median(latencies):.2f}",
        "slowest ms": f"{1e3 * max(latencies):.2f}",
        "at most 50": yes_or_no(max(latencies) <= 0.05) if n_items == max(SIZES) else "",
        "1,000 items ask ms each": f"{batch:.2f}",
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
    parser.add_argument("--only", nargs="+", metavar="ROW", help="all unless given")
    parser.add_argument("--repeats", type=int, default=5, help="timed calls (default: 5)")
    parser.add_argument("--threads", type=int, default=2, help="of both sides (default: 2)")
    parser.add_argument("--quick", action="store_true", help=f"only {QUICK:,} items: a try-out")
    parser.add_argument("--measure", type=json.loads, help=argparse.SUPPRESS)  # in a new process
    args = parser.parse_args()
    if "TEXTVEC_DATA" not in os.environ:
        parser.error("the environment variable TEXTVEC_DATA must name the folder of the corpora")
    table = rows(args.quick)
    known = [*table, "engines", "scaling"]
    wanted = args.only or known
    if unknown := set(wanted) - set(known):
        parser.error(f"there are no rows {', '.join(sorted(unknown))}, only {', '.join(known)}")

    if args.measure and "items" in args.measure:
        print(json.dumps(scaling(args.measure["items"])))
        return
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
    for name in [name for name in wanted if name in table]:
        print(f"{name} ...", file=sys.stderr, flush=True)
        row = table[name]
        data = vectors(row.data, args.quick)
        lines.append(compare(row, data, args.threads, args.repeats, partial(memory_of, name)))
        print(f"    {lines[-1]['ratio']} times as fast", file=sys.stderr, flush=True)

    packages = ["numpy", "scipy", "numba", "scikit-learn", "sparse-dot-topn"]
    for package in ("faiss-cpu", "hnswlib", "usearch", "annoy", "scann", "datasketch", "rensa"):
        packages += [package] if find_spec(package.removesuffix("-cpu")) else []
    versions = ", ".join(f"{package} {version(package)}" for package in packages)
    print(f"{processor()}, Python {platform.python_version()}, {versions}")
    print(f"{args.threads} threads, medians of {args.repeats} calls in turn after a warm-up")
    print("ONLY A FEW ITEMS: a try-out\n" if args.quick else "")
    if lines:
        print_table(lines)
    if "engines" in wanted:
        print(f"\n{N_ENGINE:,} x {ENGINE_WIDTH} around {N_TOPICS} topics, {N_QUERIES:,} queries")
        measured = list(engine_lines(args.quick))
        print_table(measured, list(measured[0]))
    if "scaling" in wanted:
        sizes = SIZES[:1] if args.quick else SIZES
        details = [json.dumps({"items": n_items}) for n_items in sizes]
        print("\nTF-IDF of pieces of text, one thread; each line in a process of its own")
        measured = [in_new_process(__file__, "--measure", detail) for detail in details]
        print_table(measured, list(measured[0]))
    if any(line["equal"] == "NO" for line in lines):
        sys.exit("Results differ: a ratio without equal results means nothing.")


if __name__ == "__main__":
    main()
