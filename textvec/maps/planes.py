"""Where items stand on a map: many features in two dimensions, neighbours kept together."""

import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.manifold import TSNE
from sklearn.preprocessing import normalize
from threadpoolctl import threadpool_limits

from textvec._checks import seeded

_N_DIMENSIONS = 50  # what t-SNE starts from, as its authors did
_MOST_POINTS = 2_000  # that t-SNE lays out in seconds


def plane(vectors, random_state=0):
    """Return a place on the plane for each vector.

    Parameters
    ----------
    vectors : sparse matrix or array of shape (n_items, n_features)
        One row per item, compared by cosine.
    random_state : int, default=0
        Seeds the layout.

    Returns
    -------
    ndarray of shape (n_items, 2)

    Raises
    ------
    ValueError
        If ``random_state`` is no seed.

    Examples
    --------
    >>> plane(np.eye(3)).shape
    (3, 2)
    """
    seeded(random_state)
    n_items, n_features = vectors.shape
    size = min(_N_DIMENSIONS, n_items, n_features)
    with threadpool_limits(1):  # more threads round differently: the same map at each call
        if size > 2:
            vectors = TruncatedSVD(size, random_state=random_state).fit_transform(vectors)
        vectors = normalize(vectors)
        if n_items <= 5 or n_items > _MOST_POINTS or size <= 2:
            places = np.zeros((n_items, 2))
            kept = vectors[:, :2]
            places[:, : kept.shape[1]] = kept.toarray() if hasattr(kept, "toarray") else kept
            return places
        layout = TSNE(
            perplexity=min(30, (n_items - 1) / 3), metric="cosine", random_state=random_state
        )
        return layout.fit_transform(vectors)


def spring(weights, random_state=0):
    """Return a place on the plane for each node of a graph: joined ones attract, all repel.

    Fruchterman and Reingold 1991, "Graph drawing by force-directed placement", with a pull to the
    middle that keeps parts of the graph together.

    Parameters
    ----------
    weights : ndarray of shape (n_nodes, n_nodes)
        Symmetric, 0 where two nodes are not joined.
    random_state : int, default=0
        Seeds the first places.

    Returns
    -------
    ndarray of shape (n_nodes, 2)

    Raises
    ------
    ValueError
        If ``random_state`` is no seed.

    Examples
    --------
    >>> spring(np.array([[0, 1.0], [1.0, 0]])).shape
    (2, 2)
    """
    seeded(random_state)
    n_nodes = len(weights)
    places = np.random.default_rng(random_state).uniform(-1, 1, (n_nodes, 2))
    pull = weights / max(weights.max(initial=0), 1e-12)
    length = np.sqrt(4 / n_nodes)  # of a side of the square that each node would fill
    for step in np.linspace(0.2, 0.005, 300):
        gaps = places[:, None] - places[None, :]  # (n_nodes, n_nodes, 2)
        distances = np.maximum(np.linalg.norm(gaps, axis=2), 1e-3)
        forces = (length / distances) ** 2 - np.sqrt(pull) * distances / length
        moves = (gaps * forces[:, :, None]).sum(axis=1) - 0.6 * places / length
        lengths = np.maximum(np.linalg.norm(moves, axis=1, keepdims=True), 1e-12)
        places += moves / lengths * np.minimum(lengths, step)
    return places
