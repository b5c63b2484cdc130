"""Networks that learn: killed, interrupted, without room or a place, they lose no checkpoint."""

import os
import shutil
import signal
import time

import pytest

from .namespaces import ALONE, has_namespaces
from .nursery import Nursery
from .stopping import content, stopped, times
from .test_full_disk import KINDS
from .test_unwritable import KINDS as SEALED

# slow: PyTorch takes a quarter of a minute to load, and trains for as long again
pytestmark = [
    pytest.mark.skipif(os.name != "posix", reason="kills by signal"),
    pytest.mark.slow,
]
NOTE = "textvec-tune.json"


@pytest.fixture(scope="module")
def nursery():
    """One that has PyTorch loaded, and may mount disks where that is allowed."""
    for library in ("accelerate", "datasets", "peft", "sentence_transformers"):
        pytest.importorskip(library)
    nursery = Nursery(["learning"], ALONE if has_namespaces() else ())
    yield nursery
    nursery.close()


@pytest.fixture(scope="module")
def model(nursery, tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("models") / "begun")
    nursery.expect("write_model", folder)
    return folder


def model_in(folder):
    """Return the files of the model in a folder of a training; none where it is no model."""
    found = content(folder) if folder.exists() else {}
    kept = {
        name: found[name] for name in found if name != NOTE and not name.startswith("checkpoints/")
    }
    return kept if "config.json" in kept else {}


@times(2)
@pytest.mark.parametrize("strategy", ["full", "lora"])
def test_tuning_goes_on_to_the_same_weights(nursery, model, schedule, strategy, tmp_path):
    """In the folder of another model, which stays until the new one is in its place."""
    old, whole = tmp_path / "old", tmp_path / "whole"
    nursery.expect("tune", model, str(old), strategy, 1)
    begun = time.monotonic()
    told = nursery.run("tune", model, str(whole), strategy).told
    took = time.monotonic() - begun
    models = [{}, model_in(old), model_in(whole)]
    assert models[1]["model.safetensors"] != models[2]["model.safetensors"]
    n_rounds = 0
    while not schedule.done:
        n_rounds += 1
        folder, outcome, n_seen = tmp_path / str(n_rounds), None, 0
        shutil.copytree(old, folder)
        while outcome is None or outcome.killed:
            outcome = schedule.kill(nursery, took, "tune", model, str(folder), strategy)
            n_seen = max(n_seen, models.index(model_in(folder)))
            assert model_in(folder) in models[n_seen:]
        assert outcome.told == told
        assert content(folder) == content(whole)
        assert not list(folder.glob(".*"))


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGINT])
def test_tuning_stopped_at_changes_of_its_folder(nursery, model, sign, tmp_path):
    """Ctrl-C leaves the best model so far, and the same training goes on to the end."""
    whole = tmp_path / "whole"
    nursery.expect("tune", model, str(whole))
    is_stopped, change = True, 1
    while is_stopped:
        folder = tmp_path / str(change)
        is_stopped = stopped(nursery.run("tune", model, str(folder), at=change, sign=sign))
        nursery.expect("tune", model, str(folder))
        assert content(folder) == content(whole)
        assert not list(folder.glob(".*"))
        change += 9
    assert change > 50


@times(1)
@pytest.mark.parametrize("work", ["tune_table", "pretrain"])
def test_a_new_model_is_whole_or_not_there(nursery, model, schedule, work, tmp_path):
    begun = time.monotonic()
    nursery.expect(work, model, str(tmp_path / "whole"))
    took = time.monotonic() - begun
    expected, n_rounds = content(tmp_path / "whole"), 0
    while not schedule.done:
        n_rounds += 1
        folder, outcome = tmp_path / f"in{n_rounds}" / "new", None
        while outcome is None or outcome.killed:
            outcome = schedule.kill(nursery, took, work, model, str(folder))
            assert not folder.exists() or content(folder) == expected
            if folder.exists():
                break
        assert content(folder) == expected
        assert os.listdir(folder.parent) == ["new"]


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGINT])
@pytest.mark.parametrize("work", ["tune_table", "pretrain"])
def test_a_new_model_stopped_at_changes_of_its_folder(nursery, model, work, sign, tmp_path):
    nursery.expect(work, model, str(tmp_path / "whole"))
    expected = content(tmp_path / "whole")
    is_stopped, change = True, 1
    while is_stopped:
        folder = tmp_path / f"in{change}" / "new"
        is_stopped = stopped(nursery.run(work, model, str(folder), at=change, sign=sign))
        if not folder.exists():
            nursery.expect(work, model, str(folder))
        assert content(folder) == expected
        change += 1
    assert change > 8


ROOMLESS = [  # a limit of the size of files holds for the temporary ones of a table, too
    (kind, work)
    for kind in KINDS
    for work in ("tune", "pretrain", "tune_table")
    if (kind, work) != ("limit", "tune_table")
]


@pytest.mark.parametrize(("kind", "work"), ROOMLESS)
def test_no_room(nursery, kind, work, tmp_path):
    nursery.expect("crowd", kind, f"{work}_roomless", str(tmp_path))


@pytest.mark.parametrize("kind", [kind for kind in SEALED if kind not in ("missing", "by_mode")])
def test_it_says_so_before_it_trains(nursery, kind, tmp_path):
    nursery.expect("seal_learning", kind, str(tmp_path))
