"""Move one table of word vectors into the space of another, by a dictionary or by shape alone."""

from collections.abc import Iterable, Mapping

import numpy as np

from textvec._checks import check_flag, check_number, check_type, seeded, warn_user
from textvec._threads import held
from textvec.dense.keyed_vectors import KeyedVectors
from textvec.dense.similar_words import lengths_of
from textvec.dense.subwords import Subwords
from textvec.dense.translations import PRODUCTS, crowding

_SHAPED_BY = 4_000  # most frequent words whose likenesses are compared between the tables
_PROFILE = 512  # numbers that the sorted likenesses of a word are summed up in
_KEPT_AT_FIRST = 0.1  # share of words that the first rounds of self-learning may choose from
_PATIENCE = 10  # rounds without a better fit after which more words may be chosen
_GAIN = 1e-6  # in fit, a mean cosine; what counts as better
_MOST_ROUNDS = 500


def align(source, target, pairs=None, *, refine=True, n_words=5_000, random_state=None):
    """Move the vectors of one table into the space of another, where both can be compared.

    Parameters
    ----------
    source : KeyedVectors
        The table to move, such as one of English words. It stays as it is.
    target : KeyedVectors
        The table whose space it moves to, such as one of Chinese words. It stays as it is, too.
    pairs : iterable of (str, str), mapping of str to str, or None, default=None
        A dictionary: words of ``source`` with words of ``target``. Pairs with an unknown word or a
        zero vector are passed over, and repeated ones count once. None learns from the vectors
        alone: words are matched by how their likenesses to all others are spread.
    refine : bool, default=True
        Whether to go on from ``pairs`` by self-learning: all words are translated, and what they
        are translated by is the next dictionary, for as long as that fits better.
    n_words : int >= 1, default=5_000
        How many words of each table self-learning looks at, the first ones, which are the most
        frequent by custom.
    random_state : int, RandomState instance or None, default=None
        Seed of self-learning without ``pairs``, or with few; pass an int for the same result each
        time.

    Returns
    -------
    KeyedVectors
        The words and counts of ``source`` with vectors in the space of ``target``:
        ``align(english, chinese, pairs).translate("sea", chinese)``.

    Raises
    ------
    TypeError
        If a table is something else, or a pair is none of two str.
    ValueError
        If the tables are of unequal width, no pair has two known words, or a table has too few
        vectors to learn from.

    Warns
    -----
    UserWarning
        If there are fewer known pairs than dimensions.

    See Also
    --------
    textvec.KeyedVectors.translate : Finds the nearest words of the other table.
    textvec.evaluate.tasks.WordTranslationTask : Says how many are right.

    Notes
    -----
    With ``x`` and ``y`` the vectors of a pair, of length 1 and less the mean of all of their table,
    the map is a rotation (and reflection), so that all likenesses within ``source`` stay as they
    are but for the mean: the ``W`` that makes ``sum |x W - y|**2`` least among orthogonal
    matrices, ``U V'`` of the singular value decomposition ``U S V'`` of ``sum x' y``. A vector
    ``v`` of ``source`` becomes ``v W + |v| (m' - m W)``, which moves the mean ``m`` of its table to
    the mean ``m'`` of the other's. Rows of n-grams move along, so that words that were never seen
    can be translated, too.

    A round of self-learning translates each word of either table by the measure of
    :meth:`~textvec.KeyedVectors.translate`, and learns ``W`` from all of these pairs. Where little
    is known at first, each round may choose from a tenth of the words, drawn anew, then from more
    and more: so it does not settle on the first solution that is no worse than those beside it.

    Fewer pairs than dimensions leave some directions open, which are turned at will; then
    self-learning begins as it does without pairs.

    References
    ----------
    Mikolov, Le and Sutskever 2013, "Exploiting similarities among languages for machine
    translation"; Xing et al. 2015, "Normalized word embedding and orthogonal transform for
    bilingual word translation" (the rotation); Conneau et al. 2018, "Word translation without
    parallel data" (the measure, and refinement); Artetxe, Labaka and Agirre 2018, "A robust
    self-learning method for fully unsupervised cross-lingual mappings of word embeddings" (without
    pairs).

    Examples
    --------
    >>> import numpy as np
    >>> from textvec import KeyedVectors, align
    >>> rng = np.random.default_rng(0)
    >>> vectors, turn = rng.normal(size=(50, 8)), np.linalg.qr(rng.normal(size=(8, 8)))[0]
    >>> chinese = KeyedVectors(vectors, [f"词{i}" for i in range(50)])
    >>> english = KeyedVectors(vectors @ turn, [f"word{i}" for i in range(50)])
    >>> moved = align(english, chinese, [(f"word{i}", f"词{i}") for i in range(10)])
    >>> moved.translate("word42", chinese, topn=1)[0][0]
    '词42'
    >>> np.allclose(moved.vectors, chinese.vectors, atol=1e-5)
    True
    """
    check_type("source", source, KeyedVectors, "a KeyedVectors")
    check_type("target", target, KeyedVectors, "a KeyedVectors")
    check_flag("refine", refine)
    check_number("n_words", n_words, low=1, integer=True)
    random = np.random.default_rng(int(seeded(random_state).randint(1 << 31)))
    source, target = held(source), held(target)
    if source.vector_size != target.vector_size:
        raise ValueError(
            "Tables must be of one width to be aligned. Got vectors of "
            f"{source.vector_size} and {target.vector_size} numbers: train both with one "
            "vector_size."
        )
    means = _mean_of(source), _mean_of(target)
    first = [
        _directions(table, np.arange(min(n_words, len(table))), mean)
        for table, mean in zip((source, target), means)
    ]
    kept = 1.0
    if pairs is None:
        _check_can_be_matched(*first)
        matched = _matched_by_shape(*first)
        turn, kept = _rotation(*(part[rows] for part, rows in zip(first, matched))), _KEPT_AT_FIRST
    else:
        known = _known_rows(pairs, source, target)
        dictionary = [
            _directions(table, rows, mean)
            for table, rows, mean in zip((source, target), known, means)
        ]
        turn = _rotation(*dictionary)
        n_pairs = len(known[0])
        if n_pairs < source.vector_size:
            kept = _KEPT_AT_FIRST
            warn_user(
                f"pairs holds {n_pairs} known pairs for {source.vector_size} dimensions: it leaves "
                "directions open, which are turned at will"
                f"{' and left to self-learning' if refine else ''}. Give more pairs, or vectors of "
                "fewer dimensions."
            )
    if pairs is None or refine:
        first = [part[part.any(axis=1)] for part in first]
        if min(map(len, first)):
            turn = _self_learned(*first, turn, kept, random)
    return _moved(source, turn, means)


