"""Two push services on loopback: one that misbehaves on demand, and npm's web-push-testing, by others."""

import json
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self
from urllib.request import Request, urlopen

WITNESS = Path("node_modules/web-push-testing/src/bin/server.js")


@dataclass
class Answer:
    """What the misbehaving service says. drop: close without a word; silent: keep the line open and say nothing.

    after_s: how long it takes.
    """

    status: int = 201
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    drop: bool = False
    silent: bool = False
    after_s: float = 0.0


@dataclass
class Seen:
    """A request as it came."""

    path: str
    headers: Mapping[str, str]
    body: bytes


class _Server(ThreadingHTTPServer):
    request_queue_size = 256  # a worker opens all its connections at once; with 5 places most would wait a second


class FaultyPushService:
    """Answers every POST with `answer`, keeps connections open, and counts them."""

    def __init__(self) -> None:
        self.answer = Answer()
        self.seen: list[Seen] = []
        self.connections = 0
        self.bytes_sent = 0
        self.over = threading.Event()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.address = f"127.0.0.1:{self.port}"

    def endpoint(self, name: str = "kari") -> str:
        return f"http://{self.address}/push/{name}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                service.connections += 1
                super().setup()

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                service.seen.append(Seen(self.path, dict(self.headers.items()), body))
                service.reply(self)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler

    def reply(self, handler: BaseHTTPRequestHandler) -> None:
        answer = self.answer
        if answer.silent or answer.after_s:
            self.over.wait(10 if answer.silent else answer.after_s)
        if answer.drop or answer.silent:
            handler.close_connection = True
            return
        handler.send_response(answer.status)
        for name, value in answer.headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(answer.body)))
        handler.end_headers()
        try:
            for start in range(0, len(answer.body), 65536):
                self.bytes_sent += handler.wfile.write(answer.body[start : start + 65536])
        except OSError:
            handler.close_connection = True


class Listener:
    """A door that nobody should knock at: counts connections on a loopback port."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        # A connection to loopback is made before connect() returns: there is nothing to wait for.
        self._socket.setblocking(False)
        self.port = self._socket.getsockname()[1]
        self.connections = 0

    def count(self) -> int:
        """Take what has come in, and return how many there were since the start."""
        while True:
            try:
                visitor, _ = self._socket.accept()
            except BlockingIOError:
                return self.connections
            visitor.close()
            self.connections += 1

    def close(self) -> None:
        self._socket.close()


@dataclass(frozen=True)
class Witness:
    """npm's web-push-testing: it checks our VAPID header, decrypts what we sent, and shows it."""

    port: int

    @property
    def host(self) -> str:
        return f"localhost:{self.port}"

    def subscribe(self, application_server_key: str) -> dict[str, str]:
        """Return endpoint, p256dh, auth and clientHash of a new phone."""
        found = self._call("/subscribe", {"userVisibleOnly": "true", "applicationServerKey": application_server_key})
        data = found["data"]
        return {"endpoint": data["endpoint"], "clientHash": data["clientHash"], **data["keys"]}

    def messages(self, client_hash: str) -> list[str]:
        return list(self._call("/get-notifications", {"clientHash": client_hash})["data"]["messages"])

    def expire(self, client_hash: str) -> None:
        self._call(f"/expire-subscription/{client_hash}", {}, raw=True)

    def _call(self, path: str, body: dict[str, str], *, raw: bool = False) -> dict[str, dict]:
        request = Request(
            f"http://localhost:{self.port}{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urlopen(request, timeout=10) as answer:  # noqa: S310 - a port of ours on loopback
            text = answer.read()
        return {} if raw else json.loads(text)


def witness_fault() -> str:
    """Return why the witness cannot be asked here, or ""."""
    if not shutil.which("node"):
        return "node is missing"
    return "" if WITNESS.is_file() else "web-push-testing is not installed (make setup)"


@contextmanager
def running_witness() -> Iterator[Witness]:
    """Run web-push-testing on a free loopback port until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    program = subprocess.Popen(
        ["node", str(WITNESS), str(port)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert program.stdout is not None
        line = program.stdout.readline()
        assert "running" in line, line
        yield Witness(port)
    finally:
        program.terminate()
        program.wait(10)
        program.stdout.close()


def until(true: Callable[[], bool], seconds: float = 5) -> None:
    """Wait until `true` says yes; other processes cannot be given our clock."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)
