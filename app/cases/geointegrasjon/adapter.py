"""The GeoIntegrasjon adapter: look up, find or open the case, file the entry, then its documents one by one."""

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from types import MappingProxyType

from app.cases.client import (
    Abilities,
    ArchiveStatus,
    CaseRef,
    Document,
    ExternalKey,
    Filing,
    Finding,
    Folder,
    Kind,
    Letter,
    Level,
    Sender,
    SenderKind,
    Steps,
)
from app.cases.codes import Codes
from app.cases.geointegrasjon import answers, envelopes, faults
from app.cases.geointegrasjon import names as ns
from app.cases.geointegrasjon.checks import check_letter
from app.core.crash import crash_point
from app.core.errors import ConfigurationFault, DeliveryFault, Permanent, Transient, Unclear
from app.core.outbound.archive import ArchiveConnection, Credentials
from app.core.text import clean_line

CODE_LISTS_KEPT = timedelta(hours=24)
CLOCK_SKEW_ALLOWED = timedelta(minutes=2)
IMPOSSIBLE_KEY = "INL-FINNES-IKKE"
_ENOUGH_OF_A_TITLE = 20
_CODES_IN_LISTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "journalposttype": ("journalposttype_in", "journalposttype_out", "journalposttype_report"),
        "journalstatus": ("journalstatus_in", "journalstatus_out", "journalstatus_report"),
        "part": ("part_sender", "part_receiver", "part_internal_sender", "part_internal_receiver"),
        "document_type": ("document_type",),
        "document_status": ("document_status",),
        "binding": ("main", "attachment"),
        "variant": ("variant",),
        "format": ("format.pdf", "format.jpg", "format.csv", "format.geojson"),
        "access_code": ("access_code",),
        "case_status": ("case_status_new",),
        "arkivdel": ("arkivdel",),
        "klasse_system": ("klasse_system",),
    }
)


