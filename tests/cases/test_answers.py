"""Reading what an archive answers."""

from pathlib import Path

import pytest
from lxml import etree

from app.cases.client import ExternalKey
from app.cases.geointegrasjon import answers
from tests.support.letters import schemas

RETURN = (
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
    '<q:NyJournalpostResponse xmlns:q="urn:whatever"><q:return>{}</q:return></q:NyJournalpostResponse>'
    "</e:Body></e:Envelope>"
)
BOMB = b'<!DOCTYPE a [<!ENTITY x "xxxxxxxxxx"><!ENTITY y "&x;&x;&x;">]><a>&y;</a>'


def entry_in(inside: str) -> answers.Entry:
    root = answers.parse(RETURN.format(inside).encode())
    made = answers.returned(answers.body_of(root), "NyJournalpost")
    assert made is not None
    return answers.read_entry(made)


def test_every_official_sample_is_read() -> None:
    for sample in sorted((schemas() / "examples").glob("*.xml")):
        answers.body_of(answers.parse(sample.read_bytes()))


def test_the_sample_answer_gives_its_numbers() -> None:
    sample = (schemas() / "examples" / "08-nyjournalpost-response.xml").read_bytes()
    made = answers.returned(answers.body_of(answers.parse(sample)), "NyJournalpost")
    assert made is not None

    entry = answers.read_entry(made)

    assert (entry.system_id, entry.entry_number, entry.case_number, entry.status) == ("5444", "3", "2026/211", "M")


@pytest.mark.parametrize(("sample", "kind"), [("09", "ValidationFault"), ("10", "FinderFault"), ("11", "SystemFault")])
def test_the_sample_faults_are_told_apart(sample: str, kind: str) -> None:
    (path,) = Path(schemas() / "examples").glob(f"{sample}-*.xml")

    fault = answers.fault_in(answers.body_of(answers.parse(path.read_bytes())))

    assert fault is not None
    assert fault.kind == kind
    assert fault.details


def test_any_prefix_and_unknown_elements_do_no_harm() -> None:
    entry = entry_in("<q:systemID>77</q:systemID><ny xmlns=''>1</ny><q:journalpostnummer>4</q:journalpostnummer>")

    assert (entry.system_id, entry.entry_number) == ("77", "4")


@pytest.mark.parametrize("bad", ["", "0", "000", "to ord", "IKKE-EN-ID", "x" * 201])
def test_an_id_that_is_none_is_not_taken_for_one(bad: str) -> None:
    assert entry_in(f"<q:systemID>{bad}</q:systemID>").system_id is None


def test_a_guid_is_an_id() -> None:
    assert entry_in("<q:systemID>9f1c2d3e-1111-4222-8333-abcdefabcdef</q:systemID>").system_id is not None


@pytest.mark.parametrize("body", [b"", b"<html>Logg inn", b"<a><b></a>", BOMB, b"\x00\x01", b"<a>&finnesikke;</a>"])
def test_what_is_no_plain_xml_is_unreadable(body: bytes) -> None:
    with pytest.raises(answers.UnreadableError):
        answers.body_of(answers.parse(body))


def test_a_file_on_our_own_disk_is_never_read_into_an_answer(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hemmelig")
    body = f'<!DOCTYPE a [<!ENTITY x SYSTEM "file://{tmp_path}/secret">]><a>&x;</a>'.encode()

    with pytest.raises(answers.UnreadableError):
        answers.parse(body)


def test_the_handler_is_the_person_on_the_part_that_is_responsible() -> None:
    entry = entry_in(
        "<q:systemID>1</q:systemID><q:korrespondansepart>"
        "<q:liste><q:saksbehandlerInit>FEIL</q:saksbehandlerInit></q:liste>"
        "<q:liste><q:behandlingsansvarlig>1</q:behandlingsansvarlig><q:saksbehandler>Per</q:saksbehandler></q:liste>"
        "</q:korrespondansepart>"
    )

    assert entry.handler == "Per"


def test_a_key_that_the_archive_leaves_out_is_unknown_and_not_wrong() -> None:
    assert entry_in("<q:systemID>1</q:systemID>").key is None
    key = "<q:referanseEksternNoekkel><q:fagsystem>A</q:fagsystem><q:noekkel>B</q:noekkel></q:referanseEksternNoekkel>"
    assert entry_in(key).key == ExternalKey("A", "B")


def test_a_code_that_is_no_longer_valid_is_not_in_the_list() -> None:
    listed = etree.fromstring(
        "<r><liste><kodeverdi>A</kodeverdi></liste><liste><kodeverdi>B</kodeverdi><erGyldig>false</erGyldig></liste></r>"
    )

    assert set(answers.read_codes(listed)) == {"A"}
