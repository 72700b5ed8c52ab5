"""What happens to a delivery: taken by one, settled once, tried again in time, held back while nobody answers."""

from dataclasses import replace
from datetime import timedelta
from typing import ClassVar
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from app.core.errors import (
    ConfigurationFault,
    Conflict,
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
from app.core.language import words_in
from app.outbox import query, service
from app.outbox.events import Event
from app.outbox.models import DeliveryAttempt, DeliveryState, OutboxDelivery, OutboxEvent
from app.outbox.service import Recipient, Route

WAITS = (10.0, 60.0, 300.0, 900.0, 1800.0, 3600.0)
SETTLE = 150.0
LEASE = 180.0
ARCHIVE = Route("forward_case", "archive", "send")


class Told(Event):
    name: ClassVar[str] = "idea_hidden"

    idea_id: UUID


def test_a_fact_becomes_one_delivery_for_each_recipient_however_often_it_is_routed(session, now):
    event = told(session, now)
    two = [Recipient("push:1"), Recipient("push:2")]

    made = service.deliver_to(session, event, ARCHIVE, two, now), service.deliver_to(session, event, ARCHIVE, two, now)

    assert made == (2, 0)


def test_every_delivery_has_a_reference_of_its_own_that_every_system_can_hold(session, now, waiting):
    references = {waiting().reference for _ in range(5)}

    assert len(references) == 5
    assert all(len(reference) == 30 and reference.startswith("INL-") for reference in references)


def test_what_the_clock_says_is_recorded_once_a_turn(session, now):
    fact = Told(idea_id=uuid4())

    said = [service.record_once(session, fact, turn="dag:2026-03-03", now=now) for _ in range(3)]

    assert said == [True, False, False]


def test_a_delivery_is_not_due_before_its_time_and_due_at_it(session, now):
    event = told(session, now, due_at=now + timedelta(seconds=11))
    service.deliver_to(session, event, ARCHIVE, [Recipient("archive")], now)

    found = [len(service.due(session, now + timedelta(seconds=s), limit=9)) for s in (0, 10, 11, 12)]

    assert found == [0, 0, 1, 1]


def test_two_workers_cannot_take_the_same_delivery(session, now, waiting, take):
    delivery = waiting()

    first, second = take(delivery, "a"), take(delivery, "b")

    assert first is not None
    assert second is None


def test_nobody_takes_a_delivery_before_it_is_due(session, now, waiting, take):
    delivery = waiting(due_at=now + timedelta(seconds=1))

    assert take(delivery) is None
    assert take(delivery, at=now + timedelta(seconds=1)) is not None


def test_what_is_settled_is_at_an_end_and_its_tries_are_told(session, now, waiting, take):
    lease = take(waiting())
    service.settle(session, lease, DeliveryState.FILED, now=now, external_id="2026/7", reason=None)

    row = fresh(session, lease)
    outcomes = session.scalars(select(DeliveryAttempt.outcome).order_by(DeliveryAttempt.id)).all()
    assert (row.state, row.external_id, row.lease_until, row.ended_at) == ("filed", "2026/7", None, now)
    assert outcomes == ["begun", "filed"]


@pytest.mark.parametrize("act", ["settle", "renew", "fail"])
def test_whoever_has_lost_the_lease_stores_nothing(session, now, waiting, take, act):
    lost = replace(take(waiting(), "a"), owner="b")

    acts = {
        "settle": lambda: service.settle(session, lost, DeliveryState.FILED, now=now, external_id="1", reason=None),
        "renew": lambda: service.renew(session, lost, now=now, seconds=LEASE, step={"case": "1"}),
        "fail": lambda: fail(session, lost, Permanent("x"), now),
    }

    with pytest.raises(LeaseLost):
        acts[act]()

    assert (fresh(session, lost).state, fresh(session, lost).step) == ("sending", {})


def test_a_renewed_lease_lasts_longer_and_remembers_its_steps(session, now, waiting, take):
    lease = take(waiting())

    service.renew(session, lease, now=now + timedelta(seconds=100), seconds=LEASE, step={"begun:entry": ""})

    assert fresh(session, lease).lease_until == now + timedelta(seconds=280)
    assert fresh(session, lease).step == {"begun:entry": ""}


@pytest.mark.parametrize(("attempt", "seconds"), [*enumerate(WAITS, start=1), (7, 3600), (300, 3600)])
def test_each_try_waits_longer_than_the_last_until_it_is_an_hour(session, now, waiting, take, attempt, seconds):
    lease = take(waiting(attempts=attempt - 1))

    state = fail(session, lease, Transient("opptatt"), now)

    assert state is DeliveryState.WAITING
    assert fresh(session, lease).due_at == now + timedelta(seconds=seconds)


@pytest.mark.parametrize(("asked", "seconds"), [(5, 10), (90, 90), (7200, 3600)])
def test_who_says_when_to_come_back_is_obeyed_for_at_most_an_hour(session, now, waiting, take, asked, seconds):
    lease = take(waiting())

    fail(session, lease, Transient("opptatt", retry_after=asked), now)

    assert fresh(session, lease).due_at == now + timedelta(seconds=seconds)


def test_what_may_have_arrived_is_asked_about_after_the_settle_time_and_never_sooner(session, now, waiting, take):
    lease = take(waiting())

    fail(session, lease, UnknownOutcome("ingen svar"), now)

    assert fresh(session, lease).due_at == now + timedelta(seconds=SETTLE)
    assert take(fresh(session, lease), at=now + timedelta(seconds=SETTLE)).may_have_arrived


@pytest.mark.parametrize(
    ("fault", "state", "reason"),
    [
        (Permanent("Tittelen er ulovlig."), "stoppet", "Tittelen er ulovlig."),
        (Gone("410"), "stoppet", "borte"),
        (Unclear("Kan ikke søkes."), "avklares", "Kan ikke søkes."),
    ],
)
def test_what_no_try_will_mend_is_put_before_a_person(session, now, waiting, take, fault, state, reason):
    lease = take(waiting())

    fail(session, lease, fault, now)

    row = fresh(session, lease)
    assert (row.state, row.stop_reason, row.ended_at) == (state, reason, now)
    assert [stopped.reason for stopped in query.stopped(session, "archive")] == [reason]


def test_something_of_our_own_that_is_not_ready_costs_no_try(session, now, waiting, take):
    lease = take(waiting())

    fail(session, lease, NotYet("bildet", seconds=3), now)

    assert (fresh(session, lease).attempts, fresh(session, lease).due_at) == (0, now + timedelta(seconds=3))


@pytest.mark.parametrize(("days", "paused_days", "state"), [(14, 0, "waiting"), (15, 0, "stoppet"), (20, 7, "waiting")])
def test_after_fourteen_days_it_is_given_up_but_pauses_are_not_counted(
    session, now, waiting, take, days, paused_days, state
):
    delivery = waiting(created_at=now - timedelta(days=days), paused_seconds=paused_days * 86400.0)
    lease = take(delivery)

    fail(session, lease, Transient("opptatt"), now)

    assert fresh(session, lease).state == state


def test_what_is_given_up_is_told_in_one_sentence_that_can_be_translated(session, now, waiting, take):
    lease = take(waiting(created_at=now - timedelta(days=15)))

    fail(session, lease, Transient("Arkivet svarer ikke."), now)

    (stopped,) = query.stopped(session, "archive")
    assert words_in("en").gettext(stopped.reason) == "Tried for 14 days, and it did not arrive."
    assert stopped.last_answer == "Arkivet svarer ikke."


def test_a_wrong_password_closes_the_channel_and_blames_no_row(session, now, waiting, take):
    first, second = waiting(), waiting()
    lease = take(first)

    fail(session, lease, ConfigurationFault("Feil passord."), now)

    assert fresh(session, lease).attempts == 0
    assert [pause.reason for pause in query.pauses(session, now)] == ["Feil passord."]
    assert service.due(session, now + timedelta(minutes=4, seconds=59), limit=9) == []
    assert take(second, at=now + timedelta(minutes=1)) is None


def test_a_closed_channel_lets_one_probe_out_every_five_minutes(session, now, waiting, take):
    deliveries = [waiting(created_at=now - timedelta(minutes=m)) for m in (1, 3, 2)]
    fail(session, take(deliveries[0]), ConfigurationFault("Feil passord."), now)
    later = now + timedelta(minutes=5)

    probes = service.due(session, later, limit=9)

    assert [probe.id for probe in probes] == [deliveries[1].id]
    assert take(deliveries[1], at=later) is not None
    assert take(deliveries[2], at=later) is None


def test_five_failures_in_a_row_from_different_rows_close_the_channel(session, now, waiting, take):
    closed = []
    for _ in range(5):
        fail(session, take(waiting()), Transient("opptatt"), now)
        closed.append(query.is_paused(session, "archive"))

    assert closed == [False, False, False, False, True]


def test_one_row_that_fails_five_times_closes_nothing(session, now, waiting, take):
    delivery, at = waiting(), now
    for _ in range(8):
        fail(session, take(delivery, at=at), Transient("opptatt"), at)
        at = fresh_row(session, delivery).due_at

    assert not query.is_paused(session, "archive")


def test_a_success_between_them_begins_the_count_again(session, now, waiting, take):
    for _ in range(4):
        fail(session, take(waiting()), Transient("opptatt"), now)
    service.settle(session, take(waiting()), DeliveryState.FILED, now=now, external_id="1", reason=None)
    fail(session, take(waiting()), Transient("opptatt"), now)

    assert not query.is_paused(session, "archive")


def test_the_first_success_lets_all_that_waited_go_five_a_second(session, now, waiting, take):
    rows = [waiting(due_at=now + timedelta(hours=1), created_at=now - timedelta(minutes=20 - m)) for m in range(10)]
    probe = waiting()
    service.close_channel(session, "archive", "stille", now=now - timedelta(hours=2), probe_after=timedelta())
    lease = take(probe)

    service.settle(session, lease, DeliveryState.FILED, now=now, external_id="1", reason=None)

    assert not query.is_paused(session, "archive")
    waits = [(fresh_row(session, row).due_at - now).total_seconds() for row in rows]
    assert waits == pytest.approx([place * 0.2 for place in range(10)])
    assert {fresh_row(session, row).paused_seconds for row in rows} == {7200.0}


def test_what_may_have_arrived_keeps_its_settle_time_when_the_channel_opens(session, now, waiting, take):
    unsure = waiting()
    fail(session, take(unsure), UnknownOutcome("ingen svar"), now)
    service.close_channel(session, "archive", "stille", now=now, probe_after=timedelta())

    service.settle(session, take(waiting()), DeliveryState.FILED, now=now, external_id="1", reason=None)

    assert fresh_row(session, unsure).due_at == now + timedelta(seconds=SETTLE)


def test_another_channel_is_not_held_back(session, now, waiting, take):
    service.close_channel(session, "archive", "stille", now=now, probe_after=timedelta(minutes=5))

    assert take(waiting(channel="push")) is not None


def test_the_delivery_of_a_dead_worker_is_given_back_and_looked_up_first(session, now, waiting, take):
    lease = take(waiting())
    alive, dead = now + timedelta(seconds=LEASE), now + timedelta(seconds=LEASE + 1)

    assert service.free_expired(session, alive, lease_seconds=LEASE) == 0
    assert service.free_expired(session, dead, lease_seconds=LEASE) == 1

    again = take(fresh(session, lease), "b", at=dead)
    assert (again.attempt, again.may_have_arrived, again.reference) == (2, True, lease.reference)


def test_ten_silent_deaths_stop_it_with_a_reason(session, now, waiting, take):
    delivery, at, states = waiting(), now, []
    for _ in range(10):
        take(delivery, at=at)
        at += timedelta(seconds=LEASE + 1)
        service.free_expired(session, at, lease_seconds=LEASE)
        states.append(fresh_row(session, delivery).state)

    assert states == ["waiting"] * 9 + ["stoppet"]
    assert fresh_row(session, delivery).stop_reason == "Prosessen stoppet hver gang."


def test_a_lease_from_a_clock_that_jumped_ahead_is_no_lease(session, now, waiting, take):
    take(waiting(), at=now + timedelta(hours=26))

    assert service.free_expired(session, now, lease_seconds=LEASE) == 1


def test_send_again_keeps_the_reference_and_looks_first(session, now, waiting, take):
    lease = take(waiting(created_at=now - timedelta(days=30)))
    fail(session, lease, Permanent("ulovlig tegn"), now)

    service.send_again(session, lease.delivery_id, looked_in_archive=False, now=now)

    again = take(fresh(session, lease))
    assert (again.reference, again.may_have_arrived) == (lease.reference, True)
    assert fail(session, again, Transient("opptatt"), now) is DeliveryState.WAITING


def test_an_unclear_one_is_sent_again_only_by_somebody_who_has_looked(session, now, waiting, take):
    lease = take(waiting())
    fail(session, lease, Unclear("kan ikke søkes"), now)

    with pytest.raises(RuleBroken, match="Har du sett etter i arkivet"):
        service.send_again(session, lease.delivery_id, looked_in_archive=False, now=now)
    service.send_again(session, lease.delivery_id, looked_in_archive=True, now=now)

    assert fresh(session, lease).state == "waiting"


def test_only_what_is_stopped_can_be_sent_again_or_taken_care_of(session, now, waiting):
    delivery = waiting()

    with pytest.raises(Conflict):
        service.send_again(session, delivery.id, looked_in_archive=True, now=now)
    with pytest.raises(Conflict):
        service.delivered_otherwise(session, delivery.id, case_number="2026/1", now=now)
    with pytest.raises(NotFound):
        service.send_again(session, uuid4(), looked_in_archive=True, now=now)


def test_what_a_person_has_delivered_counts_as_filed(session, now, waiting, take):
    lease = take(waiting())
    fail(session, lease, Permanent("ulovlig tegn"), now)

    service.delivered_otherwise(session, lease.delivery_id, case_number="2026/99", now=now)

    assert (fresh(session, lease).state, fresh(session, lease).external_id) == ("filed", "2026/99")
    assert query.counts(session, "archive")["filed"] == 1


def test_the_counts_name_every_state(session, waiting):
    waiting()

    assert query.counts(session, "archive") == {
        "waiting": 1, "sending": 0, "filed": 0, "accepted": 0, "avklares": 0, "stoppet": 0, "aldri": 0,
    }  # fmt: skip


def test_only_turns_that_made_no_delivery_are_forgotten(session, now):
    for turn, routed in (("a", now - timedelta(days=3)), ("b", now), ("c", None)):
        service.record_once(session, Told(idea_id=uuid4()), turn=turn, now=now)
        session.scalars(select(OutboxEvent).where(OutboxEvent.turn == turn)).one().routed_at = routed
    kept = session.scalars(select(OutboxEvent).where(OutboxEvent.turn == "a")).one()
    service.deliver_to(session, kept, ARCHIVE, [Recipient("archive")], now)
    service.record_once(session, Told(idea_id=uuid4()), turn="d", now=now)
    session.scalars(select(OutboxEvent).where(OutboxEvent.turn == "d")).one().routed_at = now - timedelta(days=3)

    session.flush()
    service.forget_turns(session, before=now - timedelta(days=2))

    assert set(session.scalars(select(OutboxEvent.turn))) == {"a", "b", "c"}


def test_of_the_questions_about_a_case_the_last_answered_one_is_kept_and_what_is_new(session, now, asked):
    old, older = now - timedelta(days=3), now - timedelta(days=4)
    last = asked("2026/1", ended=old)
    superseded = [asked("2026/1", ended=older - timedelta(hours=hour)) for hour in range(3)]
    kept = [
        last,
        asked("2026/2", ended=older),
        asked("2026/3", ended=now),
        asked("2026/3", ended=now - timedelta(hours=1)),
    ]

    forgotten = service.forget_answered(session, "fetch_case_answers", before=now - timedelta(days=2), limit=99)

    assert forgotten == len(superseded)
    assert set(session.scalars(select(OutboxDelivery.id))) == {row.id for row in kept}
    assert set(session.scalars(select(DeliveryAttempt.delivery_id))) == {row.id for row in kept}


@pytest.mark.parametrize("state", ["waiting", "stoppet", "avklares", "aldri", "filed"])
def test_only_answered_questions_are_forgotten(session, now, asked, state):
    old = now - timedelta(days=3)
    asked("2026/1", ended=old)
    asked("2026/1", ended=old - timedelta(days=1), state=state)
    asked("2026/1", ended=old - timedelta(days=1), job="forward_case")

    assert service.forget_answered(session, "fetch_case_answers", before=now - timedelta(days=2), limit=99) == 0
    assert service.count_rows(session, OutboxDelivery) == 3


def test_questions_are_forgotten_a_few_at_a_time(session, now, asked):
    for hour in range(6):
        asked("2026/1", ended=now - timedelta(days=3, hours=hour))

    batches = [
        service.forget_answered(session, "fetch_case_answers", before=now - timedelta(days=2), limit=2)
        for _ in range(4)
    ]

    assert batches == [2, 2, 1, 0]


def told(session, now, *, due_at=None) -> OutboxEvent:
    event_id = service.record(session, Told(idea_id=uuid4()), now=now, due_at=due_at)
    return session.get_one(OutboxEvent, event_id)


def fail(session, lease, fault, now) -> DeliveryState:
    return service.fail(session, lease, fault, now=now, waits=WAITS, settle_seconds=SETTLE)


def fresh(session, lease) -> OutboxDelivery:
    return session.get_one(OutboxDelivery, lease.delivery_id, populate_existing=True)


def fresh_row(session, row) -> OutboxDelivery:
    return session.get_one(OutboxDelivery, row.id, populate_existing=True)


@pytest.fixture
def waiting(session, now):
    """Make one delivery that waits."""

    def make(**changed) -> OutboxDelivery:
        channel = changed.pop("channel", "archive")
        event = told(session, now)
        service.deliver_to(session, event, Route("forward_case", channel, "send"), [Recipient(channel)], now)
        row = session.scalars(select(OutboxDelivery).where(OutboxDelivery.event_id == event.id)).one()
        for name, value in changed.items():
            setattr(row, name, value)
        session.flush()
        return row

    return make


@pytest.fixture
def take(session, now):
    """Take a delivery as a worker does."""

    def take_it(row: OutboxDelivery, owner: str = "a", at=None):
        session.flush()
        return service.take(session, row.id, owner=owner, now=at or now, seconds=LEASE)

    return take_it


@pytest.fixture
def asked(session, now, waiting):
    """Make a question to the archive about a case that was answered at `ended`, with its tries."""

    def make(number: str, *, ended, state: str = "accepted", job: str = "fetch_case_answers") -> OutboxDelivery:
        row = waiting(job=job, state=state, external_id=number, ended_at=ended)
        session.add(DeliveryAttempt(delivery_id=row.id, attempt=1, at=now, outcome="begun"))
        session.flush()
        return row

    return make
