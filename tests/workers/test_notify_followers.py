"""A parcel moves: each phone that follows hears of it once, and one phone's fault is nobody else's."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.core.errors import ConfigurationFault, Gone, Permanent, Transient, UnknownOutcome
from app.outbox.models import DeliveryState, OutboxDelivery
from app.parcels import service as parcels
from app.parcels.models import Step
from app.push import query, service
from app.push.models import PushLog, PushSubscription
from app.push.query import DeviceState
from tests.support.background import Background, PushRecorder
from tests.support.comments import make_comment
from tests.support.ideas import make_idea
from tests.support.phones import make_phone

JOB = "notify_followers"
TITLE = "Bålplass ved Bjerkvikstranda"


def test_kari_and_ola_who_follows_are_told_in_their_own_words(session, idea, phones, ola, work, push, now, move):
    parcels.follow(session, idea.id, actor=ola, now=now + timedelta(hours=1))
    move(Step.DECIDED)

    states = [delivery.state for delivery in work.work(JOB)]

    assert states == ["accepted", "accepted"]
    assert sorted(bodies(push)) == ["Det er bestemt noe om en idé du følger.", "Det er bestemt noe om idéen din."]


def test_somebody_who_does_not_follow_hears_nothing(phones, work, push, move):
    move(Step.READ)

    work.work(JOB)

    assert [address.endpoint[-4:] for address, _ in push.sent] == ["kari"]


def test_a_notice_leads_to_the_idea_and_says_nothing_anybody_wrote(idea, phones, work, push, move, settings):
    move(Step.NOT_NOW, reason="Løypa bygges om i 2027.")

    work.work(JOB)

    ((_, sent),) = push.sent
    shown = json.loads(sent.body)["notification"]
    assert shown["navigate"] == f"{settings.public_url}/ideer/{idea.id}"
    assert TITLE not in sent.body.decode()
    assert "2027" not in sent.body.decode()


def test_a_step_that_is_reached_twice_is_told_once(phones, work, push, move):
    move(Step.READ)
    move(Step.READ)
    work.work(JOB)
    work.work(JOB)

    assert len(push.sent) == 1


def test_of_comments_a_phone_hears_once_a_day_however_many_there_are(session, idea, phones, ola, work, push, now):
    for hours in (0, 1, 20):  # the last one is past midnight in Narvik, and the quiet hours
        work.now = now + timedelta(hours=hours)
        make_comment(session, idea, actor=ola, now=work.now, text=f"Etter {hours} timer.")
        work.work(JOB)

    assert bodies(push) == ["Noen har skrevet om idéen din."] * 2
    assert "timer" not in push.sent[0][1].body.decode()


def test_whoever_comments_is_not_told_of_it_and_others_who_follow_are(
    session, idea, phones, kari, ola, work, push, now
):
    parcels.follow(session, idea.id, actor=ola, now=now + timedelta(hours=1))
    make_comment(session, idea, actor=kari, now=now)

    work.work(JOB)

    assert [address.endpoint[-3:] for address, _ in push.sent] == ["ola"]
    assert bodies(push) == ["Noen har skrevet om en idé du følger."]


def test_a_phone_that_is_gone_is_forgotten(session, phones, kari, work, push, move):
    push.fault = Gone("borte")
    move(Step.READ)

    (delivery,) = work.work(JOB)

    assert (delivery.state, delivery.stop_reason) == ("stoppet", "borte")
    assert seen(session, kari).state is DeviceState.DEAD
    assert outcomes(session) == ["sent", "gone"]


def test_a_phone_that_is_gone_gets_no_more_deliveries(session, phones, work, push, now, move):
    service.forget_all(session, [phones[0].id], now=now)
    session.commit()
    move(Step.READ)

    assert work.work(JOB) == []


def test_a_phone_that_was_switched_off_meanwhile_is_left_alone(session, phones, kari, work, push, move):
    move(Step.READ)
    work.route()
    service.unsubscribe(session, actor=kari)
    session.commit()

    (delivery,) = work.work(JOB)

    assert (delivery.state, push.sent) == ("aldri", [])


def test_somebody_who_stopped_following_meanwhile_is_left_alone(session, idea, phones, kari, work, push, move):
    move(Step.READ)
    work.route()
    parcels.unfollow(session, idea.id, actor=kari)
    session.commit()

    (delivery,) = work.work(JOB)

    assert (delivery.state, push.sent) == ("aldri", [])


def test_a_service_that_could_not_be_reached_is_tried_again(session, phones, work, push, move):
    push.fault = Transient("ingen kontakt")
    move(Step.READ)
    (first,) = work.work(JOB)
    push.fault = None
    work.now += timedelta(seconds=60)

    (second,) = work.work(JOB)

    assert (first.state, second.state) == ("waiting", "accepted")
    assert outcomes(session) == ["sent", "sent", "accepted"]


@pytest.mark.parametrize("tries_before", [0, 2])
def test_a_push_that_nobody_knows_the_end_of_is_never_sent_again(session, phones, work, push, move, tries_before):
    push.fault = Transient("ingen kontakt")
    move(Step.READ)
    for _ in range(tries_before):
        work.work(JOB)
        work.now += timedelta(hours=1)
    push.fault = UnknownOutcome("stille")
    (at_once,) = work.work(JOB)
    push.fault = None
    work.now += timedelta(days=1)

    (delivery,) = work.work(JOB)

    assert at_once.state == "stoppet"
    assert (delivery.state, delivery.stop_reason) == ("stoppet", "ukjent")
    assert len(push.sent) == tries_before + 1
    assert outcomes(session)[-1] == "unknown"


@pytest.mark.parametrize("tries_before", [0, 1, 3])
def test_a_worker_that_died_after_sending_does_not_send_again(session, phones, work, push, move, tries_before):
    push.fault = Transient("ingen kontakt")
    move(Step.READ)
    for _ in range(tries_before):
        work.work(JOB)
        work.now += timedelta(hours=1)
    work.push = Dying()
    with pytest.raises(KeyboardInterrupt):
        work.work(JOB)
    free_the_lease(session)
    work.push = push
    push.sent.clear()

    (delivery,) = work.work(JOB)

    assert (delivery.state, delivery.stop_reason) == ("stoppet", "ukjent")
    assert push.sent == []


def test_a_403_from_a_service_that_takes_our_others_is_that_phones_own(
    session, phones, kari, ola, idea, work, push, now, move
):
    parcels.follow(session, idea.id, actor=ola, now=now + timedelta(hours=1))
    session.commit()
    move(Step.READ)
    work.work(JOB)
    push.fault = ConfigurationFault("nei", scope="fcm.googleapis.com")
    move(Step.CONSIDERED)

    deliveries = [d for d in work.work(JOB) if d.state != "accepted"]

    assert [d.state for d in deliveries] == ["stoppet", "stoppet"]
    assert seen(session, kari).state is DeviceState.DEAD


def test_a_403_from_a_service_that_never_took_any_waits_for_staff(session, phones, kari, work, push, move):
    push.fault = ConfigurationFault("nei", scope="fcm.googleapis.com")
    move(Step.READ)
    (first,) = work.work(JOB)
    push.fault = None
    work.now += timedelta(minutes=5)

    (second,) = work.work(JOB)

    assert (first.state, second.state) == ("waiting", "accepted")
    assert seen(session, kari).state is DeviceState.ON


def test_what_is_refused_stops_with_its_reason(session, phones, work, push, move):
    push.fault = Permanent("Varslingstjenesten svarte 400.")
    move(Step.READ)

    (delivery,) = work.work(JOB)

    assert (delivery.state, delivery.stop_reason) == ("stoppet", "Varslingstjenesten svarte 400.")
    assert outcomes(session) == ["sent", "refused"]


def test_one_phones_fault_does_not_hold_back_the_others(session, phones, ola, idea, work, push, now, move):
    parcels.follow(session, idea.id, actor=ola, now=now + timedelta(hours=1))
    session.commit()
    move(Step.READ)
    push.faults["ola"] = Gone("borte")

    states = [delivery.state for delivery in work.work(JOB)]

    assert sorted(states) == ["accepted", "stoppet"]


def test_a_test_notice_arrives_and_the_page_knows(session, phones, kari, work, push, now):
    service.request_test(session, actor=kari, now=now)
    session.commit()

    (delivery,) = work.work("send_test_push")

    assert delivery.state == DeliveryState.ACCEPTED.value
    assert bodies(push) == ["Dette er et testvarsel. Det virker."]
    assert seen(session, kari).test is query.TestState.SENT


def bodies(push) -> list[str]:
    return [json.loads(message.body)["notification"]["body"] for _, message in push.sent]


def outcomes(session) -> list[str]:
    session.rollback()
    order = {"sent": 0}
    found = session.scalars(select(PushLog).order_by(PushLog.at)).all()
    return [line.outcome for line in sorted(found, key=lambda line: (line.at, order.get(line.outcome, 1)))]


def seen(session, actor) -> query.DeviceView:
    session.rollback()
    session.expire_all()
    return query.device_view(session, actor)


def free_the_lease(session) -> None:
    """As the reconciler does when the time is out."""
    session.rollback()
    for row in session.scalars(select(OutboxDelivery).where(OutboxDelivery.state == "sending")):
        row.state, row.lease_until, row.lease_owner = "waiting", None, None
    session.commit()


class Dying:
    """The process ends between the push and what would be written of it."""

    def send_all(self, _messages) -> None:
        raise KeyboardInterrupt


@pytest.fixture
def push():
    return PushRecorder()


@pytest.fixture
def work(engine, settings, push, now):
    return Background(engine, settings, now, push=push)


@pytest.fixture
def idea(session, settings, kari, now):
    return make_idea(session, settings, actor=kari, now=now, title=TITLE)


@pytest.fixture
def phones(session, idea, kari, ola, now) -> list[PushSubscription]:
    """Kari sent the idea; both have notices on."""
    return [
        make_phone(session, actor=kari, now=now, name="kari"),
        make_phone(session, actor=ola, now=now, name="ola"),
    ]


@pytest.fixture
def move(session, idea, work):
    def reach(step: Step, reason: str = "") -> None:
        parcels.move(session, idea.id, step, now=work.now, reason=reason)
        session.commit()

    return reach
