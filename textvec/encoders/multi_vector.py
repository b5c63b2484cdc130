"""Texts as one vector for each token, compared token by token."""

import numpy as np

from textvec._checks import as_list
from textvec._threads import equal_parts, run_parts
from textvec.kernels.max_sim import max_sim
from textvec.ragged import Ragged


def max_sim_scores(queries, documents, n_jobs=None):
    """Score documents for queries by late interaction: each query token adds its best match.

    Parameters
    ----------
    queries : Ragged, or list of ndarray of shape (n_tokens, n_dimensions)
        The token vectors of each query; at unit length, if the model wants the cosine.
    documents : Ragged, or list of ndarray of shape (n_tokens, n_dimensions)
        The token vectors of each document.
    n_jobs : int, default=None
        Threads; None is 1 and -1 all cores. The scores do not depend on it.

    Returns
    -------
    ndarray of shape (n_queries, n_documents), float32
        0 where either has no tokens.

    Raises
    ------
    ValueError
        If the token vectors are not of one width.

    References
    ----------
    Khattab and Zaharia 2020, "ColBERT", equation 3.

    Examples
    --------
    >>> query = np.array([[1, 0], [0, 1]])
    >>> max_sim_scores([query], [query[:1], query])
    array([[1., 2.]], dtype=float32)
    """
    queries, documents = _as_ragged("queries", queries), _as_ragged("documents", documents)
    widths = queries.values.shape[1], documents.values.shape[1]
    if widths[0] != widths[1] and len(queries.values) and len(documents.values):
        raise ValueError(
            f"Queries and documents must have one width. Got {widths[0]} and {widths[1]}."
        )
    if not len(queries.values) or not len(documents.values):
        return np.zeros((len(queries.ends), len(documents.ends)), np.float32)

    def scores_of(first, last):
        start = documents.ends[first - 1] if first else 0
        end = documents.ends[last - 1]
        return max_sim(*queries, documents.values[start:end], documents.ends[first:last] - start)

    return np.hstack(run_parts(scores_of, equal_parts(len(documents.ends), n_jobs), n_jobs))


def _as_ragged(name, texts):
    """Return token vectors end to end, C-ordered float32."""
    if isinstance(texts, Ragged):
        values, ends = texts
    else:
        texts = as_list(name, texts, "a list of matrices")
        texts = [np.asarray(text, np.float32) for text in texts]
        widths = {text.shape[1:] for text in texts if text.size}
        if len(widths) > 1 or any(len(width) != 1 for width in widths):
            raise ValueError(f"{name} must be matrices of one width. Got shapes {sorted(widths)}.")
        values = np.concatenate([text for text in texts if text.size] or [np.zeros((0, 1))])
        ends = np.cumsum([len(text) for text in texts], dtype=np.int64)
    return Ragged(np.ascontiguousarray(values, np.float32), np.asarray(ends, np.int64))
