"""The figures of memory in the docs are those that the benchmark measures against."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "benchmarks" / "bench_limits.py"


def test_the_docs_state_what_is_measured_against():
    stated = re.search(r"^STATED = \{.*?^\}", SCRIPT.read_text(encoding="utf-8"), re.M | re.S)[0]
    stated = {name: int(limit) for name, limit in re.findall(r'"([\w-]+)": (\d+)', stated)}
    docs = (ROOT / "docs" / "limits.rst").read_text(encoding="utf-8")
    rows = re.findall(r"^([\w-]+) +\S.*?  +(\d+) +(\d+)$", docs, re.M)
    assert {name: int(limit) for name, limit, _ in rows} == stated
    assert all(int(seen) < int(limit) for _, limit, seen in rows)


@pytest.mark.slow
@pytest.mark.parametrize("work", ["tfidf", "tfidf-pairs", "hashing", "bm25-search", "word2vec"])
def test_large_inputs_stay_within_the_stated_memory(work):
    done = subprocess.run(
        [sys.executable, SCRIPT, work], capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "| yes" in done.stdout
