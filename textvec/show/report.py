"""One self-contained HTML page: texts, tables and figures in, no estimators, no network."""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from io import BytesIO
from pathlib import PurePosixPath
from urllib.parse import quote

import pandas as pd

from textvec.show.pages import policy_of, write_page
from textvec.show.plots import find_cjk_font, to_svg
from textvec.show.visible import visible

_CSS = """
:root { --ink: #1f2933; --soft: #616e7c; --line: #d5dbe1; --tint: #f5f7fa; --accent: #0072b2;
  --font: "textvec CJK", system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue",
    "Liberation Sans", "DejaVu Sans", sans-serif; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--tint); color: var(--ink); font: 16px/1.55 var(--font); }
main { max-width: 1112px; margin: 0 auto; padding: 40px 28px 56px; background: #fff; }
h1, h2, p, th, td, dd, summary { unicode-bidi: plaintext; }  /* each in its own direction */
h1 { font-size: 30px; line-height: 1.2; margin: 0 0 8px; }
h2 { font-size: 20px; margin: 40px 0 10px; padding-top: 18px; border-top: 1px solid var(--line); }
p { max-width: 76ch; margin: 8px 0; }
.lead { font-size: 18px; color: var(--soft); }
.scroll { overflow-x: auto; margin: 14px 0; }
table { border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums;
  min-width: 100%; }
th, td { padding: 7px 10px; border-bottom: 1px solid var(--line); text-align: left;
  vertical-align: top; overflow-wrap: break-word; }
th.number, td.number { text-align: right; overflow-wrap: normal; }
thead th { vertical-align: bottom; border-bottom: 2px solid var(--ink); line-height: 1.3; }
thead span { white-space: nowrap; }
thead small { display: block; font-weight: normal; color: var(--soft); }
tbody tr:hover { background: var(--tint); }
tbody th { font-weight: 600; white-space: nowrap; }
tbody th.long, td.long { white-space: normal; overflow-wrap: anywhere; min-width: 14em; }
td.excerpt { overflow-wrap: anywhere; min-width: 22em; }
td.excerpt details { margin: 4px 0 0; }
td.excerpt summary { font-weight: normal; color: var(--soft); }
td.excerpt p { white-space: pre-line; }
.best { font-weight: 700; }
.best::before { content: "\\2605 "; color: var(--accent); }
.failed { color: #a61b1b; font-size: 12px; text-align: left; min-width: 12em; }
.sortable thead th { cursor: pointer; user-select: none; }
.sortable thead th:hover, .sortable thead th:focus-visible { color: var(--accent); }
th[aria-sort=ascending]::after { content: " \\25B2"; font-size: 10px; }
th[aria-sort=descending]::after { content: " \\25BC"; font-size: 10px; }
figure { margin: 14px 0; overflow-x: auto; }
figure svg { max-width: 100%; min-width: 720px; height: auto; }
figure svg text { font-family: var(--font) !important; }
figcaption, .note { font-size: 14px; color: var(--soft); max-width: 88ch; }
details { margin: 10px 0; border-left: 3px solid var(--line); padding-left: 14px; }
a { color: var(--accent); }
summary { cursor: pointer; font-weight: 600; }
summary:hover, summary:focus-visible { color: var(--accent); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 20px; font-size: 14px; }
dt { font-weight: 600; }
dd { margin: 0; overflow-wrap: anywhere; font-family: "textvec CJK", ui-monospace, Menlo, Consolas,
  "Liberation Mono", "DejaVu Sans Mono", monospace; font-size: 13px; }
@media (max-width: 640px) { main { padding: 20px 14px; } dl { grid-template-columns: 1fr; } }
@media print { body { background: #fff; } .scroll { overflow: visible; } }
"""

_SCRIPT = """
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells], body = table.tBodies[0];
  heads.forEach((head, column) => {
    const sort = () => {
      const now = head.getAttribute("aria-sort");  // numbers begin with the best, words with A
      const ascending = now ? now === "descending" : !head.classList.contains("number");
      const key = row => row.cells[column].dataset.value;
      const order = (a, b) => {
        if (key(a) === undefined || key(b) === undefined)
          return (key(a) === undefined) - (key(b) === undefined);
        const way = key(a) - key(b) || key(a).localeCompare(key(b));
        return ascending ? way : -way;
      };
      [...body.rows].sort(order).forEach(row => body.append(row));
      heads.forEach(other => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
    };
    head.tabIndex = 0;
    head.addEventListener("click", sort);
    head.addEventListener("keydown", event => { if (event.key === "Enter") sort(); });
  });
}
"""

_LONG_WORD = 40  # letters; longer words, and heads of rows, may break anywhere


