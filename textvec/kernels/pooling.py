"""From the words of documents to one vector each: means and maxima over ragged rows."""

import numpy as np

from textvec.kernels.compiling import compiled

_NOISE = 1e-6  # of a vector's length: what is left of it is rounding


@compiled
def weighted_means(ids, ends, first, last, vectors, weights, by_weight, means):
    """Average the vectors of each document's words: sum_i w_i v_i / n, or / sum_i w_i.

    ids        (n_tokens,)      int32    the word of each token
    ends       (n_docs,)        int64    document d ends before ids[ends[d]]
    first, last  int                     documents first <= d < last are averaged
    vectors    (n_words, size)  float32  the vector of each word
    weights    (n_words,)       float32  the weight of each word, > 0
    by_weight  bool                      divide by the sum of weights, else by the number of tokens
    means      (n_docs, size)   float32  written: the mean, or 0 for a document without tokens

    With weights a / (a + p) and division by n it is equation (1) of Arora, Liang and Ma 2017,
    "A simple but tough-to-beat baseline for sentence embeddings".
    """
    total = np.empty(vectors.shape[1], np.float64)
    for doc in range(first, last):
        start = ends[doc - 1] if doc > 0 else 0
        total[:] = 0
        weighed = 0.0
        for place in range(start, ends[doc]):
            word = ids[place]
            weight = np.float64(weights[word])
            weighed += weight if by_weight else 1.0
            for j in range(len(total)):
                total[j] += weight * vectors[word, j]
        for j in range(len(total)):
            means[doc, j] = total[j] / weighed if ends[doc] > start else 0.0


@compiled
def maxima(ids, ends, first, last, vectors, largest):
    """Take the largest number of each dimension over the vectors of each document's words.

    ids, ends, first, last, vectors  as in `weighted_means`
    largest  (n_docs, size)  float32  written: the maxima, or 0 for a document without tokens
    """
    for doc in range(first, last):
        start = ends[doc - 1] if doc > 0 else 0
        largest[doc] = -np.inf if ends[doc] > start else 0.0
        for place in range(start, ends[doc]):
            word = ids[place]
            for j in range(vectors.shape[1]):
                largest[doc, j] = max(largest[doc, j], vectors[word, j])


@compiled
def remove_component(vectors, component):
    """Take from every vector its part along a direction: v - u (u . v); in place.

    vectors    (n_docs, size)  float32
    component  (size,)         float32  the direction u, of length 1

    Row by row and in one order, so that a document alone gets the vector that it gets among others.
    Where no more than rounding is left of a vector, it becomes 0.
    """
    for doc in range(len(vectors)):
        along, squares = 0.0, 0.0
        for j in range(len(component)):
            along += np.float64(vectors[doc, j]) * component[j]
            squares += np.float64(vectors[doc, j]) ** 2
        left = 0.0
        for j in range(len(component)):
            vectors[doc, j] -= along * component[j]
            left += np.float64(vectors[doc, j]) ** 2
        if left <= _NOISE**2 * squares:
            vectors[doc] = 0
