"""A worker process: python -m workers.process send|push|heavy. Also what relay and reconciler start with."""

import os
import signal
import sys
import threading
from collections.abc import Callable

import structlog
from redis import Redis, RedisError
from rq import Queue, SimpleWorker, Worker
from rq.serializers import JSONSerializer
from sqlalchemy.exc import SQLAlchemyError

from app.factory import create_app
from app.live import channel_name
from app.web.extensions import db
from workers import runtime as runtimes
from workers.bell import Bell, Bells
from workers.ports import build_ports
from workers.routing import JOBS, job_named
from workers.runtime import Runtime, transactions, wall_clock

QUEUES = ("send", "push", "heavy")
WAIT_FOR_REDIS_S = 2.0

log = structlog.get_logger("workers")


def background(name: str) -> tuple[Runtime, Bells | None]:
    """Return what a background process works with: the runtime, and the bells if there is a Redis."""
    app = create_app()
    app.app_context().push()
    settings = app.extensions["lab_settings"]
    redis = Redis.from_url(settings.redis_url, socket_timeout=30) if settings.redis_url else None
    transaction = transactions(db.engine)
    runtime = Runtime(
        settings,
        transaction,
        build_ports(settings, transactions(db.engine, writes=False), wall_clock),
        tell=_teller(redis),
    )
    runtimes.install(runtime)
    for job in {job for jobs in JOBS.values() for job in jobs}:
        job_named(job)
    log.info("started", name=name)
    return runtime, Bells(redis) if redis is not None else None


def _teller(redis: Redis | None) -> Callable[[str], None]:
    """Return what rings the live stream; when Redis is away nobody is told, and pages ask by themselves."""

    def tell(topic: str) -> None:
        if redis is None:
            return
        try:
            redis.publish(channel_name(topic), "v")
        except RedisError:
            log.warning("stream_silent")

    return tell


def until_told(round_: Callable[[], object], *, every: float, name: str, stop: threading.Event | None = None) -> None:
    """Do `round_` every `every` seconds until SIGTERM or SIGINT; a failed one is logged, and the next one comes."""
    told = stop or threading.Event()
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: told.set())
    while not told.is_set():
        try:
            round_()
        except (SQLAlchemyError, RedisError, OSError) as fault:
            log.warning("round_failed", name=name, error=type(fault).__name__)
        told.wait(every)


class OneQueueWorker(SimpleWorker):
    """Works in this process, without a fork: for calls to other systems, of which there are many small ones."""


def work(queue: str) -> None:
    """Listen to one queue. One alone: RQ then keeps a job in hand where it is not lost when we die."""
    background(queue)
    settings = runtimes.installed().settings
    told = threading.Event()
    kind = Worker if queue == "heavy" else OneQueueWorker
    redis = Redis.from_url(settings.redis_url, socket_timeout=None)
    while not told.is_set():
        try:
            listener = kind(
                [Queue(queue, connection=redis, serializer=JSONSerializer, job_class=Bell)],
                connection=redis,
                job_class=Bell,
                serializer=JSONSerializer,
                log_job_description=False,
            )
            listener.work(with_scheduler=False, logging_level="WARNING")
        except RedisError as fault:
            log.warning("redis_away", name=queue, error=type(fault).__name__)
            told.wait(WAIT_FOR_REDIS_S)
        else:
            return


def main(arguments: list[str]) -> None:
    if len(arguments) != 1 or arguments[0] not in QUEUES:
        raise SystemExit(f"Say which queue: python -m workers.process {'|'.join(QUEUES)}")
    if not os.environ.get("LAB_REDIS_URL"):
        raise SystemExit("A worker listens in Redis: set LAB_REDIS_URL. Without Redis the reconciler does the work.")
    work(arguments[0])


if __name__ == "__main__":
    main(sys.argv[1:])
