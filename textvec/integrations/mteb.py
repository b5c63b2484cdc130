"""Both ways to mteb: a vectorizer as a model for mteb, and a task of ours as a task of mteb.

mteb is the extra ``mteb`` and is imported where it is used.
"""

import re
import warnings
from functools import partial

import numpy as np
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from textvec._checks import import_optional, warn_user
from textvec.evaluate.metrics import row_similarities
from textvec.evaluate.tasks.labels import N_DRAWS, ClassificationTask, ClusteringTask
from textvec.evaluate.tasks.pairs import PairClassificationTask, STSTask, SummarizationTask
from textvec.evaluate.tasks.ranking import BitextMiningTask, RerankingTask, RetrievalTask
from textvec.evaluate.tasks.task import SEED, fresh, vectors_of
from textvec.search._vectorizers import check_vectorizer, is_fitted, metric_of, query_vectors
from textvec.search.exact import top_k

_LANGUAGES = {"en": "eng-Latn", "zh": "cmn-Hans"}
_MAIN_SCORES = {
    "BitextMining": "f1",
    "Classification": "accuracy",
    "Clustering": "v_measure",
    "PairClassification": "cosine_ap",
    "Reranking": "map_at_1000",
    "Retrieval": "ndcg_at_10",
    "STS": "cosine_spearman",
    "Summarization": "cosine_spearman",
}


def as_mteb_model(vectorizer, name=None):
    """Make a vectorizer a model that ``mteb.evaluate`` runs.

    Documents go through ``transform`` and queries through ``transform_queries`` where there is
    one. Retrieval and reranking search sparse vectors as sparse ones; other tasks of mteb compute
    with dense arrays, which the vectors are made for them.

    Parameters
    ----------
    vectorizer : estimator
        Any of textvec or scikit-learn, or a pipeline. A fitted one is used as it is. One that is
        not is fitted, as a copy, for every task: on the corpus to search, on the training
        documents to classify, on both sides of pairs, translations and summaries, else on the
        first texts that mteb gives.
    name : str or None, default=None
        Name of the model in results; None means "textvec/" and the name of the class.

    Returns
    -------
    model
        With ``encode``, ``index``, ``search``, ``similarity`` and ``similarity_pairwise``.

    Raises
    ------
    TypeError
        If it is no vectorizer.
    ImportError
        If mteb is not installed; it names the extra.

    Examples
    --------
    >>> from importlib.util import find_spec
    >>> from textvec import TfidfVectorizer
    >>> if find_spec("mteb"):
    ...     model = as_mteb_model(TfidfVectorizer())
    ...     assert model.mteb_model_meta.name == "textvec/TfidfVectorizer"
    """
    check_vectorizer(vectorizer)
    meta = import_optional("mteb.models", "mteb").ModelMeta
    name = f"textvec/{type(vectorizer).__name__}" if name is None else name
    overwrites = {"name": name if "/" in name else f"textvec/{name}", "revision": "1"}
    return _Model(vectorizer, meta.create_empty(overwrites=overwrites))


def as_mteb_task(task):
    """Make a task of textvec a task that ``mteb.evaluate`` runs, on any model that mteb knows.

    Parameters
    ----------
    task : Task
        Of one of MTEB's eight types. Classification without ``test`` documents of its own is
        cross-validated by mteb's folds instead of ours: these are not stratified. The penalty of
        its classifier is the task's ``C``, or, as mteb chooses none, 1 where that is "auto". For
        retrieval, ids are numbers, and those of a corpus fall: so equal scores are ranked as by
        ours.

    Returns
    -------
    mteb.AbsTask

    Raises
    ------
    TypeError
        If it is of no type that mteb has.
    ValueError
        If a grade of a retrieval task is no whole number.
    ImportError
        If mteb is not installed; it names the extra.

    Examples
    --------
    >>> from importlib.util import find_spec
    >>> from textvec.evaluate.tasks import mini_benchmark_tasks
    >>> if find_spec("mteb"):
    ...     one = as_mteb_task(mini_benchmark_tasks()[-2])
    ...     assert one.metadata.main_score == "cosine_spearman"
    """
    build = next((build for kind, build in _BUILDERS.items() if isinstance(task, kind)), None)
    if build is None:
        raise TypeError(f"mteb has no task like a {type(task).__name__}.")
    abstasks = import_optional("mteb.abstasks", "mteb")
    data, attributes = build(task)
    codes = task.language.split("-")
    name = re.sub(r"[^\w-]+", " ", task.name).strip().title().replace(" ", "")
    attributes["metadata"] = metadata = _metadata_class()(
        name=name or "Task",
        description=task.description,
        type=task.type,
        category="t2c" if task.category == "t2c" else "t2t",
        eval_splits=["test"],
        eval_langs=[_LANGUAGES.get(code, code) for code in codes],
        main_score=_MAIN_SCORES[task.type],
        dataset={"path": "local/none", "revision": "1"},
    )

    if task.type in _SIDES:
        metadata._both_sides = task.documents

    def load_data(self, **kwargs):
        self.dataset, self.data_loaded = data, True

    attributes["load_data"] = load_data
    base = getattr(abstasks, f"AbsTask{task.type}")
    return type(name, (base,), attributes)(seed=SEED)


