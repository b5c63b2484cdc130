"""Tf-idf weights: a transformer of counts, and the vectorizer that holds it."""

from numbers import Integral
from typing import Self

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin, _fit_context
from sklearn.utils import assert_all_finite
from sklearn.utils._param_validation import StrOptions
from sklearn.utils._sparse import _align_api_if_sparse
from sklearn.utils.validation import check_is_fitted, validate_data

from textvec._threads import held, learning
from textvec.kernels.weighting import document_frequencies, scale_terms
from textvec.persistence import SaveMixin
from textvec.sparse.collecting import Statistics
from textvec.sparse.counts import OF_VOCABULARY
from textvec.sparse.rows import as_own_csr, check_learned, for_row_blocks, normalize_in_place
from textvec.sparse.weighing import WeighingVectorizer


class TfidfTransformer(
    OneToOneFeatureMixin, TransformerMixin, SaveMixin, BaseEstimator, auto_wrap_output_keys=None
):
    """Turn counts into tf-idf weights: frequent here and rare elsewhere weighs most.

    A drop-in for :class:`sklearn.feature_extraction.text.TfidfTransformer`: same parameters,
    same numbers to the last bit.

    Parameters
    ----------
    norm : {"l1", "l2"} or None, default="l2"
        Scale each row to a sum of absolute values ("l1") or of squares ("l2") of 1, so that a
        dot product of two "l2" rows is their cosine similarity. None leaves rows as they are.
    use_idf : bool, default=True
        Multiply by the inverse document frequency; False weighs all terms alike.
    smooth_idf : bool, default=True
        Count one more document that holds every term, so that no term divides by zero.
    sublinear_tf : bool, default=False
        Replace each count tf by 1 + ln(tf).
    n_jobs : int or None, default=None
        Threads over blocks of rows: None is 1, -1 all cores. The result never depends on it.

    Attributes
    ----------
    idf_ : ndarray of shape (n_terms,), in nats
        Inverse document frequencies; only there if ``use_idf`` in the last ``fit``. scikit-learn's
        keeps those of an earlier one, and weighs by them.
    n_features_in_ : int
        Terms seen in ``fit``.
    feature_names_in_ : ndarray of str
        Names of the terms, where ``fit`` saw a DataFrame.

    See Also
    --------
    TfidfVectorizer : The same, from raw documents.
    BM25Transformer : Weights for ranking documents by queries.

    Notes
    -----
    idf(t) = ln((1 + n) / (1 + df(t))) + 1 if smooth, else ln(n / df(t)) + 1, of n documents of
    which df(t) hold the term t (Salton and Buckley 1988, with scikit-learn's added ones).

    Examples
    --------
    >>> TfidfTransformer().fit_transform([[2, 1, 0], [0, 1, 1]]).toarray().round(3)
    array([[0.942, 0.335, 0.   ],
           [0.   , 0.58 , 0.815]])
    """

    _parameter_constraints: dict = {
        "norm": [StrOptions({"l1", "l2"}), None],
        "use_idf": ["boolean"],
        "smooth_idf": ["boolean"],
        "sublinear_tf": ["boolean"],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self, *, norm="l2", use_idf=True, smooth_idf=True, sublinear_tf=False, n_jobs=None
    ):
        self.norm = norm
        self.use_idf = use_idf
        self.smooth_idf = smooth_idf
        self.sublinear_tf = sublinear_tf
        self.n_jobs = n_jobs

    def _check_loaded(self):
        super()._check_loaded()
        check_learned(self, ("idf_", "_document_frequencies"))

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None) -> Self:
        """Learn the inverse document frequencies.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_documents, n_terms)
            Counts; every stored entry counts as an occurrence.
        y : None
            Ignored.

        Returns
        -------
        TfidfTransformer
            This transformer.
        """
        with learning(self) as aside:
            X = validate_data(aside, X, accept_sparse=("csr", "csc"))
            if not sparse.issparse(X):
                X = sparse.csr_array(X)
            for learned in ("idf_", "_document_frequencies", "_n_documents"):
                vars(aside).pop(learned, None)  # in an earlier fit with use_idf
            X.check_format()  # the kernel does not check bounds
            aside._learn_more(X)
        return self

    def _learn_more(self, counts):
        """Learn from more documents, whose counts may have new columns behind the old ones."""
        if not self.use_idf:
            self.n_features_in_ = counts.shape[1]
            return
        if counts.format == "csr":
            frequencies = document_frequencies(counts.indices, counts.shape[1])
        else:
            frequencies = np.diff(counts.indptr).astype(np.int64)
        self._add(Statistics(frequencies, counts.shape[0], 0), counts.dtype)

    def _add(self, statistics, dtype):
        """Learn from the statistics of more documents, which may have new columns at the end."""
        self.n_features_in_ = len(statistics.document_frequencies)
        if self.use_idf:
            frequencies = statistics.document_frequencies
            known = getattr(self, "_document_frequencies", np.zeros(0, np.int64))
            frequencies[: len(known)] += known
            self._document_frequencies = frequencies
            self._n_documents = getattr(self, "_n_documents", 0) + statistics.n_documents
            self._set_idf(dtype if dtype in (np.float64, np.float32) else np.float64)

    def _set_idf(self, dtype):
        """Compute idf_ from the document frequencies, in scikit-learn's order of roundings."""
        frequencies = self._document_frequencies.astype(dtype)
        frequencies += float(self.smooth_idf)
        idf = np.full_like(frequencies, self._n_documents + int(self.smooth_idf))
        idf /= frequencies
        np.log(idf, out=idf)
        idf += 1.0
        self.idf_ = idf

    def transform(self, X, copy=True):
        """Weigh counts.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_documents, n_terms)
            Counts.
        copy : bool, default=True
            False changes X itself where X is a CSR matrix of floats.

        Returns
        -------
        sparse matrix of shape (n_documents, n_terms)
            The weights, in CSR.
        """
        check_is_fitted(self)
        return held(self)._weighed(X, copy)

    def _weighed(self, X, copy):
        self._validate_params()  # what was set since is used
        X = validate_data(
            self,
            X,
            accept_sparse="csr",
            dtype=[np.float64, np.float32],
            copy=copy,
            reset=False,
        )
        return self._weighed_in_place(as_own_csr(X, copy))

    def _weighed_in_place(self, X):
        """Weigh a CSR matrix of floats, whose format was checked."""
        idf = self._factors(X.shape[1]) if hasattr(self, "idf_") else None
        used = idf if idf is None or len(idf) < X.nnz else idf[X.indices]
        may_warn = idf is not None and not np.isfinite(used).all()

        def scale(first, last):
            entries = slice(X.indptr[first], X.indptr[last])
            data = X.data[entries]
            if self.sublinear_tf:
                np.log(data, out=data)
                data += 1.0
            if may_warn:  # of 0 times infinity, as NumPy does and with it scikit-learn
                data *= idf[X.indices[entries]]
            elif idf is not None:
                scale_terms(X.indices[entries], data, idf)

        for_row_blocks(scale, X.indptr, self.n_jobs)
        if self.norm is not None:
            if not np.isfinite(X.data.sum()):  # may be too large a sum, too
                assert_all_finite(X.data, estimator_name="the normalize function")
            normalize_in_place(X, self.norm, self.n_jobs)
        return _align_api_if_sparse(X)

    def _weigh_counts(self, X):
        """Weigh counts that are a `CountVectorizer`'s: they are finite, and in order."""
        if getattr(self, "n_features_in_", None) != X.shape[1] or not X.shape[0]:
            return self.transform(X, copy=False)  # which says what is wrong, if anything is
        if X.dtype not in (np.float64, np.float32):
            X = X.astype(np.float64)
        return self._weighed_in_place(X)

    def _factors(self, n_terms):
        """Return idf_ as a float array that is safe to index with n_terms columns."""
        idf = np.asarray(self.idf_)
        if idf.ndim != 1 or len(idf) < n_terms:
            raise ValueError(
                f"idf_ must hold one number per column of X, which has {n_terms}. "
                f"Got an array of shape {idf.shape} instead."
            )
        return idf if idf.dtype in (np.float64, np.float32) else idf.astype(np.float64)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


