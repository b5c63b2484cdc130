"""partial_fit: after the last batch all is as after one fit, but for the order of the columns."""

import numpy as np
import pytest

import textvec

DOCS = [
    "a quiet room by the sea, quiet nights",
    "the sea view room was loud",
    "loud nights in the old town",
    "",
    "an old room, an older town, the oldest sea",
    "breakfast by the sea",
]
KINDS = [
    (textvec.CountVectorizer, {}),
    (textvec.CountVectorizer, {"binary": True, "ngram_range": (1, 2)}),
    (textvec.TfidfVectorizer, {}),
    (textvec.TfidfVectorizer, {"ngram_range": (1, 3), "sublinear_tf": True, "dtype": np.float32}),
    (textvec.TfidfVectorizer, {"analyzer": "char_wb", "ngram_range": (2, 4)}),
    (textvec.TfidfVectorizer, {"analyzer": "char", "ngram_range": (1, 2), "use_idf": False}),
    (textvec.TfidfVectorizer, {"tokenizer": str.split, "token_pattern": None}),
    (textvec.TfidfVectorizer, {"analyzer": str.split}),
    (textvec.BM25Vectorizer, {}),
    (textvec.BM25Vectorizer, {"method": "bm25l", "stop_words": "english"}),
]


def by_name(vectorizer, X):
    """Dense rows with the columns in alphabetical order."""
    return X.toarray()[:, np.argsort(vectorizer.get_feature_names_out())]


@pytest.mark.parametrize(("kind", "params"), KINDS)
@pytest.mark.parametrize("batches", [[6], [0, 1, 5], [3, 0, 3], [4, 1, 1], [1, 1, 1, 1, 1, 1]])
def test_batches_equal_one_fit(kind, params, batches):
    whole = kind(**params).fit(DOCS)
    grown = kind(**params)
    start = 0
    for size in batches:
        grown.partial_fit(iter(DOCS[start : start + size]))
        start += size
    assert sorted(grown.vocabulary_) == sorted(whole.vocabulary_)
    queries = [*DOCS, "the sea and unseen words"]
    expected, got = (by_name(v, v.transform(queries)) for v in (whole, grown))
    np.testing.assert_array_max_ulp(got, expected, maxulp=4)  # row sums run in another order
    assert got.any()


def test_columns_are_stable_and_sorted_within_a_batch():
    vectorizer = textvec.CountVectorizer().partial_fit(DOCS[:2])
    before = dict(vectorizer.vocabulary_)
    assert before == textvec.CountVectorizer().fit(DOCS[:2]).vocabulary_
    vectorizer.partial_fit(DOCS[2:])
    after = vectorizer.vocabulary_
    assert {term: after[term] for term in before} == before
    names = vectorizer.get_feature_names_out().tolist()
    new = names[len(before) :]
    assert new == sorted(new)
    assert len(new) > 3


def test_partial_fit_goes_on_from_fit_and_fit_forgets():
    grown = textvec.TfidfVectorizer().fit(DOCS[:3]).partial_fit(DOCS[3:])
    whole = textvec.TfidfVectorizer().fit(DOCS)
    np.testing.assert_array_max_ulp(
        by_name(grown, grown.transform(DOCS)), by_name(whole, whole.transform(DOCS)), maxulp=4
    )
    refitted = grown.fit(DOCS[:2])
    fresh = textvec.TfidfVectorizer().fit(DOCS[:2])
    assert refitted.vocabulary_ == fresh.vocabulary_
    np.testing.assert_array_equal(refitted.idf_, fresh.idf_)
    refitted.partial_fit(DOCS[2:])
    assert refitted.idf_.shape == (len(refitted.vocabulary_),)


def test_idf_and_length_are_exact():
    grown = textvec.BM25Vectorizer()
    for doc in DOCS:
        grown.partial_fit([doc])
    whole = textvec.BM25Vectorizer().fit(DOCS)
    order, expected = np.argsort(grown.get_feature_names_out()), whole.idf_
    np.testing.assert_array_equal(grown.idf_[order], expected)
    assert grown._weigher.mean_length_ == whole._weigher.mean_length_


def test_fixed_vocabulary_stays_fixed():
    vocabulary = ["sea", "room"]
    grown = textvec.TfidfVectorizer(vocabulary=vocabulary)
    grown.partial_fit(DOCS[:3]).partial_fit(DOCS[3:])
    whole = textvec.TfidfVectorizer(vocabulary=vocabulary).fit(DOCS)
    assert grown.vocabulary_ == whole.vocabulary_
    np.testing.assert_array_equal(grown.idf_, whole.idf_)


@pytest.mark.parametrize("kind", [textvec.CountVectorizer, textvec.TfidfVectorizer])
@pytest.mark.parametrize(
    ("name", "value"),
    [("min_df", 2), ("min_df", 0.1), ("max_df", 0.9), ("max_df", 1), ("max_features", 10)],
)
def test_pruning_is_refused_by_name(kind, name, value):
    vectorizer = kind(**{name: value})
    with pytest.raises(ValueError, match=f"{name} must be .* for partial_fit"):
        vectorizer.partial_fit(DOCS)
    assert not hasattr(vectorizer, "vocabulary_")


@pytest.mark.parametrize(("name", "value"), [("min_df", np.int64(1)), ("max_df", np.float64(1))])
def test_numbers_of_numpy_are_numbers(name, value):
    vectorizer = textvec.CountVectorizer(**{name: value}).partial_fit(DOCS)
    assert vectorizer.vocabulary_ == textvec.CountVectorizer().partial_fit(DOCS).vocabulary_


def test_a_failed_batch_changes_nothing():
    vectorizer = textvec.TfidfVectorizer().partial_fit(DOCS[:3])
    vocabulary, idf = dict(vectorizer.vocabulary_), vectorizer.idf_.copy()
    with pytest.raises(TypeError, match="row 1"):
        vectorizer.partial_fit(["brand new words", None])
    with pytest.raises(ValueError, match="string object received"):
        vectorizer.partial_fit("one text")
    assert vectorizer.vocabulary_ == vocabulary
    np.testing.assert_array_equal(vectorizer.idf_, idf)


def test_hashing_needs_none():
    vectorizer = textvec.HashingVectorizer(n_features=64).partial_fit(DOCS)
    assert vectorizer.transform(DOCS).shape == (6, 64)
