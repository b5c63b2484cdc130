import os
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pandas as pd
import pytest

from textvec import TransformerVectorizer
from textvec.encoders.cache import EncodingCache
from textvec.encoders.files import embed_table

pytest.importorskip("transformers")


@pytest.fixture
def table():
    words = ["sea", "view", "room", "quiet", "hotel"]
    texts = [f"{words[i % 5]} {words[i // 5 % 5]} {i}" for i in range(400)]
    return pd.DataFrame({"id": range(400), "desc": texts})


def test_formats(tiny, table, tmp_path):
    table.loc[3, "desc"] = None
    vectorizer = TransformerVectorizer(tiny)
    done = []
    vectors = embed_table(
        vectorizer, table, "desc", tmp_path / "a.npz", rows_at_once=150, on_progress=done.append
    )
    assert done == [150, 300, 400]
    np.testing.assert_allclose(vectors, vectorizer.transform(table["desc"].fillna("")), atol=1e-6)
    with np.load(tmp_path / "a.npz") as stored:
        np.testing.assert_array_equal(stored["vectors"], vectors)
    pytest.importorskip("pyarrow")
    embed_table(vectorizer, table, "desc", tmp_path / "a.parquet")
    frame = pd.read_parquet(tmp_path / "a.parquet")
    assert list(frame) == ["id", "desc", "vector"]
    np.testing.assert_allclose(np.stack(frame["vector"]), vectors, atol=1e-6)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"stars": [4, "five"]}, "a.parquet cannot hold this table: .* column stars .* one type"),
        ({"stars": [{"a": 1}, 3]}, "cannot hold this table: .* column stars .* or use .npz"),
    ],
)
def test_a_table_that_parquet_cannot_hold(tmp_path, columns, message):
    """It is found out before the work: a rerun would fail at the end as well."""
    pytest.importorskip("pyarrow")
    table = pd.DataFrame({"desc": ["sea", "room"]} | columns)
    with pytest.raises(ValueError, match=message):
        embed_table(None, table, "desc", tmp_path / "a.parquet")
    twice = table.set_axis(["desc", "b"], axis=1).join(pd.DataFrame({"c": [1, 2]}))
    twice.columns = ["desc", "b", "b"]
    with pytest.raises(ValueError, match="cannot hold this table: Duplicate column names"):
        embed_table(None, twice, "desc", tmp_path / "a.parquet")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow  # CI kills the command, in tests/cli/test_embed.py
@pytest.mark.skipif(os.name != "posix", reason="kills by signal")
def test_killed_half_way_it_goes_on_where_it_was(tiny, table, tmp_path):
    """The process is killed for good; only what was in flight is encoded again."""
    table.to_csv(tmp_path / "table.csv", index=False)
    code = f"""
        import sys, time
        import pandas as pd
        from textvec import TransformerVectorizer
        from textvec.encoders.files import embed_table
        from textvec.encoders.networks import TorchNetwork

        forward = TorchNetwork.forward
        def counted(self, rows, poolings):
            vectors = forward(self, rows, poolings)
            print("rows", len(rows), flush=True)
            return vectors
        TorchNetwork.forward = counted
        vectorizer = TransformerVectorizer({str(tiny)!r}, cache={str(tmp_path / "cache")!r})
        table = pd.read_csv({str(tmp_path / "table.csv")!r})
        def progress(done):
            print("done", done, flush=True)
            if "slowly" in sys.argv and done >= 160:
                time.sleep(60)
        embed_table(vectorizer, table, "desc", {str(tmp_path / "out.npz")!r}, 40, progress)
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    run = subprocess.Popen([*command, "slowly"], stdout=subprocess.PIPE, text=True)
    for line in run.stdout:
        if line == "done 160\n":
            run.send_signal(signal.SIGKILL)
    run.wait()
    run.stdout.close()
    assert run.returncode == -signal.SIGKILL
    assert not (tmp_path / "out.npz").exists()
    again = subprocess.run(command, capture_output=True, text=True, check=True)
    rows = [int(line.split()[1]) for line in again.stdout.splitlines() if line.startswith("rows")]
    assert sum(rows) == 240
    with np.load(tmp_path / "out.npz") as stored:
        expected = TransformerVectorizer(tiny).transform(table["desc"])
        np.testing.assert_allclose(stored["vectors"], expected, atol=1e-6)
    assert len(EncodingCache(tmp_path / "cache")) == 8 * 400


@pytest.mark.parametrize(
    ("column", "texts"),
    [
        ([1.5, None], ["1.5", ""]),
        ([True, False], ["True", "False"]),
        ([["a"], None], ["['a']", ""]),
        (pd.Categorical(["sea", None]), ["sea", ""]),
        (pd.to_datetime(["2020-01-01", None]), ["2020-01-01 00:00:00", ""]),
    ],
)
def test_columns_of_other_kinds_are_text_too(column, texts, tiny, tmp_path):
    """Fuzzing found those that cannot hold "" in place of what is missing."""
    vectorizer = TransformerVectorizer(tiny)
    vectors = embed_table(vectorizer, pd.DataFrame({"desc": column}), "desc", tmp_path / "a.npz")
    np.testing.assert_array_equal(vectors, vectorizer.transform(texts))


def test_a_column_that_stands_twice_is_named(tiny, tmp_path):
    table = pd.DataFrame([["sea", "view"]], columns=["desc", "desc"])
    with pytest.raises(ValueError, match="text must name one column. 'desc' names several"):
        embed_table(TransformerVectorizer(tiny), table, "desc", tmp_path / "a.npz")


def test_a_column_of_the_tables_own_is_not_lost(tiny, table, tmp_path):
    pytest.importorskip("pyarrow")
    own = table.assign(vector="my own")
    with pytest.raises(ValueError, match="would lose the table's column 'vector'. Rename it"):
        embed_table(TransformerVectorizer(tiny), own, "desc", tmp_path / "a.parquet")
    assert len(embed_table(TransformerVectorizer(tiny), own[:2], "desc", tmp_path / "a.npz")) == 2


def test_bad_input(tiny, table, tmp_path):
    vectorizer = TransformerVectorizer(tiny)
    with pytest.raises(ValueError, match="must end in .npz or .parquet. Got 'a.csv' instead"):
        embed_table(vectorizer, table, "desc", "a.csv")
    with pytest.raises(ValueError, match="text must be one of .*Got 'text' instead"):
        embed_table(vectorizer, table, "text", tmp_path / "a.npz")
    with pytest.raises(ValueError, match="no rows"):
        embed_table(vectorizer, table[:0], "desc", tmp_path / "a.npz")
