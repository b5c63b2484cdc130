"""
Sparse or dense? English
========================

"Is an embedding better than TF-IDF here, by how much, and what does it cost?" One table answers:
the same texts, folds and queries for all methods, and beside each score how sure it is. Then the
more useful half of the work: reading the very examples on which the methods disagree.

The texts are the mini benchmark that comes with textvec: 60 to 80 items for each of the eight types
of task of MTEB (Muennighoff et al. 2023). They were written for demonstrations like this one.
"""

# %%
# Seven ways of making vectors
# ----------------------------
# Sparse ones have a column for each term: a text without the word has a zero there. Dense ones have
# a few dozen columns that mean nothing by themselves; words that keep the same company share them.
#
# ===================  ====================================================================
# counts               how often each word occurs
# TF-IDF, words        count * (ln((1 + n) / (1 + df)) + 1), each row of length 1
# TF-IDF, characters   the same for runs of 2 to 4 characters within words
# BM25                 idf * count / (count + k1 * (1 - b + b * length / mean length))
# LSA                  TF-IDF, squeezed into 50 columns by a singular value decomposition
# PPMI                 words by their neighbours, max(0, ln(p(w, c) / (p(w) p(c)))), squeezed;
#                      a text is the mean of its words
# word2vec             words trained to foretell their neighbours; again the mean
# ===================  ====================================================================

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.base import clone

from textvec import (
    PPMI,
    BM25Vectorizer,
    CountVectorizer,
    LSAVectorizer,
    TfidfVectorizer,
    Word2Vec,
    compare,
)
from textvec.datasets import load_mini_benchmark
from textvec.evaluate.tasks import ClassificationTask, mini_benchmark_tasks

word2vec = Word2Vec(vector_size=50, min_count=1, alpha=0.025, epochs=20, random_state=0)
METHODS = {
    "counts": CountVectorizer(),
    "TF-IDF, words": TfidfVectorizer(),
    "TF-IDF, characters": TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4)),
    "BM25": BM25Vectorizer(),
    "LSA": LSAVectorizer(vector_size=50, random_state=0),
    "PPMI": PPMI(vector_size=50, min_count=1, random_state=0),
    "word2vec": word2vec,
}
tasks = mini_benchmark_tasks("en")
comparison = compare(METHODS, tasks)
comparison.plot()

# %%
# Bitext mining asks for the Chinese translation of an English sentence. All fail: no word is
# shared, and nothing here has ever seen a dictionary. It takes a multilingual encoder that was
# trained on translations; a score near 0 is the right answer to a question that these methods
# cannot be asked.
#
# Every other panel invites a story. Before telling it, ask whether there is anything to tell.
#
# How sure is that?
# -----------------
# ``low`` and ``high`` bound a 95 % bootstrap interval over the items of the task; ``p`` comes from
# a paired randomisation test against the best method: how often would a difference like this turn
# up if the two names were exchanged at random, item by item (Fisher 1935)?

sure = comparison.significance(n_resamples=2000)


def draw_intervals(ax, rows):
    """Draw the score of each method with its interval; hollow: no different from the best."""
    for place, row in enumerate(rows.itertuples()):
        differs = row.p < 0.05
        ax.plot([row.low, row.high], [place, place], color="0.6", zorder=1)
        ax.scatter(row.score, place, color="C0" if differs else "white", edgecolor="C0", zorder=2)
    ax.set_yticks(range(len(rows)), rows["method"])
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.set_title(rows["task"].iloc[0], fontsize=10)
    ax.grid(axis="x", color="0.9")


shown = ["classification (en)", "reranking (en)", "retrieval (en)", "similarity (en)"]
figure, panels = plt.subplots(2, 2, figsize=(10, 6), sharey=True, layout="constrained")
for ax, task in zip(panels.flat, shown, strict=True):
    draw_intervals(ax, sure[sure["task"] == task])
figure.suptitle("hollow: cannot be told from the best method of the task", fontsize=10)
plt.show()

# %%
# With 60 items the intervals are broad. Look at similarity: a method may lead by ten points and not
# be told from the others. But some differences are real: word2vec is bad at classification, and LSA
# beats every method that compares whole words at reranking. Let us see why.
#
# Where dense is better: nothing in common
# ----------------------------------------
# Reranking asks to put the answers before three sentences that do not answer. Many answers of this
# benchmark avoid the words of the question. Then a sparse cosine is exactly 0, for the right answer
# as for the wrong ones, and what is left is a draw.

