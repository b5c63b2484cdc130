"""Tasks that compare texts two by two: pair classification, similarity, summaries."""

from itertools import chain

import numpy as np

from textvec.evaluate.metrics import (
    average_precision,
    best_accuracy,
    best_f1,
    no_correlation,
    pearson,
    row_similarities,
    spearman,
)
from textvec.evaluate.tasks.task import (
    Task,
    TaskResult,
    counted,
    finite,
    fit_on,
    item_rows,
    percentile,
    same_length,
    unique_texts,
)

_SIMILARITIES = ("cosine", "dot", "euclidean", "manhattan")
_CORRELATIONS = {"Spearman": spearman, "Pearson": pearson}


class STSTask(Task):
    """Rate how alike two texts are in meaning, and correlate that with given scores.

    The vectorizer is fitted on all texts. Main metric, as in MTEB: Spearman's correlation of the
    cosines with the scores.

    Parameters
    ----------
    texts1, texts2 : sequence of str
        The pairs.
    scores : sequence of float
        How alike they are: any scale, more is more alike.
    name : str, default="similarity"
        Names the task in tables and plots.
    language : str, default="en"
        Language of the texts.

    Raises
    ------
    ValueError
        If lengths differ or a score is not a finite number.

    Examples
    --------
    >>> from textvec import TfidfVectorizer
    >>> task = STSTask(["sea view", "sea view", "spa"], ["view", "shuttle", "spa"], [3, 0, 5])
    >>> round(task.evaluate(TfidfVectorizer())["cosine Spearman"], 4)
    1.0
    """

    type = "STS"
    metrics = tuple(f"{one} {name}" for one in _SIMILARITIES for name in _CORRELATIONS)

    def __init__(self, texts1, texts2, scores, name="similarity", language="en"):
        self.texts1, self.texts2, scores = same_length(texts1=texts1, texts2=texts2, scores=scores)
        self.scores = finite("scores", scores)
        self.name, self.language = name, language
        self.documents, self._places = unique_texts(self.texts1, self.texts2)
        self.description = (
            f"Rate how alike the texts of {counted(len(self.texts1), 'pair')} are in meaning; the "
            f"ratings are correlated with given ones from {self.scores.min():g} to "
            f"{self.scores.max():g}."
        )
        self.description_zh = (
            f"评定 {len(self.texts1)} 对文本在意思上有多相似；与给定的 {self.scores.min():g} 至 "
            f"{self.scores.max():g} 分求相关。"
        )

    def evaluate(self, vectorizer, k=None):
        """Return Spearman's and Pearson's correlations of four similarities with the scores.

        Parameters
        ----------
        vectorizer : estimator
            Cloned before it is fitted; itself left as it is.
        k : None
            Not used: nothing is ranked.

        Returns
        -------
        TaskResult
            A row for each pair; ``score`` is 1 where the similarity ranks as the given score does.
            A correlation that does not exist is NaN, with its reason in ``notes``.
        """
        _, vectors, costs = fit_on(vectorizer, self.documents)
        found = row_similarities(*(vectors[places] for places in self._places))
        scores, notes = {}, {}
        for one, values in found.items():
            for name, correlate in _CORRELATIONS.items():
                scores[f"{one} {name}"] = correlate(values, self.scores)
                if reason := no_correlation(values, self.scores):
                    notes[f"{one} {name}"] = f"{one} similarities and given scores: {reason}"
        cosines = found["cosine"]
        rows = _pair_rows(
            self,
            self.scores,
            cosines,
            1 - abs(percentile(cosines) - percentile(self.scores)),
        )
        return TaskResult(scores, rows, "spearman", costs=costs, notes=notes)


