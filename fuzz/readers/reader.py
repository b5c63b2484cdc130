"""What a reader to fuzz is, and what all of them share."""

import json
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from textvec import DocumentVectorizer, KeyedVectors
from textvec.dense.subwords import Subwords

BETWEEN_FILES = b"\n===\n"  # where one input stands for several files
HOTELS = ["sea view", "quiet rooms near the sea", "airport hotel", "", "海边酒店"]
TABLE = KeyedVectors([[1, 2, 3], [0.5, -1, 1e-3], [0, 0, 1]], ["sea", "view", "酒店"], [5, 2, 1])
OPEN_TABLE = KeyedVectors(
    TABLE.vectors, TABLE.index_to_key, None, Subwords(np.eye(4, 3, dtype=np.float32), 2, 3, 2)
)
VECTORIZER = DocumentVectorizer(TABLE).fit(HOTELS)


class Reader(NamedTuple):
    """One thing to fuzz.

    Parameters
    ----------
    run : callable
        Takes bytes and a folder, raises if something is wrong.
    seeds : callable
        Returns a list of bytes to begin with.
    words : tuple of str, default=()
        What the fuzzer may put in.
    json_from : int or None, default=None
        Where the input is JSON, the byte from which: it is then changed as a tree, too.
    """

    run: Callable
    seeds: Callable
    words: tuple = ()
    json_from: int | None = None


def changed_tree(text, rng):
    """Return JSON with one thing in it replaced, left out or repeated.

    Parameters
    ----------
    text : bytes
        The JSON.
    rng : random.Random
        Chooses.

    Returns
    -------
    bytes or None
        None where the text is no JSON.
    """
    try:
        tree = [json.loads(text)]
    except (RecursionError, ValueError):
        return None
    places, open_nodes = [], [tree]
    while open_nodes:
        node = open_nodes.pop()
        children = node.items() if isinstance(node, dict) else enumerate(node)
        for key, child in children:
            places.append((node, key))
            if isinstance(child, list | dict):
                open_nodes.append(child)
    (node, key), (other, other_key) = rng.choice(places), rng.choice(places)
    match rng.randrange(4):
        case 0 if node is not tree:
            del node[key]
        case 1:
            node[key] = rng.choice(_ODD)
        case 2 if isinstance(node, list):
            node.append(json.loads(json.dumps(other[other_key])))  # a copy: not a circle
        case _:
            node[key] = json.loads(json.dumps(other[other_key]))
    return json.dumps(tree[0], ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")


_ODD = [
    *(None, True, 0, 1, -1, 2**31, 10**12, 10**30, 10**400, 0.5, 1e300, float("nan")),
    *("", "0.npy", [], {}),
]


def put(path, content):
    """Write bytes to a file, and return its path."""
    path.write_bytes(content)
    return path


def check_plain(error, said=""):
    """Raise unless an error is a ValueError of ours, a sentence that has some words in it."""
    assert type(error) is ValueError, repr(error)
    assert str(error).endswith("."), repr(error)
    assert said in str(error), repr(error)


def check_message(error, path):
    """Raise unless an error is a ValueError that names the file."""
    assert type(error) is ValueError, repr(error)
    assert str(path) in str(error), f"{error} does not name the file"
