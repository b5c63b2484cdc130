"""From raw documents to n-grams: scikit-learn's analysis, each step compiled where it can be."""

import re
from array import array
from copy import copy
from functools import partial
from inspect import signature
from numbers import Integral
from operator import is_not
from os import PathLike

import numpy as np
from sklearn.feature_extraction import text as sklearn_text
from sklearn.utils._param_validation import StrOptions, validate_parameter_constraints

from textvec._checks import warn_user
from textvec.persistence import SaveMixin
from textvec.ragged import Ragged
from textvec.sparse.mixed import Scripts, words_among
from textvec.sparse.ngrams import Ngrams
from textvec.sparse.ngrams_in_words import NgramsInWords
from textvec.sparse.spelling import Names, Spelling
from textvec.text.columns import texts_at, texts_in
from textvec.text.mixed import cut_mixed, ngrams_of_pieces
from textvec.text.scripts import HAN
from textvec.text.stemming import stem_terms
from textvec.text.stop_words import stop_words as stop_words_of
from textvec.text.tokenizers import TOKENIZERS, resolve_tokenizer
from textvec.text.vocabulary import (
    Interner,
    check_is_text,
    documents_in_blocks,
    scan_codes,
    scan_words,
)

DEFAULT_PATTERN = r"(?u)\b\w\w+\b"
# Token patterns that the compiled scanner knows: maximal runs of \w, at least so many characters.
MIN_CHARS = {
    f"{flag}{edge}{body}{edge}": min_chars
    for body, min_chars in ((r"\w\w+", 2), (r"\w+", 1))
    for flag in ("(?u)", "")
    for edge in (r"\b", "")
}
COMPILED = ("word", "char", "char_wb", "mixed")  # analyses that need no Python for a token
# Parameters that scikit-learn's analysis has not, or with fewer values.
EXTENDED = {
    "tokenizer": [StrOptions(set(TOKENIZERS)), callable, None],
    "stop_words": [StrOptions({"english", "chinese"}), list, None],
    "analyzer": [StrOptions({"word", "char", "char_wb", "mixed"}), callable],
    "stem": [str, None],
    "n_jobs": [Integral, None],
}
# scikit-learn has messages of its own for two of them; hashing allows one n_features more than fit
_CHECKED_IN_USE = ("stop_words", "analyzer", "n_features")
_ABOUT_WORDS = ("build_tokenizer", "_word_ngrams")  # a class with its own says what words are
_HAN_SAMPLE = 20_000  # characters that are looked at for Chinese text


