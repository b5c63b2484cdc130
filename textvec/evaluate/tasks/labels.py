"""Tasks about labels: classification and clustering."""

import random
import warnings
from collections import Counter

import numpy as np
import pandas as pd
from sklearn.cluster import MiniBatchKMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import adjusted_mutual_info_score, precision_recall_fscore_support
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from threadpoolctl import threadpool_limits

from textvec._checks import check_number, check_type
from textvec.evaluate.metrics import v_measure
from textvec.evaluate.tasks.classifier import predict
from textvec.evaluate.tasks.task import (
    SEED,
    Task,
    TaskResult,
    as_texts,
    counted,
    fit_on,
    item_rows,
    same_length,
    vectors_of,
)

N_DRAWS = 10  # as many training samples of a few shots, and of clustered documents, as in MTEB


class ClassificationTask(Task):
    """Predict labels of documents by logistic regression on their vectors.

    Every vectorizer meets the same stratified folds. In each, a fresh copy of it is fitted on the
    training documents alone, so nothing of a test document leaks into its own vector; sparse
    vectors stay sparse. As in MTEB's classification protocol, the classifier is scikit-learn's
    logistic regression with at most 100 iterations. MTEB leaves its penalty at C=1, which holds
    back the weights of short vectors, such as rows of length 1, more than those of long ones;
    here C is chosen for each method, with the same folds for all, on training documents alone.

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
        Number of folds, where there is no ``test``.
    test : (documents, labels) or None, default=None
        Train on all of ``documents`` and test on these instead.
    shots : int >= 1 or None, default=None
        Train on this many documents of each label: with ``test``, ten draws (MTEB's protocol,
        which takes 8), and scores are their means; else one in each fold. The vectorizer, which
        sees no labels, is still fitted on all training documents. None trains on all.
    language : str, default="en"
        Language of the texts.
    C : float > 0 or "auto", default="auto"
        Inverse strength of the classifier's penalty. "auto" takes that of three powers of ten,
        fit for how far the vectors lie apart, which is best in a cross-validation of three folds
        on the training documents (from 3,000 of them on, in one fold of these). What was taken
        stands in ``chosen`` of the result; its cost is not counted. 1.0 is MTEB's protocol.

    Raises
    ------
    TypeError
        If ``C`` is neither a number nor "auto", documents are no list, or ``test`` is no pair.
    ValueError
        If lengths differ, a label is missing (None, NaN or "") or a fraction, there is one label
        only, ``C`` is not above 0, a label has fewer groups than folds, or a label of ``test`` is
        not in training.

    References
    ----------
    Muennighoff et al. 2023, "MTEB: Massive Text Embedding Benchmark", EACL.

    Examples
    --------
    >>> from textvec import TfidfVectorizer
    >>> rooms = ["sea view", "near the sea", "free shuttle", "airport shuttle"]
    >>> task = ClassificationTask(rooms, ["beach", "beach", "airport", "airport"], n_splits=2)
    >>> task.evaluate(TfidfVectorizer())["accuracy"]
    1.0
    """

    type = "Classification"
    category = "t2c"
    metrics = (
        "accuracy",
        "macro F1",
        "weighted F1",
        "macro precision",
        "macro recall",
    )

    def __init__(
        self,
        documents,
        labels,
        name="classification",
        groups=None,
        n_splits=5,
        test=None,
        shots=None,
        language="en",
        C="auto",
    ):
        check_number("n_splits", n_splits, low=2, integer=True)
        if shots is not None:
            check_number("shots", shots, low=1, integer=True)
        check_number("C", C, low=np.finfo(float).tiny, auto=True)
        self.documents = as_texts("documents", documents)
        self.labels = _as_classes(labels)
        self.name, self.shots, self.language, self.C = name, shots, language, C
        self.groups = groups = None if groups is None else np.asarray(groups)
        for what, values in (("labels", self.labels), ("groups", groups)):
            if values is not None and values.shape != (len(self.documents),):
                raise ValueError(
                    f"{what} must hold one value for each of the {len(self.documents)} documents. "
                    f"Got shape {values.shape} instead."
                )
        names = np.unique(self.labels).tolist()
        if len(names) < 2:
            raise ValueError(f"labels must hold at least two classes. Got {names} only.")
        self.test = None if test is None else self._check_test(test)
        trained = "" if shots is None else f" on {counted(shots, 'document')} of each label"
        penalty = "C chosen for each method" if C == "auto" else f"C={C:g}"
        penalty_zh = "C 按方法选择" if C == "auto" else f"C={C:g}"
        trained_zh = "" if shots is None else f"，每个标签 {shots} 篇训练文本"
        if test is not None:
            tested, n_tested = "tested on others", len(self.test[0])
            tested_zh = "在另外的文本上测试"
        else:
            tested, n_tested = f"{n_splits}-fold cross-validation", len(self.documents)
            tested_zh = f"{n_splits} 折交叉验证"
            self._folds = self._split(groups, n_splits, names)
        self.description = (
            f"Predict which of {len(names)} labels each of {counted(n_tested, 'document')} has: "
            f"logistic regression ({penalty}){trained}, {tested}, the same for every "
            "method, the vectorizer fitted on training documents only."
        )
        self.description_zh = (
            f"预测 {n_tested} 篇文本各属于 {len(names)} 个标签中的哪一个：逻辑回归（{penalty_zh}）"
            f"{trained_zh}，{tested_zh}，对每种方法都一样；向量化器只在训练文本上拟合。"
        )

    def evaluate(self, vectorizer, k=None):
        """Return accuracy, F1, precision and recall, out of fold or on the test documents.

        Parameters
        ----------
        vectorizer : estimator
            Cloned for each fold; itself left as it is.
        k : None
            Not used: nothing is ranked.

        Returns
        -------
        TaskResult
            A row for each tested document; ``score`` is the share of runs that got it right.
        """
        if self.test is None:
            return self._cross_validate(vectorizer)
        texts, labels = self.test
        fitted, vectors, costs = fit_on(vectorizer, self.documents)
        tested = vectors_of(fitted.transform, texts)
        if self.shots is None:
            draws = [np.arange(len(self.documents))]
        else:
            order = list(range(len(self.documents)))
            draws = [_draw(order, self.labels, self.shots) for _ in range(N_DRAWS)]
        runs = [self._predict(vectors[draw], draw, tested) for draw in draws]
        predicted, *choices = zip(*runs, strict=True)
        return self._result(texts, labels, predicted, costs, *choices)

    def _predict(self, vectors, places, tested):
        """Train on vectors of the documents at some places, and predict the labels of others."""
        groups = None if self.groups is None else self.groups[places]
        return predict(vectors, self.labels[places], tested, self.C, groups)

    def _cross_validate(self, vectorizer):
        predicted, costs, choices = np.empty_like(self.labels), [], []
        for number, (train, test) in enumerate(self._folds):
            fitted, vectors, cost = fit_on(vectorizer, [self.documents[i] for i in train])
            if self.shots is not None:
                order = list(range(len(train)))
                for _ in range(number + 1):
                    draw = _draw(order, self.labels[train], self.shots)
                vectors, train = vectors[draw], train[draw]
            texts = [self.documents[i] for i in test]
            tested = vectors_of(fitted.transform, texts)
            predicted[test], *choice = self._predict(vectors, train, tested)
            choices.append(choice)
            costs.append(cost)
        medians = pd.DataFrame(costs).quantile(interpolation="lower").to_dict()  # sizes stay whole
        choices = zip(*choices, strict=True)
        return self._result(self.documents, self.labels, [predicted], medians, *choices)

    def _result(self, texts, labels, predicted, costs, chosen, is_sure):
        runs = pd.DataFrame([_label_scores(labels, run) for run in predicted]).mean()
        votes = zip(*(run.tolist() for run in predicted))
        rows = item_rows(
            {
                "text": texts,
                "expected": labels,
                "found": [Counter(of_one).most_common(1)[0][0] for of_one in votes],
                "score": np.mean([run == labels for run in predicted], axis=0),
            }
        )
        scores = {name: float(runs[name]) for name in self.metrics}
        if self.C != "auto":
            return TaskResult(scores, rows, costs=costs)
        lowest, highest = f"{min(chosen):g}", f"{max(chosen):g}"
        notes = {}
        if not all(is_sure):
            notes["accuracy"] = "C is a guess: no label has two training documents to choose it by"
        taken = lowest if lowest == highest else f"{lowest} to {highest}"
        return TaskResult(scores, rows, costs=costs, notes=notes, chosen={"C": taken})

    def _split(self, groups, n_splits, names):
        for label in names:
            members = np.flatnonzero(self.labels == label)
            n_groups = len(members if groups is None else np.unique(groups[members]))
            if n_groups < n_splits:
                raise ValueError(
                    f"Each label must have at least n_splits={n_splits} documents (or groups), one "
                    f"for each fold. Got {n_groups} of {label!r} instead: drop or merge the label"
                    f"{', or lower n_splits' if n_splits > 2 else ''}."
                )
        # The one for groups takes seconds where every one of thousands of documents is a group.
        kind = StratifiedKFold if groups is None else StratifiedGroupKFold
        splitter = kind(n_splits, shuffle=True, random_state=SEED)
        return list(splitter.split(self.documents, self.labels, groups))

    def _check_test(self, test):
        check_type("test", test, tuple | list, "a pair of documents and labels")
        if len(test) != 2:
            raise TypeError(
                f"test must be a pair of documents and labels. Got {len(test)} items instead."
            )
        documents, labels = test
        documents, labels = same_length(documents_of_test=documents, labels_of_test=labels)
        labels = _as_classes(labels)
        unknown = sorted(set(labels.tolist()) - set(self.labels.tolist()), key=str)
        if unknown:
            raise ValueError(
                f"Every label of test must be in training. Got {unknown[0]!r}, which is not."
            )
        return documents, labels


