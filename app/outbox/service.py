"""What happens to facts and deliveries. Who commits is the caller: the request's edge, or workers/runtime.py."""

import base64
import hashlib
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID, uuid4

from sqlalchemy import (
    ColumnElement,
    String,
    Table,
    and_,
    case,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy import cast as cast_sql
from sqlalchemy.orm import Session, aliased

from app.core.db import Model
from app.core.dialect import insert_all_once, insert_once
from app.core.errors import (
    ConfigurationFault,
    Conflict,
    DeliveryFault,
    Gone,
    LeaseLost,
    NotFound,
    NotYet,
    Permanent,
    RuleBroken,
    Transient,
    Unclear,
    UnknownOutcome,
)
from app.core.rows import rows
from app.core.text import N_, cut
from app.outbox.events import Event
from app.outbox.models import DeliveryAttempt, DeliveryState, Heartbeat, OutboxDelivery, OutboxEvent, Pause
from app.outbox.query import A_LATE_PROBE

SILENT_DEATHS_ALLOWED = 10
GIVE_UP_AFTER = timedelta(days=14)
FAILURES_BEFORE_PAUSE = 5
# Behind these there is one receiver, so five failures in a row mean that it is away. Push has many, and strangers
# choose which: five dead endpoints must not stop everybody's notices.
ONE_RECEIVER = frozenset({"archive", "mail"})
# Of these many deliveries of one event go out together, by one bell.
BATCHED = frozenset({"push"})
PROBE_AFTER_FAILURES = timedelta(minutes=1)
PROBE_AFTER_CONFIGURATION = timedelta(minutes=5)
LONGEST_RETRY_AFTER_S = 3600.0
RESTART_GAP = timedelta(seconds=0.2)
RESTORED = "restored"
# Jobs of the archive's channel that ask and never send.
ONLY_ASK = ("fetch_case_answers",)
ENDS = frozenset({DeliveryState.FILED, DeliveryState.ACCEPTED, DeliveryState.STOPPED, DeliveryState.NEVER})


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who a delivery is for. name: e.g. "archive" or "push:<id>"; never an address. held_for: as in the table.

    not_before: it is due then, if that is later than it would be.
    """

    name: str
    held_for: UUID | None = None
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """One job that an event starts, as workers/routing.py says it."""

    job: str
    channel: str
    queue: str


@dataclass(frozen=True, slots=True)
class Lease:
    """A delivery that is ours until `until`. A value, not a row: a row would change under us."""

    delivery_id: UUID
    event_id: UUID
    owner: str
    until: datetime
    job: str
    channel: str
    recipient: str
    reference: str
    attempt: int
    may_have_arrived: bool
    step: dict[str, str]


def new_reference() -> str:
    """Return `INL-` and 26 base32 letters: 128 random bits, and safe in every system we know."""
    return _reference(secrets.token_bytes(16))


def reference_of(event_id: UUID, job: str, recipient: str) -> str:
    """Return the reference of a delivery. It follows from the event, whose id is random.

    A database that was restored to before the relay made the row makes it again with the same reference, so the
    archive is asked about the letter that it has.
    """
    return _reference(hashlib.sha256(f"{event_id}|{job}|{recipient}".encode()).digest()[:16])


def _reference(mark: bytes) -> str:
    return "INL-" + base64.b32encode(mark).decode().rstrip("=")


# What can be regretted leaves this much after the time for that: an «Angre» in the last second is stored before it is
# read.
LEAVES_AFTER = timedelta(seconds=1)


def leaves_at(now: datetime, undo_seconds: float) -> datetime:
    """Return when what is sent at `now` leaves, if it can be regretted for so long."""
    return now + timedelta(seconds=undo_seconds) + LEAVES_AFTER


def record(session: Session, event: Event, *, now: datetime, due_at: datetime | None = None) -> UUID:
    """Store a fact in the caller's transaction; its deliveries are due at `due_at` (default: now)."""
    event_id = uuid4()
    said = {"kind": event.name, "payload": event.model_dump(mode="json")}
    rows(session, _EVENT, {"id": event_id, **said, "recorded_at": now, "due_at": due_at or now})
    return event_id


# A sentence, not an object: every input records a fact, and nobody changes it in the same transaction.
_EVENT = insert(cast("Table", OutboxEvent.__table__))


def record_once(session: Session, event: Event, *, turn: str, now: datetime) -> bool:
    """Store what the clock says, once for each `turn` (at most 120 characters); return False when it was there."""
    values = {
        "id": uuid4(),
        "kind": event.name,
        "payload": event.model_dump(mode="json"),
        "recorded_at": now,
        "due_at": now,
        "turn": turn,
    }
    return insert_once(session, OutboxEvent, values)


def unrouted(session: Session, *, limit: int) -> Sequence[OutboxEvent]:
    """Return events without deliveries, oldest first, locked so that two relays share the work."""
    query = select(OutboxEvent).where(OutboxEvent.routed_at.is_(None)).order_by(OutboxEvent.recorded_at).limit(limit)
    return session.scalars(query.with_for_update(skip_locked=True)).all()


def deliver_to(
    session: Session, event: OutboxEvent, route: Route, recipients: Sequence[Recipient], now: datetime
) -> int:
    """Make one delivery for each recipient that has none; return how many were made."""
    restored = session.get(Heartbeat, f"{RESTORED}:{route.channel}") if recipients else None
    may_have_arrived = restored is not None and event.recorded_at <= restored.struck_at
    same = {
        "event_id": event.id,
        "job": route.job,
        "channel": route.channel,
        "queue": route.queue,
        "state": DeliveryState.WAITING.value,
        "step": {},
        "attempts": 0,
        "silent_deaths": 0,
        "may_have_arrived": may_have_arrived,
        "paused_seconds": 0.0,
        "created_at": now,
    }
    new = [
        {
            "id": uuid4(),
            "recipient": recipient.name,
            "reference": reference_of(event.id, route.job, recipient.name),
            "due_at": _due(event, route, recipient),
            "held_for": recipient.held_for,
            **same,
        }
        for recipient in recipients
    ]
    return insert_all_once(session, OutboxDelivery, new)


def _due(event: OutboxEvent, route: Route, recipient: Recipient) -> datetime:
    usual = event.due_at if route.channel == "archive" else event.recorded_at
    return max(usual, recipient.not_before) if recipient.not_before else usual


def mark_routed(event: OutboxEvent, now: datetime) -> None:
    event.routed_at = now


def due(
    session: Session,
    now: datetime,
    *,
    limit: int,
    rung_before: datetime | None = None,
    lost_in: Collection[str] | None = None,
) -> Sequence[OutboxDelivery]:
    """Return waiting deliveries whose time has come and whose bell has not rung for it, oldest first.

    Those of a channel that goes out in batches are left to `due_batches`, but for its probe.
    rung_before: count a bell older than this as lost, in the queues lost_in (None: in all). Of a paused channel only
    the oldest is given, and only when it is time to probe.
    """
    silent = _silent(rung_before, lost_in)
    paused = select(Pause.scope).where(Pause.closed)
    query = (
        select(OutboxDelivery)
        .where(
            OutboxDelivery.state == DeliveryState.WAITING.value,
            OutboxDelivery.held_for.is_(None),
            OutboxDelivery.due_at <= now,
            silent,
            OutboxDelivery.channel.not_in(paused),
            OutboxDelivery.channel.not_in(BATCHED),
        )
        .order_by(OutboxDelivery.due_at)
        .limit(limit)
    )
    return [*session.scalars(query), *_probes(session, now)]


def _silent(rung_before: datetime | None, lost_in: Collection[str] | None) -> ColumnElement[bool]:
    """What is true of a delivery whose bell has not rung, or was lost."""
    if rung_before is None:
        return OutboxDelivery.rung_at.is_(None)
    lost = [OutboxDelivery.rung_at < rung_before]
    if lost_in is not None:
        lost.append(OutboxDelivery.queue.in_(lost_in))
    return or_(OutboxDelivery.rung_at.is_(None), and_(*lost))


def due_batches(
    session: Session,
    now: datetime,
    *,
    size: int,
    limit: int,
    rung_before: datetime | None = None,
    lost_in: Collection[str] | None = None,
) -> Sequence[Sequence[OutboxDelivery]]:
    """Return what goes out in batches and is due, as `due` says: one batch of each event and job, oldest first.

    One only, of at most `size`, so that a small event does not wait behind all of a big one. limit: how many batches.
    """
    silent = _silent(rung_before, lost_in)
    waiting = and_(
        OutboxDelivery.state == DeliveryState.WAITING.value,
        OutboxDelivery.due_at <= now,
        silent,
        OutboxDelivery.channel.in_(BATCHED),
        OutboxDelivery.channel.not_in(select(Pause.scope).where(Pause.closed)),
    )
    events = (
        select(OutboxDelivery.event_id, OutboxDelivery.job)
        .where(waiting)
        .group_by(OutboxDelivery.event_id, OutboxDelivery.job)
        .order_by(func.min(OutboxDelivery.due_at))
        .limit(limit)
    )
    return [
        session.scalars(
            select(OutboxDelivery)
            .where(waiting, OutboxDelivery.event_id == event_id, OutboxDelivery.job == job)
            .order_by(OutboxDelivery.due_at, OutboxDelivery.id)
            .limit(size)
        ).all()
        for event_id, job in session.execute(events).all()
    ]


def _probes(session: Session, now: datetime) -> Sequence[OutboxDelivery]:
    """Return the waiting row of each paused channel that may be tried again now.

    One that has never been tried, else one that has really asked the receiver; last come those that waited for
    something of ours, which tell nothing about the receiver. Of each kind the one that has been left alone longest.
    """
    tells = case((OutboxDelivery.last_error.is_(None), 0), (OutboxDelivery.attempts > 0, 1), else_=2)
    found = []
    for pause in session.scalars(select(Pause).where(Pause.closed, Pause.probe_at <= now)):
        probe = session.scalars(
            select(OutboxDelivery)
            .where(
                OutboxDelivery.state == DeliveryState.WAITING.value,
                OutboxDelivery.held_for.is_(None),
                OutboxDelivery.channel == pause.scope,
                _has_settled(now),
            )
            .order_by(tells, OutboxDelivery.due_at)
            .limit(1)
        ).first()
        if probe is not None:
            found.append(probe)
    return found


def _has_settled(now: datetime) -> ColumnElement[bool]:
    """What the archive may still be working on is not tried before its time, not even as a probe."""
    return or_(OutboxDelivery.may_have_arrived.is_(False), OutboxDelivery.due_at <= now)


def mark_rung(session: Session, ids: Sequence[UUID], now: datetime | None) -> None:
    """Note that the bells of these have rung, or with None that they have not."""
    session.execute(update(OutboxDelivery).where(OutboxDelivery.id.in_(ids)).values(rung_at=now))


def take(session: Session, delivery_id: UUID, *, owner: str, now: datetime, seconds: float) -> Lease | None:
    """Lease a waiting delivery that is due (or the probe of a paused channel); None when it is not ours to take.

    One that is held for a report is nobody's to take.
    """
    found = take_batch(session, delivery_id, owner=owner, now=now, seconds=seconds, size=1)
    return found[0] if found else None


def take_batch(
    session: Session, delivery_id: UUID, *, owner: str, now: datetime, seconds: float, size: int
) -> Sequence[Lease]:
    """Lease what `take` would, or, of a channel that goes out in batches, up to `size` due deliveries of its event.

    Those that another worker holds are passed over. Of a paused channel this one alone is taken, as its probe.
    """
    row = session.execute(
        select(OutboxDelivery.channel, OutboxDelivery.event_id, OutboxDelivery.job).where(
            OutboxDelivery.id == delivery_id
        )
    ).first()
    if row is None:
        return []
    alike = [OutboxDelivery.id == delivery_id]
    if row.channel in BATCHED:
        alike = [OutboxDelivery.event_id == row.event_id, OutboxDelivery.job == row.job]
    probing = _may_probe(session, row.channel, now)
    if probing is False:
        session.execute(update(OutboxDelivery).where(*alike).values(rung_at=None).execution_options(**_UNSEEN))
        return []
    waiting = [
        OutboxDelivery.state == DeliveryState.WAITING.value,
        OutboxDelivery.held_for.is_(None),
        _has_settled(now) if probing else OutboxDelivery.due_at <= now,
    ]
    ids: Sequence[UUID] = [delivery_id]
    if row.channel in BATCHED and not probing:
        due_now = select(OutboxDelivery.id).where(*alike, *waiting).order_by(OutboxDelivery.due_at, OutboxDelivery.id)
        ids = session.scalars(due_now.limit(size).with_for_update(skip_locked=True)).all()
    return _lease(session, ids, waiting, owner=owner, now=now, until=now + timedelta(seconds=seconds))


_UNSEEN = {"synchronize_session": False}


def _lease(
    session: Session,
    ids: Sequence[UUID],
    waiting: Sequence[ColumnElement[bool]],
    *,
    owner: str,
    now: datetime,
    until: datetime,
) -> Sequence[Lease]:
    taken = session.execute(
        update(OutboxDelivery)
        .where(OutboxDelivery.id.in_(ids), *waiting)
        .values(
            state=DeliveryState.SENDING.value,
            lease_until=until,
            lease_owner=owner,
            attempts=OutboxDelivery.attempts + 1,
        )
        .returning(
            OutboxDelivery.id,
            OutboxDelivery.event_id,
            OutboxDelivery.job,
            OutboxDelivery.channel,
            OutboxDelivery.recipient,
            OutboxDelivery.reference,
            OutboxDelivery.attempts,
            OutboxDelivery.may_have_arrived,
            OutboxDelivery.step,
        )
        .execution_options(**_UNSEEN)
    ).all()
    leases = [
        Lease(
            delivery_id=row.id,
            event_id=row.event_id,
            owner=owner,
            until=until,
            job=row.job,
            channel=row.channel,
            recipient=row.recipient,
            reference=row.reference,
            attempt=row.attempts,
            may_have_arrived=row.may_have_arrived,
            step=dict(row.step),
        )
        for row in taken
    ]
    _append_all(session, leases, "begun", now)
    return leases


def _may_probe(session: Session, channel: str, now: datetime) -> bool | None:
    """Return None when the channel is open, True when this try is its probe, False when it must wait."""
    pause = session.get(Pause, channel)
    if pause is None or not pause.closed:
        return None
    won = session.execute(
        update(Pause)
        .where(Pause.scope == channel, Pause.closed, Pause.probe_at <= now)
        .values(probe_at=now + PROBE_AFTER_FAILURES)
        .returning(Pause.scope)
        .execution_options(synchronize_session=False)
    ).first()
    return won is not None


def renew(session: Session, lease: Lease, *, now: datetime, seconds: float, step: dict[str, str]) -> None:
    """Keep the lease and save how far the delivery has come. Raises LeaseLost when it is no longer ours."""
    _ours(session, lease, lease_until=now + timedelta(seconds=seconds), step=step)


def settle(
    session: Session, lease: Lease, state: DeliveryState, *, now: datetime, external_id: str | None, reason: str | None
) -> None:
    """End the delivery in the caller's transaction, beside its result. Raises LeaseLost: then store nothing."""
    _ours(
        session,
        lease,
        state=state.value,
        lease_until=None,
        lease_owner=None,
        external_id=external_id,
        stop_reason=reason,
        last_error=None,
        ended_at=now,
    )
    _append(session, lease, state.value, now)
    if state in {DeliveryState.FILED, DeliveryState.ACCEPTED}:
        _channel_works(session, lease.channel, now)


def begin_all(
    session: Session, leases: Sequence[Lease], mark: str, *, now: datetime, seconds: float
) -> Collection[UUID]:
    """Keep these leases and note that the call which `mark` names begins; return which are still ours.

    What is not among them belongs to another worker: it must not be sent.
    """
    return _all_ours(session, leases, lease_until=now + timedelta(seconds=seconds), step={f"begun:{mark}": ""})


def settle_all(
    session: Session, leases: Sequence[Lease], state: DeliveryState, *, now: datetime, reason: str | None = None
) -> Collection[UUID]:
    """End these deliveries, as `settle` does with one; return which were still ours. Store nothing of the others."""
    ended = _all_ours(
        session,
        leases,
        state=state.value,
        lease_until=None,
        lease_owner=None,
        stop_reason=reason,
        last_error=reason if state is DeliveryState.STOPPED else None,
        ended_at=now,
    )
    kept = [lease for lease in leases if lease.delivery_id in ended]
    _append_all(session, kept, state.value, now)
    if kept and state in {DeliveryState.FILED, DeliveryState.ACCEPTED}:
        _channel_works(session, kept[0].channel, now)
    return ended


def put_off_all(session: Session, leases: Sequence[Lease], until: datetime, why: str, *, now: datetime) -> None:
    """Let these wait until then, as `NotYet` does with one: nothing was sent, and no try is counted."""
    kept = _all_ours(
        session,
        leases,
        state=DeliveryState.WAITING.value,
        lease_until=None,
        lease_owner=None,
        due_at=until,
        rung_at=None,
        last_error=cut(why, 500),
        step={},
        attempts=OutboxDelivery.attempts - 1,
    )
    _append_all(session, [lease for lease in leases if lease.delivery_id in kept], "NotYet", now)
    if leases:
        _give_probe_back(session, leases[0].channel, now)


def _all_ours(session: Session, leases: Sequence[Lease], **values: object) -> Collection[UUID]:
    if not leases:
        return frozenset()
    changed = (
        update(OutboxDelivery)
        .where(
            OutboxDelivery.id.in_([lease.delivery_id for lease in leases]),
            OutboxDelivery.state == DeliveryState.SENDING.value,
            OutboxDelivery.lease_owner == leases[0].owner,
        )
        .values(**values)
        .returning(OutboxDelivery.id)
    )
    return frozenset(session.scalars(changed.execution_options(**_UNSEEN)))


def _append_all(session: Session, leases: Sequence[Lease], outcome: str, now: datetime) -> None:
    if leases:
        lines = [{"delivery_id": one.delivery_id, "attempt": one.attempt, "at": now, "outcome": outcome[:40]}
                 for one in leases]  # fmt: skip
        session.execute(insert(DeliveryAttempt), lines)


def _ours(session: Session, lease: Lease, **values: object) -> None:
    kept = session.execute(
        update(OutboxDelivery)
        .where(
            OutboxDelivery.id == lease.delivery_id,
            OutboxDelivery.state == DeliveryState.SENDING.value,
            OutboxDelivery.lease_owner == lease.owner,
        )
        .values(**values)
        .returning(OutboxDelivery.id)
        .execution_options(synchronize_session=False)
    ).first()
    if kept is None:
        raise LeaseLost


def _append(session: Session, lease: Lease, outcome: str, now: datetime) -> None:
    session.add(DeliveryAttempt(delivery_id=lease.delivery_id, attempt=lease.attempt, at=now, outcome=outcome[:40]))


def fail(  # noqa: PLR0911 - one end for each kind of fault
    session: Session,
    lease: Lease,
    fault: DeliveryFault,
    *,
    now: datetime,
    waits: Sequence[float],
    settle_seconds: float,
) -> DeliveryState:
    """Write down a failed try: when it is tried again, or why it is not. Raises LeaseLost when it is not ours."""
    _append(session, lease, type(fault).__name__, now)
    message = cut(str(fault), 500)
    if isinstance(fault, NotYet):
        _give_probe_back(session, lease.channel, now)
        return _wait(
            session, lease, now + timedelta(seconds=fault.seconds), message, attempts=OutboxDelivery.attempts - 1
        )
    if isinstance(fault, Gone):
        return _stop(session, lease, DeliveryState.STOPPED, "borte", now)
    if isinstance(fault, Permanent):
        return _stop(session, lease, DeliveryState.STOPPED, message, now)
    if isinstance(fault, Unclear):
        return _stop(session, lease, DeliveryState.UNCLEAR, message, now)
    if _too_old(session, lease, now):
        return _stop(
            session, lease, DeliveryState.STOPPED, N_("Prøvd i 14 dager uten å komme fram."), now, said=message
        )
    wait = waits[min(lease.attempt, len(waits)) - 1]
    if isinstance(fault, ConfigurationFault):
        scope = lease.channel if fault.scope == "channel" else f"{lease.channel}/{fault.scope}"
        close_channel(session, scope, message, now=now, probe_after=PROBE_AFTER_CONFIGURATION)
        wait = max(wait, settle_seconds) if fault.may_have_arrived else PROBE_AFTER_CONFIGURATION.total_seconds()
        kept = (
            {"attempts": OutboxDelivery.attempts}
            if fault.may_have_arrived
            else {"attempts": OutboxDelivery.attempts - 1}
        )
        return _wait(session, lease, now + timedelta(seconds=wait), message, arrived=fault.may_have_arrived, **kept)
    if isinstance(fault, Transient):
        wait = max(wait, min(fault.retry_after or 0, LONGEST_RETRY_AFTER_S))
        if lease.channel in ONE_RECEIVER:
            _channel_fails(session, lease, message, now, for_many=fault.for_many)
    arrived = isinstance(fault, UnknownOutcome)
    if arrived:
        wait = max(wait, settle_seconds)
    return _wait(session, lease, now + timedelta(seconds=wait), message, arrived=arrived)


def _give_probe_back(session: Session, channel: str, now: datetime) -> None:
    """What waited for something of ours has asked nobody: another row is the probe of a paused channel."""
    session.execute(update(Pause).where(Pause.scope == channel, Pause.closed).values(probe_at=now))


def _wait(
    session: Session, lease: Lease, due_at: datetime, message: str, *, arrived: bool = False, **values: object
) -> DeliveryState:
    if arrived:
        values["may_have_arrived"] = True
    _ours(
        session,
        lease,
        state=DeliveryState.WAITING.value,
        lease_until=None,
        lease_owner=None,
        due_at=due_at,
        rung_at=None,
        last_error=message,
        **values,
    )
    return DeliveryState.WAITING


def _stop(
    session: Session, lease: Lease, state: DeliveryState, reason: str, now: datetime, *, said: str | None = None
) -> DeliveryState:
    """Put the delivery before a person. said: what was last answered, where that is not the reason itself."""
    _ours(
        session,
        lease,
        state=state.value,
        lease_until=None,
        lease_owner=None,
        stop_reason=reason,
        last_error=said or reason,
        ended_at=now,
    )
    return state


def _too_old(session: Session, lease: Lease, now: datetime) -> bool:
    created_at, paused = session.execute(
        select(OutboxDelivery.created_at, OutboxDelivery.paused_seconds).where(OutboxDelivery.id == lease.delivery_id)
    ).one()
    pause = session.get(Pause, lease.channel)
    still = now - max(pause.since, created_at) if pause is not None and pause.closed else timedelta()
    return bool(now - created_at - timedelta(seconds=paused) - still > GIVE_UP_AFTER)


def close_channel(session: Session, scope: str, reason: str, *, now: datetime, probe_after: timedelta) -> bool:
    """Let nothing out on `scope` but a probe; return True when it was open until now (then somebody is told)."""
    pause = session.get(Pause, scope)
    if pause is None:
        insert_once(session, Pause, {"scope": scope, "reason": reason, "since": now, "probe_at": now, "failures": 0,
                                     "closed": False})  # fmt: skip
        pause = session.get_one(Pause, scope, populate_existing=True)
    news = not pause.closed
    if news:
        pause.since = now
    pause.closed, pause.reason, pause.probe_at = True, reason, now + probe_after
    return news


def open_quiet_scopes(session: Session, now: datetime) -> None:
    """Open the pauses of a part of a channel (a folder, a push service) that has refused nothing since its last probe.

    Their deliveries are not held back: each is tried in its own time. So nothing is let go here, but the next refusal
    is news again, and staff see since when.
    """
    session.execute(
        update(Pause)
        .where(Pause.scope.like("%/%"), Pause.closed, Pause.probe_at <= now - A_LATE_PROBE)
        .values(closed=False, failures=0, last_failed=None)
    )


def _channel_fails(session: Session, lease: Lease, message: str, now: datetime, *, for_many: bool) -> None:
    """Count a failure of another row than the last, or of one that many wait for; the fifth in a row closes it."""
    pause = session.get(Pause, lease.channel)
    if pause is None:
        insert_once(session, Pause, {"scope": lease.channel, "reason": message, "since": now, "probe_at": now,
                                     "failures": 0, "closed": False})  # fmt: skip
        pause = session.get_one(Pause, lease.channel, populate_existing=True)
    if for_many or pause.last_failed != lease.delivery_id:
        pause.failures += 1
        pause.last_failed = lease.delivery_id
    if pause.failures >= FAILURES_BEFORE_PAUSE:
        close_channel(session, lease.channel, message, now=now, probe_after=PROBE_AFTER_FAILURES)


def _channel_works(session: Session, channel: str, now: datetime) -> None:
    """Forget failures; if the channel was closed, open it and let what waited go, five a second."""
    was = session.execute(
        select(Pause.closed, Pause.since).where(Pause.scope == channel, or_(Pause.closed, Pause.failures > 0))
    ).first()
    if was is None:
        return
    session.execute(
        update(Pause)
        .where(Pause.scope == channel)
        .values(closed=False, failures=0, last_failed=None)
        .execution_options(synchronize_session=False)
    )
    if was.closed:
        _restart(session, channel, closed_for=now - was.since, now=now)


def _restart(session: Session, channel: str, *, closed_for: timedelta, now: datetime) -> None:
    waiting = and_(OutboxDelivery.channel == channel, OutboxDelivery.state == DeliveryState.WAITING.value)
    ids = session.scalars(
        select(OutboxDelivery.id)
        .where(waiting, OutboxDelivery.held_for.is_(None), _has_settled(now))
        .order_by(OutboxDelivery.created_at)
    ).all()
    for place, delivery_id in enumerate(ids):
        session.execute(
            update(OutboxDelivery)
            .where(OutboxDelivery.id == delivery_id)
            .values(
                due_at=case(
                    (OutboxDelivery.due_at > now + place * RESTART_GAP, now + place * RESTART_GAP),
                    else_=OutboxDelivery.due_at,
                ),
                rung_at=None,
                paused_seconds=OutboxDelivery.paused_seconds + closed_for.total_seconds(),
            )
            .execution_options(synchronize_session=False)
        )


def free_expired(session: Session, now: datetime, *, lease_seconds: float) -> int:
    """Give back deliveries whose worker died; each death is counted, and ten of them stop the row.

    The dead worker may have sent before it died, so the next try looks first. A lease that ends further ahead
    than one lease length was written by a clock that has jumped; it counts as expired too.
    """
    too_far = now + timedelta(seconds=lease_seconds + 5)
    dead = and_(
        OutboxDelivery.state == DeliveryState.SENDING.value,
        or_(OutboxDelivery.lease_until < now, OutboxDelivery.lease_until > too_far),
    )
    doomed = OutboxDelivery.silent_deaths + 1 >= SILENT_DEATHS_ALLOWED
    reason = N_("Prosessen stoppet hver gang.")
    never_begun = and_(OutboxDelivery.channel.in_(BATCHED), cast_sql(OutboxDelivery.step, String) == "{}")
    freed = session.execute(
        update(OutboxDelivery)
        .where(dead)
        .values(
            state=case((doomed, DeliveryState.STOPPED.value), else_=DeliveryState.WAITING.value),
            stop_reason=case((doomed, reason), else_=None),
            ended_at=case((doomed, now), else_=None),
            silent_deaths=OutboxDelivery.silent_deaths + 1,
            # What goes out in batches is leased long before its turn: until that is marked nothing can have arrived.
            may_have_arrived=case((never_begun, OutboxDelivery.may_have_arrived), else_=True),
            lease_until=None,
            lease_owner=None,
            due_at=now,
            rung_at=None,
        )
        .returning(OutboxDelivery.id)
        .execution_options(synchronize_session=False)
    )
    return len(freed.all())


def after_restore(session: Session, *, can_ask: bool, since: datetime | None, now: datetime) -> int:
    """Let nothing go out twice from a database that was put back; return how many letters were on their way.

    can_ask: the archive can be asked before anything is sent; else each of these waits for a person, and so will those
    whose delivery is not made yet. since: only deliveries made after this. What was lent out belongs to no living
    process. A push is never sent again; a mail may come twice, with the same Message-ID.
    """
    young = [OutboxDelivery.created_at >= since] if since else []
    unfinished = OutboxDelivery.state.in_([DeliveryState.WAITING.value, DeliveryState.SENDING.value])
    free = {"state": DeliveryState.WAITING.value, "lease_until": None, "lease_owner": None, "rung_at": None}
    _change(session, [unfinished, *young], **free)
    letters = [unfinished, *young, OutboxDelivery.channel == "archive", OutboxDelivery.job.not_in(ONLY_ASK)]
    letters.append(OutboxDelivery.held_for.is_(None))  # what is held was never sent: its report may have been
    pushes = [unfinished, *young, OutboxDelivery.channel == "push"]
    _change(session, pushes, may_have_arrived=True)
    _note_restore(session, "push", now)
    if can_ask:
        return session.scalar(select(func.count()).select_from(OutboxDelivery).where(*letters)) or 0
    _note_restore(session, "archive", now)
    reason = N_("Hentet fra en sikkerhetskopi. Brevet kan ha kommet fram. Se etter i arkivet.")
    unclear = {"state": DeliveryState.UNCLEAR.value, "stop_reason": reason, "ended_at": now, "may_have_arrived": True}
    return _change(session, letters, **unclear)


def _change(session: Session, conditions: Sequence[ColumnElement[bool]], **values: object) -> int:
    changed = update(OutboxDelivery).where(*conditions).values(**values).returning(OutboxDelivery.id)
    return len(session.execute(changed.execution_options(synchronize_session=False)).all())


def _note_restore(session: Session, channel: str, now: datetime) -> None:
    """What was recorded until now may have gone out on this channel before the database was put back."""
    session.merge(Heartbeat(name=f"{RESTORED}:{channel}", struck_at=now))
    session.flush()


def send_again(session: Session, delivery_id: UUID, *, looked_in_archive: bool, now: datetime) -> None:
    """Let a stopped or unclear delivery try once more, with the same reference.

    Raises RuleBroken when its outcome is unknown and nobody has looked in the archive; Conflict when it is not
    stopped.
    """
    delivery = _stopped(session, delivery_id)
    if delivery.state == DeliveryState.UNCLEAR.value and not looked_in_archive:
        raise RuleBroken(N_("Har du sett etter i arkivet? Kryss av for det først."))
    delivery.state = DeliveryState.WAITING.value
    delivery.may_have_arrived = True
    delivery.silent_deaths = 0
    delivery.paused_seconds = (now - delivery.created_at).total_seconds()
    delivery.due_at, delivery.rung_at, delivery.ended_at, delivery.stop_reason = now, None, None, None


def delivered_otherwise(session: Session, delivery_id: UUID, *, case_number: str, now: datetime) -> None:
    """End a stopped or unclear delivery that a person has taken care of; `case_number` as in the archive."""
    delivery = _stopped(session, delivery_id)
    delivery.state, delivery.external_id, delivery.ended_at = DeliveryState.FILED.value, case_number, now
    delivery.stop_reason = None


def _stopped(session: Session, delivery_id: UUID) -> OutboxDelivery:
    delivery = session.get(OutboxDelivery, delivery_id, with_for_update=True)  # two people may press at once
    if delivery is None:
        raise NotFound(N_("Leveringen finnes ikke."))
    if delivery.state not in {DeliveryState.STOPPED.value, DeliveryState.UNCLEAR.value}:
        raise Conflict(N_("Leveringen er ikke stoppet."))
    return delivery


def end_held(
    session: Session,
    inputs: Sequence[UUID],
    state: DeliveryState,
    *,
    now: datetime,
    external_id: str | None = None,
    reason: str | None = None,
) -> Sequence[UUID]:
    """End the held deliveries of these inputs that still wait; return the inputs whose delivery ended now."""
    ended = (
        update(OutboxDelivery)
        .where(OutboxDelivery.held_for.in_(inputs), OutboxDelivery.state == DeliveryState.WAITING.value)
        .values(state=state.value, external_id=external_id, stop_reason=reason, ended_at=now)
        .returning(OutboxDelivery.held_for)
    )
    return [held for held in session.scalars(ended.execution_options(synchronize_session=False)) if held]


def forget_turns(session: Session, *, before: datetime) -> None:
    """Remove routed events of the clock older than `before` that made no delivery."""
    has_delivery = select(OutboxDelivery.event_id).where(OutboxDelivery.event_id == OutboxEvent.id).exists()
    session.execute(
        delete(OutboxEvent).where(OutboxEvent.turn.is_not(None), OutboxEvent.routed_at < before, ~has_delivery)
    )


def forget_answered(session: Session, job: str, *, before: datetime, limit: int) -> int:
    """Remove accepted deliveries of `job` that ended before `before`, with their tries; return how many.

    limit: how many at most. Of each case (external_id) the last one stays: it tells when the archive last answered.
    Meant for jobs that only ask, again and again; what was sent to somebody is never forgotten here.
    """
    newer = aliased(OutboxDelivery)
    # Written out, not bound, so that every planner sees at once that the partial index holds what is asked for.
    accepted = literal(DeliveryState.ACCEPTED.value, literal_execute=True)
    superseded = (
        select(newer.id)
        .where(newer.job == OutboxDelivery.job, newer.state == accepted)
        .where(newer.external_id == OutboxDelivery.external_id, newer.ended_at > OutboxDelivery.ended_at)
        .exists()
    )
    ids = session.scalars(
        select(OutboxDelivery.id)
        .where(OutboxDelivery.job == job, OutboxDelivery.state == accepted, OutboxDelivery.ended_at < before)
        .where(superseded)
        .limit(limit)
    ).all()
    session.execute(delete(DeliveryAttempt).where(DeliveryAttempt.delivery_id.in_(ids)))
    session.execute(delete(OutboxDelivery).where(OutboxDelivery.id.in_(ids)))
    return len(ids)


def count_rows(session: Session, model: type[Model]) -> int:
    return session.scalar(select(func.count()).select_from(model)) or 0
