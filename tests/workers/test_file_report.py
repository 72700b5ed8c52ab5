"""Inputs that wait for a report: they wait in peace, lie in one report, and are in the archive when that is."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from app.balance import balance, faults
from app.cases.models import SealedDocument
from app.comments import service as talk
from app.comments.service import CorrectionDraft as CommentCorrectionDraft
from app.core.submission import submission
from app.files.store import picture_store
from app.ideas import service as ideas
from app.ideas.service import CorrectionDraft, ReplyDraft
from app.outbox import service as outbox
from app.outbox.models import OutboxDelivery, Pause
from app.parcels import service as parcels
from app.parcels.models import ArchiveReport, Parcel, ReportItem, Step
from app.parcels.query import parcel_of
from app.personal import service as personal
from app.personal.query import Owner
from tests.support.background import Background
from tests.support.comments import make_comment
from tests.support.equation import count
from tests.support.ideas import make_idea
from tests.support.letters import archive_at, sent_files
from tests.support.pdf import words_of
from tests.support.reports import archive_in_reports, in_reports
from tests.support.standin import Standin
from workers.collect_reports import collect, in_parts
from workers.runtime import transactions

A_MONTH = timedelta(days=30)


def test_karis_idea_waits_in_peace_for_its_report(session, idea, work, standin, now, settings):
    work.now = now + timedelta(days=29)
    work.rounds(3)

    (delivery,) = work.deliveries("forward_case")
    assert (delivery.state, delivery.attempts, delivery.held_for) == ("waiting", 0, idea.id)
    assert standin.calls() == []
    assert faults(session, settings, work.now) == []
    assert balance(session).adds_up


def test_whoever_sent_it_sees_by_when_it_is_archived_with_others(session, idea, now):
    parcel = parcel_of(session, idea.id)

    assert parcel is not None
    assert (parcel.together_by, parcel.collected) == (now + A_MONTH, False)


def test_after_a_month_all_that_waits_lies_in_one_report(session, idea, work, standin, ola, settings, now):
    other = make_idea(session, settings, actor=ola, now=now + timedelta(days=12), title="Tak over sykkelstativet")
    make_comment(session, idea, actor=ola, now=now + timedelta(days=2), text="Og på søndager?")

    work.until_reported()

    (entry,) = standin.state()["entries"]
    assert (entry["kind"], entry["title"]) == ("X", "Samlerapport: Idépoolen, 3.3.2026–15.3.2026")
    assert entry["public_title"] == "Samlerapport om innspill til Idépoolen, 3.3.2026–15.3.2026"
    (report,) = map(words_of, sent_files(standin))
    first, comment, second = (report.index(words) for words in ("Lysilysløypa", "Ogpåsøndager?", "Takoversykkel"))
    assert first < comment < second
    numbers = {session.get_one(Parcel, one, populate_existing=True).case_number for one in (idea.id, other.id)}
    assert numbers == {entry["case"]}
    assert {delivery.state for delivery in work.deliveries("forward_case")} == {"filed"}
    assert count(session, standin.state()).faults == ()
    assert faults(session, settings, work.now) == []


@pytest.mark.parametrize("behaviour", ["store_then_error", "store_then_reset", "cut_xml", "empty_id"])
@pytest.mark.parametrize("operation", ["NyJournalpost", "NyDokument"])
def test_a_report_whose_answer_was_lost_is_found_and_not_made_again(session, idea, work, standin, behaviour, operation):
    standin.script(behaviour, operation=operation)

    work.until_reported()
    work.later(minutes=5)

    assert set(standin.state()["entries_per_key"].values()) == {1}
    assert count(session, standin.state()).faults == ()
    assert [delivery.state for delivery in work.deliveries("forward_case")] == ["filed"]


def test_two_clocks_make_one_report(session, idea, work, now):
    work.now = now + A_MONTH
    work.route()

    work.collect()
    work.collect()

    assert len(session.scalars(select(ArchiveReport)).all()) == 1


def test_what_is_in_a_report_on_its_way_is_not_taken_into_the_next(session, idea, work, ola, settings, now):
    work.now = now + A_MONTH
    work.route()
    work.collect()
    make_idea(session, settings, actor=ola, now=work.now, title="En måned senere")
    work.now += A_MONTH
    work.route()

    work.collect()

    assert len(set(session.scalars(select(ReportItem.report_id)))) == len(session.scalars(select(ReportItem)).all())


def test_what_is_sent_after_the_choice_goes_as_chosen_and_what_was_sent_keeps_its_way(
    session, idea, work, standin, ola, settings, now
):
    archive_in_reports(session, ideas=False, comments=False)
    alone = make_idea(session, settings, actor=ola, now=now, title="Alene")

    work.later(minutes=1)

    session.expire_all()
    assert session.get_one(Parcel, alone.id).case_number == "2026/211"
    assert session.get_one(Parcel, idea.id).case_number is None


def test_kari_who_takes_it_back_before_the_report_is_not_in_it(session, idea, other_idea, work, standin, now, settings):
    ideas.withdraw_idea(session, idea, now=now + timedelta(days=3))
    session.commit()

    work.until_reported()

    session.expire_all()
    (report,) = map(words_of, sent_files(standin))
    assert "Lysilysløypa" not in report
    assert "Takoversykkelstativet" in report
    states = {delivery.held_for: (delivery.state, delivery.stop_reason) for delivery in work.deliveries("forward_case")}
    assert states == {idea.id: ("aldri", "angret av innsenderen"), other_idea.id: ("filed", None)}
    assert not session.get_one(Parcel, idea.id).forwarded
    assert faults(session, settings, work.now) == []


def test_ola_who_takes_a_comment_back_before_the_report_is_not_in_it(session, idea, work, standin, ola, now):
    comment = make_comment(session, idea, actor=ola, now=now, text="Nei takk.")
    talk.withdraw_comment(session, comment, actor=ola, now=now + timedelta(days=1))
    session.commit()

    work.until_reported()

    (report,) = map(words_of, sent_files(standin))
    assert "Neitakk." not in report


def test_what_is_taken_back_after_the_report_was_settled_is_in_it(session, idea, work, standin, now):
    work.now = now + A_MONTH
    work.route()
    work.collect()
    ideas.withdraw_idea(session, idea, now=work.now)
    session.commit()

    work.rounds(4)

    (report,) = map(words_of, sent_files(standin))
    assert "Lysilysløypa" in report


def test_kari_who_is_erased_is_in_no_report_even_one_that_was_sealed(
    session, idea, other_idea, work, standin, now, settings, kari
):
    standin.script("error_before", operation="*", times=None)
    work.now = now + A_MONTH
    work.rounds(2)
    erase(session, settings, kari, work.now)
    sealed = session.scalars(select(SealedDocument.content)).all()
    session.commit()

    standin.clear_script()
    work.later(minutes=10)
    work.later(minutes=10)

    assert sealed == []
    (report,) = map(words_of, sent_files(standin))
    assert "Lysilysløypa" not in report
    assert "Takoversykkelstativet" in report
    states = {delivery.held_for: (delivery.state, delivery.stop_reason) for delivery in work.deliveries("forward_case")}
    assert states == {idea.id: ("aldri", "slettet av innsenderen"), other_idea.id: ("filed", None)}
    assert faults(session, settings, work.now) == []


def test_a_report_whose_inputs_are_all_erased_is_never_sent(session, idea, work, standin, now, settings, kari):
    work.now = now + A_MONTH
    work.route()
    work.collect()
    erase(session, settings, kari, work.now)

    work.rounds(3)

    assert [delivery.state for delivery in work.deliveries("file_report")] == ["aldri"]
    assert standin.state()["entries"] == []
    assert faults(session, settings, work.now) == []


def test_a_process_that_ends_reports_at_once(session, idea, work, now, settings):
    process_id = session.scalar(select(ReportItem.process_id))
    parcels.hurry_report(session, process_id, now=now)
    session.commit()
    work.now = now + timedelta(minutes=2)
    work.rounds(5)

    assert [delivery.state for delivery in work.deliveries("forward_case")] == ["filed"]


def test_a_channel_that_opens_again_leaves_what_waits_for_a_report_alone(session, idea, work, now):
    work.route()
    outbox.close_channel(session, "archive", "borte", now=now, probe_after=timedelta(minutes=1))
    session.commit()

    found = outbox.due(session, now + timedelta(hours=1), limit=10)

    assert [delivery.job for delivery in found if delivery.held_for] == []
    assert session.get_one(Pause, "archive").closed


def test_nobody_can_take_what_is_held(session, idea, work, now):
    work.route()
    (delivery,) = work.deliveries("forward_case")

    assert outbox.take(session, delivery.id, owner="x", now=now + timedelta(hours=1), seconds=180) is None


def test_a_restored_backup_asks_nobody_about_what_was_held(session, idea, work, now):
    work.route()

    outbox.after_restore(session, can_ask=False, since=None, now=now)

    assert session.scalars(select(OutboxDelivery.state).where(OutboxDelivery.held_for == idea.id)).all() == ["waiting"]


def test_an_answer_does_not_wait_for_the_report(session, idea, work, standin, per, now):
    answer(session, idea, per, now)

    work.rounds(4)

    (entry,) = standin.state()["entries"]
    assert entry["kind"] == "U"


def test_an_answer_after_the_report_lies_in_its_case(session, idea, work, standin, per, now):
    work.until_reported()
    answer(session, idea, per, work.now)
    work.rounds(4)

    cases = {entry["kind"]: entry["case"] for entry in standin.state()["entries"]}
    assert cases["U"] == cases["X"]


def test_a_correction_goes_in_the_report_as_its_idea_does(session, idea, work, standin, now):
    mark = submission(uuid4(), {"body": "Hver kveld."}, [])
    ideas.correct_idea(session, idea.id, CorrectionDraft("Lys på Ankenes", "Hver kveld.", "", mark), now=now)
    session.commit()

    work.until_reported()

    (report,) = map(words_of, sent_files(standin))
    assert report.index("Mangetreneretterjobb.") < report.index("Hverkveld.")


def test_a_comment_put_right_goes_in_the_report_with_the_first_words(session, idea, work, standin, ola, now):
    comment = make_comment(session, idea, actor=ola, now=now, text="Og på søndager?")
    mark = submission(uuid4(), {"text": "Og i ferien?"}, [])
    ideas.correct_comment(session, comment, CommentCorrectionDraft("Og i ferien?", mark), now=now)
    session.commit()

    work.until_reported()

    (report,) = map(words_of, sent_files(standin))
    assert report.index("Ogpåsøndager?") < report.index("Rettettil:Ogiferien?")
    assert balance(session).adds_up


def test_a_phone_number_in_one_input_shields_the_report(session, idea, work, standin, ola, settings, now):
    make_idea(session, settings, actor=ola, now=now, title="Ring meg", body="Ring 412 34 567")

    work.until_reported()

    (call,) = standin.calls(operation="NyJournalpost")
    assert "<k:skjermingshjemmel>offl. § 13 jf. fvl. § 13</k:skjermingshjemmel>" in call["request"]
    assert "412 34 567" not in call["request"]


def test_five_inputs_in_twos_are_three_reports(session, idea, work, standin, ola, settings, now):
    for number in range(4):
        make_idea(session, settings, actor=ola, now=now + timedelta(seconds=number), title=f"Nummer {number}")
    work.most_inputs = 2

    work.until_reported()

    titles = [entry["title"] for entry in standin.state()["entries"]]
    assert sorted(titles) == [f"Samlerapport: Idépoolen, 3.3.2026–3.3.2026, del {number} av 3" for number in (1, 2, 3)]
    assert count(session, standin.state()).faults == ()


def test_a_part_holds_no_more_pictures_than_a_letter_can_carry():
    ids = [uuid4() for _ in range(5)]
    pictures = dict(zip(ids, (3, 2, 0, 9, 1), strict=True))

    parts = list(in_parts(ids, pictures, most_inputs=10, most_pictures=5))

    assert parts == [ids[:3], ids[3:4], ids[4:]]


class Reporting(Background):
    """The background of reports: collecting, folders, letters."""

    standin: Standin
    most_inputs = 500

    def collect(self) -> int:
        settings = replace(self.settings, report_inputs=self.most_inputs)
        return collect(transactions(self.engine), settings, self.now)

    def rounds(self, times: int) -> None:
        for _ in range(times):
            self.route()
            self.collect()
            for job in ("forward_case", "file_report", "open_case_folder"):
                self.work(job)
            self.now += timedelta(seconds=3)

    def until_reported(self) -> None:
        self.now += A_MONTH
        self.rounds(5)

    def later(self, *, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        self.rounds(3)


def erase(session, settings, actor, now) -> None:
    owner = Owner(actor.device_key, None)
    personal.erase(session, owner, store=picture_store(settings), instance=settings.instance, now=now)
    session.commit()


def answer(session, idea, per, now) -> None:
    mark = submission(uuid4(), {"text": "Takk."}, [])
    ideas.answer_idea(session, idea, ReplyDraft("Takk.", Step.DECIDED, mark), actor=per, role_name="Rådgiver", now=now)
    session.commit()


@pytest.fixture
def idea(session, settings, kari, now):
    with in_reports(session):
        yield make_idea(session, settings, actor=kari, now=now)


@pytest.fixture
def other_idea(session, settings, ola, now):
    return make_idea(session, settings, actor=ola, now=now, title="Tak over sykkelstativet")


@pytest.fixture
def work(session, engine, settings, now, standin):
    made = Reporting(engine, settings, now)
    made.archive, made.standin = archive_at(standin, clock=lambda: made.now), standin
    return made
