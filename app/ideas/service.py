"""What can be done with ideas."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, bindparam, delete, func, select, update
from sqlalchemy.orm import Session

from app.accounts.query import participant_or_none
from app.audit import service as audit
from app.comments import service as comments
from app.comments.models import KIND as COMMENT
from app.comments.models import Comment
from app.comments.models import Reason as ReportReason
from app.comments.query import awaits_answer, has_comments
from app.comments.service import CommentDraft
from app.comments.service import CorrectionDraft as CommentCorrectionDraft
from app.core.actor import NOBODY, Actor
from app.core.crash import crash_point
from app.core.dialect import insert_once
from app.core.errors import Conflict, NotAllowed, NotFound
from app.core.once import earlier, same
from app.core.rows import rows
from app.core.submission import Submission
from app.core.text import N_, clean_text
from app.files import service as files
from app.files.service import Original
from app.files.store import PictureStore
from app.ideas.dialect import IDEAS
from app.ideas.events import IdeaAnswered, IdeaCorrected, IdeaHidden, IdeaSubmitted, IdeaWithdrawn
from app.ideas.models import KIND, Channel, Correction, Idea, IdeaGoal, Reply, Support
from app.ideas.policy import ANSWERERS, may_answer, may_correct
from app.ideas.query import get_idea
from app.moderation import service as moderation
from app.moderation.client import WAITING, WAITS
from app.moderation.models import Reason, Why
from app.moderation.policy.filter import Mark
from app.moderation.service import SHOW, Verdict
from app.outbox import service as outbox
from app.parcels import service as parcels
from app.parcels.models import Step
from app.parcels.query import goes_in_report
from app.processes.models import Archiving, Moderation, Process
from app.processes.query import Door
from app.processes.service import require_open

REPORT_DAYS = 30


@dataclass(frozen=True, slots=True)
class IdeaDraft:
    """An idea as typed: trimmed, checked for lengths. place, email: "" when left out; language: e.g. "nb".

    channel, written_at: as in the table.
    goals: of the UN's, 1-17, at most three.
    """

    title: str
    body: str
    area_id: UUID
    place: str
    email: str
    language: str
    submission: Submission
    channel: str = Channel.WEB.value
    written_at: datetime | None = None
    goals: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class CorrectionDraft:
    """The words of an idea as its writer wants them now. place: "" when left out."""

    title: str
    body: str
    place: str
    submission: Submission


@dataclass(frozen=True, slots=True)
class ReplyDraft:
    """An official answer as typed. step: where it leaves the parcel."""

    text: str
    step: Step
    submission: Submission


def submit_idea(
    session: Session,
    door: Door,
    draft: IdeaDraft,
    pictures: Sequence[Original],
    *,
    store: PictureStore,
    actor: Actor,
    now: datetime,
    undo_seconds: float,
    report_days: int = REPORT_DAYS,
) -> tuple[UUID, bool]:
    """Store an idea and announce it; return its id, and whether it is new.

    It is received at once and goes to the archive, whoever looks; whether it is shown at once follows from the process
    and the filter. The same key and content again gives the first idea. Whether it is archived alone or in a report
    (after report_days at most) follows from the process; what staff wrote down for somebody always goes alone.
    Raises Conflict when `door` is not open at `now`, RuleBroken when the key comes with other content.
    """
    first = earlier(session, Idea, draft.submission)
    if first is not None:
        files.discard(pictures, store=store)
        return first, False
    require_open(door, now=now)
    idea_id = uuid4()
    marks = moderation.screen(session, {"title": draft.title, "body": draft.body, "place": draft.place})
    why = _waits_because(session, door.process_id, marks)
    values = {
        "id": idea_id,
        "submission_hash": draft.submission.key_hash,
        "content_digest": draft.submission.digest,
        "process_id": door.process_id,
        "area_id": draft.area_id,
        "title": draft.title,
        "body": draft.body,
        "place": draft.place,
        "email": draft.email or None,
        "language": draft.language,
        "device_key": actor.device_key,
        "author_id": actor.participant_id,
        "submitted_at": now,
        "support_count": 0,
        "hidden_at": now if why else None,
        "hidden_reason": WAITS if why else "",
        "hidden_cause": WAITING if why else "",
        "channel": draft.channel,
        "written_at": draft.written_at,
    }
    if not insert_once(session, Idea, values):
        files.discard(pictures, store=store)
        first = earlier(session, Idea, draft.submission)
        assert first is not None  # noqa: S101 - the key was taken, so its row is there
        return first, False
    files.attach(session, idea_id, pictures, actor=actor, now=now, public=why is None)
    IDEAS.add(session, idea_id, _findable_by(draft.title, draft.body, draft.place))
    if draft.goals:
        session.add_all(IdeaGoal(idea_id=idea_id, goal=goal) for goal in draft.goals)
    parcels.start(session, idea_id, kind=KIND, actor=actor, now=now, area_id=draft.area_id)
    if (
        draft.channel == Channel.WEB.value
        and _way_of(session, door.process_id).ideas_archived == Archiving.REPORT.value
    ):
        parcels.wait_for_report(session, idea_id, door.process_id, days=report_days, closes_at=door.closes_at, now=now)
    if why is not None:
        moderation.ask(session, KIND, idea_id, why=why, marks=marks, process_id=door.process_id, now=now)
    leaves_at = outbox.leaves_at(now, undo_seconds)
    outbox.record(session, IdeaSubmitted(idea_id=idea_id, process_id=door.process_id), now=now, due_at=leaves_at)
    crash_point("submit.after_insert")
    return idea_id, True


def sent_before(session: Session, mark: Submission) -> UUID | None:
    """Return the idea that just this sending has made; None when it is new, or says something else."""
    return same(session, Idea, mark)


def _findable_by(title: str, body: str, place: str) -> str:
    return f"{title} {body} {place}"


def _waits_because(session: Session, process_id: UUID, marks: Sequence[Mark]) -> Why | None:
    """Return why a person must look before everybody sees it, or None."""
    if rows(session, _MODERATION, {"process_id": process_id}).scalar_one() == Moderation.BEFORE.value:
        return Why.BEFORE_PUBLISHING
    return Why.FILTER if any(mark.is_hard for mark in marks) else None


def _way_of(session: Session, process_id: UUID) -> Row[Any]:
    """Return how what a process gets goes to the archive, and when it closes."""
    return rows(session, _WAY, {"process_id": process_id}).one()


_process = Process.__table__.c
_WAY = select(_process.ideas_archived, _process.comments_archived, _process.closes_at).where(
    _process.id == bindparam("process_id")
)
_MODERATION = select(Process.__table__.c.moderation).where(Process.__table__.c.id == bindparam("process_id"))


def undo_idea(session: Session, idea: Idea, *, now: datetime, undo_seconds: float) -> None:
    """Take an idea back before it has left. Raises Conflict when the time is over; a second time changes nothing.

    The caller has shown that the idea is theirs: by its receipt, or by the device that sent it.
    """
    if idea.withdrawn_at is not None:
        return
    if now >= idea.submitted_at + timedelta(seconds=undo_seconds):
        raise Conflict(N_("Idéen er sendt videre. Den kan ikke angres nå."))
    withdraw_idea(session, idea, now=now)


def withdraw_idea(session: Session, idea: Idea, *, now: datetime) -> None:
    """Take an idea off the page, whenever it is; a second time changes nothing. What the archive has, it keeps.

    The caller has shown that the idea is theirs, as for `undo_idea`.
    """
    if idea.withdrawn_at is not None:
        return
    # In the order in which staff lock them, so that nobody waits for the other.
    moderation.hold(session, idea.id)
    parcels.close(session, idea.id)
    moderation.dropped(session, idea.id)
    comments.reports_handled(session, idea.id, now=now)
    idea.withdrawn_at = now
    files.set_public(session, idea.id, public=False)
    outbox.record(session, IdeaWithdrawn(idea_id=idea.id), now=now)


def correct_idea(
    session: Session, idea_id: UUID, draft: CorrectionDraft, *, now: datetime, report_days: int = REPORT_DAYS
) -> None:
    """Put an idea's words right, and let the archive have them too, as it gets the idea: alone or in a report.

    The same words as before change nothing.

    What a person had refused, or would have had to look at, waits for one again. The caller has shown that the idea is
    theirs, as for `undo_idea`. Raises Conflict when somebody has supported or commented on what is on the page, since
    they did so to other words, and when it was taken back.
    """
    if earlier(session, Correction, draft.submission) is not None:
        return
    # First what moderators lock first, so that a decision and a correction never wait for each other.
    moderation.hold(session, idea_id)
    idea = session.get(Idea, idea_id, with_for_update=True, populate_existing=True)
    if idea is None:
        raise NotFound(N_("Vi fant ikke siden. Den kan ha fått ny adresse."))
    if not may_correct(idea, commented=has_comments(session, idea_id, KIND)):
        raise Conflict(N_("Noen har støttet eller kommentert idéen, eller den er tatt bort. Da kan den ikke rettes."))
    if (idea.title, idea.body, idea.place) == (draft.title, draft.body, draft.place):
        return
    correction_id = uuid4()
    values = {
        "id": correction_id,
        "submission_hash": draft.submission.key_hash,
        "content_digest": draft.submission.digest,
        "idea_id": idea_id,
        "earlier_title": idea.title,
        "earlier_body": idea.body,
        "earlier_place": idea.place,
        "title": draft.title,
        "body": draft.body,
        "place": draft.place,
        "corrected_at": now,
    }
    if not insert_once(session, Correction, values):
        return
    before = _findable_by(idea.title, idea.body, idea.place)
    idea.title, idea.body, idea.place = draft.title, draft.body, draft.place
    session.flush()
    IDEAS.replace(session, idea_id, before, _findable_by(idea.title, idea.body, idea.place))
    texts = {"title": idea.title, "body": idea.body, "place": idea.place}
    if _waits_again(session, KIND, idea.id, texts, idea.process_id, now=now):
        take_off(session, idea, cause=WAITING, reason=WAITS, now=now)
    # The desk reads the idea as it is now: its correction waits for nobody there.
    parcels.start(session, correction_id, kind="correction", actor=NOBODY, now=now, waits=False)
    if goes_in_report(session, idea_id):
        closes_at = _way_of(session, idea.process_id).closes_at
        parcels.wait_for_report(session, correction_id, idea.process_id, days=report_days, closes_at=closes_at, now=now)
    outbox.record(session, IdeaCorrected(idea_id=idea_id, correction_id=correction_id), now=now)


def _waits_again(
    session: Session, kind: str, input_id: UUID, texts: Mapping[str, str], process_id: UUID, *, now: datetime
) -> bool:
    """Let a person look at new words where they would have to look at what is sent with them.

    Return whether the caller has to take it off the page until then.
    """
    marks = moderation.screen(session, texts)
    why = _waits_because(session, process_id, marks)
    return moderation.mended(session, kind, input_id, why=why, marks=marks, process_id=process_id, now=now)


def appeal_idea(session: Session, idea: Idea, words: str, *, now: datetime) -> None:
    """Say that it should be shown; somebody else than the one who decided looks. Raises what moderation.appeal does."""
    if idea.withdrawn_at is not None:
        raise Conflict(N_("Du har trukket idéen tilbake."))
    moderation.appeal(session, idea.id, words, now=now)


def support_idea(session: Session, idea: Idea, *, actor: Actor, now: datetime) -> bool:
    """Let `actor` support and follow an idea; return False when they did already."""
    if actor.device_key is None and actor.participant_id is None:
        raise NotAllowed(N_("Slå på informasjonskapsler for å støtte idéen."))
    who = _one(actor)
    new = insert_once(session, Support, {"id": uuid4(), "idea_id": idea.id, "at": now, **who})
    if new:
        _count(session, idea, 1)
    parcels.follow(session, idea.id, actor=actor, now=now)
    return new


def unsupport_idea(session: Session, idea: Idea, *, actor: Actor) -> None:
    """Take support back; one that was not there changes nothing."""
    (name, value), = _one(actor).items()  # fmt: skip
    if value is None:
        return
    gone = session.execute(
        delete(Support).where(Support.idea_id == idea.id, getattr(Support, name) == value).returning(Support.id)
    ).all()
    if gone:
        _count(session, idea, -1)


def _one(actor: Actor) -> dict[str, UUID | bytes | None]:
    return {"participant_id": actor.participant_id} if actor.participant_id else {"device_key": actor.device_key}


def _count(session: Session, idea: Idea, change: int) -> None:
    session.execute(
        update(Idea)
        .where(Idea.id == idea.id)
        .values(support_count=Idea.support_count + change)
        .execution_options(synchronize_session=False)
    )
    session.refresh(idea)


def take_along(session: Session, device: bytes, *, actor: Actor) -> None:
    """Give what a device has sent and supported to the account of `actor` (see accounts.client.TakeAlong).

    An idea that both supported has one support less: it is one person. The device's row is taken before the account's
    is made, so a second press, at the same time or later, finds nothing to move.
    """
    own = update(Idea).where(Idea.device_key == device, Idea.author_id.is_(None))
    moved = session.scalars(own.values(author_id=actor.participant_id, device_key=None).returning(Idea.id)).all()
    files.hand_over(session, moved, actor=actor)
    gone = delete(Support).where(Support.device_key == device).returning(Support.idea_id, Support.at)
    for idea_id, at in session.execute(gone).all():
        mine = {"id": uuid4(), "idea_id": idea_id, "at": at, "participant_id": actor.participant_id}
        if not insert_once(session, Support, mine):
            _count(session, get_idea(session, idea_id), -1)


def comment_idea(
    session: Session,
    idea_id: UUID,
    draft: CommentDraft,
    *,
    actor: Actor,
    now: datetime,
    undo_seconds: float,
    report_days: int = REPORT_DAYS,
) -> tuple[UUID, bool]:
    """Store a comment on an idea, and let it be archived in the same case, or in a report as the process says.

    Return its id, and whether it is new.

    It waits for a person where an idea that said so would; what staff say never does.
    Raises Conflict when the idea is off the page, or the comment that is answered is; else as comments.submit_comment.
    """
    first = comments.sent_or_none(session, draft.submission)
    if first is not None:
        return first, False
    # Locked for those who would change it: what is said here is said of the words as they are.
    idea = session.get(Idea, idea_id, with_for_update={"read": True}, populate_existing=True)
    if idea is None:
        raise NotFound(N_("Vi fant ikke siden. Den kan ha fått ny adresse."))
    if idea.hidden_at is not None or idea.withdrawn_at is not None:
        raise Conflict(N_("Idéen er tatt bort. Kommentaren er ikke sendt."))
    marks = moderation.screen(session, {"text": draft.text})
    why = None if actor.is_staff else _waits_because(session, idea.process_id, marks)
    waits = WAITS if why else ""
    if draft.parent_id is not None:
        parcels.hold(session, draft.parent_id)
    comment_id, new = comments.submit_comment(
        session, idea_id, KIND, draft, actor=actor, now=now, undo_seconds=undo_seconds, waits=waits
    )
    if new and why is not None:
        moderation.ask(session, COMMENT, comment_id, why=why, marks=marks, process_id=idea.process_id, now=now)
    if new:
        # Nobody follows a comment: whoever wrote it finds it among what they sent, and follows the idea if they want.
        parcels.start(session, comment_id, kind=COMMENT, actor=NOBODY, now=now, area_id=idea.area_id, waits=False)
        way = _way_of(session, idea.process_id)
        if way.comments_archived == Archiving.REPORT.value:
            parcels.wait_for_report(
                session, comment_id, idea.process_id, days=report_days, closes_at=way.closes_at, now=now
            )
        _wait_for_answer(session, session.get_one(Comment, comment_id))
    return comment_id, new


def _wait_for_answer(session: Session, comment: Comment) -> None:
    """Let a question wait at the desk while it is on the page and has no official answer; called when that may change.

    comment: the question, or what was said to it.
    """
    question = comment if comment.parent_id is None else session.get_one(Comment, comment.parent_id)
    session.flush()
    parcels.wait(session, question.id, waits=awaits_answer(session, question))


def hold_comment(session: Session, comment: Comment) -> None:
    """Let nobody change a comment, or what follows from it, until the transaction ends.

    First what moderators hold first, then what the desk does, so that nobody waits for the other.
    """
    moderation.hold(session, comment.id)
    for one in sorted({comment.id, comment.parent_id or comment.id}):
        parcels.hold(session, one)
    session.refresh(comment, with_for_update=True)


def withdraw_comment(session: Session, comment: Comment, *, actor: Actor, now: datetime) -> None:
    """Take one's own comment off the page, and out of the queue of moderation; as comments.withdraw_comment."""
    hold_comment(session, comment)
    comments.withdraw_comment(session, comment, actor=actor, now=now)
    moderation.dropped(session, comment.id)
    comments.reports_handled(session, comment.id, now=now)
    _wait_for_answer(session, comment)


