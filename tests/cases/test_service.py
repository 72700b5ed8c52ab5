"""Letters are sealed once, folders wanted once, filings kept once; answers move a parcel forward and once."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from app.cases import query, service
from app.cases.client import Abilities, ArchiveStatus, CaseRef, Filing, Kind, Sender, SenderKind
from app.cases.models import ArchiveSettingChange, CaseFiling, SealedDocument, SealedLetter
from app.core.errors import ConfigurationFault, RuleBroken, Unclear
from app.outbox.models import OutboxEvent
from app.parcels import service as parcels
from app.parcels.models import ORDER, Parcel, Step, StepChange
from tests.support.letters import CODES, Marks, archive_at, folder, letter, opened

CASE = "2026/211"
FILED = Filing(CaseRef(CASE, "3001", None), "5444", "1", frozenset({1}), existed=False)
CHANGES = (("J", None, None), ("J", None, "PERSAK"), ("J", "BU", "PERSAK"), ("U", None, None), ("M", None, None))


def test_every_try_gets_the_letter_that_was_sealed_first(session, input_id, now):
    service.seal(session, letter(pictures=1), input_id=input_id, now=now)
    second = letter(title="Innspill: noe annet")

    sealed = service.seal(session, second, input_id=input_id, now=now)

    assert sealed == letter(pictures=1) == query.sealed_letter_or_none(session, letter().key.key)


def test_a_folder_is_wanted_from_the_archive_once(session, now):
    first = service.folder_for(session, "mobilitet", "mobilitet", CODES, now=now)
    again = service.folder_for(session, "mobilitet", "mobilitet", CODES, now=now + timedelta(days=300))

    assert first == again
    assert (first.folder.title, first.folder.key.key) == ("Smart Narvik, mobilitet", "sak:mobilitet:2026")
    assert not first.ready
    assert events(session, "folder_wanted") == [{"folder_id": str(first.id)}]


def test_a_folder_is_ready_when_the_archive_has_said_so(session, now):
    made = service.folder_for(session, "mobilitet", "mobilitet", CODES, now=now)

    service.store_case(session, made.id, CaseRef(CASE, "3001", is_open=True), now=now)

    state = query.get_folder(session, made.id, CODES)
    assert (state.ready, state.folder.case_number, state.system_id) == (True, CASE, "3001")


def test_a_case_number_that_staff_chose_is_checked_before_it_is_used(session, now):
    made = service.folder_for(session, "mobilitet", "mobilitet", CODES, now=now)

    service.use_case(session, "mobilitet", "2024/0118", CODES, now=now)
    service.store_case(session, made.id, CaseRef(CASE, "3001", is_open=True), now=now)

    state = query.get_folder(session, made.id, CODES)
    assert (state.ready, state.folder.case_number) == (False, "2024/118")
    assert len(events(session, "folder_wanted")) == 2


@pytest.mark.parametrize("wrong", ["2026", "2026/", "26/1", "2026/0", "sak 1", "2026/1/2"])
def test_a_case_number_in_another_form_is_refused(session, now, wrong):
    with pytest.raises(RuleBroken):
        service.use_case(session, "mobilitet", wrong, CODES, now=now)


def test_what_was_filed_is_announced_and_the_sealed_letter_emptied(session, input_id, now):
    kari = letter(sender=Sender(SenderKind.PERSON, "Kari", "kari@example.no"))
    service.seal(session, kari, input_id=input_id, now=now)

    service.store_filing(session, kari, FILED, input_id=input_id, every=10, now=now)

    assert session.get_one(Parcel, input_id).case_number == CASE
    assert events(session, "input_filed") == [{"input_id": str(input_id)}]
    document = session.scalars(select(SealedDocument)).one()
    assert (document.content, document.sha256) == (None, kari.documents[0].sha256)
    sealed = session.scalars(select(SealedLetter)).one()
    assert (sealed.sender_name, sealed.sender_email) == ("", None)


def test_an_answer_of_ours_is_filed_but_is_no_news_of_the_input(session, input_id, now):
    service.store_filing(session, letter(kind=Kind.OUTGOING), FILED, input_id=input_id, every=10, now=now)

    assert events(session, "input_filed") == []
    assert query.cases_due(session, now + timedelta(days=400)) == []


def test_a_case_is_asked_about_when_it_is_due_and_once(session, filed, now):
    assert query.cases_due(session, now + timedelta(seconds=9)) == []
    later = now + timedelta(seconds=10)
    assert query.cases_due(session, later) == [CASE]

    asked = [service.ask_for_status(session, CASE, now=later, every=10) for _ in range(2)]

    assert asked == [True, False]
    assert events(session, "status_due") == [{"case_number": CASE}]
    assert query.cases_due(session, later + timedelta(minutes=30)) == []


def test_a_question_that_was_lost_is_asked_again(session, filed, now):
    service.ask_for_status(session, CASE, now=now + timedelta(seconds=10), every=10)

    assert query.cases_due(session, now + timedelta(hours=2)) == [CASE]


def test_an_answer_sets_the_time_of_the_next_question(session, filed, now):
    assert service.schedule_next(session, CASE, now=now, every=10) == now + timedelta(seconds=10)


def test_an_input_that_is_done_is_not_asked_about(session, filed, input_id, now):
    parcels.move(session, input_id, Step.DONE, now=now, reason="Seks benker er satt ut.")

    apply(session, now + timedelta(minutes=1))

    assert query.cases_due(session, now + timedelta(days=400)) == []


@pytest.mark.parametrize("order", list(permutations(range(5), 5))[::3], ids=lambda order: "".join(map(str, order)))
def test_in_any_order_and_however_often_the_parcel_ends_on_the_same_step(session, filed, input_id, now, order):
    for minute, place in enumerate([n for n in order for _ in range(2)], start=1):
        apply(session, now + timedelta(minutes=minute), CHANGES[place])

    assert session.get_one(Parcel, input_id).step == Step.DECIDED.value
    told = [payload["step"] for payload in events(session, "step_reached")]
    assert len(told) == len(set(told))
    assert [ORDER[Step(step)] for step in told] == sorted(ORDER[Step(step)] for step in told)


def test_an_answer_to_an_older_question_changes_nothing(session, filed, input_id, now):
    apply(session, now + timedelta(minutes=5), CHANGES[0])

    apply(session, now + timedelta(minutes=4), CHANGES[2])

    assert session.scalars(select(CaseFiling.reply_code)).one() is None
    assert session.get_one(Parcel, input_id).step == Step.READ.value


def test_several_moves_in_one_answer_are_one_change_to_the_last(session, filed, input_id, now):
    apply(session, now + timedelta(minutes=1), ("J", "BU", "PERSAK"))

    assert [payload["step"] for payload in events(session, "step_reached")] == ["decided"]
    steps = session.scalars(select(StepChange.step).where(StepChange.input_id == input_id)).all()
    assert sorted(steps) == ["decided", "received"]


def test_an_entry_number_that_comes_later_is_kept(session, filed, input_id, now):
    service.apply_statuses(
        session, CASE, {"5444": ArchiveStatus("M", None, None, None, now + timedelta(1), "7")}, CODES, now=now
    )

    assert session.scalars(select(CaseFiling.entry_number)).one() == "7"


def test_a_letter_the_archive_has_is_not_sent_again(session, standin, ready):
    archive = archive_at(standin)
    case = opened(archive)
    archive.file(letter(), case, Marks())
    marks = Marks()

    filing = service.file_once(archive, letter(), ready, marks, look_up_first=False)

    assert standin.state()["entries_per_key"] == {letter().key.key: 1}
    assert isinstance(filing, Filing)
    assert (filing.existed, filing.entry_number, filing.case.number) == (True, "1", CASE)
    assert marks.told == ["entry"]


def test_a_closed_case_stops_its_folder_and_not_the_channel(standin, ready):
    archive = archive_at(standin)
    opened(archive)
    standin.advance("avslutt", case=CASE)

    with pytest.raises(ConfigurationFault) as raised:
        service.file_once(archive, letter(), ready, Marks(), look_up_first=False)

    assert raised.value.scope == "folder:mobilitet"


def test_an_archive_that_cannot_be_asked_is_left_to_a_person(standin, ready):
    archive = Blind()

    with pytest.raises(Unclear):
        service.file_once(archive, letter(), ready, Marks(), look_up_first=True)  # type: ignore[arg-type]


def test_a_changed_code_is_in_force_and_written_down(session, settings, now):
    service.change_setting(session, "document_type", "BREV", role="administrator", now=now)
    service.change_setting(session, "document_type", "NOTAT", role="administrator", now=now)

    assert query.settings_in_force(session, settings)["document_type"] == "NOTAT"
    log = session.scalars(select(ArchiveSettingChange.new).order_by(ArchiveSettingChange.new)).all()
    assert log == ["BREV", "NOTAT"]


@pytest.mark.parametrize(
    ("key", "value"), [("finnes_ikke", "x"), ("may_open_cases", "kanskje"), ("main", "–"), ("main", "a\nb")]
)
def test_a_code_that_makes_no_sense_is_refused(session, now, key, value):
    with pytest.raises(RuleBroken):
        service.change_setting(session, key, value, role="administrator", now=now)


def test_only_the_stand_in_lets_us_open_cases_unasked(session, settings):
    real = replace(settings, cases_write_url="https://arkiv.example/skriv")

    assert query.settings_in_force(session, settings).on("may_open_cases")
    assert not query.settings_in_force(session, real).on("may_open_cases")


class Blind:
    """An archive that can neither search nor recognise, such as n4ws."""

    abilities = Abilities(looks_up=False, recognises_repeats=False, gives_numbers=True, gives_status=False)


def apply(session, at, said=("M", None, None)):
    entry, reply, handler = said
    status = ArchiveStatus(entry, reply, None, handler, at)
    return service.apply_statuses(session, CASE, {"5444": status}, CODES, now=at)


def events(session, kind):
    query_ = select(OutboxEvent.payload).where(OutboxEvent.kind == kind).order_by(OutboxEvent.recorded_at)
    return session.scalars(query_).all()


@pytest.fixture
def input_id(session, kari, now) -> UUID:
    made = uuid4()
    parcels.start(session, made, kind="idea", actor=kari, now=now)
    return made


@pytest.fixture
def filed(session, input_id, now):
    """The input is in the archive, in case 2026/211, and is asked about every ten seconds."""
    service.store_filing(session, letter(), FILED, input_id=input_id, every=10, now=now)
    assert session.scalar(select(func.count()).select_from(CaseFiling)) == 1


@pytest.fixture
def ready(now):
    return query.FolderState(uuid4(), folder(case_number=CASE), None, ready=True, wanted_at=now)
