"""Files of fastText and floret: words, their vectors, and rows of n-grams for all others.

fastText's binary file, versions 11 and 12, is little-endian:

============  =====================================================================================
signature     int32 793712314 and the version
arguments     int32 dim, ws, epoch, minCount, neg, wordNgrams, loss, model, bucket, minn, maxn and
              lrUpdateRate, float64 t; floret has its mode and hashCount before lrUpdateRate, and
              no other sign
dictionary    int32 size, nwords, nlabels, int64 ntokens, pruneidx_size; for each word, then each
              label, its bytes, a zero, int64 count, int8 kind
input         bool quantised, int64 rows, columns, float32 rows: of words, then of n-grams
output        likewise, which is not looked at
============  =====================================================================================

The vector of a word is the mean of its row and those of its n-grams; floret has no rows of words,
but of the first, which is the end of a line.

floret's table is text: a header ``rows columns minn maxn hashCount hashSeed < >``, then for each
row its number and its numbers.

A file is not believed: nothing is read or made by a number of its header before the file is known
to be as long as that says.
"""

import struct
from typing import NamedTuple

import numpy as np

from textvec._checks import check_encoding
from textvec.dense.compressed_files import opened
from textvec.dense.subwords import MOST_HASHES, MOST_ROWS, Subwords
from textvec.dense.vector_files import MOST_DIMENSIONS, not_text, read_table, write_table
from textvec.kernels.subwords import FNV

_MAGIC = 793712314
_VERSIONS = (11, 12)
_HEAD = struct.Struct("<2i 11i")  # signature and arguments up to maxn
_MODE = struct.Struct("<2i")
_TAIL = struct.Struct("<id")
_DICTIONARY = struct.Struct("<3i2q")
_AFTER_WORD = struct.Struct("<qb")
_MATRIX = struct.Struct("<?2q")
_SUPERVISED = 3
_OF_FASTTEXT, _OF_FLORET = 1, 2
_SEED, _BORDERS = b"2166136261", [b"<", b">"]
_BLOCK = 1 << 22  # bytes read at a time
_LONGEST_WORD = 1 << 16  # bytes
_LONGEST_NGRAM = 100  # characters, so that parts do not outgrow the file that asks for them
_WORDS_AT_ONCE = 4096


def read_fasttext(path, encoding="utf-8", unicode_errors="strict"):
    """Read a binary file of fastText or floret.

    Parameters
    ----------
    path : str or path-like
        The file, plain or packed.
    encoding, unicode_errors : str
        As in :func:`~textvec.dense.vector_files.read_vectors`; n-grams are those of the bytes.

    Returns
    -------
    words : list of str
        In the order of the file, most frequent first.
    vectors : ndarray of shape (n_words, vector_size), float32
        Their vectors, n-grams and all.
    counts : ndarray of shape (n_words,), int64
        How often each was seen.
    subwords : Subwords or None
        What the vectors of other words are made of; None where the file has no n-grams.

    Raises
    ------
    ValueError
        If the file is no such file, of another version, quantised, cut short, or holds what cannot
        be. The message names the byte.
    """
    check_encoding(encoding, unicode_errors)
    with opened(path) as file:
        reader = _Reader(path, file)
        arguments = reader.arguments()
        raw, counts = reader.dictionary()
        own, rows = reader.input_rows(arguments, len(raw))
    words = _decoded(path, raw, encoding, unicode_errors)
    if rows is None:
        return words, own, counts, None
    subwords = Subwords(rows, arguments.min_n, arguments.max_n, arguments.hashes)
    vectors = np.empty_like(own)
    for start in range(0, len(raw), _WORDS_AT_ONCE):
        block = slice(start, start + _WORDS_AT_ONCE)
        parts = subwords.parts_of_raw(raw[block])
        n_parts = np.diff(parts.ends, prepend=0)[:, None]
        has_own = np.ones_like(n_parts)
        if arguments.hashes != FNV:
            has_own[(1 if start == 0 else 0) :] = 0  # the end of a line alone has a row
        total = subwords.means_of(parts) * n_parts + own[block] * has_own
        vectors[block] = total / np.maximum(1, n_parts + has_own)
    return words, vectors, counts, subwords


