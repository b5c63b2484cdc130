"""Threads and processes: any number of jobs, copies elsewhere, forks after use, all at once."""

import multiprocessing
import pickle
import sys
import threading
from functools import partial

import joblib
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

import textvec.sparse.rows
import textvec.text.vocabulary

from .families import assert_same
from .registry import needs
from .texts import LABELS

N_THREADS = 8
SECONDS = 120  # then a process counts as hung


@pytest.fixture
def small_blocks(monkeypatch):
    """Cut texts and matrices into so small blocks that every thread gets some."""
    monkeypatch.setattr(textvec.text.vocabulary, "BLOCK_CHARACTERS", 60)
    monkeypatch.setattr(textvec.sparse.rows, "_ENTRIES_PER_THREAD", 4)


@needs("n_jobs")
def test_answers_do_not_depend_on_n_jobs(entry, small_blocks):
    family = entry.family
    expected = family.ask(family.fit(entry.make().set_params(n_jobs=1)))
    for n_jobs in (2, 3, 4, -1):
        estimator = family.fit(entry.make().set_params(n_jobs=n_jobs))
        assert_same(family.ask(estimator), expected)


def at_once(functions):
    """Call all functions at the same moment, each on its thread; return the results."""
    results, errors = [None] * len(functions), []
    barrier = threading.Barrier(len(functions))

    def run(place, function):
        barrier.wait()
        try:
            results[place] = function()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=each) for each in enumerate(functions)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    if errors:
        raise errors[0]
    return results


@pytest.mark.parametrize("state", ["fitted", pytest.param("copied", marks=pytest.mark.slow)])
def test_threads_may_ask_at_the_same_time(entry, state):
    family = entry.family
    estimator = family.fit(entry.make())
    expected = family.ask(estimator)
    for _ in range(3):
        estimator = family.fit(entry.make())  # nothing that is made at the first answer is there
        if state == "copied" and "pickle" not in entry.without:
            estimator = pickle.loads(pickle.dumps(estimator))
        for found in at_once([partial(family.ask, estimator)] * N_THREADS):
            assert_same(found, expected, entry.atol)


def answers_of(calls):
    return [method(*arguments) for method, arguments in calls]


@pytest.mark.slow
@needs("pickle", "loky")
def test_loky_workers_answer_alike(entry):
    estimator = entry.family.fit(entry.make())
    calls = entry.family.calls_of(estimator)
    expected = answers_of(calls)
    found = joblib.Parallel(n_jobs=2)(joblib.delayed(method)(*args) for method, args in calls)
    assert_same(found, expected, entry.atol)


@pytest.fixture(scope="module")
def spawned():
    """One fresh process for all; it knows nothing of this one."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        yield pool


@needs("pickle")
def test_a_spawned_process_answers_alike(entry, spawned):
    estimator = entry.family.fit(entry.make())
    calls = entry.family.calls_of(estimator)
    found = [spawned.apply_async(*call).get(SECONDS) for call in calls]
    assert_same(found, answers_of(calls), entry.atol)


@needs("fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_a_fork_after_use_answers_alike(entry, small_blocks):
    estimator = entry.make()
    if "n_jobs" in estimator.get_params():
        estimator.set_params(n_jobs=2)
    entry.family.fit(estimator)
    expected = entry.family.ask(estimator)
    receiver, sender = multiprocessing.Pipe(duplex=False)

    def answer():
        sender.send(pickle.dumps(entry.family.ask(estimator)))

    process = multiprocessing.get_context("fork").Process(target=answer)
    process.start()
    try:
        assert receiver.poll(SECONDS), "the fork hangs"
        found = pickle.loads(receiver.recv())
    finally:
        process.kill()
        process.join()
    assert_same(found, expected, entry.atol)


# joblib begins a new worker where one has grown by 300 MB, as by PyTorch, and says so in a thread
# of its own, which an error would end, and with it all who wait for it
@pytest.mark.filterwarnings("ignore:A worker stopped while some jobs:UserWarning")
@needs("fit", "transform")
def test_a_grid_search_in_processes_is_one_without(entry):
    corpus = entry.family.corpus
    labels = (LABELS * 2)[: corpus.shape[0] if hasattr(corpus, "shape") else len(corpus)]
    found = []
    for n_jobs in (1, 2):
        pipeline = make_pipeline(entry.make(), LogisticRegression())
        grid = {"logisticregression__C": [0.1, 10]}
        search = GridSearchCV(pipeline, grid, cv=2, n_jobs=n_jobs, error_score="raise")
        search.fit(corpus, labels)
        found.append((search.cv_results_["mean_test_score"], search.predict(corpus)))
    for one, other in zip(*found):
        np.testing.assert_array_equal(one, other)
