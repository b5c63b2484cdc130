"""Fits on collected parts: their speed, memory, size on disk, and equality with one fit.

Needs no peer: the peer is one ``fit`` on everything. Equality is measured on the English Wikipedia
sample of the folder that the environment variable TEXTVEC_DATA names.
"""

import argparse
import json
import os
import resource
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

import numpy as np
from _timing import in_new_process, print_table, processor, yes_or_no
from bench_limits import WORDS_IN_DOCUMENT, documents
from bench_sparse import read

from textvec import CollectedTerms, CountVectorizer, TfidfVectorizer, load
from textvec.kernels.merging import lay_out
from textvec.sparse.collected import narrowed

N_PARTS, N_TERMS, TERMS_OF_A_PART = 1000, 1_000_000, 50_000
MERGE_SECONDS, MERGE_MEGABYTES, BYTES_OF_A_TERM, SPEED_UP = 20, 1500, 40, 1.7
HEADER = ["what", "result", "bar", "met"]


def line(what, result, bar="", met=""):
    """Return a line of the table."""
    return {"what": what, "result": result, "bar": bar, "met": met}


# ------------------------------------------------------------------------------ merging many parts


def write_parts(folder, n_parts):
    """Write parts of 50,000 terms each, drawn by Zipf's law; together they hold a million."""
    rng = np.random.default_rng(0)
    syllables = [a + b for a in "bdfgklmnprst" for b in "aeiou"]
    spellings = rng.integers(len(syllables), size=(N_TERMS, 3))
    words = sorted(
        "".join(syllables[i] for i in row) + f"{number:x}"
        for number, row in enumerate(spellings.tolist())
    )
    text = np.frombuffer("".join(words).encode(), np.uint8)
    ends = np.fromiter(map(len, words), np.int64, N_TERMS).cumsum()
    begins = ends - np.diff(ends, prepend=0)
    term_of = rng.permutation(N_TERMS)  # rank -> term
    ranks = np.argsort(term_of)
    like = CountVectorizer().collect([])
    own = rng.permutation(N_TERMS).reshape(N_PARTS, -1)  # terms that a part has for certain
    for number in range(n_parts):
        drawn = np.exp(rng.random(150_000) * np.log(N_TERMS)).astype(np.int64)  # Zipf's law
        others = np.setdiff1d(term_of[drawn - 1], own[number])
        others = rng.permutation(others)[: TERMS_OF_A_PART - len(own[number])]
        chosen = np.sort(np.append(own[number], others))
        assert len(chosen) == TERMS_OF_A_PART
        frequencies = 1 + 100_000 // (ranks[chosen] + 1)
        occurrences = frequencies + frequencies // 3
        CollectedTerms(
            lay_out(text, begins, ends, chosen),
            narrowed((ends - begins)[chosen]),
            narrowed(frequencies),
            narrowed(occurrences),
            200_000,
            int(occurrences.sum()),
            like.settings,
            like.made_with,
        ).save(folder / f"{number:04}.textvec")


def merge_parts(folder, n_parts):
    """Merge parts in this process and fit on them; print what it took, as JSON."""
    files = sorted(Path(folder).glob("*.textvec"))[:n_parts]
    CollectedTerms.merge([files[0]])  # compiles
    began, at = process_time(), perf_counter()
    merged = CollectedTerms.merge(files)
    cpu, seconds = process_time() - began, perf_counter() - at
    at = perf_counter()
    fitted = TfidfVectorizer(min_df=2).fit_collected([merged])
    found = {
        "terms": len(merged),
        "cpu": cpu,
        "seconds": seconds,
        "fit": perf_counter() - at,
        "columns": len(fitted.idf_),
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6,
    }
    print(json.dumps(found))


def merging(folder):
    """Yield lines on merging 10, 100 and 1,000 parts."""
    write_parts(folder, N_PARTS)
    sizes = [file.stat().st_size for file in folder.glob("*.textvec")]
    yield line(
        "file of a part, bytes a term",
        f"{max(sizes) / TERMS_OF_A_PART:.1f}",
        f"{BYTES_OF_A_TERM}",
        yes_or_no(max(sizes) <= BYTES_OF_A_TERM * TERMS_OF_A_PART),
    )
    for n_parts in (10, 100, N_PARTS):
        found = in_new_process(__file__, "--merge", folder, "--parts", n_parts)
        counts = n_parts == N_PARTS
        yield line(
            f"merge {n_parts} parts of {TERMS_OF_A_PART:,}: {found['terms']:,} terms, s",
            f"{found['seconds']:.1f} (CPU {found['cpu']:.1f})",
            f"{MERGE_SECONDS}" if counts else "",
            yes_or_no(found["cpu"] <= MERGE_SECONDS) if counts else "",
        )
        yield line("  and fit on them, s", f"{found['fit']:.2f}")
        yield line(
            "  peak of the process, MB",
            f"{found['peak']:.0f}",
            f"{MERGE_MEGABYTES}" if counts else "",
            yes_or_no(found["peak"] <= MERGE_MEGABYTES) if counts else "",
        )


