"""Python that we tell others to run runs as printed, offline, in an empty folder, unwarned."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks_of(text):
    return re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


BLOCKS = blocks_of(README)


def title(block):
    return re.findall(r"^## (.*)$", README[: README.index(block)], re.MULTILINE)[-1]


def test_the_promised_blocks_are_there():
    assert len(BLOCKS) >= 3
    for words in (["Pipeline", "GridSearchCV"], ["read_csv"], ["jieba"]):
        assert any(all(re.search(word, block) for word in words) for block in BLOCKS), words


@pytest.mark.parametrize("block", BLOCKS, ids=title)
def test_block_is_short(block):
    lines = [line for line in block.splitlines() if line and "import" not in line]
    assert len(lines) <= 10
    assert max(map(len, lines)) <= 100


@pytest.mark.parametrize("block", BLOCKS, ids=title)
def test_block_runs(block, run_block):
    assert run_block(block).strip()


def test_the_vectorizer_shown_to_contributors_works(run_block):
    (block,) = blocks_of((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    use = 'print(LogCountVectorizer().fit_transform(["sea view", "sea sea"]).toarray().tolist())\n'
    assert run_block(block + use) == "[[1.0, 1.0], [1.6931471805599454, 0.0]]\n"


@pytest.fixture
def run_block(run_alone, tmp_path):
    """Run a block alone; return what it printed."""

    def run(block):
        script = tmp_path / "block.py"
        script.write_text(block, encoding="utf-8")
        printed, _ = run_alone(script)
        return printed

    return run
