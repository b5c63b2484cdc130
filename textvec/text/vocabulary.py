"""From documents to token ids: blocks of text, case folding as Python does it, interning."""

import os
import re
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from itertools import chain, islice, pairwise
from os import PathLike
from queue import SimpleQueue
from tempfile import TemporaryFile

import numpy as np

from textvec._threads import effective_n_jobs
from textvec.kernels.hashing import hash_tokens
from textvec.kernels.interning import intern_strings, intern_tokens
from textvec.kernels.scanning import ALONE, find_pieces, find_tokens, scan_characters
from textvec.ragged import Ragged
from textvec.text.columns import TextBlock, Texts, texts_in
from textvec.text.mixed import SPACELESS

BLOCK_CHARACTERS = 1 << 19  # text is scanned in blocks of about this many characters
EMPTY = 0xFF  # a byte that is in no UTF-8 stands for the empty term
_DOCUMENTS_AT_ONCE = 1 << 10  # that are joined
_ALL_CODES = range(0x110000)


def documents_in_blocks(
    raw_documents, decode, decode_all=False, expects_text=True, least_characters=0
):
    """Yield documents, about half a million characters at a time, never all the text at once.

    Parameters
    ----------
    raw_documents : iterable, or Texts
        What the user gave.
    decode : callable or None
        Turns an item that is not a str into one; None where all must be str.
    decode_all : bool
        Whether ``decode`` is for items that are str, too.
    expects_text : bool
        Whether an error in ``decode`` may be put down to an item that is no text.
    least_characters : int
        Blocks are of no fewer than this, but for the last.

    Yields
    ------
    TextBlock or list of str
        A TextBlock of what lies in Arrow's memory, in a file or in a list, but for a str that
        fills a block by itself.

    Raises
    ------
    TypeError
        If an item is not text even after ``decode``; the message names its row.
    """
    enough = max(BLOCK_CHARACTERS, least_characters)
    raw_documents = texts_in(raw_documents)
    if isinstance(raw_documents, Texts) and not decode_all:
        yield from raw_documents.blocks(enough)
        return
    first = 0
    if not decode_all and type(raw_documents) is list:
        first = yield from _joined_blocks(raw_documents, enough)
    block, size = [], 0
    for row, document in enumerate(islice(raw_documents, first, None), first):
        if decode_all or not isinstance(document, str):
            if decode is None:
                check_is_text(row, document)
                raise TypeError(
                    f"Documents must be str. Got {document!r} of type {type(document).__name__} in "
                    f"row {row}: read or decode it first."
                )
            try:
                decoded = decode(document)
            except (AttributeError, TypeError) as error:
                if expects_text:
                    check_is_text(row, document, error)
                raise
            if not isinstance(decoded, str):
                if expects_text:
                    check_is_text(row, document)
                raise TypeError(
                    f"preprocessor must return str. Got {decoded!r} instead in row {row}: "
                    "give tokenizer, too, for documents that are something else."
                )
            document = decoded
        block.append(document)
        size += len(document)
        if size >= enough:
            yield block
            block, size = [], 0
    if block:
        yield block


def _joined_blocks(documents, enough):
    """Yield the str of a list in blocks; return the number of the first that is no str.

    Few at a time, so that a document that was looked at once is still in the cache.
    """
    first = size = 0
    parts, lengths = [], []
    while some := documents[first : first + _DOCUMENTS_AT_ONCE]:
        if not lengths and isinstance(some[0], str) and len(some[0]) >= enough:
            yield some[:1]  # itself: of what is so large nobody needs a further copy
            first += 1
            continue
        try:
            n_chars = np.fromiter(map(len, some), np.int64, len(some))
            last = int(n_chars.cumsum().searchsorted(enough - size)) + 1
            n_chars = n_chars[:last]
            size += int(n_chars.sum())
            parts.append(_in_utf_8(some[:last], n_chars))
        except TypeError:
            break
        lengths.append(n_chars)
        first += len(n_chars)
        if size >= enough:
            yield _text_block(parts, lengths)  # which empties them
            size = 0
    if lengths:
        yield _text_block(parts, lengths)
    return first


def _text_block(parts, lengths):
    """Return parts of UTF-8 that hold documents of these lengths as one `TextBlock`; none stays."""
    text = parts[0] if len(parts) == 1 else bytearray().join(parts)
    ends = np.concatenate(lengths).cumsum()
    parts.clear()
    lengths.clear()
    return TextBlock(np.frombuffer(text, np.uint8), ends)


