"""Each scripted fault does what its name says: what is stored, and what the client sees."""

import http.client
import smtplib
import socket
import time
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from tests.cases.standin.messages import Reply, by_entry_key, call, new_document, new_entry
from tests.support.standin import Standin, StandinError

BROKEN = (ConnectionError, http.client.HTTPException, TimeoutError)


@pytest.mark.parametrize(
    ("behaviour", "parameters", "status", "stored"),
    [
        ("error_before", {}, 500, 0),
        ("error_before", {"status": 503}, 503, 0),
        ("store_then_error", {}, 500, 1),
        ("store_then_error", {"status": 502}, 502, 1),
        ("html", {}, 405, 0),
        ("html", {"status": 500, "store": True}, 500, 1),
        ("login_page", {}, 200, 0),
        ("login_page", {"store": True}, 200, 1),
        ("status", {"status": 401}, 401, 0),
        ("status", {"status": 403}, 403, 0),
        ("status", {"status": 413}, 413, 0),
        ("status", {"status": 429, "retry_after": 7}, 429, 0),
        ("redirect", {}, 302, 0),
    ],
)
def test_a_web_page_comes_instead_of_an_answer(
    file_letter: Callable[[], Reply],
    standin: Standin,
    *,
    behaviour: str,
    parameters: dict[str, int],
    status: int,
    stored: int,
) -> None:
    standin.script(behaviour, operation="NyJournalpost", **parameters)

    reply = file_letter()

    assert (reply.status, reply.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert len(standin.state()["entries"]) == stored


@pytest.mark.parametrize(
    ("parameters", "header", "value"),
    [
        ({"behaviour": "status", "status": 429, "retry_after": 7}, "retry-after", "7"),
        ({"behaviour": "status", "status": 401}, "www-authenticate", 'Basic realm="arkiv"'),
        ({"behaviour": "redirect"}, "location", "/innlogging"),
    ],
)
def test_a_refusal_brings_its_header(
    file_letter: Callable[[], Reply], standin: Standin, *, parameters: dict[str, Any], header: str, value: str
) -> None:
    standin.script(**parameters)

    assert file_letter().headers[header] == value


@pytest.mark.parametrize(
    ("behaviour", "stored"),
    [("store_then_reset", 1), ("reset_before", 0), ("cut_xml", 1)],
)
def test_the_connection_breaks(file_letter: Callable[[], Reply], standin: Standin, behaviour: str, stored: int) -> None:
    standin.script(behaviour, operation="NyJournalpost")

    with pytest.raises(BROKEN):
        file_letter()

    assert len(standin.state()["entries"]) == stored


def test_a_reset_is_a_reset_and_no_orderly_end(file_letter: Callable[[], Reply], standin: Standin) -> None:
    standin.script("store_then_reset")

    with pytest.raises(ConnectionResetError) as broken:
        file_letter()

    # An orderly end would be RemoteDisconnected, which is a ConnectionResetError as well.
    assert broken.type is ConnectionResetError


@pytest.mark.parametrize(("behaviour", "stored"), [("store_then_hang", 1), ("hang_before", 0)])
def test_the_answer_never_comes(standin: Standin, behaviour: str, stored: int) -> None:
    standin.script(behaviour, operation="NyJournalpost")

    with pytest.raises(TimeoutError):
        call(standin, "NyJournalpost", new_entry(), timeout_s=0.3)

    assert len(standin.state()["entries"]) == stored


@pytest.mark.parametrize("answer", ["reset", "502", "hang"])
def test_a_letter_given_up_is_stored_a_minute_later(standin: Standin, answer: str) -> None:
    standin.script("late", operation="NyJournalpost", answer=answer, seconds=60)
    if answer == "502":
        assert call(standin, "NyJournalpost", new_entry()).status == 502
    else:
        with pytest.raises(BROKEN):
            call(standin, "NyJournalpost", new_entry(), timeout_s=0.3)

    standin.advance_clock(50)
    before = len(standin.state()["entries"])
    standin.advance_clock(11)

    assert (before, len(standin.state()["entries"])) == (0, 1)


def test_a_slow_answer_is_right_when_it_comes(file_letter: Callable[[], Reply], standin: Standin) -> None:
    standin.script("slow", seconds=0.3)
    started = time.monotonic()

    reply = file_letter()

    assert time.monotonic() - started >= 0.3
    assert reply.text("k:systemID") == "5444"


def test_an_untyped_fault_has_no_detail_and_stores_nothing(file_letter: Callable[[], Reply], standin: Standin) -> None:
    standin.script("fault", fault="untyped", words="Object reference not set")

    reply = file_letter()

    assert (reply.status, reply.fault) == (500, "s:System.Exception")
    assert standin.state()["entries"] == []


def test_a_fault_may_come_after_storing(file_letter: Callable[[], Reply], standin: Standin) -> None:
    standin.script("fault", fault="System", store=True)

    assert file_letter().fault == "SystemFaultInfo"
    assert len(standin.state()["entries"]) == 1


def test_broken_xml_cannot_be_read_but_the_letter_is_stored(file_letter: Callable[[], Reply], standin: Standin) -> None:
    standin.script("broken_xml")

    reply = file_letter()

    assert reply.status == 200
    with pytest.raises(etree.XMLSyntaxError):
        etree.fromstring(reply.body)
    assert len(standin.state()["entries"]) == 1


@pytest.mark.parametrize(("behaviour", "shown"), [("empty_id", None), ("wrong_id", "IKKE-EN-ID")])
def test_the_id_in_the_answer_is_empty_or_wrong(
    file_letter: Callable[[], Reply], standin: Standin, behaviour: str, shown: str | None
) -> None:
    standin.script(behaviour)

    reply = file_letter()

    assert (reply.status, reply.text("k:systemID") or None) == (200, shown)
    assert [entry["system_id"] for entry in standin.state()["entries"]] == ["5444"]


def test_an_entity_bomb_is_one(file_letter: Callable[[], Reply], standin: Standin) -> None:
    standin.script("entity_bomb")

    body = file_letter().body

    assert b"<!DOCTYPE" in body
    assert body.count(b"<!ENTITY") == 9
    assert len(body) < 2000


def test_other_prefixes_say_the_same(file_letter: Callable[[], Reply], standin: Standin) -> None:
    file_letter()
    ask = by_entry_key("INL-AAAA") + "<i:returnerKorrespondansepart>true</i:returnerKorrespondansepart>"
    usual = call(standin, "FinnJournalposterGittNoekkel", ask)
    standin.script("other_prefixes")

    reply = call(standin, "FinnJournalposterGittNoekkel", ask)

    assert b"<k:" not in reply.body
    assert b"xsi:type" not in reply.body
    assert reply.text("k:systemID") == usual.text("k:systemID")
    assert reply.texts("kon:navn") == usual.texts("kon:navn")


def test_extra_elements_leave_ours_in_place(file_letter: Callable[[], Reply], standin: Standin) -> None:
    standin.script("extra_elements")

    reply = file_letter()

    assert b"nyttFelt" in reply.body
    assert reply.text("k:systemID") == "5444"


def test_a_rule_waits_its_turn_and_is_used_up(standin: Standin) -> None:
    call(standin, "NyJournalpost", new_entry())
    standin.script("error_before", operation="NyDokument", after=1, times=1)

    replies = [
        call(standin, "NyDokument", new_document("5444", number=n, role="H" if n == 1 else "V")) for n in (1, 2, 2)
    ]

    assert [reply.status for reply in replies] == [200, 500, 200]


def test_a_poisonous_letter_fails_for_ever_and_the_others_pass(standin: Standin) -> None:
    standin.script("error_before", operation="write", times=None, contains="INL-GIFT")

    statuses = [call(standin, "NyJournalpost", new_entry(key)).status for key in ("INL-GIFT", "INL-B", "INL-GIFT")]

    assert statuses == [500, 200, 500]


def test_reads_can_fail_while_writes_pass(standin: Standin) -> None:
    standin.script("status", operation="read", times=None, status=403)

    assert call(standin, "NyJournalpost", new_entry()).status == 200
    assert call(standin, "FinnJournalposterGittNoekkel", by_entry_key("INL-AAAA")).status == 403


def test_clearing_the_script_makes_all_well(file_letter: Callable[[], Reply], standin: Standin) -> None:
    standin.script("error_before", times=None)
    standin.clear_script()

    assert file_letter().status == 200


@pytest.mark.parametrize("wrong", [{"behaviour": "tull"}, {"behaviour": "slow", "sekunder": 3}])
def test_a_rule_nobody_understands_is_refused(standin: Standin, wrong: dict[str, str]) -> None:
    with pytest.raises(StandinError):
        standin.script(**wrong)  # type: ignore[arg-type]


def test_every_call_is_in_the_log_with_its_raw_xml(file_letter: Callable[[], Reply], standin: Standin) -> None:
    standin.script("store_then_error", status=502)
    file_letter()

    (logged,) = standin.calls(operation="NyJournalpost")

    assert (logged["behaviour"], logged["status"]) == ("store_then_error", 502)
    assert "<o:NyJournalpost>" in logged["request"]


def test_a_mail_is_kept_with_its_links_and_attachments(standin: Standin) -> None:
    post_mail(standin, "Svar på ideen din", "Se https://innbyggerlab.test/i/abc. Hilsen Narvik")
    post_mail(standin, "Enda en", "hei æøå čđŋ")

    newest, first = standin.mails()

    assert (newest["subject"], newest["text"].strip()) == ("Enda en", "hei æøå čđŋ")
    assert (first["recipients"], first["links"]) == (["kari@example.no"], ["https://innbyggerlab.test/i/abc"])
    assert first["attachments"] == [{"name": "bilde.png", "type": "image/png", "size": 4}]


@pytest.mark.parametrize(("behaviour", "code"), [("smtp_4xx", 451), ("smtp_5xx", 554)])
def test_a_mail_is_refused_once(standin: Standin, behaviour: str, code: int) -> None:
    standin.script(behaviour, operation="SMTP")

    with pytest.raises(smtplib.SMTPDataError) as refused:
        post_mail(standin, "Første", "")
    post_mail(standin, "Andre", "")

    assert refused.value.smtp_code == code
    assert [mail["subject"] for mail in standin.mails()] == ["Andre"]


def test_the_line_is_cut_after_the_mail_was_taken(standin: Standin) -> None:
    standin.script("smtp_drop", operation="SMTP")

    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
        post_mail(standin, "Hei", "")

    assert [mail["subject"] for mail in standin.mails()] == ["Hei"]


def test_it_listens_on_loopback_alone(standin: Standin) -> None:
    listening = {address for address, port in listening_sockets() if port in {standin.port, standin.smtp_port}}

    assert listening == {"127.0.0.1"}


def listening_sockets() -> list[tuple[str, int]]:
    """Return address and port of every IPv4 socket that listens, as Linux tells it: little-endian hex, state 0A."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    local = [row[1].split(":") for row in rows if row[3] == "0A"]
    return [(socket.inet_ntoa(bytes.fromhex(address)[::-1]), int(port, 16)) for address, port in local]


def post_mail(standin: Standin, subject: str, text: str) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "lab@example.no", "kari@example.no", subject
    mail.set_content(text)
    mail.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="bilde.png")
    with smtplib.SMTP("127.0.0.1", standin.smtp_port, timeout=5) as smtp:
        smtp.send_message(mail)


@pytest.fixture
def file_letter(standin: Standin) -> Callable[[], Reply]:
    return lambda: call(standin, "NyJournalpost", new_entry())
