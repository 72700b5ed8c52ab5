"""Asks a web server again and again over kept connections. Small, because it shares the machine with the server."""

import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ops.ports import LOOPBACK

PATIENCE_S = 30.0
_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Answer:
    """status, headers as they came (names in lower case; of several with one name the last), and the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class WrongAnswerError(Exception):
    """The server answered something else than what is to be measured."""


@dataclass(slots=True)
class Connection:
    """One kept connection. source: the address we ask from, anything in 127.0.0.0/8."""

    port: int
    source: str = LOOPBACK
    _line: socket.socket | None = field(default=None, init=False)

    def ask(self, request: bytes) -> Answer:
        """Send a request as it is and return the answer; a connection that the server closed is opened again."""
        if self._line is None:
            self._line = socket.create_connection((LOOPBACK, self.port), PATIENCE_S, source_address=(self.source, 0))
            self._line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._line.sendall(request)
        data = b""
        while (end := data.find(_END)) < 0:
            data += self._more()
        head = data[:end].decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:])}
        wanted = end + len(_END) + int(headers.get("content-length", 0))
        while len(data) < wanted:
            data += self._more()
        if headers.get("connection", "").lower() == "close":
            self.close()
        return Answer(int(head[0].split()[1]), headers, data[end + len(_END) :])

    def _more(self) -> bytes:
        assert self._line is not None  # noqa: S101 - `ask` has opened it
        found = self._line.recv(65536)
        if not found:
            raise WrongAnswerError("The server hung up in the middle of an answer.")
        return found

    def close(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None


def get(path: str, headers: Mapping[str, str] | None = None) -> bytes:
    """Return a GET as a phone's browser sends it: in Norwegian, and glad to get it compressed."""
    sent = {
        "Host": "127.0.0.1",
        "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "Accept-Encoding": "gzip, deflate, br, zstd",
        "Accept-Language": "nb-NO,nb;q=0.9,no;q=0.8,en;q=0.6",
        "User-Agent": "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/140.0.0.0 Mobile Safari/537.36",
        **(headers or {}),
    }
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def for_seconds(port: int, request: bytes, *, seconds: float, status: int = 200, lines: int = 2) -> int:
    """Ask the same for so long over `lines` connections; return how many answers came. Each must have `status`."""
    end = time.monotonic() + seconds
    return _together([_again(port, request, status, lambda: time.monotonic() < end) for _ in range(lines)])


def _again(port: int, request: bytes, status: int, more: Callable[[], bool]) -> Callable[[], int]:
    def work() -> int:
        line, count = Connection(port), 0
        while more():
            _require(line.ask(request), status)
            count += 1
        line.close()
        return count

    return work


def each_once(port: int, requests: Sequence[tuple[str, bytes]], *, status: int, lines: int = 2) -> int:
    """Send each request once, from its source address, over `lines` connections at a time; return how many."""

    def work(part: Sequence[tuple[str, bytes]]) -> Callable[[], int]:
        def send() -> int:
            line = Connection(port)
            for source, request in part:
                if source != line.source:
                    line.close()
                    line.source = source
                _require(line.ask(request), status)
            line.close()
            return len(part)

        return send

    return _together([work(requests[start::lines]) for start in range(lines)])


def _require(answer: Answer, status: int) -> None:
    if answer.status != status:
        raise WrongAnswerError(f"{answer.status} instead of {status}: {answer.body[:300]!r}")


def _together(works: Sequence[Callable[[], int]]) -> int:
    """Run the works at the same time, each in a thread; return the sum. The first fault of any is raised."""
    counts: list[int] = []
    faults: list[Exception] = []

    def run(work: Callable[[], int]) -> None:
        try:
            counts.append(work())
        except Exception as fault:  # noqa: BLE001 - carried over to the main thread
            faults.append(fault)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]
    return sum(counts)
