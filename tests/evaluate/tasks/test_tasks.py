"""Tasks: known answers, no leakage, the rules of ranking, and plain words for bad input."""

import datetime
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.feature_extraction.text import TfidfVectorizer as SklearnTfidf
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from textvec import (
    BM25Vectorizer,
    CountVectorizer,
    HashingVectorizer,
    LSAVectorizer,
    TfidfVectorizer,
    compare,
)
from textvec.evaluate.metrics import (
    hit_rate_at_k,
    map_at_k,
    mrr_at_k,
    ndcg_at_k,
    precision_at_k,
    recall_at_k,
)
from textvec.evaluate.tasks import (
    ClassificationTask,
    ClusteringTask,
    RerankingTask,
    RetrievalTask,
    STSTask,
    WordAnalogyTask,
    WordSimilarityTask,
    fresh,
    hotel_tasks,
    mini_benchmark_tasks,
    select_tasks,
)

STYLES = {"beach": "sea sand wave", "airport": "shuttle flight runway", "spa": "steam pool towel"}
TEXTS = [f"{word} room {n}{n}" for words in STYLES.values() for word in [words] for n in range(6)]
LABELS = [style for style in STYLES for _ in range(6)]
FRACTION = 1.5


class Spy(BaseEstimator):
    """One-hot vectors of the first word; remembers, over all clones, what it was given."""

    fitted_on: list = []
    transformed: list = []

    def fit(self, raw_documents, y=None):
        assert y is None
        Spy.fitted_on.append(list(raw_documents))
        self.words_ = sorted({text.split()[0] for text in raw_documents})
        return self

    def transform(self, raw_documents):
        Spy.transformed.append(list(raw_documents))
        return np.array(
            [[text.split()[0] == word for word in self.words_] for text in raw_documents]
        )


@pytest.fixture
def spy():
    Spy.fitted_on, Spy.transformed = [], []
    return Spy()


class Fixed(BaseEstimator):
    """Vectors by text from a table, for documents and, where given, for queries."""

    def __init__(self, vectors, metric=None, rows=None):
        self.vectors = vectors
        self.rows = rows
        if metric is not None:
            self.metric = metric

    def get_params(self, deep=True):
        return {"vectors": self.vectors, "metric": getattr(self, "metric", None), "rows": self.rows}

    def fit(self, raw_documents, y=None):
        return self

    def transform(self, raw_documents):
        return np.array([self.vectors[text] for text in raw_documents], dtype=float)[: self.rows]


# -- classification


def test_words_that_name_the_class_are_enough():
    scores = ClassificationTask(TEXTS, LABELS, n_splits=3).evaluate(TfidfVectorizer())
    assert scores == dict.fromkeys(ClassificationTask.metrics, 1.0)
    assert list(scores)[:2] == ["accuracy", "macro F1"]


def test_labels_without_a_pattern_stay_near_chance():
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(list("abcdefgh"), 6)) for _ in range(120)]
    vectorizer = TfidfVectorizer(token_pattern=r"\w")
    labels = np.repeat(["x", "y"], 60)
    accuracy = ClassificationTask(texts, labels).evaluate(vectorizer)["accuracy"]
    assert 0.3 < accuracy < 0.7


def test_the_vectorizer_sees_training_documents_only(spy):
    task = ClassificationTask(TEXTS, LABELS, n_splits=3)
    task.evaluate(spy)
    assert len(Spy.fitted_on) == 3
    tested = []
    for train, (train_again, test) in zip(
        Spy.fitted_on, zip(Spy.transformed[::2], Spy.transformed[1::2], strict=True), strict=True
    ):
        assert train == train_again
        assert not set(train) & set(test)
        assert len(train) + len(test) == len(TEXTS)
        tested += test
    assert sorted(tested) == sorted(TEXTS)
    assert not hasattr(spy, "words_")


