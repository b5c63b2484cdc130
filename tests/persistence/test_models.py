"""Whole models in files: what each checks of itself, and that all of ours can be saved."""

import ast
import inspect
import pickle
import pkgutil
from importlib import import_module
from pathlib import Path

import joblib
import numpy as np
import pytest
from scipy import sparse

import textvec
from textvec import persistence
from textvec.finetune.running import InTraining
from textvec.finetune.settings import Settings
from textvec.persistence import load
from textvec.sparse.bm25 import BM25Vectorizer
from textvec.sparse.counts import CountVectorizer
from textvec.sparse.tfidf import TfidfVectorizer

from .files import HOTELS, TABLE, assert_equal, rewrite, set_root


def learned(estimator, **attributes):
    """Return a fitted estimator some of whose learned attributes a file might have made up."""
    vars(estimator).update(attributes)
    return estimator


def counted():
    return CountVectorizer().fit(HOTELS)


def weighed(vectorizer, **attributes):
    learned(vectorizer.fit(HOTELS)._weigher, **attributes)
    return vectorizer


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (lambda: learned(counted(), vocabulary_={"bar": 10**9}), "vocabulary_ must number"),
        (lambda: learned(counted(), vocabulary_={"bar": -1}), "vocabulary_ must number"),
        (lambda: learned(counted(), vocabulary_={"a": 0, "b": 0}), "vocabulary_ must number"),
        (lambda: learned(counted(), vocabulary_={"a": 0.0}), "vocabulary_ must number"),
        (
            lambda: learned(TfidfVectorizer().fit(HOTELS), vocabulary_={"bar": 0}),
            "vocabulary_ has 1 terms, and 9 have weights",
        ),
        (lambda: weighed(BM25Vectorizer(), idf_=np.ones(2)), r"idf_ must hold 11 .* \(2,\)"),
        (
            lambda: weighed(BM25Vectorizer(), document_frequencies_=np.ones(2)),
            "document_frequencies_ must hold 11 numbers",
        ),
        (
            lambda: learned(
                textvec.DocumentVectorizer(TABLE, pooling="idf").fit(HOTELS),
                word_weights_=np.ones(4, np.float32),
            ),
            "word_weights_ must hold 3 numbers",
        ),
        (
            lambda: learned(
                textvec.DocumentVectorizer(TABLE, pooling="sif").fit(HOTELS),
                common_component_=np.ones(6, np.float32),
            ),
            "common_component_ must hold 3 numbers",
        ),
        (
            lambda: learned(textvec.ExactIndex().fit(np.eye(3)), n_features_in_=500),
            "items_ must be rows of width 500",
        ),
        (
            lambda: learned(textvec.ExactIndex().fit(np.eye(3)), items_=np.eye(3, dtype=int)),
            "items_ must be float32 or float64. Got int64",
        ),
        (
            lambda: learned(
                textvec.ExactIndex().fit(sparse.csr_array(np.eye(3))),
                items_=sparse.csr_array(([1.0, 1], [2, 0], [0, 2]), shape=(1, 3)),
            ),
            "items_ must have its columns in order",
        ),
        (
            lambda: learned(textvec.MinHashLSH().fit(HOTELS), signatures_=np.ones((5, 2), "u4")),
            "signatures_ of width 2 must have n_permutations=128",
        ),
        (
            lambda: learned(textvec.MinHashLSH().fit(HOTELS), signatures_=np.ones((5, 128))),
            "signatures_ must be rows of uint32",
        ),
        (
            lambda: learned(textvec.MinHashLSH().fit(HOTELS), n_bands_=2**40, n_rows_="many"),
            "n_rows_ must be an integer. Got 'many'",
        ),
    ],
)
def test_what_compiled_code_would_index_out_of_range_is_refused(model, message, path):
    """As a file made up by others might have it; each of these crashed Python or read elsewhere."""
    model().save(path)
    with pytest.raises(ValueError, match=message):
        load(path)


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (lambda: textvec.MinHashLSH().fit(HOTELS), "_made"),
        (lambda: textvec.ExactIndex().fit(np.eye(3)), "_made"),
        (counted, "_known"),
    ],
)
def test_what_is_never_saved_is_not_read(model, name, path):
    """It is made anew when needed, from what was checked. MinHashLSH's crashed Python."""
    model().save(path)
    wild = {"type": "tuple", "items": [[[2**40]], [[2**40]]]}
    rewrite(path, lambda header, parts: header["root"]["state"].update({name: wild}))
    with pytest.raises(ValueError, match=f"{name} is never saved with a"):
        load(path)


def test_objects_without_parameters_have_no_state(saved):
    """Whose constructors check what they are given: a file may not go past them."""
    _, path = saved
    TABLE.save(path)
    rewrite(path, set_root(state={"key_to_index": {"type": "dict", "keys": [], "values": []}}))
    with pytest.raises(ValueError, match="a KeyedVectors has no state"):
        load(path)


# ------------------------------------------------------------------------------- the whole package


def classes():
    """Yield every class that textvec defines."""
    for info in pkgutil.walk_packages(textvec.__path__, "textvec."):
        if not info.name.endswith("__main__"):
            for value in vars(import_module(info.name)).values():
                if inspect.isclass(value) and value.__module__ == info.name:
                    yield value