class PairClassificationTask(Task):
    """Tell pairs that say the same from pairs that do not, by their similarity.

    The vectorizer is fitted on all texts. Main metric, as in MTEB: average precision of the
    cosines; accuracy and F1 are those at the threshold that suits the labels best.

    Parameters
    ----------
    texts1, texts2 : sequence of str
        The pairs.
    labels : sequence of {0, 1}
        1 for pairs that say the same.
    name : str, default="pair classification"
        Names the task in tables and plots.
    language : str, default="en"
        Language of the texts.

    Raises
    ------
    ValueError
        If lengths differ, or the labels are not 0 and 1, both present.

    Examples
    --------
    >>> from textvec import TfidfVectorizer
    >>> task = PairClassificationTask(["sea view"] * 2, ["a sea view", "free shuttle"], [1, 0])
    >>> task.evaluate(TfidfVectorizer())["cosine AP"]
    1.0
    """

    type = "PairClassification"
    metrics = tuple(f"{one} {name}" for one in _SIMILARITIES for name in ("AP", "accuracy", "F1"))

    def __init__(self, texts1, texts2, labels, name="pair classification", language="en"):
        self.texts1, self.texts2, labels = same_length(texts1=texts1, texts2=texts2, labels=labels)
        self.pair_labels = np.asarray(labels)
        average_precision(np.zeros(len(labels)), self.pair_labels)  # complains about bad labels
        self.name, self.language = name, language
        self.documents, self._places = unique_texts(self.texts1, self.texts2)
        self.description = (
            f"Tell the {counted(int(self.pair_labels.sum()), 'pair')} that say the same from the "
            f"others of {len(self.texts1):,}, by their similarity."
        )
        self.description_zh = (
            f"按相似度从 {len(self.texts1):,} 对文本中分出意思相同的 "
            f"{int(self.pair_labels.sum())} 对。"
        )

    def evaluate(self, vectorizer, k=None):
        """Return average precision, best accuracy and best F1 for each of four similarities.

        Parameters
        ----------
        vectorizer : estimator
            Cloned before it is fitted; itself left as it is.
        k : None
            Not used: all pairs are ranked.

        Returns
        -------
        TaskResult
            A row for each pair; ``score`` is the share of pairs with the other label that lie on
            its right side.
        """
        _, vectors, costs = fit_on(vectorizer, self.documents)
        found = row_similarities(*(vectors[places] for places in self._places))
        labels, scores = self.pair_labels, {}
        for one, values in found.items():
            scores[f"{one} AP"] = average_precision(values, labels)
            scores[f"{one} accuracy"] = best_accuracy(values, labels)[0]
            scores[f"{one} F1"] = best_f1(values, labels)[0]
        cosines = found["cosine"]
        rows = _pair_rows(self, labels, cosines, _rightly_placed(cosines, labels))
        return TaskResult(scores, rows, "average precision", costs=costs)


