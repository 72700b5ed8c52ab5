"""The stream that says only "new version": a small ASGI app of its own, so that waiting pages keep no web thread busy.

GET /direkte/<topic>, or <LAB_LIVE_URL>?topic=<topic>. A topic is a kind and an id, e.g. "idea:<uuid>". First comes
`event: hello`, then `event: version` at each change, and a comment every 15 s so that nobody between us hangs up. What
is new is fetched from the page itself, with its own rules for who may see it: the stream tells nothing but that.

Without Redis it says hello and is silent; the pages then ask by themselves (static/js/live.js).
"""

import asyncio
import contextlib
import os
import re
import signal
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from types import FrameType
from typing import Any
from urllib.parse import parse_qs, urlsplit

import redis.asyncio
from redis.exceptions import RedisError

from app.settings import Settings, read_settings

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

COMMENT_EVERY_S = 15.0
MOST_STREAMS = 2000
RETRY_AFTER_S = 60
LONGEST_PAUSE_S = 10.0

_TOPIC = re.compile(r"[a-z]{1,20}:[0-9A-Za-z-]{1,64}")
_PATH = "/direkte/"
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
]


def channel_name(topic: str) -> str:
    """Return the Redis channel in which a change of `topic` is told."""
    return f"live:{topic}"


class Stream:
    """One waiting page. Several changes before it is told become one."""

    def __init__(self) -> None:
        self._changed = asyncio.Event()
        self.closed = False

    def tell(self) -> None:
        self._changed.set()

    def close(self) -> None:
        self.closed = True
        self._changed.set()

    async def wait(self, seconds: float) -> bool:
        """Return True when something changed, False when `seconds` have passed."""
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return False
        self._changed.clear()
        return True


class Switchboard:
    """Knows which pages wait for which topic, and listens in Redis for them over one connection."""

    def __init__(self, redis_url: str) -> None:
        self._redis_url = redis_url
        self._streams: dict[str, set[Stream]] = {}
        self._listening: asyncio.Task[None] | None = None
        self._pubsub: Any = None
        self.count = 0

    async def join(self, topic: str) -> Stream:
        stream = Stream()
        first = topic not in self._streams
        self._streams.setdefault(topic, set()).add(stream)
        self.count += 1
        if self._redis_url and self._listening is None:
            self._listening = asyncio.create_task(self._listen())
        elif first and self._pubsub is not None:
            await self._ask(self._pubsub.subscribe, topic)
        return stream

    async def leave(self, topic: str, stream: Stream) -> None:
        waiting = self._streams.get(topic, set())
        waiting.discard(stream)
        self.count -= 1
        if not waiting and self._streams.pop(topic, None) is not None and self._pubsub is not None:
            await self._ask(self._pubsub.unsubscribe, topic)

    def let_go(self) -> None:
        """End every stream: the page comes back by itself, to the next process."""
        for stream in [stream for waiting in self._streams.values() for stream in waiting]:
            stream.close()

    async def close(self) -> None:
        self.let_go()
        if self._listening is not None:
            self._listening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._listening
            self._listening = None

    async def _ask(self, verb: Callable[[str], Awaitable[object]], topic: str) -> None:
        # A broken connection is found, and mended with all topics, by the one who listens.
        with contextlib.suppress(RedisError, OSError):
            await verb(channel_name(topic))

    async def _listen(self) -> None:
        pause = 0.5
        while True:
            client = redis.asyncio.Redis.from_url(self._redis_url)
            try:
                async with client.pubsub(ignore_subscribe_messages=True) as pubsub:
                    # "" is nobody's topic: it keeps the connection listening when no page waits.
                    known = ["", *self._streams]
                    await pubsub.subscribe(*map(channel_name, known))
                    self._pubsub = pubsub
                    late = self._streams.keys() - known
                    if late:
                        await pubsub.subscribe(*map(channel_name, late))
                    pause = 0.5
                    self._tell_all()  # what was told while nobody listened
                    async for message in pubsub.listen():
                        self._tell(message["channel"].decode().removeprefix(channel_name("")))
            except (RedisError, OSError):
                self._pubsub = None
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_S)
            finally:
                self._pubsub = None
                await client.aclose()

    def _tell(self, topic: str) -> None:
        for stream in self._streams.get(topic, ()):
            stream.tell()

    def _tell_all(self) -> None:
        for topic in self._streams:
            self._tell(topic)


