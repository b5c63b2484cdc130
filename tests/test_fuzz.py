"""The readers of files under seeds and deterministic damage; `fuzz/` runs the same under atheris.

Each reader refuses with a ValueError that names the file, or gives what comes back equal.
"""

import random
import sys
from pathlib import Path

import pytest

from textvec.dense import vector_files

FUZZ = Path(__file__).parents[1] / "fuzz"
sys.path.insert(0, str(FUZZ))
import readers  # noqa: E402

sys.path.remove(str(FUZZ))


def damaged(seed, rng):
    """Return a seed with a piece cut out, doubled, changed or replaced by odd bytes."""
    content = bytearray(seed)
    for _ in range(rng.randint(1, 3)):
        begin = rng.randrange(len(content) + 1)
        end = min(len(content), begin + rng.choice([0, 1, 1, 2, 8, 100]))
        odd = rng.choice([b"", b"\0", b" ", b"\n", b"\xff", b"9" * 12, content[begin:end] * 2])
        content[begin:end] = odd
    return bytes(content)


@pytest.mark.filterwarnings(
    "ignore::UserWarning",  # what readers tell of data that is odd but readable
    "ignore:Length of header or names does not match",  # pandas, of rows with too many cells
)
@pytest.mark.parametrize("name", readers.READERS)
def test_readers_stand_damage(name, tmp_path, monkeypatch, request):
    monkeypatch.setattr(vector_files, "_BLOCK", vector_files._BLOCK)  # the reader changes it
    reader, rng = readers.READERS[name], random.Random(name)
    seeds = reader.seeds()
    for seed in seeds:
        reader.run(seed, tmp_path)
    for _ in range(2000 if request.config.getoption("--runslow") else 40):
        seed = rng.choice(seeds)
        reader.run(damaged(seed, rng), tmp_path)
        if reader.json_from is not None:
            head, text = seed[: reader.json_from], seed[reader.json_from :]
            reader.run(head + readers.changed_tree(text, rng), tmp_path)