class ClusteringTask(Task):
    """Group documents by mini-batch k-means on their vectors, and compare with their labels.

    The vectorizer is fitted on all documents. Ten times, a sample of them is drawn with
    replacement and clustered into as many groups as there are labels; scores are means over the
    samples, as in MTEB's protocol.

    Parameters
    ----------
    documents : sequence of str
        The texts.
    labels : sequence
        One label per document.
    name : str, default="clustering"
        Names the task in tables and plots.
    n_samples : int >= 2 or None, default=None
        Documents in a sample; None means as many as there are, and at most 16,384.
    language : str, default="en"
        Language of the texts.

    Raises
    ------
    ValueError
        If lengths differ, a label is missing (None, NaN or "") or a fraction, or there is one
        label only.

    Examples
    --------
    >>> from textvec import TfidfVectorizer
    >>> rooms = ["sea view", "sea sea view", "free shuttle", "shuttle free"]
    >>> task = ClusteringTask(rooms, ["beach", "beach", "airport", "airport"])
    >>> sorted(task.evaluate(TfidfVectorizer()))
    ['AMI', 'V-measure']
    """

    type = "Clustering"
    category = "t2c"
    metrics = ("V-measure", "AMI")

    def __init__(self, documents, labels, name="clustering", n_samples=None, language="en"):
        self.documents, labels = same_length(documents=documents, labels=labels)
        self.labels = _as_classes(labels)
        names = np.unique(self.labels).tolist()
        if len(names) < 2:
            raise ValueError(f"labels must hold at least two classes. Got {names} only.")
        if n_samples is None:
            n_samples = max(min(len(self.documents), 16_384), 2)
        check_number("n_samples", n_samples, low=2, integer=True)
        self.name, self.n_samples, self.language = name, n_samples, language
        self.description = (
            f"Group {counted(len(self.documents), 'document')} into {len(names)} clusters by "
            f"mini-batch k-means, {N_DRAWS} times, each on {n_samples:,} documents drawn with "
            "replacement."
        )
        self.description_zh = (
            f"用小批量 k-means 把 {len(self.documents)} 篇文本分成 {len(names)} 个簇，共 {N_DRAWS} "
            f"次，每次在有放回抽取的 {n_samples:,} 篇文本上。"
        )

    def evaluate(self, vectorizer, k=None):
        """Return V-measure and adjusted mutual information, averaged over the samples.

        Parameters
        ----------
        vectorizer : estimator
            Cloned before it is fitted; itself left as it is.
        k : None
            Not used: nothing is ranked.

        Returns
        -------
        TaskResult
            A row for each sample: not independent, since they share documents.
        """
        _, vectors, costs = fit_on(vectorizer, self.documents)
        rng, rows = random.Random(SEED), []
        # One thread: batches are small, and where cores are busy more wait for each other for long.
        with threadpool_limits(1), warnings.catch_warnings():
            # A method that gives several documents one vector may leave clusters empty.
            warnings.simplefilter("ignore", ConvergenceWarning)
            for number in range(N_DRAWS):
                drawn = rng.choices(range(len(self.documents)), k=self.n_samples)
                labels = self.labels[drawn]
                found = MiniBatchKMeans(
                    n_clusters=len(np.unique(self.labels)),
                    batch_size=512,
                    n_init=1,
                    random_state=SEED,
                ).fit_predict(vectors[drawn])
                v, ami = v_measure(labels, found), adjusted_mutual_info_score(labels, found)
                rows.append((f"sample {number + 1}", "", "", v, v, float(ami)))
        columns = ["text", "expected", "found", "score", *self.metrics]
        rows = item_rows(rows, columns)
        scores = {name: float(rows[name].mean()) for name in self.metrics}
        return TaskResult(scores, rows, independent=False, costs=costs)


