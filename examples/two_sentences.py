"""
Two sentences, by hand and by textvec
=====================================

How alike are two sentences? Count their words, take the cosine of the two rows of counts: a primary
school sum, and the ground on which everything else here stands. Every number on this page is first
worked out by plain arithmetic and then compared with what textvec says.
"""

# %%
# Counting words
# --------------
# ===== === === === === === === ===
# ..    cat dog log mat on  sat the
# ===== === === === === === === ===
# **a**  1   0   0   1   1   1   2
# **b**  0   1   1   0   1   1   2
# ===== === === === === === === ===
#
# Seven different words, so each sentence becomes a row of seven numbers. Where the words stood is
# forgotten: that is why people call it a *bag* of words.

from math import log, sqrt

import matplotlib.pyplot as plt
import numpy as np

from textvec import CountVectorizer, TfidfVectorizer

A = "the cat sat on the mat"
B = "the dog sat on the log"


def counts_by_hand(sentence):
    """Return how often each word occurs."""
    counts = {}
    for word in sentence.split():
        counts[word] = counts.get(word, 0) + 1
    return counts


print(counts_by_hand(A))
print(counts_by_hand(B))

# %%
# :class:`~textvec.CountVectorizer` makes the same table, its columns in alphabetical order.

vectorizer = CountVectorizer()
counts = vectorizer.fit_transform([A, B]).toarray()
words = vectorizer.get_feature_names_out()

assert words.tolist() == ["cat", "dog", "log", "mat", "on", "sat", "the"]
assert counts.tolist() == [[1, 0, 0, 1, 1, 1, 2], [0, 1, 1, 0, 1, 1, 2]]


def draw_rows(rows, columns):
    """Draw two rows of numbers as shades, with the numbers written in."""
    _, axes = plt.subplots(figsize=(9, 2.2), layout="constrained")
    axes.imshow(rows, cmap="Blues", vmin=0, vmax=2 * np.max(rows), aspect="auto")
    for (row, column), value in np.ndenumerate(rows):
        axes.text(column, row, f"{value:.3g}", ha="center", va="center", fontsize=13)
    axes.set_xticks(range(len(columns)), columns)
    axes.set_yticks([0, 1], [f"a: {A}", f"b: {B}"])
    axes.tick_params(length=0, labelsize=11)
    axes.spines[:].set_visible(False)


draw_rows(counts, words)
plt.show()

# %%
# The cosine
# ----------
# Long texts have large counts, so one does not compare lengths but directions::
#
#     cos(a, b) = sum of a_i * b_i / ( sqrt(sum of a_i^2) * sqrt(sum of b_i^2) )
#
# - The words that both have are *on*, *sat* and *the*: 1*1 + 1*1 + 2*2 = 6.
# - The squares of each row: 1 + 1 + 1 + 1 + 2*2 = 8.
# - So the cosine is 6 / (sqrt(8) * sqrt(8)) = 6/8 = **0.75**.
#
# Look where it comes from: *the* alone gives 4 of the 6. Hold that thought.


def cosine_by_hand(a, b):
    """Return the cosine of two dicts of numbers."""
    shared = sum(a[word] * b[word] for word in a if word in b)
    length_a = sqrt(sum(value**2 for value in a.values()))
    length_b = sqrt(sum(value**2 for value in b.values()))
    return shared / (length_a * length_b)


def cosine(vectorizer, first, second):
    """Return the cosine of two texts, as a vectorizer sees them."""
    a, b = vectorizer.fit_transform([first, second]).toarray().astype(float)
    return a @ b / sqrt((a @ a) * (b @ b))


by_hand = cosine_by_hand(counts_by_hand(A), counts_by_hand(B))
with_ours = cosine(CountVectorizer(), A, B)
print(f"by hand {by_hand:.4f}, with textvec {with_ours:.4f}")
assert abs(by_hand - 6 / 8) < 1e-12
assert abs(with_ours - 6 / 8) < 1e-12

# %%
# Rare words should count more
# ----------------------------
# TF-IDF multiplies each count by how rare its word is. Of n = 2 sentences, df hold the word::
#
#     idf = ln((1 + n) / (1 + df)) + 1
#
# - *on*, *sat*, *the* stand in both: ln(3/3) + 1 = 1.
# - *cat*, *dog*, *log*, *mat* stand in one: ln(3/2) + 1 = 1.405...
#
# The shared part stays 6. The squares of a row become 1 + 1 + 4 + 2 * 1.405^2 = 9.951, so the
# cosine falls to 6 / 9.951 = **0.603**: the sentences differ in just the words that say something.

