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
def merge_ascending(text_a, ends_a, sums_a, text_b, ends_b, sums_b):
    """Merge two lists of strings in alphabetical order; what both hold, once, with its sums added.

    text_a, text_b  (n_bytes,)       uint8  the strings in UTF-8, end to end
    ends_a, ends_b  (n_strings,)     int64  string s ends before text[ends[s]]
    sums_a, sums_b  (n_strings, 2)   int64  two numbers of each

    Returns text, ends and sums of the union. One pass over both, from left to right (Knuth, The Art
    of Computer Programming 3, 5.2.4).
    """
    n_a, n_b = len(ends_a), len(ends_b)
    text = np.empty(len(text_a) + len(text_b), np.uint8)
    ends = np.empty(n_a + n_b, np.int64)
    sums = np.empty((n_a + n_b, 2), np.int64)
    a = b = begin_a = begin_b = place = n_merged = 0
    while a < n_a or b < n_b:
        takes_a, takes_b = a < n_a, b < n_b
        if takes_a and takes_b:
            length_a, length_b = ends_a[a] - begin_a, ends_b[b] - begin_b
            shorter = min(length_a, length_b)
            j = 0
            while j < shorter and text_a[begin_a + j] == text_b[begin_b + j]:
                j += 1
            if j < shorter:
                takes_a = text_a[begin_a + j] < text_b[begin_b + j]
                takes_b = not takes_a
            else:
                takes_a, takes_b = length_a <= length_b, length_b <= length_a
        sums[n_merged, 0] = sums[n_merged, 1] = 0
        if takes_b:
            sums[n_merged, 0] += sums_b[b, 0]
            sums[n_merged, 1] += sums_b[b, 1]
            if not takes_a:
                for at in range(begin_b, ends_b[b]):
                    text[place] = text_b[at]
                    place += 1
            begin_b = ends_b[b]
            b += 1
        if takes_a:
            sums[n_merged, 0] += sums_a[a, 0]
            sums[n_merged, 1] += sums_a[a, 1]
            for at in range(begin_a, ends_a[a]):
                text[place] = text_a[at]
                place += 1
            begin_a = ends_a[a]
            a += 1
        ends[n_merged] = place
        n_merged += 1
    return text[:place], ends[:n_merged], sums[:n_merged]


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
