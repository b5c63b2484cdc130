"""What other formulas than scikit-learn's say, against naive twins, on generated corpora.

A twin is the definition in plain loops over str and dict. The kernels have theirs in
`tests/kernels`; here whole estimators and metrics are asked, as a user would.
"""

import math
from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textvec import PPMI, BM25Vectorizer, DocumentVectorizer, KeyedVectors, MinHashLSH, top_k
from textvec.evaluate import metrics
from textvec.sparse.bm25 import BM25_METHODS

from .sparse.parity import examples

WORDS = ["sea", "view", "hotel", "ΟΔΟΣ", "酒店", "\N{HOTEL}", "a1", "not"]
known_words = st.sampled_from(WORDS[:6])
documents = st.lists(st.lists(st.sampled_from(WORDS), max_size=8), min_size=1, max_size=6)
written = documents.map(lambda rows: [" ".join(row) for row in rows])
n_jobs = st.integers(1, 3)
TABLE = KeyedVectors(np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32), WORDS[:6])


def bm25(docs, query, method, k1, b, delta):
    """Score documents of tokens, term by term; see `BM25Transformer` for the sources."""
    n, mean_length = len(docs), sum(map(len, docs)) / len(docs)
    scores = []
    for doc in docs:
        length, counts, score = 1 - b + b * len(doc) / mean_length, Counter(doc), 0.0
        for term in query:
            df, tf = sum(term in other for other in docs), counts[term]
            if not df:
                continue
            share = tf / (tf + k1 * length) if tf else 0.0  # an empty document has no length
            match method:
                case "lucene":
                    score += math.log1p((n - df + 0.5) / (df + 0.5)) * share
                case "robertson":
                    score += math.log(max((n - df + 0.5) / (df + 0.5), 1)) * share
                case "atire":
                    score += math.log(n / df) * share * (k1 + 1)
                case "bm25l":
                    c = tf / length if tf else 0.0
                    gain = (k1 + 1) * (c + delta) / (k1 + c + delta)
                    score += math.log((n + 1) / (df + 0.5)) * gain
                case "bm25plus":
                    score += math.log((n + 1) / df) * (share * (k1 + 1) + delta)
        scores.append(score)
    return scores


@settings(max_examples=examples(60))
@given(
    documents.filter(any),
    st.lists(st.sampled_from([*WORDS, "unseen"]), max_size=5),
    st.sampled_from(BM25_METHODS),
    st.sampled_from([0.5, 1.5, 2.0]),
    st.sampled_from([0.0, 0.4, 0.75, 1.0]),
    st.sampled_from([0.0, 0.5, 1.0]),
    n_jobs,
)
def test_bm25(docs, query, method, k1, b, delta, n_jobs):
    vectorizer = BM25Vectorizer(
        method=method, k1=k1, b=b, delta=delta, tokenizer=str.split, token_pattern=None,
        lowercase=False, n_jobs=n_jobs,
    )  # fmt: skip
    weights = vectorizer.fit_transform([" ".join(doc) for doc in docs])
    asked = [" ".join(query)]
    scores = (vectorizer.transform_queries(asked) @ weights.T).toarray()[0]
    scores = scores + vectorizer.query_offset(asked)[0]
    expected = bm25(docs, query, method, k1, b, delta)
    np.testing.assert_allclose(scores, expected, rtol=1e-9, atol=1e-12)


@settings(max_examples=examples(60))
@given(
    documents.filter(lambda docs: any(word in TABLE for doc in docs for word in doc)),
    st.sampled_from(["mean", "idf", "max"]),
    n_jobs,
)
def test_pooling(docs, pooling, n_jobs):
    model = DocumentVectorizer(TABLE, pooling=pooling, tokenizer=str.split, n_jobs=n_jobs)
    found = model.fit_transform([" ".join(doc) for doc in docs])
    known = [[word for word in doc if word in TABLE] for doc in docs]
    for doc, vector in zip(known, found, strict=True):
        vectors = [TABLE[word].astype(float) for word in doc]
        weights = [1.0] * len(doc)
        if pooling == "idf":
            df = [sum(word in other for other in docs) for word in doc]
            weights = [math.log((1 + len(docs)) / (1 + n)) + 1 for n in df]
        if not doc:
            expected = np.zeros(3)
        elif pooling == "max":
            expected = np.max(vectors, axis=0)
        else:
            expected = sum(w * v for w, v in zip(weights, vectors)) / sum(weights)
        np.testing.assert_allclose(vector, expected, rtol=2e-6, atol=1e-6)


def ppmi(docs, words, window, shift, smoothing):
    """Return shifted positive pointwise mutual information, out of counts of pairs."""
    pairs = Counter()
    for doc in docs:
        for i, word in enumerate(doc):
            for context in (*doc[max(i - window, 0) : i], *doc[i + 1 : i + 1 + window]):
                pairs[word, context] += 1
    n_of = Counter()
    for (word, _), count in pairs.items():
        n_of[word] += count
    total = sum(n**smoothing for n in n_of.values())
    table = np.zeros((len(words), len(words)))
    for (word, context), count in pairs.items():
        share = n_of[context] ** smoothing / total
        value = math.log(count / n_of[word] / share) - math.log(shift)
        table[words.index(word), words.index(context)] = max(value, 0)
    return table


