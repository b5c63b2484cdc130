"""One file format for every estimator: a zip of arrays and one JSON header, and never a pickle.

A file is a zip whose members are stored as they are, not compressed, so that arrays can be mapped
into memory: one ``.npy`` per array, each begun at a multiple of 64 bytes, and ``header.json``::

    {"format": "textvec", "format_version": 3, "textvec_version": "0.1.0",
     "parts": {"0.npy": {"sha256": "..."}, ...},
     "root": node}

A node is a JSON scalar, a list of nodes, or an object whose ``"type"`` says what it stands for.
Arrays, long lists of str and vocabularies are parts that nodes name. Classes are those that the
package names as public and a few that these are made of, so a file can name code but never bring
its own.

Versions: whatever changes what a reader must know raises ``FORMAT_VERSION`` and adds to
``_UPGRADES`` in ``decoding.py`` what turns nodes of the version before into today's, so that every
version ever written is read; ``tests/files`` keeps files of each. A newer version than ours is
refused, and so is a class that we do not know. What a class learned is stored by the names of its
attributes: one that renames them reads the old names in ``_check_loaded``.

A file is not believed: sizes are those of the file, not those that it claims; nothing is unpacked
to the disk; what is repeated or left over is refused; memory grows with the size of the file; and
what compiled code will index is checked by the classes, in ``_check_loaded``.
"""

import numpy as np

from textvec._checks import as_path, check_choice, check_flag
from textvec._writing import replacing
from textvec.persistence.archive import (
    FORMAT_VERSION,
    HEADER,
    Hashing,
    as_json,
    read_array,
    read_header,
    write,
)
from textvec.persistence.classes import Savable, is_ours
from textvec.persistence.decoding import Decoder, upgraded
from textvec.persistence.encoding import Encoder

__all__ = ["FORMAT_VERSION", "SaveMixin", "fingerprint", "load", "save"]


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
        OSError
            If the file cannot be written.
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
    OSError
        If the file cannot be written.

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
    path = as_path("path", path)
    writer = Encoder(path.parent)
    root = writer.encode(estimator, type(estimator).__name__)
    with replacing(path) as file:
        write(file, root, writer.parts)


def check_savable(estimator):
    """Raise the TypeError of `save` now, if a parameter cannot be saved: before hours of work."""
    for name, value in estimator.get_params(deep=False).items():
        Encoder().encode(value, f"{type(estimator).__name__}.{name}")


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
    TypeError
        If ``path`` is no path.
    ValueError
        If the file is not one of textvec's, is of a newer format, is cut short or altered, or
        names a class that textvec does not know, or asks for more trust than it has. The message
        names the file and the part.
    OSError
        If the file cannot be opened.

    See Also
    --------
    textvec.TfidfVectorizer.save : Writes the file, as that of every estimator does.
    """
    check_choice("mmap_mode", mmap_mode, (None, "r", "c"))
    check_flag("trust", trust)  # what is merely true, such as "no", is no trust
    check_flag("verify", verify)
    path = as_path("path", path)
    with open(path, "rb") as file:
        root, digests, members = read_header(file, path, upgraded)
        arrays = {
            name: read_array(file, path, members[name], sha256 if verify else None, mmap_mode)
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
        raise ValueError(f"{path}: {HEADER} does not describe a model: {error}") from error
    if decoder.needs and not trust:
        raise ValueError(
            f"{path} {decoder.needs[0]}. If you know who wrote it, load it with trust=True."
        )
    for part in decoder.savable:
        type(part)._found_beside(part, path.parent)
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
    writer, whole = Encoder(), Hashing()
    whole.write(as_json(writer.encode(value, "value")))
    for array in writer.parts.values():
        np.lib.format.write_array(whole, array, allow_pickle=False)
    return whole.sha256.hexdigest()
