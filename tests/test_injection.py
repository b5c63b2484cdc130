"""Pages show hostile names, queries, tasks and texts as text: nothing in them becomes markup."""

import json
import re
from html import unescape
from html.parser import HTMLParser

import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from typer.testing import CliRunner

from textvec import CountVectorizer, TfidfVectorizer, compare
from textvec.cli.app import app
from textvec.evaluate.tasks import ClassificationTask, RetrievalTask
from textvec.show.visible import visible

from .browsers import Browser, find_browser

pytest.importorskip("matplotlib")

TITLE = "document.title='owned'"
HOSTILE = [
    f"<script>{TITLE}</script>",
    f'"><img src=x onerror="{TITLE}">',
    f"'><svg onload={TITLE}>",
    f"</script><script>{TITLE}//",
    f"</style></title></text></svg><script>{TITLE}</script>",
    f'<a href="javascript:{TITLE}">sea</a>',
    f"javascript:{TITLE}",
    f"--><iframe srcdoc='<script>{TITLE}</script>'>",
    f"]]><body onload={TITLE}>",
    f"&lt;script&gt;{TITLE}&lt;/script&gt;",
    f'" style="x:expression({TITLE})" onmouseover="{TITLE}',
    "<meta http-equiv=refresh content='0;url=http://127.0.0.1:9/'>",
    "<base href='http://127.0.0.1:9/'><link rel=stylesheet href=x><form action=x>",
    "<math><mi xlink:href='javascript:1'>$x^2$ annexe\u202egpj.exe\u2066",
]
PLAIN = [f"word{number} sea" for number in range(len(HOSTILE))]
TEXTS = ["a sea view", "free shuttle", "view of the sea", "breakfast by the sea"]


class Reader(HTMLParser):
    """What a browser makes of a page: elements with their attributes, and text."""

    def __init__(self, page):
        super().__init__()
        self.kinds, self.values, self.texts, self.scripts = set(), [], [], []
        self._is_script = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.kinds |= {(tag, None), *((tag, name) for name, _ in attrs)}
        self.values += [(name, value or "") for name, value in attrs]
        self._is_script = tag == "script"

    def handle_endtag(self, tag):
        self._is_script = False

    def handle_data(self, data):
        (self.scripts if self._is_script else self.texts).append(data)


class Failing(BaseEstimator):
    """Fails with a message that data gave."""

    def __init__(self, message):
        self.message = message

    def fit(self, raw_documents, y=None):
        raise ValueError(self.message)

    def transform(self, raw_documents):
        raise NotImplementedError