pairs = load_mini_benchmark("en").reranking.explode("pos")
tfidf = TfidfVectorizer(stop_words="english").fit([*pairs["query"], *pairs["pos"]])
cosines = tfidf.transform(pairs["query"]).multiply(tfidf.transform(pairs["pos"])).sum(axis=1)
nothing_shared = np.mean(np.asarray(cosines) == 0)
print(f"{nothing_shared:.0%} of the right answers share no content word with their question.")

# %%
# LSA never read a dictionary either. It knows which words stood in the same texts: *sting* and
# *wasp* with *ice* and *cool* somewhere else. That is enough to break a draw. Here are the
# questions on which the two differ most, and what each put first:


def first_answers(a, b, task, n=6):
    """Return the disagreements of two methods, only the first answer of each."""
    table = comparison.disagreements(a, b, task, n=n)
    for name in (a, b):
        table[f"found by {name}"] = table[f"found by {name}"].str[0]
    columns = ["text", f"found by {a}", f"found by {b}", f"score of {a}", f"score of {b}"]
    return table[columns].set_index("text")


pd.set_option("display.max_colwidth", 90)
first_answers("LSA", "TF-IDF, words", "reranking (en)").round(2)

# %%
# Before praising density, look at the hollow dots again: TF-IDF of *characters* is not told from
# LSA there. *Squeaking* and *squeaks* share no word, but plenty of letters. Part of what looks like
# meaning is spelling.
#
# Where dense is worse: too little to learn from
# ----------------------------------------------
# word2vec is last at classification, by far. It learns its vectors from the texts of the task
# alone: here about 58 messages of a dozen words at a time. Pretrained vectors have seen billions of
# words.

documents = next(task.documents for task in tasks if task.name == "classification (en)")
model = clone(word2vec).fit(documents)
print(f"{len(documents)} messages, {model.keyed_vectors_.counts.sum()} words,")
print(
    f"of the {len(model.keyed_vectors_)} different ones",
    f"{np.mean(model.keyed_vectors_.counts == 1):.0%} occur once.",
)

# %%
# It could be worse, and not by the vectors' fault. All of these means of word vectors look much
# alike, and a classifier with the usual penalty, a logistic regression at C=1 as in MTEB's
# protocol, hardly dares to tell them apart. That is why C is chosen for each method, on training
# documents alone. A fair comparison must ask whether the step *after* the vectors suits them.

labels = next(task.labels for task in tasks if task.name == "classification (en)")
penalties = [ClassificationTask(documents, labels, f"C: {C}", C=C) for C in ("auto", 1.0)]
penalised = compare({"word2vec": word2vec}, penalties)
penalised.table[["method", "task", "accuracy", "macro F1", "chosen"]].round(3)

# %%
# What it costs
# -------------
# Up and to the left (or, for speed, to the right) is better; the grey line joins the methods that
# no other beats in both. So few texts cost nothing anywhere; what a method costs on a hundred
# thousand only a hundred thousand can show. The folder ``benchmarks`` of the repository does.

comparison.plot("tradeoff")

# %%
# What may be concluded
# ---------------------
# - On these texts no dense method that was trained on the spot is better than the best sparse one.
#   Counting with good weights is hard to beat without outside knowledge, and costs least.
# - Where texts that belong together avoid each other's words, LSA helps significantly against
#   words, but not against characters. Sparse and dense are two dials, not two camps.
# - Most differences between neighbours in a table of 60 items are noise. Whoever reports only the
#   first figure tells many stories where the data hold two.
# - Every number here measures one author's texts, too. Real sets are a function away, see ``textvec
#   datasets`` and :func:`~textvec.evaluate.tasks_of`.
#
# A pretrained encoder brings the outside knowledge along. It goes into the same dict, and the same
# questions should be asked of it:
#
# .. code-block:: python
#
#    METHODS["MiniLM"] = TransformerVectorizer("sentence-transformers/all-MiniLM-L6-v2")
#
# To end with, the claims of this page, checked whenever it is built:

score = comparison.table.pivot(index="method", columns="task", values="score")
dense = ["LSA", "PPMI", "word2vec"]
p = sure.set_index(["task", "method"])["p"]

assert (score["bitext mining (en)"] < 0.1).all()
assert nothing_shared > 0.5
assert score["reranking (en)"].idxmax() in dense
assert (p["reranking (en)"][["counts", "TF-IDF, words", "BM25"]] < 0.05).all()
assert p["reranking (en)"]["TF-IDF, characters"] > 0.05
assert score["classification (en)"].idxmin() == "word2vec"
assert p["classification (en)"]["word2vec"] < 0.01
assert not sure.loc[sure["method"].isin(dense), "winner"].any()
assert penalised.table["score"][0] > penalised.table["score"][1] + 0.1
