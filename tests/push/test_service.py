"""Who subscribes, to what, and what a notice may say."""

import json
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from app.core.actor import NOBODY
from app.core.errors import Conflict, NotFound, RuleBroken
from app.outbox.models import OutboxEvent
from app.parcels import query as parcels
from app.push import query, service
from app.push.client import TEXT_LIMIT
from app.push.models import PushLog, PushOutcome, PushSubscription
from app.push.query import DeviceState, TestState
from tests.support.ideas import make_idea
from tests.support.phones import make_phone, new_wish


def test_kari_is_told_on_this_phone_after_she_said_yes(session, kari, now):
    assert query.device_view(session, kari).state is DeviceState.OFF

    make_phone(session, actor=kari, now=now)

    assert query.device_view(session, kari).state is DeviceState.ON


def test_what_kari_switches_on_is_not_on_for_ola(session, kari, ola, now):
    make_phone(session, actor=kari, now=now)

    assert query.device_view(session, ola).state is DeviceState.OFF


def test_the_same_browser_twice_is_one_subscription(session, kari, now):
    make_phone(session, actor=kari, now=now)
    make_phone(session, actor=kari, now=now, language="en")

    found = session.scalars(select(PushSubscription)).one()
    assert found.language == "en"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("endpoint", "https://inner.test/x"),
        ("endpoint", "http://fcm.googleapis.com/x"),
        ("endpoint", "https://127.0.0.1/x"),
        ("endpoint", "https://fcm.googleapis.com/" + "x" * 2100),
        ("endpoint", "\ud800"),
        ("p256dh", "AAAA"),
        ("p256dh", "A" * 87),
        ("p256dh", "æøå"),
        ("p256dh", "!" * 87),
        ("auth", "AAAA"),
        ("auth", "A" * 23),
        ("auth", ""),
    ],
)
def test_what_is_no_subscription_is_refused(session, kari, now, field, value):
    with pytest.raises(RuleBroken):
        service.subscribe(session, replace(new_wish(), **{field: value}), actor=kari, now=now)


def test_a_loopback_service_is_taken_only_where_the_setting_says_so(session, kari, now):
    wish = replace(new_wish(), endpoint="http://localhost:8090/notify/x")

    with pytest.raises(RuleBroken):
        service.subscribe(session, wish, actor=kari, now=now)

    assert (
        service.subscribe(session, wish, actor=kari, now=now, push_hosts="localhost:8090").origin
        == "http://localhost:8090"
    )


def test_somebody_without_a_mark_cannot_subscribe(session, now):
    with pytest.raises(RuleBroken):
        service.subscribe(session, new_wish(), actor=NOBODY, now=now)


def test_subscribing_at_an_idea_follows_it(session, settings, kari, ola, now):
    idea = make_idea(session, settings, actor=kari, now=now)

    service.subscribe(session, new_wish("ola"), actor=ola, now=now, input_id=idea.id)

    assert parcels.follows(session, idea.id, ola)


def test_an_input_that_is_not_there_cannot_be_followed(session, ola, now):
    with pytest.raises(NotFound):
        service.subscribe(session, new_wish(), actor=ola, now=now, input_id=uuid4())


def test_switching_off_forgets_this_device_alone(session, kari, ola, now):
    make_phone(session, actor=kari, now=now, name="kari")
    make_phone(session, actor=ola, now=now, name="ola")

    assert service.unsubscribe(session, actor=kari) == 1

    assert [s.device_key for s in session.scalars(select(PushSubscription))] == [ola.device_key]


def test_a_renewed_subscription_takes_the_place_of_the_old_one(session, kari, ola, now):
    make_phone(session, actor=ola, now=now, name="ola")
    make_phone(session, actor=kari, now=now, name="old")

    make_phone(session, actor=kari, now=now, name="new")

    found = session.scalars(select(PushSubscription.endpoint).order_by(PushSubscription.endpoint)).all()
    assert [endpoint.rpartition("/")[2] for endpoint in found] == ["new", "ola"]


def test_a_phone_that_is_gone_is_blank_and_is_told_so(session, kari, now):
    phone = make_phone(session, actor=kari, now=now)

    service.forget_all(session, [phone.id], now=now)
    session.expire_all()

    assert (phone.endpoint, phone.p256dh, phone.auth) == ("", "", "")
    assert query.device_view(session, kari) == query.DeviceView(DeviceState.DEAD, now)


