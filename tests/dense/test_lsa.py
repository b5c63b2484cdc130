"""LSAVectorizer against the exact decomposition, and what a dense vectorizer must promise."""

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from textvec import LSAVectorizer, TfidfVectorizer

ROOMS = [
    "quiet room with a sea view",
    "a room near the sea, with a balcony",
    "balcony and sea and harbour",
    "free airport shuttle at dawn",
    "the shuttle to the airport is free",
    "dawn flights leave the airport",
    "rooms for children, with bunk beds",
    "bunk beds and a playground",
]


def test_vectors_keep_the_geometry_of_the_exact_decomposition():
    weights = TfidfVectorizer().fit_transform(ROOMS).toarray()
    _, values, right = np.linalg.svd(weights, full_matrices=False)
    exact = weights @ right[:4].T
    exact /= np.linalg.norm(exact, axis=1, keepdims=True)

    vectorizer = LSAVectorizer(vector_size=4, random_state=0)
    vectors = vectorizer.fit_transform(ROOMS)
    # The axes of a decomposition have no sign of their own: cosines are what is defined.
    np.testing.assert_allclose(vectors @ vectors.T, exact @ exact.T, atol=1e-5)
    np.testing.assert_allclose(vectorizer.singular_values_, values[:4], rtol=1e-5)
    assert vectors.dtype == vectorizer.components_.dtype == np.float32
    assert vectorizer.components_.shape == (4, weights.shape[1])


def test_parameters_are_those_of_tfidf_and_reach_it():
    ours, tfidf = LSAVectorizer().get_params(), TfidfVectorizer().get_params()
    assert ours == {**tfidf, "analyzer": "mixed", "vector_size": 100, "random_state": None}
    vectorizer = LSAVectorizer(vector_size=2, analyzer="char_wb", ngram_range=(2, 3), min_df=2)
    inner = vectorizer.fit(ROOMS).tfidf_.get_params()
    assert (inner["analyzer"], inner["ngram_range"], inner["min_df"]) == ("char_wb", (2, 3), 2)


def test_fit_transform_and_transform_agree_in_any_batch():
    vectorizer = LSAVectorizer(vector_size=3, random_state=0)
    together = vectorizer.fit_transform(ROOMS)
    np.testing.assert_array_equal(vectorizer.transform(ROOMS), together)
    one_by_one = np.vstack([vectorizer.transform([room]) for room in ROOMS])
    np.testing.assert_allclose(one_by_one, together, atol=1e-6)
    letters = np.random.default_rng(0).choice(list("abcdefghijklmnop"), (40, 30, 2))
    long = [" ".join(map("".join, words)) for words in letters]
    vectorizer.set_params(dtype=np.float32)  # sums in float32 show in which order they were made
    np.testing.assert_array_equal(vectorizer.fit_transform(long), vectorizer.transform(long))


@pytest.mark.parametrize("norm", ["l2", None])
def test_rows_have_unit_length_or_none_at_all(norm):
    vectorizer = LSAVectorizer(vector_size=2, norm=norm, random_state=0).fit(ROOMS)
    texts = [*ROOMS, "", "unseen words only", "海景 🙂"]
    lengths = np.linalg.norm(vectorizer.transform(texts), axis=1)
    np.testing.assert_allclose(lengths[:-3], 1, rtol=1e-5)
    np.testing.assert_array_equal(lengths[-3:], 0)


def test_a_document_outside_the_kept_dimensions_is_zero_not_stretched_noise():
    texts = ["sea view", "sea view harbour", "sea harbour", "free shuttle"]
    vectors = LSAVectorizer(vector_size=1, random_state=0).fit_transform(texts)
    np.testing.assert_allclose(np.abs(vectors[:3]), 1, rtol=1e-5)
    np.testing.assert_array_equal(vectors[3], 0)


def test_more_dimensions_than_the_rank_are_refused():
    with pytest.raises(ValueError, match="vector_size must be at most 8, the rank .* Got 100"):
        LSAVectorizer().fit(ROOMS)
    twice = [*ROOMS[:3], *ROOMS[:3]]
    assert LSAVectorizer(vector_size=3).fit_transform(twice).shape == (6, 3)
    with pytest.raises(ValueError, match="at most 3, the rank .* 6 documents .* Got 4 instead"):
        LSAVectorizer(vector_size=4).fit(twice)
    with pytest.raises(ValueError, match="vector_size must be at least 1. Got 0"):
        LSAVectorizer(vector_size=0).fit(ROOMS)
    with pytest.raises(TypeError, match="vector_size must be an integer"):
        LSAVectorizer(vector_size=2.0).fit(ROOMS)


def test_names_and_data_frames():
    vectorizer = LSAVectorizer(vector_size=2, random_state=0).fit(ROOMS)
    assert list(vectorizer.get_feature_names_out()) == ["lsavectorizer0", "lsavectorizer1"]
    frame = vectorizer.set_output(transform="pandas").transform(ROOMS)
    assert isinstance(frame, pd.DataFrame)
    assert list(frame.columns) == ["lsavectorizer0", "lsavectorizer1"]
    assert (frame.dtypes == np.float32).all()


def test_it_works_inside_scikit_learn():
    pipeline = make_pipeline(LSAVectorizer(random_state=0), LogisticRegression())
    grid = {"lsavectorizer__vector_size": [1, 2]}
    search = GridSearchCV(pipeline, grid, cv=2).fit(ROOMS, [0, 0, 0, 1, 1, 1, 0, 1])
    assert search.best_params_["lsavectorizer__vector_size"] in (1, 2)
    with pytest.raises(NotFittedError):
        LSAVectorizer().transform(ROOMS)


def test_chinese_by_words_and_by_characters():
    texts = [
        "酒店靠近海边，房间安静。",
        "海边的房间，安静又明亮。",
        "机场班车免费。",
        "免费班车去机场。",
    ]
    for how in ({"tokenizer": "jieba"}, {"analyzer": "char"}):
        vectors = LSAVectorizer(vector_size=2, random_state=0, **how).fit_transform(texts)
        similar = vectors @ vectors.T
        assert similar[0, 1] > 0.9
        assert similar[2, 3] > 0.9
        assert similar[0, 2] < 0.5
