"""The stand-in against the official schemas and samples."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from lxml import etree

from tests.cases.standin.messages import (
    NAMESPACES,
    by_case_key,
    by_case_number,
    by_entry_id,
    by_entry_key,
    by_title,
    call,
    new_case,
    new_document,
    new_entry,
    send,
)
from tests.support.standin import Standin

CODE_LISTS = ("Journalposttype", "Journalstatus", "Korrespondanseparttype", "Dokumenttype", "Format", "Saksstatus")


def test_the_official_samples_make_a_case_an_entry_and_its_two_documents(empty_standin: Standin, schemas: Path) -> None:
    for sample in ("01", "02", "03", "04", "05", "06", "07"):
        operation, body = read_sample(schemas, sample)
        assert send(empty_standin, operation, body).status == 200

    state = empty_standin.state()
    assert [case["number"] for case in state["cases"]] == ["2026/211"]
    assert [entry["system_id"] for entry in state["entries"]] == ["5444"]
    assert [document["role"] for document in state["entries"][0]["documents"]] == ["H", "V"]


def test_an_entry_without_title_is_refused_as_the_note_says(standin: Standin, schemas: Path) -> None:
    operation, body = read_sample(schemas, "04")
    without = re.sub(rb"<k:tittel>.*?</k:tittel>", b"", body)

    reply = send(standin, operation, without)

    assert (reply.status, reply.fault) == (500, "ValidationFaultInfo")
    assert "tittel" in (reply.text("t:feilDetaljer/t:liste") or "")
    assert standin.state()["entries"] == []


def test_elements_in_the_wrong_order_are_refused(standin: Standin, schemas: Path) -> None:
    operation, body = read_sample(schemas, "03")
    turned = re.sub(
        rb"(<k:klasse>.*</k:klasse>)(<k:referanseEksternNoekkel>.*?</k:referanseEksternNoekkel>)", rb"\2\1", body
    )
    assert turned != body

    assert send(standin, operation, turned).text("t:feilKode") == "SKJEMA"


def test_every_answer_follows_the_official_schemas(
    empty_standin: Standin, conversation: Iterator[object], schemas_say: Callable[[bytes], list[str]]
) -> None:
    list(conversation)

    calls = empty_standin.calls()
    assert len(calls) > 20
    assert [fault for call in calls for fault in schemas_say(call["answer"].encode())] == []
    assert empty_standin.state()["invalid_answers"] == []


@pytest.mark.parametrize("kind", ["System", "Operational", "Implementation", "Application", "Validation", "Finder"])
def test_a_typed_fault_follows_the_official_schemas(
    standin: Standin, kind: str, schemas_say: Callable[[bytes], list[str]]
) -> None:
    standin.script("fault", operation="NyJournalpost", fault=kind)

    reply = call(standin, "NyJournalpost", new_entry())

    assert (reply.status, reply.fault) == (500, f"{kind}FaultInfo")
    assert schemas_say(reply.body) == []


def test_an_answer_with_strange_elements_does_not_follow_them(
    standin: Standin, schemas_say: Callable[[bytes], list[str]]
) -> None:
    """The check above would be worth nothing if it took anything."""
    standin.script("extra_elements", operation="NyJournalpost")

    reply = call(standin, "NyJournalpost", new_entry())

    assert schemas_say(reply.body) != []


def read_sample(schemas: Path, number: str) -> tuple[str, bytes]:
    """Return the operation and the bytes of the sample whose name starts with `number`."""
    body = next((schemas / "examples").glob(f"{number}-*.xml")).read_bytes()
    found = re.search(rb"<soap:Body>\s*<\w+:(\w+)", body)
    assert found
    return found[1].decode(), body


@pytest.fixture
def conversation(empty_standin: Standin) -> Iterator[object]:
    """One call of every kind, with and without hits, and after everything a person can do in the archive."""
    s = empty_standin

    def talk() -> Iterator[object]:
        for name in CODE_LISTS:
            yield call(s, "HentKodeliste", f"<i:kodelistenavn>{name}</i:kodelistenavn>")
        yield call(s, "NySaksmappe", new_case())
        yield call(
            s, "FinnSaksmapper", by_title("Smart Narvik, mobilitet") + "<i:returnerKlasse>true</i:returnerKlasse>"
        )
        yield call(s, "FinnSaksmapper", by_title("Finnes ikke"))
        yield call(s, "FinnSaksmapperGittNoekkel", by_case_number(2026, 211))
        nokkel, sak = key_of_case(), by_case_number(2026, 211, element="o:saksnokkel")
        yield call(s, "OppdaterMappeEksternNoekkel", nokkel + sak)
        for entry_key in ("INL-A", "INL-B", "INL-C"):
            yield call(s, "NyJournalpost", new_entry(entry_key))
        yield call(s, "NyDokument", new_document("5444") + "<o:returnerFil>true</o:returnerFil>")
        yield call(s, "NyDokument", new_document("5444", number=2, role="V"))
        yield call(s, "NyDokument", new_document("5444"))
        for action, entry in (("journalfor", "INL-A"), ("fordel", "INL-A"), ("besvart", "INL-A")):
            s.advance(action, entry=entry)
        s.advance("til_orientering", entry="INL-B")
        s.advance("utgaar", entry="INL-C")
        shown = "<i:returnerKorrespondansepart>true</i:returnerKorrespondansepart>"
        shown += "<i:returnerAvskrivning>true</i:returnerAvskrivning>"
        yield call(s, "FinnJournalposterGittSaksmappeNoekkel", by_case_key("sak:ny:2026") + shown)
        yield call(s, "FinnJournalposterGittNoekkel", by_entry_key("INL-A") + shown)
        yield call(s, "FinnJournalposterGittNoekkel", by_entry_id("5445"))
        document_key = by_entry_key("INL-A", element="i:journpostnokkel")
        yield call(s, "FinnDokumenterGittJournalpostnoekkel", document_key + "<i:returnerFil>true</i:returnerFil>")
        yield call(s, "NyJournalpost", new_entry("INL-D", kind="Q"))

    return talk()


def key_of_case() -> str:
    return "<o:nokkel><k:fagsystem>INNBYGGERLAB</k:fagsystem><k:noekkel>sak:ny:2026</k:noekkel></o:nokkel>"


@pytest.fixture
def schemas_say(schemas: Path) -> Callable[[bytes], list[str]]:
    """A check of our own, beside the stand-in's: the child of Body, or of a fault's detail, as its own document."""
    compiled = {
        NAMESPACES["i"]: etree.XMLSchema(file=str(schemas / "local" / "ArkivInnsyn.types.xsd")),
        NAMESPACES["o"]: etree.XMLSchema(file=str(schemas / "local" / "ArkivOppdatering.types.xsd")),
    }

    def check(envelope: bytes) -> list[str]:
        body = etree.fromstring(envelope).find("s:Body", NAMESPACES)
        assert body is not None
        message = body.find("s:Fault/detail/*", NAMESPACES)
        message = body[0] if message is None else message
        alone = etree.fromstring(etree.tostring(message))
        schema = compiled[etree.QName(alone).namespace or ""]
        return [] if schema.validate(alone) else [str(schema.error_log)]

    return check
