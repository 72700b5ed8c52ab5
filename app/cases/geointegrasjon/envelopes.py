"""What we send, as XML. The order of elements is decided here and nowhere else: the schema's sequences are strict."""

import base64
from collections.abc import Iterable
from datetime import datetime, time
from importlib.metadata import PackageNotFoundError, version

from lxml import etree

from app.cases.client import Document, ExternalKey, Folder, Kind, Letter, Sender, SenderKind
from app.cases.codes import Codes
from app.cases.geointegrasjon import names as ns
from app.core.oslo import OSLO
from app.core.outbound.archive import Credentials

Element = etree._Element  # noqa: SLF001 - lxml gives its element type no other name


def _client_version() -> str:
    try:
        return version("innbyggerlab")
    except PackageNotFoundError:
        return "0.1.0"


CLIENT_VERSION = _client_version()


def new_entry(letter: Letter, case_number: str, case_id: str | None, codes: Codes) -> Element:
    """Return NyJournalpost: the entry without its documents, in the case with this number ("2026/211")."""
    call = _call(ns.UPDATE, "NyJournalpost")
    entry = _add(call, ns.UPDATE, "journalpost")
    way = {Kind.INCOMING: "in", Kind.OUTGOING: "out", Kind.INTERNAL: "report"}[letter.kind]
    _code(entry, "journalposttype", codes[f"journalposttype_{way}"])
    date = datetime.combine(letter.document_date, time(), OSLO)
    if letter.received_at.astimezone(OSLO).date() == letter.document_date:
        date = letter.received_at.astimezone(OSLO).replace(microsecond=0)
    _add(entry, ns.CORE, "dokumentetsDato", date.isoformat())
    _code(entry, "journalstatus", codes[f"journalstatus_{way}"])
    _add(entry, ns.CORE, "tittel", letter.title)
    if letter.shielding:
        _add(entry, ns.CORE, "skjermetTittel", "true")
        shielding = _add(entry, ns.CORE, "skjerming")
        _code(shielding, "tilgangsrestriksjon", letter.shielding.access_code)
        _add(shielding, ns.CORE, "skjermingshjemmel", letter.shielding.legal_basis)
    _add(entry, ns.CORE, "antallVedlegg", str(sum(1 for d in letter.documents if not d.is_main)))
    _add(entry, ns.CORE, "offentligTittel", letter.public_title)
    _case_number(_add(entry, ns.CORE, "saksnr"), case_number)
    if case_id:
        _add(_add(_add(entry, ns.CORE, "referanseSakSystemID"), ns.CORE, "systemID"), ns.CORE, "id", case_id)
    parts = _add(entry, ns.CORE, "korrespondansepart")
    _outer_part(parts, letter, codes)
    _inner_part(parts, letter.kind, codes)
    _key(_add(entry, ns.CORE, "referanseEksternNoekkel"), letter.key)
    return _with_context(call, ns.UPDATE, codes)


def new_document(document: Document, entry_id: str, codes: Codes) -> Element:
    """Return NyDokument: one file, tied to the entry with this system id."""
    call = _call(ns.UPDATE, "NyDokument")
    node = _add(call, ns.UPDATE, "dokument")
    _add(node, ns.DOCUMENT, "dokumentnummer", str(document.number))
    _code(node, "tilknyttetRegistreringSom", codes["main" if document.is_main else "attachment"], ns.DOCUMENT)
    _code(node, "dokumenttype", codes["document_type"], ns.DOCUMENT)
    _add(node, ns.DOCUMENT, "tittel", document.title)
    _code(node, "dokumentstatus", codes["document_status"], ns.DOCUMENT)
    _code(node, "variantformat", codes["variant"], ns.DOCUMENT)
    _code(node, "format", codes.format_of(document.media_type) or "", ns.DOCUMENT)
    _add(node, ns.DOCUMENT, "referanseJournalpostSystemID", entry_id)
    file = _typed(_add(node, ns.DOCUMENT, "Fil"), "d:Filinnhold")
    _add(file, ns.DOCUMENT, "filnavn", document.filename)
    _add(file, ns.DOCUMENT, "mimeType", document.media_type)
    _add(file, ns.DOCUMENT, "base64", base64.b64encode(document.content).decode("ascii"))
    _add(call, ns.UPDATE, "returnerFil", "false")
    return _with_context(call, ns.UPDATE, codes)


