"""What the page of a comparison says first: which method to take, and how sure that is."""

import re

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator

from textvec import CountVectorizer, TfidfVectorizer, compare
from textvec.evaluate import verdicts
from textvec.evaluate.compare import Comparison
from textvec.evaluate.page_words import close_up
from textvec.evaluate.tasks import (
    BitextMiningTask,
    ClassificationTask,
    ClusteringTask,
    RetrievalTask,
)
from textvec.evaluate.tasks.task import TaskResult
from textvec.evaluate.verdicts import verdict_of
from textvec.show.report import Link, Table, render_report


class Guessing(BaseEstimator):
    """Gives each text numbers by lot."""

    def fit(self, raw_documents, y=None):
        self.is_fitted_ = True
        return self

    def transform(self, raw_documents):
        return np.random.default_rng(len(raw_documents)).normal(size=(len(raw_documents), 8))


def compared(scores, seconds=None, independent=True):
    """Return a comparison on one task, made of scores for each of its items."""
    task = RetrievalTask({"q": "sea"}, {"a": "sea", "b": "ski"}, {"q": {"a": 1}}, name="rooms")
    texts = [f"item {i}" for i in range(len(next(iter(scores.values()))))]
    results, rows = {}, []
    for method, found in scores.items():
        frame = pd.DataFrame({"text": texts, "score": found})
        mean = float(np.mean(found))
        results[method, "rooms"] = TaskResult({"nDCG@10": mean}, frame, independent=independent)
        time = (seconds or {}).get(method, 1.0)
        rows.append(
            {"method": method, "task": "rooms", "fit_seconds": time, "transform_seconds": 0}
        )
    return Comparison(pd.DataFrame(rows), dict.fromkeys(scores), [task], results)


def test_a_clear_winner_is_named_with_its_interval():
    found = compared({"good": [1.0] * 38 + [0.0] * 2, "bad": [0.0] * 30 + [1.0] * 10})
    verdict = verdict_of(found, "rooms")
    assert verdict.take == "good"
    low, high = found.significance().set_index("method").loc["good", ["low", "high"]]
    assert verdict.sentence == (
        f"good scores 0.950 (95 % interval {low:.3f} to {high:.3f}), better than every other "
        f"method "
        "beyond chance: next is bad with 0.250."
    )
    chinese = verdict_of(found, "rooms", "zh").sentence
    assert chinese.startswith(f"good 得 0.950（95% 区间 {low:.3f} 至 {high:.3f}），显著好于")


def test_of_methods_that_tie_the_fastest_is_taken():
    rng = np.random.default_rng(0)
    scores = {name: rng.integers(0, 2, 30).astype(float) for name in "abcde"}
    scores["low"] = np.zeros(30)
    found = compared(scores, {"a": 3, "b": 2, "c": 0.5, "d": 4, "e": 9, "low": 0.1})
    verdict = verdict_of(found, "rooms")
    assert verdict.take == "c"  # not the one that is worse and faster
    assert "but on 30 items" in verdict.sentence
    assert "2 others cannot be told from it" in verdict.sentence or " and " in verdict.sentence
    assert verdict.sentence.endswith("Take c, the fastest of them.")


def test_one_method_no_score_and_runs_on_the_same_texts():
    assert verdict_of(compared({"one": [0.5, 1]}), "rooms").sentence.startswith(
        "one scores 0.750 (95 %"
    )
    nothing = verdict_of(compared({"one": [0.0, 0.01], "two": [0.0, 0.0]}), "rooms")
    assert nothing.take == ""
    assert nothing.sentence == "Nothing works: the best, one, scores 0.005."
    failed = verdict_of(compared({"one": [np.nan, np.nan]}), "rooms")
    assert failed[1:] == ("", "No method could be scored.")
    runs = compared({"one": [0.5, 0.6], "two": [0.1, 0.2]}, independent=False)
    assert "cannot be said" in verdict_of(runs, "rooms").sentence
    assert verdict_of(runs, "rooms").take == "one"


@pytest.fixture(scope="module")
def comparison():
    words = [f"word{i}" for i in range(30)]
    corpus = {str(i): f"the {word} of {words[i - 1]}" for i, word in enumerate(words)}
    queries = {f"q{i}": f"{word}" for i, word in enumerate(words)}
    relevant = {f"q{i}": {str(i): 1} for i in range(30)}
    tasks = [
        RetrievalTask(queries, corpus, relevant, name="rooms"),
        BitextMiningTask([f"a{i}" for i in range(40)], [f"b{i}" for i in range(40)], name="mining"),
        ClusteringTask([f"{w} {w} x" for w in words], ["a", "b", "c"] * 10, name="groups"),
    ]
    methods = {"counts": CountVectorizer(), "TF-IDF": TfidfVectorizer(), "by lot": Guessing()}
    return compare(methods, tasks)


