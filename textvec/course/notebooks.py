"""Units as notebooks, which Jupyter, VS Code and Colab open."""

import json
import re
from pathlib import Path

from textvec._checks import check_choice
from textvec._writing import replacing
from textvec.course.links import plain, resolve
from textvec.course.sources import LANGUAGES, units


def notebook(source, language, parts=("unit", "exercise")):
    """Return a unit as a notebook of nbformat 4.5, without outputs.

    Parameters
    ----------
    source : Source
        The unit.
    language : {"en", "zh"}
        The language of its texts.
    parts : tuple of str, default=("unit", "exercise")
        Which parts; with "solution" its solutions follow.

    Returns
    -------
    dict
    """
    names = {unit.number: unit.name for unit in units()}

    def turn(words, kind, target):
        if kind == "unit" and int(target) in names:
            return f"[{words}]({names[int(target)]}.ipynb)"
        return plain(words, kind, target)

    cells = []
    for i, kind, text in source.blocks(language, parts):
        cell = {"id": f"cell-{i}", "metadata": {}}
        if kind == "code":
            cell |= {"cell_type": "code", "execution_count": None, "outputs": []}
            if re.match(r"(ax|axes|axis|figure|plt)\b", text.rpartition("\n")[2]):
                text += ";"  # pyplot shows its figure, and nobody the name of its last part
        else:
            cell |= {"cell_type": "markdown"}
            text = re.sub(r"\s*<!-- cited -->", "", resolve(text, turn))  # it is for the checks
        cells.append(cell | {"source": text.splitlines(keepends=True)})
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {
        "cells": cells,
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def copy(folder, language="en", *, solutions=False):
    """Write all units as notebooks, to work in.

    Parameters
    ----------
    folder : path-like
        Where; it is made where it is missing. Notebooks that are there already are kept as they
        are: they may hold your answers.
    language : {"en", "zh"}, default="en"
        The language of the texts; the code is the same.
    solutions : bool, default=False
        Whether the solutions stand at the end of each.

    Returns
    -------
    list of Path
        The notebooks that were written.

    Raises
    ------
    ValueError
        If the course is not in that language.
    OSError
        If the folder or a notebook cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from textvec.course import copy
    >>> copy(tempfile.mkdtemp())[1].name
    '02_counts.ipynb'
    """
    check_choice("language", language, LANGUAGES)
    parts = ("unit", "exercise", "solution") if solutions else ("unit", "exercise")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for unit in units():
        path = folder / f"{unit.name}.ipynb"
        if not path.exists():
            text = json.dumps(notebook(unit, language, parts), ensure_ascii=False, indent=1)
            with replacing(path) as new:
                new.write(f"{text}\n".encode())
            written.append(path)
    return written
