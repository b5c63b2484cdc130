"""Text in Arrow's memory and in files: the same as lists of str."""

import gzip
from itertools import islice

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone

import textvec as tv
from textvec.text.columns import TextBlock, Texts, texts_at, texts_in
from textvec.text.corpus import encode_corpus, learn_corpus
from textvec.text.vocabulary import encode

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

ASCII = ["The sea view", "", "a bar near the sea", "room and view"]
ODD = ["ΑΣ ΣΑΣ İstanbul", "酒店的前台 Hotel", "Straße\r CAFÉ 😀\nnext line", "", "x"]
TEXTS = [*ASCII, *ODD, *ASCII]
LAYOUTS = {
    "string": pa.string(),
    "large_string": pa.large_string(),
    "string_view": pa.string_view(),
    "dictionary": pa.dictionary(pa.int8(), pa.string()),
    "large dictionary": pa.dictionary(pa.int32(), pa.large_string()),
}


def columns(texts):
    """Yield names and the texts, in every layout: whole, as a slice, in chunks."""
    for name, kind in LAYOUTS.items():
        whole = pa.array(texts, pa.string()).cast(kind)
        yield name, whole
        more = pa.array(["né", *texts, "Σ"], pa.string()).cast(kind)
        part = more.slice(1, len(texts))
        yield f"{name}, sliced", part
        yield f"{name}, chunks", pa.chunked_array([part.slice(0, 3), part.slice(3, 0), part[3:]])
    yield "pandas", pd.Series(texts, index=texts, dtype="string[pyarrow]")
    yield "pandas str", pd.Series(texts, dtype="str")
    yield "pandas ArrowDtype", pd.Series(texts, dtype=pd.ArrowDtype(pa.large_string()))
    yield "polars", pl.Series(["né", *texts])[1:]
    yield "polars categories", pl.Series(texts, dtype=pl.Categorical)


@pytest.mark.parametrize("n_bytes", [1, 20, 10_000])
@pytest.mark.parametrize("texts", [ASCII, TEXTS, [""], []], ids=["ascii", "odd", "empty", "none"])
def test_columns_are_read_without_strings_as_strings_are_encoded(texts, n_bytes):
    for name, column in columns(texts):
        found = texts_in(column)
        assert isinstance(found, Texts), name
        for _ in range(2):
            assert list(found) == texts, name
        blocks = list(found.blocks(n_bytes))
        assert all(isinstance(block, TextBlock) for block in blocks), name
        assert [text for block in blocks for text in block] == texts, name
        assert all(len(block.text) >= n_bytes for block in blocks[:-1]), name
        for block in blocks:
            for lowercase in (False, True):
                for ours, theirs in zip(encode(block, lowercase), encode(list(block), lowercase)):
                    np.testing.assert_array_equal(ours, theirs, name)


def test_a_block_is_a_sequence_of_str():
    (block,) = texts_in(pa.array(TEXTS)).blocks(1 << 20)
    assert len(block) == len(TEXTS)
    assert list(block) == TEXTS
    assert block[2:7] == TEXTS[2:7]
    assert [block[4], block[-2]] == [TEXTS[4], TEXTS[-2]]
    assert block[:1000] == TEXTS


VECTORIZERS = {
    "words": tv.TfidfVectorizer(),
    "pairs": tv.CountVectorizer(ngram_range=(1, 2), n_jobs=2),
    "char": tv.TfidfVectorizer(analyzer="char", ngram_range=(1, 2)),
    "char_wb": tv.TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 3)),
    "mixed": tv.BM25Vectorizer(analyzer="mixed"),
    "hashing": tv.HashingVectorizer(n_features=64),
    "accents": tv.TfidfVectorizer(strip_accents="unicode"),
    "preprocessor": tv.TfidfVectorizer(preprocessor=str.upper),
    "tokenizer": tv.TfidfVectorizer(tokenizer=str.split, token_pattern=None),
    "jieba": tv.TfidfVectorizer(tokenizer="jieba"),
    "analyzer": tv.CountVectorizer(analyzer=str.split),
    "stem": tv.TfidfVectorizer(stem="english"),
    "LSA": tv.LSAVectorizer(vector_size=2, random_state=0),
    "PPMI": tv.PPMI(vector_size=2, min_count=1, random_state=0),
    "Word2Vec": tv.Word2Vec(4, min_count=1, epochs=1, random_state=0),
    "Word2Vec, split": tv.Word2Vec(
        4, min_count=1, epochs=1, random_state=0, tokenizer="whitespace"
    ),
    "Word2Vec, jieba": tv.Word2Vec(4, min_count=1, epochs=1, random_state=0, tokenizer="jieba"),
    "MinHash": tv.MinHashLSH(n_permutations=16),
}


