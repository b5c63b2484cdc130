"""ContentRecommender: known answers, every vectorizer behind one contract, and bad input."""

import os
import re
import sys
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction import text as sklearn_text
from sklearn.pipeline import make_pipeline

import textvec
from textvec.recommend import explanations
from textvec.recommend.content import DISLIKED_SHARE, ContentRecommender
from textvec.recommend.defaults import default_vectorizer, default_vectorizers

HOTELS = pd.DataFrame(
    {
        "name": ["Quay", "Pier", "Summit", "Lodge", "Runway"],
        "desc": [
            "harbour view, oysters and sailing boats at the door",
            "sailing boats and oysters in the old harbour",
            "skiing from the door, open fires and snow",
            "snow, skiing and sledges by open fires",
            "an airport shuttle every ten minutes",
        ],
        "stars": [4, 3, 5, 4, 2],
    }
)
TEXTS = HOTELS["desc"].tolist()
CHINESE = [
    "酒店靠近机场，有免费接送班车。",
    "机场旁边的酒店，班车免费接送客人。",
    "湖边的温泉旅馆，可以泡温泉看雪山。",
    "雪山脚下的旅馆，房间里有温泉。",
]
VECTORIZERS = {
    "default": None,
    "counts": textvec.CountVectorizer(),
    "tfidf": textvec.TfidfVectorizer(),
    "tfidf float32": textvec.TfidfVectorizer(dtype=np.float32),
    "bm25": textvec.BM25Vectorizer(),
    "hashing": textvec.HashingVectorizer(n_features=2**10, alternate_sign=False),
    "lsa": textvec.LSAVectorizer(vector_size=3, random_state=0),
    "sklearn counts": sklearn_text.CountVectorizer(),
    "sklearn tfidf": sklearn_text.TfidfVectorizer(),
    "pipeline": make_pipeline(
        sklearn_text.TfidfVectorizer(), TruncatedSVD(n_components=3, random_state=0)
    ),
}

