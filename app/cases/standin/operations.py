"""What the two services can do, and what they refuse. Each operation takes the request's element and fills the answer.

Refusals are FaultError; the words of the first example fault («Saken er avsluttet») and of ACOS' own («No case exists
with the given journalpost.saksnr») are kept, since programs in the field look for them.
"""

import base64
import binascii
from collections.abc import Callable, Sequence

from lxml import etree

from app.cases.standin import writing
from app.cases.standin.archive import Archive, RefusedError
from app.cases.standin.codes import CODE_LISTS, KNOWN_SETUPS, KNOWN_SYSTEMS
from app.cases.standin.names import ADDRESS, CODE, CONTACT, CORE, DOCUMENT, FILTER, SHARED, TECHNICAL, Service
from app.cases.standin.reading import Node
from app.cases.standin.records import (
    Case,
    CaseNumber,
    Class,
    Entry,
    JournalNumber,
    Key,
    NewCase,
    NewDocument,
    NewEntry,
    Part,
    Shielding,
)
from app.cases.standin.switches import Switches
from app.cases.standin.writing import Element

LONGEST_TITLE = 255
LONGEST_NUMBER = 9
REQUIRED_DOCUMENT_CODES = {
    "dokumenttype": "Dokumenttype",
    "dokumentstatus": "Dokumentstatus",
    "variantformat": "Variantformat",
    "format": "Format",
}


class FaultError(Exception):
    """A typed fault: kind is Validation, Finder, Application …; detail names the field."""

    def __init__(self, kind: str, words: str, detail: str) -> None:
        super().__init__(words)
        self.kind, self.words, self.detail = kind, words, detail


def _core(name: str) -> str:
    return f"{{{CORE}}}{name}"


def _doc(name: str) -> str:
    return f"{{{DOCUMENT}}}{name}"


