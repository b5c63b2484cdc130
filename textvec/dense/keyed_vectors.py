"""A table of words and their vectors, and what can be asked of it."""

from typing import Self

import numpy as np

from textvec._checks import check_order, import_optional, warn_user
from textvec._threads import held, publish
from textvec.dense.similar_words import SimilarWords, as_list, is_key, is_row, lengths_of, unit
from textvec.dense.static_models import StaticModels
from textvec.dense.translations import Translations
from textvec.dense.unknown_words import UnknownWordError, UnknownWords
from textvec.dense.vector_files import (
    read_counts,
    read_vectors,
    write_counts,
    write_vectors,
)
from textvec.dense.word_tests import WordTests
from textvec.persistence import SaveMixin
from textvec.text.corpus import KnownWords


class KeyedVectors(SaveMixin, SimilarWords, StaticModels, Translations, UnknownWords, WordTests):
    """Look up words, their likenesses and their analogies in a table of vectors.

    Names and numbers are those of gensim's ``KeyedVectors``. What differs: several questions can
    be asked in one matrix product, words with equal similarity come in the order of the table, a
    zero vector is similar to nothing (0, not NaN), and an unknown word is answered with the
    nearest spellings.

    Parameters
    ----------
    vectors : array-like of shape (n_words, vector_size)
        One vector a word, all numbers finite. float32 and float16 are kept as they are, without
        a copy: do not change them while the table is in use. All else becomes float32.
    index_to_key : sequence of str
        The word of each row, no word twice. Most frequent first is the custom, on which
        ``restrict_vocab`` relies.
    counts : array-like of shape (n_words,) or None, default=None
        How often each word was seen, where that is known.
    subwords : Subwords or None, default=None
        What vectors of other words are made of, as in a table that was trained with n-grams.
    oov : {"subwords", "raise", "zero"}, default="subwords"
        What answers for a word that is not in the table: a vector made of its n-grams, where the
        table has ``subwords``; a KeyError; or a zero vector, which is similar to nothing.
        Documents, and ``get_mean_vector``, pass over what has no vector of n-grams. It may be set
        at any time.

    Attributes
    ----------
    vectors : ndarray of shape (n_words, vector_size), float32 or float16
        The vectors, read-only, for their lengths are remembered.
    index_to_key : list of str
        The word of each row.
    key_to_index : dict of str to int
        The row of each word.
    counts : ndarray of shape (n_words,), int64, or None
        The counts.
    subwords, oov
        As given.
    vector_size : int
        Numbers in a vector.

    Raises
    ------
    TypeError
        If a word is no str.
    ValueError
        If shapes do not fit, a word occurs twice, or a vector holds NaN or infinity.

    Notes
    -----
    A key is a word, or an int: a row of the table. Similarity is the cosine. Rankings are found by
    a float32 matrix product and settled in float64, so that a question has one answer whether it
    is asked alone or among others.

    Estimators that hold a table share it: ``sklearn.base.clone`` does not copy it. So may threads:
    while one adds words, the others' questions are answered from the table before or after that.

    References
    ----------
    Mikolov et al. 2013, "Linguistic regularities in continuous space word representations"
    (analogies); Levy and Goldberg 2014, "Linguistic regularities in sparse and explicit word
    representations" (3CosMul, equation 4).

    Examples
    --------
    >>> from textvec import KeyedVectors
    >>> table = KeyedVectors(
    ...     [[2, 0, 1], [0, 2, 1], [2, 0, 3], [0, 2, 3], [1, 1, 0]],
    ...     ["man", "woman", "king", "queen", "person"],
    ... )
    >>> table.most_similar(positive=["king", "woman"], negative=["man"], topn=1)[0][0]
    'queen'
    >>> [best[0][0] for best in table.most_similar([["man"], ["woman"]], topn=1)]  # two at once
    ['king', 'queen']
    """

    def __init__(self, vectors, index_to_key, counts=None, subwords=None, oov="subwords"):
        self._check_and_store(vectors, index_to_key, counts, subwords, oov)
        _check_finite(self.vectors)
        if subwords is not None:
            _check_finite(subwords.rows, "rows of subwords")

    @classmethod
    def _of_unread_vectors(cls, *args, **named) -> Self:
        """Return the table of a file that is opened unverified: the constructor would read it."""
        table = cls.__new__(cls)
        table._check_and_store(*args, **named)
        return table

    def _check_and_store(self, vectors, index_to_key, counts=None, subwords=None, oov="subwords"):
        vectors = _as_vectors(vectors)
        words = _as_words(index_to_key)
        if len(words) != len(vectors):
            raise ValueError(
                f"There must be one vector a word. Got {len(words)} words and {len(vectors)} "
                "vectors instead."
            )
        if vectors.shape[1] == 0:
            raise ValueError("vectors must have at least one column. Got none.")
        self.vectors = vectors.view(np.ndarray)
        self.vectors.flags.writeable = False
        self.index_to_key = words
        self.key_to_index = {word: i for i, word in enumerate(words)}
        self.counts = _as_counts(counts, len(words))
        self.subwords, self.oov = subwords, oov
        self._check_subwords()
        self._made = {}  # what is made of the above when it is first needed

    @property
    def vector_size(self):
        """Numbers in a vector."""
        return self.vectors.shape[1]

    @property
    def known_words(self):
        """The words, ready to be looked up in documents (a `textvec.text.corpus.KnownWords`)."""
        table = held(self)
        return table._once("known words", lambda: KnownWords(table.key_to_index))

    def _once(self, name, make):
        made = self._made.get(name)
        if made is None:
            made = self._made[name] = make()
        return made

    def __len__(self):
        return len(self.index_to_key)

    def __iter__(self):
        return iter(self.index_to_key)

    def __contains__(self, key):
        if isinstance(key, str):
            return key in self.key_to_index
        return is_row(key) and 0 <= key < len(self)

    def __getitem__(self, key):
        table = held(self)
        return table.get_vector(key) if is_key(key) else table._vectors(as_list(key, "keys"))

    def __repr__(self):
        return f"{type(self).__name__}({len(self)} words, vector_size={self.vector_size})"

    def __reduce__(self):
        table = held(self)
        return type(self), (
            table.vectors, table.index_to_key, table.counts, table.subwords, table.oov,
        )  # fmt: skip

    def __sklearn_clone__(self):
        return self

    # ------------------------------------------------------------------------------- vectors

    def get_vector(self, key, norm=False) -> np.ndarray:
        """Return the vector of a word.

        Parameters
        ----------
        key : str or int
            A word, or its row.
        norm : bool, default=False
            Whether to scale the vector to length 1; a zero vector stays zero.

        Returns
        -------
        ndarray of shape (vector_size,)
            Read-only: a view of the table unless ``norm``.

        Raises
        ------
        KeyError
            If the word is unknown, and has no vector made of its n-grams.
        """
        table = held(self)
        vector = table._unit_of(key).astype(np.float32) if norm else table._vector(key)
        vector.flags.writeable = False
        return vector

    def get_mean_vector(
        self, keys, weights=None, pre_normalize=True, post_normalize=False, ignore_missing=True
    ) -> np.ndarray:
        """Return the weighted mean of the vectors of words.

        ``sum_i w_i v_i / sum_i |w_i|`` over the words that are known.

        Parameters
        ----------
        keys : sequence of str, int or ndarray
            Words, rows, or vectors, which are taken as they are.
        weights : sequence of float or None, default=None
            One weight a key; None weighs all 1.
        pre_normalize : bool, default=True
            Whether to scale the vectors of words to length 1 first.
        post_normalize : bool, default=False
            Whether to scale the mean to length 1.
        ignore_missing : bool, default=True
            Whether to pass over unknown words. If all are unknown, the mean is zero.

        Returns
        -------
        ndarray of shape (vector_size,), float32
            The mean.

        Raises
        ------
        KeyError
            If a word is unknown and ``ignore_missing`` is False.
        TypeError
            If a weight is no number.
        ValueError
            If there is no key, or not one finite weight a key.
        """
        keys = as_list(keys, "keys")
        if not keys:
            raise ValueError("keys must name at least one word. Got none.")
        given, weights = weights, np.ones(len(keys))
        if given is not None:
            try:
                weights = np.asarray(given, np.float64)
            except (TypeError, ValueError) as error:
                raise TypeError(f"weights must be one number a key. Got {given!r}.") from error
        if weights.shape != (len(keys),):
            raise ValueError(
                f"weights must be one number a key. Got {weights.shape} for {len(keys)} keys."
            )
        if not np.isfinite(weights).all():
            raise ValueError(f"weights must be finite. Got {weights.tolist()} instead.")
        table = held(self)
        total, weighed = np.zeros(table.vector_size), 0.0
        for key, weight in zip(keys, weights.tolist()):
            if isinstance(key, np.ndarray):
                total += weight * table._as_vector(key)
            elif ignore_missing and not table._answers(key):
                continue
            else:
                total += weight * (table._unit_of(key) if pre_normalize else table._vector(key))
            weighed += abs(weight)
        mean = total / weighed if weighed else total
        return (unit(mean) if post_normalize else mean).astype(np.float32)

    def add_vectors(self, keys, weights, *, counts=None, replace=False):
        """Append words with their vectors.

        The table grows by a copy: add many words at once, not one by one.

        Parameters
        ----------
        keys : str or sequence of str
            One word or several, none twice.
        weights : array-like of shape (vector_size,) or (n_words, vector_size)
            Their vectors.
        counts : int or sequence of int or None, default=None
            Their counts. None is 0 for each where the table has counts.
        replace : bool, default=False
            Whether words that the table has get the new vector and count; else they stay as they
            are.

        Raises
        ------
        ValueError
            If shapes do not fit, a word is given twice, or a vector holds NaN or infinity. The
            table then stays as it was.
        """
        if isinstance(keys, str):
            keys, weights = [keys], np.reshape(weights, (1, -1))
            counts = None if counts is None else [counts]
        table = held(self)
        added = KeyedVectors(weights, keys, counts)
        if added.vector_size != table.vector_size:
            raise ValueError(
                f"weights must have the table's {table.vector_size} columns. "
                f"Got {added.vector_size} instead."
            )
        with np.errstate(over="ignore"):
            rows = added.vectors.astype(table.vectors.dtype)
        _check_finite(rows)
        is_new = np.array([word not in table.key_to_index for word in added], bool)
        vectors = np.concatenate([table.vectors, rows[is_new]])
        known = [table.key_to_index[word] for word in added if word in table.key_to_index]
        if replace:
            vectors[known] = rows[~is_new]
        both = table.counts, added.counts
        counts = None
        if any(one is not None for one in both):
            zeros = np.zeros(len(table), np.int64), np.zeros(len(added), np.int64)
            old, new = (zero if one is None else one for one, zero in zip(both, zeros))
            counts = np.concatenate([old, new[is_new]])
            if replace and added.counts is not None:
                counts[known] = new[~is_new]
        words = table.index_to_key + [word for word in added if word not in table.key_to_index]
        grown = KeyedVectors._of_unread_vectors(vectors, words, counts, table.subwords, table.oov)
        publish(self, vars(grown))

    # -------------------------------------------------------------------------- similarities

    def similarity(self, w1, w2) -> float:
        """Return the cosine of two words.

        Parameters
        ----------
        w1, w2 : str or int
            Words, or their rows.

        Returns
        -------
        float
            Between -1 and 1.

        Raises
        ------
        KeyError
            If a word is unknown.
        """
        table = held(self)
        return _cosine(table._unit_of(w1), table._unit_of(w2))

    def n_similarity(self, ws1, ws2) -> float:
        """Return the cosine of the means of two lists of words.

        Parameters
        ----------
        ws1, ws2 : sequence of str or int
            Words, or their rows; unknown ones are passed over, and a list without a known word
            is similar to nothing (0).

        Returns
        -------
        float
            Between -1 and 1.

        Raises
        ------
        ValueError
            If a list is empty.
        """
        table = held(self)
        one, two = (table.get_mean_vector(words, pre_normalize=False) for words in (ws1, ws2))
        return _cosine(unit(one.astype(np.float64)), unit(two.astype(np.float64)))

    def rank(self, key1, key2) -> int:
        """Return the place of ``key2`` among the words most similar to ``key1``.

        Parameters
        ----------
        key1 : str or int
            The word asked about.
        key2 : str or int
            The word to place.

        Returns
        -------
        int
            1 if no other word is more similar to ``key1``.

        Raises
        ------
        KeyError
            If a word is unknown.
        """
        table = held(self)
        asked, other = (table._unit_of(key).astype(np.float32) for key in (key1, key2))
        similarities = table._cosines(asked[None], len(table))[0]
        if key2 in table:
            closer = similarities > similarities[table._row(key2)]
        else:
            closer = similarities > asked @ other
        closer[table._rows_among([key1])] = False
        return int(closer.sum()) + 1

    def doesnt_match(self, words):
        """Return the word that is least like the mean of all.

        Parameters
        ----------
        words : sequence of str
            Words; unknown ones are passed over with a warning.

        Returns
        -------
        str
            The odd one out.

        Raises
        ------
        ValueError
            If no word is known.
        """
        words, table = as_list(words, "words"), held(self)
        known = [word for word in words if table._answers(word)]
        if not known:
            raise ValueError(f"None of the words is in the table. Got {words!r}.")
        if len(known) < len(words):
            missing = [word for word in words if not table._answers(word)]
            warn_user(f"Unknown words are passed over: {missing!r}.")
        units = np.array([table._unit_of(word) for word in known])
        return min(zip((units @ unit(units.mean(axis=0))).tolist(), known))[1]

    # --------------------------------------------------------------------------------- files

    @classmethod
    def load_word2vec_format(
        cls,
        fname,
        fvocab=None,
        binary=False,
        encoding="utf-8",
        unicode_errors="strict",
        limit=None,
        datatype=np.float32,
        no_header=False,
        duplicates="first",
    ) -> Self:
        """Read a file of word2vec, of fastText (``.vec``) or of GloVe.

        Parameters
        ----------
        fname : str or path-like
            The file, plain, in gzip, bzip2 or xz, or in a zip that holds just one.
        fvocab : str, path-like or None, default=None
            A file of counts, one line a word, as word2vec's ``-save-vocab`` writes it.
        binary : bool, default=False
            Whether the file is in word2vec's binary format; else it is text.
        encoding : str, default="utf-8"
            How the words are encoded.
        unicode_errors : str, default="strict"
            What to do with bytes that are no text: "replace" or "ignore" read files in which the
            original word2vec cut words within a character.
        limit : int or None, default=None
            Read only this many words, from the first on.
        datatype : dtype, default=numpy.float32
            float32 or float16, which takes half the memory and has three digits.
        no_header : bool, default=False
            True for GloVe's files, whose first line is a word's.
        duplicates : {"first", "raise"}, default="first"
            What to do with a word that comes again: leave it out, as gensim does, with a warning
            that counts such words, or raise.

        Returns
        -------
        KeyedVectors
            The table; its ``counts`` are None without ``fvocab``.

        Raises
        ------
        ValueError
            If the file is damaged, lies about its size, or holds a number that is not finite, or a
            word twice and shall not. The message names the line or the byte.

        See Also
        --------
        textvec.load : Reads textvec's own format, which can be mapped into memory.
        """
        try:
            is_known = np.dtype(datatype) in (np.float32, np.float16)
        except TypeError:
            is_known = False
        if not is_known:
            raise ValueError(f"datatype must be float32 or float16. Got {datatype!r} instead.")
        words, vectors = read_vectors(
            fname, binary, encoding, unicode_errors, limit, datatype, no_header, duplicates
        )
        counts = None
        if fvocab is not None:
            known = read_counts(fvocab, encoding, unicode_errors)
            missing = next((word for word in words if word not in known), None)
            if missing is not None:
                raise ValueError(f"{fvocab} has no count of {missing!r}, which {fname} holds.")
            counts = [known[word] for word in words]
        return cls(vectors, words, counts)

    def save_word2vec_format(self, fname, fvocab=None, binary=False, write_header=True):
        """Write the table to a file that word2vec, gensim and most other tools read.

        Words stand in the order of the table. The file is replaced at once or not at all.

        Parameters
        ----------
        fname : str or path-like
            The file. A name ending in ``.gz``, ``.bz2`` or ``.xz`` packs it.
        fvocab : str, path-like or None, default=None
            Where to write the counts, one line a word.
        binary : bool, default=False
            Whether to write word2vec's binary format; else text, from which float32 comes back to
            the bit.
        write_header : bool, default=True
            False leaves out the header, as GloVe does. For text only.

        Raises
        ------
        ValueError
            If a word is empty or holds a space or a line break, or if counts are asked for and
            there are none.

        See Also
        --------
        save : Writes textvec's own format, for any word.
        """
        table = held(self)
        if fvocab is not None and table.counts is None:
            raise ValueError("fvocab asks for counts, and this table has none. Leave it None.")
        write_vectors(fname, table.index_to_key, table.vectors, binary, write_header)
        if fvocab is not None:
            write_counts(fvocab, table.index_to_key, table.counts.tolist())

    @classmethod
    def from_gensim(cls, keyed_vectors) -> Self:
        """Copy a table of gensim.

        Parameters
        ----------
        keyed_vectors : gensim.models.KeyedVectors
            The table, for example ``model.wv`` of a trained model.

        Returns
        -------
        KeyedVectors
            With the counts of gensim, if it has any. It makes them up where it loads a file
            without counts.

        Raises
        ------
        TypeError
            If it is something else, or has keys that are not str.
        """
        if not hasattr(keyed_vectors, "key_to_index"):
            advice = " Pass its .wv." if hasattr(keyed_vectors, "wv") else ""
            raise TypeError(
                "keyed_vectors must be a KeyedVectors of gensim 4. "
                f"Got {type(keyed_vectors).__name__} instead.{advice}"
            )
        counts = keyed_vectors.expandos.get("count")
        return cls(keyed_vectors.vectors.copy(), keyed_vectors.index_to_key, counts)

    def to_gensim(self):
        """Copy the table to gensim.

        Returns
        -------
        gensim.models.KeyedVectors
            With the same rows, and the counts if there are any.

        Raises
        ------
        ImportError
            If gensim is not installed.
        """
        models = import_optional("gensim.models", "gensim")
        ours = held(self)
        table = models.KeyedVectors(ours.vector_size, dtype=ours.vectors.dtype)
        table.add_vectors(ours.index_to_key, ours.vectors)
        if ours.counts is not None:
            table.expandos["count"] = ours.counts.copy()
        return table

    # ---------------------------------------------------------------------------------- rows

    def _row(self, key):
        """Return the row of a key."""
        if isinstance(key, str):
            row = self.key_to_index.get(key)
            if row is None:
                raise UnknownWordError(key, self.index_to_key)
            return row
        if not is_row(key):
            raise TypeError(f"A key must be a word or the int of its row. Got {key!r} instead.")
        if not 0 <= key < len(self):
            raise KeyError(f"There is no row {key}: the table has {len(self)} words.")
        return int(key)

    def _rows(self, keys):
        return np.array([self._row(key) for key in keys], np.intp)

    def _as_vector(self, vector):
        """Return a vector given in place of a word, checked."""
        if vector.shape != (self.vector_size,):
            raise ValueError(
                f"A vector must have the shape ({self.vector_size},). Got {vector.shape} instead."
            )
        if not np.isfinite(vector).all():
            raise ValueError("A vector must be finite. Got NaN or infinity.")
        return vector.astype(np.float64)

    def _unit_of(self, key):
        """Return the vector of a key scaled to length 1, in float64."""
        return unit(self._vector(key).astype(np.float64))

    def _units(self, rows, made=()):
        """Return rows scaled to length 1, in float64; those after the table's are of ``made``."""
        vectors = np.empty((len(rows), self.vector_size))
        own = rows < len(self)
        vectors[own] = self.vectors[rows[own]]
        if not own.all():
            vectors[~own] = made[rows[~own] - len(self)]
        return vectors / lengths_of(vectors)[:, None]


