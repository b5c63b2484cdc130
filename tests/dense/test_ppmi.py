"""PPMI: the vectors against dense NumPy, meaning it must find, and scikit-learn's habits."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from textvec import PPMI, DocumentVectorizer

# Words of two topics that never meet, and a word that is everywhere.
TOPICS = [["sea", "beach", "wave", "boat", "sand"], ["bus", "train", "road", "car", "tram"]]


def topical(n_documents=60, seed=0):
    rng = np.random.default_rng(seed)
    return [" ".join(["the", *rng.choice(TOPICS[i % 2], 6)]) + "." for i in range(n_documents)]


DOCS = topical()


def matrix_by_hand(docs, words, window, shift, smoothing):
    """Shifted PPMI as a dense table, from two loops over each document."""
    counts = np.zeros((len(words), len(words)))
    for doc in docs:
        row = [words.index(word) for word in doc.lower().strip(".").split() if word in words]
        for i, word in enumerate(row):
            for j in (*range(max(0, i - window), i), *range(i + 1, i + window + 1)):
                if j < len(row):
                    counts[word, row[j]] += 1
    n_pairs = counts.sum(axis=0)
    shares = np.where(n_pairs > 0, n_pairs**smoothing, 0.0)
    shares /= shares.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        pmi = np.log(counts / n_pairs[:, None] / shares)
    return np.where(counts > 0, np.maximum(pmi - np.log(shift), 0), 0)


@pytest.mark.parametrize(
    ("window", "shift", "smoothing"),
    [(2, 1, 0.75), (5, 1, 1), (1, 2, 0), (3, 1.2, 0.75), (2, 1, 1.0)],
)
def test_vectors_are_those_of_the_formula(window, shift, smoothing):
    docs = [*DOCS, "island"]  # a word alone has no context, and is none
    model = PPMI(3, window, 1, shift=shift, context_smoothing=smoothing, random_state=0).fit(docs)
    table = model.keyed_vectors_
    assert sorted(table.index_to_key) == sorted(["the", *TOPICS[0], *TOPICS[1], "island"])
    u, s, _ = np.linalg.svd(matrix_by_hand(docs, table.index_to_key, window, shift, smoothing))
    np.testing.assert_allclose(model.singular_values_, s[:3], rtol=1e-4)
    assert s[3] < 0.98 * s[2]  # or the dimensions to keep would not be settled
    vectors = u[:, :3] * np.sqrt(s[:3])
    # The axes of a decomposition have no sign of their own: products are what is defined.
    np.testing.assert_allclose(table.vectors @ table.vectors.T, vectors @ vectors.T, atol=2e-3)


def test_words_of_a_topic_stand_together():
    table = PPMI(2, min_count=1, random_state=0).fit(DOCS).keyed_vectors_
    for word in TOPICS[0][1:]:
        assert table.similarity("sea", word) > 0.9 > 0.5 > table.similarity(word, "tram")
    assert table.counts.tolist() == sorted(table.counts, reverse=True)
    assert table.index_to_key[0] == "the"
    assert table.counts[0] == len(DOCS)


def test_document_vectors_are_pooled_as_document_vectorizer_does():
    for pooling in ("mean", "idf", "sif", "max"):
        model = PPMI(4, min_count=1, pooling=pooling, random_state=0)
        vectors = model.fit_transform(iter(DOCS))
        assert vectors.shape == (len(DOCS), 4)
        assert vectors.dtype == np.float32
        np.testing.assert_array_equal(model.transform(DOCS), vectors)
        pooled = DocumentVectorizer(model.keyed_vectors_, pooling).fit_transform(DOCS)
        np.testing.assert_array_equal(pooled, vectors)
    assert not model.transform(["", "unseen"]).any()
    assert list(model.get_feature_names_out()) == [f"ppmi{i}" for i in range(4)]


@pytest.mark.parametrize("n_jobs", [2, 3])
def test_threads_and_blocks_do_not_change_the_result(n_jobs, monkeypatch):
    model = PPMI(4, min_count=1, random_state=0)
    expected = model.fit_transform(DOCS)
    np.testing.assert_array_equal(clone(model).fit_transform(DOCS), expected)
    np.testing.assert_array_equal(model.set_params(n_jobs=n_jobs).fit_transform(DOCS), expected)
    monkeypatch.setattr("textvec.dense.collected_pairs._PLACES_AT_ONCE", 20)
    np.testing.assert_array_equal(model.set_params(n_jobs=1).fit_transform(DOCS), expected)


def test_words_meet_across_what_min_count_drops():
    docs = [["sea", "rare", "view"], ["sea", "odd", "view"]]
    model = PPMI(2, window=1, min_count=2, random_state=0).fit(docs)  # never side by side
    assert model.keyed_vectors_.similarity("sea", "view") == pytest.approx(0, abs=1e-6)
    assert (np.linalg.norm(model.keyed_vectors_.vectors, axis=1) > 0.1).all()


def test_grid_search():
    pipeline = make_pipeline(PPMI(min_count=1, random_state=0), LogisticRegression())
    grid = {"ppmi__vector_size": [1, 2], "ppmi__pooling": ["mean", "sif"]}
    search = GridSearchCV(pipeline, grid, cv=2).fit(DOCS, [0, 1] * (len(DOCS) // 2))
    assert search.best_score_ == 1


def test_what_is_wrong_is_named():
    with pytest.raises(ValueError, match="vector_size must be at most 11, .* 11 words .* Got 100"):
        PPMI(min_count=1).fit(DOCS)
    with pytest.raises(ValueError, match="at most 2, the rank of the matrix of 3 words"):
        PPMI(3, min_count=1).fit(["sea view", "sea bar"])
    with pytest.raises(ValueError, match="PPMI learns from words next to others.*among 1 that"):
        PPMI(1, min_count=1).fit(["sea", "sea"])
    with pytest.raises(ValueError, match="No word is frequent enough to stay: min_count asks for"):
        PPMI(min_count=1000).fit(DOCS)
    with pytest.raises(ValueError, match="at least one word"):
        PPMI().fit([])
    with pytest.raises(ValueError, match="shift must be at least 1. Got 0.5"):
        PPMI(shift=0.5).fit(DOCS)
    with pytest.raises(ValueError, match="window must be at least 1. Got 0"):
        PPMI(window=0).fit(DOCS)
    with pytest.raises(ValueError, match="context_smoothing must be between 0 and 1. Got 2"):
        PPMI(context_smoothing=2).fit(DOCS)
    with pytest.raises(ValueError, match="vector_size must be at least 1. Got 0"):
        PPMI(0).fit(DOCS)
    with pytest.raises(ValueError, match="pooling must be one of"):
        PPMI(pooling="sum").fit(DOCS)
    with pytest.raises(TypeError, match="Tokens must be str. Got 3 .* row 0"):
        PPMI().fit([["a", 3]])