TITLES = [  # and what people type who want it
    ("Apple iPhone 15 透明手机壳 防摔", ["透明手机壳", "iPhone 15 手机壳", "iphone 透明"]),
    ("Apple iPhone 15 Pro Max 钢化膜", ["iPhone 钢化膜"]),
    ("Samsung Galaxy S24 保护套 黑色", ["galaxy s24 case 保护套", "Samsung 保护套"]),
    ("小米 14 手机壳 silicone 软壳", ["小米手机壳"]),
    ("USB-C 数据线 2m fast charging", ["USB-C 数据线", "数据线 2m"]),
    ("Anker 65W 氮化镓充电器", ["氮化镓充电器", "Anker charger 65W"]),
    ("Sony WH-1000XM5 降噪耳机", ["sony 降噪耳机", "头戴降噪耳机"]),
    ("AirPods Pro 硅胶保护套", ["airpods 保护套"]),
    ("Bluetooth 音箱 waterproof 防水", ["防水音箱", "bluetooth waterproof"]),
    ("Logitech MX Master 3S 无线鼠标", ["无线鼠标", "logitech mouse mx master"]),
    ("机械键盘 mechanical keyboard 红轴", ["红轴机械键盘", "mechanical keyboard"]),
    ("Dell 27 inch 4K 显示器", ["4K显示器", "dell 27 inch"]),
    ("Kindle Paperwhite 电子书阅读器", ["电子书阅读器", "kindle"]),
    ("iPad Air 平板电脑 键盘套", ["平板键盘套"]),
    ("GoPro HERO 12 运动相机", ["运动相机"]),
    ("Canon EOS R50 微单相机", ["canon 相机"]),
    ("DJI Mini 4 Pro 无人机", ["无人机", "dji mini"]),
    ("Nintendo Switch OLED 游戏机", ["switch 游戏机"]),
    ("LEGO 积木 Star Wars 千年隼", ["star wars 积木", "千年隼"]),
    ("Nike Air Zoom 跑步鞋 男", ["跑步鞋", "nike 男鞋 跑步"]),
    ("Adidas 运动裤 slim fit", ["adidas 运动裤"]),
    ("Uniqlo 羽绒服 ultra light down", ["轻薄羽绒服", "ultra light down"]),
    ("Levi's 501 牛仔裤 straight", ["牛仔裤"]),
    ("纯棉 T恤 cotton tee 白色", ["纯棉T恤", "cotton tee"]),
    ("Ray-Ban 太阳镜 aviator", ["太阳镜", "aviator"]),
    ("Casio G-Shock 运动手表", ["运动手表"]),
    ("Samsonite 行李箱 20 inch", ["20寸行李箱", "samsonite"]),
    ("The North Face 双肩包", ["双肩包"]),
    ("Hydro Flask 保温杯 1L", ["保温杯"]),
    ("Philips 电动牙刷 Sonicare", ["电动牙刷", "sonicare"]),
    ("Dyson V15 吸尘器 cordless", ["cordless 吸尘器"]),
    ("Xiaomi 扫地机器人 S10", ["扫地机器人"]),
    ("Tefal 不粘锅 frying pan 28cm", ["不粘锅", "frying pan"]),
    ("Nespresso 胶囊咖啡机", ["胶囊咖啡机"]),
    ("Brita 净水壶 filter jug", []),
    ("Zojirushi 电饭煲 rice cooker", ["电饭煲"]),
    ("Philips 空气炸锅 air fryer XXL", ["空气炸锅"]),
    ("Bosch 电钻 cordless drill 18V", ["电钻"]),
    ("IKEA 书架 bookcase white", ["白色书架 ikea"]),
    ("Muji 香薰机 aroma diffuser", ["香薰"]),
    ("LED 台灯 desk lamp 护眼", ["护眼台灯"]),
    ("瑜伽垫 yoga mat 6mm", ["yoga mat"]),
    ("哑铃 dumbbell 10kg 一对", []),
    ("Giant 山地自行车 mountain bike", ["山地车"]),
    ("露营帐篷 camping tent 四人", ["camping 帐篷"]),
    ("睡袋 sleeping bag 冬季", []),
    ("Moleskine 笔记本 notebook A5", []),
    ("Lamy Safari 钢笔 fountain pen", ["钢笔"]),
    ("Faber-Castell 彩色铅笔 48色", []),
    ("儿童安全座椅 car seat ISOFIX", ["儿童座椅"]),
    ("Pampers 婴儿纸尿裤 L", []),
    ("婴儿推车 stroller 可折叠", ["折叠推车"]),
    ("猫粮 cat food 三文鱼味", ["cat food"]),
    ("狗窝 dog bed 可拆洗", []),
    ("绿茶 green tea 西湖龙井", ["龙井茶"]),
    ("Lavazza 咖啡豆 espresso beans", ["咖啡豆"]),
    ("Lindt 黑巧克力 85%", ["黑巧克力"]),
    ("橄榄油 extra virgin olive oil", ["olive oil"]),
    ("有机蜂蜜 organic honey 500g", []),
    ("维生素 C vitamin 泡腾片", ["维生素泡腾片"]),
]


def fitted(vectorizer=None):
    return ContentRecommender(vectorizer).fit(HOTELS, ids="name", text="desc")


@pytest.fixture(params=VECTORIZERS.values(), ids=VECTORIZERS.keys())
def recommender(request):
    return fitted(request.param)


# What every vectorizer must give


def test_neighbours_are_the_planted_pairs(recommender):
    for a, b in [("Quay", "Pier"), ("Pier", "Quay"), ("Summit", "Lodge"), ("Lodge", "Summit")]:
        assert recommender.similar(a, k=1)["id"].tolist() == [b]


def test_answers_hold_ids_scores_and_item_columns(recommender):
    found = recommender.similar("Quay", k=2)
    assert found.columns.tolist() == ["id", "score", "desc", "stars"]
    row = found.iloc[0]
    assert (row["id"], row["desc"], row["stars"]) == ("Pier", TEXTS[1], 3)
    assert found["score"].is_monotonic_decreasing
    assert found.index.tolist() == list(range(len(found)))


def test_the_item_itself_is_never_returned(recommender):
    for name in HOTELS["name"]:
        assert name not in recommender.similar(name, k=99)["id"].tolist()


def test_liked_and_disliked_items_are_never_returned(recommender):
    found = recommender.recommend(["Quay", "Summit"], ["Runway"], k=99)
    assert set(found["id"]) <= {"Pier", "Lodge"}
    assert set(found["id"][:2]) == {"Pier", "Lodge"}


def test_query_finds_what_it_names(recommender):
    assert recommender.query("oysters in the harbour", k=2)["id"].isin(["Quay", "Pier"]).all()


