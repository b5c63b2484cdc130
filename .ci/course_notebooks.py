"""Copy the notebooks of the course and execute each as Jupyter does, without a warning."""

import subprocess
import sys
import time
from pathlib import Path

import nbformat
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync
from nbclient import NotebookClient

import textvec

assert "site-packages" in textvec.__file__, textvec.__file__
failed = []
for language in sys.argv[1:]:
    folder = Path("course", language)
    subprocess.run(
        ["textvec", "course", "copy", folder, "--language", language, "--solutions"], check=True
    )
    for path in sorted(folder.glob("*.ipynb")):
        book = nbformat.read(path, as_version=4)
        nbformat.validate(book)
        began = time.perf_counter()
        # not by a network, and by sockets that the kernel finds from its own folder
        sockets = str(Path("kernel").resolve())
        kernel = AsyncKernelManager(kernel_name="python3", transport="ipc", ip=sockets)
        where = {"metadata": {"path": str(folder)}}
        NotebookClient(book, km=kernel, timeout=300, resources=where).execute()
        run_sync(kernel.shutdown_kernel)(now=True)
        shown = [
            output.text
            for cell in book.cells
            for output in cell.get("outputs", [])
            if output.get("name") == "stderr"
        ]
        failed += [path.name] if shown else []
        print(f"{language} {path.name:24} {time.perf_counter() - began:5.1f} s", *shown, flush=True)
sys.exit(f"shown on stderr: {failed}" if failed else 0)
