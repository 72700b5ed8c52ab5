"""Ola is told what was decided about his comment and why; he mends it, or says once that he disagrees."""

from uuid import uuid4

import pytest
from sqlalchemy import func, select

from app.comments.models import Comment, CommentCorrection, Stance
from app.ideas import service as ideas
from app.moderation.models import ModerationItem, Reason
from app.moderation.service import SHOW, Verdict
from app.outbox.models import OutboxEvent
from tests.support.comments import make_comment
from tests.support.ideas import make_idea
from tests.support.moderation import decide, the_waiting, waiting

PRIVATE = Verdict(Reason.PRIVATE, "Ta bort nummeret.")


def test_his_own_page_says_what_was_decided_and_why_and_what_he_can_do(visit_as, comment, refused):
    words = visit_as("ola").get(url(comment)).words

    assert "Kommentaren vises ikke" in words
    assert "Denne vises ikke, fordi den har private opplysninger." in words
    assert "Ta bort nummeret." in words
    assert "Rett teksten" in words
    assert "Jeg er uenig" in words
    assert "Kommentaren venter" not in words


@pytest.mark.parametrize("who", ["kari", "anonymous"])
def test_nobody_else_is_told_more_than_that_it_is_hidden(visit_as, comment, refused, who):
    page = visit_as(who).get(url(comment))

    assert "Rett teksten" not in page.words
    assert "412 34 567" not in page.text


def test_before_anybody_has_looked_there_is_nothing_to_disagree_with(visit_as, comment):
    ola = visit_as("ola")

    words = ola.get(url(comment)).words
    assert "Kommentaren venter" in words
    assert "Rett teksten" in words
    assert "Jeg er uenig" not in words
    ola.post(f"{url(comment)}/uenig", {"words": "Jeg er uenig."}, expect=409)


def test_mine_says_that_others_do_not_see_it(visit_as, comment, say):
    say("Godt tenkt.")

    words = visit_as("ola").get("/mine").words

    assert words.count("Andre ser den ikke") == 1


def test_he_mends_it_and_it_waits_again_without_what_was_marked(visit_as, session, comment, refused):
    ola = visit_as("ola")
    assert ola.get(f"{url(comment)}/rett").value("text") == "Ring 412 34 567."

    ola.post(f"{url(comment)}/rett", mended())

    item = the_waiting(session, comment.id)
    assert (item.why, item.marks) == ("mended", [])
    assert "Kommentaren venter" in ola.get(url(comment)).words


def test_what_is_mended_and_shown_is_read_by_all_and_no_longer_found_by_the_old_words(
    visit_as, visit, session, comment, mona, refused, now
):
    visit_as("ola").post(f"{url(comment)}/rett", mended())
    decide(session, the_waiting(session, comment.id), SHOW, actor=mona, now=now)

    assert "Spør på biblioteket." in visit.get(f"/ideer/{comment.input_id}").words
    per = visit_as("per")
    assert "Spør på biblioteket." in per.get("/arbeidsflate?bunke=alle&sok=bibliotek").words
    assert "Spør på biblioteket." not in per.get("/arbeidsflate?bunke=alle&sok=412").words


def test_what_is_on_the_page_is_put_right_until_somebody_answers(visit_as, session, say, idea, kari, now):
    comment, ola = say("Hva koster det?", stance=Stance.QUESTION), visit_as("ola")
    ola.post(f"{url(comment)}/rett", mended(text="Hva koster lyset?"))
    assert text_of(session, comment) == "Hva koster lyset?"
    make_comment(session, idea, actor=kari, now=now, answers=comment.id, text="Lite.")

    page = ola.post(f"{url(comment)}/rett", mended(text="Hva koster brua?"), expect=409)

    assert "Noen har svart på kommentaren, eller den er tatt bort. Da kan den ikke rettes." in page.words
    assert page.value("text") == "Hva koster brua?"
    assert text_of(session, comment) == "Hva koster lyset?"
    assert "Rett kommentaren" not in ola.get(url(comment)).words


def test_a_phone_number_that_is_put_in_afterwards_waits_for_a_person(visit_as, visit, session, say):
    comment = say("Godt tenkt.")

    visit_as("ola").post(f"{url(comment)}/rett", mended(text="Ring 412 34 567.", kept="ja"))

    assert the_waiting(session, comment.id).why == "filter"
    assert "412 34 567" not in visit.get(f"/ideer/{comment.input_id}").text


def test_a_phone_number_is_pointed_out_first(visit_as, session, say):
    comment = say("Godt tenkt.")

    page = visit_as("ola").post(f"{url(comment)}/rett", mended(text="Ring 412 34 567."), expect=422)

    assert "Har du skrevet noe privat?" in page.words
    assert text_of(session, comment) == "Godt tenkt."


