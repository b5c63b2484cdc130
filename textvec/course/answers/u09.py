"""Unit 9: sentences and encoders."""

import numpy as np

from textvec.course.functions import judges
from textvec.dense.documents import DocumentVectorizer
from textvec.dense.factorized import PPMI
from textvec.encoders.pooling import pool


def exercise_1():
    """The weighted mean of two words."""
    weights = 0.001 / (0.001 + np.array([0.004, 0.001]))
    return (weights[:, None] * np.array([[10.0, 0.0], [0.0, 4.0]])).mean(axis=0)


@judges("masked_mean")
def exercise_2(answer):
    """Judge a function that takes the mean over the tokens of a batch that stand."""
    hidden = np.arange(24, dtype=float).reshape(2, 4, 3)
    for what, mask in (
        ("a batch without padding", np.ones((2, 4))),
        ("a text of two tokens beside one of four", np.array([[1, 1, 0, 0], [1, 1, 1, 1]])),
        ("a text without any token", np.array([[0, 0, 0, 0], [1, 0, 0, 0]])),
    ):
        found, expected = np.asarray(answer(hidden, mask), float), pool("mean", [hidden], mask)
        if found.shape != expected.shape:
            return f"on {what} it gives shape {found.shape}, expected {expected.shape}"
        if not np.allclose(found, expected, atol=1e-4):
            return f"on {what} its sum is {found.sum():.3f}, which is not right"
    hidden[0, 2:] = np.nan
    mask = np.array([[1, 1, 0, 0], [1, 1, 1, 1]])
    if not np.allclose(answer(hidden, mask), pool("mean", [hidden], mask), atol=1e-4):
        return "what stands at the padding (here NaN) leaks into the mean: replace it first"
    return None


def exercise_3(answer):
    """Judge a vectorizer by whether it beats all poolings of word vectors on pairs."""
    from textvec.datasets import load_hotels, load_mini_benchmark
    from textvec.evaluate.tasks import STSTask

    if isinstance(answer, type) or not hasattr(answer, "transform"):
        return (
            f"the answer must be a vectorizer, such as PPMI(...), with fit and transform; it is "
            f"{answer!r}"
        )
    mini = load_mini_benchmark("en")
    task = STSTask(mini.sts["text"], mini.sts["scored_text"], mini.sts["score"])
    texts = [
        *load_hotels("en").data,
        *mini.retrieval.corpus.values(),
        *mini.sts["text"],
        *mini.sts["scored_text"],
        *mini.classification["text"],
        *mini.clustering["text"],
    ]
    words = PPMI(vector_size=100, min_count=2, random_state=0).fit(texts).keyed_vectors_
    best = max(
        task.evaluate(DocumentVectorizer(words, pooling=pooling))["cosine Spearman"]
        for pooling in ("mean", "max", "idf", "sif")
    )
    found = task.evaluate(answer)["cosine Spearman"]
    if not found > best:
        return f"its correlation is {found:.3f}, and that of the best pooling {best:.3f}"
    return None


def _over_all(hidden, mask):
    return hidden.mean(axis=1)


def _by_product(hidden, mask):
    return (hidden * mask[:, :, None]).sum(axis=1) / np.maximum(mask.sum(axis=1)[:, None], 1)


SLIPS = {
    1: [
        ([2.0, 2.0], "that is the weighted sum: the mean is over two words"),
        ([5.0, 2.0], "that is the plain mean: weigh each word first"),
        ([2 / 0.7, 2 / 0.7], "divide by the number of words, not by the sum of their weights"),
    ],
}
WRONG = {
    1: [[1.0], "one"],
    2: [_over_all, _by_product, lambda hidden, mask: hidden[:, 0], lambda hidden, mask: None],
    3: [7, "TF-IDF"],
}
