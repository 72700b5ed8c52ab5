"""What can be done with cases: letters are sealed and filed once, folders wanted, answers applied."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from app.cases import query, titles
from app.cases.client import (
    CASE_SCOPE,
    Accepted,
    ArchiveStatus,
    CaseArchive,
    CaseRef,
    ExternalKey,
    Filing,
    Kind,
    Letter,
    Steps,
)
from app.cases.codes import Codes, fault_in
from app.cases.events import FolderWanted, InputFiled, StatusDue
from app.cases.models import (
    ArchiveSetting,
    ArchiveSettingChange,
    CaseFiling,
    CaseFolder,
    SealedDocument,
    SealedLetter,
)
from app.cases.policy import has_handler, next_poll, step_of
from app.cases.query import FolderState
from app.core.crash import crash_point
from app.core.dialect import insert_once
from app.core.errors import ConfigurationFault, RuleBroken, Unclear, UnknownOutcome
from app.core.text import N_
from app.outbox import service as outbox
from app.outbox.models import DeliveryState
from app.parcels import query as parcels_query
from app.parcels import service as parcels
from app.parcels.models import Parcel, Step

PATIENCE = timedelta(hours=1)
"""How long a question about a case may take before the clock asks again: its delivery has its own tries."""

ENDED = (Step.DONE.value, Step.NOT_NOW.value)


def seal(session: Session, letter: Letter, *, input_id: UUID, now: datetime) -> Letter:
    """Keep `letter` as it is; every try sends these bytes. Return the sealed one: an earlier seal wins."""
    letter_id = uuid4()
    values = {
        "id": letter_id,
        "reference": letter.key.key,
        "key_system": letter.key.system,
        "input_id": input_id,
        "kind": letter.kind.value,
        "title": letter.title,
        "public_title": letter.public_title,
        "access_code": letter.shielding.access_code if letter.shielding else None,
        "legal_basis": letter.shielding.legal_basis if letter.shielding else None,
        "document_date": letter.document_date,
        "received_at": letter.received_at,
        "sender_kind": letter.sender.kind.value,
        "sender_name": letter.sender.name,
        "sender_email": letter.sender.email,
        "sender_org_number": letter.sender.org_number,
        "sender_shielded": letter.sender.shielded,
        "sealed_at": now,
    }
    if not insert_once(session, SealedLetter, values):
        return query.sealed_letter_or_none(session, letter.key.key) or letter
    session.add_all(
        SealedDocument(
            letter_id=letter_id,
            number=document.number,
            is_main=document.is_main,
            title=document.title,
            filename=document.filename,
            media_type=document.media_type,
            sha256=document.sha256,
            size=len(document.content),
            content=document.content,
        )
        for document in letter.documents
    )
    session.flush()
    return letter


def folder_for(session: Session, area_slug: str, area_name: str, codes: Codes, *, now: datetime) -> FolderState:
    """Return the folder of a focus area. The first time it is asked for, it is also wanted from the archive."""
    slug = titles.folder_slug(area_slug)
    known = query.folder_or_none(session, slug, codes)
    if known is not None:
        return known
    folder_id = uuid4()
    values = {
        "id": folder_id,
        "slug": slug,
        "title": titles.folder_title(area_slug, area_name),
        "key": titles.folder_key(codes["fagsystem"], slug, now).key,
        "wanted_at": now,
    }
    if insert_once(session, CaseFolder, values):
        outbox.record(session, FolderWanted(folder_id=folder_id), now=now)
    found = query.folder_or_none(session, slug, codes)
    assert found is not None  # noqa: S101 - either of us has just inserted it
    return found


def folder_in_case(folder: FolderState, case_number: str | None) -> FolderState:
    """Return `folder` as it is when a letter must lie in this case, e.g. an answer beside its input."""
    if case_number is None or case_number == folder.folder.case_number:
        return folder
    return replace(folder, folder=replace(folder.folder, case_number=case_number), system_id=None, ready=True)


def use_case(session: Session, slug: str, case_number: str, codes: Codes, *, now: datetime) -> None:
    """Let the letters of `slug` lie in this case from now on, once the archive says that it is open."""
    year, _, sequence = case_number.partition("/")
    if not (len(year) == 4 and year.isdecimal() and sequence.isdecimal() and int(sequence)):  # noqa: PLR2004 - a year
        raise RuleBroken(N_("Skriv saksnummeret slik: 2026/211."))
    number = f"{int(year)}/{int(sequence)}"
    folder_id = uuid4()
    values = {
        "id": folder_id,
        "slug": slug,
        "title": titles.folder_title(slug, slug),
        "key": titles.folder_key(codes["fagsystem"], slug, now).key,
        "wanted_at": now,
        "case_number": number,
    }
    if not insert_once(session, CaseFolder, values):
        row = session.scalars(select(CaseFolder).where(CaseFolder.slug == slug)).one()
        row.case_number, row.system_id, row.checked_at = number, None, None
        folder_id = row.id
        session.flush()
    outbox.record(session, FolderWanted(folder_id=folder_id), now=now)


def store_case(session: Session, folder_id: UUID, case: CaseRef, *, now: datetime) -> None:
    """Note the number of a folder that the archive has found or opened; a number staff chose meanwhile stands."""
    session.execute(
        update(CaseFolder)
        .where(
            CaseFolder.id == folder_id,
            (CaseFolder.case_number.is_(None)) | (CaseFolder.case_number == case.number),
        )
        .values(case_number=case.number, system_id=case.system_id, checked_at=now)
    )


def file_once(
    archive: CaseArchive, letter: Letter, folder: FolderState, steps: Steps, *, look_up_first: bool
) -> Filing | Accepted:
    """File `letter` unless the archive has it, and go on where an earlier try stopped. Holds no transaction.

    look_up_first: an earlier try may have been accepted. An archive that can search is asked on the first try too,
    because a restored backup forgets what was sent. Raises Unclear when it may have arrived and cannot be asked.
    """
    abilities = archive.abilities
    if look_up_first and not (abilities.looks_up or abilities.recognises_repeats):
        raise Unclear("Brevet kan ha kommet fram, og arkivet kan ikke søkes i. Se etter i arkivet.")
    case = CaseRef(folder.folder.case_number, folder.system_id, None)
    found = archive.look_up(letter.key, case) if abilities.looks_up else None
    crash_point("send.after_look_up")
    if found is not None and found.system_id is not None:
        case = replace(found.case, number=found.case.number or case.number)
        if steps.done.get("entry") != found.system_id:
            steps.after("entry", found.system_id)
    try:
        filed = archive.file(letter, case, steps)
    except ConfigurationFault as fault:
        if fault.scope != CASE_SCOPE:
            raise
        scope = f"folder:{folder.folder.slug}"
        raise ConfigurationFault(str(fault), scope=scope, may_have_arrived=fault.may_have_arrived) from fault
    if found is not None and isinstance(filed, Filing):
        return replace(filed, entry_number=filed.entry_number or found.entry_number)
    return filed


def find_erased(
    archive: CaseArchive, key: ExternalKey, folder: FolderState | None, *, may_have_arrived: bool
) -> Filing | None:
    """Return the entry of a letter whose words are erased here; None when the archive surely has none.

    Asked on the first try too, as in `file_once`: a restored backup forgets what was sent. Raises Unclear when it
    cannot be asked and may have arrived, and when it lies there without its document, which nobody can send any more.
    """
    if not archive.abilities.looks_up:
        if may_have_arrived:
            raise Unclear("Innsenderen har slettet innspillet, og brevet kan ha kommet fram. Se etter i arkivet.")
        return None
    case = CaseRef(folder.folder.case_number, folder.system_id, None) if folder else None
    found = archive.look_up(key, case)
    crash_point("send.after_look_up")
    if found is None:
        return None
    if not archive.holds_main_document(found):
        raise Unclear("Innsenderen har slettet innspillet. Journalposten mangler brevet. Be arkivet la den gå ut.")
    number = found.case.number or (case.number if case else None)
    return replace(found, case=replace(found.case, number=number))


def store_filing(
    session: Session,
    letter: Letter,
    filing: Filing,
    *,
    input_id: UUID,
    every: float,
    now: datetime,
    asked_about: bool = True,
) -> None:
    """Keep what the archive has confirmed, empty the sealed letter, and announce an input that has been filed.

    every: seconds between questions about its status; asked_about: an input whose status is never asked for is not.
    Raises UnknownOutcome when the filing lacks its numbers.
    """
    key = letter.key.key
    _store(session, key, letter.kind, filing, input_id=input_id, every=every, now=now, asked_about=asked_about)


def store_erased(
    session: Session, reference: str, filing: Filing, *, input_id: UUID, every: float, now: datetime
) -> None:
    """Keep what the archive has of an input that is erased here; nobody waits for its status."""
    _store(session, reference, Kind.INCOMING, filing, input_id=input_id, every=every, now=now, asked_about=False)


def _store(
    session: Session,
    reference: str,
    kind: Kind,
    filing: Filing,
    *,
    input_id: UUID,
    every: float,
    now: datetime,
    asked_about: bool,
) -> None:
    number, system_id = filing.case.number, filing.system_id
    if not (number and system_id):
        raise UnknownOutcome("Arkivet ga ikke noe saksnummer.")
    incoming = kind is Kind.INCOMING
    values = {
        "id": uuid4(),
        "input_id": input_id,
        "reference": reference,
        "kind": kind.value,
        "case_number": number,
        "system_id": system_id,
        "entry_number": filing.entry_number,
        "filed_at": now,
        "as_of": now,
        "news_at": now,
        "next_poll_at": next_poll(now, every=every, quiet_since=now),
        "is_open": incoming and asked_about,
        "has_handler": False,
    }
    if not insert_once(session, CaseFiling, values):
        return
    _empty_sealed(session, reference, now)
    if incoming:
        _has_number(session, input_id, number, now)
    if kind is Kind.INTERNAL:
        _file_held(session, input_id, number, external_id=system_id, now=now)


def filed_by_hand(
    session: Session, reference: str, *, input_id: UUID, kind: Kind, case_number: str, now: datetime
) -> None:
    """Note that a person has put a letter into the archive, in the case `case_number`: its input gets the number.

    We do not know what the archive calls the entry, so its status is not asked about.
    """
    values = {
        "id": uuid4(),
        "input_id": input_id,
        "reference": reference,
        "kind": kind.value,
        "case_number": case_number,
        "system_id": "",
        "filed_at": now,
        "as_of": now,
        "news_at": now,
        "next_poll_at": now,
        "is_open": False,
        "has_handler": False,
    }
    if not insert_once(session, CaseFiling, values):
        return
    _empty_sealed(session, reference, now)
    if kind is Kind.INCOMING:
        _has_number(session, input_id, case_number, now)
    if kind is Kind.INTERNAL:
        _file_held(session, input_id, case_number, external_id=case_number, now=now)


def _has_number(session: Session, input_id: UUID, case_number: str, now: datetime) -> None:
    parcels.number(session, input_id, case_number)
    outbox.record(session, InputFiled(input_id=input_id), now=now)


def _file_held(session: Session, report_id: UUID, case_number: str, *, external_id: str, now: datetime) -> None:
    """The archive has the report, so it has every input in it: their deliveries end with the report's numbers."""
    held = [one.id for one in parcels_query.still_in_report(session, report_id)]
    for input_id in outbox.end_held(session, held, DeliveryState.FILED, external_id=external_id, now=now):
        _has_number(session, input_id, case_number, now)


