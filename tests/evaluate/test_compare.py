"""The comparison: its table, failing cells, repeatable scores, text, figures and page."""

import re
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator

from textvec import (
    CountVectorizer,
    KeyedVectors,
    LSAVectorizer,
    TfidfVectorizer,
)
from textvec.evaluate import tasks_of
from textvec.evaluate.compare import (
    COSTS,
    compare,
    default_vectorizers,
    defaults_for,
    measure_costs,
)
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
    mini_benchmark_tasks,
    select_tasks,
)

from .rooms import ROOMS, STYLES, OnlyRooms

HOSTILE = '<script>alert("x")</script>&amp; $x^2$'


def test_the_table_has_one_row_for_each_method_on_each_task(methods, tasks):
    table = compare(methods, tasks).table
    assert table[["method", "task", "metric"]].to_numpy().tolist() == [
        ["counts", "style", "accuracy"],
        ["counts", "twins", "nDCG@3"],
        ["LSA", "style", "accuracy"],
        ["LSA", "twins", "nDCG@3"],
    ]
    assert list(table.columns[:4]) == ["method", "task", "metric", "score"]
    metrics = [metric for task in tasks for metric in task.metrics]
    assert list(table.columns[4:]) == [*metrics, *COSTS, "chosen", "note", "error"]
    for row in table.to_dict("records"):
        assert row["score"] == row[row["metric"]]
    assert (table[["note", "error"]] == "").all(axis=None)
    assert table["chosen"].str.match("C=10*|C=0.0*1").tolist() == [True, False] * 2
    assert (table[["fit_seconds", "documents_per_second"]] > 0).all(axis=None)


def test_scores_are_those_of_the_tasks_and_repeat(methods, tasks):
    table = compare(methods, tasks).table.set_index(["method", "task"])
    for task in tasks:
        for method, vectorizer in methods.items():
            for metric, value in task.evaluate(vectorizer).items():
                assert table.loc[(method, task.name), metric] == value
    again = compare(methods, tasks).table.set_index(["method", "task"])
    scores = ["score", "accuracy", "macro F1", "nDCG@3", "MRR@3", "dimension", "stored_mb"]
    pd.testing.assert_frame_equal(again[scores], table[scores], check_exact=True)


def test_vectorizers_are_left_unfitted_and_unseeded(methods, tasks):
    compare(methods, tasks)
    assert not hasattr(methods["counts"], "vocabulary_")
    assert methods["LSA"].random_state is None


def test_a_failing_cell_says_why_and_the_rest_go_on(methods, tasks):
    comparison = compare({"picky": OnlyRooms(), **methods, "class": CountVectorizer}, tasks)
    table = comparison.table.set_index(["method", "task"])
    failed = table.loc[("picky", "style")]
    assert failed["error"] == "RuntimeError: too few <b>documents</b>: 4"
    assert failed[["score", "accuracy", *COSTS]].isna().all()
    assert table.loc[("picky", "twins"), "score"] > 0
    assert table.loc[("class", "twins"), "error"].startswith("TypeError: Cannot clone")
    assert (table.loc[["counts", "LSA"], "error"] == "").all()
    assert "picky on style: RuntimeError: too few" in repr(comparison)


def test_where_all_fail_the_reasons_are_shown(tasks):
    comparison = compare({"picky": OnlyRooms(), "pickier": OnlyRooms()}, tasks[:1])
    assert "Failed:\n  picky on style: RuntimeError: too few" in repr(comparison)
    assert comparison.significance(9)["winner"].tolist() == []
    with pytest.raises(KeyError, match="'pickier' failed on 'style': RuntimeError: too few"):
        comparison.disagreements("pickier", "picky", "style")


