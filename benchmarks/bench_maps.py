"""Maps of a collection: what a layout keeps, what it costs, and how fast the page answers.

Reads data from the folder that the environment variable TEXTVEC_DATA names.
"""

import argparse
import json
import lzma
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
from sklearn.manifold import trustworthiness
from sklearn.preprocessing import normalize

from textvec import LSAVectorizer, TfidfVectorizer, show_map
from textvec.datasets import fetch_20newsgroups, fetch_stackoverflow, fetch_thucnews_titles
from textvec.maps.charts import Vectors, draw_chart, name_regions
from textvec.maps.layout import lay_out, rough_places
from textvec.maps.neighbours import nearest
from textvec.maps.regions import hills, term_counts
from textvec.recommend.maps import MapOptions

K = 15  # of trustworthiness
SAMPLE = 3_000  # items on which it is measured: it needs all distances


def trust(vectors, places):
    """Return scikit-learn's trustworthiness of places, on a sample of the items."""
    rows = np.random.default_rng(0).permutation(len(places))[:SAMPLE]
    near = vectors[rows]
    near = near.toarray() if hasattr(near, "toarray") else near
    return trustworthiness(near, places[rows], n_neighbors=K, metric="cosine")


def posts(n_items):
    """Return the first posts of 20 newsgroups that say something, and their groups."""
    found = fetch_20newsgroups("train")
    texts = [text[:2000] for text in found.data]
    return texts[:n_items], np.asarray(found.target)[:n_items]


def embedded(texts):
    """Return the vectors of two ways of embedding texts, rows of zeros left out."""
    ways = {
        "TF-IDF": TfidfVectorizer(stop_words="english", min_df=2),
        "LSA 100": LSAVectorizer(vector_size=100, random_state=0),
    }
    for name, way in ways.items():
        vectors = way.fit_transform(texts)
        yield name, vectors[np.flatnonzero(abs(vectors).sum(axis=1) > 0)]


def layouts(options):
    """Print the trustworthiness and the seconds of ours and of peers at their defaults."""
    texts, _ = posts(options.items)
    for name, vectors in embedded(texts):
        unit = normalize(vectors)
        rows = {}
        began = perf_counter()
        found = nearest(vectors, 30, n_jobs=2)
        places = lay_out(found, rough_places(unit), n_jobs=2)
        rows["ours"] = perf_counter() - began, places
        for peer in (open_tsne, umap_learn):
            began = perf_counter()
            made = peer(vectors)
            rows[peer.__name__] = perf_counter() - began, made
        again = lay_out(found, rough_places(unit), n_jobs=1).tobytes() == places.tobytes()
        for way, (seconds, made) in rows.items():
            told = f"{name:8} {way:10} trustworthiness {trust(vectors, made):.4f} {seconds:7.1f} s"
            print(told, flush=True)
        best = max(trust(vectors, made) for way, (_, made) in rows.items() if way != "ours")
        met = trust(vectors, places) >= best - 0.01
        print(f"{name:8} at least the better peer - .01: {met}; same bits on one thread: {again}")


def open_tsne(vectors):
    """Return the places of openTSNE at its defaults."""
    import openTSNE

    dense = vectors.toarray() if hasattr(vectors, "toarray") else vectors
    if dense.shape[1] > 1000:  # it takes no sparse rows; as its guide says, 50 axes first
        from sklearn.decomposition import TruncatedSVD

        dense = TruncatedSVD(50, random_state=0).fit_transform(vectors)
    return np.asarray(openTSNE.TSNE(metric="cosine", random_state=0, n_jobs=2).fit(dense))


def umap_learn(vectors):
    """Return the places of umap-learn at its defaults."""
    import warnings

    import umap

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return umap.UMAP(metric="cosine", random_state=0).fit_transform(vectors)


def collection(n_items):
    """Return texts of three kinds, mixed: news, titles of questions, paragraphs of books."""
    folder = Path(os.environ["TEXTVEC_DATA"])
    news = pd.read_csv(folder / "classification" / "ag_news-test.csv", header=None)
    news = (news[1] + ". " + news[2]).tolist()
    titles = list(fetch_stackoverflow().data)
    with lzma.open(folder / "corpora" / "en_books.txt.xz", "rt", encoding="utf-8") as file:
        books, wanted = [], n_items - len(news) - len(titles)
        for line in file:
            if len(line) > 80:
                books.append(line.strip()[:400])
            if len(books) >= wanted:
                break
    texts = [*news, *titles, *books]
    kinds = ["news"] * len(news) + ["question"] * len(titles) + ["book"] * len(books)
    order = np.random.default_rng(0).permutation(len(texts))[:n_items]
    return pd.DataFrame({"text": texts, "kind": kinds}).iloc[order].reset_index(drop=True)


