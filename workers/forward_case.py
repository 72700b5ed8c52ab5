"""An idea, the municipality's answer to one, or a comment on one becomes a letter in the archive."""

import hashlib
from collections.abc import Callable, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.cases import query as cases_query
from app.cases import service as cases
from app.cases import titles
from app.cases.client import Document, ExternalKey, Filing, Kind, Letter, Sender, SenderKind
from app.cases.codes import Codes
from app.cases.letter import Attachment, LetterContent, render_letter
from app.cases.query import FolderState, OpenFiling
from app.comments import query as comments
from app.comments.events import CommentCorrected, CommentSubmitted
from app.comments.models import Stance
from app.comments.query import CommentForLetter
from app.core.errors import NotYet
from app.core.goals import GOALS
from app.core.oslo import OSLO
from app.files.store import picture_store
from app.ideas import query as ideas
from app.ideas.events import IdeaAnswered, IdeaCorrected, IdeaSubmitted
from app.ideas.query import CorrectionForLetter, IdeaForLetter, IdeaInArchive, ReplyForLetter
from app.outbox.models import DeliveryState, OutboxEvent
from app.outbox.service import Recipient
from app.parcels import query as parcels_query
from app.parcels import service as parcels
from app.settings import Settings
from workers.work import Work

CHANNEL = "archive"
QUEUE = "send"

# What a citizen sends, and where the fact that tells of it names it.
INPUTS = {
    IdeaSubmitted.name: "idea_id",
    CommentSubmitted.name: "comment_id",
    IdeaCorrected.name: "correction_id",
    CommentCorrected.name: "correction_id",
}
WITHDRAWN = "angret av innsenderen"
ERASED = "slettet av innsenderen"
NOT_FORWARDED = "innspillet er ikke i arkivet"
PICTURES_S, FOLDER_S, INPUT_S, CHANGED_S = 2.0, 1.0, 15.0, 1.0
FOLDER_AT_MOST_S = 600.0


def recipients(session: Session, event: OutboxEvent, _settings: Settings) -> Sequence[Recipient]:
    """Return the archive. The delivery of an input that goes there in a report with others is held for that."""
    name = INPUTS.get(event.kind)
    input_id = UUID(event.payload[name]) if name else None
    held = input_id is not None and parcels_query.goes_in_report(session, input_id)
    return [Recipient(CHANNEL, held_for=input_id if held else None)]


def handle(work: Work, event: OutboxEvent) -> None:
    """File what the event is about: the idea (type I); in its case an answer to it (type U), or a comment (type I)."""
    if event.kind == IdeaAnswered.name:
        _forward_reply(work, IdeaAnswered.model_validate(event.payload))
    elif event.kind == IdeaCorrected.name:
        _forward_correction(work, IdeaCorrected.model_validate(event.payload))
    elif event.kind == CommentCorrected.name:
        _forward_comment_correction(work, CommentCorrected.model_validate(event.payload))
    elif event.kind == CommentSubmitted.name:
        _forward_comment(work, CommentSubmitted.model_validate(event.payload), leaves_at=event.due_at)
    else:
        _forward_idea(work, IdeaSubmitted.model_validate(event.payload).idea_id, leaves_at=event.due_at)


def _forward_idea(work: Work, idea_id: UUID, *, leaves_at: datetime) -> None:
    """File an idea. One withdrawn before it left is not sent; one withdrawn later is, as its writer was told."""
    with work.transaction() as session:
        codes = cases_query.settings_in_force(session, work.settings)
        idea = ideas.idea_for_letter(session, idea_id, picture_store(work.settings))
        letter = cases_query.sealed_letter_or_none(session, work.reference)
        regretted = idea.withdrawn_at is not None and idea.withdrawn_at < leaves_at and letter is None
        known = cases_query.folder_or_none(session, titles.folder_slug(idea.area_slug), codes)
        ends = regretted or idea.erased
        folder = known if ends else cases.folder_for(session, idea.area_slug, idea.area_name, codes, now=work.now)
    if idea.erased:
        _end_erased(work, idea_id, known, codes)
        return
    if regretted or folder is None:
        _never(work, idea_id, WITHDRAWN)
        return
    if letter is None:
        if idea.pictures_pending:
            raise NotYet("Bildene er ikke ferdige.", seconds=PICTURES_S)
        made = letter_about(idea, work.reference, codes)
        letter = _seal(work, made, idea_id, lambda session: not ideas.is_erased(session, idea_id))
    file_letter(work, letter, folder, idea_id)


