"""mteb both ways, and our eight protocols against mteb's own classes on the same vectors."""

import re

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.feature_extraction.text import HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer
from threadpoolctl import threadpool_limits

from textvec import BM25Transformer, BM25Vectorizer, CountVectorizer
from textvec.evaluate.tasks import (
    BitextMiningTask,
    ClassificationTask,
    RetrievalTask,
    STSTask,
    WordAnalogyTask,
    mini_benchmark_tasks,
)

mteb = pytest.importorskip("mteb")
from textvec.integrations.mteb import as_mteb_model, as_mteb_task  # noqa: E402

pytestmark = [
    pytest.mark.filterwarnings("ignore"),  # mteb and what it loads warn of their own affairs
]

OURS_AND_THEIRS = {
    "BitextMining": {n: n.lower() for n in ("F1", "precision", "recall", "accuracy")},
    "Classification": {
        "accuracy": "accuracy",
        "macro F1": "f1",
        "weighted F1": "f1_weighted",
        "macro precision": "precision",
        "macro recall": "recall",
    },
    "Clustering": {"V-measure": "v_measure", "AMI": "ami"},
    "PairClassification": {
        f"{one} {name}": f"{one}_{name.lower()}"
        for one in ("cosine", "dot", "euclidean", "manhattan")
        for name in ("AP", "accuracy", "F1")
    },
    "Reranking": {"MAP": "map_at_1000", "MRR": "mrr_at_1000", "nDCG@10": "ndcg_at_10"},
    "Retrieval": {
        "nDCG@10": "ndcg_at_10",
        "MRR@10": "mrr_at_10",
        "MAP@10": "map_at_10",
        "recall@10": "recall_at_10",
        "precision@10": "precision_at_10",
        "hit rate@10": "hit_rate_at_10",
    },
    "STS": {
        f"{one} {name}": f"{one}_{name.lower()}"
        for one in ("cosine", "euclidean", "manhattan")
        for name in ("Spearman", "Pearson")
    },
    "Summarization": {
        f"{one} {name}": f"{one}_{name.lower()}"
        for one in ("cosine", "dot")
        for name in ("Spearman", "Pearson")
    },
}
ROUNDED = {"MAP", "nDCG", "recall", "precision", "hit"}  # of rankings: mteb's have five decimals


class Projected(BaseEstimator):
    """Fixed dense vectors without ties: hashed character n-grams times a fixed matrix."""

    def fit(self, raw_documents, y=None):
        return self

    def __sklearn_is_fitted__(self):
        return True

    def transform(self, raw_documents):
        hashed = HashingVectorizer(n_features=4096, analyzer="char", ngram_range=(1, 3))
        matrix = np.random.default_rng(0).normal(size=(4096, 64)) / 8
        return hashed.transform(raw_documents) @ matrix


def run(model, task):
    with threadpool_limits(1):  # many small problems: threads would wait for each other
        results = mteb.evaluate(
            model, [task], cache=None, co2_tracker=False, show_progress_bar=False
        )
    (scores,) = results.task_results[0].scores["test"]
    return scores


def tasks():
    found = {task.type: task for task in mini_benchmark_tasks("en")}
    pairs = found["STS"]  # English on both sides, so that hashed characters find something
    found["BitextMining"] = BitextMiningTask(pairs.texts1[:30], pairs.texts2[:30], "paraphrases")
    texts, labels = found["Classification"].documents, found["Classification"].labels
    found["Classification"] = ClassificationTask(
        texts[::2], labels[::2], "shots", test=(texts[1::2], labels[1::2]), shots=4, C=1.0
    )
    return found


@pytest.mark.parametrize("kind", OURS_AND_THEIRS)
def test_our_protocol_equals_that_of_mteb(kind):
    task = tasks()[kind]
    ours = task.evaluate(Projected())
    theirs = run(as_mteb_model(Projected()), as_mteb_task(task))
    assert theirs["main_score"] == theirs[OURS_AND_THEIRS[kind][task.metrics[0]]]
    for our_name, their_name in OURS_AND_THEIRS[kind].items():
        is_rounded = task.type.startswith("Re") and re.split("[ @]", our_name)[0] in ROUNDED
        value = round(ours[our_name], 5) if is_rounded else ours[our_name]
        assert value == pytest.approx(theirs[their_name], abs=1e-6), our_name
    assert 0 < ours[task.metrics[0]] < 1  # says something


@pytest.mark.parametrize(
    "vectorizer",
    [
        TfidfVectorizer(),
        BM25Vectorizer(),
        make_pipeline(CountVectorizer(), BM25Transformer()),
        make_pipeline(TfidfVectorizer(), Normalizer()),
    ],
    ids=["TF-IDF", "BM25", "BM25 in a pipeline", "TF-IDF in a pipeline"],
)
@pytest.mark.parametrize("kind", ["Retrieval", "Reranking"])
def test_sparse_vectorizers_are_fitted_on_the_corpus_and_searched_as_ours(vectorizer, kind):
    task = tasks()[kind]
    model = as_mteb_model(vectorizer)
    theirs = run(model, as_mteb_task(task))
    ours = task.evaluate(vectorizer)[task.metrics[0]]
    # A candidate of several queries is one document of ours and several of mteb's; scores that
    # differ by a rounding may be equal to mteb.
    assert theirs["main_score"] == pytest.approx(ours, abs=0.02)
    assert not hasattr(vectorizer, "vocabulary_")
    assert model.mteb_model_meta.name == f"textvec/{type(vectorizer).__name__}"