def test_the_same_form_twice_is_one_mending_and_one_letter(visit_as, session, comment, refused):
    form, ola = mended(), visit_as("ola")

    for _ in range(2):
        ola.post(f"{url(comment)}/rett", form)

    (correction,) = session.scalars(select(CommentCorrection)).all()
    assert (correction.earlier_text, correction.text) == ("Ring 412 34 567.", "Spør på biblioteket.")
    told = session.scalars(select(OutboxEvent).where(OutboxEvent.kind == "comment_corrected")).one()
    assert told.payload == {
        "comment_id": str(comment.id),
        "input_id": str(comment.input_id),
        "correction_id": str(correction.id),
    }


@pytest.mark.parametrize("text", ["", " \x00", "x" * 1001])
def test_a_mending_that_is_wrong_is_refused_beside_the_text(visit_as, session, comment, refused, text):
    visit_as("ola").post(f"{url(comment)}/rett", mended(text=text), expect=422)

    assert session.scalar(select(func.count()).select_from(CommentCorrection)) == 0


@pytest.mark.parametrize("who", ["kari", "anonymous", "per"])
def test_nobody_else_mends_it_or_disagrees_for_him(visit_as, session, comment, refused, who):
    visit_as(who).get(f"{url(comment)}/rett", expect=404)
    visit_as(who).post(f"{url(comment)}/rett", mended(), expect=404)
    visit_as(who).post(f"{url(comment)}/uenig", {"words": "Jeg er uenig."}, expect=404)

    assert waiting(session) == []


def test_he_disagrees_once_and_morten_answers(visit_as, session, comment, morten, refused, now):
    ola = visit_as("ola")
    for _ in range(2):
        ola.post(f"{url(comment)}/uenig", {"words": "Det er nummeret til kommunen."})
    ola.post(f"{url(comment)}/uenig", {"words": "Og en ting til."}, expect=409)
    assert "En annen i kommunen ser på det du skrev." in ola.get(url(comment)).words
    assert "Denne vises ikke, fordi den har private opplysninger." in ola.get(url(comment)).words

    decide(session, the_waiting(session, comment.id), Verdict(None, "Du har rett."), actor=morten, now=now)

    assert "Du fikk rett. Kommentaren vises. Du har rett." in ola.get(url(comment)).words
    assert session.scalar(select(func.count()).where(ModerationItem.why == "appeal")) == 1


def test_what_he_says_of_monas_decision_is_not_in_her_queue(visit_as, comment, refused):
    visit_as("ola").post(f"{url(comment)}/uenig", {"words": "Det er nummeret til kommunen."})

    assert "Ingenting venter." in visit_as("moderator").get("/arbeidsflate/moderering").words
    assert "Det er nummeret til kommunen." in visit_as("per").get("/arbeidsflate/moderering").words


@pytest.mark.parametrize("words", ["", "\x00", "x" * 501])
def test_disagreeing_with_no_words_is_refused_where_he_stands(visit_as, session, comment, refused, words):
    page = visit_as("ola").post(f"{url(comment)}/uenig", {"words": words}, expect=422)

    assert "Kommentaren vises ikke" in page.words
    assert waiting(session) == []


def test_what_per_hides_at_the_desk_is_told_and_can_be_appealed(visit_as, session, say, per, now):
    comment = say("Noe grovt.")
    ideas.hide_comment(session, comment, reason="Det er grovt.", actor=per, now=now)
    session.commit()
    ola = visit_as("ola")
    assert "Det er grovt." in ola.get(url(comment)).words

    ola.post(f"{url(comment)}/uenig", {"words": "Det er ikke grovt."})

    assert the_waiting(session, comment.id).not_by == per.participant_id


def test_what_was_taken_back_is_neither_mended_nor_disagreed_with(visit_as, comment, refused):
    ola = visit_as("ola")
    ola.post(f"{url(comment)}/trekk-tilbake")

    ola.post(f"{url(comment)}/rett", mended(), expect=409)
    ola.post(f"{url(comment)}/uenig", {"words": "Jeg er uenig."}, expect=409)
    words = ola.get(url(comment)).words
    assert "Kommentaren er trukket tilbake." in words
    assert "Rett teksten" not in words


def url(comment) -> str:
    return f"/ideer/{comment.input_id}/kommentarer/{comment.id}"


def mended(**changed: str) -> dict[str, str]:
    return {"submission_id": str(uuid4()), "text": "Spør på biblioteket."} | changed


def text_of(session, comment) -> str:
    found = session.get_one(Comment, comment.id, populate_existing=True).text
    session.commit()
    return found


@pytest.fixture
def idea(session, settings, kari, now):
    return make_idea(session, settings, actor=kari, now=now)


@pytest.fixture
def say(session, idea, ola, now):
    return lambda text, **more: make_comment(session, idea, actor=ola, now=now, text=text, **more)


@pytest.fixture
def comment(say):
    """Ola's comment, which the filter stopped."""
    return say("Ring 412 34 567.")


@pytest.fixture
def refused(session, comment, mona, now):
    """Mona has decided not to show it."""
    decide(session, the_waiting(session, comment.id), PRIVATE, actor=mona, now=now)
