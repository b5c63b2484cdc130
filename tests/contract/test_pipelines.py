"""A pipeline that ends in BM25 is BM25 wherever something is searched for."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.decomposition import TruncatedSVD
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, Normalizer

from textvec import (
    BM25Transformer,
    BM25Vectorizer,
    ContentRecommender,
    CountVectorizer,
    TfidfVectorizer,
    mine_hard_negatives,
)
from textvec.evaluate.tasks import RerankingTask, RetrievalTask
from textvec.search._vectorizers import is_fitted, metric_of, query_vectors

TEXTS = ["sea view sea", "view", "shuttle bus sea view", "airport bus", "sea sea sea hut bus"]
QUERIES = ["sea view view", "bus", "airport sea"]
SAME = [
    make_pipeline(BM25Vectorizer()),
    make_pipeline(CountVectorizer(), BM25Transformer()),
    make_pipeline(CountVectorizer(), make_pipeline("passthrough", BM25Transformer())),
    Pipeline([("bm25", BM25Vectorizer()), ("nothing", "passthrough"), ("none", None)]),
]
PLAIN = BM25Vectorizer()


@pytest.mark.parametrize("method", SAME)
def test_queries_and_metric_are_those_of_the_last_step(method):
    assert metric_of(method) == "dot"
    fitted = method.fit(TEXTS)
    expected = PLAIN.fit(TEXTS).transform_queries(QUERIES)
    assert np.array_equal(query_vectors(fitted, QUERIES).toarray(), expected.toarray())
    assert (query_vectors(fitted, QUERIES) != fitted.transform(QUERIES)).nnz


@pytest.mark.parametrize("method", SAME)
def test_tasks_and_negatives_and_recommendations_are_those_of_bm25(method):
    corpus, queries = dict(enumerate(TEXTS)), dict(enumerate(QUERIES, 10))
    graded = {10: {1: 1}, 11: {3: 1}, 12: {4: 1, 3: 2}}
    for task in [
        RetrievalTask(queries, corpus, graded),
        RerankingTask(QUERIES, [TEXTS[1:2], TEXTS[3:4], TEXTS[4:]], [TEXTS[:1]] * 3),
    ]:
        found, expected = task.evaluate(method), task.evaluate(PLAIN)
        assert found == expected
        assert found != task.evaluate(CountVectorizer())
        assert found.rows["found"].tolist() == expected.rows["found"].tolist()
    mined, expected = (
        mine_hard_negatives(QUERIES, QUERIES, TEXTS, one, (0, 2), 1) for one in (method, PLAIN)
    )
    assert mined == expected
    items = pd.DataFrame({"text": TEXTS})
    tables = [ContentRecommender(one).fit(items) for one in (method, PLAIN)]
    for query in QUERIES:
        pd.testing.assert_frame_equal(*(table.query(query) for table in tables))
    pd.testing.assert_frame_equal(*(table.similar(0) for table in tables))


class Inside(BaseEstimator):
    """Leaves vectors as they are; its metric is its own affair."""

    metric = "euclidean"

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return X


def test_what_a_step_measures_inside_is_no_metric_of_its_vectors():
    assert metric_of(make_pipeline(TfidfVectorizer(), Inside())) == "cosine"
    assert metric_of(Inside()) == "euclidean"  # and is refused where it is used
    assert metric_of(TfidfVectorizer()) == "cosine"


def test_a_pipeline_is_fitted_when_all_of_its_steps_are():
    for last in (Normalizer(), FunctionTransformer(), TruncatedSVD(2)):
        method = make_pipeline(TfidfVectorizer(), last)
        assert not is_fitted(method)
        records = mine_hard_negatives(QUERIES, QUERIES, TEXTS, method, (0, 2), 1)
        assert [len(record["neg"]) for record in records] == [1, 1, 1]
        assert not is_fitted(method)  # a copy was fitted
        assert is_fitted(method.fit(TEXTS))
    assert not is_fitted(TfidfVectorizer)
