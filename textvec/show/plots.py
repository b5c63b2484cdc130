"""Figures from tables: no estimators, no global plotting state, colours that all eyes tell apart.

matplotlib is the extra ``plots`` and is imported where it is used. Every function returns a
``matplotlib.figure.Figure`` of its own: nothing is shown, nothing leaks, no display is needed.
"""

import math
import re
import unicodedata
import warnings
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from io import StringIO
from pathlib import Path

import numpy as np

from textvec._checks import import_optional

# Okabe and Ito 2008, "Color Universal Design", without the yellow that fades on white.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#595959")
MARKERS = "osD^vPX*<>"
_NAME_SIZE = 8  # points, of names beside their points
_MODIFIERS = re.compile("[\u200d\ufe00-\ufe0f]")  # of an emoji, nothing without it
INK, FAINT = "#1f2933", "#d5dbe1"

_STYLE = {
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 10.5,
    "font.size": 10,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "svg.fonttype": "none",  # text stays text: searchable, and drawn with the reader's own fonts
    "svg.hashsalt": "textvec",  # the same figure gives the same bytes
    "text.color": INK,
    "text.parse_math": False,  # a "$" in a name is a dollar
    "xtick.color": INK,
    "ytick.color": INK,
}
_CJK_FAMILIES = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "PingFang SC",
    "Hiragino Sans GB",
    "Microsoft YaHei",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "SimHei",
)


