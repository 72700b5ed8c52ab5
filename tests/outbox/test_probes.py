"""A paused channel is probed with one delivery, and never with one the archive may still be working on."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.errors import ConfigurationFault, DeliveryFault, NotYet, Transient, UnknownOutcome
from app.ideas.events import IdeaWithdrawn
from app.outbox import query, service
from app.outbox.models import OutboxDelivery
from app.outbox.query import get_event
from app.outbox.service import Lease, Recipient, Route

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
SETTLES = 150.0
SERVICE = "push/push.example"


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


def test_what_waits_for_something_of_ours_is_no_probe_while_another_can_ask(session: Session, now: datetime) -> None:
    waits, asks = delivery(session, now), delivery(session, now)
    ended(session, waits, NotYet("Saksmappen er ikke klar.", seconds=1), now)
    ended(session, asks, Transient("Arkivet svarer ikke."), now)
    service.close_channel(session, "archive", "nede", now=now, probe_after=MINUTE)

    assert [row.id for row in service.due(session, now + MINUTE, limit=10)] == [asks]


def test_a_probe_that_asked_nobody_leaves_its_turn_to_another(session: Session, now: datetime) -> None:
    waits, other = delivery(session, now), delivery(session, now + MINUTE)
    service.close_channel(session, "archive", "nede", now=now, probe_after=MINUTE)

    ended(session, waits, NotYet("Saksmappen er ikke klar.", seconds=1), now + MINUTE)

    assert [row.id for row in service.due(session, now + MINUTE, limit=10)] == [other]


def test_one_that_many_wait_for_closes_the_channel_alone(session: Session, now: datetime) -> None:
    folder = delivery(session, now)

    for hours in range(5):
        assert not query.is_paused(session, "archive")
        ended(session, folder, Transient("Arkivet svarer ikke.", for_many=True), now + hours * HOUR)

    assert query.is_paused(session, "archive")


def test_a_pause_that_still_lasts_counts_as_little_as_one_that_is_over(session: Session, now: datetime) -> None:
    long_ago = now - timedelta(days=20)
    waiting = delivery(session, long_ago)
    service.close_channel(session, "archive", "nede", now=long_ago + MINUTE, probe_after=MINUTE)

    ended(session, waiting, Transient("Arkivet svarer ikke."), now)

    assert session.get_one(OutboxDelivery, waiting).state == "waiting"


def test_a_push_service_that_takes_our_notices_again_is_open_again(session: Session, now: datetime) -> None:
    refused(session, now)
    assert query.is_paused(session, SERVICE)

    for minutes in (1, 5, 6):
        service.open_quiet_scopes(session, now + minutes * MINUTE)
        assert query.is_paused(session, SERVICE), f"open after {minutes} minutes, before anything has been tried"
    service.open_quiet_scopes(session, now + 7 * MINUTE)

    assert not query.is_paused(session, SERVICE)


def test_one_that_refuses_each_time_stays_paused_since_the_first(session: Session, now: datetime) -> None:
    for minutes in (0, 5, 10, 15):
        refused(session, now + minutes * MINUTE)
        service.open_quiet_scopes(session, now + (minutes + 4) * MINUTE)

    (pause,) = query.pauses(session, now + 19 * MINUTE)
    assert (pause.scope, pause.since) == (SERVICE, now)


def test_one_that_refuses_again_after_it_was_open_is_paused_anew(session: Session, now: datetime) -> None:
    refused(session, now)
    day = now + timedelta(days=1)
    service.open_quiet_scopes(session, day)

    refused(session, day)

    (pause,) = query.pauses(session, day)
    assert pause.since == day


def test_a_whole_channel_is_opened_by_a_success_alone(session: Session, now: datetime) -> None:
    service.close_channel(session, "push", "nede", now=now, probe_after=MINUTE)

    service.open_quiet_scopes(session, now + timedelta(days=1))

    assert query.is_paused(session, "push")


def refused(session: Session, at: datetime) -> None:
    """Let a push service refuse our key: that is the service's pause, not everybody's."""
    delivery_id = delivery(session, at, channel="push")
    lease = taken(session, delivery_id, at)
    assert lease is not None
    fault = ConfigurationFault("Godtar ikke nøkkelen vår (403).", scope="push.example")
    service.fail(session, lease, fault, now=at, waits=(10.0,), settle_seconds=SETTLES)


def ended(session: Session, delivery_id: UUID, fault: DeliveryFault, now: datetime) -> None:
    """Let a try end with this fault."""
    lease = taken(session, delivery_id, now)
    assert lease is not None
    service.fail(session, lease, fault, now=now, waits=(10.0,), settle_seconds=SETTLES)
    session.expire_all()


def taken(session: Session, delivery_id: UUID, now: datetime) -> Lease | None:
    return service.take(session, delivery_id, owner="test", now=now, seconds=180)


def delivery(session: Session, now: datetime, *, due_at: datetime | None = None, channel: str = "archive") -> UUID:
    """Store a fact with one delivery; return the delivery's id."""
    event = get_event(session, service.record(session, IdeaWithdrawn(idea_id=UUID(int=1)), now=now, due_at=due_at))
    service.deliver_to(session, event, Route("forward_case", channel, "send"), [Recipient(channel)], now)
    return session.scalars(select(OutboxDelivery.id).where(OutboxDelivery.event_id == event.id)).one()
