"""An idea becomes a case: once, whatever is killed or lost on the way. Real relay, runtime, adapter and stand-in."""

from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest
from sqlalchemy import select

from app.balance import faults
from app.cases.models import CaseFiling, CaseFolder, SealedDocument, SealedLetter
from app.comments import service as talk
from app.comments.models import Stance
from app.comments.service import CorrectionDraft as CommentCorrectionDraft
from app.core.submission import submission
from app.ideas import service as ideas
from app.ideas.service import CorrectionDraft, ReplyDraft
from app.outbox.models import DeliveryState, OutboxDelivery, OutboxEvent, Pause
from app.parcels.models import Parcel, Step
from app.parcels.query import parcel_of
from app.personal import ledger
from app.personal import service as personal
from tests.support.background import Background
from tests.support.comments import make_comment
from tests.support.equation import count
from tests.support.ideas import make_idea
from tests.support.letters import archive_at, sent_files
from tests.support.pdf import words_of
from tests.support.standin import Standin
from workers.runtime import Runtime, transactions

JOB = "forward_case"


def test_karis_idea_gets_a_case_number(session, idea, work, standin):
    work.until_filed()

    assert session.get_one(Parcel, idea.id).case_number == "2026/211"
    (entry,) = standin.state()["entries"]
    assert entry["title"] == "Innspill: Lys i lysløypa til klokka 23"
    assert entry["public_title"] == "Innspill til Idépoolen (mobilitet)"
    (letter,) = sent_files(standin)
    assert "Mangetreneretterjobb." in words_of(letter)


def test_nothing_leaves_before_the_time_to_regret_is_over(idea, work, standin, now):
    work.now = now + timedelta(seconds=9)

    work.work(JOB)

    assert standin.calls() == []


def test_an_idea_taken_back_in_time_is_never_sent(session, idea, work, standin, now, settings):
    ideas.undo_idea(session, idea, now=now + timedelta(seconds=5), undo_seconds=settings.undo_seconds)
    session.commit()

    (delivery,) = work.work(JOB)

    assert (delivery.state, delivery.stop_reason) == ("aldri", "angret av innsenderen")
    assert standin.calls() == []
    assert not session.get_one(Parcel, idea.id).forwarded


def test_an_idea_withdrawn_later_reaches_the_archive_as_its_writer_was_told(session, idea, work, standin, now):
    ideas.withdraw_idea(session, idea, now=now + timedelta(seconds=12))
    session.commit()
    work.now = now + timedelta(seconds=20)

    (delivery,) = work.work(JOB)

    assert delivery.state != "aldri"
    assert session.get_one(Parcel, idea.id).forwarded


def test_a_letter_waits_for_its_folder_and_no_try_is_counted(session, idea, work):
    (delivery,) = work.work(JOB)

    assert (delivery.state, delivery.attempts) == ("waiting", 0)
    assert session.scalars(select(CaseFolder.slug)).all() == ["mobilitet"]


def test_two_ideas_of_one_area_share_one_case(session, idea, other_idea, work, standin):
    work.until_filed()

    assert [case["title"] for case in standin.state()["cases"]] == ["Smart Narvik, mobilitet"]
    assert len(standin.state()["entries"]) == 2


def test_every_try_sends_the_same_bytes(session, idea, work, standin):
    standin.script("store_then_error", operation="NyDokument", status=502)
    work.until_waiting()
    sealed = session.scalars(select(SealedDocument.sha256)).all()
    session.commit()

    work.later(minutes=5)

    session.expire_all()
    assert session.scalars(select(SealedDocument.sha256)).all() == sealed
    (entry,) = standin.state()["entries"]
    assert [document["sha256"] for document in entry["documents"]] == sealed


@pytest.mark.parametrize("behaviour", ["store_then_error", "store_then_reset", "cut_xml", "empty_id"])
def test_an_entry_whose_answer_was_lost_is_found_and_not_made_again(idea, work, standin, behaviour):
    standin.script(behaviour, operation="NyJournalpost")
    (delivery,) = work.until_waiting()
    assert delivery.may_have_arrived

    work.later(minutes=5)

    assert standin.state()["entries_per_key"] == {delivery.reference: 1}
    assert work.deliveries(JOB)[0].state == DeliveryState.FILED.value