@dataclass(frozen=True)
class Table:
    """A table of a report.

    Parameters
    ----------
    frame : DataFrame
        Its index heads the rows. A column named by a tuple gets its last part as heading and the
        others above it in small letters.
    formats : mapping of column to format string, default={}
        Such as ``{"score": "{:.3f}"}``; other values are shown as str, an `Excerpt` folded.
    errors : DataFrame or None, default=None
        Texts to show instead of missing values, where not empty: same index, columns of ``frame``.
    note : str, default=""
        A line below the table.
    marks : DataFrame or None, default=None
        Which cells to mark with a star: same index, columns of ``frame``.
    """

    frame: pd.DataFrame
    formats: Mapping = field(default_factory=dict)
    errors: pd.DataFrame | None = None
    note: str = ""
    marks: pd.DataFrame | None = None


@dataclass(frozen=True)
class Excerpt:
    """A cell of a table that shows a part of its text, and the whole when the reader clicks.

    Parameters
    ----------
    shown : str
        What is always shown.
    whole : str
        All of it.
    fold : str, default="all of it"
        What is clicked.
    """

    shown: str
    whole: str
    fold: str = "all of it"


@dataclass(frozen=True)
class Picture:
    """A figure of a report.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        What to draw.
    caption : str
        A line below the figure, which a screen reader also says instead of it.
    """

    figure: object
    caption: str


@dataclass(frozen=True)
class Fold:
    """Pieces of a report that show when the reader clicks their title.

    Parameters
    ----------
    title : str
        What is always shown.
    pieces : sequence
        What else a section may hold.
    """

    title: str
    pieces: Sequence


@dataclass(frozen=True)
class Link:
    """A link to another page beside this one: a piece, or a cell of a table.

    Parameters
    ----------
    text : str
        What is shown.
    path : str
        The page, relative to this one, with / between folders.
    place : str, default=""
        Where on it, quoted as in an address.
    """

    text: str
    path: str
    place: str = ""

    def render(self):
        """Return the element; it leads to no other site, and runs nothing."""
        parts = PurePosixPath(self.path)
        if parts.is_absolute() or ":" in parts.parts[0]:
            raise ValueError(f"path must be relative to the page. Got {self.path!r} instead.")
        address = quote(self.path, errors="replace") + (f"#{self.place}" if self.place else "")
        return f'<a href="{escape(address)}">{escape(self.text)}</a>'


def render_report(title, lead, sections, language="en"):
    """Return a page that needs nothing else: styles, figures, fonts and sorting are inside.

    All text is escaped, control characters in it are pictures, and the page forbids its own browser
    to load anything or to run any script but the one that sorts tables. The tables are readable
    without that script. Chinese letters are embedded as a small font where the extra ``plots`` is
    installed, so they show on a machine without one.

    Parameters
    ----------
    title : str
        Heading of the page.
    lead : str
        A sentence below it.
    sections : sequence of (str, sequence)
        Heading and content: each piece a str (a paragraph), a mapping (names and values), a
        `Table`, a `Picture`, a `Link` or a `Fold`.
    language : str, default="en"
        Code of the language of the page.

    Returns
    -------
    str
        The HTML document.

    Raises
    ------
    TypeError
        If a piece is none of these.
    ValueError
        If the path of a link is not relative to the page.

    Examples
    --------
    >>> page = render_report("Hotels", "A short one.", [("Numbers", ["<b>"])])
    >>> "&lt;b&gt;" in page
    True
    """
    body = [f"<h1>{escape(title)}</h1>", f'<p class="lead">{escape(lead)}</p>']
    for heading, pieces in sections:
        body += [f"<section><h2>{escape(heading)}</h2>", *map(_render, pieces), "</section>"]
    title, content = visible(title), visible("\n".join(body))
    return f"""<!DOCTYPE html>
<html lang="{escape(language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy_of(_SCRIPT, "font-src data:")}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>{_font_face(title + content)}{_CSS}</style>
</head>
<body>
<main>
{content}
</main>
<script>{_SCRIPT}</script>
</body>
</html>
"""


def write_report(path, title, lead, sections, language="en"):
    """Write the page of :func:`render_report` to a file, whole or not at all.

    Parameters
    ----------
    path : str or path-like
        File to write; an existing one is replaced.
    title, lead, sections, language
        As in :func:`render_report`.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_report(f"{folder}/report.html", "Hotels", "A short one.", []).name
    'report.html'
    """
    return write_page(path, render_report(title, lead, sections, language))


