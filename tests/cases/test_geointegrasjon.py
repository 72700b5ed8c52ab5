"""The adapter against the stand-in, over real HTTP: look-up, cases, resuming, and every way a call can fail."""

from dataclasses import replace

import pytest

from app.cases.client import CASE_SCOPE, CaseRef, ExternalKey, Filing, Level, Sender, SenderKind
from app.core.errors import ConfigurationFault, DeliveryFault, Permanent, Transient, Unclear, UnknownOutcome
from tests.support.letters import (
    Marks,
    archive_at,
    document,
    faults_of_call,
    folder,
    letter,
    opened,
    sent_files,
    shielded,
)
from tests.support.standin import Standin


def test_an_archive_asked_twice_opens_two_entries(standin: Standin) -> None:
    archive = archive_at(standin)
    case = opened(archive)

    archive.file(letter(), case, Marks())
    archive.file(letter(), case, Marks())

    assert standin.state()["entries_per_key"][letter().key.key] == 2


def test_a_letter_is_filed_with_its_main_document_and_its_pictures(standin: Standin) -> None:
    archive = archive_at(standin)
    marks = Marks()

    filing = archive.file(letter(pictures=2), opened(archive), marks)

    assert isinstance(filing, Filing)
    assert (filing.case.number, filing.entry_number, filing.documents) == ("2026/211", "1", frozenset({1, 2, 3}))
    assert marks.told == ["begun:entry", "entry", *(f"{b}document:{n}" for n in (1, 2, 3) for b in ("begun:", ""))]
    assert sent_files(standin) == [d.content for d in letter(pictures=2).documents]


def test_what_was_filed_is_found_again_by_our_key(standin: Standin) -> None:
    archive = archive_at(standin)
    filed = archive.file(letter(), opened(archive), Marks())
    assert isinstance(filed, Filing)

    found = archive.look_up(letter().key, None)

    assert found is not None
    assert (found.system_id, found.case.number, found.existed) == (filed.system_id, "2026/211", True)


@pytest.mark.parametrize("no_hit", ["empty", "fault"])
def test_what_was_never_filed_is_not_found(standin: Standin, no_hit: str) -> None:
    standin.settings(no_hit=no_hit)

    assert archive_at(standin).look_up(ExternalKey("INNBYGGERLAB", "INL-NEI"), None) is None


def test_a_finder_fault_is_no_answer_where_the_archive_means_something_else_by_it(standin: Standin) -> None:
    standin.settings(no_hit="fault")
    archive = archive_at(standin, changed={"finder_means_no_hit": "off"})

    with pytest.raises(Transient):
        archive.look_up(ExternalKey("INNBYGGERLAB", "INL-NEI"), None)


def test_an_entry_whose_key_the_archive_does_not_echo_is_found_all_the_same(standin: Standin) -> None:
    standin.settings(echo_key=False)
    archive = archive_at(standin)
    archive.file(letter(), opened(archive), Marks())

    assert archive.look_up(letter().key, None) is not None


@pytest.mark.parametrize("behaviour", ["error_before", "reset_before", "broken_xml", "hang_before", "entity_bomb"])
def test_a_look_up_that_failed_is_not_a_look_up_that_found_nothing(standin: Standin, behaviour: str) -> None:
    standin.script(behaviour, operation="FinnJournalposterGittNoekkel")

    with pytest.raises(Transient):
        archive_at(standin, cases_timeout=0.5).look_up(letter().key, None)


def test_a_killed_worker_goes_on_between_two_documents(standin: Standin) -> None:
    archive = archive_at(standin)
    case = opened(archive)
    standin.script("reset_before", operation="NyDokument", after=1)
    marks = Marks()
    with pytest.raises(UnknownOutcome):
        archive.file(letter(pictures=2), case, marks)

    filing = archive.file(letter(pictures=2), case, Marks(done={"entry": marks.done["entry"]}))

    assert isinstance(filing, Filing)
    (entry,) = standin.state()["entries"]
    assert [d["title"] for d in entry["documents"]] == ["Innspill", "Bilde 1", "Bilde 2"]


def test_a_document_that_was_stored_while_its_answer_was_lost_is_not_sent_again(standin: Standin) -> None:
    archive = archive_at(standin)
    case = opened(archive)
    standin.script("store_then_reset", operation="NyDokument", after=1)
    marks = Marks()
    with pytest.raises(UnknownOutcome):
        archive.file(letter(pictures=1), case, marks)

    archive.file(letter(pictures=1), case, marks)

    (entry,) = standin.state()["entries"]
    assert len(entry["documents"]) == 2


def test_a_document_of_our_number_with_another_title_is_put_before_a_person(standin: Standin) -> None:
    archive = archive_at(standin)
    case = opened(archive)
    marks = Marks()
    archive.file(letter(), case, marks)
    changed = letter(documents=(document(title="Noe helt annet enn før"),))

    with pytest.raises(Unclear):
        archive.file(changed, case, marks)


