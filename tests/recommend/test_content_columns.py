"""ContentRecommender beyond one text: columns, fusion, conditions, diversity, more items, maps."""

import warnings
from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from pandas.testing import assert_frame_equal
from scipy import sparse

import textvec
from textvec import (
    BM25Vectorizer,
    ContentRecommender,
    KeyedVectors,
    LSAVectorizer,
    TfidfVectorizer,
)
from textvec.maps.planes import plane
from textvec.recommend.columns import Categories, ColumnVectorizer, Numbers, Vectors

HOTELS = pd.DataFrame(
    {
        "name": ["Quay House", "Pier House", "Summit", "Lodge", "Runway"],
        "desc": [
            "harbour view, oysters and sailing boats at the door",
            "sailing boats and oysters in the old harbour",
            "skiing from the door, open fires and snow",
            "snow, skiing and sledges by open fires",
            "an airport shuttle every ten minutes, harbour near",
        ],
        "price": [100.0, 300.0, 110.0, np.nan, 100.0],
        "style": ["sea", "sea", "snow", "snow", "airport"],
        "offer": [["spa", "pool"], ["pool"], ["spa"], [], None],
    }
)
WEIGHTS = {"text": {"name": 1, "desc": 2}, "columns": {"price": 0.5, "style": 0.25, "offer": 0.25}}
FUSIONS = {
    "sparse": [TfidfVectorizer(), (textvec.CountVectorizer(), 3)],
    "mixed": [None, LSAVectorizer(vector_size=2, random_state=0)],
    "dense": LSAVectorizer(vector_size=2, random_state=0),
    "dot": [(BM25Vectorizer(), 0.1), TfidfVectorizer()],
}


def fitted(vectorizer=None, items=HOTELS, **given):
    return ContentRecommender(vectorizer).fit(items, ids="name", **(given or WEIGHTS))


def score(recommender, a, b):
    found = recommender.similar(a, k=99).set_index("id")["score"]
    return found.get(b, 0.0)


@pytest.fixture(params=FUSIONS.values(), ids=FUSIONS.keys(), scope="module")
def fused(request):
    return fitted(request.param, text=["desc"], columns={"price": 0.1, "style": 0.5})


# Columns


def test_the_score_is_the_weighted_mean_of_the_columns():
    recommender = fitted()
    alone = {name: fitted(text=name) for name in ("name", "desc")}
    prices = HOTELS["price"]
    gap = abs(prices[0] - prices[1]) / prices.std(ddof=0)
    assert gap < 4
    parts = {
        "name": 1 * score(alone["name"], "Quay House", "Pier House"),
        "desc": 2 * score(alone["desc"], "Quay House", "Pier House"),
        "price": 0.5 * np.cos(np.pi / 4 * gap),
        "style": 0.25,
        "offer": 0.25 / np.sqrt(2),
    }
    assert_allclose(score(recommender, "Quay House", "Pier House"), sum(parts.values()) / 4, 1e-5)
    explained = recommender.explain("Quay House", "Pier House")
    assert explained.columns.tolist() == ["column", "a", "b", "share"]
    shares = explained.groupby("column")["share"].sum()
    assert_allclose(shares[list(parts)] * 4, list(parts.values()), 1e-5)
    price = explained[explained["column"] == "price"]
    assert price[["a", "b"]].to_numpy().tolist() == [[100.0, 300.0]]
    assert set(explained.loc[explained["column"] == "offer", "a"]) == {"pool"}


def test_weights_decide():
    assert fitted(text="desc").similar("Quay House", k=1)["id"].tolist() == ["Pier House"]
    found = fitted(text="desc", columns={"price": 99}).similar("Quay House", k=1)
    assert found["id"].tolist() == ["Runway"]


def test_scale_of_weights_does_not_matter():
    tenfold = {name: {c: 10 * w for c, w in weights.items()} for name, weights in WEIGHTS.items()}
    expected = fitted().similar("Quay House")
    assert_frame_equal(fitted(**tenfold).similar("Quay House"), expected, rtol=1e-6)


