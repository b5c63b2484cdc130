"""What the guide shows is what its code does, without a warning and without a network."""

import doctest
from pathlib import Path

import pytest

PAGES = sorted((Path(__file__).parents[1] / "docs" / "guide").glob("*.rst"))


def test_the_guide_is_there():
    assert len(PAGES) >= 10


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page_shows_what_its_code_does(page, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    failed, tried = doctest.testfile(
        str(page),
        module_relative=False,
        globs={"folder": tmp_path},
        optionflags=flags,
        encoding="utf-8",
    )
    assert tried >= 2
    assert failed == 0
