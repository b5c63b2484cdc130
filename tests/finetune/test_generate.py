"""Pairs and triplets of a language model: read, asked again, counted, resumed, refused."""

import json

import pytest

from textvec import generate_pairs, generate_triplets
from textvec.evaluate.tasks import RerankingTask, RetrievalTask, read_task
from textvec.finetune.chat import ChatModel
from textvec.finetune.generate import TASK_TYPES
from textvec.text.documents import Passage

from .chat_server import running

SEA = "The hotel stands by the sea. Its pool is open until ten at night."
TRIPLET = {"query": "Dogs?", "positive": "Pets stay free.", "negative": "Dogs bark."}


class Model:
    """Replies in turn, the last for ever; what it was asked."""

    def __init__(self, *replies):
        self.replies, self.asked = list(replies), []

    def __call__(self, prompt):
        self.asked.append(prompt)
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if isinstance(reply, BaseException):
            raise reply
        return reply


@pytest.fixture
def server(monkeypatch):
    pytest.importorskip("openai")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    with running() as state:
        yield state


# -- what is read


@pytest.mark.parametrize(
    ("reply", "questions"),
    [
        (
            '["Where is it?", "When does the pool close?"]',
            ["Where is it?", "When does the pool close?"],
        ),
        ('Sure!\n```json\n["Where  is\\nit?"]\n```\nDone [1].', ["Where is it?"]),
        ('{"questions": ["A?", "a?", "", 3, "B?", "C?"]}', ["A?", "B?"]),
        (
            "1. Where is it?\n2) **Is there a pool?**\nSome words.",
            ["Where is it?", "Is there a pool?"],
        ),
        ("酒店在哪里？\n- 泳池几点关门？", ["酒店在哪里？", "泳池几点关门？"]),
        ('["' + "x" * 501 + '", "Short?"]', ["Short?"]),
    ],
)
def test_questions_are_found_in_replies(reply, questions):
    found = generate_pairs(Model(reply), [SEA])
    assert [record["text"] for record in found.records] == questions
    assert {record["positive_text"] for record in found.records} == {SEA}
    assert found[1:] == (1, 1, [])


@pytest.mark.parametrize(
    "reply", ["", "I cannot do that.", "[]", '{"questions": 3}', "[" * 100_000, '["', "null"]
)
def test_what_cannot_be_read_is_asked_again_and_then_counted(reply):
    model = Model(reply)
    with pytest.warns(UserWarning, match="2 texts gave no reply .* in 3 tries, such as 'The hotel"):
        found = generate_pairs(model, [SEA, "a room", " "])
    assert found == ([], 6, 0, [SEA, "a room"])
    assert found.share_parsed == 0
    first, again, third, *_ = model.asked
    assert again == third
    assert again.startswith(first)
    assert "could not be read" in again.removeprefix(first)
    mended = Model(reply, '["Where?"]')
    found = generate_pairs(mended, [SEA])
    assert ([r["text"] for r in found.records], found.n_replies, found.n_parsed) == (
        ["Where?"],
        2,
        1,
    )


def test_prompts_hold_the_text_as_it_is_and_its_language():
    model = Model('["Why?"]')
    strange = "Braces {n} and {language} and {text}, \\1 too."
    generate_pairs(model, [strange, "酒店在海边，泳池开到晚上十点。"], n=3)
    english, chinese = model.asked
    assert strange in english
    assert "Write 3 different questions" in english
    assert "in the language of the passage" in english
    assert "请写出3个不同的问题" in chinese
    generate_pairs(model, [SEA], language="French", prompt="{language}, {n}: {text}")
    assert model.asked[-1] == f"French, 2: {SEA}"


def test_passages_say_their_source_and_records_are_a_task(tmp_path):
    path = tmp_path / "records.jsonl"
    passages = [Passage(SEA, "docs/sea.md", 0), Passage("Rooms have keys.", "docs/rooms.md", 0)]
    model = Model('["Where is the pool?"]', '["What opens rooms?"]')
    found = generate_pairs(model, passages, path=path)
    assert found.records[0]["source"] == "docs/sea.md"
    assert list(map(json.loads, path.read_text("utf-8").splitlines())) == found.records
    task = read_task(path)
    assert type(task) is RetrievalTask
    assert task.queries == {"q0": "Where is the pool?", "q1": "What opens rooms?"}
    assert not (tmp_path / "records.jsonl.journal").exists()


