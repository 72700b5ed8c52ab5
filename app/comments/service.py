"""What can be done with comments. The caller has seen that the thing they hang on may be commented on."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.comments.events import CommentHidden, CommentsArrived, CommentSubmitted, CommentWithdrawn, ContentReported
from app.comments.models import Comment, Reason, Report, Stance
from app.comments.policy import is_writer, may_hide
from app.core.actor import Actor
from app.core.crash import crash_point
from app.core.dialect import insert_once
from app.core.errors import Conflict, NotFound, RuleBroken
from app.core.once import earlier
from app.core.oslo import OSLO
from app.core.submission import Submission
from app.core.text import N_, clean_text
from app.outbox import service as outbox

# As an idea: it leaves this much after the time to regret.
LEAVES_AFTER = timedelta(seconds=1)


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
    leaves_at = now + timedelta(seconds=undo_seconds) + LEAVES_AFTER
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


def hide_comment(session: Session, comment: Comment, *, reason: str, actor: Actor, now: datetime) -> None:
    """Take a comment off the page; everybody sees why. Forwarding goes on: this decides what is shown."""
    if not may_hide(actor):
        raise NotFound(N_("Vi fant ikke kommentaren."))
    take_off(session, comment, reason=clean_text(reason), now=now)
    said = {"reason": comment.hidden_reason}
    audit.note(session, "comment_hidden", f"comment:{comment.id}", actor=actor, now=now, said=said)


def show_comment(session: Session, comment: Comment, *, actor: Actor, now: datetime) -> None:
    """Put a hidden comment back on the page."""
    if not may_hide(actor):
        raise NotFound(N_("Vi fant ikke kommentaren."))
    put_on(comment)
    audit.note(session, "comment_shown", f"comment:{comment.id}", actor=actor, now=now)


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
