"""What a service counts of itself, in the text form that Prometheus reads."""

import os
from bisect import bisect_left
from collections import Counter, defaultdict
from itertools import accumulate

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_ITEMS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
_METRICS = {  # name -> type, help, upper bounds
    "textvec_requests_total": ("counter", "Requests by path and status.", ()),
    "textvec_request_seconds": ("histogram", "Seconds from a request to its answer.", _SECONDS),
    "textvec_texts_total": ("counter", "Texts turned into vectors, by model.", ()),
    "textvec_batch_texts": ("histogram", "Texts computed together, by model.", _ITEMS),
    "textvec_reloads_total": ("counter", "Files read anew, by result.", ()),
}


class Metrics:
    """Counters and histograms; the event loop alone writes them."""

    def __init__(self):
        self._counts = defaultdict(Counter)  # name -> labels -> count
        self._histograms = defaultdict(dict)  # name -> labels -> [sum, counts between bounds]

    def count(self, name, amount=1, **labels):
        """Add to a counter.

        Parameters
        ----------
        name : str
            One of a fixed list.
        amount : int, default=1
            What is added.
        **labels
            Names and values.
        """
        self._counts[name][tuple(labels.items())] += amount

    def observe(self, name, value, **labels):
        """Put a value into a histogram.

        Parameters
        ----------
        name : str
            One of a fixed list.
        value : float
            What was seen.
        **labels
            Names and values.
        """
        bounds = _METRICS[name][2]
        key = tuple(labels.items())
        seen = self._histograms[name].get(key)
        if seen is None:
            seen = self._histograms[name][key] = [0] * (len(bounds) + 2)
        seen[0] += value
        seen[1 + bisect_left(bounds, value)] += 1

    def text(self):
        """Return all in Prometheus' text form, version 0.0.4."""
        lines = []
        for name, (kind, meaning, bounds) in _METRICS.items():
            lines += [f"# HELP {name} {meaning}", f"# TYPE {name} {kind}"]
            lines += [f"{name}{_labels(key)} {n}" for key, n in self._counts[name].items()]
            for key, (total, *counts) in self._histograms[name].items():
                up_to = list(accumulate(counts))
                for bound, n in zip((*(f"{bound:g}" for bound in bounds), "+Inf"), up_to):
                    lines.append(f"{name}_bucket{_labels((*key, ('le', bound)))} {n}")
                lines.append(f"{name}_sum{_labels(key)} {total:g}")
                lines.append(f"{name}_count{_labels(key)} {up_to[-1]}")
        for name, (meaning, value) in _of_the_process().items():
            lines += [f"# HELP {name} {meaning}", f"# TYPE {name} gauge", f"{name} {value}"]
        return "\n".join(lines) + "\n"


def _labels(key):
    inside = ",".join(f'{name}="{_escaped(str(value))}"' for name, value in key)
    return f"{{{inside}}}" if inside else ""


def _escaped(value):
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _of_the_process():
    """Return what Linux tells of this process; elsewhere nothing."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            pages = int(file.read().split()[1])
        n_files = len(os.listdir("/proc/self/fd"))
    except OSError:
        return {}
    return {
        "process_resident_memory_bytes": ("Memory in use.", pages * os.sysconf("SC_PAGE_SIZE")),
        "process_open_fds": ("Open files and connections.", n_files),
    }
