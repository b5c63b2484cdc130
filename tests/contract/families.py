"""Families of estimators: what each is fitted on, what it is asked, and how answers compare."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from .texts import CORPUS, ODD, OTHER


@dataclass(frozen=True)
class Family:
    """What estimators of one kind share.

    Parameters
    ----------
    corpus, other : object
        What ``fit`` takes, and something else that it takes.
    queries : sequence
        What fitted estimators are asked about.
    calls : mapping from str to callable
        Methods to ask, and what makes their arguments of queries; those that an estimator lacks
        are left out.
    methods : mapping from str to tuple
        Further methods that need ``fit``, with arguments.
    without : mapping from feature or check to str
        What does not apply, and why.
    """

    corpus: Any
    other: Any
    queries: Any
    calls: Mapping[str, Callable]
    methods: Mapping[str, tuple] = field(default_factory=dict)
    without: Mapping[str, str] = field(default_factory=dict)

    def calls_of(self, estimator, queries=None):
        """Return (bound method, arguments) for all that an estimator is to be asked."""
        queries = self.queries if queries is None else queries
        return [
            (getattr(estimator, name), arguments)
            for name, arguments_of in self.calls.items()
            if hasattr(estimator, name)
            for arguments in arguments_of(queries)
        ]

    def ask(self, estimator, queries=None):
        """Return all answers, in a list."""
        return [method(*arguments) for method, arguments in self.calls_of(estimator, queries)]

    def fit(self, estimator, corpus=None):
        """Fit an estimator that has something to learn, and return it."""
        corpus = self.corpus if corpus is None else corpus
        return estimator.fit(corpus) if hasattr(estimator, "fit") else estimator


def assert_same(found, expected, atol=0):
    """Assert that two answers are equal, or nearly: arrays, matrices, tables, lists of these."""
    assert type(found) is type(expected)
    if isinstance(expected, list | tuple):
        assert len(found) == len(expected)
        for one, other in zip(found, expected):
            assert_same(one, other, atol)
    elif isinstance(expected, dict):
        assert list(found) == list(expected)
        assert_same(list(found.values()), list(expected.values()), atol)
    elif sparse.issparse(expected):
        assert found.dtype == expected.dtype
        assert_allclose(found.toarray(), expected.toarray(), rtol=0, atol=atol)
    elif isinstance(expected, pd.DataFrame):
        pd.testing.assert_frame_equal(found, expected, check_exact=not atol, atol=atol)
    elif isinstance(expected, np.ndarray):
        assert found.dtype == expected.dtype
        if atol and expected.dtype.kind == "f":
            assert_allclose(found, expected, rtol=0, atol=atol)
        else:
            assert_array_equal(found, expected, strict=True)
    else:
        assert found == expected


def rows_of(answer, rows):
    """Return some rows of each part of an answer."""
    if isinstance(answer, list | tuple):
        return type(answer)(rows_of(part, rows) for part in answer)
    return answer[rows]


def stacked(answers):
    """Return answers to single queries as one answer to all of them."""
    first = answers[0]
    if isinstance(first, list | tuple):
        return type(first)(stacked(parts) for parts in zip(*answers))
    if sparse.issparse(first):
        return type(first)(sparse.vstack(answers, format="csr"))
    return np.concatenate(answers)


def _at_once(queries):
    return [(queries,)]


def _one_by_one(queries):
    return [(query,) for query in queries]


_random = np.random.default_rng(0)
_COUNTS = sparse.csr_matrix(_random.poisson(0.7, size=(12, 6)).astype(np.float64) + np.eye(12, 6))
_VECTORS = _random.normal(size=(48, 4)).astype(np.float32)
_NEAR = [*CORPUS, *(text.replace("quiet", "silent") for text in CORPUS)]
_STORY = """第一回 出海

悟空与悟净同坐船头，看海。八戒在船尾睡觉。悟空笑八戒，悟净不语。
八戒醒来，问悟净何时开饭。悟净说：悟空在做饭。

第二回 上山

