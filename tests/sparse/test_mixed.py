"""``analyzer="mixed"``: words, and characters where a script is written without spaces."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import textvec
from textvec import (
    BM25Vectorizer,
    CountVectorizer,
    HashingVectorizer,
    LSAVectorizer,
    TfidfVectorizer,
)
from textvec.text.mixed import is_spaceless
from textvec.text.stop_words import stop_words

from .parity import assert_same_learned, assert_same_matrix, documents

TITLES = ["Apple iPhone 15 透明手机壳", "iPhone手机壳, red", "USB-C 数据线。充电线 for iPhone", "a"]
# fmt: off
PIECES = [
    *"手机壳透明的我们ケースのー々〇𠮷\U0003134fไทยน้ำລາວខ្មែរမ", *" 、。·,.-_\n\u3000😀\ud800\u200d",
    "iPhone", "phone", "cases", "the", "a", "Of", "15", "é", "ΣΑΣ", "İ", "한국어", "ㄅㄆ",
    "か\u3099",
]
# fmt: on
SCRIPTS = st.lists(st.sampled_from(PIECES), max_size=25).map("".join)
STOP_WORDS = ["手机", "的", "手", "phone", "我们的"]
OPTIONS = st.fixed_dictionaries(
    {"ngram_range": st.sampled_from([(1, 1), (1, 2), (1, 3), (2, 2), (2, 3), (3, 4), (0, 1)])},
    optional={
        "stop_words": st.sampled_from(["english", "chinese", STOP_WORDS]),
        "stem": st.just("english"),
        "lowercase": st.booleans(),
        "strip_accents": st.just("unicode"),
        "n_jobs": st.just(2),
    },
)


def naive_features(text, ngram_range=(1, 1), stop_words=()):
    """The definition, a character at a time: features by length and place."""
    spans, kind = [[]], None
    for character in text.lower():
        is_word = character.isalnum() or character == "_"
        found = "run" if is_spaceless(character) else "word" if is_word else None
        if found != kind or found is None:
            spans.append([])
        spans[-1].append(character)
        kind = found
    chains = [[]]  # what n-grams are of
    for span in filter(None, spans):
        if is_spaceless(span[0]):
            chains += [span, []]
        elif len(span) > 1 and (span[0].isalnum() or span[0] == "_"):
            word = "".join(span)
            chains[-1] += [word] * (word not in stop_words)
    features = []
    for n in range(1, 5):
        for chain in filter(None, chains):
            run = is_spaceless(chain[0])
            low, high = (1, 2) if run else ngram_range
            for grams in zip(*(chain[i:] for i in range(n))):
                term = ("" if run else " ").join(grams)
                if low <= n <= high and not (run and term in stop_words):
                    features.append(term)
    return features


def test_the_example_of_the_docstring():
    analyze = CountVectorizer(analyzer="mixed").build_analyzer()
    assert analyze("iPhone手机壳") == ["iphone", "手", "机", "壳", "手机", "机壳"]


@pytest.mark.parametrize(
    ("text", "ngram_range", "expected"),
    [
        ("手机。壳", (1, 1), "手 机 壳 手机"),
        ("手 机", (1, 1), "手 机"),
        ("手a机", (1, 1), "手 机"),
        ("red case 手机 for me", (1, 2), "red case 手 机 for me|red case|手机|for me"),
        ("red case 手机 for me", (2, 2), "手 机|red case|手机|for me"),
        ("手机壳子", (3, 3), "手 机 壳 子 手机 机壳 壳子"),
        ("カメラのケース", (1, 1), "カ メ ラ の ケ ー ス カメ メラ ラの のケ ケー ース"),
        ("食べ物", (1, 1), "食 べ 物 食べ べ物"),
        ("か\u3099く", (1, 1), "か \u3099 く か\u3099 \u3099く"),
        ("ไทย น้ำ", (1, 1), "ไ ท ย น ้ ำ ไท ทย น้ ้ำ"),
        ("한국어 호텔", (1, 2), "한국어 호텔|한국어 호텔"),
        ("𠮷野😀家", (1, 1), "𠮷 野 家 𠮷野"),
        ("२०१५ 一九८८", (1, 1), "२०१५ 一 九 ८८ 一九"),
        ("手\ud800机", (1, 1), "手 机"),
    ],
)
def test_known_features(text, ngram_range, expected):
    singles, *longer = expected.split("|")
    vectorizer = CountVectorizer(analyzer="mixed", ngram_range=ngram_range)
    terms = [*singles.split(), *longer] if "|" in expected else singles.split()
    assert vectorizer.build_analyzer()(text) == terms
    assert list(vectorizer.fit([text]).vocabulary_) == list(dict.fromkeys(terms))


@given(SCRIPTS | documents(), st.sampled_from([(1, 1), (1, 2), (2, 3)]))
def test_features_are_those_of_the_definition(text, ngram_range):
    stops = frozenset(["手机", "的", "phone", "of"])
    vectorizer = CountVectorizer(analyzer="mixed", ngram_range=ngram_range, stop_words=list(stops))
    text = text.lower()
    assert vectorizer.build_analyzer()(text) == naive_features(text, ngram_range, stops)


def fitted_alike(kind, options, docs, new_docs):
    """Fit by compiled code, and scikit-learn's way on the features that Python makes."""
    compiled = kind(analyzer="mixed", **options)
    python = kind(analyzer=compiled.build_analyzer())
    try:
        expected = python.fit_transform(docs)
    except ValueError as error:
        with pytest.raises(ValueError, match=str(error)[:20]):
            compiled.fit_transform(docs)
        return
    assert_same_matrix(compiled.fit_transform(docs), expected)
    assert_same_learned(compiled, python)
    assert_same_matrix(compiled.transform(new_docs), python.transform(new_docs))


