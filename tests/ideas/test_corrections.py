"""Putting one's own idea right, following one, and saying that something on it is not right."""

from uuid import uuid4

import pytest
from sqlalchemy import func, select

from app.comments.models import Report
from app.core.receipt import receipt_token
from app.ideas import service
from app.ideas.models import Correction, Idea
from app.outbox.models import OutboxEvent
from app.parcels.query import follows
from tests.support.comments import make_comment
from tests.support.ideas import make_idea


def test_kari_puts_her_idea_right_and_it_is_found_by_its_new_words_alone(visit_as, session, idea):
    visit_as("kari").post(f"{url(idea)}/rett", words(title="Lys på Ankenesløypa"))

    page = visit_as("ola").get(url(idea))
    assert "Lys på Ankenesløypa" in page.words
    assert "Rettet i dag 13.00" in page.words
    assert str(idea.id) in visit_as("ola").get("/ideer?sok=ankenesløypa").text
    assert str(idea.id) not in visit_as("ola").get("/ideer?sok=badeplassen").text
    told = session.scalars(select(OutboxEvent).where(OutboxEvent.kind == "idea_corrected")).one()
    assert told.payload == {"idea_id": str(idea.id), "correction_id": str(session.scalars(select(Correction.id)).one())}


def test_kari_puts_it_right_by_her_receipt_on_another_phone(visit, session, idea, settings):
    receipt = f"/kvittering/{receipt_token(settings.secret_keys(), idea.id)}"
    assert visit.get(f"{receipt}/rett").value("title") == "Badeplassen trenger stupebrett"

    assert visit.post(f"{receipt}/rett", words()).location == receipt

    assert session.get_one(Idea, idea.id).title == "Lys i løypa"


def test_the_same_form_twice_and_words_that_did_not_change_are_one_letter(visit_as, session, idea):
    kari, form = visit_as("kari"), words()

    for sent in (form, form, words()):
        kari.post(f"{url(idea)}/rett", sent)

    assert session.scalar(select(func.count()).select_from(Correction)) == 1


@pytest.mark.parametrize("who", ["ola", "anonymous", "per"])
def test_nobody_else_puts_it_right(visit_as, session, idea, who):
    visit_as(who).post(f"{url(idea)}/rett", words(), expect=404)

    assert session.get_one(Idea, idea.id).title == "Badeplassen trenger stupebrett"
    assert "Rett idéen" not in visit_as(who).get(url(idea)).words


def test_what_ola_supports_stays_as_he_read_it_and_karis_words_are_kept(visit_as, session, idea, ola, now):
    service.support_idea(session, session.get_one(Idea, idea.id), actor=ola, now=now)
    session.commit()

    page = visit_as("kari").post(f"{url(idea)}/rett", words(), expect=409)

    assert "Da kan den ikke rettes." in page.words
    assert page.value("title") == "Lys i løypa"
    assert session.get_one(Idea, idea.id).title == "Badeplassen trenger stupebrett"


def test_what_ola_comments_on_stays_as_he_read_it(visit_as, session, idea, ola, now):
    assert "Rett idéen" in visit_as("kari").get(url(idea)).words
    make_comment(session, idea, actor=ola, now=now)

    visit_as("kari").post(f"{url(idea)}/rett", words(), expect=409)

    assert "Rett idéen" not in visit_as("kari").get(url(idea)).words
    assert visit_as("kari").get(f"{url(idea)}/rett", expect=303).location == url(idea)


def test_a_phone_number_in_a_correction_is_pointed_out(visit_as, session, idea):
    page = visit_as("kari").post(f"{url(idea)}/rett", words(body="Ring 91 23 45 67."), expect=422)

    assert "Har du skrevet noe privat?" in page.words
    assert session.scalar(select(func.count()).select_from(Correction)) == 0


def test_ola_follows_and_stops_following(visit_as, session, idea, ola):
    visiting = visit_as("ola")

    pressed = visiting.fragment(f"{url(idea)}/folg", post={"pressed": "false"})
    assert pressed.tree.xpath("//button/@aria-pressed") == ["true"]
    assert pressed.value("pressed") == "true"
    assert follows(session, idea.id, ola)

    visiting.post(f"{url(idea)}/folg", {"pressed": "true"})
    assert not follows(session, idea.id, ola)


def test_ola_says_that_something_is_wrong_once_for_his_phone(visit_as, session, idea, kari, now):
    comment = make_comment(session, idea, actor=kari, now=now)
    ola = visit_as("ola")

    for _ in range(2):
        page = ola.post(f"{url(idea)}/si-fra", {"reason": "mean", "more": ""}, expect=200)
        ola.post(f"{url(idea)}/kommentarer/{comment.id}/si-fra", {"reason": "other", "more": "Løgn."}, expect=200)

    assert "Takk! Vi ser på det." in page.words
    found = {(row.kind, row.input_id): (row.reason, row.words) for row in session.scalars(select(Report))}
    assert found == {("idea", idea.id): ("mean", ""), ("comment", comment.id): ("other", "Løgn.")}
    assert session.scalar(select(func.count()).where(OutboxEvent.kind == "content_reported")) == 2


@pytest.mark.parametrize(
    "form", [{}, {"reason": "tull"}, {"reason": "other", "more": " "}, {"reason": "mean", "more": "x" * 501}]
)
def test_a_report_that_says_too_little_is_asked_about(visit_as, session, idea, form):
    page = visit_as("ola").post(f"{url(idea)}/si-fra", form, expect=422)

    assert "Rett opp dette:" in page.words
    assert session.scalar(select(func.count()).select_from(Report)) == 0


def words(**changed: str) -> dict[str, str]:
    form = {"submission_id": str(uuid4()), "title": "Lys i løypa", "body": "Mange trener etter jobb.", "place": ""}
    return form | changed


def url(idea) -> str:
    return f"/ideer/{idea.id}"


@pytest.fixture
def idea(session, settings, kari, now):
    return make_idea(session, settings, actor=kari, now=now, title="Badeplassen trenger stupebrett")
