"""Nodes as the objects that they stand for, in the format of today or of an earlier one."""

from pathlib import Path

import numpy as np
from scipy import sparse

from textvec import __version__
from textvec.persistence.archive import FORMAT_VERSION, plain_dtype
from textvec.persistence.classes import (
    BUILTIN_TYPES,
    MASKED,
    SPARSE_CLASSES,
    Savable,
    class_named,
    is_ours,
)

_SPENT_FREELY = 1 << 26  # bytes that what is copied may take beyond 4 times the size of the parts
_LIL_ROWS = 1 << 20  # of format 1, where rows took no bytes


class Decoder:
    """Turns nodes back into objects; one method per type of node."""

    def __init__(self, arrays, verify):
        self._arrays = arrays
        self._verify = verify
        # A part may be named many times, and what names it makes a copy.
        self._room = 4 * sum(array.nbytes for array in arrays.values()) + _SPENT_FREELY
        self.needs = []  # what only a trusted file may have done
        self.savable = []  # what may have something beside the file

    def decode_root(self, node):
        """Return the object of a file, which must be one that :func:`save` takes."""
        value = self.decode(node)
        if not is_ours(value):
            raise ValueError(f"a {type(value).__name__} is no estimator")
        return value

    def decode(self, node):
        """Return the object that a node stands for."""
        if isinstance(node, list):
            return [self.decode(item) for item in node]
        if not isinstance(node, dict):
            return node
        return self._reader(node, "_read_")(node)

    def _reader(self, node, prefix):
        read = getattr(self, f"{prefix}{node['type']}", None)
        if read is None:
            raise ValueError(f"unknown type of node {node['type']!r}")
        return read

    def _items(self, node, name="items"):
        items = self.decode(node[name])
        if type(items) is not list:
            raise ValueError(f"{name} must be a list. Got {type(items).__name__} instead")
        return items

    def _attributes(self, nodes):
        return {name: self.decode(node) for name, node in nodes.items()}

    def _spend(self, n_bytes):
        """Refuse the file if copies of its parts have become too many."""
        self._room -= n_bytes
        if self._room < 0:
            raise ValueError("its parts are named so often that they would fill the memory")

    def _read_float(self, node):
        return float(node["value"])

    def _read_complex(self, node):
        return complex(*self.decode(node["value"]))

    def _read_bytes(self, node):
        return bytes.fromhex(node["value"])

    def _read_path(self, node):
        return Path(node["value"])

    def _read_scalar(self, node):
        dtype = plain_dtype(node["dtype"])
        return np.ndarray((), dtype, buffer=bytes.fromhex(node["value"]))[()]

    def _read_dtype(self, node):
        return np.dtype(object) if node["value"] == "|O" else plain_dtype(node["value"])

    def _read_numpy_type(self, node):
        kind = getattr(np, node["value"])
        if not (isinstance(kind, type) and issubclass(kind, np.generic)):
            raise ValueError(f"{node['value']!r} is not a type of number")
        return kind

    def _read_builtin_type(self, node):
        return BUILTIN_TYPES[node["value"]]

    def _read_tuple(self, node):
        return tuple(self._items(node))

    def _read_set(self, node):
        return set(self._items(node))

    def _read_frozenset(self, node):
        return frozenset(self._items(node))

    def _read_strings(self, node):
        blob, ends = self._arrays[node["text"]], self._arrays[node["ends"]]
        self._spend(blob.nbytes + ends.nbytes)
        text, ends = blob.tobytes().decode("utf-8", "surrogatepass"), ends.tolist()
        if ends != sorted(ends) or ends[:1] < [0] or ends[-1:] != [len(text)]:
            raise ValueError("its texts do not end one after another")
        return [text[start:end] for start, end in zip([0, *ends[:-1]], ends, strict=True)]

    def _read_terms(self, node):
        numbers = self._arrays[node["values"]]
        self._spend(numbers.nbytes)
        values = list(numbers) if node["scalars"] else numbers.tolist()
        return dict(zip(self._read_strings(node), values, strict=True))

    def _read_dict(self, node):
        return dict(zip(self._items(node, "keys"), self._items(node, "values"), strict=True))

    def _read_array(self, node):
        return self._arrays[node["part"]]

    def _read_objects(self, node):
        items = self._items(node)
        array = np.empty(len(items), dtype=object)
        for i, item in enumerate(items):  # assigned in one go, nested lists would become columns
            array[i] = item
        return array.reshape(node["shape"])

    def _read_string_array(self, node):
        return np.array(self._items(node), dtype=np.dtypes.StringDType()).reshape(node["shape"])

    def _read_sparse(self, node):
        cls, shape = SPARSE_CLASSES[node["class"]], tuple(node["shape"])
        stored = {k: self.decode(node[k]) for k in node.keys() - {"type", "class", "shape"}}
        match node["class"][:3]:
            case "coo":
                matrix = cls((stored["data"], stored["coords"]), shape=shape)
                if {coord.dtype for coord in stored["coords"]} == {np.dtype(np.int64)}:
                    matrix.coords = tuple(coord.astype(np.int64) for coord in matrix.coords)
                return matrix
            case "dok":
                return cls(self._entries(stored, shape))
            case "dia":
                return cls((stored["data"], stored["offsets"]), shape=shape)
            case "lil":
                rows = _compressed(sparse.csr_array, stored, shape)
                self._spend(rows.data.nbytes + rows.indptr.nbytes)
                return cls(rows)
        return _compressed(cls, stored, shape)

    def _read_lil_of_entries(self, node):
        shape = tuple(node["shape"])
        if shape[0] > _LIL_ROWS:
            raise ValueError(f"a lil matrix of format 1 may have {_LIL_ROWS} rows. Got {shape[0]}")
        entries = {name: self.decode(node[name]) for name in ("data", "coords")}
        return SPARSE_CLASSES[node["class"]](self._entries(entries, shape))

    def _entries(self, stored, shape):
        self._spend(stored["data"].nbytes)
        return sparse.coo_array((stored["data"], stored["coords"]), shape=shape)

    def _read_frame(self, node):
        import pandas as pd

        index = self._index(node["index"])
        columns = [self._series(column, index) for column in node["columns"]]
        frame = pd.concat(columns, axis=1) if columns else pd.DataFrame(index=index)
        frame.columns = self._index(node["labels"])
        return frame

    def _read_series(self, node):
        return self._series(node["values"], self._index(node["index"]), self.decode(node["name"]))

    def _index(self, node):
        import pandas as pd

        index = self.decode(node)
        if not isinstance(index, pd.Index):  # of nested lists pandas would make several levels
            raise ValueError(f"labels must be an index. Got {type(index).__name__} instead")
        return index

    def _column(self, node):
        """Return the values of a Series or Index, as NumPy's or pandas' array."""
        return self._reader(node, "_values_of_")(node)

    def _series(self, node, index, name=None):
        import pandas as pd

        values = self._column(node)  # its dtype is passed on: pandas would guess again
        if np.ndim(values) != 1 or len(values) != len(index):
            raise ValueError(f"a column does not have the {len(index)} values of its index")
        self._spend(values.nbytes)
        return pd.Series(values, index=index, name=name, dtype=values.dtype)

    def _read_range_index(self, node):
        import pandas as pd

        bounds = node["bounds"]
        if not isinstance(bounds, list) or [type(bound) for bound in bounds] != [int] * 3:
            raise ValueError(f"a range must have a start, a stop and a step. Got {bounds!r}")
        return pd.RangeIndex(*bounds, name=self.decode(node["name"]))

    def _read_index(self, node):
        import pandas as pd

        values = self._column(node["values"])
        return pd.Index(values, dtype=values.dtype, name=self.decode(node["name"]))

    def _read_missing(self, node):
        import pandas as pd

        return {"NA": pd.NA, "NaT": pd.NaT}[node["value"]]

    def _values_of_column(self, node):
        return self.decode(node["values"])

    def _values_of_text_column(self, node):
        import pandas as pd

        na = {"NA": pd.NA, "nan": np.nan}[node["na"]]
        try:
            dtype = pd.StringDtype(node["storage"], na_value=na)
        except ImportError:  # saved where pyarrow was, read where it is not
            dtype = pd.StringDtype("python", na_value=na)
        column = pd.array(self._items(node), dtype=dtype)
        column[self.decode(node["missing"])] = na
        return column

    def _values_of_category_column(self, node):
        import pandas as pd

        return pd.Categorical.from_codes(
            self.decode(node["codes"]), self.decode(node["categories"]), ordered=node["ordered"]
        )

    def _values_of_masked_column(self, node):
        import pandas as pd

        if not MASKED.fullmatch(node["dtype"]):
            raise ValueError(f"no column with gaps is of dtype {node['dtype']!r}")
        column = pd.array(self.decode(node["values"]), dtype=node["dtype"])
        column[self.decode(node["missing"])] = pd.NA
        return column

    def _read_object(self, node):
        cls = class_named(node["class"])
        if cls is None:
            raise ValueError(
                f"unknown class {node['class']!r}: not one that this textvec {__version__} can load"
            )
        if node["state"] and not hasattr(cls, "get_params"):
            raise ValueError(f"a {cls.__name__} has no state beside what it is made of")
        make = cls if self._verify else getattr(cls, "_of_unread_vectors", cls)
        value = make(**self._attributes(node["parameters"]))
        if node["state"]:
            vars(value).update(self._attributes(node["state"]))
        if isinstance(value, Savable):
            self.savable.append(value)
            needed = type(value)._needs_trust(value)  # not value's own: the file may shadow it
            self.needs += [needed] if needed else []
            type(value)._check_loaded(value)
            unsaved = vars(value).keys() - type(value).__getstate__(value).keys()
            if unsaved:  # what a class makes anew was not checked, and compiled code would index it
                raise ValueError(f"{min(unsaved)} is never saved with a {cls.__name__}")
        return value


