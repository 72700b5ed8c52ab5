"""Who is told, and what became of it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.parcels.models import Follow, Parcel
from app.processes.models import ProcessFollow
from app.push.client import PushAddress
from app.push.models import PushLog, PushOutcome, PushSubscription
from app.push.policy import OTHERS


class DeviceState(str, Enum):
    """What this phone is told: nothing yet, what it follows, or nothing any more."""

    OFF = "off"
    ON = "on"
    DEAD = "dead"


class TestState(str, Enum):
    """What became of the last test notice."""

    __test__ = False  # pytest takes the name for a test

    NONE = "none"
    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class DeviceView:
    """What /varsler says of this phone. dead_at: when it went silent; test_at: when the test was sent or asked for."""

    state: DeviceState
    dead_at: datetime | None = None
    test: TestState = TestState.NONE
    test_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Receiver:
    """One phone to tell. origin: of its push service."""

    address: PushAddress
    origin: str
    language: str


def of_device(session: Session, actor: Actor) -> Sequence[PushSubscription]:
    """Return the subscriptions of this device, the newest first, also those that are gone."""
    if actor.device_key is None:
        return []
    query = select(PushSubscription).where(PushSubscription.device_key == actor.device_key)
    return session.scalars(query.order_by(PushSubscription.created_at.desc())).all()


def any_on(session: Session, device: bytes) -> bool:
    """Tell whether this device is told anything, without an account."""
    query = select(PushSubscription.id).where(
        PushSubscription.device_key == device, PushSubscription.participant_id.is_(None)
    )
    return session.scalar(query.limit(1)) is not None


def device_view(session: Session, actor: Actor) -> DeviceView:
    """Return what this phone is told now, and how its last test went."""
    found = of_device(session, actor)
    active = [subscription for subscription in found if subscription.gone_at is None]
    if not active:
        gone = max((s.gone_at for s in found if s.gone_at is not None), default=None)
        return DeviceView(DeviceState.DEAD if gone else DeviceState.OFF, gone)
    asked = [s for s in active if s.test_asked_at is not None]
    if not asked:
        return DeviceView(DeviceState.ON)
    newest = max(asked, key=lambda s: s.test_asked_at or s.created_at)
    state, at = _test_state(session, newest)
    return DeviceView(DeviceState.ON, None, state, at)


def _test_state(session: Session, subscription: PushSubscription) -> tuple[TestState, datetime | None]:
    asked_at = subscription.test_asked_at
    last = session.scalars(
        select(PushLog)
        .where(
            PushLog.subscription_id == subscription.id,
            PushLog.topic == "test",
            PushLog.at >= asked_at,
            PushLog.outcome != PushOutcome.SENT.value,
        )
        .order_by(PushLog.at.desc())
        .limit(1)
    ).first()
    if last is None:
        return TestState.WAITING, asked_at
    accepted = last.outcome == PushOutcome.ACCEPTED.value
    return (TestState.SENT if accepted else TestState.FAILED), last.at


def subscriptions_following(session: Session, input_id: UUID, *, other_than: bytes | None = None) -> Sequence[UUID]:
    """Return the ids of the active subscriptions of all who follow this input, each once, in a fixed order.

    other_than: a device_key whose own subscriptions are left out.
    """
    query = (
        select(PushSubscription.id)
        .join(Follow, _same_follower())
        .where(Follow.input_id == input_id, PushSubscription.gone_at.is_(None))
        .distinct()
        .order_by(PushSubscription.id)
    )
    if other_than is not None:
        query = query.where(PushSubscription.device_key.is_distinct_from(other_than))
    return session.scalars(query).all()


def subscriptions_of(session: Session, sender: Actor) -> Sequence[UUID]:
    """Return the ids of the active subscriptions of one device and account, in a fixed order."""
    marks = [PushSubscription.device_key == sender.device_key] if sender.device_key is not None else []
    marks += [PushSubscription.participant_id == sender.participant_id] if sender.participant_id is not None else []
    if not marks:
        return []
    query = select(PushSubscription.id).where(or_(*marks), PushSubscription.gone_at.is_(None))
    return session.scalars(query.order_by(PushSubscription.id)).all()


def receivers(session: Session, ids: Collection[UUID]) -> Mapping[UUID, Receiver]:
    """Return where and how to tell these subscriptions; those that are ended or gone are left out."""
    found = session.execute(
        select(
            PushSubscription.id, PushSubscription.endpoint, PushSubscription.p256dh, PushSubscription.auth,
            PushSubscription.vapid_key,
            PushSubscription.origin, PushSubscription.language,
        ).where(PushSubscription.id.in_(ids), PushSubscription.gone_at.is_(None))
    )  # fmt: skip
    return {row.id: Receiver(PushAddress(*row[1:5]), row.origin, row.language) for row in found}


def following_input(session: Session, ids: Collection[UUID], input_id: UUID) -> Mapping[UUID, bool]:
    """Return which of these subscriptions follow this input, and for each whether it was sent from there.

    Whoever sent it follows it from the very moment it was received, and nobody else can.
    """
    found = session.execute(
        select(PushSubscription.id, Follow.since, Parcel.received_at)
        .join(Follow, _same_follower())
        .join(Parcel, Parcel.input_id == Follow.input_id)
        .where(Follow.input_id == input_id, PushSubscription.id.in_(ids))
    )
    own: dict[UUID, bool] = {}
    for one, followed_at, received_at in found:
        own[one] = own.get(one, False) or followed_at == received_at
    return own


def subscriptions_following_process(session: Session, process_id: UUID) -> Sequence[UUID]:
    """Return the ids of the active subscriptions of all who follow this process, each once, in a fixed order."""
    following = select(PushSubscription.id).where(_follows_process(process_id), PushSubscription.gone_at.is_(None))
    return session.scalars(following.order_by(PushSubscription.id)).all()


def following_process(session: Session, ids: Collection[UUID], process_id: UUID) -> Collection[UUID]:
    """Return which of these subscriptions follow this process."""
    following = select(PushSubscription.id).where(PushSubscription.id.in_(ids), _follows_process(process_id))
    return frozenset(session.scalars(following))


def _follows_process(process_id: UUID) -> ColumnElement[bool]:
    """By two lists, not by a join on either mark: a planner reads each from its own index."""
    devices = select(ProcessFollow.device_key).where(
        ProcessFollow.process_id == process_id, ProcessFollow.device_key.is_not(None)
    )
    accounts = select(ProcessFollow.participant_id).where(
        ProcessFollow.process_id == process_id, ProcessFollow.participant_id.is_not(None)
    )
    return or_(PushSubscription.device_key.in_(devices), PushSubscription.participant_id.in_(accounts))


def origins_that_take_ours(session: Session, origins: Collection[str], *, since: datetime) -> Collection[str]:
    """Return which of these push services have taken anything from us since then: they know our key."""
    query = select(PushSubscription.origin).where(
        PushSubscription.origin.in_(origins), PushSubscription.last_accepted_at >= since
    )
    return frozenset(session.scalars(query.distinct())) if origins else frozenset()


def told_of_others(session: Session, ids: Collection[UUID], *, since: datetime) -> Mapping[UUID, int]:
    """Return how often each has been told since then, perhaps, of what is not its own; who never was is left out."""
    told = (PushOutcome.ACCEPTED.value, PushOutcome.UNKNOWN.value)
    query = select(PushLog.subscription_id, func.count()).where(
        PushLog.subscription_id.in_(ids), PushLog.topic.in_(OTHERS), PushLog.outcome.in_(told), PushLog.at >= since
    )
    found = session.execute(query.group_by(PushLog.subscription_id)).all()
    return {row[0]: row[1] for row in found}


def log_between(session: Session, since: datetime, until: datetime) -> Mapping[tuple[str, str], int]:
    """Return how many lines the log has of each topic and outcome from `since` up to, not with, `until`."""
    query = select(PushLog.topic, PushLog.outcome, func.count()).where(PushLog.at >= since, PushLog.at < until)
    found = session.execute(query.group_by(PushLog.topic, PushLog.outcome)).all()
    return {(topic, outcome): count for topic, outcome, count in found}


def log_counts(session: Session, *, now: datetime, days: int = 7) -> dict[str, int]:
    """Return how many lines of each outcome the log has from the last `days`; every outcome is there, also at 0."""
    found = session.execute(
        select(PushLog.outcome, func.count()).where(PushLog.at >= now - timedelta(days=days)).group_by(PushLog.outcome)
    ).all()
    counts = {outcome.value: 0 for outcome in PushOutcome}
    counts.update((outcome, count) for outcome, count in found)
    return counts


def _same_follower() -> ColumnElement[bool]:
    return or_(
        Follow.device_key == PushSubscription.device_key, Follow.participant_id == PushSubscription.participant_id
    )
