"""An idea, or the municipality's answer to one, becomes a letter in the archive."""

import hashlib
from collections.abc import Callable
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.cases import query as cases_query
from app.cases import service as cases
from app.cases import titles
from app.cases.client import Document, ExternalKey, Filing, Kind, Letter, Sender, SenderKind
from app.cases.codes import Codes
from app.cases.letter import Attachment, LetterContent, render_letter
from app.cases.query import FolderState
from app.core.errors import NotYet
from app.files.store import picture_store
from app.ideas import query as ideas
from app.ideas.events import IdeaAnswered, IdeaMended, IdeaSubmitted
from app.ideas.query import IdeaForLetter, MendingForLetter, ReplyForLetter
from app.outbox.models import DeliveryState, OutboxEvent
from app.parcels import query as parcels_query
from app.parcels import service as parcels
from workers.work import Work

CHANNEL = "archive"
QUEUE = "send"

WITHDRAWN = "angret av innsenderen"
NOT_FORWARDED = "innspillet er ikke i arkivet"
PICTURES_S, FOLDER_S, INPUT_S = 2.0, 1.0, 15.0


def handle(work: Work, event: OutboxEvent) -> None:
    """File what the event is about: the idea itself (type I), a mended text (I) or an answer (U) in the same case."""
    if event.kind == IdeaAnswered.name:
        _forward_reply(work, IdeaAnswered.model_validate(event.payload))
    elif event.kind == IdeaMended.name:
        _forward_mending(work, IdeaMended.model_validate(event.payload))
    else:
        _forward_idea(work, IdeaSubmitted.model_validate(event.payload).idea_id, leaves_at=event.due_at)


def _forward_idea(work: Work, idea_id: UUID, *, leaves_at: datetime) -> None:
    """File an idea. One withdrawn before it left is not sent; one withdrawn later is, as its writer was told."""
    with work.transaction() as session:
        codes = cases_query.settings_in_force(session, work.settings)
        idea = ideas.idea_for_letter(session, idea_id, picture_store(work.settings))
        letter = cases_query.sealed_letter_or_none(session, work.reference)
        regretted = idea.withdrawn_at is not None and idea.withdrawn_at < leaves_at and letter is None
        folder = None if regretted else cases.folder_for(session, idea.area_slug, idea.area_name, codes, now=work.now)
    if folder is None:
        _never(work, idea_id, WITHDRAWN)
        return
    if letter is None:
        if idea.pictures_pending:
            raise NotYet("Bildene er ikke ferdige.", seconds=PICTURES_S)
        made = letter_about(idea, work.reference, codes)
        with work.transaction() as session:
            letter = cases.seal(session, made, input_id=idea_id, now=work.now)
    _file(work, letter, folder, idea_id)


def _forward_reply(work: Work, fact: IdeaAnswered) -> None:
    def made(session: Session, idea: IdeaForLetter, codes: Codes) -> Letter:
        return letter_answering(idea, ideas.reply_for_letter(session, fact.reply_id), work.reference, codes)

    _forward_after(work, fact.idea_id, made)


def _forward_mending(work: Work, fact: IdeaMended) -> None:
    def made(session: Session, idea: IdeaForLetter, codes: Codes) -> Letter:
        return letter_mending(idea, ideas.mending_for_letter(session, fact.mending_id), work.reference, codes)

    _forward_after(work, fact.idea_id, made)


def _forward_after(work: Work, idea_id: UUID, made: Callable[[Session, IdeaForLetter, Codes], Letter]) -> None:
    """File a later letter in the case that its idea lies in, when it lies there."""
    with work.transaction() as session:
        codes = cases_query.settings_in_force(session, work.settings)
        idea = ideas.idea_for_letter(session, idea_id, picture_store(work.settings))
        folder = cases.folder_for(session, idea.area_slug, idea.area_name, codes, now=work.now)
        filing = cases_query.filing_of(session, idea_id)
        letter = cases_query.sealed_letter_or_none(session, work.reference)
        parcel = parcels_query.parcel_of(session, idea_id)
        fresh = made(session, idea, codes) if filing is not None and letter is None else None
    if filing is None:
        if parcel is not None and not parcel.forwarded:
            with work.settle(DeliveryState.NEVER, reason=NOT_FORWARDED):
                return
        raise NotYet("Innspillet er ikke arkivert ennå.", seconds=INPUT_S)
    if letter is None:
        assert fresh is not None  # noqa: S101 - made above when there was no sealed one
        with work.transaction() as session:
            letter = cases.seal(session, fresh, input_id=idea_id, now=work.now)
    in_case = cases.folder_in_case(folder, filing.filing.case.number)
    _file(work, letter, in_case, idea_id, follow_up=letter.kind is Kind.INCOMING)


def _file(work: Work, letter: Letter, folder: FolderState, input_id: UUID, *, follow_up: bool = False) -> None:
    if not folder.ready:
        raise NotYet("Saksmappen er ikke klar.", seconds=FOLDER_S)
    filing = cases.file_once(work.ports.archive, letter, folder, work.steps, look_up_first=not work.first_try)
    if not isinstance(filing, Filing):
        with work.settle(DeliveryState.ACCEPTED, external_id=filing.message_id):
            return
    with work.settle(DeliveryState.FILED, external_id=filing.system_id) as session:
        cases.store_filing(
            session, letter, filing, input_id=input_id, every=work.settings.status_every, now=work.now,
            follow_up=follow_up,
        )  # fmt: skip


