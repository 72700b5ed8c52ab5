"""What can be seen of cases: codes in force, folders, sealed letters, what is due."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from app.cases.client import (
    CaseRef,
    Document,
    ExternalKey,
    Filing,
    Folder,
    Kind,
    Letter,
    Sender,
    SenderKind,
    Shielding,
)
from app.cases.codes import Codes, codes_in_force, speaks_to_standin
from app.cases.models import ArchiveSetting, CaseFiling, CaseFolder, SealedDocument, SealedLetter
from app.core.errors import NotFound
from app.core.text import N_
from app.parcels.models import ReportItem
from app.settings import Settings


@dataclass(frozen=True, slots=True)
class FolderState:
    """A folder as we know it. ready: it has a number, and the archive has said that it is open.

    wanted_at: when it was first asked for.
    """

    id: UUID
    folder: Folder
    system_id: str | None
    ready: bool
    wanted_at: datetime


@dataclass(frozen=True, slots=True)
class OpenFiling:
    """A letter whose status is still asked about."""

    input_id: UUID
    reference: str
    kind: Kind
    filing: Filing


def settings_in_force(session: Session, settings: Settings) -> Codes:
    """Return the archive's codes: start values, and what staff have changed."""
    changed: Mapping[str, str] = {
        row.key: row.value for row in session.execute(select(ArchiveSetting.key, ArchiveSetting.value))
    }
    return codes_in_force(changed, standin=speaks_to_standin(settings))


def get_folder(session: Session, folder_id: UUID, codes: Codes) -> FolderState:
    """Return a folder. Raises NotFound."""
    row = session.get(CaseFolder, folder_id)
    if row is None:
        raise NotFound(N_("Mappen finnes ikke."))
    return _folder_state(row, codes)


def folder_or_none(session: Session, slug: str, codes: Codes) -> FolderState | None:
    row = session.scalar(select(CaseFolder).where(CaseFolder.slug == slug))
    return _folder_state(row, codes) if row else None


def all_folders(session: Session, codes: Codes) -> Sequence[FolderState]:
    """Return every folder, by slug."""
    return [_folder_state(row, codes) for row in session.scalars(select(CaseFolder).order_by(CaseFolder.slug))]


def _folder_state(row: CaseFolder, codes: Codes) -> FolderState:
    folder = Folder(
        row.slug, row.title, ExternalKey(codes["fagsystem"], row.key), row.case_number, codes.on("may_open_cases")
    )
    return FolderState(row.id, folder, row.system_id, row.checked_at is not None, row.wanted_at)


def sealed_letter_or_none(session: Session, reference: str) -> Letter | None:
    """Return the letter sealed under `reference`, with its bytes; None when there is none, or it has been filed."""
    row = session.scalar(select(SealedLetter).where(SealedLetter.reference == reference))
    if row is None or row.filed_at is not None:
        return None
    documents = session.scalars(
        select(SealedDocument).where(SealedDocument.letter_id == row.id).order_by(SealedDocument.number)
    ).all()
    return Letter(
        key=ExternalKey(row.key_system, row.reference),
        kind=Kind(row.kind),
        title=row.title,
        public_title=row.public_title,
        shielding=Shielding(row.access_code, row.legal_basis) if row.access_code and row.legal_basis else None,
        document_date=row.document_date,
        received_at=row.received_at,
        sender=Sender(
            SenderKind(row.sender_kind), row.sender_name, row.sender_email, row.sender_org_number, row.sender_shielded
        ),
        documents=tuple(
            Document(d.number, d.is_main, d.title, d.filename, d.media_type, d.sha256, d.content or b"")
            for d in documents
        ),
    )


def filing_of(session: Session, input_id: UUID) -> OpenFiling | None:
    """Return the filing of the input itself (not of its answers), or None while the archive has not got it.

    One that goes in a report with others has the filing of that report.
    """
    mine = and_(CaseFiling.input_id == input_id, CaseFiling.kind == Kind.INCOMING.value)
    report = select(ReportItem.report_id).where(ReportItem.input_id == input_id).scalar_subquery()
    row = session.scalar(
        select(CaseFiling).where(or_(mine, CaseFiling.input_id == report)).order_by(CaseFiling.filed_at).limit(1)
    )
    return _open_filing(row) if row else None


@dataclass(frozen=True, slots=True)
class LetterOnItsWay:
    """A letter about an input. case_number, filed_at: None while the archive has not got it."""

    reference: str
    kind: Kind
    sealed_at: datetime
    case_number: str | None
    filed_at: datetime | None

    @property
    def in_report(self) -> bool:
        return self.kind is Kind.INTERNAL


def letters_of(session: Session, input_id: UUID) -> Sequence[LetterOnItsWay]:
    """Return the letters about an input, oldest first: its own or the report it is in, and those with the answers."""
    report = select(ReportItem.report_id).where(ReportItem.input_id == input_id).scalar_subquery()
    found = session.execute(
        select(SealedLetter, CaseFiling)
        .outerjoin(CaseFiling, CaseFiling.reference == SealedLetter.reference)
        .where(or_(SealedLetter.input_id == input_id, SealedLetter.input_id == report))
        .order_by(SealedLetter.sealed_at)
    )
    return [
        LetterOnItsWay(
            letter.reference,
            Kind(letter.kind),
            letter.sealed_at,
            filing.case_number if filing else None,
            filing.filed_at if filing else None,
        )
        for letter, filing in found
    ]


def open_filings(session: Session, case_number: str) -> Sequence[OpenFiling]:
    """Return the letters of a case that are still asked about."""
    rows = session.scalars(select(CaseFiling).where(CaseFiling.case_number == case_number, CaseFiling.is_open))
    return [_open_filing(row) for row in rows]


def cases_due(session: Session, now: datetime) -> Sequence[str]:
    """Return the numbers of the cases that it is time to ask about."""
    query = select(CaseFiling.case_number).where(CaseFiling.is_open, CaseFiling.next_poll_at <= now).distinct()
    return session.scalars(query).all()


def _open_filing(row: CaseFiling) -> OpenFiling:
    filing = Filing(CaseRef(row.case_number, None, None), row.system_id, row.entry_number, frozenset(), existed=True)
    return OpenFiling(row.input_id, row.reference, Kind(row.kind), filing)
