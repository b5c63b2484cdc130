"""From the vectors of words to the vectors of documents."""

from abc import ABC, abstractmethod
from operator import attrgetter
from os import PathLike
from typing import Self

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import threadpool_limits

from textvec._checks import check_choice, check_number
from textvec._threads import bounds_of_parts, effective_n_jobs, held, learning, run_parts
from textvec.dense.keyed_vectors import KeyedVectors
from textvec.dense.static_models import write_static_model
from textvec.kernels.corpora import count_ids
from textvec.kernels.counting import count_distinct
from textvec.kernels.pooling import maxima, remove_component, weighted_means
from textvec.persistence import SaveMixin
from textvec.ragged import Ragged
from textvec.text.corpus import encode_all_words, encode_corpus

POOLINGS = ("mean", "idf", "sif", "max")
_ROWS_AT_ONCE = 1 << 14  # documents whose products are summed in one go


class WordVectorizer(
    SaveMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator, ABC
):
    """What estimators share that make the vector of a document from those of its words.

    A subclass has the parameters ``pooling``, ``tokenizer`` and ``n_jobs``, and the method
    `_learn`. How documents are pooled is learned from what that returns. Parameters of its own are
    checked in `_check_parameters`, before any document is read.

    Attributes
    ----------
    keyed_vectors_ : KeyedVectors
        The words and their vectors.
    pooling_ : str
        The pooling that was learned.
    word_weights_ : ndarray of shape (n_words,), float32, or None
        The weight of each word; None for ``pooling="max"``.
    common_component_ : ndarray of shape (vector_size,), float32, or None
        The direction taken out of every vector; None unless ``pooling="sif"``.
    """

    keyed_vectors_: KeyedVectors
    sif_a = 1e-3  # as in the paper, unless a subclass has a parameter of that name

    @abstractmethod
    def _learn(self, raw_documents) -> tuple[Ragged, list[str]]:
        """Set ``keyed_vectors_``; return the documents as rows of ids of its words, and of others.

        The others are given as a list, and their ids follow those of the table.
        """

    def fit(self, raw_documents, y=None) -> Self:
        """Learn word vectors, where this estimator learns any, and how to pool them.

        Parameters
        ----------
        raw_documents : iterable of str, iterable of token lists, or path-like
            The documents: raw text, or lists of tokens, or the ``pathlib.Path`` of a text file
            that holds a document a line (plain, gzip, xz or bzip2), or of a folder of such files.
            They are read once, as a stream.
        y : None
            Ignored.

        Returns
        -------
        self
        """
        self._fit(raw_documents)
        return self

    def fit_transform(self, raw_documents, y=None) -> np.ndarray:
        """Fit, and return the vectors of the same documents; equal to fit, then transform.

        Parameters
        ----------
        raw_documents : iterable of str, iterable of token lists, or path-like
            The documents, as in :meth:`fit`; they are read once.
        y : None
            Ignored.

        Returns
        -------
        ndarray of shape (n_documents, vector_size), float32
            One vector a document, zero where no word is known.
        """
        learned, *words = self._fit(raw_documents)
        return learned._pool(*words)

    def transform(self, raw_documents) -> np.ndarray:
        """Return the vectors of documents.

        Parameters
        ----------
        raw_documents : iterable of str, iterable of token lists, or path-like
            The documents, as in :meth:`fit`, seen there or not. Unknown words are passed over,
            unless the table makes vectors of their n-grams.

        Returns
        -------
        ndarray of shape (n_documents, vector_size), float32
            One vector a document, zero where no word is known.

        Raises
        ------
        ValueError
            If ``pooling`` was changed since fit.
        """
        check_is_fitted(self)
        now = self._as_it_is()
        if now.pooling != now.pooling_:
            raise ValueError(
                f"pooling was {now.pooling_!r} in fit and is {now.pooling!r} now. Fit again, or "
                "pool the same word vectors with DocumentVectorizer(model.keyed_vectors_, ...)."
            )
        now._check_loaded()  # another table may have been set since
        return now._pool(*now._encode(raw_documents))

    def to_static_model(self, path):
        """Write a folder that sentence-transformers and model2vec open as a static model.

        Its vectors are those of :meth:`transform`, but for their lengths where words are weighed,
        and for words that a table makes of n-grams.

        Parameters
        ----------
        path : str or path-like
            The folder; it is made where there is none.

        Raises
        ------
        ValueError
            If ``pooling`` is "sif" or "max", or ``tokenizer`` a callable: a static model has none.
        ImportError
            If safetensors and tokenizers are not installed; it names the extra.
        FileExistsError
            If the folder holds something already.

        Warns
        -----
        UserWarning
            If there are Chinese words: texts must be cut first, with spaces between words.
        """
        check_is_fitted(self)
        now = self._as_it_is()
        check_choice("pooling of a static model", now.pooling_, ("mean", "idf"))
        check_choice("tokenizer of a static model", now.tokenizer, (None, "whitespace", "jieba"))
        table = now.keyed_vectors_
        vectors = table.vectors * now.word_weights_[:, np.newaxis]
        at_spaces = now.tokenizer == "whitespace"
        write_static_model(table.index_to_key, vectors, path, now.tokenizer is None, at_spaces)

    def _check_loaded(self):
        table = getattr(self, "keyed_vectors_", None)
        for name, n_numbers in (
            ("word_weights_", len),
            ("common_component_", attrgetter("vector_size")),
        ):
            found = getattr(self, name, None)
            if found is not None and np.shape(found) != (n_numbers(table),):
                raise ValueError(
                    f"{name} must hold {n_numbers(table)} numbers, as the word vectors say. "
                    f"Got shape {np.shape(found)}: fit again."
                )

    def __getstate__(self):
        now = held(self)
        state = {**super(WordVectorizer, now).__getstate__()}
        if getattr(now, "word_weights_", None) is not None:
            state["word_weights_"] = now._weights_of_all()
        return state

    def _weights_of_all(self):
        """Return the weights of all words, also of those that were added to the table since fit."""
        return self._with_rarest(self.word_weights_, len(self.keyed_vectors_))

    def _with_rarest(self, weights, n_words):
        """Return weights of so many words: those without one weigh as the rarest do."""
        n_added = n_words - len(weights)
        if n_added <= 0:
            return weights
        rarest = self.word_weights_.max(initial=1) if self.pooling_ == "idf" else 1
        return np.append(weights, np.full(n_added, rarest, np.float32))

    def _check_parameters(self):
        check_choice("pooling", self.pooling, POOLINGS)
        check_number("sif_a", self.sif_a)
        if not self.sif_a > 0:
            raise ValueError(f"sif_a must be greater than 0. Got {self.sif_a!r} instead.")

    def _as_it_is(self):
        """Return a copy for one question: what is learned or added meanwhile is not seen in it."""
        now = held(self)
        now._hold_table()
        if now.word_weights_ is not None:
            now.word_weights_ = now._weights_of_all()
        return now

    def _hold_table(self):
        self.keyed_vectors_ = held(self.keyed_vectors_)

    def _fit(self, raw_documents):
        """Learn; return a copy that nobody else learns in, and what `_learn` returned."""
        self._check_parameters()
        with learning(self) as aside:
            tokens, unseen = aside._learn(raw_documents)
            aside._learn_pooling(tokens, unseen)
        return aside, tokens, unseen

    def _encode(self, raw_documents):
        """Return documents as `_learn` does: with other words if the table has vectors of them."""
        known = self.keyed_vectors_.known_words
        if self.keyed_vectors_.composes:
            return encode_all_words(raw_documents, known, self.tokenizer, self.n_jobs)
        return encode_corpus(raw_documents, known, self.tokenizer, self.n_jobs), []

    def _learn_pooling(self, tokens, unseen=()):
        """Learn the weights of words, and the component that documents have in common."""
        self.pooling_ = self.pooling
        self.common_component_ = None
        n_words = len(self.keyed_vectors_)
        weights = self._word_weights(tokens, n_words + len(unseen))
        self.word_weights_ = None if weights is None else weights[:n_words]
        if self.pooling_ == "sif":
            self.common_component_ = _common_component(self._pool(tokens, unseen))

    def _word_weights(self, tokens, n_words):
        match self.pooling_:
            case "mean":
                return np.ones(n_words, np.float32)
            case "idf":
                levels = tokens.values[np.newaxis]
                _, frequencies = count_distinct(levels, tokens.ends, 0, len(tokens.ends), n_words)
                return idf_of_words(len(tokens.ends), frequencies)
            case "sif":
                counts, _ = count_ids(tokens.values, n_words)
                shares = counts / max(1, len(tokens.values))
                return (self.sif_a / (self.sif_a + shares)).astype(np.float32)
        return None

    def _pool(self, tokens, unseen=()):
        """Return the vectors of documents given as `_learn` returns them."""
        vectors, weights = self.keyed_vectors_.vectors, self.word_weights_
        ids, ends = tokens
        if unseen or vectors.dtype != np.float32:  # float16: convert no more than is needed
            used, ids = np.unique(ids, return_inverse=True)
            known, others = np.split(used, [used.searchsorted(len(vectors))])
            words = [unseen[i] for i in (others - len(vectors)).tolist()]
            made = self.keyed_vectors_.unseen_vectors(words)
            vectors = np.concatenate([vectors[known], made]).astype(np.float32, copy=False)
            ids = ids.astype(np.int32)
            if weights is not None:
                weights = self._with_rarest(weights[known], len(used))
        pooled = np.empty((len(ends), self._n_features_out), np.float32)

        def work(first, last):
            if self.pooling_ == "max":
                maxima(ids, ends, first, last, vectors, pooled)
            else:
                by_weight = self.pooling_ != "sif"
                weighted_means(ids, ends, first, last, vectors, weights, by_weight, pooled)
            if self.common_component_ is not None:
                remove_component(pooled[first:last], self.common_component_)

        run_parts(work, bounds_of_parts(ends, effective_n_jobs(self.n_jobs)), self.n_jobs)
        return pooled

    @property
    def _n_features_out(self):
        return self.keyed_vectors_.vector_size