def test_numbers_are_compared_by_distance():
    column = pd.Series([0.0, 1.0, 2.0, 100.0, np.nan])
    vectors = ColumnVectorizer().fit(pd.Series([0.0, 2.0])).transform(column)
    cosines = vectors @ vectors.T
    assert_allclose(np.diag(cosines)[:4], 1, rtol=1e-6)
    expected = [[1, np.sqrt(0.5), 0, -np.sqrt(0.5)]]  # of distances 0, 1, 2 and, cut off, 3
    assert_allclose(cosines[:1, :4], expected, atol=1e-6)
    assert_array_equal(cosines[4], 0)


@pytest.mark.parametrize(
    "values",
    [
        [80, None, 120, 100.5],
        [Decimal("80"), None, Decimal("120"), Decimal("100.5")],
        [np.int64(80), pd.NA, 120, np.float32(100.5)],
    ],
    ids=["of Python", "decimal", "of NumPy"],
)
def test_numbers_are_numbers_as_objects(values):
    expected = ColumnVectorizer().fit_transform(pd.Series([80, np.nan, 120, 100.5]))
    column = pd.Series(values, dtype=object)
    assert_array_equal(ColumnVectorizer().fit_transform(column), expected)
    assert ColumnVectorizer().fit(column.astype("category")).categories_ is not None
    assert ColumnVectorizer().fit(pd.Series([True, None, False])).categories_ == [True, False]


@pytest.mark.parametrize(
    "dates",
    [
        pd.Series(pd.to_datetime(["2020-01-01", None])),
        pd.Series([date(2020, 1, 1), None]),
        pd.Series(pd.to_timedelta([1, 2], unit="D")),
        pd.Series(pd.period_range("2020", periods=2, freq="M")),
    ],
    ids=lambda dates: pd.api.types.infer_dtype(dates),
)
def test_dates_are_refused(dates):
    with pytest.raises(TypeError, match="column None must .*Got dates .*year, or .astype.str."):
        ColumnVectorizer().fit(dates)
    for seen in (pd.Series([1, 2]), pd.Series(["a", "b"])):
        with pytest.raises(TypeError, match="Got dates"):
            ColumnVectorizer().fit(seen).transform(dates)


def test_equal_numbers_and_unseen_categories():
    for numbers in ([0.1] * 3, [7, 7], [1e-200, 2e-200]):
        assert ColumnVectorizer().fit(pd.Series(numbers)).scale_ == 1
    assert_allclose(ColumnVectorizer().fit_transform(pd.Series([7, 7])), [[1, 0], [1, 0]])
    vectors = ColumnVectorizer().fit(pd.Series(["a", True])).transform(pd.Series(["b", "a"]))
    assert_array_equal(vectors.toarray(), [[0, 0], [1, 0]])


def test_a_column_is_a_series_and_nothing_changes_where_it_cannot_be_learned():
    vectorizer = ColumnVectorizer().fit(pd.Series(["sea", "snow", "sea"]))
    with pytest.raises(TypeError, match="column must be a Series of pandas. Got .1, 2. instead"):
        ColumnVectorizer().fit([1, 2])
    with pytest.raises(TypeError, match="column must be a Series of pandas"):
        vectorizer.transform(["sea"])
    with pytest.raises(TypeError, match="dates or times"):
        vectorizer.fit(pd.Series([date(2026, 1, 1)]))
    assert vectorizer.transform(pd.Series(["snow"])).toarray().tolist() == [[0, 1]]


def test_a_query_asks_the_texts_alone():
    plain, recommender = fitted(text="desc"), fitted(text="desc", columns=["price", "style"])
    found, expected = recommender.query("oysters and snow"), plain.query("oysters and snow")
    assert_frame_equal(found, expected, rtol=1e-5)


# Fusion


def test_fused_scores_are_explained_to_the_last_bit(fused):
    for a, b in [("Quay House", "Pier House"), ("Summit", "Lodge"), ("Runway", "Quay House")]:
        shares = fused.explain(a, b)["share"]
        assert shares.is_monotonic_decreasing
        assert_allclose(shares.sum(), score(fused, a, b), rtol=1e-4, atol=1e-6)


