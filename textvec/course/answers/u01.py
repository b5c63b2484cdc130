"""Unit 1: tokens."""

import itertools

from textvec.course.differences import difference
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


def exercise_2(answer):
    """Judge a function from a text to its pairs of Chinese characters."""
    if not callable(answer):
        return "a function is wanted: write pairs_of, without brackets"
    analyze = CountVectorizer(analyzer="mixed").build_analyzer()
    for text in ("湖边的老房子", "有早餐，有 wifi，停车方便。", "a sea view", "海"):
        wanted = [token for token in analyze(text) if len(token) == 2 and token > "\u4e00"]
        given = answer(text)
        if not isinstance(given, list):
            return f"a list is wanted, and of {text!r} it makes a {type(given).__name__}"
        if given != wanted:
            return f"of {text!r}, {difference(given, set(wanted)) or 'the order is another'}"
    return None


def _across(text):
    han = [one for one in text if "\u4e00" <= one <= "\u9fff"]
    return [a + b for a, b in itertools.pairwise(han)]


WRONG = {
    1: [
        ["研究生", "命", "的", "起源"],
        ["起源", "的", "生命", "研究"],
        "研究/生命/的/起源",
        ["研究", "生命", "起源"],
    ],
    2: [
        _across,
        lambda text: [a + b for a, b in itertools.pairwise(text)],
        lambda text: list(text),
        lambda text: [],
        lambda text: "".join(_across(text)),
        ["湖边"],
    ],
}
