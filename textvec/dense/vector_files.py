"""Files of word vectors as other tools write them: words and an array in, words and an array out.

Three formats, each plain or packed (gzip, bzip2, xz, or a zip of one file):

=============  ================================================================================
word2vec text  a header ``count vector_size``, then one line a word: ``word 0.1 0.2 ...``;
               fastText's ``.vec`` is the same
binary         the same header line, then for each word ``word``, a space and its little-endian
               float32 numbers, with or without a line break after them
GloVe text     word2vec text without the header
=============  ================================================================================

A file is not believed: memory grows with what was read, never with what a header promises, and
the first thing wrong is an error that names the line or the byte.
"""

import csv
import re
from io import BytesIO

import numpy as np

from textvec._checks import check_choice, check_encoding, check_number, warn_user
from textvec._reading import spells_number
from textvec.dense.compressed_files import opened, replacing_packed

_BLOCK = 1 << 22  # bytes read at a time; what they parse to stays small beside the table
_LONGEST_LINE = 1 << 26  # bytes
_LONGEST_WORD = 1 << 16  # bytes
_LONGEST_HEADER = 256  # bytes
_MOST_DIGITS = 18  # of a count, which an int64 holds
MOST_DIMENSIONS = 1 << 20  # so that one vector of a binary file always fits in memory
_WHITE_SPACE = b" \t\n\r\v\f"
_HEADER = re.compile(rb"[ \t]*([0-9]+)[ \t]+([0-9]+)[ \t\r]*\n")


def read_vectors(
    path,
    binary=False,
    encoding="utf-8",
    unicode_errors="strict",
    limit=None,
    dtype=np.float32,
    no_header=False,
    duplicates="first",
):
    """Read a file of word vectors.

    Parameters
    ----------
    path : str or path-like
        The file; gzip, bzip2, xz and zip are recognised by their first bytes.
    binary : bool, default=False
        Whether the file is in word2vec's binary format.
    encoding : str, default="utf-8"
        How words are encoded: one in which a space and a line break are single ASCII bytes.
    unicode_errors : str, default="strict"
        What to do with bytes that are no text: an ``errors`` of :meth:`bytes.decode`. The original
        word2vec cuts long words, at times within a character: "replace" or "ignore" read those.
        All but "strict" may make two words one.
    limit : int >= 1 or None, default=None
        Read only this many words, from the first on; the rest of the file is not looked at.
    dtype : dtype, default=numpy.float32
        float32 or float16, of the array returned.
    no_header : bool, default=False
        Whether the first line is a word's, as in GloVe's files. For text only.
    duplicates : {"first", "raise"}, default="first"
        What to do with a word that comes again: leave it out, with a warning that counts, or raise.

    Returns
    -------
    words : list of str
        In the order of the file.
    vectors : ndarray of shape (n_words, vector_size)
        Their vectors.

    Raises
    ------
    ValueError
        If Python does not know ``encoding`` or ``unicode_errors``; if the header is wrong or
        promises more or fewer vectors than there are, if the file ends too early, if a vector is
        too short, too long, no number or not finite, if a word is empty, is not in that encoding,
        or occurs twice and shall not. The message names the line or byte.

    See Also
    --------
    write_vectors : Writes such files.
    """
    check_choice("duplicates", duplicates, ("first", "raise"))
    check_encoding(encoding, unicode_errors)
    if limit is not None:
        check_number("limit", limit, low=1, integer=True)
    if binary and no_header:
        raise ValueError("no_header=True is for text: a binary file cannot be read without header.")
    with opened(path) as file:
        count, vector_size, start = (None, None, 0) if no_header else _read_header(file, path)
        reader = _Reader(path, file, count, vector_size, limit, np.dtype(dtype))
        if binary:
            reader.read_binary(start)
        else:
            reader.read_text(first_line=1 if no_header else 2)
    words = [reader.decoded(i, encoding, unicode_errors) for i in range(len(reader.words))]
    return reader.distinct(words, duplicates)


