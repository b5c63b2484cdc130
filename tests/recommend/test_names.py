"""Names and stories in traditional characters, tables of contents, names with signs in them."""

import pytest

from textvec import CharacterRecommender
from textvec.datasets import load_novel
from textvec.recommend.names import cut_story, find_names, short_forms
from textvec.text.traditional import _PAIRS, to_simplified

# As texts are printed: of the traditional characters with one simplified form the usual one.
USUAL = dict(
    zip(
        "里后于么为众群床发面只千丑升系复着当几别干",
        "裡後於麼為眾群床發面只千丑升系復著當幾別乾",
        strict=True,
    )
)
ALSO_TRADITIONAL = (
    "了回出下家吃杯暗征表范才向注志札杰合闲斗台占卷卜朱周岩咱乃佛仿什它佣仇凶价制巨布"
)


def to_traditional(text):
    known = dict(zip(_PAIRS[1::2], _PAIRS[::2], strict=True)) | USUAL
    return text.translate(
        str.maketrans({a: b for a, b in known.items() if a not in ALSO_TRADITIONAL})
    )


@pytest.fixture(scope="module")
def novel():
    return load_novel()


def test_a_story_is_a_str():
    with pytest.raises(TypeError, match="text must be a str. Got 5 instead"):
        find_names(5)


@pytest.fixture(scope="module")
def traditional(novel):
    return to_traditional(novel.text)


def test_the_same_names_are_found_in_traditional_characters(novel, traditional):
    simplified, found = find_names(novel.text), find_names(traditional)
    assert {"孫悟空", "八戒", "鐵扇公主", "牛魔王", "紅孩兒", "東海龍王"} <= set(found)
    assert list(map(to_simplified, found)) != list(found)
    assert set(map(to_simplified, found)) == set(simplified)
    aliases = {to_simplified(a): to_simplified(b) for a, b in short_forms(found).items()}
    assert aliases == short_forms(simplified)


def test_names_are_known_in_either_script(novel, traditional):
    simplified = CharacterRecommender(novel.names, novel.aliases, random_state=0).fit(novel.text)
    given = CharacterRecommender(novel.names, novel.aliases, random_state=0).fit(traditional)
    assert set(given.names_) == set(simplified.names_)  # as they were given
    assert given.counts_.sum() == simplified.counts_.sum()
    assert len(given.titles_) == len(simplified.titles_) == len(novel.titles)
    for name in ("豬八戒", "猪八戒", "八戒"):
        assert given.similar(name, 2)["name"].tolist() == ["沙僧", "唐僧"]
    names, aliases = map(to_traditional, novel.names), novel.aliases
    aliases = {to_traditional(alias): to_traditional(name) for alias, name in aliases.items()}
    other = CharacterRecommender(list(names), aliases, random_state=0).fit(novel.text)
    assert other.counts_.tolist() == simplified.counts_.tolist()
    assert "孫悟空" in other.names_
    assert other.between("大聖", "大圣").n_sentences == other.between("行者", "孙悟空").n_sentences


def test_found_names_and_given_aliases_meet_in_either_script(novel, traditional):
    aliases = {"行者": "孙悟空", "大圣": "孙悟空"}
    recommender = CharacterRecommender(None, aliases, random_state=0).fit(traditional)
    assert "孙悟空" in recommender.names_
    assert "孫悟空" not in recommender.names_
    assert recommender.similar("大聖", 3).equals(recommender.similar("孫悟空", 3))


def test_spellings_of_one_name_are_one():
    text = "孙悟空来了。行者去了。大圣笑了。孫悟空走了。\n" * 3
    for aliases in (
        {"行者": "孫悟空", "大圣": "孙悟空"},
        {"行者": "孙悟空", "孫悟空": "孙悟空", "大圣": "孙悟空"},
    ):
        recommender = CharacterRecommender(["孫悟空"], aliases, random_state=0).fit(text)
        assert recommender.names_ == ["孙悟空"]
        assert recommender.counts_.tolist() == [12]
        assert recommender.aliases_ == {"行者": "孙悟空", "大圣": "孙悟空"}


def test_words_stay_as_the_text_writes_them():
    *_, clauses = cut_story("孫悟空說道：「飛來頭髮。」", ["孙悟空"], {})
    assert clauses.tokens == [["孙悟空", "說道"], ["飛來", "頭髮"]]


def test_a_table_of_contents_is_no_chapter():
    told = "目录\n第一章 雪夜\n第二章  归人\n\n第一章 雪夜\n下雪了。\n第二章 归人\n他来了。\n尾声"
    titles, chapters, sentences, _, _ = cut_story(told, [], {})
    assert titles == ["", "第一章 雪夜", "第二章 归人", "尾声"]
    assert sentences == ["目录", "下雪了。", "他来了。"]
    assert chapters.tolist() == [0, 1, 2]


def test_names_with_signs_in_them_are_words():
    text = "哈利·波特对罗恩说：“走！”罗恩跟哈利·波特走了。\n" * 3
    recommender = CharacterRecommender(["哈利·波特", "罗恩"], {}, random_state=0).fit(text)
    assert dict(zip(recommender.names_, recommender.counts_)) == {"哈利·波特": 6, "罗恩": 6}


def test_sentences_end_behind_all_their_quotation_marks():
    text = "他說：「人稱『大聖。』」悟空走了。他說：“人称‘大圣。’”悟空走了。"
    sentences = ["他說：「人稱『大聖。』」", "悟空走了。", "他說：“人称‘大圣。’”", "悟空走了。"]
    assert cut_story(text, [], {})[2] == sentences
