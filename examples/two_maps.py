"""
One collection, two maps
========================

Counted words and learned vectors can score alike on a task, and still disagree about nearly every
single item. This page makes that visible: the same hotels embedded twice, on one page to open, to
search, and to send to others.
"""

# sphinx_gallery_thumbnail_path = '_static/map.png'

# %%
# The page
# --------
# TF-IDF keeps one number for each word, so two hotels are alike if they share words. LSA folds
# those numbers into forty that are learned from which words occur together, so two hotels can be
# alike without a word in common.

import tempfile
from pathlib import Path

import numpy as np

from textvec import LSAVectorizer, TfidfVectorizer, show_map
from textvec.datasets import load_hotels
from textvec.maps.neighbours import common, nearest
from textvec.recommend.maps import MapOptions

hotels = load_hotels().frame
ways = {
    "TF-IDF": TfidfVectorizer(stop_words="english"),
    "LSA": LSAVectorizer(vector_size=40, random_state=0),
}
folder = Path(tempfile.mkdtemp())
page = show_map(
    ways,
    hotels,
    folder / "hotels.html",
    text="desc",
    ids="name",
    options=MapOptions(random_state=0),
)
print(f"{page.name}, {page.stat().st_size / 1e6:.1f} MB")

# %%
# Open it with a double click (`this one <hotels.html>`__ was written when these pages were built).
# Colours say how many of the ten nearest hotels are the same on both sides; *What changes* begins
# with the hotels where that is none.
#
# .. image:: /_static/map.png
#    :alt: Two maps of the same hotels, and one hotel with its nearest by TF-IDF and by LSA
#    :target: hotels.html
#
# How much do they agree?
# -----------------------
# The number behind the colours, for all hotels. By chance, ten of 177 other hotels would be the
# same as ten others 0.6 times.

vectors = {name: way.fit_transform(hotels["desc"]) for name, way in ways.items()}
found = {name: nearest(one, 10) for name, one in vectors.items()}
same = common(*found.values())
print(
    f"{same.mean():.1f} of 10 neighbours are the same; by chance {10 * 10 / (len(hotels) - 1):.1f}"
)

# %%
# Near without a word in common
# -----------------------------
# Of each hotel, LSA's ten nearest. How many of them share no word with it, stop words aside?

counts = vectors["TF-IDF"]
pairs = [(row, to) for row, others in enumerate(found["LSA"].indices) for to in others]
rows, others = np.transpose(pairs)
shares_none = np.asarray(counts[rows].multiply(counts[others]).sum(axis=1)).ravel() == 0
print(f"{shares_none.mean():.1%} of LSA's neighbours share no word; of TF-IDF's, none can")

# %%
# Which is right?
# ---------------
# A map does not say. Here the hotels have a style that none of the vectorizers was told: how often
# does a neighbour have the style of the hotel?

style = hotels["style"].to_numpy()
right = {
    name: float((style[one.indices] == style[:, None])[one.indices >= 0].mean())
    for name, one in found.items()
}
print({name: round(share, 3) for name, share in right.items()})

# %%
# Take the map to see *what* changes, and :func:`textvec.compare` to see what is better.

assert page.stat().st_size < 1_000_000
assert 2 < same.mean() < 8
assert all(share > 2 * np.mean(style[:, None] == style) for share in right.values())
