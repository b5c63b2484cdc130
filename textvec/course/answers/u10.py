"""Unit 10: search."""

import numpy as np

from textvec.course.functions import judges, one_number


def exercise_1():
    """Two rankings joined by reciprocal ranks, with 1 in place of 60."""
    scores = {}
    for ranking in ("bac", "cbd"):
        for rank, item in enumerate(ranking, start=1):
            scores[item] = scores.get(item, 0) + 1 / (1 + rank)
    return scores


@judges("estimate")
def exercise_2(answer):
    """Judge a function that estimates the Jaccard index of two sets by MinHash."""
    everything = [f"item {i}" for i in range(400)]
    errors, exact = [], 0
    for first, last in ((0, 200), (50, 250), (100, 300), (150, 350), (200, 400)):
        a, b = set(everything[:200]), set(everything[first:last])
        true = len(a & b) / len(a | b)
        found = one_number(answer(a, b))
        if not 0 <= found <= 1:
            return f"it gives {found}, and a share is between 0 and 1"
        exact += found == true and 0 < true < 1
        errors.append(abs(found - true))
    if exact == 3:
        return "it computes the index itself; estimate it from the least hash values"
    if max(errors) > 0.15:
        return f"on sets of 200 it is off by {max(errors):.2f} at worst, expected below 0.15"
    return None


def exercise_3(answer):
    """Judge numbers of clusters and of those looked into, by what they find and look at."""
    from sklearn.cluster import KMeans

    from textvec.search.exact import top_k

    if np.shape(answer) != (2,):
        return "the answer must be two numbers: how many clusters, and how many are looked into"
    n_clusters, n_probe = (int(number) for number in answer)
    if not 1 <= n_probe <= n_clusters <= 500:
        return "of at most 500 clusters some are looked into, not more than there are"
    items, queries = _sentences()
    _, nearest = top_k(queries, items, 10)
    clusters = KMeans(n_clusters, n_init=1, random_state=0).fit(items)
    near = np.argsort(-queries @ clusters.cluster_centers_.T, axis=1)[:, :n_probe]
    read = (clusters.labels_[None, :, None] == near[:, None]).any(axis=2)
    share = read.mean()
    recall = np.take_along_axis(read, nearest, axis=1).mean()
    if recall < 0.9 or share > 0.3:
        return f"it finds {recall:.0%} of the ten nearest and looks at {share:.0%} of the rows"
    return None


def _sentences():
    """Return the vectors of the novel's sentences, and those kept out to ask with."""
    from textvec.datasets import load_novel
    from textvec.dense.factorized import PPMI

    novel = load_novel()
    texts = [s + "。" for s in "".join(novel.data).replace("\n", "").split("。") if len(s) > 8]
    model = PPMI(vector_size=50, min_count=2, tokenizer="jieba", pooling="sif", random_state=0)
    vectors = model.fit(novel.data).transform(texts)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    asked = np.arange(len(texts)) % 20 == 0
    return vectors[~asked], vectors[asked]


SLIPS = {
    1: [
        (
            {"a": 1 / 62, "b": 1 / 61 + 1 / 62, "c": 1 / 63 + 1 / 61, "d": 1 / 63},
            "here 1 stands in place of 60",
        ),
        (
            {"a": 1 / 2, "b": 3 / 2, "c": 4 / 3, "d": 1 / 3},
            "the first rank is 1, so that a first place earns 1 / (1 + 1)",
        ),
    ],
    2: [
        (
            lambda a, b: len(a & b) / len(a | b),
            "it computes the index itself; estimate it from the least hash values",
        ),
    ],
}
WRONG = {
    1: [{"a": 1 / 3, "b": 5 / 6, "c": 3 / 4}, {"a": 2, "b": 3, "c": 4, "d": 3}],
    2: [lambda a, b: 0.5, lambda a, b: 2.0, lambda a, b: a & b, 0.5],
    3: [(64, 1), (64, 64), 5],
}