def new_case(folder: Folder, codes: Codes) -> Element:
    """Return NySaksmappe."""
    call = _call(ns.UPDATE, "NySaksmappe")
    case = _add(call, ns.UPDATE, "mappe")
    _add(case, ns.CORE, "tittel", folder.title)
    _add(case, ns.CORE, "offentligTittel", folder.title)
    _code(case, "saksstatus", codes["case_status_new"])
    if part := codes.given("arkivdel"):
        _code(case, "referanseArkivdel", part)
    if unit := codes.given("journal_unit"):
        _code(case, "journalenhet", unit)
    if unit := codes.given("admin_unit"):
        _add(case, ns.CORE, "administrativEnhetInit", unit)
    if handler := codes.given("handler"):
        _add(case, ns.CORE, "saksansvarligInit", handler)
    entry = _add(_add(case, ns.CORE, "klasse"), ns.CORE, "liste")
    _add(entry, ns.CORE, "rekkefoelge", "1")
    _code(entry, "klassifikasjonssystem", codes["klasse_system"])
    _add(entry, ns.CORE, "klasseID", codes["klasse_id"])
    _key(_add(case, ns.CORE, "referanseEksternNoekkel"), folder.key)
    return _with_context(call, ns.UPDATE, codes)


def set_case_key(key: ExternalKey, case_number: str, codes: Codes) -> Element:
    """Return OppdaterMappeEksternNoekkel: our key on a case found by its title."""
    call = _call(ns.UPDATE, "OppdaterMappeEksternNoekkel")
    _key(_add(call, ns.UPDATE, "nokkel"), key)
    _case_number(_typed(_add(call, ns.UPDATE, "saksnokkel"), "af:Saksnummer"), case_number)
    return _with_context(call, ns.UPDATE, codes)


def entries_with_key(key: ExternalKey, codes: Codes) -> Element:
    """Return FinnJournalposterGittNoekkel by our own key."""
    call = _call(ns.READ, "FinnJournalposterGittNoekkel")
    wanted = _typed(_add(call, ns.READ, "nokkel"), "k:JournpostEksternNoekkel")
    _key(_add(wanted, ns.CORE, "eksternnoekkel"), key)
    return _with_context(call, ns.READ, codes)


def entries_of_case(case_number: str, codes: Codes) -> Element:
    """Return FinnJournalposterGittSaksmappeNoekkel with parts and replies: the status of a whole case."""
    call = _call(ns.READ, "FinnJournalposterGittSaksmappeNoekkel")
    _case_number(_typed(_add(call, ns.READ, "nokkel"), "af:Saksnummer"), case_number)
    _add(call, ns.READ, "returnerKorrespondansepart", "true")
    _add(call, ns.READ, "returnerAvskrivning", "true")
    return _with_context(call, ns.READ, codes)


def case_with_number(case_number: str, codes: Codes) -> Element:
    """Return FinnSaksmapperGittNoekkel by case number."""
    call = _call(ns.READ, "FinnSaksmapperGittNoekkel")
    _case_number(_typed(_add(call, ns.READ, "nokkel"), "af:Saksnummer"), case_number)
    return _with_context(call, ns.READ, codes)


def case_with_key(key: ExternalKey, codes: Codes) -> Element:
    """Return FinnSaksmapperGittNoekkel by our own key."""
    call = _call(ns.READ, "FinnSaksmapperGittNoekkel")
    wanted = _typed(_add(call, ns.READ, "nokkel"), "k:SakEksternNoekkel")
    _key(_add(wanted, ns.CORE, "eksternnoekkel"), key)
    return _with_context(call, ns.READ, codes)


def cases_with_title(title: str, codes: Codes) -> Element:
    """Return FinnSaksmapper by exact title; the standard has no LIKE."""
    call = _call(ns.READ, "FinnSaksmapper")
    criterion = _add(_add(call, ns.READ, "sok"), ns.FILTER, "liste")
    _add(criterion, ns.FILTER, "operator", "EQ")
    field = _typed(_add(criterion, ns.FILTER, "Kriterie"), "f:Soekefelt")
    _add(field, ns.FILTER, "feltnavn", "saksmappe.tittel")
    _add(field, ns.FILTER, "feltverdi", title)
    _add(call, ns.READ, "returnerKlasse", "true")
    return _with_context(call, ns.READ, codes)


def documents_of_entry(entry_id: str, codes: Codes) -> Element:
    """Return FinnDokumenterGittJournalpostnoekkel by system id, without the files themselves."""
    call = _call(ns.READ, "FinnDokumenterGittJournalpostnoekkel")
    wanted = _typed(_add(call, ns.READ, "journpostnokkel"), "k:JournpostSystemID")
    _add(_add(wanted, ns.CORE, "systemID"), ns.CORE, "id", entry_id)
    _add(call, ns.READ, "returnerFil", "false")
    return _with_context(call, ns.READ, codes)


def code_list(name: str, codes: Codes) -> Element:
    """Return HentKodeliste."""
    call = _call(ns.READ, "HentKodeliste")
    _add(call, ns.READ, "kodelistenavn", name)
    return _with_context(call, ns.READ, codes)