class LiveApp:
    """The ASGI app. most: how many streams this process holds; comment_every: seconds between signs of life."""

    def __init__(self, settings: Settings, *, most: int = MOST_STREAMS, comment_every: float = COMMENT_EVERY_S) -> None:
        parts = urlsplit(settings.public_url)
        self._origin = f"{parts.scheme}://{parts.netloc}".encode()
        self._most = most
        self._comment_every = comment_every
        self.switchboard = Switchboard(settings.redis_url)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or begin and end the process (ASGI 3)."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        forget_signals: Callable[[], None] = _nothing
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                forget_signals = self._let_go_when_told()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                forget_signals()
                await self.switchboard.close()
                await send({"type": "lifespan.shutdown.complete"})
                return

    def _let_go_when_told(self) -> Callable[[], None]:
        """End the streams as soon as the process is told to stop, beside what the server does then.

        Servers wait for open answers before they say lifespan.shutdown, and a stream never ends by itself. Returns
        what puts the signals back as they were.
        """
        # Only the main thread may listen to signals; elsewhere (in a test) nobody sends any.
        if threading.current_thread() is not threading.main_thread():
            return _nothing
        loop = asyncio.get_running_loop()
        before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

        def told(number: int, frame: FrameType | None) -> None:
            loop.call_soon_threadsafe(self.switchboard.let_go)
            servers_own = before[signal.Signals(number)]
            if callable(servers_own):
                servers_own(number, frame)

        def put_back() -> None:
            for number, handler in before.items():
                signal.signal(number, handler)

        for number in before:
            signal.signal(number, told)
        return put_back

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        origin = headers.get(b"origin")
        topic = _topic(scope)
        if scope["method"] != "GET":
            await _refuse(send, 405, [(b"allow", b"GET")])
        elif origin not in (None, self._origin):
            await _refuse(send, 403, [])
        elif topic is None:
            await _refuse(send, 404, [])
        elif self.switchboard.count >= self._most:
            await _refuse(send, 503, [(b"retry-after", str(RETRY_AFTER_S).encode())])
        else:
            allowed = [] if origin is None else [(b"access-control-allow-origin", origin), (b"vary", b"Origin")]
            await send({"type": "http.response.start", "status": 200, "headers": [*_HEADERS, *allowed]})
            await self._stream(topic, receive, send)

    async def _stream(self, topic: str, receive: Receive, send: Send) -> None:
        stream = await self.switchboard.join(topic)
        left = asyncio.create_task(_until_left(receive, stream))
        try:
            await _say(send, "event: hello\ndata: hello\n\n")
            while not stream.closed:
                changed = await stream.wait(self._comment_every)
                if not stream.closed:
                    await _say(send, "event: version\ndata: new version\n\n" if changed else ": here\n\n")
            with contextlib.suppress(OSError, RuntimeError):
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        except (OSError, RuntimeError):
            pass  # the page has gone; servers say so in different ways
        finally:
            left.cancel()
            await self.switchboard.leave(topic, stream)


def _nothing() -> None:
    """There is nothing to put back."""


async def _until_left(receive: Receive, stream: Stream) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    stream.close()


async def _say(send: Send, text: str) -> None:
    await send({"type": "http.response.body", "body": text.encode(), "more_body": True})


async def _refuse(send: Send, status: int, headers: list[tuple[bytes, bytes]]) -> None:
    start = [(b"content-length", b"0"), (b"cache-control", b"no-store"), *headers]
    await send({"type": "http.response.start", "status": status, "headers": start})
    await send({"type": "http.response.body", "body": b""})


def _topic(scope: Scope) -> str | None:
    """Return the topic of the address, or None when it names none."""
    path = str(scope["path"])
    if path.startswith(_PATH):
        topic = path.removeprefix(_PATH)
    else:
        topic = parse_qs(scope.get("query_string", b"").decode("latin-1")[:300]).get("topic", [""])[0]
    return topic if _TOPIC.fullmatch(topic) else None


def asgi() -> LiveApp:
    """What the server calls: granian --interface asgi --factory app.live:asgi."""
    return LiveApp(read_settings(os.environ))
