"""Tasks for tables of word vectors: word similarity, analogies and translation."""

import numpy as np

from textvec._checks import as_list, check_choice, check_type
from textvec.dense.keyed_vectors import KeyedVectors
from textvec.dense.word_tests import judge_analogies
from textvec.evaluate.metrics import no_correlation, pearson, spearman
from textvec.evaluate.tasks.task import (
    Task,
    TaskResult,
    as_texts,
    counted,
    depths_of,
    finite,
    fresh,
    item_rows,
    percentile,
    same_length,
    timed,
)


class WordSimilarityTask(Task):
    """Rate how alike two words are, and correlate that with what people said.

    Takes `KeyedVectors`, or a vectorizer that learns ``keyed_vectors_`` from ``corpus``. Pairs
    with an unknown word are left out, as in gensim; ``share known`` says how many stay.

    Parameters
    ----------
    words1, words2 : sequence of str
        The pairs.
    scores : sequence of float
        How alike people found them.
    name : str, default="word similarity"
        Names the task in tables and plots.
    corpus : sequence of str, default=()
        What a vectorizer is fitted on; not used for `KeyedVectors`.
    language : str, default="en"
        Language of the words.

    Raises
    ------
    ValueError
        If lengths differ or a score is not a finite number.

    Examples
    --------
    >>> from textvec import KeyedVectors
    >>> table = KeyedVectors([[1, 0], [1, 0.2], [0, 1]], ["sea", "lake", "tax"])
    >>> task = WordSimilarityTask(["sea", "sea", "lake"], ["lake", "tax", "tax"], [9, 1, 2])
    >>> task.evaluate(table)["Spearman"]
    1.0
    """

    type = "WordSimilarity"
    metrics = ("Spearman", "Pearson", "share known")

    def __init__(self, words1, words2, scores, name="word similarity", corpus=(), language="en"):
        self.words1, self.words2, scores = same_length(words1=words1, words2=words2, scores=scores)
        self.scores = finite("scores", scores)
        self.name, self.language = name, language
        self.documents = as_texts("corpus", corpus)
        self.description = f"Rate how alike the words of {counted(len(self.words1), 'pair')} are."
        self.description_zh = f"评定 {len(self.words1)} 对词有多相似。"

    def evaluate(self, vectorizer, k=None):
        """Return Spearman's and Pearson's correlations, and the share of pairs that are known.

        Parameters
        ----------
        vectorizer : KeyedVectors or estimator
            An estimator is cloned and fitted on ``corpus``.
        k : None
            Not used: nothing is ranked.

        Returns
        -------
        TaskResult
            A row for each pair, its similarity and ``score`` NaN where a word is unknown.
        """
        table, costs = _table_of(vectorizer, self.documents)
        pairs = list(zip(self.words1, self.words2, strict=True))
        found = np.array(
            [
                float(table.similarity(a, b)) if a in table and b in table else np.nan
                for a, b in pairs
            ]
        )
        known = ~np.isnan(found)
        truth = np.where(known, self.scores, np.nan)
        rows = item_rows(
            {
                "text": [f"{a} | {b}" for a, b in pairs],
                "expected": self.scores,
                "found": found,
                "score": 1 - abs(percentile(found) - percentile(truth)),
                "similarity": found,
                "truth": self.scores,
            }
        )
        scores = {
            "Spearman": spearman(found[known], truth[known]),
            "Pearson": pearson(found[known], truth[known]),
            "share known": float(known.mean()),
        }
        reason = no_correlation(found[known], truth[known])
        notes = dict.fromkeys(("Spearman", "Pearson"), reason) if reason else {}
        return TaskResult(scores, rows, "spearman", costs=costs, notes=notes)


