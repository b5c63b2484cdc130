"""The map page: a collection as points on a plane, alone in one file, with all that it needs.

Arrays and tables in, a page out. What the page does is in ``atlas.js``, how it looks in
``atlas.css``, both beside this module; the page holds them, and its data as base64 of deflate.
"""

import base64
import json
import zlib
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from textvec.show.pages import policy_of, write_page
from textvec.show.visible import visible

SIDE = 65535  # of the square that places are rounded to
_NONE = 0xFFFFFF  # stands for no neighbour
_SKEWED = 20  # times the median is the greatest number, from which on colours go by logarithms
_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Region:
    """A part of a map, and what it is about.

    Parameters
    ----------
    level : int
        0 is shown from afar, each further level at twice the size.
    place : (float, float)
        Where its name stands, in the units of the places.
    label : str
        Its name.
    """

    level: int
    place: tuple
    label: str


@dataclass(frozen=True)
class Chart:
    """One map: where the items stand, and what is nearest to each.

    Parameters
    ----------
    name : str
        What stands above it, such as the name of a vectorizer.
    places : ndarray of shape (n_items, 2)
        Where the items stand, in any unit.
    neighbours : ndarray of int, shape (n_items, n_neighbours)
        The rows of the nearest items, best first; -1 where there are no more.
    scores : ndarray of shape (n_items, n_neighbours)
        How near they are.
    regions : list of Region, default=[]
        What is written on the map.
    terms : csr matrix of shape (n_items, n_terms), default=None
        The terms of each item by weight, by which the page says what two items share.
    term_names : sequence of str, default=None
        What the terms are called.
    most_terms : int, default=0
        How many terms of an item ``terms`` hold at most, 0 if all.
    """

    name: str
    places: np.ndarray
    neighbours: np.ndarray
    scores: np.ndarray
    regions: list = field(default_factory=list)
    terms: sparse.csr_matrix | None = None
    term_names: list | None = None
    most_terms: int = 0


@dataclass(frozen=True)
class Atlas:
    """All that a map page shows.

    Parameters
    ----------
    title : str
        Heading of the page.
    texts : sequence of str
        What each item says.
    charts : list of Chart
        One map, or two of the same items.
    names : sequence of str, default=None
        What the items are called.
    columns : DataFrame, default=None
        What else is known of each item: numbers, and values of any other kind.
    made : DataFrame, default=None
        Columns to colour by that were computed, and are not of the items.
    color : str, default=None
        The column that colours the points at first, of ``columns`` or ``made``.
    common : ndarray of int, shape (n_items,), default=None
        Of twins, how many of the nearest items are the same on both sides.
    language : {"en", "zh"}, default="en"
        Of the page's own words.
    notes : list of str, default=[]
        What a reader should know.
    is_named : bool, default=False
        Whether the texts are names, which are written beside the points.
    text_name : str, default="text"
        Heading of the texts where they are saved as a table.
    """

    title: str
    texts: list
    charts: list
    names: list | None = None
    columns: pd.DataFrame | None = None
    made: pd.DataFrame | None = None
    color: str | None = None
    common: np.ndarray | None = None
    language: str = "en"
    notes: list = field(default_factory=list)
    is_named: bool = False
    text_name: str = "text"