def _in_utf_8(documents, lengths):
    """Return str end to end; their lengths, in characters, are made those in bytes."""
    text = "".join(documents)
    if text.isascii():
        return bytearray(text, "ascii")
    are_ascii = np.fromiter(map(str.isascii, documents), np.bool_, len(documents))
    parts, first = [], 0
    for row in np.flatnonzero(~are_ascii).tolist():
        part = documents[row].encode("utf-8", "surrogatepass")
        parts += "".join(documents[first:row]).encode(), part
        first, lengths[row] = row + 1, len(part)
    parts.append("".join(documents[first:]).encode())
    return bytearray().join(parts)


def check_is_text(row, document, error=None):
    """Raise a TypeError that names the row, unless a document is str or bytes or can be read."""
    if not isinstance(document, str | bytes | PathLike) and not hasattr(document, "read"):
        cure = "drop, fill or convert such rows first"
        if isinstance(document, list | tuple | np.ndarray):
            cure = "join its tokens by spaces, or count them as they are with analyzer=list"
        raise TypeError(
            f"Documents must be str or bytes. Got {document!r} of type "
            f"{type(document).__name__} in row {row}: {cure}."
        ) from error


@lru_cache
def _all_characters():
    codes = np.arange(len(_ALL_CODES), dtype="<u4")
    return codes.tobytes().decode("utf-32-le", "surrogatepass")


@lru_cache
def _lower_case(ascii_only):
    """Table of code point -> its lower case, where that is one code point whatever stands by it.

    The two that are not, U+0130 (two code points) and U+03A3 (final sigma), are lowered by
    Python before the table is used, see `encode`.
    """
    characters = _all_characters()[:128] if ascii_only else _all_characters()
    alone = characters.replace("\u0130", "\u0131").replace("\u03a3", "\u03c3")
    return np.frombuffer(alone.lower().encode("utf-32-le", "surrogatepass"), np.int32)


@lru_cache
def _is_kept(keep, ascii_only):
    """Table of code point -> whether it is in a token."""
    characters = _all_characters()[:128] if ascii_only else _all_characters()
    kept = np.zeros(len(characters), np.bool_)
    for run in re.finditer(
        {"word": r"\w+", "non-space": r"\S+", "no blank": "[^ ]+"}[keep], characters
    ):
        kept[run.start() : run.end()] = True
    return kept


@lru_cache
def fold_table(keep, lowercase, ascii_only, in_pieces=False):
    """Return the table ``fold`` of `intern_tokens`.

    Parameters
    ----------
    keep : {"word", "non-space", "no blank", "all"}
        Which characters make up tokens: ``\\w`` of `re`, ``\\S`` of `re`, all but U+0020, or all.
    lowercase : bool
        Whether upper case is folded to lower case.
    ascii_only : bool
        A table of the first 128 code points, quicker to build and to look up.
    in_pieces : bool
        Whether characters of scripts that are written without spaces are tokens of their own.
    """
    size = 128 if ascii_only else len(_ALL_CODES)
    fold = _lower_case(ascii_only).copy() if lowercase else np.arange(size, dtype=np.int32)
    if keep != "all":
        fold[~_is_kept(keep, ascii_only)[fold]] = -1
    if in_pieces and not ascii_only:
        for run in re.finditer(f"{SPACELESS}+", _all_characters()):
            fold[run.start() : run.end()] = np.arange(*run.span()) + ALONE
    return fold


def encode(documents, lowercase=False):
    """Return documents as one UTF-8 buffer, the end of each in it, and whether all is ASCII."""
    block = documents if isinstance(documents, TextBlock) else _joined(documents)
    if lowercase and not block.ascii_only and block.holds("\u0130", "\u03a3"):
        block = _joined(  # see `_lower_case`
            [text.lower() if "\u0130" in text or "\u03a3" in text else text for text in block]
        )
    return block.text, block.ends, block.ascii_only


def _joined(documents):
    lengths = np.fromiter(map(len, documents), np.int64, len(documents))
    return _text_block([_in_utf_8(documents, lengths)], [lengths])


@lru_cache
def hash_seeds():
    """Return the random numbers by which this process fills hash tables: uint64 of shape (5,).

    Nobody who writes text knows them, so that no text fills a few slots alone. What is learned
    does not depend on them.
    """
    return np.frombuffer(bytearray(os.urandom(5 * 8)), np.uint64)


