"""Counts of word and character n-grams: scikit-learn's vectorizers on compiled kernels."""

import re
from array import array
from numbers import Integral

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.base import _fit_context
from sklearn.feature_extraction import text as sklearn_text
from sklearn.preprocessing import normalize
from sklearn.utils import metadata_routing
from sklearn.utils._param_validation import StrOptions
from sklearn.utils._sparse import _align_api_if_sparse

from textvec._checks import check_choice, warn_user
from textvec.persistence import SaveMixin
from textvec.ragged import Ragged
from textvec.sparse.ngrams import (
    KnownNgrams,
    Names,
    Ngrams,
    NgramsInWords,
    Pruning,
    Spelling,
    count_hashed,
    count_known,
    hash_counts,
    learn_vocabulary,
)
from textvec.sparse.rows import compact, normalize_in_place, stacked
from textvec.text.stemming import stem_terms
from textvec.text.stop_words import stop_words as stop_words_of
from textvec.text.tokenizers import resolve_tokenizer
from textvec.text.vocabulary import (
    HAN,
    Interner,
    check_is_text,
    documents_in_blocks,
    hash_words,
    map_blocks,
    scan_codes,
    scan_words,
)

_DEFAULT_PATTERN = r"(?u)\b\w\w+\b"
# Token patterns that the compiled scanner knows: maximal runs of \w, at least so many characters.
_MIN_CHARS = {
    f"{flag}{edge}{body}{edge}": min_chars
    for body, min_chars in ((r"\w\w+", 2), (r"\w+", 1))
    for flag in ("(?u)", "")
    for edge in (r"\b", "")
}
_FEW_CHARACTERS = 4_000  # looked up in Python: sooner done than compiled tables are made ready
_COMPILED = ("word", "char", "char_wb")  # analyses that need no Python for a token
_HAN_SAMPLE = 20_000  # characters that are looked at for Chinese text