def _moved(source, turn, means):
    """Return the table with its vectors turned, and its mean moved to the other's."""
    shift = means[1] - means[0] @ turn
    vectors = np.empty((len(source), source.vector_size), np.float32)
    start, total = 0, 0.0
    for block in source._row_blocks(len(source)):
        block = block.astype(np.float64)
        lengths = np.sqrt(np.einsum("ij,ij->i", block, block))
        vectors[start : start + len(block)] = block @ turn + lengths[:, None] * shift
        start += len(block)
        total += lengths.sum()
    subwords = source.subwords
    if subwords is not None:  # words are means of rows: all of them get the shift of the mean word
        rows = subwords.rows @ turn + total / len(source) * shift
        shape = subwords.min_n, subwords.max_n, subwords.hashes
        subwords = Subwords(rows.astype(np.float32), *shape)
    return KeyedVectors(vectors, source.index_to_key, source.counts, subwords, source.oov)


def _mean_of(table):
    """Return the mean of the vectors of a table, of length 1 each, zero ones left out."""
    total, n_vectors = np.zeros(table.vector_size), 0
    for block in table._row_blocks(len(table)):
        total += (block / lengths_of(block)[:, None]).sum(axis=0)
        n_vectors += int(block.any(axis=1).sum())
    return total / max(1, n_vectors)


def _directions(table, rows, mean):
    """Return vectors of length 1, less the mean, of length 1 again, float32; zero stays zero."""
    vectors = table._units(rows)
    vectors -= vectors.any(axis=1)[:, None] * mean
    return (vectors / lengths_of(vectors)[:, None]).astype(np.float32)


def _known_rows(pairs, source, target):
    """Return the rows of the words of each pair that both tables know, none twice."""
    pairs = list(pairs.items() if isinstance(pairs, Mapping) else _as_iterable(pairs))
    for number, pair in enumerate(pairs, start=1):
        if (
            isinstance(pair, str)
            or not isinstance(pair, Iterable)
            or len(pair := tuple(pair)) != 2
            or not all(isinstance(word, str) for word in pair)
        ):
            raise TypeError(
                f"Each of pairs must be two words, both str. Got {pair!r} as number {number}."
            )
    pairs = [tuple(pair) for pair in pairs]
    known = dict.fromkeys(
        (source.key_to_index[a], target.key_to_index[b])
        for a, b in pairs
        if a in source.key_to_index and b in target.key_to_index
    )
    rows = np.array(list(known), np.intp).reshape(-1, 2).T
    rows = rows[:, source.vectors[rows[0]].any(axis=1) & target.vectors[rows[1]].any(axis=1)]
    if not rows.size:
        example = f" such as {pairs[0]!r}" if pairs else ""
        advice = (
            f". Those of source are such as {source.index_to_key[:2]!r}, those of target such as "
            f"{target.index_to_key[:2]!r}: check upper case and script"
        )
        if any(a in target.key_to_index and b in source.key_to_index for a, b in pairs):
            advice = ": turn them round, (word of source, word of target)"
        raise ValueError(
            "pairs must hold a word of source with a word of target, at least once. "
            f"Got {len(pairs)} pairs{example} without one{advice}."
        )
    return rows