def test_a_small_k_is_the_head_of_a_large_one(recommender):
    assert_frame_equal(recommender.similar("Quay", k=1), recommender.similar("Quay", k=99).head(1))


def test_recommend_is_the_mean_of_similar(recommender):
    """The score of Rocchio's formula, from single similarities of one item to one other."""

    def score(of, to):
        found = recommender.similar(to, k=99).set_index("id")["score"]
        return found.get(of, 0.0)

    found = recommender.recommend(["Quay", "Summit"], ["Runway", "Lodge"], k=99)
    expected = (score("Pier", "Quay") + score("Pier", "Summit")) / 2
    expected -= DISLIKED_SHARE * (score("Pier", "Runway") + score("Pier", "Lodge")) / 2
    assert_allclose(found.set_index("id")["score"]["Pier"], expected, rtol=1e-5, atol=1e-6)


def test_fitting_leaves_items_and_vectorizer_alone():
    items, vectorizer = HOTELS.copy(), textvec.TfidfVectorizer()
    ContentRecommender(vectorizer).fit(items, ids="name", text="desc").similar("Quay")
    assert_frame_equal(items, HOTELS)
    assert not hasattr(vectorizer, "vocabulary_")


@pytest.mark.parametrize("ids", ["name", None])
def test_answers_do_not_follow_later_changes_of_the_items(ids):
    items = HOTELS.copy() if ids else HOTELS.set_index("name")
    recommender = ContentRecommender().fit(items, ids=ids, text="desc")
    items.loc[:, "stars"] = 0
    found = recommender.similar("Quay")
    found.loc[:, "stars"] = 0
    assert recommender.similar("Quay", k=1)["stars"].tolist() == [3]


def test_refit_forgets_the_first_items():
    recommender = fitted()
    recommender.explain("Quay", "Pier")
    recommender.fit(["red apples", "red pears", "blue cheese"])
    assert recommender.explain(0, 1)["term"].tolist() == ["red"]
    assert recommender.similar(0)["id"].tolist() == [1]
    with pytest.raises(KeyError, match="Quay"):
        recommender.similar("Quay")


def test_clone_and_parameters():
    recommender = ContentRecommender(textvec.TfidfVectorizer(min_df=2))
    assert clone(recommender).get_params()["vectorizer__min_df"] == 2
    assert recommender.set_params(vectorizer__min_df=1).vectorizer.min_df == 1


def test_pandas_output_of_a_vectorizer_is_not_in_the_way():
    vectorizer = textvec.LSAVectorizer(vector_size=3, random_state=0).set_output(transform="pandas")
    assert fitted(vectorizer).similar("Quay", k=1)["id"].tolist() == ["Pier"]


def test_no_matrix_of_all_items_by_all_items():
    """Nothing that a recommender holds has more than one row per item and few entries in it."""
    recommender = ContentRecommender().fit([f"word{i} word{i + 1} common" for i in range(300)])
    assert recommender.vectors_.nnz < 300 * 9


# Scores and their explanation


def test_scores_are_cosines():
    recommender = fitted(textvec.CountVectorizer())
    counts = sklearn_text.CountVectorizer().fit_transform(TEXTS).toarray().astype(float)
    expected = counts[0] @ counts[1] / np.linalg.norm(counts[0]) / np.linalg.norm(counts[1])
    assert_allclose(recommender.similar("Quay", k=1)["score"], [expected], rtol=1e-12)


def test_bm25_scores_are_those_of_its_queries():
    recommender = fitted(textvec.BM25Vectorizer())
    vectorizer = textvec.BM25Vectorizer()
    documents = vectorizer.fit_transform(TEXTS)
    expected = (vectorizer.transform_queries(["harbour oysters"]) @ documents.T).toarray().ravel()
    found = recommender.query("harbour oysters")
    assert_allclose(found["score"], np.sort(expected[expected > 0])[::-1])
    assert found["id"].tolist() == ["Pier", "Quay"]


def test_an_item_is_a_query_of_its_whole_text_to_bm25():
    recommender = fitted(textvec.BM25Vectorizer())
    similar, query = recommender.similar("Quay"), recommender.query(TEXTS[0])
    assert_frame_equal(similar, query[query["id"] != "Quay"].reset_index(drop=True))


