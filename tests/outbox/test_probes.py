"""A paused channel is probed with one delivery, and never with one the archive may still be working on."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.errors import UnknownOutcome
from app.ideas.events import IdeaWithdrawn
from app.outbox import service
from app.outbox.models import OutboxDelivery
from app.outbox.query import get_event
from app.outbox.service import Lease, Recipient, Route

MINUTE = timedelta(minutes=1)
SETTLES = 150.0


def test_what_may_have_arrived_is_no_probe_before_it_has_settled(session: Session, now: datetime) -> None:
    delivery_id = delivery(session, now)
    lease = taken(session, delivery_id, now)
    assert lease is not None
    service.fail(session, lease, UnknownOutcome("?"), now=now, waits=(10.0,), settle_seconds=SETTLES)
    service.close_channel(session, "archive", "nede", now=now, probe_after=MINUTE)

    assert not service.due(session, now + MINUTE, limit=10)
    assert taken(session, delivery_id, now + MINUTE) is None


def test_what_may_have_arrived_is_a_probe_once_it_has_settled(session: Session, now: datetime) -> None:
    delivery_id = delivery(session, now)
    lease = taken(session, delivery_id, now)
    assert lease is not None
    service.fail(session, lease, UnknownOutcome("?"), now=now, waits=(10.0,), settle_seconds=SETTLES)
    service.close_channel(session, "archive", "nede", now=now, probe_after=MINUTE)

    later = now + timedelta(seconds=SETTLES)
    assert [row.id for row in service.due(session, later, limit=10)] == [delivery_id]
    assert taken(session, delivery_id, later) is not None


def test_what_surely_did_not_arrive_is_a_probe_before_its_own_time(session: Session, now: datetime) -> None:
    delivery_id = delivery(session, now, due_at=now + timedelta(hours=1))
    service.close_channel(session, "archive", "nede", now=now, probe_after=MINUTE)

    assert [row.id for row in service.due(session, now + MINUTE, limit=10)] == [delivery_id]
    assert taken(session, delivery_id, now + MINUTE) is not None


def taken(session: Session, delivery_id: UUID, now: datetime) -> Lease | None:
    return service.take(session, delivery_id, owner="test", now=now, seconds=180)


def delivery(session: Session, now: datetime, *, due_at: datetime | None = None) -> UUID:
    """Store a fact with one delivery to the archive; return the delivery's id."""
    event = get_event(session, service.record(session, IdeaWithdrawn(idea_id=UUID(int=1)), now=now, due_at=due_at))
    service.deliver_to(session, event, Route("forward_case", "archive", "send"), [Recipient("archive")], now)
    return session.scalars(select(OutboxDelivery.id).where(OutboxDelivery.event_id == event.id)).one()
