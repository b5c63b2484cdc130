"""Vectors from any server that speaks OpenAI's embeddings API, through the official client."""

import json
import numbers
import os
import re
from contextlib import contextmanager

import numpy as np

from textvec._checks import check_number, import_optional
from textvec.encoders.batching import Encoded, pack
from textvec.encoders.openai_client import guarded_client

_KEY = "OPENAI_API_KEY"
_ADDRESS = "OPENAI_BASE_URL"
_OWN_ADDRESS = "https://api.openai.com/v1"
_TEXTS_AT_ONCE = 2048  # the API's own limit
_CLIENT_OPTIONS = {"base_url", "timeout", "max_retries", "organization", "project"}
_BYTES_PER_TOKEN = 4  # of English, roughly; only batches depend on it
_WIDEST = 16384  # dimensions of the widest vectors that anybody serves
_BYTES_PER_NUMBER = 32  # in JSON, with spaces and a line of its own


class BadAnswerError(ConnectionError, ValueError):
    """What a server sent is not what it was asked for: the connection's fault, and the value's."""


class OpenAIEndpoint:
    """A model behind the embeddings API.

    The key is read from the environment (``OPENAI_API_KEY``) at each use, is never stored, and is
    blotted out of every message. Answers 408, 409, 429 and 5xx, and broken connections, are
    tried again after growing pauses, or after what the server asks for.

    Parameters
    ----------
    model : str
        Its name at the server.
    dimensions : int or None
        How many dimensions to ask for; None for the model's own.
    budget : int
        About how many tokens to send at once.
    options : dict
        ``base_url`` (see :func:`server_address`), ``timeout`` in seconds of silence (default 60;
        what comes later must come at 100 kB/s on average), ``max_retries`` (default 5),
        ``organization`` and ``project``, for the client.
    """

    poolings = ("vector",)
    max_length = None  # servers do not say

    def __init__(self, model, dimensions, budget, options):
        unknown = options.keys() - _CLIENT_OPTIONS
        if unknown:
            hint = f" The key is read from {_KEY}." if "api_key" in unknown else ""
            raise ValueError(
                f"model_kwargs for the backend 'openai' must be among "
                f"{', '.join(sorted(_CLIENT_OPTIONS))}. Got {', '.join(sorted(unknown))}.{hint}"
            )
        self.openai = import_optional("openai", "openai")
        self.model = model
        self.dimensions = dimensions
        self.budget = budget
        self.options = {"timeout": 60, "max_retries": 5} | options
        self.options["base_url"] = server_address(options)
        check_number("max_retries in model_kwargs", self.options["max_retries"], 0, integer=True)
        if isinstance(timeout := self.options["timeout"], str | bool | numbers.Real):
            check_number("timeout in model_kwargs", timeout, 0)

    def count_tokens(self, text):
        """Return about how many tokens a text has."""
        return len(text.encode("utf-8", "replace")) // _BYTES_PER_TOKEN + 1

    def encode(self, texts, poolings, prefix="", side="document"):
        """Yield the vectors of texts, request by request; an empty text is the zero vector."""
        full = np.array([i for i, text in enumerate(texts) if text], np.int64)
        width = 0
        http = guarded_client(self.openai)
        with self._client(http) as client:
            for batch in pack([self.count_tokens(texts[i]) for i in full], self.budget):
                for start in range(0, len(batch), _TEXTS_AT_ONCE):
                    rows = full[batch[start : start + _TEXTS_AT_ONCE]]
                    vectors, n_tokens = self._ask(client, http, [texts[row] for row in rows])
                    if width and vectors.shape[1] != width:
                        raise self._bad(f"vectors of {vectors.shape[1]} dimensions after {width}")
                    width = vectors.shape[1]
                    yield Encoded(rows, {"vector": vectors}, n_tokens)
            empty = np.array([i for i, text in enumerate(texts) if not text], np.int64)
            if len(empty):
                if not width:
                    width = self._ask(client, http, ["text"])[0].shape[1]
                yield Encoded(empty, {"vector": np.zeros((len(empty), width), np.float32)}, 0)

    def _client(self, http):
        own = 'give model_kwargs={"base_url": ...}'
        return official_client(self.openai, http, self.options, "The backend 'openai'", own)

    def _ask(self, client, http, texts):
        """Return the vectors of texts, in their order, and the tokens that the server counted."""
        more = {} if self.dimensions is None else {"dimensions": self.dimensions}
        http.most_bytes = len(texts) * _WIDEST * _BYTES_PER_NUMBER
        late = "Raise timeout in model_kwargs, or lower batch_size. What was done is in the cache, "
        with explained_answers(self.openai, self.options, late + "if one is on.", self._bad):
            # The client's own reading makes True and "1.5" numbers, in several times the time.
            raw = client.embeddings.with_raw_response.create(
                model=self.model, input=texts, encoding_format="float", **more
            )
            answer = json.loads(raw.content)
        return self._vectors(answer, len(texts)), _n_tokens(answer)

    def _vectors(self, answer, n_texts):
        data = answer.get("data") if isinstance(answer, dict) else None
        if not isinstance(data, list) or not all(isinstance(item, dict) for item in data):
            raise self._bad("something else")
        if len(data) != n_texts:
            raise self._bad(f"{len(data)} vectors")
        places = [item.get("index") for item in data]
        if any(type(place) is not int for place in places) or sorted(places) != [*range(n_texts)]:
            shown = ", ".join(map(repr, places[:4]))[:100]
            raise self._bad(f"indices other than 0 to {n_texts - 1}, each once ({shown}...)")
        rows = [data[row].get("embedding") for row in np.argsort(places)]
        if any(type(row) is not list or not set(map(type, row)) <= {int, float} for row in rows):
            raise self._bad("vectors that are no lists of numbers")
        if len(widths := {len(row) for row in rows}) > 1 or widths == {0}:
            raise self._bad("vectors of unlike widths, or none")
        try:
            with np.errstate(over="ignore"):  # beyond float32: infinity
                vectors = np.array(rows, np.float32)
        except OverflowError:
            raise self._bad("numbers beyond those of float32") from None
        if self.dimensions not in (None, vectors.shape[1]):
            raise self._bad(f"vectors of {vectors.shape[1]} dimensions, not {self.dimensions}")
        if not np.isfinite(vectors).all():
            raise self._bad("NaN or infinity")
        return vectors

    def _bad(self, what):
        where = without_password(self.options["base_url"])
        return BadAnswerError(
            f"{where} was asked for a vector of {self.model!r} for each text and sent {what}. "
            "Check base_url and model: does the server speak OpenAI's embeddings API?"
        )


