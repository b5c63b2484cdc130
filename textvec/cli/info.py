"""``textvec info``: the installation, in versions, extras, cores and folders."""

import os
import re

from textvec.cli.app import AsJson
from textvec.cli.tables import print_as_json, print_line


def info(as_json: AsJson = False):  # numpydoc ignore=PR01
    """Show versions, extras, cores and cache folders."""
    facts = gather_info()
    if as_json:
        print_as_json(facts)
        return
    for title, entries in facts.items():
        print_line(title)
        width = max(map(len, entries), default=0)
        for name, value in entries.items():
            print_line(f"  {name:{width}}  {value}")


def gather_info():
    """Return what ``textvec info`` shows.

    Returns
    -------
    dict of str to dict
        "versions", "extras", "system" and "folders", each name to value.
    """
    import platform
    from importlib.metadata import PackageNotFoundError, requires

    import textvec
    from textvec._checks import version_of
    from textvec._threads import effective_n_jobs
    from textvec.datasets import cache_folder

    own, requirements = textvec.__version__, []
    try:
        requirements = requires("textvec") or []
    except PackageNotFoundError:
        own += " (run from its folder, not installed: what it requires is not known)"
    versions = {"textvec": own, "python": platform.python_version()}
    extras = {}
    for requirement in requirements:
        package = re.match(r"[\w.-]+", requirement)[0]
        extra = re.search(r"extra == ['\"]([\w-]+)", requirement)
        if extra is None:
            versions[package] = version_of(package)
        elif package != "textvec":  # an extra made of other extras
            known = f"{extras[extra[1]]}, " if extra[1] in extras else ""
            extras[extra[1]] = f"{known}{package} {version_of(package)}"
    return {
        "versions": versions,
        "extras": extras,
        "system": {
            "platform": platform.platform(),
            "cores": os.cpu_count(),
            "cores usable here": effective_n_jobs(-1),
        },
        "folders": {
            "textvec": os.path.dirname(textvec.__file__),
            "downloads": str(cache_folder()),
            "TEXTVEC_DATA": os.environ.get("TEXTVEC_DATA", "not set"),
        },
    }
