"""Tasks: what a vectorizer is asked to do, with the truth to score it against."""

import warnings
from typing import Protocol

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.utils import check_array
from threadpoolctl import threadpool_limits

from textvec._checks import check_choice, check_number, closest_names
from textvec.evaluate.metrics import mrr_at_k, ndcg_at_k
from textvec.search.exact import top_k

SEED = 0  # of every split and of every estimator left unseeded, so that scores repeat


class Task(Protocol):
    """What :func:`~textvec.compare` asks of a task.

    Attributes
    ----------
    name : str
        Names the task in tables and plots.
    metrics : tuple of str
        Names of what ``evaluate`` returns, the main one first.
    documents : list of str
        The texts to vectorize, on which speed and size are measured.
    description : str
        One or two sentences for the reader of a report.
    """

    name: str
    metrics: tuple[str, ...]
    documents: list[str]
    description: str

    def evaluate(self, vectorizer) -> dict[str, float]:
        """Score a vectorizer.

        Parameters
        ----------
        vectorizer : estimator
            Unfitted, and stays so.

        Returns
        -------
        dict of str to float
            One value for each name in ``metrics``.
        """
        ...


class ClassificationTask:
    """Predict labels of documents by logistic regression on their vectors, cross-validated.

    Every vectorizer meets the same stratified folds. In each, a fresh copy of it is fitted on the
    training documents alone, so nothing of a test document leaks into its own vector; sparse
    vectors stay sparse. As in MTEB's classification protocol, the classifier is scikit-learn's
    logistic regression with at most 100 iterations.

    Parameters
    ----------
    documents : sequence of str
        The texts.
    labels : sequence
        One label per document; each label needs at least ``n_splits`` documents.
    name : str, default="classification"
        Names the task in tables and plots.
    groups : sequence or None, default=None
        One group per document; a group is never split between training and test. Near-duplicates
        in one group cannot give their label away. None: every document on its own.
    n_splits : int >= 2, default=5
        Number of folds.

    Raises
    ------
    ValueError
        If lengths differ, there is one label only, or a label has fewer groups than folds.

    References
    ----------
    Muennighoff et al. 2023, "MTEB: Massive Text Embedding Benchmark", EACL.

    Examples
    --------
    >>> from textvec import TfidfVectorizer
    >>> rooms = ["sea view", "near the sea", "free shuttle", "airport shuttle"]
    >>> task = ClassificationTask(rooms, ["beach", "beach", "airport", "airport"], n_splits=2)
    >>> task.evaluate(TfidfVectorizer())
    {'accuracy': 1.0, 'macro F1': 1.0}
    """

    metrics: tuple[str, ...] = ("accuracy", "macro F1")

    def __init__(self, documents, labels, name="classification", groups=None, n_splits=5):
        check_number("n_splits", n_splits, low=2, integer=True)
        self.documents = list(documents)
        self.labels = np.asarray(labels)
        self.name = name
        groups = np.arange(len(self.documents)) if groups is None else np.asarray(groups)
        for what, values in (("labels", self.labels), ("groups", groups)):
            if values.shape != (len(self.documents),):
                raise ValueError(
                    f"{what} must hold one value for each of the {len(self.documents)} documents. "
                    f"Got shape {values.shape} instead."
                )
        names = np.unique(self.labels).tolist()
        if len(names) < 2:
            raise ValueError(f"labels must hold at least two classes. Got {names} only.")
        for label in names:
            n_groups = len(np.unique(groups[self.labels == label]))
            if n_groups < n_splits:
                raise ValueError(
                    f"Each label must have at least n_splits={n_splits} documents (or groups), one "
                    f"for each fold. Got {n_groups} of {label!r} instead: lower n_splits, or drop "
                    "or merge the label."
                )
        splitter = StratifiedGroupKFold(n_splits, shuffle=True, random_state=SEED)
        self._folds = list(splitter.split(self.documents, self.labels, groups))
        self.description = (
            f"Predict which of {len(names)} labels each of {len(self.documents)} documents has: "
            f"logistic regression, {n_splits}-fold cross-validation, the same folds for every "
            "method, the vectorizer fitted within each training part."
        )

    def evaluate(self, vectorizer) -> dict[str, float]:
        """Return accuracy and macro-averaged F1 of the out-of-fold predictions.

        Parameters
        ----------
        vectorizer : estimator
            Cloned for each fold; itself left as it is.

        Returns
        -------
        dict of str to float
            One value for each name in ``metrics``.
        """
        predicted = np.empty_like(self.labels)
        for train, test in self._folds:
            fitted = fresh(vectorizer).fit([self.documents[i] for i in train])
            classifier = LogisticRegression(max_iter=100, random_state=SEED)
            # One thread: on such small problems more of them mostly wait for each other.
            with threadpool_limits(1), warnings.catch_warnings():
                # The protocol stops at 100 iterations; who has not converged is scored as it is.
                warnings.simplefilter("ignore", ConvergenceWarning)
                classifier.fit(self._rows(fitted, train), self.labels[train])
            predicted[test] = classifier.predict(self._rows(fitted, test))
        return {
            "accuracy": float(accuracy_score(self.labels, predicted)),
            "macro F1": float(f1_score(self.labels, predicted, average="macro")),
        }

    def _rows(self, fitted, chosen):
        return _vectors(fitted.transform, [self.documents[i] for i in chosen])


