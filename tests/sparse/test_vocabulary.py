"""A vocabulary that is there when it is looked at: a plain dict for users, tables for the rest."""

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.feature_extraction import text as sklearn_text
from sklearn.utils.validation import check_is_fitted

import textvec
from textvec.sparse.terms import Terms

from .parity import assert_same_matrix

REVIEWS = [
    "A quiet room with a view of the sea, and the sea again.",
    "The hotel was booked; the room was clean!",
    "",
    "caf\u00e9 by the sea: no view \U0001f3e8 \ud800",
]
MANY = REVIEWS * 60  # too many to be looked up in a dict
OPTIONS = [
    {},
    {"ngram_range": (1, 2), "stop_words": "english"},
    {"analyzer": "char", "ngram_range": (1, 2)},
    {"analyzer": "char_wb", "ngram_range": (2, 3)},
    {"max_features": 5, "ngram_range": (1, 2)},
    {"tokenizer": str.split, "token_pattern": None, "ngram_range": (1, 2)},
]


@pytest.fixture
def made(monkeypatch):
    """Give the list that grows by one with each dict that is made."""
    make, made = Terms._make, []

    def counted(terms):
        made.append(terms)
        return make(terms)

    monkeypatch.setattr(Terms, "_make", counted)
    return made


def pair(options):
    """Return our vectorizer and scikit-learn's, fitted alike."""
    ours, theirs = textvec.CountVectorizer(**options), sklearn_text.CountVectorizer(**options)
    return ours.fit(REVIEWS), theirs.fit(REVIEWS)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_who_looks_finds_the_dict_of_scikit_learn(options, made):
    ours, theirs = pair(options)
    assert not made
    assert type(ours.vocabulary_) is dict
    assert list(ours.vocabulary_) == list(textvec.CountVectorizer(**options).fit(MANY).vocabulary_)
    assert ours.vocabulary_ == theirs.vocabulary_
    if "max_features" not in options:  # else scikit-learn's order is that of the set it came from
        assert list(ours.vocabulary_.items()) == list(theirs.vocabulary_.items())
    assert set(map(type, ours.vocabulary_.values())) == {int}
    assert ours.vocabulary_ is ours.vocabulary_


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_names_are_those_of_scikit_learn_with_and_without_the_dict(options, made):
    ours, theirs = pair(options)
    expected = theirs.get_feature_names_out()
    for _ in range(2):
        names = ours.get_feature_names_out()
        assert names.dtype == expected.dtype
        assert names.tolist() == expected.tolist()
        assert len(made) < 2
        assert ours.vocabulary_


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_what_is_done_to_the_dict_is_seen_by_the_next_transform(options):
    ours, theirs = pair(options)
    for vectorizer in (ours, theirs):
        vectorizer.transform(MANY)
        vocabulary = vectorizer.vocabulary_
        first, second = sorted(vocabulary)[:2]
        vocabulary[first], vocabulary[second] = vocabulary[second], vocabulary[first]
    for documents in (MANY, REVIEWS[:1]):
        assert_same_matrix(ours.transform(documents), theirs.transform(documents))
    assert ours.get_feature_names_out().tolist() == theirs.get_feature_names_out().tolist()
    for again in (copy.copy(ours), copy.deepcopy(ours), pickle.loads(pickle.dumps(ours))):
        assert list(again.vocabulary_.items()) == list(ours.vocabulary_.items())
        assert_same_matrix(again.transform(MANY), theirs.transform(MANY))
    assert copy.copy(ours).vocabulary_ is ours.vocabulary_
    assert copy.deepcopy(ours).vocabulary_ is not ours.vocabulary_
    for vectorizer in (ours, theirs):
        vectorizer.vocabulary_.clear()
        with pytest.raises(ValueError, match="Vocabulary is empty"):
            vectorizer.transform(MANY)


@pytest.mark.parametrize("is_looked_at", [False, True])
def test_copies_have_the_vocabulary_that_was_learned(is_looked_at, made):
    ours, theirs = pair({"ngram_range": (1, 2)})
    expected = theirs.transform(MANY)
    if is_looked_at:
        assert ours.vocabulary_
    copies = copy.copy(ours), copy.deepcopy(ours), pickle.loads(pickle.dumps(ours))
    for again in copies:
        assert_same_matrix(again.transform(MANY), expected)
    assert len(made) == is_looked_at
    for again in copies:
        assert list(again.vocabulary_.items()) == list(theirs.vocabulary_.items())
    assert copies[0].vocabulary_ is ours.vocabulary_  # as two names of one dict
    copies[1].vocabulary_["sea"] = 0
    copies[2].vocabulary_.clear()
    assert ours.vocabulary_ == theirs.vocabulary_


@pytest.mark.parametrize("mmap_mode", [None, "r", "c"])
@pytest.mark.parametrize("how", ["unseen", "looked at", "changed", "set"])
def test_saved_and_loaded_it_is_the_same(how, mmap_mode, tmp_path, made):
    ours, theirs = pair({"ngram_range": (1, 2)})
    if how == "looked at":
        assert ours.vocabulary_
    for vectorizer in (ours, theirs):
        if how == "changed":
            vectorizer.vocabulary_["unseen"] = vectorizer.vocabulary_.pop("sea")
        if how == "set":
            vectorizer.vocabulary_ = {"sea": 1, "view": 0, "": 2}
    ours.save(tmp_path / "model")
    made.clear()
    loaded = textvec.load(tmp_path / "model", mmap_mode)
    assert_same_matrix(loaded.transform(MANY), theirs.transform(MANY))
    assert loaded.get_feature_names_out().tolist() == theirs.get_feature_names_out().tolist()
    assert not made
    assert list(loaded.vocabulary_.items()) == list(theirs.vocabulary_.items())


