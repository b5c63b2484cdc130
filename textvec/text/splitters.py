"""Long texts in pieces of bounded length, cut where a reader would pause."""

import re
from copy import deepcopy
from itertools import pairwise
from typing import NamedTuple

from sklearn.base import BaseEstimator

from textvec._checks import as_list, check_choice, check_flag, check_number
from textvec.persistence import SaveMixin
from textvec.text.tokenizers import resolve_tokenizer

# Where a text may be cut: after a match. Paragraphs first, then lines, sentences, clauses, words.
_PAUSES = [
    re.compile(pattern)
    for pattern in (
        r"\n[^\S\n]*\n\s*",
        r"\n\s*",
        r"""(?:[。！？…；]|[.!?;](?=[\s"')\]]))+["'”’」』）)\]]*\s*""",
        r"(?:[，、：]|[,:](?=\s))\s*",
        r"\s+",
    )
]


class Chunk(NamedTuple):
    """A piece of a text.

    Parameters
    ----------
    text : str
        The piece: the whole text's characters from ``start`` to before ``end``.
    start, end : int
        Where it stands, in characters.
    """

    text: str
    start: int
    end: int


class RecursiveTextSplitter(SaveMixin, BaseEstimator):
    """Cut a text into chunks no longer than wanted, at the largest pause that serves.

    A text that is too long is cut into paragraphs; a paragraph that is still too long into lines,
    then sentences, clauses, words and at last anywhere, by Western and Chinese punctuation alike.
    Neighbouring pieces then join again while they fit. White space around a chunk is left out;
    everything else is in at least one chunk.

    Parameters
    ----------
    chunk_size : int >= 1, default=512
        The most characters, or tokens, of a chunk.
    chunk_overlap : int >= 0, default=0
        The most characters, or tokens, that a chunk repeats from the end of the one before, so
        that a thought cut in two stands whole in one of them. Less than ``chunk_size``. What is
        repeated begins at a pause, so it may be less, or nothing.
    tokenizer : callable, "jieba", "whitespace" or None, default=None
        None counts characters. A callable from str to a list counts that list's items, such as the
        ``tokenize`` of a pretrained tokenizer.
    separators : list of str, default=None
        Given, the chunks are those of LangChain's RecursiveCharacterTextSplitter with these
        separators, which are ``["\\n\\n", "\\n", " ", ""]`` there: a text that is too long is
        cut at the first of them that it has, its parts at those after that, and "" cuts anywhere.
        None cuts as told above.
    keep_separator : {True, "start", "end"}, default=True
        Of ``separators``: whether each stands at the start (True, too) or at the end of a part.

    Examples
    --------
    >>> splitter = RecursiveTextSplitter(chunk_size=12)
    >>> for chunk in splitter.split("黛玉葬花。宝钗扑蝶，湘云醉卧。探春远嫁。"):
    ...     print(chunk.start, chunk.text)
    0 黛玉葬花。
    5 宝钗扑蝶，湘云醉卧。
    15 探春远嫁。
    """

    def __init__(
        self, chunk_size=512, chunk_overlap=0, tokenizer=None, separators=None, keep_separator=True
    ):
        self.chunk_size = chunk_size
        self.chunk_overlap = chunk_overlap
        self.tokenizer = tokenizer
        self.separators = separators
        self.keep_separator = keep_separator

    def split(self, text):
        """Return the chunks of a text, in order.

        Parameters
        ----------
        text : str
            The text. Empty, or of white space alone, it has no chunks.

        Returns
        -------
        list of Chunk
            Each with its text and its place: ``chunk.text == text[chunk.start : chunk.end]``.

        Raises
        ------
        TypeError
            If ``text`` is not a str, a size not an integer, or ``separators`` no list of str.
        ValueError
            If a size is out of range, one character alone has more than ``chunk_size`` tokens, or
            ``tokenizer`` or ``keep_separator`` is none of those above.
        """
        check_number("chunk_size", self.chunk_size, low=1, integer=True)
        check_number(
            "chunk_overlap", self.chunk_overlap, low=0, high=self.chunk_size - 1, integer=True
        )
        if not isinstance(text, str):
            raise TypeError(f"text must be a str. Got {type(text).__name__} instead.")
        if self.separators is not None:
            return self._split_at_separators(text)
        cut = _Cut(text, self.chunk_size, resolve_tokenizer(self.tokenizer))
        pieces = cut.pieces(0, len(text))
        chunks, first = [], 0
        while first < len(pieces):
            last = cut.longest_run(pieces, first)
            chunks.append(cut.chunk(pieces[first][0], pieces[last - 1][1]))
            first = last if last == len(pieces) else self._next_start(cut, pieces, first, last)
        return chunks

    def split_documents(self, documents, add_start_index=False):
        """Cut documents of LangChain's, or of any class with ``page_content`` and ``metadata``.

        Parameters
        ----------
        documents : iterable of documents
            The texts, and what is known of them.
        add_start_index : bool, default=False
            Whether the metadata of a chunk say where it begins, as ``"start_index"``.

        Returns
        -------
        list of documents
            Of the same class, one for each chunk, with a copy of the metadata.

        Raises
        ------
        TypeError
            If they cannot be iterated over, or a document has no ``page_content``.

        Examples
        --------
        >>> from collections import namedtuple
        >>> Document = namedtuple("Document", "page_content metadata")
        >>> splitter = RecursiveTextSplitter(chunk_size=6)
        >>> splitter.split_documents([Document("黛玉葬花。宝钗扑蝶。", {"chapter": 27})])[1]
        Document(page_content='宝钗扑蝶。', metadata={'chapter': 27})
        """
        check_flag("add_start_index", add_start_index)
        chunks = []
        for document in as_list("documents", documents, "an iterable of documents"):
            if not hasattr(document, "page_content"):
                raise TypeError(
                    "documents must have page_content and metadata, as LangChain's. "
                    f"Got {type(document).__name__} instead: split(text) cuts a str."
                )
            for chunk in self.split(document.page_content):
                metadata = deepcopy(document.metadata)
                if add_start_index:
                    metadata["start_index"] = chunk.start
                chunks.append(type(document)(page_content=chunk.text, metadata=metadata))
        return chunks

    def _split_at_separators(self, text):
        check_choice("keep_separator", self.keep_separator, (True, "start", "end"))
        separators = list(self.separators) if isinstance(self.separators, list | tuple) else []
        if not separators or not all(isinstance(one, str) for one in separators):
            raise TypeError(
                f"separators must be a list of str, or None. Got {self.separators!r} instead."
            )
        tokenize = resolve_tokenizer(self.tokenizer)
        length = len if tokenize is None else lambda part: len(tokenize(part))
        cut = _CutAtSeparators(
            text, self.chunk_size, self.chunk_overlap, length, self.keep_separator == "end"
        )
        cut.split(0, len(text), separators)
        return cut.chunks

    def _next_start(self, cut, pieces, first, last):
        """Return where the next chunk starts: with what it repeats it must still go beyond."""
        for start in range(first + 1, last):
            repeated = cut.length(pieces[start][0], pieces[last - 1][1])
            if repeated <= self.chunk_overlap and cut.longest_run(pieces, start) > last:
                return start
        return last


