"""Retrieval and similarity against the evaluators of sentence-transformers, on the same vectors."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.feature_extraction.text import HashingVectorizer

from textvec.evaluate.tasks import mini_benchmark_tasks

evaluation = pytest.importorskip("sentence_transformers.sentence_transformer.evaluation")
pytestmark = pytest.mark.filterwarnings("ignore")  # theirs


class Projected(BaseEstimator):
    """Fixed dense vectors without ties: hashed character n-grams times a fixed matrix."""

    def fit(self, raw_documents, y=None):
        return self

    def transform(self, raw_documents):
        hashed = HashingVectorizer(n_features=4096, analyzer="char", ngram_range=(1, 3))
        matrix = np.random.default_rng(0).normal(size=(4096, 64)) / 8
        return hashed.transform(raw_documents) @ matrix


@pytest.fixture(scope="module")
def tasks():
    return {task.type: task for task in mini_benchmark_tasks("en")}


def cosines(a, b):
    a, b = Projected().transform(a), Projected().transform(b)
    return (a / np.linalg.norm(a, axis=1)[:, None]) @ (b / np.linalg.norm(b, axis=1)[:, None]).T


def test_retrieval_equals_the_information_retrieval_evaluator(tasks):
    task = tasks["Retrieval"]
    relevant = {q: {d for d, g in grades.items() if g} for q, grades in task.relevance.items()}
    theirs = evaluation.InformationRetrievalEvaluator(
        task.queries, task.corpus, relevant,
        mrr_at_k=[10], ndcg_at_k=[10], map_at_k=[60],
        precision_recall_at_k=[10], accuracy_at_k=[10],
    )  # fmt: skip
    found = cosines(list(task.queries.values()), list(task.corpus.values()))
    ids = list(task.corpus)
    results = [[{"corpus_id": ids[i], "score": row[i]} for i in np.argsort(-row)] for row in found]
    expected = theirs.compute_metrics(results)
    ours = task.evaluate(Projected(), k=10)
    assert ours["MRR@10"] == pytest.approx(expected["mrr@k"][10], abs=1e-6)
    assert ours["recall@10"] == pytest.approx(expected["recall@k"][10], abs=1e-6)
    assert ours["precision@10"] == pytest.approx(expected["precision@k"][10], abs=1e-6)
    assert ours["hit rate@10"] == pytest.approx(expected["accuracy@k"][10], abs=1e-6)
    whole = task.evaluate(Projected(), k=60)
    assert whole["MAP@60"] == pytest.approx(expected["map@k"][60], abs=1e-6)
    for grades in task.relevance.values():  # they know no grades
        grades.update(dict.fromkeys(grades, 1))
    ours = task.evaluate(Projected(), k=10)
    assert ours["nDCG@10"] == pytest.approx(expected["ndcg@k"][10], abs=1e-6)


def test_similarity_equals_the_embedding_similarity_evaluator(tasks):
    task = tasks["STS"]

    class Model:
        similarity_fn_name = "cosine"

        class model_card_data:  # noqa: N801
            set_evaluation_metrics = staticmethod(lambda *args, **kwargs: None)

        def encode(self, texts, **kwargs):
            return Projected().transform(texts)

    theirs = evaluation.EmbeddingSimilarityEvaluator(
        task.texts1, task.texts2, task.scores.tolist(), write_csv=False,
        similarity_fn_names=["cosine", "dot", "euclidean", "manhattan"],
    )  # fmt: skip
    expected = theirs(Model())
    ours = task.evaluate(Projected())
    for one in ("cosine", "dot", "euclidean", "manhattan"):
        for name in ("Spearman", "Pearson"):
            assert ours[f"{one} {name}"] == pytest.approx(
                expected[f"{name.lower()}_{one}"], abs=1e-6
            )
