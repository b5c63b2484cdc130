"""Imports point down. The floors are the layout: see CONTRIBUTING.md."""

import ast
import importlib.metadata
import re
import sys
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import textvec

PACKAGE = Path(textvec.__file__).parent
FLOORS = [
    {"_checks", "_reading", "_threads", "_writing", "ragged", "persistence", "kernels", "show"},
    {"text", "datasets"},
    {"sparse"},
    {"dense"},
    {"encoders"},
    {"search"},
    {"evaluate", "maps"},
    {"recommend", "finetune"},
    {"integrations", "serve"},
    {"course"},
    {"cli"},
    {"__main__"},
]
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
# What may be imported while a module loads. All else is optional or heavy: inside functions only.
LOADS_WITH_A_MODULE = {"numpy", "scipy", "sklearn", "joblib", "threadpoolctl", "numba", "pandas"}
ALSO_AT_THE_TOP = {"cli": {"typer", "rich"}, "serve": {"starlette"}}
KERNELS_LOAD = {"numpy", "numba", "math", "typing"}
COMPILING = "textvec.kernels.compiling"  # keeps code on disk, or warns; it computes nothing
COMPILING_LOADS = {"contextlib", "fcntl", "functools", "numba", "os"}
WARNS = (COMPILING, "textvec._checks")
SHOW_LOADS = {"textvec._checks", "textvec._writing"}  # of ours: it sees arrays and tables only
ABOUT = {"textvec.__version__", "textvec._HOME"}  # of the package; the latter is a table of names


def modules():
    return sorted(path for path in PACKAGE.rglob("*.py") if "_data" not in path.parts)


def dotted(path):
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {dotted(path): path for path in modules()}


def room(module):
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "textvec"


@cache
def imports(module, source=None):
    """Return {(imported module, whether it is loaded together with ``module``)}."""
    source = MODULES[module].read_text(encoding="utf-8") if source is None else source
    found = set()

    def visit(node, at_top):
        if isinstance(node, ast.Import):
            found.update((name.name, at_top) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: write the import of line {node.lineno} in full"
            for name in node.names:
                whole = f"{node.module}.{name.name}"
                if whole in MODULES:  # `from textvec.show import plots` imports a module
                    found.add((whole, at_top))
                elif node.module == "textvec":  # a lazy name imports its home
                    found.add((textvec._HOME.get(name.name, whole), at_top))
                else:
                    found.add((node.module, at_top))
        is_body = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for child in ast.iter_child_nodes(node):
            visit(child, at_top and not is_body)

    visit(ast.parse(source), True)
    return found


def complaints(module, source=None):
    """Return what is wrong with the imports of one module, as sentences."""
    wrong = []
    here = room(module)
    for imported, at_top in sorted(imports(module, source)):
        top = imported.split(".")[0]
        if top == "textvec":
            there = room(imported)
            if imported in ABOUT or (imported, here) == ("textvec", "cli"):
                continue  # the top floor may use the lazy names; below, they would hide the floor
            if there not in FLOOR:
                wrong.append(f"{module} imports {imported}, which is on no floor")
            elif there != here and FLOOR[there] != 0 and FLOOR[there] >= FLOOR[here]:
                wrong.append(f"{module} (floor {FLOOR[here]}) imports {imported}")
            if here == "kernels" and there != "kernels" and (module, imported) != WARNS:
                wrong.append(f"the kernel {module} imports {imported}")
            if here == "show" and there != "show" and imported not in SHOW_LOADS:
                wrong.append(f"{module}, which sees arrays and tables, imports {imported}")
        elif module == COMPILING and top in COMPILING_LOADS:
            continue
        elif here == "kernels" and top not in KERNELS_LOAD:
            wrong.append(f"the kernel {module} imports {imported}")
        elif at_top and top not in sys.stdlib_module_names:
            allowed = LOADS_WITH_A_MODULE | ALSO_AT_THE_TOP.get(here, set())
            if top not in allowed:
                wrong.append(f"{module} imports {imported} at its top, not where it is used")
    return wrong


@pytest.mark.parametrize("module", sorted(MODULES))
def test_imports_point_down(module):
    if module == "textvec":
        assert {name for name, _ in imports(module)} == {"importlib"}
        return
    assert room(module) in FLOOR, f"{module} is on no floor"
    assert complaints(module) == []


def circle(changed=None):
    """Return modules that import one another, be it inside functions, or [].

    ``changed`` is {module: the source it would have}.
    """
    sources = dict.fromkeys(MODULES.keys() - {"textvec"}) | (changed or {})
    graph = {
        module: {name for name, _ in imports(module, source) if name in sources}
        for module, source in sources.items()
    }
    for module in sources:  # a folder hands on what lies in it, often not before it is asked
        graph.get(module.rpartition(".")[0], set()).add(module)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def test_no_circles():
    assert circle() == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("textvec.search.engines._engine", "import textvec.search.engines.trees"),
        ("textvec.search.exact", "def f():\n    from textvec.search.hybrid import HybridIndex"),
        ("textvec._writing", "async def f():\n    from textvec.show import report"),
        ("textvec.evaluate.tasks.task", "def f():\n    from textvec.evaluate.tasks import STSTask"),
        ("textvec.persistence.archive", "def f():\n    import textvec.persistence"),
    ],
)
def test_a_circle_is_seen(module, source):
    assert module in circle({module: source})


