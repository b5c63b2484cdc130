"""BM25 weights: a transformer of counts, and the vectorizer that holds it."""

from typing import Self

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils._sparse import _align_api_if_sparse
from sklearn.utils.validation import check_is_fitted, validate_data

from textvec._checks import check_choice, check_documents, check_number
from textvec._threads import answering, effective_n_jobs, held, learning
from textvec.kernels.weighting import bm25_weigh, document_frequencies
from textvec.persistence import SaveMixin
from textvec.sparse.collecting import Statistics
from textvec.sparse.rows import as_own_csr, check_learned, for_row_blocks
from textvec.sparse.weighing import WeighingVectorizer

BM25_METHODS = ("lucene", "robertson", "atire", "bm25l", "bm25plus")


class BM25Transformer(
    OneToOneFeatureMixin, TransformerMixin, SaveMixin, BaseEstimator, auto_wrap_output_keys=None
):
    """Reweigh counts so that a dot product with a query's counts is the query's BM25 score.

    Parameters
    ----------
    k1 : float >= 0, default=1.5
        How slowly repetition stops paying off; 0 only asks whether a term occurs.
    b : float in [0, 1], default=0.75
        How much a document's length counts against it: 0 not at all, 1 in proportion.
    delta : float >= 0, default=0.5
        What a term earns at least in "bm25l" and "bm25plus"; the other methods have no use for it.
    method : {"lucene", "robertson", "atire", "bm25l", "bm25plus"}, default="lucene"
        The variant, see Notes; "bm25+" is another name of "bm25plus".
    n_jobs : int or None, default=None
        Threads over blocks of rows: None is 1, -1 all cores. The result never depends on it.

    Attributes
    ----------
    idf_ : ndarray of shape (n_terms,), in nats
        Rarity of each term; 0 for terms that no document of ``fit`` holds.
    mean_length_ : float
        Tokens per document seen in ``fit``.
    document_frequencies_ : ndarray of int64 of shape (n_terms,)
        How many documents of ``fit`` hold each term.
    n_documents_ : int
        Documents seen in ``fit``.
    total_length_ : float
        Tokens seen in ``fit``.
    n_features_in_ : int
        Terms seen in ``fit``.
    metric : str
        "dot": these weights are compared by dot product, not by cosine.

    See Also
    --------
    BM25Vectorizer : The same, from raw documents.

    Notes
    -----
    Of n documents, df hold the term; tf is its count in a document that is l times as long as the
    mean; K = k1 (1 - b + b l). A score sums idf * tfc over the query's tokens, where (Kamphuis
    et al. 2020, "Which BM25 Do You Mean?", table 1; bm25s has the same five):

    ========= ================================= ============================================
    method    idf                               tfc
    ========= ================================= ============================================
    lucene    ln(1 + (n - df + .5)/(df + .5))   tf / (tf + K)
    robertson ln((n - df + .5)/(df + .5)), >= 0 tf / (tf + K)
    atire     ln(n / df)                        (k1 + 1) tf / (tf + K)
    bm25l     ln((n + 1)/(df + .5))             (k1 + 1)(c + delta) / (k1 + c + delta),
                                                c = tf / (1 - b + b l)
    bm25plus  ln((n + 1)/df)                    (k1 + 1) tf / (tf + K) + delta
    ========= ================================= ============================================

    The last two give a term that is absent from a document idf * tfc at tf = 0. To keep the
    matrix sparse, that is taken off every weight; it is the same for all documents, so ranks do
    not change, and :meth:`query_offset` gives it back.

    Examples
    --------
    >>> BM25Transformer().fit_transform([[2, 1, 0], [0, 1, 1]]).toarray().round(2)
    array([[0.37, 0.07, 0.  ],
           [0.  , 0.08, 0.3 ]])
    """

    metric = "dot"

    def __init__(self, k1=1.5, b=0.75, delta=0.5, method="lucene", n_jobs=None):
        self.k1 = k1
        self.b = b
        self.delta = delta
        self.method = method
        self.n_jobs = n_jobs

    def fit(self, X, y=None) -> Self:
        """Learn how rare each term is and how long documents are.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_documents, n_terms)
            Counts, not negative.
        y : None
            Ignored.

        Returns
        -------
        BM25Transformer
            This transformer.

        Raises
        ------
        ValueError
            If a parameter is out of its range, or no document has a count.
        """
        self._check_params()
        with learning(self) as aside:
            aside._learn(aside._as_counts(X, copy=True, reset=True))
        return self

    def _check_loaded(self):
        super()._check_loaded()
        check_learned(self, ("idf_", "document_frequencies_"))

    def _check_params(self):
        check_number("k1", self.k1, low=0)
        check_number("b", self.b, low=0, high=1)
        check_number("delta", self.delta, low=0)
        check_choice("method", self.method, (*BM25_METHODS, "bm25+"))
        effective_n_jobs(self.n_jobs)

    def _learn(self, counts):
        """Learn from CSR of floats without duplicates or zeros."""
        if counts.nnz == 0:
            self._raise_empty(counts.shape[0])
        for learned in ("document_frequencies_", "n_documents_", "total_length_"):
            self.__dict__.pop(learned, None)  # in an earlier fit
        self._learn_more(counts)

    def _learn_more(self, counts):
        """Learn from more documents, whose counts may have new columns behind the old ones."""
        self._check_params()
        frequencies = document_frequencies(counts.indices, counts.shape[1])
        length = counts.data.sum(dtype=np.float64)
        self._add(Statistics(frequencies, counts.shape[0], length))

    def _add(self, statistics, dtype=None):
        """Learn from the statistics of more documents, which may have new columns at the end."""
        frequencies = statistics.document_frequencies
        self.n_features_in_ = len(frequencies)
        known = getattr(self, "document_frequencies_", np.zeros(0, np.int64))
        frequencies[: len(known)] += known
        self.document_frequencies_ = frequencies
        self.n_documents_ = getattr(self, "n_documents_", 0) + statistics.n_documents
        # of counts, lengths are whole numbers, which add up exactly to 2 ** 53 of them
        self.total_length_ = getattr(self, "total_length_", 0.0) + float(statistics.total_length)
        self._set_weights()

    @staticmethod
    def _raise_empty(n_documents):
        raise ValueError(f"X has no counts: all {n_documents} documents are empty.")

    def _set_weights(self):
        """Compute idf_ and mean_length_ from the frequencies and totals."""
        n, df = self.n_documents_, self.document_frequencies_
        with np.errstate(divide="ignore"):
            match self.method:
                case "lucene":
                    idf = np.log1p((n - df + 0.5) / (df + 0.5))
                case "robertson":
                    idf = np.log(np.maximum((n - df + 0.5) / (df + 0.5), 1))
                case "atire":
                    idf = np.log(n / df)
                case "bm25l":
                    idf = np.log((n + 1) / (df + 0.5))
                case _:
                    idf = np.log((n + 1) / df)
        self.idf_ = np.where(df > 0, idf, 0.0)
        self.mean_length_ = self.total_length_ / max(n, 1)

    def transform(self, X, copy=True):
        """Weigh documents.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_documents, n_terms)
            Counts, not negative.
        copy : bool, default=True
            False changes X itself where X is a CSR matrix of floats.

        Returns
        -------
        sparse matrix of shape (n_documents, n_terms)
            Weights, in CSR. The score of a document for a query is the dot product of its row
            with the query's row of :meth:`transform_queries`, plus :meth:`query_offset`.
        """
        check_is_fitted(self)
        now = held(self)
        now._check_params()  # what was set since is used
        return now._weigh(now._as_counts(X, copy=copy, reset=False))

    def _weigh(self, counts):
        """Weigh CSR of floats without duplicates or zeros, in place."""
        gain, saturation = self._gain_and_saturation()
        term_weights = gain * self.idf_

        def weigh(first, last):
            bm25_weigh(
                counts.indptr[first : last + 1],
                counts.indices,
                counts.data,
                term_weights,
                self.mean_length_,
                saturation,
                float(self.b),
            )

        for_row_blocks(weigh, counts.indptr, self.n_jobs)
        return _align_api_if_sparse(counts)

    def _gain_and_saturation(self):
        """Return the two numbers in which the methods' tfc differ: gain tf / (tf + saturation l).

        For "bm25l", taking tfc(0) = (k1 + 1) delta / (k1 + delta) off tfc(tf) leaves
        k1 (k1 + 1) / (k1 + delta) * c / (c + k1 + delta).
        """
        k1, delta = float(self.k1), float(self.delta)
        match self.method:
            case "lucene" | "robertson":
                return 1.0, k1
            case "bm25l" if delta > 0:
                return k1 * (k1 + 1) / (k1 + delta), k1 + delta
            case _:
                return k1 + 1, k1

    def transform_queries(self, X):
        """Return queries' counts, which a dot product compares with documents' weights.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_terms)
            Counts, not negative; a term asked for twice counts twice.

        Returns
        -------
        sparse matrix of shape (n_queries, n_terms)
            The same counts as floats, in CSR.
        """
        check_is_fitted(self)
        return _align_api_if_sparse(self._as_counts(X, copy=True, reset=False))

    def query_offset(self, X):
        """Return what each query's terms would earn in a document that holds none of them.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_terms)
            Counts, not negative.

        Returns
        -------
        ndarray of shape (n_queries,)
            To be added to all of a query's dot products; 0 but for "bm25l" and "bm25plus".
        """
        check_is_fitted(self)
        now = held(self)
        now._check_params()
        queries = now._as_counts(X, copy=True, reset=False)
        k1, delta = float(now.k1), float(now.delta)
        match now.method:
            case "bm25l" if delta > 0:
                absent = (k1 + 1) * delta / (k1 + delta)
            case "bm25plus" | "bm25+":
                absent = delta
            case _:
                absent = 0.0
        return queries @ (absent * now.idf_)

    def _as_counts(self, X, copy, reset):
        """Return X as CSR of floats with each term at most once a row, and no stored zeros."""
        counts = self._validated(X, copy, reset)
        counts.sum_duplicates()
        counts.eliminate_zeros()
        return counts

    def _validated(self, X, copy, reset):
        X = validate_data(
            self,
            X,
            reset=reset,
            accept_sparse="csr",
            dtype=[np.float64, np.float32],
            ensure_non_negative=True,
            ensure_min_samples=int(reset),  # no queries have no weights
            copy=copy,
        )
        return as_own_csr(X, copy)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = tags.input_tags.positive_only = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