def plot_scores(scores, failed="failed"):
    """Draw one panel of bars for each column: how every method did on every task.

    Parameters
    ----------
    scores : DataFrame of shape (n_methods, n_tasks)
        Scores in [0, 1]; methods as index, titles of the panels as columns (line breaks are kept).
        NaN is drawn as a word.
    failed : str, default="failed"
        The word.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ImportError
        If matplotlib is not installed.

    Examples
    --------
    >>> import pandas as pd
    >>> scores = pd.DataFrame({"style": [0.5, 0.7]}, index=["counts", "TF-IDF"])
    >>> plot_scores(scores).axes[0].get_title("left")
    'style'
    """
    methods = [str(method) for method in scores.index]
    n_columns = min(3, scores.shape[1])
    n_rows = -(-scores.shape[1] // n_columns)
    titles = [str(title) for title in scores.columns]
    with _style([*methods, *titles, failed]):
        figure = _figure(n_rows * (0.75 + 0.34 * len(methods)))
        grid = figure.subplots(n_rows, n_columns, sharey=True, squeeze=False)
        for axes in grid.flat[len(titles) :]:
            axes.set_axis_off()
        for axes, title, values in zip(grid.flat, titles, scores.T.to_numpy(float), strict=False):
            _bars(axes, methods, values, "{:.3f}", COLOURS, failed)
            axes.set_title(title)
            axes.set_xlim(min(0, np.nanmin([0, *values])), 1.13)
            axes.set_xticks([0, 0.5, 1])
    return figure


def plot_counts(counts, label="documents"):
    """Draw how often each value occurs: horizontal bars, most frequent on top.

    Parameters
    ----------
    counts : Series
        Counts by value.
    label : str, default="documents"
        What is counted.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ImportError
        If matplotlib is not installed.

    Examples
    --------
    >>> import pandas as pd
    >>> figure = plot_counts(pd.Series({"spa": 3, "airport": 5}))
    >>> [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
    ['airport', 'spa']
    """
    counts = counts.sort_values(ascending=False, kind="stable")
    names = [str(name) for name in counts.index]
    with _style([*names, label]):
        figure = _figure(0.5 + 0.3 * len(names))
        axes = figure.subplots()
        _bars(axes, names, counts.to_numpy(float), f"{{:.0f}} {label}", COLOURS[:1])
        axes.set_xticks([])
        axes.spines["bottom"].set_visible(False)
        axes.margins(x=0.12)
    return figure


def plot_tradeoff(quality, costs, words=None):
    """Draw quality against each cost, one panel for each, and join the methods that nobody beats.

    Parameters
    ----------
    quality : Series
        Score by method; higher is better.
    costs : DataFrame of shape (n_methods, n_costs)
        Positive numbers, drawn on logarithmic axes; columns name them. Lower is better, unless
        the name ends in "/s": of speeds, higher is better.
    words : mapping of str to str, default=None
        What is written for "faster", "costlier" and the names of costs, where not these.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ImportError
        If matplotlib is not installed.

    Examples
    --------
    >>> import pandas as pd
    >>> methods = ["counts", "TF-IDF"]
    >>> quality = pd.Series([0.5, 0.7], index=methods, name="accuracy")
    >>> costs = pd.DataFrame({"fit seconds": [0.1, 0.2]}, index=methods)
    >>> plot_tradeoff(quality, costs).axes[0].get_ylabel()
    'accuracy'
    """
    methods = [str(method) for method in quality.index]
    scores = quality.to_numpy(float)
    words = words or {}
    with _style([*methods, quality.name, *costs.columns, *words.values()]):
        figure = _figure(3.4 + 0.22 * -(-len(methods) // 3))
        panels = figure.subplots(1, costs.shape[1], sharey=True, squeeze=False)[0]
        for axes, name in zip(panels, costs.columns, strict=True):
            values = costs[name].to_numpy(float)
            is_speed = str(name).endswith("/s")
            best = _unbeaten(scores, -values if is_speed else values)
            axes.plot(values[best], scores[best], color=FAINT, linewidth=2, zorder=1)
            points = [
                axes.scatter(
                    *point, s=70, color=COLOURS[i % len(COLOURS)], marker=MARKERS[i % len(MARKERS)]
                )
                for i, point in enumerate(zip(values, scores, strict=True))
            ]
            axes.margins(0.12)
            if np.isfinite(values * scores).any():
                _log_scale(axes)
            better = "faster" if is_speed else "costlier"
            axes.set_xlabel(f"{words.get(name, name)} ({words.get(better, better)} →)")
            axes.grid(True)
            axes.set_axisbelow(True)
        panels[0].set_ylabel(quality.name)
        figure.legend(points, methods, loc="outside lower center", ncols=3)
    return figure


def plot_points(places, names=None, color=None, sizes=None, edges=None, title=None):
    """Draw a map: a point for each item, names where there is room, colours by a value.

    Parameters
    ----------
    places : array-like of shape (n_points, 2)
        Where they stand.
    names : sequence of n_points, default=None
        What is written beside the points, "" for nothing; earlier ones come first where not all
        fit.
    color : Series of n_points, default=None
        Numbers are drawn on a scale; other values get a colour and a mark each, the most frequent
        first, and those beyond the marks are "other".
    sizes : array-like of n_points, default=None
        Areas of the points, in square points, where there is no ``color``; None draws all alike.
    edges : DataFrame, default=None
        Lines between points: columns a and b (their numbers) and weight (how broad they are).
    title : str, default=None
        A line above the map: what it shows.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ImportError
        If matplotlib is not installed.

    Examples
    --------
    >>> figure = plot_points([[0, 0], [1, 1]], names=["Quay", "Pier"])
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['Quay', 'Pier']
    """
    places = np.asarray(places, float)
    names = [] if names is None else [_drawn(name) for name in names]
    legend = [] if color is None else [_drawn(color.name or ""), *map(_drawn, color.unique())]
    with _style([*names, *legend, title or ""]):
        figure = _figure(7.5)
        axes = figure.subplots()
        if title is not None:
            axes.set_title(_drawn(title))
        if edges is not None:
            _draw_edges(axes, places, edges)
        if color is None:
            axes.scatter(*places.T, s=26 if sizes is None else sizes, color=COLOURS[0], alpha=0.8)
        elif color.dtype.kind in "iuf":
            drawn = axes.scatter(*places.T, s=26, c=color, cmap="viridis")
            figure.colorbar(drawn, label=legend[0], shrink=0.6, aspect=30)
        else:
            _scatter_groups(axes, places, color)
        axes.set_xticks([])
        axes.set_yticks([])
        axes.spines[:].set_visible(False)
        axes.margins(0.06)
        _write_names(figure, axes, places, names, None if color is not None else sizes)
    return figure


def _drawn(name):
    """Return a name as a str that can be drawn: no font has lone surrogates, and few have emoji."""
    text = str(name).encode("utf-8", "replace").decode()
    kept = "".join(one for one in text if not _is_sign(one) or _has_glyph(one))
    if kept == text:
        return text
    return _MODIFIERS.sub("", kept).strip() or "\ufffd"


def _is_sign(character):
    """Tell emoji from letters, for which a reader's font may do."""
    return unicodedata.category(character) in ("So", "Sk", "Co", "Cn")


@cache
def _has_glyph(character):
    """Tell whether a character is in a font that figures have."""
    import_optional("matplotlib", "plots")
    from matplotlib.font_manager import findfont, get_font

    fonts = (get_font(findfont(family)) for family in ("DejaVu Sans", *_cjk_family()))
    return any(font.get_char_index(ord(character)) for font in fonts)


def to_svg(figure, label):
    """Return a figure as an inline ``<svg>`` element whose text the browser draws.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        What to draw.
    label : str
        What a screen reader says instead.

    Returns
    -------
    str
        The element, without XML prolog, network references or a date: the same figure gives the
        same text.

    Examples
    --------
    >>> import pandas as pd
    >>> to_svg(plot_counts(pd.Series({"spa": 3})), "Spas")[:41]
    '<svg role="img" aria-label="Spas" xmlns:x'
    """
    from html import escape

    drawn = StringIO()
    with _style(), warnings.catch_warnings():
        # Only the browser needs the glyphs; a font without them merely measures them less well.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
    svg = drawn.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r' id="[A-Za-z0-9.]+_\d+"', "", svg)  # ids of groups: nobody refers to them
    return svg.replace("<svg", f'<svg role="img" aria-label="{escape(label)}"', 1)


def find_cjk_font():
    """Return the path of the openly licensed Chinese font in the extra ``plots``.

    Returns
    -------
    Path or None
        Noto Sans CJK SC as the package mplfonts ships it; None without that package.

    Examples
    --------
    >>> path = find_cjk_font()
    >>> path is None or path.suffix
    '.otf'
    """
    package = find_spec("mplfonts")
    if package is None:
        return None
    path = Path(package.submodule_search_locations[0], "fonts", "NotoSansCJKsc-Regular.otf")
    return path if path.is_file() else None


@contextmanager
def _style(texts=()):
    """Set our style, with fonts that hold the letters of the texts, for the time of a block."""
    matplotlib = import_optional("matplotlib", "plots")
    families = ["DejaVu Sans"]  # comes with matplotlib
    if any(character >= "\u2e80" for text in texts for character in str(text)):
        families += _cjk_family()
    with matplotlib.rc_context({**_STYLE, "font.family": families}):
        yield


def _cjk_family():
    """Return [the family of an installed Chinese font], or [] where there is none."""
    from matplotlib.font_manager import fontManager, get_font

    known = {font.name for font in fontManager.ttflist}
    found = [family for family in _CJK_FAMILIES if family in known]
    if not found and (path := find_cjk_font()) is not None:
        fontManager.addfont(path)
        found = [get_font(path).family_name]
    return found[:1]


def _figure(height):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, height), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.12)
    return figure