def enveloped(call: Element, credentials: Credentials) -> bytes:
    """Return the SOAP envelope around `call`, as bytes in UTF-8."""
    envelope = etree.Element(f"{{{ns.SOAP}}}Envelope", nsmap=ns.PREFIXES)
    if credentials.kind == "wss":
        _security(etree.SubElement(envelope, f"{{{ns.SOAP}}}Header"), credentials)
    etree.SubElement(envelope, f"{{{ns.SOAP}}}Body").append(call)
    return etree.tostring(envelope, xml_declaration=True, encoding="UTF-8")


def _security(header: Element, credentials: Credentials) -> None:
    security = etree.SubElement(header, f"{{{ns.WSSE}}}Security", nsmap={"wsse": ns.WSSE})
    security.set(f"{{{ns.SOAP}}}mustUnderstand", "1")
    token = etree.SubElement(security, f"{{{ns.WSSE}}}UsernameToken")
    etree.SubElement(token, f"{{{ns.WSSE}}}Username").text = credentials.user
    password = etree.SubElement(token, f"{{{ns.WSSE}}}Password", Type=ns.WSSE_TEXT)
    password.text = credentials.secret


def _outer_part(parts: Element, letter: Letter, codes: Codes) -> None:
    """Who the letter comes from or goes to; a report comes from the unit itself."""
    sender = letter.sender
    kind = {
        Kind.INCOMING: "part_sender",
        Kind.OUTGOING: "part_receiver",
        Kind.INTERNAL: "part_internal_sender",
    }[letter.kind]
    part = _add(parts, ns.CORE, "liste")
    _code(part, "korrespondanseparttype", codes[kind])
    if sender.shielded:
        _add(part, ns.CORE, "skjermetKorrespondansepart", "true")
    _add(part, ns.CORE, "deresReferanse", letter.key.key)
    _contact(part, sender)


def _inner_part(parts: Element, kind: Kind, codes: Codes) -> None:
    """Who in the municipality owns the letter: a unit, and a person only if the archive wants one."""
    part = _add(parts, ns.CORE, "liste")
    inner = "part_internal_sender" if kind is Kind.OUTGOING else "part_internal_receiver"
    _code(part, "korrespondanseparttype", codes[inner])
    _add(part, ns.CORE, "behandlingsansvarlig", "1")
    if unit := codes.given("journal_unit"):
        _code(part, "journalenhet", unit)
    if unit := codes.given("admin_unit"):
        _add(part, ns.CORE, "administrativEnhetInit", unit)
    if handler := codes.given("handler"):
        _add(part, ns.CORE, "saksbehandlerInit", handler)
    _contact(part, Sender(SenderKind.UNIT, codes["admin_unit_name"]))


def _contact(part: Element, sender: Sender) -> None:
    is_person = sender.kind in {SenderKind.PERSON, SenderKind.ANONYMOUS}
    contact = _typed(_add(part, ns.CORE, "Kontakt"), "kon:Person" if is_person else "kon:Organisasjon")
    _add(contact, ns.CONTACT, "navn", sender.name)
    if sender.email:
        addresses = _add(contact, ns.CONTACT, "elektroniskeAdresser")
        mail = _typed(_add(addresses, ns.ADDRESS, "liste"), "adr:Epost")
        _add(mail, ns.ADDRESS, "epostadresse", sender.email)
    if sender.org_number and not is_person:
        _add(contact, ns.CONTACT, "organisasjonsnummer", sender.org_number)


def _call(service: str, operation: str) -> Element:
    return etree.Element(f"{{{service}}}{operation}", nsmap=ns.PREFIXES)


def _with_context(call: Element, service: str, codes: Codes) -> Element:
    context = _add(call, service, "kontekst")
    fields: Iterable[tuple[str, str]] = (
        ("spraak", "nb"),
        ("klientnavn", "Innbyggerlab"),
        ("klientversjon", CLIENT_VERSION),
        ("referanseoppsett", codes["referanseoppsett"]),
    )
    for name, value in fields:
        _add(context, ns.TECHNICAL, name, value)
    return call


def _add(parent: Element, namespace: str, name: str, text: str | None = None) -> Element:
    child = etree.SubElement(parent, f"{{{namespace}}}{name}")
    if text is not None:
        child.text = text
    return child


def _typed(node: Element, kind: str) -> Element:
    node.set(f"{{{ns.XSI}}}type", kind)
    return node


def _code(parent: Element, name: str, value: str, namespace: str = ns.CORE) -> None:
    _add(_add(parent, namespace, name), ns.CODE, "kodeverdi", value)


def _key(node: Element, key: ExternalKey) -> None:
    _add(node, ns.CORE, "fagsystem", key.system)
    _add(node, ns.CORE, "noekkel", key.key)


def _case_number(node: Element, number: str) -> None:
    year, _, sequence = number.partition("/")
    _add(node, ns.SHARED, "saksaar", year)
    _add(node, ns.SHARED, "sakssekvensnummer", sequence)
