"""``textvec generate``: documents to records by a server, counts, and what it refuses."""

import json

import pytest

from ..finetune.chat_server import running
from .command import assert_refused, run


@pytest.fixture
def server(monkeypatch):
    pytest.importorskip("openai")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with running() as state:
        yield state


@pytest.fixture
def documents(tmp_path):
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "sea.md").write_text("# The sea\n\nIt is near.\n")
    (folder / "rooms.txt").write_text("Rooms have keys.")
    return folder


@pytest.mark.filterwarnings("default:2 texts gave no reply")  # as outside of tests
def test_documents_become_records(server, documents, tmp_path):
    out = tmp_path / "records.jsonl"
    args = ("generate", documents, "--out", out, "--model", "tiny", "--base-url", server.url)
    result = run(*args, "-n", 1, "--temperature", 0.7)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.splitlines() == [
        f"2 records, 2 of 2 replies could be read (100%): {out}",
        f"Look at some, then: textvec tune {out} --model MODEL --out tuned",
        "textvec compare --data OTHERS --vectorizer MODEL --vectorizer tuned",
    ]
    first, second = map(json.loads, out.read_text("utf-8").splitlines())
    assert first["positive_text"] == "Rooms have keys."
    assert second["source"] == str(documents / "sea.md")
    assert server.requests[0]["temperature"] == 0.7
    server.reply = lambda prompt: "no"
    done = run(*args, "--json")
    assert json.loads(done.stdout) == {
        "out": str(out), "records": 0, "replies": 6, "parsed": 0, "unparsed": 2,
    }  # fmt: skip
    assert "2 texts gave no reply that can be read" in done.stderr


def test_triplets_need_no_documents(server, tmp_path):
    triplet = {"query": "Dogs?", "positive": "Pets stay free.", "negative": "Dogs bark."}
    server.reply = lambda prompt: json.dumps(["A task"] if "Think" in prompt else triplet)
    out = tmp_path / "t.jsonl"
    result = run(
        "generate", "--triplets", 1, "--out", out, "--model", "m", "--base-url", server.url
    )
    assert result.exit_code == 0, result.stderr
    assert len(out.read_text().splitlines()) == 5


def test_what_it_refuses(documents, tmp_path):
    args = ("generate", "--model", "m", "--out")
    assert_refused(run(*args, tmp_path / "r.jsonl"), "Give documents, or --triplets NUMBER")
    assert_refused(run(*args, tmp_path / "r.csv", documents), "--out must end in .jsonl")
    assert_refused(run(*args, tmp_path / "r.jsonl", tmp_path / "gone"), "gone: No such file")
    (documents / "sea.md").unlink()
    (documents / "rooms.txt").unlink()
    assert_refused(run(*args, tmp_path / "r.jsonl", documents), "holds no documents")