def read_floret(path):
    """Read floret's table of rows.

    Parameters
    ----------
    path : str or path-like
        The file, plain or packed.

    Returns
    -------
    Subwords
        The rows, and how words are cut and hashed.

    Raises
    ------
    ValueError
        If the header is wrong, or asks for another hash, or a line is not of its number of columns,
        out of order or not finite. The message names the line.
    """
    with opened(path) as file:
        line = file.readline(_LONGEST_WORD)
        fields = line.split()
        where = f"{path}, line 1"
        if len(fields) != 8 or not all(field.isdigit() and len(field) < 11 for field in fields[:6]):
            raise ValueError(
                f"{where}: expected the header of a table of floret, numbers of rows and columns, "
                f"minn, maxn, hashCount and hashSeed, then < and >. Got {line[:80]!r}."
            )
        n_rows, size, min_n, max_n, hashes = map(int, fields[:5])
        if fields[5] != _SEED or fields[6:] != _BORDERS:
            raise ValueError(
                f"{where}: only the hash of seed {_SEED.decode()} of words between < and > is "
                f"known. Got {b' '.join(fields[5:])!r}."
            )
        _check(where, n_rows, size, min_n, max_n, hashes, fewest_hashes=1)
        labels, rows = read_table(path, file, n_rows, size)
    wrong = next((i for i, label in enumerate(labels) if label != b"%d" % i), None)
    if wrong is not None:
        raise ValueError(
            f"{path}, line {wrong + 2}: expected row {wrong}. Got {labels[wrong][:80]!r}."
        )
    return Subwords(rows, min_n, max_n, hashes)


def write_floret(path, subwords):
    """Write floret's table of rows, in full or not at all.

    Parameters
    ----------
    path : str or path-like
        The file; one that exists is replaced. A name ending in .gz, .bz2 or .xz packs it.
    subwords : Subwords
        What to write.

    Raises
    ------
    ValueError
        If the rows are those of fastText's hash.
    """
    if subwords.hashes == FNV:
        raise ValueError(
            "The rows are those of fastText's hash, which tables of floret do not have. Use "
            "textvec's own format: KeyedVectors.save."
        )
    n_rows, size = subwords.rows.shape
    header = b"%d %d %d %d %d %b %b\n" % (
        n_rows, size, subwords.min_n, subwords.max_n, subwords.hashes, _SEED, b" ".join(_BORDERS)
    )  # fmt: skip
    write_table(path, header, [b"%d" % row for row in range(n_rows)], subwords.rows)


class _Arguments(NamedTuple):
    """What a binary file says of its numbers; ``max_n`` is 0 and ``hashes`` FNV without n-grams."""

    size: int
    n_rows: int
    min_n: int
    max_n: int
    hashes: int
    has_parts: bool


