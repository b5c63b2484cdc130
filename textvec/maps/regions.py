"""What the parts of a map are about: hills of its density, named by their words."""

from typing import NamedTuple

import numpy as np
from scipy import sparse
from scipy.ndimage import gaussian_filter

from textvec.sparse.counts import CountVectorizer
from textvec.text.scripts import is_mostly_han
from textvec.text.stop_words import stop_words

_CELLS = 320  # on a side of the grid on which density is counted
# Of the map's side, by level: the finer, the more hills
_BLURS = (0.055, 0.028, 0.014, 0.008, 0.005)
_N_WORDS = 3  # of a name
_LEAST_ITEMS, _LEAST_SHARE = 2, 0.01  # of a group have each of them
_MOST_LETTERS = 1000  # of a text that are counted
_MOST_TERMS, _MOST_CANDIDATES = 60_000, 240_000
# Contractions, which the list of stop words has in parts: "i'll", "it’s", "don't"
_BEGINNINGS = (
    *("i", "you", "he", "she", "it", "we", "they", "this", "that", "there", "here", "let"),
    *("who", "what", "where", "when", "how"),
)
_AUXILIARIES = (
    *("is", "are", "was", "were", "ai", "do", "does", "did", "have", "has", "had", "ca", "could"),
    *("wo", "would", "should", "must", "might", "need"),
)
_CONTRACTIONS = [
    one.replace("'", mark)
    for mark in "'’"
    for one in (
        *(f"{word}'{end}" for word in _BEGINNINGS for end in ("m", "s", "d", "ll", "re", "ve")),
        *(f"{word}n't" for word in _AUXILIARIES),
    )
]


class Hills(NamedTuple):
    """The hills of a map's density at one level.

    Parameters
    ----------
    of : ndarray of int64 of shape (n_items,)
        On which hill each item stands.
    peaks : ndarray of shape (n_hills, 2)
        Where they are highest.
    """

    of: np.ndarray
    peaks: np.ndarray


