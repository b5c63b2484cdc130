"""Unit 1: tokens."""

import itertools

from textvec.course.differences import difference
from textvec.course.functions import function_difference, judges
from textvec.sparse.counts import CountVectorizer

WORDS = {"研究", "研究生", "生命", "命", "生", "的", "起源"}


def exercise_1():
    """Return a sentence cut by backward maximum matching."""
    text, words = "研究生命的起源", []
    while text:
        length = max((n for n in range(1, 5) if text[-n:] in WORDS), default=1)
        words.insert(0, text[-length:])
        text = text[:-length]
    return words


@judges("pairs_of")
def exercise_2(answer):
    """Judge a function from a text to its pairs of Chinese characters."""
    texts = ("湖边的老房子", "有早餐，有 wifi，停车方便。", "a sea view", "海")
    return function_difference(
        answer, _pairs_of, [(text,) for text in texts], SLIPS[2], _list_difference
    )


def _pairs_of(text):
    tokens = CountVectorizer(analyzer="mixed").build_analyzer()(text)
    return [token for token in tokens if len(token) == 2 and token > "\u4e00"]


def _list_difference(found, right):
    if not isinstance(found, list):
        return f"a list is wanted, and it makes a {type(found).__name__}"
    if found == right:
        return None
    return difference(found, set(right)) or "the order or the number of pairs is another"


def _across(text):
    return _neighbours([one for one in text if "\u4e00" <= one <= "\u9fff"])


def _neighbours(text):
    return [a + b for a, b in itertools.pairwise(text)]


SLIPS = {
    1: [
        (["研究生", "命", "的", "起源"], "that is the cut from the left: begin at the end"),
        (["起源", "的", "生命", "研究"], "give the words in reading order"),
    ],
    2: [
        (_across, "a pair reaches across what is no Chinese character"),
        (_neighbours, "some pairs hold what is no Chinese character"),
        (lambda text: list(text), "these are single characters"),
    ],
}
WRONG = {
    1: ["研究/生命/的/起源", ["研究", "生命", "起源"]],
    2: [lambda text: [], lambda text: "".join(_across(text)), ["湖边"]],
}
