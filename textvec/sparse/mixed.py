"""N-grams where some tokens are characters of scripts that are written without spaces."""

import numpy as np

from textvec.kernels.counting import blank
from textvec.kernels.scanning import are_alone
from textvec.text.mixed import is_spaceless
from textvec.text.vocabulary import fold_table


class Scripts:
    """Which n-grams of words and of single characters are features.

    Words give n-grams of the range that is asked for, and characters themselves and pairs, whatever
    the range; tokens of id -1 keep them apart. Stop words that begin with such a character are
    no tokens to be dropped, but features: where 的 is one, its pairs stay.

    Parameters
    ----------
    interner : Interner
        The terms.
    ngram_range : (int, int)
        Fewest and most words in an n-gram.
    stop_words : iterable of str

    Attributes
    ----------
    alone : ndarray of bool of shape (n_terms,)
        Which terms are such characters.
    ngram_range : (int, int)
        Fewest and most tokens in an n-gram of either kind.
    """

    def __init__(self, interner, ngram_range, stop_words=()):
        fold = fold_table("word", False, False, True)
        self.alone = are_alone(interner.store, interner.offsets, interner.n_terms, fold)
        self._words = ngram_range
        self.ngram_range = 1, max(2, ngram_range[1])
        self._stop_words = {word for word in stop_words if is_spaceless(word) and len(word) <= 2}
        self._interner = interner

    def may_begin(self, n):
        """Return a mask of the terms with which an n-gram of ``n`` tokens may begin."""
        return self.alone & (n <= 2) | ~self.alone & (n <= self._words[1])

    def are_features(self, firsts, lengths, terms):
        """Return a mask of those n-grams that are features.

        Parameters
        ----------
        firsts, lengths : ndarray of int
            The first token of each, and how many it has.
        terms : callable
            Returns the n-grams as a list of str.
        """
        min_n, max_n = self._words
        alone = self.alone[firsts]
        is_stop = np.zeros(len(firsts), np.bool_)
        if self._stop_words:
            is_stop[:] = [term in self._stop_words for term in terms()]
        are_words = (lengths >= min_n) & (lengths <= max_n)
        return np.where(alone, (lengths <= 2) & ~is_stop, are_words)

    def hide(self, levels, tokens):
        """Blank, in levels that are learned, what is no feature."""
        min_n = self._words[0]
        shown = self.alone | (min_n <= 1)
        pairs = []
        if self._stop_words:
            ids = dict.fromkeys("".join(self._stop_words))
            for term, character in enumerate(self._interner.terms()):
                if character in ids:
                    ids[character] = term
            for word in self._stop_words:
                found = [ids[character] for character in word]
                if None not in found:
                    if len(found) == 1:
                        shown[found] = False
                    else:
                        pairs.append(found)
        blank(levels[0], shown)
        for level in levels[1 : min_n - 1]:
            level[~self.alone[tokens]] = -1
        if pairs and len(levels) > 1:
            n_terms = len(self.alone)
            keys = tokens[:-1].astype(np.int64) * n_terms + tokens[1:]
            stops = [first * n_terms + second for first, second in pairs]
            levels[1, :-1][np.isin(keys, stops)] = -1


def words_among(stop_words):
    """Return the stop words that are words, tokens to be dropped, as a list."""
    return [word for word in stop_words if not is_spaceless(word)]
