"""Compressed files of one content: recognised by their first bytes, and not believed.

Read are gzip, bzip2, xz and zip; what is written goes by the ending of its name, and zip is not
among those, for other tools expect an archive there.
"""

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from contextlib import contextmanager, nullcontext
from errno import EINVAL
from functools import partial

from textvec._checks import as_path
from textvec._writing import replacing

_KINDS = {  # first bytes -> kind
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",  # one that holds nothing
}
_BZIP2 = b"1AY&SY", b"\x17rE8P\x90"  # what follows BZh and a digit, which may begin a word, too
_MOST_FREELY = 1 << 28  # bytes that a small file may become
_MOST_TIMES = 200  # as large as the file; numbers of vectors shrink to a third
_UNPACKERS = {
    "gzip": lambda plain: gzip.GzipFile(fileobj=plain),
    "bzip2": bz2.BZ2File,
    "xz": partial(lzma.LZMAFile, format=lzma.FORMAT_XZ),
}
_PACKERS = {
    # No name and no date inside: equal vectors make equal files.
    ".gz": lambda plain: gzip.GzipFile("", "wb", compresslevel=6, fileobj=plain, mtime=0),
    ".bz2": partial(bz2.BZ2File, mode="wb"),
    ".xz": partial(lzma.LZMAFile, mode="wb"),
}
_DAMAGED = (EOFError, OSError, ValueError, lzma.LZMAError, zipfile.BadZipFile, zlib.error)


@contextmanager
def opened(path, name="fname"):
    """Open a file for reading bytes, and unpack it if its first bytes say that it is packed.

    Parameters
    ----------
    path : str or path-like
        The file: plain, in gzip, bzip2 or xz, or in a zip that holds just one.
    name : str, default="fname"
        Of the parameter that it is.

    Yields
    ------
    file
        A binary file.

    Raises
    ------
    ValueError
        Here or when it is read, if it is damaged or cut short, becomes 200 times as large as it is
        and above 256 MB, or is a zip of several files.
    """
    with open(as_path(name, path), "rb") as plain:
        begin = plain.read(10)
        plain.seek(0)
        kind = next((kind for first, kind in _KINDS.items() if begin.startswith(first)), None)
        if kind == "bzip2" and not begin[4:].startswith(_BZIP2):
            kind = None
        if kind is None:
            yield plain
            return
        with io.BufferedReader(_Unpacked(path, plain, kind)) as file:
            yield file


class _Unpacked(io.RawIOBase):
    """What a compressed file holds, with errors that name it."""

    def __init__(self, path, plain, kind):
        self.path, self.kind = path, kind
        self._most = max(_MOST_FREELY, _MOST_TIMES * plain.seek(0, io.SEEK_END))
        plain.seek(0)
        if kind == "zip":
            self._file = self._member(plain)
        else:
            self._file = self._checked(_UNPACKERS[kind], plain)

    def _member(self, plain):
        archive = self._checked(zipfile.ZipFile, plain)
        names = [
            member.filename
            for member in archive.infolist()
            if not member.is_dir() and not member.filename.startswith("__MACOSX/")
        ]
        if len(names) != 1:
            shown = f", such as {names[:4]}: unpack it and choose one" if names else ""
            if "header.json" in names:
                shown = ": textvec wrote it, and textvec.load reads it"
            raise ValueError(f"{self.path} must be a zip of one file. Got {len(names)}{shown}.")
        return self._checked(archive.open, names[0])

    def _checked(self, function, *args):
        try:
            return function(*args)
        except (NotImplementedError, RuntimeError) as error:  # a password, an unknown method
            raise ValueError(f"{self.path} cannot be unpacked here: {error}.") from error
        except _DAMAGED as error:
            if isinstance(error, OSError) and error.errno not in (None, EINVAL):  # of the system
                raise
            raise ValueError(f"{self.path} is a damaged {self.kind} file: {error}.") from error

    def readable(self):
        return True

    def readinto(self, buffer):
        block = self._checked(self._file.read, len(buffer))
        self._most -= len(block)
        if self._most < 0:
            raise ValueError(
                f"{self.path} becomes more than {_MOST_TIMES} times as large when it is unpacked: "
                "no vectors shrink like that. Unpack it first if you trust it."
            )
        buffer[: len(block)] = block
        return len(block)


@contextmanager
def replacing_packed(path, name="fname"):
    """Open a file aside as `replacing` does, packed if its name ends in .gz, .bz2 or .xz.

    Parameters
    ----------
    path : str or path-like
        The file.
    name : str, default="fname"
        Of the parameter that it is.

    Yields
    ------
    file
        A binary file.

    Raises
    ------
    ValueError
        If the name ends in .zip.
    """
    ending = as_path(name, path).suffix
    if ending == ".zip":
        raise ValueError(f"{path}: zip is read and not written. Name it .gz, .bz2 or .xz.")
    with replacing(path) as plain, _PACKERS.get(ending, nullcontext)(plain) as packed:
        yield packed
