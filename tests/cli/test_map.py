"""``textvec map``: the page it writes, and what it refuses."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from textvec.cli.compare import write_maps

from ..show.test_atlas import strings, unpacked
from .command import HOTELS, assert_refused, run

pytest.importorskip("openTSNE")


def test_a_page_of_a_table(hotels, tmp_path):
    out = tmp_path / "map.html"
    args = ("map", hotels, "--text", "desc", "--id", "code", "--out", out)
    done = run(*args, "--vectorizer", "tfidf", "--vectorizer", "tfidf-char")
    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith("4 items, tfidf and tfidf-char, ")
    head, parts = unpacked(out.read_text("utf-8"))
    assert strings(parts["ids"], parts["idLengths"]) == HOTELS["code"].tolist()
    assert [chart["name"] for chart in head["charts"]] == ["tfidf", "tfidf-char"]
    page = out.read_bytes()
    told = json.loads(
        run(*args, "--vectorizer", "tfidf", "--vectorizer", "tfidf-char", "--json").stdout
    )
    assert told == {
        "out": str(out), "items": 4, "bytes": len(page), "maps": ["tfidf", "tfidf-char"],
    }  # fmt: skip
    assert out.read_bytes() == page


def test_lines_of_a_text_file_in_chinese(tmp_path):
    lines = tmp_path / "lines.txt"
    lines.write_text("海边的酒店\n\n滑雪场的酒店\n海边的咖啡馆\n", encoding="utf-8")
    done = run("map", lines, "--out", tmp_path / "map.html", "--title", "酒店")
    assert done.exit_code == 0, done.stderr
    page = (tmp_path / "map.html").read_text("utf-8")
    assert '<html lang="zh">' in page
    assert "<h1>酒店</h1>" in page
    assert unpacked(page)[0]["n"] == 3


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((), "--text must name the column of texts"),
        (("--text", "desk"), "Is it 'desc'?"),
        (("--text", "desc", "--color", "prize"), "--color 'prize' is no column"),
        (("--text", "desc", *["--vectorizer", "tfidf"] * 3), "once or twice. Got 3"),
        (("--text", "desc", "--vectorizer", "tfid"), "Close to it: 'tfidf'"),
        (("--text", "desc", "-k", 0), "n_neighbours must be between 1 and 100"),
        (("--text", "desc", "--page-language", "fr"), "--page-language must be one of"),
        (("--text", "desc", "--vector-size", 3), "--vector-size is for lsa and word2vec only"),
        (("--text", "desc", "--out", "none/map.html"), "none/map.html: No such file"),
    ],
)
def test_bad_input_is_one_line(hotels, args, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert_refused(run("map", hotels, *args), message)


def test_the_file_that_is_read_is_not_written_over(hotels):
    before = hotels.read_bytes()
    assert_refused(run("map", hotels, "--text", "desc", "--out", hotels), "would write over")
    assert hotels.read_bytes() == before


def test_compare_writes_maps_and_leads_to_them(tmp_path):
    page, folder = tmp_path / "page.html", tmp_path / "maps"
    chosen = ("--task", "retrieval (en)", "--vectorizer", "counts", "--vectorizer", "lsa")
    done = run("compare", *chosen, "--html", page, "--maps", folder, "--page-language", "zh")
    assert done.exit_code == 0, done.stderr
    (made,) = folder.iterdir()
    assert made.name == "1-retrieval-en.html"
    text = page.read_text("utf-8")
    assert '<a href="maps/1-retrieval-en.html">在地图上看两者</a>' in text
    assert "<h2>该用哪种方法</h2>" in text
    map_page = made.read_text("utf-8")
    assert '<html lang="zh">' in map_page
    head, _ = unpacked(map_page)
    assert sorted(chart["name"] for chart in head["charts"]) == ["counts", "lsa"]
    assert_refused(run("compare", *chosen, "--page-language", "fr"), "--page-language must be one")


def test_a_map_of_compare_colours_by_the_labels_by_name(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr("textvec.evaluate.page.rivals", lambda *_: ("counts", "lsa"))
    monkeypatch.setattr("textvec.evaluate.compare.suited", lambda method, _: method)
    monkeypatch.setattr("textvec.recommend.maps.show_map", lambda *given: drawn.append(given))
    tasks = [SimpleNamespace(name="a", documents=["sea", "ski"], labels=np.array(["x", "y"]))]
    comparison = SimpleNamespace(tasks=tasks, vectorizers={"counts": None, "lsa": None})
    links = write_maps(comparison, tmp_path / "maps", tmp_path / "page.html")
    assert links == {"a": "maps/1-a.html"}
    color = drawn[0][5]
    assert (color.name, color.tolist()) == ("label", ["x", "y"])
