"""``stem`` on every sparse vectorizer is what scikit-learn gives with a tokenizer that stems."""

import pickle
import re
import sys
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.feature_extraction import text as peer

import textvec
from textvec.text.stemming import stem_terms

from .parity import (
    assert_same_learned,
    assert_same_matrix,
    corpora,
    examples,
    zipf_corpus,
)

Stemmer = pytest.importorskip("Stemmer")

PEERS = {
    textvec.CountVectorizer: peer.CountVectorizer,
    textvec.TfidfVectorizer: peer.TfidfVectorizer,
    textvec.HashingVectorizer: peer.HashingVectorizer,
}
every_kind = pytest.mark.parametrize(
    "kind", [*PEERS, textvec.BM25Vectorizer], ids=lambda kind: kind.__name__
)
TEXTS = {
    "english": [
        "The hotels were running out of rooms, and the room was run down.",
        "Running a hotel: generously, generous, generation; generations of skies",
        "flies fly flying; a dying dye, the Sky's skis. Rooms ROOMS rooming",
        "",
        "the and of",
        "don't isn't 12th naïvely CAFÉS",
    ],
    "german": [
        "Die Häuser des Hauses, im Hause: häuslich! Zimmer und Zimmern.",
        "Aufgaben, Aufgabe, aufgegeben; das Frühstück, die Frühstücke, frühstücken",
        "",
        "Straßen STRASSE Straße große größere Größe",
    ],
}
NEW_TEXTS = {
    "english": ["a sky, skied; hotelling unseen words", "", "generic runs"],
    "german": ["Haus unbekannt Frühstücks", "", "Straßenbahn"],
}
STOP_WORDS = {
    "english": ["the", "were", "and", "rooms", "running"],
    "german": ["die", "das", "und", "häuser"],
}


class StemmingTokenizer:
    """The default tokens; stop words dropped, then stemmed: what ``stem`` is to equal."""

    def __init__(self, language, stop_words=(), token_pattern=r"(?u)\b\w\w+\b", split=None):
        self.stem = Stemmer.Stemmer(language).stemWord
        self.stop_words = frozenset(stop_words or ())
        self.split = split or re.compile(token_pattern).findall

    def __call__(self, text):
        words = [word for word in self.split(text) if word not in self.stop_words]
        return [self.stem(word) or word for word in words]


def assert_stems_as_a_tokenizer(kind, language, docs, new_docs, tokenizer=None, **params):
    """Compare with scikit-learn, or for BM25 with its unstemmed self fed such a tokenizer."""
    stop_words = params.pop("stop_words", None)
    own = {"stop_words": stop_words, "stem": language}
    if tokenizer is not None:
        own |= {"tokenizer": tokenizer, "token_pattern": None}
    mine = kind(**own, **params)
    stems = StemmingTokenizer(language, mine.get_stop_words(), split=tokenizer)
    other_params = {name: value for name, value in params.items() if name != "n_jobs"}
    other = PEERS.get(kind, kind)(tokenizer=stems, token_pattern=None, **other_params)
    assert_same_matrix(mine.fit_transform(docs), other.fit_transform(docs))
    assert_same_learned(mine, other)
    for new in (docs, new_docs, docs[::-1]):
        assert_same_matrix(mine.transform(new), other.transform(new))
    return mine


@every_kind
@pytest.mark.parametrize("language", TEXTS)
@pytest.mark.parametrize(
    "params",
    [
        {},
        {"ngram_range": (1, 3)},
        {"ngram_range": (2, 2), "n_jobs": 2},
        {"lowercase": False},
        {"strip_accents": "unicode"},
        {"binary": True, "dtype": np.float32},
    ],
    ids=str,
)
@pytest.mark.parametrize("stops", [False, True])
def test_stems_are_what_a_stemming_tokenizer_gives(kind, language, params, stops):
    assert_stems_as_a_tokenizer(
        kind,
        language,
        TEXTS[language],
        NEW_TEXTS[language],
        stop_words=STOP_WORDS[language] if stops else None,
        **params,
    )