def test_all_methods_meet_the_same_stratified_folds(spy):
    ClassificationTask(TEXTS, LABELS, n_splits=3).evaluate(spy)
    first = Spy.fitted_on
    Spy.fitted_on = []
    ClassificationTask(TEXTS, LABELS, n_splits=3).evaluate(spy)
    assert Spy.fitted_on == first
    label_of = dict(zip(TEXTS, LABELS, strict=True))
    for train in first:
        assert pd.Series(map(label_of.get, train)).value_counts().tolist() == [4, 4, 4]


def test_a_group_is_never_split(spy):
    groups = np.arange(len(TEXTS)) // 2  # neighbours share a label
    ClassificationTask(TEXTS, LABELS, groups=groups, n_splits=3).evaluate(spy)
    group_of = dict(zip(TEXTS, groups, strict=True))
    for train, test in zip(Spy.fitted_on, Spy.transformed[1::2], strict=True):
        assert not {group_of[text] for text in train} & {group_of[text] for text in test}


@pytest.mark.parametrize(("C", "fits"), [(1.0, 2), ("auto", 2 * (3 * 3 + 1))])
def test_sparse_vectors_reach_the_classifier_sparse(C, fits, monkeypatch):
    seen = []
    fit = LogisticRegression.fit
    monkeypatch.setattr(
        LogisticRegression,
        "fit",
        lambda self, X, y: seen.append(sparse.issparse(X)) or fit(self, X, y),
    )
    ClassificationTask(TEXTS, LABELS, n_splits=2, C=C).evaluate(CountVectorizer())
    assert seen == [True] * fits


@pytest.mark.parametrize(
    "vectorizer",
    [
        CountVectorizer(),
        TfidfVectorizer(),
        HashingVectorizer(n_features=2**10),
        HashingVectorizer(n_features=2**3, token_pattern="none of this"),
    ],
    ids=["counts", "TF-IDF", "hashed", "all zero"],
)
def test_columns_that_no_training_document_has_change_nothing(vectorizer):
    given = select_tasks(mini_benchmark_tasks(), ["Classification"])[0]
    trained, tested = given.documents[::2], given.documents[1::2]
    labels, test = given.labels[::2], (tested, given.labels[1::2])
    tasks = [
        ClassificationTask(trained, labels, n_splits=2),
        ClassificationTask(trained, labels, test=test),
        ClassificationTask(trained, labels, test=test, shots=2),
    ]
    whole = make_pipeline(vectorizer, FunctionTransformer(lambda X: X.toarray()))  # no column less
    for task in tasks:
        found, expected = task.evaluate(vectorizer), task.evaluate(whole)
        assert dict(found) == dict(expected)
        pd.testing.assert_frame_equal(found.rows, expected.rows)


def test_a_million_hashed_columns_cost_no_memory_where_few_occur():
    task = ClassificationTask(TEXTS, LABELS, n_splits=2)
    tracemalloc.start()
    try:
        assert task.evaluate(HashingVectorizer())["accuracy"] == 1
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 50e6  # three labels times a million columns alone are 25 MB, for each of 21 steps


@pytest.mark.parametrize(
    ("labels", "groups", "message"),
    [
        (LABELS[:-1], None, "labels must hold one value for each of the 18 documents"),
        (LABELS, [1], "groups must hold one value for each of the 18 documents"),
        (["x"] * 18, None, r"at least two classes. Got \['x'\] only"),
        ([*LABELS[:-1], "lonely"], None, "n_splits=5 documents .* Got 1 of 'lonely' instead"),
    ],
)
def test_classification_names_what_is_wrong(labels, groups, message):
    with pytest.raises(ValueError, match=message):
        ClassificationTask(TEXTS, labels, groups=groups)


