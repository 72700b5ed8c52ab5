"""What the stand-in keeps, and what it refuses."""

import pytest

from tests.cases.standin.messages import (
    by_case_key,
    by_case_number,
    by_entry_id,
    by_entry_key,
    by_title,
    call,
    envelope,
    new_case,
    new_document,
    new_entry,
    send,
)
from tests.support.standin import Standin, StandinError


def test_an_archive_asked_twice_opens_two_entries(standin: Standin) -> None:
    first, second = (call(standin, "NyJournalpost", new_entry("INL-SAME")) for _ in range(2))

    assert first.text("k:systemID") != second.text("k:systemID")
    assert standin.state()["entries_per_key"] == {"INL-SAME": 2}


def test_an_archive_asked_twice_opens_two_cases(empty_standin: Standin) -> None:
    numbers = [call(empty_standin, "NySaksmappe", new_case()).text("af:sakssekvensnummer") for _ in range(2)]

    assert numbers == ["211", "212"]
    found = call(empty_standin, "FinnSaksmapperGittNoekkel", by_case_key("sak:mobilitet:2026"))
    assert found.texts("k:liste/k:saksnr/af:sakssekvensnummer") == ["211", "212"]


def test_an_entry_gets_its_numbers_at_once(standin: Standin) -> None:
    reply = call(standin, "NyJournalpost", new_entry())

    assert (reply.status, reply.text("k:systemID"), reply.text("k:journalpostnummer")) == (200, "5444", "1")
    assert (reply.text("k:tittel"), reply.text("k:offentligTittel")) == ("Innspill: Gangfelt", "Innspill til Ideer")
    assert (reply.text("k:journalaar"), reply.text("k:journalsekvensnummer")) == ("2026", "571")
    assert reply.text("k:referanseSakSystemID/k:systemID/k:id") == standin.state()["cases"][0]["system_id"]


def test_numbers_start_anew_with_the_year(standin: Standin) -> None:
    call(standin, "NyJournalpost", new_entry())
    standin.set_clock("2027-01-02T09:00:00+01:00")

    reply = call(standin, "NyJournalpost", new_entry("INL-B"))
    opened = call(standin, "NySaksmappe", new_case("Ny sak", case_key="sak:ny"))

    assert (reply.text("k:journalaar"), reply.text("k:journalsekvensnummer")) == ("2027", "571")
    assert reply.text("k:journalpostnummer") == "2"
    assert opened.text("af:saksaar") == "2027"


def test_an_entry_is_found_by_our_key_and_by_its_own_id(standin: Standin) -> None:
    call(standin, "NyJournalpost", new_entry("INL-A"))
    call(standin, "NyJournalpost", new_entry("INL-B"))

    by_key = call(standin, "FinnJournalposterGittNoekkel", by_entry_key("INL-B"))
    by_id = call(standin, "FinnJournalposterGittNoekkel", by_entry_id("5444"))

    assert by_key.texts("k:liste/k:systemID") == ["5445"]
    assert by_id.texts("k:noekkel") == ["INL-A"]


def test_parts_and_replies_come_only_when_asked_for(standin: Standin) -> None:
    call(standin, "NyJournalpost", new_entry("INL-A"))
    standin.advance("besvart", entry="INL-A")
    case = by_case_number(2026, 211)

    bare = call(standin, "FinnJournalposterGittSaksmappeNoekkel", case)
    asked = "<i:returnerKorrespondansepart>true</i:returnerKorrespondansepart>"
    full = call(
        standin,
        "FinnJournalposterGittSaksmappeNoekkel",
        case + asked + "<i:returnerAvskrivning>true</i:returnerAvskrivning>",
    )

    assert (bare.text("kon:navn"), bare.text("k:avskrivningsmaate/kode:kodeverdi")) == (None, None)
    assert (full.text("kon:navn"), full.text("k:avskrivningsmaate/kode:kodeverdi")) == ("Kari Nordmann", "BU")


def test_a_closed_case_takes_no_letter_until_it_is_opened_again(standin: Standin) -> None:
    standin.advance("avslutt", case="2026/211")

    refused = call(standin, "NyJournalpost", new_entry())
    standin.advance("gjenapne", case="2026/211")

    assert (refused.fault, refused.text("t:feilBeskrivelse")) == ("ValidationFaultInfo", "Saken er avsluttet")
    assert call(standin, "NyJournalpost", new_entry()).status == 200