def _end_erased(work: Work, idea_id: UUID, folder: FolderState | None, codes: Codes) -> None:
    """Nothing is left to send. But what was sent before may be there, and then the archive has it."""
    key = ExternalKey(codes["fagsystem"], work.reference)
    filing = cases.find_erased(work.ports.archive, key, folder, may_have_arrived=not work.first_try)
    if filing is None:
        _never(work, idea_id, ERASED)
        return
    with work.settle(DeliveryState.FILED, external_id=filing.system_id) as session:
        every = work.settings.status_every
        cases.store_erased(session, work.reference, filing, input_id=idea_id, every=every, now=work.now)


def _seal(work: Work, made: Letter, input_id: UUID, stands: Callable[[Session], bool]) -> Letter:
    """Seal a letter, unless its words were erased while it was written: then all is read anew.

    Sealed first and looked at afterwards: an erasure at the same time waits for us, or we for it.
    """
    with work.transaction() as session:
        letter = cases.seal(session, made, input_id=input_id, now=work.now)
        if not stands(session):
            raise NotYet("Innsenderen slettet innspillet imens.", seconds=CHANGED_S)
    return letter


def _forward_reply(work: Work, fact: IdeaAnswered) -> None:
    """File an answer in the case of its idea. It does not wait for the idea's report: then it lies in the folder."""
    with work.transaction() as session:
        codes = cases_query.settings_in_force(session, work.settings)
        idea = ideas.idea_for_letter(session, fact.idea_id, picture_store(work.settings))
        folder = cases.folder_for(session, idea.area_slug, idea.area_name, codes, now=work.now)
        filing = cases_query.filing_of(session, fact.idea_id)
        reply = ideas.reply_for_letter(session, fact.reply_id)
        letter = cases_query.sealed_letter_or_none(session, work.reference)
        parcel = parcels_query.parcel_of(session, fact.idea_id)
    if filing is None and not (parcel is not None and parcel.forwarded and parcel.in_report):
        if parcel is not None and not parcel.forwarded:
            with work.settle(DeliveryState.NEVER, reason=NOT_FORWARDED):
                return
        raise NotYet("Innspillet er ikke arkivert ennå.", seconds=INPUT_S)
    if letter is None:
        made = letter_answering(idea, reply, work.reference, codes)
        letter = _seal(work, made, fact.idea_id, lambda session: ideas.is_erased(session, idea.id) == idea.erased)
    file_letter(work, letter, cases.folder_in_case(folder, _case_of(filing)), fact.idea_id)


def _forward_comment(work: Work, fact: CommentSubmitted, *, leaves_at: datetime) -> None:
    """File a comment in the case of its idea, or beside it when the idea was never sent, or waits for its report.

    One withdrawn before it left is not sent; one withdrawn later is, as its writer was told.
    """
    with work.transaction() as session:
        codes = cases_query.settings_in_force(session, work.settings)
        comment = comments.comment_for_letter(session, fact.comment_id)
        idea = ideas.idea_in_archive(session, fact.input_id)
        filing = cases_query.filing_of(session, fact.input_id)
        parcel = parcels_query.parcel_of(session, fact.input_id)
        letter = cases_query.sealed_letter_or_none(session, work.reference)
        regretted = comment.withdrawn_at is not None and comment.withdrawn_at < leaves_at and letter is None
        folder = None if regretted else cases.folder_for(session, idea.area_slug, idea.area_name, codes, now=work.now)
    if folder is None:
        _never(work, fact.comment_id, WITHDRAWN)
        return
    if filing is None and (parcel is None or (parcel.forwarded and not parcel.in_report)):
        raise NotYet("Innspillet er ikke arkivert ennå.", seconds=INPUT_S)
    if letter is None:
        made = letter_commenting(idea, comment, work.reference, codes)
        letter = _seal(
            work,
            made,
            fact.comment_id,
            lambda session: (
                comments.comment_for_letter(session, fact.comment_id) == comment
                and ideas.idea_in_archive(session, fact.input_id) == idea
            ),
        )
    file_letter(work, letter, cases.folder_in_case(folder, _case_of(filing)), fact.comment_id, asked_about=False)


