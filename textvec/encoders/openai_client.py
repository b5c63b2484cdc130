"""What carries requests to an embedding server: to that server alone, and with an end to answers.

The official client follows a redirect to any host, with the texts and all headers but the key; it
unpacks an answer of any size; and its timeout is of silence, so that a byte now and then outlives
it. Here a request goes to the host that was named, and an answer is as large and as slow as the
vectors that were asked for may make it.
"""

import time

_MOST_REDIRECTS = 5
_PACKED = ("", "identity", "gzip", "deflate")  # once: what is packed twice unfolds a millionfold
_SLOWEST = 100_000  # bytes a second, on average, once as long as the timeout has passed
_OF_PACKED = ("content-encoding", "content-length", "transfer-encoding")


def guarded_client(openai):
    """Return an HTTP client for the official client.

    Parameters
    ----------
    openai : module
        Whose defaults stay, such as proxies from the environment.

    Returns
    -------
    openai.DefaultHttpxClient
        Its attribute ``most_bytes`` says how large an answer may be, unpacked. In place of one that
        is refused comes one of status 413, with the reason as its extension ``"refused"``; for one
        that trickles in, ``openai.APITimeoutError``.
    """

    class Client(openai.DefaultHttpxClient):
        most_bytes = 1_000_000

        def send(self, request, **options):
            """Send a request; return its answer, read to the end whatever ``stream`` says."""
            options |= {"stream": True, "follow_redirects": False}
            began = time.monotonic()
            for _ in range(1 + _MOST_REDIRECTS):
                response = super().send(request, **options)
                try:
                    following = response.next_request
                    if following is None:
                        return self._whole(request, response, began)
                    if not _same_place(request.url, following.url):
                        place = f"{following.url.scheme}://{following.url.netloc.decode()}"
                        return _refused(
                            response,
                            request,
                            f"a redirect to another host, {place}, which gets no texts. If it is "
                            "the right one, give it as base_url",
                        )
                finally:
                    response.close()
                request = following
            return _refused(response, request, "redirects without end")

        def _whole(self, request, response, began):
            packed = response.headers.get("content-encoding", "").strip().lower()
            if packed not in _PACKED:
                return _refused(response, request, f"an answer packed as {packed[:40]!r}")
            patience = (request.extensions.get("timeout") or {}).get("read")
            parts, n_bytes = [], 0
            for part in response.iter_bytes():
                parts.append(part)
                n_bytes += len(part)
                if n_bytes > self.most_bytes:
                    reason = f"more than the {self.most_bytes:,} bytes that such vectors may take"
                    return _refused(response, request, reason)
                if patience and time.monotonic() - began > patience + n_bytes / _SLOWEST:
                    raise openai.APITimeoutError(request=request)
            headers = [pair for pair in response.headers.multi_items() if pair[0] not in _OF_PACKED]
            content = b"".join(parts)
            status = response.status_code
            return type(response)(status, headers=headers, content=content, request=request)

    return Client(headers={"Accept-Encoding": "gzip"})


def _same_place(old, new):
    """Return whether a redirect stays with the server, or only begins to encrypt."""
    return (old.host, old.port) == (new.host, new.port) and new.scheme in (old.scheme, "https")


def _refused(response, request, reason):
    """Return an answer that the official client neither reads nor asks for again."""
    return type(response)(413, request=request, extensions={"refused": reason})