def test_fused_neighbours_are_the_planted_pairs(fused):
    for a, b in [("Quay House", "Pier House"), ("Lodge", "Summit"), ("Summit", "Lodge")]:
        assert fused.recommend([a], k=1)["id"].tolist() == [b]
    assert fused.query("oysters and boats", k=2)["id"].isin(["Quay House", "Pier House"]).all()


def test_fused_recommenders_save_and_add(fused, tmp_path):
    fused.save(tmp_path / "hotels.textvec")
    loaded = textvec.load(tmp_path / "hotels.textvec")
    more = HOTELS.iloc[:1].assign(name="Mole")
    for one in (fused, loaded):
        if "Mole" not in one.ids_:
            one.add(more)
    assert_frame_equal(loaded.similar("Mole"), fused.similar("Mole"), check_exact=True)
    assert loaded.similar("Mole", k=1)["id"].tolist() == ["Quay House"]
    assert_frame_equal(loaded.explain("Mole", "Summit"), fused.explain("Mole", "Summit"))


def test_vectorizers_are_cloned_and_weighted():
    pair = [TfidfVectorizer(), (textvec.CountVectorizer(), 3)]
    recommender = fitted(pair, text="desc")
    parts = [score(fitted(model, text="desc"), "Quay House", "Pier House") for model in pair[:1]]
    parts.append(score(fitted(pair[1][0], text="desc"), "Quay House", "Pier House"))
    expected = (parts[0] + 3 * parts[1]) / 4
    assert_allclose(score(recommender, "Quay House", "Pier House"), expected, rtol=1e-6)
    assert not hasattr(pair[0], "vocabulary_")


# Where, liked and diversity


@pytest.mark.parametrize("where", [HOTELS["style"] != "sea", lambda hotels: hotels["price"] < 200])
def test_where_leaves_the_rest_as_it_was(where):
    recommender = fitted()
    mask = where(HOTELS) if callable(where) else where
    every = recommender.similar("Quay House", k=99)
    expected = every[every["id"].isin(HOTELS.loc[mask, "name"])].reset_index(drop=True)
    assert 0 < len(expected) < len(every)
    for k in (1, 99):
        found = recommender.similar("Quay House", k=k, where=where)
        assert_frame_equal(found, expected.head(k), check_exact=True)
    assert_frame_equal(recommender.similar("Quay House", where=mask.tolist()), expected)


def test_where_goes_by_labels():
    """As pandas' own masks do: one made of the items in another order means the same ones."""
    recommender = fitted()
    expected = recommender.similar("Quay House", where=HOTELS["style"] != "sea")
    turned = HOTELS[::-1]["style"] != "sea"
    assert_frame_equal(recommender.similar("Quay House", where=turned), expected)
    elsewhere = (HOTELS["style"] != "sea").set_axis(list("abcde"))  # labels of something else
    assert_frame_equal(recommender.similar("Quay House", where=elsewhere), expected)
    with pytest.raises(ValueError, match="each of the 5 items. Got shape"):
        recommender.similar("Quay House", where=pd.concat([turned, turned]))


@pytest.mark.parametrize("index", [range(5), range(5, 0, -1), HOTELS["name"]])
def test_masks_colours_and_ids_go_by_labels(index):
    """By those that the items had, or by their ids, for frames are often looked at by either."""
    items = HOTELS.set_axis(index)
    expected = fitted(items=items).similar("Quay House", where=[False, True, False, False, True])
    assert set(expected["id"]) == {"Pier House", "Runway"}
    for one in (items, HOTELS.set_index("name", drop=False)):
        mask = one.sort_values("style")["name"].isin(["Pier House", "Runway"])
        found = fitted(items=items).similar("Quay House", where=mask)
        assert_frame_equal(found, expected, check_exact=True)
    named = ContentRecommender().fit(items, text="desc", ids=items["name"].sort_values())
    assert named.ids_.tolist() == HOTELS["name"].tolist()
    pytest.importorskip("matplotlib")
    figure = named.plot_map(color=HOTELS.set_index("name")["price"].sort_values())
    (points,) = figure.axes[0].collections
    assert_array_equal(points.get_array().filled(np.nan), HOTELS["price"])


