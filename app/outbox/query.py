"""What can be seen of the outbox: for staff, for `flask check`, for the metrics."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.core.errors import NotFound
from app.core.text import N_
from app.outbox.models import DeliveryState, OutboxDelivery, OutboxEvent, Pause

A_LATE_PROBE = timedelta(minutes=2)
LONGEST_WAIT = timedelta(hours=4)

# What is held for a report goes with that, and has no way of its own.
ON_ITS_OWN = OutboxDelivery.held_for.is_(None)
WAITS_FOR_A_PERSON = (DeliveryState.STOPPED.value, DeliveryState.UNCLEAR.value)


@dataclass(frozen=True, slots=True)
class Stopped:
    """A delivery that a person must look at. state: stoppet or avklares. kind: of the event it is about.

    input_id: the input that the event is about, if one; letter_of: the input whose letter it is, which
    may be a comment on that input or a correction of it, or a report. since: when it stopped; attempts: how often it
    was tried. last_answer: what was last said, "" where that is the reason.
    """

    id: UUID
    event_id: UUID
    kind: str
    input_id: UUID | None
    letter_of: UUID | None
    job: str
    channel: str
    reference: str
    state: str
    reason: str
    last_answer: str
    attempts: int
    since: datetime

    @property
    def may_have_arrived(self) -> bool:
        return self.state == DeliveryState.UNCLEAR.value


def get_event(session: Session, event_id: UUID) -> OutboxEvent:
    return session.get_one(OutboxEvent, event_id)


def counts(session: Session, channel: str, *, jobs: Collection[str] = ()) -> Mapping[str, int]:
    """Return how many deliveries of `channel` (or of some jobs in it) are in each state; every state is there."""
    mine = [OutboxDelivery.channel == channel]
    if jobs:
        mine.append(OutboxDelivery.job.in_(jobs))
    rows = session.execute(select(OutboxDelivery.state, func.count()).where(*mine).group_by(OutboxDelivery.state))
    found = {state: count for state, count in rows}  # noqa: C416 - a Row is a pair to people, not to mypy
    return {state.value: found.get(state.value, 0) for state in DeliveryState}


def at_most(session: Session, channel: str, states: Collection[str], most: int) -> int:
    """Return how many deliveries of `channel` are in one of these states, counted to `most` and no further.

    What is held for a report is not among them.
    """
    mine = select(OutboxDelivery.id).where(
        OutboxDelivery.channel == channel, OutboxDelivery.state.in_(states), ON_ITS_OWN
    )
    return session.scalar(select(func.count()).select_from(mine.limit(most).subquery())) or 0


def input_of_reference(session: Session, reference: str) -> UUID | None:
    """Return the input that a delivery with this reference is about; None when there is none."""
    event = session.scalar(
        select(OutboxEvent)
        .join(OutboxDelivery, OutboxDelivery.event_id == OutboxEvent.id)
        .where(OutboxDelivery.reference == reference)
    )
    return _about(event) if event else None


def _about(event: OutboxEvent) -> UUID | None:
    about = event.payload.get("idea_id") or event.payload.get("input_id")
    return UUID(about) if about else None


def held_count(session: Session, most: int) -> int:
    """Return how many deliveries wait for a report, counted to `most` and no further."""
    held = select(OutboxDelivery.id).where(
        OutboxDelivery.held_for.is_not(None), OutboxDelivery.state == DeliveryState.WAITING.value
    )
    return session.scalar(select(func.count()).select_from(held.limit(most).subquery())) or 0


def stopped(session: Session, channel: str, *, limit: int = 100) -> Sequence[Stopped]:
    """Return what waits for a person, newest first."""
    rows = session.execute(
        select(OutboxDelivery, OutboxEvent)
        .join(OutboxEvent, OutboxEvent.id == OutboxDelivery.event_id)
        .where(OutboxDelivery.channel == channel, OutboxDelivery.state.in_(WAITS_FOR_A_PERSON))
        .order_by(OutboxDelivery.ended_at.desc(), OutboxDelivery.id)
        .limit(limit)
    )
    return [_stopped(delivery, event) for delivery, event in rows]


@dataclass(frozen=True, slots=True)
class OnItsWay:
    """A delivery that nobody need look at: it waits, or it has arrived. due_at: of the next try; last_answer: or "".

    ended_at: when it arrived.
    """

    id: UUID
    kind: str
    input_id: UUID | None
    job: str
    reference: str
    attempts: int
    last_answer: str
    made_at: datetime
    due_at: datetime
    ended_at: datetime | None


def on_its_way(session: Session, channel: str, states: Collection[str], *, limit: int) -> Sequence[OnItsWay]:
    """Return the deliveries of `channel` in these states that were made last, without those held for a report."""
    rows = session.execute(
        select(OutboxDelivery, OutboxEvent)
        .join(OutboxEvent, OutboxEvent.id == OutboxDelivery.event_id)
        .where(OutboxDelivery.channel == channel, OutboxDelivery.state.in_(states), ON_ITS_OWN)
        .order_by(OutboxDelivery.created_at.desc(), OutboxDelivery.id)
        .limit(limit)
    )
    return [
        OnItsWay(
            row.id, event.kind, _about(event), row.job, row.reference, row.attempts, row.last_error or "",
            row.created_at, row.due_at, row.ended_at,
        )
        for row, event in rows
    ]  # fmt: skip


def stopped_or_none(session: Session, delivery_id: UUID, channel: str) -> Stopped | None:
    """Return a delivery that waits for a person; None when somebody has taken care of it. Raises NotFound."""
    row = session.get(OutboxDelivery, delivery_id)
    if row is None or row.channel != channel:
        raise NotFound(N_("Leveringen finnes ikke."))
    if row.state not in WAITS_FOR_A_PERSON:
        return None
    return _stopped(row, get_event(session, row.event_id))


def _stopped(row: OutboxDelivery, event: OutboxEvent) -> Stopped:
    last_answer = row.last_error if row.last_error and row.last_error != row.stop_reason else ""
    letter_of = event.payload.get("comment_id") or event.payload.get("correction_id") or event.payload.get("report_id")
    return Stopped(
        row.id, row.event_id, event.kind, _about(event), UUID(letter_of) if letter_of else _about(event), row.job,
        row.channel, row.reference,
        row.state, row.stop_reason or "", last_answer, row.attempts, row.ended_at or row.due_at,
    )  # fmt: skip


def waiting_count(session: Session, channel: str) -> int:
    """Return how many deliveries of a channel wait, for whatever they wait."""
    waiting = OutboxDelivery.state == DeliveryState.WAITING.value
    return session.scalar(select(func.count()).where(OutboxDelivery.channel == channel, waiting)) or 0


def oldest_waiting(session: Session, channel: str) -> datetime | None:
    """Return when the oldest delivery that still waits was made, or None. What is held for a report may wait."""
    return session.scalar(
        select(func.min(OutboxDelivery.created_at)).where(
            OutboxDelivery.channel == channel,
            OutboxDelivery.state.in_([DeliveryState.WAITING.value, DeliveryState.SENDING.value]),
            ON_ITS_OWN,
        )
    )


def waits_too_long(session: Session, channel: str, now: datetime) -> bool:
    """Tell whether a delivery has waited for so long that staff must hear of it: LONGEST_WAIT or more."""
    oldest = oldest_waiting(session, channel)
    return oldest is not None and now - oldest >= LONGEST_WAIT


def pauses(session: Session, now: datetime) -> Sequence[Pause]:
    """Return the channels that are closed, and the folders whose letters are refused.

    A folder (a scope with a slash) is tried again by each of its letters; it is in order when none has been refused
    since its last probe.
    """
    refused = or_(Pause.scope.not_like("%/%"), Pause.probe_at > now - A_LATE_PROBE)
    return session.scalars(select(Pause).where(Pause.closed, refused)).all()


def is_paused(session: Session, scope: str) -> bool:
    pause = session.get(Pause, scope)
    return pause is not None and pause.closed


def busy_until(session: Session, scopes: Collection[str], now: datetime) -> Mapping[str, datetime]:
    """Return until when these have asked us to wait, those that have not passed."""
    asked = select(Pause.scope, Pause.probe_at).where(Pause.scope.in_(scopes), Pause.closed, Pause.probe_at > now)
    return {scope: until for scope, until in session.execute(asked)}  # noqa: C416 - a Row is a pair to people


def anything_before(session: Session, moment: datetime) -> bool:
    """Tell whether anything at all was recorded before `moment`."""
    return session.scalars(select(OutboxEvent.id).where(OutboxEvent.recorded_at < moment).limit(1)).first() is not None


def unrouted_count(session: Session) -> int:
    return session.scalar(select(func.count()).where(OutboxEvent.routed_at.is_(None))) or 0
