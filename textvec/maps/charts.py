"""One map of a collection: neighbours, places, and what its parts are about."""

from typing import NamedTuple

import numpy as np
from scipy import sparse
from sklearn.preprocessing import normalize

from textvec._checks import warn_user
from textvec.maps.layout import LAYOUT_NEIGHBOURS, lay_out, rough_places
from textvec.maps.neighbours import nearest
from textvec.maps.regions import hills, name_groups
from textvec.show.atlas import Chart, Region

_TERMS = ((2_000, 500), (20_000, 64), (10**9, 24))  # of an item are kept, by number of items
_LEVELS = ((0, 30), (1, 100), (2, 500), (3, 5000), (4, 20_000))  # of hills, from so many items on
_LEAST_HILLS = 6  # of the first level that is shown, if there is a finer one
_LEAST = 4  # items of a region that is named
_LEAST_SHARE = 1 / 2500  # of all items
_DOT = " · "  # between the terms of a region
_SHARE_OF_WORK = 0.3  # of a map, for finding neighbours


class Vectors(NamedTuple):
    """Items as one way of embedding has them.

    Parameters
    ----------
    name : str
        What it is called.
    items : array or sparse matrix of shape (n_items, n_features)
        The vectors.
    queries : array or sparse matrix of the same shape, default=None
        Those that are searched with, where they differ.
    metric : {"cosine", "dot"}, default="cosine"
        How they are compared.
    terms : list of str, default=None
        What the features of sparse vectors are called.
    """

    name: str
    items: object
    queries: object = None
    metric: str = "cosine"
    terms: list | None = None


def draw_chart(vectors, n_neighbours=10, start=None, random_state=0, n_jobs=None, show=None):
    """Return the map of items in one way of embedding.

    Parameters
    ----------
    vectors : Vectors
        The items.
    n_neighbours : int >= 1, default=10
        How many of the nearest the page shows.
    start : ndarray of shape (n_items, 2), default=None
        The places of another map, which this one is to resemble.
    random_state : int, default=0
        Seeds the layout.
    n_jobs : int, default=None
        Threads; nothing depends on it.
    show : callable, default=None
        Called with the share of the work that is done.

    Returns
    -------
    Chart
        Without regions.

    Raises
    ------
    ValueError
        If a vector holds NaN or an infinite number.
    ImportError
        If openTSNE is not installed.
    """
    show = show or (lambda share: None)
    wanted = max(n_neighbours, LAYOUT_NEIGHBOURS)
    found = nearest(vectors.items, wanted, vectors.queries, vectors.metric, n_jobs)
    show(_SHARE_OF_WORK)
    return chart_of(vectors, found, n_neighbours, start, random_state, n_jobs, show)


def chart_of(vectors, found, n_neighbours, start=None, random_state=0, n_jobs=None, show=None):
    """Return the map of items whose neighbours are known; parameters as of :func:`draw_chart`.

    Parameters
    ----------
    vectors : Vectors
        The items.
    found : Neighbours
        What is nearest to each.
    n_neighbours, start, random_state, n_jobs, show
        As there.

    Returns
    -------
    Chart
    """
    if start is None:
        start = rough_places(normalize(vectors.items), random_state)

    def report(share):
        if show is not None:
            show(_SHARE_OF_WORK + (1 - _SHARE_OF_WORK) * share)

    places = lay_out(found, start, random_state, n_jobs, report)
    alone = int((found.indices[:, 0] < 0).sum())
    if alone:
        have, they = ("has", "it stands") if alone == 1 else ("have", "they stand")
        theirs = "Its text is empty, or shares" if alone == 1 else "Their texts are empty, or share"
        warn_user(
            f"{alone} of {len(places)} items {have} no neighbour under {vectors.name}: {they} "
            f"below the map. {theirs} nothing with the others."
        )
    terms, names, most = None, None, 0
    if vectors.terms is not None and sparse.issparse(vectors.items):
        most = next(terms for items, terms in _TERMS if len(places) <= items)
        terms, names, is_cut = heaviest(normalize(vectors.items), vectors.terms, most)
        most = most if is_cut else 0
    return Chart(
        vectors.name,
        places,
        found.indices[:, :n_neighbours],
        found.scores[:, :n_neighbours],
        terms=terms,
        term_names=names,
        most_terms=most,
    )


