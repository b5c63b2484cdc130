"""Dense vectors from a factorised matrix: of terms and documents, or of words and contexts."""

from typing import Self

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.decomposition import TruncatedSVD
from sklearn.preprocessing import normalize
from sklearn.utils.extmath import row_norms
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import threadpool_limits

from textvec._checks import check_documents, check_number, check_type, seeded
from textvec._threads import held, learning
from textvec.dense.collected_pairs import CollectedPairs, collect_pairs, rows_of_contexts
from textvec.dense.documents import WordVectorizer, idf_of_words
from textvec.dense.keyed_vectors import KeyedVectors
from textvec.kernels.cooccurrence import count_pairs, shifted_ppmi
from textvec.persistence import SaveMixin, fingerprint
from textvec.sparse.collected import CollectedTerms, check_settings, name_of
from textvec.sparse.tfidf import TfidfVectorizer
from textvec.text.corpus import learn_corpus, least_count

_OWN = ("vector_size", "random_state")
_EXACTLY = 4  # texts for each dimension: the rank of more is not in doubt
_TINY = np.finfo(np.float32).tiny


class LSAVectorizer(SaveMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Short dense document vectors in which words that keep the same company stand together.

    Latent semantic analysis: TF-IDF, then the best approximation of that matrix by
    ``vector_size`` dimensions (truncated singular value decomposition), then unit length. A
    document ``x`` (its TF-IDF row) becomes ``x V / ||x V||``, the columns of ``V`` being the
    leading right singular vectors of the matrix seen in fit.

    Parameters
    ----------
    vector_size : int >= 1, default=100
        Dimensions to keep. Fewer merge more words into one direction. It cannot exceed the rank
        of the TF-IDF matrix, which is at most the number of documents and of terms.
    input, encoding, decode_error, strip_accents, lowercase, preprocessor, tokenizer, analyzer, \
stop_words, token_pattern, ngram_range, max_df, min_df, max_features, vocabulary, binary, dtype, \
norm, use_idf, smooth_idf, sublinear_tf, stem, n_jobs
        As in :class:`~textvec.TfidfVectorizer`, with its defaults but for ``analyzer="mixed"``:
        how a document becomes a TF-IDF row. Text of every script gives terms; ``tokenizer``, or
        another ``token_pattern``, asks for words. ``dtype`` is that of the row; the vectors are
        always float32.
    random_state : int, RandomState instance or None, default=None
        Seed of the randomised decomposition; pass an int for the same vectors each time.

    Attributes
    ----------
    components_ : ndarray of shape (vector_size, n_terms), float32
        The leading right singular vectors, ``V`` transposed.
    singular_values_ : ndarray of shape (vector_size,), float32
        Their singular values, largest first.
    explained_variance_ratio_ : ndarray of shape (vector_size,), float32
        Share of the variance of the TF-IDF matrix along each dimension.
    tfidf_ : TfidfVectorizer
        The fitted first step, with ``vocabulary_`` and ``idf_``.

    Raises
    ------
    ValueError
        In fit, if ``vector_size`` exceeds the rank of the TF-IDF matrix.

    See Also
    --------
    TfidfVectorizer : The same without the decomposition: sparse, and every feature is a term.

    References
    ----------
    Deerwester et al. 1990, "Indexing by latent semantic analysis", JASIS 41(6); the randomised
    decomposition is Halko, Martinsson and Tropp 2011, "Finding structure with randomness".

    Examples
    --------
    >>> from textvec import LSAVectorizer
    >>> rooms = ["quiet room with sea view", "room near the sea", "airport shuttle", "free shuttle"]
    >>> vectors = LSAVectorizer(vector_size=2, random_state=0).fit_transform(rooms)
    >>> (vectors @ vectors.T).round(1) + 0.0
    array([[1., 1., 0., 0.],
           [1., 1., 0., 0.],
           [0., 0., 1., 1.],
           [0., 0., 1., 1.]], dtype=float32)
    """

    def __init__(
        self,
        *,
        vector_size=100,
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
        norm="l2",
        use_idf=True,
        smooth_idf=True,
        sublinear_tf=False,
        stem=None,
        n_jobs=None,
        random_state=None,
    ):
        self.vector_size = vector_size
        self.input = input
        self.encoding = encoding
        self.decode_error = decode_error
        self.strip_accents = strip_accents
        self.lowercase = lowercase
        self.preprocessor = preprocessor
        self.tokenizer = tokenizer
        self.analyzer = analyzer
        self.stop_words = stop_words
        self.token_pattern = token_pattern
        self.ngram_range = ngram_range
        self.max_df = max_df
        self.min_df = min_df
        self.max_features = max_features
        self.vocabulary = vocabulary
        self.binary = binary
        self.dtype = dtype
        self.norm = norm
        self.use_idf = use_idf
        self.smooth_idf = smooth_idf
        self.sublinear_tf = sublinear_tf
        self.stem = stem
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(self, raw_documents, y=None) -> Self:
        """Learn the terms, their weights and the dimensions.

        Parameters
        ----------
        raw_documents : iterable of str
            The documents to learn from.
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
        raw_documents : iterable of str
            The documents to learn from.
        y : None
            Ignored.

        Returns
        -------
        ndarray of shape (n_documents, vector_size), float32
            Rows of unit length, or zero where a document has no part in the kept dimensions.
        """
        learned, weights = self._fit(raw_documents)
        return learned._project(weights)

    def collect(self, raw_documents, max_terms=None) -> CollectedTerms:
        """Count terms and their documents in one shard: what the TF-IDF step learns from.

        Parameters
        ----------
        raw_documents : iterable of str
            Documents of this shard.
        max_terms : int >= 1 or None, default=None
            As in :meth:`textvec.TfidfVectorizer.collect`.

        Returns
        -------
        CollectedTerms
        """
        return self._tfidf().collect(raw_documents, max_terms)

    def fit_collected(self, parts, raw_documents) -> Self:
        """Learn terms and weights from collected parts, and the dimensions from documents.

        Terms and their weights add up; a singular value decomposition does not, and has to see
        documents: all of them, for what one ``fit`` on all would learn, or as many as memory
        holds, drawn at random. The weights are those of all documents in either case.

        Parameters
        ----------
        parts : iterable of CollectedTerms, str or path-like
            As in :meth:`textvec.TfidfVectorizer.fit_collected`.
        raw_documents : iterable of str
            The documents that the dimensions are learned from.

        Returns
        -------
        self
        """
        self._check(raw_documents)
        with learning(self) as aside:
            aside.tfidf_ = aside._tfidf().fit_collected(parts)
            aside._learn_dimensions(aside.tfidf_.transform(raw_documents))
        return self

    def transform(self, raw_documents) -> np.ndarray:
        """Return the vectors of the documents.

        Parameters
        ----------
        raw_documents : iterable of str
            Documents, seen in fit or not; terms not seen in fit are ignored.

        Returns
        -------
        ndarray of shape (n_documents, vector_size), float32
            Rows of unit length, or zero where a document has no part in the kept dimensions.
        """
        check_is_fitted(self)
        check_documents(raw_documents)
        now = held(self)
        return now._project(now.tfidf_.transform(raw_documents))

    def _check(self, raw_documents):
        check_documents(raw_documents)
        check_number("vector_size", self.vector_size, low=1, integer=True)
        seeded(self.random_state)

    def _fit(self, raw_documents):
        self._check(raw_documents)
        with learning(self) as aside:
            weights = aside._learn(raw_documents)
        return aside, weights

    def _tfidf(self):
        parameters = self.get_params(deep=False)
        tfidf = TfidfVectorizer(
            **{name: value for name, value in parameters.items() if name not in _OWN}
        )
        # "mixed" is the default here: beside a tokenizer it is no mistake of the user's
        return tfidf.set_params(analyzer=tfidf._analyzer())

    def _learn(self, raw_documents):
        self.tfidf_ = self._tfidf()
        weights = self.tfidf_.fit_transform(raw_documents)  # (n_documents, n_terms)
        self._learn_dimensions(weights)
        return weights

    def _learn_dimensions(self, weights):
        weights.sort_indices()  # float sums follow the stored order, which fit and transform vary
        if weights.shape[1] < 2:  # of which the decomposition makes nothing
            raise ValueError(
                f"the documents must hold two terms at least. Got {list(self.tfidf_.vocabulary_)} "
                "instead: give more text, or take TfidfVectorizer."
            )
        if self.vector_size > min(weights.shape):
            self._raise_rank(min(weights.shape), weights.shape)
        svd = _decompose(weights, self.vector_size, self.random_state)
        rank = _rank(svd, weights)
        if rank < self.vector_size:
            self._raise_rank(rank, weights.shape)
        self.components_ = svd.components_.astype(np.float32)
        self.singular_values_ = svd.singular_values_.astype(np.float32)
        self.explained_variance_ratio_ = svd.explained_variance_ratio_.astype(np.float32)

    def _project(self, weights):
        weights.sort_indices()  # float sums follow the stored order, which fit and transform vary
        weights = weights.astype(np.float32)
        vectors = weights @ self.components_.T
        # A document outside the kept dimensions leaves rounding noise, not to be stretched.
        kept = np.linalg.norm(vectors, axis=1) / np.maximum(row_norms(weights), _TINY)
        vectors[kept < 1e-6] = 0
        return normalize(vectors, copy=False)

    def _raise_rank(self, rank, shape):
        n_documents, n_terms = shape
        raise ValueError(
            f"vector_size must be at most {rank}, the rank of the TF-IDF matrix of {n_documents} "
            f"documents and {n_terms} terms. Got {self.vector_size} instead: lower it, or fit on "
            "more documents."
        )

    @property
    def _n_features_out(self):
        return len(self.components_)


def dimensions_for(model, texts):
    """Return how many dimensions an LSA can have on some texts: its own, or fewer on few texts.

    Parameters
    ----------
    model : LSAVectorizer
        Unfitted; it stays as it is.
    texts : sequence of str
        What it is to be fitted on.

    Returns
    -------
    int
        ``vector_size``, or the rank of the TF-IDF matrix if that is less. Of four times as many
        distinct texts as dimensions only the number of their terms is looked at.

    Examples
    --------
    >>> dimensions_for(LSAVectorizer(), ["sea view", "near the sea", "airport", "sea view"])
    3
    """
    weights = model._tfidf().fit_transform(texts)
    most = min(model.vector_size, weights.shape[1])
    distinct = weights[np.unique(np.asarray(texts, dtype=object), return_index=True)[1]]
    if distinct.shape[0] > _EXACTLY * most:
        return most
    rank = np.linalg.matrix_rank((distinct @ distinct.T).toarray(), hermitian=True)
    return max(1, min(most, int(rank)))


class PPMI(WordVectorizer):
    """Word vectors from counts: words that keep the same company stand together.

    The count-based cousin of :class:`~textvec.Word2Vec`: a sparse matrix of words by context words
    is filled with shifted positive pointwise mutual information,
    ``max(log(#(w, c) / (#(w) P(c))) - log shift, 0)``, and the best approximation ``U S V'`` of
    that matrix by ``vector_size`` dimensions gives the word vectors ``U sqrt(S)``. Skip-gram with
    ``k`` negative samples approximates the same matrix with ``shift=k``, without the cut at 0.

    Parameters
    ----------
    vector_size : int >= 1, default=100
        Dimensions to keep. It cannot exceed the rank of the matrix, which is at most the number of
        words.
    window : int >= 1, default=5
        How many words to either side, within a document, are the context of a word. Small windows
        find words that can replace each other, large ones words of one topic.
    min_count : int >= 1 or "auto", default="auto"
        Rarer words are dropped before windows are laid. "auto" is one for every 600,000 words of
        the text, from 2 to 5.
    shift : float >= 1, default=1
        Only pairs that co-occur this many times more often than by chance count at all.
    context_smoothing : float in [0, 1], default=0.75
        ``P(c)`` is ``#(c) ** context_smoothing`` over its sum. Less than 1 makes rare contexts more
        probable, which keeps them from dominating; 1 does not.
    pooling : {"mean", "idf", "sif", "max"}, default="mean"
        How word vectors become document vectors, see :class:`~textvec.DocumentVectorizer`.
    tokenizer : "jieba", "whitespace", callable or None, default=None
        How raw text is cut into words. None lower-cases it and takes the runs of word characters
        (``\\w+``), of which it has jieba cut those of Han characters, so that Chinese, English
        and any mixture need no other; runs of kana, hangul or Thai stay whole. "jieba" cuts all
        text as :class:`~textvec.JiebaTokenizer` does, also words such as T恤, and keeps its case;
        so does "whitespace", which splits at white space, for text that is cut already. Token lists
        are taken as they are.
    n_jobs : int or None, default=None
        How many threads; None is 1 and -1 all cores. The result is the same for any.
    random_state : int, RandomState instance or None, default=None
        Seed of the randomised decomposition; pass an int for the same vectors each time.

    Attributes
    ----------
    keyed_vectors_ : KeyedVectors
        The words, most frequent first, their vectors and counts.
    singular_values_ : ndarray of shape (vector_size,), float32
        The leading singular values of the matrix, largest first.
    pooling_, word_weights_, common_component_
        As in :class:`~textvec.DocumentVectorizer`.

    Raises
    ------
    TypeError
        If a document is no text, or a token no str; the message names its row.
    ValueError
        In fit, if no word is frequent enough, or ``vector_size`` exceeds the rank of the matrix.

    See Also
    --------
    LSAVectorizer : Factorises terms by documents instead of words by words.

    References
    ----------
    Levy and Goldberg 2014, "Neural word embedding as implicit matrix factorization", NeurIPS;
    Levy, Goldberg and Dagan 2015, "Improving distributional similarity with lessons learned from
    word embeddings", TACL 3 (context distribution smoothing; ``U sqrt(S)``).

    Examples
    --------
    >>> from textvec import PPMI
    >>> rooms = ["sea view room", "ocean view room", "sea breeze", "ocean breeze", "airport bus"]
    >>> model = PPMI(vector_size=2, min_count=1, random_state=0).fit(rooms)
    >>> model.keyed_vectors_.most_similar("sea", topn=1)[0][0]
    'ocean'
    """

    def __init__(
        self,
        vector_size=100,
        window=5,
        min_count="auto",
        *,
        shift=1,
        context_smoothing=0.75,
        pooling="mean",
        tokenizer=None,
        n_jobs=None,
        random_state=None,
    ):
        self.vector_size = vector_size
        self.window = window
        self.min_count = min_count
        self.shift = shift
        self.context_smoothing = context_smoothing
        self.pooling = pooling
        self.tokenizer = tokenizer
        self.n_jobs = n_jobs
        self.random_state = random_state

    def _check_parameters(self):
        super()._check_parameters()
        check_number("vector_size", self.vector_size, low=1, integer=True)
        check_number("window", self.window, low=1, integer=True)
        check_number("shift", self.shift, low=1)
        check_number("context_smoothing", self.context_smoothing, low=0, high=1)
        seeded(self.random_state)

    def collect(self, raw_documents, words=None) -> CollectedPairs:
        """Count words, and which stand near which, in one shard, to be fitted on.

        Words that are too rare are dropped *before* windows are laid, and what is rare is known
        only when all shards are counted. So unless ``min_count`` is 1 it takes two passes: one
        counts words, the other, which is given their sum, counts pairs.

        Parameters
        ----------
        raw_documents : iterable of str, iterable of token lists, or path-like
            Documents of this shard, as for :meth:`fit`; none are fine.
        words : CollectedPairs or None, default=None
            The merged counts of the first pass. None counts words, and with ``min_count=1``,
            which drops none, pairs as well.

        Returns
        -------
        CollectedPairs

        Raises
        ------
        TypeError
            If a document is no text, a token no str, or ``words`` something else.

        Examples
        --------
        >>> from textvec import PPMI, CollectedPairs
        >>> shards = [["sea view room", "ocean view room"], ["sea breeze", "ocean breeze"]]
        >>> ppmi = PPMI(vector_size=2, min_count=2, random_state=0)
        >>> words = CollectedPairs.merge(ppmi.collect(shard) for shard in shards)
        >>> ppmi = ppmi.fit_collected([ppmi.collect(shard, words) for shard in shards])
        >>> ppmi.keyed_vectors_.index_to_key
        ['breeze', 'ocean', 'room', 'sea', 'view']
        """
        self._check_parameters()
        wanted = "None, or what CollectedPairs.merge(parts) returns"
        check_type("words", words, CollectedPairs | None, wanted)
        settings = self._says_what_counts(words)
        if words is None:
            return collect_pairs(
                raw_documents, self.tokenizer, self.window, self.n_jobs, settings, None,
                self.min_count == 1,
            )  # fmt: skip
        kept = self._frequent(words)
        return collect_pairs(
            raw_documents, self.tokenizer, self.window, self.n_jobs, settings, kept
        )

    def fit_collected(self, parts) -> Self:
        """Learn from collected parts, as :meth:`fit` learns from all their documents.

        Counts of words and pairs are those of one fit, whatever the cut. Words that are equally
        frequent stand in alphabetical order, where :meth:`fit` has the first that appears first:
        where there are such, vectors may differ as by another ``random_state``.

        Parameters
        ----------
        parts : iterable of CollectedPairs, str or path-like
            What :meth:`collect` returned for each shard, or files that it was saved to.

        Returns
        -------
        self

        Raises
        ------
        TypeError
            If a part is something else.
        ValueError
            If there is no part, a file comes twice or is damaged, parts hold words alone or were
            collected with other settings, or ``pooling`` is "sif", which has to see documents.
        """
        self._check_parameters()
        if self.pooling == "sif":
            raise ValueError(
                "pooling='sif' takes out what documents have in common, and parts hold none. Fit "
                "with 'mean', then DocumentVectorizer(model.keyed_vectors_, 'sif') on documents."
            )
        with learning(self) as aside:
            aside._learn_from_parts(parts)
        return self

    def _says_what_counts(self, words=None):
        """Return the settings that decide the counts."""
        settings = {"window": self.window, "tokenizer": name_of(self.tokenizer)}
        if words is None:
            return {**settings, "words": None}
        return {**settings, "words": fingerprint(sorted(self._frequent(words)))[:16]}

    def _frequent(self, counted):
        terms = counted.words
        least = least_count(self.min_count, terms.total_length)
        return terms.taken(np.flatnonzero(terms.collection_frequencies >= least)).names()

    def _learn_from_parts(self, parts):
        merged = CollectedPairs.merge(parts)
        found = merged.words.settings
        wanted = {**self._says_what_counts(), "words": found.get("words")}
        check_settings("part 0", found, wanted, "this PPMI")
        frequencies = merged.words.collection_frequencies.astype(np.int64)
        least = least_count(self.min_count, merged.words.total_length)
        has_rare = (frequencies < least).any()
        if found["words"] is None and (not merged.has_pairs or has_rare):
            raise ValueError(
                f"min_count={least} drops words before windows are laid, and these parts "
                "were collected over all words. Collect once more: "
                "model.collect(shard, words=textvec.CollectedPairs.merge(parts))."
            )
        if has_rare or not len(merged):
            raise ValueError(
                f"No words, or words rarer than min_count={least}, are in these parts: "
                "collect all shards with the min_count that fits them."
            )
        order = np.argsort(-frequencies, kind="stable")  # equals stay in alphabetical order
        matrix = merged.matrix()[order][:, order]
        matrix.sort_indices()
        n_pairs = np.asarray(matrix.sum(axis=1), np.int64)
        row_ends, contexts = matrix.indptr[1:].astype(np.int64), matrix.indices.astype(np.int32)
        weigh = self._weigher_of_rows(n_pairs)
        weights = weigh(0, len(order), row_ends, contexts, matrix.data)
        words = merged.words.taken(order).names()
        self._factorize(weights, words, frequencies[order])
        self.pooling_, self.common_component_ = self.pooling, None
        if self.pooling == "idf":
            documents = merged.words.document_frequencies.astype(np.int64)[order]
            self.word_weights_ = idf_of_words(merged.words.n_documents, documents)
        else:
            self.word_weights_ = self._word_weights(None, len(words))

    def _learn(self, raw_documents):
        corpus = learn_corpus(raw_documents, self.tokenizer, self.min_count, n_jobs=self.n_jobs)
        weights = self._weights_of_text(corpus.tokens, len(corpus.words))
        self._factorize(weights, corpus.words, corpus.counts)
        return corpus.tokens, []

    def _factorize(self, weights, words, counts):
        """Learn vectors of words from their shifted positive PMI."""
        n_words = len(words)
        if not weights.nnz:
            raise ValueError(
                "PPMI learns from words next to others. Got no two words together more often than "
                f"by chance, among {n_words} that are frequent enough: lower min_count or shift, "
                "or give more text; a document is a list of tokens or a text, not a word."
            )
        rank = n_words
        if self.vector_size <= rank:
            svd = _decompose(weights, self.vector_size, self.random_state)
            rank = _rank(svd, weights)
        if self.vector_size > rank:
            raise ValueError(
                f"vector_size must be at most {rank}, the rank of the matrix of {n_words} words "
                f"and their contexts. Got {self.vector_size} instead: lower it, lower min_count or "
                "shift, or fit on more documents."
            )
        vectors = weights @ (svd.components_ / np.sqrt(svd.singular_values_)[:, None]).T
        self.singular_values_ = svd.singular_values_.astype(np.float32)
        self.keyed_vectors_ = KeyedVectors(vectors, words, counts)

    def _weights_of_text(self, tokens, n_words):
        """Return shifted positive PMI as csr_array of shape (n_words, n_words), float32."""
        n_pairs = count_pairs(*tokens, self.window, n_words)
        return rows_of_contexts(
            tokens, n_words, self.window, self.n_jobs, self._weigher_of_rows(n_pairs)
        )

    def _weigher_of_rows(self, n_pairs):
        """Return what turns cells, as `count_contexts` returns them, into rows of weights."""
        shares = n_pairs.astype(np.float64) ** self.context_smoothing * (n_pairs > 0)
        shares /= max(1, shares.sum())

        def weigh(first, last, row_ends, contexts, counts):
            weights = shifted_ppmi(
                row_ends, contexts, counts, n_pairs[first:last], shares, np.log(self.shift)
            )
            contexts = contexts[: len(weights)].copy()  # what was cut off goes
            indptr = np.concatenate([[0], row_ends])
            return sparse.csr_array((weights, contexts, indptr), shape=(last - first, len(n_pairs)))

        return weigh


def _decompose(matrix, vector_size, random_state):
    # Slim matrices: more threads round differently and seldom help. One row alone varies by 0.
    with threadpool_limits(1), np.errstate(invalid="ignore"):
        return TruncatedSVD(vector_size, random_state=random_state).fit(matrix)


def _rank(svd, matrix):
    """Return how many of the singular values are more than rounding."""
    noise = svd.singular_values_[0] * min(100, *matrix.shape) * np.finfo(matrix.dtype).eps
    return np.count_nonzero(svd.singular_values_ > noise)