@pytest.mark.parametrize(
    ("behaviour", "parameters"),
    [
        ("store_then_error", {"status": 502}),
        ("store_then_reset", {}),
        ("store_then_hang", {}),
        ("cut_xml", {}),
        ("broken_xml", {}),
        ("empty_id", {}),
        ("wrong_id", {}),
        ("entity_bomb", {}),
        ("fault", {"fault": "System"}),
        ("fault", {"fault": "untyped"}),
        ("html", {"status": 500}),
    ],
)
def test_a_write_without_a_clear_answer_may_have_been_accepted(
    standin: Standin, behaviour: str, parameters: dict[str, object]
) -> None:
    archive = archive_at(standin, cases_timeout=1)
    case = opened(archive)
    standin.script(behaviour, operation="NyJournalpost", **parameters)

    with pytest.raises(UnknownOutcome):
        archive.file(letter(), case, Marks())


@pytest.mark.parametrize(
    ("behaviour", "parameters", "fault"),
    [
        ("status", {"status": 401}, ConfigurationFault),
        ("status", {"status": 413}, Permanent),
        ("status", {"status": 429, "retry_after": 7}, Transient),
        ("redirect", {}, ConfigurationFault),
        ("login_page", {}, ConfigurationFault),
        ("fault", {"fault": "Application", "words": "Tittel er ikke lov"}, Permanent),
        ("fault", {"fault": "Validation", "words": "Ukjent kode X"}, ConfigurationFault),
    ],
)
def test_a_clear_no_is_told_apart(
    standin: Standin, behaviour: str, parameters: dict[str, object], fault: type[DeliveryFault]
) -> None:
    archive = archive_at(standin)
    case = opened(archive)
    standin.script(behaviour, operation="NyJournalpost", **parameters)

    with pytest.raises(fault) as raised:
        archive.file(letter(), case, Marks())

    assert raised.type is fault
    assert standin.state()["entries"] == []


@pytest.mark.parametrize("behaviour", ["other_prefixes", "extra_elements"])
def test_an_unusual_but_right_answer_is_understood(standin: Standin, behaviour: str) -> None:
    archive = archive_at(standin)
    standin.script(behaviour, operation="*", times=None)

    filing = archive.file(letter(), opened(archive), Marks())

    assert isinstance(filing, Filing)
    assert filing.documents == {1}


def test_a_case_is_opened_and_then_found_by_its_key(standin: Standin) -> None:
    archive = archive_at(standin)
    assert archive.find_case(folder()) is None
    marks = Marks()

    case = archive.open_case(folder(), marks)

    assert archive.find_case(folder()) == case
    assert marks.told == ["begun:case", "case"]


def test_a_case_that_others_opened_is_found_by_its_exact_title(standin: Standin) -> None:
    standin.open_case("Smart Narvik, mobilitet og mer", number="2024/1")
    standin.open_case("Smart Narvik, mobilitet", number="2024/118")

    case = archive_at(standin).find_case(folder())

    assert case is not None
    assert case.number == "2024/118"


def test_two_open_cases_of_one_title_stop_that_folder_alone(standin: Standin) -> None:
    standin.open_case("Smart Narvik, mobilitet", number="2024/118")
    standin.open_case("Smart Narvik, mobilitet", number="2026/211")

    with pytest.raises(ConfigurationFault) as raised:
        archive_at(standin).find_case(folder())

    assert raised.value.scope == "folder:mobilitet"
    assert str(raised.value) == (
        "To åpne saker heter «Smart Narvik, mobilitet»: 2024/118 og 2026/211. "
        "Velg én: flask cases use mobilitet 2026/211"
    )


def test_of_two_cases_the_open_one_is_used(standin: Standin) -> None:
    standin.open_case("Smart Narvik, mobilitet", number="2024/118", status="A")
    standin.open_case("Smart Narvik, mobilitet", number="2026/211")

    case = archive_at(standin).find_case(folder())

    assert case == CaseRef("2026/211", case.system_id if case else None, is_open=True)


def test_a_case_number_that_staff_chose_must_be_there_and_open(standin: Standin) -> None:
    standin.open_case("Noe annet", number="2025/77", status="A")
    archive = archive_at(standin)

    for number, word in (("2025/77", "avsluttet"), ("2019/1", "finnes ikke")):
        with pytest.raises(ConfigurationFault, match=word) as raised:
            archive.find_case(folder(case_number=number))
        assert raised.value.scope == "folder:mobilitet"


def test_a_closed_case_blames_the_case_and_no_letter(standin: Standin) -> None:
    archive = archive_at(standin)
    case = opened(archive)
    standin.advance("avslutt", case=case.number)

    with pytest.raises(ConfigurationFault, match=r"2026/211 er avsluttet") as raised:
        archive.file(letter(), case, Marks())

    assert raised.value.scope == CASE_SCOPE


def test_a_wrong_password_closes_the_channel(tmp_path_factory: pytest.TempPathFactory) -> None:
    with (
        Standin(tmp_path_factory.mktemp("locked"), user="lab", password="hemmelig") as locked,
        pytest.raises(ConfigurationFault) as raised,
    ):
        archive_at(locked, cases_user="lab").look_up(letter().key, None)

    assert raised.value.scope == "channel"