def test_costs_are_what_they_say():
    documents = ["aa bb", "bb", "cc dd"]
    costs = measure_costs(CountVectorizer(dtype=np.int64), documents)
    assert costs["dimension"] == 4
    assert costs["sparsity"] == pytest.approx(1 - 5 / 12)
    assert costs["stored_mb"] == pytest.approx((5 * 8 + 5 * 4 + 4 * 4) / 1e6)
    dense = measure_costs(LSAVectorizer(vector_size=2, random_state=0), documents)
    assert dense["stored_mb"] == pytest.approx(3 * 2 * 4 / 1e6)
    framed = CountVectorizer(dtype=np.int64).set_output(transform="pandas")
    assert measure_costs(framed, documents)["sparsity"] == pytest.approx(1 - 5 / 12)


def test_the_text_shows_every_score(methods, tasks):
    comparison = compare(methods, tasks)
    text = repr(comparison)
    assert text.startswith("Comparison of 2 methods on 2 tasks")
    for expected in ("counts", "LSA", "style", "twins", "macro F1", "documents/s"):
        assert expected in text
    for score in comparison.table["score"]:
        assert f"{score:.3f}" in text
    assert "Failed" not in text


def test_progress_goes_to_stderr_when_asked(methods, tasks, capsys):
    compare(methods, tasks)
    assert capsys.readouterr() == ("", "")
    compare(methods, tasks, verbose=1)
    out, err = capsys.readouterr()
    assert out == ""
    assert "4/4" in err


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"vectorizers": [CountVectorizer()]}, TypeError, "mapping of name to estimator. Got list"),
        ({"vectorizers": {}}, ValueError, "at least one vectorizer and one task"),
        ({"vectorizers": {"counts": CountVectorizer()}, "tasks": []}, ValueError, "at least one"),
        (
            {"tasks": mini_benchmark_tasks("en")[:1][1:], "language": "zh"},
            ValueError,
            "one task to compare. Got 0 vectorizers and 0 tasks in 'zh'",
        ),
        ({"language": "fr"}, ValueError, "language must be one of 'en', 'zh'. Got 'fr'"),
        ({"tasks": mini_benchmark_tasks()[0]}, TypeError, "sequence of Task. Got BitextMiningTask"),
        ({"tasks": ["hotels"]}, TypeError, "sequence of Task. Got .'hotels'"),
    ],
)
def test_bad_arguments_are_named(arguments, error, message):
    with pytest.raises(error, match=message):
        compare(**arguments)


def test_of_given_tasks_too_the_language_chooses(methods):
    tasks = [task for language in ("en", "zh") for task in mini_benchmark_tasks(language)[4:6]]
    chosen = compare(methods, iter(tasks), language="zh").tasks
    assert [task.name for task in chosen] == ["reranking (zh)", "retrieval (zh)"]


def test_tasks_need_names_of_their_own(methods, tasks):
    with pytest.raises(ValueError, match="name of its own"):
        compare(methods, [tasks[0], tasks[0]])


def test_figures_need_no_display(methods, tasks, tmp_path):
    pytest.importorskip("matplotlib")
    comparison = compare({**methods, "picky": OnlyRooms()}, tasks)
    for kind in ("scores", "tradeoff"):
        figure = comparison.plot(kind)
        figure.savefig(tmp_path / f"{kind}.png")
        assert (tmp_path / f"{kind}.png").stat().st_size > 5_000
    titles = [axes.get_title("left") for axes in comparison.plot().axes]
    assert titles[:2] == ["style\naccuracy", "twins\nnDCG@3"]
    assert (
        "matplotlib.pyplot" not in sys.modules or not sys.modules["matplotlib.pyplot"].get_fignums()
    )
    with pytest.raises(ValueError, match="kind must be one of"):
        comparison.plot("pie")


def test_one_task_is_counted_as_one_and_needs_no_chart(methods, tasks, tmp_path):
    pytest.importorskip("matplotlib")
    found = compare(methods, tasks[:1])
    page = found.to_html(tmp_path / "one.html").read_text(encoding="utf-8")
    assert "2 methods on 1 task: how good" in page
    assert "The main score of every method" not in page
    assert repr(found).startswith("Comparison of 2 methods on 1 task\n")
    page = compare(methods, tasks).to_html(tmp_path / "two.html").read_text(encoding="utf-8")
    assert "2 methods on 2 tasks: how good" in page
    assert "The main score of every method" in page
    assert "What a task chose for each method" in page


