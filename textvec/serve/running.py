"""The service in a server: connections that hold a door without a word are closed."""

from contextlib import suppress

from textvec._checks import import_optional

_HEAD = 64 << 10  # bytes of a request before its body
_REFUSED = 64  # connections beyond the bound whose requests are told so
_TOO_LONG = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)


def run(app, host, port, limits, log_level="warning"):
    """Serve an application until the process is told to stop.

    After SIGTERM or Ctrl-C no connection is taken any more, and what was asked is answered first.

    Parameters
    ----------
    app : ASGI application
        See :func:`textvec.serve.make_app`.
    host : str
        The address to listen on.
    port : int
        The port.
    limits : Limits
        Whose ``connections`` and ``patience`` hold here.
    log_level : str, default="warning"
        Of uvicorn.

    Raises
    ------
    ImportError
        If the extra ``serve`` is not installed.
    """
    uvicorn = import_optional("uvicorn", "serve")
    import_optional("httptools", "serve")
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=_patient_protocol(limits),
        ws="none",
        log_level=log_level,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=limits.connections,
    )
    with suppress(KeyboardInterrupt):  # the way to stop it, which uvicorn raises again at the end
        uvicorn.Server(config).run()


def _patient_protocol(limits):
    """Return uvicorn's protocol, with an end to its patience.

    It waits for ever for the first request of a connection, and for a client that does not take
    up its answer; takes a request's headers in at any length; and holds any number of connections
    that ask for nothing.
    """
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

    class Patient(HttpToolsProtocol):
        def connection_made(self, transport):
            super().connection_made(transport)
            self._seen = None
            self._in_head, self._n_head = True, 0
            self._ending = False
            self._look_again()
            if len(self.connections) > limits.connections + _REFUSED:
                transport.abort()

        def connection_lost(self, exc):
            self._looking.cancel()
            super().connection_lost(exc)

        def data_received(self, data):
            self._n_head += len(data)
            super().data_received(data)
            if self._in_head and self._n_head > _HEAD and not self.transport.is_closing():
                if self.cycle is None or self.cycle.response_complete:
                    self.transport.write(_TOO_LONG)
                self.transport.close()

        def on_headers_complete(self):
            self._in_head = False
            super().on_headers_complete()

        def on_message_complete(self):
            self._in_head, self._n_head = True, 0  # whatever comes now is of the next
            super().on_message_complete()

        def shutdown(self):
            self._ending = True
            super().shutdown()

        def _look_again(self):
            self._looking = self.loop.call_later(limits.patience, self._look)

        def _look(self):
            n_unread = self.transport.get_write_buffer_size()
            is_between = self.cycle is None or self.cycle.response_complete
            seen = (self.cycle, n_unread) if is_between or n_unread else None
            if self._ending and seen is not None:
                seen = self.cycle, 0  # small sips do not put off the end
            if seen is not None and (self._seen == seen or self.cycle is None):
                self.transport.abort()  # no request, or nothing taken up, since the last look
                return
            self._seen = seen
            self._look_again()

    return Patient