class _CompiledAnalyzer(SaveMixin):
    """What counting and hashing share: from raw documents to n-grams, compiled where possible.

    Each step of scikit-learn's analysis (decode, preprocess, tokenize, n-grams) runs compiled
    unless a parameter or a subclass gives its own; then that step runs in Python.
    """

    def build_tokenizer(self):
        """Return a function that splits a str into a list of tokens.

        Returns
        -------
        callable
            The tokenizer; ``"jieba"`` stands for a :class:`textvec.JiebaTokenizer`.
        """
        if self.tokenizer is not None:
            return resolve_tokenizer(self.tokenizer)
        return super().build_tokenizer()

    def get_stop_words(self):
        """Return the stop words in effect.

        Returns
        -------
        frozenset of str or None
            The words of ``stop_words``.
        """
        if isinstance(self.stop_words, str) and self.stop_words == "chinese":
            return stop_words_of("chinese")
        return super().get_stop_words()

    def _word_ngrams(self, tokens, stop_words=None):
        """Turn tokens into n-grams, after dropping stop words and stemming."""
        if self.stem is not None:
            tokens = stem_terms(
                [token for token in tokens if token not in (stop_words or ())], self.stem
            )
            stop_words = None
        return super()._word_ngrams(tokens, stop_words)

    def _warn_for_unused_params(self):
        if self.tokenizer == "jieba" and self.analyzer == "word":
            return  # the default token_pattern is no mistake of the user's
        super()._warn_for_unused_params()

    def _keeps(self, *names):
        """Whether these methods are still this library's own."""
        original = HashingVectorizer if isinstance(self, HashingVectorizer) else CountVectorizer
        return all(
            getattr(type(self), name) is getattr(original, name) and name not in vars(self)
            for name in names
        )

    def _expects_text(self):
        """Whether documents must be text: the user's own first step may take anything."""
        return (
            self.preprocessor is None
            and not callable(self.analyzer)
            and self._keeps("build_preprocessor", "build_analyzer", "decode")
        )

    def _analysis(self):
        """Return how to analyze: "char", "char_wb", "word", "tokens" or "features".

        The first three are compiled; "tokens" are made in Python and their n-grams compiled, and
        "features" are all made in Python.
        """
        ngrams = {"word": "_word_ngrams", "char": "_char_ngrams", "char_wb": "_char_wb_ngrams"}
        if callable(self.analyzer) or not self._keeps("build_analyzer", ngrams[self.analyzer]):
            return "features"
        if self.ngram_range[0] < 1:  # scikit-learn allows it and counts empty strings
            return "features"
        if self.analyzer != "word":
            return self.analyzer
        known_pattern = self.tokenizer is None and self.token_pattern in _MIN_CHARS
        return "word" if known_pattern and self._keeps("build_tokenizer") else "tokens"

    def _blocks(self, raw_documents, least_characters=0):
        """Return blocks of text to scan, and whether the scanner is to lower its case."""
        scanner_lowers = (
            self.preprocessor is None
            and not self.strip_accents
            and self._keeps("build_preprocessor")
        )
        if scanner_lowers:
            is_plain = self.input == "content" and self._keeps("decode")
            blocks = documents_in_blocks(
                raw_documents,
                self.decode,
                decode_all=not is_plain,
                least_characters=least_characters,
            )
            return blocks, self.lowercase
        preprocess = self.build_preprocessor()
        blocks = documents_in_blocks(
            raw_documents,
            lambda document: preprocess(self.decode(document)),
            decode_all=True,
            expects_text=self._expects_text(),
            least_characters=least_characters,
        )
        return blocks, False

    def _scan(self, blocks, lowercase, analysis, stop_words=(), interner=None, n_jobs=None):
        """Scan words in compiled code; return their ids and the interner of these."""
        if analysis == "char_wb":
            return scan_words(blocks, "non-space", 1, lowercase, n_jobs=n_jobs)
        min_chars = _MIN_CHARS[self.token_pattern]
        return scan_words(blocks, "word", min_chars, lowercase, stop_words, interner, n_jobs)

    def _numbered(self, raw_documents, analysis):
        """Make tokens in Python; return their ids, the terms, and if these are whole features."""
        if analysis == "features":
            features = self._each_row(raw_documents, self.build_analyzer())
            return *_number(features), True
        preprocess, tokenize = self.build_preprocessor(), self.build_tokenizer()
        stop_words = self.get_stop_words() or ()

        def tokens_of(document):
            tokens = tokenize(preprocess(self.decode(document)))
            return [token for token in tokens if token not in stop_words]

        tokens, terms = _number(self._each_row(raw_documents, tokens_of))
        if self.stem is not None:
            tokens, terms = _merged(tokens, stem_terms(terms, self.stem))
        if self.ngram_range == (1, 1):
            return tokens, terms, True
        if all(isinstance(term, str) and term and " " not in term for term in terms):
            return tokens, terms, False
        # "a b" + "c" and "a" + "b c" are one n-gram, as "" and "a" may be: only strings can tell
        rows = ([terms[token] for token in row.tolist()] for row in tokens.rows())
        return *_number(map(super()._word_ngrams, rows)), True

    def _each_row(self, raw_documents, function):
        """Yield ``function(document)``; where that fails for what is no text, name the row."""
        for row, document in enumerate(raw_documents):
            try:
                yield function(document)
            except (AttributeError, TypeError) as error:
                if self._expects_text():
                    check_is_text(row, document, error)
                raise

    def _stop_list(self):
        return [word for word in self.get_stop_words() or () if isinstance(word, str) and word]

    def _warning_of_han(self, blocks, analysis):
        """Pass blocks on; warn if the first is Chinese and the default pattern is to cut it up."""
        for number, block in enumerate(blocks):
            if number == 0 and analysis == "word" and self.token_pattern == _DEFAULT_PATTERN:
                sample = "".join(text[:_HAN_SAMPLE] for text in block[:1000])[:_HAN_SAMPLE]
                n_han = 0 if sample.isascii() else len(re.findall(f"[{HAN}]", sample))
                if 2 * n_han > len(re.findall(r"\w", sample)):
                    warn_user(
                        "The text is mostly in Chinese characters, and the default token_pattern "
                        "cuts it only at punctuation and spaces and drops words of one character. "
                        'Use tokenizer="jieba" for words, analyzer="char" for character n-grams, '
                        'or token_pattern=r"(?u)\\b\\w+\\b" for text that is cut up already.',
                    )
            yield block

    def _find(self, raw_documents, make_pruning):
        """Return the n-grams of documents that ``make_pruning(tokens, min_n)`` lets stay."""
        analysis = self._analysis()
        if analysis in _COMPILED:
            blocks, lowercase = self._blocks(raw_documents)
            blocks = self._warning_of_han(blocks, analysis)
            return self._find_in_blocks(blocks, lowercase, analysis, make_pruning, self.n_jobs)
        tokens, terms, are_features = self._numbered(raw_documents, analysis)
        spelling = Names(terms) if are_features else Spelling.of_strings(terms)
        ngram_range = (1, 1) if are_features else self.ngram_range
        pruning = make_pruning(tokens, ngram_range[0])
        return Ngrams(tokens, spelling, ngram_range, pruning, self.n_jobs)

    def _find_in_blocks(self, blocks, lowercase, analysis, make_pruning, n_jobs):
        if analysis == "char_wb":
            words, interner = self._scan(blocks, lowercase, analysis, n_jobs=n_jobs)
            pruning = make_pruning(words, 1)
            return NgramsInWords(words, interner, self.ngram_range, pruning, n_jobs)
        if analysis == "char":
            tokens = scan_codes(blocks, lowercase, n_jobs)
            spelling = Spelling.of_codes(tokens.values)
        else:
            stop_words = self._stop_list()
            tokens, interner = self._scan(blocks, lowercase, analysis, stop_words, n_jobs=n_jobs)
            if self.stem is not None:
                tokens, terms = _merged(tokens, stem_terms(interner.terms(), self.stem))
                interner = Interner()
                interner.add(terms)
            spelling = Spelling.of_words(interner)
        pruning = make_pruning(tokens, self.ngram_range[0])
        return Ngrams(tokens, spelling, self.ngram_range, pruning, n_jobs)


