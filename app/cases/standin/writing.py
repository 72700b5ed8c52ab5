"""Writing answers: records become elements, in the order the schema demands."""

import base64
from datetime import datetime

from lxml import etree

from app.cases.standin.codes import described
from app.cases.standin.names import (
    ADDRESS,
    CODE,
    CONTACT,
    CORE,
    DOCUMENT,
    PREFIXES,
    SHARED,
    SOAP,
    TECHNICAL,
    XSI,
    Service,
)
from app.cases.standin.records import (
    Case,
    CaseNumber,
    Document,
    Entry,
    JournalNumber,
    Key,
    Part,
    Reply,
    Shielding,
)

USED_IN_TYPES = ["kon", "adr", "d"]
Element = etree._Element  # noqa: SLF001 - lxml has no public name for it


def answer_to(service: Service, operation: str) -> tuple[Element, Element]:
    """Return the answer's root element and its `return` element, which is to be filled."""
    root = etree.Element(f"{{{service.namespace}}}{operation}Response", nsmap={"w": service.namespace, **PREFIXES})
    return root, etree.SubElement(root, f"{{{service.namespace}}}return")


def envelope(message: Element) -> bytes:
    """Wrap `message` in a SOAP 1.1 envelope."""
    root = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"s": SOAP})
    etree.SubElement(root, f"{{{SOAP}}}Body").append(message)
    etree.cleanup_namespaces(message, keep_ns_prefixes=USED_IN_TYPES)
    return etree.tostring(root, xml_declaration=True, encoding="utf-8")


def fault_info(service: Service, kind: str, code: str, words: str, details: list[str]) -> Element:
    """Return the typed detail of a fault: <kind>FaultInfo/error/{feilKode, feilBeskrivelse, feilDetaljer}."""
    root = etree.Element(f"{{{service.namespace}}}{kind}FaultInfo", nsmap={"w": service.namespace, "t": TECHNICAL})
    error = etree.SubElement(root, f"{{{service.namespace}}}error")
    _text(error, TECHNICAL, "feilKode", code)
    _text(error, TECHNICAL, "feilBeskrivelse", words)
    listed = etree.SubElement(error, f"{{{TECHNICAL}}}feilDetaljer")
    for detail in details:
        _text(listed, TECHNICAL, "liste", detail)
    return root


def fault(faultcode: str, words: str, detail: Element | None = None, *, nsmap: dict[str, str] | None = None) -> bytes:
    """Return an envelope with a SOAP 1.1 fault. faultcode with its prefix ("soap:Client")."""
    root = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soap": SOAP, **(nsmap or {})})
    inner = etree.SubElement(etree.SubElement(root, f"{{{SOAP}}}Body"), f"{{{SOAP}}}Fault")
    etree.SubElement(inner, "faultcode").text = faultcode
    etree.SubElement(inner, "faultstring").text = words
    if detail is not None:
        etree.SubElement(inner, "detail").append(detail)
    return etree.tostring(root, xml_declaration=True, encoding="utf-8")


def code_list(parent: Element, codes: dict[str, str]) -> None:
    for value, words in codes.items():
        item = etree.SubElement(parent, f"{{{CODE}}}liste")
        _text(item, CODE, "kodeverdi", value)
        _text(item, CODE, "kodebeskrivelse", words)
        _text(item, CODE, "erGyldig", "true")


