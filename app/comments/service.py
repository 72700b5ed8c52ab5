"""What can be done with comments. The caller has seen that the thing they hang on may be commented on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.comments.dialect import COMMENTS
from app.comments.events import (
    CommentCorrected,
    CommentHidden,
    CommentsArrived,
    CommentSubmitted,
    CommentWithdrawn,
    ContentReported,
)
from app.comments.models import Comment, CommentCorrection, Reason, Report, Stance
from app.comments.policy import is_writer, may_correct
from app.comments.query import is_answered
from app.core.actor import Actor
from app.core.crash import crash_point
from app.core.dialect import insert_once
from app.core.errors import Conflict, NotFound, RuleBroken
from app.core.once import earlier
from app.core.oslo import OSLO
from app.core.submission import Submission
from app.core.text import N_
from app.outbox import service as outbox


@dataclass(frozen=True, slots=True)
class CommentDraft:
    """A comment as typed: trimmed, 1-1000 characters. parent_id: of the comment that a reply answers; else None.

    role_name: who speaks, as a role; "" for a citizen. language: of the page, e.g. "nb".
    """

    stance: Stance
    text: str
    parent_id: UUID | None
    role_name: str
    language: str
    submission: Submission


@dataclass(frozen=True, slots=True)
class CorrectionDraft:
    """The words of a comment as its writer wants them now: trimmed, 1-1000 characters."""

    text: str
    submission: Submission


def sent_or_none(session: Session, sent: Submission) -> UUID | None:
    """Return the comment that came with this key. Raises RuleBroken when it said something else."""
    return earlier(session, Comment, sent)


def submit_comment(
    session: Session,
    input_id: UUID,
    kind: str,
    draft: CommentDraft,
    *,
    actor: Actor,
    now: datetime,
    undo_seconds: float,
    waits: str = "",
) -> tuple[UUID, bool]:
    """Store a comment on an input and announce it; return its id, and whether it is new.

    waits: why nobody but its writer and staff read it yet, "" when everybody does; then nobody is told of it either.
    The same key and content again gives the first comment. A reply answers a comment, never another reply. Raises
    Conflict when the comment that is answered is gone, RuleBroken when the key comes with other content.
    """
    first = sent_or_none(session, draft.submission)
    if first is not None:
        return first, False
    if draft.parent_id is not None:
        _require_there(session, draft.parent_id, input_id, kind)
    comment_id = uuid4()
    values = {
        "id": comment_id,
        "submission_hash": draft.submission.key_hash,
        "content_digest": draft.submission.digest,
        "input_id": input_id,
        "kind": kind,
        "stance": draft.stance.value,
        "parent_id": draft.parent_id,
        "text": draft.text,
        "role_name": draft.role_name,
        "language": draft.language,
        "device_key": actor.device_key,
        "author_id": actor.participant_id,
        "submitted_at": now,
        "hidden_at": now if waits else None,
        "hidden_reason": waits,
    }
    if not insert_once(session, Comment, values):
        first = sent_or_none(session, draft.submission)
        assert first is not None  # noqa: S101 - the key was taken, so its row is there
        return first, False
    COMMENTS.add(session, comment_id, draft.text)
    leaves_at = outbox.leaves_at(now, undo_seconds)
    outbox.record(session, CommentSubmitted(comment_id=comment_id, input_id=input_id), now=now, due_at=leaves_at)
    if not waits:
        # Those who follow hear of comments once a day, however many there are.
        day = now.astimezone(OSLO).date().isoformat()
        arrived = CommentsArrived(comment_id=comment_id, input_id=input_id)
        outbox.record_once(session, arrived, turn=f"comments:{input_id}:{day}", now=now)
    crash_point("submit.after_insert")
    return comment_id, True


def _require_there(session: Session, parent_id: UUID, input_id: UUID, kind: str) -> None:
    """Locked until we are done: it cannot be taken away between this look and the answer."""
    parent = session.get(Comment, parent_id, with_for_update=True, populate_existing=True)
    if parent is None or parent.parent_id is not None or (parent.input_id, parent.kind) != (input_id, kind):
        raise NotFound(N_("Vi fant ikke kommentaren."))
    if parent.hidden_at is not None or parent.withdrawn_at is not None:
        raise Conflict(N_("Kommentaren du svarer på, er tatt bort. Svaret er ikke sendt."))


def withdraw_comment(session: Session, comment: Comment, *, actor: Actor, now: datetime) -> None:
    """Take one's own comment off the page; a second time changes nothing. What the archive has, it keeps.

    One that is taken back before it leaves is never sent there. Raises NotFound when it is somebody else's.
    """
    if not is_writer(actor, comment):
        raise NotFound(N_("Vi fant ikke kommentaren."))
    if comment.withdrawn_at is not None:
        return
    comment.withdrawn_at = now
    outbox.record(session, CommentWithdrawn(comment_id=comment.id), now=now)


def correct_comment(session: Session, comment: Comment, draft: CorrectionDraft, *, now: datetime) -> UUID | None:
    """Put a comment's words right and announce it; return the correction's id, None when nothing changed.

    The caller holds the row, and knows that the comment is theirs who asks. Raises Conflict when somebody has answered
    what is on the page, since they did so to other words, and when it was taken back.
    """
    if earlier(session, CommentCorrection, draft.submission) is not None:
        return None
    if not may_correct(comment, answered=is_answered(session, comment.id)):
        raise Conflict(N_("Noen har svart på kommentaren, eller den er tatt bort. Da kan den ikke rettes."))
    if comment.text == draft.text:
        return None
    correction_id = uuid4()
    values = {
        "id": correction_id,
        "submission_hash": draft.submission.key_hash,
        "content_digest": draft.submission.digest,
        "comment_id": comment.id,
        "earlier_text": comment.text,
        "text": draft.text,
        "corrected_at": now,
    }
    if not insert_once(session, CommentCorrection, values):
        return None
    COMMENTS.replace(session, comment.id, comment.text, draft.text)
    comment.text = draft.text
    session.flush()
    corrected = CommentCorrected(comment_id=comment.id, input_id=comment.input_id, correction_id=correction_id)
    outbox.record(session, corrected, now=now)
    return correction_id


def forget_words(session: Session, comment_ids: Sequence[UUID]) -> None:
    """Take comments whose words are about to be erased out of the search."""
    COMMENTS.forget(session, comment_ids)


def take_off(session: Session, comment: Comment, *, reason: str, now: datetime) -> None:
    """Let nobody but its writer and staff read a comment; moderation or staff have decided so."""
    comment.hidden_at, comment.hidden_reason = now, reason
    outbox.record(session, CommentHidden(comment_id=comment.id), now=now)


def put_on(comment: Comment) -> None:
    """Let everybody read a comment, unless its writer took it back."""
    comment.hidden_at, comment.hidden_reason = None, ""


def take_along(session: Session, device: bytes, *, actor: Actor) -> None:
    """Give what a device has said to the account of `actor` (see accounts.client.TakeAlong)."""
    own = update(Comment).where(Comment.device_key == device, Comment.author_id.is_(None))
    session.execute(own.values(author_id=actor.participant_id, device_key=None))


def report_content(
    session: Session, input_id: UUID, kind: str, *, reason: Reason, words: str, actor: Actor, now: datetime
) -> bool:
    """Note that somebody says that an input's content is not right; False when this device has said so before.

    words: their own, at most 500 characters. Raises RuleBroken when the device cannot be told from others.
    """
    if actor.device_key is None:
        raise RuleBroken(N_("Slå på informasjonskapsler for å si fra."))
    report_id = uuid4()
    values = {
        "id": report_id,
        "input_id": input_id,
        "kind": kind,
        "reason": reason.value,
        "words": words,
        "device_key": actor.device_key,
        "reported_at": now,
    }
    new = insert_once(session, Report, values)
    if new:
        outbox.record(session, ContentReported(report_id=report_id), now=now)
    return new


def reports_handled(session: Session, input_id: UUID, *, now: datetime) -> None:
    """Note that a person has looked at what was reported about an input, or that it is gone."""
    looked_at = update(Report).where(Report.input_id == input_id, Report.handled_at.is_(None))
    session.execute(looked_at.values(handled_at=now).execution_options(synchronize_session=False))
