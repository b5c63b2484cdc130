"""The command ``textvec``: a module for each subcommand, in the order of the help."""

from textvec.cli import (
    app,
    collect,
    compare,
    course,
    datasets,
    embed,
    fit,
    generate,
    info,
    map,
    neighbors,
    recommend,
    search,
    serve,
    tune,
)
from textvec.cli.app import main

__all__ = ["main"]

for _subcommand in (
    recommend.recommend,
    search.search,
    neighbors.neighbors,
    map.map,
    compare.compare,
    embed.embed,
    collect.collect,
    fit.fit,
    generate.generate,
    tune.tune,
    serve.serve,
    datasets.datasets,
    info.info,
):
    app.app.command(cls=app.OnceEach)(_subcommand)
app.app.add_typer(course.course, name="course")
