"""Fresh processes make the same, whatever the hash seed, n_jobs and the threads of BLAS."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from textvec import CountVectorizer, TfidfVectorizer, compare
from textvec.evaluate import cells
from textvec.evaluate.tasks import ClassificationTask, mini_benchmark_tasks

COMPARE, MAKE = (Path(__file__).with_name(f"{name}_alone.py") for name in ("compare", "made"))
FEW = ("clustering (en)", "classification (zh)")  # those that scikit-learn's threads have a part in
SETTINGS = [  # PYTHONHASHSEED, n_jobs, threads of BLAS
    (0, 1, 1),
    (1, 4, 2),
    (31337, 2, 4),
]


def start(script, hash_seed, n_jobs, threads, *names):
    """Start a script in a process of its own."""
    libraries = ("OMP", "OPENBLAS", "MKL", "NUMBA")
    variables = {f"{name}_NUM_THREADS": str(threads) for name in libraries}
    return subprocess.Popen(
        [sys.executable, script, str(n_jobs), *names],
        env={**os.environ, **variables, "PYTHONHASHSEED": str(hash_seed)},
        stdout=subprocess.PIPE,
        text=True,
    )


def result(process):
    """Wait for a process, and return what it printed."""
    output, _ = process.communicate(timeout=3000)
    assert process.returncode == 0
    return json.loads(output.splitlines()[-1])


def assert_same(found):
    first = found[0]
    assert len(first["table"]) > 10
    assert not any(row["error"] for row in first["table"])
    for other in found[1:]:
        for mine, theirs in zip(first["printed"], other["printed"], strict=True):
            assert mine.splitlines() == theirs.splitlines()
        assert first["found"] == other["found"]
        assert first["made"] == other["made"]


def test_a_few_tasks_a_map_tables_and_collected_fits_in_fresh_processes():
    pytest.importorskip("openTSNE")
    made = "a_map,aligned,collected"
    found = [result(start(COMPARE, *setting, made, *FEW)) for setting in SETTINGS[:2]]
    assert_same(found)
    assert len(found[0]["made"]) > 7


@pytest.mark.slow
def test_the_whole_embedded_comparison_in_fresh_processes():
    assert_same([result(start(COMPARE, *setting, "")) for setting in SETTINGS])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "settings"),
    [
        *((name, SETTINGS) for name in ("a_map", "a_large_map", "aligned", "collected", "adapter")),
        ("tuned", SETTINGS[:1] * 2),  # PyTorch's sums depend on the number of its threads
    ],
)
def test_whatever_is_made_in_fresh_processes(name, settings):
    pytest.importorskip("openTSNE")
    found = [result(start(MAKE, *setting, name)) for setting in settings]
    assert found[0]
    assert found[1:] == found[:1] * (len(settings) - 1)


def test_sizes_do_not_depend_on_how_fast_a_machine_is(monkeypatch):
    task = next(task for task in mini_benchmark_tasks("en") if task.name == "classification (en)")
    sizes = []
    for budget in (0.0, 1000.0):  # seconds below which times are taken again, on all documents
        monkeypatch.setattr(cells, "_BUDGET", budget)
        costs = cells.run_cell(TfidfVectorizer(), task).costs
        sizes.append([costs[name] for name in ("dimension", "non_zeros", "stored_mb", "sparsity")])
    assert sizes[0] == sizes[1]


def test_sizes_over_an_even_number_of_folds_are_whole():
    texts = ["sea view", "a sea", "ski lift", "ski and snow", "sea wind and waves", "snow"]
    task = ClassificationTask(texts, ["sea", "sea", "ski", "ski", "sea", "ski"], n_splits=2)
    table = compare({"counts": CountVectorizer()}, [task]).table
    assert table["dimension"].item() == 5
