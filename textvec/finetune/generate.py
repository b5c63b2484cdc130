"""Records to tune on, written by a language model: questions to one's own texts, and triplets.

What a language model writes is data, like any text of others: it is parsed, bounded in length, and
never run. It may also be wrong, or say what a text told it to say; look at some before you train.
"""

import hashlib
import json
import re
from contextlib import suppress
from itertools import cycle, islice
from pathlib import Path
from typing import NamedTuple

from textvec._checks import as_list, check_choice, check_number, check_type, warn_user
from textvec._reading import whole
from textvec._writing import check_place, naming, write_json_lines
from textvec.finetune.chat import as_function
from textvec.text.scripts import is_mostly_han

_QUESTIONS = {
    "en": (
        "Here is a passage.\n\n<passage>\n{text}\n</passage>\n\nWrite {n} different questions that "
        "the passage answers, as somebody would type them into a search engine who has not seen "
        "it: each must make sense alone, and name what it is about. Write them in {language}. "
        "Reply with a JSON list of strings and nothing else."
    ),
    "zh": (
        "下面是一段文字。\n\n<文字>\n{text}\n</文字>\n\n请写出{n}个不同的问题，答案都在这段文字中。"
        "提问的人没有读过它，只是在搜索：每个问题要单独看得懂，并说清问的是什么。用{language}提问。"
        "只回复一个由字符串组成的 JSON 列表，不要写别的。"
    ),
}
_OWN_LANGUAGE = {"en": "the language of the passage", "zh": "这段文字的语言"}
_AGAIN = {
    "en": "\n\nYour last reply could not be read. Reply with the JSON alone.",
    "zh": "\n\n上一次的回复无法解析。请只回复 JSON。",
}
_SHORT, _LONG = "short: a few words, or one sentence", "long: about {words} words"
# Kind of task -> what a query is, what is looked for, and how the two belong together.
TASK_TYPES = {
    "short-long": (_SHORT, _LONG, "answers, supports or describes what the query asks for"),
    "long-short": (_LONG, _SHORT, "names, classifies or sums up what the query is about"),
    "short-short": (_SHORT, _SHORT, "belongs to the query, such as its title, reply or completion"),
    "long-long": (
        _LONG,
        _LONG,
        "treats the same matter as the query, such as a report of the same",
    ),
    "symmetric": (_SHORT, _SHORT, "says the same as the query in other words"),
}
_BRAINSTORM = (
    "Think of {n} tasks of matching texts. In each a query is {query}; what is looked for is "
    "{document}; and the right text {relation}. Let the tasks differ in subject and in kind of "
    "text. Write each as one sentence of instruction, such as: Given a claim about health, find "
    "articles that confirm or refute it. Reply with a JSON list of {n} strings and nothing else."
)
_TRIPLET = (
    'The task: "{task}"\n\nWrite one example of it, in {language}, as a JSON object with three '
    'strings. "query" is {query}. "positive" is {document}, and {relation}. "negative" is '
    "{document}; it shares subject and words with the query and looks right at a glance, and is "
    "wrong for the task. Do not copy from the query. Reply with the JSON object and nothing else."
)
_WORDS = (50, 100, 200, 300)  # of long texts, in turns
_TASKS_AT_ONCE = 20
_LONGEST_QUESTION, _LONGEST_TEXT = 500, 20_000  # characters; what is longer is no such thing
_NO_MORE = "it keeps what was replied before, and the same call goes on from there"


class Generated(NamedTuple):
    """What a language model wrote, and how much of it could be read.

    Parameters
    ----------
    records : list of dict
        With the fields ``text`` and ``positive_text``, of triplets also ``negative_text`` and
        ``task``: what :func:`~textvec.evaluate.tasks.read_task` and tuning take.
    n_replies : int
        How often the model replied.
    n_parsed : int
        How many of the replies could be read.
    unparsed : list of str
        What gave no reply that could be read, however often it was asked: texts, or tasks.
    """

    records: list
    n_replies: int
    n_parsed: int
    unparsed: list

    @property
    def share_parsed(self):
        """The share of the replies that could be read."""
        return self.n_parsed / max(self.n_replies, 1)


