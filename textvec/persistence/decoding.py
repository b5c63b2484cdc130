"""What a file says of an object, and the object again."""

import inspect
import json
import math
import re
from importlib import import_module
from pathlib import Path

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator

from textvec import _HOME, __version__
from textvec.persistence.archive import FORMAT_VERSION, MOST_EMPTY, plain_dtype

# A file may hold the public classes that have `save`, and these, which are parts of them; by name,
# so that modules may move. Estimators are stored by parameters and learned attributes (what
# __getstate__ gives), named tuples and tables by what their constructor takes.
_WITHIN = {
    "Block": "textvec.recommend.features",
    "ColumnVectorizer": "textvec.recommend.features",
    "EncodingCache": "textvec.encoders.cache",
    "Ragged": "textvec.ragged",
    "RecursiveTextSplitter": "textvec.text.splitters",
}
_UNSAVED = {"_stop_words_id"}  # scikit-learn remembers an object by its id in this process
_BUILTIN_TYPES = {kind.__name__: kind for kind in (bool, int, float, complex, str, bytes, object)}
SPARSE_CLASSES = {
    f"{layout}_{kind}": getattr(sparse, f"{layout}_{kind}")
    for layout in ("bsr", "coo", "csc", "csr", "dia", "dok", "lil")
    for kind in ("array", "matrix")
}

_MASKED = re.compile("boolean|Float(32|64)|U?Int(8|16|32|64)")  # pandas' dtypes with gaps

_SPENT_FREELY = 1 << 26  # bytes that what is copied may take beyond 4 times the size of the parts
_LIL_ROWS = 1 << 20  # of format 1, where rows took no bytes
_LONG = 64  # from here on a list of str becomes a part


class Savable:
    """What a file may hold of ours: it says which trust it needs, and checks what it was given."""

    def _needs_trust(self):
        """Return what these parameters let happen that no stranger's file may, or None."""

    def _check_loaded(self):
        """Raise ValueError unless what a file says was learned fits together."""


