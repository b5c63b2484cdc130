"""Rows of vectors to other projects' forms and back, and who made them."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfVectorizer as TheirTfidfVectorizer

from textvec import BM25Vectorizer, LSAVectorizer, TfidfVectorizer, load
from textvec.integrations.vectors import (
    check_signature,
    document_vectors,
    from_dicts,
    from_pairs,
    signature_of,
    to_arrays,
    to_dicts,
    to_lists,
    to_pairs,
)

TEXTS = ["harbour view and sea", "oysters by the harbour", "skiing and snow"]


@pytest.fixture
def matrix():
    X = sparse.random_array((20, 50), density=0.1, rng=np.random.default_rng(0), dtype=np.float32)
    X = X.tocsr()
    X.data[::7] = 0  # stored zeros are no entries
    return X


@pytest.mark.parametrize(("to", "back"), [(to_pairs, from_pairs), (to_dicts, from_dicts)])
def test_sparse_rows_come_back(matrix, to, back):
    written = to(matrix)
    again = back(written, 50)
    assert again.dtype == np.float32
    np.testing.assert_array_equal(again.toarray(), matrix.toarray())
    assert again.nnz == np.count_nonzero(matrix.toarray())
    assert (matrix.data == 0).any(), "the input is as it was"


def test_rows_are_plain_python(matrix):
    columns, values = to_pairs(matrix)[0]
    assert {type(one) for one in columns} == {int}
    assert {type(one) for one in values} == {float}
    assert columns == sorted(columns)
    row = to_dicts(matrix)[0]
    assert {(type(key), type(value)) for key, value in row.items()} == {(int, float)}
    assert {type(value) for value in to_lists(matrix)[0]} == {float}


def test_dense_rows_are_taken_as_sparse_and_the_reverse():
    assert to_pairs(np.array([[0.0, 2.0], [0.0, 0.0]])) == [([1], [2.0]), ([], [])]
    assert to_lists(sparse.csr_array([[0.0, 2.0]])) == [[0.0, 2.0]]
    assert from_pairs([], 3).shape == (0, 3)


@pytest.mark.parametrize("to", [to_pairs, to_dicts, to_lists, to_arrays])
def test_nan_is_refused_by_row(to):
    with pytest.raises(ValueError, match="row 1"):
        to(np.array([[1.0, 2.0], [np.nan, 1.0]]))


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        (([0, 3], [1.0, 1.0]), "between 0 and 2. Got 0 to 3"),
        (([-1], [1.0]), "Got -1 to -1"),
        (([1, 1], [1.0, 1.0]), "names a column twice"),
        (([1, 2], [1.0]), "a value for each column: 2. Got 1"),
    ],
)
def test_rows_that_are_none_are_refused(pair, message):
    with pytest.raises(ValueError, match=message):
        from_pairs([pair], 3)


def test_too_wide_for_a_dense_vector():
    with pytest.raises(ValueError, match="65536 dimensions.*Got 65537 instead: write sparse"):
        to_lists(sparse.csr_array((1, 65_537)))


def test_the_signature_is_of_what_was_learned(tmp_path):
    vectorizer = BM25Vectorizer().fit(TEXTS)
    mine = signature_of(vectorizer)
    vectorizer.save(tmp_path / "bm25.textvec")
    assert signature_of(load(tmp_path / "bm25.textvec")) == mine
    assert signature_of(BM25Vectorizer(n_jobs=2).fit(TEXTS)) == mine, "how it runs does not count"
    assert signature_of(BM25Vectorizer(k1=1.2).fit(TEXTS)) != mine
    assert signature_of(BM25Vectorizer().fit(TEXTS[:2])) != mine
    assert signature_of(TheirTfidfVectorizer().fit(TEXTS)).digest == ""


def test_another_vectorizer_is_refused_with_both_names():
    mine = signature_of(LSAVectorizer(vector_size=2, random_state=0).fit(TEXTS))
    refitted = LSAVectorizer(vector_size=2, random_state=0).fit(TEXTS[::-1])
    others = [signature_of(TfidfVectorizer().fit(TEXTS)), signature_of(refitted)]
    check_signature("x", mine._asdict(), mine)
    check_signature("x", list(mine), mine)
    for other in others:
        for known in (other._asdict(), list(other)):
            with pytest.raises(ValueError) as told:
                check_signature("collection 'x'", known, mine)
            said = str(told.value)
            assert "collection 'x'" in said
            assert str(mine) in said
            assert str(other) in said
    for known in (None, {"made": "up"}, [1], 7):
        with pytest.raises(ValueError, match="LSAVectorizer"):
            check_signature("x", known, mine)


def test_what_is_not_fitted_is_refused():
    with pytest.raises(NotFittedError, match="This BM25Vectorizer is not fitted"):
        signature_of(BM25Vectorizer())
    for wrong in (BM25Vectorizer, "bm25", None):
        with pytest.raises(TypeError, match="vectorizer must be a vectorizer, such as"):
            signature_of(wrong)


def test_texts_are_checked_and_none_is_no_rows():
    vectorizer = BM25Vectorizer().fit(TEXTS)
    assert to_pairs(document_vectors(vectorizer, [])) == []
    for wrong in ("one text", None, 3):
        with pytest.raises(TypeError, match="texts must be a list of str"):
            document_vectors(vectorizer, wrong)
    with pytest.raises(TypeError, match=r"texts\[1\] must be a str. Got int"):
        document_vectors(vectorizer, ["a", 1])


@pytest.mark.parametrize("to", [to_pairs, to_dicts, to_lists, to_arrays])
def test_a_single_vector_is_no_rows(to):
    with pytest.raises(ValueError, match=r"rows of vectors. Got an array of shape \(2,\)"):
        to([0.0, 1.0])