def correct_comment(
    session: Session,
    comment: Comment,
    draft: CommentCorrectionDraft,
    *,
    now: datetime,
    report_days: int = REPORT_DAYS,
) -> None:
    """Put a comment's words right, and let the archive have them too, as for `correct_idea`.

    The caller has shown that the comment is theirs. Raises what comments.correct_comment does.
    """
    hold_comment(session, comment)
    correction_id = comments.correct_comment(session, comment, draft, now=now)
    if correction_id is None:
        return
    process_id = get_idea(session, comment.input_id).process_id
    if not comment.role_name and _waits_again(
        session, COMMENT, comment.id, {"text": comment.text}, process_id, now=now
    ):
        take_comment_off(session, comment, reason=WAITS, now=now)
    parcels.start(session, correction_id, kind="comment_correction", actor=NOBODY, now=now, waits=False)
    if goes_in_report(session, comment.id):
        closes_at = _way_of(session, process_id).closes_at
        parcels.wait_for_report(session, correction_id, process_id, days=report_days, closes_at=closes_at, now=now)


def appeal_comment(session: Session, comment: Comment, words: str, *, now: datetime) -> None:
    """Say that a comment should be shown, as for `appeal_idea`."""
    if comment.withdrawn_at is not None:
        raise Conflict(N_("Du har trukket kommentaren tilbake."))
    moderation.appeal(session, comment.id, words, now=now)


