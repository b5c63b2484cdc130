"""``textvec embed``: its files, what it keeps when cut off, and what it refuses."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from textvec import LSAVectorizer, TransformerVectorizer, cli
from textvec.encoders.cache import EncodingCache

from .command import HOTELS, assert_refused, run


def test_embed_writes_a_vector_for_each_row(hotels, tiny, tmp_path):
    args = ("embed", hotels, "--text", "desc", "--vectorizer", tiny, "--out")
    result = run(*args, tmp_path / "vectors.npz")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("4 texts, 16 dimensions, ")
    with np.load(tmp_path / "vectors.npz") as stored:
        vectors = stored["vectors"]
    expected = TransformerVectorizer(tiny).transform(HOTELS["desc"])
    np.testing.assert_allclose(vectors, expected, atol=1e-6)
    assert not list(tmp_path.glob("*.cache"))
    pytest.importorskip("pyarrow")
    cache = tmp_path / "kept"
    done = json.loads(run(*args, tmp_path / "v.parquet", "--json", "--cache", cache).stdout)
    assert {**done, "seconds": 0} == {
        "out": str(tmp_path / "v.parquet"), "rows": 4, "dimensions": 16, "seconds": 0,
    }  # fmt: skip
    frame = pd.read_parquet(tmp_path / "v.parquet")
    assert frame["code"].tolist() == HOTELS["code"].tolist()  # no numbers: they would lose zeros
    np.testing.assert_allclose(np.stack(frame["vector"]), vectors, atol=1e-6)
    assert len(EncodingCache(cache)) > 0


@pytest.mark.filterwarnings("default:lsa takes")  # as outside of tests
def test_embed_keeps_a_row_for_each_line_and_fits_what_must_be_fitted(tmp_path):
    lines = tmp_path / "lines.txt"
    lines.write_text("red apples\n\nblue sea by the pier\nthe red sea\n", encoding="utf-8")
    out = tmp_path / "vectors.npz"
    args = ("embed", lines, "--vectorizer", "lsa", "--out", out)
    assert_refused(run(*args, "--vector-size", 9), "vector_size must be at most 4")
    done = run(*args)
    assert done.stderr == (
        "textvec: warning: lsa takes 3 of 100 dimensions: the texts are few or alike.\n"
    )
    assert "4 texts, 3 dimensions, " in done.stdout
    assert json.loads(run(*args, "--vector-size", 2, "--json").stdout)["dimensions"] == 2
    lines.write_text("red\n\n" + "".join(f"w{i} x{i}\n" for i in range(120)), encoding="utf-8")
    assert json.loads(run(*args, "--json").stdout)["rows"] == 122
    with np.load(out) as stored:
        assert not stored["vectors"][1].any()


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="kills by signal")
def test_embed_killed_half_way_goes_on_where_it_was(tiny, tmp_path):
    """What the killed process had stored keeps its place in the cache: it is not encoded again."""
    args, texts, out, cache, _ = cut_off(signal.SIGKILL, tmp_path, tiny, tmp_path / "cache")
    before = stored_places(cache)
    result = run(*args)
    assert result.exit_code == 0, result.stderr
    after = stored_places(cache)
    assert 0 < len(before) < len(after)
    assert before.items() <= after.items()
    with np.load(out) as stored:
        expected = TransformerVectorizer(tiny).transform(texts[:50])
        np.testing.assert_allclose(stored["vectors"][:50], expected, atol=1e-6)
        assert len(stored["vectors"]) == len(texts)


@pytest.mark.skipif(os.name != "posix", reason="interrupts by signal")
def test_embed_interrupted_goes_on_without_a_named_cache(tiny, tmp_path):
    """What is stored under its keys is what is written: here zeros, put there in between."""
    args, texts, out, cache, said = cut_off(signal.SIGINT, tmp_path, tiny)
    assert said == (
        f"\ntextvec: what is done lies in {cache}; the same command goes on from there\n"
        "textvec: interrupted\n"
    )
    assert "The same command goes on" in (cache / "textvec-embed.txt").read_text(encoding="utf-8")
    EncodingCache(cache).put(dict.fromkeys(stored_places(cache), np.zeros(16)))
    result = run(*args)
    assert result.exit_code == 0, result.stderr
    with np.load(out) as stored:
        is_new = stored["vectors"].any(axis=1)
    assert len(is_new) == len(texts)
    assert 0 < is_new.sum() < len(texts)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["texts.csv", "vectors.npz"]


def cut_off(how, folder, tiny, named_cache=None):
    """Stop ``textvec embed`` when its cache holds something; return how it was called."""
    table, out = folder / "texts.csv", folder / "vectors.npz"
    cache = named_cache or folder / "vectors.npz.cache"
    texts = [f"the sea view {i} room {i % 7} hotel" for i in range(1500)]
    pd.DataFrame({"desc": texts}).to_csv(table, index=False)
    args = ["embed", table, "--text", "desc", "--vectorizer", tiny, "--out", out]
    args += ["--cache", cache] if named_cache else []
    command = [sys.executable, "-m", "textvec", *map(str, args)]
    environment = {**os.environ, "PYTHONPATH": str(Path(cli.__file__).parents[2])}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, encoding="utf-8")
    while process.poll() is None and not len(EncodingCache(cache)):
        time.sleep(0.01)
    process.send_signal(how)
    _, said = process.communicate(timeout=60)
    assert process.returncode == {signal.SIGKILL: -signal.SIGKILL, signal.SIGINT: 130}[how], said
    assert not out.exists()
    return args, texts, out, cache, said


def test_endings_in_capitals(hotels, tmp_path):
    out = tmp_path / "VECTORS.NPZ"
    args = ("--text", "desc", "--vectorizer", "lsa", "--vector-size", 2, "--out", out)
    assert run("embed", hotels, *args).exit_code == 0
    with np.load(out) as stored:
        assert stored["vectors"].shape == (4, 2)


@pytest.fixture
def texts_file(tmp_path):
    path = tmp_path / "texts.txt"
    path.write_text("the sea\nthe hotel\n", encoding="utf-8")
    return path


def foreign_folder(place):
    place.mkdir()
    (place / "thesis.txt").write_text("years of work", encoding="utf-8")


def named_cache(place):
    """One that somebody named with --cache, to keep it for good."""
    EncodingCache(place).put({b"key": np.ones(2)})


def foreign_file(place):
    place.write_text("years of work", encoding="utf-8")


@pytest.mark.parametrize("make", [foreign_folder, named_cache, foreign_file])
def test_embed_leaves_alone_what_has_the_name_of_its_cache(make, texts_file, tiny, tmp_path):
    out, place = tmp_path / "vectors.npz", tmp_path / "vectors.npz.cache"
    make(place)
    before = contents(tmp_path)
    result = run("embed", texts_file, "--vectorizer", tiny, "--out", out)
    assert_refused(result, f"{place}: it was not made by this command", "--cache")
    assert contents(tmp_path) == before


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_embed_removes_no_file_that_came_into_its_cache(texts_file, tiny, tmp_path):
    out, place = tmp_path / "vectors.npz", tmp_path / "vectors.npz.cache"
    place.mkdir()  # as it is when a kill was very early
    args = ("embed", texts_file, "--vectorizer", tiny, "--out", out)
    assert run(*args).exit_code == 0
    assert not place.exists()
    named_cache(place)
    (place / "textvec-embed.txt").write_text("cut off", encoding="utf-8")
    (place / "thesis.txt").write_text("years of work", encoding="utf-8")
    assert run(*args).exit_code == 0
    assert [path.name for path in place.iterdir()] == ["thesis.txt"]
    assert_refused(run(*args), "was not made by this command")


def stored_places(cache):
    """Return {key: number of the entry}: an entry that is written again gets another number."""
    with closing(sqlite3.connect(cache / "vectors.sqlite")) as connection:
        return dict(connection.execute("SELECT key, id FROM vectors"))


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--vectorizer", "counts", "--out", "x.npz"), ["counts makes sparse vec", "Use lsa, "]),
        (("--vectorizer", "lsa", "--out", "x.npz", "--cache", "x"), ["pretrained models only"]),
        (("--vectorizer", ".", "--out", "x.npz", "--cache", "hotels.csv"), ["'--cache'", "file"]),
        (("--vectorizer", ".", "--out", "x.npz", "--vector-size", "2"), ["lsa and word2vec only"]),
        (("--vectorizer", ".", "--out", "x.npz"), [". is no folder of a model"]),
        (("--vectorizer", "hotels.csv", "--out", "x.npz"), ["'hotels.csv' is a file."]),
        (("--vectorizer", "lsa", "--out", "x.csv"), ["--out must end in .npz or .par", "x.csv"]),
        (("--vectorizer", "./absent", "--out", "x.npz"), ["absent"]),
        (("--vectorizer", "absent", "--out", "x.npz"), ["--vectorizer must be one of"]),
        (("--vectorizer", "lsa"), ["--out"]),
    ],
)
def test_bad_embeds(hotels, tmp_path, monkeypatch, args, words):
    monkeypatch.chdir(tmp_path)
    assert_refused(run("embed", hotels, "--text", "desc", *args), *words)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hotels.csv"]


def test_a_saved_vectorizer_embeds_each_text_once(hotels, tmp_path, monkeypatch):
    saved, out = tmp_path / "lsa.textvec", tmp_path / "vectors.npz"
    lsa = LSAVectorizer(vector_size=2, random_state=0).fit(HOTELS["desc"])
    lsa.save(saved)
    seen, transform = [], LSAVectorizer.transform

    def counted(self, texts):
        seen.extend(texts)
        return transform(self, texts)

    monkeypatch.setattr(LSAVectorizer, "transform", counted)
    args = ("embed", hotels, "--text", "desc", "--vectorizer", saved, "--out", out)
    assert run(*args).exit_code == 0
    assert seen[-4:] == HOTELS["desc"].tolist()
    assert len(seen) <= 5  # one more to see whether vectors are sparse
    with np.load(out) as stored:
        np.testing.assert_array_equal(stored["vectors"], transform(lsa, HOTELS["desc"]))
    assert_refused(run(*args, "--cache", tmp_path / "cache"), "--cache is for pretrained models")
