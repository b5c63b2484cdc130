"""Word2Vec with subwords beside itself without, fastText's and floret's: speed, quality, files.

Both English corpora of TEXTVEC_DATA, ``[a-z]+``, a line a document; vectors of 100, window 5,
5 noise words, min_count 10, sample 1e-4; n-grams of 3 to 6 letters in 50,000 rows, for Chinese of 1
to 3. See benchmarks/README.md.
"""

import argparse
import lzma
import tempfile
from collections import Counter
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from statistics import mean, median, stdev

import numpy as np
from _timing import processor, seconds_of, yes_or_no
from bench_word2vec import COMMON, data, lines_of, scores_of, tokens_of

ROWS = ("speed", "seen", "unseen", "chinese", "files")
ENGLISH = {"min_n": 3, "max_n": 6}
CHINESE = {"min_n": 1, "max_n": 3}
BUCKETS = 50_000
RARE_WORDS = "wordsim/EN-RW-STANFORD.txt"
CHINESE_PAIRS = ("wordsim/ZH-wordsim-240.txt", "wordsim/ZH-wordsim-297.txt")
DROPPED = 2000
PEERS = ("floret", "fastText, 50,000 rows", "fastText, 2 million rows")


def ours(documents, architecture="skipgram", threads=2, seed=None, epochs=3, **parameters):
    """Fit ours."""
    from textvec import Word2Vec

    given = {**COMMON, "architecture": architecture, "n_jobs": threads, "random_state": seed}
    return Word2Vec(**given, epochs=epochs, **parameters).fit(documents)


def theirs(peer, path, architecture="skipgram", threads=2, epochs=3):
    """Fit fastText's, with its own 2 million rows and with ours, or floret's."""
    options = {
        "model": architecture, "dim": 100, "ws": 5, "neg": 5, "minCount": 10, "t": 1e-4,
        "minn": 3, "maxn": 6, "thread": threads, "epoch": epochs, "verbose": 0,
    }  # fmt: skip
    if peer == "floret":
        import floret

        return floret.train_unsupervised(
            str(path), mode="floret", hashCount=1, bucket=BUCKETS, **options
        )
    import fasttext

    rows = BUCKETS if peer == "fastText, 50,000 rows" else 2_000_000
    return fasttext.train_unsupervised(str(path), bucket=rows, **options)


def has_fasttext():
    """Return whether fastText is installed, which it cannot be everywhere."""
    return find_spec("fasttext") is not None


def speed_lines(tokens, threads, repeats):
    """Yield lines: one epoch from a file of words, vocabulary included, all from the same file."""
    n_words = sum(map(len, tokens))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "words.txt")
        path.write_text("\n".join(map(" ".join, tokens)), "utf-8")
        fit = partial(
            ours,
            path,
            threads=threads,
            epochs=1,
            tokenizer="whitespace",
            buckets=BUCKETS,
            **ENGLISH,
        )
        for architecture in ("skipgram", "cbow"):
            train = partial(theirs, path=path, architecture=architecture, threads=threads, epochs=1)
            works = {
                "ours": partial(fit, architecture),
                "ours, reproducible": partial(fit, architecture, seed=1),
                **{peer: partial(train, peer) for peer in PEERS[: 3 if has_fasttext() else 1]},
            }
            seconds = {name: [] for name in works}
            for _ in range(repeats):
                for name, work in works.items():
                    seconds[name].append(seconds_of(work)[0])
            times = {name: median(found) for name, found in seconds.items()}
            best = min(times[name] for name in list(works)[2:])
            for name, time in times.items():
                line = f"{architecture}, {threads} threads, {name}: {n_words / time / 1e3:,.0f}"
                line += " thousand words/s"
                if name.startswith("ours"):
                    met = yes_or_no(best / time >= 2)
                    line += f", {best / time:.1f}x the faster of theirs (bar 2: {met})"
                yield line


def pairs_of(path):
    """Return word pairs and what people said of them."""
    rows = [line.lower().split("\t") for line in data(path).read_text("utf-8").splitlines()]
    return [(one.strip(), other.strip(), float(score)) for one, other, score in rows]


def correlation(table, pairs):
    """Return Spearman's correlation, and how many pairs there are."""
    from scipy.stats import spearmanr

    cosines = [table.similarity(one, other) for one, other, _ in pairs]
    return float(spearmanr(cosines, [score for *_, score in pairs]).statistic), len(pairs)


def seen_lines(tokens, threads, seeds):
    """Yield lines: scores of words that were seen, without subwords and with, and RW of all."""
    rare = pairs_of(RARE_WORDS)
    for architecture in ("skipgram", "cbow"):
        means = {}
        for name, parts in (("without", {}), ("with", {**ENGLISH, "buckets": BUCKETS})):
            runs = []
            for seed in range(1, seeds + 1):
                table = ours(tokens, architecture, threads, seed, **parts).keyed_vectors_
                runs.append(scores_of(table.vectors, table.index_to_key, table.counts))
                if parts:
                    runs[-1]["RW of all words"] = correlation(table, rare)[0]
            found = {key: [run[key] for run in runs] for key in runs[0]}
            shown = [
                f"{key} {mean(values):.3f}" + (f" ±{stdev(values):.3f}" if seeds > 1 else "")
                for key, values in found.items()
            ]
            means[name] = mean(found["mean"])
            line = f"{architecture}, {name} subwords, {seeds} seeds: {', '.join(shown)}"
            if parts:
                line += f" (bar RW .45: {yes_or_no(mean(found['RW']) >= 0.45)}; bar mean without "
                line += f"- .01: {yes_or_no(means['with'] >= means['without'] - 0.01)})"
            yield line


