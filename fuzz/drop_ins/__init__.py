"""Drop-ins against scikit-learn's own: cases drawn at random, and what must be the same in each.

Documents, patterns, callables and comparisons are those of the parity suite in `tests/sparse`.
"""

import sys
from pathlib import Path
from types import ModuleType

suite = ModuleType("drop_ins.suite")  # the suite's folder as a package, wherever we are run from
suite.__path__ = [str(Path(__file__).parents[2] / "tests" / "sparse")]
sys.modules[suite.__name__] = suite
