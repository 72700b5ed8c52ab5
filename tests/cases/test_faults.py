"""Whose fault a failed answer is, and whether a write may have been accepted: the table of case-systems.md 3.1."""

import pytest

from app.cases.geointegrasjon.answers import Fault
from app.cases.geointegrasjon.faults import CaseRefusedError, NoHitError, fault_of_answer, quoted, raise_soap_fault
from app.core.errors import ConfigurationFault, DeliveryFault, Permanent, Transient, UnknownOutcome
from app.core.outbound.archive import Answer

HTML = b"<!DOCTYPE html><html><body>Logg inn</body></html>"
STATUS_TABLE = [
    # status, body, on a write, on a read
    (401, b"", ConfigurationFault, ConfigurationFault),
    (403, b"", ConfigurationFault, ConfigurationFault),
    (302, b"", ConfigurationFault, ConfigurationFault),
    (200, HTML, ConfigurationFault, ConfigurationFault),
    (404, HTML, ConfigurationFault, ConfigurationFault),
    (405, HTML, ConfigurationFault, ConfigurationFault),
    (500, HTML, UnknownOutcome, Transient),
    (502, b"", UnknownOutcome, Transient),
    (503, b"", UnknownOutcome, Transient),
    (408, b"", UnknownOutcome, Transient),
    (429, b"", Transient, Transient),
    (400, b"", Permanent, Transient),
    (413, HTML, Permanent, Transient),
]
SOAP_TABLE = [
    # fault, on a write, on a read
    (Fault("SystemFault", "SYSTEM", "Databasen svarer ikke"), UnknownOutcome, Transient),
    (Fault("OperationalFault", "DRIFT", "Vedlikehold"), UnknownOutcome, Transient),
    (Fault("ImplementationFault", "X", "Ikke støttet"), UnknownOutcome, Transient),
    (Fault("", "s:System.Exception", "Object reference not set"), UnknownOutcome, Transient),
    (Fault("", "s:Server", "Noe gikk galt"), UnknownOutcome, Transient),
    (Fault("", "s:Client", "Kan ikke tolke meldingen"), Permanent, Transient),
    (Fault("", "a:ActionNotSupported", "ContractFilter mismatch"), ConfigurationFault, ConfigurationFault),
    (Fault("", "wsse:FailedAuthentication", "Nei"), ConfigurationFault, ConfigurationFault),
    (Fault("FinderFault", "IKKEFUNNET", "Ingen treff"), NoHitError, NoHitError),
    (Fault("ValidationFault", "VALIDERING", "Tittel mangler"), Permanent, Transient),
    (Fault("ApplicationFault", "REGEL", "Ikke lov"), Permanent, Transient),
    (Fault("ValidationFault", "VALIDERING", "Ukjent kode KORR"), ConfigurationFault, ConfigurationFault),
    (Fault("ValidationFault", "V", "Fagsystem INNBYGGERLAB finnes ikke"), ConfigurationFault, ConfigurationFault),
    (Fault("ValidationFault", "V", "Saken er avsluttet", ("journalpost.saksnr",)), CaseRefusedError, Transient),
    (Fault("ApplicationFault", "", "No case exists with the given journalpost.saksnr"), CaseRefusedError, Transient),
]


def answer(status: int, body: bytes = b"", **headers: str) -> Answer:
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


@pytest.mark.parametrize(("status", "body", "write", "read"), STATUS_TABLE)
def test_an_answer_without_a_soap_fault(
    status: int, body: bytes, write: type[DeliveryFault], read: type[DeliveryFault]
) -> None:
    assert type(fault_of_answer(answer(status, body), writes=True)) is write
    assert type(fault_of_answer(answer(status, body), writes=False)) is read


@pytest.mark.parametrize(("fault", "write", "read"), SOAP_TABLE)
def test_a_soap_fault_is_read_before_its_status(fault: Fault, write: type[Exception], read: type[Exception]) -> None:
    with pytest.raises(Exception) as raised:  # noqa: PT011 - the table says which
        raise_soap_fault(fault, 500, writes=True)
    assert raised.type is write

    with pytest.raises(Exception) as raised:  # noqa: PT011
        raise_soap_fault(fault, 500, writes=False)
    assert raised.type is read


def test_a_web_page_in_answer_to_a_write_may_hide_an_entry() -> None:
    fault = fault_of_answer(answer(405, HTML), writes=True)

    assert isinstance(fault, ConfigurationFault)
    assert fault.may_have_arrived


def test_a_wrong_password_surely_filed_nothing() -> None:
    fault = fault_of_answer(answer(401, HTML), writes=True)

    assert isinstance(fault, ConfigurationFault)
    assert not fault.may_have_arrived


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after": "17"}, 17.0),
        ({"retry_after": "Tue, 03 Mar 2026 12:01:00 GMT", "date": "Tue, 03 Mar 2026 12:00:00 GMT"}, 60.0),
        ({"retry_after": "snart"}, None),
        ({}, None),
    ],
)
def test_an_archive_that_asks_us_to_wait_is_obeyed(headers: dict[str, str], seconds: float | None) -> None:
    fault = fault_of_answer(answer(429, **headers), writes=True)

    assert isinstance(fault, Transient)
    assert fault.retry_after == seconds


def test_staff_read_the_archives_words_but_no_persons_number() -> None:
    assert quoted("Ukjent part\n01019012345 kari@example.no") == "Ukjent part […] […]"