def test_a_pipeline_is_compared_as_its_last_step():
    pair = make_pipeline(textvec.CountVectorizer(), textvec.BM25Transformer())
    ours, expected = fitted(pair), fitted(VECTORIZERS["bm25"])
    assert ours.metric_ == "dot"
    assert_frame_equal(ours.similar("Quay"), expected.similar("Quay"))
    assert_frame_equal(ours.query("open fires"), expected.query("open fires"))


class QueriesInOneWord(textvec.CountVectorizer):
    """Takes only the last word of a query, as a model with prompts treats queries apart."""

    def transform_queries(self, raw_documents):
        return self.transform([text.split()[-1] for text in raw_documents])


def test_items_meet_as_documents_where_cosines_are_compared():
    recommender, plain = fitted(QueriesInOneWord()), fitted(textvec.CountVectorizer())
    assert_frame_equal(recommender.similar("Quay"), plain.similar("Quay"))
    assert_frame_equal(recommender.query("snow harbour"), plain.query("harbour"))


@pytest.mark.parametrize("name", ["default", "counts", "tfidf", "tfidf float32", "bm25"])
def test_shares_sum_to_the_score(name):
    recommender = fitted(VECTORIZERS[name])
    for a in HOTELS["name"]:
        scores = recommender.similar(a, k=99).set_index("id")["score"]
        for b in HOTELS["name"].drop(HOTELS.index[HOTELS["name"] == a]):
            explanation = recommender.explain(a, b)
            assert explanation.columns.tolist() == ["term", "share"]
            assert explanation["share"].is_monotonic_decreasing
            assert_allclose(explanation["share"].sum(), scores.get(b, 0.0), rtol=1e-6)


def test_explanation_names_the_shared_terms():
    terms = fitted(textvec.CountVectorizer()).explain("Quay", "Pier").set_index("term")["share"]
    assert set(terms.index) == {"harbour", "oysters", "and", "sailing", "boats", "the"}
    assert_allclose(terms, terms.iloc[0])  # each once in both


def test_explanation_of_items_without_a_shared_term_is_empty():
    assert fitted().explain("Quay", "Runway").empty


@pytest.mark.parametrize("name", ["lsa", "hashing", "pipeline"])
def test_vectors_without_terms_are_explained_by_pairs(name):
    recommender = fitted(VECTORIZERS[name])
    explanation = recommender.explain("Quay", "Pier")
    assert explanation.columns.tolist() == ["a", "b", "share"]
    assert {("harbour", "harbour"), ("oysters", "oysters")} <= set(
        zip(explanation["a"], explanation["b"], strict=True)
    )
    assert not explanation[["a", "b"]].isin(["the", "and", "at"]).any(axis=None)
    score = recommender.similar("Quay", k=1)["score"][0]
    assert_allclose(explanation["share"].sum(), score, rtol=1e-5)


def test_what_no_pair_explains_is_the_texts_own():
    vectors = {"quay": [1, 0], "summit": [-1, 0.2], "hill": [0.5, 0.5], "sky": [0, 1]}
    table = textvec.KeyedVectors([*vectors.values()], [*vectors])
    recommender = ContentRecommender(textvec.DocumentVectorizer(table))
    score = recommender.fit(["quay", "summit", "hill"]).similar(0)["score"].iloc[-1]
    assert_allclose(score, -1 / np.sqrt(1.04), rtol=1e-6)
    explanation = recommender.explain(0, 1)
    assert explanation[["a", "b"]].to_numpy().tolist() == [["quay", "summit"]]
    assert_allclose(explanation["share"], score)
    items = pd.DataFrame({"desc": ["quay", "summit", "hill"], "price": [1, 2, 9]})
    recommender.fit(items, text="desc", columns="price")
    scores = recommender.similar(0).set_index("id")["score"]
    for other in (1, 2):
        assert_allclose(recommender.explain(0, other)["share"].sum(), scores[other], rtol=1e-5)
    assert recommender.fit(["quay", "sky"]).explain(0, 1).empty