def read_table(path, file, count, vector_size):
    """Read lines of a label and its numbers, which follow the header of a text file.

    Parameters
    ----------
    path : str or path-like
        The file, for messages.
    file : file
        It, `opened`, after line 1.
    count, vector_size : int
        How many lines, and how many numbers in each, the header promises.

    Returns
    -------
    labels : list of bytes
        What stands before the numbers of each line.
    vectors : ndarray of shape (count, vector_size), float32
        The numbers.

    Raises
    ------
    ValueError
        As by :func:`read_vectors`.
    """
    reader = _Reader(path, file, count, vector_size, None, np.dtype(np.float32))
    reader.read_text(first_line=2)
    return reader.words, reader.table()


def read_counts(path, encoding="utf-8", unicode_errors="strict"):
    """Read what word2vec's ``-save-vocab`` writes: one line a word, ``word count``.

    Parameters
    ----------
    path : str or path-like
        The file, plain or packed.
    encoding, unicode_errors
        As in :func:`read_vectors`.

    Returns
    -------
    dict of str to int
        The count of each word.

    Raises
    ------
    ValueError
        If a line is something else; the message names it.
    """
    counts = {}
    with opened(path, "fvocab") as file:
        for number, line in enumerate(iter(lambda: file.readline(_LONGEST_WORD), b""), start=1):
            word, _, count = line.rstrip().replace(b"\t", b" ").rpartition(b" ")
            if not word or not count.isdigit() or len(count) > _MOST_DIGITS:
                raise ValueError(
                    f"{path}, line {number}: expected a word and its count. Got {_shown(line)}."
                )
            word = line[: len(word)].rstrip(b" \t")
            try:
                counts[word.decode(encoding, unicode_errors)] = int(count)
            except UnicodeDecodeError as error:
                raise not_text(f"{path}, line {number}", word, encoding) from error
    return counts


def write_vectors(path, words, vectors, binary=False, write_header=True):
    """Write word vectors to a file that other tools read, in full or not at all.

    Parameters
    ----------
    path : str or path-like
        The file; one that exists is replaced. A name ending in .gz, .bz2 or .xz packs it.
    words : sequence of str
        The words, none empty or with a space or a line break inside, and in text no other white
        space of ASCII, which readers take for those. They are written in UTF-8.
    vectors : ndarray of shape (n_words, vector_size)
        Their vectors, float32 or float16. Text has the digits that bring the same number back;
        binary is always float32.
    binary : bool, default=False
        Whether to write word2vec's binary format; else its text.
    write_header : bool, default=True
        False leaves the header out, as GloVe does. For text only.

    Raises
    ------
    ValueError
        If a word cannot stand in such a file.

    See Also
    --------
    read_vectors : Reads such files.
    """
    if binary and not write_header:
        raise ValueError("write_header=False is for text: a binary file needs its header.")
    encoded = [_encoded(word, b" \n" if binary else _WHITE_SPACE) for word in words]
    if not binary:
        write_table(path, b"%d %d\n" % vectors.shape if write_header else b"", encoded, vectors)
        return
    with replacing_packed(path) as file:
        file.write(b"%d %d\n" % vectors.shape)
        for block, rows in _blocks(encoded, vectors):
            file.writelines(
                b"%b %b" % (word, row.astype("<f4").data) for word, row in zip(block, rows)
            )


def write_table(path, header, labels, vectors):
    """Write a header, and lines of a label and its numbers, to a text file.

    Parameters
    ----------
    path : str or path-like
        The file; one that exists is replaced. A name ending in .gz, .bz2 or .xz packs it.
    header : bytes
        The first line with its break, or nothing.
    labels : list of bytes
        What stands before the numbers of each line.
    vectors : ndarray of shape (n_lines, vector_size)
        The numbers, float32 or float16, written with the digits that bring them back.
    """
    digits = 9 if vectors.dtype == np.float32 else 5  # as many as tell any two numbers apart
    line = b"%b " + b" ".join([b"%%.%dg" % digits] * vectors.shape[1]) + b"\n"
    with replacing_packed(path) as file:
        file.write(header)
        for block, rows in _blocks(labels, vectors):
            file.writelines(line % (label, *row) for label, row in zip(block, rows.tolist()))