class CountVectorizer(_CompiledAnalyzer, sklearn_text.CountVectorizer):
    """Count the words, word n-grams or character n-grams of documents.

    A drop-in for :class:`sklearn.feature_extraction.text.CountVectorizer`: the same parameters,
    methods, messages and matrices to the last bit, many times faster.

    Parameters
    ----------
    input : {"filename", "file", "content"}, default="content"
        What the documents are: names of files, objects with a ``read`` method, or the texts.
    encoding : str, default="utf-8"
        Of documents that are bytes or files.
    decode_error : {"strict", "ignore", "replace"}, default="strict"
        What becomes of bytes that are not of this encoding.
    strip_accents : {"ascii", "unicode"}, callable or None, default=None
        Remove accents after NFKD normalisation: keep what has an ASCII form, or any character.
    lowercase : bool, default=True
        Fold text to lower case before all else.
    preprocessor : callable or None, default=None
        Replaces the steps of ``strip_accents`` and ``lowercase``.
    tokenizer : "jieba", callable or None, default=None
        Replaces the step of ``token_pattern``; "jieba" cuts Chinese text into words.
    stop_words : {"english", "chinese"}, list of str or None, default=None
        Words to drop, if ``analyzer="word"``.
    token_pattern : str or None, default=r"(?u)\\b\\w\\w+\\b"
        Regular expression of a token, with at most one group; by default two or more word
        characters. Patterns other than runs of ``\\w`` are matched by Python's `re`.
    ngram_range : (int, int), default=(1, 1)
        Fewest and most tokens (or characters) in an n-gram.
    analyzer : {"word", "char", "char_wb"} or callable, default="word"
        What n-grams are of: words, characters, or characters inside words that are padded with
        spaces. A callable turns a document into its features by itself.
    max_df, min_df : int or float in [0, 1], default=1.0 and 1
        Terms in more, or in fewer, documents than this are dropped. A float is a share.
    max_features : int or None, default=None
        Keep only so many terms, those with the highest counts.
    vocabulary : mapping, iterable of str or None, default=None
        The terms to count, given and not learned.
    binary : bool, default=False
        Store 1 for every count.
    dtype : dtype, default=numpy.int64
        Of the matrix.
    stem : str or None, default=None
        Snowball language whose stemmer reduces each token: "english", "german", …. Stop words are
        dropped before. Needs the extra ``stem``.
    n_jobs : int or None, default=None
        Threads: None is 1, -1 all cores. The result is the same for every number.

    Attributes
    ----------
    vocabulary_ : dict
        Term -> column, columns in alphabetical order.
    fixed_vocabulary_ : bool
        Whether ``vocabulary`` was given.

    See Also
    --------
    HashingVectorizer : Needs no vocabulary.
    TfidfVectorizer : Weighs the counts.
    BM25Vectorizer : Weighs the counts for search.

    Examples
    --------
    >>> vectorizer = CountVectorizer(ngram_range=(1, 2))
    >>> vectorizer.fit_transform(["a quiet room", "quiet, quiet nights"]).toarray()
    array([[0, 1, 0, 0, 1, 1],
           [1, 2, 1, 1, 0, 0]])
    >>> vectorizer.get_feature_names_out()[:3]
    array(['nights', 'quiet', 'quiet nights'], dtype=object)
    """

    __metadata_request__partial_fit = {"raw_documents": metadata_routing.UNUSED}

    _parameter_constraints: dict = {
        **sklearn_text.CountVectorizer._parameter_constraints,
        "tokenizer": [StrOptions({"jieba"}), callable, None],
        "stop_words": [StrOptions({"english", "chinese"}), list, None],
        "stem": [str, None],
        "n_jobs": [Integral, None],
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
        token_pattern=_DEFAULT_PATTERN,
        ngram_range=(1, 1),
        analyzer="word",
        max_df=1.0,
        min_df=1,
        max_features=None,
        vocabulary=None,
        binary=False,
        dtype=np.int64,
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
            max_df=max_df,
            min_df=min_df,
            max_features=max_features,
            vocabulary=vocabulary,
            binary=binary,
            dtype=dtype,
        )
        self.stem = stem
        self.n_jobs = n_jobs

    def fit(self, raw_documents, y=None):
        """Learn the vocabulary of documents.

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

        Raises
        ------
        TypeError
            If a document is no text; the message names its row.
        ValueError
            If there are no terms, before or after pruning.
        """
        self.fit_transform(raw_documents)
        return self

    def fit_transform(self, raw_documents, y=None):
        """Learn the vocabulary of documents and return their counts.

        Parameters
        ----------
        raw_documents : iterable
            Documents: str, bytes, file names or file objects, as ``input`` says.
        y : None
            Ignored.

        Returns
        -------
        sparse matrix of shape (n_documents, n_terms)
            The counts, in CSR; a DataFrame after ``set_output(transform="pandas")``.
        """
        return self._as_output(self._fit_matrix(raw_documents), raw_documents)

    def transform(self, raw_documents):
        """Count the terms of the vocabulary in documents.

        Parameters
        ----------
        raw_documents : iterable
            Documents: str, bytes, file names or file objects, as ``input`` says.

        Returns
        -------
        sparse matrix of shape (n_documents, n_terms)
            The counts, in CSR; a DataFrame after ``set_output(transform="pandas")``.
        """
        return self._as_output(self._matrix(raw_documents), raw_documents)

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, raw_documents, y=None):
        """Learn from more documents: the vocabulary grows, and columns stay where they are.

        After the last batch all is as after one ``fit`` on all documents, but for the order of the
        columns: each batch's new terms come behind the old ones, in alphabetical order. ``fit``
        forgets all.

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

        Raises
        ------
        ValueError
            If ``min_df``, ``max_df`` or ``max_features`` might drop terms: what is rare is known
            only in the end.
        """
        self._learn_more(raw_documents)
        return self

    def set_output(self, *, transform=None):
        """Choose the type of what ``transform`` and ``fit_transform`` return.

        Parameters
        ----------
        transform : {"default", "pandas"} or None, default=None
            "pandas" for a DataFrame of sparse columns, "default" for a sparse matrix, None for no
            change. scikit-learn's global ``transform_output`` is not heeded, as its own text
            vectorizers do not.

        Returns
        -------
        self : object
            This vectorizer.
        """
        if transform is not None:
            check_choice("transform", transform, ("default", "pandas"))
            self._sklearn_output_config = {"transform": transform}
        return self

    def _as_output(self, X, raw_documents):
        if getattr(self, "_sklearn_output_config", {}).get("transform", "default") == "default":
            return X
        index = raw_documents.index if isinstance(raw_documents, pd.Series) else None
        names = self.get_feature_names_out()
        return pd.DataFrame.sparse.from_spmatrix(X, index=index, columns=names)

    def _check_loaded(self):
        columns = list(getattr(self, "vocabulary_", {}).values())
        if not all(issubclass(kind, Integral) for kind in set(map(type, columns))) or (
            sorted(columns) != list(range(len(columns)))
        ):
            raise ValueError("vocabulary_ must number its terms from 0 on, each once")

    def _fit_matrix(self, raw_documents):
        """Learn from documents and return their matrix: what subclasses extend."""
        return super().fit_transform(raw_documents)

    def _matrix(self, raw_documents):
        """Return the matrix of documents: what subclasses extend."""
        return super().transform(raw_documents)

    def _learn_more(self, raw_documents):
        """Grow the vocabulary by documents and return their counts."""
        if isinstance(raw_documents, str):
            raise ValueError("Iterable over raw text documents expected, string object received.")
        for name, idle in (("min_df", (0.0, 1)), ("max_df", (1.0,)), ("max_features", (None,))):
            value = getattr(self, name)
            if not any(value == known and isinstance(value, type(known)) for known in idle):
                raise ValueError(
                    f"{name} must be {idle[-1]} for partial_fit, which cannot drop terms: what is "
                    f"rare is known only in the end. Got {value!r} instead; use fit, or keep all."
                )
        self._validate_ngram_range()
        self._warn_for_unused_params()
        if not hasattr(self, "vocabulary_"):
            self._validate_vocabulary()
        if self.fixed_vocabulary_:
            counts = self._count_known(raw_documents)
        else:
            self.build_analyzer()  # for its checks and warnings
            ngrams = self._find(raw_documents, _keep_all)
            vocabulary = getattr(self, "vocabulary_", {})
            names, order = ngrams.spelled.names(), ngrams.spelled.order().tolist()
            new = [names[i] for i in order if names[i] not in vocabulary]
            new = dict(zip(new, range(len(vocabulary), len(vocabulary) + len(new)), strict=True))
            columns = [new[name] if name in new else vocabulary[name] for name in names]
            counts = ngrams.counts(np.array(columns, np.int32), self.dtype)
            counts.resize(counts.shape[0], len(vocabulary) + len(new))
            self.vocabulary_ = vocabulary
            vocabulary.update(new)
        if self.binary:
            counts.data.fill(1)
        return counts

    def _count_vocab(self, raw_documents, fixed_vocab):
        """Learn and count n-grams, or only count known ones; scikit-learn calls this."""
        self.build_analyzer()  # for its checks and warnings
        if fixed_vocab:
            return self.vocabulary_, self._count_known(raw_documents)

        def make_pruning(tokens, min_n):
            if not (np.diff(tokens.ends, prepend=0) >= min_n).any():
                raise ValueError("empty vocabulary; perhaps the documents only contain stop words")
            return Pruning(
                len(tokens.ends),
                self.min_df,
                self.max_df,
                self.max_features,
                self.binary,
                self.dtype,
            )

        return learn_vocabulary(self._find(raw_documents, make_pruning))

    def _limit_features(self, X, vocabulary, high=None, low=None, limit=None):
        return X  # pruned before counting

    def _sort_features(self, X, vocabulary):
        return X  # sorted before counting

    def _count_known(self, raw_documents):
        if isinstance(raw_documents, list | tuple) and _are_few(raw_documents):
            return self._count_few(raw_documents)
        analysis = self._analysis()
        if analysis in _COMPILED:
            # what is as long as the vocabulary is made for each block: so blocks grow with it
            blocks, lowercase = self._blocks(raw_documents, len(self.vocabulary_))
            if analysis == "word":
                known = self._known_ngrams(self._stop_list() if self.stem is None else [])
            else:
                known = self._known_ngrams(None)

            def count(block):
                return compact(self._count_known_in_block(known, block, lowercase, analysis))

            parts = list(map_blocks(count, blocks, self.n_jobs)) or [count([])]
            return stacked(parts, self.dtype)
        tokens, terms, are_features = self._numbered(raw_documents, analysis)
        if are_features:
            columns = _translated(tokens, terms, self.vocabulary_)
            return count_known(columns, len(self.vocabulary_), self.dtype, self.n_jobs)
        return self._count_known_terms(self._known_ngrams([]), tokens, terms)

    def _count_known_in_block(self, known, block, lowercase, analysis):
        if analysis == "char_wb":
            words, interner = self._scan([block], lowercase, analysis)
            return known.count_in_words(words, interner, self.ngram_range, self.dtype)
        if analysis == "char":
            tokens = scan_codes([block], lowercase)
            return known.count(tokens, self.ngram_range[0], self.dtype)
        if self.stem is not None:
            tokens, interner = self._scan([block], lowercase, analysis, self._stop_list())
            return self._count_known_terms(known, tokens, stem_terms(interner.terms(), self.stem))
        tokens, _ = self._scan([block], lowercase, analysis, interner=known.interner)
        return known.count(tokens, self.ngram_range[0], self.dtype)

    def _count_known_terms(self, known, tokens, terms):
        """Count known n-grams of tokens that have ids of their own."""
        ids = {term: number for number, term in enumerate(known.interner.terms())}
        return known.count(_translated(tokens, terms, ids), self.ngram_range[0], self.dtype)

    def _count_few(self, documents):
        """Count a query or two without touching the rest of a large vocabulary."""
        rows = []
        for features in self._each_row(documents, self.build_analyzer()):
            columns = [self.vocabulary_.get(feature, -1) for feature in features]
            rows.append(
                np.unique([column for column in columns if column >= 0], return_counts=True)
            )
        indices, data = (
            np.concatenate([np.zeros(0, np.int32), *parts]) for parts in zip(*rows, strict=True)
        )
        indptr = np.cumsum([0, *(len(columns) for columns, _ in rows)], dtype=np.int32)
        shape = len(rows), len(self.vocabulary_)
        return sparse.csr_array(
            (data, indices.astype(np.int32), indptr), shape=shape, dtype=self.dtype
        )

    def _known_ngrams(self, dropped):
        """Return the vocabulary as `KnownNgrams`, made once and kept while it stays the same."""
        terms, columns = list(self.vocabulary_), list(self.vocabulary_.values())
        key = terms, columns, self.ngram_range[1], dropped
        kept = getattr(self, "_known", None)
        if kept is None or kept[0] != key:
            self._known = kept = key, KnownNgrams(terms, columns, self.ngram_range[1], dropped)
        return kept[1]

    def __getstate__(self):
        state = super().__getstate__()
        return {name: value for name, value in state.items() if name != "_known"}


