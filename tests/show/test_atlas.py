"""The map page: whole, packed, the same each time, and nothing of the data in its markup."""

import base64
import hashlib
import json
import re
import zlib

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from textvec.show.atlas import Atlas, Chart, Region, render_atlas, write_atlas

HOSTILE = "</script></template><script>document.title='owned'</script><img src=x onerror=1>"


def unpacked(page):
    """Return the head and the parts of a page, read as its script reads them."""
    data = zlib.decompress(
        base64.b64decode(re.search(r'<template id="data">(.*?)</template>', page)[1])
    )
    length = int.from_bytes(data[:4], "little")
    head, body = json.loads(data[4 : 4 + length]), data[4 + length :]
    parts = {}
    for name, kind, start, size in head["parts"]:
        part = body[start : start + size]
        if kind == "text":
            parts[name] = part.decode()
        elif kind == "f8":
            parts[name] = np.frombuffer(part, "<f8")
        else:
            octets = np.frombuffer(part, np.uint8).reshape(int(kind), -1).astype(np.int64)
            parts[name] = sum(row << (8 * at) for at, row in enumerate(octets))
    return head, parts


def strings(text, lengths):
    """Cut a text as JavaScript counts its letters."""
    octets, ends = text.encode("utf-16-le"), np.cumsum(lengths) * 2
    return [octets[end - 2 * n : end].decode("utf-16-le") for n, end in zip(lengths, ends)]


def chart(n, k=3, name="words", **more):
    rng = np.random.default_rng(0)
    places = rng.normal(size=(n, 2))
    neighbours = (
        np.array([rng.permutation(n)[:k] for _ in range(n)]) if n >= k else -np.ones((n, k), int)
    )
    return Chart(name, places, neighbours, rng.uniform(-0.2, 1, (n, k)), **more)


def test_what_is_packed_is_what_was_given():
    texts = ["sea 海", "", "😀 emoji", "שלום", "line\nbreak", "x" * 500]
    terms = sparse.csr_matrix([[0.5, 0.1], [0, 0], [0, 1.0], [0, 0], [0.2, 0], [0, 0]])
    given = chart(
        6, terms=terms, term_names=["海", "emoji"], regions=[Region(1, (0.0, 0.0), "sea")]
    )
    given.neighbours[2] = [4, -1, -1]
    columns = pd.DataFrame(
        {"price": [1.5, None, 3, 4, 5, 6], "kind": ["a", "b", "b", None, "b", "a"]}
    )
    page = render_atlas(
        Atlas("T", texts, [given], names=list("abcdef"), columns=columns, color="kind")
    )
    head, parts = unpacked(page)
    assert strings(parts["texts"], parts["textLengths"]) == texts
    assert strings(parts["ids"], parts["idLengths"]) == list("abcdef")
    near = parts["near0"].reshape(6, 3)
    assert_array_equal(np.where(near == 0xFFFFFF, -1, near), given.neighbours)
    about = head["charts"][0]
    scores = parts["scores0"].reshape(6, 3) / 65535 * (about["high"] - about["low"]) + about["low"]
    is_there = given.neighbours >= 0
    assert_allclose(scores[is_there], given.scores[is_there], atol=2e-5)
    x, y = parts["x0"], parts["y0"]
    spread = max(np.ptp(given.places, axis=0))
    for one, axis in ((x, 0), (y, 1)):
        assert_allclose(np.diff(one) / 65535 * spread, np.diff(given.places[:, axis]), atol=1e-3)
    assert (min(x.min(), y.min()), max(x.max(), y.max())) == (0, 65535)
    assert_array_equal(parts["counts0"], [2, 0, 1, 0, 1, 0])
    assert_array_equal(parts["terms0"], [0, 1, 1, 0])
    assert_array_equal(parts["weights0"], [128, 26, 255, 51])
    price, kind = head["columns"]
    assert (price["kind"], price["low"], price["high"]) == ("numbers", 1.5, 6)
    assert_allclose(parts["values0"], [1.5, np.nan, 3, 4, 5, 6])
    assert kind["names"] == ["b", "a"]  # the most frequent first
    assert_array_equal(parts["codes1"], [1, 0, 0, 2, 0, 1])
    assert head["coloured"] == 1
    assert about["regions"][0]["label"] == "sea"


