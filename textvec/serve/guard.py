"""The door of a service: key, host, size and patience, before any request is looked into."""

import asyncio
import hmac
import time
from urllib.parse import urlsplit

from textvec.serve.asking import RefusedError

LOOPBACK = ("localhost", "127.0.0.1", "::1")
OPEN = ("/health",)  # for who looks whether the service is alive
_CLOSE = {"connection": "close"}
_DIGITS = 18  # of a length: Python refuses to read some thousands


class Guard:
    """ASGI middleware that lets in what may come in, whole, and counts what went out.

    Parameters
    ----------
    app : ASGI application
        Gets each request with its body at hand.
    refuse : callable
        Makes the response of a `RefusedError`.
    metrics : Metrics
        What is counted in.
    paths : collection of str
        Those that have metrics of their own; any other is "other".
    key : str or None
        What a request must bear.
    hosts : collection of str
        The names by which the service may be called; ``"*"`` any.
    limits : Limits
        Size and patience.
    """

    def __init__(self, app, refuse, metrics, paths, key, hosts, limits):
        self._app = app
        self._refuse = refuse
        self._metrics = metrics
        self._paths = frozenset(paths)
        self._key = None if key is None else key.encode()
        self._hosts = frozenset(host.lower() for host in hosts)
        self._limits = limits

    async def __call__(self, scope, receive, send):
        """Answer one connection's request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 499  # the client went before an answer

        async def tell(message):
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            try:
                self._check(scope)
                body = await self._body(scope, receive)
            except RefusedError as refused:
                await self._refuse(refused)(scope, receive, tell)
            else:
                if body is not None:
                    await self._app(scope, _replaying(body, receive), tell)
        finally:
            path = scope["path"] if scope["path"] in self._paths else "other"
            self._metrics.count("textvec_requests_total", path=path, status=status)
            self._metrics.observe("textvec_request_seconds", time.perf_counter() - began, path=path)

    def _check(self, scope):
        headers = scope["headers"]
        hosts = [value for name, value in headers if name == b"host"]
        if "*" not in self._hosts:
            if len(hosts) != 1 or _host(hosts[0].decode("latin-1")) not in self._hosts:
                raise RefusedError(
                    421,
                    "This service is not known by that Host: start it with --allowed-host NAME "
                    "for each of its names (in Python, hosts).",
                    code="unknown_host",
                    headers=_CLOSE,
                )
            for name, value in headers:  # "null", of files and sandboxes, names nobody
                page = value.decode("latin-1").partition("://")[2]
                if name == b"origin" and _host(page) not in self._hosts:
                    raise RefusedError(
                        403, "Pages of other origins may not ask.", code="origin", headers=_CLOSE
                    )
        if self._key is None or scope["path"] in OPEN:
            return
        given = [value for name, value in headers if name == b"authorization"]
        bearer = given[0] if len(given) == 1 else b""
        if not hmac.compare_digest(bearer, b"Bearer " + self._key):
            raise RefusedError(
                401,
                "The key is wrong or missing: send the header Authorization: Bearer KEY.",
                code="invalid_api_key",
                headers={"www-authenticate": "Bearer", **_CLOSE},
            )

    async def _body(self, scope, receive):
        """Return the body of a request; None where its client has gone."""
        most = self._limits.body
        too_large = RefusedError(
            413, f"The body must be of at most {most} bytes: send fewer texts.", headers=_CLOSE
        )
        for name, value in scope["headers"]:
            if name == b"content-length" and not value.isdigit():
                raise RefusedError(400, "Content-Length must be a number.", headers=_CLOSE)
            if name == b"content-length" and (len(value) > _DIGITS or int(value) > most):
                raise too_large
        parts, size = [], 0
        try:
            async with asyncio.timeout(self._limits.patience):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return None
                    parts.append(message.get("body", b""))
                    size += len(parts[-1])
                    if size > most:
                        raise too_large
                    if not message.get("more_body", False):
                        return b"".join(parts)
        except TimeoutError:
            raise RefusedError(
                408,
                f"The request did not come within {self._limits.patience:g} seconds.",
                headers=_CLOSE,
            ) from None


def _host(value):
    """Return the name in a Host header or of an origin, without port; None where there is none."""
    try:
        return urlsplit(f"//{value}").hostname
    except ValueError:
        return None


def _replaying(body, receive):
    """Return what gives a body that was received, and after that what else comes."""
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay():
        return waiting.pop() if waiting else await receive()

    return replay
