"""Weights of a sparse count matrix in CSR: arrays in, arrays changed in place, nothing else.

Rows are independent, so threads may each take a block of them: a block is a slice of ``indptr``,
whose offsets still point into the whole of ``indices`` and ``data``. Sums run in entry order and
in float64, and each step rounds as scikit-learn's does, so the weights agree to the last bit.

Sources: Salton and Buckley 1988, "Term-weighting approaches in automatic text retrieval" (tf-idf);
Kamphuis et al. 2020, "Which BM25 Do You Mean?" (BM25).
"""

import numpy as np

from textvec.kernels.compiling import compiled


@compiled
def document_frequencies(indices, n_terms):
    """Count in how many documents each term is stored.

    indices  (n_entries,)  int  the term of each entry, each at most once a document
    n_terms                int  one more than the largest possible term

    Returns (n_terms,) int64.
    """
    frequencies = np.zeros(n_terms, dtype=np.int64)
    for term in indices:
        frequencies[term] += 1
    return frequencies


@compiled
def scale_terms(indices, data, factors):
    """Multiply every entry by its term's factor, in place: data[e] *= factors[indices[e]].

    indices  (n_entries,)  int    the term of each entry
    data     (n_entries,)  float  values; changed
    factors  (n_terms,)    float  one factor a term, such as its idf in nats
    """
    for entry in range(len(indices)):
        data[entry] *= factors[indices[entry]]


@compiled(error_model="numpy")
def normalize_rows(indptr, data, euclidean):
    """Divide each row by its l2 (or l1) norm, in place; a row without weight stays as it is.

    indptr     (n_docs + 1,)  int    document d owns the entries indptr[d]:indptr[d + 1]
    data       (n_entries,)   float  values; changed
    euclidean                 bool   True: sqrt(sum of squares); False: sum of absolute values

    Squares are rounded to data's own dtype, then summed in float64.
    """
    for doc in range(len(indptr) - 1):
        # np.float64, not 0.0: without the compiler a bare 0.0 would let float32 sums stay float32
        norm = np.float64(0.0)
        for entry in range(indptr[doc], indptr[doc + 1]):
            norm += data[entry] * data[entry] if euclidean else abs(data[entry])
        if norm == 0.0:
            continue
        if euclidean:
            norm = np.sqrt(norm)
        for entry in range(indptr[doc], indptr[doc + 1]):
            data[entry] /= norm


@compiled(error_model="numpy")
def bm25_weigh(indptr, indices, data, term_weights, mean_length, saturation, b):
    """Replace every count by its BM25 weight, in place.

    indptr        (n_docs + 1,)  int      document d owns the entries indptr[d]:indptr[d + 1]
    indices       (n_entries,)   int      the term of each entry
    data          (n_entries,)   float    in: occurrences, > 0; out: weights
    term_weights  (n_terms,)     float64  what endless repetition of the term would earn
    mean_length                  float    tokens per document, > 0
    saturation                   float    this many occurrences in a document of mean length
                                          earn half of the term's weight, >= 0
    b                            float    how much length counts against a document, 0 to 1

    weight = term_weight * tf / (tf + saturation * (1 - b + b * length / mean_length)),
    the form that all five variants share once what an absent term earns is taken off
    (Kamphuis et al. 2020, table 1).
    """
    for doc in range(len(indptr) - 1):
        length = np.float64(0.0)
        for entry in range(indptr[doc], indptr[doc + 1]):
            length += data[entry]
        half_count = saturation * (1 - b + b * length / mean_length)
        for entry in range(indptr[doc], indptr[doc + 1]):
            count = data[entry]
            data[entry] = term_weights[indices[entry]] * (count / (count + half_count))
