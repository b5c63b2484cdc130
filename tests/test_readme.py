"""Python that we tell others to run runs as printed, offline, in an empty folder, unwarned."""

import os
import re
import subprocess
import sys
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
def test_block_runs(block, tmp_path):
    assert output(block, tmp_path).strip()


def test_the_vectorizer_shown_to_contributors_works(tmp_path):
    (block,) = blocks_of((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    use = 'print(LogCountVectorizer().fit_transform(["sea view", "sea sea"]).toarray().tolist())\n'
    assert output(block + use, tmp_path) == "[[1.0, 1.0], [1.6931471805599454, 0.0]]\n"


def output(block, tmp_path):
    closed = "http://127.0.0.1:9"
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "PYTHONIOENCODING": "utf-8",
        "http_proxy": closed,
        "https_proxy": closed,
    }
    environment.pop("TEXTVEC_DATA", None)
    script = tmp_path / "block.py"
    script.write_text(block, encoding="utf-8")
    folder = tmp_path / "empty"
    folder.mkdir()
    run = subprocess.run(
        [sys.executable, str(script)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
    )
    assert run.returncode == 0, run.stderr
    assert "Warning" not in run.stderr, run.stderr
    return run.stdout
