"""Names on a map: beside their points, on nothing else, and few of them laid out in vain."""

from io import BytesIO

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("matplotlib")

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg

from textvec.show.plots import plot_points


def a_full_map(n_points):
    rng = np.random.default_rng(0)
    places = rng.integers(5, size=(n_points, 2)) * 20 + rng.normal(0, 4, (n_points, 2))
    return places, [f"Hotel {i}" if i % 3 else f"酒店 {i}" for i in range(n_points)]


def boxes_of(figure):
    renderer = FigureCanvasAgg(figure).get_renderer()
    return {text.get_text(): text.get_window_extent(renderer) for text in figure.axes[0].texts}


def test_names_cover_no_other_name_and_no_point():
    places, names = a_full_map(300)
    figure = plot_points(places, names)
    axes, boxes = figure.axes[0], boxes_of(figure)
    assert 20 < len(boxes) < 300
    frame = axes.get_window_extent()
    points = axes.transData.transform(places)
    corners = np.array([box.extents for box in boxes.values()])  # (n_names, 4), in pixels
    assert corners[:, 0].min() >= frame.x0
    assert corners[:, 2].max() <= frame.x1
    for x0, y0, x1, y1 in corners:
        inside = (points > (x0, y0)).all(axis=1) & (points < (x1, y1)).all(axis=1)
        assert not inside.any()
        shared = np.minimum(corners[:, 2:], (x1, y1)) - np.maximum(corners[:, :2], (x0, y0))
        assert (shared.min(axis=1) > 1).sum() == 1  # of itself; pixels are not halved


def test_earlier_names_come_first():
    places, names = a_full_map(60)
    twice = plot_points(np.repeat(places, 2, axis=0), np.repeat(names, 2).tolist())
    assert "Hotel 1" in boxes_of(twice)
    assert list(boxes_of(plot_points([[0, 0], [0, 0], [1, 1]], ["Quay", "Pier", "Dune"]))) == [
        "Quay",
        "Pier",
        "Dune",
    ]
    crowd = plot_points([[0, 0]] * 9 + [[1, 1]], [f"Quay {i}" for i in range(10)])
    assert list(boxes_of(crowd)) == ["Quay 0", "Quay 1", "Quay 9"]


@pytest.mark.parametrize("name", ["", "  ", "\n", "two\nlines", "长" * 200, "a" * 2000])
def test_any_name(name):
    boxes = boxes_of(plot_points([[0, 0], [1, 1]], [name, "Quay"]))
    assert "Quay" in boxes
    assert (name in boxes) == (0 < len(name) < 20)


def test_few_names_are_laid_out_in_vain(monkeypatch):
    laid_out = []
    annotate = Axes.annotate

    def counted(self, *args, **kwargs):
        laid_out.append(args[0])
        return annotate(self, *args, **kwargs)

    monkeypatch.setattr(Axes, "annotate", counted)
    written = len(boxes_of(plot_points(*a_full_map(600))))
    assert written > 10
    assert len(laid_out) <= 5 * written  # of 1,200 that could be


def test_signs_that_no_font_has_are_left_out_of_labels(recwarn):
    color = pd.Series(["\U0001f339 rose", "\U0001f33b"], name="\U0001f300")
    figure = plot_points([[0, 0], [1, 1]], ["Quay \U0001f339\ufe0f", "\U0001f33b"], color)
    figure.savefig(BytesIO())
    assert not recwarn.list
    assert [text.get_text() for text in figure.axes[0].texts] == ["Quay", "\ufffd"]
    legend = figure.axes[0].get_legend().get_texts()
    assert sorted(text.get_text() for text in legend) == ["rose", "\ufffd"]