class DocumentVectorizer(WordVectorizer):
    """Turn a table of word vectors, trained or downloaded, into vectors of documents.

    Parameters
    ----------
    keyed_vectors : KeyedVectors
        The words and their vectors. Clones share the table.
    pooling : {"mean", "idf", "sif", "max"}, default="mean"
        How the vectors ``v`` of the words of a document, of ``n`` known tokens, become one:

        - "mean": ``sum v / n``
        - "idf": ``sum idf v / sum idf`` with scikit-learn's smooth
          ``idf = ln((1 + N) / (1 + df)) + 1``, learned from the ``N`` documents of fit: words that
          are in most documents say less
        - "sif": ``sum a / (a + p) v / n``, ``p`` being the word's share of all known tokens of the
          documents of fit; then the direction that those documents have most in common is taken
          out of every vector
        - "max": the largest number in each dimension
    sif_a : float > 0, default=1e-3
        The ``a`` of "sif". Words of a much larger share weigh next to nothing, words of a much
        smaller one, or not seen in fit, weigh 1.
    tokenizer : "jieba", "whitespace", callable or None, default=None
        How raw text is cut into words. None lower-cases it and takes the runs of word characters
        (``\\w+``), of which it has jieba cut those of Han characters, so that Chinese, English
        and any mixture need no other; runs of kana, hangul or Thai stay whole. "jieba" cuts all
        text as :class:`~textvec.JiebaTokenizer` does, also words such as T恤, and keeps its case;
        so does "whitespace", which splits at white space, for text that is cut already. Token lists
        are taken as they are.
    n_jobs : int or None, default=None
        How many threads; None is 1 and -1 all cores. The result is the same for any.

    Attributes
    ----------
    keyed_vectors_ : KeyedVectors
        The table, as given.
    pooling_ : str
        The pooling that was learned.
    word_weights_ : ndarray of shape (n_words,), float32, or None
        The weight of each word; None for ``pooling="max"``.
    common_component_ : ndarray of shape (vector_size,), float32, or None
        The direction taken out of every vector, of length 1; None unless ``pooling="sif"``.

    Raises
    ------
    TypeError
        If ``keyed_vectors`` is something else, or a document is no text; the message names its row.
    ValueError
        In fit, if no word of any document is in the table.

    See Also
    --------
    Word2Vec : Trains the word vectors, too.

    Notes
    -----
    A document without a known word has a zero vector, which is similar to nothing. Words that are
    added to the table after fit are known at once; they weigh as the rarest do. So do words that
    the table makes vectors of by their n-grams (its ``oov``).

    "sif" takes ``p`` from the documents of fit rather than from the table's counts: what is
    frequent there is what tells those documents apart least, and tables that were read from a file
    often have no counts, or made-up ones.

    References
    ----------
    Arora, Liang and Ma 2017, "A simple but tough-to-beat baseline for sentence embeddings", ICLR.

    Examples
    --------
    >>> from textvec import DocumentVectorizer, KeyedVectors
    >>> table = KeyedVectors([[1, 0], [0, 1], [1, 1]], ["sea", "bar", "the"])
    >>> DocumentVectorizer(table).fit_transform(["The sea, the sea", "the bar", "garden"])
    array([[1. , 0.5],
           [0.5, 1. ],
           [0. , 0. ]], dtype=float32)
    """

    def __init__(self, keyed_vectors, pooling="mean", *, sif_a=1e-3, tokenizer=None, n_jobs=None):
        self.keyed_vectors = keyed_vectors
        self.pooling = pooling
        self.sif_a = sif_a
        self.tokenizer = tokenizer
        self.n_jobs = n_jobs

    @property
    def keyed_vectors_(self):
        """The table, as given."""
        return self.keyed_vectors

    def _hold_table(self):
        self.keyed_vectors = held(self.keyed_vectors)

    def _check_parameters(self):
        super()._check_parameters()
        if not isinstance(self.keyed_vectors, KeyedVectors):
            advice = ""
            if hasattr(self.keyed_vectors, "keyed_vectors_"):
                advice = " Pass its .keyed_vectors_."
            elif hasattr(self.keyed_vectors, "index_to_key"):
                advice = " Pass KeyedVectors.from_gensim(...) of it."
            elif hasattr(self.keyed_vectors, "fit"):
                advice = " Fit it first, and pass its .keyed_vectors_."
            elif isinstance(self.keyed_vectors, str | PathLike):
                advice = " Pass KeyedVectors.load_word2vec_format(path), or textvec.load(path)."
            raise TypeError(
                "keyed_vectors must be a textvec.KeyedVectors. "
                f"Got {type(self.keyed_vectors).__name__} instead.{advice}"
            )

    def _learn(self, raw_documents):
        self._hold_table()  # of a copy of what was asked to fit
        tokens, unseen = self._encode(raw_documents)
        if not len(tokens.values):
            raise ValueError(
                f"No word of the {len(tokens.ends)} documents is among those of keyed_vectors, "
                f"such as {self.keyed_vectors.index_to_key[:3]}. Check language, upper case and "
                "tokenizer."
            )
        return tokens, unseen


def idf_of_words(n_documents, frequencies):
    """Return the weights of words for "idf", from the number of documents of each."""
    return (np.log((1 + n_documents) / (1 + frequencies)) + 1).astype(np.float32)


def _common_component(vectors):
    """Return the first right singular vector of vectors as rows: what they have in common.

    It is the first eigenvector of ``X.T @ X``, which is summed up in blocks: no copy in float64.
    """
    size = vectors.shape[1]
    products = np.zeros((size, size))
    with threadpool_limits(1):  # sums in one order: the same vector each time
        for start in range(0, len(vectors), _ROWS_AT_ONCE):
            block = vectors[start : start + _ROWS_AT_ONCE].astype(np.float64)
            products += block.T @ block
        return np.linalg.eigh(products).eigenvectors[:, -1].astype(np.float32)
