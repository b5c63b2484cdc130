"""Disks of one's own: a namespace in which anyone may mount, where the system allows it."""

import shutil
import subprocess
import tempfile
from functools import cache

ALONE = ["unshare", "--user", "--map-root-user", "--mount"]


@cache
def has_namespaces():
    """Return whether a process may have a namespace and mount a small disk there."""
    if shutil.which("unshare") is None or shutil.which("mount") is None:
        return False
    with tempfile.TemporaryDirectory() as folder:
        mount = ["mount", "-t", "tmpfs", "tmpfs", folder]
        return subprocess.run([*ALONE, *mount], capture_output=True).returncode == 0