@pytest.mark.parametrize("kind", [ClassificationTask, ClusteringTask])
@pytest.mark.parametrize(
    ("first", "message"),
    [
        (None, "must have a label. Got None for document 0, counted from 0"),
        (np.nan, "must have a label. Got nan for document 0"),
        (pd.NA, "must have a label. Got <NA> for document 0"),
        ("", "must have a label. Got '' for document 0"),
        (FRACTION, r"labels must be texts or whole numbers. Got 1.5 instead"),
    ],
)
def test_a_label_that_is_none_is_named(kind, first, message):
    others = [1.0, 2.0] * 8 + [1.0] if first is FRACTION else LABELS[1:]
    for labels in ([first, *others], pd.Series([first, *others], dtype=object)):
        with pytest.raises(ValueError, match=message):
            kind(TEXTS, labels)


def test_labels_of_any_kind_are_classes():
    """Fuzzing found a TypeError: numbers that no array of integers holds, among texts."""
    for first in (10**30, datetime.date(2026, 1, 1), 7):
        labels = [first] * 9 + ["x"] * 9
        task = ClassificationTask(TEXTS, labels, test=(TEXTS, labels))
        assert task.evaluate(TfidfVectorizer())["accuracy"] > 0.8
        assert set(task.labels.tolist()) == {str(first), "x"}


# -- retrieval


CORPUS = {"a": "sea view", "b": "free shuttle", "c": "view of the sea", "d": "quiet pool"}


@pytest.mark.parametrize("k", [[1, 3], (3, 1), np.array([2])])
def test_several_depths_are_columns_of_one_ranking(k):
    task = RetrievalTask({"q": "sea", "p": "pool"}, CORPUS, {"q": {"c": 1}, "p": {"d": 1, "a": 1}})
    found = task.evaluate(TfidfVectorizer(), k=k)
    assert list(found)[: len(k)] == [f"nDCG@{depth}" for depth in k]
    for depth in k:
        one = task.evaluate(TfidfVectorizer(), k=int(depth))
        assert {name: found[name] for name in one} == dict(one)
        for name in one:
            assert found.rows[name].tolist() == one.rows[name].tolist()
    assert found.rows["score"].tolist() == found.rows[f"nDCG@{k[0]}"].tolist()
    own = RetrievalTask(task.queries, CORPUS, task.relevance, k=k)
    assert own.metrics == tuple(found)
    assert own.evaluate(TfidfVectorizer()) == found
    reranking = RerankingTask(["sea"], [["sea view"]], [["a bus", "the sea"]], k=k)
    assert list(reranking.evaluate(TfidfVectorizer())) == ["MAP", "MRR", *list(found)[: len(k)]]
    assert reranking.metrics == tuple(reranking.evaluate(TfidfVectorizer(), k=k))


@pytest.mark.parametrize(
    ("k", "error", "message"),
    [
        ([], ValueError, r"k must be a rank, or different ranks. Got \[\] instead"),
        ([3, 3], ValueError, "different ranks"),
        ([1, 0], ValueError, "k must be at least 1. Got 0"),
        ("10", TypeError, "k must be an integer. Got '10'"),
        ([1, 2.5], TypeError, "k must be an integer. Got 2.5"),
    ],
)
def test_bad_depths_are_named(k, error, message):
    task = RetrievalTask({"q": "sea"}, CORPUS, {"q": {"c": 1}})
    with pytest.raises(error, match=message):
        task.evaluate(TfidfVectorizer(), k=k)
    with pytest.raises(error, match=message):
        RetrievalTask({"q": "sea"}, CORPUS, {"q": {"c": 1}}, k=k)


