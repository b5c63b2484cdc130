"""``textvec collect`` and ``textvec fit``: shards in files, fitted as at once; what is refused."""

import json

import numpy as np
import pytest
from scipy import sparse

from textvec import BM25Vectorizer, CountVectorizer, TfidfVectorizer, load

from .command import assert_refused, run

LINES = ["The quiet sea, the sea", "a room by the sea", "", "quiet rooms", "海边的房间", "sea room"]


@pytest.fixture
def shards(tmp_path):
    """Two text files and a table, which hold the lines one after another."""
    files = [tmp_path / "a.txt", tmp_path / "b.txt", tmp_path / "c.jsonl"]
    files[0].write_text("\n".join(LINES[:3]) + "\n", encoding="utf-8")
    files[1].write_text(LINES[3], encoding="utf-8")
    rows = [json.dumps({"desc": line}) for line in LINES[4:]]
    files[2].write_text("\n".join(rows), encoding="utf-8")
    return files


def collect_all(shards, tmp_path, *options):
    parts = []
    for number, file in enumerate(shards):
        column = ("--text", "desc") if file.suffix == ".jsonl" else ()
        parts.append(tmp_path / f"part{number}.textvec")
        done = run("collect", file, "--out", parts[-1], *column, *options)
        assert done.exit_code == 0, done.stderr
    return parts


CHINESE = pytest.mark.filterwarnings("ignore:The text is .* in Chinese characters")  # of words


@CHINESE
@pytest.mark.parametrize(
    ("name", "options", "pruning", "expected"),
    [
        ("tfidf", (), (), TfidfVectorizer(analyzer="mixed")),
        (
            "bm25",
            ("--stop-words", "english"),
            ("--min-df", "2"),
            BM25Vectorizer(stop_words="english", min_df=2),
        ),
        (
            "counts",
            ("--ngram-range", "1,2"),
            ("--max-df", "0.9", "--max-features", "5"),
            CountVectorizer(analyzer="mixed", ngram_range=(1, 2), max_df=0.9, max_features=5),
        ),
        (
            "tfidf",
            ("--vectorizer", "tfidf-char"),
            (),
            TfidfVectorizer(analyzer="char", ngram_range=(2, 4)),
        ),
        (
            "counts",
            ("--vectorizer", "tfidf-char", "--analyzer", "char_wb"),
            (),
            CountVectorizer(analyzer="char_wb", ngram_range=(2, 4)),
        ),
        (
            "tfidf",
            ("--analyzer", "word", "--stop-words", "chinese"),
            (),
            TfidfVectorizer(stop_words="chinese"),
        ),
    ],
)
def test_parts_fit_as_all_texts_at_once(shards, tmp_path, name, options, pruning, expected):
    parts = collect_all(shards, tmp_path, *options)
    out = tmp_path / "fitted.textvec"
    done = run("fit", *parts[::-1], "--out", out, "--vectorizer", name, *pruning, "--json")
    assert done.exit_code == 0, done.stderr
    expected.fit(LINES)
    facts = json.loads(done.stdout)
    assert {**facts, "seconds": 0} == {
        "out": str(out), "parts": 3, "documents": 6, "seconds": 0,
        "terms": len(expected.vocabulary_),
    }  # fmt: skip
    found = load(out)
    assert type(found) is type(expected)
    assert found.vocabulary_ == expected.vocabulary_
    assert (found.transform(LINES) != expected.transform(LINES)).nnz == 0


@CHINESE
def test_parts_of_python_merge_with_those_of_the_same_analyzer(shards, tmp_path):
    part, out = tmp_path / "python.textvec", tmp_path / "fitted.textvec"
    TfidfVectorizer().collect(LINES[3:]).save(part)
    (words,) = collect_all(shards[:1], tmp_path, "--analyzer", "word")
    assert run("fit", words, part, "--out", out).exit_code == 0
    expected = TfidfVectorizer().fit(LINES)
    assert (load(out).transform(LINES) != expected.transform(LINES)).nnz == 0
    (mixed,) = collect_all(shards[:1], tmp_path)
    assert_refused(run("fit", mixed, part, "--out", out), "analyzer='word'", "'mixed'")


