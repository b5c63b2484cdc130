"""Search: textvec against sparse-dot-topn, scikit-learn, faiss, datasketch and rensa in one table.

More tables show where the time of sparse search goes, approximate search of learned sparse vectors,
the other engines (recall, queries a second), and how search grows with the items. Reads texts from
the folder that the environment variable TEXTVEC_DATA names. Search of short queries by BM25 is a
part of bench_sparse.py.
"""

import argparse
import csv
import json
import os
import platform
import re
import sys
import warnings
import zipfile
from functools import cache, partial
from importlib.metadata import version
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
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
from scipy import sparse
from search_peers import (
    SEED,
    SHINGLE,
    SLOTS,
    K,
    brute_dense,
    datasketch_sketches,
    datasketch_sketches_of_hashes,
    faiss_dense,
    kernel_pairs,
    our_dense,
    our_pairs,
    our_sketches,
    our_sketches_of_hashes,
    rensa_sketches,
    rensa_sketches_of_hashes,
    their_seismic,
    topn_pairs,
)

import textvec
from textvec.kernels.minhash import hash_shingles
from textvec.search.minhash_lsh import shingles

N_TEXTS = 1_000  # to sketch
SIZES = (1_000, 10_000, 50_000, 200_000)  # items, pieces of text
PIECE = 350  # characters of such a piece
N_ENGINE, ENGINE_WIDTH, N_TOPICS = 20_000, 64, 500
N_DENSE, N_QUERIES, WIDTH = 100_000, 1_000, 384
QUICK = 2_000  # items
N_LEARNED, N_LEARNED_TERMS, N_LEARNED_TOPICS = 200_000, 30_522, 2_000
WARM_UP = 300  # items


# Texts


def reviews():
    """Return 2,000 film reviews."""
    with zipfile.ZipFile(folder() / "classification" / "movie_reviews_polarity2.zip") as file:
        names = sorted(name for name in file.namelist() if name.endswith(".txt"))
        return [file.read(name).decode("latin-1") for name in names]


def headlines():
    """Return 7,600 titles of AG news, each with its first lines."""
    with open(folder() / "classification" / "ag_news-test.csv", encoding="utf-8") as file:
        return [" ".join(row[1:]) for row in csv.reader(file)]


def abstracts():
    """Return the titles and abstracts of Cranfield, CACM and LISA."""
    found = []
    for path in ("cranfield/cran.all.1400", "cacm/cacm.all"):
        text = (folder() / "retrieval" / path).read_text("latin-1")
        for document in re.split(r"(?m)^\.I \d+\s*$", text)[1:]:
            _, *parts = re.split(r"(?m)^\.([A-Z])\s*$", document)
            fields = zip(parts[::2], parts[1::2])
            found.append(" ".join(content for name, content in fields if name in "TW"))
    for path in sorted((folder() / "retrieval" / "lisa").glob("LISA[0-9].[0-9]*")):
        documents = re.split(r"(?m)^\*{10,}\s*$", path.read_text("latin-1"))
        found += [re.sub(r"^\s*Document\s+\d+", "", one) for one in documents if one.strip()]
    return found


def folder():
    """Return the folder of the texts."""
    return Path(os.environ["TEXTVEC_DATA"])


TEXTS = {
    "20 newsgroups": partial(read, "20 newsgroups"),
    "AG news": headlines,
    "film reviews": reviews,
    "abstracts": abstracts,
    "reviews and abstracts": lambda: reviews() + abstracts(),
}


# Vectors: (queries, items), rows of length 1


