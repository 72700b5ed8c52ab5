"""Per looks after what did not reach the archive: what it was, why it stopped, and one of two ways out."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from app.accounts.models import Participant
from app.audit.models import AuditLine
from app.cases import query as cases
from app.core.errors import Permanent, Transient, Unclear
from app.ideas import service as ideas
from app.ideas.models import Idea
from app.outbox import service as outbox
from app.outbox.models import OutboxDelivery, OutboxEvent
from tests.support.background import Background
from tests.support.ideas import make_idea

PAGE = "/arbeidsflate/leveringer"
WHY = "Avsenderen mangler navn, og arkivet krever ett."


def test_per_sees_what_stopped_since_when_how_often_it_was_tried_and_why(visit_as, stopped):
    delivery = stopped(tries=3)

    page = visit_as("per").get(PAGE)

    assert "Lys i lysløypa til klokka 23" in page.words
    assert "Stoppet i dag 13.00" in page.words
    assert "Prøvd 3 ganger" in page.words
    assert WHY in page.words
    assert delivery.reference in page.words
    assert "1 levering til arkivet har stoppet." in visit_as("administrator").get("/arbeidsflate").words


def test_what_was_given_up_is_told_in_pers_language_with_what_was_last_answered(visit_as, session, stopped):
    delivery = stopped()
    row = session.get_one(OutboxDelivery, delivery.id)
    row.state, row.created_at = "waiting", row.created_at - timedelta(days=15)
    session.flush()
    lease = outbox.take(session, row.id, owner="test", now=row.due_at, seconds=180)
    outbox.fail(session, lease, Transient("Arkivet svarer ikke."), now=row.due_at, waits=(10.0,), settle_seconds=150)
    per = visit_as("per")
    assert "Siste svar: Arkivet svarer ikke." in per.get(PAGE).words

    per.client.set_cookie("spraak", "en")
    assert "Tried for 14 days, and it did not arrive." in per.get(PAGE).words


def test_staff_hear_of_it_when_something_has_waited_for_four_hours(visit_as, session, stopped, clock, now):
    row = session.get_one(OutboxDelivery, stopped().id)
    row.state, row.ended_at = "waiting", None
    session.flush()
    per = visit_as("per")

    for waited, told in ((timedelta(hours=4) - timedelta(seconds=1), False), (timedelta(hours=4), True)):
        clock["now"] = row.created_at + waited
        assert ("Noe har ventet i fire timer" in per.get("/arbeidsflate").words) is told


def test_when_nothing_has_stopped_the_page_says_so(visit_as, session):
    assert "Ingenting har stoppet." in visit_as("per").get(PAGE).words


def test_one_press_lets_it_try_again_under_the_same_reference(visit_as, stopped, state_of):
    delivery = stopped()
    per = visit_as("per")

    answer = per.post(f"{PAGE}/{delivery.id}/send-igjen")

    assert state_of(delivery) == ("waiting", delivery.reference, None)
    page = per.get(answer.response.headers["Location"])
    assert "Vi prøver igjen nå." in page.words
    assert "Lys i lysløypa" not in page.words


@pytest.mark.parametrize("first", ["send-igjen", "levert"])
@pytest.mark.parametrize("second", ["send-igjen", "levert"])
def test_a_second_press_or_an_old_page_changes_nothing_and_says_so(visit_as, stopped, state_of, first, second):
    delivery, other = stopped(), stopped()
    per, form = visit_as("per"), {"case_number": "2026/77"}
    per.post(f"{PAGE}/{delivery.id}/{first}", form)
    before = state_of(delivery)

    page = per.post(f"{PAGE}/{delivery.id}/{second}", {"case_number": "2026/88"}, expect=409)

    assert state_of(delivery) == before
    assert "Noen har alt tatt seg av denne." in page.words
    assert delivery.reference not in page.words
    assert other.reference in page.words


def test_what_may_have_arrived_is_sent_again_only_by_somebody_who_has_looked(visit_as, stopped, state_of):
    delivery = stopped(Unclear("Brevet kan ha kommet fram."))
    per = visit_as("per")

    page = per.post(f"{PAGE}/{delivery.id}/send-igjen", expect=422)
    assert "Har du sett etter i arkivet? Kryss av for det først." in page.words
    assert state_of(delivery)[0] == "avklares"

    per.post(f"{PAGE}/{delivery.id}/send-igjen", {"looked": "y"})
    assert state_of(delivery)[0] == "waiting"


def test_what_per_delivered_himself_has_its_case_number_on_the_ideas_page(visit, visit_as, session, stopped, state_of):
    delivery = stopped()

    answer = visit_as("per").post(f"{PAGE}/{delivery.id}/levert", {"case_number": " 2026/99 "})

    assert "Notert." in visit_as("administrator").get(answer.response.headers["Location"]).words
    assert state_of(delivery) == ("filed", delivery.reference, "2026/99")
    assert "Saksnummer 2026/99" in visit.get(f"/ideer/{idea_of(session, delivery)}").words
    assert "input_filed" in session.scalars(select(OutboxEvent.kind)).all()


def test_an_answer_to_it_goes_into_the_case_per_named(visit_as, session, stopped):
    delivery = stopped()

    visit_as("per").post(f"{PAGE}/{delivery.id}/levert", {"case_number": "2026/99"})

    known = cases.filing_of(session, idea_of(session, delivery))
    assert known is not None
    assert known.filing.case.number == "2026/99"
    assert cases.open_filings(session, "2026/99") == []


@pytest.mark.parametrize(
    "number", ["", "   ", "99", "2026-99", "2026/", "2026/0", "1826/5", "2026/123456789", "x" * 99]
)
def test_a_case_number_that_cannot_be_is_refused_and_stays_in_its_field(visit_as, stopped, state_of, number):
    delivery, _ = stopped(), stopped()

    page = visit_as("per").post(f"{PAGE}/{delivery.id}/levert", {"case_number": number}, expect=422)

    assert "Skriv saksnummeret slik: 2026/211." in page.words
    assert number.strip() in [field.get("value", "") for field in page.tree.xpath("//input[@name='case_number']")]
    assert len(page.tree.xpath("//input[@name='case_number' and @aria-invalid='true']")) == 1
    assert state_of(delivery)[0] == "stoppet"


def test_only_those_who_answer_may_see_or_touch_it(visit, visit_as, stopped, state_of):
    delivery = stopped()

    for who in ("fatima", "moderator", "working_group"):
        somebody = visit_as(who)
        somebody.get(PAGE, expect=404)
        somebody.post(f"{PAGE}/{delivery.id}/send-igjen", expect=404)
        somebody.post(f"{PAGE}/{delivery.id}/levert", {"case_number": "2026/9"}, expect=404)
        assert PAGE not in somebody.get("/arbeidsflate").text
    assert visit.client.get(PAGE).headers["Location"].startswith("/logg-inn?")
    assert state_of(delivery)[0] == "stoppet"


def test_what_is_not_there_or_is_not_the_archives_cannot_be_sent_again(visit_as, session, stopped, now):
    mail = stopped()
    session.get_one(OutboxDelivery, mail.id).channel = "mail"
    per = visit_as("per")

    per.post(f"{PAGE}/{uuid4()}/send-igjen", expect=404)
    per.post(f"{PAGE}/{mail.id}/send-igjen", expect=404)
    per.post(f"{PAGE}/{uuid4()}/levert", {"case_number": "2026/9"}, expect=404)


def test_a_forged_form_changes_nothing(visit_as, stopped, state_of):
    delivery = stopped()
    per = visit_as("per")

    per.post(f"{PAGE}/{delivery.id}/send-igjen", token=False, expect=400)
    per.post(f"{PAGE}/{delivery.id}/levert", {"case_number": "2026/9"}, token=False, expect=400)

    assert state_of(delivery)[0] == "stoppet"


def test_the_audit_log_says_what_per_did_to_which_delivery(visit_as, session, stopped):
    again, otherwise = stopped(), stopped()
    per = visit_as("per")

    per.post(f"{PAGE}/{again.id}/send-igjen")
    per.post(f"{PAGE}/{otherwise.id}/levert", {"case_number": "2026/99"})

    noted = session.scalars(select(AuditLine).where(AuditLine.object_ref.startswith("delivery:"))).all()
    key = session.scalars(select(Participant).where(Participant.email == "per@test.example")).one().audit_key
    assert [(line.action, line.object_ref, line.who_ref) for line in noted] == [
        ("delivery_sent_again", f"delivery:{again.id}", key),
        ("delivered_otherwise", f"delivery:{otherwise.id}", key),
    ]


def test_a_question_that_stopped_can_be_asked_again_but_not_delivered_otherwise(visit_as, session, stopped):
    delivery = stopped()
    session.get_one(OutboxDelivery, delivery.id).job = "fetch_case_answers"
    per = visit_as("per")

    page = per.get(PAGE)
    assert page.tree.xpath("//form[contains(@action, 'send-igjen')]")
    assert not page.tree.xpath("//form[contains(@action, '/levert')]")
    per.post(f"{PAGE}/{delivery.id}/levert", {"case_number": "2026/9"}, expect=404)


def test_many_that_stopped_are_counted_and_the_newest_are_shown(visit_as, session, stopped):
    first = stopped()
    template = session.get_one(OutboxDelivery, first.id)
    session.add_all(copy_of(template, number) for number in range(60))

    page = visit_as("per").get(PAGE)

    assert "61 har stoppet. Her er de 50 nyeste." in page.words
    assert len(page.tree.xpath("//form[contains(@action, 'send-igjen')]")) == 50


def test_what_waits_and_what_was_sent_can_be_seen_too(visit_as, session, stopped):
    delivery = stopped()
    per = visit_as("per")
    assert "Ingenting venter på å bli sendt." in per.get(f"{PAGE}?vis=venter").words
    assert "Ingenting er sendt ennå." in per.get(f"{PAGE}?vis=sendt").words

    per.post(f"{PAGE}/{delivery.id}/send-igjen")
    assert "Lys i lysløypa til klokka 23" in per.get(f"{PAGE}?vis=venter").words

    row = session.get_one(OutboxDelivery, delivery.id)
    row.state, row.ended_at = "filed", row.due_at
    assert "Kom fram i dag 13.00" in per.get(f"{PAGE}?vis=sendt").words


def test_the_letter_of_what_was_taken_back_shows_no_word_of_it(visit_as, session, stopped):
    delivery = stopped()
    ideas.withdraw_idea(session, session.scalars(select(Idea)).one(), now=delivery.due_at)
    per = visit_as("per")

    stopped_page = per.get(PAGE)
    per.post(f"{PAGE}/{delivery.id}/send-igjen")
    waiting_page = per.get(f"{PAGE}?vis=venter")

    for page in (stopped_page, waiting_page):
        assert page.tree.xpath("//h2/a[text()='Trukket tilbake']")
        assert "Lys i lysløypa" not in page.text


def copy_of(row: OutboxDelivery, number: int) -> OutboxDelivery:
    """Return another stopped delivery of the same fact, to somebody else."""
    same = ("event_id", "job", "channel", "queue", "state", "step", "attempts", "created_at", "due_at", "stop_reason")
    return OutboxDelivery(
        **{name: getattr(row, name) for name in same},
        recipient=f"archive:{number}",
        reference=outbox.new_reference(),
        ended_at=row.ended_at + timedelta(seconds=number + 1),
    )


def idea_of(session, delivery) -> UUID:
    return UUID(session.get_one(OutboxEvent, delivery.event_id).payload["idea_id"])


@pytest.fixture
def stopped(session, engine, settings, kari, now):
    """Store an idea whose letter the archive refused; return its delivery."""

    def make(fault=None, *, tries: int = 1) -> OutboxDelivery:
        make_idea(session, settings, actor=kari, now=now - timedelta(minutes=1))
        Background(engine, settings, now).route()
        session.expire_all()
        row = session.scalars(
            select(OutboxDelivery).where(OutboxDelivery.job == "forward_case", OutboxDelivery.state == "waiting")
        ).one()
        row.attempts = tries - 1
        session.flush()
        lease = outbox.take(session, row.id, owner="test", now=now, seconds=180)
        assert lease is not None
        outbox.fail(session, lease, fault or Permanent(WHY), now=now, waits=(10.0,), settle_seconds=150)
        session.commit()
        return session.get_one(OutboxDelivery, row.id, populate_existing=True)

    return make


@pytest.fixture
def state_of(session):
    def look(delivery: OutboxDelivery) -> tuple[str, str, str | None]:
        row = session.get_one(OutboxDelivery, delivery.id, populate_existing=True)
        return row.state, row.reference, row.external_id

    return look
