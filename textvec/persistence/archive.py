"""The zip that a model is stored in: arrays at places that can be mapped, sums, and the header."""

import hashlib
import json
import math
import os
import re
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np

from textvec import __version__

FORMAT_VERSION = 3
HEADER = "header.json"
_PART = re.compile(r"[0-9]+\.npy")
_ALIGNMENT = 64
_PADDING_ID = 0xD935  # the zip extra field that Android's zipalign established for padding
_LOCAL_HEADER = struct.Struct("<4s5H3L2H")
# Stricter than NumPy's reader, which evaluates Python literals: only what NumPy writes for arrays
# of one plain dtype: numbers, dates, text, bytes.
_NPY_HEAD = re.compile(
    rb"\x93NUMPY\x01\x00..\{'descr': '([^']+)', 'fortran_order': (True|False), "
    rb"'shape': \(([0-9, ]*)\), \} *\n",
    re.DOTALL,
)
_NPY_HEAD_LIMIT = 1024  # bytes
_DTYPE = re.compile(r"[<>|]([biufcSUV][0-9]{1,9}|[mM]8(\[[0-9]{0,9}[a-zA-Zμ]{1,2}\])?)")
MOST_EMPTY = 1 << 20  # items of no bytes, which an array could otherwise promise without end
_BLOCK = 1 << 24  # bytes hashed at a time
_FIRST_LINE = 4096  # bytes, by which word vectors are told
_NOT_A_ZIP = (  # what zipfile raises at damaged bytes
    EOFError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)


class Hashing:
    """A file to write to that keeps the sha256 of what passes; without one, the sha256 alone."""

    def __init__(self, file=None):
        self._file = file
        self.sha256 = hashlib.sha256()

    def write(self, data):
        """Take bytes, as a file does."""
        self.sha256.update(data)
        if self._file is not None:
            self._file.write(data)


def write(file, root, parts):
    """Write the root node of a model and the arrays that its nodes name, as a zip."""
    header = {
        "format": "textvec",
        "format_version": FORMAT_VERSION,
        "textvec_version": __version__,
        "parts": {},
        "root": root,
    }
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, array in parts.items():
            with _new_member(archive, file, name) as member:
                hashing = Hashing(member)
                np.lib.format.write_array(hashing, array, allow_pickle=False)
            header["parts"][name] = {"sha256": hashing.sha256.hexdigest()}
        with _new_member(archive, file, HEADER) as member:
            member.write(as_json(header))


def as_json(node):
    """Return the bytes of a tree of nodes."""
    # Raw code points, not \u escapes: of those JSON would join two lone surrogates to one.
    return json.dumps(node, ensure_ascii=False, allow_nan=False).encode("utf-8", "surrogatepass")


def _new_member(archive, file, name):
    """Open a member for writing whose data begin at a multiple of _ALIGNMENT bytes."""
    info = zipfile.ZipInfo(name)  # its date is fixed: equal models make equal files
    begun = file.tell() + _LOCAL_HEADER.size + len(name) + 4  # 4: id and size of the padding
    begun += 20  # force_zip64 puts a field of this size before the padding
    padding = -begun % _ALIGNMENT
    info.extra = struct.pack("<HH", _PADDING_ID, padding) + bytes(padding)
    return archive.open(info, "w", force_zip64=True)


def read_header(file, path, upgraded):
    """Return the root node, the sha256 of each part, and the zip's members by name.

    Parameters
    ----------
    file : binary file
        Open at its begin.
    path : path-like
        Its name, for messages.
    upgraded : callable
        ``upgraded(root, version)`` returns the root of an older version as one of today's.

    Returns
    -------
    tuple of (node, dict, dict)
    """
    start = file.read(_FIRST_LINE)
    is_zip = start.startswith(b"PK\x03\x04")
    try:
        with zipfile.ZipFile(file) as archive:
            members = _members(archive.infolist(), os.fstat(file.fileno()).st_size)
            header = members.pop(HEADER, None)
            if header is not None:
                text = archive.read(header)
    except _NOT_A_ZIP as error:
        if not is_zip:
            advice = "Only what save wrote can be read."
            if _is_like_word_vectors(path, start):
                advice = (
                    "Word vectors of other tools (.vec, .bin, .txt) are read by "
                    "textvec.KeyedVectors.load_word2vec_format."
                )
            raise ValueError(f"{path} is not a textvec file. {advice}") from error
        raise ValueError(f"{path} is cut short or damaged: {error}.") from error
    if header is None:
        raise ValueError(f"{path} is a zip, but not a textvec file: it has no {HEADER}.")
    try:
        header = json.loads(text.decode("utf-8", "surrogatepass"))
        if header["format"] != "textvec":
            raise ValueError(f"its format is {header['format']!r}")
        version, written_by = header["format_version"], header["textvec_version"]
        if type(version) is not int or version < 1:
            raise ValueError(f"its format_version is {version!r}")
        if version <= FORMAT_VERSION:
            root = upgraded(header["root"], version)
            digests = {name: part["sha256"] for name, part in header["parts"].items()}
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: {HEADER} is not that of a textvec file: {error}") from error
    if version > FORMAT_VERSION:
        raise ValueError(
            f"{path} was written by textvec {written_by} in format {version}; this textvec "
            f"{__version__} reads formats up to {FORMAT_VERSION}. Upgrade textvec to load it."
        )
    for name in members.keys() ^ digests.keys():
        what = "is missing" if name in digests else f"is not named in {HEADER}"
        raise ValueError(f"{path}: the part {name} {what}.")
    return root, digests, members


