"""The stream says hello, then only that something is new; it holds no more than it can, and lets go when it must."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
import redis

from app.live import LiveApp, channel_name
from app.settings import Settings
from ops.redis_server import find_redis_server

TOPIC = "idea:3f9c2b1e-0000-4000-8000-000000000001"
OURS = "https://lab.example"
REDIS = os.environ.get("LAB_TEST_REDIS_SERVER") or find_redis_server()
needs_redis = pytest.mark.skipif(REDIS is None, reason="there is no redis-server to test with")


def test_a_page_hears_hello_at_once_also_without_redis():
    heard = listening(app_with(), seconds=0.05)

    assert heard.status == 200
    assert heard.header("content-type") == "text/event-stream; charset=utf-8"
    assert heard.text == "event: hello\ndata: hello\n\n"


def test_a_sign_of_life_comes_in_between():
    heard = listening(app_with(comment_every=0.02), seconds=0.1)

    assert ": here\n\n" in heard.text


@needs_redis
def test_a_page_hears_that_its_own_topic_is_new(redis_url):
    async def tell() -> None:
        await asyncio.sleep(0.3)
        said(redis_url, "idea:another")
        said(redis_url, TOPIC)

    heard = listening(app_with(redis_url=redis_url), seconds=0.8, meanwhile=tell)

    assert heard.text.count("event: version\ndata: new version\n\n") in {1, 2}  # one may be for what was before


@needs_redis
def test_two_pages_hear_of_their_own_idea_alone(redis_url):
    app = app_with(redis_url=redis_url)
    mine: list[bytes] = []
    other: list[bytes] = []

    async def two_pages() -> tuple[int, int]:
        pages = [
            asyncio.create_task(call(app, seconds=0.6, path=f"/direkte/{topic}", sent=sent))
            for topic, sent in ((TOPIC, mine), ("idea:another", other))
        ]
        await asyncio.sleep(0.3)
        before = len(mine), len(other)
        said(redis_url, "idea:another")
        await asyncio.gather(*pages)
        await app.switchboard.close()
        return before

    before = asyncio.run(two_pages())

    assert (len(mine) - before[0], len(other) - before[1]) == (0, 1)


@needs_redis
def test_the_stream_survives_that_redis_dies_and_comes_back(own_redis):
    async def trouble() -> None:
        await asyncio.sleep(0.2)
        own_redis.kill()
        mark.append(len(sent))
        await asyncio.sleep(0.1)
        own_redis.start()
        await asyncio.sleep(1.2)
        mark.append(len(sent))
        said(own_redis.url, TOPIC)

    mark: list[int] = []
    sent: list[bytes] = []
    listening(app_with(redis_url=own_redis.url), seconds=2.2, meanwhile=trouble, sent=sent)

    version = b"event: version\ndata: new version\n\n"
    # Once for what may have been told while nobody listened, and once for what was told after.
    assert (sent[mark[0] : mark[1]], sent[mark[1] :]) == ([version], [version])


@needs_redis
def test_nobody_waiting_for_a_topic_means_nobody_asks_for_it(redis_url):
    app = app_with(redis_url=redis_url)

    async def visit() -> None:
        await call(app, seconds=0.2)
        client = redis.Redis.from_url(redis_url)
        assert client.pubsub_numsub(channel_name(TOPIC)) == [(channel_name(TOPIC).encode(), 0)]
        assert app.switchboard.count == 0
        client.close()
        await app.switchboard.close()

    asyncio.run(visit())


@pytest.mark.parametrize(
    ("path", "query"),
    [(f"/direkte/{TOPIC}", b""), ("/", f"topic={TOPIC}".encode()), ("/direkte", f"topic={TOPIC}".encode())],
)
def test_the_topic_stands_in_the_path_or_in_the_query(path, query):
    assert listening(app_with(), seconds=0.02, path=path, query=query).status == 200


@pytest.mark.parametrize(
    ("path", "query"),
    [("/", b""), ("/direkte/", b""), ("/direkte/idea", b""), ("/direkte/idea:a/b", b""), ("/", b"topic=live:*"),
     ("/", b"topic=idea:" + b"a" * 65), ("/", b"topic=" + b"%00" * 9), ("/", b"&".join([b"a=1"] * 300)),
     ("/", b"\xff\xfe")],
)  # fmt: skip
def test_what_is_no_topic_is_not_there(path, query):
    assert listening(app_with(), seconds=0.02, path=path, query=query).status == 404


@pytest.mark.parametrize(
    ("origin", "status", "allowed"),
    [(None, 200, None), (OURS, 200, OURS), ("https://evil.test", 403, None), ("null", 403, None)],
)
def test_only_our_own_pages_may_listen(origin, status, allowed):
    headers = [(b"origin", origin.encode())] if origin else []
    heard = listening(app_with(), seconds=0.02, headers=headers)

    assert (heard.status, heard.header("access-control-allow-origin")) == (status, allowed)


def test_nothing_can_be_sent_in():
    assert listening(app_with(), seconds=0.02, method="POST").status == 405


def test_one_too_many_is_told_to_come_back():
    app = app_with(most=2)

    async def three() -> list[int]:
        return sorted(heard.status for heard in await asyncio.gather(*(call(app, seconds=0.1) for _ in range(3))))

    assert asyncio.run(three()) == [200, 200, 503]


def test_a_page_that_went_away_takes_no_place():
    app = app_with(most=1)

    async def twice() -> list[int]:
        return [(await call(app, seconds=0.02)).status for _ in range(2)]

    assert asyncio.run(twice()) == [200, 200]


def test_the_process_ends_by_letting_every_page_go():
    app = app_with()

    async def shut_down() -> None:
        page = asyncio.create_task(call(app, seconds=5))
        await asyncio.sleep(0.02)
        told = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
        answers: list[str] = []
        await app({"type": "lifespan"}, _given(told), _kept(answers))
        async with asyncio.timeout(1):
            heard = await page
        assert answers == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
        assert heard.ended

    asyncio.run(shut_down())


def test_the_real_server_streams_and_stops_at_once(tmp_path):
    with granian(tmp_path) as (process, port):
        page = urlopen(f"http://127.0.0.1:{port}/direkte/{TOPIC}", timeout=5)
        assert page.readline() == b"event: hello\n"
        request = Request(f"http://127.0.0.1:{port}/direkte/{TOPIC}", headers={"Origin": "https://evil.test"})
        with pytest.raises(HTTPError) as refused:
            urlopen(request, timeout=5)  # noqa: S310 - loopback
        assert refused.value.code == 403
        refused.value.close()

        process.send_signal(signal.SIGTERM)
        # The last thing the page hears is that the answer is over.
        assert page.read().endswith(b"data: hello\n\n")
        process.wait(10)
        page.close()


class Heard:
    """What the app answered: ended means that it closed the stream by itself."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.chunks: list[bytes] = []
        self.ended = False

    @property
    def text(self) -> str:
        return b"".join(self.chunks).decode()

    def header(self, name: str) -> str | None:
        found = [value.decode() for key, value in self.headers if key == name.encode()]
        return found[0] if found else None


