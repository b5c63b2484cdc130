"""A process that has all loaded, and forks a child for each work: to kill one costs milliseconds.

As a program it reads works from standard input, a JSON line each, and writes what becomes of them.
The child, not its parent's parent, is the one to be killed, and its parent does it, so that the
number of the process cannot have become another's.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from itertools import count
from pathlib import Path
from typing import NamedTuple

from tqdm import tqdm


class Outcome(NamedTuple):
    """What became of a work: its exit code, and what it told on its way."""

    code: int
    told: list

    @property
    def killed(self):
        return self.code == -signal.SIGKILL


class Nursery:
    """A warm process for the works of modules beside this one.

    Parameters
    ----------
    modules : list of str
        Their names; each defines WORKS, functions by name.
    prefix : list of str, default=()
        A command that runs it.
    """

    def __init__(self, modules, prefix=()):
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        self._process = subprocess.Popen(
            [*prefix, sys.executable, __file__, *modules],
            env={**os.environ, **threads, "NO_PROXY": "127.0.0.1", "OPENAI_API_KEY": "none"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout.readline(), "The nursery died."  # it says when all is loaded

    def run(self, work, *arguments, after=None, at=None, sign=signal.SIGKILL):
        """Let a child do a work, and send it a signal after so many seconds, if it still runs.

        Or right before a change of a folder, such as a new file or a renaming: at=1 is the first.
        """
        order = {"work": work, "arguments": arguments, "after": after, "at": at, "sign": int(sign)}
        print(json.dumps(order), file=self._process.stdin, flush=True)
        told = []
        for line in self._process.stdout:
            message = json.loads(line)
            if "code" in message:
                return Outcome(message["code"], told)
            told.append(message["told"])
        raise RuntimeError("The nursery died.")

    def expect(self, work, *arguments):
        """Let a child do a work that checks itself."""
        outcome = self.run(work, *arguments)
        assert outcome.code == 0, "\n".join(map(str, outcome.told[-1]))

    def close(self):
        self._process.kill()
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()


def tell(*news):
    """Send news from a child; a short line is written at once or not at all."""
    _send({"told": news})


def _send(message):
    os.write(_channel, json.dumps(message).encode() + b"\n")


_CHANGES = {"os.rename", "os.remove", "os.rmdir", "os.mkdir"}


def _stop_at(change, sign):
    changes = count(1)

    def hook(event, details):
        is_new = event == "open" and isinstance(details[2], int) and details[2] & os.O_CREAT
        if (event in _CHANGES or is_new) and next(changes) == change:
            os.kill(os.getpid(), sign)

    sys.addaudithook(hook)


def _serve(works):
    _send({"works": len(works)})
    for line in sys.stdin:
        order = json.loads(line)
        begun = time.monotonic()
        child = os.fork()
        if child == 0:
            code = 1
            try:
                if order["at"] is not None:
                    _stop_at(order["at"], order["sign"])
                works[order["work"]](*order["arguments"])
                code = 0
            except BaseException:
                tell("error", traceback.format_exc()[-3000:])
            finally:
                os._exit(code)
        if order["after"] is not None:
            time.sleep(max(0, order["after"] - (time.monotonic() - begun)))
            os.kill(child, order["sign"])  # not yet waited for, its number is still its own
        status = os.waitpid(child, 0)[1]
        _send({"code": os.waitstatus_to_exitcode(status)})


if __name__ == "__main__":
    sys.path[0] = os.fspath(Path(__file__).parent)
    sys.modules["nursery"] = sys.modules["__main__"]
    _channel = os.dup(1)
    os.dup2(2, 1)  # what works print is not news
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
    # Else all forks share one: who is killed with it would keep all after from showing progress.
    tqdm.set_lock(threading.RLock())
    _serve(
        {name: work for module in sys.argv[1:] for name, work in __import__(module).WORKS.items()}
    )
