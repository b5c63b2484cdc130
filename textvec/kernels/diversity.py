"""Reranking for diversity."""

import numpy as np

from textvec.kernels.compiling import compiled


@compiled
def mmr(relevance, similarities, diversity, k):
    """Choose k candidates that are relevant and unlike each other, one after another.

    relevance     (n,)    real    of each candidate to the query
    similarities  (n, n)  real    of the candidates to each other, on the scale of relevance
    diversity             float   0 chooses by relevance alone, 1 by being unlike those chosen
    k                     int     at most n are chosen

    Each step takes the candidate of the highest
    ``(1 - diversity) * relevance - diversity * (its greatest similarity to one chosen before)``,
    the lower index among equals; the first has none before it and is the most relevant one.
    Source: Carbonell and Goldstein 1998, "The use of MMR, diversity-based reranking" (lambda is
    1 - diversity). Returns (min(k, n),) int64: the chosen ones in the order of choice.
    """
    n_candidates = len(relevance)
    chosen = np.empty(min(k, n_candidates), np.int64)
    worth = relevance.astype(np.float64)
    nearest = np.full(n_candidates, -np.inf)
    for place in range(len(chosen)):
        best = np.argmax(worth)
        chosen[place] = best
        worth[best] = -np.inf
        for candidate in range(n_candidates):
            nearest[candidate] = max(nearest[candidate], similarities[best, candidate])
            if worth[candidate] > -np.inf:
                gain = (1 - diversity) * relevance[candidate]
                worth[candidate] = gain - diversity * nearest[candidate]
    return chosen