class CompiledAnalyzer(SaveMixin):
    """What counting and hashing share: from raw documents to n-grams, compiled where possible.

    Each step of scikit-learn's analysis (decode, preprocess, tokenize, n-grams) runs compiled
    unless a parameter or a subclass gives its own; then that step runs in Python.
    """

    def build_tokenizer(self):
        """Return a function that splits a str into a list of tokens.

        Returns
        -------
        callable
            The tokenizer; ``"jieba"`` stands for a :class:`textvec.JiebaTokenizer`,
            ``"whitespace"`` for ``str.split``.
        """
        if self.tokenizer is not None:
            return resolve_tokenizer(self.tokenizer)
        if self._analyzer() == "mixed":
            return _tokens
        return super().build_tokenizer()

    def build_analyzer(self):
        """Return a function that turns a document into its features.

        Returns
        -------
        callable
            Decodes, preprocesses, tokenizes and makes n-grams.
        """
        if self.analyzer != "mixed":
            return super().build_analyzer()
        stop_words, preprocess = self.get_stop_words(), self.build_preprocessor()
        is_mixed = self._analyzer() == "mixed"
        tokenize = _words if is_mixed else self.build_tokenizer()
        self._check_stop_words_consistency(stop_words, preprocess, tokenize)
        return partial(
            sklearn_text._analyze,
            tokenizer=cut_mixed if is_mixed else tokenize,
            ngrams=self._mixed_ngrams if is_mixed else self._word_ngrams,
            preprocessor=preprocess,
            decoder=self.decode,
            stop_words=stop_words,
        )

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
            tokens, stop_words = self._stemmed(tokens, stop_words or ()), None
        return super()._word_ngrams(tokens, stop_words)

    def _mixed_ngrams(self, pieces, stop_words=None):
        """Turn pieces of text into features, after dropping and stemming words."""
        pieces = [
            (is_run, tokens if is_run else self._stemmed(tokens, stop_words or ()))
            for is_run, tokens in pieces
        ]
        return ngrams_of_pieces(pieces, self.ngram_range, stop_words or ())

    def _stemmed(self, words, stop_words):
        words = [word for word in words if word not in stop_words]
        return words if self.stem is None else stem_terms(words, self.stem)

    def _analyzer(self):
        """Return ``analyzer``, but "word" for "mixed" where a parameter says what a token is."""
        is_own = self.tokenizer is not None or self.token_pattern != DEFAULT_PATTERN
        if self.analyzer == "mixed" and (is_own or not self._keeps(*_ABOUT_WORDS)):
            return "word"
        return self.analyzer

    def _warn_for_unused_params(self):
        analyzer = self._analyzer()
        if analyzer == "mixed":
            return
        if self.stem is not None and analyzer != "word":
            warn_user("The parameter 'stem' will not be used since 'analyzer' != 'word'")
        if self.analyzer == "mixed" and self.tokenizer is not None and not self._mixes_by_default():
            warn_user(
                "analyzer='mixed' will not be used since 'tokenizer' is not None, which says what "
                "words are. Take analyzer='word', or leave 'tokenizer' out."
            )
        is_default = self.token_pattern == DEFAULT_PATTERN
        if self.tokenizer in TOKENIZERS and analyzer == "word" and is_default:
            return  # the default token_pattern is no mistake of the user's
        as_it_works = copy(self)
        as_it_works.analyzer = analyzer
        super(CompiledAnalyzer, as_it_works)._warn_for_unused_params()

    def _mixes_by_default(self):
        """Whether nobody need have asked for "mixed"."""
        parameter = signature(type(self)).parameters.get("analyzer")
        return parameter is None or parameter.default == "mixed"

    def _check_set(self):
        """Check the parameters if one was set since they were last checked: answers use them."""
        values = [getattr(self, name, None) for name in self._parameter_constraints]
        checked = getattr(self, "_checked", None)
        if checked is None or any(map(is_not, checked, values)):
            constraints = {
                name: allowed
                for name, allowed in self._parameter_constraints.items()
                if name not in _CHECKED_IN_USE
            }
            parameters = self.get_params(deep=False)
            validate_parameter_constraints(constraints, parameters, type(self).__name__)
            self._checked = values

    def _check_loaded(self):
        super()._check_loaded()
        bounds = self.ngram_range
        if isinstance(bounds, tuple) and bounds and type(bounds[0]) is int and bounds[0] < 0:
            raise ValueError(f"ngram_range must begin at 0 or above. Got {bounds!r}")

    def __getstate__(self):
        state = super().__getstate__()
        return {name: value for name, value in state.items() if name not in ("_known", "_checked")}

    def _keeps(self, *names):
        """Whether these methods are still this library's own."""
        original = next(cls for cls in type(self).__mro__ if CompiledAnalyzer in cls.__bases__)
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
        """Return how to analyze: "char", "char_wb", "mixed", "word", "tokens" or "features".

        The first four are compiled; "tokens" are made in Python and their n-grams compiled, and
        "features" are all made in Python.
        """
        ngrams = {
            "word": "_word_ngrams",
            "char": "_char_ngrams",
            "char_wb": "_char_wb_ngrams",
            "mixed": "_mixed_ngrams",
        }
        analyzer = self._analyzer()
        if callable(analyzer) or not self._keeps("build_analyzer", ngrams[analyzer]):
            return "features"
        if self.ngram_range[0] < 1:  # scikit-learn allows it and counts empty strings
            return "features"
        if analyzer != "word":
            return analyzer
        known_pattern = self.tokenizer is None and self.token_pattern in MIN_CHARS
        return "word" if known_pattern and self._keeps("build_tokenizer") else "tokens"

    def _texts(self, raw_documents):
        """Return documents to be read: a column's, or what a path leads to, where these are."""
        if self.input != "content" or not isinstance(raw_documents, PathLike):
            return texts_in(raw_documents)
        return texts_at(raw_documents, self.encoding, self.decode_error)

    def _blocks(self, raw_documents, least_characters=0):
        """Return blocks of text to scan, and whether the scanner is to lower its case."""
        raw_documents = self._texts(raw_documents)
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

    def _scan(self, blocks, lowercase, analysis, stop_words=(), n_jobs=None):
        """Scan words in compiled code; return their ids and the interner of these."""
        if analysis == "char_wb":
            return scan_words(blocks, "non-space", 1, lowercase, n_jobs=n_jobs)
        in_pieces = analysis == "mixed"
        if in_pieces:
            stop_words = words_among(stop_words)
        min_chars = MIN_CHARS[self.token_pattern]
        return scan_words(
            blocks, "word", min_chars, lowercase, stop_words, n_jobs=n_jobs, in_pieces=in_pieces
        )

    def _numbered(self, raw_documents, analysis, first_row=0):
        """Make tokens in Python; return their ids, the terms, and if these are whole features."""
        if analysis == "features":
            features = self._each_row(raw_documents, self.build_analyzer(), first_row)
            return *_number(features), True
        preprocess, tokenize = self.build_preprocessor(), self.build_tokenizer()
        stop_words = self.get_stop_words() or ()

        def tokens_of(document):
            tokens = tokenize(preprocess(self.decode(document)))
            return [token for token in tokens if token not in stop_words]

        tokens, terms = _number(self._each_row(raw_documents, tokens_of, first_row))
        if self.stem is not None:
            tokens, terms = _merged(tokens, stem_terms(terms, self.stem))
        if self.ngram_range == (1, 1):
            return tokens, terms, True
        if all(isinstance(term, str) and term and " " not in term for term in terms):
            return tokens, terms, False
        # "a b" + "c" and "a" + "b c" are one n-gram, as "" and "a" may be: only strings can tell
        rows = ([terms[token] for token in row.tolist()] for row in tokens.rows())
        return *_number(map(super()._word_ngrams, rows)), True

    def _each_row(self, raw_documents, function, first_row=0):
        """Yield ``function(document)``; where that fails for what is no text, name the row."""
        for row, document in enumerate(self._texts(raw_documents), first_row):
            try:
                yield function(document)
            except (AttributeError, TypeError) as error:
                if self._expects_text():
                    check_is_text(row, document, error)
                raise

    def _stop_list(self):
        return [word for word in self.get_stop_words() or () if isinstance(word, str) and word]

    def _warning_of_han(self, blocks, analysis):
        """Pass blocks on; warn if the default pattern is to cut up Chinese text in the first."""
        for number, block in enumerate(blocks):
            may_be_cut = analysis == "word" and self.token_pattern == DEFAULT_PATTERN
            if number == 0 and may_be_cut and not getattr(block, "ascii_only", False):
                sample = "".join(text[:_HAN_SAMPLE] + "\n" for text in block[:1000])[:_HAN_SAMPLE]
                if not sample.isascii() and (share := _share_of_han(sample)):
                    warn_user(
                        f"The text is {share} in Chinese characters, and the default "
                        "token_pattern cuts them only at punctuation and spaces and drops words of "
                        'one character. Use tokenizer="jieba" for words, analyzer="mixed" for '
                        "characters and their pairs beside words of other scripts, or "
                        'token_pattern=r"(?u)\\b\\w+\\b" for text that is cut up already.',
                    )
            yield block

    def _find(self, raw_documents, make_pruning):
        """Return the n-grams of documents that ``make_pruning(tokens, min_n)`` lets stay."""
        analysis = self._analysis()
        if analysis in COMPILED:
            blocks, lowercase = self._blocks(raw_documents)
            blocks = self._warning_of_han(blocks, analysis)
            return self._find_in_blocks(blocks, lowercase, analysis, make_pruning, self.n_jobs)
        return self._find_in_python(raw_documents, analysis, make_pruning)

    def _find_in_python(self, raw_documents, analysis, make_pruning, first_row=0):
        tokens, terms, are_features = self._numbered(raw_documents, analysis, first_row)
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
            if analysis == "mixed":
                scripts = Scripts(interner, self.ngram_range, stop_words)
                if scripts.alone.any():
                    spelling = Spelling.of_words(interner, scripts.alone)
                    pruning = make_pruning(tokens, 1)
                    return Ngrams(tokens, spelling, self.ngram_range, pruning, n_jobs, scripts)
            spelling = Spelling.of_words(interner)
        pruning = make_pruning(tokens, self.ngram_range[0])
        return Ngrams(tokens, spelling, self.ngram_range, pruning, n_jobs)


