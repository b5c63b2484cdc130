import re
import sys
import textwrap
import threading
import warnings
from copy import copy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from textvec import PPMI, CharacterRecommender, KeyedVectors, TfidfVectorizer, Word2Vec, load
from textvec.datasets import fetch_novel, load_novel
from textvec.recommend.names import cut_story, find_names, short_forms

# Two stories that share nothing but the king: who meets whom is known.
STORY = "\n".join(
    [
        "第一回 海边",
        *["阿明对小红说：“我们去海边钓鱼。”小红笑道：“阿明，鱼在哪里？”"] * 6,
        "国王看见阿明，叫小红来。",
        "第二回 山上",
        *["老周对大山说：“我们去山上打猎。”大山笑道：“老周，虎在哪里？”"] * 6,
        "老周走了。国王不知道。",
    ]
)
NAMES = ["阿明", "小红", "老周", "大山", "国王"]
TABLE = KeyedVectors(np.eye(6), [*NAMES, "王后"])
ENGLISH = "\n".join(
    [
        "CHAPTER I",
        *["Then Emma Woodhouse met Mr. Knightley at the ball, and Emma smiled."] * 6,
        "CHAPTER II",
        *["So Jane Fairfax wrote to Mr. Knightley. The ball was over, said Jane."] * 6,
    ]
)


@pytest.fixture(scope="module")
def novel():
    return load_novel()


@pytest.fixture(scope="module")
def retelling(novel):
    return CharacterRecommender(novel.names, novel.aliases, random_state=0).fit(novel.text)


@pytest.fixture(scope="module")
def story():
    return CharacterRecommender(NAMES, {"明儿": "阿明"}, random_state=0).fit(STORY)


def statements_that_hold(recommender, statements):
    """Return how many of "a is nearer to b than to c" hold by the scores of `similar`."""
    n_names = len(recommender.names_)
    scores = {
        name: recommender.similar(name, n_names).set_index("name")["score"]
        for name in statements["a"].unique()
    }
    return sum(scores[a][b] > scores[a][c] for a, b, c in statements.itertuples(index=False))


@pytest.mark.parametrize("seed", range(5))
def test_statements_hold_with_defaults(novel, seed):
    recommender = CharacterRecommender(novel.names, novel.aliases, random_state=seed)
    assert statements_that_hold(recommender.fit(novel.text), novel.statements) == 38


def test_who_belongs_together_ranks_above_who_is_of_the_same_kind():
    scenes = ["{}给{}梳头。{}给{}端茶，{}给{}铺床。", "{}扶{}出门。{}怕{}着凉，{}替{}关窗。"]
    homes = [("小红", "夫人"), ("小翠", "王后"), ("小兰", "公主")]
    text = "\n".join(scene.format(*home * 3) for scene in scenes * 3 for home in homes)
    recommender = CharacterRecommender(dict.fromkeys(sum(homes, ())), {}, random_state=0).fit(text)
    for maid, lady in homes:
        assert recommender.set_params(togetherness=0.2).similar(maid)["name"][0] == lady
        assert recommender.set_params(togetherness=0).similar(maid)["name"][0] != lady


def test_scores_are_mixed_of_their_parts(story):
    table = story.similar("国王").set_index("name")
    # 国王 stands in 2 of 14 paragraphs, 小红 in 7, 老周 in 7, in one of which he stands, too.
    both = 1 / 14
    npmi = np.log(both / (7 / 14 * 2 / 14)) / -np.log(both)
    assert npmi == 0
    assert table["togetherness"].tolist() == [0.0] * 4
    npmi = np.log(6 / 14 / (6 / 14 * 7 / 14)) / -np.log(6 / 14)
    assert story.between("大山", "老周").togetherness == pytest.approx(npmi, rel=1e-12)
    for share in (0, 0.2, 0.7, 1):
        table = story.set_params(togetherness=share).similar("大山")
        parts = (1 - share) * table["similarity"] + share * table["togetherness"]
        np.testing.assert_allclose(table["score"], parts, rtol=1e-14)
        assert table["score"].is_monotonic_decreasing
        of_pair = story.between("大山", table["name"][0])
        assert of_pair[5:] == tuple(table.loc[0, ["togetherness", "score"]])
        assert of_pair.similarity == table["similarity"][0]
    story.set_params(togetherness=0.2)


