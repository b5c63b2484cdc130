"""What kernel tests share."""

import numpy as np
import pytest


@pytest.fixture
def wrapping_integers():
    """Hash arithmetic wraps around by design; NumPy's scalars, without the compiler, warn of it."""
    with np.errstate(over="ignore"):
        yield