@pytest.mark.filterwarnings("ignore:Your stop_words may be inconsistent")
@pytest.mark.parametrize("kind", [CountVectorizer, HashingVectorizer, textvec.TfidfVectorizer])
@given(
    st.lists(SCRIPTS | documents(), min_size=1, max_size=6),
    st.lists(SCRIPTS | documents(), min_size=1, max_size=3),
    OPTIONS,
)
def test_compiled_and_python_give_the_same(kind, docs, new_docs, options):
    if options.get("stem") and options["ngram_range"][0] < 1:
        options = {**options, "ngram_range": (1, 2)}
    fitted_alike(kind, options, docs, new_docs)


@given(st.lists(SCRIPTS, min_size=2, max_size=8), OPTIONS)
def test_rare_and_common_terms_are_dropped_alike(docs, options):
    options = {**options, "stop_words": None, "ngram_range": (1, 2)}
    limits = {"min_df": 2, "max_df": 0.9, "max_features": 7}
    compiled = CountVectorizer(analyzer="mixed", **options, **limits)
    python = CountVectorizer(analyzer=compiled.build_analyzer(), **limits)
    try:
        expected = python.fit_transform(docs)
    except ValueError:
        with pytest.raises(ValueError, match=r"empty vocabulary|no terms remain|max_df"):
            compiled.fit(docs)
        return
    assert_same_matrix(compiled.fit_transform(docs), expected)
    assert_same_learned(compiled, python)


@given(st.lists(SCRIPTS, min_size=1, max_size=5), st.lists(SCRIPTS, min_size=1, max_size=8))
def test_a_given_vocabulary_is_looked_up_alike(docs, terms):
    terms = list(
        dict.fromkeys([*terms, "手", "手机", "手机壳", "手 机", "red case", "iphone手机", "case"])
    )
    options = {"vocabulary": terms, "stop_words": ["手", "机壳"], "lowercase": False}
    for ngram_range in ((1, 1), (1, 2), (2, 2), (1, 3)):
        compiled = CountVectorizer(analyzer="mixed", ngram_range=ngram_range, **options)
        python = CountVectorizer(analyzer=compiled.build_analyzer(), vocabulary=terms)
        texts = [*docs, "red case 手机 手机壳 手 iphone手机 机壳机壳"]
        assert_same_matrix(compiled.transform(texts), python.transform(texts))


@given(
    st.lists(SCRIPTS, min_size=1, max_size=6), st.lists(SCRIPTS, min_size=1, max_size=6), OPTIONS
)
def test_batches_give_the_same_as_one_fit(first, second, options):
    once = CountVectorizer(analyzer="mixed", **options)
    try:
        counts = once.fit_transform([*first, *second])
    except ValueError:
        return
    batches = CountVectorizer(analyzer="mixed", **options).partial_fit(first).partial_fit(second)
    assert batches.vocabulary_.keys() == once.vocabulary_.keys()
    columns = [batches.vocabulary_[term] for term in once.get_feature_names_out()]
    again = batches.transform([*first, *second])[:, columns]
    assert (again != counts).nnz == 0


@pytest.mark.parametrize("kind", [BM25Vectorizer, CountVectorizer, LSAVectorizer])
def test_english_is_as_with_words(kind):
    texts = [
        "quiet room with a view of the sea",
        "café by the port: 12 rooms",
        "the Σ of rooms",
    ] * 2
    size = {"vector_size": 2, "random_state": 0} if kind is LSAVectorizer else {}
    for options in ({}, {"ngram_range": (1, 2), "min_df": 2}, {"stop_words": "english"}):
        mixed, words = (kind(analyzer=how, **size, **options) for how in ("mixed", "word"))
        ours, expected = mixed.fit_transform(texts), words.fit_transform(texts)
        if kind is LSAVectorizer:
            np.testing.assert_array_equal(ours, expected)
        else:
            assert_same_matrix(ours, expected)
            assert_same_learned(mixed, words)


