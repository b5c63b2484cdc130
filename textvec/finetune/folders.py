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

from textvec._writing import discard, folder_aside, holds_something, naming, replacing

_NOTE = "textvec-tune.json"  # tells a folder that fit may write to from one of somebody else
_WORK = "checkpoints"  # the folder in it
_DIGITS = 16  # of a digest in a name
_LEAST_ROOM = 1_000_000  # bytes: a disk of less is full
_DECISIVE = "config.json"  # without it nothing takes a folder for a model


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

    Raises
    ------
    FileExistsError
        If ``output_dir`` holds files that no training wrote.
    ValueError
        If it holds an unfinished training of another kind.
    """
    state = {**state, "seed": begun_with(output_dir, state)}
    folder = Folder.temporary() if output_dir is None else Folder(os.path.abspath(output_dir))
    path = Path(folder.path)
    work = path / _WORK
    with naming(path):
        path.mkdir(parents=True, exist_ok=True)
        with replacing(path / _NOTE) as file:  # first: it tells whose checkpoints they are
            file.write(json.dumps(state).encode())
        work.mkdir(exist_ok=True)
    yield folder, work
    discard(work)  # a part of it would be taken for an unfinished training


def begun_with(output_dir, state):
    """Return the seed of a training: its own, or that of the same one, unfinished in its folder.

    Parameters
    ----------
    output_dir, state
        As for :func:`workplace`.

    Returns
    -------
    int

    Raises
    ------
    FileExistsError, ValueError
        As of :func:`workplace`.
    """
    if output_dir is None:
        return state["seed"]
    path = Path(os.path.abspath(output_dir))
    work, note = path / _WORK, path / _NOTE
    if not note.is_file():
        if holds_something(path):
            raise FileExistsError(
                errno.EEXIST, "it was not written by a training: name another output_dir", str(path)
            )
        return state["seed"]
    if not work.is_dir() or not any(work.iterdir()):
        return state["seed"]
    found = json.loads(note.read_text())
    if found["training"] != state["training"]:
        raise ValueError(
            f"{path} holds an unfinished training of other records or settings. Name "
            "another output_dir, or remove it."
        )
    return found["seed"]


@contextmanager
def writing(path):
    """Let whatever libraries raise where they do nothing but write name the folder.

    Parameters
    ----------
    path : Path
        The folder, which exists.

    Raises
    ------
    OSError
        For any error of the block.
    """
    with naming(path):
        try:
            yield
        except OSError:
            raise
        except Exception as error:
            if shutil.disk_usage(path).free < _LEAST_ROOM:  # which PyTorch does not say
                raise OSError(errno.ENOSPC, "") from error
            raise OSError(str(error)) from error


def settle(model, work, path):
    """Write a model aside, and move its files to where they are to lie.

    A kill in between leaves no model there rather than parts of two.

    Parameters
    ----------
    model : SentenceTransformer
        What is written.
    work : Path
        A folder on the same disk.
    path : str
        Where the files go; those of a model before are removed.
    """
    aside, path = work / "model", Path(path)
    shutil.rmtree(aside, ignore_errors=True)
    with writing(path):
        model.save_pretrained(str(aside), create_model_card=False)
        (path / _DECISIVE).unlink(missing_ok=True)
        for old in path.iterdir():
            if old.name not in (_NOTE, work.name):
                shutil.rmtree(old) if old.is_dir() else old.unlink()
        for new in sorted(aside.iterdir(), key=lambda new: new.name == _DECISIVE):  # it comes last
            os.replace(new, path / new.name)


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
    with naming(parent / name), folder_aside(parent) as aside:
        left = shutil.ignore_patterns(_NOTE, _WORK)
        shutil.copytree(folder, aside, ignore=left, dirs_exist_ok=True)
        shutil.rmtree(parent / name, ignore_errors=True)
        os.replace(aside, parent / name)


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
        if name.parts[0] in (_NOTE, _WORK):
            continue
        with open(file, "rb") as content:
            inner = hashlib.file_digest(content, "sha256").hexdigest()
        whole.update(f"{name.as_posix()}\0{inner}\0".encode())
    return whole.hexdigest()
