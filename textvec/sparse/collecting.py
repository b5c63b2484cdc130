"""Collect statistics of shards, and fit on them as on all documents: what counters share."""

import hashlib
import unicodedata
from itertools import islice
from typing import NamedTuple

import numpy as np

from textvec._checks import check_documents, version_of, warn_user
from textvec._threads import held, learning
from textvec.sparse.analysis import COMPILED
from textvec.sparse.collected import (
    RULES,
    CollectedTerms,
    Tally,
    check_max_terms,
    merged,
    name_of,
)
from textvec.sparse.ngrams import Pruning, keep_all
from textvec.sparse.spelling import Spelled
from textvec.sparse.terms import Terms
from textvec.text.tokenizers import JiebaTokenizer
from textvec.text.vocabulary import Interner, encode

_BLOCKS_AT_ONCE = 64  # of half a million characters each, whose terms are found in one go
_DOCUMENTS_AT_ONCE = 4096  # of those whose tokens are made in Python
_STEPS = (
    "build_analyzer", "build_preprocessor", "build_tokenizer", "decode", "_word_ngrams",
    "_char_ngrams", "_char_wb_ngrams", "_mixed_ngrams",
)  # fmt: skip


class Statistics(NamedTuple):
    """What weights are learned from, once the columns are known.

    Parameters
    ----------
    document_frequencies : ndarray of int64 of shape (n_terms,)
        How many documents hold the term of each column.
    n_documents : int
    total_length : int
        What the counts of all documents add up to, of terms that have a column.
    """

    document_frequencies: np.ndarray
    n_documents: int
    total_length: int