def _never(work: Work, input_id: UUID, rule: str) -> None:
    with work.settle(DeliveryState.NEVER, reason=rule) as session:
        parcels.not_forwarded(session, input_id)


def letter_about(idea: IdeaForLetter, reference: str, codes: Codes) -> Letter:
    """Return the letter for an idea: a PDF that is complete by itself, and its pictures."""
    pictures = tuple(
        _document(
            number, f"Bilde {picture.number}", f"bilde-{picture.number}-{reference}.jpg", "image/jpeg", picture.jpeg
        )
        for number, picture in enumerate(idea.pictures, start=2)
    )
    content = LetterContent(
        reference=reference,
        kind="Idé",
        area_name=idea.area_name,
        process_title=idea.process_title,
        received_at=idea.received_at,
        written_at=idea.written_at,
        channel=idea.channel,
        sender=codes["anonymous_name"],
        sender_email=idea.sender_email,
        language=idea.language,
        title=idea.title,
        body=idea.body,
        place=idea.place,
        attachments=tuple(Attachment(d.title, d.media_type, len(d.content), d.sha256) for d in pictures),
        pictures_missing=idea.pictures_failed,
    )
    return Letter(
        key=ExternalKey(codes["fagsystem"], reference),
        kind=Kind.INCOMING,
        title=titles.input_title(idea.title),
        public_title=titles.public_input_title(idea.process_title, idea.area_name),
        shielding=titles.shielding_for(idea.title, idea.body, idea.place, codes=codes),
        document_date=_day(idea.received_at),
        received_at=idea.received_at,
        sender=_citizen(idea.sender_email, codes),
        documents=(_main("Innspill", f"innspill-{reference}.pdf", content), *pictures),
    )


def letter_mending(idea: IdeaForLetter, mending: MendingForLetter, reference: str, codes: Codes) -> Letter:
    """Return the letter with what the writer made of their text, for the case its idea lies in."""
    content = LetterContent(
        reference=reference,
        kind="Rettet idé",
        area_name=idea.area_name,
        process_title=idea.process_title,
        received_at=mending.mended_at,
        written_at=None,
        channel=idea.channel,
        sender=codes["anonymous_name"],
        sender_email=idea.sender_email,
        language=idea.language,
        title=mending.title,
        body=mending.body,
        place=idea.place,
        about_title=idea.title,
    )
    return Letter(
        key=ExternalKey(codes["fagsystem"], reference),
        kind=Kind.INCOMING,
        title=titles.mended_title(mending.title),
        public_title=titles.public_input_title(idea.process_title, idea.area_name),
        shielding=titles.shielding_for(idea.title, mending.title, mending.body, idea.place, codes=codes),
        document_date=_day(mending.mended_at),
        received_at=mending.mended_at,
        sender=_citizen(idea.sender_email, codes),
        documents=(_main("Rettet innspill", f"rettet-{reference}.pdf", content),),
    )


def letter_answering(idea: IdeaForLetter, reply: ReplyForLetter, reference: str, codes: Codes) -> Letter:
    """Return the letter with the municipality's answer, for the case its idea lies in."""
    content = LetterContent(
        reference=reference,
        kind="Svar på idé",
        area_name=idea.area_name,
        process_title=idea.process_title,
        received_at=reply.answered_at,
        written_at=None,
        channel="web",
        sender=reply.role_name,
        sender_email=None,
        language=idea.language,
        title=titles.reply_title(idea.title),
        body=reply.text,
        place="",
        outgoing=True,
        about_title=idea.title,
    )
    return Letter(
        key=ExternalKey(codes["fagsystem"], reference),
        kind=Kind.OUTGOING,
        title=titles.reply_title(idea.title),
        public_title=titles.public_reply_title(idea.process_title, idea.area_name),
        shielding=titles.shielding_for(idea.title, reply.text, codes=codes),
        document_date=_day(reply.answered_at),
        received_at=reply.answered_at,
        sender=_citizen(idea.sender_email, codes),
        documents=(_main("Svar på innspill", f"svar-{reference}.pdf", content),),
    )


def _citizen(email: str | None, codes: Codes) -> Sender:
    """The writer: nobody needs an account, so an e-mail is all we may have."""
    if not email:
        return Sender(SenderKind.ANONYMOUS, codes["anonymous_name"])
    return Sender(SenderKind.PERSON, codes["anonymous_name"], email, shielded=codes.on("shield_private_senders"))


def _main(title: str, filename: str, content: LetterContent) -> Document:
    """The main document. Its title is in our own words: archives may publish the titles of documents too."""
    return _document(1, title, filename, "application/pdf", render_letter(content))


def _document(number: int, title: str, filename: str, media_type: str, content: bytes) -> Document:
    return Document(number, number == 1, title, filename, media_type, hashlib.sha256(content).hexdigest(), content)


def _day(moment: datetime) -> date:
    return moment.astimezone(titles.OSLO).date()
