"""Take a delivery, do its work, settle it. The only place outside a request that commits."""

import os
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from secrets import token_hex
from uuid import UUID

import structlog
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.core.crash import crash_point
from app.core.errors import DeliveryFault, LeaseLost, UnknownOutcome
from app.outbox import query as outbox_query
from app.outbox import service as outbox
from app.outbox import watermark
from app.outbox.models import DeliveryState, OutboxEvent
from app.outbox.service import Lease
from app.settings import Settings
from workers.push_batch import SIZE, PushBatch
from workers.routing import job_named
from workers.work import Clock, Ports, Steps, Transaction, Work

log = structlog.get_logger("workers")


def wall_clock() -> datetime:
    """The one look at the clock for background work."""
    return datetime.fromtimestamp(time.time(), UTC)


def transactions(engine: Engine, *, writes: bool = True) -> Transaction:
    """Return a maker of short transactions on `engine`: committed at the end, undone by an exception.

    writes: take the write lock at once. Without it a reader waits for nobody, and must not write.
    """

    @contextmanager
    def transaction() -> Iterator[Session]:
        with Session(engine.execution_options(writes=writes), expire_on_commit=False) as session, session.begin():
            yield session

    return transaction


@dataclass(frozen=True, slots=True)
class Runtime:
    """What one worker process works with. tell: says to whoever listens that something new is to be seen."""

    settings: Settings
    transaction: Transaction
    ports: Ports
    clock: Clock = wall_clock
    tell: Callable[[str], None] = lambda _topic: None

    def run(self, delivery_id: UUID) -> DeliveryState | None:
        """Work on one delivery, or a batch of its event; return where it ended, or None when it was not ours to take.

        Of a batch each ends in its own way; then ACCEPTED says that all were settled.
        """
        leases = self._take(delivery_id)
        if not leases:
            return None
        crash_point("send.after_lease")
        if leases[0].channel in outbox.BATCHED:
            return self._tell_many(leases)
        return self._run_one(leases[0])

    def _run_one(self, lease: Lease) -> DeliveryState | None:
        try:
            return self._work(lease)
        except LeaseLost:
            log.warning("lease_lost", delivery=str(lease.delivery_id), job=lease.job)
            return None
        except DeliveryFault as fault:
            return self._fail(lease, fault)
        except Exception as fault:
            log.exception("job_broke", delivery=str(lease.delivery_id), job=lease.job, error=type(fault).__name__)
            return self._fail(lease, UnknownOutcome(f"Feil i programmet: {type(fault).__name__}"))

    def _tell_many(self, leases: Sequence[Lease]) -> DeliveryState:
        PushBatch(self.settings, self.transaction, self.ports, self.clock).run(leases)
        log.info("told", job=leases[0].job, count=len(leases))
        with self.transaction() as session:
            event = outbox_query.get_event(session, leases[0].event_id)
        self._tell(event)
        return DeliveryState.ACCEPTED

    def _take(self, delivery_id: UUID) -> Sequence[Lease]:
        owner = f"{socket.gethostname()[:20]}-{os.getpid()}-{token_hex(8)}"
        with self.transaction() as session:
            if watermark.is_behind(session, self.settings.instance):
                return []
            return outbox.take_batch(
                session, delivery_id, owner=owner, now=self.clock(), seconds=self.settings.lease_seconds, size=SIZE
            )

    def _work(self, lease: Lease) -> DeliveryState | None:
        with self.transaction() as session:
            event = outbox_query.get_event(session, lease.event_id)
        steps = Steps(lease, self.transaction, self.clock, self.settings.lease_seconds, dict(lease.step))
        work = Work(
            lease=lease,
            settings=self.settings,
            ports=self.ports,
            steps=steps,
            now=self.clock(),
            transaction=self.transaction,
            clock=self.clock,
        )
        job_named(lease.job).handle(work, event)
        log.info("delivered", job=lease.job, attempt=lease.attempt, reference=lease.reference)
        self._tell(event)
        return DeliveryState.FILED

    def _tell(self, event: OutboxEvent) -> None:
        """Ring the live stream of the input this event is about; a stream that is away is no fault."""
        input_id = event.payload.get("idea_id") or event.payload.get("input_id")
        if input_id:
            self.tell(f"idea:{input_id}")

    def _fail(self, lease: Lease, fault: DeliveryFault) -> DeliveryState | None:
        try:
            with self.transaction() as session:
                state = outbox.fail(
                    session,
                    lease,
                    fault,
                    now=self.clock(),
                    waits=self.settings.waits,
                    settle_seconds=self.settings.settle_seconds,
                )
        except LeaseLost:
            log.warning("lease_lost", delivery=str(lease.delivery_id), job=lease.job)
            return None
        log.warning("delivery_failed", job=lease.job, attempt=lease.attempt, fault=type(fault).__name__,
                    state=state.value, reference=lease.reference)  # fmt: skip
        return state


_installed: Runtime | None = None


def install(runtime: Runtime) -> None:
    """Make `runtime` the one that bells in this process run on."""
    global _installed  # noqa: PLW0603 - RQ calls a function by its name; this is what it works with
    _installed = runtime


def run(delivery_id: str) -> None:
    """What a bell calls: work on the delivery of that id."""
    installed().run(UUID(delivery_id))


def installed() -> Runtime:
    """Return the runtime of this process. Raises RuntimeError when it has none."""
    if _installed is None:
        raise RuntimeError("no runtime is installed: start workers by `python -m workers.process`")
    return _installed