def test_a_list_has_no_labels_but_its_ids():
    shuffled = HOTELS.sample(frac=1, random_state=1)
    assert shuffled.index.tolist() != list(range(5))
    texts, mask = shuffled["desc"].tolist(), shuffled["style"] == "sea"
    recommender = ContentRecommender().fit(texts, ids=shuffled["name"])
    assert recommender.ids_.tolist() == shuffled["name"].tolist()
    by_name = mask.set_axis(shuffled["name"]).sort_index()
    for where in (mask, by_name):
        assert recommender.similar("Quay House", where=where)["id"].tolist() == ["Pier House"]
    more = recommender.add(["oysters"], ids=["Mole"])
    assert more.similar("Mole", where=pd.Series({"Mole": True} | by_name.to_dict())).shape[0] == 2


def test_labels_that_stand_twice():
    items = HOTELS.set_axis(list("abcda"))
    recommender = fitted(items=items)
    expected = recommender.similar("Quay House", where=(HOTELS["style"] != "sea").tolist())
    found = recommender.similar("Quay House", where=items["style"] != "sea")
    assert_frame_equal(found, expected)
    with pytest.raises(ValueError, match="where has the labels of items .* stands twice"):
        recommender.similar("Quay House", where=(items["style"] != "sea")[::-1].sort_index())


def test_where_a_column_is_missing_nothing_is_recommended():
    recommender = fitted(items=HOTELS.assign(open=[True, True, False, True, False]))
    recommender.add(HOTELS.iloc[:2].assign(name=["Mole", "Dock"]))
    found = recommender.similar("Quay House", where=lambda hotels: hotels["open"])
    assert set(found["id"]) == {"Pier House", "Lodge"} & set(
        recommender.similar("Quay House")["id"]
    )
    with pytest.raises(TypeError, match="one bool for each item. Got values of type object"):
        recommender.similar("Quay House", where=lambda hotels: hotels["style"].astype(object))


def test_where_reaches_far_behind_the_best():
    texts = ["red"] * 3000 + ["red apple"] * 5
    far = np.arange(3005) >= 3000
    found = ContentRecommender().fit(texts).similar(0, k=3, where=far)
    assert found["id"].tolist() == [3000, 3001, 3002]


def test_where_nothing_is_allowed():
    found = fitted().similar("Summit", where=np.zeros(5, bool))
    assert found.empty
    assert found.columns.tolist()[:2] == ["id", "score"]


def test_weights_of_liked_items():
    recommender = fitted(text="desc")
    found = recommender.recommend({"Quay House": 3, "Summit": 1}, k=9).set_index("id")["score"]
    expected = (3 * score(recommender, "Quay House", "Pier House")) / 4
    expected += score(recommender, "Summit", "Pier House") / 4
    assert_allclose(found["Pier House"], expected, rtol=1e-6)


def test_diversity_brings_something_else():
    texts = ["red apple pie", "red apple pies", "red apple tart", "red cherry", "red apple pie"]
    recommender = ContentRecommender(textvec.CountVectorizer()).fit(texts)
    plain = recommender.query("red apple pie", k=3)
    assert plain["id"].tolist() == [0, 4, 1]
    diverse = recommender.query("red apple pie", k=3, diversity=0.7)
    assert diverse["id"][0] == 0
    assert 3 in diverse["id"].tolist()
    assert 4 not in diverse["id"].tolist()
    assert_frame_equal(recommender.query("red apple pie", k=3, diversity=1e-9), plain)


