"""What people have chosen, seen where every batch of notices passes."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from app.core.actor import Actor
from app.notices import service as notices
from app.notices.models import Topic, Way
from app.outbox.models import OutboxEvent
from app.push import service as push
from app.push.client import PushMessage
from app.push.models import PushOutcome, PushSubscription
from workers.notice import LeftOut, NotYet
from workers.wishes import heed

ABOUTS = ("step", "follow", "news")


@pytest.fixture
def phone(session, kari, now) -> UUID:
    keys = {"endpoint": "https://push.example/1", "origin": "https://push.example", "p256dh": "x", "auth": "x"}
    made = PushSubscription(endpoint_hash=b"1" * 32, device_key=kari.device_key, created_at=now, **keys)
    session.add(made)
    session.flush()
    return made.id


def heeded(session, settings, phone: UUID, about: str, now):
    said = {phone: PushMessage(b"{}", "t", about=about)}
    return heed(session, about, OutboxEvent(), said, {}, settings=settings, now=now)[phone]


def told(session, phone: UUID, about: str, now, *, outcome: PushOutcome = PushOutcome.ACCEPTED) -> None:
    push.note_all(session, [phone], topic=about, outcome=PushOutcome.SENT, now=now)
    push.note_all(session, [phone], topic=about, outcome=outcome, now=now)


@pytest.mark.parametrize("about", ABOUTS)
def test_by_day_it_is_told_and_by_night_it_waits_for_the_morning(session, settings, phone, now, about):
    night = now.replace(hour=22)

    assert isinstance(heeded(session, settings, phone, about, now), PushMessage)
    waits = heeded(session, settings, phone, about, night)
    assert isinstance(waits, NotYet)
    assert waits.until > night


def test_a_test_comes_at_night_too(session, settings, phone, now):
    assert isinstance(heeded(session, settings, phone, "test", now.replace(hour=22)), PushMessage)


def test_where_there_are_no_quiet_hours_it_is_told_at_night(session, settings, phone, now):
    awake = replace(settings, quiet_from=0, quiet_until=0)

    assert isinstance(heeded(session, awake, phone, "news", now.replace(hour=22)), PushMessage)


@pytest.mark.parametrize("outcome", [PushOutcome.ACCEPTED, PushOutcome.UNKNOWN])
def test_the_third_of_a_week_is_left_out_and_an_answer_to_ones_own_is_not(session, settings, phone, now, outcome):
    told(session, phone, "news", now - timedelta(days=6), outcome=outcome)
    assert isinstance(heeded(session, settings, phone, "follow", now), PushMessage)
    told(session, phone, "follow", now - timedelta(days=1), outcome=outcome)

    assert isinstance(heeded(session, settings, phone, "news", now), LeftOut)
    assert isinstance(heeded(session, settings, phone, "follow", now), LeftOut)
    assert isinstance(heeded(session, settings, phone, "step", now), PushMessage)
    assert isinstance(heeded(session, settings, phone, "news", now + timedelta(days=2)), PushMessage)


def test_answers_to_ones_own_and_what_never_came_are_not_counted(session, settings, phone, now):
    for _ in range(3):
        told(session, phone, "step", now)
        told(session, phone, "news", now, outcome=PushOutcome.REFUSED)

    assert isinstance(heeded(session, settings, phone, "news", now), PushMessage)


@pytest.mark.parametrize(("about", "topic"), [("step", Topic.OWN), ("follow", Topic.FOLLOW), ("news", Topic.NEWS)])
def test_who_wants_it_only_in_the_list_is_left_out_of_that_and_nothing_else(
    session, settings, phone, kari, now, about, topic
):
    notices.choose(session, {topic: Way.HERE}, actor=kari, now=now)

    for one in ABOUTS:
        assert isinstance(heeded(session, settings, phone, one, now), LeftOut if one == about else PushMessage)


def test_what_somebody_else_has_chosen_changes_nothing(session, settings, phone, now):
    ola = Actor(device_key=uuid4().bytes * 2)
    notices.choose(session, {Topic.NEWS: Way.HERE}, actor=ola, now=now)

    assert isinstance(heeded(session, settings, phone, "news", now), PushMessage)
