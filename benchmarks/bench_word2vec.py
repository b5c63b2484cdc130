"""Compare Word2Vec with gensim's: speed, quality, loss, memory and first use, on the same tokens.

Both English corpora of TEXTVEC_DATA, ``[a-z]+``, a line a document; vectors of 100, window 5,
5 noise words, min_count 10, sample 1e-4. See benchmarks/README.md.
"""

import argparse
import gc
import lzma
import os
import re
import sys
import tempfile
from functools import partial
from pathlib import Path
from statistics import mean, median, stdev

from _timing import in_new_process, memory_growth, processor, seconds_of, yes_or_no

CORPORA = ("corpora/en_books.txt.xz", "corpora/en_wiki_2018.txt.xz")
PAIRS = {"WS-353": "EN-WS-353-ALL", "MEN": "EN-MEN-TR-3k", "RW": "EN-RW-STANFORD"}
ANALOGIES = "analogy/questions-words.txt"
COMMON = {"vector_size": 100, "window": 5, "negative": 5, "min_count": 10, "sample": 1e-4}
ROWS = ("speed", "one-thread", "vocabulary", "quality", "memory", "first-use")
TOKENS = re.compile("[a-z]+")
BARS = {  # of speed, the vocabulary included
    "skipgram": {"free": 5, "reproducible": 4},
    "cbow": {"free": 3, "reproducible": 2.5},
}


def data(name):
    """Return the path of a file of TEXTVEC_DATA."""
    return Path(os.environ["TEXTVEC_DATA"], name)


def lines_of(corpora=CORPORA, share=1.0):
    """Return the lines of the corpora, or the first of each."""
    lines = []
    for name in corpora:
        found = lzma.decompress(data(name).read_bytes()).decode("utf-8").split("\n")
        lines += found[: int(share * len(found))]
    return lines


def tokens_of(lines):
    """Return lines as token lists; equal words are one object, to save memory."""
    rows = (TOKENS.findall(line.lower()) for line in lines)
    return [[sys.intern(word) for word in row] for row in rows if row]


def ours(tokens, architecture, threads, seed, epochs):
    """Fit ours; ``seed`` None runs free."""
    from textvec import Word2Vec

    return Word2Vec(
        **COMMON, architecture=architecture, n_jobs=threads, random_state=seed, epochs=epochs
    ).fit(tokens)


def theirs(tokens, architecture, threads, seed, epochs):
    """Fit gensim's."""
    from gensim.models import Word2Vec

    kind = int(architecture == "skipgram")
    return Word2Vec(tokens, **COMMON, sg=kind, workers=threads, seed=seed or 1, epochs=epochs)


def our_vocabulary(tokens):
    """Do what ours does before it trains."""
    from textvec.text.corpus import learn_corpus

    return learn_corpus(tokens, min_count=COMMON["min_count"])


def their_vocabulary(tokens):
    """Do what gensim does before it trains."""
    from gensim.models import Word2Vec

    model = Word2Vec(**COMMON)
    model.build_vocab(tokens)
    return model


def speed_lines(tokens, threads, repeats):
    """Yield lines on one epoch: training alone, vocabulary taken off, and the whole of fit."""
    n_words = sum(map(len, tokens))
    before = [
        median(seconds_of(partial(count, tokens))[0] for _ in range(2))
        for count in (our_vocabulary, their_vocabulary)
    ]
    for architecture in ("skipgram", "cbow"):
        works = {
            "free": lambda a=architecture: ours(tokens, a, threads, None, 1),
            "reproducible": lambda a=architecture: ours(tokens, a, threads, 1, 1),
            "gensim": lambda a=architecture: theirs(tokens, a, threads, 1, 1),
        }
        seconds = {name: [] for name in works}
        for _ in range(repeats):
            for name, work in works.items():
                seconds[name].append(seconds_of(work)[0])
        peer = median(seconds["gensim"])
        for name, bar in BARS[architecture].items():
            whole = median(seconds[name])
            ratio = (peer - before[1]) / (whole - before[0])
            yield (
                f"{architecture}, {threads} threads, {name}: training "
                f"{n_words / (whole - before[0]) / 1e3:,.0f} to gensim's "
                f"{n_words / (peer - before[1]) / 1e3:,.0f} thousand words/s, {ratio:.1f}x; "
                f"with vocabulary {whole:.1f} to {peer:.1f} s, {peer / whole:.1f}x "
                f"(bar {bar}: {yes_or_no(peer / whole >= bar)})"
            )
        gc.collect()


def vocabulary_lines(lines, threads):
    """Yield a line: raw text to ids and counts, against what gensim's user does."""
    from textvec.text.corpus import learn_corpus

    def their_work():
        tokens = [re.findall(r"\w+", line.lower()) for line in lines]
        model = their_vocabulary(tokens)
        return [(word, model.wv.get_vecattr(word, "count")) for word in model.wv.index_to_key]

    def our_work():
        corpus = learn_corpus(lines, min_count=COMMON["min_count"], n_jobs=threads)
        return list(zip(corpus.words, corpus.counts.tolist()))

    our_work()
    pairs = [(seconds_of(our_work), seconds_of(their_work)) for _ in range(2)]
    equal = all(sorted(one[1]) == sorted(other[1]) for one, other in pairs)
    one, other = (median(pair[side][0] for pair in pairs) for side in (0, 1))
    yield (
        f"vocabulary and tokenising from raw text: {one:.2f} to {other:.2f} s, {other / one:.1f}x "
        f"(bar 5: {yes_or_no(other / one >= 5)}); words and counts equal: {yes_or_no(equal)}"
    )