@pytest.mark.parametrize("diversity", [0.2, 0.4, 0.6, 0.8])
def test_diversity_follows_its_formula(diversity):
    """Against the formula of Carbonell and Goldstein written out, one choice after another."""
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(list("abcdefgh"), size=4)) for _ in range(20)]
    vectorizer = textvec.CountVectorizer(token_pattern="[a-z]")
    recommender = ContentRecommender(vectorizer).fit(texts)
    scores = recommender.query("a b", k=99).set_index("id")["score"]
    assert scores.max() < 1  # so its scale matters
    cosines = {a: recommender.similar(a, k=99).set_index("id")["score"] for a in scores.index}
    chosen = []
    while len(chosen) < len(scores):
        worth = {
            a: (1 - diversity) * scores[a] / scores.max()
            - diversity * max([cosines[a].get(b, 0.0) for b in chosen], default=0)
            for a in scores.index.drop(chosen)
        }
        chosen.append(max(worth, key=worth.get))
    found = recommender.query("a b", k=99, diversity=diversity)
    assert_array_equal(found["score"], scores[found["id"]])
    for rank, (ours, theirs) in enumerate(zip(found["id"], chosen, strict=True)):
        same = texts[ours].split(), texts[theirs].split()
        assert sorted(same[0]) == sorted(same[1]), rank  # equal texts may change places


def test_diversity_of_more_than_its_candidates():
    texts = [f"red {'apple' if i % 2 else 'pear'} w{i}" for i in range(1200)]
    found = ContentRecommender().fit(texts).similar(0, k=1100, diversity=0.5)
    assert found["id"].is_unique
    assert len(found) == 1100


# More items


def test_added_items_are_as_if_they_had_been_there():
    recommender = fitted(items=HOTELS.iloc[:4], text="desc", columns=["style"])
    recommender.add(HOTELS.iloc[4:].drop(columns="offer"))
    assert recommender.ids_.tolist() == HOTELS["name"].tolist()
    assert recommender.similar("Runway", k=1)["id"].tolist() == ["Pier House"]  # a harbour
    assert recommender.vectors_.shape[0] == 5
    found = recommender.similar("Quay House", k=9).set_index("id")
    assert found.loc["Runway", "price"] == 100


def test_a_list_goes_on_counting():
    recommender = ContentRecommender().fit(["red apple", "blue cheese"]).add(["red apples", "red"])
    assert recommender.ids_.tolist() == [0, 1, 2, 3]
    assert recommender.similar(3, k=1)["id"].tolist() == [2]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (HOTELS.iloc[:1], "the id 'Quay House' is taken"),
        (HOTELS.iloc[:1].drop(columns="desc"), "lack the column 'desc'"),
        (HOTELS.iloc[:1].drop(columns="name"), "'name'"),
        (HOTELS.iloc[:1].assign(name="New", price=np.inf), "row 0 of column 'price' is inf"),
        (HOTELS.iloc[:0], "items is empty"),
    ],
)
def test_nothing_is_lost_when_adding_fails(more, message):
    recommender = fitted()
    before = recommender.similar("Quay House")
    with pytest.raises(ValueError, match=message):
        recommender.add(more)
    assert len(recommender.ids_) == recommender.vectors_.shape[0] == 5
    assert_frame_equal(recommender.similar("Quay House"), before)


# Texts in columns


PRICES = ["$1,200.00", "$80", None, "on request", "$1,150", *[f"${at}" for at in range(100, 109)]]


def test_texts_are_read_as_numbers_and_told_of():
    column = pd.Series(PRICES, name="price")
    with pytest.warns(UserWarning, match="holds texts") as told:
        vectors = ColumnVectorizer().fit_transform(column)
    (warning,) = told
    message = str(warning.message)
    assert "'price' holds texts, read as numbers, such as 1200.0 for '$1,200.00'" in message
    assert "and 1 that holds none as missing" in message
    assert "columns={'price': Numbers()}" in message
    numbers = pd.Series([1200, 80, None, None, 1150, *range(100, 109)], dtype=float)
    assert_array_equal(vectors, ColumnVectorizer().fit_transform(numbers))


@pytest.mark.parametrize(
    ("cells", "choice"),
    [
        (["1,200", "80"] * 3, "Numbers(0.2)}; to read each text as one category, Categories(0.2)."),
        (["a|b", "b"] * 3, "Categories(0.2, separator='|')};"),
        (list("abcdef"), "Numbers(0.2)} for numbers, Categories(0.2, separator=...) for lists"),
        (["no", "80"] * 3, "Numbers(0.2)}; Categories(0.2) to be silent."),
    ],
)
def test_what_to_write_keeps_the_weight(cells, choice):
    items = pd.DataFrame({"desc": ["sea view", "sea side"] * 3, "of": cells})
    with pytest.warns(UserWarning, match="column 'of' holds") as told:
        ContentRecommender().fit(items, text="desc", columns={"of": 0.2})
    assert choice in str(told[0].message)
    assert told[0].message.in_shell in str(told[0].message)
    assert "Numbers(" not in told[0].message.in_shell