def without_words(tokens, words):
    """Return documents without some words."""
    return [[word for word in row if word not in words] for row in tokens]


def dropped_words(tokens, pairs):
    """Return words of pairs that are frequent enough to be trained on, drawn at random."""
    counts = Counter(word for row in tokens for word in row)
    known = sorted({word for pair in pairs for word in pair[:2] if counts[word] >= 10})
    rng = np.random.default_rng(0)
    return set(rng.permutation(known)[:DROPPED].tolist())


def unseen_lines(name, tokens, pairs, threads, seeds, parts, bar=None):
    """Yield lines: pairs in which a word was dropped from the text, by vectors of its n-grams."""
    dropped = dropped_words(tokens, pairs)
    asked = [pair for pair in pairs if dropped & {*pair[:2]}]
    few = without_words(tokens, dropped)
    for architecture in ("skipgram", "cbow"):
        found = []
        for seed in range(1, seeds + 1):
            table = ours(few, architecture, threads, seed, buckets=BUCKETS, **parts).keyed_vectors_
            assert not dropped & set(table.index_to_key)
            found.append(correlation(table, asked)[0])
        met = "" if bar is None else f" (bar {bar}: {yes_or_no(mean(found) >= bar)})"
        spread = f" ±{stdev(found):.3f}" if seeds > 1 else ""
        yield (
            f"{architecture}, {name}, {len(dropped)} words dropped, {len(asked)} pairs with one: "
            f"{mean(found):.3f}{spread}{met}"
        )


def chinese_tokens(share):
    """Return the lines of the Chinese corpus, cut by jieba."""
    from textvec import JiebaTokenizer

    text = lzma.decompress(data("corpora/zh_wiki.txt.xz").read_bytes()).decode("utf-8")
    lines = text.split("\n")
    return list(map(JiebaTokenizer(), lines[: int(share * len(lines))]))


def file_lines(tokens):
    """Yield a line for each kind of file of the peers: the largest difference of any vector."""
    import floret

    from textvec import KeyedVectors

    seen = tokens[:2000]
    asked = [*dict.fromkeys(word for row in seen for word in row), "seaworthiness", "酒店", "é"]
    options = {"dim": 20, "minn": 2, "maxn": 5, "bucket": 5000, "epoch": 1, "verbose": 0}
    kinds = {
        f"floret, {hashes} hashes": (floret, {"mode": "floret", "hashCount": hashes})
        for hashes in (1, 4)
    }
    if has_fasttext():
        import fasttext

        kinds["fastText"] = fasttext, {}
    with tempfile.TemporaryDirectory() as folder:
        path, text, labelled = (Path(folder, name) for name in ("model", "words", "labelled"))
        text.write_text("\n".join(map(" ".join, seen)), "utf-8")
        lines = [f"__label__{len(row) % 3} {' '.join(row)}" for row in seen]
        labelled.write_text("\n".join(lines), "utf-8")
        for name, (peer, more) in kinds.items():
            trained = {
                model: peer.train_unsupervised(str(text), model=model, **options, **more)
                for model in ("skipgram", "cbow")
            }
            trained["supervised"] = peer.train_supervised(str(labelled), **options, **more)
            for model, found in trained.items():
                found.save_model(str(path))
                table = KeyedVectors.load_fasttext_format(path)
                expected = np.array([found.get_word_vector(word) for word in asked])
                error = np.abs(table[asked] - expected).max()
                n_unseen = sum(word not in table for word in asked)
                yield (
                    f"{name}, {model}: {len(asked):,} words, {n_unseen:,} unseen, largest "
                    f"difference {error:.1e} (bar 1e-6: {yes_or_no(error <= 1e-6)})"
                )
            if name != "fastText":
                found.save_floret_vectors(str(path))
                rows = KeyedVectors.load_floret_format(path).subwords.rows
                error = np.abs(rows - table.subwords.rows).max() / np.abs(rows).max()
                yield f"{name}, table of five digits: largest relative difference {error:.1e}"


def main():
    """Print a line for each row of the table as it is measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=ROWS)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--share", type=float, default=1.0, help="of each corpus, to try it out")
    args = parser.parse_args()
    print(f"{processor()}; shares of the corpora: {args.share}", flush=True)
    tokens = tokens_of(lines_of(share=args.share))
    print(f"{sum(map(len, tokens)):,} tokens in {len(tokens):,} documents", flush=True)
    ours(tokens[: len(tokens) // 50], "skipgram", args.threads, epochs=1, **ENGLISH)  # compile
    table = {
        "speed": lambda: speed_lines(tokens, args.threads, args.repeats),
        "seen": lambda: seen_lines(tokens, args.threads, args.seeds),
        "unseen": lambda: unseen_lines(
            "RW", tokens, pairs_of(RARE_WORDS), args.threads, args.seeds, ENGLISH, 0.30
        ),
        "chinese": lambda: unseen_lines(
            "ZH-wordsim",
            chinese_tokens(args.share),
            [pair for path in CHINESE_PAIRS for pair in pairs_of(path)],
            args.threads,
            args.seeds,
            CHINESE,
        ),
        "files": lambda: file_lines(tokens),
    }
    for row in args.rows:
        for line in table[row]():
            print(line, flush=True)


if __name__ == "__main__":
    main()