class SummarizationTask(Task):
    """Rate machine summaries by how near they lie to human ones, and correlate with given scores.

    A summary is as good as its closest human summary is near. Correlations are taken within each
    text and averaged over the texts, as in MTEB; texts whose summaries all have one given score,
    or one similarity, are left out, and ``notes`` of the result says how many stay. The vectorizer
    is fitted on all summaries.

    Parameters
    ----------
    texts : sequence of str
        What was summarised.
    human_summaries : sequence of list of str
        For each text its model summaries.
    machine_summaries : sequence of list of str
        For each text the summaries to rate.
    scores : sequence of list of float
        How good people found them: more is better.
    name : str, default="summarization"
        Names the task in tables and plots.
    language : str, default="en"
        Language of the texts.

    Raises
    ------
    ValueError
        If lengths differ, a score is not a finite number, or a text has no human summary.

    Examples
    --------
    >>> from textvec import TfidfVectorizer
    >>> task = SummarizationTask(
    ...     ["The pier is shut, since a storm broke it."],
    ...     [["storm closes pier"]],
    ...     [["a storm closes the pier", "a storm", "ferries run"]],
    ...     [[5, 3, 1]],
    ... )
    >>> round(task.evaluate(TfidfVectorizer())["cosine Spearman"], 4)
    1.0
    """

    type = "Summarization"
    category = "p2p"
    metrics = tuple(f"{one} {name}" for one in ("cosine", "dot") for name in _CORRELATIONS)

    def __init__(
        self,
        texts,
        human_summaries,
        machine_summaries,
        scores,
        name="summarization",
        language="en",
    ):
        self.texts, self.human_summaries, self.machine_summaries, scores = same_length(
            texts=texts,
            human_summaries=human_summaries,
            machine_summaries=machine_summaries,
            scores=scores,
        )
        self.scores = [finite("scores", values) for values in scores]
        for text, human, machine, graded in zip(
            self.texts, self.human_summaries, self.machine_summaries, self.scores, strict=True
        ):
            if not len(human) or len(machine) != len(graded):
                raise ValueError(
                    "Each text must have a human summary, and a score for each machine summary. "
                    f"Got {len(human)} human summaries, {len(machine)} machine summaries and "
                    f"{len(graded)} scores for {text[:60]!r} instead."
                )
        self.name, self.language = name, language
        self.documents, _ = unique_texts(chain(*self.human_summaries, *self.machine_summaries))
        self.description = (
            f"Rate {counted(sum(map(len, self.machine_summaries)), 'summary', 'summaries')} of "
            f"{counted(len(self.texts), 'text')} by how near they lie to a human one; the ratings "
            "are correlated with given ones."
        )
        self.description_zh = (
            f"按与人工摘要的接近程度评定 {len(self.texts)} 篇文本的 "
            f"{sum(map(len, self.machine_summaries))} 篇摘要；与给定的分数求相关。"
        )

    def evaluate(self, vectorizer, k=None):
        """Return correlations of cosine and dot product with the scores, averaged over the texts.

        Parameters
        ----------
        vectorizer : estimator
            Cloned before it is fitted; itself left as it is.
        k : None
            Not used: nothing is ranked.

        Returns
        -------
        TaskResult
            A row for each text; ``score`` is the correlation of its cosines, NaN where it is left
            out.
        """
        _, vectors, costs = fit_on(vectorizer, self.documents)
        place = {text: i for i, text in enumerate(self.documents)}
        rows = []
        for text, human, machine, graded in zip(
            self.texts, self.human_summaries, self.machine_summaries, self.scores, strict=True
        ):
            n, m = len(machine), len(human)
            both = row_similarities(
                vectors[np.repeat([place[summary] for summary in machine], m)],
                vectors[np.tile([place[summary] for summary in human], n)],
            )
            nearest = {one: both[one].reshape(n, m).max(axis=1) for one in ("cosine", "dot")}
            if any(no_correlation(values, graded) for values in nearest.values()):
                rows.append((text, list(machine), [], *[np.nan] * (1 + len(self.metrics))))
                continue
            measured = [
                correlate(values, graded)
                for values in nearest.values()
                for correlate in _CORRELATIONS.values()
            ]
            by_score = [machine[i] for i in np.argsort(-graded, kind="stable")]
            by_cosine = [machine[i] for i in np.argsort(-nearest["cosine"], kind="stable")]
            rows.append((text, by_score, by_cosine, measured[0], *measured))
        columns = ["text", "expected", "found", "score", *self.metrics]
        rows = item_rows(rows, columns)
        scores = {name: float(rows[name].mean()) for name in self.metrics}
        note = _on_how_many(rows["score"])
        notes = dict.fromkeys(self.metrics, note) if note else {}
        return TaskResult(scores, rows, costs=costs, notes=notes)


def _on_how_many(scores):
    """Say on how many texts a mean rests, or nothing if on all."""
    n_scored = int(scores.notna().sum())
    if n_scored == len(scores):
        return ""
    if not n_scored:
        return "in no text do both the given scores and the similarities differ"
    return (
        f"scored on {n_scored} of {len(scores)} texts: in the others all given scores or all "
        "similarities are equal"
    )


def _pair_rows(task, truth, similarity, score):
    return item_rows(
        {
            "text": [f"{a} | {b}" for a, b in zip(task.texts1, task.texts2, strict=True)],
            "expected": truth,
            "found": similarity,
            "score": score,
            "similarity": similarity,
            "truth": truth,
        }
    )


def _rightly_placed(values, labels):
    """Return, for each pair, the share of pairs with the other label on the right side of it."""
    placed = np.empty(len(values))
    for label in (0, 1):
        others = np.sort(values[labels != label])
        mine = values[labels == label]
        below = (np.searchsorted(others, mine) + np.searchsorted(others, mine, "right")) / 2
        share = below / len(others)
        placed[labels == label] = share if label else 1 - share
    return placed
