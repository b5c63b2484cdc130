"""What `compare` takes beside the work itself, resampling, and the embedded comparison.

By hand means what one would write without `compare`: a loop over methods and tasks that calls
`task.evaluate`. Both sides run in turn, after a run that compiles, on invented texts of which
fitting takes longer than the twentieth of a second below which `compare` measures again. The
embedded comparison runs twice, with numba's cache empty and filled.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import pandas as pd
from _timing import in_turn, print_table, processor, yes_or_no

from textvec import BM25Vectorizer, CountVectorizer, TfidfVectorizer, compare
from textvec.evaluate.significance import bootstrap_interval, randomization_test
from textvec.evaluate.tasks import ClassificationTask, RetrievalTask, TaskResult

MOST_OVERHEAD, MOST_SECONDS, MOST_RESAMPLING = 0.05, 180.0, 1.0
PARTS = ["overhead", "resampling", "embedded"]
METHODS = {"counts": CountVectorizer(), "TF-IDF": TfidfVectorizer(), "BM25": BM25Vectorizer()}


def invented_tasks(n_documents):
    """Return a classification and a retrieval task of documents of 150 words, drawn at random."""
    rng = np.random.default_rng(0)
    words = np.array([f"w{i}" for i in range(30_000)])
    shares = 1 / np.arange(1, len(words) + 1)
    drawn = rng.choice(words, (n_documents, 150), p=shares / shares.sum())
    labels = rng.integers(4, size=n_documents)
    texts = [f"label{label} " + " ".join(row) for label, row in zip(labels, drawn.tolist())]
    corpus = {f"d{i}": text for i, text in enumerate(texts)}
    queries = {f"q{i}": " ".join(drawn[i, :8]) for i in range(0, n_documents, 20)}
    relevance = {query: {f"d{query[1:]}": 1} for query in queries}
    return [
        ClassificationTask(texts, labels, "labels", n_splits=3),
        RetrievalTask(queries, corpus, relevance, "own beginnings"),
    ]


def overhead(n_documents, repeats):
    """Return the median seconds of `compare`, and of the same by hand."""
    tasks = invented_tasks(n_documents)

    def by_hand():
        for vectorizer in METHODS.values():
            for task in tasks:
                task.evaluate(vectorizer)

    def compared():
        found = compare(METHODS, tasks).table
        assert (found["error"] == "").all()

    by_hand()
    return [median(seconds) for seconds in in_turn([compared, by_hand], repeats)]


def resampling(repeats):
    """Yield each statistic's name, and the median seconds of an interval and of a test.

    Both resample 1,000 items 10,000 times.
    """
    rng = np.random.default_rng(0)
    truth, *found = rng.random((3, 1000))
    columns = {
        "mean": ["score", {}],
        "spearman": ["similarity", {"truth": truth}],
        "average precision": ["similarity", {"truth": truth > 0.5}],
    }
    texts = [f"{i}" for i in range(1000)]
    for statistic, (name, more) in columns.items():
        one, two = (
            TaskResult({"main": 0.0}, pd.DataFrame({"text": texts, name: values} | more), statistic)
            for values in found
        )
        works = [partial(bootstrap_interval, one), partial(randomization_test, one, two)]
        yield statistic, [median(seconds) for seconds in in_turn(works, repeats)]


def embedded(folder, cache):
    """Return the seconds of `textvec compare` in a new process: both languages and the page."""
    began = perf_counter()
    page = Path(folder, "report.html")
    command = [sys.executable, "-m", "textvec", "compare", "--html", str(page)]
    environment = os.environ | {"NUMBA_CACHE_DIR": str(cache)}
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    assert page.stat().st_size < 3_000_000
    return perf_counter() - began


def main():
    """Print all measurements as one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", choices=PARTS, help="one part of it")
    options = parser.parse_args()
    print(processor())
    lines = []
    if options.only in (None, "overhead"):
        compared, by_hand = overhead(options.documents, options.repeats)
        share = compared / by_hand - 1
        lines.append(
            {
                "what": f"{len(METHODS)} methods, 2 tasks, {options.documents:,} documents",
                "compare s": f"{compared:.2f}",
                "by hand s": f"{by_hand:.2f}",
                "overhead": f"{share:.1%}",
                "bar": f"{MOST_OVERHEAD:.0%}",
                "met": yes_or_no(share < MOST_OVERHEAD),
            }
        )
    if options.only in (None, "resampling"):
        for statistic, (interval, test) in resampling(options.repeats):
            for name, seconds in (("interval", interval), ("test", test)):
                lines.append(
                    {
                        "what": f"10,000 resamples of 1,000 items, {statistic}, {name}",
                        "compare s": f"{seconds:.2f}",
                        "bar": f"{MOST_RESAMPLING:.0f} s",
                        "met": yes_or_no(seconds < MOST_RESAMPLING),
                    }
                )
    if options.only in (None, "embedded"):
        with tempfile.TemporaryDirectory() as folder:
            for name in ("cold", "warm"):
                seconds = embedded(folder, Path(folder, "numba"))
                lines.append(
                    {
                        "what": f"textvec compare, embedded, {name}",
                        "compare s": f"{seconds:.1f}",
                        "bar": f"{MOST_SECONDS:.0f} s",
                        "met": yes_or_no(seconds < MOST_SECONDS),
                    }
                )
    print_table(lines, ["what", "compare s", "by hand s", "overhead", "bar", "met"])


if __name__ == "__main__":
    main()
