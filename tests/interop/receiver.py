"""A partner's own HTTPS server on this machine: it keeps what is posted to it, and answers what it is told to."""

import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

from certificates import issued


class Posted(NamedTuple):
    """One call as it came, and what it was answered."""

    headers: dict
    body: bytes
    answer: int


class Receiver:
    """Listens on a free port from the moment it is made until `stop`."""

    def __init__(self, sandbox, folder):
        self.posted, self._answers, self._lock = [], [], threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*issued(sandbox, folder, "localhost", server=True))
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"https://localhost:{self._server.server_port}/events"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def _handler(self):
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = receiver._take({name.lower(): value for name, value in self.headers.items()}, body)
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                """Says nothing: what matters is in `posted`."""

        return Handler

    def _take(self, headers, body):
        with self._lock:
            answer = self._answers.pop(0) if self._answers else 204
            self.posted.append(Posted(headers, body, answer))
            return answer

    def answer(self, *statuses):
        """The next calls are answered so; those after them, that all is well."""
        with self._lock:
            self._answers += statuses

    @property
    def taken(self):
        """The calls that were answered well."""
        with self._lock:
            return [call for call in self.posted if call.answer < 300]

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
