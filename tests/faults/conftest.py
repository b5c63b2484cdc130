import os

import numpy as np
import pytest

from .namespaces import ALONE, has_namespaces
from .nursery import Nursery

# What a nursery loads, once.
collect_ignore = ["crowded.py", "interruptible.py", "killable.py", "learning.py", "sealed.py"]
collect_ignore += ["written.py"]
SEED = int(os.environ.get("TEXTVEC_FAULTS_SEED", "0"))


class Schedule:
    """Kills at random moments, the same in every run with the same seed (times allowing)."""

    def __init__(self, name, kills):
        self.kills = kills
        self.killed = 0
        self.moments = []  # seconds after the beginning of a work
        self._rng = np.random.default_rng([SEED, *name.encode()])

    @property
    def done(self):
        """Whether there were as many kills as wanted."""
        return self.killed >= self.kills

    def kill(self, nursery, longest, work, *arguments):
        """Let a work begin, kill it within ``longest`` seconds, and return what became of it.

        Once there were kills enough, it may end in peace.
        """
        if self.done:
            outcome = nursery.run(work, *arguments)
        else:
            self.moments.append(round(self._rng.uniform(0, longest), 4))
            outcome = nursery.run(work, *arguments, after=self.moments[-1])
        assert outcome.killed or outcome.code == 0, outcome
        self.killed += outcome.killed
        return outcome


@pytest.fixture
def schedule(request, kills, record_property):
    """The kills of a test; their seed and moments are shown if it fails, and kept in its record."""
    schedule = Schedule(request.node.originalname, kills)
    yield schedule
    record = {"kills": schedule.killed, "seed": SEED, "moments": schedule.moments}
    print("faults:", record)
    for name, value in record.items():
        record_property(name, value)


@pytest.fixture(scope="session")
def nursery():
    """One for all files, for it takes seconds to load; it may mount disks where that is allowed."""
    nursery = Nursery(
        ["killable", "crowded", "sealed", "interruptible"], ALONE if has_namespaces() else ()
    )
    yield nursery
    nursery.close()
