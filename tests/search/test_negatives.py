"""mine_hard_negatives: ranks kept to, positives left out, any vectorizer, bad input."""

import warnings

import numpy as np
import pytest
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer as ScikitLearnTfidf
from sklearn.pipeline import make_pipeline

from textvec import BM25Vectorizer, TfidfVectorizer
from textvec.search.negatives import mine_hard_negatives

WORDS = ["sea", "view", "room", "bar", "pool", "park", "bed", "quiet", "near", "far", "spa", "old"]


@pytest.fixture(scope="module")
def texts():
    """Queries, their positives, and a corpus that repeats some texts."""
    rng = np.random.default_rng(0)
    corpus = [" ".join(rng.choice(WORDS, 6)) for _ in range(120)]
    corpus += corpus[:10]
    queries = [" ".join(text.split()[:3]) for text in corpus[:8]]
    return queries, [[text, "an answer from elsewhere"] for text in corpus[:8]], corpus


def ranked(query, corpus):
    vectors = ScikitLearnTfidf().fit(corpus)
    scores = (vectors.transform(corpus) @ vectors.transform([query]).T).toarray().ravel()
    return np.argsort(-scores, kind="stable"), scores


def test_all_texts_of_the_ranks_but_positives(texts):
    queries, positives, corpus = texts
    with pytest.warns(UserWarning, match="8 of 8 queries get fewer than 100 negatives"):
        records = mine_hard_negatives(
            queries, positives, corpus, TfidfVectorizer(), rank_range=(3, 20), n_negatives=100
        )
    for query, answers, record in zip(queries, positives, records, strict=True):
        order, scores = ranked(query, corpus)
        assert scores[order[19]] > 0
        expected = dict.fromkeys(corpus[item] for item in order[3:20])
        assert record == {
            "query": query,
            "pos": answers,
            "neg": [text for text in expected if text not in answers],
        }


def test_draws_are_of_the_ranks_and_repeat(texts):
    draws = [
        mine_hard_negatives(*texts, TfidfVectorizer(), n_negatives=5, random_state=s)
        for s in (1, 1, 2)
    ]
    assert draws[0] == draws[1] != draws[2]
    for query, record in zip(texts[0], draws[0], strict=True):
        assert len(set(record["neg"])) == 5
        assert not set(record["neg"]) & {query, *record["pos"]}
        order, _ = ranked(query, texts[2])
        assert {record["neg"][0]} <= {texts[2][item] for item in order[2:]}


@pytest.mark.parametrize(
    "vectorizer",
    [TfidfVectorizer(), BM25Vectorizer(), make_pipeline(ScikitLearnTfidf(), TruncatedSVD(5))],
    ids=["tfidf", "bm25", "pipeline"],
)
def test_any_vectorizer_fitted_or_not(texts, vectorizer):
    records = mine_hard_negatives(*texts, vectorizer, n_negatives=4)
    assert [len(record["neg"]) for record in records] == [4] * 8
    assert not [name for name in vars(vectorizer) if name.endswith("vocabulary_")]  # still unfitted
    vectorizer.fit(texts[2])
    assert mine_hard_negatives(*texts, vectorizer, n_negatives=4, n_jobs=2) == records


def test_vectorizers_that_compare_by_dot_product_do():
    """By cosine the short text would come first, by BM25 the one that repeats the word does."""
    corpus = ["sea", "sea sea sea with pool bar spa park bed", "town", "view"]
    records = mine_hard_negatives(["sea"], ["x"], corpus, BM25Vectorizer(b=0), (0, 1), 1)
    assert records[0]["neg"] == [corpus[1]]


def test_one_positive_may_be_a_str(texts):
    queries, positives, corpus = texts
    records = mine_hard_negatives(
        queries, [one for one, _ in positives], corpus, TfidfVectorizer(), n_negatives=3
    )
    assert [record["pos"] for record in records] == [[one] for one, _ in positives]


def test_a_query_that_matches_nothing_has_no_negatives():
    corpus = ["sea view", "sea bar", "sea pool"]
    with pytest.warns(UserWarning, match="1 of 2 queries get fewer than 1 neg") as told:
        records = mine_hard_negatives(
            ["sea", "zebra"], ["x", "y"], corpus, TfidfVectorizer(), (0, 3), n_negatives=1
        )
    assert len(told) == 1
    assert [len(record["neg"]) for record in records] == [1, 0]


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"rank_range": (5, 5)}, ValueError, r"rank_range\[1\] must be at least 6. Got 5"),
        ({"rank_range": (-1, 5)}, ValueError, r"rank_range\[0\] must be at least 0"),
        ({"rank_range": 5}, TypeError, "rank_range must be two integers. Got 5"),
        ({"n_negatives": 0}, ValueError, "n_negatives must be at least 1"),
        ({"positives": ["x"]}, ValueError, "positives must be as many as queries. Got 1 for 8"),
        ({"positives": [["x"]] * 7 + [[]]}, ValueError, "have a positive. Got none in row 7"),
    ],
)
def test_bad_input_is_refused_clearly(texts, changes, error, message):
    queries, positives, corpus = texts
    arguments = {"queries": queries, "positives": positives, "corpus": corpus} | changes
    with warnings.catch_warnings(), pytest.raises(error, match=message):
        mine_hard_negatives(vectorizer=TfidfVectorizer(), **arguments)
