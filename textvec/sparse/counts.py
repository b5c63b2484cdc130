"""Counts of word and character n-grams: scikit-learn's vectorizer on compiled kernels."""

from itertools import chain
from numbers import Integral

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.base import _fit_context
from sklearn.feature_extraction import text as sklearn_text
from sklearn.utils import metadata_routing

from textvec._checks import check_choice, check_documents
from textvec._threads import answering, learning, publish
from textvec.ragged import Ragged
from textvec.sparse.analysis import (
    COMPILED,
    DEFAULT_PATTERN,
    EXTENDED,
    MIN_CHARS,
    CompiledAnalyzer,
    translated,
)
from textvec.sparse.collecting import Collecting
from textvec.sparse.known_ngrams import Analysis, KnownNgrams, count_known
from textvec.sparse.mixed import words_among
from textvec.sparse.ngrams import Pruning, keep_all, learn_vocabulary
from textvec.sparse.rows import stacked
from textvec.sparse.terms import Terms
from textvec.text.stemming import stem_terms
from textvec.text.vocabulary import encode, look_up_words, map_blocks, scan_codes

OF_VOCABULARY = ("vocabulary_", "_terms")  # that of the user, or what was learned
_FEW_CHARACTERS = 4_000  # looked up in Python: sooner done than compiled tables are made ready


