"""``textvec course``: the course as notebooks."""

from pathlib import Path
from typing import Annotated

import typer

from textvec.cli.app import AsJson, OnceEach
from textvec.cli.tables import print_as_json

course = typer.Typer(
    rich_markup_mode=None, help="The course on text vectors: twelve units, English or Chinese."
)
Language = Annotated[str, typer.Option(help="en or zh.", metavar="LANGUAGE")]


@course.command("copy", cls=OnceEach)
def copy_units(
    folder: Annotated[Path, typer.Argument(help="Where to; made where it is missing.")],
    language: Language = "en",
    solutions: Annotated[bool, typer.Option("--solutions", help="With the solutions.")] = False,
    as_json: AsJson = False,
):  # numpydoc ignore=PR01
    """Write the units as notebooks. Notebooks that are there are kept as they are."""
    from textvec._checks import check_choice
    from textvec.course.notebooks import copy
    from textvec.course.sources import LANGUAGES

    check_choice("--language", language, LANGUAGES)
    written = [str(path) for path in copy(folder, language, solutions=solutions)]
    if as_json:
        print_as_json(written)
    else:
        print("\n".join(written) or f"{folder} has them all: nothing was written.")


@course.command("list", cls=OnceEach)
def list_units(language: Language = "en", as_json: AsJson = False):  # numpydoc ignore=PR01
    """List the units."""
    from textvec._checks import check_choice
    from textvec.course.sources import LANGUAGES, units

    check_choice("--language", language, LANGUAGES)
    titles = {unit.number: unit.title(language) for unit in units()}
    if as_json:
        print_as_json(titles)
    else:
        print("\n".join(f"{number:2}  {title}" for number, title in titles.items()))
