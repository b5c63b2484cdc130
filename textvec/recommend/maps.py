"""Where items stand on a map: many features in two dimensions, neighbours kept together."""

import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.manifold import TSNE
from sklearn.preprocessing import normalize
from threadpoolctl import threadpool_limits

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

    Examples
    --------
    >>> plane(np.eye(3)).shape
    (3, 2)
    """
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
