"""A language model behind OpenAI's chat API, as a function from what is said to what it replies."""

import json
from collections.abc import Mapping

from textvec._checks import check_type, import_optional
from textvec.encoders.openai_api import (
    BadAnswerError,
    explained_answers,
    official_client,
    server_address,
    without_password,
)
from textvec.encoders.openai_client import guarded_client

_CLIENT = {"base_url", "timeout", "max_retries"}
_SAMPLING = {"temperature", "top_p", "max_tokens", "seed"}


def as_function(llm):
    """Return what replies to a prompt.

    Parameters
    ----------
    llm : callable or dict
        A callable from str to str stays as it is. A dict names a server: see :class:`ChatModel`.

    Returns
    -------
    callable
        From str to str.

    Raises
    ------
    TypeError
        If it is neither.
    ValueError
        If the dict names no model, or something unknown.
    """
    if isinstance(llm, Mapping):
        return ChatModel(**_checked(llm))
    if not callable(llm):
        raise TypeError(
            'llm must be a callable from str to str, or a dict such as {"model": ..., '
            f'"base_url": ...}}. Got {llm!r} instead.'
        )
    return llm


def _checked(settings):
    known = {"model", *_CLIENT, *_SAMPLING}
    unknown = sorted(settings.keys() - known)
    if unknown or "model" not in settings:
        hint = ""
        if "api_key" in unknown:
            hint = " The key is read from the environment variable OPENAI_API_KEY."
        what = f"Got {', '.join(map(repr, unknown))}" if unknown else "It names no model"
        raise ValueError(f"llm must have a model, and may have {_listed(known)}. {what}.{hint}")
    return dict(settings)


def _listed(names):
    return ", ".join(sorted(names - {"model"}))


class ChatModel:
    """A model behind OpenAI's chat API: call it with a prompt, and it returns the reply.

    The key is read from the environment (``OPENAI_API_KEY``) at each use and stored nowhere. What
    is asked goes to this server alone, and the answer is bounded in bytes; see SECURITY.md.

    Parameters
    ----------
    model : str
        Its name at the server.
    base_url : str, default=None
        The server; None takes the environment's OPENAI_BASE_URL, or OpenAI.
    timeout : float, default=600
        Seconds of silence: a model on a processor thinks for minutes.
    max_retries : int, default=5
        How often a server that is busy is asked again.
    **sampling
        ``temperature``, ``top_p``, ``max_tokens`` and ``seed``, handed on.

    Examples
    --------
    >>> model = ChatModel("qwen", base_url="http://localhost:8000/v1", temperature=1.0)
    >>> model
    ChatModel('qwen', 'http://localhost:8000/v1')
    """

    def __init__(self, model, base_url=None, timeout=600, max_retries=5, **sampling):
        check_type("model", model, str, "a str")
        self.model = model
        self.sampling = sampling
        address = server_address({"base_url": base_url})
        self.options = {"base_url": address, "timeout": timeout, "max_retries": max_retries}

    def __repr__(self):
        return f"ChatModel({self.model!r}, {without_password(self.options['base_url'])!r})"

    def __call__(self, prompt):
        """Return the reply to a prompt.

        Parameters
        ----------
        prompt : str
            What is said.

        Returns
        -------
        str
            The first reply.

        Raises
        ------
        ConnectionError, PermissionError, TimeoutError
            If the server cannot be reached, refuses, does not answer, or answers something else.
        """
        openai = import_optional("openai", "openai")
        http = guarded_client(openai)
        own = 'give {"base_url": ...}'
        with official_client(openai, http, self.options, "A chat model", own) as client:
            late = 'Raise "timeout". What was done is kept where a path was given.'
            with explained_answers(openai, self.options, late, self._bad):
                raw = client.chat.completions.with_raw_response.create(
                    model=self.model,
                    messages=[{"role": "user", "content": prompt}],
                    **self.sampling,
                )
                answer = json.loads(raw.content)
        try:
            reply = answer["choices"][0]["message"]["content"]
        except (IndexError, KeyError, TypeError):
            reply = None
        if not isinstance(reply, str):
            raise self._bad("something else")
        return reply

    def _bad(self, what):
        return BadAnswerError(
            f"{without_password(self.options['base_url'])} was asked for a reply of "
            f"{self.model!r} and sent {what}. Check base_url and model: does the server speak "
            "OpenAI's chat API?"
        )
