"""What word vectors are trained on: documents read once, as a stream, into ids of words.

Documents are one of

- an iterable of str, raw text;
- an iterable of lists, tuples or arrays of str, text that is cut into tokens already;
- a column of raw text in Arrow's memory: see `textvec.text.columns.texts_in`;
- a path to a text file, plain or in gzip, xz or bzip2, that holds a document a line, or to a
  Parquet file with one column of strings;
- a path to a folder of such text files, which are read in the order of their names.
"""

from collections.abc import Iterable
from itertools import chain
from os import PathLike
from pathlib import Path
from typing import NamedTuple

import numpy as np

from textvec._checks import check_no_table, check_number, is_auto
from textvec.kernels.corpora import count_ids, renumber
from textvec.ragged import Ragged
from textvec.text.columns import TextFiles, Texts, texts_at, texts_in
from textvec.text.tokenizers import cut_han, resolve_tokenizer
from textvec.text.vocabulary import (
    EMPTY,
    Interner,
    documents_in_blocks,
    encode,
    scan_lists,
    scan_words,
)

_TOKENS_AT_ONCE = 1 << 16
_WORDS_FOR_ONE = 600_000  # of text, more to every count that a word needs to stay,
_FEWEST, _MOST = 2, 5  # from this to that


class Corpus(NamedTuple):
    """Text as ids of its words.

    Parameters
    ----------
    words : list of str
        The vocabulary, most frequent first; equally frequent words stand in the order in which
        they first appear.
    counts : ndarray of shape (n_words,), int64
        How often each word occurs in the text.
    tokens : Ragged of int32
        The documents; token i is ``words[i]``. Words outside the vocabulary are left out, and
        documents may be empty.
    n_words_raw : int
        How many tokens the text has, those left out among them.
    """

    words: list[str]
    counts: np.ndarray
    tokens: Ragged
    n_words_raw: int


def read_documents(documents) -> Iterable:
    """Return documents to be read one by one, all of one kind.

    Parameters
    ----------
    documents : iterable of str, iterable of token lists, or path-like
        See the top of this module.

    Returns
    -------
    Texts, or iterator of str, or of lists of str
        Raw text, or tokens. Tokens are looked at later, when they are interned.

    Raises
    ------
    FileNotFoundError
        If a path leads nowhere.
    TypeError
        If a document is neither text nor a list; the message names its row. If it is a table.
    ValueError
        If it is a bare str, a file is damaged or not UTF-8, or a folder holds no files.

    Examples
    --------
    >>> list(read_documents(["Sea view.", "A bar"]))
    ['Sea view.', 'A bar']
    >>> list(read_documents([("sea", "view"), ["bar"]]))
    [['sea', 'view'], ['bar']]
    """
    if isinstance(documents, str | bytes):
        raise ValueError(
            "raw_documents must be an iterable of str or of lists of str, or a pathlib.Path. "
            f"Got one {type(documents).__name__} instead: put it in a list, or wrap the name of a "
            "file in pathlib.Path."
        )
    if isinstance(documents, PathLike):
        return _read_path(Path(documents))
    documents = texts_in(documents)
    if isinstance(documents, Texts):
        return documents
    if not isinstance(documents, Iterable):
        raise TypeError(
            "raw_documents must be an iterable of str or of lists of str, or a pathlib.Path. "
            f"Got {documents!r} instead."
        )
    check_no_table(documents)
    return _checked(documents)