def hide_comment(session: Session, comment: Comment, *, reason: str, actor: Actor, now: datetime) -> None:
    """Take a comment off the page; everybody sees why. Forwarding goes on: this decides what is shown."""
    if actor.role not in ANSWERERS:
        raise NotFound(N_("Vi fant ikke kommentaren."))
    hold_comment(session, comment)
    verdict = Verdict(Reason.OTHER, clean_text(reason))
    moderation.decided_at_desk(session, COMMENT, comment.id, verdict, name=_name(session, actor), actor=actor, now=now)
    take_comment_off(session, comment, reason=verdict.words, now=now)
    comments.reports_handled(session, comment.id, now=now)
    said = {"reason": comment.hidden_reason}
    audit.note(session, "comment_hidden", f"comment:{comment.id}", actor=actor, now=now, said=said)


def show_comment(session: Session, comment: Comment, *, actor: Actor, now: datetime) -> None:
    """Put a hidden comment on the page again, or one that waits. One that is shown stays as it is."""
    if actor.role not in ANSWERERS:
        raise NotFound(N_("Vi fant ikke kommentaren."))
    hold_comment(session, comment)
    if comment.hidden_at is None:
        return
    moderation.decided_at_desk(session, COMMENT, comment.id, SHOW, name=_name(session, actor), actor=actor, now=now)
    put_comment_on(session, comment)
    audit.note(session, "comment_shown", f"comment:{comment.id}", actor=actor, now=now)


