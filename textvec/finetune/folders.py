"""Where a tuned model lies: a folder of one's own, or one that goes with the estimator."""

import errno
import hashlib
import json
import os
import shutil
import tempfile
import weakref
from contextlib import contextmanager
from pathlib import Path

from textvec._writing import holds_something, replacing

_NOTE = "textvec-tune.json"  # tells a folder that fit may write to from one of somebody else
_DIGITS = 16  # of a digest in a name
_LEAST_ROOM = 1_000_000  # bytes: a disk of less is full


_TEMPORARY: weakref.WeakValueDictionary = weakref.WeakValueDictionary()  # path -> its Folder


class Folder:
    """A folder of a tuned model; a temporary one goes when nothing in this process has it.

    Parameters
    ----------
    path : str
        Where it is.
    is_temporary : bool, default=False
        Whether it is to go.
    """

    def __init__(self, path, is_temporary=False):
        self.path = str(path)
        self.is_temporary = is_temporary
        if is_temporary:
            _TEMPORARY[self.path] = self
            weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)

    @classmethod
    def temporary(cls):
        """Return a new one."""
        return cls(tempfile.mkdtemp(prefix="textvec-tuned-"), is_temporary=True)

    def __deepcopy__(self, memo):
        return self  # it goes with the last of the copies

    def __reduce__(self):
        return _folder_at, (self.path,)  # a pickle names it, and does not keep it


def _folder_at(path):
    """Return the folder that a pickle names: in the process that made it, the very same."""
    return _TEMPORARY.get(path) or Folder(path)


@contextmanager
def workplace(output_dir, state):
    """Lend a folder to train in, which has what an interrupted training of the same kind left.

    Parameters
    ----------
    output_dir : path or None
        The folder that the model will lie in; None makes a temporary one.
    state : dict
        What tells this training from any other, and its seed.

    Yields
    ------
    folder : Folder
        Where the model is to lie in the end.
    work : Path
        Where checkpoints lie; it goes when the block is left without an error.
    seed : int
        That of ``state``, or of the training that goes on.

    Raises
    ------
    FileExistsError
        If ``output_dir`` holds files that no training wrote.
    ValueError
        If it holds an unfinished training of another kind.
    """
    folder = Folder.temporary() if output_dir is None else Folder(os.path.abspath(output_dir))
    path = Path(folder.path)
    work, note = path / "checkpoints", path / _NOTE
    seed = state["seed"]
    if note.is_file():
        found = json.loads(note.read_text())
        if work.is_dir() and any(work.iterdir()):
            if found["training"] != state["training"]:
                raise ValueError(
                    f"{path} holds an unfinished training of other records or settings. Name "
                    "another output_dir, or remove it."
                )
            seed = found["seed"]
    elif holds_something(path):
        raise FileExistsError(
            errno.EEXIST, "it was not written by a training: name another output_dir", str(path)
        )
    with explained(path):
        path.mkdir(parents=True, exist_ok=True)
        with replacing(note) as file:  # before the checkpoints, of which it tells whose they are
            file.write(json.dumps({**state, "seed": seed}).encode())
        work.mkdir(exist_ok=True)
    yield folder, work, seed
    shutil.rmtree(work, ignore_errors=True)


@contextmanager
def explained(path):
    """Let errors of libraries that write say when it is the disk that is full."""
    try:
        yield
    except OSError:
        raise
    except Exception as error:
        if (
            shutil.disk_usage(Path(path).anchor if not Path(path).exists() else path).free
            > _LEAST_ROOM
        ):
            raise
        raise OSError(errno.ENOSPC, "No space left on the disk", str(path)) from error


def settle(model, work, path):
    """Write a model aside, and move its files to where they are to lie.

    Parameters
    ----------
    model : SentenceTransformer
        What is written.
    work : Path
        A folder on the same disk.
    path : str
        Where the files go; those of a model before are removed.
    """
    aside = work / "model"
    shutil.rmtree(aside, ignore_errors=True)
    with explained(work):
        model.save_pretrained(str(aside), create_model_card=False)
    kept = {_NOTE, work.name}
    for old in Path(path).iterdir():
        if old.name not in kept:
            shutil.rmtree(old) if old.is_dir() else old.unlink()
    for new in aside.iterdir():
        os.replace(new, Path(path) / new.name)


def name_of(folder):
    """Return the name of copies of a model's folder, which says what is in them."""
    return f"tuned-{digest(folder)[:_DIGITS]}"


def copy_into(parent, name, folder):
    """Copy a model's folder into another; one that is there is taken.

    Parameters
    ----------
    parent : Path
        Where the copy is to lie.
    name : str
        As `name_of` gives it, such as ``tuned-3f2a...``.
    folder : str
        Where the model lies.
    """
    if (parent / name).is_dir() and is_whole(parent / name):
        return
    aside = Path(tempfile.mkdtemp(prefix=".textvec-", dir=parent))
    try:
        left = shutil.ignore_patterns(_NOTE, "checkpoints")
        with explained(parent):
            shutil.copytree(folder, aside / name, ignore=left)
        shutil.rmtree(parent / name, ignore_errors=True)
        os.replace(aside / name, parent / name)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def is_whole(folder):
    """Return whether what a copy holds is what its name says.

    Parameters
    ----------
    folder : Path
        As `copy_into` made it.

    Returns
    -------
    bool
    """
    return folder.name == name_of(folder)


def digest(folder):
    """Return the sha256 of what a model's folder holds, names and contents.

    Parameters
    ----------
    folder : path-like
        The folder.

    Returns
    -------
    str
        In hexadecimal digits.
    """
    whole = hashlib.sha256()
    files = [file for file in Path(folder).rglob("*") if file.is_file()]
    for file in sorted(files):
        name = file.relative_to(folder)
        if name.parts[0] in (_NOTE, "checkpoints"):
            continue
        with open(file, "rb") as content:
            inner = hashlib.file_digest(content, "sha256").hexdigest()
        whole.update(f"{name.as_posix()}\0{inner}\0".encode())
    return whole.hexdigest()