def scores_of(vectors, words, counts):
    """Return the four scores, and their mean."""
    from textvec import KeyedVectors

    table = KeyedVectors(vectors, words, counts)
    scores = {
        name: float(table.evaluate_word_pairs(data(f"wordsim/{file}.txt"))[1][0])
        for name, file in PAIRS.items()
    }
    scores["analogies"] = float(table.evaluate_word_analogies(data(ANALOGIES), 30_000)[0])
    return {**scores, "mean": mean(scores.values())}


def quality_lines(tokens, threads, seeds):
    """Yield lines of scores over seeds: mean and spread, and the loss of ours."""
    for architecture in ("skipgram", "cbow"):
        means = {}
        for name in ("gensim", "free", "reproducible"):
            runs, losses = [], []
            for seed in range(1, seeds + 1):
                if name == "gensim":
                    model = theirs(tokens, architecture, threads, seed, 3)
                    words = model.wv.index_to_key
                    counts = [model.wv.get_vecattr(word, "count") for word in words]
                    runs.append(scores_of(model.wv.vectors, words, counts))
                else:
                    model = ours(
                        tokens, architecture, threads, seed if name == "reproducible" else None, 3
                    )
                    table = model.keyed_vectors_
                    losses.append(model.loss_history_)
                    runs.append(scores_of(table.vectors, table.index_to_key, table.counts))
                del model
                gc.collect()
            shown = []
            for score in runs[0]:
                values = [run[score] for run in runs]
                spread = f" ±{stdev(values):.3f}" if seeds > 1 else ""
                shown.append(f"{score} {mean(values):.3f}{spread}")
            means[name] = mean(run["mean"] for run in runs)
            line = f"{architecture}, {name}, {seeds} seeds: {', '.join(shown)}"
            if name != "gensim":
                met = yes_or_no(means[name] >= means["gensim"])
                falls = all((loss[1:] < loss[:-1]).all() for loss in losses)
                loss = " ".join(f"{value:.3f}" for value in losses[0])
                line += f" (bar gensim's: {met}); loss {loss}, falls: {yes_or_no(falls)}"
            yield line


def memory_lines():
    """Yield a line: growth of memory in fit, and the whole process, on the Wikipedia tokens."""
    one, other = (in_new_process(__file__, "--measure-memory", side) for side in ("ours", "gensim"))
    for name, key in (("growth in fit", "growth"), ("peak of the process", "peak")):
        ratio = one[key] / other[key]
        yield (
            f"memory, {name}, token lists of Wikipedia: {one[key] / 1e6:.0f} to "
            f"{other[key] / 1e6:.0f} MB, {ratio:.2f} (bar 1.1: {yes_or_no(ratio <= 1.1)})"
        )


def measure_memory(side):
    """Print the growth of memory while fitting one epoch, and the peak; for a new process."""
    import json
    import resource

    fit = ours if side == "ours" else theirs
    fit([["a", "b", "c"] * 10] * 10, "skipgram", 2, None, 1)
    tokens = tokens_of(lines_of(CORPORA[1:]))
    growth = memory_growth(lambda: fit(tokens, "skipgram", 2, None, 1))
    peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"growth": growth, "peak": peak}))


def measure_first_use():
    """Print by how many seconds the first fits take longer than the second; for a new process."""
    import json

    from textvec import Word2Vec  # noqa: F401, importing is not what is timed

    rows = [["a", "b", "c", "d"] * 10] * 20

    def work():
        for architecture in ("skipgram", "cbow"):
            for seed in (None, 1):
                ours(rows, architecture, 2, seed, 1)

    first, second = (seconds_of(work)[0] for _ in range(2))
    print(json.dumps(first - second))


def first_use_lines():
    """Yield lines: compilation, and later processes; both architectures, free and reproducible."""
    with tempfile.TemporaryDirectory() as folder:
        for name, bar in (("ever", 10), ("in a later process", 0.5)):
            seconds = in_new_process(__file__, "--measure-first-use", NUMBA_CACHE_DIR=folder)
            yield f"first use {name}: {seconds:.2f} s (bar {bar}: {yes_or_no(seconds <= bar)})"


def main():
    """Print a line for each row of the table as it is measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=ROWS)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--share", type=float, default=1.0, help="of each corpus, to try it out")
    parser.add_argument("--measure-memory", help=argparse.SUPPRESS)
    parser.add_argument("--measure-first-use", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure_memory:
        return measure_memory(args.measure_memory)
    if args.measure_first_use:
        return measure_first_use()
    print(f"{processor()}; ours to gensim's", flush=True)
    lines = lines_of(share=args.share)
    tokens = tokens_of(lines)
    print(f"{sum(map(len, tokens)):,} tokens in {len(tokens):,} documents", flush=True)
    few = tokens[: len(tokens) // 50]
    ours(few, "skipgram", args.threads, None, 1)  # compile
    ours(few, "cbow", args.threads, 1, 1)
    table = {
        "speed": lambda: speed_lines(tokens, args.threads, args.repeats),
        "one-thread": lambda: speed_lines(tokens[::4], 1, args.repeats),
        "vocabulary": lambda: vocabulary_lines(lines, args.threads),
        "quality": lambda: quality_lines(tokens, args.threads, args.seeds),
        "memory": memory_lines,
        "first-use": first_use_lines,
    }
    for row in args.rows:
        for line in table[row]():
            print(line, flush=True)
    return None


if __name__ == "__main__":
    main()