def test_long_texts_are_paired_by_sentences():
    texts = [
        "A harbour hotel. Sailing boats leave at nine!",
        "Free sailing boats for guests. An old harbour.",
        "Skiing from the door. Open fires.",
        "雪山脚下。泡温泉吧！",
    ]
    by_characters = textvec.HashingVectorizer(
        n_features=2**10, alternate_sign=False, analyzer="mixed"
    )
    recommender = ContentRecommender(by_characters).fit(texts)
    found = recommender.explain(0, 1)
    assert set(zip(found["a"], found["b"], strict=True)) == {
        ("A harbour hotel.", "An old harbour."),
        ("Sailing boats leave at nine!", "Free sailing boats for guests."),
    }


def test_a_query_without_known_terms_says_so():
    with pytest.warns(UserWarning, match="nothing matches"):
        found = fitted().query("zeppelin")
    assert found.empty
    assert found.columns.tolist() == ["id", "score", "desc", "stars"]


def test_pairs_of_sentences_are_those_of_the_definition(monkeypatch):
    """The greedy choice, and the same where all sentences but the nearest are left out."""
    random = np.random.default_rng(0)
    words = [f"w{at}" for at in range(12)]
    a, b = (" ".join(" ".join(random.choice(words, 3)) + "." for _ in range(n)) for n in (14, 9))
    vectorizer = textvec.HashingVectorizer(n_features=64, alternate_sign=False)
    recommender = ContentRecommender(vectorizer).fit([a, b])
    found = recommender.explain(0, 1)
    units_a, units_b = (
        [f"{part.strip()}." for part in text.split(".") if part.strip()] for text in (a, b)
    )
    cosines = (vectorizer.transform(units_a) @ vectorizer.transform(units_b).T).toarray().round(5)
    cosines += 1e-6 * (np.array(units_a)[:, None] == np.array(units_b))
    expected = []
    while cosines.max() > 0:
        at, to = np.unravel_index(np.argmax(cosines), cosines.shape)
        expected.append((units_a[at], units_b[to]))
        cosines[at, :] = cosines[:, to] = -1
    assert set(zip(found["a"], found["b"])) == set(expected)
    monkeypatch.setattr(explanations, "_MOST_UNITS", 4)
    fewer = recommender.explain(0, 1)
    assert len(fewer) <= 4
    assert_allclose(fewer["share"].sum(), found["share"].sum(), rtol=1e-6)


def test_an_empty_text_matches_nothing():
    with pytest.warns(UserWarning, match="it matches nothing"):
        recommender = ContentRecommender().fit(["red apples", "", "red pears"])
    assert recommender.similar(0)["id"].tolist() == [2]
    with pytest.warns(UserWarning, match="liked item 1 is all zeros: it has no text, so"):
        assert recommender.similar(1).empty


# Forms of items and ids


@pytest.mark.parametrize(
    "items",
    [TEXTS, tuple(TEXTS), np.array(TEXTS), np.array(TEXTS, dtype=object)],
    ids=["list", "tuple", "array", "object array"],
)
def test_lists_of_texts(items):
    assert ContentRecommender().fit(items).similar(0, k=1)["id"].tolist() == [1]
    named = ContentRecommender().fit(items, ids=HOTELS["name"]).similar("Quay", k=1)
    assert named["id"].tolist() == ["Pier"]
    assert named.columns.tolist() == ["id", "score", "text"]


def test_series_of_texts():
    series = HOTELS.set_index("name")["desc"]
    found = ContentRecommender().fit(series).similar("Quay", k=1)
    assert found["id"].tolist() == ["Pier"]
    assert found.columns.tolist() == ["id", "score", "desc"]


def test_index_of_a_frame_gives_the_ids():
    found = ContentRecommender().fit(HOTELS.set_index("name"), text="desc").similar("Quay", k=1)
    assert found["id"].tolist() == ["Pier"]


def test_the_only_column_is_the_text():
    found = ContentRecommender().fit(HOTELS[["name", "desc"]], ids="name").similar("Quay", k=1)
    assert found["id"].tolist() == ["Pier"]


def test_columns_named_like_ours_are_kept_beside_them():
    items = HOTELS.rename(columns={"stars": "score"}).assign(id=range(5))
    found = ContentRecommender().fit(items, ids="name", text="desc").similar("Quay", k=1)
    assert found.columns.tolist() == ["id", "score", "desc", "score_item", "id_item"]
    assert found["score_item"].tolist() == [3]


def test_one_id_may_stand_for_a_list():
    recommender = fitted()
    assert_frame_equal(recommender.recommend("Quay"), recommender.recommend(["Quay"]))
    assert_frame_equal(
        recommender.recommend("Quay", "Summit"), recommender.recommend(["Quay"], ["Summit"])
    )