def test_who_asks_whether_it_is_there_is_told():
    unfitted, fitted = textvec.CountVectorizer(), textvec.CountVectorizer().fit(REVIEWS)
    assert not hasattr(unfitted, "vocabulary_")
    with pytest.raises(AttributeError, match="'CountVectorizer' object has no attribute 'vocab"):
        _ = unfitted.vocabulary_
    assert not hasattr(clone(fitted), "vocabulary_")
    check_is_fitted(fitted)
    check_is_fitted(fitted, "vocabulary_")
    assert hasattr(fitted, "vocabulary_")
    del fitted.vocabulary_
    assert not hasattr(fitted, "vocabulary_")
    with pytest.raises(AttributeError):
        del fitted.vocabulary_
    with pytest.raises(sklearn_text.NotFittedError, match="Vocabulary not fitted or provided"):
        fitted.transform(MANY)


def test_a_dict_that_is_set_is_the_vocabulary_until_fit():
    ours, columns = textvec.CountVectorizer().fit(REVIEWS), {"view": 0, "sea": 1}
    learned = ours.vocabulary_
    ours.vocabulary_ = columns
    assert ours.vocabulary_ is columns
    assert ours.transform(MANY).shape[1] == len(ours.get_feature_names_out()) == 2
    ours.fit(REVIEWS)
    assert ours.vocabulary_ == learned
    assert ours.vocabulary_ is not learned
    ours.set_params(vocabulary=columns).fit(REVIEWS)
    assert ours.vocabulary_ == columns
    assert ours.vocabulary_ is not columns


def test_threads_that_look_first_get_one_dict():
    for _ in range(20):
        vectorizer = textvec.CountVectorizer(ngram_range=(1, 2)).fit(REVIEWS)
        together = Barrier(4)

        def look(_, vectorizer=vectorizer, together=together):
            together.wait()
            return vectorizer.vocabulary_

        with ThreadPoolExecutor(4) as pool:
            first, *others = pool.map(look, range(4))
        assert all(other is first for other in others)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("columns", np.array([0, 0, 1], np.int32)),
        ("columns", np.array([0, 1, 3], np.int32)),
        ("columns", np.array([-1, 0, 1], np.int32)),
        ("columns", np.array([0, 1], np.int32)),
        ("columns", np.array([0, 1, 2], np.int64)),
        ("ends", np.array([1, 3, 1000], np.int64)),
        ("ends", np.array([5, 3, 5], np.int64)),
        ("ends", np.array([-5, 3, 5], np.int64)),
        ("ends", np.array([1, 3, 4], np.int64)),
        ("text", np.zeros((1, 6), np.uint8)),
    ],
)
def test_terms_that_do_not_fit_together_are_refused(field, value, tmp_path):
    vectorizer = textvec.CountVectorizer(token_pattern=r"(?u)\b\w+\b").fit(["a b c"])
    arrays = {"text": np.frombuffer(b"a\nb\nc\n", np.uint8), "ends": np.array([1, 3, 5])}
    arrays |= {"columns": np.arange(3, dtype=np.int32), field: value}
    vectorizer._terms = Terms(**arrays, outer="\n")
    vectorizer.save(tmp_path / "model")
    with pytest.raises(ValueError, match="vocabulary_"):
        textvec.load(tmp_path / "model")


def test_terms_lie_end_to_end_where_nothing_stands_between_them():
    text = np.frombuffer("b\N{HOTEL}ca\u00e9".encode(), np.uint8)
    terms = Terms(text, np.array([1, 5, 6, 9]), np.array([1, 3, 2, 0], np.int32))
    assert terms.names() == ["b", "\N{HOTEL}", "c", "a\u00e9"]
    assert terms.vocabulary() == {"b": 1, "\N{HOTEL}": 3, "c": 2, "a\u00e9": 0}
    assert terms.names_by_column().tolist() == ["a\u00e9", "b", "c", "\N{HOTEL}"]
    assert len(terms) == 4


def ways():
    """Return, by name, what is done with vocabularies that nobody looks at."""
    from textvec.evaluate.tasks import ClassificationTask

    items = [f"hotel {i} by the sea, with {i * i} rooms" for i in range(30)]

    def fit_and_transform(vectorizer):
        fitted = vectorizer.fit(items)
        for documents in (items[:1], items * 30):
            fitted.transform(documents)
        return fitted

    def recommend():
        recommender = textvec.ContentRecommender().fit(items)
        recommender.similar(0, 3)
        recommender.query("a room by the sea", 3)
        recommender.explain(0, 1)

    def compare():
        task = ClassificationTask(items, [0, 1] * 15)
        textvec.compare({"tf-idf": textvec.TfidfVectorizer()}, [task])

    return {
        "counts": lambda: fit_and_transform(textvec.CountVectorizer(ngram_range=(1, 2))),
        "tf-idf": lambda: fit_and_transform(textvec.TfidfVectorizer(max_features=20)),
        "stems": lambda: fit_and_transform(textvec.TfidfVectorizer(stem="english")),
        "bm25": lambda: fit_and_transform(textvec.BM25Vectorizer()).transform_queries(items[:2]),
        "lsa": lambda: fit_and_transform(textvec.LSAVectorizer(vector_size=5)),
        "inside words": lambda: fit_and_transform(
            textvec.TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 3))
        ),
        "content": recommend,
        "compare": compare,
    }


@pytest.mark.parametrize("way", sorted(ways()))
def test_nobody_looks_at_the_dict(way, made):
    ways()[way]()
    assert not made