def render_atlas(atlas):
    """Return a page that needs nothing else, and forbids its browser to load anything.

    Nothing of the data becomes markup: it is packed, and the page's one script, which the policy
    knows by its hash, shows it as text. Control characters in it are pictures. The same data give
    the same page.

    Parameters
    ----------
    atlas : Atlas
        What it shows.

    Returns
    -------
    str
        The HTML document.

    Examples
    --------
    >>> chart = Chart("words", np.zeros((1, 2)), np.array([[-1]]), np.zeros((1, 1)))
    >>> "<b>" in render_atlas(Atlas("A hotel", ["<b>"], [chart]))
    False
    """
    script, style = ((_HERE / f"atlas.{kind}").read_text("utf-8") for kind in ("js", "css"))
    title = escape(visible(atlas.title))
    return f"""<!DOCTYPE html>
<html lang="{atlas.language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy_of(script)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<header>
<h1>{title}</h1>
<p id="count" role="status"></p>
<div class="tools">
<input id="search" type="search" autocomplete="off" spellcheck="false">
<button id="lasso" type="button" aria-pressed="false"></button>
<button id="theme" type="button"></button>
<button id="help" type="button"></button>
</div>
</header>
<main>
<div id="maps"></div>
<aside id="panel">
<div class="legend"><label><span id="colourLabel"></span><select id="colour"></select></label>
<div id="keys" class="keys"></div></div>
<div id="tabs" role="tablist"></div>
<div id="shown" role="tabpanel" tabindex="0"></div>
</aside>
</main>
<div id="tip" role="tooltip" hidden></div>
<dialog id="keyboard"></dialog>
<div id="wait">…</div>
<noscript>This page draws a map, and needs JavaScript for it.</noscript>
<template id="data">{_packed(atlas)}</template>
<script>{script}</script>
</body>
</html>
"""