def _as_classes(labels):
    """Return labels as an array, after a check that each is one: none missing, no measurement."""
    labels = pd.Series(as_texts("labels", labels), dtype=object)
    missing = np.flatnonzero(labels.where(labels.notna(), "") == "")
    if len(missing):
        raise ValueError(
            f"Every document must have a label. Got {labels[missing[0]]!r} for document "
            f"{missing[0]}, counted from 0: give it one, or leave the document out."
        )
    labels = np.asarray(labels.tolist())
    if labels.dtype == object:  # several kinds, or such as dates
        labels = labels.astype(str)
    if labels.dtype.kind == "f" and (labels % 1).any():
        raise ValueError(
            f"labels must be texts or whole numbers. Got {labels[labels % 1 != 0][0]} instead: "
            "turn numbers that are classes into texts."
        )
    return labels


def _draw(order, labels, shots):
    """Shuffle ``order`` once more, and return the first ``shots`` of each label in it.

    MTEB seeds each draw alike and lets it shuffle the order that the last one left.
    """
    np.random.RandomState(SEED).shuffle(order)
    taken, drawn = Counter(), []
    for place in order:
        label = labels[place]
        if taken[label] < shots:
            taken[label] += 1
            drawn.append(place)
    return np.array(drawn)


def _label_scores(labels, predicted):
    macro = precision_recall_fscore_support(labels, predicted, average="macro", zero_division=0)
    weighted = precision_recall_fscore_support(
        labels, predicted, average="weighted", zero_division=0
    )
    return {
        "accuracy": np.mean(labels == predicted),
        "macro F1": macro[2],
        "weighted F1": weighted[2],
        "macro precision": macro[0],
        "macro recall": macro[1],
    }
