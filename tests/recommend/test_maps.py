"""The map page of collections, recommenders and tables of words: what it shows, what it refuses."""

import importlib.util

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.base import BaseEstimator

from textvec import (
    BM25Vectorizer,
    CharacterRecommender,
    ContentRecommender,
    KeyedVectors,
    LSAVectorizer,
    TfidfVectorizer,
    load,
    show_map,
)
from textvec.datasets import load_hotels, load_novel
from textvec.recommend import maps
from textvec.recommend.maps import MapOptions

from ..show.test_atlas import strings, unpacked

pytest.importorskip("openTSNE")

TEXTS = ["sea view", "view of the sea", "ski lift", "the ski lift", "sea and ski"] * 8


class Failing(BaseEstimator):
    """Fits, and fails to transform."""

    def fit(self, raw_documents, y=None):
        self.n_ = len(raw_documents)
        return self

    def transform(self, raw_documents):
        raise RuntimeError("no memory")


@pytest.fixture(scope="module")
def hotels():
    return load_hotels("en").frame


def read(path):
    return unpacked(path.read_text("utf-8"))


def test_twins_of_hotels(hotels, tmp_path):
    ways = {"TF-IDF": TfidfVectorizer(), "LSA": LSAVectorizer(vector_size=20, random_state=0)}
    path = show_map(ways, hotels, tmp_path / "a.html", text="desc", ids="name", color="style")
    head, parts = read(path)
    n = len(hotels)
    assert (head["n"], head["k"]) == (n, 10)
    assert [chart["name"] for chart in head["charts"]] == ["TF-IDF", "LSA"]
    assert [chart["terms"] for chart in head["charts"]] == [True, False]
    assert strings(parts["ids"], parts["idLengths"]) == hotels["name"].tolist()
    recommender = ContentRecommender(ways["TF-IDF"]).fit(hotels, ids="name", text="desc")
    near = parts["near0"].reshape(n, 10)
    found = recommender.similar(hotels["name"][5], k=10)["id"].tolist()
    assert hotels["name"].iloc[near[5]].tolist() == found
    other = parts["near1"].reshape(n, 10)
    assert_array_equal(parts["common"], [len(set(a) & set(b)) for a, b in zip(near, other)])
    names = [column["name"] for column in head["columns"]]
    assert names[0] == "neighbours in common"
    assert names[head["coloured"]] == "style"
    assert "desc" not in names
    again = show_map(ways, hotels, tmp_path / "b.html", text="desc", ids="name", color="style",
                     options=MapOptions(n_jobs=2))  # fmt: skip
    assert again.read_bytes() == path.read_bytes()


def test_a_seed_gives_another_page(tmp_path):
    pages = [
        show_map(
            TfidfVectorizer(), TEXTS, tmp_path / "a.html", options=MapOptions(random_state=seed)
        )
        for seed in (0, 1)
    ]
    assert pages[0] == pages[1]  # the path
    first = read(show_map(TfidfVectorizer(), TEXTS, tmp_path / "0.html"))[1]
    assert (first["x0"] != read(pages[1])[1]["x0"]).any()


def test_a_matrix_a_fitted_vectorizer_and_bm25(tmp_path):
    fitted = TfidfVectorizer(vocabulary=["sea", "ski"]).fit(TEXTS)
    matrix = sparse.csr_matrix(np.random.default_rng(0).random((40, 5)))
    head, parts = read(show_map([fitted, matrix], TEXTS, tmp_path / "m.html"))
    assert [chart["name"] for chart in head["charts"]] == ["TfidfVectorizer", "csr_matrix"]
    assert strings(parts["names0"], parts["lengths0"]) == ["sea", "ski"]
    head, parts = read(show_map(BM25Vectorizer(), TEXTS, tmp_path / "b.html"))
    assert head["charts"][0]["high"] > 1


