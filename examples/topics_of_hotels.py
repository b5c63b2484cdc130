"""
Topics: what hotels write about
===============================

A topic model says of each text how much of it is about what, and of each topic which words it
likes, though nobody has named a topic. Latent Dirichlet allocation (LDA; Blei, Ng and Jordan 2003)
is the classic one; scikit-learn has it, and takes textvec's counts as they are.

The texts are descriptions of invented hotels. Their styles (spa, airport, hostel, ...) and cities
are known, so that one can see afterwards what the topics have to do with them.
"""

# %%
# Counts, not weights
# -------------------
# LDA explains counts: a text draws a topic for each of its words, and the topic draws the word.
# Weights such as TF-IDF's are no counts, so they stay out. Words in more than a third of the texts
# would be in all topics, and words in fewer than four hold none together. Second listings of a
# hotel are left out, or each would be a topic of its own.

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.decomposition import LatentDirichletAllocation

from textvec import CountVectorizer, LSAVectorizer
from textvec.datasets import load_hotels
from textvec.evaluate.metrics import v_measure
from textvec.maps.planes import plane
from textvec.show.plots import plot_points

hotels = load_hotels()
twice = hotels.pairs.loc[hotels.pairs["kind"] == "duplicate", "b"]
frame = hotels.frame[~hotels.frame["id"].isin(twice)]
counter = CountVectorizer(stop_words="english", stem="english", min_df=4, max_df=1 / 3)
counts = counter.fit_transform(frame["desc"])
words = counter.get_feature_names_out()
print(f"{counts.shape[0]} texts, {counts.shape[1]} words, {counts.sum():,} of them in all")

# %%
# Nine topics
# -----------
# The priors say that a text has few topics, and a topic few words: with scikit-learn's own, one
# over the number of topics, short texts are mixed of everything.

model = LatentDirichletAllocation(
    n_components=9, doc_topic_prior=0.05, topic_word_prior=0.05, max_iter=50, random_state=0
)
shares = model.fit_transform(counts)  # (n_texts, n_topics), rows sum to 1
first = model.components_
pd.Series([", ".join(words[row.argsort()[::-1][:9]]) for row in first], name="words")

# %%
# What the topics have to do with the styles
# ------------------------------------------
# The mean share of each topic in the hotels of each style. Nobody told the model that there are
# styles.

table = pd.DataFrame(shares).groupby(frame["style"].to_numpy()).mean()
figure, ax = plt.subplots(figsize=(8, 4), layout="constrained")
image = ax.imshow(table, cmap="Blues", aspect="auto")
ax.set_yticks(range(len(table)), table.index)
ax.set_xticks(range(table.shape[1]), [f"topic {topic}" for topic in table])
figure.colorbar(image, label="mean share of the text")
plt.show()

# %%
# A map of topics
# ---------------
# Each text is a point, near to those with like topics, in the colour of its style.

# sphinx_gallery_thumbnail_number = 2
plot_points(plane(shares), color=frame["style"].reset_index(drop=True))

# %%
# Is it any good?
# ---------------
# Let each text belong to its greatest topic, and compare with the styles: the V-measure is 1 if
# topics and styles are one and the same, 0 if they have nothing to do with each other. Beside it
# the clusters of LSA's vectors (k-means). Topics begin at random, so ask several times.


def agreement(seed):
    """Return how far the topics, and the clusters of LSA, agree with the styles."""
    topics = model.set_params(random_state=seed).fit_transform(counts).argmax(axis=1)
    lsa = LSAVectorizer(vector_size=9, stop_words="english", stem="english", random_state=seed)
    clusters = KMeans(9, n_init=10, random_state=seed).fit_predict(lsa.fit_transform(frame["desc"]))
    return {
        "LDA": v_measure(frame["style"], topics),
        "LSA and k-means": v_measure(frame["style"], clusters),
    }


agreements = pd.DataFrame([agreement(seed) for seed in range(3)])
agreements.round(3)

# %%
# What to take home
# -----------------
# - Some topics have a face (saunas and baths; floors, lodges and courts), and many are the words of
#   everyday: beds, doors, nights. Descriptions of a hundred words are short for LDA, which wants
#   words to be repeated.
# - LSA's clusters agree far better with the styles, of the same texts. A model of topics is chosen
#   for its mixtures, which one can read, and not because it groups best.
# - Topics differ from run to run. Name none before you have seen it come back.
#
# The claims of this page, checked whenever it is built:

assert (agreements["LSA and k-means"] > 1.5 * agreements["LDA"]).all()
assert any({"sauna", "bath"} <= set(words[row.argsort()[::-1][:9]]) for row in first)
