"""Items that are updated and removed: as if fitted so, and whole for whoever asks meanwhile."""

import threading

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import textvec
from textvec.recommend.content import ContentRecommender

from .test_content import HOTELS, TEXTS

VECTORIZERS = {
    "tfidf": textvec.TfidfVectorizer(),
    "bm25": textvec.BM25Vectorizer(),
    "lsa": textvec.LSAVectorizer(vector_size=3, random_state=0),
    "default": None,
}
NEW = "snow and skiing from the old harbour"


def made(vectorizer=None, **columns):
    return ContentRecommender(vectorizer).fit(HOTELS, ids="name", text="desc", **columns)


def equal_answers(one, other):
    for name in one.ids_:
        assert_frame_equal(
            one.similar(name, 9), other.similar(name, 9), check_dtype=True, rtol=1e-6
        )


@pytest.mark.parametrize("vectorizer", VECTORIZERS.values(), ids=VECTORIZERS)
def test_an_updated_item_answers_as_if_it_had_been_added_so(vectorizer):
    recommender = made(vectorizer)
    changed = HOTELS.iloc[[1]].assign(desc=NEW)
    again = made(vectorizer)
    again.remove("Pier").add(changed)  # other order, same vectorizer
    recommender.update(changed)
    assert recommender.ids_.tolist() == HOTELS["name"].tolist()
    assert recommender.items_["desc"].tolist() == [TEXTS[0], NEW, *TEXTS[2:]]
    for name in ("Summit", "Pier"):
        ours, theirs = recommender.similar(name, 9), again.similar(name, 9)
        assert dict(zip(ours["id"], ours["score"])) == pytest.approx(
            dict(zip(theirs["id"], theirs["score"]))
        )
    found = recommender.similar("Summit", 9).set_index("id")["score"]
    assert recommender.explain("Summit", "Pier")["share"].sum() == pytest.approx(found["Pier"])


def test_columns_that_are_not_given_keep_what_they_held():
    recommender = made(columns={"stars": 0.5})
    before = recommender.vectors_.copy()
    recommender.update(pd.DataFrame({"name": ["Lodge", "Quay"], "stars": [1, 5]}))
    assert recommender.items_["stars"].tolist() == [5, 3, 5, 1, 2]
    assert recommender.items_["stars"].dtype == HOTELS["stars"].dtype
    assert recommender.items_["desc"].tolist() == TEXTS
    assert recommender.items_.index.equals(HOTELS.index)
    same = [row for row in range(5) if (recommender.vectors_[[row]] != before[[row]]).nnz == 0]
    assert same == [1, 2, 4]
    recommender.update(pd.DataFrame({"name": ["Lodge"], "unheard of": [1], "stars": [4]}))
    assert "unheard of" not in recommender.items_


def test_series_and_lists_go_by_their_ids():
    recommender = ContentRecommender().fit(TEXTS)
    recommender.update([NEW], ids=[3])
    assert recommender.items_["text"].tolist() == [*TEXTS[:3], NEW, TEXTS[4]]
    recommender.update(pd.Series(["a shuttle"], index=[4]))
    assert recommender.items_["text"].tolist()[3:] == [NEW, "a shuttle"]
    with pytest.raises(ValueError, match="a list of texts has no ids"):
        recommender.update([NEW])


@pytest.mark.parametrize("vectorizer", VECTORIZERS.values(), ids=VECTORIZERS)
def test_removed_items_are_as_if_never_added(vectorizer):
    recommender = made(vectorizer)
    more = HOTELS.iloc[:2].assign(name=["Mole", "Dock"])
    again = made(vectorizer).add(more).remove(["Dock", "Mole"])
    equal_answers(again, recommender)
    again.remove("Quay")
    assert "Quay" not in again.similar("Pier", 9)["id"].tolist()
    with pytest.raises(KeyError, match="no item has the id 'Quay'"):
        again.similar("Quay")


def test_what_is_no_item_is_refused_and_nothing_changes():
    recommender = made()
    before = recommender.items_, recommender.vectors_
    cases = [
        (lambda: recommender.remove("Quai"), KeyError, "The closest are: 'Quay'"),
        (lambda: recommender.remove(["Quay", "Quai"]), KeyError, "no item has the id 'Quai'"),
        (lambda: recommender.remove(HOTELS["name"]), ValueError, "must keep at least one item"),
        (lambda: recommender.update(HOTELS.assign(name=list("abcde"))), KeyError, "the id 'a'"),
        (lambda: recommender.update(HOTELS.iloc[[0, 0]]), ValueError, "'Quay' stands in rows"),
        (lambda: recommender.update(HOTELS.iloc[:1].assign(desc=3)), TypeError, "must be a str"),
        (lambda: recommender.update(HOTELS[["name"]]), ValueError, "none of the columns"),
        (lambda: recommender.update(HOTELS.iloc[:0]), ValueError, "items is empty"),
        (lambda: recommender.update(3), TypeError, "items must be a DataFrame"),
        (lambda: recommender.add(HOTELS.iloc[:1]), ValueError, "Change an item by update"),
    ]
    for change, error, message in cases:
        with pytest.raises(error, match=message):
            change()
    assert recommender.items_ is before[0]
    assert recommender.vectors_ is before[1]


def test_saved_while_serving_and_changing(tmp_path):
    recommender = made(textvec.TfidfVectorizer())
    stop, wrong = threading.Event(), []

    def serve():
        while not stop.is_set():
            try:
                found = recommender.query("skiing in the harbour", 9)
                marks = found["desc"].str.contains("first").sum()
                if marks not in (0, len(found)):  # all are of one change
                    wrong.append(found)
            except Exception as error:  # told below
                wrong.append(error)

    threads = [threading.Thread(target=serve) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for number in range(12):
            mark = " first" if number % 2 == 0 else ""
            recommender.update(HOTELS.assign(desc=HOTELS["desc"] + mark))
            recommender.save(tmp_path / "r.textvec")
            loaded = textvec.load(tmp_path / "r.textvec")
            assert_frame_equal(loaded.similar("Quay"), recommender.similar("Quay"))
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert wrong == []


def test_vectors_stay_of_one_dtype_and_kind():
    for vectorizer in (textvec.LSAVectorizer(vector_size=3, random_state=0), None):
        recommender = made(vectorizer)
        kind, dtype = type(recommender.vectors_), recommender.vectors_.dtype
        recommender.update(HOTELS.iloc[:1]).remove("Pier")
        assert type(recommender.vectors_) is kind
        assert recommender.vectors_.dtype == dtype
        assert np.isfinite(recommender.vectors_.sum())