class _Model:
    """Both of mteb's protocols: an encoder, and a search engine that keeps sparse sparse."""

    def __init__(self, vectorizer, meta):
        self.vectorizer, self.mteb_model_meta = vectorizer, meta
        self._fitted_for = None, None

    def encode(self, inputs, *, task_metadata, hf_split, hf_subset, prompt_type=None, **kwargs):
        texts = [text for batch in inputs for text in batch["text"]]
        fitted = self._fit(task_metadata, hf_subset, texts, hf_split)
        is_query = prompt_type is not None and str(prompt_type.value) == "query"
        transform = partial(query_vectors, fitted) if is_query else fitted.transform
        vectors = vectors_of(transform, texts)
        return vectors.toarray() if sparse.issparse(vectors) else vectors

    def index(self, corpus, *, task_metadata, hf_split, hf_subset, **kwargs):
        titles = corpus["title"] if "title" in corpus.column_names else [""] * len(corpus)
        texts = [
            f"{title or ''} {text}".strip()
            for title, text in zip(titles, corpus["text"], strict=True)
        ]
        self._fitted_for = None, None
        self._engine = self._fit(task_metadata, hf_subset, texts)
        self._ids = list(corpus["id"])
        self._items = vectors_of(self._engine.transform, texts)

    def search(self, queries, *, top_k, top_ranked=None, **kwargs):
        vectors = vectors_of(partial(query_vectors, self._engine), list(queries["text"]))
        if top_ranked is None:
            return self._search_all(list(queries["id"]), vectors, top_k)
        place = {one: i for i, one in enumerate(self._ids)}
        found = {}
        for number, query in enumerate(queries["id"]):
            ranked = top_ranked[query]
            items = self._items[[place[one] for one in ranked]]
            similar = row_similarities(vectors[[number] * len(ranked)], items)[self._metric]
            found[query] = dict(zip(ranked, similar.tolist(), strict=True))
        return found

    def similarity(self, a, b):
        from mteb import similarity_functions

        return getattr(similarity_functions, self._score("cos_sim", "dot_score"))(a, b)

    def similarity_pairwise(self, a, b):
        from mteb import similarity_functions

        pairwise = self._score("pairwise_cos_sim", "pairwise_dot_score")
        return getattr(similarity_functions, pairwise)(a, b)

    def _search_all(self, ids, vectors, depth):
        depth = min(depth, len(self._ids))
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".* (is|are) all zeros")  # they find nothing
            scores, places = top_k(vectors, self._items, depth, metric=self._metric)
        return {
            query: {self._ids[i]: float(s) for s, i in zip(row, found, strict=True) if i >= 0}
            for query, row, found in zip(ids, scores, places, strict=True)
        }

    @property
    def _metric(self):
        return metric_of(self.vectorizer)

    def _score(self, cosine, dot):
        return dot if self._metric == "dot" else cosine

    def _fit(self, metadata, subset, texts, split=None):
        """Return the vectorizer, or a copy that was fitted on this task, when first asked.

        ``texts`` are those that mteb gives then: of pairs the first sentences alone, so that the
        split that the others are in is looked up.
        """
        if is_fitted(self.vectorizer):
            return self.vectorizer
        known, known_subset = self._fitted_for
        if metadata is not known or subset != known_subset:  # another task may have all equal
            texts = split and _both_sides(metadata, subset, split) or texts
            self._own, self._fitted_for = fresh(self.vectorizer).fit(texts), (metadata, subset)
        return self._own


def _metadata_class():
    """Return mteb's class of a task's metadata, which here can hold the texts of both sides."""
    from pydantic import PrivateAttr

    base = import_optional("mteb.abstasks.task_metadata", "mteb").TaskMetadata
    return type("Metadata", (base,), {"_both_sides": PrivateAttr(None), "__module__": __name__})


def _both_sides(metadata, subset, split):
    """Return all texts of a task whose sides mteb encodes one after the other, or None."""
    texts = getattr(metadata, "_both_sides", None)
    if texts is not None or metadata.type not in _SIDES:
        return texts
    from mteb import get_task

    try:
        task = get_task(metadata.name)
        task.load_data()
        data = task.dataset.get(subset, task.dataset)
        columns = [data[split][name] for name in _SIDES[metadata.type](task)]
    except Exception as error:  # mteb's own, of tasks that it does not know and sets of odd shape
        warn_user(
            f"The vectorizer is fitted on the first side of {metadata.name} alone, since the other "
            f"could not be read ({type(error).__name__}: {error}). Fit it yourself on both.",
            RuntimeWarning,
        )
        return None
    return [
        text
        for column in columns
        for one in column
        for text in ([one] if isinstance(one, str) else one)
    ]


