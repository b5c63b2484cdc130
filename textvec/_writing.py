"""Files that appear whole or not at all, whatever happens while they are written."""

import errno
import json
import os
import re
import secrets
import shutil
import stat
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path

from textvec._checks import as_path

try:
    import fcntl
except ImportError:  # Windows, where a file that is open cannot be deleted anyway
    fcntl = None  # type: ignore[assignment]

_ASIDE = re.compile(r"\.textvec-[0-9a-f]{16}\.tmp")
_TOLD = re.compile(r"\(os error (\d+)\)")  # how libraries in Rust name the error of the system


@contextmanager
def replacing(path):
    """Open a file aside for writing bytes, and put it in place of ``path`` when the block is done.

    After an error inside the block ``path`` holds what it held, and nothing lies beside it. A
    process that is killed leaves its file aside; the next that writes to the folder removes it.
    The new file has the permissions of the one that it replaces, and its owner and group as far as
    the system lets this user give files away.

    Parameters
    ----------
    path : str or path-like
        The file; one that exists is replaced. What is no file is never replaced: a pipe, a terminal
        or another character device (``/dev/stdout``, ``/dev/null``) is written into at the end.

    Yields
    ------
    file
        A new file beside it, opened for writing bytes. The block should do nothing but write: any
        OSError in it is taken to be of that.

    Raises
    ------
    OSError
        If it cannot be written: no space, no permission, no such folder, or a disk or a socket
        in its place. The message names ``path``, not the file aside.
    """
    given = as_path("path", path)
    path = Path(os.path.realpath(given))  # a link stays a link to the new content
    with naming(path):
        replaced = _status(given)
        if _is_stream(replaced):
            with tempfile.TemporaryFile() as whole:
                yield whole
                whole.seek(0)
                with open(given, "wb") as stream:
                    shutil.copyfileobj(whole, stream)
            return
        with file_aside(path.parent) as aside:
            with open(aside, "wb") as file:
                _keep_access(file.fileno(), replaced)
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(aside, path)
        _sync_folder(path.parent)


def write_json_lines(path, records):
    """Write a file that has an object of JSON in each line.

    Parameters
    ----------
    path : str or path-like
        The file; one that exists is replaced.
    records : iterable of dict
        The objects. Halves of characters, which no file can hold, are written as question marks.
    """
    with replacing(path) as file:
        for record in records:
            line = json.dumps(record, ensure_ascii=False) + "\n"
            file.write(line.encode("utf-8", "replace"))


def holds_something(path):
    """Return whether there is anything at a path but an empty folder.

    What killed processes left aside in the folder is nothing, and is removed.
    """
    path = as_path("path", path)
    if not path.is_dir():
        return path.exists()
    _sweep(path)
    return any(path.iterdir())


def check_new_folder(path):
    """Raise now what :func:`new_folder` would raise hours later.

    Parameters
    ----------
    path : str or path-like
        The folder that will be written.

    Raises
    ------
    FileExistsError
        If it is there already, and not empty.
    OSError
        If the folder above it cannot be written to.
    """
    if holds_something(path):
        raise FileExistsError(f"{path} holds something already: choose another folder.")
    with naming(path):
        above = next(one for one in Path(os.path.realpath(path)).parents if one.exists())
        with file_aside(above):
            pass


@contextmanager
def new_folder(path):
    """Make a folder aside, and put it at ``path`` when the block is done.

    What :func:`replacing` says of a file holds for all that is in it.

    Parameters
    ----------
    path : str or path-like
        Where it is to stand. Folders above it are made.

    Yields
    ------
    Path
        An empty folder beside it, which goes if the block raises. The block should do nothing but
        write.

    Raises
    ------
    FileExistsError
        If there is something at ``path`` that is no empty folder.
    OSError
        If it cannot be written. The message names ``path``.
    """
    check_new_folder(path)
    path = Path(os.path.realpath(path))
    with naming(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with folder_aside(path.parent) as aside:
            yield aside
            if path.is_dir():
                path.rmdir()
            os.replace(aside, path)
        _sync_folder(path.parent)


def discard(folder):
    """Remove a folder and all in it; a kill meanwhile leaves no part of it under its name.

    Parameters
    ----------
    folder : Path
        The folder. What a kill leaves lies aside, where the next that writes beside it removes it.
    """
    aside = folder.with_name(_name_aside())
    with suppress(OSError):  # Windows renames nothing that is open
        os.replace(folder, aside)
        folder = aside
    shutil.rmtree(folder, ignore_errors=True)


def check_place(path):
    """Raise now what :func:`replacing` would raise hours later, when there is something to write.

    Parameters
    ----------
    path : str or path-like
        The file that will be written.

    Raises
    ------
    OSError
        If it is a folder, a disk or a socket, or its own folder does not exist or cannot be
        written to.
    """
    given = as_path("path", path)
    path = Path(os.path.realpath(given))
    with naming(path):
        if not _is_stream(_status(given)):
            with file_aside(path.parent):
                pass


def _status(path):
    """Return what ``os.stat`` says of a path, or None where there is nothing yet."""
    with suppress(FileNotFoundError):
        return os.stat(path)  # not of its real path: that of /dev/stdout may be no path at all
    return None


def _is_stream(status):
    """Return whether bytes are written into it, not put in its place; raise where neither will do.

    Parameters
    ----------
    status : os.stat_result or None
        Of what stands at the path.

    Returns
    -------
    bool
    """
    if status is None or stat.S_ISREG(status.st_mode):
        return False
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, "")
    if stat.S_ISCHR(status.st_mode) or stat.S_ISFIFO(status.st_mode):
        return True
    raise OSError(errno.EINVAL, "")  # a disk, whose file system would be lost, or a socket


