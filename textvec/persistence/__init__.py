"""One file format for every estimator: a zip of arrays and one JSON header, and never a pickle.

A file is a zip whose members are stored as they are, not compressed, so that arrays can be mapped
into memory: one ``.npy`` per array, each begun at a multiple of 64 bytes, and ``header.json``::

    {"format": "textvec", "format_version": 2, "textvec_version": "0.1.0",
     "parts": {"0.npy": {"sha256": "..."}, ...},
     "root": node}

A node is a JSON scalar, a list of nodes, or an object whose ``"type"`` says what it stands for.
Arrays, long lists of str and vocabularies are parts that nodes name. Classes are those that the
package names as public and a few that these are made of, so a file can name code but never bring
its own.

Versions: whatever changes what a reader must know raises ``FORMAT_VERSION`` and adds to
``_UPGRADES`` what turns nodes of the version before into today's, so that every version ever
written is read; ``tests/files`` keeps files of each. A newer version than ours is refused, and so
is a class that we do not know. What a class learned is stored by the names of its attributes: one
that renames them reads the old names in ``_check_loaded``.

A file is not believed: sizes are those of the file, not those that it claims; nothing is unpacked
to the disk; what is repeated or left over is refused; memory grows with the size of the file; and
what compiled code will index is checked by the classes, in ``_check_loaded``.
"""

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
from textvec._checks import check_choice
from textvec._writing import replacing
from textvec.persistence.decoding import (
    FORMAT_VERSION,
    MOST_EMPTY,
    Decoder,
    Encoder,
    Savable,
    is_ours,
    plain_dtype,
    upgraded,
)

_HEADER = "header.json"
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
_BLOCK = 1 << 24  # bytes hashed at a time
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


class SaveMixin(Savable):
    """Give an estimator its ``save`` method."""

    def save(self, path):
        """Write this estimator to a file that :func:`textvec.load` reads.

        Parameters
        ----------
        path : str or path-like
            The file; one that exists is replaced, at once or not at all.

        Raises
        ------
        TypeError
            If a parameter or learned attribute is code or an object foreign to textvec.
        """
        save(self, path)


def save(estimator, path):
    """Write an estimator to one file: arrays and a JSON header in a zip, no pickle.

    The file is written aside in the same folder, flushed to the disk and renamed, so that ``path``
    holds either what it held before or all of the new.

    Parameters
    ----------
    estimator : textvec estimator
        Fitted or not; estimators inside of it are saved with it.
    path : str or path-like
        The file; one that exists is replaced.

    Raises
    ------
    TypeError
        If something inside is code (a function, a class) or an object foreign to textvec; the
        message names where it is and what to do.

    See Also
    --------
    load : Reads the file.

    Examples
    --------
    >>> import tempfile
    >>> from textvec import CountVectorizer
    >>> vectorizer = CountVectorizer().fit(["sea view"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(vectorizer, folder + "/words.textvec")
    ...     load(folder + "/words.textvec").get_feature_names_out()
    array(['sea', 'view'], dtype=object)
    """
    if not is_ours(estimator):
        raise TypeError(
            f"textvec saves its own estimators. Got {type(estimator).__name__} instead. "
            "Save other objects with joblib, and load only files that you trust."
        )
    writer = Encoder()
    root = writer.encode(estimator, type(estimator).__name__)
    with replacing(path) as file:
        _write(file, root, writer.parts)