def test_every_module_is_imported_by_its_full_name():
    assert "textvec._checks" in MODULES
    assert "textvec.sparse.counts" in MODULES


@pytest.mark.parametrize(
    ("module", "source", "complaint"),
    [
        ("textvec.sparse.counts", "from textvec.search.exact import top_k", "floor 2"),
        ("textvec.sparse.counts", "def f():\n    import textvec.search.exact", "floor 2"),
        ("textvec.text.tokenizers", "import textvec.datasets", "floor 1"),
        ("textvec.kernels.top_k", "from textvec._checks import check_number", "kernel"),
        ("textvec.kernels.top_k", "def f():\n    import scipy.sparse", "kernel"),
        ("textvec.kernels.compiling", "from textvec.ragged import Ragged", "kernel"),
        ("textvec.show.report", "from textvec.ragged import Ragged", "arrays and tables"),
        ("textvec.show.report", "def f():\n    from textvec import load", "arrays and tables"),
        ("textvec.text.tokenizers", "try:\n    import jieba\nexcept ImportError: pass", "its top"),
        ("textvec.cli", "import matplotlib.pyplot as plt", "its top"),
        ("textvec.cli", "import textvec.helpers", "no floor"),
        ("textvec.text.tokenizers", "import textvec", "no floor"),
        ("textvec.text.tokenizers", "from textvec import top_k", "floor 1"),
    ],
)
def test_a_bad_import_is_seen(module, source, complaint):
    (said,) = complaints(module, source)
    assert complaint in said


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("textvec.search.exact", "from textvec.kernels.top_k import dense_top_k"),
        ("textvec.recommend.content", "from textvec.sparse.tfidf import TfidfVectorizer"),
        ("textvec.text.tokenizers", "def f():\n    import jieba"),
        ("textvec.show.report", "from textvec._writing import replacing"),
        ("textvec.cli", "import typer"),
        ("textvec.persistence", "from textvec import __version__"),
        ("textvec.evaluate.compare", "from textvec.evaluate import metrics"),
    ],
)
def test_a_good_import_is_let_through(module, source):
    assert complaints(module, source) == []


def test_no_utils():
    assert [name for name in MODULES if re.search(r"util|helper|common|misc", name)] == []


def test_data_folder_is_not_a_package():
    assert not list((PACKAGE / "_data").rglob("*.py"))


def test_core_dependencies_are_declared():
    """What loads with a module must come with a bare installation."""
    try:
        required = importlib.metadata.requires("textvec") or []
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("textvec is not installed")
    core = {re.split(r"[^\w-]", line)[0] for line in required if "extra ==" not in line}
    assert {"numpy", "scipy", "scikit-learn", "numba", "pandas", "jieba", "typer"} <= core
