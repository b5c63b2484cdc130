"""Places on the plane by t-SNE, from a table of neighbours: exact ones, sparse or dense alike.

openTSNE is the extra ``maps``: the same seed gives the same bits on any number of threads. On posts
of 20 newsgroups by TF-IDF, trustworthiness at 15 neighbours is .855 where the 30 nearest count
alike, .831 with the 15 nearest and .810 with a perplexity of 30, exaggeration falling from 12 to 1
at once. Where it falls by 4 and 2, 3,000 posts have .919 instead of .908 by TF-IDF and .961 instead
of .954 by LSA; 10,000 have .841 instead of .837, and .935 instead of .930. Of few items each would
be near to all: there the nearest count by how near they are.
``benchmarks/bench_maps.py`` sets layouts beside those of openTSNE and umap-learn at their defaults.
"""

import numpy as np
from scipy import sparse
from scipy.special import entr
from sklearn.decomposition import TruncatedSVD
from threadpoolctl import threadpool_limits

from textvec._checks import import_optional

LAYOUT_NEIGHBOURS = 30  # of each item, by which it is placed; of few items fewer
_SHARE_OF_ITEMS, _LEAST_NEIGHBOURS = 1 / 20, 10
# Steps, exaggeration and momentum of t-SNE. It falls by degrees: see the figures above
_ROUNDS = ((125, 12.0, 0.5), (150, 4.0, 0.8), (150, 2.0, 0.8), (300, 1.0, 0.8))
_COARSE = 3  # sides of a cell of the grid on which repulsion is summed: 1 is not better, and slower
_SPREAD = 1e-4  # of what t-SNE starts from
_MANY = 3_000  # items, from which on threads pay
_EVERY = 25  # steps between two reports of progress
_ASIDE = 0.09  # of the height of a map: how far below it stand items without neighbours
_FEW = LAYOUT_NEIGHBOURS + 1  # items whose neighbours are all that they share anything with
_GAP = 0.12  # between few items, of the radius of a map: on a screen as wide as a name is high


def rough_places(vectors, random_state=0):
    """Return places by the second and third axis of a singular value decomposition.

    The first axis of vectors that are not centred is their mean. Good for nothing but a start.

    Parameters
    ----------
    vectors : array or sparse matrix of shape (n_items, n_features)
        The items.
    random_state : int, default=0
        Seeds the decomposition.

    Returns
    -------
    ndarray of shape (n_items, 2)
    """
    size = min(3, *vectors.shape)
    places = np.zeros((vectors.shape[0], 2))
    if size > 1:
        # more threads round differently: the same map at each call. Equal items have no variance
        with threadpool_limits(1), np.errstate(divide="ignore", invalid="ignore"):
            axes = TruncatedSVD(size, random_state=random_state).fit_transform(vectors)[:, 1:]
        places[:, : axes.shape[1]] = axes
    return places


def lay_out(neighbours, start, random_state=0, n_jobs=None, show=None):
    """Return a place for each item, near to those that are its neighbours.

    t-SNE (van der Maaten and Hinton 2008, "Visualizing data using t-SNE"; Linderman et al. 2019,
    "Fast interpolation-based t-SNE") with affinities that are 1 for each of the 30 nearest
    neighbours and 0 for all others, made symmetric (Böhm et al. 2022, "Attraction-repulsion
    spectrum in neighbor embeddings", section 4.3: it keeps more neighbours than a perplexity
    of 30 does, see ``benchmarks/bench_maps.py``). Of up to 31 items affinities fall with the square
    of 1 less the score, by a perplexity of a third of them. Items without neighbours stand in rows
    below.

    Parameters
    ----------
    neighbours : Neighbours
        Of each item; the first 30 count, of fewer than 600 items as many as a twentieth of them, of
        fewer than 200 the first 10, and of up to 31 all, by their scores.
    start : ndarray of shape (n_items, 2)
        Where the items stand at first, such as the places of another map, which the new one then
        resembles: it is turned and mirrored to lie as close to it as it can.
    random_state : int, default=0
        Parts items that start in one place.
    n_jobs : int, default=None
        Threads; places do not depend on it.
    show : callable, default=None
        Called with the share of the work that is done.

    Returns
    -------
    ndarray of shape (n_items, 2)
        Finite; the items that have neighbours around (0, 0), within a circle of radius 1.

    Raises
    ------
    ImportError
        If openTSNE is not installed.
    """
    n_items = len(neighbours.indices)
    most = min(max(_LEAST_NEIGHBOURS, int(n_items * _SHARE_OF_ITEMS)), LAYOUT_NEIGHBOURS)
    indices = neighbours.indices[:, :most]
    joined = np.unique(indices[indices >= 0])
    joined = np.union1d(joined, np.flatnonzero((indices >= 0).any(axis=1)))
    places = np.full((n_items, 2), np.nan)
    if joined.size:
        few = joined.size <= _FEW
        affinities = _graded(neighbours, joined) if few else _affinities(indices, joined)
        places[joined] = _t_sne(affinities, start[joined], random_state, n_jobs, show)
    is_there = np.isfinite(places).all(axis=1)
    if 1 < is_there.sum() <= _FEW:
        places[is_there] = _parted(places[is_there])
    return _finished(places, start)


