"""Per does one thing to many inputs, closes the page, and hears how it went: each was done once, or says why not."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from app.accounts.service import close_account
from app.core.actor import Actor, Role
from app.core.submission import submission
from app.desk.models import Bulk, BulkItem, DeskChange
from app.desk.service import bulk, inputs
from app.desk.service.bulk import BulkDraft
from app.desk.service.inputs import Seen
from app.parcels.models import Parcel, Step
from tests.support.background import Background
from tests.support.ideas import make_idea

PAGE = "/arbeidsflate/mange"


def test_all_that_were_chosen_are_given_and_the_rest_is_left_alone(visit_as, session, ideas, background, per):
    chosen, left = ideas(3), ideas(1)
    visit = visit_as("per")

    answer = visit.post(PAGE, {**form(f"assigned:{per.participant_id}"), "valgt": [str(one) for one in chosen]})
    assert "Du kan lukke siden. Vi sier fra." in visit.get(answer.location).words
    background.work("do_bulk")

    assert handlers(session, chosen) == {per.participant_id}
    assert handlers(session, left) == {None}
    assert "3 av 3" in visit.get("/arbeidsflate").words
    assert "Ferdig. 3 er gjort." in visit.get(answer.location).words
    visit.post(f"{answer.location}/sett")
    assert "3 av 3" not in visit.get("/arbeidsflate").words


@pytest.mark.parametrize(
    ("many", "told"), [(12, "12 av 12"), pytest.param(10_000, "10 000 av 10 000", marks=pytest.mark.slow)]
)
def test_of_many_three_cannot_be_done_and_they_are_listed_with_the_reason(
    visit_as, session, ideas, background, per, now, many, told
):
    chosen = ideas(many)
    for one in chosen[:2]:
        inputs.set_step(session, Seen(one, 0), Step.DECIDED, "", actor=per, now=now, undo_seconds=0)
    session.commit()
    visit = visit_as("per")
    answer = visit.post(f"{PAGE}?bunke=alle", {**form("step:considered"), "alle": "ja"})
    inputs.set_due(session, Seen(chosen[2], 0), now, actor=per, now=now)
    session.commit()

    background.work("do_bulk")

    page = visit.get(answer.location)
    assert told in page.words
    assert "3 ble ikke gjort" in page.words
    assert page.words.count("Den har kommet lenger enn det. Velg et senere steg.") == 2
    assert page.words.count("Noen har endret denne i mellomtiden.") == 1
    assert steps(session, chosen[3:]) == {"considered"}
    assert session.get_one(Parcel, chosen[2], populate_existing=True).revision == 1


def test_killed_on_the_way_it_goes_on_and_does_none_twice(session, ideas, background, per, now):
    wanted = want(session, ideas(7), per, now)
    for _ in range(3):
        bulk.do_next(session, wanted, now=now, undo_seconds=10)
        session.commit()
    bulk.do_next(session, wanted, now=now, undo_seconds=10)
    session.rollback()  # the machine went away before the commit

    background.work("do_bulk")
    background.work("do_bulk")

    assert session.scalar(select(func.count()).select_from(DeskChange)) == 7
    assert set(session.scalars(select(BulkItem.state))) == {"done"}
    assert session.get_one(Bulk, wanted, populate_existing=True).ended_at == now


def test_the_same_form_twice_is_one_job(visit_as, session, ideas, per):
    chosen, visit = ideas(2), visit_as("per")
    same = {**form(f"assigned:{per.participant_id}"), "valgt": [str(one) for one in chosen]}

    assert visit.post(PAGE, same).location == visit.post(PAGE, same).location
    visit.post(PAGE, {**same, "valgt": [str(chosen[0])]}, expect=422)
    assert session.scalar(select(func.count()).select_from(Bulk)) == 1


@pytest.mark.parametrize(
    ("act", "chosen", "said"),
    [
        ("assigned:", [], "Kryss av for minst ett innspill."),
        ("assigned:", ["x", "\x00", str(uuid4())], "Kryss av for minst ett innspill."),
        ("", ["one"], "Velg hva som skal gjøres."),
        ("assigned:\x00", ["one"], "Velg hva som skal gjøres."),
        ("step:not_now", ["one"], "Skriv hvorfor det er nei nå."),
    ],
)
def test_what_cannot_be_asked_for_is_said_and_nothing_begins(visit_as, session, ideas, act, chosen, said):
    (one,) = ideas(1)

    page = visit_as("per").post(
        PAGE, {**form(act), "valgt": [str(one) if x == "one" else x for x in chosen]}, expect=422
    )

    assert said in page.words
    assert session.scalar(select(func.count()).select_from(Bulk)) == 0


def test_how_it_goes_is_only_for_the_one_who_asked(visit_as, session, ideas, per, now):
    wanted = want(session, ideas(1), per, now)

    visit_as("working_group").get(f"{PAGE}/{wanted}", expect=404)
    visit_as("per").fragment(f"{PAGE}/{wanted}")


def test_a_moderator_gives_away_but_sets_no_step(visit_as, ideas):
    (one,) = ideas(1)
    moderator = visit_as("moderator")

    moderator.post(PAGE, {**form("step:read"), "valgt": str(one)}, expect=422)
    moderator.post(PAGE, {**form("assigned:"), "valgt": str(one)})


def test_whoever_has_left_does_nothing_any_more(session, ideas, background, per, now):
    want(session, ideas(2), per, now)
    close_account(session, "per@test.example", actor=Actor(role=Role.ADMINISTRATOR), now=now)
    session.commit()

    background.work("do_bulk")

    assert set(session.scalars(select(BulkItem.state))) == {"refused"}


def want(session, ids, actor, now) -> UUID:
    draft = BulkDraft("assigned", str(actor.participant_id), "", submission(uuid4(), {}, []))
    wanted = bulk.want(session, draft, ids, actor=actor, now=now)
    session.commit()
    return wanted


def form(act: str) -> dict[str, object]:
    return {"submission_id": str(uuid4()), "act": act, "reason": ""}


def handlers(session, ids) -> set[UUID | None]:
    session.expire_all()
    return {session.get_one(Parcel, one).handler_id for one in ids}


def steps(session, ids) -> set[str]:
    session.expire_all()
    return {session.get_one(Parcel, one).step for one in ids}


@pytest.fixture
def ideas(session, settings, kari, now):
    def make(count: int) -> list[UUID]:
        return [
            make_idea(session, settings, actor=kari, now=now - timedelta(minutes=number), title=f"Idé {number}").id
            for number in range(count)
        ]

    return make


@pytest.fixture
def background(engine, settings, now):
    return Background(engine, settings, now)