def _bars(axes, names, values, style, colours, failed="failed"):
    """Draw horizontal bars, the first on top, each with its value at its end."""
    places = np.arange(len(names))
    axes.barh(
        places,
        np.nan_to_num(values),
        height=0.68,
        color=[colours[i % len(colours)] for i in range(len(names))],
    )
    for place, value in zip(places, values, strict=True):
        axes.annotate(
            failed if np.isnan(value) else style.format(value),
            (max(np.nan_to_num(value), 0), place),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
        )
    axes.set_yticks(places, names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(True, axis="x")
    axes.set_axisbelow(True)


def _draw_edges(axes, places, edges):
    """Draw lines between points, the heaviest 4 points broad."""
    from matplotlib.collections import LineCollection

    lines = places[edges[["a", "b"]].to_numpy()]  # (n_edges, 2 ends, 2)
    widths = 0.5 + 3.5 * edges["weight"] / edges["weight"].max()
    axes.add_collection(LineCollection(lines, linewidths=widths, colors=FAINT, zorder=0))


def _scatter_groups(axes, places, values):
    """Draw the points of each value in a colour and a mark of its own, with a legend."""
    values = values.astype(object).where(values.notna(), "missing").map(str).to_numpy()
    found, counts = np.unique(values, return_counts=True)
    order = found[np.argsort(-counts, kind="stable")]
    if len(order) > len(MARKERS):
        values = np.where(np.isin(values, order[: len(MARKERS) - 1]), values, "other")
        order = [*order[: len(MARKERS) - 1], "other"]
    for i, value in enumerate(order):
        axes.scatter(
            *places[values == value].T,
            s=30,
            color=COLOURS[i % len(COLOURS)],
            marker=MARKERS[i % len(MARKERS)],
            label=_drawn(value),
        )
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))