def test_what_had_arrived_before_kari_was_erased_is_counted_as_filed(session, idea, kari, work, standin):
    standin.script("store_then_reset", operation="NyDokument")
    work.until_waiting()
    erase(session, work, kari)

    work.later(minutes=5)

    (delivery,) = work.deliveries(JOB)
    assert delivery.state == DeliveryState.FILED.value
    assert session.scalars(select(CaseFiling.case_number)).all() == ["2026/211"]
    assert not count(session, standin.state()).faults


def test_an_entry_that_lacks_the_letter_of_who_was_erased_waits_for_a_person(session, idea, kari, work, standin):
    standin.script("store_then_reset", operation="NyJournalpost")
    work.until_waiting()
    erase(session, work, kari)

    work.later(minutes=5)

    (delivery,) = work.deliveries(JOB)
    assert (delivery.state, delivery.external_id) == ("avklares", None)
    assert "Journalposten mangler brevet" in delivery.stop_reason


def test_what_never_arrived_before_kari_was_erased_is_never_sent(session, idea, kari, work, standin):
    standin.script("error_before", operation="NyJournalpost")
    work.until_waiting()
    erase(session, work, kari)

    work.later(minutes=5)

    (delivery,) = work.deliveries(JOB)
    assert (delivery.state, delivery.stop_reason) == ("aldri", "slettet av innsenderen")
    assert standin.state()["entries"] == []


@pytest.mark.parametrize("commits", range(1, 9))
def test_kari_is_erased_between_two_steps_and_no_word_of_her_letter_stays(
    session, other_idea, kari, work, standin, settings, commits
):
    work.until_filed()  # so that the folder is there
    make_idea(session, settings, actor=kari, now=work.now - timedelta(minutes=1), title="Kunstisbane")
    work.route()
    (waiting,) = (delivery for delivery in work.deliveries(JOB) if delivery.state == DeliveryState.WAITING.value)

    run_until(work, waiting.id, commits, lambda: erase(session, work, kari))
    work.later(minutes=60)

    session.expire_all()
    assert not session.scalars(select(SealedLetter).where(SealedLetter.title.contains("Kunstisbane"))).all()
    assert not count(session, standin.state()).faults


def test_after_an_unknown_outcome_nobody_asks_before_the_archive_has_had_its_time(idea, work, settings):
    standin_gave_up = work.standin.script("store_then_reset", operation="NyJournalpost")
    assert standin_gave_up
    (delivery,) = work.until_waiting()

    assert delivery.due_at - work.now >= timedelta(seconds=settings.settle_seconds)


def test_a_case_whose_answer_was_lost_is_found_and_not_opened_again(idea, work, standin):
    standin.script("store_then_reset", operation="NySaksmappe")
    work.work(JOB)
    work.work("open_case_folder")

    work.later(minutes=5)
    work.until_filed()

    assert len(standin.state()["cases"]) == 1


def test_title_twins_stop_their_folder_and_other_letters_go_on(session, kari, idea, work, standin, now, settings):
    standin.open_case("Smart Narvik, mobilitet", number="2024/118")
    standin.open_case("Smart Narvik, mobilitet", number="2026/300")
    make_idea(session, settings, actor=kari, now=now, title="Solceller", area="energi")

    work.rounds(3)

    states = sorted(delivery.state for delivery in work.deliveries(JOB))
    assert states == ["filed", "waiting"]
    assert session.scalars(select(Pause.scope)).all() == ["archive/folder:mobilitet"]


def test_a_wrong_password_closes_the_channel_and_blames_no_letter(session, idea, work, standin):
    standin.script("status", operation="*", status=401, times=None)

    work.work(JOB)
    work.work("open_case_folder")

    pause = session.get_one(Pause, "archive")
    assert pause.closed
    assert [delivery.state for delivery in work.deliveries(JOB)] == ["waiting"]


def test_a_phone_number_in_the_text_shields_the_letter(session, kari, work, standin, now, settings):
    make_idea(session, settings, actor=kari, now=now, title="Ring meg", body="Ring 412 34 567", email="kari@example.no")

    work.until_filed()

    (entry,) = standin.state()["entries"]
    (call,) = standin.calls(operation="NyJournalpost")
    assert "412 34 567" not in entry["public_title"]
    assert "<k:skjermingshjemmel>offl. § 13 jf. fvl. § 13</k:skjermingshjemmel>" in call["request"]
    assert "kari@example.no" in call["request"]


