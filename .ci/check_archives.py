"""Fail unless an sdist or a wheel carries the embedded data as files, and the licence."""

import sys
import tarfile
import zipfile
from pathlib import Path

WANTED = {f"textvec/_data/{file.name}" for file in Path("datasets").iterdir()} | {
    *(str(file) for file in Path("textvec/course").glob("*/*.md")),
    "textvec/kernels/__init__.py",
    "textvec/cli/__init__.py",
}


def files_in(path):
    """Return {name without the sdist's leading folder: bytes} of the plain files."""
    if path.endswith(".whl"):
        with zipfile.ZipFile(path) as archive:
            return {entry.filename: entry.file_size for entry in archive.infolist()}
    with tarfile.open(path) as archive:
        files = [member for member in archive.getmembers() if member.isfile()]
        return {member.name.split("/", 1)[1]: member.size for member in files}


for path in sys.argv[1:]:
    found = files_in(path)
    missing = [name for name in sorted(WANTED) if not found.get(name)]
    missing += [] if any(name.endswith("LICENSE") for name in found) else ["LICENSE"]
    strays = [name for name in found if name.startswith("textvec/_data/") and name.endswith(".py")]
    if missing or strays:
        sys.exit(f"{path}: missing {missing}, astray {strays}")
    print(path.rsplit("/", 1)[-1], len(found), "files,", sum(found.values()), "bytes")
