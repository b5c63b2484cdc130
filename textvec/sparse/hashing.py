"""Counts of n-grams in columns that a hash gives: scikit-learn's vectorizer on compiled kernels."""

from itertools import chain

import numpy as np
from scipy import sparse
from sklearn.feature_extraction import text as sklearn_text
from sklearn.preprocessing import normalize
from sklearn.utils._sparse import _align_api_if_sparse

from textvec._checks import check_number
from textvec.kernels.counting import hash_rows
from textvec.kernels.hashing import count_hashes, murmur_hashes
from textvec.sparse.analysis import (
    COMPILED,
    DEFAULT_PATTERN,
    EXTENDED,
    MIN_CHARS,
    CompiledAnalyzer,
)
from textvec.sparse.ngrams import keep_all
from textvec.sparse.rows import MAX_INT32, index_dtype, normalize_in_place, stacked
from textvec.sparse.spelling import Spelled, SpelledNames, begins_of
from textvec.text.vocabulary import hash_words, map_blocks


class HashingVectorizer(CompiledAnalyzer, sklearn_text.HashingVectorizer):
    """Count n-grams into columns that a hash of their name gives: no vocabulary, nothing to fit.

    A drop-in for :class:`sklearn.feature_extraction.text.HashingVectorizer`: the same parameters,
    columns, signs and numbers, many times faster.

    Parameters
    ----------
    input, encoding, decode_error, strip_accents, lowercase, preprocessor, tokenizer
        As in :class:`CountVectorizer`.
    stop_words, token_pattern, ngram_range, analyzer
        As in :class:`CountVectorizer`.
    n_features : int, default=2**20
        Columns. Few make different n-grams share one.
    binary : bool, default=False
        Store 1 for every column that is hit, before ``norm``.
    norm : {"l1", "l2"} or None, default="l2"
        Scale each row to this norm.
    alternate_sign : bool, default=True
        Let half of the n-grams count negative, so that what shares a column cancels on average.
    dtype : dtype, default=numpy.float64
        Of the matrix.
    stem, n_jobs
        As in :class:`CountVectorizer`.

    Notes
    -----
    The column is abs(h) mod ``n_features`` and the sign that of h, the signed 32-bit MurmurHash3
    of the n-gram in UTF-8 (Weinberger et al. 2009, "Feature hashing for large scale multitask
    learning").

    scikit-learn's raises UnicodeEncodeError for half of a surrogate pair, which is hashed here as
    the bytes that Python's "surrogatepass" gives it, and StopIteration for no documents at all,
    which have a matrix without rows here.

    Examples
    --------
    >>> HashingVectorizer(n_features=8, norm=None).transform(["a quiet room"]).toarray()
    array([[ 0.,  1.,  0., -1.,  0.,  0.,  0.,  0.]])
    """

    _parameter_constraints: dict = {
        **sklearn_text.HashingVectorizer._parameter_constraints,
        **EXTENDED,
    }

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
        stop_words=None,
        token_pattern=DEFAULT_PATTERN,
        ngram_range=(1, 1),
        analyzer="word",
        n_features=2**20,
        binary=False,
        norm="l2",
        alternate_sign=True,
        dtype=np.float64,
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
            stop_words=stop_words,
            token_pattern=token_pattern,
            ngram_range=ngram_range,
            analyzer=analyzer,
            n_features=n_features,
            binary=binary,
            norm=norm,
            alternate_sign=alternate_sign,
            dtype=dtype,
        )
        self.stem = stem
        self.n_jobs = n_jobs

    def transform(self, X):
        """Count the n-grams of documents.

        Parameters
        ----------
        X : iterable
            Documents: str, bytes, file names or file objects, as ``input`` says.

        Returns
        -------
        sparse matrix of shape (n_documents, n_features)
            The counts, in CSR.

        Raises
        ------
        TypeError, ValueError
            If ``n_features`` or ``ngram_range`` is out of range, ``dtype`` holds no negative
            numbers and ``alternate_sign`` asks for them, or a document is no text.
        """
        if isinstance(X, str):
            raise ValueError("Iterable over raw text documents expected, string object received.")
        self._validate_ngram_range()
        # Nobody need call fit, which checks it, too: of less than 1 a kernel would never end.
        check_number("n_features", self.n_features, low=1, high=MAX_INT32, integer=True)
        if self.alternate_sign and np.dtype(self.dtype).kind == "u":
            raise ValueError(
                "dtype must hold negative numbers where alternate_sign=True makes half of the "
                f"counts negative. Got {self.dtype!r}: take a signed one, or alternate_sign=False."
            )
        self._check_set()
        self.build_analyzer()  # for its checks and warnings
        analysis = self._analysis()
        if analysis in COMPILED:
            blocks, lowercase = self._blocks(X)
            blocks = self._warning_of_han(blocks, analysis)
            counts = self._count_blocks(blocks, lowercase, analysis)
        else:
            ngrams = self._find(X, keep_all)
            counts = hash_counts(ngrams, *self._hashing())
        if self.binary:
            counts.data.fill(1)
        if self.norm is not None:
            if counts.dtype in (np.float64, np.float32):
                normalize_in_place(counts, self.norm, self.n_jobs)
            elif counts.shape[0]:
                counts = normalize(counts, norm=self.norm, copy=False)
        return _align_api_if_sparse(counts)

    def _each_row(self, raw_documents, function, first_row=0):
        """Yield ``function(document)``; refuse what scikit-learn does, of the first alone."""
        for row, features in enumerate(super()._each_row(raw_documents, function, first_row)):
            if row == 0 and isinstance(features, str):
                raise ValueError(
                    "Samples can not be a single string. The input must be an iterable over "
                    "iterables of strings."
                )
            yield features

    def _hashing(self):
        """Return how to hash; what is True or False has no sign, and nothing cancels."""
        has_signs = self.alternate_sign and np.dtype(self.dtype) != np.bool_
        return self.n_features, has_signs, self.dtype

    def _count_blocks(self, blocks, lowercase, analysis):
        stop_words = self._stop_list() if analysis == "word" else ()
        words_alone = analysis == "word" and self.ngram_range == (1, 1) and self.stem is None

        how = self._hashing()

        def count(block):
            if words_alone and not stop_words:
                min_chars = MIN_CHARS[self.token_pattern]
                return count_hashed(hash_words(block, "word", min_chars, lowercase), *how)
            ngrams = self._find_in_blocks([block], lowercase, analysis, keep_all, None)
            return hash_counts(ngrams, *how)

        parts = map_blocks(count, blocks, self.n_jobs)
        first = next(parts, None)
        return stacked(chain([count([]) if first is None else first], parts), self.dtype)

    def set_output(self, *, transform=None):
        """Accept the sparse matrix only, for hashed columns have no names.

        Parameters
        ----------
        transform : {"default"} or None, default=None
            The type of what ``transform`` returns.

        Returns
        -------
        self : object
            This vectorizer.

        Raises
        ------
        ValueError
            If a DataFrame is asked for.
        """
        if transform not in ("default", None):
            raise ValueError(
                f"transform must be 'default' for HashingVectorizer. Got {transform!r} instead: "
                "hashed columns have no names; use CountVectorizer for a DataFrame."
            )
        return self


