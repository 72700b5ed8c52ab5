"""What happens in the archive reaches the parcel: one call a case, one change a poll, and late answers do nothing."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from app.cases import query, service
from app.outbox.models import DeliveryState, OutboxEvent
from app.parcels import service as parcels
from app.parcels.models import Parcel, Step
from tests.support.background import Background
from tests.support.letters import CODES, Marks, archive_at, letter, opened

JOB = "fetch_case_answers"
CASE = "2026/211"
KEYS = ("INL-A", "INL-B")


@pytest.mark.parametrize(
    ("actions", "step"),
    [
        ((), Step.RECEIVED),
        (("journalfor",), Step.READ),
        (("journalfor", "fordel"), Step.CONSIDERED),
        (("journalfor", "fordel", "besvart"), Step.DECIDED),
        (("til_orientering",), Step.DECIDED),
        (("utgaar",), Step.RECEIVED),
    ],
)
def test_what_staff_do_in_the_archive_moves_karis_parcel(session, filed, poll, standin, actions, step):
    for action in actions:
        standin.advance(action, entry="INL-A")

    poll()

    assert [session.get_one(Parcel, input_id).step for input_id in filed] == [step.value, Step.RECEIVED.value]


def test_all_inputs_of_a_case_are_asked_about_in_one_call(filed, poll, standin):
    seen = len(standin.calls())

    poll()

    asked = [call["operation"] for call in standin.calls()[seen:]]
    assert asked == ["FinnJournalposterGittSaksmappeNoekkel"]


def test_several_things_between_two_questions_are_told_as_one(session, filed, poll, standin):
    for action in ("journalfor", "fordel", "besvart"):
        standin.advance(action, entry="INL-A")

    poll()
    poll()

    told = session.scalars(select(OutboxEvent.payload).where(OutboxEvent.kind == "step_reached")).all()
    assert told == [{"input_id": str(filed[0]), "step": "decided"}]


def test_a_step_back_in_the_archive_leaves_the_parcel_where_it_is(session, filed, poll, standin):
    standin.advance("journalfor", entry="INL-A")
    poll()
    standin.advance("tilbake", entry="INL-A")

    poll()

    assert session.get_one(Parcel, filed[0]).step == Step.READ.value


def test_an_archive_that_is_away_is_asked_again_by_the_same_delivery(session, filed, work, standin, now):
    standin.script("error_before", operation="read", times=None)
    ask(session, now + timedelta(seconds=10))
    work.now = now + timedelta(seconds=11)

    (delivery,) = work.work(JOB)

    assert delivery.state == DeliveryState.WAITING.value
    assert query.cases_due(session, now + timedelta(minutes=30)) == []


def test_a_case_without_open_inputs_is_not_asked_about(session, filed, poll, standin, now):
    for input_id in filed:
        parcels.move(session, input_id, Step.DONE, now=now, reason="Gjort.")
    session.commit()
    poll()
    seen = len(standin.calls())

    assert query.cases_due(session, now + timedelta(days=400)) == []
    assert len(standin.calls()) == seen


def ask(session, at):
    assert service.ask_for_status(session, CASE, now=at, every=10)
    session.commit()


@pytest.fixture
def poll(session, work, clock, now):
    """Let the clock strike and the question be asked, ten seconds later each time."""

    def once() -> None:
        work.now += timedelta(seconds=10)
        clock["now"] = work.now
        ask(session, work.now)
        assert {delivery.state for delivery in work.work(JOB)} == {DeliveryState.ACCEPTED.value}
        session.expire_all()

    return once


@pytest.fixture
def filed(session, kari, ola, archive, now):
    """Kari's and Ola's inputs, both in case 2026/211 and asked about every ten seconds."""
    case = opened(archive)
    made = []
    for key, actor in zip(KEYS, (kari, ola), strict=True):
        input_id = uuid4()
        parcels.start(session, input_id, kind="idea", actor=actor, now=now)
        filing = archive.file(letter(key), case, Marks())
        service.store_filing(session, letter(key), filing, input_id=input_id, every=10, now=now)
        made.append(input_id)
    session.commit()
    assert case.number == CASE
    assert CODES["part_sender"] == "EA"
    return made


@pytest.fixture
def work(engine, settings, archive, session, now):
    return Background(engine, replace(settings, status_every=10), now=now, archive=archive)


@pytest.fixture
def archive(standin, clock, now):
    return archive_at(standin, clock=lambda: clock["now"])