def test_triplets_are_of_tasks_and_of_all_types(tmp_path):
    class Writer:
        asked = []

        def __call__(self, prompt):
            self.asked.append(prompt)
            if prompt.startswith("Think"):
                return json.dumps([f"Task {len(self.asked)}", f"task {len(self.asked)}", "Other"])
            return json.dumps(TRIPLET)

    writer = Writer()
    found = generate_triplets(writer, n=2, path=tmp_path / "triplets.jsonl", language="Dutch")
    assert found.unparsed == []
    assert [r["task_type"] for r in found.records] == [
        kind for kind in TASK_TYPES for _ in range(2)
    ]
    assert {r["task"] for r in found.records} >= {"Task 1", "Other"}
    assert found.records[0] | {"task": "", "task_type": ""} == {
        "text": "Dogs?", "positive_text": "Pets stay free.", "negative_text": "Dogs bark.",
        "task": "", "task_type": "",
    }  # fmt: skip
    assert not any(
        "{" + place in asked for asked in writer.asked for place in ("n}", "words}", "task}")
    )
    assert any("Dutch" in asked for asked in writer.asked)
    assert type(read_task(tmp_path / "triplets.jsonl")) is RerankingTask


@pytest.mark.parametrize(
    "change",
    [{"query": ""}, {"negative": None}, {"positive": "Dogs?"}, {"negative": "pets stay FREE."}],
)
def test_triplets_of_too_few_texts_are_counted(change):
    model = Model('["A task"]', json.dumps(TRIPLET | change))
    with pytest.warns(UserWarning, match="1 tasks gave no reply .* 2 tries, such as 'A task'"):
        found = generate_triplets(model, ["symmetric"], n=1, tries=2)
    assert found == ([], 3, 1, ["A task"])


def test_tasks_that_were_not_thought_of_are_counted():
    model = Model('["A task", "a task"]', '["A TASK"]', json.dumps(TRIPLET))
    with pytest.warns(UserWarning, match="0 tasks gave .*; 4 tasks fewer were thought of than ask"):
        found = generate_triplets(model, "short-short", n=5)
    assert len(found.records) == 1


# -- resuming


def test_work_that_was_cut_off_goes_on(tmp_path):
    path, texts = tmp_path / "records.jsonl", [f"Text {i}." for i in range(6)] + ["Text 0."]
    replies = [f'["Question {i}?"]' for i in range(7)]
    whole = generate_pairs(Model(*replies), texts)
    cut = Model(*replies[:2], "nothing", *replies[2:3], KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        generate_pairs(cut, texts, path=path)
    assert not path.exists()
    journal = tmp_path / "records.jsonl.journal"
    with open(journal, "a") as file:
        file.write('{"key": "cut off in the mid')  # as a kill would have it
    rest = Model(*replies[3:])
    resumed = generate_pairs(rest, texts, path=path)
    assert len(rest.asked) == 4  # the same text twice is asked about twice
    assert resumed.records == whole.records
    assert (resumed.n_replies, resumed.n_parsed) == (8, 7)
    assert not journal.exists()
    other = Model('["New?"]')
    cut.replies = [*replies[:1], KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        generate_pairs(cut, texts, path=path)
    assert generate_pairs(other, texts, n=3, path=path).n_replies == 7  # another question: anew


def test_a_journal_of_others_is_no_reply(tmp_path):
    path = tmp_path / "records.jsonl"
    (tmp_path / "records.jsonl.journal").write_bytes(b'\xff\n[1]\n{"key": "a", "replies": [3]}\n{}')
    assert generate_pairs(Model('["Where?"]'), [SEA], path=path).n_parsed == 1


def test_a_journal_cut_at_any_byte_loses_the_cut_line_alone(tmp_path):
    """What is written after the cut is kept, too, also where it fell into a character."""
    path, journal = tmp_path / "records.jsonl", tmp_path / "records.jsonl.journal"
    texts = [f"{SEA} {n}" for n in range(4)]
    replies = ['["Where 海?"]', '["Which \U0001f3e8?", "Half \ud83d?"]', '["Who?"]', '["When?"]']
    whole = generate_pairs(Model(*replies), texts)
    with pytest.raises(KeyboardInterrupt):
        generate_pairs(Model(*replies[:2], KeyboardInterrupt()), texts, path=path)
    lines = journal.read_bytes()
    ends = [end for end in range(len(lines)) if lines[end : end + 2] == b"}\n"]
    assert len(ends) == 2
    for cut in [*range(len(lines)), lines + "海".encode()[:2]]:
        journal.write_bytes(lines[:cut] if isinstance(cut, int) else cut)
        n_kept = sum(end < cut for end in ends) if isinstance(cut, int) else 2
        with pytest.raises(KeyboardInterrupt):
            generate_pairs(Model(replies[n_kept], KeyboardInterrupt()), texts, path=path)
        rest = Model(*replies[n_kept + 1 :])
        assert generate_pairs(rest, texts, path=path) == whole
        assert len(rest.asked) == 3 - n_kept
        assert not journal.exists()


# -- bad input


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"n": 0}, ValueError, "n must be at least 1. Got 0"),
        ({"tries": 0}, ValueError, "tries must be at least 1"),
        ({"prompt": "Ask {n}"}, ValueError, "where the text stands: {text}. Got 'Ask {n}'"),
        ({"language": None}, TypeError, "language must be a str. Got None"),
        ({"texts": ["a", 3]}, TypeError, "a str or a Passage. Got 3 at 1"),
        ({"llm": "gpt"}, TypeError, "callable from str to str, or a dict such as .* Got 'gpt'"),
        ({"llm": {"base_url": "x"}}, ValueError, "llm must have a model, .* It names no model"),
        ({"llm": {"model": "m", "tempo": 1}}, ValueError, "may have base_url, .* Got 'tempo'"),
        ({"llm": {"model": "m", "api_key": "k"}}, ValueError, "read from the environment variable"),
        ({"llm": {"model": 3}}, TypeError, "model must be a str. Got 3"),
        ({"llm": lambda prompt: None}, TypeError, "llm must return a str. Got None"),
    ],
)
def test_bad_input_is_refused_clearly(changes, error, message):
    arguments = {"llm": Model('["Where?"]'), "texts": [SEA]} | changes
    with pytest.raises(error, match=message):
        generate_pairs(**arguments)


