"""News for many phones: one bell tells hundreds, nobody is told twice, and a service that is busy is left in peace."""

import json
from datetime import timedelta

import pytest
from redis import RedisError
from sqlalchemy import func, select, update

from app.core.actor import Actor, Role
from app.core.errors import Gone, Transient, UnknownOutcome
from app.outbox import service as outbox
from app.outbox.models import DeliveryState, OutboxDelivery
from app.processes import service as processes
from app.processes.models import Process
from app.push.models import PushLog, PushSubscription
from tests.support.accounts import staff
from tests.support.background import Background, PushRecorder
from tests.support.followers import followed_by_many, tell
from tests.support.processes import publish
from workers.push_batch import TURN
from workers.relay import Relay
from workers.runtime import transactions

JOB = "notify_news"
TITLE = "Lekeplassen er tegnet"


def test_one_bell_tells_all_who_follow_and_each_once(session, process, arne, work, push, now, settings):
    followed_by_many(session, process, 120, now=now)
    news = tell(session, process, TITLE, actor=arne, now=now)
    work.route()

    work.run(work.deliveries(JOB)[7].id)

    assert {delivery.state for delivery in work.deliveries(JOB)} == {"accepted"}
    assert len({address.endpoint for address, _ in push.sent}) == len(push.sent) == 120
    shown = json.loads(push.sent[0][1].body)["notification"]
    assert (shown["title"], shown["body"]) == (process.title, TITLE)
    assert shown["navigate"] == f"{settings.public_url}/prosesser/{process.slug}#nytt-{news}"
    assert counted(session) == {"sent": 120, "accepted": 120}


def test_a_second_bell_tells_nobody_again(session, process, arne, work, push, now):
    followed_by_many(session, process, 30, now=now)
    tell(session, process, TITLE, actor=arne, now=now)
    work.work(JOB)

    work.work(JOB)

    assert len(push.sent) == 30


def test_a_worker_that_dies_leaves_one_turn_unknown_and_the_rest_is_told_later(
    session, process, arne, work, push, now, settings
):
    followed_by_many(session, process, 3 * TURN, now=now)
    tell(session, process, TITLE, actor=arne, now=now)
    work.push = DiesInTurn(push, 2)
    with pytest.raises(KeyboardInterrupt):
        work.work(JOB)
    work.push = push
    work.now += timedelta(seconds=settings.lease_seconds + 1)
    with transactions(work.engine)() as other:
        outbox.free_expired(other, work.now, lease_seconds=settings.lease_seconds)

    states = [(delivery.state, delivery.stop_reason) for delivery in work.work(JOB)]

    assert states.count(("stoppet", "ukjent")) == TURN
    assert states.count(("accepted", None)) == 2 * TURN
    assert len({address.endpoint for address, _ in push.sent}) == len(push.sent) == 3 * TURN
    assert counted(session) == {"sent": 3 * TURN, "accepted": 2 * TURN, "unknown": TURN}


def test_what_another_worker_has_taken_meanwhile_is_not_sent(session, process, arne, work, push, now):
    followed_by_many(session, process, 2 * TURN, now=now)
    tell(session, process, TITLE, actor=arne, now=now)
    work.push = LosesTheRest(push, work)

    work.work(JOB)

    assert len(push.sent) == TURN
    assert {one.lease_owner for one in work.deliveries(JOB) if one.state == "sending"} == {"somebody else"}


def test_each_phone_ends_in_its_own_way(session, process, arne, work, push, now):
    phones = followed_by_many(session, process, 4, now=now)
    push.faults = {"0": Gone("borte"), "1": UnknownOutcome("stille"), "2": Transient("ingen kontakt")}
    tell(session, process, TITLE, actor=arne, now=now)

    work.work(JOB)

    by_phone = {one.recipient: (one.state, one.stop_reason) for one in work.deliveries(JOB)}
    assert [by_phone[f"push:{one}"] for one in phones] == [
        ("stoppet", "borte"), ("stoppet", "ukjent"), ("waiting", None), ("accepted", None),
    ]  # fmt: skip
    session.rollback()
    gone = select(PushSubscription.id).where(PushSubscription.gone_at.is_not(None))
    assert session.scalars(gone).all() == [phones[0]]


def test_a_service_that_asks_us_to_wait_is_left_in_peace_and_others_are_not(session, process, arne, work, push, now):
    followed_by_many(session, process, 2 * TURN, now=now)
    followed_by_many(session, process, 2 * TURN, now=now, origin="https://web.push.apple.com")
    push.faults = {str(number): Transient("vent", retry_after=600) for number in range(2 * TURN)}
    tell(session, process, TITLE, actor=arne, now=now)
    work.push = OnlyAppleIsFree(push)
    work.work(JOB)
    asked = sum("fcm" in address.endpoint for address, _ in push.sent)
    assert asked <= TURN, "the service was asked again after it had asked us to wait"

    work.now += timedelta(seconds=599)
    work.work(JOB)
    assert sum("fcm" in address.endpoint for address, _ in push.sent) == asked
    work.push = push
    push.faults = {}
    work.now += timedelta(seconds=2)
    work.work(JOB)

    assert {delivery.state for delivery in work.deliveries(JOB)} == {"accepted"}


