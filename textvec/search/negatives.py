"""Hard negatives: texts that look like answers to a query and are not, to fine-tune models with."""

import warnings
from dataclasses import dataclass
from itertools import chain, zip_longest
from pathlib import Path

import numpy as np
from sklearn.base import clone
from sklearn.preprocessing import normalize

from textvec._checks import as_list, check_choice, check_number, check_type, seeded, warn_user
from textvec._writing import check_place, write_json_lines
from textvec.search._vectorizers import (
    check_vectorizer,
    document_vectors,
    is_fitted,
    metric_of,
    query_vectors,
)
from textvec.search.exact import ExactIndex
from textvec.search.minhash_lsh import shingles


@dataclass(frozen=True)
class NegativeChecks:
    """What keeps answers that nobody has marked from being taken for negatives.

    Parameters
    ----------
    relative_margin : float in [0, 1] or None, default=0.05
        A negative must score lower than the query's positives by this share of the lowest of them,
        ``score < p - relative_margin |p|``, by the scores of the vectorizer that found it. 0.05 is
        NV-Retriever's "TopK-PercPos" of 95 %. None does not compare.
    near_duplicate : float in (0, 1] or None, default=0.9
        A text is left out whose runs of five characters are those of a positive to this share
        (Jaccard's), without regard to case. None leaves out equal texts alone.
    reranker : object with ``score(pairs)``, default=None
        A cross-encoder, such as :class:`~textvec.CrossEncoderReranker`, whose veto keeps out what
        it scores as high as a positive, by the same margin. It reads what is drawn, not the pool.

    References
    ----------
    Moreira et al. 2024, "NV-Retriever: improving text embedding models with effective hard-negative
    mining"; Qu et al. 2021, RocketQA (the cross-encoder).

    Examples
    --------
    >>> NegativeChecks(relative_margin=0.1)
    NegativeChecks(relative_margin=0.1, near_duplicate=0.9, reranker=None)
    """

    relative_margin: float | None = 0.05
    near_duplicate: float | None = 0.9
    reranker: object = None


_UNCHECKED = NegativeChecks(None, None, None)