@settings(max_examples=examples(60))
@given(
    st.lists(st.lists(known_words, min_size=2, max_size=8), min_size=2, max_size=6),
    st.integers(1, 4),
    st.sampled_from([1.0, 1.5]),
    st.sampled_from([0.75, 1.0]),
    n_jobs,
)
def test_ppmi(docs, window, shift, smoothing, n_jobs):
    """The singular values of the model are those of the naive matrix, and so are its words."""
    words = sorted({word for doc in docs for word in doc})
    expected = np.linalg.svd(ppmi(docs, words, window, shift, smoothing))[1]
    rank = int((expected > 1e-3).sum())
    model = PPMI(
        max(rank, 1), window, 1, shift=shift, context_smoothing=smoothing, random_state=0,
        n_jobs=n_jobs, tokenizer=str.split,
    )  # fmt: skip
    written = [" ".join(doc) for doc in docs]
    if not rank:
        with pytest.raises(ValueError, match="no two words together more often than by chance"):
            model.fit(written)
        return
    model.fit(written)
    np.testing.assert_allclose(model.singular_values_, expected[:rank], rtol=1e-4, atol=1e-4)
    assert sorted(model.keyed_vectors_.index_to_key) == words


@settings(max_examples=examples(60))
@given(
    written,
    st.sampled_from([0.1, 0.5, 0.9]),
    st.sampled_from([0.0, 0.5, None]),
    st.sampled_from(["char", "word"]),
    n_jobs,
)
def test_near_duplicates(docs, threshold, asked, analyzer, n_jobs):
    """All pairs that agree in a whole band, and in the share of slots that is asked for; each once.

    Where every share is asked for, it is the bands alone that choose.
    """
    lsh = MinHashLSH(threshold, 2, analyzer, n_permutations=16, n_jobs=n_jobs).fit(docs)
    slots, width = lsh.signatures_.tolist(), lsh.n_rows_
    expected = {}
    for i, j in combinations(range(len(docs)), 2):
        agree = [a == b for a, b in zip(slots[i], slots[j])]
        bands = [agree[band * width : (band + 1) * width] for band in range(lsh.n_bands_)]
        share = sum(agree) / len(agree)
        empty = set(slots[i]) == {2**32 - 1} or set(slots[j]) == {2**32 - 1}
        if any(map(all, bands)) and share >= (threshold if asked is None else asked) and not empty:
            expected[i, j] = share
    pairs, similarities = lsh.near_duplicates(asked)
    assert list(map(tuple, pairs.tolist())) == sorted(expected)
    assert dict(zip(map(tuple, pairs.tolist()), similarities.tolist())) == pytest.approx(expected)


whole_numbers = st.integers(-3, 3).map(float)
rows = st.lists(st.lists(whole_numbers, min_size=4, max_size=4), min_size=1, max_size=7)


@pytest.mark.filterwarnings("ignore:.*(is|are) all zeros")
@settings(max_examples=examples(60))
@given(rows, rows, st.integers(1, 9), st.sampled_from([np.float32, np.float64]), n_jobs)
def test_top_k(queries, items, k, dtype, n_jobs):
    queries, items = np.array(queries, dtype), np.array(items, dtype)
    scores, indices = top_k(queries, items, k, metric="dot", n_jobs=n_jobs)
    for query, row_scores, row in zip(queries.tolist(), scores, indices, strict=True):
        dots = [(sum(map(math.prod, zip(query, item))), i) for i, item in enumerate(items.tolist())]
        best = sorted(((-dot, i) for dot, i in dots if dot), key=lambda pair: pair)[:k]
        best += [(0.0, -1)] * (k - len(best))
        assert list(zip((-row_scores).tolist(), row.tolist())) == best


def naive_metrics(ranking, relevance, k):
    """Return every metric at k from a loop over the ranks."""
    good = [grade for grade in relevance.values() if grade > 0]
    dcg = precision = hits = first = 0
    for rank, item in enumerate(ranking[:k], start=1):
        grade = max(relevance.get(item, 0), 0)
        if grade:
            hits += 1
            dcg += grade / math.log2(rank + 1)
            precision += hits / rank
            first = first or rank
    ideal = sum(g / math.log2(r + 1) for r, g in enumerate(sorted(good)[::-1][:k], start=1))
    return {
        "ndcg_at_k": dcg / ideal if ideal else 0,
        "mrr_at_k": 1 / first if first else 0,
        "map_at_k": precision / len(good) if good else 0,
        "recall_at_k": hits / len(good) if good else 0,
        "precision_at_k": hits / k,
        "hit_rate_at_k": float(hits > 0),
    }


@settings(max_examples=examples(100))
@given(
    st.lists(st.integers(0, 12), unique=True, max_size=12),
    st.dictionaries(st.integers(0, 12), st.integers(-1, 3), max_size=8),
    st.integers(1, 15),
)
def test_metrics(ranking, relevance, k):
    for name, expected in naive_metrics(ranking, relevance, k).items():
        found = getattr(metrics, name)(ranking, relevance, k)
        assert found == pytest.approx(expected, abs=1e-12), name
