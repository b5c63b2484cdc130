"""Collected statistics: fitted on parts, all is as after one fit on everything, to the last bit."""

import re
from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.base import clone

from textvec import (
    BM25Vectorizer,
    CollectedTerms,
    CountVectorizer,
    JiebaTokenizer,
    LSAVectorizer,
    TfidfVectorizer,
    load,
)
from textvec.sparse import collected as collected_module

from .parity import examples

WORDS = ["sea", "Sea", "view", "room", "the", "of", "port", "café", "straße", "ΣΊΣΥΦΟΣ", "x"]
PIECES = [*WORDS, "手机壳", "我的", "のり", "iPhone手", "\ud800", "😀", "a-b", "  ", "\n"]
DOCS = [
    "a quiet room by the sea, quiet nights",
    "the sea view room was loud",
    "loud nights in the old town",
    "",
    "an old room, an older town, the oldest sea",
    "breakfast by the sea",
]


def assert_same_fit(found, expected, texts):
    """Equal in vocabulary and columns, in weights, and in every entry of transform, to the bit."""
    assert found.vocabulary_ == expected.vocabulary_
    assert list(found.vocabulary_) == sorted(expected.vocabulary_) or found.fixed_vocabulary_
    assert found.fixed_vocabulary_ is expected.fixed_vocabulary_
    for name in ("idf_", "mean_length_"):
        one, other = (getattr(vectorizer, name, None) for vectorizer in (found, expected))
        assert np.asarray(one).dtype == np.asarray(other).dtype
        assert np.asarray(one).tobytes() == np.asarray(other).tobytes()
    rows, wanted = found.transform(texts), expected.transform(texts)
    assert type(rows) is type(wanted)
    for name in ("data", "indices", "indptr"):
        one, other = getattr(rows, name), getattr(wanted, name)
        assert one.dtype == other.dtype
        assert one.tobytes() == other.tobytes()


@st.composite
def analyses(draw):
    analyzer = draw(st.sampled_from(["word", "word", "mixed", "char", "char_wb", "tokens", "own"]))
    low = draw(st.integers(1, 2))
    params = {"ngram_range": (low, draw(st.integers(low, 3)))}
    if analyzer == "own":
        return {"analyzer": str.split}
    if analyzer == "tokens":
        params |= {"analyzer": "word", "tokenizer": str.split, "token_pattern": None}
    else:
        params["analyzer"] = analyzer
    if analyzer in ("word", "mixed"):
        params["stop_words"] = draw(st.sampled_from([None, "english", ["sea", "的"]]))
    if analyzer == "word":
        params["token_pattern"] = draw(st.sampled_from([r"(?u)\b\w\w+\b", r"\w+", r"[a-z]+"]))
    params["lowercase"] = draw(st.booleans())
    params["strip_accents"] = draw(st.sampled_from([None, None, "unicode"]))
    return params


@st.composite
def prunings(draw):
    return {
        "min_df": draw(st.sampled_from([1, 2, 0.2, 0.0])),
        "max_df": draw(st.sampled_from([1.0, 1.0, 3, 0.7])),
        "max_features": draw(st.sampled_from([None, 1, 3, 7])),
        "binary": draw(st.booleans()),
        "vocabulary": draw(st.sampled_from([None, None, None, ["sea", "of the", "手", "", "zzz"]])),
    }


@st.composite
def vectorizers(draw):
    params = draw(analyses()) | draw(prunings())
    kind = draw(st.sampled_from([CountVectorizer, TfidfVectorizer, BM25Vectorizer]))
    if kind is CountVectorizer:
        return kind(**params, dtype=draw(st.sampled_from([np.int64, np.float32, np.bool_])))
    params["dtype"] = draw(st.sampled_from([np.float64, np.float32]))
    if kind is BM25Vectorizer:
        return kind(**params, method=draw(st.sampled_from(["lucene", "atire", "bm25l"])))
    return kind(
        **params,
        sublinear_tf=draw(st.booleans()),
        smooth_idf=params["vocabulary"] is not None or draw(st.booleans()),
        use_idf=draw(st.booleans()),
    )