def test_the_same_data_give_the_same_bytes(tmp_path):
    pages = [
        write_atlas(tmp_path / f"{i}.html", Atlas("T", ["a", "b", "c"], [chart(3)])).read_bytes()
        for i in range(2)
    ]
    assert pages[0] == pages[1]


def test_nothing_of_the_data_is_markup_and_the_policy_knows_the_script():
    names = [HOSTILE, "b", "c"]
    columns = pd.DataFrame({HOSTILE: names})
    harmless = render_atlas(Atlas("T", list("abc"), [chart(3)], names=list("abc")))
    page = render_atlas(
        Atlas(
            HOSTILE,
            names,
            [chart(3, name=HOSTILE)],
            names,
            columns,
            notes=[HOSTILE],
            text_name=HOSTILE,
        )
    )
    assert "onerror" not in page.replace("&lt;img src=x onerror=1&gt;", "")
    tags = [re.findall(r"<[a-zA-Z/!][^>]*>", one) for one in (harmless, page)]
    assert tags[0] == tags[1]
    script = re.search(r"<script>(.*?)</script>", page, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = re.search(r'Content-Security-Policy" content="(.*?)"', page)[1]
    assert policy.startswith("default-src 'none'; ")
    assert f"script-src 'sha256-{digest}';" in policy
    assert "base-uri 'none'" in policy
    assert "form-action 'none'" in policy
    for word in (
        "innerHTML",
        "outerHTML",
        "insertAdjacent",
        "document.write",
        "eval(",
        "Function(",
    ):
        assert word not in script


def test_numbers_far_above_the_rest_are_on_a_logarithmic_scale():
    columns = {
        "mentions": [2, 5, 9, 803],
        "visits": [0, 0, 3, 90],
        "price": [80, 90, 120, 700],
        "gain": [-1, 1, 2, 900],
        "share": [0.001, 0.002, 0.001, 0.5],
        "none": [np.nan] * 4,
    }
    atlas = Atlas("A", ["a"] * 4, [chart(4)], columns=pd.DataFrame(columns))
    head, _ = unpacked(render_atlas(atlas))
    by_logarithm = [column["name"] for column in head["columns"] if column["log"]]
    assert by_logarithm == ["mentions", "visits"]


def test_lone_surrogates_and_steering_characters_are_shown_as_signs(tmp_path):
    texts = ["\ud800 half", "annexe\u202egpj.exe", "\x1b[31m"]
    page = write_atlas(tmp_path / "map.html", Atlas("\ud800", texts, [chart(3)])).read_text("utf-8")
    head, parts = unpacked(page)
    assert strings(parts["texts"], parts["textLengths"]) == [
        "\ufffd half",
        "annexe\ufffdgpj.exe",
        "␛[31m",
    ]
    assert head["n"] == 3


def test_a_column_of_all_distinct_values_and_one_of_lists():
    n = 3000
    columns = pd.DataFrame(
        {"id": [f"x{i}" for i in range(n)], "tags": [["a", "b"]] * n, "yes": [True] * n}
    )
    head, parts = unpacked(render_atlas(Atlas("T", ["t"] * n, [chart(n)], columns=columns)))
    assert len(head["columns"][0]["names"]) == n
    assert head["columns"][1]["names"] == ["['a', 'b']"]
    assert head["columns"][2]["names"] == ["True"]
    assert parts["codes0"].max() == n - 1


@pytest.mark.parametrize("n", [1, 2])
def test_one_item_and_places_that_are_all_one(n):
    places = np.zeros((n, 2))
    one = Chart("words", places, np.full((n, 1), -1), np.zeros((n, 1)))
    _, parts = unpacked(render_atlas(Atlas("T", ["a"] * n, [one])))
    assert set(parts["x0"]) == {32768}


@pytest.mark.slow
def test_ten_thousand_texts_of_two_hundred_letters_are_at_most_four_megabytes():
    rng = np.random.default_rng(0)
    words = [
        "".join(rng.choice(list("abcdefghijklmnopqrstuvwxyz"), rng.integers(2, 10)))
        for _ in range(8000)
    ]
    ranks = np.minimum(rng.zipf(1.3, (10_000, 34)) - 1, 7999)
    texts = [" ".join(words[rank] for rank in row)[:200] for row in ranks]
    page = render_atlas(Atlas("T", texts, [chart(10_000, 10), chart(10_000, 10)]))
    assert len(page) < 4_000_000
