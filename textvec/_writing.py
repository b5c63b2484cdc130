"""Files that appear whole or not at all, whatever happens while they are written."""

import errno
import os
import re
import secrets
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows, where a file that is open cannot be deleted anyway
    fcntl = None  # type: ignore[assignment]

_ASIDE = re.compile(r"\.textvec-[0-9a-f]{16}\.tmp")


@contextmanager
def replacing(path):
    """Open a file aside for writing bytes, and put it in place of ``path`` when the block is done.

    After an error inside the block ``path`` holds what it held, and nothing lies beside it. A
    process that is killed leaves its file aside; the next that writes to the folder removes it.

    Parameters
    ----------
    path : str or path-like
        The file; one that exists is replaced.

    Yields
    ------
    file
        A new file beside it, opened for writing bytes. The block should do nothing but write: any
        OSError in it is taken to be of that.

    Raises
    ------
    OSError
        If it cannot be written: no space, no permission, no such folder. The message names
        ``path``, not the file aside.
    """
    path = Path(os.path.realpath(path))  # a link stays a link to the new content
    with _naming(path):
        with file_aside(path.parent) as aside:
            with open(aside, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(aside, path)
        _sync_folder(path.parent)


def check_place(path):
    """Raise now what :func:`replacing` would raise hours later, when there is something to write.

    Parameters
    ----------
    path : str or path-like
        The file that will be written.

    Raises
    ------
    OSError
        If it is a folder, or its own folder does not exist or cannot be written to.
    """
    path = Path(os.path.realpath(path))
    with _naming(path):
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "")
        with file_aside(path.parent):
            pass


@contextmanager
def _naming(path):
    """Let errors of writing name the file that was meant."""
    try:
        yield
    except OSError as error:
        if error.errno is None:  # of a library
            raise OSError(f"{path} cannot be written: {error}") from error
        reason = f"{os.strerror(error.errno)}: it cannot be written, and is as it was"
        raise OSError(error.errno, reason, os.fspath(path)) from error


@contextmanager
def file_aside(folder):
    """Make an empty file to write to and to rename; at the end it goes, if it is still there.

    It is locked as long as this process lives, which tells it from what killed ones left behind.

    Parameters
    ----------
    folder : Path
        Where it is made, and where abandoned ones are removed.

    Yields
    ------
    Path
        The file.
    """
    _sweep(folder)
    aside, lock = _new_file(folder)
    try:
        yield aside
    finally:
        aside.unlink(missing_ok=True)
        if lock is not None:
            os.close(lock)


def _new_file(folder):
    while True:
        aside = folder / f".textvec-{secrets.token_hex(8)}.tmp"
        lock = os.open(aside, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        if fcntl is None:
            os.close(lock)
            return aside, None
        with suppress(OSError):  # some network drives have no locks, and no sweep gets one either
            fcntl.flock(lock, fcntl.LOCK_EX)
        if os.fstat(lock).st_nlink:
            return aside, lock
        os.close(lock)  # a sweep was faster


def _sweep(folder):
    """Remove what killed processes left behind: files aside that no process has locked."""
    for aside in [name for name in os.listdir(folder) if _ASIDE.fullmatch(name)]:
        with suppress(OSError):  # in use, or swept by another process
            if fcntl is None:
                os.unlink(folder / aside)
                continue
            lock = os.open(folder / aside, os.O_RDWR)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.unlink(folder / aside)
            finally:
                os.close(lock)


def _sync_folder(folder):
    """Flush a renaming to the disk; Windows neither needs nor allows it."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