def _forward_correction(work: Work, fact: IdeaCorrected) -> None:
    with work.transaction() as session:
        codes = cases_query.settings_in_force(session, work.settings)
        correction = ideas.correction_for_letter(session, fact.correction_id)
        idea = ideas.idea_in_archive(session, fact.idea_id)
    made = letter_correcting(idea, correction, work.reference, codes)
    _beside_the_first(
        work,
        made,
        idea,
        fact.idea_id,
        fact.correction_id,
        lambda session: ideas.correction_for_letter(session, fact.correction_id) == correction,
    )


def _forward_comment_correction(work: Work, fact: CommentCorrected) -> None:
    with work.transaction() as session:
        codes = cases_query.settings_in_force(session, work.settings)
        correction = comments.correction_for_letter(session, fact.correction_id)
        idea = ideas.idea_in_archive(session, fact.input_id)
    made = letter_commenting(idea, correction, work.reference, codes)
    _beside_the_first(
        work,
        made,
        idea,
        fact.comment_id,
        fact.correction_id,
        lambda session: (
            comments.correction_for_letter(session, fact.correction_id) == correction
            and ideas.idea_in_archive(session, fact.input_id) == idea
        ),
    )


def _beside_the_first(
    work: Work,
    made: Letter,
    idea: IdeaInArchive,
    first_id: UUID,
    correction_id: UUID,
    stands: Callable[[Session], bool],
) -> None:
    """File the words that were put right beside the first ones, in the same case: the archive has both."""
    with work.transaction() as session:
        codes = cases_query.settings_in_force(session, work.settings)
        folder = cases.folder_for(session, idea.area_slug, idea.area_name, codes, now=work.now)
        filing = cases_query.filing_of(session, first_id)
        parcel = parcels_query.parcel_of(session, first_id)
        letter = cases_query.sealed_letter_or_none(session, work.reference)
    if filing is None:
        if parcel is not None and not parcel.forwarded:
            _never(work, correction_id, NOT_FORWARDED)
            return
        raise NotYet("Innspillet er ikke arkivert ennå.", seconds=INPUT_S)
    if letter is None:
        letter = _seal(work, made, correction_id, stands)
    folder = cases.folder_in_case(folder, _case_of(filing))
    file_letter(work, letter, folder, correction_id, asked_about=False)


def _case_of(filing: OpenFiling | None) -> str | None:
    return filing.filing.case.number if filing is not None else None


def file_letter(work: Work, letter: Letter, folder: FolderState, input_id: UUID, *, asked_about: bool = True) -> None:
    """Bring a sealed letter in, once, and end the delivery together with what the archive said of it."""
    if not folder.ready:
        raise NotYet("Saksmappen er ikke klar.", seconds=_until_folder(folder, work.now))
    filing = cases.file_once(work.ports.archive, letter, folder, work.steps, look_up_first=not work.first_try)
    if not isinstance(filing, Filing):
        with work.settle(DeliveryState.ACCEPTED, external_id=filing.message_id):
            return
    with work.settle(DeliveryState.FILED, external_id=filing.system_id) as session:
        every = work.settings.status_every
        cases.store_filing(
            session, letter, filing, input_id=input_id, every=every, now=work.now, asked_about=asked_about
        )


def _never(work: Work, input_id: UUID, rule: str) -> None:
    with work.settle(DeliveryState.NEVER, reason=rule) as session:
        parcels.not_forwarded(session, input_id)


def _until_folder(folder: FolderState, now: datetime) -> float:
    """Return how long to wait for a folder, in seconds: as long again as it has been wanted.

    It is there after a second, or the archive is away: then thousands must not ask for it every second.
    """
    return min(max((now - folder.wanted_at).total_seconds(), FOLDER_S), FOLDER_AT_MOST_S)