def take_comment_off(session: Session, comment: Comment, *, reason: str, now: datetime) -> None:
    """Let nobody but its writer and staff read a comment; moderation or staff have decided so, and hold it."""
    comments.take_off(session, comment, reason=reason, now=now)
    _wait_for_answer(session, comment)


def put_comment_on(session: Session, comment: Comment) -> None:
    """Let everybody read a comment, as for `take_comment_off`."""
    comments.put_on(comment)
    _wait_for_answer(session, comment)


def report_idea(session: Session, idea: Idea, *, reason: ReportReason, words: str, actor: Actor, now: datetime) -> None:
    """Say that something is wrong with an idea: a person looks. It stays on the page until then."""
    if comments.report_content(session, idea.id, KIND, reason=reason, words=words, actor=actor, now=now):
        texts = {"title": idea.title, "body": idea.body, "place": idea.place}
        moderation.reported(session, idea.id, KIND, now=now, texts=texts)


def report_comment(
    session: Session, comment: Comment, *, reason: ReportReason, words: str, actor: Actor, now: datetime
) -> None:
    """Say that something is wrong with a comment, as for `report_idea`."""
    if comments.report_content(session, comment.id, COMMENT, reason=reason, words=words, actor=actor, now=now):
        moderation.reported(session, comment.id, COMMENT, now=now, texts={"text": comment.text})