def generate_pairs(
    llm, texts, n=2, prompt=None, language="auto", path=None, tries=3, verbose=False
):
    """Have a language model write questions that one's own texts answer: pairs to tune on.

    Parameters
    ----------
    llm : callable or dict
        From a prompt, a str, to the reply; or a server that speaks OpenAI's chat API, as
        ``{"model": ..., "base_url": ...}``, with ``temperature``, ``top_p``, ``max_tokens``,
        ``seed``, ``timeout`` and ``max_retries`` if wanted. The key is read from the environment
        (OPENAI_API_KEY).
    texts : iterable of str, or of Passage
        Such as :func:`~textvec.load_documents` gives; of a
        :class:`~textvec.text.documents.Passage` the record says the ``source``.
    n : int >= 1, default=2
        How many questions to ask for, for each text. A model may write fewer.
    prompt : str, default=None
        What to say: ``{text}`` marks the place of the text, ``{n}`` and ``{language}`` those of the
        others. The reply must be a JSON list of strings, or a question on each line.
    language : str, default="auto"
        Of the questions, in a word; ``"auto"`` is that of each text.
    path : str or path-like, default=None
        A file to write the records to as well, one a line in JSON. While work goes on, replies are
        kept beside it, in ``path`` with ".journal" behind it: after an interruption the same call
        goes on from there.
    tries : int >= 1, default=3
        How often a text is asked about while replies cannot be read.
    verbose : bool, default=False
        Show progress.

    Returns
    -------
    Generated
        Records, and counts of replies.

    Raises
    ------
    TypeError, ValueError
        If a parameter is out of range, a text is no str, or the prompt has no ``{text}``.
    ConnectionError, PermissionError, TimeoutError
        Of a server.
    OSError
        If the file cannot be written: said before the work.

    Warns
    -----
    UserWarning
        If texts gave no reply that could be read: how many, and which is the first.

    References
    ----------
    Nogueira and Lin 2019, doc2query; Dai et al. 2022, Promptagator.

    Examples
    --------
    >>> def model(prompt):  # stands for a language model
    ...     return '["Where can I swim?", "Does the hotel have a pool?"]'
    >>> found = generate_pairs(model, ["The pool of the hotel is open until ten."])
    >>> found.records[0]
    {'text': 'Where can I swim?', 'positive_text': 'The pool of the hotel is open until ten.'}
    >>> found.share_parsed
    1.0
    """
    check_number("n", n, low=1, integer=True)
    check_type("language", language, str, "a str")
    check_type("prompt", prompt, str | None, "a str, or None")
    if prompt is not None and "{text}" not in prompt:
        raise ValueError(f"prompt must say where the text stands: {{text}}. Got {prompt!r:.80}.")
    texts = as_list("texts", texts, "a list of str or of Passage")
    for row, item in enumerate(texts):
        if not isinstance(getattr(item, "text", item), str):
            raise TypeError(f"Each text must be a str or a Passage. Got {item!r:.60} at {row}.")
    records, unparsed = [], []
    work = _Work(llm, path, tries)
    for item in _shown(texts, verbose):
        text = getattr(item, "text", item)
        if not text.strip():
            continue
        kind = "zh" if is_mostly_han(text) else "en"
        spoken = _OWN_LANGUAGE[kind] if language == "auto" else language
        filled = {"{n}": str(n), "{language}": spoken, "{text}": text}
        said = _filled(_QUESTIONS[kind] if prompt is None else prompt, filled)
        questions = work.ask(said, lambda reply: _questions(reply, n), _AGAIN[kind])
        source = {"source": item.path} if hasattr(item, "path") else {}
        records += [{"text": one, "positive_text": text} | source for one in questions or ()]
        unparsed += [] if questions else [text]
    return work.done(records, unparsed, "texts")