@pytest.mark.parametrize(
    "params", [{"min_df": 2}, {"max_df": 2}, {"max_features": 3}, {"min_df": 2, "max_features": 2}]
)
@pytest.mark.parametrize("kind", [textvec.CountVectorizer, textvec.TfidfVectorizer])
def test_terms_are_pruned_after_stemming(kind, params):
    assert_stems_as_a_tokenizer(
        kind, "english", TEXTS["english"], NEW_TEXTS["english"], ngram_range=(1, 2), **params
    )


@settings(max_examples=examples(80))
@given(
    corpora(4),
    st.sampled_from(["english", "german", "turkish"]),
    st.sampled_from([(1, 1), (1, 2)]),
    st.sampled_from([None, "english", ["hotel", "sea"]]),
    st.integers(1, 3),
)
def test_any_text(docs, language, ngram_range, stop_words, n_jobs):
    docs = [doc.encode("utf-8", "replace").decode() for doc in docs]  # the stemmer takes UTF-8 only
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Han text
        assert_stems_as_a_tokenizer(
            textvec.CountVectorizer,
            language,
            [*docs, "a view of the port"],
            docs,
            ngram_range=ngram_range,
            stop_words=stop_words,
            n_jobs=n_jobs,
        )


@pytest.mark.parametrize("n_jobs", [1, 2, 3, 4])
def test_a_corpus_of_many_words(n_jobs):
    docs = [re.sub(r"\bw(\d+)", r"hotel\1ing rooms", doc) for doc in zipf_corpus(300)]
    assert_stems_as_a_tokenizer(
        textvec.TfidfVectorizer, "english", docs, docs[:9], ngram_range=(1, 2), n_jobs=n_jobs
    )


@every_kind
def test_tokens_made_in_python_are_stemmed_too(kind):
    for ngram_range in ((1, 1), (1, 2)):
        assert_stems_as_a_tokenizer(
            kind,
            "english",
            TEXTS["english"],
            NEW_TEXTS["english"],
            tokenizer=str.split,
            stop_words=["the", "was"],
            ngram_range=ngram_range,
        )


@every_kind
def test_words_with_one_stem_are_one_term(kind):
    vectorizer = kind(stem="english")
    X = vectorizer.fit_transform(["hotel rooms", "hotels room", "HOTEL ROOM"])
    assert (X[0] != X[1]).nnz == (X[0] != X[2]).nnz == 0
    if kind is not textvec.HashingVectorizer:
        assert sorted(vectorizer.vocabulary_) == ["hotel", "room"]
        assert vectorizer.get_feature_names_out().tolist() == ["hotel", "room"]


@every_kind
def test_unseen_words_meet_known_stems(kind):
    """What was learned from "hotels" is found in "hotelling", a word that was not there."""
    vectorizer = kind(stem="english").fit(["hotels run", "the sky"])
    X = vectorizer.transform(["hotelling", "hotel", "unseen"])
    assert X[0].nnz == 1
    assert (X[0] != X[1]).nnz == 0
    if kind is not textvec.HashingVectorizer:
        assert X[2].nnz == 0


def test_stop_words_are_dropped_before_stemming():
    """ "running" is a stop word, "runs" is not, though they share a stem."""
    docs = ["running runs", "run"]
    vectorizer = textvec.CountVectorizer(stem="english", stop_words=["running"])
    assert vectorizer.fit_transform(docs).toarray().tolist() == [[1], [1]]
    assert vectorizer.transform(["running", "runs running run"]).toarray().tolist() == [[0], [2]]
    vectorizer = textvec.CountVectorizer(stem="english", stop_words=["run"])
    assert vectorizer.fit_transform(docs).toarray().tolist() == [[2], [0]]


def test_the_analyzer_of_a_stemming_vectorizer_stems():
    vectorizer = textvec.CountVectorizer(
        stem="english", stop_words=["the", "running"], ngram_range=(1, 2)
    )
    analyze = vectorizer.build_analyzer()
    assert analyze("The hotels, running skies") == ["hotel", "sky", "hotel sky"]
    vectorizer.fit(["The hotels, running skies"])
    assert set(vectorizer.vocabulary_) == set(analyze("The hotels, running skies"))


