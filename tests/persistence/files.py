"""Files to test with: written and read again, altered, or made up; and what must be equal."""

import hashlib
import json
import struct
import zipfile

import numpy as np
import pandas as pd
from scipy import sparse

import textvec
from textvec.persistence import load, save
from textvec.sparse.counts import CountVectorizer

HOTELS = [
    "quiet rooms by the harbour",
    "rooms with harbour view",
    "airport \N{HOTEL} bar",
    "",
    "海 景",
]


def assert_equal(ours, other):
    """Equal in type and to the bit, all the way down."""
    assert type(ours) is type(other)
    match ours:
        case _ if sparse.issparse(ours):
            assert ours.shape == other.shape
            assert ours.dtype == other.dtype
            for part in {"data", "indices", "indptr", "coords", "offsets"} & set(dir(ours)):
                if ours.format not in ("lil", "dok"):
                    assert_equal(getattr(ours, part), getattr(other, part))
            assert_equal(ours.toarray(), other.toarray())
        case np.ndarray() if ours.dtype == object:
            assert ours.shape == other.shape
            for one, two in zip(ours.flat, other.flat, strict=True):
                assert_equal(one, two)
        case np.ndarray() | np.generic():
            assert ours.dtype == other.dtype
            assert ours.shape == other.shape
            if ours.dtype.kind == "T":
                assert ours.tolist() == other.tolist()
            else:
                assert ours.tobytes() == other.tobytes()
        case dict():
            assert_equal(list(ours), list(other))
            assert_equal(list(ours.values()), list(other.values()))
        case list() | tuple():
            assert len(ours) == len(other)
            for one, two in zip(ours, other, strict=True):
                assert_equal(one, two)
        case float():
            assert struct.pack("d", ours) == struct.pack("d", other)
        case pd.DataFrame():
            pd.testing.assert_frame_equal(ours, other, check_exact=True)
        case pd.Series():
            pd.testing.assert_series_equal(ours, other, check_exact=True)
        case pd.Index():
            pd.testing.assert_index_equal(ours, other, exact=True)
        case _ if hasattr(ours, "get_params"):
            # what pickle would store: no caches, which are made again
            states = (ours.__getstate__(), other.__getstate__())
            for state in states:
                state.pop("_stop_words_id", None)
            assert_equal(*map(dict, map(sorted, map(dict.items, states))))
        case _:
            assert ours == other


def round_trip(value, path, **options):
    """Take a value through a file, as a learned attribute of an estimator."""
    holder = CountVectorizer()
    holder.value_ = value
    save(holder, path)
    return load(path, **options).value_


def rewrite(path, change, resign=True):
    """Let change(header, parts) edit a file's JSON header and raw parts; then sign them anew."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    header = json.loads(parts.pop("header.json"))
    change(header, parts)
    if resign:
        for name, content in parts.items():
            header["parts"][name] = {"sha256": hashlib.sha256(content).hexdigest()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
        archive.writestr("header.json", json.dumps(header))


def set_root(**entries):
    return lambda header, parts: header["root"].update(entries)


def state(node):
    return set_root(state={"value_": node})


def npy(shape, descr="<f8", body=b""):
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + body


def replace_part(content):
    def change(header, parts):
        parts["0.npy"] = content

    return change


TABLE = textvec.KeyedVectors(np.eye(3), ["harbour", "bar", "view"])
