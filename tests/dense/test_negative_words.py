"""The negative half of a question: what words should not be like, in one question or in several."""

import numpy as np
import pytest

from textvec import KeyedVectors

WORDS = ["sea", "lake", "tax", "fee"]
TABLE = KeyedVectors([[1, 0.1], [1, 0.5], [0.3, 1], [0.1, 1]], WORDS)


def unit(vector):
    return vector / np.linalg.norm(vector)


def test_the_vector_of_a_negative_word_is_taken_off_and_the_word_left_out():
    for negative in ("tax", 2, ["tax"], [("tax", -1.0)], unit(TABLE.vectors[2])):
        found = TABLE.most_similar("sea", negative, topn=4)
        asked = unit(unit(TABLE.vectors[0]) - unit(TABLE.vectors[2]))
        cosines = {word: float(unit(TABLE[word]) @ asked) for word in WORDS}
        left = ["lake", "fee"] + ["tax"] * isinstance(negative, np.ndarray)  # a vector is no word
        assert {word for word, _ in found} == set(left)
        assert dict(found) == pytest.approx({word: cosines[word] for word in left}, abs=1e-6)
        assert found[0][0] == "lake"


def test_several_questions_have_a_negative_half_each():
    positive, negative = [["sea"], ["tax"], []], [["tax"], [], ["lake", "fee"]]
    for method in (TABLE.most_similar, TABLE.most_similar_cosmul):
        n = 3 if method == TABLE.most_similar else 2  # a product wants something to be like
        expected = [method(plus, minus) for plus, minus in zip(positive[:n], negative[:n])]
        assert method(positive[:n], negative[:n]) == expected
    alone = TABLE.most_similar(negative=[["sea"], ["tax"]])
    assert alone == [TABLE.most_similar(negative=[word]) for word in ("sea", "tax")]
    assert [found[0][0] for found in alone] == ["fee", "sea"]
