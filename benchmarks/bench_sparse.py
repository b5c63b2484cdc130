"""Sparse vectors: textvec against scikit-learn and bm25s, speed, memory and equality in one table.

Reads the corpora from the folder that the environment variable TEXTVEC_DATA names.
"""

import argparse
import csv
import gzip
import json
import lzma
import os
import platform
import random
import re
import sys
import tempfile
from collections import defaultdict
from functools import cache, partial
from importlib.metadata import version
from itertools import count, pairwise
from pathlib import Path
from statistics import median

import numpy as np
from _timing import (
    SLOW,
    Row,
    compare,
    in_new_process,
    memory_growth,
    print_table,
    processor,
    seconds_of,
    yes_or_no,
)
from scipy import sparse
from sklearn.feature_extraction import text as sklearn_text

import textvec
from textvec.text.corpus import learn_corpus
from textvec.text.mixed import SPACELESS

N_QUERIES, TERMS_OF_A_QUERY, K = 2000, 5, 10
WORD = re.compile(r"(?u)\b\w\w+\b").findall  # the token pattern of all three libraries
RUNS = re.compile(f"{SPACELESS}+").findall
CHARACTERS_AND_WORDS = re.compile(rf"{SPACELESS}|(?:(?!{SPACELESS})\w){{2,}}").findall
QUICK = 300  # documents
WARM_UP = 2_000_000  # characters: two of textvec's blocks, so that all kernels are loaded
ON_REQUEST = {"one-thread-wiki", "tfidf-2-wiki", "hashing-wiki"}  # they show nothing new


# Corpora


@cache
def read(corpus, quick=False):
    """Return the documents of a corpus as a list of str; "small" is a little of Wikipedia."""
    folder = Path(os.environ["TEXTVEC_DATA"])
    match corpus:
        case "20 newsgroups":
            path = folder / "classification" / "20newsgroups-train.tab.gz"
            with gzip.open(path, "rt", encoding="utf-8") as lines:
                texts = [line.rstrip("\n").split("\t", 1)[1] for line in list(lines)[4:]]
        case "Wikipedia" | "Wikipedia, no Han" | "small":
            with lzma.open(folder / "corpora" / "en_wiki_2018.txt.xz", "rt", encoding="utf-8") as f:
                texts = [article for article in f.read().split("\n\n") if article.strip()]
            if corpus == "Wikipedia, no Han":  # nor kana, …: there "mixed" is the same as "word"
                texts = [text for text in texts if text.isascii() or not RUNS(text)]
        case "Wikipedia, token lists":
            lines = "\n".join(read("Wikipedia")).lower().split("\n")
            texts = [tokens for line in lines if (tokens := re.findall("[a-z]+", line))]
        case "Chinese Wikipedia":
            with lzma.open(folder / "corpora" / "zh_wiki.txt.xz", "rt", encoding="utf-8") as f:
                texts = [article for article in f.read().split("\n\n") if article.strip()]
        case "titles":
            path = folder / "clustering" / "stackoverflow_titles.txt"
            texts = path.read_text("utf-8").splitlines()
        case "headlines":
            path = folder / "classification" / "ag_news-test.csv"
            with open(path, encoding="utf-8", newline="") as file:
                texts = [" ".join(row[1:]) for row in csv.reader(file)]
        case "questions":
            texts = []
            for part in ("train", "test"):
                path = folder / "classification" / f"banking77-{part}.csv"
                with open(path, encoding="utf-8", newline="") as file:
                    texts += [question for question, _ in list(csv.reader(file))[1:]]
        case "short texts":
            texts = [*read("titles"), *read("headlines"), *read("questions")]
        case "5 million terms":
            texts = [
                " ".join(f"t{i:x}" for i in range(n, n + 1000)) for n in range(0, 5 * 10**6, 1000)
            ]
        case "hotel reviews":
            path = folder / "classification" / "zh_ChnSentiCorp_htl_all.csv"
            with open(path, encoding="utf-8", newline="") as file:
                texts = [review for _, review in list(csv.reader(file))[1:]]
    return texts[:100] if corpus == "small" else texts[:QUICK] if quick else texts