class Interner:
    """Distinct terms and their ids, which count up from 0; the state of `kernels.interning`.

    Parameters
    ----------
    dropped : sequence of non-empty str
        Terms whose tokens are skipped; they get the ids 0 .. n_dropped - 1.
    """

    def __init__(self, dropped=()):
        self.n_dropped = len(dropped)
        self.seeds = hash_seeds()
        self.table = np.zeros(3 << 15, np.uint64)
        self.store = np.empty(1 << 17, np.uint8)
        self.offsets = np.zeros(1 << 14, np.int64)
        self.n_terms = 0
        if dropped:
            self.add(dropped)

    def add(self, terms):
        """Return the ids of terms, non-empty str each, new ones being taken in."""
        text, ends, _ = encode(terms)
        return self.take_in(text, ends)

    def ids_of(self, found, growing=True, in_pieces=False):
        """Return the ids of tokens, see `_found_tokens`, as a Ragged; others as `intern_tokens`."""
        state = self.seeds, self.table, self.store, self.offsets, self.n_terms
        ids, token_ends, *state = intern_tokens(*found, self.n_dropped, growing, *state, in_pieces)
        if growing:
            self.table, self.store, self.offsets, self.n_terms = state
        return Ragged(ids, token_ends)

    def look_up(self, text, ends):
        """Return the ids of strings that end so in UTF-8, end to end; -1 for those not known."""
        return self._ids(text, ends, False)[0]

    def terms(self):
        """Return all terms as a list of str, by id."""
        text = bytes(self.store[: self.offsets[self.n_terms]]).decode("utf-8", "surrogatepass")
        is_first = (self.store[: self.offsets[self.n_terms]] & 0xC0) != 0x80  # of a character
        n_chars = np.concatenate([[0], is_first.cumsum()])
        bounds = n_chars[self.offsets[: self.n_terms + 1]].tolist()
        return [text[start:end] for start, end in pairwise(bounds)]

    def absorb(self, other):
        """Take in the terms of another interner; return their ids here, by their ids there."""
        n_bytes = other.offsets[other.n_terms]
        ends = other.offsets[1 : other.n_terms + 1]
        return self.take_in(other.store[:n_bytes], ends)

    def take_in(self, text, ends, begins=None):
        """Return the ids of terms that end so in UTF-8, end to end unless it is said where."""
        found = self._ids(text, ends, True, begins)
        ids, self.table, self.store, self.offsets, self.n_terms = found
        return ids

    def _ids(self, text, ends, growing, begins=None):
        padded = np.concatenate([text, np.zeros(16, np.uint8)])
        if begins is None:
            begins = ends - np.diff(ends, prepend=0)
        spans = np.stack([begins, ends], axis=1)
        state = self.seeds, self.table, self.store, self.offsets, self.n_terms
        return intern_strings(padded, spans, growing, *state)


def rows_with_han(text, ends):
    """Return which documents, given as by `encode`, hold Han characters: their row numbers."""
    if text.max(initial=0) < 0xE3:
        return []
    first, second = text[:-1], text[1:]
    found = (first >= 0xE4) & (first <= 0xE9)  # U+4000 to U+9FFF
    found |= (first == 0xE3) & (second >= 0x90)  # U+3400 to U+3FFF
    found |= (first == 0xEF) & (second >= 0xA4) & (second <= 0xAB)  # U+F900 to U+FAFF
    found |= (first == 0xF0) & (second >= 0xA0)  # U+20000 to U+3FFFF
    return np.unique(ends.searchsorted(np.flatnonzero(found), side="right")).tolist()


