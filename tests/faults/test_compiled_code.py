"""Compiled code where it cannot be kept, and where two processes keep it at once."""

import json
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import textvec

pytestmark = pytest.mark.skipif(os.name != "posix", reason="looks for folders as POSIX has them")

CODE = """
    import json, resource, sys
    import numpy as np
    from textvec.kernels.weighting import document_frequencies, scale_terms
    if "full" in sys.argv:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
    if "sealed" in sys.argv:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    found = []
    for dtype in sys.argv[1].split():
        data, indices = np.array([1, 2, 3], dtype), np.array([0, 1, 1], np.int32)
        scale_terms(indices, data, np.array([0.5, 10], dtype))
        found.append(data.tolist())
    found.append(document_frequencies(indices, 2).tolist())
    print(json.dumps(found))
"""

KEEP_AT_ONCE = """
    import os, sys, time
    from numba.core.caching import IndexDataCacheFile
    from textvec.kernels.compiling import _in_turn
    for number in range(100):
        folder = f"{sys.argv[1]}/{number}"
        os.mkdir(folder)
        kept, begin = IndexDataCacheFile(folder, "kernel", "stamp"), time.monotonic() + 0.005
        children = []
        for kind in ("f4", "f8"):
            children.append(os.fork())
            if children[-1] == 0:
                while time.monotonic() < begin:
                    pass
                _in_turn(kept.save, folder)(kind, f"code for {kind}")
                os._exit(0)
        for child in children:
            os.waitpid(child, 0)
        for kind in ("f4", "f8"):
            assert kept.load(kind) == f"code for {kind}", (number, kind, kept.load(kind))
"""


@pytest.fixture
def package(tmp_path):
    """A fresh copy of the package, compiled nowhere, in a folder of its own."""
    source = Path(textvec.__file__).parent
    shutil.copytree(
        source, tmp_path / "site" / "textvec", ignore=shutil.ignore_patterns("__pycache__", "_data")
    )
    return tmp_path / "site"


def start(package, *arguments, **environment):
    """Start a process that compiles a few kernels; its home is no folder."""
    left_out = ("NUMBA_CACHE_DIR", "NUMBA_DISABLE_JIT", "XDG_CACHE_HOME")
    env = {name: value for name, value in os.environ.items() if name not in left_out}
    home = package / "textvec" / "__init__.py"
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(CODE), *arguments],
        env={**env, "HOME": str(home), "PYTHONPATH": str(package), **environment},
        cwd=package,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process, n_types=1):
    """Return what a process said on stderr; its results must be right."""
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert json.loads(out) == [[0.5, 20, 30]] * n_types + [[1, 2]]
    return err


def kept(folder):
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("*.nb?")}


def test_with_no_place_to_keep_it(package):
    (package / "textvec" / "kernels" / "__pycache__").touch()  # a read-only folder, for root too
    said = finish(start(package, "f4"))
    assert said.count("Compiled code cannot be kept") == 1
    assert said.startswith("<string>:")  # the line that imports the kernels
    assert "NUMBA_CACHE_DIR" in said


def test_with_a_place_of_ones_own_that_is_full(package, tmp_path):
    (package / "textvec" / "kernels" / "__pycache__").touch()
    own = tmp_path / "own"
    assert finish(start(package, "f4", "full", NUMBA_CACHE_DIR=str(own))) == ""
    assert not [path for path in own.rglob("*") if path.is_file()]


def emptied(whole):
    return b""


def cut_short(whole):
    return whole[: len(whole) * 2 // 3]


def of_zeros(whole):
    return bytes(len(whole))


@pytest.mark.parametrize("kind", [pytest.param(".nbi", marks=pytest.mark.slow), ".nbc"])
@pytest.mark.parametrize(
    "damage",
    [cut_short, *(pytest.param(one, marks=pytest.mark.slow) for one in (emptied, of_zeros))],
)
def test_what_a_power_cut_left_is_compiled_anew(package, kind, damage):
    folder = package / "textvec" / "kernels" / "__pycache__"
    assert finish(start(package, "f4")) == ""
    whole = kept(folder)
    damaged = {path: damage(path.read_bytes()) for path in folder.glob(f"*{kind}")}
    for path, left in damaged.items():
        path.write_bytes(left)
    assert finish(start(package, "f4")) == ""
    assert kept(folder).keys() == whole.keys()
    assert not any(path.read_bytes() == left for path, left in damaged.items())  # it was kept
    before = kept(folder)
    assert finish(start(package, "f4")) == ""
    assert kept(folder) == before  # and nothing is compiled anew


def test_what_is_damaged_where_nothing_can_be_written(package):
    folder = package / "textvec" / "kernels" / "__pycache__"
    assert finish(start(package, "f4")) == ""
    for path in folder.glob("*.nbi"):
        path.write_bytes(b"")
    assert finish(start(package, "f4", "sealed")) == ""
    assert {path.stat().st_size for path in folder.glob("*.nbi")} == {0}


@pytest.mark.slow
def test_two_processes_at_once(package):
    folder = package / "textvec" / "kernels" / "__pycache__"
    for process in [start(package, "f4 f8"), start(package, "f8 f4")]:
        assert finish(process, 2) == ""
    before = kept(folder)
    assert len([name for name in before if name.endswith(".nbi")]) == 2
    assert finish(start(package, "f4 f8"), 2) == ""
    assert kept(folder) == before  # nothing compiled anew


def test_at_the_very_same_moment_none_loses_its_code(tmp_path):
    """Numba alone loses, or mixes up, about one in ten."""
    code = textwrap.dedent(KEEP_AT_ONCE)
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


HASHED = """
    import numpy as np
    from textvec.kernels.hashing import murmur_hashes
    text = np.frombuffer(b"a quiet room by the sea", np.uint8)
    print(*murmur_hashes(text, np.array([0]), np.array([len(text)])))
"""


@pytest.mark.slow
def test_a_kernel_whose_step_in_another_file_has_changed_is_compiled_anew(package):
    def hashed():
        command = [sys.executable, "-c", textwrap.dedent(HASHED)]
        env = {**os.environ, "PYTHONPATH": str(package)}
        return subprocess.run(command, env=env, cwd=package, stdout=subprocess.PIPE, check=True)

    before = hashed().stdout
    steps = package / "textvec" / "kernels" / "scanning.py"
    text = steps.read_text(encoding="utf-8")
    assert "np.uint64(text[i + _3]) << np.uint64(24)" in text
    steps.write_text(text.replace("i + _3]) << np.uint64(24)", "i + _3]) << np.uint64(16)"))
    assert hashed().stdout != before