class Operations:
    """The archive as the services show it. switches is read anew for each call."""

    def __init__(self, archive: Archive, switches: Callable[[], Switches]) -> None:
        self._archive = archive
        self._switches = switches
        self._table: dict[tuple[Service, str], Callable[[Node, Element, Switches], None]] = {
            (Service.READ, "HentKodeliste"): self._code_list,
            (Service.READ, "FinnSaksmapper"): self._find_cases,
            (Service.READ, "FinnSaksmapperGittNoekkel"): self._find_cases_by_key,
            (Service.READ, "FinnJournalposterGittNoekkel"): self._find_entries_by_key,
            (Service.READ, "FinnJournalposterGittSaksmappeNoekkel"): self._find_entries_of_case,
            (Service.READ, "FinnDokumenterGittJournalpostnoekkel"): self._find_documents,
            (Service.WRITE, "NySaksmappe"): self._new_case,
            (Service.WRITE, "OppdaterMappeEksternNoekkel"): self._give_case_key,
            (Service.WRITE, "NyJournalpost"): self._new_entry,
            (Service.WRITE, "NyDokument"): self._new_document,
        }

    def knows(self, service: Service, operation: str) -> bool:
        return (service, operation) in self._table

    def perform(self, service: Service, operation: str, message: Element) -> Element:
        """Do it and return the answer's element. Raises FaultError; then nothing has been stored."""
        node, root, filled = Node(message), *writing.answer_to(service, operation)
        _check_setup(node.text(f"{{{service.namespace}}}kontekst", f"{{{TECHNICAL}}}referanseoppsett"))
        try:
            self._table[service, operation](node, filled, self._switches())
        except RefusedError as refusal:
            raise FaultError("Validation", refusal.words, refusal.detail) from refusal
        return root

    # --- reading ----------------------------------------------------------------------------------------------------

    def _code_list(self, ask: Node, answer: Element, _: Switches) -> None:
        name = ask.text(_in(Service.READ, "kodelistenavn"))
        if name not in CODE_LISTS:
            raise FaultError("Validation", f"Kodelisten «{name}» finnes ikke", "kodelistenavn")
        writing.code_list(answer, dict(CODE_LISTS[name]))

    def _find_cases(self, ask: Node, answer: Element, switches: Switches) -> None:
        found: list[Case] | None = None
        for criterion in ask.child(_in(Service.READ, "sok")).children(f"{{{FILTER}}}liste"):
            hits = self._cases_by_criterion(criterion)
            found = hits if found is None else [case for case in found if case in hits]
        if found is None:
            raise FaultError("Validation", "Søket har ingen kriterier", "sok")
        self._write_cases(ask, answer, found, switches)

    def _cases_by_criterion(self, criterion: Node) -> list[Case]:
        kriterie = criterion.child(f"{{{FILTER}}}Kriterie")
        name = kriterie.text(f"{{{FILTER}}}feltnavn")
        if kriterie.type != f"{{{FILTER}}}Soekefelt" or name != "saksmappe.tittel":
            raise FaultError("Validation", f"Kan ikke søke i «{name}»", "sok.Kriterie")
        if criterion.text(f"{{{FILTER}}}operator") != "EQ":
            raise FaultError("Validation", "Tittel kan bare søkes med EQ", "sok.operator")
        return self._archive.cases_by_title(kriterie.text(f"{{{FILTER}}}feltverdi"))

    def _find_cases_by_key(self, ask: Node, answer: Element, switches: Switches) -> None:
        self._write_cases(ask, answer, self._cases_by_key(ask.child(_in(Service.READ, "nokkel"))), switches)

    def _write_cases(self, ask: Node, answer: Element, cases: Sequence[Case], switches: Switches) -> None:
        _need_hits(cases, switches, "saksmappe")
        for case in cases:
            classes = ask.truth(_in(Service.READ, "returnerKlasse"))
            writing.case(_listed(answer, CORE), case, echo_key=switches.echo_key, classes=classes)

    def _find_entries_by_key(self, ask: Node, answer: Element, switches: Switches) -> None:
        self._write_entries(ask, answer, self._entries_by_key(ask.child(_in(Service.READ, "nokkel"))), switches)

    def _find_entries_of_case(self, ask: Node, answer: Element, switches: Switches) -> None:
        cases = self._cases_by_key(ask.child(_in(Service.READ, "nokkel")))
        entries = [entry for case in cases for entry in self._archive.entries_of_case(case)]
        self._write_entries(ask, answer, entries, switches)

    def _write_entries(self, ask: Node, answer: Element, entries: Sequence[Entry], switches: Switches) -> None:
        _need_hits(entries, switches, "journalpost")
        for entry in entries:
            writing.entry(
                _listed(answer, CORE),
                entry,
                echo_key=switches.echo_key,
                parts=ask.truth(_in(Service.READ, "returnerKorrespondansepart")),
                replies=ask.truth(_in(Service.READ, "returnerAvskrivning")),
            )

    def _find_documents(self, ask: Node, answer: Element, switches: Switches) -> None:
        entries = self._entries_by_key(ask.child(_in(Service.READ, "journpostnokkel")))
        documents = [document for entry in entries for document in self._archive.documents_of(entry)]
        _need_hits(documents, switches, "dokument")
        with_file = ask.truth(_in(Service.READ, "returnerFil"))
        for document in documents:
            stored = self._archive.document_with_content(document.system_id) if with_file else None
            writing.document(_listed(answer, DOCUMENT), document, stored and stored[1])

    # --- writing ----------------------------------------------------------------------------------------------------

    def _new_case(self, ask: Node, answer: Element, switches: Switches) -> None:
        given = ask.child(_in(Service.WRITE, "mappe"))
        case = self._archive.open_case(
            NewCase(
                title=_title(given, "saksmappe.tittel", switches),
                status=_code(given, "saksstatus", "Saksstatus", "saksmappe.saksstatus", default="R"),
                public_title=given.text(_core("offentligTittel")),
                shielded_title=given.truth(_core("skjermetTittel")),
                shielding=_shielding(given),
                arkivdel=_code(given, "referanseArkivdel", "Arkivdel", "saksmappe.referanseArkivdel", default="SAK"),
                unit=_unit(given, "saksmappe.administrativEnhetInit"),
                classes=tuple(_classes(given)),
                key=_key(given.child(_core("referanseEksternNoekkel"))),
            )
        )
        writing.case(answer, case, echo_key=switches.echo_key)

    def _give_case_key(self, ask: Node, answer: Element, switches: Switches) -> None:
        key = _key(ask.child(_in(Service.WRITE, "nokkel")))
        cases = self._cases_by_key(ask.child(_in(Service.WRITE, "saksnokkel")))
        if key is None or not key.key:
            raise FaultError("Validation", "Ekstern nøkkel mangler", "nokkel")
        if len(cases) != 1:
            raise FaultError("Finder", f"{len(cases)} treff på saksnøkkelen", "saksnokkel")
        writing.case(answer, self._archive.give_case_key(cases[0], key), echo_key=switches.echo_key)

    def _new_entry(self, ask: Node, answer: Element, switches: Switches) -> None:
        given = ask.child(_in(Service.WRITE, "journalpost"))
        document_date = given.instant(_core("dokumentetsDato"))
        if document_date is None:
            raise FaultError("Validation", "dokumentetsDato mangler", "journalpost.dokumentetsDato")
        parts = tuple(_part(part) for part in given.child(_core("korrespondansepart")).children(_core("liste")))
        new = NewEntry(
            case_id=self._case_for(given, switches).system_id,
            kind=_code(given, "journalposttype", "Journalposttype", "journalpost.journalposttype"),
            status=_code(given, "journalstatus", "Journalstatus", "journalpost.journalstatus"),
            title=_title(given, "journalpost.tittel", switches),
            public_title=_cut(given.text(_core("offentligTittel")), "journalpost.offentligTittel", switches),
            shielded_title=given.truth(_core("skjermetTittel")),
            shielding=_shielding(given),
            document_date=document_date,
            parts=parts,
            key=_key(given.child(_core("referanseEksternNoekkel"))),
        )
        _check_parts(new, switches)
        entry = self._archive.file_entry(new, number_now=switches.journal_number_at_once)
        writing.entry(answer, entry, echo_key=switches.echo_key, parts=True, replies=False)

    def _case_for(self, given: Node, switches: Switches) -> Case:
        """Return the open case an entry names by number, by systemID, or by both (which must agree)."""
        number = given.child(_core("saksnr"))
        reference = given.text(_core("referanseSakSystemID"), _core("systemID"), _core("id"))
        if not number.is_there and not reference:
            raise FaultError("Validation", "Journalposten hører ikke til noen sak", "journalpost.saksnr")
        if switches.both_case_references and not (number.is_there and reference):
            raise FaultError("Validation", "Saksnummer og sakens systemID må være med", "journalpost.saksnr")
        by_number = self._archive.case_by_number(_case_number(number)) if number.is_there else None
        by_id = self._archive.case_by_id(reference) if reference else None
        if (number.is_there and by_number is None) or (reference and by_id is None):
            raise FaultError("Validation", "No case exists with the given journalpost.saksnr", "journalpost.saksnr")
        if by_number and by_id and by_number != by_id:
            raise FaultError("Validation", "Saksnummer og systemID er to forskjellige saker", "journalpost.saksnr")
        case = by_number or by_id
        if case is None:
            raise FaultError("Validation", "No case exists with the given journalpost.saksnr", "journalpost.saksnr")
        return case

    def _new_document(self, ask: Node, answer: Element, switches: Switches) -> None:
        given = ask.child(_in(Service.WRITE, "dokument"))
        entry = self._archive.entry_by_id(given.text(_doc("referanseJournalpostSystemID")))
        if entry is None:
            raise FaultError("Validation", "Journalposten finnes ikke", "dokument.referanseJournalpostSystemID")
        codes = {name: _doc_code(given, name, listed) for name, listed in REQUIRED_DOCUMENT_CODES.items()}
        role = _doc_code(given, "tilknyttetRegistreringSom", "TilknyttetRegistreringSom")
        content = _content(given.child(_doc("Fil")))
        if switches.demand_pdfa and role == "H" and not (content.startswith(b"%PDF-") and b"pdfaid" in content):
            raise FaultError("Validation", "Hoveddokumentet skal være PDF/A", "dokument.Fil")
        document = self._archive.file_document(
            NewDocument(
                entry_id=entry.system_id,
                number=given.text(_doc("dokumentnummer")),
                role=role,
                kind=codes["dokumenttype"],
                title=_cut(given.text(_doc("tittel")), "dokument.tittel", switches),
                status=codes["dokumentstatus"],
                variant=codes["variantformat"],
                format=codes["format"],
                filename=given.text(_doc("Fil"), _doc("filnavn")),
                media_type=given.text(_doc("Fil"), _doc("mimeType")),
                content=content,
            )
        )
        writing.document(answer, document, content if ask.truth(_in(Service.WRITE, "returnerFil")) else None)

    # --- keys -------------------------------------------------------------------------------------------------------

    def _cases_by_key(self, key: Node) -> list[Case]:
        match key.type:
            case t if t == f"{{{SHARED}}}Saksnummer":
                found = self._archive.case_by_number(_case_number(key))
            case t if t == _core("SakSystemId"):
                found = self._archive.case_by_id(key.text(_core("systemID"), _core("id")))
            case t if t == _core("SakEksternNoekkel"):
                return self._archive.cases_by_key(_asked_key(key))
            case _:
                raise FaultError("Validation", "Nøkkelen må ha en type (xsi:type)", "nokkel")
        return [found] if found else []

    def _entries_by_key(self, key: Node) -> list[Entry]:
        match key.type:
            case t if t == _core("JournpostEksternNoekkel"):
                return self._archive.entries_by_key(_asked_key(key))
            case t if t == _core("JournpostSystemID"):
                found = self._archive.entry_by_id(key.text(_core("systemID"), _core("id")))
            case t if t == _core("Journalnummer"):
                number = JournalNumber(_whole(key, _core("journalaar")), _whole(key, _core("journalsekvensnummer")))
                found = self._archive.entry_by_journal(number)
            case _:
                raise FaultError("Validation", "Nøkkelen må ha en type (xsi:type)", "nokkel")
        return [found] if found else []


