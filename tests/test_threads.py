"""How work is cut up and done by threads."""

import concurrent.futures
import threading
import time

import numpy as np
import pytest

from textvec import BM25Vectorizer, HashingVectorizer, TfidfVectorizer
from textvec._threads import (
    bounds_of_parts,
    effective_n_jobs,
    equal_parts,
    look_up,
    run_parts,
)

VAST = 10**30  # jobs that a file may ask for


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((10,), [(0, 10)]),
        ((10, 3), [(0, 3), (3, 6), (6, 10)]),
        ((10, 1, 4), [(0, 3), (3, 6), (6, 10)]),
        ((10, 4, 100), [(0, 2), (2, 5), (5, 7), (7, 10)]),
        ((2, 3), [(0, 1), (1, 2)]),
        ((2, VAST, 9), [(0, 1), (1, 2)]),
        ((0, 3), []),
        ((0, VAST, 5), []),
    ],
)
def test_equal_parts(arguments, expected):
    assert equal_parts(*arguments) == expected


@pytest.mark.parametrize("weights", [[1] * 100, [90, 1, 1, 1, 1], [1, 1, 0, 90], [0, 0], [7], []])
@pytest.mark.parametrize("n_parts", [1, 2, 3, 9])
def test_parts_of_about_equal_weight(weights, n_parts):
    bounds = bounds_of_parts(np.cumsum(weights), n_parts)
    assert len(bounds) <= n_parts
    assert [item for part in bounds for item in range(*part)] == list(range(len(weights)))
    for first, last in bounds:
        assert first < last
        assert sum(weights[first:last]) <= sum(weights) / n_parts + max(weights)


@pytest.mark.parametrize("n_jobs", [None, 1, 2, 5, VAST])
def test_results_come_in_the_order_of_the_parts(n_jobs):
    assert run_parts(lambda a, b: a * b, [(i, i + 1) for i in range(6)], n_jobs) == [
        i * (i + 1) for i in range(6)
    ]
    assert run_parts(lambda: 1, [], n_jobs) == []


def test_after_an_error_nothing_more_begins_and_what_looks_up_ends():
    begun, ended, failed = [], [], threading.Event()

    def work(part):
        begun.append(part)
        if part == 1:
            failed.set()
            raise KeyError("part 1")
        assert failed.wait(10)
        deadline = time.monotonic() + 10
        try:
            while time.monotonic() < deadline:
                look_up()
        except InterruptedError:
            ended.append(part)

    with pytest.raises(KeyError, match="part 1"):
        run_parts(work, [(part,) for part in range(1, 50)], 2)
    assert set(begun) <= {1, 2, 3}
    assert len(ended) == len(begun) - 1
    look_up()  # on this thread nothing was interrupted


def test_jobs_are_none_or_whole_numbers_but_0():
    assert effective_n_jobs(None) == 1
    assert effective_n_jobs(-1) >= 1
    assert effective_n_jobs(7) == 7
    assert effective_n_jobs(VAST) < 10_000
    with pytest.raises(ValueError, match="n_jobs must be at least 1, or -1"):
        effective_n_jobs(0)
    with pytest.raises(TypeError, match="n_jobs must be an integer"):
        effective_n_jobs(1.5)


@pytest.mark.parametrize("n_texts", [1, 100])
def test_few_texts_wake_no_thread(monkeypatch, n_texts):
    """A thread takes longer to wake than a hundred titles to count."""
    texts = ["a quiet room with a view of the sea"] * n_texts
    vectorizers = [
        TfidfVectorizer(n_jobs=2).fit(texts),
        BM25Vectorizer(n_jobs=2, ngram_range=(1, 2)).fit(texts),
        HashingVectorizer(n_jobs=2),
    ]
    expected = [vectorizer.set_params(n_jobs=1).transform(texts) for vectorizer in vectorizers]

    def refuse(*args):
        raise AssertionError("a thread")

    monkeypatch.setattr(concurrent.futures.ThreadPoolExecutor, "submit", refuse)
    for vectorizer, alone in zip(vectorizers, expected):
        found = vectorizer.set_params(n_jobs=2).transform(texts)
        assert (found != alone).nnz == 0
