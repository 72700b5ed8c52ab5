"""The HTTP server: one thread for each connection, kept alive; and the four fates of an answer.

No WSGI server lets an application reset a connection or cut an answer in two, so the sockets are ours.
"""

import select
import socket
import struct
import sys
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from app.cases.standin.script import Script
from app.cases.standin.traffic import Answer, Fate, Request, error_page

LARGEST_BODY = 200 * 1024 * 1024


class Server(ThreadingHTTPServer):
    """Listens on 127.0.0.1 and nowhere else."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, application: Callable[[Request], Answer], script: Script) -> None:
        """port: 0 = any free one. Raises OSError when it is taken."""
        self.application = application
        self.script = script
        super().__init__(("127.0.0.1", port), Handler)

    def server_bind(self) -> None:
        """Bind without asking the name service who 127.0.0.1 is, as the parent would."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has gone is no news here; anything else is shown."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """Reads a whole request, asks the application, and does to the answer what its fate says."""

    protocol_version = "HTTP/1.1"
    server_version = "Ovingsarkiv"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024
    timeout = 600
    server: Server

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the parent's name
        """Say nothing: calls have their own log."""

    def _answer(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if "chunked" in self.headers.get("Transfer-Encoding", "") or not length.isdigit():
            self._send(error_page(411, "Length Required", "A Content-Length is needed."))
            self.close_connection = True
            return
        if int(length) > LARGEST_BODY:
            self._send(error_page(413, "Request Entity Too Large", "The request is too large."))
            self.close_connection = True
            return
        released = self.server.script.released
        target = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(length))
        answer = self.server.application(Request(self.command, target.path, target.query, headers, body))
        match answer.fate:
            case Fate.SEND:
                self._send(answer)
            case Fate.RESET:
                self._reset()
            case Fate.HANG:
                self._hold(answer.hang_s, released.is_set)
            case Fate.CUT:
                self._send(answer, cut_at=len(answer.body) // 2)
                self.close_connection = True

    def _send(self, answer: Answer, *, cut_at: int | None = None) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body[:cut_at])
        self.wfile.flush()

    def _hold(self, seconds: float, released: Callable[[], bool]) -> None:
        """Keep silent until the time is up, the script is cleared, or the client hangs up; then close."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not released():
            if select.select([self.connection], [], [], 0.1)[0] and not self.connection.recv(1, socket.MSG_PEEK):
                break
        self.close_connection = True

    def _reset(self) -> None:
        """Close so that the client sees a reset, not an orderly end."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.rfile.close()
        self.wfile.close()
        self.connection.close()
