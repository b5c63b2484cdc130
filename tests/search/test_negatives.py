"""mine_hard_negatives: ranks kept to, positives left out, any vectorizer, bad input."""

import json
import warnings

import numpy as np
import pytest
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer as ScikitLearnTfidf
from sklearn.pipeline import make_pipeline

from textvec import BM25Vectorizer, LSAVectorizer, TfidfVectorizer
from textvec.search.negatives import NegativeChecks, mine_hard_negatives

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


def test_negatives_keep_the_margin_to_the_lowest_positive(texts):
    """Against scikit-learn's scores, for each query."""
    queries, _, corpus = texts
    positives = [[text, " ".join(text.split()[:4])] for text in corpus[:8]]
    margin = 0.3
    with pytest.warns(UserWarning, match="at ranks 0 to 119 and pass the checks"):
        records = mine_hard_negatives(
            queries,
            positives,
            corpus,
            TfidfVectorizer(),
            (0, 120),
            200,
            checks=NegativeChecks(margin, None),
        )
    model = ScikitLearnTfidf().fit(corpus)
    n_close = 0
    for query, answers, record in zip(queries, positives, records, strict=True):
        order, scores = ranked(query, corpus)
        least = (model.transform(answers) @ model.transform([query]).T).toarray().min()
        fits = [i for i in order[:120] if 0 < scores[i] < least * (1 - margin)]
        expected = dict.fromkeys(corpus[i] for i in fits)
        assert set(record["neg"]) == set(expected) - {query, *answers}
        n_close += sum(scores > least * (1 - margin))
    assert n_close > 20  # there was something to keep out


@pytest.mark.filterwarnings("ignore:. of 8 queries get fewer")
@pytest.mark.parametrize("vectorizer", [BM25Vectorizer(), LSAVectorizer(vector_size=5)])
def test_the_margin_is_by_the_vectorizers_own_scores(texts, vectorizer):
    """With no margin nothing beats a positive that is in the corpus, dot product or cosine."""
    queries, _, corpus = texts
    positives = corpus[:8]
    records = mine_hard_negatives(
        queries, positives, corpus, vectorizer, (0, 60), 60, checks=NegativeChecks(0.0, None)
    )
    fitted = vectorizer.fit(corpus)
    asked = getattr(fitted, "transform_queries", fitted.transform)(queries)
    scores = np.asarray(
        (asked @ fitted.transform(corpus).T).todense()
        if hasattr(asked, "todense")
        else asked @ fitted.transform(corpus).T
    )
    for row, record in enumerate(records):
        best = max(scores[row][corpus.index(text)] for text in record["neg"])
        assert best <= scores[row][row] * (1 + 1e-6)


def test_near_duplicates_of_a_positive_are_left_out():
    corpus = ["A pool, by the sea!", "a pool by the seaside road", "a pool in town", "pools"]
    for share, expected in ((0.9, 3), (0.2, 2), (None, 4)):
        with pytest.warns(UserWarning, match="fewer than 9"):
            (record,) = mine_hard_negatives(
                ["a pool pools"],
                ["a  pool, by the sea!"],
                corpus,
                TfidfVectorizer(token_pattern=r"\w+"),
                (0, 9),
                9,
                checks=NegativeChecks(None, share),
            )
        assert len(record["neg"]) == expected, share


def test_a_cross_encoder_has_a_veto(texts):
    class Reader:
        asked = []

        def score(self, pairs):
            self.asked += pairs
            return [
                0.9 if "sea" in text or text.startswith("an answer") else 0.1 for _, text in pairs
            ]

    queries, _, corpus = texts
    reader = Reader()
    answers = ["an answer"] * 8
    records = mine_hard_negatives(
        queries, answers, corpus, TfidfVectorizer(), (0, 100), 5,
        checks=NegativeChecks(None, None, reader),
    )  # fmt: skip
    assert [len(record["neg"]) for record in records] == [5] * 8
    assert not [text for record in records for text in record["neg"] if "sea" in text]
    assert any("sea" in text for _, text in reader.asked)
    assert len(reader.asked) < 8 * 30  # not the whole pool
    again = mine_hard_negatives(queries, answers, corpus, TfidfVectorizer(), (0, 100), 5)
    assert any("sea" in text for record in again for text in record["neg"])


@pytest.mark.filterwarnings("ignore:. of 8 queries get fewer")
def test_miners_take_turns(texts):
    queries, _, corpus = texts
    corpus, positives = list(dict.fromkeys(corpus)), ["an answer"] * len(queries)
    first, second = TfidfVectorizer(), LSAVectorizer(vector_size=3, random_state=0)
    alone = [
        mine_hard_negatives(queries, positives, corpus, one, (2, 5), 3) for one in (first, second)
    ]
    mixed = mine_hard_negatives(queries, positives, corpus, [first, second], (2, 5), 6)
    for record, one, other in zip(mixed, *alone, strict=True):
        turns = [text for pair in zip(one["neg"], other["neg"], strict=True) for text in pair]
        assert record["neg"] == list(dict.fromkeys(turns))


def test_records_are_written_a_line_each(texts, tmp_path):
    path = tmp_path / "mined.jsonl"
    records = mine_hard_negatives(*texts, TfidfVectorizer(), n_negatives=2, path=path)
    assert list(map(json.loads, path.read_text("utf-8").splitlines())) == records
    with pytest.raises(OSError, match="nowhere"):
        mine_hard_negatives(*texts, TfidfVectorizer(), path=tmp_path / "nowhere" / "mined.jsonl")


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"rank_range": (5, 5)}, ValueError, r"rank_range\[1\] must be at least 6. Got 5"),
        ({"rank_range": (-1, 5)}, ValueError, r"rank_range\[0\] must be at least 0"),
        ({"rank_range": 5}, TypeError, "rank_range must be two integers. Got 5"),
        ({"n_negatives": 0}, ValueError, "n_negatives must be at least 1"),
        ({"checks": 0.95}, TypeError, "checks must be a NegativeChecks, or None. Got 0.95"),
        ({"checks": NegativeChecks(1.5)}, ValueError, "relative_margin must be between 0 and 1"),
        ({"checks": NegativeChecks(None, 2)}, ValueError, "near_duplicate must be between 0 and"),
        (
            {"checks": NegativeChecks(None, 0)},
            ValueError,
            "near_duplicate must be above 0, or None",
        ),
        (
            {"positives": [["x"]] * 7 + [5]},
            TypeError,
            r"positives\[7\] must be a list of str. Got 5",
        ),
        (
            {"vectorizer": []},
            ValueError,
            "vectorizer must be at least one vectorizer. Got an empty",
        ),
        ({"checks": NegativeChecks(reranker="x")}, TypeError, r"method score\(pairs\).* Got 'x'"),
        ({"positives": ["x"]}, ValueError, "positives must be as many as queries. Got 1 for 8"),
        ({"positives": [["x"]] * 7 + [[]]}, ValueError, "have a positive. Got none in row 7"),
    ],
)
def test_bad_input_is_refused_clearly(texts, changes, error, message):
    queries, positives, corpus = texts
    arguments = {"queries": queries, "positives": positives, "corpus": corpus}
    arguments |= {"vectorizer": TfidfVectorizer(), **changes}
    with warnings.catch_warnings(), pytest.raises(error, match=message):
        mine_hard_negatives(**arguments)
