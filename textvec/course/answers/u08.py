"""Unit 8: subwords, similarity and analogies."""

import numpy as np

from textvec.course.functions import judges
from textvec.datasets import load_novel
from textvec.dense.keyed_vectors import KeyedVectors


def exercise_1():
    """The runs of three characters of a word between its marks."""
    word = "<rain>"
    return {word[i : i + 3] for i in range(len(word) - 2)}


@judges("analogy")
def exercise_2(answer):
    """Judge a function that completes an analogy by adding and subtracting."""
    rng = np.random.default_rng(0)
    words = [f"w{i}" for i in range(30)]
    for round_ in range(5):
        lengths = rng.uniform(0.2, 5, (30, 1))  # so that it shows whether they are made equal
        table = KeyedVectors(rng.normal(size=(30, 4)) * lengths, words)
        a, b, c = rng.choice(words, 3, replace=False).tolist()
        found = answer(table, a, b, c)
        expected = table.most_similar(positive=[b, c], negative=[a], topn=1)[0][0]
        if found in (a, b, c):
            return "it returned one of the three words that were given: leave them out"
        if found != expected:
            return (
                f"on a table of 30 words it found a wrong word in round {round_ + 1} of 5: make "
                "all vectors of length 1, and rank by the cosine"
            )
    return None


def exercise_3(answer):
    """Judge ratings of one's own: enough pairs of known words, and not all alike."""
    if not isinstance(answer, dict):
        return "the answer must be a dict from pairs of words to your ratings"
    if len(answer) < 10:
        return f"it has {len(answer)} pairs, and at least 10 are asked for"
    if len(set(answer.values())) < 3:
        return "the ratings must have at least three different values, or no order can be compared"
    text = load_novel().text
    unknown = {word for pair in answer for word in pair if word not in text}
    if unknown:
        return f"the novel does not have {len(unknown)} of the words"
    return None


def _with_given_words(table, a, b, c):
    target = table.get_vector(b, norm=True) - table.get_vector(a, norm=True)
    return table.similar_by_vector(target + table.get_vector(c, norm=True), topn=1)[0][0]


def _nearest(table, a, b, c):
    return next(word for word, _ in table.most_similar(c, topn=3) if word not in (a, b))


SLIPS = {
    1: [({"rai", "ain"}, "the marks < and > for beginning and end belong to the word")],
    2: [
        (_with_given_words, "it returned one of the three words that were given: leave them out"),
    ],
}
WRONG = {
    1: [{"<ra", "rai", "ain", "in>", "n>"}, ["rain"]],
    2: [_nearest, lambda table, a, b, c: None, "analogy"],
    3: [{}, {("悟空", "八戒"): 5}, [1, 2, 3]],
}
