"""What is written around a text before a model reads it."""

from typing import NamedTuple

from textvec._checks import check_choice

_EOL = 'This sentence : "{text}" means in one word:"'

# Families of models and the prompts that their authors give. A side that is missing has none.
FAMILIES = {
    "bge-zh": {"query": "为这个句子生成表示以用于检索相关文章："},
    "bge-en": {"query": "Represent this sentence for searching relevant passages: "},
    "nomic": {"query": "search_query: ", "document": "search_document: "},
    "nomic-classification": dict.fromkeys(("query", "document"), "classification: "),
    "nomic-clustering": dict.fromkeys(("query", "document"), "clustering: "),
    "llm-embedder-qa": {
        "query": "Represent this query for retrieving relevant documents: ",
        "document": "Represent this document for retrieval: ",
    },
    "llm-embedder-convsearch": {
        "query": "Encode this query and context for searching relevant passages: ",
        "document": "Encode this passage for retrieval: ",
    },
    "llm-embedder-chat": {
        "query": "Embed this dialogue to find useful historical dialogues: ",
        "document": "Embed this historical dialogue for retrieval: ",
    },
    "llm-embedder-lrlm": {
        "query": "Embed this text chunk for finding useful historical chunks: ",
        "document": "Embed this historical text chunk for retrieval: ",
    },
    "llm-embedder-icl": {
        "query": "Convert this example into vector to look for useful examples: ",
        "document": "Convert this example into vector for retrieval: ",
    },
    "llm-embedder-tool": {
        "query": "Transform this user request for fetching helpful tool descriptions: ",
        "document": "Transform this tool description for retrieval: ",
    },
    "e5": {"query": "query: ", "document": "passage: "},
    "instruct": {"query": "Instruct: {task}\nQuery: {text}"},
    "prompt-eol": {"query": _EOL, "document": _EOL},
    "prompt-eol-one-shot": dict.fromkeys(
        ("query", "document"),
        _EOL.replace("{text}", "A jockey riding a horse.") + 'Equestrian".' + _EOL,
    ),
    "angle": dict.fromkeys(("query", "document"), 'Summarize sentence "{text}" in one word:"'),
}
_SIDES = {"query": ("query",), "document": ("document", "passage", "corpus")}


class Prompt(NamedTuple):
    """What stands before and after a text.

    Parameters
    ----------
    prefix, suffix : str
        Put around each text as they are.
    """

    prefix: str = ""
    suffix: str = ""

    def around(self, text):
        """Return the text with the prompt."""
        return self.prefix + text + self.suffix


def parse_prompt(template):
    """Return the prompt that a template stands for.

    Parameters
    ----------
    template : str or None
        ``{text}`` marks the place of the text; without it the text comes last.

    Returns
    -------
    Prompt
        Both sides of the text.

    Raises
    ------
    TypeError
        If the template is no str.
    ValueError
        If ``{text}`` stands in it twice, or ``{task}`` was never filled in.

    Examples
    --------
    >>> parse_prompt("query: ").around("sea view")
    'query: sea view'
    >>> parse_prompt('Summarize "{text}":').around("sea view")
    'Summarize "sea view":'
    """
    if template is None:
        return Prompt()
    if not isinstance(template, str):
        raise TypeError(f"A prompt must be a str. Got {template!r:.60} instead.")
    parts = template.split("{text}")
    if len(parts) > 2:
        raise ValueError(f"A prompt must hold {{text}} once at most. Got {template!r} instead.")
    if "{task}" in template:
        raise ValueError(
            f"The prompt {template!r} needs a task. Fill it in: "
            'prompts=family_prompts("instruct", task="Given a question, find its answer").'
        )
    return Prompt(*parts)


def family_prompts(family, task=None):
    """Return the prompts that the authors of a family of models give.

    Parameters
    ----------
    family : str
        The family: ``"bge-zh"``, ``"bge-en"``; ``"nomic"`` for search, ``"nomic-classification"``,
        ``"nomic-clustering"``; ``"llm-embedder-"`` with ``qa`` (questions), ``convsearch``
        (search within a conversation), ``chat`` (its history), ``lrlm`` (long texts in chunks),
        ``icl`` (examples for a language model) or ``tool`` (tools for one); ``"e5"``,
        ``"instruct"``; ``"prompt-eol"``, ``"prompt-eol-one-shot"`` and ``"angle"``, which go with
        ``pooling="last_token"``.
    task : str, default=None
        For ``"instruct"``: in a sentence, what queries are for.

    Returns
    -------
    dict of str to str
        For the parameter ``prompts`` of :class:`~textvec.TransformerVectorizer`.

    Raises
    ------
    ValueError
        If the family is unknown, or a task is missing or not called for.

    References
    ----------
    Xiao et al. 2023, C-Pack (BGE); Nussbaum et al. 2024, Nomic Embed; Zhang et al. 2023, "Retrieve
    anything to augment large language models" (LLM-Embedder); Wang et al. 2022 and 2024 (E5, and
    instructions for decoders); Jiang et al. 2023, "Scaling sentence embeddings with large language
    models" (PromptEOL); Li and Li 2023, AnglE.

    Examples
    --------
    >>> family_prompts("e5")
    {'query': 'query: ', 'document': 'passage: '}
    """
    check_choice("family", family, FAMILIES)
    prompts = FAMILIES[family]
    asks = any("{task}" in prompt for prompt in prompts.values())
    if asks != (task is not None):
        wanted = "has no place for a task: leave it out"
        if asks:
            wanted = f"needs a task: prompts=family_prompts({family!r}, task=...) says what it is"
        raise ValueError(f"The family {family!r} {wanted}. Got task={task!r}.")
    return {side: prompt.replace("{task}", task or "") for side, prompt in prompts.items()}


def choose_prompt(prompts, name, side):
    """Return the prompt for one side of a search.

    Parameters
    ----------
    prompts : dict of str to str
        By name; an empty one is as good as none.
    name : str or None
        The one to take; None takes what stands for ``side``, if anything does: ``"query"``, or
        the first of ``"document"``, ``"passage"`` and ``"corpus"``.
    side : {"query", "document"}
        What the texts are.

    Returns
    -------
    Prompt
        Empty where nothing stands for the side.

    Raises
    ------
    ValueError
        If there is no prompt of that name.
    """
    if name is not None:
        if name not in prompts:
            raise ValueError(f"prompt_name must be one of {list(prompts)}. Got {name!r} instead.")
        return parse_prompt(prompts[name])
    return parse_prompt(next((prompts[key] for key in _SIDES[side] if prompts.get(key)), None))
