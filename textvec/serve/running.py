"""The service in a server: connections that hold a door without a word are closed."""

from textvec._checks import import_optional


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
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=_patient_protocol(limits.patience),
        ws="none",
        log_level=log_level,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=limits.connections,
    )
    uvicorn.Server(config).run()


def _patient_protocol(patience):
    """Return uvicorn's protocol, with an end to its patience.

    It waits for ever for the first request of a connection, and for a client that does not take
    up its answer.
    """
    from uvicorn.protocols.http.auto import AutoHTTPProtocol

    class Patient(AutoHTTPProtocol):
        def connection_made(self, transport):
            super().connection_made(transport)
            self._seen = None
            self._look_again()

        def connection_lost(self, exc):
            self._looking.cancel()
            super().connection_lost(exc)

        def _look_again(self):
            self._looking = self.loop.call_later(patience, self._look)

        def _look(self):
            n_unread = self.transport.get_write_buffer_size()
            is_between = self.cycle is None or self.cycle.response_complete
            seen = (self.cycle, n_unread) if is_between or n_unread else None
            if seen is not None and (self._seen == seen or self.cycle is None):
                self.transport.abort()  # no request, or nothing taken up, since the last look
                return
            self._seen = seen
            self._look_again()

    return Patient
