"""S8: whoever can write to our Redis can ring our bells, and nothing more; whoever has no password cannot even that."""

import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from limits.storage import storage_from_string
from redis import Redis
from redis.exceptions import ResponseError
from rq import Callback, Queue
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.webhook import Webhook

from app.factory import limits_storage
from app.live import channel_name
from ops.redis_server import RedisPlan, find_redis_server, plan_redis
from tests.support.push_service import Listener
from workers.bell import FUNCTION

pytestmark = pytest.mark.sqlite_only
ROOT = Path(__file__).parents[3]
DANGEROUS = (
    ("CONFIG", "SET", "dir", "/tmp"),
    ("MODULE", "LOAD", "/x.so"),
    ("REPLICAOF", "127.0.0.1", "1"),
    ("FLUSHALL",),
    ("DEBUG", "SLEEP", "0"),
    ("KEYS", "*"),
    ("ACL", "LIST"),
    ("SHUTDOWN", "NOSAVE"),
)


@pytest.mark.parametrize("queue", ["send", "heavy"])
def test_s8_a_job_that_is_no_bell_is_not_run_and_is_logged(guarded, settings, app, tmp_path, queue):
    marks = [tmp_path / name for name in ("system", "eval", "instance", "after")]
    with worker(queue, guarded.url, settings, tmp_path) as log, called() as listener:
        put_in = Queue(queue, connection=guarded.ours, serializer=JSONSerializer)
        bad = [
            put_in.enqueue("os.system", f"touch {marks[0]}", failure_ttl=60),
            put_in.enqueue("builtins.eval", f"__import__('pathlib').Path('{marks[1]}').touch()", failure_ttl=60),
            put_in.enqueue("subprocess.run", ["touch", str(marks[2])], failure_ttl=60),
        ]
        good = put_in.enqueue(
            FUNCTION, str(uuid4()), result_ttl=60,
            on_success=Callback(f"{__name__}.touch_after"), on_failure=Callback(f"{__name__}.touch_after"),
            on_stopped=Callback(f"{__name__}.touch_after"), meta={"touch": str(marks[3])},
            webhooks=[Webhook(f"http://127.0.0.1:{listener.port}/", "finished")],
        )  # fmt: skip
        wait_until(lambda: all(job.get_status(refresh=True) in {"finished", "failed"} for job in [*bad, good]))

        assert [mark.name for mark in marks if mark.exists()] == [], "S8: Redis told our worker what to run"
        assert listener.count() == 0, "S8: a webhook was called"
        assert [job.get_status() for job in bad] == ["failed"] * 3, "S8"
        assert good.get_status() == "finished", "S8: our own bell did not ring"
    said = log.read_text()
    assert said.count("bell_refused") >= len(bad), "S8: what was refused was not logged"
    assert str(tmp_path) not in said.replace(str(log), ""), "S8: the log repeats what somebody put in Redis"


@pytest.mark.parametrize("words", ["PING", "GET x", "LPUSH rq:queue:send x", "AUTH lab wrong"])
def test_s8_without_the_password_redis_answers_nobody(guarded, words):
    assert said_by(guarded.socket, words).startswith(("-NOAUTH", "-WRONGPASS")), "S8: Redis listens to strangers"


@pytest.mark.parametrize("words", DANGEROUS, ids=lambda words: words[0])
def test_s8_our_own_user_may_do_no_more_than_ring(guarded, words):
    with pytest.raises(ResponseError, match=r"no permissions|not allowed"):
        guarded.ours.execute_command(*words)


def test_s8_our_own_user_may_count_requests_and_hear_the_stream(guarded):
    limits = storage_from_string(limits_storage(guarded.url))
    with guarded.ours.pubsub(ignore_subscribe_messages=True) as stream:
        stream.subscribe(channel_name("idea:1"))
        stream.get_message(timeout=5)
        guarded.ours.publish(channel_name("idea:1"), "new")
        heard = stream.get_message(timeout=5)

    assert limits.check(), "S8: requests are counted in memory, each process for itself"
    assert [limits.incr("LIMIT/x", 60) for _ in range(2)] == [1, 2]
    assert heard, "S8: nobody hears the stream"


def test_s8_the_redis_of_make_run_has_no_port_and_a_socket_for_us_alone(tmp_path):
    server = find_redis_server()
    assert server is not None
    plan = plan_redis(server, tmp_path)

    settings = Path(plan.argv[1])
    with running(list(plan.argv), plan.socket_path):
        others = (stat.S_IMODE(plan.socket_path.stat().st_mode) | stat.S_IMODE(settings.stat().st_mode)) & 0o007

    assert "\nport 0\n" in settings.read_text(), "S8: Redis listens on a port"
    assert others == 0, "S8: everybody on this machine can write to our Redis"


def touch_after(job: Job, *_: object) -> None:
    """What a callback would do, if one ran."""
    Path(job.meta["touch"]).touch()


class Guarded:
    """The Redis of `make run`: a socket, no port, the default user off, one user with what we need."""

    def __init__(self, plan: RedisPlan) -> None:
        self.socket = plan.socket_path
        self.url = plan.url
        self.ours = Redis.from_url(self.url)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory) -> Iterator[Guarded]:
    server = find_redis_server()
    assert server is not None, "S8: no redis-server here"
    plan = plan_redis(server, tmp_path_factory.mktemp("redis"))
    with running(list(plan.argv), plan.socket_path):
        made = Guarded(plan)
        yield made
        made.ours.close()


def said_by(path: Path, words: str) -> str:
    """Say one line to a Redis and return what it answers, "" when nobody is there."""
    try:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(2)
            line.connect(str(path))
            line.sendall(f"{words}\r\n".encode())
            return line.recv(200).decode()
    except OSError:
        return ""


@contextmanager
def running(argv: list[str], path: Path) -> Iterator[None]:
    server = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: said_by(path, "PING") != "")
        yield
    finally:
        server.terminate()
        server.wait(10)


@contextmanager
def worker(queue: str, redis_url: str, settings, folder: Path) -> Iterator[Path]:
    """Run the real worker process of a queue; give the file it logs to."""
    log = folder / f"{queue}.log"
    told = {"LAB_MODE": "test", "LAB_INSTANCE": str(settings.instance), "LAB_DATABASE_URL": settings.database_url}
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith("LAB_")},
        **told,
        "LAB_REDIS_URL": redis_url,
    }
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "workers.process", queue], cwd=ROOT, env=environment, stdout=out, stderr=out
        )
        try:
            yield log
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(15)


@contextmanager
def called() -> Iterator[Listener]:
    listener = Listener()
    try:
        yield listener
    finally:
        listener.close()


def wait_until(true: Callable[[], bool], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "S8: it never happened"
        time.sleep(0.05)
