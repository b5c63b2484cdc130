"""The mini benchmark keeps what its description promises."""

import itertools
import re

import pytest

from textvec.datasets import load_mini_benchmark

TYPES = [
    "bitext_mining",
    "classification",
    "clustering",
    "pair_classification",
    "reranking",
    "retrieval",
    "sts",
    "summarization",
]


@pytest.fixture(scope="module", params=["en", "zh"])
def language(request):
    return request.param


@pytest.fixture(scope="module")
def mini(language):
    return load_mini_benchmark(language)


def texts_of(value):
    """Return every text anywhere in a part of the benchmark, without ids and labels."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return list(itertools.chain.from_iterable(map(texts_of, value.values())))
    if isinstance(value, list):
        return list(itertools.chain.from_iterable(map(texts_of, value)))
    return []


def all_texts(mini):
    texts = texts_of([*mini.retrieval.queries.values(), *mini.retrieval.corpus.values()])
    for name in TYPES:
        if name != "retrieval":
            texts += texts_of(mini[name].drop(columns="label", errors="ignore").to_dict("list"))
    return texts


def test_all_eight_types_are_there_in_size(mini):
    sizes = {name: len(mini[name]) for name in TYPES if name not in ("retrieval", "summarization")}
    sizes["retrieval"] = len(mini.retrieval.queries)
    sizes["passages"] = len(mini.retrieval.corpus)
    sizes["summarization"] = mini.summarization["scores"].map(len).sum()
    assert all(60 <= size <= 120 for size in sizes.values()), sizes


def test_texts_are_in_the_language_and_clean(mini, language):
    mini.bitext_mining = mini.bitext_mining[["text1"]]
    for text in all_texts(mini):
        assert text == text.strip() != ""
        assert bool(re.search(r"[\u4e00-\u9fff]", text)) == (language == "zh"), text
        assert "  " not in text


def test_labels_are_balanced_and_of_two_worlds(mini):
    for name in ("classification", "clustering"):
        assert mini[name]["label"].value_counts().tolist() == [12] * 6
        assert mini[name]["text"].is_unique
    assert not set(mini.classification["label"]) & set(mini.clustering["label"])
    assert not set(mini.classification["text"]) & set(mini.clustering["text"])


def test_every_sentence_has_a_paraphrase_and_a_hard_negative(mini):
    pairs = mini.pair_classification
    assert pairs["label"].value_counts().to_dict() == {0: 30, 1: 30}
    by_sentence = pairs.groupby("text1")["label"].agg(sorted)
    assert by_sentence.map(lambda labels: labels == [0, 1]).all()

    def shared(row):
        a, b = (set(re.findall(r"[a-z]+|[\u4e00-\u9fff]", row[name].lower())) for name in
                ("text1", "text2"))  # fmt: skip
        return len(a & b) / len(a | b)

    overlap = pairs.assign(overlap=pairs.apply(shared, axis=1)).groupby("label")["overlap"]
    hardest = overlap.get_group(0).nlargest(15)
    assert hardest.median() > overlap.get_group(1).quantile(0.75)  # counting words misleads


def test_grades_follow_the_guideline(mini):
    assert set(mini.sts["score"]) <= {half / 2 for half in range(11)}
    assert {0, 1, 2, 3, 4, 5} <= set(mini.sts["score"])
    for row in mini.summarization.itertuples():
        assert len(row.machine_summaries) == len(row.scores) == 4
        assert len(row.human_summaries) == 1
        assert set(row.scores) <= {1, 2, 3, 4, 5}
        assert len(set(row.scores)) == 4


def test_relevance_names_known_passages(mini):
    retrieval = mini.retrieval
    assert retrieval.relevant_docs.keys() == retrieval.queries.keys()
    answers = [
        item for grades in retrieval.relevant_docs.values() for item, g in grades.items() if g == 2
    ]
    assert sorted(answers) == sorted(retrieval.corpus)
    assert any(1 in grades.values() for grades in retrieval.relevant_docs.values())
    assert len(set(retrieval.corpus.values())) == len(retrieval.corpus)


def test_reranking_has_positives_and_negatives(mini):
    for row in mini.reranking.itertuples():
        assert 1 <= len(row.pos) <= 2
        assert len(row.neg) == 3
        assert len({row.query, *row.pos, *row.neg}) == 1 + len(row.pos) + 3


def test_sentence_pairs_are_shared():
    en, zh = load_mini_benchmark("en").bitext_mining, load_mini_benchmark("zh").bitext_mining
    assert en["text1"].tolist() == zh["text2"].tolist()
    assert en["text2"].tolist() == zh["text1"].tolist()
    assert en["text1"].is_unique
    assert en["text2"].is_unique


def test_the_description_is_frank(mini):
    for words in ("demonstration", "no panel", "Conclusions", "guideline"):
        assert words in mini.DESCR


def test_an_unknown_language_is_named():
    with pytest.raises(ValueError, match="language must be one of 'en', 'zh'. Got 'fr' instead"):
        load_mini_benchmark("fr")