def test_a_letter_to_a_case_that_is_not_there_is_refused_in_the_words_of_acos(standin: Standin) -> None:
    reply = call(standin, "NyJournalpost", new_entry(case="2026/999"))

    assert reply.text("t:feilBeskrivelse") == "No case exists with the given journalpost.saksnr"


def test_twins_with_one_title_are_both_found_open_or_not(standin: Standin) -> None:
    standin.open_case("Smart Narvik, mobilitet", status="A")

    reply = call(standin, "FinnSaksmapper", by_title("Smart Narvik, mobilitet"))

    assert reply.texts("k:saksstatus/kode:kodeverdi") == ["R", "A"]
    assert call(standin, "FinnSaksmapper", by_title("Smart Narvik")).texts("k:liste") == []


def test_a_title_can_be_searched_with_eq_alone(standin: Standin) -> None:
    assert call(standin, "FinnSaksmapper", by_title("Smart", operator="GE")).fault == "ValidationFaultInfo"


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "Q"},
        {"sender": "HVEM"},
        {"system": "UKJENT"},
        {"internal": False},
        {"title": "x" * 256},
    ],
)
def test_a_wrong_letter_is_refused_and_nothing_stored(standin: Standin, wrong: dict[str, str]) -> None:
    reply = call(standin, "NyJournalpost", new_entry(**wrong))  # type: ignore[arg-type]

    assert (reply.status, reply.fault) == (500, "ValidationFaultInfo")
    assert standin.state()["entries"] == []


def test_the_main_document_comes_first_and_only_once(standin: Standin) -> None:
    call(standin, "NyJournalpost", new_entry())

    early = call(standin, "NyDokument", new_document("5444", number=2, role="V"))
    main = call(standin, "NyDokument", new_document("5444", content=b"brev"))
    second = call(standin, "NyDokument", new_document("5444"))
    late = call(standin, "NyDokument", new_document("5444", number=2, role="V", content=b"bilde"))

    assert (early.fault, second.fault) == ("ValidationFaultInfo", "ValidationFaultInfo")
    assert (main.status, late.status) == (200, 200)
    assert [standin.document(d["system_id"]) for d in standin.state()["entries"][0]["documents"]] == [b"brev", b"bilde"]


def test_a_document_is_found_again_with_its_bytes(standin: Standin) -> None:
    call(standin, "NyJournalpost", new_entry("INL-A"))
    call(standin, "NyDokument", new_document("5444", content=b"%PDF-1.7 hei"))

    found = by_entry_key("INL-A", element="i:journpostnokkel")
    reply = call(standin, "FinnDokumenterGittJournalpostnoekkel", found + "<i:returnerFil>true</i:returnerFil>")

    assert (reply.text("d:dokumentnummer"), reply.text("d:base64")) == ("1", "JVBERi0xLjcgaGVp")


def test_code_lists_hold_the_codes_and_unknown_lists_are_refused(standin: Standin) -> None:
    known = call(standin, "HentKodeliste", "<i:kodelistenavn>Journalstatus</i:kodelistenavn>")
    unknown = call(standin, "HentKodeliste", "<i:kodelistenavn>Tull</i:kodelistenavn>")

    assert {"M", "J", "U"} <= set(known.texts("kode:kodeverdi"))
    assert unknown.fault == "ValidationFaultInfo"


def test_a_case_found_by_title_can_get_our_key(standin: Standin) -> None:
    nokkel = "<o:nokkel><k:fagsystem>INNBYGGERLAB</k:fagsystem><k:noekkel>sak:x:2026</k:noekkel></o:nokkel>"
    call(standin, "OppdaterMappeEksternNoekkel", nokkel + by_case_number(2026, 211, element="o:saksnokkel"))

    assert call(standin, "FinnSaksmapperGittNoekkel", by_case_key("sak:x:2026")).text("k:systemID")