def _graded(neighbours, joined):
    """Return the symmetric matrix of how near few items are, among those that are near any.

    Each item gives away 1, by a Gaussian that is as broad as its perplexity asks (van der Maaten
    and Hinton 2008, equation 1). Those that are no neighbours have a score of 0.
    """
    indices, scores = (one[joined, :LAYOUT_NEIGHBOURS] for one in neighbours)
    rows, columns = np.nonzero(indices >= 0)
    near = np.zeros((joined.size, joined.size))
    near[rows, np.searchsorted(joined, indices[rows, columns])] = scores[rows, columns]
    far = (1 - near / max(near.max(), 1.0)) ** 2
    np.fill_diagonal(far, np.inf)
    far -= far.min(axis=1, keepdims=True)
    wanted = np.log(np.clip((joined.size - 1) / 3, 1.01, LAYOUT_NEIGHBOURS / 3))
    low, high = np.full((2, joined.size, 1), [[[-20.0]], [[20.0]]])  # logarithms of the steepness
    for _ in range(50):
        middle = (low + high) / 2
        shares = np.exp(-np.exp(middle) * far)
        shares /= shares.sum(axis=1, keepdims=True)
        is_broad = entr(shares).sum(axis=1, keepdims=True) > wanted
        low, high = np.where(is_broad, middle, low), np.where(is_broad, high, middle)
    return sparse.csr_matrix(shares + shares.T)


def _parted(places):
    """Return places of which none is so close to another that one point would hide the other."""
    places = places - places.mean(axis=0)
    least = _GAP * np.linalg.norm(places, axis=1).max()
    for _ in range(100):
        gaps = places[:, None] - places[None]  # (n, n, 2)
        apart = np.maximum(np.linalg.norm(gaps, axis=2, keepdims=True), 1e-12)
        places = places + (gaps / apart * np.maximum(least - apart, 0)).sum(axis=1) / 2
    return places


def _affinities(indices, joined):
    """Return the symmetric matrix of who is whose neighbour, among the items that have any."""
    at = np.full(len(indices) + 1, -1)
    at[joined] = np.arange(joined.size)
    rows, columns = np.nonzero(indices >= 0)
    ends = at[rows], at[indices[rows, columns]]
    shape = joined.size, joined.size
    near = sparse.csr_matrix((np.ones(rows.size), ends), shape)
    # each item gives as much away, however few neighbours it has
    given = sparse.diags_array(1 / np.maximum(near.sum(axis=1), 1).ravel().A1)
    near = given @ near
    return sparse.csr_matrix(near + near.T)


def _t_sne(affinities, start, random_state, n_jobs, show):
    import_optional("openTSNE", "maps")
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PrecomputedAffinities

    rng = np.random.default_rng(random_state)
    start = start - start.mean(axis=0)
    spread = start.std(axis=0).max() or 1.0
    start = (start / spread + rng.normal(scale=0.01, size=start.shape)) * _SPREAD
    total, done = sum(steps for steps, *_ in _ROUNDS), 0

    def report(step, error, embedding):
        if show is not None:
            show((done + step) / total)

    n_threads = (n_jobs or 1) if len(start) >= _MANY else 1  # threads wait more than they work
    embedding = TSNEEmbedding(
        start, PrecomputedAffinities(affinities), n_jobs=n_threads, random_state=random_state
    )
    for steps, exaggeration, momentum in _ROUNDS:
        embedding.optimize(
            steps,
            inplace=True,
            exaggeration=exaggeration,
            momentum=momentum,
            callbacks=report,
            callbacks_every_iters=_EVERY,
            ints_in_interval=_COARSE,
        )
        done += steps
        spread = float(np.std(embedding))
        if spread < _SPREAD:  # exaggerated, what all are neighbours of falls into one point
            embedding *= _SPREAD / max(spread, 1e-300)
    return np.asarray(embedding)


def _finished(places, start):
    """Return places within a circle, turned towards the start, those without one in rows below."""
    is_there = np.isfinite(places).all(axis=1)
    made = np.zeros_like(places)
    if is_there.any():
        kept = places[is_there] - places[is_there].mean(axis=0)
        like = start[is_there] - start[is_there].mean(axis=0)
        # Schönemann 1966: the orthogonal Procrustes problem
        u, _, vt = np.linalg.svd(kept.T @ like)
        kept = kept @ u @ vt
        made[is_there] = kept / max(np.linalg.norm(kept, axis=1).max(), 1e-12)
    aside = np.flatnonzero(~is_there)
    if aside.size:
        width = int(max(np.ceil(np.sqrt(aside.size * 12)), 12))  # of rows twelve times as long
        low = made[is_there, 1].max() if is_there.any() else 0.0  # y points down, as on screens
        at = np.arange(aside.size)
        made[aside, 0] = ((at % width) / (width - 1) - 0.5) * 1.2
        made[aside, 1] = low + _ASIDE + (at // width) * 1.2 / (width - 1)
    return made