class RetrievalTask:
    """Rank a corpus for each query and score where the relevant documents land.

    The vectorizer is fitted on the corpus, which is then ranked by exact search: by dot product
    where the vectorizer has ``metric = "dot"`` (BM25), else by cosine. Queries go through
    ``transform_queries`` where the vectorizer has it, else through ``transform``. A query that is
    an item of the corpus (same id, same text) is left out of its own ranking.

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
    k : int >= 1, default=10
        How many ranks count.

    Raises
    ------
    ValueError
        If an id is unknown or a query has nothing relevant.

    Examples
    --------
    >>> from textvec import TfidfVectorizer
    >>> corpus = {"a": "sea view", "b": "free shuttle", "c": "view of the sea"}
    >>> task = RetrievalTask({"a": "sea view"}, corpus, {"a": {"c": 1}})
    >>> task.evaluate(TfidfVectorizer())
    {'nDCG@10': 1.0, 'MRR@10': 1.0}
    """

    def __init__(self, queries, corpus, relevance, name="retrieval", k=10):
        check_number("k", k, low=1, integer=True)
        self.queries, self.corpus, self.relevance = dict(queries), dict(corpus), dict(relevance)
        self.name = name
        self.k = k
        self.metrics = (f"nDCG@{k}", f"MRR@{k}")
        if not self.queries:
            raise ValueError("queries must hold at least one query. Got none.")
        for query in self.relevance.keys() - self.queries.keys():
            _raise_unknown(query, "query", self.queries)
        for query in self.queries:
            grades = self.relevance.get(query, {})
            for item in grades.keys() - self.corpus.keys():
                _raise_unknown(item, "corpus", self.corpus)
            if not any(grade > 0 for grade in grades.values()):
                raise ValueError(
                    f"Every query must have a relevant document. Got none for {query!r}: add its "
                    "relevance, or leave the query out."
                )
        self.documents = list(self.corpus.values())
        self.description = (
            f"Search {len(self.corpus)} documents with {len(self.queries)} queries, each with "
            f"{np.mean([len(grades) for grades in self.relevance.values()]):.2g} relevant on "
            "average; a query never finds itself."
        )

    def evaluate(self, vectorizer) -> dict[str, float]:
        """Return nDCG and MRR at rank ``k``, averaged over the queries.

        Parameters
        ----------
        vectorizer : estimator
            Cloned before it is fitted; itself left as it is.

        Returns
        -------
        dict of str to float
            One value for each name in ``metrics``.
        """
        fitted = fresh(vectorizer).fit(self.documents)
        metric = getattr(fitted, "metric", "cosine")
        check_choice("metric of the vectorizer", metric, ("cosine", "dot"))
        items = _vectors(fitted.transform, self.documents)
        as_queries = getattr(fitted, "transform_queries", fitted.transform)
        queries = _vectors(as_queries, list(self.queries.values()))
        depth = min(self.k + 1, len(self.corpus))  # one more, since a query may find itself
        _, found = top_k(queries, items, depth, metric=metric)
        ids = list(self.corpus)
        scores = []
        for query, row in zip(self.queries, found, strict=True):
            is_item = self.corpus.get(query) == self.queries[query]
            ranking = [ids[item] for item in row if item >= 0]
            if is_item:
                ranking = [item for item in ranking if item != query]
            grades = self.relevance[query]
            scores.append([measure(ranking, grades, self.k) for measure in (ndcg_at_k, mrr_at_k)])
        return dict(zip(self.metrics, np.mean(scores, axis=0).tolist(), strict=True))