def _render(piece):
    if isinstance(piece, str):
        return f"<p>{escape(piece)}</p>"
    if isinstance(piece, Mapping):
        pairs = "".join(
            f"<dt>{escape(str(name))}</dt><dd>{escape(str(value))}</dd>"
            for name, value in piece.items()
        )
        return f"<dl>{pairs}</dl>"
    if isinstance(piece, Table):
        return _render_table(piece)
    if isinstance(piece, Picture):
        caption = escape(piece.caption)
        drawn = to_svg(piece.figure, piece.caption)
        return f"<figure>{drawn}<figcaption>{caption}</figcaption></figure>"
    if isinstance(piece, Fold):
        content = "".join(map(_render, piece.pieces))
        return f"<details><summary>{escape(piece.title)}</summary>{content}</details>"
    if isinstance(piece, Link):
        return f"<p>{piece.render()}</p>"
    raise TypeError(
        "A piece of a report must be a str, a mapping, a Table, a Picture, a Link or a Fold. "
        f"Got {type(piece).__name__} instead."
    )


def _render_table(table):
    frame = table.frame
    numeric = {name: pd.api.types.is_numeric_dtype(column.dtype) for name, column in frame.items()}
    heads = [f'<th scope="col">{escape(str(frame.index.name or ""))}</th>']
    for name in frame.columns:
        *above, last = map(str, name) if isinstance(name, tuple) else [str(name)]
        small = f"<small>{escape(' '.join(above))}</small>" if above else ""
        kind = ' class="number"' if numeric[name] else ""
        # Browsers break lines at hyphens, which "V-measure" does not deserve
        last = re.sub(r"\S*-\S*", r"<span>\g<0></span>", escape(last))
        heads.append(f'<th scope="col"{kind}>{small}{last}</th>')
    rows = []
    for at, (label, row) in enumerate(frame.iterrows()):
        label = escape(str(label))
        kind = ' class="long"' if len(label) > _LONG_WORD else ""
        cells = [f'<th scope="row"{kind} data-value="{label}">{label}</th>']
        for name in frame.columns:
            error = ""
            if table.errors is not None and name in table.errors:
                error = table.errors[name].iloc[at]
            is_marked = (
                table.marks is not None and name in table.marks and table.marks[name].iloc[at]
            )
            style = table.formats.get(name, "{}")
            cells.append(_cell(row[name], style, numeric[name], error, is_marked))
        rows.append(f"<tr>{''.join(cells)}</tr>")
    note = f'<p class="note">{escape(table.note)}</p>' if table.note else ""
    return (
        f'<div class="scroll"><table class="sortable"><thead><tr>{"".join(heads)}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>{note}"
    )


def _cell(value, style, is_number, error, is_marked):
    """Return one <td>; data-value is what the column sorts by, absent where there is no value."""
    if pd.isna(value):
        return f'<td class="failed">{escape(error)}</td>' if error else "<td></td>"
    if isinstance(value, Excerpt):
        whole = escape(value.whole)
        title = escape(value.fold)
        fold = f"<details><summary>{title}</summary><p>{whole}</p></details>"
        return f'<td class="excerpt" data-value="{whole}">{escape(value.shown)}{fold}</td>'
    if isinstance(value, Link):
        return f'<td class="long" data-value="{escape(value.text)}">{value.render()}</td>'
    is_long = isinstance(value, str) and max(map(len, value.split()), default=0) > _LONG_WORD
    kinds = " ".join(["number"] * is_number + ["best"] * bool(is_marked) + ["long"] * is_long)
    kind = f' class="{kinds}"' if kinds else ""
    return f'<td{kind} data-value="{escape(str(value))}">{escape(style.format(value))}</td>'


def _font_face(text):
    """Return CSS that embeds the Chinese, Japanese and Korean letters of a text, or nothing."""
    letters = {letter for letter in text if letter >= "\u2e80"}
    path = find_cjk_font() if letters else None
    if path is None:
        return ""
    from fontTools import subset

    options = subset.Options(
        flavor="woff", layout_features=[], hinting=False, desubroutinize=True, name_IDs=[]
    )
    small = BytesIO()
    with subset.load_font(path, options) as font:
        letters = letters & set(map(chr, font.getBestCmap()))
        if not letters:  # browsers reject a font without any, as of emoji alone
            return ""
        subsetter = subset.Subsetter(options)
        subsetter.populate(text="".join(sorted(letters)))
        subsetter.subset(font)
        subset.save_font(font, small, options)
    data = base64.b64encode(small.getvalue()).decode()
    # First of all families and for these letters only: as a mere fallback, Chromium at times draws
    # a label before the font is ready and never again.
    return (
        '@font-face { font-family: "textvec CJK"; font-display: block; '
        "unicode-range: U+2E80-10FFFF; "
        f'src: url("data:font/woff;base64,{data}") format("woff"); }}\n'
    )
