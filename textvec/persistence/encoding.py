"""Objects as nodes: what a file says of them, and the arrays that it names."""

import inspect
import json
import math
from pathlib import Path

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator

from textvec._threads import held
from textvec.persistence.archive import MOST_EMPTY
from textvec.persistence.classes import (
    BUILTIN_TYPES,
    MASKED,
    SPARSE_CLASSES,
    Savable,
    is_ours,
)

_UNSAVED = {"_stop_words_id"}  # scikit-learn remembers an object by its id in this process
_LONG = 64  # from here on a list of str becomes a part


class Encoder:
    """Turns an object into a tree of JSON nodes, and collects the arrays that nodes name.

    Parameters
    ----------
    folder : Path, default=None
        Where the file is to lie, for what is to lie beside it; None writes nothing.
    """

    def __init__(self, folder=None):
        self._folder = folder
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
            beside = isinstance(value, Savable)
            return self._object(value._beside(self._folder) if beside else value, where)
        raise self._refusal(value, where)

    def _object(self, value, where):
        node = {"type": "object", "class": type(value).__name__}
        value = held(value) if hasattr(value, "__dict__") else value  # others may fit meanwhile
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
        if BUILTIN_TYPES.get(value.__name__) is value:
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
        if MASKED.fullmatch(str(dtype)):
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
            if value is str.split:
                cure = 'Set it to "whitespace", which does the same'
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
