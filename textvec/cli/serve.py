"""``textvec serve``: vectors, searches and recommendations over HTTP."""

import ipaddress
import logging
import os
import warnings
from pathlib import Path
from typing import Annotated

import typer

KEY = "TEXTVEC_API_KEY"


def serve(  # numpydoc ignore=PR01
    models: Annotated[
        list[str],
        typer.Argument(
            metavar="[NAME=]MODEL...",
            help="Files written by save, folders or names of pretrained models. An index needs the "
            "vectorizers of its queries: passages=index.textvec@bm25 .  [NAME: that of the file]",
        ),
    ],
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8000,
    allowed_host: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="A name by which clients may call, beside this machine's and that of --host; "
            "repeatable; '*' any.  [default: none; any with a --host that lets other machines in]",
        ),
    ] = None,
    no_key: Annotated[
        bool, typer.Option("--no-key", help="Let other machines in without a key.")
    ] = False,
    batch: Annotated[int, typer.Option(help="Most texts computed together.")] = 256,
    cache: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where pretrained models keep vectors of texts."),
    ] = None,
):
    """Serve vectors, searches and recommendations.

    Vectors are asked for as OpenAI's API has it.

    A key that clients must send is read from the environment variable TEXTVEC_API_KEY. Stop with
    Ctrl-C or SIGTERM: what was asked is answered first.
    """
    from textvec._checks import check_number
    from textvec.cli.tables import counted, print_line
    from textvec.serve import make_app
    from textvec.serve.limits import Limits
    from textvec.serve.running import run

    check_number("--port", port, 0, 65535, integer=True)
    check_number("--batch", batch, 1, integer=True)
    key = os.environ.get(KEY) or None
    if not _is_loopback(host) and key is None and not no_key:
        raise ValueError(
            f"--host {host} lets other machines in: set {KEY} to a key that they must send, or say "
            "--no-key."
        )
    things, by = read_models(models, cache)
    limits = Limits(batch=batch)
    hosts = _hosts(host, allowed_host)
    app = make_app(things, by=by, key=key, hosts=hosts, limits=limits, verbose=True)
    warnings.simplefilter("ignore")  # an empty answer says it; a line for each fills the log
    address = f"[{host}]" if ":" in host else host
    _show_log()
    print_line(f"{counted(len(things), 'model')} at http://{address}:{port}: {', '.join(things)}.")
    run(app, host, port, limits)


def read_models(models, cache=None):
    """Return what ``textvec serve`` was given, by name.

    Parameters
    ----------
    models : list of str
        Each ``[NAME=]MODEL[@VECTORIZER,...]``.
    cache : Path, default=None
        Of pretrained models.

    Returns
    -------
    things : dict of str to object
        Paths of files, and models.
    by : dict of str to list of str
        Vectorizers of indexes.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If two have the same name, one lacks it before =, or one is neither file nor model.
    """
    from textvec.cli.models import is_pretrained, pretrained

    things, by = {}, {}
    for given in models:
        name, is_named, model = given.rpartition("=")
        if not os.path.exists(model) and "@" in model:
            model, _, vectorizers = model.rpartition("@")
        else:
            vectorizers = ""
        if is_named and not name:
            raise ValueError(f"{given!r} lacks a name before =, as in other={model}.")
        if not is_named:
            name = Path(model).name.removesuffix(".textvec")
        if name in things:
            raise ValueError(f"two models are called {name!r}: name one, as other={model}.")
        if model.endswith(".textvec") or os.path.isfile(model):
            if not os.path.isfile(model):
                raise FileNotFoundError(f"{model}: No such file.")
            things[name] = Path(model)
        elif is_pretrained(model):
            things[name] = pretrained(model).set_params(cache=None if cache is None else str(cache))
        else:
            raise ValueError(
                f"{model!r} is neither a file written by save, nor a folder, nor the name of a "
                "model on the Hugging Face Hub, such as 'BAAI/bge-m3'."
            )
        if vectorizers:
            by[name] = vectorizers.split(",")
    return things, by


def _show_log():
    """Show on stderr what the service logs: files that are read anew or fail."""
    log = logging.getLogger("textvec.serve")
    if not log.handlers:
        shown = logging.StreamHandler()
        shown.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%Y-%m-%d %H:%M:%S"))
        log.addHandler(shown)
    log.setLevel(logging.INFO)
    log.propagate = False


def _is_loopback(host):
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _hosts(host, allowed):
    """Return the names by which clients may call."""
    from textvec.serve.guard import LOOPBACK

    if not allowed and not _is_loopback(host):
        return ["*"]  # what others call this machine is not known here
    return [*LOOPBACK, host, *(allowed or ())]
