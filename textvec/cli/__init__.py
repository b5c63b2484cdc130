"""The command ``textvec``: a module for each subcommand, in the order of the help."""

from textvec.cli import app, compare, embed
from textvec.cli.app import main

__all__ = ["main"]

for _subcommand in (
    compare.compare,
    embed.embed,
):
    app.app.command()(_subcommand)