def test_a_phone_that_was_gone_comes_back(session, kari, now):
    phone = make_phone(session, actor=kari, now=now)
    service.forget_all(session, [phone.id], now=now)
    session.commit()

    make_phone(session, actor=kari, now=now)

    assert query.device_view(session, kari).state is DeviceState.ON


def test_a_test_is_announced_with_ids_alone(session, kari, now):
    phone = make_phone(session, actor=kari, now=now)

    service.request_test(session, actor=kari, now=now)

    event = session.scalars(select(OutboxEvent)).one()
    assert (event.kind, event.payload) == ("test_push_wanted", {"subscription_id": str(phone.id)})


def test_a_test_needs_something_that_is_on(session, kari, now):
    with pytest.raises(Conflict):
        service.request_test(session, actor=kari, now=now)


@pytest.mark.parametrize(("seconds", "refused"), [(0, True), (9.9, True), (10, False)])
def test_tests_have_some_seconds_between_them(session, kari, now, seconds, refused):
    make_phone(session, actor=kari, now=now)
    service.request_test(session, actor=kari, now=now)
    later = now + timedelta(seconds=seconds)

    if refused:
        with pytest.raises(Conflict):
            service.request_test(session, actor=kari, now=later)
    else:
        assert service.request_test(session, actor=kari, now=later) == 1


@pytest.mark.parametrize(
    ("outcomes", "state"),
    [
        ([], TestState.WAITING),
        ([PushOutcome.SENT], TestState.WAITING),
        ([PushOutcome.SENT, PushOutcome.ACCEPTED], TestState.SENT),
        ([PushOutcome.SENT, PushOutcome.REFUSED], TestState.FAILED),
        ([PushOutcome.SENT, PushOutcome.UNKNOWN], TestState.FAILED),
    ],
)
def test_the_page_says_no_more_of_a_test_than_is_known(session, kari, now, outcomes, state):
    phone = make_phone(session, actor=kari, now=now)
    service.request_test(session, actor=kari, now=now)
    for number, outcome in enumerate(outcomes):
        service.note_all(session, [phone.id], topic="test", outcome=outcome, now=now + timedelta(seconds=number))
    session.flush()

    assert query.device_view(session, kari).test is state


def test_the_log_is_counted_by_what_became_of_the_messages(session, now):
    for outcome in (PushOutcome.SENT, PushOutcome.SENT, PushOutcome.GONE):
        service.note_all(session, [uuid4()], topic="step", outcome=outcome, now=now)
    service.note_all(session, [uuid4()], topic="step", outcome=PushOutcome.SENT, now=now - timedelta(days=8))
    session.flush()

    assert query.log_counts(session, now=now) == {"sent": 2, "accepted": 0, "gone": 1, "refused": 0, "unknown": 0}
    assert session.scalar(select(func.count()).select_from(PushLog)) == 4


@pytest.mark.parametrize("language", ["nb", "nn", "en", "se", "smj"])
@pytest.mark.parametrize("step", sorted(service.TOLD_STEPS))
def test_a_notice_has_the_declarative_shape_and_room_to_spare(step, language):
    subscription_id, input_id = uuid4(), uuid4()
    url = f"https://lab.example/ideer/{input_id}"

    sent = service.step_message(step, language, own=True, url=url, subscription_id=subscription_id, input_id=input_id)

    shown = json.loads(sent.body)
    assert (shown["web_push"], shown["app_badge"]) == (8030, 1)
    assert set(shown["notification"]) == {"title", "body", "lang", "dir", "navigate", "tag", "silent"}
    assert shown["notification"]["navigate"] == url
    assert len(sent.body) < TEXT_LIMIT / 8
    assert len(sent.topic) <= 32


def test_newer_news_of_one_thing_takes_the_place_of_older_and_phones_cannot_be_compared():
    kari, ola, idea, other = (uuid4() for _ in range(4))

    def topic(step, phone, thing):
        return service.step_message(step, "nb", own=True, url="https://x/", subscription_id=phone, input_id=thing).topic

    assert topic("read", kari, idea) == topic("done", kari, idea)
    assert len({topic("read", kari, idea), topic("read", kari, other), topic("read", ola, idea)}) == 3