def test_the_page_begins_with_the_verdict_and_folds_what_nothing_works_on(comparison, tmp_path):
    pytest.importorskip("matplotlib")
    page = comparison.to_html(tmp_path / "page.html").read_text("utf-8")
    headings = re.findall(r"<h2>(.*?)</h2>", page)
    assert headings[:2] == ["Which method to take", "Quality"]
    first = page[page.index("Which method to take") : page.index("<h2>Quality")]
    assert "95 % interval" in first
    assert "<summary>Nothing works on mining</summary>" in first
    table = page[page.index("<h2>Quality") :]
    table = table[: table.index("</table>")]
    assert "rooms" in table
    assert "mining" not in table


def test_the_page_in_chinese(comparison, tmp_path):
    pytest.importorskip("matplotlib")
    page = comparison.to_html(tmp_path / "page.html", language="zh").read_text("utf-8")
    assert '<html lang="zh">' in page
    for words in (
        "<h2>该用哪种方法</h2>",
        "没有方法有效：mining",
        "3 种方法，3 个任务",
        "拟合秒数",
        "方法的分歧",
    ):
        assert words in page
    for words in ("Which method", "Quality", "Higher is better", "<span>non-zeros<"):
        assert words not in page
    with pytest.raises(ValueError, match="language must be one of 'auto', 'en', 'zh'"):
        comparison.to_html(tmp_path / "page.html", language="fr")


def test_disagreements_lead_to_a_map(comparison, tmp_path):
    pytest.importorskip("matplotlib")
    page = comparison.to_html(tmp_path / "page.html", maps={"rooms": "maps/1 rooms.html"})
    links = re.findall(r'<a href="(.*?)">(.*?)</a>', page.read_text("utf-8"))
    assert links[0] == ("maps/1%20rooms.html", "See both on a map")
    assert "<a " not in comparison.to_html(tmp_path / "page.html").read_text("utf-8")


def test_links_lead_nowhere_else_and_are_escaped():
    for path in ("javascript:alert(1)", "https://elsewhere/", "/etc/passwd", "//elsewhere/x"):
        with pytest.raises(ValueError, match="path must be relative"):
            render_report("T", "", [("S", [Link("x", path)])])
    table = Table(pd.DataFrame({"a": [Link("<b>", 'x".html', "find=%22")]}))
    page = render_report("T", "", [("S", [table])])
    assert '<a href="x%22.html#find=%22">&lt;b&gt;</a>' in page


def test_a_page_about_chinese_texts_is_chinese_throughout(tmp_path):
    pytest.importorskip("matplotlib")
    texts = [f"房间{word}，很{word}" for word in "大小新旧远近" for _ in range(5)]
    task = ClassificationTask(texts, ["好", "差", "好"] * 10, name="评论")
    methods = {
        "counts": {"en": CountVectorizer(analyzer="char", ngram_range=(1, 2))},
        "TF-IDF, chars": TfidfVectorizer(analyzer="char"),
        "BM25": CountVectorizer(analyzer="char"),
    }
    methods["counts"]["en, 评论"] = CountVectorizer(analyzer="char")  # as for short texts
    found = compare(methods, [task])
    page = found.to_html(tmp_path / "page.html").read_text("utf-8")
    assert '<html lang="zh">' in page
    for words in (
        "准确率",
        "拟合秒数 (更贵",
        "10 篇文本",
        '<td data-value="分类">',
        "预测 30 篇文本各属于 2 个标签中的哪一个",
        "ngram_range=(1, 1)，而不是 (1, 2)",
        "<dt>日期</dt>",
        "“TF-IDF, chars”",
    ):
        assert words in page, words
    for words in ("accuracy", "costlier", "documents", "Predict", "here with", ">machine<"):
        assert words not in page, words
    assert '<html lang="en">' in found.to_html(tmp_path / "page.html", "en").read_text("utf-8")
    both = compare(methods, [task, ClassificationTask(["sea view", "old inn"] * 9, ["a", "b"] * 9)])
    assert '<html lang="en">' in both.to_html(tmp_path / "page.html").read_text("utf-8")


def test_no_grey_line_is_spoken_of_where_none_is_drawn(comparison, tmp_path):
    pytest.importorskip("matplotlib")
    task = RetrievalTask({"q": "pier"}, {"a": "pier", "b": "quay"}, {"q": {"a": 1}}, name="one")
    page = compare({"counts": CountVectorizer()}, [task]).to_html(tmp_path / "page.html")
    assert "Quality against cost." in page.read_text("utf-8")
    assert "grey line" not in page.read_text("utf-8")


def test_names_in_a_chinese_list_are_told_apart():
    said = verdicts._SAID["zh"]
    names = ["TF-IDF", "TF-IDF, chars", "BM25", "LSA", "word2vec"]
    assert verdicts._listed(names, said) == "TF-IDF、“TF-IDF, chars” 和 其他 3 种方法"
    sentence = f"与 {verdicts._listed(names, said)} 没有显著差别"
    assert close_up(sentence) == "与 TF-IDF、“TF-IDF, chars”和其他 3 种方法没有显著差别"
