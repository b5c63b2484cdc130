"""Where dtypes, bytes, late settings and hostile files meet: as scikit-learn has it, or refused."""

import numpy as np
import pytest
from sklearn.feature_extraction import text as sklearn_text

import textvec
from textvec import BM25Transformer, CountVectorizer, HashingVectorizer, TfidfTransformer, load

from .parity import assert_same_matrix

TEXTS = ["a b c d e f", "f e d a a", "", "c c c c b"]
WIDE = {"token_pattern": r"(?u)\b\w+\b"}


@pytest.mark.parametrize("dtype", [bool, np.bool_, np.int8, np.float32])
@pytest.mark.parametrize("norm", [None, "l1", "l2"])
@pytest.mark.parametrize("options", [{}, {"ngram_range": (1, 2)}, {"analyzer": str.split}], ids=str)
def test_what_shares_a_column_is_summed_in_the_dtype(dtype, norm, options):
    options = {**WIDE, "n_features": 2, "norm": norm, "dtype": dtype, **options}
    if "analyzer" in options:
        del options["token_pattern"]
    ours = HashingVectorizer(**options).transform(TEXTS)
    assert_same_matrix(ours, sklearn_text.HashingVectorizer(**options).transform(TEXTS))


@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint8, np.int16, np.int64, np.float32])
@pytest.mark.parametrize("options", [{}, {"ngram_range": (1, 2)}, {"analyzer": tuple}], ids=str)
def test_most_frequent_terms_are_those_of_the_dtype(dtype, options):
    texts = ["a " * 130 + "b " * 3, "b b c", "c b d", "d d d d", "e " * 255 + "f"]
    options = {**WIDE, "max_features": 2, "dtype": dtype, **options}
    if "analyzer" in options:
        del options["token_pattern"]
    ours, theirs = CountVectorizer(**options), sklearn_text.CountVectorizer(**options)
    assert_same_matrix(ours.fit_transform(texts), theirs.fit_transform(texts))
    assert ours.vocabulary_ == theirs.vocabulary_


def test_features_of_bytes_are_hashed():
    def analyzer(text):
        return [*text.split(), *text.encode().split(), b"\xff\x00"]

    for options in ({}, {"norm": None, "n_features": 5}):
        ours = HashingVectorizer(analyzer=analyzer, **options).transform(TEXTS)
        theirs = sklearn_text.HashingVectorizer(analyzer=analyzer, **options).transform(TEXTS)
        assert_same_matrix(ours, theirs)
    for kind in (HashingVectorizer, sklearn_text.HashingVectorizer):
        with pytest.raises(TypeError, match="feature names must be strings"):
            kind(analyzer=lambda text: [1]).transform(TEXTS)


@pytest.mark.parametrize(
    ("kind", "bad"),
    [
        (HashingVectorizer, {"norm": "L2"}),
        (HashingVectorizer, {"input": "url"}),
        (HashingVectorizer, {"decode_error": "pass"}),
        (CountVectorizer, {"input": "url"}),
        (CountVectorizer, {"binary": "yes"}),
        (textvec.TfidfVectorizer, {"lowercase": "no"}),
        (textvec.BM25Vectorizer, {"strip_accents": "latin"}),
    ],
    ids=str,
)
def test_what_is_set_after_fit_is_checked(kind, bad):
    vectorizer = kind().fit(TEXTS * 2 + ["the sea"])
    vectorizer.transform(TEXTS)
    (name,) = bad
    with pytest.raises(ValueError, match=rf"'{name}' parameter of {kind.__name__} must be"):
        vectorizer.set_params(**bad).transform(TEXTS)


def test_transformers_check_what_is_set_after_fit():
    counts = np.array([[1, 0], [2, 1]])
    with pytest.raises(ValueError, match="'norm' parameter of TfidfTransformer must be"):
        TfidfTransformer().fit(counts).set_params(norm="L2").transform(counts)
    weigher = BM25Transformer().fit(counts)
    with pytest.raises(ValueError, match="b must be between 0 and 1"):
        weigher.set_params(b=1.5).transform(counts)
    with pytest.raises(ValueError, match="method must be one of"):
        weigher.set_params(b=0.5, method="bm26").query_offset(counts)


@pytest.mark.parametrize(
    ("make", "changes"),
    [
        (TfidfTransformer, {"n_features_in_": 10**12}),
        (TfidfTransformer, {"n_features_in_": 0}),
        (TfidfTransformer, {"n_features_in_": 3}),
        (TfidfTransformer, {"n_features_in_": 2.0}),
        (TfidfTransformer, {"idf_": np.zeros((2, 2))}),
        (lambda: TfidfTransformer(use_idf=False), {"n_features_in_": 10**12}),
        (BM25Transformer, {"n_features_in_": 10**12}),
        (BM25Transformer, {"idf_": np.zeros(0)}),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_files_of_other_transformers_are_refused(make, changes, tmp_path):
    fitted = make().fit(np.array([[1, 0], [2, 1]]))
    vars(fitted).update(changes)
    fitted.save(tmp_path / "transformer")
    (name,) = changes
    with pytest.raises(ValueError, match=f"{name} must|idf_ must"):
        load(tmp_path / "transformer")


@pytest.mark.parametrize("kind", [CountVectorizer, HashingVectorizer])
def test_a_range_of_a_file_that_would_never_end_is_refused(kind, tmp_path):
    vectorizer = kind().fit(["the sea"])
    vectorizer.set_params(ngram_range=(-(2**31), 2)).save(tmp_path / "vectorizer")
    with pytest.raises(ValueError, match="ngram_range must begin at 0"):
        load(tmp_path / "vectorizer")
    analyze = CountVectorizer(analyzer="mixed", ngram_range=(1, 10**12)).build_analyzer()
    assert analyze("手机 red") == ["手", "机", "red", "手机"]
