"""Kari reads why, mends her text or says that she disagrees, and gets an answer from somebody else."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from app.core.receipt import receipt_token
from app.ideas import query
from app.ideas.models import Correction, Idea
from app.ideas.service import support_idea
from app.moderation import service as moderation
from app.moderation.models import ModerationItem, Reason
from app.moderation.service import SHOW, Verdict
from app.outbox.models import OutboxEvent
from tests.support.ideas import make_idea
from tests.support.moderation import decide, the_waiting, waiting

PRIVATE = Verdict(Reason.PRIVATE, "Ta bort nummeret.")


def test_the_receipt_says_what_was_decided_and_why(visit, receipt, refused):
    page = visit.get(receipt)

    assert "Idéen vises ikke" in page.words
    assert "Denne vises ikke, fordi den har private opplysninger." in page.words
    assert "Ta bort nummeret." in page.words
    assert "Rett teksten" in page.words
    assert "Jeg er uenig" in page.words


def test_before_anybody_has_looked_it_can_be_mended_and_there_is_nothing_to_disagree_with(visit, idea, receipt):
    page = visit.get(receipt)

    assert "Idéen venter" in page.words
    assert "Rett teksten" in page.words
    assert "Jeg er uenig" not in page.words


def test_an_idea_that_is_shown_gives_nothing_to_disagree_with(visit, session, settings, kari, now):
    shown = make_idea(session, settings, actor=kari, now=now)
    receipt = address_of(settings, shown)

    assert "Rett teksten" not in visit.get(receipt).words
    visit.post(f"{receipt}/uenig", {"words": "Jeg er uenig."}, expect=409)


def test_kari_mends_and_it_waits_again_without_what_was_marked(visit, session, idea, receipt, refused):
    assert "412 34 567" in visit.get(f"{receipt}/rett").value("body")

    visit.post(f"{receipt}/rett", mended())

    item = the_waiting(session, idea.id)
    assert (item.why, item.marks) == ("mended", [])
    assert "Idéen venter" in visit.get(receipt).words
    assert session.get_one(Idea, idea.id).hidden_cause == "waiting"


def test_what_is_mended_while_it_waits_keeps_its_place(visit, session, idea, receipt):
    before = the_waiting(session, idea.id).id

    visit.post(f"{receipt}/rett", mended())

    item = the_waiting(session, idea.id)
    assert (item.id, item.revision, item.marks) == (before, 1, [])


def test_an_idea_that_is_shown_and_gets_a_phone_number_waits(visit, session, settings, kari, now):
    shown = make_idea(session, settings, actor=kari, now=now)

    visit.post(f"{address_of(settings, shown)}/rett", mended(body="Ring 412 34 567.", kept="ja"))

    assert the_waiting(session, shown.id).why == "filter"
    assert session.get_one(Idea, shown.id).hidden_cause == "waiting"


def test_what_is_looked_at_first_is_looked_at_again(visit, session, settings, kari, mona, now, looked_at_first):
    idea = make_idea(session, settings, actor=kari, now=now)
    decide(session, the_waiting(session, idea.id), SHOW, actor=mona, now=now)

    visit.post(f"{address_of(settings, idea)}/rett", mended())

    assert the_waiting(session, idea.id).why == "before_publishing"


def test_what_was_reported_and_then_gets_a_phone_number_is_taken_off(visit, session, settings, kari, now):
    idea = make_idea(session, settings, actor=kari, now=now)
    moderation.reported(session, idea.id, "idea", now=now)
    session.commit()

    visit.post(f"{address_of(settings, idea)}/rett", mended(body="Ring 412 34 567.", kept="ja"))

    item = the_waiting(session, idea.id)
    assert (item.why, item.revision) == ("filter", 1)
    assert session.get_one(Idea, idea.id).hidden_cause == "waiting"


def test_what_ola_supports_is_put_right_only_where_a_person_looks(visit, session, idea, receipt, ola, now):
    support_idea(session, session.get_one(Idea, idea.id), actor=ola, now=now)
    session.commit()

    visit.post(f"{receipt}/rett", mended())

    assert session.get_one(Idea, idea.id).body == "Det er mørkt."


def test_the_same_form_twice_is_one_mending(visit, session, receipt, refused):
    form = mended()

    visit.post(f"{receipt}/rett", form)
    visit.post(f"{receipt}/rett", form)

    assert session.scalar(select(func.count()).select_from(Correction)) == 1
    kinds = session.scalars(select(OutboxEvent.kind)).all()
    assert sorted(kinds) == ["idea_corrected", "idea_hidden", "idea_hidden", "idea_submitted", "moderation_decided"]


def test_nobody_finds_it_by_the_words_that_are_gone(visit, session, idea, receipt, mona, refused, now):
    visit.post(f"{receipt}/rett", mended())
    decide(session, the_waiting(session, idea.id), SHOW, actor=mona, now=now)

    assert "Lys i lysløypa" in visit.get("/ideer?sok=mørkt").words
    assert "Lys i lysløypa" not in visit.get("/ideer?sok=412").words


@pytest.mark.parametrize("signs", ["☀☀", "12"])
def test_a_text_without_words_is_mended_as_well(visit, session, settings, kari, mona, now, looked_at_first, signs):
    idea = make_idea(session, settings, actor=kari, now=now, title="☀", body=signs)

    visit.post(f"{address_of(settings, idea)}/rett", mended(title="Sol i byen"))
    decide(session, the_waiting(session, idea.id), SHOW, actor=mona, now=now)

    assert "Sol i byen" in visit.get("/ideer?sok=sol").words


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"title": ""}, "Skriv hva idéen er."),
        ({"body": ""}, "Skriv hvorfor det er lurt."),
        ({"title": "x" * 121}, "Bruk høyst 120 tegn."),
        ({"submission_id": "tull"}, "Siden har ligget for lenge."),
    ],
)
def test_a_mending_that_is_wrong_is_refused_beside_the_text(visit, session, receipt, refused, changed, sentence):
    page = visit.post(f"{receipt}/rett", mended(**changed), expect=422)

    assert sentence in page.words
    assert session.scalar(select(func.count()).select_from(Correction)) == 0


def test_what_was_taken_back_is_neither_mended_nor_disagreed_with(visit, receipt, refused):
    visit.post(f"{receipt}/trekk-tilbake")

    visit.post(f"{receipt}/rett", mended(), expect=409)
    visit.post(f"{receipt}/uenig", {"words": "Jeg er uenig."}, expect=409)


def test_the_archive_is_told_what_was_sent_first_and_then_what_was_mended(
    session, visit, idea, receipt, refused, now, clock
):
    visit.post(f"{receipt}/rett", mended())
    clock["now"] = now + timedelta(minutes=5)
    visit.post(f"{receipt}/rett", mended(body="Enda bedre."))

    letter = query.idea_for_letter(session, idea.id, None)

    assert letter.body == "Ring 412 34 567."
    ids = session.scalars(select(Correction.id).order_by(Correction.corrected_at)).all()
    assert {query.correction_for_letter(session, one).body for one in ids} == {"Det er mørkt.", "Enda bedre."}


def test_kari_disagrees_and_morten_answers(visit, session, idea, receipt, mona, morten, refused, now):
    visit.post(f"{receipt}/uenig", {"words": "Det er nummeret til kommunen."})
    assert "En annen i kommunen ser på det du skrev." in visit.get(receipt).words

    answer = Verdict(None, "Du har rett.")
    decide(session, the_waiting(session, idea.id), answer, actor=morten, now=now + timedelta(days=1))

    page = visit.get(receipt)
    assert "Du skrev: Det er nummeret til kommunen." in page.words
    assert "Du fikk rett. Idéen vises. Du har rett." in page.words
    assert "Jeg er uenig" not in page.words


def test_an_appeal_against_monas_decision_is_not_in_her_queue(visit, visit_as, session, receipt, mona, morten, refused):
    visit.post(f"{receipt}/uenig", {"words": "Det er nummeret til kommunen."})

    hers = visit_as("moderator").get("/arbeidsflate/moderering")
    assert "Ingenting venter." in hers.words
    assert "1 klage på det du har bestemt, venter på en kollega." in hers.words
    pers = visit_as("per").get("/arbeidsflate/moderering")
    assert "Det er nummeret til kommunen." in pers.words


def test_saying_it_twice_is_once(visit, session, receipt, refused):
    words = {"words": "Det er nummeret til kommunen."}
    visit.post(f"{receipt}/uenig", words)
    visit.post(f"{receipt}/uenig", words)
    visit.post(f"{receipt}/uenig", {"words": "Og en ting til."}, expect=409)

    assert session.scalar(select(func.count()).where(ModerationItem.why == "appeal")) == 1


@pytest.mark.parametrize("words", ["", "  ", "\x00", "x" * 501])
def test_an_appeal_that_says_nothing_is_refused(visit, session, receipt, refused, words):
    visit.post(f"{receipt}/uenig", {"words": words}, expect=422)

    assert waiting(session) == []


def mended(**changed: str) -> dict[str, str]:
    form = {"submission_id": str(uuid4()), "title": "Lys i lysløypa", "body": "Det er mørkt."}
    return form | changed


def address_of(settings, idea) -> str:
    return f"/kvittering/{receipt_token(settings.secret_keys(), idea.id)}"


@pytest.fixture
def idea(session, settings, kari, now):
    """Kari's idea, which the filter stopped."""
    return make_idea(session, settings, actor=kari, now=now, title="Lys i lysløypa", body="Ring 412 34 567.")


@pytest.fixture
def receipt(settings, idea):
    return address_of(settings, idea)


@pytest.fixture
def refused(session, idea, mona, now):
    """Mona has decided not to show it."""
    decide(session, the_waiting(session, idea.id), PRIVATE, actor=mona, now=now)
