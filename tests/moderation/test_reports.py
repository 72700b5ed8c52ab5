"""Ola says that something is wrong: it stays where it is, Mona reads what he says, and decides."""

import pytest
from sqlalchemy import select

from app.comments import query as comments
from app.comments.models import Comment, Report
from app.core.actor import NOBODY
from app.core.receipt import receipt_token
from app.ideas.models import Idea
from app.moderation.models import ModerationItem, Reason
from app.moderation.service import SHOW, Verdict
from tests.support.comments import comment_form, make_comment
from tests.support.ideas import make_idea
from tests.support.moderation import decide, the_waiting, waiting

QUEUE = "/arbeidsflate/moderering"
ABUSE = Verdict(Reason.ABUSE)
SAID = {"reason": "mean", "more": "Det er om naboen min."}


def test_what_ola_reports_is_in_the_queue_with_what_he_says(visit_as, session, idea):
    visit_as("ola").post(f"/ideer/{idea.id}/si-fra", SAID, expect=200)
    visit_as("kari").post(f"/ideer/{idea.id}/si-fra", {"reason": "advert"}, expect=200)

    page = visit_as("moderator").get(QUEUE)
    assert "Noen har sagt fra" in page.words
    assert "Det er slemt mot noen Det er om naboen min." in page.words
    assert "Det er reklame eller tull" in page.words
    assert len(waiting(session)) == 1
    assert session.get_one(Idea, idea.id).hidden_at is None


@pytest.mark.parametrize("verdict", [SHOW, ABUSE])
def test_when_mona_has_decided_the_reports_are_handled(visit_as, session, idea, mona, now, verdict):
    visit_as("ola").post(f"/ideer/{idea.id}/si-fra", SAID, expect=200)

    decide(session, the_waiting(session, idea.id), verdict, actor=mona, now=now)

    assert session.scalars(select(Report.handled_at)).all() == [now]
    assert comments.reported(session, [idea.id]) == {}


def test_when_per_hides_it_on_its_own_page_the_reports_are_handled(visit_as, session, idea, now):
    visit_as("ola").post(f"/ideer/{idea.id}/si-fra", SAID, expect=200)

    visit_as("per").post(f"/arbeidsflate/innspill/{idea.id}/skjul", {"revision": "0", "reason": "Hets."}, expect=303)

    assert session.scalars(select(Report.handled_at)).all() == [now]
    assert waiting(session) == []


def test_when_kari_takes_back_what_was_reported_nobody_has_to_look(visit_as, session, settings, idea, now):
    visit_as("ola").post(f"/ideer/{idea.id}/si-fra", SAID, expect=200)

    receipt = receipt_token(settings.secret_keys(), idea.id)
    visit_as("kari").post(f"/kvittering/{receipt}/trekk-tilbake", expect=303)

    assert waiting(session) == []
    assert session.scalars(select(Report.handled_at)).all() == [now]


def test_a_comment_that_is_reported_is_hidden_and_shown_again(visit_as, session, idea, ola, mona, now):
    comment = make_comment(session, idea, actor=ola, now=now, text="Så dumt.")
    visit_as("kari").post(f"/ideer/{idea.id}/kommentarer/{comment.id}/si-fra", SAID, expect=200)
    page = visit_as("moderator").get(QUEUE)
    assert "Så dumt." in page.words
    assert "Kommentar" in page.words

    item = the_waiting(session, comment.id)
    decide(session, item, ABUSE, actor=mona, now=now)
    assert "Så dumt." not in visit_as("kari").get(f"/ideer/{idea.id}").words
    visit_as("moderator").post(f"{QUEUE}/{item.id}/angre", expect=303)

    assert "Så dumt." in visit_as("kari").get(f"/ideer/{idea.id}").words


def test_a_comment_with_a_phone_number_waits_until_mona_has_looked(visit_as, session, idea, mona, now):
    form = {"text": "Ring meg på 412 34 567.", "kept": "ja", "stance": "for"}
    sent = visit_as("ola").post(f"/ideer/{idea.id}/kommenter", comment_form(**form))
    assert "venter på at en i kommunen ser på den" in visit_as("ola").get(sent.location).words
    assert "412 34 567" not in visit_as("kari").get(f"/ideer/{idea.id}").words

    (item,) = waiting(session)
    assert (item.kind, item.why) == ("comment", "filter")
    decide(session, item, SHOW, actor=mona, now=now)

    assert "412 34 567" in visit_as("kari").get(f"/ideer/{idea.id}").words


def test_in_a_process_that_is_looked_at_first_comments_wait_too_but_not_those_of_staff(
    session, idea, ola, per, now, looked_at_first
):
    comment = make_comment(session, idea, actor=ola, now=now)
    answer = make_comment(session, idea, actor=per, now=now, role_name="Rådgiver")

    assert [item.input_id for item in waiting(session)] == [comment.id]
    shown = [one.id for group in comments.thread(session, idea.id, "idea", actor=NOBODY) for one in group.comments]
    assert shown == [answer.id]


def test_a_comment_that_ola_takes_back_waits_no_longer(visit_as, session, idea, ola, now, looked_at_first):
    comment = make_comment(session, idea, actor=ola, now=now)

    visit_as("ola").post(f"/ideer/{idea.id}/kommentarer/{comment.id}/trekk-tilbake", expect=303)

    assert session.scalars(select(ModerationItem)).all() == []
    assert session.get_one(Comment, comment.id).withdrawn_at is not None


@pytest.fixture
def idea(session, settings, kari, now):
    return make_idea(session, settings, actor=kari, now=now)