def test_a_fitted_vectorizer_is_used_as_it_is():
    task = tasks()["STS"]
    fitted = TfidfVectorizer().fit(task.documents)
    theirs = run(as_mteb_model(fitted, "fitted"), as_mteb_task(task))
    ours = task.evaluate(TfidfVectorizer())
    assert theirs["cosine_pearson"] == pytest.approx(ours["cosine Pearson"], abs=1e-6)


@pytest.mark.parametrize("kind", ["STS", "PairClassification", "Summarization", "BitextMining"])
def test_an_unfitted_vectorizer_is_fitted_on_both_sides(kind):
    """mteb encodes one side after the other: the first alone lacks words of the second."""
    task = tasks()[kind]
    fitted = TfidfVectorizer().fit(task.documents)
    found, expected = (
        run(as_mteb_model(one), as_mteb_task(task)) for one in (TfidfVectorizer(), fitted)
    )
    assert found["main_score"] == pytest.approx(expected["main_score"], abs=1e-9)


def test_the_other_side_of_what_mteb_knows_is_looked_up(monkeypatch):
    task = tasks()["STS"]
    ours, theirs = task.evaluate(TfidfVectorizer()), as_mteb_task(task)
    assert theirs.metadata._both_sides == task.documents
    type(theirs).metadata._both_sides = None  # as of a task of mteb's own
    with pytest.warns(RuntimeWarning, match="fitted on the first side of SimilarityEn alone"):
        first = run(as_mteb_model(TfidfVectorizer()), theirs)["cosine_pearson"]
    assert abs(first - ours["cosine Pearson"]) > 1e-3
    monkeypatch.setattr(mteb, "get_task", {theirs.metadata.name: as_mteb_task(task)}.get)
    found = run(as_mteb_model(TfidfVectorizer()), theirs)["cosine_pearson"]
    assert found == pytest.approx(ours["cosine Pearson"], abs=1e-6)


def test_the_penalty_is_that_of_the_task():
    task = tasks()["Classification"]
    task.C = 30.0
    theirs = run(as_mteb_model(Projected()), as_mteb_task(task))
    assert theirs["accuracy"] == pytest.approx(task.evaluate(Projected())["accuracy"], abs=1e-6)
    task.C = 1.0
    assert abs(theirs["accuracy"] - task.evaluate(Projected())["accuracy"]) > 1e-3


def test_a_vectorizer_is_fitted_anew_for_another_task_that_looks_the_same():
    one = STSTask(
        ["sea view", "bus stop", "old tree"], ["view sea", "bus", "tree old x"], [3, 2, 1]
    )
    other = STSTask(
        ["zebra one", "yak two", "cow three"], ["zebra one", "yak three", "cow"], [3, 2, 1]
    )
    model = as_mteb_model(TfidfVectorizer())
    for task in (one, other):
        theirs = run(model, as_mteb_task(task))
        assert theirs["main_score"] == pytest.approx(
            run(as_mteb_model(TfidfVectorizer()), as_mteb_task(task))["main_score"], nan_ok=True
        )
    assert theirs["main_score"] == pytest.approx(0.5)


@pytest.mark.parametrize("kind", [str, int])
def test_ids_of_any_kind_and_equal_scores_are_those_of_ours(kind):
    texts = ["sea view", "the bus stop", "sea", "bus", "hut", "bus hut", *["sea"] * 9]
    corpus = {kind(number): text for number, text in enumerate(texts)}
    corpus["2" if kind is int else 2] = "sea sea"  # the same id as text
    queries = {kind(0): "sea view", kind(1): "bus", kind(5): "hut and bus"}
    relevance = {kind(0): {kind(2): 2, kind(0): 0}, kind(1): {kind(1): 1}, kind(5): {kind(5): 1}}
    task = RetrievalTask(queries, corpus, relevance)
    for method in (TfidfVectorizer(), BM25Vectorizer()):
        theirs, ours = run(as_mteb_model(method), as_mteb_task(task)), task.evaluate(method)
        assert 0 < ours["nDCG@10"] < 1
        for our_name, their_name in OURS_AND_THEIRS["Retrieval"].items():
            assert theirs[their_name] == pytest.approx(ours[our_name], abs=1e-5), our_name


def test_grades_that_mteb_would_cut_off_are_refused():
    texts = {"a": "sea", "b": "view"}
    assert as_mteb_task(RetrievalTask({"q": "sea"}, texts, {"q": {"a": 2.0}}))
    with pytest.raises(ValueError, match="whole numbers as grades of relevance. Got 0.5 instead"):
        as_mteb_task(RetrievalTask({"q": "sea"}, texts, {"q": {"a": 0.5}}))


def test_what_mteb_does_not_have_is_named():
    with pytest.raises(TypeError, match="no task like a WordAnalogyTask"):
        as_mteb_task(WordAnalogyTask([("a", "b", "c", "d")]))


def test_cross_validation_is_left_to_the_folds_of_mteb():
    task = next(task for task in mini_benchmark_tasks("en") if task.type == "Classification")
    theirs = run(as_mteb_model(Projected()), as_mteb_task(task))
    vectors, folds = Projected().transform(task.documents), KFold(5, shuffle=True, random_state=0)
    expected = cross_val_score(LogisticRegression(), vectors, task.labels, cv=folds).mean()
    assert theirs["accuracy"] == pytest.approx(expected, abs=0.05)  # theirs are not stratified


@pytest.mark.parametrize("other", ["BM25", BM25Vectorizer, None])
def test_a_model_is_made_of_a_vectorizer(other):
    with pytest.raises(TypeError, match="vectorizer must be a vectorizer, such as BM25Vec"):
        as_mteb_model(other)