def answer_idea(
    session: Session, idea: Idea, draft: ReplyDraft, *, actor: Actor, role_name: str, now: datetime
) -> Reply:
    """Answer an idea in public, move its parcel, and let the answer be archived in the same case."""
    if not may_answer(actor, idea):
        raise NotFound(N_("Vi fant ikke siden."))
    first = earlier(session, Reply, draft.submission)
    if first is not None:
        return session.get_one(Reply, first)
    reply = Reply(
        id=uuid4(),
        submission_hash=draft.submission.key_hash,
        content_digest=draft.submission.digest,
        idea_id=idea.id,
        text=clean_text(draft.text),
        step=draft.step.value,
        role_name=role_name,
        author_id=actor.participant_id,
        answered_at=now,
    )
    session.add(reply)
    session.flush()
    parcels.move(session, idea.id, draft.step, now=now, reason=reply.text)
    outbox.record(session, IdeaAnswered(idea_id=idea.id, reply_id=reply.id), now=now)
    said = {"text": reply.text, "step": reply.step}
    audit.note(session, "idea_answered", f"idea:{idea.id}", actor=actor, now=now, said=said)
    return reply


def is_answered(session: Session, sent: Submission) -> bool:
    """Tell whether this very answer is stored. Raises RuleBroken when its key came with another one."""
    return earlier(session, Reply, sent) is not None


