"""The bell: an RQ job that carries a delivery's id and can run nothing but workers.runtime.run."""

from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

import structlog
from redis import Redis, RedisError
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer

from workers import runtime

FUNCTION = "workers.runtime.run"
KEEP_SECONDS = 0
LONGEST_JOB_S = 900

log = structlog.get_logger("workers")


class BellRefused(RuntimeError):
    """Somebody put a job in Redis that is no bell."""


class Bell(Job):
    """A job whose function, callbacks and webhooks are not taken from Redis.

    RQ reads the function's name, callbacks and webhook addresses from Redis, whichever serializer is used, so a
    Redis that others can write to would run anything. Here only one function can be named, and nothing is called back.
    """

    @property
    def func(self) -> Callable[..., Any]:
        if self.func_name != FUNCTION or self.instance is not None:
            log.error("bell_refused", job=self.id)
            raise BellRefused("only a bell may ring")
        return runtime.run

    @property
    def success_callback(self) -> None:
        return None

    @property
    def failure_callback(self) -> None:
        return None

    @property
    def stopped_callback(self) -> None:
        return None

    def send_webhooks(self, *_args: Any, **_kwargs: Any) -> None:
        """Call no address that stands in Redis."""


class Bells:
    """Rings in Redis. Every method raises RedisError when Redis is away; nothing is lost by that."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._queues: dict[str, Queue] = {}

    def _queue(self, name: str) -> Queue:
        if name not in self._queues:
            self._queues[name] = Queue(name, connection=self._redis, serializer=JSONSerializer, job_class=Bell)
        return self._queues[name]

    def ring(self, queue: str, ids: Iterable[UUID]) -> None:
        """Ring once for each delivery id, in order, in one round trip."""
        jobs = [
            Queue.prepare_data(
                FUNCTION,
                args=(str(delivery_id),),
                timeout=LONGEST_JOB_S,
                result_ttl=KEEP_SECONDS,
                failure_ttl=KEEP_SECONDS,
                description="bell",
            )
            for delivery_id in ids
        ]
        self._queue(queue).enqueue_many(jobs)

    def waiting(self, queue: str) -> int:
        """Return how many bells nobody has heard yet."""
        return self._queue(queue).count


def is_away(bells: "Bells | None") -> bool:
    """Tell whether there is no Redis to ring in."""
    if bells is None:
        return True
    try:
        bells.waiting("send")
    except RedisError:
        return True
    return False