def test_without_togetherness_the_cosine_ranks(retelling):
    retelling.set_params(togetherness=0)
    for name in retelling.names_:
        table = retelling.similar(name, k=60)
        assert table[["name", "score"]].equals(retelling.analogy([name], k=60))
        assert table["similarity"].equals(table["score"].rename("similarity"))
    retelling.set_params(togetherness=0.2)


def test_togetherness_of_all_or_nothing():
    text = "阿明看见小红。老周没来。"
    recommender = CharacterRecommender(["阿明", "小红", "老周"], {}, random_state=0)
    found = recommender.fit(text * 3).similar("阿明")  # one paragraph: nothing is beyond chance
    assert found["togetherness"].tolist() == [0, 0]
    found = recommender.fit("阿明看见小红。\n老周没来。\n" * 3).similar("阿明")
    assert found.set_index("name")["togetherness"].to_dict() == {"小红": 1, "老周": 0}


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (1.5, ValueError, "togetherness must be between 0 and 1. Got 1.5"),
        (-0.1, ValueError, "togetherness must be between 0 and 1. Got -0.1"),
        ("0.2", TypeError, "togetherness must be a number. Got '0.2'"),
        (None, TypeError, "togetherness must be a number. Got None"),
    ],
)
def test_a_share_out_of_range_is_refused_in_fit_and_later(story, value, error, message):
    with pytest.raises(error, match=message):
        CharacterRecommender(togetherness=value).fit(STORY)
    later = copy(story).set_params(togetherness=value)
    with pytest.raises(error, match=message):
        later.similar("阿明")
    with pytest.raises(error, match=message):
        later.between("阿明", "小红")


def test_togetherness_is_saved(story, tmp_path):
    path = tmp_path / "story.textvec"
    copy(story).set_params(togetherness=0.7).save(path)
    again = load(path)
    assert again.togetherness == 0.7
    assert again.similar("阿明").equals(copy(story).set_params(togetherness=0.7).similar("阿明"))


def test_files_from_before_togetherness_are_read(story):
    old = load(Path(__file__).parents[1] / "files" / "characters.before_togetherness")
    assert old.togetherness == 0.2
    pd.testing.assert_frame_equal(old.similar("阿明"), story.similar("阿明"), rtol=1e-5)


def test_who_asks_during_a_refit_sees_the_old_or_the_new():
    """Two stories of other people: answers of both at once would be of rows that do not fit."""
    first = "\n".join(["阿明看见小红。大山也来了。"] * 4)
    second = "\n".join(["老周看见国王。", "老周看见大山。", "国王老周大山。", "王后看见大山。"] * 3)
    texts = [(first, {"阿明", "小红"}), (second, {"老周", "国王", "王后"})]
    recommender = CharacterRecommender([*NAMES, "王后"], {}, TABLE, random_state=0)
    done, faults, seen = threading.Event(), [], set()

    def ask():
        while not done.is_set():
            try:
                found = frozenset(recommender.similar("大山")["name"])
                seen.add(found)
                recommender.between("大山", "大山")
                if not any(found == others for _, others in texts):
                    faults.append(found)
            except Exception as error:
                faults.append(error)

    askers = [threading.Thread(target=ask) for _ in range(3)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-4)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of names that the other story has
            recommender.fit(first)
            for asker in askers:
                asker.start()
            for at in range(60):
                recommender.fit(texts[at % 2][0])
    finally:
        done.set()
        for asker in askers:
            asker.join()
        sys.setswitchinterval(interval)
    assert faults == []
    assert len(seen) == 2


def test_similar_gives_names_best_first(retelling):
    table = retelling.similar("行者", k=5)
    assert list(table.columns) == ["name", "score", "similarity", "togetherness"]
    assert len(table) == 5
    assert table["score"].is_monotonic_decreasing
    assert set(table["name"]) <= set(retelling.names_) - {"孙悟空"}
    assert {"猪八戒", "沙僧", "唐僧"} <= set(table["name"])
    assert table.equals(retelling.similar("孙悟空", k=5))
    assert len(retelling.similar("孙悟空", k=1000)) == len(retelling.names_) - 1


def test_who_acts_together_is_alike(story):
    assert story.similar("阿明", k=1)["name"].tolist() == ["小红"]
    assert story.similar("老周", k=1)["name"].tolist() == ["大山"]
    assert story.titles_ == ["第一回 海边", "第二回 山上"]
    assert dict(zip(story.names_, story.counts_.tolist()))["国王"] == 2


