"""A report becomes a letter in the archive (type X); when it is there, so is every input in it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.areas.models import FocusArea
from app.cases import query as cases_query
from app.cases import service as cases
from app.cases import titles
from app.cases.client import Document, ExternalKey, Kind, Letter, Sender, SenderKind
from app.cases.codes import Codes
from app.cases.letter import Attachment
from app.cases.report import Entry, ReportContent, render_report
from app.comments import query as comments
from app.comments.query import CommentForLetter
from app.core.crash import crash_point
from app.core.errors import NotYet
from app.core.goals import GOALS
from app.files.store import PictureStore, picture_store
from app.ideas import query as ideas
from app.outbox.models import DeliveryState, OutboxEvent
from app.parcels import query as parcels
from app.parcels.events import ReportCollected
from app.parcels.query import Report, ReportedInput
from app.processes.models import Process
from workers.forward_case import PICTURES_S, SAYS, day_of, document_of, file_letter, words_of
from workers.work import Work

CHANNEL = "archive"
QUEUE = "send"

NOTHING_LEFT = "alle innspillene er slettet"
CHANGED_S = 1.0


@dataclass(frozen=True, slots=True)
class _Told:
    """An input as the report tells it. thread: the idea that it is, or (follows) that it speaks of.

    pending: its pictures are not redrawn yet.
    """

    thread: UUID
    received_at: datetime
    entry: Entry
    follows: bool = True
    jpegs: tuple[bytes, ...] = ()
    pending: bool = False


def handle(work: Work, event: OutboxEvent) -> None:
    """File a report: sealed once, looked for before it is sent again, as every letter."""
    report_id = ReportCollected.model_validate(event.payload).report_id
    with work.transaction() as session:
        codes = cases_query.settings_in_force(session, work.settings)
        report = parcels.get_report(session, report_id)
        process = session.get_one(Process, report.process_id)
        area = session.get(FocusArea, process.area_id) if process.area_id else None
        slug, area_name = (area.slug, area.folder_title) if area else ("", "")
        folder = cases.folder_for(session, slug, area_name, codes, now=work.now)
        letter = cases_query.sealed_letter_or_none(session, work.reference)
        held = parcels.still_in_report(session, report_id)
        told = _tell(session, held, codes, picture_store(work.settings)) if letter is None else []
    if not held:
        with work.settle(DeliveryState.NEVER, reason=NOTHING_LEFT):
            return
    if letter is None:
        if any(one.pending for one in told):
            raise NotYet("Bildene er ikke ferdige.", seconds=PICTURES_S)
        made = letter_reporting(report, told, process.title, area_name, work.reference, codes)
        letter = _seal(work, made, report_id, held)
    file_letter(work, letter, folder, report_id)


def _seal(work: Work, made: Letter, report_id: UUID, held: Sequence[ReportedInput]) -> Letter:
    """Seal the letter, unless somebody was erased while it was written: then it is written again, without them."""
    with work.transaction() as session:
        if parcels.still_in_report(session, report_id) != held:
            raise NotYet("Noen slettet innspillet sitt. Rapporten lages på nytt.", seconds=CHANGED_S)
        letter = cases.seal(session, made, input_id=report_id, now=work.now)
    crash_point("report.after_seal")
    return letter


def _tell(session: Session, held: Sequence[ReportedInput], codes: Codes, store: PictureStore) -> Sequence[_Told]:
    """Return the inputs in the order in which they are read: what is said of an idea stands after it."""
    told = [_TELLERS[one.kind](session, one, codes, store) for one in held]
    began: dict[UUID, datetime] = {}
    for one in told:
        began.setdefault(one.thread, one.received_at)
    return sorted(told, key=lambda one: (began[one.thread], one.thread, one.follows, one.received_at))


def _idea(session: Session, one: ReportedInput, codes: Codes, store: PictureStore) -> _Told:
    idea = ideas.idea_for_letter(session, one.id, store)
    entry = Entry(
        number=0,
        kind="Idé",
        received_at=idea.received_at,
        channel=idea.channel,
        sender=codes["anonymous_name"],
        sender_email=idea.sender_email,
        language=idea.language,
        title=idea.title,
        body=idea.body,
        place=idea.place,
        pictures_missing=idea.pictures_failed,
        goals=tuple(f"{goal} {GOALS[goal]}" for goal in idea.goals),
    )
    jpegs = tuple(picture.jpeg for picture in idea.pictures)
    return _Told(one.id, one.received_at, entry, follows=False, jpegs=jpegs, pending=idea.pictures_pending)


def _comment(session: Session, one: ReportedInput, codes: Codes, _store: PictureStore) -> _Told:
    return _said(session, one, comments.comment_for_letter(session, one.id), codes)


def _comment_correction(session: Session, one: ReportedInput, codes: Codes, _store: PictureStore) -> _Told:
    return _said(session, one, comments.correction_for_letter(session, one.id), codes)


def _said(session: Session, one: ReportedInput, comment: CommentForLetter, codes: Codes) -> _Told:
    about = ideas.idea_in_archive(session, comment.input_id)
    entry = Entry(
        number=0,
        kind=f"{'Rettet kommentar' if comment.earlier else 'Kommentar'} ({SAYS[comment.stance]})",
        received_at=comment.submitted_at,
        channel="nett",
        sender=comment.role_name or codes["anonymous_name"],
        sender_email=None,
        language=comment.language,
        title="",
        body=words_of(comment),
        about=about.title,
    )
    return _Told(comment.input_id, one.received_at, entry)


def _correction(session: Session, one: ReportedInput, codes: Codes, _store: PictureStore) -> _Told:
    correction = ideas.correction_for_letter(session, one.id)
    entry = Entry(
        number=0,
        kind="Rettet idé",
        received_at=correction.corrected_at,
        channel="nett",
        sender=codes["anonymous_name"],
        sender_email=correction.sender_email,
        language=correction.language,
        title=correction.title,
        body=correction.body,
        place=correction.place,
        about=correction.earlier_title,
    )
    return _Told(correction.idea_id, one.received_at, entry)


_TELLERS = {
    "idea": _idea,
    "comment": _comment,
    "correction": _correction,
    "comment_correction": _comment_correction,
}


def letter_reporting(
    report: Report, told: Sequence[_Told], process_title: str, area_name: str, reference: str, codes: Codes
) -> Letter:
    """Return the letter: one PDF with every input, numbered, and their pictures. The unit itself sends it."""
    pictures: list[Document] = []
    entries = []
    for number, one in enumerate(told, start=1):
        mine = [_picture(jpeg, place, number, len(pictures) + 1 + place, reference) for place, jpeg in
                enumerate(one.jpegs, start=1)]  # fmt: skip
        pictures += mine
        listed = tuple(Attachment(d.title, d.media_type, len(d.content), d.sha256) for d in mine)
        entries.append(replace(one.entry, number=number, attachments=listed))
    days = day_of(report.since), day_of(report.until), report.part, report.parts
    title = titles.report_title(process_title, *days)
    content = ReportContent(
        reference=reference,
        title=title,
        process_title=process_title,
        area_name=area_name,
        sender=codes["admin_unit_name"],
        since=report.since,
        until=report.until,
        made_at=report.collected_at,
        entries=entries,
    )
    said = (text for one in entries for text in (one.title, one.body, one.place, one.about, one.sender_email or ""))
    main = document_of(1, "Samlerapport", f"samlerapport-{reference}.pdf", "application/pdf", render_report(content))
    return Letter(
        key=ExternalKey(codes["fagsystem"], reference),
        kind=Kind.INTERNAL,
        title=title,
        public_title=titles.public_report_title(process_title, area_name, *days),
        shielding=titles.shielding_for(*said, codes=codes),
        document_date=day_of(report.collected_at),
        received_at=report.collected_at,
        sender=Sender(SenderKind.UNIT, codes["admin_unit_name"]),
        documents=(main, *pictures),
    )


def _picture(jpeg: bytes, place: int, number: int, document: int, reference: str) -> Document:
    title, name = f"Bilde {place} til innspill {number}", f"innspill-{number}-bilde-{place}-{reference}.jpg"
    return document_of(document, title, name, "image/jpeg", jpeg)