@pytest.fixture
def blocks_of_few(monkeypatch):
    monkeypatch.setattr("textvec.text.vocabulary.BLOCK_CHARACTERS", 30)


def dense(X):
    return X.toarray() if hasattr(X, "toarray") else X


@pytest.mark.filterwarnings("ignore:The text is")
@pytest.mark.parametrize("name", VECTORIZERS)
def test_a_column_and_a_file_give_what_their_strings_give(name, tmp_path, blocks_of_few):
    texts = [*ASCII, "İSTANBUL Σίσυφος ΑΣ", "酒店 的 前台 Hotel", "CAFÉ"] * 3
    expected = clone(VECTORIZERS[name]).fit(texts)
    path = tmp_path / "texts.txt"
    path.write_text("\n".join(texts), "utf-8")
    table = tmp_path / "texts.parquet"
    pq.write_table(pa.table({"id": range(len(texts)), "text": texts}), table, row_group_size=5)
    dictionary = pa.array(texts).dictionary_encode()
    for documents in (pa.array(texts), pa.chunked_array([dictionary, dictionary[:0]]), path, table):
        found = clone(VECTORIZERS[name]).fit(documents)
        np.testing.assert_array_equal(
            dense(found.transform(documents)), dense(expected.transform(texts))
        )
        if hasattr(expected, "vocabulary_"):
            assert found.vocabulary_ == expected.vocabulary_


def test_a_text_file_is_read_line_by_line(tmp_path):
    path = tmp_path / "texts.txt"
    cases = {
        b"one\ntwo\n": ["one", "two"],
        b"one\n\ntwo": ["one", "", "two"],
        b"\xef\xbb\xbfone\r\nt\rwo\r\r\n": ["one", "t\rwo"],
        b"": [],
        b"\n": [""],
        "\ufeff酒店\né\ufeff".encode(): ["酒店", "é\ufeff"],
    }
    for content, lines in cases.items():
        path.write_bytes(content)
        for n_bytes in (1, 4, 100):
            blocks = list(texts_at(path).blocks(n_bytes))
            assert [line for block in blocks for line in block] == lines, content
    packed = tmp_path / "texts.txt.gz"
    packed.write_bytes(gzip.compress("é\nx".encode()))
    assert list(texts_at(packed)) == ["é", "x"]
    assert list(texts_at(packed.rename(tmp_path / "TEXTS.TXT.GZ"))) == ["é", "x"]
    path.write_bytes("é\r\nx".encode("latin-1"))
    assert list(texts_at(path, "latin-1")) == ["é", "x"]
    assert list(texts_at(path, errors="ignore")) == ["", "x"]
    vectorizer = tv.CountVectorizer(encoding="latin-1", token_pattern=r"\w+")
    assert list(vectorizer.fit(path).vocabulary_) == ["é", "x"]


def test_files_that_are_none_are_refused(tmp_path):
    vectorizer = tv.TfidfVectorizer()
    with pytest.raises(FileNotFoundError, match=r"no file or folder .*missing\.txt"):
        vectorizer.fit(tmp_path / "missing.txt")
    with pytest.raises(IsADirectoryError, match='Got the folder .* input="filename"'):
        vectorizer.fit(tmp_path)
    path = tmp_path / "texts.txt"
    path.write_bytes("é\n".encode() * 5 + b"x\xff\n")
    for n_bytes in (1, 7, 100):
        with pytest.raises(ValueError, match=r"texts.txt, line 6: the text is not UTF-8 .*byte 1 "):
            list(texts_at(path).blocks(n_bytes))
    with pytest.raises(ValueError, match="line 6: the text is not UTF-8"):
        vectorizer.fit(path)
    with pytest.raises(TypeError):  # as scikit-learn does
        tv.TfidfVectorizer(input="filename").fit(path)