class HashingVectorizer(_CompiledAnalyzer, sklearn_text.HashingVectorizer):
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

    Examples
    --------
    >>> HashingVectorizer(n_features=8, norm=None).transform(["a quiet room"]).toarray()
    array([[ 0.,  1.,  0., -1.,  0.,  0.,  0.,  0.]])
    """

    _parameter_constraints: dict = {
        **sklearn_text.HashingVectorizer._parameter_constraints,
        **{
            name: CountVectorizer._parameter_constraints[name]
            for name in ("tokenizer", "stop_words", "stem", "n_jobs")
        },
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
        token_pattern=_DEFAULT_PATTERN,
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
        """
        if isinstance(X, str):
            raise ValueError("Iterable over raw text documents expected, string object received.")
        self._validate_ngram_range()
        self.build_analyzer()  # for its checks and warnings
        analysis = self._analysis()
        if analysis in _COMPILED:
            blocks, lowercase = self._blocks(X)
            blocks = self._warning_of_han(blocks, analysis)
            counts = self._count_blocks(blocks, lowercase, analysis)
        else:
            ngrams = self._find(X, _keep_all)
            counts = hash_counts(ngrams, self.n_features, self.alternate_sign, self.dtype)
        if self.binary:
            counts.data.fill(1)
        if self.norm is not None:
            if counts.dtype in (np.float64, np.float32):
                normalize_in_place(counts, self.norm, self.n_jobs)
            else:
                counts = normalize(counts, norm=self.norm, copy=False)
        return _align_api_if_sparse(counts)

    def _count_blocks(self, blocks, lowercase, analysis):
        stop_words = self._stop_list() if analysis == "word" else ()
        words_alone = analysis == "word" and self.ngram_range == (1, 1) and self.stem is None

        def count(block):
            how = self.n_features, self.alternate_sign, self.dtype
            if words_alone and not stop_words:
                min_chars = _MIN_CHARS[self.token_pattern]
                return count_hashed(hash_words(block, "word", min_chars, lowercase), *how)
            ngrams = self._find_in_blocks([block], lowercase, analysis, _keep_all, None)
            return hash_counts(ngrams, *how)

        parts = list(map_blocks(count, blocks, self.n_jobs)) or [count([])]
        return stacked(parts, self.dtype)

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


