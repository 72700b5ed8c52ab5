"""An input on its way: it moves forward only, tells once, and says why when the answer is no."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from app.core.actor import NOBODY, Actor
from app.core.errors import NotFound, RuleBroken
from app.outbox.models import OutboxEvent
from app.parcels import query, service
from app.parcels.models import Follow, Step


def test_whoever_sends_an_input_follows_it_and_is_told_nothing_yet(session, kari, parcel):
    assert query.follows(session, parcel, kari)
    assert [step.state for step in query.parcel_of(session, parcel).steps] == ["now", "next", "next", "next", "next"]
    assert told(session) == []


def test_each_step_forward_is_told_once(session, parcel, move):
    moved = [move(Step.READ), move(Step.READ), move(Step.DECIDED), move(Step.CONSIDERED)]

    assert moved == [True, False, True, False]
    assert told(session) == ["read", "decided"]
    assert query.parcel_of(session, parcel).step == "decided"


def test_a_step_that_is_not_to_be_told_is_not(session, move):
    assert move(Step.READ, told=False)
    assert told(session) == []


def test_what_has_been_refused_can_still_be_done(session, parcel, move):
    assert move(Step.NOT_NOW, reason="Ikke penger i år.")
    assert not move(Step.DECIDED)
    assert move(Step.DONE)


@pytest.mark.parametrize("reason", ["", "   ", "\u200b\n", "\u2800", "\u00ad\u3164"])
def test_no_for_now_needs_a_reason_that_can_be_read(session, parcel, move, reason):
    with pytest.raises(RuleBroken, match="Skriv hvorfor"):
        move(Step.NOT_NOW, reason=reason)

    assert query.parcel_of(session, parcel).step == "received"


def test_the_reason_stands_beside_the_step(session, parcel, move):
    move(Step.NOT_NOW, reason="  Ikke penger\r\ni år.  ")

    last = query.parcel_of(session, parcel).steps[-1]
    assert (last.key, last.state, last.reason) == ("not_now", "now", "Ikke penger\ni år.")


def test_old_news_from_the_archive_changes_nothing(session, parcel, move, now):
    newest = now + timedelta(minutes=5)

    assert move(Step.READ, as_of=newest)
    assert not move(Step.DECIDED, as_of=now)
    assert not move(Step.DECIDED, as_of=newest)
    assert move(Step.DECIDED, as_of=newest + timedelta(seconds=1))


def test_a_parcel_that_is_not_there_cannot_move_or_be_followed(session, kari, now):
    with pytest.raises(NotFound):
        service.move(session, uuid4(), Step.READ, now=now)
    with pytest.raises(NotFound):
        service.follow(session, uuid4(), actor=kari, now=now)


def test_following_twice_is_following_once(session, parcel, ola, now):
    for _ in range(2):
        service.follow(session, parcel, actor=ola, now=now)

    assert session.scalar(select(func.count()).select_from(Follow)) == 2
    assert query.followed_by(session, ola) == [parcel]


def test_who_follows_no_more_hears_no_more_and_others_still_do(session, parcel, kari, ola, now):
    service.follow(session, parcel, actor=ola, now=now)
    service.unfollow(session, parcel, actor=ola)

    assert (query.follows(session, parcel, ola), query.follows(session, parcel, kari)) == (False, True)


def test_nobody_in_particular_cannot_follow(session, parcel, now):
    service.follow(session, parcel, actor=NOBODY, now=now)

    assert not query.follows(session, parcel, NOBODY)
    assert query.followed_by(session, NOBODY) == []


def test_somebody_signed_in_follows_with_every_phone_they_have(session, parcel, per, now):
    service.follow(session, parcel, actor=per, now=now)

    other_phone = Actor(role=per.role, participant_id=per.participant_id, device_key=b"x" * 32)
    assert query.follows(session, parcel, other_phone)


def test_the_case_number_is_shown_when_the_archive_has_given_it(session, parcel):
    assert query.parcel_of(session, parcel).case_number is None

    service.number(session, parcel, "2026/1042")

    assert query.parcel_of(session, parcel).case_number == "2026/1042"


def test_what_a_rule_keeps_from_the_archive_says_so(session, parcel):
    service.not_forwarded(session, parcel)

    assert not query.parcel_of(session, parcel).forwarded


def test_parcels_of_many_inputs_come_in_one_go_and_unknown_ones_are_left_out(session, parcel):
    assert set(query.parcels_of(session, [parcel, uuid4()])) == {parcel}
    assert query.parcels_of(session, []) == {}


def told(session) -> list[str]:
    events = session.scalars(select(OutboxEvent).where(OutboxEvent.kind == "step_reached"))
    return sorted((event.payload["step"] for event in events), key=["read", "considered", "decided"].index)


@pytest.fixture
def parcel(session, kari, now):
    """The id of an input that Kari has just sent."""
    input_id = uuid4()
    service.start(session, input_id, kind="idea", actor=kari, now=now)
    return input_id


@pytest.fixture
def move(session, parcel, now):
    def move_it(step: Step, **how) -> bool:
        return service.move(session, parcel, step, now=now, **how)

    return move_it