def queries_from(texts):
    """Return queries of random words, each query's from one random document."""
    rng = random.Random(0)
    vocabularies = (sorted(set(WORD(rng.choice(texts).lower()))) for _ in iter(int, 1))
    long_enough = (words for words in vocabularies if len(words) >= TERMS_OF_A_QUERY)
    picked = (rng.sample(next(long_enough), TERMS_OF_A_QUERY) for _ in range(N_QUERIES))
    return list(map(" ".join, picked))


# Counting: the same works of textvec and of scikit-learn, whose vectorizers have no threads


def fit_transform(vectorizer, texts, threads, **parameters):
    """Get ready to learn a vocabulary from texts and turn them into a matrix."""

    def work():
        fitted = vectorizer(threads, **parameters)
        return fitted.fit_transform(texts), fitted

    return work


def transform(vectorizer, texts, threads, **parameters):
    """Get ready to turn texts into a matrix with a vocabulary learned before."""
    fitted = vectorizer(threads, **parameters).fit(texts)
    return lambda: (fitted.transform(texts), fitted)


def fit_then_transform(vectorizer, texts, threads, **parameters):
    """Get ready to learn a vocabulary, and then turn the first thousand texts into a matrix."""

    def work():
        fitted = vectorizer(threads, **parameters).fit(texts)
        return fitted.transform(texts[:1000]), fitted

    return work


def answer(vectorizer, texts, threads, n_texts, n_times, **parameters):
    """Get ready to turn so many short texts into a matrix, so many times."""
    fitted, queries = vectorizer(threads, **parameters).fit(texts), queries_from(texts)
    asked = [queries[first : first + n_texts] for first in range(0, n_texts * n_times, n_texts)]
    return lambda: [(fitted.transform(some), fitted) for some in asked]


def our_tfidf(threads, **parameters):
    """Make ours."""
    return textvec.TfidfVectorizer(**parameters, n_jobs=threads)


def their_tfidf(threads, **parameters):
    """Make scikit-learn's."""
    return sklearn_text.TfidfVectorizer(**parameters)


def our_hashing(threads):
    """Make ours."""
    return textvec.HashingVectorizer(n_jobs=threads)


def their_hashing(threads):
    """Make scikit-learn's."""
    return sklearn_text.HashingVectorizer()


def from_arrow(make, texts, threads):
    """Get ready to do what `fit_transform` does with texts in an Arrow column."""
    import pyarrow

    return fit_transform(make, pyarrow.array(texts, pyarrow.large_string()), threads)


def our_mixed(threads):
    """Make ours."""
    return our_tfidf(threads, analyzer="mixed")


def mixed_features(text):
    """Return words and characters, then pairs of characters: the same by two expressions."""
    text = text.lower()
    pairs = [first + second for run in RUNS(text) for first, second in pairwise(run)]
    return [*CHARACTERS_AND_WORDS(text), *pairs]


def their_mixed(threads):
    """Make scikit-learn's that counts the same features."""
    return sklearn_text.TfidfVectorizer(analyzer=mixed_features)


def their_jieba(threads):
    """Make scikit-learn's with jieba; tokens without a word character are no words to us either."""
    import jieba

    jieba.setLogLevel("WARNING")
    word_character = re.compile(r"\w").search
    return sklearn_text.TfidfVectorizer(
        tokenizer=lambda text: [token for token in jieba.lcut(text) if word_character(token)],
        token_pattern=None,
    )


def same_matrix(ours, theirs):
    """Return whether matrices, entry by entry in this order, and feature names are the same."""
    (X, our_vectorizer), (Y, their_vectorizer) = ours, theirs
    same = (X.shape, X.dtype, type(X)) == (Y.shape, Y.dtype, type(Y))
    for a, b in zip((X.indptr, X.indices, X.data), (Y.indptr, Y.indices, Y.data)):
        same = same and a.dtype == b.dtype and a.tobytes() == b.tobytes()
    if hasattr(their_vectorizer, "vocabulary_"):  # ours has no dict until somebody looks at it
        names = (one.get_feature_names_out() for one in (our_vectorizer, their_vectorizer))
        same = same and np.array_equal(*names)
    return same


def same_matrices(ours, theirs):
    """Return whether all matrices are the same; the vocabulary that all share is looked at once."""
    unnamed = [((X, None), (Y, None)) for (X, _), (Y, _) in zip(ours, theirs)]
    return same_matrix(ours[0], theirs[0]) and all(same_matrix(*pair) for pair in unnamed)


