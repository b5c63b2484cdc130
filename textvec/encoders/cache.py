"""Vectors on disk, found again by what they were made from."""

import os
import re
import sqlite3
import time
import zlib
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import numpy as np

from textvec._checks import check_number, check_type

__all__ = ["EncodingCache"]

_FILE = "vectors.sqlite"
CLAIMS = "claims.sqlite"
CLAIMANT = "claimant-"  # and 16 digits
_OURS = re.compile(rf"({_FILE}|{CLAIMS}|{CLAIMANT}[0-9a-f]{{16}})(-wal|-shm|-journal)?")
_WAIT = 60  # seconds that a process waits while another writes
_AT_ONCE = 500  # keys in one question
_CHECKSUM = 4  # bytes in front of each vector
_SCHEMA = "vectors (id INTEGER PRIMARY KEY, key BLOB UNIQUE NOT NULL, vector BLOB NOT NULL)"


class EncodingCache:
    """A folder that remembers vectors by key, shared by any number of threads and processes.

    The keys that :class:`~textvec.TransformerVectorizer` uses are digests of the text, the model's
    weights and all that changes the vector, so an entry is never out of date. Entries are written
    in transactions: after a crash, or a process killed, the folder holds all of a batch or nothing
    of it. Each entry carries a checksum; one that fails counts as missing. When the folder is full
    the oldest entries go. It has to be on a local disk: SQLite's locks are not safe on network
    drives.

    Parameters
    ----------
    folder : str or path-like
        Where; made at the first write.
    max_bytes : int >= 1, default=10_000_000_000
        About how much disk it may take.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     cache = EncodingCache(folder)
    ...     cache.put({b"key": np.ones(3, dtype=np.float32)})
    ...     cache.get([b"key", b"other"])
    {b'key': array([1., 1., 1.], dtype=float32)}
    """

    def __init__(self, folder, max_bytes=10_000_000_000):
        check_number("max_bytes", max_bytes, low=1, integer=True)
        check_type("folder", folder, str | os.PathLike, "the path of a folder")
        if not os.fspath(folder):
            raise ValueError(
                "A cache needs the path of a folder. Got '' instead: '.' is the one you are in."
            )
        self.folder = os.fspath(folder)
        self.max_bytes = max_bytes

    def __repr__(self):
        return f"EncodingCache({self.folder!r}, max_bytes={self.max_bytes})"

    def __eq__(self, other):
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self):
        return hash((self.folder, self.max_bytes))

    def get(self, keys):
        """Return those vectors that are here.

        Parameters
        ----------
        keys : list of bytes
            What to look for.

        Returns
        -------
        dict of bytes to ndarray, float32
            The arrays found, in their shapes; keys that are not here are not in it.
        """
        found = {}
        if not self._file.exists():
            return found
        with connected(self._file, _SCHEMA) as connection:
            for start in range(0, len(keys), _AT_ONCE):
                some = keys[start : start + _AT_ONCE]
                marks = ",".join("?" * len(some))
                rows = connection.execute(
                    f"SELECT key, vector FROM vectors WHERE key IN ({marks})", some
                )
                for key, content in rows:
                    vector = _unpack(content)
                    if vector is not None:
                        found[key] = vector
        return found

    def put(self, vectors):
        """Keep vectors, all of them or, if that fails, none.

        Parameters
        ----------
        vectors : dict of bytes to ndarray
            Of any shape; kept as float32, in place of what was under these keys.
        """
        self._file.parent.mkdir(parents=True, exist_ok=True)
        rows = [(key, _pack(vector)) for key, vector in vectors.items()]
        with connected(self._file, _SCHEMA) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(
                "INSERT OR REPLACE INTO vectors (key, vector) VALUES (?, ?)", rows
            )
            self._make_room(connection)
            connection.commit()

    def clear(self):
        """Delete the cache's files, and its folder if nothing else lies in it.

        No other process should be using it.
        """
        folder = Path(self.folder)
        if not folder.is_dir():
            return
        for name in filter(_OURS.fullmatch, os.listdir(folder)):
            (folder / name).unlink(missing_ok=True)
        with suppress(OSError):  # not empty
            folder.rmdir()

    def __len__(self):
        if not self._file.exists():
            return 0
        with connected(self._file, _SCHEMA) as connection:
            return connection.execute("SELECT count(*) FROM vectors").fetchone()[0]

    @property
    def _file(self):
        return Path(self.folder, _FILE)

    def _make_room(self, connection):
        """Delete the oldest entries, a tenth at a time, until the pages in use are few enough."""

        def pragma(name):
            return connection.execute(f"PRAGMA {name}").fetchone()[0]

        limit = self.max_bytes // pragma("page_size")
        while pragma("page_count") - pragma("freelist_count") > limit:
            oldest, newest = connection.execute("SELECT min(id), max(id) FROM vectors").fetchone()
            if oldest is None:
                break
            last = oldest + (newest - oldest) // 10
            connection.execute("DELETE FROM vectors WHERE id <= ?", (last,))


@contextmanager
def connected(path, schema):
    """Connect to a database that several processes share.

    A connection is made anew each time: one shared by threads, or kept over a fork, is not safe.

    Parameters
    ----------
    path : path-like
        Its file; made if it is not there.
    schema : str
        Name and columns of its one table.

    Yields
    ------
    sqlite3.Connection
        Without transactions but those begun by hand.

    Raises
    ------
    OSError
        If it cannot be used, or is damaged.
    """
    try:
        with closing(sqlite3.connect(path, timeout=_WAIT, isolation_level=None)) as connection:
            _change_to_log(connection)  # readers do not wait for a writer
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute(f"CREATE TABLE IF NOT EXISTS {schema}")
            yield connection
    except sqlite3.OperationalError as error:
        raise OSError(f"The cache {path} cannot be used: {error}.") from error
    except sqlite3.DatabaseError as error:
        raise OSError(
            f"The cache {path} is damaged ({error}). Delete it: its vectors are made again."
        ) from error


def _change_to_log(connection):
    """Have changes written ahead to a log; SQLite fails at once where several begin with a file."""
    last = time.monotonic() + _WAIT
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > last:
                raise
            time.sleep(0.01)


def _pack(array):
    array = np.ascontiguousarray(array, "<f4")
    shape = np.array([array.ndim, *array.shape], "<i4")
    content = shape.tobytes() + array.tobytes()
    return zlib.crc32(content).to_bytes(_CHECKSUM, "little") + content


def _unpack(content):
    """Return the array in an entry, or None if it is not what was written."""
    checksum, body = content[:_CHECKSUM], content[_CHECKSUM:]
    if zlib.crc32(body).to_bytes(_CHECKSUM, "little") != checksum:
        return None
    n_dimensions = int.from_bytes(body[:4], "little")
    shape = np.frombuffer(body, "<i4", n_dimensions, offset=4)
    return np.frombuffer(body, "<f4", offset=4 + shape.nbytes).reshape(shape)
