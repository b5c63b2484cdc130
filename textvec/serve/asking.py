"""What requests may say: bodies of JSON, checked field by field, and errors in OpenAI's shape."""

import json

MISSING = object()


class RefusedError(Exception):
    """A request that is not answered.

    Parameters
    ----------
    status : int
        Of HTTP.
    message : str
        For the client.
    param : str, default=None
        The field that is wrong.
    code : str, default=None
        OpenAI's word for it.
    headers : dict, default=None
        Further ones of the answer.
    """

    def __init__(self, status, message, param=None, code=None, headers=None):
        super().__init__(message)
        self.status = status
        self.param = param
        self.code = code
        self.headers = headers or {}

    def body(self):
        """Return the error as OpenAI's API puts it."""
        kinds = {401: "authentication_error", 429: "rate_limit_error", 500: "server_error"}
        kind = kinds.get(self.status, "invalid_request_error")
        error = {"message": str(self), "type": kind, "param": self.param, "code": self.code}
        return {"error": error}


def read_body(body, known):
    """Return the fields of a request's body.

    Parameters
    ----------
    body : bytes
        JSON in UTF-8, an object.
    known : collection of str
        The fields that mean something there.

    Returns
    -------
    dict

    Raises
    ------
    RefusedError
        If it is no such thing, or has a field that means nothing.
    """
    try:
        fields = json.loads(body.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        why = "it is nested too deep" if isinstance(error, RecursionError) else error
        raise RefusedError(400, f"The body must be JSON, in UTF-8: {why}.") from error
    if not isinstance(fields, dict):
        raise RefusedError(400, f"The body must be an object of JSON. Got {_short(fields)}.")
    for name in fields:
        if name not in known:
            raise RefusedError(
                400, f"{_short(name)} is no field here. There are: {', '.join(known)}.", name
            )
    return fields


def field(fields, name, kinds, wanted, default=MISSING):
    """Return a field of a body, of one of ``kinds``.

    Parameters
    ----------
    fields : dict
        The body.
    name : str
        The field.
    kinds : type or tuple of types
        What it may be; bool is no int.
    wanted : str
        The same in words.
    default : object, default=MISSING
        What stands for it where it is left out or null; without one it must be there.

    Returns
    -------
    object

    Raises
    ------
    RefusedError
        If it is missing or something else.
    """
    value = fields.get(name)
    if value is None:
        if default is MISSING:
            raise RefusedError(400, f"{name} is missing: give {wanted}.", name)
        return default
    if not isinstance(value, kinds) or (isinstance(value, bool) and kinds is not bool):
        raise RefusedError(400, f"{name} must be {wanted}. Got {_short(value)}.", name)
    return value


def texts_of(fields, name, limits):
    """Return the texts of a field that holds one or several.

    Parameters
    ----------
    fields : dict
        The body.
    name : str
        The field.
    limits : Limits
        How many, and of what length.

    Returns
    -------
    list of str

    Raises
    ------
    RefusedError
        If they are no texts, none, too many or too long; the message says which.
    """
    given = field(fields, name, str | list, "a text, or a list of texts")
    texts = [given] if isinstance(given, str) else given
    if not texts:
        raise RefusedError(400, f"{name} is empty: give at least one text.", name)
    if len(texts) > limits.texts:
        raise RefusedError(
            400, f"{name} must be at most {limits.texts} texts. Got {len(texts)}.", name
        )
    for place, text in enumerate(texts):
        at = name if isinstance(given, str) else f"{name}[{place}]"
        if isinstance(text, int | list):
            raise RefusedError(
                400, f"{at} must be a text. Got {_short(text)}: ids of tokens are not taken.", name
            )
        if not isinstance(text, str):
            raise RefusedError(400, f"{at} must be a text. Got {_short(text)}.", name)
        if len(text) > limits.characters:
            raise RefusedError(
                400,
                f"{at} must be of at most {limits.characters} characters. It has {len(text)}: "
                "cut it into passages.",
                name,
            )
    return texts


def number_of(fields, name, default, most):
    """Return a field that counts something: from 1 up to ``most``.

    Parameters
    ----------
    fields : dict
        The body.
    name : str
        The field.
    default : int or None
        What stands for it where it is left out.
    most : int
        The most that is allowed.

    Returns
    -------
    int or None

    Raises
    ------
    RefusedError
        If it is something else.
    """
    wanted = f"an integer from 1 to {most}"
    number = field(fields, name, int, wanted, default)
    if number is not None and not 1 <= number <= most:
        raise RefusedError(400, f"{name} must be {wanted}. Got {_short(number)}.", name)
    return number


def _no_constant(name):
    raise ValueError(f"{name} is no number of JSON")


def _short(value):
    """Return a value as JSON, cut short."""
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