def test_what_a_citizen_wrote_is_kept_here_no_longer_than_needed(session, idea, work):
    work.until_filed()

    assert session.scalars(select(SealedDocument.content)).all() == [None]


def test_an_answer_of_ours_lies_in_the_same_case_as_its_idea(session, idea, work, standin, per, now):
    work.until_filed()
    answer(session, idea, per, now)

    work.until_filed()

    kinds = sorted((entry["kind"], entry["case"]) for entry in standin.state()["entries"])
    assert kinds == [("I", "2026/211"), ("U", "2026/211")]
    filings = session.scalars(select(CaseFiling.kind).where(CaseFiling.input_id == idea.id)).all()
    assert sorted(filings) == ["incoming", "outgoing"]


def test_what_is_mended_before_it_has_left_reaches_the_archive_as_it_was_sent_first(
    session, work, standin, settings, kari, now
):
    idea = make_idea(session, settings, actor=kari, now=now, title="Ring meg", body="Nummeret er 412 34 567.")
    correct(session, idea, now, "Spør på biblioteket.")

    work.rounds(3)
    work.later(minutes=1)

    first, second = (words_of(letter) for letter in sent_files(standin))
    assert "Nummereter41234567." in first
    assert "Spørpåbiblioteket." in second


def test_an_answer_waits_until_its_idea_is_archived(session, idea, work, per, now):
    answer(session, idea, per, now)

    work.work(JOB)

    assert {delivery.attempts for delivery in work.deliveries(JOB)} == {0}


def test_what_is_announced_and_told_holds_nobodys_words(session, idea, work):
    work.until_filed()

    told = session.scalars(select(OutboxEvent.payload).where(OutboxEvent.kind == "input_filed")).all()
    assert told == [{"input_id": str(idea.id)}]
    parcel = parcel_of(session, idea.id)
    assert parcel is not None
    assert parcel.step == Step.RECEIVED.value


def test_olas_comment_lies_in_the_case_of_its_idea(session, idea, work, standin, ola, now):
    comment = make_comment(session, idea, actor=ola, now=now, stance=Stance.QUESTION, text="Hva koster det?")

    work.until_all_filed()

    entries = {entry["public_title"]: entry for entry in standin.state()["entries"]}
    said = entries["Kommentar til innspill til Idépoolen (mobilitet)"]
    assert (said["kind"], said["case"]) == ("I", "2026/211")
    assert said["title"] == "Kommentar til innspill: Lys i lysløypa til klokka 23"
    (letter,) = [words for words in map(words_of, sent_files(standin)) if "Hvakosterdet?" in words]
    assert "spørsmålomidéen" in letter
    assert session.get_one(Parcel, comment.id).case_number == "2026/211"


def test_a_comment_waits_until_its_idea_is_archived_and_no_try_is_counted(session, kari, work, ola, now, settings):
    make_idea(session, settings, actor=kari, now=now, title="Så mappa er klar")
    work.until_filed()
    make_comment(session, make_idea(session, settings, actor=kari, now=now), actor=ola, now=now)
    work.route()

    waiting = [delivery for delivery in work.deliveries(JOB) if delivery.state == "waiting"]
    comment, _idea = sorted(waiting, key=lambda delivery: kind_of(session, delivery))
    work.run(comment.id)

    states = {delivery.id: (delivery.state, delivery.attempts) for delivery in work.deliveries(JOB)}
    assert states[comment.id] == ("waiting", 0)


def test_the_status_of_a_comment_is_never_asked_for(session, idea, work, ola, now):
    comment = make_comment(session, idea, actor=ola, now=now)

    work.until_all_filed()

    asked = session.scalars(select(CaseFiling.input_id).where(CaseFiling.is_open)).all()
    assert asked == [idea.id]
    assert comment.id in session.scalars(select(CaseFiling.input_id)).all()


