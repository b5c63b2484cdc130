"""Compare ours with a peer: times taken in turn, equality, and memory in processes of their own."""

import ctypes
import gc
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

HEADER = [
    "work", "ours s", "peer s", "ratio", "of pairs", "bar", "met", "equal",
    "ours MB", "peer MB", "MB ratio", "at most 1.0", "peer",
]  # fmt: skip
SLOW = 2.0  # seconds of a peer that needs no warming up


@dataclass
class Row:
    """One work that ours and a peer do.

    ``ours`` and each of ``theirs`` take (data, threads), get everything ready, and return a
    function of no arguments: the work. ``theirs`` names the peer's settings; the fastest is used.
    ``equal`` takes what both works returned. ``bar`` is the least ratio wanted, None for none.
    """

    name: str
    title: str
    data: str
    bar: float | None
    ours: Callable
    theirs: dict[str, Callable]
    equal: Callable
    threads: int | None = None  # None for those of the command line


def seconds_of(work):
    """Call ``work`` with a clean heap; return its seconds and its result."""
    gc.collect()
    began = perf_counter()
    result = work()
    return perf_counter() - began, result


def in_turn(works, repeats):
    """Call works in turn, A B A B ..., and return the seconds of each work's calls."""
    seconds = [[] for _ in works]
    for _ in range(repeats):
        for work, taken in zip(works, seconds):
            taken.append(seconds_of(work)[0])
    return seconds


def fastest(works):
    """Return the name of the work that is fastest, if need be when called for the second time."""
    if len(works) == 1:
        return next(iter(works))
    seconds = {name: seconds_of(work)[0] for name, work in works.items()}
    if min(seconds.values()) < SLOW:  # else it does not matter if numba compiled
        seconds = {name: seconds_of(work)[0] for name, work in works.items()}
    return min(seconds, key=seconds.get)


def compare(row, data, threads, repeats, memory_of):
    """Warm up, check equality, time in turn, and return a line of the table.

    A slow peer is called three times in all, and its first call counts. ``memory_of(side)`` gives
    the bytes that the work of "ours" or of a peer's setting takes.
    """
    threads = row.threads or threads
    their_works = {name: prepare(data, threads) for name, prepare in row.theirs.items()}
    peer = fastest(their_works)
    our_work, their_work = row.ours(data, threads), their_works[peer]
    our_work()
    (our_first, our_result), (their_first, their_result) = map(seconds_of, (our_work, their_work))
    equal = row.equal(our_result, their_result)
    del our_result, their_result
    is_slow = their_first > SLOW
    ours, theirs = in_turn([our_work, their_work], min(repeats, 2) if is_slow else repeats)
    if is_slow:
        ours, theirs = [our_first, *ours], [their_first, *theirs]
    ratio, pairs = median(theirs) / median(ours), [b / a for a, b in zip(ours, theirs)]
    del our_work, their_work, their_works
    our_bytes, their_bytes = memory_of("ours"), memory_of(peer)
    return {
        "work": row.title,
        "ours s": f"{median(ours):.3f}",
        "peer s": f"{median(theirs):.3f}",
        "ratio": f"{ratio:.1f}",
        "of pairs": f"{min(pairs):.1f} to {max(pairs):.1f}",
        "bar": f"{row.bar:.3g}" if row.bar else "",
        "met": yes_or_no(ratio >= row.bar) if row.bar else "",
        "equal": yes_or_no(equal),
        "ours MB": f"{our_bytes / 1e6:.1f}",
        "peer MB": f"{their_bytes / 1e6:.1f}",
        "MB ratio": f"{our_bytes / max(their_bytes, 1):.2f}",
        "at most 1.0": yes_or_no(our_bytes <= their_bytes),
        "peer": peer,
    }


def yes_or_no(truth):
    """Return a word for the table; a NO is to be seen at once."""
    return "yes" if truth else "NO"


def memory_growth(work):
    """Return by how many bytes resident memory grew at most during ``work`` (Linux)."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # else glibc's free pages would hide a part of the growth
    Path("/proc/self/clear_refs").write_text("5")  # the high-water mark falls to what is resident
    before = _resident("VmRSS")
    result = work()
    growth = _resident("VmHWM") - before
    del result  # was part of it
    return growth


def _resident(kind):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith(kind))


def in_new_process(*arguments, **environment):
    """Run Python on its own with these arguments; return the JSON of its last line."""
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def print_table(lines, header=None):
    """Print lines, each a dict from column to text, as one Markdown table."""
    header = header or HEADER
    cells = [header, *([line.get(column, "") for column in header] for line in lines)]
    widths = [max(map(len, column)) for column in zip(*cells)]
    cells.insert(1, ["-" * width for width in widths])
    for row in cells:
        print("|", " | ".join(cell.ljust(width) for cell, width in zip(row, widths)), "|")


def processor():
    """Return the name of the processor and how many cores this process may use."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else 'unknown processor'}, {len(os.sched_getaffinity(0))} cores"