def server_address(options):
    """Return where requests go: the option ``base_url``, else the environment's, else OpenAI.

    Parameters
    ----------
    options : dict
        As for :class:`OpenAIEndpoint`.

    Returns
    -------
    str
        What OPENAI_BASE_URL says where there is no option, as the official client reads it.
    """
    return str(options.get("base_url") or os.environ.get(_ADDRESS, "").strip() or _OWN_ADDRESS)


def official_client(openai, http, options, who, own):
    """Return the official client, with the key of the environment.

    Parameters
    ----------
    openai : module
        The library.
    http : openai.DefaultHttpxClient
        What carries requests.
    options : dict
        For the client, ``base_url`` among them.
    who : str
        Who asks, for messages.
    own : str
        How to name a server of one's own, for messages.

    Returns
    -------
    openai.OpenAI
        A context manager.

    Raises
    ------
    PermissionError
        If there is no key, and OpenAI is asked.
    ValueError
        If the key holds what no header can.
    """
    key = _key()
    if not key and options["base_url"] == _OWN_ADDRESS:
        raise PermissionError(
            f"{who} reads its key from the environment variable {_KEY}, which is not set. For a "
            f"server of your own {own}, or set {_ADDRESS}."
        )
    if not (key.isascii() and key.isprintable()):
        raise ValueError(
            f"The key in the environment variable {_KEY} must be of printable ASCII characters "
            "alone. Got others in it: set it anew."
        )
    return openai.OpenAI(api_key=key or "none", http_client=http, **options)


@contextmanager
def explained_answers(openai, options, late, bad):
    """Turn what goes wrong with a server into errors that say so, without the key.

    Parameters
    ----------
    openai : module
        The library.
    options : dict
        Of the client: ``base_url`` and ``timeout``.
    late : str
        What to do where no answer comes.
    bad : callable
        From what the server sent, in words, to the error.

    Yields
    ------
    None
        To where it is asked.

    Raises
    ------
    ConnectionError, PermissionError, TimeoutError
        If the server cannot be reached, refuses, or does not answer.
    """
    where = without_password(options["base_url"]).rstrip("/") + "/"
    try:
        yield
    except openai.APITimeoutError:
        raise TimeoutError(f"{where} did not answer in {options['timeout']} s. {late}") from None
    except openai.APIConnectionError as error:
        reason = _without_key(str(error.__cause__ or error))
        raise ConnectionError(f"{where} cannot be reached: {reason}.") from None
    except openai.APIStatusError as error:
        if refused := error.response.extensions.get("refused"):
            raise bad(_without_key(refused)) from None
        kind = PermissionError if error.status_code in (401, 403) else ConnectionError
        raise kind(
            f"{where} answered {error.status_code}: {_without_key(error.message)}"
            + (f" Check {_KEY}." if kind is PermissionError else "")
        ) from None
    except (ValueError, RecursionError) as error:  # no JSON, or brackets without end
        raise bad(f"something else ({_without_key(str(error))})") from None


def _key():
    return os.environ.get(_KEY, "").strip()


def _n_tokens(answer):
    usage = answer.get("usage")
    count = usage.get("prompt_tokens") if isinstance(usage, dict) else None
    return count if type(count) is int and 0 <= count < 10**15 else 0


def without_password(url):
    """Return an address as it may be shown."""
    return re.sub("//[^/]*@", "//", str(url))


def _without_key(message):
    """Return somebody's words, shortened, without the key or what looks like one."""
    if key := _key():
        message = message.replace(key, "***")
    return re.sub(r"sk-[\w*-]+", "***", message)[:300]
