"""What goes to the archive in a report, as the one who sent it and Per at the desk see it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.balance import faults
from app.cases.models import CaseFiling
from app.core.errors import Permanent
from app.core.receipt import receipt_token
from app.ideas import service as ideas
from app.ideas.models import Idea
from app.outbox import service as outbox
from app.outbox.models import OutboxDelivery
from app.parcels.models import Parcel, ReportItem
from tests.support.background import Background
from tests.support.ideas import idea_form, make_idea
from tests.support.reports import in_reports, let_reports_fall_due
from workers.collect_reports import collect
from workers.runtime import transactions

BY = "2. april"


def test_karis_receipt_says_with_whom_and_by_when_it_is_archived(visit, settings, idea):
    page = visit.get(receipt(settings, idea))

    assert f"Det blir arkivert sammen med flere innspill, senest {BY}." in page.words
    assert "den blir ikke sendt til kommunens arkiv" in page.words


def test_what_staff_write_down_for_somebody_goes_alone(session, visit_as, idea):
    said = idea_form(title="Hull i veien", channel="telefon", given_on="2026-03-02", kept="ja")

    visit_as("per").post("/arbeidsflate/registrer", said)

    in_reports_now = session.scalars(select(ReportItem.input_id)).all()
    assert session.scalars(select(Idea.title).where(Idea.id.not_in(in_reports_now))).all() == ["Hull i veien"]


def test_kari_who_took_it_back_in_time_hears_that_the_archive_has_nothing(session, visit, settings, idea, now):
    ideas.withdraw_idea(session, idea, now=now + timedelta(minutes=1))

    assert "Den er ikke sendt til kommunens arkiv." in visit.get(receipt(settings, idea)).words


def test_when_the_report_is_made_the_archive_may_have_it(session, visit, settings, idea, make_report):
    make_report()

    page = visit.get(receipt(settings, idea))

    assert "Det arkiveres sammen med flere innspill. Saksnummer kommer." in page.words
    assert "Brevet til kommunens arkiv kan vi ikke ta tilbake." in page.words


def test_per_sees_on_its_way_that_it_goes_in_a_report(visit_as, idea):
    page = visit_as("per").get(f"/arbeidsflate/innspill/{idea.id}")

    assert f"Skal i en samlerapport til arkivet, senest {BY}" in page.words


def test_what_waits_for_a_report_is_told_beside_the_queue_and_is_not_late(
    session, engine, visit_as, settings, idea, clock, now
):
    Background(engine, settings, now).route()
    clock["now"] = now + timedelta(days=5)
    per = visit_as("per")

    page = per.get("/arbeidsflate/leveringer?vis=venter")

    assert "1 innspill venter på en samlerapport." in page.words
    assert "Ingenting venter på å bli sendt." in page.words
    assert "Noe har ventet i fire timer" not in per.get("/arbeidsflate").words


def test_per_who_has_archived_a_stopped_report_by_hand_says_where(session, visit_as, settings, idea, make_report, now):
    report = make_report()
    lease = outbox.take(session, report.id, owner="test", now=now + timedelta(hours=1), seconds=180)
    fault = Permanent("For stort.")
    outbox.fail(session, lease, fault, now=now + timedelta(hours=1), waits=(10.0,), settle_seconds=150)
    per = visit_as("per")
    assert "Samlerapport" in per.get("/arbeidsflate/leveringer").words

    per.post(f"/arbeidsflate/leveringer/{report.id}/levert", {"case_number": "2026/77"})

    assert session.get_one(Parcel, idea.id).case_number == "2026/77"
    held = session.scalars(select(OutboxDelivery).where(OutboxDelivery.held_for == idea.id)).one()
    assert (held.state, held.external_id) == ("filed", "2026/77")
    assert session.scalars(select(CaseFiling.kind)).all() == ["internal"]
    assert faults(session, settings, now) == []


def receipt(settings, idea) -> str:
    return f"/kvittering/{receipt_token(settings.secret_keys(), idea.id)}"


@pytest.fixture
def idea(session, settings, kari, now):
    with in_reports(session):
        yield make_idea(session, settings, actor=kari, now=now)


@pytest.fixture
def make_report(session, engine, settings, idea, now):
    """Let the month pass; give the delivery of the report."""

    def made() -> OutboxDelivery:
        let_reports_fall_due(session)
        session.commit()
        background = Background(engine, settings, now + timedelta(minutes=1))
        background.route()
        collect(transactions(engine), settings, background.now)
        background.route()
        (delivery,) = background.deliveries("file_report")
        return delivery

    return made