MANY = [f"${at}" for at in range(30)]


@pytest.mark.parametrize(
    ("kind", "cells", "words"),
    [
        (None, ["$120", "€80", "¥300"], ["'$', '€', '¥', read as categories: bring them to one"]),
        (None, ["$120", "90 EUR", "¥80"], ["several units, '$', 'EUR', '¥', read as categories"]),
        (None, ["ABC1", "DEF2", "GHI3"] * 2, []),
        (None, [*MANY, "€80", "¥300"], ["2 that hold none or one with another unit ('€', '¥')"]),
        ("numbers", [*MANY, "€80"], ["those with '€' are read as missing beside those with '$'"]),
        ("numbers", ["$120", "80", "no"], []),
        ("categories", ["$120", "€80"], []),
    ],
)
def test_numbers_of_several_currencies_are_told_of_once(kind, cells, words):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        ColumnVectorizer(kind).fit(pd.Series(cells, name="price"))
    assert len(told) == len(words)
    for warning, word in zip(told, words):
        assert word in str(warning.message)
        assert "Numbers()" not in str(warning.message)  # which would not be silent


@pytest.mark.parametrize(
    ("cells", "categories", "choice"),
    [
        (["Drama|War", "War", None], ["Drama", "War"], "'|'"),
        (["['spa', 'pool']", "[]", "['pool']"], ["spa", "pool"], "'[]'"),
        (["spa, bar", "bar, pool", "pool, spa"], ["spa", "bar", "pool"], "','"),
    ],
)
def test_texts_are_read_as_lists_and_told_of(cells, categories, choice):
    column = pd.Series(cells, name="tags")
    with pytest.warns(UserWarning, match="'tags' holds texts, read as lists") as told:
        read = ColumnVectorizer().fit(column)
    assert f"Categories(separator={choice})" in str(told[0].message)
    assert read.categories_ == categories
    lists = ColumnVectorizer("categories", read.separator_).fit(column)  # in silence
    assert_array_equal(read.transform(column).toarray(), lists.transform(column).toarray())


@pytest.mark.filterwarnings("error")
def test_what_is_chosen_is_read_in_silence(tmp_path):
    items = HOTELS.assign(
        price=["€1.200,00", "80,50 €", "no", "85 €", "90 €"],
        tags=["a/b", "b/c", "c", None, ""],
        stars=[1, 2, 2, 3, 3],
        style=["Seattle, WA", "Salem, OR", "sea", "sea", "1"],
    )
    columns = {
        "price": Numbers(0.5),
        "tags": Categories(0.2, separator="/"),
        "stars": Categories(),
        "style": 0.1,
    }
    recommender = fitted(items=items, text="desc", columns=columns)
    price, tags, stars, style = [block.vectorizer for block in recommender.blocks_[-4:]]
    assert_allclose(price.mean_, np.mean([1200, 80.5, 85, 90]))
    assert tags.categories_ == ["a", "b", "c"]
    assert stars.categories_ == [1, 2, 3]
    assert style.categories_ == ["Seattle, WA", "Salem, OR", "sea", "1"]
    weights = {block.column: block.weight for block in recommender.blocks_}
    assert_allclose(weights["price"] / weights["stars"], 0.5)
    met = recommender.explain("Quay House", "Pier House")
    assert ("tags", "b", "b") in set(zip(met["column"], met["a"], met["b"]))
    recommender.save(tmp_path / "hotels.textvec")
    loaded = textvec.load(tmp_path / "hotels.textvec")
    more = items.iloc[:1].assign(name="New", price="1.200 €")
    assert_frame_equal(loaded.add(more).similar("New"), recommender.add(more).similar("New"))
    assert loaded.similar("New", k=1)["id"].tolist() == ["Quay House"]


