"""Measure the memory that large inputs take: each work in a process of its own, peak of all of it.

A million short documents through TfidfVectorizer, twenty million words through Word2Vec, an index
that is served, a thousand parts merged, against the figures that docs/limits.rst states. Words are
drawn from half a million by a Zipf law: only the map needs data. See benchmarks/README.md.
"""

import argparse
import json
import resource
import sys
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from time import perf_counter

import numpy as np
from _timing import in_new_process, print_table, processor, yes_or_no

N_WORDS = 500_000
WORDS_IN_DOCUMENT = 12
WORDS_IN_LINE = 1_000
_FILES = 20
AT_ONCE = 120_000  # words drawn at once: full documents of either length
UNITS = {  # what sizes count, where it is not documents
    "word2vec": "words",
    "word2vec-disk": "words",
    "subwords": "words",
    "serve": "texts",
    "merge": "parts",
    "map": "texts",
}
SIZES = {"serve": 200_000, "merge": 1_000, "map": 100_000}  # that no option changes
LONG = {"map"}  # ten minutes, and the data sets: when it is asked for
MAPPED = {"word2vec-disk"}  # of which pages of a mapped file do not count
STATED = {  # MB, as docs/limits.rst has them
    "tfidf": 1000,
    "tfidf-pairs": 3000,
    "hashing": 900,
    "bm25-search": 1400,
    "word2vec": 1200,
    "word2vec-disk": 900,
    "merge": 900,
    "map": 1200,
}


def documents(n_words, length):
    """Yield documents of ``length`` words, ``n_words`` in all."""
    rng = np.random.default_rng(0)
    shares = 1 / (np.arange(N_WORDS) + 2.7) ** 1.05  # Zipf and Mandelbrot's law
    bounds = np.cumsum(shares / shares.sum())
    syllables = [a + b for a in "bdfgklmnprst" for b in "aeiou"]
    spellings = rng.integers(len(syllables), size=(N_WORDS, 4))
    words = ["".join(syllables[i] for i in row) for row in spellings.tolist()]
    for _ in range(0, n_words, AT_ONCE):
        drawn = bounds.searchsorted(rng.random(AT_ONCE)).clip(max=N_WORDS - 1).tolist()
        for first in range(0, AT_ONCE, length):
            yield " ".join([words[i] for i in drawn[first : first + length]])


def few(n_documents):
    """Return a list of short documents."""
    return list(islice(documents(n_documents * WORDS_IN_DOCUMENT, WORDS_IN_DOCUMENT), n_documents))


def tfidf(size, threads):
    """Fit and transform single words."""
    from textvec import TfidfVectorizer

    vectors = TfidfVectorizer(n_jobs=threads).fit_transform(few(size))
    return f"{vectors.shape[1]:,} columns, {vectors.nnz:,} entries"


def tfidf_pairs(size, threads):
    """Fit and transform words and pairs of words."""
    from textvec import TfidfVectorizer

    vectors = TfidfVectorizer(ngram_range=(1, 2), n_jobs=threads).fit_transform(few(size))
    return f"{vectors.shape[1]:,} columns, {vectors.nnz:,} entries"


def hashing(size, threads):
    """Hash words."""
    from textvec import HashingVectorizer

    vectors = HashingVectorizer(n_jobs=threads).transform(few(size))
    return f"{vectors.shape[1]:,} columns, {vectors.nnz:,} entries"


def bm25_search(size, threads):
    """Index documents, and search for a thousand of them."""
    from textvec import BM25Vectorizer, ExactIndex

    texts = few(size)
    model = BM25Vectorizer(n_jobs=threads)
    index = ExactIndex(metric="dot", n_jobs=threads).fit(model.fit_transform(texts))
    scores, _ = index.search(model.transform_queries(texts[:1000]), 10)
    return f"{len(scores):,} queries"


def word2vec(size, threads):
    """Train one epoch on a stream of lines."""
    from textvec import Word2Vec

    model = Word2Vec(epochs=1, n_jobs=threads, random_state=0)
    model.fit(documents(size, WORDS_IN_LINE))
    return f"{len(model.keyed_vectors_):,} words of {model.vector_size} dimensions"