def mine_hard_negatives(
    queries, positives, corpus, vectorizer, rank_range=(2, 200), n_negatives=15,
    random_state=0, n_jobs=None, checks=None, path=None,
):  # fmt: skip
    """Find for each query texts that a vectorizer ranks high although they are no answers.

    Parameters
    ----------
    queries : list of str
        The questions.
    positives : list of str or of lists of str
        The right answers to each query, in the corpus or not.
    corpus : list of str
        Where negatives are taken from.
    vectorizer : vectorizer, or list of vectorizers
        Anything with ``fit`` and ``transform``, textvec's or scikit-learn's. One that is not
        fitted is cloned and fitted to the corpus. Where it has ``transform_queries``, queries go
        through that; where its ``metric`` is "dot", it is compared by the dot product. Of a
        pipeline, the last step has these. Of several, such as BM25 and an encoder, the texts of
        each rank take turns.
    rank_range : (int, int), default=(2, 200)
        From which ranks negatives are drawn: ``first <= rank < last``, counted from 0. The very
        first are passed over, since they may be right answers that nobody has marked.
    n_negatives : int >= 1, default=15
        How many to draw for each query.
    random_state : int, RandomState or None, default=0
        Which of the ranks are drawn.
    n_jobs : int, default=None
        Threads that search: None is 1, -1 all cores. Results do not depend on it.
    checks : NegativeChecks, default=None
        What else a negative must pass; None leaves out equal texts alone. With checks
        ``rank_range`` may begin at 0.
    path : str or path-like, default=None
        A file to write the records to as well, one a line in JSON, as BGE's tools read it.

    Returns
    -------
    list of dict
        One record ``{"query": str, "pos": list of str, "neg": list of str}`` for each query, as
        tools for fine-tuning read it; negatives stand nearest first.

    Raises
    ------
    TypeError, ValueError
        If a parameter is out of range, the positives are not as many as the queries, or a query
        has none.
    OSError
        If the file cannot be written: said before the work.

    Warns
    -----
    UserWarning
        If for some queries the ranks hold too few texts, so that they get fewer negatives.

    Notes
    -----
    A text equal to the query, to a positive of it or to another of its negatives is never drawn.
    Sources: Karpukhin et al. 2020, "Dense passage retrieval" (negatives from BM25); Xiong et al.
    2021, "Approximate nearest neighbor negative contrastive learning" (from the model itself).

    Examples
    --------
    >>> from textvec import TfidfVectorizer
    >>> corpus = ["a pool by the sea", "a view of the sea", "the sea at night", "rooms in town"]
    >>> records = mine_hard_negatives(["pool by the sea"], ["a pool by the sea"], corpus,
    ...                               TfidfVectorizer(), rank_range=(0, 3), n_negatives=2)
    >>> records[0]["neg"]
    ['the sea at night', 'a view of the sea']
    """
    first, last = _checked_range(rank_range)
    check_number("n_negatives", n_negatives, low=1, integer=True)
    checks = _checked(checks)
    if path is not None:
        check_place(path)
    queries = as_list("queries", queries, "a list of str")
    corpus = as_list("corpus", corpus, "a list of str")
    positives = as_list("positives", positives, "a list of str or of lists of str")
    positives = [
        [texts] if isinstance(texts, str) else as_list(f"positives[{row}]", texts, "a list of str")
        for row, texts in enumerate(positives)
    ]
    if len(positives) != len(queries):
        raise ValueError(
            f"positives must be as many as queries. Got {len(positives)} for {len(queries)}."
        )
    if not all(positives):
        row = next(row for row, texts in enumerate(positives) if not texts)
        raise ValueError(f"Every query must have a positive. Got none in row {row}.")

    miners = vectorizer if isinstance(vectorizer, list | tuple) else [vectorizer]
    if not miners:
        raise ValueError("vectorizer must be at least one vectorizer. Got an empty list instead.")
    for one in miners:
        check_vectorizer(one)
    mined = [
        _mined(queries, positives, corpus, one, (first, min(last, len(corpus))), n_jobs, checks)
        for one in miners
    ]
    pools = []
    for query, texts, *ranked in zip(queries, positives, *mined):
        excluded = {query, *texts, None}
        in_turn = chain.from_iterable(zip_longest(*ranked))
        pools.append([text for text in dict.fromkeys(in_turn) if text not in excluded])
    random = seeded(random_state)
    drawn = _drawn(queries, positives, pools, n_negatives, random, checks)
    records = [
        {"query": query, "pos": texts, "neg": [pool[i] for i in sorted(places)]}
        for query, texts, pool, places in zip(queries, positives, pools, drawn)
    ]
    n_short = sum(len(places) < n_negatives for places in drawn)
    if n_short:
        passing = "" if checks is _UNCHECKED else " and pass the checks"
        warn_user(
            f"{n_short} of {len(queries)} queries get fewer than {n_negatives} negatives: no more "
            f"texts match them at ranks {first} to {last - 1}{passing}. Widen rank_range, or ask "
            "for fewer.",
        )
    if path is not None:
        write_json_lines(Path(path), records)
    return records


def _checked_range(rank_range):
    """Return first and last rank, or raise."""
    try:
        first, last = rank_range
    except (TypeError, ValueError) as error:
        raise TypeError(f"rank_range must be two integers. Got {rank_range!r} instead.") from error
    check_number("rank_range[0]", first, low=0, integer=True)
    check_number("rank_range[1]", last, low=first + 1, integer=True)
    return first, last


def _checked(checks):
    """Return the checks, or raise."""
    if checks is None:
        return _UNCHECKED
    check_type("checks", checks, NegativeChecks, "a NegativeChecks, or None")
    for name in ("relative_margin", "near_duplicate"):
        if getattr(checks, name) is not None:
            check_number(name, getattr(checks, name), low=0, high=1)
    if checks.near_duplicate == 0:
        raise ValueError(
            "near_duplicate must be above 0, or None. Got 0 instead, which all texts share: None "
            "leaves out equal texts alone."
        )
    if checks.reranker is not None and not hasattr(checks.reranker, "score"):
        raise TypeError(
            "reranker must have a method score(pairs), as CrossEncoderReranker has. "
            f"Got {checks.reranker!r} instead."
        )
    return checks