@cache
def learned_vectors(n_items, seed=0):
    """Return queries and items like those of SPLADE, in shape: there is no network here.

    Items have some 120 to 140 entries and queries some 50, over BERT's 30,522 terms; .73 of an
    item's mass is in its 50 heaviest, .64 of a query's in 10.
    There are 2,000 topics of 400 terms, which are drawn by Zipf's law; a row draws three in four
    of its topical entries from one topic, the rest from another, likewise, and each weighs
    ``log(1 + 2 * exp(-rank / depth) * noise)``, with the depth 60 for items and 8 for queries, and
    lognormal noise; light terms of no topic are added. Queries are no items.
    """
    rng = np.random.default_rng(seed)
    n_terms, n_topics, n_ranks = N_LEARNED_TERMS, N_LEARNED_TOPICS, 400
    names = rng.permutation(n_terms)
    popularity = np.cumsum(1 / (np.arange(n_terms) + 51))
    closeness = np.cumsum(1 / (np.arange(n_ranks) + 6))

    def drawn(cumulated, shape):
        return cumulated.searchsorted(rng.random(shape) * cumulated[-1])

    topics = names[drawn(popularity, (n_topics, n_ranks))]

    def rows(n_rows, n_topical, n_others, depth):
        two_topics = rng.integers(n_topics, size=(n_rows, 2))
        second = (rng.random((n_rows, n_topical)) >= 0.75).astype(int)
        ranks = drawn(closeness, (n_rows, n_topical))
        topical = topics[np.take_along_axis(two_topics, second, axis=1), ranks]
        others = names[drawn(popularity, (n_rows, n_others))]
        weights = np.hstack([np.exp(-ranks / depth), np.full((n_rows, n_others), 0.15)])
        weights = np.log1p(2 * weights * rng.lognormal(0, 0.6, weights.shape))
        terms = np.hstack([topical, others])
        order = np.lexsort((-weights, terms), axis=1)
        terms, weights = (np.take_along_axis(part, order, axis=1) for part in (terms, weights))
        is_first = np.diff(terms, axis=1, prepend=-1) > 0  # of several weights the largest
        indptr = np.concatenate([[0], np.cumsum(is_first.sum(axis=1))])
        parts = weights[is_first].astype(np.float32), terms[is_first], indptr
        return sparse.csr_array(parts, shape=(n_rows, n_terms))

    items = sparse.vstack(
        [rows(min(n_items, 20_000), 140, 40, 60) for _ in range(0, n_items, 20_000)]
    )
    return rows(N_QUERIES, 45, 15, 8), items.tocsr()