def test_what_was_fitted_embeds(shards, tmp_path):
    parts = collect_all(shards, tmp_path)
    fitted, out = tmp_path / "tfidf.textvec", tmp_path / "vectors.npz"
    assert run("fit", *parts, "--out", fitted).stdout.startswith("6 texts, 15 terms, ")
    args = "embed", shards[0], "--vectorizer", fitted
    done = run(*args, "--out", out)
    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith("3 texts, 15 dimensions, ")
    expected = TfidfVectorizer(analyzer="mixed").fit(LINES).transform(LINES[:3])
    assert (sparse.load_npz(out) != expected).nnz == 0
    assert_refused(run(*args, "--out", tmp_path / "v.parquet"), "must end in .npz")
    assert_refused(run(*args, "--out", out, "--vector-size", 3), "--vector-size is for lsa")
    args = "embed", shards[0], "--out", out, "--vectorizer"
    assert_refused(run(*args, parts[0]), "holds a CollectedTerms", "textvec fit")
    assert_refused(run(*args, tmp_path / "none.textvec"), "none.textvec", "No such file")
    assert_refused(run(*args, "tfidf"), "sparse", "textvec fit")


def test_collect_says_what_it_did(shards, tmp_path):
    out = tmp_path / "part.textvec"
    args = "collect", *shards[:2], "--out", out
    assert run(*args).stdout.startswith("4 texts, 6 terms, ")
    done = json.loads(run(*args, "--max-terms", "3", "--json").stdout)
    assert {**done, "seconds": 0} == {
        "out": str(out), "documents": 4, "terms": 3, "length": 11, "max_missing": [1, 1],
        "bytes": out.stat().st_size, "seconds": 0,
    }  # fmt: skip
    assert load(out).max_terms == 3


def test_an_empty_shard_is_fine(shards, tmp_path):
    (tmp_path / "empty.txt").write_text("")
    parts = collect_all([tmp_path / "empty.txt", shards[0]], tmp_path)
    assert len(load(parts[0])) == 0
    done = json.loads(run("fit", *parts, "--out", tmp_path / "f.textvec", "--json").stdout)
    assert done["documents"] == 3
    assert_refused(run("fit", parts[0], "--out", tmp_path / "f.textvec"), "hold no words")


def test_bad_input_is_refused_in_one_line(shards, tmp_path):
    parts = collect_all(shards, tmp_path)
    other = tmp_path / "other.textvec"
    out = tmp_path / "out.textvec"
    run("collect", shards[0], "--out", other, "--ngram-range", "1,2")
    assert_refused(run("fit", *parts, other, "--out", out), "part 3", "ngram_range=[1, 2]")
    assert_refused(run("fit", *parts, parts[0], "--out", out), "part 3", "came before")
    assert_refused(run("fit", shards[0], "--out", out), "a.txt is not a textvec file")
    assert_refused(run("fit", *parts, "--out", out, "--vectorizer", "lsa"), "--vectorizer must be")
    assert_refused(run("fit", *parts, "--out", out, "--min-df", "x"), "--min-df must be")
    assert_refused(run("fit", *parts, "--out", out, "--min-df", "9"), "--min-df")
    assert_refused(run("fit", *parts, "--out", out, "--max-features", "0"), "--max-features")
    assert_refused(run("fit", *parts, "--out", parts[0]), "would write over")
    assert_refused(run("fit", *parts, "--out", tmp_path / "no" / "out"), "No such file")
    assert not out.exists()

    args = "collect", shards[0], "--out"
    assert_refused(run(*args, shards[0]), "would write over")
    assert_refused(run(*args, out, "--vectorizer", "lsa"), "--vectorizer must be one of")
    assert_refused(run(*args, out, "--max-terms", "0"), "max_terms must be at least 1")
    assert_refused(run(*args, out, "--text", "desc"), "is a text file")
    assert_refused(run("collect", shards[2], "--out", out), "--text must name the column")
    assert_refused(run("collect", tmp_path / "none.txt", "--out", out), "No such file")
    char = ("--vectorizer", "tfidf-char", "--stop-words", "english")
    assert_refused(run(*args, out, *char), "no effect on tfidf-char")
    char = ("--analyzer", "char_wb", "--stop-words", "english")
    assert_refused(run(*args, out, *char), "no effect on --analyzer char_wb")
    assert_refused(run(*args, out, "--analyzer", "words"), "--analyzer must be one of")
    words = ("--vectorizer", "tfidf-char", "--analyzer", "word")
    assert_refused(run(*args, out, *words), "--analyzer word is not for tfidf-char")
    assert not out.exists()


def test_code_of_ones_own_is_for_python(tmp_path):
    CountVectorizer(preprocessor=str.lower).collect(["Sea"]).save(tmp_path / "part")
    done = run("fit", tmp_path / "part", "--out", tmp_path / "out.textvec")
    assert_refused(done, "preprocessor='builtins.str.lower'", "fit in Python")


def test_a_part_that_is_cut_short_is_refused(shards, tmp_path):
    (part,) = collect_all(shards[:1], tmp_path)
    content = part.read_bytes()
    rng = np.random.default_rng(0)
    for end in rng.integers(0, len(content), 20).tolist():
        part.write_bytes(content[:end])
        assert_refused(run("fit", part, "--out", tmp_path / "out"), part.name)
