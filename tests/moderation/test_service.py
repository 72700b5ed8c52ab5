"""What happens to an idea from the moment it waits until somebody has decided, and decided otherwise."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from app.audit.models import AuditLine
from app.core.errors import Conflict, NotAllowed, NotFound, RuleBroken
from app.ideas import query as ideas
from app.ideas import service as idea_service
from app.ideas.models import Idea
from app.moderation import service
from app.moderation.models import ModerationItem, Reason
from app.moderation.service import SHOW, Seen, Verdict
from app.outbox.models import OutboxEvent
from tests.support.ideas import make_idea
from tests.support.moderation import SHELVES, decide, the_waiting, waiting

ABUSE = Verdict(Reason.ABUSE, "")


def test_an_idea_waits_where_a_person_looks_first_and_is_received_all_the_same(
    session, settings, kari, ola, now, looked_at_first
):
    idea = make_idea(session, settings, actor=kari, now=now)

    item = the_waiting(session, idea.id)
    assert (item.why, item.process_id, item.marks) == ("before_publishing", idea.process_id, [])
    assert ideas.list_ideas(session, ideas.Filter()).ideas == ()
    assert ideas.list_ideas(session, ideas.Filter(words="lysløypa")).ideas == ()
    assert ideas.similar_ideas(session, idea.title) == ()
    assert not ideas.published_idea(session, idea.id, actor=ola).readable
    assert ideas.published_idea(session, idea.id, actor=ola).waits
    assert ideas.published_idea(session, idea.id, actor=kari).readable
    assert session.scalars(select(OutboxEvent.kind)).all() == ["idea_submitted"]


def test_an_idea_with_a_phone_number_waits_though_its_writer_keeps_it(session, settings, kari, now):
    idea = make_idea(session, settings, actor=kari, now=now, body="Ring 412 34 567.")

    item = the_waiting(session, idea.id)

    assert (item.why, item.marks) == ("filter", [["body", "phone", 5, 15]])


def test_an_ordinary_idea_waits_for_nobody_and_neither_does_a_mild_word(session, settings, kari, now):
    make_idea(session, settings, actor=kari, now=now)
    make_idea(session, settings, actor=kari, now=now, title="Det er jævla mørkt")

    assert waiting(session) == []
    assert len(ideas.list_ideas(session, ideas.Filter()).ideas) == 2


def test_what_mona_shows_everybody_sees(session, settings, kari, mona, now, looked_at_first):
    idea = make_idea(session, settings, actor=kari, now=now)

    decide(session, the_waiting(session, idea.id), SHOW, actor=mona, now=now)

    assert [one.id for one in ideas.list_ideas(session, ideas.Filter()).ideas] == [idea.id]
    assert waiting(session) == []


def test_what_mona_does_not_show_says_why_to_all(session, settings, kari, ola, mona, now, looked_at_first):
    idea = make_idea(session, settings, actor=kari, now=now)

    decide(session, the_waiting(session, idea.id), Verdict(Reason.PRIVATE, ""), actor=mona, now=now)

    seen = ideas.published_idea(session, idea.id, actor=ola)
    assert (seen.readable, seen.because, seen.own_words) == (False, "den har private opplysninger.", "")


def test_the_second_moderator_is_told_who_was_first_and_changes_nothing(
    session, settings, kari, mona, morten, now, looked_at_first
):
    idea = make_idea(session, settings, actor=kari, now=now)
    seen = Seen(the_waiting(session, idea.id).id, 0)
    decide(session, the_waiting(session, idea.id), SHOW, actor=mona, now=now)

    with pytest.raises(Conflict) as refusal:
        service.decide(session, seen, ABUSE, shelves=SHELVES, name="Morten", actor=morten, now=now)

    assert refusal.value.values == {"name": "Mona"}
    assert session.get_one(Idea, idea.id).hidden_at is None


def test_other_needs_words(session, settings, kari, mona, now, looked_at_first):
    idea = make_idea(session, settings, actor=kari, now=now)

    with pytest.raises(RuleBroken):
        decide(session, the_waiting(session, idea.id), Verdict(Reason.OTHER, ""), actor=mona, now=now)


@pytest.mark.parametrize("seconds", [0, 3600])
def test_mona_undoes_and_it_waits_again(session, settings, kari, mona, now, looked_at_first, seconds):
    idea = make_idea(session, settings, actor=kari, now=now)
    item = the_waiting(session, idea.id)
    decide(session, item, SHOW, actor=mona, now=now)

    service.undo(session, item.id, shelves=SHELVES, actor=mona, now=now + timedelta(seconds=seconds))
    session.commit()

    assert the_waiting(session, idea.id).id == item.id
    assert session.get_one(Idea, idea.id).hidden_cause == "waiting"


def test_nobody_undoes_what_a_colleague_decided(session, settings, kari, mona, morten, now, looked_at_first):
    idea = make_idea(session, settings, actor=kari, now=now)
    item = the_waiting(session, idea.id)
    decide(session, item, SHOW, actor=mona, now=now)

    with pytest.raises(NotFound):
        service.undo(session, item.id, shelves=SHELVES, actor=morten, now=now)


def test_several_are_decided_together_or_not_at_all(session, settings, kari, mona, morten, now, looked_at_first):
    one, other = (make_idea(session, settings, actor=kari, now=now, title=f"Idé {n}") for n in (1, 2))
    chosen = [Seen(item.id, item.revision) for item in waiting(session)]
    decide(session, the_waiting(session, other.id), SHOW, actor=morten, now=now, name="Morten")

    with pytest.raises(Conflict):
        service.decide_many(session, chosen, ABUSE, shelves=SHELVES, name="Mona", actor=mona, now=now)
    session.rollback()
    assert session.get_one(Idea, one.id).hidden_cause == "waiting"


def test_several_are_shown_at_once(session, settings, kari, mona, now, looked_at_first):
    for number in (1, 2, 3):
        make_idea(session, settings, actor=kari, now=now, title=f"Idé {number}")
    chosen = [Seen(item.id, item.revision) for item in waiting(session)]

    service.decide_many(session, chosen, SHOW, shelves=SHELVES, name="Mona", actor=mona, now=now)

    assert waiting(session) == []
    assert len(ideas.list_ideas(session, ideas.Filter()).ideas) == 3


def test_what_its_writer_takes_back_waits_no_longer(session, settings, kari, now, looked_at_first):
    idea = make_idea(session, settings, actor=kari, now=now)

    idea_service.withdraw_idea(session, idea, now=now)

    assert waiting(session) == []


def test_what_was_taken_back_cannot_be_shown_by_undoing(session, settings, kari, mona, now, looked_at_first):
    idea = make_idea(session, settings, actor=kari, now=now)
    item = the_waiting(session, idea.id)
    decide(session, item, ABUSE, actor=mona, now=now)
    idea_service.withdraw_idea(session, idea, now=now)

    with pytest.raises(Conflict):
        service.undo(session, item.id, shelves=SHELVES, actor=mona, now=now)


@pytest.mark.parametrize("role", [None, "facilitator"])
def test_only_moderators_decide(session, settings, kari, fatima, now, looked_at_first, role):
    idea = make_idea(session, settings, actor=kari, now=now)
    item = the_waiting(session, idea.id)

    with pytest.raises(NotFound):
        decide(session, item, SHOW, actor=fatima if role else kari, now=now)


def test_every_decision_stands_in_the_audit_log(session, settings, kari, mona, now, looked_at_first):
    idea = make_idea(session, settings, actor=kari, now=now)
    item = the_waiting(session, idea.id)
    decide(session, item, ABUSE, actor=mona, now=now)
    service.undo(session, item.id, shelves=SHELVES, actor=mona, now=now)
    decide(session, item, SHOW, actor=mona, now=now)

    lines = session.scalars(select(AuditLine).order_by(AuditLine.nr)).all()
    assert [line.action for line in lines] == ["moderation_refused", "moderation_undone", "moderation_shown"]
    assert {(line.object_ref, line.who_ref) for line in lines} == {(f"idea:{idea.id}", mona.audit_key)}


def test_the_database_takes_one_open_asking_for_an_input(session, settings, kari, now, looked_at_first):
    idea = make_idea(session, settings, actor=kari, now=now)
    again = {"kind": "idea", "input_id": idea.id, "nr": 2, "why": "report", "marks": [], "asked_at": now}

    with pytest.raises(IntegrityError):
        session.execute(ModerationItem.__table__.insert().values(id=idea.id, revision=0, state="waiting", **again))


def test_what_somebody_reports_stays_on_the_page_until_mona_has_looked(session, settings, kari, mona, now):
    idea = make_idea(session, settings, actor=kari, now=now)

    assert service.reported(session, idea.id, "idea", now=now)
    assert not service.reported(session, idea.id, "idea", now=now)
    session.commit()

    item = the_waiting(session, idea.id)
    assert item.why == "report"
    assert session.get_one(Idea, idea.id).hidden_at is None
    decide(session, item, ABUSE, actor=mona, now=now)
    assert session.get_one(Idea, idea.id).hidden_cause == "abuse"
    assert not service.reported(session, idea.id, "idea", now=now)


def test_what_per_shows_on_its_own_page_waits_no_longer(session, settings, kari, per, now, looked_at_first):
    idea = make_idea(session, settings, actor=kari, now=now)

    idea_service.show_idea(session, idea, actor=per, now=now)

    assert waiting(session) == []
    assert idea.hidden_at is None
    assert session.scalar(select(func.count()).select_from(ModerationItem)) == 1


def test_the_writer_appeals_once_and_somebody_else_must_look(
    session, settings, kari, mona, morten, now, looked_at_first
):
    idea = make_idea(session, settings, actor=kari, now=now)
    decide(session, the_waiting(session, idea.id), ABUSE, actor=mona, now=now)
    service.appeal(session, idea.id, "Det er ikke hets.", now=now)
    session.commit()
    item = the_waiting(session, idea.id)

    with pytest.raises(NotAllowed):
        decide(session, item, SHOW, actor=mona, now=now)
    session.rollback()
    decide(session, item, ABUSE, actor=morten, now=now)

    with pytest.raises(Conflict):
        service.appeal(session, idea.id, "Jo, en gang til.", now=now)


def test_an_appeal_against_what_per_hid_is_not_for_per(session, settings, kari, per, mona, now):
    idea = make_idea(session, settings, actor=kari, now=now)
    idea_service.hide_idea(session, idea, reason="Den nevner en nabo.", actor=per, now=now)
    service.appeal(session, idea.id, "Det er min egen nabo.", now=now)
    session.commit()

    with pytest.raises(NotAllowed):
        idea_service.show_idea(session, idea, actor=per, now=now)
    session.rollback()
    decide(session, the_waiting(session, idea.id), SHOW, actor=mona, now=now)
    assert session.get_one(Idea, idea.id).hidden_at is None


def test_what_staff_add_to_the_filter_counts_from_then_on(session, settings, kari, mona, now):
    service.list_word(session, " Snørrunge ", listed=True, actor=mona, now=now)
    service.list_word(session, "mongo", listed=False, actor=mona, now=now)
    session.commit()

    idea = make_idea(session, settings, actor=kari, now=now, title="Din snørrunge")
    make_idea(session, settings, actor=kari, now=now, title="Vi leste om Mongo i timen")

    assert [item.input_id for item in waiting(session)] == [idea.id]
