"""A server that speaks the chat API over HTTP, and errs when told to."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Server:
    """What was asked, and what to reply: a function from a prompt to a str, bytes or a status."""

    def __init__(self):
        self.requests = []
        self.keys = []
        self.reply = lambda prompt: '["Where is the sea?"]'


@contextmanager
def running():
    """Run a server on a port of its own."""
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            state.requests.append({"path": self.path, **body})
            state.keys.append(self.headers["Authorization"])
            reply = state.reply(body["messages"][-1]["content"])
            status = 200
            if isinstance(reply, int):
                status, reply = reply, b'{"error": {"message": "sk-secret is not known"}}'
            if isinstance(reply, str):
                message = {"role": "assistant", "content": reply}
                reply = json.dumps({"choices": [{"index": 0, "message": message}]}).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
