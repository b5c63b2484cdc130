"""How large, how many and how slow the requests to a service may be."""

from dataclasses import dataclass, fields

from textvec._checks import check_number


@dataclass(frozen=True)
class Limits:
    """Bounds of what a service takes in, so that no client can fill its memory or hold its doors.

    Parameters
    ----------
    body : int, default=16 MiB
        Bytes of a request. Above: status 413.
    texts : int, default=2048
        Texts of a request, as OpenAI has it. Above: 400.
    characters : int, default=100,000
        Characters of a text. Above: 400.
    values : int, default=20,000,000
        Numbers in a dense answer; a vocabulary of 300,000 terms may be asked for 66 texts at once,
        or for any number in ``encoding_format="sparse"``. Above: 400.
    results : int, default=1000
        Items of an answer to a search or a wish. Above: 400.
    batch : int, default=256
        Texts that are turned into vectors together, if as many wait.
    waiting : int, default=8192
        Texts that wait while a model is busy. Above: 429, with ``Retry-After``.
    connections : int, default=512
        Open connections. Above: 503; those beyond 64 more are closed unanswered.
    patience : float, default=30
        Seconds that a client may take to send its request, or to take up anything of the answer.
    """

    body: int = 16 << 20
    texts: int = 2048
    characters: int = 100_000
    values: int = 20_000_000
    results: int = 1000
    batch: int = 256
    waiting: int = 8192
    connections: int = 512
    patience: float = 30

    def __post_init__(self):
        """Raise where a bound is none."""
        for field in fields(self):
            is_count = field.name != "patience"
            check_number(
                field.name, getattr(self, field.name), 1 if is_count else 0.1, None, is_count
            )
