"""Mona's queue: what stands there, one press for each, and what happens when two press at once."""

from datetime import timedelta

import pytest
from sqlalchemy import event, select

from app.audit.models import AuditLine
from app.ideas.models import Idea
from app.moderation import service
from app.moderation.models import ModerationItem
from app.moderation.service import SHOW
from tests.support.ideas import make_idea
from tests.support.moderation import decide, the_waiting, waiting

QUEUE = "/arbeidsflate/moderering"


def test_mona_sees_what_waits_the_oldest_first_with_what_the_filter_found(visit_as, session, settings, kari, now):
    make_idea(session, settings, actor=kari, now=now, title="Den andre", body="Ring 412 34 567 i dag.")
    make_idea(session, settings, actor=kari, now=now - timedelta(hours=1), title="Den første", body="Din fitte.")

    page = visit_as("moderator").get(QUEUE)

    assert page.words.index("Den første") < page.words.index("Den andre")
    assert "2 venter." in page.words
    assert "Stoppet av filteret" in page.words
    marks = [mark.text_content() for mark in page.tree.xpath("//mark")]
    assert marks == ["fittehardt ord", "412 34 567telefon"]


def test_an_empty_queue_says_so(visit_as, session):
    assert "Ingenting venter." in visit_as("moderator").get(QUEUE).words


def test_one_press_shows_it_and_the_next_one_takes_the_focus(visit_as, session, held):
    first, second = held(2)
    mona = visit_as("moderator")

    part = mona.fragment(f"{QUEUE}/{first.id}/avgjor", post={"reason": "vis", "revision": "0"}, expect=200)

    assert session.get_one(Idea, first.input_id).hidden_at is None
    assert "Vist. 1 igjen." in part.text
    (focused,) = part.tree.xpath("//*[@autofocus]")
    assert focused.get("id") == f"sak-{second.id.hex}"


def test_after_the_last_one_the_heading_takes_the_focus(visit_as, session, held):
    (only,) = held(1)

    part = visit_as("moderator").fragment(
        f"{QUEUE}/{only.id}/avgjor", post={"reason": "abuse", "revision": "0"}, expect=200
    )

    (focused,) = part.tree.xpath("//*[@autofocus]")
    assert focused.get("id") == "queue-heading"
    assert "Vises ikke. Ingenting venter." in part.text


def test_without_script_it_is_the_same(visit_as, session, held):
    first, second = held(2)
    mona = visit_as("moderator")

    answer = mona.post(f"{QUEUE}/{first.id}/avgjor", {"reason": "private", "revision": "0", "words": "Et navn."})

    address = answer.response.headers["Location"]
    assert address.endswith(f"#sak-{second.id.hex}")
    page = mona.get(address)
    assert "Vises ikke. 1 igjen." in page.words
    assert "Private opplysninger: Et navn." in page.words
    idea = session.get_one(Idea, first.input_id)
    assert (idea.hidden_cause, idea.hidden_reason) == ("private", "Et navn.")


def test_other_without_words_is_refused_beside_the_field(visit_as, session, held):
    (only,) = held(1)

    page = visit_as("moderator").fragment(
        f"{QUEUE}/{only.id}/avgjor", post={"reason": "other", "revision": "0"}, expect=422
    )

    assert "Skriv hvorfor med egne ord." in page.text
    assert the_waiting(session, only.input_id).state == "waiting"


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"reason": "vis"},
        {"reason": "tull", "revision": "0"},
        {"reason": "vis", "revision": "x"},
        {"reason": "other", "revision": "0", "words": "x" * 501},
        {"reason": "other", "revision": "0", "words": "\x00 \u200b"},
    ],
)
def test_what_makes_no_sense_changes_nothing(visit_as, session, held, form):
    (only,) = held(1)

    visit_as("moderator").post(f"{QUEUE}/{only.id}/avgjor", form, expect=422)

    assert the_waiting(session, only.input_id).revision == 0


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true", "HX-Request-Type": "partial"}])
def test_the_second_is_told_who_was_first(visit_as, session, held, morten, now, headers):
    (only,) = held(1)
    decide(session, the_waiting(session, only.input_id), SHOW, actor=morten, now=now, name="Mona")

    page = visit_as("moderator").post(
        f"{QUEUE}/{only.id}/avgjor", {"reason": "abuse", "revision": "0"}, expect=409, headers=headers
    )

    assert "Mona har alt sett på denne." in page.words
    assert session.get_one(Idea, only.input_id).hidden_at is None


def test_a_text_that_was_mended_meanwhile_is_read_again_first(visit_as, session, held, now):
    (only,) = held(1)
    idea = session.get_one(Idea, only.input_id)
    service.mended(session, "idea", idea.id, why=None, marks=(), process_id=idea.process_id, now=now)
    session.commit()

    page = visit_as("moderator").post(f"{QUEUE}/{only.id}/avgjor", {"reason": "vis", "revision": "0"}, expect=409)

    assert "Teksten er endret. Les den på nytt." in page.words