class Collecting:
    """Give a counter, which is a `CompiledAnalyzer`, its ``collect`` and ``fit_collected``."""

    def collect(self, raw_documents, max_terms=None) -> CollectedTerms:
        """Count terms and their documents in one shard, to be fitted on by `fit_collected`.

        Parameters
        ----------
        raw_documents : iterable
            Documents of this shard, as for `fit`; none are fine. A generator is read in blocks of
            some thirty million characters, so that memory holds terms and not documents.
        max_terms : int >= 1 or None, default=None
            Keep within so many terms, by lossy counting; the result says so, and how much may be
            missing at most (``max_missing``). None is exact.

        Returns
        -------
        CollectedTerms
            It knows every term: ``min_df``, ``max_df``, ``max_features``, ``vocabulary``,
            ``binary`` and ``dtype`` are of no effect here, and may be chosen later. This
            vectorizer stays as it is.

        Raises
        ------
        TypeError
            If a document is no text, or a term no str; if the documents are a table, or cannot be
            iterated over.

        Notes
        -----
        Lossy counting is of Manku and Motwani 2002, "Approximate frequency counts over data
        streams", VLDB.
        """
        check_documents(raw_documents)
        if isinstance(raw_documents, str):
            raise ValueError("Iterable over raw text documents expected, string object received.")
        check_max_terms(max_terms)
        now = held(self)
        now._check_set()
        now._validate_ngram_range()
        now._warn_for_unused_params()
        now.build_analyzer()  # for its checks and warnings
        tally = Tally(max_terms)
        now._add_to(tally, raw_documents)
        return tally.collected(*now._says_what_terms_are(), max_terms, now.n_jobs)

    def fit_collected(self, parts):
        """Learn from collected parts, as `fit` learns from all their documents.

        Parameters
        ----------
        parts : iterable of CollectedTerms, str or path-like
            What `collect` returned for each shard, or files that it was saved to, or both; in any
            order. Files are read one by one.

        Returns
        -------
        self : object
            This vectorizer. It is as after one ``fit`` on all documents, to the last bit; but
            ``vocabulary_`` lists its terms in alphabetical order, for nobody knows which came
            first.

        Raises
        ------
        TypeError
            If a part is something else.
        ValueError
            If there is no part, a file comes twice or is damaged, a part was collected with other
            settings or versions of what decides what a term is; and as `fit`, if no terms remain.

        Notes
        -----
        A part that is passed twice counts twice, as documents do that `fit` gets twice. The same
        file named twice is taken for a slip, and refused.
        """
        with learning(self) as aside:
            aside._learn_from_parts(parts)
        return self

    def _add_to(self, tally, raw_documents):
        """Add the statistics of documents, a block at a time."""
        n_jobs, analysis = self.n_jobs, self._analysis()
        n_found = 0

        def all_of(tokens, min_n):
            nonlocal n_found
            n_found = len(tokens.ends)
            return keep_all(tokens)

        if analysis in COMPILED:
            blocks, lowercase = self._blocks(raw_documents)
            blocks = self._warning_of_han(blocks, analysis)
            rows = iter(blocks)
            while block := list(islice(rows, _BLOCKS_AT_ONCE)):
                ngrams = self._find_in_blocks(block, lowercase, analysis, all_of, n_jobs)
                _add_ngrams(tally, ngrams, n_found)
            return
        rows = iter(self._texts(raw_documents))
        while block := list(islice(rows, _DOCUMENTS_AT_ONCE)):
            ngrams = self._find_in_python(block, analysis, all_of, tally.n_documents)
            _add_ngrams(tally, ngrams, n_found)

    def _learn_from_parts(self, parts):
        """Learn the vocabulary of parts; return the `Statistics` of its columns."""
        self._check_set()
        self._validate_ngram_range()
        collected = merged(parts, *self._says_what_terms_are(), f"this {type(self).__name__}")
        if any(collected.max_missing):
            most, _ = collected.max_missing
            warn_user(
                f"Parts were collected with max_terms: document frequencies may be up to {most} "
                "too low, and terms of no more documents may be missing."
            )
        self._validate_vocabulary()
        documents = collected.document_frequencies.astype(np.int64)
        is_binary = self.binary or np.dtype(self.dtype) == np.bool_
        totals = documents if is_binary else collected.collection_frequencies.astype(np.int64)
        if self.fixed_vocabulary_:
            columns = _columns_in(self.vocabulary_, collected)
            is_known = columns >= 0
            frequencies = np.zeros(len(self.vocabulary_), np.int64)
            frequencies[columns[is_known]] = documents[is_known]
        else:
            is_known = self._kept_by_pruning(collected, documents, totals)
            frequencies = documents[is_known]
            columns = np.arange(len(frequencies), dtype=np.int32)
            kept = collected.taken(np.flatnonzero(is_known))
            self.vocabulary_ = Terms(kept.text, kept.ends, columns)
        length = int(totals[is_known].sum())
        return Statistics(frequencies, collected.n_documents, length)

    def _kept_by_pruning(self, collected, documents, totals):
        """Return a mask of the terms that stay, as `learn_vocabulary` would have it."""
        if not len(collected):
            raise ValueError("empty vocabulary; perhaps the documents only contain stop words")
        pruning = Pruning(
            collected.n_documents, self.min_df, self.max_df, self.max_features, self.binary,
            self.dtype,
        )  # fmt: skip
        kept = pruning.by_frequency(documents)
        if not kept.any():
            raise ValueError(
                "After pruning, no terms remain. Try a lower min_df or a higher max_df."
            )
        if pruning.max_features is not None and kept.sum() > pruning.max_features:
            dtype = np.dtype(self.dtype)
            if dtype.kind in "iu" and dtype.itemsize < 4 and not self.binary:
                raise ValueError(
                    f"max_features compares sums of counts, and counts of dtype {dtype} that do "
                    "not fit wrap around document by document, which parts do not tell. Take "
                    "dtype=np.int32 or a wider one."
                )
            candidates = np.flatnonzero(kept)
            kept[:] = False
            kept[candidates[pruning.by_total(totals[candidates])]] = True
        return kept

    def _says_what_terms_are(self):
        """Return the settings that decide what a term is, and the versions of what else does."""
        made_with = {"rules": RULES, "unicode": unicodedata.unidata_version}
        if callable(self.analyzer):
            return {"analyzer": name_of(self.analyzer)}, made_with
        settings = {"analyzer": self._analyzer(), "ngram_range": list(self.ngram_range)}
        own = [name for name in _STEPS if not self._keeps(name)]
        if own:
            settings["class"] = f"{type(self).__module__}.{type(self).__qualname__}"
        if self.preprocessor is not None:
            settings["preprocessor"] = name_of(self.preprocessor)
        else:
            settings["lowercase"] = bool(self.lowercase)
            settings["strip_accents"] = name_of(self.strip_accents)
        if settings["analyzer"] not in ("word", "mixed"):
            return settings, made_with
        settings["stem"] = self.stem
        if self.stem is not None:
            made_with["PyStemmer"] = version_of("PyStemmer")
        settings["tokenizer"] = name_of(self.tokenizer)
        if self.tokenizer is None:
            settings["token_pattern"] = self.token_pattern
        elif self.tokenizer == "jieba" or isinstance(self.tokenizer, JiebaTokenizer):
            made_with["jieba"] = version_of("jieba")
        words = self.get_stop_words()
        if isinstance(self.stop_words, str):
            settings["stop_words"] = self.stop_words
            made_with["stop words"] = _sum_of(words)
        else:
            settings["stop_words"] = words if words is None else sorted(map(str, words))
        return settings, made_with


def _add_ngrams(tally, ngrams, n_documents):
    documents, occurrences = ngrams.totals(True), ngrams.totals(False)
    tally.n_documents += n_documents
    spelled = ngrams.grams.spelled()
    if isinstance(spelled, Spelled):
        tally.add(spelled.text, spelled.begins, spelled.ends, documents, occurrences)
        return
    for term in spelled.terms:
        if not isinstance(term, str):
            raise TypeError(
                f"Collected terms must be str. Got {term!r} of type {type(term).__name__} from "
                "the analyzer: let it return str."
            )
    tally.add_names(spelled.terms, documents, occurrences)


def _columns_in(vocabulary, collected):
    """Return the column of each collected term, -1 for those that have none."""
    terms = [term for term in vocabulary if isinstance(term, str) and term]
    interner = Interner()
    column_of = np.full(len(terms) + 1, -1, np.int32)
    if terms:
        column_of[interner.add(terms)] = [vocabulary[term] for term in terms]
    columns = column_of[interner.look_up(collected.text, collected.ends)]
    columns[collected.lengths == 0] = vocabulary.get("", -1)
    return columns


def _sum_of(words):
    text, ends, _ = encode(sorted(words))
    return hashlib.sha256(text.tobytes() + ends.tobytes()).hexdigest()[:16]