def leave_out_of_reports(session: Session, inputs: Sequence[UUID], *, reason: str, now: datetime) -> None:
    """Let these inputs reach the archive in no report, by a named rule, as far as it has none with them.

    A letter that is sealed with them and not filed is forgotten: the next try makes it anew, without them.
    """
    left = parcels.leave_out(session, inputs, reason=reason, now=now)
    reports = {report for report in (parcels_query.report_of(session, input_id) for input_id in left) if report}
    sealed = select(SealedLetter.id).where(SealedLetter.input_id.in_(reports), SealedLetter.filed_at.is_(None))
    letters = session.scalars(sealed).all()
    session.execute(delete(SealedDocument).where(SealedDocument.letter_id.in_(letters)))
    session.execute(delete(SealedLetter).where(SealedLetter.id.in_(letters)))


def _empty_sealed(session: Session, reference: str, now: datetime) -> None:
    """What has been filed lies in the archive; here only the hashes stay, and not who sent it."""
    letter_id = session.scalar(select(SealedLetter.id).where(SealedLetter.reference == reference))
    if letter_id is None:
        return
    session.execute(update(SealedDocument).where(SealedDocument.letter_id == letter_id).values(content=None))
    session.execute(
        update(SealedLetter)
        .where(SealedLetter.id == letter_id)
        .values(filed_at=now, sender_name="", sender_email=None, sender_org_number=None)
    )


