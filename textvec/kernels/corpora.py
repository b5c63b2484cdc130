"""From the ids of a scanned corpus to those of its vocabulary: count, then renumber."""

import numpy as np

from textvec.kernels.compiling import compiled


@compiled
def count_ids(ids, n_ids):
    """Count how often each id occurs, and where first.

    ids    (n_tokens,)  int32  below n_ids, or -1, not counted
    n_ids  int

    Returns counts (n_ids,) int64 and firsts (n_ids,) int64: the place of an id's first token, or
    n_tokens if it has none.
    """
    counts = np.zeros(n_ids, np.int64)
    firsts = np.full(n_ids, len(ids), np.int64)
    for place in range(len(ids)):
        i = ids[place]
        if i < 0:
            continue
        if counts[i] == 0:
            firsts[i] = place
        counts[i] += 1
    return counts, firsts


@compiled
def renumber(ids, ends, new_ids):
    """Give every token its new id and close the gaps that dropped tokens leave; in place.

    ids      (n_tokens,)  int32  in: old ids, or -1, dropped; out: new ids, in the first n_kept
    ends     (n_docs,)    int64  in: document d ends before ids[ends[d]]; out: after renumbering
    new_ids  (n_ids,)     int32  old id -> new id, or -1: its tokens are dropped

    Returns n_kept, int: how many tokens are left.
    """
    n_kept, place = 0, 0
    for doc in range(len(ends)):
        while place < ends[doc]:
            new_id = np.int32(-1) if ids[place] < 0 else new_ids[ids[place]]
            place += 1
            if new_id >= 0:
                ids[n_kept] = new_id
                n_kept += 1
        ends[doc] = n_kept
    return n_kept
