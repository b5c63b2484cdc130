"""Links of the course's sources: to names of textvec, units, pages of the documentation."""

import re

_LINK = re.compile(r"\[([^\[\]]*)\]\((api|unit|doc|src):([^()\s]*)\)")


def resolve(text, turn):
    """Replace the course's own links in Markdown.

    Parameters
    ----------
    text : str
        Markdown with links as ``[words](api:textvec.BM25Vectorizer)``, ``[unit 4](unit:4)``,
        ``[the guide](doc:guide/weights)`` and ``[kernel](src:textvec/kernels/bm25.py)``.
    turn : callable
        From words, kind and target to what stands there instead.

    Returns
    -------
    str
    """
    return _LINK.sub(lambda link: turn(*link.groups()), text)


def targets(text):
    """Return the course's own links in Markdown.

    Parameters
    ----------
    text : str
        Markdown.

    Returns
    -------
    list of tuple
        Kind and target of each.
    """
    return [link[1:] for link in _LINK.findall(text)]


def plain(words, kind, target):
    """Return a link as words, where there is nothing to link to.

    Parameters
    ----------
    words, kind, target : str
        The parts of a link.

    Returns
    -------
    str
    """
    return f"`{target}`" if kind in ("api", "src") else words