# --- reading fields ---------------------------------------------------------------------------------------------------


def _in(service: Service, name: str) -> str:
    return f"{{{service.namespace}}}{name}"


def _listed(answer: Element, namespace: str) -> Element:
    return etree.SubElement(answer, f"{{{namespace}}}liste")


def _need_hits(found: Sequence[object], switches: Switches, what: str) -> None:
    if not found and switches.no_hit == "fault":
        raise FaultError("Finder", "Ingen treff", what)


def _check_setup(setup: str) -> None:
    if setup and setup not in KNOWN_SETUPS:
        raise FaultError("Validation", f"Ukjent referanseoppsett «{setup}»", "kontekst.referanseoppsett")


def _title(given: Node, field: str, switches: Switches) -> str:
    title = given.text(_core("tittel"))
    if not title:
        raise FaultError("Validation", "Tittel mangler", field)
    return _cut(title, field, switches)


def _cut(title: str, field: str, switches: Switches) -> str:
    if len(title) > LONGEST_TITLE and switches.long_titles == "refuse":
        raise FaultError("Validation", f"Teksten er lengre enn {LONGEST_TITLE} tegn", field)
    return title[:LONGEST_TITLE]


def _code(given: Node, name: str, code_list: str, field: str, *, default: str | None = None) -> str:
    """Return a code that is in the archive's list. default: used when it is left out; None = it must be there."""
    code = given.text(_core(name), f"{{{CODE}}}kodeverdi")
    if not code and default is not None:
        return default
    return _known(code, code_list, field)


