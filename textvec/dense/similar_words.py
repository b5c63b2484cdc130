"""Which words of a table are most like a word, a vector, or a sum or product of them."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import NamedTuple

import numpy as np

from textvec._checks import check_number
from textvec._threads import held

CELLS = 1 << 24  # float32 similarities held at a time: 64 MB
_CONVERTED_WORDS = 1 << 15  # float16 vectors turned into float32 at a time
_TINY = 1e-6  # keeps the denominator of 3CosMul from 0, as in the paper


class SimilarWords:
    """Give KeyedVectors its rankings of words; gensim's names and results."""

    def most_similar(self, positive=None, negative=None, topn=10, restrict_vocab=None):
        """Find the words most similar to a sum of words: 3CosAdd.

        The cosine of each word with ``sum(positive) - sum(negative)``, all of length 1, is ranked;
        the words given are left out.

        Parameters
        ----------
        positive : str, int, ndarray, or list of them, default=None
            What the words should be like. A pair ``(word, weight)`` weighs it other than 1.
            A list of lists asks several questions in one matrix product: ``[["king"], ["queen"]]``
            asks about each, ``["king", "queen"]`` about their sum.
        negative : str, int, ndarray, or list of them, default=None
            What the words should not be like; weighs -1. With several questions, one list for
            each, or None.
        topn : int or None, default=10
            Number of words to return; None returns the similarity of every word.
        restrict_vocab : int or None, default=None
            Look only among this many words, the first of the table.

        Returns
        -------
        list of (str, float), or ndarray of shape (n_words,), float32
            Words and similarities, best first; or all similarities, if ``topn`` is None. Several
            questions give a list of such lists, or an array of shape (n_questions, n_words).

        Raises
        ------
        KeyError
            If a word is unknown.
        ValueError
            If nothing is asked about, or a vector is of another size than those of the table, or
            not finite.

        See Also
        --------
        most_similar_cosmul : Multiplies where this adds.
        """
        table = held(self)
        asked, several = _as_questions(positive, negative)
        questions = []
        for plus, minus in asked:
            items = [_weighted(item, 1.0) for item in plus]
            items += [_weighted(item, -1.0) for item in minus]
            if not items:
                raise ValueError("positive or negative must name at least one word. Got none.")
            keys = [key for key, _ in items]
            weights = [weight for _, weight in items]
            mean = table.get_mean_vector(keys, weights, post_normalize=True, ignore_missing=False)
            questions.append(_Question(mean[None], _first, table._rows_among(keys)))
        answers = table._answer(questions, topn, restrict_vocab)
        return answers if several else answers[0]

    def most_similar_cosmul(self, positive=None, negative=None, topn=10, restrict_vocab=None):
        """Find the words most similar to a product of similarities: 3CosMul.

        ``prod_p (1 + cos(x, p)) / 2  /  (prod_n (1 + cos(x, n)) / 2 + 1e-6)`` is ranked, in which
        one large similarity cannot outweigh the others; the words given are left out.

        Parameters
        ----------
        positive : str, int, ndarray, or list of them
            What the words should be like. A list of lists asks several questions, as in
            :meth:`most_similar`.
        negative : str, int, ndarray, or list of them, default=None
            What the words should not be like.
        topn : int or None, default=10
            Number of words to return; None returns the score of every word.
        restrict_vocab : int or None, default=None
            Look only among this many words, the first of the table.

        Returns
        -------
        list of (str, float), or ndarray of shape (n_words,), float32
            As :meth:`most_similar` returns.

        Raises
        ------
        KeyError
            If a word is unknown.
        ValueError
            If no positive word is given, or one has a weight.

        See Also
        --------
        most_similar : Adds where this multiplies.
        """
        table = held(self)
        asked, several = _as_questions(positive, negative)
        questions = []
        for plus, minus in asked:
            if not plus:
                raise ValueError("positive must name at least one word. Got none.")
            keys = plus + minus
            units = [table.get_mean_vector([k], None, True, True, False) for k in keys]
            multiply = partial(cosmul, n_positive=len(plus))
            questions.append(_Question(np.array(units), multiply, table._rows_among(keys)))
        answers = table._answer(questions, topn, restrict_vocab)
        return answers if several else answers[0]

    def similar_by_key(self, key, topn=10, restrict_vocab=None):
        """Find the words most similar to a word, or to each of several.

        Parameters
        ----------
        key : str, int, or list of them
            The word. A list asks about each of its words, in one matrix product.
        topn : int or None, default=10
            Number of words to return; None returns the similarity of every word.
        restrict_vocab : int or None, default=None
            Look only among this many words, the first of the table.

        Returns
        -------
        list of (str, float), or ndarray of shape (n_words,), float32
            As :meth:`most_similar` returns; for a list, one such answer for each word.

        Raises
        ------
        KeyError
            If a word is unknown.
        """
        asked = [key] if is_key(key) else [[one] for one in as_list(key, "key")]
        return self.most_similar(asked, topn=topn, restrict_vocab=restrict_vocab) if asked else []

    def similar_by_vector(self, vector, topn=10, restrict_vocab=None):
        """Find the words most similar to a vector, or to each of several.

        Parameters
        ----------
        vector : array-like of shape (vector_size,) or (n_vectors, vector_size)
            The vector; several are compared in one matrix product.
        topn : int or None, default=10
            Number of words to return; None returns the similarity of every word.
        restrict_vocab : int or None, default=None
            Look only among this many words, the first of the table.

        Returns
        -------
        list of (str, float), or ndarray of shape (n_words,), float32
            As :meth:`most_similar` returns; for several vectors, one such answer for each.

        Raises
        ------
        ValueError
            If a vector is of another size than those of the table, or not finite.
        """
        vector = np.asarray(vector)
        if vector.ndim not in (1, 2):
            raise ValueError(
                f"vector must be one vector or several as rows. Got shape {vector.shape} instead."
            )
        asked = [vector] if vector.ndim == 1 else [[one] for one in vector]
        return self.most_similar(asked, topn=topn, restrict_vocab=restrict_vocab) if asked else []

    def _n_searched(self, restrict_vocab):
        if not restrict_vocab:
            return len(self)
        check_number("restrict_vocab", restrict_vocab, low=1, integer=True)
        return min(restrict_vocab, len(self))

    def _cosines(self, vectors, stop):
        """Return vectors @ rows / norms of rows: (n, stop) float32. Vectors have length 1."""
        norms = self._once("norms", self._lengths)
        products = np.empty((len(vectors), stop), np.float32)
        start = 0
        for block in self._row_blocks(stop):
            np.matmul(vectors, block.T, out=products[:, start : start + len(block)])
            start += len(block)
        products /= norms[:stop]
        return products

    def _lengths(self):
        """Return the length of each row, float32."""
        lengths = [lengths_of(block) for block in self._row_blocks(len(self))]
        return np.concatenate(lengths or [np.ones(0)]).astype(np.float32)

    def _row_blocks(self, stop):
        """Yield the first rows, block after block, in float32."""
        step = stop if self.vectors.dtype == np.float32 else _CONVERTED_WORDS
        for start in range(0, stop, max(1, step)):
            block = self.vectors[start : min(start + step, stop)]
            yield block.astype(np.float32, copy=False)

    def _answer(self, questions, topn, restrict_vocab):
        """Return an answer to each question; see most_similar."""
        if topn is not None:
            check_number("topn", topn, low=0, integer=True)
        stop = self._n_searched(restrict_vocab)
        most_terms = max(len(question.terms) for question in questions)
        step = max(1, CELLS // max(1, stop * most_terms))
        answers = []
        for start in range(0, len(questions), step):
            block = questions[start : start + step]
            terms = np.concatenate([question.terms for question in block])
            ends = np.cumsum([len(question.terms) for question in block])[:-1]
            for question, cosines in zip(block, np.split(self._cosines(terms, stop), ends)):
                scores = question.combine(cosines)
                answers.append(scores if topn is None else self._best(question, scores, topn))
        return answers if topn is not None else np.stack(answers)

    def _best(self, question, scores, topn):
        """Return the words that score best, as the float32 ``scores`` say roughly."""
        scores[question.given[question.given < len(scores)]] = -np.inf
        topn = min(topn, len(scores))
        if topn == 0:
            return []
        floor = np.partition(scores, -topn)[-topn]
        error = (self.vector_size + 8) * np.finfo(np.float32).eps * max(1, abs(floor))
        near = np.flatnonzero((scores >= floor - 2 * error) & (scores > -np.inf))
        exact = np.empty(len(near), np.float32)
        for start in range(0, len(near), _CONVERTED_WORDS):
            # (n_terms, n_near, vector_size), summed row by row: the same for any number of rows
            units = self._units(near[start : start + _CONVERTED_WORDS])
            cosines = np.array([(units * term).sum(axis=1) for term in question.terms])
            exact[start : start + _CONVERTED_WORDS] = question.combine(cosines)
        order = np.argsort(-exact, kind="stable")[:topn]
        words = [self.index_to_key[row] for row in near[order].tolist()]
        return list(zip(words, exact[order].tolist()))


class _Question(NamedTuple):
    """What _answer is asked.

    terms    (n_terms, vector_size)  float32  of length 1
    combine                                   cosines with them, (n_terms, n), -> scores, (n,)
    given    (n_given,)              intp     rows to leave out
    """

    terms: np.ndarray
    combine: Callable
    given: np.ndarray


def _first(cosines):
    return cosines[0]


def _as_questions(positive, negative):
    """Return [(positive, negative)] as lists, and whether several questions were asked."""
    positive, negative = _as_items(positive, "positive"), _as_items(negative, "negative")
    if not any(isinstance(item, list) for item in positive + negative):
        return [(positive, negative)], False
    n_questions = max(len(positive), len(negative))
    sides = [side or [[]] * n_questions for side in (positive, negative)]
    if any(len(side) != n_questions for side in sides):
        raise ValueError(
            "Several questions need as many lists in negative as in positive. "
            f"Got {len(negative)} and {len(positive)}."
        )
    if not all(isinstance(item, list) for side in sides for item in side):
        raise TypeError("Several questions are asked by lists of lists. Got a mix of both.")
    return list(zip(*sides)), True


def _as_items(value, name):
    if value is None:
        return []
    if is_key(value) or isinstance(value, np.ndarray) and value.ndim == 1:
        return [value]
    return as_list(value, name)


def _weighted(item, weight):
    """Return the key and weight of an item; a pair brings its own."""
    if is_key(item) or isinstance(item, np.ndarray):
        return item, weight
    if isinstance(item, tuple) and len(item) == 2:
        return item
    raise TypeError(f"Expected a word, a row, a vector or a (word, weight). Got {item!r} instead.")


def cosmul(cosines, n_positive):
    """Combine by 3CosMul: the first n_positive terms multiply, the others divide."""
    shifted = cosines / 2
    shifted += 0.5  # between 0 and 1, as the paper's footnote 7 has it
    score = shifted[0]
    for term in shifted[1:n_positive]:
        score *= term
    below = np.ones_like(score)
    for term in shifted[n_positive:]:
        below *= term
    below += _TINY
    score /= below
    return score


def as_list(keys, name):
    """Return keys as a list; a bare str, which would be taken for its letters, is refused."""
    if isinstance(keys, str):
        raise TypeError(f"{name} must be a list of words. Got the str {keys!r}: put it in a list.")
    if not isinstance(keys, Iterable):
        raise TypeError(f"{name} must be a list of words. Got {keys!r} instead.")
    return list(keys)


def is_key(value):
    """Whether a value is a word or a row."""
    return isinstance(value, str) or is_row(value)


def is_row(value):
    """Whether a value could be the row of a word."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def lengths_of(vectors):
    """Return the length of each row in float64, 1 for a zero row: it has no direction to keep."""
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64))
    return np.where(lengths > 0, lengths, 1)


def unit(vector):
    """Return a vector scaled to length 1; a zero vector stays zero."""
    return vector / lengths_of(vector[None])[0]