class BM25Vectorizer(WeighingVectorizer):
    r"""Turn documents into vectors whose dot product with a query's counts ranks them by BM25.

    Parameters
    ----------
    input : {"content", "filename", "file"}, default="content"
        What documents are: text itself, names of files, or open files.
    encoding : str, default="utf-8"
        How bytes are decoded.
    decode_error : {"strict", "ignore", "replace"}, default="strict"
        What to do about bytes that are not of that encoding.
    strip_accents : {"ascii", "unicode"}, callable or None, default=None
        Take accents off first; "ascii" is faster and drops what has no ASCII form. Both make
        full-width letters and digits plain ones.
    lowercase : bool, default=True
        Lower-case first.
    preprocessor : callable or None, default=None
        Replaces ``strip_accents`` and ``lowercase``.
    tokenizer : callable, "jieba", "whitespace" or None, default=None
        Replaces ``token_pattern``; "jieba" splits Chinese into words,
        "whitespace" text that is cut already.
    analyzer : {"mixed", "word", "char", "char_wb"} or callable, default="mixed"
        What terms are: "mixed" is words, and single characters and pairs of neighbours where a
        script is written without spaces, as explained in :class:`CountVectorizer`. ``tokenizer``
        or another ``token_pattern`` asks for words. The others are n-grams of words, of
        characters, or of characters inside of words; or a function from document to terms.
    stop_words : {"english", "chinese"}, list or None, default=None
        Words to leave out. "mixed" leaves out features that are Chinese stop words, and keeps the
        pairs that these characters are part of.
    token_pattern : str, default=r"(?u)\\b\\w\\w+\\b"
        What a word is.
    ngram_range : tuple (min_n, max_n), default=(1, 1)
        The shortest and the longest n-grams.
    max_df : float in [0, 1] or int, default=1.0
        Leave out terms in more documents than this share (float) or number (int).
    min_df : float in [0, 1] or int, default=1
        Leave out terms in fewer documents than this share (float) or number (int).
    max_features : int or None, default=None
        Keep only so many terms, the most frequent ones.
    vocabulary : mapping, iterable or None, default=None
        The terms, given instead of learned.
    binary : bool, default=False
        Count each term once a document.
    dtype : dtype, default=np.float64
        Of the weights: float64 or float32.
    k1 : float >= 0, default=1.5
        How slowly repetition stops paying off; 0 only asks whether a term occurs.
    b : float in [0, 1], default=0.75
        How much a document's length counts against it: 0 not at all, 1 in proportion. Length is
        the number of tokens that are in the vocabulary.
    delta : float >= 0, default=0.5
        What a term earns at least in "bm25l" and "bm25plus"; the other methods have no use for it.
    method : {"lucene", "robertson", "atire", "bm25l", "bm25plus"}, default="lucene"
        The variant, see :class:`BM25Transformer`; "bm25+" is another name of "bm25plus".
    stem : str or None, default=None
        Language of the Snowball stemmer that reduces words to stems, such as "english", if
        ``analyzer`` is "word" or "mixed".
    n_jobs : int or None, default=None
        Threads: None is 1, -1 all cores. The result never depends on it.

    Attributes
    ----------
    vocabulary_ : dict
        Term -> column.
    fixed_vocabulary_ : bool
        Whether ``vocabulary`` was given.
    idf_ : ndarray of shape (n_terms,), in nats
        Rarity of each term.
    mean_length_ : float
        Tokens per document seen in ``fit``.
    metric : str
        "dot": these vectors are compared by dot product, not by cosine.

    See Also
    --------
    BM25Transformer : The weights alone, with their formulas and source.

    Examples
    --------
    >>> hotels = ["quiet rooms by the harbour", "rooms with harbour view, harbour bar"]
    >>> vectorizer = BM25Vectorizer()
    >>> weights = vectorizer.fit_transform(hotels)
    >>> scores = vectorizer.transform_queries(["harbour view"]) @ weights.T
    >>> scores.toarray().round(2)
    array([[0.08, 0.37]])
    """

    metric = "dot"

    def __init__(
        self,
        *,
        input="content",
        encoding="utf-8",
        decode_error="strict",
        strip_accents=None,
        lowercase=True,
        preprocessor=None,
        tokenizer=None,
        analyzer="mixed",
        stop_words=None,
        token_pattern=r"(?u)\b\w\w+\b",
        ngram_range=(1, 1),
        max_df=1.0,
        min_df=1,
        max_features=None,
        vocabulary=None,
        binary=False,
        dtype=np.float64,
        k1=1.5,
        b=0.75,
        delta=0.5,
        method="lucene",
        stem=None,
        n_jobs=None,
    ):
        super().__init__(
            input=input,
            encoding=encoding,
            decode_error=decode_error,
            strip_accents=strip_accents,
            lowercase=lowercase,
            preprocessor=preprocessor,
            tokenizer=tokenizer,
            analyzer=analyzer,
            stop_words=stop_words,
            token_pattern=token_pattern,
            ngram_range=ngram_range,
            max_df=max_df,
            min_df=min_df,
            max_features=max_features,
            vocabulary=vocabulary,
            binary=binary,
            dtype=dtype,
            stem=stem,
            n_jobs=n_jobs,
        )
        self.k1 = k1
        self.b = b
        self.delta = delta
        self.method = method

    def _new_weigher(self):
        weigher = BM25Transformer(
            k1=self.k1, b=self.b, delta=self.delta, method=self.method, n_jobs=self.n_jobs
        )
        weigher._check_params()  # before the documents are read
        return weigher

    def _count_vocab(self, raw_documents, fixed_vocab):
        check_documents(raw_documents)
        return super()._count_vocab(raw_documents, fixed_vocab)

    def _learn_statistics(self, statistics):
        if not statistics.document_frequencies.any():
            self._weigher._raise_empty(statistics.n_documents)
        super()._learn_statistics(statistics)

    # Our own counts are free of duplicates and zeros: no copy, no sorting.
    def _learn_weights(self, X):
        self._weigher._learn(self._weigher._validated(X, copy=False, reset=True))

    def _weigh(self, X):
        return self._weigher._weigh(self._weigher._validated(X, copy=False, reset=False))

    @property
    def idf_(self):
        """Rarity of each term, in nats.

        Returns
        -------
        ndarray of shape (n_terms,)
        """
        return self._from_weigher("idf_")

    @property
    def mean_length_(self):
        """Tokens per document seen in fit.

        Returns
        -------
        float
        """
        return self._from_weigher("mean_length_")

    def transform_queries(self, raw_documents):
        """Return queries' term counts, to be compared with documents by dot product.

        Parameters
        ----------
        raw_documents : iterable
            Queries, given as documents are. A term asked for twice counts twice.

        Returns
        -------
        sparse matrix of shape (n_queries, n_terms)
            Counts, in CSR. A document's score is the dot product of its row of
            :meth:`transform` with the query's row, plus :meth:`query_offset`.
        """
        with answering(self) as now:
            return now._count_only(raw_documents)

    def query_offset(self, queries):
        """Return what each query's terms would earn in a document that holds none of them.

        Parameters
        ----------
        queries : iterable
            Queries, given as documents are.

        Returns
        -------
        ndarray of shape (n_queries,)
            To be added to all of a query's dot products; 0 but for "bm25l" and "bm25plus".
        """
        with answering(self) as now:
            counts = now._count_only(queries)
            return now._weigher.query_offset(counts)