def test_between_counts_and_quotes(story):
    found = story.between("阿明", "小红", k=2)
    assert (found.n_sentences, found.n_paragraphs, found.n_chapters) == (13, 7, 1)
    assert found.passages["chapter"].tolist() == ["第一回 海边"] * 2
    assert found.passages["text"].str.contains("阿明.*小红|小红.*阿明").all()
    assert found.similarity == pytest.approx(story.between("小红", "阿明").similarity)
    assert story.between("阿明", "老周")[1:4] == (0, 0, 0)
    assert len(story.between("阿明", "老周").passages) == 0
    far = story.between("老周", "国王")  # in one paragraph, in no sentence
    assert (far.n_sentences, far.n_paragraphs) == (0, 1)
    assert far.passages["text"].tolist() == ["老周走了。国王不知道。"]


def test_what_is_learned_is_as_documented(story):
    n_sentences, n_names = len(story.sentences_), len(story.names_)
    assert "".join(story.sentences_) == "".join(
        line for line in STORY.splitlines() if line not in story.titles_
    )
    for numbers in (story.paragraphs_, story.chapters_):
        assert numbers.shape == (n_sentences,)
        assert numbers.dtype == np.int64
    told = zip(story.sentences_, story.paragraphs_.tolist(), story.chapters_.tolist())
    paragraphs, chapters = {}, {}
    for sentence, paragraph, chapter in told:
        paragraphs[paragraph] = paragraphs.get(paragraph, "") + sentence
        chapters[paragraph] = story.titles_[chapter]
    blocks = STORY.split("第二回 山上\n")
    assert list(paragraphs) == list(range(14))
    for paragraph, text in paragraphs.items():
        assert text in blocks[chapters[paragraph] == "第二回 山上"]
    assert story.mentions_.shape == (n_sentences, n_names)
    assert (story.mentions_.dtype, story.counts_.dtype) == (np.int32, np.int64)
    for sentence, row in zip(story.sentences_, story.mentions_.toarray()):
        assert row.tolist() == [sentence.count(name) for name in story.names_]
    assert story.counts_.tolist() == story.mentions_.toarray().sum(axis=0).tolist()
    assert (np.diff(story.counts_) <= 0).all()
    rows = np.array([story.keyed_vectors_[name] for name in story.names_])
    assert story.vectors_.dtype == np.float32
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    np.testing.assert_allclose(story.vectors_, rows / lengths, rtol=1e-6)
    assert story.aliases_ == {"明儿": "阿明"}


def test_aliases_are_one_or_apart(novel):
    apart = CharacterRecommender(["孙悟空", "行者", "唐僧"], {}, random_state=0).fit(novel.text)
    assert set(apart.names_) == {"孙悟空", "行者", "唐僧"}
    assert apart.aliases_ == {}
    assert 0 < apart.between("孙悟空", "行者").similarity < 1
    best = apart.analogy(["孙悟空", "唐僧"], ["行者"])
    assert len(best) == 0  # nobody else is left
    short = CharacterRecommender(["孙悟空", "悟空", "唐僧"], random_state=0).fit(novel.text)
    assert short.aliases_ == {"悟空": "孙悟空"}
    found = CharacterRecommender(random_state=0).fit(novel.text)
    assert found.aliases_["悟空"] == "孙悟空"
    assert "悟空" not in found.names_


def test_analogy_is_3cosadd(retelling):
    units = dict(zip(retelling.names_, retelling.vectors_.astype(np.float64)))
    direction = units["如来"] + units["铁扇公主"] - units["牛魔王"]
    expected = {name: unit @ direction / np.linalg.norm(direction) for name, unit in units.items()}
    table = retelling.analogy(["佛祖", "铁扇公主"], "牛魔王", k=3)
    for name in ("如来", "铁扇公主", "牛魔王"):
        del expected[name]
    best = sorted(expected, key=expected.get, reverse=True)[:3]
    assert table["name"].tolist() == best
    np.testing.assert_allclose(table["score"], [expected[name] for name in best], rtol=1e-12)


def test_nearest_words_tell_names_from_words(retelling):
    table = retelling.nearest_words("大鹏", k=20)
    assert table["is_name"].tolist() == [word in retelling.names_ for word in table["word"]]
    assert 0 < table["is_name"].sum() < 20