def _compressed(cls, stored, shape):
    """Return a matrix of compressed rows or columns, its index arrays as wide as they are."""
    indices, indptr = stored["indices"], stored["indptr"]
    if not indices.dtype == indptr.dtype or indices.dtype not in (np.int32, np.int64):
        raise ValueError(f"a matrix has indices of {indices.dtype} and {indptr.dtype}")
    matrix = cls((stored["data"], indices, indptr), shape=shape)
    matrix.check_format()  # indices out of range would crash compiled code
    matrix.indices, matrix.indptr = indices, indptr
    return matrix


# ------------------------------------------------------------------------------- older formats


def _from_format_1(node):
    """Read classes named with their modules, and lil matrices as entries: rows took no bytes."""
    if node.get("type") == "object":
        return node | {"class": str(node.get("class")).rpartition(".")[2]}
    if node.get("type") == "sparse" and str(node.get("class"))[:3] == "lil":
        return node | {"type": "lil_of_entries"}
    return node


def _from_format_2(node):
    """Read all as it is: a vectorizer's vocabulary was a dict, which it may be today."""
    return node


# Version of the format -> what turns a node of it into one of the next.
_UPGRADES = {1: _from_format_1, 2: _from_format_2}


def upgraded(root, version):
    """Return the root node of an older version as one of today's."""
    for older in range(version, FORMAT_VERSION):
        root = _with_each_upgraded(root, _UPGRADES[older])
    return root


def _with_each_upgraded(node, upgrade):
    """Return a tree of nodes, every object in it upgraded from the innermost on."""
    if isinstance(node, list):
        return [_with_each_upgraded(item, upgrade) for item in node]
    if isinstance(node, dict):
        return upgrade({name: _with_each_upgraded(value, upgrade) for name, value in node.items()})
    return node