def test_several_with_one_press(visit_as, session, held):
    first, second, third = held(3)
    chosen = [f"{first.id.hex}.0", f"{third.id.hex}.0"]

    visit_as("moderator").post(f"{QUEUE}/flere", {"reason": "advert", "valgt": chosen})

    assert [item.id for item in waiting(session)] == [second.id]
    assert session.get_one(Idea, third.input_id).hidden_cause == "advert"


@pytest.mark.parametrize("chosen", [[], ["tull"], ["00.0", "x.y"], ["\x00"]])
def test_several_of_none_is_refused(visit_as, session, held, chosen):
    held(1)

    page = visit_as("moderator").post(f"{QUEUE}/flere", {"reason": "vis", "valgt": chosen}, expect=422)

    assert "Velg minst én." in page.words


def test_when_one_of_several_is_taken_none_is_decided(visit_as, session, held, morten, now):
    first, second = held(2)
    decide(session, the_waiting(session, second.input_id), SHOW, actor=morten, now=now, name="Morten")
    chosen = [f"{first.id.hex}.0", f"{second.id.hex}.0"]

    page = visit_as("moderator").post(f"{QUEUE}/flere", {"reason": "abuse", "valgt": chosen}, expect=409)

    assert "Morten har alt sett på denne." in page.words
    assert [item.id for item in waiting(session)] == [first.id]


def test_what_mona_decided_lately_can_be_undone(visit_as, session, held):
    (only,) = held(1)
    mona = visit_as("moderator")
    mona.post(f"{QUEUE}/{only.id}/avgjor", {"reason": "abuse", "revision": "0"})
    assert "Nylig" in mona.get(QUEUE).words

    part = mona.fragment(f"{QUEUE}/{only.id}/angre", post={}, expect=200)

    assert "Angret." in part.text
    (focused,) = part.tree.xpath("//*[@autofocus]")
    assert focused.get("id") == f"sak-{only.id.hex}"
    mona.post(f"{QUEUE}/{only.id}/angre", expect=404)


def test_a_colleague_does_not_see_it_as_theirs(visit_as, session, held):
    (only,) = held(1)
    visit_as("moderator").post(f"{QUEUE}/{only.id}/avgjor", {"reason": "abuse", "revision": "0"})

    per = visit_as("per")

    assert "Nylig" not in per.get(QUEUE).words
    per.post(f"{QUEUE}/{only.id}/angre", expect=404)


@pytest.mark.parametrize("etter", ["", "x", "1-x", "-1", "9" * 40, "99999999999999999-" + "0" * 32, "%00"])
def test_an_address_that_makes_no_sense_still_gives_a_queue(visit_as, session, held, etter):
    held(1)

    visit_as("moderator").get(f"{QUEUE}?etter={etter}&gjort=tull")


def test_twenty_at_a_time_and_the_rest_behind(visit_as, session, held):
    held(23)
    mona = visit_as("moderator")

    first = mona.get(QUEUE)
    (more,) = first.tree.xpath("//a[contains(@href, 'etter=')]/@href")
    second = mona.get(more)

    assert (len(first.tree.xpath("//article")), len(second.tree.xpath("//article"))) == (20, 3)


def test_a_long_queue_asks_no_more_than_a_short_one(visit_as, session, engine, held):
    held(1)
    mona = visit_as("moderator")
    one = questions(engine, lambda: mona.get(QUEUE))
    held(15)

    assert questions(engine, lambda: mona.get(QUEUE)) == one


def test_the_front_page_of_the_desk_leads_to_the_queue(visit_as, session, held):
    held(2)

    assert "Moderering 2" in visit_as("moderator").get("/arbeidsflate").words
    assert "Moderering" not in visit_as("fatima").get("/arbeidsflate").words


def test_mona_adds_a_word_to_the_filter_and_takes_it_out_again(visit_as, session):
    mona = visit_as("moderator")

    mona.post(f"{QUEUE}/ord", {"word": "Snørrunge", "listed": "ja"})
    assert "snørrunge Lagt til" in mona.get(f"{QUEUE}/ord").words
    mona.post(f"{QUEUE}/ord", {"word": "snørrunge", "listed": "nei"})
    assert "snørrunge Tatt bort" in mona.get(f"{QUEUE}/ord").words

    actions = session.scalars(select(AuditLine.action).order_by(AuditLine.nr)).all()
    assert actions == ["filter_word_added", "filter_word_removed"]


@pytest.mark.parametrize("form", [{"word": ""}, {"word": "x" * 61, "listed": "ja"}, {"word": "\x00", "listed": "ja"}])
def test_a_word_that_is_none_is_refused(visit_as, session, form):
    visit_as("moderator").post(f"{QUEUE}/ord", form, expect=422)


def questions(engine, act) -> int:
    asked = []

    def note(*_args: object) -> None:
        asked.append(1)

    event.listen(engine, "before_cursor_execute", note)
    act()
    event.remove(engine, "before_cursor_execute", note)
    return len(asked)


@pytest.fixture
def held(session, settings, kari, now):
    """Ideas that the filter stopped, oldest first."""

    def make(count: int) -> list[ModerationItem]:
        for number in range(count):
            at = now - timedelta(minutes=count - number)
            make_idea(session, settings, actor=kari, now=at, title=f"Idé {number}", body="Ring 412 34 567.")
        return waiting(session)

    return make