def _keep_all(tokens, min_n):
    """Prune nothing, not even a corpus without a term."""
    return Pruning(len(tokens.ends), min_df=0)


class _Numbering(dict):
    """Number things from 0 as they are first asked for."""

    def __missing__(self, thing):
        self[thing] = number = len(self)
        return number


def _are_few(documents):
    """Whether documents are so little text that Python is quickest."""
    return (
        0 < len(documents) <= _FEW_CHARACTERS
        and all(isinstance(document, str) for document in documents)
        and sum(map(len, documents)) <= _FEW_CHARACTERS
    )


def _number(rows):
    """Return lists of things as a Ragged of their numbers, and the list of distinct things."""
    numbering = _Numbering()
    values, ends = array("i"), array("q")
    for things in rows:
        values.extend(map(numbering.__getitem__, things))
        ends.append(len(values))
    return Ragged(np.array(values, np.int32), np.array(ends, np.int64)), list(numbering)


def _merged(tokens, new_terms):
    """Return tokens whose terms were renamed, equal terms made one, and the distinct terms."""
    numbering = _Numbering()
    return _translated(tokens, new_terms, numbering), list(numbering)


def _translated(tokens, terms, ids):
    """Return tokens with ids that a mapping gives their terms, -1 for those it does not know."""
    if isinstance(ids, _Numbering):
        new_ids = list(map(ids.__getitem__, terms))
    else:
        new_ids = [ids.get(term, -1) for term in terms]
    return Ragged(np.array(new_ids, np.int32)[tokens.values], tokens.ends)