def generate_triplets(
    llm, task_types=tuple(TASK_TYPES), n=20, language="English", path=None, tries=3, verbose=False
):
    """Have a language model think of tasks, and write a query, an answer and a decoy for each.

    Parameters
    ----------
    llm : callable or dict
        As for :func:`generate_pairs`.
    task_types : sequence of str, default=all of them
        Which is short, the query or what is looked for: ``"short-long"``, ``"long-short"``,
        ``"short-short"``, ``"long-long"``, and ``"symmetric"``, which is of the same meaning.
    n : int >= 1, default=20
        How many tasks to think of for each type, and how many triplets to write.
    language : str, default="English"
        Of the texts.
    path : str or path-like, default=None
        As for :func:`generate_pairs`.
    tries : int >= 1, default=3
        As for :func:`generate_pairs`.
    verbose : bool, default=False
        Show progress.

    Returns
    -------
    Generated
        Records, each with its ``task``, and counts of replies.

    Raises
    ------
    TypeError, ValueError
        If a parameter is out of range.
    ConnectionError, PermissionError, TimeoutError
        Of a server.

    Warns
    -----
    UserWarning
        If tasks gave no reply that could be read.

    References
    ----------
    Wang et al. 2024, "Improving text embeddings with large language models": tasks first, so that
    the texts differ. The words of the prompts are our own.

    Examples
    --------
    >>> def model(prompt):  # stands for a language model
    ...     if prompt.startswith("Think"):
    ...         return '["Given a question on hotels, find the rule that answers it."]'
    ...     return '{"query": "Dogs?", "positive": "Pets stay free.", "negative": "Dogs bark."}'
    >>> found = generate_triplets(model, ["short-long"], n=1)
    >>> found.records[0]["positive_text"]
    'Pets stay free.'
    """
    check_number("n", n, low=1, integer=True)
    check_type("language", language, str, "a str")
    if isinstance(task_types, str):
        task_types = [task_types]
    task_types = as_list("task_types", task_types, "a list of str")
    for kind in task_types:
        check_choice("task_types", kind, TASK_TYPES)
    records, unparsed = [], []
    work = _Work(llm, path, tries)
    tasks = [(kind, task) for kind in task_types for task in _tasks(work, kind, n)]
    for (kind, task), words in zip(_shown(tasks, verbose), cycle(_WORDS)):
        filled = {"{language}": language, "{task}": task, "{words}": str(words)}
        said = _filled(_TRIPLET, _of_type(kind) | filled)
        triplet = work.ask(said, _triplet, _AGAIN["en"])
        records += [{**triplet, "task": task, "task_type": kind}] if triplet else []
        unparsed += [] if triplet else [task]
    n_missing = n * len(task_types) - len(tasks)
    return work.done(records, unparsed, "tasks", n_missing)


