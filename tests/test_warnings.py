"""Every warning names the user's line, however deep it arose, with scikit-learn between or not."""

import re
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import FeatureUnion, Pipeline

import textvec
from textvec import (
    CharacterRecommender,
    ContentRecommender,
    CountVectorizer,
    ExactIndex,
    HashingVectorizer,
    KeyedVectors,
    TfidfVectorizer,
    TransformerVectorizer,
    TreeIndex,
    compare,
    mine_hard_negatives,
    top_k,
)
from textvec.evaluate.tasks import STSTask

from .encoders.tiny_models import write_bert, write_sentence_config

CHINESE = ["海景房间，安静。", "机场旁边的酒店，班车。"] * 3
LABELS = [0, 1] * 3
TEXTS = ["sea view", "quiet room", "sea and room"]
ROWS = np.array([[1.0, 0.0], [0.0, 0.0]], np.float32)
STORY = "阿明看见小红。阿明和小红去海边。" * 9
HAN = "mostly in Chinese characters"


def _table(folder):
    """Return a file with two words that look the same."""
    (folder / "table.txt").write_bytes(b"2 1\ncaf\xe9 1\ncaf\xea 2\n")
    return folder / "table.txt"


def _compared(folder):
    """Compare while a file takes the place of the cache."""
    cache = folder / "cells"

    class Words(CountVectorizer):
        def fit(self, raw_documents, y=None):
            if cache.is_dir():
                cache.rmdir()
                cache.write_text("", encoding="utf-8")
            return super().fit(raw_documents)

    return compare({"words": Words()}, [STSTask(TEXTS, TEXTS[::-1], [1, 5, 2])], cache=cache)


def _bert(folder, pooling):
    """Encode with random weights, whose folder says nothing, or something else, about pooling."""
    pytest.importorskip("transformers")
    write_bert(folder)
    if pooling != "auto":
        write_sentence_config(folder)
    encoder = TransformerVectorizer(folder, pooling=pooling)
    return Pipeline([("encoder", encoder)]).set_output(transform="default").fit_transform(TEXTS)


def _pipeline(**parameters):
    return Pipeline([("words", CountVectorizer(**parameters)), ("bayes", MultinomialNB())])


CASES = {
    "Chinese": (HAN, lambda _: CountVectorizer().fit(CHINESE)),
    "Chinese, threads": (HAN, lambda _: TfidfVectorizer(n_jobs=2).fit_transform(CHINESE)),
    "Chinese, set_output": (
        HAN,
        lambda _: HashingVectorizer().set_output(transform="default").transform(CHINESE),
    ),
    "Chinese, pipeline": (HAN, lambda _: _pipeline().fit(CHINESE, LABELS)),
    "Chinese, union": (HAN, lambda _: FeatureUnion([("a", CountVectorizer())]).fit(CHINESE)),
    "Chinese, search": (
        HAN,
        lambda _: GridSearchCV(_pipeline(), {"words__binary": [True]}, cv=2).fit(CHINESE, LABELS),
    ),
    "dtype": ("'dtype' should be", lambda _: TfidfVectorizer(dtype=np.int32).fit(TEXTS)),
    "zeros": ("all zeros", lambda _: ExactIndex().fit(ROWS)),
    "zeros, another index": ("all zeros", lambda _: TreeIndex().fit(ROWS)),
    "zeros, top_k": ("all zeros", lambda _: top_k(ROWS, ROWS[:1], 1)),
    "negatives": (
        "fewer than 9 negatives",
        lambda _: mine_hard_negatives(["sea"], ["x"], TEXTS, TfidfVectorizer(), (0, 3), 9),
    ),
    "unknown words": (
        "Unknown words",
        lambda _: KeyedVectors(np.eye(2), ["a", "b"]).doesnt_match(["a", "b", "c"]),
    ),
    "words read alike": (
        "come again and are left out",
        lambda folder: KeyedVectors.load_word2vec_format(_table(folder), unicode_errors="replace"),
    ),
    "query": ("nothing matches", lambda _: ContentRecommender().fit(TEXTS).query("zeppelin")),
    "characters": (
        "too rarely",
        lambda _: CharacterRecommender(["阿明", "小红", "阿光"], random_state=0).fit(STORY),
    ),
    "cell": ("not stored", _compared),
    "no pooling": ("says nothing about pooling", lambda folder: _bert(folder, "auto")),
    "another pooling": ("was trained with pooling", lambda folder: _bert(folder, "cls")),
}


@pytest.mark.parametrize("case", CASES)
def test_a_warning_names_the_users_line(case, tmp_path):
    message, run = CASES[case]
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        run(tmp_path)
    places = {warning.filename for warning in told if re.search(message, str(warning.message))}
    assert places == {__file__}


def test_each_line_is_told_once():
    """Python remembers by module and line what it showed, as the default filter wants it."""
    words = KeyedVectors(np.eye(2), ["a", "b"])
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("default")
        for _ in range(3):
            words.doesnt_match(["a", "b", "c"])
        words.doesnt_match(["a", "b", "c"])
    assert [warning.lineno - told[0].lineno for warning in told] == [0, 1]


def test_without_a_line_of_the_users_it_names_the_outermost():
    """In a thread that was started with a method of ours."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        thread = threading.Thread(target=ExactIndex().fit, args=(ROWS,))
        thread.start()
        thread.join()
    assert [Path(warning.filename).name for warning in told] == ["threading.py"]


def test_all_warnings_are_given_that_way():
    package = Path(textvec.__file__).parent
    given = [
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if re.search(r"\bwarnings\.warn|\bimport warn\b", path.read_text(encoding="utf-8"))
    ]
    assert given == ["_checks.py"]