class TfidfVectorizer(WeighingVectorizer):
    r"""Turn documents into tf-idf vectors: frequent here and rare elsewhere weighs most.

    A drop-in for :class:`sklearn.feature_extraction.text.TfidfVectorizer`: same parameters,
    same numbers to the last bit. It gives what CountVectorizer followed by TfidfTransformer
    gives.

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
    analyzer : {"word", "char", "char_wb", "mixed"} or callable, default="word"
        Whether terms are n-grams of words, of characters, or of characters inside of words; or,
        for "mixed", words, and characters where a script is written without spaces, as explained
        in :class:`CountVectorizer`, unless ``tokenizer`` asks for words; or a function from
        document to terms.
    stop_words : {"english", "chinese"}, list or None, default=None
        Words to leave out.
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
    norm : {"l1", "l2"} or None, default="l2"
        Scale each row to a sum of absolute values ("l1") or of squares ("l2") of 1.
    use_idf : bool, default=True
        Multiply by the inverse document frequency; False weighs all terms alike.
    smooth_idf : bool, default=True
        Count one more document that holds every term.
    sublinear_tf : bool, default=False
        Replace each count tf by 1 + ln(tf).
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
        Inverse document frequencies; only there if ``use_idf``. May be set.

    See Also
    --------
    CountVectorizer : The counts alone.
    TfidfTransformer : The weights alone.

    Notes
    -----
    The formula and its source are in :class:`TfidfTransformer`.

    Examples
    --------
    >>> vectorizer = TfidfVectorizer()
    >>> vectorizer.fit_transform(["old port hotel", "port"]).toarray().round(2)
    array([[0.63, 0.63, 0.45],
           [0.  , 0.  , 1.  ]])
    >>> vectorizer.get_feature_names_out()
    array(['hotel', 'old', 'port'], dtype=object)
    """

    _parameter_constraints: dict = {
        **WeighingVectorizer._parameter_constraints,
        **TfidfTransformer._parameter_constraints,
    }
    _not_fitted = "The TF-IDF vectorizer is not fitted"

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
        analyzer="word",
        stop_words=None,
        token_pattern=r"(?u)\b\w\w+\b",
        ngram_range=(1, 1),
        max_df=1.0,
        min_df=1,
        max_features=None,
        vocabulary=None,
        binary=False,
        dtype=np.float64,
        norm="l2",
        use_idf=True,
        smooth_idf=True,
        sublinear_tf=False,
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
        self.norm = norm
        self.use_idf = use_idf
        self.smooth_idf = smooth_idf
        self.sublinear_tf = sublinear_tf

    def fit(self, raw_documents, y=None):
        """Learn vocabulary and weights; what is unused is warned of before all else.

        Parameters
        ----------
        raw_documents : iterable
            Documents: str, bytes, file names or file objects, as ``input`` says.
        y : None
            Ignored.

        Returns
        -------
        self : object
            This vectorizer.
        """
        self._validate_params()
        self._check_params()
        self._warn_for_unused_params()
        return super().fit(raw_documents, y)

    def _new_weigher(self):
        return TfidfTransformer(
            norm=self.norm,
            use_idf=self.use_idf,
            smooth_idf=self.smooth_idf,
            sublinear_tf=self.sublinear_tf,
            n_jobs=self.n_jobs,
        )

    def _learn_weights(self, X):
        if X.shape[0]:
            self._weigher._learn_more(X)
        else:
            self._weigher.fit(X)  # which says what is wrong

    def _weigh(self, X):
        return self._weigher._weigh_counts(X)

    @property
    def idf_(self):
        """Inverse document frequency of each term, in nats; only there if ``use_idf``.

        Returns
        -------
        ndarray of shape (n_terms,)
        """
        return self._from_weigher("idf_")

    @idf_.setter
    def idf_(self, value):
        if not self.use_idf:
            raise ValueError("`idf_` cannot be set when `user_idf=False`.")
        # idf_ may come from another, fitted vectorizer
        known = getattr(self, "_weigher", None)
        weigher = self._new_weigher() if known is None else held(known)
        self._validate_vocabulary()
        if vars(self).keys() & set(OF_VOCABULARY) and self._n_terms() != len(value):
            raise ValueError(
                f"idf length = {len(value)} must be equal to vocabulary size = {self._n_terms()}"
            )
        weigher.idf_ = value
        self._weigher = weigher