# Token lists: what Word2Vec, PPMI and DocumentVectorizer count and number, against a dict


def our_ids(lists, threads):
    """Get ready to number the words of token lists, the most frequent first."""

    def work():
        corpus = learn_corpus(lists, min_count=1, n_jobs=threads)
        return corpus.words, corpus.tokens.values, corpus.counts

    return work


def their_ids(lists, threads):
    """Get ready to do the same by one look-up in a dict for each token."""

    def work():
        numbers = defaultdict(count().__next__)
        ids = np.concatenate(
            [np.fromiter(map(numbers.__getitem__, row), np.int32, len(row)) for row in lists]
        )
        counts = np.bincount(ids)
        order = np.argsort(-counts, kind="stable")
        new_ids = np.empty(len(order), np.int32)
        new_ids[order] = np.arange(len(order), dtype=np.int32)
        words = list(numbers)
        return [words[i] for i in order], new_ids[ids], counts[order]

    return work


def same_ids(ours, theirs):
    """Return whether words, their order, ids and counts are the same."""
    return ours[0] == theirs[0] and all(map(np.array_equal, ours[1:], theirs[1:]))


# BM25: float32, which is bm25s' default, on both sides


def our_index(texts, threads):
    """Get ready to make an index that can be searched, from texts."""

    def work():
        vectorizer = textvec.BM25Vectorizer(analyzer="word", dtype=np.float32, n_jobs=threads)
        weights = vectorizer.fit_transform(texts)
        return vectorizer, textvec.ExactIndex(metric="dot", n_jobs=threads).fit(weights)

    return work


def their_index(texts, threads, csc_backend="scipy"):
    """Get ready to make an index that can be searched, from texts."""
    import bm25s

    def work():
        tokens = bm25s.tokenize(texts, stopwords=None, show_progress=False)
        index = bm25s.BM25(backend="numba", csc_backend=csc_backend)
        index.index(tokens, show_progress=False)
        return index

    return work


def same_index(ours, theirs):
    """Return whether all terms are the same and all weights to a millionth of themselves."""
    (vectorizer, index), scores = ours, theirs.scores
    names = vectorizer.get_feature_names_out()
    if set(names) != set(theirs.vocab_dict) - {""}:
        return False
    arrays = scores["data"], scores["indices"], scores["indptr"]
    weights = sparse.csc_array(arrays, shape=(scores["num_docs"], len(scores["indptr"]) - 1))
    weights = weights[:, [theirs.vocab_dict[name] for name in names]].tocsr()
    weights.sort_indices()
    ours = index.items_
    return (
        np.array_equal(ours.indptr, weights.indptr)
        and np.array_equal(ours.indices, weights.indices)
        and np.allclose(ours.data, weights.data, rtol=1e-6, atol=0)
    )


def our_search(texts, threads, from_text):
    """Get ready to answer queries, given as text or as term counts."""
    queries = queries_from(texts)
    vectorizer, index = our_index(texts, threads)()
    if from_text:
        return lambda: index.search(vectorizer.transform_queries(queries), K)
    counts = vectorizer.transform_queries(queries)
    return lambda: index.search(counts, K)


def their_search(texts, threads, from_text, parallel=True):
    """Get ready to answer queries, given as text or as term numbers."""
    import bm25s

    queries = queries_from(texts)
    index = their_index(texts, threads)()
    options = {"k": K, "n_threads": threads if parallel else 1, "show_progress": False}

    def from_tokens(tokens):
        documents, scores = index.retrieve(tokens, **options)
        return scores, documents

    if from_text:
        tokenize = partial(bm25s.tokenize, queries, stopwords=None, show_progress=False)
        return lambda: from_tokens(tokenize())
    numbers = [index.get_tokens_ids(query.split()) for query in queries]
    return lambda: from_tokens(numbers)


def same_answers(ours, theirs):
    """Return whether ranks and documents have the same scores, to a millionth of themselves.

    A document that only one side gives must tie with the last: then either may be left out.
    """
    (our_scores, our_documents), (their_scores, their_documents) = ours, theirs
    same = np.allclose(our_scores, their_scores, rtol=1e-6, atol=0)
    for query in range(len(our_scores)):
        first = dict(zip(our_documents[query], our_scores[query]))
        second = dict(zip(their_documents[query], their_scores[query]))
        last = our_scores[query, -1]
        ours = [first.get(document, last) for document in first | second]
        theirs = [second.get(document, last) for document in first | second]
        same = same and np.allclose(ours, theirs, rtol=1e-6, atol=0)
    return same


