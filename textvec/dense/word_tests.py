"""How well a table of word vectors agrees with what people say: word pairs and analogies."""

import math
from io import TextIOWrapper
from os import PathLike

import numpy as np
from scipy import stats

from textvec._checks import check_choice, check_encoding, check_type
from textvec._reading import spells_number
from textvec._threads import held
from textvec.dense.compressed_files import opened
from textvec.dense.similar_words import CELLS, cosmul

_SEARCHED = 300_000  # words of a table, as gensim does
_ATTEMPTS = 5  # answers to an analogy looked at for one that is not a variant of its words


class WordTests:
    """Give KeyedVectors its tests; gensim's names, results and rules."""

    def evaluate_word_pairs(
        self,
        pairs,
        delimiter="\t",
        encoding="utf-8",
        restrict_vocab=_SEARCHED,
        case_insensitive=True,
        dummy4unknown=False,
    ):
        """Correlate similarities with what people said.

        Parameters
        ----------
        pairs : str or path-like
            A file of lines ``word, word, similarity``, plain or packed. Lines that begin with #
            and lines of another form are passed over.
        delimiter : str, default="\\t"
            What stands between the three.
        encoding : str, default="utf-8"
            The encoding of the file.
        restrict_vocab : int or None, default=300_000
            Know only this many words, the first of the table.
        case_insensitive : bool, default=True
            Whether to compare words in upper case; of several variants the first one counts.
        dummy4unknown : bool, default=False
            Whether a pair with an unknown word gets the similarity 0; else it is left out. Where
            the table makes vectors of n-grams, unknown words have those, in lower case unless
            case counts.

        Returns
        -------
        pearson : PearsonRResult
            The linear correlation: ``statistic`` and ``pvalue``.
        spearman : SignificanceResult
            The correlation of ranks, likewise.
        oov_ratio : float
            Per cent of pairs with an unknown word, whether that has a vector or not.

        Raises
        ------
        TypeError
            If ``pairs`` is no path, or ``delimiter`` no str.
        ValueError
            If fewer than two pairs can be compared, a similarity is not finite, ``delimiter`` is
            empty, or Python does not know the encoding.
        """
        check_type("pairs", pairs, (str, PathLike), "the path of a file")
        check_type("delimiter", delimiter, str, "what stands between words")
        if not delimiter:
            raise ValueError("delimiter must be at least one character. Got '' instead.")
        check_encoding(encoding)
        table = held(self)
        rows, _ = table._spellings(restrict_vocab, case_insensitive)
        gold, known, n_pairs, n_unknown, unseen = [], [], 0, 0, {}
        with opened(pairs) as file, TextIOWrapper(file, encoding) as lines:
            for number, line in enumerate(lines, start=1):
                fields = (line.upper() if case_insensitive else line).split(delimiter)
                if line.startswith("#") or len(fields) != 3:
                    continue
                score = _score(line.split(delimiter)[2].strip(), f"{pairs}, line {number}")
                if score is None:
                    continue
                pair = rows.get(fields[0]), rows.get(fields[1])
                n_pairs += 1
                n_unknown += None in pair
                if None in pair and table.composes:
                    spelled = (line.lower() if case_insensitive else line).split(delimiter)
                    pair = tuple(
                        len(table) + unseen.setdefault(word, len(unseen)) if row is None else row
                        for word, row in zip(spelled, pair)
                    )
                if None not in pair or dummy4unknown:
                    gold.append(score)
                    known.append((-1, -1) if None in pair else pair)
        if len(gold) < 2:
            advice = "" if n_unknown else " Say by delimiter what stands between the three."
            raise ValueError(
                f"{pairs} must hold at least two lines of word, word and number, with "
                f"delimiter={delimiter!r} between them, of known words. Got {len(gold)}, and "
                f"{n_unknown} with unknown words.{advice}"
            )
        first, second = np.array(known).T
        made = table.unseen_vectors(list(unseen))
        cosines = np.einsum("ij,ij->i", *(table._units(ids, made) for ids in (first, second)))
        cosines = cosines.astype(np.float32)  # the same cosine from other words is a tie
        cosines[first < 0] = 0
        pearson, spearman = stats.pearsonr(gold, cosines), stats.spearmanr(gold, cosines)
        return pearson, spearman, 100 * n_unknown / n_pairs

    def evaluate_word_analogies(
        self,
        analogies,
        restrict_vocab=_SEARCHED,
        case_insensitive=True,
        dummy4unknown=False,
        similarity_function="most_similar",
    ):
        """Count how many analogies "a is to b as c is to d" are completed rightly.

        The answer to each is the first word of ``similarity_function([b, c], [a])`` that is no
        variant in case of a, b or c, as in gensim and in word2vec's ``compute-accuracy``.

        Parameters
        ----------
        analogies : str or path-like
            A UTF-8 file of lines ``a b c d`` under lines ``: section``, plain or packed. Lines
            of another form are passed over.
        restrict_vocab : int or None, default=300_000
            Know only this many words, the first of the table.
        case_insensitive : bool, default=True
            Whether to compare words in upper case; of several variants the first one counts.
        dummy4unknown : bool, default=False
            Whether an analogy with an unknown word counts as wrong; else it is left out.
        similarity_function : {"most_similar", "most_similar_cosmul"}, default="most_similar"
            How to combine the three words: 3CosAdd or 3CosMul.

        Returns
        -------
        score : float
            The share of right answers, 0 if no analogy was left.
        sections : list of dict
            One for each section and a last one for all, "Total accuracy": its name as
            ``"section"``, and lists of analogies (a, b, c, d) as ``"correct"`` and
            ``"incorrect"``, in upper case if compared so.

        Raises
        ------
        TypeError
            If ``analogies`` is no path.
        ValueError
            If the file holds no analogy, or one stands before the first section.
        """
        check_choice(
            "similarity_function", similarity_function, ("most_similar", "most_similar_cosmul")
        )
        check_type("analogies", analogies, (str, PathLike), "the path of a file")
        table = held(self)
        rows, spelling = table._spellings(restrict_vocab, case_insensitive)
        sections, asked = [], []  # asked: (section, analogy)
        for section, analogy in _read_analogies(analogies, case_insensitive):
            if analogy is None:
                sections.append({"section": section, "correct": [], "incorrect": []})
            else:
                asked.append((sections[-1], analogy))
        if not asked:
            raise ValueError(f"{analogies} must hold lines of four words. Got none.")
        multiply = similarity_function == "most_similar_cosmul"
        verdicts = table._judged([analogy for _, analogy in asked], rows, spelling, multiply)
        for (section, analogy), is_right in zip(asked, verdicts, strict=True):
            if is_right is not None or dummy4unknown:
                section["correct" if is_right else "incorrect"].append(analogy)
        total = {"section": "Total accuracy"}
        for kind in ("correct", "incorrect"):
            total[kind] = [analogy for section in sections for analogy in section[kind]]
        n_right, n_wrong = len(total["correct"]), len(total["incorrect"])
        return n_right / max(n_right + n_wrong, 1), [*sections, total]

    def _judged(self, analogies, rows, spelling, multiply=False):
        """Return whether each analogy of four spellings is right, None where one is unknown."""
        found = [[rows.get(word) for word in analogy] for analogy in analogies]
        known = np.array([one for one in found if None not in one], np.intp).reshape(-1, 4)
        right = iter(self._solve(known, spelling, multiply).tolist())
        return [None if None in one else next(right) for one in found]

    def _spellings(self, restrict_vocab, case_insensitive):
        """Return the words searched as {spelling: its first row} and, by row, that first row."""
        words = self.index_to_key[: self._n_searched(restrict_vocab)]
        words = [word.upper() for word in words] if case_insensitive else words
        rows = dict(zip(reversed(words), reversed(range(len(words)))))
        return rows, np.fromiter(map(rows.__getitem__, words), np.intp, len(words))

    def _solve(self, analogies, spelling, multiply):
        """Return whether each analogy, (n, 4) rows of the table, is completed rightly."""
        right = np.empty(len(analogies), bool)
        step = max(1, CELLS // max(1, len(spelling)))
        for start in range(0, len(analogies), step):
            block = analogies[start : start + step]
            a, b, c = (self._units(rows) for rows in block[:, :3].T)
            if multiply:
                terms = np.concatenate([b, c, a]).astype(np.float32)
                cosines = self._cosines(terms, len(spelling)).reshape(3, len(block), -1)
                scores = cosmul(cosines, n_positive=2)
            else:
                scores = self._cosines((b + c - a).astype(np.float32), len(spelling))
            given = block[:, :3]
            np.put_along_axis(scores, given, -np.inf, axis=1)
            best = scores.argmax(axis=1)
            found = np.take_along_axis(scores, best[:, None], axis=1)[:, 0] > -np.inf
            for _ in range(_ATTEMPTS - 1):
                again = np.flatnonzero((spelling[best][:, None] == given).any(axis=1))
                scores[again, best[again]] = -np.inf
                others = scores[again].argmax(axis=1)
                left = scores[again, others] > -np.inf
                best[again[left]] = others[left]
                if not left.any():
                    break
            right[start : start + step] = found & (spelling[best] == block[:, 3])
        return right


def _score(field, where):
    """Return the similarity that ends a line; None where it is no number, as in a header."""
    try:
        score = float(field)
    except ValueError:
        return None
    if not (math.isfinite(score) and spells_number(field)):
        raise ValueError(
            f"{where}: a similarity must be a finite number. Got {field!r} instead: correct the "
            "line, or let it begin with # to leave it out."
        )
    return score


def judge_analogies(table, analogies):
    """Tell which analogies a table completes rightly, by the defaults of the method above.

    Parameters
    ----------
    table : KeyedVectors
        The words.
    analogies : list of (str, str, str, str)
        Words a, b, c and d, with any characters in them.

    Returns
    -------
    list of bool or None
        One for each analogy; None where a word is unknown.
    """
    table = held(table)
    rows, spelling = table._spellings(_SEARCHED, case_insensitive=True)
    upper = [[word.upper() for word in analogy] for analogy in analogies]
    return table._judged(upper, rows, spelling)


def _read_analogies(path, case_insensitive):
    """Yield (section, None) at the head of a section and (section, four words) in it."""
    section = None
    with opened(path) as file, TextIOWrapper(file, "utf-8-sig") as lines:
        for number, line in enumerate(lines, start=1):
            if line.startswith(": "):
                section = line.lstrip(": ").strip()
                yield section, None
                continue
            words = tuple((line.upper() if case_insensitive else line).split())
            if words and section is None:
                raise ValueError(
                    f"{path}, line {number}: expected a section, ': name', before the first "
                    "analogy."
                )
            if len(words) == 4:
                yield section, words