def whole(options):
    """Print what it takes to make the page of 100,000 items, twice embedded."""
    began = perf_counter()
    frame = collection(options.items)
    print(f"{len(frame):,} items read in {perf_counter() - began:.1f} s", flush=True)
    frame.to_csv(Path(options.out).with_suffix(".csv"), index=False)
    began = perf_counter()
    ways = {
        "TF-IDF": TfidfVectorizer(stop_words="english", min_df=2),
        "LSA": LSAVectorizer(vector_size=100, random_state=0),
    }
    page = show_map(
        ways, frame, options.out, text="text", color="kind",
        options=MapOptions(n_jobs=options.threads, verbose=1),
    )  # fmt: skip
    seconds = perf_counter() - began
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\nfrom texts to page {seconds:.0f} s (bar 600), peak {megabytes:.0f} MB (bar 3072), "
          f"page {page.stat().st_size / 1e6:.1f} MB (bar 40)")  # fmt: skip


def answers(options):
    """Print how fast a page zooms and searches in a headless Chromium with software drawing."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    from browsers import Browser

    with tempfile.TemporaryDirectory() as folder, Browser(Path(folder), (1360, 820)) as browser:
        began = perf_counter()
        browser.open(Path(options.out).resolve(), seconds=120)
        print(f"{browser.run('n'):,} items, open in {perf_counter() - began:.1f} s")
        zooms = browser.run(ZOOMS)
        print(f"a zoom step, both maps: median {np.median(zooms):.1f} ms, most {max(zooms):.1f} "
              f"(bar 50)")  # fmt: skip
        for asked in ("harbour", "java sql", "the", "qzx", "president"):
            spent = browser.run(SEARCH % json.dumps(asked))
            print(f"search {asked!r}: {spent[1]:,} found in {spent[0]:.1f} ms, the first time "
                  f"{spent[2]:.1f} (bar 100)")  # fmt: skip


# from the call to the frame in which it is seen
ZOOMS = """(async () => {
  const frame = () => new Promise(done => requestAnimationFrame(() => setTimeout(done)));
  const spent = [];
  charts.forEach(chart => chart.reset());
  await frame();
  for (let i = 0; i < 40; i++) {
    const begun = performance.now();
    charts.forEach(chart => chart.zoom(i < 20 ? 1.2 : 1 / 1.2, 200 + 5 * i, 300));
    await frame();
    spent.push(performance.now() - begun);
  }
  return spent;
})()"""
SEARCH = """(() => {
  const asked = %s, spent = [];
  document.getElementById("search").focus();
  for (let i = 0; i < 5; i++) {
    document.getElementById("search").value = asked;
    const begun = performance.now();
    find();
    spent.push(performance.now() - begun);
  }
  const first = spent[0];
  return [spent.sort((a, b) => a - b)[2], picked().length, first];
})()"""


def regions(options):
    """Print how pure the regions of maps are, and some of their names."""
    n_items = options.items
    titles = fetch_thucnews_titles()
    jieba = TfidfVectorizer(tokenizer="jieba", min_df=2)
    words = TfidfVectorizer(stop_words="english", min_df=2)
    for name, (texts, groups), way in (
        ("20 newsgroups", posts(n_items), words),
        ("THUCNews titles", (titles.data[:n_items], np.asarray(titles.target)[:n_items]), jieba),
    ):
        chart = draw_chart(Vectors(name, way.fit_transform(texts)), n_jobs=2)
        rows = np.flatnonzero(chart.neighbours[:, 0] >= 0)
        for level in range(3):
            of = hills(chart.places[rows], level).of
            table = pd.crosstab(of, groups[rows])
            pure = table.max(axis=1).sum() / table.to_numpy().sum()
            print(f"{name}, level {level}: {len(table)} regions, purity {pure:.3f}")
        counts, terms = term_counts(texts)
        for region in [one for one in name_regions(chart, counts, terms)[0] if one.level == 0][:12]:
            print("   ", region.label)


def alone(options):
    """Make the big page in a process of its own, for the peak of its memory."""
    numbers = ["--items", str(options.items), "--threads", str(options.threads)]
    command = [sys.executable, __file__, "whole", *numbers, "--out", options.out]
    subprocess.run(command, check=True)


WORKS = {"layouts": layouts, "whole": whole, "answers": answers, "regions": regions}


def main():
    """Do the works that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", choices=[*WORKS, "all"], nargs="?", default="all")
    parser.add_argument("--items", type=int)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", default="map-100000.html")
    options = parser.parse_args()
    if options.work == "all":
        for work, items in (
            ("layouts", 5000),
            ("regions", 5000),
            ("whole", 100_000),
            ("answers", 0),
        ):
            print(f"== {work}", flush=True)
            options.items = items
            (alone if work == "whole" else WORKS[work])(options)
    else:
        options.items = options.items or (100_000 if options.work == "whole" else 5000)
        WORKS[options.work](options)


if __name__ == "__main__":
    main()