class WordAnalogyTask(Task):
    """Complete "a is to b as c is to ?" with the nearest word to b - a + c.

    Takes `KeyedVectors`, or a vectorizer that learns ``keyed_vectors_`` from ``corpus``. Rules are
    gensim's ``evaluate_word_analogies``: questions with an unknown word are left out.

    Parameters
    ----------
    questions : sequence of (str, str, str, str)
        The words a, b, c and the answer.
    name : str, default="analogies"
        Names the task in tables and plots.
    corpus : sequence of str, default=()
        What a vectorizer is fitted on; not used for `KeyedVectors`.
    language : str, default="en"
        Language of the words.

    Raises
    ------
    ValueError
        If a question is of something else than four words, or there is none.

    Examples
    --------
    >>> from textvec import KeyedVectors
    >>> words = ["man", "woman", "king", "queen"]
    >>> table = KeyedVectors([[1, 0], [1, 1], [4, 0.2], [4, 3]], words)
    >>> task = WordAnalogyTask([("man", "woman", "king", "queen")])
    >>> task.evaluate(table)["accuracy"]
    1.0
    """

    type = "WordAnalogy"
    metrics = ("accuracy", "share known")

    def __init__(self, questions, name="analogies", corpus=(), language="en"):
        questions = as_texts("questions", questions)
        self.questions = [tuple(as_list("A question", words, "four words")) for words in questions]
        wrong = [
            words
            for words in self.questions
            if len(words) != 4 or not all(isinstance(word, str) for word in words)
        ]
        if wrong or not self.questions:
            raise ValueError(
                f"questions must hold four words each. Got {wrong[0] if wrong else 'none'} instead."
            )
        self.name, self.language = name, language
        self.documents = as_texts("corpus", corpus)
        self.description = (
            f"Answer {counted(len(self.questions), 'question')}: a is to b as c is to what?"
        )
        self.description_zh = f"回答 {len(self.questions)} 个问题：a 之于 b，如 c 之于什么？"

    def evaluate(self, vectorizer, k=None):
        """Return the share of right answers, and the share of questions that are known.

        Parameters
        ----------
        vectorizer : KeyedVectors or estimator
            An estimator is cloned and fitted on ``corpus``.
        k : None
            Not used: only the nearest word counts.

        Returns
        -------
        TaskResult
            A row for each question, its ``score`` NaN where a word is unknown.
        """
        table, costs = _table_of(vectorizer, self.documents)
        if not isinstance(table, KeyedVectors):  # gensim's
            table = KeyedVectors(table.vectors, table.index_to_key)
        verdicts = judge_analogies(table, self.questions)
        found = {True: "right", False: "wrong", None: ""}
        rows = item_rows(
            {
                "text": [f"{a} : {b} = {c} : ?" for a, b, c, _ in self.questions],
                "expected": [answer for *_, answer in self.questions],
                "found": [found[is_right] for is_right in verdicts],
                "score": np.array(verdicts, dtype=np.float64),
            }
        )
        scores = {
            "accuracy": float(rows["score"].mean()),
            "share known": float(rows["score"].notna().mean()),
        }
        notes = {} if scores["share known"] else {"accuracy": "no question has four known words"}
        return TaskResult(scores, rows, costs=costs, notes=notes)