def test_who_stops_following_before_the_bell_is_not_told(session, process, arne, ola, work, push, now):
    (phone,) = followed_by_many(session, process, 1, now=now)
    tell(session, process, TITLE, actor=arne, now=now)
    work.route()
    device = session.get(PushSubscription, phone).device_key
    processes.unfollow(session, process, actor=Actor(device_key=device))
    session.commit()

    (delivery,) = work.work(JOB)

    assert (delivery.state, delivery.stop_reason, push.sent) == ("aldri", "Følger ikke lenger", [])


def test_an_event_for_thousands_is_routed_some_at_a_time_and_a_crash_between_loses_none(
    session, process, arne, work, now, monkeypatch
):
    monkeypatch.setattr("workers.relay.AT_ONCE", 40)
    followed_by_many(session, process, 100, now=now)
    tell(session, process, TITLE, actor=arne, now=now)
    monkeypatch.setattr("workers.relay.crash_point", dies_on(3))
    with pytest.raises(KeyboardInterrupt):
        work.route()
    assert (len(work.deliveries(JOB)), unrouted(session)) == (80, 1)
    monkeypatch.undo()

    work.route()

    assert (len(work.deliveries(JOB)), unrouted(session)) == (100, 0)


def test_a_small_event_does_not_wait_behind_a_big_one(session, process, arne, work, now):
    followed_by_many(session, process, 60, now=now)
    for minutes in range(2):
        tell(session, process, TITLE, actor=arne, now=now + timedelta(minutes=minutes))
    work.now += timedelta(minutes=2)
    work.route()

    batches = outbox.due_batches(session, work.now, size=10, limit=9)

    assert [len(batch) for batch in batches] == [10, 10]
    assert len({batch[0].event_id for batch in batches}) == 2
    assert outbox.due(session, work.now, limit=99) == []


def test_a_batch_is_marked_before_its_bell_rings_and_a_bell_that_fails_rings_again(
    session, process, arne, work, engine, settings, now
):
    followed_by_many(session, process, 30, now=now)
    tell(session, process, TITLE, actor=arne, now=now)
    bells = HeardBells(work)
    relay = Relay(settings, transactions(engine), lambda: now, bells)
    bells.away = True

    relay.round()
    bells.away = False
    relay.round()
    relay.round()

    # A worker that hears its bell while the mark is written passes over the locked rows, and the bell is lost.
    assert bells.marked_when_heard == [30, 30]
    assert bells.rung == 1


def counted(session) -> dict[str, int]:
    session.rollback()
    found = session.execute(select(PushLog.outcome, func.count()).group_by(PushLog.outcome)).all()
    session.rollback()
    return dict(map(tuple, found))


def unrouted(session) -> int:
    session.rollback()
    found = len(outbox.unrouted(session, limit=9))
    session.rollback()
    return found


def dies_on(pass_: int):
    passed = iter(range(pass_ - 1))

    def point(_name: str) -> None:
        if next(passed, None) is None:
            raise KeyboardInterrupt

    return point


class HeardBells:
    """Bells that look, as they ring, at how many deliveries are marked as rung for."""

    def __init__(self, work: Background) -> None:
        self._work, self.away = work, False
        self.marked_when_heard: list[int] = []
        self.rung = 0

    def ring(self, _queue, ids) -> None:
        self.marked_when_heard.append(sum(one.rung_at is not None for one in self._work.deliveries(JOB)))
        if self.away:
            raise RedisError
        self.rung += len(list(ids))


class DiesInTurn:
    """The messages leave, and the process ends before anybody hears what became of them."""

    def __init__(self, push: PushRecorder, turn: int) -> None:
        self._push, self._left = push, turn

    def send_all(self, messages):
        self._left -= 1
        ends = self._push.send_all(messages)
        if not self._left:
            raise KeyboardInterrupt
        return ends


class LosesTheRest:
    """While the first turn is out, the leases of the others run out and somebody else takes them."""

    def __init__(self, push: PushRecorder, work: Background) -> None:
        self._push, self._work = push, work

    def send_all(self, messages):
        with transactions(self._work.engine)() as other:
            mine = OutboxDelivery.state == DeliveryState.SENDING.value
            unsent = select(OutboxDelivery.id).where(mine).order_by(OutboxDelivery.due_at, OutboxDelivery.id)
            rest = [one for one in other.scalars(unsent) if not other.get(OutboxDelivery, one).step]
            other.execute(update(OutboxDelivery).where(OutboxDelivery.id.in_(rest)).values(lease_owner="somebody else"))
        return self._push.send_all(messages)


class OnlyAppleIsFree:
    """One of two services is busy."""

    def __init__(self, push: PushRecorder) -> None:
        self._push = push

    def send_all(self, messages):
        ends = self._push.send_all(messages)
        return [None if "apple" in one[0].endpoint else end for one, end in zip(messages, ends, strict=True)]


@pytest.fixture
def push():
    return PushRecorder()


@pytest.fixture
def work(engine, settings, push, now):
    return Background(engine, settings, now, push=push)


@pytest.fixture
def arne(session, now) -> Actor:
    return staff(session, "arne", Role.WORKING_GROUP, now)


@pytest.fixture
def process(session, arne) -> Process:
    made = publish(session, arne)
    session.commit()
    return made