悟空带八戒上山，悟净守船。八戒叫苦，悟空大笑。悟净等了一日。
"""
_NAMES = ["悟空", "八戒", "悟净"]

SPAWNED = "a spawned process shows it, and to load a library takes long"
FORKED = "the threads of its libraries do not outlive a fork: joblib and loky spawn"
_NUMBERED = {"order": "items are numbered in order"}
NO_TEXTS = {"texts": "it takes no texts"}
NO_COLUMNS = {"columns": "it has no transform"}
_NOT_A_TRANSFORMER = {**NO_COLUMNS, "transform": "it has no transform"}

TEXTS = Family(
    CORPUS,
    OTHER,
    [*CORPUS[:4], *ODD.values(), *CORPUS[4:]],
    {"transform": _at_once, "transform_queries": _at_once},
    {"get_feature_names_out": (), "query_offset": (["sea"],)},
    {"matrix": "it takes texts"},
)
COUNTS = Family(
    _COUNTS,
    _COUNTS[:5] * 2,
    _COUNTS[3:9],
    {"transform": _at_once, "transform_queries": _at_once},
    {"get_feature_names_out": (), "query_offset": (_COUNTS,)},
    {**NO_TEXTS, "tables": "its matrices stay sparse, as scikit-learn's"},
)
ROWS = Family(
    _VECTORS,
    _VECTORS[:30] * 2,
    _VECTORS[5:11] + np.float32(0.1),
    {"kneighbors": lambda queries: [(queries, 3)]},
    {"search": (_VECTORS,), "add": (_VECTORS,), "remove": (0,)},
    {**NO_TEXTS, **_NOT_A_TRANSFORMER, **_NUMBERED},
)
_WEIGHTS = np.abs(_VECTORS)
WEIGHTS = replace(
    ROWS,
    corpus=_WEIGHTS,
    other=_WEIGHTS[:30] * 2,
    queries=_WEIGHTS[5:11] + np.float32(0.1),
    methods={"search": (_WEIGHTS,), "add": (_WEIGHTS,), "remove": (0,)},
)
VIEWS = Family(
    [_VECTORS, _VECTORS[:, ::-1] ** 2],
    [_VECTORS[:15], _VECTORS[:15] ** 3],
    [_VECTORS[5:11], _VECTORS[:6]],
    {"kneighbors": lambda queries: [(queries, 3)], "search": lambda queries: [(queries, 3)]},
    {},
    {
        **NO_TEXTS,
        **_NOT_A_TRANSFORMER,
        "matrix": "it takes several matrices, which its indexes check",
        "rows": "queries come in views, not in rows",
        **_NUMBERED,
        "n_jobs": "its indexes have it",
    },
)
DUPLICATES = Family(
    _NEAR,
    OTHER,
    TEXTS.queries,
    {"transform": _at_once, "kneighbors": lambda queries: [(queries, 1)]},
    {"near_duplicates": (), "candidate_probability": (0.5,), "add": (["a"],), "remove": (0,)},
    {
        "matrix": "it takes texts",
        "transform": "signatures are not for pipelines",
        "zeros": "signatures of nothing are full",
        **_NUMBERED,
        "columns": "slots of signatures have no names",
    },
)
ITEMS = Family(
    CORPUS,
    OTHER,
    ["a quiet sea view", "breakfast at the airport"],
    {"query": _one_by_one, "similar": lambda queries: [(0,)], "explain": lambda queries: [(0, 0)]},
    {"recommend": (0,), "add": (["a bar"],), "plot_map": (), "evaluate": (pd.DataFrame(),)},
    {
        "matrix": "it takes items with texts",
        "rows": "it is asked for one text at a time",
        "zeros": "it has no transform",
        **_NUMBERED,
        "n_jobs": "its vectorizer has it",
        **_NOT_A_TRANSFORMER,
    },
)
NOVELS = Family(
    _STORY,
    _STORY.replace("悟净", "唐僧"),
    _NAMES[:2],
    {
        "similar": _one_by_one,
        "nearest_words": _one_by_one,
        "between": lambda names: [tuple(names)],
    },
    {"analogy": (_NAMES[:1],), "plot_map": (), "plot_network": ()},
    {
        "texts": "it reads one novel",
        "matrix": "it reads one novel",
        "rows": "it is asked for one name at a time",
        "order": "a story has one order",
        "n_jobs": "its word vectors have it",
        **_NOT_A_TRANSFORMER,
    },
)
PAIRS = Family(
    None,
    None,
    ["a sea view", "breakfast"],
    {
        "rank": lambda queries: [(query, CORPUS) for query in queries],
        "score": lambda queries: [([(query, text) for query in queries for text in CORPUS],)],
    },
    {},
    {
        "fit": "there is nothing to learn",
        "texts": "it takes pairs of texts",
        "matrix": "it takes pairs of texts",
        "rows": "it is asked for one query at a time",
        "n_jobs": "its library has threads of its own",
        "loky": SPAWNED,
        "fork": FORKED,
        "save": "it is a model's name and settings",
        **_NOT_A_TRANSFORMER,
    },
)
TOKENS = Family(
    None,
    None,
    TEXTS.queries,
    {"__call__": _one_by_one},
    {},
    {
        "fit": "there is nothing to learn",
        "texts": "it cuts one text at a time",
        "matrix": "it takes a text",
        "rows": "it cuts one text at a time",
        "n_jobs": "it cuts one text at a time",
        **_NOT_A_TRANSFORMER,
    },
)
