"""Hard negatives: texts that look like answers to a query and are not, to fine-tune models with."""

import warnings

import numpy as np
from sklearn.base import clone

from textvec._checks import check_number, seeded, warn_user
from textvec.search._vectorizers import is_fitted, metric_of, query_vectors
from textvec.search.exact import ExactIndex


def mine_hard_negatives(
    queries, positives, corpus, vectorizer, rank_range=(2, 200), n_negatives=15,
    random_state=0, n_jobs=None,
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
    vectorizer : vectorizer
        Anything with ``fit`` and ``transform``, textvec's or scikit-learn's. One that is not
        fitted is cloned and fitted to the corpus. Where it has ``transform_queries``, queries go
        through that; where its ``metric`` is "dot", it is compared by the dot product. Of a
        pipeline, the last step has these.
    rank_range : (int, int), default=(2, 200)
        From which ranks negatives are drawn: ``first <= rank < last``, counted from 0. The very
        first are passed over, since they may be right answers that nobody has marked.
    n_negatives : int >= 1, default=15
        How many to draw for each query.
    random_state : int, RandomState or None, default=0
        Which of the ranks are drawn.
    n_jobs : int, default=None
        Threads that search: None is 1, -1 all cores. Results do not depend on it.

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
    queries, corpus = list(queries), list(corpus)
    positives = [[texts] if isinstance(texts, str) else list(texts) for texts in positives]
    if len(positives) != len(queries):
        raise ValueError(
            f"positives must be as many as queries. Got {len(positives)} for {len(queries)}."
        )
    if not all(positives):
        row = next(row for row, texts in enumerate(positives) if not texts)
        raise ValueError(f"Every query must have a positive. Got none in row {row}.")

    ranking = _ranking(queries, corpus, vectorizer, min(last, len(corpus)), n_jobs)
    random = seeded(random_state)
    records, n_short = [], 0
    for query, texts, ranked in zip(queries, positives, ranking):
        excluded = {query, *texts}
        pool = dict.fromkeys(corpus[item] for item in ranked[first:] if item >= 0)
        pool = [text for text in pool if text not in excluded]
        drawn = random.permutation(len(pool))[:n_negatives]
        n_short += len(drawn) < n_negatives
        records.append({"query": query, "pos": texts, "neg": [pool[i] for i in np.sort(drawn)]})
    if n_short:
        warn_user(
            f"{n_short} of {len(queries)} queries get fewer than {n_negatives} negatives: no more "
            f"texts match them at ranks {first} to {last - 1}. Widen rank_range, or ask for fewer.",
        )
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


def _ranking(queries, corpus, vectorizer, k, n_jobs):
    """Return the k best texts for each query, -1 for no more."""
    if not is_fitted(vectorizer):
        vectorizer = clone(vectorizer).fit(corpus)
    index = ExactIndex(metric=metric_of(vectorizer), n_jobs=n_jobs)
    with warnings.catch_warnings():  # a query that matches nothing is told of as one of too few
        warnings.filterwarnings("ignore", r"\d+ of \d+ (queries|items) are all zeros")
        asked = query_vectors(vectorizer, queries)
        return index.fit(vectorizer.transform(corpus)).search(asked, k)[1]
