"""ContentRecommender refuses what it cannot use, and says what it can."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal
from pandas.testing import assert_frame_equal
from sklearn.base import BaseEstimator, TransformerMixin

import textvec
from textvec.recommend.content import ContentRecommender
from textvec.show.plots import to_svg

# Bad input
from .test_content import HOTELS, TEXTS, fitted


@pytest.mark.parametrize(
    ("items", "options", "error", "message"),
    [
        ([], {}, ValueError, "items is empty"),
        (HOTELS.iloc[:0], {"text": "desc"}, ValueError, "items is empty"),
        (HOTELS, {}, ValueError, "text must name the column of texts.*'name', 'desc', 'stars'"),
        (HOTELS, {"text": "body"}, ValueError, "text='body' is no column.*'desc'"),
        (HOTELS, {"text": "desc", "ids": "key"}, ValueError, "ids='key' is no column.*'name'"),
        (TEXTS, {"text": "desc"}, ValueError, "Leave text out"),
        ("one text", {}, TypeError, "items must be a DataFrame.*Got str"),
        (np.array([TEXTS]), {}, TypeError, "items must be a DataFrame.*Got ndarray"),
        (pl.DataFrame({"desc": TEXTS}), {}, TypeError, "items must be a DataFrame.*to_pandas"),
        (
            HOTELS.set_index(["name", "stars"]),
            {"text": "desc"},
            ValueError,
            "items.index must give each item one name. Got an index of 2 levels",
        ),
        (TEXTS, {"ids": [(1, at) for at in range(5)]}, ValueError, "ids must give each item one"),
        (TEXTS, {"ids": [7, 8, 9, 7, 6]}, ValueError, "unique. 7 stands in rows 0 and 3 of ids"),
        (
            HOTELS,
            {"text": "desc", "ids": HOTELS[["name"]]},
            TypeError,
            "ids must be.*Got DataFrame",
        ),
        (TEXTS, {"ids": set("abcde")}, TypeError, "ids must be the name of a column.*Got set inst"),
        (HOTELS, {"text": [["desc"]]}, ValueError, "text=.'desc'. is no column of items"),
        (TEXTS, {"ids": ["a", "b"]}, ValueError, "one entry per item: 5. Got 2"),
        (TEXTS, {"ids": list("abcda")}, ValueError, "'a' stands in rows 0 and 4 of ids: rename"),
        (TEXTS, {"ids": list("abbaa")}, ValueError, "rows 1 and 2 of ids, and 1 more stands twice"),
        (TEXTS, {"ids": ["a", None, "c", "d", "e"]}, ValueError, "row 1 of ids has no id"),
        (["a text", 7], {}, TypeError, "row 1 .id 1. of column 'text' must be a str. Got int"),
        (["a text", ["b"]], {}, TypeError, "row 1 .id 1. of column 'text' must be a str. Got list"),
        (
            HOTELS,
            {"text": "stars", "ids": "name"},
            TypeError,
            "row 0 .id 'Quay'. of column 'stars'",
        ),
        (["the", "and"], {}, ValueError, "empty vocabulary"),
    ],
)
def test_bad_items(items, options, error, message):
    with pytest.raises(error, match=message):
        ContentRecommender().fit(items, **options)


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
def test_missing_texts_are_empty_texts_and_counted(missing):
    items = HOTELS.assign(desc=[*TEXTS[:2], missing, *TEXTS[3:4], missing])
    message = r"row 2 \(id 'Summit'\) of column 'desc' has no text, one of 2 such rows"
    with pytest.warns(UserWarning, match=message), pytest.warns(UserWarning, match="all zeros"):
        recommender = ContentRecommender().fit(items, ids="name", text="desc")
    assert recommender.similar("Quay")["id"].tolist() == ["Pier", "Lodge"]
    with pytest.warns(UserWarning, match="of the liked item 'Summit' is all zeros: it has no text"):
        assert recommender.similar("Summit").empty
    both = recommender.ids_[[2, 4]].tolist()
    message = f"liked items {both[0]!r}, {both[1]!r} are all zeros: they have no text"
    with pytest.warns(UserWarning, match=message):
        assert recommender.recommend(both).empty
    filled = items.assign(desc=items["desc"].fillna(""))
    with pytest.warns(UserWarning, match="all zeros"):
        expected = ContentRecommender().fit(filled, ids="name", text="desc")
    assert_array_equal(recommender.vectors_.toarray(), expected.vectors_.toarray())
    message = r"row 0 \(id 'New'\) of column 'desc' has no text"
    with pytest.warns(UserWarning, match=message), pytest.warns(UserWarning, match="3 of 6"):
        recommender.add(items.iloc[2:3].assign(name="New"))
    assert recommender.ids_[-1] == "New"


def test_a_duplicate_id_can_be_numbered():
    items = pd.concat([HOTELS, HOTELS.iloc[:1]])
    with pytest.raises(ValueError, match=r"items.reset_index\(drop=True\)"):
        ContentRecommender().fit(items, text="desc")
    with pytest.raises(ValueError, match="or leave ids out"):
        ContentRecommender().fit(items, ids="name", text="desc")
    found = ContentRecommender().fit(items.reset_index(drop=True), text="desc").similar(0, k=1)
    assert found["id"].tolist() == [5]


def test_ids_and_labels_may_hold_lone_surrogates():
    ids = ["\ud800", "b", "c", "d", "e"]
    recommender = ContentRecommender().fit(TEXTS, ids=ids)
    assert recommender.similar("\ud800", k=1)["id"].tolist() == ["b"]
    assert recommender.similar("b", k=1)["id"].tolist() == ["\ud800"]
    with pytest.raises(KeyError, match="no item has the id"):
        recommender.similar("\ud801")
    with pytest.raises(KeyError, match="no item has the id"):
        fitted().similar("\ud800")
    texts = [text.get_text() for text in recommender.plot_map().axes[0].texts]
    assert "?" in texts
    assert to_svg(fitted().plot_map(labels=ids), "hotels")


def test_weights_of_any_size_are_shares():
    many = HOTELS.assign(more=TEXTS[::-1])
    even = ContentRecommender().fit(many, ids="name", text={"desc": 1, "more": 1})
    huge = ContentRecommender().fit(many, ids="name", text={"desc": 1e308, "more": 1e308})
    assert_frame_equal(huge.similar("Quay"), even.similar("Quay"))
    assert_frame_equal(
        huge.recommend({"Quay": 1e308, "Pier": 1e308}), huge.recommend(["Quay", "Pier"])
    )
    both = [(textvec.TfidfVectorizer(), 1e308), (textvec.CountVectorizer(), 1e308)]
    assert np.isfinite(fitted(both).similar("Quay")["score"]).all()
    with pytest.raises(ValueError, match="weight of 'more' is .* too little to count"):
        ContentRecommender().fit(many, ids="name", text={"desc": 1e308, "more": 1e-308})


def test_a_duplicate_id_names_its_column_and_rows():
    items = HOTELS.assign(name=["Quay", "Pier", "Summit", "Pier", "Runway"])
    with pytest.raises(ValueError, match="'Pier' stands in rows 1 and 3 of column 'name'"):
        ContentRecommender().fit(items, ids="name", text="desc")


def test_a_column_that_stands_twice():
    items = pd.DataFrame([["a", "b"]], columns=["desc", "desc"])
    with pytest.raises(ValueError, match="2 columns of items are called 'desc'"):
        ContentRecommender().fit(items, text="desc")


@pytest.mark.parametrize("call", ["similar", "recommend", "explain"])
def test_an_unknown_id_offers_the_closest(call):
    with pytest.raises(KeyError, match="no item has the id 'Sumit'.*'Summit'"):
        getattr(fitted(), call)(*["Sumit", "Quay"][: 2 if call == "explain" else 1])


def test_an_unknown_id_tells_of_types():
    recommender = ContentRecommender().fit(["sea view", "sea"], ids=[12, 2])
    with pytest.raises(KeyError, match="no item has the id '12'. One has the id 12, of type int"):
        recommender.similar("12")
    with pytest.raises(KeyError, match="no item has the id 1. The closest are: 12."):
        recommender.similar(1)


@pytest.mark.parametrize("id", [17, None, ("Quay",), 1.5, ["Quay"]])
def test_ids_of_other_types_are_unknown(id):
    with pytest.raises((KeyError, ValueError)):
        fitted().similar(id)


@pytest.mark.parametrize(
    ("k", "error"), [(0, ValueError), (-1, ValueError), (2.5, TypeError), ("3", TypeError)]
)
def test_bad_k(k, error):
    with pytest.raises(error, match="k must be"):
        fitted().similar("Quay", k=k)


def test_nothing_liked():
    with pytest.raises(ValueError, match="liked is empty"):
        fitted().recommend([])


def test_both_liked_and_disliked():
    with pytest.raises(ValueError, match="'Quay' is both liked and disliked"):
        fitted().recommend(["Quay", "Pier"], "Quay")


def test_query_must_be_one_text():
    with pytest.raises(TypeError, match="text must be one str. Got list"):
        fitted().query(["harbour"])


class BrokenVectorizer(TransformerMixin, BaseEstimator):
    """Gives the second text a vector that is not a number."""

    def fit(self, raw_documents, y=None):
        return self

    def transform(self, raw_documents):
        vectors = np.ones((len(raw_documents), 2))
        vectors[1] = np.nan
        return vectors


def test_vectors_that_are_no_numbers():
    with pytest.raises(ValueError, match="BrokenVectorizer contains NaN"):
        fitted(BrokenVectorizer())
