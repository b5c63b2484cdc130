"""The penalty of the classifier: chosen fairly, on training documents alone, alike on every run."""

import csv

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from textvec import CountVectorizer, LSAVectorizer, TfidfVectorizer, compare
from textvec.evaluate.tasks import ClassificationTask, classifier

WORDS = {"sea": "sand wave beach", "bus": "stop road seat", "spa": "steam pool towel"}


def texts_of(n, seed=0):
    """Return texts of two words of their label among six of any, and the labels."""
    rng = np.random.default_rng(seed)
    labels = np.resize(list(WORDS), n)
    other = [*" ".join(WORDS.values()).split(), "a", "the", "of"]
    return [
        " ".join([*rng.choice(WORDS[label].split(), 2), *rng.choice(other, 6)]) for label in labels
    ], labels


TEXTS, LABELS = texts_of(90)
TEST = texts_of(60, seed=1)


def scaled(vectorizer, factor):
    return make_pipeline(vectorizer, FunctionTransformer(lambda X: X * factor))


@pytest.mark.parametrize("factor", [0.01, 1000.0])
@pytest.mark.parametrize(
    "vectorizer", [TfidfVectorizer(), LSAVectorizer(vector_size=9, random_state=0)]
)
def test_stretched_vectors_are_classified_alike(vectorizer, factor):
    task = ClassificationTask(TEXTS, LABELS, test=TEST)
    plain, stretched = task.evaluate(vectorizer), task.evaluate(scaled(vectorizer, factor))
    assert plain["accuracy"] == pytest.approx(stretched["accuracy"], abs=0.02)
    C = [float(one.chosen["C"]) for one in (plain, stretched)]
    assert C[1] == pytest.approx(C[0] / factor**2)
    protocol = ClassificationTask(TEXTS, LABELS, test=TEST, C=1.0)
    weak = protocol.evaluate(scaled(vectorizer, 0.001))["accuracy"]
    assert weak < plain["accuracy"] - 0.1  # what a fixed penalty makes of short vectors


def test_what_was_chosen_is_what_was_taken():
    task = ClassificationTask(TEXTS, LABELS, test=TEST)
    found = task.evaluate(TfidfVectorizer())
    fixed = ClassificationTask(TEXTS, LABELS, test=TEST, C=float(found.chosen["C"]))
    assert dict(fixed.evaluate(TfidfVectorizer())) == dict(found)
    assert fixed.evaluate(TfidfVectorizer()).chosen == {}
    vectors = TfidfVectorizer().fit(TEXTS)
    by_hand = LogisticRegression(C=fixed.C).fit(vectors.transform(TEXTS), LABELS)
    assert by_hand.score(vectors.transform(TEST[0]), TEST[1]) == found["accuracy"]


def test_the_most_accurate_of_equals_the_smallest_is_chosen(monkeypatch):
    vectors = TfidfVectorizer().fit_transform(TEXTS)
    chosen, is_sure = classifier.choose_penalty(vectors, LABELS)
    right = {}
    for C in (1.0, 10.0, 100.0):  # the spread of rows of length 1 is a little below 1
        right[C] = sum(
            np.sum(
                LogisticRegression(C=C).fit(vectors[train], LABELS[train]).predict(vectors[test])
                == LABELS[test]
            )
            for train, test in classifier._folds(LABELS, None)
        )
    assert is_sure
    assert chosen == max(right, key=right.get)
    assert classifier.choose_penalty(np.zeros((90, 2)), LABELS) == (1.0, True)  # all are equal


def test_test_documents_do_not_choose():
    task = ClassificationTask(TEXTS, LABELS, test=TEST)
    turned = ClassificationTask(TEXTS, LABELS, test=(TEST[0], TEST[1][::-1]))
    found = [one.evaluate(TfidfVectorizer()).chosen for one in (task, turned)]
    assert found[0] == found[1]