def _keep_access(descriptor, replaced):
    """Give a file the owner, group and permissions of the one that it is to replace."""
    if replaced is None or os.name == "nt":
        return
    for owner, group in ((-1, replaced.st_gid), (replaced.st_uid, -1)):
        with suppress(PermissionError):  # only the superuser gives files away
            os.fchown(descriptor, owner, group)
    os.fchmod(descriptor, stat.S_IMODE(replaced.st_mode))  # after chown, which clears set-uid


@contextmanager
def naming(path, state="it cannot be written, and is as it was"):
    """Let errors of writing name the file or folder that was meant.

    Parameters
    ----------
    path : path-like
        What is written.
    state : str, default="it cannot be written, and is as it was"
        What the message says of it.

    Raises
    ------
    OSError
        Of the block, also where a library said what the system did in an error of its own.
    """
    try:
        yield
    except OSError as error:
        if error.errno is None:  # of a library
            raise OSError(f"{path} cannot be written: {error}") from error
        raise OSError(error.errno, f"{os.strerror(error.errno)}: {state}", str(path)) from error
    except Exception as error:
        told = _TOLD.search(str(error))
        if told is None:
            raise
        number = int(told[1])
        raise OSError(number, f"{os.strerror(number)}: {state}", str(path)) from error


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
    with _locked_aside(folder, lambda aside: os.open(aside, _NEW_FILE, 0o666)) as aside:
        try:
            yield aside
        finally:
            aside.unlink(missing_ok=True)


@contextmanager
def folder_aside(folder):
    """Make an empty folder to write into and to rename, as :func:`file_aside` makes a file.

    Parameters
    ----------
    folder : Path
        Where it is made, and where abandoned ones are removed.

    Yields
    ------
    Path
        The new folder.
    """
    with _locked_aside(folder, _opened_folder) as aside:
        try:
            yield aside
        finally:
            shutil.rmtree(aside, ignore_errors=True)


_NEW_FILE = os.O_RDWR | os.O_CREAT | os.O_EXCL


def _opened_folder(path):
    """Make a folder, and open it where the system lets folders be opened, to be locked."""
    while True:
        path.mkdir()
        if fcntl is None:
            return None
        with suppress(FileNotFoundError):  # a sweep was faster
            return os.open(path, os.O_RDONLY)


def _name_aside():
    return f".textvec-{secrets.token_hex(8)}.tmp"


@contextmanager
def _locked_aside(folder, make):
    """Give something new in a folder, locked; ``make`` makes it at a path, and opens it."""
    _sweep(folder)
    aside, lock = _new(folder, make)
    try:
        yield aside
    finally:
        if lock is not None:
            os.close(lock)


def _new(folder, make):
    while True:
        aside = folder / _name_aside()
        lock = make(aside)
        if fcntl is None:
            if lock is not None:
                os.close(lock)
            return aside, None
        with suppress(OSError):  # some network drives have no locks, and no sweep gets one either
            fcntl.flock(lock, fcntl.LOCK_EX)
        if aside.exists():
            return aside, lock
        os.close(lock)  # a sweep was faster


def _sweep(folder):
    """Remove what killed processes left behind: what lies aside and no process has locked."""
    for name in [name for name in os.listdir(folder) if _ASIDE.fullmatch(name)]:
        aside = Path(folder, name)
        with suppress(OSError):  # in use, or swept by another process
            if fcntl is None:
                aside.unlink()  # where files that are open cannot be removed; folders stay
                continue
            is_folder = aside.is_dir() and not aside.is_symlink()
            lock = os.open(aside, os.O_RDONLY if is_folder else os.O_RDWR)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(aside) if is_folder else aside.unlink()
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