def ask_for_status(session: Session, case_number: str, *, now: datetime, every: float) -> bool:
    """Record that it is time to ask about a case, once for each time it falls due; return whether this was the one."""
    due_at = session.scalar(
        select(func.min(CaseFiling.next_poll_at)).where(CaseFiling.case_number == case_number, CaseFiling.is_open)
    )
    if due_at is None or due_at > now:
        return False
    recorded = outbox.record_once(
        session, StatusDue(case_number=case_number), turn=f"status:{case_number}:{due_at.isoformat()}", now=now
    )
    _poll_at(session, case_number, now + timedelta(seconds=every) + PATIENCE)
    return recorded


def schedule_next(session: Session, case_number: str, *, now: datetime, every: float) -> datetime | None:
    """Say when the case is asked about next; None when all its inputs are done."""
    quiet_since = session.scalar(
        select(func.max(CaseFiling.news_at)).where(CaseFiling.case_number == case_number, CaseFiling.is_open)
    )
    if quiet_since is None:
        return None
    at = next_poll(now, every=every, quiet_since=quiet_since)
    _poll_at(session, case_number, at)
    return at


def _poll_at(session: Session, case_number: str, at: datetime) -> None:
    session.execute(
        update(CaseFiling).where(CaseFiling.case_number == case_number, CaseFiling.is_open).values(next_poll_at=at)
    )