def scan_words(
    blocks,
    keep,
    min_chars,
    lowercase,
    dropped=(),
    interner=None,
    n_jobs=None,
    cut_han=None,
    in_pieces=False,
    temp_folder=None,
):
    """Turn blocks of documents into token ids, on up to ``n_jobs`` threads.

    Parameters
    ----------
    blocks : iterable of list of str
        See `documents_in_blocks`.
    keep : {"word", "non-space", "no blank", "all"}
        See `fold_table`.
    min_chars : int
        Shorter tokens are skipped.
    lowercase : bool
        See `fold_table`.
    dropped : sequence of non-empty str
        Terms whose tokens are skipped, where ``interner`` is None: stop words.
    interner : Interner or None
        Known terms, whose ids are used; tokens of other terms get id -1. None learns the terms.
    n_jobs : int or None
        How many threads; None is 1 and -1 all cores.
    cut_han : callable or None
        Puts blanks between the words of a text that may hold Han characters.
    in_pieces : bool
        Whether text is cut as by `textvec.text.mixed.cut_mixed`; its breaks get id -1.
    temp_folder : str, path-like or None
        Where a file without a name holds the ids, mapped into memory; None holds them in memory.

    Returns
    -------
    tokens : Ragged of int32
        Ids. Which id a term has depends on ``n_jobs``; that the same term has the same id does not.
    interner : Interner
        The terms of these ids.
    """
    find = partial(
        _found_tokens,
        keep=keep,
        min_chars=min_chars,
        lowercase=lowercase,
        cut_han=cut_han,
        in_pieces=in_pieces,
    )
    return _interned(blocks, find, dropped, interner, n_jobs, in_pieces, temp_folder)


def scan_lists(blocks, interner=None, n_jobs=None, temp_folder=None):
    """Turn blocks of token lists into token ids, on up to ``n_jobs`` threads.

    Parameters
    ----------
    blocks : iterable of (int, list of list of str)
        The number of a row, and token lists from there on, some ten thousand tokens in all.
    interner, n_jobs, temp_folder
        As in `scan_words`.

    Returns
    -------
    tokens : Ragged of int32
        Ids as from `scan_words`. Empty tokens get that of the byte `EMPTY`, if it is a known term.
    interner : Interner
        The terms of these ids.

    Raises
    ------
    TypeError
        If a token is no str; the message names its row.
    """
    learning = interner is None
    find = partial(_listed_tokens, marks_empty=not learning)
    return _interned(blocks, find, (), interner, n_jobs, learning, temp_folder)


def _interned(blocks, find, dropped, interner, n_jobs, in_pieces, temp_folder):
    """Return what `scan_words` does of the tokens that ``find`` finds in each block."""
    learning = interner is None
    n_jobs = effective_n_jobs(n_jobs)
    interners = [Interner(dropped) if learning else interner for _ in range(n_jobs)]
    idle = SimpleQueue()
    for worker in range(n_jobs):
        idle.put(worker)

    def scan(block):
        worker = idle.get()
        try:
            return worker, interners[worker].ids_of(find(block), learning, in_pieces)
        finally:
            idle.put(worker)

    scanned = map_blocks(scan, blocks, n_jobs)
    if temp_folder is None:
        values, ends, workers = _in_memory(scanned)
    else:
        values, ends, workers = _on_disk(scanned, temp_folder)
    if learning:
        new_ids = [np.append(interners[0].absorb(other), np.int32(-1)) for other in interners[1:]]
        for worker, part in workers:
            if worker:
                np.take(new_ids[worker - 1], values[part], out=values[part], mode="wrap")
    return Ragged(values, ends), interners[0]


def _listed_tokens(block, marks_empty):
    """Return the tokens of a block of `scan_lists` as `find_tokens` does.

    An empty one is an empty span, or the byte `EMPTY` if asked.
    """
    first_row, rows = block
    lengths = np.fromiter(map(len, rows), np.int64, len(rows))
    try:
        lines = ["\n".join(row) for row in rows if row]
    except TypeError:
        _raise_token(first_row, rows)
    lines.append("\0" * 16)  # what has to follow them
    text = np.frombuffer(bytearray("\n".join(lines), "utf-8", "surrogatepass"), np.uint8)
    ends, gap = np.flatnonzero(text == ord("\n")), 1
    if len(ends) != lengths.sum():  # a token holds line breaks
        text, ends, _ = encode([*chain.from_iterable(rows), lines[-1]])
        ends, gap = ends[:-1], 0
    spans = np.zeros((len(ends), 2), np.int64)
    np.add(ends[:-1], gap, out=spans[1:, 0])
    spans[:, 1] = ends
    if marks_empty:
        text[-16] = EMPTY
        spans[spans[:, 0] == spans[:, 1]] = len(text) - 16, len(text) - 15
    return text, spans, lengths.cumsum()


def _raise_token(first_row, rows):
    """Raise a TypeError that names the first token that is no str."""
    for row, tokens in enumerate(rows, start=first_row):
        for token in tokens:
            if not isinstance(token, str):
                raise TypeError(
                    f"Tokens must be str. Got {token!r} of type {type(token).__name__} in row "
                    f"{row}: drop such tokens, or turn them into str."
                )