def _cosine(one, two):
    """Return the cosine of vectors of length 1, which rounding would take a little beyond 1."""
    return min(max(float(one @ two), -1.0), 1.0)


def _as_vectors(vectors):
    """Return vectors as a C-ordered array of float16 or float32, of any numbers."""
    try:
        vectors = np.asarray(vectors)
    except ValueError as error:  # of rows that are of unequal length
        raise ValueError(f"vectors must be a table of one row a word: {error}") from error
    if vectors.ndim != 2:
        raise ValueError(
            "vectors must be a table of one row a word. Got an array of shape "
            f"{vectors.shape} instead."
        )
    if vectors.dtype not in (np.float16, np.float32):
        if vectors.dtype.kind not in "fiub":
            raise TypeError(f"vectors must be numbers. Got dtype {vectors.dtype} instead.")
        with np.errstate(over="ignore"):  # it gives infinity, which is refused
            vectors = vectors.astype(np.float32)
    return np.ascontiguousarray(vectors)


def _check_finite(vectors, name="vectors"):
    # The extremes show NaN and infinity without a table of flags as long as the vectors.
    if vectors.size and not (np.isfinite(vectors.min()) and np.isfinite(vectors.max())):
        row = int(np.argmin(np.isfinite(vectors).all(axis=1)))
        raise ValueError(
            f"{name} must be finite {vectors.dtype}. Got NaN or infinity in row {row}."
        )


def _as_words(words):
    check_order("index_to_key", words)
    words = as_list(words, "index_to_key")
    if not all(isinstance(word, str) for word in words):
        wrong = [word for word in words if not isinstance(word, str)]
        raise TypeError(f"A word must be a str. Got {wrong[0]!r} instead.")
    if len(set(words)) < len(words):
        seen = set()
        twice = next(word for word in words if word in seen or seen.add(word))
        raise ValueError(f"Each word must occur once. Got {twice!r} twice.")
    return list(map(str, words))  # NumPy's str would slow down all that follows


def _as_counts(counts, n_words):
    if counts is None:
        return None
    counts = np.asarray(counts)
    if counts.shape != (n_words,) or counts.size and counts.dtype.kind not in "iu":
        raise ValueError(
            f"counts must be {n_words} integers, one a word. Got {counts.dtype} of shape "
            f"{counts.shape} instead."
        )
    if counts.size and counts.min() < 0:
        raise ValueError(f"counts must be at least 0. Got {counts.min()}.")
    return counts.astype(np.int64, copy=False)