def test_words_of_keyed_vectors(tmp_path):
    rng = np.random.default_rng(0)
    words = [f"w{i}" for i in range(50)]
    table = KeyedVectors(rng.normal(size=(50, 8)).astype(np.float32), words)
    other = KeyedVectors(rng.normal(size=(20, 4)).astype(np.float32), words[10:30])
    head, parts = read(show_map(table, None, tmp_path / "w.html"))
    assert strings(parts["texts"], parts["textLengths"]) == words
    assert head["named"]
    near = parts["near0"].reshape(50, 10)[3]
    assert [words[i] for i in near] == [word for word, _ in table.most_similar("w3", topn=10)]
    head, parts = read(show_map({"a": table, "b": other}, None, tmp_path / "w.html"))
    assert strings(parts["texts"], parts["textLengths"]) == words[10:30]
    with pytest.raises(ValueError, match="1 of 2 items have no vector in KeyedVectors, 'q' first"):
        show_map(table, ["w1", "q"], tmp_path / "w.html")


def test_recommenders_write_pages(hotels, tmp_path):
    recommender = ContentRecommender().fit(hotels, ids="name", text="desc", columns=["price_band"])
    path = recommender.plot_map(html=tmp_path / "hotels.html", color="style")
    head, parts = read(path)
    near = parts["near0"].reshape(len(hotels), 10)
    found = recommender.similar(hotels["name"][5], k=10)["id"].tolist()
    assert hotels["name"].iloc[near[5]].tolist() == found
    assert head["columns"][head["coloured"]]["name"] == "style"
    novel = load_novel()
    people = CharacterRecommender(novel.names, novel.aliases, random_state=0).fit(novel.text)
    head, parts = read(people.plot_map(html=tmp_path / "people.html"))
    names = strings(parts["texts"], parts["textLengths"])
    assert names == people.names_[:60]
    nearest = names[parts["near0"].reshape(len(names), 10)[0, 0]]
    assert nearest == people.similar(names[0], k=1)["name"][0]
    assert head["columns"][head["coloured"]]["name"] == "提及次数"


def test_a_loaded_recommender_writes_the_same_page(tmp_path):
    recommender = ContentRecommender().fit(TEXTS)
    page = recommender.plot_map(html=tmp_path / "a.html").read_bytes()
    recommender.save(tmp_path / "texts")
    loaded = load(tmp_path / "texts")
    assert loaded.plot_map(html=tmp_path / "b.html").read_bytes() == page


def test_a_series_goes_by_its_labels(tmp_path):
    labels = [f"hotel {at}" for at in range(40)]
    frame = pd.DataFrame({"text": TEXTS}, index=labels)
    matrix = np.random.default_rng(0).random((40, 5))
    backwards = pd.Series(range(40), index=labels)[::-1]
    names = backwards.index.to_series()
    path = show_map(matrix, frame, tmp_path / "a.html", ids=names, color=backwards)
    _, parts = read(path)
    assert parts["values0"].tolist() == list(range(40))
    assert strings(parts["ids"], parts["idLengths"]) == labels


def test_one_of_two_that_fails_is_left_out_and_named(tmp_path):
    with pytest.warns(
        UserWarning, match="B failed, and the page shows the other: RuntimeError: no"
    ):
        head, _ = read(
            show_map({"A": TfidfVectorizer(), "B": Failing()}, TEXTS, tmp_path / "a.html")
        )
    assert [chart["name"] for chart in head["charts"]] == ["A"]
    assert head["notes"] == ["B failed: RuntimeError: no memory"]
    with (
        pytest.warns(UserWarning, match="A failed"),
        pytest.raises(RuntimeError, match="no memory"),
    ):
        show_map({"A": Failing(), "B": Failing()}, TEXTS, tmp_path / "b.html")
    assert not (tmp_path / "b.html").exists()


@pytest.mark.filterwarnings("ignore:.*items ha(s|ve) no neighbour")
def test_long_texts_are_cut_and_many_items_drawn(tmp_path, monkeypatch):
    head, parts = read(
        show_map(TfidfVectorizer(), ["sea " * 900, "sea", "ski"], tmp_path / "a.html")
    )
    assert strings(parts["texts"], parts["textLengths"])[0] == ("sea " * 900)[:2000] + "…"
    assert head["notes"] == ["Texts are cut at 2,000 letters, and searched that far."]
    monkeypatch.setattr(maps, "MOST_ITEMS", 25)
    matrix = np.random.default_rng(0).random((40, 5))
    with pytest.warns(UserWarning, match="25 of 40 items are shown"):
        head, parts = read(show_map(matrix, TEXTS, tmp_path / "a.html", color=range(40)))
    assert head["n"] == 25
    rows = parts["values0"].astype(int)
    assert strings(parts["texts"], parts["textLengths"]) == [TEXTS[row] for row in rows]