def _share_of_han(text):
    """Say how much of a text is Chinese: "mostly", "partly", or "" where that does no harm.

    Partly is one in twenty words of the default pattern that is no word, for it holds three Han
    characters or more, or these beside others, as in a shop's English titles.
    """
    if re.search(f"[{HAN}]", text) is None:
        return ""
    if 2 * len(re.findall(f"[{HAN}]", text)) > len(re.findall(r"\w", text)):
        return "mostly"
    words = re.findall(DEFAULT_PATTERN, text)
    swallowed = re.compile(f"[{HAN}](?:[{HAN}]{{2}}|[^{HAN}])|[^{HAN}][{HAN}]").search
    return "partly" if 20 * sum(map(bool, map(swallowed, words))) >= len(words) > 0 else ""


def _tokens(text):
    """Cut a text into words and single characters."""
    return [token for _, tokens in cut_mixed(text) for token in tokens]


def _words(text):
    """Cut a text into words, without the characters of scripts that have no spaces."""
    return [word for is_run, words in cut_mixed(text) if not is_run for word in words]


class _Numbering(dict):
    """Number things from 0 as they are first asked for."""

    def __missing__(self, thing):
        self[thing] = number = len(self)
        return number


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
    return translated(tokens, new_terms, numbering), list(numbering)


def translated(tokens, terms, ids):
    """Return tokens with ids that a mapping gives their terms, -1 for those it does not know."""
    if isinstance(ids, _Numbering):
        new_ids = list(map(ids.__getitem__, terms))
    else:
        new_ids = [ids.get(term, -1) for term in terms]
    new_ids.append(-1)  # of what has no id
    return Ragged(np.array(new_ids, np.int32)[tokens.values], tokens.ends)
