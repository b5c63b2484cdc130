"""What all pages share: the policy by which a browser loads nothing, and how they are written."""

import base64
import hashlib

from textvec._checks import as_path
from textvec._writing import replacing


def policy_of(script, *further):
    """Return the Content-Security-Policy of a page that may run one script and load nothing.

    Parameters
    ----------
    script : str
        The page's own script, known by its hash.
    *further : str
        Directives of what else is in the page itself, such as ``"font-src data:"``.

    Returns
    -------
    str

    Examples
    --------
    >>> policy_of("").partition("; script-src")[0]
    "default-src 'none'; style-src 'unsafe-inline'"
    """
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    own = "style-src 'unsafe-inline'", *further, f"script-src 'sha256-{digest}'"
    return "; ".join(("default-src 'none'", *own, "base-uri 'none'", "form-action 'none'"))


def write_page(path, page):
    """Write a page to a file, whole or not at all.

    Parameters
    ----------
    path : str or path-like
        File to write; an existing one is replaced.
    page : str
        The HTML document.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    path = as_path("path", path)
    content = page.encode("utf-8", errors="replace")
    with replacing(path) as file:
        file.write(content)
    return path