def test_the_ranking_is_that_of_the_cosine():
    rng = np.random.default_rng(0)
    corpus = {f"d{i}": f"document {i}" for i in range(20)}
    queries = {f"q{i}": f"query {i}" for i in range(5)}
    vectors = {text: rng.normal(size=4) for text in [*corpus.values(), *queries.values()]}
    relevance = {q: {f"d{i}": int(rng.integers(1, 4)) for i in rng.choice(20, 3)} for q in queries}
    scores = RetrievalTask(queries, corpus, relevance, k=7).evaluate(Fixed(vectors))

    at_7 = {
        "nDCG@7": ndcg_at_k,
        "MRR@7": mrr_at_k,
        "MAP@7": map_at_k,
        "recall@7": recall_at_k,
        "precision@7": precision_at_k,
        "hit rate@7": hit_rate_at_k,
    }
    expected = {name: [] for name in at_7}
    for query, text in queries.items():
        cosines = {
            item: vectors[text] @ vectors[other] / np.linalg.norm(vectors[other])
            for item, other in corpus.items()
        }
        ranking = sorted(cosines, key=cosines.get, reverse=True)
        for name, metric in at_7.items():
            expected[name].append(metric(ranking, relevance[query], 7))
    assert list(scores) == list(at_7)
    assert scores == pytest.approx({name: np.mean(values) for name, values in expected.items()})


def test_ranks_one_two_and_a_miss():
    vectors = {"p": [1, 0], "q": [2, 1], "r": [0, 1], "near p": [1, 0.1], "far": [-1, -1]}
    corpus = {name: name for name in ("near p", "r", "far")}
    queries = {"first": "p", "second": "q", "miss": "r"}
    relevance = {"first": {"near p": 1}, "second": {"r": 1}, "miss": {"far": 1}}
    task = RetrievalTask(queries, corpus, relevance, k=2)
    assert task.evaluate(Fixed(vectors))["MRR@2"] == pytest.approx(0.5)


def test_a_query_that_is_an_item_does_not_find_itself():
    task = RetrievalTask({"a": CORPUS["a"]}, CORPUS, {"a": {"c": 1}}, k=1)
    assert task.evaluate(TfidfVectorizer()) == dict.fromkeys(task.metrics, 1.0)
    assert task.metrics[:2] == ("nDCG@1", "MRR@1")


def test_a_query_that_only_shares_the_id_of_an_item_may_find_it():
    task = RetrievalTask({"b": "a shuttle that is free"}, CORPUS, {"b": {"b": 1}}, k=1)
    assert task.evaluate(TfidfVectorizer())["MRR@1"] == 1.0


def test_the_vectorizer_says_whether_length_counts():
    vectors = {"query": [1, 0], "long": [5, 5], "near": [1, 0.1]}
    corpus, relevance = {"long": "long", "near": "near"}, {"q": {"long": 1}}
    task = RetrievalTask({"q": "query"}, corpus, relevance, k=1)
    assert task.evaluate(Fixed(vectors))["MRR@1"] == 0.0
    assert task.evaluate(Fixed(vectors, metric="dot"))["MRR@1"] == 1.0
    with pytest.raises(ValueError, match="metric of the vectorizer must be one of .* Got 'taxi'"):
        task.evaluate(Fixed(vectors, metric="taxi"))


def test_queries_go_through_transform_queries_where_it_is():
    class Asymmetric(Fixed):
        def transform_queries(self, raw_queries):
            return -self.transform(raw_queries)

    vectors = {"query": [1, 0], "ahead": [1, 0], "behind": [-1, 0]}
    corpus = {"ahead": "ahead", "behind": "behind"}
    task = RetrievalTask({"q": "query"}, corpus, {"q": {"behind": 1}}, k=1)
    assert task.evaluate(Fixed(vectors))["MRR@1"] == 0.0
    assert task.evaluate(Asymmetric(vectors))["MRR@1"] == 1.0


@pytest.mark.parametrize(
    "vectorizer",
    [
        TfidfVectorizer(),
        TfidfVectorizer(dtype=np.float32),
        CountVectorizer(),
        SklearnTfidf(),
        BM25Vectorizer(),
        LSAVectorizer(vector_size=3),
        make_pipeline(TfidfVectorizer(), FunctionTransformer(lambda X: X.toarray())),
    ],
    ids=lambda vectorizer: type(vectorizer).__name__,
)
def test_any_vectorizer_fits(vectorizer):
    task = RetrievalTask({"q": "sea with a view"}, CORPUS, {"q": {"a": 2, "c": 1}})
    scores = task.evaluate(vectorizer)
    assert scores["MRR@10"] == 1.0
    assert task.evaluate(vectorizer) == scores


