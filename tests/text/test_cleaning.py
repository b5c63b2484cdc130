"""English text reduced to what tells words apart."""

import pytest

from textvec import TfidfVectorizer
from textvec.text import clean_english


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Sea-view; (4-star) C++/C# at $9.50!", "seaview   4star  c++ c# at 950"),
        ("[a]{b}|c@d,e;f", " a  b  c d e f"),
        ("snake_case #1 + 1", "snake_case #1 + 1"),
        ("ÀB\tc\n", "bc"),
        ("酒店", ""),
        ("", ""),
    ],
)
def test_what_stays(text, clean):
    assert clean_english(text) == clean


def test_as_a_preprocessor():
    vectorizer = TfidfVectorizer(preprocessor=clean_english).fit(["C++/C# hotel", "a sea-view"])
    assert vectorizer.get_feature_names_out().tolist() == ["hotel", "seaview"]


@pytest.mark.parametrize("text", [None, b"bytes", 3])
def test_what_is_no_text(text):
    with pytest.raises(TypeError, match=f"text must be a str. Got {type(text).__name__} instead"):
        clean_english(text)
