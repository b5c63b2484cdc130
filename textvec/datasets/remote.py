"""Files of others: found on this machine or downloaded once, and verified wherever they lie."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from textvec._writing import file_aside

_HOST = "https://raw.githubusercontent.com"
_CHUNK = 1 << 16  # bytes


@dataclass(frozen=True)
class RemoteFile:
    """One file, pinned to its bytes.

    Parameters
    ----------
    file : str
        Its path below the data folder and below the cache.
    sha256 : str
        Of its bytes, in hexadecimal digits.
    place : str
        With a commit, "owner/name" of a repository on GitHub; else words on where to look.
    commit : str, default=""
        Of the repository. Empty: there is no pinned address, and the file can only be read.
    path : str, default=""
        Its path at that place.
    """

    file: str
    sha256: str
    place: str
    commit: str = ""
    path: str = ""

    @property
    def url(self):
        """The address to download it from, or None."""
        if not self.commit:
            return None
        return f"{_HOST}/{self.place}/{self.commit}/{quote(self.path)}"

    @property
    def origin(self):
        """Where it comes from, in words."""
        place = f"{self.place} on GitHub, commit {self.commit}" if self.commit else self.place
        return f"{place}, path {self.path}" if self.path else place


def cache_folder():
    """Return the folder that downloads go to: ``TEXTVEC_CACHE``, or the system's cache folder.

    Returns
    -------
    Path
        It need not exist yet.
    """
    if chosen := os.environ.get("TEXTVEC_CACHE"):
        return Path(chosen)
    import pooch

    return Path(pooch.os_cache("textvec"))


def is_here(remote):
    """Return whether a file lies on this machine."""
    return any(path.is_file() for path in _places(remote))


def fetch(files):
    """Return the verified bytes of files, downloading those that this machine lacks.

    Parameters
    ----------
    files : mapping of str to RemoteFile
        If one of them can neither be found nor downloaded, none is downloaded.

    Returns
    -------
    dict of str to bytes
    """
    for remote in files.values():
        if remote.url is None and not is_here(remote):
            raise OSError(_not_found(remote, "there is no pinned address to download it from"))
    return {part: _fetch(remote) for part, remote in files.items()}


def _fetch(remote):
    *given, cached = _places(remote)
    for path in given:
        if path.is_file():
            return _verified(path, remote, "or unset TEXTVEC_DATA to have it looked for elsewhere")
    if remote.url is not None and not _is_whole(cached, remote):
        _download(remote, cached)  # also in place of a broken file
    return _verified(cached, remote, "or delete it")


def _download(remote, cached):
    """Write a file into the cache: whole and right, or not at all."""
    import pooch
    from requests import RequestException

    download = pooch.HTTPDownloader(timeout=30, chunk_size=_CHUNK)
    try:
        cached.parent.mkdir(parents=True, exist_ok=True)
        with file_aside(cached.parent) as aside:
            download(remote.url, os.fspath(aside), None)
            if not _is_whole(aside, remote):
                raise ValueError(
                    f"What {remote.url} sent does not match its sha256, {remote.sha256}."
                )
            os.replace(aside, cached)
    except RequestException as error:
        reason = f"it could not be downloaded from {remote.url} ({type(error).__name__}: {error})"
        raise OSError(_not_found(remote, reason)) from error
    except OSError as error:
        raise OSError(
            f"{remote.file} is not on this machine, and {cached.parent} cannot take it ({error}). "
            "Set the environment variable TEXTVEC_CACHE to a folder that can be written."
        ) from error


def _places(remote):
    """Return where a file may lie on this machine, in the order in which it is looked for."""
    places = [cache_folder() / remote.file]
    if given := os.environ.get("TEXTVEC_DATA"):
        places.insert(0, Path(given) / remote.file)
    return places


def _not_found(remote, reason):
    *given, cached = _places(remote)
    looked = " and ".join(map(str, [*given, cached]))
    hint = "" if given else " The environment variable TEXTVEC_DATA is not set."
    return (
        f"{remote.file} is not on this machine (looked for {looked}), and {reason}.{hint} "
        f"Get it from {remote.origin}, and save it as {cached}: the file with sha256 "
        f"{remote.sha256}."
    )


def _is_whole(path, remote):
    return path.is_file() and _sha256(path.read_bytes()) == remote.sha256


def _verified(path, remote, otherwise):
    content = path.read_bytes()
    if (found := _sha256(content)) != remote.sha256:
        raise ValueError(
            f"{path} must be the file with sha256 {remote.sha256}. Got {found} instead: "
            f"replace it with that of {remote.origin}, {otherwise}."
        )
    return content


def _sha256(content):
    return hashlib.sha256(content).hexdigest()
