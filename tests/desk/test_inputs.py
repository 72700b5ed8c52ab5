"""Per gives an input to somebody, sets its step and its deadline, writes a note and an answer; and takes it back."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from app.audit.models import AuditLine
from app.core.actor import Actor, Role
from app.core.errors import Conflict, NotFound
from app.desk import query
from app.desk.models import DeskChange, DeskNote
from app.desk.service import inputs
from app.desk.service.inputs import Seen
from app.ideas.models import Reply
from app.parcels.models import Parcel, Step, StepChange
from app.parcels.service import Changed
from tests.support.background import Background, MailRecorder
from tests.support.desk import act, revision_of
from tests.support.ideas import make_idea


def test_one_press_makes_it_pers_and_one_more_takes_that_back(visit_as, session, idea):
    per = visit_as("per")
    page = per.get(f"/arbeidsflate/innspill/{idea.id}")
    act(per, idea.id, "ansvar", {"who": page.tree.xpath("//form[.//button[@id='take']]//input[@name='who']/@value")[0]})
    assert parcel(session, idea).handler_id is not None
    assert "Per tok den." in per.get(f"/arbeidsflate/innspill/{idea.id}").words

    act(per, idea.id, "angre")

    assert parcel(session, idea).handler_id is None
    assert "Per angret." in per.get(f"/arbeidsflate/innspill/{idea.id}").words


def test_sent_to_a_group_it_belongs_to_that_area_and_nobody_alone_has_it(session, idea, per, area, now):
    inputs.assign(session, Seen(idea.id, 0), per.participant_id, actor=per, now=now)

    inputs.send_to_group(session, Seen(idea.id, 1), area("energi"), comment="Hører til hos dere.", actor=per, now=now)

    row = parcel(session, idea)
    assert (row.handler_id, row.group_id, row.area_id) == (None, area("energi"), area("energi"))
    assert [change.comment for change in session.scalars(select(DeskChange))] == ["", "Hører til hos dere."]


NOBODY = "1e545e86-f79b-47fb-906c-9f9f951aff6e"


@pytest.mark.parametrize("who", ["", "gruppe:", "gruppe:x", "alle", NOBODY, f"gruppe:{NOBODY}"])
def test_it_can_be_given_only_to_somebody_who_works_here(visit_as, session, idea, who):
    expect = 303 if who == "" else 422

    act(visit_as("per"), idea.id, "ansvar", {"who": who}, expect=expect)

    assert parcel(session, idea).handler_id is None


def test_when_mona_was_faster_nothing_is_overwritten_and_pers_words_are_kept(visit_as, session, idea):
    per, mona = visit_as("per"), visit_as("working_group")
    old = revision_of(per, idea.id)
    act(mona, idea.id, "steg", {"step": "considered"})

    form = {"revision": old, "submission_id": str(uuid4()), "text": "Mitt lange svar.", "step": "decided"}
    page = act(per, idea.id, "svar", form, expect=409)

    assert "Working_Group endret denne i dag 13.00. Se endringen." in page.words
    assert page.tree.xpath("//textarea[@name='text']")[0].text.strip() == "Mitt lange svar."
    assert page.tree.xpath("//form[@id='answer']//input[@name='revision']/@value") == [revision_of(per, idea.id)]
    assert page.tree.xpath("//*[@id='endring-1']")
    assert session.scalars(select(Reply)).all() == []


def test_two_who_answer_at_once_give_one_answer(session, idea, per, now):
    inputs.set_due(session, Seen(idea.id, 0), now, actor=per, now=now)

    with pytest.raises(Changed):
        inputs.set_due(session, Seen(idea.id, 0), None, actor=per, now=now)

    assert parcel(session, idea).due_at == now


def test_the_same_answer_sent_twice_is_one_answer_and_no_refusal(visit_as, session, idea):
    per = visit_as("per")
    form = {"revision": "0", "submission_id": str(uuid4()), "text": "Ja.", "step": "decided"}

    act(per, idea.id, "svar", form)
    act(per, idea.id, "svar", form)

    assert session.scalar(select(func.count()).select_from(Reply)) == 1


def test_not_now_needs_a_reason_and_what_was_chosen_stays(visit_as, session, idea):
    page = act(visit_as("per"), idea.id, "steg", {"step": "not_now", "reason": " "}, expect=422)

    assert "Skriv hvorfor det er nei nå." in page.words
    assert page.tree.xpath("//select[@name='step']/option[@selected]/@value") == ["not_now"]
    assert parcel(session, idea).step == "received"
    assert parcel(session, idea).revision == 0


def test_a_step_can_be_undone_until_those_who_follow_are_told(session, idea, per, now, settings):
    soon, late = now + timedelta(seconds=9.9), now + timedelta(seconds=10)
    inputs.set_step(session, Seen(idea.id, 0), Step.READ, "", actor=per, now=now, undo_seconds=10)

    with pytest.raises(Conflict):
        inputs.undo(session, Seen(idea.id, 1), actor=per, now=late, undo_seconds=10)
    session.rollback()
    inputs.set_step(session, Seen(idea.id, 0), Step.NOT_NOW, "Ikke i år.", actor=per, now=now, undo_seconds=10)
    inputs.undo(session, Seen(idea.id, 1), actor=per, now=soon, undo_seconds=10)

    assert parcel(session, idea).step == "received"
    assert parcel(session, idea).waits
    assert [change.step for change in session.scalars(select(StepChange))] == ["received"]


@pytest.mark.parametrize(("undone", "mails", "ends"), [(False, 1, "accepted"), (True, 0, "aldri")])
def test_a_step_is_mailed_when_the_time_to_regret_is_over_and_not_at_all_when_it_was_undone(
    session, engine, settings, idea, per, now, undone, mails, ends
):
    inputs.set_step(session, Seen(idea.id, 0), Step.DECIDED, "", actor=per, now=now, undo_seconds=10)
    session.commit()
    background = Background(engine, settings, now, mail=MailRecorder())
    background.work("mail_writer")
    told_at_once = len([mail for mail, _ in background.mail.sent if "bestemt" in mail.subject.lower()])
    if undone:
        inputs.undo(session, Seen(idea.id, 1), actor=per, now=now, undo_seconds=10)
        session.commit()

    background.now = now + timedelta(seconds=11)
    ended = [delivery.state for delivery in background.work("mail_writer")]

    assert sorted(ended) == sorted(["accepted", ends])
    assert told_at_once == 0
    assert len(background.mail.sent) - 1 == mails  # one is the receipt


def test_what_somebody_else_did_is_not_pers_to_undo(visit_as, session, idea):
    act(visit_as("working_group"), idea.id, "frist", {"day": "2026-03-20"})

    act(visit_as("per"), idea.id, "angre", expect=409)

    assert parcel(session, idea).due_at is not None


@pytest.mark.parametrize(("day", "status"), [("2026-03-20", 303), ("", 303), ("i morgen", 422), ("0001-01-01", 422),
                                             ("9999-12-31", 422)])  # fmt: skip
def test_a_deadline_is_a_day_not_far_away(visit_as, session, idea, day, status):
    act(visit_as("per"), idea.id, "frist", {"day": day}, expect=status)

    assert (parcel(session, idea).due_at is not None) == (day == "2026-03-20")


def test_a_note_is_for_colleagues_alone_and_is_stored_once(visit, visit_as, session, idea):
    per, form = visit_as("per"), {"submission_id": str(uuid4()), "text": "Ring drift om dette."}

    act(per, idea.id, "notat", form)
    act(per, idea.id, "notat", form)
    act(per, idea.id, "notat", {**form, "text": "Noe annet."}, expect=422)

    assert [note.text for note in session.scalars(select(DeskNote))] == ["Ring drift om dette."]
    assert "Ring drift" in visit_as("moderator").get(f"/arbeidsflate/innspill/{idea.id}").words
    assert "Ring drift" not in visit.get(f"/ideer/{idea.id}").text


def test_each_act_is_noted_in_the_audit_log(visit_as, session, idea, area):
    per = visit_as("per")
    act(per, idea.id, "ansvar", {"who": f"gruppe:{area('energi')}"})
    act(per, idea.id, "frist", {"day": "2026-03-20"})
    act(per, idea.id, "angre")
    act(per, idea.id, "steg", {"step": "read"})

    noted = [line.action for line in session.scalars(select(AuditLine).order_by(AuditLine.nr))]

    assert noted == ["input_sent", "input_due", "input_undone", "input_step"]


def test_moderators_place_but_do_not_decide_and_facilitators_see_no_input(session, idea, now):
    moderator, facilitator = Actor(role=Role.MODERATOR), Actor(role=Role.FACILITATOR)

    inputs.set_due(session, Seen(idea.id, 0), now, actor=moderator, now=now)
    with pytest.raises(NotFound):
        inputs.set_step(session, Seen(idea.id, 1), Step.READ, "", actor=moderator, now=now, undo_seconds=10)
    with pytest.raises(NotFound):
        inputs.set_due(session, Seen(idea.id, 1), None, actor=facilitator, now=now)


@pytest.mark.parametrize("what", ["ansvar", "frist", "steg", "angre", "notat", "svar", "skjul", "vis", "e-post"])
@pytest.mark.parametrize("revision", ["", "-1", "x", "9" * 30, "\x00"])
def test_a_form_that_nobody_made_is_refused_calmly(visit_as, session, idea, what, revision):
    form = {"revision": revision, "who": "\x00", "step": "\x00", "text": "\x00", "submission_id": "\x00", "day": "\x00"}

    page = visit_as("per").client.post(f"/arbeidsflate/innspill/{idea.id}/{what}", data={**form, "csrf_token": "x"})

    assert page.status_code == 400
    assert revision_of(visit_as("per"), idea.id) == "0"
    per = visit_as("per")
    per.post(f"/arbeidsflate/innspill/{idea.id}/{what}", form, expect=200 if what == "e-post" else 422)


def parcel(session, idea) -> Parcel:
    return session.get_one(Parcel, idea.id, populate_existing=True)


@pytest.fixture
def idea(session, settings, kari, now):
    return make_idea(session, settings, actor=kari, now=now - timedelta(hours=1), email="kari@test.example")


@pytest.fixture
def area(session):
    found = {one.slug: one.id for one in query.areas(session)}
    return found.__getitem__
