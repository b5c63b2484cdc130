"""Cells of a comparison: kept and found again where they are the same, and measured."""

import importlib
import sys
from pathlib import Path
from uuid import UUID

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction import text as scikit_learn
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from textvec import (
    CountVectorizer,
    DocumentVectorizer,
    KeyedVectors,
    LSAVectorizer,
    TfidfVectorizer,
)
from textvec.evaluate.cells import peak_memory
from textvec.evaluate.compare import compare
from textvec.evaluate.tasks import RetrievalTask

from .rooms import ROOMS, OnlyRooms


def test_finished_cells_are_kept_and_found_again(methods, tasks, tmp_path, monkeypatch):
    first = compare(methods, tasks, cache=tmp_path / "cells")
    assert len(list((tmp_path / "cells").iterdir())) == 4
    compare({"picky": OnlyRooms()}, tasks, cache=tmp_path / "cells")
    assert len(list((tmp_path / "cells").iterdir())) == 5  # what failed is tried again
    monkeypatch.setattr(RetrievalTask, "evaluate", lambda *a: pytest.fail("computed again"))
    monkeypatch.setattr(CountVectorizer, "fit", lambda *a: pytest.fail("fitted again"))
    again = compare(methods, tasks, cache=tmp_path / "cells")
    pd.testing.assert_frame_equal(again.table, first.table)
    pd.testing.assert_frame_equal(again.significance(99), first.significance(99))
    pd.testing.assert_frame_equal(
        again.disagreements("counts", "LSA", "twins"), first.disagreements("counts", "LSA", "twins")
    )


def test_another_method_or_text_is_another_cell(tasks, tmp_path):
    counts = CountVectorizer()
    compare({"counts": counts}, tasks[1:], cache=tmp_path)
    compare({"other name": CountVectorizer()}, tasks[1:], cache=tmp_path)
    assert len(list(tmp_path.iterdir())) == 1
    compare({"counts": CountVectorizer(binary=True)}, tasks[1:], cache=tmp_path)
    tasks[1].corpus["a"] = "another text"
    compare({"counts": counts}, tasks[1:], cache=tmp_path)
    assert len(list(tmp_path.iterdir())) == 3
    for path in tmp_path.iterdir():
        text = path.read_text()
    for damaged in (text[:50], "3", "[1]", '{"rows": 3}'):
        for path in tmp_path.iterdir():
            path.write_text(damaged)
        assert (compare({"counts": counts}, tasks[1:], cache=tmp_path).table["error"] == "").all()


def test_other_contents_behind_the_same_print_are_another_cell(tasks, tmp_path):
    words = sorted({word for text in ROOMS.values() for word in text.split()})
    one, other = np.random.default_rng(0).normal(size=(2, len(words), 4))
    many = np.array([*words, *(f"no{i}" for i in range(2000))])
    fewer = many.copy()
    fewer[1000] = "none"
    for number, (first, second) in enumerate(
        [
            [DocumentVectorizer(KeyedVectors(vectors, words)) for vectors in (one, other)],
            [CountVectorizer(vocabulary=known) for known in (many, fewer)],
        ]
    ):
        assert repr(first.get_params()) == repr(second.get_params())
        folder = tmp_path / str(number)
        for method in (first, second, clone(first)):
            cached = compare({"method": method}, tasks[1:], cache=folder).table
            alone = compare({"method": method}, tasks[1:]).table
            assert cached.loc[0, "score"] == alone.loc[0, "score"]
        assert len(list(folder.iterdir())) == 2