def case(parent: Element, case: Case, *, echo_key: bool, classes: bool = True) -> None:
    """Fill `parent` as a Saksmappe."""
    _text(parent, CORE, "systemID", case.system_id)
    case_number(etree.SubElement(parent, f"{{{CORE}}}saksnr"), case.number)
    _time(parent, "saksdato", case.opened_at)
    _text(parent, CORE, "tittel", case.title)
    _text(parent, CORE, "offentligTittel", case.public_title)
    _truth(parent, "skjermetTittel", value=case.shielded_title)
    _shielding(parent, case.shielding)
    _code(parent, CORE, "saksstatus", "Saksstatus", case.status)
    if case.arkivdel:
        _code(parent, CORE, "referanseArkivdel", "Arkivdel", case.arkivdel)
    if case.unit:
        _text(parent, CORE, "administrativEnhetInit", case.unit)
        _text(parent, CORE, "administrativEnhet", described("AdministrativEnhet", case.unit))
    if classes and case.classes:
        listed = etree.SubElement(parent, f"{{{CORE}}}klasse")
        for order, klass in enumerate(case.classes, start=1):
            item = etree.SubElement(listed, f"{{{CORE}}}liste")
            _text(item, CORE, "rekkefoelge", str(order))
            _code(item, CORE, "klassifikasjonssystem", "Klassifikasjonssystem", klass.system)
            _text(item, CORE, "klasseID", klass.class_id)
    if echo_key:
        _key(parent, "referanseEksternNoekkel", case.key)


def entry(parent: Element, entry: Entry, *, echo_key: bool, parts: bool, replies: bool) -> None:
    """Fill `parent` as a Journalpost; parts and replies only when they were asked for."""
    _text(parent, CORE, "systemID", entry.system_id)
    if entry.journal:
        journal_number(etree.SubElement(parent, f"{{{CORE}}}journalnummer"), entry.journal)
    _text(parent, CORE, "journalpostnummer", str(entry.number_in_case))
    _time(parent, "journaldato", entry.registered_at)
    _code(parent, CORE, "journalposttype", "Journalposttype", entry.kind)
    _time(parent, "dokumentetsDato", entry.document_date)
    _code(parent, CORE, "journalstatus", "Journalstatus", entry.status)
    _text(parent, CORE, "tittel", entry.title)
    _truth(parent, "skjermetTittel", value=entry.shielded_title)
    _shielding(parent, entry.shielding)
    _text(parent, CORE, "offentligTittel", entry.public_title)
    case_number(etree.SubElement(parent, f"{{{CORE}}}saksnr"), entry.case_number)
    reference = etree.SubElement(etree.SubElement(parent, f"{{{CORE}}}referanseSakSystemID"), f"{{{CORE}}}systemID")
    _text(reference, CORE, "id", entry.case_id)
    if parts and entry.parts:
        listed = etree.SubElement(parent, f"{{{CORE}}}korrespondansepart")
        for one in entry.parts:
            _part(etree.SubElement(listed, f"{{{CORE}}}liste"), one)
    if echo_key:
        _key(parent, "referanseEksternNoekkel", entry.key)
    if replies and entry.replies:
        listed = etree.SubElement(parent, f"{{{CORE}}}referanseAvskrivninger")
        for reply in entry.replies:
            _reply(etree.SubElement(listed, f"{{{CORE}}}liste"), reply)


def document(parent: Element, document: Document, content: bytes | None) -> None:
    """Fill `parent` as a Dokument. content: None leaves the file out."""
    _text(parent, DOCUMENT, "systemID", document.system_id)
    _text(parent, DOCUMENT, "dokumentnummer", document.number)
    _code(parent, DOCUMENT, "tilknyttetRegistreringSom", "TilknyttetRegistreringSom", document.role)
    _code(parent, DOCUMENT, "dokumenttype", "Dokumenttype", document.kind)
    _text(parent, DOCUMENT, "tittel", document.title)
    _code(parent, DOCUMENT, "dokumentstatus", "Dokumentstatus", document.status)
    _code(parent, DOCUMENT, "variantformat", "Variantformat", document.variant)
    _code(parent, DOCUMENT, "format", "Format", document.format)
    _text(parent, DOCUMENT, "referanseJournalpostSystemID", document.entry_id)
    if content is not None:
        file = etree.SubElement(parent, f"{{{DOCUMENT}}}Fil", {f"{{{XSI}}}type": "d:Filinnhold"})
        _text(file, DOCUMENT, "filnavn", document.filename)
        _text(file, DOCUMENT, "mimeType", document.media_type)
        _text(file, DOCUMENT, "base64", base64.b64encode(content).decode())