documents = st.lists(
    st.lists(st.sampled_from(PIECES), max_size=6).map(" ".join), min_size=1, max_size=8
)


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore:divide by zero:RuntimeWarning")
@settings(max_examples=examples(150), deadline=None)
@given(vectorizers(), documents, st.randoms(use_true_random=False), st.booleans())
def test_any_partition_in_any_order_equals_one_fit(vectorizer, docs, random, as_tree):
    shard_of = [random.randrange(4) for _ in docs]
    parts = [
        vectorizer.collect(doc for doc, at in zip(docs, shard_of) if at == shard)
        for shard in random.sample(range(4), 4)
    ]
    if as_tree:
        parts = [CollectedTerms.merge(parts[:2]), CollectedTerms.merge(parts[2:])]
    expected, refused = clone(vectorizer), ""
    try:
        expected.fit(docs)
    except ValueError as error:
        refused = str(error)
    if refused:
        with pytest.raises(ValueError, match=f"^{re.escape(refused)}$"):
            vectorizer.fit_collected(iter(parts))
        return
    assert_same_fit(vectorizer.fit_collected(iter(parts)), expected, [*docs, *PIECES])


@pytest.mark.filterwarnings("ignore::UserWarning")
@settings(max_examples=15, deadline=None)
@given(analyses(), st.tuples(*[documents] * 4))
def test_merging_has_no_order(params, shards):
    vectorizer = CountVectorizer(**params)
    parts = [vectorizer.collect(shard) for shard in shards]
    docs = [doc for shard in shards for doc in shard]
    one = CollectedTerms.merge(parts)
    left = CollectedTerms.merge([CollectedTerms.merge(parts[:3]), parts[3]])
    right = CollectedTerms.merge([parts[3], parts[2], CollectedTerms.merge(parts[1::-1])])
    assert one == left == right == vectorizer.collect(docs)


def test_frequencies_are_those_of_the_counts():
    vectorizer = CountVectorizer(ngram_range=(1, 2))
    counts = sparse.csr_array(vectorizer.fit_transform(DOCS))
    part = vectorizer.collect(DOCS)
    assert part.terms() == vectorizer.get_feature_names_out().tolist()
    np.testing.assert_array_equal(part.collection_frequencies, counts.sum(axis=0))
    np.testing.assert_array_equal(part.document_frequencies, (counts > 0).sum(axis=0))
    assert (part.n_documents, part.total_length) == (len(DOCS), counts.sum())
    assert len(part) == counts.shape[1]
    assert repr(part) == "<CollectedTerms: 40 terms of 6 documents>"
    assert part.to_frame().iloc[0].tolist() == ["an", 1, 2]


def test_one_collection_serves_many_vectorizers_and_prunings(tmp_path):
    parts = [CountVectorizer().collect(DOCS[:2]), CountVectorizer(min_df=3).collect(DOCS[2:])]
    parts[0].save(tmp_path / "0.textvec")
    mixed = [str(tmp_path / "0.textvec"), parts[1]]
    for vectorizer in (
        CountVectorizer(max_features=3),
        TfidfVectorizer(min_df=2, norm=None),
        BM25Vectorizer(analyzer="word", max_df=0.5),
    ):
        expected = clone(vectorizer).fit(DOCS)
        assert_same_fit(vectorizer.fit_collected(mixed), expected, DOCS)


def test_blocks_of_a_long_stream_add_up(monkeypatch):
    from textvec.text import vocabulary

    monkeypatch.setattr(vocabulary, "BLOCK_CHARACTERS", 10)
    monkeypatch.setattr("textvec.sparse.collecting._BLOCKS_AT_ONCE", 2)
    monkeypatch.setattr("textvec.sparse.collecting._DOCUMENTS_AT_ONCE", 2)
    for params in ({"n_jobs": 2}, {"analyzer": "char_wb"}, {"analyzer": str.split}):
        vectorizer = TfidfVectorizer(**params)
        expected = TfidfVectorizer(**params).fit(DOCS)
        assert_same_fit(vectorizer.fit_collected([vectorizer.collect(DOCS)]), expected, DOCS)
    with pytest.raises(TypeError, match="row 5"):
        TfidfVectorizer(tokenizer=str.split, token_pattern=None).collect([*DOCS[:5], None])


def test_partial_fit_goes_on_from_parts():
    grown = TfidfVectorizer().fit_collected([TfidfVectorizer().collect(DOCS[:3])])
    grown.partial_fit(DOCS[3:])
    whole = TfidfVectorizer().fit(DOCS)
    order = np.argsort(grown.get_feature_names_out())
    np.testing.assert_array_equal(grown.idf_[order], whole.idf_)