# The table


def sklearn_row(name, title, corpus, bar, work, ours, theirs, threads=None):
    """Return a row in which textvec and scikit-learn turn texts into the same matrix."""
    peers = {"scikit-learn": partial(work, theirs)}
    ours, title = partial(work, ours), f"{title}, {corpus}"
    return Row(name, title, corpus, bar, ours, peers, same_matrix, threads)


def tfidf_row(name, corpus, bar, what, threads=None, **parameters):
    """Return the row of TF-IDF with these parameters."""
    ours, theirs = (partial(make, **parameters) for make in (our_tfidf, their_tfidf))
    title = f"TF-IDF {what}"
    return sklearn_row(name, title, corpus, bar, fit_transform, ours, theirs, threads)


def answer_row(name, corpus, bar, n_texts, n_times, **parameters):
    """Return a row in which texts come a few at a time."""
    ours, theirs = (
        partial(answer, make, n_texts=n_texts, n_times=n_times, **parameters)
        for make in (our_tfidf, their_tfidf)
    )
    title = f"TF-IDF transform of {n_texts}, {n_times} times, {corpus}"
    return Row(name, title, corpus, bar, ours, {"scikit-learn": theirs}, same_matrices)


def arrow_row(name, what, corpus, make):
    """Return a row in which texts come to ours as an Arrow column, and as a list of str."""
    peers = {"ours, list of str": partial(fit_transform, make)}
    title = f"{what}, Arrow column, {corpus}"
    return Row(name, title, corpus, 1.3, partial(from_arrow, make), peers, same_matrix)


def search_row(name, given, from_text):
    """Return the row of BM25 queries given in this form."""
    searchers = {
        f"bm25s numba, {threads}": partial(their_search, from_text=from_text, parallel=parallel)
        for threads, parallel in (("all threads", True), ("one thread", False))
    }
    title = f"BM25 top-{K} of {N_QUERIES:,} queries given as {given}, Wikipedia"
    ours = partial(our_search, from_text=from_text)
    return Row(name, title, "Wikipedia", 1.5, ours, searchers, same_answers)