@pytest.mark.parametrize(
    "vectors",
    [
        PPMI(vector_size=4, min_count=1),
        Word2Vec(vector_size=4, min_count=1, epochs=2),
        KeyedVectors(np.eye(4, 3), ["阿明", "小红", "明儿", "钓鱼"]),
    ],
    ids=lambda vectors: type(vectors).__name__,
)
def test_any_vectors(vectors):
    recommender = CharacterRecommender(NAMES[:2], {"明儿": "阿明"}, vectors, random_state=0)
    first = recommender.fit(STORY).similar("阿明")
    assert first["name"].tolist() == ["小红"]
    assert recommender.fit(STORY).similar("阿明").equals(first)
    assert getattr(vectors, "random_state", None) is None


@pytest.mark.parametrize(
    "kind", [np.array, pd.Series, pd.Index, iter, dict.fromkeys], ids=lambda kind: kind.__name__
)
def test_any_names(story, kind, tmp_path):
    recommender = CharacterRecommender(kind(NAMES), {"明儿": "阿明"}, random_state=0).fit(STORY)
    assert recommender.names_ == story.names_
    np.testing.assert_array_equal(recommender.vectors_, story.vectors_)
    if kind is not iter:
        recommender.save(tmp_path / "story.textvec")
    with pytest.warns(UserWarning, match=r"too rarely to have a vector: \['阿光'\]"):
        CharacterRecommender(kind([*NAMES, "阿光"]), random_state=0).fit(STORY)


def test_names_without_order_are_sorted():
    names = {"阿明", "小红", "老周", "大山", "国王", "王后"}
    text = "阿明对小红说。老周对大山说。国王对王后说。" * 5
    assert CharacterRecommender(names, {}, random_state=0).fit(text).names_ == sorted(names)


def test_a_table_gives_names_the_mean_of_their_forms():
    table = KeyedVectors(np.eye(3), ["阿明", "明儿", "小红"])
    recommender = CharacterRecommender(["阿明", "小红"], {"明儿": "阿明"}, table).fit(STORY)
    at = recommender.names_.index("阿明")
    np.testing.assert_allclose(recommender.vectors_[at], [0.5**0.5, 0.5**0.5, 0], atol=1e-6)


def test_a_path_is_read_like_its_text(story, tmp_path):
    path = tmp_path / "story.txt"
    path.write_bytes(b"\xef\xbb\xbf" + STORY.encode())
    again = CharacterRecommender(NAMES, {"明儿": "阿明"}, random_state=0).fit(path)
    np.testing.assert_array_equal(again.vectors_, story.vectors_)
    path.write_bytes("国王".encode("gb18030"))
    with pytest.raises(ValueError, match="not UTF-8") as caught:
        CharacterRecommender().fit(path)
    cure = re.search("pathlib.*'gb18030'\\)", str(caught.value))[0]
    assert cure == f"pathlib.Path({str(path)!r}).read_text(encoding='gb18030')"
    assert path.read_text(encoding="gb18030") == "国王"