def test_the_choice_splits_no_group_and_many_documents_take_one_fold():
    labels, groups = np.repeat(["a", "b"], 12), np.repeat(np.arange(8), 3)
    folds = classifier._folds(labels, groups)
    assert len(folds) == 3
    for train, test in folds:
        assert not set(groups[train]) & set(groups[test])
    many = np.tile(["a", "b"], 1500)
    ((train, test),) = classifier._folds(many, None)
    assert (len(train), len(test)) == (2000, 1000)
    assert len(classifier._folds(many[1:], None)) == 3


@pytest.mark.parametrize("groups", [None, np.arange(9)])
def test_labels_with_few_documents_are_chosen_by_what_there_is(groups):
    labels = np.array(["a"] * 5 + ["b"] * 3 + ["lonely"])
    folds = classifier._folds(labels, groups)
    assert len(folds) == 3
    texts = [f"{label} {number}" for number, label in enumerate(labels)]
    task = ClassificationTask(texts, labels, groups=groups, test=(["a 1", "b 2"], ["a", "b"]))
    found = task.evaluate(TfidfVectorizer(token_pattern=r"\w+"))
    assert found["accuracy"] == 1
    assert found.notes == {}


@pytest.mark.parametrize("options", [{"shots": 1}, {"groups": [0, 0, 0, 1, 1, 1]}])
def test_where_there_is_nothing_to_choose_by_a_note_says_so(options):
    texts, labels = ["a 1", "a 2", "a 3", "b 1", "b 2", "b 3"], ["a"] * 3 + ["b"] * 3
    task = ClassificationTask(texts, labels, "few", test=(texts, labels), **options)
    table = compare({"counts": CountVectorizer(token_pattern=r"\w+")}, [task]).table
    assert table["accuracy"].tolist()[0] > 0.9
    assert table["note"].tolist() == [
        "C is a guess: no label has two training documents to choose it by"
    ]
    assert table["chosen"].str.fullmatch("C=10*|C=1").all()


def test_threads_change_nothing():
    task = ClassificationTask(TEXTS, LABELS)
    found = [task.evaluate(TfidfVectorizer(n_jobs=n_jobs)) for n_jobs in (1, 2, 2)]
    assert found[0] == found[1] == found[2]
    assert found[0].chosen == found[1].chosen == found[2].chosen


@pytest.mark.parametrize(
    ("C", "error", "message"),
    [
        ("best", TypeError, 'C must be a number or "auto". Got .best. instead'),
        (0, ValueError, "C must be at least .* Got 0 instead"),
        (np.inf, ValueError, "C must be finite"),
        (None, TypeError, 'C must be a number or "auto". Got None instead'),
    ],
)
def test_a_bad_penalty_is_named(C, error, message):
    with pytest.raises(error, match=message):
        ClassificationTask(TEXTS, LABELS, C=C)


def test_another_penalty_is_another_cell(tmp_path):
    for C in ("auto", 1.0, 10):
        task = ClassificationTask(TEXTS, LABELS, C=C)
        first = compare({"counts": CountVectorizer()}, [task], cache=tmp_path).table
        again = compare({"counts": CountVectorizer()}, [task], cache=tmp_path).table
        assert first["chosen"].tolist() == again["chosen"].tolist()
        assert first["chosen"].str.startswith("C=").all() == (C == "auto")
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.slow
def test_rows_of_length_1_are_not_punished(data_folder):
    """At C=1, counts of 600 reviews of hotels would seem far better than TF-IDF."""
    path = data_folder / "classification" / "zh_ChnSentiCorp_htl_all.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["review"]]
    rows = [rows[place] for place in np.random.default_rng(0).permutation(len(rows))[:600]]
    texts, labels = [row["review"] for row in rows], [row["label"] for row in rows]
    methods = {
        "counts": CountVectorizer(analyzer="mixed"),
        "TF-IDF": TfidfVectorizer(analyzer="mixed"),
    }
    tasks = [
        ClassificationTask(texts, labels, name, C=C, language="zh")
        for name, C in [("fair", "auto"), ("MTEB", 1.0)]
    ]
    scores = compare(methods, tasks).table.set_index(["task", "method"])["accuracy"]
    assert scores["MTEB", "TF-IDF"] < scores["MTEB", "counts"] - 0.05
    assert scores["fair", "TF-IDF"] > scores["fair", "counts"] - 0.01