@pytest.mark.parametrize("behaviour", ["store_then_error", "store_then_reset", "cut_xml", "empty_id"])
def test_a_comment_whose_answer_was_lost_is_found_and_not_made_again(session, idea, work, standin, ola, now, behaviour):
    work.until_filed()
    make_comment(session, idea, actor=ola, now=now)
    standin.script(behaviour, operation="NyJournalpost")
    unsure = [delivery for delivery in work.until_waiting() if delivery.state != "filed"]
    assert [delivery.may_have_arrived for delivery in unsure] == [True]

    work.later(minutes=5)

    assert set(standin.state()["entries_per_key"].values()) == {1}
    assert {delivery.state for delivery in work.deliveries(JOB)} == {"filed"}


def test_a_comment_taken_back_in_time_is_never_sent_and_the_balance_adds_up(session, idea, work, standin, ola, now):
    comment = make_comment(session, idea, actor=ola, now=now)
    talk.withdraw_comment(session, comment, actor=ola, now=now + timedelta(seconds=5))
    session.commit()

    work.rounds(3)

    session.expire_all()
    assert sorted(delivery.state for delivery in work.deliveries(JOB)) == ["aldri", "filed"]
    assert not session.get_one(Parcel, comment.id).forwarded
    assert count(session, standin.state()).faults == ()


def test_a_comment_withdrawn_later_reaches_the_archive_as_its_writer_was_told(session, idea, work, standin, ola, now):
    comment = make_comment(session, idea, actor=ola, now=now)
    talk.withdraw_comment(session, comment, actor=ola, now=now + timedelta(seconds=12))
    session.commit()

    work.now = now + timedelta(seconds=20)
    work.until_all_filed()

    assert len(standin.state()["entries"]) == 2


def test_a_comment_on_an_idea_that_was_never_sent_lies_beside_it(session, idea, work, standin, ola, now, settings):
    make_comment(session, idea, actor=ola, now=now)
    ideas.undo_idea(session, idea, now=now + timedelta(seconds=5), undo_seconds=settings.undo_seconds)
    session.commit()

    work.rounds(8)

    (entry,) = standin.state()["entries"]
    assert entry["public_title"] == "Kommentar til innspill til Idépoolen (mobilitet)"
    assert sorted(delivery.state for delivery in work.deliveries(JOB)) == ["aldri", "filed"]


def test_a_corrected_idea_lies_beside_the_first_words_in_the_same_case(session, idea, work, standin, now):
    work.until_filed()
    correct(session, idea, now, "Mangetrenerhverkveld.")
    work.until_all_filed()

    entries = {entry["public_title"]: entry for entry in standin.state()["entries"]}
    told = entries["Rettet innspill til Idépoolen (mobilitet)"]
    assert (told["kind"], told["case"], told["title"]) == ("I", "2026/211", "Rettet innspill: Lys på Ankenes")
    letters = [words_of(letter) for letter in sent_files(standin)]
    assert sum("Mangetreneretterjobb." in words for words in letters) == 1
    assert sum("Mangetrenerhverkveld." in words for words in letters) == 1
    session.expire_all()
    assert count(session, standin.state()).faults == ()
    assert faults(session, work.settings, work.now) == []


def test_a_corrected_comment_lies_beside_the_first_words_and_tells_both(session, idea, work, standin, ola, now):
    comment = make_comment(session, idea, actor=ola, now=now, text="Fortgodttenkt.")
    mark = submission(uuid4(), {"text": "Bedretenkt."}, [])
    ideas.correct_comment(session, comment, CommentCorrectionDraft("Bedretenkt.", mark), now=now)
    session.commit()
    work.until_all_filed()

    entries = [entry for entry in standin.state()["entries"] if entry["title"].startswith("Kommentar")]
    assert [entry["case"] for entry in entries] == ["2026/211", "2026/211"]
    letters = [words_of(letter) for letter in sent_files(standin)]
    assert sorted(("Fortgodttenkt." in one, "Bedretenkt." in one) for one in letters) == [
        (False, False), (True, False), (True, True),
    ]  # fmt: skip
    session.expire_all()
    assert count(session, standin.state()).faults == ()
    assert faults(session, work.settings, work.now) == []