def test_lengths_are_summed_as_integers():
    part = BM25Vectorizer().collect(["sea view"])
    part.collection_frequencies = np.array([2**40, 1], np.uint64)
    part.total_length = 2**40 + 1
    model = BM25Vectorizer().fit_collected([part] * 3)
    assert model._weigher.total_length_ == 3 * (2**40 + 1)
    assert model.mean_length_ == 2**40 + 1


# -------------------------------------------------------------------------- within so many terms


def zipf_documents(n_documents, seed=0):
    rng = np.random.default_rng(seed)
    numbers = np.minimum(rng.zipf(1.3, (n_documents, 12)), 50_000)
    return [" ".join(f"w{number}" for number in row) for row in numbers.tolist()]


def test_lossy_counting_keeps_its_bound(monkeypatch):
    monkeypatch.setattr("textvec.text.vocabulary.BLOCK_CHARACTERS", 1000)
    monkeypatch.setattr("textvec.sparse.collecting._BLOCKS_AT_ONCE", 1)
    texts = zipf_documents(3000)
    vectorizer = CountVectorizer()
    true = vectorizer.collect(texts).to_frame().set_index("term")
    part = vectorizer.collect(texts, max_terms=500)
    found = part.to_frame().set_index("term")
    assert len(found) <= 500 < len(true)
    assert (part.max_terms, part.n_documents) == (500, 3000)
    assert part.total_length == true["occurrences"].sum()
    assert repr(part).endswith("max_terms=500>")
    for column, bound in zip(("documents", "occurrences"), part.max_missing, strict=True):
        missing = true[column].reindex(found.index) - found[column]
        assert missing.min() == 0
        assert 0 < missing.max() <= bound
        gone = true.index.difference(found.index)
        assert 0 < true.loc[gone, column].max() <= bound
    assert part.max_missing[0] < 100  # what the frequent ones have is more

    merged = CollectedTerms.merge([part, vectorizer.collect(texts), part])
    assert merged.max_missing == (2 * part.max_missing[0], 2 * part.max_missing[1])
    assert merged.max_terms == 500
    with pytest.warns(UserWarning, match=f"up to {part.max_missing[0]} too low"):
        TfidfVectorizer().fit_collected([part])


def test_room_enough_is_exact():
    part = CountVectorizer().collect(DOCS, max_terms=100)
    assert part.max_missing == (0, 0)
    assert part.to_frame().equals(CountVectorizer().collect(DOCS).to_frame())


@pytest.mark.parametrize(("value", "error"), [(0, ValueError), (1.5, TypeError), ("9", TypeError)])
def test_max_terms_is_a_number(value, error):
    with pytest.raises(error, match="max_terms must be"):
        CountVectorizer().collect(DOCS, max_terms=value)


# ------------------------------------------------------------------------------------- bad input


def cut_here(text):
    return text.split()


class Own(CountVectorizer):
    def build_tokenizer(self):
        return cut_here


@pytest.mark.filterwarnings("ignore:The parameter 'token_pattern':UserWarning")
@pytest.mark.parametrize(
    ("one", "other", "name"),
    [
        ({}, {"ngram_range": (1, 2)}, "ngram_range"),
        ({}, {"lowercase": False}, "lowercase"),
        ({}, {"strip_accents": "ascii"}, "strip_accents"),
        ({}, {"analyzer": "char"}, "analyzer"),
        ({}, {"analyzer": "mixed"}, "analyzer"),
        ({}, {"stop_words": "english"}, "stop_words"),
        ({"stop_words": ["a", "b"]}, {"stop_words": ["a", "c"]}, "stop_words"),
        ({}, {"token_pattern": r"\w+"}, "token_pattern"),
        ({}, {"stem": "english"}, "stem"),
        ({}, {"tokenizer": "whitespace"}, "token"),
        ({}, {"preprocessor": str.lower}, "preprocessor"),
        ({"tokenizer": cut_here}, {"tokenizer": str.split}, "tokenizer"),
        ({"analyzer": partial(str.split, sep="a")}, {"analyzer": partial(str.split)}, "analyzer"),
        ({"tokenizer": "jieba"}, {"tokenizer": JiebaTokenizer({"海景房": 9})}, "tokenizer"),
    ],
)
def test_other_settings_are_refused_by_name(one, other, name):
    parts = [CountVectorizer(**params).collect([]) for params in (one, one, other)]
    with pytest.raises(ValueError, match=f"part 2 was collected with {name}.*part 0 has"):
        CollectedTerms.merge(parts)
    fitted = TfidfVectorizer(**one).fit(DOCS)
    known = fitted.vocabulary_
    with pytest.raises(ValueError, match=f"part 2 was collected with {name}.*this TfidfVectorizer"):
        fitted.fit_collected(parts)
    assert fitted.vocabulary_ == known