class WordTranslationTask(Task):
    """Translate words into the words of another table, and see how many are right.

    Takes `KeyedVectors` in the space of ``into``, such as :func:`~textvec.align` makes. A word is
    right if one of its translations is among those found; words are left out that the table does
    not know, or of which ``into`` knows no translation, as in MUSE. ``share known`` says how many
    stay.

    Parameters
    ----------
    words, translations : sequence of str
        The dictionary, pair by pair: a word of several translations stands once with each.
    into : KeyedVectors
        The table of the other language.
    metric : {"csls", "cosine"}, default="csls"
        How :meth:`~textvec.KeyedVectors.translate` ranks.
    name : str, default="word translation"
        Names the task in tables and plots.
    k : int >= 1 or sequence of such, default=(1, 5)
        How many words may be found.
    language : str, default="en-zh"
        Of the words, then of their translations.

    Raises
    ------
    TypeError
        If ``into`` is something else.
    ValueError
        If lengths differ.

    References
    ----------
    Conneau et al. 2018, "Word translation without parallel data", ICLR, section 3.

    Examples
    --------
    >>> from textvec import KeyedVectors
    >>> english = KeyedVectors([[3.0, 1.0], [0.0, 2.0]], ["sea", "mountain"])
    >>> chinese = KeyedVectors([[1.0, 5.0], [4.0, 1.0], [1.0, 1.0]], ["山", "海", "车"])
    >>> task = WordTranslationTask(["sea", "sea", "mountain"], ["海", "海洋", "山"], chinese)
    >>> task.evaluate(english)
    {'precision@1': 1.0, 'precision@5': 1.0, 'share known': 1.0}
    """

    type = "WordTranslation"

    def __init__(
        self,
        words,
        translations,
        into,
        metric="csls",
        name="word translation",
        k=(1, 5),
        language="en-zh",
    ):
        self.words, self.translations = same_length(words=words, translations=translations)
        check_type("into", into, KeyedVectors, "the KeyedVectors of the other language")
        check_choice("metric", metric, ("csls", "cosine"))
        self.into, self.metric, self.k = into, metric, k
        self.name, self.language, self.documents = name, language, []
        self.metrics = (*(f"precision@{at}" for at in depths_of(k)), "share known")
        self._by_word: dict[str, list[str]] = {}
        for word, translation in zip(self.words, self.translations, strict=True):
            self._by_word.setdefault(word, []).append(translation)
        self.description = (
            f"Translate {counted(len(self._by_word), 'word')}: find the translation among "
            f"{counted(len(into), 'word')} of the other language."
        )
        self.description_zh = (
            f"翻译 {len(self._by_word)} 个词：在另一种语言的 {len(into)} 个词中找到译词。"
        )

    def evaluate(self, vectorizer, k=None):
        """Return the share of words that are translated rightly, and that of those known.

        Parameters
        ----------
        vectorizer : KeyedVectors
            The words, in the space of ``into``.
        k : int >= 1, sequence of such or None, default=None
            How many words may be found; None means the task's own ``k``.

        Returns
        -------
        TaskResult
            A row for each word, its ``score`` at the first ``k``, NaN where it is left out.
        """
        if not isinstance(vectorizer, KeyedVectors):
            raise TypeError(
                "This task asks for KeyedVectors in the space of another table, such as align "
                f"makes. Got {type(vectorizer).__name__} instead."
            )
        depths = depths_of(self.k if k is None else k)
        names = [f"precision@{at}" for at in depths]
        asked = [
            word
            for word, right in self._by_word.items()
            if word in vectorizer and any(one in self.into for one in right)
        ]
        answers = vectorizer.translate(asked, self.into, max(depths), self.metric)
        found = {word: [one for one, _ in best] for word, best in zip(asked, answers)}
        rows = []
        for word, right in self._by_word.items():
            best = found.get(word)
            scores = [
                np.nan if best is None else float(not set(right).isdisjoint(best[:at]))
                for at in depths
            ]
            rows.append((word, right, (best or [])[: max(depths)], scores[0], *scores))
        rows = item_rows(rows, columns=["text", "expected", "found", "score", *names])
        scores = {name: float(rows[name].mean()) for name in names}
        scores["share known"] = float(rows["score"].notna().mean())
        nothing = "no word and its translation are both known"
        notes = {} if scores["share known"] else dict.fromkeys(names, nothing)
        return TaskResult(scores, rows, notes=notes)


def _table_of(vectorizer, corpus):
    if hasattr(vectorizer, "evaluate_word_analogies"):
        return vectorizer, {}
    fitted, seconds = timed(lambda: fresh(vectorizer).fit(corpus))
    if not hasattr(fitted, "keyed_vectors_"):
        raise TypeError(
            "This task asks for KeyedVectors, or a vectorizer that learns keyed_vectors_. "
            f"Got {type(vectorizer).__name__} instead."
        )
    table = fitted.keyed_vectors_
    return table, {"fit_seconds": seconds, "dimension": table.vectors.shape[1]}