def load(path, mmap_mode=None, trust=False, verify=True):
    """Read what ``save`` wrote, in this version of textvec or an earlier one.

    Every part is checked against its sha256. Only data is read: no code in the file can run.

    Parameters
    ----------
    path : str or path-like
        The file.
    mmap_mode : {None, "r", "c"}, default=None
        None reads the arrays into memory. "r" maps them from the file instead, read-only, and "c"
        lets them be changed in memory but not in the file: processes that map one file share its
        memory. The file must then stay in place; ``save`` to the same path is safe.
    trust : bool, default=False
        Whether a :class:`~textvec.TransformerVectorizer` in the file may run the Python code of a
        model, or name the server that texts and your key are sent to.
    verify : bool, default=True
        Whether to check the sums, and that word vectors are finite, for which every byte is read,
        also those that are only mapped: about a second a gigabyte. False maps a large table at
        once; bytes that a disk or a copy changed are then not noticed.

    Returns
    -------
    textvec estimator
        Equal to what was saved, to the bit.

    Raises
    ------
    ValueError
        If the file is not one of textvec's, is of a newer format, is cut short or altered, or
        names a class that textvec does not know, or asks for more trust than it has. The message
        names the file and the part.

    See Also
    --------
    save : Writes the file.
    """
    check_choice("mmap_mode", mmap_mode, (None, "r", "c"))
    path = Path(path)
    with open(path, "rb") as file:
        root, digests, members = _read_header(file, path, upgraded)
        arrays = {
            name: _read_array(file, path, members[name], sha256 if verify else None, mmap_mode)
            for name, sha256 in digests.items()
        }
    decoder = Decoder(arrays, verify)
    try:
        value = decoder.decode_root(root)
    except (
        AttributeError,
        IndexError,
        KeyError,
        NotImplementedError,
        OverflowError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        raise ValueError(f"{path}: {_HEADER} does not describe a model: {error}") from error
    if decoder.needs and not trust:
        raise ValueError(
            f"{path} {decoder.needs[0]}. If you know who wrote it, load it with trust=True."
        )
    return value


def fingerprint(value):
    """Return the sha256 of all that a value holds: another one where anything in it differs.

    Parameters
    ----------
    value : object
        An estimator, a container, an array, a str: whatever may be part of a saved file.

    Returns
    -------
    str
        In hexadecimal digits; the same in every process.

    Raises
    ------
    TypeError
        If something inside is code (a function, a class) or an object foreign to textvec.

    Examples
    --------
    >>> fingerprint({"sea", "view"}) == fingerprint({"view", "sea"})
    True
    """
    writer, whole = Encoder(), _Hashing()
    whole.write(_as_json(writer.encode(value, "value")))
    for array in writer.parts.values():
        np.lib.format.write_array(whole, array, allow_pickle=False)
    return whole.sha256.hexdigest()


# ------------------------------------------------------------------------------- nodes <-> file


class _Hashing:
    """A file to write to that keeps the sha256 of what passes; without one, the sha256 alone."""

    def __init__(self, file=None):
        self._file = file
        self.sha256 = hashlib.sha256()

    def write(self, data):
        self.sha256.update(data)
        if self._file is not None:
            self._file.write(data)


def _write(file, root, parts):
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
                hashing = _Hashing(member)
                np.lib.format.write_array(hashing, array, allow_pickle=False)
            header["parts"][name] = {"sha256": hashing.sha256.hexdigest()}
        with _new_member(archive, file, _HEADER) as member:
            member.write(_as_json(header))


def _as_json(node):
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


def _read_header(file, path, upgraded):
    """Return the root node, the sha256 of each part, and the zip's members by name.

    ``upgraded(root, version)`` makes the root of an older version one of today's.
    """
    is_zip = file.read(4) == b"PK\x03\x04"
    try:
        with zipfile.ZipFile(file) as archive:
            members = _members(archive.infolist(), os.fstat(file.fileno()).st_size)
            header = members.pop(_HEADER, None)
            if header is not None:
                text = archive.read(header)
    except _NOT_A_ZIP as error:
        if not is_zip:
            raise ValueError(f"{path} is not a textvec file.") from error
        raise ValueError(f"{path} is cut short or damaged: {error}.") from error
    if header is None:
        raise ValueError(f"{path} is a zip, but not a textvec file: it has no {_HEADER}.")
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
        raise ValueError(f"{path}: {_HEADER} is not that of a textvec file: {error}") from error
    if version > FORMAT_VERSION:
        raise ValueError(
            f"{path} was written by textvec {written_by} in format {version}; this textvec "
            f"{__version__} reads formats up to {FORMAT_VERSION}. Upgrade textvec to load it."
        )
    for name in members.keys() ^ digests.keys():
        what = "is missing" if name in digests else f"is not named in {_HEADER}"
        raise ValueError(f"{path}: the part {name} {what}.")
    return root, digests, members


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
    if _HEADER in members:
        for name in members.keys() - {_HEADER}:
            if not _PART.fullmatch(name):
                raise ValueError(f"{name!r} is not the name of a part")
    return members


def _read_array(file, path, info, sha256, mmap_mode):
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
