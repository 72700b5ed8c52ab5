"""What we send to a GeoIntegrasjon archive, held against the official schema."""

from collections.abc import Callable

import pytest
from lxml import etree

from app.cases.client import ExternalKey, Kind, Letter
from app.cases.geointegrasjon import envelopes
from app.core.outbound.archive import Credentials
from tests.support.letters import CODES, document, faults_of_call, folder, letter, shielded

KEY = ExternalKey("INNBYGGERLAB", "INL-A")
NOBODY = Credentials()
CALLS: dict[str, Callable[[], etree._Element]] = {
    "an input": lambda: envelopes.new_entry(letter(), "2026/211", "3001", CODES),
    "a shielded input": lambda: envelopes.new_entry(shielded(), "2026/211", None, CODES),
    "an answer of ours": lambda: envelopes.new_entry(letter(kind=Kind.OUTGOING), "2026/211", "3001", CODES),
    "a report": lambda: envelopes.new_entry(letter(kind=Kind.INTERNAL), "2026/211", "3001", CODES),
    "a main document": lambda: envelopes.new_document(document(), "5444", CODES),
    "a picture": lambda: envelopes.new_document(document(2, "Bilde 1"), "5444", CODES),
    "a case": lambda: envelopes.new_case(folder(), CODES),
    "a look-up": lambda: envelopes.entries_with_key(KEY, CODES),
    "the status of a case": lambda: envelopes.entries_of_case("2026/211", CODES),
    "a case by number": lambda: envelopes.case_with_number("2026/211", CODES),
    "a case by key": lambda: envelopes.case_with_key(KEY, CODES),
    "a case by title": lambda: envelopes.cases_with_title("Smart Narvik, mobilitet", CODES),
    "what documents there are": lambda: envelopes.documents_of_entry("5444", CODES),
    "a code list": lambda: envelopes.code_list("Dokumenttype", CODES),
}


@pytest.mark.parametrize("name", CALLS)
def test_every_call_is_valid_by_the_official_schema(name: str) -> None:
    assert faults_of_call(envelopes.enveloped(CALLS[name](), NOBODY)) == []


def test_an_entry_says_what_the_archive_demands_in_practice() -> None:
    entry = envelopes.new_entry(letter(pictures=2), "2026/211", "3001", CODES)

    assert entry.findtext(".//{*}journalposttype/{*}kodeverdi") == "I"
    assert entry.findtext(".//{*}journalstatus/{*}kodeverdi") == "M"
    assert entry.findtext(".//{*}saksnr/{*}sakssekvensnummer") == "211"
    assert entry.findtext(".//{*}referanseSakSystemID/{*}systemID/{*}id") == "3001"
    assert entry.findtext(".//{*}antallVedlegg") == "2"
    assert [p.findtext("{*}behandlingsansvarlig") for p in entry.iterfind(".//{*}korrespondansepart/{*}liste")] == [
        None,
        "1",
    ]


def test_an_open_letter_has_no_trace_of_shielding() -> None:
    assert b"skjerm" not in etree.tostring(envelopes.new_entry(letter(), "2026/211", None, CODES))


def test_an_attachment_is_no_main_document() -> None:
    kinds = [envelopes.new_document(document(n), "5444", CODES).findtext(".//{*}tilknyttetRegistreringSom/{*}kodeverdi")
             for n in (1, 2)]  # fmt: skip

    assert kinds == ["H", "V"]


def test_a_password_stands_in_the_header_only_when_it_is_asked_for_there() -> None:
    call = envelopes.code_list("Dokumenttype", CODES)
    with_token = envelopes.enveloped(call, Credentials("wss", "lab", "hemmelig"))

    assert b"UsernameToken" in with_token
    assert b"hemmelig" not in envelopes.enveloped(
        envelopes.code_list("x", CODES), Credentials("basic", "lab", "hemmelig")
    )


def test_a_citizens_words_are_text_and_never_markup() -> None:
    title = "Innspill: <b>&lt; «Gangfelt» & æøå áčđŋšŧž 😀"
    entry: Letter = letter(title=title)

    sent = envelopes.enveloped(envelopes.new_entry(entry, "2026/211", None, CODES), NOBODY)

    assert etree.fromstring(sent).findtext(".//{*}journalpost/{*}tittel") == title
