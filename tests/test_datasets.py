import re
from itertools import combinations
from pathlib import Path

import pytest
from sklearn.utils import Bunch

from textvec import datasets

LANGUAGES = ["en", "zh"]
COLUMNS = ["id", "name", "address", "desc", "city", "style", "price_band", "amenities"]


@pytest.fixture(scope="module", params=LANGUAGES)
def language(request):
    return request.param


@pytest.fixture(scope="module")
def hotels(language):
    return datasets.load_hotels(language)


def units(text, language):
    """Return what the promises count: words of English, characters of Chinese."""
    return re.findall(r"\w+(?:['’-]\w+)*" if language == "en" else r"\S", text.lower())


def test_bunch_is_consistent(hotels):
    assert isinstance(hotels, Bunch)
    assert list(hotels.frame.columns) == COLUMNS
    assert hotels.data == hotels.frame["desc"].tolist()
    assert hotels.target.tolist() == hotels.frame["style"].tolist()
    assert list(hotels.pairs.columns) == ["kind", "a", "b"]
    assert len(hotels.DESCR) > 500


def test_counts_and_labels(hotels, language):
    frame = hotels.frame
    assert len(frame) >= 150
    assert frame["id"].is_unique
    assert frame["id"].str.fullmatch(language + r"\d{3}").all()
    assert frame["name"].is_unique
    assert frame["city"].nunique() == 3
    assert 8 <= frame["style"].nunique() <= 10
    assert frame["style"].value_counts().min() >= 5  # enough for stratified 5-fold validation
    assert set(frame["price_band"]) == {1, 2, 3, 4}
    assert (frame.map(lambda cell: str(cell).strip()) != "").all(axis=None)


def test_lengths(hotels, language):
    lengths = [len(units(text, language)) for text in hotels.data]
    assert min(lengths) >= 60
    if language == "en":
        assert max(lengths) <= 150


def test_planted_pairs_exist(hotels):
    pairs, style = hotels.pairs, hotels.frame.set_index("id")["style"]
    kinds = pairs["kind"].value_counts()
    assert set(kinds.index) == {"duplicate", "sister"}
    assert kinds["duplicate"] >= 10
    assert kinds["sister"] >= 20
    assert set(pairs["a"]) | set(pairs["b"]) <= set(style.index)
    assert len({frozenset(pair) for pair in zip(pairs["a"], pairs["b"])}) == len(pairs)
    assert (pairs["a"] != pairs["b"]).all()
    assert (style[pairs["a"]].to_numpy() == style[pairs["b"]].to_numpy()).all()


def five_gram_overlaps(hotels, language):
    """Return {pair of ids: Jaccard similarity of their sets of 5-grams} for all pairs."""
    grams = {}
    for name, text in zip(hotels.frame["id"], hotels.data):
        found = units(text, language)
        grams[name] = {tuple(found[i : i + 5]) for i in range(len(found) - 4)}
    return {
        frozenset((a, b)): len(grams[a] & grams[b]) / len(grams[a] | grams[b])
        for a, b in combinations(grams, 2)
    }


def test_only_planted_pairs_are_alike(hotels, language):
    overlaps = five_gram_overlaps(hotels, language)
    planted = {"duplicate": set(), "sister": set()}
    for kind, a, b in hotels.pairs.itertuples(index=False):
        planted[kind].add(frozenset((a, b)))
    assert {pair for pair, overlap in overlaps.items() if overlap > 0.6} == planted["duplicate"]
    # Sisters say the same thing in other words.
    assert max(overlaps[pair] for pair in planted["sister"]) < 0.2


def test_unknown_language_is_named():
    with pytest.raises(ValueError, match="language must be one of 'en', 'zh'. Got 'fr' instead"):
        datasets.load_hotels("fr")


def test_list_datasets(monkeypatch, tmp_path):
    monkeypatch.delenv("TEXTVEC_DATA", raising=False)
    monkeypatch.setenv("TEXTVEC_CACHE", str(tmp_path))
    table = datasets.list_datasets().set_index("name")
    assert list(table.columns) == ["kind", "language", "rows", "cached", "licence"]
    assert table["cached"].tolist() == (table["kind"] == "shipped").tolist()
    assert table.index.is_unique
    assert table.loc["novel_zh", "cached"]
    assert table.loc["banking77", ["kind", "licence"]].tolist() == ["download", "CC BY 4.0"]
    assert table.loc["20newsgroups", "kind"] == "read only"
    assert table.loc["hotels_zh", "rows"] == len(datasets.load_hotels("zh").frame)
    (tmp_path / "hotels").mkdir()
    (tmp_path / "hotels" / "Seattle_Hotels.csv").touch()
    assert datasets.list_datasets().set_index("name").loc["seattle_hotels", "cached"]


@pytest.mark.usefixtures("data_folder")
def test_seattle_hotels():
    seattle = datasets.fetch_seattle_hotels()
    assert len(seattle.data) == len(seattle.frame) == 152
    assert list(seattle.frame.columns) == ["name", "address", "desc"]
    assert seattle.target is None
    assert "none stated" in seattle.DESCR
    assert seattle.frame.loc[0, "name"] == "Hilton Garden Seattle Downtown"
    assert any("\xa0" in text for text in seattle.data)  # bytes that UTF-8 would refuse
    assert seattle.frame.notna().all(axis=None)


def test_cache_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("TEXTVEC_CACHE", str(tmp_path))
    assert datasets.cache_folder() == tmp_path
    monkeypatch.delenv("TEXTVEC_CACHE")
    assert isinstance(datasets.cache_folder(), Path)
    assert "textvec" in str(datasets.cache_folder())
