"""How kernels are compiled: without holding the GIL, and kept on disk where there is a place."""

import warnings
from contextlib import suppress
from functools import cache, partial

from numba import njit


def compiled(function=None, **options):
    """Compile a kernel at its first call: a decorator, with options of numba's ``njit`` or none.

    The code is kept in NUMBA_CACHE_DIR, beside the module or in the user's cache folder, the first
    of them that can be written. Where none can, numba alone would refuse to define the kernel;
    here each process then compiles for itself, after a warning.
    """
    if function is None:
        return partial(compiled, **options)
    try:
        kernel = njit(nogil=True, cache=True, **options)(function)
    except RuntimeError:
        _warn()
        return njit(nogil=True, **options)(function)
    if (kept := getattr(kernel, "_cache", None)) is not None:
        kept.save_overload = _at_best(kept.save_overload)
    return kernel


def _at_best(save):
    """Let a full disk keep code from being kept, not from being run."""

    def save_overload(*args):
        with suppress(OSError):
            save(*args)

    return save_overload


@cache
def _warn():
    warnings.warn(
        "Compiled code cannot be kept: neither the folder of textvec nor the user's cache folder "
        "can be written to. Each process compiles anew, which takes seconds at first calls. Set "
        "the environment variable NUMBA_CACHE_DIR to a folder of your own.",
        RuntimeWarning,
        stacklevel=3,
    )