def case_number(parent: Element, number: CaseNumber) -> None:
    _text(parent, SHARED, "saksaar", str(number.year))
    _text(parent, SHARED, "sakssekvensnummer", str(number.sequence))


def journal_number(parent: Element, number: JournalNumber) -> None:
    _text(parent, CORE, "journalaar", str(number.year))
    _text(parent, CORE, "journalsekvensnummer", str(number.sequence))


def _part(parent: Element, part: Part) -> None:
    _code(parent, CORE, "korrespondanseparttype", "Korrespondanseparttype", part.kind)
    _text(parent, CORE, "behandlingsansvarlig", "1" if part.responsible else "")
    _truth(parent, "skjermetKorrespondansepart", value=part.shielded)
    _text(parent, CORE, "deresReferanse", part.their_reference)
    if part.journal_unit:
        _code(parent, CORE, "journalenhet", "Journalenhet", part.journal_unit)
    if part.unit:
        _text(parent, CORE, "administrativEnhetInit", part.unit)
        _text(parent, CORE, "administrativEnhet", described("AdministrativEnhet", part.unit))
    _text(parent, CORE, "saksbehandlerInit", part.handler_init)
    _text(parent, CORE, "saksbehandler", part.handler)
    contact = etree.SubElement(parent, f"{{{CORE}}}Kontakt", {f"{{{XSI}}}type": f"kon:{part.contact}"})
    etree.SubElement(contact, f"{{{CONTACT}}}navn").text = part.name
    if part.email:
        listed = etree.SubElement(contact, f"{{{CONTACT}}}elektroniskeAdresser")
        item = etree.SubElement(listed, f"{{{ADDRESS}}}liste", {f"{{{XSI}}}type": "adr:Epost"})
        _text(item, ADDRESS, "epostadresse", part.email)
    if part.contact == "Organisasjon":
        _text(contact, CONTACT, "organisasjonsnummer", part.organisation_number)


def _reply(parent: Element, reply: Reply) -> None:
    _text(parent, CORE, "systemID", reply.system_id)
    _time(parent, "avskrivningsdato", reply.at)
    _text(parent, CORE, "avskrevetAv", reply.by)
    _code(parent, CORE, "avskrivningsmaate", "Avskrivningsmaate", reply.code)
    if reply.answered_by:
        journal_number(etree.SubElement(parent, f"{{{CORE}}}referanseAvskrivesAvJournalnummer"), reply.answered_by)


def _text(parent: Element, namespace: str, name: str, text: str) -> None:
    """Add an element; nothing when there is no text."""
    if text:
        etree.SubElement(parent, f"{{{namespace}}}{name}").text = text


def _time(parent: Element, name: str, at: datetime) -> None:
    _text(parent, CORE, name, at.isoformat())


def _truth(parent: Element, name: str, *, value: bool) -> None:
    if value:
        _text(parent, CORE, name, "true")


def _code(parent: Element, namespace: str, name: str, list_name: str, code: str) -> None:
    element = etree.SubElement(parent, f"{{{namespace}}}{name}")
    _text(element, CODE, "kodeverdi", code)
    _text(element, CODE, "kodebeskrivelse", described(list_name, code))


def _shielding(parent: Element, shielding: Shielding | None) -> None:
    if shielding:
        element = etree.SubElement(parent, f"{{{CORE}}}skjerming")
        _code(element, CORE, "tilgangsrestriksjon", "Tilgangsrestriksjon", shielding.code)
        _text(element, CORE, "skjermingshjemmel", shielding.legal_basis)


def _key(parent: Element, name: str, key: Key | None) -> None:
    if key:
        element = etree.SubElement(parent, f"{{{CORE}}}{name}")
        _text(element, CORE, "fagsystem", key.system)
        _text(element, CORE, "noekkel", key.key)