def test_data_frames_are_vectors_too():
    task = RetrievalTask({"q": "sea with a view"}, CORPUS, {"q": {"a": 2, "c": 1}})
    framed = TfidfVectorizer().set_output(transform="pandas")
    assert task.evaluate(framed) == task.evaluate(TfidfVectorizer())


@pytest.mark.parametrize(
    ("queries", "relevance", "message"),
    [
        ({"q": "sea"}, {"q": {"aa": 1}}, "corpus id 'aa', which is unknown. Close to it: a"),
        ({"q": "sea"}, {"q": {"a": 1}, "qq": {"a": 1}}, "query id 'qq', which is unknown"),
        ({"q": "sea"}, {"q": {"a": 0}}, "must have a relevant document. Got none for 'q'"),
        ({"q": "sea", "r": "pool"}, {"q": {"a": 1}}, "Got none for 'r'"),
        ({}, {}, "at least one query"),
    ],
)
def test_retrieval_names_what_is_wrong(queries, relevance, message):
    with pytest.raises(ValueError, match=message):
        RetrievalTask(queries, CORPUS, relevance)


def test_relevance_is_no_list_of_ids():
    with pytest.raises(TypeError, match=r"mapping of id to grade. Got \['a'\] for 'q'"):
        RetrievalTask({"q": "sea"}, CORPUS, {"q": ["a"]})


def test_vectors_that_cannot_be_are_refused():
    task = RetrievalTask({"q": "query"}, {"x": "x", "y": "y"}, {"q": {"x": 1}})
    vectors = {"query": [1, 0], "x": [1, 0], "y": [0, 1]}
    with pytest.raises(ValueError, match="one row for each of 2 documents. Got 1 instead"):
        task.evaluate(Fixed(vectors, rows=1))
    with pytest.raises(ValueError, match="finite numbers. Got nan for the document 'y' instead"):
        task.evaluate(Fixed({**vectors, "y": [0, np.nan]}))


class Faulty(BaseEstimator):
    """Counts of words, spoilt: by a function of the matrix of documents, or of that of queries."""

    def __init__(self, of_documents=None, of_queries=None):
        self.of_documents, self.of_queries = of_documents, of_queries

    def fit(self, raw_documents, y=None):
        self.counts_ = CountVectorizer(analyzer="mixed", dtype=float).fit(raw_documents)
        return self

    def transform(self, raw_documents):
        return self._spoilt(self.of_documents, raw_documents)

    def transform_queries(self, raw_queries):
        return self._spoilt(self.of_queries, raw_queries)

    def _spoilt(self, spoil, texts):
        vectors = self.counts_.transform(texts).toarray()
        return vectors if spoil is None else spoil(vectors)


def last_is(value):
    def spoil(vectors):
        vectors[-1, 0] = value
        return vectors

    return spoil


