"""Which words stand near which: windowed co-occurrence counts and their shifted positive PMI.

Two tokens of one document co-occur if they are at most `window` tokens apart. Counts are made word
by word, from all places where a word occurs, so that memory holds one dense row at a time and the
cells that are not 0.

Source: Levy and Goldberg 2014, "Neural word embedding as implicit matrix factorization"; Levy,
Goldberg and Dagan 2015, "Improving distributional similarity with lessons learned from word
embeddings".
"""

import numpy as np

from textvec.kernels.compiling import compiled


@compiled
def places_by_word(ids, ends, n_words):
    """List the places of each word in a stream in which -1 stands before and after each document.

    ids      (n_tokens,)  int32  0 <= id < n_words
    ends     (n_docs,)    int64  document d ends before ids[ends[d]]
    n_words  int

    Returns stream (n_tokens + n_docs + 1,) int32; starts (n_words + 1,) int64 and places
    (n_tokens,) int64: word w stands at stream[places[starts[w]:starts[w + 1]]].
    """
    starts = np.zeros(n_words + 1, np.int64)
    for word in ids:
        starts[word + 1] += 1
    for word in range(n_words):
        starts[word + 1] += starts[word]
    stream = np.full(len(ids) + len(ends) + 1, -1, np.int32)
    places = np.empty(len(ids), np.int64)
    free = starts.copy()
    token = 0
    for doc in range(len(ends)):
        while token < ends[doc]:
            word = ids[token]
            stream[token + doc + 1] = word
            places[free[word]] = token + doc + 1
            free[word] += 1
            token += 1
    return stream, starts, places


@compiled
def count_pairs(ids, ends, window, n_words):
    """Count the pairs that each word is in: #(w), the sum of its row of co-occurrence counts.

    ids, ends, n_words  as in `places_by_word`
    window  int  > 0

    Returns (n_words,) int64.
    """
    n_pairs = np.zeros(n_words, np.int64)
    start = 0
    for end in ends:
        for token in range(start, end):
            n_pairs[ids[token]] += min(token - start, window) + min(end - 1 - token, window)
        start = end
    return n_pairs


@compiled
def _longer(array):
    grown = np.empty(2 * len(array), array.dtype)
    grown[: len(array)] = array
    return grown


@compiled
def count_contexts(stream, starts, places, first, last, window):
    """Count for each word w how often each word c stands near it: #(w, c).

    stream, starts, places       from `places_by_word`
    first, last  int             words first <= w < last are counted
    window       int             > 0, tokens to either side

    Returns row_ends (last - first,) int64, contexts (n_cells,) int32 and counts (n_cells,) int64:
    the cells of word w that are not 0 end before row_ends[w - first], in the order in which the
    contexts first occur.
    """
    counted = np.zeros(len(starts) - 1, np.int64)
    row_ends = np.empty(last - first, np.int64)
    contexts, counts = np.empty(1 << 10, np.int32), np.empty(1 << 10, np.int64)
    n_cells = 0
    for word in range(first, last):
        row_start = n_cells
        for place in places[starts[word] : starts[word + 1]]:
            for side in (-1, 1):
                for distance in range(1, window + 1):
                    context = stream[place + side * distance]
                    if context < 0:
                        break
                    if counted[context] == 0:
                        if n_cells == len(contexts):
                            contexts, counts = _longer(contexts), _longer(counts)
                        contexts[n_cells] = context
                        n_cells += 1
                    counted[context] += 1
        for cell in range(row_start, n_cells):
            counts[cell] = counted[contexts[cell]]
            counted[contexts[cell]] = 0
        row_ends[word - first] = n_cells
    return row_ends, contexts[:n_cells].copy(), counts[:n_cells].copy()


@compiled
def shifted_ppmi(row_ends, contexts, counts, n_pairs, context_shares, log_shift):
    """Weigh co-occurrence counts: max(log(#(w, c) / (#(w) P(c))) - log k, 0).

    row_ends  (n_rows,)   int64    in: from `count_contexts`; out: for the cells that are not 0
    contexts  (n_cells,)  int32    in: from `count_contexts`; out: those cells' in the first n_kept
    counts    (n_cells,)  int64    #(w, c)
    n_pairs   (n_rows,)   int64    #(w)
    context_shares  (n_words,)  float64  P(c), smoothed or not, of sum 1
    log_shift  float               log k >= 0, in nats

    Returns (n_kept,) float32: the weights that are not 0, in nats.
    """
    weights = np.empty(len(contexts), np.float32)
    cell, n_kept = 0, 0
    for row in range(len(row_ends)):
        while cell < row_ends[row]:
            context = contexts[cell]
            weight = np.log(counts[cell] / (n_pairs[row] * context_shares[context])) - log_shift
            if weight > 0:
                contexts[n_kept] = context
                weights[n_kept] = weight
                n_kept += 1
            cell += 1
        row_ends[row] = n_kept
    return weights[:n_kept].copy()