def _blocks(labels, vectors):
    step = max(1, _BLOCK // (4 * vectors.shape[1]))
    for start in range(0, len(labels), step):
        yield labels[start : start + step], vectors[start : start + step]


def write_counts(path, words, counts):
    """Write one line a word, ``word count``, in full or not at all.

    Parameters
    ----------
    path : str or path-like
        The file; one that exists is replaced. A name ending in .gz, .bz2 or .xz packs it.
    words : sequence of str
        The words, as in :func:`write_vectors`.
    counts : sequence of int
        Their counts.
    """
    lines = [
        b"%b %d\n" % (_encoded(word, _WHITE_SPACE), count) for word, count in zip(words, counts)
    ]
    with replacing_packed(path, "fvocab") as file:
        file.writelines(lines)


class _Reader:
    """What was read of a file so far: words as bytes and a growing table of their vectors."""

    def __init__(self, path, file, count, vector_size, limit, dtype):
        self.path = path
        self.file = file
        self.count = count  # what the header promises, None without header
        self.vector_size = vector_size
        self.limit = limit
        self.words = []
        self._table = np.empty((0, vector_size or 0), dtype)
        self._where = None  # index of a word -> its place in the file, for messages

    @property
    def _wanted(self):
        """How many vectors to read at most."""
        bounds = [bound for bound in (self.count, self.limit) if bound is not None]
        return min(bounds, default=np.inf)

    def read_text(self, first_line):
        """Read lines from ``first_line`` on, which is where the file stands."""
        self._where = lambda i: f"line {first_line + i}"
        for block in self._line_blocks():
            room = self._wanted - len(self.words)
            if len(block) > room:
                surplus = first_line + self._wanted
                block = block[:room]
                if self.limit is None:
                    raise ValueError(
                        f"{self.path}, line {surplus}: the header promises {self.count} vectors, "
                        "and here is one more. Correct the header, or pass limit."
                    )
            if block:
                self._parse(block)
            if self.limit is not None and len(self.words) == self._wanted:
                return
        if self.vector_size is None:
            raise ValueError(f"{self.path} is empty: it has no vectors.")
        if self.count is not None and len(self.words) < self._wanted:
            raise ValueError(
                f"{self.path} ends after line {first_line + len(self.words) - 1} with "
                f"{len(self.words)} of the {self.count} vectors that its header promises."
            )

    def _line_blocks(self):
        """Yield lists of lines without their breaks; blank lines may only end the file."""
        rest, n_read, blank = b"", 0, None
        while True:
            block = self.file.read(_BLOCK)
            *lines, rest = (rest + block).split(b"\n")
            if not block:
                lines.append(rest)
            elif len(rest) > _LONGEST_LINE:
                self._refuse(n_read + len(lines), f"no end within {_LONGEST_LINE} bytes")
            lines = [line.rstrip() for line in lines]
            n_full = 0
            if blank is None:
                n_full = lines.index(b"") if b"" in lines else len(lines)
                blank = n_read + n_full if n_full < len(lines) else None
            if any(lines[n_full:]):
                self._refuse(blank, "the line is blank, and others follow")
            n_read += n_full
            if n_full:
                yield lines[:n_full]
            if not block:
                return

    def _parse(self, lines):
        """Add the words and vectors of lines."""
        if self.vector_size is None:
            self.vector_size = len(lines[0].split()) - 1
            if self.vector_size == 0:
                self._refuse(0, f"expected a word and its numbers. Got {_shown(lines[0])}")
            self._table = np.empty((0, self.vector_size), self._table.dtype)
        size = self.vector_size
        heads = [line.partition(b" ") for line in lines]
        numbers = _numbers([rest for *_, rest in heads], size)
        if numbers is not None:
            self._add([word for word, *_ in heads], numbers)
            return
        words, rows = zip(*[self._parse_line(line, i) for i, line in enumerate(lines)])
        self._add(words, np.array(rows))

    def _parse_line(self, line, i):
        """Return the word and the numbers of one line, the i-th of its block."""
        fields = line.split()
        n_before = len(fields) - self.vector_size  # fields of the word: GloVe's may hold spaces
        if n_before > 1 and all(map(spells_number, fields[1:n_before])):
            n_before = 1
        numbers = fields[n_before:] if n_before > 0 else fields[1:]
        place = len(self.words) + i
        if len(numbers) != self.vector_size:
            source = "line 1" if self.count is None else "the header"
            self._refuse(
                place,
                f"{len(numbers)} numbers, and {source} says {self.vector_size}. The line is "
                f"{_shown(line)}; a binary file needs binary=True",
            )
        wrong = next((field for field in numbers if not spells_number(field)), None)
        if wrong is not None:
            self._refuse(place, f"{_shown(wrong)} is not a number; a binary file needs binary=True")
        if line[:1].isspace():
            self._refuse(place, "the word is empty")
        return b" ".join(fields[:n_before]), [float(field) for field in numbers]

    def read_binary(self, start):
        """Read records from byte ``start`` on, which is where the file stands."""
        offsets = []
        self._where = lambda i: f"byte {offsets[i]}"
        n_bytes = 4 * self.vector_size
        buffer, begin = b"", start  # begin: the byte of the file where the buffer begins
        while len(self.words) < self._wanted:
            block = self.file.read(_BLOCK)
            buffer += block
            words, vectors, used = [], [], 0
            while len(self.words) + len(words) < self._wanted:
                space = buffer.find(b" ", used, used + _LONGEST_WORD)
                end = space + 1 + n_bytes
                if space < 0 or end > len(buffer):
                    break
                words.append(buffer[used:space].lstrip(b"\n"))
                vectors.append(buffer[space + 1 : end])
                offsets.append(begin + space - len(words[-1]))
                used = end
            rows = np.frombuffer(b"".join(vectors), "<f4").reshape(-1, self.vector_size)
            self._add(words, rows)
            buffer, begin = buffer[used:], begin + used
            if len(self.words) < self._wanted and space < 0 and len(buffer) >= _LONGEST_WORD:
                raise ValueError(
                    f"{self.path}, byte {begin}: no word ends within {_LONGEST_WORD} bytes. "
                    "The vector size of the header is wrong, or the file is not binary."
                )
            if not block and len(self.words) < self._wanted:
                raise ValueError(
                    f"{self.path} ends at byte {begin + len(buffer)}, within or before vector "
                    f"{len(self.words) + 1} of the {self.count} that its header promises. It was "
                    "cut short, or is not binary."
                )
        if self.limit is None and (buffer + self.file.read(_BLOCK)).strip(b"\r\n"):
            raise ValueError(
                f"{self.path}, byte {begin}: the header promises {self.count} vectors, and the "
                "file goes on after them. Correct the header, or pass limit; of a text file, pass "
                "binary=False."
            )

    def _add(self, words, rows):
        """Append words and vectors, after a check of the latter."""
        begun, end = len(self.words), len(self.words) + len(rows)
        if end > len(self._table):
            room = int(max(end, min(self._wanted, end * 5 // 4)))
            self._table.resize((room, self.vector_size), refcheck=False)
        added = self._table[begun:end]
        with np.errstate(over="ignore"):  # it gives infinity, which is refused
            added[:] = rows
        finite = np.isfinite(added).all(axis=1)
        if not finite.all():
            i = int(np.argmin(finite))
            column = int(np.argmin(np.isfinite(added[i])))
            self._refuse(
                begun + i,
                f"number {column + 1} of {_shown(words[i])} is {rows[i][column]}, not a finite "
                f"{self._table.dtype}",
            )
        self.words.extend(words)

    def decoded(self, i, encoding, errors):
        """Return the i-th word as str."""
        raw = self.words[i]
        try:
            word = raw.decode(encoding, errors)
        except UnicodeDecodeError as error:
            raise not_text(f"{self.path}, {self._where(i)}", raw, encoding) from error
        if not word and errors == "strict":
            self._refuse(i, "the word is empty")
        return word

    def distinct(self, words, duplicates):
        """Return words and vectors; of a word that came again the first, or an error."""
        if len(set(words)) == len(words):
            return words, self.table()
        first, again = {}, []
        for i, word in enumerate(words):
            if first.setdefault(word, i) != i:
                again.append(i)
        what = f"{words[again[0]]!r} was already given in {self._where(first[words[again[0]]])}"
        if duplicates == "raise":
            self._refuse(again[0], what)
        warn_user(
            f"{self.path}: {len(again)} words come again and are left out. In "
            f"{self._where(again[0])}, {what}."
        )
        return list(first), self.table()[list(first.values())]

    def table(self):
        """Return the vectors that were read."""
        self._table.resize((len(self.words), self.vector_size), refcheck=False)
        return self._table

    def _refuse(self, i, what):
        raise ValueError(f"{self.path}, {self._where(i)}: {what}.")


def _read_header(file, path):
    """Return the count and the vector size of the header, and its length in bytes."""
    line = file.readline(_LONGEST_HEADER)
    if not line:
        raise ValueError(f"{path} is empty: it has no header.")
    match = _HEADER.fullmatch(line)
    if line.startswith(b"version https://git-lfs"):
        raise ValueError(
            f"{path} is a pointer of Git LFS, not the file itself: fetch that, by git lfs pull."
        )
    if match is None:
        raise ValueError(
            f"{path}, line 1: expected a header, the number of words and the vector size. Got "
            f"{_shown(line)}. If the file has none, as GloVe's, pass no_header=True."
        )
    count, vector_size = int(match[1]), int(match[2])
    if not 1 <= vector_size <= MOST_DIMENSIONS:
        raise ValueError(
            f"{path}, line 1: the vector size must be between 1 and {MOST_DIMENSIONS}. Got "
            f"{vector_size}: the header is wrong."
        )
    return count, vector_size, len(line)


def _numbers(lines, size):
    """Return float32 numbers, ``size`` from each line, or None if a line holds something else."""
    import pandas as pd

    try:
        with np.errstate(over="ignore"):  # it gives infinity, which is refused
            table = pd.read_csv(
                BytesIO(b"\n".join(lines)),
                sep=" ",
                header=None,
                dtype=np.float32,
                lineterminator="\n",
                quoting=csv.QUOTE_NONE,
                na_filter=False,  # a number that is missing is an error
            )
    except ValueError:
        return None
    return table.to_numpy() if table.shape == (len(lines), size) else None


def _shown(raw):
    """Return bytes for a message, cut to a length that can be read."""
    text = raw.decode("utf-8", "backslashreplace")
    return repr(text if len(text) <= 40 else text[:40] + "…")


def not_text(where, raw, encoding):
    """Return the error for bytes that are no text."""
    return ValueError(
        f"{where}: the word {_shown(raw)} is not {encoding}. Pass its encoding, for example "
        '"latin-1", or unicode_errors="replace".'
    )


def _encoded(word, breaks):
    try:
        raw = word.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"The word {word!r} holds half a character, which UTF-8 cannot. Rename it, or use "
            "textvec's own format: KeyedVectors.save."
        ) from error
    if not raw or raw.translate(None, breaks) != raw:
        raise ValueError(
            f"The word {word!r} is empty or holds a space or line break, which end a word in such "
            "a file. Rename it, or use textvec's own format: KeyedVectors.save."
        )
    return raw