# -------------------------------------------------------------------------------------- two workers


def lines_of(file):
    """Yield the documents of a shard."""
    with open(file, encoding="utf-8") as lines:
        yield from lines


def collect_shard(vectorizer, file):
    """Collect a shard into a file beside it: what a worker does."""
    part = file.with_suffix(".textvec")
    vectorizer.collect(lines_of(file)).save(part)
    return part


def fit_at_once(files, **parameters):
    """Fit on all shards in one process, on one thread."""
    return TfidfVectorizer(**parameters).fit(text for file in files for text in lines_of(file))


def workers(folder, n_documents, repeats):
    """Yield lines on two worker processes against one process of one thread."""
    files = [folder / f"{number}.txt" for number in range(2)]
    texts = documents(n_documents * WORDS_IN_DOCUMENT, WORDS_IN_DOCUMENT)
    for file in files:
        with open(file, "w", encoding="utf-8") as out:
            out.writelines(text + "\n" for text in islice(texts, n_documents // 2))
    for name, parameters in (("words", {}), ("words and pairs", {"ngram_range": (1, 2)})):
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:

            def in_parts(pool=pool, parameters=parameters):
                vectorizer = TfidfVectorizer(**parameters)
                parts = list(pool.map(collect_shard, [vectorizer] * 2, files))
                return vectorizer.fit_collected(parts)

            in_parts()  # loads and compiles
            ones, twos = [], []
            for _ in range(repeats):
                for work, seconds in ((fit_at_once, ones), (in_parts, twos)):
                    at = perf_counter()
                    found = work(files, **parameters) if work is fit_at_once else work()
                    seconds.append(perf_counter() - at)
            whole = fit_at_once(files, **parameters)
            equal = found.vocabulary_ == whole.vocabulary_ and np.array_equal(
                found.idf_, whole.idf_
            )
        ratio = median(ones) / median(twos)
        counts = name == "words"
        yield line(
            f"{n_documents:,} documents, {name}: one process, two workers, s",
            f"{median(ones):.2f}, {median(twos):.2f}",
            "equal",
            yes_or_no(equal),
        )
        yield line(
            "  ratio",
            f"{ratio:.2f}",
            f"{SPEED_UP}" if counts else "",
            yes_or_no(ratio >= SPEED_UP) if counts else "",
        )


# ----------------------------------------------------------------------------------------- equality


def equality(folder, quick):
    """Yield lines on fits on parts of Wikipedia, shuffled, against one fit."""
    texts = read("Wikipedia", quick)
    rng = np.random.default_rng(0)
    for parameters in (
        {"min_df": 2},
        {"ngram_range": (1, 2), "min_df": 3, "max_features": 100_000, "sublinear_tf": True},
    ):
        whole = TfidfVectorizer(**parameters).fit(texts)
        wanted = whole.transform(texts)
        for n_parts in (7, 64, 1000):
            shard_of = rng.integers(n_parts, size=len(texts))
            files = []
            for shard in range(n_parts):
                files.append(folder / f"{shard}.textvec")
                mine = [texts[i] for i in np.flatnonzero(shard_of == shard)]
                TfidfVectorizer(**parameters).collect(mine).save(files[-1])
            found = TfidfVectorizer(**parameters).fit_collected(
                files[i] for i in rng.permutation(n_parts)
            )
            rows = found.transform(texts)
            equal = found.vocabulary_ == whole.vocabulary_ and all(
                one.tobytes() == other.tobytes()
                for one, other in (
                    (found.idf_, whole.idf_),
                    (rows.data, wanted.data),
                    (rows.indices, wanted.indices),
                    (rows.indptr, wanted.indptr),
                )
            )
            terms = sum(len(load(file)) for file in files)
            bytes_of_a_term = sum(file.stat().st_size for file in files) / terms
            yield line(
                f"Wikipedia, {parameters}, {n_parts} parts: {len(found.idf_):,} columns",
                f"{bytes_of_a_term:.1f} bytes a term",
                "equal",
                yes_or_no(equal),
            )


def main():
    """Measure, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="*", help="Some of merging, workers, equality.")
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="Try the script out.")
    parser.add_argument("--merge", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--parts", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.merge is not None:
        merge_parts(options.merge, options.parts)
        return 0
    rows = options.rows or ["merging", "workers", "equality"]
    print(processor(), "\n")
    found = []
    for name in rows:
        with tempfile.TemporaryDirectory() as folder:
            match name:
                case "merging":
                    lines = merging(Path(folder))
                case "workers":
                    lines = workers(Path(folder), options.documents, options.repeats)
                case _:
                    lines = equality(Path(folder), options.quick)
            for one in lines:
                print(*one.values(), sep=" | ", file=sys.stderr)
                found.append(one)
    print_table(found, HEADER)
    return int(any(one["bar"] == "equal" and one["met"] == "NO" for one in found))


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.exit(main())