def hotel_tasks(language="en") -> list[Task]:
    """Return the built-in tasks on the embedded hotels of a language.

    Predict the style of a hotel from its description; find its planted sister hotels (the same
    style and offer in other words); find its planted near-duplicates. The hotels are the project's
    own writing, so the tasks show methods at work; conclusions want real data.

    Parameters
    ----------
    language : {"en", "zh"}, default="en"
        Language of the hotels.

    Returns
    -------
    list of one ClassificationTask and two RetrievalTask
    """
    from textvec.datasets import load_hotels

    hotels = load_hotels(language)
    corpus = dict(zip(hotels.frame["id"], hotels.frame["desc"], strict=True))
    duplicates = _partners(hotels.pairs, "duplicate")
    # A duplicate in the test part would give away the label that its twin has in training.
    groups = [min([item, *duplicates.get(item, ())]) for item in corpus]
    style = ClassificationTask(
        corpus.values(), hotels.frame["style"], f"hotel style ({language})", groups
    )
    searches = [
        RetrievalTask(
            {item: corpus[item] for item in relevance},
            corpus,
            relevance,
            f"{name} hotels ({language})",
        )
        for name, relevance in (
            ("sister", _partners(hotels.pairs, "sister")),
            ("duplicate", duplicates),
        )
    ]
    tasks: list[Task] = [style, *searches]
    for task in tasks:
        task.description += " Invented hotels, written for textvec: conclusions want real data."
    return tasks


def fresh(vectorizer):
    """Return an unfitted copy in which every ``random_state`` left at None is seeded.

    Parameters
    ----------
    vectorizer : estimator
        Left as it is.

    Returns
    -------
    estimator
    """
    copy = clone(vectorizer)
    unseeded = {
        name: SEED
        for name, value in copy.get_params().items()
        if value is None and name.split("__")[-1] == "random_state"
    }
    return copy.set_params(**unseeded)


def _partners(pairs, kind):
    """Return {id: {id of each partner: 1}} over both directions of the pairs of one kind."""
    partners = {}
    for a, b in pairs.loc[pairs["kind"] == kind, ["a", "b"]].itertuples(index=False):
        partners.setdefault(a, {})[b] = 1
        partners.setdefault(b, {})[a] = 1
    return partners


def _vectors(transform, documents):
    """Return the vectors of the documents, checked: one finite row each, sparse as CSR."""
    vectors = check_array(transform(documents), accept_sparse="csr", dtype=[np.float64, np.float32])
    if vectors.shape[0] != len(documents):
        raise ValueError(
            f"The vectorizer must return one row for each of {len(documents)} documents. "
            f"Got {vectors.shape[0]} instead."
        )
    return vectors


def _raise_unknown(name, what, known):
    near = ", ".join(closest_names(name, known)) or "nothing"
    raise ValueError(
        f"relevance names the {what} id {name!r}, which is unknown. Close to it: {near}."
    )
