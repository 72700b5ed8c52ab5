"""What people in the archive do with a letter: register it, give it to somebody, answer it, close the case."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from app.cases.standin.archive import Archive, RefusedError
from app.cases.standin.codes import CODE_LISTS
from app.cases.standin.records import Case, CaseNumber, Entry, Key, NewEntry, Part, Reply

NOT_YET_REGISTERED = frozenset({"M", "S", "R", "F", "G", "E"})


@dataclass(frozen=True, slots=True)
class Details:
    """What a button may say beside its name. way: code of Avskrivningsmaate, "" = the action's usual one."""

    way: str = ""
    handler: str = "Per Saksbehandler"
    handler_init: str = "PERSAK"
    unit: str = ""


def find_entry(archive: Archive, name: str) -> Entry:
    """Return the entry with this systemID, or the only one with this key. Raises RefusedError."""
    by_id = archive.entry_by_id(name)
    found = [by_id] if by_id else archive.entries_by_key(Key("INNBYGGERLAB", name))
    if len(found) != 1:
        raise RefusedError(f"{len(found)} journalposter heter {name}", "entry")
    return found[0]


def find_case(archive: Archive, name: str) -> Case:
    """Return the case with this number (2026/211), systemID or key. Raises RefusedError."""
    number = CaseNumber.parse(name)
    one = archive.case_by_number(number) if number else archive.case_by_id(name)
    found = [one] if one else archive.cases_by_key(Key("INNBYGGERLAB", name))
    if len(found) != 1:
        raise RefusedError(f"{len(found)} saker heter {name}", "case")
    return found[0]


def advance_entry(archive: Archive, entry: Entry, action: str, details: Details) -> Entry:
    """Do one of ENTRY_ACTIONS. Raises RefusedError for an unknown one, or when it makes no sense now."""
    if action not in ENTRY_ACTIONS:
        raise RefusedError(f"{action} finnes ikke; velg {', '.join(ENTRY_ACTIONS)}", "action")
    return ENTRY_ACTIONS[action](archive, entry, details)


def advance_case(archive: Archive, case: Case, action: str) -> Case:
    """Do one of CASE_ACTIONS: avslutt (status A) or gjenapne (status B)."""
    if action not in CASE_ACTIONS:
        raise RefusedError(f"{action} finnes ikke; velg {', '.join(CASE_ACTIONS)}", "action")
    return archive.set_case_status(case, CASE_ACTIONS[action])


def _journalfor(archive: Archive, entry: Entry, _: Details) -> Entry:
    return archive.change_entry(_registered(archive, entry))


def _fordel(archive: Archive, entry: Entry, details: Details) -> Entry:
    handler = entry.handler or Part(kind="IM", name="Narvik kommune", contact="Organisasjon", responsible=True)
    given = replace(
        handler,
        handler=details.handler,
        handler_init=details.handler_init,
        unit=details.unit or handler.unit or "AREAL",
    )
    others = tuple(part for part in entry.parts if part != entry.handler)
    return archive.change_entry(replace(entry, parts=(*others, given)))


def _besvart(archive: Archive, entry: Entry, details: Details) -> Entry:
    """Answer the letter: an outgoing entry in the same case, and the mark that it answers this one."""
    sender = next((part for part in entry.parts if not part.responsible), None)
    name = sender.name if sender else "Anonym innsender"
    letter = archive.file_entry(
        NewEntry(
            case_id=entry.case_id,
            kind="U",
            status="J",
            title=f"Svar: {entry.title}"[:255],
            public_title=f"Svar: {entry.public_title or entry.title}"[:255],
            shielded_title=entry.shielded_title,
            shielding=entry.shielding,
            document_date=archive.clock.now(),
            parts=(Part(kind="EM", name=name, shielded=bool(sender and sender.shielded)),),
            key=None,
        ),
        number_now=True,
    )
    way = details.way or "BU"
    reply = Reply(archive.next_reply_id(), _known_way(way), archive.clock.now(), details.handler_init, letter.journal)
    answered = _registered(archive, entry)
    return archive.change_entry(replace(answered, replies=(*entry.replies, reply)), undo=[letter.system_id])


def _til_orientering(archive: Archive, entry: Entry, details: Details) -> Entry:
    way = _known_way(details.way or "TO")
    reply = Reply(archive.next_reply_id(), way, archive.clock.now(), details.handler_init)
    return archive.change_entry(replace(_registered(archive, entry), replies=(*entry.replies, reply)))


def _utgaar(archive: Archive, entry: Entry, _: Details) -> Entry:
    return archive.change_entry(replace(entry, status="U"))


def _tilbake(archive: Archive, entry: Entry, _: Details) -> Entry:
    return archive.step_back(entry)


def _registered(archive: Archive, entry: Entry) -> Entry:
    """Return the entry journalført, with a journal number if it had none; one that is, or has expired, as it is."""
    if entry.status not in NOT_YET_REGISTERED:
        return entry
    return replace(entry, status="J", journal=entry.journal or archive.new_journal_number())


def _known_way(way: str) -> str:
    if way not in CODE_LISTS["Avskrivningsmaate"]:
        raise RefusedError(f"Ukjent avskrivningsmåte {way}", "maate")
    return way


ENTRY_ACTIONS: dict[str, Callable[[Archive, Entry, Details], Entry]] = {
    "journalfor": _journalfor,
    "fordel": _fordel,
    "besvart": _besvart,
    "til_orientering": _til_orientering,
    "utgaar": _utgaar,
    "tilbake": _tilbake,
}
CASE_ACTIONS = {"avslutt": "A", "gjenapne": "B"}
