"""Who is about to make which vectors, told to all that share a cache's folder."""

import secrets
import sqlite3
from contextlib import closing
from pathlib import Path

from textvec.encoders.cache import CLAIMANT, CLAIMS, connected

_SCHEMA = "claims (key BLOB PRIMARY KEY, owner TEXT NOT NULL) WITHOUT ROWID"


class Claims:
    """Keys that this claimant alone works on, so that no other process does the same work.

    A claim holds until it is released, or its claimant is gone: each claimant keeps a lock on a
    file of its own, which the operating system opens however the process ends. A lost claim costs
    work done twice and never a wrong vector.

    Parameters
    ----------
    folder : str or path-like
        The cache's.
    """

    def __init__(self, folder):
        self.folder = Path(folder)
        self._name = f"{CLAIMANT}{secrets.token_hex(8)}"
        self._lock = None

    def __enter__(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock = sqlite3.connect(self.folder / self._name, isolation_level=None)
        self._lock.execute("BEGIN EXCLUSIVE")
        return self

    def __exit__(self, *error):
        self.release()
        self._lock.close()
        (self.folder / self._name).unlink(missing_ok=True)

    def take(self, keys):
        """Return those of the keys that are this claimant's now; the others are somebody else's.

        Parameters
        ----------
        keys : list of bytes
            What to claim.

        Returns
        -------
        set of bytes
            The keys taken.
        """
        with connected(self.folder / CLAIMS, _SCHEMA) as connection:
            connection.execute("BEGIN IMMEDIATE")
            self._forget_the_gone(connection)
            connection.executemany(
                "INSERT OR IGNORE INTO claims (key, owner) VALUES (?, ?)",
                [(key, self._name) for key in keys],
            )
            mine = connection.execute("SELECT key FROM claims WHERE owner = ?", (self._name,))
            mine = {key for (key,) in mine}
            connection.commit()
        return mine.intersection(keys)

    def _forget_the_gone(self, connection):
        """Drop the claims and the files of claimants that ended without a word."""
        owners = {owner for (owner,) in connection.execute("SELECT DISTINCT owner FROM claims")}
        owners.update(path.name for path in self.folder.glob(f"{CLAIMANT}*[0-9a-f]"))
        for owner in owners - {self._name}:
            if not _is_locked(self.folder / owner):
                connection.execute("DELETE FROM claims WHERE owner = ?", (owner,))
                (self.folder / owner).unlink(missing_ok=True)
                (self.folder / f"{owner}-journal").unlink(missing_ok=True)

    def release(self):
        """Give up all that was taken."""
        with connected(self.folder / CLAIMS, _SCHEMA) as connection:
            connection.execute("DELETE FROM claims WHERE owner = ?", (self._name,))


def _is_locked(path):
    """Return whether another connection holds a lock on this file; without a file there is none."""
    try:
        name = f"{path.absolute().as_uri()}?mode=rw"
        with closing(sqlite3.connect(name, timeout=0, isolation_level=None, uri=True)) as probe:
            probe.execute("BEGIN EXCLUSIVE")
            return False
    except sqlite3.OperationalError as error:
        return error.sqlite_errorcode == sqlite3.SQLITE_BUSY
