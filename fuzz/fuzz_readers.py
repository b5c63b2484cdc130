"""Fuzz one reader of files with atheris: python fuzz/fuzz_readers.py NAME -runs=200000.

NAME is one of `readers.READERS`. What follows goes to libFuzzer, after defaults of ours: inputs of
at most 2,000 bytes, 2 GiB of memory, 10 s for an input. Address space is bounded, too, so that an
array which is asked for and never touched is found as well. Files lie in memory (/dev/shm) where
that exists. An input that fails is written to the current folder; run it again by giving its path.
Of textvec all but the compiled kernels is instrumented.
"""

import pkgutil
import random
import resource
import sys
import tempfile
import warnings
from importlib import import_module
from pathlib import Path

import atheris

import textvec.kernels

for module in pkgutil.iter_modules(textvec.kernels.__path__, "textvec.kernels."):
    import_module(module.name)  # now, as they are: numba compiles their bytecode
for name in [name for name in sys.modules if name.startswith("textvec")]:
    if not name.startswith("textvec.kernels"):
        del sys.modules[name]
_ROOM = 1 << 30  # bytes that an input may make us ask for
_LIMITS = ["-max_len=2000", "-rss_limit_mb=2048", "-timeout=10", "-print_final_stats=1"]


def main():
    """Fuzz the reader that the command line names."""
    with atheris.instrument_imports(include=["textvec"]):  # also what is imported when needed
        fuzz(*sys.argv[1:])


def fuzz(name="no name", *options):
    """Fuzz one reader.

    Parameters
    ----------
    name : str
        Which.
    *options : str
        For libFuzzer.
    """
    from readers import READERS, changed_tree

    def mutated(data, max_size, seed):
        rng, tree = random.Random(seed), None
        if rng.random() < 0.7:
            tree = changed_tree(data[reader.json_from :], rng)
        if tree is None or reader.json_from + len(tree) > max_size:
            return atheris.Mutate(data, max_size)
        return data[: reader.json_from] + tree

    if name not in READERS:
        sys.exit(f"Name one of {', '.join(READERS)}. Got {name} instead.")
    warnings.simplefilter("ignore")
    reader = READERS[name]
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as folder:
        begun = Path(folder, "begun")
        begun.mkdir()
        seeds = reader.seeds()
        for number, seed in enumerate(seeds):
            Path(begun, str(number)).write_bytes(seed)
            reader.run(seed, Path(folder))  # compiles, so that time and memory are the reader's
        words = Path(folder, "words")
        words.write_text("".join(f'"{_escaped(word)}"\n' for word in reader.words), "ascii")
        longest = f"-max_len={max(2000, *map(len, seeds))}"
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + _ROOM, resource.RLIM_INFINITY))
        dictionary = [f"-dict={words}"] if reader.words else []
        options = [*_LIMITS, longest, *dictionary, *options]
        files = [option for option in options if not option.startswith("-")]
        places = [] if files else [str(begun)]
        atheris.Setup(
            [sys.argv[0], *options, *places],
            lambda data: reader.run(data, Path(folder)),
            custom_mutator=None if reader.json_from is None else mutated,
        )
        atheris.Fuzz()


def _escaped(word):
    return "".join(f"\\x{byte:02x}" for byte in word.encode())


if __name__ == "__main__":
    main()
