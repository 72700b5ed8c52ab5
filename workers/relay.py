"""Events become deliveries, and a delivery whose time has come gets its bell: python -m workers.relay."""

import threading
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from redis import RedisError
from sqlalchemy.orm import Session

from app.core.crash import crash_point
from app.outbox import service as outbox
from app.outbox.models import OutboxDelivery, OutboxEvent
from app.outbox.service import Recipient, Route
from app.settings import Settings
from workers.bell import Bells
from workers.push_batch import SIZE
from workers.routing import recipients_of, routes_of
from workers.work import Clock, Transaction

BATCH = 200
BELLS_A_ROUND = 1000
BATCHES_A_ROUND = 50
# So many deliveries are made in one transaction: some 20 ms.
AT_ONCE = 1000

Deliveries = Sequence[tuple[Route, Sequence[Recipient]]]

log = structlog.get_logger("relay")


@dataclass(frozen=True, slots=True)
class Relay:
    """One round makes what deliveries are missing and rings for those that are due."""

    settings: Settings
    transaction: Transaction
    clock: Clock
    bells: Bells | None

    def round(self, *, bell_lost_after: timedelta | None = None, lost_in: Collection[str] | None = None) -> int:
        """Do one round; return how many bells were rung.

        bell_lost_after: ring again for bells older than that, in the queues lost_in (None: in all).
        """
        while self._route() == BATCH:
            pass
        return self._ring(bell_lost_after, lost_in)

    def _route(self) -> int:
        now = self.clock()
        large: list[tuple[OutboxEvent, Deliveries]] = []
        with self.transaction() as session:
            events = outbox.unrouted(session, limit=BATCH)
            for event in events:
                found = _deliveries(session, event, self.settings)
                if sum(len(recipients) for _, recipients in found) > AT_ONCE:
                    large.append((event, found))
                else:
                    _deliver(session, event, found, now)
            crash_point("relay.after_route") if events else None
        for event, found in large:
            self._route_large(event, found, now)
        return len(events)

    def _route_large(self, event: OutboxEvent, found: Deliveries, now: datetime) -> None:
        """Make the deliveries of an event for thousands, some at a time: nobody waits long for the write lock.

        Until all are made the event counts as waiting; whoever goes on after a crash makes only those that are missing.
        """
        for route, recipients in found:
            for start in range(0, len(recipients), AT_ONCE):
                with self.transaction() as session:
                    outbox.deliver_to(session, event, route, recipients[start : start + AT_ONCE], now)
                crash_point("relay.after_route")
        with self.transaction() as session:
            outbox.mark_routed(session.merge(event, load=False), now)

    def _ring(self, bell_lost_after: timedelta | None, lost_in: Collection[str] | None) -> int:
        """Ring for each that is due, and once for each batch."""
        if self.bells is None:
            return 0
        now = self.clock()
        rung_before = None if bell_lost_after is None else now - bell_lost_after
        with self.transaction() as session:
            found = outbox.due(session, now, limit=BELLS_A_ROUND, rung_before=rung_before, lost_in=lost_in)
            batches = outbox.due_batches(
                session, now, size=SIZE, limit=BATCHES_A_ROUND, rung_before=rung_before, lost_in=lost_in
            )
            # Before their bells, not after: a worker passes over what somebody else is writing on, and would find the
            # batch that it was rung for locked by this very mark.
            if batches:
                outbox.mark_rung(session, [one.id for batch in batches for one in batch], now)
        by_queue: dict[str, list[UUID]] = defaultdict(list)
        for delivery in found:
            by_queue[delivery.queue].append(delivery.id)
        for queue, ids in by_queue.items():
            self._ring_one_queue(queue, ids, now)
        for batch in batches:
            self._ring_batch(batch)
        return len(found) + len(batches)

    def _ring_batch(self, batch: Sequence[OutboxDelivery]) -> None:
        assert self.bells is not None  # noqa: S101 - _ring has looked
        try:
            self.bells.ring(batch[0].queue, [batch[0].id])
        except RedisError as fault:
            log.warning("bell_silent", queue=batch[0].queue, count=len(batch), error=type(fault).__name__)
            with self.transaction() as session:
                outbox.mark_rung(session, [one.id for one in batch], None)

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


def _deliveries(session: Session, event: OutboxEvent, settings: Settings) -> Deliveries:
    return [(route, recipients_of(session, event, route, settings)) for route in routes_of(event.kind)]


def _deliver(session: Session, event: OutboxEvent, found: Deliveries, now: datetime) -> None:
    for route, recipients in found:
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
