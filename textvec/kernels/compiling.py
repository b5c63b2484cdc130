"""How kernels are compiled: without holding the GIL, and kept on disk where there is a place."""

import os
from contextlib import contextmanager, suppress
from functools import cache, partial

from numba import njit
from numba.core.registry import CPUDispatcher

from textvec._checks import warn_user

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


def compiled(function=None, **options):
    """Compile a kernel at its first call: a decorator, with options of numba's ``njit`` or none.

    The code is kept in NUMBA_CACHE_DIR, beside the module or in the user's cache folder, the first
    of them that can be written. Where none can, numba alone would refuse to define the kernel;
    here each process then compiles for itself, after a warning.
    """
    if function is None:
        return partial(compiled, **options)
    try:
        kernel = njit(nogil=True, no_cfunc_wrapper=True, cache=True, **options)(function)
    except RuntimeError:
        _warn()
        kernel = njit(nogil=True, no_cfunc_wrapper=True, **options)(function)
    if isinstance(kernel, CPUDispatcher):  # and not Python, as with NUMBA_DISABLE_JIT
        kernel.__class__ = _Kernel
    if (kept := getattr(kernel, "_cache", None)) is not None and kept.cache_path is not None:
        file = kept._cache_file
        file._source_stamp = (file._source_stamp, *sorted(_stamps_of_steps(function).items()))
        kept.save_overload = _in_turn(kept.save_overload, kept.cache_path)
        kept.load_overload = _or_nothing(kept.load_overload, kept)
    return kernel


def _stamps_of_steps(function):
    """Return when the other files were changed whose steps a kernel's code may hold, by name.

    Numba looks at the kernel's own file alone, and would go on with code of steps that are past.
    """
    stamps, functions = {}, [function]
    while functions:
        for value in functions.pop().__globals__.values():
            if isinstance(value, CPUDispatcher) and value.py_func.__module__ not in stamps:
                stamps[value.py_func.__module__] = None
                with suppress(OSError):  # in an archive, whose stamp numba has
                    code = os.stat(value.py_func.__code__.co_filename)
                    stamps[value.py_func.__module__] = code.st_mtime, code.st_size
                functions.append(value.py_func)
    stamps.pop(function.__module__, None)  # its own is numba's, and holds kernels yet to come
    return stamps


def step(function):
    """Compile what only kernels call: a decorator.

    That takes a quarter less time: no way in from Python is made, and nothing is kept on disk, for
    a kernel's code holds that of its steps.
    """
    return njit(nogil=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)(function)


class _Kernel(CPUDispatcher):
    """A compiled function that passes Ctrl-C on.

    What comes while it runs is noticed when it makes Python objects of its results, and numba
    would make an error of it: "returned a result with an exception set".
    """

    def __call__(self, *args):
        try:
            return super().__call__(*args)
        except SystemError as error:
            cause = error
            while (cause := cause.__cause__) is not None:
                if isinstance(cause, KeyboardInterrupt):
                    raise cause from None
            raise


def _or_nothing(load, kept):
    """Let code that cannot be read be compiled anew, and kept in the place of what was there.

    A power cut may leave files empty, cut short or full of zeros, and numba raises whatever its
    reader does. What is wrong may lie in the index or in any file that it names, so all of a
    kernel's is forgotten.
    """

    def load_overload(*args):
        try:
            return load(*args)
        except Exception:
            try:
                with _locked(kept.cache_path):
                    kept.flush()
            except OSError:  # read-only: it stays, and would stop what is to be kept as well
                kept.disable()
            return None

    return load_overload


def _in_turn(save, folder):
    """Let processes keep code one after the other, and let a full disk not keep them from running.

    Numba numbers its files by what it sees in the folder: of two processes that compile one kernel
    for two types at once, each might find the other's code under its own type.
    """

    def save_overload(*args):
        with suppress(OSError), _locked(folder):
            save(*args)

    return save_overload


@contextmanager
def _locked(folder):
    if fcntl is None:
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network drives have no locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@cache
def _warn():
    warn_user(
        "Compiled code cannot be kept: neither the folder of textvec nor the user's cache folder "
        "can be written to. Each process compiles anew, which takes seconds at first calls. Set "
        "the environment variable NUMBA_CACHE_DIR to a folder of your own.",
        RuntimeWarning,
    )