FAULTS = {
    "NaN": (last_is(np.nan), "finite numbers. Got nan for the document"),
    "infinity": (last_is(-np.inf), "finite numbers. Got -inf for the document"),
    "sparse NaN": (
        lambda vectors: sparse.csr_array(last_is(np.nan)(vectors)),
        "finite numbers. Got nan for the document",
    ),
    "too few rows": (lambda vectors: vectors[1:], "one row for each of"),
    "too many rows": (lambda vectors: np.vstack([vectors, vectors]), "one row for each of"),
    "one dimension": (np.ravel, "Got ndarray of shape"),
    "nothing": (lambda vectors: None, r"Got NoneType of shape \(\) instead"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_task_refuses_faulty_vectors(fault):
    spoil, message = FAULTS[fault]
    for task in mini_benchmark_tasks():
        with pytest.raises(ValueError, match=message):
            task.evaluate(Faulty(of_documents=spoil))
        if task.type in ("Retrieval", "Reranking"):
            with pytest.raises(ValueError, match=message):
                task.evaluate(Faulty(of_queries=spoil))


def test_queries_have_the_dimension_of_documents():
    for task in mini_benchmark_tasks():
        if task.type in ("Retrieval", "Reranking"):
            with pytest.raises(ValueError, match="dimension of documents, .* Got 5 instead"):
                task.evaluate(Faulty(of_queries=lambda vectors: vectors[:, :5]))


def test_a_faulty_cell_says_why_and_the_rest_go_on():
    tasks = mini_benchmark_tasks()
    methods = {"faulty": Faulty(of_queries=last_is(np.nan)), "sound": Faulty()}
    table = compare(methods, tasks).table.set_index(["method", "task"])
    ranked = ["reranking (en)", "retrieval (en)"]
    failed = table.loc["faulty"].loc[lambda rows: rows["error"] != ""]
    assert sorted(failed.index) == ranked
    assert failed["score"].isna().all()
    assert failed["error"].str.contains("Got nan for the document").all()
    assert (table.loc["sound", "error"] == "").all()
    assert table["score"].notna().sum() == 2 * len(tasks) - len(ranked)


def test_constant_vectors_have_no_correlation_and_say_so():
    alike = Faulty(of_documents=np.ones_like)
    for task in mini_benchmark_tasks():
        result = task.evaluate(alike)
        main = task.metrics[0]
        if task.type in ("STS", "Summarization"):
            assert np.isnan(result[main])
            assert result.notes[main]
        else:
            assert 0 <= result[main] <= 1
            assert result.notes == {}


def test_fresh_copies_are_seeded_unless_they_are():
    assert fresh(LSAVectorizer()).random_state == 0
    assert fresh(LSAVectorizer(random_state=7)).random_state == 7
    pipeline = fresh(make_pipeline(LSAVectorizer()))
    assert pipeline.get_params()["lsavectorizer__random_state"] == 0
    untouched = LSAVectorizer()
    fresh(untouched)
    assert untouched.random_state is None


# -- the embedded hotels


@pytest.mark.parametrize("language", ["en", "zh"])
def test_hotel_tasks(language):
    style, sister, duplicate = hotel_tasks(language)
    assert len(style.documents) == len(style.labels) >= 150
    assert 8 <= len(set(style.labels)) <= 10
    assert len(sister.queries) >= 20
    assert len(duplicate.queries) >= 10
    for task in (sister, duplicate):
        assert len(task.corpus) == len(style.documents)
        assert all(query not in grades for query, grades in task.relevance.items())
    position = {item: i for i, item in enumerate(duplicate.corpus)}
    for train, _ in style._folds:
        for item, grades in duplicate.relevance.items():
            assert all((position[item] in train) == (position[twin] in train) for twin in grades)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: STSTask("ab", "ab", [1, 2]), "texts1 must be a list, .* Got 'ab'"),
        (lambda: ClusteringTask({"a": 1, "b": 2}, [1, 2]), "documents must be a list"),
        (lambda: ClassificationTask("ab", [1, 2]), "documents must be a list"),
        (lambda: WordAnalogyTask([("a", "b", "c", "d")], corpus="ab"), "corpus must be a list"),
        (lambda: WordSimilarityTask(["a"], ["b"], [1], corpus="ab"), "corpus must be a list"),
        (
            lambda: ClassificationTask(["a", "b"], [1, 2], test=(["a"], [1], [1])),
            "test must be a pair of documents and labels",
        ),
    ],
)
def test_what_is_no_list_is_refused(make, words):
    with pytest.raises(TypeError, match=words):
        make()