def test_columns_that_are_not_what_was_chosen():
    with pytest.raises(TypeError, match=r"'style' must hold numbers. Got 'sea' instead"):
        fitted(text="desc", columns={"style": Numbers()})
    with pytest.raises(ValueError, match=r"columns\['price'\] must be above 0"):
        fitted(text="desc", columns={"price": Numbers(0)})
    with pytest.raises(ValueError, match="separator must hold a character"):
        fitted(text="desc", columns={"style": Categories(separator="")})
    with pytest.raises(TypeError, match=r"text\['desc'\] must be a number"):
        fitted(text={"desc": Numbers()})
    with pytest.raises(ValueError, match="row 0 .* is 1e\\+308: numbers must be finite"):
        fitted(items=HOTELS.assign(price=1e308), text="desc", columns="price")


# Bad input


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"text": "desc", "columns": "prize"}, "columns='prize' is no column.*'price'"),
        ({"text": []}, "at least one column"),
        ({"text": {"desc": 0}}, r"text\['desc'\] must be above 0"),
        ({"text": {"desc": np.nan}}, r"text\['desc'\] must be finite"),
        ({"text": "desc", "columns": {"price": -1}}, r"columns\['price'\] must be above 0"),
        ({"text": ["desc", "style2"]}, "text='style2' is no column"),
    ],
)
def test_bad_columns(given, message):
    with pytest.raises(ValueError, match=message):
        fitted(**given)


@pytest.mark.parametrize("values", [[1.0, np.inf, 2, 3, 4], [None] * 5])
def test_columns_without_use(values):
    with pytest.raises(ValueError, match="row 1 of column 'price' is inf|holds no value"):
        fitted(items=HOTELS.assign(price=values))


def test_categories_of_categories():
    with pytest.raises(TypeError, match=r"row 1 of column 'tags' .* Got \[\['spa'\]\] instead"):
        fitted(
            items=HOTELS.assign(tags=["spa", [["spa"]], None, "bar", []]),
            text="desc",
            columns="tags",
        )


@pytest.mark.parametrize("vectorizer", [[], [(TfidfVectorizer(), 0)], [(TfidfVectorizer(),)]])
def test_bad_vectorizers(vectorizer):
    with pytest.raises(ValueError, match="vectorizer"):
        fitted(vectorizer)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"where": [True]}, ValueError, "one bool for each of the 5 items. Got shape"),
        ({"where": [0, 1, 0, 1, 0]}, TypeError, "one bool for each item. Got values of type int"),
        ({"where": lambda items: None}, TypeError, "one bool for each item"),
        ({"diversity": 1.5}, ValueError, "diversity must be between 0 and 1. Got 1.5"),
        ({"diversity": np.nan}, ValueError, "diversity must be between"),
        ({"k": 0}, ValueError, "k must be at least 1"),
    ],
)
def test_bad_wishes(options, error, message):
    for ask in (fitted().similar, fitted().query):
        with pytest.raises(error, match=message):
            ask("Summit", **options)


@pytest.mark.parametrize(
    ("weight", "wanted"), [(0, "above 0"), (-1, "above 0"), (np.nan, "finite"), (np.inf, "finite")]
)
def test_bad_weights_of_liked_items(weight, wanted):
    with pytest.raises(ValueError, match=f"liked.'Summit'. must be {wanted}. Got"):
        fitted().recommend({"Summit": weight})


# Maps


@pytest.mark.parametrize("color", [None, "style", "price", [1, 2, 3, 4, 5]])
def test_the_map_has_every_item(color):
    pytest.importorskip("matplotlib")
    figure = fitted().plot_map(color=color)
    axes = figure.axes[0]
    assert sum(len(drawn.get_offsets()) for drawn in axes.collections) == 5
    assert {text.get_text() for text in axes.texts} <= set(HOTELS["name"])