def test_a_correction_of_what_was_never_sent_is_never_sent(session, idea, work, standin, now, settings):
    correct(session, idea, now, "Mange trener hver kveld.")
    ideas.undo_idea(session, idea, now=now + timedelta(seconds=5), undo_seconds=settings.undo_seconds)
    session.commit()

    work.rounds(3)

    assert [delivery.state for delivery in work.deliveries(JOB)] == ["aldri", "aldri"]
    assert standin.state()["entries"] == []


def test_ideas_answers_and_comments_add_up_against_the_archive(session, idea, other_idea, work, standin, ola, per, now):
    question = make_comment(session, idea, actor=ola, now=now, stance=Stance.QUESTION)
    make_comment(session, idea, actor=per, now=now, answers=question.id, text="Lite.", role_name="Rådgiver")
    make_comment(session, other_idea, actor=ola, now=now, stance=Stance.AGAINST)
    work.until_all_filed()
    answer(session, idea, per, now)
    work.until_all_filed()

    session.expire_all()
    equation = count(session, standin.state(), pictures=True)

    assert equation.faults == ()
    assert (equation.ours.inputs, equation.entries) == (5, 6)
    assert faults(session, work.settings, work.now) == []


class Forwarding(Background):
    """The background of forwarding: folders and letters, round after round."""

    standin: Standin

    def rounds(self, count: int) -> list[OutboxDelivery]:
        for _ in range(count):
            self.work(JOB)
            self.work("open_case_folder")
            self.now += timedelta(seconds=3)
        return list(self.deliveries(JOB))

    def until_filed(self) -> None:
        """Work until every letter is in the archive; three rounds are enough when nothing fails."""
        assert {delivery.state for delivery in self.rounds(3)} == {DeliveryState.FILED.value}

    def until_all_filed(self) -> None:
        """As until_filed, for letters that wait for another one, which may wait too: each looks again after 15 s."""
        assert {delivery.state for delivery in self.rounds(20)} == {DeliveryState.FILED.value}

    def until_waiting(self) -> list[OutboxDelivery]:
        """Work until the letters have met what the archive was told to do."""
        self.work(JOB)
        self.work("open_case_folder")
        self.now += timedelta(seconds=3)
        return list(self.work(JOB))

    def later(self, *, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        self.work("open_case_folder")
        self.work(JOB)


def run_until(work, delivery_id, commits, happens) -> None:
    """Run one try, in which something happens right after so many commits."""
    left = iter([*[None] * (commits - 1), happens])

    @contextmanager
    def transaction():
        with transactions(work.engine)() as made:
            yield made
        if (now := next(left, None)) is not None:
            now()

    ports = SimpleNamespace(archive=work.archive, push=None, mail=None)
    Runtime(work.settings, transaction, ports, clock=lambda: work.now).run(delivery_id)


def erase(session, work, who) -> None:
    personal.ask_to_be_erased(session, submission(uuid4(), {}, []), actor=who, now=work.now)
    session.commit()
    work.work("erase_person")
    (work.settings.instance / ledger.FILE).unlink()
    session.expire_all()


def correct(session, idea, now, body) -> None:
    mark = submission(uuid4(), {"body": body}, [])
    ideas.correct_idea(session, idea.id, CorrectionDraft("Lys på Ankenes", body, "", mark), now=now)
    session.commit()


def kind_of(session, delivery) -> str:
    kind = session.get_one(OutboxEvent, delivery.event_id).kind
    session.commit()
    return kind


def answer(session, idea, per, now):
    mark = submission(uuid4(), {"text": "Takk. Lyset står på til 23."}, [])
    draft = ReplyDraft("Takk. Lyset står på til 23.", Step.DECIDED, mark)
    ideas.answer_idea(session, idea, draft, actor=per, role_name="Rådgiver", now=now)
    session.commit()


@pytest.fixture
def idea(session, settings, kari, now):
    return make_idea(session, settings, actor=kari, now=now)


@pytest.fixture
def other_idea(session, settings, ola, now):
    return make_idea(session, settings, actor=ola, now=now, title="Tak over sykkelstativet")


@pytest.fixture
def work(engine, settings, standin, session, now):
    """A worker process a minute after noon, with the real adapter."""
    fast = replace(settings, status_every=10)
    made = Forwarding(engine, fast, now=now + timedelta(seconds=12), archive=archive_at(standin))
    made.standin = standin
    return made