def test_bad_types_of_tasks_and_places(tmp_path):
    with pytest.raises(ValueError, match="task_types must be one of 'short-long', .* Got 'long'"):
        generate_triplets(Model("[]"), ["long"])
    model = Model('["Where?"]')
    with pytest.raises(OSError, match="nowhere"):
        generate_pairs(model, [SEA], path=tmp_path / "nowhere" / "records.jsonl")
    assert model.asked == []


# -- a server


def test_a_server_is_asked_as_the_chat_api_wants_it(server, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-mine")
    llm = {"model": "tiny", "base_url": server.url, "temperature": 0.5, "max_tokens": 99}
    found = generate_pairs(llm, [SEA])
    assert found.records == [{"text": "Where is the sea?", "positive_text": SEA}]
    (asked,) = server.requests
    assert asked["path"] == "/v1/chat/completions"
    assert (asked["model"], asked["temperature"], asked["max_tokens"]) == ("tiny", 0.5, 99)
    assert SEA in asked["messages"][0]["content"]
    assert server.keys == ["Bearer sk-of-mine"]


@pytest.mark.parametrize(
    ("reply", "error", "message"),
    [
        (401, PermissionError, r"answered 401: .*\*\*\* is not known.* Check OPENAI_API_KEY"),
        (500, ConnectionError, r"answered 500"),
        (b"<html>", ConnectionError, "asked for a reply of 'tiny' and sent something else"),
        (b'{"choices": []}', ConnectionError, "sent something else. Check base_url"),
        (b'{"choices": [{"message": {"content": 3}}]}', ConnectionError, "sent something else"),
        (b"[" * 100_000, ConnectionError, "sent something else"),
        (b" " * 2_000_000, ConnectionError, "sent more than the 1,000,000 bytes"),
    ],
)
def test_faults_of_a_server(server, reply, error, message):
    server.reply = lambda prompt: reply
    with pytest.raises(error, match=message) as caught:
        ChatModel("tiny", server.url, max_retries=0)(SEA)
    assert "sk-secret" not in str(caught.value)


def test_openai_itself_wants_a_key(server):
    with pytest.raises(PermissionError, match="A chat model reads its key .*base_url"):
        ChatModel("gpt")(SEA)