def _doc_code(given: Node, name: str, code_list: str) -> str:
    return _known(given.text(_doc(name), f"{{{CODE}}}kodeverdi"), code_list, f"dokument.{name}")


def _known(code: str, code_list: str, field: str) -> str:
    if not code:
        raise FaultError("Validation", f"{field} mangler", field)
    if code not in CODE_LISTS[code_list]:
        raise FaultError("Validation", f"Ukjent kode «{code}» i kodelisten {code_list}", field)
    return code


def _unit(given: Node, field: str) -> str:
    unit = given.text(_core("administrativEnhetInit"))
    return _known(unit, "AdministrativEnhet", field) if unit else ""


def _shielding(given: Node) -> Shielding | None:
    shielding = given.child(_core("skjerming"))
    if not shielding.is_there:
        return None
    basis = shielding.text(_core("skjermingshjemmel"))
    if not basis:
        raise FaultError("Validation", "Skjerming krever hjemmel", "skjerming.skjermingshjemmel")
    return Shielding(_code(shielding, "tilgangsrestriksjon", "Tilgangsrestriksjon", "skjerming"), basis)


def _classes(given: Node) -> Sequence[Class]:
    listed = given.child(_core("klasse")).children(_core("liste"))
    field = "saksmappe.klasse"
    return [
        Class(_code(one, "klassifikasjonssystem", "Klassifikasjonssystem", field), one.text(_core("klasseID")))
        for one in listed
    ]