def test_chinese_is_cut_into_characters_and_pairs():
    recommender = ContentRecommender().fit(CHINESE)
    assert recommender.similar(0, k=1)["id"].tolist() == [1]
    terms = recommender.explain(0, 1)["term"].tolist()
    assert {"机", "班 车"} <= set(terms)
    assert not set(terms) & {"，", "。", "有", "的"}
    assert recommender.query("泡温泉", k=1)["id"].tolist() == [2]
    wifi = ContentRecommender().fit(["酒店大堂里有 WiFi。", "旅馆客房的wifi！"])
    assert wifi.explain(0, 1)["term"].tolist() == ["wifi"]


def test_default_vectorizer_is_one_for_every_mixture_of_scripts():
    english, chinese = default_vectorizer(TEXTS), default_vectorizer(CHINESE)
    assert english.stop_words == chinese.stop_words
    assert {"的", "the"} <= set(chinese.stop_words)
    assert english.ngram_range == chinese.ngram_range == (1, 2)
    assert default_vectorizer(TEXTS * 5000).ngram_range == (1, 1)
    assert default_vectorizer(CHINESE * 6000).ngram_range == (1, 1)
    terms = [
        set(default_vectorizer(texts).fit([TEXTS[0]]).get_feature_names_out())
        for texts in (TEXTS, [*TEXTS, *CHINESE])
    ]
    assert terms[0] == terms[1]
    assert terms[0] == set(
        textvec.TfidfVectorizer(stop_words="english", ngram_range=(1, 2))
        .fit([TEXTS[0]])
        .get_feature_names_out()
    )


@pytest.mark.parametrize("repeated", [1, 400])
def test_titles_in_both_scripts_are_found_by_queries_in_either(repeated):
    """Beyond 20,000 items, too, where the analysis is another."""
    titles = [title for title, _ in TITLES]
    assert len(titles) == 60
    others = [f"Other thing number {at} 杂物" for at in range(60 * (repeated - 1))]
    recommender = ContentRecommender().fit([*titles, *others])
    asked = [(query, row) for row, (_, queries) in enumerate(TITLES) for query in queries]
    assert len(asked) >= 40
    missed = [
        query for query, row in asked if row not in recommender.query(query, k=3)["id"].tolist()
    ]
    assert len(missed) < 0.05 * len(asked), missed


def test_stop_words_count_a_tenth_where_texts_are_few_or_short():
    (content, most), (every_word, rest) = default_vectorizers(TEXTS)
    assert ("the" in content.stop_words, most) == (True, 0.9)
    assert (every_word.stop_words, every_word.ngram_range, rest) == (None, (1, 1), 0.1)
    assert every_word.sublinear_tf
    assert len(default_vectorizers(TEXTS * 1000)) == 2
    assert len(default_vectorizers([" ".join(TEXTS)] * 200)) == 2
    assert len(default_vectorizers(["".join(CHINESE)] * 201)) == 1
    assert len(default_vectorizers(CHINESE[:1] * 201)) == 2
    for many in (TEXTS * 5000, [" ".join(TEXTS)] * 201):
        ((alone, share),) = default_vectorizers(many)
        assert ("the" in alone.stop_words, share) == (True, 1.0)


def test_short_texts_without_a_content_word_in_common_are_told_apart():
    jokes = ["What do you call him?", "What did you call her?", "Two men in Rome", "A bar."]
    recommender = ContentRecommender().fit(jokes)
    assert recommender.similar(0)["id"].tolist()[0] == 1
    shares = recommender.explain(0, 1)
    assert shares.columns.tolist() == ["term", "share"]
    assert shares["term"].is_unique
    assert_allclose(shares["share"].sum(), recommender.similar(0)["score"][0], rtol=1e-5)