def hide_idea(session: Session, idea: Idea, *, reason: str, actor: Actor, now: datetime) -> None:
    """Take an idea off the page; everybody sees why. Forwarding goes on: this decides what is shown."""
    if not may_answer(actor, idea):
        raise NotFound(N_("Vi fant ikke siden."))
    verdict = Verdict(Reason.OTHER, clean_text(reason))
    moderation.decided_at_desk(session, KIND, idea.id, verdict, name=_name(session, actor), actor=actor, now=now)
    take_off(session, idea, cause=Reason.OTHER.value, reason=verdict.words, now=now)
    comments.reports_handled(session, idea.id, now=now)
    said = {"reason": idea.hidden_reason}
    audit.note(session, "idea_hidden", f"idea:{idea.id}", actor=actor, now=now, said=said)


def show_idea(session: Session, idea: Idea, *, actor: Actor, now: datetime) -> None:
    """Put a hidden idea on the page again, or one that waits. One that is shown stays as it is."""
    if not may_answer(actor, idea):
        raise NotFound(N_("Vi fant ikke siden."))
    if idea.hidden_at is None:
        return
    moderation.decided_at_desk(session, KIND, idea.id, SHOW, name=_name(session, actor), actor=actor, now=now)
    put_on(session, idea)
    audit.note(session, "idea_shown", f"idea:{idea.id}", actor=actor, now=now)


def _name(session: Session, actor: Actor) -> str:
    found = participant_or_none(session, actor.participant_id) if actor.participant_id else None
    return found.name if found else ""


def take_off(session: Session, idea: Idea, *, cause: str, reason: str, now: datetime) -> None:
    """Let nobody but its writer and staff see an idea; moderation or staff have decided so."""
    idea.hidden_at, idea.hidden_reason, idea.hidden_cause = now, reason, cause
    files.set_public(session, idea.id, public=False)
    outbox.record(session, IdeaHidden(idea_id=idea.id), now=now)


def put_on(session: Session, idea: Idea) -> None:
    """Let everybody see an idea. What its writer took back stays away, and so do its pictures."""
    idea.hidden_at, idea.hidden_reason, idea.hidden_cause = None, "", ""
    files.set_public(session, idea.id, public=idea.withdrawn_at is None)


def forget_words(session: Session, idea_ids: Sequence[UUID], *, now: datetime) -> None:
    """Take ideas whose words are about to be erased off the page and out of the search.

    None of them is hidden any more, and none waits for a moderator: there is nothing left to hide, and why it was may
    have quoted them.
    """
    if not idea_ids:
        return
    for idea_id in idea_ids:
        moderation.dropped(session, idea_id)
        comments.reports_handled(session, idea_id, now=now)
    gone = {"withdrawn_at": func.coalesce(Idea.withdrawn_at, now), "erased_at": func.coalesce(Idea.erased_at, now)}
    shown = {"hidden_at": None, "hidden_reason": "", "hidden_cause": ""}
    erased = update(Idea).where(Idea.id.in_(idea_ids))
    session.execute(erased.values(**shown, **gone).execution_options(synchronize_session=False))
    IDEAS.forget(session, idea_ids)


def forget_comments(session: Session, comment_ids: Sequence[UUID], *, now: datetime) -> None:
    """Let nobody find or wait for comments whose words are about to be erased, as for `forget_words`."""
    for comment_id in comment_ids:
        moderation.dropped(session, comment_id)
        comments.reports_handled(session, comment_id, now=now)
        parcels.close(session, comment_id)
    comments.forget_words(session, comment_ids)
