"""The HTML page and the figures: escaped, self-contained, whole or absent, Chinese included."""

import base64
import hashlib
import itertools
import os
import re
from html.parser import HTMLParser
from io import BytesIO

import numpy as np
import pandas as pd
import pytest

from textvec.show import plots
from textvec.show.report import Fold, Picture, Table, render_report, write_report

pytest.importorskip("matplotlib")

HOSTILE = "<script>alert('x')</script>\"&$"
CHINESE = "海滨度假酒店"


class Reader(HTMLParser):
    """Collects tags, attributes and text; fails on tags that do not match."""

    VOID = ("meta", "br", "link")

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.attributes, self.texts = [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def read(page):
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert not reader.open
    return reader


@pytest.fixture
def scores():
    index = ["counts", CHINESE, HOSTILE]
    return pd.DataFrame({"style": [0.5, 0.7, np.nan], "twins": [0.25, 1.0, 0.0]}, index=index)


def everything(scores):
    errors = pd.DataFrame({"style": ["", "", HOSTILE]}, index=scores.index)
    headed = scores.assign(**{HOSTILE: 1.0})
    headed[(HOSTILE, HOSTILE)] = HOSTILE
    table = Table(headed, {"style": "{:.2f}"}, errors, note=HOSTILE)
    costs = pd.DataFrame({HOSTILE: [1.0, 2.0, 3.0]}, index=scores.index)
    pictures = [
        plots.plot_scores(scores.rename(columns={"twins": HOSTILE})),
        plots.plot_counts(pd.Series([3, 5], index=[HOSTILE, CHINESE]), HOSTILE),
        plots.plot_tradeoff(scores["twins"].rename(HOSTILE), costs),
    ]
    content = [HOSTILE, {HOSTILE: HOSTILE}, table, *[Picture(one, HOSTILE) for one in pictures]]
    return render_report(HOSTILE, HOSTILE, [(HOSTILE, content)])


def test_nothing_is_taken_for_markup(scores):
    reader = read(everything(scores))
    assert reader.tags.count("script") == 1
    assert "b" not in reader.tags
    assert not [name for _, name, _ in reader.attributes if name.startswith("on")]
    assert sum(HOSTILE in text for text in reader.texts) >= 12


def test_the_page_loads_nothing_and_lets_one_script_run(scores):
    page = everything(scores)
    reader = read(page)
    for tag, name, value in reader.attributes:
        if name in ("src", "href", "xlink:href"):
            assert value.startswith("#"), (tag, name, value)
    assert all(url.startswith(('"data:', "#")) for url in re.findall(r"url\(([^)]{1,9})", page))
    assert ("meta", "http-equiv", "Content-Security-Policy") in reader.attributes
    policy = next(value for *_, value in reader.attributes if "default-src" in (value or ""))
    assert "default-src 'none'" in policy
    script = re.search(r"<script>(.*?)</script>", page, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy


def test_the_table_reads_without_the_script_and_sorts_by_values():
    frame = pd.DataFrame(
        {("style", "accuracy"): [0.12345, np.nan], "n": [1200, 7], "text": ["x", None]},
        index=pd.Index(["a", "b"], name="method"),
    )
    errors = pd.DataFrame({("style", "accuracy"): ["", "ValueError: no words"]}, index=frame.index)
    formats = {("style", "accuracy"): "{:.3f}", "n": "{:,}"}
    page = render_report("t", "l", [("s", [Table(frame, formats, errors)])])
    assert '<th scope="col" class="number"><small>style</small>accuracy</th>' in page
    assert '<td class="number" data-value="0.12345">0.123</td>' in page
    assert '<td class="failed">ValueError: no words</td>' in page
    assert '<td class="number" data-value="1200">1,200</td>' in page
    assert '<th scope="row" data-value="b">b</th>' in page
    assert "<td></td>" in page


def test_the_same_content_gives_the_same_page(scores):
    assert everything(scores) == everything(scores)


def test_text_in_figures_is_text(scores):
    svg = plots.to_svg(plots.plot_scores(scores.rename({"counts": "$x^2$"})), "Scores & more")
    assert svg.startswith('<svg role="img" aria-label="Scores &amp; more"')
    assert f">{CHINESE}</text>" in svg
    assert ">failed</text>" in svg
    assert ">$x^2$</text>" in svg
    assert ">0.700</text>" in svg
    assert "<metadata>" not in svg
    assert "DOCTYPE" not in svg


def test_chinese_letters_are_embedded_and_only_where_there_are_any():
    pytest.importorskip("mplfonts")
    from fontTools.ttLib import TTFont

    page = render_report(CHINESE, "", [("", [f"{CHINESE}\ud800 abc"])])
    data = re.search(r'url\("data:font/woff;base64,([^"]+)"\)', page)[1]
    font = TTFont(BytesIO(base64.b64decode(data)))
    assert set(map(chr, font.getBestCmap())) == set(CHINESE)
    assert len(data) < 20_000
    assert "@font-face" not in render_report("latin", "", [])


def test_png_has_glyphs_for_chinese(tmp_path):
    pytest.importorskip("mplfonts")
    figure = plots.plot_counts(pd.Series([3, 5], index=[CHINESE, "spa"]))
    figure.savefig(tmp_path / "counts.png")  # a missing glyph would be a warning, hence an error
    assert (tmp_path / "counts.png").stat().st_size > 2_000


def test_no_font_is_embedded_that_has_none_of_the_letters():
    """Browsers reject one without letters."""
    pytest.importorskip("mplfonts")
    for text in ("😀", "\ufffd", "\ue000", "\ufe8d"):
        assert "@font-face" not in render_report(text, "", [])
    assert "@font-face" in render_report("😀 酒", "", [])


def test_without_a_chinese_font_the_browser_draws(monkeypatch, scores):
    from matplotlib import font_manager

    monkeypatch.setattr(plots, "find_cjk_font", lambda: None)
    monkeypatch.setattr("textvec.show.report.find_cjk_font", lambda: None)
    monkeypatch.setattr(font_manager.fontManager, "ttflist", font_manager.fontManager.ttflist[:0])
    svg = plots.to_svg(plots.plot_scores(scores), "Scores")
    assert f">{CHINESE}</text>" in svg
    assert "@font-face" not in render_report(CHINESE, "", [])


def test_figures_leave_no_trace(scores):
    import matplotlib

    before = dict(matplotlib.rcParams)
    plots.to_svg(plots.plot_scores(scores), "Scores")
    assert dict(matplotlib.rcParams) == before


def test_a_single_method_or_no_score_at_all_still_draws():
    index = ["only"]
    plots.to_svg(plots.plot_scores(pd.DataFrame({"style": [np.nan]}, index=index)), "")
    quality = pd.Series([np.nan], index=index, name="score")
    costs = pd.DataFrame({"fit seconds": [np.nan], "documents/s": [1.0]}, index=index)
    plots.to_svg(plots.plot_tradeoff(quality, costs), "")
    plots.to_svg(plots.plot_tradeoff(quality.fillna(0.5), costs.fillna(2.0)), "")


def test_the_front_holds_the_methods_that_nobody_beats():
    scores = np.array([0.5, 0.7, 0.6, 0.7, np.nan, 0.9])
    costs = np.array([1.0, 2.0, 3.0, 1.5, 0.1, np.nan])
    assert plots._unbeaten(scores, costs) == [0, 3]


@pytest.mark.parametrize(
    "costs", [[2e-3, 0.1], [33_000, 48_000], [1e-5, 1e6], [0.011, 0.0111], [3.0, 3.0], [900, 5000]]
)
def test_a_few_round_numbers_label_every_range(costs):
    quality = pd.Series([0.1, 0.2], index=["a", "b"], name="score")
    figure = plots.plot_tradeoff(quality, pd.DataFrame({"seconds": costs}, index=["a", "b"]))
    (axes,) = figure.axes
    low, high = axes.get_xlim()
    ticks = axes.get_xticks()
    assert 2 <= len(ticks) <= 5
    assert low <= min(ticks)
    assert max(ticks) <= high
    figure.draw_without_rendering()
    boxes = [label.get_window_extent() for label in axes.get_xticklabels()]
    assert all(a.x1 < b.x0 for a, b in itertools.pairwise(boxes))


def test_what_is_folded_is_escaped_and_there():
    fold = Fold("<b>more</b>", ["a & b", Table(pd.DataFrame({"V-measure": [1.0]}, index=["x"]))])
    page = render_report("T", "", [("S", [fold])])
    assert "<details><summary>&lt;b&gt;more&lt;/b&gt;</summary><p>a &amp; b</p>" in page
    assert "<span>V-measure</span></th>" in page


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    write_report(path, "first", "", [])
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_report(path, "second", "", [])
    monkeypatch.undo()
    assert "first" in path.read_text(encoding="utf-8")
    assert list(tmp_path.iterdir()) == [path]
    assert write_report(str(path), "lone \ud800 surrogate", "", []) == path
    assert "lone \ufffd surrogate" in path.read_text(encoding="utf-8")
    with pytest.raises(FileNotFoundError):
        write_report(tmp_path / "absent" / "report.html", "", "", [])


def test_pieces_must_be_known():
    with pytest.raises(TypeError, match="a Table, a Picture, a Link or a Fold. Got int"):
        render_report("", "", [("", [3])])
