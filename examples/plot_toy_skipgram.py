"""
Skip-gram from scratch, and why negative sampling exists
========================================================

Thirteen sentences, fifteen words, two numbers a word: small enough to see everything that
skip-gram does. First in plain NumPy with the full softmax, as the formula says; then the same
sentences through :class:`~textvec.Word2Vec`, which never sums over the vocabulary.
"""

# %%
# The corpus
# ----------
# Nobody tells the model that a cat is like a dog, or a violin like a piano. But words of a kind
# keep the same company: pets are fed, instruments are played and tuned.

import time

import matplotlib.pyplot as plt
import numpy as np

from textvec import Word2Vec

SENTENCES = [
    "anna feeds her cat",
    "anna feeds her dog",
    "ben feeds his dog",
    "ben walks his dog",
    "cat chases mouse",
    "dog chases mouse",
    "dog chases cat",
    "mouse fears cat",
    "anna plays her violin",
    "anna plays her piano",
    "anna tunes her piano",
    "ben plays his piano",
    "ben tunes his violin",
]

# %%
# Skip-gram with the full softmax
# -------------------------------
# Each word ``w`` has a vector ``v_w``, and another one, ``u_c``, for when it stands in the context
# of a word. The model guesses the words ``c`` at most ``WINDOW`` places from ``w``::
#
#     p(c | w) = exp(u_c . v_w) / sum over all words x of exp(u_x . v_w)
#
# and learns by making the pairs that it saw more likely: gradient descent on the mean of
# ``-log p(c | w)``. These sixty lines are all there is to it.

WINDOW, SIZE = 2, 2


def pairs_of(sentences, window):
    """Return all (word, context word) pairs as numbers, and the words that these stand for."""
    words = sorted({word for sentence in sentences for word in sentence.split()})
    number = {word: i for i, word in enumerate(words)}
    pairs = []
    for sentence in sentences:
        row = [number[word] for word in sentence.split()]
        for i, word in enumerate(row):
            for j in range(max(0, i - window), min(len(row), i + window + 1)):
                if j != i:
                    pairs.append((word, row[j]))
    return np.array(pairs), words


def softmax(scores):
    """Turn each row of scores into probabilities."""
    exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))  # so that none overflows
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def gradients(vectors, contexts, pairs):
    """Return the mean loss of the pairs, and its gradients for both tables of vectors."""
    word, context = pairs.T
    every_pair = np.arange(len(pairs))
    probabilities = softmax(vectors[word] @ contexts.T)  # (n_pairs, n_words)
    loss = -np.log(probabilities[every_pair, context]).mean()
    # The loss rises with a score by p - 1 for the word that was seen, by p for every other one.
    error = probabilities
    error[every_pair, context] -= 1
    error /= len(pairs)
    of_vectors = np.zeros_like(vectors)
    np.add.at(of_vectors, word, error @ contexts)  # a word is in many pairs
    return loss, of_vectors, error.T @ vectors[word]


def train(pairs, n_words, size, steps=500, rate=1.0, seed=0):
    """Return the vectors of the words, and the loss at each step."""
    rng = np.random.default_rng(seed)
    vectors = rng.normal(0, 0.1, (n_words, size))  # v
    contexts = rng.normal(0, 0.1, (n_words, size))  # u
    losses = []
    for _ in range(steps):
        loss, of_vectors, of_contexts = gradients(vectors, contexts, pairs)
        vectors -= rate * of_vectors
        contexts -= rate * of_contexts
        losses.append(loss)
    return vectors, losses


pairs, words = pairs_of(SENTENCES, WINDOW)
vectors, losses = train(pairs, len(words), SIZE)
print(f"{len(words)} words, {len(pairs)} pairs: loss {losses[0]:.2f} -> {losses[-1]:.2f} nats")
print(f"Blind guessing costs ln({len(words)}) = {np.log(len(words)):.2f} nats.")

# %%
# What it costs
# -------------
# Each guess looks at every word of the vocabulary. Fifteen words are no trouble. But the work
# grows with the vocabulary, and a real text has a hundred thousand words.

rng = np.random.default_rng(0)
for n_words in (15, 1_500, 15_000):
    tables = rng.normal(0, 0.1, (2, n_words, 50))
    some_pairs = rng.integers(0, n_words, (30, 2))
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        gradients(*tables, some_pairs)
        seconds.append(time.perf_counter() - start)
    microseconds = min(seconds) / len(some_pairs) * 1e6
    print(f"{n_words:7,} words: {microseconds:9,.0f} microseconds a pair")

# %%
# The same with negative sampling
# -------------------------------
# Negative sampling asks something easier: is ``c`` a word from the context of ``w``, or one drawn
# at random? With two such noise words a pair takes three products, whatever the size of the
# vocabulary. What is learned is no longer the probability of a word, so the two losses do not
# compare. But words of a kind still meet.

model = Word2Vec(
    vector_size=SIZE,
    window=WINDOW,
    min_count=1,
    negative=2,
    sample=0,  # in so little text no word is too frequent
    shrink_windows=False,
    alpha=0.1,
    epochs=500,
    random_state=0,
)
table = model.fit(SENTENCES).keyed_vectors_
print(f"loss {model.loss_history_[0]:.2f} -> {model.loss_history_[-1]:.2f} nats")

# %%
# Both, side by side
# ------------------
# The axes mean nothing: only who stands near whom does. Both find the chase (chases, fears), the
# pets (cat, dog), the instruments (violin, piano) and what is done to them (plays, tunes).


def scatter(ax, vectors, title):
    """Draw a word at each vector."""
    ax.scatter(*np.transpose(vectors), s=12)
    for word, vector in zip(words, vectors, strict=True):
        others = vectors[(vectors != vector).any(axis=1)]
        nearest = others[np.linalg.norm(others - vector, axis=1).argmin()]
        side, shift = ("right", -4) if vector[0] < nearest[0] else ("left", 4)  # away from it
        ax.annotate(word, vector, (shift, -3), textcoords="offset points", ha=side)
    ax.margins(0.15)
    ax.set_title(title)


figure, (left, right) = plt.subplots(1, 2, figsize=(11, 5), layout="constrained")
scatter(left, vectors, "NumPy, full softmax")
scatter(right, table[words], "Word2Vec, negative sampling")
plt.show()
