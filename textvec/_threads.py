"""Threads: one way to cut work up for kernels that release the GIL, and one to share what changes.

What threads share is published by one assignment (`publish`) and read once by each question
(`held`), so that nobody waits for a lock, and nobody sees half of a change.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from threading import Event, local

import joblib

from textvec._checks import check_number

_MOST_THREADS = 256
_own = local()  # what each thread of a pool has been told


def effective_n_jobs(n_jobs):
    """Return how many threads the parameter ``n_jobs`` stands for: joblib's rules, clear errors.

    No more than 256, or all cores: what a number that slipped, or a made-up file, asks for beyond
    that would take time and memory for each.
    """
    if type(n_jobs) is int and n_jobs == 1:
        return 1  # which a query of a few words asks for many times
    if n_jobs is not None:
        check_number("n_jobs", n_jobs, integer=True)
        if n_jobs == 0:
            raise ValueError("n_jobs must be at least 1, or -1 for all cores. Got 0 instead.")
    found = joblib.effective_n_jobs(n_jobs)
    return found if found <= _MOST_THREADS else min(found, max(_MOST_THREADS, joblib.cpu_count()))


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


def equal_parts(n_items, n_jobs=None, most=None):
    """Cut ``n_items`` items into a run for each job, more where that would be above ``most`` items.

    Returns a list of (first, last), none empty.
    """
    n_parts = effective_n_jobs(n_jobs)
    if most is not None:
        n_parts = max(n_parts, -(-n_items // most))
    bounds = sorted({n_items * part // n_parts for part in range(n_parts + 1)})
    return list(pairwise(bounds))


def run_parts(function: Callable, parts: list, n_jobs=None) -> list:
    """Call ``function(*part)`` for every part on up to ``n_jobs`` threads, results in order.

    After Ctrl-C, or an error in a part, those not begun are left out; a long one should call
    :func:`look_up` between its steps, to end then too.
    """
    n_jobs = min(effective_n_jobs(n_jobs), len(parts)) if len(parts) > 1 else 1
    if n_jobs < 2:
        return [function(*part) for part in parts]
    stop = Event()

    def run(part):
        _own.stop = stop
        look_up()
        return function(*part)

    with ThreadPoolExecutor(n_jobs) as pool:
        try:
            return list(pool.map(run, parts))
        except BaseException:
            stop.set()  # else leaving the block would wait for all that is on
            raise


def look_up():
    """End the part that runs on this thread, if nobody waits for it any more."""
    if (stop := getattr(_own, "stop", None)) is not None and stop.is_set():
        raise InterruptedError("What this part was for was interrupted.")


def held(holder):
    """Return a copy that shares what an object holds now, and will not see what it learns later."""
    now = object.__new__(type(holder))
    now.__dict__ = dict(vars(holder))
    return now


def publish(holder, learned):
    """Give an object the attributes that ``learned`` maps names to, all by one assignment.

    A thread that reads the object through :func:`held` has the old or the new, never some of each.
    """
    holder.__dict__ = {**vars(holder), **learned}


@contextmanager
def answering(estimator):
    """Lend what an estimator holds now, to answer one question from, and keep what it makes for it.

    What is made, such as tables for the next question, goes to where all else came from: where
    another thread has learned since, it is forgotten together with that.
    """
    source = vars(estimator)
    known = dict(source)
    now = object.__new__(type(estimator))
    now.__dict__ = dict(known)
    try:
        yield now
    finally:
        made = vars(now).items()
        source.update({k: v for k, v in made if k not in known or known[k] is not v})


@contextmanager
def learning(estimator):
    """Lend a copy of an estimator to learn in, and publish what it learned once it is whole.

    Nothing is published after an error, unless that is `CutShortError`, whose cause is raised then.
    """
    aside = held(estimator)
    cause = None
    try:
        yield aside
    except CutShortError as error:
        cause = error.__cause__
    parameters = estimator.get_params(deep=False)
    estimator.__dict__ = {**vars(aside), **parameters}  # what was learned before goes
    if cause is not None:
        raise cause from None


class CutShortError(Exception):
    """What its cause interrupted is whole, and to be published."""
