"""What threads share: whoever asks while another learns is answered from the old or the new."""

import sys
from copy import copy

import numpy as np
import pytest

from textvec import (
    BM25Transformer,
    BM25Vectorizer,
    CountVectorizer,
    TfidfTransformer,
    TfidfVectorizer,
    load,
)

from ..dense.test_shared import asked_meanwhile

SEA = ["the quiet sea", "a room by the sea", "sea, sea and sand"]
ROOMS = [f"room{i} by the sea, of {i} beds" for i in range(300)]
TEXTS = SEA, ROOMS
FEW, MANY = ["the sea by room7", "sand", ""], ["the sea by room7 and the sand"] * 200


@pytest.fixture(autouse=True)
def often():
    """Threads take turns ten times as often as usual."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-4)
    yield
    sys.setswitchinterval(interval)


class Doubled(CountVectorizer):
    """A user's own vectorizer."""

    def _fit_matrix(self, raw_documents):
        self.factor_ = 2 if len(raw_documents) < 100 else 3
        return super()._fit_matrix(raw_documents) * self.factor_

    def _matrix(self, raw_documents):
        return super()._matrix(raw_documents) * self.factor_


VECTORIZERS = {
    "counts": CountVectorizer,
    "counts of pairs": lambda: CountVectorizer(analyzer="mixed", ngram_range=(1, 2)),
    "counts of a user": Doubled,
    "a table": lambda: CountVectorizer().set_output(transform="pandas"),
    "tf-idf": TfidfVectorizer,
    "bm25": BM25Vectorizer,
    "bm25plus": lambda: BM25Vectorizer(method="bm25plus"),
}
QUESTIONS = {
    "few": lambda vectorizer: vectorizer.transform(FEW),
    "many": lambda vectorizer: vectorizer.transform(MANY),
    "queries": lambda vectorizer: vectorizer.transform_queries(FEW),
    "offset": lambda vectorizer: vectorizer.query_offset(FEW),
}
CASES = [
    (name, question)
    for name in VECTORIZERS
    for question in QUESTIONS
    if question in ("few", "many") or name.startswith("bm25")
]


def plain(answer):
    """Return what can be compared by `==`: the numbers, and what columns are called."""
    if hasattr(answer, "columns"):
        return tuple(answer.columns), answer.to_numpy().tobytes()
    answer = answer.toarray() if hasattr(answer, "toarray") else answer
    return answer.shape, answer.tobytes()


@pytest.mark.parametrize(("name", "question"), CASES)
def test_documents_are_transformed_while_another_thread_fits(name, question):
    vectorizer, ask = VECTORIZERS[name]().fit(SEA), QUESTIONS[question]
    states = {plain(ask(VECTORIZERS[name]().fit(documents))) for documents in TEXTS}
    assert len(states) == 2 or (name, question) == ("bm25", "offset")  # where all is 0

    def change(turn):
        vectorizer.fit(TEXTS[turn % 2])

    answers = asked_meanwhile(lambda: plain(ask(vectorizer)), change, 100)
    assert set(answers) <= states


@pytest.mark.parametrize(
    ("name", "question"), [case for case in CASES if case[0] not in ("a table", "counts of a user")]
)
def test_documents_are_transformed_while_another_thread_learns_more(name, question):
    vectorizer, ask = VECTORIZERS[name]().partial_fit(SEA), QUESTIONS[question]
    states = {plain(ask(vectorizer))}

    def change(turn):
        vectorizer.partial_fit([f"sand{turn} and room{turn}"])
        states.add(plain(ask(vectorizer)))

    assert set(asked_meanwhile(lambda: plain(ask(vectorizer)), change, 100)) <= states


def test_terms_are_those_of_one_vocabulary():
    vectorizer = CountVectorizer().fit(SEA)
    first_terms = {tuple(sorted(CountVectorizer().fit(texts).vocabulary_)[:5]) for texts in TEXTS}

    def ask():
        return tuple(vectorizer.inverse_transform(np.ones((1, 5)))[0].tolist())

    def change(turn):
        vectorizer.fit(TEXTS[turn % 2])

    assert set(asked_meanwhile(ask, change, 100)) <= first_terms


@pytest.mark.parametrize("kind", [TfidfTransformer, BM25Transformer])
def test_counts_are_weighed_while_another_thread_fits(kind):
    rng = np.random.default_rng(0)
    learned = [rng.integers(0, 3, (9, 50)), rng.integers(0, 2, (400, 50))]
    asked = rng.integers(0, 2, (3, 50)).astype(float)
    transformer = kind().fit(learned[0])
    states = {plain(kind().fit(counts).transform(asked)) for counts in learned}

    def change(turn):
        transformer.fit(learned[turn % 2])

    assert set(asked_meanwhile(lambda: plain(transformer.transform(asked)), change)) <= states


def test_a_vectorizer_is_saved_whole_while_another_thread_learns_more(tmp_path):
    vectorizer = BM25Vectorizer().partial_fit(SEA)

    def ask():
        vectorizer.save(tmp_path / "vectorizer")
        return load(tmp_path / "vectorizer").transform(FEW).shape[0]  # load counts the weights

    def change(turn):
        vectorizer.partial_fit([f"sand{turn} and room{turn}"])

    assert set(asked_meanwhile(ask, change, 30)) == {len(FEW)}


def test_what_failed_changes_nothing():
    for vectorizer in (TfidfVectorizer().fit(SEA), BM25Vectorizer().fit(SEA)):
        before = dict(vars(vectorizer))
        for documents in (["brand new words", None], [""]):
            with pytest.raises((TypeError, ValueError)):
                vectorizer.fit(documents)
        assert vars(vectorizer) == before


def test_what_a_question_makes_is_kept_until_another_fit():
    vectorizer = CountVectorizer().fit(SEA)
    vectorizer.transform(MANY)
    made = vectorizer._known
    vectorizer.transform(MANY)
    assert vectorizer._known is made
    given = CountVectorizer(vocabulary=["sea", "sand"])
    given.transform(FEW)
    assert given.vocabulary_ == {"sea": 0, "sand": 1}


def test_weights_that_are_set_are_not_those_of_a_copy():
    first = TfidfVectorizer().fit(SEA)
    second, idf = copy(first), first.idf_
    second.idf_ = np.ones(len(idf))
    second.partial_fit(["sand"])
    assert first.idf_ is idf