class Encoder:
    """Turns an object into a tree of JSON nodes, and collects the arrays that nodes name."""

    def __init__(self):
        self.parts = {}  # name -> array
        self._names = {}  # id(array) -> name; parts keeps the arrays alive, so ids stay theirs
        self._open = set()  # ids of the containers around the current value

    def encode(self, value, where):
        """Return the node of ``value``; ``where`` is its attribute path, for messages."""
        if value is None or type(value) in (bool, int, str):
            return value
        if type(value) is float:
            if math.isfinite(value):
                return value
            return {"type": "float", "value": repr(value)}
        if type(value) in (complex, bytes):
            plain = [value.real, value.imag] if type(value) is complex else value.hex()
            return {"type": type(value).__name__, "value": self.encode(plain, where)}
        if type(value) is type(Path()):
            return {"type": "path", "value": str(value)}
        if isinstance(value, np.generic):
            return self._scalar(value, where)
        if isinstance(value, np.dtype):
            return {"type": "dtype", "value": self._dtype(value, where)}
        if isinstance(value, type):
            return self._type(value, where)
        if type(value) in (np.ndarray, np.memmap):
            return self._array(value, where)
        if id(value) in self._open:
            raise TypeError(f"{where} contains itself. A textvec file holds trees, not circles.")
        self._open.add(id(value))
        node = self._container(value, where)
        self._open.remove(id(value))
        return node

    def _container(self, value, where):
        kind = type(value)
        if kind in (list, tuple, set, frozenset):
            items, is_set = list(value), kind in (set, frozenset)
            if is_set and _all_of(items, str):
                items.sort()  # the same file whatever the order of hashes
            node = self._items(items, where)
            if is_set and isinstance(node, list):
                node.sort(key=json.dumps)  # of other things: by how they are written
            return node if kind is list else {"type": kind.__name__, "items": node}
        if kind is dict:
            return self._dict(value, where)
        if sparse.issparse(value):
            return self._sparse(value, where)
        if kind.__module__.partition(".")[0] == "pandas":
            return self._pandas(value, where)
        if is_ours(value):
            return self._object(value, where)
        raise self._refusal(value, where)

    def _object(self, value, where):
        node = {"type": "object", "class": type(value).__name__}
        if not hasattr(value, "get_params"):
            fields = {
                name: getattr(value, name) for name in inspect.signature(type(value)).parameters
            }
            return node | {"parameters": self._attributes(fields, where), "state": {}}
        parameters = value.get_params(deep=False)
        state = value.__getstate__()
        state = {k: v for k, v in state.items() if k not in parameters and k not in _UNSAVED}
        return node | {
            "parameters": self._attributes(parameters, where),
            "state": self._attributes(state, where),
        }

    def _attributes(self, values, where):
        return {name: self.encode(value, f"{where}.{name}") for name, value in values.items()}

    def _items(self, items, where):
        """Return the node of a list."""
        if len(items) >= _LONG and _all_of(items, str):
            return {"type": "strings"} | self._strings(items)
        return [self.encode(item, f"{where}[{i}]") for i, item in enumerate(items)]

    def _strings(self, strings):
        """Store many str as one blob of UTF-8 and where each ends, counted in code points."""
        blob = "".join(strings).encode("utf-8", "surrogatepass")
        ends = np.cumsum(np.fromiter(map(len, strings), np.int64, len(strings)))
        return {
            "text": self._part(np.frombuffer(blob, np.uint8)),
            "ends": self._part(ends),
        }

    def _dict(self, value, where):
        keys, values = list(value), list(value.values())
        if len(keys) >= _LONG and _all_of(keys, str):
            node = {"type": "terms"} | self._strings(keys)
            for kind in (int, np.int64, np.int32):
                if _all_of(values, kind) and _fits_int64(values):
                    dtype = np.int64 if kind is int else kind
                    numbers = self._part(np.fromiter(values, dtype, len(values)))
                    return node | {"values": numbers, "scalars": kind is not int}
        return {
            "type": "dict",
            "keys": self._items(keys, f"{where} (keys)"),
            "values": [self.encode(v, f"{where}[{k!r}]") for k, v in value.items()],
        }

    def _scalar(self, value, where):
        dtype = self._dtype(value.dtype, where)
        return {"type": "scalar", "dtype": dtype, "value": value.tobytes().hex()}

    def _dtype(self, dtype, where):
        if dtype.kind == "T" or np.dtype(dtype.str) != dtype:
            raise self._refusal(dtype, where, "Use a dtype without fields.")
        return dtype.str

    def _type(self, value, where):
        if issubclass(value, np.generic) and getattr(np, value.__name__, None) is value:
            return {"type": "numpy_type", "value": value.__name__}
        if _BUILTIN_TYPES.get(value.__name__) is value:
            return {"type": "builtin_type", "value": value.__name__}
        raise self._refusal(value, where)

    def _array(self, value, where):
        if value.dtype == object:
            shape = list(value.shape)
            return {
                "type": "objects",
                "shape": shape,
                "items": self._items(list(value.flat), where),
            }
        if value.dtype.kind == "T":
            if hasattr(value.dtype, "na_object"):
                raise self._refusal(value, where, "Convert it to an object array.")
            items = self._items(value.ravel().tolist(), where)
            return {"type": "string_array", "shape": list(value.shape), "items": items}
        self._dtype(value.dtype, where)
        return {"type": "array", "part": self._part(value)}

    def _part(self, array):
        if not array.dtype.itemsize and array.size > MOST_EMPTY:
            raise ValueError(f"An array of {array.size} items without a byte cannot be saved.")
        if id(array) not in self._names:
            self._names[id(array)] = name = f"{len(self.parts)}.npy"
            self.parts[name] = array
        return self._names[id(array)]

    def _sparse(self, value, where):
        name = type(value).__name__
        if SPARSE_CLASSES.get(name) is not type(value):
            raise self._refusal(value, where)
        # lil and dok keep Python objects
        stored = {"lil": value.tocsr, "dok": value.tocoo}.get(value.format, lambda: value)()
        match stored.format:
            case "coo":
                arrays = {"data": stored.data, "coords": stored.coords}
            case "dia":
                arrays = {"data": stored.data, "offsets": stored.offsets}
            case _:
                arrays = {"data": stored.data, "indices": stored.indices, "indptr": stored.indptr}
        shape = [int(n) for n in value.shape]
        return {"type": "sparse", "class": name, "shape": shape} | self._attributes(arrays, where)

    def _pandas(self, value, where):
        import pandas as pd

        match value:
            case pd.DataFrame():
                labels = value.columns
                columns = [
                    self._column(value.iloc[:, i], f"{where}[{label!r}]")
                    for i, label in enumerate(labels)
                ]
                return {
                    "type": "frame",
                    "columns": columns,
                    "labels": self.encode(labels, f"{where}.columns"),
                    "index": self.encode(value.index, f"{where}.index"),
                }
            case pd.Series():
                return {
                    "type": "series",
                    "values": self._column(value, where),
                    "index": self.encode(value.index, f"{where}.index"),
                    "name": self.encode(value.name, f"{where}.name"),
                }
            case pd.RangeIndex():
                bounds = [value.start, value.stop, value.step]
                name = self.encode(value.name, f"{where}.name")
                return {"type": "range_index", "bounds": bounds, "name": name}
            case pd.Index() if not isinstance(value, pd.MultiIndex | pd.IntervalIndex):
                name = self.encode(value.name, f"{where}.name")
                return {"type": "index", "values": self._column(value, where), "name": name}
            case _ if value is pd.NA or value is pd.NaT:
                return {"type": "missing", "value": "NA" if value is pd.NA else "NaT"}
        advice = "Flatten it with reset_index()." if isinstance(value, pd.MultiIndex) else None
        raise self._refusal(value, where, advice)

    def _column(self, column, where):
        """Return the node of the values of a Series or Index."""
        import pandas as pd

        dtype = column.dtype
        if isinstance(dtype, np.dtype):
            return {"type": "column", "values": self.encode(column.to_numpy(), where)}
        missing = np.asarray(column.isna())
        if isinstance(dtype, pd.StringDtype):
            items = ["" if gap else str(v) for v, gap in zip(column, missing, strict=True)]
            return {
                "type": "text_column",
                "items": self._items(items, where),
                "missing": self.encode(missing, where),
                "storage": dtype.storage,
                "na": "NA" if dtype.na_value is pd.NA else "nan",
            }
        if isinstance(dtype, pd.CategoricalDtype):
            values = pd.Categorical(column)
            return {
                "type": "category_column",
                "codes": self.encode(np.asarray(values.codes), where),
                "categories": self.encode(values.categories, f"{where}.categories"),
                "ordered": bool(values.ordered),
            }
        if _MASKED.fullmatch(str(dtype)):
            plain = column.to_numpy(dtype=dtype.numpy_dtype, na_value=dtype.type(0))
            return {
                "type": "masked_column",
                "dtype": str(dtype),
                "values": self.encode(plain, where),
                "missing": self.encode(missing, where),
            }
        raise self._refusal(
            column, where, f"Convert this column of dtype {dtype} to str or a number."
        )

    def _refusal(self, value, where, advice=None):
        """Return the error for a value that no node stands for."""
        kind = type(value)
        if isinstance(value, BaseEstimator):
            what, cure = f"a {kind.__name__} of {kind.__module__}", "Use textvec's own estimators"
        elif isinstance(value, type) or callable(value):
            what = f"code ({getattr(value, '__qualname__', kind.__qualname__)})"
            cure = "Set it to None or to one of textvec's named options"
        else:
            what, cure = f"a {kind.__module__}.{kind.__qualname__}", "Convert it to plain data"
        advice = advice or f"{cure}, or save with joblib and load only files that you trust."
        return TypeError(
            f"{where} is {what}, and a textvec file holds data of known types only. {advice}"
        )


