"""DocumentVectorizer: each pooling against NumPy, and scikit-learn's habits."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

import textvec
from textvec import DocumentVectorizer, KeyedVectors

WORDS = ["the", "sea", "view", "bar", "room", "quiet", "airport", "bus"]
DOCS = [
    "The sea, the sea view",
    "A quiet room with sea view",
    "The bar near the room",
    "The airport bus",
    "Bus to the airport",
    "quiet quiet the",
]
ODD = ["", "unknown words only", "海景 🙂"]
POOLINGS = ["mean", "idf", "sif", "max"]


@pytest.fixture(scope="module")
def table():
    # Six numbers a word. With five, OpenBLAS 0.3.31 multiplies a float32 matrix by a vector with
    # AVX-512 lanes that it never filled, and NumPy may warn of an invalid value that is in no sum.
    vectors = np.random.default_rng(0).normal(size=(len(WORDS), 6)) + 0.5
    return KeyedVectors(vectors, WORDS)


def rows_of(docs):
    """The rows of the known words of each document."""
    tokens = [doc.lower().replace(",", "").split() for doc in docs]
    return [[WORDS.index(token) for token in row if token in WORDS] for row in tokens]


def by_hand(table, pooling, sif_a=1e-3):
    """The document vectors of DOCS from the formulas, in float64."""
    vectors, rows = table.vectors.astype(float), rows_of(DOCS)
    if pooling == "max":
        return np.array([vectors[row].max(axis=0) for row in rows])
    weights = np.ones(len(WORDS))
    if pooling == "idf":
        tfidf = TfidfVectorizer(vocabulary=WORDS).fit(DOCS)
        weights = tfidf.idf_
    if pooling == "sif":
        counts = np.bincount(np.concatenate(rows), minlength=len(WORDS))
        weights = sif_a / (sif_a + counts / counts.sum())
    pooled = [
        (weights[row, None] * vectors[row]).sum(axis=0)
        / (len(row) if pooling == "sif" else weights[row].sum())
        for row in rows
    ]
    if pooling != "sif":
        return np.array(pooled)
    first = np.linalg.svd(np.array(pooled))[2][0]
    return pooled - np.outer(pooled @ first, first)


@pytest.mark.parametrize("sif_a", [1e-3, 0.2])
@pytest.mark.parametrize("pooling", POOLINGS)
def test_vectors_are_those_of_the_formula(table, pooling, sif_a):
    vectors = DocumentVectorizer(table, pooling, sif_a=sif_a).fit_transform(DOCS)
    assert vectors.dtype == np.float32
    expected = by_hand(table, pooling, sif_a)
    np.testing.assert_allclose(vectors, expected, atol=1e-5 * np.abs(expected).max())


def test_what_sif_learned_is_taken_out_of_new_documents(table):
    vectorizer = DocumentVectorizer(table, "sif").fit(DOCS)
    assert np.linalg.norm(vectorizer.common_component_) == pytest.approx(1)
    vectors = vectorizer.transform(["the view of the bus", "quiet airport bar"])
    np.testing.assert_allclose(vectors @ vectorizer.common_component_, 0, atol=1e-6)
    unseen = DocumentVectorizer(table, "sif").fit(["the sea"]).word_weights_
    assert unseen[WORDS.index("bus")] == 1
    assert unseen[WORDS.index("sea")] == pytest.approx(1e-3 / (1e-3 + 0.5))


def test_sif_in_blocks_finds_the_same_component(table, monkeypatch):
    expected = DocumentVectorizer(table, "sif").fit_transform(DOCS)
    monkeypatch.setattr("textvec.dense.documents._ROWS_AT_ONCE", 2)
    np.testing.assert_allclose(
        DocumentVectorizer(table, "sif").fit_transform(DOCS), expected, atol=1e-7
    )


@pytest.mark.parametrize("pooling", POOLINGS)
def test_a_document_has_one_vector(table, pooling):
    docs = [*DOCS, *ODD]
    vectorizer = DocumentVectorizer(table, pooling)
    together = vectorizer.fit_transform(docs)
    assert np.isfinite(together).all()
    assert not together[-len(ODD) :].any()
    assert together[: len(DOCS)].any(axis=1).all()
    np.testing.assert_array_equal(vectorizer.fit(iter(docs)).transform(iter(docs)), together)
    np.testing.assert_array_equal([vectorizer.transform([doc])[0] for doc in docs], together)
    np.testing.assert_array_equal(vectorizer.set_params(n_jobs=3).fit_transform(docs), together)
    assert vectorizer.transform([]).shape == (0, 6)


@pytest.mark.parametrize("pooling", POOLINGS)
def test_half_precision_tables(table, pooling):
    half = KeyedVectors(table.vectors.astype(np.float16), WORDS)
    same = KeyedVectors(half.vectors.astype(np.float32), WORDS)
    vectorizer, expected = (DocumentVectorizer(one, pooling).fit(DOCS) for one in (half, same))
    for docs in (DOCS, ["Quiet airport bar", "bus"], []):  # all words, or only some
        np.testing.assert_array_equal(vectorizer.transform(docs), expected.transform(docs))


def test_one_fitted_document_has_nothing_but_what_all_have_in_common(table):
    assert not DocumentVectorizer(table, "sif").fit_transform(["the sea"]).any()


def test_token_lists_files_and_tokenizers(table, tmp_path):
    vectorizer = DocumentVectorizer(table, "idf")
    expected = vectorizer.fit_transform(DOCS)
    (tmp_path / "docs.txt").write_text("\n".join(DOCS), "utf-8")
    np.testing.assert_array_equal(vectorizer.fit_transform(tmp_path / "docs.txt"), expected)
    lists = [doc.lower().replace(",", "").split() for doc in DOCS]
    np.testing.assert_array_equal(vectorizer.fit_transform(lists), expected)
    vectorizer.set_params(tokenizer=lambda text: text.lower().replace(",", "").split())
    np.testing.assert_array_equal(vectorizer.fit_transform(DOCS), expected)
    chinese = KeyedVectors([[1, 0], [0, 1]], ["酒店", "海边"])
    vectors = DocumentVectorizer(chinese, tokenizer="jieba").fit_transform(["酒店在海边。"])
    np.testing.assert_array_equal(vectors, [[0.5, 0.5]])


def test_words_added_to_the_table_are_known(table):
    grown = KeyedVectors(table.vectors, WORDS)
    vectorizer = DocumentVectorizer(grown).fit(DOCS)
    assert not vectorizer.transform(["garden"]).any()
    grown.add_vectors("garden", np.ones(6))
    np.testing.assert_array_equal(vectorizer.fit(DOCS).transform(["garden"]), np.ones((1, 6)))


def test_clones_share_the_table_and_parameters_are_stored(table):
    vectorizer = DocumentVectorizer(table, "sif", sif_a=0.1, tokenizer="jieba", n_jobs=2)
    copy = clone(vectorizer)
    assert copy.keyed_vectors is table
    assert copy.get_params() == vectorizer.get_params()
    assert "DocumentVectorizer(keyed_vectors=KeyedVectors(8 words" in repr(vectorizer)
    assert vectorizer.fit(DOCS) is vectorizer
    assert vectorizer.keyed_vectors_ is table


def test_names_and_data_frames(table):
    vectorizer = DocumentVectorizer(table).fit(DOCS)
    names = [f"documentvectorizer{i}" for i in range(6)]
    assert list(vectorizer.get_feature_names_out()) == names
    frame = vectorizer.set_output(transform="pandas").transform(DOCS)
    assert isinstance(frame, pd.DataFrame)
    assert list(frame.columns) == names


def test_grid_search_over_poolings(table):
    pipeline = make_pipeline(DocumentVectorizer(table), LogisticRegression())
    grid = {"documentvectorizer__pooling": POOLINGS}
    search = GridSearchCV(pipeline, grid, cv=2).fit(DOCS, [0, 0, 0, 1, 1, 1])
    assert search.best_params_["documentvectorizer__pooling"] in POOLINGS
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


@pytest.mark.parametrize("pooling", POOLINGS)
def test_save_load_and_pickle_keep_the_vectors(table, pooling, tmp_path):
    vectorizer = DocumentVectorizer(table, pooling)
    expected = vectorizer.fit_transform(DOCS)
    vectorizer.save(tmp_path / "docs.textvec")
    loaded = textvec.load(tmp_path / "docs.textvec")
    assert loaded.pooling == pooling
    assert loaded.keyed_vectors.index_to_key == WORDS
    np.testing.assert_array_equal(loaded.transform(DOCS), expected)
    mapped = textvec.load(tmp_path / "docs.textvec", mmap_mode="r")
    np.testing.assert_array_equal(mapped.transform(DOCS), expected)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(vectorizer)).transform(DOCS), expected)


def test_what_is_wrong_is_named(table):
    with pytest.raises(ValueError, match="pooling must be one of 'mean', 'idf', 'sif', 'max'. Got"):
        DocumentVectorizer(table, "median").fit(DOCS)
    with pytest.raises(ValueError, match="sif_a must be greater than 0. Got 0"):
        DocumentVectorizer(table, sif_a=0).fit(DOCS)
    with pytest.raises(TypeError, match="sif_a must be a number"):
        DocumentVectorizer(table, sif_a="1").fit(DOCS)
    with pytest.raises(NotFittedError):
        DocumentVectorizer(table).transform(DOCS)
    with pytest.raises(ValueError, match="pooling was 'mean' in fit and is 'sif' now. Fit again"):
        DocumentVectorizer(table).fit(DOCS).set_params(pooling="sif").transform(DOCS)
    with pytest.raises(ValueError, match="No word of the 2 documents .* such as .'the', 'sea', 'v"):
        DocumentVectorizer(table).fit(["孙悟空", ""])
    with pytest.raises(ValueError, match="raw_documents must be .* Got one str"):
        DocumentVectorizer(table).fit("the sea")
    with pytest.raises(TypeError, match="Got None of type NoneType in row 1"):
        DocumentVectorizer(table).fit(DOCS).transform(["sea", None])
    with pytest.raises(TypeError, match="must be a textvec.KeyedVectors. Got dict instead.$"):
        DocumentVectorizer({"sea": [1, 2]}).fit(DOCS)
    fitted = DocumentVectorizer(table).fit(DOCS)
    with pytest.raises(TypeError, match="Got DocumentVectorizer instead. Pass its .keyed_vectors_"):
        DocumentVectorizer(fitted).fit(DOCS)


def test_a_table_of_gensim_is_told_how_to_come_in(table):
    pytest.importorskip("gensim")
    with pytest.raises(TypeError, match="Pass KeyedVectors.from_gensim"):
        DocumentVectorizer(table.to_gensim()).fit(DOCS)
