import subprocess
import sys
from pathlib import Path

import pytest

import textvec

ROOT = Path(textvec.__file__).parents[1]
HEAVY = {
    *("gensim", "jieba", "matplotlib", "numba", "numpy"),
    *("pandas", "scipy", "sklearn", "torch", "typer"),
}


def modules_after(statement):
    code = f"{statement}\nimport sys\nprint(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(run.stdout.split())


def test_import_stays_light():
    assert not modules_after("import textvec") & HEAVY


def test_sparse_vectors_need_no_optional_package():
    loaded = modules_after("import textvec; textvec.TfidfVectorizer; textvec.ContentRecommender")
    assert "numba" in loaded
    assert not loaded & {"gensim", "matplotlib", "torch", "transformers", "sentence_transformers"}


@pytest.mark.parametrize("name", sorted(textvec._HOME))
def test_public_names_exist_where_the_table_says(name):
    value = getattr(textvec, name)
    assert value.__module__ == textvec._HOME[name]
    assert value.__name__ == name
    assert name in dir(textvec)


def test_the_page_of_extras_knows_every_public_name():
    page = (Path(__file__).parents[1] / "docs" / "extras.rst").read_text(encoding="utf-8")
    assert not [name for name in textvec._HOME if f"``{name}``" not in page]


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="'textvec' has no attribute 'Tfidf'"):
        _ = textvec.Tfidf