def test_the_page_holds_everything_and_calls_nobody(methods, tasks, tmp_path):
    pytest.importorskip("matplotlib")
    comparison = compare({**methods, "picky": OnlyRooms()}, tasks)
    path = comparison.to_html(tmp_path / "report.html")
    page = path.read_text(encoding="utf-8")
    for score in comparison.table["score"].dropna():
        assert f">{score:.3f}</td>" in page
    assert "too few &lt;b&gt;documents&lt;/b&gt;: 4" in page
    assert "LSAVectorizer(vector_size=2)" in page
    assert page.count("<svg") == 3
    assert not re.search(r"(src|href)\s*=\s*[\"']?(https?:)?//", page)
    assert sorted(tmp_path.iterdir()) == [path]


def test_names_cannot_inject_a_script(tmp_path):
    pytest.importorskip("matplotlib")
    rooms = {**ROOMS, "a": ROOMS["a"] + HOSTILE}
    labels = [HOSTILE if style == "beach" else style for style in STYLES]
    task = ClassificationTask(rooms.values(), labels, HOSTILE, n_splits=3)
    comparison = compare({HOSTILE: CountVectorizer(token_pattern=HOSTILE + "|room")}, [task])
    page = comparison.to_html(tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.count("<script") == 1
    assert "alert(&quot;x&quot;)" in page


def test_without_matplotlib_there_is_a_table_and_a_clear_error(
    methods, tasks, tmp_path, monkeypatch
):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    comparison = compare(methods, tasks)
    assert len(comparison.table) == 4
    assert "counts" in repr(comparison)
    with pytest.raises(ImportError, match=r"matplotlib .*textvec\[plots\]"):
        comparison.plot()
    with pytest.raises(ImportError, match=r"textvec\[plots\]"):
        comparison.to_html(tmp_path / "report.html")
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def both():
    """The default methods on four tasks of the mini benchmark, in both languages."""
    tasks = tasks_of("mini_benchmark")
    kinds = ("BitextMining", "Reranking", "Retrieval", "STS")
    return compare(tasks=select_tasks(tasks, types=kinds))


def test_few_documents_get_an_lsa_of_their_own():
    """Six texts, and ten of which each fold sees eight, are too few for 50 dimensions."""
    texts = [f"{place} {number}th room" for place in ("sea", "bus") for number in range(5)]
    tasks = [
        STSTask(ROOMS.values(), reversed(ROOMS.values()), range(len(ROOMS)), name="en"),
        ClassificationTask(texts, ["a"] * 5 + ["b"] * 5, name="few"),
        mini_benchmark_tasks()[5],
    ]
    methods = {"LSA": defaults_for(tasks)["LSA"]}
    sizes = {name: one.vector_size for name, one in methods["LSA"].items()}
    assert sizes == {"en": 50, "en, en": len(ROOMS) // 2, "en, few": 4}
    table = compare(methods, tasks).table
    assert (table["error"] == "").all(), table["error"].tolist()
    assert table["dimension"].tolist() == [len(ROOMS) // 2, 4, 50]


@pytest.mark.parametrize(
    "texts",
    [
        ["a room"] * 20 + ["a view"] * 20,
        [f"{word} {one}" for word in ("sea", "bus") for one in range(10, 22)],
        ["a fine room", "lovely"] * 12,
    ],
)
def test_few_short_texts_fail_nowhere_and_say_what_they_got(texts):
    labels = ["a", "b"] * (len(texts) // 2)
    task = ClassificationTask(texts, labels, "short")
    table = compare(tasks=[task]).table.set_index("method")
    assert (table["error"] == "").all(), table["error"].tolist()
    assert table["note"].loc["LSA"].startswith("here with vector_size=")
    assert table["note"].loc["LSA"].endswith("instead of 50")
    assert table["note"].loc["word2vec"] == "here with min_count=1 instead of 2"
    assert (table["note"].drop(["LSA", "word2vec"]) == "").all()


def test_many_texts_of_few_words_get_a_shorter_lsa():
    texts = [f"{a} {b} room" for a in ("sea", "bus") for b in range(10, 20)] * 3
    task = ClusteringTask(texts, ["a", "b"] * 30, "few words")
    table = compare(defaults_for([task]), [task]).table.set_index("method")
    assert (table["error"] == "").all(), table["error"].tolist()
    assert table["dimension"]["LSA"] == 11  # twelve words, of which "room" says nothing more


def test_each_task_gets_the_defaults_of_its_language(both):
    assert (both.table["error"] == "").all(), both.table["error"].tolist()
    assert both.table["method"].unique().tolist() == list(default_vectorizers("en"))
    scores = both.table.set_index(["method", "task"])["score"]
    tasks = {task.name: task for task in both.tasks}
    for name, language in [("similarity (en)", "en"), ("similarity (zh)", "zh")]:
        (value, *_) = tasks[name].evaluate(default_vectorizers(language)["TF-IDF"]).values()
        assert scores["TF-IDF", name] == value
    assert both.vectorizers["TF-IDF"]["zh"].analyzer == "mixed"
    for name in ("bitext mining (en)", "bitext mining (zh)"):  # Chinese has to be cut in both
        (value, *_) = tasks[name].evaluate(default_vectorizers("zh")["LSA"]).values()
        assert scores["LSA", name] == value


def test_tasks_are_shown_by_language(both):
    groups = both.tasks_by_language()
    assert {code: len(tasks) for code, tasks in groups.items()} == {"en": 4, "zh": 4}
    assert both.scores(groups["zh"]).shape == (6, 4)
    assert both.scores(n_metrics=None).shape[1] == sum(len(task.metrics) for task in both.tasks)
    english, chinese = repr(both).split("similarity (en)")
    assert "(zh)" not in english
    assert "bitext mining (zh)" in chinese


def test_a_language_without_an_estimator_is_a_failing_cell(tasks):
    tasks[1].language = "de"
    found = compare({"words": {"en": CountVectorizer()}}, tasks).table
    assert found["error"].tolist() == [
        "",
        "ValueError: There is no estimator for the language 'de', only for 'en'.",
    ]
    assert (compare(tasks=tasks[1:]).table["error"].iloc[:4] == "").all()


def test_the_page_of_both_languages(both, tmp_path):
    pytest.importorskip("matplotlib")
    page = both.to_html(tmp_path / "report.html").read_text(encoding="utf-8")
    assert len(page) < 3_000_000
    for title in ("Quality: English", "Quality: Chinese", "Where methods disagree"):
        assert f"<h2>{title}</h2>" in page
    assert "TF-IDF</dt><dd>TfidfVectorizer(analyzer=&#x27;mixed&#x27;)" in page
    assert "TF-IDF, chars (zh)</dt><dd>" in page
    for task in both.tasks:
        assert task.description.split(".")[0] in page
        if task.name != "bitext mining (zh)":  # where neither finds a single one
            assert f"<summary>{task.name}: " in page


def test_the_page_shows_the_items_that_sparse_and_dense_see_apart(tmp_path):
    pytest.importorskip("matplotlib")
    numbers = {f"q{i}": f"where is number {i}" for i in range(12)}
    corpus = {f"d{i}": f"the way to number {i}" for i in range(12)}
    task = RetrievalTask(numbers, corpus, {f"q{i}": {f"d{i}": 1} for i in range(12)}, "numbers")
    methods = {
        "words": CountVectorizer(token_pattern=r"\w+"),
        "as good": TfidfVectorizer(token_pattern=r"\w+"),
        "dense": LSAVectorizer(vector_size=1, random_state=0, token_pattern=r"\w+"),
    }
    comparison = compare(methods, [task])
    page = comparison.to_html(tmp_path / "report.html").read_text(encoding="utf-8")
    differing = comparison.disagreements("words", "dense", "numbers", n=12)
    assert f"numbers: words and dense differ on {len(differing)} items" in page
    assert differing["text"].iloc[0] in page
    for heading in ("found by</small>words", "found by</small>dense", "score of</small>dense"):
        assert heading in page


# -- how sure, what differs


@pytest.fixture(scope="module")
def mini():
    tasks = [task for task in mini_benchmark_tasks("en") if task.type in ("STS", "Clustering")]
    numbers = {f"q{i}": f"where is number {i}" for i in range(12)}
    corpus = {f"d{i}": f"the way to number {i}" for i in range(12)}
    relevance = {f"q{i}": {f"d{i}": 1} for i in range(12)}
    tasks.append(RetrievalTask(numbers, corpus, relevance, "numbers"))
    methods = {
        "all words": CountVectorizer(token_pattern=r"\w+"),
        "no numbers": CountVectorizer(token_pattern="[a-z]+"),
        "letters": CountVectorizer(analyzer="char"),
    }
    return compare(methods, tasks)


def test_winners_are_marked_only_where_it_is_no_accident(mini):
    found = mini.significance(2000).set_index(["task", "method"])
    best = found.loc["numbers"]["score"].idxmax()
    assert found.loc[("numbers", "all words"), "score"] == 1.0
    assert found.loc[("numbers", "no numbers"), "p"] < 0.05
    assert found.loc[("numbers", "letters"), "winner"] == False  # noqa: E712
    sts = found.loc["similarity (en)"]
    assert (sts["low"] < sts["score"]).all()
    assert (sts["score"] < sts["high"]).all()
    assert np.isnan(found.loc[("numbers", best), "p"])
    assert found.loc["clustering (en)"][["low", "high", "p"]].isna().all(axis=None)
    assert not found.loc["clustering (en)"]["winner"].any()


def test_the_winner_must_beat_all_others():
    numbers = {f"q{i}": f"where is number {i}" for i in range(12)}
    corpus = {f"d{i}": f"the way to number {i}" for i in range(12)}
    task = RetrievalTask(numbers, corpus, {f"q{i}": {f"d{i}": 1} for i in range(12)}, "numbers")
    good, bad = CountVectorizer(token_pattern=r"\w+"), CountVectorizer(token_pattern="[a-z]+")
    one = compare({"good": good, "bad": bad}, [task])
    assert one.significance()["winner"].tolist() == [True, False]
    assert "good on numbers" in repr(one)
    two = compare({"good": good, "as good": good, "bad": bad}, [task])
    assert not two.significance()["winner"].any()
    assert "Better than every other" not in repr(two)
    assert not compare({"good": good}, [task]).significance()["winner"].any()


def test_disagreements_show_texts_and_results(mini):
    found = mini.disagreements("all words", "no numbers", "numbers", n=4)
    assert len(found) == 4
    assert found["difference"].is_monotonic_decreasing
    assert (found["difference"] > 0).all()
    first = found.iloc[0]
    number = first["text"].split()[-1]
    assert first["expected"] == [f"the way to number {number}"]
    assert first["found by all words"][0] == f"the way to number {number}"
    assert first["score of all words"] == 1.0
    assert len(mini.disagreements("all words", "letters", "similarity (en)")) == 10
    with pytest.raises(KeyError, match="no result of 'all word' on 'numbers'.*all words"):
        mini.disagreements("all word", "no numbers", "numbers")
    with pytest.raises(ValueError, match="n must be at least 1. Got -1"):
        mini.disagreements("all words", "no numbers", "numbers", n=-1)
    with pytest.raises(ValueError, match="n_metrics must be at least 1. Got 0"):
        mini.scores(n_metrics=0)


def test_a_score_that_does_not_exist_says_why(tmp_path):
    pytest.importorskip("matplotlib")
    task = STSTask(["a sea", "a view"], ["a sea", "a pier"], [3, 3], "constant")
    comparison = compare({"counts": CountVectorizer()}, [task])
    assert np.isnan(comparison.table.loc[0, "score"])
    assert "a constant has no correlation" in comparison.table.loc[0, "error"]
    page = comparison.to_html(tmp_path / "page.html").read_text(encoding="utf-8")
    assert "a constant has no correlation" in page


def test_a_score_on_some_of_the_items_says_on_how_many(tmp_path):
    pytest.importorskip("matplotlib")
    summaries = ["a sea view", "a sea", "ferries"]
    task = SummarizationTask(
        ["one", "two"], [["a sea view"]] * 2, [summaries] * 2, [[3, 2, 1], [2, 2, 2]], "rated"
    )
    for _ in range(2):  # computed, then stored
        comparison = compare({"counts": CountVectorizer()}, [task], cache=tmp_path / "cells")
        row = comparison.table.loc[0]
        assert row["score"] == pytest.approx(1)
        assert row["note"].startswith("scored on 1 of 2 texts: ")
        assert row["error"] == ""
        assert comparison.remarks() == {"counts on rated": row["note"]}
        assert comparison.remarks("error") == comparison.remarks("note", []) == {}
        assert f"Notes:\n  counts on rated: {row['note']}" in repr(comparison)
        assert "Failed" not in repr(comparison)
        page = comparison.to_html(tmp_path / "page.html").read_text(encoding="utf-8")
        assert f"<dt>counts on rated</dt><dd>{row['note']}</dd>" in page


LONE = ["sea view \ud800", "near the sea", "free shuttle", "airport shuttle"]
LABELS = ["b\udc80", "b\udc80", "a", "a"]
TABLE = KeyedVectors([[1, 0], [1, 0.2], [0, 1]], ["sea\ud800", "lake", "tax"])


@pytest.mark.parametrize(
    "task",
    [
        ClassificationTask(LONE, LABELS, n_splits=2),
        ClusteringTask(LONE, LABELS),
        RetrievalTask({"q\ud800": LONE[0]}, dict(zip("abcd", LONE)), {"q\ud800": {"a": 1}}),
        RerankingTask(LONE[:1], [LONE[:2]], [LONE[2:]]),
        BitextMiningTask(LONE, LONE[::-1]),
        STSTask(LONE[:3], LONE[1:], [1, 2, 3]),
        PairClassificationTask(LONE[:3], LONE[1:], [1, 0, 1]),
        SummarizationTask(LONE[:1], [LONE[:1]], [LONE], [[1, 2, 3, 4]]),
        WordSimilarityTask(["sea\ud800"] * 2, ["lake", "tax"], [2, 1]),
        WordAnalogyTask([("sea\ud800", "lake", "tax", "lake"), ("tax", "lake", "lake", "tax")]),
    ],
    ids=lambda task: task.type,
)
def test_lone_surrogates_are_texts_like_others(task, tmp_path):
    pytest.importorskip("matplotlib")
    is_of_words = task.type.startswith("Word")
    if is_of_words:
        methods = {"one": TABLE, "two": KeyedVectors(TABLE.vectors[:, ::-1], TABLE.index_to_key)}
    else:
        methods = {"one": CountVectorizer(), "two": LSAVectorizer(vector_size=2, random_state=0)}
    compare({"one": methods["one"]}, [task], cache=tmp_path / "cells")
    comparison = compare(methods, [task], cache=tmp_path / "cells")  # one was stored, one was not
    assert comparison.table["error"].tolist() == ["", ""]
    assert comparison.significance(9)["method"].tolist() == ["one", "two"]
    text = comparison.results["two", task.name].rows["text"]
    assert task.type == "Clustering" or "\ud800" in text[0]
    assert comparison.to_csv(tmp_path / "table.csv").stat().st_size
    page = comparison.to_html(tmp_path / "page.html").read_text(encoding="utf-8")
    assert "sea view \\ud800" in page or is_of_words
    assert "b\\udc80" in page or not hasattr(task, "labels")


class Quoting(BaseEstimator):
    """Fails with the text that it fails on."""

    def fit(self, raw_documents, y=None):
        raise ValueError(f"cannot read {raw_documents[0]}")


def test_an_error_that_quotes_a_lone_surrogate_is_one_failing_cell(methods):
    task = BitextMiningTask(LONE, LONE[::-1])
    table = compare({"quoting": Quoting(), **methods}, [task]).table
    assert table["error"].tolist() == ["ValueError: cannot read sea view \\ud800", "", ""]
    with pytest.raises(ValueError, match="Names of methods and tasks .* Got 'a.udc80' instead"):
        compare({"a\udc80": CountVectorizer()}, [task])


def test_the_page_of_the_mini_benchmark(mini, tmp_path):
    pytest.importorskip("matplotlib")
    page = mini.to_html(tmp_path / "page.html").read_text(encoding="utf-8")
    assert "How sure these scores are" in page
    assert "euclidean" in page
    assert "CountVectorizer(token_pattern=&#x27;[a-z]+&#x27;)" in page
    assert len(page) < 3_000_000


def test_tables_of_words_are_compared_too(tmp_path):
    pytest.importorskip("matplotlib")
    table = KeyedVectors([[1, 0], [1, 0.2], [0, 1]], ["sea", "lake", "tax"])
    task = WordSimilarityTask(["sea", "sea", "lake"], ["lake", "tax", "tax"], [9, 1, 2])
    comparison = compare({"mine": table}, [task], cache=tmp_path / "cells")
    assert comparison.table.loc[0, "score"] == pytest.approx(1)
    assert "word similarity" in comparison.to_html(tmp_path / "page.html").read_text()


def test_tables_of_words_need_nothing_of_a_corpus():
    table = KeyedVectors([[1, 0], [1, 0.2], [0, 1]], ["sea", "lake", "tax"])
    pairs = WordSimilarityTask(["sea"] * 2, ["lake", "tax"], [9, 1], corpus=ROOMS.values())
    questions = WordAnalogyTask([("sea", "lake", "sea", "lake")], corpus=ROOMS.values())
    assert compare({"mine": table}, [pairs, questions]).table["error"].tolist() == ["", ""]


def test_tables_that_know_other_words_meet_on_those_that_both_know(tmp_path):
    pytest.importorskip("matplotlib")
    words = [*"abcdefghij", "k"]
    good = KeyedVectors([[1, n / 10] for n in range(11)], words)
    short = KeyedVectors([[1, (n * n % 7) / 10] for n in range(10)], words[:-1])
    pairs = [(words[0], word, -n) for n, word in enumerate(words[1:])]
    questions = [(a, b, b, c) for a, b, c in zip(words, words[1:], words[2:])]
    tasks = [WordSimilarityTask(*zip(*pairs)), WordAnalogyTask(questions)]
    comparison = compare({"good": good, "short": short}, tasks)
    assert (comparison.table["error"] == "").all()
    for task in tasks:
        results = [comparison.results[method, task.name] for method in ("good", "short")]
        assert results[0].rows["text"].tolist() == results[1].rows["text"].tolist()
        assert [result.rows["score"].isna().sum() for result in results] == [0, 1]
        found = comparison.disagreements("good", "short", task.name)
        assert len(found)
        assert not found["text"].str.contains("k").any()
        for row in found.to_dict("records"):
            place = results[0].rows["text"].tolist().index(row["text"])
            for method, result in zip(("good", "short"), results):
                assert row[f"score of {method}"] == result.rows["score"][place]
    sure = comparison.significance().set_index(["task", "method"])
    assert (sure["low"] <= sure["score"] + 1e-9).all()
    assert (sure["score"] <= sure["high"] + 1e-9).all()
    assert 0 < sure.loc[("word similarity", "short"), "p"] < 0.05
    page = comparison.to_html(tmp_path / "page.html").read_text(encoding="utf-8")
    assert "word similarity: good and short differ on" in page


def test_the_page_counts_all_items_on_which_methods_differ(tmp_path):
    pytest.importorskip("matplotlib")
    queries = {f"q{n}": f"sea {n}{n}" for n in range(5)}  # more of them than documents
    corpus = {"a": "the pier", "b": "sea"}
    task = RetrievalTask(queries, corpus, {query: {"b": 1} for query in queries}, "rooms")
    methods = {"words": CountVectorizer(), "less": CountVectorizer(stop_words=["sea"])}
    page = compare(methods, [task]).to_html(tmp_path / "page.html").read_text(encoding="utf-8")
    assert "rooms: words and less differ on 5 items" in page