def test_parquet_files_without_their_column_are_refused(tmp_path):
    path = tmp_path / "table.parquet"
    pq.write_table(pa.table({"title": ["a"], "n": [1], "body": ["b"]}), path)
    with pytest.raises(ValueError, match=r"\['title', 'body'\].*read_table\(path, columns="):
        tv.TfidfVectorizer().fit(path)
    pq.write_table(pa.table({"n": [1]}), path)
    with pytest.raises(ValueError, match=r"only \['n'\], none of strings"):
        learn_corpus(path)
    path.write_bytes(b"a text\n")
    with pytest.raises(ValueError, match="no Parquet file, or damaged"):
        tv.TfidfVectorizer().fit(path)
    pq.write_table(pa.table({"text": ["a"] * 5000 + [None]}), path)
    with pytest.raises(TypeError, match="null in row 5000"):
        tv.TfidfVectorizer().fit(path)


@pytest.mark.parametrize("kind", LAYOUTS)
def test_nulls_are_refused_by_row(kind):
    column = pa.array(["a"] * 9000 + [None, "b", None]).cast(LAYOUTS[kind])
    chunks = pa.chunked_array([column[:10], column[10:]])
    for documents, row in ((column, 9000), (chunks, 9000), (column.slice(8995), 5)):
        for fit in (tv.CountVectorizer().fit, learn_corpus, tv.MinHashLSH().fit):
            with pytest.raises(TypeError, match=f"Got null in row {row}: drop or fill"):
                fit(documents)
    with pytest.raises(TypeError, match="null in row 0"):
        tv.CountVectorizer().fit(pa.nulls(3))


def test_arrays_that_hold_no_text_are_refused():
    for column in (pa.array([1, 2]), pa.array([b"a"]), pa.array([["a"]])):
        for fit in (tv.TfidfVectorizer().fit, learn_corpus, tv.MinHashLSH().fit):
            with pytest.raises(TypeError, match="Got an Arrow array of (int64|binary|list)"):
                fit(column)
    with pytest.raises(TypeError, match="columns 'a', 'b'"):
        tv.BM25Vectorizer().fit(pa.table({"a": ["x"], "b": ["y"]}))


def test_damaged_arrays_are_refused_and_read_by_no_kernel():
    def column(text, *offsets):
        offsets = pa.py_buffer(np.array(offsets, np.int32))
        return pa.StringArray.from_buffers(2, offsets, pa.py_buffer(text))

    for damaged in (
        column(b"ab\xff\xff", 0, 2, 4),
        column(b"a\xc3\xa9b", 0, 2, 4),  # whole as one text, but cut within a character
        column(b"abcd", 0, 4000, 4),
    ):
        with pytest.raises(ValueError, match="begins in row 0 is damaged"):
            tv.CountVectorizer().fit(damaged)


def test_strings_are_made_only_where_they_are_needed(monkeypatch):
    def refuse(self):
        raise NotImplementedError

    monkeypatch.setattr(TextBlock, "__iter__", refuse)
    texts = ["Sea view", "CAFÉ bar", "море МОРЕ"]
    for vectorizer in (tv.HashingVectorizer(), tv.Word2Vec(2, min_count=1, epochs=1, sample=0)):
        vectorizer.fit(pa.array(texts)).transform(pa.array(texts))
    np.testing.assert_array_equal(encode_corpus(pa.array(texts), ["café", "view"]).values, [1, 0])
    with pytest.raises(NotImplementedError):
        learn_corpus(pa.array(["ΑΣ"]), min_count=1)


def test_a_column_is_read_as_a_stream(tmp_path):
    path = tmp_path / "big.parquet"
    texts = [f"text {i}" for i in range(20_000)]
    pq.write_table(pa.table({"text": texts}), path, row_group_size=1000)
    assert list(islice(texts_at(path), 3)) == texts[:3]
    assert list(texts_at(path)) == texts