def hills(places, level):
    """Return the hills of the density of places, and who stands on which.

    The density is that of a grid, blurred. Each cell leads to the densest around it, and so on to
    the top: mean shift (Cheng 1995, "Mean shift, mode seeking, and clustering") in one step.

    Parameters
    ----------
    places : ndarray of shape (n_items, 2)
        Where the items stand.
    level : int from 0 to 4
        How fine they are.

    Returns
    -------
    Hills

    Examples
    --------
    >>> hills(np.array([[0.0, 0.0], [0.0, 0.01], [1.0, 1.0]]), 0).of
    array([0, 0, 1])
    """
    low = places.min(axis=0)
    span = max(float((places.max(axis=0) - low).max()), 1e-12)
    at = np.minimum(((places - low) / span * _CELLS).astype(np.int64), _CELLS - 1)
    cells = at[:, 0] * _CELLS + at[:, 1]
    counts = np.bincount(cells, minlength=_CELLS**2).reshape(_CELLS, _CELLS).astype(float)
    density = gaussian_filter(counts, _BLURS[level] * _CELLS, mode="constant")
    density -= np.arange(_CELLS**2).reshape(density.shape) * density.max() * 1e-12  # no two alike
    tops = _climb(density)[cells]
    peaks, of = np.unique(tops, return_inverse=True)
    grid = np.column_stack([peaks // _CELLS, peaks % _CELLS])
    return Hills(of, low + (grid + 0.5) / _CELLS * span)


def _climb(density):
    """Return for each cell of a grid, in one row, the cell at the top of its hill."""
    side = len(density)
    around = np.full((side + 2, side + 2), -1.0)
    around[1:-1, 1:-1] = density
    cells = np.arange(side * side).reshape(side, side)
    best, to = density.copy(), cells.copy()
    for row in (-1, 0, 1):
        for column in (-1, 0, 1):
            seen = around[1 + row : side + 1 + row, 1 + column : side + 1 + column]
            higher = seen > best
            best[higher] = seen[higher]
            to[higher] = (cells + row * side + column)[higher]
    to = to.ravel()
    while (further := to[to]).tolist() != to.tolist():
        to = further
    return to


def term_counts(texts):
    """Return how often each text has each term that may name a region, and the terms.

    Terms are words and pairs of words that stand side by side, without stop words; of texts that
    are mostly in Chinese characters, what jieba cuts. Terms of a single text name nothing, nor do
    numbers.

    Parameters
    ----------
    texts : list of str
        What the items say.

    Returns
    -------
    counts : csr matrix of shape (n_items, n_terms), or None
        None where no term is left.
    terms : list of str
    """
    texts = [text[:_MOST_LETTERS] for text in texts]
    options = {"min_df": 2, "max_features": _MOST_CANDIDATES, "dtype": np.float64}
    if is_mostly_han(texts):
        silent = {*stop_words("chinese"), *stop_words("english")}
        counter = CountVectorizer(tokenizer="jieba", stop_words=list(silent), **options)
    else:
        silent = {*stop_words("english"), *_CONTRACTIONS}
        # what is no word is a token, too, of one sign: no pair reaches across it
        pattern = r"(?u)\b(?=\w*[^\W\d_])[^\W_][\w'’-]*[^\W_]\b|\S"
        counter = CountVectorizer(token_pattern=pattern, ngram_range=(1, 2), **options)
    try:
        counts = counter.fit_transform(texts)
    except ValueError:  # no words, or none in two texts
        return None, []
    terms = counter.get_feature_names_out().tolist()
    if counter.tokenizer is None:
        is_name = [
            all(len(word) > 1 and word not in silent for word in term.split(" ")) for term in terms
        ]
        kept = np.flatnonzero(is_name)
        counts, terms = counts[:, kept], [terms[at] for at in kept]
    if len(terms) > _MOST_TERMS:
        often = np.argsort(-np.asarray(counts.sum(axis=0)).ravel(), kind="stable")
        kept = np.sort(often[:_MOST_TERMS])
        counts, terms = counts[:, kept], [terms[at] for at in kept]
    return (counts, terms) if terms else (None, [])


def name_groups(counts, terms, of, n_groups):
    """Return a name for each group of items: the terms that tell it from the others.

    Class-based TF-IDF (Grootendorst 2022, "BERTopic: Neural topic modeling with a class-based
    TF-IDF procedure", equation 2): ``tf * log(1 + A / f)`` where tf is how often a group has a
    term, f how often all have it, and A the mean number of terms of a group.

    Parameters
    ----------
    counts : csr matrix of shape (n_items, n_terms)
        How often each item has each term.
    terms : list of str
        The terms.
    of : ndarray of int of shape (n_items,)
        The group of each item; -1 is none.
    n_groups : int
        How many groups there are.

    Returns
    -------
    list of list of str
        Up to three terms each, the most telling first; none within another one, and none that less
        than two of the items, or a hundredth of them, have.

    Examples
    --------
    >>> counts, terms = term_counts(["sea view", "a sea view", "ski lift", "the ski lift"])
    >>> name_groups(counts, terms, np.array([0, 0, 1, 1]), 2)
    [['sea view'], ['ski lift']]
    """
    rows = np.flatnonzero(of >= 0)
    ones = np.ones(rows.size)
    member = sparse.csr_array((ones, (of[rows], rows)), shape=(n_groups, len(of)))
    counts = sparse.csr_array(counts)
    by_group = sparse.csr_array(member @ counts)
    by_group.sort_indices()
    is_there = sparse.csr_array(member @ (counts > 0).astype(float))
    is_there.sort_indices()  # the same terms as by_group, in how many items of the group
    enough = np.maximum(_LEAST_ITEMS, np.bincount(of[rows], minlength=n_groups) * _LEAST_SHARE)
    is_common = is_there.data >= np.repeat(enough, np.diff(by_group.indptr))
    every = np.asarray(by_group.sum(axis=0)).ravel()
    mean = by_group.sum() / max(n_groups, 1)
    by_group.data *= np.log1p(mean / every[by_group.indices]) * is_common
    names = []
    for group in range(n_groups):
        part = slice(by_group.indptr[group], by_group.indptr[group + 1])
        weights, columns = by_group.data[part], by_group.indices[part]
        columns, weights = columns[weights > 0], weights[weights > 0]
        best = columns[np.lexsort((columns, -weights))[: 8 * _N_WORDS]]
        names.append(_without_parts([terms[column] for column in best]))
    return names


def _without_parts(terms):
    """Return the first terms, a pair of words in place of its words where both are among them."""
    kept: list[str] = []
    for term in terms[: 3 * _N_WORDS]:
        words = set(term.split(" "))
        if any(words <= set(other.split(" ")) for other in kept):
            continue
        inside = [other for other in kept if set(other.split(" ")) < words]
        if inside:
            kept[kept.index(inside[0])] = term
            kept = [other for other in kept if other not in inside[1:]]
        else:
            kept.append(term)
    return kept[:_N_WORDS]
