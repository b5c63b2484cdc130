"""Statistics of terms that are added up, and terms laid end to end in alphabetical order."""

import numpy as np

from textvec.kernels.compiling import compiled


@compiled
def add_statistics(ids, documents, occurrences, sums):
    """Add what a part knows of its terms to what is known of all, in place.

    ids          (n_found,)     int32  the term of each number
    documents    (n_found,)     int64  how many documents hold it
    occurrences  (n_found,)     int64  how often it occurs in them
    sums         (n_terms, 2)   int64  changed: both, by term

    Integers add up to the same in any order: nobody sees which part came when.
    """
    for k in range(len(ids)):
        sums[ids[k], 0] += documents[k]
        sums[ids[k], 1] += occurrences[k]


@compiled
def lay_out(store, begins, ends, order):
    """Copy strings end to end in another order.

    store    (n_bytes,)    uint8  the strings somewhere in it
    begins, ends  (n_strings,)  int64  string s is store[begins[s]:ends[s]]
    order    (n_chosen,)   int64  string numbers

    Returns text, uint8: the strings of these numbers.
    """
    size = 0
    for s in order:
        size += ends[s] - begins[s]
    text = np.empty(size, np.uint8)
    place = 0
    for s in order:
        for j in range(begins[s], ends[s]):
            text[place] = store[j]
            place += 1
    return text


@compiled
def are_ascending(text, ends):
    """Tell whether strings stand in alphabetical order, each once.

    text  (n_bytes,)    uint8  the strings in UTF-8, end to end
    ends  (n_strings,)  int64  string s ends before text[ends[s]]

    Returns bool.
    """
    for s in range(1, len(ends)):
        begin = 0 if s == 1 else ends[s - 2]
        middle, end = ends[s - 1], ends[s]
        j = 0
        while begin + j < middle and middle + j < end and text[begin + j] == text[middle + j]:
            j += 1
        if begin + j < middle and (middle + j == end or text[begin + j] > text[middle + j]):
            return False
        if begin + j == middle and middle + j == end:
            return False
    return True