async def call(app, *, seconds, path=f"/direkte/{TOPIC}", query=b"", method="GET", headers=(), sent=None) -> Heard:
    """Open one stream for that long, then leave as a browser does."""
    heard = Heard()
    if sent is not None:
        heard.chunks = sent
    leave = asyncio.Event()

    async def receive():
        await leave.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        if message["type"] == "http.response.start":
            heard.status, heard.headers = message["status"], message["headers"]
            return
        if message["body"]:
            heard.chunks.append(message["body"])
        heard.ended = heard.ended or not message.get("more_body", False)

    scope = {"type": "http", "method": method, "path": path, "query_string": query, "headers": list(headers)}
    asyncio.get_running_loop().call_later(seconds, leave.set)
    await app(scope, receive, send)
    return heard


def listening(app, *, seconds: float, meanwhile: Callable | None = None, **options) -> Heard:
    async def both() -> Heard:
        heard = asyncio.create_task(call(app, seconds=seconds, **options))
        if meanwhile is not None:
            await meanwhile()
        done = await heard
        await app.switchboard.close()
        return done

    return asyncio.run(both())


def app_with(*, redis_url: str = "", **options) -> LiveApp:
    return LiveApp(Settings(mode="test", redis_url=redis_url, public_url=OURS), **options)


def said(url: str, topic: str) -> None:
    client = redis.Redis.from_url(url)
    client.publish(channel_name(topic), "v")
    client.close()


def _given(messages):
    left = list(messages)

    async def receive():
        return left.pop(0)

    return receive


def _kept(answers):
    async def send(message):
        answers.append(message["type"])

    return send


class OwnRedis:
    """A Redis on a unix socket of its own."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "redis.sock"
        self.url = f"unix://{self.path}"
        self.start()

    def start(self) -> None:
        where = ["--port", "0", "--unixsocket", str(self.path), "--dir", str(self.path.parent)]
        words = [str(REDIS), *where, "--save", ""]
        self._process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
        client = redis.Redis.from_url(self.url)
        for _ in range(500):
            with contextlib.suppress(redis.RedisError):
                client.ping()
                break
            time.sleep(0.01)
        client.close()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self.path.unlink(missing_ok=True)


@contextlib.contextmanager
def granian(folder: Path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "granian", "--interface", "asgi", "--host", "127.0.0.1", "--port", str(port)]
    environment = {"PATH": os.environ["PATH"], "LAB_MODE": "test", "LAB_INSTANCE": str(folder), "LAB_PUBLIC_URL": OURS}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([*words, "--factory", "app.live:asgi"], stdout=log, stderr=log, env=environment)
        try:
            for _ in range(1000):
                with contextlib.suppress(OSError):
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                time.sleep(0.01)
            yield process, port
        finally:
            process.kill()
            process.wait()


@pytest.fixture
def own_redis():
    # A unix socket's path has room for about 100 letters, which pytest's own folders may use up.

    with tempfile.TemporaryDirectory(prefix="lab") as folder:
        running = OwnRedis(Path(folder))
        yield running
        running.kill()


@pytest.fixture
def redis_url(own_redis) -> str:
    return own_redis.url