def _dataset(**columns):
    from datasets import Dataset

    return Dataset.from_dict({name: list(values) for name, values in columns.items()})


def _test_split(**columns):
    return {"test": _dataset(**columns)}


def _bitext(task):
    return _test_split(sentence1=task.texts1, sentence2=task.texts2), {}


def _classification(task):
    from datasets import DatasetDict

    number = {label: i for i, label in enumerate(np.unique(task.labels).tolist())}
    trained = _dataset(text=task.documents, label=[number[label] for label in task.labels])
    options = {"samples_per_label": task.shots or len(task.documents)}
    if task.C != "auto":
        options["evaluator_model"] = LogisticRegression(C=task.C, max_iter=100)
    if task.test is None:
        options |= {"is_cross_validation": True, "train_split": "test"}
        return DatasetDict(test=trained), options
    texts, labels = task.test
    tested = _dataset(text=texts, label=[number[label] for label in labels.tolist()])
    options["n_experiments"] = 1 if task.shots is None else N_DRAWS
    return DatasetDict(train=trained, test=tested), options


def _clustering(task):
    labels = [str(label) for label in task.labels]
    options = {
        "max_fraction_of_documents_to_embed": None,
        "max_documents_per_cluster": task.n_samples,
    }
    return _test_split(sentences=task.documents, labels=labels), options


def _pair_classification(task):
    labels = task.pair_labels.tolist()
    return _test_split(sentence1=task.texts1, sentence2=task.texts2, labels=labels), {}


def _reranking(task):
    relevance, ranked, texts = {}, {}, {}
    for number, (pos, neg) in enumerate(zip(task.positives, task.negatives, strict=True)):
        query = f"q{number}"
        good = {f"{query}-a{i}": text for i, text in enumerate(pos)}
        bad = {f"{query}-b{i}": text for i, text in enumerate(neg)}  # sorts before in ties
        texts |= good | bad
        relevance[query], ranked[query] = dict.fromkeys(good, 1), [*good, *bad]
    queries = _dataset(id=list(ranked), text=task.queries)
    split = {
        "corpus": _dataset(id=texts.keys(), title=[""] * len(texts), text=texts.values()),
        "queries": queries,
        "relevant_docs": relevance,
        "top_ranked": ranked,
    }
    return {"default": {"test": split}}, {}


def _retrieval(task):
    n_items = len(task.corpus)
    # Of equal scores mteb ranks the greater id first, and we the first item. Only a query that is
    # an item may have the id of one, as mteb then leaves that out.
    places = {item: f"{n_items - place:09d}" for place, item in enumerate(task.corpus)}
    ids = {
        query: places[query] if task.corpus.get(query) == text else f"query {number}"
        for number, (query, text) in enumerate(task.queries.items())
    }
    split = {
        "corpus": _dataset(id=places.values(), title=[""] * n_items, text=task.corpus.values()),
        "queries": _dataset(id=ids.values(), text=task.queries.values()),
        "relevant_docs": {
            ids[query]: {
                places.get(item, f"absent {item}"): _whole(grade) for item, grade in grades.items()
            }
            for query, grades in task.relevance.items()
        },
        "top_ranked": None,
    }
    return {"default": {"test": split}}, {"ignore_identical_ids": True}


def _whole(grade):
    if int(grade) != grade:
        raise ValueError(
            f"mteb takes whole numbers as grades of relevance. Got {grade} instead: multiply all "
            "grades of the task by one number, which leaves its metrics as they are."
        )
    return int(grade)


def _sts(task):
    scores = task.scores.tolist()
    data = _test_split(sentence1=task.texts1, sentence2=task.texts2, score=scores)
    return data, {"min_score": min(scores), "max_score": max(scores)}


def _summarization(task):
    graded = [scores.tolist() for scores in task.scores]
    data = _test_split(
        text=task.texts,
        human_summaries=task.human_summaries,
        machine_summaries=task.machine_summaries,
        relevance=graded,
    )
    return data, {"min_score": min(map(min, graded)), "max_score": max(map(max, graded))}


# Types whose sides mteb encodes one after the other -> the columns of a task that hold them.
_SIDES = {
    "BitextMining": lambda task: ("sentence1", "sentence2"),
    "PairClassification": lambda task: (task.input1_column_name, task.input2_column_name),
    "STS": lambda task: task.column_names,
    "Summarization": lambda task: ("human_summaries", "machine_summaries"),
}

_BUILDERS = {
    BitextMiningTask: _bitext,
    ClassificationTask: _classification,
    ClusteringTask: _clustering,
    PairClassificationTask: _pair_classification,
    RerankingTask: _reranking,
    RetrievalTask: _retrieval,
    STSTask: _sts,
    SummarizationTask: _summarization,
}
