"""Tasks that rank: retrieval, reranking, bitext mining."""

import warnings
from collections.abc import Mapping
from functools import partial
from itertools import chain

import numpy as np
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score

from textvec._checks import check_choice, closest_names
from textvec.evaluate.metrics import (
    hit_rate_at_k,
    map_at_k,
    mrr_at_k,
    ndcg_at_k,
    precision_at_k,
    recall_at_k,
    row_similarities,
)
from textvec.evaluate.tasks.task import (
    Task,
    TaskResult,
    counted,
    depths_of,
    fit_on,
    item_rows,
    same_length,
    unique_texts,
    vectors_of,
)
from textvec.search._vectorizers import metric_of, query_vectors
from textvec.search.exact import top_k

_AT_K = {
    "nDCG": ndcg_at_k,
    "MRR": mrr_at_k,
    "MAP": map_at_k,
    "recall": recall_at_k,
    "precision": precision_at_k,
    "hit rate": hit_rate_at_k,
}
_SHOWN = 3  # results of a query that a row keeps


def _as_dict(parameter, values):
    if not hasattr(values, "keys"):
        advice = ": dict(enumerate(texts)) makes one of a list" if parameter != "relevance" else ""
        raise TypeError(
            f"{parameter} must be a mapping from ids. Got {values!r:.60} instead{advice}."
        )
    return dict(values)


class RetrievalTask(Task):
    """Rank a corpus for each query and score where the relevant documents land.

    The vectorizer is fitted on the corpus, which is then ranked by exact search: by dot product
    where the vectorizer has ``metric = "dot"`` (BM25), else by cosine; equal scores keep the order
    of the corpus. Queries go through ``transform_queries`` where the vectorizer has it, else
    through ``transform``. Of a pipeline, the last step has these. A query that is an item of the
    corpus (same id, same text) is left out of its own ranking.

    Parameters
    ----------
    queries : mapping of id to str
        What is searched for.
    corpus : mapping of id to str
        What is searched.
    relevance : mapping of query id to mapping of corpus id to grade
        The truth: grades above zero are relevant. Every query needs at least one.
    name : str, default="retrieval"
        Names the task in tables and plots.
    k : int >= 1 or sequence of such, default=10
        How many ranks count. Of several, each has its metrics, those at the first being the main
        ones.
    language : str, default="en"
        Language of the texts.
    category : {"s2p", "s2s", "p2p"}, default="s2p"
        Whether queries and documents are sentences or paragraphs.
    absent : {"raise", "count"}, default="raise"
        What to do where ``relevance`` names an id that the corpus lacks: refuse it, or count it as
        what cannot be found, as trec_eval does with judged documents that no ranking holds.

    Raises
    ------
    TypeError
        If queries, corpus or relevance, or what is relevant to a query, is no mapping.
    ValueError
        If there is no query, an id is unknown, or a query has nothing relevant.

    Examples
    --------
    >>> from textvec import TfidfVectorizer
    >>> corpus = {"a": "sea view", "b": "free shuttle", "c": "view of the sea"}
    >>> task = RetrievalTask({"a": "sea view"}, corpus, {"a": {"c": 1}})
    >>> task.evaluate(TfidfVectorizer(), k=1)["nDCG@1"]
    1.0
    >>> list(task.evaluate(TfidfVectorizer(), k=[1, 3]))[:4]
    ['nDCG@1', 'nDCG@3', 'MRR@1', 'MRR@3']
    """

    type = "Retrieval"

    def __init__(
        self,
        queries,
        corpus,
        relevance,
        name="retrieval",
        k=10,
        language="en",
        category="s2p",
        absent="raise",
    ):
        check_choice("category", category, ("s2p", "s2s", "p2p"))
        check_choice("absent", absent, ("raise", "count"))
        self.queries, self.corpus = _as_dict("queries", queries), _as_dict("corpus", corpus)
        self.relevance = _as_dict("relevance", relevance)
        self.name, self.k, self.language, self.category = name, k, language, category
        self.metrics = _names_at(depths_of(k))
        if not self.queries:
            raise ValueError("queries must hold at least one query. Got none.")
        for query in self.relevance.keys() - self.queries.keys():
            _raise_unknown(query, "query", self.queries)
        for query in self.queries:
            grades = self.relevance.get(query, {})
            if not isinstance(grades, Mapping):
                raise TypeError(
                    "relevance must map every query to a mapping of id to grade. "
                    f"Got {grades!r:.60} for {query!r} instead."
                )
            for item in grades.keys() - self.corpus.keys() if absent == "raise" else ():
                _raise_unknown(item, "corpus", self.corpus)
            if not any(grade > 0 for grade in grades.values()):
                raise ValueError(
                    f"Every query must have a relevant document. Got none for {query!r}: add its "
                    "relevance, or leave the query out."
                )
        self.documents = list(self.corpus.values())
        n_relevant = sum(
            grade > 0 for grades in self.relevance.values() for grade in grades.values()
        )
        self.description = (
            f"Search {counted(len(self.corpus), 'document')} with "
            f"{counted(len(self.queries), 'query', 'queries')}, each with "
            f"{n_relevant / len(self.queries):.2g} relevant on average; a query never finds itself."
        )
        self.description_zh = (
            f"用 {len(self.queries)} 个查询搜索 {len(self.corpus)} 篇文本，平均每个查询有 "
            f"{n_relevant / len(self.queries):.2g} 篇相关；查询不会找到自己。"
        )

    def evaluate(self, vectorizer, k=None):
        """Return metrics at each rank ``k``, averaged over the queries: nDCG first.

        Parameters
        ----------
        vectorizer : estimator
            Cloned before it is fitted; itself left as it is.
        k : int >= 1, sequence of such or None, default=None
            How many ranks count; None means the task's own ``k``. Several are measured on one
            ranking.

        Returns
        -------
        TaskResult
            A row for each query, with each of its metrics.
        """
        depths = depths_of(self.k if k is None else k)
        fitted, items, costs = fit_on(vectorizer, self.documents)
        queries = _as_queries(fitted, list(self.queries.values()), items)
        depth = min(max(depths) + 1, len(self.corpus))  # one more, since a query may find itself
        found = _nearest(queries, items, depth, _metric(fitted))
        ids, rows = list(self.corpus), []
        for (query, text), places in zip(self.queries.items(), found, strict=True):
            ranking = [ids[place] for place in places if place >= 0]
            if self.corpus.get(query) == text:
                ranking = [item for item in ranking if item != query]
            grades = self.relevance[query]
            scores = [measure(ranking, grades, at) for measure in _AT_K.values() for at in depths]
            rows.append(
                (
                    query,
                    text,
                    [self._text_of(item) for item, grade in grades.items() if grade > 0],
                    [self.corpus[item] for item in ranking[:_SHOWN]],
                    scores[0],
                    *scores,
                )
            )
        names = _names_at(depths)
        rows = item_rows(rows, columns=["id", "text", "expected", "found", "score", *names])
        return TaskResult({name: float(rows[name].mean()) for name in names}, rows, costs=costs)

    def _text_of(self, item):
        return self.corpus.get(item, f"({item}, which the corpus lacks)")