def test_an_empty_file_is_told_by_its_path(tmp_path):
    (tmp_path / "empty.txt").write_text("\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"empty\.txt must hold a story\. Got '\\n' instead"):
        CharacterRecommender(NAMES).fit(tmp_path / "empty.txt")


def test_a_path_as_str_is_no_story(tmp_path):
    path = str(tmp_path / "a story")
    for place in (path, path + ".txt"):
        Path(place).write_text(STORY, encoding="utf-8")
        with pytest.raises(ValueError, match="path of a file as str") as caught:
            CharacterRecommender().fit(place)
        assert str(caught.value).endswith(f"pass pathlib.Path({place!r}).")
    with pytest.raises(ValueError, match=r"Path\('novel.txt'\), and see that it is there: no such"):
        CharacterRecommender().fit("novel.txt")


def test_english_novels():
    recommender = CharacterRecommender(random_state=0).fit(ENGLISH)
    assert set(recommender.names_) == {"Emma Woodhouse", "Jane Fairfax", "Mr. Knightley"}
    assert recommender.aliases_ == {"Emma": "Emma Woodhouse", "Jane": "Jane Fairfax"}
    assert recommender.titles_ == ["CHAPTER I", "CHAPTER II"]
    joined = recommender.between("Emma", "Mr. Knightley")
    assert (joined.n_sentences, joined.n_chapters) == (6, 1)


def test_names_are_found(novel):
    found = find_names(novel.text)
    known = {*novel.names, *novel.aliases, "阎王", "刘伯钦", "金池长老", "崔判官", "七仙女"}
    assert len(found) > 30
    assert len(set(found) - known) <= 0.15 * len(found)
    assert {"唐僧", "八戒", "牛魔王", "哪吒", "铁扇公主", "太白金星"} <= set(found)
    assert list(found.values()) == sorted(found.values(), reverse=True)
    assert find_names("") == {}
    with pytest.raises(ValueError, match="min_count must be at least 1. Got 0"):
        find_names(novel.text, min_count=0)


def test_short_forms_must_be_clear():
    assert short_forms(["Emma Woodhouse", "Woodhouse", "Mr. Woodhouse", "Emma"]) == {
        "Emma": "Emma Woodhouse"
    }


def test_stories_are_cut():
    titles, chapters, sentences, paragraphs, clauses = cut_story(
        "序。\n第1章 起\n孔明笑道：“好。”他走了！\n　第二章再说", ["孔明"], {"孔明": "诸葛亮"}
    )
    assert titles == ["", "第1章 起"]
    assert sentences == ["序。", "孔明笑道：“好。”", "他走了！", "第二章再说"]
    assert chapters.tolist() == [0, 1, 1, 1]
    assert paragraphs.tolist() == [0, 1, 1, 2]
    assert clauses.tokens[1] == ["诸葛亮", "笑", "道"]
    assert clauses.sentences[:3] == [0, 1, 1]


def wrapped(text, width):
    """As e-texts are set: short lines, blank ones between paragraphs."""
    fill = textwrap.TextWrapper(width, break_long_words=True, break_on_hyphens=False).fill
    return "\r\n\r\n".join(fill(line).replace("\n", "\r\n") for line in text.splitlines())


def test_wrapped_lines_are_joined(novel):
    english = (
        "CHAPTER I\nNobody in the village had known for how long Emma Woodhouse would stay there.\n"
        "Only Mr. Knightley, who kept horses, knew; but then Mr. Knightley seldom spoke to anyone "
        "of what Emma Woodhouse had said to him.\n"
    )
    for text, names, width in [
        (english, ["Emma Woodhouse", "Mr. Knightley"], 24),
        (english, ["Emma Woodhouse", "Mr. Knightley"], 40),
        (novel.text, novel.names, 38),
    ]:
        broken = wrapped(text, width)
        assert len(broken.splitlines()) > 2 * len(text.splitlines())
        for ours, theirs in zip(cut_story(broken, names, {}), cut_story(text, names, {})):
            np.testing.assert_equal(ours, theirs)
        assert find_names(broken, 1) == find_names(text, 1) != {}


def test_lines_that_are_not_wrapped_stay_paragraphs():
    verses = "So Emma sang,\nand Jane sang!\n\nThen Emma left.\nThen Jane did.\nI saw it"
    assert cut_story(verses, ["Emma"], {})[3].tolist() == [0, 1, 2, 3, 4]
    no_blank_line = "emma sang of spring\njane sang of rain\nthen emma left"
    assert cut_story(no_blank_line, [], {})[2] == no_blank_line.splitlines()


def test_wrapped_lines_make_no_headings():
    told = (
        "CHAPTER I\nCHAPTER II\nAll this was told at length in the long\nchapter III of my\n\n"
        "Monkey 悟空\nmet\nKing 王"
    )
    titles, chapters, sentences, _, _ = cut_story(told, [], {})
    assert titles == ["CHAPTER I", "CHAPTER II"]
    assert chapters.tolist() == [1, 1]
    assert sentences == [
        "All this was told at length in the long chapter III of my",
        "Monkey 悟空met King 王",
    ]


def test_paragraphs_are_quoted_as_they_stand():
    text = "Emma left. Jane stayed.\nEmma sang of spring. Then Jane sang of rain."
    found = CharacterRecommender(["Emma", "Jane"], random_state=0).fit(text).between("Emma", "Jane")
    assert (found.n_sentences, found.n_paragraphs) == (0, 2)
    assert found.passages["text"].tolist() == text.splitlines()


def test_pictures(retelling):
    pytest.importorskip("matplotlib")
    figure = retelling.plot_map(n_names=20)
    written = {text.get_text() for text in figure.axes[0].texts}
    assert "孙悟空" in written
    assert written <= set(retelling.names_[:20])
    assert figure.axes[0].get_title("left").startswith("小说中的 20 个人物：")
    network = retelling.plot_network(n_names=12, n_partners=2)
    (lines,) = (c for c in network.axes[0].collections if type(c).__name__ == "LineCollection")
    assert 6 <= len(lines.get_segments()) <= 24
    assert "连线" in network.axes[0].get_title("left")
    assert all(text.get_path_effects() for text in network.axes[0].texts)  # a halo over the lines
    family = network.axes[0].texts[0].get_fontfamily()
    assert any("CJK" in name or "Noto" in name or "Hei" in name for name in family)
    for draw in (retelling.plot_map, retelling.plot_network):
        for seed in ("x", -1):
            with pytest.raises(ValueError, match=rf"random_state must be an int .* Got {seed!r}"):
                draw(random_state=seed)


@pytest.mark.parametrize(
    ("parameters", "text", "error", "message"),
    [
        ({}, "", ValueError, "text must hold a story. Got '' instead"),
        ({}, ["第一回"], TypeError, "Got list instead"),
        ({"names": "阿明"}, STORY, TypeError, "must be a list of str"),
        ({"names": [3]}, STORY, TypeError, "must hold words. Got 3"),
        ({"aliases": ["明儿"]}, STORY, TypeError, "must be a mapping"),
        ({"aliases": {"a": "b", "b": "c"}}, STORY, ValueError, "is an alias of 'c'"),
        ({}, "天气很好。", ValueError, "No name"),
        ({"vectors": PPMI}, STORY, TypeError, "vectors must be a PPMI, a Word2Vec"),
        ({"vectors": TfidfVectorizer()}, STORY, TypeError, "Got TfidfVectorizer.* instead"),
    ],
)
def test_bad_input(parameters, text, error, message):
    with pytest.raises(error, match=message):
        CharacterRecommender(**parameters).fit(text)


def test_unknown_names_get_offers(story):
    with pytest.raises(KeyError, match="no character '阿光'.*Did you mean '阿明'"):
        story.similar("阿光")
    with pytest.raises(KeyError, match="no character ..阿明"):
        story.similar(["阿明"])
    with pytest.raises(ValueError, match="k must be at least 1"):
        story.similar("阿明", k=0)
    with pytest.raises(ValueError, match="at least one"):
        story.analogy([])
    with pytest.raises(TypeError, match="positive must be a name, or a list of names. Got 5 inst"):
        story.analogy(5)
    with pytest.raises(TypeError, match="negative must be a name, or a list of names. Got None"):
        story.analogy("阿明", None)
    with pytest.warns(UserWarning, match="too rarely.*阿光"):
        CharacterRecommender([*NAMES, "阿光"], random_state=0).fit(STORY)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "hero"), [("journey_to_the_west", "孙悟空"), ("three_kingdoms", "诸葛亮")]
)
@pytest.mark.usefixtures("data_folder")
def test_words_like_a_hero_are_characters(name, hero):
    book = fetch_novel(name)
    recommender = CharacterRecommender(aliases=book.aliases, random_state=0).fit(book.text)
    words = recommender.nearest_words(hero, k=10)
    # Given names alone, and those whom the story calls by what they are.
    others = "懿|操|瑜|权|肃|丞相|大仙|国王|老怪|那怪|妖王|菩萨|太子|老者|老魔|娘娘|阴君"
    assert (words["is_name"] | words["word"].str.fullmatch(others)).sum() >= 8


def test_what_joins_two_is_printed_for_reading():
    story = "孙悟空对猪八戒说道：快走。\n猪八戒见孙悟空来了。\n行者与猪八戒同去。"
    with pytest.warns(UserWarning, match="No names were found .* those of the aliases are all"):
        CharacterRecommender(aliases={"行者": "孙悟空"}, random_state=0).fit(story)
    found = CharacterRecommender(["孙悟空", "猪八戒"], random_state=0).fit(story)
    shown = repr(found.between("孙悟空", "猪八戒")).splitlines()
    assert re.fullmatch(r"score \d\.\d{3}: similarity \S+, togetherness \d\.\d{3}", shown[0])
    assert shown[1] == "both in 2 sentences, 2 paragraphs, 1 chapter"
    assert "快走" in shown[4]
