"""What `compare` takes beside the work itself, and the whole embedded comparison, cold and warm.

By hand means what one would write without `compare`: a loop over methods and tasks that calls
`task.evaluate`. Both sides run in turn, after a run that compiles, on invented texts of which
fitting takes longer than the twentieth of a second below which `compare` measures again.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
from _timing import in_turn, print_table, processor, yes_or_no

from textvec import BM25Vectorizer, CountVectorizer, TfidfVectorizer, compare
from textvec.evaluate.tasks import ClassificationTask, RetrievalTask

MOST_OVERHEAD, MOST_SECONDS = 0.05, 180.0
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
    """Print both measurements as one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", choices=["overhead", "embedded"], help="one part of it")
    options = parser.parse_args()
    print(processor())
    lines = []
    if options.only != "embedded":
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
    if options.only != "overhead":
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
