"""Parameters of the drop-ins, drawn at random in any combination."""

import re
from functools import partial

import numpy as np

from drop_ins.suite import test_parity_counts as counts
from drop_ins.suite.parity import PIECES

_GROUPS = [
    r"(?u)\b(\w\w)\w*",
    r"(\w)|(?:\d+)",
    r"(?:a|b)+",
    r"(?P<one>\w+)-",
    r"(?=(\w\w))",
    r"()\w",
]
_WRONG_PATTERNS = [r"(\w)(\w)", r"(\w", None]
PATTERNS = [*counts.PATTERNS, *_GROUPS]


def _failing(text):
    raise LookupError(f"no tokens of {text[:3]!r}")


def _fives(text):
    return [text[place : place + 5] for place in range(0, len(text), 5)] * 2


def _nothing(text):
    return []


def _upper_and_numbers(text):
    return [word.upper() if len(word) % 2 else len(word) for word in text.split()]


_TOKENIZERS = [
    *(counts.split_at_spaces, counts.split_lazily, counts.tokens_with_spaces, list, str.split),
    *(partial(str.split, maxsplit=2), re.compile(r"\w+").findall, str.splitlines, _fives, _nothing),
]
_ANALYZERS = [
    *_TOKENIZERS,
    *(counts.word_lengths, counts.word_pairs, counts.identity, str.encode, set, _upper_and_numbers),
]
_PREPROCESSORS = [
    *(counts.swap_case, counts.drop_vowels, str.upper, str.strip, str.title, counts.identity),
    *(lambda text: text[::-1], lambda text: "", lambda text: text * 2),
]


def _usually(rng, usual, others, odds=3):
    """Return ``usual`` with odds of so many to one, else one of the others."""
    return usual if rng.randrange(odds + 1) else rng.choice(others)


def _analysis(rng):
    """Return the parameters that make terms of documents, those that all vectorizers have."""
    params = {
        "strip_accents": _usually(rng, None, ["ascii", "unicode", counts.drop_vowels], 2),
        "lowercase": _usually(rng, True, [False]),
        "preprocessor": _usually(rng, None, _PREPROCESSORS, 8),
        "tokenizer": _usually(rng, None, [*_TOKENIZERS, _failing], 6),
        "stop_words": _usually(rng, None, _stop_lists(rng), 2),
        "token_pattern": _usually(rng, counts.DEFAULT_PATTERN, PATTERNS, 1),
        "ngram_range": _usually(rng, (1, 1), [*counts.NGRAM_RANGES, (0, 1), (2, 1), (4, 7)], 1),
        "analyzer": rng.choice(["word"] * 6 + ["char", "char_wb", "callable"]),
        "binary": _usually(rng, False, [True]),
    }
    if params["analyzer"] == "callable":
        params["analyzer"] = rng.choice([*_ANALYZERS, _failing])
    if rng.random() < 0.03:
        params["token_pattern"] = rng.choice(_WRONG_PATTERNS)
    if params["tokenizer"] is not None and rng.random() < 0.7:
        params["token_pattern"] = None
    return params


def _stop_lists(rng):
    words = [*rng.choices(PIECES, k=3), "a", "酒店", "é", ""]
    return [*counts.STOP_LISTS[1:], words, ["The", "Sea"], ["don't", "e-mail"], ["a", "bb", "b b"]]


def _vocabulary(rng):
    """Return a vocabulary of any kind, not always a valid one."""
    known = ["sea", "the", "a", "b", "c", "a b", "aa", "aa bb", "酒店", "é", "Aa", "", " ", "ας"]
    terms = rng.sample([*known, *(piece for piece in PIECES if len(piece) < 20)], rng.randrange(9))
    if rng.random() < 0.1:
        terms += terms[:1]
    columns = rng.sample(range(len(terms)), len(terms))
    return rng.choice(
        [
            terms,
            tuple(terms),
            set(terms),
            frozenset(terms),
            dict(zip(terms, columns)),
            dict(zip(terms, np.array(columns, np.int64))),
            dict(zip(terms, [2 * column for column in columns])),
            dict(zip(terms, [column // 2 for column in columns])),
            dict.fromkeys(terms).keys(),
        ]
    )


def _of_counts(rng):
    return {
        "min_df": _usually(rng, 1, [2, 3, 0.0, 0.1, 0.3, 0.5, 1.0, 9, 0]),
        "max_df": _usually(rng, 1.0, [0.9, 0.5, 0.34, 2, 3, 10, 1, 0.0]),
        "max_features": _usually(rng, None, [1, 2, 3, 5, 20, 1000], 2),
        "vocabulary": None if rng.randrange(5) else _vocabulary(rng),
    }


def _of_weights(rng):
    return {
        "norm": rng.choice(["l2", "l2", "l1", None]),
        "use_idf": _usually(rng, True, [False]),
        "smooth_idf": _usually(rng, True, [False], 2),
        "sublinear_tf": _usually(rng, False, [True], 2),
    }


def parameters(kind, rng):
    """Return parameters of scikit-learn's.

    Parameters
    ----------
    kind : {"CountVectorizer", "TfidfVectorizer", "HashingVectorizer", "TfidfTransformer"}
    rng : random.Random

    Returns
    -------
    dict
    """
    floats = [np.float32, "float32", "f8", float]
    match kind:
        case "CountVectorizer":
            dtype = _usually(rng, np.int64, counts.DTYPES)
            return _analysis(rng) | _of_counts(rng) | {"dtype": dtype}
        case "TfidfVectorizer":
            dtype = _usually(rng, np.float64, [*floats, np.int64, np.uint8])
            return _analysis(rng) | _of_counts(rng) | _of_weights(rng) | {"dtype": dtype}
        case "HashingVectorizer":
            return _analysis(rng) | {
                "n_features": rng.choice([1, 2, 3, 7, 64, 1000, 4097, 2**20, 2**31 - 1]),
                "norm": rng.choice(["l2", "l1", None]),
                "alternate_sign": _usually(rng, True, [False], 1),
                "dtype": _usually(rng, np.float64, [*floats, np.int64, np.int32, bool]),
            }
        case _:
            return _of_weights(rng)