class RerankingTask(Task):
    """Put the positives of each query before its negatives.

    The vectorizer is fitted on all candidates; queries and similarity are as in `RetrievalTask`.
    Candidates with equal scores are ranked against the method: negatives first.

    Parameters
    ----------
    queries : sequence of str
        What is asked.
    positives, negatives : sequence of list of str
        The candidates of each query; each needs at least one of both.
    name : str, default="reranking"
        Names the task in tables and plots.
    k : int >= 1 or sequence of such, default=10
        How many ranks count for nDCG.
    language : str, default="en"
        Language of the texts.

    Raises
    ------
    ValueError
        If lengths differ, or a query has no positive or no negative.

    Examples
    --------
    >>> from textvec import TfidfVectorizer
    >>> task = RerankingTask(["sea view"], [["view of the sea"]], [["a room", "free shuttle"]])
    >>> task.evaluate(TfidfVectorizer())
    {'MAP': 1.0, 'MRR': 1.0, 'nDCG@10': 1.0}
    """

    type = "Reranking"

    def __init__(self, queries, positives, negatives, name="reranking", k=10, language="en"):
        self.queries, self.positives, self.negatives = same_length(
            queries=queries, positives=positives, negatives=negatives
        )
        self.name, self.k, self.language = name, k, language
        self.metrics = ("MAP", "MRR", *(f"nDCG@{at}" for at in depths_of(k)))
        for query, pos, neg in zip(self.queries, self.positives, self.negatives, strict=True):
            if not len(pos) or not len(neg) or isinstance(pos, str) or isinstance(neg, str):
                raise ValueError(
                    "Every query must have a list of positives and one of negatives, with at "
                    f"least one text each. Got {pos!r} and {neg!r} for {query!r} instead."
                )
        self.documents, _ = unique_texts(chain(*self.positives, *self.negatives))
        n_candidates = [len(p) + len(n) for p, n in zip(self.positives, self.negatives)]
        self.description = (
            f"For each of {counted(len(self.queries), 'query', 'queries')} rank "
            f"{np.mean(n_candidates):.2g} candidates (on average), the right ones first."
        )
        self.description_zh = (
            f"为 {len(self.queries)} 个查询各给（平均）{np.mean(n_candidates):.2g} 个候选排序，"
            "正确的在前。"
        )

    def evaluate(self, vectorizer, k=None):
        """Return mean average precision, MRR and nDCG, averaged over the queries.

        Parameters
        ----------
        vectorizer : estimator
            Cloned before it is fitted; itself left as it is.
        k : int >= 1, sequence of such or None, default=None
            How many ranks count for nDCG; None means the task's own ``k``.

        Returns
        -------
        TaskResult
            A row for each query, with each of its metrics.
        """
        depths = depths_of(self.k if k is None else k)
        fitted, items, costs = fit_on(vectorizer, self.documents)
        queries = _as_queries(fitted, self.queries, items)
        place = {text: i for i, text in enumerate(self.documents)}
        names, rows = ("MAP", "MRR", *(f"nDCG@{at}" for at in depths)), []
        kind = _metric(fitted)
        for number, (query, pos, neg) in enumerate(
            zip(self.queries, self.positives, self.negatives, strict=True)
        ):
            texts = [*neg, *pos]  # a stable sort leaves the negatives before their equals
            candidates = items[[place[text] for text in texts]]
            scores = row_similarities(queries[[number] * len(texts)], candidates)[kind]
            order = np.argsort(-scores, kind="stable").tolist()
            grades = dict.fromkeys(range(len(neg), len(texts)), 1)
            measured = (
                map_at_k(order, grades, len(texts)),
                mrr_at_k(order, grades, len(texts)),
                *(ndcg_at_k(order, grades, at) for at in depths),
            )
            found = [texts[i] for i in order[:_SHOWN]]
            rows.append((query, list(pos), found, measured[0], *measured))
        rows = item_rows(rows, columns=["text", "expected", "found", "score", *names])
        return TaskResult({name: float(rows[name].mean()) for name in names}, rows, costs=costs)