def _write_names(figure, axes, places, names, sizes=None):
    """Write names beside their points, leaving out those that would cover a point or a name."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.patheffects import withStroke

    halo = [withStroke(linewidth=2.5, foreground="white")]  # lines end before the letters
    canvas = FigureCanvasAgg(figure)
    renderer = canvas.get_renderer()
    figure.draw_without_rendering()  # the layout decides where the points stand
    points = axes.transData.transform(places)
    frame = axes.get_window_extent(renderer)
    radii = np.full(len(places), 3.0) if sizes is None else np.sqrt(np.asarray(sizes) / np.pi)
    pixels = figure.dpi / 72
    room = _Room(*canvas.get_width_height())
    for (x, y), half in zip(points, (radii + 1) * pixels):
        room.take(x - half, y - half, x + half, y + half)
    measure = _rough_measure(figure, renderer)
    for place, (x, y), name, radius in zip(places, points, names, radii):
        if not name:
            continue
        width, height = measure(name)
        for side, shift in (("left", radius + 2), ("right", -radius - 2)):
            edges = sorted([x + shift * pixels, x + shift * pixels + math.copysign(width, shift)])
            if not room.is_free(edges[0], y - height / 2, edges[1], y + height / 2):
                continue
            text = axes.annotate(
                name,
                place,
                xytext=(shift, 0),
                textcoords="offset points",
                ha=side,
                va="center",
                fontsize=_NAME_SIZE,
                path_effects=halo,
            )
            text.set_in_layout(False)  # else the points would move again
            box = text.get_window_extent(renderer)
            if frame.x0 <= box.x0 and box.x1 <= frame.x1 and room.is_free(*box.extents):
                room.take(*box.extents)
                break
            text.remove()


class _Room:
    """Which pixels of a figure are taken: a look costs the same however many boxes there are."""

    def __init__(self, width, height):
        self._taken = np.zeros((height, width), bool)

    def _pixels(self, x0, y0, x1, y1):
        rows, columns = (
            slice(max(round(low), 0), max(round(high), 0)) for low, high in ((y0, y1), (x0, x1))
        )
        return self._taken[rows, columns]

    def is_free(self, x0, y0, x1, y1):
        return not self._pixels(x0, y0, x1, y1).any()

    def take(self, x0, y0, x1, y1):
        self._pixels(x0, y0, x1, y1)[:] = True


def _rough_measure(figure, renderer):
    """Return a function from a name to a width and height, in pixels, that it has at least.

    Whether a name fits is seen by its layout, which takes milliseconds; most names of a full map
    are ruled out by the sum of their characters' widths.
    """
    from matplotlib.text import Text

    @cache
    def size_of(character):
        box = Text(0, 0, character, fontsize=_NAME_SIZE, figure=figure).get_window_extent(renderer)
        return box.width, box.height

    def measure(name):
        widths = [sum(size_of(one)[0] for one in line) for line in name.splitlines()]
        return 0.8 * max(widths, default=0), 0.8 * size_of("x")[1]

    return measure


def _log_scale(axes):
    """Make x logarithmic, with a few round numbers written out: at least two whatever the range."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    axes.set_xscale("log")
    low, high = axes.get_xlim()
    axes.xaxis.set_major_locator(FixedLocator(_round_numbers(low, high)))
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda value, _: f"{value:g}" if value < 1000 else f"{value / 1000:g}k")
    )
    axes.xaxis.set_minor_locator(NullLocator())


_FINE, _FINER = np.arange(10, 100) / 10, np.arange(100, 1000) / 100


def _round_numbers(low, high, most=5):
    """Return two to ``most`` numbers between two: of the roundest kind of which there are two."""
    first, last = (math.floor(math.log10(edge)) for edge in (low, high))
    for leading in ((1,), (1, 3), (1, 2, 5), range(1, 10), _FINE, _FINER):
        found = [
            float(f"{digit:g}e{power}") for power in range(first, last + 1) for digit in leading
        ]
        inside = [value for value in found if low <= value <= high]
        if len(inside) >= 2:
            break
    step = -(-(len(inside) - 1) // (most - 1))
    return inside[:: max(step, 1)]


def _unbeaten(scores, costs):
    """Return the methods that no other beats in both score and cost, cheapest first."""
    best, front = -np.inf, []
    for i in np.lexsort((-scores, costs)):  # by cost, then the better first; NaN comes last
        if scores[i] > best and not np.isnan(costs[i]):
            best = scores[i]
            front.append(i)
    return front
