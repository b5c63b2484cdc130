"""What is done with finished vectors: unit length, smaller types, comparison."""

import numpy as np
from sklearn.metrics.pairwise import pairwise_distances
from sklearn.utils.extmath import row_norms


def at_unit_length(vectors):
    """Return the vectors at unit length.

    Parameters
    ----------
    vectors : ndarray of shape (n, n_dimensions)
        Any; a zero vector stays.

    Returns
    -------
    ndarray of the same shape and type
        Copies.
    """
    norms = row_norms(vectors)[:, None]
    return vectors / np.where(norms == 0, 1, norms)


def as_int8(vectors, ranges):
    """Cut each dimension's range into 255 steps, with the numbers of sentence-transformers.

    Parameters
    ----------
    vectors : ndarray of shape (n, n_dimensions), float32
        What lies outside its range gets the nearest end.
    ranges : ndarray of shape (2, n_dimensions), float32
        Least and greatest value of each dimension.

    Returns
    -------
    ndarray of shape (n, n_dimensions), int8
        From -128, the least, to 127.

    Raises
    ------
    ValueError
        If the ranges are of another number of dimensions.

    Examples
    --------
    >>> as_int8(np.float32([[0, -1], [0.5, 9]]), np.float32([[0, 0], [1, 1]]))
    array([[-128, -128],
           [  -1,  127]], dtype=int8)
    """
    low, high = ranges
    if len(low) != vectors.shape[1]:
        raise ValueError(
            f"The ranges for int8 are of {len(low)} dimensions, and these vectors have "
            f"{vectors.shape[1]}: model or truncate_dim changed. Fit again."
        )
    steps = (high - low) / 255
    steps = np.where(steps == 0, 1, steps)
    return (np.clip(np.floor((vectors - low) / steps), 0, 255) - 128).astype(np.int8)


def as_bits(vectors):
    """Keep the signs, eight to a byte, with the numbers of sentence-transformers.

    Parameters
    ----------
    vectors : ndarray of shape (n, n_dimensions)
        A bit is 1 where they are above 0.

    Returns
    -------
    ndarray of shape (n, n_dimensions / 8 rounded up), int8
        The byte, less 128.

    Examples
    --------
    >>> as_bits(np.float32([[1, -1, 1, 1, -1, -1, 0, 2]]))
    array([[49]], dtype=int8)
    """
    return (np.packbits(vectors > 0, axis=1).astype(np.int16) - 128).astype(np.int8)


def as_signs(vectors):
    """Return the signs that :func:`as_bits` packed.

    Parameters
    ----------
    vectors : array-like of shape (n, n_bytes) or (n_bytes,)
        Bytes less 128 if their type is int8; anything else is returned as it is.

    Returns
    -------
    ndarray of shape (n, 8 n_bytes) or (8 n_bytes,), int8
        1 or -1. The last ones, where dimensions were no multiple of 8, are -1 in all rows.

    Examples
    --------
    >>> as_signs(np.int8([[49]]))
    array([[ 1, -1,  1,  1, -1, -1, -1,  1]], dtype=int8)
    """
    vectors = np.asarray(vectors)
    if vectors.dtype != np.int8:
        return vectors
    bits = np.unpackbits((vectors.astype(np.int16) + 128).astype(np.uint8), axis=-1)
    return 2 * bits.astype(np.int8) - 1


def similarities(vectors, others, measure):
    """Compare all vectors with all others.

    Parameters
    ----------
    vectors : ndarray of shape (n, n_dimensions) or (n_dimensions,)
        Of any type.
    others : ndarray of shape (m, n_dimensions) or (n_dimensions,)
        Of any type.
    measure : {"cosine", "dot", "euclidean", "manhattan", "signs"}
        How; ``"signs"`` is the cosine of what :func:`as_bits` packed.

    Returns
    -------
    ndarray of shape (n, m), float32
        The greater the more alike: distances are times -1.

    Raises
    ------
    ValueError
        If the two have other numbers of dimensions.
    """
    vectors, others = _as_float_rows(vectors, others, measure)
    match measure:
        case "dot":
            return vectors @ others.T
        case "signs":  # of whole numbers, so that as many equal signs are always as much
            return vectors @ others.T / np.float32(vectors.shape[1])
        case "cosine":
            return at_unit_length(vectors) @ at_unit_length(others).T
        case distance:
            return -pairwise_distances(vectors, others, distance).astype(np.float32)


def pairwise_similarities(vectors, others, measure):
    """Compare each vector with the other in the same row.

    Parameters
    ----------
    vectors, others : ndarray of shape (n, n_dimensions) or (n_dimensions,)
        Of any type.
    measure : {"cosine", "dot", "euclidean", "manhattan", "signs"}
        How; ``"signs"`` is the cosine of what :func:`as_bits` packed.

    Returns
    -------
    ndarray of shape (n,), float32
        As :func:`similarities` compares.

    Raises
    ------
    ValueError
        If the two have other numbers of rows, or of dimensions.
    """
    vectors, others = _as_float_rows(vectors, others, measure)
    if len(vectors) != len(others):
        raise ValueError(
            "There must be one other for each vector. "
            f"Got {len(vectors)} and {len(others)} instead."
        )
    match measure:
        case "dot":
            return np.einsum("nd,nd->n", vectors, others)
        case "signs":
            return np.einsum("nd,nd->n", vectors, others) / np.float32(vectors.shape[1])
        case "cosine":
            return np.einsum("nd,nd->n", at_unit_length(vectors), at_unit_length(others))
        case "euclidean":
            return -np.sqrt(np.square(vectors - others).sum(axis=1))
        case _:
            return -np.abs(vectors - others).sum(axis=1)


def _as_float_rows(vectors, others, measure):
    unpacked = map(as_signs, (vectors, others)) if measure == "signs" else (vectors, others)
    vectors, others = (np.atleast_2d(np.asarray(rows, np.float32)) for rows in unpacked)
    if vectors.shape[1] != others.shape[1]:
        raise ValueError(
            "Vectors must have as many dimensions. "
            f"Got {vectors.shape[1]} and {others.shape[1]} instead: compare those of one model."
        )
    return vectors, others