def heaviest(rows, names, most):
    """Return the heaviest terms of each row, and no other columns.

    Parameters
    ----------
    rows : sparse matrix of shape (n_items, n_terms)
        Weights.
    names : sequence of str
        The terms.
    most : int
        How many of a row are kept.

    Returns
    -------
    kept : csr matrix of shape (n_items, n_kept)
    names : list of str
        Of the columns that are left.
    is_cut : bool
        Whether any row had more.

    Examples
    --------
    >>> rows = sparse.csr_array([[0.1, 0.0, 0.9], [0.0, 0.0, 0.5]])
    >>> heaviest(rows, ["a", "b", "c"], 1)[0].toarray(), heaviest(rows, ["a", "b", "c"], 1)[1]
    (array([[0.9], [0.5]]), ['c'])
    """
    rows = sparse.csr_matrix(rows)
    counts = np.diff(rows.indptr)
    of = np.repeat(np.arange(rows.shape[0]), counts)
    order = np.lexsort((rows.indices, -np.abs(rows.data), of))
    rank = np.arange(order.size) - np.repeat(rows.indptr[:-1], counts)
    kept = order[(rank < most) & (rows.data[order] > 0)]
    columns, at = np.unique(rows.indices[kept], return_inverse=True)
    made = sparse.csr_matrix(
        (rows.data[kept], (of[kept], at)), shape=(rows.shape[0], max(columns.size, 1))
    )
    return made, [str(names[column]) for column in columns], bool((counts > most).any())


def _alike(name, other):
    """Tell whether two names of regions say the same, but for a term or the order."""
    terms, others = (set(one.split(_DOT)) for one in (name, other))
    return len(terms & others) >= max(len(terms) - 1, 1)


def name_regions(chart, counts, terms):
    """Return the regions of a map, named by their terms, and the region of each item.

    Parameters
    ----------
    chart : Chart
        The map.
    counts : csr matrix of shape (n_items, n_terms)
        How often each item has each term that may name a region.
    terms : list of str
        The terms.

    Returns
    -------
    regions : list of Region
        Those of enough items. A part of a region that would be called as the whole is left out.
    of : list of str
        The name of each item's region at the first level, "" for none.
    """
    n_items = len(chart.places)
    near = chart.neighbours[:, 0] >= 0  # those without neighbours stand aside
    least = max(_LEAST, n_items * _LEAST_SHARE)
    regions: list[Region] = []
    above, above_of, names_of = [""], np.zeros(n_items, np.int64), [""] * n_items
    if near.sum() < _LEVELS[0][1]:
        return regions, names_of
    rows, shown = np.flatnonzero(near), 0
    for level, enough in _LEVELS:
        if rows.size < enough:
            break
        found = hills(chart.places[rows], level)
        n_hills = len(found.peaks)
        is_last = level == len(_LEVELS) - 1 or rows.size < _LEVELS[level + 1][1]
        if n_hills < (2 if is_last or regions else _LEAST_HILLS):
            continue
        of = np.full(n_items, -1)
        of[rows] = found.of
        sizes = np.bincount(found.of, minlength=n_hills)
        names = [_DOT.join(name) for name in name_groups(counts, terms, of, n_hills)]
        names = [name if size >= least else "" for name, size in zip(names, sizes)]
        first = np.full(n_hills, n_items)
        np.minimum.at(first, found.of, rows)
        for hill in np.argsort(-sizes, kind="stable"):
            if names[hill] and not _alike(names[hill], above[above_of[first[hill]]]):
                regions.append(Region(shown, tuple(found.peaks[hill]), names[hill]))
        if shown == 0:
            names_of = ["" if at < 0 else names[at] for at in of]
        above, above_of = [*names, ""], of
        shown += 1
    return regions, names_of