def _mined(queries, positives, corpus, vectorizer, ranks, n_jobs, checks):
    """Return for each query the texts of its ranks by one vectorizer, None for what is no match."""
    if not is_fitted(vectorizer):
        vectorizer = clone(vectorizer).fit(corpus)
    metric = metric_of(vectorizer)
    index = ExactIndex(metric=metric, n_jobs=n_jobs)
    with warnings.catch_warnings():  # a query that matches nothing is told of as one of too few
        warnings.filterwarnings("ignore", r"\d+ of \d+ (queries|items) (is|are) all zeros")
        asked = query_vectors(vectorizer, queries)
        scores, ranking = index.fit(document_vectors(vectorizer, corpus)).search(asked, ranks[1])
    fits = ranking >= 0
    if checks.relative_margin is not None:
        check_choice("metric, with a relative_margin,", metric, ("cosine", "dot"))
        least = _least_scores(asked, positives, vectorizer, metric)
        fits &= scores < _with_margin(least, checks.relative_margin)[:, None]
    return [
        [corpus[item] if fit else None for item, fit in zip(items[ranks[0] :], fitting[ranks[0] :])]
        for items, fitting in zip(ranking.tolist(), fits.tolist())
    ]


def _least_scores(asked, positives, vectorizer, metric):
    """Return the score of each query's lowest positive, as the search would have it."""
    distinct = list(dict.fromkeys(chain.from_iterable(positives)))
    place = {text: row for row, text in enumerate(distinct)}
    found = document_vectors(vectorizer, distinct)
    if metric == "cosine":
        asked, found = normalize(asked), normalize(found)
    rows = np.repeat(np.arange(len(positives)), [len(texts) for texts in positives])
    columns = [place[text] for texts in positives for text in texts]
    asked, found = asked[rows], found[columns]
    products = asked.multiply(found) if hasattr(asked, "multiply") else np.multiply(asked, found)
    scores = np.asarray(products.sum(axis=1)).ravel()
    return np.minimum.reduceat(scores, np.flatnonzero(np.diff(rows, prepend=-1)))


def _with_margin(least, margin):
    return least - (margin or 0) * np.abs(least)


def _drawn(queries, positives, pools, n_negatives, random, checks):
    """Return places in each pool, drawn in turns until there are enough that pass the checks."""
    orders = [random.permutation(len(pool)).tolist() for pool in pools]
    drawn: list = [[] for _ in pools]
    compares = checks.near_duplicate is not None
    known = [[shingles(text) for text in texts] if compares else [] for texts in positives]
    limits = _limits(queries, positives, checks)
    while True:
        offered = []
        for row, order in enumerate(orders):
            n_missing = n_negatives - len(drawn[row])
            while order and n_missing:
                place = order.pop(0)
                if not _is_near(pools[row][place], known[row], checks.near_duplicate):
                    offered.append((row, place))
                    n_missing -= 1
        if not offered:
            return drawn
        passed = np.ones(len(offered), bool)
        if checks.reranker is not None:
            pairs = [(queries[row], pools[row][place]) for row, place in offered]
            passed = np.asarray(checks.reranker.score(pairs)) < limits[[row for row, _ in offered]]
        for (row, place), passes in zip(offered, passed):
            if passes:
                drawn[row].append(place)
        if passed.all():
            return drawn


def _limits(queries, positives, checks):
    """Return how high the cross-encoder may score a negative of each query, None without one."""
    if checks.reranker is None:
        return None
    pairs = [(query, text) for query, texts in zip(queries, positives) for text in texts]
    scores = np.asarray(checks.reranker.score(pairs))
    starts = np.cumsum([0, *(len(texts) for texts in positives[:-1])])
    return _with_margin(np.minimum.reduceat(scores, starts), checks.relative_margin)


def _is_near(text, known, share):
    """Return whether a text has the runs of characters of one of those known, to that share."""
    runs = shingles(text) if known else set()
    return any(len(runs & other) >= share * max(len(runs | other), 1) for other in known)