def rows():
    """Return all rows that compare two works, by name."""
    news, wiki, reviews = "20 newsgroups", "Wikipedia", "hotel reviews"
    mixed, english, zh_wiki = "TF-IDF mixed (1,1)", "Wikipedia, no Han", "Chinese Wikipedia"
    two, three = ({"ngram_range": (1, n), "min_df": 2} for n in (2, 3))
    char_wb = {"analyzer": "char_wb", "ngram_range": (2, 5)}
    char = {"analyzer": "char", "ngram_range": (1, 2)}
    tfidf, hashing = (our_tfidf, their_tfidf), (our_hashing, their_hashing)
    pairs = [partial(make, ngram_range=(1, 2)) for make in (our_tfidf, their_tfidf)]
    jieba = partial(our_tfidf, tokenizer="jieba"), their_jieba
    indexers = {
        f"bm25s csc_backend={backend}": partial(their_index, csc_backend=backend)
        for backend in ("numpy", "scipy")
    }
    index = f"BM25 tokenise and index, {wiki}"
    table = [
        tfidf_row("tfidf-1-news", news, 8, "word (1,1)"),
        tfidf_row("tfidf-1-wiki", wiki, 8, "word (1,1)"),
        tfidf_row("one-thread-news", news, 5, "word (1,1), one thread", threads=1),
        tfidf_row("one-thread-wiki", wiki, 5, "word (1,1), one thread", threads=1),
        tfidf_row("tfidf-2-news", news, 12, "word (1,2) min_df=2", **two),
        tfidf_row("tfidf-2-wiki", wiki, 12, "word (1,2) min_df=2", **two),
        tfidf_row("tfidf-3-news", news, 12, "word (1,3) min_df=2", **three),
        tfidf_row("char_wb-news", news, 15, "char_wb (2,5)", **char_wb),
        sklearn_row("transform-news", "TF-IDF transform", news, 10, transform, *tfidf),
        sklearn_row("transform-wiki", "TF-IDF transform", wiki, 10, transform, *tfidf),
        sklearn_row("hashing-news", "HashingVectorizer", news, 10, fit_transform, *hashing),
        sklearn_row("hashing-wiki", "HashingVectorizer", wiki, 10, fit_transform, *hashing),
        *(
            tfidf_row(f"tfidf-{n}-{corpus}", corpus, bar, f"word (1,{n})", ngram_range=(1, n))
            for corpus in ("titles", "headlines", "questions")
            for n, bar in ((1, 10), (2, 15))
        ),
        sklearn_row(
            "fit-transform-short",
            "TF-IDF word (1,2), fit, then transform of 1,000",
            "short texts",
            10,
            fit_then_transform,
            *pairs,
        ),
        answer_row("one-titles", "titles", 2 / 3, 1, 200, ngram_range=(1, 2)),
        answer_row("hundred-titles", "titles", 5, 100, 10, ngram_range=(1, 2)),
        answer_row("one-5-million", "5 million terms", 2 / 3, 1, 50),
        answer_row("hundred-5-million", "5 million terms", 5, 100, 10),
        arrow_row("arrow-titles", "TF-IDF", "titles", our_tfidf),
        arrow_row("arrow-titles-hashing", "HashingVectorizer", "titles", our_hashing),
        arrow_row("arrow-news-hashing", "HashingVectorizer", news, our_hashing),
        arrow_row("arrow-reviews", "TF-IDF mixed (1,1)", reviews, our_mixed),
        Row(
            "token-lists",
            f"token lists to ids, {wiki}",
            "Wikipedia, token lists",
            4,
            our_ids,
            {"one look-up a token": their_ids},
            same_ids,
        ),
        Row("bm25-index", index, wiki, 5, our_index, indexers, same_index),
        search_row("bm25-search", "term counts", from_text=False),
        search_row("bm25-search-text", "text", from_text=True),
        sklearn_row("mixed-wiki", mixed, english, 6, fit_transform, our_mixed, their_tfidf),
        sklearn_row("mixed-zh-wiki", mixed, zh_wiki, 6, fit_transform, our_mixed, their_mixed),
        tfidf_row("char-reviews", reviews, None, "char (1,2)", **char),
        sklearn_row("jieba-reviews", "TF-IDF jieba", reviews, None, fit_transform, *jieba),
    ]
    return {row.name: row for row in table}


def memory(row, side, texts, threads):
    """Return by how many bytes resident memory grows during a work; for a new process."""
    prepare = row.ours if side == "ours" else row.theirs[side]
    ends = np.cumsum([len(text) for text in texts])
    prepare(texts[: int(ends.searchsorted(WARM_UP)) + 1], threads)()
    return memory_growth(prepare(texts, threads))


# First use: what comes on top of the work in a new process


def every_path(make, texts, threads):
    """Fit and transform in every way that has kernels of its own."""
    for parameters in (
        {},
        {"ngram_range": (1, 3), "min_df": 2},
        {"analyzer": "char_wb", "ngram_range": (2, 5)},
        {"analyzer": "char", "ngram_range": (1, 2)},
    ):
        make(threads, **parameters).fit(texts).transform(texts)


def overhead(side, path, corpus, quick, threads):
    """Return by how many seconds the first call takes longer than the second; for a new process."""
    make, texts = {"ours": our_tfidf, "peer": their_tfidf}[side], read(corpus, quick)
    works = {
        "fit_transform": fit_transform(make, texts, threads),
        "every path": partial(every_path, make, texts, threads),
    }
    first, second = (seconds_of(works[path])[0] for _ in range(2))
    return first - second


IMPORT = """
from time import perf_counter
began = perf_counter()
from {} import TfidfVectorizer
print(perf_counter() - began)
"""


