"""Events become deliveries, and a delivery whose time has come gets its bell: python -m workers.relay."""

import threading
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from redis import RedisError
from sqlalchemy.orm import Session

from app.core.crash import crash_point
from app.outbox import service as outbox
from app.outbox.models import OutboxEvent
from app.settings import Settings
from workers.bell import Bells
from workers.routing import recipients_of, routes_of
from workers.work import Clock, Transaction

BATCH = 200
BELLS_A_ROUND = 1000

log = structlog.get_logger("relay")


@dataclass(frozen=True, slots=True)
class Relay:
    """One round makes what deliveries are missing and rings for those that are due."""

    settings: Settings
    transaction: Transaction
    clock: Clock
    bells: Bells | None

    def round(self, *, bell_lost_after: timedelta | None = None) -> int:
        """Do one round; return how many bells were rung. bell_lost_after: ring again for bells older than that."""
        while self._route() == BATCH:
            pass
        return self._ring(bell_lost_after)

    def _route(self) -> int:
        now = self.clock()
        with self.transaction() as session:
            events = outbox.unrouted(session, limit=BATCH)
            for event in events:
                _deliver(session, event, self.settings, now)
            crash_point("relay.after_route") if events else None
        return len(events)

    def _ring(self, bell_lost_after: timedelta | None) -> int:
        if self.bells is None:
            return 0
        now = self.clock()
        rung_before = None if bell_lost_after is None else now - bell_lost_after
        with self.transaction() as session:
            found = outbox.due(session, now, limit=BELLS_A_ROUND, rung_before=rung_before)
        by_queue: dict[str, list[UUID]] = defaultdict(list)
        for delivery in found:
            by_queue[delivery.queue].append(delivery.id)
        for queue, ids in by_queue.items():
            self._ring_one_queue(queue, ids, now)
        return len(found)

    def _ring_one_queue(self, queue: str, ids: list[UUID], now: datetime) -> None:
        assert self.bells is not None  # noqa: S101 - _ring has looked
        crash_point("relay.before_bell")
        try:
            self.bells.ring(queue, ids)
        except RedisError as fault:
            log.warning("bell_silent", queue=queue, count=len(ids), error=type(fault).__name__)
            return
        crash_point("relay.after_bell")
        with self.transaction() as session:
            outbox.mark_rung(session, ids, now)


def _deliver(session: Session, event: OutboxEvent, settings: Settings, now: datetime) -> None:
    for route in routes_of(event.kind):
        recipients = recipients_of(session, event, route, settings)
        outbox.deliver_to(session, event, route, recipients, now)
    outbox.mark_routed(event, now)


def main(stop: threading.Event | None = None) -> None:
    """Run until told to stop."""
    from workers.process import background, until_told  # noqa: PLC0415 - process builds the whole app; rounds need not

    runtime, bells = background("relay")
    relay = Relay(runtime.settings, runtime.transaction, runtime.clock, bells)
    until_told(relay.round, every=runtime.settings.relay_every, name="relay", stop=stop)


if __name__ == "__main__":
    main()