@pytest.mark.filterwarnings("ignore:.*items ha(s|ve) no neighbour")
def test_odd_texts_and_ids(tmp_path):
    odd = ["", "\ud800", "😀😀", "שלום עולם", "a" * 10_000, "sea", "sea", "same", "same"]
    path = show_map(TfidfVectorizer(analyzer="char"), odd, tmp_path / "a.html", ids=["x"] * 9)
    head, parts = read(path)
    assert strings(parts["ids"], parts["idLengths"]) == ["x"] * 9  # they may repeat
    assert head["n"] == 9
    assert read(show_map(TfidfVectorizer(), ["one hotel"], tmp_path / "b.html"))[0]["n"] == 1
    same = ["the same text"] * 300
    near = read(show_map(TfidfVectorizer(), same, tmp_path / "c.html"))[1]["near0"]
    assert near.max() < 300


def test_the_language_is_that_of_the_texts(tmp_path):
    texts = ["海边的酒店很安静", "滑雪场旁边的酒店", "市中心的咖啡馆"] * 12
    for language, found in (("auto", "zh-"), ("en", "en-")):
        path = show_map(TfidfVectorizer(analyzer="char"), texts, tmp_path / "a.html",
                        options=MapOptions(language=language))  # fmt: skip
        assert f'<html lang="{found[:2]}">' in path.read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"vectorizers": [TfidfVectorizer()] * 3}, ValueError, "one or two. Got 3"),
        ({"vectorizers": {}}, ValueError, "one or two. Got 0"),
        ({"vectorizers": "tfidf"}, TypeError, "must have fit and transform"),
        ({"vectorizers": TfidfVectorizer}, TypeError, "must have fit and transform"),
        ({"vectorizers": np.ones((3, 2))}, ValueError, "a matrix of 40 rows"),
        ({"vectorizers": np.full((40, 2), np.nan)}, ValueError, "NaN"),
        ({"items": []}, ValueError, "items is empty"),
        ({"items": "map.csv"}, TypeError, "Read a file by pandas.read_csv"),
        ({"text": "desc"}, ValueError, "text names columns of a DataFrame"),
        ({"color": "price"}, ValueError, "color='price' is no column"),
        ({"ids": ["a"]}, ValueError, "ids must have one entry per item: 40"),
        ({"options": {"k": 3}}, TypeError, "options must be a MapOptions"),
        ({"options": MapOptions(n_neighbours=0)}, ValueError, "n_neighbours must be between 1 and"),
        ({"options": MapOptions(language="fr")}, ValueError, "language must be one of"),
        ({"options": MapOptions(random_state=-1)}, ValueError, "random_state must be"),
        (
            {"vectorizers": [TfidfVectorizer()] * 2, "options": MapOptions(n_jobs=0)},
            ValueError,
            "n_jobs must be at least 1",
        ),
    ],
)
def test_what_cannot_be_is_refused(arguments, error, message, tmp_path):
    given = {"vectorizers": TfidfVectorizer(), "items": TEXTS, "path": tmp_path / "a.html"}
    with pytest.raises(error, match=message):
        show_map(**{**given, **arguments})
    assert list(tmp_path.iterdir()) == []


def test_a_page_that_cannot_be_written_is_known_at_once(tmp_path):
    with pytest.raises(FileNotFoundError):
        show_map(Failing(), TEXTS, tmp_path / "none" / "a.html")


def test_without_its_extra_it_names_it(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "openTSNE", None)
    assert importlib.util.find_spec("textvec")
    with pytest.raises(ImportError, match=r"openTSNE is needed.*textvec\[maps\]"):
        show_map(TfidfVectorizer(), TEXTS, tmp_path / "a.html")


def test_columns_of_several_texts_are_joined(tmp_path):
    frame = pd.DataFrame({"title": ["Sea", None], "body": ["a pier", "a lift"], "n": [1, 2]})
    with pytest.warns(UserWarning, match="has no text|no neighbour"):
        head, parts = read(
            show_map(TfidfVectorizer(), frame, tmp_path / "a.html", text=["title", "body"])
        )
    assert strings(parts["texts"], parts["textLengths"]) == ["Sea\na pier", "a lift"]
    assert [column["name"] for column in head["columns"]] == ["n"]
