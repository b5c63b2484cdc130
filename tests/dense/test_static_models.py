"""Folders that sentence-transformers and model2vec open give the vectors that we give."""

import numpy as np
import pytest

from textvec import DocumentVectorizer, KeyedVectors, Word2Vec

pytest.importorskip("model2vec")
sentence_transformers = pytest.importorskip("sentence_transformers")
from model2vec import StaticModel  # noqa: E402

TEXTS = [
    "The sea, and a view of the SEA!",
    "a seaview: unknown words (snow) or i, a",
    "snow-white café, naïve ﬁre_1",
    "view",
]
WORDS = ["the", "sea", "view", "a", "i", "snow", "white", "café", "naïve", "of", "seav", "iew"]


@pytest.fixture
def table():
    return KeyedVectors(np.random.default_rng(0).normal(size=(len(WORDS), 6)), WORDS)


def opened(path):
    """Return what turns texts into vectors in either library."""
    theirs = sentence_transformers.SentenceTransformer(str(path), device="cpu")
    return [StaticModel.from_pretrained(path).encode, theirs.encode]


def test_vectors_are_the_means_of_known_words(table, tmp_path):
    table.to_static_model(tmp_path / "model")
    expected = DocumentVectorizer(table).fit(TEXTS).transform(TEXTS)
    for encode in opened(tmp_path / "model"):
        np.testing.assert_allclose(encode(TEXTS), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("settings", [{}, {"pooling": "idf"}, {"tokenizer": "whitespace"}])
def test_vectors_of_documents_point_the_same_way(table, settings, tmp_path):
    vectorizer = DocumentVectorizer(table, **settings).fit(TEXTS)
    vectorizer.to_static_model(tmp_path / "model")
    expected = vectorizer.transform(TEXTS)
    lengths = np.linalg.norm(expected, axis=1)
    for encode in opened(tmp_path / "model"):
        found = encode(TEXTS)
        cosines = (found * expected).sum(axis=1) / lengths / np.linalg.norm(found, axis=1)
        np.testing.assert_allclose(cosines, 1, atol=1e-5)
        if settings != {"pooling": "idf"}:
            np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_cased_tables_stay_cased(tmp_path):
    table = KeyedVectors([[1.0, 0], [0, 1]], ["Sea", "sea"])
    table.to_static_model(tmp_path / "model", lowercase=False)
    for encode in opened(tmp_path / "model"):
        np.testing.assert_array_equal(encode(["Sea", "sea"]), [[1, 0], [0, 1]])


def test_trained_and_chinese(tmp_path):
    texts = [["宝玉", "黛玉", "宝钗"], ["黛玉", "葬花"], ["宝玉", "葬花"]] * 5
    model = Word2Vec(vector_size=4, min_count=1, sample=0, epochs=1, random_state=0).fit(texts)
    with pytest.warns(UserWarning, match="cuts texts at spaces and punctuation"):
        model.to_static_model(tmp_path / "model")
    for encode in opened(tmp_path / "model"):
        found = encode([" ".join(text) for text in texts[:3]])
        np.testing.assert_allclose(found, model.transform(texts[:3]), rtol=1e-5, atol=1e-6)


def test_what_a_static_model_has_not_is_refused(table, tmp_path):
    for settings, message in (
        ({"pooling": "sif"}, "pooling of a static model must be one of 'mean', 'idf'"),
        ({"pooling": "max"}, "Got 'max'"),
        ({"tokenizer": str.split}, "tokenizer of a static model must be one of"),
    ):
        vectorizer = DocumentVectorizer(table, **settings).fit(TEXTS)
        with pytest.raises(ValueError, match=message):
            vectorizer.to_static_model(tmp_path / "model")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "something").touch()
    with pytest.raises(FileExistsError, match="holds something already"):
        table.to_static_model(tmp_path / "full")
    with pytest.raises(ValueError, match="lowercase"):
        table.to_static_model(tmp_path / "model", lowercase="yes")
    assert not (tmp_path / "model").exists()