@pytest.mark.parametrize("kind", [BM25Vectorizer, LSAVectorizer])
def test_own_vectorizers_take_it_by_default(kind):
    size = {"vector_size": 2, "random_state": 0} if kind is LSAVectorizer else {}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        vectorizer = kind(**size).fit(TITLES)
    assert vectorizer.analyzer == "mixed"
    words = getattr(vectorizer, "tfidf_", vectorizer).vocabulary_
    assert {"手机", "透明", "iphone", "数据", "线"} <= set(words)
    assert "iphone手机壳" not in words


@pytest.mark.parametrize(
    "options",
    [
        {"tokenizer": "jieba"},
        {"tokenizer": str.split, "token_pattern": None},
        {"token_pattern": r"(?u)\b\w+\b"},
        {"token_pattern": r"[^ ]+", "ngram_range": (1, 2)},
    ],
    ids=str,
)
def test_what_says_what_a_token_is_asks_for_words(options):
    words = BM25Vectorizer(analyzer="word", **options)
    mixed = BM25Vectorizer(**options)
    assert_same_matrix(mixed.fit_transform(TITLES), words.fit_transform(TITLES))
    assert_same_learned(mixed, words)
    assert mixed.build_analyzer()(TITLES[0]) == words.build_analyzer()(TITLES[0])


def test_a_subclass_with_its_own_tokenizer_asks_for_words():
    class Halves(BM25Vectorizer):
        def build_tokenizer(self):
            return lambda text: [text[: len(text) // 2], text[len(text) // 2 :]]

    assert set(Halves().fit(["手机的壳"]).vocabulary_) == {"手机", "的壳"}


def test_stop_words_of_both_languages():
    options = {"analyzer": "mixed", "ngram_range": (1, 2)}
    text = ["the case of my 手机 和我们的 phone"]
    english = CountVectorizer(stop_words="english", **options).fit(text).vocabulary_
    assert {"case", "phone", "和"} <= set(english)
    assert not {"the", "of", "case of"} & set(english)
    assert "case phone" not in english  # characters stand between them
    chinese = CountVectorizer(stop_words="chinese", **options).fit(text).vocabulary_
    assert not {"和", "的", "我们"} & set(chinese)
    assert {"和我", "们的", "手", "机", "手机", "the"} <= set(chinese)
    assert {"的", "我们", "和"} <= stop_words("chinese")


def test_stems_are_of_words():
    vectorizer = CountVectorizer(analyzer="mixed", stem="english").fit(["phone cases 手机壳"])
    assert list(vectorizer.vocabulary_) == ["phone", "case", "手", "机", "壳", "手机", "机壳"]
    assert vectorizer.transform(["cased 机壳 " * 3000]).sum() == 12_000


def test_a_corpus_of_stop_characters_has_no_words():
    with pytest.raises(ValueError, match="empty vocabulary"):
        CountVectorizer(analyzer="mixed", stop_words="chinese").fit(["的 和", "的。"])


def test_no_parameter_is_said_to_be_unused():
    options = {"stop_words": "english", "stem": "english", "ngram_range": (1, 2)}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        CountVectorizer(analyzer="mixed", **options).fit(TITLES)
        BM25Vectorizer(stop_words="chinese").fit(TITLES)
        BM25Vectorizer(tokenizer="jieba").fit(TITLES)
        LSAVectorizer(tokenizer="jieba", vector_size=2).fit(TITLES)
        CountVectorizer(analyzer="mixed", token_pattern=r"(?u)\b\w+\b").fit(TITLES)
    with pytest.warns(UserWarning, match="'token_pattern' will not be used"):
        BM25Vectorizer(tokenizer=str.split).fit(TITLES)


@pytest.mark.parametrize("kind", [CountVectorizer, HashingVectorizer, TfidfVectorizer])
def test_where_it_was_asked_for_beside_a_tokenizer_it_is_said_to_be_unused(kind):
    with pytest.warns(UserWarning, match="analyzer='mixed' will not be used since 'tokenizer'"):
        kind(tokenizer="jieba", analyzer="mixed").fit(TITLES)


def test_threads_and_files_change_nothing(tmp_path):
    texts = [f"{title} {word}{i}" for i, title in enumerate(TITLES * 9) for word in "壳x"]
    long = [" ".join(texts) * 200, *texts, " ".join(texts[::-1]) * 150]
    one, two = (BM25Vectorizer(ngram_range=(1, 2), n_jobs=jobs) for jobs in (None, 2))
    assert_same_matrix(two.fit_transform(long), one.fit_transform(long))
    assert_same_learned(two, one)
    one.save(tmp_path / "mixed")
    loaded = textvec.load(tmp_path / "mixed")
    assert_same_matrix(loaded.transform(long), one.transform(long))
