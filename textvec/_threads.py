"""Threads for kernels that release the GIL: one way to cut work up, results in order."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import joblib

from textvec._checks import check_number


def effective_n_jobs(n_jobs):
    """Return how many threads the parameter ``n_jobs`` stands for: joblib's rules, clear errors."""
    if n_jobs is not None:
        check_number("n_jobs", n_jobs, integer=True)
        if n_jobs == 0:
            raise ValueError("n_jobs must be at least 1, or -1 for all cores. Got 0 instead.")
    return joblib.effective_n_jobs(n_jobs)


def bounds_of_parts(weights_end, n_parts):
    """Cut items into at most ``n_parts`` runs of about equal weight.

    Parameters
    ----------
    weights_end : ndarray of shape (n_items,)
        Cumulated weight up to and with each item, such as the document ends of a corpus.
    n_parts : int
        How many runs are wanted.

    Returns
    -------
    list of (first, last)
        Runs ``first <= item < last`` that cover all items in order, none empty.
    """
    n_items = len(weights_end)
    total = weights_end[-1] if n_items else 0
    cuts = [int(weights_end.searchsorted(total * part / n_parts)) for part in range(1, n_parts)]
    bounds = sorted({0, n_items, *cuts})
    return list(pairwise(bounds))


def equal_parts(n_items, n_jobs=None):
    """Cut ``n_items`` items into a run for each job: a list of (first, last), none empty."""
    n_parts = effective_n_jobs(n_jobs)
    bounds = sorted({n_items * part // n_parts for part in range(n_parts + 1)})
    return list(pairwise(bounds))


def run_parts(function: Callable, parts: list, n_jobs=None) -> list:
    """Call ``function(*part)`` for every part on up to ``n_jobs`` threads, results in order."""
    n_jobs = min(effective_n_jobs(n_jobs), len(parts))
    if n_jobs < 2:
        return [function(*part) for part in parts]
    with ThreadPoolExecutor(n_jobs) as pool:
        return list(pool.map(lambda part: function(*part), parts))


def start(function: Callable, *args, n_jobs=None) -> Callable:
    """Start ``function(*args)`` on a thread aside and return what waits for its result.

    With ``n_jobs`` of 1 it is called at once.
    """
    if effective_n_jobs(n_jobs) < 2:
        result = function(*args)
        return lambda: result
    pool = ThreadPoolExecutor(1)
    future = pool.submit(function, *args)
    pool.shutdown(wait=False)
    return future.result