def _found_tokens(documents, keep, min_chars, lowercase, cut_han=None, in_pieces=False):
    """Find the tokens of a list of documents; arguments as in `scan_words`.

    Returns what `find_tokens` does, or `find_pieces`. The documents as they were encoded are not
    kept: of a single one that is large, nobody needs a further copy.
    """
    text, ends, ascii_only = encode(documents, lowercase)
    if cut_han is not None and not ascii_only and (rows := rows_with_han(text, ends)):
        documents = list(documents)
        for row in rows:
            documents[row] = cut_han(documents[row])
        text, ends, _ = encode(documents, lowercase)
    splits = in_pieces and not ascii_only  # there are only words in ASCII
    find = find_pieces if splits else find_tokens
    return find(text, ends, fold_table(keep, lowercase, ascii_only, splits), min_chars)


def look_up_words(documents, keep, min_chars, lowercase, interner, in_pieces=False):
    """Turn one block into ids of known terms, as `scan_words` does: a Ragged."""
    found = _found_tokens(documents, keep, min_chars, lowercase, in_pieces=in_pieces)
    return interner.ids_of(found, False, in_pieces)


def hash_words(documents, keep, min_chars, lowercase):
    """Turn a list of documents into the MurmurHash3 of each token: a Ragged of int32."""
    folded, spans, token_ends = _found_tokens(documents, keep, min_chars, lowercase)
    return Ragged(hash_tokens(folded, spans), token_ends)


def scan_codes(blocks, lowercase, n_jobs=None):
    """Turn blocks of documents into code points, with runs of spaces made one: a Ragged."""

    def scan(block):
        text, ends, ascii_only = encode(block, lowercase)
        fold = fold_table("all", lowercase, ascii_only)
        return Ragged(*scan_characters(text, ends, fold, ~_is_kept("non-space", ascii_only)))

    rows = map_blocks(scan, blocks, effective_n_jobs(n_jobs))
    values, ends, _ = _in_memory((0, tokens) for tokens in rows)
    return Ragged(values, ends)


def map_blocks(function, blocks, n_jobs=None):
    """Yield ``function(block)`` in order, on up to ``n_jobs`` threads, few blocks at a time."""
    n_jobs = effective_n_jobs(n_jobs)
    blocks = iter(blocks)
    begun = deque(islice(blocks, 2 if n_jobs > 1 else 0))
    are_few = len(begun) < 2  # a thread takes longer to wake than a hundred titles to count
    blocks = chain((begun.popleft() for _ in range(len(begun))), blocks)
    if are_few:
        yield from map(function, blocks)
        return
    with ThreadPoolExecutor(n_jobs) as pool:
        waiting = []
        for block in blocks:
            waiting.append(pool.submit(function, block))
            if len(waiting) > n_jobs:
                yield waiting.pop(0).result()
        for future in waiting:
            yield future.result()


def _in_memory(scanned):
    """Return the ids of all blocks, the ends of documents, and (worker, slice of ids) of blocks."""
    blocks = deque(scanned)
    values = np.empty(sum(len(tokens.values) for _, tokens in blocks), np.int32)

    def take_in(ids, start):
        values[start : start + len(ids)] = ids

    drained = (blocks.popleft() for _ in range(len(blocks)))  # so that memory does not double
    return values, *_laid_out(drained, take_in)


def _on_disk(scanned, temp_folder):
    """As `_in_memory`, with the ids in a file that goes with the last array that shows them."""
    with TemporaryFile(dir=temp_folder) as file:

        def take_in(ids, start):
            try:
                file.write(ids.data)
            except OSError as error:
                reason = f"{os.strerror(error.errno)}: temp_folder takes 4 bytes a word"
                raise OSError(error.errno, reason, os.fspath(temp_folder)) from error

        ends, workers = _laid_out(scanned, take_in)
        file.flush()
        if file.tell() == 0:  # which cannot be mapped
            return np.zeros(0, np.int32), ends, workers
        return np.asarray(np.memmap(file, np.int32, "r+")), ends, workers


def _laid_out(scanned, take_in):
    ends, workers, start = [np.zeros(0, np.int64)], [], 0
    for worker, tokens in scanned:
        take_in(tokens.values, start)
        ends.append(tokens.ends + start)
        workers.append((worker, slice(start, start + len(tokens.values))))
        start += len(tokens.values)
    return np.concatenate(ends), workers
