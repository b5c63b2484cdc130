"""Recommending: planted hotels, what film lovers like, sessions, and 200,000 items in one table.

Reads films, ratings and books from the folder that the environment variable TEXTVEC_DATA names.
"""

import argparse
import json
import lzma
import os
import sys
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import pandas as pd
from _timing import in_new_process, memory_growth, yes_or_no

from textvec import ContentRecommender, TfidfVectorizer, Word2Vec
from textvec.datasets import load_hotels
from textvec.evaluate.metrics import ndcg_at_k
from textvec.recommend.columns import Vectors

N_ITEMS = 200_000
HOTELS = {
    "en": {
        "plain TF-IDF": TfidfVectorizer(),
        "default": None,
        "characters within words": TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5)),
        "both fused": [None, TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5))],
    },
    "zh": {
        "plain TF-IDF of jieba's words": TfidfVectorizer(tokenizer="jieba"),
        "default": None,
        "characters": TfidfVectorizer(analyzer="char"),
        "both fused": [None, TfidfVectorizer(analyzer="char")],
    },
}
FILMS = {
    # name: (vectorizer, what fit takes). The first one is what the others are compared with.
    "plain TF-IDF, overview": (TfidfVectorizer(), {"text": "overview"}),
    "default, overview": (None, {"text": "overview"}),
    "default, overview and keywords": (None, {"text": ["overview", "keyword_text"]}),
    "the same, genres, year, votes, companies": (
        None,
        {
            "text": ["overview", "keyword_text"],
            "columns": ["genres", "year", "log_votes", "companies"],
        },
    ),
}


def hotels():
    """Print nDCG@10 of the planted duplicates and sisters."""
    print("\n| hotels, nDCG@10 | duplicates | bar | met | sisters |\n|---|---|---|---|---|")
    for language, ways in HOTELS.items():
        data = load_hotels(language)
        for name, vectorizer in ways.items():
            recommender = ContentRecommender(vectorizer).fit(data.frame, ids="id", text="desc")
            scores = {}
            for kind, pairs in data.pairs.groupby("kind"):
                partners = {}
                for a, b in zip(pairs["a"], pairs["b"]):
                    partners.setdefault(a, {})[b] = 1
                    partners.setdefault(b, {})[a] = 1
                scores[kind] = np.mean(
                    [
                        ndcg_at_k(recommender.similar(id, k=10)["id"].tolist(), grades, 10)
                        for id, grades in partners.items()
                    ]
                )
            met = yes_or_no(scores["duplicate"] >= 0.95)
            cells = f"{scores['duplicate']:.3f} | 0.95 | {met} | {scores['sister']:.3f}"
            print(f"| {language}, {name} | {cells} |", flush=True)


def films(folder):
    """Print leave-one-out hit rates of MovieLens' likes (4 stars or more) by TMDB's texts."""
    items = pd.read_csv(folder / "tmdb_5000_movies.csv.gz").dropna(subset="overview")
    links = pd.read_csv(folder / "ml-latest-small" / "links.csv")
    ratings = pd.read_csv(folder / "ml-latest-small" / "ratings.csv").merge(links, on="movieId")
    items = items[items["id"].isin(links["tmdbId"])]
    for column, source in (("genres", "genres"), ("companies", "production_companies")):
        items[column] = items[source].map(names_in)
    items["keyword_text"] = items["keywords"].map(lambda cell: "; ".join(names_in(cell)))
    items["year"] = pd.to_numeric(items["release_date"].str[:4])
    items["log_votes"] = np.log1p(items["vote_count"])
    likes = ratings[(ratings["rating"] >= 4) & ratings["tmdbId"].isin(items["id"])]
    likes = likes[["userId", "tmdbId"]].astype(int).drop_duplicates()
    print(f"\n{len(items)} films, {len(likes)} likes of {likes['userId'].nunique()} users\n")
    head = "hit rate@10 | ratio | bar | met | nDCG@10 | coverage | diversity | novelty | s"
    print(f"| films | {head} |\n|{'---|' * 10}")
    plain = None
    for name, (vectorizer, given) in FILMS.items():
        began = perf_counter()
        found = ContentRecommender(vectorizer).fit(items, ids="id", **given).evaluate(likes)
        seconds = perf_counter() - began
        plain = plain or found["hit_rate"]
        ratio = found["hit_rate"] / plain
        bar = "1.2" if name == list(FILMS)[-1] else ""
        met = yes_or_no(ratio >= 1.2) if bar else ""
        rest = [f"{found[measure]:.3f}" for measure in ("ndcg", "coverage", "diversity")]
        cells = [f"{found['hit_rate']:.4f}", f"{ratio:.2f}", bar, met, *rest]
        cells += [f"{found['novelty']:.2f}", f"{seconds:.0f}"]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


