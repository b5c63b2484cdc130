"""Tables of the n-grams of a corpus, by the token at which each starts.

Token ids of all documents lie in one Ragged. `levels` is the table of all n-grams in it: its row
for n holds, at each token, the id of the n-gram of n tokens that starts there, or -1.
"""

from math import isqrt

import numpy as np
from scipy import sparse

from textvec._threads import bounds_of_parts, equal_parts, run_parts
from textvec.kernels.counting import (
    blank,
    count_distinct,
    count_rows,
    intern_ngrams,
)
from textvec.sparse.rows import index_dtype, row_pointers, threads_for
from textvec.text.vocabulary import hash_seeds

_MOST_IDS = np.iinfo(np.int32).max  # of n-grams
_SHORT = 48  # places of a document, tokens times levels, that are sooner sorted than marked
_FEW_STEPS = 16  # of a sort, instead of the work of a column
MUCH_LARGER = 8  # times the n-grams of documents: work as long as the vocabulary is avoided


def learn_level(prefixes, tokens, n, n_jobs, ids, seeds):
    """Write the level of n into ids, all -1; return the table of its first part, and its size."""
    n_parts = threads_for(n * len(ids), n_jobs)

    def learn(part):
        n_slots = 1 << max(10, (len(ids) // (2 * n_parts)).bit_length())
        table = np.zeros(2 * n_slots, np.uint64)
        return intern_ngrams(
            prefixes, tokens.values, tokens.ends, 0, len(tokens.ends),
            n, part, n_parts, True, seeds, table, 0, ids,
        )  # fmt: skip

    learned = run_parts(learn, [(part,) for part in range(n_parts)], n_parts)
    return learned[0][0], n_parts * max(n_ids for _, n_ids in learned)


def learn_levels(tokens, n_terms, max_n, pruning, n_jobs, may_begin=None):
    """Find the n-grams of documents.

    What is in too few documents is left out of longer n-grams at once: they are in fewer still.

    Parameters
    ----------
    tokens : Ragged of int32
        Token ids of each document.
    n_terms : int
        How many ids there may be.
    max_n : int
        Most tokens in an n-gram.
    pruning : Pruning
    n_jobs : int or None
    may_begin : callable or None
        From n to a mask of the ids with which an n-gram of n tokens may begin; None is all.

    Returns
    -------
    levels : ndarray of int32 of shape (max_n, n_tokens)
    sizes : list of int
        How many ids each level may have.
    frequencies : list of ndarray of int32
        By level, how many documents hold each id; empty if the pruning is idle.

    Raises
    ------
    ValueError
        If there are more n-grams than ids.
    """
    max_n = max(1, min(max_n, np.diff(tokens.ends, prepend=0).max(initial=0)))
    levels = np.empty((max_n, len(tokens.values)), np.int32)
    levels[0], levels[1:] = tokens.values, -1
    sizes, frequencies = [n_terms], []
    for n in range(1, max_n + 1):
        if n > 1:
            prefixes = levels[n - 2]
            if may_begin is not None:
                prefixes = np.where(may_begin(n)[tokens.values], prefixes, np.int32(-1))
            _, size = learn_level(prefixes, tokens, n, n_jobs, levels[n - 1], hash_seeds())
            sizes.append(size)
        if sum(sizes) > _MOST_IDS:
            raise ValueError(
                f"There are {sum(sizes)} different n-grams up to {n} tokens, and ids are of 32 "
                "bits. Raise min_df, lower ngram_range, or use HashingVectorizer."
            )
        if pruning.is_idle:
            continue
        level = levels[n - 1 : n]
        frequencies.append(document_frequencies(level, tokens.ends, sizes[-1], n_jobs))
        if pruning.low > 1:
            _blank(levels[n - 1], frequencies[-1] >= pruning.low, n_jobs)
    return levels, sizes, frequencies


def _blank(ids, kept, n_jobs):
    def work(first, last):
        blank(ids[first:last], kept)

    n_threads = threads_for(len(ids), n_jobs)
    run_parts(work, equal_parts(len(ids), n_threads), n_threads)


def document_frequencies(levels, ends, n_features, n_jobs):
    """Return the number of documents that hold each id: int32 of shape (n_features,)."""

    def count(first, last):
        return count_distinct(levels, ends, first, last, n_features)[1]

    found = run_parts(count, parts_of(ends, levels.size, n_jobs), n_jobs)
    return sum(found, start=np.zeros(n_features, np.int32))


def count_levels(levels, ends, columns, dtype, n_jobs):
    """Count ids by document: a csr_array; id i goes to ``columns[i]``, rows ordered by i."""
    parts = parts_of(ends, levels.size, n_jobs)
    most = _SHORT
    if MUCH_LARGER * levels.size < len(columns):
        most = max(most, isqrt(_FEW_STEPS * len(columns)))
    n_entries, starts = levels.size, [0]  # at most
    if len(parts) > 1:  # then each has to know where it begins

        def lengths(first, last):
            return count_distinct(levels, ends, first, last, len(columns))[0]

        starts = np.cumsum([0, *(found.sum() for found in run_parts(lengths, parts, n_jobs))])
        n_entries = starts[-1]
    indices = np.empty(n_entries, index_dtype(n_entries))
    data = np.empty(n_entries, np.int64)

    def count(first, last, start):
        return count_rows(levels, ends, first, last, start, most, columns, indices, data)

    begun = [(*part, int(start)) for part, start in zip(parts, starts, strict=False)]
    row_lengths = np.concatenate([np.zeros(0, np.int64), *run_parts(count, begun, n_jobs)])
    indptr = row_pointers(row_lengths)
    for array in (indices, data):
        array.resize(indptr[-1], refcheck=False)  # where they are
    indices = indices.astype(indptr.dtype, copy=False)
    content = of_type(data, dtype), indices, indptr
    return sparse.csr_array(content, (len(ends), len(columns)), dtype)  # which checks it


def of_type(counts, dtype):
    """Return int64 counts as numbers of another type: kernels are compiled for no more than one."""
    if np.dtype(dtype) != np.float64:
        return counts.astype(dtype, copy=False)
    floats = counts.view(np.float64)
    floats[:] = counts  # where they are: each is read before it is written
    return floats


def parts_of(ends, size, n_jobs):
    """Cut rows that end so into a run for each thread that work of this size is worth."""
    return bounds_of_parts(ends, threads_for(size, n_jobs))


def bases_of(sizes):
    """Return the number that the first id of each level has among those of all levels."""
    return np.cumsum([0, *sizes[:-1]])
