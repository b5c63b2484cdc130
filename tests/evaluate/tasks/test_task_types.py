"""The task types beside classification and retrieval: known answers, bad input."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.cluster import MiniBatchKMeans

from textvec import DocumentVectorizer, KeyedVectors, TfidfVectorizer, compare
from textvec.evaluate.tasks import (
    BitextMiningTask,
    ClassificationTask,
    ClusteringTask,
    PairClassificationTask,
    RerankingTask,
    RetrievalTask,
    STSTask,
    SummarizationTask,
    WordAnalogyTask,
    WordSimilarityTask,
    WordTranslationTask,
    mini_benchmark_tasks,
    select_tasks,
)

A, B, C = "sea view", "view of the sea", "free shuttle"
TYPES = [
    "BitextMining",
    "Classification",
    "Clustering",
    "PairClassification",
    "Reranking",
    "Retrieval",
    "STS",
    "Summarization",
]


class Table(BaseEstimator):
    """Vectors by text, from a table."""

    def __init__(self, vectors):
        self.vectors = vectors

    def fit(self, raw_documents, y=None):
        return self

    def transform(self, raw_documents):
        return np.array([self.vectors[text] for text in raw_documents], dtype=float)


# -- all eight


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_mini_benchmark_has_all_types(language):
    tasks = mini_benchmark_tasks(language)
    assert [task.type for task in tasks] == TYPES
    assert len({task.name for task in tasks}) == 8
    assert all(language in task.language.split("-") for task in tasks)
    assert all("demonstration" in task.description for task in tasks)
    assert repr(tasks[-1]) == f"SummarizationTask(name={tasks[-1].name!r}, language={language!r})"


def test_every_result_has_rows_costs_and_metrics():
    vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 3))
    for task in mini_benchmark_tasks("en"):
        result = task.evaluate(vectorizer, k=5)
        names = {name.replace("@10", "@5") for name in task.metrics}
        assert set(result) == names
        assert np.isfinite(list(result.values())).all()
        assert {"text", "expected", "found", "score"} <= set(result.rows)
        main = next(iter(result))
        if result.statistic == "mean":
            assert result.rows["score"].mean() == pytest.approx(result[main])
        assert result.costs["fit_seconds"] > 0
        assert result.costs["dimension"] > 100
        assert result == task.evaluate(vectorizer, k=5)  # repeats
        assert not hasattr(vectorizer, "vocabulary_")


def test_sparse_vectors_stay_sparse(monkeypatch):
    def unless_large(original):
        def toarray(self, *args, **kwargs):
            # k-means makes the one row dense that it takes for a centre
            assert self.shape[0] < 10, "a sparse matrix was made dense"
            return original(self, *args, **kwargs)

        return toarray

    for kind in (sparse.csr_matrix, sparse.csr_array, sparse.coo_matrix, sparse.coo_array):
        monkeypatch.setattr(kind, "toarray", unless_large(kind.toarray))
    for task in mini_benchmark_tasks("en"):
        task.evaluate(TfidfVectorizer(analyzer="mixed"))


def test_tasks_can_be_chosen():
    tasks = [*mini_benchmark_tasks("en"), *mini_benchmark_tasks("zh")]
    assert [task.language for task in select_tasks(tasks, types=["STS"])] == ["en", "zh"]
    found = {task.type for task in select_tasks(tasks, categories=["t2c"])}
    assert found == {"Classification", "Clustering"}  # as in mteb; s2c is sentence to code
    assert len(select_tasks(tasks, languages=["zh"])) == 9  # bitext mining counts for both
    assert len(select_tasks(tasks, languages="zh")) == 9
    assert [task.type for task in select_tasks(tasks, "STS", "s2s", "en")] == ["STS"]
    with pytest.raises(ValueError, match="category of a task must be one of 's2s', 's2p'"):
        select_tasks(tasks, categories=["s2x"])
    with pytest.raises(ValueError, match="type of a task must be one of .*'STS'.* Got 'sts'"):
        select_tasks(tasks, types=["sts"])


# -- known answers


def test_rows_hold_plain_texts():
    task = ClassificationTask(
        ["a sea", "the sea", "a bus", "the bus"], ["b", "b", "a", "a"], n_splits=2
    )
    rows = task.evaluate(TfidfVectorizer()).rows
    assert {type(one) for one in rows[["text", "expected", "found"]].to_numpy().flat} == {str}


def test_a_judged_document_is_not_always_a_relevant_one():
    grades = {"q": {"a": 1, "b": 0, "c": 2, "d": 0}, "r": {"a": 1}}
    task = RetrievalTask({"q": "sea", "r": "pier"}, dict.fromkeys("abcd", "sea"), grades)
    assert "with 2 queries, each with 1.5 relevant on average" in task.description


def test_reranking_by_hand():
    vectors = {"q": [1, 0], "near": [1, 0.1], "mid": [1, 1], "far": [0, 1]}
    task = RerankingTask(["q", "q"], [["near", "far"], ["mid"]], [["mid"], ["near"]])
    scores = task.evaluate(Table(vectors))
    assert scores["MAP"] == pytest.approx(((1 + 2 / 3) / 2 + 1 / 2) / 2)
    assert scores["MRR"] == pytest.approx((1 + 1 / 2) / 2)
    assert scores.rows["found"].tolist() == [["near", "mid", "far"], ["near", "mid"]]


def test_equal_scores_count_against_the_method():
    vectors = {text: [1, 1] for text in ("q", "good", "bad", "worse")}
    task = RerankingTask(["q"], [["good"]], [["bad", "worse"]])
    assert task.evaluate(Table(vectors))["MRR"] == pytest.approx(1 / 3)


def test_bitext_by_hand():
    vectors = {"a": [1, 0], "b": [0, 1], "c": [0.5, 1], "x": [1, 0], "y": [0.1, 1], "z": [1, 0.2]}
    task = BitextMiningTask(["a", "b", "c"], ["x", "y", "z"])
    scores = task.evaluate(Table(vectors))
    assert scores.rows["found"].tolist() == ["x", "y", "y"]
    assert scores["accuracy"] == pytest.approx(2 / 3)
    assert scores["F1"] == pytest.approx((1 + 2 / 3 + 0) / 3)


def test_similarity_by_hand_and_what_cannot_be_correlated():
    vectors = {"p": [1, 0], "q": [1, 0.1], "r": [1, 1], "s": [0, 1]}
    task = STSTask(["p", "p", "p"], ["q", "r", "s"], [5, 2, 0])
    scores = task.evaluate(Table(vectors))
    assert scores["cosine Spearman"] == 1.0
    assert scores["euclidean Spearman"] == 1.0
    assert scores.rows["score"].tolist() == [1, 1, 1]
    assert scores.notes == {}
    constant = STSTask(["p", "p"], ["q", "r"], [3, 3]).evaluate(Table(vectors))
    assert np.isnan(constant["cosine Spearman"])
    assert "constant has no correlation" in constant.notes["cosine Spearman"]


def test_pair_classification_by_hand():
    vectors = {"p": [1, 0], "q": [1, 0.1], "r": [1, 1], "s": [0, 1]}
    task = PairClassificationTask(["p", "p", "p"], ["q", "r", "s"], [1, 0, 1])
    scores = task.evaluate(Table(vectors))
    assert scores["cosine AP"] == pytest.approx((1 + 2 / 3) / 2)
    assert scores["cosine accuracy"] == pytest.approx(2 / 3)
    assert scores["cosine F1"] == pytest.approx(2 / 3)
    assert scores.rows["score"].tolist() == [1, 0.5, 0]


def test_summaries_are_as_good_as_the_nearest_human_one():
    vectors = {"h1": [1, 0], "h2": [0, 1], "m1": [1, 0.1], "m2": [0.9, 0.8], "m3": [0.3, 1.2]}
    machine = ["m1", "m2", "m3"]
    task = SummarizationTask(["t", "t"], [["h1", "h2"]] * 2, [machine] * 2, [[3, 1, 2], [1, 1, 1]])
    scores = task.evaluate(Table(vectors))
    assert scores["cosine Spearman"] == 1.0
    assert scores.rows["score"].tolist() == pytest.approx([1, np.nan], nan_ok=True)  # left out
    assert all(scores.notes[name].startswith("scored on 1 of 2 texts") for name in scores)
    whole = SummarizationTask(["t"], [["h1", "h2"]], [machine], [[3, 1, 2]]).evaluate(
        Table(vectors)
    )
    assert whole.notes == {}
    hopeless = SummarizationTask(["t"], [["h1"]], [machine], [[2, 2, 2]]).evaluate(Table(vectors))
    assert np.isnan(hopeless["cosine Spearman"])
    assert "given scores" in hopeless.notes["cosine Spearman"]


def test_clustering_finds_what_is_apart_and_takes_samples():
    rng = np.random.default_rng(0)
    texts = [f"{group}{i}" for group in "xyz" for i in range(20)]
    vectors = {text: 9 * np.eye(3)["xyz".index(text[0])] + rng.normal(size=3) for text in texts}
    task = ClusteringTask(texts, [text[0] for text in texts], n_samples=40)
    result = task.evaluate(Table(vectors))
    assert result["V-measure"] > 0.8
    assert len(result.rows) == 10
    assert not result.independent


def test_clustering_seeds_each_sample_alike(monkeypatch):
    seen = []
    original = MiniBatchKMeans.fit_predict
    monkeypatch.setattr(
        MiniBatchKMeans,
        "fit_predict",
        lambda self, X: seen.append((self.random_state, len(X))) or original(self, X),
    )
    rng = np.random.default_rng(0)
    vectors = {f"t{i}": rng.normal(size=3) for i in range(30)}
    ClusteringTask(list(vectors), ["a", "b"] * 15).evaluate(Table(vectors))
    assert seen == [(0, 30)] * 10


def test_few_shots_and_a_test_set_of_its_own():
    texts = [f"{word} {n}" for word in ("sea", "sky") for n in range(10)]
    labels = ["blue", "high"] * 5 + ["high", "blue"] * 5
    vectors = {text: [text.startswith("sea"), int(text[-1]) % 2] for text in texts}
    test = (["sea 4", "sky 5"], ["blue", "blue"])
    task = ClassificationTask(texts, labels, test=test, shots=3)
    result = task.evaluate(Table(vectors))
    assert len(result.rows) == 2
    assert result.rows["score"].isin(np.arange(11) / 10).all()  # shares of ten draws
    with pytest.raises(ValueError, match="Every label of test must be in training. Got 'green'"):
        ClassificationTask(texts, labels, test=(["sea"], ["green"]))


def test_words():
    words = ["man", "woman", "king", "queen"]
    table = KeyedVectors([[1, 0], [1, 1], [4, 0.2], [4, 3]], words)
    similar = WordSimilarityTask(["man", "man", "??"], ["king", "queen", "man"], [9, 1, 5])
    result = similar.evaluate(table)
    assert result["Spearman"] == pytest.approx(1)
    assert result["share known"] == pytest.approx(2 / 3)
    assert result.rows["score"].tolist() == pytest.approx([1, 1, np.nan], nan_ok=True)
    asked = [("man", "woman", "king", "queen"), ("man", "woman", "king", "prince")]
    result = WordAnalogyTask(asked).evaluate(table)
    assert result == {"accuracy": 1.0, "share known": 0.5}
    assert result.rows["text"].tolist() == ["man : woman = king : ?"] * 2
    assert result.rows["found"].tolist() == ["right", ""]
    constant = WordSimilarityTask(["man", "king"], ["king", "queen"], [3, 3]).evaluate(table)
    assert np.isnan(constant["Spearman"])
    assert "a constant has no correlation" in constant.notes["Spearman"]
    with pytest.raises(TypeError, match="asks for KeyedVectors.* Got TfidfVectorizer"):
        WordSimilarityTask(["a"], ["b"], [1], corpus=[A, B]).evaluate(TfidfVectorizer())


def test_word_translation():
    english = KeyedVectors([[3, 1], [0, 2], [1, 1.2]], ["sea", "mountain", "car"])
    chinese = KeyedVectors([[1, 5], [4, 1], [1, 0]], ["山", "海", "海洋"])
    pairs = [("sea", "海"), ("sea", "大海"), ("mountain", "海"), ("lake", "海"), ("car", "车")]
    task = WordTranslationTask(*zip(*pairs), chinese, metric="cosine", k=(1, 2))
    assert task.metrics == ("precision@1", "precision@2", "share known")
    result = task.evaluate(english)
    assert result == {"precision@1": 0.5, "precision@2": 1.0, "share known": 0.5}
    assert result.rows["text"].tolist() == ["sea", "mountain", "lake", "car"]
    assert result.rows["expected"].tolist() == [["海", "大海"], ["海"], ["海"], ["车"]]
    assert result.rows["found"].tolist() == [["海", "海洋"], ["山", "海"], [], []]
    assert result.rows["score"].tolist() == pytest.approx([1, 0, np.nan, np.nan], nan_ok=True)
    assert list(task.evaluate(english, k=1)) == ["precision@1", "share known"]
    nothing = WordTranslationTask(["lake"], ["海"], chinese).evaluate(english)
    assert np.isnan(nothing["precision@1"])
    assert "both known" in nothing.notes["precision@1"]
    with pytest.raises(TypeError, match="KeyedVectors in the space .* Got TfidfVectorizer"):
        task.evaluate(TfidfVectorizer())
    with pytest.raises(TypeError, match="into must be the KeyedVectors of the other language"):
        WordTranslationTask(["sea"], ["海"], "chinese.vec")


def test_bitext_mining_takes_a_vectorizer_for_each_language():
    english = KeyedVectors([[3, 1], [0, 2]], ["sea", "mountain"])
    chinese = KeyedVectors([[1, 5], [4, 1]], ["山", "海"])
    pair = DocumentVectorizer(english), DocumentVectorizer(chinese)
    task = BitextMiningTask(["the sea", "a mountain", "a mountain"], ["海", "山", "山"])
    result = task.evaluate(pair)
    assert result.rows["found"].tolist() == ["海", "山", "山"]
    assert result.costs["dimension"] == 2
    assert result.costs["non_zeros"] == 7
    assert result.costs["sparsity"] == pytest.approx(1 / 8)
    assert result.costs["documents_per_second"] > 0
    table = compare({"aligned": pair, "words": TfidfVectorizer()}, [task])
    assert table.table["error"].tolist() == ["", ""]
    with pytest.raises(ValueError, match="a tuple of one for each of two languages. Got 1"):
        task.evaluate(pair[:1])
    wide = DocumentVectorizer(KeyedVectors([[1, 5, 0], [4, 1, 0]], ["山", "海"]))
    with pytest.raises(ValueError, match="one space. Got vectors of 2 and 3 numbers"):
        task.evaluate((pair[0], wide))


# -- bad input


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: STSTask([A], [B, C], [1]), "texts2 must be as long as texts1, which holds 1"),
        (lambda: STSTask([], [], []), "texts1 must hold at least one item"),
        (lambda: STSTask([A], [B], [np.nan]), "scores must be finite numbers. Got nan"),
        (lambda: WordSimilarityTask([A], [B], [np.inf]), "scores must be finite numbers. Got inf"),
        (lambda: PairClassificationTask([A], [B], [1]), r"0 and 1, with both present. Got \[1\]"),
        (lambda: RerankingTask([A], [[]], [[B]]), "list of positives and one of negatives"),
        (lambda: RerankingTask([A], ["no list"], [[B]]), "list of positives and one of negatives"),
        (lambda: SummarizationTask([A], [[B]], [[C]], [[1, 2]]), "1 machine summaries and 2 sco"),
        (lambda: ClusteringTask([A, B], ["x", "x"]), r"at least two classes. Got \['x'\] only"),
        (lambda: BitextMiningTask([A], []), "texts2 must be as long"),
        (lambda: WordAnalogyTask([("a", "b")]), r"four words each. Got \('a', 'b'\)"),
    ],
)
def test_bad_input_is_named(build, message):
    with pytest.raises(ValueError, match=message):
        build()


def test_an_analogy_is_of_any_words():
    words = ["man", "woman", "king", "the queen", ": she"]
    table = KeyedVectors([[1, 0], [1, 1], [4, 0.2], [4, 3], [0, -1]], words)
    asked = [("man", "woman", "king", "the queen"), (": she", "man", "woman", "king")]
    result = WordAnalogyTask(asked).evaluate(table)
    assert result.rows["found"].tolist() == ["right", "wrong"]
    assert result == {"accuracy": 0.5, "share known": 1.0}
    with pytest.raises(TypeError, match="A question must be four words. Got '男女王后' instead"):
        WordAnalogyTask(["男女王后"])
    with pytest.raises(ValueError, match=r"four words each. Got \('a', 'b', 'c', 4\)"):
        WordAnalogyTask([("a", "b", "c", 4)])


def test_a_table_of_gensim_answers_analogies():
    words = ["man", "woman", "king", "queen"]
    table = KeyedVectors([[1, 0], [1, 1], [4, 0.2], [4, 3]], words)

    class Theirs:
        """What a task reads of gensim's KeyedVectors."""

        vectors, index_to_key = table.vectors, table.index_to_key

        def evaluate_word_analogies(self, analogies):
            raise AssertionError

    task = WordAnalogyTask([tuple(words)])
    assert task.evaluate(Theirs()) == task.evaluate(table)
