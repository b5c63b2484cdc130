"""From raw documents to n-grams: scikit-learn's analysis, each step compiled where it can be."""

import re
from array import array
from numbers import Integral

import numpy as np
from sklearn.utils._param_validation import StrOptions

from textvec._checks import warn_user
from textvec.persistence import SaveMixin
from textvec.ragged import Ragged
from textvec.sparse.ngrams import Ngrams
from textvec.sparse.ngrams_in_words import NgramsInWords
from textvec.sparse.spelling import Names, Spelling
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
COMPILED = ("word", "char", "char_wb")  # analyses that need no Python for a token
# Parameters that scikit-learn's analysis has not, or with fewer values.
EXTENDED = {
    "tokenizer": [StrOptions(set(TOKENIZERS)), callable, None],
    "stop_words": [StrOptions({"english", "chinese"}), list, None],
    "stem": [str, None],
    "n_jobs": [Integral, None],
}
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
        if self.stem is not None and self.analyzer != "word":
            warn_user("The parameter 'stem' will not be used since 'analyzer' != 'word'")
        is_default = self.token_pattern == DEFAULT_PATTERN
        if self.tokenizer in TOKENIZERS and self.analyzer == "word" and is_default:
            return  # the default token_pattern is no mistake of the user's
        super()._warn_for_unused_params()

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
        known_pattern = self.tokenizer is None and self.token_pattern in MIN_CHARS
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
        min_chars = MIN_CHARS[self.token_pattern]
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
            if number == 0 and analysis == "word" and self.token_pattern == DEFAULT_PATTERN:
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
        if analysis in COMPILED:
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
    return Ragged(np.array(new_ids, np.int32)[tokens.values], tokens.ends)