@pytest.mark.parametrize(
    "method",
    [
        TfidfVectorizer(preprocessor=lambda text: text[:4]),
        make_pipeline(TfidfVectorizer(), FunctionTransformer(lambda vectors: vectors * 2)),
        LSAVectorizer(vector_size=2, random_state=np.random.RandomState(0)),
        make_pipeline(FrozenEstimator(scikit_learn.TfidfVectorizer().fit(ROOMS.values()))),
    ],
    ids=lambda method: type(method).__name__,
)
def test_what_only_its_address_tells_from_others_is_not_stored(method, tasks, tmp_path):
    compare({"method": method}, tasks, cache=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_pipelines_of_values_are_stored(tasks, tmp_path):
    for n_components in (2, 3, 2):
        steps = scikit_learn.TfidfVectorizer(), TruncatedSVD(n_components, random_state=0)
        cached = compare({"method": make_pipeline(*steps)}, tasks, cache=tmp_path).table
        assert cached["dimension"].tolist() == [n_components] * 2
    assert len(list(tmp_path.iterdir())) == 4


class Folder(BaseEstimator):
    """Counts the words that a file in a folder names."""

    def __init__(self, model):
        self.model = model

    def fit(self, raw_documents, y=None):
        words = (Path(self.model) / "words.txt").read_text().split()
        self.inner_ = CountVectorizer(vocabulary=words)
        return self

    def transform(self, raw_documents):
        return self.inner_.transform(raw_documents)


@pytest.mark.parametrize("wrap", [lambda method: method, make_pipeline], ids=["plain", "pipeline"])
@pytest.mark.parametrize("kind", [str, Path])
def test_a_model_that_is_saved_again_is_another_one(kind, wrap, tasks, tmp_path):
    model, cells = tmp_path / "model", tmp_path / "cells"
    model.mkdir()
    method = {"words": wrap(Folder(kind(model)))}
    for words in (["sea"], ["sea", "shuttle"]):
        (model / "words.txt").write_text(" ".join(words))
        first, again = (compare(method, tasks[1:], cache=cells).table for _ in "ab")
        assert first["dimension"].tolist() == [len(words)]
        pd.testing.assert_frame_equal(first, again)  # the seconds, too: it was found
    assert len(list(cells.iterdir())) == 2


def test_classes_of_one_name_are_known_by_module_and_source(tasks, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    code = """
from textvec import CountVectorizer


class Cut(CountVectorizer):
    def build_preprocessor(self):
        return lambda text: text[:NUMBER]
"""
    found = []
    for module, number in [("first_cut", 20), ("other_cut", 3), ("first_cut", 7)]:
        (tmp_path / f"{module}.py").write_text(code.replace("NUMBER", str(number)))
        sys.modules.pop(module, None)
        importlib.invalidate_caches()
        method = {"cut": importlib.import_module(module).Cut()}
        cached = compare(method, tasks[1:], cache=tmp_path / "cells").table["dimension"]
        assert cached.tolist() == compare(method, tasks[1:]).table["dimension"].tolist()
        found += cached.tolist()
    assert len(set(found)) == 3
    assert len(list((tmp_path / "cells").iterdir())) == 3


def test_ids_of_any_kind_can_be_stored(tmp_path):
    ids = [UUID(int=number) for number in range(len(ROOMS))]
    corpus = dict(zip(ids, ROOMS.values(), strict=True))
    task = RetrievalTask({ids[0]: "sea"}, corpus, {ids[0]: {ids[2]: 1}}, "rooms")
    tables = [compare({"c": CountVectorizer()}, [task], cache=tmp_path).table for _ in "ab"]
    assert tables[0].loc[0, "error"] == ""
    pd.testing.assert_frame_equal(*tables)  # the seconds, too: it was found


def test_sizes_do_not_hang_on_how_fast_a_cell_was(tasks, monkeypatch):
    sizes = ["dimension", "non_zeros", "stored_mb", "sparsity"]
    once = compare({"counts": CountVectorizer()}, tasks).table[sizes]
    monkeypatch.setattr("textvec.evaluate.cells._BUDGET", 0)  # as where all is slow
    slow = compare({"counts": CountVectorizer()}, tasks).table[sizes]
    pd.testing.assert_frame_equal(once, slow)


def test_memory_that_is_taken_is_seen():
    np.ones(16_000_000)  # what was taken before and given back does not count
    with peak_memory() as found:
        block = np.ones(8_000_000)  # 64 MB
        del block
    if np.isnan(found["peak_mb"]):
        pytest.skip("no /proc on this system")
    assert 55 < found["peak_mb"] < 200


def test_a_cell_that_cannot_be_read_is_computed_anew(tasks, tmp_path):
    counts = {"counts": CountVectorizer()}
    compare(counts, tasks[1:], cache=tmp_path)
    (path,) = tmp_path.iterdir()
    path.unlink()
    (path / "in its place").mkdir(parents=True)
    with pytest.warns(RuntimeWarning, match="A cell was not stored"):
        table = compare(counts, tasks[1:], cache=tmp_path).table
    assert table["error"].tolist() == [""]