class Geointegrasjon:
    """CaseArchive over GeoIntegrasjon Arkiv 1.1. codes: reads the settings in force; clock: the time now, in UTC."""

    abilities = Abilities(looks_up=True, recognises_repeats=False, gives_numbers=True, gives_status=True)

    def __init__(
        self,
        connection: ArchiveConnection,
        *,
        read_url: str,
        write_url: str,
        credentials: Credentials,
        codes: Callable[[], Codes],
        clock: Callable[[], datetime],
    ) -> None:
        self._connection = connection
        self._urls = {ns.READ: read_url, ns.UPDATE: write_url}
        self._credentials = credentials
        self._codes = codes
        self._clock = clock
        self._codes_agreed: tuple[Codes, datetime] | None = None
        self._skew: timedelta | None = None

    def look_up(self, key: ExternalKey, case: CaseRef | None) -> Filing | None:  # noqa: ARG002 - the key is enough here
        """Return the entry with our key; its documents are asked for by `file`, so `documents` is empty here."""
        codes = self._codes()
        found = self._find(envelopes.entries_with_key(key, codes), codes)
        entries = [entry for entry in map(answers.read_entry, found) if entry.key in {None, key}]
        if not entries:
            return None
        first = min(entries, key=lambda entry: (len(entry.system_id or ""), entry.system_id or ""))
        if first.system_id is None:
            raise Transient("Arkivet fant journalposten, men ga den ingen id.")
        return Filing(
            CaseRef(first.case_number, None, None), first.system_id, first.entry_number, frozenset(), existed=True
        )

    def holds_main_document(self, filing: Filing) -> bool:
        """Tell whether the entry has any document: the main one is sent first, so what it has begins with that."""
        assert filing.system_id is not None  # noqa: S101 - look_up gives no entry without one
        codes = self._codes()
        return bool(self._find(envelopes.documents_of_entry(filing.system_id, codes), codes))

    def find_case(self, folder: Folder) -> CaseRef | None:
        """Return the folder's open case: by number, by our key, by exact title. Several: ConfigurationFault."""
        codes = self._codes()
        scope = f"folder:{folder.slug}"
        if folder.case_number:
            case = self._case_with_number(folder.case_number, codes)
            if case is None:
                raise ConfigurationFault(
                    f"Saken {folder.case_number} ({folder.slug}) finnes ikke i arkivet. "
                    f"Velg en annen: flask cases use {folder.slug} <saksnummer>",
                    scope=scope,
                )
            return self._open_one(case, folder, codes)
        ours = [case for case in self._cases(envelopes.case_with_key(folder.key, codes), codes)
                if case.key in {None, folder.key}]  # fmt: skip
        if ours:
            return self._open_one(ours[0], folder, codes)
        return self._case_by_title(folder, codes)

    def _case_by_title(self, folder: Folder, codes: Codes) -> CaseRef | None:
        part = codes.given("arkivdel")
        hits = [
            case
            for case in self._cases(envelopes.cases_with_title(folder.title, codes), codes)
            if clean_line(case.title) == folder.title and case.number and (part is None or case.part in {None, part})
        ]
        open_ones = [case for case in hits if _is_open(case, codes)]
        if len(open_ones) > 1:
            numbers = sorted((case.number or "" for case in open_ones), key=_by_number)
            raise ConfigurationFault(
                f"{_COUNTS.get(len(numbers), str(len(numbers)))} åpne saker heter «{folder.title}»: "
                f"{', '.join(numbers[:-1])} og {numbers[-1]}. "
                f"Velg én: flask cases use {folder.slug} {numbers[-1]}",
                scope=f"folder:{folder.slug}",
            )
        return _reference(open_ones[0], codes) if open_ones else None

    def _open_one(self, case: answers.Case, folder: Folder, codes: Codes) -> CaseRef:
        if not _is_open(case, codes):
            raise ConfigurationFault(
                f"Saken {case.number} ({folder.slug}) er avsluttet. Be arkivet åpne den, "
                f"eller velg en annen: flask cases use {folder.slug} <saksnummer>",
                scope=f"folder:{folder.slug}",
            )
        if case.number is None:
            raise Transient("Arkivet fant saken, men ga den ikke noe saksnummer.")
        return _reference(case, codes)

    def open_case(self, folder: Folder, steps: Steps) -> CaseRef:
        """Make the case and return its number. Raises UnknownOutcome when the answer holds none."""
        codes = self._codes()
        self._agree_on_codes(codes)
        try:
            case = answers.read_case(self._create("case", envelopes.new_case(folder, codes), steps))
        except (faults.NoHitError, faults.CaseRefusedError) as refusal:
            raise ConfigurationFault(str(refusal), scope=f"folder:{folder.slug}") from refusal
        if case.number is None:
            raise faults.no_outcome("Arkivet svarte uten saksnummer.", writes=True)
        steps.after("case", case.number)
        crash_point("send.after_case")
        return CaseRef(case.number, case.system_id, is_open=True)

    def file(self, letter: Letter, case: CaseRef, steps: Steps) -> Filing:
        """File the entry unless `steps.done["entry"]` says it is in, then each document the archive lacks."""
        codes = self._codes()
        check_letter(letter)
        documents = [d for d in letter.documents if d.is_main or codes.format_of(d.media_type)]
        entry_id = steps.done.get("entry")
        if entry_id is not None:
            present = self._documents_in(entry_id, documents, codes)
            filing = Filing(case, entry_id, None, present, existed=True)
        else:
            self._agree_on_codes(codes)
            filing = self._file_entry(letter, case, steps, codes)
        return self._file_documents(filing, documents, case, steps, codes)

    def _file_entry(self, letter: Letter, case: CaseRef, steps: Steps, codes: Codes) -> Filing:
        if case.number is None:
            raise Permanent("Saken har ikke noe saksnummer ennå.")
        call = envelopes.new_entry(letter, case.number, case.system_id, codes)
        try:
            entry = answers.read_entry(self._create("entry", call, steps))
        except (faults.NoHitError, faults.CaseRefusedError) as refusal:
            raise self._why_refused(case.number, codes, str(refusal)) from refusal
        if entry.system_id is None:
            raise faults.no_outcome("Arkivet svarte uten id for journalposten.", writes=True)
        steps.after("entry", entry.system_id)
        crash_point("send.after_entry")
        in_case = replace(case, number=entry.case_number or case.number)
        return Filing(in_case, entry.system_id, entry.entry_number, frozenset(), existed=False)

    def _file_documents(
        self, filing: Filing, documents: Sequence[Document], case: CaseRef, steps: Steps, codes: Codes
    ) -> Filing:
        """Send what is missing, the main document first, then by number."""
        assert filing.system_id is not None  # noqa: S101 - both ways here have checked it
        present = filing.documents
        missing = [document for document in documents if document.number not in present]
        for place, document in enumerate(missing):
            if place:
                crash_point("send.between_documents")
            name = f"document:{document.number}"
            try:
                made = self._create(name, envelopes.new_document(document, filing.system_id, codes), steps)
            except (faults.NoHitError, faults.CaseRefusedError) as refusal:
                raise self._why_refused(case.number, codes, str(refusal)) from refusal
            document_id = answers.read_document(made).system_id
            if document_id is None:
                raise faults.no_outcome(f"Arkivet svarte uten id for dokument {document.number}.", writes=True)
            steps.after(name, document_id)
            present |= {document.number}
        return replace(filing, documents=present)

    def _documents_in(self, entry_id: str, wanted: Sequence[Document], codes: Codes) -> frozenset[int]:
        """Return the numbers of our documents that the entry has; known by title, since archives may renumber."""
        found = [
            answers.read_document(node) for node in self._find(envelopes.documents_of_entry(entry_id, codes), codes)
        ]
        present: set[int] = set()
        for document in wanted:
            if any(_same_title(document.title, there.title) for there in found):
                present.add(document.number)
            elif any(there.number == document.number for there in found):
                raise Unclear(
                    f"Dokument {document.number} i journalposten har en annen tittel enn vårt. Se etter i arkivet."
                )
        return frozenset(present)

    def collect(self) -> Iterable[tuple[str, Filing | DeliveryFault]]:
        """Return nothing: this archive answers at once."""
        return ()

    def fetch_status(self, case: CaseRef, filings: Sequence[Filing]) -> Mapping[str, ArchiveStatus]:
        """Return the status of each filing the case holds, by system id. One call; case_code is not asked for."""
        if case.number is None:
            return {}
        codes, as_of = self._codes(), self._clock()
        wanted = {filing.system_id for filing in filings}
        entries = map(answers.read_entry, self._find(envelopes.entries_of_case(case.number, codes), codes))
        return {
            entry.system_id: ArchiveStatus(
                entry.status,
                entry.replies[-1] if entry.replies else None,
                None,
                entry.handler,
                as_of,
                entry.entry_number,
            )
            for entry in entries
            if entry.system_id and entry.system_id in wanted
        }

    def close(self) -> None:
        """Let the kept connections go."""
        self._connection.close()

    def check(self, *, write_to: str | None) -> list[Finding]:
        """Say in plain Norwegian what is wrong between us and the archive. Reads only, unless write_to is given."""
        codes = self._codes()
        began = time.monotonic()
        try:
            self._lists(codes, {"journalposttype"})
        except Transient as fault:
            return [Finding(Level.FAULT, str(fault), no_contact=True)]
        except DeliveryFault as fault:
            return [Finding(Level.FAULT, str(fault))]
        seconds = f"{time.monotonic() - began:.1f}".replace(".", ",")
        found = [Finding(Level.OK, f"Arkivet svarer (geointegrasjon, {seconds} s). Brukeren har lov til å lese.")]
        found += self._clock_findings()
        try:
            found += self._code_findings(codes)
            found.append(self._system_finding(codes))
            if write_to:
                found += self._write_findings(write_to, codes)
        except DeliveryFault as fault:
            found.append(Finding(Level.FAULT, str(fault)))
        return found

    def _clock_findings(self) -> Iterator[Finding]:
        if self._skew is not None and abs(self._skew) > CLOCK_SKEW_ALLOWED:
            minutes = round(abs(self._skew).total_seconds() / 60)
            yield Finding(Level.FAULT, f"Klokka vår og arkivets klokke er {minutes} minutter fra hverandre.")

    def _code_findings(self, codes: Codes) -> Iterator[Finding]:
        lists = self._lists(codes)
        for kind, there in lists.items():
            name = codes.pairs("code_list_names")[kind]
            if there is None:
                yield Finding(Level.NOTICE, f"Arkivet har ingen kodeliste som heter {name}. Spør arkivleder om navnet.")
                continue
            faulty = [sentence for key in _CODES_IN_LISTS[kind] if (sentence := _missing(key, name, there, codes))]
            yield from (Finding(Level.FAULT, sentence) for sentence in faulty)
            if not faulty:
                yield Finding(Level.OK, f"Kodene våre finnes i arkivets liste {name}.")

    def _system_finding(self, codes: Codes) -> Finding:
        system = codes["fagsystem"]
        try:
            self.look_up(ExternalKey(system, IMPOSSIBLE_KEY), None)
        except ConfigurationFault:
            return Finding(
                Level.FAULT, f"Fagsystemet {system} er ikke registrert i arkivet. Be arkivleder registrere det."
            )
        return Finding(Level.NOTICE, f"Jeg kan ikke se om fagsystemet {system} er registrert. Spør arkivleder.")

    def _write_findings(self, case_number: str, codes: Codes) -> Iterator[Finding]:
        """File one marked entry, then see whether its key is found again."""
        now = self._clock()
        key = ExternalKey(codes["fagsystem"], f"INL-PROEVE-{now:%Y%m%d%H%M%S}")
        content = b"Dette er en proeve fra Innbyggerlab. Den kan slettes.\n"
        digest = hashlib.sha256(content).hexdigest()
        letter = Letter(
            key, Kind.INCOMING, "PRØVE fra Innbyggerlab (kan slettes)", "PRØVE fra Innbyggerlab (kan slettes)", None,
            now.date(), now, Sender(SenderKind.ANONYMOUS, codes["anonymous_name"]),
            (Document(1, True, "Prøve", "proeve.pdf", "application/pdf", digest, content),),
        )  # fmt: skip
        case = self._case_with_number(case_number, codes)
        if case is None:
            yield Finding(Level.FAULT, f"Arkivet finner ikke sak {case_number}.")
            return
        filing = self.file(letter, _reference(case, codes), _NoSteps())
        yield Finding(Level.OK, f"En prøve er skrevet i sak {case_number} (journalpost {filing.entry_number or '–'}).")
        if self.look_up(key, None) is None:
            yield Finding(
                Level.FAULT, "Arkivet finner ikke igjen nøkkelen vår. Da kan vi ikke love at noe kommer bare én gang."
            )
        else:
            yield Finding(Level.OK, "Arkivet finner igjen nøkkelen vår.")

    def _agree_on_codes(self, codes: Codes) -> None:
        """Compare our codes with the archive's lists, once a day and when ours change. Raises ConfigurationFault."""
        now = self._clock()
        if self._codes_agreed and self._codes_agreed[0] == codes and now < self._codes_agreed[1] + CODE_LISTS_KEPT:
            return
        names = codes.pairs("code_list_names")
        for kind, there in self._lists(codes).items():
            for key in _CODES_IN_LISTS[kind]:
                if there is not None and (sentence := _missing(key, names[kind], there, codes)):
                    raise ConfigurationFault(sentence)
        self._codes_agreed = (codes, now)

    def _lists(self, codes: Codes, only: set[str] | None = None) -> dict[str, dict[str, str] | None]:
        """Return the archive's code lists by our name for them; None for one it does not have."""
        found: dict[str, dict[str, str] | None] = {}
        for kind, name in codes.pairs("code_list_names").items():
            if kind not in _CODES_IN_LISTS or (only is not None and kind not in only):
                continue
            try:
                answer = answers.read_codes(self._send(ns.READ, envelopes.code_list(name, codes)))
            except faults.NoHitError:
                answer = {}
            except ConfigurationFault as fault:
                if not _is_refusal(fault):
                    raise
                answer = {}
            found[kind] = answer or None
        return found

    def _why_refused(self, case_number: str | None, codes: Codes, said: str) -> ConfigurationFault:
        """Read the case once more, so that staff learn what is wrong with it and not what one letter met."""
        case = self._case_with_number(case_number, codes) if case_number else None
        if case is None:
            return faults.case_fault(f"Arkivet finner ikke sak {case_number}. Velg en annen sak.")
        if not _is_open(case, codes):
            return faults.case_fault(f"Saken {case_number} er avsluttet. Be arkivet åpne den, eller velg en annen.")
        return faults.case_fault(f"Arkivet tar ikke imot i sak {case_number}, enda den er åpen. {said}")

    def _case_with_number(self, number: str, codes: Codes) -> answers.Case | None:
        cases = self._cases(envelopes.case_with_number(number, codes), codes)
        return next((case for case in cases if case.number in {None, number}), None)

    def _cases(self, call: envelopes.Element, codes: Codes) -> list[answers.Case]:
        return [answers.read_case(node) for node in self._find(call, codes)]

    def _find(self, call: envelopes.Element, codes: Codes) -> list[answers.Element]:
        """Return the hits of a search. A FinderFault means none only where this archive is set up to say it so."""
        try:
            return list(answers.items(self._send(ns.READ, call)))
        except faults.NoHitError as fault:
            if codes.on("finder_means_no_hit"):
                return []
            raise Transient(f"Oppslaget feilet. {fault}") from fault

    def _create(self, name: str, call: envelopes.Element, steps: Steps) -> answers.Element:
        """Make something in the archive; the caller saves its number. The crash points stand on both sides."""
        steps.before(name)
        crash_point("send.after_begun")
        made = self._send(ns.UPDATE, call)
        crash_point("send.after_answer")
        if made is None:
            raise faults.no_outcome("Arkivet svarte uten innhold.", writes=True)
        return made

    def _send(self, service: str, call: envelopes.Element) -> answers.Element | None:
        """Post one call and return what its answer returns. Raises DeliveryFault, NoHitError or CaseRefusedError."""
        writes = service == ns.UPDATE
        operation = call.tag.rpartition("}")[2] if isinstance(call.tag, str) else ""
        headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": ns.action(service, operation)}
        body = envelopes.enveloped(call, self._credentials)
        answer = self._connection.post(self._urls[service], body, headers, writes=writes)
        self._note_time(answer.headers.get("date", ""))
        try:
            inner = answers.body_of(answers.parse(answer.body))
            soap_fault = answers.fault_in(inner)
        except answers.UnreadableError as fault:
            if problem := faults.fault_of_answer(answer, writes=writes):
                raise problem from fault
            raise faults.no_outcome("Arkivets svar kan ikke leses.", writes=writes) from fault
        if soap_fault is not None:
            faults.raise_soap_fault(soap_fault, answer.status, writes=writes)
        if problem := faults.fault_of_answer(answer, writes=writes):
            raise problem
        try:
            return answers.returned(inner, operation)
        except answers.UnreadableError as fault:
            raise faults.no_outcome("Arkivet svarte på noe annet enn det vi spurte om.", writes=writes) from fault

    def _note_time(self, date: str) -> None:
        try:
            theirs = parsedate_to_datetime(date)
        except (TypeError, ValueError):
            return
        if theirs.tzinfo is None:
            theirs = theirs.replace(tzinfo=UTC)
        self._skew = theirs - self._clock()


