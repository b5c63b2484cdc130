"""What a file may name: classes of ours and of SciPy, types and dtypes. It never brings its own."""

import re
from importlib import import_module

from scipy import sparse

from textvec import _HOME

# A file may hold the public classes that have `save`, and these, which are parts of them; by name,
# so that modules may move. Estimators are stored by parameters and learned attributes (what
# __getstate__ gives), named tuples and tables by what their constructor takes.
_WITHIN = {
    "Block": "textvec.recommend.features",
    "ColumnVectorizer": "textvec.recommend.columns",
    "EncodingCache": "textvec.encoders.cache",
    "PassageIndex": "textvec.integrations.passages",
    "Ragged": "textvec.ragged",
    "RecursiveTextSplitter": "textvec.text.splitters",
    "Subwords": "textvec.dense.subwords",
    "Terms": "textvec.sparse.terms",
}
BUILTIN_TYPES = {kind.__name__: kind for kind in (bool, int, float, complex, str, bytes, object)}
SPARSE_CLASSES = {
    f"{layout}_{kind}": getattr(sparse, f"{layout}_{kind}")
    for layout in ("bsr", "coo", "csc", "csr", "dia", "dok", "lil")
    for kind in ("array", "matrix")
}
MASKED = re.compile("boolean|Float(32|64)|U?Int(8|16|32|64)")  # pandas' dtypes with gaps


class Savable:
    """What a file may hold of ours: it says which trust it needs, and checks what it was given."""

    def _needs_trust(self):
        """Return what these parameters let happen that no stranger's file may, or None."""

    def _check_loaded(self):
        """Raise ValueError unless what a file says was learned fits together."""

    def _beside(self, folder):
        """Write what is to lie beside the file, in its folder; return what the file is to hold.

        Where the folder is None, nothing is written.
        """
        return self

    def _found_beside(self, folder):
        """Find what lies beside the file, which was read from this folder."""


def class_named(name):
    """Return the class that a file means by a name, or None if that is none which it may hold."""
    module = _WITHIN.get(name) or _HOME.get(name)
    found = getattr(import_module(module), name) if module else None
    is_saved = isinstance(found, type) and issubclass(found, Savable)
    return found if is_saved or name in _WITHIN else None


def is_ours(value):
    """Return whether a value is of a class that a file may hold."""
    return class_named(type(value).__name__) is type(value)