def test_an_unknown_code_is_found_before_anything_is_filed(standin: Standin) -> None:
    archive = archive_at(standin, changed={"document_type": "TULL"})

    with pytest.raises(ConfigurationFault, match=r"Koden «TULL» finnes ikke .* flask cases set document_type"):
        archive.file(letter(), CaseRef("2026/211", None, None), Marks())

    assert standin.calls(operation="NyJournalpost") == []


def test_the_code_lists_are_asked_for_once_a_day(standin: Standin) -> None:
    archive = archive_at(standin)
    case = opened(archive)
    asked = len(standin.calls(operation="HentKodeliste"))

    archive.file(letter(), case, Marks())

    assert asked > 5
    assert len(standin.calls(operation="HentKodeliste")) == asked


def test_a_kind_of_attachment_that_is_left_out_is_not_sent(standin: Standin) -> None:
    archive = archive_at(standin, changed={"format.jpg": "–"})

    filing = archive.file(letter(pictures=1), opened(archive), Marks())

    assert isinstance(filing, Filing)
    assert filing.documents == {1}


@pytest.mark.parametrize(
    "broken",
    [
        letter(title="x" * 256),
        letter(title=" "),
        letter(title="Tegn\x0b"),
        letter(documents=()),
        letter(documents=(replace(document(), content=b"noe annet"),)),
        letter(documents=(replace(document(), filename="bøk.pdf"),)),
        letter(sender=Sender(SenderKind.PERSON, "")),
    ],
)
def test_a_letter_that_can_never_pass_is_stopped_before_the_first_try(standin: Standin, broken: object) -> None:
    with pytest.raises(Permanent):
        archive_at(standin).file(broken, CaseRef("2026/211", None, None), Marks())  # type: ignore[arg-type]

    assert standin.calls() == []


def test_a_shielded_letter_is_shielded_in_the_archive(standin: Standin) -> None:
    archive = archive_at(standin)

    archive.file(shielded(), opened(archive), Marks())

    (entry,) = standin.state()["entries"]
    assert "Kari" not in entry["public_title"]


def test_the_status_of_a_whole_case_is_one_call(standin: Standin) -> None:
    archive = archive_at(standin)
    case = opened(archive)
    filings = [archive.file(letter(f"INL-{n}"), case, Marks()) for n in range(3)]
    known = [filing for filing in filings if isinstance(filing, Filing)]
    standin.advance("journalfor", entry="INL-0")
    standin.advance("besvart", entry="INL-1")
    seen = len(standin.calls())

    statuses = archive.fetch_status(case, known)

    assert len(standin.calls()) == seen + 1
    assert [statuses[f.system_id or ""].entry_code for f in known] == ["J", "J", "M"]
    assert statuses[known[1].system_id or ""].reply_code == "BU"


def test_check_says_that_all_is_well(standin: Standin) -> None:
    found = archive_at(standin).check(write_to=None)

    assert not [finding for finding in found if finding.level is Level.FAULT and "klokke" not in finding.sentence]
    assert found[0].sentence.startswith("Arkivet svarer (geointegrasjon, ")


def test_check_says_which_code_is_wrong_and_how_to_mend_it(standin: Standin) -> None:
    found = archive_at(standin, changed={"document_type": "TULL"}).check(write_to=None)

    (wrong,) = [finding for finding in found if "TULL" in finding.sentence]
    assert wrong.level is Level.FAULT
    assert "Rett opp: flask cases set document_type " in wrong.sentence


def test_check_says_when_nobody_answers(standin: Standin) -> None:
    found = archive_at(standin, cases_read_url="http://127.0.0.1:9/").check(write_to=None)

    assert [finding.no_contact for finding in found] == [True]


def test_check_can_write_one_marked_entry_and_find_its_key_again(standin: Standin) -> None:
    case = opened(archive_at(standin))

    found = archive_at(standin).check(write_to=case.number)

    assert "Arkivet finner igjen nøkkelen vår." in [finding.sentence for finding in found]
    assert [entry["title"] for entry in standin.state()["entries"]] == ["PRØVE fra Innbyggerlab (kan slettes)"]


def test_every_envelope_of_all_this_is_valid_by_the_official_schema(standin: Standin) -> None:
    archive = archive_at(standin)
    case = opened(archive)
    filing = archive.file(letter(pictures=1), case, Marks())
    assert isinstance(filing, Filing)
    archive.look_up(letter().key, case)
    archive.find_case(folder(case_number="2026/211"))
    archive.find_case(folder("energi"))
    archive.fetch_status(case, [filing])

    calls = standin.calls()

    assert {call["operation"] for call in calls} >= {"NyJournalpost", "NyDokument", "NySaksmappe", "FinnSaksmapper"}
    assert [fault for call in calls for fault in faults_of_call(call["request"].encode())] == []