def letter_about(idea: IdeaForLetter, reference: str, codes: Codes) -> Letter:
    """Return the letter for an idea: a PDF that is complete by itself, and its pictures."""
    pictures = tuple(
        document_of(
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
        goals=tuple(f"{goal} {GOALS[goal]}" for goal in idea.goals),
    )
    return Letter(
        key=ExternalKey(codes["fagsystem"], reference),
        kind=Kind.INCOMING,
        title=titles.input_title(idea.title),
        public_title=titles.public_input_title(idea.process_title, idea.area_name),
        shielding=titles.shielding_for(idea.title, idea.body, idea.place, codes=codes),
        document_date=day_of(idea.written_at or idea.received_at),
        received_at=idea.received_at,
        sender=_citizen(idea.sender_email, codes),
        documents=(_main("Innspill", f"innspill-{reference}.pdf", content), *pictures),
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
        document_date=day_of(reply.answered_at),
        received_at=reply.answered_at,
        sender=_citizen(idea.sender_email, codes),
        documents=(_main("Svar på innspill", f"svar-{reference}.pdf", content),),
    )


def letter_correcting(idea: IdeaInArchive, correction: CorrectionForLetter, reference: str, codes: Codes) -> Letter:
    """Return the letter with all the words of an idea as its writer put them right."""
    content = LetterContent(
        reference=reference,
        kind="Rettet idé",
        area_name=idea.area_name,
        process_title=idea.process_title,
        received_at=correction.corrected_at,
        written_at=None,
        channel="nett",
        sender=codes["anonymous_name"],
        sender_email=correction.sender_email,
        language=correction.language,
        title=correction.title,
        body=correction.body,
        place=correction.place,
        about_title=correction.earlier_title,
    )
    said = (correction.title, correction.body, correction.place, correction.earlier_title)
    return Letter(
        key=ExternalKey(codes["fagsystem"], reference),
        kind=Kind.INCOMING,
        title=titles.correction_title(correction.title),
        public_title=titles.public_correction_title(idea.process_title, idea.area_name),
        shielding=titles.shielding_for(*said, codes=codes),
        document_date=day_of(correction.corrected_at),
        received_at=correction.corrected_at,
        sender=_citizen(correction.sender_email, codes),
        documents=(_main("Rettet innspill", f"rettelse-{reference}.pdf", content),),
    )


SAYS = {
    Stance.FOR: "for idéen",
    Stance.AGAINST: "mot idéen",
    Stance.QUESTION: "spørsmål om idéen",
    Stance.REPLY: "svar på en kommentar",
}


def words_of(comment: CommentForLetter) -> str:
    """Return what the archive reads: what was answered, when it answers; what it said first, when it was put right."""
    said = f"Kommentaren var:\n{comment.earlier}\n\nRettet til:\n{comment.text}" if comment.earlier else comment.text
    return f"Svar på kommentaren:\n{comment.answers}\n\nSvaret:\n{said}" if comment.answers else said


def letter_commenting(idea: IdeaInArchive, comment: CommentForLetter, reference: str, codes: Codes) -> Letter:
    """Return the letter for a comment, or for one that was put right, for the case its idea lies in."""
    body = words_of(comment)
    staff, corrected = bool(comment.role_name), bool(comment.earlier)
    content = LetterContent(
        reference=reference,
        kind=f"{'Rettet kommentar' if corrected else 'Kommentar'} til idé ({SAYS[comment.stance]})",
        area_name=idea.area_name,
        process_title=idea.process_title,
        received_at=comment.submitted_at,
        written_at=None,
        channel="nett",
        sender=comment.role_name or codes["anonymous_name"],
        sender_email=None,
        language=comment.language,
        title=titles.comment_title(idea.title),
        body=body,
        place="",
        about_title=idea.title,
    )
    return Letter(
        key=ExternalKey(codes["fagsystem"], reference),
        kind=Kind.INCOMING,
        title=titles.comment_title(idea.title),
        public_title=titles.public_comment_title(idea.process_title, idea.area_name),
        shielding=titles.shielding_for(idea.title, body, codes=codes),
        document_date=day_of(comment.submitted_at),
        received_at=comment.submitted_at,
        sender=Sender(SenderKind.UNIT, comment.role_name) if staff else _citizen(None, codes),
        documents=(_main("Rettet kommentar til innspill", f"rettelse-{reference}.pdf", content),)
        if corrected
        else (_main("Kommentar til innspill", f"kommentar-{reference}.pdf", content),),
    )


def _citizen(email: str | None, codes: Codes) -> Sender:
    """The writer: nobody needs an account, so an e-mail is all we may have."""
    if not email:
        return Sender(SenderKind.ANONYMOUS, codes["anonymous_name"])
    return Sender(SenderKind.PERSON, codes["anonymous_name"], email, shielded=codes.on("shield_private_senders"))


def _main(title: str, filename: str, content: LetterContent) -> Document:
    """The main document. Its title is in our own words: archives may publish the titles of documents too."""
    return document_of(1, title, filename, "application/pdf", render_letter(content))


def document_of(number: int, title: str, filename: str, media_type: str, content: bytes) -> Document:
    return Document(number, number == 1, title, filename, media_type, hashlib.sha256(content).hexdigest(), content)


def day_of(moment: datetime) -> date:
    return moment.astimezone(OSLO).date()