def test_what_decides_no_term_may_differ():
    parts = [
        CountVectorizer(stop_words=["b", "a"], min_df=2, binary=True).collect(["sea a"]),
        CountVectorizer(stop_words=["a", "b", "a"], input="content", n_jobs=2).collect([b"sea b"]),
    ]
    assert CollectedTerms.merge(parts).terms() == ["sea"]


def test_a_class_of_ones_own_is_told_by_its_name():
    part = Own().collect(["Sea-view"])
    assert part.terms() == ["sea-view"]
    assert Own().fit_collected([part]).vocabulary_ == {"sea-view": 0}
    with pytest.raises(ValueError, match=r"class='[\w.]*test_collected.Own'"):
        CountVectorizer().fit_collected([part])


@pytest.mark.parametrize(
    ("params", "key"),
    [
        ({}, "rules"),
        ({}, "unicode"),
        ({"stop_words": "english"}, "stop words"),
        ({"tokenizer": "jieba"}, "jieba"),
        ({"stem": "english"}, "PyStemmer"),
    ],
)
def test_other_versions_are_refused_by_name(params, key, tmp_path):
    vectorizer = CountVectorizer(**params)
    part = vectorizer.collect(["sea"])
    assert key in part.made_with
    part.made_with = {**part.made_with, key: "0.1"}
    part.save(tmp_path / "old.textvec")
    with pytest.raises(ValueError, match=rf"part 1, .*old.textvec, was made with {key} '0.1'"):
        vectorizer.fit_collected([vectorizer.collect([]), tmp_path / "old.textvec"])


def test_no_parts_and_none_of_ours(tmp_path):
    vectorizer = CountVectorizer()
    part = vectorizer.collect(DOCS)
    with pytest.raises(ValueError, match="There are no parts"):
        vectorizer.fit_collected(iter([]))
    for single in (part, "part.textvec"):
        with pytest.raises(TypeError, match="put it in a list"):
            vectorizer.fit_collected(single)
    with pytest.raises(TypeError, match="must be an iterable of parts. Got None instead"):
        vectorizer.fit_collected(None)
    vectorizer.fit(DOCS).save(tmp_path / "fitted")
    for other in (DOCS[0:1], vectorizer, tmp_path / "fitted"):
        with pytest.raises(TypeError, match=r"Parts must be CollectedTerms.* as part 1"):
            vectorizer.fit_collected([part, other])
    with pytest.raises(FileNotFoundError):
        vectorizer.fit_collected([tmp_path / "none"])


def test_empty_shards_are_fine_and_no_terms_are_said_as_by_fit():
    vectorizer = TfidfVectorizer()
    empty = vectorizer.collect([])
    assert (len(empty), empty.n_documents, empty.terms()) == (0, 0, [])
    assert len(vectorizer.collect(["", "."])) == 0
    assert_same_fit(
        vectorizer.fit_collected([empty, vectorizer.collect(DOCS), empty]),
        TfidfVectorizer().fit(DOCS),
        DOCS,
    )
    with pytest.raises(ValueError, match="empty vocabulary"):
        vectorizer.fit_collected([empty])
    with pytest.raises(ValueError, match="of no document"):
        TfidfVectorizer(vocabulary=["sea"]).fit_collected([empty])
    with pytest.raises(ValueError, match="no terms remain"):
        TfidfVectorizer(min_df=2).fit_collected([vectorizer.collect(["sea", "port"]), empty])


def test_a_part_twice_counts_twice_and_a_file_twice_is_refused(tmp_path):
    vectorizer = TfidfVectorizer(norm=None)
    part = vectorizer.collect(DOCS)
    assert_same_fit(
        vectorizer.fit_collected([part, part]), TfidfVectorizer(norm=None).fit(DOCS * 2), DOCS
    )
    part.save(tmp_path / "part")
    (tmp_path / "link").symlink_to(tmp_path / "part")
    for name in ("part", "link"):
        with pytest.raises(ValueError, match=r"part 1, .* is a file that came before"):
            vectorizer.fit_collected([tmp_path / "part", tmp_path / name])


