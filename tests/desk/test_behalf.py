"""Per writes down what somebody said on the phone: it is theirs, marked, and goes to the archive as it came."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from app.audit.models import AuditLine
from app.files.store import picture_store
from app.ideas import service as ideas
from app.ideas.models import Idea
from app.ideas.query import idea_for_letter
from app.parcels.models import Follow
from tests.support.ideas import idea_form, make_idea

PAGE = "/arbeidsflate/registrer"


def test_what_was_said_on_the_phone_is_public_and_marked_as_registered(visit, visit_as, session, idea_on_phone):
    visit_as("per").post(PAGE, idea_on_phone())

    idea = session.scalars(select(Idea)).one()
    assert "Registrert av kommunen" in visit.get(f"/ideer/{idea.id}").words
    assert "Lys i lysløypa" in visit_as("per").get("/arbeidsflate").words


def test_one_that_came_by_the_web_is_not_marked(visit, session, settings, kari, now):
    idea = make_idea(session, settings, actor=kari, now=now)

    assert "Registrert av kommunen" not in visit.get(f"/ideer/{idea.id}").words


def test_the_archive_hears_by_which_way_it_came_and_on_which_day(visit_as, session, settings, idea_on_phone):
    visit_as("per").post(PAGE, idea_on_phone(channel="papir", given_on="2026-02-27"))

    letter = idea_for_letter(session, session.scalars(select(Idea.id)).one(), picture_store(settings))

    assert (letter.channel, letter.written_at) == ("papir", datetime(2026, 2, 27, 11, 0, tzinfo=UTC))


def test_it_is_nobodys_here_and_per_neither_owns_nor_follows_it(visit_as, session, idea_on_phone):
    per = visit_as("per")
    per.post(PAGE, idea_on_phone())

    idea = session.scalars(select(Idea)).one()
    assert (idea.author_id, idea.device_key) == (None, None)
    assert session.scalar(select(func.count()).select_from(Follow)) == 0
    assert "Lys i lysløypa" not in per.get("/mine").words


def test_the_receipt_is_handed_over_and_leads_to_the_answer(visit, visit_as, idea_on_phone):
    per = visit_as("per")

    page = per.get(per.post(PAGE, idea_on_phone()).location)

    (address,) = page.tree.xpath("//p[@class='handed__address']/text()")
    assert "Lys i lysløypa" in visit.get(address.removeprefix("http://localhost")).words
    (code,) = page.tree.xpath("//*[contains(@class, 'qr__plate')]/*[name()='svg']")
    assert code.get("viewbox"), "without it the code is cut where its place is smaller"


def test_the_receipt_of_what_was_taken_back_shows_no_word_of_it(visit_as, session, idea_on_phone, now):
    per = visit_as("per")
    place = per.post(PAGE, idea_on_phone()).location
    ideas.withdraw_idea(session, session.scalars(select(Idea)).one(), now=now)

    page = per.get(place)

    assert "Trukket tilbake" in page.words
    assert "Lys i lysløypa" not in page.text


def test_the_receipt_of_what_kari_sent_herself_is_not_pers_to_hand_over(visit_as, session, settings, kari, now):
    idea = make_idea(session, settings, actor=kari, now=now)

    visit_as("per").get(f"{PAGE}/{idea.id}", expect=404)
    visit_as("per").get(f"{PAGE}/{uuid4()}", expect=404)


def test_a_double_click_registers_once_and_notes_it_once(visit_as, session, idea_on_phone):
    per, form = visit_as("per"), idea_on_phone()

    first, second = per.post(PAGE, form), per.post(PAGE, form)

    assert first.location == second.location
    assert [line.action for line in session.scalars(select(AuditLine))] == ["input_registered"]
    per.post(PAGE, {**form, "channel": "papir"}, expect=422)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"channel": ""}, "Velg hvordan den kom."),
        ({"channel": "røyk"}, "Feil:"),
        ({"given_on": ""}, "Velg dagen den kom."),
        ({"given_on": "2026-03-04"}, "Den dagen har ikke vært ennå."),
        ({"given_on": "1999-01-01"}, "Velg en dag etter 2020."),
        ({"given_on": "\x00"}, "Feil:"),
        ({"title": " "}, "Skriv hva idéen er."),
        ({"area": "nei"}, "Velg hva det handler om."),
        ({"body": "Ring 412 34 567."}, "Står det noe privat her?"),
    ],
)
def test_what_is_missing_is_said_beside_its_field_and_the_rest_stays(visit_as, session, idea_on_phone, changed, said):
    page = visit_as("per").post(PAGE, idea_on_phone(**changed), expect=422)

    assert said in page.words
    assert page.value("place") == "Ankenes"
    assert session.scalar(select(func.count()).select_from(Idea)) == 0


def test_the_last_day_that_can_be_chosen_is_today_in_narvik(visit_as, session, idea_on_phone, clock):
    clock["now"] = datetime(2026, 3, 3, 23, 30, tzinfo=UTC)  # half past midnight there

    visit_as("per").post(PAGE, idea_on_phone(given_on="2026-03-04"))


@pytest.fixture
def idea_on_phone(now):
    def make(**changed):
        form = idea_form(channel="telefon", given_on="2026-03-03", place="Ankenes")
        return {**form, **changed}

    return make
