import re
from dataclasses import replace
from hashlib import sha256

import pytest
from sklearn.utils import Bunch

from textvec import datasets
from textvec.datasets.catalogue import real_sets
from textvec.datasets.fetchers import NOVELS

HAN = re.compile("[\u4e00-\u9fff]")
TRACES = re.compile(
    r"www|http|更新时间|下载|正版|script|《》|quot|正文 |\*\*|[\ufeff\ue000-\uf8ff]"
)
TINY = (
    "\ufeff《天书》\nTXT小说天堂  https://www.xstt5.com，免费下载\n\n"
    "《》目录 第一回　石头开花\u3000山中无事\n\n    却说\ue123石头**了。&quot;~开花\n"
    "    作品仅供读者预览,请购买请购买正版图书!\n"
    "    正文 第二回 山中有事\n    更新时间:2007-11-16 7:55:51 本章字数:48\n\n"
    "石头<!--script>别处的话<script-->笑了。\n　　第三回中再说。天涯在线书库《www.tianyabook.com》"
)


@pytest.fixture(scope="module")
def novel():
    return datasets.load_novel()


def test_novel_is_a_consistent_bunch(novel):
    assert isinstance(novel, Bunch)
    assert len(novel.data) == len(novel.titles) >= 40
    numbers = [title.split("回 ")[0] for title in novel.titles[:11]]
    assert numbers == [f"第{number}" for number in [*"一二三四五六七八九十", "十一"]]
    assert novel.text.startswith(novel.titles[0] + "\n" + novel.data[0][:10])
    assert all(title in novel.text for title in novel.titles)
    assert "measure the author as much as the method" in " ".join(novel.DESCR.split())


def test_novel_is_long_and_no_chapter_is_a_list(novel):
    lengths = [len(HAN.findall(chapter)) for chapter in novel.data]
    assert sum(lengths) >= 40_000
    assert min(lengths) >= 800
    assert all("“" in chapter for chapter in novel.data)  # they talk to each other
    sentences = [s for s in re.split(r"[。！？\n]", "".join(novel.data)) if len(s) > 12]
    assert len(set(sentences)) == len(sentences)


def test_names_of_the_novel_occur(novel):
    assert all(alias in novel.text for alias in novel.aliases)
    assert set(novel.aliases) & set(novel.aliases.values()) == set()
    rows = list(novel.statements.itertuples(index=False))
    assert 25 <= len(rows) == len(set(rows))
    assert list(novel.statements.columns) == ["a", "b", "c"]
    for row in rows:
        assert len(set(row)) == 3
        assert not set(row) & set(novel.aliases)
        for name in row:
            forms = [name, *(alias for alias, of in novel.aliases.items() if of == name)]
            assert sum(map(novel.text.count, forms)) >= 5, name


@pytest.mark.usefixtures("data_folder")
def test_no_run_of_the_retelling_stands_in_the_original(novel):
    length = 20
    ours, theirs = (
        re.sub(r"[\W_]", "", bunch.text)
        for bunch in (novel, datasets.fetch_novel("journey_to_the_west"))
    )
    runs = {theirs[i : i + length] for i in range(len(theirs) - length + 1)}
    shared = [run for i in range(len(ours) - length + 1) if (run := ours[i : i + length]) in runs]
    assert shared == []


def test_cleaning(monkeypatch, tmp_path):
    serve(monkeypatch, tmp_path, TINY)
    tiny = datasets.fetch_novel("three_kingdoms")
    assert tiny.titles == ["第一回 石头开花 山中无事", "第二回 山中有事"]
    assert tiny.data == ["却说□石头□□了。□开花", "石头笑了。\n第三回中再说。"]
    assert tiny.text == "\n\n".join(map("\n".join, zip(tiny.titles, tiny.data)))
    assert "三国演义" in tiny.DESCR
    assert tiny.aliases["孔明"] == "诸葛亮"


def test_a_changed_novel_is_refused(monkeypatch, tmp_path):
    path = serve(monkeypatch, tmp_path, TINY)
    path.write_text(TINY + "!", encoding="utf-8")
    with pytest.raises(ValueError, match=re.escape(str(path))):
        datasets.fetch_novel("three_kingdoms")


def test_unknown_novel_is_named():
    with pytest.raises(
        ValueError, match="name must be one of 'journey_to_the_west', .* Got 'dream"
    ):
        datasets.fetch_novel("dream_of_the_red_chamber")


@pytest.mark.parametrize("name", NOVELS)
@pytest.mark.usefixtures("data_folder")
def test_real_novels(name):
    real = datasets.fetch_novel(name)
    table = datasets.list_datasets().set_index("name")
    assert len(real.data) == len(real.titles) == len(set(real.titles)) == table.loc[name, "rows"]
    assert TRACES.findall(real.text) == []
    assert min(map(len, real.data)) > 2500
    assert all("  " not in title and title == title.strip() for title in real.titles)
    numbers = [int(found[1]) for title in real.titles if (found := re.match(r"第(\d+)回", title))]
    assert numbers in ([], list(range(1, 121)))
    assert all(alias in real.text for alias in real.aliases)
    assert set(real.aliases) & set(real.aliases.values()) == set()


def serve(monkeypatch, tmp_path, text):
    """Put a text of our own where 三国演义 is looked for; return its path."""
    content = text.encode()
    monkeypatch.setenv("TEXTVEC_DATA", str(tmp_path))
    one = real_sets()["three_kingdoms"]
    file = replace(one.files["text"], sha256=sha256(content).hexdigest())
    monkeypatch.setitem(real_sets(), "three_kingdoms", replace(one, files={"text": file}))
    path = tmp_path / "novels" / "three_kingdoms_zh.txt"
    path.parent.mkdir()
    path.write_bytes(content)
    return path