@pytest.mark.parametrize("analyzer", ["char", "char_wb", str.split])
def test_only_words_are_stemmed(analyzer):
    """As ``stop_words``, ``stem`` is for the analyzer of words."""
    docs = ["hotels running"]
    with pytest.warns(UserWarning, match="'stem' will not be used since 'analyzer' != 'word'"):
        X = textvec.CountVectorizer(stem="english", analyzer=analyzer).fit_transform(docs)
    assert_same_matrix(X, peer.CountVectorizer(analyzer=analyzer).fit_transform(docs))


def test_a_given_vocabulary_is_of_stems():
    vectorizer = textvec.CountVectorizer(
        stem="english", vocabulary=["hotel", "run", "hotels", "hotel run"], ngram_range=(1, 2)
    )
    X = vectorizer.fit_transform(["hotels running hotel"])
    assert X.toarray().tolist() == [[2, 1, 0, 1]]


def test_scores_of_stemmed_queries():
    vectorizer = textvec.BM25Vectorizer(stem="english")
    weights = vectorizer.fit_transform(["quiet rooms", "a bar", "room with rooms"])
    for query in ("room", "rooms", "ROOMING"):
        scores = (vectorizer.transform_queries([query]) @ weights.T).toarray()[0]
        assert scores[2] > scores[0] > scores[1] == 0


@every_kind
def test_copies_give_the_same(kind, tmp_path):
    docs = TEXTS["english"]
    mine = kind(stem="english", ngram_range=(1, 2)).fit(docs)
    mine.save(tmp_path / "stemming.textvec")
    X = mine.transform(docs)
    assert clone(mine).stem == "english"
    for again in (pickle.loads(pickle.dumps(mine)), textvec.load(tmp_path / "stemming.textvec")):
        assert_same_matrix(again.transform(docs), X)


# --- errors ---------------------------------------------------------------------------------------


@every_kind
@pytest.mark.parametrize("language", ["klingon", "English", ""])
def test_an_unknown_language_is_named_with_the_choices(kind, language):
    for params in ({}, {"tokenizer": str.split, "token_pattern": None}):
        vectorizer = kind(stem=language, **params)
        with pytest.raises(ValueError, match=rf"stem must be one of .*'english'.*Got '{language}'"):
            vectorizer.fit_transform(["hotels"])


def test_a_language_that_is_no_str():
    with pytest.raises(ValueError, match="'stem' parameter of CountVectorizer must be"):
        textvec.CountVectorizer(stem=True).fit(["hotels"])


@every_kind
def test_a_missing_stemmer_names_the_extra(kind, monkeypatch):
    monkeypatch.setitem(sys.modules, "Stemmer", None)  # an import of it fails
    with pytest.raises(ImportError, match=re.escape('pip install "textvec[stem]"')):
        kind(stem="english").fit_transform(["hotels"])
    assert kind().fit_transform(["hotels"]).nnz == 1


# --- the function ---------------------------------------------------------------------------------


def test_stem_terms():
    assert stem_terms([], "english") == []
    words = ["hotels", "running", "generously", "sky", "x²", "é", "酒店", "_", "hotels"]
    assert stem_terms(words, "english") == Stemmer.Stemmer("english").stemWords(words)
    assert stem_terms(["häuser", "straße"], "german") == ["haus", "strass"]


@pytest.mark.parametrize("language", Stemmer.algorithms())
def test_no_stem_is_empty(language):
    letters = [chr(code) for code in [*range(33, 0x700), 0xE000, 0x1F600]]
    words = letters + [a + b for a in "aeiouysnr" for b in "aeiouysnr"]
    assert all(stem_terms(words, language))


def test_lone_surrogates_stay_as_they_are():
    """The stemmer takes UTF-8, which they do not have."""
    assert stem_terms(["hotels\ud800", "hotels"], "english") == ["hotels\ud800", "hotel"]
    X = textvec.CountVectorizer(stem="english").fit_transform(["hotels\ud800 hotels", "a\udfffb"])
    assert X.shape[0] == 2
