"""Who meets whom in a story: names in sentences and paragraphs, counted, and set beside chance."""

import numpy as np
from scipy import sparse


def count_mentions(rows, sentence_of, n_sentences, names):
    """Return how often each name stands in each sentence.

    Parameters
    ----------
    rows : list of list of str
        The names in each clause.
    sentence_of : list of int
        The sentence that each clause belongs to.
    n_sentences : int
        How many there are.
    names : list of str
        The names that count; others are passed over.

    Returns
    -------
    csr_array of shape (n_sentences, n_names), int32
    """
    column = {name: at for at, name in enumerate(names)}
    pairs = [
        (sentence, column[name])
        for sentence, row in zip(sentence_of, rows, strict=True)
        for name in row
        if name in column
    ]
    at = np.array(pairs, np.int64).reshape(-1, 2)
    ones = np.ones(len(at), np.int32)
    return sparse.csr_array((ones, (at[:, 0], at[:, 1])), shape=(n_sentences, len(names)))


def sums(counts, groups):
    """Return the sums of rows of counts, sparse or not, over groups, numbered from 0."""
    ones = np.ones(len(groups), counts.dtype)
    return sparse.csr_array((ones, (groups, np.arange(len(groups))))) @ counts


def most_of_both(both, k):
    """Return the rows that name both most often, short of more than k, in their order."""
    least = both.min(axis=1)
    found = np.flatnonzero(least)
    return np.sort(found[np.argsort(-least[found], kind="stable")][:k])


def positive_npmi(there, column):
    """Return max(0, NPMI) of one column with each, of a sparse matrix of what stands where.

    Parameters
    ----------
    there : sparse array of shape (n_places, n_names), bool
        Which names stand in which places, such as paragraphs.
    column : int
        The name that is compared with all.

    Returns
    -------
    ndarray of shape (n_names,), float64
        From 0, where both meet by chance or less, to 1, where each place names both or neither.
    """
    there = there.astype(np.float64)
    n_all, alone = there.shape[0], there.sum(axis=0)
    both = (there.T @ there[:, [column]]).toarray()[:, 0]
    found = (both > 0) & (both < n_all)  # what stands everywhere is not met beyond chance
    joint = both[found] / n_all
    by_chance = alone[found] / n_all * (alone[column] / n_all)
    values = np.zeros(len(both))
    values[found] = np.maximum(0, np.log(joint / by_chance) / -np.log(joint))
    return values


def strongest_ties(mentions, n_partners):
    """Return how strongly each name is tied to those that it shares most sentences with.

    Parameters
    ----------
    mentions : csr_array of shape (n_sentences, n_names)
        As :func:`count_mentions` does them.
    n_partners : int >= 1
        How many ties begin at a name at most; others may end there.

    Returns
    -------
    ndarray of shape (n_names, n_names), float64
        Symmetric: the root of the log-likelihood ratio (Dunning 1993, "Accurate methods for the
        statistics of surprise and coincidence"), 0 for no tie.
    """
    strength = _association(mentions)
    kept = np.zeros_like(strength)
    for row, partners in enumerate(np.argsort(-strength, axis=1, kind="stable")):
        best = partners[:n_partners]
        kept[row, best] = strength[row, best]
    return np.sqrt(np.maximum(kept, kept.T))


def _association(mentions):
    """Return Dunning's log-likelihood ratio of sharing sentences, 0 where below chance."""
    there = (mentions > 0).astype(np.float64)
    both = (there.T @ there).toarray()
    n_all, alone = there.shape[0], both.diagonal()
    table = np.array(
        [
            [both, alone[:, None] - both],
            [alone[None, :] - both, n_all - alone[:, None] - alone[None, :] + both],
        ]
    )  # (2, 2, n_names, n_names)
    expected = table.sum(axis=0, keepdims=True) * table.sum(axis=1, keepdims=True) / n_all
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = 2 * np.where(table > 0, table * np.log(table / expected), 0).sum(axis=(0, 1))
    ratio[both <= expected[0, 0]] = 0
    np.fill_diagonal(ratio, 0)
    return ratio
