"""Answers that are known from elsewhere: teaching material's two sentences, Seattle's hotels."""

import re

import numpy as np
import pandas as pd
import pytest

import textvec

SENTENCES = ["我不爱吃蔬菜，我喜欢吃肉", "我不爱吃肉，我爱吃蔬菜"]


def cosine(counts):
    """The cosine of the angle between two rows."""
    a, b = counts.toarray().astype(float) if hasattr(counts, "toarray") else np.array(counts, float)
    return a @ b / np.sqrt((a @ a) * (b @ b))


def test_the_printed_pair_of_vectors():
    printed = [[2, 1, 0, 2, 1, 1, 1], [2, 1, 2, 2, 1, 1, 0]]
    assert cosine(printed) == pytest.approx(0.819891591749923, abs=1e-15)
    transformer = textvec.TfidfTransformer(use_idf=False)
    a, b = transformer.fit_transform(np.array(printed)).toarray()
    assert a @ b == pytest.approx(0.819891591749923, abs=1e-15)


def test_the_sentences_of_that_pair_counted_right():
    cut_up = ["我 不爱 吃 蔬菜 我 喜欢 吃 肉", "我 不爱 吃 肉 我 爱 吃 蔬菜"]
    counts = textvec.CountVectorizer(token_pattern=r"(?u)\b\w+\b").fit_transform(cut_up)
    assert cosine(counts) == pytest.approx(11 / 12, abs=1e-15)


@pytest.mark.parametrize(("n", "expected"), [(1, 0.9095), (2, 0.6963), (3, 0.4216), (4, 0.2357)])
def test_their_character_ngrams(n, expected):
    counts = textvec.CountVectorizer(analyzer="char", ngram_range=(n, n)).fit_transform(SENTENCES)
    assert cosine(counts) == pytest.approx(expected, abs=5e-5)


@pytest.fixture(scope="module")
def seattle(data_folder):
    """Names, cleaned descriptions, and the 179 stop words that the known answers were made with."""
    folder = data_folder / "hotels"
    hotels = pd.read_csv(folder / "Seattle_Hotels.csv", encoding="latin-1")
    stop_words = (folder / "english_stop_words_179.txt").read_text("utf-8").split()
    texts = [
        re.sub(r"[^0-9a-z #+_]", "", re.sub(r"[/(){}\[\]\|@,;]", " ", text.lower()))
        for text in hotels["desc"]
    ]
    kept = [" ".join(word for word in text.split() if word not in stop_words) for text in texts]
    return hotels["name"], kept, stop_words


@pytest.mark.filterwarnings("ignore:Your stop_words may be inconsistent")
@pytest.mark.parametrize(("min_df", "n_features"), [(0.01, 3347), (1, 28334)])
def test_seattle_features(seattle, min_df, n_features):
    _, texts, stop_words = seattle
    vectorizer = textvec.TfidfVectorizer(ngram_range=(1, 3), min_df=min_df, stop_words=stop_words)
    assert vectorizer.fit_transform(texts).shape == (152, n_features)


NEAREST = {
    "Embassy Suites": 0.2266,
    "DoubleTree": 0.1551,
    "Seattle Airport Marriott": 0.1503,
    "Four Points": 0.1297,
    "Motel 6": 0.1225,
    "Hampton Inn": 0.1100,
    "Radisson": 0.1084,
    "Knights Inn": 0.1076,
    "Hotel Hotel": 0.0996,
    "Home2": 0.0995,
}


@pytest.mark.filterwarnings("ignore:Your stop_words may be inconsistent")
def test_seattle_nearest(seattle):
    names, texts, stop_words = seattle
    vectorizer = textvec.TfidfVectorizer(ngram_range=(1, 3), min_df=0.01, stop_words=stop_words)
    X = vectorizer.fit_transform(texts)
    query = names.tolist().index("Hilton Seattle Airport & Conference Center")
    scores, indices = textvec.top_k(X[[query]], X, 11)
    found = names[indices[0]].tolist()
    assert found[0] == names[query]
    assert scores[0, 1:].tolist() == pytest.approx(list(NEAREST.values()), abs=5e-5)
    for name, known in zip(found[1:], NEAREST, strict=True):
        assert known in name