def test_a_damaged_part_is_refused(tmp_path):
    CountVectorizer().collect(zipf_documents(50)).save(tmp_path / "part")
    content = (tmp_path / "part").read_bytes()
    for damaged in (
        content[:-30],
        content[: len(content) // 2],
        b"",
        content.replace(b"w1", b"v1", 1),
    ):
        (tmp_path / "part").write_bytes(damaged)
        with pytest.raises(ValueError, match="part.* is cut short|damaged|not a textvec file"):
            CountVectorizer().fit_collected([tmp_path / "part"])


@pytest.mark.parametrize(
    "changed",
    [
        {"lengths": np.array([3, 3], np.uint8)},
        {"lengths": np.array([3, 4, 0], np.uint8)},
        {"lengths": np.array([2**64 - 1, 8], np.uint64)},
        {"lengths": np.array([3, 4], np.int64)},
        {"lengths": [3, 4]},
        {"text": np.frombuffer(b"viesea0", np.uint8)},
        {"text": np.frombuffer(b"seasea0", np.uint8), "lengths": np.array([3, 3], np.uint8)},
        {"text": np.arange(7, dtype=np.uint16)},
        {"text": np.frombuffer(b"seavi\xc3\xa9", np.uint8)[[0, 1, 2, 3, 4, 5, 5]]},
        {"text": np.frombuffer(b"se\xc3\xa9iew", np.uint8)},
        {"document_frequencies": np.array([1, 0], np.uint8)},
        {"document_frequencies": np.array([1, 3], np.uint8)},
        {"collection_frequencies": np.array([0, 1], np.uint8)},
        {"collection_frequencies": np.array([9, 1], np.uint8)},
        {"n_documents": -1},
        {"n_documents": 1.0},
        {"total_length": "2"},
        {"max_missing": (0,)},
        {"max_missing": (0, 2**70)},
        {"max_terms": 1.5},
        {"settings": []},
    ],
    ids=str,
)
def test_a_made_up_part_is_refused(changed, tmp_path):
    part = CountVectorizer().collect(["sea view"])
    part.save(tmp_path / "part")
    assert load(tmp_path / "part") == part
    vars(part).update(changed)
    part.save(tmp_path / "part")
    with pytest.raises(ValueError, match="does not describe a model"):
        load(tmp_path / "part")


def test_terms_that_are_no_text_are_refused():
    vectorizer = CountVectorizer(analyzer=lambda text: [len(text)])
    with pytest.raises(TypeError, match="Collected terms must be str. Got 3 of type int"):
        vectorizer.collect(["sea"])


def test_bad_documents_are_refused_as_by_fit():
    with pytest.raises(ValueError, match="string object received"):
        CountVectorizer().collect("sea")
    with pytest.raises(TypeError, match="row 1"):
        CountVectorizer().collect(["sea", None])
    with pytest.raises(ValueError, match="min_df"):
        CountVectorizer(min_df=-1).collect(["sea"])


@pytest.mark.parametrize("kind", [CountVectorizer, TfidfVectorizer, BM25Vectorizer, LSAVectorizer])
def test_a_table_is_no_documents(kind):
    """Iterated, it gives the names of its columns, of which nobody wants to know the counts."""
    table = pd.DataFrame({"text": ["sea view", "a bar"]})
    with pytest.raises(TypeError, match="one column of texts. Got a table with the columns 'text'"):
        kind().collect(table)
    if hasattr(kind, "partial_fit"):
        with pytest.raises(TypeError, match="Got a table with the columns 'text'"):
            kind().partial_fit(table)


def test_counts_that_wrap_around_are_not_compared():
    vectorizer = CountVectorizer(max_features=1, dtype=np.int8)
    part = vectorizer.collect(["sea " * 200 + "view"])
    with pytest.raises(ValueError, match="max_features compares sums of counts.*int8"):
        vectorizer.fit_collected([part])
    assert CountVectorizer(dtype=np.int8).fit_collected([part]).vocabulary_ == {"sea": 0, "view": 1}


def test_files_are_small(tmp_path):
    part = CountVectorizer().collect(zipf_documents(20_000))
    part.save(tmp_path / "part")
    assert len(part) > 5000
    assert (tmp_path / "part").stat().st_size < 40 * len(part)
    again = collected_module.merged([tmp_path / "part"])
    again.save(tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "part").read_bytes()