def _as_iterable(pairs):
    if isinstance(pairs, str) or not isinstance(pairs, Iterable):
        raise TypeError(
            "pairs must be an iterable of pairs of words, or a mapping, or None. "
            f"Got {pairs!r} instead."
        )
    return pairs


def _check_can_be_matched(source, target):
    for name, vectors in (("source", source), ("target", target)):
        n_vectors = int(vectors.any(axis=1).sum())
        if n_vectors < 2:
            raise ValueError(
                "Without pairs, words are matched by how alike they are to others. "
                f"Got {n_vectors} vectors other than the mean in {name}: give pairs."
            )


def _rotation(source, target):
    """Return the orthogonal W, float64, that makes the sum of |x W - y|**2 least.

    Parameters
    ----------
    source, target : ndarray of shape (n_pairs, vector_size), float32
        The x and y.
    """
    left, _, right = np.linalg.svd(source.T.astype(np.float64) @ target.astype(np.float64))
    return left @ right


def _matched_by_shape(source, target):
    """Return rows of source and of target, matched by how their likenesses are spread.

    In two spaces that are turns of each other a word has the same likenesses to all others; only
    which others is unknown. Sorted, they are its profile, and words are matched by that.
    """
    most = min(len(source), len(target), _SHAPED_BY)
    profiles = [_profiles(part[:most]) for part in (source, target)]
    return _dictionary(*profiles, 1.0, None)[:2]


def _profiles(vectors):
    """Return the sorted likenesses of each vector to all, summed up in runs: (n, n_runs) float32.

    Likenesses are those of the root of the matrix of cosines, as in the paper: `U S U'` where the
    vectors are `U S V'`, so that large directions do not drown the others.
    """
    left, lengths, _ = np.linalg.svd(vectors.astype(np.float64), full_matrices=False)
    halves = (left * np.sqrt(lengths)).astype(np.float32)
    n_runs = min(_PROFILE, len(vectors))
    starts = np.linspace(0, len(vectors), n_runs + 1).astype(np.intp)
    profiles = np.empty((len(vectors), n_runs), np.float32)
    step = max(1, PRODUCTS // len(vectors))
    for start in range(0, len(vectors), step):
        likenesses = np.sort(halves[start : start + step] @ halves.T, axis=1)
        sums = np.add.reduceat(likenesses, starts[:-1], axis=1)
        profiles[start : start + step] = sums / np.sqrt(np.diff(starts))
    profiles /= lengths_of(profiles)[:, None]
    profiles -= profiles.mean(axis=0)
    return (profiles / lengths_of(profiles)[:, None]).astype(np.float32)


def _self_learned(source, target, turn, kept, random):
    """Return the rotation that self-learning ends with.

    Parameters
    ----------
    source, target : ndarray of shape (n, vector_size), float32
        Directions, no zero.
    turn : ndarray of shape (vector_size, vector_size), float64
        The rotation to begin with.
    kept : float in (0, 1]
        The share of words that the first rounds may choose from.
    random : numpy.random.Generator
        Draws them.
    """
    best, since = -np.inf, 0
    for _ in range(_MOST_ROUNDS):
        moved = source @ turn.astype(np.float32)
        rows, others, fit = _dictionary(moved, target, kept, random)
        since = 0 if fit >= best + _GAIN else since + 1
        best = max(best, fit)
        if since >= _PATIENCE or kept == 1 and since:
            if kept == 1:
                break
            kept, since = min(1.0, 2 * kept), 0
        turn = _rotation(source[rows], target[others])
    return turn


def _dictionary(source, target, kept, random):
    """Translate every word of either side; return rows of source, rows of target and the fit.

    The fit is the mean cosine of a word and its translation.
    """
    crowds = crowding(source, target), crowding(target, source)
    there, fit_there = _translations(source, target, crowds[1], kept, random)
    back, fit_back = _translations(target, source, crowds[0], kept, random)
    rows = np.concatenate([np.arange(len(source)), back])
    others = np.concatenate([there, np.arange(len(target))])
    return rows, others, (fit_there + fit_back) / 2


def _translations(vectors, others, crowds, kept, random):
    """Return for each vector the row of the other that scores best, and their mean cosine."""
    chosen = np.arange(len(others))
    if kept < 1:
        chosen = random.choice(chosen, max(1, round(kept * len(others))), replace=False)
    # one product gives cos(x, y) - r(y) / 2, half the score but for r(x)
    others = np.column_stack([others[chosen], crowds[chosen] / -2])
    found, best = np.empty(len(vectors), np.intp), np.empty(len(vectors), np.float32)
    step = max(1, PRODUCTS // len(others))
    for start in range(0, len(vectors), step):
        block = vectors[start : start + step]
        scores = np.column_stack([block, np.ones(len(block), np.float32)]) @ others.T
        rows = scores.argmax(axis=1)
        found[start : start + step] = rows
        best[start : start + step] = scores[np.arange(len(rows)), rows]
    return chosen[found], float((best - others[found, -1]).mean())