class BitextMiningTask(Task):
    """Find the translation of each sentence among those of all others, by cosine.

    The vectorizer is fitted on the sentences of both languages; of a pair of vectorizers, whose
    vectors must be of one space, each on those of its own. The scores are averages over the
    translations, weighted by how often each is right, as MTEB has them.

    Parameters
    ----------
    texts1, texts2 : sequence of str
        Sentences and, at the same place, their translations.
    name : str, default="bitext mining"
        Names the task in tables and plots.
    language : str, default="en-zh"
        Of ``texts1``, then of ``texts2``.

    Raises
    ------
    ValueError
        If lengths differ.

    Examples
    --------
    >>> from textvec import TfidfVectorizer
    >>> task = BitextMiningTask(["hotel Ritz", "taxi"], ["Hotel Ritz 在哪", "Taxi 来了"])
    >>> task.evaluate(TfidfVectorizer())["F1"]
    1.0

    Word vectors that :func:`~textvec.align` moved into one space, a table for each language:

    >>> from textvec import DocumentVectorizer, KeyedVectors
    >>> english = KeyedVectors([[3.0, 1.0], [0.0, 2.0]], ["sea", "mountain"])
    >>> chinese = KeyedVectors([[1.0, 5.0], [4.0, 1.0]], ["山", "海"])
    >>> task = BitextMiningTask(["the sea", "a mountain"], ["海", "山"])
    >>> task.evaluate((DocumentVectorizer(english), DocumentVectorizer(chinese)))["F1"]
    1.0
    """

    type = "BitextMining"
    metrics = ("F1", "precision", "recall", "accuracy")

    def __init__(self, texts1, texts2, name="bitext mining", language="en-zh"):
        self.texts1, self.texts2 = same_length(texts1=texts1, texts2=texts2)
        self.name, self.language = name, language
        self.documents, (self._places1, self._places2) = unique_texts(self.texts1, self.texts2)
        self.description = (
            f"For each of {counted(len(self.texts1), 'sentence')} find its translation among as "
            "many."
        )
        self.description_zh = f"为 {len(self.texts1)} 个句子各在同样多的译文中找到自己的译文。"

    def evaluate(self, vectorizer, k=None):
        """Return F1, precision, recall and accuracy of the nearest sentences.

        Parameters
        ----------
        vectorizer : estimator, or tuple of two
            Cloned before it is fitted; itself left as it is. Of two, the first takes ``texts1``
            and the second ``texts2``.
        k : None
            Not used: only the nearest one counts.

        Returns
        -------
        TaskResult
            A row for each sentence.

        Raises
        ------
        ValueError
            If vectors of the two languages are of unequal width.
        """
        if isinstance(vectorizer, tuple):
            first, second, costs = _fit_on_each(vectorizer, self.texts1, self.texts2)
        else:
            _, vectors, costs = fit_on(vectorizer, self.documents)
            first, second = vectors[self._places1], vectors[self._places2]
        found = _nearest(first, second, 1)[:, 0]
        truth = np.arange(len(self.texts1))
        average = {"average": "weighted", "zero_division": 0}
        scores = {
            "F1": f1_score(truth, found, **average),
            "precision": precision_score(truth, found, **average),
            "recall": recall_score(truth, found, **average),
            "accuracy": accuracy_score(truth, found),
        }
        rows = item_rows(
            {
                "text": self.texts1,
                "expected": self.texts2,
                "found": [self.texts2[i] if i >= 0 else "" for i in found],
                "score": f1_score(truth, found, labels=truth, average=None, zero_division=0),
            }
        )
        return TaskResult({name: float(v) for name, v in scores.items()}, rows, costs=costs)