rare = log(3 / 2) + 1
by_hand = 6 / (6 + 2 * rare**2)
with_ours = cosine(TfidfVectorizer(), A, B)
print(f"by hand {by_hand:.4f}, with textvec {with_ours:.4f}")
assert abs(by_hand - with_ours) < 1e-12

# %%
# Word order: n-grams
# -------------------
# Two sentences with the same words are the same bag, whatever they say. Pairs of neighbouring words
# (bigrams) keep a little of the order, triples more:
#
# - *the dog*, *dog bites*, *bites the*, *the man*
# - *the man*, *man bites*, *bites the*, *the dog*
#
# Three of four pairs are shared, each occurs once: cosine 3 / (2 * 2) = **0.75**. Of the triples
# (*the dog bites*, ...) none is: **0**.

DOG_BITES, MAN_BITES = "the dog bites the man", "the man bites the dog"
order = [cosine(CountVectorizer(ngram_range=(n, n)), DOG_BITES, MAN_BITES) for n in (1, 2, 3)]
print("words, pairs, triples:", np.round(order, 4))
assert np.allclose(order, [1, 3 / 4, 0], atol=1e-12)

# %%
# Chinese has no spaces
# ---------------------
# The usual rule for words, letters between spaces, takes a whole Chinese sentence for one word: no
# two sentences ever share one. (textvec warns, and names the two cures.) Either cut by jieba::
#
#     小猫 | 喜欢 | 小狗        小狗 | 喜欢 | 小猫        the same bag: cosine 1
#
# or count characters and their n-grams. By pairs: 小猫 猫喜 喜欢 欢小 小狗, and 小狗 狗喜 喜欢 欢小
# 小猫. Four of five are shared: **0.8**. By triples one of four: **0.25**.

CAT_LIKES, DOG_LIKES = "小猫喜欢小狗", "小狗喜欢小猫"  # the kitten likes the puppy, and vice versa
by_words = cosine(CountVectorizer(tokenizer="jieba"), CAT_LIKES, DOG_LIKES)
by_characters = [
    cosine(CountVectorizer(analyzer="char", ngram_range=(n, n)), CAT_LIKES, DOG_LIKES)
    for n in (1, 2, 3, 4)
]
print("jieba's words:", round(by_words, 4))
print("characters, pairs, triples, fours:", np.round(by_characters, 4))
assert abs(by_words - 1) < 1e-12
assert np.allclose(by_characters, [1, 4 / 5, 1 / 4, 0], atol=1e-12)

# %%
# All at once
# -----------
# The longer the n-gram, the stricter the eye. What is right depends on the question: a search for
# copies wants long n-grams, one for topics wants single words.

lines = {
    "the dog bites the man / the man bites the dog (words)": order,
    "kitten likes puppy / puppy likes kitten (Chinese characters)": by_characters,
    "cat on the mat / dog on the log (words)": [
        cosine(CountVectorizer(ngram_range=(n, n)), A, B) for n in (1, 2, 3, 4)
    ],
}
figure, axes = plt.subplots(figsize=(8, 4), layout="constrained")
for (label, values), marker in zip(lines.items(), "osD", strict=True):
    axes.plot(range(1, len(values) + 1), values, marker=marker, label=label)
axes.set_xticks([1, 2, 3, 4])
axes.set_xlabel("length of the n-grams")
axes.set_ylabel("cosine")
axes.legend(loc="upper right")
axes.set_ylim(-0.03, 1.35)
axes.set_yticks([0, 0.5, 1])
plt.show()

# %%
# What no counting sees
# ---------------------
# These two say the same and share not one word. Every method that compares counted terms gives 0,
# with any weights and any n. That is the gap that dense vectors are made for:
# :ref:`sphx_glr_gallery_sparse_vs_dense_english.py` asks when they fill it.

synonyms = cosine(TfidfVectorizer(), "my car is fast", "their automobile moves quickly")
print("cosine of two sentences with one meaning and no common word:", synonyms)
assert synonyms == 0