@cache
def vectors(name, quick=False):
    """Return queries and items in float32, or texts as (texts, their shingles' hashes and ends)."""
    if name == "texts":
        texts = read("20 newsgroups")[: QUICK // 10 if quick else N_TEXTS]
        letters = np.frombuffer("".join(texts).encode("utf-32-le"), np.uint32)
        ends = np.cumsum([len(text) for text in texts])
        return texts, hash_shingles(letters, ends, SHINGLE, np.uint64(SEED))
    if name == "learned":
        return learned_vectors(QUICK if quick else N_LEARNED)
    if name in TEXTS:
        texts = TEXTS[name]()
        texts = texts[:QUICK] if quick else texts
        rows = textvec.TfidfVectorizer(dtype=np.float32).fit_transform(texts)
        rows.sort_indices()
        return rows, rows
    rng = np.random.default_rng(0)
    n_items = QUICK if quick else N_DENSE
    rows = rng.standard_normal((n_items + N_QUERIES, WIDTH), dtype=np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows[n_items:], rows[:n_items]


# Whether both sides find the same


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

SPARSE = {
    "headlines": "AG news",
    "reviews": "film reviews",
    "abstracts": "abstracts",
    "reuters-like": "reviews and abstracts",
}


def rows(quick):
    """Return all rows, by name; those of faiss where it is installed."""
    news, random = "20 newsgroups", "random"
    topn = {"sparse-dot-topn": topn_pairs}
    pairs = f"all pairs, top-{K}, TF-IDF of {news}"
    search = f"top-{K} of {N_QUERIES:,} queries, random {N_DENSE:,} x {WIDTH}"
    table = [
        ("sparse", pairs, news, 3, our_pairs, topn, None),
        *(
            (f"sparse-{short}", pairs.replace(news, name), name, 3, our_pairs, topn, None)
            for short, name in SPARSE.items()
        ),
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


# Where the time of sparse search goes


def time_lines(quick, repeats):
    """Yield the lines of that table."""
    for name in ("20 newsgroups", *SPARSE.values()):
        queries, items = vectors(name, quick)
        index, doubled = (textvec.ExactIndex("dot", n_jobs=n_jobs) for n_jobs in (1, 2))
        fit = median(seconds_of(partial(index.fit, items))[0] for _ in range(repeats))
        doubled.fit(items)
        one, two = (
            median(seconds_of(partial(one.search, queries, K))[0] for _ in range(repeats))
            for one in (index, doubled)
        )
        lengths = np.diff(items.tocsc().indptr).astype(float)
        n_pairs = queries.shape[0] * items.shape[0]
        yield {
            "all pairs": name,
            "items": f"{items.shape[0]:,}",
            "terms": f"{items.shape[1]:,}",
            "entries of an item": f"{items.nnz / items.shape[0]:.0f}",
            "products of a pair": f"{(lengths**2).sum() / n_pairs:.1f}",
            "fit s": f"{fit:.3f}",
            "search s": f"{one:.3f}",
            "two threads s": f"{two:.3f}",
            "gain": f"{one / two:.2f}",
            "ns of a pair": f"{1e9 * one / n_pairs:.1f}",
        }


# Learned sparse vectors: recall against exact search and queries a second


def learned_settings():
    """Yield (what it is, the index) of ours."""
    yield "ExactIndex", textvec.ExactIndex(metric="dot")
    yield "SparseAnnIndex", textvec.SparseAnnIndex()
    for cut, factor in ((5, 0.8), (5, 1.0), (10, 1.0), (20, 0.9)):
        name = f"SparseAnnIndex query_cut={cut}, heap_factor={factor}"
        yield name, textvec.SparseAnnIndex(query_cut=cut, heap_factor=factor)


def learned_lines(quick, threads, repeats):
    """Yield the lines of the table: ours, and Seismic by its authors where it is installed."""
    queries, items = vectors("learned", quick)
    built, best = None, None
    for name, index in learned_settings():
        index.set_params(n_jobs=threads)
        fit_seconds = None
        if built is None or type(built) is not type(index):
            fit_seconds, built = seconds_of(partial(index.fit, items))
        index = built.set_params(**index.get_params())  # the lists are the same
        index.search(queries[:2], K)
        seconds = median(seconds_of(partial(index.search, queries, K))[0] for _ in range(repeats))
        scores, found = index.search(queries, K)
        best = (scores[:, -1], seconds) if best is None else best
        yield learned_line(name, best, seconds, scores, fit_seconds)
    if not find_spec("seismic"):
        return
    seconds_to_build, ask = their_seismic(queries, items, threads)
    for cut, factor in ((5, 0.8), (10, 0.8), (10, 1.0)):
        times, found = zip(*(seconds_of(partial(ask, cut, factor)) for _ in range(repeats)))
        scores = np.zeros((len(found[0]), K), np.float32)
        for row, answer in zip(scores, found[0]):
            row[: len(answer)] = [score for _, score, _ in answer]
        name = f"pyseismic-lsr query_cut={cut}, heap_factor={factor}"
        yield learned_line(name, best, median(times), scores, seconds_to_build)


def learned_line(name, best, seconds, scores, fit_seconds):
    """Return a line; found is what scores no less than the k-th best, but for rounding."""
    least, exact_seconds = best
    recall = np.mean(scores >= least[:, None] * (1 - 1e-3))
    ratio = exact_seconds / seconds
    return {
        f"{N_LEARNED:,} learned sparse vectors": name,
        f"recall@{K}": f"{recall:.3f}",
        "queries a second": f"{len(scores) / seconds:,.0f}",
        "times ExactIndex": f"{ratio:.1f}",
        "bar": "5 at .95",
        "met": yes_or_no(ratio >= 5 and recall >= 0.95),
        "fit s": "" if fit_seconds is None else f"{fit_seconds:.1f}",
    }


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
    warnings.filterwarnings("ignore", r"\d+ of \d+ (items|queries) (is|are) all zeros")
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
    known = [*table, "where-time-goes", "learned", "engines", "scaling"]
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
    packages += ["pyseismic-lsr"] if find_spec("seismic") else []
    for package in ("faiss-cpu", "hnswlib", "usearch", "annoy", "scann", "datasketch", "rensa"):
        packages += [package] if find_spec(package.removesuffix("-cpu")) else []
    versions = ", ".join(f"{package} {version(package)}" for package in packages)
    print(f"{processor()}, Python {platform.python_version()}, {versions}")
    print(f"{args.threads} threads, medians of {args.repeats} calls in turn after a warm-up")
    print("ONLY A FEW ITEMS: a try-out\n" if args.quick else "")
    if lines:
        print_table(lines)
    if "where-time-goes" in wanted:
        print("\nSparse search: where the time goes")
        measured = list(time_lines(args.quick, args.repeats))
        print_table(measured, list(measured[0]))
    if "learned" in wanted:
        print(f"\nLearned sparse vectors, {args.threads} threads, {N_QUERIES:,} queries")
        measured = list(learned_lines(args.quick, args.threads, args.repeats))
        print_table(measured, list(measured[0]))
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