def _is_like_word_vectors(path, start):
    """Tell whether a file may hold word vectors, by its name or its first line.

    That has the numbers of words and dimensions, or a word and the numbers of its vector.
    """
    if {".vec", ".bin"} & {*Path(path).suffixes}:
        return True
    first = start.split(b"\n")[0].split()
    if len(first) == 2:
        return all(part.isdigit() for part in first)
    return len(first) > 4 and all(map(_is_number, first[1:-1]))  # the last may be cut off


def _is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True


def _members(infos, size):
    """Return the members of a zip by name, after a check that they could be ours."""
    members = {info.filename: info for info in infos}
    if len(members) != len(infos):
        raise ValueError("a member comes twice")
    for name, info in members.items():
        if info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size:
            raise ValueError(f"{name} is compressed, which textvec's parts never are")
        if not 0 <= info.header_offset < size:
            raise ValueError(f"the place of {name} is wrong")
    if sum(info.file_size for info in infos) > size:  # or they would share bytes
        raise ValueError("its members claim more bytes than it has")
    if HEADER in members:
        for name in members.keys() - {HEADER}:
            if not _PART.fullmatch(name):
                raise ValueError(f"{name!r} is not the name of a part")
    return members


def read_array(file, path, info, sha256, mmap_mode):
    """Read or map one part, and check it against its sha256 unless that is None."""
    try:
        content = _read_member(file, info, mmap_mode)
        if sha256 is not None and _sha256(content) != sha256:
            raise ValueError("its sha256 is not the one saved")
        return _as_array(content)
    except (OverflowError, struct.error, TypeError, ValueError) as error:
        raise ValueError(
            f"{path}: the part {info.filename} is damaged or altered: {error}."
        ) from error


def _read_member(file, info, mmap_mode):
    """Return the bytes of a part, from its first one in the file's own order."""
    offset, size = _data_offset(file, info), info.file_size
    if offset + size > os.fstat(file.fileno()).st_size:
        raise ValueError("it is cut short")
    if mmap_mode is not None and size:
        return np.memmap(file, np.uint8, mmap_mode, offset, (size,)).view(np.ndarray)
    file.seek(offset)
    content = np.empty(size, np.uint8)
    if file.readinto(content) != size:
        raise ValueError("it is cut short")
    return content


def _data_offset(file, info):
    """Return where a member's data begin: after the header that stands before them."""
    file.seek(info.header_offset)
    *_, name_length, extra_length = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
    return file.tell() + name_length + extra_length


def _sha256(content):
    digest = hashlib.sha256()
    for start in range(0, len(content), _BLOCK):  # in blocks: a mapped file need not fit in memory
        digest.update(content[start : start + _BLOCK])
    return digest.hexdigest()


def _as_array(content):
    """Return the array that the bytes of an .npy file hold, as a view of them."""
    head = _NPY_HEAD.match(content[:_NPY_HEAD_LIMIT].tobytes())
    if head is None:
        raise ValueError("it is no array of numbers, dates or text")
    descr, in_columns, shape = head.groups()
    dtype = plain_dtype(descr.decode())
    shape = tuple(int(n) for n in shape.decode().split(",") if n.strip())
    if not dtype.itemsize and math.prod(shape) > MOST_EMPTY:
        raise ValueError(f"its shape {shape} is of items without a byte")
    if head.end() + math.prod(shape) * dtype.itemsize != len(content):
        raise ValueError(f"its shape {shape} of {dtype} does not fit its size")
    return np.ndarray(
        shape, dtype, content, head.end(), order="F" if in_columns == b"True" else "C"
    )


def plain_dtype(text):
    """Return the dtype of a name that NumPy writes for numbers, dates, text or bytes."""
    if not isinstance(text, str) or not _DTYPE.fullmatch(text):
        raise ValueError(
            f"a dtype {text!r} is none of numbers, dates or text: it would need pickle"
        )
    return np.dtype(text)
