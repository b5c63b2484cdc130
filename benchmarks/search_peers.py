"""The two sides of bench_search.py: search and sketches by textvec, and by the peers.

A function of (data, threads) gets a side ready, and returns what is timed. Peers are imported where
they are used.
"""

from itertools import pairwise

import numpy as np
from _timing import seconds_of
from sklearn.metrics.pairwise import linear_kernel
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

import textvec
from textvec.kernels.minhash import sketch
from textvec.search.minhash_lsh import shingles

K = 10
SLOTS, SHINGLE, SEED = 128, 5, 42  # of MinHash


# Neighbours: (scores, indices) of each query; the index of dense items is made before


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


# Signatures of texts, by MinHash


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


# Learned sparse vectors


def their_seismic(queries, items, threads):
    """Build Seismic by its authors; return the seconds and what asks it (query_cut, heap_factor).

    It takes terms by name, keeps values in 16 bits, and is given the parameters of ours.
    """
    import seismic

    text = seismic.get_seismic_string()
    names = np.arange(items.shape[1]).astype(text)

    def rows(X):
        bounds = list(pairwise(X.indptr))
        return [names[X.indices[a:b]] for a, b in bounds], [X.data[a:b] for a, b in bounds]

    def build():
        data = seismic.SeismicDataset()
        for number, (terms, values) in enumerate(zip(*rows(items))):
            data.add_document(str(number), terms, values)
        ours = textvec.SparseAnnIndex()
        return seismic.SeismicIndex.build_from_dataset(
            data, n_postings=ours.n_postings, centroid_fraction=ours.centroid_fraction,
            summary_energy=ours.summary_energy, num_threads=threads,
        )  # fmt: skip

    seconds, index = seconds_of(build)
    terms, values = rows(queries)
    ids = np.arange(len(terms)).astype(text)

    def ask(cut, factor):
        return index.batch_search(
            queries_ids=ids, query_components=terms, query_values=values, k=K, query_cut=cut,
            heap_factor=factor, num_threads=threads,
        )  # fmt: skip

    return seconds, ask