def apply_statuses(
    session: Session, case_number: str, statuses: Mapping[str, ArchiveStatus], codes: Codes, *, now: datetime
) -> int:
    """Move the parcels that the archive has news of; return how many moved.

    statuses: by the archive's id. Only what was asked for after the answer we last applied counts; the rows are
    locked, so two answers come one after the other. Answers and reports of ours (U, X) move nothing.
    """
    rows = session.scalars(
        select(CaseFiling)
        .where(CaseFiling.case_number == case_number, CaseFiling.is_open)
        .order_by(CaseFiling.input_id)
        .with_for_update()
    ).all()
    moved = 0
    for row in rows:
        status = statuses.get(row.system_id)
        if status is not None and status.as_of > row.as_of:
            moved += _apply(session, row, status, codes, now)
    _close_ended(session, case_number)
    return moved


def _apply(session: Session, row: CaseFiling, status: ArchiveStatus, codes: Codes, now: datetime) -> bool:
    row.as_of = status.as_of
    row.entry_number = status.entry_number or row.entry_number
    seen = (status.entry_code, status.reply_code, has_handler(status, codes))
    if seen == (row.entry_code, row.reply_code, row.has_handler):
        return False
    row.entry_code, row.reply_code, row.has_handler = seen
    row.news_at = now
    session.flush()
    step = step_of(status, codes)
    if step is None or row.kind != Kind.INCOMING.value:
        return False
    return parcels.move(session, row.input_id, step, now=now, as_of=status.as_of)


def _close_ended(session: Session, case_number: str) -> None:
    """Ask no more about inputs that are done, or that the municipality has said no to."""
    ended = select(Parcel.input_id).where(Parcel.step.in_(ENDED))
    session.execute(
        update(CaseFiling)
        .where(CaseFiling.case_number == case_number, CaseFiling.is_open, CaseFiling.input_id.in_(ended))
        .values(is_open=False)
        .execution_options(synchronize_session=False)
    )


def change_setting(session: Session, key: str, value: str, *, role: str, now: datetime) -> None:
    """Change one of the archive's codes, and write down by which role. Raises RuleBroken for what it cannot be."""
    if sentence := fault_in(key, value):
        raise RuleBroken(sentence, key=key)
    row = session.get(ArchiveSetting, key)
    old = row.value if row else ""
    if row is None:
        session.add(ArchiveSetting(key=key, value=value, changed_by_role=role, changed_at=now))
    else:
        row.value, row.changed_by_role, row.changed_at = value, role, now
    session.add(ArchiveSettingChange(key=key, old=old, new=value, changed_by_role=role, changed_at=now))
    session.flush()