class _Reader:
    """A binary file, read once from its begin to the rows of its input."""

    def __init__(self, path, file):
        self.path, self.file = path, file
        self.buffer, self.at, self.begin = b"", 0, 0  # begin: the byte where the buffer begins

    def arguments(self):
        """Read the signature and the arguments."""
        magic, version, size, *_, model, n_rows, min_n, max_n = self._take(_HEAD)
        if magic != _MAGIC:
            self._refuse(0, "the file does not begin as fastText's do: text needs another reader")
        if version not in _VERSIONS:
            self._refuse(4, f"the version must be 11 or 12. Got {version}")
        mode, hashes = _MODE.unpack(self._bytes(_MODE.size))
        if mode in (_OF_FASTTEXT, _OF_FLORET) and 1 <= hashes <= MOST_HASHES:
            hashes = hashes if mode == _OF_FLORET else FNV
            self._take(_TAIL)
        else:  # fastText's file: these were the first bytes of the tail
            hashes = FNV
            self._bytes(_TAIL.size - _MODE.size)
        if version == 11 and model == _SUPERVISED:
            max_n = 0  # as fastText says of its older files
        where = f"{self.path}, byte 8"
        if max_n < max(1, min_n):
            min_n = max_n = 0
        has_parts = max_n > 0 or hashes != FNV
        _check(where, n_rows if has_parts else 1, size, min_n, max_n, hashes)
        return _Arguments(size, n_rows, min_n, max_n, hashes, has_parts)

    def dictionary(self):
        """Return the words, bytes, and their counts; labels are passed over."""
        place = self._place
        n_entries, n_words, n_labels, _, n_pruned = self._take(_DICTIONARY)
        if n_pruned >= 0:
            self._refuse(place, _QUANTISED)
        if min(n_words, n_labels) < 0 or n_words + n_labels != n_entries:
            self._refuse(
                place, f"{n_words} words and {n_labels} labels cannot be {n_entries} entries"
            )
        words, counts = [], []
        for entry in range(n_entries):
            place = self._place
            word = self._until_zero()
            count, kind = self._take(_AFTER_WORD)
            if kind != (entry >= n_words):
                self._refuse(place, f"entry {entry} is of the wrong kind, {kind}")
            if entry < n_words:
                if not word or count < 0:
                    self._refuse(place, f"word {entry} is {word!r}, seen {count} times")
                words.append(word)
                counts.append(count)
        return words, np.array(counts, np.int64)

    def input_rows(self, arguments, n_words):
        """Return the rows of words and those of n-grams, None where the file has none."""
        place = self._place
        is_quantised, n_rows, size = self._take(_MATRIX)
        if is_quantised:
            self._refuse(place, _QUANTISED)
        expected = n_words + arguments.n_rows
        fits = n_rows == expected if arguments.has_parts else n_rows >= n_words
        if size != arguments.size or not fits:
            self._refuse(
                place,
                f"there must be {expected} rows of {arguments.size} numbers. Got {n_rows} of "
                f"{size} instead",
            )
        own = self._rows(n_words, size)
        return own, self._rows(arguments.n_rows, size) if arguments.has_parts else None

    def _rows(self, n_rows, size):
        """Read so many rows, with memory for no more than was read before, and some."""
        place, total = self._place, n_rows * size
        numbers, n_read = np.empty(0, np.float32), 0
        while n_read < total:
            if n_read == len(numbers):
                room = min(total, max(n_read * 5 // 4, _BLOCK))
                numbers.resize(room, refcheck=False)
            block = self._bytes(4 * min(len(numbers) - n_read, _BLOCK // 4))
            numbers[n_read : n_read + len(block) // 4] = np.frombuffer(block, "<f4")
            n_read += len(block) // 4
        if total and not (np.isfinite(numbers.min()) and np.isfinite(numbers.max())):
            wrong = int(np.argmin(np.isfinite(numbers)))
            self._refuse(place + 4 * wrong, f"the number is {numbers[wrong]}, which is not finite")
        return numbers.reshape(n_rows, size)

    @property
    def _place(self):
        return self.begin + self.at

    def _take(self, record):
        return record.unpack(self._bytes(record.size))

    def _bytes(self, n_bytes):
        self._fill(n_bytes)
        found = self.buffer[self.at : self.at + n_bytes]
        if len(found) < n_bytes:
            self._refuse_end()
        self.at += n_bytes
        return found

    def _until_zero(self):
        end = self.buffer.find(b"\0", self.at, self.at + _LONGEST_WORD)
        if end < 0:
            self._fill(_LONGEST_WORD)
            end = self.buffer.find(b"\0", self.at, self.at + _LONGEST_WORD)
        if end < 0 and len(self.buffer) - self.at >= _LONGEST_WORD:
            self._refuse(self._place, f"no word ends within {_LONGEST_WORD} bytes")
        if end < 0:
            self._refuse_end()
        return self._bytes(end + 1 - self.at)[:-1]

    def _fill(self, n_bytes):
        """Have so many bytes in the buffer, or all that are left."""
        if len(self.buffer) - self.at < n_bytes:
            self.begin += self.at
            more = self.file.read(max(n_bytes, _BLOCK))
            self.buffer, self.at = self.buffer[self.at :] + more, 0

    def _refuse_end(self):
        self._refuse(self.begin + len(self.buffer), "the file ends here, and was cut short")

    def _refuse(self, place, what):
        raise ValueError(f"{self.path}, byte {place}: {what}.")


_QUANTISED = (
    "the model is quantised (.ftz), which is not supported: load the .bin that it was made of"
)


def _check(where, n_rows, size, min_n, max_n, hashes, fewest_hashes=FNV):
    """Raise unless numbers of a header are possible."""
    for name, value, low, high in (
        ("buckets", n_rows, 1, MOST_ROWS),
        ("the vector size", size, 1, MOST_DIMENSIONS),
        ("maxn", max_n, 0, _LONGEST_NGRAM),
        ("minn", min_n, 0, max_n),
        ("hashCount", hashes, fewest_hashes, MOST_HASHES),
    ):
        if not low <= value <= high:
            raise ValueError(f"{where}: {name} must be between {low} and {high}. Got {value}.")


def _decoded(path, raw, encoding, errors):
    """Return words as str, no two of them the same."""
    words = []
    for number, one in enumerate(raw):
        try:
            words.append(one.decode(encoding, errors))
        except UnicodeDecodeError as error:
            raise not_text(f"{path}, word {number}", one, encoding) from error
    if len(set(words)) < len(words):
        first = {}
        number = next(i for i, word in enumerate(words) if first.setdefault(word, i) != i)
        raise ValueError(
            f"{path}, word {number}: {words[number]!r} is word {first[words[number]]}, too."
        )
    return words