def test_what_files_hold_are_classes_that_exist():
    found = {one.__name__: one.__module__ for one in classes()}
    assert found.items() >= persistence.classes._WITHIN.items()


def test_every_class_with_parameters_or_state_can_be_saved():
    """Classes that others only build on are saved as what was built on them.

    Settings are saved within what they set, and a network in training lives no longer than that.
    """
    savers = {one for one in classes() if hasattr(one, "get_params") or hasattr(one, "save")}
    savers -= {one for one in savers if issubclass(one, classes_of_typer())} | {InTraining}
    missing = {
        one
        for one in savers
        if persistence.classes.class_named(one.__name__) is not one
        and not any(issubclass(other, one) and other is not one for other in savers)
    }
    assert not missing
    alone = {one for one in savers if hasattr(one, "get_params") and not issubclass(one, Settings)}
    assert all(hasattr(one, "save") for one in alone)


def classes_of_typer():
    import typer

    return typer.core.TyperGroup, typer.core.TyperCommand


# Module -> what it writes that is no model. All but `_writing` write through it.
WRITERS = {
    "_writing": "every file, aside and then in place",
    "cli/embed": "whose a folder of unfinished work is",
    "course/notebooks": "units of the course",
    "dense/compressed_files": "word vectors for other tools",
    "dense/static_models": "word vectors as a folder for other tools",
    "encoders/cache": "the cache of encodings (SQLite)",
    "encoders/claims": "who encodes what (SQLite)",
    "encoders/files": "vectors of a table for other tools",
    "evaluate/cells": "results already computed",
    "finetune/folders": "how far a training came; encoders are written by sentence-transformers",
    "finetune/generate": "what a model of language answered, and the pairs that came of it",
    "finetune/positions": "encoders, for others too",
    "finetune/retromae": "encoders, for others too",
    "persistence/__init__": "models, as a file that appears whole",
    "persistence/archive": "models",
    "search/engines/_engine": "an engine's own file, to take its bytes and give them back",
    "search/engines/scann": "ScaNN's own files, to take their bytes and give them back",
    "show/csv_files": "tables that a user asks for",
    "show/pages": "reports and maps",
    "text/vocabulary": "the ids of a corpus' words, for as long as it is read",
}


_WRITING = {
    *("write_text", "write_bytes", "write_array", "tofile", "memmap", "replacing", "dump"),
    *("savetxt", "savez", "savez_compressed", "to_csv", "to_json", "to_parquet", "to_pickle"),
}


_READING = {"fromfile", "genfromtxt", "loadtxt", "read_pickle", "read_hdf"}


_OTHER_FORMATS = {"dill", "marshal", "pickle", "shelve", "h5py", "cloudpickle"}


def writes(tree):
    """Whether code writes files, or reads arrays out of them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", None))
            owner = getattr(getattr(node.func, "value", None), "id", None)
            if name in _WRITING | _READING or owner in ("np", "numpy") and name in ("load", "save"):
                return True
            if owner == "sqlite3" and name == "connect":
                return True
            modes = [*node.args[1:2], *(word.value for word in node.keywords if word.arg == "mode")]
            modes = [mode.value for mode in modes if isinstance(mode, ast.Constant)]
            if name == "open" and any(set(str(mode)) & set("wax+") for mode in modes):
                return True
    return False


def test_models_are_written_by_persistence_alone():
    root = Path(textvec.__file__).parent
    found = set()
    for file in root.rglob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        if writes(tree):
            found.add(file.relative_to(root).with_suffix("").as_posix())
        imported = {
            name.name.partition(".")[0]
            for node in ast.walk(tree)
            if isinstance(node, ast.Import)
            for name in node.names
        } | {
            node.module.partition(".")[0]
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
            and not all(name.name.endswith("Error") for name in node.names)
        }
        assert not imported & _OTHER_FORMATS, f"{file} uses {imported & _OTHER_FORMATS}"
    assert found <= set(WRITERS), "a new writer: is it a model's? Then it goes through persistence"
    assert set(WRITERS) <= found, "no writer any more"


@pytest.mark.parametrize(
    "line",
    [
        "np.save(path, array)",
        "np.load(path)",
        "open(path, 'wb')",
        "path.open(mode='a')",
        "Path(path).write_bytes(b'')",
        "json.dump(model, file)",
        "frame.to_pickle(path)",
    ],
)
def test_writers_are_found(line):
    assert writes(ast.parse(line))
    assert not writes(ast.parse("open(path)\nopen(path, 'rb')\njson.dumps(1)\nvectorizer.save(p)"))


def test_users_may_pickle_what_they_trust(path):
    for dump, read in (
        (lambda one: path.write_bytes(pickle.dumps(one)), lambda: pickle.loads(path.read_bytes())),
        (lambda one: joblib.dump(one, path), lambda: joblib.load(path)),
    ):
        for model in (BM25Vectorizer().fit(HOTELS), TfidfVectorizer(n_jobs=2).fit(HOTELS)):
            dump(model)
            assert_equal(read().transform(HOTELS), model.transform(HOTELS))
        dump(TABLE)
        assert read().most_similar("bar") == TABLE.most_similar("bar")
        index = textvec.ExactIndex().fit(np.eye(3))
        dump(index)
        assert_equal(read().kneighbors(np.eye(3), 1), index.kneighbors(np.eye(3), 1))
