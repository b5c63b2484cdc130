"""
What guests look at, one after another
======================================

A text says what a hotel is like; it does not say who books it. Those who look for a place look at
several, and the order of their clicks is a sentence whose words are hotels. So what learns from
the neighbours of words learns from these, too (Barkan and Koenigstein 2016, "Item2vec"): hotels
that are looked at together get vectors that point the same way.

The hotels ship with textvec. The guests are made up here, each with a city and a purse, of which
the descriptions say little: the point is how it is done, and that what was put in is found. On
real sessions, MovieLens', see the guide: :doc:`/guide/sequences`.
"""

# %%
# Sessions
# --------
# Every guest looks at six hotels of one city and one class of prices, now and then at any other,
# and prefers some to others, as people do.

import numpy as np
import pandas as pd

from textvec import ContentRecommender, Word2Vec
from textvec.datasets import load_hotels
from textvec.recommend.columns import Vectors

hotels = load_hotels().frame
rng = np.random.default_rng(0)
fame = rng.pareto(2, len(hotels)) + 0.3
kinds = hotels.groupby(["city", "price_band"]).indices


def session(length=6):
    """Return the ids of what a made-up guest looks at."""
    kind = list(kinds)[rng.integers(len(kinds))]
    within = np.isin(np.arange(len(hotels)), kinds[kind])
    chances = fame * np.where(within, 1, 0.01)
    rows = rng.choice(len(hotels), length, replace=False, p=chances / chances.sum())
    return hotels["id"].iloc[rows].astype(str).tolist()


sessions = [session() for _ in range(400)]
sessions[0]

# %%
# Vectors of hotels
# -----------------
# A session is a document that is cut already: a list of str. Ids that are numbers have to be
# written as text, ``str(42)``, for in a table of vectors a number is a row. Of a session the order
# counts little and every id as much as another, so the window is as long as the session, and
# frequent ones are not thinned out. The last hotel of each is hidden: it is what we shall try to
# foretell.

known = [ids[:-1] for ids in sessions]
hidden = [ids[-1] for ids in sessions]
model = Word2Vec(
    vector_size=32, window=5, min_count=1, sample=0, alpha=0.05, epochs=30, random_state=0
)
table = model.fit(known).keyed_vectors_
names = hotels.assign(id=hotels["id"].astype(str)).set_index("id")
names.loc[[id for id, _ in table.most_similar(known[0][0], topn=4)], ["name", "city", "price_band"]]

# %%
# Beside the texts
# ----------------
# :class:`~textvec.recommend.columns.Vectors` lets a column of ids count as the table says. A hotel
# that nobody has looked at yet has no vector there, and still its text.

items = hotels.assign(visits=hotels["id"].astype(str))
by_text = ContentRecommender().fit(items, ids="visits", text="desc")
fused = ContentRecommender().fit(
    items.assign(id=items["visits"]),
    ids="id",
    text={"desc": 0.2},
    columns={"visits": Vectors(table)},
)

# %%
# Does it come back?
# ------------------
# Ten hotels are recommended to each guest from the five that were seen. Popularity, the ten that
# most have looked at, is what any recommender has to beat.

popular = pd.Series([id for ids in known for id in ids]).value_counts().index


def hit_rate(recommend):
    """Return how often the hidden hotel is among the ten."""
    hits = [goal in recommend(seen) for seen, goal in zip(known, hidden, strict=True)]
    return float(np.mean(hits))


rates = {
    "popularity": hit_rate(lambda seen: [id for id in popular if id not in seen][:10]),
    "text alone": hit_rate(lambda seen: set(by_text.recommend(seen, k=10)["id"])),
    "text and sessions": hit_rate(lambda seen: set(fused.recommend(seen, k=10)["id"])),
}
pd.Series(rates, name="hit rate@10").round(3)

# %%
# Why?
# ----
# The explanation says which part comes from whom.

first, second = fused.similar(known[0][0], k=2)["id"]
fused.explain(known[0][0], first).head(4).round(3)

# %%
# The claims of this page, checked whenever it is built:

assert rates["text and sessions"] > 2 * rates["text alone"]
assert rates["text and sessions"] > 2 * rates["popularity"]