def _fit_on_each(vectorizers, texts1, texts2):
    """Fit a vectorizer on the texts of each language; return vectors of both, and the costs."""
    if len(vectorizers) != 2:
        raise ValueError(
            "There must be one vectorizer, or a tuple of one for each of two languages. "
            f"Got {len(vectorizers)} instead."
        )
    made, costs = [], []
    for vectorizer, texts in zip(vectorizers, (texts1, texts2), strict=True):
        documents, (places,) = unique_texts(texts)
        _, vectors, spent = fit_on(vectorizer, documents)
        made.append(vectors[places])
        costs.append(spent | {"n": len(documents)})
    first, second = made
    if first.shape[1] != second.shape[1]:
        raise ValueError(
            "Vectors of both languages must be of one space. Got vectors of "
            f"{first.shape[1]} and {second.shape[1]} numbers."
        )
    one, other = costs
    both = {name: one[name] + other[name] for name in one}
    both["dimension"] = one["dimension"]
    both["documents_per_second"] = both.pop("n") / both["transform_seconds"]
    n_cells = sum(cost["n"] * cost["dimension"] for cost in costs)
    both["sparsity"] = 1 - both["non_zeros"] / n_cells if n_cells else float("nan")
    return first, second, both


def _names_at(depths):
    return tuple(f"{name}@{depth}" for name in _AT_K for depth in depths)


def _nearest(queries, items, k, metric="cosine"):
    with warnings.catch_warnings():
        # A text in which a method knows no word finds nothing, and is scored for that.
        warnings.filterwarnings("ignore", message=".* (is|are) all zeros")
        return top_k(queries, items, k, metric=metric)[1]


def _metric(fitted):
    metric = metric_of(fitted)
    check_choice("metric of the vectorizer", metric, ("cosine", "dot"))
    return metric


def _as_queries(fitted, texts, items):
    queries = vectors_of(partial(query_vectors, fitted), texts)
    if queries.shape[1] != items.shape[1]:
        raise ValueError(
            f"Vectors of queries must have the dimension of documents, {items.shape[1]}. "
            f"Got {queries.shape[1]} instead."
        )
    return queries


def _raise_unknown(name, what, known):
    near = ", ".join(closest_names(name, known)) or "nothing"
    raise ValueError(
        f"relevance names the {what} id {name!r}, which is unknown. Close to it: {near}."
    )