class CountVectorizer(Collecting, CompiledAnalyzer, sklearn_text.CountVectorizer):
    r"""Count the words, word n-grams or character n-grams of documents.

    A drop-in for :class:`sklearn.feature_extraction.text.CountVectorizer`: the same parameters,
    methods, messages and matrices to the last bit, many times faster.

    Parameters
    ----------
    input : {"filename", "file", "content"}, default="content"
        What the documents are: names of files, objects with a ``read`` method, or the texts. These
        may also be a column of strings in Arrow's memory, or a ``pathlib.Path`` to a file of a
        document a line, which scikit-learn does not take: see the guide, "Where texts are".
    encoding : str, default="utf-8"
        Of documents that are bytes or files.
    decode_error : {"strict", "ignore", "replace"}, default="strict"
        What becomes of bytes that are not of this encoding.
    strip_accents : {"ascii", "unicode"}, callable or None, default=None
        Remove accents after NFKD normalisation, which also makes full-width letters and digits
        plain ones: keep what has an ASCII form, or any character.
    lowercase : bool, default=True
        Fold text to lower case before all else.
    preprocessor : callable or None, default=None
        Replaces the steps of ``strip_accents`` and ``lowercase``.
    tokenizer : "jieba", "whitespace", callable or None, default=None
        Replaces the step of ``token_pattern``; "jieba" cuts Chinese text into words, after
        ``lowercase``, and "whitespace" text that is cut already. A callable returns an iterable;
        scikit-learn asks for a list where ``ngram_range`` goes beyond single words.
    stop_words : {"english", "chinese"}, list of str or None, default=None
        Words to drop, if ``analyzer`` is "word" or "mixed".
    token_pattern : str or None, default=r"(?u)\\b\\w\\w+\\b"
        Regular expression of a token, with at most one group; by default two or more word
        characters. Patterns other than runs of ``\w`` are matched by Python's `re`.
    ngram_range : (int, int), default=(1, 1)
        Fewest and most tokens (or characters) in an n-gram.
    analyzer : {"word", "char", "char_wb", "mixed"} or callable, default="word"
        What n-grams are of: words, characters, or characters inside words that are padded with
        spaces; "mixed", for text of all scripts, is explained in the notes. A callable turns a
        document into its features by itself.
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
        Snowball language whose stemmer reduces each word, if ``analyzer`` is "word" or "mixed":
        "english", "german", …. Stop words are dropped before. Needs the extra ``stem``.
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

    Notes
    -----
    ``analyzer="mixed"`` takes text as it comes, whatever its scripts. Han characters, kana,
    bopomofo, Thai, Lao, Khmer and Burmese are written without spaces: each such character is a
    feature, and so is each pair of neighbours, whatever ``ngram_range``. All other text, Korean
    too, gives the words of the default pattern, and their n-grams of ``ngram_range``; where a
    text is in English alone, all is as with "word". A word ends where such a character begins
    (``iPhone手机壳`` is ``iphone``, 手, 机, 壳, 手机 and 机壳), no pair goes over anything that
    stands between two characters, and no n-gram of words over such characters.

    English stop words and stems are for the words. A stop word of one or two such characters
    drops this feature: 的 goes, and 我的 stays. If ``tokenizer`` or another ``token_pattern`` is
    given, or a subclass has its own ``build_tokenizer``, then "mixed" means "word"; beside
    ``tokenizer``, where "mixed" is not the default, a warning says so.

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

    @property
    def vocabulary_(self):
        """Term -> column; the dict is made when it is first looked at, and may be changed or set.

        Returns
        -------
        dict
        """
        held = vars(self)
        if "vocabulary_" in held:
            return held["vocabulary_"]
        if "_terms" in held:
            return held["_terms"].vocabulary()
        raise AttributeError(f"{type(self).__name__!r} object has no attribute 'vocabulary_'")

    @vocabulary_.setter
    def vocabulary_(self, value):
        held = vars(self)
        name, other = OF_VOCABULARY[:: -1 if isinstance(value, Terms) else 1]
        held[name] = value
        held.pop(other, None)

    @vocabulary_.deleter
    def vocabulary_(self):
        if not [vars(self).pop(name) for name in OF_VOCABULARY if name in vars(self)]:
            raise AttributeError("vocabulary_")

    def _learned_terms(self):
        """Return the terms that were learned, or None if the vocabulary is a dict of the user."""
        terms = vars(self).get("_terms")
        return terms if "vocabulary_" not in vars(self) and terms is not None else None

    def _n_terms(self):
        """Return how many terms there are, 0 before ``fit``."""
        terms = self._learned_terms()
        if terms is None or terms.are_looked_at:
            return len(getattr(self, "vocabulary_", ()))
        return len(terms)

    def _check_vocabulary(self):
        if self._learned_terms() is None:
            super()._check_vocabulary()
        elif not self._n_terms():
            raise ValueError("Vocabulary is empty")

    def get_feature_names_out(self, input_features=None):
        """Return the terms in the order of their columns.

        Parameters
        ----------
        input_features : None
            Ignored.

        Returns
        -------
        ndarray of str objects
            The terms.
        """
        with answering(self) as now:
            terms = now._learned_terms()
            if terms is not None and terms.are_current():
                return terms.names_by_column()
            return super(CountVectorizer, now).get_feature_names_out(input_features)

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
        self._begin_fit()
        with learning(self) as aside:
            try:
                X = aside._fit_matrix(raw_documents)
            except Exception:
                kept = {"_stop_words_id"}  # of which it was warned
                if not vars(self).keys() & set(OF_VOCABULARY):  # a first fit's, as scikit-learn's
                    kept |= {*OF_VOCABULARY, "fixed_vocabulary_"}
                publish(self, {name: vars(aside)[name] for name in kept & vars(aside).keys()})
                raise
        return aside._as_output(X, raw_documents)

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

        Raises
        ------
        InvalidParameterError
            If a parameter has a bad value by now, be it of use in ``fit`` alone; scikit-learn's
            looks at those no more.
        """
        with answering(self) as now:
            return now._as_output(now._matrix(raw_documents), raw_documents)

    def inverse_transform(self, X):
        """Return the terms of each document of a matrix.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_documents, n_terms)
            Counts or weights.

        Returns
        -------
        list of ndarray of str
            The terms whose entry is not 0, by document.
        """
        with answering(self) as now:
            return super(CountVectorizer, now).inverse_transform(X)

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
        TypeError
            If a document is no text; the message names its row. If they are a table.
        ValueError
            If ``min_df``, ``max_df`` or ``max_features`` might drop terms: what is rare is known
            only in the end.
        """
        with learning(self) as aside:
            aside._learn_more(raw_documents)
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

    def __getstate__(self):
        state = super().__getstate__()
        terms = self._learned_terms()
        if terms is not None and not terms.are_current():  # what was changed is what is kept
            state["vocabulary_"] = terms.vocabulary()
            del state["_terms"]
        return state

    def _check_loaded(self):
        super()._check_loaded()
        terms = vars(self).get("_terms")
        if terms is not None and type(terms) is not Terms:
            raise ValueError(f"the terms of vocabulary_ are a {type(terms).__name__}")
        columns = list(vars(self).get("vocabulary_", {}).values())
        if not all(issubclass(kind, Integral) for kind in set(map(type, columns))) or (
            sorted(columns) != list(range(len(columns)))
        ):
            raise ValueError("vocabulary_ must number its terms from 0 on, each once")

    def _begin_fit(self):
        """Do what stays done if fit fails."""

    def _fit_matrix(self, raw_documents):
        """Learn from documents and return their matrix: what subclasses extend."""
        return super().fit_transform(raw_documents)

    def _matrix(self, raw_documents):
        """Return the matrix of documents: what subclasses extend."""
        if not isinstance(raw_documents, str):  # which scikit-learn refuses before all else
            self._check_vocabulary()
            self._check_set()
        return super().transform(raw_documents)

    def _learn_more(self, raw_documents):
        """Grow the vocabulary by documents and return their counts."""
        check_documents(raw_documents)
        if isinstance(raw_documents, str):
            raise ValueError("Iterable over raw text documents expected, string object received.")
        for name, idle in (("min_df", (0.0, 1)), ("max_df", (1.0,)), ("max_features", (None,))):
            value = getattr(self, name)
            integer = isinstance(value, Integral)  # 1 is a count, 1.0 a share
            if not any(value == known and integer == isinstance(known, int) for known in idle):
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
            ngrams = self._find(raw_documents, keep_all)
            vocabulary = getattr(self, "vocabulary_", {})
            names, order = ngrams.grams.spelled().names(), ngrams.grams.order().tolist()
            new = [names[i] for i in order if names[i] not in vocabulary]
            new = dict(zip(new, range(len(vocabulary), len(vocabulary) + len(new)), strict=True))
            columns = [new[name] if name in new else vocabulary[name] for name in names]
            counts = ngrams.counts(np.array(columns, np.int32), self.dtype)
            counts.resize(counts.shape[0], len(vocabulary) + len(new))
            self.vocabulary_ = {**vocabulary, **new}  # that of before is left to who reads it
        if self.binary:
            counts.data.fill(1)
        return counts

    def _count_vocab(self, raw_documents, fixed_vocab):
        """Learn and count n-grams, or only count known ones; scikit-learn calls this."""
        self.build_analyzer()  # for its checks and warnings
        if fixed_vocab:
            return None, self._count_known(raw_documents)  # the vocabulary is not asked for

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

        vocabulary, counts = learn_vocabulary(self._find(raw_documents, make_pruning))
        if isinstance(vocabulary, Terms):
            vocabulary.analysis = self._looked_up_by(self._analysis())
        return vocabulary, counts

    def _limit_features(self, X, vocabulary, high=None, low=None, limit=None):
        return X  # pruned before counting

    def _sort_features(self, X, vocabulary):
        return X  # sorted before counting

    def _count_known(self, raw_documents):
        terms = self._learned_terms()
        is_dict = terms is None or terms.are_looked_at
        if is_dict and isinstance(raw_documents, list | tuple) and _are_few(raw_documents):
            return self._count_few(raw_documents)
        analysis = self._analysis()
        if analysis in COMPILED:
            # what is as long as the vocabulary is made for each block: so blocks grow with it
            blocks, lowercase = self._blocks(raw_documents, self._n_terms())
            known = self._known_ngrams(analysis)

            def count(block):
                return self._count_known_in_block(known, block, lowercase, analysis)

            parts = map_blocks(count, blocks, self.n_jobs)
            first = next(parts, None)
            return stacked(chain([count([]) if first is None else first], parts), self.dtype)
        tokens, terms, are_features = self._numbered(raw_documents, analysis)
        if are_features:
            columns = translated(tokens, terms, self.vocabulary_)
            return count_known(columns, len(self.vocabulary_), self.dtype, self.n_jobs)
        return self._count_known_terms(self._known_ngrams(analysis), tokens, terms)

    def _count_known_in_block(self, known, block, lowercase, analysis):
        if analysis == "char_wb":
            words, interner = self._scan([block], lowercase, analysis, n_jobs=1)
            return known.count_in_words(words, interner, self.dtype)
        if analysis == "char":
            tokens = scan_codes([block], lowercase, 1)
            return known.count(tokens, self.dtype)
        if self.stem is not None:
            tokens, interner = self._scan([block], lowercase, analysis, self._stop_list(), n_jobs=1)
            return self._count_known_terms(known, tokens, stem_terms(interner.terms(), self.stem))
        min_chars, in_pieces = MIN_CHARS[self.token_pattern], analysis == "mixed"
        tokens = look_up_words(block, "word", min_chars, lowercase, known.interner, in_pieces)
        return known.count(tokens, self.dtype)

    def _count_known_terms(self, known, tokens, terms):
        """Count known n-grams of tokens that have ids of their own."""
        text, ends, _ = encode(terms)
        ids = np.append(known.interner.look_up(text, ends), np.int32(-1))  # of what has no id
        ids[:-1][np.diff(ends, prepend=0) == 0] = -1
        return known.count(Ragged(ids[tokens.values], tokens.ends), self.dtype)

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

    def _looked_up_by(self, kind):
        """Return the `Analysis` that the parameters of now make."""
        dropped = stop_words = None
        if kind in ("word", "mixed", "tokens"):
            # by the time they are looked up, tokens that are made otherwise are without stop words
            found = self._stop_list()
            stop_words = found if kind == "mixed" else None
            dropped = words_among(found) if kind == "mixed" else found
            if kind == "tokens" or self.stem is not None:
                dropped = []
        return Analysis(kind, self.ngram_range, dropped, stop_words)

    def _known_ngrams(self, kind):
        """Return the vocabulary as `KnownNgrams`, made once and kept while it stays the same."""
        learned, analysis = self._learned_terms(), self._looked_up_by(kind)
        is_learned = learned is not None and learned.are_current()
        vocabulary = (
            (learned,) if is_learned else (list(self.vocabulary_), list(self.vocabulary_.values()))
        )
        key = *vocabulary, analysis
        kept = getattr(self, "_known", None)
        if kept is None or kept[0] != key:
            make = KnownNgrams.of_terms if is_learned else KnownNgrams.of_dict
            self._known = kept = key, make(*key)
        return kept[1]


def _are_few(documents):
    """Whether documents are so little text that Python is quickest."""
    return (
        0 < len(documents) <= _FEW_CHARACTERS
        and all(isinstance(document, str) for document in documents)
        and sum(map(len, documents)) <= _FEW_CHARACTERS
    )