def test_who_asks_while_another_learns_sees_the_old_or_the_new():
    """Rows, ids and columns of two tables at once would be answers about items that are none."""
    words = [f"w{at}" for at in range(30)]
    tables = [
        pd.DataFrame({"id": [f"{kind}{at}" for at in order], "text": texts, "kind": kind})
        for kind, order, texts in [
            ("a", range(60), [f"{words[at % 30]} {words[at // 2]} sea" for at in range(60)]),
            ("b", range(40), [f"{words[29 - at % 30]} {words[at % 7]} sea" for at in range(40)]),
        ]
    ]
    more = pd.DataFrame({"id": ["a60", "a61"], "text": ["sea w1", "sea w2"], "kind": "a"})
    for table in [*tables, more]:
        table["of"] = table["id"]
    recommender = ContentRecommender(textvec.TfidfVectorizer()).fit(
        tables[0], ids="id", text="text"
    )
    done, faults, seen = threading.Event(), [], set()

    def ask():
        while not done.is_set():
            try:
                found = recommender.query("sea w1", k=5)
                seen.update(found["kind"])
                id = found["id"][0]
                if found["kind"].nunique() != 1 or not (found["id"] == found["of"]).all():
                    faults.append(found)
                recommender.explain(id, id)
                recommender.similar(id, where=lambda items: items["kind"] == "a")
            except KeyError:
                pass  # the id was of the other table
            except Exception as error:
                faults.append(error)

    askers = [threading.Thread(target=ask) for _ in range(3)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-4)
    try:
        for asker in askers:
            asker.start()
        for _ in range(40):
            recommender.fit(tables[1], ids="id", text="text")
            recommender.fit(tables[0], ids="id", text="text").add(more)
    finally:
        done.set()
        for asker in askers:
            asker.join()
        sys.setswitchinterval(interval)
    assert faults == []
    assert seen == {"a", "b"}


# Saving


@pytest.mark.parametrize("name", ["default", "bm25", "hashing", "lsa"])
def test_a_saved_recommender_answers_as_before(tmp_path, name):
    recommender = fitted(VECTORIZERS[name])
    if name in ("default", "bm25"):
        recommender.explain("Quay", "Pier")
    recommender.save(tmp_path / "hotels.textvec")
    loaded = textvec.load(tmp_path / "hotels.textvec")
    for found, expected in [
        (loaded.similar("Quay", k=99), recommender.similar("Quay", k=99)),
        (loaded.recommend(["Quay"], ["Summit"]), recommender.recommend(["Quay"], ["Summit"])),
        (loaded.query("open fires"), recommender.query("open fires")),
    ]:
        assert_frame_equal(found, expected, check_exact=True)
    if name in ("default", "bm25"):
        assert_frame_equal(loaded.explain("Quay", "Pier"), recommender.explain("Quay", "Pier"))


def test_a_foreign_vectorizer_is_not_saved(tmp_path):
    with pytest.raises(TypeError, match="vectorizer"):
        fitted(sklearn_text.TfidfVectorizer()).save(tmp_path / "hotels.textvec")


# The published example


@pytest.mark.skipif("TEXTVEC_DATA" not in os.environ, reason="TEXTVEC_DATA is not set")
def test_seattle_hotels():
    folder = Path(os.environ["TEXTVEC_DATA"]) / "hotels"
    hotels = pd.read_csv(folder / "Seattle_Hotels.csv", encoding="latin-1")
    stop_words = (folder / "english_stop_words_179.txt").read_text(encoding="utf-8").split()

    def clean(text):
        return re.sub("[^0-9a-z #+_]", "", re.sub(r"[/(){}\[\]\|@,;]", " ", text.lower()))

    vectorizer = textvec.TfidfVectorizer(
        ngram_range=(1, 3), min_df=0.01, stop_words=stop_words, preprocessor=clean
    )
    recommender = ContentRecommender(vectorizer).fit(hotels, ids="name", text="desc")
    found = recommender.similar("Hilton Seattle Airport & Conference Center")
    assert recommender.vectors_.shape == (152, 3347)
    assert found["score"].round(4).tolist() == [
        0.2266, 0.1551, 0.1503, 0.1297, 0.1225, 0.1100, 0.1084, 0.1076, 0.0996, 0.0995
    ]  # fmt: skip
    starts = [
        "Embassy Suites", "DoubleTree", "Seattle Airport Marriott", "Four Points", "Motel 6",
        "Hampton Inn Seattle/Southcenter", "Radisson", "Knights Inn", "Hotel Hotel", "Home2",
    ]  # fmt: skip
    assert all(name.startswith(start) for name, start in zip(found["id"], starts, strict=True))
    explanation = recommender.explain(recommender.ids_[0], found["id"][0])
    assert sparse.issparse(recommender.vectors_)
    assert not explanation.empty
