"""What can be seen of the outbox: for staff, for `flask check`, for the metrics."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.outbox.models import DeliveryState, OutboxDelivery, OutboxEvent, Pause

A_LATE_PROBE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Stopped:
    """A delivery that a person must look at. state: stoppet or avklares."""

    id: UUID
    event_id: UUID
    channel: str
    reference: str
    state: str
    reason: str
    attempts: int
    since: datetime


def get_event(session: Session, event_id: UUID) -> OutboxEvent:
    return session.get_one(OutboxEvent, event_id)


def counts(session: Session, channel: str, *, job: str | None = None) -> Mapping[str, int]:
    """Return how many deliveries of `channel` (or of one job in it) are in each state; every state is there."""
    mine = [OutboxDelivery.channel == channel]
    if job is not None:
        mine.append(OutboxDelivery.job == job)
    rows = session.execute(select(OutboxDelivery.state, func.count()).where(*mine).group_by(OutboxDelivery.state))
    found = {state: count for state, count in rows}  # noqa: C416 - a Row is a pair to people, not to mypy
    return {state.value: found.get(state.value, 0) for state in DeliveryState}


def stopped(session: Session, channel: str, *, limit: int = 100) -> Sequence[Stopped]:
    """Return what waits for a person, newest first."""
    rows = session.scalars(
        select(OutboxDelivery)
        .where(
            OutboxDelivery.channel == channel,
            OutboxDelivery.state.in_([DeliveryState.STOPPED.value, DeliveryState.UNCLEAR.value]),
        )
        .order_by(OutboxDelivery.ended_at.desc())
        .limit(limit)
    )
    return [
        Stopped(
            row.id, row.event_id, row.channel, row.reference, row.state, row.stop_reason or "", row.attempts,
            row.ended_at or row.due_at,
        )
        for row in rows
    ]  # fmt: skip


def oldest_waiting(session: Session, channel: str) -> datetime | None:
    """Return when the oldest delivery that still waits was made, or None."""
    return session.scalar(
        select(func.min(OutboxDelivery.created_at)).where(
            OutboxDelivery.channel == channel,
            OutboxDelivery.state.in_([DeliveryState.WAITING.value, DeliveryState.SENDING.value]),
        )
    )


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


def unrouted_count(session: Session) -> int:
    return session.scalar(select(func.count()).where(OutboxEvent.routed_at.is_(None))) or 0