def least_count(min_count, n_words):
    """Return how often a word must occur to stay: "auto" goes by how many words the text has."""
    if not is_auto(min_count):
        return min_count
    return min(_MOST, max(_FEWEST, n_words // _WORDS_FOR_ONE))


def learn_corpus(
    documents,
    tokenizer=None,
    min_count="auto",
    max_final_vocab=None,
    n_jobs=None,
    known_words=(),
    temp_folder=None,
) -> Corpus:
    """Learn the vocabulary of documents, and turn them into its ids.

    Parameters
    ----------
    documents : iterable of str, iterable of token lists, or path-like
        See :func:`read_documents`; it is read once.
    tokenizer : "jieba", "whitespace", callable or None, default=None
        How raw text is cut into tokens. None lower-cases it and takes the runs of word characters
        (``\\w+``), those of Han characters cut into words by jieba. "whitespace" splits at white
        space: for text that is cut already. Token lists are taken as they are.
    min_count : int >= 1 or "auto", default="auto"
        Rarer words are dropped from the documents. "auto" is one for every 600,000 words, from 2
        to 5.
    max_final_vocab : int >= 1 or None, default=None
        Raise ``min_count`` as far as it takes for at most this many words to stay. Words as
        frequent as the first that has to go, go too.
    n_jobs : int or None, default=None
        How many threads scan raw text when ``tokenizer`` is None or "whitespace". The result is the
        same for any.
    known_words : sequence of str, default=()
        Words that keep their places: ids 0, 1, ... They stay however rare they are, and do not
        count for ``max_final_vocab``; new words come after them.
    temp_folder : str, path-like or None, default=None
        Where a file without a name holds the ids of the documents, 4 bytes a word, instead of
        memory.

    Returns
    -------
    Corpus
        The words, how often each occurs in these documents, and the documents.

    Raises
    ------
    TypeError
        If a document is no text, or a token no str; the message names the row.
    ValueError
        If there is no word at all, or none that stays.

    Notes
    -----
    The rules for ``min_count`` and ``max_final_vocab`` are those of gensim's ``Word2Vec``.

    Examples
    --------
    >>> corpus = learn_corpus(["The sea, the sea!", "The bar"], min_count=2)
    >>> corpus.words, corpus.counts.tolist()
    (['the', 'sea'], [3, 2])
    >>> [row.tolist() for row in corpus.tokens.rows()]
    [[0, 1, 0, 1], [0]]
    """
    check_number("min_count", min_count, low=1, integer=True, auto=True)
    if max_final_vocab is not None:
        check_number("max_final_vocab", max_final_vocab, low=1, integer=True)
    tokens, terms = _scan(documents, tokenizer, n_jobs, temp_folder=temp_folder)
    counts, firsts = count_ids(tokens.values, len(terms))
    n_words_raw = int(counts.sum())
    if n_words_raw == 0:
        raise ValueError(
            "raw_documents must hold at least one word. "
            f"Got {len(tokens.ends)} documents without any."
        )
    min_count = least_count(min_count, n_words_raw)
    known = {word: i for i, word in enumerate(known_words)}
    word_ids = np.array([known.get(term, -1) for term in terms], np.int32)
    new = np.flatnonzero(word_ids < 0)
    new = new[np.lexsort((firsts[new], -counts[new]))]
    cut = min_count
    if max_final_vocab is not None and max_final_vocab < len(new):
        cut = max(cut, counts[new[max_final_vocab]] + 1)
    n_added = np.count_nonzero(counts[new] >= cut)
    if not known and not n_added:
        reason, advice = "min_count", "Lower min_count"
        if cut > min_count:
            reason, advice = "max_final_vocab", "Raise max_final_vocab"
        raise ValueError(
            f"No word is frequent enough to stay: {reason} asks for {cut} occurrences, and "
            f"{terms[new[0]]!r}, the most frequent of {n_words_raw} words, has {counts[new[0]]}. "
            f"{advice}, or give more text."
        )
    added = new[:n_added]
    word_ids[added] = np.arange(len(known), len(known) + n_added, dtype=np.int32)
    word_counts = np.zeros(len(known) + n_added, np.int64)
    word_counts[word_ids[word_ids >= 0]] = counts[word_ids >= 0]
    words = [*known_words, *(terms[i] for i in added.tolist())]
    return Corpus(words, word_counts, _renumbered(tokens, word_ids, temp_folder), n_words_raw)


def encode_corpus(documents, words, tokenizer=None, n_jobs=None, temp_folder=None) -> Ragged:
    """Turn documents into ids of words that are known, and leave the others out.

    Parameters
    ----------
    documents : iterable of str, iterable of token lists, or path-like
        See :func:`read_documents`.
    words : sequence of str, or KnownWords
        The words of ids 0, 1, ...; `KnownWords` are made ready once for many calls.
    tokenizer, n_jobs, temp_folder
        As in :func:`learn_corpus`.

    Returns
    -------
    Ragged of int32
        A row for each document, empty where no word is known.

    Raises
    ------
    TypeError
        If a document is no text, or a token no str; the message names the row.

    Examples
    --------
    >>> [row.tolist() for row in encode_corpus(["A sea view", "?"], ["view", "sea"]).rows()]
    [[1, 0], []]
    """
    known = words if isinstance(words, KnownWords) else KnownWords(words)
    tokens, _ = _scan(documents, tokenizer, n_jobs, known, temp_folder)
    return _renumbered(tokens, np.arange(len(known.ids), dtype=np.int32), temp_folder)


def encode_all_words(documents, words, tokenizer=None, n_jobs=None) -> tuple[Ragged, list[str]]:
    """Turn documents into ids of words that are known, and of all others.

    Parameters
    ----------
    documents : iterable of str, iterable of token lists, or path-like
        See :func:`read_documents`.
    words : KnownWords
        The words of ids 0, 1, ...
    tokenizer, n_jobs
        As in :func:`learn_corpus`.

    Returns
    -------
    tokens : Ragged of int32
        A row for each document.
    unseen : list of str
        The words of the ids that follow those of ``words``.

    Raises
    ------
    TypeError
        If a document is no text, or a token no str; the message names the row.

    Examples
    --------
    >>> tokens, unseen = encode_all_words(["A sea view", "?"], KnownWords(["view", "sea"]))
    >>> [row.tolist() for row in tokens.rows()], unseen
    ([[2, 1, 0], []], ['a'])
    """
    tokens, terms = _scan(documents, tokenizer, n_jobs)
    ids = np.array([words.ids.get(term, -1) for term in terms], np.int32)
    new = np.flatnonzero(ids < 0)
    ids[new] = np.arange(len(words.ids), len(words.ids) + len(new))
    return _renumbered(tokens, ids), [terms[i] for i in new.tolist()]


class KnownWords:
    """Words that are ready to be looked up, in raw text or among tokens.

    Parameters
    ----------
    words : iterable of str
        Distinct words, of ids 0, 1, ...; a dict from words to just these ids is kept as it is.
    """

    def __init__(self, words):
        self.ids = words if isinstance(words, dict) else {word: i for i, word in enumerate(words)}
        self._interner = None

    def scan(self, blocks, *rules, **options):
        """Return the ids of words of raw text, -1 for unknown ones, by rules of `scan_words`."""
        return scan_words(blocks, *rules, interner=self._ready(), **options)[0]

    def scan_lists(self, blocks, **options):
        """Return the ids of the tokens of lists, -1 for unknown ones, see `scan_lists`."""
        return scan_lists(blocks, self._ready(), **options)[0]

    def _ready(self):
        if self._interner is None:
            text, ends, _ = encode([word or "\0" for word in self.ids])
            if "" in self.ids:
                text[ends[self.ids[""]] - 1] = EMPTY
            interner = Interner()
            interner.take_in(text, ends)
            self._interner = interner
        return self._interner


def _scan(documents, tokenizer, n_jobs, known=None, temp_folder=None):
    """Return the ids of all tokens as Ragged, -1 where a token is left out, and the words of ids.

    Given `KnownWords`, only those have ids.
    """
    rows = read_documents(documents)
    if isinstance(rows, Texts):
        first = ""
    else:
        first = next(rows, None)
        rows = rows if first is None else chain([first], rows)
    cut = resolve_tokenizer(tokenizer)
    options = {"n_jobs": n_jobs, "temp_folder": temp_folder}
    if isinstance(first, str) and (cut is None or cut is str.split):
        rules = "non-space", 1, False
        if cut is None:
            rules, options["cut_han"] = ("word", 1, True), cut_han
        blocks = documents_in_blocks(rows, None)
        if known is not None:
            return known.scan(blocks, *rules, **options), None
        tokens, interner = scan_words(blocks, *rules, **options)
        return tokens, interner.terms()
    if isinstance(first, str):
        rows = (_cut(row, document, cut) for row, document in enumerate(rows))
    blocks = _token_blocks(rows)
    if known is not None:
        return known.scan_lists(blocks, **options), None
    tokens, interner = scan_lists(blocks, **options)
    return tokens, interner.terms()


def _token_blocks(rows):
    """Yield (number of the first row, rows) with some ten thousand tokens each."""
    block, first_row, size = [], 0, 0
    for tokens in rows:
        block.append(tokens)
        size += len(tokens)
        if size >= _TOKENS_AT_ONCE:
            yield first_row, block
            block, first_row, size = [], first_row + len(block), 0
    if block:
        yield first_row, block


def _cut(row, document, tokenizer):
    """Return the tokens of one document as a list."""
    tokens = tokenizer(document)
    if isinstance(tokens, str) or not isinstance(tokens, Iterable):
        raise TypeError(
            f"tokenizer must return a list of str. Got {tokens!r} instead in row {row}."
        )
    return tokens if isinstance(tokens, list) else list(tokens)


def _renumbered(tokens, new_ids, temp_folder=None):
    """Return tokens with new ids, those of -1 left out; what was given is used up."""
    n_kept = renumber(tokens.values, tokens.ends, new_ids)
    kept = tokens.values[:n_kept]
    if temp_folder is None and 4 * n_kept < 3 * len(tokens.values):
        kept = kept.copy()  # a view would keep all that was dropped in memory
    return Ragged(kept, tokens.ends)


def _checked(documents):
    """Yield documents; raise unless all are str, or all are lists, tuples or arrays."""
    expects_text = usual = None
    for row, document in enumerate(documents):
        if type(document) is usual:
            yield document
            continue
        is_text = isinstance(document, str)
        if not is_text and not isinstance(document, list | tuple | np.ndarray):
            raise TypeError(
                f"Documents must be str or lists of str. Got {document!r} of type "
                f"{type(document).__name__} in row {row}: drop or convert such rows first."
            )
        if is_text is not expects_text:
            if expects_text is not None:
                one, other = ("raw text", "a list") if is_text else ("a list", "raw text")
                raise TypeError(
                    f"Documents must be all raw text or all lists of tokens. Got {one} in row "
                    f"{row} after {other}."
                )
            expects_text = is_text
        if is_text or isinstance(document, list):
            usual = type(document)
            yield document
        else:
            yield document.tolist() if isinstance(document, np.ndarray) else list(document)


def _read_path(path):
    """Return the lines of a file, or of all files of a folder."""
    if not path.is_dir():
        return texts_at(path)
    files = sorted(file for file in path.iterdir() if file.is_file() and file.name[0] != ".")
    if not files:
        raise ValueError(f"The folder {path} holds no files: give one with text files in it.")
    return TextFiles(files)
