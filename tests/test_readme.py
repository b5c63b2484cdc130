"""Python that we tell others to run runs as printed, offline, in an empty folder, unwarned."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CHINESE = (ROOT / "README.zh.md").read_text(encoding="utf-8")


def blocks_of(text, language="python"):
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def code_of(block):
    return re.sub(r" *#.*", "", block)


# What the Chinese README shows in the very words of the English one runs once.
BLOCKS = list({code_of(block): block for block in blocks_of(CHINESE) + blocks_of(README)}.values())


def title(block):
    text = README if block in README else CHINESE
    return re.findall(r"^## (.*)$", text[: text.index(block)], re.MULTILINE)[-1]


def test_the_promised_blocks_are_there():
    assert len(BLOCKS) >= 3
    for words in (["Pipeline", "GridSearchCV"], ["read_csv"], ["jieba"]):
        assert any(all(re.search(word, block) for word in words) for block in BLOCKS), words


@pytest.mark.parametrize(
    "pattern",
    [r"^(?:textvec|pip) .*", r"^\| (`.*?) \|", r"\]\(([\w./]+)\)"],
    ids=["commands", "extras", "links"],
)
def test_the_chinese_readme_says_nothing_else(pattern):
    english, chinese = (
        {line.split(" --", 1)[0] for line in re.findall(pattern, text, re.MULTILINE)}
        for text in (README, CHINESE.replace("、", ", "))
    )
    assert len(chinese) >= 3
    assert chinese - {"README.md"} <= english


@pytest.mark.parametrize("block", BLOCKS, ids=title)
def test_block_is_short(block):
    lines = [line for line in block.splitlines() if line and "import" not in line]
    assert len(lines) <= 10
    assert max(map(len, lines)) <= 100


ONE_BY_ONE = """
import contextlib, io, os, pathlib, runpy, shutil
for script in sorted(pathlib.Path({folder!r}).glob("*.py"), key=lambda path: int(path.stem)):
    os.mkdir(script.stem)
    with contextlib.chdir(script.stem), contextlib.redirect_stdout(io.StringIO()) as printed:
        runpy.run_path(str(script))
    shutil.rmtree(script.stem)
    print(script.stem, bool(printed.getvalue().strip()))
"""


def test_blocks_run(run_block, tmp_path):
    """Each with a folder and names of its own, in one process: that loads the libraries once."""
    for number, block in enumerate(BLOCKS):
        (tmp_path / f"{number}.py").write_text(block, encoding="utf-8")
    printed = run_block(ONE_BY_ONE.format(folder=str(tmp_path)))
    assert printed.splitlines() == [f"{number} True" for number in range(len(BLOCKS))]


def test_the_vectorizer_shown_to_contributors_works(run_block):
    (block,) = blocks_of((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    use = 'print(LogCountVectorizer().fit_transform(["sea view", "sea sea"]).toarray().tolist())\n'
    assert run_block(block + use) == "[[1.0, 1.0], [1.6931471805599454, 0.0]]\n"


@pytest.fixture
def run_block(run_alone, tmp_path):
    """Run a block alone; return what it printed."""

    def run(block):
        (tmp_path / "script").mkdir()
        script = tmp_path / "script" / "block.py"
        script.write_text(block, encoding="utf-8")
        printed, _ = run_alone(script)
        return printed

    return run
