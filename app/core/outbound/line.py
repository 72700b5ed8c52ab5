"""A kept connection that carries one small POST at a time and reads the status of its answer. HTTP/1.1 (RFC 9112).

Lean on purpose: thousands go out in a second, and of an answer we want the status and when to come back. What is not
plainly the end of an answer ends the connection, so that nothing of one answer can be taken for the next.
"""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

ANSWER_LIMIT = 64 * 1024

_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9][0-9])(?: |$)")


@dataclass(frozen=True, slots=True)
class Head:
    """The status of an answer, and its headers by name in lower case."""

    status: int
    headers: Mapping[str, str]


class NoAnswerError(Exception):
    """The connection ended, or said what is no answer, after something had been written to it."""


def request_of(target: str, host: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """Return a POST as it goes over the line. Raises ValueError for a line break in what stands before the body."""
    lines = [f"POST {target} HTTP/1.1", f"Host: {host}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    text = "\r\n".join(lines)
    if text.count("\n") != len(lines) - 1 or text.count("\r") != len(lines) - 1:
        raise ValueError("a line break in a header")
    return text.encode("latin-1") + b"\r\n\r\n" + body


class Line(asyncio.Protocol):
    """One connection. `free` says that it may carry the next request."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Head] | None = None
        self._read = bytearray()
        self.free = False

    async def ask(self, request: bytes, seconds: float) -> Head:
        """Write and return the answer. Raises NoAnswerError, also when `seconds` are over; then the line is closed."""
        loop = asyncio.get_running_loop()
        assert self._transport is not None  # noqa: S101 - connection_made came first
        self._answer, self.free = loop.create_future(), False
        end = loop.call_later(seconds, self._fail)
        self._transport.write(request)
        try:
            return await self._answer
        finally:
            end.cancel()
            self._answer = None

    def close(self) -> None:
        self.free = False
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self.free = True

    def connection_lost(self, _fault: Exception | None) -> None:
        self._fail()

    def eof_received(self) -> None:
        self._fail()

    def data_received(self, data: bytes) -> None:
        if self._answer is None or self._answer.done():
            self.close()  # nobody asked: what comes now must not be taken for the next answer
            return
        self._read += data
        end = self._read.find(b"\r\n\r\n")
        if end < 0 and len(self._read) < ANSWER_LIMIT:
            return
        head = _head_of(bytes(self._read[:end])) if end >= 0 else None
        rest = len(self._read) - end - 4
        if head is None:
            self._fail()
        elif head.status < 200:  # noqa: PLR2004 - only "go on": the answer follows
            del self._read[: end + 4]
            self.data_received(b"")
        else:
            self._end(head, rest)

    def _end(self, head: Head, rest: int) -> None:
        self._read.clear()
        assert self._answer is not None  # noqa: S101 - data_received has looked
        self._answer.set_result(head)
        if _ends_here(head, rest):
            self.free = True
        else:
            self.close()

    def _fail(self) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(NoAnswerError())
        self.close()


def _head_of(text: bytes) -> Head | None:
    first, *lines = text.split(b"\r\n")
    status = _STATUS.match(first)
    if status is None:
        return None
    headers = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon:
            return None
        headers[name.decode("latin-1").lower()] = value.strip().decode("latin-1")
    return Head(int(status[1]), headers)


def _ends_here(head: Head, rest: int) -> bool:
    """Tell whether exactly the whole answer has been read, and the connection goes on. rest: bytes after the head."""
    if "transfer-encoding" in head.headers or "close" in head.headers.get("connection", "").lower():
        return False
    length = "0" if head.status in (204, 304) else head.headers.get("content-length", "")
    return length.isascii() and length.isdecimal() and len(length) < 8 and int(length) == rest  # noqa: PLR2004