def test_the_switches_make_another_archive_of_it(standin: Standin) -> None:
    standin.settings(no_hit="fault", long_titles="cut", echo_key=False, journal_number_at_once=False)

    nothing = call(standin, "FinnJournalposterGittNoekkel", by_entry_key("INL-NEI"))
    filed = call(standin, "NyJournalpost", new_entry("INL-A", title="x" * 300))

    assert nothing.fault == "FinderFaultInfo"
    assert (len(filed.text("k:tittel") or ""), filed.text("k:noekkel"), filed.text("k:journalaar")) == (255, None, None)


def test_an_archive_may_demand_pdfa_and_shielding(standin: Standin) -> None:
    standin.settings(demand_pdfa=True, demand_shielding_for_shielded_sender=True)

    assert call(standin, "NyJournalpost", new_entry(shielded=True)).fault == "ValidationFaultInfo"
    assert call(standin, "NyJournalpost", new_entry()).status == 200
    assert call(standin, "NyDokument", new_document("5444")).fault == "ValidationFaultInfo"
    archival = b"%PDF-1.7 <pdfaid:part>2</pdfaid:part>"
    assert call(standin, "NyDokument", new_document("5444", content=archival)).status == 200


def test_a_switch_that_does_not_exist_is_named(standin: Standin) -> None:
    with pytest.raises(StandinError, match="finnes_ikke"):
        standin.settings(finnes_ikke=True)


def test_a_letter_lives_from_registered_to_answered_and_back(standin: Standin) -> None:
    call(standin, "NyJournalpost", new_entry("INL-A"))

    assert standin.advance("journalfor", entry="INL-A")["status"] == "J"
    assert standin.advance("fordel", entry="INL-A", navn="Per")["handler"] == "Per"
    assert standin.advance("besvart", entry="INL-A", maate="BE")["replies"][0]["code"] == "BE"
    assert [entry["kind"] for entry in standin.state()["entries"]] == ["I", "U"]

    assert standin.advance("tilbake", entry="INL-A")["replies"] == []
    assert standin.state()["entries"][1]["status"] == "U"
    assert standin.advance("tilbake", entry="INL-A")["handler"] is None
    assert standin.advance("tilbake", entry="INL-A")["status"] == "M"


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"Content-Type": "application/soap+xml"}, 415), ({"Content-Type": "text/xml; charset=latin1"}, 415)],
)
def test_a_wrong_content_type_gets_a_web_page(standin: Standin, headers: dict[str, str], status: int) -> None:
    reply = send(standin, "NyJournalpost", envelope("NyJournalpost", new_entry()), headers=headers)

    assert (reply.status, reply.headers["content-type"]) == (status, "text/html; charset=utf-8")


def test_a_wrong_soap_action_gets_a_fault_and_stores_nothing(standin: Standin) -> None:
    reply = send(standin, "NyJournalpost", envelope("NyJournalpost", new_entry()), headers={"SOAPAction": '"#Annet"'})

    assert (reply.status, reply.fault) == (500, "s:ActionNotSupported")
    assert standin.state()["entries"] == []


@pytest.mark.parametrize("body", [b"", b"<html>", b"<a/>"])
def test_what_is_no_envelope_is_a_bad_request(standin: Standin, body: bytes) -> None:
    assert send(standin, "NyJournalpost", body).status == 400


def test_an_envelope_with_a_document_type_is_a_bad_request(standin: Standin) -> None:
    right = envelope("NyJournalpost", new_entry())

    assert send(standin, "NyJournalpost", b'<!DOCTYPE a [<!ENTITY b "c">]>' + right).status == 400
    assert send(standin, "NyJournalpost", right).status == 200


def test_a_letter_too_large_is_refused(standin: Standin) -> None:
    standin.settings(max_request_mb=1)
    call(standin, "NyJournalpost", new_entry())

    assert call(standin, "NyDokument", new_document("5444", content=b"x" * 1_000_000)).status == 413


def test_a_document_of_twelve_megabytes_is_taken(standin: Standin) -> None:
    call(standin, "NyJournalpost", new_entry())

    reply = call(standin, "NyDokument", new_document("5444", content=bytes(12_000_000)))

    assert reply.status == 200
    assert standin.state()["entries"][0]["documents"][0]["size"] == 12_000_000