def first_use_lines(measure, repeats):
    """Yield lines of the table, each from many new processes that ``measure`` starts."""

    def line(work, bar, pairs):
        ours, peer = map(median, zip(*pairs))
        times = {"work": work, "ours s": f"{ours:.3f}", "peer s": f"{peer:.3f}"}
        limit = {"bar": f"at most {bar} s", "met": yes_or_no(ours <= bar)} if bar else {}
        return {**times, **limit, "peer": "scikit-learn"}

    def pair(folder, **details):
        environment = {"NUMBA_CACHE_DIR": folder}
        return [measure(environment, side=side, **details) for side in ("ours", "peer")]

    with tempfile.TemporaryDirectory() as folder:
        for path, bar in (("fit_transform", 5), ("every path", 8)):
            with tempfile.TemporaryDirectory() as own:
                ever = [pair(own, path=path, corpus="small")]
            yield line(f"first use ever, over the second: {path}, 100 articles", bar, ever)
        pair(folder, path="every path", corpus="small")
        for path, corpus in (("every path", "small"), ("fit_transform", "20 newsgroups")):
            name = f"{path}, {'100 articles' if corpus == 'small' else corpus}"
            work = f"first use in a new process, over the second: {name}"
            pairs = [pair(folder, path=path, corpus=corpus) for _ in range(repeats)]
            yield line(work, 0.3, pairs)
    modules = "textvec", "sklearn.feature_extraction.text"
    pairs = [[in_new_process("-c", IMPORT.format(m)) for m in modules] for _ in range(repeats)]
    yield line("import in a new process, not part of the above", None, pairs)


def main():
    """Run the rows that are asked for and print the table."""
    table = rows()
    parser = argparse.ArgumentParser(description=__doc__)
    usual = [name for name in table if name not in ON_REQUEST]
    parser.add_argument(
        "--rows",
        nargs="+",
        choices=[*table, "first-use"],
        default=[*usual, "first-use"],
        metavar="ROW",
        help=f"of %(choices)s; all but {', '.join(sorted(ON_REQUEST))} unless given",
    )
    parser.add_argument("--repeats", type=int, default=5, help="timed calls (default: 5)")
    parser.add_argument("--threads", type=int, default=2, help="ours and bm25s' (default: 2)")
    parser.add_argument("--quick", action="store_true", help=f"only {QUICK} documents: a try-out")
    parser.add_argument("--measure", type=json.loads, help=argparse.SUPPRESS)  # in a new process
    args = parser.parse_args()
    if "TEXTVEC_DATA" not in os.environ:
        parser.error("the environment variable TEXTVEC_DATA must name the folder of the corpora")

    if args.measure:
        details = args.measure
        if "row" in details:
            row = table[details["row"]]
            texts, threads = read(row.data, args.quick), row.threads or args.threads
            print(memory(row, details["side"], texts, threads))
        else:
            print(overhead(**details, quick=args.quick, threads=args.threads))
        return

    def measure(environment=None, **details):
        options = ["--threads", args.threads, *(["--quick"] if args.quick else [])]
        options += ["--measure", json.dumps(details)]
        return in_new_process(__file__, *options, **environment or {})

    lines = []
    for name in args.rows:
        print(f"{name} ...", file=sys.stderr, flush=True)
        if name == "first-use":
            lines.extend(first_use_lines(measure, min(args.repeats, 3)))
            continue
        row, memory_of = table[name], lambda side, name=name: measure(row=name, side=side)
        texts = read(row.data, args.quick)
        lines.append(compare(row, texts, args.threads, args.repeats, memory_of))
        seen = "{ratio} times as fast, equal: {equal}, memory: {MB ratio}".format(**lines[-1])
        print(f"    {seen}", file=sys.stderr, flush=True)

    packages = "numpy", "scipy", "numba", "scikit-learn", "bm25s", "jieba", "rjieba"
    versions = ", ".join(f"{package} {version(package)}" for package in packages)
    print(f"{processor()}, Python {platform.python_version()}, {versions}")
    calls = f"medians of {args.repeats} calls in turn, of 3 where the peer takes over {SLOW:g} s"
    print(f"{args.threads} threads, {calls}")
    for corpus in sorted({table[name].data for name in args.rows if name in table}):
        texts = read(corpus, args.quick)
        if isinstance(texts[0], list):
            print(f"{corpus}: {len(texts):,} lists of {sum(map(len, texts)):,} tokens")
            continue
        size = sum(len(text.encode()) for text in texts) / 1e6
        print(f"{corpus}: {len(texts):,} texts, {size:.1f} MB")
    print("ONLY A FEW DOCUMENTS: a try-out\n" if args.quick else "")
    print_table(lines)
    if any(line.get("equal") == "NO" for line in lines):
        sys.exit("Results differ: a ratio without equal results means nothing.")


if __name__ == "__main__":
    main()