def _key(given: Node) -> Key | None:
    if not given.is_there:
        return None
    system = given.text(_core("fagsystem"))
    if system not in KNOWN_SYSTEMS:
        raise FaultError("Validation", f"Ukjent fagsystem «{system}»", "referanseEksternNoekkel.fagsystem")
    return Key(system, given.text(_core("noekkel")))


def _asked_key(given: Node) -> Key:
    key = _key(given.child(_core("eksternnoekkel")))
    if key is None or not key.key:
        raise FaultError("Validation", "Ekstern nøkkel mangler", "nokkel.eksternnoekkel")
    return key


def _whole(given: Node, name: str) -> int:
    text = given.text(name)
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER):
        raise FaultError("Validation", f"«{text}» er ikke et tall", name.rpartition("}")[2])
    return int(text)


def _case_number(given: Node) -> CaseNumber:
    return CaseNumber(_whole(given, f"{{{SHARED}}}saksaar"), _whole(given, f"{{{SHARED}}}sakssekvensnummer"))


def _part(given: Node) -> Part:
    contact = given.child(_core("Kontakt"))
    name = contact.text(f"{{{CONTACT}}}navn")
    if not name:
        raise FaultError("Validation", "Korrespondansepart mangler navn", "korrespondansepart.Kontakt.navn")
    journal_unit = given.text(_core("journalenhet"), f"{{{CODE}}}kodeverdi")
    addresses = contact.child(f"{{{CONTACT}}}elektroniskeAdresser").children(f"{{{ADDRESS}}}liste")
    return Part(
        kind=_code(given, "korrespondanseparttype", "Korrespondanseparttype", "korrespondansepart"),
        name=name,
        contact=contact.type.rpartition("}")[2] or "Kontakt",
        email=next((found for a in addresses if (found := a.text(f"{{{ADDRESS}}}epostadresse"))), ""),
        organisation_number=contact.text(f"{{{CONTACT}}}organisasjonsnummer"),
        their_reference=given.text(_core("deresReferanse")),
        responsible=given.text(_core("behandlingsansvarlig")) == "1",
        shielded=given.truth(_core("skjermetKorrespondansepart")),
        unit=_unit(given, "korrespondansepart.administrativEnhetInit"),
        journal_unit=_known(journal_unit, "Journalenhet", "journalenhet") if journal_unit else "",
        handler_init=given.text(_core("saksbehandlerInit")),
        handler=given.text(_core("saksbehandler")),
    )


def _check_parts(new: NewEntry, switches: Switches) -> None:
    if not new.parts:
        raise FaultError("Validation", "Journalposten har ingen korrespondansepart", "korrespondansepart")
    responsible = [part for part in new.parts if part.responsible]
    if len(responsible) > 1:
        raise FaultError("Validation", "Bare én part kan være behandlingsansvarlig", "behandlingsansvarlig")
    if switches.demand_internal_part and not (responsible and (responsible[0].unit or responsible[0].journal_unit)):
        raise FaultError("Validation", "En intern part må være behandlingsansvarlig og ha enhet", "korrespondansepart")
    shielded = any(part.shielded for part in new.parts)
    if switches.demand_shielding_for_shielded_sender and shielded and new.shielding is None:
        raise FaultError("Validation", "Skjermet part krever skjerming av journalposten", "journalpost.skjerming")


def _content(file: Node) -> bytes:
    if file.type != _doc("Filinnhold"):
        raise FaultError("Validation", "Dokumentet har ikke noe innhold", "dokument.Fil")
    try:
        content = base64.b64decode("".join(file.text(_doc("base64")).split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise FaultError("Validation", "Innholdet er ikke base64", "dokument.Fil.base64") from error
    if not content:
        raise FaultError("Validation", "Dokumentet er tomt", "dokument.Fil.base64")
    return content