def comparison_page(names, path):
    """Write the page of methods, tasks, labels, ids, texts and errors that have these names."""
    texts = [f"{text} {name}" for text, name in zip(TEXTS * 4, names)]
    queries = {names[0]: f"sea {names[1]}", names[2]: "shuttle"}
    corpus = {f"{names[3]} {number}": text for number, text in enumerate(texts)}
    ids = list(corpus)
    retrieval = RetrievalTask(
        queries, corpus, {names[0]: {ids[0]: 1}, names[2]: {ids[1]: 1}}, name=names[4]
    )
    retrieval.description = names[5]
    labels = [names[6], names[7]] * (len(texts) // 2)
    classes = ClassificationTask(texts, labels, name=names[8], n_splits=2)
    methods = {
        names[9]: TfidfVectorizer(stop_words=[names[10]], token_pattern=r"\w+"),
        names[11]: CountVectorizer(),
        names[12]: Failing(names[13]),
    }
    comparison = compare(methods, [retrieval, classes])
    comparison.to_html(path)
    assert names[13] in comparison.table["error"].str.cat()


def recommend_page(names, path):
    table = path.with_suffix(".jsonl")
    rows = [{names[0]: name, names[1]: f"sea {name}", "stars": 3} for name in names]
    table.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    run("recommend", table, "--id", names[0], "--text", names[1], "--column", "stars",
        "--like", names[2], "--dislike", names[3], "--html", path)  # fmt: skip


def query_page(names, path):
    table = path.with_suffix(".csv")
    pd.DataFrame({"id": names, "text": [f"sea {name}" for name in names]}).to_csv(table)
    run("recommend", table, "--id", "id", "--text", "text", "--query", f"sea {names[4]}",
        "--html", path)  # fmt: skip


def search_page(names, path):
    table = path.with_suffix(".txt")
    table.write_text("\n".join(f"sea {name}" for name in names), encoding="utf-8")
    asked = [part for name in names[:4] for part in ("--query", f"sea {name}")]
    run("search", table, *asked, "--html", path)


def characters_page(names, path):
    novel = path.with_suffix(".txt")
    called = [f"{letter}nders" for letter in "BCDFGHKLMNPRST"]
    talk = [
        f"{a} met {b} by the sea.\n\n{b} went away with {a} and {c}."
        for a, b, c in zip(called, called[1:], called[2:])
    ]
    novel.write_text("\n\n".join(talk * 12), encoding="utf-8")
    aliases = [part for a, name in zip(called, names) for part in ("--alias", f"{a}={name}")]
    asked = [part for name in names[:3] for part in ("--name", name)]
    run("neighbors", novel, *aliases, *asked, "--html", path)


def run(*args):
    done = CliRunner().invoke(app, [str(arg) for arg in args], prog_name="textvec")
    assert done.exit_code == 0, done.output


PAGES = [comparison_page, recommend_page, query_page, search_page, characters_page]


@pytest.fixture(scope="module", params=PAGES, ids=lambda write: write.__name__)
def pages(request, tmp_path_factory):
    """Return two pages of the same kind: one of harmless names, one of hostile ones."""
    folder = tmp_path_factory.mktemp("pages")
    request.param(PLAIN, folder / "plain.html")
    request.param(HOSTILE, folder / "hostile.html")
    return folder / "plain.html", folder / "hostile.html"


def read(path):
    return path.read_text(encoding="utf-8")


def test_hostile_names_add_no_element_and_no_attribute(pages):
    plain, hostile = (Reader(read(page)) for page in pages)
    assert hostile.kinds <= plain.kinds
    assert hostile.scripts == plain.scripts
    assert len(hostile.scripts) == 1
    for name, value in hostile.values:
        assert not name.startswith("on")
        if name in ("href", "xlink:href", "src"):
            assert value.startswith("#")
        if name in ("style", "transform", "d", "points", "class", "id"):
            assert "owned" not in value


def test_they_are_shown_as_they_are(pages):
    shown = re.sub(r"\s+", "", "".join(Reader(read(pages[1])).texts))
    assert not set(shown) & set("\u202e\u2066")
    found = [name for name in map(visible, HOSTILE) if re.sub(r"\s+", "", name) in shown]
    assert len(found) >= len(HOSTILE) // 2, found


def test_the_page_may_load_nothing_and_run_its_own_script_alone(pages):
    policies = [value for name, value in Reader(read(pages[1])).values if name == "content"]
    policy = next(value for value in policies if "default-src" in value)
    assert "default-src 'none'" in policy
    assert re.search(r"script-src 'sha256-[\w+/=]+'(;|$)", policy)
    assert "base-uri 'none'" in policy
    assert "form-action 'none'" in policy


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    if find_browser() is None:
        pytest.skip("No Chromium is installed")
    with Browser(tmp_path_factory.mktemp("profile")) as one:
        yield one


def test_in_a_browser(browser, pages, tmp_path):
    page = read(pages[1])
    title = unescape(re.search(r"<title>(.*?)</title>", page)[1])
    loaded = "document.readyState === 'complete'"

    def open_as(page):
        (tmp_path / "page.html").write_text(page, encoding="utf-8")
        browser.open(tmp_path / "page.html", f"location.protocol === 'file:' && {loaded}")
        return browser.run("document.title")

    assert open_as(page) == title
    assert browser.messages == []
    assert [one for one in browser.requests if not one.startswith(("file:", "about:"))] == []
    assert browser.run("document.querySelectorAll('[tabindex=\"0\"]').length")  # our script ran
    # Were a text ever let through, the policy would stop it; without it we would see it run.
    for attack in HOSTILE[0], f'<img src="x" onerror="{TITLE}">':
        broken = page.replace("<main>", f"<main>{attack}")
        assert open_as(broken) == title
        open_as(re.sub(r"<meta http-equiv.*?>", "", broken, count=1))
        browser.wait("document.title === 'owned'")