class _NoSteps:
    """Steps of the one test entry of `flask cases check --write`, which has no delivery."""

    done: Mapping[str, str] = MappingProxyType({})

    def before(self, name: str) -> None:
        """Nothing is leased."""

    def after(self, name: str, number: str) -> None:
        """Nothing is saved."""


_COUNTS = {2: "To", 3: "Tre", 4: "Fire"}


def _is_open(case: answers.Case, codes: Codes) -> bool:
    """A status the settings do not name counts as closed; an archive that tells none is believed."""
    return case.status is None or case.status in codes.words("case_status_open")


def _reference(case: answers.Case, codes: Codes) -> CaseRef:
    return CaseRef(case.number, case.system_id, _is_open(case, codes))


def _by_number(number: str) -> tuple[int, int]:
    year, _, sequence = number.partition("/")
    return (int(year), int(sequence))


def _same_title(ours: str, theirs: str) -> bool:
    """The same, or cut by the archive."""
    ours, theirs = clean_line(ours), clean_line(theirs).rstrip("…. ")
    return ours == clean_line(theirs) or (len(theirs) >= _ENOUGH_OF_A_TITLE and ours.startswith(theirs))


def _is_refusal(fault: ConfigurationFault) -> bool:
    """The archive said no to this list's name, and not to us."""
    return "kodene våre" in str(fault)


def _missing(key: str, list_name: str, there: Mapping[str, str], codes: Codes) -> str | None:
    value = codes.given(key)
    if value is None or value in there:
        return None
    known = ", ".join(sorted(there)[:12])
    hint = min(there)
    return (
        f"Koden «{value}» finnes ikke i arkivets liste {list_name}. Arkivet har: {known}. "
        f"Rett opp: flask cases set {key} {hint}"
    )