class _Cut:
    """One text being cut. Spans are pairs (start, end) of character positions."""

    def __init__(self, text, size, tokenize):
        self.text = text
        self.size = size
        self.tokenize = tokenize

    def chunk(self, start, end):
        """Return a span as a chunk, without the white space around it."""
        inner = self.text[start:end]
        start += len(inner) - len(inner.lstrip())
        inner = inner.strip()
        return Chunk(inner, start, start + len(inner))

    def length(self, start, end):
        """Return the length of a span as a chunk of its own."""
        inner = self.chunk(start, end).text
        return len(inner) if self.tokenize is None else len(self.tokenize(inner))

    def pieces(self, start, end, level=0):
        """Return spans that fit, from cutting at pauses of this level and, if need be, finer."""
        if not self.text[start:end].strip():
            return []
        length = self.length(start, end)
        if length <= self.size:
            return [(start, end)]
        if level == len(_PAUSES):
            cuts = self._even_cuts(start, end, length)
        else:
            found = _PAUSES[level].finditer(self.text, start, end)
            cuts = sorted({start, end, *(match.end() for match in found)})
            level += 1
        return [piece for span in pairwise(cuts) for piece in self.pieces(*span, level)]

    def _even_cuts(self, start, end, length):
        """Return where to cut a run without pauses, into parts of about equal length."""
        if end - start == 1:
            raise ValueError(
                f"chunk_size is too small: {self.text[start:end]!r} alone has {length} tokens. "
                f"It must be at least that. Got {self.size} instead."
            )
        n_parts = min(-(-length // self.size), end - start)
        return [start + (end - start) * part // n_parts for part in range(n_parts + 1)]

    def longest_run(self, pieces, first):
        """Return the end of the longest run of pieces from ``first`` on that fits together."""
        last, total = first, 0
        while last < len(pieces):
            total += self.length(*pieces[last])
            if last > first and total > self.size:
                break
            last += 1
        # Spaces between pieces count too, and tokens at a seam may be more than those of its sides.
        while last > first + 1 and self.length(pieces[first][0], pieces[last - 1][1]) > self.size:
            last -= 1
        return last


class _CutAtSeparators:
    """One text being cut as LangChain's RecursiveCharacterTextSplitter cuts it, by spans."""

    def __init__(self, text, size, overlap, length, at_end):
        self.text = text
        self.size = size
        self.overlap = overlap
        self.length = length
        self.at_end = at_end  # whether a part ends in its separator, or begins with it
        self.chunks = []

    def split(self, start, end, separators):
        """Collect the chunks of a span."""
        at = next(
            (at for at, one in enumerate(separators) if one in self.text[start:end]),
            len(separators) - 1,
        )
        finer = separators[at + 1 :] if separators[at] else []
        short = []  # parts that are to be joined, and their lengths
        for part in self._parts(start, end, separators[at]):
            length = self.length(self.text[slice(*part)])
            if length < self.size:
                short.append((part, length))
                continue
            self._join(short)
            short = []
            if finer:
                self.split(*part, finer)
            else:
                self.chunks.append(Chunk(self.text[slice(*part)], *part))
        self._join(short)

    def _parts(self, start, end, separator):
        """Return the spans between separators, none empty."""
        if not separator:
            return [(place, place + 1) for place in range(start, end)]
        cuts = [start]
        place = self.text.find(separator, start, end)
        while place >= 0:
            cuts.append(place + len(separator) if self.at_end else place)
            place = self.text.find(separator, place + len(separator), end)
        return [span for span in pairwise([*cuts, end]) if span[0] < span[1]]

    def _join(self, parts):
        """Collect chunks of neighbouring parts, each with the overlap of the one before."""
        first = total = 0
        for last, (_, length) in enumerate(parts):
            if total + length > self.size and first < last:
                self._collect(parts[first][0][0], parts[last - 1][0][1])
                while total > self.overlap or (total + length > self.size and total > 0):
                    total -= parts[first][1]
                    first += 1
            total += length
        if first < len(parts):
            self._collect(parts[first][0][0], parts[-1][0][1])

    def _collect(self, start, end):
        inner = self.text[start:end]
        start += len(inner) - len(inner.lstrip())
        if inner := inner.strip():
            self.chunks.append(Chunk(inner, start, start + len(inner)))