def write_atlas(path, atlas):
    """Write the page of :func:`render_atlas` to a file, whole or not at all.

    Parameters
    ----------
    path : str or path-like
        File to write; an existing one is replaced.
    atlas : Atlas
        What it shows.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    return write_page(path, render_atlas(atlas))


def _packed(atlas):
    """Return all data of a page as base64 of deflate: a head of JSON, and parts behind each other.

    The head's ``parts`` are (name, kind, start, bytes): kind "text" is UTF-8, "f8" numbers of
    float64, and 1, 2, 3, 4 unsigned numbers of so many bytes, all lowest bytes first, then all
    second ones, and so on: the high ones, nearly all alike, pack better side by side.
    """
    parts = _Parts()
    _add_strings(parts, "texts", "textLengths", atlas.texts)
    if atlas.names is not None:
        _add_strings(parts, "ids", "idLengths", atlas.names)
    charts = [_add_chart(parts, at, chart) for at, chart in enumerate(atlas.charts)]
    if atlas.common is not None:
        parts.add_numbers("common", atlas.common, 1)
    columns = _add_columns(parts, atlas)
    head = {
        "n": len(atlas.texts),
        "k": int(atlas.charts[0].neighbours.shape[1]),
        "charts": charts,
        "columns": columns,
        "coloured": next((i for i, one in enumerate(columns) if one["name"] == atlas.color), -1),
        "idName": "id" if atlas.names is not None else "",
        "textName": _clean(atlas.text_name),
        "named": atlas.is_named,
        "notes": [_clean(note) for note in atlas.notes],
        "parts": parts.table,
    }
    json_head = json.dumps(head, ensure_ascii=True, separators=(",", ":"), allow_nan=False).encode()
    packed = zlib.compressobj(9)
    made = [packed.compress(len(json_head).to_bytes(4, "little")), packed.compress(json_head)]
    made += map(packed.compress, parts.content)
    return base64.b64encode(b"".join([*made, packed.flush()])).decode()


class _Parts:
    """What is packed behind the head, and where in it each part lies."""

    def __init__(self):
        self.table, self.content, self._end = [], [], 0

    def _add(self, name, kind, data):
        self.table.append([name, kind, self._end, len(data)])
        self.content.append(data)
        self._end += len(data)

    def add_text(self, name, text):
        self._add(name, "text", text.encode("utf-8", "replace"))

    def add_floats(self, name, values):
        self._add(name, "f8", np.ascontiguousarray(values, "<f8").tobytes())

    def add_numbers(self, name, values, width):
        octets = np.ascontiguousarray(values, "<u4").reshape(-1, 1).view(np.uint8)  # (n, 4)
        self._add(name, str(width), np.ascontiguousarray(octets[:, :width].T).tobytes())


def _add_strings(parts, name, lengths, strings):
    strings = [_clean(text) for text in strings]
    parts.add_text(name, "".join(strings))
    # as JavaScript counts letters: those beyond U+FFFF twice
    counts = [len(one) if one.isascii() else len(one.encode("utf-16-le")) // 2 for one in strings]
    parts.add_numbers(lengths, np.array(counts, np.int64), 4)


def _add_chart(parts, at, chart):
    x, y = _rounded(chart.places)
    parts.add_numbers(f"x{at}", x, 2)
    parts.add_numbers(f"y{at}", y, 2)
    is_there = chart.neighbours >= 0
    parts.add_numbers(f"near{at}", np.where(is_there, chart.neighbours, _NONE).ravel(), 3)
    found = chart.scores[is_there]
    low, high = min(0.0, found.min(initial=0)), max(found.max(initial=0), 1e-9)
    scores = np.where(is_there, chart.scores, low)
    shares = np.rint((scores - low) / (high - low) * 65535).ravel()
    parts.add_numbers(f"scores{at}", shares, 2)
    if chart.terms is not None:
        terms = chart.terms
        _add_strings(parts, f"names{at}", f"lengths{at}", chart.term_names)
        parts.add_numbers(f"counts{at}", np.diff(terms.indptr), 2)
        parts.add_numbers(f"terms{at}", terms.indices, 3)
        weights = terms.data / max(terms.data.max(initial=0), 1e-9)
        parts.add_numbers(f"weights{at}", np.rint(weights * 255).clip(1, 255), 1)
    corner, span = _frame(chart.places)
    return {
        "name": _clean(chart.name),
        "low": float(low),
        "high": float(high),
        "terms": chart.terms is not None,
        "most": chart.most_terms,
        "regions": [
            {
                "level": region.level,
                "x": float((region.place[0] - corner[0]) / span * SIDE),
                "y": float((region.place[1] - corner[1]) / span * SIDE),
                "label": _clean(region.label),
            }
            for region in sorted(chart.regions, key=lambda region: region.level)
        ],
    }


def _frame(places):
    """Return the corner and the side of the square around all places, these in its middle."""
    low, high = places.min(axis=0), places.max(axis=0)
    span = max(float((high - low).max()), 1e-12)
    return (low + high) / 2 - span / 2, span


def _rounded(places):
    """Return places as whole numbers from 0 to SIDE, x and y in one scale."""
    corner, span = _frame(places)
    return np.rint((places - corner) / span * SIDE).clip(0, SIDE).T


def _add_columns(parts, atlas):
    """Add the values of all columns; return what the head says of them."""
    columns: list[dict] = []
    for frame, is_made in ((atlas.made, True), (atlas.columns, False)):
        for name, column in () if frame is None else frame.items():
            at = len(columns)
            about = {"name": _clean(str(name)), "made": is_made}
            if _is_number(column):
                values = pd.to_numeric(column).to_numpy(float, na_value=np.nan)
                values = np.where(np.isfinite(values), values, np.nan)
                some = values[~np.isnan(values)]
                ends = (some.min(), some.max()) if some.size else (0, 0)
                about |= {"kind": "numbers", "low": float(ends[0]), "high": float(ends[1])}
                about["log"] = bool(some.size and _is_skewed(some))
                parts.add_floats(f"values{at}", values)
            else:
                codes, names = _coded(column)
                about |= {"kind": "values", "names": names}
                parts.add_numbers(f"codes{at}", codes, 3)
            columns.append(about)
    return columns


def _is_number(column):
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def _is_skewed(values):
    """Tell whether most numbers would have one colour on a linear scale."""
    return values.min() >= 0 and values.max() >= _SKEWED * max(np.median(values), 1)


def _coded(column):
    """Return a code for each value, the most frequent first, and what they are called.

    A missing value has the code behind the last.
    """
    shown = pd.Series(
        [None if _is_missing(value) else _clean(str(value)) for value in column], dtype=object
    )
    counts = shown.value_counts(sort=False)
    names = sorted(counts.index, key=lambda name: (-counts[name], name))
    codes = {name: code for code, name in enumerate(names)}
    return np.array([codes.get(value, len(names)) for value in shown]), names


def _is_missing(value):
    return value is None or (pd.api.types.is_scalar(value) and pd.isna(value) is True)


def _clean(text):
    return visible(str(text))