def hash_counts(ngrams, n_columns, alternate_sign, dtype):
    """Count n-grams into the columns that the MurmurHash3 of their names gives.

    Parameters
    ----------
    ngrams : Ngrams or NgramsInWords
    n_columns : int
    alternate_sign : bool
        Whether half of the names count negative.
    dtype : dtype
        Of the counts.

    Returns
    -------
    csr_array
        Indices sorted; names that fall into one column are summed, sums of 0 included.
    """
    spelled = ngrams.grams.spelled()
    if isinstance(spelled, SpelledNames):
        names = spelled.names()
        if not all(isinstance(name, str | bytes) for name in names):
            raise TypeError("feature names must be strings")
        parts = [
            name if isinstance(name, bytes) else name.encode("utf-8", "surrogatepass")
            for name in names
        ]
        text = np.frombuffer(bytearray().join(parts), np.uint8)
        ends = np.fromiter(map(len, parts), np.int64, len(parts)).cumsum()
        spelled = Spelled(text, begins_of(ends), ends, "")
    hashes = murmur_hashes(spelled.text, spelled.begins, spelled.ends)
    used, column_numbers = np.unique(np.abs(hashes) % n_columns, return_inverse=True)
    signs = np.where(hashes < 0, -1, 1) if alternate_sign else np.ones(len(hashes), np.int64)
    counts = ngrams.counts(np.arange(len(hashes), dtype=np.int32), np.int64)
    indptr, indices, data = hash_rows(
        counts.indptr, counts.indices, counts.data, column_numbers, signs, used
    )
    shape = len(indptr) - 1, n_columns
    return sparse.csr_array((data, indices, indptr), shape=shape, dtype=dtype)


def count_hashed(hashes, n_columns, alternate_sign, dtype):
    """Count tokens by their hashes: as `hash_counts`, for features that are single words.

    Parameters
    ----------
    hashes : Ragged of int32
        The MurmurHash3 of each token.
    n_columns, alternate_sign, dtype
        As in `hash_counts`.

    Returns
    -------
    csr_array
        Indices sorted; hashes that fall into one column are summed, sums of 0 included.
    """
    integers = index_dtype(len(hashes.values))
    indptr = np.empty(len(hashes.ends) + 1, integers)
    indices = np.empty(len(hashes.values), integers)
    data = np.empty(len(indices), np.float64 if dtype == np.float64 else np.int64)
    count_hashes(*hashes, n_columns, alternate_sign, indptr, indices, data)
    data, indices = data[: indptr[-1]].copy(), indices[: indptr[-1]].copy()
    shape = len(indptr) - 1, n_columns
    return sparse.csr_array((data, indices, indptr), shape=shape, dtype=dtype)
