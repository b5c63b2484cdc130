"""Tests marked `slow` run when asked for: python -m pytest --runslow.

Then hypothesis also draws twelve times as many examples wherever a test asks for `examples(n)`.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parents[1]

# The same examples on every machine and in every run, however slow it is.
settings.register_profile(
    "reproducible",
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.register_profile("slow", settings.get_profile("reproducible"), max_examples=1200)


def pytest_addoption(parser):
    parser.addoption("--runslow", action="store_true", help="also run the tests marked slow")


def pytest_configure(config):
    settings.load_profile("slow" if config.getoption("--runslow") else "reproducible")


# With two workers, which take one file after the other: first the one that compiles nearly every
# kernel, and beside it those that compile none, or both would compile each; then what is long, so
# that no worker is left alone with it at the end.
FIRST = [
    "contract/test_texts.py", "encoders/", "finetune/", "faults/", "cli/", "test_readme.py",
    "contract/", "search/", "test_determinism.py", "evaluate/", "sparse/",
    "dense/test_word2vec.py", "integrations/", "test_map_in_a_browser.py", "test_security.py",
    "test_injection.py", "recommend/", "serve/", "test_docs.py",
]  # fmt: skip


def _turn(item):
    places = (i for i, first in enumerate(FIRST) if item.nodeid.startswith(f"tests/{first}"))
    return next(places, len(FIRST))  # doctests of the package among them


def pytest_collection_modifyitems(config, items):
    if hasattr(config, "workerinput"):
        items.sort(key=_turn)
    if config.getoption("--runslow"):
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    if slow:
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if not item.get_closest_marker("slow")]


@pytest.fixture(scope="session")
def data_folder():
    """Return the folder of other people's data; without one, skip."""
    if "TEXTVEC_DATA" not in os.environ:
        pytest.skip("TEXTVEC_DATA is not set")
    return Path(os.environ["TEXTVEC_DATA"])


@pytest.fixture
def run_alone(tmp_path):
    """Run a script as a student would: offline, in an empty folder, without a screen or a warning.

    Returns what it printed, and the files that it left in the folder.
    """
    closed = "http://127.0.0.1:9"
    environment = os.environ | {
        "MPLBACKEND": "agg",
        "PYTHONPATH": str(ROOT),
        "PYTHONIOENCODING": "utf-8",
        "http_proxy": closed,
        "https_proxy": closed,
    }
    environment.pop("TEXTVEC_DATA", None)

    def run(script):
        folder = tmp_path / "alone"
        folder.mkdir()
        done = subprocess.run(
            [sys.executable, str(script)],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
        assert "Warning" not in done.stderr, done.stderr
        return done.stdout, list(folder.iterdir())

    return run
