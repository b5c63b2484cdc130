"""Every example runs, and shows what its text says."""

import runpy
from pathlib import Path

import numpy as np
import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture
def run(monkeypatch):
    """Run an example without a screen; return its names and the figures it shows."""
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.switch_backend("agg")
    shown = []
    monkeypatch.setattr(plt, "show", lambda: shown.append(plt.gcf()))
    yield lambda name: (runpy.run_path(str(EXAMPLES / name)), shown)
    plt.close("all")


def test_toy_skipgram(run):
    names, (figure,) = run("plot_toy_skipgram.py")
    assert len(names["SENTENCES"]) == 13
    words, losses = names["words"], names["losses"]
    assert losses[0] == pytest.approx(np.log(len(words)), abs=0.01)
    assert losses[-1] < 0.8 * losses[0]
    assert (np.diff(losses) < 0.01).all()
    history = names["model"].loss_history_
    assert history[-1] < 0.8 * history[0]
    for vectors in (names["vectors"], names["table"][words]):
        between = np.linalg.norm(vectors[:, None] - vectors[None], axis=2)
        far = np.median(between[np.triu_indices(len(words), 1)])
        for a, b in [("plays", "tunes"), ("chases", "fears"), ("violin", "piano")]:
            assert between[words.index(a), words.index(b)] < 0.8 * far
    labels = [[text.get_text() for text in ax.texts] for ax in figure.axes]
    assert labels == [words, words]


def test_gradients_are_the_slopes_of_the_loss(run):
    names, _ = run("plot_toy_skipgram.py")
    gradients, pairs = names["gradients"], names["pairs"]
    rng = np.random.default_rng(0)
    tables = rng.normal(size=(2, len(names["words"]), 2))
    _, *slopes = gradients(*tables, pairs)
    for which in (0, 1):
        for place in ((0, 0), (7, 1)):
            ends = []
            for step in (1e-5, -1e-5):
                moved = tables.copy()
                moved[which][place] += step
                ends.append(gradients(*moved, pairs)[0])
            assert slopes[which][place] == pytest.approx((ends[0] - ends[1]) / 2e-5, abs=1e-7)