def _all_of(values, kind):
    return set(map(type, values)) <= {kind}


def _fits_int64(values):
    return not values or min(values) >= -(2**63) and max(values) < 2**63


def class_named(name):
    """Return the class that a file means by a name, or None if that is none which it may hold."""
    module = _WITHIN.get(name) or _HOME.get(name)
    found = getattr(import_module(module), name) if module else None
    is_saved = isinstance(found, type) and issubclass(found, Savable)
    return found if is_saved or name in _WITHIN else None


def is_ours(value):
    """Return whether a value is of a class that a file may hold."""
    return class_named(type(value).__name__) is type(value)


# ------------------------------------------------------------------------------- nodes -> object


class Decoder:
    """Turns nodes back into objects; one method per type of node."""

    def __init__(self, arrays, verify):
        self._arrays = arrays
        self._verify = verify
        # A part may be named many times, and what names it makes a copy.
        self._room = 4 * sum(array.nbytes for array in arrays.values()) + _SPENT_FREELY
        self.needs = []  # what only a trusted file may have done

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
        return _BUILTIN_TYPES[node["value"]]

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

        if not _MASKED.fullmatch(node["dtype"]):
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


# Version of the format -> what turns a node of it into one of the next.
_UPGRADES = {1: _from_format_1}


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