def _tasks(work, kind, n):
    """Return up to ``n`` distinct tasks of a type, asking for some at a time."""
    tasks: dict[str, str] = {}
    n_rounds = 2 * -(-n // _TASKS_AT_ONCE)
    for _ in range(n_rounds):
        wanted = min(n - len(tasks), _TASKS_AT_ONCE)
        if not wanted:
            break
        filled = {"{n}": str(wanted), "{words}": "100 to 300"}
        said = _filled(_BRAINSTORM, _of_type(kind) | filled)
        found = work.ask(said, lambda reply: _strings(reply, _LONGEST_QUESTION), _AGAIN["en"])
        for task in found or ():
            tasks.setdefault(task.casefold(), task)
    return list(islice(tasks.values(), n))


def _of_type(kind):
    return dict(zip(("{query}", "{document}", "{relation}"), TASK_TYPES[kind]))


def _filled(template, values):
    """Return a template with values in their places, of which none is looked into for places."""
    places = re.compile("|".join(map(re.escape, values)))

    def value(found):
        inner = values[found[0]]
        if found[0] in ("{query}", "{document}"):  # of ours, with a place for a number
            return inner.replace("{words}", values["{words}"])
        return inner

    return places.sub(value, template)


def _shown(items, verbose):
    from tqdm import tqdm

    return tqdm(items, disable=not verbose, unit="text")


class _UnreadableError(ValueError):
    """A reply that is not what was asked for."""


def _json_in(reply):
    """Return the first list or object of JSON in a reply, whatever stands around it, or None."""
    decoder = json.JSONDecoder()
    for place in islice(re.finditer(r"[\[{]", reply), 50):
        with suppress(ValueError, RecursionError):
            return whole(decoder.raw_decode(reply, place.start())[0])
    return None


def _strings(reply, longest):
    """Return the distinct strings of a list, which may stand in an object."""
    found = _json_in(reply)
    if isinstance(found, dict):
        found = next((value for value in found.values() if isinstance(value, list)), None)
    texts = found if isinstance(found, list) else []
    distinct: dict[str, str] = {}
    for text in texts:
        text = " ".join(text.split()) if isinstance(text, str) else ""
        if text and len(text) <= longest:
            distinct.setdefault(text.casefold(), text)
    if not distinct:
        raise _UnreadableError
    return list(distinct.values())


def _questions(reply, n):
    """Return up to ``n`` questions, of a JSON list or of lines that end in a question mark."""
    try:
        return _strings(reply, _LONGEST_QUESTION)[:n]
    except _UnreadableError:
        lines = []
        for line in reply[:_LONGEST_TEXT].splitlines():
            line = re.sub(r"^[\W_]*(?:\d{1,2}[.):：、]\s*)?[\W_]*", "", line)
            end = 1 + max(line.rfind("?"), line.rfind("？"))
            if end and not re.search(r"\w", line[end:]):
                lines.append(line[:end])
        return _strings(json.dumps(lines), _LONGEST_QUESTION)[:n]


def _triplet(reply):
    found = _json_in(reply)
    texts = [found.get(name) for name in _PARTS] if isinstance(found, dict) else [None]
    if not all(isinstance(text, str) and 0 < len(text.strip()) <= _LONGEST_TEXT for text in texts):
        raise _UnreadableError
    texts = [text.strip() for text in texts]
    if len({text.casefold() for text in texts}) < len(texts):
        raise _UnreadableError
    return dict(zip(_PARTS.values(), texts))


_PARTS = {"query": "text", "positive": "positive_text", "negative": "negative_text"}


class _Work:
    """What was asked and replied so far, kept in a journal where a path is given.

    A line of the journal is an object: ``key``, the digest of what was said and of how often it
    had been said before, and ``replies``, a list of str. A line that was cut off counts for none,
    and the next begins anew.
    """

    def __init__(self, llm, path, tries):
        check_number("tries", tries, low=1, integer=True)
        self.llm, self.tries = as_function(llm), tries
        self.path = path
        self.n_replies = self.n_parsed = 0
        self._said: dict[str, int] = {}
        self._kept: dict[str, list] = {}
        if path is not None:
            self._journal = Path(f"{path}.journal")
            check_place(path)
            check_place(self._journal)
            self._kept = _read_journal(self._journal)

    def ask(self, said, parse, again):
        """Return what a reply says once parsed, or None if none of all tries can be."""
        n_before = self._said[said] = self._said.get(said, -1) + 1
        key = hashlib.sha256(f"{n_before} {said}".encode("utf-8", "replace")).hexdigest()
        kept = self._kept.get(key, [])
        replies: list[str] = []
        found = None
        while found is None and len(replies) < self.tries:
            if len(replies) < len(kept):
                reply = kept[len(replies)]
            else:
                reply = self.llm(said + (again if replies else ""))
                if not isinstance(reply, str):
                    raise TypeError(f"llm must return a str. Got {reply!r:.60} instead.")
            replies.append(reply)
            with suppress(_UnreadableError):
                found = parse(reply)
        self.n_replies += len(replies)
        self.n_parsed += found is not None
        if self.path is not None and len(replies) > len(kept):
            line = json.dumps({"key": key, "replies": replies})
            with naming(self._journal, _NO_MORE), open(self._journal, "ab") as journal:
                journal.write(f"\n{line}\n".encode())
        return found

    def done(self, records, unparsed, kind, n_missing=0):
        """Write the records, drop the journal, and say what is missing."""
        if self.path is not None:
            write_json_lines(self.path, records)
            self._journal.unlink(missing_ok=True)
        if unparsed or n_missing:
            lost = f"{len(unparsed)} {kind} gave no reply that can be read in {self.tries} tries"
            lost += f", such as {unparsed[0]!r:.60}" if unparsed else ""
            lost += f"; {n_missing} tasks fewer were thought of than asked for" * (n_missing > 0)
            warn_user(f"{lost}. Raise tries, or take a larger model.")
        return Generated(records, self.n_replies, self.n_parsed, unparsed)


def _read_journal(place):
    kept: dict[str, list] = {}
    with suppress(FileNotFoundError):
        for line in place.read_text("utf-8", errors="replace").splitlines():
            with suppress(ValueError, RecursionError):
                entry = json.loads(line)
                if isinstance(entry, dict) and isinstance(entry.get("key"), str):
                    replies = entry.get("replies")
                    if isinstance(replies, list) and all(isinstance(one, str) for one in replies):
                        kept[entry["key"]] = replies
    return kept
