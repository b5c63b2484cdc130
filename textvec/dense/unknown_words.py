"""What a table of vectors says of words that are not in it: nothing, or what their n-grams say."""

from typing import Any, Self

import numpy as np

from textvec._checks import check_choice, check_type, closest_names, warn_user
from textvec._threads import held
from textvec.dense.fasttext_files import read_fasttext, read_floret, write_floret
from textvec.dense.similar_words import as_list, is_key
from textvec.dense.subwords import Subwords

OOV = ("subwords", "raise", "zero")
_COMPARED = 10_000  # words of either kind that a misspelt one is compared with


class UnknownWords:
    """Give KeyedVectors vectors of words that are not among its own, and files that have them."""

    index_to_key: list
    oov: str
    subwords: Any  # Subwords or None
    vector_size: int
    vectors: np.ndarray

    @classmethod
    def load_fasttext_format(cls, fname, encoding="utf-8", unicode_errors="strict") -> Self:
        """Read a binary file of fastText or floret (``.bin``): skip-gram, CBOW or supervised.

        Parameters
        ----------
        fname : str or path-like
            The file, plain, in gzip, bzip2 or xz, or in a zip that holds just one.
        encoding : str, default="utf-8"
            How the words are encoded.
        unicode_errors : str, default="strict"
            What to do with bytes that are no text, as in :meth:`load_word2vec_format`.

        Returns
        -------
        KeyedVectors
            The words with their counts, and vectors of any other word, as the tool itself gives
            them. Labels are left out.

        Raises
        ------
        ValueError
            If the file is no such file, quantised (``.ftz``), damaged, cut short, or lies about its
            size. The message names the byte.

        See Also
        --------
        load_word2vec_format : Reads fastText's ``.vec``, which has no n-grams.
        """
        words, vectors, counts, subwords = read_fasttext(fname, encoding, unicode_errors)
        return cls(vectors, words, counts, subwords)

    @classmethod
    def load_floret_format(cls, fname) -> Self:
        """Read floret's table (``.floret``): rows of n-grams, and no words.

        Parameters
        ----------
        fname : str or path-like
            The file, plain, in gzip, bzip2 or xz, or in a zip that holds just one.

        Returns
        -------
        KeyedVectors
            Without words of its own and with a vector for any; ``table.add_vectors(words,
            table[words])`` gives it those that ``most_similar`` is to look among.

        Raises
        ------
        ValueError
            If the file is no such table, or a line of it is wrong. The message names the line.
        """
        subwords = read_floret(fname)
        none = np.zeros((0, subwords.rows.shape[1]), np.float32)
        return cls(none, [], None, subwords)

    def save_floret_format(self, fname):
        """Write the rows of n-grams to a table that floret and spaCy read.

        Parameters
        ----------
        fname : str or path-like
            The file, replaced at once or not at all. A name ending in ``.gz``, ``.bz2`` or ``.xz``
            packs it.

        Raises
        ------
        ValueError
            If the table has no ``subwords``, or those of fastText's hash.

        Notes
        -----
        Words that were not seen have the same vectors there. Those that were are given there by
        their n-grams alone: what they have beside them has no place in such a table.
        """
        table = held(self)
        if table.subwords is None:
            raise ValueError(
                "A floret table holds rows of n-grams, and this one has no subwords: train with "
                "max_n, or use save_word2vec_format."
            )
        write_floret(fname, table.subwords)
        made = table.subwords.vectors_of(table.index_to_key)
        n_others = np.count_nonzero(~np.isclose(made, table.vectors, atol=1e-6).all(axis=1))
        if n_others > table.index_to_key.count("</s>"):
            warn_user(
                f"{n_others} of the {len(table)} words have vectors beside those of their n-grams, "
                "which a floret table has no place for: there they are given by n-grams alone."
            )

    @property
    def composes(self):
        """Whether words that are not in the table have vectors made of their n-grams."""
        return self.oov == "subwords" and self.subwords is not None

    def _check_subwords(self):
        check_choice("oov", self.oov, OOV)
        check_type("subwords", self.subwords, Subwords | None, "a Subwords, or None")
        if self.subwords is not None and self.subwords.rows.shape[1] != self.vector_size:
            raise ValueError(
                f"subwords must have rows of {self.vector_size} numbers, as the vectors have. Got "
                f"{self.subwords.rows.shape[1]} instead."
            )

    def _answers(self, key):
        """Whether a key is in the table, or a word whose vector is made of its n-grams."""
        return key in self or isinstance(key, str) and self.composes

    def _vector(self, key):
        """Return the vector of a key, whether it is in the table or not, or raise KeyError."""
        if isinstance(key, str) and key not in self.key_to_index:
            return self.unseen_vectors([key])[0]
        return self.vectors[self._row(key)]

    def _vectors(self, keys):
        """Return the vectors of keys as rows of a new array."""
        unseen = {key: 0 for key in keys if isinstance(key, str) and key not in self.key_to_index}
        if not unseen:
            return self.vectors[self._rows(keys)]
        made = dict(zip(unseen, self.unseen_vectors(list(unseen))))
        return np.array([made[key] if key in made else self._vector(key) for key in keys])

    def unseen_vectors(self, words) -> np.ndarray:
        """Return the vectors of words as if they were not in the table.

        Parameters
        ----------
        words : list of str
            The words.

        Returns
        -------
        ndarray of shape (n_words, vector_size), of the dtype of ``vectors``
            Made of the n-grams of each, or zeros, as ``oov`` says.

        Raises
        ------
        KeyError
            If ``oov`` says so, or the table has no ``subwords``.
        """
        check_choice("oov", self.oov, OOV)  # it may have been set
        words = as_list(words, "words")
        if self.composes:
            return self.subwords.vectors_of(words).astype(self.vectors.dtype)
        if words and self.oov != "zero":
            raise UnknownWordError(words[0], self.index_to_key)
        return np.zeros((len(words), self.vector_size), self.vectors.dtype)

    def _rows_among(self, keys):
        """Return the rows of those keys that are in the table, and neither vectors nor unseen."""
        return self._rows([key for key in keys if is_key(key) and key in self])


class UnknownWordError(KeyError):
    """A word that a table does not have; its message, made when read, names similar spellings."""

    def __init__(self, word, words=()):
        super().__init__(word)
        self._words = words

    def __reduce__(self):
        return KeyError, (str(self),)  # without the table

    def __str__(self):
        word = self.args[0]
        # Most misspelt words begin rightly. All words of a large table would take seconds.
        alike = [known for known in self._words if known[:1].lower() == word[:1].lower()]
        near = closest_names(word, dict.fromkeys(alike[:_COMPARED] + self._words[:_COMPARED]))
        advice = f" Did you mean {', '.join(map(repr, near))}?" if near else ""
        return f"{word!r} is not among the {len(self._words)} words of the table.{advice}"
