"""A server that speaks the embeddings API over HTTP, and errs when told to."""

import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np


def vector_of(text, dimensions=8):
    """Return the vector that the server gives a text."""
    rng = np.random.default_rng(list(text.encode("utf-8")))
    return rng.normal(size=dimensions).astype(np.float32)


class Server:
    """What was asked, and what to do about the next requests."""

    def __init__(self):
        self.requests = []  # bodies, in order
        self.keys = []  # Authorization headers
        # One a request: None, a status, a name, or a function of the handler and the right data,
        # which answers, or returns other data; the last stays if "always".
        self.faults = []
        self.always = None

    def fault(self):
        return self.faults.pop(0) if self.faults else self.always


@contextmanager
def running():
    """Run a server on a port of its own."""
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            state.requests.append(body)
            state.keys.append(self.headers["Authorization"])
            fault = state.fault()
            if isinstance(fault, int):
                said = f"no {self.headers['Authorization']} like that"
                self.answer(fault, {"error": {"message": said}}, {"retry-after-ms": "5"})
                return
            width = body.get("dimensions", 8)
            data = [
                {"object": "embedding", "index": i, "embedding": vector_of(text, width).tolist()}
                for i, text in enumerate(body["input"])
            ]
            match fault:
                case "slow":
                    time.sleep(0.6)
                case "too few":
                    data = data[:-1]
                case "another width":
                    data[-1]["embedding"] = data[-1]["embedding"][:-1]
                case "all of another width":
                    data = [item | {"embedding": [1.0] * 5} for item in data]
                case "nan":
                    data[0]["embedding"][0] = float("nan")
                case "shuffled":
                    data = data[::-1]
                case "not JSON":
                    self.answer(200, None)
                    return
                case "other JSON":
                    self.answer(200, {"choices": []})
                    return
                case "hang up":
                    self.close_connection = True
                    return
                case function if callable(function):
                    data = function(self, data)
                    if data is None:
                        return
            usage = {"prompt_tokens": sum(map(len, body["input"])), "total_tokens": 1}
            self.answer(200, {"object": "list", "data": data, "model": "tiny", "usage": usage})

        def answer(self, status, content, headers=()):
            sent = b"<html>welcome</html>" if content is None else json.dumps(content).encode()
            self.send_response(status)
            kind = "text/html" if content is None else "application/json"
            for name, value in {"Content-Type": kind, **dict(headers)}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, *args):
            pass

    class QuietServer(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request, client_address):
            """Clients that give up are part of the tests."""

    server = QuietServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