def word2vec_disk(size, threads):
    """Train one epoch on lines of files, read as a stream, with their ids on disk as well."""
    from textvec import Word2Vec

    with TemporaryDirectory(dir=".") as folder:
        texts, lines = Path(folder, "texts"), documents(size, WORDS_IN_LINE)
        texts.mkdir()
        for number in range(_FILES):
            with open(texts / f"{number}.txt", "w", encoding="utf-8") as file:
                for line in islice(lines, size // (WORDS_IN_LINE * _FILES)):
                    print(line, file=file)
        text = sum(file.stat().st_size for file in texts.iterdir()) / 1e6
        model = Word2Vec(epochs=1, n_jobs=threads, random_state=0, temp_folder=folder)
        model.fit(texts)
    return (
        f"{len(model.keyed_vectors_):,} words of {model.vector_size} dimensions, of {text:,.0f} MB"
    )


def subwords(size, threads):
    """Train one epoch on a stream of lines, with vectors of character n-grams."""
    from textvec import Word2Vec

    model = Word2Vec(epochs=1, min_n=3, max_n=6, n_jobs=threads, random_state=0)
    model.fit(documents(size, WORDS_IN_LINE))
    table = model.keyed_vectors_
    return f"{len(table):,} words, {model.buckets:,} buckets of {model.vector_size} dimensions"


def vocabulary(size, threads):
    """Fit on words and pairs of words, and look at no name."""
    from textvec import TfidfVectorizer

    vectorizer = TfidfVectorizer(ngram_range=(1, 2), n_jobs=threads).fit(few(size))
    return f"{len(vectorizer.idf_):,} terms"


def vocabulary_dict(size, threads):
    """Fit on words and pairs of words, and look at all names, in a dict and in an array."""
    from textvec import TfidfVectorizer

    vectorizer = TfidfVectorizer(ngram_range=(1, 2), n_jobs=threads).fit(few(size))
    began = perf_counter()
    n_terms = len(vectorizer.vocabulary_)
    seconds = perf_counter() - began
    return f"{n_terms:,} terms, a dict in {seconds:.1f} s"


def serve(size, threads):
    """Serve an index; a thousand searches, and its file read anew among them."""
    from bench_serve import ask_all, gauges, percentile, serving

    from textvec import BM25Vectorizer, ExactIndex

    texts = few(size)
    with TemporaryDirectory(dir=".") as folder:
        vectorizer = BM25Vectorizer(n_jobs=threads)
        index = ExactIndex(metric="dot").fit(vectorizer.fit_transform(texts))
        vectorizer.save(Path(folder, "bm25.textvec"))
        index.save(Path(folder, "index.textvec"))
        bodies = [{"model": "index", "query": text} for text in texts[:500]]
        with serving(folder, "index.textvec@bm25", "bm25.textvec") as (process, port):
            ask_all(port, "/search", bodies, 8)
            index.save(Path(folder, "index.textvec"))
            while not gauges(port).get("reloads"):
                pass
            taken = ask_all(port, "/search", bodies, 8)[2]
            lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    peak = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) * 1.024e-3
    return f"1,000 searches, median {percentile(taken, 50):.0f} ms", peak


def merge(size, threads):
    """Merge parts of 50,000 terms each, a million in all, and fit on them."""
    import bench_collected

    with TemporaryDirectory(dir=".") as folder:
        bench_collected.write_parts(Path(folder), size)
        found = in_new_process(bench_collected.__file__, "--merge", folder, "--parts", size)
    told = f"{found['terms']:,} terms in {found['seconds']:.1f} s, a fit in {found['fit']:.1f}"
    return told, found["peak"]


def map_page(size, threads):
    """Make the page of a collection with two maps."""
    from bench_maps import whole

    with TemporaryDirectory(dir=".") as folder:
        page = Path(folder, "map.html")
        whole(argparse.Namespace(items=size, out=page, threads=threads))
        return f"a page of {page.stat().st_size / 1e6:.1f} MB"


WORKS = {
    "tfidf": tfidf,
    "tfidf-pairs": tfidf_pairs,
    "hashing": hashing,
    "bm25-search": bm25_search,
    "word2vec": word2vec,
    "word2vec-disk": word2vec_disk,
    "subwords": subwords,
    "vocabulary": vocabulary,
    "vocabulary-dict": vocabulary_dict,
    "serve": serve,
    "merge": merge,
    "map": map_page,
}


@contextmanager
def private_memory():
    """Yield a list whose one number becomes the most MB that were the process's own, not a file's.

    Pages of mapped files count as resident as long as nobody else needs the memory, and go then.
    """
    found, done = [0.0], Event()

    def watch():
        while not done.wait(0.02):
            lines = Path("/proc/self/status").read_text().splitlines()
            private = next(line for line in lines if line.startswith("RssAnon:"))
            found[0] = max(found[0], int(private.split()[1]) * 1.024e-3)

    watcher = Thread(target=watch)
    watcher.start()
    try:
        yield found
    finally:
        done.set()
        watcher.join()


def measure(name, size, threads):
    """Do one work in this process and print what it took, as JSON."""
    began = perf_counter()
    with private_memory() as private:
        found = WORKS[name](size, threads)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6  # Linux counts in KiB
    if name in MAPPED:
        peak = private[0]
    if isinstance(found, tuple):  # of another process, which it measured
        found, peak = found
    print(json.dumps({"found": found, "peak": peak, "seconds": perf_counter() - began}))


def main():
    """Measure each work in a process of its own and print what it took beside what is stated."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "works", nargs="*", help=f"Some of {', '.join(WORKS)}; all but map by default."
    )
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--words", type=int, default=20_000_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--measure", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure is not None:
        measure(options.works[0], options.measure, options.threads)
        return 0
    print(f"{processor()}; {options.threads} threads\n")
    lines = []
    for name in options.works or [name for name in WORKS if name not in LONG]:
        unit = UNITS.get(name, "documents")
        size = SIZES.get(name) or (options.words if unit == "words" else options.documents)
        found = in_new_process(
            Path(__file__), name, "--measure", size, "--threads", options.threads
        )
        lines.append(
            {
                "work": name,
                "size": f"{size:,} {unit}",
                "result": found["found"],
                "s": f"{found['seconds']:.0f}",
                "peak MB": f"{found['peak']:.0f}",
                "stated MB": f"{STATED.get(name, '')}",
                "kept": yes_or_no(found["peak"] <= STATED[name]) if name in STATED else "",
            }
        )
    print_table(lines, list(lines[0]))
    return int(any(line["kept"] == "NO" for line in lines))


if __name__ == "__main__":
    sys.exit(main())