def sessions(folder, seeds=3):
    """Print hit rates of each user's last film, from the three before it, by text and sessions."""
    links = pd.read_csv(folder / "ml-latest-small" / "links.csv")
    items = pd.read_csv(folder / "tmdb_5000_movies.csv.gz").dropna(subset="overview")
    items = items[items["id"].isin(links["tmdbId"])]
    items["film"] = items["id"].astype(str)
    seen = pd.read_csv(folder / "ml-latest-small" / "ratings.csv").merge(links, on="movieId")
    seen = seen[seen["tmdbId"].isin(items["id"])].sort_values(
        ["userId", "timestamp"], kind="stable"
    )
    seen["film"] = seen["tmdbId"].astype(int).astype(str)
    lists = seen.drop_duplicates(["userId", "film"]).groupby("userId")["film"].apply(list)
    known, hidden = [films[:-1] for films in lists], [films[-1] for films in lists]
    rows = {film: row for row, film in enumerate(items["film"])}

    def hit_rate(recommend):
        hits = [goal in recommend(films) for films, goal in zip(known, hidden)]
        return float(np.mean(hits))

    def by(recommender):
        def recommend(films):
            new = np.ones(len(rows), bool)
            new[[rows[film] for film in films]] = False
            return set(recommender.recommend(films[-3:], k=10, where=new)["id"])

        return hit_rate(recommend)

    popular = pd.Series([film for films in known for film in films]).value_counts().index
    most = hit_rate(lambda films: popular[~popular.isin(films)][:10])
    given = items.assign(name=items["film"])
    text = by(ContentRecommender().fit(given, ids="name", text="overview"))
    print(f"\n{len(rows)} films, the last of {len(lists)} users hidden, in order of time\n")
    print("| sessions | hit rate@10 | to text | to popularity |\n|---|---|---|---|")
    print(f"| popularity | {most:.4f} | | |\n| text of the last three | {text:.4f} | | |")
    for name, weight in (("sessions alone", None), ("text 0.1, sessions 1", 0.1), ("1 and 1", 1)):
        rates = []
        for seed in range(seeds):
            model = Word2Vec(50, 5, 1, sample=0, random_state=seed)
            column = {"film": Vectors(model.fit(known).keyed_vectors_)}
            share = {"overview": weight or 1e-6}
            fitted = ContentRecommender().fit(given, ids="name", text=share, columns=column)
            rates.append(by(fitted))
        rate = float(np.mean(rates))
        spread = f" ±{np.std(rates, ddof=1):.4f}" if seeds > 1 else ""
        cells = f"{rate:.4f}{spread} | {rate / text:.2f} | {rate / most:.2f}"
        print(f"| {name} | {cells} |", flush=True)


def names_in(cell):
    """Return the names in a cell of TMDB's JSON."""
    return [entry["name"] for entry in json.loads(cell)]


def many(folder):
    """Measure fit and queries over many paragraphs of books; return the figures."""
    texts = []
    with lzma.open(folder / "en_books.txt.xz", "rt", encoding="utf-8") as lines:
        for line in lines:
            if len(line) > 60:
                texts.append(line.strip()[:1500])
            if len(texts) == N_ITEMS:
                break
    recommender = ContentRecommender()
    recommender.fit(texts[:300]).similar(0)  # numba compiles
    growth = memory_growth(lambda: recommender.fit(texts))
    seconds = []
    for call in range(20):
        began = perf_counter()
        if call % 2:
            recommender.query("a storm at sea, the captain and his ship")
        else:
            recommender.similar(call * 997)
        seconds.append(perf_counter() - began)
    size = sum(len(text.encode()) for text in texts)
    slowest = max(seconds[2:])  # the first of each may load what it needs
    return {"size": size, "growth": growth, "median": median(seconds), "slowest": slowest}


def print_many():
    """Print memory of fit and time of queries over many items, from a process of its own."""
    found = in_new_process(__file__, "--many")
    ratio, slowest = found["growth"] / found["size"], 1e3 * found["slowest"]
    print(f"\n| {N_ITEMS:,} paragraphs of books | | bar | met |\n|---|---|---|---|")
    print(
        f"| memory of fit to the texts' {found['size'] / 1e6:.0f} MB | {ratio:.2f} | 3 | ", end=""
    )
    print(f"{yes_or_no(ratio < 3)} |")
    print(f"| one query, ms: median | {1e3 * found['median']:.1f} | | |")
    print(f"| one query, ms: slowest | {slowest:.1f} | 50 | {yes_or_no(slowest < 50)} |")


def main():
    """Run the parts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--many", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if "TEXTVEC_DATA" not in os.environ:
        sys.exit("Name the folder of the data in the environment variable TEXTVEC_DATA.")
    folder = Path(os.environ["TEXTVEC_DATA"])
    if arguments.many:
        print(json.dumps(many(folder / "corpora")))
        return
    hotels()
    print_many()
    films(folder / "recsys")
    sessions(folder / "recsys")


if __name__ == "__main__":
    main()
