"""The map page in a real browser: what it draws, what it answers, and that nothing in it runs."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from textvec import TfidfVectorizer, show_map
from textvec.recommend.maps import MapOptions
from textvec.show.atlas import Atlas, Chart, Region, write_atlas

from .browsers import Browser, find_browser
from .show.test_atlas import unpacked
from .test_injection import HOSTILE, TITLE

pytest.importorskip("openTSNE")
pytestmark = pytest.mark.skipif(find_browser() is None, reason="No Chromium is installed")
WORDS = [
    ["harbour", "oysters", "quay", "sails"],
    ["ski", "lift", "slope", "snow"],
    ["海滩", "游泳"],
]
SHOWN = "document.getElementById('shown')"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with Browser(tmp_path_factory.mktemp("profile")) as one:
        yield one


@pytest.fixture(scope="module")
def twins(tmp_path_factory):
    """Return a page of 300 items in three groups, embedded twice, and its packed parts."""
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(WORDS[i % 3], 8)) + f" n{i % 7}" for i in range(300)]
    frame = pd.DataFrame(
        {
            "text": texts,
            "name": [f"item {i}" for i in range(300)],
            "group": [["sea", "mountain", "中国"][i % 3] for i in range(300)],
            "price": np.arange(300) / 2,
            "formula": ["=1+1", "-3", "plain"] * 100,
        }
    )
    ways = {
        "words": TfidfVectorizer(token_pattern=r"\S+"),
        "random": rng.normal(size=(300, 8)) + 6 * np.eye(8)[np.arange(300) % 3],
    }
    path = tmp_path_factory.mktemp("page") / "map.html"
    show_map(ways, frame, path, text="text", ids="name", color="group", options=MapOptions(5))
    return path, frame, unpacked(path.read_text("utf-8"))[1]


@pytest.fixture
def page(browser, twins):
    browser.resize(1280, 800)
    browser.dark(False)
    browser.open(twins[0])
    return browser


def place_of(browser, item, chart=0):
    """Return where an item is in the window."""
    found = browser.run(
        f"(() => {{ const c = charts[{chart}], box = c.names.getBoundingClientRect();"
        f" return [box.left + c.sx(c.x[{item}]), box.top + c.sy(c.y[{item}])]; }})()"
    )
    return tuple(found)


def test_a_click_shows_the_item_and_its_neighbours_in_both_maps(page, twins):
    _, frame, parts = twins
    for chart in (0, 1):
        page.click(*place_of(page, 40, chart))
        item = page.run("taken")
        shown = page.run(f"{SHOWN}.innerText")
        assert frame["name"][item] in shown
        assert frame["text"][item] in shown
        lists = page.run(
            f"[...{SHOWN}.querySelectorAll('ul')].map(list => "
            "[...list.querySelectorAll('.row span')].map(one => one.textContent))"
        )
        for at, names in enumerate(lists):
            rows = parts[f"near{at}"].reshape(300, 5)[item]
            assert names == frame["name"].iloc[rows].tolist()
    same = parts["common"][item]
    assert f"{same} of 5 the same" in shown
    chips = page.run(f"[...{SHOWN}.querySelectorAll('.chips span')].map(one => one.textContent)")
    assert set(chips) & set(frame["text"][item].split())
    assert page.messages == []
    assert [one for one in page.requests if not one.startswith(("file:", "about:"))] == []


def test_the_search_finds_words_and_chinese_as_one_types(page, twins):
    _, frame, _ = twins
    for asked in ("OYSTERS", "海滩", "ski n3", "item 29", "nowhere"):
        page.run("document.getElementById('search').value = ''")
        page.press("/")
        page.write(asked)
        expected = [
            i for i, (text, name) in enumerate(zip(frame["text"], frame["name"]))
            if all(part in text or part in name for part in asked.lower().split())
        ]  # fmt: skip
        page.wait(f"found && picked().length === {len(expected)}")
        assert page.run("picked()") == expected
        assert f"{len(expected)} found" in page.run(f"{SHOWN}.innerText")
    page.press("Escape")
    assert page.run("found") is None
    assert page.run("document.getElementById('count').textContent") == "300 items"


def test_a_lasso_takes_what_is_in_it_and_saves_it(page, twins):
    _, frame, _ = twins
    box = page.run("(b => [b.left, b.top])(charts[0].names.getBoundingClientRect())")
    corners = [(60, 90), (330, 100), (300, 420), (70, 380), (60, 90)]
    page.drag([(box[0] + x, box[1] + y) for x, y in corners], shift=True)
    taken = page.run("picked()")
    places = page.run(
        "(c => Array.from({length: n}, (_, i) => [c.sx(c.x[i]), c.sy(c.y[i])]))(charts[0])"
    )
    from matplotlib.path import Path

    inside = np.flatnonzero(Path(corners).contains_points(places))
    assert taken == inside.tolist()
    assert 0 < len(taken) < 300
    assert page.run("tab") == "list"
    page.run("URL.createObjectURL = blob => { window.kept = blob; return '#'; }; save(picked())")
    saved = page.run(
        "kept.arrayBuffer().then(all => new TextDecoder('utf-8', {ignoreBOM: true}).decode(all))"
    )
    assert saved.startswith("\ufeff")
    lines = saved[1:].splitlines()
    assert lines[0] == '"id","text","group","price","formula"'
    first = frame.iloc[taken[0]]
    formula = {"=1+1": "'=1+1"}.get(first["formula"], first["formula"])
    price = np.format_float_positional(first["price"], trim="-")
    assert lines[1] == f'"{first["name"]}","{first["text"]}","{first["group"]}",{price},"{formula}"'
    assert len(lines) == len(taken) + 1


def test_the_legend_filters_and_colours_change(page, twins):
    _, frame, _ = twins
    keys = "document.querySelectorAll('#keys button')"
    assert page.run(f"[...{keys}].map(one => one.innerText.replace(/\\s+/g, ' '))") == [
        "mountain 100", "sea 100", "中国 100"
    ]  # fmt: skip
    page.run(f"{keys}[1].click()")
    assert page.run("picked()") == np.flatnonzero(frame["group"] != "sea").tolist()
    assert page.run("document.getElementById('count').textContent") == "200 of 300 items"
    options = page.run("[...document.getElementById('colour').options].map(one => one.text)")
    assert options[:2] == ["one colour", "neighbours in common"]
    at = options.index("price")
    page.run(
        f"(box => {{ box.value = {at}; box.dispatchEvent(new Event('change')); }})($('colour'))"
    )
    assert page.run("picked().length") == 300
    assert page.run("new Set(paint).size") > 100


@pytest.mark.parametrize("width", [390, 1280])
def test_an_item_at_the_edge_of_the_whole_map_leaves_it_in_place(page, width):
    page.resize(width, 800)
    page.wait(f"innerWidth === {width} && charts[0].width <= {width}")
    for axis in "xy":
        for end in ("Math.min", "Math.max"):
            page.run("charts.forEach(chart => chart.reset())")
            page.run(f"take(charts[1].{axis}.indexOf({end}(...charts[1].{axis})))")
            assert page.run("charts[1].cx === SIDE / 2 && charts[1].cy === SIDE / 2")
    page.run("charts[1].zoom(300); take(charts[1].x.indexOf(Math.min(...charts[1].x)))")
    assert page.run("charts[1].cx === Math.min(...charts[1].x)")


def test_what_changes_most_has_reasons(page, twins):
    _, frame, parts = twins
    page.run("document.getElementById('tab-changes').click()")
    shown = page.run(f"{SHOWN}.innerText")
    assert f"On average {parts['common'].mean():.1f} of 5" in shown
    first = page.run("changed.slice(0, 50)")
    assert parts["common"][first].tolist() == sorted(parts["common"])[:50]
    assert frame["name"][first[0]] in shown
    sides = page.run(f"{SHOWN}.querySelectorAll('li')[0].querySelectorAll('.side').length")
    assert sides == 2


def test_it_is_worked_by_keys_alone(page):
    page.run("charts[0].names.focus()")
    before = page.run("[charts[0].scale, charts[0].cx]")
    page.press("+")
    page.press("ArrowRight")
    after = page.run("[charts[0].scale, charts[0].cx]")
    assert after[0] > before[0]
    assert after[1] > before[1]
    page.press("0")
    assert page.run("charts[0].scale") == before[0]
    page.run("charts[0].cx = charts[0].x[7]; charts[0].cy = charts[0].y[7]; charts[0].zoom(30)")
    page.press("Enter")
    taken = page.run("taken")
    assert taken >= 0
    assert page.run("document.getElementById('tip').hidden") is False
    page.press("l")
    assert page.run("lassoing") is True
    page.press("Escape")
    assert page.run("taken") == -1


def test_the_wheel_zooms_about_the_mouse(page):
    x, y = place_of(page, 12)
    page.mouse("mouseWheel", x, y, deltaX=0, deltaY=-200)
    page.wait("charts[0].magnified > 1.3")
    after = place_of(page, 12)
    assert np.hypot(after[0] - x, after[1] - y) < 1


def test_dark_light_and_the_width_of_a_phone(page):
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.run(ground)
    page.dark(True)
    page.wait(f"{ground} !== '{light}'")
    page.press("d")
    assert page.run(ground) == light
    page.resize(390, 780, 2, True)
    page.wait("innerWidth === 390 && charts[0].width < 391")
    assert page.run("document.documentElement.scrollWidth") <= 390
    assert page.run("charts.every(chart => chart.height > 120)")
    assert page.run(f"{SHOWN}.getBoundingClientRect().height") > 100


CONTRASTS = """(() => {
  const bytes = text => text[0] === "#"
    ? [1, 3, 5].map(at => parseInt(text.slice(at, at + 2), 16))
    : text.match(/[0-9.]+/g).map(Number);
  const luminance = colour => colour.slice(0, 3).map(one => one / 255)
    .map(one => one <= .04045 ? one / 12.92 : ((one + .055) / 1.055) ** 2.4)
    .reduce((sum, one, at) => sum + one * [.2126, .7152, .0722][at], 0);
  const contrast = (a, b) => {
    const [low, high] = [luminance(a), luminance(b)].sort((p, q) => p - q);
    return (high + .05) / (low + .05);
  };
  const shades = [...HUES, ...Array.from({length: 65}, (_, i) => mixed(i / 64))];
  const points = shades.map(one => [contrast(bytes(one), bytes(style("--ground"))), one]);
  const words = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.data.trim(), one = walker.currentNode.parentElement;
    if (!text || /SCRIPT|OPTION/.test(one.tagName) || !one.checkVisibility()) continue;
    let under = one, share = 1;
    const paper = () => bytes(getComputedStyle(under).backgroundColor);
    while (paper()[3] === 0) under = under.parentElement;
    for (let at = one; at; at = at.parentElement) share *= getComputedStyle(at).opacity;
    const ink = bytes(getComputedStyle(one).color).slice(0, 3);
    const seen = ink.map((part, at) => part * share + paper()[at] * (1 - share));
    words.push([contrast(seen, paper()), text]);
  }
  return [points, words];
})()"""


@pytest.mark.parametrize("is_dark", [False, True])
def test_points_and_words_stand_out_from_their_ground(page, is_dark):
    page.dark(is_dark)
    page.wait(f"isDark() === {str(is_dark).lower()}")
    page.run("document.querySelector('#keys button').click(); take(3)")
    points, words = page.run(CONTRASTS)
    assert min(points)[0] >= 3, min(points)  # WCAG 2.2, 1.4.11
    assert len(words) > 20
    assert min(words)[0] >= 4.5, min(words)  # 1.4.3


def test_points_are_drawn_where_items_are(page):
    pixel = (
        "(c, x, y) => [...c.points.getContext('2d')"
        ".getImageData(Math.round(x * c.ratio), Math.round(y * c.ratio), 1, 1).data].slice(0, 3)"
    )
    places = "[c.sx(c.x[i]), c.sy(c.y[i])]"
    colours = page.run(f"(c => [10, 11, 12].map(i => ({pixel})(c, ...{places})))(charts[0])")
    ground = page.run(f"({pixel})(charts[0], 1, 1)")
    assert ground == [250, 251, 252]
    for colour in colours:
        assert np.abs(np.subtract(colour, ground)).max() > 60


def test_labels_do_not_overlap_at_any_zoom(page):
    for zoom in (1, 4, 16):
        boxes = page.run(
            "(() => { const c = charts[0], old = c.label.bind(c); let kept;"
            " c.label = (...given) => { kept = given[1]; return old(...given); };"
            f" c.reset(); c.zoom({zoom}); c.paint(); delete c.label; return kept; }})()"
        )
        boxes = np.array(boxes[2:])  # after those of the buttons
        for at, (a, b, c, d) in enumerate(boxes):
            rest = np.delete(boxes, at, axis=0)
            over = (rest[:, 0] < c) & (rest[:, 2] > a) & (rest[:, 1] < d) & (rest[:, 3] > b)
            assert not over.any()


def test_labels_stay_in_a_narrow_pane_and_names_leave_points_to_be_seen(browser, tmp_path):
    rng = np.random.default_rng(0)
    names = [f"person {i}" for i in range(40)]
    region = Region(0, (0.0, 0.0), " · ".join(["incomprehensibilities " * 2] * 3))
    places = rng.normal(size=(40, 2))
    near = np.full((40, 1), -1)
    atlas = Atlas("A", names, [Chart("a", places, near, np.zeros((40, 1)))], is_named=True)
    browser.resize(1000, 800)
    browser.open(write_atlas(tmp_path / "people.html", atlas))
    placed, points = browser.run(
        "(() => { const c = charts[0], old = c.label.bind(c); let kept;"
        " c.label = (...given) => { kept = given[1]; return old(...given); }; c.paint();"
        " return [kept, Array.from({length: n}, (_, i) => [c.sx(c.x[i]), c.sy(c.y[i])])]; })()"
    )
    x, y = np.array(points).T
    assert len(placed) > 25
    for a, b, c, d in placed[1:]:
        assert not ((x > a) & (x < c) & (y > b) & (y < d)).any()
    atlas = replace(atlas, charts=[replace(atlas.charts[0], regions=[region])] * 2)
    browser.resize(700, 500)
    browser.open(write_atlas(tmp_path / "region.html", atlas))
    a, b, c, d, width, height = browser.run(
        "(() => { const c = charts[0], old = c.label.bind(c), kept = [];"
        " c.label = (...given) => { const is = old(...given);"
        " kept.push(given[1].at(-1)); return is; };"
        " c.paint(); return [...kept[0], c.width, c.height]; })()"
    )
    assert 0 <= a < c <= width
    assert 0 <= b < d <= height
    assert d - b > 40  # in lines


def test_an_address_leads_to_an_item(browser, twins):
    browser.open(f"{twins[0].as_uri()}#item=item%20200")
    assert browser.run("taken") == 200
    browser.open(f"{twins[0].as_uri()}#find=oysters")
    assert browser.run("picked().length") > 0


def hostile_page(path):
    """Write a page in which all that can be hostile is."""
    n = len(HOSTILE)
    frame = pd.DataFrame(dict.fromkeys(HOSTILE[:5], HOSTILE))
    frame["text"] = [f"sea {name} view" for name in HOSTILE]
    ways = {
        HOSTILE[0]: TfidfVectorizer(token_pattern=r"\S+"),
        HOSTILE[1]: np.random.default_rng(0).random((n, 4)),
    }
    ids = HOSTILE[::-1]
    show_map(ways, frame, path, text="text", ids=ids, color=HOSTILE[0], title=HOSTILE[4])
    return path


@pytest.mark.filterwarnings("ignore:.*items ha(s|ve) no neighbour")
def test_hostile_texts_run_nothing_and_load_nothing(browser, tmp_path):
    path = hostile_page(tmp_path / "map.html")
    browser.open(path)
    title = browser.run("document.title")
    assert title == HOSTILE[4]
    for item in range(len(HOSTILE)):
        browser.run(f"take({item})")
        places = f"c.sx(c.x[{item}]), c.sy(c.y[{item}])"
        browser.run(f"(c => hover(c, {places}, {{clientX: 5, clientY: 5}}))(charts[0])")
    browser.run("document.getElementById('search').value = '<'; find()")
    browser.run("document.getElementById('tab-changes').click()")
    for at in range(browser.run("columns.length")):
        browser.run(f"coloured = {at}; off.clear(); legend(); recolour()")
    assert browser.run("document.title") == title
    made = "img, svg, iframe, base, object, a, meta[http-equiv=refresh]"
    assert browser.run(f"document.querySelectorAll('{made}').length") == 0
    assert [one for one in browser.requests if not one.startswith(("file:", "about:"))] == []
    assert browser.messages == []
    # Were a text ever let through, the policy would stop it; without it we would see it run.
    page = path.read_text("utf-8")
    for attack in HOSTILE[0], f'<img src="x" onerror="{TITLE}">':
        broken = page.replace("<main>", f"<main>{attack}")
        (tmp_path / "broken.html").write_text(broken, encoding="utf-8")
        browser.open(tmp_path / "broken.html")
        assert browser.run("document.title") == title
        assert browser.messages  # the policy says so
        open_to_all = re.sub(r"<meta http-equiv.*?>", "", broken, count=1)
        (tmp_path / "open.html").write_text(open_to_all, encoding="utf-8")
        browser.open(tmp_path / "open.html", ready="document.title === 'owned'")


def test_one_item_and_many_values_and_odd_texts(browser, tmp_path):
    texts = ["", "\ufffd", "😀😀", "שלום עולם", "a" * 3000]
    for n in (1, 5):
        one = Chart("words", np.zeros((n, 2)), np.full((n, 3), -1), np.zeros((n, 3)))
        browser.open(write_atlas(tmp_path / "one.html", Atlas("One", texts[:n], [one])))
        browser.run("take(0)")
        assert "It shares nothing with any other item." in browser.run(f"{SHOWN}.innerText")
        assert browser.messages == []
    n = 50_000
    rng = np.random.default_rng(0)
    near = np.full((n, 1), -1)
    columns = pd.DataFrame({"id": [f"x{i}" for i in range(n)]})
    many = Chart("words", rng.normal(size=(n, 2)), near, np.zeros((n, 1)))
    browser.open(
        write_atlas(
            tmp_path / "n.html", Atlas("N", ["text"] * n, [many], columns=columns, color="id")
        )
    )
    keys = browser.run("[...document.querySelectorAll('#keys button')].map(one => one.innerText)")
    assert len(keys) == 20
    assert keys[-1].startswith("other (49,981 values)")


def test_letters_that_grow_in_lower_case_are_found_where_they_are(browser, tmp_path):
    texts = ["İİİİ sea", "İ ski", "the sea"]
    one = Chart("words", np.eye(3)[:, :2], np.full((3, 1), -1), np.zeros((3, 1)))
    browser.open(write_atlas(tmp_path / "i.html", Atlas("I", texts, [one])))
    browser.run("document.getElementById('search').value = 'sea'; find()")
    assert browser.run("picked()") == [0, 2]