def test_maps_repeat_and_keep_neighbours():
    rng = np.random.default_rng(0)
    centres = np.repeat(np.eye(4, 60), 20, axis=0)
    vectors = centres + rng.normal(scale=0.02, size=centres.shape)
    places = plane(sparse.csr_array(vectors))
    assert_array_equal(places, plane(sparse.csr_array(vectors)))
    distances = np.linalg.norm(places[:, None] - places, axis=2)
    np.fill_diagonal(distances, np.inf)
    assert_array_equal(distances.argmin(axis=1) // 20, np.arange(80) // 20)


def test_bad_maps():
    pytest.importorskip("matplotlib")
    with pytest.raises(ValueError, match="color='stile' is no column"):
        fitted().plot_map(color="stile")
    with pytest.raises(ValueError, match="labels must have one entry per item: 5. Got 1"):
        fitted().plot_map(labels=["a"])
    with pytest.raises(ValueError, match="random_state must be an int .* Got 'x' instead"):
        fitted().plot_map(random_state="x")


# Names of vectors


VISITS = KeyedVectors(
    [[2, 0], [1, 1], [0, 3], [-1, 0]], ["Quay House", "Summit", "Lodge", "Lake House"]
)


def test_names_of_vectors_count_as_the_table_says(tmp_path):
    given = {"text": {"desc": 1}, "columns": {"name": Vectors(VISITS, 3)}}
    recommender = ContentRecommender().fit(HOTELS, ids="name", **given)
    by_text = ContentRecommender().fit(HOTELS, ids="name", text="desc")
    for a, b, cosine in [
        ("Quay House", "Summit", 0.5**0.5),
        ("Quay House", "Lodge", 0),
        ("Quay House", "Pier House", 0),  # the table lacks it
    ]:
        wanted = 0.25 * score(by_text, a, b) + 0.75 * cosine
        assert score(recommender, a, b) == pytest.approx(wanted, abs=1e-6)
    explained = recommender.explain("Quay House", "Summit")
    by_visits = explained[explained["column"] == "name"]
    assert by_visits[["a", "b"]].to_numpy().tolist() == [["Quay House", "Summit"]]
    assert by_visits["share"].tolist() == pytest.approx([0.75 * 0.5**0.5])
    assert explained["share"].sum() == pytest.approx(score(recommender, "Quay House", "Summit"))
    before = recommender.similar("Lodge")
    recommender.save(tmp_path / "hotels")
    assert_frame_equal(textvec.load(tmp_path / "hotels").similar("Lodge"), before)
    more = pd.DataFrame({"name": ["Lake House"], "desc": ["oars"]})
    assert score(recommender.add(more), "Lake House", "Quay House") == pytest.approx(-0.75)


def test_numbers_are_names_as_they_are_written():
    table = KeyedVectors([[1, 0], [0.8, 0.6], [0, 1]], ["7", "8", "9"])
    wanted = [[1, 0], [0, 0], [0.8, 0.6], [0, 1], [0, 0]]
    for cells in ([7, None, 8, 9, 10], ["7", None, "8", "9", "ten"], [7.0, np.nan, 8, 9, 0.5]):
        for kind in (object, None):
            column = pd.Series(cells, dtype=kind, name="id")
            found = ColumnVectorizer("vectors", table=table).fit_transform(column)
            assert_allclose(found, wanted, atol=1e-6)
            assert found.dtype == np.float32


@pytest.mark.parametrize(
    ("columns", "error", "message"),
    [
        ({"price": Vectors(VISITS)}, ValueError, r"Got \['100', '300'\], and none of its 5 is"),
        ({"offer": Vectors(VISITS)}, TypeError, r"row 0 of column 'offer' must hold the name"),
        ({"name": Vectors([[1.0]])}, TypeError, r"table must be a KeyedVectors. Got \[\[1.0\]\]"),
        (
            {"name": Vectors},
            TypeError,
            r"the class Vectors instead: call it, Vectors\(table, 0.3\)",
        ),
        ({"name": Vectors(VISITS, 0)}, ValueError, "must be above 0. Got 0"),
    ],
)
def test_what_is_no_column_of_names_is_refused(columns, error, message):
    with pytest.raises(error, match=message):
        ContentRecommender().fit(HOTELS, text="desc", columns=columns)
